//! Columns that begin with a line of the cache: registers as wide as a line are then stored without touching two.

use alloc::vec::Vec;
use bytemuck::{Pod, Zeroable};
use core::ops::{Deref, DerefMut};

/// One line.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
struct Line([i32; 16]);

/// A column of fixed length, rounded up to whole lines.
#[derive(Clone, Debug, Default)]
pub(in crate::spatial) struct Lines(Vec<Line>);

impl Lines {
    /// Zeros.
    pub(in crate::spatial) fn new(len: usize) -> Lines {
        Lines(alloc::vec![Line::default(); len.div_ceil(16)])
    }

    /// Four values each.
    pub(super) fn fours(&mut self) -> &mut [[i32; 4]] {
        bytemuck::cast_slice_mut(&mut self.0)
    }
}

impl Deref for Lines {
    type Target = [i32];

    #[inline]
    fn deref(&self) -> &[i32] {
        bytemuck::cast_slice(&self.0)
    }
}

impl DerefMut for Lines {
    #[inline]
    fn deref_mut(&mut self) -> &mut [i32] {
        bytemuck::cast_slice_mut(&mut self.0)
    }
}
