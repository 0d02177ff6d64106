//! What one client has been told of each character, in sixteen bytes.
//!
//! A track remembers the last 64 snapshots as bits: which of them carried the character. The session remembers the
//! same 64 as bits: which of them the client acknowledged. Their intersection is the set of states the client holds
//! for certain, and its newest is the baseline. Nothing is recorded per packet, nothing is looked up per ack.

use super::interest::{FIRST, InterestTable, NO_TIER};
use super::priority::Priorities;
use crate::wire::snapshot::{BASELINE_AGE_MAX, LEAVES_MAX, VERSIONS_KEPT};
use shieldwall_core::World;

/// Snapshots remembered.
pub(crate) const SNAPSHOTS_REMEMBERED: usize = 64;

const ABSENT: u8 = 0;
const VISIBLE: u8 = 1;
const LEAVING: u8 = 2;

/// One client's view of one character.
#[derive(Clone, Copy, Debug)]
struct Track {
    /// Bit `d`: the snapshot `d` before the newest carried a state (while leaving: a leave).
    sent: u64,
    /// Updates owed, in snapshot-rate-ths: grows by the tier's rate with each snapshot.
    owed: u16,
    tier: u8,
    phase: u8,
}

const _: () = assert!(size_of::<Track>() == 16);

const UNTRACKED: Track = Track { sent: 0, owed: 0, tier: NO_TIER, phase: ABSENT };

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

/// All tracks of one client.
#[derive(Clone, Debug)]
pub(crate) struct TrackTable {
    tracks: Vec<Track>,
    /// Slots not absent, 64 to a word.
    tracked: Vec<u64>,
    /// Slots the last search found.
    in_reach: Vec<u64>,
    visible: u32,
}

/// One bit set or cleared in a bit set by slot.
fn set(bits: &mut [u64], slot: usize) {
    bits[slot / 64] |= 1 << (slot % 64);
}

impl TrackTable {
    pub(crate) fn new(capacity: u32) -> Self {
        let words = (capacity as usize).div_ceil(64);
        Self {
            tracks: vec![UNTRACKED; capacity as usize],
            tracked: vec![0; words],
            in_reach: vec![0; words],
            visible: 0,
        }
    }

    /// Characters in sight.
    pub(crate) fn visible(&self) -> u32 {
        self.visible
    }

    /// Whether the client was told of this slot and not told that it left.
    pub(crate) fn is_visible(&self, slot: usize) -> bool {
        self.tracks.get(slot).is_some_and(|track| track.phase == VISIBLE)
    }

    /// Whether the slot is in the innermost tier.
    pub(crate) fn is_close(&self, slot: usize) -> bool {
        self.tracks.get(slot).is_some_and(|track| track.phase == VISIBLE && track.tier & 0x7f == 0)
    }

    /// The slots in sight, ascending.
    pub(crate) fn visible_slots(&self) -> impl Iterator<Item = u32> + '_ {
        let slots = |(word, &bits): (usize, &u64)| BitIter(bits).map(move |bit| word as u32 * 64 + bit);
        self.tracked.iter().enumerate().flat_map(slots).filter(|&slot| self.is_visible(slot as usize))
    }

    /// Looks for everybody within reach of `own`, and sorts them into tiers.
    pub(crate) fn search(&mut self, world: &World, table: &InterestTable, own: usize) {
        let view = world.characters();
        let centre = view.position(own as u32);
        self.in_reach.fill(0);
        let Self { tracks, in_reach, .. } = self;
        world.for_each_character_in_radius(centre.x, centre.z, table.search_radius(), |slot| {
            let slot = slot as usize;
            let dx = view.position_x[slot].wrapping_sub(centre.x.0);
            let dz = view.position_z[slot].wrapping_sub(centre.z.0);
            let track = &mut tracks[slot];
            if let Some(tier) = table.tier_of(dx, dz, track.tier) {
                track.tier = tier;
                set(in_reach, slot);
            }
        });
        in_reach[own / 64] &= !(1 << (own % 64));
    }

    /// Goes through all tracks for a new snapshot: who came, who left, who is due and how urgently.
    /// `present` are the slots in use. A track is due when it is owed `due`, one that comes first when it is owed
    /// `first_due`.
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
        for (word, &used) in present.iter().enumerate() {
            let reach = self.in_reach[word] & used;
            let mut gone = 0;
            for bit in BitIter(self.tracked[word] | reach) {
                let slot = word * 64 + bit as usize;
                let track = &mut self.tracks[slot];
                track.sent <<= 1;
                if reach >> bit & 1 == 0 {
                    if track.phase == VISIBLE {
                        *track = Track { phase: LEAVING, ..UNTRACKED };
                        self.visible -= 1;
                    }
                    if log.newest_acked(track.sent).is_some() {
                        *track = UNTRACKED;
                        gone |= 1 << bit;
                    } else if out.leaves.len() < LEAVES_MAX as usize {
                        track.sent |= 1;
                        out.leaves.push(slot as u16);
                    }
                    continue;
                }
                if track.phase != VISIBLE {
                    (track.phase, track.sent, track.owed) = (VISIBLE, 0, snapshot_hz);
                    self.visible += 1;
                }
                track.owed = track.owed.saturating_add(table.rate(track.tier));
                if track.owed >= if track.tier & FIRST == 0 { due } else { first_due } {
                    let known = log.newest_acked(track.sent).is_some();
                    out.push(slot as u16, known, track.owed, track.tier);
                }
            }
            self.tracked[word] = (self.tracked[word] | reach) & !gone;
        }
    }

    /// Age of the newest state of a slot that the client holds for certain, or `None` when there is none.
    #[inline]
    pub(crate) fn baseline_age(&self, slot: u16, log: &SnapshotLog, tick: u32) -> Option<u8> {
        baseline_age(self.tracks[usize::from(slot)].sent, log, tick)
    }

    /// The snapshot gathered last carries this slot's state.
    pub(crate) fn mark_sent(&mut self, slot: u16, snapshot_hz: u16) {
        let track = &mut self.tracks[usize::from(slot)];
        track.sent |= 1;
        // What is owed beyond one update is forgiven: nobody needs two at once.
        track.owed = track.owed.saturating_sub(snapshot_hz).min(snapshot_hz - 1);
    }

    /// The snapshot gathered last did not carry this leave after all.
    pub(crate) fn unmark_leave(&mut self, slot: u16) {
        self.tracks[usize::from(slot)].sent &= !1;
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
