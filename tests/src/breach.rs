//! A castle that is stormed: walls fall and are built up while a crowd presses against them, places are captured, flags
//! carried. Everything by commands, from one seed.

use shieldwall_core::spatial::obstacles::{Mesh, StaticShape};
use shieldwall_core::spatial::{Scenery, TerrainSource};
use shieldwall_core::{
    Brads, CapturePoint, CharacterInput, Command, Metres, NO_TEAM, Placement, Position, StructureSection,
    World, WorldConfig, buttons,
};

/// Teams that storm it.
pub const TEAMS: u8 = 3;

fn at(x: i32, y: i32, z: i32) -> Position {
    Position::new(Metres::from_mm(x), Metres::from_mm(y), Metres::from_mm(z))
}

fn wall(x: i32, z: i32, half: [i32; 3], yaw: i32) -> StaticShape {
    StaticShape::Box {
        centre: at(x, half[1], z),
        half_sizes: half.map(Metres::from_mm),
        yaw: Brads::from_degrees(yaw),
    }
}

/// A ring of walls with a gate, a tower, a low barricade, a ramp; a pillar that nothing brings down.
#[must_use]
pub fn scenery() -> Scenery {
    let ramp = [at(-2_000, 0, 0), at(2_000, 0, 0), at(2_000, 2_000, -4_000), at(-2_000, 2_000, -4_000)];
    let ramp = Mesh::new(ramp.to_vec(), vec![[0, 1, 2], [0, 2, 3]]).expect("two triangles with area");
    let shapes = vec![
        wall(0, -8_000, [4_000, 1_500, 300], 0),
        wall(0, 8_000, [4_000, 1_500, 300], 0),
        wall(8_000, 0, [300, 1_500, 4_000], 0),
        wall(-8_000, 0, [300, 1_500, 4_000], 0),
        wall(6_000, 6_000, [2_500, 1_500, 300], 45),
        wall(-6_000, 6_000, [2_500, 1_500, 300], -45),
        StaticShape::Cylinder {
            base: at(6_000, 0, -6_000),
            radius: Metres::from_mm(1_800),
            height: Metres::from_m(5),
        },
        wall(-6_000, -6_000, [2_000, 150, 1_000], 20),
        StaticShape::Mesh { mesh: 0, translation: at(0, 0, -2_000), yaw: Brads(0) },
        StaticShape::Cylinder {
            base: at(3_000, 0, 3_000),
            radius: Metres::from_mm(400),
            height: Metres::from_m(4),
        },
    ];
    let sections = [0, 1, 0, 0, 3, 3, 2, 4, 5]
        .into_iter()
        .zip(0..)
        .map(|(kind, shape)| StructureSection { shape, kind });
    let point = |x: i32, z: i32, radius: i32, kind: u8, owner: u8| CapturePoint {
        x: Metres::from_m(x),
        z: Metres::from_m(z),
        radius: Metres::from_m(radius),
        kind,
        owner,
    };
    Scenery {
        terrain: TerrainSource::Flat,
        sections: sections.collect(),
        capture_points: vec![
            point(0, 4, 4, 1, NO_TEAM),
            point(-11, -11, 5, 2, 0),
            point(11, 11, 5, 0, 1),
            point(-10, 10, 2, 3, 2),
            point(10, -10, 2, 3, NO_TEAM),
        ],
        shapes,
        meshes: vec![ramp],
        ..Scenery::default()
    }
}

/// A small world in which everything happens soon.
#[must_use]
pub fn config(characters: u32) -> WorldConfig {
    let mut config = WorldConfig {
        seed: 29,
        half_extent: Metres::from_m(24),
        teams: TEAMS,
        character_capacity: characters,
        projectile_capacity: 64,
        event_capacity: 1_024,
        ..WorldConfig::default()
    };
    config.rules.life.health_max = 500;
    config.rules.life.respawn_ms = 800;
    config.rules.life.spawn_ring = Metres::from_m(14);
    config.rules.life.spawn_width = Metres::from_m(8);
    for kind in &mut config.rules.objective {
        (kind.capture_ms, kind.return_ms) = (400, 100);
    }
    config
}

/// A number from another, without a pattern.
fn mixed(seed: u32) -> u32 {
    let mut word = seed.wrapping_mul(0x9E37_79B9) ^ 0x5BD1_E995;
    word ^= word >> 15;
    word = word.wrapping_mul(0x85EB_CA6B);
    word ^ word >> 13
}

/// What the world is told in its next tick: a function of the world and the seed.
#[must_use]
pub fn commands(world: &World, seed: u32) -> Vec<Command> {
    let tick = world.tick().0;
    let random = |n: u32| mixed(seed ^ mixed(tick.wrapping_mul(97).wrapping_add(n)));
    let mut commands = Vec::new();
    if (world.character_count() as u32) < world.config().character_capacity {
        let class = [0, 0, 0, 1, 2, 3, 6, 0][random(1) as usize % 8];
        let team = (random(2) % u32::from(TEAMS)) as u8;
        commands.push(Command::Spawn { tag: tick, team, class, placement: Placement::TeamSpawn });
    }
    if tick % 9 == 4 {
        let section = random(3) % 10;
        commands.push(if random(4).is_multiple_of(3) {
            Command::BuildStructure { section, health: random(5) % 30_000 }
        } else {
            Command::StrikeStructure { section, damage: random(5) % 60_000 }
        });
    }
    if tick % 211 == 210 {
        let slot = random(6) % world.character_slots_end().max(1);
        commands.extend(world.id_at(slot).map(|id| Command::Despawn { id }));
    }
    for slot in (0..world.character_slots_end()).filter(|slot| (slot + tick).is_multiple_of(16)) {
        let Some(id) = world.id_at(slot) else { continue };
        let from = world.characters().position(slot);
        // To one of the places, to press against what is before it; their flags are taken on the way.
        let (x, z) =
            [(0, 4), (-11, -11), (11, 11), (-10, 10), (10, -10), (0, -8)][random(100 + slot) as usize % 6];
        let (x, z) = (Metres::from_m(x) - from.x, Metres::from_m(z) - from.z);
        let input = CharacterInput {
            buttons: random(200 + slot) as u16 & buttons::ALL,
            move_forward: 127,
            yaw: Brads::atan2(-x.0, -z.0),
            ..CharacterInput::default()
        };
        commands.push(Command::Input { id, input });
    }
    commands
}
