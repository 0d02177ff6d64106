//! Whole ticks of a fight, with everything in them: how long, on how many threads, and where the time goes.

use crate::measure::{Effort, median, time, time_of_all};
use crate::report::{Report, Row};
use shieldwall_core::{Stage, WorldConfig};
use shieldwall_scenes::{Brawl, RunningBrawl};
use std::collections::BTreeMap;
use std::time::Instant;

fn row(workload: &str, count: usize, who: String, value: f64, unit: &str) -> Row {
    Row {
        section: "tick".into(),
        workload: workload.into(),
        count,
        who,
        ours: true,
        value,
        unit: unit.into(),
        note: String::new(),
    }
}

/// A fight of so many, in full swing.
pub fn fight(count: usize, parallel_min_rows: u32) -> RunningBrawl {
    let config = WorldConfig { parallel_min_rows, ..Brawl::config(3, count as u32) };
    let mut run = RunningBrawl::new(&config, count as u32);
    for _ in 0..180 {
        run.step();
    }
    run
}

/// Measures fights on one thread and on more.
pub fn run(report: &mut Report, effort: Effort) {
    for &count in effort.sizes() {
        let mut single = 0.0;
        for threads in threads() {
            let (taken, stages) = measure(count, threads, effort);
            let who = format!("shieldwall, {threads} thread{}", if threads == 1 { "" } else { "s" });
            report.add(row("fight", count, who, taken / 1e6, "ms a tick"));
            if threads == 1 {
                single = taken;
                for (stage, nanoseconds) in stages {
                    let mut row =
                        row("fight", count, format!("{stage:?}"), nanoseconds / count as f64, "ns an entity");
                    row.section = "stages of a tick".into();
                    report.add(row);
                }
            } else {
                let who = format!("1 thread / {threads} threads");
                report.add(row("fight, gain", count, who, single / taken, "times"));
            }
        }
    }
}

/// Numbers of threads worth a row here.
fn threads() -> Vec<usize> {
    let most = std::thread::available_parallelism().map_or(1, usize::from);
    let mut numbers: Vec<usize> = [1, 2, 4, 8, 16].into_iter().filter(|n| *n <= most).collect();
    if most > 1 && !numbers.contains(&most) {
        numbers.push(most);
    }
    numbers
}

/// Median nanoseconds of a tick and of each of its stages. The commands are made outside the clock.
fn measure(count: usize, threads: usize, effort: Effort) -> (f64, BTreeMap<Stage, f64>) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be started");
    let least_rows = if threads == 1 { u32::MAX } else { WorldConfig::default().parallel_min_rows };
    pool.install(|| {
        let mut run = fight(count, least_rows);
        let (mut whole, mut stages) = (Vec::new(), BTreeMap::<Stage, Vec<f64>>::new());
        for tick in 0..effort.ticks(count).1 {
            run.brawl.commands(&run.world, &mut run.commands);
            // Every other tick is watched: watching costs a little itself.
            if tick % 2 == 0 {
                let step = || run.world.step(&run.commands);
                whole.push(if threads == 1 { time(step).0 } else { time_of_all(step).0 });
            } else {
                let mut last = Instant::now();
                run.world.step_observed(&run.commands, &mut |stage| {
                    let now = Instant::now();
                    stages.entry(stage).or_default().push((now - last).as_nanos() as f64);
                    last = now;
                });
            }
        }
        (median(whole), stages.into_iter().map(|(stage, samples)| (stage, median(samples))).collect())
    })
}
