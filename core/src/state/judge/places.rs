//! Sections, capture points and teams that come from elsewhere: they belong to the place, so all of them are there, and
//! most of what a row says the scenery says too.

use crate::limits::TEAMS_MAX;
use crate::state::State;
use crate::state::move_bounds::HEIGHTS;
use crate::state::objectives::{CapturePoint, NO_TEAM, Objectives, Teams, goal, lying, pennant};
use crate::state::snapshot::{ImageBounds, SnapshotError};
use crate::state::structures::{StructureSection, Structures, standing};

/// Judges the rows of everything that belongs to the place.
pub(crate) fn check_places(state: &State, bounds: &ImageBounds<'_>) -> Result<(), SnapshotError> {
    for (row, section) in bounds.sections.iter().enumerate() {
        if !is_fine_section(&state.structures, row, section, bounds) {
            return Err(SnapshotError::BadStructure { section: row as u32 });
        }
    }
    for (row, point) in bounds.points.iter().enumerate() {
        if !is_fine_objective(&state.objectives, row, point, bounds) {
            return Err(SnapshotError::BadObjective { point: row as u32 });
        }
    }
    match (0..state.teams.capacity()).find(|team| !is_fine_team(&state.teams, *team)) {
        Some(team) => Err(SnapshotError::BadTeam { team: team as u32 }),
        None => Ok(()),
    }
}

fn is_fine_section(
    structures: &Structures,
    row: usize,
    section: &StructureSection,
    bounds: &ImageBounds<'_>,
) -> bool {
    let health = structures.health[row];
    let flags = standing::IN_USE | if health > 0 { standing::STANDS } else { 0 };
    structures.shape[row] == section.shape
        && structures.kind[row] == section.kind
        && structures.generation[row] == 1
        && structures.flags[row] == flags
        && health <= bounds.rules.structure_kind(section.kind).health
}

fn is_fine_team(teams: &Teams, row: usize) -> bool {
    teams.generation[row] == 1 && teams.in_use[row] == 1
}

fn is_fine_objective(
    objectives: &Objectives,
    row: usize,
    point: &CapturePoint,
    bounds: &ImageBounds<'_>,
) -> bool {
    let team = |team: u8| team == NO_TEAM || team < bounds.teams.min(TEAMS_MAX);
    let is_flag = bounds.rules.objective_kind(point.kind).carried != 0;
    let rest = if is_flag {
        is_fine_flag(objectives, row, point, bounds)
    } else {
        is_fine_ring(objectives, row, point, bounds)
    };
    rest && objectives.kind[row] == point.kind
        && objectives.generation[row] == 1
        && HEIGHTS.contains(&objectives.position_y[row])
        && team(objectives.owner[row])
        && team(objectives.contender[row])
        && u32::from(objectives.present[row]) < 1 << bounds.teams.min(TEAMS_MAX)
        && (!is_flag || objectives.present[row] == 0)
}

/// A ring is where it is, and nobody's flag.
fn is_fine_ring(objectives: &Objectives, row: usize, point: &CapturePoint, bounds: &ImageBounds<'_>) -> bool {
    let rules = bounds.rules.objective_kind(point.kind);
    let goal = goal(rules, bounds.tick_hz);
    let (progress, contender) = (objectives.progress[row], objectives.contender[row]);
    (objectives.position_x[row], objectives.position_z[row]) == (point.x.0, point.z.0)
        && objectives.flags[row] == pennant::IN_USE
        && (objectives.timer[row], objectives.carrier_slot[row], objectives.carrier_generation[row])
            == (0, 0, 0)
        && progress < goal
        && (progress > 0) == (contender != NO_TEAM)
        && (contender == NO_TEAM || contender != objectives.owner[row])
}

/// A flag is carried by somebody (who that is, is not judged), lies where it was dropped, or is at home; its team is as at
/// first.
fn is_fine_flag(objectives: &Objectives, row: usize, point: &CapturePoint, bounds: &ImageBounds<'_>) -> bool {
    let inside = -bounds.half_extent..=bounds.half_extent;
    let (x, z) = (objectives.position_x[row], objectives.position_z[row]);
    let carrier = (objectives.carrier_slot[row], objectives.carrier_generation[row]);
    let longest = lying(bounds.rules.objective_kind(point.kind), bounds.tick_hz);
    let timer = objectives.timer[row];
    let placed = match objectives.flags[row] ^ pennant::IN_USE {
        0 => (x, z, timer) == (point.x.0, point.z.0, 0) && carrier == (0, 0),
        pennant::CARRIED => timer == 0 && carrier.1 != 0,
        pennant::DROPPED => timer <= longest && carrier == (0, 0),
        _ => false,
    };
    placed
        && (objectives.progress[row], objectives.contender[row]) == (0, NO_TEAM)
        && objectives.owner[row] == point.owner
        && (objectives.flags[row] == pennant::IN_USE || (inside.contains(&x) && inside.contains(&z)))
}
