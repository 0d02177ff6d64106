//! The one door to SIMD: lanes of `i32`, each also seen as two `i16`, in several implementations with the same results.
//!
//! [`Scalar`] is plain integers and the meaning of every operation. [`Portable`] is the `wide` crate's vector, which
//! becomes the widest instructions the build's target promises. On x86-64 two private ones use AVX2 (8 lanes) and AVX-512
//! (16 lanes) where the processor has them. A hot loop is a [`LaneTask`], and [`run`] picks its lanes at run time: an
//! outcome never depends on the choice, nor on the number of lanes, and tests hold all of them against each other.
//!
//! All arithmetic wraps. Comparisons give a [`LaneMask`]. Where a lane is seen as two halves, the low half is its low
//! 16 bits on every machine, whatever its byte order. Two lanes, an even one and the one after it, are also seen as one
//! number of 64 bits, the even lane being its low half.
//!
//! Not here: what is computed. This directory knows no positions and no rows.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;
mod scalar;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use portable::Portable;
pub use scalar::{Scalar, Scalar8};

/// The most lanes an implementation has. Columns that are read in whole lanes from any index need this much room behind
/// their last value.
pub const MAX_WIDTH: usize = 16;

/// Which implementation of the lanes runs the hot loops. Changes speed, never results.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Hash)]
pub enum LaneChoice {
    /// The best that the processor has.
    #[default]
    Auto,
    /// Plain integers, one lane after the other.
    Scalar,
    /// What the build's target promises: SSE2 on x86-64, NEON on AArch64, plain integers where there is nothing.
    Portable,
    /// Eight lanes in AVX2 registers.
    Avx2,
    /// Sixteen lanes in AVX-512 registers (F, BW, DQ, VL, CD).
    Avx512,
}

impl LaneChoice {
    /// What [`run`] takes for this choice on this processor: never [`LaneChoice::Auto`]. A choice that the processor
    /// lacks falls back to the next lower one that it has.
    #[must_use]
    pub fn resolved(self) -> LaneChoice {
        let best = best();
        if self == LaneChoice::Auto { best } else { self.min(best) }
    }

    /// All choices that this processor has, from the plainest to the best; for tests that compare them.
    #[must_use]
    pub fn available() -> &'static [LaneChoice] {
        const ALL: [LaneChoice; 4] =
            [LaneChoice::Scalar, LaneChoice::Portable, LaneChoice::Avx2, LaneChoice::Avx512];
        let best = best();
        let count = ALL.iter().take_while(|choice| **choice <= best).count();
        &ALL[..count]
    }
}

#[cfg(target_arch = "x86_64")]
fn best() -> LaneChoice {
    x86::best()
}

#[cfg(not(target_arch = "x86_64"))]
fn best() -> LaneChoice {
    LaneChoice::Portable
}

/// A hot loop, generic over the lanes it runs on.
pub trait LaneTask {
    /// What the loop gives.
    type Output;

    /// Does the work. Mark it, and everything it calls in its inner loop, `#[inline(always)]`: only what is inlined
    /// into [`run`] is compiled for the processor's own instructions.
    fn run<L: Lanes>(self) -> Self::Output;
}

/// Runs a loop on the chosen lanes, or the next lower ones that this processor has.
#[inline]
pub fn run<T: LaneTask>(choice: LaneChoice, task: T) -> T::Output {
    match choice.resolved() {
        LaneChoice::Scalar => task.run::<Scalar8>(),
        #[cfg(target_arch = "x86_64")]
        LaneChoice::Avx2 => x86::run_on_avx2(task),
        #[cfg(target_arch = "x86_64")]
        LaneChoice::Avx512 => x86::run_on_avx512(task),
        _ => task.run::<Portable>(),
    }
}

/// Asks for the memory that a value lies in, without waiting for it: a hint, for those who know some time before what they will
/// read. On processors other than x86-64 it does nothing.
#[inline(always)]
pub fn prefetch<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    x86::prefetch(value);
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}

/// Some of the lanes.
pub trait LaneMask: Copy {
    /// The first `count` lanes, all of them when there are fewer.
    fn first_n(count: usize) -> Self;
    /// Lanes that are in both.
    fn and(self, other: Self) -> Self;
    /// Lanes that are in either.
    fn or(self, other: Self) -> Self;
    /// Lanes that are not in it.
    fn not(self) -> Self;
    /// One bit a lane, lane 0 in bit 0; bits beyond the last lane are 0.
    fn bits(self) -> u32;
    /// Whether any lane is in it.
    #[inline(always)]
    fn any(self) -> bool {
        self.bits() != 0
    }
    /// Whether no lane is in it.
    #[inline(always)]
    fn none(self) -> bool {
        !self.any()
    }
    /// How many lanes are in it.
    #[inline(always)]
    fn count(self) -> usize {
        self.bits().count_ones() as usize
    }
}

/// Lanes of `i32`.
pub trait Lanes: Copy {
    /// How many lanes there are: 8 or 16.
    const WIDTH: usize;
    /// Whether [`Lanes::permute2`] is as cheap as an addition, so that many rows can walk through a window of two
    /// registers at once.
    const CHEAP_PERMUTE: bool;
    /// Whether a large loop should be one function that is called, rather than be copied to wherever it is wanted. Lanes
    /// that need processor features must be inlined; for others a call is cheap, and copies make the kernel slow to build.
    const OUTLINES: bool = false;
    /// Some of these lanes.
    type Mask: LaneMask;

    /// The same value in every lane.
    fn splat(value: i32) -> Self;
    /// 0, 1, 2, ... in the lanes.
    fn numbers() -> Self;
    /// The first values of a slice, one a lane.
    ///
    /// # Panics
    /// When the slice is shorter.
    fn load(values: &[i32]) -> Self;
    /// Writes to the first places of a slice, one a lane.
    ///
    /// # Panics
    /// When the slice is shorter.
    fn store(self, out: &mut [i32]);
    /// The values of a slice from `index` on.
    ///
    /// # Panics
    /// When the slice ends before the lanes do.
    #[inline(always)]
    fn load_at(values: &[i32], index: usize) -> Self {
        Self::load(&values[index..index + Self::WIDTH])
    }
    /// In the lower half of the lanes the values of a slice from one index on, in the upper half those from another on.
    ///
    /// # Panics
    /// When the slice ends before either half does.
    #[inline(always)]
    fn load_halves(values: &[i32], [lower, upper]: [usize; 2]) -> Self {
        let (mut lanes, half) = ([0; MAX_WIDTH], Self::WIDTH / 2);
        lanes[..half].copy_from_slice(&values[lower..lower + half]);
        lanes[half..Self::WIDTH].copy_from_slice(&values[upper..upper + half]);
        Self::load(&lanes)
    }
    /// Writes to the places of a slice from `index` on.
    ///
    /// # Panics
    /// When the slice ends before the lanes do.
    #[inline(always)]
    fn store_at(self, out: &mut [i32], index: usize) {
        self.store(&mut out[index..index + Self::WIDTH]);
    }

    /// The values of a slice of narrower cells from `index` on.
    ///
    /// # Panics
    /// When the slice ends before the lanes do.
    #[inline(always)]
    fn widen_at<T: Copy + Into<i32>>(cells: &[T], index: usize) -> Self {
        let mut lanes = [0; MAX_WIDTH];
        for (lane, cell) in lanes[..Self::WIDTH].iter_mut().zip(&cells[index..index + Self::WIDTH]) {
            *lane = (*cell).into();
        }
        Self::load(&lanes)
    }

    /// The values of a slice, one a lane, and zeros in the lanes behind its end.
    #[inline(always)]
    fn load_part(values: &[i32]) -> Self {
        if values.len() >= Self::WIDTH {
            return Self::load(values);
        }
        let mut lanes = [0; MAX_WIDTH];
        lanes[..values.len()].copy_from_slice(values);
        Self::load(&lanes)
    }
    /// The values of a slice that the indices name.
    ///
    /// # Panics
    /// When an index is outside of the slice.
    #[inline(always)]
    fn gather(values: &[i32], indices: Self) -> Self {
        let mut lanes = [0; MAX_WIDTH];
        indices.store(&mut lanes);
        for lane in &mut lanes[..Self::WIDTH] {
            *lane = values[*lane as u32 as usize];
        }
        Self::load(&lanes)
    }
    /// Writes as many lanes as a slice has places for.
    #[inline(always)]
    fn store_part(self, out: &mut [i32]) {
        if out.len() >= Self::WIDTH {
            return self.store(out);
        }
        let mut lanes = [0; MAX_WIDTH];
        self.store(&mut lanes);
        out.copy_from_slice(&lanes[..out.len()]);
    }

    /// Sum.
    fn add(self, other: Self) -> Self;
    /// Difference.
    fn sub(self, other: Self) -> Self;
    /// Low half of the product.
    fn mul(self, other: Self) -> Self;
    /// Absolute value; `i32::MIN` stays as it is.
    fn abs(self) -> Self;
    /// The smaller of each two.
    fn min(self, other: Self) -> Self;
    /// The larger of each two.
    fn max(self, other: Self) -> Self;
    /// Bitwise and.
    fn and(self, other: Self) -> Self;
    /// Bitwise or.
    fn or(self, other: Self) -> Self;
    /// Bitwise exclusive or.
    fn xor(self, other: Self) -> Self;
    /// Shifted left; bits above the top are lost. `BITS` below 32.
    fn shift_left<const BITS: u32>(self) -> Self;
    /// Arithmetic shift right (floor). `BITS` below 32.
    fn shift_right<const BITS: u32>(self) -> Self;
    /// Shift right that brings in zeros. `BITS` below 32.
    fn shift_right_logical<const BITS: u32>(self) -> Self;
    /// Arithmetic shift right of every lane by the same amount, taken modulo 32.
    fn shift_right_by(self, bits: u32) -> Self;
    /// Shift right that brings in zeros, of each lane by its own amount, 0 to 32.
    fn shift_right_lanes(self, bits: Self) -> Self;
    /// Zero bits above the highest one of values that are not negative; 32 of 0.
    fn leading_zeros(self) -> Self;
    /// Shift left of every lane by the same amount, taken modulo 32.
    fn shift_left_by(self, bits: u32) -> Self;
    /// The lanes that are equal.
    fn equal(self, other: Self) -> Self::Mask;
    /// The lanes that are greater than the other's, signed.
    fn greater(self, other: Self) -> Self::Mask;
    /// `yes` in the lanes of the mask, `no` in the others.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;
    /// Itself in the lanes of the mask, 0 in the others.
    fn keep(self, mask: Self::Mask) -> Self;
    /// Sum of the lanes.
    fn sum(self) -> i32;
    /// Each lane is the sum of itself and all lanes before it.
    fn prefix_sum(self) -> Self;
    /// The last lane in every lane.
    #[inline(always)]
    fn splat_last(self) -> Self {
        let mut lanes = [0; MAX_WIDTH];
        self.store(&mut lanes);
        Self::splat(lanes[Self::WIDTH - 1])
    }

    /// The same pair of halves in every lane.
    #[inline(always)]
    fn splat_pair(low: i16, high: i16) -> Self {
        Self::splat(pair(low, high))
    }
    /// The same value in both halves of every lane.
    #[inline(always)]
    fn splat16(value: i16) -> Self {
        Self::splat_pair(value, value)
    }
    /// The low halves of `self` below the low halves of `high`.
    #[inline(always)]
    fn pair_with(self, high: Self) -> Self {
        self.and(Self::splat(0xFFFF)).or(high.shift_left::<16>())
    }
    /// The low half of each lane in both its halves.
    fn twice_low16(self) -> Self;
    /// Sum of halves.
    fn add16(self, other: Self) -> Self;
    /// Difference of halves.
    fn sub16(self, other: Self) -> Self;
    /// The smaller of each two halves, signed.
    fn min16(self, other: Self) -> Self;
    /// The larger of each two halves, signed.
    fn max16(self, other: Self) -> Self;
    /// Absolute value of halves; −32768 stays as it is.
    fn abs16(self) -> Self;
    /// Low 16 bits of the product of halves.
    fn mul16(self, other: Self) -> Self;
    /// (a·b + 2¹⁴) / 2¹⁵, rounded down, of halves: product of fixed-point numbers with 15 bits after the point. Not
    /// for −32768 by −32768: processors do not agree on that one.
    fn mul_round16(self, other: Self) -> Self;
    /// Low by low half plus high by high half: dot product of pairs, as `i32`.
    fn dot16(self, other: Self) -> Self;
    /// All ones in the halves that are greater than the other's, signed; zeros in the others.
    fn greater16(self, other: Self) -> Self;
    /// One more in the halves in which `a` is greater than `b`, signed.
    #[inline(always)]
    fn count_greater16(self, a: Self, b: Self) -> Self {
        self.sub16(a.greater16(b))
    }

    /// Sum of numbers of 64 bits.
    fn add64(self, other: Self) -> Self;
    /// Difference of numbers of 64 bits.
    fn sub64(self, other: Self) -> Self;
    /// Products of 64 bits of the even lanes, unsigned.
    fn mul_even(self, other: Self) -> Self;
    /// Products of 64 bits of the even lanes, signed.
    fn mul_even_signed(self, other: Self) -> Self;
    /// Numbers of 64 bits shifted left. `BITS` below 64.
    fn shift_left64<const BITS: u32>(self) -> Self;
    /// Numbers of 64 bits shifted right, zeros come in. `BITS` below 64.
    fn shift_right64<const BITS: u32>(self) -> Self;
    /// All ones where a number of 64 bits is greater than the other's, signed; zeros elsewhere.
    fn greater64(self, other: Self) -> Self;
    /// Sum of the numbers of 64 bits.
    fn sum64(self) -> u64;

    /// The lowest bit of each of 64 bytes: that of the first in bit 0.
    #[inline(always)]
    fn lowest_bits(bytes: &[u8; 64]) -> u64 {
        let mut bits = 0;
        for (at, eight) in bytes.as_chunks::<8>().0.iter().enumerate() {
            let flags = u64::from_le_bytes(*eight) & 0x0101_0101_0101_0101;
            // The product has flag `i` at bit 56 + i, and nothing else above bit 55.
            bits |= flags.wrapping_mul(0x0102_0408_1020_4080) >> 56 << (8 * at);
        }
        bits
    }

    /// Writes the lanes of the mask side by side to `out[at..]` and returns how many those are. The places up to
    /// [`Lanes::WIDTH`] behind `at` are overwritten with anything.
    ///
    /// # Panics
    /// When `out` has less than `WIDTH` places from `at` on.
    fn compress_into(self, mask: Self::Mask, out: &mut [i32], at: usize) -> usize;
    /// Writes the lanes that the bits name (lane 0 in bit 0) side by side to the first places of `out`; the rest of its
    /// first [`Lanes::WIDTH`] places are overwritten with anything.
    ///
    /// # Panics
    /// When `out` has less than `WIDTH` places.
    #[inline]
    fn compress_bits(self, mut bits: u32, out: &mut [i32]) {
        let mut lanes = [0; MAX_WIDTH];
        self.store(&mut lanes);
        for place in &mut out[..Self::WIDTH] {
            *place = lanes[bits.trailing_zeros() as usize % MAX_WIDTH];
            bits &= bits.wrapping_sub(1);
        }
    }
    /// Writes the lanes of four columns as records: that of a lane to its [`record_place`].
    #[inline(always)]
    fn store_records(columns: [Self; 4], out: &mut [[i32; 4]; MAX_WIDTH]) {
        let mut lanes = [[0; MAX_WIDTH]; 4];
        for (column, lanes) in columns.into_iter().zip(&mut lanes) {
            column.store(lanes);
        }
        for lane in 0..Self::WIDTH {
            out[record_place(Self::WIDTH, lane)] = lanes.each_ref().map(|column| column[lane]);
        }
    }
    /// The columns of the first records, one a lane, in their order.
    ///
    /// # Panics
    /// When there are fewer records than lanes.
    #[inline(always)]
    fn load_records(records: &[[i32; 4]]) -> [Self; 4] {
        let mut lanes = [[0; MAX_WIDTH]; 4];
        for (lane, record) in records[..Self::WIDTH].iter().enumerate() {
            for (column, value) in lanes.iter_mut().zip(record) {
                column[lane] = *value;
            }
        }
        lanes.map(|column| Self::load(&column))
    }
    /// A table of eight entries for [`Lanes::lookup8`].
    fn table8(entries: &[i32; 8]) -> Self;
    /// The entries that the low three bits of the indices name, of a table from [`Lanes::table8`].
    fn lookup8(self, indices: Self) -> Self;
    /// The lanes of the window `self`, `high` (twice the width) that the indices name, taken modulo twice the width.
    fn permute2(self, high: Self, indices: Self) -> Self;
}

/// Where [`Lanes::store_records`] puts the record of a lane: registers of a processor turn four columns into records by
/// fours, and the order that comes out costs nothing.
#[must_use]
#[inline(always)]
pub const fn record_place(width: usize, lane: usize) -> usize {
    lane % 4 * (width / 4) + lane / 4
}

/// Two halves of 16 bits as one lane.
#[must_use]
#[inline(always)]
pub const fn pair(low: i16, high: i16) -> i32 {
    (low as u16 as u32 | (high as u16 as u32) << 16) as i32
}

/// The low and the high half of a lane.
#[must_use]
#[inline(always)]
pub const fn halves(lane: i32) -> (i16, i16) {
    (lane as i16, (lane >> 16) as i16)
}

#[cfg(test)]
mod parity;
