//! The judgement in lanes against the plain one, row by row.

use super::*;
use crate::numeric::LaneChoice;
use crate::rules::Rules;
use crate::state::characters::motion;
use alloc::vec::Vec;
use proptest::prelude::*;

const ROWS: usize = 45;
const HALF_EXTENT: i32 = 500 << 16;
const SPEED: i32 = 200 << 16;

fn ground(x: i32, z: i32) -> i32 {
    x / 8 - z / 16
}

/// Calls `with` with the bounds of a world of four teams.
fn with_bounds<R>(lanes: LaneChoice, with: impl FnOnce(&ImageBounds<'_>) -> R) -> R {
    let rules = Rules::default();
    let grounds = |_: Option<&TerrainDeltas>, x: &[i32], z: &[i32], heights: &mut [i32]| {
        for ((height, x), z) in heights.iter_mut().zip(x).zip(z) {
            *height = ground(*x, *z);
        }
    };
    with(&ImageBounds {
        fingerprint: 0,
        lanes,
        teams: 4,
        tick_hz: 60,
        half_extent: HALF_EXTENT,
        projectile_speed: SPEED,
        rules: &rules,
        terrain_cells: 100,
        sections: &[],
        points: &[],
        ground: &grounds,
    })
}

/// Numbers at which a bound lies, or beside it.
fn telling() -> impl Strategy<Value = i32> {
    let rules = Rules::default();
    let class = rules.class(0);
    let edges = [
        0,
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        8,
        16_383,
        16_384,
        127,
        128,
        255,
        1 << 15,
        i32::from(rules.life.health_max),
        HALF_EXTENT,
        HALF_EXTENT - class.radius.0,
        *HEIGHTS.end(),
        class.fall_speed_max.0,
        crate::limits::SPEED_MAX_M_PER_S << 16,
        SPEED,
        i32::MAX,
    ];
    let near = (prop::sample::select(edges.to_vec()), -1..=1, any::<bool>())
        .prop_map(|(edge, by, minus)| edge.wrapping_add(by).wrapping_mul(if minus { -1 } else { 1 }));
    prop_oneof![4 => near, 1 => 0..70, 1 => any::<i32>()]
}

/// Sets column number `at` of a character, whatever its kind.
fn set(characters: &mut Characters, row: usize, at: usize, value: i32) {
    let c = characters;
    match at {
        0 => c.position_x[row] = value,
        1 => c.position_y[row] = value,
        2 => c.position_z[row] = value,
        3 => c.velocity_x[row] = value,
        4 => c.velocity_y[row] = value,
        5 => c.velocity_z[row] = value,
        6 => c.pitch[row] = value as i16,
        7 => c.flags[row] = value as u16,
        8 => c.timer[row] = value as u16,
        9 => c.class[row] = value as u8,
        10 => c.motion[row] = value as u8,
        11 => c.motion_ticks[row] = value as u16,
        12 => c.support[row] = value as u16,
        13 => c.dodge_ticks[row] = value as u16,
        14 => c.input_buttons[row] = value as u16,
        15 => c.input_right[row] = value as i8,
        16 => c.input_forward[row] = value as i8,
        17 => c.input_pitch[row] = value as i16,
        18 => c.health[row] = value as u16,
        19 => c.team[row] = value as u8,
        20 => c.action[row] = value as u8,
        21 => c.generation[row] = value as u32,
        // Back to what stands, falls, lies dead or is free.
        22 => c.flags[row] = flags::IN_USE | flags::ALIVE | value as u16 & flags::CROUCHED,
        23 => c.motion[row] = motion::FALL,
        24 => c.position_y[row] = ground(c.position_x[row], c.position_z[row]).wrapping_add(value & 3),
        26 => c.stamina[row] = value as u16,
        27 => c.combo[row] = value as u8,
        25 => (c.flags[row], c.health[row]) = (flags::IN_USE | flags::GROUNDED, 0),
        _ => c.zero_row(row),
    }
}

fn standing() -> Characters {
    let mut characters = Characters::new(ROWS + 3);
    for row in 0..ROWS {
        let (x, z) = (row as i32 * 70_001, row as i32 * -33_333);
        (characters.position_x[row], characters.position_z[row]) = (x, z);
        characters.position_y[row] = ground(x, z);
        characters.flags[row] = flags::IN_USE | flags::ALIVE | flags::GROUNDED;
        (characters.health[row], characters.generation[row]) = (50, 1);
    }
    characters
}

#[test]
fn who_stands_is_fine() {
    for &lanes in LaneChoice::available() {
        with_bounds(lanes, |bounds| {
            assert_eq!(check_characters(&standing(), ROWS, None, bounds), Ok(()));
            assert_eq!(check_projectiles(&Projectiles::new(ROWS), ROWS, bounds), Ok(()));
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn lanes_judge_characters_as_the_rows_are_judged(
        changes in proptest::collection::vec((0..ROWS, proptest::collection::vec((0_usize..29, telling()), 1..5)), 0..6),
    ) {
        let mut characters = standing();
        for (row, columns) in changes {
            for (at, value) in columns {
                set(&mut characters, row, at, value);
            }
        }
        let expected = with_bounds(LaneChoice::Scalar, |bounds| {
            let movement = MoveBounds::new(bounds.rules, bounds.tick_hz, bounds.half_extent);
            let view = characters.view();
            let fine = |row: &usize| {
                let ground = ground(view.position_x[*row], view.position_z[*row]);
                match view.flags[*row] & flags::IN_USE {
                    0 => characters.is_free_row(*row),
                    _ => is_fine_character(&view, *row, ground, bounds, &movement),
                }
            };
            (0..ROWS).find(|row| !fine(row))
        });
        let expected = expected.map_or(Ok(()), |row| Err(SnapshotError::BadCharacter { slot: row as u32 }));
        for &lanes in LaneChoice::available() {
            let found = with_bounds(lanes, |bounds| check_characters(&characters, ROWS, None, bounds));
            prop_assert_eq!(found, expected, "{:?}", lanes);
        }
    }

    #[test]
    fn lanes_judge_projectiles_as_the_rows_are_judged(
        changes in proptest::collection::vec((0..ROWS, proptest::collection::vec((0_usize..17, telling()), 1..4)), 0..6),
    ) {
        let mut projectiles = Projectiles::new(ROWS);
        for row in (0..ROWS).step_by(3) {
            projectiles.alive[row] = 1;
            (projectiles.generation[row], projectiles.owner_generation[row]) = (1, 1);
        }
        for (row, columns) in changes {
            for (at, value) in columns {
                let p = &mut projectiles;
                match at {
                    0 => p.position_x[row] = value,
                    1 => p.position_y[row] = value,
                    2 => p.position_z[row] = value,
                    3 => p.velocity_x[row] = value,
                    4 => p.velocity_y[row] = value,
                    5 => p.velocity_z[row] = value,
                    6 => p.owner_slot[row] = value as u32,
                    7 => p.owner_generation[row] = value as u32,
                    8 => p.end_tick[row] = value as u32,
                    9 => p.generation[row] = value as u32,
                    10 => p.team[row] = value as u8,
                    11 => p.alive[row] = value as u8,
                    _ => p.zero_row(row),
                }
            }
        }
        let expected = with_bounds(LaneChoice::Scalar, |bounds| {
            (0..ROWS).find(|row| !is_fine_projectile(&projectiles, *row, bounds))
        });
        let expected = expected.map_or(Ok(()), |row| Err(SnapshotError::BadProjectile { slot: row as u32 }));
        for &lanes in LaneChoice::available() {
            let found = with_bounds(lanes, |bounds| check_projectiles(&projectiles, ROWS, bounds));
            prop_assert_eq!(found, expected, "{:?}", lanes);
        }
    }
}

/// Every character of a table of several blocks of rows, and the rows behind the last whole block of lanes.
#[test]
fn the_one_bad_row_is_found_wherever_it_is() {
    let rows = 2 * ROWS_AT_ONCE + 7;
    let mut characters = Characters::new(rows);
    for row in 0..rows {
        characters.flags[row] = flags::IN_USE | flags::ALIVE | flags::GROUNDED;
        (characters.health[row], characters.generation[row]) = (50, 1);
    }
    let places: Vec<usize> = (0..rows).step_by(61).chain(rows - 9..rows).collect();
    for row in places {
        characters.class[row] = 8;
        let found =
            with_bounds(LaneChoice::default(), |bounds| check_characters(&characters, rows, None, bounds));
        assert_eq!(found, Err(SnapshotError::BadCharacter { slot: row as u32 }));
        characters.class[row] = 0;
    }
}
