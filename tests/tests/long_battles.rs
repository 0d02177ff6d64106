//! Battles of 10,000 ticks, by hand: `cargo xtask golden --long`. The golden table holds the same scenes for some hundred
//! ticks and on every processor; here they go on until walls have fallen by the score and everybody has died often.

use shieldwall_core::numeric::Purpose;
use shieldwall_core::numeric::rng::{below, random_u32};
use shieldwall_core::{
    Command, Event, LaneChoice, ReplayOptions, ReplayReader, ReplayWriter, Tick, World, WorldConfig,
};
use shieldwall_scenes::golden::{GoldenScene, Script, scenes};
use shieldwall_tests::wilds;
use std::collections::BTreeSet;

const TICKS: u32 = 10_000;

/// A battle: how its world is made, and its commands.
struct Battle {
    name: &'static str,
    config: WorldConfig,
    scenery: shieldwall_core::spatial::Scenery,
    script: Option<Script>,
}

impl Battle {
    fn of(scene: GoldenScene) -> Self {
        Self { name: scene.name, config: scene.config, scenery: scene.scenery, script: Some(scene.script) }
    }

    fn world(&self, lanes: LaneChoice, parallel_min_rows: u32) -> World {
        let config = WorldConfig { lanes, parallel_min_rows, ..self.config };
        World::with_scenery(&config, &self.scenery).expect("a valid scene")
    }

    fn step(&self, world: &mut World, commands: &mut Vec<Command>) {
        match &self.script {
            Some(script) => script.commands(world, commands),
            None => wilds::commands(world, commands),
        }
        world.step(commands);
    }
}

fn battles() -> Vec<Battle> {
    let scripted = scenes().into_iter().filter(|scene| !matches!(scene.script, Script::Muster));
    let monsters =
        Battle { name: "monsters", config: wilds::config(), scenery: wilds::scenery(), script: None };
    scripted.map(Battle::of).chain([monsters]).collect()
}

#[test]
#[ignore = "minutes: cargo xtask golden --long"]
fn ten_thousand_ticks_end_alike_however_they_are_run() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("threads");
    for battle in battles() {
        let mut commands = Vec::new();
        let mut world = battle.world(LaneChoice::Auto, u32::MAX);
        let (mut image, mut recorded) = (Vec::new(), Vec::new());
        let mut writer = ReplayWriter::begin_with(&world, &ReplayOptions::default(), &mut recorded);
        let seed = world.config().seed;
        let cut = below(random_u32(seed, Tick(1), 0, Purpose::Scripted), TICKS);
        let (mut deaths, mut fallen) = (0_u64, BTreeSet::new());
        for tick in 0..TICKS {
            if tick == cut {
                world.snapshot_into(&mut image);
            }
            battle.step(&mut world, &mut commands);
            writer.record(&world, &commands, &mut recorded);
            for event in world.events() {
                match event {
                    Event::Died { .. } => deaths += 1,
                    Event::StructureFell { section, .. } => _ = fallen.insert(*section),
                    _ => {}
                }
            }
        }
        writer.finish(&world, &mut recorded);
        let hash = world.state_hash();
        println!("{}: {hash}, {deaths} deaths, {} sections fallen, cut at {cut}", battle.name, fallen.len());
        assert!(deaths > 100, "{}: {deaths} deaths", battle.name);
        assert!(!battle.name.starts_with("siege") || fallen.len() >= 50, "{} fell", fallen.len());

        let mut scalar = battle.world(LaneChoice::Scalar, u32::MAX);
        (0..TICKS).for_each(|_| battle.step(&mut scalar, &mut commands));
        assert_eq!(scalar.state_hash(), hash, "{}: scalar lanes", battle.name);
        let mut threaded = battle.world(LaneChoice::Auto, 1);
        pool.install(|| (0..TICKS).for_each(|_| battle.step(&mut threaded, &mut commands)));
        assert_eq!(threaded.state_hash(), hash, "{}: three threads", battle.name);
        let mut restored = battle.world(LaneChoice::Auto, u32::MAX);
        restored.restore(&image).expect("an image of the same world");
        (cut..TICKS).for_each(|_| battle.step(&mut restored, &mut commands));
        assert_eq!(restored.state_hash(), hash, "{}: restored at {cut}", battle.name);
        let reader = ReplayReader::new(&recorded).expect("a recording").with_scenery(battle.scenery.clone());
        reader.verify(TICKS).expect("the recording plays to the same end");
    }
}
