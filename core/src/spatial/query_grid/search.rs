//! The walk over the lines that a shape touches, generic over the shape, the lanes, and what becomes of the rows.
//!
//! Lanes see a row as its offset from the shape's anchor, shortened until both parts fit 16 bits: a pair in one lane. A
//! shape judges those pairs to be surely inside, or perhaps: only the rows in between are asked again in whole
//! coordinates, and that is why answers are exact. Shapes that reach from one to some cells far take the pairs that the
//! grid keeps beside the whole coordinates, and one subtraction; for smaller and larger ones offsets are shortened row by
//! row, no further than needed so that no row of the touched cells overflows. Rows about which that is not known, outside
//! the bounds or set aside, are first held against the shape's box.

use super::sinks::Sink;
use super::{QueryGrid, Who};
use crate::numeric::lanes::{LaneMask, LaneTask, Lanes, MAX_WIDTH, run as run_lanes};

/// A region of the ground plane that [`QueryGrid`] can search: [`super::Disc`], [`super::Cone`], [`super::Sweep`],
/// [`super::YawBox`].
pub trait Shape {
    /// What the search works with. Its parts cannot be named outside.
    type Region: Region;

    /// Computes what all tests of one query share.
    fn region(&self) -> Self::Region;
}

/// Raw coordinates, both ends included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    pub(super) low_x: i32,
    pub(super) high_x: i32,
    pub(super) low_z: i32,
    pub(super) high_z: i32,
}

impl Bounds {
    /// A box around a point, cut off where the numbers end.
    #[inline(always)]
    pub(super) fn around(x: i64, z: i64, half_x: i64, half_z: i64) -> Self {
        use crate::numeric::fixed::saturate;
        Self {
            low_x: saturate(x.saturating_sub(half_x)),
            high_x: saturate(x.saturating_add(half_x)),
            low_z: saturate(z.saturating_sub(half_z)),
            high_z: saturate(z.saturating_add(half_z)),
        }
    }

    /// The largest difference along an axis between a point inside and the anchor.
    #[inline(always)]
    fn reach_from(&self, (x, z): (i32, i32)) -> u32 {
        let along_x = self.low_x.abs_diff(x).max(self.high_x.abs_diff(x));
        let along_z = self.low_z.abs_diff(z).max(self.high_z.abs_diff(z));
        along_x.max(along_z)
    }
}

/// Which part of a band of z a shape covers, in raw x: outside of `outer` it has nothing, and all of `inner` is inside.
/// Empty where the first is above the last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    pub(super) outer: (i64, i64),
    pub(super) inner: (i64, i64),
}

/// No part: below every column.
pub(super) const NOTHING: (i64, i64) = (i64::MAX >> 1, i64::MIN >> 1);

/// What the search needs to know of a shape. Private in effect: its types cannot be named outside.
pub trait Region {
    /// The shape's test in lanes.
    type Judge<L: Lanes>: Judge<L>;

    /// A box around it; `None` for an empty shape.
    fn bounds(&self) -> Option<Bounds>;
    /// The point that offsets are taken from.
    fn anchor(&self) -> (i32, i32);
    /// Whether a raw point is inside.
    fn exact(&self, x: i32, z: i32) -> bool;
    /// A number that all spans of one query share.
    #[inline(always)]
    fn span_factor(&self) -> u64 {
        0
    }
    /// What it covers of a band of z, both ends included.
    fn span(&self, factor: u64, low_z: i64, high_z: i64) -> Span;
    /// Its test for offsets shortened like this.
    fn judge<L: Lanes>(&self, scale: Scale) -> Self::Judge<L>;
}

/// A shape's test of shortened offsets.
pub trait Judge<L: Lanes>: Copy {
    /// Which pairs (x low, z high) are surely inside, and which may be; the first belong to the second.
    fn judge(self, offsets: L) -> (L::Mask, L::Mask);
}

/// How offsets are shortened to 16 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scale {
    /// Raw units in a short one, as a power of two.
    pub(super) shift: u32,
    /// A short offset is nearer than this to the true one, in short units and as a length in the plane.
    pub(super) slack: i32,
    /// Added before shortening: half a short unit where there is room for it.
    bias: i32,
}

impl Scale {
    /// Of the differences of two shortened points, both rounded down: each part is off by less than 1.
    const fn of_short(shift: u32) -> Self {
        Self { shift, slack: 2, bias: 0 }
    }

    /// For what takes more than 32 bits: wrong, but there.
    pub(super) const COARSEST: Self = Self { shift: 16, slack: 2, bias: 0 };

    /// For offsets up to `reach`; `None` when those take more than 32 bits.
    #[inline(always)]
    pub(super) fn new(reach: u64) -> Option<Self> {
        let bits = (64 - reach.leading_zeros()).saturating_sub(15);
        let shift = bits + u32::from((reach >> bits.min(63)) + 1 > i16::MAX as u64);
        if shift > 16 {
            return None;
        }
        // Rounding: off by at most 1/2 along each axis, 0.71 in the plane. Without room for it, floor: 1.42.
        let rounds = shift > 0 && reach < 1 << 30;
        Some(Self {
            shift,
            slack: if rounds || shift == 0 { 1 } else { 2 },
            bias: if rounds { 1 << (shift - 1) } else { 0 },
        })
    }
}

/// Shortens coordinates in lanes.
#[derive(Clone, Copy)]
pub(super) struct Shortener<L> {
    shift: u32,
    anchor_x: L,
    anchor_z: L,
}

impl<L: Lanes> Shortener<L> {
    /// For offsets from the raw point (x, z).
    #[inline(always)]
    pub(super) fn new((x, z): (i32, i32), scale: Scale) -> Self {
        Self {
            shift: scale.shift,
            anchor_x: L::splat(x.wrapping_sub(scale.bias)),
            anchor_z: L::splat(z.wrapping_sub(scale.bias)),
        }
    }

    /// Shortened offsets from the anchor, x low and z high. Both are rounded down: z by being cut off below the upper
    /// half of its lane.
    #[inline(always)]
    pub(super) fn offsets(&self, x: L, z: L) -> L {
        let low = x.sub(self.anchor_x).shift_right_by(self.shift).and(L::splat(0xFFFF));
        let high = z.sub(self.anchor_z).shift_left_by(16 - self.shift).and(L::splat(!0xFFFF));
        low.or(high)
    }
}

/// Searches the grid and gives back the sink.
#[inline]
pub(super) fn run<S: Shape, K: Sink>(grid: &QueryGrid, who: Who, shape: &S, sink: K) -> K {
    run_lanes(grid.lanes, Search { grid, who, shape: &shape.region(), sink })
}

struct Search<'a, S, K> {
    grid: &'a QueryGrid,
    who: Who,
    shape: &'a S,
    sink: K,
}

/// Shorter runs of cells inside the shape are tested with their neighbours: that costs less than three loops.
const WHOLE_ROWS_MIN: u32 = 96;

/// Lines that are looked up before the first of them is searched.
const LINES_AHEAD: usize = 16;

/// The sorted rows of a line: `[start, end)` to be looked at, of which `[whole_start, whole_end)` are inside.
#[derive(Clone, Copy, Default)]
struct Run {
    start: u32,
    whole_start: u32,
    whole_end: u32,
    end: u32,
}

/// How rows are tested: by the grid's short coordinates,
const SHORT: u8 = 0;
/// by offsets that are shortened here,
const PLAIN: u8 = 1;
/// or those rows only that are in the shape's box, by either: those of others may not fit.
const BOXED: u8 = 2;

impl<S: Region, K: Sink> LaneTask for Search<'_, S, K> {
    type Output = K;

    #[inline(always)]
    fn run<L: Lanes>(self) -> K {
        let Search { grid, who, shape, mut sink } = self;
        let aside = if who == Who::Everyone { grid.aside } else { 0 };
        let Some(bounds) = shape.bounds() else {
            return sink;
        };
        if grid.present + aside == 0 {
            return sink;
        }
        let reach = u64::from(bounds.reach_from(shape.anchor()));
        let with_cell = reach + (1 << grid.line_shift);
        let scale = Scale::new(with_cell);
        // For shapes smaller than a cell the grid's short coordinates are too coarse: too many rows were asked again.
        let short = reach >> grid.line_shift > 0 && with_cell < ((1 << 15) - 2) << grid.short_shift();
        let own = short.then(|| Scale::of_short(grid.short_shift()));
        let tester = Tester::<L, S>::new(grid, shape, &bounds, own, scale.or_else(|| Scale::new(reach)));
        if grid.outside || scale.is_none() {
            walk::<BOXED, L, S, K>(&tester, &mut sink);
        } else if grid.touches(&bounds) {
            if short {
                walk::<SHORT, L, S, K>(&tester, &mut sink);
            } else {
                walk::<PLAIN, L, S, K>(&tester, &mut sink);
            }
        }
        if aside > 0 {
            tester.test::<BOXED, K>(grid.present as u32, (grid.present + aside) as u32, &mut sink);
        }
        sink
    }
}

/// Goes through the sorted rows of all cells that the shape touches, in order: those of cells wholly inside go to the sink
/// as they are, the others are tested. Several lines are looked up ahead, so that a wrong guess of the processor in the
/// loops over their rows does not hold up the loads from the table.
///
/// No closure here, nor below it: the compiler would make a function of it, and lanes' instructions exist only in what
/// is inlined.
#[inline(always)]
fn walk<const HOW: u8, L: Lanes, S: Region, K: Sink>(tester: &Tester<'_, L, S>, sink: &mut K) {
    let Tester { grid, shape, bounds, .. } = *tester;
    let (mut line, last_line) = (grid.line_of(bounds.low_z.into()), grid.line_of(bounds.high_z.into()));
    // On few lines the box is as good as the shape.
    let boxy = last_line - line < 2;
    let factor = if boxy { 0 } else { shape.span_factor() };
    let mut runs = [Run::default(); LINES_AHEAD];
    while line <= last_line {
        let mut count = 0;
        while count < LINES_AHEAD && line <= last_line {
            let span = if boxy {
                Span { outer: (bounds.low_x.into(), bounds.high_x.into()), inner: NOTHING }
            } else {
                let (low_z, high_z) = grid.line_bounds(line);
                shape.span(factor, low_z, high_z)
            };
            runs[count] = grid.line_run(line, &span);
            count += 1;
            line += 1;
        }
        for run in &runs[..count] {
            tester.test::<HOW, K>(run.start, run.whole_start, sink);
            if run.whole_start < run.whole_end {
                let (start, end) = (run.whole_start as usize, run.whole_end as usize);
                sink.whole::<L>(&grid.rows[start..], start, end - start);
            }
            tester.test::<HOW, K>(run.whole_end, run.end, sink);
        }
    }
}

impl QueryGrid {
    /// Whether a box and the bounds have a point in common.
    #[inline(always)]
    fn touches(&self, bounds: &Bounds) -> bool {
        let half = self.half_extent;
        let along = |low: i32, high: i32| high >= -half && low < half;
        along(bounds.low_x, bounds.high_x) && along(bounds.low_z, bounds.high_z)
    }

    /// The raw z that a line of cells covers, both ends included; where rows are outside the bounds, border lines reach
    /// as far as there are numbers.
    #[inline(always)]
    fn line_bounds(&self, line: u32) -> (i64, i64) {
        let low = (i64::from(line) << self.line_shift) - i64::from(self.half_extent);
        let high = low + (1 << self.line_shift) - 1;
        if self.outside {
            let far = i64::from(i32::MAX) + 1;
            (if line == 0 { -far } else { low }, if line + 1 == self.lines { far } else { high })
        } else {
            (low, high)
        }
    }

    /// The sorted rows of the cells of a line that a span touches.
    #[inline(always)]
    fn line_run(&self, line: u32, span: &Span) -> Run {
        let base = (line * self.columns) as usize;
        let starts = &self.starts[base..=base + self.columns as usize];
        let (low, high) = span.outer;
        if low > high {
            return Run::default();
        }
        let start = starts[self.column_of(low) as usize];
        let end = starts[self.column_of(high) as usize + 1];
        let half = i64::from(self.half_extent);
        let (low, high) = span.inner;
        if low > high || self.outside {
            return Run { start, whole_start: end, whole_end: end, end };
        }
        let width = 1_i64 << self.column_shift;
        let first = ((low + half).max(0) + width - 1) >> self.column_shift;
        // Nobody stands beyond the bounds, so the last column may be cut off there.
        let past =
            if high >= half - 1 { i64::from(self.columns) } else { (high + half + 1) >> self.column_shift };
        let past = past.max(0);
        let first = first.min(past);
        let (whole_start, whole_end) = (starts[first as usize], starts[past as usize]);
        if whole_end - whole_start < WHOLE_ROWS_MIN {
            return Run { start, whole_start: end, whole_end: end, end };
        }
        Run { start, whole_start, whole_end, end }
    }
}

/// Tests sorted rows.
struct Tester<'a, L: Lanes, S: Region> {
    grid: &'a QueryGrid,
    shape: &'a S,
    bounds: &'a Bounds,
    judge: S::Judge<L>,
    /// Whether offsets fit the lanes; where they do not, every row in the box is asked about alone.
    fits: bool,
    /// Whether the grid's own short coordinates will do.
    short: bool,
    /// The anchor as one of those.
    anchor: L,
    shortener: Shortener<L>,
}

impl<'a, L: Lanes, S: Region> Tester<'a, L, S> {
    /// `own` is the scale of the grid's short coordinates, where differences of those fit; else offsets are shortened to
    /// `scale`.
    #[inline(always)]
    fn new(
        grid: &'a QueryGrid,
        shape: &'a S,
        bounds: &'a Bounds,
        own: Option<Scale>,
        scale: Option<Scale>,
    ) -> Self {
        let short = own.is_some();
        let scale = own.or(scale);
        let fits = scale.is_some();
        let scale = scale.unwrap_or(Scale::COARSEST);
        let (x, z) = shape.anchor();
        Self {
            grid,
            shape,
            bounds,
            judge: shape.judge::<L>(scale),
            fits,
            short,
            anchor: L::splat(grid.shortened(x, z)),
            shortener: Shortener::new((x, z), scale),
        }
    }

    /// The rows that are in the shape's box.
    #[inline(always)]
    fn boxed(&self, x: L, z: L) -> L::Mask {
        let Bounds { low_x, high_x, low_z, high_z } = *self.bounds;
        let beyond_x = L::splat(low_x).greater(x).or(x.greater(L::splat(high_x)));
        let beyond_z = L::splat(low_z).greater(z).or(z.greater(L::splat(high_z)));
        beyond_x.or(beyond_z).not()
    }

    /// Gives the sorted rows of a range that are in the shape to the sink.
    #[inline(always)]
    fn test<const HOW: u8, K: Sink>(&self, start: u32, end: u32, sink: &mut K) {
        if L::OUTLINES {
            self.test_apart::<HOW, K>(start, end, sink);
        } else {
            self.test_here::<HOW, K>(start, end, sink);
        }
    }

    #[inline(never)]
    fn test_apart<const HOW: u8, K: Sink>(&self, start: u32, end: u32, sink: &mut K) {
        self.test_here::<HOW, K>(start, end, sink);
    }

    #[inline(always)]
    fn test_here<const HOW: u8, K: Sink>(&self, start: u32, end: u32, sink: &mut K) {
        let (start, count) = (start as usize, end.saturating_sub(start) as usize);
        let end = start + count.next_multiple_of(L::WIDTH);
        // One length for all: the bounds are checked once. (Zipped iterators are not always inlined, see above.)
        let grid = self.grid;
        let columns =
            [&grid.short[start..end], &grid.rows[start..end], &grid.x[start..end], &grid.z[start..end]];
        let mut at = 0;
        while at + L::WIDTH <= count {
            self.test_block::<HOW, false, K>(columns, start, at, L::WIDTH, sink);
            at += L::WIDTH;
        }
        if at < count {
            self.test_block::<HOW, true, K>(columns, start, at, count - at, sink);
        }
    }

    /// Tests one block of rows: all lanes, or with `PART` the first `count`.
    #[inline(always)]
    fn test_block<const HOW: u8, const PART: bool, K: Sink>(
        &self,
        [shorts, rows, xs, zs]: [&[i32]; 4],
        start: usize,
        at: usize,
        count: usize,
        sink: &mut K,
    ) {
        let offsets = if HOW == SHORT || HOW == BOXED && self.short {
            L::load_at(shorts, at).sub16(self.anchor)
        } else {
            self.shortener.offsets(L::load_at(xs, at), L::load_at(zs, at))
        };
        let (mut found, mut perhaps) = self.judge.judge(offsets);
        if PART {
            let there = L::Mask::first_n(count);
            (found, perhaps) = (found.and(there), perhaps.and(there));
        }
        if HOW == BOXED {
            let there = self.boxed(L::load_at(xs, at), L::load_at(zs, at));
            if self.fits {
                (found, perhaps) = (found.and(there), perhaps.and(there));
            } else {
                (found, perhaps) = (L::Mask::first_n(0), there.and(L::Mask::first_n(count)));
            }
        }
        let rim = perhaps.and(found.not());
        if rim.any() {
            found = found.or(recheck::<L, S>(self.shape, rim, &xs[at..], &zs[at..]));
        }
        sink.some(L::load_at(rows, at), start + at, found);
    }
}

/// Asks the shape about single rows, in whole coordinates.
#[inline(always)]
fn recheck<L: Lanes, S: Region>(shape: &S, rim: L::Mask, x: &[i32], z: &[i32]) -> L::Mask {
    L::load(&exact_flags(shape, rim.bits(), x, z)).greater(L::splat(0))
}

/// 1 in the places whose bit is set and whose point is inside.
#[cold]
#[inline(never)]
fn exact_flags<S: Region>(shape: &S, mut bits: u32, x: &[i32], z: &[i32]) -> [i32; MAX_WIDTH] {
    let mut flags = [0; MAX_WIDTH];
    while bits != 0 {
        let lane = bits.trailing_zeros() as usize % MAX_WIDTH;
        flags[lane] = i32::from(shape.exact(x[lane], z[lane]));
        bits &= bits - 1;
    }
    flags
}
