//! Sceneries that the program brings along, by name: a host and its bots make the same one of the same name.

use shieldwall_core::spatial::obstacles::{
    CapturePoint, NO_TEAM, PropPlace, RespawnOwner, RespawnPoint, Scenery, StaticShape, StructureSection,
};
use shieldwall_core::{Brads, Metres, Position, WorldConfig};

/// Their names.
pub const NAMES: [&str; 2] = ["none", "fort"];

/// Kinds of structures, as the rules number them.
const WALL: u8 = 0;
const GATE: u8 = 1;
const TOWER: u8 = 2;
const BARRICADE: u8 = 4;

/// Kinds of objectives.
const KEEP: u8 = 1;
const BRIDGE: u8 = 2;
const FLAG: u8 = 3;

/// Kinds of props.
const CRATE: u8 = 0;
const BARREL: u8 = 1;
const BOULDER: u8 = 2;
const CART: u8 = 3;
const SACK: u8 = 6;

/// A scenery by its name; `None` where no built-in one has it.
#[must_use]
pub fn named(name: &str) -> Option<Scenery> {
    match name {
        "none" => Some(Scenery::default()),
        "fort" => Some(fort()),
        _ => None,
    }
}

/// The built-in scenery of a world with this configuration and fingerprint; `None` where it is none of them.
#[must_use]
pub fn recorded(config: &WorldConfig, fingerprint: u64) -> Option<Scenery> {
    let scenery =
        |name| named(name).filter(|s: &Scenery| config.fingerprint_with(s.content_hash()) == fingerprint);
    NAMES.into_iter().find_map(scenery)
}

/// A small fort in the middle of the field, on the hills of the seed: walls with a gate in the west and in the east, two
/// towers, two breaches, barricades, a keep and two crossings before the breaches to capture, which are taken quickly, a flag
/// before each of the first two teams' gates, and crates, barrels, sacks, boulders and carts about.
fn fort() -> Scenery {
    let mut builder = Builder::default();
    // North and south: stretches of wall, a tower in the middle, and a breach where one stretch is missing.
    for (z, stretches) in [(-18, [-14, -7, 7]), (18, [-7, 7, 14])] {
        for x in stretches {
            builder.wall(x, z, 7, WALL);
        }
        builder.tower(0, z);
    }
    // West and east: wall to either side, and in the middle a gate with a narrow way beside it on either side.
    for x in [-18, 18] {
        for (z, length) in [(-14, 7), (-8, 5), (8, 5), (14, 7)] {
            builder.turned_wall(x, z, length, WALL);
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
        place(0, -32, 6, BRIDGE, NO_TEAM),
        place(0, 32, 6, BRIDGE, NO_TEAM),
        place(-34, 0, 2, FLAG, 0),
        place(34, 0, 2, FLAG, 1),
    ];
    scenery.props = stores();
    // Who has a place returns there: in the yard, and behind the crossings.
    let respawn = |point: u32, z, radius| RespawnPoint {
        x: Metres::ZERO,
        z: Metres::from_m(z),
        radius: Metres::from_m(radius),
        owner: RespawnOwner::CapturePoint(point),
    };
    scenery.respawn_points = vec![respawn(0, 0, 5), respawn(1, -40, 5), respawn(2, 40, 5)];
    scenery
}

/// What lies about in the fort and before it: stacks of crates and barrels in the corners of the yard, sacks beside the keep,
/// boulders and carts on the ways to the gates.
fn stores() -> Vec<PropPlace> {
    let place = |kind, x_mm: i32, y_m: i32, z_mm: i32, turn: i32| PropPlace {
        kind,
        // From below the ground it is lifted onto it; what stands on it falls into its place.
        position: Position::new(Metres::from_mm(x_mm), Metres::from_m(y_m), Metres::from_mm(z_mm)),
        yaw: Brads::from_degrees(turn),
    };
    let mut props = Vec::new();
    for (x, z) in [(-14_000, -14_000), (14_000, -14_000), (-14_000, 14_000), (14_000, 14_000)] {
        for (along, across) in [(0, 0), (1_100, 0), (0, 1_100), (1_100, 1_100)] {
            props.push(place(CRATE, x + along, -4, z + across, along / 100));
        }
        props.push(place(CRATE, x + 300, 5, z + 300, 30));
        for barrel in 0..3 {
            props.push(place(BARREL, x + barrel * 900, -4, z - 1_300, barrel * 40));
        }
    }
    for (x, z) in [(-5_000, -9_000), (5_000, 9_000), (-9_500, 4_000), (9_500, -4_000)] {
        for sack in 0..4 {
            props.push(place(SACK, x + sack * 750, -4, z, sack * 25));
        }
    }
    for (x, z) in [(-40_000, -12_000), (40_000, 12_000), (-48_000, 8_000), (48_000, -8_000)] {
        props.push(place(BOULDER, x, -4, z, 0));
    }
    for (x, z) in [(-23_000, 3_500), (23_000, -3_500)] {
        props.push(place(CART, x, -4, z, 80));
    }
    props
}

/// What stands begins so far below the ground plane: the hills of a seed go down to 3.1 m.
const BELOW_MM: i32 = 4_000;

/// So far above it walls, towers and barricades end.
const WALL_TOP_MM: i32 = 6_000;
const TOWER_TOP_MM: i32 = 9_000;
const BARRICADE_TOP_MM: i32 = 3_000;

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

    /// An upright box on the ground: its middle and half of its length along x and z.
    fn upright(&mut self, (x, z): (i32, i32), half_mm: (i32, i32), top_mm: i32, yaw: Brads, kind: u8) {
        let half_sizes = [half_mm.0, (top_mm + BELOW_MM) / 2, half_mm.1].map(Metres::from_mm);
        let middle = Metres::from_mm((top_mm - BELOW_MM) / 2);
        let centre = Position::new(Metres::from_m(x), middle, Metres::from_m(z));
        self.add(StaticShape::Box { centre, half_sizes, yaw }, kind);
    }

    /// A stretch along x, 1.2 m thick.
    fn wall(&mut self, x: i32, z: i32, length_m: i32, kind: u8) {
        self.upright((x, z), (length_m * 500, 600), WALL_TOP_MM, Brads::ZERO, kind);
    }

    /// The same along z.
    fn turned_wall(&mut self, x: i32, z: i32, length_m: i32, kind: u8) {
        self.upright((x, z), (600, length_m * 500), WALL_TOP_MM, Brads::ZERO, kind);
    }

    fn tower(&mut self, x: i32, z: i32) {
        let base = Position::new(Metres::from_m(x), Metres::from_mm(-BELOW_MM), Metres::from_m(z));
        let height = Metres::from_mm(BELOW_MM + TOWER_TOP_MM);
        self.add(StaticShape::Cylinder { base, radius: Metres::from_mm(3_500), height }, TOWER);
    }

    /// A cart across the way, turned a little as if left there in a hurry.
    fn barricade(&mut self, x: i32, z: i32) {
        let yaw = Brads::from_degrees(if x * z < 0 { 20 } else { -20 });
        self.upright((x, z), (500, 2_000), BARRICADE_TOP_MM, yaw, BARRICADE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shieldwall_core::World;

    #[test]
    fn every_name_makes_a_world() {
        for name in NAMES {
            let scenery = named(name).expect("it is in the list");
            let world = World::with_scenery(&WorldConfig::default(), &scenery).expect("it fits");
            let recorded = recorded(world.config(), world.fingerprint());
            assert_eq!(recorded.unwrap_or_default(), scenery, "{name}");
        }
        assert!(named("castle").is_none());
    }

    #[test]
    fn the_fort_has_all_there_is_to_fight_over() {
        let fort = named("fort").expect("it is in the list");
        let count = |kind| fort.sections.iter().filter(|section| section.kind == kind).count();
        assert_eq!([WALL, GATE, TOWER, BARRICADE].map(count), [14, 2, 2, 6]);
        let flags = fort.capture_points.iter().filter(|point| point.kind == FLAG).count();
        let props = |kind| fort.props.iter().filter(|prop| prop.kind == kind).count();
        assert_eq!([CRATE, BARREL, BOULDER, CART, SACK].map(props), [20, 12, 4, 2, 16]);
        assert_eq!((fort.capture_points.len(), flags, fort.respawn_points.len()), (5, 2, 3));
        assert_eq!(fort.content_hash(), named("fort").expect("again").content_hash());
    }
}
