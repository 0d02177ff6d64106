//! The plain twin: every operation lane by lane. This is the meaning of the operations.

use super::{LANES, Lanes8};

/// Eight lanes as an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scalar8([i32; LANES]);

#[inline(always)]
fn each(a: Scalar8, b: Scalar8, f: impl Fn(i32, i32) -> i32) -> Scalar8 {
    Scalar8(core::array::from_fn(|lane| f(a.0[lane], b.0[lane])))
}

#[inline(always)]
fn mask(condition: bool) -> i32 {
    -i32::from(condition)
}

impl Lanes8 for Scalar8 {
    #[inline(always)]
    fn splat(value: i32) -> Self {
        Scalar8([value; LANES])
    }

    #[inline(always)]
    fn from_array(values: [i32; LANES]) -> Self {
        Scalar8(values)
    }

    #[inline(always)]
    fn to_array(self) -> [i32; LANES] {
        self.0
    }

    #[inline(always)]
    fn load(values: &[i32]) -> Self {
        let values = &values[..LANES];
        Scalar8(core::array::from_fn(|lane| values[lane]))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        each(self, other, i32::wrapping_add)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        each(self, other, i32::wrapping_sub)
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        each(self, other, i32::wrapping_mul)
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Scalar8(self.0.map(i32::wrapping_abs))
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        each(self, other, Ord::min)
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        each(self, other, Ord::max)
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        each(self, other, |a, b| a & b)
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        each(self, other, |a, b| a | b)
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        each(self, other, |a, b| a ^ b)
    }

    #[inline(always)]
    fn shift_left<const BITS: i32>(self) -> Self {
        Scalar8(self.0.map(|a| a.wrapping_shl(BITS as u32)))
    }

    #[inline(always)]
    fn shift_right<const BITS: i32>(self) -> Self {
        self.shift_right_by(BITS as u32)
    }

    #[inline(always)]
    fn shift_right_by(self, bits: u32) -> Self {
        Scalar8(self.0.map(|a| a.wrapping_shr(bits)))
    }

    #[inline(always)]
    fn equal(self, other: Self) -> Self {
        each(self, other, |a, b| mask(a == b))
    }

    #[inline(always)]
    fn greater(self, other: Self) -> Self {
        each(self, other, |a, b| mask(a > b))
    }

    #[inline(always)]
    fn select(self, yes: Self, no: Self) -> Self {
        Scalar8(core::array::from_fn(|lane| (self.0[lane] & yes.0[lane]) | (!self.0[lane] & no.0[lane])))
    }

    #[inline(always)]
    fn sign_bits(self) -> u8 {
        self.0.iter().enumerate().fold(0, |bits, (lane, a)| bits | (u8::from(*a < 0) << lane))
    }

    #[inline(always)]
    fn sum(self) -> i32 {
        self.0.iter().fold(0i32, |sum, a| sum.wrapping_add(*a))
    }
}
