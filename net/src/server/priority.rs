//! Which of the due characters fit into a packet: the most urgent, by a count of urgencies instead of a sort.
//!
//! Urgency is how many updates a character is owed, in quarters; whoever is within [`FIRST`] reach stands above all
//! others. The candidates come and stay in the order of their slots, which is the order they are sent in.

use super::interest::FIRST;

/// Levels of urgency.
const LEVELS: usize = 128;
/// Levels of those that come first of all.
const FIRST_LEVEL: usize = 96;

/// A character that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Who.
    pub(crate) slot: u16,
    /// Age of the baseline in ticks, 0 for none.
    age: u8,
    level: u8,
}

impl Candidate {
    pub(crate) fn new(slot: u16, age: Option<u8>) -> Self {
        Self { slot, age: age.unwrap_or(0), level: 0 }
    }

    /// Age of the baseline in ticks, `None` for a full state.
    pub(crate) fn age(self) -> Option<u8> {
        (self.age != 0).then_some(self.age)
    }
}

/// The due characters of one snapshot; memory is used again for the next client.
#[derive(Clone, Debug)]
pub(crate) struct Priorities {
    pub(crate) candidates: Vec<Candidate>,
    /// Slots to be told as gone.
    pub(crate) leaves: Vec<u16>,
    quarter: u16,
    /// Candidates by level: with a baseline, and without.
    counts: [[u16; 2]; LEVELS],
}

impl Priorities {
    pub(crate) fn new(capacity: u32, snapshot_hz: u16) -> Self {
        Self {
            candidates: Vec::with_capacity(capacity as usize),
            leaves: Vec::with_capacity(crate::wire::snapshot::LEAVES_MAX as usize),
            quarter: (snapshot_hz / 4).max(1),
            counts: [[0; 2]; LEVELS],
        }
    }

    pub(crate) fn clear(&mut self) {
        self.candidates.clear();
        self.leaves.clear();
        self.counts = [[0; 2]; LEVELS];
    }

    /// Adds a candidate that is owed `owed`.
    #[inline]
    pub(crate) fn push(&mut self, mut candidate: Candidate, owed: u16, tier: u8) {
        let quarters = usize::from(owed / self.quarter);
        let level = if tier & FIRST != 0 {
            FIRST_LEVEL + quarters.min(LEVELS - FIRST_LEVEL - 1)
        } else {
            quarters.min(FIRST_LEVEL - 1)
        };
        candidate.level = level as u8;
        self.counts[level][usize::from(candidate.age == 0)] += 1;
        self.candidates.push(candidate);
    }

    /// Keeps the most urgent candidates that are expected to fit into `bits`, given what a difference and a full
    /// state are expected to cost. Within the last level that does not fit whole, those `rotation` points at
    /// come first, so that no slot is favoured for ever.
    pub(crate) fn keep_most_urgent(
        &mut self,
        bits: usize,
        delta_bits: usize,
        full_bits: usize,
        rotation: u32,
    ) {
        let mut left = bits;
        for level in (0..LEVELS).rev() {
            let [deltas, fulls] = self.counts[level].map(usize::from);
            let cost = deltas * delta_bits + fulls * full_bits;
            if cost > left {
                self.cut_at(level as u8, left * (deltas + fulls) / cost, rotation);
                return;
            }
            left -= cost;
        }
    }

    /// Keeps the levels above `level`, and `count` of that level.
    fn cut_at(&mut self, level: u8, count: usize, rotation: u32) {
        let total: usize = self.counts[usize::from(level)].iter().map(|&n| usize::from(n)).sum();
        let start = rotation as usize * 61 % total.max(1);
        let mut seen = 0;
        self.candidates.retain(|candidate| {
            if candidate.level != level {
                return candidate.level > level;
            }
            let place = (seen + total - start) % total;
            seen += 1;
            place < count
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Nobody who stays is less urgent than somebody who goes, and what stays was expected to fit.
        #[test]
        fn the_most_urgent_stay(owed in prop::collection::vec((20_u16..2000, any::<bool>(), any::<bool>()), 1..200),
                                bits in 0_usize..8000, rotation: u32) {
            let mut priorities = Priorities::new(256, 20);
            priorities.clear();
            for (slot, &(owed, first, fresh)) in owed.iter().enumerate() {
                let age = if fresh { None } else { Some(6) };
                priorities.push(Candidate::new(slot as u16, age), owed, if first { FIRST } else { 1 });
            }
            let all = priorities.candidates.clone();
            priorities.keep_most_urgent(bits, 25, 80, rotation);
            let kept = &priorities.candidates;
            prop_assert!(kept.is_sorted_by_key(|c| c.slot));
            let least = kept.iter().map(|c| c.level).min();
            let gone = all.iter().filter(|c| !kept.contains(c));
            if let Some(least) = least {
                prop_assert!(gone.clone().all(|c| c.level <= least));
            }
            if gone.count() == 0 {
                let cost: usize = all.iter().map(|c| if c.age().is_none() { 80 } else { 25 }).sum();
                prop_assert!(cost <= bits);
            } else {
                let whole: usize = kept.iter().filter(|c| Some(c.level) > least)
                    .map(|c| if c.age().is_none() { 80 } else { 25 }).sum();
                prop_assert!(whole <= bits);
            }
        }
    }
}
