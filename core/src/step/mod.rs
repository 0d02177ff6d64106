//! One tick: which stages there are and in which order they run (rank 4). The order is decided here and nowhere else.

mod chunks;
mod parallel;

use crate::limits::{CRATERS_PER_TICK_MAX, DEFORMATIONS_PER_TICK_MAX, EFFECTS_PER_CHARACTER};
use crate::numeric::{Metres, Tick, Ticks};
use crate::spatial::obstacles::SectionList;
use crate::spatial::{Deformation, PassRows};
use crate::state::characters::flags;
use crate::state::column::Split as _;
use crate::state::commands::{Command, ViewAge};
use crate::state::events::EventBuffer;
use crate::state::projectiles::ProjectileRows;
use crate::state::{State, StateCapacity};
use crate::systems::afflictions::Afflictions;
use crate::systems::craters::DeadByCell;
use crate::systems::crowd_index::CrowdIndex;
use crate::systems::near::NearTables;
use crate::systems::projectiles::FlightEnd;
use crate::systems::rewind::{Judgement, Judgements, Rewind, Views};
use crate::systems::strike::Fray;
use crate::systems::{
    Environment, Tally, combat, commands, contacts, craters, lifecycle, movement, npcs, objectives,
    projectiles, props, structures,
};
use alloc::vec::Vec;
pub(crate) use chunks::Chunks;
use chunks::{for_each_chunk, for_each_unit};

/// An attack costs as much as the step of so many rows.
const ROWS_PER_ATTACK: usize = 16;

/// Attacks that are judged in one go.
const ATTACKS_PER_UNIT: usize = 64;

/// A stage of the tick, for those who watch or measure it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// What came from outside.
    Commands,
    /// The dead whose time has come.
    Return,
    /// Characters that nobody plays decide what to do.
    Think,
    /// Walking, jumping, falling.
    Movement,
    /// Loose things: falling, pushed, at rest.
    Props,
    /// Making room for each other.
    Contacts,
    /// Weapons and abilities begin and strike.
    Combat,
    /// Projectiles in flight.
    Projectiles,
    /// What lasts on characters.
    Effects,
    /// Regained health and stamina.
    Lifecycle,
    /// Craters of the tick's bursts.
    Ground,
    /// What has fallen is gone; places are captured, flags carried.
    Siege,
    /// What attacks of later ticks may look back on.
    History,
    /// Bringing in the ground near characters: changes no result.
    Terrain,
}

/// A stage's function.
type RunStage = fn(&mut Pass<'_>);

/// The stages in the order they run.
const STAGES: [(Stage, RunStage); 14] = [
    (Stage::Commands, run_commands),
    (Stage::Return, run_return),
    (Stage::Think, run_think),
    (Stage::Movement, run_movement),
    (Stage::Props, run_props),
    (Stage::Contacts, run_contacts_and_index),
    (Stage::Combat, run_combat),
    (Stage::Projectiles, run_projectiles),
    (Stage::Effects, run_effects),
    (Stage::Lifecycle, run_lifecycle),
    (Stage::Ground, run_ground),
    (Stage::Siege, run_siege),
    (Stage::History, run_history),
    (Stage::Terrain, run_terrain),
];

impl Stage {
    /// Every stage, in the order they run.
    pub const ALL: [Stage; STAGES.len()] = {
        let mut all = [Stage::Commands; STAGES.len()];
        let mut at = 0;
        while at < all.len() {
            all[at] = STAGES[at].0;
            at += 1;
        }
        all
    };

    /// Its place in [`Stage::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Its name in tables and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Stage::Commands => "commands",
            Stage::Return => "return",
            Stage::Think => "think",
            Stage::Movement => "movement",
            Stage::Props => "props",
            Stage::Contacts => "contacts",
            Stage::Combat => "combat",
            Stage::Projectiles => "projectiles",
            Stage::Effects => "effects",
            Stage::Lifecycle => "lifecycle",
            Stage::Ground => "ground",
            Stage::Siege => "siege",
            Stage::History => "history",
            Stage::Terrain => "terrain",
        }
    }
}

// A stage's place is its number: whoever measures keeps an array of them.
const _: () = {
    let mut at = 0;
    while at < STAGES.len() {
        assert!(Stage::ALL[at].index() == at, "stages are declared in the order they run");
        at += 1;
    }
};

/// What one step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepReport {
    /// The tick that ran.
    pub tick: Tick,
    /// Events kept, in order, until the next step.
    pub events: u32,
    /// Events that did not fit.
    pub events_dropped: u32,
    /// What happened, counted.
    pub tally: Tally,
    /// Characters in the world after the tick, alive or dead.
    pub characters: u32,
    /// Projectiles in flight after the tick.
    pub projectiles: u32,
    /// Props in the world after the tick.
    pub props: u32,
}

/// Room for what stages hand to each other within a tick. Nothing in it survives a tick that a result depends on.
#[derive(Debug)]
pub struct Scratch {
    contacts: contacts::ContactScratch,
    index: CrowdIndex,
    near: NearTables,
    combat: combat::CombatScratch,
    projectiles: projectiles::FlightScratch,
    afflictions: Afflictions,
    /// Rows that something around a point reaches.
    found: Vec<u32>,
    craters: Vec<Deformation>,
    dead_by_cell: DeadByCell,
    /// Sections of structures that a burst reaches.
    sections: SectionList,
    /// What changed the ground in this tick, in order.
    deformations: Vec<Deformation>,
    /// Largest radius of the bodies in the world.
    radius_max: Metres,
    views: Views,
    judgements: Judgements,
    /// Farthest that anybody went in this tick along an axis, raw.
    reach_now: i32,
    watch: Option<movement::Watch>,
    minds: npcs::Minds,
    props: props::PropScratch,
}

impl Scratch {
    /// Room for a world of these capacities.
    #[must_use]
    pub fn new(environment: &Environment, capacity: &StateCapacity, event_capacity: u32) -> Self {
        let StateCapacity { characters: character_capacity, projectiles: projectile_capacity, .. } =
            *capacity;
        let (npc_capacity, prop_capacity) = (capacity.npcs, capacity.props as usize);
        let (characters, effects) =
            (character_capacity as usize, character_capacity.saturating_mul(EFFECTS_PER_CHARACTER) as usize);
        let looks_back = environment.timing.rewind_max > Ticks(0);
        Self {
            views: Views::new(character_capacity as usize),
            judgements: Judgements::new(if looks_back { event_capacity as usize } else { 0 }),
            reach_now: 0,
            afflictions: Afflictions::new(characters, effects),
            found: Vec::with_capacity(characters.max(prop_capacity)),
            craters: Vec::with_capacity(CRATERS_PER_TICK_MAX),
            dead_by_cell: DeadByCell::new(characters),
            sections: SectionList::with_room(environment.obstacles.sections().len()),
            deformations: Vec::with_capacity(DEFORMATIONS_PER_TICK_MAX + CRATERS_PER_TICK_MAX),
            radius_max: Metres::ZERO,
            contacts: contacts::ContactScratch::new(environment, character_capacity as usize),
            index: CrowdIndex::new(
                environment.terrain.half_extent(),
                character_capacity as usize,
                environment.lanes,
            ),
            near: NearTables::new(character_capacity as usize, environment.timing.rewind_max),
            combat: combat::CombatScratch::new(character_capacity as usize),
            projectiles: projectiles::FlightScratch::new(
                projectile_capacity as usize,
                character_capacity as usize,
            ),
            watch: movement::Watch::new(
                &environment.rules,
                environment.tick_hz,
                environment.terrain.half_extent().0,
            ),
            minds: npcs::Minds::new(environment, character_capacity as usize, npc_capacity as usize),
            props: props::PropScratch::new(prop_capacity),
        }
    }

    /// The rules of the environment are other ones from the next tick on. Takes memory for grids.
    pub fn adopt(&mut self, environment: &Environment) {
        self.contacts.adopt(environment);
        self.minds.adopt(environment);
        self.watch = movement::Watch::new(
            &environment.rules,
            environment.tick_hz,
            environment.terrain.half_extent().0,
        );
    }

    /// The judgements of the last tick that were passed on the past.
    #[must_use]
    pub fn judgements(&self) -> &[Judgement] {
        self.judgements.as_slice()
    }

    /// What changed the ground in the last tick, in order.
    #[must_use]
    pub fn deformations(&self) -> &[Deformation] {
        &self.deformations
    }

    /// Forgets what the last tick did, after a state came from elsewhere.
    pub fn clear_last_tick(&mut self) {
        self.judgements.clear();
        self.deformations.clear();
    }

    /// Ways computed so far, for reports.
    #[must_use]
    pub fn ways_computed(&self) -> u64 {
        self.minds.ways_computed()
    }

    /// The props are not where they were filed: a state came from elsewhere.
    pub fn invalidate_props(&mut self) {
        self.props.stale = true;
    }

    /// Forgets the ways that were found: ground or shapes are not what they were.
    pub fn invalidate_ways(&mut self) {
        self.minds.invalidate();
    }

    /// The index of the living, as of the last tick (or [`Scratch::rebuild_index`]).
    #[must_use]
    pub fn index(&self) -> &CrowdIndex {
        &self.index
    }

    /// Builds the index anew, after a state came from elsewhere.
    pub fn rebuild_index(&mut self, state: &State) {
        self.index.rebuild(&state.characters.view(), state.character_ids.end());
    }
}

/// Everything a stage may touch.
struct Pass<'a> {
    environment: &'a mut Environment,
    state: &'a mut State,
    scratch: &'a mut Scratch,
    events: &'a mut EventBuffer,
    commands: &'a [Command],
    tally: Tally,
    parallel: bool,
}

/// Runs one tick. `after_stage` is called after each stage: it sees the name and can change nothing.
pub fn run(
    environment: &mut Environment,
    state: &mut State,
    scratch: &mut Scratch,
    events: &mut EventBuffer,
    commands: &[Command],
    after_stage: &mut (dyn FnMut(Stage) + Send),
) -> StepReport {
    let tick = state.tick;
    events.clear();
    scratch.clear_last_tick();
    let parallel = is_parallel(environment, state);
    let mut pass = Pass { environment, state, scratch, events, commands, tally: Tally::default(), parallel };
    let tally = parallel::enter(parallel, || {
        for (stage, run_stage) in STAGES {
            run_stage(&mut pass);
            after_stage(stage);
        }
        pass.tally
    });
    state.tick = tick + Ticks(1);
    StepReport {
        tick,
        events: events.as_slice().len() as u32,
        events_dropped: events.dropped(),
        tally,
        characters: state.character_ids.len() as u32,
        projectiles: state.projectile_ids.len() as u32,
        props: state.prop_ids.len() as u32,
    }
}

/// Whether work on all rows is split over threads.
pub(crate) fn is_parallel(environment: &Environment, state: &State) -> bool {
    let rows = state.character_ids.end().max(state.projectile_ids.end());
    rows >= environment.parallel_min_rows as usize
}

/// Runs work on the columns of a state outside a tick, split over threads when `parallel` is true, as a tick is.
pub(crate) fn with_threads<R: Send>(parallel: bool, work: impl FnOnce(Chunks) -> R + Send) -> R {
    parallel::enter(parallel, || work(Chunks { parallel }))
}

fn run_commands(pass: &mut Pass<'_>) {
    let Scratch { views, deformations, .. } = &mut *pass.scratch;
    let stage = commands::CommandStage {
        state: pass.state,
        environment: pass.environment,
        views,
        deformations,
        events: pass.events,
        tally: &mut pass.tally,
    };
    let changes = commands::run(stage, pass.commands);
    if changes.props || pass.tally.debris > 0 {
        pass.scratch.invalidate_props();
    }
    if changes.ground || pass.tally.sections_changed > 0 {
        pass.scratch.invalidate_ways();
    }
}

fn run_return(pass: &mut Pass<'_>) {
    let (end, tick) = (pass.state.character_ids.end(), pass.state.tick);
    let (environment, minds) = (&*pass.environment, &mut pass.scratch.minds);
    minds.call_the_roll(pass.state);
    let due = &mut pass.scratch.found;
    lifecycle::list_the_due(&pass.state.characters, end, tick, environment, due);
    if due.is_empty() {
        return;
    }
    let (characters, npcs) = (&mut pass.state.characters, pass.state.npcs.view());
    let home_of = |slot: usize, class: u8| minds.home_of(slot, class, &npcs, environment);
    let world = (environment, &pass.state.objectives, &home_of as &lifecycle::HomeOf<'_>);
    for_each_chunk(characters.rows_below(end), pass.parallel, &|first, mut rows| {
        lifecycle::bring_back(&mut rows, first, due, tick, world);
    });
    lifecycle::tell_of(due, characters, pass.events, &mut pass.tally);
}

fn run_think(pass: &mut Pass<'_>) {
    let scratch = &mut *pass.scratch;
    npcs::run(pass.state, &mut scratch.minds, &scratch.index, pass.environment);
}

fn run_movement(pass: &mut Pass<'_>) {
    let (end, tick) = (pass.state.character_ids.end(), pass.state.tick);
    let environment = &*pass.environment;
    let surroundings = environment.surroundings(tick);
    if let Some(watch) = &mut pass.scratch.watch {
        watch.look(&pass.state.characters.view(), end);
    }
    let watch = pass.scratch.watch.as_ref();
    for_each_chunk(pass.state.characters.rows_below(end), pass.parallel, &|first, rows| {
        movement::run(rows, first, &surroundings, &environment.movement, watch, environment.lanes);
    });
}

fn run_props(pass: &mut Pass<'_>) {
    props::run(pass.state, pass.environment, &mut pass.scratch.props, pass.events, &mut pass.tally);
}

fn run_contacts(pass: &mut Pass<'_>) {
    let (end, tick) = (pass.state.character_ids.end(), pass.state.tick);
    let environment = &*pass.environment;
    let contacts = &mut pass.scratch.contacts;
    let characters = &mut pass.state.characters;
    let chunks = Chunks { parallel: pass.parallel };
    contacts.sort(&characters.view(), end, environment, chunks);
    for _ in 0..contacts.separation.passes() {
        let (work, rows) = contacts.separation.begin_pass();
        for_each_chunk(rows, pass.parallel, &|first, rows: PassRows<'_>| work.run(first, rows));
        contacts.separation.finish_pass();
    }
    let contacts = &*contacts;
    for_each_chunk(characters.rows_below(end), pass.parallel, &|first, rows| {
        contacts.apply(rows, first, environment, tick);
    });
}

/// Everybody has a place for this tick: from here on they are found by it. How far anybody went is known then, too; the
/// two have nothing to do with each other.
fn run_contacts_and_index(pass: &mut Pass<'_>) {
    run_contacts(pass);
    let (characters, end) = (pass.state.characters.view(), pass.state.character_ids.end());
    let (history, lanes) = (&pass.state.history, pass.environment.lanes);
    let Scratch { index, reach_now, .. } = &mut *pass.scratch;
    let chunks = Chunks { parallel: pass.parallel };
    chunks.both(
        || index.rebuild(&characters, end),
        || *reach_now = history.farthest_move(&characters, end, (lanes, chunks)),
    );
}

impl Pass<'_> {
    /// Lends what weapons, projectiles and effects write to, with the projectiles' room beside it.
    fn fray(&mut self) -> (Fray<'_>, &mut combat::CombatScratch, &mut projectiles::FlightScratch, &Views) {
        let scratch = &mut *self.scratch;
        let fray = Fray {
            tick: self.state.tick,
            state: self.state,
            environment: self.environment,
            index: &scratch.index,
            radius_max: scratch.radius_max,
            afflictions: &mut scratch.afflictions,
            found: &mut scratch.found,
            sections: &mut scratch.sections,
            props: &scratch.props.cells,
            craters: &mut scratch.craters,
            events: self.events,
            tally: &mut self.tally,
            judgements: &mut scratch.judgements,
        };
        (fray, &mut scratch.combat, &mut scratch.projectiles, &scratch.views)
    }
}

fn run_combat(pass: &mut Pass<'_>) {
    let (end, tick) = (pass.state.character_ids.end(), pass.state.tick);
    let (environment, scratch) = (&*pass.environment, &mut *pass.scratch);
    for_each_chunk(pass.state.characters.rows_below(end), pass.parallel, &|_, rows| {
        combat::raise_shields(rows, environment);
    });
    scratch.afflictions.rebuild(pass.state);
    scratch.craters.clear();
    let characters = pass.state.characters.view();
    scratch.radius_max = combat::radius_max(&characters, end, environment);
    let Scratch { index, views, combat, near, radius_max, reach_now, props, .. } = &mut *scratch;
    let (index, views, radius_max) = (&*index, &*views, *radius_max);
    let (props, prop_cells) = (pass.state.props.view(), &props.cells);
    let rewind = Rewind::new(&pass.state.history, &characters, *reach_now, environment);
    near.clear();
    let arena =
        combat::Arena { rewind, views, index, near, props, prop_cells, environment, tick, radius_max };
    for_each_chunk(combat.deeds_below(end), pass.parallel, &|first, deeds: &mut [u8]| {
        combat::choose(first, deeds, &arena);
    });
    let mut looks = combat::list(combat, end, &arena);
    looks.present |= !pass.state.projectile_ids.is_empty();
    let attacks = combat.attacks();
    let parallel = pass.parallel || attacks.len() * ROWS_PER_ATTACK >= environment.parallel_min_rows as usize;
    parallel::enter(parallel && !pass.parallel, || {
        let work = (environment.lanes, Chunks { parallel });
        near.prepare(&looks, index, (&rewind, end), work);
        let arena =
            combat::Arena { rewind, views, index, near, props, prop_cells, environment, tick, radius_max };
        for_each_unit(attacks, ATTACKS_PER_UNIT, parallel, &|_, attacks: &mut [combat::Attack]| {
            combat::judge(attacks, &arena);
        });
    });
    let (mut fray, combat, projectiles, views) = pass.fray();
    combat::apply(&mut fray, combat, views, projectiles.launched());
}

fn run_projectiles(pass: &mut Pass<'_>) {
    let (end, tick) = (pass.state.projectile_ids.end(), pass.state.tick);
    let (environment, scratch) = (&*pass.environment, &mut *pass.scratch);
    let (index, near, flights) = (&scratch.index, &mut scratch.near, &mut scratch.projectiles);
    let characters = pass.state.characters.view();
    if pass.state.projectile_ids.is_empty() {
        return;
    }
    let split = Chunks { parallel: pass.parallel };
    near.prepare_present(index, &characters, (environment.lanes, split));
    flights.aim(near, &characters, (environment, split));
    let (ends, ages, targets) = flights.ends_below(end);
    let rewind = Rewind::new(&pass.state.history, &characters, scratch.reach_now, environment);
    let (props, prop_cells) = (pass.state.props.view(), &scratch.props.cells);
    let sky = projectiles::Sky { rewind, near, targets, props, prop_cells, tick, environment };
    let rows = ((pass.state.projectiles.rows_below(end), ends), ages);
    type Rows<'a> = ((ProjectileRows<'a>, &'a mut [FlightEnd]), &'a [ViewAge]);
    for_each_chunk(rows, pass.parallel, &|_, ((rows, ends), ages): Rows<'_>| {
        projectiles::fly(rows, ends, ages, &sky);
    });
    let (mut fray, _, flights, _) = pass.fray();
    projectiles::land(&mut fray, end, flights);
}

fn run_effects(pass: &mut Pass<'_>) {
    pass.fray().0.run_effects();
}

/// Craters are dug when all is judged: nobody's ground changes in the middle of a tick.
fn run_ground(pass: &mut Pass<'_>) {
    let Scratch { craters, dead_by_cell, index, deformations, props, .. } = &mut *pass.scratch;
    let found_by = &mut craters::FoundBy { index, dead: dead_by_cell, props: &props.cells };
    craters::deform_all(pass.state, craters, pass.environment, found_by, deformations, pass.events);
    if !pass.scratch.craters.is_empty() {
        pass.scratch.invalidate_ways();
    }
}

fn run_history(pass: &mut Pass<'_>) {
    let (end, state) = (pass.state.character_ids.end(), &mut *pass.state);
    let work = (pass.environment.lanes, Chunks { parallel: pass.parallel });
    state.history.record(&state.characters.view(), end, pass.scratch.reach_now, work);
}

fn run_lifecycle(pass: &mut Pass<'_>) {
    let (end, tick) = (pass.state.character_ids.end(), pass.state.tick);
    let environment = &*pass.environment;
    for_each_chunk(pass.state.characters.rows_below(end), pass.parallel, &|_, rows| {
        lifecycle::recover(rows, tick, environment);
    });
    lifecycle::run_aging(&mut pass.state.characters, end, tick);
}

fn run_siege(pass: &mut Pass<'_>) {
    let (environment, state) = (&mut *pass.environment, &mut *pass.state);
    if pass.tally.props_broken > 0 {
        props::life::clear_broken(state, environment, pass.events, &mut pass.tally);
        pass.scratch.invalidate_props();
    }
    if pass.tally.sections_changed > 0 {
        structures::fall(state, environment, pass.events, &mut pass.tally);
        structures::drop_the_dead(state, environment);
        props::wake_beside_walls(&mut state.props, state.prop_ids.end(), state.tick, environment);
        pass.scratch.invalidate_ways();
        pass.scratch.invalidate_props();
    }
    objectives::run(state, environment, &pass.scratch.index, pass.events);
}

fn run_terrain(pass: &mut Pass<'_>) {
    let (end, characters) = (pass.state.character_ids.end(), &pass.state.characters);
    pass.environment.terrain.stream(end, |row| {
        let alive = characters.flags[row] & flags::ALIVE != 0;
        alive.then(|| (Metres(characters.position_x[row]), Metres(characters.position_z[row])))
    });
}
