//! Properties of motion, held to the oracle.

use super::oracle::{convexes, separation};
use super::support::*;
use crate::numeric::{Brads, Metres, Position};
use crate::spatial::obstacles::math::V3;
use crate::spatial::obstacles::*;
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;

/// Raw units by which answers may differ from the exact ones.
const ROUNDING: f64 = 8.0;

pub fn any_place(reach_mm: i32) -> impl Strategy<Value = Position> {
    let part = -reach_mm..reach_mm;
    (part.clone(), -2_000..4_000_i32, part).prop_map(|(x, y, z)| at(x, y, z))
}

pub fn any_shape(reach_mm: i32) -> impl Strategy<Value = StaticShape> {
    let size = prop_oneof![50..400_i32, 400..3_000];
    let boxes = (any_place(reach_mm), [size.clone(), size.clone(), size.clone()], any::<u16>()).prop_map(
        |(centre, half, yaw)| StaticShape::Box {
            centre,
            half_sizes: half.map(Metres::from_mm),
            yaw: Brads(yaw),
        },
    );
    let cylinders = (any_place(reach_mm), size.clone(), size).prop_map(|(base, radius, height)| {
        StaticShape::Cylinder { base, radius: Metres::from_mm(radius), height: Metres::from_mm(height) }
    });
    let meshes = (any_place(reach_mm), any::<u16>()).prop_map(|(translation, yaw)| StaticShape::Mesh {
        mesh: 0,
        translation,
        yaw: Brads(yaw),
    });
    prop_oneof![3 => boxes, 2 => cylinders, 1 => meshes]
}

/// Shapes, and a mesh of a few random triangles for those that are meshes.
pub fn any_scenery(most: usize, reach_mm: i32) -> impl Strategy<Value = Scenery> {
    let shapes = proptest::collection::vec(any_shape(reach_mm), 1..most);
    let vertices = proptest::collection::vec(any_place(2_500), 6);
    (shapes, vertices).prop_filter_map("triangles with area", |(shapes, vertices)| {
        let mesh = Mesh::new(vertices, vec![[0, 1, 2], [3, 4, 5], [0, 2, 4]]).ok()?;
        let scenery = Scenery { shapes, meshes: vec![mesh], ..Scenery::default() };
        Obstacles::bake(&scenery, Metres::from_m(100)).ok()?;
        Some(scenery)
    })
}

fn any_body() -> impl Strategy<Value = Body> {
    (150..900_i32, 300..2_500_i32).prop_map(|(radius, height)| Body {
        radius: Metres::from_mm(radius.min(height / 2)),
        height: Metres::from_mm(height),
    })
}

fn any_rules() -> impl Strategy<Value = SlideRules> {
    prop_oneof![Just(WALKING), Just(FLYING), Just(SlideRules { step_up: Metres::ZERO, ..WALKING })]
}

fn baked(scenery: &Scenery) -> Obstacles {
    Obstacles::bake(scenery, Metres::from_m(100)).expect("valid")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn separations_are_those_of_the_oracle(
        scenery in any_scenery(4, 3_000), body in any_body(), feet in any_place(4_000)
    ) {
        let obstacles = baked(&scenery);
        let exact = separation(&convexes(&scenery), body, feet);
        let look = Look { obstacles: &obstacles, measures: Measures::of(body), tick: NOW };
        let found = look.separation(V3::of(feet));
        let ball = look.measures.ball as f64;
        if exact < 65_536.0 && exact > 2.0 - ball {
            prop_assert!((found as f64 - exact).abs() < ROUNDING, "{found} for {exact}");
        } else if exact <= 2.0 - ball {
            prop_assert!(found as f64 <= ROUNDING - ball, "{found}: the axis is inside");
        } else {
            prop_assert!(found >= 65_530, "{found} for {exact}");
        }
    }

    #[test]
    fn nobody_ends_inside(
        scenery in any_scenery(8, 4_000), body in any_body(), from in any_place(5_000),
        ways in proptest::collection::vec((-40_000..40_000_i32, -3_000..3_000_i32, -40_000..40_000_i32, 0..9_u32), 1..6),
        rules in any_rules()
    ) {
        let obstacles = baked(&scenery);
        let all = convexes(&scenery);
        let mut position = from;
        for (x, y, z, shift) in ways {
            let slide = obstacles.slide(body, position, way(x >> shift, y >> shift, z >> shift), NOW, &rules);
            position = slide.position;
            if slide.stuck {
                continue;
            }
            let exact = separation(&all, body, position);
            prop_assert!(exact >= -(SLACK as f64) - ROUNDING, "{exact} at {position:?}");
            prop_assert!(!obstacles.blocked(body, position, NOW));
        }
    }

    /// Along the whole way, not only at its end: where it was let through there was room, in steps of a thousandth.
    #[test]
    fn free_ways_are_free(
        scenery in any_scenery(6, 4_000), from in any_place(5_000),
        x in -9_000..9_000_i32, y in -1_000..1_000_i32, z in -9_000..9_000_i32
    ) {
        let obstacles = baked(&scenery);
        let all = convexes(&scenery);
        prop_assume!(separation(&all, BODY, from) > 0.0);
        let slide = obstacles.slide(BODY, from, way(x, y, z), NOW, &FLYING);
        let to = from.offset(way(x, 0, 0)[0], way(0, y, 0)[1], way(0, 0, z)[2]);
        let place = |step: i64| crate::spatial::terrain::point_on_segment(from, to, (step * 65_536 / 1_000) as i32);
        let first = (0..=1_000).find(|step| separation(&all, BODY, place(*step)) < -ROUNDING);
        match first {
            Some(_) => prop_assert!(slide.position != to || !slide.planes().is_empty(), "passed through"),
            None if slide.planes().is_empty() => prop_assert_eq!(slide.position, to),
            // Within a millimetre of something: bent, but not held up.
            None => prop_assert!((0..=1_000).any(|step| separation(&all, BODY, place(step)) < 128.0)),
        }
    }

    /// A closed room of thin walls, turned at will: nobody gets out, however fast.
    #[test]
    fn no_speed_leaves_a_room(
        yaw in any::<u16>(), corner in 0..4_usize,
        ways in proptest::collection::vec((-40_000..40_000_i32, -40_000..40_000_i32, -40_000..40_000_i32), 1..30),
        walking in any::<bool>()
    ) {
        let yaw = Brads(yaw);
        let turn = math::Turn::of(yaw);
        let wall = |x: i32, y: i32, z: i32, half: [i32; 3]| {
            let (out_x, out_z) = turn.out(Metres::from_mm(x).0.into(), Metres::from_mm(z).0.into());
            let centre = Position::from_raw(out_x as i32, Metres::from_mm(y).0, out_z as i32);
            StaticShape::Box { centre, half_sizes: half.map(Metres::from_mm), yaw }
        };
        let room = scene(vec![
            wall(3_000, 1_500, 0, [50, 1_600, 3_000]),
            wall(-3_000, 1_500, 0, [50, 1_600, 3_000]),
            wall(0, 1_500, 3_000, [3_000, 1_600, 50]),
            wall(0, 1_500, -3_000, [3_000, 1_600, 50]),
            wall(0, -50, 0, [3_050, 50, 3_050]),
            wall(0, 3_050, 0, [3_050, 50, 3_050]),
        ]);
        let rules = if walking { WALKING } else { FLYING };
        let start = [(2, 2), (-2, 2), (2, -2), (0, 0)][corner];
        let mut position = at(start.0 * 500, 500, start.1 * 500);
        for (x, y, z) in ways {
            position = room.slide(BODY, position, way(x, y, z), NOW, &rules).position;
            let (x, z) = turn.into_local(position.x.0.into(), position.z.0.into());
            let most = i64::from(Metres::from_mm(2_552).0);
            prop_assert!(x.abs() <= most && z.abs() <= most, "{position:?}");
            let (low, high) = (Metres::from_mm(-2), Metres::from_mm(1_202));
            prop_assert!(position.y >= low && position.y <= high, "{position:?}");
        }
    }

    #[test]
    fn whoever_begins_inside_is_free_soon(
        scenery in any_scenery(10, 3_000), from in any_place(3_000)
    ) {
        let obstacles = baked(&scenery);
        let mut position = from;
        let mut stuck = true;
        for _ in 0..3 {
            let slide = obstacles.slide(BODY, position, way(0, 0, 0), NOW, &WALKING);
            (position, stuck) = (slide.position, slide.stuck);
        }
        prop_assert!(!stuck && !obstacles.blocked(BODY, position, NOW), "{position:?}");
        let again = obstacles.slide(BODY, position, way(0, 0, 0), NOW, &WALKING);
        prop_assert_eq!(again.position, position, "rests");
    }

    #[test]
    fn the_table_finds_what_a_search_over_everything_finds(
        scenery in any_scenery(40, 30_000), places in proptest::collection::vec(any_place(34_000), 20), most in 0..200_000_i64
    ) {
        let obstacles = baked(&scenery);
        let measures = Measures::of(BODY);
        for feet in places {
            let axis = measures.at(V3::of(feet));
            let edge = obstacles.baked.half_extent - measures.radius();
            let mut all: Vec<i64> = obstacles.baked.solids.iter()
                .filter_map(|solid| solid.contact(&axis, &measures, most, edge))
                .chain(obstacles.baked.triangles.iter().filter_map(|t| t.contact(&axis, &measures, most)))
                .map(|contact| contact.separation)
                .collect();
            all.sort_unstable();
            let look = Look { obstacles: &obstacles, measures, tick: NOW };
            let contacts = look.contacts(V3::of(feet), most);
            let found: Vec<i64> = contacts.as_slice().iter().map(|contact| contact.separation).collect();
            prop_assert_eq!(found.iter().min(), all.first());
            // Those in one place are one, so there may be fewer; none is made up.
            prop_assert!(found.iter().all(|separation| all.contains(separation)));
            let places = |list: &[i64]| {
                let mut apart = list.to_vec();
                apart.sort_unstable();
                apart.dedup_by(|a, b| (*a - *b).abs() <= 4);
                apart.len().min(Contacts::MOST)
            };
            prop_assert!(places(&found) >= places(&all).min(Contacts::MOST - 2));
            let reach = Metres((measures.radius() + most) as i32);
            prop_assert!(all.is_empty() || obstacles.near(feet.x, feet.z, reach));
            let wide = obstacles.slide(BODY, feet, way(0, 0, 0), NOW, &WALKING);
            prop_assert!(!wide.clear || all.first().is_none_or(|least| *least > 26_000));
        }
    }

    /// Footprints say what the shapes themselves say, in reaches of their lists and beyond them.
    #[test]
    fn footprints_are_those_of_the_shapes(
        scenery in any_scenery(12, 6_000),
        places in proptest::collection::vec((any_place(9_000), 0..2_500_i32), 24),
    ) {
        let obstacles = baked(&scenery);
        for (place, reach_mm) in places {
            let reach = Metres::from_mm(reach_mm);
            let any = |by: i64| {
                let (x, z, by) = (i64::from(place.x.0), i64::from(place.z.0), i64::from(reach.0) + by);
                let around = |bounds: Bounds| {
                    let wide = bounds.grown(by.max(0));
                    by >= 0 && (wide.low.x..=wide.high.x).contains(&x) && (wide.low.z..=wide.high.z).contains(&z)
                };
                obstacles.baked.solids.iter().any(|solid| by >= 0 && solid.stands_within(x, z, by))
                    || obstacles.baked.triangles.iter().any(|triangle| around(triangle.bounds()))
            };
            let found = obstacles.meets(place.x, place.z, reach);
            let less = i64::from(reach.0) - 4;
            let (x, z) = (i64::from(place.x.0), i64::from(place.z.0));
            let solid = less >= 0 && obstacles.baked.solids.iter().any(|solid| solid.stands_within(x, z, less));
            prop_assert!(found || !solid);
            prop_assert!(!found || any(4), "{:?} {:?}", place, reach);
            prop_assert!(found || !obstacles.baked.triangles.is_empty() || !any(-4));
        }
    }

    /// Who can touch no footprint on its way goes it as asked, stands on nothing, and is inside of nothing.
    #[test]
    fn ways_beside_all_footprints_are_free(
        scenery in any_scenery(8, 4_000),
        moves in proptest::collection::vec((any_place(5_000), -400..400_i32, -300..300_i32, -400..400_i32), 24),
        rules in any_rules(),
    ) {
        let obstacles = baked(&scenery);
        for (from, x, y, z) in moves {
            let asked = way(x, y, z);
            let (x, z) = (asked[0].0.abs(), asked[2].0.abs());
            let reach = BODY.radius + Metres(x.max(z) + (x.min(z) + 1) / 2 + BESIDE);
            if obstacles.meets(from.x, from.z, reach) {
                continue;
            }
            let to = from.offset(asked[0], asked[1], asked[2]);
            let slide = obstacles.slide(BODY, from, asked, NOW, &rules);
            prop_assert_eq!(slide.position, to);
            prop_assert!(slide.planes().is_empty() && !slide.stuck && slide.support.is_none());
            prop_assert_eq!(obstacles.ground_below(BODY, to, Metres::from_m(4), NOW, &rules), None);
            prop_assert!(!obstacles.blocked(BODY, to, NOW));
        }
    }

    #[test]
    fn any_numbers_are_safe(
        scenery in any_scenery(6, 3_000), raw in any::<[i32; 8]>(), probe in any::<i32>(), tick in any::<u32>()
    ) {
        let obstacles = baked(&scenery);
        let [x, y, z, a, b, c, radius, height] = raw;
        let body = Body { radius: Metres(radius), height: Metres(height) };
        let position = Position::from_raw(x, y, z);
        let rules = SlideRules {
            step_up: Metres(probe), probe: Metres(probe), walkable: crate::numeric::Fx(a), ..WALKING
        };
        let tick = Tick(tick);
        for from in [position, Position::from_raw(x >> 14, y >> 14, z >> 14)] {
            let _ = obstacles.slide(body, from, [a, b, c].map(Metres), tick, &rules);
            let _ = obstacles.ground_below(body, from, Metres(c), tick, &rules);
            let _ = obstacles.depenetrate(body, from, tick);
            let _ = obstacles.ray(from, Position::from_raw(a, b, c), tick);
            let _ = obstacles.near(from.x, from.z, Metres(radius));
            let _ = obstacles.meets(from.x, from.z, Metres(radius));
        }
    }
}
