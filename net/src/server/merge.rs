//! How the tracks of those who stay in sight move together or apart when somebody comes or goes: in runs.
//!
//! What is not here: who comes and who goes ([`super::tracking`]).

use super::track_block::{Block, LANES, Track};

/// The block of a track, which is one more than there are at most.
pub(super) fn block_for(blocks: &mut Vec<Block>, at: usize) -> &mut Block {
    if at / LANES == blocks.len() {
        blocks.push(Block::EMPTY);
    }
    &mut blocks[at / LANES]
}

/// Old tracks on their way to new places: whole runs of them are moved at once.
pub(super) struct Merge<'a> {
    pub(super) old: &'a [Block],
    pub(super) len: usize,
    /// The next old track, and the first of those before it that stay and were not moved yet.
    pub(super) from: usize,
    pub(super) run: usize,
    /// Where the next one goes.
    pub(super) to: usize,
}

impl Merge<'_> {
    /// The slot of the next old track.
    #[inline]
    fn next_slot(&self) -> Option<u16> {
        (self.from < self.len).then(|| self.old[self.from / LANES].slot(self.from % LANES))
    }

    /// That slot, if it is below another.
    #[inline]
    pub(super) fn next_below(&self, slot: usize) -> Option<u16> {
        self.next_slot().filter(|&next| usize::from(next) < slot)
    }

    /// Lets the next one stay, if it is of `slot`.
    #[inline]
    pub(super) fn take(&mut self, slot: usize) -> bool {
        let is_next = self.next_slot().is_some_and(|next| usize::from(next) == slot);
        self.from += usize::from(is_next);
        is_next
    }

    /// Leaves the next one out; those before it were moved.
    pub(super) fn skip(&mut self) {
        self.from += 1;
        self.run = self.from;
    }

    pub(super) fn put(&mut self, track: Track, blocks: &mut Vec<Block>) {
        block_for(blocks, self.to).set(self.to % LANES, track);
        self.to += 1;
    }

    /// Moves those that stay.
    pub(super) fn flush(&mut self, blocks: &mut Vec<Block>) {
        while self.run < self.from {
            let (from, to) = (self.run % LANES, self.to % LANES);
            let count = (self.from - self.run).min(LANES - from.max(to));
            block_for(blocks, self.to).copy_lanes(to, &self.old[self.run / LANES], from, count);
            self.run += count;
            self.to += count;
        }
    }
}

/// The set bits of many words, ascending.
pub(super) struct SlotIter<'a> {
    words: &'a [u64],
    first: usize,
    at: usize,
    bits: u64,
}

impl<'a> SlotIter<'a> {
    /// `words` begin with the one of number `first`.
    pub(super) fn new(words: &'a [u64], first: usize) -> Self {
        let mut slots = Self { words, first, at: 0, bits: words.first().copied().unwrap_or(0) };
        slots.find();
        slots
    }

    /// Goes on to a word that has bits.
    #[inline]
    fn find(&mut self) {
        while self.bits == 0 && self.at + 1 < self.words.len() {
            self.at += 1;
            self.bits = self.words[self.at];
        }
    }

    #[inline]
    fn peek(&self) -> Option<usize> {
        (self.bits != 0).then(|| (self.first + self.at) * 64 + self.bits.trailing_zeros() as usize)
    }
}

impl Iterator for SlotIter<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let slot = self.peek()?;
        self.bits &= self.bits - 1;
        self.find();
        Some(slot)
    }
}
