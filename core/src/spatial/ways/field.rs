//! A flow field: from every cell around a goal the next cell on the cheapest way to it.
//!
//! The window is 64 by 64 cells of 2 m, on a lattice that belongs to the world, the goal's cell in its middle. Costs spread
//! from the goal (Dijkstra, in buckets): 5 for a step along an axis, 7 for a diagonal one, 2 more beside something. A cell is
//! open where a walker can stand on its middle; a step is open where the middle of it is, and a diagonal one where all four
//! steps around it are. Cells far from anything are known to be open with their steps from one look.
//!
//! A goal is an open cell: for a place that leans against a wall it is one near it that sees it ([`Goal::near`]).

use super::grounds::{Grounds, Walker};
use super::spread::{FieldScratch, Spread};
use crate::numeric::Metres;
use alloc::boxed::Box;
use alloc::vec;

/// Cells along a side of a field.
pub const SIDE: usize = 64;

/// A cell's side is `1 << CELL_SHIFT` raw units: 2 m.
pub const CELL_SHIFT: u32 = 17;

pub(super) const CELLS: usize = SIDE * SIDE;

/// In place of a direction: no way leads to the goal from here.
pub(super) const NOWHERE: u8 = 255;
/// In place of a direction: this is the goal.
pub(super) const HERE: u8 = 8;

/// Steps to the eight neighbours: those along an axis are even.
pub(super) const STEPS: [(i32, i32); 8] =
    [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)];

/// Half of the room a walker has at least, so that nothing stands between two places that are looked at a metre apart.
const REACH_MIN: Metres = Metres::from_mm(550);

/// Cells around a place in which ways to it may end.
const AROUND: i32 = 3;

/// Cells that a walker is led ahead at most.
const AHEAD: usize = 8;

/// Where a field leads, and whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Goal {
    /// Cell of the world's lattice, along x.
    pub x: i32,
    /// Along z.
    pub z: i32,
    /// Movement class of those it leads.
    pub class: u8,
}

impl Goal {
    /// The goal for those who want to get to a place: its cell, or the nearest one in which a walker can stand and from which
    /// the place is seen; `None` where there is none within three cells.
    #[must_use]
    pub fn near(grounds: Grounds<'_>, walker: &Walker, class: u8, place: (Metres, Metres)) -> Option<Self> {
        let own = Self { x: place.0.0 >> CELL_SHIFT, z: place.1.0 >> CELL_SHIFT, class };
        let reach = walker.radius.max(REACH_MIN);
        let serves = |goal: &Self| {
            let (x, z) = middle(*goal, MIDDLE, (0, 0));
            grounds.is_inside(walker, x, z)
                && grounds.is_open(walker, x, z, reach)
                && grounds.sees(walker, (x, z), place)
        };
        (0..=AROUND).find_map(|ring| {
            cells_of_ring(ring).map(|(x, z)| Self { x: own.x + x, z: own.z + z, class }).find(serves)
        })
    }
}

pub(super) fn boxed<T: Copy>(value: T) -> Box<[T; CELLS]> {
    match vec![value; CELLS].into_boxed_slice().try_into() {
        Ok(cells) => cells,
        Err(_) => unreachable!("as many as cells"),
    }
}

/// The ways to one goal.
#[derive(Debug)]
pub struct Field {
    pub(super) goal: Option<Goal>,
    toward: Box<[u8; CELLS]>,
}

/// A cell of a field's window.
pub(super) type Cell = (i32, i32);

pub(super) const fn index((x, z): Cell) -> usize {
    z as usize * SIDE + x as usize
}

pub(super) const fn is_inside((x, z): Cell) -> bool {
    x >= 0 && z >= 0 && x < SIDE as i32 && z < SIDE as i32
}

/// The middle of the window: the goal's cell.
pub(super) const MIDDLE: Cell = (SIDE as i32 / 2, SIDE as i32 / 2);

/// The cells so many cells away from one, line by line.
fn cells_of_ring(ring: i32) -> impl Iterator<Item = Cell> {
    let cells = (-ring..=ring).flat_map(move |z| (-ring..=ring).map(move |x| (x, z)));
    cells.filter(move |(x, z)| x.abs().max(z.abs()) == ring)
}

/// Middle of a cell, or of the step that is `half` half cells on from it.
pub(super) fn middle(goal: Goal, (x, z): Cell, (half_x, half_z): (i32, i32)) -> (Metres, Metres) {
    let along = |goal: i32, middle: i32, cell: i32, half: i32| {
        let cells = i64::from(goal) - i64::from(middle) + i64::from(cell);
        let raw = (cells << CELL_SHIFT) + (1 << (CELL_SHIFT - 1)) + (i64::from(half) << (CELL_SHIFT - 1));
        Metres(crate::numeric::fixed::saturate(raw))
    };
    (along(goal.x, MIDDLE.0, x, half_x), along(goal.z, MIDDLE.1, z, half_z))
}

impl Field {
    pub(super) fn new() -> Self {
        Self { goal: None, toward: boxed(NOWHERE) }
    }

    /// Becomes the field of a goal.
    pub(super) fn compute(
        &mut self,
        goal: Goal,
        grounds: Grounds<'_>,
        walker: &Walker,
        scratch: &mut FieldScratch,
    ) {
        self.goal = Some(goal);
        let reach = walker.radius.max(REACH_MIN);
        Spread { goal, grounds, walker, reach, scratch }.run(&mut self.toward);
    }

    /// Whether a way leads to the goal from the middle of a cell.
    fn leads_from(&self, cell: Cell) -> bool {
        is_inside(cell) && self.toward[index(cell)] != NOWHERE
    }

    /// Where to go straight from a place in order to get to the goal: the middle of the farthest cell on the way that can be
    /// gone to straight, at most eight cells on. `None` where no way is known.
    #[must_use]
    pub fn lead(
        &self,
        grounds: Grounds<'_>,
        walker: &Walker,
        from: (Metres, Metres),
    ) -> Option<(Metres, Metres)> {
        let goal = self.goal?;
        let along = |raw: Metres, goal: i32, middle: i32| (raw.0 >> CELL_SHIFT).saturating_sub(goal) + middle;
        let own = (along(from.0, goal.x, MIDDLE.0), along(from.1, goal.z, MIDDLE.1));
        let is_free = |cell: Cell| grounds.is_free_way(walker, from, middle(goal, cell, (0, 0)));
        let first = self.first(own, &is_free)?;
        let mut way = [first; AHEAD + 1];
        for at in 1..=AHEAD {
            way[at] = self.after(way[at - 1]);
        }
        let ahead = [AHEAD, AHEAD / 2, AHEAD / 4, 1].into_iter().map(|at| way[at]);
        let best = ahead.filter(|cell| *cell != first).find(|cell| is_free(*cell)).unwrap_or(first);
        Some(middle(goal, best, (0, 0)))
    }

    /// The cell to begin at: one's own, or the nearest around it from which a way leads and that can be gone to straight.
    fn first(&self, own: Cell, is_free: &dyn Fn(Cell) -> bool) -> Option<Cell> {
        if self.leads_from(own) && is_free(own) {
            return Some(own);
        }
        (1..=2).find_map(|ring| {
            let mut cells =
                cells_of_ring(ring).map(|(x, z)| (own.0.saturating_add(x), own.1.saturating_add(z)));
            cells.find(|cell| self.leads_from(*cell) && is_free(*cell))
        })
    }

    /// The next cell on the way; the same where it ends.
    fn after(&self, cell: Cell) -> Cell {
        match STEPS.get(usize::from(self.toward[index(cell)])) {
            Some((x, z)) => (cell.0 + x, cell.1 + z),
            None => cell,
        }
    }
}
