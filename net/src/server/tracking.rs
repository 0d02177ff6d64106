//! What one client has been told of each character in its sight, in eleven bytes.
//!
//! There is a track for each pair of client and character in sight, not for each pair of client and slot: memory follows
//! what is seen. The tracks of a client lie in the order of slots, in blocks ([`super::track_block`]): whoever goes through
//! them, or through what is shared by slot, goes forward. They are put in order anew by each search.

use super::gathering::{Gather, Gathered, Wish};
use super::interest::{InterestTable, NO_TIER};
use super::merge::{Change, deposit, lowest_ones};
use super::priority::{Gathering, Priorities};
use super::snapshot_log::SnapshotLog;
use super::track_block::{Block, LANES, Track};
use crate::wire::snapshot::{LEAVES_MAX, VERSIONS_KEPT};
use shieldwall_core::World;
use shieldwall_core::numeric::LaneChoice;
use shieldwall_core::numeric::lanes::{self, LaneTask, Lanes, prefetch};

/// Tracks that a client has room for from the start, in blocks.
const BLOCKS_AT_FIRST: usize = 1;

/// Blocks that are asked for ahead of a packet at most.
const BLOCKS_PREFETCHED: usize = 2;

/// Words of 64 slots that are asked for ahead of a packet at most.
const WORDS_PREFETCHED: usize = 2 * WORDS_OF_A_LINE;

/// Words in a cache line.
const WORDS_OF_A_LINE: usize = 8;

/// What a search needs beside the table itself; one for all clients.
#[derive(Clone, Debug)]
pub(crate) struct SearchSpace {
    /// Slots found, 64 to a word.
    found: Vec<u64>,
    /// The tracks as they were.
    old: Vec<Block>,
    /// Of the tracks of each block, who is in the innermost tier.
    nearest: Vec<u64>,
}

impl SearchSpace {
    /// For worlds of `capacity` slots.
    pub(crate) fn new(capacity: u32) -> Self {
        let words = (capacity as usize).div_ceil(64);
        Self {
            found: vec![0; words],
            old: Vec::with_capacity(words + 1),
            nearest: Vec::with_capacity(words + 2),
        }
    }

    /// Looks for everybody within reach of `own`.
    pub(crate) fn find(&mut self, world: &World, table: &InterestTable, own: usize) {
        let centre = world.characters().position(own as u32);
        self.found.fill(0);
        let found = &mut self.found;
        world.for_each_character_in_radius(centre.x, centre.z, table.search_radius(), |slot| {
            set(found, slot as usize);
        });
        found[own / 64] &= !(1 << (own % 64));
    }

    /// Slots found, 64 to a word: whoever is taken out is not in sight.
    pub(crate) fn found(&mut self) -> &mut [u64] {
        &mut self.found
    }
}

/// A character out of sight whose leave the client has not acknowledged.
#[derive(Clone, Copy, Debug)]
struct Leaving {
    slot: u16,
    /// Snapshots with the leave: bit `d` is the one `d` before number `newest`.
    told: u64,
    newest: u32,
}

impl Leaving {
    fn told_at(self, number: u32) -> u64 {
        self.told.checked_shl(number.wrapping_sub(self.newest)).unwrap_or(0)
    }
}

/// The tracks as they were, without those of the first blocks.
struct Old<'a> {
    blocks: &'a [Block],
    /// The first track that is here.
    start: usize,
}

impl Old<'_> {
    #[inline(always)]
    fn get(&self, at: usize) -> Track {
        self.blocks[(at - self.start) / LANES].get(at % LANES)
    }
}

/// [`TrackTable::turn_over`], compiled for the processor's own instructions: it counts bits.
struct TurnOver<'a, C, T> {
    tracks: &'a mut TrackTable,
    space: &'a mut SearchSpace,
    number: u32,
    snapshot_hz: u16,
    table: &'a InterestTable,
    comes: C,
    tiers_of: T,
}

impl<C: Fn(usize) -> bool, T: FnMut(&[u16], &mut [u8; LANES])> LaneTask for TurnOver<'_, C, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { tracks, space, number, snapshot_hz, table, comes, tiers_of } = self;
        tracks.turn_over(space, number, snapshot_hz, table, comes, tiers_of);
    }
}

/// All tracks of one client, by slot.
#[derive(Clone, Debug)]
pub(crate) struct TrackTable {
    blocks: Vec<Block>,
    len: usize,
    /// By slot.
    leaving: Vec<Leaving>,
    /// Slots in sight, 64 to a word.
    sight: Vec<u64>,
    /// Of these, the ones in the innermost tier.
    close: Vec<u64>,
    /// How often characters had left the world when this was last looked at.
    departures: u32,
}

/// Sets one bit of a bit set by slot.
fn set(bits: &mut [u64], slot: usize) {
    bits[slot / 64] |= 1 << (slot % 64);
}

fn get(bits: &[u64], slot: usize) -> bool {
    bits.get(slot / 64).is_some_and(|word| word >> (slot % 64) & 1 != 0)
}

impl TrackTable {
    pub(crate) fn new(capacity: u32) -> Self {
        Self {
            blocks: Vec::with_capacity(BLOCKS_AT_FIRST),
            len: 0,
            leaving: Vec::with_capacity(LEAVES_MAX as usize),
            sight: vec![0; (capacity as usize).div_ceil(64)],
            close: vec![0; (capacity as usize).div_ceil(64)],
            departures: 0,
        }
    }

    /// Characters in sight.
    pub(crate) fn visible(&self) -> u32 {
        self.len as u32
    }

    /// Whether the client was told of this slot and it is in the innermost tier.
    #[inline]
    pub(crate) fn is_close(&self, slot: usize) -> bool {
        get(&self.close, slot)
    }

    /// Whether a slot is in sight.
    pub(crate) fn is_visible(&self, slot: usize) -> bool {
        get(&self.sight, slot)
    }

    /// The slots from `from` on, ascending, whose state in the snapshot `behind` before the newest the client holds for
    /// certain, if it acknowledged that snapshot.
    pub(crate) fn held_of(&self, behind: u32, log: &SnapshotLog, from: u16) -> impl Iterator<Item = u16> {
        let (number, newer) = (log.number(), (1_u64 << behind) - 1);
        (0..self.len).filter_map(move |at| {
            let (block, lane) = (self.block(at), at % LANES);
            let sent = block.sent_at(lane, number);
            let held = sent >> behind & 1 != 0 && ((sent & newer).count_ones() as usize) < VERSIONS_KEPT;
            (held && block.slot(lane) >= from).then(|| block.slot(lane))
        })
    }

    /// The slots in sight, ascending.
    pub(crate) fn visible_slots(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.len).map(|at| self.block(at).slot(at % LANES).into())
    }

    #[inline]
    pub(crate) fn block(&self, at: usize) -> &Block {
        &self.blocks[at / LANES]
    }

    /// All blocks: the track `at` is in block `at / LANES`.
    #[inline]
    pub(crate) fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The same, to be marked.
    #[inline]
    pub(crate) fn blocks_mut(&mut self) -> &mut [Block] {
        &mut self.blocks
    }

    /// Asks for it, so that it is near when it is needed: of much the beginning, as the processor sees by itself that the rest
    /// follows. `searches`: whether a search comes first.
    #[inline]
    pub(crate) fn prefetch(&self, searches: bool) {
        self.blocks.iter().take(BLOCKS_PREFETCHED).for_each(prefetch);
        self.leaving.first().into_iter().for_each(prefetch);
        let words = self.close.len().min(WORDS_PREFETCHED);
        self.close[..words].iter().step_by(WORDS_OF_A_LINE).for_each(prefetch);
        if searches {
            self.sight[..words].iter().step_by(WORDS_OF_A_LINE).for_each(prefetch);
        }
    }

    /// Sorts those that were [found](SearchSpace::find) around `own` into tiers. `number` is that of the newest snapshot.
    pub(crate) fn take_found(
        &mut self,
        world: &World,
        table: &InterestTable,
        own: usize,
        number: u32,
        snapshot_hz: u16,
        space: &mut SearchSpace,
    ) {
        let view = world.characters();
        let centre = view.position(own as u32);
        let (xs, zs) = (view.position_x, view.position_z);
        let way = |slot: usize| (xs[slot].wrapping_sub(centre.x.0), zs[slot].wrapping_sub(centre.z.0));
        let tiers_of = |slots: &[u16], tiers: &mut [u8; LANES]| {
            let (mut dx, mut dz) = ([0; LANES], [0; LANES]);
            for ((&slot, dx), dz) in slots.iter().zip(&mut dx).zip(&mut dz) {
                (*dx, *dz) = way(slot.into());
            }
            table.tiers_of(&dx, &dz, tiers);
        };
        let comes = |slot| {
            let (dx, dz) = way(slot);
            table.reaches(dx, dz)
        };
        lanes::run(
            LaneChoice::Auto,
            TurnOver { tracks: self, space, number, snapshot_hz, table, comes, tiers_of },
        );
    }

    /// Puts the slots of these bits into sight, all in the innermost tier.
    #[cfg(test)]
    pub(crate) fn show_slots(&mut self, slots: &[u64], snapshot_hz: u16) {
        let table = InterestTable::new(&super::config::ReplicationConfig::default());
        let mut space = SearchSpace::new(64 * slots.len() as u32);
        space.found().copy_from_slice(slots);
        let tiers_of = |_: &[u16], tiers: &mut [u8; LANES]| tiers.fill(0);
        self.turn_over(&mut space, 0, snapshot_hz, &table, |_| true, tiers_of);
    }

    /// Puts the first slots into sight, each in its tier.
    #[cfg(test)]
    pub(crate) fn show(&mut self, tiers: &[u8], table: &InterestTable, snapshot_hz: u16) {
        let mut space = SearchSpace::new(tiers.len() as u32);
        (0..tiers.len()).for_each(|slot| set(space.found(), slot));
        let tiers_of = |slots: &[u16], now: &mut [u8; LANES]| {
            slots.iter().zip(now).for_each(|(&slot, now)| *now = tiers[usize::from(slot)]);
        };
        self.turn_over(&mut space, 0, snapshot_hz, table, |_| true, tiers_of);
    }

    /// Makes those found the ones in sight: starts the tracks of those that came, and turns those that are gone into
    /// leaves. `comes` says who of the new ones is near enough, `tiers_of` puts up to [`LANES`] slots into their tiers, given
    /// those that they were in.
    #[inline(always)]
    fn turn_over(
        &mut self,
        space: &mut SearchSpace,
        number: u32,
        snapshot_hz: u16,
        table: &InterestTable,
        comes: impl Fn(usize) -> bool,
        tiers_of: impl FnMut(&[u16], &mut [u8; LANES]),
    ) {
        let SearchSpace { found, old, nearest } = space;
        let change =
            |word: usize, sight: u64| Change::of(sight, found[word], |bit| comes(word * 64 + bit as usize));
        // Most searches in a crowd find nearly whom the last one found: up to the first word that differs nothing is to do.
        let mut same = 0;
        let differs = self.sight.iter().enumerate().position(|(word, &sight)| {
            let differs = !change(word, sight).is_none();
            same += if differs { 0 } else { sight.count_ones() as usize };
            differs
        });
        if let Some(first) = differs {
            // The old tracks are read from a copy, while the new ones are written in their place.
            old.clear();
            old.extend_from_slice(&self.blocks[same / LANES..]);
            let old = Old { blocks: old, start: same / LANES * LANES };
            let (mut from, mut to) = (same, same);
            // How many of those before the next that goes or comes were not moved yet.
            let mut staying = 0;
            for word in first..self.sight.len() {
                let sight = self.sight[word];
                let change = change(word, sight);
                if change.is_none() {
                    staying += sight.count_ones() as usize;
                    continue;
                }
                for (step, stay) in change.steps() {
                    staying += stay;
                    let Some((bit, goes)) = step else { break };
                    self.shift(&old, from, to, staying);
                    (from, to, staying) = (from + staying, to + staying, 0);
                    let slot = word * 64 + bit as usize;
                    if goes {
                        self.leave(slot as u16, number);
                        from += 1;
                    } else {
                        set(&mut self.sight, slot);
                        let track = self.start(slot as u16, number, snapshot_hz);
                        self.put(to, track);
                        to += 1;
                    }
                }
            }
            self.shift(&old, from, to, staying);
            to += staying;
            self.set_len(to);
            self.leaving.sort_unstable_by_key(|leaving| leaving.slot);
        }
        self.sort_into_tiers(table, tiers_of, nearest);
    }

    /// Puts everybody into the tier that it is in now.
    #[inline(always)]
    fn sort_into_tiers(
        &mut self,
        table: &InterestTable,
        mut tiers_of: impl FnMut(&[u16], &mut [u8; LANES]),
        nearest: &mut Vec<u64>,
    ) {
        nearest.clear();
        for (index, block) in self.blocks.iter_mut().enumerate() {
            let count = (self.len - index * LANES).min(LANES);
            nearest.push(block.set_tiers(count, &mut tiers_of, |tier| table.rate(tier)));
        }
        // Two more: one for those that begin in the last, one for words of slots behind all tracks.
        nearest.resize(nearest.len() + 2, 0);
        let mut at = 0;
        for (close, &sight) in self.close.iter_mut().zip(&self.sight) {
            let (word, bit, count) = (at / LANES, at % LANES, sight.count_ones());
            let next = nearest[word] >> bit | (nearest[word + 1] << 1) << (LANES - 1 - bit);
            *close = deposit(sight, next & lowest_ones(count));
            at += count as usize;
        }
    }

    fn start(&mut self, slot: u16, number: u32, snapshot_hz: u16) -> Track {
        if !self.leaving.is_empty() {
            self.leaving.retain(|leaving| leaving.slot != slot);
        }
        Track { sent: 0, slot, owed: snapshot_hz, rate: 0, tier: NO_TIER, newest: number as u8 }
    }

    fn leave(&mut self, slot: u16, number: u32) {
        self.sight[usize::from(slot) / 64] &= !(1 << (slot % 64));
        self.leaving.push(Leaving { slot, told: 0, newest: number });
    }

    /// Puts `count` old tracks from `from` on into their places from `to` on, where they may be already.
    #[inline(always)]
    fn shift(&mut self, old: &Old<'_>, from: usize, to: usize, count: usize) {
        if from != to {
            for at in 0..count {
                self.put(to + at, old.get(from + at));
            }
        }
    }

    /// Puts a track into its place, which is one behind all others at most.
    #[inline]
    fn put(&mut self, at: usize, track: Track) {
        if at / LANES == self.blocks.len() {
            self.blocks.push(Block::EMPTY);
        }
        self.blocks[at / LANES].set(at % LANES, track);
    }

    fn set_len(&mut self, len: usize) {
        self.len = len;
        self.blocks.truncate(len.div_ceil(LANES));
        // Behind the last track nobody is owed anything.
        if let Some(last) = self.blocks.last_mut().filter(|_| !len.is_multiple_of(LANES)) {
            last.copy_lanes(len % LANES, &Block::EMPTY, len % LANES, LANES - len % LANES);
        }
    }

    /// Turns those into leaves that left the world since the last time. `present` are the slots in use, `departures`
    /// counts the ticks in which somebody left.
    pub(crate) fn drop_departed(&mut self, present: &[u64], departures: u32, number: u32) {
        if self.departures == departures {
            return;
        }
        self.departures = departures;
        let mut to = 0;
        for at in 0..self.len {
            let track = self.block(at).get(at % LANES);
            let slot = usize::from(track.slot);
            if get(present, slot) {
                if to < at {
                    self.put(to, track);
                }
                to += 1;
            } else {
                self.close[slot / 64] &= !(1 << (slot % 64));
                self.leave(track.slot, number);
            }
        }
        if to < self.len {
            self.set_len(to);
            self.leaving.sort_unstable_by_key(|leaving| leaving.slot);
        }
    }

    /// Updates owed to the client of a track, and whether the character comes first.
    #[cfg(test)]
    pub(crate) fn urgency(&self, at: usize) -> (u16, bool) {
        self.block(at).urgency(at % LANES)
    }

    /// Goes through all tracks for a new snapshot: who is due and how urgently, and which leaves are to be told. A track
    /// is due when it is owed as much as [`Wish`] leads to, which is returned; beside these some that are overdue, in turn.
    pub(crate) fn gather(
        &mut self,
        log: &SnapshotLog,
        wish: Wish,
        snapshot_hz: u16,
        out: &mut Priorities,
    ) -> Gathered {
        let mut to = out.begin(self.blocks.len());
        self.gather_leaves(log, &mut to);
        let (blocks, len) = (&mut self.blocks[..], self.len);
        let (number, acknowledged) = (log.number(), log.acknowledged());
        lanes::run(LaneChoice::Auto, Gather { blocks, len, number, acknowledged, wish, snapshot_hz, to })
    }

    /// Forgets the leaves the client has heard of, and repeats the others.
    fn gather_leaves(&mut self, log: &SnapshotLog, out: &mut Gathering<'_>) {
        if self.leaving.is_empty() {
            return;
        }
        self.leaving.retain(|leaving| log.newest_acked(leaving.told_at(log.number())).is_none());
        out.leaves().extend(self.leaving.iter().take(LEAVES_MAX as usize).map(|leaving| leaving.slot));
    }

    /// Snapshot `number` carries the first `count` leaves.
    pub(crate) fn mark_leaves(&mut self, count: usize, number: u32) {
        for leaving in &mut self.leaving[..count] {
            *leaving = Leaving { told: leaving.told_at(number) | 1, newest: number, ..*leaving };
        }
    }
}

/// The set bits of a word, ascending.
pub(crate) struct BitIter(pub(crate) u64);

impl Iterator for BitIter {
    type Item = u32;

    #[inline(always)]
    fn next(&mut self) -> Option<u32> {
        (self.0 != 0).then(|| {
            let bit = self.0.trailing_zeros();
            self.0 &= self.0 - 1;
            bit
        })
    }
}

#[cfg(test)]
#[path = "tracking_tests.rs"]
mod tests;
