//! Runs a brawl and prints what it did and what a tick cost, on one thread unless told otherwise:
//! `brawl [characters] [ticks] [seed] [rows from which on stages are split over threads]`.

use shieldwall_core::{Stage, WorldConfig};
use shieldwall_tests::scenes::{Brawl, RunningBrawl};
use std::time::{Duration, Instant};

fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u32>().expect("a number"));
    let characters = arguments.next().unwrap_or(1_000);
    let ticks = arguments.next().unwrap_or(1_800);
    let seed = arguments.next().unwrap_or(1);
    let parallel_min_rows = arguments.next().unwrap_or(u32::MAX);
    let config = WorldConfig { parallel_min_rows, ..Brawl::config(u64::from(seed), characters) };
    let mut run = RunningBrawl::new(&config, characters);
    let mut stages: Vec<(Stage, Vec<Duration>)> = Vec::new();
    let (mut hits, mut deaths, mut shots) = (0, 0, 0);
    let mut whole = Vec::with_capacity(ticks as usize);
    for _ in 0..ticks {
        run.brawl.commands(&run.world, &mut run.commands);
        let start = Instant::now();
        let mut last = start;
        let report = run.world.step_observed(&run.commands, &mut |stage| {
            let now = Instant::now();
            match stages.iter_mut().find(|(known, _)| *known == stage) {
                Some((_, times)) => times.push(now - last),
                None => stages.push((stage, vec![now - last])),
            }
            last = now;
        });
        whole.push(start.elapsed());
        hits += report.tally.hits;
        deaths += report.tally.deaths;
        shots += report.tally.shots;
    }
    println!("{characters} characters, {ticks} ticks: {hits} hits, {deaths} deaths, {shots} shots");
    print_times("tick", &mut whole, characters);
    for (stage, times) in &mut stages {
        print_times(&format!("  {stage:?}"), times, characters);
    }
    let mut image = Vec::new();
    let (mut hashing, mut saving) = (Vec::new(), Vec::new());
    for _ in 0..200 {
        let start = Instant::now();
        std::hint::black_box(run.world.state_hash());
        hashing.push(start.elapsed());
        image.clear();
        let start = Instant::now();
        run.world.snapshot_into(&mut image);
        saving.push(start.elapsed());
    }
    print_times("hash", &mut hashing, characters);
    print_times("snapshot", &mut saving, characters);
    println!("{} bytes in a snapshot, hash {}", image.len(), run.world.state_hash());
}

/// Quantiles of a duration, the median also for each character.
fn print_times(what: &str, times: &mut [Duration], characters: u32) {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    let each = at(50).as_nanos() as f64 / f64::from(characters);
    println!(
        "{what:14} p10 {:9.1?} p50 {:9.1?} p99 {:9.1?}   {each:6.1} ns a character",
        at(10),
        at(50),
        at(99)
    );
}
