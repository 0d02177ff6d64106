//! Discs: everybody within a radius.

use super::search::{Bounds, Judge, NOTHING, Region, Scale, Shape, Span};
use crate::numeric::Metres;
use crate::numeric::lanes::Lanes;

/// All points within a radius, distance measured on the ground plane, the limit included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Disc {
    /// Its centre, x.
    pub x: Metres,
    /// Its centre, z.
    pub z: Metres,
    /// How far it reaches; a negative radius makes it empty.
    pub radius: Metres,
}

/// Steps of [`HALF_CHORDS`].
const CHORD_STEPS: i64 = 1_024;

/// The unit circle: entry `i` is half the chord at height `i / 1024`, in 1/32768, rounded down (and 1 less at height 0,
/// to fit). 2 KiB, so that no query has to take a root for each line.
static HALF_CHORDS: [u16; CHORD_STEPS as usize + 1] = {
    let mut table = [0; CHORD_STEPS as usize + 1];
    let mut i = 0;
    while i <= CHORD_STEPS {
        let root = (((1 << 30) - (i << 5) * (i << 5)) as u64).isqrt();
        table[i as usize] = if root > 32_767 { 32_767 } else { root as u16 };
        i += 1;
    }
    table
};

impl Disc {
    /// Half the chord at the height `dz` above or below the centre, 0 to the radius: not longer than the true one if
    /// `inside`, else not shorter.
    #[inline(always)]
    fn half_chord(radius: i64, inverse: u64, dz: i64, inside: bool) -> i64 {
        // The inverse is too small, so the step may be one too low, besides being rounded down itself.
        let step = ((dz as u64 * inverse) >> 32) as i64;
        if inside {
            let step = (step + 2).min(CHORD_STEPS);
            (radius * i64::from(HALF_CHORDS[step as usize])) >> 15
        } else {
            ((radius * (i64::from(HALF_CHORDS[step as usize]) + 1)) >> 15) + 1
        }
    }

    /// Steps of the table in a raw unit of height, Q32, rounded down: over the radius by less than half a step too few. In
    /// 32 bits, since processors take long to divide 64.
    #[inline(always)]
    pub(super) fn inverse(&self) -> u64 {
        let radius = self.radius.0.max(1).cast_unsigned();
        let shift = 16_u32.saturating_sub(radius.leading_zeros());
        // What is shifted out of the radius is rounded up, so that the quotient is not too large.
        let short = (radius >> shift) + u32::from(shift > 0);
        let quotient = u64::from((1 << 31) / short) << 11;
        quotient >> shift
    }

    /// What the disc covers of a band of z, with the inverse from above; shared by the shapes that are parts of a disc.
    #[inline(always)]
    pub(super) fn cover(&self, inverse: u64, low_z: i64, high_z: i64) -> Span {
        let (x, z, radius) = (i64::from(self.x.0), i64::from(self.z.0), i64::from(self.radius.0));
        let near = (low_z - z).max(z - high_z).max(0);
        let far = (z - low_z).max(high_z - z);
        if near > radius {
            return Span { outer: NOTHING, inner: NOTHING };
        }
        let outer = Self::half_chord(radius, inverse, near, false);
        // At the height of the radius the chord is a point, and no cell is inside that.
        let half = Self::half_chord(radius, inverse, far.min(radius), true);
        let inner = (x - half, x + half);
        Span { outer: (x - outer, x + outer), inner }
    }
}

/// Squared lengths, in short units, up to which a row is surely or perhaps inside; one more than those.
#[derive(Clone, Copy)]
pub struct DiscJudge<L> {
    sure: L,
    perhaps: L,
}

impl<L: Lanes> DiscJudge<L> {
    /// For a radius in raw units. It may be longer than what the scale is for, where the shape's box is a part of the
    /// disc's: then all offsets are inside, and no square of one reaches the largest number.
    #[inline(always)]
    pub(super) fn new(radius: i32, scale: Scale) -> Self {
        let short = radius >> scale.shift;
        let (sure, perhaps) = (short - scale.slack, short + 1 + scale.slack);
        let past_square = |short: i32| short.saturating_mul(short).saturating_add(1);
        Self {
            sure: L::splat(if sure < 0 { 0 } else { past_square(sure) }),
            perhaps: L::splat(past_square(perhaps)),
        }
    }
}

impl<L: Lanes> Judge<L> for DiscJudge<L> {
    #[inline(always)]
    fn judge(self, offsets: L) -> (L::Mask, L::Mask) {
        let squared = offsets.dot16(offsets);
        (self.sure.greater(squared), self.perhaps.greater(squared))
    }
}

impl Shape for Disc {
    type Region = Self;

    #[inline(always)]
    fn region(&self) -> Self {
        *self
    }
}

impl Region for Disc {
    type Judge<L: Lanes> = DiscJudge<L>;

    #[inline(always)]
    fn bounds(&self) -> Option<Bounds> {
        let radius = i64::from(self.radius.0);
        (radius >= 0).then(|| Bounds::around(self.x.0.into(), self.z.0.into(), radius, radius))
    }

    #[inline(always)]
    fn anchor(&self) -> (i32, i32) {
        (self.x.0, self.z.0)
    }

    #[inline(always)]
    fn exact(&self, x: i32, z: i32) -> bool {
        let (dx, dz) = (x.abs_diff(self.x.0), z.abs_diff(self.z.0));
        let (dx, dz, radius) = (u64::from(dx), u64::from(dz), i64::from(self.radius.0));
        // Squares of 32 bits fit 64 one by one, but not always their sum.
        radius >= 0 && (dx * dx).saturating_add(dz * dz) <= (radius * radius).cast_unsigned()
    }

    #[inline(always)]
    fn span_factor(&self) -> u64 {
        self.inverse()
    }

    #[inline(always)]
    fn span(&self, factor: u64, low_z: i64, high_z: i64) -> Span {
        self.cover(factor, low_z, high_z)
    }

    #[inline(always)]
    fn judge<L: Lanes>(&self, scale: Scale) -> DiscJudge<L> {
        DiscJudge::new(self.radius.0, scale)
    }
}
