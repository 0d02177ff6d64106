//! The kernel once more, as plainly as it can be written: what a tick means, to hold [`World::step`] against.
//!
//! Rows are structs in a vector. Everybody is compared with everybody, every arrow with every body, one after the other.
//! No columns, lanes, grids, chunks, threads or packed numbers; sums are in `i64`.
//!
//! Its own are: commands, slots and generations, death and return, the crowd's passes, weapons, arrows, bursts, status
//! effects, health, events and the report. Borrowed are the numbers (fixed point, sines, roots, random words), the ground with its craters, which
//! is that of a second world in which nobody lives, and the movement of one body, `move_character`: the function that
//! clients predict with. The kernel's batches in lanes are held against that.
//!
//! Not in here: what stands in a scenery, and classes that are stepped less often where nobody watches.
//!
//! - `rows`: characters and arrows
//! - `commands`: what comes from outside
//! - `bodies`: movement, impulses, changes of class, ground that gives way
//! - `crowd`: making room
//! - `past`: where everybody was
//! - `attacks`, `arrows`, `bursts`: weapons and abilities
//! - `props`, `broken`: loose things, and what strikes them
//! - `strikes`, `lasting`: hits, and status effects
//! - `places`: what teams fight over, and where the dead return
//! - `life`: appearing, health, stamina, return
//! - `adoption`: other rules between two ticks

mod adoption;
mod arrows;
mod attacks;
mod bodies;
mod broken;
mod bursts;
mod commands;
mod crowd;
mod lasting;
mod life;
mod past;
mod places;
mod props;
mod rows;
mod strikes;

pub use places::Place;
pub use rows::{Arrow, Character, Effect, Prop};
use shieldwall_core::spatial::Scenery;
use shieldwall_core::spatial::obstacles::RespawnPoint;
use shieldwall_core::{
    CapturePoint, CharacterId, ConfigError, Event, Metres, MovementTicks, StepReport, Tick, Ticks, World,
    WorldConfig, flags, prop_flags,
};

/// A world, stepped the slow way.
#[derive(Debug)]
pub struct Reference {
    config: WorldConfig,
    /// Has the ground, and nothing else.
    ground: World,
    movement: MovementTicks,
    tick: Tick,
    characters: Vec<Character>,
    arrows: Vec<Arrow>,
    places: Vec<Place>,
    respawns: Vec<RespawnPoint>,
    scores: Vec<u32>,
    effects: Vec<Effect>,
    props: Vec<Prop>,
    /// Craters to be dug at the end of the tick.
    craters: Vec<shieldwall_core::Command>,
    /// Everybody after the last tick, after the one before, and so on.
    past: Vec<Vec<Character>>,
    /// How old what the player of each row sees is, in this tick.
    views: Vec<u16>,
    /// The arrows that were let go in this tick, and how old what their archers saw is.
    let_go: Vec<(usize, u16)>,
    events: Vec<Event>,
    report: StepReport,
}

impl Reference {
    /// An empty world at tick 0 without scenery.
    ///
    /// # Errors
    /// What the kernel finds wrong with the configuration.
    pub fn new(config: &WorldConfig) -> Result<Self, ConfigError> {
        Self::with_places(config, &Scenery::default())
    }

    /// The same with the capture points and respawn points of a scenery in which nothing stands.
    ///
    /// # Errors
    /// What the kernel finds wrong with either.
    pub fn with_places(config: &WorldConfig, scenery: &Scenery) -> Result<Self, ConfigError> {
        let empty =
            WorldConfig { character_capacity: 1, projectile_capacity: 0, prop_capacity: 0, ..*config };
        let ground = World::with_scenery(&WorldConfig { event_capacity: 64, ..empty }, scenery)?;
        let height = |point: &CapturePoint| ground.terrain().height_at(point.x, point.z).0;
        Ok(Self {
            config: *config,
            places: scenery.capture_points.iter().map(|point| Place::new(*point, height(point))).collect(),
            respawns: scenery.respawn_points.clone(),
            scores: vec![0; usize::from(config.teams)],
            ground,
            movement: MovementTicks::new(&config.rules, config.tick_hz),
            tick: Tick(0),
            characters: vec![Character::default(); config.character_capacity as usize],
            arrows: vec![Arrow::default(); config.projectile_capacity as usize],
            effects: vec![Effect::default(); 2 * config.character_capacity as usize],
            props: vec![Prop::default(); config.prop_capacity as usize],
            craters: Vec::new(),
            past: Vec::new(),
            let_go: Vec::new(),
            views: vec![0; config.character_capacity as usize],
            events: Vec::new(),
            report: StepReport::default(),
        })
    }

    /// Sets the next tick to run of a world in which nothing has happened.
    pub fn begin_at(&mut self, tick: Tick) {
        self.tick = tick;
    }

    /// The characters, one for each slot.
    #[must_use]
    pub fn characters(&self) -> &[Character] {
        &self.characters
    }

    /// The projectiles, one for each slot.
    #[must_use]
    pub fn arrows(&self) -> &[Arrow] {
        &self.arrows
    }

    /// The status effects, one for each slot.
    #[must_use]
    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// The props, one for each slot.
    #[must_use]
    pub fn props(&self) -> &[Prop] {
        &self.props
    }

    /// The capture points, by number.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// What the teams have gained by them.
    #[must_use]
    pub fn scores(&self) -> &[u32] {
        &self.scores
    }

    /// What the last step reported, as much as the capacity holds.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events[..self.events.len().min(self.config.event_capacity as usize)]
    }

    /// Runs one tick.
    pub fn step(&mut self, commands: &[shieldwall_core::Command]) -> StepReport {
        self.events.clear();
        self.report = StepReport { tick: self.tick, ..StepReport::default() };
        self.views.fill(0);
        self.obey(commands);
        self.return_the_dead();
        self.move_bodies();
        self.move_props();
        self.make_room();
        // Arrows meet whom they would have met before the swings: judged is one state.
        let targets: Vec<usize> = self.living().collect();
        self.raise_shields();
        self.attack();
        self.fly(&targets);
        self.last();
        self.regain_health();
        self.regain_stamina();
        self.age();
        self.dig();
        self.clear_broken_props();
        self.contest();
        self.remember();
        self.tick = self.tick + Ticks(1);
        let kept = self.events().len();
        StepReport {
            events: kept as u32,
            events_dropped: (self.events.len() - kept) as u32,
            characters: self.characters.iter().filter(|row| row.flags & flags::IN_USE != 0).count() as u32,
            projectiles: self.arrows.iter().filter(|row| row.alive != 0).count() as u32,
            props: self.props.iter().filter(|row| row.flags & prop_flags::IN_USE != 0).count() as u32,
            ..self.report
        }
    }

    /// The rows of the living.
    fn living(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.characters.len()).filter(|row| self.characters[*row].is_alive())
    }

    /// The row that an id names, alive or dead.
    fn row_of(&self, id: CharacterId) -> Option<usize> {
        let row = self.characters.get(id.slot as usize)?;
        (row.flags & flags::IN_USE != 0 && row.generation == id.generation).then_some(id.slot as usize)
    }

    /// The id of a row.
    fn id(&self, row: usize) -> CharacterId {
        CharacterId { slot: row as u32, generation: self.characters[row].generation }
    }

    /// A duration in whole ticks, rounded up.
    fn ticks(&self, milliseconds: impl Into<u32>) -> u32 {
        (milliseconds.into() * u32::from(self.config.tick_hz)).div_ceil(1_000)
    }

    /// Whether a tick has come.
    fn is_due(&self, tick: u32) -> bool {
        self.tick.0.wrapping_sub(tick).cast_signed() >= 0
    }

    /// How far from the middle the axis of a body of this class can be, raw.
    fn edge(&self, class: u8) -> i32 {
        self.config.half_extent.0 - self.config.rules.movement[usize::from(class)].radius.0
    }

    /// Height of the ground, raw.
    fn ground_at(&self, x: i32, z: i32) -> i32 {
        self.ground.terrain().height_at(Metres(x), Metres(z)).0
    }
}
