//! The baselines of one packet: how many updates use each, what its age is called, where its encodings lie.
//!
//! Updates that have a baseline in common have all of that in common: it is worked out once for a packet.

use super::delta_cache::CacheRow;
use super::snapshot_log::{NO_BASELINE, SNAPSHOTS_REMEMBERED, SnapshotLog};
use super::tracking::BitIter;
use crate::wire::snapshot::{COMMON_AGES, SectionHead};
use shieldwall_core::Tick;

/// A place for each number of snapshots ago and one for none, and some to make it a power of two.
const PLACES: usize = 2 * SNAPSHOTS_REMEMBERED;
const _: () = assert!((NO_BASELINE as usize) < PLACES);

/// What a baseline a number of snapshots ago stands for in one packet. Eight bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Baseline {
    /// Where its encodings are.
    row_start: u32,
    /// The code of its age, and how many bits that is.
    pub(super) code: u16,
    pub(super) code_bits: u8,
    age: u8,
}

impl Baseline {
    /// Where its encodings are.
    #[inline(always)]
    pub(super) fn row(self) -> CacheRow {
        CacheRow { start: self.row_start, age: self.age }
    }
}

/// How often each baseline is used, by how many snapshots ago the client got it.
#[derive(Clone, Debug)]
pub(crate) struct BaselineCounts {
    counts: [u16; PLACES],
    /// Which of the first places are counted.
    seen: u64,
}

/// One more for a place, and then for the next: neighbours mostly have the same baseline, and counting up one number in memory
/// twice in a row has to wait.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CountRun {
    place: u8,
    length: u16,
}

impl CountRun {
    /// Counts `behind`.
    #[inline(always)]
    pub(crate) fn push(&mut self, behind: u8, counts: &mut BaselineCounts) {
        if behind != self.place {
            counts.add(*self);
            *self = Self { place: behind, length: 0 };
        }
        self.length += 1;
    }
}

impl BaselineCounts {
    pub(crate) const ZERO: Self = Self { counts: [0; PLACES], seen: 0 };

    /// Counts so many with the same baseline, `behind` snapshots ago. None count as well: what nobody uses is the rarest.
    #[inline(always)]
    pub(crate) fn count(&mut self, behind: u8, count: u16) {
        self.counts[usize::from(behind) % PLACES] += count;
        // Nobody holds the snapshot that is being made: the first bit stands for those without a baseline.
        self.seen |= u64::from(count > 0) << (behind % NO_BASELINE) & !1;
    }

    /// Adds a run, the last one too.
    #[inline(always)]
    pub(crate) fn add(&mut self, run: CountRun) {
        self.count(run.place, run.length);
    }

    /// Those without a baseline.
    #[inline]
    pub(crate) fn unknown(&self) -> usize {
        self.counts[usize::from(NO_BASELINE)].into()
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
}

/// The baselines of one packet, by how many snapshots ago the client got them; the last place is for none.
#[derive(Debug)]
pub(super) struct Baselines {
    table: [Baseline; PLACES],
    /// Which of the first places are in use.
    seen: u64,
}

impl Baselines {
    pub(super) fn new() -> Self {
        Self { table: [Baseline::default(); PLACES], seen: 0 }
    }

    #[inline(always)]
    pub(super) fn get(&self, behind: u8) -> &Baseline {
        &self.table[usize::from(behind) % PLACES]
    }

    /// Where the encodings lie that are differences.
    pub(super) fn rows(&self) -> impl Iterator<Item = CacheRow> + '_ {
        BitIter(self.seen).map(|behind| self.table[behind as usize].row())
    }

    /// Looks up everything that is the same for all updates with the same baseline.
    pub(super) fn resolve(
        &mut self,
        counts: &BaselineCounts,
        head: &SectionHead,
        log: &SnapshotLog,
        tick: Tick,
        mut row: impl FnMut(u8) -> CacheRow,
    ) {
        let baseline = |age: Option<u8>, row: CacheRow| {
            let (code, bits) = head.age_code(age);
            let CacheRow { start, age } = row;
            Baseline { row_start: start, code: code as u16, code_bits: bits as u8, age }
        };
        for behind in BitIter(counts.seen) {
            let age = log.age(behind, tick.0);
            self.table[behind as usize] = baseline(age, row(age.unwrap_or(0)));
        }
        self.seen = counts.seen;
        if counts.unknown() != 0 {
            self.table[usize::from(NO_BASELINE)] = baseline(None, row(0));
        }
    }
}
