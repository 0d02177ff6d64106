//! A state kept in memory: what rollback, prediction and tools go back to. Trusted, unlike an image of bytes: it never
//! leaves the process and is taken back without a look at its rows.
//!
//! Saving copies the rows in use, column by column, and hashes each block of a column while it is near, so that the hash
//! costs little more than the copy. Memory is taken by the first save into a [`SavedState`]; after that, saving and
//! loading worlds of the same capacities allocate nothing.

use super::State;
use super::column::{Cell, ColumnInfo, ColumnPairVisitor, Split, each_by_bytes};
use super::snapshot::SnapshotError;
use super::state_hash::{ColumnHashes, Rows};
use super::tables::{COLUMNS, TABLES, TableRows, for_tables};
use super::terrain_deltas::TerrainDeltas;
use crate::numeric::{LaneChoice, StateHash, Tick};

/// A saved state. Empty until a world is saved into it.
#[derive(Clone, Debug, Default)]
pub struct SavedState {
    kept: Option<Kept>,
}

#[derive(Clone, Debug)]
struct Kept {
    /// Of the world's configuration and scenery.
    fingerprint: u64,
    rows: TableRows,
    columns: ColumnHashes,
    hash: StateHash,
    /// Rows that are not in use hold what earlier saves left, but for the generations of `rows`.
    state: State,
}

impl SavedState {
    /// Nothing saved.
    #[must_use]
    pub const fn new() -> Self {
        Self { kept: None }
    }

    /// The next tick of the saved world; `None` when nothing is saved.
    #[must_use]
    pub fn tick(&self) -> Option<Tick> {
        self.kept.as_ref().map(|kept| kept.state.tick)
    }

    /// The hash of the saved world; `None` when nothing is saved.
    #[must_use]
    pub fn hash(&self) -> Option<StateHash> {
        self.kept.as_ref().map(|kept| kept.hash)
    }

    /// The hashes of the saved world's columns; `None` when nothing is saved.
    #[must_use]
    pub fn column_hashes(&self) -> Option<&ColumnHashes> {
        self.kept.as_ref().map(|kept| &kept.columns)
    }

    pub(crate) fn save(
        &mut self,
        state: &State,
        fingerprint: u64,
        work: (LaneChoice, impl Split),
    ) -> StateHash {
        let fits = |kept: &Kept| kept.state.capacity() == state.capacity();
        let kept = match self.kept.take().filter(fits) {
            Some(kept) => self.kept.insert(kept),
            None => self.kept.insert(Kept {
                fingerprint,
                rows: [0; TABLES],
                columns: ColumnHashes::default(),
                hash: StateHash::EMPTY,
                state: State::new(&state.capacity()),
            }),
        };
        kept.fingerprint = fingerprint;
        kept.rows = state.rows();
        kept.columns = state.copy_and_hash(work, &mut kept.state);
        kept.hash = kept.columns.state_hash(state.tick, &kept.rows, state.history.hash());
        kept.hash
    }

    /// Puts the saved state in the place of another. `ground_changes` is told the deltas of both before that.
    pub(crate) fn load(
        &self,
        state: &mut State,
        fingerprint: u64,
        split: impl Split,
        ground_changes: impl FnOnce(&TerrainDeltas, &TerrainDeltas),
    ) -> Result<(), SnapshotError> {
        let kept = self.kept.as_ref().ok_or(SnapshotError::NothingSaved)?;
        if kept.fingerprint != fingerprint {
            return Err(SnapshotError::OtherConfiguration { image: kept.fingerprint, world: fingerprint });
        }
        let from = &kept.state;
        if split.is_parallel() {
            let mut columns: [LoadColumn<'_>; COLUMNS] = core::array::from_fn(|_| LoadColumn::default());
            let mut places = columns.iter_mut();
            kept.each_column(state, |column| {
                if let Some(place) = places.next() {
                    *place = column;
                }
            });
            let sizes: [usize; COLUMNS] = core::array::from_fn(|at| columns[at].to.len());
            each_by_bytes(split, &mut columns[..], &sizes, &|columns: &mut [LoadColumn<'_>]| {
                columns.iter_mut().for_each(LoadColumn::load);
            });
        } else {
            kept.each_column(state, |mut column| column.load());
        }
        ground_changes(&state.terrain, &from.terrain);
        state.terrain.copy_from(&from.terrain);
        state.history.copy_from(&from.history);
        state.tick = from.tick;
        state.copy_ids(from);
        Ok(())
    }
}

impl Kept {
    /// Shows every column of the tables beside that of a state which it is to replace.
    fn each_column<'a>(&'a self, state: &'a mut State, each: impl FnMut(LoadColumn<'a>)) {
        let (from, old_rows) = (&self.state, state.rows());
        let none = Rows { ever_used: 0, in_use: 0 };
        let mut load = EachLoad { rows: none, old: none, each };
        macro_rules! load {
            ($at:expr, $table:ident, $ids:ident, $column:ident, $used:expr) => {
                load.rows = Rows { ever_used: self.rows[$at], in_use: from.$ids.end() };
                load.old = Rows { ever_used: old_rows[$at], in_use: state.$ids.end() };
                from.$table.each_pair(&mut state.$table, &mut load);
            };
        }
        for_tables!(load);
    }
}

/// What is saved of a column, and where it goes.
#[derive(Default)]
struct LoadColumn<'a> {
    from: &'a [u8],
    /// Longer where the later state used more rows.
    to: &'a mut [u8],
}

impl LoadColumn<'_> {
    /// Copies the saved rows and clears those that only the later state used.
    fn load(&mut self) {
        let (rows, later) = self.to.split_at_mut(self.from.len());
        rows.copy_from_slice(self.from);
        if !later.is_empty() {
            later.fill(0);
        }
    }
}

/// Shows columns as what there is to load of them.
struct EachLoad<F> {
    rows: Rows,
    /// Of the state that is overwritten.
    old: Rows,
    each: F,
}

impl<'a, F: FnMut(LoadColumn<'a>)> ColumnPairVisitor<'a> for EachLoad<F> {
    fn column<T: Cell>(&mut self, info: &'static ColumnInfo, from: &'a [T], to: &'a mut [T]) {
        let (rows, old) = (self.rows.not_zero(info), self.old.not_zero(info));
        let (from, to) = (bytemuck::cast_slice(&from[..rows]), &mut to[..rows.max(old)]);
        (self.each)(LoadColumn { from, to: bytemuck::cast_slice_mut(to) });
    }
}
