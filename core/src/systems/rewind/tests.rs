//! Where somebody is seen, and that nobody who was in a cone is looked for elsewhere.

use super::*;
use crate::numeric::LaneChoice;
use crate::state::characters::flags;
use crate::state::column::Here;
use crate::systems::combat::tests::{any_crowd, crowd, environment};
use crate::systems::combat::{self, CombatScratch};
use crate::systems::crowd_index::CrowdIndex;
use alloc::vec::Vec;
use proptest::prelude::*;

/// One body that goes 160 raw units along x in each tick, by so many ticks.
fn walker(ticks: i32) -> (History, crate::state::characters::Characters) {
    let mut history = History::new(15, 1);
    let mut characters = crowd(&[(0, 0, 0, 0, 2)]);
    for tick in 0..ticks {
        characters.position_x[0] = tick * 160;
        let reach = history.farthest_move(&characters.view(), 1, (LaneChoice::Auto, Here));
        history.record(&characters.view(), 1, reach, (LaneChoice::Auto, Here));
    }
    characters.position_x[0] = ticks * 160;
    (history, characters)
}

fn seen_x(history: &History, characters: &crate::state::characters::Characters, age: u16) -> Option<i32> {
    let (view, environment) = (characters.view(), environment());
    let rewind = Rewind::new(history, &view, 160, &environment);
    rewind.eyes(ViewAge(age)).of(0).pose(0).map(|pose| pose.position.x.0)
}

#[test]
fn places_lie_between_the_ticks() {
    let (history, characters) = walker(20);
    for age in 0..=15 * 16 {
        assert_eq!(seen_x(&history, &characters, age), Some(20 * 160 - i32::from(age) * 10), "age {age}");
    }
    assert_eq!(seen_x(&history, &characters, 15 * 16 + 1), None, "nothing is known from before");
}

#[test]
fn who_dodges_is_judged_where_it_is_or_was_a_moment_ago() {
    let (history, mut characters) = walker(20);
    characters.motion[0] = motion::DODGE;
    // 100 ms are 6 ticks.
    for (age, ticks) in [(0, 0), (3 * 16, 3), (6 * 16, 6), (7 * 16, 6), (15 * 16, 6)] {
        assert_eq!(seen_x(&history, &characters, age), Some((20 - ticks) * 160), "age {age}");
    }
}

#[test]
fn who_died_came_or_was_carried_off_since_is_not_seen() {
    let (history, characters) = walker(20);
    let mut another = characters.clone();
    another.generation[0] += 1;
    let mut back = characters.clone();
    back.deaths[0] += 1;
    let mut far = characters.clone();
    far.position_z[0] += REWIND_MOVE_MAX.0 + 1;
    for gone in [another, back, far] {
        assert_eq!(seen_x(&history, &gone, 16), None);
    }
    let mut dead_then = History::new(15, 1);
    let mut corpse = characters.clone();
    corpse.flags[0] &= !flags::ALIVE;
    dead_then.record(&corpse.view(), 1, 0, (LaneChoice::Auto, Here));
    assert_eq!(seen_x(&dead_then, &characters, 16), None);
}

proptest! {
    /// Whoever was in the cone, and has gone no farther than the reach, is in the wide one.
    #[test]
    fn a_wide_cone_has_all_that_can_have_been_in_the_cone(
        at in (-30_000..30_000_i32, -30_000..30_000_i32), yaw: u16, half_angle in 91..=16_384_u16,
        radius_mm in 1..12_000_i32, reach_mm in 0..11_400_i32,
        points in prop::collection::vec((0..=1_000_i64, any::<u16>(), 0..=1_000_i64, any::<u16>()), 40),
    ) {
        let metres = Metres::from_mm;
        let (yaw, half_angle) = (Brads(yaw), Brads(half_angle));
        let cone = Cone { x: metres(at.0), z: metres(at.1), yaw, half_angle, radius: metres(radius_mm) };
        let wide = widened(&cone, metres(reach_mm));
        let mut inside = 0;
        for (out, angle, far, way) in points {
            // A point of the cone (mostly of its edges and its rim), moved by no more than the reach.
            let angle = yaw + Brads((i64::from(angle) * 2 * i64::from(half_angle.0) / 65_535) as u16) - half_angle;
            let along = |from: i32, direction: i32, length: i64| from + ((length * i64::from(direction)) >> 16) as i32;
            let ((dx, dz), (wx, wz)) = (angle.forward(), Brads(way).forward());
            let out = i64::from(cone.radius.0) * out / 1_000;
            let then = (along(cone.x.0, dx.0, out), along(cone.z.0, dz.0, out));
            if !cone.contains(Metres(then.0), Metres(then.1)) {
                continue;
            }
            inside += 1;
            let far = i64::from(metres(reach_mm).0) * far / 1_000;
            let now = (Metres(along(then.0, wx.0, far)), Metres(along(then.1, wz.0, far)));
            let found = match wide {
                Wide::Cone(cone) => cone.contains(now.0, now.1),
                Wide::Disc(disc) => {
                    let (x, z) = (i64::from(now.0.0 - disc.x.0), i64::from(now.1.0 - disc.z.0));
                    x * x + z * z <= i64::from(disc.radius.0).pow(2)
                }
            };
            prop_assert!(found, "{:?} is outside of {:?}", now, wide);
        }
        prop_assume!(inside > 0);
    }
}

proptest! {
    /// A crowd that walks, dodges, dies and jumps about: swings reach the same ones by the grids of the tick, on any lanes, as
    /// by a search around the present.
    #[test]
    fn grids_of_the_past_find_who_was_there(
        points in any_crowd(), ages in prop::collection::vec(0..=15 * 16_u16, 60),
        ways in prop::collection::vec((-14_000..14_000_i32, -14_000..14_000_i32, any::<u8>()), 60),
        jump in 0..200_000_i32,
    ) {
        let mut environment = environment();
        environment.timing.dodge_favour = Ticks(6);
        let rows = points.len();
        let mut characters = crowd(&points);
        let mut history = History::new(15, rows);
        for tick in 0..17 {
            for (row, (x, z, bits)) in ways[..rows].iter().enumerate() {
                characters.position_x[row] += x;
                characters.position_z[row] += z + if bits & 31 == 1 && tick == bits >> 5 { jump } else { 0 };
                characters.deaths[row] += u16::from(bits & 31 == 2 && tick == bits >> 5);
                characters.motion[row] = if bits & 7 == 3 { motion::DODGE } else { motion::GROUND };
            }
            let reach = history.farthest_move(&characters.view(), rows, (LaneChoice::Auto, Here));
            if tick < 16 {
                history.record(&characters.view(), rows, reach, (LaneChoice::Auto, Here));
            }
        }
        let view = characters.view();
        let reach_now = history.farthest_move(&view, rows, (LaneChoice::Auto, Here));
        let rewind = Rewind::new(&history, &view, reach_now, &environment);
        let mut index = CrowdIndex::new(environment.terrain.half_extent(), rows, environment.lanes);
        index.rebuild(&view, rows);
        let mut views = Views::new(rows);
        (0..rows).for_each(|row| views.set(row, ViewAge(ages[row])));
        let mut scratch = CombatScratch::new(rows);
        let mut expected = None;
        let lanes = LaneChoice::available().iter().map(|lanes| (true, *lanes));
        for (always, lanes) in core::iter::once((false, LaneChoice::Auto)).chain(lanes) {
            let near = combat::tests::near(rows, always, &rewind, &index, lanes);
            let on_lanes = Environment { lanes, ..environment.clone() };
            combat::tests::judge_all(&mut scratch, rows, &combat::tests::arena(rewind, &views, (&index, &near), &on_lanes));
            let found: Vec<combat::Attack> = scratch.attacks().to_vec();
            prop_assert_eq!(expected.get_or_insert_with(|| found.clone()), &found);
        }
    }
}

/// A history from elsewhere may say anything of where somebody was: nobody is found far off, and nothing overflows.
#[test]
fn nobody_is_found_at_the_ends_of_the_numbers() {
    let environment = environment();
    let ends = [i32::MIN, i32::MAX, 0];
    for (x, z) in ends.into_iter().flat_map(|x| ends.map(|z| (x, z))).filter(|place| *place != (0, 0)) {
        let mut characters = crowd(&[(0, 0, 0, 0, 2 | 8), (0, 0, -1_000, 0, 3)]);
        let (there, here) = ((x, z), (characters.position_x[1], characters.position_z[1]));
        let mut history = History::new(3, 2);
        for (place_x, place_z) in [there, (here.0, z), there] {
            (characters.position_x[1], characters.position_z[1]) = (place_x, place_z);
            characters.position_y[1] = x;
            let reach = history.farthest_move(&characters.view(), 2, (LaneChoice::Auto, Here));
            history.record(&characters.view(), 2, reach, (LaneChoice::Auto, Here));
        }
        (characters.position_x[1], characters.position_z[1]) = here;
        let view = characters.view();
        let reach_now = history.farthest_move(&view, 2, (LaneChoice::Auto, Here));
        assert!(reach_now <= REWIND_MOVE_MAX.0);
        let rewind = Rewind::new(&history, &view, reach_now, &environment);
        let mut index = CrowdIndex::new(environment.terrain.half_extent(), 2, environment.lanes);
        index.rebuild(&view, 2);
        for age in 16..=3 * 16 {
            if let Some(PastPose { position, .. }) = rewind.eyes(ViewAge(age)).of(1).pose(1) {
                let near = distance_squared(position.x.0, position.z.0, here.0, here.1);
                assert!(near <= (8_u64 << 16).pow(2), "{x} {z} {age}: {position:?}");
            }
            let mut views = Views::new(2);
            views.set(0, ViewAge(age));
            let mut scratch = CombatScratch::new(2);
            for always in [false, true] {
                let near = combat::tests::near(2, always, &rewind, &index, environment.lanes);
                let arena = combat::tests::arena(rewind, &views, (&index, &near), &environment);
                combat::tests::judge_all(&mut scratch, 2, &arena);
            }
        }
    }
}

#[test]
fn views_are_of_one_tick() {
    let mut views = Views::new(3);
    for (row, age) in [(1, 5), (1, 0), (1, 9), (2, 4)] {
        views.set(row, ViewAge(age));
    }
    let ages = |views: &Views| (0..3).map(|row| views.of(row).0).collect::<Vec<u16>>();
    assert_eq!(ages(&views), [0, 9, 4]);
    views.clear();
    assert_eq!(ages(&views), [0, 0, 0]);
}
