//! Engines as contenders. Each is driven as its authors mean it to be: rapier through its pipeline with kinematic bodies,
//! PhysX with boxes it only reports changes of, Box2D with worlds of awake bodies.

pub mod box2d;
pub mod physx;
pub mod rapier;

use crate::measure::{Effort, median, time};
use crate::pairs::Make;
use crate::report::{Report, Row};
use crate::steps::{Crowded, StartOfStep};
use crate::workload::Layout;

/// The makers of pair finders.
pub fn pair_makers() -> Vec<Make> {
    vec![
        Box::new(|frame| Box::new(physx::BroadPhase::new(frame, physx::PxBroadPhaseType::Abp))),
        Box::new(|frame| Box::new(rapier::BroadPhase::new(frame))),
        Box::new(|frame| Box::new(rapier::ParryTree::new(frame))),
        Box::new(|frame| Box::new(box2d::Tree::new(frame))),
    ]
}

/// The makers of walking crowds.
pub fn step_makers() -> Vec<crate::steps::Make> {
    vec![
        Box::new(|start| Box::new(box2d::Discs::new(start, 4))),
        Box::new(|start| Box::new(box2d::Discs::new(start, 1))),
        Box::new(|start| Box::new(rapier::Balls::new(start))),
    ]
}

/// Saving and restoring a crowd that was walking for a second.
pub fn state(report: &mut Report, effort: Effort) {
    for &count in effort.sizes() {
        let start = StartOfStep::new(Layout::Battle, count);
        let mut discs = box2d::Discs::new(&start, 4);
        let mut balls = rapier::Balls::new(&start);
        for _ in 0..30 {
            discs.tick();
            balls.tick();
        }
        let repeats = if effort.quick { 3 } else { 9 };
        let each = |work: &mut dyn FnMut()| {
            median((0..repeats).map(|_| time(&mut *work).0).collect()) / count as f64
        };
        let bytes = discs.save();
        let mut add = |who: &str, value: f64, note: String| {
            report.add(Row {
                section: "state".into(),
                workload: "fight".into(),
                count,
                who: who.into(),
                ours: false,
                value,
                unit: "ns an entity".into(),
                note,
            });
        };
        let save = each(&mut || {
            discs.save();
        });
        add("Box2D 3: snapshot", save, format!("{} B each", bytes / count));
        add("Box2D 3: restore", each(&mut || discs.load()), String::new());
        add(
            "rapier 0.36: clone of all sets",
            each(&mut || {
                balls.save();
            }),
            String::new(),
        );
    }
}
