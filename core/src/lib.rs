#![no_std]
//! Deterministic, data-oriented simulation kernel for battles of thousands.
//!
//! Same configuration, state and commands give the same bytes, hash and event order, on any processor, number of
//! threads and build profile. There is no clock, no socket, no floating point in the state, and no allocation in a
//! step.
//!
//! Modules have ranks; a module imports only from lower ranks:
//!
//! | rank | module | what it is |
//! |---|---|---|
//! | 0 | [`numeric`] | fixed point, units, angles, random numbers, hash, SIMD lanes |
//! | 0 | [`limits`] | every capacity and bound |
//! | 1 | [`rules`] | weapons, movement, life: data |
//! | 1 | [`state`] | tables of columns, handles, commands, events, snapshot |
//! | 2 | [`spatial`] | the grid and its queries, separation, terrain |
//! | 3 | [`systems`] | what happens in a tick, one file for each family |
//! | 4 | [`step`] | the order in which it happens |
//! | 5 | [`world`] | the face: configuration, world, replay |
//!
//! # Example
//! ```
//! use shieldwall_core::{CharacterInput, Command, Event, Placement, World, WorldConfig, buttons};
//!
//! let mut world = World::new(&WorldConfig::default())?;
//! for team in 0..2 {
//!     let spawn = Command::Spawn { tag: u32::from(team), team, class: 0, placement: Placement::TeamSpawn };
//!     world.step(&[spawn]);
//! }
//! let id = world.id_at(0).expect("the first spawn takes slot 0");
//! let input = CharacterInput { buttons: buttons::SPRINT, move_forward: 127, ..Default::default() };
//! let before = world.move_state(id).expect("it is there").position;
//! world.step(&[Command::Input { id, input }]);
//! for _ in 0..59 {
//!     world.step(&[]); // an input holds until the next one
//! }
//! let after = world.move_state(id).expect("it is there").position;
//! assert!(before.horizontal_distance(after).to_mm() > 6_000);
//! assert_eq!(world.tick().0, 62);
//! println!("{}", world.state_hash());
//! # Ok::<(), shieldwall_core::ConfigError>(())
//! ```
extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod limits;
pub mod numeric;
pub mod rules;
pub mod spatial;
pub mod state;
pub mod step;
pub mod systems;
pub mod world;

pub use numeric::{Brads, LaneChoice, Metres, MetresPerSecond, Position, StateHash, Tick, Ticks, Velocity};
pub use rules::{
    Arm, ArmRules, CombatRules, CrowdRules, EffectRules, KitRules, LagRules, LifeRules, LodRules,
    MOVEMENT_CLASSES, MovementRules, NPC_KINDS, NpcRules, ObjectiveRules, PROP_KINDS, PropMotionRules,
    PropRules, Rules, RulesError, RulesHash, StructureRules, WaterRules,
};
pub use spatial::query_grid::RowList;
pub use spatial::{HeightFile, HeightFileError, HeightFileShape, Terrain, TerrainSource};
pub use state::characters::{CharactersView, MoveState, action, flags, motion};
pub use state::commands::{CharacterInput, Command, CommandDecodeError, Placement, ViewAge, buttons};
pub use state::diff::{Difference, StateImage, differences};
pub use state::effects::EffectsView;
pub use state::events::{Event, EventDecodeError, FlagMove, SpawnRefusal};
pub use state::handle::{CharacterId, PropId};
pub use state::npcs::{NpcsView, mood, steer};
pub use state::objectives::{CapturePoint, NO_TEAM, ObjectivesView, TeamsView};
pub use state::partial::{PartialPolicy, PartialReport, Selection};
pub use state::projectiles::ProjectilesView;
pub use state::props::{PropPlace, PropsView, prop_flags};
pub use state::saved::SavedState;
pub use state::snapshot::SnapshotError;
pub use state::state_hash::ColumnHashes;
pub use state::structures::{StructureSection, StructuresView};
pub use state::terrain_deltas::{TerrainChunk, TerrainDeltas};
pub use step::{Stage, StepReport};
pub use systems::movement::{MovementTicks, Surroundings, move_character};
pub use systems::rewind::Judgement;
pub use systems::{KnownProp, PropField, Tally};
pub use world::replay::{
    ReplayError, ReplayInfo, ReplayOptions, ReplayPlayer, ReplayReader, ReplayRecorder, ReplayReport,
    ReplaySealer, ReplayWriter,
};
pub use world::{AdoptRulesError, ConfigDecodeError, ConfigError, World, WorldConfig};
