//! Triangles: their baked form and the distance to a body.
//!
//! The nearest pair of an upright segment and a triangle is one of: an end of the segment over the triangle's face, the
//! segment beside an edge, or nothing at all where the segment passes through.

use super::Thing;
use super::body::{Axis, Contact, Measures, across};
use super::math::{Bounds, ONE_Q30, V3, round_q30};

/// A triangle as collision reads it: raw units and Q30.
#[derive(Clone, Copy, Debug)]
pub(super) struct Triangle {
    pub corners: [[i32; 3]; 3],
    pub normal: [i32; 3],
    pub thing: Thing,
}

impl Triangle {
    pub fn corner(&self, number: usize) -> V3 {
        let [x, y, z] = self.corners[number];
        V3::new(x.into(), y.into(), z.into())
    }

    pub fn normal(&self) -> V3 {
        let [x, y, z] = self.normal;
        V3::new(x.into(), y.into(), z.into())
    }

    pub fn bounds(&self) -> Bounds {
        let [a, b, c] = [0, 1, 2].map(|number| Bounds::around(self.corner(number)));
        a.and(b).and(c)
    }

    /// Whether the separation from a body may be at most `most`, by its plane and its bounds.
    pub fn within(&self, axis: &Axis, measures: &Measures, most: i64, around: &Bounds) -> bool {
        if !self.bounds().meets(around) {
            return false;
        }
        let (normal, corner) = (self.normal(), self.corner(0));
        let over = |y: i64| V3::new(axis.x, y, axis.z).minus(corner).along(normal);
        let (below, above) = (over(axis.low), over(axis.high));
        let limit = most + measures.ball + measures.core + 2;
        below.min(above) <= limit && below.max(above) >= -limit
    }

    /// The contact with a body whose separation is at most `most`.
    pub fn contact(&self, axis: &Axis, measures: &Measures, most: i64) -> Option<Contact> {
        let low_end = V3::new(axis.x, axis.low, axis.z);
        // All from the lower end of the axis: small numbers.
        let corners = [0, 1, 2].map(|number| self.corner(number).minus(low_end));
        let long = axis.high - axis.low;
        let normal = self.normal();
        let over = |height: i64| round_q30(height * normal.y) - corners[0].along(normal);
        let (below, above) = (over(0), over(long));
        let limit = most + measures.ball + measures.core + 2;
        if below.min(above) > limit || below.max(above) < -limit {
            return None;
        }
        let top = corners.iter().map(|corner| corner.y).max().unwrap_or(0) + axis.low;
        let face_up = normal.y.abs();
        let contact =
            |separation, normal| Contact { separation, normal, face_up, top, support: self.thing.support() };
        if pierced(&corners, normal.y, below, above) {
            // Out in front of the face: the end that is deepest behind it decides.
            let way = measures.ball - below.min(above) + round_q30(measures.core * flat_part(normal));
            return Some(contact(-way, normal));
        }
        let mut nearest = V3::new(i64::MAX >> 33, 0, 0);
        let mut least = i64::MAX;
        let mut offer = |gap: V3| {
            let square = if gap.reach() < 1 << 30 { gap.dot(gap) } else { i64::MAX };
            if square < least {
                (least, nearest) = (square, gap);
            }
        };
        for (height, distance) in [(0, below), (long, above)] {
            if over_face(&corners, normal, V3::new(0, height, 0)) {
                offer(normal.times(distance));
            }
        }
        for edge in 0..3 {
            offer(beside_edge(corners[edge], corners[(edge + 1) % 3], long));
        }
        let (separation, away) = across(nearest, measures, most)?;
        Some(contact(separation, away))
    }
}

/// Length of the horizontal part of a direction, Q30.
fn flat_part(normal: V3) -> i64 {
    V3::new(normal.x, 0, normal.z).length().min(ONE_Q30)
}

/// Whether the upright segment passes through the triangle, its lower end being the origin and `below` and `above` the
/// distances of its ends from the triangle's plane.
fn pierced(corners: &[V3; 3], normal_y: i64, below: i64, above: i64) -> bool {
    if normal_y == 0 || (below > 0) == (above > 0) {
        return false;
    }
    let side = |a: V3, b: V3| i128::from(a.z) * i128::from(b.x) - i128::from(a.x) * i128::from(b.z);
    let sides = [0, 1, 2].map(|edge| side(corners[edge], corners[(edge + 1) % 3]));
    sides.iter().all(|side| *side >= 0) || sides.iter().all(|side| *side <= 0)
}

/// Whether a point lies over (or under) the face: inside the prism along the normal.
fn over_face(corners: &[V3; 3], normal: V3, point: V3) -> bool {
    (0..3).all(|edge| {
        let (a, b) = (corners[edge], corners[(edge + 1) % 3]);
        let (along, to) = (b.minus(a), point.minus(a));
        // Inward is the normal's cross product with the edge.
        let inward = V3::new(
            normal.y * along.z - normal.z * along.y,
            normal.z * along.x - normal.x * along.z,
            normal.x * along.y - normal.y * along.x,
        );
        let wide = |p: i64, q: i64| i128::from(p) * i128::from(q);
        wide(inward.x, to.x) + wide(inward.y, to.y) + wide(inward.z, to.z) >= 0
    })
}

/// The gap from the nearest point of an edge to the upright segment from the origin up to `long`.
fn beside_edge(a: V3, b: V3, long: i64) -> V3 {
    let along = b.minus(a);
    let flat = along.x * along.x + along.z * along.z;
    // The nearest place for an endless upright line; where the edge is upright itself, the part beside the segment.
    let place = if flat > 0 {
        fraction(-(a.x * along.x + a.z * along.z), flat)
    } else {
        fraction((long / 2 - a.y) * along.y.signum(), along.y.abs())
    };
    let at = a.plus(along.times(place));
    if (0..=long).contains(&at.y) {
        return V3::new(-at.x, 0, -at.z);
    }
    // Above or below the segment: its end decides.
    let end = V3::new(0, if at.y < 0 { 0 } else { long }, 0);
    let place = fraction(end.minus(a).dot(along), along.dot(along));
    let at = a.plus(along.times(place));
    let gap_y = if at.y < 0 {
        -at.y
    } else if at.y > long {
        long - at.y
    } else {
        0
    };
    V3::new(-at.x, gap_y, -at.z)
}

/// A quotient within 0..=1 in Q30, floor; exact to 2^-30 of itself. Zero for denominators below 1.
fn fraction(numerator: i64, denominator: i64) -> i64 {
    if numerator <= 0 || denominator <= 0 {
        return 0;
    }
    if numerator >= denominator {
        return ONE_Q30;
    }
    let shift = 32_u32.saturating_sub(denominator.leading_zeros());
    let (numerator, denominator) = (numerator >> shift, denominator >> shift);
    (numerator << 30) / denominator
}
