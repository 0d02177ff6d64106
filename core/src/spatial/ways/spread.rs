//! The computation of a field: costs spread from the goal, in buckets.

use super::field::{CELLS, Cell, Goal, HERE, MIDDLE, NOWHERE, SIDE, STEPS, boxed, index, is_inside, middle};
use super::grounds::{Grounds, Walker};
use crate::numeric::Metres;
use alloc::boxed::Box;
use alloc::vec::Vec;

const ALONG: u16 = 5;
const ACROSS: u16 = 7;
/// What a step costs more beside something, so that ways keep off walls where there is room.
const BESIDE: u16 = 2;

/// More than any step costs.
const BUCKETS: usize = 16;
const _: () = assert!(
    ((ACROSS + BESIDE) as usize) < BUCKETS && CELLS * ((ACROSS + BESIDE) as usize) < u16::MAX as usize
);

/// From the middle of a cell to the middles of its steps at most, and a little more.
const TO_STEPS: Metres = Metres::from_mm(1_450);

/// What is known of a cell.
mod known {
    /// It was looked at.
    pub const SEEN: u8 = 1;
    /// A walker can stand there.
    pub const OPEN: u8 = 2;
    /// Nothing is near, nor near its steps.
    pub const CLEAR: u8 = 4;
}

/// Room for computing a field.
#[derive(Debug)]
pub(super) struct FieldScratch {
    known: Box<[u8; CELLS]>,
    cost: Box<[u16; CELLS]>,
    /// Cells to go on from, by their cost modulo the number of buckets. No cell comes twice at one cost.
    buckets: [Vec<u16>; BUCKETS],
}

impl FieldScratch {
    pub fn new() -> Self {
        Self {
            known: boxed(0),
            cost: boxed(u16::MAX),
            buckets: core::array::from_fn(|_| Vec::with_capacity(CELLS)),
        }
    }
}

/// The computation of one field.
pub(super) struct Spread<'a> {
    pub goal: Goal,
    pub grounds: Grounds<'a>,
    pub walker: &'a Walker,
    pub reach: Metres,
    pub scratch: &'a mut FieldScratch,
}

impl Spread<'_> {
    fn known(&mut self, cell: Cell) -> u8 {
        let at = index(cell);
        if self.scratch.known[at] & known::SEEN == 0 {
            let (x, z) = middle(self.goal, cell, (0, 0));
            let mut bits = known::SEEN;
            if self.grounds.is_inside(self.walker, x, z)
                && self.grounds.is_open(self.walker, x, z, self.reach)
            {
                bits |= known::OPEN;
                if !self.grounds.obstacles.near(x, z, self.reach + TO_STEPS) {
                    bits |= known::CLEAR;
                }
            }
            self.scratch.known[at] = bits;
        }
        self.scratch.known[at]
    }

    /// Whether the step from one cell to its neighbour is open; both are known and open.
    fn is_open_step(&mut self, cell: Cell, way: usize) -> bool {
        let step = STEPS[way];
        let next = (cell.0 + step.0, cell.1 + step.1);
        if self.known(cell) & known::CLEAR != 0 || self.known(next) & known::CLEAR != 0 {
            return true;
        }
        let (x, z) = middle(self.goal, cell, step);
        self.grounds.is_open(self.walker, x, z, self.reach)
    }

    /// What the step costs; `None` where it is closed.
    fn cost(&mut self, cell: Cell, way: usize) -> Option<u16> {
        let open = |spread: &mut Self, cell: Cell| is_inside(cell) && spread.known(cell) & known::OPEN != 0;
        let step = STEPS[way];
        let next = (cell.0 + step.0, cell.1 + step.1);
        if !open(self, next) || !self.is_open_step(cell, way) {
            return None;
        }
        let mut cost = ALONG;
        if way % 2 == 1 {
            let (aside, other) = ((cell.0 + step.0, cell.1), (cell.0, cell.1 + step.1));
            // The ways along the axes at whose corner this one cuts: one before, one after it.
            let (before, after) = (way - 1, (way + 1) % 8);
            let (along_x, along_z) = if STEPS[before].1 == 0 { (before, after) } else { (after, before) };
            let free = open(self, aside)
                && open(self, other)
                && self.is_open_step(cell, along_x)
                && self.is_open_step(cell, along_z)
                && self.is_open_step(aside, along_z)
                && self.is_open_step(other, along_x);
            if !free {
                return None;
            }
            cost = ACROSS;
        }
        Some(cost + if self.known(next) & known::CLEAR == 0 { BESIDE } else { 0 })
    }

    /// Writes the directions.
    pub(super) fn run(&mut self, toward: &mut [u8; CELLS]) {
        toward.fill(NOWHERE);
        self.scratch.known.fill(0);
        self.scratch.cost.fill(u16::MAX);
        if self.known(MIDDLE) & known::OPEN != 0 {
            self.scratch.cost[index(MIDDLE)] = 0;
            toward[index(MIDDLE)] = HERE;
            self.scratch.buckets[0].push(index(MIDDLE) as u16);
        }
        let (mut cost, mut idle) = (0_u16, 0);
        while idle < BUCKETS {
            let bucket = usize::from(cost) % BUCKETS;
            idle += 1;
            // What is added meanwhile goes to other buckets: a step costs something, and less than all of them.
            for at in 0..self.scratch.buckets[bucket].len() {
                idle = 0;
                let place = usize::from(self.scratch.buckets[bucket][at]);
                if self.scratch.cost[place] == cost {
                    self.spread(((place % SIDE) as i32, (place / SIDE) as i32), cost, toward);
                }
            }
            self.scratch.buckets[bucket].clear();
            cost = cost.wrapping_add(1);
        }
    }

    /// Goes on from a cell whose cost is known.
    fn spread(&mut self, cell: Cell, cost: u16, toward: &mut [u8; CELLS]) {
        for (way, step) in STEPS.iter().enumerate() {
            let next = (cell.0 + step.0, cell.1 + step.1);
            if !is_inside(next) || self.scratch.cost[index(next)] <= cost + ALONG {
                continue;
            }
            let Some(more) = self.cost(cell, way) else { continue };
            let sum = cost + more;
            if sum < self.scratch.cost[index(next)] {
                self.scratch.cost[index(next)] = sum;
                // Whoever stands there goes the other way.
                toward[index(next)] = ((way + 4) % 8) as u8;
                self.scratch.buckets[usize::from(sum) % BUCKETS].push(index(next) as u16);
            }
        }
    }
}
