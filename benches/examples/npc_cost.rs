//! What the stage "think" costs a character that nobody plays: at home with nobody near, awake, chasing in the open, chasing
//! among walls. `cargo run --release -p shieldwall-benches --example npc_cost [most]`

use shieldwall_core::spatial::{Scenery, StaticShape};
use shieldwall_core::{
    Brads, CharacterInput, Command, Metres, Placement, Position, Stage, TerrainSource, World, WorldConfig,
    buttons, mood,
};
use std::time::{Duration, Instant};

const TICKS: u32 = 300;

/// What the minds have to do.
#[derive(Clone, Copy, PartialEq)]
enum Life {
    /// No player anywhere.
    Alone,
    /// Players near, whom nobody minds.
    Watched,
    /// Players run through every camp.
    Chase,
}

/// Camps of eight on a lattice of 24 m, a player beside each.
fn camp(number: u32, along: u32) -> (i32, i32) {
    let place = |at: u32| at as i32 * 24 - along as i32 * 12;
    (place(number % along), place(number / along))
}

fn walls(camps: u32, along: u32) -> Vec<StaticShape> {
    (0..camps)
        .flat_map(|number| {
            let (x, z) = camp(number, along);
            [(0, 6), (8_192, -6)].map(|(yaw, aside)| StaticShape::Box {
                centre: Position::new(Metres::from_m(x), Metres::ZERO, Metres::from_m(z + aside)),
                half_sizes: [Metres::from_m(7), Metres::from_m(4), Metres::from_mm(200)],
                yaw: Brads(yaw),
            })
        })
        .collect()
}

/// A world of camps, everybody in it.
fn peopled(npcs: u32, camps: u32, life: Life, built: bool) -> World {
    let along = f64::from(camps).sqrt().ceil() as u32;
    let mut config = WorldConfig {
        half_extent: Metres::from_m((along as i32 * 12 + 32).min(4_000)),
        terrain_spacing: Metres::from_m(2),
        character_capacity: npcs + camps,
        npc_capacity: npcs,
        parallel_min_rows: u32::MAX,
        ..WorldConfig::default()
    };
    config.rules.arms.iter_mut().for_each(|arm| arm.damage = 0);
    config.rules.effects.iter_mut().for_each(|effect| effect.damage = 0);
    let shapes = if built { walls(camps, along) } else { Vec::new() };
    let scenery = Scenery { terrain: TerrainSource::Flat, shapes, ..Scenery::default() };
    let mut world = World::with_scenery(&config, &scenery).expect("a valid configuration");
    let at = |x: i32, z: i32| Placement::At { x: Metres::from_m(x), z: Metres::from_m(z), yaw: Brads(0) };
    let mut spawns: Vec<Command> = (0..npcs)
        .map(|tag| {
            let (x, z) = camp(tag / 8, along);
            let placement = at(x + (tag % 8) as i32 * 2 - 8, z);
            Command::SpawnNpc { tag, team: 1, kind: (tag / 8 % 8) as u8, placement }
        })
        .collect();
    if life != Life::Alone {
        let team = u8::from(life == Life::Watched);
        spawns.extend((0..camps).map(|number| {
            let (x, z) = camp(number, along);
            Command::Spawn { tag: number, team, class: 0, placement: at(x, z + 10) }
        }));
    }
    world.step(&spawns);
    world
}

fn measure(name: &str, npcs: u32, life: Life, built: bool) {
    let camps = npcs.div_ceil(8);
    let mut world = peopled(npcs, camps, life, built);
    let (mut stages, mut fights) = (Vec::new(), 0);
    for tick in 0..TICKS {
        let runs = |slot: u32| (life == Life::Chase && (tick + slot).is_multiple_of(30)).then_some(slot);
        let inputs: Vec<Command> = (npcs..npcs + camps)
            .filter_map(runs)
            .filter_map(|slot| {
                let yaw = Brads((slot.wrapping_mul(40_503) ^ tick.wrapping_mul(977)) as u16);
                let input = CharacterInput {
                    buttons: buttons::SPRINT,
                    move_forward: 127,
                    yaw,
                    ..CharacterInput::default()
                };
                Some(Command::Input { id: world.id_at(slot)?, input })
            })
            .collect();
        let (mut last, mut stage) = (Instant::now(), Duration::ZERO);
        world.step_observed(&inputs, &mut |done| {
            let now = Instant::now();
            if done == Stage::Think {
                stage = now - last;
            }
            last = now;
        });
        if tick >= 60 {
            stages.push(stage);
            let about = world.npcs().mood;
            fights += about.iter().filter(|about| matches!(**about, mood::CHASE | mood::ATTACK)).count();
        }
    }
    stages.sort();
    let per_npc = |time: Duration| time.as_nanos() as f64 / f64::from(npcs);
    let mean = stages.iter().sum::<Duration>() / stages.len() as u32;
    let worst = stages[stages.len() - 1];
    println!(
        "{name:<28} {npcs:>6} npcs  mean {:>6.1} ns  median {:>6.1} ns an npc a tick, worst tick {:>6.0} us, {:>3.0} % fight, {} fields",
        per_npc(mean),
        per_npc(stages[stages.len() / 2]),
        worst.as_nanos() as f64 / 1_000.0,
        fights as f64 * 100.0 / stages.len() as f64 / f64::from(npcs),
        world.ways_computed(),
    );
}

fn main() {
    let most: u32 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(8_000);
    let mut npcs = 500;
    while npcs <= most {
        measure("nobody near", npcs, Life::Alone, false);
        measure("watched, at peace", npcs, Life::Watched, false);
        measure("chasing in the open", npcs, Life::Chase, false);
        measure("chasing among walls", npcs, Life::Chase, true);
        npcs *= 2;
    }
}
