//! Where a body gets to with a velocity: static shapes, bounds, ground, water.

use super::Surroundings;
use super::motions::floating_line;
use super::ticks::{ClassTicks, MovementTicks, SPEED_BOUND};
use crate::limits::HEIGHT_MAX_M;
use crate::numeric::fixed::{clamp_length2d, isqrt_u64, length2d_squared};
use crate::numeric::lanes::Lanes;
use crate::numeric::{Fx, Metres, MetresPerSecond, Position, Velocity};
use crate::spatial::GroundCell;
use crate::spatial::obstacles::{BESIDE, Body, Ground, Nearby, Slide};

/// What a body has under its feet.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Footing {
    /// It stands.
    pub grounded: bool,
    /// It stands on terrain that is too steep.
    pub steep: bool,
    /// It swims.
    pub swims: bool,
    /// The obstacle it stands on.
    pub support: u16,
}

/// How a body goes in this step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gait {
    /// It stood on something before, and did not jump.
    pub grounded: bool,
    /// It walks: steep ground is a wall for it, not a slide.
    pub walks: bool,
    /// It does not go over an edge.
    pub keeps_edges: bool,
    /// Its capsule.
    pub body: Body,
    /// The obstacle it stood on.
    pub support: u16,
}

/// All that a place depends on.
#[derive(Clone, Copy)]
pub(super) struct Places<'a> {
    pub class: &'a ClassTicks,
    pub movement: &'a MovementTicks,
    pub surroundings: &'a Surroundings<'a>,
    pub gait: Gait,
}

/// Whether ground is steeper than a limit (Q16). Most cells are judged by the differences of their corners.
#[inline]
pub(super) fn steep(cell: &GroundCell, limit: i32) -> bool {
    let [h00, h10, h01, h11] = cell.corners;
    let along_x = (h10.abs_diff(h00)).max(h11.abs_diff(h01));
    let along_z = (h01.abs_diff(h00)).max(h11.abs_diff(h10));
    let allowed = (u64::from(limit.unsigned_abs()) << cell.shift) >> 16;
    if u64::from(along_x) + u64::from(along_z) <= allowed {
        return false;
    }
    let (x, z) = cell.slope();
    length2d_squared(x.0, z.0) > u64::from(limit.unsigned_abs()).pow(2)
}

/// How far around a body something can be that it touches on a way: at least the way's length.
#[inline]
pub(in crate::systems) fn reach_of(x: i32, z: i32) -> i32 {
    let (x, z) = (x.abs(), z.abs());
    // (a + b / 2)² is at least a² + b² where a is the larger.
    x.max(z) + (x.min(z) + 1) / 2 + BESIDE
}

/// [`reach_of`] in lanes.
#[inline(always)]
pub(in crate::systems) fn reaches<L: Lanes>([x, z]: [L; 2]) -> L {
    let (x, z) = (x.abs(), z.abs());
    x.max(z).add(x.min(z).add(L::splat(1)).shift_right::<1>()).add(L::splat(BESIDE))
}

impl Places<'_> {
    /// Moves a body for a step.
    pub fn go(&self, from: Position, velocity: Velocity) -> (Position, Velocity, Footing) {
        let way = [velocity.x, velocity.y, velocity.z].map(|speed| self.movement.way(speed.0));
        let nearby = self.nearby(from, way);
        if !nearby.is_nothing() {
            return self.among_obstacles(from, velocity, way, &nearby);
        }
        let to = from.offset(way[0], way[1], way[2]);
        let (to, velocity) = self.in_bounds(to, velocity);
        let cell = self.surroundings.terrain.cell_at(to.x, to.z);
        self.on_terrain(from, (to, &cell), velocity)
    }

    /// What the body may touch on its way.
    #[inline]
    pub fn nearby(&self, from: Position, way: [Metres; 3]) -> Nearby {
        let reach = Metres(self.class.radius + reach_of(way[0].0, way[2].0));
        self.surroundings.obstacles.nearby(from.x, from.z, reach)
    }

    /// The world's edge: a wall that stops the component of the velocity that runs into it.
    fn in_bounds(&self, mut position: Position, mut velocity: Velocity) -> (Position, Velocity) {
        const CEILING: Metres = Metres::from_m(HEIGHT_MAX_M);
        let edge = self.surroundings.terrain.half_extent() - Metres(self.class.radius);
        let inside = |at: Metres| at.min(edge).max(-edge);
        let (x, z) = (inside(position.x), inside(position.z));
        if position.y > CEILING {
            (position.y, velocity.y) = (CEILING, MetresPerSecond::ZERO);
        }
        position.y = position.y.max(-CEILING);
        if x != position.x {
            (position.x, velocity.x) = (x, MetresPerSecond::ZERO);
        }
        if z != position.z {
            (position.z, velocity.z) = (z, MetresPerSecond::ZERO);
        }
        (position, velocity)
    }

    /// Feet and terrain: walkers follow it down by up to a step, everybody is stopped by it from below.
    fn on_terrain(
        &self,
        from: Position,
        (to, cell): (Position, &GroundCell),
        velocity: Velocity,
    ) -> (Position, Velocity, Footing) {
        let class = self.class;
        let ground = cell.height();
        let drop = to.y - ground;
        let grounded = drop <= Metres::ZERO || (self.gait.grounded && drop <= Metres(class.step_down));
        let steep = grounded && steep(cell, class.slope_limit);
        if self.gait.walks {
            if steep && ground > from.y {
                return self.against_slope(from, velocity, cell.slope());
            }
            if !grounded && self.gait.keeps_edges && to != from {
                return self.stay(from);
            }
        }
        let y = if grounded { ground } else { to.y };
        self.footed(Position { y, ..to }, velocity, ground, Footing { grounded, steep, ..Footing::default() })
    }

    /// Water counts last: whoever stands or hangs deeper than the floating line swims, unless it is in a dodge.
    fn footed(
        &self,
        at: Position,
        velocity: Velocity,
        ground: Metres,
        footing: Footing,
    ) -> (Position, Velocity, Footing) {
        let line = floating_line(self.movement, self.class);
        if ground < line && at.y <= line {
            return (at, velocity, Footing { swims: true, ..Footing::default() });
        }
        (at, velocity, footing)
    }

    /// A walker does not walk up what is too steep: along its foot, or not at all.
    fn against_slope(
        &self,
        from: Position,
        velocity: Velocity,
        (slope_x, slope_z): (Fx, Fx),
    ) -> (Position, Velocity, Footing) {
        let length = isqrt_u64(length2d_squared(slope_x.0, slope_z.0)).max(1) as i64;
        let part = |slope: Fx| (i64::from(slope.0) << 16) / length;
        let (up_x, up_z) = (part(slope_x), part(slope_z));
        let into = (i64::from(velocity.x.0) * up_x + i64::from(velocity.z.0) * up_z) >> 16;
        let along = |speed: MetresPerSecond, up: i64| {
            MetresPerSecond((i64::from(speed.0) - ((into * up) >> 16)) as i32)
        };
        let (x, z) = (along(velocity.x, up_x), along(velocity.z, up_z));
        let bound = isqrt_u64(length2d_squared(velocity.x.0, velocity.z.0)) as i32;
        let (x, z) = clamp_length2d(x.0, z.0, bound.min(SPEED_BOUND));
        let bent = Velocity::from_raw(x, 0, z);
        let to = from.offset(self.movement.way(x), Metres::ZERO, self.movement.way(z));
        let (to, bent) = self.in_bounds(to, bent);
        let cell = self.surroundings.terrain.cell_at(to.x, to.z);
        let ground = cell.height();
        let drop = from.y - ground;
        if steep(&cell, self.class.slope_limit) || drop > Metres(self.class.step_down) {
            return self.stay(from);
        }
        let footing = Footing { grounded: true, ..Footing::default() };
        self.footed(Position { y: ground, ..to }, bent, ground, footing)
    }

    /// Stays on the terrain where it is.
    fn stay(&self, at: Position) -> (Position, Velocity, Footing) {
        let (at, _) = self.in_bounds(at, Velocity::ZERO);
        let cell = self.surroundings.terrain.cell_at(at.x, at.z);
        let ground = cell.height();
        let grounded = at.y - ground <= Metres(self.class.step_down);
        let y = if grounded { ground } else { at.y };
        let steep = grounded && steep(&cell, self.class.slope_limit);
        let footing = Footing { grounded, steep, ..Footing::default() };
        self.footed(Position { y, ..at }, Velocity::ZERO, ground, footing)
    }

    /// The same with static shapes near: the way is bent along them, and what carries best is the ground.
    pub fn among_obstacles(
        &self,
        from: Position,
        velocity: Velocity,
        way: [Metres; 3],
        nearby: &Nearby,
    ) -> (Position, Velocity, Footing) {
        let (terrain, tick) = (self.surroundings.terrain, self.surroundings.tick);
        let (obstacles, body) = (self.surroundings.obstacles, self.gait.body);
        let rules = self.class.slide_rules(self.gait.grounded);
        let mut way = way;
        let ahead = (from.x + way[0], from.z + way[2]);
        let mut cell = terrain.cell_at(ahead.0, ahead.1);
        if self.gait.grounded {
            let level = cell.height() - from.y;
            // Up and down with the terrain, so that the body meets what hangs over it.
            if level.abs() <= Metres(self.class.step_down) || level > Metres::ZERO {
                way[1] = level;
            }
        }
        let slide = obstacles.slide_nearby(body, from, way, tick, &rules, nearby);
        let clipped = slide.clip(velocity);
        let (mut to, mut velocity) = self.in_bounds(slide.position, clipped);
        if (to.x, to.z) != ahead {
            cell = terrain.cell_at(to.x, to.z);
        }
        to.y = to.y.max(cell.height());
        if to != slide.position && !slide.is_open_at(to) {
            // Bounds and terrain have pushed it: not into a wall.
            let freed = obstacles.depenetrate(body, to, tick);
            let (inside, _) = self.in_bounds(freed.position, Velocity::ZERO);
            if freed.stuck || inside != freed.position {
                (to, velocity) = (from, Velocity::ZERO);
            } else {
                to = freed.position;
            }
            cell = terrain.cell_at(to.x, to.z);
        }
        let reach_down = if self.gait.grounded { Metres(self.class.step_down) } else { Metres::ZERO };
        let below = if slide.clear || slide.is_open_at(to) {
            None
        } else {
            obstacles.ground_below(body, to, reach_down, tick, &rules)
        };
        self.best_ground(from, (to, &cell, &slide), velocity, below.filter(|ground| ground.walkable))
    }

    /// The higher of terrain and obstacle carries.
    fn best_ground(
        &self,
        from: Position,
        (to, cell, slide): (Position, &GroundCell, &Slide),
        velocity: Velocity,
        below: Option<Ground>,
    ) -> (Position, Velocity, Footing) {
        let floor = cell.height();
        match below {
            // Rising bodies leave what they touch.
            Some(ground) if ground.height >= floor && velocity.y <= MetresPerSecond::ZERO => {
                let at = Position { y: ground.height, ..to };
                let footing =
                    Footing { grounded: true, support: ground.support.code(), ..Footing::default() };
                self.footed(at, velocity, ground.height, footing)
            }
            _ if self.gait.keeps_edges
                && self.gait.support != 0
                && from.y - floor > Metres(self.class.step_down)
                && self.still_stands(from) =>
            {
                let footing = Footing { grounded: true, support: self.gait.support, ..Footing::default() };
                (from, Velocity::ZERO, footing)
            }
            _ => {
                let (at, speed, footing) = self.on_terrain(from, (to, cell), velocity);
                if at == to || slide.is_open_at(at) || !self.blocked(at) {
                    return (at, speed, footing);
                }
                if (at.x, at.z) == (to.x, to.z) && at.y < to.y {
                    // The rim it comes down from is still in the way: it falls along that, and does not follow the ground.
                    return self.footed(to, speed, floor, Footing::default());
                }
                // The terrain lifts it into something: it stays where it was, if there is room.
                let (stayed, rest, stayed_footing) = self.stay(from);
                match self.blocked(stayed) {
                    false => (stayed, rest, stayed_footing),
                    true if stayed.y < from.y && !self.blocked(from) => {
                        self.footed(from, Velocity::ZERO, floor, Footing::default())
                    }
                    true => (at, speed, footing),
                }
            }
        }
    }

    /// Whether what carried it is still there: what fell in the last tick holds nobody.
    fn still_stands(&self, at: Position) -> bool {
        let Surroundings { obstacles, tick, .. } = *self.surroundings;
        let rules = self.class.slide_rules(true);
        !obstacles.any_fallen()
            || obstacles
                .ground_below(self.gait.body, at, Metres(self.class.step_down), tick, &rules)
                .is_some()
    }

    fn blocked(&self, at: Position) -> bool {
        self.surroundings.obstacles.blocked(self.gait.body, at, self.surroundings.tick)
    }
}
