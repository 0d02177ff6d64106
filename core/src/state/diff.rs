//! Images side by side: which columns, rows and values differ. For tools; nothing in a tick uses it.

use super::column::ColumnInfo;
use super::history::hash_of_image;
use super::snapshot::{ImageHeader, SnapshotError};
use super::state_hash::ColumnHashes;
use super::tables::{cells_of, column, column_numbers, columns_bytes};
use crate::numeric::LaneChoice;
use alloc::vec::Vec;

/// An image that was found whole: its header and its columns, readable without a world.
#[derive(Clone, Copy, Debug)]
pub struct StateImage<'a> {
    header: ImageHeader,
    columns: &'a [u8],
    hashes: ColumnHashes,
}

impl<'a> StateImage<'a> {
    /// Checks header, length and hash. Rows are not judged: there is no world to judge them by.
    ///
    /// # Errors
    /// [`SnapshotError`], on any bytes.
    pub fn read(image: &'a [u8]) -> Result<Self, SnapshotError> {
        let (header, columns) = ImageHeader::read(image)?;
        let rows = header.rows.map(|rows| rows as usize);
        let chunks = header.terrain_chunks as usize;
        let expected = columns_bytes(&rows, chunks);
        let cut = expected.and_then(|expected| columns.split_at_checked(expected));
        let (columns, history) = cut.ok_or(SnapshotError::Truncated)?;
        let lanes = LaneChoice::default();
        let history = hash_of_image(history, header.capacities[0], lanes)?;
        let hashes = ColumnHashes::of_bytes(lanes, columns, &rows, chunks);
        if hashes.state_hash(header.tick, &rows, history) != header.hash {
            return Err(SnapshotError::Damaged);
        }
        Ok(Self { header, columns, hashes })
    }

    /// What stands before the columns.
    #[must_use]
    pub const fn header(&self) -> &ImageHeader {
        &self.header
    }

    /// The hash of every column.
    #[must_use]
    pub const fn column_hashes(&self) -> &ColumnHashes {
        &self.hashes
    }

    /// Cells of a column.
    fn cells_of(&self, number: usize) -> usize {
        let rows = self.header.rows.map(|rows| rows as usize);
        cells_of(number, &rows, self.header.terrain_chunks as usize)
    }

    /// The bytes of a column.
    fn bytes_of(&self, number: usize) -> &'a [u8] {
        let bytes = |at: usize| self.cells_of(at) * column(at).kind.bytes();
        let before: usize = (0..number).map(bytes).sum();
        self.columns.get(before..before + bytes(number)).unwrap_or_default()
    }

    /// The value of a row in a column; `None` when there is no such row.
    ///
    /// # Panics
    /// When there is no such column.
    #[must_use]
    pub fn value(&self, number: usize, row: u32) -> Option<i64> {
        let kind = column(number).kind;
        let at = row as usize * kind.bytes();
        kind.value(self.bytes_of(number).get(at..at + kind.bytes())?)
    }
}

/// A value that two images do not have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The column.
    pub column: &'static ColumnInfo,
    /// The row: a slot, or in terrain deltas a chunk or vertex in the order of the column.
    pub row: u32,
    /// Generations of the row in both images, which make ids of it; 0 where there is no such row, or no generation.
    pub generations: [u32; 2],
    /// The values; `None` where there is no such row.
    pub values: [Option<i64>; 2],
}

/// Shows every difference of two images: table by table, row by row, column by column.
pub fn differences(a: &StateImage<'_>, b: &StateImage<'_>, mut visit: impl FnMut(Difference)) {
    for numbers in column_numbers() {
        let generation = numbers.clone().find(|at| column(*at).name == "generation");
        // Only the columns that differ are looked at row by row.
        let differing: Vec<(usize, &[u8], &[u8])> = numbers
            .clone()
            .map(|at| (at, a.bytes_of(at), b.bytes_of(at)))
            .filter(|(_, a, b)| a != b)
            .collect();
        let rows = a.cells_of(numbers.start).max(b.cells_of(numbers.start));
        for row in 0..if differing.is_empty() { 0 } else { rows } {
            for &(number, a_bytes, b_bytes) in &differing {
                let kind = column(number).kind;
                let cell = |bytes: &[u8]| {
                    let at = row * kind.bytes();
                    kind.value(bytes.get(at..at + kind.bytes())?)
                };
                let values = [cell(a_bytes), cell(b_bytes)];
                if values[0] != values[1] {
                    let row = row as u32;
                    let generations = [a, b]
                        .map(|image| generation.and_then(|at| image.value(at, row)).unwrap_or(0) as u32);
                    visit(Difference { column: column(number), row, generations, values });
                }
            }
        }
    }
}
