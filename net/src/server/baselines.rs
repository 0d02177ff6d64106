//! The baselines of one packet: how many updates use each, what its age is called, where its encodings lie.
//!
//! Updates that have a baseline in common have all of that in common: it is worked out once for a packet.

use super::delta_cache::CacheRow;
use super::priority::Candidate;
use super::snapshot_log::{NO_BASELINE, SNAPSHOTS_REMEMBERED, SnapshotLog};
use super::tracking::BitIter;
use crate::wire::snapshot::{COMMON_AGES, SectionHead};
use shieldwall_core::Tick;

/// A place for each number of snapshots ago and one for none, and some to make it a power of two.
const PLACES: usize = 2 * SNAPSHOTS_REMEMBERED;
const _: () = assert!((NO_BASELINE as usize) < PLACES);

/// What a baseline a number of snapshots ago stands for in one packet.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Baseline {
    /// Where its encodings are.
    pub(super) row: CacheRow,
    /// The code of its age, and how many bits that is.
    pub(super) code: u16,
    pub(super) code_bits: u8,
}

/// The baselines of one packet, by how many snapshots ago the client got them; the last place is for none.
#[derive(Debug)]
pub(super) struct Baselines {
    counts: [u16; PLACES],
    /// Which of the first places are counted.
    seen: u64,
    table: [Baseline; PLACES],
}

impl Baselines {
    pub(super) fn new() -> Self {
        let table = [Baseline::default(); PLACES];
        Self { counts: [0; PLACES], seen: 0, table }
    }

    #[inline]
    pub(super) fn get(&self, behind: u8) -> &Baseline {
        &self.table[usize::from(behind) % PLACES]
    }

    /// Counts how often each baseline is used.
    pub(super) fn count(&mut self, chosen: &[Candidate]) {
        // In turns, because neighbours mostly have the same baseline: counting up the same number twice in a row has to wait.
        let (mut counts, mut seen) = ([[0_u16; PLACES]; 2], 0);
        for (turn, candidate) in chosen.iter().enumerate() {
            counts[turn % 2][usize::from(candidate.behind) % PLACES] += 1;
            seen |= 1_u64 << (candidate.behind % NO_BASELINE);
        }
        for (sum, [a, b]) in self.counts.iter_mut().zip(counts[0].iter().zip(&counts[1]).map(|(a, b)| [a, b]))
        {
            *sum = a + b;
        }
        // Nobody holds the snapshot that is being made: the first bit was set by those without a baseline.
        self.seen = seen & !1;
    }

    /// The most frequent ages, zeros behind them.
    pub(super) fn common_ages(&self, log: &SnapshotLog, tick: Tick) -> [u8; COMMON_AGES] {
        let (mut ages, mut left, mut found) = ([0; COMMON_AGES], self.seen, 0);
        while left != 0 && found < COMMON_AGES {
            let most = BitIter(left).max_by_key(|&behind| self.counts[behind as usize]).unwrap_or(0);
            left &= !(1 << most);
            if let Some(age) = log.age(most, tick.0) {
                ages[found] = age;
                found += 1;
            }
        }
        ages
    }

    /// Looks up everything that is the same for all updates with the same baseline.
    pub(super) fn resolve(
        &mut self,
        head: &SectionHead,
        log: &SnapshotLog,
        tick: Tick,
        mut row: impl FnMut(u8) -> CacheRow,
    ) {
        let baseline = |age: Option<u8>, row| {
            let (code, bits) = head.age_code(age);
            Baseline { row, code: code as u16, code_bits: bits as u8 }
        };
        for behind in BitIter(self.seen) {
            let age = log.age(behind, tick.0);
            self.table[behind as usize] = baseline(age, row(age.unwrap_or(0)));
        }
        if self.counts[usize::from(NO_BASELINE)] != 0 {
            self.table[usize::from(NO_BASELINE)] = baseline(None, row(0));
        }
    }
}
