//! Where things stand: a fine bitmap that answers "is anything in this rectangle" in a few loads, and coarse cells with lists.

use super::limits;
use super::math::{Bounds, V3};
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

/// A square raster over a rectangle of the ground plane.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Raster {
    pub origin_x: i64,
    pub origin_z: i64,
    /// A cell's side is `1 << shift` raw units.
    pub shift: u32,
    pub columns: i64,
    pub rows: i64,
}

/// Inclusive ranges of columns and rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub column: i64,
    pub last_column: i64,
    pub row: i64,
    pub last_row: i64,
}

impl Block {
    pub fn cells(&self) -> u64 {
        ((self.last_column - self.column + 1) * (self.last_row - self.row + 1)).unsigned_abs()
    }
}

impl Raster {
    /// Over the ground plan of `area`, with at most `most` cells of at least `1 << shift`.
    pub fn over(area: &Bounds, mut shift: u32, most: u64) -> Raster {
        loop {
            let side = |low: i64, high: i64| ((high - low) >> shift) + 1;
            let (columns, rows) = (side(area.low.x, area.high.x), side(area.low.z, area.high.z));
            if (columns * rows).unsigned_abs() <= most {
                return Raster { origin_x: area.low.x, origin_z: area.low.z, shift, columns, rows };
            }
            shift += 1;
        }
    }

    pub fn column(&self, x: i64) -> i64 {
        (x - self.origin_x) >> self.shift
    }

    pub fn row(&self, z: i64) -> i64 {
        (z - self.origin_z) >> self.shift
    }

    /// The cells that a rectangle of the ground plane meets; `None` where it lies outside.
    #[inline]
    pub fn block(&self, low_x: i64, high_x: i64, low_z: i64, high_z: i64) -> Option<Block> {
        let block = Block {
            column: self.column(low_x).max(0),
            last_column: self.column(high_x).min(self.columns - 1),
            row: self.row(low_z).max(0),
            last_row: self.row(high_z).min(self.rows - 1),
        };
        (block.column <= block.last_column && block.row <= block.last_row).then_some(block)
    }

    pub fn block_of(&self, bounds: &Bounds) -> Option<Block> {
        self.block(bounds.low.x, bounds.high.x, bounds.low.z, bounds.high.z)
    }

    /// Ground plan of a cell, both ends inside.
    pub fn cell(&self, column: i64, row: i64) -> ((i64, i64), (i64, i64)) {
        let low = (self.origin_x + (column << self.shift), self.origin_z + (row << self.shift));
        let side = (1 << self.shift) - 1;
        (low, (low.0 + side, low.1 + side))
    }
}

/// Which fine cells anything stands in.
#[derive(Clone, Debug, Default)]
pub(super) struct Bitmap {
    pub raster: Raster,
    stride: usize,
    words: Box<[u64]>,
}

impl Bitmap {
    pub fn new(raster: Raster) -> Bitmap {
        let stride = (raster.columns as usize).div_ceil(64);
        Bitmap { raster, stride, words: vec![0; stride * raster.rows as usize].into_boxed_slice() }
    }

    /// Marks part of a row.
    pub fn set(&mut self, row: i64, column: i64, last_column: i64) {
        let start = row as usize * self.stride;
        for word in column >> 6..=last_column >> 6 {
            self.words[start + word as usize] |= mask(word, column, last_column);
        }
    }

    /// Whether any cell of the rectangle is marked.
    #[inline]
    pub fn any(&self, low_x: i64, high_x: i64, low_z: i64, high_z: i64) -> bool {
        let Some(block) = self.raster.block(low_x, high_x, low_z, high_z) else { return false };
        let (first, last) = (block.column >> 6, block.last_column >> 6);
        (block.row..=block.last_row).any(|row| {
            let start = row as usize * self.stride;
            (first..=last).any(|word| {
                self.words[start + word as usize] & mask(word, block.column, block.last_column) != 0
            })
        })
    }
}

/// The bits of a word that belong to a range of columns.
#[inline]
fn mask(word: i64, column: i64, last_column: i64) -> u64 {
    let first = (column - (word << 6)).max(0);
    let last = (last_column - (word << 6)).min(63);
    (u64::MAX << first) & (u64::MAX >> (63 - last))
}

/// What a list entry names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Solid(usize),
    Triangle(usize),
    Platform(usize),
}

const KIND_SHIFT: u32 = 30;

impl Item {
    fn pack(self) -> u32 {
        match self {
            Item::Solid(index) => index as u32,
            Item::Triangle(index) => 1 << KIND_SHIFT | index as u32,
            Item::Platform(index) => 2 << KIND_SHIFT | index as u32,
        }
    }

    fn unpack(packed: u32) -> Item {
        let index = (packed & ((1 << KIND_SHIFT) - 1)) as usize;
        match packed >> KIND_SHIFT {
            0 => Item::Solid(index),
            1 => Item::Triangle(index),
            _ => Item::Platform(index),
        }
    }
}

/// Coarse cells and what reaches into each.
#[derive(Clone, Debug, Default)]
pub(super) struct Cells {
    pub raster: Raster,
    /// Where each cell's list begins, one more than cells.
    starts: Box<[u32]>,
    entries: Box<[u32]>,
    /// Lowest and highest point of what is in each cell.
    heights: Box<[(i32, i32)]>,
}

/// Something to be put into the lists: what, its bounds, and whether it reaches into a cell of its bounds.
pub(super) struct Placed<'a> {
    pub item: Item,
    pub bounds: Bounds,
    pub reaches: &'a dyn Fn((i64, i64), (i64, i64)) -> bool,
}

/// Hands out everything placed, to whoever asks, in the same order each time.
pub(super) type Source<'a> = dyn Fn(&mut dyn FnMut(Placed<'_>)) + 'a;

impl Cells {
    /// From a source that names everything twice in the same order.
    pub fn build(raster: Raster, each: &Source<'_>) -> Cells {
        let count = (raster.columns * raster.rows) as usize;
        let mut starts = vec![0_u32; count + 1];
        let mut heights = vec![(i32::MAX, i32::MIN); count];
        let visit_cells = |placed: &Placed<'_>, visit: &mut dyn FnMut(usize)| {
            let Some(block) = raster.block_of(&placed.bounds) else { return };
            for row in block.row..=block.last_row {
                for column in block.column..=block.last_column {
                    let (low, high) = raster.cell(column, row);
                    if block.cells() == 1 || (placed.reaches)(low, high) {
                        visit((row * raster.columns + column) as usize);
                    }
                }
            }
        };
        each(&mut |placed| {
            let narrow = crate::numeric::fixed::saturate;
            let (low, high) = (narrow(placed.bounds.low.y), narrow(placed.bounds.high.y));
            visit_cells(&placed, &mut |cell| {
                starts[cell + 1] += 1;
                heights[cell] = (heights[cell].0.min(low), heights[cell].1.max(high));
            });
        });
        for cell in 0..count {
            starts[cell + 1] += starts[cell];
        }
        let mut next: Vec<u32> = starts[..count].to_vec();
        let mut entries = vec![0_u32; starts[count] as usize];
        each(&mut |placed| {
            visit_cells(&placed, &mut |cell| {
                entries[next[cell] as usize] = placed.item.pack();
                next[cell] += 1;
            });
        });
        Cells {
            raster,
            starts: starts.into_boxed_slice(),
            entries: entries.into_boxed_slice(),
            heights: heights.into_boxed_slice(),
        }
    }

    /// Calls `visit` with everything whose cells the bounds meet, perhaps more than once, in a fixed order.
    pub fn visit(&self, bounds: &Bounds, visit: &mut impl FnMut(Item)) {
        self.find(bounds, &mut |item| {
            visit(item);
            false
        });
    }

    /// [`Cells::visit`] until `found` says so: whether it did.
    #[inline]
    pub fn find(&self, bounds: &Bounds, found: &mut impl FnMut(Item) -> bool) -> bool {
        let Some(block) = self.raster.block_of(bounds) else { return false };
        for row in block.row..=block.last_row {
            for column in block.column..=block.last_column {
                if self.find_in_cell(column, row, bounds.low.y, bounds.high.y, found) {
                    return true;
                }
            }
        }
        false
    }

    /// Calls `visit` with everything in one cell, unless all of it lies above or below the heights given.
    pub fn visit_cell(&self, column: i64, row: i64, low: i64, high: i64, visit: &mut impl FnMut(Item)) {
        self.find_in_cell(column, row, low, high, &mut |item| {
            visit(item);
            false
        });
    }

    #[inline]
    fn find_in_cell(
        &self,
        column: i64,
        row: i64,
        low: i64,
        high: i64,
        found: &mut impl FnMut(Item) -> bool,
    ) -> bool {
        let cell = (row * self.raster.columns + column) as usize;
        let (lowest, highest) = self.heights[cell];
        if i64::from(lowest) > high || i64::from(highest) < low {
            return false;
        }
        let range = self.starts[cell] as usize..self.starts[cell + 1] as usize;
        self.entries[range].iter().any(|&packed| found(Item::unpack(packed)))
    }

    /// What one cell of the raster lists.
    #[inline]
    pub fn list(&self, column: i64, row: i64) -> impl Iterator<Item = Item> {
        let cell = (row * self.raster.columns + column) as usize;
        let range = self.starts[cell] as usize..self.starts[cell + 1] as usize;
        self.entries[range].iter().map(|packed| Item::unpack(*packed))
    }

    /// Entries of all lists together.
    pub fn entries(&self) -> usize {
        self.entries.len()
    }
}

/// The finest raster from `shift` on whose cells are few enough and whose lists stay within `most_entries` when every
/// footprint counts with the cells of its bounds.
pub(super) fn fitting_raster(
    area: &Bounds,
    shift: u32,
    most_cells: u64,
    most_entries: u64,
    footprints: &[Bounds],
) -> Raster {
    let mut shift = shift;
    loop {
        let raster = Raster::over(area, shift, most_cells);
        let entries: u64 = footprints.iter().filter_map(|b| raster.block_of(b)).map(|b| b.cells()).sum();
        if entries <= most_entries || raster.columns * raster.rows == 1 {
            return raster;
        }
        shift = raster.shift + 1;
    }
}

/// The ground plan that lies within ±`half` of the centre, or nothing.
pub(super) fn clipped(area: &Bounds, half: i64) -> Option<Bounds> {
    let clip = |value: i64| value.clamp(-half, half);
    let outside = area.low.x > half || area.high.x < -half || area.low.z > half || area.high.z < -half;
    (!outside).then(|| Bounds {
        low: V3::new(clip(area.low.x), area.low.y, clip(area.low.z)),
        high: V3::new(clip(area.high.x), area.high.y, clip(area.high.z)),
    })
}

/// Side of the finest cells of the bitmap: half a metre.
pub(super) const BIT_SHIFT: u32 = 15;

/// The side of list cells that suits so many footprints on such an area: 2, 4 or 8 m.
pub(super) fn list_shift(area: &Bounds, footprints: usize) -> u32 {
    let side = |low: i64, high: i64| ((high - low) >> 16).max(1);
    let square_metres = side(area.low.x, area.high.x) * side(area.low.z, area.high.z);
    match square_metres / footprints.max(1) as i64 {
        0..16 => 17,
        16..256 => 18,
        _ => 19,
    }
}

const _: () = assert!(limits::TRIANGLES_MAX < 1 << KIND_SHIFT);
