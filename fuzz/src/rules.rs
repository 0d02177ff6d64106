//! The target for ruleset files: any bytes compile to valid rules or are refused with a message.

use shieldwall_rules::{Severity, compile, file_of};

/// A file of a designer, or of anybody else.
pub fn file(bytes: &[u8]) {
    match compile("fuzzed", bytes) {
        Ok(ruleset) => {
            assert_eq!(ruleset.rules.validate(), Ok(()));
            assert_eq!(ruleset.warnings.count(Severity::Error), 0);
            let again = compile("again", file_of(&ruleset.rules).as_bytes());
            assert_eq!(again.map(|again| again.rules).as_ref(), Ok(&ruleset.rules));
        }
        Err(report) => {
            assert!(report.count(Severity::Error) > 0);
            assert!(report.to_string().contains(": error: "));
            let places = report.diagnostics.iter().map(|found| (found.line, found.column));
            assert!(
                places.is_sorted() && report.diagnostics.iter().all(|found| found.line * found.column > 0)
            );
        }
    }
}

/// A bit of everything that can be said.
const SOME: &str = r#"[arms.sword]
reach_m = 3
cone_deg = 59.99
targets = 0x2
[arms.spare_1]
kind = "hitscan"
effect = 'spare_54'
[kit.soldier]
ability_1 = "spare_1"
[combat]
critical_per_1000 = 1_000
[movement.scout]
sprint_speed_m_per_s = 9.000_001
dodge_shares = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255]
[life]
friendly_fire = true
"#;

/// A bit of everything that can be wrong.
const MISTAKES: &str = r#"speed = 1e400
[arms.sword]
kind = "swrod"
affects = 1
reach_m = 257
cone_deg = -nan
targets = 2.5
[movement]
soldier = [1979-05-27]
[movement.scuot]
[movement.scout]
sprint_speed_m_per_s = 1
dodge_shares = [1]
[life]
respawn_ms =
friendly_fire = "yes"
"#;

pub(crate) fn seeds() -> Vec<(&'static str, String, Vec<u8>)> {
    let seed = |name: &str, text: &str| ("rules_file", name.to_owned(), text.as_bytes().to_vec());
    vec![
        seed("some", SOME),
        seed("mistakes", MISTAKES),
        seed("inline", "water.level_m = -1e-9\nlod = { near_m = 1_000.5, every_ticks = 16 }\n"),
    ]
}
