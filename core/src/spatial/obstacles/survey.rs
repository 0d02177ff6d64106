//! A quick answer about what is below a body, by squares of distances: most bodies near something stand on nothing but the
//! terrain, and need no root, no division and no plane.
//!
//! Not here: contacts, which say how something is touched.

use super::body::{Axis, Measures};
use super::grid::Item;
use super::math::V3;
use super::slide::PART;
use super::solids::{Solid, SolidKind};
use super::{Obstacles, SKIN, TOUCH};
use crate::numeric::Tick;

/// What the roundings of a distance may make of it, raw.
const ROUNDING: i64 = 4;

impl Solid {
    /// Whether a body with this axis that goes straight down, by at most `reach`, may come to stand on it.
    #[inline]
    fn carries(&self, axis: &Axis, measures: &Measures, reach: i64) -> bool {
        let (low, high) = (i64::from(self.low), i64::from(self.high));
        let below = axis.low - high;
        // Its rim carries only whose lower end is above it; inside, the way out may be upward.
        let flat = measures.core + ROUNDING + if below > 0 { measures.ball + SKIN + TOUCH } else { 0 };
        if below > reach + measures.ball + SKIN + TOUCH + ROUNDING || axis.high < low {
            return false;
        }
        let (away_x, away_z) = (axis.x - i64::from(self.x), axis.z - i64::from(self.z));
        match self.kind {
            SolidKind::Box { half_x, half_z, turn } => {
                let (x, z) = turn.into_local(away_x, away_z);
                let x = (x.abs() - i64::from(half_x)).max(0);
                let z = (z.abs() - i64::from(half_z)).max(0);
                x.max(z) <= flat && x * x + z * z <= flat * flat
            }
            SolidKind::Cylinder { radius } => {
                let reach = i64::from(radius) + flat;
                away_x.abs().max(away_z.abs()) <= reach && away_x * away_x + away_z * away_z <= reach * reach
            }
        }
    }
}

impl Obstacles {
    /// Whether a body that goes straight down, by at most `reach`, may come to stand on anything.
    pub(super) fn any_below(&self, measures: &Measures, feet: V3, reach: i64, tick: Tick) -> bool {
        let axis = measures.at(feet);
        // One look reaches all of a short way: what it does not see does not carry.
        let long = reach > PART;
        let seen = Self::around(measures, feet, reach);
        let mut around = Self::around(measures, feet, reach.min(SKIN + TOUCH + ROUNDING));
        around.low.y = if long { around.low.y - reach } else { seen.low.y };
        let carries = |solid: &Solid| {
            solid.carries(&axis, measures, reach) && (long || solid.within(&axis, measures, reach))
        };
        self.baked.cells.find(&around, &mut |item| {
            let may = match item {
                Item::Solid(index) => carries(&self.baked.solids[index]),
                Item::Triangle(index) => {
                    let triangle = &self.baked.triangles[index];
                    triangle.bounds().meets(&around)
                        && (long || triangle.within(&axis, measures, reach, &seen))
                }
                Item::Platform(number) => carries(&self.platform_solid(number, tick)),
            };
            may && self.item_stands(item)
        })
    }
}
