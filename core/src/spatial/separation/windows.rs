//! As many rows as there are lanes at once, each lane with neighbours of its own: the path for lanes that can pick any
//! lane of two registers in one instruction, and for a crowd of one kind.
//!
//! Sorted rows next to each other have neighbours next to each other: one window of two registers holds those of all,
//! and each lane walks through its part. Registers of one row's neighbours are mostly empty; here they are half full.

use super::kernel::Kernel;
use crate::numeric::lanes::{LaneMask, Lanes, MAX_WIDTH, halves};
use crate::spatial::contact_grid::Guard;

/// Lines of cells that neighbours are in.
const LINES: usize = 3;

impl<L: Lanes, const GUARD: bool> Kernel<'_, L, GUARD, true> {
    /// Whether no sum can leave 16 bits.
    #[inline(always)]
    pub(super) fn windows_fit(&self) -> bool {
        self.flush_after_own as usize >= LINES * 2 * L::WIDTH && self.work.grid.fine_len == self.work.grid.len
    }

    /// The sorted rows from `first` on, as many as `out` has.
    #[inline(always)]
    pub(super) fn windows(&self, first: usize, out: &mut [i32]) {
        let mut done = 0;
        while done < out.len() {
            let count = self.block(first + done, &mut out[done..]);
            if count == 0 {
                out[done] = self.row(first + done);
            }
            done += count.max(1);
        }
    }

    /// Some rows at once; how many, or none when even the first has too many neighbours.
    #[inline(always)]
    fn block(&self, index: usize, out: &mut [i32]) -> usize {
        let (grid, view) = (self.work.grid, &self.view);
        let (lattice, starts) = (&grid.fine, &grid.starts[..]);
        let (stride, reach) = (lattice.stride as usize, lattice.reach as usize);
        let place = self.places[index] as usize;
        // In a folded table lines may go on at the other end: those few rows are handled one by one.
        let last = place + stride + reach + 1 + 2 * L::WIDTH;
        if place < stride + reach || (GUARD && last > lattice.cells as usize) {
            return 0;
        }
        let relative = L::load_at(self.places, index).sub(L::splat(place as i32));
        let across = relative.add(L::splat(2 * reach as i32 + 1));
        let width = L::splat(2 * L::WIDTH as i32);
        let mut fits = L::Mask::first_n(out.len()).and(width.greater(across));
        let mut lines = [(0, relative, relative); LINES];
        let mut line = place - stride - reach;
        for (base, from, to) in &mut lines {
            let (low, high) = (L::load_at(starts, line), L::load_at(starts, line + L::WIDTH));
            let first = starts[line];
            *base = first as usize;
            *from = low.permute2(high, relative).sub(L::splat(first));
            *to = low.permute2(high, across).sub(L::splat(first));
            fits = fits.and(width.greater(to.sub(L::splat(1))));
            line += stride;
        }
        let count = (!fits.bits()).trailing_zeros() as usize;
        if count == 0 {
            return 0;
        }
        let lanes = L::Mask::first_n(count);
        let (xz, y) = (L::load_at(view.xz, index), self.heights(L::load_at(view.y, index)));
        let guard = if GUARD { Guard::of_rows(&grid.sorted, index) } else { Guard::none() };
        let (mut push, mut contacts, one) = (L::splat(0), L::splat(0), L::splat(1));
        for (base, from, to) in lines {
            let mut at = from;
            let mut active = lanes.and(to.greater(at));
            if active.none() {
                continue;
            }
            let (low_xz, high_xz) = (L::load_at(view.xz, base), L::load_at(view.xz, base + L::WIDTH));
            let (low_y, high_y) = (L::load_at(view.y, base), L::load_at(view.y, base + L::WIDTH));
            let (mut far, mut rise) = ((low_xz, low_xz), (low_xz, low_xz));
            if GUARD {
                far = (L::load_at(view.far_xz, base), L::load_at(view.far_xz, base + L::WIDTH));
                rise = (L::load_at(view.far_y, base), L::load_at(view.far_y, base + L::WIDTH));
            }
            while active.any() {
                let offset = xz.sub16(low_xz.permute2(high_xz, at));
                let heights = y.sub16(low_y.permute2(high_y, at));
                let mut meets = active;
                if GUARD {
                    meets = meets.and(guard.near(far.0.permute2(far.1, at), rise.0.permute2(rise.1, at)));
                }
                let (more, touching) = self.single_push(&self.single, meets, offset, heights);
                push = push.add16(more);
                contacts = contacts.add(one.keep(touching));
                at = at.add(one);
                active = lanes.and(to.greater(at));
            }
        }
        // Every row touches itself.
        let others = contacts.sub(one).min(L::splat(7));
        let damping = L::table8(&self.work.tables.damping).lookup8(others).twice_low16();
        self.store(xz, push.mul_round16(damping), count, out);
        count
    }

    /// Writes the positions of the first `count` lanes after their pushes.
    #[inline(always)]
    fn store(&self, xz: L, push: L, count: usize, out: &mut [i32]) {
        let cap = self.work.tables.cap;
        let too_long = push.dot16(push).greater(L::splat(cap * cap)).and(L::Mask::first_n(count));
        let moved = xz.add16(push);
        if count == L::WIDTH && too_long.none() {
            moved.store(out);
            return;
        }
        let mut places = [0; MAX_WIDTH];
        moved.store(&mut places);
        let mut bits = too_long.bits();
        if bits != 0 {
            let (mut from, mut pushes) = ([0; MAX_WIDTH], [0; MAX_WIDTH]);
            xz.store(&mut from);
            push.store(&mut pushes);
            while bits != 0 {
                let lane = bits.trailing_zeros() as usize;
                let (x, z) = halves(pushes[lane]);
                places[lane] = self.moved(from[lane], (i32::from(x), i32::from(z)));
                bits &= bits - 1;
            }
        }
        out[..count].copy_from_slice(&places[..count]);
    }
}
