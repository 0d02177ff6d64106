//! Where answers are written: a list of rows that keeps its room.

use super::nearest::ORDER_ROOM;
use super::order::SCRATCH;
use crate::numeric::lanes::MAX_WIDTH;
use alloc::vec::Vec;
use core::ops::Deref;

/// The rows that a query found. Used again and again, it allocates only while it grows.
///
/// Unlike a `Vec` it is not cleared between queries: lanes write over what is there.
#[derive(Clone, Debug, Default)]
pub struct RowList {
    places: Vec<i32>,
    len: usize,
    /// Scratch of searches that put rows in order.
    squares: Vec<i32>,
    scratch: Vec<i32>,
    order: Vec<u128>,
}

impl RowList {
    /// An empty list without room.
    #[must_use]
    pub const fn new() -> Self {
        Self { places: Vec::new(), len: 0, squares: Vec::new(), scratch: Vec::new(), order: Vec::new() }
    }

    /// An empty list that never allocates for grids of up to this capacity.
    #[must_use]
    pub fn with_room(rows: usize) -> Self {
        let mut list = Self::new();
        list.parts(rows);
        list
    }

    /// The rows.
    #[must_use]
    pub fn as_slice(&self) -> &[u32] {
        bytemuck::cast_slice(&self.places[..self.len])
    }

    /// Empties it.
    pub const fn clear(&mut self) {
        self.len = 0;
    }

    /// Room for so many rows and one more store of lanes.
    pub(super) fn places(&mut self, rows: usize) -> &mut [i32] {
        self.len = 0;
        if self.places.len() < rows + MAX_WIDTH {
            self.places.resize(rows + MAX_WIDTH, 0);
        }
        &mut self.places
    }

    /// The places, as many for squares, scratch and an empty list of keys, for searches that put rows in order.
    pub(super) fn parts(&mut self, rows: usize) -> (&mut [i32], &mut [i32], &mut [i32], &mut Vec<u128>) {
        let room = self.places(rows).len();
        if self.squares.len() < room {
            self.squares.resize(room, 0);
        }
        self.scratch.resize(SCRATCH, 0);
        self.order.clear();
        self.order.reserve(ORDER_ROOM);
        (&mut self.places, &mut self.squares, &mut self.scratch, &mut self.order)
    }

    /// So many places hold rows now.
    pub(super) fn set_len(&mut self, len: usize) {
        debug_assert!(len <= self.places.len());
        self.len = len;
    }
}

impl Deref for RowList {
    type Target = [u32];

    fn deref(&self) -> &[u32] {
        self.as_slice()
    }
}
