//! The query grid: who stands in a disc, a cone, a swept disc, a box, and who stands nearest.
//!
//! Rows are sorted by cell once a tick ([`QueryGrid::rebuild`]); the cells of one line are one run of sorted rows. A
//! query walks the lines that its shape touches, takes the cells that lie wholly inside as they are, and tests the rest
//! in lanes. Answers are exact: the lanes work on shortened coordinates, and what is too near to the edge for those is
//! asked again in whole ones.
//!
//! The order of an answer is canonical, a function of the positions alone: lines by z, in them cells by x, in them by
//! row; then the rows that were set aside, by row. Rows outside the bounds count to the nearest border cell, and every
//! query still finds them. All queries look at the ground plane only.
//!
//! A cell is four times as deep (z) as it is wide (x): narrow cells cost nothing but their place in the table, while each
//! line costs every query that touches it.
//!
//! Not here: who may hit whom, heights, static obstacles, and when in a tick the grid is rebuilt. Pairs in contact have
//! an index of their own.

mod cone;
mod disc;
mod nearest;
mod order;
mod row_list;
mod search;
mod sinks;
mod sort;
mod sweep;
mod yaw_box;

pub use cone::Cone;
pub(crate) use cone::{ConeRegion, Opening};
pub use disc::Disc;
pub use nearest::NEAREST_MAX;
pub use row_list::RowList;
pub use search::Shape;
pub use sort::Presence;
pub use sweep::Sweep;
pub use yaw_box::YawBox;

use crate::numeric::lanes::{LaneChoice, MAX_WIDTH};
use crate::numeric::{Metres, Position};
use alloc::vec::Vec;
use core::fmt;

/// The most cells a grid may have (16 MiB).
pub const CELLS_MAX: u64 = 1 << 22;

/// Cells are this many bits deeper than wide.
const DEPTH_BITS: u32 = 2;

/// Smallest cell depth.
const DEPTH_MIN: Metres = Metres::ONE;

/// Largest cell depth.
const DEPTH_MAX: Metres = Metres::from_m(8_192);

/// Size and shape of a grid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QueryGridConfig {
    /// The most rows there can be.
    pub row_capacity: u32,
    /// The grid covers −half extent to +half extent in x and z, at most 32767 m.
    pub half_extent: Metres,
    /// How deep a cell is along z: a power of two between 1 m and 8192 m. Along x it is a quarter of that.
    pub cell_depth: Metres,
    /// Which lanes the searches run on.
    pub lanes: LaneChoice,
}

impl QueryGridConfig {
    /// Cells of 16 m by 4 m, doubled until there are at most 4096 or twice as many as rows: a rebuild clears every cell,
    /// so a small crowd on a large field must not pay for the field.
    #[must_use]
    pub fn fitting(half_extent: Metres, row_capacity: u32, lanes: LaneChoice) -> Self {
        let most = u64::from(row_capacity).saturating_mul(2).max(4_096);
        let mut cell_depth = Metres::from_m(16);
        while cell_depth < DEPTH_MAX && cell_count(half_extent, cell_depth) > most {
            cell_depth = cell_depth + cell_depth;
        }
        Self { row_capacity, half_extent, cell_depth, lanes }
    }
}

fn cells_along(half_extent: Metres, side: i64) -> u64 {
    (2 * i64::from(half_extent.0)).unsigned_abs().div_ceil(side.unsigned_abs().max(1))
}

fn cell_count(half_extent: Metres, depth: Metres) -> u64 {
    let depth = i64::from(depth.0);
    cells_along(half_extent, depth).saturating_mul(cells_along(half_extent, depth >> DEPTH_BITS))
}

/// Why a grid cannot be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QueryGridError {
    /// The cell's depth is not a power of two between 1 m and 8192 m.
    CellDepth(Metres),
    /// The half extent is not between 1 m and 32767 m.
    HalfExtent(Metres),
    /// More than [`CELLS_MAX`] cells.
    TooManyCells(u64),
}

impl fmt::Display for QueryGridError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CellDepth(depth) => {
                write!(f, "query grid cell of {depth}: must be a power of two between 1 m and 8192 m")
            }
            Self::HalfExtent(half) => {
                write!(f, "query grid half extent of {half}: must be from 1 m to 32767 m")
            }
            Self::TooManyCells(cells) => write!(f, "query grid of {cells} cells: at most {CELLS_MAX}"),
        }
    }
}

impl core::error::Error for QueryGridError {}

/// Which rows a query looks at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Who {
    /// Those that are present.
    Present,
    /// Those that are present, and then those set aside.
    Everyone,
}

/// Rows in cell order, ready to be searched.
///
/// Memory, all of it taken at construction: 4 bytes a cell and 36 bytes a row.
#[derive(Clone, Debug)]
pub struct QueryGrid {
    lanes: LaneChoice,
    half_extent: i32,
    /// A cell is `1 << column_shift` raw units wide.
    column_shift: u32,
    /// And `1 << line_shift` deep.
    line_shift: u32,
    columns: u32,
    lines: u32,
    /// `starts[cell]..starts[cell + 1]` are the sorted indices of a cell. Behind the cells come those set aside, then
    /// the absent; one more place serves the sort.
    starts: Vec<u32>,
    /// The cell of each row; scratch of the sort.
    keys: Vec<i32>,
    /// Rows in cells.
    present: usize,
    /// Rows set aside: sorted indices `present..present + aside`.
    aside: usize,
    /// Whether some row in a cell is outside the bounds.
    outside: bool,
    /// The rows as the sort moves them, four numbers each.
    records: Vec<i32>,
    /// Rows and their raw coordinates in cell order; whole lanes can be read from every sorted index.
    rows: Vec<i32>,
    x: Vec<i32>,
    z: Vec<i32>,
    /// The same, shortened by [`QueryGrid::short_shift`] and packed as a pair of 16 bits, x low. What is above those is
    /// lost: differences are right where they fit.
    short: Vec<i32>,
}

impl QueryGrid {
    /// An empty grid.
    ///
    /// # Errors
    /// [`QueryGridError`] when the sizes are out of range; nothing is allocated then.
    pub fn new(config: &QueryGridConfig) -> Result<Self, QueryGridError> {
        let (depth, half_extent) = (config.cell_depth, config.half_extent);
        if depth < DEPTH_MIN || depth > DEPTH_MAX || !depth.0.unsigned_abs().is_power_of_two() {
            return Err(QueryGridError::CellDepth(depth));
        }
        if half_extent < Metres::ONE || half_extent > Metres::from_m(32_767) {
            return Err(QueryGridError::HalfExtent(half_extent));
        }
        let cells = cell_count(half_extent, depth);
        if cells > CELLS_MAX {
            return Err(QueryGridError::TooManyCells(cells));
        }
        let line_shift = depth.0.trailing_zeros();
        let column_shift = line_shift - DEPTH_BITS;
        let capacity = config.row_capacity as usize;
        let column = || alloc::vec![0_i32; capacity + MAX_WIDTH];
        Ok(Self {
            lanes: config.lanes,
            half_extent: half_extent.0,
            column_shift,
            line_shift,
            columns: cells_along(half_extent, 1 << column_shift) as u32,
            lines: cells_along(half_extent, 1 << line_shift) as u32,
            starts: alloc::vec![0; (cells as usize + 4).next_multiple_of(MAX_WIDTH)],
            keys: alloc::vec![0; capacity],
            records: alloc::vec![0; 4 * capacity],
            present: 0,
            aside: 0,
            outside: false,
            rows: column(),
            x: column(),
            z: column(),
            short: column(),
        })
    }

    /// How many rows are present.
    #[must_use]
    pub fn len(&self) -> usize {
        self.present
    }

    /// Whether no row is present.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.present == 0
    }

    /// The present rows in canonical order.
    #[must_use]
    pub fn rows(&self) -> &[u32] {
        bytemuck::cast_slice(&self.rows[..self.present])
    }

    /// The rows set aside, ascending.
    #[must_use]
    pub fn aside(&self) -> &[u32] {
        bytemuck::cast_slice(&self.rows[self.present..self.present + self.aside])
    }

    /// Raw x and z of a sorted index: of `rows()[index]`, and behind those of `aside()`.
    #[must_use]
    pub fn coordinates(&self, index: usize) -> (i32, i32) {
        (self.x[index], self.z[index])
    }

    /// Raw x and z of all present rows, in canonical order.
    pub(crate) fn present_coordinates(&self) -> (&[i32], &[i32]) {
        (&self.x[..self.present], &self.z[..self.present])
    }

    /// The most rows there can be.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.keys.len()
    }

    /// How many cells the table has.
    #[must_use]
    pub fn cells(&self) -> usize {
        self.columns as usize * self.lines as usize
    }

    /// How deep a cell is along z; along x it is a quarter of that.
    #[must_use]
    pub fn cell_depth(&self) -> Metres {
        Metres(1 << self.line_shift)
    }

    /// Calls `visit` with every row inside the shape, in canonical order.
    pub fn for_each(&self, who: Who, shape: &impl Shape, visit: impl FnMut(u32)) {
        search::run(self, who, shape, sinks::Visit::new(visit)).flush();
    }

    /// Replaces the list by the rows inside the shape, in canonical order. Allocates only while the list has less room
    /// than this grid's capacity.
    pub fn collect(&self, who: Who, shape: &impl Shape, out: &mut RowList) {
        let places = out.places(self.capacity());
        let sink = search::run(self, who, shape, sinks::Collect { out: places, len: 0 });
        let len = sink.len;
        out.set_len(len);
    }

    /// How many rows are inside the shape.
    #[must_use]
    pub fn count(&self, who: Who, shape: &impl Shape) -> usize {
        search::run(self, who, shape, sinks::Count(0)).0
    }

    /// Sets the bits of the rows inside the shape: bit `row % 64` of word `row / 64`. Other bits stay as they are.
    ///
    /// # Panics
    /// When `words` is too short for a row that is found.
    pub fn mark(&self, who: Who, shape: &impl Shape, words: &mut [u64]) {
        self.for_each(who, shape, |row| words[row as usize / 64] |= 1 << (row % 64));
    }

    /// Calls `visit` with every present row whose centre is within `radius` of (x, z), the limit included. A negative
    /// radius finds nothing.
    pub fn for_each_in_radius(&self, x: Metres, z: Metres, radius: Metres, visit: impl FnMut(u32)) {
        self.for_each(Who::Present, &Disc { x, z, radius }, visit);
    }

    /// Calls `visit` with every present row whose centre is inside the cone.
    pub fn for_each_in_cone(&self, cone: &Cone, visit: impl FnMut(u32)) {
        self.for_each(Who::Present, cone, visit);
    }

    /// Calls `visit` with every present row whose centre is within `radius` of the segment between two points, seen from
    /// above, the limit included: what a swept disc of this radius touches. A negative radius finds nothing.
    pub fn for_each_near_segment(
        &self,
        from: Position,
        to: Position,
        radius: Metres,
        visit: impl FnMut(u32),
    ) {
        self.for_each(Who::Present, &Sweep { from, to, radius }, visit);
    }

    /// Raw units in a short one, as a power of two: a difference of 16 cells' depth fits 16 bits.
    #[inline(always)]
    const fn short_shift(&self) -> u32 {
        self.line_shift - 11
    }

    /// A raw point as `short` has it.
    #[inline(always)]
    const fn shortened(&self, x: i32, z: i32) -> i32 {
        let shift = self.short_shift();
        ((x >> shift) & 0xFFFF) | (z >> shift) << 16
    }

    /// The column of cells that a raw x falls into; outside the bounds the border's.
    #[inline(always)]
    fn column_of(&self, x: i64) -> u32 {
        (self.offset_of(x) >> self.column_shift) as u32
    }

    /// The line of cells that a raw z falls into; outside the bounds the border's.
    #[inline(always)]
    fn line_of(&self, z: i64) -> u32 {
        (self.offset_of(z) >> self.line_shift) as u32
    }

    /// Raw units from the low border to the nearest coordinate inside the bounds.
    #[inline(always)]
    fn offset_of(&self, coordinate: i64) -> i64 {
        let half = i64::from(self.half_extent);
        (coordinate + half).clamp(0, 2 * half - 1)
    }
}

#[cfg(test)]
mod tests;
