//! Quick answers about what is around a body, by squares of distances: most bodies near something touch nothing, and need no
//! root, no division and no plane.
//!
//! Not here: contacts, which say how something is touched.

use super::body::{Axis, Measures, vertical_gap};
use super::grid::Item;
use super::math::{V3, length2};
use super::slide::PART;
use super::solids::{Solid, SolidKind};
use super::{Obstacles, SKIN, TOUCH};
use crate::numeric::Tick;

/// How near something is to a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Nearness {
    /// There is no contact within the wider reach.
    Far,
    /// Nothing comes within the narrower reach.
    Beside,
    /// Something may be within the narrower reach.
    Close,
}

/// What the roundings of a distance may make of it, raw.
const ROUNDING: i64 = 4;

impl Nearness {
    /// From a separation that is known.
    fn of(separation: i64, narrow: i64) -> Nearness {
        if separation <= narrow { Nearness::Close } else { Nearness::Beside }
    }
}

impl Solid {
    /// How near it is: `narrow` and `wide` are separations. Of the wider reach it says the same as [`Solid::contact`], to
    /// the bit; around the narrower one it may say that it is close by [`ROUNDING`] too early.
    #[inline]
    fn nearness(&self, axis: &Axis, measures: &Measures, narrow: i64, wide: i64) -> Nearness {
        if !self.within(axis, measures, wide) {
            return Nearness::Far;
        }
        let exactly = || {
            let contact = self.contact(axis, measures, wide, i64::MAX >> 1);
            contact.map_or(Nearness::Far, |contact| Nearness::of(contact.separation, narrow + ROUNDING))
        };
        if measures.core != 0 {
            return exactly();
        }
        let up = vertical_gap(axis, self.low.into(), self.high.into());
        let (away_x, away_z) = (axis.x - i64::from(self.x), axis.z - i64::from(self.z));
        let close = narrow + measures.ball + ROUNDING;
        let far = wide + measures.ball + 1;
        match self.kind {
            SolidKind::Box { half_x, half_z, turn } => {
                let (x, z) = turn.into_local(away_x, away_z);
                let x = (x.abs() - i64::from(half_x)).max(0);
                let z = (z.abs() - i64::from(half_z)).max(0);
                let square = x * x + z * z + up * up;
                match square {
                    _ if square <= close * close => Nearness::Close,
                    _ if square < far * far => Nearness::Beside,
                    _ => Nearness::Far,
                }
            }
            SolidKind::Cylinder { radius } => {
                // The gap is the distance beyond the radius, with at most two roundings of its parts.
                let beyond = (length2(away_x, away_z) - i64::from(radius)).max(0);
                let (less, more) = ((beyond - 2).max(0), beyond + 2);
                if less * less + up * up <= close * close {
                    return Nearness::Close;
                }
                if more * more + up * up < far * far { Nearness::Beside } else { exactly() }
            }
        }
    }

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
    /// How near the nearest is to a body: see [`Nearness`] and [`Solid::nearness`].
    pub(super) fn survey(
        &self,
        measures: &Measures,
        feet: V3,
        narrow: i64,
        wide: i64,
        tick: Tick,
    ) -> Nearness {
        let (axis, around) = (measures.at(feet), Self::around(measures, feet, wide));
        let mut nearest = Nearness::Far;
        self.cells.find(&around, &mut |item| {
            let found = match item {
                Item::Solid(index) => self.solids[index].nearness(&axis, measures, narrow, wide),
                Item::Platform(number) => {
                    self.platform_solid(number, tick).nearness(&axis, measures, narrow, wide)
                }
                Item::Triangle(index) => {
                    let triangle = &self.triangles[index];
                    let meets = triangle.within(&axis, measures, wide, &around);
                    let contact = if meets { triangle.contact(&axis, measures, wide) } else { None };
                    contact
                        .map_or(Nearness::Far, |contact| Nearness::of(contact.separation, narrow + ROUNDING))
                }
            };
            nearest = nearest.max(found);
            nearest == Nearness::Close
        });
        nearest
    }

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
        self.cells.find(&around, &mut |item| match item {
            Item::Solid(index) => carries(&self.solids[index]),
            Item::Triangle(index) => {
                let triangle = &self.triangles[index];
                triangle.bounds().meets(&around) && (long || triangle.within(&axis, measures, reach, &seen))
            }
            Item::Platform(number) => carries(&self.platform_solid(number, tick)),
        })
    }
}
