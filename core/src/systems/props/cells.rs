//! Where props are: cells of four metres on a torus, and a bit for each cell that says whether any is near it.
//!
//! Filled anew in ticks in which a prop moves; while all of them sleep it stays as it is. Places are those after the tick's
//! ways and before props made room for each other, so that every search looks a little farther; whoever asks tests exactly.

use crate::numeric::Metres;
use crate::rules::Rules;
use crate::state::props::{PropsView, prop_flags};
use alloc::boxed::Box;
use alloc::vec;

/// Cells are 4 m wide.
const CELL_SHIFT: u32 = 18;
/// Cells along each side; beyond they begin anew, and props of several places share one.
const SIDE: i64 = 64;
const CELLS: usize = (SIDE * SIDE) as usize;

/// A bit for each cell from which a walker may touch a prop: a word for each line of cells.
#[derive(Clone, Debug)]
pub(crate) struct NearCells([u64; SIDE as usize]);

impl Default for NearCells {
    fn default() -> Self {
        Self([0; SIDE as usize])
    }
}

impl NearCells {
    /// Marks what is within `reach` of the places: see [`reach_of_walkers`].
    pub(crate) fn fill(&mut self, places: impl Iterator<Item = (i32, i32)>, reach: Metres) {
        self.0 = [0; SIDE as usize];
        for (x, z) in places {
            for line in span(z, z, reach.0) {
                for column in span(x, x, reach.0) {
                    self.0[(line & (SIDE - 1)) as usize] |= 1 << (column & (SIDE - 1));
                }
            }
        }
    }

    /// Whether a walker there may touch a prop. One load.
    #[inline]
    pub(crate) fn near(&self, x: i32, z: i32) -> bool {
        let (x, z) = (column(x) & (SIDE - 1), column(z) & (SIDE - 1));
        self.0[z as usize] >> x & 1 != 0
    }
}

/// Props by cell.
#[derive(Clone, Debug)]
pub(crate) struct PropCells {
    /// Where the rows of each cell begin, and one more for the end.
    starts: Box<[u32]>,
    rows: Box<[u32]>,
    near: NearCells,
    filled: usize,
    /// How far from where it was filed a prop may reach.
    reach: Metres,
}

impl PropCells {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            starts: vec![0; CELLS + 1].into(),
            rows: vec![0; capacity].into(),
            near: NearCells::default(),
            filled: 0,
            reach: Metres::ZERO,
        }
    }

    /// How far from where it was filed a prop of these rules may reach.
    pub(crate) fn reach_of(rules: &Rules) -> Metres {
        let widest = rules.prop.iter().map(|kind| kind.radius).max().unwrap_or_default();
        widest + Metres(rules.prop_motion.push_max.0 * i32::from(rules.prop_motion.passes) + 1)
    }

    /// Whether it was filled for props that reach so far.
    pub(crate) fn is_for(&self, rules: &Rules) -> bool {
        self.reach == Self::reach_of(rules)
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// Sorts the rows in use below `end` in.
    pub(crate) fn fill(&mut self, props: &PropsView<'_>, end: usize, rules: &Rules) {
        let used = |row: &usize| props.flags[*row] & prop_flags::IN_USE != 0;
        let cell_of = |row: usize| cell(column(props.position_x[row]), column(props.position_z[row]));
        self.reach = Self::reach_of(rules);
        self.starts.fill(0);
        self.filled = 0;
        let places = (0..end).filter(used).map(|row| (props.position_x[row], props.position_z[row]));
        self.near.fill(places, reach_of_walkers(rules));
        for row in (0..end).filter(used) {
            self.starts[cell_of(row)] += 1;
            self.filled += 1;
        }
        let mut sum = 0;
        for start in &mut self.starts {
            sum += *start;
            *start = sum;
        }
        for row in (0..end).rev().filter(used) {
            let start = &mut self.starts[cell_of(row)];
            *start -= 1;
            self.rows[*start as usize] = row as u32;
        }
    }

    /// Whether a walker there may touch a prop. One load.
    #[inline]
    pub(crate) fn near(&self, x: i32, z: i32) -> bool {
        self.near.near(x, z)
    }

    /// The rows that may reach into a rectangle, and others that share their cells; each once.
    pub(crate) fn within(&self, x: [i32; 2], z: [i32; 2], beside: Metres) -> impl Iterator<Item = usize> {
        let reach = self.reach.0.saturating_add(beside.0.max(0));
        let columns = span(x[0], x[1], reach);
        span(z[0], z[1], reach)
            .flat_map(move |row| columns.clone().map(move |column| cell(column, row)))
            .flat_map(|cell| {
                let (start, end) = (self.starts[cell] as usize, self.starts[cell + 1] as usize);
                self.rows[start..end].iter().map(|row| *row as usize)
            })
    }
}

/// How far from where a prop was filed a walker's middle may be that touches it.
pub(crate) fn reach_of_walkers(rules: &Rules) -> Metres {
    let widest = rules.movement.iter().map(|class| class.radius).max().unwrap_or_default();
    PropCells::reach_of(rules) + widest
}

fn column(at: i32) -> i64 {
    i64::from(at) >> CELL_SHIFT
}

/// Cells from one coordinate to another and `reach` beyond, once around at most.
fn span(a: i32, b: i32, reach: i32) -> core::ops::RangeInclusive<i64> {
    let (low, high) = (i64::from(a.min(b)) - i64::from(reach), i64::from(a.max(b)) + i64::from(reach));
    let (first, last) = (low >> CELL_SHIFT, high >> CELL_SHIFT);
    first..=last.min(first + SIDE - 1)
}

fn cell(column: i64, row: i64) -> usize {
    ((row & (SIDE - 1)) * SIDE + (column & (SIDE - 1))) as usize
}

/// No props at all, for tests of what asks about them.
#[cfg(test)]
pub(crate) fn none() -> (PropsView<'static>, &'static PropCells) {
    let props: &'static crate::state::props::Props = Box::leak(Box::new(crate::state::props::Props::new(0)));
    (props.view(), Box::leak(Box::new(PropCells::new(0))))
}
