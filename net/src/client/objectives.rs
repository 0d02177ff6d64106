//! What a client knows of what teams fight over: as it was told, carried on to the newest snapshot.
//!
//! What is not here: the bytes ([`crate::wire::objectives`]), and where the points lie, which the scenery says.

use super::world::ClientWorld;
use crate::wire::DecodeError;
use crate::wire::objectives::{FlagState, ObjectiveCodec, ObjectiveEntry, PointState, RingState};
use shieldwall_core::numeric::{Metres, Position, Tick};
use shieldwall_core::spatial::obstacles::NO_TEAM;
use shieldwall_core::state::objectives::goal;
use shieldwall_core::systems::objectives::score_between;

/// Where a flag is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagView {
    /// The point is a ring and has no flag.
    None,
    /// At its place.
    Home,
    /// With somebody, named by slot.
    Carried(u16),
    /// It lies somewhere, and goes back after so many ticks.
    Dropped(u32),
}

/// A place that teams fight over, as it stands at the newest snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectiveView {
    /// Its number in the scenery.
    pub point: u32,
    /// Kind of objective of the rules.
    pub kind: u8,
    /// The team that has it; [`NO_TEAM`] for nobody. Of a flag, the team whose it is.
    pub owner: u8,
    /// The team that `progress` is of; [`NO_TEAM`] for nobody.
    pub contender: u8,
    /// How far the contender has come, of 65,536; off by 1/80 of the whole at most.
    pub progress: u32,
    /// A bit for each team of which somebody lives in the ring; 0 for a flag.
    pub present: u16,
    /// Its flag.
    pub flag: FlagView,
    /// Where its flag is (while it is carried within a metre of where it was half a second ago, to 1/4 m), or the middle of
    /// its ring on the ground.
    pub position: Position,
    /// Of its ring.
    pub radius: Metres,
    /// The tick of which the server said so last.
    pub told: Tick,
    /// The tick for which all of this is reckoned.
    pub tick: Tick,
}

impl ObjectiveView {
    /// Whether several teams are in its ring: then nobody gains on it.
    #[must_use]
    pub const fn is_contested(&self) -> bool {
        self.present.count_ones() > 1
    }
}

/// What the newest message changed that a player cares for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ObjectiveNews {
    Point(u16, Tick),
    Score(u8, Tick),
}

/// See the module head.
#[derive(Clone, Debug)]
pub(crate) struct Objectives {
    codec: ObjectiveCodec,
    points: Vec<(Tick, PointState)>,
    scores: Vec<(Tick, u32)>,
}

impl Objectives {
    /// As a new world has them.
    pub(crate) fn new(world: &ClientWorld, tick: Tick) -> Self {
        let (config, points) = (world.config(), world.obstacles().capture_points());
        let state = |point: &shieldwall_core::CapturePoint| {
            if config.rules.objective_kind(point.kind).carried != 0 {
                return PointState::Flag(FlagState::Home);
            }
            let owner = point.owner;
            PointState::Ring(RingState { owner, contender: NO_TEAM, progress: 0, present: 0, fighters: 0 })
        };
        Self {
            codec: ObjectiveCodec::new(config, points.len()),
            points: points.iter().map(|point| (tick, state(point))).collect(),
            scores: vec![(tick, 0); usize::from(config.teams)],
        }
    }

    /// Takes a message; `near` is a tick that the server is about at.
    ///
    /// # Errors
    /// [`DecodeError`]; what stood before the fault has been taken.
    pub(crate) fn take(
        &mut self,
        body: &[u8],
        near: Tick,
        mut news: impl FnMut(ObjectiveNews),
    ) -> Result<(), DecodeError> {
        let Self { codec, points, scores } = self;
        codec.read(body, near, |tick, entry| match entry {
            ObjectiveEntry::Point(point, state) => {
                // The codec lets no other numbers through.
                let before = core::mem::replace(&mut points[usize::from(point)], (tick, state));
                if is_news(&before.1, &state) {
                    news(ObjectiveNews::Point(point, tick));
                }
            }
            ObjectiveEntry::Score(team, score) => {
                scores[usize::from(team)] = (tick, score);
                news(ObjectiveNews::Score(team, tick));
            }
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.points.len()
    }

    /// A team's score at a tick.
    pub(crate) fn score(&self, team: u8, tick: Tick, world: &ClientWorld) -> Option<u32> {
        let (told, base) = *self.scores.get(usize::from(team))?;
        let config = world.config();
        let points = self.points.iter().zip(world.obstacles().capture_points());
        let gains = points.filter_map(|((_, state), point)| match state {
            PointState::Ring(ring) if ring.owner == team => {
                Some(score_between(config.rules.objective_kind(point.kind), told, tick, config.tick_hz))
            }
            PointState::Flag(_) if point.owner == team => {
                Some(score_between(config.rules.objective_kind(point.kind), told, tick, config.tick_hz))
            }
            _ => None,
        });
        Some(gains.fold(base, u32::saturating_add))
    }

    /// A point at a tick.
    pub(crate) fn view(&self, number: u32, tick: Tick, world: &ClientWorld) -> Option<ObjectiveView> {
        let (told, state) = *self.points.get(number as usize)?;
        let point = world.obstacles().capture_points().get(number as usize)?;
        let (config, passed) = (world.config(), tick.0.saturating_sub(told.0));
        let rules = config.rules.objective_kind(point.kind);
        let home = Position::new(point.x, world.terrain().height_at(point.x, point.z), point.z);
        let mut view = ObjectiveView {
            point: number,
            kind: point.kind,
            owner: point.owner,
            contender: NO_TEAM,
            progress: 0,
            present: 0,
            flag: FlagView::None,
            position: home,
            radius: point.radius,
            told,
            tick,
        };
        match state {
            PointState::Ring(ring) => {
                let progress = u64::from(ring.progress_after(passed, rules, config.tick_hz));
                let whole = u64::from(goal(rules, config.tick_hz).max(1));
                (view.owner, view.contender, view.present) = (ring.owner, ring.contender, ring.present);
                view.progress = (progress * 65_536 / whole) as u32;
            }
            PointState::Flag(FlagState::Home) => view.flag = FlagView::Home,
            PointState::Flag(FlagState::Carried { slot, at }) => {
                (view.flag, view.position) = (FlagView::Carried(slot), at);
            }
            PointState::Flag(FlagState::Dropped { at, ticks }) => {
                (view.flag, view.position) = (FlagView::Dropped(ticks.saturating_sub(passed)), at);
            }
        }
        Some(view)
    }
}

/// Whether a player is to hear of it: not of how many there are, nor of every step of a carrier.
fn is_news(was: &PointState, now: &PointState) -> bool {
    match (was, now) {
        (PointState::Ring(was), PointState::Ring(now)) => {
            let shown = |ring: &RingState| (ring.owner, ring.contender, ring.present);
            shown(was) != shown(now)
        }
        (PointState::Flag(FlagState::Home), PointState::Flag(FlagState::Home)) => false,
        (
            PointState::Flag(FlagState::Carried { slot: a, .. }),
            PointState::Flag(FlagState::Carried { slot: b, .. }),
        ) => a != b,
        (
            PointState::Flag(FlagState::Dropped { at: a, .. }),
            PointState::Flag(FlagState::Dropped { at: b, .. }),
        ) => a != b,
        _ => true,
    }
}
