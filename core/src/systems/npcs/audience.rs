//! Where players are, coarsely: minds that none is near think less often.
//!
//! A player is any living character without a mind. Within [`crate::rules::LodRules::near`] every player counts, beyond it some
//! still do, up to two cells of the grid farther. It is looked at anew in each tick in which anybody thinks, so it follows
//! from the state alone.

use crate::numeric::Metres;
use crate::state::characters::{CharactersView, flags};
use alloc::boxed::Box;
use alloc::vec;

/// Most cells along a side of the grid.
const SIDE_MAX: usize = 128;

/// Players by cells.
#[derive(Debug)]
pub(super) struct Audience {
    half_extent: i32,
    shift: u32,
    side: usize,
    /// Cells around a player that count as near, each way.
    reach: usize,
    /// Cells with a player in them.
    taken: Box<[bool]>,
    near: Box<[bool]>,
}

impl Audience {
    /// The grid of a world; without cells where nobody will ask.
    pub(super) fn new(near: Metres, half_extent: Metres, used: bool) -> Self {
        let extent = i64::from(half_extent.0) * 2;
        let cells = |shift: u32| (extent >> shift) as usize + 1;
        // Half of the distance, to a power of two below, and large enough for the grid.
        let mut shift = (near.0.unsigned_abs() / 2).max(1).ilog2();
        while cells(shift) > SIDE_MAX {
            shift += 1;
        }
        let side = cells(shift);
        let room = if used { side * side } else { 0 };
        Self {
            half_extent: half_extent.0,
            shift,
            side,
            reach: (near.0.unsigned_abs() as usize).div_ceil(1 << shift),
            taken: vec![false; room].into_boxed_slice(),
            near: vec![false; room].into_boxed_slice(),
        }
    }

    /// Looks where players are.
    pub(super) fn look(
        &mut self,
        characters: &CharactersView<'_>,
        end: usize,
        has_mind: impl Fn(usize) -> bool,
    ) {
        self.taken.fill(false);
        self.near.fill(false);
        for (slot, bits) in characters.flags[..end].iter().enumerate() {
            if bits & flags::ALIVE == 0 || has_mind(slot) {
                continue;
            }
            let (x, z) = self.cell(characters.position_x[slot], characters.position_z[slot]);
            if !core::mem::replace(&mut self.taken[z * self.side + x], true) {
                let last = |at: usize| (at + self.reach).min(self.side - 1);
                let columns = x.saturating_sub(self.reach)..=last(x);
                for line in z.saturating_sub(self.reach)..=last(z) {
                    let start = line * self.side;
                    self.near[start + columns.start()..=start + columns.end()].fill(true);
                }
            }
        }
    }

    fn cell(&self, x: i32, z: i32) -> (usize, usize) {
        let along = |raw: i32| {
            let at = (i64::from(raw) + i64::from(self.half_extent)) >> self.shift;
            at.clamp(0, self.side as i64 - 1) as usize
        };
        (along(x), along(z))
    }

    /// Whether a player is near a place.
    pub(super) fn is_near(&self, x: i32, z: i32) -> bool {
        let (column, line) = self.cell(x, z);
        self.near[line * self.side + column]
    }
}
