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
use crate::numeric::lanes::{LaneMask, Lanes, MAX_WIDTH};
use crate::rules::{MOVEMENT_CLASSES, Rules};
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
    /// Bit of each class that is stepped less often.
    lods: u32,
    half_extent: i32,
    shift: u32,
    side: usize,
    /// Cells around a watcher that it watches, each way.
    reach: usize,
    /// There are watchers.
    anybody: bool,
    watched: Box<[u8]>,
    spread: Box<[u8]>,
}

impl Watch {
    /// The grid of a world; `None` when no class of its rules is ever stepped less often.
    pub(crate) fn new(rules: &Rules, tick_hz: u16, half_extent: i32) -> Option<Self> {
        const { assert!(HALF_EXTENT_MAX_M < 1 << 15) };
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
            lods: (0..MOVEMENT_CLASSES).fold(0, |bits, at| bits | u32::from(rules.movement[at].lod) << at),
            half_extent,
            shift,
            side,
            reach,
            anybody: false,
            watched: vec![0; side * side].into_boxed_slice(),
            spread: vec![0; side * side].into_boxed_slice(),
        })
    }

    /// Whether bodies of a class are stepped less often. Numbers that no class has wrap.
    fn has_lod(&self, class: u8) -> bool {
        self.lods >> (usize::from(class) % MOVEMENT_CLASSES) & 1 != 0
    }

    /// Looks where the watchers are.
    pub(crate) fn look(&mut self, characters: &CharactersView<'_>, end: usize) {
        if self.anybody {
            self.watched.fill(0);
            self.anybody = false;
        }
        let rows = characters.flags[..end].iter().zip(&characters.class[..end]);
        for (row, (bits, class)) in rows.enumerate() {
            if bits & flags::ALIVE != 0 && !self.has_lod(*class) {
                let at = self.cell(characters.position_x[row], characters.position_z[row]);
                self.watched[at] = 1;
                self.anybody = true;
            }
        }
        if !self.anybody {
            return;
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
        if !self.has_lod(rows.class[row]) || rows.support[row] != 0 {
            return Turn::Step;
        }
        if self.watched[self.cell(rows.position_x[row], rows.position_z[row])] != 0 {
            return Turn::Step;
        }
        if rests(rows, row) || !self.is_due(slot, tick) {
            return Turn::Rest;
        }
        Turn::StepFar
    }

    /// Whether a far row that does not rest is stepped.
    fn is_due(&self, slot: usize, tick: Tick) -> bool {
        tick.0.wrapping_add(slot as u32).is_multiple_of(self.every)
    }

    /// [`Watch::turn`] of a block from row `at`, slot `slot` on, as bits: the rows left alone, and those a usual step is
    /// due for. Holds for living rows.
    #[inline(always)]
    pub(super) fn turns<L: Lanes>(
        &self,
        rows: &CharacterRows<'_>,
        at: usize,
        slot: usize,
        tick: Tick,
    ) -> (u32, u32) {
        let every_lane = u32::MAX >> (32 - L::WIDTH);
        let mut near = 0;
        for (lane, class) in rows.class[at..at + L::WIDTH].iter().enumerate() {
            near |= u32::from(!self.has_lod(*class)) << lane;
        }
        if near == every_lane {
            return (0, near);
        }
        for (lane, support) in rows.support[at..at + L::WIDTH].iter().enumerate() {
            near |= u32::from(*support != 0) << lane;
        }
        if self.anybody {
            near |= self.seen::<L>(rows, at);
        }
        let far = every_lane & !near;
        let awake = far & !resting::<L>(rows, at);
        let mut left_alone = far & !awake;
        for lane in (0..L::WIDTH).filter(|lane| awake & (1 << lane) != 0) {
            left_alone |= u32::from(!self.is_due(slot + lane, tick)) << lane;
        }
        (left_alone, near)
    }

    /// The rows of a block that are near watchers, as bits.
    #[inline(always)]
    fn seen<L: Lanes>(&self, rows: &CharacterRows<'_>, at: usize) -> u32 {
        let bound = L::splat(self.half_extent);
        let along = |raw: L| {
            let inside = raw.min(bound).max(L::splat(0).sub(bound));
            // The sum needs 32 bits without sign: the first shift makes it fit.
            let from_edge = inside.add(bound).shift_right_logical::<1>();
            from_edge.shift_right_by(self.shift - 1).min(L::splat(self.side as i32 - 1))
        };
        let x = along(L::load_at(rows.position_x, at));
        let z = along(L::load_at(rows.position_z, at));
        let mut cells = [0; MAX_WIDTH];
        z.mul(L::splat(self.side as i32)).add(x).store(&mut cells);
        let mut seen = 0;
        for (lane, cell) in cells[..L::WIDTH].iter().enumerate() {
            seen |= u32::from(self.watched[*cell as usize]) << lane;
        }
        seen
    }
}

/// Flags of somebody at rest.
const STANDING: u16 = flags::ALIVE | flags::IN_USE | flags::GROUNDED;

/// Buttons that wake.
const WAKES: u16 = buttons::JUMP | buttons::CROUCH | buttons::DODGE;

/// Whether a row stands at rest and asks for nothing.
#[inline]
fn rests(rows: &CharacterRows<'_>, row: usize) -> bool {
    let pitch = rows.input_pitch[row].clamp(-CharacterInput::PITCH_MAX, CharacterInput::PITCH_MAX);
    rows.flags[row] == STANDING
        && rows.motion[row] == motion::GROUND
        && rows.velocity_x[row] == 0
        && rows.velocity_z[row] == 0
        && rows.timer[row] == 0
        && rows.dodge_ticks[row] == 0
        && rows.input_right[row] == 0
        && rows.input_forward[row] == 0
        && rows.input_buttons[row] & WAKES == 0
        && rows.yaw[row] == rows.input_yaw[row]
        && rows.pitch[row] == pitch
}

/// [`rests`] of a block, as bits.
#[inline(always)]
fn resting<L: Lanes>(rows: &CharacterRows<'_>, at: usize) -> u32 {
    let span = at..at + L::WIDTH;
    let mut wide = [0_u16; MAX_WIDTH];
    let mut narrow = [0_u8; MAX_WIDTH];
    // Column by column: each of these loops is one or two instructions.
    for (differs, from) in wide.iter_mut().zip(&rows.flags[span.clone()]) {
        *differs = *from ^ STANDING;
    }
    for (differs, from) in wide.iter_mut().zip(&rows.timer[span.clone()]) {
        *differs |= *from;
    }
    for (differs, from) in wide.iter_mut().zip(&rows.dodge_ticks[span.clone()]) {
        *differs |= *from;
    }
    for (differs, from) in wide.iter_mut().zip(&rows.input_buttons[span.clone()]) {
        *differs |= *from & WAKES;
    }
    for ((differs, own), wish) in
        wide.iter_mut().zip(&rows.yaw[span.clone()]).zip(&rows.input_yaw[span.clone()])
    {
        *differs |= *own ^ *wish;
    }
    for ((differs, own), wish) in
        wide.iter_mut().zip(&rows.pitch[span.clone()]).zip(&rows.input_pitch[span.clone()])
    {
        let wish = (*wish).clamp(-CharacterInput::PITCH_MAX, CharacterInput::PITCH_MAX);
        *differs |= (*own ^ wish).cast_unsigned();
    }
    for (differs, from) in narrow.iter_mut().zip(&rows.motion[span.clone()]) {
        *differs = *from ^ motion::GROUND;
    }
    for (differs, from) in narrow.iter_mut().zip(&rows.input_right[span.clone()]) {
        *differs |= from.cast_unsigned();
    }
    for (differs, from) in narrow.iter_mut().zip(&rows.input_forward[span]) {
        *differs |= from.cast_unsigned();
    }
    let mut differs = [0_i32; MAX_WIDTH];
    for ((differs, wide), narrow) in differs.iter_mut().zip(&wide).zip(&narrow) {
        *differs = i32::from(*wide) | i32::from(*narrow);
    }
    let speed = L::load_at(rows.velocity_x, at).or(L::load_at(rows.velocity_z, at));
    L::load(&differs).or(speed).equal(L::splat(0)).bits()
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
