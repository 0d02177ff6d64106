//! Lanes over `wide::i32x8`: AVX2, two SSE or NEON registers, or wasm SIMD, as the build's target allows.

use super::{LANES, Lanes8};
use wide::i32x8;

/// Eight lanes in SIMD registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wide8(i32x8);

impl Lanes8 for Wide8 {
    #[inline(always)]
    fn splat(value: i32) -> Self {
        Wide8(i32x8::splat(value))
    }

    #[inline(always)]
    fn from_array(values: [i32; LANES]) -> Self {
        Wide8(i32x8::new(values))
    }

    #[inline(always)]
    fn to_array(self) -> [i32; LANES] {
        self.0.to_array()
    }

    #[inline(always)]
    fn load(values: &[i32]) -> Self {
        let values = &values[..LANES];
        Wide8(i32x8::new(core::array::from_fn(|lane| values[lane])))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Wide8(self.0 + other.0)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Wide8(self.0 - other.0)
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Wide8(self.0 * other.0)
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Wide8(self.0.abs())
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Wide8(self.0.min(other.0))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Wide8(self.0.max(other.0))
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Wide8(self.0 & other.0)
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Wide8(self.0 | other.0)
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        Wide8(self.0 ^ other.0)
    }

    #[inline(always)]
    fn shift_left<const BITS: i32>(self) -> Self {
        Wide8(self.0 << BITS)
    }

    #[inline(always)]
    fn shift_right<const BITS: i32>(self) -> Self {
        Wide8(self.0 >> BITS)
    }

    #[inline(always)]
    fn shift_right_by(self, bits: u32) -> Self {
        Wide8(self.0 >> (bits & 31) as i32)
    }

    #[inline(always)]
    fn equal(self, other: Self) -> Self {
        Wide8(self.0.simd_eq(other.0))
    }

    #[inline(always)]
    fn greater(self, other: Self) -> Self {
        Wide8(self.0.simd_gt(other.0))
    }

    #[inline(always)]
    fn select(self, yes: Self, no: Self) -> Self {
        Wide8(self.0.select(yes.0, no.0))
    }

    #[inline(always)]
    fn sign_bits(self) -> u8 {
        self.0.to_bitmask() as u8
    }

    #[inline(always)]
    fn sum(self) -> i32 {
        self.0.to_array().iter().fold(0i32, |sum, a| sum.wrapping_add(*a))
    }
}
