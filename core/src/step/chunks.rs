//! Splitting the rows of a stage into units of work.
//!
//! The cuts depend on the number of rows alone, never on the number of threads: every unit writes only its own rows,
//! and a row's result depends on nothing that another unit writes. So it makes no difference who runs which unit, or
//! when.

use super::parallel;
use crate::limits::CHUNK_ROWS;
use crate::state::column::{Here, Rows, Split};

/// Calls `work(first_row, rows)` for every unit of [`CHUNK_ROWS`] rows, on several threads when `parallel` is true and
/// the feature is there.
pub(crate) fn for_each_chunk<R: Rows>(rows: R, parallel: bool, work: &(impl Fn(usize, R) + Sync)) {
    for_each_unit(rows, CHUNK_ROWS, parallel, work);
}

/// The same in units of another size.
pub(crate) fn for_each_unit<R: Rows>(
    rows: R,
    unit: usize,
    parallel: bool,
    work: &(impl Fn(usize, R) + Sync),
) {
    split((rows, 0), unit, parallel, work);
}

/// [`for_each_chunk`] for those who do not know the step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chunks {
    pub(crate) parallel: bool,
}

impl Split for Chunks {
    fn each<R: Rows>(self, rows: R, work: &(impl Fn(usize, R) + Sync)) {
        if self.parallel {
            for_each_chunk(rows, true, work);
        } else {
            Here.each(rows, work);
        }
    }

    fn is_parallel(self) -> bool {
        self.parallel
    }

    fn both(self, left: impl FnOnce() + Send, right: impl FnOnce() + Send) {
        parallel::both(self.parallel, left, right);
    }
}

fn split<R: Rows>(
    (rows, first_row): (R, usize),
    unit: usize,
    parallel: bool,
    work: &(impl Fn(usize, R) + Sync),
) {
    let count = rows.rows();
    if count <= unit {
        if count > 0 {
            work(first_row, rows);
        }
        return;
    }
    let middle = count.div_ceil(unit).div_ceil(2) * unit;
    let (left, right) = rows.split_rows(middle);
    parallel::both(
        parallel,
        || split((left, first_row), unit, parallel, work),
        || split((right, first_row + middle), unit, parallel, work),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn every_row_is_visited_once_in_aligned_units() {
        for count in [0, 1, CHUNK_ROWS - 1, CHUNK_ROWS, CHUNK_ROWS + 1, 5 * CHUNK_ROWS + 7] {
            for parallel in [false, true] {
                let mut rows = vec![usize::MAX; count];
                for_each_chunk(&mut rows[..], parallel, &|first, chunk: &mut [usize]| {
                    assert!(first.is_multiple_of(CHUNK_ROWS) && chunk.len() <= CHUNK_ROWS);
                    for (offset, row) in chunk.iter_mut().enumerate() {
                        assert_eq!(*row, usize::MAX);
                        *row = first + offset;
                    }
                });
                assert!(rows.iter().enumerate().all(|(index, row)| index == *row));
            }
        }
    }
}
