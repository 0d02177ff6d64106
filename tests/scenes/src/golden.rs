//! The scenes of the golden table: each a world, a script and a number of ticks.

use crate::scripts::{Brawl, muster};
use crate::{outpost, siege};
use shieldwall_core::spatial::Scenery;
use shieldwall_core::{Command, LaneChoice, SnapshotError, StateHash, World, WorldConfig};

/// Who gives the commands. A script looks at the world alone, so a restored world is commanded as the first was.
#[derive(Clone, Debug)]
pub enum Script {
    /// The scene of all languages.
    Muster,
    /// The other one: characters that nobody plays, structures, places, and every command.
    Outpost,
    /// The fight of two crowds.
    Brawl(Brawl),
    /// The same fight by all classes, who crouch and dodge, among walls and on ground that is dug up.
    Siege(Brawl),
    /// Two crowds of archers that shoot at each other.
    Duel(Brawl),
    /// The same fight by all classes in the open: every weapon and ability of the shipped rules.
    Warband(Brawl),
}

impl Script {
    /// The commands of the world's next tick, into a cleared `out`.
    pub fn commands(&self, world: &World, out: &mut Vec<Command>) {
        match self {
            Self::Brawl(brawl) => brawl.commands(world, out),
            Self::Siege(brawl) => {
                brawl.commands(world, out);
                siege::vary(world.tick().0, out);
            }
            Self::Duel(brawl) => {
                brawl.commands(world, out);
                siege::shoot_only(world.tick().0, out);
            }
            Self::Warband(brawl) => {
                brawl.commands(world, out);
                siege::all_classes(world.tick().0, out);
            }
            Self::Outpost => outpost::commands(world, out),
            Self::Muster => {
                out.clear();
                match world.tick().0 {
                    0 => out.extend(muster::spawns()),
                    tick => out.extend((0..muster::CHARACTERS).filter_map(|slot| {
                        let id = world.id_at(slot)?;
                        Some(Command::Input { id, input: muster::input(slot, tick) })
                    })),
                }
            }
        }
    }
}

/// A scene of the table.
#[derive(Clone, Debug)]
pub struct GoldenScene {
    /// Its name in the table.
    pub name: &'static str,
    /// How many ticks it takes.
    pub ticks: u32,
    /// Its world. Lanes and threads are the runner's choice.
    pub config: WorldConfig,
    /// What stands in it.
    pub scenery: Scenery,
    /// Its commands.
    pub script: Script,
}

/// Every scene of the table, in the order of their names.
#[must_use]
pub fn scenes() -> Vec<GoldenScene> {
    let brawl = |name, seed, characters, tick_hz, ticks| GoldenScene {
        name,
        ticks,
        config: WorldConfig { tick_hz, ..Brawl::config(seed, characters) },
        scenery: Scenery::default(),
        script: Script::Brawl(Brawl::new(seed, characters)),
    };
    vec![
        brawl("brawl_200_seed_12_at_20_hz_ticks_400", 12, 200, 20, 400),
        brawl("brawl_400_seed_11_ticks_600", 11, 400, 60, 600),
        GoldenScene {
            name: "duel_120_seed_15_ticks_600",
            ticks: 600,
            config: Brawl::config(15, 120),
            scenery: Scenery::default(),
            script: Script::Duel(Brawl::new(15, 120)),
        },
        GoldenScene {
            name: "muster",
            ticks: muster::TICKS + 1,
            config: muster::config(),
            scenery: Scenery::default(),
            script: Script::Muster,
        },
        GoldenScene {
            name: "outpost",
            ticks: outpost::TICKS,
            config: outpost::config(),
            scenery: outpost::scenery(),
            script: Script::Outpost,
        },
        GoldenScene {
            name: "siege_200_seed_13_ticks_1200",
            ticks: 1_200,
            config: Brawl::config(13, 200),
            scenery: siege::scenery(),
            script: Script::Siege(Brawl::new(13, 200)),
        },
        GoldenScene {
            name: "warband_160_seed_14_ticks_900",
            ticks: 900,
            config: Brawl::config(14, 160),
            scenery: Scenery::default(),
            script: Script::Warband(Brawl::new(14, 160)),
        },
    ]
}

/// A scene that runs.
#[derive(Debug)]
pub struct Run<'a> {
    /// Which scene.
    pub scene: &'a GoldenScene,
    /// Its world.
    pub world: World,
    commands: Vec<Command>,
}

impl<'a> Run<'a> {
    /// The scene at its beginning, on these lanes; split among threads from `parallel_min_rows` rows on.
    ///
    /// # Panics
    /// When the kernel refuses the scene's configuration: a mistake in this file.
    #[must_use]
    pub fn new(scene: &'a GoldenScene, lanes: LaneChoice, parallel_min_rows: u32) -> Self {
        let config = WorldConfig { lanes, parallel_min_rows, ..scene.config };
        let world = World::with_scenery(&config, &scene.scenery).expect("the scene's configuration is valid");
        Self { scene, world, commands: Vec::new() }
    }

    /// The scene where an image of it stands, written by whatever processor.
    ///
    /// # Errors
    /// What the kernel says of the image.
    pub fn from_image(
        scene: &'a GoldenScene,
        lanes: LaneChoice,
        image: &[u8],
    ) -> Result<Self, SnapshotError> {
        let mut run = Self::new(scene, lanes, u32::MAX);
        run.world.restore(image)?;
        Ok(run)
    }

    /// Runs until `tick` is the next tick.
    pub fn run_to(&mut self, tick: u32) {
        while self.world.tick().0 < tick {
            self.scene.script.commands(&self.world, &mut self.commands);
            self.world.step(&self.commands);
        }
    }

    /// Runs to the end; the hash there.
    #[must_use]
    pub fn finish(mut self) -> StateHash {
        self.run_to(self.scene.ticks);
        self.world.state_hash()
    }
}
