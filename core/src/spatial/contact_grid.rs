//! The contact grid: who touches whom, built anew each tick for all moving rows.
//!
//! Rows are sorted by cell with a counting sort into packed columns that are read in whole lanes: a position is two `i16`
//! in 1/1024 m, taken modulo 64 m, which is exact for the difference of neighbours. Cells are as large as the contact
//! distance (half as wide): a row's neighbours are three contiguous runs of sorted rows.
//!
//! **Density.** The table of cells covers the ground between the outermost rows where that costs at most eight places for
//! each live row. Wider ground is folded onto a table of two or three places a row; rows that are far apart and share a
//! place are told apart by a coarser copy of the position, which is looked at only then. So a crowd in one corner of 60 km
//! costs what it costs anywhere.
//!
//! **Sizes.** Bodies have radii up to [`RADIUS_MAX`]. Seven eighths of all rows decide the size of the cells; larger
//! bodies are *big*: they stand in a second lattice of coarse cells, sorted behind all others, and only rows that meet a
//! big one pay for it.
//!
//! Which pairs are found does not depend on cells, tables, lanes or the order of rows.
//!
//! Not here: what touching means for anybody. Pushing apart is in [`super::separation`].

mod lattice;
mod lines;
mod pairs;
mod sort;

use super::record_sort::Slots;
use crate::numeric::Metres;
use crate::numeric::lanes::{LaneChoice, Lanes, MAX_WIDTH};
use crate::state::column::Here;
pub(super) use lattice::Lattice;
pub(super) use lines::Lines;
pub use pairs::{PairList, PairsFound};

/// The largest radius of a body; larger ones count as this.
pub const RADIUS_MAX: Metres = Metres::from_m(5);

/// Packed positions are raw ones shifted right by this: units of 1/1024 m.
pub(crate) const PACK_SHIFT: u32 = 6;

/// Heights of bodies that have feet and a top are packed in units of 1/64 m.
pub(super) const HEIGHT_SHIFT: u32 = 10;

/// Cells of the lattice of big bodies: two of the largest radii and a quarter of a metre.
const BIG_CELL: i32 = (10 << 16) + (1 << 14);

/// Places of the big bodies' table, at most.
const BIG_CELLS: u32 = 4096;

/// Columns of cells that a neighbour can be away: cells are half as wide as the contact distance.
const REACH: u32 = 1;

/// Rows that can be read behind the last one: two registers.
const ROW_PAD: usize = 2 * MAX_WIDTH;

/// Radii of bodies.
#[derive(Clone, Copy, Debug)]
pub enum Radii<'a> {
    /// The same for all.
    Same(Metres),
    /// Raw Q16.16 metres, indexed by row.
    Each(&'a [i32]),
}

/// Bodies to be sorted in. Columns are indexed by row and hold raw Q16.16 metres.
#[derive(Clone, Copy, Debug)]
pub struct Bodies<'a> {
    /// The rows that take part, ascending.
    pub live: &'a [u32],
    /// East.
    pub x: &'a [i32],
    /// Height of the centre.
    pub y: &'a [i32],
    /// South.
    pub z: &'a [i32],
    /// Radii, 0 to [`RADIUS_MAX`]; anything outside counts as the nearest of these.
    pub radii: Radii<'a>,
}

/// Rows in cell order, packed.
#[derive(Clone, Debug)]
pub struct ContactGrid {
    capacity: usize,
    /// First sorted row of each place; both lattices.
    pub(super) starts: Lines,
    /// Most places of the fine table.
    fine_places: u32,
    pub(super) fine: Lattice,
    pub(super) big: Lattice,
    pub(super) len: usize,
    /// Rows before this are in the fine lattice, the others are big.
    pub(super) fine_len: usize,
    /// Whether rows out of the packed positions' range of each other can meet.
    pub(super) guarded: bool,
    /// Heights differ by more than packed ones can tell: guards look at them, too.
    pub(super) too_tall: bool,
    /// Contact radius of every row when it is the same, in packed units.
    same_radius: Option<i32>,
    /// Largest radius of a fine row, raw.
    pub(super) fine_radius: i32,
    pub(super) moves: Moves,
    /// In cell order; packed positions, heights and places are here already before the sort, in the order of `live`.
    pub(super) sorted: Columns,
}

/// What the sort moves rows with.
#[derive(Clone, Debug)]
pub(super) struct Moves {
    /// Where each row is sorted to, in the order of `live`. Written only when wanted.
    pub(super) slots: Slots,
    /// x, y and z side by side, when the live rows are not.
    gathered: [Lines; 3],
    /// The rows in cell order.
    records: Lines,
}

/// What is packed of the heights.
pub(crate) enum Tall<Y> {
    /// The height itself, in units of the packed positions, in the low half.
    Centres,
    /// Feet in the low half and the negated top in the high half, in units of 1/64 m. All are as tall as this, raw.
    Same(i32),
    /// The same, each as tall as this says, by row.
    Each(Y),
}

/// Columns in cell order, each with room to read whole lanes behind the last row.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    /// The row.
    pub(super) id: Lines,
    /// x and z, packed.
    pub(super) xz: Lines,
    /// What the reader needs of the height; two halves.
    pub(super) y: Lines,
    /// The place in the table, base included.
    pub(super) place: Lines,
    /// x and z in units of 4 m. Written only when guarded.
    pub(super) far_xz: Lines,
    /// y in units of 4 m, in the low half. Written only when guarded and too tall.
    pub(super) far_y: Lines,
    /// Radius in packed units, or class. Written only when rows differ.
    pub(super) kind: Lines,
    /// Raw x and z. Written only when there are big rows.
    pub(super) raw: [Lines; 2],
}

/// Between what the rows are, raw: x, heights, z.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    pub(super) least: [i32; 3],
    pub(super) most: [i32; 3],
}

/// How a caller wants its rows sorted.
pub(super) struct Plan<R, Y, K> {
    /// Rows up to this radius (raw) are fine.
    pub(super) fine_radius: i32,
    /// Added to the contact distance when cells are laid out (raw): how far rows may move before the next sort.
    pub(super) margin: i32,
    /// Whether there are rows with a larger radius.
    pub(super) has_big: bool,
    /// Heights must differ by less than this (raw), or the guard is needed.
    pub(super) height_range: i64,
    /// Whether `kind` is wanted.
    pub(super) kinds: bool,
    /// Whether slots are wanted.
    pub(super) slots: bool,
    /// The radius of a row, raw.
    pub(super) radius: R,
    /// What is packed of the heights.
    pub(super) tall: Tall<Y>,
    /// The kind of a row.
    pub(super) kind: K,
}

impl ContactGrid {
    /// An empty grid with room for `row_capacity` rows.
    #[must_use]
    pub fn new(row_capacity: u32) -> ContactGrid {
        let rows = row_capacity as usize + ROW_PAD;
        let column = || Lines::new(rows);
        let fine_places = row_capacity.saturating_mul(8).clamp(1 << 15, 1 << 22).next_power_of_two();
        ContactGrid {
            capacity: row_capacity as usize,
            starts: Lines::new((fine_places + BIG_CELLS + 4 * lattice::PAD) as usize),
            fine_places,
            fine: Lattice::default(),
            big: Lattice::default(),
            len: 0,
            fine_len: 0,
            guarded: false,
            too_tall: false,
            same_radius: Some(0),
            fine_radius: 0,
            moves: Moves {
                slots: Slots::new(rows),
                gathered: [column(), column(), column()],
                records: Lines::new(4 * rows),
            },
            sorted: Columns {
                id: column(),
                xz: column(),
                y: column(),
                place: column(),
                far_xz: column(),
                far_y: column(),
                kind: column(),
                raw: [column(), column()],
            },
        }
    }

    /// How many rows are sorted in.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no row is sorted in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The most rows that can be live at once.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Sorts the bodies anew, for [`ContactGrid::pairs_into`]. Allocates nothing.
    ///
    /// # Panics
    /// When there are more live rows than the capacity, the columns differ in length, or a live row is outside of them.
    pub fn rebuild(&mut self, lanes: LaneChoice, bodies: &Bodies<'_>) {
        let y = bodies.y;
        // Nobody is asked.
        let tall: Tall<fn(usize) -> i32> = Tall::Centres;
        let height_range = (1 << 15) << PACK_SHIFT;
        match bodies.radii {
            Radii::Same(radius) => {
                let radius = radius.0.clamp(0, RADIUS_MAX.0);
                self.same_radius = Some(radius >> PACK_SHIFT);
                let plan = Plan {
                    fine_radius: radius,
                    margin: 0,
                    has_big: false,
                    height_range,
                    kinds: false,
                    slots: false,
                    radius: |_: usize| radius,
                    tall,
                    kind: |_: usize| 0,
                };
                self.sort(lanes, bodies.live, [bodies.x, y, bodies.z], &plan, Here);
            }
            Radii::Each(radii) => {
                assert_eq!(radii.len(), y.len(), "columns of different lengths");
                let radius = |row: usize| radii[row].clamp(0, RADIUS_MAX.0);
                let (fine_radius, has_big) = fine_radius(bodies.live.iter().map(|&row| radius(row as usize)));
                self.same_radius = None;
                let plan = Plan {
                    fine_radius,
                    margin: 0,
                    has_big,
                    height_range,
                    kinds: true,
                    slots: false,
                    radius,
                    tall,
                    kind: |row: usize| radius(row) >> PACK_SHIFT,
                };
                self.sort(lanes, bodies.live, [bodies.x, y, bodies.z], &plan, Here);
            }
        }
    }

    /// Chooses the tables.
    fn lay_out(&mut self, fine_radius: i32, margin: i32, has_big: bool, extent: &Extent) {
        let rows = self.len as u32;
        // Packed radii are rounded down, packed positions lose less than one unit.
        let distance = 2 * fine_radius + margin + (1 << PACK_SHIFT);
        let least = if has_big { 1 << 15 } else { 1 << 10 };
        let most = (8 * rows).clamp(1 << 12, self.fine_places);
        let fold = (3 * rows / 2).next_power_of_two().clamp(least, self.fine_places);
        self.fine = Lattice::new(extent, distance, REACH, most, fold, 0);
        let base = self.fine.cells + lattice::PAD;
        self.big = Lattice::new(extent, BIG_CELL, 1, BIG_CELLS, BIG_CELLS, base);
        if !has_big {
            self.big.cells = 1;
        }
    }

    /// Where a sorted row is, raw; only when there are big rows.
    #[inline(always)]
    pub(super) fn raw_position(&self, index: usize) -> (i32, i32) {
        (self.sorted.raw[0][index], self.sorted.raw[1][index])
    }

    /// Length of the used table.
    fn places(&self) -> usize {
        (self.big.base + self.big.cells + lattice::PAD).next_multiple_of(MAX_WIDTH as u32) as usize
    }
}

/// Coarse positions are raw ones shifted right by this: units of 4 m.
const FAR_SHIFT: u32 = 18;

/// The smallest of a few sizes that seven eighths of all radii do not exceed, and whether any exceeds it.
fn fine_radius(radii: impl Iterator<Item = i32>) -> (i32, bool) {
    const STEP: i32 = 1 << 14;
    const STEPS: usize = (RADIUS_MAX.0 / STEP) as usize;
    let mut counts = [0u32; STEPS + 1];
    let mut total = 0;
    for radius in radii {
        counts[((radius + STEP - 1) / STEP) as usize] += 1;
        total += 1;
    }
    let mut seen = 0;
    for (step, count) in counts.iter().enumerate() {
        seen += count;
        if seen >= total - total / 8 {
            return ((step as i32 * STEP).max(STEP), seen < total);
        }
    }
    (RADIUS_MAX.0, false)
}

/// Tells rows that are near from rows that only share a place: by coarse positions, whose squared distance is at most
/// 3·3² for neighbours and at least 12² for others (see [`Guard::NEAR`]).
#[derive(Clone, Copy)]
pub(super) struct Guard<L: Lanes> {
    xz: L,
    y: L,
    /// Whether heights count: on ground that is only wide, nobody pays for them.
    too_tall: bool,
}

impl<L: Lanes> Guard<L> {
    /// Between 27 and 144. Rows in contact are at most 11 m apart along each axis, 3 units. Rows whose packed positions
    /// look near though they are not are 64 m apart along an axis, less 11: at least 12 units.
    const NEAR: i32 = 64;

    /// For code without a guard.
    #[inline(always)]
    pub(super) fn none() -> Guard<L> {
        Guard { xz: L::splat(0), y: L::splat(0), too_tall: false }
    }

    #[inline(always)]
    pub(super) fn of(grid: &ContactGrid, index: usize) -> Guard<L> {
        let (sorted, too_tall) = (&grid.sorted, grid.too_tall);
        Guard { xz: L::splat(sorted.far_xz[index]), y: L::splat(sorted.far_y[index]), too_tall }
    }

    /// The guards of as many rows as there are lanes.
    #[inline(always)]
    pub(super) fn of_rows(grid: &ContactGrid, index: usize) -> Guard<L> {
        let (sorted, too_tall) = (&grid.sorted, grid.too_tall);
        Guard { xz: L::load_at(&sorted.far_xz, index), y: L::load_at(&sorted.far_y, index), too_tall }
    }

    /// Those of a register of rows that are near to this one.
    #[inline(always)]
    pub(super) fn near_at(&self, far_xz: &[i32], far_y: &[i32], at: usize) -> L::Mask {
        let y = if self.too_tall { L::load_at(far_y, at) } else { self.y };
        self.near(L::load_at(far_xz, at), y)
    }

    /// The two registers of rows side by side that [`Guard::near_in`] picks from.
    #[inline(always)]
    pub(super) fn window(&self, far_xz: &[i32], far_y: &[i32], at: usize) -> [(L, L); 2] {
        let two = |column: &[i32]| (L::load_at(column, at), L::load_at(column, at + L::WIDTH));
        let xz = two(far_xz);
        [xz, if self.too_tall { two(far_y) } else { xz }]
    }

    /// The rows near to this one, each lane's from a place of its own in a window.
    #[inline(always)]
    pub(super) fn near_in(&self, window: &[(L, L); 2], place: L) -> L::Mask {
        let [xz, y] = window;
        let y = if self.too_tall { y.0.permute2(y.1, place) } else { self.y };
        self.near(xz.0.permute2(xz.1, place), y)
    }

    #[inline(always)]
    fn near(&self, xz: L, y: L) -> L::Mask {
        let xz = self.xz.sub16(xz);
        let mut squared = xz.dot16(xz);
        if self.too_tall {
            let y = self.y.sub16(y);
            squared = squared.add(y.dot16(y));
        }
        L::splat(Self::NEAR).greater(squared)
    }
}

#[cfg(test)]
mod tests;
