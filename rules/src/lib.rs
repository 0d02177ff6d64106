//! Rulesets as files: what the kernel's rules are in metres, seconds and degrees, and the way there and back.
//!
//! ```
//! let text = b"[arms.sword]\nreach_m = 3\neffect = \"bleeding\"\n";
//! let ruleset = shieldwall_rules::compile("mine.toml", text).unwrap();
//! assert_eq!(ruleset.rules.arms[0].reach, shieldwall_core::Metres::from_m(3));
//! let report = shieldwall_rules::compile("mine.toml", b"[arms.sword]\ncone_deg = 200\n").unwrap_err();
//! assert!(report.to_string().starts_with(
//!     "mine.toml:2:12: error: arms.sword.cone_deg: 200° is out of range; allowed are 1° to 180°\n"
//! ));
//! ```
//!
//! - [`compile()`]: a TOML file becomes rules, or a report of everything that is wrong with it
//! - [`report`]: what can be wrong, and how it is shown
//! - [`text`]: rules become a file, or a list of every value as the kernel holds it
//! - [`mod@schema`]: the JSON schema that editors complete and check such files with
//! - [`mod@unit`] and [`decimal`]: human numbers to raw integers and back, exactly: there is no float in here
//!
//! Names, units, ranges and documentation come from the kernel's own list ([`Rules::TABLES`]); nothing here names a
//! field. What a field does is `shieldwall_core`'s affair; `docs/RULES.md` is for designers.

pub mod compile;
pub mod decimal;
pub mod report;
pub mod schema;
pub mod text;
pub mod unit;
mod value;

pub use compile::{FILE_BYTES_MAX, Ruleset, compile};
pub use report::{Diagnostic, Problem, Report, Severity};
pub use schema::schema;
use shieldwall_core::Rules;
pub use text::{changed, default_file, file_of, show};

/// The complete default ruleset, commented: a file to start from. [`default_file`] writes it.
pub const DEFAULT_FILE: &str = include_str!("../default.toml");

/// The committed JSON schema. [`schema()`] writes it.
pub const SCHEMA_FILE: &str = include_str!("../schema.json");

/// How the names of entries begin that are free for whoever writes a file.
pub(crate) const SPARE: &str = "spare_";

/// A field, or one of its numbers, by its place in [`Rules::TABLES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FieldPlace {
    pub(crate) table: usize,
    pub(crate) entry: usize,
    pub(crate) field: usize,
}

impl FieldPlace {
    pub(crate) fn table(self) -> &'static shieldwall_core::rules::RuleTableInfo {
        &Rules::TABLES[self.table]
    }

    pub(crate) fn field(self) -> &'static shieldwall_core::rules::RuleFieldInfo {
        &self.table().fields[self.field]
    }

    /// As designers write it: `life.respawn_ms`, `movement.scout.radius_m`.
    pub(crate) fn path(self) -> String {
        format!("{}.{}", table_path(self.table, self.entry), unit::key(self.field()))
    }

    /// The first raw number.
    pub(crate) fn raw(self, rules: &Rules) -> i64 {
        rules
            .table(self.table().name, self.entry)
            .and_then(|table| table.value(self.field().name, 0))
            .unwrap_or_default()
    }
}

/// The heading of a table in a file: `life`, `movement.scout`.
pub(crate) fn table_path(table: usize, entry: usize) -> String {
    let info = &Rules::TABLES[table];
    match info.entries.get(entry) {
        Some(entry) => format!("{}.{}", info.name, entry.name),
        None => info.name.to_owned(),
    }
}
