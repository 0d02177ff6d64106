//! Whole ticks, with everything in them: how long, on how many threads, and where the time goes.

use crate::measure::{Effort, median, time, time_of_all};
use crate::ours::{Walkers, config, flat, present_only, reach};
use crate::report::{Report, Row};
use crate::steps::StartOfStep;
use crate::workload::Layout;
use shieldwall_core::{LaneChoice, Rules, Stage, WorldConfig};
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

/// A fight of so many, in full swing, that keeps the history of half a second or none.
pub fn fight(count: usize, parallel_min_rows: u32, looks_back: bool) -> RunningBrawl {
    let mut config = WorldConfig { parallel_min_rows, ..Brawl::config(3, count as u32) };
    if !looks_back {
        config.rules.lag = present_only().lag;
    }
    let mut run = RunningBrawl::new(&config, count as u32);
    for _ in 0..180 {
        run.step();
    }
    run
}

/// A world that is measured tick by tick.
trait Ticking {
    /// Makes the commands of the next tick. This is not timed.
    fn prepare(&mut self);

    /// The tick.
    fn step(&mut self);

    /// The tick, told stage by stage.
    fn step_observed(&mut self, observer: &mut (dyn FnMut(Stage) + Send));
}

impl Ticking for RunningBrawl {
    fn prepare(&mut self) {
        self.brawl.commands(&self.world, &mut self.commands);
    }

    fn step(&mut self) {
        self.world.step(&self.commands);
    }

    fn step_observed(&mut self, mut observer: &mut (dyn FnMut(Stage) + Send)) {
        self.world.step_observed(&self.commands, &mut observer);
    }
}

impl Ticking for Walkers {
    fn prepare(&mut self) {}

    fn step(&mut self) {
        self.world.step(&self.inputs);
    }

    fn step_observed(&mut self, mut observer: &mut (dyn FnMut(Stage) + Send)) {
        self.world.step_observed(&self.inputs, &mut observer);
    }
}

/// Makes a scene of so many that splits its work from so many rows on.
type MakeScene = fn(usize, u32) -> Box<dyn Ticking + Send>;

/// More ticks than a history of half a second has pages.
const HISTORY_TICKS: usize = 40;

/// Everybody in the battle's square walks and has an input every tick; nobody strikes.
pub fn walkers(count: usize, parallel_min_rows: u32, rules: Rules) -> Walkers {
    let start = StartOfStep::new(Layout::Battle, count);
    let config = WorldConfig { parallel_min_rows, rules, ..config(count, reach(&start), LaneChoice::Auto) };
    let mut walkers = Walkers::within(&start, config, true, &flat());
    // Until every page of the history has been written once, a tick pays for memory that nobody has touched before.
    for _ in 0..HISTORY_TICKS {
        walkers.world.step(&walkers.inputs);
    }
    walkers
}

/// Measures whole ticks on one thread and on more.
pub fn run(report: &mut Report, effort: Effort) {
    let scenes: [(&str, MakeScene); 2] = [
        ("battle, walking", |count, parallel_min_rows| {
            Box::new(walkers(count, parallel_min_rows, Rules::default()))
        }),
        ("fight", |count, parallel_min_rows| Box::new(fight(count, parallel_min_rows, true))),
    ];
    for (name, make) in scenes {
        for &count in effort.sizes() {
            column(report, name, make, count, effort);
        }
    }
}

fn column(report: &mut Report, name: &str, make: MakeScene, count: usize, effort: Effort) {
    let mut single = 0.0;
    for threads in threads() {
        let (taken, stages) = measure(make, count, threads, effort);
        let who = format!("shieldwall, {threads} thread{}", if threads == 1 { "" } else { "s" });
        report.add(row(name, count, who, taken / 1e6, "ms a tick"));
        if threads <= 2 {
            for (stage, nanoseconds) in stages {
                let mut row =
                    row(name, count, format!("{stage:?}"), nanoseconds / count as f64, "ns an entity");
                let on = if threads == 1 { "" } else { " on 2 threads" };
                row.section = format!("stages of a tick{on}");
                report.add(row);
            }
        }
        if threads == 1 {
            single = taken;
        } else {
            let who = format!("1 thread / {threads} threads");
            report.add(row(&format!("{name}, gain"), count, who, single / taken, "times"));
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
fn measure(make: MakeScene, count: usize, threads: usize, effort: Effort) -> (f64, BTreeMap<Stage, f64>) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be started");
    let least_rows = if threads == 1 { u32::MAX } else { WorldConfig::default().parallel_min_rows };
    pool.install(|| {
        let mut scene = make(count, least_rows);
        let (mut whole, mut stages) = (Vec::new(), BTreeMap::<Stage, Vec<f64>>::new());
        let (warm_up, counted) = effort.ticks(count);
        for tick in 0..warm_up + 2 * counted {
            scene.prepare();
            // Every other tick is watched: watching costs a little itself.
            if tick < warm_up {
                scene.step();
            } else if tick % 2 == 0 {
                let step = || scene.step();
                whole.push(if threads == 1 { time(step).0 } else { time_of_all(step).0 });
            } else {
                let mut last = Instant::now();
                scene.step_observed(&mut |stage| {
                    let now = Instant::now();
                    stages.entry(stage).or_default().push((now - last).as_nanos() as f64);
                    last = now;
                });
            }
        }
        (median(whole), stages.into_iter().map(|(stage, samples)| (stage, median(samples))).collect())
    })
}
