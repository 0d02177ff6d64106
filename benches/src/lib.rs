//! What the benchmarks share: a battle to measure. The benchmarks are in `benches/benches`, one file a layer, each beside a
//! named peer in the same run: on a shared machine only ratios within one run say something.

use shieldwall_core::{CharacterInput, Command, Metres, Placement, World, WorldConfig, buttons};

/// A battle of `characters` in two teams, after four seconds of running at each other: most of them are in contact.
///
/// # Panics
/// Where the configuration is refused: a mistake of the benchmark.
#[must_use]
pub fn battle(characters: u32) -> World {
    // About one character for each square metre of the fighting ground, whatever their number.
    let side = (characters as f32).sqrt() as i32 + 1;
    let config = WorldConfig {
        character_capacity: characters,
        half_extent: Metres::from_m(256),
        ..WorldConfig::default()
    };
    let mut world = World::new(&config).expect("a valid configuration");
    let spawns: Vec<Command> = (0..characters).map(|i| spawn(i, side)).collect();
    world.step(&spawns);
    let inputs: Vec<Command> = (0..characters).map(|slot| charge(&world, slot)).collect();
    world.step(&inputs);
    for _ in 0..240 {
        world.step(&[]);
    }
    world
}

fn spawn(i: u32, side: i32) -> Command {
    let (column, row) = (i as i32 % side - side / 2, i as i32 / side - side / 2);
    let team = u8::from(column >= 0);
    let gap = if team == 0 { -4 } else { 4 };
    let at = Placement::At {
        x: Metres::from_m(column + gap),
        z: Metres::from_m(row),
        yaw: shieldwall_core::Brads::from_degrees(if team == 0 { -90 } else { 90 }),
    };
    Command::Spawn { tag: i, team, class: 0, placement: at }
}

/// Everybody runs forward and strikes; some shoot.
fn charge(world: &World, slot: u32) -> Command {
    let id = world.id_at(slot).expect("all were spawned");
    let yaw = world.characters().move_state(slot).yaw;
    let shoot = if slot.is_multiple_of(8) { buttons::SHOOT } else { 0 };
    let input =
        CharacterInput { buttons: buttons::MELEE | shoot, move_forward: 127, yaw, ..Default::default() };
    Command::Input { id, input }
}
