//! Every operation of both implementations on the same inputs, edge values preferred.

use super::{LANES, LaneChoice, LaneTask, Lanes8, Scalar8, Wide8, run};
use alloc::vec::Vec;
use proptest::prelude::*;

fn word() -> impl Strategy<Value = i32> {
    prop_oneof![
        2 => any::<i32>(),
        1 => prop::sample::select(&[
            i32::MIN, i32::MIN + 1, -65537, -65536, -32769, -32768, -2, -1, 0, 1, 2, 32767, 32768, 65535, 65536,
            i32::MAX - 1, i32::MAX,
        ][..]),
        1 => -4i32..4,
    ]
}

fn words() -> impl Strategy<Value = [i32; LANES]> {
    proptest::array::uniform8(word())
}

/// All results of all operations on one pair of inputs.
fn trace<L: Lanes8>(a: [i32; LANES], b: [i32; LANES], bits: u32) -> Vec<[i32; LANES]> {
    let mut long = [0; LANES + 3];
    long[..LANES].copy_from_slice(&a);
    let (va, vb) = (L::load(&long), L::from_array(b));
    va.store(&mut long[3..]);
    let mut stored = [0; LANES];
    stored.copy_from_slice(&long[3..]);
    let mask = va.greater(vb);
    let mut results = Vec::from([stored, [va.sum(); LANES], [i32::from(va.sign_bits()); LANES]]);
    results.push([i32::from(mask.any()); LANES]);
    results.extend(
        [
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
            va.shift_right_by(bits),
            va.equal(vb),
            mask,
            mask.select(va, vb),
            L::splat(b[3]),
        ]
        .map(L::to_array),
    );
    results
}

struct Trace([i32; LANES], [i32; LANES], u32);

impl LaneTask for Trace {
    type Output = Vec<[i32; LANES]>;
    fn run<L: Lanes8>(self) -> Self::Output {
        trace::<L>(self.0, self.1, self.2)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn all_implementations_agree(a in words(), b in words(), bits in 0u32..64, same in any::<u8>()) {
        let mut b = b;
        for lane in 0..LANES {
            if same >> lane & 1 == 1 {
                b[lane] = a[lane];
            }
        }
        let meaning = trace::<Scalar8>(a, b, bits);
        prop_assert_eq!(&trace::<Wide8>(a, b, bits), &meaning);
        prop_assert_eq!(&run(LaneChoice::Wide, Trace(a, b, bits)), &meaning);
        prop_assert_eq!(&run(LaneChoice::Scalar, Trace(a, b, bits)), &meaning);
    }
}
