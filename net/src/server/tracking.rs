//! What one client has been told of each character, in fifteen bytes.
//!
//! A track remembers the last 64 snapshots as bits: which of them carried the character. The session remembers the
//! same 64 as bits: which of them the client acknowledged. Their intersection is the set of states the client holds
//! for certain, and its newest is the baseline. Nothing is recorded per packet, nothing is looked up per ack.
//!
//! Tracks are columns, because most of them are only counted up in most snapshots.

use super::interest::{FIRST, InterestTable, NO_TIER};
use super::priority::Priorities;
use crate::wire::snapshot::{BASELINE_AGE_MAX, LEAVES_MAX, VERSIONS_KEPT};
use shieldwall_core::World;

/// Snapshots remembered.
pub(crate) const SNAPSHOTS_REMEMBERED: usize = 64;

/// Which snapshots a client has received, newest at bit 0, and their ticks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SnapshotLog {
    /// Number of the newest snapshot; the first is 1.
    number: u32,
    acked: u64,
    ticks: [u32; SNAPSHOTS_REMEMBERED],
}

impl Default for SnapshotLog {
    fn default() -> Self {
        Self { number: 0, acked: 0, ticks: [0; SNAPSHOTS_REMEMBERED] }
    }
}

impl SnapshotLog {
    /// Starts a snapshot and returns its number.
    pub(crate) fn begin(&mut self, tick: u32) -> u32 {
        self.number = self.number.wrapping_add(1);
        self.acked <<= 1;
        self.ticks[self.number as usize % SNAPSHOTS_REMEMBERED] = tick;
        self.number
    }

    /// Number of the newest snapshot.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// The client processed snapshot `number`.
    pub(crate) fn acknowledge(&mut self, number: u32) {
        let behind = self.number.wrapping_sub(number);
        if behind < SNAPSHOTS_REMEMBERED as u32 {
            self.acked |= 1 << behind;
        }
    }

    /// The newest of `sent` that was acknowledged and can still be a baseline: how many snapshots ago.
    #[inline]
    pub(crate) fn newest_acked(&self, sent: u64) -> Option<u32> {
        let held = sent & self.acked;
        (held != 0).then(|| held.trailing_zeros())
    }

    /// Age in ticks, at `tick`, of the snapshot `behind` before the newest, if a frame can name it.
    #[inline]
    pub(crate) fn age(&self, behind: u32, tick: u32) -> Option<u8> {
        let then = self.ticks[self.number.wrapping_sub(behind) as usize % SNAPSHOTS_REMEMBERED];
        u8::try_from(tick.wrapping_sub(then)).ok().filter(|age| (1..=BASELINE_AGE_MAX).contains(age))
    }
}

/// Which snapshots carried something: bit `d` is the snapshot `d` before number `newest`.
#[derive(Clone, Copy, Debug, Default)]
struct Carried {
    bits: u64,
    newest: u32,
}

impl Carried {
    /// The bits as seen from snapshot `number`.
    #[inline]
    fn at(self, number: u32) -> u64 {
        self.bits.checked_shl(number.wrapping_sub(self.newest)).unwrap_or(0)
    }

    /// Adds snapshot `number`.
    #[inline]
    fn add(&mut self, number: u32) {
        *self = Self { bits: self.at(number) | 1, newest: number };
    }
}

/// All tracks of one client, by slot.
#[derive(Clone, Debug)]
pub(crate) struct TrackTable {
    /// Snapshots with a state; while leaving, snapshots with the leave.
    carried: Vec<Carried>,
    /// Updates owed, in snapshot-rate-ths: grows by the tier's rate with each snapshot.
    owed: Vec<u16>,
    tier: Vec<u8>,
    /// Slots in sight, 64 to a word.
    visible: Vec<u64>,
    /// Slots whose leave is not acknowledged.
    leaving: Vec<u64>,
    /// Slots the last search found.
    in_reach: Vec<u64>,
}

/// Sets one bit of a bit set by slot.
fn set(bits: &mut [u64], slot: usize) {
    bits[slot / 64] |= 1 << (slot % 64);
}

impl TrackTable {
    pub(crate) fn new(capacity: u32) -> Self {
        let (rows, words) = (capacity as usize, (capacity as usize).div_ceil(64));
        Self {
            carried: vec![Carried::default(); rows],
            owed: vec![0; rows],
            tier: vec![NO_TIER; rows],
            visible: vec![0; words],
            leaving: vec![0; words],
            in_reach: vec![0; words],
        }
    }

    /// Characters in sight.
    pub(crate) fn visible(&self) -> u32 {
        self.visible.iter().map(|word| word.count_ones()).sum()
    }

    /// Whether the client was told of this slot and it is in the innermost tier.
    pub(crate) fn is_close(&self, slot: usize) -> bool {
        self.is_visible(slot) && self.tier[slot] & !FIRST == 0
    }

    /// Words of the sets by slot.
    #[cfg(test)]
    pub(crate) fn words(&self) -> usize {
        self.in_reach.len()
    }

    /// Puts a slot into reach, as a search would.
    #[cfg(test)]
    pub(crate) fn put_in_reach(&mut self, slot: usize, tier: u8) {
        self.tier[slot] = tier;
        set(&mut self.in_reach, slot);
    }

    /// Whether the client was told of this slot.
    pub(crate) fn is_visible(&self, slot: usize) -> bool {
        self.visible.get(slot / 64).is_some_and(|word| word >> (slot % 64) & 1 != 0)
    }

    /// Tier of a slot that the last search found, with or without [`FIRST`].
    pub(crate) fn tier(&self, slot: usize) -> u8 {
        self.tier[slot]
    }

    /// Slots that the last search found, 64 to a word.
    pub(crate) fn reach(&self, word: usize) -> u64 {
        self.in_reach[word]
    }

    /// Takes slots out of what the last search found: until the next one the client is not told of them.
    pub(crate) fn put_word_out_of_reach(&mut self, word: usize, slots: u64) {
        self.in_reach[word] &= !slots;
    }

    /// [`Self::put_word_out_of_reach`] for one slot.
    pub(crate) fn put_out_of_reach(&mut self, slot: usize) {
        self.in_reach[slot / 64] &= !(1 << (slot % 64));
    }

    /// The slots in sight, ascending.
    pub(crate) fn visible_slots(&self) -> impl Iterator<Item = u32> + '_ {
        let slots = |(word, &bits): (usize, &u64)| BitIter(bits).map(move |bit| word as u32 * 64 + bit);
        self.visible.iter().enumerate().flat_map(slots)
    }

    /// Looks for everybody within reach of `own`, and sorts them into tiers.
    pub(crate) fn search(&mut self, world: &World, table: &InterestTable, own: usize) {
        let view = world.characters();
        let centre = view.position(own as u32);
        self.in_reach.fill(0);
        let Self { tier, in_reach, .. } = self;
        world.for_each_character_in_radius(centre.x, centre.z, table.search_radius(), |slot| {
            let slot = slot as usize;
            let dx = view.position_x[slot].wrapping_sub(centre.x.0);
            let dz = view.position_z[slot].wrapping_sub(centre.z.0);
            if let Some(found) = table.tier_of(dx, dz, tier[slot]) {
                tier[slot] = found;
                set(in_reach, slot);
            }
        });
        in_reach[own / 64] &= !(1 << (own % 64));
    }

    /// Goes through all tracks for a new snapshot: who came, who left, who is due and how urgently.
    /// `present` are the slots in use. A track is due when it is owed `due`, one that comes first when it is owed
    /// `first_due`, and any that is overdue.
    pub(crate) fn gather(
        &mut self,
        log: &SnapshotLog,
        present: &[u64],
        table: &InterestTable,
        snapshot_hz: u16,
        [due, first_due]: [u16; 2],
        out: &mut Priorities,
    ) {
        out.clear();
        let number = log.number();
        for (word, &used) in present.iter().enumerate() {
            let reach = self.in_reach[word] & used;
            if reach | self.visible[word] | self.leaving[word] == 0 {
                continue;
            }
            self.turn_over(word, reach, number, snapshot_hz);
            self.gather_leaves(word, log, out);
            let base = word * 64;
            for bit in BitIter(reach) {
                let slot = base + bit as usize;
                let tier = self.tier[slot];
                let owed = self.owed[slot].saturating_add(table.rate(tier));
                self.owed[slot] = owed;
                let overdue = owed >= table.overdue(tier);
                if overdue || owed >= if tier & FIRST == 0 { due } else { first_due } {
                    let known = log.newest_acked(self.carried[slot].at(number)).is_some();
                    out.push(slot as u16, known, owed, tier, overdue);
                }
            }
        }
    }

    /// Starts the tracks of those that came into sight, and turns those that left it into leaves.
    fn turn_over(&mut self, word: usize, reach: u64, number: u32, snapshot_hz: u16) {
        let visible = self.visible[word];
        let none = Carried { bits: 0, newest: number };
        for bit in BitIter(reach & !visible) {
            let slot = word * 64 + bit as usize;
            (self.carried[slot], self.owed[slot]) = (none, snapshot_hz);
        }
        for bit in BitIter(visible & !reach) {
            let slot = word * 64 + bit as usize;
            (self.carried[slot], self.tier[slot]) = (none, NO_TIER);
        }
        self.visible[word] = reach;
        self.leaving[word] = (self.leaving[word] | visible) & !reach;
    }

    /// Forgets the leaves the client has heard of, and repeats the others.
    fn gather_leaves(&mut self, word: usize, log: &SnapshotLog, out: &mut Priorities) {
        for bit in BitIter(self.leaving[word]) {
            let slot = word * 64 + bit as usize;
            if log.newest_acked(self.carried[slot].at(log.number())).is_some() {
                self.leaving[word] &= !(1 << bit);
            } else if out.leaves.len() < LEAVES_MAX as usize {
                out.leaves.push(slot as u16);
            }
        }
    }

    /// The slots from `from` on, ascending, whose state in the snapshot `behind` before the newest the client holds for
    /// certain, if it acknowledged that snapshot.
    pub(crate) fn held_of(&self, behind: u32, log: &SnapshotLog, from: u16) -> impl Iterator<Item = u16> {
        let (number, newer) = (log.number(), (1_u64 << behind) - 1);
        self.visible_slots().skip_while(move |&slot| slot < from.into()).filter_map(move |slot| {
            let sent = self.carried[slot as usize].at(number);
            let held = sent >> behind & 1 != 0 && ((sent & newer).count_ones() as usize) < VERSIONS_KEPT;
            held.then_some(slot as u16)
        })
    }

    /// Age of the newest state of a slot that the client holds for certain, or `None` when there is none.
    #[inline]
    pub(crate) fn baseline_age(&self, slot: u16, log: &SnapshotLog, tick: u32) -> Option<u8> {
        baseline_age(self.carried[usize::from(slot)].at(log.number()), log, tick)
    }

    /// Snapshot `number` carries this slot's state.
    #[inline]
    pub(crate) fn mark_sent(&mut self, slot: u16, number: u32, snapshot_hz: u16) {
        let slot = usize::from(slot);
        self.carried[slot].add(number);
        // What is owed beyond one update is forgiven: nobody needs two at once.
        self.owed[slot] = self.owed[slot].saturating_sub(snapshot_hz).min(snapshot_hz - 1);
    }

    /// Snapshot `number` carries this slot's leave.
    pub(crate) fn mark_leave(&mut self, slot: u16, number: u32) {
        self.carried[usize::from(slot)].add(number);
    }
}

/// Age of the newest state the client holds for certain, or `None` when there is none.
#[inline]
fn baseline_age(sent: u64, log: &SnapshotLog, tick: u32) -> Option<u8> {
    let behind = log.newest_acked(sent)?;
    let newer = (sent & ((1 << behind) - 1)).count_ones() as usize;
    if newer >= VERSIONS_KEPT { None } else { log.age(behind, tick) }
}

/// The set bits of a word, ascending.
struct BitIter(u64);

impl Iterator for BitIter {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        (self.0 != 0).then(|| {
            let bit = self.0.trailing_zeros();
            self.0 &= self.0 - 1;
            bit
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_baseline_is_the_newest_state_both_sent_and_acknowledged() {
        let mut log = SnapshotLog::default();
        for tick in [10, 13, 16, 19] {
            log.begin(tick);
        }
        log.acknowledge(2);
        log.acknowledge(4);
        // Carried by the snapshots of ticks 13 and 16, of which 13 arrived.
        assert_eq!(baseline_age(0b0110, &log, 19), Some(6));
        assert_eq!(baseline_age(0b0010, &log, 19), None);
        log.acknowledge(3);
        assert_eq!(baseline_age(0b0110, &log, 19), Some(3));
        for i in 0..70 {
            log.begin(22 + 3 * i);
        }
        assert_eq!(baseline_age(u64::MAX, &log, 19), None, "everything acknowledged is too long ago");
    }

    #[test]
    fn a_baseline_the_client_may_have_dropped_is_not_used() {
        let mut log = SnapshotLog::default();
        for i in 0..20 {
            log.begin(i);
        }
        log.acknowledge(2);
        // Number 2 is 18 snapshots ago. Fifteen newer states leave it in the ring of sixteen, sixteen do not.
        assert_eq!(baseline_age(1 << 18 | 0x7fff, &log, 40), Some(39));
        assert_eq!(baseline_age(1 << 18 | 0xffff, &log, 40), None);
    }
}
