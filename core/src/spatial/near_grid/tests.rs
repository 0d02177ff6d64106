//! Searches held to a scan of everybody.

use super::*;
use crate::numeric::lanes::{MAX_WIDTH, run};
use crate::numeric::{Brads, LaneChoice, Metres};
use crate::spatial::Cone;
use crate::state::column::Here;
use alloc::vec::Vec;
use proptest::prelude::*;

/// Somebody who looks, with closures for eyes.
struct Eyes<F, V>(F, V);

impl<F: Fn(u32) -> Option<(i32, i32)>, V: FnMut(u32, (i32, i32), (i32, i32)) -> u64> Seeker for Eyes<F, V> {
    fn seen<L: Lanes>(&self, rows: L) -> Option<([L; 2], L::Mask)> {
        let (mut numbers, mut known) = ([0; MAX_WIDTH], [0; MAX_WIDTH]);
        rows.store(&mut numbers);
        let (mut x, mut z) = ([0; MAX_WIDTH], [0; MAX_WIDTH]);
        for lane in 0..L::WIDTH {
            if let Some(place) = (self.0)(numbers[lane].cast_unsigned()) {
                ((x[lane], z[lane]), known[lane]) = (place, 1);
            }
        }
        Some(([L::load(&x), L::load(&z)], L::load(&known).greater(L::splat(0))))
    }

    fn visit(&mut self, row: u32, seen: (i32, i32), place: (i32, i32)) -> u64 {
        (self.1)(row, seen, place)
    }
}

/// Rows in a square of some metres around a point, and copies of some of them that a torus mistakes for neighbours.
fn any_rows() -> impl Strategy<Value = Vec<(i32, i32, u8)>> {
    let near = (-12_i32 << 16..12 << 16, -12_i32 << 16..12 << 16, 0..4_u8);
    prop::collection::vec((near, 0..4_i32, 0..4_i32), 0..200).prop_map(|rows| {
        rows.into_iter()
            .map(|((x, z, bits), far_x, far_z)| (x + (far_x << 20), z + (far_z << 20), bits))
            .collect()
    })
}

proptest! {
    /// All that may be in a cone or near it are found, once each, nobody who is spared, and nobody far off.
    #[test]
    fn a_search_finds_all_near_a_cone(
        rows in any_rows(), tip in (-2_i32 << 16..2 << 16, -2_i32 << 16..2 << 16), yaw: u16,
        half_angle in 91..=32_768_u16, radius in 0_i32..6 << 16, reach in 0_i32..3 << 16,
        own in 0..200_u32, group in 0..3_i32, only: bool, enough in 1..40_usize,
    ) {
        let cone = Cone {
            x: Metres(tip.0), z: Metres(tip.1), yaw: Brads(yaw), half_angle: Brads(half_angle),
            radius: Metres(radius),
        };
        let region = cone.prepared([cone.half_angle.sin(), cone.half_angle.cos()]);
        let (x, z): (Vec<i32>, Vec<i32>) = rows.iter().map(|(x, z, _)| (*x, *z)).unzip();
        let counts = |row: usize| rows[row].2 & 2 == 0;
        let group_of = |row: usize| rows[row].2 & 1;
        let mut first: Option<Vec<u32>> = None;
        for lanes in LaneChoice::available() {
            let (mut grid, mut room) = (NearGrid::new(rows.len()), NearRoom::new(rows.len()));
            grid.rebuild([&x, &z], counts, |row| tag_of(row as u32, group_of(row)), &mut room, (*lanes, Here));
            prop_assert_eq!(grid.len(), (0..rows.len()).filter(|row| counts(*row)).count());
            let squared = |row: u32| {
                let way = |a: i32, b: i32| i64::from(a.abs_diff(b)).pow(2);
                (way(x[row as usize], tip.0) + way(z[row as usize], tip.1)).cast_unsigned()
            };
            // The nearest so many are of interest.
            let (mut found, mut inside) = (Vec::new(), Vec::new());
            let place = |row: u32| (x[row as usize], z[row as usize]);
            let visit = |row: u32, (at_x, at_z): (i32, i32), at: (i32, i32)| {
                assert!((at_x, at_z) == place(row) && at == place(row));
                found.push(row);
                if region.has(at_x, at_z) {
                    inside.push(squared(row));
                    inside.sort_unstable();
                }
                inside.get(enough - 1).copied().unwrap_or(u64::MAX)
            };
            let spared = Spared { row: own, group, only };
            let seeker = &mut Eyes(|row| ((row as usize) < x.len()).then(|| place(row)), visit);
            run(*lanes, ConeSearch { grid: &grid, cone: &region, reach: Metres(reach), spared, seeker });
            for row in &found {
                let (index, far) = (*row as usize, i64::from(radius) + i64::from(reach) + 2_000);
                prop_assert!(*row != own && counts(index));
                prop_assert_eq!(i32::from(group_of(index)) == group, only);
                prop_assert!(squared(*row) <= far.pow(2).cast_unsigned());
            }
            let limit = inside.get(enough - 1).copied().unwrap_or(u64::MAX);
            let mut meant: Vec<u32> = (0..rows.len() as u32)
                .filter(|row| {
                    let index = *row as usize;
                    counts(index) && *row != own && (i32::from(group_of(index)) == group) == only
                        && region.has(x[index], z[index]) && squared(*row) <= limit
                })
                .collect();
            let mut of_interest: Vec<u32> = found
                .iter()
                .copied()
                .filter(|row| region.has(x[*row as usize], z[*row as usize]) && squared(*row) <= limit)
                .collect();
            of_interest.sort_unstable();
            prop_assert_eq!(&of_interest, &meant);
            meant.truncate(enough);
            prop_assert!(first.get_or_insert_with(|| of_interest.clone()) == &of_interest);
        }
    }

    /// Nobody is left out who was in the cone and has gone no farther than the way.
    #[test]
    fn a_search_finds_who_was_in_a_cone(
        yaw: u16, half_angle in 91..=32_768_u16, radius in 1_000_i32..5 << 16, reach in 0_i32..3 << 16,
        points in prop::collection::vec((0..=1_000_i64, any::<u16>(), 0..=1_000_i64, any::<u16>()), 1..40),
    ) {
        let (yaw, half_angle) = (Brads(yaw), Brads(half_angle));
        let cone = Cone { x: Metres(77_000), z: Metres(-9_000), yaw, half_angle, radius: Metres(radius) };
        let region = cone.prepared([cone.half_angle.sin(), cone.half_angle.cos()]);
        let (mut x, mut z, mut seen) = (Vec::new(), Vec::new(), Vec::new());
        for (out, angle, far, way) in points {
            let angle = yaw + Brads((i64::from(angle) * 2 * i64::from(half_angle.0) / 65_535) as u16) - half_angle;
            let along = |from: i32, direction: i32, length: i64| from + ((length * i64::from(direction)) >> 16) as i32;
            let ((dx, dz), (wx, wz)) = (angle.forward(), Brads(way).forward());
            let out = i64::from(radius) * out / 1_000;
            let then = (along(cone.x.0, dx.0, out), along(cone.z.0, dz.0, out));
            if !region.has(then.0, then.1) {
                continue;
            }
            let far = (i64::from(reach) - 2).max(0) * far / 1_000;
            seen.push(then);
            x.push(along(then.0, wx.0, far));
            z.push(along(then.1, wz.0, far));
        }
        for lanes in LaneChoice::available() {
            let (mut grid, mut room) = (NearGrid::new(x.len()), NearRoom::new(x.len()));
            grid.rebuild([&x, &z], |_| true, |row| tag_of(row as u32, 1), &mut room, (*lanes, Here));
            let mut found = 0;
            let visit = |_: u32, _: (i32, i32), _: (i32, i32)| {
                found += 1;
                u64::MAX
            };
            let seeker = &mut Eyes(|row| Some(seen[row as usize]), visit);
            let spared = Spared { row: u32::MAX, group: 256, only: false };
            run(*lanes, ConeSearch { grid: &grid, cone: &region, reach: Metres(reach), spared, seeker });
            prop_assert_eq!(found, x.len());
        }
    }
}
