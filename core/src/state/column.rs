//! Tables of columns: a structure of arrays declared once, with its views, its bytes and its split into rows.
//!
//! A column is a boxed slice of fixed length, so a table never grows. Saved columns are the bytes of the slice in
//! little-endian order: on a little-endian machine that is one copy.

use alloc::vec::Vec;
use bytemuck::Pod;

/// A value that can stand in a column: plain bytes with a defined order.
pub(crate) trait Cell: Pod + Default {
    /// The value with its bytes in little-endian order (its own inverse).
    fn little_endian(self) -> Self;
}

macro_rules! cell {
    ($($type:ty),*) => {$(
        impl Cell for $type {
            fn little_endian(self) -> Self {
                self.to_le()
            }
        }
    )*};
}
cell!(u8, i8, u16, i16, u32, i32, u64);

/// Appends the cells' bytes, little-endian.
pub(crate) fn write_cells<T: Cell>(cells: &[T], out: &mut Vec<u8>) {
    if cfg!(target_endian = "little") {
        out.extend_from_slice(bytemuck::cast_slice(cells));
    } else {
        for cell in cells {
            out.extend_from_slice(bytemuck::bytes_of(&cell.little_endian()));
        }
    }
}

/// Fills the cells from the front of `bytes` and returns what follows; `None` (and no change) when they end early.
pub(crate) fn read_cells<'a, T: Cell>(cells: &mut [T], bytes: &'a [u8]) -> Option<&'a [u8]> {
    let (own, rest) = bytes.split_at_checked(size_of_val(cells))?;
    bytemuck::cast_slice_mut::<T, u8>(cells).copy_from_slice(own);
    if cfg!(target_endian = "big") {
        for cell in cells {
            *cell = cell.little_endian();
        }
    }
    Some(rest)
}

/// Something that has rows and can be cut between two of them. What the stages split for parallel work.
pub trait Rows: Send + Sized {
    /// Number of rows.
    fn rows(&self) -> usize;
    /// The rows before `row`, and the rest.
    #[must_use]
    fn split_rows(self, row: usize) -> (Self, Self);
}

impl<T: Send> Rows for &mut [T] {
    fn rows(&self) -> usize {
        self.len()
    }

    fn split_rows(self, row: usize) -> (Self, Self) {
        self.split_at_mut(row)
    }
}

impl<A: Rows, B: Rows> Rows for (A, B) {
    fn rows(&self) -> usize {
        self.0.rows()
    }

    fn split_rows(self, row: usize) -> (Self, Self) {
        let (a, a_rest) = self.0.split_rows(row);
        let (b, b_rest) = self.1.split_rows(row);
        ((a, b), (a_rest, b_rest))
    }
}

/// Declares a table: the owner, a shared view and an exclusive view of a range of rows.
macro_rules! table {
    (
        $(#[$table_doc:meta])*
        pub struct $table:ident, view $view:ident, rows $rows:ident {
            $( $(#[$doc:meta])* $field:ident: $cell:ty, )*
        }
    ) => {
        $(#[$table_doc])*
        #[derive(Clone, Debug)]
        pub struct $table {
            $( $(#[$doc])* pub $field: alloc::boxed::Box<[$cell]>, )*
        }

        /// Shared view: every slice is indexed by slot and as long as the table's capacity.
        #[derive(Clone, Copy, Debug)]
        pub struct $view<'a> {
            $( $(#[$doc])* pub $field: &'a [$cell], )*
        }

        /// Exclusive view of neighbouring rows: index 0 is the first row of the range.
        #[derive(Debug)]
        pub struct $rows<'a> {
            $( $(#[$doc])* pub $field: &'a mut [$cell], )*
        }

        impl $table {
            /// State bytes of one row over all columns.
            pub const BYTES_PER_ROW: usize = 0 $( + size_of::<$cell>() )*;

            /// A table of zeroed rows.
            #[must_use]
            pub fn new(capacity: usize) -> Self {
                Self { $( $field: alloc::vec![<$cell>::default(); capacity].into_boxed_slice(), )* }
            }

            /// Shared view of all rows.
            #[must_use]
            pub fn view(&self) -> $view<'_> {
                $view { $( $field: &self.$field, )* }
            }

            /// Shared view of the rows below `end`.
            ///
            /// # Panics
            /// When `end` is above the capacity.
            #[must_use]
            #[inline]
            pub fn view_below(&self, end: usize) -> $view<'_> {
                $view { $( $field: &self.$field[..end], )* }
            }

            /// Exclusive view of the rows below `end`.
            ///
            /// # Panics
            /// When `end` is above the capacity.
            #[must_use]
            pub fn rows_below(&mut self, end: usize) -> $rows<'_> {
                $rows { $( $field: &mut self.$field[..end], )* }
            }

            /// Sets every column of a row to zero.
            pub(crate) fn zero_row(&mut self, row: usize) {
                $( self.$field[row] = <$cell>::default(); )*
            }

            /// Sets everything to zero.
            pub(crate) fn zero(&mut self) {
                $( self.$field.fill(<$cell>::default()); )*
            }

            /// Appends the first `rows` of every column, column after column, little-endian.
            pub(crate) fn write_rows(&self, rows: usize, out: &mut alloc::vec::Vec<u8>) {
                $( $crate::state::column::write_cells(&self.$field[..rows], out); )*
            }

            /// Fills the first `rows` of every column, and returns what follows them in `bytes`.
            pub(crate) fn read_rows<'a>(&mut self, rows: usize, bytes: &'a [u8]) -> Option<&'a [u8]> {
                $( let bytes = $crate::state::column::read_cells(self.$field.get_mut(..rows)?, bytes)?; )*
                Some(bytes)
            }
        }

        impl $rows<'_> {
            /// The same rows, every column cut to one and the same length: a loop over them needs no check of bounds.
            #[must_use]
            #[inline]
            pub(crate) fn leveled(self) -> Self {
                let end = $crate::state::column::Rows::rows(&self);
                $rows { $( $field: &mut self.$field[..end], )* }
            }
        }

        impl $crate::state::column::Rows for $rows<'_> {
            fn rows(&self) -> usize {
                [$( self.$field.len() ),*][0]
            }

            fn split_rows(self, row: usize) -> (Self, Self) {
                $( let $field = self.$field.split_at_mut(row); )*
                ($rows { $( $field: $field.0, )* }, $rows { $( $field: $field.1, )* })
            }
        }
    };
}
pub(crate) use table;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_round_trip_in_little_endian() {
        let cells = [0x0102_0304_u32, 5];
        let mut bytes = Vec::new();
        write_cells(&cells, &mut bytes);
        assert_eq!(bytes, [4, 3, 2, 1, 5, 0, 0, 0]);
        let mut back = [0_u32; 2];
        assert_eq!(read_cells(&mut back, &bytes), Some(&[][..]));
        assert_eq!(back, cells);
        assert_eq!(read_cells(&mut back, &bytes[..7]), None);
    }

    #[test]
    fn split_pairs_together() {
        let (mut a, mut b) = ([1_u8, 2, 3], [4_u16, 5, 6]);
        let ((a0, b0), (a1, b1)) = (&mut a[..], &mut b[..]).split_rows(1);
        assert_eq!((a0.len(), b0.len(), a1.len(), b1.len()), (1, 1, 2, 2));
    }
}
