//! The face of the kernel (rank 5): a world, stepped by commands.

mod adopt;
pub mod config;
pub mod replay;

pub use adopt::AdoptRulesError;
pub use config::{ConfigDecodeError, ConfigError, WorldConfig};

use crate::limits::{EFFECTS_PER_CHARACTER, PROPS_MAX, SPEED_MAX_M_PER_S, SWEEP_MAX_M};
use crate::numeric::{LaneChoice, Metres, StateHash, Tick};
use crate::spatial::obstacles::RespawnOwner;
use crate::spatial::query_grid::{Disc, RowList, Who};
use crate::spatial::{Deformation, Obstacles, Scenery, Terrain, TerrainShape};
use crate::state::characters::{CharactersView, MoveState};
use crate::state::commands::{CharacterInput, Command};
use crate::state::effects::EffectsView;
use crate::state::events::{Event, EventBuffer};
use crate::state::handle::CharacterId;
use crate::state::history::History;
use crate::state::npcs::NpcsView;
use crate::state::objectives::{NO_TEAM, ObjectivesView, TeamsView};
use crate::state::partial::{self, PartialPolicy, PartialReport, Selection};
use crate::state::projectiles::ProjectilesView;
use crate::state::props::PropsView;
use crate::state::saved::SavedState;
use crate::state::snapshot::{self, ImageBounds, SnapshotError};
use crate::state::state_hash::ColumnHashes;
use crate::state::structures::StructuresView;
use crate::state::tables::columns_bytes;
use crate::state::terrain_deltas::TerrainDeltas;
use crate::state::{State, StateCapacity};
use crate::step::{self, Chunks, Scratch, Stage, StepReport};
use crate::systems::crowd_index::CrowdIndex;
use crate::systems::movement::MovementTicks;
use crate::systems::rewind::Judgement;
use crate::systems::{Environment, Timing, objectives, props, structures};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// A battle. All memory is taken when it is made; a step allocates nothing (see [`World::step`] for threads).
#[derive(Debug)]
pub struct World {
    config: WorldConfig,
    fingerprint: u64,
    environment: Environment,
    state: State,
    scratch: Scratch,
    events: EventBuffer,
    /// The index is not of the state: since the last load or change of rules, until the next step.
    index_is_stale: bool,
    /// Where a restore is read and judged before it replaces the state; taken at the first restore.
    incoming: Option<Box<State>>,
}

impl World {
    /// An empty world at tick 0 in which nothing stands, on hills from its seed.
    ///
    /// # Errors
    /// What [`WorldConfig::validate`] finds.
    pub fn new(config: &WorldConfig) -> Result<Self, ConfigError> {
        Self::with_scenery(config, &Scenery::default())
    }

    /// An empty world at tick 0 with a scenery in it. Its fingerprint is of both.
    ///
    /// # Errors
    /// What [`WorldConfig::validate`] and [`Scenery::validate`] find.
    pub fn with_scenery(config: &WorldConfig, scenery: &Scenery) -> Result<Self, ConfigError> {
        config.validate()?;
        let obstacles = Obstacles::bake(scenery, config.half_extent).map_err(ConfigError::Scenery)?;
        let shape = TerrainShape {
            half_extent: config.half_extent,
            spacing: config.terrain_spacing,
            resident_chunks: config.terrain_resident_chunks,
            delta_chunks: config.terrain_delta_chunks,
        };
        let terrain =
            Terrain::new(config.seed, scenery.terrain.clone(), &shape).map_err(ConfigError::Terrain)?;
        let environment = Environment {
            seed: config.seed,
            tick_hz: config.tick_hz,
            teams: config.teams,
            rules: config.rules,
            timing: Timing::new(&config.rules, config.tick_hz),
            movement: MovementTicks::new(&config.rules, config.tick_hz),
            terrain,
            obstacles,
            lanes: config.lanes,
            parallel_min_rows: config.parallel_min_rows,
        };
        check_owners(config, &environment)?;
        check_props(config, &environment)?;
        let mut state = new_state(config, &environment);
        structures::found(&mut state.structures, &environment.obstacles, &config.rules);
        objectives::found(&mut state.objectives, &mut state.teams, &environment);
        state.rebuild_ids(config.lanes);
        props::life::found(&mut state, &environment);
        Ok(Self {
            config: *config,
            fingerprint: config.fingerprint_with(environment.obstacles.content_hash()),
            scratch: Scratch::new(&environment, &state.capacity(), config.event_capacity),
            state,
            environment,
            events: EventBuffer::new(config.event_capacity as usize),
            index_is_stale: false,
            incoming: None,
        })
    }

    /// What it was made from.
    #[must_use]
    pub const fn config(&self) -> &WorldConfig {
        &self.config
    }

    /// [`WorldConfig::fingerprint_with`] of its configuration and its scenery.
    #[must_use]
    pub const fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// The ground.
    #[must_use]
    pub const fn terrain(&self) -> &Terrain {
        &self.environment.terrain
    }

    /// What stands and moves in it beside the ground, without what has fallen. A clone shares what was baked and has a set of
    /// its own of what has fallen ([`Obstacles::set_section`]).
    #[must_use]
    pub const fn obstacles(&self) -> &Obstacles {
        &self.environment.obstacles
    }

    /// The chunks of the ground that differ from its source, and how: what to store or send of it.
    #[must_use]
    pub const fn terrain_deltas(&self) -> &TerrainDeltas {
        &self.state.terrain
    }

    /// The next tick to run.
    #[must_use]
    pub const fn tick(&self) -> Tick {
        self.state.tick
    }

    /// Sets the next tick to run of a world that has never held anybody, as a zone does that joins a clock which runs
    /// already. Says whether it did; a world that is or was in use keeps its tick.
    pub fn begin_at(&mut self, tick: Tick) -> bool {
        let [characters, projectiles, ..] = self.state.rows();
        let unused = characters == 0 && projectiles == 0;
        if unused {
            self.state.tick = tick;
        }
        unused
    }

    /// Runs one tick: the commands in the order given, then the stages of [`Stage`]. Allocates nothing, with one
    /// exception outside the kernel's hands: with the feature `parallel`, from `parallel_min_rows` rows on, a call from a
    /// thread that is not of rayon's pool hands the tick to the pool, whose queue takes a new block of memory once in 63
    /// calls. A host that wants none calls it inside `ThreadPool::install`.
    pub fn step(&mut self, commands: &[Command]) -> StepReport {
        self.step_observed(commands, &mut |_| {})
    }

    /// [`World::step`] that calls `after_stage` after each stage, for measuring. It changes no result.
    pub fn step_observed(
        &mut self,
        commands: &[Command],
        after_stage: &mut (dyn FnMut(Stage) + Send),
    ) -> StepReport {
        if self.index_is_stale && self.will_think(commands) {
            // They look round before the step builds an index of its own.
            self.scratch.rebuild_index(&self.state);
        }
        self.index_is_stale = false;
        step::run(
            &mut self.environment,
            &mut self.state,
            &mut self.scratch,
            &mut self.events,
            commands,
            after_stage,
        )
    }

    /// Whether a tick with these commands can have anybody in it who looks round.
    fn will_think(&self, commands: &[Command]) -> bool {
        !self.state.npc_ids.is_empty()
            || commands.iter().any(|command| matches!(command, Command::SpawnNpc { .. }))
    }

    /// What the last step reported, in canonical order. Empty before the first step and after a restore.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        self.events.as_slice()
    }

    /// Why those were struck in the last step who were judged by where they had been: as many as the events' capacity.
    /// Empty before the first step and after a restore.
    #[must_use]
    pub fn judgements(&self) -> &[Judgement] {
        self.scratch.judgements()
    }

    /// What changed the ground in the last step, in the order in which it was carried out: by commands, then by bursts.
    /// Carried out so on the ground before the step they give the ground after it. Empty before the first step and after
    /// a restore.
    #[must_use]
    pub fn deformations(&self) -> &[Deformation] {
        self.scratch.deformations()
    }

    /// The characters' columns, by slot.
    #[must_use]
    #[inline]
    pub fn characters(&self) -> CharactersView<'_> {
        self.state.characters.view()
    }

    /// The projectiles' columns, by slot.
    #[must_use]
    pub fn projectiles(&self) -> ProjectilesView<'_> {
        self.state.projectiles.view()
    }

    /// The props' columns, by slot.
    #[must_use]
    pub fn props(&self) -> PropsView<'_> {
        self.state.props.view()
    }

    /// Props in the world.
    #[must_use]
    pub const fn prop_count(&self) -> usize {
        self.state.prop_ids.len()
    }

    /// One past the highest slot of a prop.
    #[must_use]
    pub const fn prop_slots_end(&self) -> u32 {
        self.state.prop_ids.end() as u32
    }

    /// The status effects at work, by slot.
    #[must_use]
    #[inline]
    pub fn effects(&self) -> EffectsView<'_> {
        self.state.effects.view()
    }

    /// The sections of structures, by number: [`Obstacles::sections`] says which shapes they are.
    #[must_use]
    pub fn structures(&self) -> StructuresView<'_> {
        self.state.structures.view()
    }

    /// The capture points, by number: [`Obstacles::capture_points`] says where they are.
    #[must_use]
    pub fn objectives(&self) -> ObjectivesView<'_> {
        self.state.objectives.view()
    }

    /// The scores of the teams, by number.
    #[must_use]
    pub fn scores(&self) -> TeamsView<'_> {
        self.state.teams.view()
    }

    /// The columns of the minds of characters that nobody plays, by row.
    #[must_use]
    pub fn npcs(&self) -> NpcsView<'_> {
        self.state.npcs.view()
    }

    /// Minds in the world. One whose character was taken out counts until the next step.
    #[must_use]
    pub const fn npc_count(&self) -> usize {
        self.state.npc_ids.len()
    }

    /// Fields of ways computed since the world was made: a figure for reports, not part of the state.
    #[must_use]
    pub fn ways_computed(&self) -> u64 {
        self.scratch.ways_computed()
    }

    /// Forgets the ways that characters that nobody plays have found: for whoever changes what stands in the world.
    pub fn invalidate_ways(&mut self) {
        self.scratch.invalidate_ways();
    }

    /// Characters in the world, alive or dead.
    #[must_use]
    pub const fn character_count(&self) -> usize {
        self.state.character_ids.len()
    }

    /// One past the highest slot in use: no character lives at or above it.
    #[must_use]
    pub const fn character_slots_end(&self) -> u32 {
        self.state.character_ids.end() as u32
    }

    /// Whether the id still names a character (alive or dead).
    #[must_use]
    pub fn is_current(&self, id: CharacterId) -> bool {
        self.state.characters.row_of(id).is_some()
    }

    /// The id of what lives in a slot; `None` when it is free or does not exist.
    #[must_use]
    pub fn id_at(&self, slot: u32) -> Option<CharacterId> {
        self.state.characters.id_at(slot)
    }

    /// All that movement reads and writes of a character: what its client predicts from.
    #[must_use]
    #[inline]
    pub fn move_state(&self, id: CharacterId) -> Option<MoveState> {
        self.is_current(id).then(|| self.characters().move_state(id.slot))
    }

    /// The input that holds for a character.
    #[must_use]
    pub fn input(&self, id: CharacterId) -> Option<CharacterInput> {
        self.is_current(id).then(|| self.characters().input(id.slot))
    }

    /// Calls `visit` with the slot of every character, alive or dead, within `radius` of (x, z) on the ground plane, for
    /// any arguments; a negative radius finds nobody:
    /// the living in the order of the index, then the dead by slot. State of the last step or restore.
    pub fn for_each_character_in_radius(&self, x: Metres, z: Metres, radius: Metres, visit: impl FnMut(u32)) {
        let disc = Disc { x, z, radius };
        self.with_index(|index| index.grid().for_each(Who::Everyone, &disc, visit));
    }

    /// Replaces the list by the slots that [`World::for_each_character_in_radius`] finds, in its order. Faster than that
    /// where there are many. Allocates only while the list grows ([`RowList::with_room`]).
    pub fn characters_in_radius_into(&self, x: Metres, z: Metres, radius: Metres, out: &mut RowList) {
        let disc = Disc { x, z, radius };
        self.with_index(|index| index.grid().collect(Who::Everyone, &disc, out));
    }

    /// Replaces the list by the slots of the `count` living characters nearest to (x, z) on the ground plane, none farther
    /// than `max_radius`: nearest first, at equal distance the lower slot. At most
    /// [`crate::spatial::query_grid::NEAREST_MAX`]. State of the last step or restore; allocates only while the list
    /// grows.
    pub fn nearest_characters_into(
        &self,
        at: (Metres, Metres),
        count: usize,
        max_radius: Metres,
        out: &mut RowList,
    ) {
        self.with_index(|index| index.grid().nearest(Who::Present, at, count, max_radius, out));
    }

    /// Lends the index of the state as it is: the kept one, or one made for the occasion.
    fn with_index<R>(&self, use_index: impl FnOnce(&CrowdIndex) -> R) -> R {
        if !self.index_is_stale {
            return use_index(self.scratch.index());
        }
        let capacity = self.config.character_capacity as usize;
        let mut index = CrowdIndex::new(self.environment.terrain.half_extent(), capacity, self.config.lanes);
        index.rebuild(&self.state.characters.view(), self.state.character_ids.end());
        use_index(&index)
    }

    /// The hash of the whole simulated state: equal in equal worlds, however they came about.
    #[must_use]
    pub fn state_hash(&self) -> StateHash {
        self.over_columns(|work| self.state.hash(work))
    }

    /// Lets something be done with all columns, in the lanes and on the threads of a tick.
    fn over_columns<R: Send>(&self, work: impl FnOnce((LaneChoice, Chunks)) -> R + Send) -> R {
        let parallel = step::is_parallel(&self.environment, &self.state);
        step::with_threads(parallel, |split| work((self.config.lanes, split)))
    }

    /// The hash of every column, by name: what tells where two worlds differ.
    #[must_use]
    pub fn column_hashes(&self) -> ColumnHashes {
        self.over_columns(|work| self.state.column_hashes(work))
    }

    /// Keeps the state in memory, for [`World::load`]; the hash is [`World::state_hash`]'s. Allocates when `saved` never
    /// was used, or for a world of other capacities. From `parallel_min_rows` rows on the columns are divided over threads, as
    /// those of [`World::load`] and [`World::state_hash`] are: see [`World::step`] for calls from outside a pool.
    pub fn save(&self, saved: &mut SavedState) -> StateHash {
        self.over_columns(|work| saved.save(&self.state, self.fingerprint, work))
    }

    /// Goes back (or on) to a kept state. Allocates nothing and looks at no row. There are no events until the next step.
    ///
    /// The index of the crowd is left to the next step, which builds it in any case. A query before that step answers
    /// rightly but builds an index of its own, with memory for it: where there are many, call [`World::refresh_index`].
    ///
    /// # Errors
    /// [`SnapshotError::NothingSaved`], or [`SnapshotError::OtherConfiguration`] when it was kept by a world of another
    /// configuration or scenery; the world is as it was then.
    pub fn load(&mut self, saved: &SavedState) -> Result<(), SnapshotError> {
        let Self { environment, state, fingerprint, .. } = self;
        let parallel = step::is_parallel(environment, state);
        let terrain = &mut environment.terrain;
        step::with_threads(parallel, |split| {
            saved.load(state, *fingerprint, split, |from, to| terrain.follow(from, to))
        })?;
        structures::follow(&self.state.structures, &mut self.environment.obstacles);
        self.scratch.invalidate_ways();
        self.scratch.invalidate_props();
        self.events.clear();
        self.scratch.clear_last_tick();
        self.index_is_stale = true;
        Ok(())
    }

    /// Builds the index of the crowd, where a load left that to the next step.
    pub fn refresh_index(&mut self) {
        if self.index_is_stale {
            self.scratch.rebuild_index(&self.state);
            self.index_is_stale = false;
        }
    }

    /// Appends an image of the state: see [`crate::state::snapshot`] for its bytes. Events are not in it. The hash is
    /// [`World::state_hash`]'s, and stands in the image.
    pub fn snapshot_into(&self, out: &mut Vec<u8>) -> StateHash {
        snapshot::write(&self.state, self.fingerprint, self.config.lanes, out)
    }

    /// The most bytes an image of this world can have.
    #[must_use]
    pub fn image_bytes_max(&self) -> usize {
        snapshot::HEADER_BYTES
            + columns_bytes(&self.state.slots(), self.state.terrain.capacity()).unwrap_or(0)
            + History::image_bytes_max(self.state.history.capacity(), self.state.characters.capacity())
    }

    /// Puts the world into the state of an image of a world with the same configuration. From there on it runs exactly
    /// as the other did.
    ///
    /// # Errors
    /// [`SnapshotError`], on any bytes; the world is as it was then.
    pub fn restore(&mut self, image: &[u8]) -> Result<(), SnapshotError> {
        let (state, incoming) = self.with_incoming(|bounds, incoming| {
            snapshot::read(image, bounds, incoming)?;
            Ok(incoming)
        })?;
        core::mem::swap(state, incoming);
        if let Some(before) = &self.incoming {
            self.environment.terrain.follow(&before.terrain, &self.state.terrain);
        }
        structures::follow(&self.state.structures, &mut self.environment.obstacles);
        self.scratch.invalidate_ways();
        self.scratch.invalidate_props();
        self.events.clear();
        self.scratch.clear_last_tick();
        self.scratch.rebuild_index(&self.state);
        self.index_is_stale = false;
        Ok(())
    }

    /// Appends a part of the state: see [`crate::state::partial`] for its bytes. Takes memory for a list of the slots.
    pub fn snapshot_partial_into(&self, selection: &Selection<'_>, out: &mut Vec<u8>) -> PartialReport {
        partial::write(&self.state, selection, self.fingerprint, self.config.lanes, out)
    }

    /// Takes a part of another world's state (or of this one at another time) into this running world. The tick stays,
    /// events stay; for the index see [`World::load`].
    ///
    /// # Errors
    /// [`SnapshotError`], on any bytes, and [`SnapshotError::Full`] when not everything fits; the world is as it was then.
    pub fn apply_partial(
        &mut self,
        image: &[u8],
        policy: PartialPolicy,
    ) -> Result<PartialReport, SnapshotError> {
        let (state, part) = self.with_incoming(|bounds, incoming| partial::read(image, bounds, incoming))?;
        let report = part.apply(state, policy)?;
        self.index_is_stale = true;
        Ok(report)
    }

    /// Lends the room in which foreign bytes are judged, and what they must agree with; the state, and what was read.
    fn with_incoming<'a, R>(
        &'a mut self,
        read: impl FnOnce(&ImageBounds<'_>, &'a mut State) -> Result<R, SnapshotError>,
    ) -> Result<(&'a mut State, R), SnapshotError> {
        let sweep = SWEEP_MAX_M.saturating_mul(i32::from(self.config.tick_hz)).min(SPEED_MAX_M_PER_S);
        let present = &self.state.terrain;
        let bounds = ImageBounds {
            fingerprint: self.fingerprint,
            lanes: self.config.lanes,
            teams: self.config.teams,
            tick_hz: self.config.tick_hz,
            half_extent: self.config.half_extent.0,
            projectile_speed: sweep << 16,
            rules: &self.config.rules,
            terrain_cells: self.environment.terrain.side() - 1,
            sections: self.environment.obstacles.sections(),
            points: self.environment.obstacles.capture_points(),
            ground: &|deltas, x, z, heights| match deltas {
                Some(deltas) if !(present.is_empty() && deltas.is_empty()) => {
                    for ((height, x), z) in heights.iter_mut().zip(x).zip(z) {
                        *height =
                            self.environment.terrain.height_with(present, deltas, Metres(*x), Metres(*z)).0;
                    }
                }
                _ => self.environment.terrain.heights_into(self.config.lanes, x, z, heights),
            },
        };
        let (config, environment) = (&self.config, &self.environment);
        let incoming = self.incoming.get_or_insert_with(|| Box::new(new_state(config, environment)));
        let read = read(&bounds, incoming)?;
        Ok((&mut self.state, read))
    }
}

/// An empty state with the configuration's capacities: no more terrain deltas than there are chunks, and no more history
/// than the rules look back on.
fn new_state(config: &WorldConfig, environment: &Environment) -> State {
    let (terrain, obstacles) = (&environment.terrain, &environment.obstacles);
    State::new(&StateCapacity {
        characters: config.character_capacity,
        projectiles: config.projectile_capacity,
        effects: config.character_capacity.saturating_mul(EFFECTS_PER_CHARACTER),
        npcs: config.npc_capacity,
        terrain_delta_chunks: config.terrain_delta_chunks.min(terrain.chunks_per_side().pow(2)),
        history_ticks: Timing::new(&config.rules, config.tick_hz).rewind_max.0,
        structures: obstacles.sections().len() as u32,
        objectives: obstacles.capture_points().len() as u32,
        teams: config.teams.into(),
        props: config.prop_capacity,
    })
}

/// Whether the scenery's props have room.
fn check_props(config: &WorldConfig, environment: &Environment) -> Result<(), ConfigError> {
    let placed = environment.obstacles.props().len();
    if placed <= config.prop_capacity as usize {
        return Ok(());
    }
    Err(ConfigError::OutOfRange {
        field: "prop_capacity",
        value: config.prop_capacity.into(),
        min: placed as i64,
        max: PROPS_MAX.into(),
    })
}

/// Whether the first owners of all capture points, and those of respawn points, are teams of this world.
fn check_owners(config: &WorldConfig, environment: &Environment) -> Result<(), ConfigError> {
    let owners = environment.obstacles.capture_points().iter().map(|point| point.owner);
    check_teams(config, "capture_points.owner", owners.filter(|owner| *owner != NO_TEAM))?;
    let respawns = environment.obstacles.respawn_points().iter();
    let teams = respawns.filter_map(|point| match point.owner {
        RespawnOwner::Team(team) => Some(team),
        RespawnOwner::CapturePoint(_) => None,
    });
    check_teams(config, "respawn_points.owner", teams)
}

fn check_teams(
    config: &WorldConfig,
    field: &'static str,
    mut teams: impl Iterator<Item = u8>,
) -> Result<(), ConfigError> {
    let (min, max) = (0, i64::from(config.teams) - 1);
    match teams.find(|team| *team >= config.teams) {
        Some(team) => Err(ConfigError::OutOfRange { field, value: team.into(), min, max }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod respawn_tests;
#[cfg(test)]
mod siege_tests;
#[cfg(test)]
mod tests;
