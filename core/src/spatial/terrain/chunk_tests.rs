//! Chunks: what is resident changes nothing; craters and mounds against a plain grid; seams.

use super::*;
use crate::limits::{TERRAIN_STREAM_CHUNKS_PER_TICK, TERRAIN_STREAM_RADIUS_M, TERRAIN_STREAM_ROWS_PER_TICK};
use crate::state::terrain_deltas::{ChunkDelta, DELTA_MAX};
use alloc::sync::Arc;
use alloc::vec::Vec;
use proptest::prelude::*;

/// 320 × 320 cells of 1 m: 5 × 5 chunks.
fn terrain(source: TerrainSource, resident_chunks: u32, delta_chunks: u32) -> Terrain {
    let half_extent = Metres::from_mm(159_700);
    let shape = TerrainShape { half_extent, spacing: Metres::ONE, resident_chunks, delta_chunks };
    Terrain::new(9, source, &shape).expect("in range")
}

fn hilly_file() -> TerrainSource {
    let shape = HeightFileShape {
        columns: 70,
        rows: 150,
        spacing: Metres::from_mm(2_500),
        lowest: Metres::from_m(-20),
        highest: Metres::from_m(60),
        water: None,
    };
    let samples: Vec<u16> = (0..70 * 150_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 20) as u16).collect();
    TerrainSource::Heights(Arc::new(HeightFile::new(&shape, &samples).expect("valid")))
}

fn sources() -> impl Strategy<Value = TerrainSource> {
    prop_oneof![Just(TerrainSource::Seed), Just(TerrainSource::Flat), Just(hilly_file())]
}

fn anywhere() -> impl Strategy<Value = (Metres, Metres)> {
    let along =
        || prop_oneof![(-170_000_i32..170_000).prop_map(Metres::from_mm), any::<i32>().prop_map(Metres)];
    (along(), along())
}

fn blows() -> impl Strategy<Value = Deformation> {
    let axis = || {
        // Often at a seam between two chunks, or at the rim of the field.
        prop_oneof![
            -159_700_i32..=159_700,
            (0_i32..6, -2_000_i32..2_000).prop_map(|(k, d)| k * 64_000 - 159_700 + d)
        ]
        .prop_map(|mm| Metres::from_mm(mm).clamp(-Metres::from_mm(159_700), Metres::from_mm(159_700)))
    };
    (axis(), axis(), 1_000_i32..=32_000, -9_000_i32..9_000).prop_map(|(x, z, radius, depth)| Deformation {
        x,
        z,
        radius: Metres::from_mm(radius),
        depth: Metres::from_mm(depth),
    })
}

/// All deltas in one grid, from the formula, one vertex at a time.
struct Plain {
    side: usize,
    deltas: Vec<i32>,
}

impl Plain {
    fn new(terrain: &Terrain) -> Self {
        let side = terrain.side() as usize;
        Self { side, deltas: alloc::vec![0; side * side] }
    }

    fn strike(&mut self, terrain: &Terrain, blow: &Deformation) {
        let origin = i128::from(terrain.half_extent().0);
        let units = (i128::from(blow.depth.0.abs()) + 512) >> 10;
        let radius = i128::from(blow.radius.0 >> 8).pow(2);
        for (index, delta) in self.deltas.iter_mut().enumerate() {
            let place = |vertex: usize| ((vertex as i128) << 16) - origin;
            let (dx, dz) = (
                place(index % self.side) - i128::from(blow.x.0),
                place(index / self.side) - i128::from(blow.z.0),
            );
            let inside = radius - ((dx >> 8).pow(2) + (dz >> 8).pow(2));
            if inside > 0 {
                let share = (inside << 16) / radius;
                let change = (units * ((share * share) >> 16) + 32_768) >> 16;
                let change = change as i32 * -blow.depth.0.signum();
                *delta = (*delta + change).clamp(-i32::from(DELTA_MAX), i32::from(DELTA_MAX));
            }
        }
    }

    /// The deltas of a chunk; `None` when there are none.
    fn chunk(&self, x: usize, z: usize) -> Option<Vec<i16>> {
        let mut found = Vec::new();
        for row in 64 * z..=64 * z + 64 {
            for column in 64 * x..=64 * x + 64 {
                let inside = row < self.side && column < self.side;
                found.push(if inside { self.deltas[row * self.side + column] as i16 } else { 0 });
            }
        }
        found.iter().any(|delta| *delta != 0).then_some(found)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever was streamed in and thrown out, in whatever order, the ground is the same to the bit.
    #[test]
    fn residency_changes_no_height(
        source in sources(),
        pool in 1_u32..30,
        steps in proptest::collection::vec((proptest::collection::vec(anywhere(), 0..4), proptest::option::of(blows())), 1..8),
        probes in proptest::collection::vec(anywhere(), 20),
    ) {
        let mut whole = terrain(source.clone(), 25, 12);
        prop_assert!(whole.is_resident_whole());
        let mut small = terrain(source, pool, 12);
        let (mut deltas, mut small_deltas) = (TerrainDeltas::new(12), TerrainDeltas::new(12));
        for (places, blow) in &steps {
            let report = small.stream(places.len(), |row| Some(places[row]));
            prop_assert!(report.brought_in <= TERRAIN_STREAM_CHUNKS_PER_TICK as u32);
            if let Some(blow) = blow {
                let mut changed = [Vec::new(), Vec::new()];
                let done = whole.deform(&mut deltas, blow, |chunk| changed[0].push(chunk));
                prop_assert_eq!(small.deform(&mut small_deltas, blow, |chunk| changed[1].push(chunk)), done);
                prop_assert_eq!(&changed[0], &changed[1]);
            }
            prop_assert_eq!(&deltas, &small_deltas);
            for &(x, z) in &probes {
                prop_assert_eq!(small.cell_at(x, z), whole.cell_at(x, z));
                prop_assert_eq!(small.slope_at(x, z), whole.slope_at(x, z));
            }
        }
        prop_assert!(small.resident_chunks() <= (pool + 12) as usize);
    }

    /// Craters and mounds add up as the formula says, vertex by vertex, and the table holds the chunks that differ.
    #[test]
    fn deltas_follow_the_formula(blows in proptest::collection::vec(blows(), 1..5)) {
        let mut ground = terrain(TerrainSource::Seed, 3, 25);
        let untouched = terrain(TerrainSource::Seed, 25, 0);
        let mut deltas = TerrainDeltas::new(25);
        let mut plain = Plain::new(&ground);
        for blow in &blows {
            let before: Vec<_> = (0..25).map(|i| plain.chunk(i % 5, i / 5)).collect();
            let mut changed = Vec::new();
            let done = ground.deform(&mut deltas, blow, |chunk| changed.push((chunk.x, chunk.z)));
            prop_assert_eq!(done, blow.depth.0.abs() >= 512);
            if done {
                plain.strike(&ground, blow);
            }
            let after: Vec<_> = (0..25).map(|i| plain.chunk(i % 5, i / 5)).collect();
            let differ: Vec<_> = (0..25).filter(|&i| before[i] != after[i]).map(|i| ((i % 5) as u16, (i / 5) as u16)).collect();
            prop_assert_eq!(changed, differ);
        }
        let expected: Vec<_> = (0..25).filter_map(|i| plain.chunk(i % 5, i / 5).map(|delta| ((i % 5) as u16, (i / 5) as u16, delta))).collect();
        let found: Vec<_> = deltas.iter().map(|(chunk, delta)| (chunk.x, chunk.z, delta.to_vec())).collect();
        prop_assert_eq!(found, expected);
        for row in 0..ground.side() {
            for column in 0..ground.side() {
                let delta = plain.deltas[(row * ground.side() + column) as usize] << TERRAIN_DELTA_SHIFT;
                prop_assert_eq!(ground.vertex(column, row).0, untouched.vertex(column, row).0 + delta);
            }
        }
        prop_assert_eq!(deltas.first_impossible(ground.side() - 1), None);
        // Another ground follows the table there and back.
        let mut other = terrain(TerrainSource::Seed, 1, 25);
        let none = TerrainDeltas::new(25);
        let (x, z) = (blows[0].x, blows[0].z);
        prop_assert_eq!(other.height_with(&none, &deltas, x, z), ground.height_at(x, z));
        other.follow(&none, &deltas);
        prop_assert_eq!(other.height_at(x, z), ground.height_at(x, z));
        prop_assert_eq!(other.height_with(&deltas, &deltas, x, z), ground.height_at(x, z));
        prop_assert_eq!(other.height_with(&deltas, &none, x, z), untouched.height_at(x, z));
        other.follow(&deltas, &none);
        prop_assert_eq!(other.height_at(x, z), untouched.height_at(x, z));
    }

    /// One chunk at a time or all at once: the noise has the same bits.
    #[test]
    fn chunks_of_noise_are_the_noise(seed in any::<u64>(), shift in 14_u32..=20, x in -2_000_000_000_i32..2_000_000_000, z in -5_000_000_i32..5_000_000) {
        let mut out = [0; TERRAIN_CHUNK_VERTICES];
        noise::fill(seed, (x, z), shift, TERRAIN_CHUNK_SIDE, 20, &mut out);
        for row in 0..20 {
            for column in 0..TERRAIN_CHUNK_SIDE {
                let expected = noise::height(seed, x + ((column as i32) << shift), z + ((row as i32) << shift));
                prop_assert_eq!(out[row * TERRAIN_CHUNK_SIDE + column], expected);
            }
        }
    }
}

/// Both chunks of a seam have the same copy of it.
#[test]
fn seams_are_copies() {
    let mut ground = terrain(TerrainSource::Seed, 25, 25);
    let mut deltas = TerrainDeltas::new(25);
    let seam = Metres(64 * 65_536 - ground.half_extent().0);
    let blow = Deformation { x: seam, z: seam, radius: Metres::from_m(9), depth: Metres::from_m(3) };
    assert!(ground.deform(&mut deltas, &blow, |_| ()));
    assert_eq!(deltas.len(), 4);
    let heights = |x, z| ground.residency.heights(ground.lattice.chunk(x, z)).expect("resident");
    for chunk in 0..4 {
        for along in 0..TERRAIN_CHUNK_SIDE {
            let across = along * TERRAIN_CHUNK_SIDE;
            assert_eq!(heights(chunk, 2)[across + TERRAIN_CHUNK_CELLS], heights(chunk + 1, 2)[across]);
            assert_eq!(
                heights(2, chunk)[TERRAIN_CHUNK_CELLS * TERRAIN_CHUNK_SIDE + along],
                heights(2, chunk + 1)[along]
            );
        }
    }
}

#[test]
fn what_cannot_be_deformed_is_refused() {
    let mut ground = terrain(TerrainSource::Flat, 2, 2);
    let mut deltas = TerrainDeltas::new(2);
    let m = Metres::from_m;
    let blow = Deformation { x: m(0), z: m(0), radius: m(5), depth: m(1) };
    let mut refused = |blow: Deformation, why: &str| {
        let before = deltas.clone();
        assert!(!ground.deform(&mut deltas, &blow, |_| panic!("{why}")), "{why}");
        assert_eq!(deltas, before);
    };
    refused(Deformation { x: m(160), ..blow }, "outside");
    refused(Deformation { z: Metres(i32::MIN), ..blow }, "far outside");
    refused(Deformation { radius: Metres(65_535), ..blow }, "less than a spacing");
    refused(Deformation { radius: Metres(i32::MIN), ..blow }, "negative");
    refused(Deformation { radius: Metres(m(32).0 + 1), ..blow }, "too wide");
    refused(Deformation { depth: Metres(0), ..blow }, "no depth");
    refused(Deformation { depth: Metres(i32::MIN), ..blow }, "too high");
    refused(Deformation { depth: Metres(m(32).0 + 1), ..blow }, "too deep");
    let corner = Metres(64 * 65_536 - m(160).0 + 19_660);
    refused(Deformation { x: corner, z: corner, ..blow }, "four chunks and room for two");
    assert!(ground.deform(&mut deltas, &blow, |_| ()), "one chunk");
    assert!(ground.deform(&mut deltas, &Deformation { x: m(-70), ..blow }, |_| ()), "two");
    let third = Deformation { x: m(70), ..blow };
    assert!(!ground.deform(&mut deltas, &third, |_| ()), "full");
    // Filled up again, the first chunk is as it was, and there is room.
    assert!(ground.deform(&mut deltas, &Deformation { depth: m(-1), ..blow }, |_| ()));
    assert_eq!(deltas.len(), 1);
    assert!(ground.deform(&mut deltas, &third, |_| ()), "room again");
    let none: &mut TerrainDeltas = &mut TerrainDeltas::new(0);
    assert!(!terrain(TerrainSource::Flat, 25, 0).deform(none, &blow, |_| ()), "none may differ");
}

/// Blow after blow in one place ends at the bound, up and down.
#[test]
fn depths_saturate() {
    let mut ground = terrain(TerrainSource::Flat, 25, 4);
    let mut deltas = TerrainDeltas::new(4);
    for depth in [32, 20, -32, -32, -32] {
        let blow = Deformation {
            x: Metres(0),
            z: Metres(0),
            radius: Metres::from_m(9),
            depth: Metres::from_m(depth),
        };
        assert!(ground.deform(&mut deltas, &blow, |_| ()));
        let lowest = deltas.iter().flat_map(|(_, delta): (_, &ChunkDelta)| delta.iter()).min();
        assert!(lowest.is_some_and(|d| *d >= -DELTA_MAX));
    }
    let middle = ground.height_at(Metres::from_mm(300), Metres::from_mm(300));
    assert!(middle > Metres::from_m(31) && middle <= Metres::from_m(32), "{middle}");
}

/// Chunks come in nearest first, within the radius, and those out of use for longest make way.
#[test]
fn streaming_follows_somebody_through_a_small_pool() {
    let mut ground = terrain(TerrainSource::Seed, 25, 0);
    assert_eq!(ground.stream(1, |_| panic!("all of it is here")), StreamReport::default());
    ground = {
        let shape = TerrainShape {
            half_extent: Metres::from_m(8_000),
            spacing: Metres::ONE,
            resident_chunks: 40,
            delta_chunks: 0,
        };
        Terrain::new(9, TerrainSource::Seed, &shape).expect("in range")
    };
    assert_eq!((ground.chunks_per_side(), ground.resident_chunks()), (250, 0));
    let resident = |ground: &Terrain, x: i32, z: i32| {
        let ((column, _), (row, _)) = (ground.lattice.locate(x << 16), ground.lattice.locate(z << 16));
        ground.chunk_heights(column, row).is_some()
    };
    let here = |x: i32| move |_: usize| Some((Metres::from_m(x), Metres::from_m(20)));
    assert_eq!(ground.stream(1, here(10)).brought_in, 2);
    assert!(resident(&ground, 10, 20), "the nearest is the one it stands on");
    let mut calls = 1;
    while ground.stream(1, here(10)).brought_in > 0 {
        calls += 1;
    }
    // Three chunks each way, without the corners.
    assert_eq!((ground.resident_chunks(), calls), (37, 37_usize.div_ceil(TERRAIN_STREAM_CHUNKS_PER_TICK)));
    for (dx, dz) in [(TERRAIN_STREAM_RADIUS_M, 0), (0, -TERRAIN_STREAM_RADIUS_M), (-90, 90)] {
        assert!(resident(&ground, 10 + dx, 20 + dz));
    }
    for x in (10..4_000).step_by(4) {
        ground.stream(1, here(x));
        assert!(resident(&ground, x + 100, 20) && resident(&ground, x, 60), "at {x}");
        assert!(ground.resident_chunks() <= 40);
    }
    assert!(!resident(&ground, 10, 20), "left behind");
    // A crowd all over the place wants more than there is room for: nobody's chunk is thrown out for another's.
    let spread = |row: usize| Some((Metres::from_m(row as i32 * 150 - 3_000), Metres::from_m(20)));
    let rows = TERRAIN_STREAM_ROWS_PER_TICK.min(40);
    for _ in 0..60 {
        ground.stream(rows, spread);
    }
    let report = ground.stream(rows, spread);
    assert_eq!((report.brought_in, report.no_room), (0, TERRAIN_STREAM_CHUNKS_PER_TICK as u32));
}

/// A field of 64 km, to its corners.
#[test]
fn the_largest_field_has_ground_everywhere() {
    let shape = TerrainShape {
        half_extent: Metres::from_m(32_000),
        spacing: Metres::ONE,
        resident_chunks: 4,
        delta_chunks: 4,
    };
    let mut ground = Terrain::new(9, TerrainSource::Seed, &shape).expect("in range");
    let edge = Metres::from_m(32_000);
    for (x, z) in [(edge, edge), (-edge, edge), (Metres(i32::MAX), Metres(i32::MIN))] {
        let before = ground.cell_at(x, z);
        ground.stream(1, |_| Some((x, z)));
        assert_eq!(ground.cell_at(x, z), before);
        assert!(ground.height_at(x, z).abs() < Metres::from_m(4));
    }
    let mut deltas = TerrainDeltas::new(4);
    let before = ground.height_at(edge, edge);
    let blow = Deformation { x: edge, z: edge, radius: Metres::from_m(4), depth: Metres::from_m(2) };
    assert!(ground.deform(&mut deltas, &blow, |_| ()));
    assert_eq!(ground.height_at(edge, edge), before - Metres::from_m(2));
    assert_eq!(deltas.iter().map(|(chunk, _)| (chunk.x, chunk.z)).collect::<Vec<_>>(), [(999, 999)]);
}
