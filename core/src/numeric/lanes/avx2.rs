//! Lanes in one AVX2 register, for processors that have it when the build's target does not promise it.
//!
//! The type is private to the lanes: generic code gets it only through [`run_avx2`], which is entered only after the
//! processor was asked. All methods are inlined into that function, and become one instruction each there.

#![allow(unsafe_code)]

use super::{LANES, LaneTask, Lanes8};
use core::arch::x86_64::*;
use core::sync::atomic::{AtomicU8, Ordering};

/// Eight lanes in a 256-bit register. A value exists only inside [`run_avx2`].
#[derive(Clone, Copy)]
pub(super) struct Avx2Lanes(__m256i);

/// Runs a task compiled for AVX2, or gives it back when the processor has none.
pub(super) fn try_run<T: LaneTask>(task: T) -> Result<T::Output, T> {
    if !has_avx2() {
        return Err(task);
    }
    // SAFETY: the processor and the operating system support AVX2, as was just found.
    Ok(unsafe { run_avx2(task) })
}

#[target_feature(enable = "avx2")]
fn run_avx2<T: LaneTask>(task: T) -> T::Output {
    task.run::<Avx2Lanes>()
}

/// Whether AVX2 can be used; the processor is asked once, since virtual machines answer slowly.
fn has_avx2() -> bool {
    static ANSWER: AtomicU8 = AtomicU8::new(0);
    match ANSWER.load(Ordering::Relaxed) {
        0 => {
            let found = detect_avx2();
            ANSWER.store(if found { 2 } else { 1 }, Ordering::Relaxed);
            found
        }
        answer => answer == 2,
    }
}

/// As in Intel's Software Developer's Manual, volume 1, 14.7.1: the instructions exist, and the operating system keeps
/// the registers.
fn detect_avx2() -> bool {
    const OSXSAVE: u32 = 1 << 27;
    const AVX: u32 = 1 << 28;
    const AVX2: u32 = 1 << 5;
    const XMM_AND_YMM: u64 = 0b110;
    if __cpuid(0).eax < 7 {
        return false;
    }
    let features = __cpuid(1).ecx;
    if features & (OSXSAVE | AVX) != OSXSAVE | AVX {
        return false;
    }
    // SAFETY: OSXSAVE says that the operating system has enabled XGETBV.
    let kept = unsafe { extended_control_register() };
    kept & XMM_AND_YMM == XMM_AND_YMM && __cpuid_count(7, 0).ebx & AVX2 != 0
}

#[target_feature(enable = "xsave")]
fn extended_control_register() -> u64 {
    // SAFETY: the feature is enabled for this function, and register 0 exists wherever XGETBV does.
    unsafe { _xgetbv(0) }
}

/// Calls an intrinsic of AVX2 from a method of [`Avx2Lanes`].
macro_rules! avx2 {
    ($call:expr) => {
        // SAFETY: a value of Avx2Lanes exists, or is made, only under `run_avx2`, where the processor is known to have
        // AVX2; the intrinsics in question have no other condition.
        unsafe { $call }
    };
}

impl Lanes8 for Avx2Lanes {
    #[inline(always)]
    fn splat(value: i32) -> Self {
        Avx2Lanes(avx2!(_mm256_set1_epi32(value)))
    }

    #[inline(always)]
    fn from_array(values: [i32; LANES]) -> Self {
        Self::load(&values)
    }

    #[inline(always)]
    fn to_array(self) -> [i32; LANES] {
        let mut out = [0; LANES];
        // SAFETY: the array has room for 32 bytes and unaligned stores are allowed; AVX2 as in `avx2!`.
        unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), self.0) };
        out
    }

    #[inline(always)]
    fn load(values: &[i32]) -> Self {
        let values: &[i32] = &values[..LANES];
        // SAFETY: the slice holds 32 bytes and unaligned loads are allowed; AVX2 as in `avx2!`.
        Avx2Lanes(unsafe { _mm256_loadu_si256(values.as_ptr().cast()) })
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Avx2Lanes(avx2!(_mm256_add_epi32(self.0, other.0)))
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Avx2Lanes(avx2!(_mm256_sub_epi32(self.0, other.0)))
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Avx2Lanes(avx2!(_mm256_mullo_epi32(self.0, other.0)))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Avx2Lanes(avx2!(_mm256_abs_epi32(self.0)))
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Avx2Lanes(avx2!(_mm256_min_epi32(self.0, other.0)))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Avx2Lanes(avx2!(_mm256_max_epi32(self.0, other.0)))
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Avx2Lanes(avx2!(_mm256_and_si256(self.0, other.0)))
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Avx2Lanes(avx2!(_mm256_or_si256(self.0, other.0)))
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        Avx2Lanes(avx2!(_mm256_xor_si256(self.0, other.0)))
    }

    #[inline(always)]
    fn shift_left<const BITS: i32>(self) -> Self {
        Avx2Lanes(avx2!(_mm256_slli_epi32::<BITS>(self.0)))
    }

    #[inline(always)]
    fn shift_right<const BITS: i32>(self) -> Self {
        Avx2Lanes(avx2!(_mm256_srai_epi32::<BITS>(self.0)))
    }

    #[inline(always)]
    fn shift_right_by(self, bits: u32) -> Self {
        Avx2Lanes(avx2!(_mm256_sra_epi32(self.0, _mm_cvtsi32_si128((bits & 31) as i32))))
    }

    #[inline(always)]
    fn equal(self, other: Self) -> Self {
        Avx2Lanes(avx2!(_mm256_cmpeq_epi32(self.0, other.0)))
    }

    #[inline(always)]
    fn greater(self, other: Self) -> Self {
        Avx2Lanes(avx2!(_mm256_cmpgt_epi32(self.0, other.0)))
    }

    #[inline(always)]
    fn select(self, yes: Self, no: Self) -> Self {
        Avx2Lanes(avx2!(_mm256_blendv_epi8(no.0, yes.0, self.0)))
    }

    #[inline(always)]
    fn sign_bits(self) -> u8 {
        avx2!(_mm256_movemask_ps(_mm256_castsi256_ps(self.0))) as u8
    }

    #[inline(always)]
    fn sum(self) -> i32 {
        avx2!({
            let halves = _mm_add_epi32(_mm256_castsi256_si128(self.0), _mm256_extracti128_si256::<1>(self.0));
            let pairs = _mm_add_epi32(halves, _mm_shuffle_epi32::<0b00_00_11_10>(halves));
            _mm_cvtsi128_si32(_mm_add_epi32(pairs, _mm_shuffle_epi32::<1>(pairs)))
        })
    }
}
