//! The loops of the pass, generic over the lanes.
//!
//! Rows of one cell have the same neighbouring cells. Their rows are copied side by side once, and then every row of the
//! cell runs over the copy without a branch. Where a neighbourhood is large, its rows are read where they are. Both ways add the same integers.

use super::{Separation, Sums};
use crate::numeric::lanes::{LaneMask, LaneTask, Lanes, MAX_WIDTH};
use crate::spatial::grid::{Grid, REDUCED_SHIFT};
use core::ops::Range;

/// One call of [`Separation::pass`]; the outputs are as long as the range.
pub(super) struct Pass<'a> {
    pub(super) separation: &'a Separation,
    pub(super) grid: &'a Grid,
    pub(super) range: Range<usize>,
    pub(super) push_x: &'a mut [i32],
    pub(super) push_z: &'a mut [i32],
}

impl LaneTask for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Pass { separation, grid, range, push_x, push_z } = self;
        let mut nearby = Neighbourhood::new();
        let mut index = range.start;
        while index < range.end {
            let (column, line) = grid.cell_of(index);
            let cell_end = grid.run(line, column, column).end.min(range.end);
            let copied = nearby.copy::<L>(grid, column, line, separation.reach_in_cells(grid));
            let here = index - range.start..cell_end - range.start;
            let outputs = push_x[here.clone()].iter_mut().zip(&mut push_z[here]);
            for (row, (x, z)) in (index..cell_end).zip(outputs) {
                (*x, *z) = if copied {
                    separation.push_from_copy::<L>(grid, row, &nearby)
                } else {
                    separation.push_in_place::<L>(grid, row)
                };
            }
            index = cell_end;
        }
    }
}

/// Rows a copied neighbourhood may have, and two blocks more. Larger ones are mostly out of reach: reading only the
/// cells that each row can touch is faster there.
const NEARBY_ROWS: usize = 64 + 2 * MAX_WIDTH;

/// Reduced coordinates of all rows around a cell, side by side.
struct Neighbourhood {
    x: [i32; NEARBY_ROWS],
    y: [i32; NEARBY_ROWS],
    z: [i32; NEARBY_ROWS],
    /// Filled places: whole blocks of lanes, the last one filled up with [`NOWHERE`].
    len: usize,
}

/// A height from which every row is out of reach: beyond any reduced height by more than any cylinder's.
const NOWHERE: i32 = 1 << 30;

impl Neighbourhood {
    fn new() -> Neighbourhood {
        Neighbourhood { x: [0; NEARBY_ROWS], y: [0; NEARBY_ROWS], z: [0; NEARBY_ROWS], len: 0 }
    }

    /// Copies the rows of all cells up to `reach` cells away; false when they are too many.
    #[inline(always)]
    fn copy<L: Lanes>(&mut self, grid: &Grid, column: u32, line: u32, reach: u32) -> bool {
        let last_cell = grid.side() - 1;
        let (first, last) = (column.saturating_sub(reach), (column + reach).min(last_cell));
        let [xs, ys, zs] = grid.reduced();
        let mut len = 0;
        for line in line.saturating_sub(reach)..=(line + reach).min(last_cell) {
            let run = grid.run(line, first, last);
            // Whole blocks are written, and one more to fill up the last.
            if len + run.len() > NEARBY_ROWS - 2 * MAX_WIDTH {
                return false;
            }
            for (block, from) in run.clone().step_by(L::WIDTH).enumerate() {
                let to = len + block * L::WIDTH;
                L::load(&xs[from..]).store(&mut self.x[to..]);
                L::load(&ys[from..]).store(&mut self.y[to..]);
                L::load(&zs[from..]).store(&mut self.z[to..]);
            }
            len += run.len();
        }
        L::splat(NOWHERE).store(&mut self.y[len..]);
        self.len = len.next_multiple_of(L::WIDTH);
        true
    }
}

/// A row against which neighbours are held, and the constants, in lanes.
struct Centre<L> {
    x: L,
    y: L,
    z: L,
    reach_squared: L,
    height: L,
    e_shift: u32,
    e_factor: L,
    weights: [L; 4],
}

/// Pushes summed in lanes of 32 bits, for a limited number of blocks.
struct BlockSums<L> {
    x: L,
    z: L,
    same_spot: L,
    count: u32,
}

impl<L: Lanes> BlockSums<L> {
    #[inline(always)]
    fn new() -> Self {
        BlockSums { x: L::splat(0), z: L::splat(0), same_spot: L::splat(0), count: 0 }
    }

    /// Moves what was summed to 64 bits.
    #[inline(always)]
    fn flush_into(&mut self, sums: &mut Sums) {
        sums.x += i64::from(self.x.sum());
        sums.z += i64::from(self.z.sum());
        sums.same_spot += i64::from(self.same_spot.sum());
        *self = BlockSums::new();
    }

    /// Adds the pushes of eight neighbours, those outside of `mask` left out. Neighbours on the same spot add nothing
    /// here; they are counted.
    #[inline(always)]
    fn add(&mut self, centre: &Centre<L>, x: L, z: L, touching: L::Mask, left: L) {
        let (dx, dz) = (centre.x.sub(x), centre.z.sub(z));
        let e = left.keep(touching).shift_right_by(centre.e_shift).mul(centre.e_factor).shift_right::<15>();
        let [w1, w2, w3, w4] = centre.weights;
        let w = w4.mul(e).shift_right::<15>().add(w3);
        let w = w.mul(e).shift_right::<15>().add(w2);
        let w = w.mul(e).shift_right::<15>().add(w1);
        let w = w.mul(e).shift_right::<15>();
        self.x = self.x.add(dx.mul(w));
        self.z = self.z.add(dz.mul(w));
        self.same_spot = self.same_spot.add(L::splat(1).keep(left.equal(centre.reach_squared).and(touching)));
        self.count += 1;
    }
}

impl<L: Lanes> Centre<L> {
    /// Which of eight neighbours are within reach, and how much their squared distances fall short of it.
    #[inline(always)]
    fn touching(&self, x: L, y: L, z: L) -> (L::Mask, L) {
        let (dx, dz) = (self.x.sub(x), self.z.sub(z));
        let left = self.reach_squared.sub(dx.mul(dx).add(dz.mul(dz)));
        (left.greater(L::splat(0)).and(self.height.greater(self.y.sub(y).abs())), left)
    }
}

impl Separation {
    /// How many cells away neighbours can be. The reduced coordinates lost less than one reduced unit.
    #[inline(always)]
    fn reach_in_cells(&self, grid: &Grid) -> u32 {
        (((self.reach + 1) << REDUCED_SHIFT) as u32).div_ceil(grid.cell().0 as u32)
    }

    #[inline(always)]
    fn centre<L: Lanes>(&self, grid: &Grid, index: usize) -> Centre<L> {
        let [xs, ys, zs] = grid.reduced();
        let [w1, w2, w3, w4] = self.weights;
        Centre {
            x: L::splat(xs[index]),
            y: L::splat(ys[index]),
            z: L::splat(zs[index]),
            reach_squared: L::splat(self.reach_squared),
            height: L::splat(self.height),
            e_shift: self.e_shift,
            e_factor: L::splat(self.e_factor),
            weights: [L::splat(w1), L::splat(w2), L::splat(w3), L::splat(w4)],
        }
    }

    /// The push of one sorted row by a copied neighbourhood, itself included.
    #[inline(always)]
    fn push_from_copy<L: Lanes>(&self, grid: &Grid, index: usize, nearby: &Neighbourhood) -> (i32, i32) {
        let centre = self.centre::<L>(grid, index);
        let mut sums = Sums { x: 0, z: 0, same_spot: 0 };
        let mut block = BlockSums::<L>::new();
        let xs = nearby.x[..nearby.len].chunks_exact(L::WIDTH);
        let ys = nearby.y[..nearby.len].chunks_exact(L::WIDTH);
        let zs = nearby.z[..nearby.len].chunks_exact(L::WIDTH);
        for ((x, y), z) in xs.zip(ys).zip(zs) {
            let (x, y, z) = (L::load(x), L::load(y), L::load(z));
            let (touching, left) = centre.touching(x, y, z);
            block.add(&centre, x, z, touching, left);
            if block.count == self.blocks_per_flush {
                block.flush_into(&mut sums);
            }
        }
        block.flush_into(&mut sums);
        self.conclude(grid, index, sums)
    }

    /// The push of one sorted row, neighbours read from the grid.
    #[inline(always)]
    fn push_in_place<L: Lanes>(&self, grid: &Grid, index: usize) -> (i32, i32) {
        let centre = self.centre::<L>(grid, index);
        let mut sums = Sums { x: 0, z: 0, same_spot: 0 };
        let mut block = BlockSums::<L>::new();
        let [xs, ys, zs] = grid.reduced();
        for run in self.runs(grid, index) {
            for start in run.clone().step_by(L::WIDTH) {
                let (x, y, z) = (L::load(&xs[start..]), L::load(&ys[start..]), L::load(&zs[start..]));
                let (touching, left) = centre.touching(x, y, z);
                let in_run = L::Mask::first_n(run.end - start);
                let touching = touching.and(in_run);
                if touching.any() {
                    block.add(&centre, x, z, touching, left);
                    if block.count == self.blocks_per_flush {
                        block.flush_into(&mut sums);
                    }
                }
            }
        }
        block.flush_into(&mut sums);
        self.conclude(grid, index, sums)
    }

    #[inline(always)]
    fn conclude(&self, grid: &Grid, index: usize, mut sums: Sums) -> (i32, i32) {
        if sums.same_spot > 1 {
            // The row itself is one of them.
            for run in self.runs(grid, index) {
                self.add_same_spot(grid, index, run, &mut sums);
            }
        }
        self.finish(&sums)
    }

    /// The runs of sorted rows that can be within reach.
    #[inline(always)]
    fn runs<'a>(&self, grid: &'a Grid, index: usize) -> impl Iterator<Item = Range<usize>> + use<'a> {
        let [reduced_x, _, reduced_z] = grid.reduced();
        let (low, high) = (self.reach << REDUCED_SHIFT, (self.reach + 1) << REDUCED_SHIFT);
        let cells = |reduced: i32| {
            let raw = reduced << REDUCED_SHIFT;
            (grid.cell_along(raw.saturating_sub(low)), grid.cell_along(raw.saturating_add(high)))
        };
        let ((first, last), (first_line, last_line)) = (cells(reduced_x[index]), cells(reduced_z[index]));
        (first_line..last_line + 1).map(move |line| grid.run(line, first, last))
    }
}
