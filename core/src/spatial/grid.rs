//! The uniform grid: rows sorted by cell, rebuilt each tick by a counting sort.
//!
//! The sort writes cell-ordered copies of the coordinates, so that neighbouring cells of one grid row are one
//! contiguous run, ready for SIMD. The order is canonical: cells by z, then by x, and inside a cell by row index. Rows
//! outside the grid's bounds count to the nearest border cell, and every query still finds them.
//!
//! Memory, all of it taken at construction: 4 bytes a cell and 32 bytes a row.

use crate::numeric::Metres;
use crate::numeric::lanes::MAX_WIDTH;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

/// The most cells a grid may have (16 MiB).
pub const MAX_CELLS: u64 = 1 << 22;

/// Reduced coordinates are raw ones shifted right by this: units of 1/1024 m, so that squares of neighbours' distances
/// fit 32 bits.
pub const REDUCED_SHIFT: u32 = 6;

/// Size and shape of a grid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GridConfig {
    /// The most rows that can be live at once.
    pub row_capacity: u32,
    /// The grid covers −half extent to +half extent in x and z.
    pub half_extent: Metres,
    /// Length of a cell's side: a power of two between 1/4 m and 64 m. Fastest near one row a cell where it is crowded.
    pub cell: Metres,
}

/// Why a grid cannot be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GridError {
    /// The cell is not a power of two between 1/4 m and 64 m.
    Cell(Metres),
    /// The half extent is not between one cell and 32000 m.
    HalfExtent(Metres),
    /// More than [`MAX_CELLS`] cells.
    TooManyCells(u64),
}

impl fmt::Display for GridError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GridError::Cell(cell) => {
                write!(f, "grid cell of {cell}: must be a power of two between 0.25 m and 64 m")
            }
            GridError::HalfExtent(half) => {
                write!(f, "grid half extent of {half}: must be from one cell to 32000 m")
            }
            GridError::TooManyCells(cells) => write!(f, "grid of {cells} cells: at most {MAX_CELLS}"),
        }
    }
}

impl core::error::Error for GridError {}

/// Rows in cell order.
#[derive(Clone, Debug)]
pub struct Grid {
    half_extent: i32,
    /// A cell's side is `1 << cell_shift` raw units.
    cell_shift: u32,
    /// Cells along each side.
    side: u32,
    /// `starts[cell]..starts[cell + 1]` are the sorted indices of a cell; one more place serves the sort.
    starts: Vec<u32>,
    /// The cell of each live row, in the order of the rows; scratch of the sort.
    cells: Vec<u32>,
    len: usize,
    rows: Vec<u32>,
    x: Vec<i32>,
    y: Vec<i32>,
    z: Vec<i32>,
    reduced_x: Vec<i32>,
    reduced_y: Vec<i32>,
    reduced_z: Vec<i32>,
}

impl Grid {
    /// An empty grid with room for `row_capacity` rows.
    ///
    /// # Errors
    /// [`GridError`] when the sizes are out of range; nothing is allocated then.
    pub fn new(config: &GridConfig) -> Result<Grid, GridError> {
        let cell = config.cell;
        let power_of_two = cell.0 > 0 && (cell.0 as u32).is_power_of_two();
        if !power_of_two || cell < Metres::from_mm(250) || cell > Metres::from_m(64) {
            return Err(GridError::Cell(cell));
        }
        if config.half_extent < cell || config.half_extent > Metres::from_m(32_000) {
            return Err(GridError::HalfExtent(config.half_extent));
        }
        let side = (2 * config.half_extent.0 as u64).div_ceil(cell.0 as u64);
        if side * side > MAX_CELLS {
            return Err(GridError::TooManyCells(side * side));
        }
        // Whole lanes may be read from any sorted index.
        let rows = config.row_capacity as usize + MAX_WIDTH;
        let column = || alloc::vec![0i32; rows];
        Ok(Grid {
            half_extent: config.half_extent.0,
            cell_shift: cell.0.trailing_zeros(),
            side: side as u32,
            starts: alloc::vec![0; (side * side) as usize + 2],
            cells: alloc::vec![0; config.row_capacity as usize],
            len: 0,
            rows: alloc::vec![0; rows],
            x: column(),
            y: column(),
            z: column(),
            reduced_x: column(),
            reduced_y: column(),
            reduced_z: column(),
        })
    }

    /// Sorts the live rows anew. The columns are indexed by row and hold raw Q16.16 metres. Allocates nothing.
    ///
    /// # Panics
    /// When there are more live rows than the capacity, the columns differ in length, or a live row is outside of them;
    /// and in debug builds, when the live rows do not ascend (the canonical order needs it).
    pub fn rebuild(&mut self, live_rows: &[u32], x: &[i32], y: &[i32], z: &[i32]) {
        assert!(live_rows.len() <= self.cells.len(), "more live rows than the grid's capacity");
        debug_assert!(live_rows.is_sorted_by(|a, b| a < b), "live rows must ascend");
        assert!(x.len() == y.len() && x.len() == z.len(), "columns of different lengths");
        self.len = live_rows.len();
        self.starts.fill(0);
        let (half_extent, shift, side) = (self.half_extent, self.cell_shift, self.side);
        let (y, z) = (&y[..x.len()], &z[..x.len()]);
        for (cell, &row) in self.cells.iter_mut().zip(live_rows) {
            let column = cell_along(x[row as usize], half_extent, shift);
            let line = cell_along(z[row as usize], half_extent, shift);
            *cell = line * side + column;
            self.starts[*cell as usize + 2] += 1;
        }
        let mut sum = 0;
        for start in &mut self.starts {
            sum += *start;
            *start = sum;
        }
        // Now starts[cell + 1] is where the cell begins; moving it along as rows are placed leaves it at the cell's end.
        // All slices of one length: one bounds check serves them all.
        let capacity = self.rows.len();
        let (sx, sy, sz) = (&mut self.x[..capacity], &mut self.y[..capacity], &mut self.z[..capacity]);
        let (rx, ry) = (&mut self.reduced_x[..capacity], &mut self.reduced_y[..capacity]);
        let rz = &mut self.reduced_z[..capacity];
        for (&cell, &row) in self.cells.iter().zip(live_rows) {
            let start = &mut self.starts[cell as usize + 1];
            let (from, to) = (row as usize, *start as usize);
            *start += 1;
            self.rows[to] = row;
            (sx[to], sy[to], sz[to]) = (x[from], y[from], z[from]);
            rx[to] = inside(x[from], half_extent) >> REDUCED_SHIFT;
            ry[to] = y[from] >> REDUCED_SHIFT;
            rz[to] = inside(z[from], half_extent) >> REDUCED_SHIFT;
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

    /// The rows in cell order; "sorted index" everywhere means an index into this.
    #[must_use]
    pub fn rows(&self) -> &[u32] {
        &self.rows[..self.len]
    }

    /// Raw coordinates in cell order: x, y, z.
    #[must_use]
    pub fn coordinates(&self) -> [&[i32]; 3] {
        [&self.x[..self.len], &self.y[..self.len], &self.z[..self.len]]
    }

    /// Length of a cell's side.
    #[must_use]
    pub fn cell(&self) -> Metres {
        Metres(1 << self.cell_shift)
    }

    /// The most rows that can be live at once.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.cells.len()
    }

    /// Reduced coordinates (x, y, z) in cell order, readable in whole lanes from every sorted index. x and z are
    /// brought inside the bounds first, so that neighbours in the grid are neighbours in space.
    pub(super) fn reduced(&self) -> [&[i32]; 3] {
        let end = self.len + MAX_WIDTH;
        [&self.reduced_x[..end], &self.reduced_y[..end], &self.reduced_z[..end]]
    }

    /// The column and the line of the cell that a sorted row is in.
    #[inline]
    pub(super) fn cell_of(&self, index: usize) -> (u32, u32) {
        (self.cell_along(self.x[index]), self.cell_along(self.z[index]))
    }

    /// The column or line of cells that a raw coordinate falls into.
    #[inline]
    pub(super) fn cell_along(&self, coordinate: i32) -> u32 {
        cell_along(coordinate, self.half_extent, self.cell_shift)
    }

    /// Cells along each side.
    pub(super) fn side(&self) -> u32 {
        self.side
    }

    /// Sorted indices of the cells `first..=last` of a line of cells.
    #[inline]
    pub(super) fn run(&self, line: u32, first: u32, last: u32) -> Range<usize> {
        let base = (line * self.side) as usize;
        let start = self.starts[base + first as usize] as usize;
        let end = self.starts[base + last as usize + 1] as usize;
        start..end
    }
}

/// The cell's number along one axis; coordinates outside fall into the border cells.
#[inline]
fn cell_along(coordinate: i32, half_extent: i32, shift: u32) -> u32 {
    (inside(coordinate, half_extent).wrapping_add(half_extent) as u32) >> shift
}

/// The nearest coordinate inside the bounds.
#[inline]
fn inside(coordinate: i32, half_extent: i32) -> i32 {
    coordinate.clamp(-half_extent, half_extent - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn config(half_m: i32, cell_mm: i32, row_capacity: u32) -> GridConfig {
        GridConfig { row_capacity, half_extent: Metres::from_m(half_m), cell: Metres::from_mm(cell_mm) }
    }

    #[test]
    fn sizes_out_of_range_are_refused() {
        let refuse = |half, cell| Grid::new(&config(half, cell, 8)).map(|g| g.side()).unwrap_err();
        assert_eq!(refuse(128, 3000), GridError::Cell(Metres::from_m(3)));
        assert_eq!(refuse(128, 0), GridError::Cell(Metres::ZERO));
        assert_eq!(refuse(128, 128_000), GridError::Cell(Metres::from_m(128)));
        assert_eq!(refuse(1, 2000), GridError::HalfExtent(Metres::from_m(1)));
        assert_eq!(refuse(-9, 2000), GridError::HalfExtent(Metres::from_m(-9)));
        assert_eq!(refuse(32_000, 1000), GridError::TooManyCells(64_000 * 64_000));
    }

    #[test]
    fn an_empty_grid_and_a_full_cell_work() {
        let mut grid = Grid::new(&config(16, 1000, 300)).expect("in range");
        grid.rebuild(&[], &[], &[], &[]);
        assert!(grid.is_empty());
        let rows: Vec<u32> = (0..300).collect();
        let same = alloc::vec![5; 300];
        grid.rebuild(&rows, &same, &same, &same);
        assert_eq!(grid.rows(), &rows[..]);
        let cell = grid.cell_along(5);
        assert_eq!(grid.run(cell, cell, cell), 0..300);
        assert_eq!(grid.run(0, 0, grid.side() - 1), 0..0);
    }

    proptest! {
        #[test]
        fn order_is_canonical_and_every_live_row_is_there_once(
            points in prop::collection::vec((-20_000i32..20_000, -20_000i32..20_000, any::<bool>()), 0..200),
            cell_shift in 14u32..19,
        ) {
            let half_extent = Metres::from_m(16);
            let cell = Metres(1 << cell_shift);
            let mut grid = Grid::new(&GridConfig { row_capacity: 200, half_extent, cell }).expect("in range");
            let raw = |mm: i32| Metres::from_mm(mm).0;
            let x: Vec<i32> = points.iter().map(|p| raw(p.0)).collect();
            let z: Vec<i32> = points.iter().map(|p| raw(p.1)).collect();
            let live: Vec<u32> = (0..points.len() as u32).filter(|&row| points[row as usize].2).collect();
            // The second rebuild must not see anything of the first.
            grid.rebuild(&(0..points.len() as u32).collect::<Vec<_>>(), &z, &x, &x);
            grid.rebuild(&live, &x, &z, &z);
            let mut expected = live.clone();
            let key = |row: u32| {
                let clamp = |raw: i32| (i64::from(raw).clamp(-(16 << 16), (16 << 16) - 1) + (16 << 16)) >> cell_shift;
                (clamp(z[row as usize]), clamp(x[row as usize]), row)
            };
            expected.sort_by_key(|&row| key(row));
            prop_assert_eq!(grid.rows(), &expected[..]);
            let [gx, gy, gz] = grid.coordinates();
            for (index, &row) in expected.iter().enumerate() {
                let row_index = row as usize;
                prop_assert_eq!((gx[index], gy[index], gz[index]), (x[row_index], z[row_index], z[row_index]));
                let (line, column, _) = key(row);
                prop_assert!(grid.run(line as u32, column as u32, column as u32).contains(&index));
            }
        }
    }
}
