//! The prefix codes that states are written with: their lengths, and their names where symbols are counted.
//!
//! The lengths are made by a tool from the counts of recorded battles (`code_counts.txt` beside this file):
//! `cargo run --release -p shieldwall-tests --example train_codes`. They are part of the protocol: other lengths are another
//! [`super::PROTOCOL_VERSION`]. What the symbols mean is said in `entity_delta.rs`, and in `docs/PROTOCOL_FRAMES.md`.

use super::prefix_codes::PrefixCode;

/// One trained code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodeTable(u8);

impl CodeTable {
    /// Stands for all codes that are not trained.
    pub const NONE: Self = Self(u8::MAX);

    /// All trained codes.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..CODES as u8).map(Self)
    }

    /// Its place among all; none for [`CodeTable::NONE`].
    #[must_use]
    pub fn index(self) -> Option<usize> {
        Some(usize::from(self.0)).filter(|&index| index < CODES)
    }

    /// The name of its family, and its number there; nothing for [`CodeTable::NONE`].
    #[must_use]
    pub fn name(self) -> (&'static str, usize) {
        self.place().map_or(("", 0), |(family, number)| (family.name, number))
    }

    /// Lengths of the codes by symbol, in bits; nothing for [`CodeTable::NONE`].
    #[must_use]
    pub fn lengths(self) -> &'static [u8] {
        let Some((family, number)) = self.place() else { return &[] };
        &family.lengths[number * family.symbols..][..family.symbols]
    }

    fn place(self) -> Option<(&'static Family, usize)> {
        let mut number = self.index()?;
        for family in &FAMILIES {
            let codes = family.lengths.len() / family.symbols;
            if number < codes {
                return Some((family, number));
            }
            number -= codes;
        }
        None
    }
}

/// Codes of the same symbols.
struct Family {
    name: &'static str,
    symbols: usize,
    /// Of one code after the other.
    lengths: &'static [u8],
}

/// The codes of a family, the first of which has this place among all.
const fn codes<const N: usize, const K: usize>(lengths: &[[u8; N]; K], first: u8) -> [PrefixCode<N>; K] {
    let mut made = [PrefixCode::new(lengths[0]); K];
    let mut number = 0;
    while number < K {
        made[number] = PrefixCode::trained(lengths[number], CodeTable(first + number as u8));
        number += 1;
    }
    made
}

// ---- from here on made by the tool ----

#[rustfmt::skip]
const CHANGES_LENGTHS: [[u8; 16]; 12] = [
    [1, 4, 8, 6, 5, 5, 6, 3, 6, 5, 8, 7, 6, 4, 6, 4],
    [4, 6, 6, 4, 3, 3, 3, 2, 7, 8, 8, 6, 6, 6, 5, 3],
    [3, 5, 6, 5, 2, 4, 3, 2, 8, 8, 8, 7, 8, 7, 6, 4],
    [1, 8, 8, 8, 8, 8, 8, 8, 2, 5, 8, 7, 6, 3, 7, 5],
    [8, 8, 8, 8, 8, 8, 8, 8, 5, 6, 5, 4, 4, 6, 2, 1],
    [8, 8, 8, 8, 7, 8, 7, 7, 4, 8, 4, 3, 4, 6, 3, 1],
    [2, 5, 8, 5, 5, 6, 5, 3, 2, 5, 8, 6, 7, 6, 5, 3],
    [5, 7, 6, 6, 4, 5, 3, 3, 5, 7, 6, 5, 4, 4, 3, 2],
    [5, 7, 7, 6, 4, 5, 2, 3, 5, 7, 7, 6, 4, 5, 4, 2],
    [2, 8, 8, 8, 8, 8, 8, 8, 1, 4, 8, 5, 5, 6, 6, 4],
    [8, 8, 8, 8, 8, 8, 8, 8, 4, 6, 4, 4, 3, 6, 3, 1],
    [7, 8, 8, 8, 8, 8, 8, 7, 4, 8, 6, 3, 3, 8, 3, 1],
];
#[rustfmt::skip]
const TURN_LENGTHS: [[u8; 9]; 1] = [
    [6, 3, 3, 2, 2, 3, 4, 5, 6],
];
#[rustfmt::skip]
const GAIT_LENGTHS: [[u8; 18]; 1] = [
    [1, 3, 3, 5, 6, 8, 8, 8, 6, 6, 3, 7, 8, 8, 8, 8, 8, 7],
];
#[rustfmt::skip]
const PUSH_LENGTHS: [[u8; 10]; 2] = [
    [8, 3, 2, 4, 2, 2, 5, 6, 7, 8],
    [2, 5, 4, 3, 2, 2, 6, 7, 8, 8],
];
#[rustfmt::skip]
const SHIFT_LENGTHS: [[u8; 13]; 1] = [
    [8, 3, 2, 2, 3, 3, 4, 5, 7, 8, 8, 8, 7],
];
#[rustfmt::skip]
const REST_LENGTHS: [[u8; 16]; 4] = [
    [8, 8, 3, 8, 2, 8, 6, 7, 2, 3, 4, 4, 5, 6, 5, 7],
    [8, 1, 8, 4, 8, 4, 8, 6, 8, 2, 8, 5, 8, 5, 8, 6],
    [8, 8, 4, 8, 1, 8, 3, 7, 5, 5, 7, 5, 4, 5, 4, 5],
    [8, 2, 8, 5, 3, 2, 8, 5, 8, 3, 8, 8, 8, 3, 8, 5],
];
#[rustfmt::skip]
const HEIGHT_LENGTHS: [[u8; 18]; 1] = [
    [2, 8, 7, 6, 5, 4, 2, 2, 4, 5, 7, 8, 8, 8, 8, 8, 8, 8],
];
#[rustfmt::skip]
const ACTION_LENGTHS: [[u8; 11]; 2] = [
    [8, 1, 2, 4, 4, 5, 8, 5, 6, 5, 7],
    [1, 4, 3, 4, 3, 4, 8, 5, 7, 6, 8],
];
#[rustfmt::skip]
const OTHERS_LENGTHS: [[u8; 8]; 1] = [
    [6, 1, 3, 2, 6, 5, 5, 5],
];
#[rustfmt::skip]
const FLIP_LENGTHS: [[u8; 9]; 1] = [
    [4, 1, 2, 6, 7, 5, 8, 8, 3],
];

pub(super) static CHANGES: [PrefixCode<16>; 12] = codes(&CHANGES_LENGTHS, 0);
pub(super) static TURN: PrefixCode<9> = PrefixCode::trained(TURN_LENGTHS[0], CodeTable(12));
pub(super) static GAIT: PrefixCode<18> = PrefixCode::trained(GAIT_LENGTHS[0], CodeTable(13));
pub(super) static PUSH: [PrefixCode<10>; 2] = codes(&PUSH_LENGTHS, 14);
pub(super) static SHIFT: PrefixCode<13> = PrefixCode::trained(SHIFT_LENGTHS[0], CodeTable(16));
pub(super) static REST: [PrefixCode<16>; 4] = codes(&REST_LENGTHS, 17);
pub(super) static HEIGHT: PrefixCode<18> = PrefixCode::trained(HEIGHT_LENGTHS[0], CodeTable(21));
pub(super) static ACTION: [PrefixCode<11>; 2] = codes(&ACTION_LENGTHS, 22);
pub(super) static OTHERS: PrefixCode<8> = PrefixCode::trained(OTHERS_LENGTHS[0], CodeTable(24));
pub(super) static FLIP: PrefixCode<9> = PrefixCode::trained(FLIP_LENGTHS[0], CodeTable(25));

const CODES: usize = 26;

#[rustfmt::skip]
static FAMILIES: [Family; 10] = [
    Family { name: "CHANGES", symbols: 16, lengths: CHANGES_LENGTHS.as_flattened() },
    Family { name: "TURN", symbols: 9, lengths: TURN_LENGTHS.as_flattened() },
    Family { name: "GAIT", symbols: 18, lengths: GAIT_LENGTHS.as_flattened() },
    Family { name: "PUSH", symbols: 10, lengths: PUSH_LENGTHS.as_flattened() },
    Family { name: "SHIFT", symbols: 13, lengths: SHIFT_LENGTHS.as_flattened() },
    Family { name: "REST", symbols: 16, lengths: REST_LENGTHS.as_flattened() },
    Family { name: "HEIGHT", symbols: 18, lengths: HEIGHT_LENGTHS.as_flattened() },
    Family { name: "ACTION", symbols: 11, lengths: ACTION_LENGTHS.as_flattened() },
    Family { name: "OTHERS", symbols: 8, lengths: OTHERS_LENGTHS.as_flattened() },
    Family { name: "FLIP", symbols: 9, lengths: FLIP_LENGTHS.as_flattened() },
];
