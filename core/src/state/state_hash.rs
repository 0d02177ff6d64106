//! The hash of a state: one of 128 bits for each column, and one over all of them.
//!
//! A column's hash ([`crate::numeric::column_hash`]) covers its rows up to the last one that was ever used, and is named
//! by table, column and kind, so that two states can be compared column by column. The state's hash is the
//! [`StateHasher`]'s sum over the columns' hashes, the numbers of rows and the tick. Which slots are in use follows from
//! the columns and needs no word of its own.

use super::State;
use super::characters::Characters;
use super::column::{Cell, ColumnInfo, ColumnPairVisitor, ColumnVisitor, FNV_START, fnv, to_little_endian};
use super::projectiles::Projectiles;
use super::terrain_deltas::TerrainDeltas;
use crate::limits::TERRAIN_CHUNK_VERTICES;
use crate::numeric::column_hash::{BLOCK_BYTES, ColumnSum, sum_and_copy_column, sum_column};
use crate::numeric::{LaneChoice, StateHash, StateHasher, Tick};
use alloc::vec::Vec;

/// Number of columns of all tables.
pub const COLUMNS: usize =
    Characters::COLUMNS.len() + Projectiles::COLUMNS.len() + TerrainDeltas::COLUMNS.len();

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

/// Words of the state's hash: numbers that are never used again for something else.
mod part {
    pub(super) const TICK: u32 = 1;
    pub(super) const ROWS: u32 = 2;
    /// And on: one for each column.
    pub(super) const COLUMNS: u32 = 16;
}

/// Name and kind of column number `at`: the characters' columns, then the projectiles', then the terrain deltas'.
///
/// # Panics
/// When there are not so many.
#[must_use]
pub const fn column(at: usize) -> &'static ColumnInfo {
    let (characters, projectiles) = (Characters::COLUMNS.len(), Projectiles::COLUMNS.len());
    if at < characters {
        &Characters::COLUMNS[at]
    } else if at < characters + projectiles {
        &Projectiles::COLUMNS[at - characters]
    } else {
        &TerrainDeltas::COLUMNS[at - characters - projectiles]
    }
}

/// Cells of column number `at` in a state with so many rows of the tables and so many deformed chunks.
pub(crate) const fn cells_of(at: usize, rows: [usize; 2], chunks: usize) -> usize {
    let (characters, projectiles) = (Characters::COLUMNS.len(), Projectiles::COLUMNS.len());
    if at < characters {
        rows[0]
    } else if at < characters + projectiles {
        rows[1]
    } else if at == characters + projectiles {
        chunks
    } else {
        chunks * TERRAIN_CHUNK_VERTICES
    }
}

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
    pub(crate) fn of_bytes(lanes: LaneChoice, columns: &[u8], rows: [usize; 2], chunks: usize) -> Self {
        let (mut hashes, mut rest) = (Self::default(), columns);
        for (at, hash) in hashes.hashes.iter_mut().enumerate() {
            let (info, cells) = (column(at), cells_of(at, rows, chunks));
            let (own, after) = rest.split_at_checked(cells * info.kind.bytes()).unwrap_or((rest, &[]));
            *hash = sum_column(lanes, own).finish(info.key(), cells as u64);
            rest = after;
        }
        hashes
    }

    /// The hash of the state that has these columns.
    #[must_use]
    pub(crate) fn state_hash(&self, tick: Tick, rows: [usize; 2]) -> StateHash {
        let mut hasher = StateHasher::new();
        hasher.add(part::TICK, 0, tick.0);
        for (table, rows) in (0_u32..).zip(rows) {
            hasher.add(part::ROWS, table, rows as u64);
        }
        for (number, hash) in (part::COLUMNS..).zip(self.hashes) {
            hasher.add_word(number, 0, hash.0 as u64);
            hasher.add_word(number, 1, (hash.0 >> 64) as u64);
        }
        hasher.finish()
    }
}

impl State {
    /// The hash of every column, over the rows ever used.
    #[must_use]
    pub fn column_hashes(&self, lanes: LaneChoice) -> ColumnHashes {
        let mut visitor = Hash { lanes, at: 0, hashes: ColumnHashes::default() };
        self.characters.each_column(self.character_rows(), &mut visitor);
        self.projectiles.each_column(self.projectile_rows(), &mut visitor);
        self.terrain.each_column(&mut visitor);
        visitor.hashes
    }

    /// The hash of the whole state: every bit of every column, and the tick. `lanes` changes nothing but the time.
    #[must_use]
    pub fn hash(&self, lanes: LaneChoice) -> StateHash {
        self.column_hashes(lanes).state_hash(self.tick, self.rows())
    }

    /// Copies the rows ever used into another state of the same capacities, hashing them on the way, with tick and slots
    /// in use. Rows of `to` beyond those are left as they are.
    pub(crate) fn copy_and_hash(&self, lanes: LaneChoice, to: &mut State) -> ColumnHashes {
        let hashes = ColumnHashes::default();
        let mut visitor = CopyAndHash { lanes, rows: self.character_rows(), at: 0, hashes };
        self.characters.each_pair(&mut to.characters, &mut visitor);
        visitor.rows = self.projectile_rows();
        self.projectiles.each_pair(&mut to.projectiles, &mut visitor);
        // Seldom any, and never many: hashed on their own.
        let mut terrain = Hash { lanes, at: visitor.at, hashes: visitor.hashes };
        self.terrain.each_column(&mut terrain);
        to.terrain.copy_from(&self.terrain);
        to.tick = self.tick;
        to.character_ids.copy_from(&self.character_ids);
        to.projectile_ids.copy_from(&self.projectile_ids);
        terrain.hashes
    }

    /// Appends the rows ever used, column after column, little-endian, hashing them on the way.
    pub(crate) fn write_and_hash(&self, lanes: LaneChoice, out: &mut Vec<u8>) -> ColumnHashes {
        let mut visitor = WriteAndHash { out, hash: Hash { lanes, at: 0, hashes: ColumnHashes::default() } };
        self.characters.each_column(self.character_rows(), &mut visitor);
        self.projectiles.each_column(self.projectile_rows(), &mut visitor);
        self.terrain.each_column(&mut visitor);
        visitor.hash.hashes
    }
}

/// The sums of a column as it is in memory.
fn sum_cells<T: Cell>(lanes: LaneChoice, cells: &[T]) -> ColumnSum {
    let bytes: &[u8] = bytemuck::cast_slice(cells);
    if cfg!(target_endian = "little") {
        return sum_column(lanes, bytes);
    }
    let mut sum = ColumnSum::new();
    let mut turned = [0; BLOCK_BYTES];
    for (number, block) in (0..).zip(bytes.chunks(BLOCK_BYTES)) {
        let turned = &mut turned[..block.len()];
        turned.copy_from_slice(block);
        to_little_endian::<T>(turned);
        sum.add_block(number, turned);
    }
    sum
}

struct Hash {
    lanes: LaneChoice,
    at: usize,
    hashes: ColumnHashes,
}

impl Hash {
    fn put(&mut self, info: &ColumnInfo, sum: &ColumnSum, cells: usize) {
        self.hashes.hashes[self.at] = sum.finish(info.key(), cells as u64);
        self.at += 1;
    }
}

impl ColumnVisitor for Hash {
    fn column<T: Cell>(&mut self, info: &'static ColumnInfo, cells: &[T]) {
        let sum = sum_cells(self.lanes, cells);
        self.put(info, &sum, cells.len());
    }
}

struct CopyAndHash {
    lanes: LaneChoice,
    rows: usize,
    at: usize,
    hashes: ColumnHashes,
}

impl ColumnPairVisitor for CopyAndHash {
    fn column<T: Cell>(&mut self, info: &'static ColumnInfo, from: &[T], to: &mut [T]) {
        let (from, to) = (&from[..self.rows], &mut to[..self.rows]);
        let sum = if cfg!(target_endian = "little") {
            sum_and_copy_column(self.lanes, bytemuck::cast_slice(from), bytemuck::cast_slice_mut(to))
        } else {
            to.copy_from_slice(from);
            sum_cells(self.lanes, from)
        };
        self.hashes.hashes[self.at] = sum.finish(info.key(), self.rows as u64);
        self.at += 1;
    }
}

struct WriteAndHash<'a> {
    out: &'a mut Vec<u8>,
    hash: Hash,
}

impl ColumnVisitor for WriteAndHash<'_> {
    fn column<T: Cell>(&mut self, info: &'static ColumnInfo, cells: &[T]) {
        // Small enough to be near when it is hashed after the copy.
        let start = self.out.len();
        super::column::write_cells(cells, self.out);
        let sum = sum_column(self.hash.lanes, &self.out[start..]);
        self.hash.put(info, &sum, cells.len());
    }
}

#[cfg(test)]
mod tests;
