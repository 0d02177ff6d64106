//! What a world is made of (rank 1, beside `rules`): tables of columns, the names of their rows, the manifests of what
//! goes in and comes out. Nothing here decides anything; the systems do.

pub mod characters;
pub mod column;
pub mod commands;
pub mod diff;
pub mod effects;
pub mod events;
pub mod handle;
pub mod history;
pub mod id_pool;
pub(crate) mod judge;
pub(crate) mod move_bounds;
pub mod npcs;
pub mod objectives;
pub mod partial;
pub mod projectiles;
pub mod props;
pub mod saved;
pub mod snapshot;
pub mod state_hash;
pub mod structures;
pub mod tables;
pub mod terrain_deltas;

pub(crate) mod bytes;

use crate::numeric::Tick;
use characters::{Characters, flags};
use effects::Effects;
use handle::CharacterId;
use history::History;
use id_pool::IdPool;
use npcs::Npcs;
use objectives::{Objectives, Teams};
use projectiles::Projectiles;
use props::{Props, prop_flags};
use structures::Structures;
use terrain_deltas::TerrainDeltas;

/// The whole simulated state. Two worlds with equal configuration and equal state have equal futures.
#[derive(Clone, Debug)]
pub struct State {
    /// The next tick to run.
    pub tick: Tick,
    /// The characters' columns.
    pub characters: Characters,
    /// The slots of characters in use; follows from the columns.
    pub character_ids: IdPool,
    /// The projectiles' columns.
    pub projectiles: Projectiles,
    /// The slots of projectiles in use; follows from the columns.
    pub projectile_ids: IdPool,
    /// The columns of the status effects at work.
    pub effects: Effects,
    /// The slots of status effects in use; follows from the columns.
    pub effect_ids: IdPool,
    /// The minds of characters that nobody plays.
    pub npcs: Npcs,
    /// The slots of minds in use; follows from the columns.
    pub npc_ids: IdPool,
    /// The sections' columns.
    pub structures: Structures,
    /// All sections; follows from the columns.
    pub structure_ids: IdPool,
    /// The capture points' columns.
    pub objectives: Objectives,
    /// All capture points; follows from the columns.
    pub objective_ids: IdPool,
    /// The teams' columns.
    pub teams: Teams,
    /// All teams; follows from the columns.
    pub team_ids: IdPool,
    /// The props' columns.
    pub props: Props,
    /// The slots of props in use; follows from the columns.
    pub prop_ids: IdPool,
    /// Where the ground differs from its source.
    pub terrain: TerrainDeltas,
    /// Where everybody stood in the last ticks, as far as the rules look back.
    pub history: History,
}

/// How many of each thing a state has room for. `Default` is no room at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateCapacity {
    /// Rows of characters.
    pub characters: u32,
    /// Rows of projectiles.
    pub projectiles: u32,
    /// Rows of status effects.
    pub effects: u32,
    /// Rows of minds of characters that nobody plays.
    pub npcs: u32,
    /// Chunks of terrain that differ.
    pub terrain_delta_chunks: u32,
    /// Ticks that are looked back on.
    pub history_ticks: u32,
    /// Sections of structures.
    pub structures: u32,
    /// Capture points.
    pub objectives: u32,
    /// Teams.
    pub teams: u32,
    /// Rows of props.
    pub props: u32,
}

impl State {
    /// An empty state at tick 0.
    #[must_use]
    pub fn new(capacity: &StateCapacity) -> Self {
        let (characters, projectiles) = (capacity.characters as usize, capacity.projectiles as usize);
        let effects = capacity.effects as usize;
        let (structures, objectives) = (capacity.structures as usize, capacity.objectives as usize);
        let teams = capacity.teams as usize;
        Self {
            tick: Tick(0),
            characters: Characters::new(characters),
            character_ids: IdPool::new(characters),
            projectiles: Projectiles::new(projectiles),
            projectile_ids: IdPool::new(projectiles),
            effects: Effects::new(effects),
            effect_ids: IdPool::new(effects),
            npcs: Npcs::new(capacity.npcs as usize),
            npc_ids: IdPool::new(capacity.npcs as usize),
            structures: Structures::new(structures),
            structure_ids: IdPool::new(structures),
            objectives: Objectives::new(objectives),
            objective_ids: IdPool::new(objectives),
            teams: Teams::new(teams),
            team_ids: IdPool::new(teams),
            props: Props::new(capacity.props as usize),
            prop_ids: IdPool::new(capacity.props as usize),
            terrain: TerrainDeltas::new(capacity.terrain_delta_chunks),
            history: History::new(capacity.history_ticks as usize, characters),
        }
    }

    /// What it has room for.
    #[must_use]
    pub fn capacity(&self) -> StateCapacity {
        StateCapacity {
            characters: self.characters.capacity() as u32,
            projectiles: self.projectiles.capacity() as u32,
            effects: self.effects.capacity() as u32,
            npcs: self.npcs.capacity() as u32,
            terrain_delta_chunks: self.terrain.capacity() as u32,
            history_ticks: self.history.capacity() as u32,
            structures: self.structures.capacity() as u32,
            objectives: self.objectives.capacity() as u32,
            teams: self.teams.capacity() as u32,
            props: self.props.capacity() as u32,
        }
    }

    /// Takes the lowest free character slot: the row is zero but for its new generation and [`flags::IN_USE`].
    pub(crate) fn allocate_character(&mut self) -> Option<CharacterId> {
        let slot = self.character_ids.allocate()?;
        let row = slot as usize;
        let generation = next_generation(self.characters.generation[row]);
        self.characters.generation[row] = generation;
        self.characters.flags[row] = flags::IN_USE;
        Some(CharacterId { slot, generation })
    }

    /// Gives a character's slot back; false when the id is not current.
    pub(crate) fn free_character(&mut self, id: CharacterId) -> bool {
        let Some(row) = self.characters.row_of(id) else { return false };
        self.characters.zero_row(row);
        self.characters.generation[row] = id.generation;
        self.character_ids.free(id.slot)
    }

    /// Takes the lowest free projectile slot: the row is zero but for its new generation and `alive`.
    pub(crate) fn allocate_projectile(&mut self) -> Option<u32> {
        let slot = self.projectile_ids.allocate()?;
        let row = slot as usize;
        self.projectiles.generation[row] = next_generation(self.projectiles.generation[row]);
        self.projectiles.alive[row] = 1;
        Some(slot)
    }

    /// Takes the lowest free slot of a status effect: the row is zero but for its new generation. The caller gives it a kind.
    pub(crate) fn allocate_effect(&mut self) -> Option<u32> {
        let slot = self.effect_ids.allocate()?;
        let row = slot as usize;
        self.effects.generation[row] = next_generation(self.effects.generation[row]);
        Some(slot)
    }

    /// Gives a status effect's slot back.
    pub(crate) fn free_effect(&mut self, slot: u32) {
        if self.effect_ids.free(slot) {
            let generation = self.effects.generation[slot as usize];
            self.effects.zero_row(slot as usize);
            self.effects.generation[slot as usize] = generation;
        }
    }

    /// Gives a projectile's slot back.
    pub(crate) fn free_projectile(&mut self, slot: u32) {
        if self.projectile_ids.free(slot) {
            let generation = self.projectiles.generation[slot as usize];
            self.projectiles.zero_row(slot as usize);
            self.projectiles.generation[slot as usize] = generation;
        }
    }

    /// Takes the lowest free row of minds for a character: the row is zero but for its new generation and whom it steers.
    pub(crate) fn allocate_npc(&mut self, steers: CharacterId) -> Option<u32> {
        let slot = self.npc_ids.allocate()?;
        let row = slot as usize;
        self.npcs.generation[row] = next_generation(self.npcs.generation[row]);
        self.npcs.character_slot[row] = steers.slot;
        self.npcs.character_generation[row] = steers.generation;
        Some(slot)
    }

    /// Takes the lowest free slot of a prop: the row is zero but for its new generation and [`prop_flags::IN_USE`].
    pub(crate) fn allocate_prop(&mut self) -> Option<u32> {
        let slot = self.prop_ids.allocate()?;
        let row = slot as usize;
        self.props.generation[row] = next_generation(self.props.generation[row]);
        self.props.flags[row] = prop_flags::IN_USE;
        Some(slot)
    }

    /// Gives a prop's slot back.
    pub(crate) fn free_prop(&mut self, slot: u32) {
        if self.prop_ids.free(slot) {
            let generation = self.props.generation[slot as usize];
            self.props.zero_row(slot as usize);
            self.props.generation[slot as usize] = generation;
        }
    }

    /// Gives a mind's row back.
    pub(crate) fn free_npc(&mut self, slot: u32) {
        if self.npc_ids.free(slot) {
            let generation = self.npcs.generation[slot as usize];
            self.npcs.zero_row(slot as usize);
            self.npcs.generation[slot as usize] = generation;
        }
    }
}

/// Generations count up and skip 0, which names nobody.
const fn next_generation(generation: u32) -> u32 {
    match generation.wrapping_add(1) {
        0 => 1,
        next => next,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations_skip_zero() {
        assert_eq!(next_generation(0), 1);
        assert_eq!(next_generation(u32::MAX), 1);
    }

    #[test]
    fn slots_come_back_with_a_new_generation() {
        let capacity =
            StateCapacity { characters: 2, projectiles: 1, effects: 1, ..StateCapacity::default() };
        let mut state = State::new(&capacity);
        let first = state.allocate_character().unwrap();
        let second = state.allocate_character().unwrap();
        assert!(state.allocate_character().is_none());
        assert!(state.free_character(first));
        assert!(!state.free_character(first));
        let third = state.allocate_character().unwrap();
        assert_eq!((third.slot, third.generation), (0, 2));
        assert_ne!(first, third);
        assert_eq!(state.characters.row_of(first), None);
        assert_eq!(state.characters.row_of(second), Some(1));
    }
}
