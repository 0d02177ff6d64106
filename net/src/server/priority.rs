//! Which of the due characters fit into a packet: the most urgent, by a count of urgencies instead of a sort.
//!
//! Urgency is how many updates a character is owed, in quarters; whoever comes first counts eightfold. So the
//! near come first, and still nobody starves behind a crowd. The candidates come and stay in the order of their tracks,
//! which is the order they are sent in.
//!
//! **Nobody waits for ever.** Whoever was not sent for so long that he is overdue ([`super::interest::patience`]) takes part in a
//! second choice, which comes first: up to half of the room ([`turns`]), in turn by slots, each counted at the most that a state can
//! cost ([`WORST_BITS`]), and that room is kept until he is written ([`Priorities::reserved`]). So in a range of `n` characters
//! with `room` bits a packet nobody waits longer than it takes to be overdue and another `n / (room / 2 / WORST_BITS)` snapshots,
//! however much is going on near by.

use super::baselines::{BaselineCounts, CountRun};
use super::snapshot_log::NO_BASELINE;
use crate::wire::bits::BitRun;
use crate::wire::prefix_codes::GAP_BITS_MAX;
use crate::wire::snapshot::AGE_CODE_BITS_MAX;
use core::cmp::Ordering;

/// Levels of urgency.
const LEVELS: usize = 512;
/// Bits of a state at most, with slot and age.
pub(crate) const WORST_BITS: usize = GAP_BITS_MAX + AGE_CODE_BITS_MAX + BitRun::BITS_MAX as usize;
/// How much more urgent those are that come first.
pub(crate) const FIRST_FACTOR: u32 = 8;

/// A character that is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Which track.
    pub(crate) track: u16,
    /// Of whom.
    pub(crate) slot: u16,
    /// How urgent: see [`level`].
    pub(crate) level: u16,
    /// How many snapshots ago the client got the state it holds, or [`NO_BASELINE`].
    pub(crate) behind: u8,
    /// Whether room is kept for it, because it is overdue.
    pub(crate) has_room: bool,
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
    /// Bits kept for those that are still to come.
    #[inline]
    pub(crate) fn bits(self) -> usize {
        self.0
    }

    /// What becomes of the next candidate, which costs `bits` at most, where `remaining` are left.
    #[inline]
    pub(crate) fn fit(&mut self, candidate: &Candidate, bits: usize, remaining: usize) -> Fit {
        if candidate.has_room {
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
    candidates: Box<[Candidate]>,
    len: usize,
    /// The baselines of the candidates.
    baselines: BaselineCounts,
    /// Bits kept for some of those that are overdue.
    reserved: usize,
    /// Whether not all candidates were kept.
    cut: bool,
    /// Slots to be told as gone.
    pub(crate) leaves: Vec<u16>,
    /// Levels for one owed unit, times 2^16: a division once instead of for everybody.
    levels_16: u32,
    /// Candidates by level: with a baseline, and without.
    counts: Box<[[u16; 2]; LEVELS]>,
}

impl Priorities {
    pub(crate) fn new(capacity: u32, snapshot_hz: u16) -> Self {
        Self {
            candidates: vec![Candidate::default(); capacity as usize].into(),
            len: 0,
            baselines: BaselineCounts::ZERO,
            reserved: 0,
            cut: false,
            leaves: Vec::with_capacity(crate::wire::snapshot::LEAVES_MAX as usize),
            levels_16: (1 << 16) / u32::from((snapshot_hz / 4).max(1)) + 1,
            counts: Box::new([[0; 2]; LEVELS]),
        }
    }

    /// Forgets those of the last snapshot and begins with the candidates of the next.
    pub(crate) fn begin(&mut self) -> Gathering<'_> {
        (self.reserved, self.cut) = (0, false);
        self.baselines = BaselineCounts::ZERO;
        self.leaves.clear();
        Gathering { len: 0, run: CountRun::default(), to: self }
    }

    /// Those that are due, or were kept, in the order of their tracks.
    #[inline]
    pub(crate) fn candidates(&self) -> &[Candidate] {
        &self.candidates[..self.len]
    }

    /// The baselines of those that are due, or were kept.
    #[inline]
    pub(crate) fn baselines(&self) -> &BaselineCounts {
        &self.baselines
    }

    /// The room kept for those that are overdue, to be handed out.
    pub(crate) fn reserve(&self) -> Reserve {
        Reserve(self.reserved)
    }

    /// Bits kept for those that are overdue: they stay, whatever [`Self::keep_most_urgent`] thinks of the others, which has so
    /// many bits less.
    pub(crate) fn reserved(&self) -> usize {
        self.reserved
    }

    /// Whether not all that were gathered were kept.
    pub(crate) fn cut(&self) -> bool {
        self.cut
    }

    /// Keeps the most urgent candidates that are expected to fit into `bits`, given what a difference and a full
    /// state are expected to cost. Within the last level that does not
    /// fit whole, those `rotation` points at come first, so that no slot is favoured for ever.
    pub(crate) fn keep_most_urgent(
        &mut self,
        bits: usize,
        [delta_bits, full_bits]: [usize; 2],
        rotation: u32,
    ) {
        let unknown = self.baselines.unknown();
        if (self.len - unknown) * delta_bits + unknown * full_bits <= bits {
            return;
        }
        let highest = self.count_levels();
        let mut left = bits;
        for level in (0..=highest).rev() {
            let [deltas, fulls] = self.counts[level].map(usize::from);
            let cost = deltas * delta_bits + fulls * full_bits;
            if cost > left {
                self.cut_at(level, left * (deltas + fulls) / cost, rotation);
                return;
            }
            left -= cost;
        }
    }

    /// Counts the candidates of each level; returns the highest that has any.
    fn count_levels(&mut self) -> usize {
        self.counts.fill([0; 2]);
        let mut highest = 0;
        for candidate in &self.candidates[..self.len] {
            let level = usize::from(candidate.level) % LEVELS;
            highest = highest.max(level);
            // Who has room kept takes none of the others'.
            let count = u16::from(!candidate.has_room);
            self.counts[level][usize::from(candidate.behind == NO_BASELINE)] += count;
        }
        highest
    }

    /// Keeps the levels above `level`, and `count` of that level.
    fn cut_at(&mut self, level: usize, count: usize, rotation: u32) {
        self.cut = true;
        let total: usize = self.counts[level].iter().map(|&n| usize::from(n)).sum();
        let start = rotation as usize * 61 % total.max(1);
        let (mut seen, mut kept) = (0, 0);
        let (candidates, level) = (&mut self.candidates[..self.len], level as u16);
        for at in 0..candidates.len() {
            let candidate = candidates[at];
            let stays = match candidate.level.cmp(&level) {
                _ if candidate.has_room => true,
                Ordering::Greater => true,
                Ordering::Less => false,
                Ordering::Equal => {
                    let place = if seen >= start { seen - start } else { seen + total - start };
                    seen += 1;
                    place < count
                }
            };
            // Written whether it is kept or not: what comes next overwrites it.
            candidates[kept] = candidate;
            kept += usize::from(stays);
        }
        self.len = kept;
        self.baselines.count(&self.candidates[..kept]);
    }
}

/// How many of those that are overdue have room kept in a packet with `bits`: as many as half of them are enough for, one at
/// least if all are enough for that.
pub(crate) fn turns(bits: usize) -> usize {
    (bits / 2 / WORST_BITS).max(usize::from(bits >= WORST_BITS))
}

/// The level of somebody who is owed so much and comes first or not: updates owed, in quarters.
#[inline(always)]
pub(crate) fn level((owed, first): (u16, bool), levels_16: u32) -> u16 {
    let quarters = (u32::from(owed) * levels_16) >> 16;
    let level = if first { quarters * FIRST_FACTOR } else { quarters };
    level.min(LEVELS as u32 - 1) as u16
}

/// Takes in the candidates of a snapshot; what it counts stays in registers until [`Gathering::end`].
#[derive(Debug)]
pub(crate) struct Gathering<'p> {
    len: usize,
    run: CountRun,
    to: &'p mut Priorities,
}

impl Gathering<'_> {
    /// For [`level`].
    #[inline]
    pub(crate) fn levels_16(&self) -> u32 {
        self.to.levels_16
    }

    /// Slots to be told as gone.
    pub(crate) fn leaves(&mut self) -> &mut Vec<u16> {
        &mut self.to.leaves
    }

    /// Adds a character.
    #[inline(always)]
    pub(crate) fn push(&mut self, candidate: Candidate) {
        self.to.candidates[self.len] = candidate;
        self.len += 1;
        self.run.push(candidate.behind, &mut self.to.baselines);
    }

    /// That is all; so many of them have room kept.
    pub(crate) fn end(self, with_room: usize) {
        (self.to.len, self.to.reserved) = (self.len, with_room * WORST_BITS);
        self.to.baselines.add(self.run);
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
            let mut gathering = priorities.begin();
            for (slot, &(owed, first, known)) in owed.iter().enumerate() {
                let level = level((owed, first), gathering.levels_16());
                let (slot, behind) = (slot as u16, if known { 2 } else { NO_BASELINE });
                gathering.push(Candidate { track: slot, slot, level, behind, has_room: false });
            }
            gathering.end(0);
            let all = priorities.candidates().to_vec();
            priorities.keep_most_urgent(bits, [25, 80], rotation);
            let kept = priorities.candidates();
            let level = |c: &Candidate| {
                let (owed, first, _) = owed[usize::from(c.track)];
                level((owed, first), priorities.levels_16)
            };
            prop_assert!(kept.is_sorted_by_key(|c| c.track));
            let unknown = kept.iter().filter(|c| c.behind == NO_BASELINE).count();
            prop_assert_eq!(priorities.baselines().unknown(), unknown);
            let least = kept.iter().map(level).min();
            let gone = all.iter().filter(|c| kept.iter().all(|k| k.track != c.track));
            if let Some(least) = least {
                prop_assert!(gone.clone().all(|c| level(c) <= least));
            }
            if gone.count() == 0 {
                let cost: usize = all.iter().map(|c| if c.behind == NO_BASELINE { 80 } else { 25 }).sum();
                prop_assert!(cost <= bits);
            } else {
                let whole: usize = kept.iter().filter(|c| Some(level(c)) > least)
                    .map(|c| if c.behind == NO_BASELINE { 80 } else { 25 }).sum();
                prop_assert!(whole <= bits);
            }
        }
    }
}
