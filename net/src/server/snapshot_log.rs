//! Which of a client's last snapshots have arrived.
//!
//! A track remembers the last 64 snapshots as bits: which of them carried the character. The session remembers the
//! same 64 as bits: which of them the client acknowledged. Their intersection is the set of states the client holds
//! for certain, and its newest is the baseline. Nothing is recorded per packet, nothing is looked up per ack.

use crate::wire::snapshot::{BASELINE_AGE_MAX, VERSIONS_KEPT};

/// Snapshots remembered.
pub(crate) const SNAPSHOTS_REMEMBERED: usize = 64;
/// Stands for "no baseline" where a number of snapshots ago is asked for.
pub(crate) const NO_BASELINE: u8 = SNAPSHOTS_REMEMBERED as u8;

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

    /// The newest of `sent` that was acknowledged: how many snapshots ago.
    #[inline]
    pub(crate) fn newest_acked(&self, sent: u64) -> Option<u32> {
        let held = sent & self.acked;
        (held != 0).then(|| held.trailing_zeros())
    }

    /// What was acknowledged, to be asked about many characters.
    #[inline]
    pub(crate) fn acknowledged(&self) -> Acknowledged {
        Acknowledged(self.acked)
    }

    /// Age in ticks, at `tick`, of the snapshot `behind` before the newest, if a frame can name it.
    #[inline]
    pub(crate) fn age(&self, behind: u32, tick: u32) -> Option<u8> {
        let then = self.ticks[self.number.wrapping_sub(behind) as usize % SNAPSHOTS_REMEMBERED];
        u8::try_from(tick.wrapping_sub(then)).ok().filter(|age| (1..=BASELINE_AGE_MAX).contains(age))
    }
}

/// Which of the last snapshots a client has received, newest at bit 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Acknowledged(u64);

impl Acknowledged {
    /// The newest of all, as snapshots ago, if the client still holds whatever it carried.
    #[inline(always)]
    pub(crate) fn newest_held(self) -> Option<u8> {
        let behind = self.0.trailing_zeros() as u8;
        (behind < VERSIONS_KEPT as u8).then_some(behind)
    }

    /// The newest of `sent` that was acknowledged and that the client still holds, as snapshots ago; [`NO_BASELINE`] when
    /// there is none.
    #[inline(always)]
    pub(crate) fn baseline(self, sent: u64) -> u8 {
        let behind = (sent & self.0).trailing_zeros() as u8;
        // Fewer snapshots than versions kept cannot have pushed it out.
        if (VERSIONS_KEPT as u8..NO_BASELINE).contains(&behind) { still_held(sent, behind) } else { behind }
    }
}

#[cold]
fn still_held(sent: u64, behind: u8) -> u8 {
    let newer = (sent & ((1 << behind) - 1)).count_ones() as usize;
    if newer >= VERSIONS_KEPT { NO_BASELINE } else { behind }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn age(log: &SnapshotLog, sent: u64, tick: u32) -> Option<u8> {
        let behind = log.acknowledged().baseline(sent);
        if behind == NO_BASELINE { None } else { log.age(behind.into(), tick) }
    }

    #[test]
    fn a_baseline_is_the_newest_state_both_sent_and_acknowledged() {
        let mut log = SnapshotLog::default();
        for tick in [10, 13, 16, 19] {
            log.begin(tick);
        }
        log.acknowledge(2);
        log.acknowledge(4);
        // Carried by the snapshots of ticks 13 and 16, of which 13 arrived.
        assert_eq!(age(&log, 0b0110, 19), Some(6));
        assert_eq!(age(&log, 0b0010, 19), None);
        log.acknowledge(3);
        assert_eq!(age(&log, 0b0110, 19), Some(3));
        for i in 0..70 {
            log.begin(22 + 3 * i);
        }
        assert_eq!(age(&log, u64::MAX, 19), None, "everything acknowledged is too long ago");
    }

    #[test]
    fn a_baseline_the_client_may_have_dropped_is_not_used() {
        let mut log = SnapshotLog::default();
        for i in 0..20 {
            log.begin(i);
        }
        log.acknowledge(2);
        // Number 2 is 18 snapshots ago. Fifteen newer states leave it in the ring of sixteen, sixteen do not.
        assert_eq!(age(&log, 1 << 18 | 0x7fff, 40), Some(39));
        assert_eq!(age(&log, 1 << 18 | 0xffff, 40), None);
    }
}
