//! Pairs against brute force, on every kind of lanes: any radii, any height, zone edges and beyond, sparse, crowded.

use super::*;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Scene {
    points: Vec<[i32; 3]>,
    radii: Vec<i32>,
    live: Vec<bool>,
}

impl Scene {
    fn column(&self, axis: usize) -> Vec<i32> {
        self.points.iter().map(|point| point[axis]).collect()
    }

    fn brute(&self, same: Option<i32>) -> BTreeSet<(u32, u32)> {
        let packed = |row: usize, axis: usize| i64::from(self.points[row][axis] >> PACK_SHIFT);
        let radius =
            |row: usize| i64::from(same.unwrap_or(self.radii[row]).clamp(0, RADIUS_MAX.0) >> PACK_SHIFT);
        let mut pairs = BTreeSet::new();
        for a in 0..self.points.len() {
            for b in 0..a {
                let squared: i64 = (0..3).map(|axis| (packed(a, axis) - packed(b, axis)).pow(2)).sum();
                if self.live[a] && self.live[b] && squared <= (radius(a) + radius(b)).pow(2) {
                    pairs.insert((b as u32, a as u32));
                }
            }
        }
        pairs
    }

    fn found(&self, same: Option<i32>, lanes: LaneChoice) -> Vec<(u32, u32)> {
        let mut grid = ContactGrid::new(self.points.len() as u32);
        let (x, y, z) = (self.column(0), self.column(1), self.column(2));
        let live: Vec<u32> = (0..self.points.len() as u32).filter(|&row| self.live[row as usize]).collect();
        let radii = same.map_or(Radii::Each(&self.radii), |radius| Radii::Same(Metres(radius)));
        // What was there before leaves no trace.
        let before: Vec<u32> = (0..self.points.len() as u32).collect();
        grid.rebuild(lanes, &Bodies { live: &before, x: &z, y: &x, z: &y, radii: Radii::Each(&self.radii) });
        grid.rebuild(lanes, &Bodies { live: &live, x: &x, y: &y, z: &z, radii });
        let mut pairs = PairList::with_capacity(60_000);
        let found = grid.pairs_into(lanes, &mut pairs);
        assert_eq!((found.kept, found.lost), (pairs.len(), 0));
        let [first, second] = pairs.columns();
        first.iter().zip(second).map(|(&a, &b)| (a.min(b), a.max(b))).collect()
    }

    fn check(&self, same: Option<i32>) -> Result<(), TestCaseError> {
        let expected = self.brute(same);
        for &lanes in LaneChoice::available() {
            let list = self.found(same, lanes);
            let found: BTreeSet<_> = list.iter().copied().collect();
            prop_assert_eq!(found.len(), list.len(), "{:?}: a pair is there twice", lanes);
            prop_assert_eq!(&found, &expected, "{:?}", lanes);
        }
        Ok(())
    }
}

/// A coordinate: spread over the zone, crowded in a corner of it, on the edges, on a lattice, or anywhere at all.
fn coordinate(half_m: i32) -> impl Strategy<Value = i32> {
    let half = half_m << 16;
    let crowd = 6 << 16;
    prop_oneof![
        6 => -half..=half,
        12 => (0..crowd).prop_map(move |v| v - half),
        3 => (-40i32..40).prop_map(|v| v * 52_480),
        1 => prop::sample::select(alloc::vec![half, -half, half - 1, 1 - half, 0, -1, i32::MAX, i32::MIN]),
        // The same place 64 m, 128 m, ... away.
        3 => (-8i32..8, 0i32..65_536).prop_map(|(turn, v)| (turn << 22) + v),
    ]
}

fn height() -> impl Strategy<Value = i32> {
    prop_oneof![
        12 => 0i32..26_000,
        2 => (-3i32..3, 0i32..65_536).prop_map(|(turn, v)| (turn << 22) + v),
        1 => any::<i32>(),
    ]
}

fn radius() -> impl Strategy<Value = i32> {
    prop_oneof![20 => 13_107i32..=40_000, 2 => 40_000i32..=5 << 16, 1 => any::<i32>()]
}

fn scene() -> impl Strategy<Value = Scene> {
    prop_oneof![Just(8), Just(49), Just(300), Just(2_000), Just(32_000)].prop_flat_map(|half_m| {
        let row = ((coordinate(half_m), height(), coordinate(half_m)), radius(), any::<u8>());
        prop::collection::vec(row, 0..160).prop_map(move |rows| Scene {
            points: rows.iter().map(|&((x, y, z), ..)| [x, y, z]).collect(),
            radii: rows.iter().map(|row| row.1).collect(),
            live: rows.iter().map(|row| row.2 > 20).collect(),
        })
    })
}

/// Everybody moderately high and inside the zone: the case without a guard, and the fastest code.
fn tidy_scene() -> impl Strategy<Value = Scene> {
    let coordinate = || -(6i32 << 16)..6 << 16;
    prop::collection::vec(((coordinate(), 0i32..26_000, coordinate()), radius()), 0..400).prop_map(|rows| {
        Scene {
            points: rows.iter().map(|&((x, y, z), _)| [x, y, z]).collect(),
            radii: rows.iter().map(|row| row.1).collect(),
            live: alloc::vec![true; rows.len()],
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn pairs_are_those_of_brute_force(scene in scene(), same in 0i32..=(5 << 16)) {
        scene.check(None)?;
        scene.check(Some(same))?;
        scene.check(Some(26_240))?;
    }

    #[test]
    fn pairs_of_a_tidy_crowd_are_those_of_brute_force(scene in tidy_scene(), same in 6_000i32..60_000) {
        scene.check(None)?;
        scene.check(Some(same))?;
    }
}

#[test]
fn everybody_in_one_spot_is_every_pair() {
    let scene = Scene {
        points: alloc::vec![[77, 5, -9]; 300],
        radii: alloc::vec![26_000; 300],
        live: alloc::vec![true; 300],
    };
    assert_eq!(scene.brute(None).len(), 300 * 299 / 2);
    scene.check(None).unwrap();
    scene.check(Some(26_000)).unwrap();
}

#[test]
fn pairs_beyond_the_room_are_counted() {
    let rows: Vec<u32> = (0..100).collect();
    let at = alloc::vec![0; 100];
    let mut grid = ContactGrid::new(100);
    let radii = Radii::Same(Metres::from_mm(400));
    for &lanes in LaneChoice::available() {
        grid.rebuild(lanes, &Bodies { live: &rows, x: &at, y: &at, z: &at, radii });
        let mut pairs = PairList::with_capacity(1_000);
        assert_eq!(grid.pairs_into(lanes, &mut pairs), PairsFound { kept: 1_000, lost: 3_950 });
    }
}

#[test]
fn pairs_beyond_the_room_are_counted_in_folded_tables() {
    // Forty spots of ten, a kilometre apart: no table covers that.
    let rows: Vec<u32> = (0..400).collect();
    let along = |step: i32| rows.iter().map(|&row| ((row as i32 % 40) * step) << 16).collect::<Vec<_>>();
    let (x, y, z) = (along(1_000), alloc::vec![0; 400], along(-700));
    let mut grid = ContactGrid::new(400);
    let radii = Radii::Same(Metres::from_mm(400));
    for &lanes in LaneChoice::available() {
        grid.rebuild(lanes, &Bodies { live: &rows, x: &x, y: &y, z: &z, radii });
        assert!(grid.guarded);
        for room in [0, 1, 7, 500, 1_799, 1_800] {
            let mut pairs = PairList::with_capacity(room);
            let found = grid.pairs_into(lanes, &mut pairs);
            assert_eq!(found, PairsFound { kept: room, lost: 1_800 - room }, "{lanes:?}");
        }
    }
}

#[test]
fn large_sparse_and_mixed_worlds_agree_with_brute_force() {
    // Enough rows that the tables are folded and windows are used: a battle in an empty zone, and nothing but sparse.
    for (half_m, crowd_m, crowd) in [(1_000, 22, 1_500), (32_000, 40, 1_600), (60, 60, 0), (20, 8, 900)] {
        let mut random = 7u32;
        let mut below = |range: i32| {
            random = random.wrapping_mul(0x915F_77F5).wrapping_add(0x1234_5677);
            ((i64::from(random >> 1) * i64::from(range)) >> 31) as i32
        };
        let mut points = Vec::new();
        for row in 0..2_000 {
            let half = if row < crowd { crowd_m << 15 } else { half_m << 16 };
            let (x, z) = (2 * (below(half) - half / 2), 2 * (below(half) - half / 2));
            points.push([x, below(26_000), z]);
        }
        let radii =
            (0..2_000).map(|row| if row % 50 == 0 { 150_000 } else { 20_000 + below(9_000) }).collect();
        let scene = Scene { points, radii, live: alloc::vec![true; 2_000] };
        scene.check(Some(26_240)).unwrap();
        scene.check(None).unwrap();
    }
}
