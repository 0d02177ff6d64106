//! All pairs that touch, everybody moving.

use crate::measure::{Effort, SERIES, median, time};
use crate::report::{Report, Row};
use crate::workload::{Crowd, Frame, Layout, PAIRS_DENSITY, Pairs, by_force, checksum};

/// What a contender tells of the pairs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tells {
    /// All pairs that touch, in every tick.
    All,
    /// Only what changed, and of boxes around the bodies.
    ChangesOfBoxes,
}

/// Finds the pairs of a frame.
pub trait PairFinder {
    /// Name in the table.
    fn name(&self) -> String;

    /// Whether it is the kernel.
    fn is_ours(&self) -> bool {
        false
    }

    /// What it tells.
    fn tells(&self) -> Tells {
        Tells::All
    }

    /// Whether it can do so many, in this layout, in bearable time.
    fn can(&self, _layout: Layout, _count: usize) -> bool {
        true
    }

    /// Clears `out` and fills it with the pairs of the frame. This is timed.
    fn find(&mut self, frame: &Frame, out: &mut Pairs);

    /// Brings pairs that were written in a form of its own into `out`. Not timed.
    fn finish(&mut self, _out: &mut Pairs) {}

    /// Nanoseconds by its own clock, where the wall clock would count more than the job.
    fn own_time(&self) -> Option<f64> {
        None
    }

    /// For those that tell changes: how many pairs they hold now. Not timed.
    fn held(&mut self) -> usize {
        0
    }
}

/// Makes a contender for a first frame.
pub type Make = Box<dyn Fn(&Frame) -> Box<dyn PairFinder>>;

/// Measures all contenders on all layouts.
pub fn run(report: &mut Report, effort: Effort, makers: &[Make]) {
    for layout in Layout::ALL {
        for &count in effort.sizes() {
            // Everybody in one spot is n squared pairs: a thousand make half a million.
            if layout != Layout::Spot || count <= 1_000 {
                column(report, effort, makers, layout, count);
            }
        }
    }
}

fn column(report: &mut Report, effort: Effort, makers: &[Make], layout: Layout, count: usize) {
    let mut crowd = Crowd::new(count, layout, PAIRS_DENSITY, 1);
    let mut frame = Frame::default();
    frame.load(&crowd);
    let mut contenders: Vec<Box<dyn PairFinder>> = makers.iter().map(|make| make(&frame)).collect();
    contenders.retain(|contender| contender.can(layout, count));
    let mut samples: Vec<Vec<f64>> = vec![Vec::new(); contenders.len()];
    let (warm, measured) = effort.ticks(count);
    let mut frames: [Frame; SERIES] = std::array::from_fn(|_| Frame::default());
    let (mut pairs, mut out) = (0, Pairs::new());
    for first in (0..warm + measured).step_by(SERIES) {
        for frame in &mut frames {
            crowd.advance();
            frame.load(&crowd);
        }
        let truths: Vec<(usize, u64)> =
            frames.iter().enumerate().map(|(at, frame)| truth(frame, first + at)).collect();
        pairs = truths[0].0;
        for turn in 0..contenders.len() {
            let at = (turn + first / SERIES) % contenders.len();
            for (offset, (frame, truth)) in frames.iter().zip(&truths).enumerate() {
                let taken = one_frame(contenders[at].as_mut(), frame, *truth, layout, &mut out);
                if first + offset >= warm {
                    samples[at].push(taken);
                }
            }
        }
    }
    for (contender, samples) in contenders.iter().zip(samples) {
        let note = match contender.tells() {
            Tells::All => String::new(),
            Tells::ChangesOfBoxes => "changes".to_owned(),
        };
        report.add(Row {
            section: "pairs".into(),
            workload: format!("{} ({:.2} pairs)", layout.name(), pairs as f64 / count as f64),
            count,
            who: contender.name(),
            ours: contender.is_ours(),
            value: median(samples) / count as f64,
            unit: "ns an entity".into(),
            note,
        });
    }
}

/// Nanoseconds that a contender takes for a frame. What it tells is held against the truth, outside of the clock.
fn one_frame(
    contender: &mut dyn PairFinder,
    frame: &Frame,
    truth: (usize, u64),
    layout: Layout,
    out: &mut Pairs,
) -> f64 {
    let (wall, ()) = time(|| contender.find(frame, out));
    // A clock of its own may count time in which the system took the processor away.
    let taken = contender.own_time().map_or(wall, |own| own.min(wall));
    contender.finish(out);
    match contender.tells() {
        Tells::All => assert_eq!(checksum(out), truth, "{} in {layout:?}", contender.name()),
        Tells::ChangesOfBoxes => assert!(contender.held() >= truth.0, "{}", contender.name()),
    }
    taken
}

/// Number and sum of the true pairs: by force where that is bearable, else by the scalar grid, which force has checked.
fn truth(frame: &Frame, tick: usize) -> (usize, u64) {
    let mut grid = Pairs::new();
    crate::pairs_crates::ScalarGrid::default().find(frame, &mut grid);
    let sum = checksum(&grid);
    if frame.len() <= 1_000 || (frame.len() <= 10_000 && tick == 0) {
        assert_eq!(checksum(&by_force(frame)), sum, "the scalar grid in tick {tick}");
    }
    sum
}
