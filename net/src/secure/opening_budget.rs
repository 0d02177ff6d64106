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
        OpeningBudget { per_group: (per_window / 8).max(1), ..OpeningBudget::shared(per_second) }
    }

    /// A budget without shares, for those who have proved who they are.
    pub(crate) fn shared(per_second: u32) -> OpeningBudget {
        let per_window = (per_second / 100).max(1);
        OpeningBudget {
            per_window,
            per_group: per_window,
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

#[cfg(test)]
mod tests {
    use super::*;

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
