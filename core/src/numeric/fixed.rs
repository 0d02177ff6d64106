//! Q16.16 arithmetic on raw `i32`, and exact integer square roots.
//!
//! **The rounding.** Every division and every shift that drops bits rounds toward negative infinity (floor), here and
//! in the whole kernel, unless a function says otherwise. Floor is what an arithmetic right shift does, it is
//! translation invariant (adding a whole unit before or after rounding gives the same result), and there is only one
//! of it.
//!
//! **The range.** Results that do not fit `i32` saturate, in debug and in release alike. Functions whose names begin
//! with `wrapping_` wrap instead.

use bytemuck::{Pod, Zeroable};
use core::fmt;
use core::ops::Neg;

/// Bits behind the point.
pub const FRACTION_BITS: u32 = 16;

/// One, in Q16.16.
pub const ONE: i32 = 1 << FRACTION_BITS;

/// A number without a unit in Q16.16: a sine, a slope, a fraction. Range ±32768, resolution 1/65536.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Pod, Zeroable)]
#[repr(transparent)]
pub struct Fx(pub i32);

impl Fx {
    /// Zero.
    pub const ZERO: Fx = Fx(0);
    /// One.
    pub const ONE: Fx = Fx(ONE);

    /// The raw Q16.16 value.
    #[must_use]
    pub const fn raw(self) -> i32 {
        self.0
    }

    /// `numerator / denominator`, rounded toward negative infinity, saturated. Zero denominators: see [`div_q16`].
    #[must_use]
    pub const fn from_ratio(numerator: i32, denominator: i32) -> Fx {
        Fx(div_q16(numerator, denominator))
    }

    /// Multiplies a raw Q16.16 value of any unit by this factor; floor, saturated.
    #[must_use]
    pub const fn scale(self, raw: i32) -> i32 {
        mul_q16(self.0, raw)
    }

    /// For drawing and printing only: never let the result flow back into the simulation.
    #[must_use]
    pub fn to_f32_lossy(self) -> f32 {
        q16_to_f32_lossy(self.0)
    }
}

impl Neg for Fx {
    type Output = Fx;
    /// Wrapping: only `i32::MIN` has no negative.
    fn neg(self) -> Fx {
        Fx(self.0.wrapping_neg())
    }
}

impl fmt::Debug for Fx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fx({})", self)
    }
}

impl fmt::Display for Fx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_q16(f, self.0, 5)
    }
}

/// Brings a 64-bit intermediate back into `i32`, saturating.
#[must_use]
pub const fn saturate(value: i64) -> i32 {
    if value > i32::MAX as i64 {
        i32::MAX
    } else if value < i32::MIN as i64 {
        i32::MIN
    } else {
        value as i32
    }
}

/// Quotient rounded toward negative infinity.
///
/// # Panics
/// When `denominator` is zero: a programmer's mistake.
#[must_use]
pub const fn div_floor(numerator: i64, denominator: i64) -> i64 {
    let quotient = numerator.wrapping_div(denominator);
    let remainder = numerator.wrapping_rem(denominator);
    if remainder != 0 && (remainder < 0) != (denominator < 0) { quotient - 1 } else { quotient }
}

/// Product of two Q16.16 values (or of a Q16.16 factor and any raw value): floor, saturated.
#[must_use]
pub const fn mul_q16(a: i32, b: i32) -> i32 {
    saturate((a as i64 * b as i64) >> FRACTION_BITS)
}

/// Quotient of two Q16.16 values: floor, saturated.
///
/// A zero denominator gives the saturated limit: `i32::MAX` for positive, `i32::MIN` for negative numerators, 0 for 0/0.
#[must_use]
pub const fn div_q16(a: i32, b: i32) -> i32 {
    if b == 0 {
        return if a > 0 {
            i32::MAX
        } else if a < 0 {
            i32::MIN
        } else {
            0
        };
    }
    saturate(div_floor((a as i64) << FRACTION_BITS, b as i64))
}

/// `value * numerator / denominator` with a 64-bit product: floor, saturated.
///
/// # Panics
/// When `denominator` is zero: a programmer's mistake.
#[must_use]
pub const fn mul_div(value: i32, numerator: i32, denominator: i32) -> i32 {
    saturate(div_floor(value as i64 * numerator as i64, denominator as i64))
}

/// Largest `r` with `r * r <= value`. Exact.
#[must_use]
pub const fn isqrt_u32(value: u32) -> u32 {
    value.isqrt()
}

/// Largest `r` with `r * r <= value`. Exact.
#[must_use]
pub const fn isqrt_u64(value: u64) -> u64 {
    value.isqrt()
}

/// Square of the length of (x, z), exact.
#[must_use]
pub const fn length2d_squared(x: i32, z: i32) -> u64 {
    let (x, z) = (x.unsigned_abs() as u64, z.unsigned_abs() as u64);
    x * x + z * z
}

/// Square of the length of (x, y, z), exact.
#[must_use]
pub const fn length3d_squared(x: i32, y: i32, z: i32) -> u64 {
    let y = y.unsigned_abs() as u64;
    length2d_squared(x, z) + y * y
}

/// Length of (x, z) in the unit of its parts: floor, saturated (only beyond `i32::MAX`).
#[must_use]
pub const fn length2d(x: i32, z: i32) -> i32 {
    let length = isqrt_u64(length2d_squared(x, z));
    if length > i32::MAX as u64 { i32::MAX } else { length as i32 }
}

/// Length of (x, y, z) in the unit of its parts: floor, saturated (only beyond `i32::MAX`).
#[must_use]
pub const fn length3d(x: i32, y: i32, z: i32) -> i32 {
    let length = isqrt_u64(length3d_squared(x, y, z));
    if length > i32::MAX as u64 { i32::MAX } else { length as i32 }
}

/// Shortens (x, z) to at most `max_length`, keeping its direction; vectors that are short enough pass unchanged.
///
/// The parts are rounded toward zero, so the result is never longer than `max_length` and mirrored inputs give
/// mirrored results. A negative `max_length` counts as zero.
#[must_use]
pub const fn clamp_length2d(x: i32, z: i32, max_length: i32) -> (i32, i32) {
    let max = if max_length < 0 { 0 } else { max_length as u64 };
    let squared = length2d_squared(x, z);
    if squared <= max * max {
        return (x, z);
    }
    // Rounding the length up makes the quotients err on the short side.
    let floor = isqrt_u64(squared);
    let length = if floor * floor == squared { floor } else { floor + 1 } as i64;
    let max = max as i64;
    ((x as i64 * max / length) as i32, (z as i64 * max / length) as i32)
}

/// Raw Q16.16 to `f32`. Exact up to 24 significant bits; for drawing and printing only.
#[must_use]
pub fn q16_to_f32_lossy(raw: i32) -> f32 {
    raw as f32 / ONE as f32
}

/// `f32` to raw Q16.16, truncated toward zero and saturated; NaN gives 0. For values that enter from outside.
#[must_use]
pub fn q16_from_f32_lossy(value: f32) -> i32 {
    (value * ONE as f32) as i32
}

/// Writes a Q16.16 value in decimal with `digits` (at most 9) digits behind the point, rounded half away from zero.
pub(crate) fn write_q16(f: &mut fmt::Formatter<'_>, raw: i32, digits: u32) -> fmt::Result {
    let scale = 10u64.pow(digits.min(9));
    let scaled = (u64::from(raw.unsigned_abs()) * scale + (1 << (FRACTION_BITS - 1))) >> FRACTION_BITS;
    let sign = if raw < 0 && scaled != 0 { "-" } else { "" };
    write!(f, "{sign}{}.{:0width$}", scaled / scale, scaled % scale, width = digits.min(9) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    #[test]
    fn products_and_quotients_round_to_the_floor() {
        assert_eq!(mul_q16(1, ONE / 2), 0);
        assert_eq!(mul_q16(-1, ONE / 2), -1);
        assert_eq!(div_q16(ONE, 3 * ONE), 21845);
        assert_eq!(div_q16(-ONE, 3 * ONE), -21846);
        assert_eq!(mul_div(-7, 1, 2), -4);
        assert_eq!(div_floor(7, -2), -4);
    }

    #[test]
    fn limits_saturate() {
        assert_eq!(mul_q16(i32::MAX, i32::MAX), i32::MAX);
        assert_eq!(mul_q16(i32::MIN, i32::MAX), i32::MIN);
        assert_eq!(div_q16(i32::MIN, -1), i32::MAX);
        assert_eq!((div_q16(5, 0), div_q16(-5, 0), div_q16(0, 0)), (i32::MAX, i32::MIN, 0));
        assert_eq!(length2d(i32::MIN, i32::MIN), i32::MAX);
        assert_eq!(length3d(i32::MIN, i32::MIN, i32::MIN), i32::MAX);
    }

    #[test]
    fn decimal_text_rounds_and_keeps_the_sign() {
        assert_eq!(Fx(ONE + ONE / 2).to_string(), "1.50000");
        assert_eq!(Fx(-ONE / 4).to_string(), "-0.25000");
        assert_eq!(Fx(i32::MIN).to_string(), "-32768.00000");
        assert_eq!(Fx(0).to_string(), "0.00000");
    }

    #[test]
    fn square_roots_are_exact_at_every_square() {
        for root in 0..=65535u32 {
            let square = root * root;
            assert_eq!(isqrt_u32(square), root);
            assert_eq!(isqrt_u32(square + 2 * root), root, "just below the next square");
            assert_eq!(isqrt_u64(u64::from(square)), u64::from(root));
        }
        assert_eq!(isqrt_u32(u32::MAX), 65535);
        assert_eq!(isqrt_u64(u64::MAX), u64::from(u32::MAX));
    }

    proptest! {
        #[test]
        fn square_root_is_the_largest_whose_square_fits(value in any::<u64>(), shift in 0u32..64) {
            let value = value >> shift;
            let root = u128::from(isqrt_u64(value));
            prop_assert!(root * root <= u128::from(value));
            prop_assert!((root + 1) * (root + 1) > u128::from(value));
        }

        #[test]
        fn floor_division_is_the_mathematical_floor(a in any::<i32>(), b in any::<i32>()) {
            prop_assume!(b != 0);
            let q = i128::from(div_floor(i64::from(a), i64::from(b)));
            let (a, b) = (i128::from(a), i128::from(b));
            let rest = a - q * b;
            prop_assert!(rest.abs() < b.abs() && (rest == 0 || (rest < 0) == (b < 0)));
        }

        #[test]
        fn clamped_vectors_never_exceed_the_limit_and_mirror(x in any::<i32>(), z in any::<i32>(), max in 0..i32::MAX) {
            prop_assume!(x != i32::MIN && z != i32::MIN);
            let (cx, cz) = clamp_length2d(x, z, max);
            prop_assert!(length2d_squared(cx, cz) <= max as u64 * max as u64);
            prop_assert_eq!(clamp_length2d(-x, -z, max), (-cx, -cz));
            if length2d_squared(x, z) <= max as u64 * max as u64 {
                prop_assert_eq!((cx, cz), (x, z));
            } else {
                // At most about two units are lost to rounding, against the exact length.
                prop_assert!(i64::from(length2d(cx, cz)) + 3 >= i64::from(max));
            }
        }
    }
}
