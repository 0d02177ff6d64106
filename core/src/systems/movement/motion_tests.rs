//! Every motion and every class held to what `docs/MOVEMENT.md` says of them.

use super::tests::{around, flat, rules, run, standing, walk};
use super::*;
use crate::numeric::{MetresPerSecond, Position};
use crate::rules::{MOVEMENT_CLASSES, Rules};
use crate::spatial::obstacles::{Platform, Waypoint};
use crate::spatial::{HeightFile, HeightFileShape, Scenery, StaticShape, TerrainShape, TerrainSource};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

const HZ: u16 = 60;

fn m(mm: i32) -> Metres {
    Metres::from_mm(mm)
}

/// A valley along x with walls that rise `rise_mm` for each metre from 8 m on either side of the middle.
fn valley(rise_mm: i32) -> Terrain {
    let height = |column: i32| ((column - 64).abs() - 8).max(0) * rise_mm;
    let samples: Vec<u16> =
        (0..129 * 129).map(|at| (i64::from(height(at % 129)) * 65_535 / 400_000) as u16).collect();
    let shape = HeightFileShape {
        columns: 129,
        rows: 129,
        spacing: Metres::ONE,
        lowest: Metres::ZERO,
        highest: Metres::from_m(400),
        water: None,
    };
    let file = Arc::new(HeightFile::new(&shape, &samples).unwrap());
    let size = TerrainShape {
        half_extent: Metres::from_m(64),
        spacing: Metres::ONE,
        resident_chunks: 64,
        delta_chunks: 0,
    };
    Terrain::new(0, TerrainSource::Heights(file), &size).unwrap()
}

fn steps(
    mut state: MoveState,
    input: CharacterInput,
    ticks: u32,
    surroundings: &Surroundings<'_>,
    movement: &MovementTicks,
) -> Vec<MoveState> {
    let mut states = vec![];
    for tick in 0..ticks {
        let now = Surroundings { tick: Tick(surroundings.tick.0 + tick), ..*surroundings };
        state = move_character(state, input, &now, movement);
        states.push(state);
    }
    states
}

fn last(states: &[MoveState]) -> MoveState {
    *states.last().unwrap()
}

const NORTH: Brads = Brads(0);
/// Along +x.
const EAST: Brads = Brads(49_152);

#[test]
fn every_class_walks_sprints_and_crouches_at_its_own_speeds() {
    let terrain = flat();
    let table = Rules::default();
    for class in 0..MOVEMENT_CLASSES as u8 {
        let start = MoveState { class, ..standing(&terrain, Metres::ZERO, m(40_000)) };
        let of = table.class(class);
        let speed =
            |pressed| run(start, walk(127, 0, pressed, NORTH), 120, &terrain).velocity.horizontal_speed();
        let near = |found: MetresPerSecond, wanted: MetresPerSecond, what: &str| {
            assert!((found.0 - wanted.0).abs() < 64, "class {class} {what}: {found}, wanted {wanted}");
        };
        near(speed(0), of.walk_speed, "walks");
        near(speed(buttons::SPRINT), of.sprint_speed, "sprints");
        let crouched = run(start, walk(127, 0, buttons::CROUCH | buttons::SPRINT, NORTH), 120, &terrain);
        let can = of.crouch_height < of.height;
        assert_eq!(crouched.flags & flags::CROUCHED != 0, can, "class {class}");
        near(
            crouched.velocity.horizontal_speed(),
            if can { of.crouch_speed } else { of.sprint_speed },
            "crouches",
        );
        let jumped = run(start, walk(0, 0, buttons::JUMP, NORTH), 1, &terrain);
        assert_eq!(jumped.motion == motion::JUMP, of.jump_speed.0 > 0, "class {class}");
        let dodged = run(start, walk(0, 0, buttons::DODGE, NORTH), 1, &terrain);
        assert_eq!(dodged.motion == motion::DODGE, of.dodge_distance.0 > 0, "class {class}");
    }
}

#[test]
fn a_dodge_covers_its_way_in_its_time_and_rests() {
    let terrain = flat();
    let start = standing(&terrain, Metres::ZERO, Metres::ZERO);
    let table = Rules::default().movement[0];
    let (duration, rest) = (18, 30);
    for (forward, right, sign_x, sign_z) in
        [(0, 0, 0, 1), (127, 0, 0, -1), (0, 127, 1, 0), (0, -127, -1, 0), (-127, 0, 0, 1)]
    {
        let input = walk(forward, right, buttons::DODGE, NORTH);
        let states = steps(start, input, 60, &around(&terrain), &rules(HZ));
        let active = states.iter().take_while(|state| state.motion == motion::DODGE).count();
        assert_eq!(active, duration - 1, "the last tick of a dodge ends it");
        let end = states[duration - 1].position;
        let way = table.dodge_distance.0;
        assert!((end.x.0 - sign_x * way).abs() < 256 && (end.z.0 - sign_z * way).abs() < 256, "{end:?}");
        let again = states.iter().skip(duration).position(|state| state.motion == motion::DODGE);
        assert_eq!(again, Some(rest), "rest");
    }
}

#[test]
fn a_jump_is_remembered_before_the_landing_and_possible_after_the_edge() {
    let terrain = flat();
    let movement = rules(HZ);
    let high = MoveState {
        position: Position { y: m(2_000), ..Position::ORIGIN },
        ..standing(&terrain, Metres::ZERO, Metres::ZERO)
    };
    let falling =
        MoveState { flags: high.flags & !flags::GROUNDED, motion: motion::FALL, motion_ticks: 60, ..high };
    let still = walk(0, 0, 0, NORTH);
    let jump = walk(0, 0, buttons::JUMP, NORTH);
    let alone = steps(falling, still, 60, &around(&terrain), &movement);
    let landing = alone.iter().position(|state| state.flags & flags::GROUNDED != 0).unwrap();
    // Pressed for one tick, `before` ticks before the landing: remembered for 6 ticks of 100 ms.
    for (before, jumps) in [(1, true), (5, true), (6, true), (7, false), (12, false)] {
        let mut state = falling;
        let mut jumped = false;
        for tick in 0..landing + 20 {
            let input = if tick + before == landing { jump } else { still };
            state = move_character(state, input, &around(&terrain), &movement);
            jumped |= state.motion == motion::JUMP;
        }
        assert_eq!(jumped, jumps, "{before} ticks before the landing");
    }
    // 100 ms after the edge are 6 ticks; a fall that is older cannot jump.
    for (since, jumps) in [(0, true), (5, true), (6, false)] {
        let fresh = MoveState { motion_ticks: since, ..falling };
        let state = move_character(fresh, jump, &around(&terrain), &movement);
        assert_eq!(state.motion == motion::JUMP, jumps, "{since} ticks after the edge");
    }
}

#[test]
fn steep_ground_is_slid_down_and_not_walked_up() {
    let gentle = valley(800);
    let start = standing(&gentle, Metres::ZERO, Metres::ZERO);
    let up = last(&steps(start, walk(127, 0, 0, EAST), 240, &around(&gentle), &rules(HZ)));
    assert!(up.position.x > m(15_000) && up.motion == motion::GROUND, "a slope of 0.8 is walked: {up:?}");
    let wall = valley(1_500);
    let start = standing(&wall, Metres::ZERO, Metres::ZERO);
    let states = steps(start, walk(127, 0, buttons::SPRINT, EAST), 240, &around(&wall), &rules(HZ));
    let foot = m(8_000);
    assert!(states.iter().all(|state| state.position.x <= foot + m(5)), "a slope of 1.5 is a wall");
    assert_eq!(last(&states).position, states[200].position, "no jitter at its foot");
    let along = steps(start, walk(127, 127, 0, EAST), 240, &around(&wall), &rules(HZ));
    assert!(last(&along).position.z > m(9_000), "along it one gets on: {:?}", last(&along).position);
    let above = standing(&wall, m(20_000), Metres::ZERO);
    let states = steps(above, walk(127, 0, 0, EAST), 400, &around(&wall), &rules(HZ));
    assert!(states[1].motion == motion::SLIDE && states[30].velocity.x.0 < -(1 << 16));
    assert!(last(&states).position.x < foot + m(500), "down again: {:?}", last(&states));
}

#[test]
fn bodies_float_swim_dive_and_get_out() {
    let mut table = Rules::default();
    table.water.level = m(3_000);
    let movement = MovementTicks::new(&table, HZ);
    // Deep in the middle, shores on both sides.
    let terrain = valley(300);
    let start = standing(&terrain, Metres::ZERO, Metres::ZERO);
    let around = around(&terrain);
    let floating = last(&steps(start, walk(0, 0, 0, NORTH), 300, &around, &movement));
    let line = m(3_000) - table.movement[0].swim_depth;
    assert_eq!(floating.motion, motion::SWIM);
    assert!((floating.position.y - line).abs() < m(20), "floats at {}", floating.position.y);
    let diving = last(&steps(floating, walk(0, 0, buttons::CROUCH, NORTH), 120, &around, &movement));
    assert!(diving.position.y < m(200) && diving.motion == motion::SWIM, "{diving:?}");
    let swimming = steps(floating, walk(127, 0, buttons::SPRINT, EAST), 600, &around, &movement);
    let speed = swimming[100].velocity.horizontal_speed();
    assert!((speed.0 - table.movement[0].swim_speed.0).abs() < 64, "{speed}");
    assert_eq!(last(&swimming).motion, motion::GROUND, "out of the water: {:?}", last(&swimming));
    let jumped = move_character(floating, walk(0, 0, buttons::JUMP, NORTH), &around, &movement);
    assert_eq!(jumped.motion, motion::JUMP, "out of the water with a jump");
    let dropped = MoveState {
        position: Position { y: m(30_000), ..start.position },
        flags: start.flags & !flags::GROUNDED,
        ..start
    };
    let states = steps(dropped, walk(0, 0, 0, NORTH), 900, &around, &movement);
    assert!(states.iter().all(|state| state.position.y >= Metres::ZERO));
    assert_eq!(last(&states).motion, motion::SWIM);
}

#[test]
fn crouched_bodies_keep_to_the_edge() {
    let (terrain, scenery) = (flat(), platform_scenery(None));
    let obstacles = Obstacles::bake(&scenery, Metres::from_m(64)).unwrap();
    let surroundings = Surroundings { terrain: &terrain, obstacles: &obstacles, tick: Tick(1) };
    let top = MoveState {
        position: Position::new(Metres::ZERO, Metres::from_m(2), Metres::ZERO),
        ..standing(&terrain, Metres::ZERO, Metres::ZERO)
    };
    let stood = last(&steps(top, walk(0, 0, 0, EAST), 10, &surroundings, &rules(HZ)));
    assert!(stood.support != 0 && stood.position.y == Metres::from_m(2), "stands on the box: {stood:?}");
    let walked = last(&steps(stood, walk(127, 0, 0, EAST), 120, &surroundings, &rules(HZ)));
    assert!(walked.position.y == Metres::ZERO && walked.position.x > m(4_000), "walked off: {walked:?}");
    let kept = last(&steps(stood, walk(127, 0, buttons::CROUCH, EAST), 240, &surroundings, &rules(HZ)));
    assert!(kept.position.y > m(1_600) && kept.support != 0, "kept: {kept:?}");
}

/// A box of 4 x 2 x 4 m in the middle, standing still or moving along x and turning.
fn platform_scenery(ticks: Option<u32>) -> Scenery {
    let half_sizes = [Metres::from_m(2), Metres::ONE, Metres::from_m(2)];
    let centre = Position::new(Metres::ZERO, Metres::ONE, Metres::ZERO);
    let mut scenery = Scenery::default();
    match ticks {
        None => scenery.shapes.push(StaticShape::Box { centre, half_sizes, yaw: Brads(0) }),
        Some(ticks) => scenery.platforms.push(Platform {
            half_sizes,
            waypoints: vec![
                Waypoint { centre, yaw: Brads(0), ticks },
                Waypoint {
                    centre: centre.offset(Metres::from_m(10), Metres::from_m(3), Metres::ZERO),
                    yaw: Brads(8_192),
                    ticks,
                },
            ],
        }),
    }
    scenery
}

#[test]
fn platforms_carry_and_walls_hold() {
    let terrain = flat();
    let obstacles = Obstacles::bake(&platform_scenery(Some(300)), Metres::from_m(64)).unwrap();
    let surroundings = Surroundings { terrain: &terrain, obstacles: &obstacles, tick: Tick(1) };
    let top = MoveState {
        position: Position::new(Metres::ONE, Metres::from_m(2), Metres::ONE),
        ..standing(&terrain, Metres::ZERO, Metres::ZERO)
    };
    let states = steps(top, walk(0, 0, 0, NORTH), 590, &surroundings, &rules(HZ));
    for (tick, state) in (1_u32..).zip(&states).skip(3) {
        let (centre, _) = obstacles.platform_place(0, Tick(tick)).unwrap();
        assert!(state.support != 0, "tick {tick}: {state:?}");
        assert!((state.position.y - centre.y - Metres::ONE).abs() <= m(2), "tick {tick}: {state:?}");
        let arm = Position { y: centre.y, ..state.position }.distance(centre);
        assert!((arm - m(1_414)).abs() < m(40), "tick {tick}: {arm}");
    }
    // A wall in the way at any speed.
    let still = Obstacles::bake(&platform_scenery(None), Metres::from_m(64)).unwrap();
    let before_wall = Surroundings { terrain: &terrain, obstacles: &still, tick: Tick(1) };
    let start = standing(&terrain, m(-10_000), Metres::ZERO);
    for speed in [4, 40, 400, 1_000] {
        let thrown =
            MoveState { velocity: Velocity::from_raw(speed << 16, 0, 0), motion: motion::KNOCKED, ..start };
        let states = steps(thrown, walk(127, 0, 0, EAST), 200, &before_wall, &rules(HZ));
        let end = last(&states).position;
        assert!(end.x <= m(-2_399) && end.x > m(-2_500), "{speed} m/s: {end:?}");
        assert_eq!(end, states[150].position, "at rest against it");
    }
}

#[test]
fn impulses_throw_and_end() {
    let config = crate::WorldConfig {
        half_extent: Metres::from_m(32),
        character_capacity: 4,
        ..crate::WorldConfig::default()
    };
    let mut world = crate::World::new(&config).unwrap();
    let placement = crate::Placement::At { x: Metres::ZERO, z: Metres::ZERO, yaw: NORTH };
    world.step(&[crate::Command::Spawn { tag: 0, team: 0, class: 0, placement }]);
    let id = world.id_at(0).unwrap();
    let velocity = Velocity::from_raw(8 << 16, 4 << 16, 0);
    world.step(&[crate::Command::Impulse { id, velocity }]);
    assert_eq!(world.move_state(id).unwrap().motion, motion::KNOCKED);
    for _ in 0..120 {
        world.step(&[]);
    }
    let end = world.move_state(id).unwrap();
    assert!(
        end.motion == motion::GROUND && end.position.x > Metres::from_m(3) && end.velocity == Velocity::ZERO,
        "{end:?}"
    );
    assert_eq!(world.step(&[crate::Command::SetClass { id, class: 8 }]).tally.commands_refused, 1);
    assert_eq!(world.step(&[crate::Command::SetClass { id, class: 3 }]).tally.commands_refused, 0);
    assert_eq!(world.move_state(id).unwrap().class, 3, "mounted");
    let far = Velocity::from_raw(i32::MAX, i32::MAX, i32::MIN);
    world.step(&[
        crate::Command::Impulse { id, velocity: far },
        crate::Command::Impulse { id, velocity: far },
    ]);
    let thrown = world.move_state(id).unwrap();
    assert!(thrown.velocity.y <= MetresPerSecond::from_m(1_000));
}
