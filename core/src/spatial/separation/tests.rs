//! The pass against an oracle over all pairs, and its promises: opposite pushes, no dependence on lanes or chunks.

use super::*;
use crate::spatial::GridConfig;
use alloc::vec::Vec;
use proptest::prelude::*;

fn demo_rules() -> SeparationRules {
    SeparationRules {
        radius: Metres::from_mm(400),
        height: Metres::from_mm(1800),
        relaxation: Fx::ONE,
        push_cap: Metres::from_mm(500),
    }
}

fn sorted_grid(points: &[[i32; 3]], cell: Metres) -> Grid {
    let config = GridConfig { row_capacity: points.len() as u32, half_extent: Metres::from_m(16), cell };
    let mut grid = Grid::new(&config).expect("sizes are in range");
    let column = |axis: usize| points.iter().map(|p| p[axis]).collect::<Vec<_>>();
    let rows: Vec<u32> = (0..points.len() as u32).collect();
    grid.rebuild(&rows, &column(0), &column(1), &column(2));
    grid
}

/// Pushes by row, computed in chunks of the sorted rows.
fn pushes(separation: &Separation, lanes: LaneChoice, grid: &Grid, chunk: usize) -> Vec<(i32, i32)> {
    let mut by_row = alloc::vec![(0, 0); grid.len()];
    let (mut x, mut z) = (alloc::vec![-1; chunk], alloc::vec![-1; chunk]);
    let mut start = 0;
    while start < grid.len() {
        let range = start..grid.len().min(start + chunk);
        separation.pass(lanes, grid, range.clone(), &mut x, &mut z);
        for (offset, index) in range.clone().enumerate() {
            by_row[grid.rows()[index] as usize] = (x[offset], z[offset]);
        }
        start = range.end;
    }
    by_row
}

/// The push that one point gets from another, straight from the definition, in reduced units with 12 more bits.
fn pair_push(s: &Separation, row: usize, other: usize, points: &[[i32; 3]]) -> (i64, i64) {
    let bounds = Metres::from_m(16).0;
    let flat = |p: [i32; 3], axis: usize| i64::from(p[axis].clamp(-bounds, bounds - 1) >> REDUCED_SHIFT);
    let (a, b) = (points[row], points[other]);
    let (dx, dz) = (flat(a, 0) - flat(b, 0), flat(a, 2) - flat(b, 2));
    let rise = (i64::from(a[1] >> REDUCED_SHIFT) - i64::from(b[1] >> REDUCED_SHIFT)).abs();
    let left = i64::from(s.reach_squared) - dx * dx - dz * dz;
    if left <= 0 || rise >= i64::from(s.height) {
        return (0, 0);
    }
    if (dx, dz) == (0, 0) {
        return s.same_spot_push(row as u32, other as u32);
    }
    let e = ((left >> s.e_shift) * i64::from(s.e_factor)) >> 15;
    let w = s.weights.iter().rev().fold(0, |sum, &c| ((sum + i64::from(c)) * e) >> 15);
    (dx * w, dz * w)
}

fn oracle(separation: &Separation, points: &[[i32; 3]]) -> Vec<(i32, i32)> {
    (0..points.len())
        .map(|row| {
            let (mut x, mut z) = (0, 0);
            for other in (0..points.len()).filter(|&other| other != row) {
                let (px, pz) = pair_push(separation, row, other, points);
                x += px;
                z += pz;
            }
            separation.finish(&Sums { x, z, same_spot: 0 })
        })
        .collect()
}

fn point(half_mm: i32) -> impl Strategy<Value = [i32; 3]> {
    let near = move || (-half_mm..half_mm).prop_map(|mm| Metres::from_mm(mm).0);
    prop_oneof![
        12 => (near(), -2500i32..2500, near()).prop_map(|(x, y, z)| [x, Metres::from_mm(y).0, z]),
        // A coarse lattice: many on the same spot.
        4 => (-3i32..3, -3i32..3).prop_map(|(x, z)| [x << 14, 0, z << 14]),
        1 => (any::<i32>(), any::<i32>(), any::<i32>()).prop_map(|(x, y, z)| [x, y, z]),
        1 => near().prop_map(|x| [x, 0, i32::MAX]),
    ]
}

fn rules() -> impl Strategy<Value = (SeparationRules, Metres)> {
    (100i32..4000, 14u32..=18, 0i32..=2 << 16, 0i32..3000, 1i32..3000).prop_filter_map(
        "cells too large for the radius",
        |(radius, cell, relaxation, cap, height)| {
            let rules = SeparationRules {
                radius: Metres::from_mm(radius).max(Metres::from_mm(100)),
                height: Metres::from_mm(height),
                relaxation: Fx(relaxation),
                push_cap: Metres::from_mm(cap),
            };
            let cell = Metres(1 << cell);
            Separation::new(&rules, cell).is_ok().then_some((rules, cell))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn grid_and_lanes_give_what_all_pairs_give(
        points in prop::collection::vec(point(2500), 0..90), (rules, cell) in rules(), chunk in 1usize..100,
    ) {
        let separation = Separation::new(&rules, cell).expect("filtered");
        let grid = sorted_grid(&points, cell);
        let expected = oracle(&separation, &points);
        prop_assert_eq!(&pushes(&separation, LaneChoice::Scalar, &grid, chunk), &expected);
        prop_assert_eq!(&pushes(&separation, LaneChoice::Auto, &grid, chunk), &expected);
    }

    #[test]
    fn pairs_get_opposite_pushes_away_from_each_other(a in point(500), b in point(500)) {
        let separation = Separation::new(&demo_rules(), Metres::from_m(1)).expect("in range");
        let points = [a, b];
        let [first, second] = [pair_push(&separation, 0, 1, &points), pair_push(&separation, 1, 0, &points)];
        prop_assert_eq!((first.0 + second.0, first.1 + second.1), (0, 0));
        let got = pushes(&separation, LaneChoice::Auto, &sorted_grid(&points, Metres::from_m(1)), 2);
        prop_assert_eq!((got[0].0 + got[1].0, got[0].1 + got[1].1), (0, 0));
        let apart = |axis: usize| i64::from(a[axis]) - i64::from(b[axis]);
        prop_assert!(apart(0) * i64::from(got[0].0) >= -64 && apart(2) * i64::from(got[0].1) >= -64);
    }

    #[test]
    fn a_touching_pair_is_pushed_by_half_its_overlap(distance_mm in 400i32..799, turn in any::<u16>()) {
        let separation = Separation::new(&demo_rules(), Metres::from_m(1)).expect("in range");
        let (fx, fz) = Brads(turn).forward();
        let distance = Metres::from_mm(distance_mm);
        let points = [[0, 0, 0], [fx.scale(distance.0), 0, fz.scale(distance.0)]];
        let got = pushes(&separation, LaneChoice::Auto, &sorted_grid(&points, Metres::from_m(1)), 2);
        let pushed = f64::from(got[0].0).hypot(f64::from(got[0].1)) / 65.536;
        let half = f64::from(800 - distance_mm) / 2.0;
        prop_assert!((pushed - half).abs() <= 0.06 * half + 2.0, "{pushed} mm of {half} mm");
    }
}

#[test]
fn wrong_rules_are_refused_by_name() {
    let good = demo_rules();
    let cell = Metres::from_m(1);
    let refuse = |rules: SeparationRules, cell| Separation::new(&rules, cell).map(|s| s.reach).unwrap_err();
    let m = Metres::from_m;
    assert_eq!(refuse(SeparationRules { radius: m(5), ..good }, cell), SeparationError::Radius(m(5)));
    assert_eq!(refuse(SeparationRules { radius: m(-1), ..good }, cell), SeparationError::Radius(m(-1)));
    assert_eq!(refuse(SeparationRules { height: m(0), ..good }, cell), SeparationError::Height(m(0)));
    assert_eq!(
        refuse(SeparationRules { relaxation: Fx(-1), ..good }, cell),
        SeparationError::Relaxation(Fx(-1))
    );
    assert_eq!(refuse(SeparationRules { push_cap: m(-1), ..good }, cell), SeparationError::PushCap(m(-1)));
    assert_eq!(refuse(good, m(16)), SeparationError::Cell(m(16)));
    assert_eq!(refuse(good, m(0)), SeparationError::Cell(m(0)));
    assert!(Separation::new(&SeparationRules { radius: m(4), ..good }, m(4)).is_ok());
}

#[test]
fn a_thousand_in_one_spot_come_apart() {
    let separation = Separation::new(&demo_rules(), Metres::from_m(1)).expect("in range");
    let points = alloc::vec![[7, 0, 9]; 1000];
    let grid = sorted_grid(&points, Metres::from_m(1));
    let expected = oracle(&separation, &points);
    assert_eq!(pushes(&separation, LaneChoice::Auto, &grid, 1000), expected);
    let moved = expected.iter().filter(|&&push| push != (0, 0)).count();
    assert!(moved > 990, "{moved} of 1000 moved");
    let cap = demo_rules().push_cap.0;
    assert!(expected.iter().all(|&(x, z)| crate::numeric::fixed::length2d(x, z) <= cap));
}

#[test]
fn a_crowd_spreads_until_hardly_anybody_overlaps() {
    let separation = Separation::new(&demo_rules(), Metres::from_m(1)).expect("in range");
    let mut points: Vec<[i32; 3]> = (0..200).map(|i| [(i % 15) << 14, 0, (i / 15) << 14]).collect();
    let overlap = |points: &[[i32; 3]]| {
        let mut worst = 0;
        for a in 0..points.len() {
            for b in 0..a {
                let d =
                    crate::numeric::fixed::length2d(points[a][0] - points[b][0], points[a][2] - points[b][2]);
                worst = worst.max(Metres::from_mm(800).0 - d);
            }
        }
        Metres(worst)
    };
    assert!(overlap(&points) > Metres::from_mm(500));
    for _ in 0..240 {
        let grid = sorted_grid(&points, Metres::from_m(1));
        for (point, push) in points.iter_mut().zip(pushes(&separation, LaneChoice::Auto, &grid, 64)) {
            point[0] += push.0;
            point[2] += push.1;
        }
    }
    assert!(overlap(&points) < Metres::from_mm(80), "largest overlap left: {}", overlap(&points));
}
