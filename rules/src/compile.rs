//! A TOML file becomes rules, or a report of everything that is wrong with it.
//!
//! In here: which name stands for which field, and what is found wrong where. Not in here: the syntax (the `toml` crate's
//! affair), values (`value.rs`), texts ([`crate::report`]).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use shieldwall_core::Rules;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::report::{Problem, Report, nearest};
use crate::unit::{key, shown};
use crate::value::{self, kind};
use crate::{FieldPlace, table_path};

/// Largest file that is read.
pub const FILE_BYTES_MAX: usize = 1 << 18;

/// Most unknown names, and most lines of broken syntax, that a report holds: without end is only what somebody makes to be
/// so. Everything else is bounded by the number of fields.
const FOUND_MAX: usize = 1_000;

/// A file that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruleset {
    /// What it says; what it leaves out is as in [`Rules::default`].
    pub rules: Rules,
    /// Values that are not quite what was written.
    pub warnings: Report,
}

/// Compiles a file. `name` is what reports call it.
///
/// # Errors
/// Everything that is wrong, from the beginning of the file to its end, with the warnings in between.
pub fn compile(name: &str, bytes: &[u8]) -> Result<Ruleset, Report> {
    let refuse =
        |text: &str, at: usize, problem| Err(Report::new(name, text, vec![(at..at, String::new(), problem)]));
    if bytes.len() > FILE_BYTES_MAX {
        return refuse("", 0, Problem::TooLarge { bytes: bytes.len(), most: FILE_BYTES_MAX });
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            return refuse(&valid, valid.len(), Problem::Encoding);
        }
    };
    let (document, syntax) = DeTable::parse_recoverable(text);
    let mut compiler = Compiler { text, ..Compiler::default() };
    compiler.document(document.get_ref());
    if syntax.is_empty() {
        compiler.relations();
    } else {
        compiler.keep_away_from(&syntax);
    }
    let report = Report::new(name, text, compiler.found);
    if report.is_usable() { Ok(Ruleset { rules: compiler.rules, warnings: report }) } else { Err(report) }
}

/// A name as it can stand in a message.
fn printable(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(bare) { name.to_owned() } else { format!("{name:?}") }
}

#[derive(Default)]
struct Compiler<'a> {
    text: &'a str,
    rules: Rules,
    found: Vec<(Range<usize>, String, Problem)>,
    /// Where each field that the file gives has its value.
    given: BTreeMap<FieldPlace, Range<usize>>,
    /// Those whose values cannot be used.
    failed: BTreeSet<FieldPlace>,
    /// How many names were unknown.
    unknown: usize,
}

impl Compiler<'_> {
    fn find(&mut self, span: Range<usize>, path: String, problem: Problem) {
        self.found.push((span, path, problem));
    }

    /// Whether one more unknown name is told.
    fn tells_unknown(&mut self) -> bool {
        self.unknown += 1;
        self.unknown <= FOUND_MAX
    }

    fn document(&mut self, document: &DeTable<'_>) {
        for (name, value) in document {
            let table = Rules::TABLES.iter().position(|table| table.name == name.get_ref().as_ref());
            let Some(table) = table else {
                if !self.tells_unknown() {
                    continue;
                }
                let known: Vec<_> = Rules::TABLES.iter().map(|table| table.name.to_owned()).collect();
                let nearest = nearest(name.get_ref(), &known);
                let path = printable(name.get_ref());
                self.find(name.span(), path, Problem::UnknownTable { nearest, known });
                continue;
            };
            if Rules::TABLES[table].entries.is_empty() {
                self.fields(table, 0, value);
            } else {
                self.entries(table, value);
            }
        }
    }

    fn entries(&mut self, table: usize, value: &Spanned<DeValue<'_>>) {
        let info = &Rules::TABLES[table];
        let example = table_path(table, 0);
        let Some(content) = value.get_ref().as_table() else {
            let found = kind(value.get_ref());
            let expected = format!("tables with names, such as [{example}]");
            self.find(value.span(), info.name.to_owned(), Problem::WrongType { expected, found });
            return;
        };
        for (name, value) in content {
            match info.entries.iter().position(|entry| entry.name == name.get_ref().as_ref()) {
                Some(entry) => self.fields(table, entry, value),
                None if self.tells_unknown() => {
                    let known: Vec<_> = info.entries.iter().map(|entry| entry.name.to_owned()).collect();
                    let nearest = nearest(name.get_ref(), &known);
                    let path = format!("{}.{}", info.name, printable(name.get_ref()));
                    self.find(name.span(), path, Problem::UnknownEntry { nearest, known });
                }
                None => {}
            }
        }
    }

    fn fields(&mut self, table: usize, entry: usize, value: &Spanned<DeValue<'_>>) {
        let path = table_path(table, entry);
        let Some(content) = value.get_ref().as_table() else {
            let problem = Problem::WrongType {
                expected: format!("a table, which begins with [{path}]"),
                found: kind(value.get_ref()),
            };
            self.find(value.span(), path, problem);
            return;
        };
        let known: Vec<_> = Rules::TABLES[table].fields.iter().map(key).collect();
        for (name, value) in content {
            match known.iter().position(|known| known == name.get_ref().as_ref()) {
                Some(field) => self.value(FieldPlace { table, entry, field }, value),
                None if self.tells_unknown() => {
                    let nearest = nearest(name.get_ref(), &known);
                    let path = format!("{path}.{}", printable(name.get_ref()));
                    self.find(name.span(), path, Problem::UnknownField { nearest, known: known.clone() });
                }
                None => {}
            }
        }
    }

    /// Takes over the value of a field.
    fn value(&mut self, place: FieldPlace, value: &Spanned<DeValue<'_>>) {
        self.given.insert(place, value.span());
        match value::read(self.text, place.field(), value) {
            Ok(taken) => {
                for (entry, raw) in taken.raw.into_iter().enumerate() {
                    let table = self.rules.table_mut(place.table().name, place.entry);
                    let set = table.and_then(|table| table.set_value(place.field().name, entry, raw));
                    debug_assert!(set.is_some(), "what is in range can be held");
                }
                if let Some(problem) = taken.warning {
                    self.find(value.span(), place.path(), problem);
                }
            }
            Err(refused) => {
                let (span, problem) = *refused;
                self.failed.insert(place);
                self.find(span, place.path(), problem);
            }
        }
    }

    /// Finds the relations that do not hold, at the later of the two values in the file.
    fn relations(&mut self) {
        let broken: Vec<_> = self.rules.broken_relations().collect();
        for (relation, entry) in broken {
            let (Some(low), Some(high)) = (place_of(relation.low, entry), place_of(relation.high, entry))
            else {
                continue;
            };
            if self.failed.contains(&low) || self.failed.contains(&high) {
                continue;
            }
            let (low_span, high_span) = (self.given.get(&low).cloned(), self.given.get(&high).cloned());
            let at_high =
                high_span.as_ref().map(|span| span.start) > low_span.as_ref().map(|span| span.start);
            let (place, span) = if at_high { (high, high_span) } else { (low, low_span) };
            let problem = contradiction(&self.rules, relation.times, (low, high), at_high);
            self.find(span.unwrap_or(0..0), place.path(), problem);
        }
    }

    /// Where the syntax is broken, what was read is not what was meant: of such a line only that is said, once.
    fn keep_away_from(&mut self, syntax: &[toml::de::Error]) {
        let breaks: Vec<usize> = self.text.match_indices('\n').map(|(at, _)| at).collect();
        let line_of = |at: usize| breaks.partition_point(|&newline| newline < at);
        let mut lines = BTreeMap::new();
        for error in syntax.iter().take(FOUND_MAX) {
            let span = error.span().unwrap_or(0..0);
            lines.entry(line_of(span.start)).or_insert((span, error.message().to_owned()));
        }
        self.found.retain(|(span, _, _)| !lines.contains_key(&line_of(span.start)));
        let broken = lines.into_values();
        self.found.extend(broken.map(|(span, message)| (span, String::new(), Problem::Syntax(message))));
    }
}

/// The place of a (table, field) of the kernel's list.
fn place_of((table, field): (&str, &str), entry: usize) -> Option<FieldPlace> {
    let table = Rules::TABLES.iter().position(|info| info.name == table)?;
    let field = Rules::TABLES[table].fields.iter().position(|info| info.name == field)?;
    Some(FieldPlace { table, entry, field })
}

/// What is said of two fields that contradict each other, at the one of them.
fn contradiction(rules: &Rules, times: i64, (low, high): (FieldPlace, FieldPlace), at_high: bool) -> Problem {
    let (here, other) = if at_high { (high, low) } else { (low, high) };
    let info = here.field();
    let factor = if times == 1 { String::new() } else { format!("{times} x ") };
    let (value, against, min, max) = if at_high {
        let least = low.raw(rules).saturating_mul(times).max(info.min);
        (shown(info, here.raw(rules)), format!("below {factor}{}", other.path()), least, info.max)
    } else {
        let most = high.raw(rules).div_euclid(times.max(1)).min(info.max);
        let value = format!("{factor}{}", shown(info, here.raw(rules)));
        (value, format!("above {}", other.path()), info.min, most)
    };
    let other = shown(other.field(), other.raw(rules));
    Problem::Relation { value, against, other, min: shown(info, min), max: shown(info, max) }
}
