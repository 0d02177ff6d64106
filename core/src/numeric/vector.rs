//! Positions and velocities: three raw coordinates, x east, y up, z south.

use super::angle::Brads;
use super::fixed::{isqrt_u64, length2d, length3d};
use super::units::{Metres, MetresPerSecond};
use bytemuck::{Pod, Zeroable};
use core::fmt;

/// A point of the zone, relative to the zone's centre. 12 bytes, no padding.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Pod, Zeroable)]
#[repr(C)]
pub struct Position {
    /// East.
    pub x: Metres,
    /// Up.
    pub y: Metres,
    /// South.
    pub z: Metres,
}

/// A velocity. 12 bytes, no padding.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Pod, Zeroable)]
#[repr(C)]
pub struct Velocity {
    /// East.
    pub x: MetresPerSecond,
    /// Up.
    pub y: MetresPerSecond,
    /// South.
    pub z: MetresPerSecond,
}

const _: () = assert!(size_of::<Position>() == 12 && size_of::<Velocity>() == 12);

impl Position {
    /// The centre of the zone at height zero.
    pub const ORIGIN: Position = Position { x: Metres::ZERO, y: Metres::ZERO, z: Metres::ZERO };

    /// From three coordinates.
    #[must_use]
    pub const fn new(x: Metres, y: Metres, z: Metres) -> Position {
        Position { x, y, z }
    }

    /// From three raw Q16.16 coordinates, as the columns hold them.
    #[must_use]
    pub const fn from_raw(x: i32, y: i32, z: i32) -> Position {
        Position { x: Metres(x), y: Metres(y), z: Metres(z) }
    }

    /// The position after one tick at `velocity`; every part rounded by [`MetresPerSecond::per_tick`], sums wrap.
    ///
    /// # Panics
    /// When `tick_hz` is zero: configurations are validated before.
    #[must_use]
    pub fn advanced(self, velocity: Velocity, tick_hz: u16) -> Position {
        Position {
            x: self.x + velocity.x.per_tick(tick_hz),
            y: self.y + velocity.y.per_tick(tick_hz),
            z: self.z + velocity.z.per_tick(tick_hz),
        }
    }

    /// Moved by three lengths; sums wrap.
    #[must_use]
    pub fn offset(self, x: Metres, y: Metres, z: Metres) -> Position {
        Position { x: self.x + x, y: self.y + y, z: self.z + z }
    }

    /// Square of the horizontal distance in raw units (2^-32 m²): exact for points of one zone, saturated beyond.
    #[must_use]
    pub const fn horizontal_distance_squared(self, other: Position) -> u64 {
        let (x, z) = (self.x.0.abs_diff(other.x.0) as u64, self.z.0.abs_diff(other.z.0) as u64);
        (x * x).saturating_add(z * z)
    }

    /// Distance on the ground plane: floor, saturated at `i32::MAX`.
    #[must_use]
    pub const fn horizontal_distance(self, other: Position) -> Metres {
        rooted(self.horizontal_distance_squared(other))
    }

    /// Distance in space: floor, saturated at `i32::MAX`.
    #[must_use]
    pub const fn distance(self, other: Position) -> Metres {
        let y = self.y.0.abs_diff(other.y.0) as u64;
        rooted(self.horizontal_distance_squared(other).saturating_add(y * y))
    }

    /// The yaw under which one sees `other` from here; 0 when both stand on one spot.
    #[must_use]
    pub fn yaw_toward(self, other: Position) -> Brads {
        let way = |from: Metres, to: Metres| i64::from(to.0) - i64::from(from.0);
        let (x, z) = (way(self.x, other.x), way(self.z, other.z));
        match (i32::try_from(x), i32::try_from(z)) {
            (Ok(x), Ok(z)) => Brads::yaw_of(Metres(x), Metres(z)),
            // From one end of the numbers to the other: half the way has the same direction.
            _ => Brads::yaw_of(Metres((x / 2) as i32), Metres((z / 2) as i32)),
        }
    }
}

/// The length whose square this is: floor, saturated.
const fn rooted(squared: u64) -> Metres {
    let length = isqrt_u64(squared);
    if length > i32::MAX as u64 { Metres(i32::MAX) } else { Metres(length as i32) }
}

impl Velocity {
    /// At rest.
    pub const ZERO: Velocity =
        Velocity { x: MetresPerSecond::ZERO, y: MetresPerSecond::ZERO, z: MetresPerSecond::ZERO };

    /// From three parts.
    #[must_use]
    pub const fn new(x: MetresPerSecond, y: MetresPerSecond, z: MetresPerSecond) -> Velocity {
        Velocity { x, y, z }
    }

    /// From three raw Q16.16 parts, as the columns hold them.
    #[must_use]
    pub const fn from_raw(x: i32, y: i32, z: i32) -> Velocity {
        Velocity { x: MetresPerSecond(x), y: MetresPerSecond(y), z: MetresPerSecond(z) }
    }

    /// Speed over the ground, floor.
    #[must_use]
    pub const fn horizontal_speed(self) -> MetresPerSecond {
        MetresPerSecond(length2d(self.x.0, self.z.0))
    }

    /// Speed in space, floor.
    #[must_use]
    pub const fn speed(self) -> MetresPerSecond {
        MetresPerSecond(length3d(self.x.0, self.y.0, self.z.0))
    }
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}, {}, {})", self.x, self.y, self.z)
    }
}

impl fmt::Debug for Velocity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}, {}, {})", self.x, self.y, self.z)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_of_a_known_triangle() {
        let a = Position::new(Metres::from_m(1), Metres::from_m(2), Metres::from_m(3));
        let b = a.offset(Metres::from_m(3), Metres::from_m(12), Metres::from_m(-4));
        assert_eq!(a.horizontal_distance(b), Metres::from_m(5));
        assert_eq!(a.distance(b), Metres::from_m(13));
        assert_eq!(a.horizontal_distance_squared(b), (5u64 << 16).pow(2));
    }

    #[test]
    fn the_ends_of_the_numbers_are_far_apart() {
        let end = |x: i32, z: i32| Position::from_raw(x, 0, z);
        let (west, east) = (end(i32::MIN, 0), end(i32::MAX, 0));
        assert_eq!(west.horizontal_distance_squared(east), u64::from(u32::MAX).pow(2));
        assert_eq!(
            (west.horizontal_distance(east), west.distance(east)),
            (Metres(i32::MAX), Metres(i32::MAX))
        );
        assert_eq!(west.yaw_toward(east), Brads::from_degrees(-90));
        let (one, other) = (end(i32::MIN, i32::MAX), end(i32::MAX, i32::MIN));
        assert_eq!(one.horizontal_distance_squared(other), u64::MAX);
        assert_eq!(one.yaw_toward(other), Brads::from_degrees(-45));
    }

    #[test]
    fn sixty_ticks_cover_a_second() {
        let velocity =
            Velocity::new(MetresPerSecond::from_m(60), MetresPerSecond::ZERO, MetresPerSecond::from_m(-120));
        let mut position = Position::ORIGIN;
        for _ in 0..60 {
            position = position.advanced(velocity, 60);
        }
        assert_eq!(position, Position::new(Metres::from_m(60), Metres::ZERO, Metres::from_m(-120)));
        assert_eq!(velocity.horizontal_speed().to_mm(), 134_164);
    }

    #[test]
    fn yaw_toward_follows_the_axes() {
        let north = Position::new(Metres::ZERO, Metres::ZERO, Metres::from_m(-1));
        let east = Position::new(Metres::from_m(1), Metres::ZERO, Metres::ZERO);
        assert_eq!(Position::ORIGIN.yaw_toward(north), Brads(0));
        assert_eq!(Position::ORIGIN.yaw_toward(east), Brads::from_degrees(-90));
    }
}
