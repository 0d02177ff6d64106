//! One prop among what does not move: falling, the ground, walls, the edge of the world.
//!
//! **Surfaces.** Whatever it meets takes the speed against it, gives a share of that back, and holds back what goes along it by
//! a share of the pressure (Coulomb). So a prop slides down what is steeper than its friction, and stays on what is not. Against
//! walls it is the capsule that characters are; the ground carries it under its axis.

use crate::limits::{HEIGHT_MAX_M, SPEED_MAX_M_PER_S};
use crate::numeric::fixed::isqrt_u64;
use crate::numeric::{Fx, Metres, MetresPerSecond, Position, Tick, Velocity};
use crate::rules::{PropRules, Rules};
use crate::spatial::obstacles::{Body, Normal, SlideRules};
use crate::spatial::{GroundCell, Obstacles, Terrain};
use crate::systems::Environment;
use crate::systems::movement::reach_of;

/// Fastest along an axis, raw.
pub(super) const SPEED_MAX: i32 = SPEED_MAX_M_PER_S << 16;

const CEILING: Metres = Metres::from_m(HEIGHT_MAX_M);

/// It flies and falls: whatever is under it counts as a surface like any other.
const SLIDE: SlideRules =
    SlideRules { walking: false, step_up: Metres::ZERO, walkable: Fx(46_341), probe: Metres::ZERO };

/// What does not move, in one tick.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub terrain: &'a Terrain,
    pub obstacles: &'a Obstacles,
    pub rules: &'a Rules,
    pub tick_hz: u16,
    pub tick: Tick,
}

impl<'a> Place<'a> {
    pub(super) fn of(environment: &'a Environment, tick: Tick) -> Self {
        let Environment { terrain, obstacles, rules, tick_hz, .. } = environment;
        Self { terrain, obstacles, rules, tick_hz: *tick_hz, tick }
    }
}

/// The body of a kind, for walls.
pub(super) fn body_of(rules: &PropRules) -> Body {
    Body { radius: rules.radius, height: rules.height }
}

/// A speed within what any velocity may be.
pub(super) fn limited(speed: i64) -> i32 {
    speed.clamp(-i64::from(SPEED_MAX), i64::from(SPEED_MAX)) as i32
}

/// Slower than this against something, nothing comes back: what a prop gains by falling for two ticks, at least half a metre
/// a second.
pub(super) fn soft_speed(rules: &Rules, tick_hz: u16) -> i64 {
    let fall = rules.prop_motion.gravity_per_s.change_per_tick(tick_hz);
    (2 * i64::from(fall.0)).max(1 << 15)
}

/// The direction out of the ground, Q30.
fn out_of(cell: &GroundCell) -> Normal {
    let (x, z) = cell.slope();
    let (x, z) = (i64::from(x.0), i64::from(z.0));
    let length = isqrt_u64((x * x + z * z + (1 << 32)).cast_unsigned()).cast_signed();
    let part = |part: i64| ((part << 30) / length) as i32;
    Normal { x: part(-x), y: part(1 << 16), z: part(-z) }
}

impl Place<'_> {
    /// The velocity after meeting a surface.
    fn met(&self, velocity: Velocity, normal: Normal, rules: &PropRules) -> Velocity {
        let speeds = [velocity.x.0, velocity.y.0, velocity.z.0].map(i64::from);
        let out = [normal.x, normal.y, normal.z].map(i64::from);
        let into = (speeds[0] * out[0] + speeds[1] * out[1] + speeds[2] * out[2]) >> 30;
        if into >= 0 {
            return velocity;
        }
        let back = if -into > soft_speed(self.rules, self.tick_hz) {
            (-into * i64::from(rules.bounce_per_256)) >> 8
        } else {
            0
        };
        let along = [0, 1, 2].map(|axis| speeds[axis] - ((into * out[axis]) >> 30));
        let length = isqrt_u64(along.iter().map(|part| part * part).sum::<i64>().cast_unsigned());
        let length = length.cast_signed();
        let held = ((back - into) * i64::from(rules.friction_per_256)) >> 8;
        let left = (length - held).max(0);
        let part = |axis: usize| {
            let along = if length == 0 { 0 } else { along[axis] * left / length };
            limited(along + ((back * out[axis]) >> 30))
        };
        Velocity::from_raw(part(0), part(1), part(2))
    }

    /// One tick of a prop that nothing else touches.
    pub(super) fn go(&self, from: Position, velocity: Velocity, rules: &PropRules) -> (Position, Velocity) {
        let (hz, obstacles) = (self.tick_hz, self.obstacles);
        let fall = self.rules.prop_motion.gravity_per_s.change_per_tick(hz);
        let down = limited(i64::from(velocity.y.0) - i64::from(fall.0));
        let mut velocity = Velocity { y: MetresPerSecond(down), ..velocity };
        let way = [velocity.x, velocity.y, velocity.z].map(|speed| speed.per_tick(hz));
        let reach = Metres(rules.radius.0 + reach_of(way[0].0, way[2].0));
        let nearby = obstacles.nearby(from.x, from.z, reach);
        let mut to = from.offset(way[0], way[1], way[2]);
        if !nearby.is_nothing() {
            let slide = obstacles.slide_nearby(body_of(rules), from, way, self.tick, &SLIDE, &nearby);
            to = slide.position;
            for plane in slide.planes() {
                velocity = self.met(velocity, *plane, rules);
            }
        }
        let free = to;
        (to, velocity) = self.in_bounds(to, velocity, rules);
        let cell = self.terrain.cell_at(to.x, to.z);
        if to.y <= cell.height() {
            to.y = cell.height();
            velocity = self.met(velocity, out_of(&cell), rules);
        }
        if nearby.is_nothing() || to == free {
            return (to, velocity);
        }
        match self.freed(to, rules) {
            Some(freed) => (freed, velocity),
            None => (from, Velocity::ZERO),
        }
    }

    /// Moves a prop that others press, without a change of its velocity. Where there is no room it stays.
    pub(super) fn shifted(&self, from: Position, way: [Metres; 3], rules: &PropRules) -> Position {
        let obstacles = self.obstacles;
        let reach = Metres(rules.radius.0 + reach_of(way[0].0, way[2].0));
        let nearby = obstacles.nearby(from.x, from.z, reach);
        let mut to = from.offset(way[0], way[1], way[2]);
        if !nearby.is_nothing() {
            let slide = obstacles.slide_nearby(body_of(rules), from, way, self.tick, &SLIDE, &nearby);
            to = slide.position;
        }
        let free = to;
        (to, _) = self.in_bounds(to, Velocity::ZERO, rules);
        to.y = to.y.max(self.terrain.height_at(to.x, to.z));
        if nearby.is_nothing() || to == free {
            return to;
        }
        self.freed(to, rules).unwrap_or(from)
    }

    /// A place outside of everything near a place that bounds or ground have pushed it to; `None` where there is none.
    fn freed(&self, at: Position, rules: &PropRules) -> Option<Position> {
        let freed = self.obstacles.depenetrate(body_of(rules), at, self.tick);
        let (inside, _) = self.in_bounds(freed.position, Velocity::ZERO, rules);
        let above = freed.position.y >= self.terrain.height_at(inside.x, inside.z);
        (!freed.stuck && inside == freed.position && above).then_some(inside)
    }

    /// The world's edge, above and below too: a wall without friction.
    pub(super) fn in_bounds(
        &self,
        at: Position,
        velocity: Velocity,
        rules: &PropRules,
    ) -> (Position, Velocity) {
        let edge = self.terrain.half_extent() - rules.radius;
        let inside = |at: Metres, edge: Metres| at.min(edge).max(-edge);
        let to = Position { x: inside(at.x, edge), y: inside(at.y, CEILING), z: inside(at.z, edge) };
        let back = |was: Metres, is: Metres, speed: MetresPerSecond| {
            let outward = (was > is && speed.0 > 0) || (was < is && speed.0 < 0);
            let share = -(i64::from(speed.0) * i64::from(rules.bounce_per_256)) / 256;
            if outward { MetresPerSecond(share as i32) } else { speed }
        };
        let velocity = Velocity {
            x: back(at.x, to.x, velocity.x),
            y: back(at.y, to.y, velocity.y),
            z: back(at.z, to.z, velocity.z),
        };
        (to, velocity)
    }
}
