//! Stage "think": characters that nobody plays decide what to do, and press the keys for it.
//!
//! A mind is a row of [`crate::state::npcs::Npcs`]. When its time has come it looks round (`senses`), decides
//! (`think`) and finds a way (`route`); in every tick it carries out what it decided last by writing its character's
//! input (`follow`), as a player's client would. Movement and weapons do not know who wrote it.
//!
//! **What a thought may read.** The columns as they are, and the index of the crowd of the end of the last tick. That index was
//! built before weapons took effect, one of a restored state after it: so everybody in it is asked for, alive or dead, and
//! held against the columns. Fields ([`crate::spatial::ways`]) are a cache of a pure function. So a restored world goes on
//! as the other did.
//!
//! The stage runs on one thread, row after row; rows that think are few.

mod aim;
mod audience;
mod follow;
mod mind;
mod route;
mod senses;
mod think;

#[cfg(test)]
mod tests;

use super::Environment;
use super::crowd_index::CrowdIndex;
use crate::numeric::{Brads, Fx, Metres, Tick};
use crate::rules::{MOVEMENT_CLASSES, NPC_KINDS, Rules};
use crate::spatial::ways::{Walker, Ways};
use crate::state::State;
use crate::state::events::SpawnRefusal;
use crate::state::handle::CharacterId;
use crate::state::npcs::{Npcs, NpcsView, mood, steer};
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use audience::Audience;

/// In place of a row: a player steers this character.
const NOBODY: u32 = u32::MAX;

/// Room for thinking, and what is known of the minds for the length of a tick.
#[derive(Debug)]
pub(crate) struct Minds {
    /// The mind's row of each character, or [`NOBODY`]; empty in a world without room for minds.
    rows: Box<[u32]>,
    /// The characters that `rows` names a mind for.
    steered: Vec<u32>,
    audience: Audience,
    ways: Ways,
    walkers: [Walker; MOVEMENT_CLASSES],
}

impl Minds {
    /// Room for a world of so many characters, if any of them can have a mind.
    pub(crate) fn new(environment: &Environment, characters: usize, npcs: usize) -> Self {
        let used = npcs > 0;
        Self {
            rows: vec![NOBODY; if used { characters } else { 0 }].into_boxed_slice(),
            steered: Vec::with_capacity(npcs),
            audience: Audience::new(environment.rules.lod.near, environment.terrain.half_extent(), used),
            ways: Ways::new(used),
            walkers: walkers(&environment.rules),
        }
    }

    /// The rules are other ones from the next tick on. Takes memory for a grid.
    pub(crate) fn adopt(&mut self, environment: &Environment) {
        let used = !self.rows.is_empty();
        self.audience = Audience::new(environment.rules.lod.near, environment.terrain.half_extent(), used);
        self.walkers = walkers(&environment.rules);
        self.ways.invalidate();
    }

    /// Ground or shapes changed: ways are found anew.
    pub(crate) fn invalidate(&mut self) {
        self.ways.invalidate();
    }

    /// Fields computed so far.
    pub(crate) fn ways_computed(&self) -> u64 {
        self.ways.computed()
    }

    /// The mind's row of a character.
    fn row_of(&self, slot: usize) -> Option<usize> {
        self.rows.get(slot).filter(|row| **row != NOBODY).map(|row| *row as usize)
    }

    /// Who of the characters has a mind, for this tick; frees the minds of those who are gone, and of two for the same
    /// character (which no command leads to) the second.
    pub(crate) fn call_the_roll(&mut self, state: &mut State) {
        for slot in self.steered.drain(..) {
            self.rows[slot as usize] = NOBODY;
        }
        for row in 0..state.npc_ids.end() {
            let character = state.npcs.view().character(row as u32);
            if character.generation == 0 {
                continue;
            }
            match state.characters.row_of(character) {
                Some(slot) if self.rows[slot] == NOBODY => {
                    self.rows[slot] = row as u32;
                    self.steered.push(slot as u32);
                }
                _ => state.free_npc(row as u32),
            }
        }
    }

    /// Where a character returns to, and which way it looks there, if it is not its team's area.
    pub(crate) fn home_of(
        &self,
        slot: usize,
        class: u8,
        npcs: &NpcsView<'_>,
        environment: &Environment,
    ) -> Option<(Metres, Metres, Brads)> {
        let row = self.row_of(slot)?;
        let edge = environment.edge(class);
        let inside = |raw: i32| Metres(raw).min(edge).max(-edge);
        Some((inside(npcs.home_x[row]), inside(npcs.home_z[row]), Brads(npcs.home_yaw[row])))
    }
}

/// What bodies of each class need of the ground.
fn walkers(rules: &Rules) -> [Walker; MOVEMENT_CLASSES] {
    rules.movement.map(|class| Walker {
        radius: class.radius,
        height: class.height,
        step_up: class.step_up,
        slope_limit: Fx(i32::from(class.slope_limit_per_256) << 8),
    })
}

/// Whether another mind of this kind fits in.
pub(crate) fn has_room(state: &State, kind: u8) -> Result<(), SpawnRefusal> {
    if usize::from(kind) >= NPC_KINDS {
        return Err(SpawnRefusal::UnknownKind);
    }
    if state.npc_ids.len() >= state.npcs.capacity() {
        return Err(SpawnRefusal::NpcsFull);
    }
    Ok(())
}

/// Gives a character that was just put somewhere a mind: that place is its home, and it thinks at once.
pub(crate) fn settle(state: &mut State, id: CharacterId, kind: u8) {
    let Some(row) = state.allocate_npc(id) else { return };
    let (row, slot) = (row as usize, id.slot as usize);
    let (x, z) = (state.characters.position_x[slot], state.characters.position_z[slot]);
    let npcs = &mut state.npcs;
    (npcs.home_x[row], npcs.home_z[row]) = (x, z);
    (npcs.way_x[row], npcs.way_z[row]) = (x, z);
    npcs.home_yaw[row] = state.characters.yaw[slot];
    npcs.kind[row] = kind;
    npcs.mood[row] = mood::IDLE;
    npcs.steer[row] = steer::HOLD;
    npcs.next_think_tick[row] = state.tick.0;
}

/// Gives a character that nobody plays another home. False when the id names none.
pub(crate) fn set_home(
    state: &mut State,
    id: CharacterId,
    (x, z): (Metres, Metres),
    environment: &Environment,
) -> bool {
    let Some(slot) = state.characters.row_of(id) else { return false };
    let Some(row) = state.npcs.view().row_of(id) else { return false };
    let edge = environment.edge(state.characters.class[slot]);
    state.npcs.home_x[row as usize] = x.min(edge).max(-edge).0;
    state.npcs.home_z[row as usize] = z.min(edge).max(-edge).0;
    true
}

/// Whether a mind's time has come.
fn is_due(npcs: &Npcs, row: usize, tick: Tick) -> bool {
    npcs.character_generation[row] != 0 && tick.signed_distance(Tick(npcs.next_think_tick[row])) >= 0
}

/// The stage. The roll was called, and the index holds everybody as of the end of the last tick.
pub(crate) fn run(state: &mut State, minds: &mut Minds, index: &CrowdIndex, environment: &Environment) {
    let (end, tick) = (state.npc_ids.end(), state.tick);
    if state.npc_ids.is_empty() {
        return;
    }
    minds.ways.begin_tick();
    if (0..end).any(|row| is_due(&state.npcs, row, tick)) {
        let Minds { audience, rows, .. } = minds;
        audience.look(&state.characters.view(), state.character_ids.end(), |slot| rows[slot] != NOBODY);
        // Fields are for the first who ask in a tick: in each tick others are first.
        let first = tick.0 as usize % end;
        for row in (first..end).chain(0..first) {
            if is_due(&state.npcs, row, tick) {
                let mind = mind::Mind::new(state, minds, index, environment, row);
                let decision = mind.decide(&mut minds.ways);
                decision.write(&mut state.npcs, row);
            }
        }
    }
    for row in 0..end {
        if state.npcs.character_generation[row] != 0 {
            follow::follow(state, minds, row, environment);
        }
    }
}
