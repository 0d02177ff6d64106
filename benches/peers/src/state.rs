//! Snapshots, hashes, restores and the rollback of a fight.

use crate::measure::{Effort, median, time};
use crate::report::{Report, Row};
use crate::ticks::fight;
use shieldwall_core::SavedState;
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
    rollback(report, effort);
}

/// Ticks that a rollback goes back.
const ROLLBACK_TICKS: usize = 15;

/// Back to a saved state, and all ticks since then again, with the commands they had.
fn rollback(report: &mut Report, effort: Effort) {
    let count = 1_000;
    let mut run = fight(count, u32::MAX, false);
    let mut samples = Vec::new();
    let mut saved = SavedState::new();
    for _ in 0..if effort.quick { 5 } else { 31 } {
        run.world.save(&mut saved);
        let mut commands = Vec::new();
        for _ in 0..ROLLBACK_TICKS {
            run.step();
            commands.push(run.commands.clone());
        }
        let hash = run.world.state_hash();
        let (taken, ()) = time(|| {
            run.world.load(&saved).expect("its own state");
            for commands in &commands {
                run.world.step(commands);
            }
        });
        assert_eq!(run.world.state_hash(), hash, "a rollback comes out where it started");
        samples.push(taken / 1e6);
    }
    report.add(row("rollback", count, "15 ticks again", median(samples), "ms"));
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
