//! Which slots are in use. The lowest free slot is given out first, so that slots are a function of the commands alone.
//!
//! Generations are columns of the tables, not of the pool: the pool can be rebuilt from a table at any time, and is
//! after a restore.

use alloc::boxed::Box;
use alloc::vec;

const BITS: usize = u64::BITS as usize;

/// A set of used slots below a fixed capacity.
#[derive(Clone, Debug)]
pub struct IdPool {
    /// Bit set: slot in use. Slots past the capacity are marked used for good.
    used: Box<[u64]>,
    capacity: usize,
    /// No free slot lives in a word below this one.
    first_word: usize,
    len: usize,
    /// One past the highest used slot.
    end: usize,
}

impl IdPool {
    /// An empty pool.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        let mut pool = Self {
            used: vec![0; capacity.div_ceil(BITS)].into_boxed_slice(),
            capacity,
            first_word: 0,
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
        (self.first_word, self.len, self.end) = (0, 0, 0);
    }

    /// Takes the lowest free slot, or `None` when all are in use.
    pub fn allocate(&mut self) -> Option<u32> {
        while let Some(&word) = self.used.get(self.first_word) {
            if word != !0 {
                let slot = self.first_word * BITS + word.trailing_ones() as usize;
                self.mark(slot);
                return u32::try_from(slot).ok();
            }
            self.first_word += 1;
        }
        None
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
        self.first_word = self.first_word.min(slot / BITS);
        self.len -= 1;
        while self.end > 0 && !self.is_used(self.end - 1) {
            self.end -= 1;
        }
        true
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
        self.used[slot / BITS] |= 1 << (slot % BITS);
        self.len += 1;
        self.end = self.end.max(slot + 1);
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
            capacity in 0_u32..200,
            actions in proptest::collection::vec((any::<bool>(), 0_u32..220), 0..400),
        ) {
            let mut pool = IdPool::new(capacity as usize);
            let mut model = BTreeSet::new();
            for (allocate, slot) in actions {
                if allocate {
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
            prop_assert_eq!(again.allocate(), pool.allocate());
        }
    }
}
