//! The limits: every button in every motion, positions and speeds at the ends of their range, the smallest and largest bodies,
//! every tick rate.

use super::tests::{around, flat, standing, walk};
use super::*;
use crate::limits::{HEIGHT_MAX_M, SPEED_MAX_M_PER_S, TICK_HZ_MAX, TICK_HZ_MIN};
use crate::numeric::{MetresPerSecond, Position};
use crate::rules::{MOVEMENT_CLASSES, Rules, RulesError};
use crate::spatial::{Scenery, StaticShape};
use proptest::prelude::*;

fn bounded(state: &MoveState, terrain: &Terrain, movement: &MovementTicks) -> Result<(), TestCaseError> {
    let edge = terrain.half_extent() - Metres(movement.class(state.class).radius);
    let (at, speed) = (&state.position, &state.velocity);
    prop_assert!(at.x.abs() <= edge && at.z.abs() <= edge, "{state:?}");
    prop_assert!(at.y >= terrain.height_at(at.x, at.z) && at.y <= Metres::from_m(HEIGHT_MAX_M), "{state:?}");
    let fastest = MetresPerSecond::from_m(SPEED_MAX_M_PER_S);
    prop_assert!(
        speed.x.abs() <= fastest && speed.y.abs() <= fastest && speed.z.abs() <= fastest,
        "{state:?}"
    );
    prop_assert!(state.motion <= motion::MAX && state.flags & !flags::ALL == 0);
    Ok(())
}

/// Every set of buttons in every motion with and without ground: bounded, and the motion fits the ground.
#[test]
fn every_button_in_every_motion_of_every_class() {
    let terrain = flat();
    let movement = MovementTicks::new(&Rules::default(), 60);
    let still = [(0, 0), (127, 0), (-127, 0), (0, 127), (127, -127), (-128, -128)];
    for class in 0..MOVEMENT_CLASSES as u8 {
        for value in 0..=u8::MAX {
            for pressed in 0..=buttons::ALL {
                let (forward, right) = still[usize::from(pressed) % still.len()];
                let base = standing(&terrain, Metres::ONE, Metres::ONE);
                let grounded = if pressed & 1 == 0 { flags::GROUNDED } else { 0 };
                let state = MoveState {
                    class,
                    motion: value,
                    motion_ticks: pressed,
                    flags: base.flags & !flags::GROUNDED | grounded,
                    ..base
                };
                let input = walk(forward, right, pressed, Brads(pressed.wrapping_mul(1_000)));
                let after = move_character(state, input, &around(&terrain), &movement);
                bounded(&after, &terrain, &movement).unwrap();
                let stands = motions::stands(after.motion) || after.motion == motion::KNOCKED;
                assert!(after.flags & flags::GROUNDED == 0 || stands, "{after:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Anything in any column, at every rate, with walls, water and platforms about: no overflow, bounded from the first tick.
    #[test]
    fn nothing_overflows(
        words: [u32; 10], extreme in 0_usize..6, hz in TICK_HZ_MIN..=TICK_HZ_MAX, class in 0_u8..8,
        buttons: u16, right: i8, forward: i8, yaw: u16, pitch: i16, water in -4_000..4_000_i32, walls: bool,
        far in 1_u8..=16,
    ) {
        let terrain = Terrain::from_seed(5, Metres::from_m(16), Metres::ONE).unwrap();
        let mut scenery = Scenery::default();
        if walls {
            let half_sizes = [Metres::ONE, Metres::from_m(3), Metres::from_m(8)];
            scenery.shapes.push(StaticShape::Box { centre: Position::ORIGIN, half_sizes, yaw: Brads(9_000) });
        }
        let obstacles = Obstacles::bake(&scenery, Metres::from_m(16)).unwrap();
        let mut rules = Rules::default();
        rules.water.level = Metres::from_mm(water);
        let mut state: MoveState = bytemuck::cast(words);
        let ends = [i32::MIN, i32::MAX, i32::MIN + 1, 0];
        if extreme < ends.len() {
            state.position = Position::from_raw(ends[extreme], ends[(extreme + 1) % 4], ends[(extreme + 2) % 4]);
            state.velocity = Velocity::from_raw(ends[(extreme + 1) % 4], ends[extreme], ends[extreme]);
        }
        state.flags = state.flags & flags::ALL | flags::ALIVE;
        state.class = class;
        let input = CharacterInput { buttons, move_right: right, move_forward: forward, yaw: Brads(yaw), pitch };
        let movement = MovementTicks::every(&rules, hz, if extreme == 5 { far } else { 1 });
        for tick in [0, 1, u32::MAX - 1, u32::MAX, 7] {
            let surroundings = Surroundings { terrain: &terrain, obstacles: &obstacles, tick: Tick(tick) };
            state = move_character(state, input, &surroundings, &movement);
            bounded(&state, &terrain, &movement)?;
        }
    }
}

#[test]
fn radii_outside_of_their_range_are_refused_and_the_ends_work() {
    let mut rules = Rules::default();
    for radius in [0, 13_106, (5 << 16) + 1, i32::MAX, -1] {
        rules.movement[2].radius = Metres(radius);
        assert!(matches!(rules.validate(), Err(RulesError::OutOfRange { field: "radius", .. })), "{radius}");
    }
    let terrain = flat();
    for (radius, height) in [(13_107, 26_214), (5 << 16, 16 << 16)] {
        let mut rules = Rules::default();
        let of = &mut rules.movement[2];
        (of.radius, of.height, of.crouch_height) = (Metres(radius), Metres(height), Metres(height));
        rules.validate().unwrap();
        let movement = MovementTicks::new(&rules, 60);
        let mut state = MoveState { class: 2, ..standing(&terrain, Metres::ZERO, Metres::ZERO) };
        for _ in 0..2_000 {
            state =
                move_character(state, walk(127, 0, buttons::SPRINT, Brads(0)), &around(&terrain), &movement);
        }
        assert_eq!(state.position.z, Metres(radius) - terrain.half_extent(), "at the edge");
    }
}
