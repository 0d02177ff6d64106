//! Instructions of the kernel's hot loops, for a thousand characters each. `cargo xtask bench instructions` runs it and
//! holds the counts against `benches/baselines/instructions.json`.
#![expect(unused_qualifications, missing_docs, reason = "in what the macros write")]

use gungraun::{library_benchmark, library_benchmark_group, main};
use shieldwall_core::{Metres, SavedState, StateHash, World};
use shieldwall_instructions::{CHARACTERS, fight, imaged_fight, march, saved_fight};
use shieldwall_scenes::RunningBrawl;
use std::hint::black_box;

#[library_benchmark]
#[bench::of_a_fight(setup = fight)]
fn whole_tick(mut run: RunningBrawl) -> RunningBrawl {
    run.world.step(&run.commands);
    run
}

// Far apart, walking is nearly all there is; near, making room is most of it.
#[library_benchmark]
#[bench::apart(args = (5_000), setup = march)]
#[bench::touching(args = (700), setup = march)]
fn tick_of_a_march(mut world: World) -> World {
    world.step(&[]);
    world
}

#[library_benchmark]
#[bench::of_100_around_everybody(args = (700), setup = march)]
fn radius_queries(world: World) -> (World, u64) {
    let mut sum = 0;
    for slot in 0..CHARACTERS as usize {
        let view = world.characters();
        let (x, z) = (Metres(view.position_x[slot]), Metres(view.position_z[slot]));
        world.for_each_character_in_radius(x, z, Metres::from_m(4), |other| sum += u64::from(other));
    }
    (world, black_box(sum))
}

#[library_benchmark]
#[bench::of_a_fight(setup = saved_fight)]
fn save_with_hash((world, mut saved): (World, SavedState)) -> (World, SavedState, StateHash) {
    let hash = world.save(&mut saved);
    (world, saved, hash)
}

#[library_benchmark]
#[bench::of_a_fight(setup = saved_fight)]
fn load((mut world, saved): (World, SavedState)) -> (World, SavedState, bool) {
    let done = world.load(&saved).is_ok();
    (world, saved, black_box(done))
}

#[library_benchmark]
#[bench::of_a_fight(setup = imaged_fight)]
fn image_with_hash((world, mut image): (World, Vec<u8>)) -> (World, Vec<u8>, StateHash) {
    image.clear();
    let hash = world.snapshot_into(&mut image);
    (world, image, hash)
}

#[library_benchmark]
#[bench::of_a_fight(setup = imaged_fight)]
fn restore((mut world, image): (World, Vec<u8>)) -> (World, Vec<u8>, bool) {
    let done = world.restore(&image).is_ok();
    (world, image, black_box(done))
}

library_benchmark_group!(name = tick; benchmarks = whole_tick, tick_of_a_march);
library_benchmark_group!(name = queries; benchmarks = radius_queries);
library_benchmark_group!(name = state; benchmarks = save_with_hash, load, image_with_hash, restore);
main!(library_benchmark_groups = tick, queries, state);
