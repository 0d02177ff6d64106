//! The ground: a heightfield grown from a seed.
//!
//! Heights stand at the vertices of a square lattice, rows of constant z one after the other, the first at
//! (−half extent, −half extent). Between them the surface is bilinear, computed exactly and rounded once (floor), so it
//! has no cracks: both cells of an edge give the same height on it. Outside the lattice the nearest border height goes
//! on. Memory: 4 bytes a vertex, at most [`MAX_VERTICES`] of them (16 MiB).

use super::terrain_noise;
use crate::numeric::{Fx, Metres, Position};
use alloc::vec::Vec;
use core::fmt;

/// The most vertices a terrain may have.
pub const MAX_VERTICES: u64 = 1 << 22;

/// Why a terrain cannot be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TerrainError {
    /// The spacing is not a power of two between 1/4 m and 16 m.
    Spacing(Metres),
    /// The half extent is smaller than the spacing, or larger than 32000 m.
    HalfExtent(Metres),
    /// More than [`MAX_VERTICES`] vertices.
    TooManyVertices(u64),
}

impl fmt::Display for TerrainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TerrainError::Spacing(spacing) => {
                write!(f, "terrain spacing of {spacing}: must be a power of two between 0.25 m and 16 m")
            }
            TerrainError::HalfExtent(half_extent) => {
                write!(f, "terrain half extent of {half_extent}: must be from one spacing to 32000 m")
            }
            TerrainError::TooManyVertices(vertices) => {
                write!(f, "terrain of {vertices} vertices: at most {MAX_VERTICES}")
            }
        }
    }
}

impl core::error::Error for TerrainError {}

/// A heightfield.
#[derive(Clone, Debug)]
pub struct Terrain {
    heights: Vec<i32>,
    /// Vertices along x, and along z.
    side: u32,
    /// Raw x and z of the first vertex, negated.
    half_extent: i32,
    /// The spacing is `1 << shift` raw units.
    shift: u32,
}

/// A point relative to its cell.
struct InCell {
    /// Index of the vertex of the cell with the smallest x and z.
    corner: usize,
    /// Raw offsets from that vertex, 0..=spacing.
    dx: i64,
    dz: i64,
}

impl Terrain {
    /// Hills from a seed: gentle, within ±3.1 m, flattened near the centre (where the fights are) to a quarter.
    ///
    /// The same point of the world has the same height whatever the extent and the spacing.
    ///
    /// # Errors
    /// [`TerrainError`] when the sizes are out of range; nothing is allocated then.
    pub fn from_seed(seed: u64, half_extent: Metres, spacing: Metres) -> Result<Terrain, TerrainError> {
        let mut terrain = Terrain::flat(half_extent, spacing)?;
        let side = terrain.side as usize;
        for (index, height) in terrain.heights.iter_mut().enumerate() {
            let x = (((index % side) as i64) << terrain.shift) - i64::from(half_extent.0);
            let z = (((index / side) as i64) << terrain.shift) - i64::from(half_extent.0);
            *height = terrain_noise::height(seed, x as i32, z as i32);
        }
        Ok(terrain)
    }

    /// Level ground at height zero.
    ///
    /// # Errors
    /// [`TerrainError`] when the sizes are out of range; nothing is allocated then.
    pub fn flat(half_extent: Metres, spacing: Metres) -> Result<Terrain, TerrainError> {
        let power_of_two = spacing.0 > 0 && (spacing.0 as u32).is_power_of_two();
        if !power_of_two || spacing < Metres::from_mm(250) || spacing > Metres::from_m(16) {
            return Err(TerrainError::Spacing(spacing));
        }
        if half_extent < spacing || half_extent > Metres::from_m(32_000) {
            return Err(TerrainError::HalfExtent(half_extent));
        }
        let side = (2 * half_extent.0 as u64).div_ceil(spacing.0 as u64) + 1;
        if side * side > MAX_VERTICES {
            return Err(TerrainError::TooManyVertices(side * side));
        }
        let heights = alloc::vec![0; (side * side) as usize];
        Ok(Terrain {
            heights,
            side: side as u32,
            half_extent: half_extent.0,
            shift: spacing.0.trailing_zeros(),
        })
    }

    /// Height of the ground under a point.
    #[must_use]
    pub fn height_at(&self, x: Metres, z: Metres) -> Metres {
        let InCell { corner, dx, dz } = self.locate(x, z);
        let [h00, h10, h01, h11] = self.corners(corner);
        let spacing = 1i64 << self.shift;
        let near = h00 * (spacing - dx) + h10 * dx;
        let far = h01 * (spacing - dx) + h11 * dx;
        Metres(((near * (spacing - dz) + far * dz) >> (2 * self.shift)) as i32)
    }

    /// Rise of the ground under a point, along x and along z: metres up for each metre, floor.
    ///
    /// The surface has kinks at the cell borders; on a border the cell with the larger coordinates counts.
    #[must_use]
    pub fn slope_at(&self, x: Metres, z: Metres) -> (Fx, Fx) {
        let InCell { corner, dx, dz } = self.locate(x, z);
        let [h00, h10, h01, h11] = self.corners(corner);
        let spacing = 1i64 << self.shift;
        let along_x = (h10 - h00) * (spacing - dz) + (h11 - h01) * dz;
        let along_z = (h01 - h00) * (spacing - dx) + (h11 - h10) * dx;
        // Heights over spacing, in Q16: one division by the spacing from the blend, one from the slope.
        let to_slope = |rise: i64| Fx(((rise >> self.shift) << 16 >> self.shift) as i32);
        (to_slope(along_x), to_slope(along_z))
    }

    /// The first contact of a straight flight with the ground, as the fraction of the way in 0..=1; `None` when the
    /// flight stays above.
    ///
    /// The way is probed every quarter of the spacing or closer (at least once, and at most [`MAX_PROBES`] times), and
    /// between the last probe above and the first one at or below the ground the crossing is found by bisection, to
    /// 1/65536 of the way. A crest that pokes through the way for less than the probes' distance can be passed. Starting at
    /// or below the ground gives 0.
    #[must_use]
    pub fn segment_hit(&self, from: Position, to: Position) -> Option<Fx> {
        let above = |t: i64| {
            let at = point_on_segment(from, to, t as i32);
            at.y > self.height_at(at.x, at.z)
        };
        if !above(0) {
            return Some(Fx(0));
        }
        let length = from.x.0.abs_diff(to.x.0).max(from.z.0.abs_diff(to.z.0));
        let probes = i64::from((length >> (self.shift - 2)).saturating_add(1).min(MAX_PROBES));
        let mut last_above = 0;
        for probe in 1..=probes {
            let t = (probe << 16) / probes;
            if above(t) {
                last_above = t;
                continue;
            }
            let mut first_below = t;
            while first_below - last_above > 1 {
                let middle = (first_below + last_above) / 2;
                if above(middle) {
                    last_above = middle;
                } else {
                    first_below = middle;
                }
            }
            return Some(Fx(first_below as i32));
        }
        None
    }

    /// Vertices along each side.
    #[must_use]
    pub fn side(&self) -> u32 {
        self.side
    }

    /// Distance between neighbouring vertices.
    #[must_use]
    pub fn spacing(&self) -> Metres {
        Metres(1 << self.shift)
    }

    /// The first vertex stands at (−half extent, −half extent).
    #[must_use]
    pub fn half_extent(&self) -> Metres {
        Metres(self.half_extent)
    }

    /// Height of a vertex, columns counted along x and rows along z; beyond the border the border's.
    #[must_use]
    pub fn vertex(&self, column: u32, row: u32) -> Metres {
        let last = self.side - 1;
        Metres(self.heights[(row.min(last) * self.side + column.min(last)) as usize])
    }

    /// All vertex heights in raw Q16.16 metres: `side` × `side`, x fastest.
    #[must_use]
    pub fn heights(&self) -> &[i32] {
        &self.heights
    }

    fn locate(&self, x: Metres, z: Metres) -> InCell {
        let reach = i64::from(self.side - 1) << self.shift;
        let x = (i64::from(x.0) + i64::from(self.half_extent)).clamp(0, reach);
        let z = (i64::from(z.0) + i64::from(self.half_extent)).clamp(0, reach);
        let last_cell = i64::from(self.side - 2);
        let (column, row) = ((x >> self.shift).min(last_cell), (z >> self.shift).min(last_cell));
        InCell {
            corner: (row * i64::from(self.side) + column) as usize,
            dx: x - (column << self.shift),
            dz: z - (row << self.shift),
        }
    }

    fn corners(&self, corner: usize) -> [i64; 4] {
        let next = corner + self.side as usize;
        [corner, corner + 1, next, next + 1].map(|vertex| i64::from(self.heights[vertex]))
    }
}

/// The most probes one flight takes.
pub const MAX_PROBES: u32 = 4096;

/// The point at fraction `t` (Q16.16, 0..=1) of the way between two points: floor.
#[must_use]
pub fn point_on_segment(from: Position, to: Position, t: i32) -> Position {
    let between = |a: i32, b: i32| {
        let way = i64::from(b) - i64::from(a);
        (i64::from(a) + ((way * i64::from(t)) >> 16)) as i32
    };
    Position::from_raw(between(from.x.0, to.x.0), between(from.y.0, to.y.0), between(from.z.0, to.z.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

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
        assert_eq!(refuse(m(32_000), m(1)), TerrainError::TooManyVertices(64_001 * 64_001));
        assert_eq!(Terrain::flat(m(1023), m(1)).map(|t| t.side()), Ok(2047));
    }

    #[test]
    fn hills_are_gentle_and_not_flat() {
        let terrain = hills();
        let low = terrain.heights().iter().min().copied().map(Metres).unwrap();
        let high = terrain.heights().iter().max().copied().map(Metres).unwrap();
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
        assert_ne!(other.heights(), terrain.heights());
    }

    /// The text was computed by an independent implementation.
    #[test]
    fn golden_heights() {
        let terrain = hills();
        let mut hasher = crate::numeric::StateHasher::new();
        hasher.add_column(0, terrain.heights());
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
}
