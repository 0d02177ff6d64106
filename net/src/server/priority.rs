//! Which of the due characters fit into a packet: the most urgent, by a count of urgencies instead of a sort.
//!
//! Urgency is how many updates a character is owed, in quarters; whoever is marked [`FIRST`] counts eightfold. So the
//! near come first, and still nobody starves behind a crowd. The candidates come and stay in the order of their slots,
//! which is the order they are sent in.
//!
//! **Nobody waits for ever.** Whoever was not sent for so long that the table of interest calls him overdue takes part in a
//! second choice, which comes first: up to half of the room, in turn by slots, each counted at the most that a state can cost
//! ([`WORST_BITS`]), and that room is kept until he is written ([`Priorities::reserved`]). So in a range of `n` characters
//! with `room` bits a packet nobody waits longer than it takes to be overdue and another `n / (room / 2 / WORST_BITS)` snapshots,
//! however much is going on near by.

use super::interest::FIRST;
use crate::wire::bits::BitRun;
use crate::wire::prefix_codes::GAP_BITS_MAX;
use crate::wire::snapshot::COMMON_AGES;

/// Levels of urgency.
const LEVELS: usize = 512;
/// The level of those that were chosen because they are overdue; urgency alone does not reach it.
const OVERDUE: u16 = LEVELS as u16 - 1;
/// Bits of a state at most, with slot and age.
pub(crate) const WORST_BITS: usize = GAP_BITS_MAX + COMMON_AGES + 8 + BitRun::BITS_MAX as usize;
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
    overdue: bool,
}

/// What becomes of a candidate when it is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// It fits.
    Write,
    /// It does not fit beside those for whom room is kept.
    Skip,
    /// It does not fit, and nobody has room kept.
    Stop,
}

/// Room kept, while candidates are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reserve(usize);

impl Reserve {
    /// What becomes of the next candidate, which costs `bits` at most, where `remaining` are left.
    #[inline]
    pub(crate) fn fit(&mut self, candidate: &Candidate, bits: usize, remaining: usize) -> Fit {
        if candidate.level == OVERDUE {
            self.0 -= WORST_BITS;
        }
        match self.0 {
            kept if bits + kept <= remaining => Fit::Write,
            0 => Fit::Stop,
            _ => Fit::Skip,
        }
    }
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
    overdue: usize,
    reserved: usize,
}

impl Priorities {
    pub(crate) fn new(capacity: u32, snapshot_hz: u16) -> Self {
        Self {
            candidates: Vec::with_capacity(capacity as usize),
            leaves: Vec::with_capacity(crate::wire::snapshot::LEAVES_MAX as usize),
            levels_16: (1 << 16) / u32::from((snapshot_hz / 4).max(1)) + 1,
            counts: [[0; 2]; LEVELS],
            overdue: 0,
            reserved: 0,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.candidates.clear();
        self.leaves.clear();
        self.counts = [[0; 2]; LEVELS];
        (self.overdue, self.reserved) = (0, 0);
    }

    /// Adds a character that is owed `owed`; `known` tells whether the client holds a state of it.
    #[inline]
    pub(crate) fn push(&mut self, slot: u16, known: bool, owed: u16, tier: u8, overdue: bool) {
        let quarters = (u32::from(owed) * self.levels_16) >> 16;
        let level = if tier & FIRST != 0 { quarters * FIRST_FACTOR } else { quarters };
        let level = (level as usize).min(LEVELS - 2);
        self.counts[level][usize::from(!known)] += 1;
        self.overdue += usize::from(overdue);
        self.candidates.push(Candidate { slot, level: level as u16, known, overdue });
    }

    /// Chooses of those that are overdue as many as half of `bits` are enough for (one at least, if all are enough for that),
    /// going on in the order of slots at `from`, which then is the slot behind the last. They stay, whatever
    /// [`Self::keep_most_urgent`] thinks of the others, which has [`Self::reserved`] bits less.
    pub(crate) fn keep_overdue(&mut self, bits: usize, from: &mut u16) {
        let most = (bits / 2 / WORST_BITS).max(usize::from(bits >= WORST_BITS));
        if self.overdue == 0 || most == 0 {
            return;
        }
        let begin = self.candidates.partition_point(|candidate| candidate.slot < *from);
        let (before, behind) = self.candidates.split_at_mut(begin);
        let in_turn = behind.iter_mut().chain(before).filter(|candidate| candidate.overdue);
        for candidate in in_turn.take(most) {
            self.counts[usize::from(candidate.level)][usize::from(!candidate.known)] -= 1;
            candidate.level = OVERDUE;
            *from = candidate.slot.wrapping_add(1);
            self.reserved += WORST_BITS;
        }
    }

    /// The room kept for those that are overdue, to be handed out.
    pub(crate) fn reserve(&self) -> Reserve {
        Reserve(self.reserved)
    }

    /// Bits kept for those that are overdue.
    pub(crate) fn reserved(&self) -> usize {
        self.reserved
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
        for level in (0..usize::from(OVERDUE)).rev() {
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
                priorities.push(slot as u16, known, owed, if first { FIRST } else { 1 }, false);
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
