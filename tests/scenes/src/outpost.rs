//! The second scene of all languages: soldiers against an outpost of characters that nobody plays. Every command of the
//! kernel is in it, and what stands is what a TOML list can say: `godot-project/tests/outpost.toml` is the same.

use crate::muster;
use shieldwall_core::spatial::{Scenery, StaticShape, TerrainSource};
use shieldwall_core::{
    Brads, CapturePoint, CharacterInput, Command, Metres, MetresPerSecond, NO_TEAM, Placement, Position,
    StructureSection, Velocity, ViewAge, World, WorldConfig,
};

/// Soldiers of team 0; their slots are the first ones.
pub const SOLDIERS: u32 = 24;
/// Characters of team 1 that nobody plays.
pub const DEFENDERS: u32 = 16;
/// Ticks of the scene.
pub const TICKS: u32 = 480;
/// Sections of structures.
const SECTIONS: u32 = 12;

/// Kinds of structures.
const GATE: u8 = 1;
const TOWER: u8 = 2;
const PALISADE: u8 = 3;
const BARRICADE: u8 = 4;
/// Kinds of capture points.
const KEEP: u8 = 1;
const FLAG: u8 = 3;

/// The configuration of the scene.
#[must_use]
pub fn config() -> WorldConfig {
    WorldConfig {
        seed: 21,
        half_extent: Metres::from_m(64),
        character_capacity: 128,
        npc_capacity: 32,
        ..WorldConfig::default()
    }
}

/// A palisade with a gate between two towers, two barricades before it, a post, a keep and two flags, on level ground.
#[must_use]
pub fn scenery() -> Scenery {
    let at = |x, y_mm, z| Position::new(Metres::from_m(x), Metres::from_mm(y_mm), Metres::from_m(z));
    let boxed = |centre, [x, y, z]: [i32; 3], yaw| StaticShape::Box {
        centre,
        half_sizes: [x, y, z].map(|size| Metres::from_mm(size * 500)),
        yaw: Brads::from_degrees(yaw),
    };
    let cylinder = |base, radius, height| StaticShape::Cylinder {
        base,
        radius: Metres::from_mm(radius),
        height: Metres::from_m(height),
    };
    let mut shapes: Vec<_> = (0..8).map(|i| boxed(at(-14 + 4 * i, 1_000, -4), [4, 4, 1], 0)).collect();
    shapes.push(boxed(at(-10, 500, 6), [3, 2, 1], 45));
    shapes.push(boxed(at(10, 500, 6), [3, 2, 1], 315));
    shapes.push(cylinder(at(-18, -1_000, -4), 2_000, 8));
    shapes.push(cylinder(at(18, -1_000, -4), 2_000, 8));
    shapes.push(cylinder(at(0, -1_000, -14), 500, 5));
    let kind = |shape: u32| match shape {
        3 | 4 => GATE,
        0..8 => PALISADE,
        8 | 9 => BARRICADE,
        _ => TOWER,
    };
    let point = |x, z, radius, kind, owner| CapturePoint {
        x: Metres::from_m(x),
        z: Metres::from_m(z),
        radius: Metres::from_m(radius),
        kind,
        owner,
    };
    Scenery {
        terrain: TerrainSource::Flat,
        shapes,
        sections: (0..SECTIONS).map(|shape| StructureSection { shape, kind: kind(shape) }).collect(),
        capture_points: vec![
            point(0, -12, 6, KEEP, NO_TEAM),
            point(12, 12, 2, FLAG, 0),
            point(-12, -16, 2, FLAG, 1),
        ],
        ..Scenery::default()
    }
}

/// A place and a direction.
fn placed(x: i32, z: i32, yaw: u16) -> Placement {
    Placement::At { x: Metres::from_m(x), z: Metres::from_m(z), yaw: Brads(yaw) }
}

fn spawns(out: &mut Vec<Command>) {
    out.extend((0..SOLDIERS).map(|i| {
        let placement = placed((i % 8) as i32 * 2 - 8, 14 + (i / 8) as i32 * 2, 0);
        Command::Spawn { tag: i, team: 0, class: (i % 4) as u8, placement }
    }));
    out.extend((0..DEFENDERS).map(|i| {
        let placement = placed((i % 4) as i32 * 4 - 6, -8 - (i / 4) as i32 * 4, 32_768);
        Command::SpawnNpc { tag: 100 + i, team: 1, kind: (i % 8) as u8, placement }
    }));
}

/// The input of the soldier in a slot: forward, at random to the sides, all buttons.
fn input(slot: u32, tick: u32) -> CharacterInput {
    let h = muster::mix(slot, tick);
    CharacterInput {
        buttons: (h & 511) as u16,
        move_right: (((h >> 8) & 255) as u8).cast_signed(),
        move_forward: 127,
        yaw: Brads((((h >> 16) & 8_191) as u16).wrapping_sub(4_096)),
        pitch: 0,
    }
}

/// The commands of the world's next tick, into a cleared `out`.
pub fn commands(world: &World, out: &mut Vec<Command>) {
    out.clear();
    let tick = world.tick().0;
    if tick == 0 {
        spawns(out);
        return;
    }
    for slot in 0..SOLDIERS {
        let Some(id) = world.id_at(slot) else { continue };
        out.push(Command::Input { id, input: input(slot, tick) });
        if tick.is_multiple_of(20) && slot % 3 == 1 {
            out.push(Command::View { id, age: ViewAge(2 * ViewAge::PARTS) });
        }
    }
    if tick % 30 == 29 {
        out.push(Command::StrikeStructure { section: tick / 30 % SECTIONS, damage: 900 });
    }
    if tick % 90 == 89 {
        out.push(Command::BuildStructure { section: tick / 90 % SECTIONS, health: 300 });
    }
    if tick % 60 == 59 {
        let x = Metres::from_m((tick / 60 * 3) as i32 - 9);
        let (z, radius, depth) = (Metres::from_m(6), Metres::from_m(3), Metres::from_mm(500));
        out.push(Command::Deform { x, z, radius, depth });
    }
    let of = |slot| world.id_at(slot);
    match tick {
        100 => out.extend(of(24).map(|id| Command::SetHome { id, x: Metres::ZERO, z: Metres::from_m(-20) })),
        150 => out.extend(of(3).map(|id| Command::SetClass { id, class: 3 })),
        170 => out.extend(of(4).map(|id| {
            let part = MetresPerSecond::from_m;
            Command::Impulse { id, velocity: Velocity::new(part(0), part(6), part(-4)) }
        })),
        300 => out.extend(of(5).map(|id| Command::Despawn { id })),
        310 => {
            let placement = Placement::TeamSpawn;
            out.push(Command::Spawn { tag: 200, team: 0, class: 1, placement });
        }
        _ => {}
    }
}
