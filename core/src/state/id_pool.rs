//! Which slots are in use. The lowest free slot is given out first, so that slots are a function of the commands alone.
//!
//! One bit a slot, and one bit for each 64 slots that says whether all of them are in use: taking the lowest free slot of
//! 65,536 looks at 16 words at most, giving one back at one (and at those above it that became empty).
//!
//! Generations are columns of the tables, not of the pool: the pool can be rebuilt from a table at any time, and is
//! after a restore.

use crate::numeric::LaneChoice;
use crate::numeric::lanes::{LaneTask, Lanes, run};
use alloc::boxed::Box;
use alloc::vec;

const BITS: usize = u64::BITS as usize;

/// A set of used slots below a fixed capacity.
#[derive(Clone, Debug)]
pub struct IdPool {
    /// Bit set: slot in use. Slots past the capacity are marked used for good.
    used: Box<[u64]>,
    /// Bit set: every bit of that word of `used` is set.
    full: Box<[u64]>,
    capacity: usize,
    len: usize,
    /// One past the highest used slot.
    end: usize,
}

impl IdPool {
    /// An empty pool.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        let words = capacity.div_ceil(BITS);
        let mut pool = Self {
            used: vec![0; words].into_boxed_slice(),
            full: vec![0; words.div_ceil(BITS)].into_boxed_slice(),
            capacity,
            len: 0,
            end: 0,
        };
        pool.clear();
        pool
    }

    /// Frees everything.
    pub fn clear(&mut self) {
        self.used.fill(0);
        let spare = self.capacity % BITS;
        if spare != 0
            && let Some(last) = self.used.last_mut()
        {
            *last = !0 << spare;
        }
        self.full.fill(0);
        let spare = self.used.len() % BITS;
        if spare != 0
            && let Some(last) = self.full.last_mut()
        {
            *last = !0 << spare;
        }
        (self.len, self.end) = (0, 0);
    }

    /// Becomes the pool in which the slots are used whose cells say so.
    ///
    /// # Panics
    /// When there are not as many cells as slots.
    pub(crate) fn rebuild<T>(&mut self, lanes: LaneChoice, cells: &[T], is_used: impl Fn(&T) -> bool) {
        assert_eq!(cells.len(), self.capacity, "a cell for each slot");
        self.clear();
        run(lanes, Mark { words: &mut self.used, cells, is_used });
        for (at, word) in self.used.iter().enumerate() {
            // Bits past the capacity are set for good.
            let spare = ((at + 1) * BITS).saturating_sub(self.capacity);
            let used = if spare == 0 { *word } else { word & (!0 >> spare) };
            self.full[at / BITS] |= u64::from(*word == !0) << (at % BITS);
            self.len += used.count_ones() as usize;
            if used != 0 {
                self.end = at * BITS + (u64::BITS - used.leading_zeros()) as usize;
            }
        }
    }

    /// Becomes what a pool of the same capacity is, without allocating.
    ///
    /// # Panics
    /// When the capacities differ.
    pub fn copy_from(&mut self, other: &Self) {
        assert_eq!(self.capacity, other.capacity, "pools of one capacity");
        self.used.copy_from_slice(&other.used);
        self.full.copy_from_slice(&other.full);
        (self.len, self.end) = (other.len, other.end);
    }

    /// Takes the lowest free slot, or `None` when all are in use.
    pub fn allocate(&mut self) -> Option<u32> {
        let (at, group) = self.full.iter().enumerate().find(|(_, group)| **group != !0)?;
        let word = at * BITS + group.trailing_ones() as usize;
        let slot = word * BITS + self.used.get(word)?.trailing_ones() as usize;
        self.mark(slot);
        u32::try_from(slot).ok()
    }

    /// Takes one given free slot; false when it is in use or past the capacity.
    pub fn allocate_at(&mut self, slot: u32) -> bool {
        let slot = slot as usize;
        if slot >= self.capacity || self.is_used(slot) {
            return false;
        }
        self.mark(slot);
        true
    }

    /// Gives a slot back; false when it was not in use.
    pub fn free(&mut self, slot: u32) -> bool {
        let slot = slot as usize;
        if slot >= self.capacity || !self.is_used(slot) {
            return false;
        }
        self.used[slot / BITS] &= !(1 << (slot % BITS));
        self.full[slot / BITS / BITS] &= !(1 << (slot / BITS % BITS));
        self.len -= 1;
        if slot + 1 == self.end {
            self.end = self.end_below(slot);
        }
        true
    }

    /// One past the highest slot in use below `slot`.
    fn end_below(&self, slot: usize) -> usize {
        let last = slot / BITS;
        // Above the capacity bits are set for good; they are not below any slot.
        let mut word = self.used[last] & ((1 << (slot % BITS)) - 1);
        let mut at = last;
        while word == 0 && at > 0 {
            at -= 1;
            word = self.used[at];
        }
        if word == 0 { 0 } else { at * BITS + (u64::BITS - word.leading_zeros()) as usize }
    }

    /// Slots in use.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether no slot is in use.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// One past the highest slot in use: rows at and above it are all free.
    #[must_use]
    pub const fn end(&self) -> usize {
        self.end
    }

    /// The slots in use, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.end).filter(|&slot| self.is_used(slot)).map(|slot| slot as u32)
    }

    fn is_used(&self, slot: usize) -> bool {
        self.used[slot / BITS] >> (slot % BITS) & 1 == 1
    }

    fn mark(&mut self, slot: usize) {
        let word = slot / BITS;
        self.used[word] |= 1 << (slot % BITS);
        if self.used[word] == !0 {
            self.full[word / BITS] |= 1 << (word % BITS);
        }
        self.len += 1;
        self.end = self.end.max(slot + 1);
    }
}

/// Sets the bits of the cells that say so.
struct Mark<'a, T, F> {
    words: &'a mut [u64],
    cells: &'a [T],
    is_used: F,
}

impl<T, F: Fn(&T) -> bool> LaneTask for Mark<'_, T, F> {
    type Output = ();

    /// A plain loop over the bits of a word, which the compiler widens.
    #[inline(always)]
    fn run<L: Lanes>(self) {
        for (word, cells) in self.words.iter_mut().zip(self.cells.chunks(BITS)) {
            let mut used = 0_u64;
            if let Ok(cells) = <&[T; BITS]>::try_from(cells) {
                for (bit, cell) in cells.iter().enumerate() {
                    used |= u64::from((self.is_used)(cell)) << bit;
                }
            } else {
                for (bit, cell) in cells.iter().enumerate() {
                    used |= u64::from((self.is_used)(cell)) << bit;
                }
            }
            *word |= used;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn behaves_like_a_sorted_set(
            capacity in prop_oneof![0_u32..200, Just(64), Just(128), 4_090_u32..4_200],
            actions in proptest::collection::vec((0_u32..4, 0_u32..220), 0..400),
        ) {
            let mut pool = IdPool::new(capacity as usize);
            let mut model = BTreeSet::new();
            for slot in 0..capacity.saturating_sub(150) {
                prop_assert_eq!(pool.allocate(), Some(slot));
                model.insert(slot);
            }
            for (kind, slot) in actions {
                // Near both ends of what is in use.
                let slot = if kind & 2 == 0 { slot } else { capacity.saturating_sub(slot) };
                if kind & 1 == 0 {
                    let lowest = (0..capacity).find(|slot| !model.contains(slot));
                    prop_assert_eq!(pool.allocate(), lowest);
                    model.extend(lowest);
                } else {
                    prop_assert_eq!(pool.free(slot), model.remove(&slot));
                }
                prop_assert_eq!(pool.len(), model.len());
                prop_assert_eq!(pool.end(), model.last().map_or(0, |last| *last as usize + 1));
            }
            prop_assert!(pool.iter().eq(model.iter().copied()));
            let mut again = IdPool::new(capacity as usize);
            for slot in &model {
                prop_assert!(again.allocate_at(*slot));
                prop_assert!(!again.allocate_at(*slot));
            }
            let cells: vec::Vec<bool> = (0..capacity).map(|slot| model.contains(&slot)).collect();
            let mut rebuilt = IdPool::new(capacity as usize);
            rebuilt.allocate();
            rebuilt.rebuild(LaneChoice::default(), &cells, |used| *used);
            prop_assert_eq!((rebuilt.len(), rebuilt.end()), (pool.len(), pool.end()));
            prop_assert!(rebuilt.iter().eq(pool.iter()));
            for _ in 0..3 {
                let slot = pool.allocate();
                prop_assert_eq!((again.allocate(), rebuilt.allocate()), (slot, slot));
            }
        }
    }
}
