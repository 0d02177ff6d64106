//! The only clock of the process: every `Instant::now` and `SystemTime::now` of the host is in this file.
//!
//! In here: reading the time, pacing ticks at a fixed rate, waiting for a deadline, CPU time of threads. Not in
//! here: anything that decides on what the time means; the layers below take [`Micros`] as an argument.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cpu_time::{ProcessTime, ThreadTime};
use shieldwall_net::time::{Micros, UnixSeconds};

/// A monotonic clock with a common origin for all threads of the process. Copies share the origin.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
}

impl Clock {
    /// Starts a clock: its origin is now.
    #[must_use]
    pub fn start() -> Self {
        Self { origin: Instant::now() }
    }

    /// Microseconds since the origin. Never goes backwards.
    #[must_use]
    pub fn now(&self) -> Micros {
        Micros(u64::try_from(self.origin.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    /// Nanoseconds since the origin, for what is over within microseconds. Never goes backwards.
    #[must_use]
    pub fn nanoseconds(&self) -> u64 {
        u64::try_from(self.origin.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Seconds since 1970, for the expiry of connect tokens. A clock set before 1970 reads 0.
    #[must_use]
    pub fn unix(&self) -> UnixSeconds {
        UnixSeconds(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
    }

    /// Microseconds since 1970 at the origin, as of now: for stamps that other programs read.
    #[must_use]
    pub fn unix_us_at_origin(&self) -> u64 {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, micros);
        unix.saturating_sub(self.now().0)
    }

    /// Sleeps until `deadline`; returns at once when it has passed.
    ///
    /// The kernel wakes a sleeper about 50 to 80 microseconds late (its timer slack). That only shifts the phase of
    /// all ticks alike, so no core is burnt to spin it away.
    pub fn sleep_until(&self, deadline: Micros) {
        let now = self.now();
        if deadline.0 > now.0 {
            std::thread::sleep(Duration::from_micros(deadline.0 - now.0));
        }
    }
}

/// CPU time the calling thread has used so far, in microseconds.
#[must_use]
pub fn thread_cpu_us() -> u64 {
    ThreadTime::try_now().map_or(0, |time| micros(time.as_duration()))
}

/// CPU time the whole process has used so far, in microseconds.
#[must_use]
pub fn process_cpu_us() -> u64 {
    ProcessTime::try_now().map_or(0, |time| micros(time.as_duration()))
}

/// Time so far in which a processor of this machine had work and its host ran somebody else's, in microseconds: a tick that took
/// long then is not this program's. 0 on machines that are nobody's guests, and where it cannot be told.
#[must_use]
pub fn stolen_us() -> u64 {
    /// The kernel tells it in hundredths of a second.
    const UNIT_US: u64 = 10_000;
    let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    stolen_units(&stat).unwrap_or(0) * UNIT_US
}

/// The eighth number of the first line, which is of all processors: see proc_stat(5).
fn stolen_units(stat: &str) -> Option<u64> {
    stat.lines().next()?.strip_prefix("cpu ")?.split_whitespace().nth(7)?.parse().ok()
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// When each tick is due, at a fixed rate, with a bound on catching up.
///
/// A tick that starts late is followed by the next one at once, until the schedule is met again: the game's clock
/// keeps its pace. Once it is more than `max_behind` ticks late, the schedule itself moves: the game's clock loses
/// that time (it is counted), and no tick is ever skipped.
///
/// ```
/// use shieldwall_host::clock::TickSchedule;
/// use shieldwall_net::time::Micros;
/// let mut schedule = TickSchedule::new(60, 4, Micros(1_000));
/// assert_eq!(schedule.next_start(Micros(1_000)), Micros(1_000));
/// assert_eq!(schedule.next_start(Micros(1_000)), Micros(17_666));
/// ```
#[derive(Clone, Debug)]
pub struct TickSchedule {
    tick_hz: u64,
    max_behind_us: u64,
    origin_us: u64,
    ticks: u64,
    slipped_us: u64,
    slips: u64,
}

impl TickSchedule {
    /// A schedule whose first tick is due at `first`. `tick_hz` of 0 counts as 1.
    #[must_use]
    pub fn new(tick_hz: u16, max_behind_ticks: u32, first: Micros) -> Self {
        let tick_hz = u64::from(tick_hz.max(1));
        let max_behind_us = u64::from(max_behind_ticks) * 1_000_000 / tick_hz;
        Self { tick_hz, max_behind_us, origin_us: first.0, ticks: 0, slipped_us: 0, slips: 0 }
    }

    /// The length of one tick in microseconds, rounded down.
    #[must_use]
    pub fn period_us(&self) -> u64 {
        1_000_000 / self.tick_hz
    }

    /// When the next tick is due, which may lie in the past by up to the catch-up bound. Each call counts one tick.
    ///
    /// Due times are computed from the origin, not by adding rounded periods: the rate is exact in the long run.
    pub fn next_start(&mut self, now: Micros) -> Micros {
        let mut due_us = self.origin_us + self.ticks * 1_000_000 / self.tick_hz;
        let behind_us = now.0.saturating_sub(due_us);
        if behind_us > self.max_behind_us {
            self.origin_us += behind_us;
            self.slipped_us += behind_us;
            self.slips += 1;
            due_us = now.0;
        }
        self.ticks += 1;
        Micros(due_us)
    }

    /// How often the schedule had to move because the catch-up bound was passed.
    #[must_use]
    pub fn slips(&self) -> u64 {
        self.slips
    }

    /// By how many microseconds the schedule has moved in all.
    #[must_use]
    pub fn slipped_us(&self) -> u64 {
        self.slipped_us
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stolen_time_is_the_eighth_number() {
        let stat = "cpu  306193 37096 45778 309344 1110 0 4651 277 0 0\ncpu0 1 2 3 4 5 6 7 8 9 10\n";
        assert_eq!(stolen_units(stat), Some(277));
        assert_eq!(stolen_units("cpu0 1 2 3 4 5 6 7 8\n"), None);
        assert_eq!(stolen_units(""), None);
    }

    #[test]
    fn the_rate_is_exact_over_a_long_run() {
        let mut schedule = TickSchedule::new(60, 4, Micros(0));
        let mut last = Micros(0);
        for _ in 0..=3_600 {
            last = schedule.next_start(last);
        }
        assert_eq!(last, Micros(60_000_000));
        assert_eq!(schedule.slips(), 0);
    }

    #[test]
    fn a_short_delay_is_caught_up() {
        let mut schedule = TickSchedule::new(100, 4, Micros(0));
        schedule.next_start(Micros(0));
        assert_eq!(schedule.next_start(Micros(45_000)), Micros(10_000));
        assert_eq!(schedule.next_start(Micros(45_000)), Micros(20_000));
        assert_eq!(schedule.slips(), 0);
    }

    #[test]
    fn a_long_delay_moves_the_schedule_and_is_counted() {
        let mut schedule = TickSchedule::new(100, 4, Micros(0));
        schedule.next_start(Micros(0));
        assert_eq!(schedule.next_start(Micros(1_000_000)), Micros(1_000_000));
        assert_eq!((schedule.slips(), schedule.slipped_us()), (1, 990_000));
        assert_eq!(schedule.next_start(Micros(1_000_000)), Micros(1_010_000));
    }
}
