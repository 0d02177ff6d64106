//! What keeping, hashing and taking back a state costs: nanoseconds a character, the least of many rounds.
//!
//! `cargo run --release -p shieldwall-tests --example state_cost [-- characters...]`

use shieldwall_core::{Command, LaneChoice, SavedState, World, WorldConfig};
use shieldwall_tests::scenes::{Brawl, RunningBrawl};
use std::hint::black_box;
use std::time::Instant;

/// The least nanoseconds of `rounds` calls.
fn least(rounds: u32, mut work: impl FnMut()) -> f64 {
    let mut least = f64::MAX;
    for _ in 0..rounds {
        let start = Instant::now();
        work();
        least = least.min(start.elapsed().as_secs_f64() * 1e9);
    }
    least
}

fn print(name: &str, characters: u32, nanoseconds: f64) {
    println!(
        "{name:<28} {:>10.1} us {:>8.2} ns/character",
        nanoseconds / 1e3,
        nanoseconds / f64::from(characters)
    );
}

fn costs(characters: u32, lanes: LaneChoice) {
    let config = WorldConfig { lanes, ..Brawl::config(1, characters) };
    let mut run = RunningBrawl::new(&config, characters);
    for _ in 0..90 {
        run.step();
    }
    let projectiles = run.world.projectiles().live_slots().count();
    println!("{characters} characters, {projectiles} projectiles, {lanes:?} lanes");
    let mut saved = SavedState::new();
    run.world.save(&mut saved);
    print(
        "state hash",
        characters,
        least(300, || {
            black_box(run.world.state_hash());
        }),
    );
    print(
        "save (copy + hash)",
        characters,
        least(300, || {
            black_box(run.world.save(&mut saved));
        }),
    );
    print("load", characters, least(300, || run.world.load(&saved).expect("its own")));
    let mut image = Vec::new();
    print(
        "snapshot (image + hash)",
        characters,
        least(300, || {
            image.clear();
            black_box(run.world.snapshot_into(&mut image));
        }),
    );
    print("restore (image)", characters, least(100, || run.world.restore(&image).expect("its own")));
    let rollback = least(40, || {
        run.world.load(&saved).expect("its own");
        for _ in 0..15 {
            run.world.step(&[]);
        }
    });
    print("rollback of 15 ticks", characters, rollback);
}

/// Ten thousand come in one tick and go in another.
fn coming_and_going(characters: u32) {
    let config = Brawl::config(1, characters);
    let mut world = World::new(&config).expect("the scene is valid");
    let brawl = Brawl::new(1, characters);
    let (mut spawns, mut despawns) = (Vec::new(), Vec::new());
    brawl.commands(&world, &mut spawns);
    let (mut come, mut go, mut idle) = (f64::MAX, f64::MAX, f64::MAX);
    for _ in 0..20 {
        come = come.min(least(1, || {
            world.step(&spawns);
        }));
        idle = idle.min(least(1, || {
            world.step(&[]);
        }));
        despawns.clear();
        despawns.extend(
            (0..world.character_slots_end())
                .filter_map(|slot| world.id_at(slot))
                .map(|id| Command::Despawn { id }),
        );
        go = go.min(least(1, || {
            world.step(&despawns);
        }));
        assert_eq!(world.character_count(), 0);
    }
    println!("{characters} characters come and go");
    print("tick that spawns all", characters, come);
    print("tick after it", characters, idle);
    print("tick that despawns all", characters, go);
}

fn main() {
    let wanted: Vec<u32> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let wanted = if wanted.is_empty() { vec![1_000, 10_000, 50_000] } else { wanted };
    for characters in wanted {
        for &lanes in LaneChoice::available() {
            costs(characters, lanes);
        }
        coming_and_going(characters);
    }
}
