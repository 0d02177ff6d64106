//! The values of a file: of which type they are, and the raw integers that they compile to.

use std::ops::Range;

use shieldwall_core::rules::{RuleFieldInfo, RuleUnit};
use toml::Spanned;
use toml::de::DeValue;

use crate::decimal::Decimal;
use crate::report::{Problem, nearest};
use crate::unit::{has_fractions, human_of, raw_of, shown, symbol, words};

/// The raw integers of a field, and what is not quite as written.
pub(crate) struct Taken {
    pub(crate) raw: Vec<i64>,
    pub(crate) warning: Option<Problem>,
}

/// What is wrong with a value, and where.
type Refused = Box<(Range<usize>, Problem)>;

fn refused(value: &Spanned<DeValue<'_>>, problem: Problem) -> Refused {
    Box::new((value.span(), problem))
}

/// What a value is, in words.
pub(crate) fn kind(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) if text.chars().count() <= 40 => format!("the text {text:?}"),
        DeValue::String(_) => "a text".to_owned(),
        DeValue::Integer(number) => format!("the number {}", short(&number.to_string())),
        DeValue::Float(number) => format!("the number {}", short(number.as_str())),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(_) => "a date or time".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// The beginning of a number with very many digits.
fn short(number: &str) -> String {
    match number.char_indices().nth(40) {
        Some((end, _)) => format!("{}...", &number[..end]),
        None => number.to_owned(),
    }
}

/// Reads the value of a field. `text` is the whole file.
///
/// # Errors
/// What is wrong with it, and where.
pub(crate) fn read(
    text: &str,
    field: &RuleFieldInfo,
    value: &Spanned<DeValue<'_>>,
) -> Result<Taken, Refused> {
    if field.entries > 1 {
        return list(text, field, value).map(|raw| Taken { raw, warning: None });
    }
    let raw = one(text, field, value, (field.min, field.max))?;
    Ok(Taken { raw: vec![raw], warning: rounding(text, field, value, raw) })
}

/// A number as it stands in the file, with its unit.
fn as_written(text: &str, field: &RuleFieldInfo, value: &Spanned<DeValue<'_>>) -> String {
    format!("{}{}", short(text.get(value.span()).unwrap_or_default()), symbol(field.unit))
}

fn out_of_range(field: &RuleFieldInfo, value: String, (min, max): (i64, i64)) -> Problem {
    Problem::OutOfRange { value, min: shown(field, min), max: shown(field, max) }
}

/// The number of a name that a field can be.
fn chosen(field: &RuleFieldInfo, value: &Spanned<DeValue<'_>>) -> Result<i64, Refused> {
    let DeValue::String(name) = value.get_ref() else {
        let example = field.choices.get(1).copied().unwrap_or_default();
        let expected = format!("a name in quotes, such as {example:?}");
        return Err(refused(value, Problem::WrongType { expected, found: kind(value.get_ref()) }));
    };
    let number = (0..).zip(field.choices).find(|(_, known)| **known == name.as_ref());
    number.map(|(number, _)| number).ok_or_else(|| {
        let known: Vec<String> = field.choices.iter().map(|name| (*name).to_owned()).collect();
        refused(value, Problem::UnknownChoice { nearest: nearest(name, &known), known })
    })
}

/// A number of the file, exactly.
fn number(value: &DeValue<'_>) -> Option<Decimal> {
    match value {
        DeValue::Integer(integer) => Decimal::parse_integer(integer.as_str(), integer.radix()),
        DeValue::Float(float) => Decimal::parse(float.as_str()),
        _ => None,
    }
}

/// One number, or yes or no, or a name; judged as compiled.
fn one(
    text: &str,
    field: &RuleFieldInfo,
    value: &Spanned<DeValue<'_>>,
    range: (i64, i64),
) -> Result<i64, Refused> {
    let wrong =
        |expected: String| Err(refused(value, Problem::WrongType { expected, found: kind(value.get_ref()) }));
    if field.unit == RuleUnit::Flag {
        return match value.get_ref() {
            DeValue::Boolean(yes) => Ok(i64::from(*yes)),
            _ => wrong("true or false".to_owned()),
        };
    }
    if field.unit == RuleUnit::Choice {
        return chosen(field, value);
    }
    let whole = !has_fractions(field.unit);
    let raw = match number(value.get_ref()) {
        Some(decimal) if !whole || decimal.is_whole() => raw_of(field.unit, &decimal),
        _ if whole => return wrong(format!("a whole number ({})", words(field.unit))),
        _ => return wrong(format!("a number ({})", words(field.unit))),
    };
    if raw < range.0 || raw > range.1 {
        return Err(refused(value, out_of_range(field, as_written(text, field, value), range)));
    }
    Ok(raw)
}

/// Several numbers; the field's range is that of their sum.
fn list(text: &str, field: &RuleFieldInfo, value: &Spanned<DeValue<'_>>) -> Result<Vec<i64>, Refused> {
    let Some(list) = value.get_ref().as_array() else {
        let expected = format!("a list of {} whole numbers", field.entries);
        return Err(refused(value, Problem::WrongType { expected, found: kind(value.get_ref()) }));
    };
    if list.len() != field.entries {
        return Err(refused(value, Problem::WrongLength { expected: field.entries, found: list.len() }));
    }
    let raw: Result<Vec<i64>, Refused> =
        list.iter().map(|item| one(text, field, item, (0, field.entry_max))).collect();
    let raw = raw?;
    let sum: i64 = raw.iter().sum();
    if sum < field.min || sum > field.max {
        let sum = format!("a sum of {}", shown(field, sum));
        return Err(refused(value, out_of_range(field, sum, (field.min, field.max))));
    }
    Ok(raw)
}

/// A warning where the shortest way to write what the kernel holds is not what was written: of four places behind the
/// point (two of degrees, none of milliseconds) nothing is ever lost.
fn rounding(text: &str, field: &RuleFieldInfo, value: &Spanned<DeValue<'_>>, raw: i64) -> Option<Problem> {
    let written = number(value.get_ref())?;
    let compiled = human_of(field.unit, raw);
    let kept = Decimal::parse(&compiled)?;
    (kept.normal() != written.normal()).then(|| Problem::Rounded {
        value: as_written(text, field, value),
        compiled: format!("{compiled}{}", symbol(field.unit)),
    })
}
