//! All touching pairs.

use super::{ContactGrid, Guard, RADIUS_MAX};
use crate::numeric::lanes::{LaneChoice, LaneMask, LaneTask, Lanes, MAX_WIDTH, run};
use alloc::vec::Vec;
use core::ops::Range;

/// Of so many rows one is asked how many others are near it.
const SAMPLED_EVERY: usize = 64;

/// Room for pairs: two columns of rows. Every pair stands in it once, in no promised order.
#[derive(Clone, Debug)]
pub struct PairList {
    first: Vec<i32>,
    second: Vec<i32>,
    len: usize,
}

/// What a search for pairs found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PairsFound {
    /// Pairs in the list.
    pub kept: usize,
    /// Pairs that did not fit.
    pub lost: usize,
}

impl PairList {
    /// Room for this many pairs.
    #[must_use]
    pub fn with_capacity(pairs: usize) -> PairList {
        // Whole lanes are written behind the last pair.
        let column = || alloc::vec![0i32; pairs + MAX_WIDTH];
        PairList { first: column(), second: column(), len: 0 }
    }

    /// How many pairs are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no pair is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The rows of the pairs: one of each in the first column, the other at the same index of the second.
    #[must_use]
    pub fn columns(&self) -> [&[u32]; 2] {
        [bytemuck::cast_slice(&self.first[..self.len]), bytemuck::cast_slice(&self.second[..self.len])]
    }
}

impl ContactGrid {
    /// Finds all pairs of bodies that touch: centres (to 1/1024 m, rounded down) at most the sum of the radii (each to
    /// 1/1024 m, rounded down) apart in space, exactly. The list is emptied first. Allocates nothing.
    pub fn pairs_into(&self, lanes: LaneChoice, pairs: &mut PairList) -> PairsFound {
        pairs.len = 0;
        run(lanes, FindPairs { grid: self, pairs })
    }
}

struct FindPairs<'a> {
    grid: &'a ContactGrid,
    pairs: &'a mut PairList,
}

impl LaneTask for FindPairs<'_> {
    type Output = PairsFound;

    #[inline(always)]
    fn run<L: Lanes>(self) -> PairsFound {
        let FindPairs { grid, pairs } = self;
        // Places are counted in 32 bits.
        let capacity = pairs.first.len().min(u32::MAX as usize);
        let mut sink = Sink {
            first: &mut pairs.first[..capacity],
            second: &mut pairs.second[..capacity],
            len: 0,
            lost: 0,
        };
        match (grid.guarded, grid.same_radius) {
            (false, Some(radius)) if L::CHEAP_PERMUTE && L::WIDTH == MAX_WIDTH => {
                Finder::<L, false, true>::new(grid, radius).windows(&mut sink)
            }
            (false, Some(radius)) if L::CHEAP_PERMUTE => {
                Finder::<L, false, true>::new(grid, radius).rows(&mut sink)
            }
            (false, Some(radius)) => Finder::<L, false, true>::new(grid, radius).all(&mut sink),
            (true, Some(radius)) if L::CHEAP_PERMUTE && L::WIDTH == MAX_WIDTH => {
                Finder::<L, true, true>::new(grid, radius).windows(&mut sink)
            }
            (true, Some(radius)) if L::CHEAP_PERMUTE => {
                Finder::<L, true, true>::new(grid, radius).rows(&mut sink)
            }
            (true, Some(radius)) => Finder::<L, true, true>::new(grid, radius).all(&mut sink),
            (false, None) => Finder::<L, false, false>::new(grid, 0).all(&mut sink),
            (true, None) => Finder::<L, true, false>::new(grid, 0).all(&mut sink),
        }
        sink.limit(capacity);
        pairs.len = sink.len;
        PairsFound { kept: sink.len, lost: sink.lost }
    }
}

/// Where pairs go.
struct Sink<'a> {
    first: &'a mut [i32],
    second: &'a mut [i32],
    len: usize,
    lost: usize,
}

impl Sink<'_> {
    #[inline(always)]
    fn push<L: Lanes>(&mut self, mask: L::Mask, first: L, second: L) {
        let capacity = self.first.len();
        self.limit(capacity);
        let second_column = &mut self.second[..capacity];
        first.compress_into(mask, self.first, self.len);
        self.len += second.compress_into(mask, second_column, self.len);
    }

    /// Pushes the pairs of one row with the rows that the bits name.
    #[inline(always)]
    fn push_row<L: Lanes>(&mut self, hits: u32, first: L, second: L) {
        let at = self.len as u32 as usize;
        let places = at..at + L::WIDTH;
        if let (Some(firsts), Some(seconds)) =
            (self.first.get_mut(places.clone()), self.second.get_mut(places))
        {
            first.store(firsts);
            second.compress_bits(hits, seconds);
            self.len = at + hits.count_ones() as usize;
        } else {
            self.lost += hits.count_ones() as usize;
        }
    }

    /// The last places are only room for whole lanes: pairs that stand there are lost.
    #[inline(always)]
    fn limit(&mut self, capacity: usize) {
        let room = capacity - MAX_WIDTH;
        if self.len > room {
            self.lost += self.len - room;
            self.len = room;
        }
    }
}

/// The search, for one shape of grid.
struct Finder<'a, L: Lanes, const GUARD: bool, const SAME: bool> {
    grid: &'a ContactGrid,
    columns: View<'a>,
    /// Square of the contact distance, when all radii are the same.
    limit: L,
}

/// Columns, all of one length.
#[derive(Clone, Copy)]
struct View<'a> {
    id: &'a [i32],
    xz: &'a [i32],
    y: &'a [i32],
    kind: &'a [i32],
    far_xz: &'a [i32],
    far_y: &'a [i32],
}

/// A row whose partners are looked for.
struct Row<L: Lanes> {
    id: L,
    xz: L,
    y: L,
    radius: L,
    guard: Guard<L>,
}

impl<'a, L: Lanes, const GUARD: bool, const SAME: bool> Finder<'a, L, GUARD, SAME> {
    #[inline(always)]
    fn new(grid: &'a ContactGrid, radius: i32) -> Self {
        let (sorted, end) = (&grid.sorted, grid.len + super::ROW_PAD);
        Finder {
            grid,
            columns: View {
                id: &sorted.id[..end],
                xz: &sorted.xz[..end],
                y: &sorted.y[..end],
                kind: &sorted.kind[..end],
                far_xz: &sorted.far_xz[..end],
                far_y: &sorted.far_y[..end],
            },
            limit: L::splat((2 * radius) * (2 * radius)),
        }
    }

    /// Row by row, a register of candidates at a time.
    #[inline(always)]
    fn all(&self, sink: &mut Sink<'_>) {
        for index in 0..self.grid.fine_len {
            self.fine_row(index, sink);
        }
        for index in self.grid.fine_len..self.grid.len {
            self.big_row(index, sink);
        }
    }

    #[inline(always)]
    fn row(&self, index: usize) -> Row<L> {
        let columns = &self.columns;
        Row {
            id: L::splat(columns.id[index]),
            xz: L::splat(columns.xz[index]),
            y: L::splat(columns.y[index]),
            radius: L::splat(if SAME { 0 } else { columns.kind[index] }),
            guard: if GUARD { Guard::of(self.grid, index) } else { Guard::none() },
        }
    }

    /// A row with the rows behind it in its own cell, with those in the cells to the east, and in the line south of it.
    #[inline(always)]
    fn fine_row(&self, index: usize, sink: &mut Sink<'_>) {
        let (lattice, starts) = (&self.grid.fine, &self.grid.starts);
        let row = self.row(index);
        let place = self.grid.sorted.place[index];
        let [own, folded] = lattice.runs(starts, place, lattice.reach + 1);
        self.scan(&row, index + 1..own.end, sink);
        if !folded.is_empty() {
            self.scan(&row, folded, sink);
        }
        let south = place + lattice.stride as i32 - lattice.reach as i32;
        let [south, folded] = lattice.runs(starts, south, 2 * lattice.reach + 1);
        self.scan(&row, south, sink);
        if !folded.is_empty() {
            self.scan(&row, folded, sink);
        }
    }

    /// A big row with all fine ones in reach and with the big ones behind it.
    #[inline(always)]
    fn big_row(&self, index: usize, sink: &mut Sink<'_>) {
        let grid = self.grid;
        let row = self.row(index);
        let point = grid.raw_position(index);
        let radius = self.columns.kind[index] << super::PACK_SHIFT;
        let around = radius + grid.fine_radius + (2 << super::PACK_SHIFT);
        let mut block = grid.fine.around(point, around);
        while let Some([run, folded]) = grid.fine.next_runs(&grid.starts, &mut block) {
            self.scan(&row, run, sink);
            self.scan(&row, folded, sink);
        }
        let mut block = grid.big.around(point, 2 * RADIUS_MAX.0 + (2 << super::PACK_SHIFT));
        while let Some([run, folded]) = grid.big.next_runs(&grid.starts, &mut block) {
            self.scan(&row, run.start.max(index + 1)..run.end, sink);
            self.scan(&row, folded.start.max(index + 1)..folded.end, sink);
        }
    }

    /// Pushes the pairs of a row with the rows of a run.
    #[inline(always)]
    fn scan(&self, row: &Row<L>, run: Range<usize>, sink: &mut Sink<'_>) {
        if L::OUTLINES {
            self.scan_apart(row, run, sink);
        } else {
            self.scan_here(row, run, sink);
        }
    }

    #[inline(never)]
    fn scan_apart(&self, row: &Row<L>, run: Range<usize>, sink: &mut Sink<'_>) {
        self.scan_here(row, run, sink);
    }

    #[inline(always)]
    fn scan_here(&self, row: &Row<L>, run: Range<usize>, sink: &mut Sink<'_>) {
        let columns = &self.columns;
        let mut at = run.start;
        while at < run.end {
            let (xz, y) = (L::load_at(columns.xz, at), L::load_at(columns.y, at));
            let mut hits = L::Mask::first_n(run.end - at);
            let (flat, rise) = (xz.sub16(row.xz), y.sub16(row.y));
            let squared = flat.dot16(flat).add(rise.dot16(rise));
            let limit = if SAME {
                self.limit
            } else {
                let reach = L::load_at(columns.kind, at).add(row.radius);
                reach.dot16(reach)
            };
            hits = hits.and(squared.greater(limit).not());
            if GUARD {
                hits = hits.and(row.guard.near_at(columns.far_xz, columns.far_y, at));
            }
            if hits.any() {
                sink.push(hits, row.id, L::load_at(columns.id, at));
            }
            at += L::WIDTH;
        }
    }

    /// As [`Finder::all`], for lanes whose windows are too short for as many rows as there are lanes: a register of
    /// candidates from the own line and one from the line south of it for each row, and next to nothing that the processor
    /// would have to guess. More candidates than that are the exception. Only without big rows.
    #[inline(always)]
    fn rows(&self, sink: &mut Sink<'_>) {
        // One register instead of two where that goes without saying: a guess that is often wrong costs more.
        let sampled =
            || self.grid.sorted.place[..self.grid.fine_len].iter().enumerate().step_by(SAMPLED_EVERY);
        let fits = |row: &(usize, &i32)| Self::fit_halves(self.runs(row.0, *row.1 as u32 as usize));
        if !GUARD && sampled().filter(fits).count() * 8 >= sampled().len() * 7 {
            self.rows_in::<true>(sink);
        } else {
            self.rows_in::<false>(sink);
        }
    }

    /// Those behind a row in its own line, and those in the line south of it.
    #[inline(always)]
    fn runs(&self, index: usize, place: usize) -> [[u32; 2]; 2] {
        let (starts, reach) = (&self.grid.starts[..], super::REACH as usize);
        let south = place + self.grid.fine.stride as usize - reach;
        [
            [index as u32 + 1, starts[place + reach + 1] as u32],
            [starts[south] as u32, starts[south + 2 * reach + 1] as u32],
        ]
    }

    #[inline(always)]
    fn fit_halves([own, south]: [[u32; 2]; 2]) -> bool {
        let half = L::WIDTH as u32 / 2;
        own[1] - own[0] <= half && south[1] - south[0] <= half
    }

    /// [`Finder::rows`], where most have few enough candidates for one register or not.
    #[inline(always)]
    fn rows_in<const HALVES: bool>(&self, sink: &mut Sink<'_>) {
        let places = &self.grid.sorted.place[..self.grid.fine_len];
        let cells = self.grid.fine.cells as usize;
        let reach = self.grid.fine.stride as usize + super::REACH as usize + 1;
        for (index, &place) in places.iter().enumerate() {
            let place = place as u32 as usize;
            // In a folded table lines may go on at the other end: those few rows are handled otherwise.
            if GUARD && place + reach > cells {
                self.fine_row(index, sink);
                continue;
            }
            let [own, south] = self.runs(index, place);
            let row = self.row(index);
            if HALVES && Self::fit_halves([own, south]) {
                self.follow_both(&row, own, south, sink);
                continue;
            }
            if !GUARD {
                self.follow(&row, own, sink);
                self.follow(&row, south, sink);
                continue;
            }
            // Who only shares a place is most often not even near in what is left of its position.
            if self.touching(&row, own) | self.touching(&row, south) != 0 {
                self.follow(&row, own, sink);
                self.follow(&row, south, sink);
            } else {
                let width = L::WIDTH as u32;
                for [at, end] in [own, south] {
                    if end - at > width {
                        self.follow(&row, [at + width, end], sink);
                    }
                }
            }
        }
    }

    /// Pushes the pairs of a row with the rows of a run, which may be empty.
    #[inline(always)]
    fn follow(&self, row: &Row<L>, [mut at, end]: [u32; 2], sink: &mut Sink<'_>) {
        loop {
            let mut touching = self.touching(row, [at, end]);
            let columns = &self.columns;
            if GUARD {
                touching &= row.guard.near_at(columns.far_xz, columns.far_y, at as usize).bits();
            }
            sink.push_row(touching, row.id, L::load_at(columns.id, at as usize));
            at += L::WIDTH as u32;
            if at >= end {
                break;
            }
        }
    }

    /// As [`Finder::follow`] for two runs, neither of which is longer than half a register.
    #[inline(always)]
    fn follow_both(&self, row: &Row<L>, own: [u32; 2], south: [u32; 2], sink: &mut Sink<'_>) {
        let (columns, at) = (&self.columns, [own[0] as usize, south[0] as usize]);
        let flat = L::load_halves(columns.xz, at).sub16(row.xz);
        let rise = L::load_halves(columns.y, at).sub16(row.y);
        let squared = flat.dot16(flat).add(rise.dot16(rise));
        let first_of = |[at, end]: [u32; 2]| !(u32::MAX << (end - at));
        let there = first_of(own) | first_of(south) << (L::WIDTH / 2);
        let touching = squared.greater(self.limit).not().bits() & there;
        sink.push_row(touching, row.id, L::load_halves(columns.id, at));
    }

    /// Which of the first rows of a run touch a row, as bits, if they are near.
    #[inline(always)]
    fn touching(&self, row: &Row<L>, [at, end]: [u32; 2]) -> u32 {
        let columns = &self.columns;
        let flat = L::load_at(columns.xz, at as usize).sub16(row.xz);
        let rise = L::load_at(columns.y, at as usize).sub16(row.y);
        let squared = flat.dot16(flat).add(rise.dot16(rise));
        let there = !(u32::MAX << end.wrapping_sub(at).min(L::WIDTH as u32));
        squared.greater(self.limit).not().bits() & there
    }

    /// Which of the differences are within the contact distance.
    #[inline(always)]
    fn test(&self, active: L::Mask, flat: L, rise: L) -> L::Mask {
        let squared = flat.dot16(flat).add(rise.dot16(rise));
        active.and(squared.greater(self.limit).not())
    }

    /// As [`Finder::all`], for lanes that can walk through a window of two registers: as many rows as there are lanes at
    /// once, each lane with candidates of its own. Only without big rows.
    #[inline(always)]
    fn windows(&self, sink: &mut Sink<'_>) {
        let (lattice, columns) = (&self.grid.fine, &self.columns);
        let (stride, reach) = (lattice.stride as usize, lattice.reach as usize);
        let places = &self.grid.sorted.place[..columns.xz.len()];
        let starts = &self.grid.starts[..];
        let mut index = 0;
        while index < self.grid.fine_len {
            let first = places[index] as usize;
            // In a folded table lines may go on at the other end: those few rows are handled one by one.
            if GUARD && first + stride + reach + 1 + 2 * L::WIDTH > lattice.cells as usize {
                self.fine_row(index, sink);
                index += 1;
                continue;
            }
            let relative = L::load_at(places, index).sub(L::splat(first as i32));
            // Ends of the own line's runs, and both ends of the south line's.
            let (low, high) = window::<L>(starts, first + reach + 1);
            let own_end = low.permute2(high, relative);
            let south = first + stride - reach;
            let (low, high) = window::<L>(starts, south);
            let base = starts[south];
            let from = low.permute2(high, relative).sub(L::splat(base));
            let over = L::splat(2 * reach as i32 + 1);
            let to = low.permute2(high, relative.add(over)).sub(L::splat(base));
            let narrow = L::splat(2 * (L::WIDTH - reach) as i32 - 1).greater(relative);
            let fits = narrow.and(L::splat(2 * L::WIDTH as i32 + 1).greater(to));
            let fits = fits.and(L::Mask::first_n(self.grid.fine_len - index));
            let count = (!fits.bits()).trailing_zeros() as usize;
            if count == 0 {
                self.fine_row(index, sink);
                index += 1;
                continue;
            }
            let lanes = L::Mask::first_n(count);
            let rows = Row {
                id: L::load_at(columns.id, index),
                xz: L::load_at(columns.xz, index),
                y: L::load_at(columns.y, index),
                radius: L::splat(0),
                guard: if GUARD { Guard::of_rows(self.grid, index) } else { Guard::none() },
            };
            self.own_line(&rows, lanes, index, own_end.sub(L::splat(index as i32)).sub(L::numbers()), sink);
            self.south_line(&rows, lanes, base as usize, [from, to], sink);
            index += count;
        }
    }

    /// Later rows of the own line, as many as are `behind` each of the rows from `index` on: the same distance behind each.
    #[inline(always)]
    fn own_line(&self, rows: &Row<L>, lanes: L::Mask, index: usize, behind: L, sink: &mut Sink<'_>) {
        let columns = &self.columns;
        let one = L::splat(1);
        let (mut step, mut at) = (one, index + 1);
        let mut active = lanes.and(behind.greater(step));
        while active.any() {
            let mut hits = self.test(
                active,
                L::load_at(columns.xz, at).sub16(rows.xz),
                L::load_at(columns.y, at).sub16(rows.y),
            );
            if GUARD {
                hits = hits.and(rows.guard.near_at(columns.far_xz, columns.far_y, at));
            }
            sink.push(hits, rows.id, L::load_at(columns.id, at));
            (step, at) = (step.add(one), at + 1);
            active = lanes.and(behind.greater(step));
        }
    }

    /// The south line: in the window at `base`, each lane has its own candidates, from one place to another.
    #[inline(always)]
    fn south_line(
        &self,
        rows: &Row<L>,
        lanes: L::Mask,
        base: usize,
        [from, to]: [L; 2],
        sink: &mut Sink<'_>,
    ) {
        let mut place = from;
        let mut active = lanes.and(to.greater(place));
        if active.none() {
            return;
        }
        let columns = &self.columns;
        let ids = window::<L>(columns.id, base);
        let (xzs, ys) = (window::<L>(columns.xz, base), window::<L>(columns.y, base));
        let mut far = [xzs, ys];
        if GUARD {
            far = rows.guard.window(columns.far_xz, columns.far_y, base);
        }
        while active.any() {
            let mut hits = self.test(
                active,
                xzs.0.permute2(xzs.1, place).sub16(rows.xz),
                ys.0.permute2(ys.1, place).sub16(rows.y),
            );
            if GUARD {
                hits = hits.and(rows.guard.near_in(&far, place));
            }
            sink.push(hits, rows.id, ids.0.permute2(ids.1, place));
            place = place.add(L::splat(1));
            active = lanes.and(to.greater(place));
        }
    }
}

/// Two registers, side by side, from an index of a column on.
#[inline(always)]
fn window<L: Lanes>(column: &[i32], at: usize) -> (L, L) {
    (L::load_at(column, at), L::load_at(column, at + L::WIDTH))
}
