//! What has fallen is passed by: every query answers as obstacles do that were baked without it.

use super::oracle::{Convex, convexes, point};
use super::properties::{any_place, any_scenery};
use super::support::*;
use crate::numeric::{Metres, Position};
use crate::spatial::obstacles::*;
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;

/// The same scenery with every shape a section.
fn sectioned(scenery: Scenery) -> Scenery {
    let sections =
        (0..scenery.shapes.len() as u32).map(|shape| StructureSection { shape, kind: 0 }).collect();
    Scenery { sections, ..scenery }
}

fn baked(scenery: &Scenery) -> Obstacles {
    Obstacles::bake(scenery, Metres::from_m(100)).expect("valid")
}

fn sorted(planes: &[Normal]) -> Vec<Normal> {
    let mut planes = planes.to_vec();
    planes.sort_unstable_by_key(|plane| (plane.x, plane.y, plane.z));
    planes
}

/// Obstacles of what stands alone, and what its shapes were called before.
struct Left {
    obstacles: Obstacles,
    numbers: Vec<u32>,
}

impl Left {
    fn of(scenery: &Scenery, standing: &[bool]) -> Left {
        let numbers: Vec<u32> =
            (0..scenery.shapes.len() as u32).filter(|shape| standing[*shape as usize]).collect();
        let shapes = numbers.iter().map(|shape| scenery.shapes[*shape as usize]).collect();
        let sections = (0..numbers.len() as u32).map(|shape| StructureSection { shape, kind: 0 }).collect();
        let left = Scenery { shapes, sections, ..scenery.clone() };
        Left { obstacles: baked(&left), numbers }
    }

    fn was(&self, support: Support) -> Support {
        let shape = support.shape_number().expect("no platforms here");
        Thing::shape(self.numbers[shape] as usize).support()
    }

    /// Whether a slide came to the same, by whichever way: planes that are met at once come in the order of the lists.
    fn same(&self, ours: &Slide, fresh: &Slide) -> bool {
        ours.position == fresh.position
            && sorted(ours.planes()) == sorted(fresh.planes())
            && (ours.stepped, ours.stuck) == (fresh.stepped, fresh.stuck)
            && ours.support == fresh.support.map(|support| self.was(support))
    }
}

/// What is nearby for a way, as movement and contacts ask.
fn nearby(obstacles: &Obstacles, from: Position, way: [Metres; 3]) -> Nearby {
    let (x, z) = (way[0].0.abs(), way[2].0.abs());
    let reach = BODY.radius + Metres(x.max(z) + (x.min(z) + 1) / 2 + BESIDE);
    obstacles.nearby(from.x, from.z, reach)
}

fn check(ours: &Obstacles, left: &Left, (from, to): (Position, Position)) -> Result<(), TestCaseError> {
    let fresh = &left.obstacles;
    let (hit, fresh_hit) = (ours.ray(from, to, NOW), fresh.ray(from, to, NOW));
    prop_assert_eq!(
        hit,
        fresh_hit.map(|hit| RayHit {
            support: left.was(hit.support),
            shape: hit.shape.map(|shape| left.numbers[shape as usize]),
            ..hit
        })
    );
    prop_assert_eq!(ours.blocked(BODY, from, NOW), fresh.blocked(BODY, from, NOW));
    prop_assert_eq!(ours.depenetrate(BODY, from, NOW), fresh.depenetrate(BODY, from, NOW));
    let down = Metres::from_m(3);
    let ground = fresh.ground_below(BODY, from, down, NOW, &WALKING);
    let ground = ground.map(|ground| Ground { support: left.was(ground.support), ..ground });
    prop_assert_eq!(ours.ground_below(BODY, from, down, NOW, &WALKING), ground);
    let reach = Metres::from_mm(700);
    let (meets, meets_fresh) = (ours.meets(from.x, from.z, reach), fresh.meets(from.x, from.z, reach));
    prop_assert!(meets || !meets_fresh, "nothing that stands is overlooked");
    prop_assert!(meets == meets_fresh || !ours.baked.triangles.is_empty(), "boxes and cylinders that fell");
    prop_assert!(ours.near(from.x, from.z, reach) || !fresh.meets(from.x, from.z, reach - Metres(8)));
    for rules in [WALKING, FLYING] {
        let (x, y, z) = (to.x - from.x, to.y - from.y, to.z - from.z);
        for shift in [0, 4, 7] {
            let asked = [x, y, z].map(|part| Metres(part.0 >> shift));
            let fresh_slide = fresh.slide(BODY, from, asked, NOW, &rules);
            let slide = ours.slide(BODY, from, asked, NOW, &rules);
            prop_assert!(left.same(&slide, &fresh_slide), "{:?} is not {:?}", slide, fresh_slide);
            let near = nearby(ours, from, asked);
            let slide = ours.slide_nearby(BODY, from, asked, NOW, &rules, &near);
            prop_assert!(left.same(&slide, &fresh_slide), "{:?} is not {:?}", slide, fresh_slide);
        }
    }
    Ok(())
}

/// The standing sections near a point by distances in floating point, those at the rim of it apart.
fn blasted(scenery: &Scenery, standing: &[bool], at: Position, radius: Metres) -> (Vec<u32>, Vec<u32>) {
    let (mut surely, mut perhaps) = (Vec::new(), Vec::new());
    for shape in (0..scenery.shapes.len()).filter(|shape| standing[*shape]) {
        let alone = Scenery { shapes: vec![scenery.shapes[shape]], ..scenery.clone() };
        let distance = |convex: &Convex| convex.distance(point(at));
        let distance = convexes(&alone).iter().map(distance).fold(f64::INFINITY, f64::min);
        let is_mesh = matches!(scenery.shapes[shape], StaticShape::Mesh { .. });
        if distance <= f64::from(radius.0) - 4.0 {
            surely.push(shape as u32);
        } else if distance <= f64::from(radius.0) + 4.0 || is_mesh {
            perhaps.push(shape as u32);
        }
    }
    (surely, perhaps)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]

    /// After any sequence of falls and rebuildings, and at the end of it with everything standing again.
    #[test]
    fn what_fell_is_not_there(
        scenery in any_scenery(10, 4_000),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 1..14),
        ways in proptest::collection::vec((any_place(5_000), any_place(5_000)), 12),
    ) {
        let scenery = sectioned(scenery);
        let mut obstacles = baked(&scenery);
        let shared = obstacles.clone();
        let mut standing = vec![true; scenery.shapes.len()];
        for (at, stands) in changes {
            let section = at.index(standing.len());
            obstacles.set_section(section as u32, stands);
            standing[section] = stands;
        }
        let left = Left::of(&scenery, &standing);
        prop_assert_eq!(obstacles.any_fallen(), standing.contains(&false));
        for way in &ways {
            check(&obstacles, &left, *way)?;
        }
        prop_assert!(!shared.any_fallen(), "a clone has a set of its own");
        for section in 0..standing.len() as u32 {
            obstacles.set_section(section, true);
        }
        let whole = Left { obstacles: shared, numbers: (0..standing.len() as u32).collect() };
        for way in &ways {
            check(&obstacles, &whole, *way)?;
        }
    }

    /// Every standing section within reach is found, ascending, and no other.
    #[test]
    fn blasts_find_what_stands_around(
        scenery in any_scenery(24, 12_000),
        fallen in proptest::collection::vec(any::<bool>(), 24),
        blasts in proptest::collection::vec((any_place(14_000), 0..8_000_i32), 12),
    ) {
        let scenery = sectioned(scenery);
        let mut obstacles = baked(&scenery);
        let standing: Vec<bool> = (0..scenery.shapes.len()).map(|shape| !fallen[shape]).collect();
        for (section, stands) in (0..).zip(&standing) {
            obstacles.set_section(section, *stands);
        }
        let mut list = SectionList::with_room(standing.len());
        for (place, radius_mm) in blasts {
            let radius = Metres::from_mm(radius_mm);
            obstacles.sections_within(place, radius, &mut list);
            let (surely, perhaps) = blasted(&scenery, &standing, place, radius);
            let found = list.as_slice();
            prop_assert!(found.is_sorted_by(|a, b| a < b), "{:?}", found);
            prop_assert!(surely.iter().all(|shape| found.contains(shape)), "{:?} in {:?}", surely, found);
            prop_assert!(found.iter().all(|shape| surely.contains(shape) || perhaps.contains(shape)));
        }
    }
}

/// Numbers of shapes are exact where codes of support are not, and lead to sections; what is no section stays.
#[test]
fn a_ray_names_the_shape_and_the_shape_its_section() {
    let mut shapes = vec![pillar(0, 0, 100, 100); 65_000];
    shapes[64_998] = block([2_000, 0, -500], [2_500, 3_000, 500], 0);
    shapes[64_999] = block([4_000, 0, -500], [4_500, 3_000, 500], 0);
    let sections = vec![StructureSection { shape: 64_999, kind: 1 }];
    let mut obstacles = baked(&Scenery { shapes, sections, ..Scenery::default() });
    let shot = |obstacles: &Obstacles, from: i32| {
        obstacles.ray(at(from, 1_000, 0), at(9_000, 1_000, 0), NOW).and_then(|hit| hit.shape)
    };
    assert_eq!((shot(&obstacles, 500), shot(&obstacles, 3_000)), (Some(64_998), Some(64_999)));
    assert_eq!((obstacles.section_of(64_998), obstacles.section_of(64_999)), (None, Some(0)));
    assert_eq!((obstacles.section_of(65_000), obstacles.section_stands(1)), (None, false));
    obstacles.set_section(0, false);
    obstacles.set_section(1, false);
    assert_eq!((shot(&obstacles, 500), shot(&obstacles, 3_000)), (Some(64_998), None));
    assert!(obstacles.any_fallen() && !obstacles.section_stands(0));
}
