//! Movement of one character for one tick, and of all of them.
//!
//! [`move_character`] is the function that the server runs for everybody and a client runs ahead for its own
//! character: it depends on nothing but its arguments. Other characters are not here: making room for each other is a
//! later stage (`contacts`), and the one thing a prediction cannot know.

use crate::limits::SPEED_MAX_M_PER_S;
use crate::numeric::fixed::{clamp_length2d, isqrt_u32};
use crate::numeric::{Metres, MetresPerSecond, Position, Ticks, Velocity};
use crate::rules::MovementRules;
use crate::spatial::Terrain;
use crate::state::characters::{CharacterRows, MoveState, flags};
use crate::state::column::Rows;
use crate::state::commands::{CharacterInput, buttons};

/// Full deflection of one axis of the input.
const FULL: i32 = 127;

/// One tick of walking, sprinting, jumping, falling, on the terrain and inside the world's bounds.
///
/// A pure function: equal arguments give equal bits on every machine, in client and server. Somebody without
/// [`flags::ALIVE`] does not move at all. Any input and any state are accepted; the velocity is held within
/// [`SPEED_MAX_M_PER_S`].
///
/// Order within the tick: look, steer, jump or fall, integrate (one rounding, [`MetresPerSecond::per_tick`]), bounds,
/// terrain.
#[must_use]
pub fn move_character(
    state: MoveState,
    input: CharacterInput,
    terrain: &Terrain,
    rules: &MovementRules,
    tick_hz: u16,
) -> MoveState {
    if state.flags & flags::ALIVE == 0 {
        return state;
    }
    let input = input.sanitized();
    let grounded = state.flags & flags::GROUNDED != 0;
    let ahead = input.move_forward > 0 && input.move_forward >= input.move_right.saturating_abs();
    let sprinting = grounded && ahead && input.pressed(buttons::SPRINT);
    let speed = if sprinting { rules.sprint_speed } else { rules.walk_speed };

    let (velocity_x, velocity_z) = steer(&state.velocity, input, speed, grounded, rules, tick_hz);
    let jumping = grounded && input.pressed(buttons::JUMP) && state.timer == 0;
    let velocity_y = if jumping {
        rules.jump_speed
    } else if grounded {
        MetresPerSecond::ZERO
    } else {
        let falling = state.velocity.y.saturating_add(-rules.gravity_per_s.change_per_tick(tick_hz));
        falling.max(-rules.fall_speed_max)
    };
    let velocity = limit_speed(Velocity { x: velocity_x, y: velocity_y, z: velocity_z });
    let position = state.position.advanced(velocity, tick_hz);
    let (position, velocity) = keep_in_bounds(position, velocity, terrain.half_extent(), rules.radius);

    let on_ground = grounded && !jumping;
    let (position, velocity, grounded_after) = follow_terrain(position, velocity, on_ground, terrain, rules);
    let landed = grounded_after && !grounded;
    let timer = if landed {
        u16::try_from(Ticks::from_millis(u32::from(rules.jump_rest_ms), tick_hz).0).unwrap_or(u16::MAX)
    } else {
        state.timer.saturating_sub(1)
    };
    let kept = state.flags & !(flags::GROUNDED | flags::SPRINTING);
    let grounded_flag = if grounded_after { flags::GROUNDED } else { 0 };
    let sprinting_flag = if sprinting { flags::SPRINTING } else { 0 };
    MoveState {
        position,
        velocity,
        yaw: input.yaw,
        pitch: input.pitch,
        flags: kept | grounded_flag | sprinting_flag,
        timer,
    }
}

/// The horizontal velocity after one tick of pulling it towards what the input asks for.
fn steer(
    velocity: &Velocity,
    input: CharacterInput,
    speed: MetresPerSecond,
    grounded: bool,
    rules: &MovementRules,
    tick_hz: u16,
) -> (MetresPerSecond, MetresPerSecond) {
    let (wish_x, wish_z) = wish(input, speed);
    let idle = input.move_right == 0 && input.move_forward == 0;
    let pull_per_s = match (grounded, idle) {
        (true, true) => rules.ground_friction_per_s,
        (true, false) => rules.ground_acceleration_per_s,
        // In the air an idle input keeps the momentum.
        (false, true) => return (velocity.x, velocity.z),
        (false, false) => rules.air_acceleration_per_s,
    };
    let pull = pull_per_s.change_per_tick(tick_hz).0;
    let (change_x, change_z) =
        clamp_length2d(wish_x.wrapping_sub(velocity.x.0), wish_z.wrapping_sub(velocity.z.0), pull);
    (velocity.x + MetresPerSecond(change_x), velocity.z + MetresPerSecond(change_z))
}

/// The velocity that the input asks for: its two axes turned by the yaw, never longer than `speed`.
fn wish(input: CharacterInput, speed: MetresPerSecond) -> (i32, i32) {
    let (right, forward) = (i32::from(input.move_right), i32::from(input.move_forward));
    if right == 0 && forward == 0 {
        return (0, 0);
    }
    let square = (right * right + forward * forward).cast_unsigned();
    // The divisor in 1/256. For more than full deflection it is the length, rounded up, so that a diagonal is never
    // faster than a straight line.
    let divisor = if square <= (FULL * FULL).cast_unsigned() {
        i64::from(FULL) << 8
    } else {
        i64::from(isqrt_u32(square << 16)) + 1
    };
    let (forward_x, forward_z) = input.yaw.forward();
    // The right hand is the look turned by a quarter: no second sine and cosine.
    let (right_x, right_z) = (-forward_z, forward_x);
    // Q16 x 127 stays below 2^25, times a speed in Q16 (and 1/256) far below 2^63.
    let along = |right_axis: i32, forward_axis: i32| {
        let direction = right_axis * right + forward_axis * forward;
        let scaled = (i64::from(direction) * i64::from(speed.0)) >> 8;
        (scaled / divisor) as i32
    };
    (along(right_x.0, forward_x.0), along(right_z.0, forward_z.0))
}

/// Holds every component within the kernel's bound: only a foreign state can exceed it.
fn limit_speed(velocity: Velocity) -> Velocity {
    const BOUND: MetresPerSecond = MetresPerSecond::from_m(SPEED_MAX_M_PER_S);
    let limit = |component: MetresPerSecond| component.min(BOUND).max(-BOUND);
    Velocity { x: limit(velocity.x), y: limit(velocity.y), z: limit(velocity.z) }
}

/// The world's edge: a wall that stops the component of the velocity that runs into it.
fn keep_in_bounds(
    mut position: Position,
    mut velocity: Velocity,
    half_extent: Metres,
    radius: Metres,
) -> (Position, Velocity) {
    let edge = half_extent - radius;
    let inside_x = position.x.min(edge).max(-edge);
    let inside_z = position.z.min(edge).max(-edge);
    if inside_x != position.x {
        (position.x, velocity.x) = (inside_x, MetresPerSecond::ZERO);
    }
    if inside_z != position.z {
        (position.z, velocity.z) = (inside_z, MetresPerSecond::ZERO);
    }
    (position, velocity)
}

/// Feet and ground: walkers follow it down by up to `step_down`, everybody is stopped by it from below.
fn follow_terrain(
    mut position: Position,
    mut velocity: Velocity,
    was_grounded: bool,
    terrain: &Terrain,
    rules: &MovementRules,
) -> (Position, Velocity, bool) {
    let ground = terrain.height_at(position.x, position.z);
    let drop = position.y - ground;
    let grounded = drop <= Metres::ZERO || (was_grounded && drop <= rules.step_down);
    if grounded {
        position.y = ground;
        velocity.y = MetresPerSecond::ZERO;
    }
    (position, velocity, grounded)
}

/// Moves every living row by the input that holds for it.
///
/// Reads the input columns; reads and writes position, velocity, yaw, pitch, flags, timer.
pub(crate) fn run(rows: CharacterRows<'_>, terrain: &Terrain, rules: &MovementRules, tick_hz: u16) {
    let mut rows = rows.leveled();
    for row in 0..rows.rows() {
        if rows.flags[row] & flags::ALIVE == 0 {
            continue;
        }
        let moved = move_character(rows.move_state(row), rows.input(row), terrain, rules, tick_hz);
        rows.set_move_state(row, &moved);
    }
}

#[cfg(test)]
mod tests;
