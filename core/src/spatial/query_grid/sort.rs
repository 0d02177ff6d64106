//! The counting sort by cell.

use super::QueryGrid;
use crate::numeric::lanes::{LaneTask, Lanes, run};

/// Whether a row is in the grid.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Presence {
    /// In the cells: every query sees it.
    Present = 0,
    /// Set aside: only queries for everyone see it, and each of those tests all of them.
    Aside = 1,
    /// Not there.
    Absent = 2,
}

impl QueryGrid {
    /// Sorts all rows anew: row `i` stands at (`x[i]`, `z[i]`), raw Q16.16 metres, and `presence(marks[i])` says whether
    /// it counts. The coordinates of absent rows mean nothing. Allocates nothing.
    ///
    /// # Panics
    /// When the columns differ in length or there are more rows than the capacity.
    pub fn rebuild<M: Copy>(&mut self, x: &[i32], z: &[i32], marks: &[M], presence: impl Fn(M) -> Presence) {
        assert!(x.len() == z.len() && x.len() == marks.len(), "columns of different lengths");
        assert!(x.len() <= self.keys.len(), "more rows than the query grid's capacity");
        run(self.lanes, Sort { grid: self, x, z, marks, presence });
    }
}

struct Sort<'a, M, P> {
    grid: &'a mut QueryGrid,
    x: &'a [i32],
    z: &'a [i32],
    marks: &'a [M],
    presence: P,
}

impl<M: Copy, P: Fn(M) -> Presence> LaneTask for Sort<'_, M, P> {
    type Output = ();

    /// Plain loops over one or two columns each: the compiler widens the first, and the others keep few columns in the
    /// near cache.
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Sort { grid, x, z, marks, presence } = self;
        let count = x.len();
        let cells = grid.cells() as u32;
        let keys = &mut grid.keys[..count];
        let (x, z, marks) = (&x[..count], &z[..count], &marks[..count]);
        let (half, columns) = (grid.half_extent, grid.columns);
        let (column_shift, line_shift) = (grid.column_shift, grid.line_shift);
        let mut outside = 0;
        for row in 0..count {
            let (inside_x, inside_z) = (x[row].max(-half).min(half - 1), z[row].max(-half).min(half - 1));
            let column = (inside_x.wrapping_add(half) as u32) >> column_shift;
            let line = (inside_z.wrapping_add(half) as u32) >> line_shift;
            let cell = line.wrapping_mul(columns).wrapping_add(column);
            let beyond = (inside_x ^ x[row]) | (inside_z ^ z[row]);
            let behind = presence(marks[row]) as u32;
            outside |= if behind == 0 { beyond } else { 0 };
            keys[row] = if behind == 0 { cell } else { cells + behind - 1 };
        }
        grid.outside = outside != 0;

        let starts = &mut grid.starts[..];
        starts.fill(0);
        for &key in keys.iter() {
            starts[key as usize + 2] += 1;
        }
        sum_up::<L>(starts);
        // starts[key + 1] is now where a key begins; moving it along as rows are placed leaves it at the key's end.
        let rows = &mut grid.rows[..];
        for (row, key) in keys.iter_mut().enumerate() {
            let start = &mut starts[*key as usize + 1];
            let to = *start;
            *start += 1;
            *key = to;
            rows[to as usize] = row as i32;
        }
        place(keys, x, &mut grid.x);
        place(keys, z, &mut grid.z);
        grid.present = starts[cells as usize] as usize;
        grid.aside = starts[cells as usize + 1] as usize - grid.present;
        let shift = grid.short_shift();
        let (x, z) = (&grid.x[..count], &grid.z[..count]);
        for (place, short) in grid.short[..count].iter_mut().enumerate() {
            *short = ((x[place] >> shift) & 0xFFFF) | (z[place] >> shift) << 16;
        }
    }
}

/// Puts every value at its place.
#[inline(always)]
fn place(places: &[u32], from: &[i32], to: &mut [i32]) {
    let from = &from[..places.len()];
    for row in 0..places.len() {
        to[places[row] as usize] = from[row];
    }
}

/// Every count becomes the sum of itself and all before it. The length is a multiple of the lanes'.
#[inline(always)]
fn sum_up<L: Lanes>(counts: &mut [u32]) {
    let counts: &mut [i32] = bytemuck::cast_slice_mut(counts);
    let (mut at, mut before) = (0, 0_i32);
    while at + L::WIDTH <= counts.len() {
        L::load_at(counts, at).prefix_sum().add(L::splat(before)).store_at(counts, at);
        before = counts[at + L::WIDTH - 1];
        at += L::WIDTH;
    }
}
