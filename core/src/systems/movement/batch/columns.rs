//! The columns of a block as lanes, and back.

use super::Block;
use crate::numeric::lanes::{LaneMask, Lanes, MAX_WIDTH};
use crate::state::characters::{CharacterRows, flags};
use crate::state::commands::{CharacterInput, buttons};

/// A block's narrow columns, a lane a row.
pub(super) struct Narrow<L> {
    pub yaw: L,
    pub right: L,
    pub forward: L,
    pub buttons: L,
    pub class: L,
    pub flags: L,
    pub motion: L,
    pub motion_ticks: L,
    pub timer: L,
    pub dodge_ticks: L,
    pub support: L,
}

/// What became of a block.
pub(super) struct Moved<L> {
    pub position: [L; 3],
    pub velocity: [L; 3],
    pub flags: L,
    pub motion: L,
    pub motion_ticks: L,
    pub timer: L,
    pub dodge_ticks: L,
}

/// Writes the low 16 bits of the lanes of a mask to a column.
#[inline(always)]
fn narrowed<L: Lanes>(lanes: L, mask: L::Mask, column: &mut [u16], at: usize) {
    let mut wide: Block = [0; MAX_WIDTH];
    L::select(mask, lanes, L::widen_at(column, at)).store(&mut wide);
    for (to, from) in column[at..at + L::WIDTH].iter_mut().zip(&wide) {
        *to = *from as u16;
    }
}

impl<L: Lanes> Narrow<L> {
    /// Of the rows from `at` on, the inputs as status effects leave them: `steer::afflicted` in lanes.
    #[inline(always)]
    pub fn load(rows: &CharacterRows<'_>, at: usize, slow: i32) -> Self {
        let axis = |axis: L| axis.max(L::splat(-127));
        let narrow = Self {
            yaw: L::widen_at(rows.input_yaw, at),
            right: axis(L::widen_at(rows.input_right, at)),
            forward: axis(L::widen_at(rows.input_forward, at)),
            buttons: L::widen_at(rows.input_buttons, at),
            class: L::widen_at(rows.class, at),
            flags: L::widen_at(rows.flags, at),
            motion: L::widen_at(rows.motion, at),
            motion_ticks: L::widen_at(rows.motion_ticks, at),
            timer: L::widen_at(rows.timer, at),
            dodge_ticks: L::widen_at(rows.dodge_ticks, at),
            support: L::widen_at(rows.support, at),
        };
        let afflictions = L::splat(i32::from(flags::AFFLICTED | flags::EXHAUSTED));
        let clear = narrow.flags.and(afflictions).equal(L::splat(0));
        if clear.not().none() { narrow } else { narrow.afflicted(slow) }
    }

    fn afflicted(self, slow: i32) -> Self {
        let zero = L::splat(0);
        let has = |bits: u16| self.flags.and(L::splat(i32::from(bits))).equal(zero).not();
        let without = |buttons: L, mask: L::Mask, denied: u16| {
            L::select(mask, buttons.and(L::splat(!i32::from(denied))), buttons)
        };
        let slowed = |axis: L| {
            let axis = L::select(has(flags::SLOWED), axis.mul(L::splat(slow)).shift_right::<8>(), axis);
            axis.keep(has(flags::ROOTED | flags::STUNNED).not())
        };
        let buttons = without(self.buttons, has(flags::EXHAUSTED), buttons::SPRINT | buttons::DODGE);
        let buttons = without(buttons, has(flags::ROOTED), buttons::JUMP | buttons::DODGE);
        let buttons = without(buttons, has(flags::STUNNED), buttons::ALL);
        Self { right: slowed(self.right), forward: slowed(self.forward), buttons, ..self }
    }
}

impl<L: Lanes> Moved<L> {
    /// Writes the rows of a mask, with the look that their inputs ask for.
    #[inline(always)]
    pub fn store(&self, narrow: &Narrow<L>, mask: L::Mask, rows: &mut CharacterRows<'_>, at: usize) {
        let [x, y, z] = self.position;
        let [speed_x, speed_y, speed_z] = self.velocity;
        L::select(mask, x, L::load_at(rows.position_x, at)).store_at(rows.position_x, at);
        L::select(mask, y, L::load_at(rows.position_y, at)).store_at(rows.position_y, at);
        L::select(mask, z, L::load_at(rows.position_z, at)).store_at(rows.position_z, at);
        L::select(mask, speed_x, L::load_at(rows.velocity_x, at)).store_at(rows.velocity_x, at);
        L::select(mask, speed_y, L::load_at(rows.velocity_y, at)).store_at(rows.velocity_y, at);
        L::select(mask, speed_z, L::load_at(rows.velocity_z, at)).store_at(rows.velocity_z, at);
        narrowed(narrow.yaw, mask, rows.yaw, at);
        narrowed(self.flags, mask, rows.flags, at);
        narrowed(self.motion_ticks, mask, rows.motion_ticks, at);
        narrowed(self.timer, mask, rows.timer, at);
        narrowed(self.dodge_ticks, mask, rows.dodge_ticks, at);
        if self.motion.equal(narrow.motion).not().and(mask).any() {
            store_motion(self.motion, mask, rows.motion, at);
        }
        store_pitch::<L>(mask, rows, at);
    }
}

#[inline(always)]
fn store_motion<L: Lanes>(motion: L, mask: L::Mask, column: &mut [u8], at: usize) {
    let mut wide: Block = [0; MAX_WIDTH];
    L::select(mask, motion, L::widen_at(column, at)).store(&mut wide);
    for (to, from) in column[at..at + L::WIDTH].iter_mut().zip(&wide) {
        *to = *from as u8;
    }
}

/// The look up or down is the input's, within its bounds.
#[inline(always)]
fn store_pitch<L: Lanes>(mask: L::Mask, rows: &mut CharacterRows<'_>, at: usize) {
    let most = L::splat(CharacterInput::PITCH_MAX.into());
    let wish: L = L::widen_at(rows.input_pitch, at);
    let wish = wish.min(most).max(L::splat(0).sub(most));
    let mut wide: Block = [0; MAX_WIDTH];
    L::select(mask, wish, L::widen_at(rows.pitch, at)).store(&mut wide);
    for (to, from) in rows.pitch[at..at + L::WIDTH].iter_mut().zip(&wide) {
        *to = *from as i16;
    }
}
