//! What the kernel's units are called in files, and how human numbers become raw ones and back.

use shieldwall_core::rules::{RuleFieldInfo, RuleUnit};

use crate::decimal::{Decimal, Rounding, written};

/// The name of a field in files: the kernel's, with its unit at the end.
#[must_use]
pub fn key(field: &RuleFieldInfo) -> String {
    let name = field.name;
    match field.unit {
        RuleUnit::Metres => format!("{name}_m"),
        RuleUnit::MetresPerSecond => format!("{name}_m_per_s"),
        RuleUnit::MetresPerSecondSquared => {
            format!("{}_m_per_s2", name.strip_suffix("_per_s").unwrap_or(name))
        }
        RuleUnit::Degrees => format!("{name}_deg"),
        _ => name.to_owned(),
    }
}

/// What stands behind a number of the unit where people read it.
#[must_use]
pub const fn symbol(unit: RuleUnit) -> &'static str {
    match unit {
        RuleUnit::Metres => " m",
        RuleUnit::MetresPerSecond => " m/s",
        RuleUnit::MetresPerSecondSquared => " m/s²",
        RuleUnit::Degrees => "°",
        RuleUnit::Milliseconds => " ms",
        RuleUnit::Per256 => "/256",
        RuleUnit::Per1000 => "/1000",
        RuleUnit::Kilograms => " kg",
        RuleUnit::Points => " points",
        RuleUnit::PointsPerSecond => " points/s",
        RuleUnit::Ticks => " ticks",
        RuleUnit::Count | RuleUnit::Shares | RuleUnit::Flag | RuleUnit::Choice => "",
    }
}

/// The unit in words.
#[must_use]
pub const fn words(unit: RuleUnit) -> &'static str {
    match unit {
        RuleUnit::Metres => "metres",
        RuleUnit::MetresPerSecond => "metres per second",
        RuleUnit::MetresPerSecondSquared => "metres per second squared",
        RuleUnit::Degrees => "degrees",
        RuleUnit::Milliseconds => "milliseconds",
        RuleUnit::Per256 => "parts of 256",
        RuleUnit::Per1000 => "parts of 1000",
        RuleUnit::Kilograms => "kilograms",
        RuleUnit::Points => "points",
        RuleUnit::PointsPerSecond => "points in a second",
        RuleUnit::Ticks => "ticks of the simulation",
        RuleUnit::Count => "a number of things",
        RuleUnit::Shares => "shares",
        RuleUnit::Flag => "true or false",
        RuleUnit::Choice => "a name",
    }
}

/// Whether numbers of the unit may have something behind the point. What is finer than the kernel holds is rounded.
#[must_use]
pub const fn has_fractions(unit: RuleUnit) -> bool {
    matches!(
        unit,
        RuleUnit::Metres
            | RuleUnit::MetresPerSecond
            | RuleUnit::MetresPerSecondSquared
            | RuleUnit::Degrees
            | RuleUnit::Milliseconds
    )
}

/// Raw integers in one of the unit, as a fraction.
const fn scale(unit: RuleUnit) -> (u32, u32) {
    match unit {
        RuleUnit::Metres | RuleUnit::MetresPerSecond | RuleUnit::MetresPerSecondSquared => (65_536, 1),
        RuleUnit::Degrees => (65_536, 360),
        _ => (1, 1),
    }
}

/// As the kernel's own constructors round: lengths down (`Metres::from_mm`), angles to the nearest
/// (`Brads::from_degrees`).
const fn rounding(unit: RuleUnit) -> Rounding {
    match unit {
        RuleUnit::Degrees => Rounding::Nearest,
        _ => Rounding::Down,
    }
}

/// The raw integer that a human number compiles to.
#[must_use]
pub fn raw_of(unit: RuleUnit, number: &Decimal) -> i64 {
    number.times(scale(unit), rounding(unit))
}

/// The shortest human number that compiles to this raw integer; of two, the one nearer to what the kernel holds.
#[must_use]
pub fn human_of(unit: RuleUnit, raw: i64) -> String {
    let (num, den) = scale(unit);
    for places in 0..=12 {
        let exact = i128::from(raw) * i128::from(den) * 10_i128.pow(places);
        let below = exact.div_euclid(num.into());
        let error = |digits: i128| (digits * i128::from(num) - exact).abs();
        let candidates = [below, below + 1].into_iter().filter(|digits| {
            Decimal::new(*digits, places).is_some_and(|decimal| raw_of(unit, &decimal) == raw)
        });
        if let Some(digits) = candidates.min_by_key(|digits| error(*digits)) {
            return written(digits, places);
        }
    }
    // Not reached for raw integers of the kernel: a step of any unit has far fewer places.
    raw.to_string()
}

/// The human number that the raw integer is, to its last digit.
#[must_use]
pub fn exact_of(unit: RuleUnit, raw: i64) -> String {
    let (num, den) = scale(unit);
    // 65536 divides 10^16, and 1 divides all.
    written(i128::from(raw) * i128::from(den) * 10_i128.pow(16) / i128::from(num), 16)
}

/// The name that a raw integer stands for in a field that is a choice; `None` in all other fields, and for numbers that
/// have no name.
#[must_use]
pub fn choice(field: &RuleFieldInfo, raw: i64) -> Option<&'static str> {
    field.choices.get(usize::try_from(raw).ok()?).copied()
}

/// A raw integer of a field as people read it, with its unit.
#[must_use]
pub fn shown(field: &RuleFieldInfo, raw: i64) -> String {
    match (field.unit, choice(field, raw)) {
        (RuleUnit::Flag, _) => (raw != 0).to_string(),
        (_, Some(name)) => name.to_owned(),
        (unit, None) => format!("{}{}", human_of(unit, raw), symbol(unit)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use shieldwall_core::{Brads, Metres};

    #[test]
    fn files_round_as_the_kernel_does() {
        for mm in (-40_000..40_000).chain([i32::from(i16::MIN) * 1_000 / 2]) {
            let raw = raw_of(RuleUnit::Metres, &Decimal::new(mm.into(), 3).unwrap());
            assert_eq!(raw, i64::from(Metres::from_mm(mm).0), "{mm} mm");
            // Three places are never lost: what is shown is what was written.
            assert_eq!(human_of(RuleUnit::Metres, raw), written(mm.into(), 3));
        }
        for degrees in 0..360 {
            let raw = raw_of(RuleUnit::Degrees, &Decimal::new(degrees.into(), 0).unwrap());
            assert_eq!(raw, i64::from(Brads::from_degrees(degrees).0), "{degrees} degrees");
            assert_eq!(human_of(RuleUnit::Degrees, raw), degrees.to_string());
        }
    }

    #[test]
    fn the_exact_value_is_exact() {
        assert_eq!(exact_of(RuleUnit::Metres, 22_937), "0.3499908447265625");
        assert_eq!(exact_of(RuleUnit::Metres, -32_768), "-0.5");
        assert_eq!(exact_of(RuleUnit::Degrees, 1), "0.0054931640625");
        assert_eq!(exact_of(RuleUnit::Milliseconds, 500), "500");
    }

    /// What a choice is called is the kernel's list of names, whatever unit the numbers would have.
    #[test]
    fn choices_are_shown_by_name() {
        let fields = shieldwall_core::Rules::TABLES.iter().flat_map(|table| table.fields);
        for field in fields.filter(|field| field.unit == RuleUnit::Choice) {
            assert_eq!(field.max + 1, i64::try_from(field.choices.len()).unwrap(), "{}", field.name);
            for (raw, name) in (0..).zip(field.choices) {
                assert_eq!((choice(field, raw), shown(field, raw)), (Some(*name), (*name).to_owned()));
            }
            assert_eq!((choice(field, -1), choice(field, field.max + 1)), (None, None));
        }
    }

    proptest! {
        #[test]
        fn every_raw_integer_has_a_human_number(raw in any::<i32>()) {
            for unit in [RuleUnit::Metres, RuleUnit::Degrees, RuleUnit::Milliseconds] {
                for raw in [i64::from(raw), i64::from(raw % 70_000)] {
                    let human = human_of(unit, raw);
                    prop_assert_eq!(raw_of(unit, &Decimal::parse(&human).unwrap()), raw);
                    let exact = exact_of(unit, raw);
                    prop_assert_eq!(raw_of(unit, &Decimal::parse(&exact).unwrap()), raw);
                }
            }
        }
    }
}
