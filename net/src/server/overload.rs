//! What gives way when a tick has less time than its packets need: first how often those far away are told of, then how
//! often clients get a packet. The simulation never does, and whose packet was left out is first when its turn comes again.
//!
//! Time comes in as a share of what a tick has for its packets, measured by whoever calls. It decides which packets are made,
//! and nothing that is simulated.
//!
//! What is not here: clocks (the host's), who makes the packets (`rounds`).

use super::rounds::Served;
use core::ops::Range;

/// All of the time that a tick has for its packets, as [`super::ZoneSessions::send_due_within`] is told it.
pub const ALL_PERMILLE: u32 = 1_000;

/// The rates of far tiers are halved at most so often.
pub const RELIEF_MAX: u8 = 2;

/// A second that used so much on average is a strained one.
const STRAINED_PERMILLE: u32 = 850;
/// So is one in which so many of the ticks left somebody out: one that was held up once is not.
const STRAINED_TICKS_PERCENT: u32 = 10;
/// What one tick counts at most, however long it was held up.
const COUNTED_PERMILLE_MAX: u32 = 2 * ALL_PERMILLE;
/// A second that used no more than this is a calm one. Far enough below, as relief makes seconds calmer.
const CALM_PERMILLE: u32 = 500;
/// So many calm seconds in a row end a step of relief.
const CALM_SECONDS: u32 = 5;

/// How the packets of a zone are made to fit the time.
#[derive(Debug)]
pub(super) struct Overload {
    /// By phase of the interval the client whose packet is the first.
    first: Box<[u32]>,
    skipped: u64,
    relief: u8,
    tick_hz: u32,
    /// Of the second that runs.
    ticks: u32,
    spent_permille: u64,
    skipping_ticks: u32,
    calm_seconds: u32,
}

/// Whether there is time for a desk to serve a few more.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When it began with those before, if there were any.
    before_permille: Option<u32>,
}

impl Pace {
    /// Before a few are served: whether that ends in time, if it takes as long as those before. So that everybody has a turn,
    /// there is `always` time for the first.
    pub(super) fn has_time(&mut self, always: bool, spent_permille: u32) -> bool {
        let before = self.before_permille.replace(spent_permille);
        let took = before.map_or(0, |before| spent_permille.saturating_sub(before));
        always || spent_permille.saturating_add(took) < ALL_PERMILLE
    }
}

impl Overload {
    /// For packets that are `interval_ticks` apart.
    pub(super) fn new(interval_ticks: u32, tick_hz: u16) -> Self {
        Self {
            first: vec![0; interval_ticks as usize].into(),
            skipped: 0,
            relief: 0,
            tick_hz: tick_hz.into(),
            ticks: 0,
            spent_permille: 0,
            skipping_ticks: 0,
            calm_seconds: 0,
        }
    }

    /// Those of the clients `due`, ascending, whose packets are made first, and those who come after them.
    pub(super) fn order(&self, phase: u32, due: &[u32]) -> [Range<usize>; 2] {
        let first = due.partition_point(|&index| index < self.first[phase as usize]);
        [first..due.len(), 0..first]
    }

    /// Notes who of the clients `due` was served, by the places of their [order](Overload::order), and how much of the time has
    /// been spent. True when [`Overload::relief`] has changed.
    pub(super) fn note(&mut self, phase: u32, due: &[u32], served: Served, spent_permille: u32) -> bool {
        if served.count < due.len() {
            let [first, _] = self.order(phase, due);
            self.first[phase as usize] = due[(first.start + served.in_a_row) % due.len()];
            self.skipped += (due.len() - served.count) as u64;
            self.skipping_ticks += 1;
        }
        self.ticks += 1;
        self.spent_permille += u64::from(spent_permille.min(COUNTED_PERMILLE_MAX));
        self.ticks >= self.tick_hz && self.judge_second()
    }

    fn judge_second(&mut self) -> bool {
        let mean_permille = (self.spent_permille / u64::from(self.ticks)) as u32;
        let often = self.skipping_ticks * 100 >= self.ticks * STRAINED_TICKS_PERCENT;
        let strained = often || mean_permille >= STRAINED_PERMILLE;
        let calm = !strained && mean_permille <= CALM_PERMILLE;
        (self.ticks, self.spent_permille, self.skipping_ticks) = (0, 0, 0);
        self.calm_seconds = if calm { self.calm_seconds + 1 } else { 0 };
        let before = self.relief;
        if strained {
            self.relief = (before + 1).min(RELIEF_MAX);
        } else if self.calm_seconds == CALM_SECONDS {
            (self.relief, self.calm_seconds) = (before.saturating_sub(1), 0);
        }
        self.relief != before
    }

    /// How often the rates of all tiers but the innermost are halved.
    pub(super) fn relief(&self) -> u8 {
        self.relief
    }

    /// Packets that were left out since the start.
    pub(super) fn skipped(&self) -> u64 {
        self.skipped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// However short time is, everybody is served again within as many turns as it takes to go round once.
        #[test]
        fn everybody_has_a_turn(clients in prop::collection::btree_set(0_u32..2_000, 1..200),
                                served in prop::collection::vec((1_usize..40, 0_u64..1 << 32), 60)) {
            let due: Vec<u32> = clients.into_iter().collect();
            let mut overload = Overload::new(3, 60);
            let mut waits = vec![0_usize; due.len()];
            let mut skipped = 0;
            for (in_a_row, others) in served {
                let mut served = Served { count: 0, in_a_row: in_a_row.min(due.len()) };
                let order = overload.order(1, &due).into_iter().flatten();
                for (place, at) in order.enumerate() {
                    // Behind the first who is left out some are served all the same.
                    let is_served = place < in_a_row || place > in_a_row && others >> (place % 32) & 1 == 1;
                    served.count += usize::from(is_served);
                    waits[at] = if is_served { 0 } else { waits[at] + 1 };
                }
                overload.note(1, &due, served, 0);
                skipped += due.len() - served.count;
            }
            // One a turn at least.
            prop_assert!(waits.iter().all(|&wait| wait < due.len()), "{waits:?}");
            prop_assert_eq!(overload.skipped(), skipped as u64);
        }
    }

    /// The first ones and nobody else.
    fn so_many(count: usize) -> Served {
        Served { count, in_a_row: count }
    }

    #[test]
    fn who_was_left_out_is_first() {
        let mut overload = Overload::new(2, 60);
        let due = [3, 5, 8, 13];
        assert_eq!(overload.order(1, &due), [0..4, 0..0]);
        overload.note(1, &due, so_many(3), ALL_PERMILLE);
        assert_eq!(overload.order(1, &due), [3..4, 0..3]);
        overload.note(1, &due, so_many(2), ALL_PERMILLE);
        assert_eq!(overload.order(1, &due), [1..4, 0..1]);
        assert_eq!(overload.order(0, &due), [0..4, 0..0], "of another phase");
        // Who was to be first has left.
        assert_eq!(overload.order(1, &[3, 8, 13]), [1..3, 0..1]);
        assert_eq!(overload.order(1, &[]), [0..0, 0..0]);
    }

    #[test]
    fn more_are_served_if_that_ends_in_time() {
        let mut pace = Pace::default();
        assert!(pace.has_time(true, 5_000), "some are always served");
        let mut pace = Pace::default();
        assert!(pace.has_time(false, 600), "nothing is known yet");
        assert!(pace.has_time(false, 770), "until 940");
        assert!(!pace.has_time(false, 900), "until 1,030");
        assert!(pace.has_time(false, 949), "these were quicker");
        assert!(!pace.has_time(false, ALL_PERMILLE));
    }

    #[test]
    fn a_tick_that_was_held_up_once_is_no_overload() {
        let mut overload = Overload::new(3, 60);
        for tick in 0..600 {
            let held_up = tick % 20 == 7;
            let (served, spent) = if held_up { (1, 40_000) } else { (2, 300) };
            assert!(!overload.note(tick % 3, &[1, 2], so_many(served), spent));
        }
        assert_eq!((overload.relief(), overload.skipped()), (0, 30));
    }

    #[test]
    fn relief_comes_within_a_second_and_goes_slowly() {
        let mut overload = Overload::new(3, 10);
        let mut second = |spent: u32, served: usize| {
            let changed = (0..10).filter(|_| overload.note(0, &[1, 2], so_many(served), spent)).count();
            (overload.relief(), changed)
        };
        assert_eq!(second(840, 2), (0, 0));
        assert_eq!(second(850, 2), (1, 1), "strained");
        assert_eq!(second(100, 1), (2, 1), "somebody was left out");
        assert_eq!(second(2_000, 1), (2, 0), "there is no more");
        for _ in 0..4 {
            assert_eq!(second(500, 2), (2, 0));
        }
        assert_eq!(second(501, 2), (2, 0), "not in a row");
        for _ in 0..4 {
            assert_eq!(second(500, 2), (2, 0));
        }
        assert_eq!(second(500, 2), (1, 1));
        for _ in 0..4 {
            assert_eq!(second(500, 2), (1, 0));
        }
        assert_eq!(second(0, 2), (0, 1));
    }
}
