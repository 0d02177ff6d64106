//! Decimal numbers as they are written, exact to 24 digits, and their way to integers.
//!
//! Not in here: how numbers are told from other values; the `toml` crate reads the file and hands over the digits.

/// Digits that are kept; a number with more of them is known to be a little larger in size than what is kept.
const DIGITS_MAX: u32 = 24;

/// Places behind the point that are kept.
const PLACES_MAX: u32 = 35;

/// A number: its size is `digits` / 10^`places`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    digits: u128,
    places: u32,
    /// The true size is a little larger.
    more: bool,
}

/// What becomes of a number between two integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// The lower of the two, as everywhere in the kernel.
    Down,
    /// The nearer of the two; the one farther from 0 when both are equally near.
    Nearest,
}

impl Decimal {
    /// A number of `digits` / 10^`places`; `None` for more than 24 digits or 35 places.
    #[must_use]
    pub fn new(digits: i128, places: u32) -> Option<Self> {
        let size = digits.unsigned_abs();
        let fits = size < 10_u128.pow(DIGITS_MAX) && places <= PLACES_MAX;
        fits.then_some(Self { negative: digits < 0, digits: size, places, more: false })
    }

    /// Reads `-12.5e3` and the like; `None` for what is not a number, such as `inf` and `nan`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, text) = match text.strip_prefix(['-', '+']) {
            Some(rest) => (text.starts_with('-'), rest),
            None => (false, text),
        };
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, parse_exponent(exponent)?),
            None => (text, 0),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let mut read = Self { negative, digits: 0, places: 0, more: false };
        // The value is digits x 10^shift.
        let mut shift = exponent;
        for (text, behind) in [(whole, false), (fraction, true)] {
            for c in text.chars() {
                let digit = c.to_digit(10)?;
                if read.digits < 10_u128.pow(DIGITS_MAX - 1) {
                    read.digits = read.digits * 10 + u128::from(digit);
                    shift -= i64::from(behind);
                } else {
                    read.more |= digit != 0;
                    shift += i64::from(!behind);
                }
            }
        }
        Some(read.shifted(shift))
    }

    /// Reads the digits of an integer in base 2 to 16; `None` for what is none.
    #[must_use]
    pub fn parse_integer(text: &str, radix: u32) -> Option<Self> {
        if radix == 10 {
            return Self::parse(text);
        }
        let mut read = Self { negative: false, digits: 0, places: 0, more: false };
        for c in text.chars() {
            let digit = u128::from(c.to_digit(radix)?);
            read.digits = (read.digits * u128::from(radix) + digit).min(10_u128.pow(DIGITS_MAX));
        }
        Some(read)
    }

    /// The number times 10^`shift`; what is larger than 10^24 stays there, which no field can hold.
    fn shifted(mut self, shift: i64) -> Self {
        let limit = 10_u128.pow(DIGITS_MAX);
        if shift >= 0 {
            for _ in 0..shift.min(i64::from(DIGITS_MAX)) {
                self.digits = (self.digits * 10).min(limit);
            }
            return self;
        }
        let places = shift.unsigned_abs();
        for _ in u64::from(PLACES_MAX)..places.min(u64::from(PLACES_MAX + DIGITS_MAX + 1)) {
            self.more |= !self.digits.is_multiple_of(10);
            self.digits /= 10;
        }
        self.places = places.min(u64::from(PLACES_MAX)) as u32;
        self
    }

    /// Whether it has nothing behind the point.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        // Digits that were cut before the point are none behind it.
        let is_huge = self.places == 0 && self.digits >= 10_u128.pow(DIGITS_MAX - 1);
        is_huge || !self.more && self.digits.is_multiple_of(10_u128.pow(self.places))
    }

    /// The same number in its shortest form: of two equal numbers the forms are equal.
    #[must_use]
    pub const fn normal(mut self) -> Self {
        while self.places > 0 && self.digits.is_multiple_of(10) {
            self.digits /= 10;
            self.places -= 1;
        }
        self.negative &= self.digits != 0 || self.more;
        self
    }

    /// The number times `num` / `den` as an integer. What does not fit is the largest or smallest that does.
    #[must_use]
    pub fn times(&self, (num, den): (u32, u32), rounding: Rounding) -> i64 {
        // At most 10^24 x 2^32 and 2^32 x 10^35: neither overflows.
        let (n, d) =
            (self.digits * u128::from(num), u128::from(den.max(1)) * 10_u128.pow(self.places.min(28)));
        let (n, cut) = cut_places(n, self.places.saturating_sub(28));
        let (quotient, rest) = (n / d, n % d);
        let inexact = rest != 0 || self.more || cut;
        let up = match rounding {
            Rounding::Down => self.negative && inexact,
            Rounding::Nearest => rest * 2 >= d,
        };
        let size = i64::try_from(quotient + u128::from(up)).unwrap_or(i64::MAX);
        if self.negative { -size } else { size }
    }
}

/// `n` without its last `places` digits, and whether they held anything.
fn cut_places(n: u128, places: u32) -> (u128, bool) {
    let d = 10_u128.pow(places);
    (n / d, !n.is_multiple_of(d))
}

/// An exponent; beyond a million it stays there.
fn parse_exponent(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (if text.starts_with('-') { -1 } else { 1 }, rest),
        None => (1, text),
    };
    if digits.is_empty() {
        return None;
    }
    let size = digits
        .chars()
        .try_fold(0_i64, |size, c| Some((size * 10 + i64::from(c.to_digit(10)?)).min(1_000_000)))?;
    Some(sign * size)
}

/// `digits` / 10^`places` as text, without zeros at its end.
#[must_use]
pub fn written(digits: i128, places: u32) -> String {
    let sign = if digits < 0 { "-" } else { "" };
    let size = digits.unsigned_abs();
    let unit = 10_u128.pow(places);
    let fraction = format!("{:0width$}", size % unit, width = places as usize);
    let fraction = if places == 0 { "" } else { fraction.trim_end_matches('0') };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{fraction}", size / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn down(text: &str) -> i64 {
        Decimal::parse(text).unwrap().times((65_536, 1), Rounding::Down)
    }

    #[test]
    fn numbers_become_integers_by_the_stated_rounding() {
        for (text, raw) in [
            ("0", 0),
            ("-0.0", 0),
            ("1", 65_536),
            ("0.35", 22_937),
            ("-0.35", -22_938),
            ("2.5e0", 163_840),
            ("25e-1", 163_840),
            ("0.00025E4", 163_840),
            ("1e400", i64::MAX),
            ("-1e400", -i64::MAX),
            ("1e-400", 0),
            ("-1e-400", -1),
            ("0e999999999999999999999", 0),
            ("0.99999999999999999999999999999999999999999999999999", 65_535),
            ("-0.00000000000000000000000000000000000000000000000001", -1),
            ("123456789012345678901234567890", i64::MAX),
            ("0.000000000000000000000000000000000000000000000000000", 0),
        ] {
            assert_eq!(down(text), raw, "{text}");
        }
        for text in ["inf", "-inf", "nan", "", "-", ".", "e3", "1e", "1x", "1.2.3", "--1"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
        let nearest = |text| Decimal::parse(text).unwrap().times((65_536, 360), Rounding::Nearest);
        assert_eq!(
            (nearest("60"), nearest("1"), nearest("180"), nearest("-60")),
            (10_923, 182, 32_768, -10_923)
        );
    }

    #[test]
    fn integers_of_other_bases_are_read() {
        let read = |text, radix| Decimal::parse_integer(text, radix).map(|n| n.times((1, 1), Rounding::Down));
        assert_eq!(read("ff", 16), Some(255));
        assert_eq!(read("101", 2), Some(5));
        assert_eq!(read("ffffffffffffffffffffffffffffffffffff", 16), Some(i64::MAX));
        assert_eq!(read("9", 8), None);
    }

    #[test]
    fn whole_numbers_are_told_from_others() {
        let whole = |text| Decimal::parse(text).unwrap().is_whole();
        assert!(whole("2.0") && whole("2e3") && whole("0.0") && whole("25e-1") == whole("2.5"));
        assert!(!whole("2.5") && !whole("1e-60") && !whole("1.00000000000000000000000000000000000000001"));
    }

    #[test]
    fn what_is_written_is_short() {
        assert_eq!(written(0, 0), "0");
        assert_eq!(written(0, 3), "0");
        assert_eq!(written(-35, 2), "-0.35");
        assert_eq!(written(1_500, 3), "1.5");
        assert_eq!(written(70, 0), "70");
    }
}
