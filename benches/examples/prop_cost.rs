//! What the stage "props" costs a prop that sleeps, one that slides alone, and one in a pile.
//! `cargo run --release -p shieldwall-benches --example prop_cost`

use shieldwall_core::{
    Brads, Command, Metres, MetresPerSecond, Placement, Position, Stage, TerrainSource, Velocity, World,
    WorldConfig, spatial::Scenery,
};
use std::time::{Duration, Instant};

const PROPS: u32 = 4_096;

/// What props do.
#[derive(Clone, Copy, PartialEq)]
enum Life {
    Sleep,
    Slide,
    Pile,
}

fn strewn(life: Life, walkers: u32) -> World {
    let config = WorldConfig {
        half_extent: Metres::from_m(256),
        character_capacity: walkers.max(1),
        prop_capacity: PROPS,
        ..WorldConfig::default()
    };
    let scenery = Scenery { terrain: TerrainSource::Flat, ..Scenery::default() };
    let mut world = World::with_scenery(&config, &scenery).expect("a valid configuration");
    let place = |number: u32| {
        let (x, z) = (number as i32 % 64, number as i32 / 64);
        // Piles are of sixteen crates.
        match life {
            Life::Pile => Position::new(
                Metres::from_mm((x / 4 * 4 - 32) * 4_000 + x % 4 * 900),
                Metres::ZERO,
                Metres::from_mm((z / 4 * 4 - 32) * 4_000 + z % 4 * 900),
            ),
            _ => Position::new(Metres::from_m(x * 4 - 128), Metres::ZERO, Metres::from_m(z * 4 - 128)),
        }
    };
    let kind = u8::from(life == Life::Slide);
    let spawn = |tag| Command::SpawnProp { tag, kind, position: place(tag), yaw: Brads(0) };
    let mut commands: Vec<Command> = (0..PROPS).map(spawn).collect();
    commands.extend((0..walkers).map(|tag| {
        let at = |part: u32| Metres::from_m(part as i32 * 2 - 100);
        let placement = Placement::At { x: at(tag % 100), z: at(tag / 100), yaw: Brads(0) };
        Command::Spawn { tag, team: 0, class: 0, placement }
    }));
    world.step(&commands);
    world
}

/// Nanoseconds of the stage, and awake props, in a tick.
fn measure(world: &mut World, commands: &[Command]) -> (Duration, u32) {
    let (mut last, mut stage) = (Instant::now(), Duration::ZERO);
    let report = world.step_observed(commands, &mut |done| {
        let now = Instant::now();
        if done == Stage::Props {
            stage = now - last;
        }
        last = now;
    });
    (stage, report.tally.props_awake)
}

fn main() {
    for (name, life, walkers) in [
        ("asleep, nobody there", Life::Sleep, 0),
        ("asleep, 10,000 walkers", Life::Sleep, 10_000),
        ("sliding alone", Life::Slide, 0),
        ("in piles of sixteen", Life::Pile, 0),
    ] {
        let mut world = strewn(life, walkers);
        let mut best = f64::MAX;
        if life == Life::Sleep {
            (0..120).for_each(|_| _ = world.step(&[]));
        }
        for tick in 0..60 {
            let push = |slot| {
                let velocity = Velocity::new(
                    MetresPerSecond::from_m(2),
                    MetresPerSecond::ZERO,
                    MetresPerSecond::from_m(if tick % 2 == 0 { 1 } else { -1 }),
                );
                Some(Command::PushProp { id: world.props().id_at(slot)?, velocity })
            };
            let commands: Vec<Command> = match life {
                Life::Sleep => Vec::new(),
                _ if tick % 20 == 0 => (0..PROPS).filter_map(push).collect(),
                _ => Vec::new(),
            };
            let (stage, awake) = measure(&mut world, &commands);
            let all = life == Life::Sleep || awake == PROPS;
            if all {
                best = best.min(stage.as_nanos() as f64 / f64::from(PROPS));
            }
        }
        println!("{name:<24} {best:8.2} ns a prop in a tick");
    }
}
