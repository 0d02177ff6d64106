//! Camps of characters that nobody plays among walls and houses, and a few players who roam: what thinking is tested on.

use shieldwall_core::numeric::Purpose;
use shieldwall_core::numeric::rng::random_u32x4;
use shieldwall_core::spatial::{Scenery, StaticShape};
use shieldwall_core::{
    Brads, CharacterInput, Command, LaneChoice, Metres, NPC_KINDS, Placement, Position, Tick, World,
    WorldConfig, buttons,
};

/// Players, team 0: the first slots.
pub const PLAYERS: u32 = 12;

/// Characters that nobody plays, team 1.
pub const NPCS: u32 = 120;

/// The world of the wilds.
#[must_use]
pub fn config() -> WorldConfig {
    let mut config = WorldConfig {
        seed: 77,
        half_extent: Metres::from_m(96),
        terrain_spacing: Metres::ONE,
        character_capacity: 160,
        projectile_capacity: 128,
        npc_capacity: 128,
        event_capacity: 1_024,
        lanes: LaneChoice::Auto,
        ..WorldConfig::default()
    };
    config.rules.lod.near = Metres::from_m(24);
    config.rules.movement[6].lod = 1;
    // A scratch is enough to run from.
    for kind in [0, 4, 5] {
        config.rules.npc[kind].flee_below = 250;
    }
    config
}

fn metres(word: u32, span: i32) -> Metres {
    Metres::from_m((word % (2 * span.unsigned_abs() + 1)) as i32 - span)
}

/// Walls and houses at places from a seed.
#[must_use]
pub fn scenery() -> Scenery {
    let shapes = (0..40).map(|at| {
        let [x, z, size, yaw] = random_u32x4(9, Tick(at), at, Purpose::Scripted);
        let long = Metres::from_m(3 + (size % 9) as i32);
        let wide = if at.is_multiple_of(3) { long } else { Metres::from_mm(200) };
        StaticShape::Box {
            centre: Position::new(metres(x, 70), Metres::ZERO, metres(z, 70)),
            half_sizes: [long, Metres::from_m(12), wide],
            yaw: Brads(yaw as u16),
        }
    });
    Scenery { shapes: shapes.collect(), ..Scenery::default() }
}

fn spawn_npc(tag: u32) -> Command {
    let [x, z, yaw, _] = random_u32x4(11, Tick(tag / 8), 0, Purpose::Scripted);
    let [dx, dz, ..] = random_u32x4(12, Tick(tag), 0, Purpose::Scripted);
    let placement = Placement::At {
        x: metres(x, 70) + metres(dx, 5),
        z: metres(z, 70) + metres(dz, 5),
        yaw: Brads(yaw as u16),
    };
    // Eight of a camp: mostly of one kind.
    let kind = if tag.is_multiple_of(5) { tag } else { tag / 8 };
    Command::SpawnNpc { tag, team: 1, kind: (kind % NPC_KINDS as u32) as u8, placement }
}

/// The way to the nearest who is not a player.
fn towards_npc(world: &World, slot: u32) -> Brads {
    let characters = world.characters();
    let own = characters.position(slot);
    let others = characters.live_slots().filter(|other| *other >= PLAYERS);
    let nearest = others.min_by_key(|other| own.horizontal_distance_squared(characters.position(*other)));
    nearest.map_or(Brads(0), |other| own.yaw_toward(characters.position(other)))
}

/// What comes from outside in a tick: a function of the world and its tick.
pub fn commands(world: &World, out: &mut Vec<Command>) {
    out.clear();
    let tick = world.tick();
    if tick == Tick(0) {
        out.extend((0..PLAYERS).map(|tag| {
            let [x, z, ..] = random_u32x4(13, Tick(tag), 0, Purpose::Scripted);
            let placement = Placement::At { x: metres(x, 60), z: metres(z, 60), yaw: Brads(0) };
            Command::Spawn { tag, team: 0, class: 0, placement }
        }));
        out.extend((0..NPCS).map(spawn_npc));
        return;
    }
    let words = random_u32x4(14, tick, 0, Purpose::Scripted);
    for slot in 0..PLAYERS {
        let [turn, what, ..] = random_u32x4(15, tick, slot, Purpose::Scripted);
        if !(tick.0 + slot * 7).is_multiple_of(40) {
            continue;
        }
        let Some(id) = world.id_at(slot) else { continue };
        let input = CharacterInput {
            buttons: match what % 3 {
                0 => buttons::SPRINT,
                1 => buttons::SPRINT | buttons::MELEE,
                _ => buttons::SHOOT,
            },
            move_forward: 127,
            yaw: if what % 3 == 0 { Brads(turn as u16) } else { towards_npc(world, slot) },
            ..CharacterInput::default()
        };
        out.push(Command::Input { id, input });
    }
    if tick.0.is_multiple_of(90) {
        let (x, z) = (metres(words[0], 60), metres(words[1], 60));
        out.push(Command::Deform { x, z, radius: Metres::from_m(5), depth: Metres::from_m(3) });
    }
    let Some(id) = world.id_at(PLAYERS + words[2] % NPCS) else { return };
    match tick.0 % 60 {
        20 => out.push(Command::Despawn { id }),
        21 => out.push(spawn_npc(tick.0 % NPCS)),
        40 => out.push(Command::SetHome { id, x: metres(words[0], 80), z: metres(words[1], 80) }),
        _ => {}
    }
}
