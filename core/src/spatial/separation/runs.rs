//! Where the rows of the cells around each row stand in the sorted order, computed once for all passes.

use super::LINES;
use crate::numeric::lanes::{LaneMask, LaneTask, Lanes};
use crate::spatial::contact_grid::Lattice;
use crate::state::column::Rows;

/// The longest run that is remembered; a row with a longer one looks its runs up.
pub(super) const RUN_BITS: u32 = 8;

/// For every sorted row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Runs<'a> {
    /// Where the run of each line of cells begins.
    pub(super) from: [&'a [i32]; LINES],
    /// How long they are, [`RUN_BITS`] bits each; all ones for runs that are too long or go on at the other end of the table.
    pub(super) lengths: &'a [i32],
}

/// The same, to be written.
pub(super) struct RunsMut<'a> {
    pub(super) from: [&'a mut [i32]; LINES],
    pub(super) lengths: &'a mut [i32],
}

impl Rows for RunsMut<'_> {
    fn rows(&self) -> usize {
        self.lengths.len()
    }

    fn split_rows(self, row: usize) -> (Self, Self) {
        let (lengths, rest) = self.lengths.split_at_mut(row);
        let [north, own, south] = self.from.map(|from| from.split_at_mut(row));
        let from = [north.0, own.0, south.0];
        (RunsMut { from, lengths }, RunsMut { from: [north.1, own.1, south.1], lengths: rest })
    }
}

/// Fills [`RunsMut`] for some rows of the fine lattice.
pub(super) struct FindRuns<'a> {
    pub(super) lattice: &'a Lattice,
    pub(super) starts: &'a [i32],
    /// The rows' places.
    pub(super) places: &'a [i32],
    pub(super) runs: RunsMut<'a>,
}

impl LaneTask for FindRuns<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let FindRuns { lattice, starts, places, runs: RunsMut { from: [north, own, south], lengths } } = self;
        let mut from = [north, own, south];
        let (stride, reach) = (lattice.stride as i32, lattice.reach as i32);
        let last = lattice.cells as i32;
        for at in (0..lengths.len()).step_by(L::WIDTH) {
            let end = lengths.len().min(at + L::WIDTH);
            let place = L::load_part(&places[at..end]);
            let whole = place
                .greater(L::splat(stride + reach - 1))
                .and(L::splat(last - stride - reach).greater(place));
            let place = L::select(whole, place, L::splat(stride + reach));
            // Rows side by side have cells side by side: two registers hold where those begin, as a rule.
            let least = places[at] - stride - reach;
            let relative = place.sub(L::splat(places[at]));
            let across = relative.add(L::splat(2 * reach + 1));
            let beside = L::splat(2 * L::WIDTH as i32).greater(across).and(relative.greater(L::splat(-1)));
            let windows = L::CHEAP_PERMUTE && least >= 0 && beside.not().none();
            let mut packed = L::splat(0);
            for (line, from) in from.iter_mut().enumerate() {
                let (begin, end_of);
                if windows {
                    let first = (least + line as i32 * stride) as usize;
                    let (low, high) = (L::load_at(starts, first), L::load_at(starts, first + L::WIDTH));
                    (begin, end_of) = (low.permute2(high, relative), low.permute2(high, across));
                } else {
                    let first = place.add(L::splat((line as i32 - 1) * stride - reach));
                    begin = L::gather(starts, first);
                    end_of = L::gather(starts, first.add(L::splat(2 * reach + 1)));
                }
                begin.store_part(&mut from[at..end]);
                let length = end_of.sub(begin).min(L::splat((1 << RUN_BITS) - 1));
                packed = packed.shift_left::<RUN_BITS>().or(length);
            }
            L::select(whole, packed, L::splat(-1)).store_part(&mut lengths[at..end]);
        }
    }
}
