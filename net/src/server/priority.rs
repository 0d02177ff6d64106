//! Which of the due characters fit into a packet: the most urgent, by a count of urgencies instead of a sort.
//!
//! Urgency is how many updates a character is owed, in quarters; whoever is marked [`FIRST`] counts eightfold. So the
//! near come first, and still nobody starves behind a crowd. The candidates come and stay in the order of their slots,
//! which is the order they are sent in.

use super::interest::FIRST;

/// Levels of urgency.
const LEVELS: usize = 512;
/// How much more urgent those are that come first.
const FIRST_FACTOR: u32 = 8;

/// A character that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Who.
    pub(crate) slot: u16,
    level: u16,
    /// Whether the client holds a state of it.
    known: bool,
}

/// The due characters of one snapshot; memory is used again for the next client.
#[derive(Clone, Debug)]
pub(crate) struct Priorities {
    pub(crate) candidates: Vec<Candidate>,
    /// Slots to be told as gone.
    pub(crate) leaves: Vec<u16>,
    /// Levels for one owed unit, times 2^16: a division once instead of for everybody.
    levels_16: u32,
    /// Candidates by level: with a baseline, and without.
    counts: [[u16; 2]; LEVELS],
}

impl Priorities {
    pub(crate) fn new(capacity: u32, snapshot_hz: u16) -> Self {
        Self {
            candidates: Vec::with_capacity(capacity as usize),
            leaves: Vec::with_capacity(crate::wire::snapshot::LEAVES_MAX as usize),
            levels_16: (1 << 16) / u32::from((snapshot_hz / 4).max(1)) + 1,
            counts: [[0; 2]; LEVELS],
        }
    }

    pub(crate) fn clear(&mut self) {
        self.candidates.clear();
        self.leaves.clear();
        self.counts = [[0; 2]; LEVELS];
    }

    /// Adds a character that is owed `owed`; `known` tells whether the client holds a state of it.
    #[inline]
    pub(crate) fn push(&mut self, slot: u16, known: bool, owed: u16, tier: u8) {
        let quarters = (u32::from(owed) * self.levels_16) >> 16;
        let level = if tier & FIRST != 0 { quarters * FIRST_FACTOR } else { quarters };
        let level = (level as usize).min(LEVELS - 1);
        self.counts[level][usize::from(!known)] += 1;
        self.candidates.push(Candidate { slot, level: level as u16, known });
    }

    /// Keeps the most urgent candidates that are expected to fit into `bits`, given what a difference and a full
    /// state are expected to cost. Within the last level that does not fit whole, those `rotation` points at
    /// come first, so that no slot is favoured for ever. Returns what a character must be owed to be worth gathering
    /// for the next snapshot, at least `least_owed`: a little below the cut, so that the cut is found again. The second
    /// number is for those that come first. Where all of those gathered with `due` fit, a quarter less.
    pub(crate) fn keep_most_urgent(
        &mut self,
        bits: usize,
        [delta_bits, full_bits]: [usize; 2],
        rotation: u32,
        least_owed: u16,
        due: [u16; 2],
    ) -> [u16; 2] {
        let mut left = bits;
        for level in (0..LEVELS).rev() {
            let [deltas, fulls] = self.counts[level].map(usize::from);
            let cost = deltas * delta_bits + fulls * full_bits;
            if cost > left {
                self.cut_at(level as u16, left * (deltas + fulls) / cost, rotation);
                let below = ((level.saturating_sub(2) as u32) << 16) / self.levels_16;
                return [below, below / FIRST_FACTOR].map(|owed| least_owed.max(owed as u16));
            }
            left -= cost;
        }
        due.map(|owed| least_owed.max(owed - owed / 4))
    }

    /// Keeps the levels above `level`, and `count` of that level.
    fn cut_at(&mut self, level: u16, count: usize, rotation: u32) {
        let total: usize = self.counts[usize::from(level)].iter().map(|&n| usize::from(n)).sum();
        let start = rotation as usize * 61 % total.max(1);
        let mut seen = 0;
        self.candidates.retain(|candidate| {
            if candidate.level != level {
                return candidate.level > level;
            }
            let place = if seen >= start { seen - start } else { seen + total - start };
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
            for (slot, &(owed, first, known)) in owed.iter().enumerate() {
                priorities.push(slot as u16, known, owed, if first { FIRST } else { 1 });
            }
            let all = priorities.candidates.clone();
            priorities.keep_most_urgent(bits, [25, 80], rotation, 20, [20; 2]);
            let kept = &priorities.candidates;
            prop_assert!(kept.is_sorted_by_key(|c| c.slot));
            let least = kept.iter().map(|c| c.level).min();
            let gone = all.iter().filter(|c| !kept.contains(c));
            if let Some(least) = least {
                prop_assert!(gone.clone().all(|c| c.level <= least));
            }
            if gone.count() == 0 {
                let cost: usize = all.iter().map(|c| if c.known { 25 } else { 80 }).sum();
                prop_assert!(cost <= bits);
            } else {
                let whole: usize = kept.iter().filter(|c| Some(c.level) > least)
                    .map(|c| if c.known { 25 } else { 80 }).sum();
                prop_assert!(whole <= bits);
            }
        }
    }
}
