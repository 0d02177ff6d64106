//! Cones: what a swing reaches.

use super::disc::{Disc, DiscJudge};
use super::search::{Bounds, Judge, NOTHING, Region, Scale, Shape, Span};
use crate::numeric::fixed::saturate;
use crate::numeric::lanes::{LaneMask, Lanes};
use crate::numeric::{Brads, Fx, Metres};

/// A sector of a disc on the ground plane.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cone {
    /// Where it starts, x.
    pub x: Metres,
    /// Where it starts, z.
    pub z: Metres,
    /// Its middle direction.
    pub yaw: Brads,
    /// Angle between the middle and either edge: a quarter turn is a half disc, half a turn the whole disc. Larger
    /// angles count as half a turn.
    pub half_angle: Brads,
    /// How far it reaches, at most [`Cone::MAX_RADIUS`].
    pub radius: Metres,
}

impl Cone {
    /// The longest reach: up to here the angle test is exact in 64 bits.
    pub const MAX_RADIUS: Metres = Metres::from_m(4096);

    /// Whether a point of the ground plane lies inside; the edges belong to the cone, and so does its tip.
    ///
    /// Exact for the integer sines and cosines of the two angles. Radii beyond [`Cone::MAX_RADIUS`] count as that.
    #[must_use]
    pub fn contains(&self, x: Metres, z: Metres) -> bool {
        self.region().exact(x.0, z.0)
    }

    /// With what all its tests share worked out, but for the sine and the cosine of half the angle, which are known.
    #[inline(always)]
    pub(crate) fn prepared(&self, [sin, cos]: [Fx; 2]) -> ConeRegion {
        debug_assert_eq!([sin, cos], [self.half_angle.sin(), self.half_angle.cos()]);
        let (x, z) = self.yaw.forward();
        ConeRegion {
            disc: self.disc(),
            yaw: self.yaw,
            half_angle: self.half_angle,
            forward: (x.0.into(), z.0.into()),
            half: (sin.0.into(), cos.0.into()),
        }
    }

    /// The disc it is a part of.
    #[inline(always)]
    fn disc(&self) -> Disc {
        Disc { x: self.x, z: self.z, radius: self.radius.min(Cone::MAX_RADIUS) }
    }
}

/// A cone with the sines of its angles.
#[derive(Clone, Copy, Debug)]
pub struct ConeRegion {
    disc: Disc,
    yaw: Brads,
    half_angle: Brads,
    /// The middle direction, x and z, in Q16.
    forward: (i64, i64),
    /// Sine and cosine of half the angle, in Q16.
    half: (i64, i64),
}

/// How far a cone opens: where its points lie by its two edges.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Opening {
    /// On the inner side of both.
    Narrow,
    /// On the inner side of either: more than half a disc.
    Wide,
    /// Anywhere.
    Whole,
}

impl ConeRegion {
    /// [`Cone::contains`], of raw coordinates.
    #[inline(always)]
    pub(crate) fn has(&self, x: i32, z: i32) -> bool {
        self.exact(x, z)
    }

    /// Raw x and z of its tip.
    #[inline(always)]
    pub(in crate::spatial) fn tip(&self) -> (i32, i32) {
        (self.disc.x.0, self.disc.z.0)
    }

    #[inline(always)]
    pub(in crate::spatial) fn radius(&self) -> Metres {
        self.disc.radius
    }

    #[inline(always)]
    pub(in crate::spatial) fn opening(&self) -> Opening {
        if self.half_angle >= Brads::HALF {
            Opening::Whole
        } else if self.half_angle > Brads::QUARTER {
            Opening::Wide
        } else {
            Opening::Narrow
        }
    }

    /// Normals of its edges towards the inner side, x and z in Q14.
    #[inline(always)]
    pub(in crate::spatial) fn normals(&self) -> [(i16, i16); 2] {
        let [a, b] = self.edges();
        let q14 = |part: i64| ((part + 2) >> 2) as i16;
        // To the right of the left edge, to the left of the right one.
        [(q14(-a.1), q14(a.0)), (q14(b.1), q14(-b.0))]
    }

    /// A box around it: raw low and high along x and z.
    #[inline(always)]
    pub(in crate::spatial) fn box_around(&self) -> Option<[[i32; 2]; 2]> {
        let bounds = self.bounds()?;
        Some([[bounds.low_x, bounds.high_x], [bounds.low_z, bounds.high_z]])
    }

    /// Directions of the two edges, x and z in Q16: the middle one turned by half the angle either way. Off by less than
    /// 2 units for the rounding of the sines and of the products.
    #[inline(always)]
    fn edges(&self) -> [(i64, i64); 2] {
        let ((x, z), (sin, cos)) = (self.forward, self.half);
        // forward = (-sin yaw, -cos yaw); adding an angle a gives (x cos a + z sin a, z cos a - x sin a).
        let turned = |sin: i64| ((x * cos + z * sin) >> 16, (z * cos - x * sin) >> 16);
        [turned(sin), turned(-sin)]
    }
}

/// How far a cone reaches along an axis, in raw units: (low, high), both ways. `ends` are the parts of its edges along
/// the axis, `looks` says whether the axis itself lies in the cone, backward and forward.
#[inline(always)]
fn extent(radius: i64, ends: [i64; 2], looks: [bool; 2]) -> (i64, i64) {
    // The edges were rounded: a little more covers that.
    let slack = (radius >> 12) + 2;
    let at = |direction: i64| (radius * direction) >> 16;
    let low = if looks[0] { -radius } else { at(ends[0].min(ends[1]).min(0)) - slack };
    let high = if looks[1] { radius } else { at(ends[0].max(ends[1]).max(0)) + slack };
    (low.max(-radius), high.min(radius))
}

/// The disc, and the two edges: how far to the inner side of an edge a row is, against a margin that covers every
/// rounding.
#[derive(Clone, Copy)]
pub struct ConeJudge<L> {
    disc: DiscJudge<L>,
    left: L,
    right: L,
    sure: L,
    perhaps: L,
    opening: Opening,
}

impl<L: Lanes> Judge<L> for ConeJudge<L> {
    #[inline(always)]
    fn judge(self, offsets: L) -> (L::Mask, L::Mask) {
        let (sure, perhaps) = self.disc.judge(offsets);
        let (left, right) = (offsets.dot16(self.left), offsets.dot16(self.right));
        // The smaller of the two must be inside, or the larger.
        let inside = match self.opening {
            Opening::Narrow => left.min(right),
            Opening::Wide => left.max(right),
            Opening::Whole => return (sure, perhaps),
        };
        (sure.and(inside.greater(self.sure)), perhaps.and(inside.greater(self.perhaps)))
    }
}

impl Shape for Cone {
    type Region = ConeRegion;

    #[inline(always)]
    fn region(&self) -> ConeRegion {
        self.prepared([self.half_angle.sin(), self.half_angle.cos()])
    }
}

impl Region for ConeRegion {
    type Judge<L: Lanes> = ConeJudge<L>;

    #[inline(always)]
    fn bounds(&self) -> Option<Bounds> {
        let radius = i64::from(self.disc.radius.0);
        if radius < 0 || self.half_angle >= Brads::QUARTER {
            return self.disc.bounds();
        }
        let [a, b] = self.edges();
        // Yaw 0 looks along -z, a quarter turn along -x.
        let looks = |quarters: u16| self.yaw.distance(Brads(quarters << 14)) <= self.half_angle.0;
        let (low_x, high_x) = extent(radius, [a.0, b.0], [looks(1), looks(3)]);
        let (low_z, high_z) = extent(radius, [a.1, b.1], [looks(0), looks(2)]);
        let (x, z) = (i64::from(self.disc.x.0), i64::from(self.disc.z.0));
        Some(Bounds {
            low_x: saturate(x + low_x),
            high_x: saturate(x + high_x),
            low_z: saturate(z + low_z),
            high_z: saturate(z + high_z),
        })
    }

    #[inline(always)]
    fn anchor(&self) -> (i32, i32) {
        self.disc.anchor()
    }

    #[inline(always)]
    fn exact(&self, x: i32, z: i32) -> bool {
        if !self.disc.exact(x, z) {
            return false;
        }
        if self.half_angle >= Brads::HALF {
            return true;
        }
        let (dx, dz) = (i64::from(x) - i64::from(self.disc.x.0), i64::from(z) - i64::from(self.disc.z.0));
        let ((fx, fz), (sin, cos)) = (self.forward, self.half);
        // In the cone's own axes: how far ahead, and how far aside.
        let ahead = dx * fx + dz * fz;
        let aside = (dx * fz - dz * fx).abs();
        // sin(angle of the point - half angle) <= 0, and not the point straight behind a cone of no width.
        aside * cos <= ahead * sin && (ahead >= 0 || self.half_angle > Brads::QUARTER)
    }

    #[inline(always)]
    fn span_factor(&self) -> u64 {
        self.disc.inverse()
    }

    #[inline(always)]
    fn span(&self, factor: u64, low_z: i64, high_z: i64) -> Span {
        Span { inner: NOTHING, ..self.disc.cover(factor, low_z, high_z) }
    }

    /// The edges' normals have 14 bits. Behind the margin: the offset's own rounding, at most `slack` units; rounding and
    /// error of the two normals' parts, one each, over offsets up to 2^15 units (at most 46 400); and the error of the
    /// sines that the exact test uses (at most 24 600).
    #[inline(always)]
    fn judge<L: Lanes>(&self, scale: Scale) -> ConeJudge<L> {
        let [left, right] = self.normals();
        let margin = (scale.slack + 5) << 14;
        ConeJudge {
            disc: DiscJudge::new(self.disc.radius.0, scale),
            left: L::splat_pair(left.0, left.1),
            right: L::splat_pair(right.0, right.1),
            sure: L::splat(margin),
            perhaps: L::splat(-margin),
            opening: self.opening(),
        }
    }
}
