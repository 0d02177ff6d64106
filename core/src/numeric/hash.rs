//! The state hash: 128 bits over (column, row, value) triples, independent of the order in which they are added.
//!
//! Every triple is mixed into 128 bits on its own and the mixes are summed with wrap-around. So rows may be hashed in
//! any order, by any number of threads, and a changed value can be exchanged by taking its old mix away. Both halves of
//! a mix are bijections of the value (finalizer of SplitMix64, variant 13 of D. Stafford's mixers: Steele, Lea, Flood,
//! "Fast splittable pseudorandom number generators", OOPSLA 2014), so one changed value always changes the hash. Values
//! are taken as integers, not as bytes in memory: the result is the same on big-endian processors.
//!
//! It finds divergence and damage. It does not withstand somebody who constructs collisions.

use core::fmt;
use core::ops::{Add, AddAssign, Sub};

/// A 128-bit state hash, or a part of one: parts add up.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct StateHash(pub u128);

/// Values that can be hashed; signed ones are sign-extended.
pub trait HashValue: Copy {
    /// The value as the 64-bit word that is mixed.
    fn hash_word(self) -> u64;
}

macro_rules! hash_value {
    ($($value:ty as $wide:ty),*) => { $(
        impl HashValue for $value {
            #[inline]
            fn hash_word(self) -> u64 {
                <$wide>::from(self) as u64
            }
        }
    )* };
}
hash_value!(u8 as u64, u16 as u64, u32 as u64, u64 as u64, i8 as i64, i16 as i64, i32 as i64, i64 as i64);

/// Adds up the hash of a state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateHasher {
    low: u64,
    high: u64,
    carries: u64,
}

impl StateHasher {
    /// Nothing hashed.
    #[must_use]
    pub const fn new() -> StateHasher {
        StateHasher { low: 0, high: 0, carries: 0 }
    }

    /// Adds one value. `column` names the column once and for all; each (column, row) is added at most once.
    #[inline]
    pub const fn add_word(&mut self, column: u32, row: u32, value: u64) {
        let (low, high) = mix(column, row, value);
        let (sum, carry) = self.low.overflowing_add(low);
        self.low = sum;
        self.carries = self.carries.wrapping_add(carry as u64);
        self.high = self.high.wrapping_add(high);
    }

    /// Adds one value of any integer type.
    #[inline]
    pub fn add<T: HashValue>(&mut self, column: u32, row: u32, value: T) {
        self.add_word(column, row, value.hash_word());
    }

    /// Adds a whole column, rows counted from 0.
    pub fn add_column<T: HashValue>(&mut self, column: u32, values: &[T]) {
        for (row, value) in values.iter().enumerate() {
            self.add_word(column, row as u32, value.hash_word());
        }
    }

    /// Adds the named rows of a column.
    ///
    /// # Panics
    /// When a row is outside the column.
    pub fn add_rows<T: HashValue>(&mut self, column: u32, values: &[T], rows: &[u32]) {
        for &row in rows {
            self.add_word(column, row, values[row as usize].hash_word());
        }
    }

    /// The hash of everything added so far.
    #[must_use]
    pub const fn finish(&self) -> StateHash {
        let high = self.high.wrapping_add(self.carries);
        StateHash((high as u128) << 64 | self.low as u128)
    }
}

impl StateHash {
    /// The hash of nothing.
    pub const EMPTY: StateHash = StateHash(0);

    /// The hash of a single value; sums of these are what [`StateHasher`] computes.
    #[must_use]
    pub const fn of(column: u32, row: u32, value: u64) -> StateHash {
        let (low, high) = mix(column, row, value);
        StateHash((high as u128) << 64 | low as u128)
    }

    /// Sixteen bytes, least significant first.
    #[must_use]
    pub const fn to_le_bytes(self) -> [u8; 16] {
        self.0.to_le_bytes()
    }

    /// From sixteen bytes, least significant first.
    #[must_use]
    pub const fn from_le_bytes(bytes: [u8; 16]) -> StateHash {
        StateHash(u128::from_le_bytes(bytes))
    }
}

impl Add for StateHash {
    type Output = StateHash;
    fn add(self, other: StateHash) -> StateHash {
        StateHash(self.0.wrapping_add(other.0))
    }
}

impl Sub for StateHash {
    type Output = StateHash;
    fn sub(self, other: StateHash) -> StateHash {
        StateHash(self.0.wrapping_sub(other.0))
    }
}

impl AddAssign for StateHash {
    fn add_assign(&mut self, other: StateHash) {
        *self = *self + other;
    }
}

impl fmt::Display for StateHash {
    /// 32 hexadecimal digits, most significant first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for StateHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StateHash({self})")
    }
}

/// Both halves of a triple's mix. The place gives two keys, each of which turns the value into one half.
#[inline]
const fn mix(column: u32, row: u32, value: u64) -> (u64, u64) {
    let place = ((column as u64) << 32 | row as u64).wrapping_add(0x9E37_79B9_7F4A_7C15);
    let key = finalize(place);
    (finalize(value ^ key), finalize(value.rotate_left(32).wrapping_add(key.rotate_left(29))))
}

/// Bijection of 64 bits in which every input bit reaches every output bit.
#[inline]
pub(super) const fn finalize(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{collections::BTreeSet, string::ToString, vec::Vec};
    use proptest::prelude::*;

    #[test]
    fn finalizer_is_that_of_splitmix64() {
        // First output of SplitMix64 seeded with 1234567, as published with the reference implementations.
        assert_eq!(finalize(1_234_567u64.wrapping_add(0x9E37_79B9_7F4A_7C15)), 6_457_827_717_110_365_317);
    }

    /// The text was computed by an independent implementation.
    #[test]
    fn golden_values() {
        assert_eq!(StateHash::EMPTY.to_string(), "0".repeat(32));
        let mut hasher = StateHasher::new();
        hasher.add_column(1, &[1i32, -2, i32::MAX, i32::MIN]);
        hasher.add_column(2, &[0u8, 255]);
        hasher.add(3, 9, u64::MAX);
        assert_eq!(hasher.finish().to_string(), "5db933fd6dd778e2f190050aba74cefe");
    }

    #[test]
    fn flipped_bits_change_half_of_the_hash() {
        for bit in 0..64 {
            let mut flipped = 0;
            for row in 0..512 {
                let value = u64::from(row).wrapping_mul(0x1234_5678_9abc);
                let before = StateHash::of(5, row, value).0;
                flipped += (before ^ StateHash::of(5, row, value ^ 1 << bit).0).count_ones();
            }
            let share = f64::from(flipped) / (512.0 * 128.0);
            assert!((0.48..0.52).contains(&share), "bit {bit}: {share}");
        }
    }

    #[test]
    fn neighbouring_small_triples_do_not_collide() {
        let mut seen = BTreeSet::new();
        for column in 0..8 {
            for row in 0..64 {
                for value in 0..64 {
                    assert!(seen.insert(StateHash::of(column, row, value).0));
                }
            }
        }
    }

    proptest! {
        #[test]
        fn order_grouping_and_exchange_do_not_matter(
            values in proptest::collection::vec(any::<i32>(), 1..40), cut in 0usize..40, new in any::<i32>()
        ) {
            let mut forward = StateHasher::new();
            forward.add_column(4, &values);
            let rows: Vec<u32> = (0..values.len() as u32).rev().collect();
            let mut backward = StateHasher::new();
            backward.add_rows(4, &values, &rows);
            prop_assert_eq!(forward.finish(), backward.finish());

            let cut = cut.min(values.len());
            let mut parts = [StateHasher::new(), StateHasher::new()];
            for (row, value) in values.iter().enumerate() {
                parts[usize::from(row < cut)].add(4, row as u32, *value);
            }
            prop_assert_eq!(parts[0].finish() + parts[1].finish(), forward.finish());

            let exchanged = forward.finish() - StateHash::of(4, 0, values[0].hash_word())
                + StateHash::of(4, 0, new.hash_word());
            let mut changed = values.clone();
            changed[0] = new;
            let mut expected = StateHasher::new();
            expected.add_column(4, &changed);
            prop_assert_eq!(exchanged, expected.finish());
            prop_assert_eq!(exchanged == forward.finish(), new == values[0]);
        }
    }
}
