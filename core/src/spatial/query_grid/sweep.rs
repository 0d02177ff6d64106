//! Swept discs: what is near a segment.

use super::disc::Disc;
use super::search::{Bounds, Judge, NOTHING, Region, Scale, Shape, Span};
use crate::numeric::fixed::saturate;
use crate::numeric::lanes::{LaneMask, Lanes};
use crate::numeric::{Metres, Position};

/// All points within a radius of a segment, seen from above, the limit included: what a disc sweeps on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sweep {
    /// Where it starts; the height means nothing.
    pub from: Position,
    /// Where it ends.
    pub to: Position,
    /// Radius of the disc; negative makes the shape empty.
    pub radius: Metres,
}

impl Sweep {
    /// The way, in raw x and z.
    #[inline(always)]
    fn way(&self) -> (i64, i64) {
        let (from, to) = (self.from, self.to);
        (i64::from(to.x.0) - i64::from(from.x.0), i64::from(to.z.0) - i64::from(from.z.0))
    }

    /// How far along the way a point is: the product of its offset and the way.
    #[inline(always)]
    pub(super) fn along(&self, x: i32, z: i32) -> i128 {
        let (ex, ez) = self.way();
        let (dx, dz) = (i64::from(x) - i64::from(self.from.x.0), i64::from(z) - i64::from(self.from.z.0));
        i128::from(dx) * i128::from(ex) + i128::from(dz) * i128::from(ez)
    }
}

/// How far beside the way a row is, and how far along: against bounds rounded outward.
#[derive(Clone, Copy)]
pub struct SweepJudge<L> {
    /// The way's direction, and the same turned by a quarter.
    along: L,
    across: L,
    /// Bounds in short units times the direction's length, rounded inward and outward: distance from the line, start, end.
    sure: [L; 3],
    perhaps: [L; 3],
}

impl<L: Lanes> Judge<L> for SweepJudge<L> {
    /// Surely inside is only who is beside the way, not around its ends.
    #[inline(always)]
    fn judge(self, offsets: L) -> (L::Mask, L::Mask) {
        let (along, across) = (offsets.dot16(self.along), offsets.dot16(self.across).abs());
        let [beside, start, end] = self.sure;
        let sure = beside.greater(across).and(along.greater(start)).and(end.greater(along));
        let [beside, start, end] = self.perhaps;
        (sure, beside.greater(across).and(along.greater(start)).and(end.greater(along)))
    }
}

impl Shape for Sweep {
    type Region = Self;

    #[inline(always)]
    fn region(&self) -> Self {
        *self
    }
}

impl Region for Sweep {
    type Judge<L: Lanes> = SweepJudge<L>;

    #[inline(always)]
    fn bounds(&self) -> Option<Bounds> {
        let (from, to, radius) = (self.from, self.to, self.radius.0);
        (radius >= 0).then(|| Bounds {
            low_x: from.x.0.min(to.x.0).saturating_sub(radius),
            high_x: from.x.0.max(to.x.0).saturating_add(radius),
            low_z: from.z.0.min(to.z.0).saturating_sub(radius),
            high_z: from.z.0.max(to.z.0).saturating_add(radius),
        })
    }

    #[inline(always)]
    fn anchor(&self) -> (i32, i32) {
        (self.from.x.0, self.from.z.0)
    }

    #[inline(always)]
    fn exact(&self, x: i32, z: i32) -> bool {
        let at = |position: Position| Disc { x: position.x, z: position.z, radius: self.radius };
        let (ex, ez) = self.way();
        let (dx, dz) = (i64::from(x) - i64::from(self.from.x.0), i64::from(z) - i64::from(self.from.z.0));
        let along = self.along(x, z);
        let length_squared = i128::from(ex) * i128::from(ex) + i128::from(ez) * i128::from(ez);
        if along <= 0 {
            return at(self.from).exact(x, z);
        }
        if along >= length_squared {
            return at(self.to).exact(x, z);
        }
        // Distance from the line: |cross| / length, compared as squares; the bound has at most 127 bits.
        let cross = (i128::from(dx) * i128::from(ez) - i128::from(dz) * i128::from(ex)).unsigned_abs();
        let radius = i64::from(self.radius.0);
        let bound = (radius * radius) as u128 * length_squared as u128;
        radius >= 0 && cross.checked_mul(cross).is_some_and(|squared| squared <= bound)
    }

    /// Raw x between which points near the segment lie inside the band: a superset, rounded outward.
    #[inline(always)]
    fn span(&self, _factor: u64, low_z: i64, high_z: i64) -> Span {
        let ((ex, ez), radius) = (self.way(), i64::from(self.radius.0));
        let (ax, az) = (i64::from(self.from.x.0), i64::from(self.from.z.0));
        let (low_z, high_z) = (low_z - radius - az, high_z + radius - az);
        let (mut first, mut last) = (ex.min(0), ex.max(0));
        if ez != 0 {
            let at = |z: i64| i128::from(ex) * i128::from(z.clamp(ez.min(0), ez.max(0)));
            // div_euclid rounds down or up by at most one: one unit of margin on both sides covers it.
            let divide = |product: i128| match i64::try_from(product) {
                Ok(product) => product.div_euclid(ez),
                Err(_) => product.div_euclid(i128::from(ez)) as i64,
            };
            let (p, q) = (divide(at(low_z)), divide(at(high_z)));
            (first, last) = (p.min(q) - 1, p.max(q) + 1);
        }
        Span { outer: (ax + first - radius, ax + last + radius), inner: NOTHING }
    }

    /// The direction has up to 14 bits. Behind the bounds: the offset's own rounding, at most `slack` units; and the
    /// rounding of the direction, 1/2 for each part of an offset up to 2^15 units.
    #[inline(always)]
    fn judge<L: Lanes>(&self, scale: Scale) -> SweepJudge<L> {
        let (ex, ez) = self.way();
        let longest = ex.unsigned_abs().max(ez.unsigned_abs());
        let shift = (64 - longest.leading_zeros()).saturating_sub(14);
        let round = if shift > 0 { 1 << (shift - 1) } else { 0 };
        let (ux, uz) = ((ex + round) >> shift, (ez + round) >> shift);
        // Between these is the direction's length; a product with an offset is off by at most the margin.
        let floor = (ux * ux + uz * uz).unsigned_abs().isqrt().cast_signed();
        let margin = i64::from(scale.slack) * (floor + 1) + (1 << 15) + 1;
        let radius = i64::from(self.radius.0) >> scale.shift;
        let outward = (radius + 1) * (floor + 1) + margin;
        // How far along the end is, rounded down and up.
        let (far_x, far_z) = (ex.abs() >> scale.shift, ez.abs() >> scale.shift);
        let end = far_x * ux.abs() + far_z * uz.abs();
        let end_up = end + ux.abs() + uz.abs();
        SweepJudge {
            along: L::splat_pair(ux as i16, uz as i16),
            across: L::splat_pair(uz as i16, -ux as i16),
            sure: [
                L::splat(saturate(radius * floor - margin)),
                L::splat(saturate(margin)),
                L::splat(saturate(end - margin)),
            ],
            perhaps: [
                L::splat(saturate(outward)),
                L::splat(saturate(-outward)),
                L::splat(saturate(end_up + outward)),
            ],
        }
    }
}
