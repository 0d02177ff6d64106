//! What happens in a tick (rank 3): one family of functions a file, over columns, without a world and without
//! allocation. In which order they run is decided in `step`, and only there.
//!
//! | system | reads | writes |
//! |---|---|---|
//! | `commands` | commands | everything of the rows named; terrain and its deltas, with the position of who is on it |
//! | `lifecycle` (return), `respawn` | flags, action_tick, team, position; owners and rings of objectives | every column of the returning rows but team, score, generation |
//! | `npcs` | minds, index of the last tick, position, team, flags, health, terrain, obstacles | minds; input of the characters they steer |
//! | `movement` | input, class, terrain, obstacles | position, velocity, yaw, pitch, flags, timer, motion, motion_ticks, support, dodge_ticks |
//! | `props` | flags, class, terrain, obstacles, place of walkers | props; position of who walks into them |
//! | `contacts` | flags, class, terrain, obstacles | position |
//! | `combat` (judge) | grid, position, yaw, team, class, flags, input, stamina, action, ready ticks | the tick's list of attacks |
//! | `combat` (apply), `strike`, `blast` | attacks | health, flags, velocity, stamina, action, ready ticks, score; projectiles, effects |
//! | `projectiles` (fly) | grid, position, team, flags, terrain, obstacles | projectiles, the tick's list of ends |
//! | `projectiles` (land) | ends | as `combat` (apply) |
//! | `effects` | effects, grid | health, flags, score; effects |
//! | `lifecycle` (regeneration) | flags, combat_tick, motion | health, stamina, flags |
//! | `structures` | what weapons and commands do to sections | structures; position and support of the dead on what fell, of who is where something is built |
//! | `objectives` | grid, position, team, flags | objectives, teams |
//! | `adoption` (between ticks) | rules before and now, terrain, obstacles | what is beyond the new rules' bounds |
//! | `rewind` | history, position, motion | nothing: it answers the weapons |
//! | `near` | grid, history, position, team, flags, motion | the tick's near grids |

pub(crate) mod adoption;
pub(crate) mod afflictions;
pub(crate) mod blast;
pub mod combat;
pub mod commands;
pub mod contacts;
pub(crate) mod craters;
pub mod crowd_index;
pub mod effects;
pub mod exertion;
pub mod lifecycle;
pub mod movement;
pub(crate) mod near;
pub mod npcs;
pub mod objectives;
pub mod projectiles;
pub(crate) mod props;
pub(crate) mod respawn;
pub mod rewind;
pub(crate) mod strike;
pub mod structures;
pub mod timing;

use crate::numeric::{LaneChoice, Metres, Tick};
use crate::rules::Rules;
use crate::spatial::{Obstacles, Terrain};
use movement::{MovementTicks, Surroundings};
pub use props::field::{KnownProp, PropField};
pub use timing::Timing;

/// All that systems read and no tick changes, but for the ground and what stands on it, which follow the state.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Seed of every random number.
    pub seed: u64,
    /// Ticks in a second.
    pub tick_hz: u16,
    /// Number of teams.
    pub teams: u8,
    /// The rules.
    pub rules: Rules,
    /// The rules' durations in ticks.
    pub timing: Timing,
    /// The movement rules at the tick rate.
    pub movement: MovementTicks,
    /// The ground.
    pub terrain: Terrain,
    /// What stands and moves beside the ground; what of it has fallen is as the structures of the state have it.
    pub obstacles: Obstacles,
    /// Which implementation of the lanes runs.
    pub lanes: LaneChoice,
    /// From this many rows on a stage is split over threads.
    pub parallel_min_rows: u32,
}

impl Environment {
    /// Largest absolute x and z of the axis of a character of a class.
    #[must_use]
    pub fn edge(&self, class: u8) -> Metres {
        self.terrain.half_extent() - self.rules.class(class).radius
    }

    /// What a mover meets in a tick.
    #[must_use]
    pub fn surroundings(&self, tick: Tick) -> Surroundings<'_> {
        Surroundings { terrain: &self.terrain, obstacles: &self.obstacles, tick }
    }
}

/// What a tick counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Commands that did not fit the world.
    pub commands_refused: u32,
    /// Weapons and effects that reached somebody.
    pub hits: u32,
    /// Weapons that reached somebody whom nothing hurts: in a dodge, or just come to life.
    pub hits_avoided: u32,
    /// Hits that a shield held off.
    pub blocks: u32,
    /// Damage of all hits: health taken and overkill.
    pub damage: u64,
    /// Health taken.
    pub health_taken: u64,
    /// Damage beyond the health that was left.
    pub overkill: u64,
    /// Health that sections of structures lost to weapons.
    pub structure_damage: u64,
    /// Health given back by abilities and effects.
    pub health_given: u64,
    /// Projectiles that burst, and abilities that worked around a point.
    pub bursts: u32,
    /// Preparations that were broken off.
    pub casts_broken: u32,
    /// Status effects that came over somebody who did not have them.
    pub afflictions: u32,
    /// Status effects that did not, because the table was full.
    pub effects_refused: u32,
    /// Helpers of those who killed.
    pub assists: u32,
    /// Deaths.
    pub deaths: u32,
    /// Returns from death.
    pub respawns: u32,
    /// Projectiles that began.
    pub shots: u32,
    /// Projectiles that did not, because the table was full.
    pub shots_refused: u32,
    /// Views that were older than attacks may be judged.
    pub views_capped: u32,
    /// Sections of structures that fell or came to stand again.
    pub sections_changed: u32,
    /// Props that were simulated.
    pub props_awake: u32,
    /// Health that props lost to weapons.
    pub prop_damage: u64,
    /// Props that were broken.
    pub props_broken: u32,
    /// Pieces of debris that came into the world.
    pub debris: u32,
    /// Pieces that did not, because the table was full or there were too many in one tick.
    pub debris_refused: u32,
}
