//! How long ticks take: totals for the report, the last seconds for the live page, buckets for metrics.

use hdrhistogram::Histogram;
use shieldwall_net::time::Micros;

use crate::figures::{NetFigures, Quantiles, TICK_BUCKETS_US};

/// Longest duration told apart, in microseconds; longer ones count as this.
const LONGEST_US: u64 = 60_000_000;

/// Ticks in one half of the recent window.
const WINDOW_TICKS: u64 = 150;

/// Measures ticks from reading inputs to the last snapshot handed to the socket. Allocates only when created.
pub struct TickTiming {
    total: Histogram<u64>,
    delay: Histogram<u64>,
    recent: [Histogram<u64>; 2],
    filling: usize,
    filled: u64,
    buckets: [u64; TICK_BUCKETS_US.len() + 1],
    sum_us: u64,
    measured: u64,
    late: u64,
    period_us: u64,
    warm_up_until: Micros,
}

impl TickTiming {
    /// `period_us` is the length of a tick; quantiles and late ticks are counted from `warm_up_until` on.
    #[must_use]
    pub fn new(period_us: u64, warm_up_until: Micros) -> Self {
        let histogram = || {
            Histogram::new_with_bounds(1, LONGEST_US, 3)
                .expect("the bounds are constants that satisfy the constructor")
        };
        Self {
            total: histogram(),
            delay: histogram(),
            recent: [histogram(), histogram()],
            filling: 0,
            filled: 0,
            buckets: [0; TICK_BUCKETS_US.len() + 1],
            sum_us: 0,
            measured: 0,
            late: 0,
            period_us,
            warm_up_until,
        }
    }

    /// Takes one tick: when it was due, when it began to read inputs, when its last snapshot was handed over.
    pub fn record(&mut self, due: Micros, started: Micros, ended: Micros) {
        let took_us = ended.since(started).0.clamp(1, LONGEST_US);
        self.measured += 1;
        self.sum_us += took_us;
        let bucket = TICK_BUCKETS_US.partition_point(|&bound| bound < took_us);
        self.buckets[bucket] += 1;
        self.recent[self.filling].saturating_record(took_us);
        self.filled += 1;
        if self.filled >= WINDOW_TICKS {
            self.filled = 0;
            self.filling = 1 - self.filling;
            self.recent[self.filling].reset();
        }
        if due >= self.warm_up_until {
            self.total.saturating_record(took_us);
            self.delay.saturating_record(started.since(due).0.max(1));
            self.late += u64::from(ended.since(due).0 > self.period_us);
        }
    }

    /// Copies the outcome into the figures of the thread.
    pub fn publish(&self, figures: &mut NetFigures) {
        figures.tick = quantiles(&self.total, None);
        figures.start_delay = quantiles(&self.delay, None);
        figures.tick_recent = quantiles(&self.recent[0], Some(&self.recent[1]));
        figures.tick_buckets = self.buckets;
        figures.tick_sum_us = self.sum_us;
        figures.ticks_measured = self.measured;
        figures.ticks_late = self.late;
    }
}

/// Quantiles of one histogram; with a second one, the larger of both (a cautious join of two halves of a window).
fn quantiles(first: &Histogram<u64>, second: Option<&Histogram<u64>>) -> Quantiles {
    let of = |histogram: &Histogram<u64>| Quantiles {
        p50_us: histogram.value_at_quantile(0.5),
        p99_us: histogram.value_at_quantile(0.99),
        max_us: histogram.max(),
    };
    let (a, b) = (of(first), second.map_or_else(Quantiles::default, of));
    Quantiles {
        p50_us: a.p50_us.max(b.p50_us),
        p99_us: a.p99_us.max(b.p99_us),
        max_us: a.max_us.max(b.max_us),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_means_ended_more_than_a_period_after_the_due_time() {
        let mut timing = TickTiming::new(10_000, Micros(0));
        timing.record(Micros(0), Micros(9_000), Micros(10_000));
        timing.record(Micros(10_000), Micros(10_100), Micros(20_001));
        let mut figures = NetFigures::default();
        timing.publish(&mut figures);
        assert_eq!((figures.ticks_measured, figures.ticks_late), (2, 1));
        assert!((9_880..=9_920).contains(&figures.tick.max_us), "{}", figures.tick.max_us);
        assert!((8_980..=9_010).contains(&figures.start_delay.max_us), "{}", figures.start_delay.max_us);
    }

    #[test]
    fn the_warm_up_counts_in_buckets_only() {
        let mut timing = TickTiming::new(10_000, Micros(1_000_000));
        timing.record(Micros(0), Micros(0), Micros(50_000));
        let mut figures = NetFigures::default();
        timing.publish(&mut figures);
        assert_eq!((figures.ticks_late, figures.tick.max_us), (0, 0));
        assert_eq!(figures.tick_buckets.iter().sum::<u64>(), 1);
        assert_eq!(figures.tick_buckets[TICK_BUCKETS_US.len() - 1], 1, "50 ms is in the bucket up to 100 ms");
    }

    #[test]
    fn the_recent_window_forgets() {
        let mut timing = TickTiming::new(10_000, Micros(0));
        timing.record(Micros(0), Micros(0), Micros(40_000));
        for _ in 0..2 * WINDOW_TICKS {
            timing.record(Micros(0), Micros(0), Micros(100));
        }
        let mut figures = NetFigures::default();
        timing.publish(&mut figures);
        assert!(figures.tick_recent.max_us < 1_000 && figures.tick.max_us >= 40_000);
    }
}
