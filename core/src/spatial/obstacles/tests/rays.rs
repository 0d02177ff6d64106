//! Rays, held to a march in small steps and to known situations.

use super::oracle::{convexes, point};
use super::properties::{any_place, any_scenery};
use super::support::*;
use crate::numeric::{Brads, Fx, Metres, Position};
use crate::spatial::obstacles::*;
use alloc::vec;
use proptest::prelude::*;

#[test]
fn known_hits() {
    let scene =
        scene(vec![block([2_000, 0, -1_000], [4_000, 2_000, 1_000], 0), pillar(-3_000, 0, 1_000, 2_000)]);
    let hit = scene.ray(at(0, 1_000, 0), at(8_000, 1_000, 0), NOW).expect("the box");
    assert_eq!((hit.t, hit.support), (Fx(16_384), Thing::shape(0).support()));
    assert_eq!(hit.normal, Normal { x: -(1 << 30), y: 0, z: 0 });
    assert_eq!(hit.position, at(2_000, 1_000, 0));
    let hit = scene.ray(at(0, 1_000, 0), at(-4_000, 1_000, 0), NOW).expect("the pillar");
    assert_eq!((hit.t, hit.support), (Fx(32_768), Thing::shape(1).support()));
    assert!((hit.normal.x - (1 << 30)).abs() < 16, "{:?}", hit.normal);
    let hit = scene.ray(at(3_000, 5_000, 0), at(3_000, 1_000, 0), NOW).expect("its top");
    assert_eq!(hit.normal, Normal::UP);
    assert_eq!(scene.ray(at(0, 1_000, 1_100), at(9_000, 1_000, 1_100), NOW), None);
    assert_eq!(scene.ray(at(0, 2_100, 0), at(9_000, 2_100, 0), NOW), None);
    assert_eq!(scene.ray(at(3_000, 1_000, 0), at(9_000, 1_000, 0), NOW).map(|hit| hit.t), Some(Fx(0)));
    assert_eq!(scene.ray(at(0, 1_000, 0), at(0, 1_000, 0), NOW), None);
    assert!(scene.sees(at(0, 1_000, 1_100), at(9_000, 1_000, 1_100), NOW));
}

#[test]
fn the_seam_of_two_triangles_lets_nothing_through() {
    let mesh = Mesh::new(
        vec![at(0, 0, 0), at(0, 5_000, 0), at(0, 5_000, 5_000), at(0, 0, 5_000)],
        vec![[0, 1, 2], [0, 2, 3]],
    );
    let shapes = vec![StaticShape::Mesh { mesh: 0, translation: at(0, 0, 0), yaw: Brads(0) }];
    let scenery = Scenery { shapes, meshes: vec![mesh.expect("valid")], ..Scenery::default() };
    let obstacles = Obstacles::bake(&scenery, Metres::from_m(100)).expect("valid");
    for step in 1..500 {
        let on_seam = at(0, step * 10, step * 10);
        let [a, b] = [at(-9_000, 3_000, 700), at(9_000, step, -700)].map(|from| {
            Position::from_raw(
                2 * on_seam.x.0 - from.x.0,
                2 * on_seam.y.0 - from.y.0,
                2 * on_seam.z.0 - from.z.0,
            )
        });
        assert!(obstacles.ray(at(-9_000, 3_000, 700), a, NOW).is_some(), "{step}");
        assert!(obstacles.ray(at(9_000, step, -700), b, NOW).is_some(), "{step}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// A march along the ray that never skips more than it is away from everything.
    #[test]
    fn rays_end_where_a_march_ends(scenery in any_scenery(12, 12_000), from in any_place(20_000), to in any_place(20_000)) {
        let obstacles = Obstacles::bake(&scenery, Metres::from_m(100)).expect("valid");
        let all = convexes(&scenery);
        let (a, b) = (point(from), point(to));
        let way = super::oracle::minus(b, a);
        let length = super::oracle::dot(way, way).sqrt().max(1.0);
        let distance = |t: f64| {
            let p = [0, 1, 2].map(|axis| a[axis] + way[axis] * t / length);
            all.iter().map(|convex| convex.distance(p)).fold(f64::INFINITY, f64::min)
        };
        let (mut t, mut met) = (0.0, false);
        while t <= length {
            let free = distance(t);
            if free < 0.5 {
                met = true;
                break;
            }
            t += free.max(0.25);
        }
        match obstacles.ray(from, to, NOW) {
            Some(hit) => {
                let at = f64::from(hit.t.0) / 65_536.0 * length;
                // It is at a surface, and nothing was passed before it.
                prop_assert!(distance(at) < length / 65_536.0 + 24.0, "{hit:?}: {}", distance(at));
                prop_assert!(at < t + length / 65_536.0 + 24.0, "{at} after {t}");
            }
            // A march may stop beside something the ray misses by less than a raw unit.
            None => prop_assert!(!met || distance(t) > 0.0 || distance(t + 4.0) > 0.0, "passed {t} of {length}"),
        }
    }
}
