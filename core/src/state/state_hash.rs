//! The hash of a state: one of 128 bits for each column, and one over all of them.
//!
//! A column's hash ([`crate::numeric::column_hash`]) covers its rows up to the last one that was ever used, and is named
//! by table, column and kind, so that two states can be compared column by column. The state's hash is the sum of the
//! columns' hashes, of the numbers of rows, of the tick and of the history of the last ticks, modulo 2^128. Which slots are in use follows from the columns
//! and needs no word of its own.
//!
//! Of freed rows behind the last one in use nothing is looked at but the generation: the rest of them is zero, and zeros
//! add nothing to a column's hash.

use super::State;
use super::column::{
    Cell, ColumnInfo, ColumnPairVisitor, ColumnVisitor, FNV_START, Here, Split, each_by_bytes, fnv,
};
pub use super::tables::{COLUMNS, column};
use super::tables::{TableRows, cells_of, for_tables};
use super::terrain_deltas::TerrainDeltas;
use crate::numeric::column_hash::{ColumnBytes, VECTOR_BYTES, hash_columns, sum_column};
use crate::numeric::{LaneChoice, StateHash, StateHasher, Tick};
use alloc::vec::Vec;

/// A number for the layout of the state: FNV-1a (64 bit) over the names and kinds of all columns in their order. Images
/// of another layout are refused.
pub const LAYOUT_FINGERPRINT: u64 = {
    let mut hash = FNV_START;
    let mut at = 0;
    while at < COLUMNS {
        let info = column(at);
        hash = fnv(fnv(fnv(hash, info.table), info.name), info.kind.name());
        at += 1;
    }
    hash
};

/// Words of the state's hash beside the columns: numbers that are never used again for something else.
mod part {
    pub(super) const TICK: u32 = 1;
    pub(super) const ROWS: u32 = 2;
}

/// [`ColumnInfo::key`] of every column.
const KEYS: [u64; COLUMNS] = {
    let mut keys = [0; COLUMNS];
    let mut at = 0;
    while at < COLUMNS {
        keys[at] = column(at).key();
        at += 1;
    }
    keys
};

/// The hash of every column of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnHashes {
    hashes: [StateHash; COLUMNS],
}

impl Default for ColumnHashes {
    fn default() -> Self {
        Self { hashes: [StateHash::EMPTY; COLUMNS] }
    }
}

impl ColumnHashes {
    /// Name, kind and hash of every column, in the order of [`column()`].
    pub fn iter(&self) -> impl Iterator<Item = (&'static ColumnInfo, StateHash)> + '_ {
        (0..COLUMNS).map(|at| (column(at), self.hashes[at]))
    }

    /// The columns whose hashes are not the other's.
    pub fn differing<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'static ColumnInfo> + 'a {
        (0..COLUMNS).filter(|at| self.hashes[*at] != other.hashes[*at]).map(column)
    }

    /// The hashes of columns that lie one after the other as in an image, with so many rows of the tables and so many
    /// deformed chunks.
    pub(crate) fn of_bytes(lanes: LaneChoice, columns: &[u8], rows: &TableRows, chunks: usize) -> Self {
        let (mut hashes, mut rest) = (Self::default(), columns);
        for (at, hash) in hashes.hashes.iter_mut().enumerate() {
            let cells = cells_of(at, rows, chunks);
            let bytes = cells * column(at).kind.bytes();
            let (own, after) = rest.split_at_checked(bytes).unwrap_or((rest, &[]));
            *hash = sum_column(lanes, own).finish(KEYS[at], cells as u64);
            rest = after;
        }
        hashes
    }

    /// The hash of the state that has these columns, and this history.
    #[must_use]
    pub(crate) fn state_hash(&self, tick: Tick, rows: &TableRows, history: StateHash) -> StateHash {
        let mut hasher = StateHasher::new();
        hasher.add(part::TICK, 0, tick.0);
        for (table, rows) in (0_u32..).zip(*rows) {
            hasher.add(part::ROWS, table, rows as u64);
        }
        self.hashes.iter().fold(hasher.finish() + history, |sum, hash| sum + *hash)
    }
}

impl State {
    /// The hash of every column, over the rows ever used.
    #[must_use]
    pub fn column_hashes(&self, work: (LaneChoice, impl Split)) -> ColumnHashes {
        let (mut columns, rows) = (Columns::new(), self.rows());
        macro_rules! add {
            ($at:expr, $table:ident, $ids:ident, $column:ident, $used:expr) => {
                columns.rows = Rows { ever_used: rows[$at], in_use: self.$ids.end() };
                self.$table.each_column(self.$table.capacity(), &mut columns);
            };
        }
        for_tables!(add);
        columns.add_terrain(&self.terrain);
        columns.hash(work)
    }

    /// The hash of the whole state: every bit of every column, the tick, and the history. `work` says in which lanes and
    /// on which threads, and changes nothing but the time.
    #[must_use]
    pub fn hash(&self, work: (LaneChoice, impl Split)) -> StateHash {
        self.column_hashes(work).state_hash(self.tick, &self.rows(), self.history.hash())
    }

    /// Copies the rows in use, and the generations of all rows ever used, into another state of the same capacities,
    /// hashing them on the way, with tick and slots in use. All else in `to` is left as it is.
    pub(crate) fn copy_and_hash(&self, work: (LaneChoice, impl Split), to: &mut State) -> ColumnHashes {
        let (mut columns, rows) = (Columns::new(), self.rows());
        macro_rules! add {
            ($at:expr, $table:ident, $ids:ident, $column:ident, $used:expr) => {
                columns.rows = Rows { ever_used: rows[$at], in_use: self.$ids.end() };
                self.$table.each_pair(&mut to.$table, &mut columns);
                to.$ids.copy_from(&self.$ids);
            };
        }
        for_tables!(add);
        // Seldom any, and never many.
        columns.add_terrain(&self.terrain);
        to.terrain.copy_from(&self.terrain);
        to.history.copy_from(&self.history);
        to.tick = self.tick;
        columns.hash(work)
    }

    /// Appends the rows ever used, column after column, little-endian; the hashes of what was written.
    pub(crate) fn write_and_hash(&self, lanes: LaneChoice, out: &mut Vec<u8>) -> ColumnHashes {
        let (mut write, rows) = (Write { out }, self.rows());
        macro_rules! write {
            ($at:expr, $table:ident, $ids:ident, $column:ident, $used:expr) => {
                self.$table.each_column(rows[$at], &mut write);
            };
        }
        for_tables!(write);
        self.terrain.each_column(&mut write);
        self.column_hashes((lanes, Here))
    }
}

/// How far the rows of a table go.
#[derive(Clone, Copy)]
pub(crate) struct Rows {
    /// One past the last row that was ever used.
    pub(crate) ever_used: usize,
    /// One past the last row in use: from here on only generations are not zero.
    pub(crate) in_use: usize,
}

impl Rows {
    /// The rows of a column that can hold anything but zeros.
    pub(crate) fn not_zero(&self, info: &ColumnInfo) -> usize {
        if info.outlives_rows { self.ever_used } else { self.in_use }
    }

    /// Those, and zeros behind them until a vector is full, where the table has so many rows: a vector that is cut off
    /// costs several times as much.
    fn whole_vectors<T: Cell>(&self, info: &ColumnInfo, capacity: usize) -> usize {
        self.not_zero(info).next_multiple_of(VECTOR_BYTES / size_of::<T>()).min(capacity)
    }
}

/// The columns of a state, gathered to be hashed in one go.
struct Columns<'a> {
    rows: Rows,
    at: usize,
    columns: [ColumnBytes<'a>; COLUMNS],
}

impl<'a> Columns<'a> {
    fn new() -> Self {
        let rows = Rows { ever_used: 0, in_use: 0 };
        Self { rows, at: 0, columns: core::array::from_fn(|_| ColumnBytes::default()) }
    }

    fn add<T: Cell>(&mut self, cells: usize, from: &'a [T], to: Option<&'a mut [T]>) {
        self.columns[self.at] = ColumnBytes {
            key: KEYS[self.at],
            cells,
            bytes: bytemuck::cast_slice(from),
            cell_bytes: size_of::<T>(),
            copy: to.map(bytemuck::cast_slice_mut),
        };
        self.at += 1;
    }

    fn add_terrain(&mut self, terrain: &'a TerrainDeltas) {
        terrain.each_column(&mut Whole(self));
    }

    fn hash(mut self, (lanes, split): (LaneChoice, impl Split)) -> ColumnHashes {
        debug_assert_eq!(self.at, COLUMNS);
        let mut hashes = ColumnHashes::default();
        if !split.is_parallel() {
            hash_columns(lanes, &mut self.columns, &mut hashes.hashes);
            return hashes;
        }
        let sizes: [usize; COLUMNS] = core::array::from_fn(|at| self.columns[at].bytes.len());
        let both = (&mut self.columns[..], &mut hashes.hashes[..]);
        each_by_bytes(split, both, &sizes, &|(columns, hashes): (
            &mut [ColumnBytes<'a>],
            &mut [StateHash],
        )| {
            hash_columns(lanes, columns, hashes);
        });
        hashes
    }
}

impl<'a> ColumnVisitor<'a> for Columns<'a> {
    fn column<T: Cell>(&mut self, info: &'static ColumnInfo, cells: &'a [T]) {
        let rows = self.rows.whole_vectors::<T>(info, cells.len());
        self.add(self.rows.ever_used, &cells[..rows], None);
    }
}

impl<'a> ColumnPairVisitor<'a> for Columns<'a> {
    fn column<T: Cell>(&mut self, info: &'static ColumnInfo, from: &'a [T], to: &'a mut [T]) {
        let rows = self.rows.whole_vectors::<T>(info, from.len());
        self.add(self.rows.ever_used, &from[..rows], Some(&mut to[..rows]));
    }
}

/// Columns that count all their cells.
struct Whole<'a, 'b>(&'a mut Columns<'b>);

impl<'b> ColumnVisitor<'b> for Whole<'_, 'b> {
    fn column<T: Cell>(&mut self, _info: &'static ColumnInfo, cells: &'b [T]) {
        self.0.add(cells.len(), cells, None);
    }
}

struct Write<'a> {
    out: &'a mut Vec<u8>,
}

impl<'b> ColumnVisitor<'b> for Write<'_> {
    fn column<T: Cell>(&mut self, _info: &'static ColumnInfo, cells: &'b [T]) {
        super::column::write_cells(cells, self.out);
    }
}

#[cfg(test)]
mod tests;
