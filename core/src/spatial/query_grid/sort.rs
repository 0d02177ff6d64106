//! The counting sort by cell: keys in lanes, the move of one record a row ([`RecordSort`]), and columns of the records in
//! lanes again.

use super::QueryGrid;
use crate::numeric::lanes::{LaneTask, Lanes, run};
use crate::spatial::record_sort::{Record, RecordSort};
use crate::state::column::Here;

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
        let (count, cells, lanes) = (x.len(), self.cells(), self.lanes);
        let mut keys = core::mem::take(&mut self.keys);
        let beyond =
            run(lanes, Keys { grid: self, x, z, marks, presence: &presence, keys: &mut keys[..count] });
        self.keys = keys;
        self.outside = beyond != 0;

        let records = &mut self.records.as_chunks_mut::<4>().0[..count];
        let sort = RecordSort {
            starts: bytemuck::cast_slice_mut(&mut self.starts),
            places: &self.keys[..count],
            columns: [x, z],
            slots: &[],
            records,
            // These are filled when the rows are sorted.
            lists: [&mut self.x, &mut self.z],
        };
        sort.run(lanes, Here);
        self.present = self.starts[cells] as usize;
        self.aside = self.starts[cells + 1] as usize - self.present;

        let (records, shift) = (&self.records.as_chunks::<4>().0[..count], self.short_shift());
        let (rows, short) = (&mut self.rows[..count], &mut self.short[..count]);
        let (x, z) = (&mut self.x[..count], &mut self.z[..count]);
        run(lanes, Collect { records, shift, rows, x, z, short });
    }
}

/// The keys of all rows; whether any is outside of the bounds, as a number that is 0 when none is.
struct Keys<'a, M, P> {
    grid: &'a QueryGrid,
    x: &'a [i32],
    z: &'a [i32],
    marks: &'a [M],
    presence: &'a P,
    keys: &'a mut [i32],
}

impl<M: Copy, P: Fn(M) -> Presence> LaneTask for Keys<'_, M, P> {
    type Output = i32;

    /// A plain loop, which the compiler widens.
    #[inline(always)]
    fn run<L: Lanes>(self) -> i32 {
        let Keys { grid, x, z, marks, presence, keys } = self;
        let count = keys.len();
        let cells = grid.cells() as u32;
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
            keys[row] = if behind == 0 { cell } else { cells + behind - 1 } as i32;
        }
        outside
    }
}

/// Turns records into columns.
struct Collect<'a> {
    records: &'a [Record],
    shift: u32,
    rows: &'a mut [i32],
    x: &'a mut [i32],
    z: &'a mut [i32],
    short: &'a mut [i32],
}

impl LaneTask for Collect<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Collect { records, shift, rows, x, z, short } = self;
        let len = records.len();
        let (rows, x, z, short) = (&mut rows[..len], &mut x[..len], &mut z[..len], &mut short[..len]);
        let mut at = 0;
        while at + L::WIDTH <= len {
            let [row, row_x, row_z, _] = L::load_records(&records[at..at + L::WIDTH]);
            row.store_at(rows, at);
            row_x.store_at(x, at);
            row_z.store_at(z, at);
            row_x.shift_right_by(shift).pair_with(row_z.shift_right_by(shift)).store_at(short, at);
            at += L::WIDTH;
        }
        for (at, record) in records.iter().enumerate().skip(at) {
            [rows[at], x[at], z[at], _] = *record;
            short[at] = ((x[at] >> shift) & 0xFFFF) | (z[at] >> shift) << 16;
        }
    }
}
