//! The motions of a body and how one becomes another.
//!
//! | from | when | to |
//! |---|---|---|
//! | ground | dodge pressed, rested | dodge |
//! | ground | jump pressed or remembered, rested | jump |
//! | ground, slide, dodge, swim | nothing below within a step | fall |
//! | ground | too steep | slide |
//! | slide | gentle again | ground |
//! | fall | jump pressed within the coyote time | jump |
//! | jump, fall, slide, swim | ground below | ground |
//! | swim | jump pressed at the surface | jump |
//! | any but dodge | in water deeper than the swimming depth | swim |
//! | dodge | its duration is over | ground |
//! | any | impulse | knocked |
//! | knocked | its time is over, on the ground | ground |
//! | knocked | its time is over, in the air | fall |
//!
//! All times are in ticks. Not here: velocities (`steer`) and places (`place`).

use super::place::Footing;
use super::steer::{counts_ticks, dodge_direction};
use super::ticks::{ClassTicks, MovementTicks};
use crate::numeric::Metres;
use crate::state::characters::{MoveState, flags, motion};
use crate::state::commands::{CharacterInput, buttons};

/// Depth under the floating line from which a swimmer can jump: a quarter of a metre.
const SURFACE: i32 = 1 << 14;

/// The motions that stand on something.
pub(super) const fn stands(value: u8) -> bool {
    matches!(value, motion::GROUND | motion::SLIDE | motion::DODGE)
}

/// Brings whatever a foreign state says into motions that are possible.
pub(super) fn sane(state: &mut MoveState) {
    let grounded = state.flags & flags::GROUNDED != 0;
    let fits = match state.motion {
        motion::GROUND | motion::SLIDE | motion::DODGE => grounded,
        motion::JUMP | motion::FALL | motion::SWIM => !grounded,
        motion::KNOCKED => true,
        _ => false,
    };
    if !fits {
        state.motion = if grounded { motion::GROUND } else { motion::FALL };
        state.motion_ticks = 0;
    }
}

/// What the buttons begin. True when the body leaves the ground by a jump.
pub(super) fn begin(
    state: &mut MoveState,
    input: CharacterInput,
    class: &ClassTicks,
    movement: &MovementTicks,
) -> bool {
    let pressed = input.pressed(buttons::JUMP);
    let jumps = class.jump_speed > 0;
    let can = match state.motion {
        motion::GROUND => {
            if input.pressed(buttons::DODGE) && begin_dodge(state, input, class) {
                return false;
            }
            let wanted = pressed || state.flags & flags::JUMP_QUEUED != 0;
            if pressed && jumps && state.timer > 0 && state.timer <= class.jump_buffer {
                state.flags |= flags::JUMP_QUEUED;
            }
            wanted && state.timer == 0
        }
        motion::FALL => pressed && state.motion_ticks < class.coyote,
        motion::SWIM => {
            let line = movement.water.saturating_sub(class.swim_depth);
            pressed && state.timer == 0 && line.saturating_sub(state.position.y.0) <= SURFACE
        }
        _ => false,
    };
    if can && jumps {
        enter(state, motion::JUMP);
        state.flags &= !(flags::JUMP_QUEUED | flags::GROUNDED);
        state.support = 0;
        state.timer = 0;
        return true;
    }
    if pressed && matches!(state.motion, motion::JUMP | motion::FALL) {
        // One more: the step that is about to run counts it down.
        state.timer = class.jump_buffer.saturating_add(movement.scale());
    }
    false
}

fn begin_dodge(state: &mut MoveState, input: CharacterInput, class: &ClassTicks) -> bool {
    let can = class.dodge_distance > 0 && class.dodge > 0 && state.dodge_ticks == 0;
    if can {
        enter(state, motion::DODGE);
        state.dodge_ticks = dodge_direction(input).0;
    }
    can
}

/// Changes the motion; what the old one kept in `dodge_ticks` is the caller's.
fn enter(state: &mut MoveState, value: u8) {
    state.motion = value;
    state.motion_ticks = 0;
}

/// What becomes of the motion where the body has come to, and the timers of the step.
pub(super) fn end(state: &mut MoveState, footing: &Footing, class: &ClassTicks, movement: &MovementTicks) {
    let scale = movement.scale();
    let remembered = state.timer > 0 && matches!(state.motion, motion::JUMP | motion::FALL);
    state.timer = state.timer.saturating_sub(scale);
    if state.motion != motion::DODGE {
        state.dodge_ticks = state.dodge_ticks.saturating_sub(scale);
    }
    if counts_ticks(state.motion) {
        state.motion_ticks = state.motion_ticks.saturating_add(scale);
    }
    let before = state.motion;
    let next = next_motion(state, footing, class);
    if before == motion::DODGE && next != motion::DODGE {
        state.dodge_ticks = class.dodge_rest;
    }
    if next != before {
        // The air of a knock-back goes on as a fall that began with it: no jump from there.
        let kept = if (before, next) == (motion::KNOCKED, motion::FALL) { state.motion_ticks } else { 0 };
        change_timer(state, before, next, remembered, class);
        state.motion = next;
        state.motion_ticks = kept;
    }
    state.support = if footing.grounded { footing.support } else { 0 };
    state.flags &= !flags::GROUNDED;
    if footing.grounded {
        state.flags |= flags::GROUNDED;
        state.velocity.y.0 = 0;
    } else {
        state.flags &= !flags::JUMP_QUEUED;
    }
}

fn next_motion(state: &MoveState, footing: &Footing, class: &ClassTicks) -> u8 {
    let over = |ticks: u16| state.motion_ticks >= ticks;
    let standing = if footing.steep { motion::SLIDE } else { motion::GROUND };
    match (footing.grounded, footing.swims, state.motion) {
        (_, true, _) => motion::SWIM,
        (true, _, motion::DODGE) if !over(class.dodge) => motion::DODGE,
        (true, _, motion::KNOCKED) if !over(class.knock) => motion::KNOCKED,
        (true, ..) => standing,
        (false, _, motion::JUMP) => motion::JUMP,
        (false, _, motion::KNOCKED) if !over(class.knock) => motion::KNOCKED,
        (false, ..) => motion::FALL,
    }
}

/// The jump timer means something else on the ground than in the air.
fn change_timer(state: &mut MoveState, before: u8, next: u8, remembered: bool, class: &ClassTicks) {
    let stood = stands(before);
    if stands(next) && !stood {
        if remembered {
            state.flags |= flags::JUMP_QUEUED;
        }
        state.timer = class.jump_rest;
    } else if next == motion::SWIM {
        state.timer = class.jump_rest;
    } else if stood {
        state.timer = 0;
    }
}

/// Whether the body crouches in this step: as the button says, and on where there is no room to stand up.
///
/// `blocked` is asked only when somebody who is crouched wants to stand.
pub(super) fn crouches(
    state: &MoveState,
    input: CharacterInput,
    class: &ClassTicks,
    blocked: impl FnOnce() -> bool,
) -> bool {
    if !class.crouches() {
        return false;
    }
    let crouched = state.flags & flags::CROUCHED != 0;
    input.pressed(buttons::CROUCH) || (crouched && blocked())
}

/// Height of the feet of a body of this class that floats.
pub(super) const fn floating_line(movement: &MovementTicks, class: &ClassTicks) -> Metres {
    Metres(movement.water.saturating_sub(class.swim_depth))
}
