//! Where the dead return: at the nearest to where they lie of their team's area and the respawn points that are theirs.
//!
//! A respawn point is a team's, or of whoever has a capture point while nobody else is in its ring. Of equally near places the
//! team's area comes first, then the lower number.

use super::Environment;
use super::lifecycle::{spawn_centre, team_spawn, within};
use crate::numeric::{Brads, Metres, Tick};
use crate::spatial::obstacles::{RespawnOwner, RespawnPoint};
use crate::state::objectives::Objectives;

/// Share of the radius that is half the side of the square within the circle, 1/256: 1 / √2, rounded down.
const SQUARE_PER_256: i64 = 181;

/// Where somebody dead of a team, a class and a slot appears who lies there (raw x and z), and which way it looks.
pub(crate) fn place(
    (team, class, slot): (u8, u8, u32),
    here: (i32, i32),
    tick: Tick,
    environment: &Environment,
    objectives: &Objectives,
) -> (Metres, Metres, Brads) {
    let points = environment.obstacles.respawn_points();
    let area = spawn_centre(team, environment);
    let mut nearest = (away(here, (area.0.0, area.1.0)), None);
    for point in points.iter().filter(|point| is_theirs(point, team, objectives)) {
        let way = away(here, (point.x.0, point.z.0));
        if way < nearest.0 {
            nearest = (way, Some(point));
        }
    }
    match nearest.1 {
        None => team_spawn(team, class, slot, tick, environment),
        Some(point) => {
            let half = Metres(((i64::from(point.radius.0) * SQUARE_PER_256) >> 8) as i32);
            within((point.x, point.z), half, (class, slot, tick), environment)
        }
    }
}

/// Whether the dead of a team may return there now.
fn is_theirs(point: &RespawnPoint, team: u8, objectives: &Objectives) -> bool {
    match point.owner {
        RespawnOwner::Team(owner) => owner == team,
        RespawnOwner::CapturePoint(point) => {
            let row = point as usize;
            let others = objectives.present[row] & !(1_u16 << (team % 16));
            objectives.owner[row] == team && others == 0
        }
    }
}

/// The square of a way.
fn away(a: (i32, i32), b: (i32, i32)) -> i64 {
    let (x, z) = (i64::from(a.0) - i64::from(b.0), i64::from(a.1) - i64::from(b.1));
    x * x + z * z
}
