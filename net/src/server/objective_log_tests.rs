//! What is noted, and when.

use super::*;
use shieldwall_core::spatial::{Scenery, TerrainSource};
use shieldwall_core::{Brads, CapturePoint, Command, Placement};

fn world_of(points: Vec<CapturePoint>) -> World {
    let mut config = WorldConfig { character_capacity: 16, ..WorldConfig::default() };
    config.rules.crowd.passes = 0;
    let scenery = Scenery { terrain: TerrainSource::Flat, capture_points: points, ..Scenery::default() };
    World::with_scenery(&config, &scenery).expect("a good configuration")
}

fn ring(x: i32, kind: u8, owner: u8) -> CapturePoint {
    CapturePoint { x: Metres::from_m(x), z: Metres::ZERO, radius: Metres::from_m(5), kind, owner }
}

fn spawn(team: u8, x: i32) -> Command {
    let placement = Placement::At { x: Metres::from_m(x), z: Metres::ZERO, yaw: Brads(0) };
    Command::Spawn { tag: 0, team, class: 0, placement }
}

/// Runs a tick; how many entries were noted in it.
fn notes(world: &mut World, log: &mut ObjectiveLog, commands: &[Command]) -> u32 {
    let (tick, before) = (world.tick(), log.newest);
    world.step(commands);
    log.learn(world, tick);
    log.newest - before
}

#[test]
fn what_goes_on_as_it_must_is_noted_once() {
    let mut world = world_of(vec![ring(0, 0, NO_TEAM), ring(40, 0, 1)]);
    let mut log = ObjectiveLog::new(world.config());
    assert_eq!(notes(&mut world, &mut log, &[]), 4, "two points, two teams");
    // The owner gains a point a second, as everybody reckons.
    let quiet: u32 = (0..200).map(|_| notes(&mut world, &mut log, &[])).sum();
    assert_eq!(quiet, 0);
    assert_eq!(notes(&mut world, &mut log, &[spawn(0, 0)]), 1, "a contender");
    let gaining: u32 = (0..600).map(|_| notes(&mut world, &mut log, &[])).sum();
    assert_eq!(gaining, 0, "progress is foretold");
    assert!(world.objectives().progress[0] > 0);
    // Three more at once, and every few ticks another one: no more than four notes a second.
    let crowd: u32 = (0..60)
        .map(|at| {
            let more = if at % 5 == 0 { vec![spawn(0, 1)] } else { Vec::new() };
            notes(&mut world, &mut log, &more)
        })
        .sum();
    assert!((1..=4).contains(&crowd), "{crowd} notes in a second");
    let captured = (0..1_800).map(|_| notes(&mut world, &mut log, &[])).find(|count| *count == 3);
    assert!(captured.is_some() && world.objectives().owner[0] == 0, "the point and both scores");
}

#[test]
fn who_comes_late_is_told_all_of_it_and_each_thing_once() {
    let mut world = world_of((0..20).map(|at| ring(at * 4 - 40, 0, NO_TEAM)).collect());
    let mut log = ObjectiveLog::new(world.config());
    notes(&mut world, &mut log, &[]);
    for x in [-40, 0, 20] {
        notes(&mut world, &mut log, &[spawn(1, x)]);
    }
    assert_eq!(log.since(0).count(), 22);
    let changed = log.since(22).count();
    assert!(changed >= 3 && log.since(log.newest).count() == 0);
    let numbers: Vec<u32> = log.since(0).map(|noted| noted.number).collect();
    assert!(numbers.is_sorted());
}
