//! Tables of columns: a structure of arrays declared once, with its views, its bytes and its split into rows.
//!
//! A column is a boxed slice of fixed length, so a table never grows. Saved columns are the bytes of the slice in
//! little-endian order: on a little-endian machine that is one copy.

use alloc::vec::Vec;
use bytemuck::Pod;

/// What the cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CellKind {
    /// One byte without a sign.
    U8,
    /// One byte with a sign.
    I8,
    /// Two bytes without a sign.
    U16,
    /// Two bytes with a sign.
    I16,
    /// Four bytes without a sign.
    U32,
    /// Four bytes with a sign.
    I32,
}

impl CellKind {
    /// Bytes of a cell.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 => 4,
        }
    }

    /// The kind's name, as in Rust.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::I8 => "i8",
            Self::U16 => "u16",
            Self::I16 => "i16",
            Self::U32 => "u32",
            Self::I32 => "i32",
        }
    }

    /// The value of a cell's little-endian bytes; `None` when their number is another.
    #[must_use]
    pub fn value(self, bytes: &[u8]) -> Option<i64> {
        Some(match self {
            Self::U8 => u8::from_le_bytes(bytes.try_into().ok()?).into(),
            Self::I8 => i8::from_le_bytes(bytes.try_into().ok()?).into(),
            Self::U16 => u16::from_le_bytes(bytes.try_into().ok()?).into(),
            Self::I16 => i16::from_le_bytes(bytes.try_into().ok()?).into(),
            Self::U32 => u32::from_le_bytes(bytes.try_into().ok()?).into(),
            Self::I32 => i32::from_le_bytes(bytes.try_into().ok()?).into(),
        })
    }
}

/// Name and kind of a column. The order of a table's columns is that of their declaration, in memory and in images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ColumnInfo {
    /// The table's name.
    pub table: &'static str,
    /// The column's name.
    pub name: &'static str,
    /// What its cells are.
    pub kind: CellKind,
    /// Whether the cells of freed rows keep their values: those of all other columns are zero.
    pub outlives_rows: bool,
}

impl ColumnInfo {
    /// A number for the names of table and column and the kind: FNV-1a (64 bit) over them, each ended by a zero.
    #[must_use]
    pub const fn key(&self) -> u64 {
        fnv(fnv(fnv(FNV_START, self.table), self.name), self.kind.name())
    }
}

/// Where FNV-1a begins.
pub(crate) const FNV_START: u64 = 0xCBF2_9CE4_8422_2325;

/// FNV-1a over a text and a zero byte.
pub(crate) const fn fnv(mut hash: u64, text: &str) -> u64 {
    let mut at = 0;
    while at < text.len() {
        hash = (hash ^ text.as_bytes()[at] as u64).wrapping_mul(0x0000_0100_0000_01B3);
        at += 1;
    }
    hash.wrapping_mul(0x0000_0100_0000_01B3)
}

/// A value that can stand in a column: plain bytes with a defined order.
pub trait Cell: Pod + Default + PartialEq {
    /// What it is.
    const KIND: CellKind;
}

macro_rules! cell {
    ($($type:ty as $kind:ident),*) => {$(
        impl Cell for $type {
            const KIND: CellKind = CellKind::$kind;
        }
    )*};
}
cell!(u8 as U8, i8 as I8, u16 as U16, i16 as I16, u32 as U32, i32 as I32);

/// Something done to every column of a table, in their order.
pub(crate) trait ColumnVisitor<'a> {
    /// `info` is the column's, `cells` the rows asked for.
    fn column<T: Cell>(&mut self, info: &'static ColumnInfo, cells: &'a [T]);
}

/// Something done to every column of two tables of one kind.
pub(crate) trait ColumnPairVisitor<'a> {
    /// `from` and `to` are the same column, all rows of both.
    fn column<T: Cell>(&mut self, info: &'static ColumnInfo, from: &'a [T], to: &'a mut [T]);
}

/// Appends the cells' bytes, little-endian.
pub(crate) fn write_cells<T: Cell>(cells: &[T], out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(bytemuck::cast_slice(cells));
    to_little_endian::<T>(&mut out[start..]);
}

/// Turns the bytes of cells as they are in memory into little-endian ones, or back.
pub(crate) fn to_little_endian<T: Cell>(bytes: &mut [u8]) {
    if cfg!(target_endian = "big") {
        bytes.chunks_exact_mut(size_of::<T>()).for_each(<[u8]>::reverse);
    }
}

/// Fills the cells from the front of `bytes` and returns what follows; `None` (and no change) when they end early.
pub(crate) fn read_cells<'a, T: Cell>(cells: &mut [T], bytes: &'a [u8]) -> Option<&'a [u8]> {
    let (own, rest) = bytes.split_at_checked(size_of_val(cells))?;
    bytemuck::cast_slice_mut::<T, u8>(cells).copy_from_slice(own);
    to_little_endian::<T>(bytemuck::cast_slice_mut(cells));
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

impl<T: Sync> Rows for &[T] {
    fn rows(&self) -> usize {
        self.len()
    }

    fn split_rows(self, row: usize) -> (Self, Self) {
        self.split_at(row)
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

/// Who does work on rows that may be cut anywhere.
pub trait Split: Copy + Send + Sync {
    /// Calls `work(first_row, rows)` for all rows, in one call or in several, one after the other or at once.
    fn each<R: Rows>(self, rows: R, work: &(impl Fn(usize, R) + Sync));

    /// Whether it pays to cut work in two for [`Split::both`].
    fn is_parallel(self) -> bool;

    /// Does two pieces of work, one after the other or at once.
    fn both(self, left: impl FnOnce() + Send, right: impl FnOnce() + Send);
}

/// All rows in one call.
#[derive(Clone, Copy, Debug)]
pub struct Here;

impl Split for Here {
    #[inline]
    fn each<R: Rows>(self, rows: R, work: &(impl Fn(usize, R) + Sync)) {
        if rows.rows() > 0 {
            work(0, rows);
        }
    }

    #[inline]
    fn is_parallel(self) -> bool {
        false
    }

    #[inline]
    fn both(self, left: impl FnOnce() + Send, right: impl FnOnce() + Send) {
        left();
        right();
    }
}

/// Columns are divided into parts of at least so many bytes: smaller ones are not worth handing over.
const UNIT_BYTES: usize = 256 << 10;

/// Calls `work` for all items, of `sizes` bytes each, in one call or in several: cut so that the parts have about the same bytes,
/// and where that is depends on the sizes alone.
pub(crate) fn each_by_bytes<R: Rows>(
    split: impl Split,
    items: R,
    sizes: &[usize],
    work: &(impl Fn(R) + Sync),
) {
    let half = sizes.iter().sum::<usize>() / 2;
    if !split.is_parallel() || half < UNIT_BYTES || sizes.len() < 2 {
        return work(items);
    }
    let mut before = 0;
    let fits = |size: &&usize| {
        before += **size;
        before <= half
    };
    let cut = sizes.iter().take_while(fits).count().clamp(1, sizes.len() - 1);
    let ((left, right), (left_sizes, right_sizes)) = (items.split_rows(cut), sizes.split_at(cut));
    split.both(
        || each_by_bytes(split, left, left_sizes, work),
        || each_by_bytes(split, right, right_sizes, work),
    );
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

            /// Names and kinds of the columns, in their order.
            pub const COLUMNS: &[$crate::state::column::ColumnInfo] = &[
                $( $crate::state::column::ColumnInfo {
                    table: stringify!($table),
                    name: stringify!($field),
                    kind: <$cell as $crate::state::column::Cell>::KIND,
                    outlives_rows: matches!(stringify!($field).as_bytes(), b"generation"),
                }, )*
            ];

            /// A table of zeroed rows.
            #[must_use]
            pub fn new(capacity: usize) -> Self {
                Self { $( $field: alloc::vec![<$cell>::default(); capacity].into_boxed_slice(), )* }
            }

            /// Shared view of all rows.
            #[must_use]
            #[inline]
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
            #[allow(dead_code, reason = "not every table gives rows back")]
            pub(crate) fn zero_row(&mut self, row: usize) {
                $( self.$field[row] = <$cell>::default(); )*
            }

            /// Sets every column of a range of rows to zero.
            pub(crate) fn zero_rows(&mut self, rows: core::ops::Range<usize>) {
                $( self.$field[rows.clone()].fill(<$cell>::default()); )*
            }

            /// Copies every column of a row of another table into one of this.
            #[allow(dead_code, reason = "not every table is handed over by rows")]
            pub(crate) fn copy_row(&mut self, row: usize, from: &Self, from_row: usize) {
                $( self.$field[row] = from.$field[from_row]; )*
            }

            /// Whether every column of a row is zero, but for the generation.
            #[allow(dead_code, reason = "not every table has free rows")]
            pub(crate) fn is_free_row(&self, row: usize) -> bool {
                let zero = true $( && (self.$field[row] == <$cell>::default()
                    || matches!(stringify!($field).as_bytes(), b"generation")) )*;
                zero
            }

            /// Number of slots, used or free.
            #[must_use]
            pub fn capacity(&self) -> usize {
                self.generation.len()
            }

            /// Shows the first `rows` of every column.
            pub(crate) fn each_column<'a>(
                &'a self,
                rows: usize,
                visitor: &mut impl $crate::state::column::ColumnVisitor<'a>,
            ) {
                let mut columns = Self::COLUMNS.iter();
                $( if let Some(info) = columns.next() {
                    visitor.column(info, &self.$field[..rows]);
                } )*
            }

            /// Shows every column of this table beside the same of another.
            pub(crate) fn each_pair<'a>(
                &'a self,
                to: &'a mut Self,
                visitor: &mut impl $crate::state::column::ColumnPairVisitor<'a>,
            ) {
                let mut columns = Self::COLUMNS.iter();
                $( if let Some(info) = columns.next() {
                    visitor.column(info, &self.$field, &mut to.$field);
                } )*
            }

            /// Fills the first `rows` of every column, little-endian column after column, and returns what follows them in `bytes`.
            pub(crate) fn read_rows<'a>(&mut self, rows: usize, bytes: &'a [u8]) -> Option<&'a [u8]> {
                $( let bytes = $crate::state::column::read_cells(self.$field.get_mut(..rows)?, bytes)?; )*
                Some(bytes)
            }
        }

        impl $rows<'_> {
            /// The same rows, every column cut to one and the same length: a loop over them needs no check of bounds.
            #[must_use]
            #[inline]
            #[allow(dead_code, reason = "not every table is walked in lanes")]
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

    /// Cut wherever it can be.
    #[derive(Clone, Copy)]
    struct Everywhere;

    impl Split for Everywhere {
        fn each<R: Rows>(self, rows: R, work: &(impl Fn(usize, R) + Sync)) {
            Here.each(rows, work);
        }

        fn is_parallel(self) -> bool {
            true
        }

        fn both(self, left: impl FnOnce() + Send, right: impl FnOnce() + Send) {
            right();
            left();
        }
    }

    #[test]
    fn columns_are_cut_by_their_bytes_and_each_is_worked_on_once() {
        use core::sync::atomic::{AtomicUsize, Ordering};
        for sizes in [&[0; 5][..], &[UNIT_BYTES * 9, 1, 1], &[UNIT_BYTES; 16], &[1, 1, UNIT_BYTES * 2], &[]] {
            let (mut seen, calls) = (alloc::vec![0; sizes.len()], AtomicUsize::new(0));
            each_by_bytes(Everywhere, &mut seen[..], sizes, &|part: &mut [i32]| {
                calls.fetch_add(1, Ordering::Relaxed);
                part.iter_mut().for_each(|times| *times += 1);
            });
            assert!(seen.iter().all(|times| *times == 1), "{sizes:?}");
            let least = if sizes == [UNIT_BYTES; 16] { 8 } else { 1 };
            assert!(calls.into_inner() >= least, "{sizes:?}");
        }
    }

    #[test]
    fn split_pairs_together() {
        let (mut a, mut b) = ([1_u8, 2, 3], [4_u16, 5, 6]);
        let ((a0, b0), (a1, b1)) = (&mut a[..], &mut b[..]).split_rows(1);
        assert_eq!((a0.len(), b0.len(), a1.len(), b1.len()), (1, 1, 2, 2));
    }
}
