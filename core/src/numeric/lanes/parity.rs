//! Every operation of every implementation that this processor has on the same inputs, edge values preferred, against
//! the plain twin of the same width.

use super::{LaneChoice, LaneMask, LaneTask, Lanes, MAX_WIDTH, Portable, Scalar, record_place, run};
use alloc::vec::Vec;
use proptest::prelude::*;

type Words = [i32; MAX_WIDTH];

fn word() -> impl Strategy<Value = i32> {
    prop_oneof![
        2 => any::<i32>(),
        1 => prop::sample::select(&[
            i32::MIN, i32::MIN + 1, -65537, -65536, -32769, -32768, -2, -1, 0, 1, 2, 32767, 32768, 65535, 65536,
            0x7FFF_7FFF, 0x8000_7FFFu32 as i32, 0x7FFF_8001, i32::MAX - 1, i32::MAX,
        ][..]),
        1 => -4i32..4,
    ]
}

fn words() -> impl Strategy<Value = Words> {
    proptest::array::uniform16(word())
}

/// What the operations are given. Narrow lanes look at the first values only.
#[derive(Clone, Copy)]
struct Inputs {
    a: Words,
    b: Words,
    bits: u32,
    count: usize,
}

/// No half is −32768: that by itself is outside of `mul_round16`.
fn without_lowest_halves(words: Words) -> Words {
    words.map(|word| {
        let (low, high) = super::halves(word);
        super::pair(low.max(-32767), high.max(-32767))
    })
}

struct Trace(Inputs);

impl LaneTask for Trace {
    type Output = (usize, Vec<Vec<i32>>);

    fn run<L: Lanes>(self) -> Self::Output {
        let Inputs { a, b, bits, .. } = self.0;
        let mut long = [0; MAX_WIDTH + 3];
        let (va, vb) = (L::load(&a), L::load(&b));
        va.store_at(&mut long, 3);
        let vc = L::load_at(&long, 3);
        let mut results = Vec::new();
        let words = [
            vc,
            L::load_halves(&a, [1, L::WIDTH / 2]),
            va.add(vb),
            va.sub(vb),
            va.mul(vb),
            va.abs(),
            va.min(vb),
            va.max(vb),
            va.and(vb),
            va.or(vb),
            va.xor(vb),
            va.shift_left::<5>(),
            va.shift_right::<7>(),
            va.shift_right_logical::<9>(),
            va.shift_left::<0>(),
            va.shift_right::<31>(),
            va.shift_right_by(bits),
            va.shift_right_lanes(vb.and(L::splat(63)).min(L::splat(32))),
            va.shift_left_by(bits),
            va.and(L::splat(i32::MAX)).leading_zeros(),
            va.and(L::splat(i32::MAX)).shift_right_by(bits).leading_zeros(),
            L::numbers(),
            L::splat(b[3]),
            va.prefix_sum(),
            va.splat_last(),
            L::splat16(-7),
            va.pair_with(vb),
        ];
        let halves = [
            va.twice_low16(),
            va.add16(vb),
            va.sub16(vb),
            va.min16(vb),
            va.max16(vb),
            va.abs16(),
            va.mul16(vb),
            va.mul_round16(L::load(&without_lowest_halves(b))),
            va.dot16(L::load(&without_lowest_halves(b))),
            va.sub16(vb).dot16(va.sub16(vb)),
            va.greater16(vb),
            va.count_greater16(vb, va),
            vb.count_greater16(va, vb),
            L::splat_pair(1, -2),
        ];
        let wide = [
            va.add64(vb),
            va.sub64(vb),
            va.mul_even(vb),
            va.mul_even_signed(vb),
            va.shift_left64::<33>(),
            va.shift_right64::<17>(),
            va.greater64(vb),
        ];
        for lanes in words.into_iter().chain(halves).chain(wide) {
            results.push(values(lanes));
        }
        permuted(self.0, va, vb, &mut results);
        parts(self.0, va, &mut results);
        masks(self.0, va, vb, &mut results);
        records([va, vb, va.xor(vb), va.sub(vb)], &mut results);
        (L::WIDTH, results)
    }
}

/// Lanes picked from tables, windows and slices.
fn permuted<L: Lanes>(inputs: Inputs, va: L, vb: L, results: &mut Vec<Vec<i32>>) {
    let permuted = [
        L::table8(&core::array::from_fn(|entry| inputs.b[entry])).lookup8(va),
        va.permute2(vb, vb),
        L::gather(&inputs.a, vb.and(L::splat(MAX_WIDTH as i32 - 1))),
        va.permute2(vb, L::numbers().add(L::splat(inputs.count as i32))),
    ];
    results.extend(permuted.map(values));
}

/// Slices that are shorter than the lanes, and a longer one; and sums of all lanes.
fn parts<L: Lanes>(inputs: Inputs, va: L, results: &mut Vec<Vec<i32>>) {
    let mut out = [-5; MAX_WIDTH + 3];
    let part = inputs.count.min(L::WIDTH + 1).min(MAX_WIDTH);
    va.store_part(&mut out[1..1 + part.min(L::WIDTH)]);
    results.extend([out.to_vec(), values(L::load_part(&inputs.a[..part]))]);
    results.push(Vec::from([va.sum(), va.sum64() as i32, (va.sum64() >> 32) as i32]));
}

/// Columns become records, each where it should be, and columns again.
fn records<L: Lanes>(columns: [L; 4], results: &mut Vec<Vec<i32>>) {
    let mut out = [[0; 4]; MAX_WIDTH];
    L::store_records(columns, &mut out);
    let in_order: Vec<[i32; 4]> = (0..L::WIDTH).map(|lane| out[record_place(L::WIDTH, lane)]).collect();
    assert!(out[L::WIDTH..].iter().all(|record| *record == [0; 4]));
    let back = L::load_records(&in_order).map(values);
    assert_eq!(back, columns.map(values));
    results.extend(in_order.iter().map(|record| record.to_vec()));
    results.extend(back);
}

fn values<L: Lanes>(lanes: L) -> Vec<i32> {
    let mut out = [0; MAX_WIDTH];
    lanes.store(&mut out);
    out[..L::WIDTH].to_vec()
}

fn masks<L: Lanes>(inputs: Inputs, va: L, vb: L, results: &mut Vec<Vec<i32>>) {
    let (greater, equal, first) = (va.greater(vb), va.equal(vb), L::Mask::first_n(inputs.count));
    for mask in [greater, equal, first, greater.or(equal), greater.and(first), greater.not(), first.not()] {
        let facts = [mask.bits() as i32, i32::from(mask.any()), i32::from(mask.none()), mask.count() as i32];
        results.push(facts.to_vec());
        results.push(values(L::select(mask, va, vb)));
        results.push(values(va.keep(mask)));
        let mut out = [0; MAX_WIDTH + 5];
        let count = va.compress_into(mask, &mut out, 5);
        results.push(out[..5 + count].to_vec());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn all_implementations_agree(
        a in words(), b in words(), bits in 0u32..64, count in 0usize..20, same in any::<u16>(),
    ) {
        let mut b = b;
        for lane in 0..MAX_WIDTH {
            if same >> lane & 1 == 1 {
                b[lane] = a[lane];
            }
        }
        let inputs = Inputs { a, b, bits, count };
        let eight = Trace(inputs).run::<Scalar<8>>();
        let sixteen = Trace(inputs).run::<Scalar<16>>();
        prop_assert_eq!(&Trace(inputs).run::<Portable>(), &eight);
        for &choice in LaneChoice::available() {
            let result = run(choice, Trace(inputs));
            let meaning = if result.0 == 8 { &eight } else { &sixteen };
            prop_assert_eq!(&result, meaning, "{:?}", choice);
        }
    }

    #[test]
    fn compressing_keeps_the_order_and_touches_only_its_room(a in words(), bits in any::<u16>()) {
        struct Compress(Words, u16);
        impl LaneTask for Compress {
            type Output = (usize, usize, [i32; MAX_WIDTH + 2]);
            fn run<L: Lanes>(self) -> Self::Output {
                let chosen: Words = core::array::from_fn(|lane| i32::from(self.1 >> lane & 1));
                let mut out = [-9; MAX_WIDTH + 2];
                let mask = L::load(&chosen).greater(L::splat(0));
                let count = L::load(&self.0).compress_into(mask, &mut out[..1 + L::WIDTH], 1);
                let mut by_bits = [-9; MAX_WIDTH + 2];
                L::load(&self.0).compress_bits(mask.bits(), &mut by_bits[1..1 + L::WIDTH]);
                assert_eq!(out[..1 + count], by_bits[..1 + count]);
                assert_eq!(by_bits[L::WIDTH + 1], -9);
                (L::WIDTH, count, out)
            }
        }
        for &choice in LaneChoice::available() {
            let (width, count, out) = run(choice, Compress(a, bits));
            let expected: Vec<i32> = (0..width).filter(|lane| bits >> lane & 1 == 1).map(|lane| a[lane]).collect();
            prop_assert_eq!(&out[1..1 + count], &expected[..]);
            prop_assert_eq!((out[0], out[width + 1]), (-9, -9));
        }
    }
}

#[test]
fn a_choice_resolves_to_what_the_processor_has() {
    let available = LaneChoice::available();
    assert_eq!(available[..2], [LaneChoice::Scalar, LaneChoice::Portable]);
    assert_eq!(LaneChoice::Auto.resolved(), available[available.len() - 1]);
    for choice in [LaneChoice::Scalar, LaneChoice::Portable, LaneChoice::Avx2, LaneChoice::Avx512] {
        let resolved = choice.resolved();
        assert!(resolved <= choice && available.contains(&resolved));
        assert!(!available.contains(&choice) || resolved == choice);
    }
}

struct LowestBits([u8; 64]);

impl LaneTask for LowestBits {
    type Output = u64;

    fn run<L: Lanes>(self) -> u64 {
        L::lowest_bits(&self.0)
    }
}

proptest! {
    #[test]
    fn lowest_bits_of_bytes(words in proptest::array::uniform8(any::<u64>())) {
        let mut bytes = [0; 64];
        bytes.as_chunks_mut::<8>().0.iter_mut().zip(words).for_each(|(to, word)| *to = word.to_le_bytes());
        let wanted = (0..64).fold(0, |bits, at| bits | u64::from(bytes[at] & 1) << at);
        for &choice in LaneChoice::available() {
            prop_assert_eq!(run(choice, LowestBits(bytes)), wanted, "{:?}", choice);
        }
    }
}
