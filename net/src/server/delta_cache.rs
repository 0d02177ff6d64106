//! The bits of one (character, baseline), made once a tick and copied into every packet that needs them.
//!
//! A difference depends on the two states alone, and full states on one: whoever asks gets the same bits. There are
//! eight places for each slot, chosen by the age of the baseline; a place is overwritten when another age needs it,
//! which costs time and changes nothing else.

use super::history::StateHistory;
use crate::wire::bits::BitRun;

const WAYS: usize = 8;

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    /// Tick the run was made in, and the age of its baseline: never equal by accident within 2^32 ticks.
    tick: u32,
    age: u16,
    full: bool,
    run: BitRun,
}

/// Encoded states of the current tick.
#[derive(Clone, Debug)]
pub struct DeltaCache {
    entries: Vec<[Entry; WAYS]>,
    hits: u64,
    misses: u64,
}

/// The bits of one update, and whether they are a full state after all (a new generation has no baseline).
#[derive(Clone, Copy, Debug)]
pub struct EncodedUpdate {
    /// The bits after gap and age.
    pub run: BitRun,
    /// Age of the baseline; `None` for a full state.
    pub age: Option<u8>,
}

impl DeltaCache {
    /// Room for `capacity` slots.
    #[must_use]
    pub fn new(capacity: u32) -> Self {
        let unused = Entry { age: u16::MAX, ..Entry::default() };
        Self { entries: vec![[unused; WAYS]; capacity as usize], hits: 0, misses: 0 }
    }

    /// The state of `slot` at `tick` (the newest of `history`), as a difference to its state `age` ticks before, or
    /// in full for `None`.
    #[inline]
    pub fn get(&mut self, history: &StateHistory, tick: u32, slot: usize, age: Option<u8>) -> EncodedUpdate {
        let wanted = u16::from(age.unwrap_or(0));
        let entry = &mut self.entries[slot][usize::from(wanted) % WAYS];
        if entry.tick == tick && entry.age == wanted {
            self.hits += 1;
        } else {
            self.misses += 1;
            *entry = make(history, tick, slot, age.unwrap_or(0));
        }
        EncodedUpdate { run: entry.run, age: if entry.full { None } else { age } }
    }

    /// Look-ups answered from the cache, and the others.
    #[must_use]
    pub fn hits_and_misses(&self) -> (u64, u64) {
        (self.hits, self.misses)
    }
}

fn make(history: &StateHistory, tick: u32, slot: usize, age: u8) -> Entry {
    let state = history.at(tick, slot);
    let base = history.at(tick.wrapping_sub(age.into()), slot);
    let same_life = age != 0 && base.generation == state.generation;
    let delta = if same_life { history.codec().encode_delta(base, state, age) } else { None };
    let run = delta.unwrap_or_else(|| history.codec().encode_full(state));
    Entry { tick, age: age.into(), full: delta.is_none(), run }
}
