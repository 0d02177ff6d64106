//! Crowds against walls: whatever pushes whom, nobody is inside of something that stands, and nobody gets through.

use crate::numeric::{Brads, Metres, Position, Tick};
use crate::spatial::obstacles::{Platform, Waypoint};
use crate::spatial::{Obstacles, Scenery, StaticShape, TerrainSource};
use crate::state::characters::flags;
use crate::{CharacterInput, Command, Placement, World, WorldConfig};
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;

/// Half the side of the yard, inside its walls.
const YARD_M: i32 = 14;

fn block(centre_mm: [i32; 3], half_mm: [i32; 3], yaw: u16) -> StaticShape {
    let [x, y, z] = centre_mm.map(Metres::from_mm);
    StaticShape::Box {
        centre: Position::new(x, y, z),
        half_sizes: half_mm.map(Metres::from_mm),
        yaw: Brads(yaw),
    }
}

/// A yard with walls 0.2 m thick, a wedge, a pillar and a ledge to stand on; a platform goes back and forth in it.
fn yard(terrain: TerrainSource, ground: i32) -> Scenery {
    let far = YARD_M * 1_000 + 100;
    let long = far + 100;
    let mut shapes = vec![
        block([far, ground, 0], [100, 20_000, long], 0),
        block([-far, ground, 0], [100, 20_000, long], 0),
        block([0, ground, far], [long, 20_000, 100], 0),
        block([0, ground, -far], [long, 20_000, 100], 0),
        block([9_000, ground, -9_000], [100, 9_000, 4_000], 3_000),
        block([-9_000, ground, 4_000], [2_500, 300, 2_500], 5_000),
    ];
    let base =
        Position::new(Metres::from_mm(-4_000), Metres::from_mm(ground - 4_000), Metres::from_mm(-6_000));
    shapes.push(StaticShape::Cylinder { base, radius: Metres::ONE, height: Metres::from_m(9) });
    let stop = |x: i32| Waypoint {
        centre: Position::new(Metres::from_m(x), Metres::from_mm(ground + 150), Metres::from_m(7)),
        yaw: Brads(0),
        ticks: 200,
    };
    let half_sizes = [2_000, 150, 2_000].map(Metres::from_mm);
    let platforms = vec![Platform { half_sizes, waypoints: vec![stop(-5), stop(9)] }];
    Scenery { terrain, shapes, platforms, ..Scenery::default() }
}

/// Classes of the crowd, the large ones seldom.
const CLASSES: [u8; 12] = [0, 1, 2, 0, 6, 0, 3, 2, 0, 1, 4, 6];

/// A crowd spread over the yard, a few of them on the ledge and the platform.
fn crowd(rows: u32) -> Vec<Command> {
    let along = rows.isqrt() + 1;
    let step = (2 * YARD_M * 1_000 - 5_000) / along.cast_signed();
    let spawn = |tag: u32| {
        let place = |at: u32| Metres::from_mm(at.cast_signed() * step - YARD_M * 1_000 + 2_500);
        let placement = Placement::At { x: place(tag % along), z: place(tag / along), yaw: Brads(0) };
        Command::Spawn { tag, team: 0, class: CLASSES[tag as usize % CLASSES.len()], placement }
    };
    (0..rows).map(spawn).collect()
}

/// Everybody towards one place: the look that leads there.
fn towards(world: &World, rows: u32, (x, z): (i32, i32)) -> Vec<Command> {
    let look = |slot: u32| {
        let at = world.characters().position(slot);
        let (x, z) = (Metres::from_m(x) - at.x, Metres::from_m(z) - at.z);
        let input =
            CharacterInput { move_forward: 127, yaw: Brads::atan2(-x.0, -z.0), ..CharacterInput::default() };
        Some(Command::Input { id: world.id_at(slot)?, input })
    };
    (0..rows).filter_map(look).collect()
}

fn pressed(
    terrain: TerrainSource,
    ground: i32,
    rows: u32,
    places: &[(i32, i32)],
) -> Result<(), TestCaseError> {
    let scenery = yard(terrain.clone(), ground);
    let config = WorldConfig {
        half_extent: Metres::from_m(64),
        terrain_spacing: Metres::from_m(4),
        character_capacity: rows,
        ..WorldConfig::default()
    };
    let mut world = World::with_scenery(&config, &scenery).unwrap();
    let still = Scenery { platforms: Vec::new(), ..scenery };
    let walls = Obstacles::bake(&still, config.half_extent).unwrap();
    world.step(&crowd(rows));
    for tick in 0..600_u32 {
        let place = places[tick as usize * places.len() / 600];
        let inputs = if tick.is_multiple_of(20) { towards(&world, rows, place) } else { Vec::new() };
        world.step(&inputs);
        let characters = world.characters();
        for slot in 0..rows {
            let row = slot as usize;
            let at = characters.position(slot);
            prop_assert!(characters.flags[row] & flags::ALIVE != 0);
            let rules = &config.rules.movement[usize::from(characters.class[row])];
            let body = crate::spatial::obstacles::Body { radius: rules.radius, height: rules.height };
            let class = characters.class[row];
            prop_assert!(
                !walls.blocked(body, at, Tick(0)),
                "tick {tick}, slot {slot}, class {class}: inside at {at:?}"
            );
            let most = Metres::from_m(YARD_M) - rules.radius + Metres::from_mm(2);
            prop_assert!(
                at.x.abs() <= most && at.z.abs() <= most,
                "tick {tick}, slot {slot}: outside at {at:?}"
            );
        }
    }
    Ok(())
}

/// Into corners and wedges, against walls, onto the ledge and around the platform, on level ground and on hills.
#[test]
fn crowds_stay_in_corners() {
    pressed(TerrainSource::Flat, 0, 160, &[(30, 30), (-30, -30), (13, -13), (-9, 4), (0, 7)]).unwrap();
    pressed(TerrainSource::Seed, 0, 120, &[(30, -30), (-30, 0), (-9, 4)]).unwrap();
}

/// Who comes down over the rim of a ledge that its round foot still touches falls along it, and is not put onto the ground
/// inside of it.
#[test]
fn rims_of_ledges_are_left_without_getting_inside() {
    pressed(TerrainSource::Flat, 0, 137, &[(-18, 1)]).unwrap();
}
