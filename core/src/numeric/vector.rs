//! Positions and velocities: three raw coordinates, x east, y up, z south.

use super::angle::Brads;
use super::fixed::{length2d, length2d_squared, length3d};
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

    /// Square of the horizontal distance in raw units (2^-32 m²), exact for points of one zone.
    #[must_use]
    pub const fn horizontal_distance_squared(self, other: Position) -> u64 {
        length2d_squared(other.x.0.wrapping_sub(self.x.0), other.z.0.wrapping_sub(self.z.0))
    }

    /// Distance on the ground plane, floor. Points more than 32 km apart in one coordinate wrap.
    #[must_use]
    pub const fn horizontal_distance(self, other: Position) -> Metres {
        Metres(length2d(other.x.0.wrapping_sub(self.x.0), other.z.0.wrapping_sub(self.z.0)))
    }

    /// Distance in space, floor. Points more than 32 km apart in one coordinate wrap.
    #[must_use]
    pub const fn distance(self, other: Position) -> Metres {
        Metres(length3d(
            other.x.0.wrapping_sub(self.x.0),
            other.y.0.wrapping_sub(self.y.0),
            other.z.0.wrapping_sub(self.z.0),
        ))
    }

    /// The yaw under which one sees `other` from here; 0 when both stand on one spot.
    #[must_use]
    pub fn yaw_toward(self, other: Position) -> Brads {
        Brads::yaw_of(other.x - self.x, other.z - self.z)
    }
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
