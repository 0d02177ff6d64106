//! One row against a register of neighbours at a time: the path for all sizes, weights and densities.

use super::tables::{Against, Tables};
use super::{PassRows, PassWork, RUN_MAX};
use crate::numeric::fixed::clamp_length2d;
use crate::numeric::lanes::{LaneMask, LaneTask, Lanes, halves, pair};
use crate::spatial::contact_grid::{Columns, Guard, PACK_SHIFT};
use core::ops::Range;

/// One call of [`PassWork::run`].
pub(super) struct Pass<'a> {
    pub(super) work: PassWork<'a>,
    pub(super) first: usize,
    pub(super) rows: PassRows<'a>,
}

impl LaneTask for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Pass { work, first, rows } = self;
        match (work.grid.guarded, work.single) {
            (false, Some(kind)) => {
                let kernel = Kernel::<L, false, true>::new(&work, kind);
                if L::CHEAP_PERMUTE && kernel.windows_fit() {
                    kernel.windows(first, rows);
                } else {
                    kernel.rows(first, rows.after);
                }
            }
            (true, Some(kind)) => {
                let kernel = Kernel::<L, true, true>::new(&work, kind);
                if L::CHEAP_PERMUTE && kernel.windows_fit() {
                    kernel.windows(first, rows);
                } else {
                    kernel.rows(first, rows.after);
                }
            }
            (false, None) => Kernel::<L, false, false>::new(&work, 0).rows(first, rows.after),
            (true, None) => Kernel::<L, true, false>::new(&work, 0).rows(first, rows.after),
        }
    }
}

/// Columns that candidates are read from, all of one length.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) xz: &'a [i32],
    /// Packed positions before the first pass.
    start: &'a [i32],
    pub(super) y: &'a [i32],
    kind: &'a [i32],
    pub(super) far_xz: &'a [i32],
    pub(super) far_y: &'a [i32],
}

/// Constants in lanes.
pub(super) struct Kernel<'a, L: Lanes, const GUARD: bool, const SINGLE: bool> {
    pub(super) work: PassWork<'a>,
    pub(super) view: View<'a>,
    pub(super) places: &'a [i32],
    weights: [L; 4],
    /// What the sums of this pass are multiplied with, by the number of contacts.
    pub(super) damping: &'a [i32; 8],
    signs: L,
    pub(super) single: Pair<L>,
    pub(super) flush_after_own: u32,
}

/// Constants of a row's body: against its own kind when that is the only one, else tables against each.
#[derive(Clone, Copy)]
pub(super) struct Pair<L: Lanes> {
    pub(super) reach_squared: L,
    /// Square of the distance within which bodies are neighbours.
    near_squared: L,
    /// Of one kind: the difference of the two squares, below zero.
    pub(super) beyond: L,
    shift: L,
    scale: L,
    flush_after: u32,
}

/// A row in lanes, and what its neighbours do to it so far.
struct Centre<L: Lanes> {
    xz: L,
    start: L,
    y: L,
    guard: Guard<L>,
    pair: Pair<L>,
    push: L,
    terms: u32,
    sum: (i32, i32),
    /// Touching rows, itself included.
    contacts: usize,
}

impl<'a, L: Lanes, const GUARD: bool, const SINGLE: bool> Kernel<'a, L, GUARD, SINGLE> {
    #[inline(always)]
    fn new(work: &PassWork<'a>, kind: usize) -> Self {
        let sorted: &'a Columns = &work.grid.sorted;
        let end = work.before.len();
        let tables: &'a Tables = work.tables;
        let against = &tables.against[kind];
        Kernel {
            work: *work,
            view: View {
                xz: &work.before[..end],
                start: &work.start[..end],
                y: &sorted.y[..end],
                kind: &sorted.kind[..end],
                far_xz: &sorted.far_xz[..end],
                far_y: &sorted.far_y[..end],
            },
            places: &sorted.place[..end],
            weights: [
                L::splat16(tables.weights[0]),
                L::splat16(tables.weights[1]),
                L::splat16(tables.weights[2]),
                L::splat16(tables.weights[3]),
            ],
            damping: tables.damping(work.is_last),
            signs: L::splat16(i16::MIN),
            single: Pair {
                reach_squared: L::splat(against.reach_squared[kind]),
                near_squared: L::splat(against.near_squared[kind]),
                beyond: L::splat(against.reach_squared[kind] - against.near_squared[kind]),
                shift: L::splat(against.shift[kind]),
                scale: L::splat16(halves(against.scale_and_share[kind]).0),
                flush_after: against.flush_after_own,
            },
            flush_after_own: against.flush_after_own,
        }
    }

    /// Tables of the body of a sorted row.
    #[inline(always)]
    fn pair(&self, index: usize) -> Pair<L> {
        if SINGLE {
            return self.single;
        }
        let against: &Against = &self.work.tables.against[(self.view.kind[index] & 7) as usize];
        Pair {
            reach_squared: L::table8(&against.reach_squared),
            near_squared: L::table8(&against.near_squared),
            beyond: L::splat(0),
            shift: L::table8(&against.shift),
            scale: L::table8(&against.scale_and_share),
            flush_after: against.flush_after,
        }
    }

    /// The sorted rows from `first` on, as many as `out` has.
    #[inline(always)]
    pub(super) fn rows(&self, first: usize, out: &mut [i32]) {
        for (offset, place) in out.iter_mut().enumerate() {
            *place = self.row(first + offset);
        }
    }

    /// The packed position of a sorted row after the pass.
    #[inline(always)]
    pub(super) fn row(&self, index: usize) -> i32 {
        let grid = self.work.grid;
        let (starts, lattice) = (&grid.starts[..], &grid.fine);
        let own = self.view.xz[index];
        let mut centre = Centre {
            xz: L::splat(own),
            start: L::splat(self.view.start[index]),
            y: self.heights(L::splat(self.view.y[index])),
            guard: if GUARD { Guard::of(grid, index) } else { Guard::none() },
            pair: self.pair(index),
            push: L::splat(0),
            terms: 0,
            sum: (0, 0),
            contacts: 0,
        };
        if index < grid.fine_len {
            let reach = lattice.reach as i32;
            let place = self.places[index] - reach;
            let stride = lattice.stride as i32;
            for from in [place - stride, place, place + stride] {
                let [run, folded] = lattice.runs(starts, from, 2 * lattice.reach + 1);
                self.scan(&mut centre, index, run);
                if !folded.is_empty() {
                    self.scan(&mut centre, index, folded);
                }
            }
            if grid.fine_len < grid.len {
                self.big_neighbours(&mut centre, index);
            }
        } else {
            self.fine_neighbours(&mut centre, index);
            self.big_neighbours(&mut centre, index);
        }
        self.flush(&mut centre);
        let damping = self.damping[(centre.contacts - 1).min(7)];
        let damped = |sum: i32| ((i64::from(sum) * i64::from(damping) + 0x4000) >> 15) as i32;
        self.moved(own, (damped(centre.sum.0), damped(centre.sum.1)))
    }

    /// A packed position moved by a push that is no longer than the cap.
    #[inline(always)]
    pub(super) fn moved(&self, from: i32, (x, z): (i32, i32)) -> i32 {
        let cap = self.work.tables.cap;
        let (mut x, mut z) = (x, z);
        if x.unsigned_abs().max(z.unsigned_abs()) > 16_384 || x * x + z * z > cap * cap {
            (x, z) = clamp_length2d(x, z, cap);
        }
        let (old_x, old_z) = halves(from);
        pair(old_x.wrapping_add(x as i16), old_z.wrapping_add(z as i16))
    }

    #[inline(always)]
    fn big_neighbours(&self, centre: &mut Centre<L>, index: usize) {
        let grid = self.work.grid;
        let around = 2 * super::RADIUS_MAX.0;
        let mut block = grid.big.around(grid.raw_position(index), around);
        while let Some([run, folded]) = grid.big.next_runs(&grid.starts, &mut block) {
            self.scan(centre, index, run);
            self.scan(centre, index, folded);
        }
    }

    #[inline(always)]
    fn fine_neighbours(&self, centre: &mut Centre<L>, index: usize) {
        let grid = self.work.grid;
        let radius = self.work.tables.radii[(self.view.kind[index] & 7) as usize];
        let around = radius + grid.fine_radius + super::MARGIN.0 + (2 << PACK_SHIFT);
        let mut block = grid.fine.around(grid.raw_position(index), around);
        while let Some([run, folded]) = grid.fine.next_runs(&grid.starts, &mut block) {
            self.scan(centre, index, run);
            self.scan(centre, index, folded);
        }
    }

    /// The part of a run that a row looks at: all of it, or a window when it is long.
    #[inline(always)]
    fn window(&self, index: usize, run: Range<usize>) -> Range<usize> {
        if run.len() <= RUN_MAX { run } else { self.window_of_many(index, run) }
    }

    #[cold]
    #[inline(never)]
    fn window_of_many(&self, index: usize, run: Range<usize>) -> Range<usize> {
        let last = run.end - RUN_MAX;
        let start = if run.contains(&index) {
            index.saturating_sub(RUN_MAX / 2).clamp(run.start, last)
        } else {
            let word = (self.work.grid.sorted.id[index] as u32).wrapping_add(self.work.pass << 16);
            let word = word.wrapping_mul(0x9E37_79B1);
            let word = u64::from((word ^ (word >> 15)).wrapping_mul(0x2C1B_3C6D));
            run.start + ((word * (last - run.start + 1) as u64) >> 32) as usize
        };
        start..start + RUN_MAX
    }

    /// What heights of neighbours are subtracted from: both halves of the difference are non-negative when cylinders
    /// overlap. Packed are the lower end and the negated upper end; turned round and inverted they are the upper and
    /// the negated lower one, less one each.
    #[inline(always)]
    pub(super) fn heights(&self, y: L) -> L {
        y.shift_left::<16>().or(y.shift_right_logical::<16>()).xor(L::splat(-1))
    }

    /// Adds the pushes of the rows of a run. The row itself may be one of them: it adds nothing.
    #[inline(always)]
    fn scan(&self, centre: &mut Centre<L>, index: usize, run: Range<usize>) {
        let run = self.window(index, run);
        let view = &self.view;
        let mut at = run.start;
        while at < run.end {
            let mut active = L::Mask::first_n(run.end - at);
            if GUARD {
                active = active.and(centre.guard.near_at(view.far_xz, view.far_y, at));
            }
            let (offset, away) =
                (centre.xz.sub16(L::load_at(view.xz, at)), centre.start.sub16(L::load_at(view.start, at)));
            let kind = if SINGLE { L::splat(0) } else { L::load_at(view.kind, at) };
            let left = Self::of_kind(centre.pair.reach_squared, kind).sub(offset.dot16(offset));
            let near = Self::of_kind(centre.pair.near_squared, kind).greater(away.dot16(away));
            let meets = active.and(near).and(self.overlap(centre.y.sub16(L::load_at(view.y, at))));
            let touching = meets.and(left.greater(L::splat(0)));
            let left = left.keep(touching);
            let push = if SINGLE {
                self.single_push(&centre.pair, offset, left)
            } else {
                self.pair_push(&centre.pair, offset, left, kind)
            };
            centre.push = centre.push.add16(push);
            centre.contacts += touching.count();
            centre.terms += 1;
            if centre.terms >= centre.pair.flush_after {
                self.flush(centre);
            }
            at += L::WIDTH;
        }
    }

    #[inline(always)]
    fn flush(&self, centre: &mut Centre<L>) {
        centre.sum.0 += centre.push.dot16(L::splat_pair(1, 0)).sum();
        centre.sum.1 += centre.push.dot16(L::splat_pair(0, 1)).sum();
        centre.push = L::splat(0);
        centre.terms = 0;
    }

    /// Entries of a table of the body of a row.
    #[inline(always)]
    fn of_kind(table: L, kind: L) -> L {
        if SINGLE { table } else { table.lookup8(kind) }
    }

    /// Which cylinders overlap in height, by the differences of [`Kernel::heights`] and theirs.
    #[inline(always)]
    pub(super) fn overlap(&self, heights: L) -> L::Mask {
        heights.and(self.signs).equal(L::splat(0))
    }

    /// The pushes of bodies of the row's own kind, by what is left of the square of the distance at which they touch.
    #[inline(always)]
    pub(super) fn single_push(&self, pair: &Pair<L>, offset: L, left: L) -> L {
        offset.add16(offset).mul_round16(self.weight(left.shift_right_lanes(pair.shift), pair.scale))
    }

    /// The pushes of bodies of any kind, likewise.
    #[inline(always)]
    fn pair_push(&self, pair: &Pair<L>, offset: L, left: L, kind: L) -> L {
        let left = left.shift_right_lanes(pair.shift.lookup8(kind));
        let scale_and_share = pair.scale.lookup8(kind);
        let push = offset.add16(offset).mul_round16(self.weight(left, scale_and_share.twice_low16()));
        let share = scale_and_share.shift_right_logical::<16>().twice_low16();
        push.add16(push).mul_round16(share)
    }

    /// w, in both halves, of differences of squares with 15 bits.
    #[inline(always)]
    fn weight(&self, left: L, scale: L) -> L {
        let e = left.twice_low16().mul_round16(scale);
        let e = e.add16(e);
        let [w1, w2, w3, w4] = self.weights;
        let w = e.mul_round16(w4).add16(w3);
        let w = e.mul_round16(w).add16(w2);
        let w = e.mul_round16(w).add16(w1);
        e.mul_round16(w)
    }
}
