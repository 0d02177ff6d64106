//! Shape, lookup and flights of the ground.

use super::*;
use crate::numeric::Position;
use alloc::string::ToString;
use alloc::vec::Vec;
use proptest::prelude::*;

/// All vertex heights, raw: x fastest.
fn heights(terrain: &Terrain) -> Vec<i32> {
    let vertices = 0..terrain.side();
    vertices
        .clone()
        .flat_map(|row| vertices.clone().map(move |column| terrain.vertex(column, row).0))
        .collect()
}

fn hills() -> Terrain {
    Terrain::from_seed(42, Metres::from_m(128), Metres::from_m(2)).expect("sizes are in range")
}

#[test]
fn sizes_out_of_range_are_refused_before_allocating() {
    let (m, mm) = (Metres::from_m, Metres::from_mm);
    let refuse = |half, spacing| Terrain::flat(half, spacing).map(|t| t.side()).unwrap_err();
    assert_eq!(refuse(m(128), m(3)), TerrainError::Spacing(m(3)));
    assert_eq!(refuse(m(128), m(0)), TerrainError::Spacing(m(0)));
    assert_eq!(refuse(m(128), m(-2)), TerrainError::Spacing(m(-2)));
    assert_eq!(refuse(m(128), m(32)), TerrainError::Spacing(m(32)));
    assert_eq!(refuse(mm(500), m(1)), TerrainError::HalfExtent(mm(500)));
    assert_eq!(refuse(m(-5), m(1)), TerrainError::HalfExtent(m(-5)));
    assert_eq!(refuse(m(32_000), mm(250)), TerrainError::TooManyCells(256_000));
    assert_eq!(Terrain::flat(m(1023), m(1)).map(|t| t.side()), Ok(2047));
}

#[test]
fn hills_are_gentle_and_not_flat() {
    let terrain = hills();
    let low = heights(&terrain).iter().min().copied().map(Metres).unwrap();
    let high = heights(&terrain).iter().max().copied().map(Metres).unwrap();
    assert!(low >= Metres::from_mm(-3100) && high <= Metres::from_mm(3100), "{low} to {high}");
    assert!(high - low > Metres::from_m(2), "{low} to {high}");
    let mut steepest = 0;
    for z in -127..127 {
        for x in -127..127 {
            let (sx, sz) = terrain.slope_at(Metres::from_m(x), Metres::from_m(z));
            steepest = steepest.max(sx.0.abs()).max(sz.0.abs());
        }
    }
    assert!(steepest < Fx::from_ratio(3, 10).0, "steepest slope {}", Fx(steepest));
}

#[test]
fn the_same_point_has_the_same_height_in_every_lattice() {
    let (fine, wide) = (
        Terrain::from_seed(42, Metres::from_m(64), Metres::from_m(1)).expect("in range"),
        Terrain::from_seed(42, Metres::from_m(256), Metres::from_m(4)).expect("in range"),
    );
    let terrain = hills();
    for (x, z) in [(0, 0), (-64, 64), (32, -16), (60, 60)] {
        let (x, z) = (Metres::from_m(x), Metres::from_m(z));
        assert_eq!(terrain.height_at(x, z), fine.height_at(x, z));
        assert_eq!(terrain.height_at(x, z), wide.height_at(x, z));
    }
    let other = Terrain::from_seed(43, Metres::from_m(128), Metres::from_m(2)).expect("in range");
    assert_ne!(heights(&other), heights(&terrain));
}

/// The text was computed by an independent implementation.
#[test]
fn golden_heights() {
    let terrain = hills();
    let mut hasher = crate::numeric::StateHasher::new();
    hasher.add_column(0, &heights(&terrain));
    assert_eq!(hasher.finish().to_string(), "ffed1d94ac48a00c7856617587e16f5c");
}

#[test]
fn an_extent_that_is_no_multiple_of_the_spacing_is_covered() {
    let terrain = Terrain::from_seed(1, Metres::from_mm(10_500), Metres::from_m(2)).expect("in range");
    assert_eq!(terrain.side(), 12);
    let _ = terrain.height_at(Metres::from_mm(10_499), Metres::from_mm(10_499));
}

#[test]
fn a_fall_onto_the_plain_hits_halfway() {
    let plain = Terrain::flat(Metres::from_m(16), Metres::from_m(1)).expect("in range");
    let from = Position::new(Metres::from_m(-4), Metres::from_m(2), Metres::from_m(1));
    let to = Position::new(Metres::from_m(4), Metres::from_m(-2), Metres::from_m(1));
    assert_eq!(plain.segment_hit(from, to), Some(Fx(32768)));
    assert_eq!(plain.segment_hit(to, from), Some(Fx(0)), "starts below");
    assert_eq!(plain.segment_hit(from, Position { y: Metres(1), ..to }), None);
    let straight_down = Position { y: Metres::from_m(-2), ..from };
    assert_eq!(plain.segment_hit(from, straight_down), Some(Fx(32768)));
}

proptest! {
    #[test]
    fn heights_follow_the_bilinear_formula(x in -140_000i32..140_000, z in -140_000i32..140_000) {
        let terrain = hills();
        let (x, z) = (Metres::from_mm(x), Metres::from_mm(z));
        let place = |c: Metres| ((f64::from(c.0) / 65536.0 + 128.0) / 2.0).clamp(0.0, 128.0);
        let (u, v) = (place(x), place(z));
        let (i, j) = (u.floor().min(127.0), v.floor().min(127.0));
        let at = |i: f64, j: f64| f64::from(terrain.vertex(i as u32, j as u32).0);
        let (fu, fv) = (u - i, v - j);
        let near = at(i, j) * (1.0 - fu) + at(i + 1.0, j) * fu;
        let far = at(i, j + 1.0) * (1.0 - fu) + at(i + 1.0, j + 1.0) * fu;
        let exact = near * (1.0 - fv) + far * fv;
        let height = f64::from(terrain.height_at(x, z).0);
        prop_assert!(height <= exact + 1e-6 && height > exact - 1.000_001, "{height} for {exact}");
    }

    #[test]
    fn any_coordinates_are_safe(x in any::<i32>(), z in any::<i32>(), y in any::<i32>(), a in any::<i32>(), b in any::<i32>(), c in any::<i32>()) {
        let terrain = hills();
        let height = terrain.height_at(Metres(x), Metres(z));
        prop_assert!(height.abs() < Metres::from_m(4));
        let _ = terrain.slope_at(Metres(x), Metres(z));
        let _ = terrain.segment_hit(Position::from_raw(x, y, z), Position::from_raw(a, b, c));
    }

    #[test]
    fn arrows_end_at_the_ground(
        x in -100_000i32..100_000, z in -100_000i32..100_000, rise in 1i32..3000, dx in -2000i32..2000, dz in -2000i32..2000, fall in 0i32..4000
    ) {
        let terrain = hills();
        let m = Metres::from_mm;
        let from = Position::new(m(x), terrain.height_at(m(x), m(z)) + m(rise), m(z));
        let to = from.offset(m(dx), m(-fall), m(dz));
        match terrain.segment_hit(from, to) {
            Some(t) => {
                let at = point_on_segment(from, to, t.0);
                prop_assert!(at.y <= terrain.height_at(at.x, at.z));
                let before = point_on_segment(from, to, t.0 - 1);
                prop_assert!(before.y > terrain.height_at(before.x, before.z));
            }
            None => prop_assert!(to.y > terrain.height_at(to.x, to.z)),
        }
    }
}
