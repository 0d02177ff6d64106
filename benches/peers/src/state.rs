//! Snapshots, hashes, restores of fights, and rollbacks.

use crate::measure::{Effort, median, time};
use crate::ours::{Walkers, present_only};
use crate::report::{Report, Row};
use crate::ticks::{fight, walkers};
use shieldwall_core::{Command, SavedState, World};
use shieldwall_scenes::RunningBrawl;
use std::hint::black_box;

/// Measures the state of fights.
pub fn run(report: &mut Report, effort: Effort) {
    for &count in effort.sizes() {
        let mut run = fight(count, u32::MAX, false);
        let repeats = if effort.quick { 11 } else { 51 };
        let mut image = Vec::new();
        let samples = |work: &mut dyn FnMut()| {
            median((0..repeats).map(|_| time(&mut *work).0).collect()) / count as f64
        };
        let world = &mut run.world;
        let mut saved = SavedState::new();
        world.snapshot_into(&mut image);
        let mut copy = image.clone();
        // Whole or in pieces, whichever copies faster.
        let floor = [image.len(), 4_096].map(|piece| {
            samples(&mut || {
                for (to, from) in copy.chunks_mut(piece).zip(image.chunks(piece)) {
                    black_box(to).copy_from_slice(black_box(from));
                }
            })
        });
        let floor = floor[0].min(floor[1]);
        let figures = [
            ("memcpy of an image's bytes: the floor", floor),
            (
                "save in memory, with hash",
                samples(&mut || {
                    black_box(world.save(&mut saved));
                }),
            ),
            ("load from memory", samples(&mut || world.load(&saved).expect("its own state"))),
            (
                "hash alone",
                samples(&mut || {
                    black_box(world.state_hash());
                }),
            ),
            (
                "image of bytes, with hash",
                samples(&mut || {
                    image.clear();
                    black_box(world.snapshot_into(&mut image));
                }),
            ),
            ("restore of an image, checked", samples(&mut || world.restore(&image).expect("its own image"))),
        ];
        for (who, value) in figures {
            let mut row = row("state", count, who, value, "ns an entity");
            row.note = format!("{:.2} of the floor, {} bytes an entity", value / floor, image.len() / count);
            report.add(row);
        }
    }
    let count = 1_000;
    rollback(report, effort, ("fight", count), &mut fight(count, u32::MAX, false));
    let walkers = &mut walkers(count, u32::MAX, present_only());
    rollback(report, effort, ("battle, walking", count), walkers);
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
