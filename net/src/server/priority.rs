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
use super::snapshot_log::{Acknowledged, NO_BASELINE};
use super::track_block::{Block, LANES};
use super::tracking::BitIter;
use crate::wire::bits::BitRun;
use crate::wire::prefix_codes::GAP_BITS_MAX;
use crate::wire::snapshot::AGE_CODE_BITS_MAX;
use core::cmp::Ordering;
use shieldwall_core::numeric::lanes::Lanes;

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
    pub(crate) track: usize,
    /// Of whom.
    pub(crate) slot: u16,
    /// How many snapshots ago the client got the state it holds, or [`NO_BASELINE`].
    pub(crate) behind: u8,
    /// Whether room is kept for it, because it is overdue.
    pub(crate) has_room: bool,
}

/// Which tracks of a block are due, or were kept. A track's lane is its bit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chosen {
    pub(crate) lanes: u64,
    /// Of these, those that room is kept for.
    pub(crate) with_room: u64,
    /// [`Candidate::behind`] of each of them.
    pub(crate) behind: [u8; LANES],
    /// How urgent each of them is ([`level`]), once that was asked for.
    levels: [u16; LANES],
}

impl Chosen {
    const NONE: Self = Self { lanes: 0, with_room: 0, behind: [NO_BASELINE; LANES], levels: [0; LANES] };

    /// One of them.
    #[inline]
    pub(crate) fn candidate(&self, index: usize, lane: usize, block: &Block) -> Candidate {
        Candidate {
            track: index * LANES + lane,
            slot: block.slot(lane),
            behind: self.behind[lane],
            has_room: self.with_room >> lane & 1 != 0,
        }
    }
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
    /// By blocks of tracks, of which `blocks` are in use.
    chosen: Box<[Chosen]>,
    blocks: usize,
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
            chosen: vec![Chosen::NONE; (capacity as usize).div_ceil(LANES)].into(),
            blocks: 0,
            len: 0,
            baselines: BaselineCounts::ZERO,
            reserved: 0,
            cut: false,
            leaves: Vec::with_capacity(crate::wire::snapshot::LEAVES_MAX as usize),
            levels_16: (1 << 16) / u32::from((snapshot_hz / 4).max(1)) + 1,
            counts: Box::new([[0; 2]; LEVELS]),
        }
    }

    /// Forgets those of the last snapshot and begins with the candidates of the next, which are of so many blocks of tracks.
    pub(crate) fn begin(&mut self, blocks: usize) -> Gathering<'_> {
        (self.blocks, self.len, self.reserved, self.cut) = (blocks, 0, 0, false);
        self.baselines = BaselineCounts::ZERO;
        self.leaves.clear();
        let Self { chosen, len, reserved, baselines, leaves, .. } = self;
        Gathering { chosen: &mut chosen[..blocks], len, reserved, baselines, leaves }
    }

    /// Those that are due, or were kept, by blocks.
    #[inline]
    pub(crate) fn chosen(&self) -> &[Chosen] {
        &self.chosen[..self.blocks]
    }

    /// How many that are.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Those that are due, or were kept, in the order of their tracks, which are in `blocks`.
    pub(crate) fn candidates<'a>(&'a self, blocks: &'a [Block]) -> impl Iterator<Item = Candidate> + 'a {
        self.chosen().iter().zip(blocks).enumerate().flat_map(|(index, (chosen, block))| {
            BitIter(chosen.lanes).map(move |lane| chosen.candidate(index, lane as usize, block))
        })
    }

    /// The slot of the last of them.
    pub(crate) fn last_slot(&self, blocks: &[Block]) -> Option<u16> {
        let index = self.chosen().iter().rposition(|chosen| chosen.lanes != 0)?;
        Some(blocks[index].slot(self.chosen[index].lanes.ilog2() as usize))
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
        blocks: &[Block],
        bits: usize,
        [delta_bits, full_bits]: [usize; 2],
        rotation: u32,
    ) {
        let unknown = self.baselines.unknown();
        if (self.len - unknown) * delta_bits + unknown * full_bits <= bits {
            return;
        }
        let highest = self.count_levels(blocks);
        let mut left = bits;
        for level in (0..=highest).rev() {
            let [deltas, fulls] = self.counts[level].map(usize::from);
            let cost = deltas * delta_bits + fulls * full_bits;
            if cost > left {
                self.cut_at(level as u16, left * (deltas + fulls) / cost, rotation);
                return;
            }
            left -= cost;
        }
    }

    /// Counts the candidates of each level; returns the highest that has any. Who has room kept takes none of the others'.
    fn count_levels(&mut self, blocks: &[Block]) -> usize {
        self.counts.fill([0; 2]);
        let (counts, levels_16) = (&mut self.counts, self.levels_16);
        let mut highest = 0;
        for (chosen, block) in self.chosen[..self.blocks].iter_mut().zip(blocks) {
            for lane in BitIter(chosen.lanes & !chosen.with_room) {
                let lane = lane as usize;
                let level = level(block.urgency(lane), levels_16);
                chosen.levels[lane] = level;
                let level = usize::from(level) % LEVELS;
                highest = highest.max(level);
                counts[level][usize::from(chosen.behind[lane] == NO_BASELINE)] += 1;
            }
        }
        highest
    }

    /// Keeps the levels above `level`, and `count` of that level.
    fn cut_at(&mut self, level: u16, count: usize, rotation: u32) {
        self.cut = true;
        let total: usize = self.counts[usize::from(level)].iter().map(|&n| usize::from(n)).sum();
        let start = rotation as usize * 61 % total.max(1);
        let (mut seen, mut len) = (0, 0);
        let (mut baselines, mut run) = (BaselineCounts::ZERO, CountRun::default());
        for chosen in &mut self.chosen[..self.blocks] {
            let mut kept = chosen.with_room;
            for lane in BitIter(chosen.lanes & !chosen.with_room) {
                let stays = match chosen.levels[lane as usize].cmp(&level) {
                    Ordering::Greater => true,
                    Ordering::Less => false,
                    Ordering::Equal => {
                        let place = if seen >= start { seen - start } else { seen + total - start };
                        seen += 1;
                        place < count
                    }
                };
                kept |= u64::from(stays) << lane;
            }
            chosen.lanes = kept;
            len += kept.count_ones() as usize;
            for lane in BitIter(kept) {
                run.push(chosen.behind[lane as usize], &mut baselines);
            }
        }
        baselines.add(run);
        (self.len, self.baselines) = (len, baselines);
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

/// Takes in the candidates of a snapshot.
#[derive(Debug)]
pub(crate) struct Gathering<'p> {
    chosen: &'p mut [Chosen],
    len: &'p mut usize,
    reserved: &'p mut usize,
    baselines: &'p mut BaselineCounts,
    leaves: &'p mut Vec<u16>,
}

impl Gathering<'_> {
    /// Slots to be told as gone.
    pub(crate) fn leaves(&mut self) -> &mut Vec<u16> {
        self.leaves
    }

    /// Takes the tracks of a block that are due, by their lanes, and says of some of them that they have room kept; `number` is
    /// that of the snapshot.
    #[inline(always)]
    pub(crate) fn choose<L: Lanes>(
        &mut self,
        index: usize,
        block: &Block,
        (lanes, with_room): (u64, u64),
        (number, acknowledged): (u32, Acknowledged),
    ) {
        let Some(chosen) = self.chosen.get_mut(index) else { return };
        (chosen.lanes, chosen.with_room) = (lanes, with_room);
        *self.len += lanes.count_ones() as usize;
        // Mostly all have what the newest of the acknowledged snapshots carried.
        let mut others = lanes;
        if let Some(newest) = acknowledged.newest_held() {
            chosen.behind = [newest; LANES];
            let holding = lanes & block.carried_by::<L>(number, newest);
            self.baselines.count(newest, holding.count_ones() as u16);
            others = lanes & !holding;
        }
        for lane in BitIter(others) {
            let lane = lane as usize % LANES;
            let behind = acknowledged.baseline(block.sent_at(lane, number));
            chosen.behind[lane] = behind;
            self.baselines.count(behind, 1);
        }
    }

    /// That is all; so many of them have room kept.
    pub(crate) fn end(self, with_room: usize) {
        *self.reserved = with_room * WORST_BITS;
    }
}

#[cfg(test)]
mod tests {
    use super::super::interest::FIRST;
    use super::super::merge::lowest_ones;
    use super::super::snapshot_log::SnapshotLog;
    use super::super::track_block::{Track, rate_of};
    use super::*;
    use proptest::prelude::*;
    use shieldwall_core::numeric::lanes::Portable;

    proptest! {
        /// Nobody who stays is less urgent than somebody who goes, and what stays was expected to fit.
        #[test]
        fn the_most_urgent_stay(owed in prop::collection::vec((20_u16..2000, any::<bool>(), any::<bool>()), 1..200),
                                bits in 0_usize..8000, rotation: u32) {
            let mut priorities = Priorities::new(256, 20);
            let mut blocks = vec![Block::EMPTY; owed.len().div_ceil(LANES)];
            let mut log = SnapshotLog::default();
            let first = log.begin(0);
            for (slot, &(owed, first_of_all, known)) in owed.iter().enumerate() {
                let rate = rate_of(if first_of_all { FIRST } else { 0 }, 20);
                let track = Track { owed, slot: slot as u16, sent: known.into(), rate, tier: 0, newest: first as u8 };
                blocks[slot / LANES].set(slot % LANES, track);
            }
            log.acknowledge(first);
            log.begin(3);
            let number = log.begin(6);
            let mut gathering = priorities.begin(blocks.len());
            for (index, block) in blocks.iter().enumerate() {
                let lanes = lowest_ones((owed.len() - index * LANES).min(LANES) as u32);
                gathering.choose::<Portable>(index, block, (lanes, 0), (number, log.acknowledged()));
            }
            gathering.end(0);
            let all: Vec<_> = priorities.candidates(&blocks).collect();
            let is_known = |c: &Candidate| (c.behind == 2) == owed[c.track].2;
            prop_assert!(all.iter().all(is_known));
            priorities.keep_most_urgent(&blocks, bits, [25, 80], rotation);
            let kept: Vec<_> = priorities.candidates(&blocks).collect();
            prop_assert_eq!(kept.len(), priorities.len());
            prop_assert_eq!(kept.last().map(|c| c.slot), priorities.last_slot(&blocks));
            let level = |c: &Candidate| {
                let (owed, first, _) = owed[c.track];
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
