//! Boxes that move: where one stands is a pure function of the tick, so it is in no state and no snapshot.

use super::error::SceneryError;
use super::limits;
use super::math::{Bounds, Turn, V3};
use super::shapes::{box_bounds, within_places};
use crate::numeric::fixed::div_floor;
use crate::numeric::{Brads, Metres, Position, Tick};
use alloc::vec::Vec;

/// A place that a platform passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waypoint {
    /// Where its centre is then.
    pub centre: Position,
    /// How it is turned then; between two waypoints it turns the shorter way (left for exactly half a turn).
    pub yaw: Brads,
    /// Ticks from here to the next waypoint, at least 1; from the last one the way leads back to the first.
    pub ticks: u32,
}

/// A box on a looped path. Between waypoints it moves in a straight line; places are rounded toward negative infinity.
///
/// At tick 0 it stands at its first waypoint. The path repeats every [`Platform::round_ticks`]; when the tick counter
/// wraps (after 2^32 ticks) it jumps, unless the round divides 2^32.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    /// Half of its sides along its own x, y and z; 1/64 m to [`limits::PLATFORM_SIZE_MAX_M`].
    pub half_sizes: [Metres; 3],
    /// Its path, 1 to [`limits::WAYPOINTS_MAX`] places.
    pub waypoints: Vec<Waypoint>,
}

/// Where a platform stands at a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlatformPlace {
    /// Its centre.
    pub centre: Position,
    /// How it is turned.
    pub yaw: Brads,
}

/// How a platform got from the place of one tick to that of the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlatformShift {
    /// Its centre before.
    pub from: Position,
    /// The way of its centre.
    pub way: [Metres; 3],
    /// By how much it turned about its centre.
    pub turned: Brads,
}

impl PlatformShift {
    /// Where somebody who stood at `position` is carried to. Somebody who is turned as well adds [`Self::turned`] to their
    /// yaw.
    #[must_use]
    pub fn carry(&self, position: Position) -> Position {
        let [x, y, z] = self.way;
        if self.turned == Brads(0) {
            return position.offset(x, y, z);
        }
        let arm = V3::of(position).minus(V3::of(self.from));
        let (arm_x, arm_z) = Turn::of(self.turned).out(arm.x, arm.z);
        V3::of(self.from)
            .plus(V3::new(arm_x, arm.y, arm_z))
            .plus(V3::new(x.0.into(), y.0.into(), z.0.into()))
            .position()
    }
}

impl Platform {
    /// Ticks of one round.
    #[must_use]
    pub fn round_ticks(&self) -> u64 {
        self.waypoints.iter().map(|waypoint| u64::from(waypoint.ticks)).sum()
    }

    /// Where it stands at a tick.
    #[must_use]
    pub fn place(&self, tick: Tick) -> PlatformPlace {
        let mut left = match u32::try_from(self.round_ticks()) {
            Ok(round) if round > 0 => tick.0 % round,
            _ => 0,
        };
        for (number, from) in self.waypoints.iter().enumerate() {
            if left < from.ticks {
                return between(from, &self.waypoints[(number + 1) % self.waypoints.len()], left);
            }
            left -= from.ticks;
        }
        let first = self.waypoints.first();
        first.map_or(PlatformPlace { centre: Position::ORIGIN, yaw: Brads(0) }, |first| PlatformPlace {
            centre: first.centre,
            yaw: first.yaw,
        })
    }

    /// How it came to the place of `tick` from that of the tick before.
    #[must_use]
    pub fn shift(&self, tick: Tick) -> PlatformShift {
        let (before, now) = (self.place(Tick(tick.0.wrapping_sub(1))), self.place(tick));
        let [from, to] = [before.centre, now.centre];
        PlatformShift {
            from,
            way: [to.x - from.x, to.y - from.y, to.z - from.z],
            turned: now.yaw - before.yaw,
        }
    }

    /// Everything it touches on its round, rounded outward.
    pub(super) fn reach(&self) -> Bounds {
        let turns = self.waypoints.iter().any(|waypoint| waypoint.yaw != self.waypoints[0].yaw);
        let [x, y, z] = self.half_sizes.map(|half| i64::from(half.0));
        let rim = V3::new(x, 0, z).length() + 2;
        let around = |waypoint: &Waypoint| {
            if turns {
                let (centre, half) = (V3::of(waypoint.centre), V3::new(rim, y, rim));
                Bounds { low: centre.minus(half), high: centre.plus(half) }
            } else {
                box_bounds(waypoint.centre, self.half_sizes, waypoint.yaw)
            }
        };
        let all = self.waypoints.iter().map(around).reduce(Bounds::and);
        all.unwrap_or(Bounds::around(V3::ZERO)).grown(1)
    }

    pub(super) fn validate(&self, platform: u32) -> Result<(), SceneryError> {
        let most = Metres::from_m(limits::PLATFORM_SIZE_MAX_M);
        if self.half_sizes.iter().any(|half| half.0 < limits::SIZE_MIN_RAW || *half > most) {
            return Err(SceneryError::PlatformSize { platform });
        }
        let count_holds = (1..=limits::WAYPOINTS_MAX).contains(&self.waypoints.len());
        let legs_hold = self.waypoints.iter().all(|waypoint| waypoint.ticks > 0);
        if !count_holds || !legs_hold || self.round_ticks() > u64::from(limits::ROUND_TICKS_MAX) {
            return Err(SceneryError::PlatformPath { platform });
        }
        let rim = V3::new(self.half_sizes[0].0.into(), 0, self.half_sizes[2].0.into()).length() + 1;
        for (leg, from) in self.waypoints.iter().enumerate() {
            let to = &self.waypoints[(leg + 1) % self.waypoints.len()];
            let way = V3::of(to.centre).minus(V3::of(from.centre));
            // Half a circle is 3.1416 radii of 32768 brads: 201 / 2^21 of the radius a brad, rounded up.
            let turn = i64::from((to.yaw - from.yaw).signed()).abs();
            let far = way.x.abs() + way.y.abs() + way.z.abs() + ((rim * turn * 202) >> 21);
            let most = i64::from(Metres::from_mm(limits::PLATFORM_STEP_MAX_MM).0) * i64::from(from.ticks);
            if far > most {
                return Err(SceneryError::PlatformTooFast { platform, leg: leg as u32 });
            }
        }
        if within_places(&self.reach()) { Ok(()) } else { Err(SceneryError::PlatformPlace { platform }) }
    }
}

/// The place `after` ticks past a waypoint.
fn between(from: &Waypoint, to: &Waypoint, after: u32) -> PlatformPlace {
    let (after, ticks) = (i64::from(after), i64::from(from.ticks));
    let part = |a: Metres, b: Metres| {
        let way = i64::from(b.0) - i64::from(a.0);
        Metres((i64::from(a.0) + div_floor(way * after, ticks)) as i32)
    };
    let turn = div_floor(i64::from((to.yaw - from.yaw).signed()) * after, ticks);
    PlatformPlace {
        centre: Position::new(
            part(from.centre.x, to.centre.x),
            part(from.centre.y, to.centre.y),
            part(from.centre.z, to.centre.z),
        ),
        yaw: from.yaw + Brads(turn as u16),
    }
}
