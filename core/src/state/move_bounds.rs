//! Whether movement can have left a state like one that comes from elsewhere.
//!
//! What passes here stays within the kernel's bounds whatever is done with it. Places among static shapes are not judged:
//! somebody inside of a wall is pushed out.

use super::characters::{MoveState, flags, motion};
use super::commands::CharacterInput;
use crate::limits::{HEIGHT_MAX_M, SPEED_MAX_M_PER_S};
use crate::numeric::{Ticks, Velocity};
use crate::rules::{MOVEMENT_CLASSES, MovementRules, Rules};

/// Heights that something in the world can have, raw.
pub(crate) const HEIGHTS: core::ops::RangeInclusive<i32> = -(HEIGHT_MAX_M << 16)..=(HEIGHT_MAX_M << 16);

/// What a state is judged by.
#[derive(Clone, Copy)]
pub(crate) struct MoveBounds<'a> {
    pub(crate) rules: &'a Rules,
    /// Half the side of the field, raw.
    pub(crate) half_extent: i32,
    pub(crate) longest: [Longest; MOVEMENT_CLASSES],
}

/// The longest that a class's timers run, in ticks.
#[derive(Clone, Copy, Default)]
pub(crate) struct Longest {
    pub(crate) timer: u32,
    pub(crate) dodge: u32,
    pub(crate) dodge_rest: u32,
    pub(crate) knock: u32,
}

impl<'a> MoveBounds<'a> {
    pub(crate) fn new(rules: &'a Rules, tick_hz: u16, half_extent: i32) -> Self {
        let ticks = |ms: u16| Ticks::from_millis(u32::from(ms), tick_hz).0;
        let mut longest = [Longest::default(); MOVEMENT_CLASSES];
        for (class, longest) in (0_u8..).zip(&mut longest) {
            let rules = rules.class(class);
            *longest = Longest {
                timer: ticks(rules.jump_rest_ms).max(ticks(rules.jump_buffer_ms)),
                dodge: ticks(rules.dodge_ms),
                dodge_rest: ticks(rules.dodge_rest_ms),
                knock: ticks(rules.knock_ms),
            };
        }
        Self { rules, half_extent, longest }
    }
}

/// Largest speed along an axis, raw.
pub(crate) const SPEED_MAX: i32 = SPEED_MAX_M_PER_S << 16;

/// Whether movement keeps states like this one where the ground has this height.
pub(crate) fn can_move_like(state: &MoveState, ground: i32, bounds: &MoveBounds<'_>) -> bool {
    if usize::from(state.class) >= MOVEMENT_CLASSES {
        return false;
    }
    let rules = bounds.rules.class(state.class);
    let (position, velocity) = (&state.position, &state.velocity);
    let edge = bounds.half_extent - rules.radius.0;
    let inside = -edge..=edge;
    let speeds = -SPEED_MAX..=SPEED_MAX;
    let pitches = -CharacterInput::PITCH_MAX..=CharacterInput::PITCH_MAX;
    let within = inside.contains(&position.x.0)
        && inside.contains(&position.z.0)
        && HEIGHTS.contains(&position.y.0)
        && speeds.contains(&velocity.x.0)
        && speeds.contains(&velocity.z.0)
        && pitches.contains(&state.pitch)
        && fits_motion(state, rules, &bounds.longest[usize::from(state.class)]);
    if !within {
        return false;
    }
    let moving = *velocity != Velocity::ZERO || state.flags & flags::SPRINTING != 0;
    if state.flags & flags::ALIVE == 0 && moving {
        return false;
    }
    if state.flags & flags::GROUNDED != 0 {
        let stands = if state.support == 0 { position.y.0 == ground } else { position.y.0 >= ground };
        return stands && velocity.y.0 == 0;
    }
    // Who dives does it as fast as it rises.
    let dives = if state.motion == motion::SWIM { rules.swim_rise_speed.0 } else { 0 };
    state.support == 0
        && position.y.0 >= ground
        && (-rules.fall_speed_max.0.max(dives)..=*speeds.end()).contains(&velocity.y.0)
}

/// Whether motion, timers and flags belong together.
fn fits_motion(state: &MoveState, rules: &MovementRules, longest: &Longest) -> bool {
    let grounded = state.flags & flags::GROUNDED != 0;
    let counted = u32::from(state.motion_ticks);
    let (fits, counted_fits) = match state.motion {
        motion::GROUND | motion::SLIDE => (grounded, counted == 0),
        motion::SWIM => (!grounded, counted == 0),
        motion::JUMP | motion::FALL => (!grounded, true),
        motion::DODGE => (grounded, counted <= longest.dodge),
        motion::KNOCKED => (true, counted <= longest.knock),
        _ => (false, false),
    };
    let crouched = state.flags & flags::CROUCHED != 0;
    fits && counted_fits
        && u32::from(state.timer) <= longest.timer
        && (state.motion == motion::DODGE || u32::from(state.dodge_ticks) <= longest.dodge_rest)
        && (!crouched || rules.crouch_height < rules.height)
}
