//! The world as a client knows it: rules, ground and what stands on it.
//!
//! What is not here: who is in it ([`super::session`]), how it follows the server's changes ([`super::ground`]), how clients of
//! one process share it ([`super::shared_worlds`]).

use super::foresight::{Foresight, OwnBody};
use super::rule_book::ByTick;
use super::shared_worlds::SharedWorlds;
use shieldwall_core::numeric::Tick;
use shieldwall_core::spatial::terrain::{Terrain, TerrainShape};
use shieldwall_core::spatial::{Deformation, Obstacles, Scenery};
use shieldwall_core::state::commands::CharacterInput;
use shieldwall_core::state::terrain_deltas::{TerrainChunk, TerrainDeltas};
use shieldwall_core::systems::exertion::ExertionRules;
use shieldwall_core::systems::movement::{MovementTicks, Surroundings, move_character};
use shieldwall_core::systems::{PropField, Timing};
use shieldwall_core::world::{ConfigError, WorldConfig};
use std::sync::Arc;

/// The world a client plays in. Clients of one process that play in the same world share one.
///
/// The ground follows the server's craters, what stands follows its walls, and the rules follow its rules. What did not change
/// stays shared. A ground of its own, which a client has from the first crater on unless it shares with others
/// ([`SharedWorlds`]), costs 17 KiB for each of its chunks in memory, and a table of what differs.
#[derive(Clone, Debug)]
pub struct ClientWorld {
    pub(super) rules: Arc<RulesInForce>,
    pub(super) ground: Arc<ClientGround>,
    obstacles: Arc<Obstacles>,
}

/// The ground, and how it differs from its source.
#[derive(Clone, Debug)]
pub(super) struct ClientGround {
    pub(super) terrain: Terrain,
    /// None before the first change.
    pub(super) deltas: Option<Box<TerrainDeltas>>,
    /// How many chunks can differ.
    capacity: u32,
}

impl ClientGround {
    /// Deforms the ground as the server did; false when it cannot be.
    pub(super) fn deform(&mut self, deformation: &Deformation, changed: impl FnMut(TerrainChunk)) -> bool {
        let deltas = self.deltas.get_or_insert_with(|| Box::new(TerrainDeltas::new(self.capacity)));
        self.terrain.deform(deltas, deformation, changed)
    }

    /// Gives the ground these deltas, which must be such that it can have them.
    pub(super) fn replace(&mut self, deltas: TerrainDeltas) {
        let before = self.deltas.take().unwrap_or_else(|| Box::new(TerrainDeltas::new(0)));
        self.terrain.follow(&before, &deltas);
        self.deltas = Some(Box::new(deltas));
    }
}

/// Rules, in a world.
#[derive(Debug)]
pub(super) struct RulesInForce {
    pub(super) config: WorldConfig,
    movement: MovementTicks,
    pub(super) timing: Timing,
    /// Of the configuration and the scenery.
    fingerprint: u64,
}

impl RulesInForce {
    pub(super) fn new(config: &WorldConfig, obstacles: &Obstacles) -> Arc<Self> {
        Arc::new(Self {
            config: *config,
            movement: MovementTicks::new(&config.rules, config.tick_hz),
            timing: Timing::new(&config.rules, config.tick_hz),
            fingerprint: config.fingerprint_with(obstacles.content_hash()),
        })
    }
}

impl ClientWorld {
    /// Makes the terrain of a world in which nothing stands.
    ///
    /// # Errors
    /// A name of what is wrong with the configuration.
    pub fn new(config: &WorldConfig) -> Result<Self, ConfigError> {
        Self::with_scenery(config, &Scenery::default())
    }

    /// Makes the terrain and the obstacles of a world: the scenery must be the server's, to the byte.
    ///
    /// # Errors
    /// A name of what is wrong with the configuration or the scenery.
    pub fn with_scenery(config: &WorldConfig, scenery: &Scenery) -> Result<Self, ConfigError> {
        config.validate()?;
        let shape = TerrainShape {
            half_extent: config.half_extent,
            spacing: config.terrain_spacing,
            resident_chunks: config.terrain_resident_chunks,
            delta_chunks: config.terrain_delta_chunks,
        };
        let obstacles = Obstacles::bake(scenery, config.half_extent).map_err(ConfigError::Scenery)?;
        let terrain =
            Terrain::new(config.seed, scenery.terrain.clone(), &shape).map_err(ConfigError::Terrain)?;
        let ground = ClientGround { terrain, deltas: None, capacity: config.terrain_delta_chunks };
        Ok(Self {
            rules: RulesInForce::new(config, &obstacles),
            ground: Arc::new(ground),
            obstacles: Arc::new(obstacles),
        })
    }

    /// The world with the rules of a configuration: itself where they are the same, else one that shares its ground and
    /// what stands on it. None where the configuration differs in anything else. The configuration must be valid.
    pub(super) fn with_rules_of(world: &Arc<Self>, config: &WorldConfig) -> Option<Arc<Self>> {
        if *world.config() == *config {
            return Some(Arc::clone(world));
        }
        let same_place = WorldConfig { rules: config.rules, ..*world.config() } == *config;
        same_place.then(|| {
            let rules = RulesInForce::new(config, &world.obstacles);
            Arc::new(Self { rules, ..(**world).clone() })
        })
    }

    /// What stands in it beside the ground, without what has fallen.
    #[must_use]
    pub fn obstacles(&self) -> &Arc<Obstacles> {
        &self.obstacles
    }

    /// Of its configuration and scenery, as [`shieldwall_core::World::fingerprint`] is.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        self.rules.fingerprint
    }

    /// Rates, rules, sizes, seed. The rules are those in force: a server may change them.
    #[must_use]
    pub fn config(&self) -> &WorldConfig {
        &self.rules.config
    }

    /// The ground.
    #[must_use]
    pub fn terrain(&self) -> &Terrain {
        &self.ground.terrain
    }

    /// How the ground differs from its source; none before the first change.
    #[must_use]
    pub fn terrain_deltas(&self) -> Option<&TerrainDeltas> {
        self.ground.deltas.as_deref()
    }

    /// Deforms the ground as the server did, once for all of `shared`; false when it cannot be.
    pub(super) fn deform(
        &mut self,
        deformation: &Deformation,
        shared: Option<&SharedWorlds>,
        changed: impl FnMut(TerrainChunk),
    ) -> bool {
        match shared {
            Some(shared) => shared.deform(&mut self.ground, deformation, changed),
            None => Arc::make_mut(&mut self.ground).deform(deformation, changed),
        }
    }

    /// Lets a section fall or stand again: whoever is predicted walks through the gap from here on. A section that is not
    /// there changes nothing.
    pub(super) fn set_section(&mut self, section: u16, stands: bool) {
        Arc::make_mut(&mut self.obstacles).set_section(section.into(), stands);
    }

    /// Gives the ground these deltas, which must be such that it can have them.
    pub(super) fn replace_ground(&mut self, deltas: TerrainDeltas, shared: Option<&SharedWorlds>) {
        match shared {
            Some(shared) => shared.replace(&mut self.ground, deltas),
            None => Arc::make_mut(&mut self.ground).replace(deltas),
        }
    }

    /// What a body meets at a tick.
    pub(super) fn surroundings(&self, tick: Tick) -> Surroundings<'_> {
        Surroundings { terrain: &self.ground.terrain, obstacles: &self.obstacles, tick }
    }

    /// One tick of one character: what the server runs by the rules of that tick, as far as nobody else has a part in it.
    pub(super) fn step(
        &self,
        book: &ByTick<Arc<RulesInForce>>,
        (tick, before, input): (Tick, OwnBody, CharacterInput),
        own: &Foresight,
        props: &PropField,
    ) -> OwnBody {
        let in_force = book.at_or_oldest(tick);
        let around = self.surroundings(tick);
        let (config, mut exertion) = (&in_force.config, before.exertion);
        let rules = &config.rules;
        let walked = move_character(before.state, input, &around, &in_force.movement);
        let mut state = props.keep_out(walked, &around, rules, &in_force.movement);
        let world = ExertionRules { rules, timing: &in_force.timing, tick_hz: config.tick_hz };
        exertion.run(&mut state, input, tick, &world);
        state.flags = own.flags(rules, tick, state.flags);
        OwnBody { state, exertion }
    }
}
