//! Cells, and where they stand in the table.
//!
//! A cell is numbered by its column and line, both any integer; the table is one long row of cells in which the cell to
//! the east is the next one and the cell to the south is `stride` further on. Neighbouring columns of a line are
//! therefore neighbours in the table, without exceptions at the edges. When the ground that rows stand on fits, the table
//! covers just that. When it does not, places are taken modulo a power of two: far cells then share a place, and whoever looks has
//! to tell their rows apart ([`super::Guard`]).

use super::Extent;
use crate::numeric::lanes::Lanes;
use core::ops::Range;

/// Cell numbers are coordinates times a reciprocal with this many bits after the point.
const RECIPROCAL_BITS: u32 = 40;

/// Cells are not smaller (raw): with that, reciprocals fit 31 bits.
const CELL_MIN: i32 = 1 << 10;

/// Empty places behind a table, so that windows of two registers may be read from any place in it.
pub(super) const PAD: u32 = 2 * crate::numeric::lanes::MAX_WIDTH as u32 + 2;

/// A rectangular division of the plane and its place in the table.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::spatial) struct Lattice {
    per_x: i64,
    per_z: i64,
    column_origin: i32,
    line_origin: i32,
    /// Places from a cell to the one south of it.
    pub(in crate::spatial) stride: u32,
    /// What places are taken modulo, less one; all ones when the ground fits.
    mask: u32,
    /// Index of the first place in the table.
    pub(in crate::spatial) base: u32,
    /// Number of places.
    pub(in crate::spatial) cells: u32,
    /// How many columns away a neighbour can be; in lines it is one.
    pub(in crate::spatial) reach: u32,
    /// First and last column and line that rows can be in; only when the ground fits.
    bounds: Option<[i32; 4]>,
}

impl Lattice {
    /// A lattice whose neighbours at most `distance` (raw, above 0) apart are at most one line and `reach` columns apart.
    ///
    /// It covers the ground when that needs at most `most` places; otherwise it has `folded` places, a power of two.
    pub(super) fn new(
        ground: &Extent,
        distance: i32,
        reach: u32,
        most: u32,
        folded: u32,
        base: u32,
    ) -> Lattice {
        // Rounded down, so that cells are not smaller than they should be.
        let per = |width: i32| (1i64 << RECIPROCAL_BITS) / i64::from(width.max(CELL_MIN));
        let mut lattice = Lattice {
            per_x: per((distance - 1) / reach as i32 + 1),
            per_z: per(distance),
            reach,
            base,
            ..Lattice::default()
        };
        let columns = [lattice.column(ground.least[0]), lattice.column(ground.most[0])];
        let lines = [lattice.line(ground.least[2]), lattice.line(ground.most[2])];
        let stride = i64::from(columns[1]) - i64::from(columns[0]) + 1 + i64::from(reach);
        let cells = stride * (i64::from(lines[1]) - i64::from(lines[0]) + 3) + i64::from(2 * reach + PAD);
        if cells <= i64::from(most) {
            lattice.column_origin = columns[0] - reach as i32;
            lattice.line_origin = lines[0] - 1;
            lattice.stride = stride as u32;
            lattice.cells = cells as u32;
            lattice.mask = u32::MAX;
            lattice.bounds = Some([columns[0], columns[1], lines[0], lines[1]]);
        } else {
            lattice.stride = 1 << folded.trailing_zeros().div_ceil(2);
            lattice.cells = folded;
            lattice.mask = folded - 1;
        }
        lattice
    }

    /// Whether far cells share places.
    pub(super) fn is_folded(&self) -> bool {
        self.bounds.is_none()
    }

    #[inline(always)]
    fn column(&self, x: i32) -> i32 {
        ((i64::from(x) * self.per_x) >> RECIPROCAL_BITS) as i32
    }

    #[inline(always)]
    fn line(&self, z: i32) -> i32 {
        ((i64::from(z) * self.per_z) >> RECIPROCAL_BITS) as i32
    }

    /// The place, relative to [`Lattice::base`], of the cell of a point on the ground.
    #[inline(always)]
    pub(super) fn place(&self, x: i32, z: i32) -> u32 {
        self.place_of(self.column(x), self.line(z))
    }

    #[inline(always)]
    fn place_of(&self, column: i32, line: i32) -> u32 {
        let column = column.wrapping_sub(self.column_origin) as u32;
        let line = line.wrapping_sub(self.line_origin) as u32;
        (column.wrapping_add(line.wrapping_mul(self.stride)) & self.mask).min(self.cells - 1)
    }

    /// [`Lattice::place`] in lanes.
    #[inline(always)]
    pub(super) fn in_lanes<L: Lanes>(&self) -> LaneLattice<L> {
        LaneLattice {
            per_x: L::splat(self.per_x as i32),
            per_z: L::splat(self.per_z as i32),
            column_origin: L::splat(self.column_origin),
            line_origin: L::splat(self.line_origin),
            stride: L::splat(self.stride as i32),
            mask: L::splat(self.mask as i32),
            last: L::splat(self.cells as i32 - 1),
            odd: L::splat(0).sub(L::numbers().and(L::splat(1))),
        }
    }

    /// Sorted rows in `count` places from `from` on, which may be before the first place of a folded table. In a folded
    /// one these are up to two runs; the second is empty most of the time.
    #[inline(always)]
    pub(in crate::spatial) fn runs(&self, starts: &[i32], from: i32, count: u32) -> [Range<usize>; 2] {
        let from = from as u32 & self.mask;
        let whole = count.min(self.cells.saturating_sub(from));
        let run = |first: u32, count: u32| {
            let first = (self.base + first) as usize;
            starts[first] as usize..starts[first + count as usize] as usize
        };
        if whole == count { [run(from, count), 0..0] } else { [run(from, whole), run(0, count - whole)] }
    }

    /// The cells that touch the square of the given half side around a point, to be walked with [`Lattice::next_runs`].
    #[inline(always)]
    pub(in crate::spatial) fn around(&self, (x, z): (i32, i32), half_side: i32) -> Block {
        let (x, z) = (i64::from(x), i64::from(z));
        let number = |at: i64, per: i64| ((at * per) >> RECIPROCAL_BITS) as i32;
        let half_side = i64::from(half_side);
        let mut columns = [number(x - half_side, self.per_x), number(x + half_side, self.per_x)];
        let mut lines = [number(z - half_side, self.per_z), number(z + half_side, self.per_z)];
        if let Some([west, east, north, south]) = self.bounds {
            columns = [columns[0].max(west), columns[1].min(east)];
            lines = [lines[0].max(north), lines[1].min(south)];
        }
        if columns[0] > columns[1] {
            lines = [0, -1];
        }
        Block {
            column: columns[0],
            count: (columns[1] - columns[0] + 1) as u32,
            line: lines[0],
            last_line: lines[1],
        }
    }

    /// The runs of the next line of a block, if there is one. A loop over them needs no callback: callbacks are not
    /// always compiled for the lanes' instructions.
    #[inline(always)]
    pub(in crate::spatial) fn next_runs(
        &self,
        starts: &[i32],
        block: &mut Block,
    ) -> Option<[Range<usize>; 2]> {
        if block.line > block.last_line {
            return None;
        }
        let place = self.place_of(block.column, block.line);
        block.line += 1;
        Some(self.runs(starts, place as i32, block.count))
    }
}

/// The constants of a lattice in lanes.
pub(super) struct LaneLattice<L: Lanes> {
    per_x: L,
    per_z: L,
    column_origin: L,
    line_origin: L,
    stride: L,
    mask: L,
    last: L,
    /// All ones in the odd lanes.
    odd: L,
}

impl<L: Lanes> LaneLattice<L> {
    /// [`Lattice::place`] of many points.
    #[inline(always)]
    pub(super) fn place(&self, x: L, z: L) -> L {
        let column = self.number(x, self.per_x).sub(self.column_origin);
        let line = self.number(z, self.per_z).sub(self.line_origin);
        column.add(line.mul(self.stride)).and(self.mask).max(L::splat(0)).min(self.last)
    }

    /// The upper halves of the products, and from there the rest of the reciprocal's bits.
    #[inline(always)]
    fn number(&self, at: L, per: L) -> L {
        let even = at.mul_even_signed(per).shift_right64::<32>();
        let odd = at.shift_right64::<32>().mul_even_signed(per).and(self.odd);
        even.or(odd).shift_right::<{ RECIPROCAL_BITS - 32 }>()
    }
}

/// Some columns of some lines of cells.
#[derive(Clone, Copy, Debug)]
pub(in crate::spatial) struct Block {
    column: i32,
    count: u32,
    line: i32,
    last_line: i32,
}
