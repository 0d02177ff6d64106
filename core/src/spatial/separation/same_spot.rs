//! Rows on the very same spot: the polynomial has no direction for them, so they get one before the passes.

use super::Separation;
use crate::numeric::Brads;
use crate::numeric::lanes::{LaneChoice, LaneMask, LaneTask, Lanes, halves, pair, run};
use crate::spatial::contact_grid::PACK_SHIFT;

/// A row is compared with this many of the rows behind it in its cell.
const LOOK_AHEAD: usize = 64;

/// Overlapping bodies, 16 m tall at most, differ by no more than this in their far heights of 4 m.
const FAR_RISE: u16 = 5;

/// Finds rows that stand where an earlier one stands, and calls back with each, possibly more than once.
struct SameSpots<'a, F> {
    places: &'a [i32],
    xz: &'a [i32],
    len: usize,
    found: F,
}

impl<F: FnMut(usize, usize)> LaneTask for SameSpots<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(mut self) {
        let room = self.places.len();
        let (places, xzs) = (&self.places[..room], &self.xz[..room]);
        let mut index = 0;
        while index < self.len {
            let (place, xz) = (L::load_at(places, index), L::load_at(xzs, index));
            let last = LOOK_AHEAD.min(self.len - 1 - index);
            for step in 1..=last {
                let at = index + step;
                if at + L::WIDTH > room {
                    break;
                }
                let mut near = place.equal(L::load_at(places, at));
                if at + L::WIDTH > self.len {
                    near = near.and(L::Mask::first_n(self.len - at));
                }
                // Rows of a cell stand side by side: nobody has one so far behind any more.
                if near.none() {
                    break;
                }
                let mut bits = near.and(xz.equal(L::load_at(xzs, at))).bits();
                while bits != 0 {
                    let lane = bits.trailing_zeros() as usize;
                    (self.found)(index + lane, at + lane);
                    bits &= bits - 1;
                }
            }
            index += L::WIDTH;
        }
    }
}

impl Separation {
    /// Moves every row that stands on the spot of an earlier one, in the sorted order.
    pub(super) fn part_same_spots(&mut self, lanes: LaneChoice) {
        if self.tables.cap == 0 || self.grid.len < 2 {
            return;
        }
        let Separation { tables, grid, single, start, .. } = self;
        let sorted = &grid.sorted;
        let (guarded, too_tall) = (grid.guarded, grid.too_tall);
        let found = |earlier: usize, later: usize| {
            if guarded && sorted.far_xz[earlier] != sorted.far_xz[later] {
                return;
            }
            if too_tall {
                // Feet of bodies that overlap may stand on both sides of a border between two far heights.
                let rise = sorted.far_y[earlier].wrapping_sub(sorted.far_y[later]) as i16;
                if rise.unsigned_abs() > FAR_RISE {
                    return;
                }
            }
            let ((low, top), (other_low, other_top)) = (halves(sorted.y[earlier]), halves(sorted.y[later]));
            // Tops are negated, and heights are packed modulo 1024 m: sums that wrap are the differences.
            if low.wrapping_add(other_top) >= 0 || other_low.wrapping_add(top) >= 0 {
                return;
            }
            let kind = single.unwrap_or(sorted.kind[later] as usize);
            let radius = tables.radii[kind] >> PACK_SHIFT;
            let (x, z) = offset(sorted.id[later] as u32, radius, tables.cap);
            let (old_x, old_z) = halves(sorted.xz[later]);
            start[later] = pair(old_x.wrapping_add(x), old_z.wrapping_add(z));
        };
        run(lanes, SameSpots { places: &sorted.place, xz: &sorted.xz, len: grid.len, found });
    }
}

/// A direction drawn from a row's number, between an eighth and a half of its radius long, at most `cap`.
fn offset(row: u32, radius: i32, cap: i32) -> (i16, i16) {
    let word = row.wrapping_mul(0x9E37_79B1);
    let word = (word ^ (word >> 15)).wrapping_mul(0x2C1B_3C6D);
    let word = word ^ (word >> 13);
    let length = radius / 8 + (((radius * 3 / 8) * (word & 0xFFFF) as i32) >> 16);
    let (x, z) = Brads((word >> 16) as u16).forward();
    let along = |part: i32| ((i64::from(part) * i64::from(length.min(cap))) >> 16) as i16;
    (along(x.0), along(z.0))
}
