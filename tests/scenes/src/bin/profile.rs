//! Where a tick goes: nanoseconds of each stage for a crowd, on one thread.
//!
//! `profile [--rows N] [--scene fight|march|uniform] [--ticks N] [--lanes auto|scalar|portable|avx2|avx512]`
//!
//! Each figure is the median over all ticks. The commands of the scene are made outside the clock.

use shieldwall_core::{
    Brads, CharacterInput, Command, LaneChoice, Metres, Placement, Stage, World, WorldConfig, buttons,
};
use shieldwall_scenes::{Brawl, RunningBrawl};
use std::process::ExitCode;
use std::time::Instant;

/// What the command line asks for.
struct Wishes {
    rows: u32,
    scene: String,
    ticks: usize,
    lanes: LaneChoice,
}

fn wishes() -> Result<Wishes, String> {
    let mut wishes = Wishes { rows: 10_000, scene: "fight".into(), ticks: 240, lanes: LaneChoice::default() };
    let mut words = std::env::args().skip(1);
    while let Some(option) = words.next() {
        let word = words.next().ok_or(format!("{option} takes a word"))?;
        let number = || word.parse::<u32>().map_err(|_| format!("{option} takes a number, not '{word}'"));
        match option.as_str() {
            "--rows" => wishes.rows = number()?.clamp(1, 65_536),
            "--ticks" => wishes.ticks = number()?.clamp(1, 1_000_000) as usize,
            "--scene" => wishes.scene = word,
            "--lanes" => {
                wishes.lanes = match word.as_str() {
                    "auto" => LaneChoice::Auto,
                    "scalar" => LaneChoice::Scalar,
                    "portable" => LaneChoice::Portable,
                    "avx2" => LaneChoice::Avx2,
                    "avx512" => LaneChoice::Avx512,
                    other => return Err(format!("there are no lanes '{other}'")),
                }
            }
            other => return Err(format!("there is no option '{other}'")),
        }
    }
    Ok(wishes)
}

/// A scene in full swing, and who commands it.
fn scene(wishes: &Wishes) -> Result<(World, Option<Brawl>), String> {
    let rows = wishes.rows;
    match wishes.scene.as_str() {
        "fight" => {
            let config =
                WorldConfig { lanes: wishes.lanes, parallel_min_rows: u32::MAX, ..Brawl::config(3, rows) };
            let mut run = RunningBrawl::new(&config, rows);
            for _ in 0..180 {
                run.step();
            }
            Ok((run.world, Some(run.brawl)))
        }
        // About one for each square metre, or room for everybody.
        "uniform" => Ok((crowd(rows, 980, wishes.lanes), None)),
        "march" => Ok((crowd(rows, 5_000, wishes.lanes), None)),
        other => Err(format!("there is no scene '{other}'; there are: fight, march, uniform")),
    }
}

/// A square of characters that walk to all sides.
fn crowd(rows: u32, spacing_mm: i32, lanes: LaneChoice) -> World {
    let side = (1..).find(|side: &i32| (side * side) as u32 >= rows).unwrap_or(1);
    let half_m = (side * spacing_mm / 2_000 + 64).max(64);
    let config = WorldConfig {
        character_capacity: rows,
        event_capacity: 4 * rows + 1_024,
        half_extent: Metres::from_m(half_m),
        lanes,
        parallel_min_rows: u32::MAX,
        ..WorldConfig::default()
    };
    let mut world = World::new(&config).expect("a valid configuration");
    let spawn = |i: i32| {
        let at = |step: i32| Metres::from_mm((step - side / 2) * spacing_mm);
        let yaw = Brads((i * 7_919) as u16);
        let placement = Placement::At { x: at(i % side), z: at(i / side), yaw };
        Command::Spawn { tag: i as u32, team: 0, class: 0, placement }
    };
    world.step(&(0..rows as i32).map(spawn).collect::<Vec<_>>());
    let order = |slot: u32| {
        let yaw = Brads((slot * 7_919) as u16);
        let input = CharacterInput { buttons: buttons::SPRINT, move_forward: 90, yaw, ..Default::default() };
        Some(Command::Input { id: world.id_at(slot)?, input })
    };
    let orders: Vec<Command> = (0..rows).filter_map(order).collect();
    world.step(&orders);
    for _ in 0..30 {
        world.step(&[]);
    }
    world
}

fn median(samples: &mut [u64]) -> f64 {
    samples.sort_unstable();
    samples.get(samples.len() / 2).map_or(0.0, |middle| *middle as f64)
}

fn run(wishes: &Wishes) -> Result<(), String> {
    let (mut world, brawl) = scene(wishes)?;
    let mut samples = vec![Vec::with_capacity(wishes.ticks); Stage::ALL.len()];
    let mut whole = Vec::with_capacity(wishes.ticks);
    let mut commands = Vec::new();
    for _ in 0..wishes.ticks {
        commands.clear();
        if let Some(brawl) = &brawl {
            brawl.commands(&world, &mut commands);
        }
        let start = Instant::now();
        let mut last = start;
        world.step_observed(&commands, &mut |stage| {
            let now = Instant::now();
            samples[stage.index()].push((now - last).as_nanos() as u64);
            last = now;
        });
        whole.push(start.elapsed().as_nanos() as u64);
    }
    let lanes = wishes.lanes.resolved();
    println!(
        "{}, {} characters, {lanes:?} lanes, {} ticks, one thread",
        wishes.scene, wishes.rows, wishes.ticks
    );
    println!("{:<14}{:>14}{:>16}{:>9}", "stage", "us a tick", "ns a character", "share");
    let whole = median(&mut whole);
    for (stage, samples) in Stage::ALL.iter().zip(&mut samples) {
        line(stage.name(), median(samples), whole, wishes.rows);
    }
    line("whole tick", whole, whole, wishes.rows);
    Ok(())
}

fn line(name: &str, nanoseconds: f64, whole: f64, rows: u32) {
    let (each, share) = (nanoseconds / f64::from(rows), 100.0 * nanoseconds / whole.max(1.0));
    println!("{name:<14}{:>14.1}{each:>16.2}{share:>8.1}%", nanoseconds / 1e3);
}

fn main() -> ExitCode {
    match wishes().and_then(|wishes| run(&wishes)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("profile: {message}");
            ExitCode::FAILURE
        }
    }
}
