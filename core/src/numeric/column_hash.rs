//! The hash of a column: 128 bits over the bytes of its cells, as little-endian 64-bit words with a place each.
//!
//! A word `w` at place `j` gives the product `p(w) = low32(w ^ key) * high32(w ^ key)` (NH, the universal hash of UMAC,
//! RFC 4418, in the form of XXH3), with a key of its own for each place in a block of 4 KiB. Two sums are kept for each of
//! eight lanes (`j mod 8`): `first` of the differences `p(w) - p(0)`, `second` of those times their place in the block,
//! plus the words themselves. Blocks enter with odd factors that follow from their number. So everything is a sum, with
//! wrap-around, of what each word adds on its own:
//!
//! - blocks may be added in any order, by any number of threads, and the sums of parts add up;
//! - a word can be exchanged ([`ColumnSum::exchange`]) without looking at the others;
//! - a word of zero adds nothing, so that rows known to be zero need not be looked at;
//! - any change inside one word changes the hash for certain: either its product changes, which changes `first`, or the
//!   word is what changes `second`; both survive the factors and the finish, which are bijections of each.
//!
//! The finish adds up the lanes of either sum with odd factors of their own and mixes both with the column's name and
//! its number of cells.
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

/// Bytes of a vector: a column whose length is a multiple of this is hashed fastest.
pub const VECTOR_BYTES: usize = LANES * 8;

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

/// What words of zero would add up to, for every number of vectors from the front of a block: taken away again.
struct OfZeros {
    first: [[u64; LANES]; VECTORS + 1],
    second: [[u64; LANES]; VECTORS + 1],
}

static OF_ZEROS: OfZeros = of_zeros();

const fn of_zeros() -> OfZeros {
    let (keys, mut sums) =
        (keys(), OfZeros { first: [[0; LANES]; VECTORS + 1], second: [[0; LANES]; VECTORS + 1] });
    let mut at = 0;
    while at < VECTORS * LANES {
        let (vector, lane) = (at / LANES, at % LANES);
        let product = product(0, keys[vector][lane]);
        let weighted = product.wrapping_mul((VECTORS - vector) as u64);
        sums.first[vector + 1][lane] = sums.first[vector][lane].wrapping_add(product);
        sums.second[vector + 1][lane] = sums.second[vector][lane].wrapping_add(weighted);
        at += 1;
    }
    sums
}

/// The factors of a block: odd, so that multiplying by them loses nothing.
const fn factors(block: u64) -> (u64, u64) {
    let seed = block.wrapping_mul(0xD6E8_FEB8_6659_FD93);
    (finalize(seed ^ 0xA076_1D64_78BD_642F) | 1, finalize(seed ^ 0xE703_7ED1_A0B4_28DB) | 1)
}

/// Blocks whose factors are at hand.
const NEAR_BLOCKS: usize = 64;

/// [`factors`] of the first blocks of a column, which are mostly all.
static NEAR_FACTORS: [(u64, u64); NEAR_BLOCKS] = {
    let mut near = [(1, 1); NEAR_BLOCKS];
    let mut block = 0;
    while block < NEAR_BLOCKS {
        near[block] = factors(block as u64);
        block += 1;
    }
    near
};

/// The factors of the lanes in the finish, for either sum: odd.
static LANE_FACTORS: [[u64; LANES]; 2] = {
    let mut odd = [[0; LANES]; 2];
    let mut at = 0;
    while at < 2 * LANES {
        odd[at / LANES][at % LANES] = finalize(0x8EBC_6AF0_9C88_C6E3_u64.wrapping_mul(at as u64 + 1)) | 1;
        at += 1;
    }
    odd
};

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
        let (zeros_first, zeros_second) = (&OF_ZEROS.first[counted], &OF_ZEROS.second[counted]);
        let (of_first, of_second) =
            NEAR_FACTORS.get(block as usize).copied().unwrap_or_else(|| factors(block));
        for lane in 0..LANES {
            let weighted = sums.second[lane].wrapping_add(sums.first[lane].wrapping_mul(missing));
            let first = sums.first[lane].wrapping_sub(zeros_first[lane]);
            let second = weighted.wrapping_sub(zeros_second[lane]);
            self.first[lane] = self.first[lane].wrapping_add(first.wrapping_mul(of_first));
            self.second[lane] = self.second[lane].wrapping_add(second.wrapping_mul(of_second));
        }
    }

    /// Puts `new` in the place of `old` at word number `word` (bytes `8 * word` and on, little-endian) of a column.
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
        let [first, second] = self.over_lanes();
        mixed(key, cells, first, second)
    }

    /// Either sum, added up over the lanes.
    #[inline(always)]
    fn over_lanes(&self) -> [u64; 2] {
        let [mut firsts, mut seconds] = LANE_FACTORS;
        for lane in 0..LANES {
            firsts[lane] = firsts[lane].wrapping_mul(self.first[lane]);
            seconds[lane] = seconds[lane].wrapping_mul(self.second[lane]);
        }
        [firsts, seconds].map(|lanes| lanes.iter().fold(0_u64, |sum, lane| sum.wrapping_add(*lane)))
    }
}

/// The end of the finish: both halves see both sums, name and length.
#[inline(always)]
const fn mixed(key: u64, cells: u64, first: u64, second: u64) -> StateHash {
    let start = finalize(key ^ cells.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let first = finalize(first.wrapping_add(start));
    let second = finalize(second.wrapping_add(start.rotate_left(32)));
    let low = finalize(first.wrapping_add(second.rotate_left(41)));
    let high = finalize(second ^ low.rotate_left(23));
    StateHash((high as u128) << 64 | low as u128)
}

/// The sums of a whole column.
#[must_use]
pub fn sum_column(lanes: LaneChoice, bytes: &[u8]) -> ColumnSum {
    lanes::run(lanes, SumColumn { bytes })
}

struct SumColumn<'a> {
    bytes: &'a [u8],
}

impl LaneTask for SumColumn<'_> {
    type Output = ColumnSum;

    #[inline(always)]
    fn run<L: Lanes>(self) -> ColumnSum {
        let mut sum = ColumnSum::new();
        for (number, block) in (0..).zip(self.bytes.chunks(BLOCK_BYTES)) {
            sum.add_block(number, block);
        }
        sum
    }
}

/// A column to be hashed together with others.
#[derive(Debug, Default)]
pub struct ColumnBytes<'a> {
    /// The column's name as a number, for [`ColumnSum::finish`].
    pub key: u64,
    /// How many cells it counts; those behind `bytes` are zero.
    pub cells: usize,
    /// Its cells as they are in memory.
    pub bytes: &'a [u8],
    /// Bytes of one cell.
    pub cell_bytes: usize,
    /// Where they are copied on the way; as long as `bytes`.
    pub copy: Option<&'a mut [u8]>,
}

/// The hash of each column, one after the other in one task: the way into the lanes costs as much as a short column.
///
/// # Panics
/// When there are more columns than places for hashes, or a copy is not as long as its column.
pub fn hash_columns(lanes: LaneChoice, columns: &mut [ColumnBytes<'_>], hashes: &mut [StateHash]) {
    lanes::run(lanes, HashColumns { columns, hashes });
}

struct HashColumns<'a, 'b> {
    columns: &'a mut [ColumnBytes<'b>],
    hashes: &'a mut [StateHash],
}

impl LaneTask for HashColumns<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let hashes = &mut self.hashes[..self.columns.len()];
        for (columns, hashes) in self.columns.chunks_mut(AT_ONCE).zip(hashes.chunks_mut(AT_ONCE)) {
            let (mut firsts, mut seconds) = ([0; AT_ONCE], [0; AT_ONCE]);
            let (mut keys, mut cells) = ([0; AT_ONCE], [0; AT_ONCE]);
            for (at, column) in columns.iter_mut().enumerate() {
                [firsts[at], seconds[at]] = column.sum().over_lanes();
                (keys[at], cells[at]) = (column.key, column.cells as u64);
            }
            let mut ends = [StateHash::EMPTY; AT_ONCE];
            for at in 0..AT_ONCE {
                ends[at] = mixed(keys[at], cells[at], firsts[at], seconds[at]);
            }
            hashes.copy_from_slice(&ends[..hashes.len()]);
        }
    }
}

/// Columns whose sums are mixed side by side, in lanes.
const AT_ONCE: usize = 16;

impl ColumnBytes<'_> {
    /// Adds up the column, and copies it where that is asked for.
    #[inline(always)]
    fn sum(&mut self) -> ColumnSum {
        let mut sum = ColumnSum::new();
        match &mut self.copy {
            Some(copy) if cfg!(target_endian = "little") => {
                assert_eq!(copy.len(), self.bytes.len());
                let blocks = self.bytes.chunks(BLOCK_BYTES).zip(copy.chunks_mut(BLOCK_BYTES));
                for (number, (block, copy)) in (0..).zip(blocks) {
                    sum.add_and_copy_block(number, block, copy);
                }
            }
            copy => {
                if let Some(copy) = copy {
                    copy.copy_from_slice(self.bytes);
                }
                for (number, block) in (0..).zip(self.bytes.chunks(BLOCK_BYTES)) {
                    if cfg!(target_endian = "little") {
                        sum.add_block(number, block);
                    } else {
                        let turned = &mut [0; BLOCK_BYTES][..block.len()];
                        turned.copy_from_slice(block);
                        turned.chunks_exact_mut(self.cell_bytes.max(1)).for_each(<[u8]>::reverse);
                        sum.add_block(number, turned);
                    }
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
