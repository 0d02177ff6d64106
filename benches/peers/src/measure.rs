//! Clocks and medians. Contenders of one row are measured in turns within one process, some ticks each, so that a noisy machine is noisy
//! for all of them.

use cpu_time::ThreadTime;
use std::time::Instant;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Fewer ticks and sizes, for a look.
    pub quick: bool,
}

impl Effort {
    /// Numbers of characters.
    pub fn sizes(self) -> &'static [usize] {
        if self.quick { &[1_000, 10_000] } else { &[1_000, 10_000, 100_000] }
    }

    /// Ticks before the clock counts, and ticks that count.
    pub fn ticks(self, count: usize) -> (usize, usize) {
        match (self.quick, count) {
            (true, _) => (4, 11),
            (false, ..=20_000) => (20, 61),
            (false, _) => (5, 15),
        }
    }
}

/// Ticks that a contender runs in a row before the next one has its turn: caches and clock rates are then its own.
pub const SERIES: usize = 6;

/// Nanoseconds of a piece of work on this thread. Where the system took the processor away in the middle, the wall clock
/// counts the others' time: then the thread's own clock stands, with the little that reading it costs.
pub fn time<R>(work: impl FnOnce() -> R) -> (f64, R) {
    let own = ThreadTime::now();
    let start = Instant::now();
    let result = work();
    let wall = start.elapsed().as_nanos() as f64;
    (wall.min(own.elapsed().as_nanos() as f64), result)
}

/// Nanoseconds of a piece of work that may use other threads: by the wall clock alone.
pub fn time_of_all<R>(work: impl FnOnce() -> R) -> (f64, R) {
    let start = Instant::now();
    let result = work();
    (start.elapsed().as_nanos() as f64, result)
}

/// The middle value (of an even number, the upper of the two); 0 of none.
pub fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied().unwrap_or(0.0)
}
