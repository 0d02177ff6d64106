//! Movement of one character for one tick, and of all of them.
//!
//! [`move_character`] is the function that the server runs for everybody and a client runs ahead for its own
//! character: it depends on nothing but its arguments. Other characters are not here: making room for each other is a
//! later stage (`contacts`), and the one thing a prediction cannot know.
//!
//! - `ticks`: the rules in units of ticks
//! - `motions`: what a body does, and how one motion becomes another
//! - `steer`: velocities
//! - `place`: where a velocity leads, among obstacles, bounds, ground and water
//! - `root_motion`: ways by table
//! - `change`: impulses and changes of class
//! - `batch`: plain walkers in lanes
//! - `lod`: bodies that nobody watches

mod batch;
mod change;
mod lod;
mod motions;
mod place;
mod root_motion;
mod steer;
mod ticks;

pub(crate) use change::{change_class, impulse, lose_footing, reground};
pub(crate) use lod::Watch;
pub(in crate::systems) use place::{reach_of, reaches};
pub use ticks::MovementTicks;
pub(in crate::systems) use ticks::SPEED_BOUND;

use crate::numeric::fixed::saturate;
use crate::numeric::{Brads, LaneChoice, Metres, Tick, Velocity, lanes};
use crate::spatial::obstacles::Support;
use crate::spatial::{Obstacles, Terrain};
use crate::state::characters::{CharacterRows, MoveState, flags, motion};
use crate::state::commands::{CharacterInput, buttons};
use place::{Gait, Places};
use steer::Steering;

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

/// One tick of whatever the body's class can do: walk, sprint, crouch, jump, dodge, fall, slide, swim, be thrown.
///
/// A pure function: equal arguments give equal bits on every machine, in client and server. Somebody without
/// [`flags::ALIVE`] does not move at all. Any input and any state are accepted; the velocity is held within
/// [`crate::limits::SPEED_MAX_M_PER_S`] in every direction.
///
/// Order within the tick: the platform underfoot, look, stance, what the buttons begin, steer, integrate (one rounding,
/// [`crate::numeric::MetresPerSecond::per_tick`]), obstacles, bounds, ground, water, what becomes of the motion.
/// `docs/MOVEMENT.md` has the rules in words and the table of motions.
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
    let input = steer::afflicted(input.sanitized(), state.flags, movement.slow);
    let class = movement.class(state.class);
    let mut state = state;
    state.velocity = steer::limit_speed(state.velocity);
    motions::sane(&mut state);
    let carried = if state.support != 0 { carry(&mut state, surroundings, movement) } else { Velocity::ZERO };
    let blocked = || {
        let (obstacles, tick) = (surroundings.obstacles, surroundings.tick);
        obstacles.blocked(class.body(false), state.position, tick)
    };
    let crouched = motions::crouches(&state, input, class, blocked);
    let jumping = motions::begin(&mut state, input, class, movement);
    if jumping {
        // A jump takes the speed of what it leaves with it.
        state.velocity.x = state.velocity.x.saturating_add(carried.x);
        state.velocity.z = state.velocity.z.saturating_add(carried.z);
    }
    let walking = state.motion == motion::GROUND;
    let sprinting = walking && !crouched && steer::ahead(input) && input.pressed(buttons::SPRINT);
    let steering = Steering { class, movement, input, sprinting, crouched };
    let velocity = steer::limit_speed(velocity_of(&steering, &state, surroundings, jumping));

    let grounded = state.flags & flags::GROUNDED != 0;
    let gait = Gait {
        grounded,
        walks: walking,
        keeps_edges: walking && crouched && class.keeps_edges,
        body: class.body(crouched),
        support: state.support,
    };
    let places = Places { class, movement, surroundings, gait };
    let (position, velocity, footing) = places.go(state.position, velocity);
    (state.position, state.velocity) = (position, velocity);
    motions::end(&mut state, &footing, class, movement);
    state.yaw = input.yaw;
    state.pitch = input.pitch;
    let stance = if crouched { flags::CROUCHED } else { 0 } | if sprinting { flags::SPRINTING } else { 0 };
    state.flags = state.flags & !(flags::CROUCHED | flags::SPRINTING) | stance;
    state
}

/// Takes the body along with the platform it stands on; the answer is the platform's speed over the ground.
#[cold]
fn carry(state: &mut MoveState, surroundings: &Surroundings<'_>, movement: &MovementTicks) -> Velocity {
    let shift = Support::from_code(state.support)
        .and_then(|support| surroundings.obstacles.platform_shift(support, surroundings.tick));
    let Some(shift) = shift else { return Velocity::ZERO };
    let from = state.position;
    state.position = shift.carry(from);
    let speed = |to: Metres, from: Metres| {
        saturate(i64::from(to.0.wrapping_sub(from.0)) * i64::from(movement.tick_hz()))
    };
    steer::limit_speed(Velocity::from_raw(
        speed(state.position.x, from.x),
        0,
        speed(state.position.z, from.z),
    ))
}

/// The velocity of the step, by motion.
fn velocity_of(
    steering: &Steering<'_>,
    state: &MoveState,
    surroundings: &Surroundings<'_>,
    jumping: bool,
) -> Velocity {
    let own = &state.velocity;
    let grounded = state.flags & flags::GROUNDED != 0;
    let ((x, z), y) = match state.motion {
        motion::GROUND => (steering.on_ground(own), 0),
        motion::SLIDE => {
            let slope = surroundings.terrain.slope_at(state.position.x, state.position.z);
            (steering.down_slope(own, slope), 0)
        }
        motion::SWIM => {
            let line = motions::floating_line(steering.movement, steering.class);
            let below = line.0.saturating_sub(state.position.y.0);
            let diving = steering.input.pressed(buttons::CROUCH);
            (steering.in_water(own), steering.floating(own, below, diving))
        }
        motion::DODGE => (steering.dodging(Brads(state.dodge_ticks), state.motion_ticks), 0),
        motion::KNOCKED if grounded => (steering.thrown(own), 0),
        motion::KNOCKED => ((own.x.0, own.z.0), steering.falling(own)),
        _ if jumping => (steering.on_ground(own), steering.class.jump_speed),
        _ => (steering.in_air(own), steering.falling(own)),
    };
    Velocity::from_raw(x, y, z)
}

/// Moves every living row by the input that holds for it. `first` is the number of the first row in the table, `watch`
/// what is known of watchers where some classes are stepped less often.
///
/// Reads the input columns and class; reads and writes position, velocity, yaw, pitch, flags, timer, motion,
/// motion_ticks, support, dodge_ticks. Results depend on neither the lanes nor on how rows are split.
pub(crate) fn run(
    rows: CharacterRows<'_>,
    first: usize,
    surroundings: &Surroundings<'_>,
    movement: &MovementTicks,
    watch: Option<&Watch>,
    choice: LaneChoice,
) {
    lanes::run(choice, batch::Walk { rows: rows.leveled(), first, surroundings, movement, watch });
}

#[cfg(test)]
mod batch_tests;
#[cfg(test)]
mod corner_tests;
#[cfg(test)]
mod limit_tests;
#[cfg(test)]
mod lod_tests;
#[cfg(test)]
mod motion_tests;
#[cfg(test)]
mod tests;
