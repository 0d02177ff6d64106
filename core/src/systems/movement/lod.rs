//! Level of detail: bodies that nobody watches are stepped less often, and not at all while they rest.
//!
//! **The rule.** A watcher is any living body of a class without [`crate::rules::MovementRules::lod`]. A body of a class
//! with it is far when no watcher is near: within [`crate::rules::LodRules::near`] every watcher counts, beyond it some still
//! do, up to two cells of the coarse grid farther. A far body
//! - is stepped in the ticks in which tick plus slot is a multiple of `every_ticks`, by that many ticks at once;
//! - is not stepped at all while it stands at rest on the terrain, asks for nothing and has no timer running;
//! - is stepped in every tick while it stands on an obstacle or platform.
//!
//! All of it follows from the state at the beginning of the stage, so worlds restored, replayed, split over threads or run
//! on other lanes agree. Bodies that players steer should be of classes without it: a client predicts every tick.

use super::ticks::MovementTicks;
use crate::limits::HALF_EXTENT_MAX_M;
use crate::numeric::Tick;
use crate::rules::Rules;
use crate::state::characters::{CharacterRows, CharactersView, flags, motion};
use crate::state::commands::{CharacterInput, buttons};
use alloc::boxed::Box;
use alloc::vec;

/// Most cells along a side of the coarse grid.
const SIDE_MAX: usize = 256;

/// What a tick does with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// A usual step.
    Step,
    /// A step of several ticks.
    StepFar,
    /// Nothing.
    Rest,
}

/// Where watchers are, coarsely.
#[derive(Debug)]
pub(crate) struct Watch {
    /// The rules for steps of far bodies.
    pub(super) far: MovementTicks,
    every: u32,
    half_extent: i32,
    shift: u32,
    side: usize,
    /// Cells around a watcher that it watches, each way.
    reach: usize,
    watched: Box<[u8]>,
    spread: Box<[u8]>,
}

impl Watch {
    /// The grid of a world; `None` when no class of its rules is ever stepped less often.
    pub(crate) fn new(rules: &Rules, tick_hz: u16, half_extent: i32) -> Option<Self> {
        const { assert!(HALF_EXTENT_MAX_M <= 1 << 14) };
        if rules.movement.iter().all(|class| class.lod == 0) {
            return None;
        }
        let extent = i64::from(half_extent) * 2;
        let cells = |shift: u32| (extent >> shift) as usize + 1;
        // Half of the distance, to a power of two below, and large enough for the grid.
        let mut shift = (rules.lod.near.0.cast_unsigned() / 2).max(1).ilog2();
        while cells(shift) > SIDE_MAX {
            shift += 1;
        }
        let side = cells(shift);
        let reach = (rules.lod.near.0.cast_unsigned() as usize).div_ceil(1 << shift);
        Some(Self {
            far: MovementTicks::every(rules, tick_hz, rules.lod.every_ticks),
            every: u32::from(rules.lod.every_ticks.max(1)),
            half_extent,
            shift,
            side,
            reach,
            watched: vec![0; side * side].into_boxed_slice(),
            spread: vec![0; side * side].into_boxed_slice(),
        })
    }

    /// Looks where the watchers are.
    pub(crate) fn look(&mut self, characters: &CharactersView<'_>, end: usize) {
        self.watched.fill(0);
        for row in 0..end {
            let watches =
                characters.flags[row] & flags::ALIVE != 0 && !self.far.class(characters.class[row]).lod;
            if watches {
                let at = self.cell(characters.position_x[row], characters.position_z[row]);
                self.watched[at] = 1;
            }
        }
        let (side, reach) = (self.side, self.reach);
        for line in 0..side {
            spread(&self.watched, &mut self.spread, line * side, 1, side, reach);
        }
        for column in 0..side {
            spread(&self.spread, &mut self.watched, column, side, side, reach);
        }
    }

    fn cell(&self, x: i32, z: i32) -> usize {
        let along = |raw: i32| {
            let at = (i64::from(raw) + i64::from(self.half_extent)) >> self.shift;
            at.clamp(0, self.side as i64 - 1) as usize
        };
        along(z) * self.side + along(x)
    }

    /// What this tick does with a living row; `slot` is its number in the whole table.
    #[inline]
    pub(super) fn turn(&self, rows: &CharacterRows<'_>, row: usize, slot: usize, tick: Tick) -> Turn {
        if !self.far.class(rows.class[row]).lod || rows.support[row] != 0 {
            return Turn::Step;
        }
        if self.watched[self.cell(rows.position_x[row], rows.position_z[row])] != 0 {
            return Turn::Step;
        }
        if rests(rows, row) || !tick.0.wrapping_add(slot as u32).is_multiple_of(self.every) {
            return Turn::Rest;
        }
        Turn::StepFar
    }
}

/// Whether a row stands at rest and asks for nothing.
#[inline]
fn rests(rows: &CharacterRows<'_>, row: usize) -> bool {
    const STANDING: u16 = flags::ALIVE | flags::IN_USE | flags::GROUNDED;
    const MOVES: u16 = buttons::JUMP | buttons::CROUCH | buttons::DODGE;
    let pitch = rows.input_pitch[row].clamp(-CharacterInput::PITCH_MAX, CharacterInput::PITCH_MAX);
    rows.flags[row] == STANDING
        && rows.motion[row] == motion::GROUND
        && rows.velocity_x[row] == 0
        && rows.velocity_z[row] == 0
        && rows.timer[row] == 0
        && rows.dodge_ticks[row] == 0
        && rows.input_right[row] == 0
        && rows.input_forward[row] == 0
        && rows.input_buttons[row] & MOVES == 0
        && rows.yaw[row] == rows.input_yaw[row]
        && rows.pitch[row] == pitch
}

/// Marks everything within `reach` of a mark, along a line of `count` places `step` apart.
fn spread(from: &[u8], to: &mut [u8], first: usize, step: usize, count: usize, reach: usize) {
    // How many places ahead a mark still reaches.
    let mut left = 0;
    for at in 0..count {
        let place = first + at * step;
        left = if from[place] != 0 { reach + 1 } else { left };
        to[place] = u8::from(left > 0);
        left = left.saturating_sub(1);
    }
    left = 0;
    for at in (0..count).rev() {
        let place = first + at * step;
        left = if from[place] != 0 { reach + 1 } else { left };
        to[place] |= u8::from(left > 0);
        left = left.saturating_sub(1);
    }
}
