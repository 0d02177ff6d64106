//! The bits of one (character, baseline), made once a tick and copied into every packet that needs them.
//!
//! A difference depends on the two states alone, and full states on one: whoever asks gets the same bits. There is a row
//! for each age that a baseline can have in snapshots that are an interval apart, with a word for each slot: a packet's
//! updates are taken from a few rows, from the front to the back. A difference is seldom longer than a word has room for;
//! those and full states lie aside. What has no place is encoded again each time, which costs time and changes nothing
//! else.
//!
//! Many threads make packets at a time, and share what they encode: each word is written whole, and whoever writes it writes
//! the same. Which rows there are is settled before ([`DeltaCache::begin_tick`]): those that were asked for in the last
//! ticks. So nobody waits for anybody.

use super::history::StateHistory;
use super::snapshot_log::SNAPSHOTS_REMEMBERED;
use crate::wire::bits::{BitRun, BitWriter, ShortRun};
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use shieldwall_core::numeric::lanes::prefetch;

/// Rows: for full states, and for baselines of 1 to 63 intervals.
const ROWS: usize = SNAPSHOTS_REMEMBERED;
/// Bits of a word that say how long the run is; the run is above them.
const LENGTH_BITS: u32 = 6;
/// A length that stands for a place in the list of long runs.
const ASIDE: u64 = (1 << LENGTH_BITS) - 1;
/// Nobody has asked yet. No long run has this place.
const UNKNOWN: u64 = u64::MAX;
/// Longest run in a word, in bits: it goes into a packet in one step.
const SHORT_MAX: u32 = BitWriter::LONG_MAX;
const _: () = assert!((SHORT_MAX as u64) < ASIDE && SHORT_MAX + LENGTH_BITS <= u64::BITS);

/// A row that nobody asked for in so many intervals is closed.
const ROW_KEPT_INTERVALS: u32 = 3;

/// Encoded states of the current tick.
#[derive(Debug)]
pub struct DeltaCache {
    capacity: usize,
    interval_ticks: u32,
    /// By row and slot; [`UNKNOWN`] or a run. One more row is never written to.
    words: Box<[AtomicU64]>,
    /// Rows that are there in this tick.
    open: u64,
    /// Rows that somebody asked for in this tick.
    asked: AtomicU64,
    /// How many ticks ago somebody asked for each row last.
    unasked_ticks: [u32; ROWS],
    /// Encodings in each of these rows.
    filled: [AtomicU32; ROWS],
    /// Runs that are too long for a word.
    aside: Box<[Aside]>,
    aside_used: AtomicU32,
    misses: AtomicU64,
}

/// A run that is too long for a word, and whether it is a full state: written once in a tick, before the word that leads to it.
#[derive(Debug, Default)]
struct Aside([AtomicU64; 3]);

/// Marks a full state in the last word of a run.
const FULL: u64 = 1 << 63;

impl Aside {
    fn set(&self, run: BitRun, full: bool) {
        let [low, middle, last] = run.to_words();
        for (word, value) in self.0.iter().zip([low, middle, if full { last | FULL } else { last }]) {
            word.store(value, Ordering::Relaxed);
        }
    }

    fn get(&self) -> EncodedUpdate {
        let words = self.0.each_ref().map(|word| word.load(Ordering::Relaxed));
        let run = BitRun::from_words(words);
        if words[2] & FULL != 0 { EncodedUpdate::Full(run) } else { EncodedUpdate::Long(run) }
    }
}

/// The differences of a tick that are short, by row and slot.
#[derive(Clone, Copy, Debug)]
pub struct ShortWords<'c>(&'c [AtomicU64]);

impl ShortWords<'_> {
    /// See [`DeltaCache::get_short`].
    #[inline(always)]
    #[must_use]
    pub fn get(self, row: CacheRow, slot: usize) -> Option<(u64, u32)> {
        let word = self.0[row.start as usize + slot].load(Ordering::Relaxed);
        let length = (word & ASIDE) as u32;
        // What is unknown has the length of a long run.
        (length <= SHORT_MAX).then_some((word >> LENGTH_BITS, length))
    }
}

/// Where to look for the encodings with baselines of one age.
#[derive(Clone, Copy, Debug, Default)]
pub struct CacheRow {
    pub(super) start: u32,
    pub(super) age: u8,
}

/// The bits of one update, and whether they are a full state after all (a new generation has no baseline).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncodedUpdate {
    /// A difference of at most 56 bits: the bits, and how many there are.
    Short(u64, u32),
    /// A longer difference.
    Long(BitRun),
    /// A full state.
    Full(BitRun),
}

impl EncodedUpdate {
    /// Bits of it.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Short(_, length) => *length as usize,
            Self::Long(run) | Self::Full(run) => run.len(),
        }
    }

    /// Whether there are none: never, as an update says at least that nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl DeltaCache {
    /// Room for `capacity` slots, 568 bytes each, and for baselines that are multiples of `interval_ticks` old.
    #[must_use]
    pub fn new(capacity: u32, interval_ticks: u32) -> Self {
        let capacity = capacity as usize;
        Self {
            capacity,
            interval_ticks: interval_ticks.max(1),
            words: (0..(ROWS + 1) * capacity).map(|_| AtomicU64::new(UNKNOWN)).collect(),
            open: 0,
            asked: AtomicU64::new(0),
            unasked_ticks: [u32::MAX; ROWS],
            filled: [const { AtomicU32::new(0) }; ROWS],
            aside: (0..capacity).map(|_| Aside::default()).collect(),
            aside_used: AtomicU32::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// Forgets everything: `history` has the states of another tick. Opens the rows that were asked for in the last ticks.
    pub fn begin_tick(&mut self, history: &StateHistory) {
        let asked = core::mem::take(self.asked.get_mut());
        *self.aside_used.get_mut() = 0;
        let kept_ticks = ROW_KEPT_INTERVALS * self.interval_ticks;
        self.open = 0;
        for (row, unasked) in self.unasked_ticks.iter_mut().enumerate() {
            *unasked = if asked >> row & 1 != 0 { 0 } else { unasked.saturating_add(1) };
            if *unasked < kept_ticks {
                self.open |= 1 << row;
                *self.filled[row].get_mut() = 0;
                let start = row * self.capacity;
                let words = &mut self.words[start..start + history.in_use()];
                words.iter_mut().for_each(|word| *word.get_mut() = UNKNOWN);
            }
        }
    }

    /// Finds the row for baselines `age` ticks before the newest tick of `history`; 0 stands for full states.
    pub fn row(&self, age: u8) -> CacheRow {
        let (intervals, rest) = (u32::from(age) / self.interval_ticks, u32::from(age) % self.interval_ticks);
        let nowhere = CacheRow { start: (ROWS * self.capacity) as u32, age };
        if rest != 0 || intervals as usize >= ROWS {
            return nowhere;
        }
        let bit = 1 << intervals;
        if self.asked.load(Ordering::Relaxed) & bit == 0 {
            self.asked.fetch_or(bit, Ordering::Relaxed);
        }
        if self.open & bit == 0 { nowhere } else { CacheRow { start: intervals * self.capacity as u32, age } }
    }

    /// The state of `slot`, which is in use, at `tick` (the newest of `history`), as a difference to its state of the
    /// row's age, or in full.
    #[inline]
    pub fn get(&self, history: &StateHistory, tick: u32, row: CacheRow, slot: usize) -> EncodedUpdate {
        match self.get_short(row, slot) {
            Some((bits, length)) => EncodedUpdate::Short(bits, length),
            None => self.get_other(history, tick, row, slot),
        }
    }

    /// A difference that was made in this tick and is short: the bits, and how many there are.
    #[inline]
    pub fn get_short(&self, row: CacheRow, slot: usize) -> Option<(u64, u32)> {
        self.short_words().get(row, slot)
    }

    /// The encodings that are short, to be asked for many.
    #[inline]
    pub fn short_words(&self) -> ShortWords<'_> {
        ShortWords(&self.words)
    }

    /// Whether so many encodings of a row were not made yet that it pays to [ask ahead](DeltaCache::prefetch) for what they
    /// are made from, where `present` slots are in use: nearly all. Neighbours share cache lines.
    #[inline]
    #[must_use]
    pub fn is_sparse(&self, row: CacheRow, present: u32) -> bool {
        let filled = self.filled.get(row.start as usize / self.capacity.max(1));
        filled.is_none_or(|filled| filled.load(Ordering::Relaxed) < present / 8)
    }

    /// Asks for what [`DeltaCache::get`] will have to fetch from afar to encode something that nobody has asked for yet.
    #[inline]
    pub fn prefetch(&self, history: &StateHistory, tick: u32, row: CacheRow, slot: usize) {
        if self.words[row.start as usize + slot].load(Ordering::Relaxed) == UNKNOWN {
            prefetch(history.at(tick.wrapping_sub(row.age.into()), slot));
        }
    }

    /// A long run, or one that has to be made.
    fn get_other(&self, history: &StateHistory, tick: u32, row: CacheRow, slot: usize) -> EncodedUpdate {
        let at = row.start as usize + slot;
        // What lies aside was written before the word.
        let word = self.words[at].load(Ordering::Acquire);
        if word == UNKNOWN {
            self.misses.fetch_add(1, Ordering::Relaxed);
            let is_kept = at < ROWS * self.capacity;
            let (word, update) = self.make(history, tick, row.age, slot, is_kept);
            if is_kept {
                self.words[at].store(word, Ordering::Release);
                self.filled[at / self.capacity].fetch_add(1, Ordering::Relaxed);
            }
            return update;
        }
        if (word & ASIDE) as u32 <= SHORT_MAX {
            // Another thread made it since it was looked for.
            return EncodedUpdate::Short(word >> LENGTH_BITS, (word & ASIDE) as u32);
        }
        self.aside[(word >> LENGTH_BITS) as usize].get()
    }

    /// Encodes a state, and says what to keep of it; [`UNKNOWN`] when there is no room, or it is not to be kept.
    fn make(
        &self,
        history: &StateHistory,
        tick: u32,
        age: u8,
        slot: usize,
        is_kept: bool,
    ) -> (u64, EncodedUpdate) {
        let update = encode(history, tick, age, slot);
        let run = match update {
            EncodedUpdate::Short(bits, length) => return (bits << LENGTH_BITS | u64::from(length), update),
            EncodedUpdate::Long(run) => (run, false),
            EncodedUpdate::Full(run) => (run, true),
        };
        if !is_kept || self.aside_used.load(Ordering::Relaxed) as usize >= self.aside.len() {
            return (UNKNOWN, update);
        }
        // Places are handed out one by one; a thread may still find that another one took the last.
        let place = self.aside_used.fetch_add(1, Ordering::Relaxed);
        let Some(aside) = self.aside.get(place as usize) else { return (UNKNOWN, update) };
        aside.set(run.0, run.1);
        (u64::from(place) << LENGTH_BITS | ASIDE, update)
    }

    /// How often something had to be made: every other update told was answered from here.
    #[must_use]
    pub fn misses(&self) -> u64 {
        self.misses.load(Ordering::Relaxed)
    }
}

/// The state of `slot` at `tick`, as a difference to its state `age` ticks before, or in full for 0.
fn encode(history: &StateHistory, tick: u32, age: u8, slot: usize) -> EncodedUpdate {
    let state = history.at(tick, slot);
    let base = history.at(tick.wrapping_sub(age.into()), slot);
    let same_life = age != 0 && base.generation == state.generation;
    let codec = history.codec();
    let mut short = ShortRun::default();
    if !same_life || !codec.write_delta(base, state, age, &mut short) {
        return EncodedUpdate::Full(codec.encode_full(state));
    }
    if let Some((bits, length)) = short.get() {
        return EncodedUpdate::Short(bits, length);
    }
    match codec.encode_delta(base, state, age) {
        Some(run) => EncodedUpdate::Long(run),
        None => EncodedUpdate::Full(codec.encode_full(state)),
    }
}

#[cfg(test)]
#[path = "delta_cache_tests.rs"]
pub(super) mod tests;
