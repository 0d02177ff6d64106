//! Arrows in flight: one tick of falling, and the first thing in the way.
//!
//! The way of a tick is a segment; it is tested against upright capsules, the terrain and the obstacles, so that nothing is passed
//! through at any speed. All flights of a tick are judged on one state; then those that end take effect in the order
//! of their rows.
//!
//! - `flight`: one tick of all flights, in lanes
//! - `targets`: whom an arrow can meet, in cells of a metre
//! - `capsule`: the exact test of one body
//! - `past`: arrows whose archers saw an older picture, on their way to the present

mod capsule;
mod flight;
mod past;
mod targets;

use super::Environment;
use super::combat::Effects;
use super::crowd_index::CrowdIndex;
use super::lifecycle::{self, Strike};
use super::rewind::Rewind;
use crate::numeric::{LaneChoice, Tick, lanes};
use crate::state::State;
use crate::state::characters::CharactersView;
use crate::state::commands::ViewAge;
use crate::state::events::{Event, Weapon};
use crate::state::projectiles::ProjectileRows;
use alloc::boxed::Box;
use alloc::vec;
use flight::Flight;
pub(crate) use targets::Targets;

/// How a flight went in one tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum FlightEnd {
    /// It goes on.
    #[default]
    None,
    /// It met the ground, a wall or the edge of the world, or its time is over.
    Spent,
    /// It met the character in a row, where that was seen at an age.
    Body(u32, ViewAge),
}

/// The tick's ends, one place a projectile row, and whom they can meet.
#[derive(Debug)]
pub(crate) struct FlightScratch {
    ends: Box<[FlightEnd]>,
    /// How old what the archers saw is, of the arrows that begin in this tick: 0 for all others.
    ages: Box<[ViewAge]>,
    targets: Targets,
}

impl FlightScratch {
    pub(crate) fn new(capacity: usize, character_capacity: usize) -> Self {
        Self {
            ends: vec![FlightEnd::None; capacity].into_boxed_slice(),
            ages: vec![ViewAge::ZERO; capacity].into_boxed_slice(),
            targets: Targets::new(character_capacity),
        }
    }

    /// Looks where everybody of the index stands; needed where anything flies.
    pub(crate) fn aim(&mut self, index: &CrowdIndex, characters: &CharactersView<'_>, lanes: LaneChoice) {
        self.targets.rebuild(index.grid(), characters, lanes);
    }

    /// A place for each arrow that begins in this tick.
    pub(crate) fn launched(&mut self) -> &mut [ViewAge] {
        &mut self.ages
    }

    /// The places of the first rows, to be judged in parallel, their ages, and whom they can meet.
    pub(crate) fn ends_below(&mut self, end: usize) -> (&mut [FlightEnd], &[ViewAge], &Targets) {
        (&mut self.ends[..end], &self.ages[..end], &self.targets)
    }
}

/// All that flights of a tick meet.
pub(crate) struct Sky<'a> {
    pub(crate) rewind: Rewind<'a>,
    pub(crate) index: &'a CrowdIndex,
    pub(crate) targets: &'a Targets,
    pub(crate) tick: Tick,
    pub(crate) environment: &'a Environment,
}

/// Flies every row for one tick, those that begin in the past to the present first: writes positions, velocities, and
/// how it went. `ages` are those of the rows.
pub(crate) fn fly(rows: ProjectileRows<'_>, ends: &mut [FlightEnd], ages: &[ViewAge], sky: &Sky<'_>) {
    lanes::run(sky.environment.lanes, Flight { rows: rows.leveled(), ends, ages, sky });
}

/// Lets the ends take effect: bodies are struck, arrows are gone.
pub(crate) fn land(
    state: &mut State,
    end: usize,
    scratch: &mut FlightScratch,
    environment: &Environment,
    effects: &mut Effects<'_>,
) {
    let tick = state.tick;
    scratch.ages[..end].fill(ViewAge::ZERO);
    for row in 0..end {
        let target = match scratch.ends[row] {
            FlightEnd::None => continue,
            FlightEnd::Spent => None,
            FlightEnd::Body(target, age) => Some((target as usize, age)),
        };
        let projectile_slot = row as u32;
        let view = state.projectiles.view();
        let (at, attacker) = (view.position(projectile_slot), view.owner(projectile_slot));
        if let Some((target_row, age)) = target {
            effects.judgements.add(state, environment, (attacker, target_row), age, Weapon::Arrow);
            let damage = environment.rules.bow.damage;
            let strike = Strike { attacker, target_row, damage, weapon: Weapon::Arrow };
            lifecycle::strike(&mut state.characters, strike, tick, effects.events, effects.tally);
        }
        effects.events.push(Event::ProjectileEnded { projectile_slot, at });
        state.free_projectile(projectile_slot);
    }
}

#[cfg(test)]
mod tests;
