//! The state's hash sees every bit of every column, names the column, and does not depend on how it is computed.

use super::super::StateCapacity;
use super::super::column::Here;
use super::*;
use crate::state::terrain_deltas::TerrainChunk;
use alloc::vec::Vec;

const ROOM: StateCapacity = StateCapacity {
    characters: 40,
    projectiles: 20,
    effects: 12,
    npcs: 10,
    terrain_delta_chunks: 2,
    history_ticks: 3,
    structures: 0,
    objectives: 0,
    teams: 0,
    props: 8,
};

fn state() -> State {
    let mut state = State::new(&ROOM);
    for _ in 0..33 {
        state.allocate_character().unwrap();
    }
    for _ in 0..17 {
        state.allocate_projectile().unwrap();
    }
    for kind in 1..=9 {
        let slot = state.allocate_effect().unwrap();
        state.effects.kind[slot as usize] = kind;
    }
    state.terrain.entry(TerrainChunk { z: 1, x: 2 }).unwrap()[77] = -5;
    state
}

/// Flips every bit of every column of all tables; the differing columns must be exactly that one.
#[test]
fn every_bit_changes_its_column_and_no_other() {
    let state = state();
    let (columns, hash) =
        (state.column_hashes((LaneChoice::default(), Here)), state.hash((LaneChoice::default(), Here)));
    let mut image = Vec::new();
    state.write_and_hash(LaneChoice::default(), &mut image);
    let rows = state.rows();
    let mut first_bit = 0;
    for at in 0..COLUMNS {
        let info = column(at);
        let cells = cells_of(at, &rows, 1);
        let bits = cells * info.kind.bytes() * 8;
        // Of the many vertices a few: they are of one kind.
        for bit in (first_bit..first_bit + bits).step_by(if cells > 1_000 { 97 } else { 1 }) {
            let mut bytes = image.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let mut other = state.clone();
            let rest = other.read_tables(&rows, &bytes).unwrap();
            assert_eq!(other.terrain.read(1, rest), Some(&[][..]));
            // The rows stay what they are: the pools are not touched.
            let hashes = other.column_hashes((LaneChoice::default(), Here));
            assert!(hashes.differing(&columns).eq([info]), "bit {bit}: {info:?}");
            assert_ne!(hashes.state_hash(other.tick, &rows, other.history.hash()), hash);
        }
        first_bit += bits;
    }
    assert_eq!(first_bit, image.len() * 8);
    let mut later = state.clone();
    later.tick = Tick(1);
    assert_ne!(later.hash((LaneChoice::default(), Here)), hash);
    assert_eq!(later.column_hashes((LaneChoice::default(), Here)), columns);
    later.tick = state.tick;
    later.history.record(&state.characters.view(), 33, 0, (LaneChoice::default(), Here));
    assert_ne!(later.hash((LaneChoice::default(), Here)), hash, "what was seen counts");
}

#[test]
fn copying_writing_and_lanes_give_the_same_hashes() {
    let mut state = state();
    for row in 0..33 {
        state.characters.position_x[row] = (row as i32 - 7) * 12_345_677;
    }
    let columns = state.column_hashes((LaneChoice::Scalar, Here));
    assert_eq!(state.column_hashes((LaneChoice::default(), Here)), columns);
    assert_eq!(state.write_and_hash(LaneChoice::default(), &mut Vec::new()), columns);
    let mut copy = State::new(&ROOM);
    assert_eq!(state.copy_and_hash((LaneChoice::default(), Here), &mut copy), columns);
    assert_eq!(copy.hash((LaneChoice::Scalar, Here)), state.hash((LaneChoice::default(), Here)));
}

#[test]
fn rows_that_never_were_used_do_not_count_and_free_ones_do() {
    let larger = StateCapacity { characters: 4_000, projectiles: 2_000, ..ROOM };
    let (small, mut large) = (State::new(&ROOM), State::new(&larger));
    assert_eq!(small.hash((LaneChoice::default(), Here)), large.hash((LaneChoice::default(), Here)));
    let id = large.allocate_character().unwrap();
    assert!(large.free_character(id));
    assert_ne!(small.hash((LaneChoice::default(), Here)), large.hash((LaneChoice::default(), Here)));
}

#[test]
fn columns_have_keys_of_their_own() {
    let keys: alloc::collections::BTreeSet<u64> = (0..COLUMNS).map(|at| column(at).key()).collect();
    assert_eq!(keys.len(), COLUMNS);
}
