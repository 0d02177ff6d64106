//! Worlds whose instructions are counted. Valgrind knows no AVX-512: what is counted runs on AVX2 lanes, or on what the
//! processor has below.

use shieldwall_core::{
    Brads, CharacterInput, Command, Metres, Placement, SavedState, World, WorldConfig, buttons,
};
use shieldwall_scenes::{Brawl, RunningBrawl};

/// Characters in every world here.
pub const CHARACTERS: u32 = 1_000;

/// A fight in full swing, with the commands of its next tick.
#[must_use]
pub fn fight() -> RunningBrawl {
    let config = WorldConfig { parallel_min_rows: u32::MAX, ..Brawl::config(3, CHARACTERS) };
    let mut run = RunningBrawl::new(&config, CHARACTERS);
    for _ in 0..180 {
        run.step();
    }
    run.brawl.commands(&run.world, &mut run.commands);
    run
}

/// A fight with a state saved from it.
#[must_use]
pub fn saved_fight() -> (World, SavedState) {
    let run = fight();
    let mut saved = SavedState::new();
    run.world.save(&mut saved);
    (run.world, saved)
}

/// A fight with an image of it, and room for another.
#[must_use]
pub fn imaged_fight() -> (World, Vec<u8>) {
    let run = fight();
    let mut image = Vec::new();
    run.world.snapshot_into(&mut image);
    (run.world, image)
}

/// Everybody walks, `spacing_mm` apart, in one direction: nobody meets anybody where that is far.
///
/// # Panics
/// When the kernel refuses the configuration: a mistake in this file.
#[must_use]
pub fn march(spacing_mm: i32) -> World {
    let config = WorldConfig {
        character_capacity: CHARACTERS,
        half_extent: Metres::from_m(256),
        parallel_min_rows: u32::MAX,
        ..WorldConfig::default()
    };
    let mut world = World::new(&config).expect("a valid configuration");
    let side = 32;
    let spawn = |i: i32| {
        let at = |step: i32| Metres::from_mm((step - side / 2) * spacing_mm);
        let placement = Placement::At { x: at(i % side), z: at(i / side), yaw: Brads(0) };
        Command::Spawn { tag: i as u32, team: 0, class: 0, placement }
    };
    world.step(&(0..CHARACTERS as i32).map(spawn).collect::<Vec<_>>());
    let input = CharacterInput { buttons: buttons::SPRINT, move_forward: 127, ..CharacterInput::default() };
    let order = |slot: u32| Command::Input { id: world.id_at(slot).expect("all were spawned"), input };
    let orders: Vec<Command> = (0..CHARACTERS).map(order).collect();
    world.step(&orders);
    for _ in 0..10 {
        world.step(&[]);
    }
    world
}
