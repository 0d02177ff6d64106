//! The moving body, and how far it is from a shape.
//!
//! **The body** is an upright capsule, the same that arrows are tested against: half balls below and above, feet at its
//! lowest point. A capsule has no corners that catch on edges, its height above a ledge changes continuously with its
//! place, and one distance says all about it. A body wider than high is a capsule of half its height whose axis is
//! widened to a disc.
//!
//! **Separation** is the distance between the shape and the capsule, negative inside, together with the plane between
//! the two: for convex shapes a body that does not cross the plane does not touch the shape, however far it moves along
//! it. Distances are floor, at most two raw units (30 µm) below the exact ones.

use super::Support;
use super::math::{ONE_Q30, UP, V3};
use crate::numeric::Metres;
use crate::numeric::fixed::isqrt_u64;

/// What moves: an upright capsule over its feet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Body {
    /// Half its width; taken as 1/16 m to 16 m.
    pub radius: Metres,
    /// From its feet to its top; taken as 1/8 m to 32 m.
    pub height: Metres,
}

/// A body's measures as collision uses them, in raw units.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measures {
    /// Radius of the balls.
    pub ball: i64,
    /// Radius of the disc that widens the axis; zero for bodies at least as high as wide.
    pub core: i64,
    pub height: i64,
}

impl Measures {
    pub fn of(body: Body) -> Measures {
        let radius = i64::from(body.radius.0).clamp(1 << 12, 1 << 20);
        let height = i64::from(body.height.0).clamp(1 << 13, 1 << 21);
        let ball = radius.min(height / 2);
        Measures { ball, core: radius - ball, height }
    }

    pub fn radius(&self) -> i64 {
        self.ball + self.core
    }

    /// The axis of the capsule when its feet are at `feet`.
    pub fn at(&self, feet: V3) -> Axis {
        Axis { x: feet.x, z: feet.z, low: feet.y + self.ball, high: feet.y + self.height - self.ball }
    }
}

/// The upright line between the centres of the two balls.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    pub x: i64,
    pub z: i64,
    pub low: i64,
    pub high: i64,
}

/// Where a body and a shape are nearest, or how it leaves the shape.
#[derive(Clone, Copy, Debug)]
pub(super) struct Contact {
    /// Raw distance between body and shape, negative inside.
    pub separation: i64,
    /// Q30, from the shape to the body.
    pub normal: V3,
    /// How much the shape's surface looks up there, Q30: one for the tops of boxes and cylinders with their rims.
    pub face_up: i64,
    /// Highest point of the shape, raw.
    pub top: i64,
    /// Who it is.
    pub support: Support,
}

impl Contact {
    pub const NONE: Contact =
        Contact { separation: i64::MAX, normal: UP, face_up: 0, top: 0, support: Support::NOTHING };
}

/// The distance of a gap between shape and axis that is not zero: (separation, direction in Q30).
/// `None` where the axis touches the shape or the gap is wider than `most`.
pub(super) fn across(gap: V3, measures: &Measures, most: i64) -> Option<(i64, V3)> {
    let gap = narrowed(gap, measures.core);
    let limit = most + measures.ball;
    if gap.reach() > limit {
        return None;
    }
    // Straight gaps need no root and have exact directions.
    match (gap.x, gap.y, gap.z) {
        (0, 0, 0) => return None,
        (0, y, 0) => return Some((y.abs() - measures.ball, V3::new(0, y.signum() * ONE_Q30, 0))),
        (x, 0, 0) => return Some((x.abs() - measures.ball, V3::new(x.signum() * ONE_Q30, 0, 0))),
        (0, 0, z) => return Some((z.abs() - measures.ball, V3::new(0, 0, z.signum() * ONE_Q30))),
        _ => {}
    }
    let fine = V3::new(gap.x << 6, gap.y << 6, gap.z << 6);
    let length = isqrt_u64(fine.dot(fine).unsigned_abs()).cast_signed();
    let separation = (length >> 6) - measures.ball;
    if separation > most {
        return None;
    }
    Some((separation, fine.shares(length)))
}

/// The gap that is left when the axis is widened to a disc.
fn narrowed(gap: V3, core: i64) -> V3 {
    if core == 0 {
        return gap;
    }
    let wide = super::math::length2(gap.x, gap.z);
    if wide <= core {
        return V3::new(0, gap.y, 0);
    }
    let left = wide - core;
    V3::new(gap.x * left / wide, gap.y, gap.z * left / wide)
}

/// Vertical gap between an axis and a shape from `low` to `high`: positive where the axis is above.
pub(super) fn vertical_gap(axis: &Axis, low: i64, high: i64) -> i64 {
    if axis.low > high {
        axis.low - high
    } else if axis.high < low {
        axis.high - low
    } else {
        0
    }
}
