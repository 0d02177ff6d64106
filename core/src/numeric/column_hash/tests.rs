//! The column hash against its definition, word by word in 128-bit arithmetic, and its promises.

use super::*;
use alloc::vec::Vec;
use proptest::prelude::*;

/// The definition, read off the module head: no vectors, no running sums, no blocks cut at the end.
fn plain(bytes: &[u8]) -> ColumnSum {
    let mut filled = bytes.to_vec();
    filled.resize(bytes.len().next_multiple_of(VECTOR_BYTES), 0);
    let mut sum = ColumnSum::new();
    for (place, word) in filled.chunks(8).enumerate() {
        let word = u64::from_le_bytes(word.try_into().unwrap());
        let (block, inside) = (place / 512, place % 512);
        let (vector, lane) = (inside / 8, inside % 8);
        let of_word = |word: u64| {
            let keyed = word ^ KEYS.0[vector][lane];
            i128::from(keyed as u32) * i128::from(keyed >> 32)
        };
        let difference = of_word(word) - of_word(0);
        let (of_first, of_second) = factors(block as u64);
        let weighted = difference * (64 - vector as i128) + i128::from(word);
        let wrap = |value: i128, factor: u64| (value as u64).wrapping_mul(factor);
        sum.first[lane] = sum.first[lane].wrapping_add(wrap(difference, of_first));
        sum.second[lane] = sum.second[lane].wrapping_add(wrap(weighted, of_second));
    }
    sum
}

fn noise(len: usize, seed: u64) -> Vec<u8> {
    (0..len as u64).map(|at| (finalize(at.wrapping_mul(31).wrapping_add(seed)) >> 11) as u8).collect()
}

#[test]
fn every_choice_of_lanes_and_the_copy_agree_with_the_definition() {
    for len in [0, 1, 7, 8, 63, 64, 65, 4_095, 4_096, 4_097, 9_000, 40_000] {
        let bytes = noise(len, 5);
        for &choice in LaneChoice::available() {
            assert_eq!(sum_column(choice, &bytes), plain(&bytes), "{len} bytes, {choice:?}");
            let mut copy = alloc::vec![0; len];
            let column = |copy| ColumnBytes { key: 4, cells: len, bytes: &bytes, cell_bytes: 1, copy };
            let mut hashes = [StateHash::EMPTY; 2];
            hash_columns(choice, &mut [column(None), column(Some(&mut copy))], &mut hashes);
            assert_eq!(hashes, [plain(&bytes).finish(4, len as u64); 2], "{len} bytes, {choice:?}");
            assert_eq!(copy, bytes);
        }
    }
}

/// The text was computed by an independent implementation (Python, from the module head).
#[test]
fn golden_values() {
    let bytes: Vec<u8> = (0..10_000_u32).map(|at| (at * 7 + at / 256) as u8).collect();
    let hash = sum_column(LaneChoice::Scalar, &bytes).finish(42, 2_500);
    assert_eq!(alloc::string::ToString::to_string(&hash), "5dc6cc10b7f825f72f4dc2b02f3ddfcf");
}

#[test]
fn every_flipped_bit_changes_both_halves() {
    let mut bytes = noise(4_300, 9);
    let of = |bytes: &[u8]| sum_column(LaneChoice::default(), bytes).finish(1, 1_075);
    let before = of(&bytes);
    let mut flipped = 0;
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        let after = of(&bytes);
        assert!(after.0 as u64 != before.0 as u64 && after.0 >> 64 != before.0 >> 64, "bit {bit}");
        flipped += (after.0 ^ before.0).count_ones();
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    let share = f64::from(flipped) / (bytes.len() as f64 * 8.0 * 128.0);
    assert!((0.495..0.505).contains(&share), "{share}");
}

#[test]
fn a_word_whose_key_silences_the_product_is_still_seen() {
    // High half equal to the key's: the product is zero whatever the low half is.
    let silent = |low: u64| (KEYS.0[3][2] & !0xFFFF_FFFF) | low;
    let mut bytes = noise(4_096, 1);
    let place = (3 * 8 + 2) * 8;
    bytes[place..place + 8].copy_from_slice(&silent(7).to_le_bytes());
    let before = sum_column(LaneChoice::default(), &bytes);
    bytes[place..place + 8].copy_from_slice(&silent(8).to_le_bytes());
    let after = sum_column(LaneChoice::default(), &bytes);
    assert_eq!(before.first, after.first);
    assert_ne!(before.finish(1, 1), after.finish(1, 1));
}

#[test]
fn patterns_that_cancel_in_plain_sums_are_seen() {
    // Changes that have zero sum, zero first moment, and repeat at the distance of blocks and lanes.
    let changed = |places: &[(usize, u8)]| {
        let mut bytes = alloc::vec![0_u8; 5 * BLOCK_BYTES];
        for (place, value) in places {
            bytes[*place] = *value;
        }
        sum_column(LaneChoice::default(), &bytes).finish(1, 1)
    };
    for step in [8, 64, 512, BLOCK_BYTES] {
        let at = |n: usize| n * step;
        let one = [(at(0), 1), (at(1), 0), (at(2), 0), (at(3), 1)];
        let other = [(at(0), 0), (at(1), 1), (at(2), 1), (at(3), 0)];
        assert_ne!(changed(&one), changed(&other), "step {step}");
    }
}

#[test]
fn name_and_length_matter() {
    let sum = sum_column(LaneChoice::default(), &[7; 256]);
    assert_ne!(sum.finish(1, 64), sum.finish(2, 64));
    assert_ne!(sum.finish(1, 64), sum.finish(1, 63));
    assert_ne!(sum_column(LaneChoice::default(), &[7; 64]).finish(1, 64), sum.finish(1, 64));
}

#[test]
fn zeros_at_the_end_add_nothing() {
    for len in [0, 3, 64, 200, 4_096, 9_001] {
        let mut bytes = noise(len, 2);
        let sum = sum_column(LaneChoice::default(), &bytes);
        for longer in [len + 1, len + 65, len + 4_096, len + 70_000] {
            bytes.resize(longer, 0);
            assert_eq!(sum_column(LaneChoice::default(), &bytes), sum, "{len} and zeros up to {longer}");
        }
    }
    assert_eq!(sum_column(LaneChoice::default(), &[0; 9_000]), ColumnSum::new());
}

#[test]
fn far_blocks_have_the_factors_of_the_formula() {
    let mut bytes = alloc::vec![0; (NEAR_BLOCKS + 2) * BLOCK_BYTES];
    for block in [NEAR_BLOCKS - 1, NEAR_BLOCKS, NEAR_BLOCKS + 1] {
        bytes[block * BLOCK_BYTES + 77] = 9;
    }
    assert_eq!(sum_column(LaneChoice::default(), &bytes), plain(&bytes));
}

proptest! {
    #[test]
    fn order_and_grouping_of_blocks_do_not_matter(len in 0_usize..40_000, seed in any::<u64>(), cut in 0_usize..10) {
        let bytes = noise(len, seed);
        let blocks: Vec<_> = bytes.chunks(BLOCK_BYTES).collect();
        let mut parts = [ColumnSum::new(), ColumnSum::new()];
        for number in (0..blocks.len()).rev() {
            parts[usize::from(number < cut)].add_block(number as u64, blocks[number]);
        }
        let [mut sum, other] = parts;
        sum += other;
        prop_assert_eq!(sum, plain(&bytes));
    }

    #[test]
    fn a_word_is_exchanged_without_the_others(
        words in proptest::collection::vec(any::<u64>(), 1..1_500),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u64>()), 1..20),
    ) {
        let bytes = |words: &[u64]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
        let mut words = words;
        let mut sum = plain(&bytes(&words));
        for (at, new) in changes {
            let at = at.index(words.len());
            sum.exchange(at as u64, words[at], new);
            words[at] = new;
        }
        prop_assert_eq!(sum, plain(&bytes(&words)));
    }
}
