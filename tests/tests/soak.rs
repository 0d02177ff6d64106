//! Long runs: no overflow (the test builds check every addition), nothing drifts, and the tick counter may wrap.
//!
//! `SOAK_TICKS` sets the length; `cargo xtask soak` runs a day of simulated time (5,184,000 ticks).

use shieldwall_core::{Command, StepReport, Tick, World};
use shieldwall_tests::scenes::{Brawl, RunningBrawl};

/// A small fight that lasts.
const CHARACTERS: u32 = 12;

fn soak_ticks() -> u32 {
    match std::env::var("SOAK_TICKS") {
        Ok(text) => text.parse().expect("SOAK_TICKS is a number of ticks"),
        Err(_) => 30_000,
    }
}

/// What holds after every tick.
fn check_invariants(world: &World) {
    let (view, rules) = (world.characters(), &world.config().rules);
    let edge = world.config().half_extent.0;
    let mut living = 0;
    for slot in 0..world.character_slots_end() {
        if view.id_at(slot).is_none() {
            continue;
        }
        let row = slot as usize;
        let at = view.position(slot);
        assert!(at.x.0.abs() <= edge && at.z.0.abs() <= edge, "slot {slot} is outside: {at:?}");
        assert!(at.y >= world.terrain().height_at(at.x, at.z), "slot {slot} is below the ground: {at:?}");
        assert!(view.health[row] <= rules.life.health_max);
        assert_eq!(view.is_alive(slot), view.health[row] > 0);
        living += u32::from(view.is_alive(slot));
    }
    assert!(world.character_count() <= CHARACTERS as usize);
    assert!(living <= CHARACTERS);
}

/// One tick of the brawl. Who comes later joins either team in turn: the script's own newcomers all join the first, and
/// after a hundred thousand ticks nobody would have an enemy.
fn step(run: &mut RunningBrawl) -> StepReport {
    run.brawl.commands(&run.world, &mut run.commands);
    let tick = run.world.tick();
    for command in &mut run.commands {
        if let Command::Spawn { tag, team, .. } = command {
            *team = (tag.wrapping_add(tick.0) % 2) as u8;
        }
    }
    run.world.step(&run.commands)
}

/// Runs a fight from `first`; a second world is restored from it now and then, and must stay the same.
fn soak(first: Tick, ticks: u32) -> u64 {
    let config = Brawl::config(3, CHARACTERS);
    let mut run = RunningBrawl::new(&config, CHARACTERS);
    assert!(run.world.begin_at(first));
    let mut twin = World::new(&config).expect("the scene is valid");
    let (mut image, mut deaths) = (Vec::new(), 0_u64);
    for done in 0..ticks {
        let fresh = done.is_multiple_of(8_192);
        if fresh {
            image.clear();
            run.world.snapshot_into(&mut image);
            twin.restore(&image).expect("an image of the same configuration");
        }
        deaths += u64::from(step(&mut run).tally.deaths);
        if done % 8_192 < 64 {
            twin.step(&run.commands);
            assert_eq!(twin.state_hash(), run.world.state_hash(), "after {done} ticks");
        }
        if done.is_multiple_of(16) {
            check_invariants(&run.world);
        }
        if done.is_multiple_of(500_000) && done > 0 {
            eprintln!("{done} of {ticks} ticks, {deaths} deaths");
        }
    }
    assert_eq!(run.world.tick(), Tick(first.0.wrapping_add(ticks)));
    assert!(!run.world.begin_at(Tick(0)), "a world in use keeps its tick");
    deaths
}

#[test]
fn a_long_fight_keeps_its_invariants() {
    let ticks = soak_ticks();
    let deaths = soak(Tick(0), ticks);
    assert!(deaths > u64::from(ticks / 4_000), "they fight to the end: {deaths} deaths");
}

#[test]
fn the_tick_counter_may_wrap() {
    let deaths = soak(Tick(u32::MAX - 6_000), 12_000);
    assert!(deaths > 10, "they fight across the wrap: {deaths} deaths");
}
