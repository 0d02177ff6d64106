//! A timer for each row of a table, all of them in one wheel of 256 steps of 10 ms.
//!
//! Each step has a list of the rows that are due in it. Setting, taking out and firing cost the same however many rows
//! there are; a call of [`TimerWheel::next_due`] looks at the steps that passed and the rows in them, and at no other.
//! Times beyond the wheel wait at its far end and are set again from there; whoever is called early looks at what it
//! waits for and sets itself again, so nobody has to move a timer when a packet goes out. After `new` nothing is allocated.

use crate::time::Micros;

/// Length of a step. A timer fires less than two steps later than asked for, besides the time between two calls.
const STEP: u64 = 10_000;

/// Steps of the wheel.
const STEPS: u64 = 256;

const NONE: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Row {
    next: u32,
    previous: u32,
    /// The step whose list the row is in, if in any.
    step: u32,
}

/// The wheel.
pub(crate) struct TimerWheel {
    first: Box<[u32; STEPS as usize]>,
    rows: Vec<Row>,
    /// The step that fires next, counted from time zero; none before the first call.
    at: Option<u64>,
}

impl TimerWheel {
    pub(crate) fn new(rows: u32) -> TimerWheel {
        let row = Row { next: NONE, previous: NONE, step: NONE };
        TimerWheel { first: Box::new([NONE; STEPS as usize]), rows: vec![row; rows as usize], at: None }
    }

    /// Lets the row fire at `due` or less than two steps later; `now` is the present time. A row has one timer: an earlier
    /// setting is forgotten.
    pub(crate) fn set(&mut self, row: u32, due: Micros, now: Micros) {
        self.clear(row);
        let at = *self.at.get_or_insert(now.0 / STEP);
        let step = (due.0.div_ceil(STEP).clamp(at + 1, at + STEPS - 1) % STEPS) as u32;
        let next = core::mem::replace(&mut self.first[step as usize], row);
        if next != NONE {
            self.rows[next as usize].previous = row;
        }
        self.rows[row as usize] = Row { next, previous: NONE, step };
    }

    /// Takes a row's timer out, if it has one.
    pub(crate) fn clear(&mut self, row: u32) {
        let Row { next, previous, step } = self.rows[row as usize];
        if step == NONE {
            return;
        }
        match previous {
            NONE => self.first[step as usize] = next,
            previous => self.rows[previous as usize].next = next,
        }
        if next != NONE {
            self.rows[next as usize].previous = previous;
        }
        self.rows[row as usize].step = NONE;
    }

    /// The next row that is due by `now`; its timer is out. `None` when all were told.
    pub(crate) fn next_due(&mut self, now: Micros) -> Option<u32> {
        let last = now.0 / STEP;
        let at = self.at.as_mut()?;
        // After a long silence once around is enough: everything set is on the wheel.
        *at = (*at).max(last.saturating_sub(STEPS - 1));
        while *at <= last {
            let row = self.first[(*at % STEPS) as usize];
            if row != NONE {
                self.clear(row);
                return Some(row);
            }
            *at += 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn due(wheel: &mut TimerWheel, now: u64) -> Vec<u32> {
        let mut rows: Vec<u32> = core::iter::from_fn(|| wheel.next_due(Micros(now))).collect();
        rows.sort_unstable();
        rows
    }

    #[test]
    fn a_timer_fires_once_and_in_time() {
        let mut wheel = TimerWheel::new(3);
        wheel.set(0, Micros(100_000), Micros(0));
        wheel.set(1, Micros(104_000), Micros(0));
        wheel.set(2, Micros(50_000), Micros(0));
        wheel.set(2, Micros(200_000), Micros(0));
        assert_eq!(due(&mut wheel, 99_999), []);
        assert_eq!(due(&mut wheel, 100_000), [0]);
        assert_eq!(due(&mut wheel, 110_000), [1]);
        wheel.clear(2);
        wheel.clear(2);
        assert_eq!(due(&mut wheel, 9_000_000), []);
    }

    #[test]
    fn long_silences_and_far_timers_lose_nobody() {
        let mut wheel = TimerWheel::new(2);
        wheel.set(0, Micros::from_secs(3_600), Micros(0));
        wheel.set(1, Micros(5), Micros(0));
        // The far one comes early, to be set again.
        assert_eq!(due(&mut wheel, 60_000_000_000), [0, 1]);
        wheel.set(0, Micros(0), Micros(60_000_000_000));
        assert_eq!(due(&mut wheel, 60_000_000_000), []);
        assert_eq!(due(&mut wheel, 60_000_020_000), [0]);
        // Nor does time that goes backwards.
        wheel.set(1, Micros(0), Micros(0));
        assert_eq!(due(&mut wheel, 5), []);
        assert_eq!(due(&mut wheel, 60_000_040_000), [1]);
    }

    proptest! {
        /// Against a map of when each row is due: nobody early (but those far away), nobody forgotten.
        #[test]
        fn agrees_with_a_map(steps in prop::collection::vec((0_u32..8, 0_u64..2_000_000, 0_u64..60_000, any::<bool>()), 1..300)) {
            let (mut wheel, mut map, mut now) = (TimerWheel::new(8), BTreeMap::new(), 0);
            for (row, wait, pass, take_out) in steps {
                if take_out {
                    wheel.clear(row);
                    map.remove(&row);
                } else {
                    wheel.set(row, Micros(now + wait), Micros(now));
                    map.insert(row, now + wait);
                }
                now += pass;
                for row in due(&mut wheel, now) {
                    let was_due = map.remove(&row);
                    prop_assert!(was_due.is_some_and(|at| at <= now));
                }
                let late = map.values().filter(|at| **at + 2 * STEP <= now).count();
                prop_assert_eq!(late, 0);
            }
        }
    }
}
