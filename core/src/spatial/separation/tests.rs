//! The passes against an oracle over all pairs, and their promises: no dependence on lanes, chunks or the table, heavier
//! pushes lighter, same spots part, jammed crowds come to rest.

use super::*;
use crate::numeric::fixed::length2d;
use alloc::vec::Vec;
use proptest::prelude::*;

fn demo_rules() -> SeparationRules {
    SeparationRules {
        bodies: [Body { radius: Metres::from_mm(400), weight: 100 }; BODY_KINDS],
        relaxation: Fx(91_750),
        push_cap: Metres::from_mm(100),
        passes: 4,
    }
}

#[derive(Clone, Debug)]
struct Scene {
    x: Vec<i32>,
    y: Vec<i32>,
    z: Vec<i32>,
    kind: Vec<u8>,
}

const HEIGHT: i32 = 118_000;

/// Heights of the rows: not all the same.
fn height(row: usize) -> i32 {
    HEIGHT - ((row % 3) as i32) * 30_000
}

impl Scene {
    fn crowd(&self, rules: &SeparationRules, lanes: LaneChoice) -> Separation {
        let mut crowd = Separation::new(rules, self.x.len() as u32).expect("in range");
        let live: Vec<u32> = (0..self.x.len() as u32).collect();
        let Scene { x, y, z, kind, .. } = self;
        // What was there before leaves no trace.
        crowd.sort(lanes, &Cylinders { live: &live, x: z, y: x, z: y, kind }, height);
        crowd.run_passes();
        crowd.sort(lanes, &Cylinders { live: &live, x, y, z, kind }, height);
        crowd
    }

    /// Pushes by row after all passes.
    fn pushes(&self, rules: &SeparationRules, lanes: LaneChoice, chunk: usize) -> Vec<(i32, i32)> {
        self.pushes_of(rules, rules.passes, lanes, chunk)
    }

    /// Pushes by row after the first of all passes.
    fn pushes_of(
        &self,
        rules: &SeparationRules,
        first: u32,
        lanes: LaneChoice,
        chunk: usize,
    ) -> Vec<(i32, i32)> {
        let mut crowd = self.crowd(rules, lanes);
        for _ in 0..first {
            let (work, mut rest) = crowd.begin_pass();
            let mut first = 0;
            while rest.rows() > 0 {
                let (rows, others) = {
                    let end = chunk.min(rest.rows());
                    rest.split_rows(end)
                };
                work.run(first, rows);
                (first, rest) = (first + chunk, others);
            }
            crowd.finish_pass();
        }
        by_row(&crowd)
    }
}

fn by_row(crowd: &Separation) -> Vec<(i32, i32)> {
    let mut pushes = alloc::vec![(0, 0); crowd.len()];
    for (&row, push) in crowd.rows().iter().zip(crowd.pushes()) {
        pushes[row as usize] = push;
    }
    pushes
}

/// What one pass, the last or not, does to a row, straight from the definition, over all rows.
fn oracle(
    scene: &Scene,
    rules: &SeparationRules,
    is_last: bool,
    start: &[(i32, i32)],
    row: usize,
) -> (i32, i32) {
    let tables = Tables::new(rules);
    let at = |row: usize| {
        let (x, z) = (scene.x[row] >> PACK_SHIFT, scene.z[row] >> PACK_SHIFT);
        (i64::from(x + (start[row].0 >> PACK_SHIFT)), i64::from(z + (start[row].1 >> PACK_SHIFT)))
    };
    let low = |row: usize| i64::from(scene.y[row] >> HEIGHT_SHIFT);
    let high = |row: usize| i64::from((scene.y[row] + height(row)) >> HEIGHT_SHIFT);
    let (mut sum, mut contacts) = ((0i64, 0i64), 0);
    for other in (0..scene.x.len()).filter(|&other| other != row) {
        let [own, kind] = [row, other].map(|row| tables.same_as[scene.kind[row] as usize] as usize);
        let (dx, dz) = (at(row).0 - at(other).0, at(row).1 - at(other).1);
        let squared = i64::from(tables.against[own].reach_squared[kind]);
        let left = squared - dx * dx - dz * dz;
        if left <= 0 || low(row) >= high(other) || low(other) >= high(row) {
            continue;
        }
        let (scale, share) = halves(tables.against[own].scale_and_share[kind]);
        let w = tables::weight(left as i32, tables.against[own].shift[kind] as u32, scale, &tables.weights);
        let round = |a: i64, b: i64| (a * b + 0x4000) >> 15;
        let push = |d: i64| round(2 * round(2 * d, i64::from(w)), i64::from(share));
        sum = (sum.0 + push(dx), sum.1 + push(dz));
        contacts += 1;
    }
    let damping = i64::from(tables.damping(is_last)[contacts.min(7)]);
    let sum = ((sum.0 * damping + 0x4000) >> 15, (sum.1 * damping + 0x4000) >> 15);
    let cap = rules.push_cap.0 >> PACK_SHIFT;
    let (x, z) = crate::numeric::fixed::clamp_length2d(sum.0 as i32, sum.1 as i32, cap);
    (x << PACK_SHIFT, z << PACK_SHIFT)
}

fn coordinate(half_m: i32, crowd_mm: i32) -> impl Strategy<Value = i32> {
    let half = half_m << 16;
    prop_oneof![
        12 => (0..crowd_mm).prop_map(move |mm| Metres::from_mm(mm).0 - half / 2),
        2 => (-3i32..3).prop_map(move |v| (v << 14) - half / 2),
        2 => -half..half,
        1 => (-8i32..8, 0i32..65_536).prop_map(|(turn, v)| (turn << 22) + v),
        1 => prop::sample::select(alloc::vec![half, -half, half - 1, 2 * half, -2 * half]),
    ]
}

fn height_of_feet() -> impl Strategy<Value = i32> {
    prop_oneof![8 => 0i32..40_000, 3 => -300_000i32..300_000, 1 => (-4i32..4).prop_map(|v| v << 25)]
}

fn scene(kinds: u8) -> impl Strategy<Value = Scene> {
    prop_oneof![Just(12), Just(200), Just(3_000)].prop_flat_map(move |half_m| {
        let row = (coordinate(half_m, 6_000), height_of_feet(), coordinate(half_m, 6_000), 0..kinds);
        prop::collection::vec(row, 0..120).prop_map(move |rows| Scene {
            x: rows.iter().map(|row| row.0).collect(),
            y: rows.iter().map(|row| row.1).collect(),
            z: rows.iter().map(|row| row.2).collect(),
            kind: rows.iter().map(|row| row.3).collect(),
        })
    })
}

fn rules() -> impl Strategy<Value = SeparationRules> {
    let radius = prop_oneof![6 => 200i32..700, 1 => 700i32..=5_000];
    let body = (radius, 1u16..1_000).prop_map(|(mm, weight)| Body { radius: Metres::from_mm(mm), weight });
    (prop::array::uniform8(body), 0i32..=2 << 16, 0i32..=1_000, 1u32..=8).prop_map(
        |(bodies, relaxation, cap, passes)| SeparationRules {
            bodies,
            relaxation: Fx(relaxation),
            push_cap: Metres::from_mm(cap),
            passes,
        },
    )
}

fn check(scene: &Scene, rules: &SeparationRules, chunk: usize) -> Result<(), TestCaseError> {
    // Rows on the same spot have been parted before the first pass.
    let start = by_row(&scene.crowd(rules, LaneChoice::Scalar));
    for is_last in [true, false] {
        let first_of = SeparationRules { passes: if is_last { 1 } else { 2 }, ..*rules };
        let expected: Vec<(i32, i32)> = (0..scene.x.len())
            .map(|row| {
                let push = oracle(scene, &first_of, is_last, &start, row);
                (start[row].0 + push.0, start[row].1 + push.1)
            })
            .collect();
        prop_assert_eq!(scene.pushes_of(&first_of, 1, LaneChoice::Scalar, chunk), expected);
    }
    let all = scene.pushes(rules, LaneChoice::Scalar, chunk);
    for &lanes in LaneChoice::available() {
        prop_assert_eq!(&scene.pushes(rules, lanes, scene.x.len().max(1)), &all, "{:?}", lanes);
        prop_assert_eq!(&scene.pushes(rules, lanes, chunk), &all, "{:?} in chunks of {}", lanes, chunk);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn one_kind_gives_what_all_pairs_give(scene in scene(1), rules in rules(), chunk in 1usize..100) {
        check(&scene, &rules, chunk)?;
        check(&scene, &demo_rules(), chunk)?;
    }

    #[test]
    fn many_kinds_give_what_all_pairs_give(scene in scene(8), rules in rules(), chunk in 1usize..100) {
        check(&scene, &rules, chunk)?;
    }

    #[test]
    fn kinds_with_equal_bodies_are_one_kind(scene in scene(8), chunk in 1usize..100) {
        let mut rules = demo_rules();
        let one = scene.pushes(&rules, LaneChoice::Auto, chunk);
        // A body that nobody has, and twins of the same body: through the tables or not, the same bits.
        rules.bodies[7].radius = Metres::from_mm(3_000);
        let mut named = scene.clone();
        named.kind.iter_mut().for_each(|kind| *kind %= 7);
        prop_assert_eq!(&named.pushes(&rules, LaneChoice::Auto, chunk), &one);
        rules.bodies[7] = Body { weight: 200, ..rules.bodies[0] };
        rules.bodies[6] = Body { weight: 200, ..rules.bodies[0] };
        named.kind.iter_mut().for_each(|kind| *kind = 6 + *kind % 2);
        prop_assert_eq!(&named.pushes(&rules, LaneChoice::Auto, chunk), &one);
    }

    #[test]
    fn a_touching_pair_is_pushed_by_half_its_overlap(distance_mm in 400i32..799, turn in any::<u16>()) {
        let rules = SeparationRules { relaxation: Fx::ONE, push_cap: Metres::ONE, passes: 1, ..demo_rules() };
        let (fx, fz) = crate::numeric::Brads(turn).forward();
        let distance = Metres::from_mm(distance_mm);
        let scene = Scene {
            x: alloc::vec![0, fx.scale(distance.0)],
            y: alloc::vec![0; 2],
            z: alloc::vec![0, fz.scale(distance.0)],
            kind: alloc::vec![0; 2],
        };
        let got = scene.pushes(&rules, LaneChoice::Auto, 2);
        prop_assert!((got[0].0 + got[1].0).abs() <= 64 && (got[0].1 + got[1].1).abs() <= 64);
        let pushed = f64::from(got[0].0).hypot(f64::from(got[0].1)) / 65.536;
        let half = f64::from(800 - distance_mm) / 2.0;
        prop_assert!((pushed - half).abs() <= 0.06 * half + 2.0, "{pushed} mm of {half} mm");
    }
}

#[test]
fn wrong_rules_are_refused_by_name() {
    let good = demo_rules();
    let refuse = |rules: SeparationRules| Separation::new(&rules, 8).map(|_| ()).unwrap_err();
    let with = |radius, weight| {
        let mut rules = good;
        rules.bodies[5] = Body { radius, weight };
        rules
    };
    let m = Metres::from_m;
    assert_eq!(refuse(with(m(6), 1)), SeparationError::Radius(m(6)));
    assert_eq!(refuse(with(m(-1), 1)), SeparationError::Radius(m(-1)));
    assert_eq!(refuse(with(m(1), 0)), SeparationError::Weight);
    assert_eq!(refuse(SeparationRules { relaxation: Fx(-1), ..good }), SeparationError::Relaxation(Fx(-1)));
    assert_eq!(refuse(SeparationRules { push_cap: m(2), ..good }), SeparationError::PushCap(m(2)));
    assert_eq!(refuse(SeparationRules { passes: 9, ..good }), SeparationError::Passes(9));
}

#[test]
fn the_heavier_pushes_the_lighter() {
    let mut rules = SeparationRules { relaxation: Fx::ONE, passes: 1, ..demo_rules() };
    rules.bodies[1].weight = 900;
    let scene = Scene {
        x: alloc::vec![0, Metres::from_mm(700).0],
        y: alloc::vec![0; 2],
        z: alloc::vec![0; 2],
        kind: alloc::vec![0, 1],
    };
    let got = scene.pushes(&rules, LaneChoice::Auto, 2);
    assert!(
        (-102..=-85).contains(&((got[0].0 * 1000) >> 16)),
        "the light one gives way by nine tenths: {got:?}"
    );
    assert!((8..=12).contains(&((got[1].0 * 1000) >> 16)), "the heavy one by one tenth: {got:?}");
}

#[test]
fn thousands_in_one_spot_come_apart() {
    let count = 2_000;
    let mut scene = Scene {
        x: alloc::vec![7; count],
        y: alloc::vec![0; count],
        z: alloc::vec![9; count],
        kind: alloc::vec![0; count],
    };
    for tick in 0..200 {
        let pushes = scene.pushes(&demo_rules(), LaneChoice::Auto, count);
        if tick == 0 {
            for &lanes in LaneChoice::available() {
                assert_eq!(scene.pushes(&demo_rules(), lanes, 77), pushes, "{lanes:?}");
            }
        }
        for (row, push) in pushes.iter().enumerate() {
            scene.x[row] += push.0;
            scene.z[row] += push.1;
        }
    }
    let far = |row: usize| Metres(length2d(scene.x[row], scene.z[row]));
    let radius = (0..count).map(far).max().expect("there are rows");
    assert!(radius > Metres::from_m(12), "spread over {radius} only");
}

fn overlap(scene: &Scene) -> Metres {
    let mut worst = 0;
    for a in 0..scene.x.len() {
        for b in 0..a {
            let apart = length2d(scene.x[a] - scene.x[b], scene.z[a] - scene.z[b]);
            worst = worst.max(Metres::from_mm(800).0 - apart);
        }
    }
    Metres(worst)
}

/// Ticks without any wish to move, inside a square; returns the longest way that anybody went in the last one, and the
/// mean way.
fn settle(scene: &mut Scene, edge: Metres, ticks: usize) -> (Metres, Metres) {
    let (mut longest, mut sum) = (0, 0);
    for _ in 0..ticks {
        (longest, sum) = (0, 0);
        let pushes = scene.pushes(&demo_rules(), LaneChoice::Auto, 64);
        for (row, push) in pushes.iter().enumerate() {
            let x = (scene.x[row] + push.0).clamp(-edge.0, edge.0);
            let z = (scene.z[row] + push.1).clamp(-edge.0, edge.0);
            let moved = length2d(x - scene.x[row], z - scene.z[row]);
            (longest, sum) = (longest.max(moved), sum + moved);
            (scene.x[row], scene.z[row]) = (x, z);
        }
    }
    (Metres(longest), Metres(sum / scene.x.len() as i32))
}

fn block(count: i32, apart: i32) -> Scene {
    let side = count.isqrt();
    Scene {
        x: (0..count).map(|i| (i % side) * apart - side / 2 * apart).collect(),
        y: alloc::vec![0; count as usize],
        z: (0..count).map(|i| (i / side) * apart - side / 2 * apart).collect(),
        kind: alloc::vec![0; count as usize],
    }
}

#[test]
fn a_crowd_spreads_until_hardly_anybody_overlaps() {
    let mut scene = block(200, 1 << 14);
    assert!(overlap(&scene) > Metres::from_mm(500));
    let (moved, _) = settle(&mut scene, Metres::from_m(50), 400);
    assert!(overlap(&scene) < Metres::from_mm(40), "largest overlap left: {}", overlap(&scene));
    assert!(moved < Metres::from_mm(3), "somebody still moves {moved} a tick");
}

#[test]
fn a_jammed_crowd_comes_to_rest() {
    // In a square where 240 fit: everybody overlaps everybody around, for ever.
    for count in [300, 361, 400, 441, 500, 600] {
        let mut scene = block(count, 1 << 15);
        let (longest, mean) = settle(&mut scene, Metres::from_m(6), 600);
        assert!(overlap(&scene) > Metres::from_mm(100), "not jammed: {}", overlap(&scene));
        assert!(mean < Metres::from_mm(2), "{count} still move {mean} a tick");
        assert!(longest < Metres::from_mm(25), "one of {count} still moves {longest} a tick");
    }
}

#[test]
fn the_same_spot_is_found_at_any_height() {
    // Packed heights wrap 512 m up: feet below, heads above.
    for feet in [0, 512 << 16, -(512 << 16), 1_536 << 16].map(|metre: i32| metre - 30_000) {
        let mut scene = block(2, 0);
        scene.y = alloc::vec![feet; 2];
        let got = scene.pushes(&demo_rules(), LaneChoice::Auto, 2);
        assert_ne!(got, [(0, 0); 2], "at {}", Metres(feet));
    }
}
