//! Sceneries that the program brings along, by name: a host and its bots make the same one of the same name.

use shieldwall_core::spatial::obstacles::{CapturePoint, NO_TEAM, Scenery, StaticShape, StructureSection};
use shieldwall_core::{Brads, Metres, Position};

/// Their names.
pub const NAMES: [&str; 2] = ["none", "fort"];

/// Kinds of structures, as the rules number them.
const WALL: u8 = 0;
const GATE: u8 = 1;
const TOWER: u8 = 2;
const BARRICADE: u8 = 4;

/// Kinds of objectives.
const FIELD: u8 = 0;
const KEEP: u8 = 1;
const FLAG: u8 = 3;

/// A scenery by its name; `None` where no built-in one has it.
#[must_use]
pub fn named(name: &str) -> Option<Scenery> {
    match name {
        "none" => Some(Scenery::default()),
        "fort" => Some(fort()),
        _ => None,
    }
}

/// A small fort in the middle of the field, on the hills of the seed: walls with a gate in the west and in the east, two
/// towers, barricades before the gates, a keep and two fields to capture, a flag behind each team's gate.
fn fort() -> Scenery {
    let mut builder = Builder::default();
    // North and south: closed walls of four stretches, a tower in the middle of each.
    for z in [-18, 18] {
        for x in [-14, -7, 7, 14] {
            builder.wall(x, z, 7, WALL);
        }
        builder.tower(0, z);
    }
    // West and east: a stretch of wall to either side of a gate.
    for x in [-18, 18] {
        for z in [-14, -7, 7, 14] {
            builder.turned_wall(x, z, 7, WALL);
        }
        builder.turned_wall(x, 0, 6, GATE);
    }
    // Cover before the gates and in the yard.
    for (x, z) in [(-27, -7), (-27, 7), (27, -7), (27, 7), (-8, -8), (8, 8)] {
        builder.barricade(x, z);
    }
    let mut scenery = builder.scenery;
    let place = |x, z, radius, kind, owner| CapturePoint {
        x: Metres::from_m(x),
        z: Metres::from_m(z),
        radius: Metres::from_m(radius),
        kind,
        owner,
    };
    scenery.capture_points = vec![
        place(0, 0, 6, KEEP, NO_TEAM),
        place(0, -32, 6, FIELD, NO_TEAM),
        place(0, 32, 6, FIELD, NO_TEAM),
        place(-34, 0, 2, FLAG, 0),
        place(34, 0, 2, FLAG, 1),
    ];
    scenery
}

/// What stands reaches so far below the ground plane and above it: the hills of a seed are gentler.
const BELOW_M: i32 = 20;
const ABOVE_M: i32 = 14;

#[derive(Default)]
struct Builder {
    scenery: Scenery,
}

impl Builder {
    fn add(&mut self, shape: StaticShape, kind: u8) {
        let number = self.scenery.shapes.len() as u32;
        self.scenery.shapes.push(shape);
        self.scenery.sections.push(StructureSection { shape: number, kind });
    }

    /// A stretch along x, 1.2 m thick.
    fn wall(&mut self, x: i32, z: i32, length: i32, kind: u8) {
        let half_sizes = [Metres::from_mm(length * 500), half_height(), Metres::from_mm(600)];
        self.add(StaticShape::Box { centre: at(x, z), half_sizes, yaw: Brads::ZERO }, kind);
    }

    /// The same along z.
    fn turned_wall(&mut self, x: i32, z: i32, length: i32, kind: u8) {
        let half_sizes = [Metres::from_mm(600), half_height(), Metres::from_mm(length * 500)];
        self.add(StaticShape::Box { centre: at(x, z), half_sizes, yaw: Brads::ZERO }, kind);
    }

    fn tower(&mut self, x: i32, z: i32) {
        let base = Position::new(Metres::from_m(x), Metres::from_m(-BELOW_M), Metres::from_m(z));
        let height = Metres::from_m(BELOW_M + ABOVE_M + 4);
        self.add(StaticShape::Cylinder { base, radius: Metres::from_mm(3_500), height }, TOWER);
    }

    /// A cart across the way, turned a little so that it looks left there in a hurry.
    fn barricade(&mut self, x: i32, z: i32) {
        let half_sizes = [Metres::from_mm(500), half_height(), Metres::from_mm(2_000)];
        let yaw = Brads::from_degrees(if x * z < 0 { 20 } else { -20 });
        self.add(StaticShape::Box { centre: at(x, z), half_sizes, yaw }, BARRICADE);
    }
}

fn half_height() -> Metres {
    Metres::from_mm((BELOW_M + ABOVE_M) * 500)
}

/// The centre of a box that stands from below the ground to above it.
fn at(x: i32, z: i32) -> Position {
    Position::new(Metres::from_m(x), Metres::from_mm((ABOVE_M - BELOW_M) * 500), Metres::from_m(z))
}

#[cfg(test)]
mod tests {
    use super::*;
    use shieldwall_core::{World, WorldConfig};

    #[test]
    fn every_name_makes_a_world() {
        for name in NAMES {
            let scenery = named(name).expect("it is in the list");
            assert!(World::with_scenery(&WorldConfig::default(), &scenery).is_ok(), "{name}");
        }
        assert!(named("castle").is_none());
    }

    #[test]
    fn the_fort_has_all_there_is_to_fight_over() {
        let fort = named("fort").expect("it is in the list");
        let count = |kind| fort.sections.iter().filter(|section| section.kind == kind).count();
        assert_eq!([WALL, GATE, TOWER, BARRICADE].map(count), [16, 2, 2, 6]);
        let flags = fort.capture_points.iter().filter(|point| point.kind == FLAG).count();
        assert_eq!((fort.capture_points.len(), flags), (5, 2));
        assert_eq!(fort.content_hash(), named("fort").expect("again").content_hash());
    }
}
