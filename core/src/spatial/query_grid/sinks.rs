//! What becomes of the rows that a search finds.

use crate::numeric::lanes::{LaneMask, Lanes, MAX_WIDTH};

/// Takes rows in canonical order. `some` is called for every block that is tested, found or not: a branch that asks
/// first would cost more than the rows that are not there.
pub(super) trait Sink {
    /// The first `count` of these rows, all of them found; behind them whole lanes can be read. `at` is the sorted index
    /// of the first.
    fn whole<L: Lanes>(&mut self, rows: &[i32], at: usize, count: usize);

    /// The lanes of the mask; `at` is the sorted index of lane 0.
    fn some<L: Lanes>(&mut self, rows: L, at: usize, found: L::Mask);
}

/// Writes them to a slice that has room for all rows and one more store of lanes.
pub(super) struct Collect<'a> {
    pub(super) out: &'a mut [i32],
    pub(super) len: usize,
}

impl Sink for Collect<'_> {
    #[inline(always)]
    fn whole<L: Lanes>(&mut self, rows: &[i32], _at: usize, count: usize) {
        let end = count.next_multiple_of(L::WIDTH);
        let (rows, out) = (&rows[..end], &mut self.out[self.len..self.len + end]);
        let mut at = 0;
        while at < end {
            L::load_at(rows, at).store_at(out, at);
            at += L::WIDTH;
        }
        self.len += count;
    }

    #[inline(always)]
    fn some<L: Lanes>(&mut self, rows: L, _at: usize, found: L::Mask) {
        self.len += rows.compress_into(found, self.out, self.len);
    }
}

/// Counts them.
pub(super) struct Count(pub(super) usize);

impl Sink for Count {
    #[inline(always)]
    fn whole<L: Lanes>(&mut self, _rows: &[i32], _at: usize, count: usize) {
        self.0 += count;
    }

    #[inline(always)]
    fn some<L: Lanes>(&mut self, _rows: L, _at: usize, found: L::Mask) {
        self.0 += found.count();
    }
}

/// Rows that wait to be visited.
const WAITING: usize = 64;

/// Calls a closure with each: after a while with many, so that the search itself runs without guessing.
pub(super) struct Visit<V> {
    visit: V,
    waiting: [i32; WAITING + MAX_WIDTH],
    len: usize,
}

impl<V: FnMut(u32)> Visit<V> {
    #[inline(always)]
    pub(super) fn new(visit: V) -> Self {
        Self { visit, waiting: [0; WAITING + MAX_WIDTH], len: 0 }
    }

    /// Visits those that wait.
    #[inline(always)]
    pub(super) fn flush(&mut self) {
        for &row in &self.waiting[..self.len] {
            (self.visit)(row.cast_unsigned());
        }
        self.len = 0;
    }
}

impl<V: FnMut(u32)> Sink for Visit<V> {
    #[inline(always)]
    fn whole<L: Lanes>(&mut self, rows: &[i32], _at: usize, count: usize) {
        self.flush();
        for &row in &rows[..count] {
            (self.visit)(row.cast_unsigned());
        }
    }

    #[inline(always)]
    fn some<L: Lanes>(&mut self, rows: L, _at: usize, found: L::Mask) {
        self.len += rows.compress_into(found, &mut self.waiting, self.len);
        if self.len >= WAITING {
            self.flush();
        }
    }
}
