//! Arrows in flight: one tick of falling, and the first thing in the way.
//!
//! The way of a tick is a segment; it is tested against upright capsules, the terrain and the obstacles, so that nothing is passed
//! through at any speed. All flights of a tick are judged on one state; then those that end take effect in the order
//! of their rows.
//!
//! - `flight`: one tick of all flights, in lanes
//! - `targets`: whom an arrow can meet, in cells of a metre
//! - `capsule`: the exact test of one body

mod capsule;
mod flight;
mod targets;

use super::crowd_index::CrowdIndex;
use super::lifecycle::{self, Strike};
use super::{Environment, Tally};
use crate::numeric::{Tick, lanes};
use crate::state::State;
use crate::state::characters::CharactersView;
use crate::state::events::{Event, EventBuffer, Weapon};
use crate::state::projectiles::ProjectileRows;
use alloc::boxed::Box;
use alloc::vec;
use flight::{Flight, Scene};
pub(crate) use targets::Targets;

/// How a flight went in one tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum FlightEnd {
    /// It goes on.
    #[default]
    None,
    /// It met the ground, a wall or the edge of the world, or its time is over.
    Spent,
    /// It met the character in this row.
    Body(u32),
}

/// The tick's ends, one place a projectile row, and whom they can meet.
#[derive(Debug)]
pub(crate) struct FlightScratch {
    ends: Box<[FlightEnd]>,
    targets: Targets,
}

impl FlightScratch {
    pub(crate) fn new(capacity: usize, character_capacity: usize) -> Self {
        Self {
            ends: vec![FlightEnd::None; capacity].into_boxed_slice(),
            targets: Targets::new(character_capacity),
        }
    }

    /// Looks where everybody of the index stands; needed where anything flies.
    pub(crate) fn aim(&mut self, index: &CrowdIndex, characters: &CharactersView<'_>) {
        self.targets.rebuild(index.grid(), characters);
    }

    /// The places of the first rows, to be judged in parallel, and whom they can meet.
    pub(crate) fn ends_below(&mut self, end: usize) -> (&mut [FlightEnd], &Targets) {
        (&mut self.ends[..end], &self.targets)
    }
}

/// Flies every row for one tick: writes positions, velocities, and how it went.
pub(crate) fn fly(
    rows: ProjectileRows<'_>,
    ends: &mut [FlightEnd],
    characters: &CharactersView<'_>,
    targets: &Targets,
    tick: Tick,
    environment: &Environment,
) {
    let scene = Scene { characters, targets, tick, environment };
    lanes::run(environment.lanes, Flight { rows: rows.leveled(), ends, scene: &scene });
}

/// Lets the ends take effect: bodies are struck, arrows are gone.
pub(crate) fn land(
    state: &mut State,
    end: usize,
    scratch: &FlightScratch,
    environment: &Environment,
    events: &mut EventBuffer,
    tally: &mut Tally,
) {
    let tick = state.tick;
    for row in 0..end {
        let target = match scratch.ends[row] {
            FlightEnd::None => continue,
            FlightEnd::Spent => None,
            FlightEnd::Body(target) => Some(target),
        };
        let projectile_slot = row as u32;
        let view = state.projectiles.view();
        let (at, attacker) = (view.position(projectile_slot), view.owner(projectile_slot));
        if let Some(target) = target {
            let strike = Strike {
                attacker,
                target_row: target as usize,
                damage: environment.rules.bow.damage,
                weapon: Weapon::Arrow,
            };
            lifecycle::strike(&mut state.characters, strike, tick, events, tally);
        }
        events.push(Event::ProjectileEnded { projectile_slot, at });
        state.free_projectile(projectile_slot);
    }
}

#[cfg(test)]
mod tests;
