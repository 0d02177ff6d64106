//! The committed files against the kernel's rules, and files against the rules they are made of.

use boon::{Compiler, Schemas};
use proptest::prelude::*;
use shieldwall_core::rules::{RuleEntryInfo, RuleTableInfo, arm_kind};
use shieldwall_core::{Brads, Metres, Rules};
use shieldwall_rules::{DEFAULT_FILE, SCHEMA_FILE, changed, compile, default_file, file_of, schema, show};

const HOW: &str = "run `cargo run -p shieldwall-rules --example write_files` and look at what changed";

#[test]
fn the_committed_files_are_what_the_kernel_says() {
    assert!(DEFAULT_FILE == default_file(), "rules/default.toml is out of date: {HOW}");
    assert!(SCHEMA_FILE == schema(), "rules/schema.json is out of date: {HOW}");
}

#[test]
fn the_default_file_is_the_default_to_the_bit_and_names_every_field() {
    let ruleset = compile("default.toml", DEFAULT_FILE.as_bytes()).expect("the default file");
    assert_eq!((ruleset.rules, ruleset.warnings.diagnostics.len()), (Rules::default(), 0));
    assert_eq!(ruleset.rules.hash(), Rules::default().hash());
    let used = |table: &RuleTableInfo| table.entries.iter().filter(|entry| !is_spare(entry)).count();
    let values: usize = Rules::TABLES.iter().map(|table| table.fields.len() * used(table).max(1)).sum();
    let lines = DEFAULT_FILE.lines().filter(|line| !line.starts_with('#') && line.contains(" = ")).count();
    assert_eq!(lines, values);
}

fn is_spare(entry: &RuleEntryInfo) -> bool {
    entry.name.starts_with("spare_")
}

/// Entries that nobody used are named once; one that somebody used is shown and written like all others.
#[test]
fn spare_entries_stand_in_one_line_until_they_are_used() {
    for line in [
        "16 more arms are free for your own, and empty as shipped: spare_1 to spare_16.",
        "54 more effects are free for your own, and empty as shipped: spare_1 to spare_54.",
    ] {
        assert!(DEFAULT_FILE.contains(&format!("\n# {line}\n")), "{line}");
        assert!(show(&Rules::default()).contains(&format!("\n{line}\n")), "{line}");
    }
    assert!(!DEFAULT_FILE.contains("[arms.spare_1]"));
    let mut rules = Rules::default();
    rules.arms[17].kind = arm_kind::MELEE;
    let list = show(&rules);
    assert!(list.contains("\n[arms.spare_2]\n* kind                           melee"), "{list}");
    assert!(!list.contains("[arms.spare_1]"), "{list}");
    let line = "\n15 more arms are free for your own, and empty as shipped: spare_1, spare_3 to spare_16.\n";
    assert!(list.contains(line), "{list}");
    let file = file_of(&rules);
    assert!(file.contains("[arms.spare_2]\nkind = \"melee\"\n"));
    assert_eq!(compile("r.toml", file.as_bytes()).expect("its own file").rules, rules);
}

#[test]
fn a_file_changes_what_it_names_and_nothing_else() {
    let text = "[movement.ogre]\nradius_m = 1.5\n[arms.sword]\ncone_deg = 90\nkind = \"area\"\n[life]\nfriendly_fire = true\n";
    let mut expected = Rules::default();
    expected.movement[4].radius = Metres::from_mm(1_500);
    expected.arms[0].kind = arm_kind::AREA;
    expected.arms[0].cone = Brads::QUARTER;
    expected.life.friendly_fire = 1;
    assert_eq!(compile("r.toml", text.as_bytes()).expect(text).rules, expected);
    assert_eq!((changed(&Rules::default()), changed(&expected)), (0, 4));
    let list = show(&expected);
    let starred: Vec<&str> = list.lines().filter(|line| line.starts_with('*')).collect();
    assert_eq!(
        starred,
        [
            "* radius_m                       1.5 m          raw 98304       exact",
            "* kind                           area           raw 4",
            "* cone_deg                       90°            raw 16384       exact",
            "* friendly_fire                  true           raw 1",
        ]
    );
    let held = "  step_up_m                      0.35 m         raw 22937       held as 0.3499908447265625 m";
    assert!(list.contains(held), "{list}");
    assert!(list.starts_with(&format!("rules {}\n", expected.hash())));
}

/// What designers are told to write can be written: every example of the document, and all of its names.
#[test]
fn the_examples_of_the_document_are_rules() {
    let document = include_str!("../../docs/RULES.md");
    let examples: Vec<&str> = document
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("```"))
        .map(|rest| rest.0)
        .collect();
    assert_eq!(examples.len(), 3);
    for text in &examples {
        let ruleset = compile("RULES.md", text.as_bytes()).expect("an example");
        assert_eq!(ruleset.warnings.diagnostics, [], "{text}");
        assert!(validates(text), "{text}");
    }
    let first = compile("RULES.md", examples[0].as_bytes()).expect("an example").rules;
    let told = format!("rules {}; {} values not as in the shipped ruleset", first.hash(), changed(&first));
    assert!(document.contains(&told), "the document is to say: {told}");
    let wrong = "[arms.sword]\nreach_m = 300\ncon_deg = 90\neffect = \"bleding\"\n";
    let report = compile("mine.toml", wrong.as_bytes()).expect_err("mistakes").to_string();
    let shown: String = report.lines().map(|line| format!("    {line}\n")).collect();
    assert!(document.contains(&shown), "the document is to say:\n{shown}");
    for table in Rules::TABLES {
        assert!(document.contains(&format!("[{}", table.name)), "{}", table.name);
        for entry in table.entries.iter().filter(|entry| !is_spare(entry)) {
            assert!(document.contains(&format!("`{}`", entry.name)), "{}.{}", table.name, entry.name);
        }
    }
}

/// Whether the committed schema takes a file.
fn validates(text: &str) -> bool {
    let schema = serde_json::from_str(SCHEMA_FILE).expect("JSON");
    let mut schemas = Schemas::new();
    let mut compiler = Compiler::new();
    compiler.add_resource("schema.json", schema).expect("a resource");
    let index = compiler.compile("schema.json", &mut schemas).expect("a valid schema");
    let instance: serde_json::Value = toml::from_str(text).expect("TOML");
    schemas.validate(&instance, index).is_ok()
}

#[test]
fn the_schema_takes_the_default_file_and_refuses_mistakes() {
    assert!(validates(DEFAULT_FILE));
    assert!(validates(&file_of(&Rules::default())));
    for wrong in [
        "[crowdd]\n",
        "[movement.sodier]\n",
        "[arms.sword]\nreach = 3\n",
        "[arms.sword]\nreach_m = 257\n",
        "[arms.sword]\nreach_m = \"far\"\n",
        "[arms.sword]\ntargets = 2.5\n",
        "[arms.sword]\nkind = \"mlee\"\n",
        "[arms.spare_1]\nreach_m = 257\n",
        "[kit.soldier]\nprimary = 1\n",
        "[combat]\ncritical_per_1000 = 1_001\n",
        "[life]\nfriendly_fire = 1\n",
        "[movement.ram]\ndodge_shares = [1, 2]\n",
    ] {
        assert!(!validates(wrong), "{wrong}");
        assert!(compile("r.toml", wrong.as_bytes()).is_err());
    }
}

/// Valid rules of any kind: every raw integer anywhere in its range, and the few relations mended.
fn any_rules() -> impl Strategy<Value = Rules> {
    prop::collection::vec(any::<u64>(), 600).prop_map(|dice| {
        let mut dice = dice.into_iter().cycle();
        let mut draw = |min: i64, max: i64| match dice.next() {
            Some(0..0x1000_0000_0000_0000) => min,
            Some(0xF000_0000_0000_0000..) => max,
            Some(die) => min + (die % (max - min + 1).unsigned_abs()).cast_signed(),
            None => min,
        };
        let mut rules = Rules::default();
        for table in Rules::TABLES {
            for entry in 0..table.entries.len().max(1) {
                let target = rules.table_mut(table.name, entry).expect("a listed table");
                for field in table.fields {
                    for part in 0..field.entries {
                        let (min, max) = if field.entries > 1 { (1, 255) } else { (field.min, field.max) };
                        target.set_value(field.name, part, draw(min, max)).expect("a listed field");
                    }
                }
            }
        }
        for class in &mut rules.movement {
            class.sprint_speed = class.sprint_speed.max(class.walk_speed);
            class.height = class.height.max(Metres(2 * class.radius.0));
            class.crouch_height = class.crouch_height.max(Metres(2 * class.radius.0)).min(class.height);
        }
        for kind in &mut rules.npc {
            kind.lose_radius = kind.lose_radius.max(kind.aggro_radius);
        }
        rules
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any rules become a file, and the file becomes the same rules, without a warning; the schema takes it too.
    #[test]
    fn any_rules_survive_a_file(rules in any_rules()) {
        prop_assert_eq!(rules.validate(), Ok(()));
        let text = file_of(&rules);
        let ruleset = compile("r.toml", text.as_bytes()).map_err(|report| TestCaseError::fail(report.to_string()))?;
        prop_assert_eq!(ruleset.rules, rules);
        prop_assert_eq!(ruleset.warnings.diagnostics.len(), 0);
        prop_assert_eq!(ruleset.rules.hash(), rules.hash());
    }

    /// Any text near the default file compiles to valid rules or is refused with a message.
    #[test]
    fn any_text_is_judged(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = DEFAULT_FILE.as_bytes().to_vec();
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(bytes.len() - cut.index(bytes.len()) % 40);
        match compile("r.toml", &bytes) {
            Ok(ruleset) => prop_assert_eq!(ruleset.rules.validate(), Ok(())),
            Err(report) => prop_assert!(report.to_string().contains("error: ")),
        }
    }
}
