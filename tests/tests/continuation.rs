//! Any state taken back goes on as if nothing had happened: at random ticks of every scene, by every way there is. More
//! than a thousand points in all.

use shieldwall_core::numeric::Purpose;
use shieldwall_core::numeric::rng::random_u32;
use shieldwall_core::spatial::Scenery;
use shieldwall_core::{
    Brads, CharacterInput, Command, LagRules, LaneChoice, Metres, PartialPolicy, Placement, Position,
    ReplayOptions, ReplayReader, ReplayWriter, Rules, SavedState, Selection, StateHash, Tick, Ticks, World,
    WorldConfig, buttons,
};
use shieldwall_tests::scenes::golden::{Run, Script, scenes};

/// Points of each scene and way. With four scenes at least and four ways: over 1,000.
const POINTS: u32 = 66;

/// Most ticks that are run on from a point.
const RUN_ON: u32 = 24;

/// A scene of the table, or a crowd that presses into one spot.
enum Scene {
    Golden(Script),
    Press,
}

impl Scene {
    const PRESS_CHARACTERS: u32 = 220;

    /// Of a world that never looks back: a part is all there is of it.
    fn press_config() -> WorldConfig {
        let lag = LagRules { rewind_max_ms: 0, ..LagRules::default() };
        WorldConfig {
            rules: Rules { lag, ..Rules::default() },
            seed: 31,
            half_extent: Metres::from_m(48),
            character_capacity: 256,
            projectile_capacity: 64,
            ..WorldConfig::default()
        }
    }

    fn commands(&self, world: &World, out: &mut Vec<Command>) {
        if let Self::Golden(script) = self {
            return script.commands(world, out);
        }
        out.clear();
        let tick = world.tick();
        if tick == Tick(0) {
            let spot = |tag: u32| Placement::At {
                x: Metres::from_mm((tag % 16) as i32 * 100),
                z: Metres::from_mm((tag / 16) as i32 * 100),
                yaw: Brads(0),
            };
            out.extend((0..Self::PRESS_CHARACTERS).map(|tag| Command::Spawn {
                tag,
                team: (tag % 2) as u8,
                class: 0,
                placement: spot(tag),
            }));
            return;
        }
        for slot in (tick.0 % 4..Self::PRESS_CHARACTERS).step_by(4) {
            let Some(id) = world.id_at(slot) else { continue };
            let input = CharacterInput {
                buttons: if random_u32(5, tick, slot, Purpose::Scripted).is_multiple_of(8) {
                    buttons::MELEE | buttons::JUMP
                } else {
                    buttons::SPRINT
                },
                move_forward: 127,
                yaw: world.characters().position(slot).yaw_toward(Position::ORIGIN),
                ..CharacterInput::default()
            };
            out.push(Command::Input { id, input });
        }
    }
}

/// A run that was never interrupted, and what was kept of it at some ticks.
struct Uninterrupted {
    scene: Scene,
    config: WorldConfig,
    scenery: Scenery,
    /// The hash before each tick, from tick 0 on.
    hashes: Vec<StateHash>,
    points: Vec<u32>,
    saved: Vec<SavedState>,
    images: Vec<Vec<u8>>,
    parts: Vec<Vec<u8>>,
    replay: Vec<u8>,
}

impl Uninterrupted {
    fn run(scene: Scene, config: &WorldConfig, scenery: &Scenery, ticks: u32) -> Self {
        let mut world = World::with_scenery(config, scenery).expect("the scene is valid");
        let mut points: Vec<u32> = (0..POINTS)
            .map(|at| random_u32(77, Tick(at), ticks, Purpose::Scripted) % (ticks - RUN_ON))
            .collect();
        points.sort_unstable();
        let mut whole = Self {
            scene,
            config: *config,
            scenery: scenery.clone(),
            hashes: vec![],
            points,
            saved: vec![],
            images: vec![],
            parts: vec![],
            replay: vec![],
        };
        let options =
            ReplayOptions { hash_every: Ticks(9), keyframe_every: Ticks(25), chunk_ticks: Ticks(10) };
        let mut writer = ReplayWriter::begin_with(&world, &options, &mut whole.replay);
        let mut commands = Vec::new();
        for tick in 0..ticks {
            whole.hashes.push(world.state_hash());
            let here = whole.points.iter().filter(|point| **point == tick).count();
            for _ in 0..here {
                whole.keep(&world);
            }
            whole.scene.commands(&world, &mut commands);
            world.step(&commands);
            writer.record(&world, &commands, &mut whole.replay);
        }
        whole.hashes.push(world.state_hash());
        writer.finish(&world, &mut whole.replay);
        whole
    }

    fn keep(&mut self, world: &World) {
        let (mut saved, mut image, mut part) = (SavedState::new(), Vec::new(), Vec::new());
        let hash = world.state_hash();
        assert_eq!(world.save(&mut saved), hash);
        assert_eq!(world.snapshot_into(&mut image), hash);
        world.snapshot_partial_into(&Selection::All, &mut part);
        self.saved.push(saved);
        self.images.push(image);
        self.parts.push(part);
    }

    /// Runs a world on from a point; every hash must be that of the uninterrupted run.
    fn goes_on(&self, world: &mut World, point: usize, way: &str) -> u32 {
        let tick = self.points[point];
        let mut commands = Vec::new();
        for next in
            tick..=tick + 1 + random_u32(78, Tick(tick), point as u32, Purpose::Scripted) % (RUN_ON - 1)
        {
            assert_eq!(world.tick(), Tick(next));
            assert_eq!(world.state_hash(), self.hashes[next as usize], "{way}: from {tick}, at {next}");
            // The script looks at this world: its queries answer as the other's.
            self.scene.commands(world, &mut commands);
            world.step(&commands);
        }
        1
    }

    /// Every way at every point; how many there were.
    fn check(&self) -> u32 {
        let mut points = 0;
        // One world that has been through everything, and a fresh one now and then, on other lanes.
        let mut used = World::with_scenery(&self.config, &self.scenery).expect("the scene is valid");
        let lanes = LaneChoice::available();
        let replay = ReplayReader::new(&self.replay).expect("a whole recording");
        let replay = replay.with_scenery(self.scenery.clone());
        for point in 0..self.points.len() {
            // Out of order, so that a world goes back as often as on.
            let point = point * 29 % self.points.len();
            let tick = self.points[point];
            used.load(&self.saved[point]).expect("its own state");
            points += self.goes_on(&mut used, point, "saved state");
            used.restore(&self.images[point]).expect("its own image");
            points += self.goes_on(&mut used, point, "image");
            let config = WorldConfig { lanes: lanes[point % lanes.len()], ..self.config };
            let mut fresh = World::with_scenery(&config, &self.scenery).expect("the scene is valid");
            let looks_back = config.rules.lag.rewind_max_ms > 0;
            if looks_back || used.terrain_deltas().iter().len() > 0 {
                // A part carries neither ground nor history: it is taken into a world whose ground is dug up in the same
                // way, and that remembers the same.
                fresh.restore(&self.images[point]).expect("its own image");
            } else {
                assert!(fresh.begin_at(Tick(tick)));
            }
            fresh.apply_partial(&self.parts[point], PartialPolicy::Overwrite).expect("its own part");
            points += self.goes_on(&mut fresh, point, "part");
            let mut sought = replay.seek(Tick(tick)).expect("a recorded tick");
            points += self.goes_on(&mut sought, point, "replay");
        }
        points
    }
}

#[test]
fn restored_and_continued_equals_uninterrupted() {
    let mut points = 0;
    for scene in scenes() {
        let run = Run::new(&scene, LaneChoice::default(), u32::MAX);
        let config = *run.world.config();
        let script = Scene::Golden(scene.script.clone());
        points += Uninterrupted::run(script, &config, &scene.scenery, scene.ticks).check();
    }
    points += Uninterrupted::run(Scene::Press, &Scene::press_config(), &Scenery::default(), 300).check();
    assert!(points >= 1_000, "{points}");
}

/// The press is one: most have somebody within arm's reach.
#[test]
fn the_press_is_dense() {
    let mut world = World::new(&Scene::press_config()).expect("the scene is valid");
    let mut commands = Vec::new();
    for _ in 0..120 {
        Scene::Press.commands(&world, &mut commands);
        world.step(&commands);
    }
    let mut near = 0;
    for slot in 0..Scene::PRESS_CHARACTERS {
        let place = world.characters().position(slot);
        world.for_each_character_in_radius(place.x, place.z, Metres::from_mm(1_200), |_| near += 1);
    }
    assert!(near > 4 * Scene::PRESS_CHARACTERS, "{near}");
}
