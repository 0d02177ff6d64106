//! The plain twin: every operation lane by lane. This is the meaning of the operations.

use super::{LaneMask, Lanes, halves, pair};

/// Lanes as an array. [`Scalar8`] is the one that [`super::run`] takes; other widths serve the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scalar<const WIDTH: usize>([i32; WIDTH]);

/// Eight lanes as an array.
pub type Scalar8 = Scalar<8>;

/// One bit a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScalarMask<const WIDTH: usize>(u32);

impl<const WIDTH: usize> ScalarMask<WIDTH> {
    const ALL: u32 = (1 << WIDTH) - 1;
}

impl<const WIDTH: usize> LaneMask for ScalarMask<WIDTH> {
    #[inline]
    fn first_n(count: usize) -> Self {
        ScalarMask(((1u64 << count.min(WIDTH)) - 1) as u32)
    }

    #[inline]
    fn and(self, other: Self) -> Self {
        ScalarMask(self.0 & other.0)
    }

    #[inline]
    fn or(self, other: Self) -> Self {
        ScalarMask(self.0 | other.0)
    }

    #[inline]
    fn not(self) -> Self {
        ScalarMask(!self.0 & Self::ALL)
    }

    #[inline]
    fn bits(self) -> u32 {
        self.0
    }
}

impl<const WIDTH: usize> Scalar<WIDTH> {
    #[inline]
    fn each(self, f: impl Fn(i32) -> i32) -> Self {
        Scalar(self.0.map(f))
    }

    #[inline]
    fn both(self, other: Self, f: impl Fn(i32, i32) -> i32) -> Self {
        Scalar(core::array::from_fn(|lane| f(self.0[lane], other.0[lane])))
    }

    #[inline]
    fn test(self, other: Self, f: impl Fn(i32, i32) -> bool) -> ScalarMask<WIDTH> {
        let bit = |lane: usize| u32::from(f(self.0[lane], other.0[lane])) << lane;
        ScalarMask((0..WIDTH).fold(0, |bits, lane| bits | bit(lane)))
    }

    #[inline]
    fn both64(self, other: Self, f: impl Fn(u64, u64) -> u64) -> Self {
        let mut out = [0; WIDTH];
        for lane in (0..WIDTH).step_by(2) {
            let result = f(self.wide(lane), other.wide(lane));
            (out[lane], out[lane + 1]) = (result as i32, (result >> 32) as i32);
        }
        Scalar(out)
    }

    /// The number of 64 bits that begins at an even lane.
    #[inline]
    fn wide(self, lane: usize) -> u64 {
        u64::from(self.0[lane] as u32) | u64::from(self.0[lane + 1] as u32) << 32
    }
}

/// Applies a function to both halves of a lane.
#[inline]
pub(super) fn each_half(a: i32, b: i32, f: impl Fn(i16, i16) -> i16) -> i32 {
    let ((a_low, a_high), (b_low, b_high)) = (halves(a), halves(b));
    pair(f(a_low, b_low), f(a_high, b_high))
}

/// [`Lanes::mul_round16`] of one half.
#[inline]
pub(super) fn mul_round(a: i16, b: i16) -> i16 {
    ((i32::from(a) * i32::from(b) + 0x4000) >> 15) as i16
}

/// [`Lanes::dot16`] of one lane.
#[inline]
pub(super) fn dot(a: i32, b: i32) -> i32 {
    let ((a_low, a_high), (b_low, b_high)) = (halves(a), halves(b));
    (i32::from(a_low) * i32::from(b_low)).wrapping_add(i32::from(a_high) * i32::from(b_high))
}

macro_rules! lane_by_lane {
    ($($name:ident $f:expr;)*) => {$(
        #[inline]
        fn $name(self, other: Self) -> Self {
            self.both(other, $f)
        }
    )*};
}

macro_rules! half_by_half {
    ($($name:ident $f:expr;)*) => {$(
        #[inline]
        fn $name(self, other: Self) -> Self {
            self.both(other, |a, b| each_half(a, b, $f))
        }
    )*};
}

macro_rules! wide_by_wide {
    ($($name:ident $f:expr;)*) => {$(
        #[inline]
        fn $name(self, other: Self) -> Self {
            self.both64(other, $f)
        }
    )*};
}

impl<const WIDTH: usize> Lanes for Scalar<WIDTH> {
    const WIDTH: usize = WIDTH;
    const CHEAP_PERMUTE: bool = false;
    const OUTLINES: bool = true;
    type Mask = ScalarMask<WIDTH>;

    lane_by_lane! {
        shift_right_lanes |a, bits| (a as u32).checked_shr(bits as u32).unwrap_or(0) as i32;
        add i32::wrapping_add;
        sub i32::wrapping_sub;
        mul i32::wrapping_mul;
        min Ord::min;
        max Ord::max;
        and |a, b| a & b;
        or |a, b| a | b;
        xor |a, b| a ^ b;
        dot16 dot;
    }

    half_by_half! {
        add16 i16::wrapping_add;
        sub16 i16::wrapping_sub;
        min16 Ord::min;
        max16 Ord::max;
        mul16 i16::wrapping_mul;
        mul_round16 mul_round;
        greater16 |a, b| -i16::from(a > b);
    }

    wide_by_wide! {
        add64 u64::wrapping_add;
        sub64 u64::wrapping_sub;
        mul_even |a, b| u64::from(a as u32) * u64::from(b as u32);
        mul_even_signed |a, b| (i64::from(a as i32) * i64::from(b as i32)) as u64;
        greater64 |a, b| if (a as i64) > b as i64 { u64::MAX } else { 0 };
    }

    #[inline]
    fn splat(value: i32) -> Self {
        Scalar([value; WIDTH])
    }

    #[inline]
    fn numbers() -> Self {
        Scalar(core::array::from_fn(|lane| lane as i32))
    }

    #[inline]
    fn load(values: &[i32]) -> Self {
        let values = &values[..WIDTH];
        Scalar(core::array::from_fn(|lane| values[lane]))
    }

    #[inline]
    fn store(self, out: &mut [i32]) {
        out[..WIDTH].copy_from_slice(&self.0);
    }

    #[inline]
    fn abs(self) -> Self {
        self.each(i32::wrapping_abs)
    }

    #[inline]
    fn shift_left<const BITS: u32>(self) -> Self {
        self.each(|a| a << BITS)
    }

    #[inline]
    fn shift_right<const BITS: u32>(self) -> Self {
        self.each(|a| a >> BITS)
    }

    #[inline]
    fn shift_right_logical<const BITS: u32>(self) -> Self {
        self.each(|a| (a as u32 >> BITS) as i32)
    }

    #[inline]
    fn shift_right_by(self, bits: u32) -> Self {
        self.each(|a| a.wrapping_shr(bits))
    }

    #[inline]
    fn leading_zeros(self) -> Self {
        self.each(|a| a.leading_zeros() as i32)
    }

    #[inline]
    fn shift_left_by(self, bits: u32) -> Self {
        self.each(|a| a.wrapping_shl(bits))
    }

    #[inline]
    fn equal(self, other: Self) -> Self::Mask {
        self.test(other, |a, b| a == b)
    }

    #[inline]
    fn greater(self, other: Self) -> Self::Mask {
        self.test(other, |a, b| a > b)
    }

    #[inline]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        Scalar(core::array::from_fn(|lane| if mask.0 >> lane & 1 == 1 { yes.0[lane] } else { no.0[lane] }))
    }

    #[inline]
    fn keep(self, mask: Self::Mask) -> Self {
        Scalar(core::array::from_fn(|lane| self.0[lane] & -((mask.0 >> lane & 1) as i32)))
    }

    #[inline]
    fn sum(self) -> i32 {
        self.0.iter().fold(0i32, |sum, a| sum.wrapping_add(*a))
    }

    #[inline]
    fn prefix_sum(self) -> Self {
        let mut sum = 0i32;
        Scalar(self.0.map(|a| {
            sum = sum.wrapping_add(a);
            sum
        }))
    }

    #[inline]
    fn twice_low16(self) -> Self {
        self.each(|a| pair(a as i16, a as i16))
    }

    #[inline]
    fn abs16(self) -> Self {
        self.each(|a| each_half(a, a, |half, _| half.wrapping_abs()))
    }

    #[inline]
    fn shift_left64<const BITS: u32>(self) -> Self {
        self.both64(self, |a, _| a << BITS)
    }

    #[inline]
    fn shift_right64<const BITS: u32>(self) -> Self {
        self.both64(self, |a, _| a >> BITS)
    }

    #[inline]
    fn sum64(self) -> u64 {
        (0..WIDTH).step_by(2).fold(0, |sum, lane| sum.wrapping_add(self.wide(lane)))
    }

    #[inline]
    fn compress_into(self, mask: Self::Mask, out: &mut [i32], at: usize) -> usize {
        let out = &mut out[at..at + WIDTH];
        let mut count = 0;
        for lane in 0..WIDTH {
            // At most as many lanes were written as were seen.
            out[count.min(lane)] = self.0[lane];
            count += (mask.0 >> lane & 1) as usize;
        }
        count
    }

    #[inline]
    fn table8(entries: &[i32; 8]) -> Self {
        Scalar(core::array::from_fn(|lane| entries[lane % 8]))
    }

    #[inline]
    fn lookup8(self, indices: Self) -> Self {
        Scalar(core::array::from_fn(|lane| self.0[(indices.0[lane] & 7) as usize]))
    }

    #[inline]
    fn permute2(self, high: Self, indices: Self) -> Self {
        Scalar(core::array::from_fn(|lane| {
            let index = indices.0[lane] as usize % (2 * WIDTH);
            if index < WIDTH { self.0[index] } else { high.0[index - WIDTH] }
        }))
    }
}
