//! Boxes turned by a yaw.

use super::search::{Bounds, Judge, NOTHING, Region, Scale, Shape, Span};
use crate::numeric::fixed::saturate;
use crate::numeric::lanes::{LaneMask, Lanes};
use crate::numeric::{Brads, Metres};

/// A rectangle on the ground plane, turned about its centre; its edges belong to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct YawBox {
    /// Its centre, x.
    pub x: Metres,
    /// Its centre, z.
    pub z: Metres,
    /// Where it looks.
    pub yaw: Brads,
    /// From the centre to the right edge; negative makes it empty.
    pub half_width: Metres,
    /// From the centre to the front edge, the way it looks; negative makes it empty.
    pub half_depth: Metres,
}

/// Distances from the middle lines, in short units and Q14, up to which a row is surely or perhaps inside.
#[derive(Clone, Copy)]
pub struct YawBoxJudge<L> {
    forward: L,
    right: L,
    depth: [L; 2],
    width: [L; 2],
}

impl<L: Lanes> Judge<L> for YawBoxJudge<L> {
    #[inline(always)]
    fn judge(self, offsets: L) -> (L::Mask, L::Mask) {
        let (ahead, aside) = (offsets.dot16(self.forward).abs(), offsets.dot16(self.right).abs());
        let sure = self.depth[0].greater(ahead).and(self.width[0].greater(aside));
        (sure, self.depth[1].greater(ahead).and(self.width[1].greater(aside)))
    }
}

impl YawBox {
    /// Directions of the box in Q16: forward x and z, right x and z.
    #[inline(always)]
    fn axes(&self) -> [i64; 4] {
        let ((fx, fz), (rx, rz)) = (self.yaw.forward(), self.yaw.right());
        [fx, fz, rx, rz].map(|part| i64::from(part.0))
    }
}

/// From Q16 to Q14.
#[inline(always)]
fn q14(part: i64) -> i16 {
    ((part + 2) >> 2) as i16
}

impl Shape for YawBox {
    type Region = Self;

    #[inline(always)]
    fn region(&self) -> Self {
        *self
    }
}

impl Region for YawBox {
    type Judge<L: Lanes> = YawBoxJudge<L>;

    #[inline(always)]
    fn bounds(&self) -> Option<Bounds> {
        let (depth, width) = (i64::from(self.half_depth.0), i64::from(self.half_width.0));
        if depth < 0 || width < 0 {
            return None;
        }
        let [fx, fz, rx, rz] = self.axes();
        // Rounded up, and more by 2^-14: the axes' length differs from 1 by less than that.
        let half = |f: i64, r: i64| {
            let half = (depth * f.abs() + width * r.abs()) >> 16;
            half + (half >> 14) + 2
        };
        Some(Bounds::around(self.x.0.into(), self.z.0.into(), half(fx, rx), half(fz, rz)))
    }

    #[inline(always)]
    fn anchor(&self) -> (i32, i32) {
        (self.x.0, self.z.0)
    }

    /// Exact for the integer sine and cosine of the yaw.
    #[inline(always)]
    fn exact(&self, x: i32, z: i32) -> bool {
        let (dx, dz) = (i64::from(x) - i64::from(self.x.0), i64::from(z) - i64::from(self.z.0));
        let [fx, fz, rx, rz] = self.axes();
        let within = |along: i64, half: Metres| along.abs() <= i64::from(half.0) << 16;
        within(dx * fx + dz * fz, self.half_depth) && within(dx * rx + dz * rz, self.half_width)
    }

    /// The box around it, on every line.
    #[inline(always)]
    fn span(&self, _factor: u64, _low_z: i64, _high_z: i64) -> Span {
        let outer = self.bounds().map_or(NOTHING, |bounds| (bounds.low_x.into(), bounds.high_x.into()));
        Span { outer, inner: NOTHING }
    }

    /// Behind the margin: the offset's own rounding, at most `slack` units, and the rounding of the axes to 14 bits, 1/2
    /// for each part of an offset up to 2^15 units.
    #[inline(always)]
    fn judge<L: Lanes>(&self, scale: Scale) -> YawBoxJudge<L> {
        let [fx, fz, rx, rz] = self.axes();
        let margin = (i64::from(scale.slack) + 4) << 14;
        let short = |half: Metres| (i64::from(half.0.max(0)) << 14) >> scale.shift;
        let (depth, width) = (short(self.half_depth), short(self.half_width));
        YawBoxJudge {
            forward: L::splat_pair(q14(fx), q14(fz)),
            right: L::splat_pair(q14(rx), q14(rz)),
            depth: [L::splat(saturate(depth - margin)), L::splat(saturate(depth + margin))],
            width: [L::splat(saturate(width - margin)), L::splat(saturate(width + margin))],
        }
    }
}
