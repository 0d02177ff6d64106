//! Soft crowd separation: Jacobi passes over packed positions that push overlapping upright cylinders apart.
//!
//! Every row looks at the positions before the pass and sums the pushes of its neighbours, so rows can be handled in any
//! order, in any chunks, on any lanes. Sums are integers and exact; every push is rounded once, to 1/1024 m.
//!
//! The push of a pair at distance d < D (the sum of the radii) along the line between them is, for a body of the same
//! weight, about half the overlap: (D − d)/2. To need neither root nor division it is taken as offset × w(e), with
//! e = 1 − d²/D² and w half the polynomial e/2 + 3e²/8 + 5e³/16 + 4e⁴/5: the series of 1/√(1−e) − 1 with a heavier last
//! term, within 6 % from d = D/2 outward, softer nearer. e has 15 bits, w has 14. Against a heavier body the push is
//! larger in proportion: a pair shares the overlap in inverse proportion to the weights.
//!
//! A row with many contacts gives way less to each. All passes but the last overshoot a little, and the last takes that
//! back: few passes leave less that way than as many of one size (see `Bounds` in the tables).
//!
//! Who is a neighbour is decided once, before the first pass: who stands in a cell around, less than [`NEAR`] from
//! touching. Cells have room for rows to come [`MARGIN`] nearer. A row that meets more than [`RUN_MAX`] rows in one run
//! of cells looks at as many of them, a window around itself in its own line and one drawn from its number in the others,
//! so that thousands in one place do not cost their square.
//!
//! Rows of one cell on the very same spot (to 1/1024 m) are first moved a little, in a direction drawn from their
//! numbers; the lowest of them stays.

mod kernel;
mod runs;
mod same_spot;
mod tables;
mod windows;

#[cfg(test)]
use super::contact_grid::HEIGHT_SHIFT;
use super::contact_grid::{ContactGrid, Lines, Plan, RADIUS_MAX};
pub(crate) use super::contact_grid::{PACK_SHIFT, Tall};
use crate::numeric::lanes::{LaneChoice, halves, run};
use crate::numeric::{Fx, Metres};
use crate::state::column::{Here, Rows, Split};
use core::fmt;
use kernel::Pass;
use runs::{FindRuns, Runs, RunsMut};
use tables::Tables;

/// How many kinds of bodies there can be.
pub const BODY_KINDS: usize = 8;

/// The most passes of a tick.
pub const PASSES_MAX: u32 = 8;

/// Bodies farther than this from touching before the first pass are no neighbours in any.
pub const NEAR: Metres = Metres(1 << 13);

/// All bodies nearer than this to touching are in the cells around each other.
pub const MARGIN: Metres = Metres(1 << 12);

/// The most rows of one run that a row looks at.
pub const RUN_MAX: usize = 128;

/// Lines of cells that neighbours are in.
const LINES: usize = 3;

/// One kind of body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Body {
    /// Radius of the cylinder, 0.1 m to 5 m.
    pub radius: Metres,
    /// How hard it is to push, above 0.
    pub weight: u16,
}

/// How the crowd behaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SeparationRules {
    /// The kinds of bodies.
    pub bodies: [Body; BODY_KINDS],
    /// Share of the overlap that one pass removes, 0 to 2; the last pass, 1 at most.
    pub relaxation: Fx,
    /// The longest way a row is pushed in one pass, 0 to 1 m.
    pub push_cap: Metres,
    /// Passes in a tick, 0 to [`PASSES_MAX`].
    pub passes: u32,
}

impl SeparationRules {
    /// Whether every number is within its range.
    fn check(&self) -> Result<(), SeparationError> {
        for body in &self.bodies {
            if body.radius < Metres::from_mm(100) || body.radius > RADIUS_MAX {
                return Err(SeparationError::Radius(body.radius));
            }
            if body.weight == 0 {
                return Err(SeparationError::Weight);
            }
        }
        if self.relaxation.0 < 0 || self.relaxation.0 > 2 * Fx::ONE.0 {
            return Err(SeparationError::Relaxation(self.relaxation));
        }
        if self.push_cap.0 < 0 || self.push_cap > Metres::ONE {
            return Err(SeparationError::PushCap(self.push_cap));
        }
        if self.passes > PASSES_MAX {
            return Err(SeparationError::Passes(self.passes));
        }
        Ok(())
    }
}

/// Why rules cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SeparationError {
    /// A radius is not between 0.1 m and 5 m.
    Radius(Metres),
    /// A weight is 0.
    Weight,
    /// The relaxation is not between 0 and 2.
    Relaxation(Fx),
    /// The cap is not between 0 and 1 m.
    PushCap(Metres),
    /// More than [`PASSES_MAX`] passes.
    Passes(u32),
}

impl fmt::Display for SeparationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SeparationError::Radius(radius) => write!(f, "radius of {radius}: must be from 0.1 m to 5 m"),
            SeparationError::Weight => f.write_str("a weight of 0"),
            SeparationError::Relaxation(share) => write!(f, "relaxation of {share}: must be from 0 to 2"),
            SeparationError::PushCap(cap) => write!(f, "push cap of {cap}: must be from 0 to 1 m"),
            SeparationError::Passes(passes) => write!(f, "{passes} passes: at most {PASSES_MAX}"),
        }
    }
}

impl core::error::Error for SeparationError {}

/// Upright cylinders to be separated. Columns are indexed by row; lengths are raw Q16.16 metres.
#[derive(Clone, Copy, Debug)]
pub struct Cylinders<'a> {
    /// The rows that take part, ascending.
    pub live: &'a [u32],
    /// East.
    pub x: &'a [i32],
    /// Height of the feet.
    pub y: &'a [i32],
    /// South.
    pub z: &'a [i32],
    /// Kind of body, below [`BODY_KINDS`]; anything else counts modulo that.
    pub kind: &'a [u8],
}

/// A crowd that is being separated: rules, the sorted rows, and positions before and after a pass.
#[derive(Clone, Debug)]
pub struct Separation {
    tables: Tables,
    passes: u32,
    grid: ContactGrid,
    /// The kind that all live rows have in effect, if it is one.
    single: Option<usize>,
    /// Positions before the first pass.
    start: Lines,
    /// Positions before every other pass.
    before: Lines,
    /// Where a pass puts positions.
    after: Lines,
    /// Runs of cells around each row, when a crowd is of one kind: where they begin, and how long they are.
    runs: [Lines; LINES + 1],
    /// Notes of who is near, one column for each line of cells.
    near: [Lines; LINES],
    /// The lanes of the sort; notes are for the same lanes.
    lanes: LaneChoice,
    /// Passes done since the sort.
    done: u32,
}

impl Separation {
    /// Checks the rules and takes all memory, for this many rows.
    ///
    /// # Errors
    /// [`SeparationError`] names the first rule that is out of range.
    pub fn new(rules: &SeparationRules, row_capacity: u32) -> Result<Separation, SeparationError> {
        rules.check()?;
        let grid = ContactGrid::new(row_capacity);
        let room = grid.sorted.xz.len();
        Ok(Separation {
            tables: Tables::new(rules),
            passes: rules.passes,
            grid,
            single: None,
            before: Lines::new(room),
            after: Lines::new(room),
            start: Lines::new(room),
            runs: core::array::from_fn(|_| Lines::new(room)),
            near: core::array::from_fn(|_| Lines::new(room)),
            lanes: LaneChoice::Auto,
            done: 0,
        })
    }

    /// Goes by other rules from the next sort on. Allocates nothing.
    ///
    /// # Errors
    /// [`SeparationError`] names the first rule that is out of range; nothing has changed then.
    pub fn set_rules(&mut self, rules: &SeparationRules) -> Result<(), SeparationError> {
        rules.check()?;
        (self.tables, self.passes) = (Tables::new(rules), rules.passes);
        Ok(())
    }

    /// Passes in a tick.
    #[must_use]
    pub fn passes(&self) -> u32 {
        self.passes
    }

    /// Sorts the rows anew. `height` gives the height of a row's cylinder, raw, up to 16 m. Allocates nothing.
    ///
    /// # Panics
    /// When there are more live rows than the capacity, the columns differ in length, or a live row is outside of them.
    pub fn sort(&mut self, lanes: LaneChoice, bodies: &Cylinders<'_>, height: impl Fn(usize) -> i32 + Sync) {
        self.sort_in_parts(lanes, bodies, Tall::Each(height), Here);
    }

    /// [`Separation::sort`] with the work on rows split.
    pub(crate) fn sort_in_parts(
        &mut self,
        lanes: LaneChoice,
        bodies: &Cylinders<'_>,
        tall: Tall<impl Fn(usize) -> i32 + Sync>,
        split: impl Split,
    ) {
        let Cylinders { live, x, y, z, kind } = *bodies;
        assert_eq!(kind.len(), y.len(), "columns of different lengths");
        let same = self.tables.same_as;
        let kind_of = |row: usize| same[kind[row] as usize % BODY_KINDS];
        let mut counts = [0u32; BODY_KINDS];
        let mut present = 0u32;
        match (live.first(), live.last()) {
            (Some(&first), Some(&last)) if last.wrapping_sub(first) as usize == live.len() - 1 => {
                let (kinds, one) = (&kind[first as usize..=last as usize], kind[first as usize]);
                if kinds.iter().fold(0, |all, kind| all | kind ^ one) == 0 {
                    present = 1 << same[one as usize % BODY_KINDS];
                } else {
                    for &kind in kinds {
                        present |= 1 << same[kind as usize % BODY_KINDS];
                    }
                }
            }
            _ => {
                for &row in live {
                    present |= 1 << kind_of(row as usize);
                }
            }
        }
        self.single = present.is_power_of_two().then_some(present.trailing_zeros() as usize);
        let radii = self.tables.radii;
        let fine_radius = match self.single {
            Some(kind) => radii[kind],
            None => {
                for &row in live {
                    counts[kind_of(row as usize) as usize] += 1;
                }
                self.tables.fine_radius(&counts)
            }
        };
        let has_big = (0..BODY_KINDS).any(|kind| present >> kind & 1 == 1 && radii[kind] > fine_radius);
        let plan = Plan {
            fine_radius,
            margin: MARGIN.0,
            has_big,
            // 1024 m at most, less the tallest cylinder.
            height_range: 480 << 16,
            kinds: self.single.is_none(),
            slots: true,
            radius: |row: usize| radii[kind_of(row) as usize],
            tall,
            kind: |row: usize| i32::from(kind_of(row)),
        };
        self.grid.sort(lanes, live, [x, y, z], &plan, split);
        let len = self.grid.len;
        self.start[..len].copy_from_slice(&self.grid.sorted.xz[..len]);
        self.done = 0;
        self.lanes = lanes;
        self.part_same_spots(lanes);
        if self.single.is_some() {
            self.find_runs(lanes, split);
        }
    }

    /// Looks up the cells around each row.
    fn find_runs(&mut self, lanes: LaneChoice, split: impl Split) {
        let len = self.grid.fine_len;
        let (lattice, starts, places) =
            (&self.grid.fine, &self.grid.starts[..], &self.grid.sorted.place[..len]);
        let [north, own, south, lengths] = &mut self.runs;
        let from = [&mut north[..len], &mut own[..len], &mut south[..len]];
        split.each(RunsMut { from, lengths: &mut lengths[..len] }, &|first, runs: RunsMut<'_>| {
            run(lanes, FindRuns { lattice, starts, places: &places[first..], runs });
        });
    }

    /// How many rows are sorted in.
    #[must_use]
    pub fn len(&self) -> usize {
        self.grid.len
    }

    /// Whether no row is sorted in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.grid.len == 0
    }

    /// One pass: who computes it, and where its results go, one place for each sorted row, to be cut anywhere. After
    /// [`PassWork::run`] has filled all of them, [`Separation::finish_pass`] is due.
    pub fn begin_pass(&mut self) -> (PassWork<'_>, PassRows<'_>) {
        let len = self.grid.len;
        let work = PassWork {
            tables: &self.tables,
            grid: &self.grid,
            single: self.single,
            before: if self.done == 0 { &self.start } else { &self.before },
            start: &self.start,
            runs: Runs { from: [&self.runs[0], &self.runs[1], &self.runs[2]], lengths: &self.runs[3] },
            lanes: self.lanes,
            pass: self.done,
            is_last: self.done + 1 >= self.passes,
        };
        let [north, own, south] = &mut self.near;
        let near = [&mut north[..len], &mut own[..len], &mut south[..len]];
        (work, PassRows { after: &mut self.after[..len], near })
    }

    /// Makes the results of a pass the positions before the next.
    pub fn finish_pass(&mut self) {
        core::mem::swap(&mut self.before, &mut self.after);
        self.done += 1;
    }

    /// All passes of a tick, one after the other, here and now.
    pub fn run_passes(&mut self) {
        for _ in 0..self.passes {
            let (work, rows) = self.begin_pass();
            work.run(0, rows);
            self.finish_pass();
        }
    }

    /// Packed positions after all passes so far, sorted.
    #[inline(always)]
    fn places(&self) -> &Lines {
        if self.done == 0 { &self.start } else { &self.before }
    }

    /// The rows in sorted order.
    #[must_use]
    pub fn rows(&self) -> &[u32] {
        bytemuck::cast_slice(&self.grid.sorted.id[..self.grid.len])
    }

    /// Where each sorted row was pushed by all passes so far: raw metres in x and z, in the order of [`Separation::rows`].
    pub fn pushes(&self) -> impl Iterator<Item = (i32, i32)> + '_ {
        let len = self.grid.len;
        self.places()[..len]
            .iter()
            .zip(&self.grid.sorted.xz[..len])
            .map(|(&now, &then)| displacement(now, then))
    }

    /// The packed place, after all passes so far, of the live row with this number in [`Cylinders::live`].
    #[inline(always)]
    pub(crate) fn place_of(&self, live: usize) -> i32 {
        self.places()[self.grid.moves.slots.of(live)]
    }

    /// Both columns whose difference is [`Separation::pushes`].
    #[must_use]
    pub fn packed(&self) -> [&[i32]; 2] {
        [&self.grid.sorted.xz[..self.grid.len], &self.places()[..self.grid.len]]
    }
}

/// The way from one packed position to another, raw.
#[inline(always)]
#[must_use]
pub fn displacement(now: i32, then: i32) -> (i32, i32) {
    let ((x, z), (old_x, old_z)) = (halves(now), halves(then));
    let raw = |new: i16, old: i16| i32::from(new.wrapping_sub(old)) << PACK_SHIFT;
    (raw(x, old_x), raw(z, old_z))
}

/// What a pass reads.
#[derive(Clone, Copy, Debug)]
pub struct PassWork<'a> {
    tables: &'a Tables,
    grid: &'a ContactGrid,
    single: Option<usize>,
    before: &'a [i32],
    start: &'a [i32],
    runs: Runs<'a>,
    lanes: LaneChoice,
    pass: u32,
    is_last: bool,
}

/// What a pass writes of some sorted rows.
#[derive(Debug)]
pub struct PassRows<'a> {
    after: &'a mut [i32],
    near: [&'a mut [i32]; LINES],
}

impl Rows for PassRows<'_> {
    fn rows(&self) -> usize {
        self.after.len()
    }

    fn split_rows(self, row: usize) -> (Self, Self) {
        let (after, rest) = self.after.split_at_mut(row);
        let [north, own, south] = self.near.map(|notes| notes.split_at_mut(row));
        let near = [north.0, own.0, south.0];
        (PassRows { after, near }, PassRows { after: rest, near: [north.1, own.1, south.1] })
    }
}

impl PassWork<'_> {
    /// Computes the positions after the pass of the sorted rows from `first` on, as many as `rows` has.
    ///
    /// # Panics
    /// When there are fewer rows.
    pub fn run(&self, first: usize, rows: PassRows<'_>) {
        assert!(first + rows.after.len() <= self.grid.len, "sorted rows outside the grid");
        run(self.lanes, Pass { work: *self, first, rows });
    }
}

#[cfg(test)]
mod tests;
