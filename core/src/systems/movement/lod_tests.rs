//! Bodies that nobody watches: they rest, they wake, they get as far, and nothing depends on how a world came about.

use super::*;
use crate::rules::MovementRules;
use crate::{Command, LaneChoice, Placement, World, WorldConfig};
use alloc::vec::Vec;

/// Class 1 is stepped less often, class 0 watches.
fn config() -> WorldConfig {
    let mut config = WorldConfig {
        half_extent: Metres::from_m(512),
        terrain_spacing: Metres::from_m(8),
        character_capacity: 64,
        ..WorldConfig::default()
    };
    config.rules.movement[1] = MovementRules { lod: 1, ..config.rules.movement[0] };
    config
}

fn spawn(class: u8, x: i32, z: i32) -> Command {
    let placement = Placement::At { x: Metres::from_m(x), z: Metres::from_m(z), yaw: Brads(0) };
    Command::Spawn { tag: 0, team: 0, class, placement }
}

fn forward(world: &World, slot: u32, yaw: u16) -> Command {
    let input = CharacterInput { move_forward: 127, yaw: Brads(yaw), ..CharacterInput::default() };
    Command::Input { id: world.id_at(slot).unwrap(), input }
}

#[test]
fn far_walkers_get_as_far_in_fewer_steps() {
    let mut world = World::new(&config()).unwrap();
    world.step(&[spawn(1, 300, 300), spawn(0, -300, -300)]);
    let go = [forward(&world, 0, 0), forward(&world, 1, 0)];
    world.step(&go);
    let (mut places, mut changes) = (Vec::new(), 0);
    for _ in 0..240 {
        let before = world.characters().position(0);
        world.step(&[]);
        changes += u32::from(world.characters().position(0) != before);
        places.push(world.characters().position(0).z);
    }
    assert_eq!(changes, 60, "every fourth tick");
    let way = (places[0] - places[239]).to_mm();
    assert!((way - 16_000).abs() < 400, "{way} mm in four seconds at 4 m/s");
}

#[test]
fn sleepers_wake_when_a_watcher_comes_and_keep_their_place() {
    let mut world = World::new(&config()).unwrap();
    world.step(&[spawn(1, 0, 0), spawn(0, 0, 120)]);
    for _ in 0..60 {
        world.step(&[]);
    }
    let asleep = world.move_state(world.id_at(0).unwrap()).unwrap();
    // An impulse is noticed although nobody watches.
    let id = world.id_at(0).unwrap();
    world.step(&[Command::Impulse { id, velocity: Velocity::from_raw(3 << 16, 3 << 16, 0) }]);
    for _ in 0..240 {
        world.step(&[]);
    }
    let moved = world.move_state(id).unwrap();
    assert!(moved.position.x > asleep.position.x && moved.velocity == Velocity::ZERO, "{moved:?}");
    let walk = forward(&world, 1, 0);
    world.step(&[walk]);
    let mut stepped_each = 0;
    let sleeper = forward(&world, 0, 16_384);
    for tick in 0..1_500 {
        let before = world.characters().position(0);
        world.step(if tick == 930 { core::slice::from_ref(&sleeper) } else { &[] });
        let way = world.characters().position(1).distance(world.characters().position(0));
        if tick > 930 && way < Metres::from_m(60) {
            stepped_each += 1;
            assert_ne!(world.characters().position(0), before, "tick {tick}: near, and steps in every tick");
        }
    }
    assert!(stepped_each > 100);
}

#[test]
fn restored_worlds_and_other_lanes_agree_about_sleepers() {
    let mut world = World::new(&config()).unwrap();
    let spawns: Vec<Command> = (0..60)
        .map(|at: i32| spawn(u8::from(at % 7 != 0), at * 16 - 480, (at * 37 % 60) * 16 - 480))
        .collect();
    world.step(&spawns);
    let mut image = Vec::new();
    for tick in 0..200_u32 {
        if tick == 97 {
            world.snapshot_into(&mut image);
        }
        world.step(&orders(&world, tick));
    }
    for lanes in LaneChoice::available() {
        let mut other = World::new(&WorldConfig { lanes: *lanes, ..config() }).unwrap();
        other.restore(&image).unwrap();
        for tick in 97..200 {
            let orders = orders(&other, tick);
            other.step(&orders);
        }
        assert_eq!(other.state_hash(), world.state_hash(), "{lanes:?}");
    }
}

/// A third of them walk for a while, each in its own direction.
fn orders(world: &World, tick: u32) -> Vec<Command> {
    let slots = (0..60).filter(|slot| (slot + tick).is_multiple_of(50) && slot % 3 == 0);
    slots.map(|slot| forward(world, slot, (slot * 3_001 + tick * 700) as u16)).collect()
}
