//! The table of deformed chunks against a plain map.

use super::*;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use proptest::prelude::*;

const MIDDLE: usize = TERRAIN_CHUNK_VERTICES / 2;

fn chunk(x: u16, z: u16) -> TerrainChunk {
    TerrainChunk { z, x }
}

fn dig(deltas: &mut TerrainDeltas, at: TerrainChunk, depth: i16) {
    deltas.entry(at).expect("there is room")[MIDDLE] = depth;
}

/// Collects the bytes of all columns.
struct Bytes(Vec<u8>);

impl<'a> ColumnVisitor<'a> for Bytes {
    fn column<T: crate::state::column::Cell>(&mut self, _info: &'static ColumnInfo, cells: &'a [T]) {
        crate::state::column::write_cells(cells, &mut self.0);
    }
}

fn image(deltas: &TerrainDeltas) -> Vec<u8> {
    let mut out = Bytes(Vec::new());
    deltas.each_column(&mut out);
    assert_eq!(out.0.len(), deltas.len() * TerrainDeltas::BYTES_PER_CHUNK);
    out.0
}

/// Reads and judges: `Ok` is what was left over, `Err` the impossible chunk, if that was it.
fn judged(chunks: usize, cells: u32, bytes: &[u8]) -> Result<usize, Option<TerrainChunk>> {
    let mut deltas = TerrainDeltas::new(9);
    let rest = deltas.read(chunks, bytes).ok_or(None)?.len();
    deltas.first_impossible(cells).map_or(Ok(rest), |chunk| Err(Some(chunk)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The table is a sorted map, whatever was put in and taken out before.
    #[test]
    fn the_table_is_a_map(steps in proptest::collection::vec((0_u16..4, 0_u16..4, -3_i16..3), 0..60)) {
        let mut deltas = TerrainDeltas::new(5);
        let mut oracle = BTreeMap::new();
        for (x, z, depth) in steps {
            let at = chunk(x, z);
            if depth == 0 {
                deltas.remove(at);
                oracle.remove(&at);
            } else if oracle.len() < 5 || oracle.contains_key(&at) {
                dig(&mut deltas, at, depth);
                oracle.insert(at, depth);
            } else {
                prop_assert!(deltas.entry(at).is_none());
            }
            let found: Vec<_> = deltas.iter().map(|(at, delta)| (at, delta[MIDDLE])).collect();
            let expected: Vec<_> = oracle.iter().map(|(at, depth)| (*at, *depth)).collect();
            prop_assert_eq!(found, expected);
            prop_assert_eq!(deltas.get(at).map(|delta| delta[MIDDLE]), oracle.get(&at).copied());
        }
        let mut copy = TerrainDeltas::new(5);
        dig(&mut copy, chunk(9, 9), 1);
        copy.copy_from(&deltas);
        prop_assert_eq!(&copy, &deltas);
        let bytes = image(&deltas);
        let mut read = TerrainDeltas::new(5);
        prop_assert_eq!(read.read(deltas.len(), &bytes), Some(&[][..]));
        prop_assert_eq!(read.first_impossible(4 * 64), None);
        prop_assert_eq!(&read, &deltas);
    }
}

#[test]
fn impossible_tables_are_refused() {
    let mut deltas = TerrainDeltas::new(4);
    dig(&mut deltas, chunk(0, 0), 1);
    dig(&mut deltas, chunk(1, 0), -1);
    let bytes = image(&deltas);
    let bad = |x, z| Err(Some(chunk(x, z)));
    assert_eq!(judged(2, 128, &bytes), Ok(0));
    assert_eq!(judged(10, 128, &[0; 10 * TerrainDeltas::BYTES_PER_CHUNK]), Err(None), "no room");
    assert_eq!(judged(usize::MAX, 128, &bytes), Err(None));
    assert_eq!(judged(2, 128, &bytes[..bytes.len() - 1]), Err(None), "cut off");
    assert_eq!(judged(2, 64, &bytes), bad(1, 0), "outside the field");
    let mut twice = bytes.clone();
    twice[4..8].fill(0);
    assert_eq!(judged(2, 128, &twice), bad(0, 0), "one chunk twice");
    let mut high = bytes.clone();
    high[8..10].copy_from_slice(&(DELTA_MAX + 1).to_le_bytes());
    assert_eq!(judged(2, 128, &high), bad(0, 0), "too high");
    let mut level = bytes;
    level[8 + 2 * MIDDLE..][..2].fill(0);
    assert_eq!(judged(2, 128, &level), bad(0, 0), "no difference");
}

/// Each vertex of a border belongs to two chunks, and a corner to four: a table that disagrees is refused.
#[test]
fn borders_must_agree() {
    let last = TERRAIN_CHUNK_SIDE - 1;
    let places = [(last, 7), (7, last), (last, last), (0, last), (last, 0)];
    for (column, row) in places {
        let mut deltas = TerrainDeltas::new(9);
        let mut holders = Vec::new();
        for z in 0..3_u16 {
            for x in 0..3_u16 {
                // The vertex, counted from the first of the middle chunk, seen from this chunk.
                let own = |at: usize, chunk: u16| {
                    (at + 64).checked_sub(64 * usize::from(chunk)).filter(|at| *at <= last)
                };
                if let (Some(column), Some(row)) = (own(column, x), own(row, z)) {
                    deltas.entry(chunk(x, z)).expect("there is room")[row * TERRAIN_CHUNK_SIDE + column] = 5;
                    holders.push(chunk(x, z));
                }
            }
        }
        assert!(holders.len() == 2 || holders.len() == 4);
        assert_eq!(judged(holders.len(), 192, &image(&deltas)), Ok(0));
        for torn in &holders {
            let mut less = deltas.clone();
            less.remove(*torn);
            let found = judged(less.len(), 192, &image(&less));
            assert!(matches!(found, Err(Some(_))), "without {torn:?}");
        }
    }
    // The border of the field has no other side; beyond it there is nothing.
    let mut deltas = TerrainDeltas::new(1);
    deltas.entry(chunk(0, 0)).expect("there is room")[last] = 5;
    assert_eq!(judged(1, 64, &image(&deltas)), Ok(0));
    assert_eq!(judged(1, 63, &image(&deltas)), Err(Some(chunk(0, 0))));
}
