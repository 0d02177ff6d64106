//! A hash index of fixed size from keys that strangers choose (addresses, client numbers, token tags) to small
//! numbers.
//!
//! The hash is SipHash-2-4 (Aumasson, Bernstein 2012) under a secret key that the caller draws at random, so
//! nobody can aim many keys at one place. The index stores only hashes and numbers; the keys stay with the rows
//! they belong to, and the caller compares them. Open addressing, backward shift on removal: no tombstones, no
//! growth, no allocation after `new`. Order of insertion never shows: nothing iterates over it.

/// Secret key of an index's hash.
#[derive(Clone, Copy)]
pub(crate) struct HashKey(pub(crate) [u64; 2]);

impl HashKey {
    pub(crate) fn from_bytes(bytes: &[u8; 16]) -> HashKey {
        let (low, high) = bytes.split_at(8);
        let word = |half: &[u8]| half.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        HashKey([word(low), word(high)])
    }

    /// SipHash-2-4 of the words, little-endian, as if they were bytes.
    pub(crate) fn hash(&self, words: &[u64]) -> u64 {
        self.sip(words, (words.len() as u64 * 8) << 56)
    }

    fn sip(&self, words: &[u64], last: u64) -> u64 {
        let [k0, k1] = self.0;
        let mut v = [
            k0 ^ 0x736f_6d65_7073_6575,
            k1 ^ 0x646f_7261_6e64_6f6d,
            k0 ^ 0x6c79_6765_6e65_7261,
            k1 ^ 0x7465_6462_7974_6573,
        ];
        for word in words.iter().chain([&last]) {
            v[3] ^= word;
            (0..2).for_each(|_| sip_round(&mut v));
            v[0] ^= word;
        }
        v[2] ^= 0xff;
        (0..4).for_each(|_| sip_round(&mut v));
        v[0] ^ v[1] ^ v[2] ^ v[3]
    }
}

fn sip_round(v: &mut [u64; 4]) {
    v[0] = v[0].wrapping_add(v[1]);
    v[2] = v[2].wrapping_add(v[3]);
    v[1] = v[1].rotate_left(13) ^ v[0];
    v[3] = v[3].rotate_left(16) ^ v[2];
    v[0] = v[0].rotate_left(32);
    v[2] = v[2].wrapping_add(v[1]);
    v[0] = v[0].wrapping_add(v[3]);
    v[1] = v[1].rotate_left(17) ^ v[2];
    v[3] = v[3].rotate_left(21) ^ v[0];
    v[2] = v[2].rotate_left(32);
}

#[derive(Clone, Copy)]
struct Cell {
    hash: u32,
    value: u32,
}

const EMPTY: u32 = u32::MAX;

/// The index. Values are below `u32::MAX`.
pub(crate) struct KeyedIndex {
    cells: Vec<Cell>,
    mask: u32,
    filled: u32,
    capacity: u32,
}

impl KeyedIndex {
    /// An index for at most `capacity` entries: never more than half full.
    pub(crate) fn new(capacity: u32) -> KeyedIndex {
        let size = (capacity.max(4) * 2).next_power_of_two();
        KeyedIndex {
            cells: vec![Cell { hash: 0, value: EMPTY }; size as usize],
            mask: size - 1,
            filled: 0,
            capacity,
        }
    }

    /// The value under `hash` that `is_it` recognizes.
    pub(crate) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let hash = hash as u32;
        let mut at = hash & self.mask;
        loop {
            let cell = self.cells[at as usize];
            if cell.value == EMPTY {
                return None;
            }
            if cell.hash == hash && is_it(cell.value) {
                return Some(cell.value);
            }
            at = (at + 1) & self.mask;
        }
    }

    /// Adds a value; the caller made sure that its key is not there yet.
    ///
    /// # Panics
    /// When full: the rows it points to have the same capacity, so that is a programmer's mistake.
    pub(crate) fn insert(&mut self, hash: u64, value: u32) {
        assert!(self.filled < self.capacity, "more entries than rows");
        let hash = hash as u32;
        let mut at = hash & self.mask;
        while self.cells[at as usize].value != EMPTY {
            at = (at + 1) & self.mask;
        }
        self.cells[at as usize] = Cell { hash, value };
        self.filled += 1;
    }

    /// Removes the value, if it is there.
    pub(crate) fn remove(&mut self, hash: u64, value: u32) {
        let mut at = hash as u32 & self.mask;
        while self.cells[at as usize].value != value {
            if self.cells[at as usize].value == EMPTY {
                return;
            }
            at = (at + 1) & self.mask;
        }
        self.filled -= 1;
        // Pull later entries of the run into the gap, as far as their home place allows.
        let mut gap = at;
        loop {
            at = (at + 1) & self.mask;
            let cell = self.cells[at as usize];
            if cell.value == EMPTY {
                break;
            }
            let from_home = at.wrapping_sub(cell.hash) & self.mask;
            if from_home >= at.wrapping_sub(gap) & self.mask {
                self.cells[gap as usize] = cell;
                gap = at;
            }
        }
        self.cells[gap as usize].value = EMPTY;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hash_has_the_published_vectors() {
        // Key 00 01 .. 0f; input of 8 and of 0 bytes: from the reference implementation's table of vectors.
        let key = HashKey::from_bytes(&core::array::from_fn(|i| i as u8));
        assert_eq!(key.hash(&[]), 0x726f_db47_dd0e_0e31);
        assert_eq!(key.hash(&[0x0706_0504_0302_0100]), 0x93f5_f579_9a93_2462);
        // The paper's example has 15 bytes: one word, and seven bytes beside the length.
        assert_eq!(key.sip(&[0x0706_0504_0302_0100], 15 << 56 | 0x0e_0d0c_0b0a_0908), 0xa129_ca61_49be_45e5);
    }

    proptest! {
        #[test]
        fn agrees_with_a_map(ops in prop::collection::vec((any::<bool>(), 0u64..24), 1..300), squeeze in 1u64..40) {
            // Hashes are squeezed to a few values, so that runs are long and shifts happen.
            let hash = |key: u64| (key % squeeze) | 0xabcd_0000_0000;
            let mut index = KeyedIndex::new(24);
            let mut map = BTreeMap::new();
            for (add, key) in ops {
                if add && map.insert(key, key as u32).is_none() {
                    index.insert(hash(key), key as u32);
                } else if !add {
                    map.remove(&key);
                    index.remove(hash(key), key as u32);
                }
                for key in 0..24 {
                    let found = index.find(hash(key), |value| u64::from(value) == key);
                    prop_assert_eq!(found, map.get(&key).copied());
                }
            }
        }
    }
}
