//! The short way among walls, held to the way among things of all kinds: bit for bit.

use super::properties::any_shape;
use super::support::*;
use crate::numeric::{Brads, Metres, Position};
use crate::spatial::obstacles::beside::Among;
use crate::spatial::obstacles::math::V3;
use crate::spatial::obstacles::slide::Limits;
use crate::spatial::obstacles::*;
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;

fn wall(x: i32, z: i32, half: [i32; 2], yaw: u16) -> StaticShape {
    let half_sizes = [half[0], 3_000, half[1]].map(Metres::from_mm);
    StaticShape::Box { centre: at(x, 500, z), half_sizes, yaw: Brads(yaw) }
}

fn post(x: i32, z: i32, radius: i32) -> StaticShape {
    let (radius, height) = (Metres::from_mm(radius), Metres::from_m(8));
    StaticShape::Cylinder { base: at(x, -4_000, z), radius, height }
}

/// Mostly what is taller than a body, some of it in corners to each other.
fn any_walls() -> impl Strategy<Value = Vec<StaticShape>> {
    let place = || -2_500..2_500_i32;
    let half = || prop_oneof![20..150_i32, 150..1_500];
    let yaw = prop_oneof![Just(0_u16), Just(1 << 14), any::<u16>()];
    let walls = (place(), place(), half(), half(), yaw)
        .prop_map(|(x, z, half_x, half_z, yaw)| wall(x, z, [half_x, half_z], yaw));
    let posts = (place(), place(), half()).prop_map(|(x, z, radius)| post(x, z, radius));
    let others = any_shape(3_000).prop_filter("no mesh", |s| !matches!(s, StaticShape::Mesh { .. }));
    // Slabs, ledges, lintels and rims: tops and undersides at all heights of a body.
    let slabs = (place(), -1_500..3_000_i32, place(), half(), 20..700_i32, any::<u16>()).prop_map(
        |(x, y, z, half, thick, yaw)| StaticShape::Box {
            centre: at(x, y, z),
            half_sizes: [half, thick, half].map(Metres::from_mm),
            yaw: Brads(yaw),
        },
    );
    let any = prop_oneof![8 => walls, 5 => posts, 3 => slabs, 1 => others];
    proptest::collection::vec(any, 1..12)
}

fn any_body() -> impl Strategy<Value = Body> {
    (200..700_i32, 600..2_500_i32).prop_map(|(radius, height)| Body {
        radius: Metres::from_mm(radius),
        height: Metres::from_mm(height),
    })
}

fn any_rules() -> impl Strategy<Value = SlideRules> {
    prop_oneof![Just(WALKING), Just(FLYING), Just(SlideRules { step_up: Metres::ZERO, ..WALKING })]
}

/// What is nearby for a way, as movement and contacts ask.
fn nearby(obstacles: &Obstacles, body: Body, from: Position, way: [Metres; 3]) -> Nearby {
    let (x, z) = (way[0].0.abs(), way[2].0.abs());
    let reach = body.radius + Metres(x.max(z) + (x.min(z) + 1) / 2 + BESIDE);
    obstacles.nearby(from.x, from.z, reach)
}

/// The slide among things of all kinds.
fn in_space(
    obstacles: &Obstacles,
    body: Body,
    from: Position,
    way: [Metres; 3],
    rules: &SlideRules,
) -> Slide {
    let look = Look { obstacles, measures: Measures::of(body), tick: NOW };
    let [x, y, z] = way.map(|part| i64::from(part.0));
    let (feet, way) = (V3::of(from), V3::new(x, y, z));
    obstacles.slide_in_space(look, Limits::of(rules), feet, way, Slide::at(from))
}

/// The slide among walls alone, where it has an answer.
fn short(
    obstacles: &Obstacles,
    body: Body,
    from: Position,
    way: [Metres; 3],
    rules: &SlideRules,
) -> Option<Slide> {
    let near = nearby(obstacles, body, from, way);
    let [x, y, z] = way.map(|part| i64::from(part.0));
    let (measures, limits) = (Measures::of(body), Limits::of(rules));
    let among = Among { obstacles, measures: &measures, rules: &limits, probe: rules.probe.0.into() };
    among.slide(V3::of(from), V3::new(x, y, z), &near)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// The same place, planes and velocity; and where it says that a body is free at other heights, it is.
    #[test]
    fn among_walls_both_ways_lead_to_the_same_place(
        shapes in any_walls(), body in any_body(), rules in any_rules(),
        start in (-3_500..3_500_i32, -600..900_i32, -3_500..3_500_i32),
        ways in proptest::collection::vec((-13_000..13_000_i32, -900..900_i32, -13_000..13_000_i32, 0..6_u32), 24),
        heights in proptest::collection::vec(-60_000..60_000_i32, 24),
    ) {
        let obstacles = Obstacles::bake(&Scenery { shapes, ..Scenery::default() }, Metres::from_m(100)).unwrap();
        let mut position = at(start.0, start.1, start.2);
        for (number, (x, y, z, shift)) in ways.iter().enumerate() {
            // The same way again and again presses into what is there.
            let (x, z) = if number % 8 == 0 { (*x, *z) } else { (ways[number / 8 * 8].0, ways[number / 8 * 8].2) };
            let way = [Metres(x >> shift), Metres(*y), Metres(z >> shift)];
            let long = in_space(&obstacles, body, position, way, &rules);
            let near = nearby(&obstacles, body, position, way);
            let slide = obstacles.slide_nearby(body, position, way, NOW, &rules, &near);
            for other in [slide, obstacles.slide(body, position, way, NOW, &rules)] {
                prop_assert_eq!(other.position, long.position, "{:?} from {:?}", way, position);
                prop_assert_eq!(other.planes(), long.planes());
                prop_assert_eq!(other.support, long.support);
                prop_assert_eq!((other.stepped, other.stuck), (long.stepped, long.stuck));
                let to = Position { y: other.position.y + Metres(heights[number]), ..other.position };
                if other.is_open_at(to) {
                    prop_assert!(!obstacles.blocked(body, to, NOW), "{:?}", to);
                    prop_assert_eq!(obstacles.depenetrate(body, to, NOW).position, to);
                    prop_assert_eq!(obstacles.ground_below(body, to, rules.probe, NOW, &rules), None);
                }
            }
            position = long.position;
        }
    }
}

/// The short way is taken where it should be, and not elsewhere.
#[test]
fn walls_are_known_as_such() {
    let scene =
        |shapes| Obstacles::bake(&Scenery { shapes, ..Scenery::default() }, Metres::from_m(100)).unwrap();
    let east = way(60, 0, 0);
    let taken = |obstacles: &Obstacles, x: i32, y: i32, z: i32| {
        short(obstacles, BODY, at(x, y, z), east, &WALKING).map(|slide| slide.planes().len())
    };
    let face = scene(vec![wall(1_000, 0, [500, 500], 0)]);
    assert_eq!(taken(&face, 95, 0, 0), Some(1), "pressed against a face");
    assert_eq!(taken(&face, 200, 0, 850), Some(0), "past its edge");
    let round = scene(vec![post(1_000, 0, 500)]);
    assert_eq!(taken(&round, 95, 0, 100), Some(1), "pressed against a post");
    let corner = scene(vec![wall(1_000, 400, [500, 500], 6_000), wall(1_000, -400, [500, 500], 60_000)]);
    let mut place = at(-200, 0, 0);
    for _ in 0..30 {
        place = short(&corner, BODY, place, east, &WALKING).expect("two walls").position;
    }
    assert_eq!(short(&corner, BODY, place, east, &WALKING).map(|slide| slide.planes().len()), Some(2));
    assert_eq!(taken(&face, 900, 0, 0), None, "inside");
    assert_eq!(taken(&face, 95, 3_300, 0), None, "beside the rim");
    assert_eq!(taken(&face, 95, -4_200, 0), None, "beside the lower edge");
    let ledge = StaticShape::Box {
        centre: at(1_000, 0, 0),
        half_sizes: [500, 300, 500].map(Metres::from_mm),
        yaw: Brads(0),
    };
    assert_eq!(taken(&scene(vec![ledge]), 95, 0, 0), None, "a ledge");
}
