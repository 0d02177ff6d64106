//! What the tests share: a body, its rules, and small sceneries.

use crate::numeric::{Brads, Fx, Metres, Position, Tick};
use crate::spatial::obstacles::*;
use alloc::vec::Vec;

/// A foot soldier.
pub const BODY: Body = Body { radius: Metres::from_mm(400), height: Metres::from_mm(1_800) };

/// How a foot soldier walks.
pub const WALKING: SlideRules = SlideRules {
    walking: true,
    step_up: Metres::from_mm(400),
    walkable: Fx::from_ratio(7, 10),
    probe: Metres::from_mm(400),
};

/// Falling or flying.
pub const FLYING: SlideRules = SlideRules { walking: false, ..WALKING };

pub fn at(x: i32, y: i32, z: i32) -> Position {
    Position::new(Metres::from_mm(x), Metres::from_mm(y), Metres::from_mm(z))
}

pub fn way(x: i32, y: i32, z: i32) -> [Metres; 3] {
    [x, y, z].map(Metres::from_mm)
}

/// A box from its lowest corner, in millimetres.
pub fn block(low: [i32; 3], high: [i32; 3], degrees: i32) -> StaticShape {
    let middle = |axis: usize| Metres(Metres::from_mm(low[axis]).0 / 2 + Metres::from_mm(high[axis]).0 / 2);
    let half = |axis: usize| Metres((Metres::from_mm(high[axis]).0 - Metres::from_mm(low[axis]).0) / 2);
    StaticShape::Box {
        centre: Position::new(middle(0), middle(1), middle(2)),
        half_sizes: [half(0), half(1), half(2)],
        yaw: Brads::from_degrees(degrees),
    }
}

pub fn pillar(x: i32, z: i32, radius: i32, height: i32) -> StaticShape {
    StaticShape::Cylinder {
        base: at(x, 0, z),
        radius: Metres::from_mm(radius),
        height: Metres::from_mm(height),
    }
}

pub fn scene(shapes: Vec<StaticShape>) -> Obstacles {
    let scenery = Scenery { shapes, ..Scenery::default() };
    Obstacles::bake(&scenery, Metres::from_m(1_000)).expect("a valid scenery")
}

/// The first tick.
pub const NOW: Tick = Tick(0);

/// Whether two lengths differ by at most so many millimetres.
pub fn within(a: Metres, b: Metres, mm: i32) -> bool {
    (a.0 - b.0).abs() <= Metres::from_mm(mm).0
}
