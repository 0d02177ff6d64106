//! Boxes and cylinders: their baked form and the distance to a body.
//!
//! Both are upright, like the body, so the vertical and the horizontal part of the distance are found on their own.

use super::Thing;
use super::body::{Axis, Contact, Measures, across, vertical_gap};
use super::math::{ONE_Q30, Turn, UP, V3, length2};
use crate::numeric::fixed::isqrt_u64;

/// A box as collision reads it: raw units.
#[derive(Clone, Copy, Debug)]
pub(super) struct Solid {
    pub kind: SolidKind,
    /// Centre of the footprint.
    pub x: i32,
    pub z: i32,
    pub low: i32,
    pub high: i32,
    pub thing: Thing,
}

/// The footprint of a solid.
#[derive(Clone, Copy, Debug)]
pub(super) enum SolidKind {
    Box { half_x: i32, half_z: i32, turn: Turn },
    Cylinder { radius: i32 },
}

/// Where a solid stands beside an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beside {
    /// Farther from the body than asked for.
    Far,
    /// So far from it, in this direction: from the solid to the body, Q30.
    At { separation: i64, x: i64, z: i64 },
    /// The axis is in it.
    Inside,
    /// It is too wide for these numbers.
    Wide,
}

impl Solid {
    /// Whether the separation from a body is at most `most`: no root, no division. True also within two raw units beyond.
    #[inline]
    pub fn within(&self, axis: &Axis, measures: &Measures, most: i64) -> bool {
        let limit = most + measures.ball + 2;
        let up = vertical_gap(axis, self.low.into(), self.high.into()).abs();
        let (away_x, away_z) = (axis.x - i64::from(self.x), axis.z - i64::from(self.z));
        let flat = limit + measures.core;
        match self.kind {
            SolidKind::Box { half_x, half_z, turn } => {
                let (x, z) = turn.into_local(away_x, away_z);
                let x = (x.abs() - i64::from(half_x)).max(0);
                let z = (z.abs() - i64::from(half_z)).max(0);
                x.max(z) <= flat && up <= limit && x * x + z * z + up * up <= flat * flat
            }
            SolidKind::Cylinder { radius } => {
                let reach = i64::from(radius) + flat;
                away_x.abs().max(away_z.abs()) <= reach
                    && up <= limit
                    && away_x * away_x + away_z * away_z <= reach * reach
            }
        }
    }

    /// Whether the footprint is within `reach` of a point of the ground plane, up to two raw units.
    #[inline]
    pub fn stands_within(&self, x: i64, z: i64, reach: i64) -> bool {
        let (away_x, away_z) = (x - i64::from(self.x), z - i64::from(self.z));
        match self.kind {
            SolidKind::Box { half_x, half_z, turn } => {
                let (x, z) = turn.into_local(away_x, away_z);
                let x = (x.abs() - i64::from(half_x)).max(0);
                let z = (z.abs() - i64::from(half_z)).max(0);
                x.max(z) <= reach && x * x + z * z <= reach * reach
            }
            SolidKind::Cylinder { radius } => {
                let reach = i64::from(radius) + reach;
                away_x.abs().max(away_z.abs()) <= reach && away_x * away_x + away_z * away_z <= reach * reach
            }
        }
    }

    /// The contact with a body whose separation is at most `most`. `edge` is the largest |x| and |z| that a body may be
    /// pushed to.
    pub fn contact(&self, axis: &Axis, measures: &Measures, most: i64, edge: i64) -> Option<Contact> {
        if !self.within(axis, measures, most) {
            return None;
        }
        let up = vertical_gap(axis, self.low.into(), self.high.into());
        let (away_x, away_z) = (axis.x - i64::from(self.x), axis.z - i64::from(self.z));
        if up == 0 && measures.core == 0 {
            match self.beside(axis.x, axis.z, measures.ball, most) {
                Beside::Far => return None,
                Beside::At { separation, x, z } => {
                    return Some(self.touched(separation, V3::new(x, 0, z), 0));
                }
                Beside::Inside => return Some(self.way_out(axis, measures, (away_x, away_z), edge)),
                Beside::Wide => {}
            }
        }
        let (gap, turn) = match self.kind {
            SolidKind::Box { half_x, half_z, turn } => {
                let (x, z) = turn.into_local(away_x, away_z);
                let beyond = |part: i64, half: i32| (part.abs() - i64::from(half)).max(0) * part.signum();
                (V3::new(beyond(x, half_x), up, beyond(z, half_z)), Some(turn))
            }
            SolidKind::Cylinder { radius } => (round_gap(away_x, up, away_z, radius.into()), None),
        };
        let narrow = gap.x != 0 || gap.z != 0 || gap.y != 0;
        let found = if narrow { across(gap, measures, most) } else { None };
        match found {
            Some((separation, local)) => {
                let normal = match turn {
                    Some(turn) => {
                        let (x, z) = turn.out(local.x, local.z);
                        V3::new(x, local.y, z)
                    }
                    None => local,
                };
                Some(self.touched(separation, normal, if up > 0 { ONE_Q30 } else { 0 }))
            }
            None if self.holds_axis(&gap, measures) => {
                Some(self.way_out(axis, measures, (away_x, away_z), edge))
            }
            None => None,
        }
    }

    /// Where it stands beside an upright axis that is not above or below it, for a body with balls of this radius.
    #[inline]
    pub fn beside(&self, x: i64, z: i64, ball: i64, most: i64) -> Beside {
        let limit = most + ball;
        let (away_x, away_z) = (x - i64::from(self.x), z - i64::from(self.z));
        match self.kind {
            SolidKind::Box { half_x, half_z, turn } => {
                let (x, z) = turn.into_local(away_x, away_z);
                let beyond = |part: i64, half: i32| (part.abs() - i64::from(half)).max(0) * part.signum();
                let gap = V3::new(beyond(x, half_x), 0, beyond(z, half_z));
                if gap.reach() > limit {
                    return Beside::Far;
                }
                let (separation, local) = match (gap.x, gap.z) {
                    (0, 0) => return Beside::Inside,
                    // Straight gaps need no root and have exact directions.
                    (x, 0) => (x.abs() - ball, V3::new(x.signum() * ONE_Q30, 0, 0)),
                    (0, z) => (z.abs() - ball, V3::new(0, 0, z.signum() * ONE_Q30)),
                    _ if gap.dot(gap) > (limit + 2) * (limit + 2) => return Beside::Far,
                    _ => {
                        let fine = V3::new(gap.x << 6, 0, gap.z << 6);
                        let length = isqrt_u64(fine.dot(fine).unsigned_abs()).cast_signed();
                        let separation = (length >> 6) - ball;
                        if separation > most {
                            return Beside::Far;
                        }
                        (separation, fine.shares(length))
                    }
                };
                let (x, z) = turn.out(local.x, local.z);
                Beside::At { separation, x, z }
            }
            SolidKind::Cylinder { radius } => {
                let reach = i64::from(radius) + limit + 2;
                if away_x.abs().max(away_z.abs()) > reach || away_x * away_x + away_z * away_z > reach * reach
                {
                    return Beside::Far;
                }
                if radius >= 1 << 21 {
                    return Beside::Wide;
                }
                let fine = V3::new(away_x << 6, 0, away_z << 6);
                let length = isqrt_u64(fine.dot(fine).unsigned_abs()).cast_signed();
                let beyond = (length >> 6) - i64::from(radius);
                if beyond <= 0 {
                    return Beside::Inside;
                }
                if beyond - ball > most {
                    return Beside::Far;
                }
                let normal = fine.shares(length);
                Beside::At { separation: beyond - ball, x: normal.x, z: normal.z }
            }
        }
    }

    fn touched(&self, separation: i64, normal: V3, face_up: i64) -> Contact {
        Contact { separation, normal, face_up, top: self.high.into(), support: self.thing.support() }
    }

    /// Whether the (widened) axis reaches into the solid.
    fn holds_axis(&self, gap: &V3, measures: &Measures) -> bool {
        gap.y == 0 && length2(gap.x, gap.z) <= measures.core
    }

    /// The shortest way out for a body whose axis is inside: sideways or up, never down into the ground and never out of
    /// the world. Sideways wins where it is as short as up.
    fn way_out(&self, axis: &Axis, measures: &Measures, away: (i64, i64), edge: i64) -> Contact {
        let radius = measures.radius();
        let up = i64::from(self.high) + measures.ball - axis.low;
        let mut best = (up, UP, ONE_Q30);
        let mut offer = |way: i64, normal: V3| {
            let to = V3::new(axis.x, 0, axis.z).plus(normal.times(way));
            let shorter = way < best.0 || (way == best.0 && best.2 != 0);
            if shorter && to.x.abs() <= edge && to.z.abs() <= edge {
                best = (way, normal, 0);
            }
        };
        match self.kind {
            SolidKind::Box { half_x, half_z, turn } => {
                let (x, z) = turn.into_local(away.0, away.1);
                for (local_x, local_z, way) in [
                    (ONE_Q30, 0, i64::from(half_x) + radius - x),
                    (-ONE_Q30, 0, i64::from(half_x) + radius + x),
                    (0, ONE_Q30, i64::from(half_z) + radius - z),
                    (0, -ONE_Q30, i64::from(half_z) + radius + z),
                ] {
                    let (normal_x, normal_z) = turn.out(local_x, local_z);
                    offer(way, V3::new(normal_x, 0, normal_z));
                }
            }
            SolidKind::Cylinder { radius: own } => {
                let way = i64::from(own) + radius - length2(away.0, away.1);
                let outward = V3::new(away.0, 0, away.1).direction();
                offer(way, outward.unwrap_or(V3::new(ONE_Q30, 0, 0)));
            }
        }
        self.touched(-best.0, best.1, best.2)
    }
}

/// The gap between an upright axis and an upright cylinder.
fn round_gap(away_x: i64, up: i64, away_z: i64, radius: i64) -> V3 {
    let away = length2(away_x, away_z);
    if away <= radius {
        return V3::new(0, up, 0);
    }
    let beyond = away - radius;
    V3::new(away_x * beyond / away, up, away_z * beyond / away)
}

/// A platform where it stands now.
pub(super) fn moved_box(
    place: super::platform::PlatformPlace,
    half_sizes: [crate::numeric::Metres; 3],
    thing: Thing,
) -> Solid {
    let [half_x, half_y, half_z] = half_sizes.map(|half| half.0);
    Solid {
        kind: SolidKind::Box { half_x, half_z, turn: Turn::of(place.yaw) },
        x: place.centre.x.0,
        z: place.centre.z.0,
        low: place.centre.y.0 - half_y,
        high: place.centre.y.0 + half_y,
        thing,
    }
}
