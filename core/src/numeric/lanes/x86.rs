//! What this x86-64 processor has, asked once, and the two doors into code that is compiled for it.

#![allow(unsafe_code)]

use super::avx2::Avx2Lanes;
use super::avx512::Avx512Lanes;
use super::{LaneChoice, LaneTask};
use core::arch::x86_64::*;
use core::sync::atomic::{AtomicU8, Ordering};

/// Runs a task compiled for AVX2.
///
/// # Panics
/// When the processor has none.
#[inline]
pub(super) fn run_on_avx2<T: LaneTask>(task: T) -> T::Output {
    assert!(best() >= LaneChoice::Avx2, "the processor has no AVX2");
    // SAFETY: the processor and the operating system support the features of the function, as was just found.
    unsafe { with_avx2(task) }
}

/// Runs a task compiled for AVX-512.
///
/// # Panics
/// When the processor has none.
#[inline]
pub(super) fn run_on_avx512<T: LaneTask>(task: T) -> T::Output {
    assert!(best() >= LaneChoice::Avx512, "the processor has no AVX-512");
    // SAFETY: the processor and the operating system support the features of the function, as was just found.
    unsafe { with_avx512(task) }
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn with_avx2<T: LaneTask>(task: T) -> T::Output {
    task.run::<Avx2Lanes>()
}

#[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,bmi1,bmi2,lzcnt,popcnt")]
fn with_avx512<T: LaneTask>(task: T) -> T::Output {
    task.run::<Avx512Lanes>()
}

/// Asks for the cache lines of a value, without waiting for them.
#[inline(always)]
pub(super) fn prefetch<T>(value: &T) {
    let (start, mut offset) = (core::ptr::from_ref(value).cast::<i8>(), 0);
    while offset < size_of::<T>() {
        // SAFETY: a hint changes nothing, whatever the address, and every x86-64 processor has the instruction (SSE).
        unsafe { _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(offset)) }
        offset += CACHE_LINE_BYTES;
    }
}

const CACHE_LINE_BYTES: usize = 64;

/// The best lanes of this processor; it is asked once, since virtual machines answer slowly.
#[inline]
pub(super) fn best() -> LaneChoice {
    static ANSWER: AtomicU8 = AtomicU8::new(0);
    match ANSWER.load(Ordering::Relaxed) {
        1 => LaneChoice::Portable,
        2 => LaneChoice::Avx2,
        3 => LaneChoice::Avx512,
        _ => {
            let level = detect();
            ANSWER.store(level, Ordering::Relaxed);
            best()
        }
    }
}

/// 1 for what every x86-64 processor has, 2 for AVX2, 3 for AVX-512. As in Intel's Software Developer's Manual, volume
/// 1, 14.7.1 and 15.3: the instructions exist, and the operating system keeps the registers.
#[cold]
fn detect() -> u8 {
    const OSXSAVE_AVX_POPCNT: u32 = 1 << 27 | 1 << 28 | 1 << 23;
    const AVX2_BMI1_BMI2: u32 = 1 << 5 | 1 << 3 | 1 << 8;
    const AVX512_F_DQ_CD_BW_VL: u32 = 1 << 16 | 1 << 17 | 1 << 28 | 1 << 30 | 1 << 31;
    const LZCNT: u32 = 1 << 5;
    const XMM_YMM: u64 = 0b110;
    const XMM_YMM_OPMASK_ZMM: u64 = 0b1110_0110;
    let has = |word: u32, bits: u32| word & bits == bits;
    if __cpuid(0).eax < 7 || __cpuid(0x8000_0000).eax < 0x8000_0001 {
        return 1;
    }
    if !has(__cpuid(1).ecx, OSXSAVE_AVX_POPCNT) || !has(__cpuid(0x8000_0001).ecx, LZCNT) {
        return 1;
    }
    // SAFETY: OSXSAVE says that the operating system has enabled XGETBV.
    let kept = unsafe { extended_control_register() };
    let features = __cpuid_count(7, 0).ebx;
    if kept & XMM_YMM != XMM_YMM || !has(features, AVX2_BMI1_BMI2) {
        return 1;
    }
    if kept & XMM_YMM_OPMASK_ZMM != XMM_YMM_OPMASK_ZMM || !has(features, AVX512_F_DQ_CD_BW_VL) {
        2
    } else {
        3
    }
}

#[target_feature(enable = "xsave")]
fn extended_control_register() -> u64 {
    // SAFETY: the feature is enabled for this function, and register 0 exists wherever XGETBV does.
    unsafe { _xgetbv(0) }
}
