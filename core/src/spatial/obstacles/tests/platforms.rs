//! Platforms: where they are, whom they carry, whom they push.

use super::support::*;
use crate::numeric::{Brads, Metres, Position, Tick};
use crate::spatial::obstacles::math::V3;
use crate::spatial::obstacles::*;
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;

fn waypoint(centre: Position, degrees: i32, ticks: u32) -> Waypoint {
    Waypoint { centre, yaw: Brads::from_degrees(degrees), ticks }
}

fn with_platform(waypoints: Vec<Waypoint>, shapes: Vec<StaticShape>) -> Obstacles {
    let half_sizes = way(2_000, 250, 1_000);
    let scenery =
        Scenery { shapes, platforms: vec![Platform { half_sizes, waypoints }], ..Scenery::default() };
    Obstacles::bake(&scenery, Metres::from_m(200)).expect("valid")
}

#[test]
fn places_follow_the_path_and_repeat() {
    let platform = Platform {
        half_sizes: way(1_000, 250, 1_000),
        waypoints: vec![
            waypoint(at(0, 0, 0), 0, 100),
            waypoint(at(10_000, 0, 0), 90, 200),
            waypoint(at(10_000, 5_000, 0), 350, 120),
        ],
    };
    assert_eq!(platform.validate(0), Ok(()));
    let place = |tick| platform.place(Tick(tick));
    assert_eq!((place(0).centre, place(0).yaw), (at(0, 0, 0), Brads(0)));
    assert_eq!(place(50).centre, at(5_000, 0, 0));
    assert_eq!(place(50).yaw, Brads::from_degrees(45));
    assert_eq!(place(100).centre, at(10_000, 0, 0));
    assert_eq!(place(200).centre, at(10_000, 2_500, 0));
    assert!(place(200).yaw.distance(Brads::from_degrees(40)) < 3, "the shorter way, over north");
    for tick in [0, 17, 100, 359] {
        assert_eq!(place(tick), place(tick + 420));
        assert_eq!(place(tick), place(tick + 420 * 1_000));
    }
}

/// Somebody who stands on a platform that rises, moves and turns stays where they stand on it.
#[test]
fn who_stands_on_one_is_carried() {
    let path = vec![waypoint(at(0, 0, 0), 0, 240), waypoint(at(9_000, 3_000, -4_000), 170, 240)];
    let obstacles = with_platform(path, vec![]);
    let mut position = at(1_200, 250, 600);
    let mut support = Thing::platform(0).support();
    let local = |position: Position, tick: Tick| {
        let (centre, yaw) = obstacles.platform_place(0, tick).expect("there is one");
        let turn = math::Turn::of(yaw);
        let away = V3::of(position).minus(V3::of(centre));
        turn.into_local(away.x, away.z)
    };
    let start = local(position, Tick(0));
    for tick in (1..2_000).map(Tick) {
        let shift = obstacles.platform_shift(support, tick).expect("a platform");
        position = shift.carry(position);
        let slide = obstacles.slide(BODY, position, way(0, 0, 0), tick, &WALKING);
        let ground = obstacles.ground_below(BODY, slide.position, Metres::from_mm(300), tick, &WALKING);
        let ground = ground.expect("it is still under the feet");
        assert!(ground.walkable);
        support = ground.support;
        position = Position { y: ground.height, ..slide.position };
        let now = local(position, tick);
        // A raw unit of rounding a tick at most.
        let most = i64::from(tick.0) + 10;
        assert!((now.0 - start.0).abs() < most && (now.1 - start.1).abs() < most, "{tick:?}: {now:?}");
    }
}

#[test]
fn who_stands_in_the_way_is_pushed() {
    let path = vec![waypoint(at(-9_000, 1_000, 0), 0, 120), waypoint(at(9_000, 1_000, 0), 0, 120)];
    let obstacles = with_platform(path, vec![]);
    let mut position = at(0, 800, 0);
    for tick in (0..120).map(Tick) {
        let slide = obstacles.slide(BODY, position, way(0, 0, 0), tick, &WALKING);
        assert!(!slide.stuck);
        position = slide.position;
        assert!(!obstacles.blocked(BODY, position, tick));
    }
    assert!(position.x > Metres::from_mm(11_000) || position.y > Metres::from_mm(1_200), "{position:?}");
}

/// Crushed between a platform and a wall: the wall wins, and when the platform is gone nobody is stuck.
#[test]
fn nobody_is_pushed_into_a_wall() {
    let path = vec![waypoint(at(-9_000, 1_000, 0), 0, 120), waypoint(at(3_000, 1_000, 0), 0, 120)];
    let wall = block([5_200, -1_000, -30_000], [6_000, 9_000, 30_000], 0);
    let obstacles = with_platform(path, vec![wall]);
    let wall_alone = scene(vec![wall]);
    let mut position = at(4_000, 800, 0);
    for tick in (0..300).map(Tick) {
        position = obstacles.slide(BODY, position, way(0, 0, 0), tick, &WALKING).position;
        assert!(!wall_alone.blocked(BODY, position, tick), "{tick:?}: {position:?}");
        assert!(position.x < Metres::from_mm(5_200));
    }
    assert!(!obstacles.blocked(BODY, position, Tick(299)));
}

#[test]
fn paths_are_checked() {
    let check =
        |waypoints: Vec<Waypoint>| Platform { half_sizes: way(1_000, 250, 1_000), waypoints }.validate(7);
    let platform = 7;
    assert_eq!(check(vec![]), Err(SceneryError::PlatformPath { platform }));
    assert_eq!(check(vec![waypoint(at(0, 0, 0), 0, 0)]), Err(SceneryError::PlatformPath { platform }));
    assert_eq!(check(vec![waypoint(at(0, 0, 0), 0, 1)]), Ok(()));
    let fast = vec![waypoint(at(0, 0, 0), 0, 30), waypoint(at(9_000, 0, 0), 0, 60)];
    assert_eq!(check(fast), Err(SceneryError::PlatformTooFast { platform, leg: 0 }));
    let spins = vec![waypoint(at(0, 0, 0), 0, 60), waypoint(at(0, 0, 0), 180, 8)];
    assert_eq!(check(spins), Err(SceneryError::PlatformTooFast { platform, leg: 1 }));
    let far = vec![waypoint(at(32_766_500, 0, 0), 0, 60)];
    assert_eq!(check(far), Err(SceneryError::PlatformPlace { platform }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// No point of it moves farther in a tick than is allowed.
    #[test]
    fn steps_are_bounded(
        points in proptest::collection::vec(((-9_000..9_000_i32, 0..3_000_i32, -9_000..9_000_i32), any::<u16>(), 1..400_u32), 1..5),
        tick in any::<u32>()
    ) {
        let waypoints = points.iter()
            .map(|((x, y, z), yaw, ticks)| Waypoint { centre: at(*x, *y, *z), yaw: Brads(*yaw), ticks: *ticks })
            .collect();
        let platform = Platform { half_sizes: way(1_000, 250, 3_000), waypoints };
        prop_assume!(platform.validate(0).is_ok() && tick > 0);
        let shift = platform.shift(Tick(tick));
        let before = platform.place(Tick(tick - 1));
        let turn = math::Turn::of(before.yaw);
        let most = i64::from(Metres::from_mm(limits::PLATFORM_STEP_MAX_MM).0) + 4;
        for (x, z) in [(1_000, 3_000), (-1_000, 3_000), (1_000, -3_000)] {
            let (out_x, out_z) = turn.out(Metres::from_mm(x).0.into(), Metres::from_mm(z).0.into());
            let rim = before.centre.offset(Metres(out_x as i32), Metres::ZERO, Metres(out_z as i32));
            let way = V3::of(shift.carry(rim)).minus(V3::of(rim));
            prop_assert!(way.length() <= most, "{way:?}");
        }
    }
}
