//! Walls, corners, steps, rims, ceilings: situations whose answer is known.

use super::support::*;
use crate::numeric::{Metres, Position, Velocity};
use crate::spatial::obstacles::*;
use alloc::vec;

fn wall() -> Obstacles {
    scene(vec![block([2_000, 0, -50_000], [2_100, 3_000, 50_000], 0)])
}

#[test]
fn nothing_moves_as_asked() {
    let empty = Obstacles::empty();
    let slide = empty.slide(BODY, at(0, 0, 0), way(500, -200, 30), NOW, &WALKING);
    assert_eq!(
        slide.position,
        Position::ORIGIN.offset(way(500, 0, 0)[0], way(0, -200, 0)[1], way(0, 0, 30)[2])
    );
    assert!(slide.clear && slide.planes().is_empty());
    assert_eq!(empty.ray(at(0, 0, 0), at(5_000, 0, 0), NOW), None);
    assert_eq!(empty.ground_below(BODY, at(0, 0, 0), Metres::from_m(10), NOW, &WALKING), None);
}

#[test]
fn a_thin_wall_stops_the_fastest() {
    let wall = wall();
    for speed in [100, 1_000, 40_000] {
        let slide = wall.slide(BODY, at(0, 10, 0), way(speed, 0, 0), NOW, &FLYING);
        let stop = Metres::from_mm(1_600);
        if speed == 100 {
            assert_eq!(slide.position, at(100, 10, 0));
        } else if speed > 1_600 {
            assert!(within(slide.position.x, stop, 2) && slide.position.x < stop, "{:?}", slide);
        }
        assert_eq!(slide.position.z, Metres::ZERO);
    }
}

#[test]
fn a_slide_along_a_wall_keeps_its_pace() {
    let wall = wall();
    let mut position = at(1_000, 10, 0);
    for _ in 0..60 {
        position = wall.slide(BODY, position, way(60, 0, 80), NOW, &WALKING).position;
    }
    assert!(within(position.x, Metres::from_mm(1_599), 1), "{position:?}");
    assert!(within(position.z, Metres::from_mm(60 * 80), 5), "{position:?}");
}

#[test]
fn velocity_loses_only_what_goes_into_the_wall() {
    let slide = wall().slide(BODY, at(1_590, 10, 0), way(60, 0, 80), NOW, &WALKING);
    let clipped = slide.clip(Velocity::from_raw(6 << 16, 100, 8 << 16));
    assert!(clipped.x.0.abs() <= 1, "{clipped:?}");
    assert_eq!((clipped.y.0, clipped.z.0), (100, 8 << 16));
    let away = Velocity::from_raw(-5, 0, 0);
    assert_eq!(slide.clip(away), away);
}

#[test]
fn a_corner_is_a_place_of_rest() {
    for degrees in [0, 17, -25] {
        // Two walls through one point, each turned about it.
        let wall = |degrees| block([-50_000, 0, -250], [50_000, 3_000, 250], degrees);
        let corner = scene(vec![wall(degrees), wall(degrees + 90), wall(degrees + 30)]);
        let mut position = at(-9_000, 10, -2_000);
        let mut rest = None;
        for tick in 0..850 {
            position = corner.slide(BODY, position, way(71, 0, 63), NOW, &WALKING).position;
            assert!(!corner.blocked(BODY, position, NOW));
            if tick == 250 {
                rest = Some(position);
            }
            assert!(tick < 250 || rest == Some(position), "{degrees}: moves in tick {tick}");
        }
    }
}

#[test]
fn a_low_ledge_is_stepped_onto_and_a_high_one_is_not() {
    for (height, goes_up) in [(150, true), (300, true), (390, true), (450, false), (2_000, false)] {
        let ledge = scene(vec![block([1_000, -1_000, -5_000], [9_000, height, 5_000], 0)]);
        let mut position = at(0, 0, 0);
        for _ in 0..40 {
            position = ledge.slide(BODY, position, way(80, 0, 0), NOW, &WALKING).position;
            let ground = ledge.ground_below(BODY, position, Metres::from_mm(400), NOW, &WALKING);
            let floor = ground.filter(|ground| ground.walkable).map_or(Metres::ZERO, |ground| ground.height);
            position.y = floor.max(Metres::ZERO);
        }
        let top = Metres::from_mm(height);
        assert_eq!(within(position.y, top, 1), goes_up, "{height}: {position:?}");
        assert_eq!(position.x > Metres::from_mm(2_000), goes_up, "{height}: {position:?}");
    }
}

#[test]
fn a_fall_ends_on_the_top() {
    let ledge = scene(vec![block([1_000, 0, -5_000], [9_000, 2_000, 5_000], 30)]);
    let slide = ledge.slide(BODY, at(4_000, 5_000, 0), way(0, -4_000, 0), NOW, &FLYING);
    assert!(within(slide.position.y, Metres::from_mm(2_001), 1), "{slide:?}");
    assert_eq!(slide.support, Some(Thing::shape(0).support()));
    let ground =
        ledge.ground_below(BODY, slide.position, Metres::from_mm(300), NOW, &WALKING).expect("a top");
    assert_eq!((ground.height, ground.normal, ground.walkable), (Metres::from_mm(2_000), Normal::UP, true));
}

#[test]
fn a_ceiling_ends_a_jump() {
    let ceiling = scene(vec![block([-5_000, 2_500, -5_000], [5_000, 2_700, 5_000], 0)]);
    let slide = ceiling.slide(BODY, at(0, 0, 0), way(100, 2_000, 0), NOW, &FLYING);
    assert!(within(slide.position.y, Metres::from_mm(699), 1), "{slide:?}");
    assert!(within(slide.position.x, Metres::from_mm(100), 1), "{slide:?}");
    assert_eq!(slide.planes(), &[Normal { x: 0, y: -(1 << 30), z: 0 }]);
}

#[test]
fn round_walls_are_walked_around() {
    let tower = scene(vec![pillar(3_000, 100, 1_000, 9_000)]);
    let mut position = at(0, 0, 0);
    for _ in 0..240 {
        position = tower.slide(BODY, position, way(60, 0, 0), NOW, &WALKING).position;
        assert!(!tower.blocked(BODY, position, NOW));
    }
    assert!(position.x > Metres::from_mm(4_400), "{position:?}");
}

#[test]
fn who_begins_inside_gets_out() {
    let house = scene(vec![block([0, 0, 0], [4_000, 6_000, 8_000], 25), pillar(-6_000, 0, 2_000, 6_000)]);
    for x in -9..6 {
        for z in -4..10 {
            let start = at(x * 1_000 + 130, 20, z * 1_000 + 70);
            let freed = house.depenetrate(BODY, start, NOW);
            assert!(!freed.stuck && !house.blocked(BODY, freed.position, NOW), "{start:?}: {freed:?}");
            let slide = house.slide(BODY, start, way(0, 0, 0), NOW, &WALKING);
            assert_eq!(slide.position, freed.position);
        }
    }
}
