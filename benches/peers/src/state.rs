//! Snapshots, hashes, restores of fights and walking crowds, and rollbacks.

use crate::measure::{Effort, median, time, time_of_all};
use crate::ours::{Walkers, present_only};
use crate::report::{Report, Row};
use crate::ticks::{fight, walkers};
use shieldwall_core::{Command, SavedState, World, WorldConfig};
use shieldwall_scenes::RunningBrawl;
use std::hint::black_box;

/// Measures the state of fights, and of crowds that only walk, as those of physics engines do.
pub fn run(report: &mut Report, effort: Effort) {
    let least_rows = WorldConfig::default().parallel_min_rows;
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    for &count in effort.sizes() {
        both_scenes(report, effort, (count, 1));
        if count >= least_rows as usize && processors > 1 {
            let pool =
                rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("threads can be started");
            pool.install(|| both_scenes(report, effort, (count, 2)));
        }
    }
    let count = 1_000;
    rollback(report, effort, ("fight", count), &mut fight(count, u32::MAX, false));
    let walkers = &mut walkers(count, u32::MAX, present_only());
    rollback(report, effort, ("battle, walking", count), walkers);
}

/// A fight and a walking crowd, on so many threads of the pool that this is called in.
fn both_scenes(report: &mut Report, effort: Effort, (count, threads): (usize, usize)) {
    let least_rows = if threads == 1 { u32::MAX } else { WorldConfig::default().parallel_min_rows };
    let mut brawl = fight(count, least_rows, false);
    one_state(report, effort, ("fight", count, threads), &mut brawl.world);
    let mut crowd = walkers(count, least_rows, present_only());
    one_state(report, effort, ("battle, walking", count, threads), &mut crowd.world);
}

/// All that is done with one state, in a column of the table named by workload and number of characters.
fn one_state(
    report: &mut Report,
    effort: Effort,
    (workload, count, threads): (&str, usize, usize),
    world: &mut World,
) {
    let repeats = if effort.quick { 11 } else { 51 };
    let samples = |work: &mut (dyn FnMut() + Send)| {
        let once = |_| if threads == 1 { time(&mut *work).0 } else { time_of_all(&mut *work).0 };
        median((0..repeats).map(once).collect()) / count as f64
    };
    let (mut saved, mut image) = (SavedState::new(), Vec::new());
    world.snapshot_into(&mut image);
    let mut copy = image.clone();
    // Whole or in pieces, whichever copies faster, on one thread.
    let floor = [image.len(), 4_096].map(|piece| {
        samples(&mut || {
            for (to, from) in copy.chunks_mut(piece).zip(image.chunks(piece)) {
                black_box(to).copy_from_slice(black_box(from));
            }
        })
    });
    let floor = floor[0].min(floor[1]);
    let mut figures = vec![
        ("save in memory, with hash", samples(&mut || _ = black_box(world.save(&mut saved)))),
        ("load from memory", samples(&mut || world.load(&saved).expect("its own state"))),
        ("hash alone", samples(&mut || _ = black_box(world.state_hash()))),
    ];
    if threads == 1 {
        figures.insert(0, ("memcpy of an image's bytes: the floor", floor));
        let write = &mut || {
            image.clear();
            black_box(world.snapshot_into(&mut image));
        };
        figures.push(("image of bytes, with hash", samples(write)));
        let restore = &mut || world.restore(&image).expect("its own image");
        figures.push(("restore of an image, checked", samples(restore)));
    }
    let arrows = world.projectiles().alive.iter().filter(|alive| **alive != 0).count();
    for (who, value) in figures {
        let on = if threads == 1 { "" } else { ", 2 threads" };
        let mut row = row("state", count, &format!("{who}{on}"), value, "ns an entity");
        row.workload = workload.into();
        row.note = format!(
            "{:.2} of the floor; {:.2} ns each of characters and {arrows} arrows; {} bytes a character",
            value / floor,
            value * count as f64 / (count + arrows) as f64,
            image.len() / count
        );
        report.add(row);
    }
}

/// Ticks that a rollback goes back.
const ROLLBACK_TICKS: usize = 15;

/// A scene that goes on by itself.
trait Scene {
    /// Its world.
    fn world(&mut self) -> &mut World;

    /// Runs one more tick; the commands that it had.
    fn next_tick(&mut self) -> Vec<Command>;
}

impl Scene for RunningBrawl {
    fn world(&mut self) -> &mut World {
        &mut self.world
    }

    fn next_tick(&mut self) -> Vec<Command> {
        self.step();
        self.commands.clone()
    }
}

impl Scene for Walkers {
    fn world(&mut self) -> &mut World {
        &mut self.world
    }

    fn next_tick(&mut self) -> Vec<Command> {
        self.world.step(&self.inputs);
        self.inputs.clone()
    }
}

/// Back to a saved state, and all ticks since then again, with the commands they had.
fn rollback(report: &mut Report, effort: Effort, (workload, count): (&str, usize), scene: &mut impl Scene) {
    let mut samples = Vec::new();
    let mut saved = SavedState::new();
    for _ in 0..if effort.quick { 5 } else { 31 } {
        scene.world().save(&mut saved);
        let commands: Vec<Vec<Command>> = (0..ROLLBACK_TICKS).map(|_| scene.next_tick()).collect();
        let world = scene.world();
        let hash = world.state_hash();
        let (taken, ()) = time(|| {
            world.load(&saved).expect("its own state");
            for commands in &commands {
                world.step(commands);
            }
        });
        assert_eq!(world.state_hash(), hash, "a rollback comes out where it started");
        samples.push(taken / 1e6);
    }
    let mut row = row("rollback", count, "15 ticks again", median(samples), "ms");
    row.workload = workload.into();
    report.add(row);
}

fn row(section: &str, count: usize, who: &str, value: f64, unit: &str) -> Row {
    Row {
        section: section.into(),
        workload: "fight".into(),
        count,
        who: format!("shieldwall: {who}"),
        ours: true,
        value,
        unit: unit.into(),
        note: String::new(),
    }
}
