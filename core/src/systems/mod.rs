//! What happens in a tick (rank 3): one family of functions a file, over columns, without a world and without
//! allocation. In which order they run is decided in `step`, and only there.
//!
//! | system | reads | writes |
//! |---|---|---|
//! | `commands` | commands | everything of the rows named; terrain and its deltas, with the position of who is on it |
//! | `lifecycle` (return) | flags, action_tick, team | every column of the returning rows but team, score, generation |
//! | `npcs` | minds, index of the last tick, position, team, flags, health, terrain, obstacles | minds; input of the characters they steer |
//! | `movement` | input, class, terrain, obstacles | position, velocity, yaw, pitch, flags, timer, motion, motion_ticks, support, dodge_ticks |
//! | `contacts` | flags, class, terrain, obstacles | position |
//! | `combat` (judge) | grid, position, yaw, team, flags, input, melee_ready_tick | the tick's list of swings |
//! | `combat` (apply) | swings, input, bow_ready_tick | health, flags, velocity, action, ready ticks, score; projectiles |
//! | `projectiles` (fly) | grid, position, team, flags, terrain, obstacles | projectiles, the tick's list of ends |
//! | `projectiles` (land) | ends | health, flags, velocity, action, score; projectiles |
//! | `lifecycle` (regeneration) | flags, combat_tick | health |
//! | `rewind` | history, position, motion | nothing: it answers the weapons |

pub mod combat;
pub mod commands;
pub mod contacts;
pub mod crowd_index;
pub mod lifecycle;
pub mod movement;
pub mod npcs;
pub mod projectiles;
pub mod rewind;

use crate::numeric::{LaneChoice, Metres, Tick, Ticks};
use crate::rules::Rules;
use crate::spatial::{Obstacles, Terrain};
use alloc::sync::Arc;
use movement::{MovementTicks, Surroundings};

/// Durations of the rules in ticks of this world.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Between two swings.
    pub melee_cooldown: Ticks,
    /// Between two shots.
    pub bow_cooldown: Ticks,
    /// Flight of an arrow.
    pub bow_lifetime: Ticks,
    /// From death to return.
    pub respawn: Ticks,
    /// From the last hit to the first regained health.
    pub regeneration_delay: Ticks,
    /// Farthest that an attack is judged in the past.
    pub rewind_max: Ticks,
    /// Farthest that is for whoever is in a dodge.
    pub dodge_favour: Ticks,
}

impl Timing {
    /// The durations at a tick rate, each rounded up to whole ticks.
    #[must_use]
    pub fn new(rules: &Rules, tick_hz: u16) -> Self {
        let ticks = |ms: u16| Ticks::from_millis(u32::from(ms), tick_hz);
        Self {
            melee_cooldown: ticks(rules.melee.cooldown_ms),
            bow_cooldown: ticks(rules.bow.cooldown_ms),
            bow_lifetime: ticks(rules.bow.lifetime_ms),
            respawn: ticks(rules.life.respawn_ms),
            regeneration_delay: ticks(rules.life.regeneration_delay_ms),
            rewind_max: ticks(rules.lag.rewind_max_ms),
            dodge_favour: ticks(rules.lag.dodge_favour_ms),
        }
    }
}

/// All that systems read and no tick changes.
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
    /// What stands and moves beside the ground.
    pub obstacles: Arc<Obstacles>,
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
    /// Weapons that took health.
    pub hits: u32,
    /// Deaths.
    pub deaths: u32,
    /// Returns from death.
    pub respawns: u32,
    /// Arrows that left a bow.
    pub shots: u32,
    /// Arrows that did not, because the table was full.
    pub shots_refused: u32,
    /// Views that were older than attacks may be judged.
    pub views_capped: u32,
}
