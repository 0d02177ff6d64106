//! Lanes over the vectors of the crate `wide`: AVX2, two SSE or NEON registers, or wasm SIMD, as the build's target
//! promises. What `wide` has no operation for, or one whose edges differ, is done lane by lane.

use super::{LaneMask, Lanes, Scalar8, pair, scalar};
use wide::{i16x16, i32x8, u32x8};

/// Eight lanes in SIMD registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Portable(i32x8);

/// Lanes of all ones and of all zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortableMask(i32x8);

const WIDTH: usize = 8;

impl LaneMask for PortableMask {
    #[inline]
    fn first_n(count: usize) -> Self {
        PortableMask(i32x8::splat(count.min(WIDTH) as i32).simd_gt(Portable::numbers().0))
    }

    #[inline]
    fn and(self, other: Self) -> Self {
        PortableMask(self.0 & other.0)
    }

    #[inline]
    fn or(self, other: Self) -> Self {
        PortableMask(self.0 | other.0)
    }

    #[inline]
    fn not(self) -> Self {
        PortableMask(!self.0)
    }

    #[inline]
    fn bits(self) -> u32 {
        self.0.to_bitmask()
    }
}

impl Portable {
    #[inline]
    fn halves(self) -> i16x16 {
        bytemuck::cast(self.0)
    }

    #[inline]
    fn of_halves(halves: i16x16) -> Self {
        Portable(bytemuck::cast(halves))
    }

    #[inline]
    fn both(self, other: Self, f: impl Fn(i32, i32) -> i32) -> Self {
        let (a, b) = (self.0.to_array(), other.0.to_array());
        Portable(i32x8::new(core::array::from_fn(|lane| f(a[lane], b[lane]))))
    }

    /// As plain lanes, for what is seldom used.
    #[inline]
    fn plain(self) -> Scalar8 {
        Scalar8::load(&self.0.to_array())
    }

    #[inline]
    fn of_plain(plain: Scalar8) -> Self {
        let mut out = [0; WIDTH];
        plain.store(&mut out);
        Portable(i32x8::new(out))
    }
}

/// Targets whose 16-bit instructions `wide` uses with the meaning that the lanes give them.
const HAS_16_BIT: bool = cfg!(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    all(target_arch = "wasm32", target_feature = "simd128")
));

macro_rules! plain {
    ($($name:ident)*) => {$(
        #[inline]
        fn $name(self, other: Self) -> Self {
            Self::of_plain(self.plain().$name(other.plain()))
        }
    )*};
}

impl Lanes for Portable {
    const WIDTH: usize = WIDTH;
    const CHEAP_PERMUTE: bool = false;
    const OUTLINES: bool = true;
    type Mask = PortableMask;

    plain! { shift_right_lanes add64 sub64 mul_even mul_even_signed greater64 }

    #[inline]
    fn splat(value: i32) -> Self {
        Portable(i32x8::splat(value))
    }

    #[inline]
    fn numbers() -> Self {
        Portable(i32x8::new([0, 1, 2, 3, 4, 5, 6, 7]))
    }

    #[inline]
    fn load(values: &[i32]) -> Self {
        let values = &values[..WIDTH];
        Portable(i32x8::new(core::array::from_fn(|lane| values[lane])))
    }

    #[inline]
    fn store(self, out: &mut [i32]) {
        out[..WIDTH].copy_from_slice(&self.0.to_array());
    }

    #[inline]
    fn add(self, other: Self) -> Self {
        Portable(self.0 + other.0)
    }

    #[inline]
    fn sub(self, other: Self) -> Self {
        Portable(self.0 - other.0)
    }

    #[inline]
    fn mul(self, other: Self) -> Self {
        Portable(self.0 * other.0)
    }

    #[inline]
    fn abs(self) -> Self {
        Portable(self.0.abs())
    }

    #[inline]
    fn min(self, other: Self) -> Self {
        Portable(self.0.min(other.0))
    }

    #[inline]
    fn max(self, other: Self) -> Self {
        Portable(self.0.max(other.0))
    }

    #[inline]
    fn and(self, other: Self) -> Self {
        Portable(self.0 & other.0)
    }

    #[inline]
    fn or(self, other: Self) -> Self {
        Portable(self.0 | other.0)
    }

    #[inline]
    fn xor(self, other: Self) -> Self {
        Portable(self.0 ^ other.0)
    }

    #[inline]
    fn shift_left<const BITS: u32>(self) -> Self {
        Portable(self.0 << BITS)
    }

    #[inline]
    fn shift_right<const BITS: u32>(self) -> Self {
        Portable(self.0 >> BITS)
    }

    #[inline]
    fn shift_right_logical<const BITS: u32>(self) -> Self {
        let unsigned: u32x8 = bytemuck::cast(self.0);
        Portable(bytemuck::cast(unsigned >> BITS))
    }

    #[inline]
    fn shift_right_by(self, bits: u32) -> Self {
        Portable(self.0 >> (bits & 31))
    }

    #[inline]
    fn leading_zeros(self) -> Self {
        Self::of_plain(self.plain().leading_zeros())
    }

    #[inline]
    fn shift_left_by(self, bits: u32) -> Self {
        Portable(self.0 << (bits & 31))
    }

    #[inline]
    fn equal(self, other: Self) -> PortableMask {
        PortableMask(self.0.simd_eq(other.0))
    }

    #[inline]
    fn greater(self, other: Self) -> PortableMask {
        PortableMask(self.0.simd_gt(other.0))
    }

    #[inline]
    fn select(mask: PortableMask, yes: Self, no: Self) -> Self {
        Portable(mask.0.select(yes.0, no.0))
    }

    #[inline]
    fn keep(self, mask: PortableMask) -> Self {
        Portable(self.0 & mask.0)
    }

    #[inline]
    fn sum(self) -> i32 {
        self.plain().sum()
    }

    #[inline]
    fn prefix_sum(self) -> Self {
        Self::of_plain(self.plain().prefix_sum())
    }

    #[inline]
    fn twice_low16(self) -> Self {
        self.and(Self::splat(0xFFFF)).or(self.shift_left::<16>())
    }

    #[inline]
    fn add16(self, other: Self) -> Self {
        Self::of_halves(self.halves() + other.halves())
    }

    #[inline]
    fn sub16(self, other: Self) -> Self {
        Self::of_halves(self.halves() - other.halves())
    }

    #[inline]
    fn min16(self, other: Self) -> Self {
        Self::of_halves(self.halves().min(other.halves()))
    }

    #[inline]
    fn max16(self, other: Self) -> Self {
        Self::of_halves(self.halves().max(other.halves()))
    }

    #[inline]
    fn abs16(self) -> Self {
        Self::of_halves(self.halves().abs())
    }

    #[inline]
    fn mul16(self, other: Self) -> Self {
        Self::of_halves(self.halves() * other.halves())
    }

    #[inline]
    fn mul_round16(self, other: Self) -> Self {
        if HAS_16_BIT {
            Self::of_halves(self.halves().mul_scale_round(other.halves()))
        } else {
            self.both(other, |a, b| scalar::each_half(a, b, scalar::mul_round))
        }
    }

    #[inline]
    fn dot16(self, other: Self) -> Self {
        if HAS_16_BIT { Portable(self.halves().dot(other.halves())) } else { self.both(other, scalar::dot) }
    }

    #[inline]
    fn greater16(self, other: Self) -> Self {
        Self::of_halves(self.halves().simd_gt(other.halves()))
    }

    #[inline]
    fn shift_left64<const BITS: u32>(self) -> Self {
        Self::of_plain(self.plain().shift_left64::<BITS>())
    }

    #[inline]
    fn shift_right64<const BITS: u32>(self) -> Self {
        Self::of_plain(self.plain().shift_right64::<BITS>())
    }

    #[inline]
    fn sum64(self) -> u64 {
        self.plain().sum64()
    }

    #[inline]
    fn compress_into(self, mask: PortableMask, out: &mut [i32], at: usize) -> usize {
        let out = &mut out[at..at + WIDTH];
        let lanes = self.0.to_array();
        let mut bits = mask.bits();
        let count = bits.count_ones() as usize;
        for place in &mut out[..count] {
            *place = lanes[bits.trailing_zeros() as usize % WIDTH];
            bits &= bits - 1;
        }
        count
    }

    #[inline]
    fn table8(entries: &[i32; 8]) -> Self {
        Portable(i32x8::new(*entries))
    }

    #[inline]
    fn lookup8(self, indices: Self) -> Self {
        let (table, indices) = (self.0.to_array(), indices.0.to_array());
        Portable(i32x8::new(core::array::from_fn(|lane| table[(indices[lane] & 7) as usize])))
    }

    #[inline]
    fn permute2(self, high: Self, indices: Self) -> Self {
        Self::of_plain(self.plain().permute2(high.plain(), indices.plain()))
    }

    #[inline]
    fn splat_pair(low: i16, high: i16) -> Self {
        Self::splat(pair(low, high))
    }
}
