//! What is left of a way when planes forbid part of it.

use super::math::{ONE_Q30, V3, round_q30};

/// Raw units by which a way may lead into a plane: what rounding makes of a way along it.
pub(super) const TOLERANCE: i64 = 2;

/// Most planes that one way is held against.
pub(super) const PLANES_MOST: usize = 16;

/// Planes through the body's place; the way must not lead against their directions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Planes {
    normals: [V3; PLANES_MOST],
    len: usize,
}

impl Planes {
    pub const fn none() -> Planes {
        Planes { normals: [V3::ZERO; PLANES_MOST], len: 0 }
    }

    /// Adds a plane, if there is room and it is not there.
    pub fn push(&mut self, normal: V3) {
        if self.len < PLANES_MOST && !self.as_slice().contains(&normal) {
            self.normals[self.len] = normal;
            self.len += 1;
        }
    }

    pub fn as_slice(&self) -> &[V3] {
        &self.normals[..self.len]
    }

    /// Whether a way leads into none of them.
    pub fn allow(&self, way: V3) -> bool {
        self.as_slice().iter().all(|normal| way.along(*normal) >= -TOLERANCE)
    }

    /// The longest way that is left: the whole one, else its part along one plane, else along the crease of two, else
    /// none. Among equals the planes given first win. Components of the way below 2^24.
    pub fn clip(&self, way: V3) -> V3 {
        if self.allow(way) {
            return way;
        }
        let normals = self.as_slice();
        let against = normals.iter().filter(|normal| way.along(**normal) < -TOLERANCE);
        let along_one = self.longest(against.map(|normal| flattened(way, *normal)));
        along_one
            .or_else(|| {
                let pairs = normals.iter().enumerate().flat_map(|(at, first)| {
                    normals[at + 1..].iter().filter_map(|second| crease(*first, *second))
                });
                self.longest(pairs.map(|along| along.times(way.along(along))))
            })
            .unwrap_or(V3::ZERO)
    }

    /// The longest of the ways that are allowed; of equals the first.
    fn longest(&self, ways: impl Iterator<Item = V3>) -> Option<V3> {
        ways.filter(|way| self.allow(*way)).fold(None, |best: Option<V3>, way| match best {
            Some(best) if best.dot(best) >= way.dot(way) => Some(best),
            _ => Some(way),
        })
    }
}

/// The part of a way along a plane. Rounding never leaves it leading into the plane: the error goes outward, by at most
/// two raw units in the largest component.
pub(super) fn flattened(way: V3, normal: V3) -> V3 {
    let into = way.along(normal);
    let mut left = way.minus(normal.times(into));
    for _ in 0..2 {
        if left.dot(normal) >= 0 {
            break;
        }
        match normal.reach() {
            most if most == normal.x.abs() => left.x += normal.x.signum(),
            most if most == normal.y.abs() => left.y += normal.y.signum(),
            _ => left.z += normal.z.signum(),
        }
    }
    left
}

/// The direction in which two planes meet; `None` when they are nearly parallel.
fn crease(first: V3, second: V3) -> Option<V3> {
    let cross = first.cross_q30(second);
    if cross.reach() < ONE_Q30 >> 10 { None } else { cross.direction() }
}

/// The upright plane that a walker meets instead of a slope too steep to walk: the horizontal part of its direction.
/// `None` where there is (nearly) none.
pub(super) fn upright(normal: V3) -> Option<V3> {
    if normal.y == 0 {
        return Some(normal);
    }
    let flat = V3::new(normal.x, 0, normal.z);
    if flat.reach() < ONE_Q30 >> 6 { None } else { flat.direction() }
}

/// By how much a way must rise so that it no longer leads into a surface that looks upward by `normal.y`.
pub(super) fn rise_over(way: V3, normal: V3) -> i64 {
    let into = -way.dot(normal);
    if into <= 0 || normal.y <= 0 { 0 } else { into / normal.y + 1 }
}

/// A quotient of raw lengths in Q30, 0..=1.
pub(super) fn share(part: i64, whole: i64) -> i64 {
    if part >= whole || whole <= 0 {
        ONE_Q30
    } else if part <= 0 {
        0
    } else {
        (part << 30) / whole
    }
}

/// A way cut down to a share of it: toward zero.
pub(super) fn cut(way: V3, share: i64) -> V3 {
    if share >= ONE_Q30 {
        return way;
    }
    let part = |part: i64| part * share / ONE_Q30;
    V3::new(part(way.x), part(way.y), part(way.z))
}

/// Raw part of a Q30 share.
pub(super) fn part_of(length: i64, share: i64) -> i64 {
    round_q30(length * share)
}
