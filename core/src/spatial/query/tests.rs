//! Every query against looking at all rows.

use super::*;
use crate::numeric::fixed::length2d_squared;
use crate::spatial::{Grid, GridConfig};
use alloc::vec::Vec;
use proptest::prelude::*;

struct Crowd {
    x: Vec<i32>,
    z: Vec<i32>,
    grid: Grid,
}

impl Crowd {
    fn new(points: &[(i32, i32)], cell_shift: u32) -> Crowd {
        let config =
            GridConfig { row_capacity: 256, half_extent: Metres::from_m(16), cell: Metres(1 << cell_shift) };
        let mut grid = Grid::new(&config).expect("sizes are in range");
        let x: Vec<i32> = points.iter().map(|p| p.0).collect();
        let z: Vec<i32> = points.iter().map(|p| p.1).collect();
        let rows: Vec<u32> = (0..points.len() as u32).collect();
        grid.rebuild(&rows, &x, &x, &z);
        Crowd { x, z, grid }
    }

    /// The rows that pass a test, in the grid's canonical order.
    fn expected(&self, test: impl Fn(i32, i32) -> bool) -> Vec<u32> {
        let passes = |row: &u32| test(self.x[*row as usize], self.z[*row as usize]);
        self.grid.rows().iter().copied().filter(passes).collect()
    }
}

/// Points inside, on and outside the bounds of ±16 m; many on a coarse lattice, so that limits are hit exactly.
fn coordinate() -> impl Strategy<Value = i32> {
    prop_oneof![
        6 => (-20i32 << 16)..(20 << 16),
        3 => (-20i32..20).prop_map(|m| m << 16),
        1 => prop::sample::select(&[i32::MIN, i32::MAX, -(16 << 16), 16 << 16, (16 << 16) - 1][..]),
        1 => any::<i32>(),
    ]
}

fn crowd() -> impl Strategy<Value = Crowd> {
    (prop::collection::vec((coordinate(), coordinate()), 0..120), 14u32..20)
        .prop_map(|(points, cell_shift)| Crowd::new(&points, cell_shift))
}

fn collect(query: impl FnOnce(&mut dyn FnMut(u32))) -> Vec<u32> {
    let mut found = Vec::new();
    query(&mut |row| found.push(row));
    found
}

impl core::fmt::Debug for Crowd {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.x.iter().zip(&self.z)).finish()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn radius_finds_exactly_the_rows_within(
        crowd in crowd(), x in coordinate(), z in coordinate(),
        radius in prop_oneof![-5i32..(20 << 16), Just(5 << 16), Just(0), Just(i32::MAX), Just(i32::MIN)],
    ) {
        let found = collect(|visit| crowd.grid.for_each_in_radius(Metres(x), Metres(z), Metres(radius), visit));
        let limit = i128::from(radius) * i128::from(radius);
        let wide = |a: i32, b: i32| (i128::from(a) - i128::from(b)).pow(2);
        let expected = crowd.expected(|px, pz| radius >= 0 && wide(px, x) + wide(pz, z) <= limit);
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn cone_finds_exactly_the_rows_it_contains(
        crowd in crowd(), x in coordinate(), z in coordinate(), yaw in any::<u16>(), half_angle in 0u16..=40_000,
        radius in prop_oneof![-5i32..(20 << 16), Just(i32::MAX)],
    ) {
        let (x, z) = (Metres(x), Metres(z));
        let cone = Cone { x, z, yaw: Brads(yaw), half_angle: Brads(half_angle), radius: Metres(radius) };
        let found = collect(|visit| crowd.grid.for_each_in_cone(&cone, visit));
        prop_assert_eq!(found, crowd.expected(|px, pz| cone.contains(Metres(px), Metres(pz))));
    }

    #[test]
    fn cone_agrees_with_floating_point_away_from_its_edges(
        dx in -4000i32..4000, dz in -4000i32..4000, yaw in any::<u16>(), half_angle in 0u16..=32768, radius in 0i32..4000,
    ) {
        let cone = Cone {
            x: Metres::from_m(3),
            z: Metres::from_m(-7),
            yaw: Brads(yaw),
            half_angle: Brads(half_angle),
            radius: Metres::from_mm(radius),
        };
        let (dx, dz) = (Metres::from_mm(dx), Metres::from_mm(dz));
        let (fx, fz) = (f64::from(dx.0) / 65536.0, f64::from(dz.0) / 65536.0);
        let facing = f64::from(yaw) * core::f64::consts::TAU / 65536.0;
        let (ahead, aside) = (-facing.sin() * fx - facing.cos() * fz, (facing.cos() * fx - facing.sin() * fz).abs());
        let angle = aside.atan2(ahead);
        let (angle_left, distance_left) = (
            f64::from(half_angle) * core::f64::consts::TAU / 65536.0 - angle,
            f64::from(cone.radius.0) / 65536.0 - fx.hypot(fz),
        );
        prop_assume!(angle_left.abs() > 1e-3 && distance_left.abs() > 1e-4 && fx.hypot(fz) > 0.05);
        let inside = cone.contains(cone.x + dx, cone.z + dz);
        prop_assert_eq!(inside, angle_left > 0.0 && distance_left > 0.0);
    }

    #[test]
    fn segment_finds_exactly_the_rows_near_it(
        crowd in crowd(), ax in coordinate(), az in coordinate(), bx in coordinate(), bz in coordinate(),
        radius in prop_oneof![4 => -5i32..(4 << 16), 1 => Just(i32::MAX), 1 => Just(1 << 16)],
    ) {
        let (from, to) = (Position::from_raw(ax, 0, az), Position::from_raw(bx, 0, bz));
        let found = collect(|visit| crowd.grid.for_each_near_segment(from, to, Metres(radius), visit));
        let segment = Segment::new(from, to, Metres(radius));
        let expected = crowd.expected(|px, pz| radius >= 0 && segment.near(px, pz));
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn segment_test_agrees_with_floating_point(
        ax in -9000i32..9000, az in -9000i32..9000, bx in -9000i32..9000, bz in -9000i32..9000,
        px in -9000i32..9000, pz in -9000i32..9000, radius in 0i32..4000,
    ) {
        let raw = |mm: i32| Metres::from_mm(mm).0;
        let (from, to) = (Position::from_raw(raw(ax), 0, raw(az)), Position::from_raw(raw(bx), 0, raw(bz)));
        let metres = |mm: i32| f64::from(raw(mm)) / 65536.0;
        let (ex, ez) = (metres(bx) - metres(ax), metres(bz) - metres(az));
        let (dx, dz) = (metres(px) - metres(ax), metres(pz) - metres(az));
        let t = ((dx * ex + dz * ez) / (ex * ex + ez * ez).max(1e-12)).clamp(0.0, 1.0);
        let left = metres(radius) - (dx - t * ex).hypot(dz - t * ez);
        prop_assume!(left.abs() > 1e-6);
        prop_assert_eq!(Segment::new(from, to, Metres(raw(radius))).near(raw(px), raw(pz)), left > 0.0);
    }
}

#[test]
fn limits_belong_to_the_query() {
    let three_four_five = Crowd::new(&[(3 << 16, 4 << 16), ((3 << 16) + 1, 4 << 16)], 16);
    let found = collect(|visit| {
        three_four_five.grid.for_each_in_radius(Metres(0), Metres(0), Metres::from_m(5), visit)
    });
    assert_eq!(found, [0]);
    assert_eq!(length2d_squared(3 << 16, 4 << 16), (5u64 << 16).pow(2));
}

#[test]
fn a_cone_of_no_width_looks_ahead_only() {
    let cone =
        Cone { x: Metres(0), z: Metres(0), yaw: Brads(0), half_angle: Brads(0), radius: Metres::from_m(5) };
    assert!(cone.contains(Metres(0), Metres::from_m(-3)));
    assert!(!cone.contains(Metres(0), Metres::from_m(3)));
    assert!(cone.contains(Metres(0), Metres(0)), "the tip belongs to it");
    assert!(Cone { half_angle: Brads::HALF, ..cone }.contains(Metres(0), Metres::from_m(3)));
}
