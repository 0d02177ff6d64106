//! The movement rules of a world in units of its ticks: made once, read by every mover.
//!
//! Divisions by the tick rate are products with a reciprocal here. [`PerTick`] gives the same floor as
//! [`MetresPerSecond::per_tick`](crate::numeric::MetresPerSecond::per_tick) for every speed a mover can have.

use super::root_motion::RootMotion;
use crate::limits::SPEED_MAX_M_PER_S;
use crate::numeric::fixed::{isqrt_u64, saturate};
use crate::numeric::{Fx, Metres, Ticks};
use crate::rules::{MOVEMENT_CLASSES, MovementRules, Rules};
use crate::spatial::obstacles::{Body, SlideRules};

/// Fastest speed in one direction, raw.
pub(in crate::systems) const SPEED_BOUND: i32 = SPEED_MAX_M_PER_S << 16;

/// Bits of the reciprocal.
pub(super) const RECIPROCAL_SHIFT: u32 = 34;

/// Division of speeds by the tick rate, rounded toward negative infinity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PerTick {
    /// A multiple of the rate that makes every speed positive.
    pub bias: i32,
    /// The bias divided by the rate.
    pub bias_share: i32,
    /// 2³⁴ divided by the rate, rounded up.
    pub reciprocal: i32,
}

impl PerTick {
    pub fn new(tick_hz: u16) -> Self {
        let hz = i64::from(tick_hz.max(1));
        let share = (i64::from(SPEED_BOUND) + hz - 1) / hz;
        Self {
            bias: (share * hz) as i32,
            bias_share: share as i32,
            reciprocal: ((1_i64 << RECIPROCAL_SHIFT) + hz - 1).div_euclid(hz) as i32,
        }
    }

    /// The way of one tick at a speed of at most [`SPEED_BOUND`] either way.
    ///
    /// With e = reciprocal · rate − 2³⁴ < rate, the product errs upward by less than one part of the rate as long as
    /// (speed + bias) · e < 2³⁴, so the floor is right; a test holds that for every rate.
    #[inline]
    pub fn way(&self, speed: i32) -> i32 {
        let shifted = i64::from(speed + self.bias) * i64::from(self.reciprocal);
        (shifted >> RECIPROCAL_SHIFT) as i32 - self.bias_share
    }
}

/// One movement class in units of ticks. Speeds stay in raw metres per second, changes of speed are those of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::systems) struct ClassTicks {
    pub walk: i32,
    pub sprint: i32,
    pub crouch: i32,
    pub swim: i32,
    /// What a full input of 127 is multiplied with, Q16 of speed: see `steer`.
    pub walk_factor: i32,
    pub sprint_factor: i32,
    pub ground_pull: i32,
    pub friction_pull: i32,
    pub air_pull: i32,
    pub swim_pull: i32,
    pub jump_speed: i32,
    pub gravity: i32,
    pub fall_speed_max: i32,
    pub swim_rise: i32,
    pub step_up: i32,
    pub step_down: i32,
    /// Steepest ground to stand on, Q16.
    pub slope_limit: i32,
    pub radius: i32,
    pub height: i32,
    pub crouch_height: i32,
    pub swim_depth: i32,
    pub jump_rest: u16,
    pub jump_buffer: u16,
    pub coyote: u16,
    pub dodge: u16,
    pub dodge_rest: u16,
    pub knock: u16,
    pub dodge_distance: i32,
    pub(super) dodge_motion: RootMotion,
    /// Upward part of the direction of the steepest ground to stand on.
    pub walkable: Fx,
    pub keeps_edges: bool,
    pub lod: bool,
}

/// What a full input is multiplied with to give a speed: see `steer::wish`.
pub(super) fn factor(speed: i32) -> i32 {
    saturate(((i64::from(speed) << 16) + 63) / 127)
}

impl ClassTicks {
    fn new(rules: &MovementRules, tick_hz: u16, scale: u16) -> Self {
        let hz = i64::from(tick_hz.max(1));
        let change = |per_s: i32| saturate((i64::from(per_s) * i64::from(scale)).div_euclid(hz));
        let ticks = |ms: u16| u16::try_from(Ticks::from_millis(u32::from(ms), tick_hz).0).unwrap_or(u16::MAX);
        let limit = u64::from(rules.slope_limit_per_256);
        // 1 / sqrt(1 + limit²), with limit in 1/256.
        let length = isqrt_u64((limit * limit + 65_536) << 16).max(1);
        Self {
            walk: rules.walk_speed.0,
            sprint: rules.sprint_speed.0,
            crouch: rules.crouch_speed.0,
            swim: rules.swim_speed.0,
            walk_factor: factor(rules.walk_speed.0),
            sprint_factor: factor(rules.sprint_speed.0),
            ground_pull: change(rules.ground_acceleration_per_s.0),
            friction_pull: change(rules.ground_friction_per_s.0),
            air_pull: change(rules.air_acceleration_per_s.0),
            swim_pull: change(rules.swim_acceleration_per_s.0),
            jump_speed: rules.jump_speed.0,
            gravity: change(rules.gravity_per_s.0),
            fall_speed_max: rules.fall_speed_max.0,
            swim_rise: rules.swim_rise_speed.0,
            step_up: rules.step_up.0,
            step_down: rules.step_down.0,
            slope_limit: i32::from(rules.slope_limit_per_256) << 8,
            radius: rules.radius.0,
            height: rules.height.0,
            crouch_height: rules.crouch_height.0,
            swim_depth: rules.swim_depth.0,
            jump_rest: ticks(rules.jump_rest_ms),
            jump_buffer: ticks(rules.jump_buffer_ms),
            coyote: ticks(rules.coyote_ms),
            dodge: ticks(rules.dodge_ms),
            dodge_rest: ticks(rules.dodge_rest_ms),
            knock: ticks(rules.knock_ms),
            dodge_distance: rules.dodge_distance.0,
            dodge_motion: RootMotion::new(&rules.dodge_shares),
            walkable: Fx((256_u64 << 24).div_euclid(length) as i32),
            keeps_edges: rules.crouch_keeps_edges != 0,
            lod: rules.lod != 0,
        }
    }

    /// Whether a body of this class can crouch.
    pub const fn crouches(&self) -> bool {
        self.crouch_height < self.height
    }

    /// The capsule.
    pub const fn body(&self, crouched: bool) -> Body {
        let height = if crouched { self.crouch_height } else { self.height };
        Body { radius: Metres(self.radius), height: Metres(height) }
    }

    /// How it slides along static shapes.
    pub const fn slide_rules(&self, walking: bool) -> SlideRules {
        let probe = if self.step_down > self.step_up { self.step_down } else { self.step_up };
        SlideRules { walking, step_up: Metres(self.step_up), walkable: self.walkable, probe: Metres(probe) }
    }
}

/// The movement rules of a world at its tick rate. A client makes the same from the configuration it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovementTicks {
    classes: [ClassTicks; MOVEMENT_CLASSES],
    per_tick: PerTick,
    tick_hz: u16,
    /// Ticks in a step.
    scale: u16,
    /// Height of the water's surface.
    pub(super) water: i32,
    /// What is left of the wish to move of somebody who is slowed down, in 1/256.
    pub(super) slow: i32,
}

impl MovementTicks {
    /// The rules at a tick rate.
    #[must_use]
    pub fn new(rules: &Rules, tick_hz: u16) -> Self {
        Self::every(rules, tick_hz, 1)
    }

    /// The rules for steps of `ticks` (1 to 16) ticks at once, as far bodies are stepped.
    pub(crate) fn every(rules: &Rules, tick_hz: u16, ticks: u8) -> Self {
        let scale = u16::from(ticks.clamp(1, 16));
        Self {
            classes: rules.movement.map(|class| ClassTicks::new(&class, tick_hz, scale)),
            per_tick: PerTick::new(tick_hz),
            tick_hz: tick_hz.max(1),
            scale,
            water: rules.water.level.0,
            slow: rules.combat.slow_per_256.into(),
        }
    }

    /// Ticks in a second.
    #[must_use]
    pub const fn tick_hz(&self) -> u16 {
        self.tick_hz
    }

    /// Ticks in a step: 1, or more for far bodies.
    pub(super) const fn scale(&self) -> u16 {
        self.scale
    }

    pub(super) const fn per_tick(&self) -> &PerTick {
        &self.per_tick
    }

    /// The way of a step at a speed of at most [`SPEED_BOUND`] either way: floor.
    #[inline]
    pub(in crate::systems) fn way(&self, speed: i32) -> Metres {
        if self.scale == 1 {
            return Metres(self.per_tick.way(speed));
        }
        let way = i64::from(speed) * i64::from(self.scale);
        Metres(way.div_euclid(i64::from(self.tick_hz)) as i32)
    }

    /// The rules of a class. Numbers that no class has wrap.
    #[inline]
    pub(in crate::systems) fn class(&self, class: u8) -> &ClassTicks {
        &self.classes[usize::from(class) % MOVEMENT_CLASSES]
    }

    pub(super) const fn classes(&self) -> &[ClassTicks; MOVEMENT_CLASSES] {
        &self.classes
    }
}
