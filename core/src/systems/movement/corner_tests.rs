//! Bodies pressed into corners and wedges: at rest, or sliding along the edge of the world, and never inside of anything.

use super::tests::{flat, standing, walk};
use super::*;
use crate::numeric::Position;
use crate::rules::Rules;
use crate::spatial::{Scenery, StaticShape};
use alloc::vec::Vec;

/// Pressed into acute and blunt corners of three walls, or along the edge of the world, at every rate: at rest to the bit,
/// never inside.
#[test]
fn corners_hold_without_jitter() {
    let terrain = flat();
    let mut scenery = Scenery::default();
    let half_sizes = [Metres::from_m(8), Metres::from_m(4), Metres::from_m(1)];
    for (x, z, yaw) in [(0, -10, 0), (9, -3, 16_384), (-9, -3, 14_000)] {
        let centre = Position::new(Metres::from_m(x), Metres::from_m(2), Metres::from_m(z));
        scenery.shapes.push(StaticShape::Box { centre, half_sizes, yaw: Brads(yaw) });
    }
    let obstacles = Obstacles::bake(&scenery, Metres::from_m(64)).unwrap();
    let surroundings = Surroundings { terrain: &terrain, obstacles: &obstacles, tick: Tick(3) };
    for hz in [10, 30, 60, 120] {
        let movement = MovementTicks::new(&Rules::default(), hz);
        for yaw in (0..16_u16).map(|at| Brads(at * 4_096)) {
            for class in [0, 3, 4, 6] {
                let mut state = MoveState { class, ..standing(&terrain, Metres::ZERO, Metres::from_m(-4)) };
                let mut places = Vec::new();
                for _ in 0..40 * u32::from(hz) {
                    state = move_character(state, walk(127, 0, 0, yaw), &surroundings, &movement);
                    places.push(state.position);
                    let body = movement.class(class).body(false);
                    assert!(!obstacles.blocked(body, state.position, Tick(3)), "inside: {state:?}");
                }
                let last = places[places.len() - 1];
                let edge = terrain.half_extent() - Metres(movement.class(class).radius);
                let stopped = places[places.len() - usize::from(hz)..].iter().all(|place| *place == last);
                let slides = last.x.abs() == edge || last.z.abs() == edge;
                assert!(stopped || slides, "{hz} Hz, {yaw}: {state:?}");
            }
        }
    }
}
