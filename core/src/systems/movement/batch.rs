//! Bodies in lanes: alive, on their feet, in the air or thrown over gentle terrain, whatever they walk, sprint, crouch or jump,
//! with nothing in the way or going along what is there.
//!
//! For them [`super::move_character`] comes down to some hundred operations, which lanes do for 8 or 16 rows at once. A row
//! of another kind (in a dodge, swimming, on a slope too steep, on an obstacle, thrown beside one) is left as it was and goes
//! through the function; both ways give the same bits, whatever the lanes, and a test holds that over random rows.
//!
//! - `among`: rows with obstacles near
//! - `columns`: a block as lanes, and back
//! - `steering`: what buttons begin, and velocities
//! - `ground`: where velocities lead
//! - `tables`: the classes
//! - `lane_math`: the arithmetic of `steer`

mod among;
mod columns;
mod ground;
mod lane_math;
mod steering;
mod tables;

use super::lod::{Turn, Watch};
use super::ticks::MovementTicks;
use super::{Surroundings, move_character};
use crate::numeric::lanes::{LaneMask, LaneTask, Lanes, MAX_WIDTH};
use crate::spatial::obstacles::Clearings;
use crate::spatial::terrain::Field;
use crate::state::characters::{CharacterRows, flags};
use crate::state::column::Rows;
use columns::Narrow;
use steering::Begun;
use tables::Tables;

/// A column of one block as lanes take it.
type Block = [i32; MAX_WIDTH];

/// The work: a range of rows, the first of them being row `first` of the table.
pub(super) struct Walk<'a> {
    pub rows: CharacterRows<'a>,
    pub first: usize,
    pub surroundings: &'a Surroundings<'a>,
    pub movement: &'a MovementTicks,
    pub watch: Option<&'a Watch>,
}

/// The bits of all lanes.
#[inline(always)]
const fn all<L: Lanes>() -> u32 {
    u32::MAX >> (32 - L::WIDTH)
}

/// The rows of bits.
#[inline(always)]
fn mask_of<L: Lanes>(bits: u32) -> L::Mask {
    L::splat(bits.cast_signed()).shift_right_lanes(L::numbers()).and(L::splat(1)).greater(L::splat(0))
}

impl Walk<'_> {
    /// Steps what lanes know of a block; `due` are the rows that a usual step is due for. Gives the rows that are done, the
    /// dead among them.
    #[inline(always)]
    fn step_block<L: Lanes>(
        &mut self,
        at: usize,
        tables: &Tables,
        (field, clearings): (Option<&Field<'_>>, Option<&Clearings<'_>>),
        due: u32,
    ) -> u32 {
        let narrow = Narrow::<L>::load(&self.rows, at, self.movement.slow);
        let begun = Begun::new(&narrow, tables);
        let dead = all::<L>() & !begun.alive.bits();
        let usual = begun.usual.and(mask_of::<L>(due));
        if usual.none() {
            return dead;
        }
        let velocity = steering::velocity(&self.rows, at, &narrow, &begun, tables);
        let (moved, done) = self.arrive(at, (tables, field, clearings), (&narrow, &begun), velocity, usual);
        moved.store(&narrow, done, &mut self.rows, at);
        dead | done.bits()
    }

    /// A row by the function that stands for all.
    #[inline(never)]
    fn step_row(&mut self, row: usize, movement: &MovementTicks) {
        let moved =
            move_character(self.rows.move_state(row), self.rows.input(row), self.surroundings, movement);
        self.rows.set_move_state(row, &moved);
    }

    /// What is due for a living row in this tick where not everybody is stepped in each.
    #[inline(always)]
    fn turn(&self, row: usize) -> Turn {
        match self.watch {
            None => Turn::Step,
            Some(watch) => watch.turn(&self.rows, row, self.first + row, self.surroundings.tick),
        }
    }

    /// Steps one row by the function, if it is alive and due.
    #[inline(always)]
    fn step_if_due(&mut self, row: usize) {
        if self.rows.flags[row] & flags::ALIVE == 0 {
            return;
        }
        match (self.turn(row), self.watch) {
            (Turn::Step, _) => self.step_row(row, self.movement),
            (Turn::StepFar, Some(watch)) => self.step_row(row, &watch.far),
            _ => {}
        }
    }
}

impl LaneTask for Walk<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(mut self) {
        let count = self.rows.rows();
        let tables = Tables::new(self.movement, self.surroundings);
        let field = self.surroundings.terrain.field();
        let clearings = self.surroundings.obstacles.clearings();
        if count < L::WIDTH {
            (0..count).for_each(|row| self.step_if_due(row));
            return;
        }
        let mut next = 0;
        while next < count {
            // The last block begins among rows that are done already.
            let at = next.min(count - L::WIDTH);
            let before = all::<L>() & !(u32::MAX << (next - at));
            let (mut resting, mut due) = (0, u32::MAX);
            if let Some(watch) = self.watch {
                (resting, due) = watch.turns::<L>(&self.rows, at, self.first + at, self.surroundings.tick);
            }
            let mut done = resting | before;
            if done != all::<L>() {
                let blocks = (field.as_ref(), clearings.as_ref());
                done |= self.step_block::<L>(at, &tables, blocks, due & !before);
            }
            let mut left = all::<L>() & !done;
            while left != 0 {
                self.step_if_due(at + left.trailing_zeros() as usize);
                left &= left - 1;
            }
            next = at + L::WIDTH;
        }
    }
}
