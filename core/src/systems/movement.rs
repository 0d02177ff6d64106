//! Movement of one character for one tick, and of all of them.
//!
//! [`move_character`] is the function that the server runs for everybody and a client runs ahead for its own
//! character: it depends on nothing but its arguments. Other characters are not here: making room for each other is a
//! later stage (`contacts`), and the one thing a prediction cannot know.

mod ticks;

pub use ticks::MovementTicks;

use super::Environment;
use crate::limits::{HEIGHT_MAX_M, SPEED_MAX_M_PER_S};
use crate::numeric::fixed::{clamp_length2d, isqrt_u32};
use crate::numeric::{Metres, MetresPerSecond, Position, Tick, Ticks, Velocity};
use crate::rules::MovementRules;
use crate::spatial::{Obstacles, Terrain};
use crate::state::characters::{CharacterRows, Characters, MoveState, flags, motion};
use crate::state::column::Rows;
use crate::state::commands::{CharacterInput, buttons};

/// Full deflection of one axis of the input.
const FULL: i32 = 127;

/// What a mover meets that is not another character.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The ground.
    pub terrain: &'a Terrain,
    /// What stands and moves beside the ground.
    pub obstacles: &'a Obstacles,
    /// The tick that is run.
    pub tick: Tick,
}

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
    surroundings: &Surroundings<'_>,
    movement: &MovementTicks,
) -> MoveState {
    if state.flags & flags::ALIVE == 0 {
        return state;
    }
    let (terrain, rules, tick_hz) = (surroundings.terrain, movement.class(state.class), movement.tick_hz());
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
        motion: if grounded_after { motion::GROUND } else { motion::FALL },
        ..state
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
    const CEILING: Metres = Metres::from_m(HEIGHT_MAX_M);
    let edge = half_extent - radius;
    let inside_x = position.x.min(edge).max(-edge);
    let inside_z = position.z.min(edge).max(-edge);
    if position.y > CEILING {
        (position.y, velocity.y) = (CEILING, MetresPerSecond::ZERO);
    }
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

/// Adds a velocity to a living row's own; false when the row is dead.
///
/// It is in the air from there on, if only for a tick: the next tick of movement finds the ground again.
pub(crate) fn impulse(characters: &mut Characters, row: usize, velocity: Velocity) -> bool {
    if characters.flags[row] & flags::ALIVE == 0 {
        return false;
    }
    let own = characters.view().move_state(row as u32).velocity;
    let sum = limit_speed(Velocity {
        x: own.x.saturating_add(velocity.x),
        y: own.y.saturating_add(velocity.y),
        z: own.z.saturating_add(velocity.z),
    });
    characters.velocity_x[row] = sum.x.0;
    characters.velocity_z[row] = sum.z.0;
    if velocity.y > MetresPerSecond::ZERO || characters.flags[row] & flags::GROUNDED == 0 {
        characters.velocity_y[row] = sum.y.0;
        characters.flags[row] &= !(flags::GROUNDED | flags::SPRINTING);
        characters.motion[row] = motion::KNOCKED;
        characters.motion_ticks[row] = 0;
        characters.support[row] = 0;
    }
    true
}

/// Gives a row another class, inside the bounds of the new radius and on the ground there if it stood on it.
pub(crate) fn change_class(characters: &mut Characters, row: usize, class: u8, environment: &Environment) {
    let edge = environment.edge(class).0;
    let x = characters.position_x[row].clamp(-edge, edge);
    let z = characters.position_z[row].clamp(-edge, edge);
    let ground = environment.terrain.height_at(Metres(x), Metres(z)).0;
    let grounded = characters.flags[row] & flags::GROUNDED != 0;
    let y = characters.position_y[row];
    characters.class[row] = class;
    characters.position_x[row] = x;
    characters.position_y[row] = if grounded || y < ground { ground } else { y };
    characters.position_z[row] = z;
    characters.flags[row] &= !(flags::CROUCHED | flags::JUMP_QUEUED | flags::SPRINTING);
    characters.motion[row] = if grounded { motion::GROUND } else { motion::FALL };
    characters.motion_ticks[row] = 0;
    characters.dodge_ticks[row] = 0;
    characters.timer[row] = 0;
}

/// Moves every living row by the input that holds for it.
///
/// Reads the input columns; reads and writes position, velocity, yaw, pitch, flags, timer.
pub(crate) fn run(rows: CharacterRows<'_>, surroundings: &Surroundings<'_>, movement: &MovementTicks) {
    let mut rows = rows.leveled();
    for row in 0..rows.rows() {
        if rows.flags[row] & flags::ALIVE == 0 {
            continue;
        }
        let moved = move_character(rows.move_state(row), rows.input(row), surroundings, movement);
        rows.set_move_state(row, &moved);
    }
}

#[cfg(test)]
mod tests;
