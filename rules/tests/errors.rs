//! Everything that can be wrong with a file, each with the exact text that says so.

use shieldwall_rules::{FILE_BYTES_MAX, Problem, Report, Severity, compile};

fn report(text: &str) -> Report {
    compile("r.toml", text.as_bytes()).expect_err(text)
}

/// Files with one mistake, and the first line of the report.
const MISTAKES: &[(&str, &str)] = &[
    // Names.
    ("[crowdd]\n", "r.toml:1:2: error: crowdd: there is no such table; did you mean crowd?"),
    (
        "[zz]\n",
        "r.toml:1:2: error: zz: there is no such table; known are movement, water, lod, crowd, arms, effects, kit, combat, life, lag, structure, objective, npc, conduct, prop_motion, prop",
    ),
    (
        "speed = 3\n",
        "r.toml:1:1: error: speed: there is no such table; known are movement, water, lod, crowd, arms, effects, kit, combat, life, lag, structure, objective, npc, conduct, prop_motion, prop",
    ),
    (
        "[movement.sodier]\n",
        "r.toml:1:11: error: movement.sodier: there is no such entry; did you mean soldier?",
    ),
    (
        "[movement]\nradius_m = 1\n",
        "r.toml:2:1: error: movement.radius_m: there is no such entry; known are soldier, scout, heavy, knight, ogre, ram, hound, behemoth",
    ),
    (
        "[arms.sword]\nreach = 3\n",
        "r.toml:2:1: error: arms.sword.reach: there is no such field; did you mean reach_m?",
    ),
    (
        "[arms.sword]\n  rech_m = 3\n",
        "r.toml:2:3: error: arms.sword.rech_m: there is no such field; did you mean reach_m?",
    ),
    (
        "[movement.scout]\nwalk_speed_km_per_h = 3\n",
        "r.toml:2:1: error: movement.scout.walk_speed_km_per_h: there is no such field; did you mean walk_speed_m_per_s?",
    ),
    ("[water]\nqqq = 1\n", "r.toml:2:1: error: water.qqq: there is no such field; known are level_m"),
    (
        "[water]\n\"a \\u001b b\" = 1\n",
        "r.toml:2:1: error: water.\"a \\u{1b} b\": there is no such field; known are level_m",
    ),
    ("[arms.sworm]\n", "r.toml:1:7: error: arms.sworm: there is no such entry; did you mean sword?"),
    (
        "[effects.zz]\n",
        "r.toml:1:10: error: effects.zz: there is no such entry; known are stunned, rooted, slowed, poisoned, bleeding, bannered, inspired, burning, mending, shielded, spare_1 to spare_54",
    ),
    // Names to choose from.
    (
        "[kit.soldier]\nprimary = \"swrod\"\n",
        "r.toml:2:11: error: kit.soldier.primary: there is no such name; did you mean sword?",
    ),
    (
        "[arms.spare_3]\nkind = \"Melee\"\n",
        "r.toml:2:8: error: arms.spare_3.kind: there is no such name; did you mean melee?",
    ),
    (
        "[arms.spare_3]\nkind = \"\"\n",
        "r.toml:2:8: error: arms.spare_3.kind: there is no such name; known are none, melee, hitscan, projectile, area",
    ),
    (
        "[arms.spare_3]\neffect = \"qq\"\n",
        "r.toml:2:10: error: arms.spare_3.effect: there is no such name; known are none, stunned, rooted, slowed, poisoned, bleeding, bannered, inspired, burning, mending, shielded, spare_1 to spare_54",
    ),
    (
        "[arms.spare_3]\nkind = 1\n",
        "r.toml:2:8: error: arms.spare_3.kind: expected a name in quotes, such as \"melee\", found the number 1",
    ),
    (
        "[kit.ram]\nsecondary = [\"bow\"]\n",
        "r.toml:2:13: error: kit.ram.secondary: expected a name in quotes, such as \"sword\", found a list",
    ),
    // Types.
    (
        "crowd = 3\n",
        "r.toml:1:9: error: crowd: expected a table, which begins with [crowd], found the number 3",
    ),
    ("[[crowd]]\n", "r.toml:1:1: error: crowd: expected a table, which begins with [crowd], found a list"),
    (
        "[[movement]]\n",
        "r.toml:1:1: error: movement: expected tables with names, such as [movement.soldier], found a list",
    ),
    (
        "[movement]\nscout = true\n",
        "r.toml:2:9: error: movement.scout: expected a table, which begins with [movement.scout], found true",
    ),
    (
        "[arms.sword]\nreach_m = \"far\"\n",
        "r.toml:2:11: error: arms.sword.reach_m: expected a number (metres), found the text \"far\"",
    ),
    (
        "[arms.sword]\nreach_m = inf\n",
        "r.toml:2:11: error: arms.sword.reach_m: expected a number (metres), found the number inf",
    ),
    (
        "[arms.sword]\nreach_m = -nan\n",
        "r.toml:2:11: error: arms.sword.reach_m: expected a number (metres), found the number -nan",
    ),
    (
        "[arms.sword]\ntargets = 2.5\n",
        "r.toml:2:11: error: arms.sword.targets: expected a whole number (a number of things), found the number 2.5",
    ),
    (
        "[arms.sword]\ntargets = [1, 2]\n",
        "r.toml:2:11: error: arms.sword.targets: expected a whole number (a number of things), found a list",
    ),
    (
        "[life]\nfriendly_fire = 1\n",
        "r.toml:2:17: error: life.friendly_fire: expected true or false, found the number 1",
    ),
    (
        "[life]\nrespawn_ms = 1979-05-27\n",
        "r.toml:2:14: error: life.respawn_ms: expected a number (milliseconds), found a date or time",
    ),
    (
        "[arms.bow]\nspeed_m_per_s = { x = 1 }\n",
        "r.toml:2:17: error: arms.bow.speed_m_per_s: expected a number (metres per second), found a table",
    ),
    (
        "[movement.ram]\ndodge_shares = 3\n",
        "r.toml:2:16: error: movement.ram.dodge_shares: expected a list of 16 whole numbers, found the number 3",
    ),
    (
        "[movement.ram]\ndodge_shares = [1, 2]\n",
        "r.toml:2:16: error: movement.ram.dodge_shares: expected a list of 16 numbers, found 2",
    ),
    // Ranges.
    (
        "[arms.sword]\nreach_m = 257\n",
        "r.toml:2:11: error: arms.sword.reach_m: 257 m is out of range; allowed are 0 m to 256 m",
    ),
    (
        "[arms.sword]\nreach_m = 256.0_99\n",
        "r.toml:2:11: error: arms.sword.reach_m: 256.0_99 m is out of range; allowed are 0 m to 256 m",
    ),
    (
        "[arms.sword]\ncone_deg = 181\n",
        "r.toml:2:12: error: arms.sword.cone_deg: 181° is out of range; allowed are 1° to 180°",
    ),
    (
        "[arms.sword]\ncone_deg = -60\n",
        "r.toml:2:12: error: arms.sword.cone_deg: -60° is out of range; allowed are 1° to 180°",
    ),
    (
        "[arms.bow]\nspeed_m_per_s = 1e99\n",
        "r.toml:2:17: error: arms.bow.speed_m_per_s: 1e99 m/s is out of range; allowed are 1 m/s to 400 m/s",
    ),
    (
        "[arms.bow]\ngravity_m_per_s2 = -0.00001\n",
        "r.toml:2:20: error: arms.bow.gravity_m_per_s2: -0.00001 m/s² is out of range; allowed are 0 m/s² to 200 m/s²",
    ),
    (
        "[arms.bow]\ncooldown_ms = 60_000.5e1\n",
        "r.toml:2:15: error: arms.bow.cooldown_ms: 60_000.5e1 ms is out of range; allowed are 50 ms to 60000 ms",
    ),
    (
        "[combat]\ncritical_per_1000 = 1001\n",
        "r.toml:2:21: error: combat.critical_per_1000: 1001/1000 is out of range; allowed are 0/1000 to 1000/1000",
    ),
    (
        "[crowd]\nstiffness_per_256 = 0xFFFF\n",
        "r.toml:2:21: error: crowd.stiffness_per_256: 0xFFFF/256 is out of range; allowed are 0/256 to 512/256",
    ),
    (
        "[life]\nhealth_max = 99999999999999999999999999999999\n",
        "r.toml:2:14: error: life.health_max: 99999999999999999999999999999999 points is out of range; allowed are 1 points to 65535 points",
    ),
    (
        "[movement.hound]\ndodge_shares = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]\n",
        "r.toml:2:16: error: movement.hound.dodge_shares: a sum of 0 is out of range; allowed are 1 to 4080",
    ),
    (
        "[movement.hound]\ndodge_shares = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,\n 256]\n",
        "r.toml:3:2: error: movement.hound.dodge_shares: 256 is out of range; allowed are 0 to 255",
    ),
    // Relations, at the value that came last.
    (
        "[movement.soldier]\nsprint_speed_m_per_s = 3\n",
        "r.toml:2:24: error: movement.soldier.sprint_speed_m_per_s: 3 m/s is below movement.soldier.walk_speed_m_per_s, which is 4 m/s; allowed beside it are 4 m/s to 60 m/s",
    ),
    (
        "[movement.soldier]\nwalk_speed_m_per_s = 7\n",
        "r.toml:2:22: error: movement.soldier.walk_speed_m_per_s: 7 m/s is above movement.soldier.sprint_speed_m_per_s, which is 6.5 m/s; allowed beside it are 0.1 m/s to 6.5 m/s",
    ),
    (
        "[movement.knight]\nradius_m = 1\ncrouch_height_m = 1.9\n",
        "r.toml:3:19: error: movement.knight.crouch_height_m: 1.9 m is below 2 x movement.knight.radius_m, which is 1 m; allowed beside it are 2 m to 16 m",
    ),
    (
        "[movement.knight]\ncrouch_height_m = 2.5\nradius_m = 1.5\nheight_m = 16\n",
        "r.toml:3:12: error: movement.knight.radius_m: 2 x 1.5 m is above movement.knight.crouch_height_m, which is 2.5 m; allowed beside it are 0.2 m to 1.25 m",
    ),
    (
        "[movement.heavy]\ncrouch_height_m = 3\n",
        "r.toml:2:19: error: movement.heavy.crouch_height_m: 3 m is above movement.heavy.height_m, which is 1.9 m; allowed beside it are 0.4 m to 1.9 m",
    ),
    // Syntax. The words behind the colon are the parser's.
    ("[arms.sword\n", "r.toml:1:12: error: this is not TOML: unclosed table, expected `]`"),
    (
        "[arms.sword]\nreach_m = \n",
        "r.toml:2:11: error: this is not TOML: string values must be quoted, expected literal string",
    ),
    ("[arms.sword]\n[arms.sword]\n", "r.toml:2:7: error: this is not TOML: duplicate key"),
    ("[arms.sword]\nreach_m = 3\nreach_m = 4\n", "r.toml:3:1: error: this is not TOML: duplicate key"),
];

#[test]
fn every_mistake_has_its_text() {
    let mut wrong = Vec::new();
    for (text, expected) in MISTAKES {
        let shown = report(text).to_string();
        if shown.lines().next() != Some(*expected) || report(text).diagnostics.len() != 1 {
            wrong.push(format!("{text}\n  expected {expected}\n  found    {shown}\n"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_kind_of_mistake_is_in_the_list() {
    let kinds = [
        "Syntax",
        "UnknownTable",
        "UnknownEntry",
        "UnknownField",
        "UnknownChoice",
        "WrongType",
        "WrongLength",
        "OutOfRange",
        "Relation",
    ];
    let found: Vec<String> =
        MISTAKES.iter().map(|(text, _)| format!("{:?}", report(text).diagnostics[0].problem)).collect();
    for kind in kinds {
        assert!(found.iter().any(|problem| problem.starts_with(kind)), "{kind} has no example");
    }
}

#[test]
fn what_is_no_text_and_what_is_too_long_is_refused() {
    let report = compile("r.toml", b"[arms.sword]\nreach_m = \xff\n").expect_err("not UTF-8");
    assert_eq!(
        report.to_string(),
        "r.toml:2:11: error: the file is not UTF-8 text\n  |\n2 | reach_m = \n  |           ^"
    );
    let long = vec![b'\n'; FILE_BYTES_MAX + 1];
    let report = compile("r.toml", &long).expect_err("too long");
    assert_eq!(
        report.to_string(),
        "r.toml:1:1: error: the file has 262145 bytes; a ruleset has at most 262144"
    );
    assert_eq!(
        compile("r.toml", &long[1..]).map(|ruleset| ruleset.rules),
        Ok(shieldwall_core::Rules::default())
    );
}

/// All of a file at once, in its order, with the lines; a broken line keeps the others from nothing.
#[test]
fn all_mistakes_of_a_file_are_told_at_once() {
    let text = "\
[arms.sword]
reach_m = 999    # far too far
cone_deg = 60.001
tagets = 2
[life]
respawn_ms =
friendly_fire = \"yes\"
[movement.scout]
sprint_speed_m_per_s = 1
";
    assert_eq!(
        report(text).to_string(),
        "\
r.toml:2:11: error: arms.sword.reach_m: 999 m is out of range; allowed are 0 m to 256 m
  |
2 | reach_m = 999    # far too far
  |           ^^^
r.toml:3:12: warning: arms.sword.cone_deg: 60.001° is finer than the kernel holds; compiled as 60°
  |
3 | cone_deg = 60.001
  |            ^^^^^^
r.toml:4:1: error: arms.sword.tagets: there is no such field; did you mean targets?
  |
4 | tagets = 2
  | ^^^^^^
r.toml:6:13: error: this is not TOML: string values must be quoted, expected literal string
  |
6 | respawn_ms =
  |             ^
r.toml:7:17: error: life.friendly_fire: expected true or false, found the text \"yes\"
  |
7 | friendly_fire = \"yes\"
  |                 ^^^^^"
    );
    // With the syntax mended, what stands beside each other is judged too; what is wrong by itself is not, twice.
    let mended = text.replace("respawn_ms =\n", "respawn_ms = 1_000\n");
    let report = report(&mended);
    assert_eq!((report.count(Severity::Error), report.count(Severity::Warning)), (4, 1));
    assert!(matches!(report.diagnostics[4].problem, Problem::Relation { .. }));
    assert_eq!(report.diagnostics[4].path, "movement.scout.sprint_speed_m_per_s");
}

#[test]
fn a_value_that_is_wrong_by_itself_is_not_held_against_others() {
    let report = report("[movement.scout]\nwalk_speed_m_per_s = 99\nsprint_speed_m_per_s = 2\n");
    assert_eq!(report.diagnostics.len(), 1, "{report}");
}

#[test]
fn what_is_too_fine_is_rounded_with_a_warning() {
    for (line, warning) in [
        ("reach_m = 2.5", None),
        ("reach_m = 2.3457", None),
        ("reach_m = 2.50001", Some("2.50001 m is finer than the kernel holds; compiled as 2.5 m")),
        ("reach_m = 0.100001", Some("0.100001 m is finer than the kernel holds; compiled as 0.1 m")),
        ("cone_deg = 59.99", None),
        ("cone_deg = 59.999", Some("59.999° is finer than the kernel holds; compiled as 59.996°")),
        ("cooldown_ms = 250", None),
        ("cooldown_ms = 250.0", None),
        ("cooldown_ms = 2.5e2", None),
        ("cooldown_ms = 250.75", Some("250.75 ms is finer than the kernel holds; compiled as 250 ms")),
        ("damage = 20.0", None),
    ] {
        let ruleset = compile("r.toml", format!("[arms.sword]\n{line}\n").as_bytes()).expect(line);
        let found = ruleset.warnings.diagnostics.first().map(|diagnostic| diagnostic.problem.to_string());
        assert_eq!(found.as_deref(), warning, "{line}");
    }
}

#[test]
fn a_report_of_many_findings_ends() {
    let text: String = (0..500).map(|i| format!("unknown_{i} = 1\n")).collect();
    let shown = report(&text).to_string();
    assert!(shown.ends_with("\nr.toml: 400 more"), "{shown}");
    // Of what has no end by itself a thousand are kept, whether names or broken lines; the file is refused all the same.
    let names: String = (0..20_000).map(|i| format!("u{i} = 1\n")).collect();
    for endless in [names, "=\n".repeat(FILE_BYTES_MAX / 2), "[".repeat(FILE_BYTES_MAX)] {
        let report = report(&endless);
        assert!((1..=2_000).contains(&report.diagnostics.len()), "{}", report.diagnostics.len());
        assert!(!report.is_usable());
    }
}
