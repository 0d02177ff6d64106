//! What a scenario of the demo means: what stands in the world, how large it is, where characters come into it.
//!
//! Only defaults: what a file, the environment or a flag says wins; where characters come in belongs to the scenario.

use std::path::Path;

use shieldwall_core::{Metres, WorldConfig};

use crate::cli::Scenario;

/// Half side of the field of [`Scenario::Spread`].
const SPREAD_HALF_EXTENT: Metres = Metres::from_m(512);

/// Side of the square that everybody of [`Scenario::Spread`] comes into.
const SPREAD_WIDTH: Metres = Metres::from_m(1_000);

/// Distance of both teams' squares from the middle in [`Scenario::Crowd`], and the side of each.
const CROWD_RING: Metres = Metres::from_m(12);
const CROWD_WIDTH: Metres = Metres::from_m(24);

/// What stands in the world where nothing else is asked for.
pub(super) fn scenery(scenario: Scenario) -> &'static Path {
    Path::new(match scenario {
        Scenario::Siege => "fort",
        Scenario::Crowd | Scenario::Spread => "none",
    })
}

/// The world before any setting.
pub(super) fn set_size(scenario: Scenario, world: &mut WorldConfig) {
    if scenario == Scenario::Spread {
        world.half_extent = SPREAD_HALF_EXTENT;
    }
}

/// Where characters come into the world, by rules that were read.
pub(super) fn set_spawns(scenario: Scenario, world: &mut WorldConfig) {
    let life = &mut world.rules.life;
    match scenario {
        Scenario::Siege => {}
        Scenario::Crowd => (life.spawn_ring, life.spawn_width) = (CROWD_RING, CROWD_WIDTH),
        Scenario::Spread => {
            // No wider than the field, should that have been set.
            let field = Metres(world.half_extent.0.saturating_mul(2).saturating_sub(1 << 16));
            (life.spawn_ring, life.spawn_width) = (Metres::ZERO, SPREAD_WIDTH.min(field));
        }
    }
}
