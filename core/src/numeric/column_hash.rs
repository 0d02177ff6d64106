//! The hash of a column: 128 bits over the bytes of its cells, as little-endian 64-bit words with a place each.
//!
//! A word `w` at place `j` gives the product `p = low32(w ^ key) * high32(w ^ key)` (NH, the universal hash of UMAC, RFC
//! 4418, in the form of XXH3), with a key of its own for each place in a block of 4 KiB. Two sums are kept for each of
//! eight lanes (`j mod 8`): `first` of the products, `second` of the products times their place in the block, plus the
//! words themselves. Blocks enter with odd factors that follow from their number. So everything is a sum, with
//! wrap-around, of what each word adds on its own:
//!
//! - blocks may be added in any order, by any number of threads, and the sums of parts add up;
//! - a word can be exchanged ([`ColumnSum::exchange`]) without looking at the others;
//! - any change inside one word changes the hash for certain: either its product changes, which changes `first`, or the
//!   word is what changes `second`; both survive the factors and the finish, which are bijections.
//!
//! Changes in several words go unseen with a probability of about 2^-64. Words are integers, not memory: the result is
//! the same on big-endian processors and for every width of vectors. It finds divergence and damage; it does not
//! withstand somebody who constructs collisions.

use super::hash::{StateHash, finalize};
use super::lanes::{self, LaneChoice, LaneTask, Lanes};
use core::ops::AddAssign;

/// Words side by side: one vector of 64 bytes.
const LANES: usize = 8;

/// Vectors in a block.
const VECTORS: usize = 64;

/// Bytes of a vector.
const VECTOR_BYTES: usize = LANES * 8;

/// Bytes of a block: what is hashed at a time, and stays in the first cache between hashing and copying.
pub const BLOCK_BYTES: usize = VECTORS * VECTOR_BYTES;

/// One key for each place in a block.
#[repr(align(64))]
struct Keys([[u64; LANES]; VECTORS]);

static KEYS: Keys = Keys(keys());

const fn keys() -> [[u64; LANES]; VECTORS] {
    let mut keys = [[0; LANES]; VECTORS];
    let mut at = 0;
    while at < VECTORS * LANES {
        keys[at / LANES][at % LANES] = finalize((at as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        at += 1;
    }
    keys
}

/// The factors of a block: odd, so that multiplying by them loses nothing.
const fn factors(block: u64) -> (u64, u64) {
    let seed = block.wrapping_mul(0xD6E8_FEB8_6659_FD93);
    (finalize(seed ^ 0xA076_1D64_78BD_642F) | 1, finalize(seed ^ 0xE703_7ED1_A0B4_28DB) | 1)
}

/// What a word adds to the first sum of its lane.
#[inline(always)]
const fn product(word: u64, key: u64) -> u64 {
    let keyed = word ^ key;
    (keyed & 0xFFFF_FFFF).wrapping_mul(keyed >> 32)
}

/// The two sums of a column, or of a part of it: parts add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ColumnSum {
    first: [u64; LANES],
    second: [u64; LANES],
}

impl ColumnSum {
    /// Nothing added.
    #[must_use]
    pub const fn new() -> Self {
        Self { first: [0; LANES], second: [0; LANES] }
    }

    /// Adds block number `block` of a column: at most [`BLOCK_BYTES`] bytes of little-endian cells, less only at the end
    /// of the column. The last vector counts as filled up with zeros. Each block is added once.
    #[inline(always)]
    pub fn add_block(&mut self, block: u64, bytes: &[u8]) {
        let (vectors, tail) = bytes.as_chunks::<VECTOR_BYTES>();
        let mut sums = BlockSums::default();
        for (vector, keys) in vectors.iter().zip(&KEYS.0) {
            sums.add(vector, keys);
        }
        self.add_sums(block, sums, vectors.len(), tail);
    }

    /// [`ColumnSum::add_block`] that copies the bytes on the way, into `copy` of the same length.
    #[inline(always)]
    fn add_and_copy_block(&mut self, block: u64, bytes: &[u8], copy: &mut [u8]) {
        let (vectors, tail) = bytes.as_chunks::<VECTOR_BYTES>();
        let (copies, copy_tail) = copy.as_chunks_mut::<VECTOR_BYTES>();
        let mut sums = BlockSums::default();
        for ((vector, copy), keys) in vectors.iter().zip(copies).zip(&KEYS.0) {
            *copy = *vector;
            sums.add(vector, keys);
        }
        copy_tail.copy_from_slice(tail);
        self.add_sums(block, sums, vectors.len(), tail);
    }

    #[inline(always)]
    fn add_sums(&mut self, block: u64, mut sums: BlockSums, vectors: usize, tail: &[u8]) {
        let mut counted = vectors;
        if !tail.is_empty() {
            let mut filled = [0; VECTOR_BYTES];
            filled[..tail.len()].copy_from_slice(tail);
            sums.add(&filled, &KEYS.0[counted % VECTORS]);
            counted += 1;
        }
        // Every product stands in `second` once for each vector from its own on; the missing ones make that a weight
        // which does not depend on where the block ends.
        let missing = VECTORS.saturating_sub(counted) as u64;
        let (of_first, of_second) = factors(block);
        for lane in 0..LANES {
            let weighted = sums.second[lane].wrapping_add(sums.first[lane].wrapping_mul(missing));
            self.first[lane] = self.first[lane].wrapping_add(sums.first[lane].wrapping_mul(of_first));
            self.second[lane] = self.second[lane].wrapping_add(weighted.wrapping_mul(of_second));
        }
    }

    /// Puts `new` in the place of `old` at word number `word` (bytes `8 * word` and on, little-endian) of a column whose
    /// number of vectors stays the same.
    pub fn exchange(&mut self, word: u64, old: u64, new: u64) {
        let (block, place) = (word / (VECTORS * LANES) as u64, word as usize % (VECTORS * LANES));
        let (vector, lane) = (place / LANES, place % LANES);
        let key = KEYS.0[vector][lane];
        let change = product(new, key).wrapping_sub(product(old, key));
        let weighted = change.wrapping_mul((VECTORS - vector) as u64).wrapping_add(new.wrapping_sub(old));
        let (of_first, of_second) = factors(block);
        self.first[lane] = self.first[lane].wrapping_add(change.wrapping_mul(of_first));
        self.second[lane] = self.second[lane].wrapping_add(weighted.wrapping_mul(of_second));
    }

    /// The hash of a column named by `key` with `cells` cells that had these sums.
    #[must_use]
    #[inline]
    pub fn finish(&self, key: u64, cells: u64) -> StateHash {
        let start = finalize(key ^ finalize(cells.wrapping_add(0x9E37_79B9_7F4A_7C15)));
        let (mut low, mut high) = (start, start.rotate_left(32));
        for (at, (first, second)) in (0_u64..).zip(self.first.iter().zip(&self.second)) {
            let place = start.wrapping_add(at.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            let mixed = finalize(first ^ place);
            low = low.wrapping_add(mixed);
            high = high
                .wrapping_add(finalize(second.wrapping_add(mixed.rotate_left(29)) ^ place.rotate_left(17)));
        }
        // Both halves see both sums of sums.
        let low = finalize(low.wrapping_add(high.rotate_left(41)));
        let high = finalize(high ^ low.rotate_left(23));
        StateHash(u128::from(high) << 64 | u128::from(low))
    }
}

/// The sums of a whole column.
#[must_use]
pub fn sum_column(lanes: LaneChoice, bytes: &[u8]) -> ColumnSum {
    lanes::run(lanes, SumColumn { bytes, copy: None })
}

/// The sums of a whole column, and a copy of it in the same pass.
///
/// # Panics
/// When `copy` is not as long as `bytes`.
pub fn sum_and_copy_column(lanes: LaneChoice, bytes: &[u8], copy: &mut [u8]) -> ColumnSum {
    assert_eq!(bytes.len(), copy.len());
    lanes::run(lanes, SumColumn { bytes, copy: Some(copy) })
}

struct SumColumn<'a> {
    bytes: &'a [u8],
    copy: Option<&'a mut [u8]>,
}

impl LaneTask for SumColumn<'_> {
    type Output = ColumnSum;

    #[inline(always)]
    fn run<L: Lanes>(self) -> ColumnSum {
        let mut sum = ColumnSum::new();
        match self.copy {
            None => {
                for (number, block) in (0..).zip(self.bytes.chunks(BLOCK_BYTES)) {
                    sum.add_block(number, block);
                }
            }
            Some(copy) => {
                let blocks = self.bytes.chunks(BLOCK_BYTES).zip(copy.chunks_mut(BLOCK_BYTES));
                for (number, (block, copy)) in (0..).zip(blocks) {
                    sum.add_and_copy_block(number, block, copy);
                }
            }
        }
        sum
    }
}

impl AddAssign for ColumnSum {
    fn add_assign(&mut self, other: Self) {
        for lane in 0..LANES {
            self.first[lane] = self.first[lane].wrapping_add(other.first[lane]);
            self.second[lane] = self.second[lane].wrapping_add(other.second[lane]);
        }
    }
}

/// The sums of a block while it is added.
#[derive(Default)]
struct BlockSums {
    first: [u64; LANES],
    second: [u64; LANES],
}

impl BlockSums {
    #[inline(always)]
    fn add(&mut self, vector: &[u8; VECTOR_BYTES], keys: &[u64; LANES]) {
        let (words, _) = vector.as_chunks::<8>();
        for lane in 0..LANES {
            let word = u64::from_le_bytes(words[lane]);
            self.first[lane] = self.first[lane].wrapping_add(product(word, keys[lane]));
            self.second[lane] = self.second[lane].wrapping_add(self.first[lane]).wrapping_add(word);
        }
    }
}

#[cfg(test)]
mod tests;
