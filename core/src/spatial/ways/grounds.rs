//! Whether a walker can stand somewhere, and walk straight from one place to another.

use crate::numeric::fixed::{length2d, length2d_squared, saturate};
use crate::numeric::{Fx, Metres, Position, Tick};
use crate::spatial::{Obstacles, Terrain};

/// What a body needs to walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walker {
    /// Half its width.
    pub radius: Metres,
    /// From its feet to its top.
    pub height: Metres,
    /// Edges up to this high are walked onto.
    pub step_up: Metres,
    /// Steepest ground that it walks on: rise over way.
    pub slope_limit: Fx,
}

/// The ground and what stands on it, as those see it who plan a way.
#[derive(Clone, Copy, Debug)]
pub struct Grounds<'a> {
    /// The ground.
    pub terrain: &'a Terrain,
    /// What stands on it.
    pub obstacles: &'a Obstacles,
}

/// Most places that one straight way is looked at in: a longer one counts as barred.
const PLACES_MAX: i64 = 256;

/// The last bit of a way, in which a walker only has to get close: its goal may lean against a wall.
const CLOSE: Metres = Metres::from_mm(1_500);

/// How far around that last bit a shape bars it: the way itself, with nothing to spare.
const THREAD: Metres = Metres::from_mm(60);

impl Grounds<'_> {
    /// Whether a walker is inside the world at a place.
    #[must_use]
    pub fn is_inside(&self, walker: &Walker, x: Metres, z: Metres) -> bool {
        let edge = self.terrain.half_extent() - walker.radius;
        x.abs() <= edge && z.abs() <= edge
    }

    /// Whether no static shape stands between two places at the height of a walker's chest.
    #[must_use]
    pub fn sees(&self, walker: &Walker, from: (Metres, Metres), to: (Metres, Metres)) -> bool {
        if self.obstacles.is_empty() {
            return true;
        }
        let up = Metres(walker.step_up.0 / 2 + walker.height.0 / 2);
        let chest =
            |(x, z): (Metres, Metres)| Position { x, y: self.terrain.height_at(x, z).saturating_add(up), z };
        let hit = self.obstacles.ray(chest(from), chest(to), Tick(0));
        hit.is_none_or(|hit| hit.support.platform_number().is_some())
    }

    /// Whether neither ground nor static shapes stand between two points.
    #[must_use]
    pub fn sees_point(&self, from: Position, to: Position) -> bool {
        let hit = self.obstacles.ray(from, to, Tick(0));
        hit.is_none_or(|hit| hit.support.platform_number().is_some())
            && self.terrain.segment_hit(from, to).is_none()
    }

    /// Whether a walker can stand at a place with so much room around its axis.
    #[must_use]
    pub fn is_open(&self, walker: &Walker, x: Metres, z: Metres, reach: Metres) -> bool {
        let cell = self.terrain.cell_at(x, z);
        let (along_x, along_z) = cell.slope();
        let limit = u64::from(walker.slope_limit.0.unsigned_abs());
        if length2d_squared(along_x.0, along_z.0) > limit * limit {
            return false;
        }
        !self.obstacles.near(x, z, reach) || !self.is_barred(walker, (x, z), cell.height(), reach)
    }

    /// Whether a shape stands in the way of a walker on ground of this height.
    fn is_barred(&self, walker: &Walker, (x, z): (Metres, Metres), feet: Metres, reach: Metres) -> bool {
        let (low, high) = (feet.saturating_add(walker.step_up), feet.saturating_add(walker.height));
        self.obstacles.bars(x, z, reach, low, high)
    }

    /// Whether a walker gets from one place straight to another: the ground nowhere too steep, nothing in its way. Of the last
    /// metre and a half and its own radius only the line itself must be free. Where it stands now is not asked.
    #[must_use]
    pub fn is_free_way(
        &self,
        walker: &Walker,
        (x, z): (Metres, Metres),
        (to_x, to_z): (Metres, Metres),
    ) -> bool {
        let (way_x, way_z) = (i64::from(to_x.0) - i64::from(x.0), i64::from(to_z.0) - i64::from(z.0));
        let length = i64::from(length2d(saturate(way_x), saturate(way_z)));
        let reach = Metres(walker.radius.0 / 16 * 15);
        let close = length - i64::from(CLOSE.saturating_add(walker.radius).0);
        // Discs along the way must overlap, where there is anything to overlap with.
        let step = if self.obstacles.is_empty() { 1 << 16 } else { i64::from(reach.0) * 3 / 2 };
        let places = length / step.max(1) + 1;
        if places > PLACES_MAX {
            return false;
        }
        let at = |start: Metres, way: i64, part: i64, parts: i64| {
            Metres(saturate(i64::from(start.0) + way * part / parts))
        };
        (1..=places).all(|place| {
            let near_the_end = length * place / places > close;
            let reach = if near_the_end { THREAD } else { reach };
            self.is_open(walker, at(x, way_x, place, places), at(z, way_z, place, places), reach)
        }) && (self.obstacles.is_empty()
            || self.is_free_end(walker, (x, z), (way_x, way_z), close.max(0), length))
    }

    /// Whether the line itself is free from `close` on: threads are thinner than the steps between places.
    fn is_free_end(
        &self,
        walker: &Walker,
        (x, z): (Metres, Metres),
        (way_x, way_z): (i64, i64),
        close: i64,
        length: i64,
    ) -> bool {
        let end = |start: Metres, way: i64| Metres(saturate(i64::from(start.0) + way));
        if !self.obstacles.near(end(x, way_x), end(z, way_z), CLOSE.saturating_add(walker.radius)) {
            return true;
        }
        let step = i64::from(THREAD.0) * 2;
        let mut along = close;
        while along < length {
            let at = |start: Metres, way: i64| Metres(saturate(i64::from(start.0) + way * along / length));
            let (x, z) = (at(x, way_x), at(z, way_z));
            if self.obstacles.near(x, z, THREAD)
                && self.is_barred(walker, (x, z), self.terrain.height_at(x, z), THREAD)
            {
                return false;
            }
            along += step;
        }
        true
    }
}
