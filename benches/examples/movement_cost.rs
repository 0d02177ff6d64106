//! What the movement stage costs a row: walkers in the open field, walkers that turn all the time, standing rows, rows that
//! nobody watches. `cargo run --release -p shieldwall-benches --example movement_cost [rows]`

use shieldwall_core::{
    Brads, CharacterInput, Command, Metres, Placement, Stage, World, WorldConfig, buttons,
};
use std::time::{Duration, Instant};

const TICKS: u32 = 300;

/// What a character wants at a tick.
type Think = fn(slot: u32, tick: u32) -> Option<CharacterInput>;

fn walker(slot: u32, tick: u32) -> Option<CharacterInput> {
    // A new direction every two seconds, a few of all in each tick.
    let turns = (tick + slot).is_multiple_of(120);
    turns.then(|| CharacterInput {
        buttons: if slot.is_multiple_of(3) { buttons::SPRINT } else { 0 },
        move_right: 0,
        move_forward: 127,
        yaw: Brads((slot.wrapping_mul(40_503) ^ tick.wrapping_mul(977)) as u16),
        pitch: 0,
    })
}

fn turner(slot: u32, tick: u32) -> Option<CharacterInput> {
    Some(CharacterInput {
        buttons: 0,
        move_right: 127,
        move_forward: 127,
        yaw: Brads((slot.wrapping_mul(40_503) + tick * 300) as u16),
        pitch: 0,
    })
}

fn stander(_: u32, _: u32) -> Option<CharacterInput> {
    None
}

fn measure(name: &str, rows: u32, lod: bool, think: Think) {
    let side = f64::from(rows).sqrt() as i32 * 3 / 2 + 16;
    let mut config = WorldConfig {
        half_extent: Metres::from_m(side.min(4_000)),
        terrain_spacing: Metres::from_m(8),
        character_capacity: rows,
        parallel_min_rows: u32::MAX,
        ..WorldConfig::default()
    };
    config.rules.movement.iter_mut().for_each(|class| class.lod = u8::from(lod));
    let mut world = World::new(&config).expect("a valid configuration");
    let along = f64::from(rows).sqrt().ceil() as u32;
    let spawns: Vec<Command> = (0..rows)
        .map(|tag| {
            let place = |at: u32| Metres::from_m((at as i32) * 3 - along as i32 * 3 / 2);
            let placement = Placement::At { x: place(tag % along), z: place(tag / along), yaw: Brads(0) };
            Command::Spawn { tag, team: (tag % 2) as u8, class: 0, placement }
        })
        .collect();
    world.step(&spawns);
    let mut stages = Vec::new();
    for tick in 0..TICKS {
        let inputs: Vec<Command> = (0..rows)
            .filter_map(|slot| Some(Command::Input { id: world.id_at(slot)?, input: think(slot, tick)? }))
            .collect();
        let mut last = Instant::now();
        let mut stage = Duration::ZERO;
        world.step_observed(&inputs, &mut |done| {
            let now = Instant::now();
            if done == Stage::Movement {
                stage = now - last;
            }
            last = now;
        });
        stages.push(stage);
    }
    stages.sort();
    let per_row = |time: Duration| time.as_nanos() as f64 / f64::from(rows);
    // On a machine that does other things as well the least says what the work is, the median what it came to.
    let (median, best) = (per_row(stages[stages.len() / 2]), per_row(stages[0]));
    println!("{name:<28} {rows:>7} rows  median {median:>6.2} ns  best {best:>6.2} ns a row");
}

fn main() {
    let rows = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(10_000);
    measure("walkers", rows, false, walker);
    measure("turning diagonally", rows, false, turner);
    measure("standing", rows, false, stander);
    measure("standing, nobody watches", rows, true, stander);
    measure("walkers, nobody watches", rows, true, walker);
}
