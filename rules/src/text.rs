//! Rules become text: a file with everything in it, or a list of every value as the kernel holds it.

use std::fmt::Write as _;

use shieldwall_core::Rules;
use shieldwall_core::rules::{RuleFieldInfo, RuleTable, RuleUnit};

use crate::report::listed;
use crate::unit::{choice, exact_of, has_fractions, human_of, key, shown, symbol, words};
use crate::{SPARE, table_path};

/// Longest line of comments.
const COMMENT_CHARS: usize = 110;

/// What stands at the top of the default file.
const HEAD: &str = "\
#:schema ./schema.json
#
# The rules of Shieldwall, all of them, as they are where no file says otherwise. To make rules of your own, start from a
# copy (`shieldwall rules default > mine.toml`) or from an empty file: what a file leaves out stays as it is here.
#
#   shieldwall rules check mine.toml     says everything that is wrong with it, and its hash
#   shieldwall rules show mine.toml      prints every value as the kernel holds it
#   shieldwall serve --rules mine.toml   plays by it
#
# The unit is the end of the name: _m metres, _m_per_s metres per second, _m_per_s2 metres per second squared,
# _deg degrees, _ms milliseconds, _per_256 parts of 256, _per_1000 parts of 1000, _kg kilograms. Above each value stands
# what it may be; names stand in quotes.
";

/// Writes text as comment lines.
fn comment(out: &mut String, text: &str) {
    let mut line = String::from("#");
    for word in text.split_whitespace() {
        if line.len() + 1 + word.len() > COMMENT_CHARS {
            out.push_str(&line);
            line = String::from("\n#");
        }
        line.push(' ');
        line.push_str(word);
    }
    out.push_str(&line);
    out.push('\n');
}

/// What a field may be: `m, 0.1 to 8`.
pub(crate) fn allowed(field: &RuleFieldInfo) -> String {
    let range = |min, max| {
        let whole = if has_fractions(field.unit) { "" } else { ", whole numbers" };
        format!("{} to {}{whole}", human_of(field.unit, min), human_of(field.unit, max))
    };
    match field.unit {
        RuleUnit::Flag => words(field.unit).to_owned(),
        RuleUnit::Choice => format!("one of {}", listed(field.choices)),
        _ if field.entries > 1 => {
            format!(
                "{} {}, each {}, their sum {}",
                field.entries,
                words(field.unit),
                range(0, field.entry_max),
                { format!("{} to {}", field.min, field.max) }
            )
        }
        _ => format!("{}, {}", words(field.unit), range(field.min, field.max)),
    }
}

/// The value of a field as TOML.
fn value(table: &dyn RuleTable, field: &RuleFieldInfo) -> String {
    let one = |entry| {
        let raw = table.value(field.name, entry).unwrap_or_default();
        match (field.unit, choice(field, raw)) {
            (RuleUnit::Flag, _) => (raw != 0).to_string(),
            (_, Some(name)) => format!("{name:?}"),
            (unit, None) => human_of(unit, raw),
        }
    };
    if field.entries == 1 {
        return one(0);
    }
    let all: Vec<String> = (0..field.entries).map(one).collect();
    format!("[{}]", all.join(", "))
}

/// The tables of the rules, each with its number, its entry's and itself.
fn tables(rules: &Rules) -> impl Iterator<Item = (usize, usize, &dyn RuleTable)> {
    Rules::TABLES.iter().enumerate().flat_map(move |(index, info)| {
        (0..info.entries.len().max(1))
            .filter_map(move |entry| Some((index, entry, rules.table(info.name, entry)?)))
    })
}

/// The names of a table's entries that are free for whoever writes a file, and still as they are shipped.
fn untouched(rules: &Rules, index: usize) -> Vec<&'static str> {
    let (default, info) = (Rules::default(), &Rules::TABLES[index]);
    let same = |entry| match (rules.table(info.name, entry), default.table(info.name, entry)) {
        (Some(now), Some(then)) => info.fields.iter().all(|field| raw(now, field) == raw(then, field)),
        _ => false,
    };
    let spare = info.entries.iter().enumerate().filter(|(_, entry)| entry.name.starts_with(SPARE));
    spare.filter(|(entry, _)| same(*entry)).map(|(_, entry)| entry.name).collect()
}

/// What stands for a table's entries that are left out.
fn left_out(index: usize, names: &[&str]) -> String {
    let (name, count) = (Rules::TABLES[index].name, names.len());
    format!("{count} more {name} are free for your own, and empty as shipped: {}.", listed(names))
}

/// A file of these rules, whole.
fn write(rules: &Rules) -> String {
    let mut out = String::new();
    for (index, entry, table) in tables(rules) {
        write_table(&mut out, (index, entry), table, false);
    }
    out
}

/// A file of these rules with comments above every table and, the first time it is named, every field. Of the entries
/// that are free only those are in it that somebody used.
fn write_commented(rules: &Rules) -> String {
    let mut out = String::new();
    for (index, info) in Rules::TABLES.iter().enumerate() {
        let untouched = untouched(rules, index);
        for (_, entry, table) in tables(rules).filter(|(of, _, _)| *of == index) {
            if info.entries.get(entry).is_some_and(|entry| untouched.contains(&entry.name)) {
                continue;
            }
            write_table(&mut out, (index, entry), table, true);
        }
        if !untouched.is_empty() {
            out.push('\n');
            comment(&mut out, &left_out(index, &untouched));
        }
    }
    out
}

/// One table, with a heading.
fn write_table(out: &mut String, (index, entry): (usize, usize), table: &dyn RuleTable, comments: bool) {
    let info = &Rules::TABLES[index];
    out.push('\n');
    if comments && entry == 0 {
        comment(out, info.doc);
    }
    if let Some(named) = info.entries.get(entry).filter(|_| comments) {
        comment(out, named.doc);
    }
    let _ = writeln!(out, "[{}]", table_path(index, entry));
    for field in info.fields {
        if comments && entry == 0 {
            let (doc, allowed) = (field.doc.trim(), format!("({})", allowed(field)));
            if doc.len() + allowed.len() + 3 <= COMMENT_CHARS {
                comment(out, &format!("{doc} {allowed}"));
            } else {
                comment(out, doc);
                comment(out, &allowed);
            }
        }
        let _ = writeln!(out, "{} = {}", key(field), value(table, field));
    }
}

/// A file that compiles to exactly these rules; nothing is left out.
#[must_use]
pub fn file_of(rules: &Rules) -> String {
    write(rules)
}

/// The default ruleset as a commented file: what [`crate::DEFAULT_FILE`] must be.
#[must_use]
pub fn default_file() -> String {
    format!("{HEAD}{}", write_commented(&Rules::default()))
}

/// The raw integers of a field.
fn raw(table: &dyn RuleTable, field: &RuleFieldInfo) -> Vec<i64> {
    (0..field.entries).filter_map(|entry| table.value(field.name, entry)).collect()
}

/// How many values are not as in the shipped ruleset.
#[must_use]
pub fn changed(rules: &Rules) -> usize {
    let default = Rules::default();
    let both = tables(rules).zip(tables(&default));
    both.map(|((_, _, now), (_, _, then))| {
        now.fields().iter().filter(|field| raw(now, field) != raw(then, field)).count()
    })
    .sum()
}

/// Every value as compiled, but for entries that are free and as shipped: the human value, the raw integer, and what the kernel holds exactly where that is something
/// else. A star marks what is not as in the shipped ruleset.
#[must_use]
pub fn show(rules: &Rules) -> String {
    let default = Rules::default();
    let mut out = format!("rules {}\n", rules.hash());
    for (index, info) in Rules::TABLES.iter().enumerate() {
        let untouched = untouched(rules, index);
        for (_, entry, table) in tables(rules).filter(|(of, _, _)| *of == index) {
            let Some(shipped) = default.table(info.name, entry) else { continue };
            if info.entries.get(entry).is_some_and(|entry| untouched.contains(&entry.name)) {
                continue;
            }
            let _ = writeln!(out, "\n[{}]", table_path(index, entry));
            for field in info.fields {
                let (now, then) = (raw(table, field), raw(shipped, field));
                let star = if now == then { ' ' } else { '*' };
                let _ = writeln!(out, "{star} {:<30} {}", key(field), one_line(field, &now));
            }
        }
        if !untouched.is_empty() {
            let _ = writeln!(out, "\n{}", left_out(index, &untouched));
        }
    }
    out
}

fn one_line(field: &RuleFieldInfo, raw: &[i64]) -> String {
    let [raw] = raw else {
        return format!("{raw:?}");
    };
    let human = shown(field, *raw);
    let exact = exact_of(field.unit, *raw);
    let held = match field.unit {
        RuleUnit::Flag | RuleUnit::Choice => String::new(),
        _ if exact == human_of(field.unit, *raw) => "exact".to_owned(),
        _ => format!("held as {exact}{}", symbol(field.unit)),
    };
    format!("{human:<14} raw {raw:<11} {held}").trim_end().to_owned()
}
