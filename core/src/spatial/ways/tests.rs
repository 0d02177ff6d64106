//! Ways round things, and that keeping fields changes no answer.

use super::*;
use crate::numeric::{Brads, Fx, Metres, Position};
use crate::spatial::{Obstacles, Scenery, StaticShape, Terrain};
use proptest::prelude::*;

const SOLDIER: Walker = Walker {
    radius: Metres::from_mm(400),
    height: Metres::from_mm(1_800),
    step_up: Metres::from_mm(350),
    slope_limit: Fx(1 << 16),
};

fn m(metres: i32) -> Metres {
    Metres::from_m(metres)
}

/// A wall of so many metres to both sides along x, 0.3 m thick, at z = 0.
fn wall(half_length: i32, height_mm: i32) -> StaticShape {
    let half_sizes = [m(half_length), Metres::from_mm(height_mm / 2), Metres::from_mm(150)];
    StaticShape::Box { centre: Position::ORIGIN, half_sizes, yaw: Brads(0) }
}

fn world(shapes: &[StaticShape]) -> (Terrain, Obstacles) {
    let scenery = Scenery { shapes: shapes.to_vec(), ..Scenery::default() };
    (Terrain::flat(m(96), m(2)).unwrap(), Obstacles::bake(&scenery, m(96)).unwrap())
}

fn led(
    ways: &mut Ways,
    grounds: Grounds<'_>,
    from: (Metres, Metres),
    to: (Metres, Metres),
) -> Option<(Metres, Metres)> {
    let goal = Goal::near(grounds, &SOLDIER, 0, to)?;
    match ways.ask(goal, grounds, &SOLDIER) {
        Asked::Field(field) => field.lead(grounds, &SOLDIER, from),
        Asked::Later => None,
    }
}

/// Follows stages until the goal can be gone to straight; the length of the way in metres.
fn walk(grounds: Grounds<'_>, from: (Metres, Metres), to: (Metres, Metres)) -> Option<i32> {
    let mut ways = Ways::new(true);
    let (mut at, mut length) = (from, 0);
    for _ in 0..40 {
        ways.begin_tick();
        let next = if grounds.is_free_way(&SOLDIER, at, to) { to } else { led(&mut ways, grounds, at, to)? };
        assert!(grounds.is_free_way(&SOLDIER, at, next), "{at:?} to {next:?}");
        let there = Position::new(next.0, Metres::ZERO, next.1);
        length += Position::new(at.0, Metres::ZERO, at.1).horizontal_distance(there).to_mm();
        if next == to {
            return Some(length / 1_000);
        }
        at = next;
    }
    None
}

#[test]
fn a_wall_is_walked_round_and_a_kerb_over() {
    let (terrain, obstacles) = world(&[wall(20, 6_000)]);
    let grounds = Grounds { terrain: &terrain, obstacles: &obstacles };
    let (here, there) = ((m(3), m(-8)), (m(3), m(8)));
    assert!(!grounds.is_free_way(&SOLDIER, here, there));
    assert!(!grounds.sees(&SOLDIER, here, there));
    let length = walk(grounds, here, there).expect("there is a way round");
    // Straight to the end of the wall and back it would be 2 * sqrt(17² + 8²) = 37.6 m.
    assert!((37..46).contains(&length), "{length} m");
    let (terrain, obstacles) = world(&[wall(20, 600)]);
    let grounds = Grounds { terrain: &terrain, obstacles: &obstacles };
    assert!(grounds.is_free_way(&SOLDIER, here, there), "0.3 m above the ground: a step");
}

/// Just behind a thin wall, on the lattice or off it: a way that ends close to its goal does not end on the wrong side.
#[test]
fn a_goal_behind_a_thin_wall_is_not_reached_through_it() {
    let (terrain, obstacles) = world(&[wall(20, 6_000)]);
    let grounds = Grounds { terrain: &terrain, obstacles: &obstacles };
    for mm in [600, 800, 1_000, 1_400, 2_000, 3_100] {
        let (here, there) = ((m(1), Metres::from_mm(-mm)), (m(1), Metres::from_mm(mm)));
        assert!(!grounds.is_free_way(&SOLDIER, here, there), "{mm}");
        let length = walk(grounds, here, there).expect("there is a way round");
        assert!(length > 36, "{mm}: {length} m");
    }
}

#[test]
fn a_closed_yard_has_no_way_in_and_a_gate_opens_it() {
    let side = |x: i32, z: i32, yaw: i32, half: i32| StaticShape::Box {
        centre: Position::new(m(x), Metres::ZERO, m(z)),
        half_sizes: [m(half), m(3), Metres::from_mm(200)],
        yaw: Brads::from_degrees(yaw),
    };
    let mut yard = alloc::vec![side(0, -8, 0, 8), side(0, 8, 0, 8), side(-8, 0, 90, 8), side(8, 0, 90, 8)];
    let (terrain, obstacles) = world(&yard);
    let grounds = Grounds { terrain: &terrain, obstacles: &obstacles };
    assert_eq!(walk(grounds, (m(20), m(1)), (m(0), m(0))), None);
    // The far side gets a gate of four metres.
    yard[2] = side(-8, -5, 90, 3);
    yard.push(side(-8, 5, 90, 3));
    let (terrain, obstacles) = world(&yard);
    let grounds = Grounds { terrain: &terrain, obstacles: &obstacles };
    let length = walk(grounds, (m(20), m(1)), (m(0), m(0))).expect("through the gate");
    assert!((36..60).contains(&length), "{length} m");
}

#[test]
fn a_tick_gives_fields_for_so_many_goals_whether_they_are_kept_or_not() {
    let (terrain, obstacles) = world(&[wall(20, 6_000)]);
    let grounds = Grounds { terrain: &terrain, obstacles: &obstacles };
    let mut ways = Ways::new(true);
    let goal = |x: usize| Goal { x: x as i32, z: 3, class: 0 };
    for _ in 0..2 {
        ways.begin_tick();
        for x in 0..FIELDS_PER_TICK {
            assert!(matches!(ways.ask(goal(x), grounds, &SOLDIER), Asked::Field(_)));
        }
        assert!(matches!(ways.ask(goal(FIELDS_PER_TICK), grounds, &SOLDIER), Asked::Later));
        assert!(matches!(ways.ask(goal(0), grounds, &SOLDIER), Asked::Field(_)));
    }
    assert_eq!(ways.computed(), FIELDS_PER_TICK as u64, "the second tick found them");
    ways.invalidate();
    ways.begin_tick();
    ways.ask(goal(0), grounds, &SOLDIER);
    assert_eq!(ways.computed(), FIELDS_PER_TICK as u64 + 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever was asked for before, and in which order: a field leads as one that was computed alone does.
    #[test]
    fn what_is_kept_changes_no_answer(
        boxes in proptest::collection::vec((-40_i32..40, -40_i32..40, 1_i32..9, any::<u16>()), 1..30),
        places in proptest::collection::vec((-50_i32..50, -50_i32..50, -50_i32..50, -50_i32..50), 1..90),
    ) {
        let shapes: alloc::vec::Vec<_> = boxes.iter().map(|&(x, z, half, yaw)| StaticShape::Box {
            centre: Position::new(m(x), Metres::ZERO, m(z)),
            half_sizes: [m(half), m(2), Metres::from_mm(300)],
            yaw: Brads(yaw),
        }).collect();
        let (terrain, obstacles) = world(&shapes);
        let grounds = Grounds { terrain: &terrain, obstacles: &obstacles };
        let mut kept = Ways::new(true);
        for (x, z, to_x, to_z) in places {
            kept.begin_tick();
            let mut alone = Ways::new(true);
            let (from, to) = ((m(x), m(z)), (m(to_x), m(to_z)));
            let answer = led(&mut kept, grounds, from, to);
            prop_assert_eq!(answer, led(&mut alone, grounds, from, to));
            if let Some(stage) = answer {
                prop_assert!(grounds.is_free_way(&SOLDIER, from, stage));
            }
        }
    }
}
