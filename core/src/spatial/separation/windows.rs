//! As many rows as there are lanes at once, each lane with neighbours of its own: the path for lanes that can pick any
//! lane of two registers in one instruction, and for a crowd of one kind.
//!
//! Sorted rows next to each other have neighbours next to each other: one window of two registers holds those of all,
//! and each lane walks through its part. Registers of one row's neighbours are mostly empty; here they are half full.
//!
//! The first pass looks at all rows of the cells around and notes who is near, one bit each; later passes walk through
//! the bits. Notes count from the beginning of a row's own runs: they hold for any division into blocks.

use super::kernel::Kernel;
use super::runs::RUN_BITS;
use super::{LINES, PassRows};
use crate::numeric::lanes::{LaneMask, Lanes, MAX_WIDTH, halves};
use crate::spatial::contact_grid::Guard;

/// The note of the first row of a run; those behind it are to the right.
const FIRST: i32 = 1 << 30;

/// The longest run that notes have room for.
const NOTES: i32 = 31;

/// The number itself; a branch to it is not turned into arithmetic.
#[cold]
#[inline(never)]
fn fewer(count: usize) -> usize {
    count
}

/// Some rows next to each other, and where their neighbours are.
struct Block<L: Lanes> {
    /// How many rows.
    count: usize,
    /// For each line of cells: the window, and where the runs of the rows begin and end in it.
    lines: [(usize, L, L); LINES],
}

/// What neighbours do to the rows of a block.
#[derive(Clone, Copy)]
struct Sums<L: Lanes> {
    push: L,
    contacts: L,
}

impl<L: Lanes, const GUARD: bool> Kernel<'_, L, GUARD, true> {
    /// Whether no sum can leave 16 bits.
    #[inline(always)]
    pub(super) fn windows_fit(&self) -> bool {
        self.flush_after_own as usize >= LINES * 2 * L::WIDTH && self.work.grid.fine_len == self.work.grid.len
    }

    /// The sorted rows from `first` on, as many as `rows` has.
    #[inline(always)]
    pub(super) fn windows(&self, first: usize, rows: PassRows<'_>) {
        let PassRows { after, near: [north, own, south] } = rows;
        let mut done = 0;
        while done < after.len() {
            let Some(block) = self.block(first + done, after.len() - done) else {
                after[done] = self.row(first + done);
                done += 1;
                continue;
            };
            let mut near = [&mut north[done..], &mut own[done..], &mut south[done..]];
            let xz = L::load_at(self.view.xz, first + done);
            let sums = if self.work.pass == 0 {
                self.look(first + done, xz, &block, &mut near)
            } else {
                self.recall(xz, &block, &near)
            };
            let damping = L::table8(self.damping);
            let damping = damping.lookup8(sums.contacts.min(L::splat(7))).twice_low16();
            self.store(xz, sums.push.mul_round16(damping), block.count, &mut after[done..]);
            // Known before the block is computed, where the processor guesses right.
            done += if block.count == L::WIDTH { L::WIDTH } else { fewer(block.count) };
        }
    }

    /// Some rows, at most `most`; none when even the first has too many neighbours.
    #[inline(always)]
    fn block(&self, index: usize, most: usize) -> Option<Block<L>> {
        let runs = &self.work.runs;
        let lengths = L::load_at(runs.lengths, index);
        let (width, longest) = (L::splat(2 * L::WIDTH as i32 + 1), L::splat(NOTES + 1));
        let mut fits = L::Mask::first_n(most);
        let mut lines = [(0, lengths, lengths); LINES];
        for (line, (base, from, to)) in lines.iter_mut().enumerate() {
            let first = runs.from[line][index];
            let length = lengths
                .shift_right_lanes(L::splat((LINES - 1 - line) as i32 * RUN_BITS as i32))
                .and(L::splat((1 << RUN_BITS) - 1));
            *base = first as usize;
            *from = L::load_at(runs.from[line], index).sub(L::splat(first));
            *to = from.add(length);
            fits = fits.and(longest.greater(length)).and(width.greater(*to));
        }
        let count = (!fits.bits()).trailing_zeros() as usize;
        (count != 0).then_some(Block { count, lines })
    }

    /// The first pass: over all rows of the cells around. Notes those that are near.
    #[inline(always)]
    fn look(&self, index: usize, xz: L, block: &Block<L>, near: &mut [&mut [i32]; LINES]) -> Sums<L> {
        let (grid, view, one) = (self.work.grid, &self.view, L::splat(1));
        let lanes = L::Mask::first_n(block.count);
        let y = self.heights(L::load_at(view.y, index));
        let guard = if GUARD { Guard::of_rows(grid, index) } else { Guard::none() };
        // Every row touches itself.
        let mut sums = Sums { push: L::splat(0), contacts: L::splat(-1) };
        let itself = L::numbers().add(L::splat(index as i32));
        for (line, near) in near.iter_mut().enumerate() {
            let (base, from, to) = block.lines[line];
            let (mut at, mut notes, mut note) = (from, L::splat(0), L::splat(FIRST));
            let mut active = lanes.and(to.greater(at));
            if active.any() {
                let (low_xz, high_xz) = (L::load_at(view.xz, base), L::load_at(view.xz, base + L::WIDTH));
                let (low_y, high_y) = (L::load_at(view.y, base), L::load_at(view.y, base + L::WIDTH));
                let mut far = [(low_xz, high_xz); 2];
                if GUARD {
                    far = guard.window(view.far_xz, view.far_y, base);
                }
                while active.any() {
                    let offset = xz.sub16(low_xz.permute2(high_xz, at));
                    let heights = y.sub16(low_y.permute2(high_y, at));
                    let mut meets = active.and(self.overlap(heights));
                    if GUARD {
                        meets = meets.and(guard.near_in(&far, at));
                    }
                    let left = self.single.reach_squared.sub(offset.dot16(offset));
                    notes = notes.or(note.keep(meets.and(left.greater(self.single.beyond))));
                    self.add(&mut sums, meets, offset, left);
                    (at, note) = (at.add(one), note.shift_right_logical::<1>());
                    active = lanes.and(to.greater(at));
                }
            }
            if line == LINES / 2 {
                // Nobody has to be told that it is near itself.
                let own = itself.sub(from).sub(L::splat(base as i32)).and(L::splat(31));
                let own = L::splat(FIRST).shift_right_lanes(own);
                notes = notes.and(own.xor(L::splat(-1)));
            }
            notes.store_part(&mut near[..block.count]);
        }
        sums
    }

    /// Later passes: over the rows that are noted.
    #[inline(always)]
    fn recall(&self, xz: L, block: &Block<L>, near: &[&mut [i32]; LINES]) -> Sums<L> {
        let (view, none) = (&self.view, L::splat(0));
        let lanes = L::Mask::first_n(block.count);
        let mut sums = Sums { push: none, contacts: none };
        let mut lines = [(none, none, none, none); LINES];
        for (line, (notes, before, low, high)) in lines.iter_mut().enumerate() {
            let (base, from, _) = block.lines[line];
            *notes = L::load_part(near[line]).keep(lanes);
            *before = from.sub(L::splat(1));
            (*low, *high) = (L::load_at(view.xz, base), L::load_at(view.xz, base + L::WIDTH));
        }
        // All lines at once: what one waits for, the others fill.
        while lines[0].0.or(lines[1].0).or(lines[2].0).greater(none).any() {
            for (notes, before, low, high) in &mut lines {
                let active = notes.greater(none);
                // The first note has one zero in front of it.
                let zeros = notes.leading_zeros();
                *notes = notes.and(L::splat(i32::MAX).shift_right_lanes(zeros));
                let offset = xz.sub16(low.permute2(*high, before.add(zeros)));
                let left = self.single.reach_squared.sub(offset.dot16(offset));
                self.add(&mut sums, active, offset, left);
            }
        }
        sums
    }

    /// Adds the pushes of one neighbour of each row that `meets` it, if they touch.
    #[inline(always)]
    fn add(&self, sums: &mut Sums<L>, meets: L::Mask, offset: L, left: L) {
        let touching = meets.and(left.greater(L::splat(0)));
        let push = self.single_push(&self.single, offset, left.keep(touching));
        sums.push = sums.push.add16(push);
        sums.contacts = sums.contacts.add(L::splat(1).keep(touching));
    }

    /// Writes the positions of the first `count` lanes after their pushes.
    #[inline(always)]
    fn store(&self, xz: L, push: L, count: usize, out: &mut [i32]) {
        let cap = self.work.tables.cap;
        let too_long = push.dot16(push).greater(L::splat(cap * cap)).and(L::Mask::first_n(count));
        let moved = xz.add16(push);
        if too_long.none() {
            moved.store_part(&mut out[..count]);
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
