//! The one door to SIMD: eight logical lanes of `i32`, in several implementations with the same results.
//!
//! [`Scalar8`] is plain integers and the meaning of every operation. [`Wide8`] is the `wide` crate's vector, which
//! becomes the widest instructions the build's target allows; and where the target promises less than AVX2 but the
//! processor has it, a private third one uses that. A hot loop is a [`LaneTask`], and [`run`]
//! picks its lanes at run time: an outcome never depends on the choice, tests hold all of them against each other.
//!
//! All arithmetic wraps. Comparisons give masks: lanes of all ones (−1) or all zeros.

#[cfg(all(target_arch = "x86_64", not(target_feature = "avx2")))]
mod avx2;
mod scalar;
mod wide8;

pub use scalar::Scalar8;
pub use wide8::Wide8;

/// How many lanes there are.
pub const LANES: usize = 8;

/// Which implementation of the lanes runs the hot loops. Changes speed, never results.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub enum LaneChoice {
    /// SIMD instructions.
    #[default]
    Wide,
    /// Plain integers, one lane after the other.
    Scalar,
}

/// A hot loop, generic over the lanes it runs on.
pub trait LaneTask {
    /// What the loop gives.
    type Output;

    /// Does the work. Mark it, and everything it calls in its inner loop, `#[inline(always)]`: only what is inlined
    /// into [`run`] is compiled for the processor's own instructions.
    fn run<L: Lanes8>(self) -> Self::Output;
}

/// Runs a loop on the chosen lanes: for [`LaneChoice::Wide`], the best that this processor has.
#[inline]
pub fn run<T: LaneTask>(choice: LaneChoice, task: T) -> T::Output {
    match choice {
        LaneChoice::Scalar => task.run::<Scalar8>(),
        LaneChoice::Wide => {
            #[cfg(all(target_arch = "x86_64", not(target_feature = "avx2")))]
            let task = match avx2::try_run(task) {
                Ok(output) => return output,
                Err(task) => task,
            };
            task.run::<Wide8>()
        }
    }
}

/// Eight lanes of `i32`.
pub trait Lanes8: Copy {
    /// The same value in every lane.
    fn splat(value: i32) -> Self;
    /// From eight values.
    fn from_array(values: [i32; LANES]) -> Self;
    /// As eight values.
    fn to_array(self) -> [i32; LANES];

    /// The first eight values of a slice.
    ///
    /// # Panics
    /// When the slice is shorter.
    fn load(values: &[i32]) -> Self;

    /// Writes to the first eight places of a slice.
    ///
    /// # Panics
    /// When the slice is shorter.
    fn store(self, out: &mut [i32]) {
        out[..LANES].copy_from_slice(&self.to_array());
    }

    /// Sum, wrapping.
    fn add(self, other: Self) -> Self;
    /// Difference, wrapping.
    fn sub(self, other: Self) -> Self;
    /// Low half of the product, wrapping.
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
    fn shift_left<const BITS: i32>(self) -> Self;
    /// Arithmetic shift right (floor). `BITS` below 32.
    fn shift_right<const BITS: i32>(self) -> Self;
    /// Arithmetic shift right of every lane by the same amount, taken modulo 32.
    fn shift_right_by(self, bits: u32) -> Self;
    /// Mask of the lanes that are equal.
    fn equal(self, other: Self) -> Self;
    /// Mask of the lanes that are greater than the other's.
    fn greater(self, other: Self) -> Self;
    /// Where the mask `self` is all ones, `yes`, else `no`.
    fn select(self, yes: Self, no: Self) -> Self;
    /// The sign bit of every lane, lane 0 in bit 0.
    fn sign_bits(self) -> u8;
    /// Sum of the lanes, wrapping.
    fn sum(self) -> i32;

    /// Whether any lane of a mask is set.
    fn any(self) -> bool {
        self.sign_bits() != 0
    }
}

#[cfg(test)]
mod parity;
