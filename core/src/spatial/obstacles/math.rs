//! Vectors of 64-bit integers and unit vectors in Q30, as collision needs them.
//!
//! Lengths are raw Q16.16 metres, directions Q30 (1.0 is 2^30). Products round to the nearest (half up), so that a
//! projection neither creeps to one side nor depends on the direction of the axes by more than half a raw unit.

use crate::numeric::fixed::isqrt_u64;
use crate::numeric::{Brads, Position};

/// One in Q30.
pub(super) const ONE_Q30: i64 = 1 << 30;

/// A vector in space: raw units, or Q30 for directions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct V3 {
    pub x: i64,
    pub y: i64,
    pub z: i64,
}

/// Straight up.
pub(super) const UP: V3 = V3 { x: 0, y: ONE_Q30, z: 0 };

impl V3 {
    pub const ZERO: V3 = V3 { x: 0, y: 0, z: 0 };

    pub const fn new(x: i64, y: i64, z: i64) -> V3 {
        V3 { x, y, z }
    }

    pub fn of(position: Position) -> V3 {
        V3::new(position.x.0.into(), position.y.0.into(), position.z.0.into())
    }

    /// Back to a position; saturates.
    pub fn position(self) -> Position {
        let narrow = crate::numeric::fixed::saturate;
        Position::from_raw(narrow(self.x), narrow(self.y), narrow(self.z))
    }

    pub fn plus(self, other: V3) -> V3 {
        V3::new(self.x + other.x, self.y + other.y, self.z + other.z)
    }

    pub fn minus(self, other: V3) -> V3 {
        V3::new(self.x - other.x, self.y - other.y, self.z - other.z)
    }

    pub fn negated(self) -> V3 {
        V3::new(-self.x, -self.y, -self.z)
    }

    /// The plain sum of products: the caller answers for its range.
    pub fn dot(self, other: V3) -> i64 {
        self.x * other.x + self.y * other.y + self.z * other.z
    }

    /// A raw vector along a Q30 direction, in raw units.
    pub fn along(self, direction: V3) -> i64 {
        round_q30(self.dot(direction))
    }

    /// A Q30 direction times a raw length.
    pub fn times(self, length: i64) -> V3 {
        V3::new(round_q30(self.x * length), round_q30(self.y * length), round_q30(self.z * length))
    }

    /// Cross product of two Q30 directions, Q30.
    pub fn cross_q30(self, other: V3) -> V3 {
        V3::new(
            round_q30(self.y * other.z - self.z * other.y),
            round_q30(self.z * other.x - self.x * other.z),
            round_q30(self.x * other.y - self.y * other.x),
        )
    }

    /// The largest absolute component.
    pub fn reach(self) -> i64 {
        self.x.abs().max(self.y.abs()).max(self.z.abs())
    }

    /// At least the length, at most half as much again; without a root.
    pub fn bound(self) -> i64 {
        let sum = self.x.abs() + self.y.abs() + self.z.abs();
        // (a + (b + c) / 2)^2 is at least a^2 + b^2 + c^2 where a is the largest.
        (sum + self.reach() + 1) / 2
    }

    /// Length, floor; components below 2^30.
    pub fn length(self) -> i64 {
        isqrt_u64(self.dot(self).unsigned_abs()).cast_signed()
    }

    /// Each part's share of a length, Q30, toward zero. No part may exceed the length, and that is 1 to 2^31.
    ///
    /// One division instead of three: the quotient by the inverse is exact or one short, and its remainder says which.
    pub fn shares(self, length: i64) -> V3 {
        debug_assert!((1..=1 << 31).contains(&length) && self.reach() <= length);
        let length = length.unsigned_abs();
        let inverse = (1_u64 << 62) / length;
        let part = |part: i64| {
            let size = part.unsigned_abs();
            let quotient = ((u128::from(size) * u128::from(inverse)) >> 32) as u64;
            let short = (size << 30).wrapping_sub(quotient.wrapping_mul(length)) >= length;
            let quotient = (quotient + u64::from(short)).cast_signed();
            if part < 0 { -quotient } else { quotient }
        };
        V3::new(part(self.x), part(self.y), part(self.z))
    }

    /// The direction of a vector in Q30, each component within one unit; `None` for no vector at all.
    /// Components below 2^61.
    pub fn direction(self) -> Option<V3> {
        let largest = self.reach();
        if largest == 0 {
            return None;
        }
        // Scaled so that the largest component has 30 bits: squares fit, and small vectors keep their direction.
        let bits = 64 - largest.leading_zeros();
        let scale = |part: i64| if bits <= 30 { part << (30 - bits) } else { part >> (bits - 30) };
        let scaled = V3::new(scale(self.x), scale(self.y), scale(self.z));
        Some(scaled.shares(scaled.length()))
    }
}

/// Drops 30 bits, to the nearest.
pub(super) const fn round_q30(value: i64) -> i64 {
    (value + (1 << 29)) >> 30
}

/// Length of (x, z), floor; components below 2^31.
pub(super) fn length2(x: i64, z: i64) -> i64 {
    isqrt_u64((x * x + z * z).unsigned_abs()).cast_signed()
}

/// A turn about the vertical: cosine and sine in Q30.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Turn {
    pub cos: i32,
    pub sin: i32,
}

impl Turn {
    /// By the yaw of the kernel: local x becomes the right hand, local -z the look.
    pub fn of(yaw: Brads) -> Turn {
        let (cos, sin) = (i64::from(yaw.cos().0), i64::from(yaw.sin().0));
        // Sine and cosine come in Q16; made a unit vector again in Q30, so that a turn keeps lengths.
        let length = isqrt_u64(((cos * cos + sin * sin) << 28).unsigned_abs()).cast_signed();
        let part = |part: i64| ((part << 44) / length) as i32;
        Turn { cos: part(cos), sin: part(sin) }
    }

    /// From the shape's axes to the world's: (x, z).
    pub fn out(self, x: i64, z: i64) -> (i64, i64) {
        let (cos, sin) = (i64::from(self.cos), i64::from(self.sin));
        (round_q30(x * cos + z * sin), round_q30(z * cos - x * sin))
    }

    /// From the world's axes to the shape's: (x, z).
    pub fn into_local(self, x: i64, z: i64) -> (i64, i64) {
        let (cos, sin) = (i64::from(self.cos), i64::from(self.sin));
        (round_q30(x * cos - z * sin), round_q30(z * cos + x * sin))
    }
}

/// An upright bounding box in raw units, both ends inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    pub low: V3,
    pub high: V3,
}

impl Bounds {
    pub fn around(point: V3) -> Bounds {
        Bounds { low: point, high: point }
    }

    pub fn grown(self, by: i64) -> Bounds {
        let by = V3::new(by, by, by);
        Bounds { low: self.low.minus(by), high: self.high.plus(by) }
    }

    pub fn and(self, other: Bounds) -> Bounds {
        let (a, b) = (self, other);
        Bounds {
            low: V3::new(a.low.x.min(b.low.x), a.low.y.min(b.low.y), a.low.z.min(b.low.z)),
            high: V3::new(a.high.x.max(b.high.x), a.high.y.max(b.high.y), a.high.z.max(b.high.z)),
        }
    }

    pub fn meets(&self, other: &Bounds) -> bool {
        self.low.x <= other.high.x
            && self.high.x >= other.low.x
            && self.low.z <= other.high.z
            && self.high.z >= other.low.z
            && self.low.y <= other.high.y
            && self.high.y >= other.low.y
    }
}
