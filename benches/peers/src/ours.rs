//! The kernel as a contender.

use crate::pairs::{self, PairFinder};
use crate::steps::{Crowded, Make, StartOfStep};
use crate::workload::{Frame, Pairs, RADIUS, Random, UNITS};
use shieldwall_core::spatial::contact_grid::{Bodies, ContactGrid, PairList, Radii};
use shieldwall_core::spatial::{Scenery, StaticShape};
use shieldwall_core::{
    Brads, CharacterId, CharacterInput, Command, LagRules, LaneChoice, Metres, MetresPerSecond, Placement,
    Position, Rules, TerrainSource, World, WorldConfig, buttons,
};

/// A configuration for so many characters within so many metres of the middle, without splitting among threads.
pub fn config(count: usize, reach_m: f32, lanes: LaneChoice) -> WorldConfig {
    let half = (reach_m as u32 + 64).next_power_of_two().max(64) as i32;
    WorldConfig {
        character_capacity: count as u32,
        projectile_capacity: 16.max(count as u32),
        event_capacity: 4 * count as u32 + 1_024,
        half_extent: Metres::from_m(half),
        lanes,
        parallel_min_rows: u32::MAX,
        rules: present_only(),
        ..WorldConfig::default()
    }
}

/// Rules of a world that keeps no history of where everybody was: the peers keep none.
pub fn present_only() -> Rules {
    let lag = LagRules { rewind_max_ms: 0, ..LagRules::default() };
    Rules { lag, ..Rules::default() }
}

/// Farthest coordinate of a start.
pub fn reach(start: &StartOfStep) -> f32 {
    start.x.iter().chain(&start.z).fold(0.0_f32, |most, v| most.max(v.abs()))
}

/// Spawns everybody where the start says, and gives the input that walks as the start wants.
pub fn populate(world: &mut World, start: &StartOfStep) -> Vec<Command> {
    let yaw = |i: usize| {
        Brads::yaw_of(Metres((start.vx[i] * 65_536.0) as i32), Metres((start.vz[i] * 65_536.0) as i32))
    };
    let spawns: Vec<Command> = (0..start.x.len())
        .map(|i| {
            let (x, z) = (Metres::from_f32_lossy(start.x[i]), Metres::from_f32_lossy(start.z[i]));
            Command::Spawn {
                tag: i as u32,
                team: 0,
                class: 0,
                placement: Placement::At { x, z, yaw: yaw(i) },
            }
        })
        .collect();
    world.step(&spawns);
    assert_eq!(world.character_count(), start.x.len(), "everybody finds room");
    let fastest = MetresPerSecond::from_mm(6_500).to_f32_lossy();
    let input = |i: usize| {
        let id: CharacterId = world.id_at(i as u32).expect("all were spawned, in order");
        let speed = start.vx[i].hypot(start.vz[i]);
        let input = CharacterInput {
            buttons: buttons::SPRINT,
            move_forward: (speed / fastest * 127.0).round().min(127.0) as i8,
            yaw: yaw(i),
            ..CharacterInput::default()
        };
        Command::Input { id, input }
    };
    (0..start.x.len()).map(input).collect()
}

/// Level ground with nothing on it.
pub fn flat() -> Scenery {
    Scenery { terrain: TerrainSource::Flat, ..Scenery::default() }
}

/// A world in which everybody walks.
pub struct Walkers {
    /// The world.
    pub world: World,
    /// What everybody is told to do, again and again.
    pub inputs: Vec<Command>,
    /// Whether every tick brings an input for everybody, or the first one holds.
    every_tick: bool,
    places: Vec<[i32; 2]>,
}

impl Walkers {
    /// With everybody in it, on level ground with nothing on it.
    pub fn new(start: &StartOfStep, lanes: LaneChoice, every_tick: bool) -> Self {
        Self::within(start, config(start.x.len(), reach(start), lanes), every_tick, &flat())
    }

    /// With everybody in it.
    pub fn within(start: &StartOfStep, config: WorldConfig, every_tick: bool, scenery: &Scenery) -> Self {
        let mut world = World::with_scenery(&config, scenery).expect("a valid configuration");
        let inputs = populate(&mut world, start);
        world.step(&inputs);
        Self { world, inputs, every_tick, places: vec![[0; 2]; start.x.len()] }
    }
}

impl Crowded for Walkers {
    fn name(&self) -> String {
        let lanes = self.world.config().lanes;
        let held = if self.every_tick { "" } else { ", held inputs" };
        let passes = match self.world.config().rules.crowd.passes {
            passes if MORE_PASSES.contains(&passes) => format!(", {passes} passes"),
            _ => String::new(),
        };
        format!("shieldwall {lanes:?}{held}{passes}")
    }

    fn is_ours(&self) -> bool {
        true
    }

    fn tick(&mut self) {
        self.world.step(if self.every_tick { &self.inputs } else { &[] });
        let view = self.world.characters();
        for (place, (x, z)) in self.places.iter_mut().zip(view.position_x.iter().zip(view.position_z)) {
            *place = [*x, *z];
        }
    }

    fn places(&self) -> Vec<[f32; 2]> {
        let metres = |v: i32| (f64::from(v) / 65_536.0) as f32;
        self.places.iter().map(|place| [metres(place[0]), metres(place[1])]).collect()
    }
}

/// Hills, and `count` boxes and posts spread over a square of twice `half_m`.
pub fn strewn(count: usize, half_m: i32) -> Scenery {
    let side = (count as f64).sqrt().ceil() as usize;
    let step = 2 * half_m * 65_536 / side as i32;
    let mut random = Random(9);
    let shape = |i: usize| {
        let mut place = |at: usize| Metres(-half_m * 65_536 + at as i32 * step + random.below(step));
        let (x, z) = (place(i % side), place(i / side));
        if i.is_multiple_of(2) {
            let half_sizes = [400 + 50 * (i % 9) as i32, 3_000, 300].map(Metres::from_mm);
            let centre = Position { x, y: Metres(0), z };
            StaticShape::Box { centre, half_sizes, yaw: Brads((i * 977) as u16) }
        } else {
            let base = Position { x, y: Metres::from_m(-4), z };
            StaticShape::Cylinder { base, radius: Metres::from_mm(350), height: Metres::from_m(8) }
        }
    };
    Scenery { terrain: TerrainSource::Seed, shapes: (0..count).map(shape).collect(), ..Scenery::default() }
}

/// The makers of walking worlds.
pub fn step_makers() -> Vec<Make> {
    let mut makers: Vec<Make> = Vec::new();
    for &lanes in LaneChoice::available() {
        makers.push(Box::new(move |start| Box::new(Walkers::new(start, lanes, true))));
    }
    makers.push(Box::new(|start| Box::new(Walkers::new(start, LaneChoice::Auto, false))));
    for passes in MORE_PASSES {
        makers.push(Box::new(move |start| {
            let mut config = plain(start);
            config.rules.crowd.passes = passes;
            Box::new(Walkers::within(start, config, true, &flat()))
        }));
    }
    makers
}

/// Passes of crowds that are to stand in themselves as little as physics engines let them: spread out, and in a battle.
const MORE_PASSES: [u8; 2] = [5, 6];

/// Shapes in the obstructed zones.
const SHAPES: usize = 5_000;

/// Half the side of a usual zone, in metres.
const ZONE_HALF_M: i32 = 512;

/// An open field, hills, and hills with shapes: name and maker.
pub fn field_makers() -> Vec<(&'static str, Make)> {
    let hills = || Scenery { terrain: TerrainSource::Seed, ..Scenery::default() };
    vec![
        ("open field", Box::new(|start| Box::new(Walkers::new(start, LaneChoice::Auto, true)))),
        ("hills", Box::new(move |start| Box::new(Walkers::within(start, plain(start), true, &hills())))),
        ("hills, 5,000 shapes on 1 km", Box::new(|start| Box::new(obstructed(start, ZONE_HALF_M)))),
        (
            "hills, 5,000 shapes in the crowd",
            Box::new(|start| Box::new(obstructed(start, plain(start).half_extent.to_mm() / 1_000))),
        ),
    ]
}

/// The configuration of a field for this crowd.
fn plain(start: &StartOfStep) -> WorldConfig {
    config(start.x.len(), reach(start), LaneChoice::Auto)
}

/// Everybody in a zone of twice `half_m` with [`SHAPES`] in it.
fn obstructed(start: &StartOfStep, half_m: i32) -> Walkers {
    let config = WorldConfig { half_extent: Metres::from_m(half_m), ..plain(start) };
    Walkers::within(start, config, true, &strewn(SHAPES, half_m))
}

/// The contact grid: rebuilt and asked for all pairs.
struct Touching {
    lanes: LaneChoice,
    grid: ContactGrid,
    rows: Vec<u32>,
    pairs: PairList,
}

impl PairFinder for Touching {
    fn name(&self) -> String {
        format!("shieldwall {:?}", self.lanes)
    }

    fn is_ours(&self) -> bool {
        true
    }

    fn find(&mut self, frame: &Frame, _out: &mut Pairs) {
        let radii = Radii::Same(Metres(RADIUS * UNITS));
        let bodies = Bodies { live: &self.rows, x: &frame.qx, y: &frame.qy, z: &frame.qz, radii };
        self.grid.rebuild(self.lanes, &bodies);
        let found = self.grid.pairs_into(self.lanes, &mut self.pairs);
        assert_eq!(found.lost, 0, "all pairs find room");
    }

    fn finish(&mut self, out: &mut Pairs) {
        let [first, second] = self.pairs.columns();
        out.clear();
        out.extend(first.iter().zip(second).map(|(a, b)| [*a, *b]));
    }
}

/// The makers of pair finders, one for each kind of lanes.
pub fn pair_makers() -> Vec<pairs::Make> {
    let make = |lanes: LaneChoice| -> pairs::Make {
        Box::new(move |frame| {
            let count = frame.len() as u32;
            Box::new(Touching {
                lanes,
                grid: ContactGrid::new(count),
                rows: (0..count).collect(),
                pairs: PairList::with_capacity(if count <= 1_000 { 600_000 } else { 8 * frame.len() }),
            })
        })
    };
    LaneChoice::available().iter().map(|lanes| make(*lanes)).collect()
}
