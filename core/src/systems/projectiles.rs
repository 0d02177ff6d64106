//! Projectiles in flight: one tick of falling, and the first thing in the way.
//!
//! The way of a tick is a segment; it is tested against upright capsules, the terrain and the obstacles, so that nothing is passed
//! through at any speed. All flights of a tick are judged on one state; then those that end take effect in the order
//! of their rows.
//!
//! - `flight`: one tick of all flights, in lanes
//! - `open`: those of them that meet nothing, in lanes to their end
//! - `targets`: whom an arrow can meet
//! - `heads`: how high those are, and where
//! - `capsule`: the exact test of one body
//! - `loose`: props in the way
//! - `past`: arrows whose archers saw an older picture, on their way to the present

pub(in crate::systems) mod capsule;
mod flight;
mod heads;
pub(in crate::systems) mod loose;
mod open;
mod past;
mod targets;

use super::Environment;
use super::blast::Burst;
use super::near::NearTables;
use super::props::PropCells;
use super::rewind::Rewind;
use super::strike::{Blow, Fray};
use crate::numeric::{Tick, lanes};
use crate::rules::Arm;
use crate::state::characters::CharactersView;
use crate::state::column::Split;
use crate::state::commands::ViewAge;
use crate::state::events::Event;
use crate::state::projectiles::ProjectileRows;
use crate::state::props::PropsView;
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
    /// It met the ground, something that stands, or the edge of the world, or its time is over.
    Spent,
    /// It met a section of a structure.
    Section(u32),
    /// It met the prop in a row.
    Prop(u32),
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

    /// Looks who is in the near grid of the present; needed where anything flies.
    pub(crate) fn aim(
        &mut self,
        near: &NearTables,
        characters: &CharactersView<'_>,
        (environment, split): (&Environment, impl Split),
    ) {
        self.targets.rebuild(near.present(), characters, &environment.rules, split);
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
    pub(crate) near: &'a NearTables,
    pub(crate) targets: &'a Targets,
    pub(crate) props: PropsView<'a>,
    pub(crate) prop_cells: &'a PropCells,
    pub(crate) tick: Tick,
    pub(crate) environment: &'a Environment,
}

/// Flies every row for one tick, those that begin in the past to the present first: writes positions, velocities, and
/// how it went. `ages` are those of the rows.
pub(crate) fn fly(rows: ProjectileRows<'_>, ends: &mut [FlightEnd], ages: &[ViewAge], sky: &Sky<'_>) {
    lanes::run(sky.environment.lanes, Flight { rows: rows.leveled(), ends, ages, sky });
}

/// Lets the ends take effect: bodies are struck, what bursts bursts, projectiles are gone.
pub(crate) fn land(fray: &mut Fray<'_>, end: usize, scratch: &mut FlightScratch) {
    scratch.ages[..end].fill(ViewAge::ZERO);
    for row in 0..end {
        let (target, section, prop) = match scratch.ends[row] {
            FlightEnd::None => continue,
            FlightEnd::Spent => (None, None, None),
            FlightEnd::Section(section) => (None, Some(section), None),
            FlightEnd::Prop(prop) => (None, None, Some(prop)),
            FlightEnd::Body(target, age) => (Some((target as usize, age)), None, None),
        };
        let projectiles = fray.state.projectiles.view();
        let (slot, arm, combo) = (row as u32, Arm(projectiles.arm[row]), projectiles.combo[row]);
        let (at, owner) = (projectiles.position(slot), projectiles.owner(slot));
        let team = projectiles.team[row];
        let from = (-i64::from(projectiles.velocity_x[row]), -i64::from(projectiles.velocity_z[row]));
        let bursts = fray.environment.rules.arm(arm).is_some_and(|rules| rules.blast_radius.0 > 0);
        if let Some((target_row, age)) = target {
            fray.judgements.add(fray.state, fray.environment, (owner, target_row), age, arm);
            if !bursts {
                let attacker = owner;
                fray.strike(&Blow { attacker, target_row, arm, combo, share_per_256: 256, from });
                if goes_through(fray, row, target_row, arm) {
                    continue;
                }
            }
        }
        if let Some(section) = section.filter(|_| !bursts) {
            fray.strike_section(section, owner, arm, combo);
        }
        if let Some(prop) = prop.filter(|_| !bursts) {
            let target_row = prop as usize;
            fray.strike_prop(&Blow { attacker: owner, target_row, arm, combo, share_per_256: 256, from });
        }
        if bursts {
            fray.burst(&Burst { at, owner, team, arm, combo });
        }
        fray.events.push(Event::ProjectileEnded { projectile_slot: slot, at });
        fray.state.free_projectile(slot);
    }
}

/// Lets a projectile fly on behind a body, if it goes through so many.
fn goes_through(fray: &mut Fray<'_>, row: usize, target_row: usize, arm: Arm) -> bool {
    let pierce = fray.environment.rules.arm(arm).map_or(0, |rules| rules.pierce);
    let projectiles = &mut fray.state.projectiles;
    let goes_on = projectiles.pierced[row] < pierce;
    if goes_on {
        projectiles.pierced[row] += 1;
        projectiles.pierced_slot[row] = target_row as u32 + 1;
    }
    goes_on
}

#[cfg(test)]
mod tests;
