//! The tables of a state as a list: whatever is done to all of them alike (hash, images, saved states, differences) goes by
//! it. A new table is one line here, its columns in a file of its own, and a judgement of its rows (`judge.rs`).

use super::State;
use super::characters::{Characters, flags};
use super::column::ColumnInfo;
use super::effects::Effects;
use super::npcs::Npcs;
use super::objectives::{Objectives, Teams};
use super::projectiles::Projectiles;
use super::props::{Props, prop_flags};
use super::structures::Structures;
use super::terrain_deltas::TerrainDeltas;
use crate::limits::TERRAIN_CHUNK_VERTICES;
use crate::numeric::LaneChoice;

/// How many tables a state has.
pub const TABLES: usize = 8;

/// A number of rows for each table, in their order.
pub type TableRows = [usize; TABLES];

/// The tables' names.
pub const TABLE_NAMES: [&str; TABLES] =
    ["characters", "projectiles", "effects", "npcs", "structures", "objectives", "teams", "props"];

/// The tables' columns.
pub const TABLE_COLUMNS: [&[ColumnInfo]; TABLES] = [
    Characters::COLUMNS,
    Projectiles::COLUMNS,
    Effects::COLUMNS,
    Npcs::COLUMNS,
    Structures::COLUMNS,
    Objectives::COLUMNS,
    Teams::COLUMNS,
    Props::COLUMNS,
];

/// Bytes of a row of each table.
pub const ROW_BYTES: TableRows = [
    Characters::BYTES_PER_ROW,
    Projectiles::BYTES_PER_ROW,
    Effects::BYTES_PER_ROW,
    Npcs::BYTES_PER_ROW,
    Structures::BYTES_PER_ROW,
    Objectives::BYTES_PER_ROW,
    Teams::BYTES_PER_ROW,
    Props::BYTES_PER_ROW,
];

/// Calls a macro for each table: number, table, pool of its slots, the column that says whether a row is in use, and how.
macro_rules! for_tables {
    ($each:ident) => {
        $each!(0, characters, character_ids, flags, |bits: &u16| bits & flags::IN_USE != 0);
        $each!(1, projectiles, projectile_ids, alive, |alive: &u8| *alive != 0);
        $each!(2, effects, effect_ids, kind, |kind: &u8| *kind != 0);
        $each!(3, npcs, npc_ids, character_generation, |steers: &u32| *steers != 0);
        $each!(4, structures, structure_ids, flags, |bits: &u8| *bits != 0);
        $each!(5, objectives, objective_ids, flags, |bits: &u8| *bits != 0);
        $each!(6, teams, team_ids, in_use, |used: &u8| *used != 0);
        $each!(7, props, prop_ids, flags, |bits: &u8| *bits & prop_flags::IN_USE != 0);
    };
}
pub(crate) use for_tables;

/// Number of columns of all tables and of the terrain deltas.
pub const COLUMNS: usize = {
    let (mut sum, mut table) = (TerrainDeltas::COLUMNS.len(), 0);
    while table < TABLES {
        sum += TABLE_COLUMNS[table].len();
        table += 1;
    }
    sum
};

/// Which table column number `at` is of, and which of its columns it is; table [`TABLES`] are the terrain deltas.
const fn place_of(at: usize) -> (usize, usize) {
    let (mut rest, mut table) = (at, 0);
    while table < TABLES && rest >= TABLE_COLUMNS[table].len() {
        rest -= TABLE_COLUMNS[table].len();
        table += 1;
    }
    (table, rest)
}

/// Name and kind of column number `at`: those of the tables in their order, then the terrain deltas'.
///
/// # Panics
/// When there are not so many.
#[must_use]
pub const fn column(at: usize) -> &'static ColumnInfo {
    let (table, column) = place_of(at);
    if table < TABLES { &TABLE_COLUMNS[table][column] } else { &TerrainDeltas::COLUMNS[column] }
}

/// Cells of column number `at` in a state with so many rows of the tables and so many deformed chunks.
pub(crate) const fn cells_of(at: usize, rows: &TableRows, chunks: usize) -> usize {
    let (table, column) = place_of(at);
    match (table < TABLES, column) {
        (true, _) => rows[table],
        (false, 0) => chunks,
        (false, _) => chunks * TERRAIN_CHUNK_VERTICES,
    }
}

/// The numbers of the columns of each table. The terrain deltas' columns have different numbers of cells: each is a table
/// of its own here.
pub(crate) fn column_numbers() -> impl Iterator<Item = core::ops::Range<usize>> {
    let mut start = 0;
    let lengths = TABLE_COLUMNS.iter().map(|columns| columns.len());
    lengths.chain(TerrainDeltas::COLUMNS.iter().map(|_| 1)).map(move |length| {
        start += length;
        start - length..start
    })
}

/// Bytes of the columns of so many rows and deformed chunks; `None` when they have no number.
pub(crate) fn columns_bytes(rows: &TableRows, chunks: usize) -> Option<usize> {
    let terrain = chunks.checked_mul(TerrainDeltas::BYTES_PER_CHUNK)?;
    (0..TABLES).try_fold(terrain, |sum, table| sum.checked_add(rows[table].checked_mul(ROW_BYTES[table])?))
}

impl State {
    /// One past the last row ever used of each table: what is hashed and saved.
    #[must_use]
    pub(crate) fn rows(&self) -> TableRows {
        let mut rows = [0; TABLES];
        macro_rules! rows_of {
            ($at:expr, $table:ident, $ids:ident, $column:ident, $used:expr) => {
                rows[$at] = rows_ever_used(&self.$table.generation, self.$ids.end());
            };
        }
        for_tables!(rows_of);
        rows
    }

    /// The slots of each table, used or free.
    #[must_use]
    pub(crate) fn slots(&self) -> TableRows {
        let mut slots = [0; TABLES];
        macro_rules! slots_of {
            ($at:expr, $table:ident, $ids:ident, $column:ident, $used:expr) => {
                slots[$at] = self.$table.capacity();
            };
        }
        for_tables!(slots_of);
        slots
    }

    /// The slots in use, from the columns.
    pub(crate) fn rebuild_ids(&mut self, lanes: LaneChoice) {
        macro_rules! rebuild {
            ($at:expr, $table:ident, $ids:ident, $column:ident, $used:expr) => {
                self.$ids.rebuild(lanes, &self.$table.$column, $used);
            };
        }
        for_tables!(rebuild);
    }

    /// The slots in use, as another state of the same capacities has them.
    pub(crate) fn copy_ids(&mut self, from: &State) {
        macro_rules! copy {
            ($at:expr, $table:ident, $ids:ident, $column:ident, $used:expr) => {
                self.$ids.copy_from(&from.$ids);
            };
        }
        for_tables!(copy);
    }

    /// Fills the first rows of every table from the front of `bytes`, zeroes the others and returns what follows; `None`
    /// when the bytes end early. Slots in use are not touched.
    pub(crate) fn read_tables<'a>(&mut self, rows: &TableRows, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let mut rest = bytes;
        macro_rules! read {
            ($at:expr, $table:ident, $ids:ident, $column:ident, $used:expr) => {
                rest = self.$table.read_rows(rows[$at], rest)?;
                self.$table.zero_rows(rows[$at]..self.$table.capacity());
            };
        }
        for_tables!(read);
        Some(rest)
    }
}

/// One past the last row that was ever used, when rows below `at_least` were.
fn rows_ever_used(generations: &[u32], at_least: usize) -> usize {
    // Slots are handed out from below: behind the first row that never was used there is no other.
    at_least + generations[at_least..].iter().take_while(|generation| **generation != 0).count()
}
