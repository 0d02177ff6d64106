//! Where the dead return: by whose the places are, who is there, and what is nearest.

use super::*;
use crate::numeric::Brads;
use crate::spatial::TerrainSource;
use crate::spatial::obstacles::{CapturePoint, RespawnPoint};
use crate::state::characters::{action, flags};
use crate::state::commands::Placement;
use alloc::vec;

/// A ring at x = 20 with a respawn point behind it, and one of team 1 at x = 0. Team 0's area is at x = -45.
fn scenery() -> Scenery {
    let respawn = |x: i32, owner| RespawnPoint {
        x: Metres::from_m(x),
        z: Metres::from_m(30),
        radius: Metres::from_m(4),
        owner,
    };
    let ring = CapturePoint {
        x: Metres::from_m(20),
        z: Metres::ZERO,
        radius: Metres::from_m(3),
        kind: 0,
        owner: NO_TEAM,
    };
    Scenery {
        terrain: TerrainSource::Flat,
        capture_points: vec![ring],
        respawn_points: vec![respawn(20, RespawnOwner::CapturePoint(0)), respawn(0, RespawnOwner::Team(1))],
        ..Scenery::default()
    }
}

/// Where somebody of team 0 who lies dead at x, z = 0 appears when the ring has this owner and these teams in it.
fn returns_to(x: i32, owner: u8, present: u16) -> (i32, i32) {
    let config = WorldConfig { character_capacity: 4, ..WorldConfig::default() };
    let mut world = World::with_scenery(&config, &scenery()).unwrap();
    let placement = Placement::At { x: Metres::from_m(x), z: Metres::ZERO, yaw: Brads(0) };
    world.step(&[Command::Spawn { tag: 0, team: 0, class: 0, placement }]);
    world.state.characters.flags[0] &= !flags::ALIVE;
    world.state.characters.health[0] = 0;
    world.state.characters.action[0] = action::DIED;
    world.state.characters.action_tick[0] = world.tick().0;
    (world.state.objectives.owner[0], world.state.objectives.present[0]) = (owner, present);
    let wait = u32::from(config.rules.life.respawn_ms) * u32::from(config.tick_hz) / 1_000;
    // What the ring is, is what it is in the tick of the return.
    for _ in 0..wait {
        world.step(&[]);
        (world.state.objectives.owner[0], world.state.objectives.present[0]) = (owner, present);
    }
    world.step(&[]);
    let view = world.characters();
    assert!(view.flags[0] & flags::ALIVE != 0, "it lives again");
    (view.position(0).x.0 >> 16, view.position(0).z.0 >> 16)
}

#[test]
fn the_dead_return_to_the_nearest_place_that_is_theirs() {
    let is_point = |(x, z): (i32, i32)| (16..24).contains(&x) && (26..34).contains(&z);
    let is_area = |(x, _): (i32, i32)| (-56..=-35).contains(&x);
    assert!(is_point(returns_to(15, 0, 0)), "the ring is theirs");
    assert!(is_point(returns_to(15, 0, 1)), "and they are in it");
    assert!(is_area(returns_to(15, 0, 0b11)), "others are in it");
    assert!(is_area(returns_to(15, 1, 0)), "it is of others");
    assert!(is_area(returns_to(15, NO_TEAM, 0)), "it is nobody's");
    assert!(is_area(returns_to(-40, 0, 0)), "their area is nearer");
    assert!(is_area(returns_to(0, NO_TEAM, 0)), "that of others is not theirs, however near");
}

#[test]
fn a_respawn_point_of_a_team_that_is_not_there_is_no_world() {
    let mut scenery = scenery();
    scenery.respawn_points[1].owner = RespawnOwner::Team(2);
    let error = World::with_scenery(&WorldConfig::default(), &scenery).unwrap_err();
    assert!(matches!(error, ConfigError::OutOfRange { field: "respawn_points.owner", value: 2, .. }));
}
