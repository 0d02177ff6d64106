//! Movement held to its rules: speeds, ground, bounds, and the same bits for the same inputs.

use super::*;
use crate::limits::SPEED_MAX_M_PER_S;
use crate::numeric::{MetresPerSecond, Position};
use crate::rules::Rules;
use alloc::vec::Vec;
use proptest::prelude::*;

const HZ: u16 = 60;

pub(super) fn flat() -> Terrain {
    Terrain::flat(Metres::from_m(64), Metres::from_m(2)).unwrap()
}

fn hills() -> Terrain {
    Terrain::from_seed(3, Metres::from_m(64), Metres::from_m(2)).unwrap()
}

pub(super) fn around(terrain: &Terrain) -> Surroundings<'_> {
    static NOTHING: std::sync::LazyLock<Obstacles> = std::sync::LazyLock::new(Obstacles::empty);
    Surroundings { terrain, obstacles: &NOTHING, tick: Tick::ZERO }
}

pub(super) fn rules(hz: u16) -> MovementTicks {
    MovementTicks::new(&Rules::default(), hz)
}

pub(super) fn standing(terrain: &Terrain, x: Metres, z: Metres) -> MoveState {
    MoveState {
        position: Position { x, y: terrain.height_at(x, z), z },
        flags: flags::ALIVE | flags::IN_USE | flags::GROUNDED,
        ..MoveState::default()
    }
}

pub(super) fn walk(forward: i8, right: i8, pressed: u16, yaw: Brads) -> CharacterInput {
    CharacterInput { buttons: pressed, move_right: right, move_forward: forward, yaw, pitch: 0 }
}

pub(super) fn run(mut state: MoveState, input: CharacterInput, ticks: u32, terrain: &Terrain) -> MoveState {
    for _ in 0..ticks {
        state = move_character(state, input, &around(terrain), &rules(HZ));
    }
    state
}

#[test]
fn directions_follow_the_axes() {
    let terrain = flat();
    let start = standing(&terrain, Metres::ZERO, Metres::ZERO);
    // Yaw 0 looks along -z, its right hand along +x; a quarter turn to the left looks along -x.
    for (yaw, forward, right, x_sign, z_sign) in [
        (0, 127, 0, 0, -1),
        (0, 0, 127, 1, 0),
        (90, 127, 0, -1, 0),
        (90, 0, 127, 0, -1),
        (180, 127, 0, 0, 1),
        (-90, 127, 0, 1, 0),
    ] {
        let end = run(start, walk(forward, right, 0, Brads::from_degrees(yaw)), 60, &terrain);
        let (x, z) = (end.position.x.to_mm(), end.position.z.to_mm());
        assert!((x - x_sign * 3_800).abs() < 100 && (z - z_sign * 3_800).abs() < 100, "yaw {yaw}: {x}, {z}");
    }
}

#[test]
fn sprint_is_forwards_and_diagonals_are_not_faster() {
    let terrain = flat();
    let start = standing(&terrain, Metres::ZERO, Metres::ZERO);
    let speed = |forward, right, pressed| {
        let state = run(start, walk(forward, right, pressed, Brads(12_345)), 60, &terrain);
        (state.velocity.horizontal_speed().to_mm(), state.flags & flags::SPRINTING != 0)
    };
    let near = |(speed, sprinting): (i32, bool), wanted: i32, sprint: bool| {
        assert!((wanted - 12..=wanted).contains(&speed) && sprinting == sprint, "{speed}, wanted {wanted}");
    };
    near(speed(127, 0, 0), 4_000, false);
    near(speed(127, 127, 0), 4_000, false);
    near(speed(64, 0, 0), 2_015, false);
    near(speed(127, 0, buttons::SPRINT), 6_500, true);
    near(speed(-128, 0, buttons::SPRINT), 4_000, false);
    near(speed(1, 127, buttons::SPRINT), 4_000, false);
    let state = run(start, walk(127, 0, 0, Brads(0)), 60, &terrain);
    assert_eq!(
        run(state, walk(0, 0, 0, Brads(0)), 5, &terrain).velocity,
        Velocity::default(),
        "friction stops"
    );
}

#[test]
fn a_jump_goes_up_comes_down_and_rests() {
    let terrain = flat();
    let mut state = standing(&terrain, Metres::ZERO, Metres::ZERO);
    let input = walk(0, 0, buttons::JUMP, Brads(0));
    let mut heights = Vec::new();
    for _ in 0..120 {
        state = move_character(state, input, &around(&terrain), &rules(HZ));
        heights.push(state.position.y.to_mm());
    }
    let top = *heights.iter().max().unwrap();
    // v^2 / 2g = 637 mm; the first whole tick at full speed adds half a tick's way.
    assert!((637..690).contains(&top), "{top}");
    let landing = heights.iter().position(|height| *height == 0).unwrap();
    assert!((29..32).contains(&landing), "2 v / g is half a second: {landing}");
    // Nine ticks of rest, then up again although the button never was let go.
    let rest = heights[landing..].iter().take_while(|height| **height == 0).count();
    assert_eq!(rest, 9 + 1);
}

#[test]
fn the_dead_do_not_move() {
    let terrain = hills();
    let mut dead = standing(&terrain, Metres::ONE, Metres::ONE);
    dead.flags = flags::IN_USE;
    dead.velocity.x = MetresPerSecond::ONE;
    assert_eq!(run(dead, walk(127, 0, buttons::ALL, Brads(3)), 10, &terrain), dead);
}

/// A hundred walkers, 200 ticks each: where they end never changes, whoever computes it.
#[test]
fn golden_walk() {
    let terrain = hills();
    let mut hasher = crate::numeric::StateHasher::new();
    for walker in 0..100_u32 {
        let mut state = standing(&terrain, Metres::from_mm(walker as i32 * 300), Metres::from_mm(-7_000));
        for tick in 0..200_u32 {
            let word = crate::numeric::rng::random_u32(
                1,
                Tick(tick / 20),
                walker,
                crate::numeric::Purpose::Scripted,
            );
            let input = walk((word >> 8) as i8, word as i8, (word >> 16) as u16, Brads((word >> 12) as u16));
            state = move_character(state, input, &around(&terrain), &rules(HZ));
        }
        hasher.add(1, walker, state.position.x.0);
        hasher.add(2, walker, state.position.y.0);
        hasher.add(3, walker, state.position.z.0);
        hasher.add(4, walker, u32::from(state.flags) << 16 | u32::from(state.timer));
    }
    assert_eq!(alloc::format!("{}", hasher.finish()), "cb4ba728826d6e0df888181d988b8b23");
}

fn any_input() -> impl Strategy<Value = CharacterInput> {
    (any::<u16>(), any::<i8>(), any::<i8>(), any::<u16>(), any::<i16>()).prop_map(
        |(buttons, move_right, move_forward, yaw, pitch)| CharacterInput {
            buttons,
            move_right,
            move_forward,
            yaw: Brads(yaw),
            pitch,
        },
    )
}

proptest! {
    #[test]
    fn walkers_stay_in_the_world_on_the_ground_and_within_their_speed(
        x in -64_000..64_000_i32, z in -64_000..64_000_i32,
        inputs in proptest::collection::vec(any_input(), 1..12),
    ) {
        let terrain = hills();
        let (rules, movement) = (Rules::default().movement[0], rules(HZ));
        let mut state = standing(&terrain, Metres::from_mm(x), Metres::from_mm(z));
        for mut input in inputs {
            input.buttons &= !buttons::DODGE;
            for _ in 0..20 {
                let before = state;
                state = move_character(state, input, &around(&terrain), &movement);
                prop_assert_eq!(state, move_character(before, input.sanitized(), &around(&terrain), &movement));
                let ground = terrain.height_at(state.position.x, state.position.z);
                let edge = terrain.half_extent() - rules.radius;
                prop_assert!(state.position.x.abs() <= edge && state.position.z.abs() <= edge);
                prop_assert!(state.position.y >= ground);
                prop_assert_eq!(state.flags & flags::GROUNDED != 0, state.position.y == ground);
                // The table of sines rounds: a direction may be longer than 1 by 1/65536.
                let bound = rules.sprint_speed + MetresPerSecond(16);
                prop_assert!(state.velocity.horizontal_speed() <= bound);
            }
        }
    }

    /// States and inputs from a hostile server: no panic, in debug either, and bounded afterwards.
    #[test]
    fn any_state_is_accepted(words in any::<[u32; 10]>(), input in any_input(), hz in 10_u16..=120) {
        let terrain = hills();
        let mut state: MoveState = bytemuck::cast(words);
        state.flags |= flags::ALIVE;
        for _ in 0..3 {
            state = move_character(state, input, &around(&terrain), &rules(hz));
            prop_assert!(state.position.x.abs() <= terrain.half_extent());
            prop_assert!(state.velocity.x.abs() <= MetresPerSecond::from_m(SPEED_MAX_M_PER_S));
        }
    }
}
