//! How what teams fight over stood when clients were last told of it, and what each of them has yet to be told.
//!
//! There is one entry for each capture point and each team, and a number that counts what was noted: an entry is noted anew
//! when it is not what clients can foretell from what they were told. A client knows everything up to its own number, and
//! gets, newest state only, what was noted since: who was cut off for a while, or has just come, is told each thing once.
//!
//! **Bound.** Owners, contenders and flags that are taken, dropped or home again are noted at once; all else of an entry (who
//! else is in the ring, how many count, where a carried flag is) four times a second at most, places twice.

use super::session::Session;
use crate::channel::reliable::OVERHEAD_BITS;
use crate::wire::objectives::{
    FlagState, OBJECTIVES_BYTES_MAX, ObjectiveCodec, ObjectiveEntry, PointState, RingState,
};
use shieldwall_core::numeric::{Metres, Tick};
use shieldwall_core::rules::ObjectiveRules;
use shieldwall_core::spatial::obstacles::NO_TEAM;
use shieldwall_core::state::objectives::{GAIN, goal, pennant};
use shieldwall_core::systems::objectives::score_between;
use shieldwall_core::{World, WorldConfig};

/// The first version of the protocol that knows them.
const SINCE_VERSION: u16 = 4;
/// Fragments that may be unacknowledged for more to be sent.
const IN_FLIGHT_MAX: u16 = 12;
/// Parts of a second between two notes of the same ring.
const RING_NOTES_HZ: u32 = 4;
/// Parts of a second between two places of a carried flag.
const PLACE_NOTES_HZ: u32 = 2;
/// A carried flag is where it was told to be, unless it is this far away along an axis.
const PLACE_STEP: Metres = Metres::from_m(1);
/// Progress is as foretold within this part of the whole: what rounding to 1/256 leaves, twice.
const PROGRESS_PARTS: u32 = 128;

/// An entry as it was noted.
#[derive(Clone, Copy, Debug)]
struct Noted {
    tick: Tick,
    entry: ObjectiveEntry,
    /// Number of the note.
    number: u32,
}

/// See the module head.
#[derive(Debug)]
pub(super) struct ObjectiveLog {
    tick_hz: u16,
    teams: u8,
    codec: Option<ObjectiveCodec>,
    /// Capture points, then teams.
    noted: Vec<Noted>,
    /// Entries by the number of their note, ascending.
    order: Vec<u16>,
    /// Progress of each ring after the tick before.
    before: Vec<u32>,
    /// Number of the newest note.
    newest: u32,
}

impl ObjectiveLog {
    pub(super) fn new(config: &WorldConfig) -> Self {
        Self {
            tick_hz: config.tick_hz,
            teams: config.teams,
            codec: None,
            noted: Vec::new(),
            order: Vec::new(),
            before: Vec::new(),
            newest: 0,
        }
    }

    /// Takes note of what clients cannot foretell. `tick` is the one the world has just run.
    pub(super) fn learn(&mut self, world: &World, tick: Tick) {
        let points = world.objectives().len();
        if points == 0 {
            return;
        }
        let Some(codec) = self.codec else {
            return self.begin(world, tick, points);
        };
        let mut captured = false;
        for point in 0..points {
            let now = self.point(&codec, world, point);
            let ObjectiveEntry::Point(_, was) = self.noted[point].entry else { continue };
            let rules = world.config().rules.objective_kind(world.objectives().kind[point]);
            captured |= owner_of(&was) != owner_of(&now);
            let noted = &self.noted[point];
            if self.is_news(noted, &was, &now, world.objectives().progress[point], rules, tick) {
                self.note(point, tick, ObjectiveEntry::Point(point as u16, now));
            }
            self.before[point] = world.objectives().progress[point];
        }
        for team in 0..self.teams {
            let (entry, score) = (points + usize::from(team), world.scores().score(team));
            if captured || self.foretold(world, team, entry, tick) != score {
                self.note(entry, tick, ObjectiveEntry::Score(team, score));
            }
        }
    }

    fn begin(&mut self, world: &World, tick: Tick, points: usize) {
        let codec = ObjectiveCodec::new(world.config(), points);
        self.codec = Some(codec);
        self.before = world.objectives().progress.to_vec();
        let states = (0..points).map(|at| ObjectiveEntry::Point(at as u16, self.point(&codec, world, at)));
        let scores = (0..self.teams).map(|team| ObjectiveEntry::Score(team, world.scores().score(team)));
        self.noted =
            (1..).zip(states.chain(scores)).map(|(number, entry)| Noted { tick, entry, number }).collect();
        self.order = (0..self.noted.len() as u16).collect();
        self.newest = self.noted.len() as u32;
    }

    fn note(&mut self, entry: usize, tick: Tick, state: ObjectiveEntry) {
        self.newest = self.newest.wrapping_add(1);
        self.noted[entry] = Noted { tick, entry: state, number: self.newest };
        self.order.retain(|other| usize::from(*other) != entry);
        self.order.push(entry as u16);
    }

    /// What a client reckons a team's score to be.
    fn foretold(&self, world: &World, team: u8, entry: usize, tick: Tick) -> u32 {
        let noted = &self.noted[entry];
        let ObjectiveEntry::Score(_, base) = noted.entry else { return 0 };
        let (view, rules) = (world.objectives(), &world.config().rules);
        let owned = (0..view.len()).filter(|point| view.owner[*point] == team);
        let gains = owned.map(|point| {
            score_between(rules.objective_kind(view.kind[point]), noted.tick, tick, self.tick_hz)
        });
        gains.fold(base, u32::saturating_add)
    }

    /// How a point stands now.
    fn point(&self, codec: &ObjectiveCodec, world: &World, point: usize) -> PointState {
        let view = world.objectives();
        let rules = world.config().rules.objective_kind(view.kind[point]);
        if rules.carried != 0 {
            let at = codec.place(view.position(point as u32));
            return PointState::Flag(match view.flags[point] & (pennant::CARRIED | pennant::DROPPED) {
                0 => FlagState::Home,
                pennant::DROPPED => FlagState::Dropped { at, ticks: view.timer[point] },
                _ => FlagState::Carried { slot: view.carrier_slot[point] as u16, at },
            });
        }
        let (progress, contender, present) =
            (view.progress[point], view.contender[point], view.present[point]);
        let whole = u64::from(goal(rules, self.tick_hz).max(1));
        let held = contender != NO_TEAM;
        let mut ring = RingState {
            owner: view.owner[point],
            contender,
            progress: if held { (u64::from(progress) * 256 / whole).min(255) as u8 } else { 0 },
            present,
            fighters: 0,
        };
        if held && ring.alone().is_some() {
            // In the tick in which the last of a progress goes, less than a fighter's part may be left of it.
            let step = progress.abs_diff(self.before[point]).div_ceil(GAIN);
            ring.fighters = step.clamp(1, rules.fighters_max.into()) as u8;
        }
        PointState::Ring(ring)
    }

    fn is_news(
        &self,
        noted: &Noted,
        was: &PointState,
        now: &PointState,
        progress: u32,
        rules: &ObjectiveRules,
        tick: Tick,
    ) -> bool {
        let passed = tick.0.wrapping_sub(noted.tick.0);
        let waited = |hz: u32| passed >= u32::from(self.tick_hz) / hz;
        match (was, now) {
            (PointState::Ring(was), PointState::Ring(now)) => {
                let foretold = was.progress_after(passed, rules, self.tick_hz);
                let off = foretold.abs_diff(progress) > goal(rules, self.tick_hz) / PROGRESS_PARTS;
                let differs = off || (was.present, was.fighters) != (now.present, now.fighters);
                (was.owner, was.contender) != (now.owner, now.contender) || (differs && waited(RING_NOTES_HZ))
            }
            (PointState::Flag(was), PointState::Flag(now)) => match (was, now) {
                (FlagState::Home, FlagState::Home) => false,
                (FlagState::Carried { slot: a, at: from }, FlagState::Carried { slot: b, at: to }) => {
                    let away = |a: Metres, b: Metres| a.0.abs_diff(b.0) >= PLACE_STEP.0.unsigned_abs();
                    let moved = away(from.x, to.x) || away(from.z, to.z) || away(from.y, to.y);
                    a != b || (moved && waited(PLACE_NOTES_HZ))
                }
                (FlagState::Dropped { at: from, ticks: a }, FlagState::Dropped { at: to, ticks: b }) => {
                    from != to || a.saturating_sub(passed) != *b
                }
                _ => true,
            },
            // The rules of its kind are other ones now.
            _ => true,
        }
    }

    /// What was noted, carried on to `tick` as clients do it.
    fn entry_at(&self, noted: &Noted, world: &World, tick: Tick) -> ObjectiveEntry {
        let passed = tick.0.wrapping_sub(noted.tick.0);
        match noted.entry {
            // What differs from what was foretold has been noted: it is the score.
            ObjectiveEntry::Score(team, _) => ObjectiveEntry::Score(team, world.scores().score(team)),
            ObjectiveEntry::Point(point, PointState::Ring(ring)) => {
                let rules = world.config().rules.objective_kind(world.objectives().kind[usize::from(point)]);
                let after = u64::from(ring.progress_after(passed, rules, self.tick_hz));
                let parts = after * 256 / u64::from(goal(rules, self.tick_hz).max(1));
                let progress = parts.min(255) as u8;
                ObjectiveEntry::Point(point, PointState::Ring(RingState { progress, ..ring }))
            }
            ObjectiveEntry::Point(point, PointState::Flag(FlagState::Dropped { at, ticks })) => {
                let ticks = ticks.saturating_sub(passed);
                ObjectiveEntry::Point(point, PointState::Flag(FlagState::Dropped { at, ticks }))
            }
            still => still,
        }
    }

    /// Entries noted after note `number`, in that order.
    fn since(&self, number: u32) -> impl Iterator<Item = &Noted> {
        let is_new = |noted: &Noted| noted.number.wrapping_sub(number).cast_signed() > 0;
        let known = self.order.partition_point(|at| !is_new(&self.noted[usize::from(*at)]));
        self.order[known..].iter().map(|at| &self.noted[usize::from(*at)])
    }
}

fn owner_of(state: &PointState) -> u8 {
    match state {
        PointState::Ring(ring) => ring.owner,
        PointState::Flag(_) => NO_TEAM,
    }
}

/// Queues what a client that has its welcome queued has yet to be told of objectives, as much as one message holds; whether there was any. `tick` is the
/// one the world has just run: what was noted before it is told as it is foretold to be now.
pub(super) fn feed(session: &mut Session, log: &ObjectiveLog, world: &World, tick: Tick) -> bool {
    let Some(codec) = &log.codec else { return false };
    if session.character().is_none()
        || !session.speaks(SINCE_VERSION)
        || session.ends_in.is_some()
        || session.rules.is_due()
        || session.objectives_told == log.newest
        || session.channel.reliable_in_flight() >= IN_FLIGHT_MAX
    {
        return false;
    }
    let notes = || log.since(session.objectives_told);
    let mut buffer = [0; OBJECTIVES_BYTES_MAX];
    let (length, count) =
        codec.write(tick, notes().map(|noted| log.entry_at(noted, world, tick)), &mut buffer);
    let told = notes().nth(count - 1).map_or(log.newest, |noted| noted.number);
    if session.channel.send_reliable(&buffer[..length]).is_err() {
        return false;
    }
    session.objectives_told = told;
    session.traffic.objectives += count as u64;
    session.traffic.objective_bytes += (length + OVERHEAD_BITS / 8) as u64;
    true
}

#[cfg(test)]
#[path = "objective_log_tests.rs"]
mod tests;
