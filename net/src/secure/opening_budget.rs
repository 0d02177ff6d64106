//! How many tokens a server opens in a moment. Opening is the costly part of judging a request, and anybody can
//! send requests that look right from outside.
//!
//! The budget is counted in windows of 10 ms. One source (a keyed hash of the IP address into 256 groups) gets at
//! most an eighth of a window, so that a flood from few places leaves room for the others. A client that is
//! refused asks again a tenth of a second later.

use crate::time::Micros;

const WINDOW: Micros = Micros::from_millis(10);
const GROUPS: usize = 256;

/// The budget.
pub(crate) struct OpeningBudget {
    per_window: u32,
    per_group: u32,
    window_began: Option<Micros>,
    used: u32,
    used_by_group: [u32; GROUPS],
}

impl OpeningBudget {
    pub(crate) fn new(per_second: u32) -> OpeningBudget {
        let per_window = (per_second / 100).max(1);
        OpeningBudget {
            per_window,
            per_group: (per_window / 8).max(1),
            window_began: None,
            used: 0,
            used_by_group: [0; GROUPS],
        }
    }

    /// Takes one opening for a source, if there is one left.
    pub(crate) fn take(&mut self, source_hash: u64, now: Micros) -> bool {
        if self.window_began.is_none_or(|began| now.since(began) >= WINDOW || now < began) {
            self.window_began = Some(now);
            self.used = 0;
            self.used_by_group = [0; GROUPS];
        }
        let group = &mut self.used_by_group[(source_hash % GROUPS as u64) as usize];
        if self.used >= self.per_window || *group >= self.per_group {
            return false;
        }
        self.used += 1;
        *group += 1;
        true
    }
}

/// So many a second in the long run, and so many at once after a silence: the generic cell rate algorithm (ITU-T I.371). For
/// what those cost who have proved who they are.
pub(crate) struct RateLimit {
    interval_us: u64,
    slack_us: u64,
    due: Micros,
}

impl RateLimit {
    pub(crate) fn new(per_second: u32, at_once: u32) -> RateLimit {
        let interval_us = 1_000_000 / u64::from(per_second.max(1));
        let slack_us = interval_us * u64::from(at_once.saturating_sub(1));
        RateLimit { interval_us, slack_us, due: Micros::ZERO }
    }

    /// Takes one, if there is one left.
    pub(crate) fn take(&mut self, now: Micros) -> bool {
        // Further ahead than one can get by taking: time has gone backwards.
        let is_lost = self.due.since(now) > Micros(self.slack_us + self.interval_us);
        let due = if is_lost { now } else { self.due.max(now) };
        if due.since(now) > Micros(self.slack_us) {
            return false;
        }
        self.due = due + Micros(self.interval_us);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_limit_has_its_burst_and_its_rate() {
        let mut limit = RateLimit::new(1_000, 64);
        let taken = |limit: &mut RateLimit, from: u64, until: u64| {
            (from..until).step_by(100).filter(|now| limit.take(Micros(*now))).count()
        };
        assert_eq!((0..500).filter(|_| limit.take(Micros(5_000_000))).count(), 64);
        assert!((998..=1_002).contains(&taken(&mut limit, 5_000_000, 6_000_000)));
        assert!(limit.take(Micros(70_000)), "time going backwards does not stop it");
        let mut none = RateLimit::new(u32::MAX, 1);
        assert!((0..1_000).all(|_| none.take(Micros(0))));
    }

    #[test]
    fn one_source_gets_an_eighth_and_all_get_the_whole() {
        let mut budget = OpeningBudget::new(16_000);
        let taken = |budget: &mut OpeningBudget, source: u64, now| {
            (0..1_000).filter(|_| budget.take(source, Micros(now))).count()
        };
        assert_eq!(taken(&mut budget, 7, 0), 20);
        assert_eq!(taken(&mut budget, 8, 9_999), 20);
        let all: usize = (0..256).map(|source| taken(&mut budget, source, 9_999)).sum();
        assert_eq!(all, 160 - 40);
        assert_eq!(taken(&mut budget, 7, 10_000), 20);
    }

    #[test]
    fn time_going_backwards_does_not_stop_it() {
        let mut budget = OpeningBudget::new(1);
        assert!(budget.take(0, Micros(1_000_000)));
        assert!(!budget.take(0, Micros(1_000_000)));
        assert!(budget.take(0, Micros(5)));
    }
}
