//! Lanes held to the function, bit for bit, over random rows among hills, water and walls; the reciprocal to the division.

use super::*;
use crate::limits::{TICK_HZ_MAX, TICK_HZ_MIN};
use crate::numeric::MetresPerSecond;
use crate::numeric::Position;
use crate::numeric::rng::random_u32x4;
use crate::numeric::{LaneChoice, Purpose};
use crate::rules::Rules;
use crate::spatial::{Scenery, StaticShape};
use crate::state::characters::Characters;
use crate::systems::movement::ticks::{PerTick, SPEED_BOUND};
use proptest::prelude::*;

const ROWS: usize = 77;

fn words(seed: u64, tick: u32, row: usize) -> [u32; 4] {
    random_u32x4(seed, Tick(tick), row as u32, Purpose::Scripted)
}

/// Rows of every class anywhere in the field, most of them standing, some with anything in their columns.
fn crowd(seed: u64, terrain: &Terrain) -> Characters {
    let mut characters = Characters::new(ROWS);
    for row in 0..ROWS {
        let [a, b, c, d] = words(seed, 0, row);
        let place = |word: u32| Metres((word as i32) >> 10);
        let (x, z) = (place(a), place(b));
        characters.position_x[row] = x.0;
        characters.position_z[row] = z.0;
        characters.position_y[row] = terrain.height_at(x, z).0;
        characters.class[row] = (c & 7) as u8;
        characters.flags[row] = flags::ALIVE | flags::IN_USE | flags::GROUNDED;
        if c & 0x300 == 0 {
            characters.velocity_x[row] = (d as i32) >> (c >> 27);
            characters.velocity_z[row] = (d.rotate_left(9) as i32) >> (c >> 27);
            characters.motion[row] = (c >> 10 & 7) as u8;
            characters.motion_ticks[row] = (c >> 13 & 31) as u16;
            characters.flags[row] |= (c >> 18) as u16 & flags::ALL;
            characters.timer[row] = (d & 15) as u16;
            characters.dodge_ticks[row] = (d >> 4 & 31) as u16;
            characters.position_y[row] = (d as i32) >> (c & 31);
        }
        // Thrown, along the ground or through the air, some of them for the last tick.
        if c & 0x300 == 0x100 && d & 3 == 0 {
            characters.velocity_x[row] = (d as i32) >> 10;
            characters.velocity_y[row] = if d & 4 == 0 { 0 } else { (d.rotate_left(20) as i32) >> 13 };
            characters.velocity_z[row] = (d.rotate_left(9) as i32) >> 10;
            characters.motion[row] = motion::KNOCKED;
            characters.motion_ticks[row] = (c >> 13 & 63) as u16;
            characters.timer[row] = (d >> 3 & 3) as u16;
            characters.flags[row] |= (c >> 18) as u16 & (flags::CROUCHED | flags::JUMP_QUEUED);
            if d & 4 != 0 {
                characters.flags[row] &= !flags::GROUNDED;
                characters.position_y[row] += (d >> 16) as i32;
            }
        }
        if c & 0xFC00_0000 == 0 {
            characters.flags[row] = flags::IN_USE;
        }
    }
    characters
}

/// New wishes for a part of the rows.
fn think(characters: &mut Characters, seed: u64, tick: u32) {
    for row in 0..ROWS {
        let [a, b, c, _] = words(seed, tick + 1, row);
        if a & 3 != 0 && tick > 0 {
            continue;
        }
        let pressed = if b & 7 == 0 { b >> 8 } else { (b >> 8) & u32::from(buttons::SPRINT) };
        let axis = |word: u32| if word & 128 == 0 { 127 } else { word as i8 };
        let idle = c & 0x300 == 0;
        characters.input_buttons[row] = pressed as u16;
        characters.input_forward[row] = if idle { 0 } else { axis(c >> 16) };
        characters.input_right[row] = if idle || c & 0x400 == 0 { 0 } else { axis(c >> 24) };
        characters.input_yaw[row] = a.rotate_right(13) as u16;
        characters.input_pitch[row] = (c >> 3) as i16;
    }
}

fn scenery() -> Scenery {
    let mut scenery = Scenery::default();
    for at in 0..6 {
        let centre = Position::new(Metres::from_m(at * 7 - 20), Metres::ONE, Metres::from_m(at * 5 - 14));
        let half_sizes = [Metres::ONE, Metres::from_m(2), Metres::from_m(3)];
        scenery.shapes.push(StaticShape::Box { centre, half_sizes, yaw: Brads(at as u16 * 4_000) });
    }
    // Tall ones close together: most rows have one near, some stand in corners.
    for at in 0..120 {
        let [a, b, c, _] = words(5, 0, at);
        let place = |word: u32| Metres((word as i32) >> 10);
        let centre = Position::new(place(a), Metres::ZERO, place(b));
        let shape = if c & 1 == 0 {
            let half_sizes = [200 + (c >> 20) as i32 / 4, 4_000, 250].map(Metres::from_mm);
            StaticShape::Box { centre, half_sizes, yaw: Brads((c >> 2) as u16) }
        } else {
            let base = Position { y: Metres::from_m(-4), ..centre };
            StaticShape::Cylinder {
                base,
                radius: Metres::from_mm(150 + (c >> 23) as i32),
                height: Metres::from_m(9),
            }
        };
        scenery.shapes.push(shape);
    }
    scenery
}

fn same(a: &Characters, b: &Characters) -> Option<usize> {
    (0..ROWS).find(|&row| a.view().move_state(row as u32) != b.view().move_state(row as u32))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn lanes_do_what_the_function_does(
        seed: u64, hz in TICK_HZ_MIN..=TICK_HZ_MAX, walls: bool, water in prop::bool::weighted(0.3),
    ) {
        let terrain = Terrain::from_seed(seed, Metres::from_m(32), Metres::from_m(2)).unwrap();
        let scenery = if walls { scenery() } else { Scenery::default() };
        let obstacles = Obstacles::bake(&scenery, Metres::from_m(32)).unwrap();
        let mut rules = Rules::default();
        rules.water.level = if water { Metres::from_mm(900) } else { rules.water.level };
        rules.movement[1].slope_limit_per_256 = 20;
        let movement = MovementTicks::new(&rules, hz);
        let mut plain = crowd(seed, &terrain);
        let mut others: std::vec::Vec<Characters> =
            LaneChoice::available().iter().map(|_| plain.clone()).collect();
        for tick in 0..40 {
            let surroundings = Surroundings { terrain: &terrain, obstacles: &obstacles, tick: Tick(tick) };
            think(&mut plain, seed, tick);
            let mut rows = plain.rows_below(ROWS);
            for row in 0..ROWS {
                let moved = move_character(rows.move_state(row), rows.input(row), &surroundings, &movement);
                rows.set_move_state(row, &moved);
            }
            for (choice, other) in LaneChoice::available().iter().zip(&mut others) {
                think(other, seed, tick);
                run(other.rows_below(ROWS), 0, &surroundings, &movement, None, *choice);
                if let Some(row) = same(&plain, other) {
                    let (wanted, found) = (plain.view().move_state(row as u32), other.view().move_state(row as u32));
                    prop_assert_eq!(wanted, found, "{:?}, tick {}, row {}", choice, tick, row);
                }
            }
        }
    }

    #[test]
    fn the_reciprocal_divides(speed in -SPEED_BOUND..=SPEED_BOUND, hz in TICK_HZ_MIN..=TICK_HZ_MAX) {
        let wanted = MetresPerSecond(speed).per_tick(hz);
        prop_assert_eq!(Metres(PerTick::new(hz).way(speed)), wanted);
    }
}

/// Why the reciprocal is right for all speeds, not only for those tried: see [`PerTick::way`].
#[test]
fn the_reciprocal_errs_by_less_than_one_part_of_the_rate() {
    for hz in TICK_HZ_MIN..=TICK_HZ_MAX {
        let per_tick = PerTick::new(hz);
        let error = i64::from(per_tick.reciprocal) * i64::from(hz) - (1_i64 << 34);
        assert!((0..i64::from(hz)).contains(&error));
        assert_eq!(i64::from(per_tick.bias), i64::from(per_tick.bias_share) * i64::from(hz));
        assert!(per_tick.bias >= SPEED_BOUND);
        assert!((i64::from(SPEED_BOUND) + i64::from(per_tick.bias)) * error < 1_i64 << 34, "{hz} Hz");
        for speed in [-SPEED_BOUND, -1, 0, 1, SPEED_BOUND] {
            assert_eq!(Metres(per_tick.way(speed)), MetresPerSecond(speed).per_tick(hz), "{hz} Hz, {speed}");
        }
    }
}

/// The shortening of diagonal inputs, over all of them: never too long, and short by less than one part in 4,096.
#[test]
fn diagonals_are_as_long_as_straight_ways() {
    for square in steer::FULL_SQUARED + 1..=2 * steer::FULL_SQUARED {
        // found <= 127 x 32,768 / sqrt(square) < found + 8, squared.
        let (exact, found) = (127_u128 * 32_768, steer::shortened(square) as u128);
        let squared = |length: u128| length * length * square as u128;
        assert!(squared(found) <= exact * exact && squared(found + 8) > exact * exact, "{square}: {found}");
    }
}

/// The inverse root over all its arguments: never so long that a direction is longer than one, and short by less than one
/// part in 1,000.
#[test]
fn directions_are_not_longer_than_one() {
    for x in 1_i64 << 13..1 << 16 {
        let root = i64::from(steer::inverse_root(x as i32));
        // root² x / 2⁴³ is below 1 for all that is shortened to x, and above 0.998.
        assert!(root * root * (x + 1) < 1 << 43, "{x}: {root}");
        assert!(root * root * x > (1 << 43) / 1_000 * 998, "{x}: {root}");
    }
}
