//! Sixteen lanes in one AVX-512 register, for processors that have it when the build's target does not promise it.
//!
//! The type is private to the lanes: generic code gets it only inside [`super::x86::run_on_avx512`], which is entered
//! only after the processor was asked. Values are compressed in a register and then stored whole: the instruction that
//! compresses into memory is many times slower.

#![allow(unsafe_code)]

use super::{LaneMask, Lanes, MAX_WIDTH};
use core::arch::x86_64::*;

/// Sixteen lanes in a 512-bit register. A value exists only under `run_on_avx512`.
#[derive(Clone, Copy)]
pub(super) struct Avx512Lanes(__m512i);

/// One bit a lane.
#[derive(Clone, Copy)]
pub(super) struct Avx512Mask(__mmask16);

const WIDTH: usize = 16;

/// Calls intrinsics from a method of [`Avx512Lanes`].
macro_rules! avx512 {
    ($call:expr) => {
        // SAFETY: a value of Avx512Lanes exists, or is made, only under `run_on_avx512`, where the processor is known to
        // have the features; the intrinsics in question have no other condition.
        unsafe { $call }
    };
}

macro_rules! two_operands {
    ($($name:ident $intrinsic:ident;)*) => {$(
        #[inline(always)]
        fn $name(self, other: Self) -> Self {
            Self(avx512!($intrinsic(self.0, other.0)))
        }
    )*};
}

macro_rules! shifts {
    ($($name:ident $intrinsic:ident;)*) => {$(
        #[inline(always)]
        fn $name<const BITS: u32>(self) -> Self {
            Self(avx512!($intrinsic::<BITS>(self.0)))
        }
    )*};
}

impl LaneMask for Avx512Mask {
    #[inline(always)]
    fn first_n(count: usize) -> Self {
        Avx512Mask(((1u32 << count.min(WIDTH)) - 1) as u16)
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Avx512Mask(self.0 & other.0)
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Avx512Mask(self.0 | other.0)
    }

    #[inline(always)]
    fn not(self) -> Self {
        Avx512Mask(!self.0)
    }

    #[inline(always)]
    fn bits(self) -> u32 {
        u32::from(self.0)
    }
}

impl Lanes for Avx512Lanes {
    const WIDTH: usize = WIDTH;
    const CHEAP_PERMUTE: bool = true;
    type Mask = Avx512Mask;

    two_operands! {
        add _mm512_add_epi32;
        sub _mm512_sub_epi32;
        mul _mm512_mullo_epi32;
        min _mm512_min_epi32;
        max _mm512_max_epi32;
        and _mm512_and_si512;
        or _mm512_or_si512;
        xor _mm512_xor_si512;
        add16 _mm512_add_epi16;
        sub16 _mm512_sub_epi16;
        min16 _mm512_min_epi16;
        max16 _mm512_max_epi16;
        mul16 _mm512_mullo_epi16;
        mul_round16 _mm512_mulhrs_epi16;
        dot16 _mm512_madd_epi16;
        shift_right_lanes _mm512_srlv_epi32;
        add64 _mm512_add_epi64;
        sub64 _mm512_sub_epi64;
        mul_even _mm512_mul_epu32;
        mul_even_signed _mm512_mul_epi32;
    }

    shifts! {
        shift_left _mm512_slli_epi32;
        shift_right _mm512_srai_epi32;
        shift_right_logical _mm512_srli_epi32;
        shift_left64 _mm512_slli_epi64;
        shift_right64 _mm512_srli_epi64;
    }

    #[inline(always)]
    fn splat(value: i32) -> Self {
        Avx512Lanes(avx512!(_mm512_set1_epi32(value)))
    }

    #[inline(always)]
    fn numbers() -> Self {
        Avx512Lanes(avx512!(_mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)))
    }

    #[inline(always)]
    fn load(values: &[i32]) -> Self {
        let values: &[i32] = &values[..WIDTH];
        // SAFETY: the slice holds 64 bytes and unaligned loads are allowed; AVX-512 as in `avx512!`.
        Avx512Lanes(unsafe { _mm512_loadu_si512(values.as_ptr().cast()) })
    }

    #[inline(always)]
    fn store(self, out: &mut [i32]) {
        let out: &mut [i32] = &mut out[..WIDTH];
        // SAFETY: the slice has room for 64 bytes and unaligned stores are allowed; AVX-512 as in `avx512!`.
        unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), self.0) };
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Avx512Lanes(avx512!(_mm512_abs_epi32(self.0)))
    }

    #[inline(always)]
    fn shift_right_by(self, bits: u32) -> Self {
        Avx512Lanes(avx512!(_mm512_sra_epi32(self.0, _mm_cvtsi32_si128((bits & 31) as i32))))
    }

    #[inline(always)]
    fn leading_zeros(self) -> Self {
        Avx512Lanes(avx512!(_mm512_lzcnt_epi32(self.0)))
    }

    #[inline(always)]
    fn shift_left_by(self, bits: u32) -> Self {
        Avx512Lanes(avx512!(_mm512_sll_epi32(self.0, _mm_cvtsi32_si128((bits & 31) as i32))))
    }

    #[inline(always)]
    fn equal(self, other: Self) -> Avx512Mask {
        Avx512Mask(avx512!(_mm512_cmpeq_epi32_mask(self.0, other.0)))
    }

    #[inline(always)]
    fn greater(self, other: Self) -> Avx512Mask {
        Avx512Mask(avx512!(_mm512_cmpgt_epi32_mask(self.0, other.0)))
    }

    #[inline(always)]
    fn select(mask: Avx512Mask, yes: Self, no: Self) -> Self {
        Avx512Lanes(avx512!(_mm512_mask_mov_epi32(no.0, mask.0, yes.0)))
    }

    #[inline(always)]
    fn keep(self, mask: Avx512Mask) -> Self {
        Avx512Lanes(avx512!(_mm512_maskz_mov_epi32(mask.0, self.0)))
    }

    #[inline(always)]
    fn sum(self) -> i32 {
        avx512!({
            let halves =
                _mm256_add_epi32(_mm512_castsi512_si256(self.0), _mm512_extracti64x4_epi64::<1>(self.0));
            let halves = _mm_add_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256::<1>(halves));
            let pairs = _mm_add_epi32(halves, _mm_shuffle_epi32::<0b00_00_11_10>(halves));
            _mm_cvtsi128_si32(_mm_add_epi32(pairs, _mm_shuffle_epi32::<1>(pairs)))
        })
    }

    #[inline(always)]
    fn prefix_sum(self) -> Self {
        avx512!({
            let zero = _mm512_setzero_si512();
            let sum = _mm512_add_epi32(self.0, _mm512_alignr_epi32::<15>(self.0, zero));
            let sum = _mm512_add_epi32(sum, _mm512_alignr_epi32::<14>(sum, zero));
            let sum = _mm512_add_epi32(sum, _mm512_alignr_epi32::<12>(sum, zero));
            Avx512Lanes(_mm512_add_epi32(sum, _mm512_alignr_epi32::<8>(sum, zero)))
        })
    }

    #[inline(always)]
    fn load_part(values: &[i32]) -> Self {
        let mask = Avx512Mask::first_n(values.len());
        // SAFETY: only lanes inside the slice are read, and unaligned loads are allowed; AVX-512 as in `avx512!`.
        Avx512Lanes(unsafe { _mm512_maskz_loadu_epi32(mask.0, values.as_ptr()) })
    }

    #[inline(always)]
    fn gather(values: &[i32], indices: Self) -> Self {
        let len = values.len().min(i32::MAX as usize) as i32;
        let outside = avx512!(_mm512_cmpge_epu32_mask(indices.0, _mm512_set1_epi32(len)));
        assert!(outside == 0, "an index outside of the slice");
        // SAFETY: all indices are inside the slice, as was just found; AVX-512 as in `avx512!`.
        Avx512Lanes(unsafe { _mm512_i32gather_epi32::<4>(indices.0, values.as_ptr()) })
    }

    #[inline(always)]
    fn store_part(self, out: &mut [i32]) {
        let mask = Avx512Mask::first_n(out.len());
        // SAFETY: only lanes inside the slice are written, and unaligned stores are allowed; AVX-512 as in `avx512!`.
        unsafe { _mm512_mask_storeu_epi32(out.as_mut_ptr(), mask.0, self.0) };
    }

    #[inline(always)]
    fn splat_last(self) -> Self {
        Avx512Lanes(avx512!(_mm512_permutexvar_epi32(_mm512_set1_epi32(WIDTH as i32 - 1), self.0)))
    }

    #[inline(always)]
    fn store_records([a, b, c, d]: [Self; 4], out: &mut [[i32; 4]; MAX_WIDTH]) {
        let out = out.as_flattened_mut();
        let (low, high, other_low, other_high) = avx512!((
            _mm512_unpacklo_epi32(a.0, b.0),
            _mm512_unpackhi_epi32(a.0, b.0),
            _mm512_unpacklo_epi32(c.0, d.0),
            _mm512_unpackhi_epi32(c.0, d.0),
        ));
        Avx512Lanes(avx512!(_mm512_unpacklo_epi64(low, other_low))).store_at(out, 0);
        Avx512Lanes(avx512!(_mm512_unpackhi_epi64(low, other_low))).store_at(out, WIDTH);
        Avx512Lanes(avx512!(_mm512_unpacklo_epi64(high, other_high))).store_at(out, 2 * WIDTH);
        Avx512Lanes(avx512!(_mm512_unpackhi_epi64(high, other_high))).store_at(out, 3 * WIDTH);
    }

    #[inline(always)]
    fn load_records(records: &[[i32; 4]]) -> [Self; 4] {
        let records: &[i32] = records[..WIDTH].as_flattened();
        let (a, b) = (Self::load_at(records, 0).0, Self::load_at(records, WIDTH).0);
        let (c, d) = (Self::load_at(records, 2 * WIDTH).0, Self::load_at(records, 3 * WIDTH).0);
        avx512!({
            // The first two and the last two columns of eight records.
            let first = _mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
            let last = _mm512_setr_epi32(2, 6, 10, 14, 18, 22, 26, 30, 3, 7, 11, 15, 19, 23, 27, 31);
            let low = _mm512_permutex2var_epi32(a, first, b);
            let high = _mm512_permutex2var_epi32(c, first, d);
            let other_low = _mm512_permutex2var_epi32(a, last, b);
            let other_high = _mm512_permutex2var_epi32(c, last, d);
            [
                Avx512Lanes(_mm512_shuffle_i64x2::<0b01_00_01_00>(low, high)),
                Avx512Lanes(_mm512_shuffle_i64x2::<0b11_10_11_10>(low, high)),
                Avx512Lanes(_mm512_shuffle_i64x2::<0b01_00_01_00>(other_low, other_high)),
                Avx512Lanes(_mm512_shuffle_i64x2::<0b11_10_11_10>(other_low, other_high)),
            ]
        })
    }

    #[inline(always)]
    fn twice_low16(self) -> Self {
        avx512!({
            let low = _mm_setr_epi8(0, 1, 0, 1, 4, 5, 4, 5, 8, 9, 8, 9, 12, 13, 12, 13);
            Avx512Lanes(_mm512_shuffle_epi8(self.0, _mm512_broadcast_i32x4(low)))
        })
    }

    #[inline(always)]
    fn abs16(self) -> Self {
        Avx512Lanes(avx512!(_mm512_abs_epi16(self.0)))
    }

    #[inline(always)]
    fn greater16(self, other: Self) -> Self {
        Avx512Lanes(avx512!(_mm512_movm_epi16(_mm512_cmpgt_epi16_mask(self.0, other.0))))
    }

    #[inline(always)]
    fn count_greater16(self, a: Self, b: Self) -> Self {
        avx512!({
            let greater = _mm512_cmpgt_epi16_mask(a.0, b.0);
            Avx512Lanes(_mm512_mask_sub_epi16(self.0, greater, self.0, _mm512_set1_epi16(-1)))
        })
    }

    #[inline(always)]
    fn greater64(self, other: Self) -> Self {
        Avx512Lanes(avx512!(_mm512_movm_epi64(_mm512_cmpgt_epi64_mask(self.0, other.0))))
    }

    #[inline(always)]
    fn sum64(self) -> u64 {
        avx512!(_mm512_reduce_add_epi64(self.0)) as u64
    }

    #[inline(always)]
    fn lowest_bits(bytes: &[u8; 64]) -> u64 {
        // SAFETY: as in `avx512!`; 64 bytes are read.
        unsafe {
            let bytes = _mm512_loadu_si512(bytes.as_ptr().cast());
            _mm512_test_epi8_mask(bytes, _mm512_set1_epi8(1))
        }
    }

    #[inline(always)]
    fn compress_into(self, mask: Avx512Mask, out: &mut [i32], at: usize) -> usize {
        self.compress_bits(mask.bits(), &mut out[at..at + WIDTH]);
        mask.count()
    }

    #[inline(always)]
    fn compress_bits(self, bits: u32, out: &mut [i32]) {
        Avx512Lanes(avx512!(_mm512_maskz_compress_epi32(bits as u16, self.0))).store(out);
    }

    #[inline(always)]
    fn table8(entries: &[i32; 8]) -> Self {
        // SAFETY: the array holds 32 bytes and unaligned loads are allowed; AVX-512 as in `avx512!`.
        Avx512Lanes(unsafe { _mm512_broadcast_i64x4(_mm256_loadu_si256(entries.as_ptr().cast())) })
    }

    #[inline(always)]
    fn lookup8(self, indices: Self) -> Self {
        Avx512Lanes(avx512!(_mm512_permutexvar_epi32(indices.0, self.0)))
    }

    #[inline(always)]
    fn permute2(self, high: Self, indices: Self) -> Self {
        Avx512Lanes(avx512!(_mm512_permutex2var_epi32(self.0, indices.0, high.0)))
    }
}
