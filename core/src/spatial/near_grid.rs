//! The near grid: who stands within a few metres, for those who ask about many small places.
//!
//! Rows are sorted by cells of a metre. The cells lie on a torus whose size follows the capacity, so that a table of them
//! is small wherever the crowd is: far places share a cell, and are told apart by their coordinates. The query grid's
//! cells are made for circles of tens of metres; a swing or the way of an arrow in a tick would look at a hundred rows in
//! one of those to find five.
//!
//! Whoever searches walks the runs of sorted rows that a box touches ([`NearGrid::runs`]), and tests them in lanes. The
//! order of what is found means nothing.
//!
//! - `cone`: who may be in a cone, or within some way of it
//!
//! Not here: what a row is beside its place and its group, and the exact tests of who asks.

mod cone;

pub(crate) use cone::{ConeSearch, Seeker, Spared};

use super::record_sort::{Record, RecordSort};
use crate::numeric::lanes::{LaneChoice, Lanes, MAX_WIDTH};
use crate::state::column::Split;
use alloc::boxed::Box;
use alloc::vec;

/// A cell's side is `1 << CELL_SHIFT` raw units: a metre.
const CELL_SHIFT: u32 = 16;

/// Fewest and most cells along a side of the torus, as powers of two.
const SIDE_BITS: (u32, u32) = (4, 8);

/// Where a row's group stands in its tag; below it is the row.
const GROUP_SHIFT: u32 = 24;

const _: () = assert!(crate::limits::CHARACTERS_MAX <= 1 << GROUP_SHIFT, "rows fit below the group");

/// The row of a tag.
#[inline(always)]
pub(crate) const fn row_of(tag: i32) -> u32 {
    tag.cast_unsigned() & ((1 << GROUP_SHIFT) - 1)
}

/// The group of a tag.
#[inline(always)]
pub(crate) const fn group_of(tag: i32) -> u32 {
    tag.cast_unsigned() >> GROUP_SHIFT
}

/// The rows of tags.
#[inline(always)]
pub(crate) fn rows_of<L: Lanes>(tags: L) -> L {
    tags.and(L::splat((1 << GROUP_SHIFT) - 1))
}

/// The groups of tags.
#[inline(always)]
pub(crate) fn groups_of<L: Lanes>(tags: L) -> L {
    tags.shift_right_logical::<GROUP_SHIFT>()
}

/// The tag of a row in a group (a team).
#[inline(always)]
pub(crate) const fn tag_of(row: u32, group: u8) -> i32 {
    (row | (group as u32) << GROUP_SHIFT).cast_signed()
}

/// Rows sorted by cells.
///
/// Memory, all of it taken at construction: 12 bytes a row, and 4 for each of 256 to 65,536 cells.
#[derive(Debug)]
pub(crate) struct NearGrid {
    side_bits: u32,
    /// `starts[cell]..starts[cell + 1]` are the places of a cell's rows; behind the cells come those that do not count.
    starts: Box<[i32]>,
    len: usize,
    /// Raw coordinates; whole lanes can be read from every place.
    x: Box<[i32]>,
    z: Box<[i32]>,
    /// Row and group.
    tags: Box<[i32]>,
}

/// Room for the sort: one for all grids that are not rebuilt at the same time. 28 bytes a row.
#[derive(Debug)]
pub(crate) struct NearRoom {
    keys: Box<[i32]>,
    records: Box<[Record]>,
    lists: [Box<[i32]>; 2],
}

impl NearRoom {
    pub(crate) fn new(capacity: usize) -> Self {
        let list = || vec![0; capacity + MAX_WIDTH].into_boxed_slice();
        Self {
            keys: vec![0; capacity].into_boxed_slice(),
            records: vec![[0; 4]; capacity].into_boxed_slice(),
            lists: [list(), list()],
        }
    }
}

impl NearGrid {
    pub(crate) fn new(capacity: usize) -> Self {
        let cells_bits = capacity.max(1).next_power_of_two().trailing_zeros();
        let side_bits = (cells_bits / 2).clamp(SIDE_BITS.0, SIDE_BITS.1);
        let column = || vec![0; capacity + MAX_WIDTH].into_boxed_slice();
        Self {
            side_bits,
            starts: vec![0; (1 << (2 * side_bits)) + MAX_WIDTH].into_boxed_slice(),
            len: 0,
            x: column(),
            z: column(),
            tags: column(),
        }
    }

    /// Sorts rows anew: number `i` stands at (`x[i]`, `z[i]`) and has the tag `tag(i)`, if `counts(i)`. Allocates nothing.
    pub(crate) fn rebuild(
        &mut self,
        [x, z]: [&[i32]; 2],
        counts: impl Fn(usize) -> bool + Sync,
        tag: impl Fn(usize) -> i32 + Sync,
        room: &mut NearRoom,
        (lanes, split): (LaneChoice, impl Split),
    ) {
        let (rows, side_bits) = (x.len(), self.side_bits);
        let (mask, nowhere) = ((1 << side_bits) - 1, 1 << (2 * side_bits));
        let keys = &mut room.keys[..rows];
        split.each((keys, (x, z)), &|first, (keys, (x, z)): (&mut [i32], (&[i32], &[i32]))| {
            for (index, ((key, x), z)) in (first..).zip(keys.iter_mut().zip(x).zip(z)) {
                let cell = (z >> CELL_SHIFT & mask) << side_bits | x >> CELL_SHIFT & mask;
                *key = if counts(index) { cell } else { nowhere };
            }
        });
        let [low, high] = &mut room.lists;
        let records = &mut room.records[..rows];
        let places = &room.keys[..rows];
        let lists = [&mut low[..], &mut high[..]];
        let sort =
            RecordSort { starts: &mut self.starts, places, columns: [x, z], slots: &[], records, lists };
        sort.run(lanes, split);
        self.len = self.starts[nowhere as usize] as usize;
        let records = &room.records[..self.len];
        let coordinates = (&mut self.x[..self.len], &mut self.z[..self.len]);
        type Columns<'a> = ((&'a mut [i32], &'a mut [i32]), (&'a mut [i32], &'a [Record]));
        split.each(
            (coordinates, (&mut self.tags[..self.len], records)),
            &|_, ((x, z), (tags, records)): Columns<'_>| {
                for (((x, z), tag_place), record) in x.iter_mut().zip(z).zip(tags).zip(records) {
                    let [index, at_x, at_z, _] = *record;
                    (*x, *z, *tag_place) = (at_x, at_z, tag(index as usize));
                }
            },
        );
    }

    /// How many rows are in it.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Raw x and z, and tags, of all places and so many more that whole lanes can be read from each.
    #[inline(always)]
    pub(crate) fn columns(&self) -> [&[i32]; 3] {
        [&self.x, &self.z, &self.tags]
    }

    /// The runs of places whose cells a box touches: raw low and high along x and z. Rows elsewhere may be among them,
    /// none of the box's is missing, none comes twice. Lines of cells come by z, or downwards.
    #[inline(always)]
    pub(crate) fn runs(&self, bounds: [[i32; 2]; 2], downwards: bool) -> Runs<'_> {
        let side = 1_i64 << self.side_bits;
        let cells = |[low, high]: [i32; 2]| {
            let (first, last) = (i64::from(low) >> CELL_SHIFT, i64::from(high) >> CELL_SHIFT);
            // Once around at most.
            (first, last.min(first + side - 1))
        };
        let ((column, last_column), (line, last_line)) = (cells(bounds[0]), cells(bounds[1]));
        let mask = side - 1;
        let (start, end) = (column & mask, last_column & mask);
        let lines = last_line - line + 1;
        let (line, step) = if downwards { (last_line, -1) } else { (line, 1) };
        Runs { grid: self, start, end, line, step, lines, wraps: false }
    }
}

/// See [`NearGrid::runs`].
pub(crate) struct Runs<'a> {
    grid: &'a NearGrid,
    /// Columns of the first and the last cell, on the torus: the last one is before the first when the box lies over its
    /// seam.
    start: i64,
    end: i64,
    line: i64,
    step: i64,
    /// How many are left.
    lines: i64,
    /// Whether the part of the line behind the seam is next.
    wraps: bool,
}

impl Runs<'_> {
    /// The next run: its first place, and the one behind its last. (No iterator: in lanes' loops everything is inlined,
    /// and adapters are not always.)
    #[inline(always)]
    pub(crate) fn next_run(&mut self) -> Option<(usize, usize)> {
        if self.lines <= 0 {
            return None;
        }
        let mask = (1 << self.grid.side_bits) - 1;
        let base = (self.line & mask) << self.grid.side_bits;
        let over_the_seam = self.start > self.end;
        let (first, last) = match (over_the_seam, self.wraps) {
            (false, _) => (self.start, self.end),
            (true, false) => (self.start, mask),
            (true, true) => (0, self.end),
        };
        self.wraps = over_the_seam && !self.wraps;
        if !self.wraps {
            (self.line, self.lines) = (self.line + self.step, self.lines - 1);
        }
        let start = self.grid.starts[(base + first) as usize] as usize;
        Some((start, self.grid.starts[(base + last) as usize + 1] as usize))
    }
}

#[cfg(test)]
mod tests;
