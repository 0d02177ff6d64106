//! Stage "siege": places that are captured, flags that are carried, and the score of both.
//!
//! **Rings.** One team alone in a ring gains on it, faster the more of them there are, up to a number; what another team had
//! gained goes first. Two teams in it stop each other. While nobody is there, what was gained is lost again.
//!
//! **Flags.** Whoever of another team stands at a flag takes it (of several the lowest slot). It goes where its carrier
//! goes, drops when the carrier dies or leaves, goes back after a time, and gives a score when it is brought to a place that
//! the carrier's team has.
//!
//! Everything is by the index of the tick: only who is near is looked at, and no order of theirs counts.

use super::Environment;
use super::crowd_index::CrowdIndex;
use crate::limits::TEAMS_MAX;
use crate::numeric::{Metres, Position, Tick};
use crate::rules::ObjectiveRules;
use crate::spatial::query_grid::{Disc, Who};
use crate::state::State;
use crate::state::characters::{Characters, flags};
use crate::state::events::{Event, EventBuffer, FlagMove};
use crate::state::handle::CharacterId;
use crate::state::objectives::{CapturePoint, GAIN, NO_TEAM, Objectives, Teams, goal, lying, pennant};

/// Sets up the rows of a new world: every place has its first owner, every flag is home, no score.
pub(crate) fn found(objectives: &mut Objectives, teams: &mut Teams, environment: &Environment) {
    for (row, point) in environment.obstacles.capture_points().iter().enumerate() {
        objectives.place(row, home_of(point, environment));
        objectives.generation[row] = 1;
        objectives.kind[row] = point.kind;
        objectives.owner[row] = point.owner;
        objectives.contender[row] = NO_TEAM;
        objectives.flags[row] = pennant::IN_USE;
    }
    teams.generation.fill(1);
    teams.in_use.fill(1);
}

/// The middle of a point, on the ground.
fn home_of(point: &CapturePoint, environment: &Environment) -> Position {
    Position { x: point.x, y: environment.terrain.height_at(point.x, point.z), z: point.z }
}

/// Runs every capture point for a tick, in their order, then the score of who has them.
pub(crate) fn run(
    state: &mut State,
    environment: &Environment,
    index: &CrowdIndex,
    events: &mut EventBuffer,
) {
    let points = environment.obstacles.capture_points();
    for (row, point) in points.iter().enumerate() {
        let rules = environment.rules.objective_kind(point.kind);
        if rules.carried == 0 {
            let present = Present::around(point, index, &state.characters);
            contest(&mut state.objectives, row, &present, (rules, environment.tick_hz), events);
        } else {
            Flag { row, point, rules, points, environment, index }.run(state, events);
        }
        let (owner, gained) = (state.objectives.owner[row], gained(rules, state, environment.tick_hz));
        add_score(&mut state.teams, owner, gained);
    }
}

/// Whole points that a place gives who has it, after tick `from` up to and with tick `to`: any rate is met exactly over a
/// second. Nothing where `to` is not behind `from`.
#[must_use]
pub fn score_between(rules: &ObjectiveRules, from: Tick, to: Tick, tick_hz: u16) -> u32 {
    let whole = |ticks: u64| ticks * u64::from(rules.score_per_s) / u64::from(tick_hz.max(1));
    let (from, to) = (u64::from(from.0) + 1, u64::from(to.0) + 1);
    u32::try_from(whole(to.max(from)) - whole(from)).unwrap_or(u32::MAX)
}

/// What it gives in the tick that runs.
fn gained(rules: &ObjectiveRules, state: &State, tick_hz: u16) -> u32 {
    let whole = |ticks: u64| ticks * u64::from(rules.score_per_s) / u64::from(tick_hz.max(1));
    (whole(u64::from(state.tick.0) + 1) - whole(u64::from(state.tick.0))) as u32
}

fn add_score(teams: &mut Teams, team: u8, gained: u32) {
    if let Some(score) = teams.score.get_mut(usize::from(team)) {
        *score = score.saturating_add(gained);
    }
}

/// Who is in a ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Present {
    /// The living of each team.
    counts: [u32; TEAMS_MAX as usize],
}

impl Present {
    fn around(point: &CapturePoint, index: &CrowdIndex, characters: &Characters) -> Present {
        let mut present = Present::default();
        let disc = Disc { x: point.x, z: point.z, radius: point.radius };
        index.grid().for_each(Who::Present, &disc, |slot| {
            // Who fell since the index was made is in it.
            if characters.flags[slot as usize] & flags::ALIVE != 0 {
                present.counts[usize::from(characters.team[slot as usize] % TEAMS_MAX)] += 1;
            }
        });
        present
    }

    /// The one team that is there, and how many of it; `None` where there are several or nobody.
    fn alone(&self) -> Option<(u8, u32)> {
        let mut teams = (0_u8..).zip(self.counts).filter(|(_, count)| *count > 0);
        let only = teams.next()?;
        teams.next().is_none().then_some(only)
    }

    /// A bit for each team that is there.
    fn bits(&self) -> u16 {
        (0..TEAMS_MAX)
            .filter(|team| self.counts[usize::from(*team)] > 0)
            .fold(0, |bits, team| bits | 1 << team)
    }
}

/// One tick of a ring.
fn contest(
    objectives: &mut Objectives,
    row: usize,
    present: &Present,
    (rules, tick_hz): (&ObjectiveRules, u16),
    events: &mut EventBuffer,
) {
    let (owner, contender) = (objectives.owner[row], objectives.contender[row]);
    let progress = objectives.progress[row];
    objectives.present[row] = present.bits();
    let (loss, gain) = match present.alone() {
        None if present.bits() == 0 => (u32::from(rules.decay_per_256), 0),
        None => (0, 0),
        Some((team, count)) => {
            let speed = GAIN * count.min(u32::from(rules.fighters_max));
            let gains = team != owner && (contender == team || contender == NO_TEAM);
            if gains {
                objectives.contender[row] = team;
            }
            if gains { (0, speed) } else { (speed, 0) }
        }
    };
    let after = progress.saturating_add(gain).saturating_sub(loss);
    objectives.progress[row] = after;
    if after >= goal(rules, tick_hz) {
        let team = objectives.contender[row];
        objectives.owner[row] = team;
        objectives.progress[row] = 0;
        events.push(Event::PointCaptured { point: row as u32, team, before: owner });
    }
    if objectives.progress[row] == 0 {
        objectives.contender[row] = NO_TEAM;
    }
}

/// A flag and all that its way depends on.
struct Flag<'a> {
    row: usize,
    point: &'a CapturePoint,
    rules: &'a ObjectiveRules,
    points: &'a [CapturePoint],
    environment: &'a Environment,
    index: &'a CrowdIndex,
}

impl Flag<'_> {
    /// One tick of it.
    fn run(&self, state: &mut State, events: &mut EventBuffer) {
        let row = self.row;
        let bits = state.objectives.flags[row];
        if bits & pennant::CARRIED != 0 {
            return self.carry(state, events);
        }
        if bits & pennant::DROPPED != 0 {
            match state.objectives.timer[row].checked_sub(1) {
                Some(left) => state.objectives.timer[row] = left,
                None => return self.go_home(state, CharacterId::NONE, FlagMove::Returned, events),
            }
        }
        if let Some(slot) = self.taker(state) {
            let id = CharacterId { slot, generation: state.characters.generation[slot as usize] };
            state.objectives.timer[row] = 0;
            state.objectives.set_carrier(row, Some(id));
            self.say(id, FlagMove::Taken, events);
        }
    }

    /// The lowest slot of those who can take it where it is.
    fn taker(&self, state: &State) -> Option<u32> {
        let (characters, objectives) = (&state.characters, &state.objectives);
        let at = objectives.view().position(self.row as u32);
        let disc = Disc { x: at.x, z: at.z, radius: self.point.radius };
        let owner = objectives.owner[self.row];
        let mut lowest: Option<u32> = None;
        self.index.grid().for_each(Who::Present, &disc, |slot| {
            let row = slot as usize;
            let takes = characters.flags[row] & flags::ALIVE != 0 && characters.team[row] != owner;
            if takes && lowest.is_none_or(|lowest| slot < lowest) {
                lowest = Some(slot);
            }
        });
        lowest
    }

    /// It is where its carrier is, and is dropped or brought.
    fn carry(&self, state: &mut State, events: &mut EventBuffer) {
        let row = self.row;
        let objectives = &mut state.objectives;
        let id = CharacterId {
            slot: objectives.carrier_slot[row],
            generation: objectives.carrier_generation[row],
        };
        let carrier = state.characters.row_of(id);
        let alive = carrier.filter(|carrier| state.characters.flags[*carrier] & flags::ALIVE != 0);
        if let Some(carrier) = carrier {
            objectives.place(row, state.characters.view().position(carrier as u32));
        }
        let Some(carrier) = alive else {
            objectives.set_carrier(row, None);
            objectives.flags[row] |= pennant::DROPPED;
            objectives.timer[row] = lying(self.rules, self.environment.tick_hz);
            return self.say(id, FlagMove::Dropped, events);
        };
        let team = state.characters.team[carrier];
        let at = objectives.view().position(row as u32);
        let arrived = (0..self.points.len()).any(|other| {
            other != row && objectives.owner[other] == team && is_within(&self.points[other], at)
        });
        if arrived {
            add_score(&mut state.teams, team, self.rules.score_brought.into());
            self.go_home(state, id, FlagMove::Brought, events);
        }
    }

    fn go_home(&self, state: &mut State, id: CharacterId, what: FlagMove, events: &mut EventBuffer) {
        state.objectives.set_carrier(self.row, None);
        state.objectives.timer[self.row] = 0;
        state.objectives.place(self.row, home_of(self.point, self.environment));
        self.say(id, what, events);
    }

    fn say(&self, id: CharacterId, what: FlagMove, events: &mut EventBuffer) {
        events.push(Event::FlagMoved { point: self.row as u32, id, what });
    }
}

/// Whether a place is in the ring of a point, rim included.
fn is_within(point: &CapturePoint, at: Position) -> bool {
    let away = |a: Metres, b: Metres| i64::from(a.0) - i64::from(b.0);
    let (x, z) = (away(at.x, point.x), away(at.z, point.z));
    x * x + z * z <= i64::from(point.radius.0).pow(2)
}

#[cfg(test)]
mod tests;
