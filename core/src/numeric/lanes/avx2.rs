//! Eight lanes in one AVX2 register, for processors that have it when the build's target does not promise it.
//!
//! The type is private to the lanes: generic code gets it only inside [`super::x86::run_on_avx2`], which is entered only
//! after the processor was asked. All methods are inlined there, and become one or a few instructions each.

#![allow(unsafe_code)]

use super::{LaneMask, Lanes, MAX_WIDTH};
use core::arch::x86_64::*;

/// Eight lanes in a 256-bit register. A value exists only under `run_on_avx2`.
#[derive(Clone, Copy)]
pub(super) struct Avx2Lanes(__m256i);

/// Lanes of all ones and of all zeros.
#[derive(Clone, Copy)]
pub(super) struct Avx2Mask(__m256i);

const WIDTH: usize = 8;

/// Calls intrinsics from a method of [`Avx2Lanes`].
macro_rules! avx2 {
    ($call:expr) => {
        // SAFETY: a value of Avx2Lanes or Avx2Mask exists, or is made, only under `run_on_avx2`, where the processor is
        // known to have the features; the intrinsics in question have no other condition.
        unsafe { $call }
    };
}

macro_rules! two_operands {
    ($($name:ident $intrinsic:ident;)*) => {$(
        #[inline(always)]
        fn $name(self, other: Self) -> Self {
            Self(avx2!($intrinsic(self.0, other.0)))
        }
    )*};
}

macro_rules! shifts {
    ($($name:ident $intrinsic:ident;)*) => {$(
        #[inline(always)]
        fn $name<const BITS: u32>(self) -> Self {
            Self(avx2!($intrinsic(self.0, _mm_cvtsi32_si128(BITS as i32))))
        }
    )*};
}

/// For each mask of eight lanes, the numbers of its lanes side by side, one byte each.
static COMPRESS: [u64; 256] = compress_table();

const fn compress_table() -> [u64; 256] {
    let mut table = [0; 256];
    let mut mask = 0;
    while mask < 256 {
        let (mut lane, mut count) = (0, 0);
        while lane < WIDTH {
            if mask >> lane & 1 == 1 {
                table[mask] |= (lane as u64) << (8 * count);
                count += 1;
            }
            lane += 1;
        }
        mask += 1;
    }
    table
}

impl LaneMask for Avx2Mask {
    two_operands! {
        and _mm256_and_si256;
        or _mm256_or_si256;
    }

    #[inline(always)]
    fn first_n(count: usize) -> Self {
        let count = count.min(WIDTH) as i32;
        Avx2Mask(avx2!(_mm256_cmpgt_epi32(_mm256_set1_epi32(count), Avx2Lanes::numbers().0)))
    }

    #[inline(always)]
    fn not(self) -> Self {
        Avx2Mask(avx2!(_mm256_xor_si256(self.0, _mm256_set1_epi32(-1))))
    }

    #[inline(always)]
    fn bits(self) -> u32 {
        avx2!(_mm256_movemask_ps(_mm256_castsi256_ps(self.0))) as u32
    }

    #[inline(always)]
    fn any(self) -> bool {
        avx2!(_mm256_testz_si256(self.0, self.0)) == 0
    }
}

impl Lanes for Avx2Lanes {
    const WIDTH: usize = WIDTH;
    const CHEAP_PERMUTE: bool = true;
    type Mask = Avx2Mask;

    two_operands! {
        add _mm256_add_epi32;
        sub _mm256_sub_epi32;
        mul _mm256_mullo_epi32;
        min _mm256_min_epi32;
        max _mm256_max_epi32;
        and _mm256_and_si256;
        or _mm256_or_si256;
        xor _mm256_xor_si256;
        add16 _mm256_add_epi16;
        sub16 _mm256_sub_epi16;
        min16 _mm256_min_epi16;
        max16 _mm256_max_epi16;
        mul16 _mm256_mullo_epi16;
        mul_round16 _mm256_mulhrs_epi16;
        dot16 _mm256_madd_epi16;
        shift_right_lanes _mm256_srlv_epi32;
        greater16 _mm256_cmpgt_epi16;
        add64 _mm256_add_epi64;
        sub64 _mm256_sub_epi64;
        mul_even _mm256_mul_epu32;
        mul_even_signed _mm256_mul_epi32;
        greater64 _mm256_cmpgt_epi64;
    }

    shifts! {
        shift_left _mm256_sll_epi32;
        shift_right _mm256_sra_epi32;
        shift_right_logical _mm256_srl_epi32;
        shift_left64 _mm256_sll_epi64;
        shift_right64 _mm256_srl_epi64;
    }

    #[inline(always)]
    fn splat(value: i32) -> Self {
        Avx2Lanes(avx2!(_mm256_set1_epi32(value)))
    }

    #[inline(always)]
    fn numbers() -> Self {
        Avx2Lanes(avx2!(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)))
    }

    #[inline(always)]
    fn load(values: &[i32]) -> Self {
        let values: &[i32] = &values[..WIDTH];
        // SAFETY: the slice holds 32 bytes and unaligned loads are allowed; AVX2 as in `avx2!`.
        Avx2Lanes(unsafe { _mm256_loadu_si256(values.as_ptr().cast()) })
    }

    #[inline(always)]
    fn store(self, out: &mut [i32]) {
        let out: &mut [i32] = &mut out[..WIDTH];
        // SAFETY: the slice has room for 32 bytes and unaligned stores are allowed; AVX2 as in `avx2!`.
        unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), self.0) };
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Avx2Lanes(avx2!(_mm256_abs_epi32(self.0)))
    }

    #[inline(always)]
    fn shift_right_by(self, bits: u32) -> Self {
        Avx2Lanes(avx2!(_mm256_sra_epi32(self.0, _mm_cvtsi32_si128((bits & 31) as i32))))
    }

    #[inline(always)]
    fn leading_zeros(self) -> Self {
        avx2!({
            // The exponent of the nearest float; without the bit behind the highest one it is not rounded up.
            let top = _mm256_andnot_si256(_mm256_srli_epi32::<1>(self.0), self.0);
            let exponent = _mm256_srli_epi32::<23>(_mm256_castps_si256(_mm256_cvtepi32_ps(top)));
            let zeros = _mm256_sub_epi32(_mm256_set1_epi32(158), exponent);
            Avx2Lanes(_mm256_min_epi32(zeros, _mm256_set1_epi32(32)))
        })
    }

    #[inline(always)]
    fn shift_left_by(self, bits: u32) -> Self {
        Avx2Lanes(avx2!(_mm256_sll_epi32(self.0, _mm_cvtsi32_si128((bits & 31) as i32))))
    }

    #[inline(always)]
    fn equal(self, other: Self) -> Avx2Mask {
        Avx2Mask(avx2!(_mm256_cmpeq_epi32(self.0, other.0)))
    }

    #[inline(always)]
    fn greater(self, other: Self) -> Avx2Mask {
        Avx2Mask(avx2!(_mm256_cmpgt_epi32(self.0, other.0)))
    }

    #[inline(always)]
    fn select(mask: Avx2Mask, yes: Self, no: Self) -> Self {
        Avx2Lanes(avx2!(_mm256_blendv_epi8(no.0, yes.0, mask.0)))
    }

    #[inline(always)]
    fn keep(self, mask: Avx2Mask) -> Self {
        Avx2Lanes(avx2!(_mm256_and_si256(self.0, mask.0)))
    }

    #[inline(always)]
    fn sum(self) -> i32 {
        avx2!({
            let halves = _mm_add_epi32(_mm256_castsi256_si128(self.0), _mm256_extracti128_si256::<1>(self.0));
            let pairs = _mm_add_epi32(halves, _mm_shuffle_epi32::<0b00_00_11_10>(halves));
            _mm_cvtsi128_si32(_mm_add_epi32(pairs, _mm_shuffle_epi32::<1>(pairs)))
        })
    }

    #[inline(always)]
    fn prefix_sum(self) -> Self {
        avx2!({
            let one = _mm256_add_epi32(self.0, _mm256_slli_si256::<4>(self.0));
            let two = _mm256_add_epi32(one, _mm256_slli_si256::<8>(one));
            // The sum of the lower four lanes, in the upper four.
            let low = _mm256_permute2x128_si256::<0x08>(two, two);
            Avx2Lanes(_mm256_add_epi32(two, _mm256_shuffle_epi32::<0xFF>(low)))
        })
    }

    #[inline(always)]
    fn load_halves(values: &[i32], [lower, upper]: [usize; 2]) -> Self {
        let (lower, upper) = (&values[lower..lower + WIDTH / 2], &values[upper..upper + WIDTH / 2]);
        // SAFETY: either slice holds 16 bytes and unaligned loads are allowed; AVX2 as in `avx2!`.
        Avx2Lanes(unsafe { _mm256_loadu2_m128i(upper.as_ptr().cast(), lower.as_ptr().cast()) })
    }

    #[inline(always)]
    fn load_part(values: &[i32]) -> Self {
        let mask = Avx2Mask::first_n(values.len());
        // SAFETY: only lanes inside the slice are read, and unaligned loads are allowed; AVX2 as in `avx2!`.
        Avx2Lanes(unsafe { _mm256_maskload_epi32(values.as_ptr(), mask.0) })
    }

    #[inline(always)]
    fn gather(values: &[i32], indices: Self) -> Self {
        let len = values.len().min(i32::MAX as usize) as i32;
        let inside = indices.greater(Self::splat(-1)).and(Self::splat(len).greater(indices));
        assert!(inside.not().none(), "an index outside of the slice");
        // SAFETY: all indices are inside the slice, as was just found; AVX2 as in `avx2!`.
        Avx2Lanes(unsafe { _mm256_i32gather_epi32::<4>(values.as_ptr(), indices.0) })
    }

    #[inline(always)]
    fn store_part(self, out: &mut [i32]) {
        let mask = Avx2Mask::first_n(out.len());
        // SAFETY: only lanes inside the slice are written, and unaligned stores are allowed; AVX2 as in `avx2!`.
        unsafe { _mm256_maskstore_epi32(out.as_mut_ptr(), mask.0, self.0) };
    }

    #[inline(always)]
    fn splat_last(self) -> Self {
        Avx2Lanes(avx2!(_mm256_permutevar8x32_epi32(self.0, _mm256_set1_epi32(WIDTH as i32 - 1))))
    }

    #[inline(always)]
    fn store_records([a, b, c, d]: [Self; 4], out: &mut [[i32; 4]; MAX_WIDTH]) {
        let out = out.as_flattened_mut();
        let (low, high, other_low, other_high) = avx2!((
            _mm256_unpacklo_epi32(a.0, b.0),
            _mm256_unpackhi_epi32(a.0, b.0),
            _mm256_unpacklo_epi32(c.0, d.0),
            _mm256_unpackhi_epi32(c.0, d.0),
        ));
        Avx2Lanes(avx2!(_mm256_unpacklo_epi64(low, other_low))).store_at(out, 0);
        Avx2Lanes(avx2!(_mm256_unpackhi_epi64(low, other_low))).store_at(out, WIDTH);
        Avx2Lanes(avx2!(_mm256_unpacklo_epi64(high, other_high))).store_at(out, 2 * WIDTH);
        Avx2Lanes(avx2!(_mm256_unpackhi_epi64(high, other_high))).store_at(out, 3 * WIDTH);
    }

    #[inline(always)]
    fn load_records(records: &[[i32; 4]]) -> [Self; 4] {
        let records: &[i32] = records[..WIDTH].as_flattened();
        let (a, b) = (Self::load_at(records, 0).0, Self::load_at(records, WIDTH).0);
        let (c, d) = (Self::load_at(records, 2 * WIDTH).0, Self::load_at(records, 3 * WIDTH).0);
        avx2!({
            // Records 0 and 4, 1 and 5, 2 and 6, 3 and 7.
            let (r0, r1) = (_mm256_permute2x128_si256::<0x20>(a, c), _mm256_permute2x128_si256::<0x31>(a, c));
            let (r2, r3) = (_mm256_permute2x128_si256::<0x20>(b, d), _mm256_permute2x128_si256::<0x31>(b, d));
            let (low, high) = (_mm256_unpacklo_epi32(r0, r1), _mm256_unpackhi_epi32(r0, r1));
            let (other_low, other_high) = (_mm256_unpacklo_epi32(r2, r3), _mm256_unpackhi_epi32(r2, r3));
            [
                Avx2Lanes(_mm256_unpacklo_epi64(low, other_low)),
                Avx2Lanes(_mm256_unpackhi_epi64(low, other_low)),
                Avx2Lanes(_mm256_unpacklo_epi64(high, other_high)),
                Avx2Lanes(_mm256_unpackhi_epi64(high, other_high)),
            ]
        })
    }

    #[inline(always)]
    fn twice_low16(self) -> Self {
        avx2!({
            let low = _mm_setr_epi8(0, 1, 0, 1, 4, 5, 4, 5, 8, 9, 8, 9, 12, 13, 12, 13);
            Avx2Lanes(_mm256_shuffle_epi8(self.0, _mm256_broadcastsi128_si256(low)))
        })
    }

    #[inline(always)]
    fn abs16(self) -> Self {
        Avx2Lanes(avx2!(_mm256_abs_epi16(self.0)))
    }

    #[inline(always)]
    fn sum64(self) -> u64 {
        avx2!({
            let halves = _mm_add_epi64(_mm256_castsi256_si128(self.0), _mm256_extracti128_si256::<1>(self.0));
            _mm_cvtsi128_si64(_mm_add_epi64(halves, _mm_unpackhi_epi64(halves, halves))) as u64
        })
    }

    #[inline(always)]
    fn lowest_bits(bytes: &[u8; 64]) -> u64 {
        let bits = |half: usize| {
            // SAFETY: as in `avx2!`; each half is 32 of the 64 bytes.
            unsafe {
                let half = _mm256_loadu_si256(bytes.as_ptr().add(32 * half).cast());
                u64::from(_mm256_movemask_epi8(_mm256_slli_epi16::<7>(half)).cast_unsigned())
            }
        };
        bits(0) | bits(1) << 32
    }

    #[inline(always)]
    fn compress_into(self, mask: Avx2Mask, out: &mut [i32], at: usize) -> usize {
        self.compress_bits(mask.bits(), &mut out[at..at + WIDTH]);
        mask.count()
    }

    #[inline(always)]
    fn compress_bits(self, bits: u32, out: &mut [i32]) {
        let packed = avx2!({
            let places = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(COMPRESS[bits as usize & 255] as i64));
            _mm256_permutevar8x32_epi32(self.0, places)
        });
        Avx2Lanes(packed).store(out);
    }

    #[inline(always)]
    fn table8(entries: &[i32; 8]) -> Self {
        Self::load(entries)
    }

    #[inline(always)]
    fn lookup8(self, indices: Self) -> Self {
        Avx2Lanes(avx2!(_mm256_permutevar8x32_epi32(self.0, indices.0)))
    }

    #[inline(always)]
    fn permute2(self, high: Self, indices: Self) -> Self {
        avx2!({
            let low = _mm256_permutevar8x32_epi32(self.0, indices.0);
            let high = _mm256_permutevar8x32_epi32(high.0, indices.0);
            let choice = _mm256_castsi256_ps(_mm256_slli_epi32::<28>(indices.0));
            let chosen = _mm256_blendv_ps(_mm256_castsi256_ps(low), _mm256_castsi256_ps(high), choice);
            Avx2Lanes(_mm256_castps_si256(chosen))
        })
    }
}
