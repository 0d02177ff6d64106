//! Straight flights against the ground.
//!
//! A flight is probed at places a quarter of a cell apart. How steep each chunk is at most is kept beside its heights: who
//! is well above the ground cannot have met it before it has lost that height, and the probes up to there are left out.
//! What is found is what all probes would have found.

use super::{ChunkHeights, Lattice, Terrain};
use crate::limits::{TERRAIN_CHUNK_CELLS, TERRAIN_CHUNK_SIDE};
use crate::numeric::lanes::{LaneChoice, LaneTask, Lanes, MAX_WIDTH, run};
use crate::numeric::{Fx, Position};

/// The most probes one flight takes.
pub const MAX_PROBES: u32 = 4096;

/// Fewer probes than this are all taken: looking up how steep the ground is would cost as much.
const PROBES_WORTH_A_LOOK: i64 = 8;

/// A way over more cells along a side is not worth a look at all vertices around.
const CELLS_WORTH_A_LOOK: u32 = 5;

/// Over more chunks than this nothing is left out: nobody flies so far in a tick.
const CHUNKS_MAX: usize = 16;

/// Rises are kept up to this, in metres a metre, Q16; on ground that is steeper nothing is left out.
const STEEPEST: u32 = 256 << 16;

/// The steepest rises of a chunk along x and along z: metres up or down a metre, Q16, rounded up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Steepness(u32, u32);

impl Steepness {
    /// Of ground that nothing is known of.
    pub(super) const UNKNOWN: Self = Self(u32::MAX, u32::MAX);

    /// Of a chunk's heights. Between the vertices the ground is no steeper than along an edge of the cell: it is bilinear.
    pub(super) fn of(heights: &ChunkHeights, lattice: &Lattice) -> Self {
        let [along_x, along_z] = run(LaneChoice::Auto, Rises(heights));
        let rise = |most: i32| {
            let most = u64::from(most.unsigned_abs());
            (most << 16).div_ceil(1 << lattice.shift).min(STEEPEST.into()) as u32
        };
        Self(rise(along_x), rise(along_z))
    }

    fn max(self, other: Self) -> Self {
        Self(self.0.max(other.0), self.1.max(other.1))
    }
}

/// The largest differences of neighbouring heights along x and along z, raw. Differences of heights fit lanes.
struct Rises<'a>(&'a ChunkHeights);

impl LaneTask for Rises<'_> {
    type Output = [i32; 2];

    #[inline(always)]
    fn run<L: Lanes>(self) -> [i32; 2] {
        const { assert!(TERRAIN_CHUNK_CELLS.is_multiple_of(MAX_WIDTH)) };
        let heights = self.0.as_slice();
        let (mut along_x, mut along_z) = (L::splat(0), L::splat(0));
        let mut line = 0;
        while line < TERRAIN_CHUNK_SIDE {
            let mut column = 0;
            while column < TERRAIN_CHUNK_CELLS {
                let at = line * TERRAIN_CHUNK_SIDE + column;
                let own = L::load_at(heights, at);
                along_x = along_x.max(L::load_at(heights, at + 1).sub(own).abs());
                if line < TERRAIN_CHUNK_CELLS {
                    along_z = along_z.max(L::load_at(heights, at + TERRAIN_CHUNK_SIDE).sub(own).abs());
                }
                column += L::WIDTH;
            }
            line += 1;
        }
        let mut most = [[0; MAX_WIDTH]; 2];
        along_x.store(&mut most[0]);
        along_z.store(&mut most[1]);
        // The last column has no cells to its right.
        let mut last = TERRAIN_CHUNK_CELLS;
        while last + TERRAIN_CHUNK_SIDE < heights.len() {
            most[1][0] = most[1][0].max((heights[last + TERRAIN_CHUNK_SIDE] - heights[last]).abs());
            last += TERRAIN_CHUNK_SIDE;
        }
        let largest = |most: &[i32]| most.iter().fold(0, |most, each| most.max(*each));
        [largest(&most[0][..L::WIDTH]), largest(&most[1][..L::WIDTH])]
    }
}

impl Terrain {
    /// The first contact of a straight flight with the ground, as the fraction of the way in 0..=1; `None` when the
    /// flight stays above.
    ///
    /// The way is probed every quarter of the spacing or closer (at least once, and at most [`MAX_PROBES`] times), and
    /// between the last probe above and the first one at or below the ground the crossing is found by bisection, to
    /// 1/65536 of the way. A crest that pokes through the way for less than the probes' distance can be passed. Starting at
    /// or below the ground gives 0.
    #[must_use]
    pub fn segment_hit(&self, from: Position, to: Position) -> Option<Fx> {
        let length = from.x.0.abs_diff(to.x.0).max(from.z.0.abs_diff(to.z.0));
        let probes = i64::from((length >> (self.lattice.shift - 2)).saturating_add(1).min(MAX_PROBES));
        let loss = if probes < PROBES_WORTH_A_LOOK { None } else { self.loss(from, to) };
        let clearance = |t: i64| {
            let at = point_on_segment(from, to, t as i32);
            i64::from(at.y.0) - i64::from(self.height_at(at.x, at.z).0)
        };
        // Probe number `probe` is taken at t = (probe << 16) / probes.
        let (mut probe, mut above) = (0, clearance(0));
        if above <= 0 {
            return Some(Fx(0));
        }
        loop {
            probe = match loss {
                Some(loss) => loss.first_perhaps_below((probe << 16) / probes, above, probes),
                None => probe + 1,
            };
            if probe > probes {
                return None;
            }
            let t = (probe << 16) / probes;
            above = clearance(t);
            if above <= 0 {
                return Some(bisect(((probe - 1) << 16) / probes, t, |t| clearance(t) > 0));
            }
        }
    }

    /// Whether all the ground below a flight is lower than all of the flight, as far as a look at the vertices around tells: true
    /// means that [`Terrain::segment_hit`] finds nothing. False of longer ways, and of those from chunk to chunk.
    #[must_use]
    pub(crate) fn is_below(&self, from: Position, to: Position) -> bool {
        let cells = |a: i32, b: i32| (self.lattice.locate(a.min(b)).0, self.lattice.locate(a.max(b)).0);
        let ((column, last_column), (row, last_row)) = (cells(from.x.0, to.x.0), cells(from.z.0, to.z.0));
        let chunks = TERRAIN_CHUNK_CELLS as u32;
        let is_one = column / chunks == last_column / chunks && row / chunks == last_row / chunks;
        if !is_one || last_column - column > CELLS_WORTH_A_LOOK || last_row - row > CELLS_WORTH_A_LOOK {
            return false;
        }
        let Some(heights) = self.chunk_heights(column, row) else { return false };
        let lowest = from.y.0.min(to.y.0);
        let (first, width) = (super::vertex_in_chunk(column, row), (last_column - column) as usize + 2);
        (0..(last_row - row) as usize + 2).all(|line| {
            let line = &heights[first + line * TERRAIN_CHUNK_SIDE..][..width];
            line.iter().fold(i32::MIN, |most, height| most.max(*height)) < lowest
        })
    }

    /// What height above the ground a flight can lose; `None` where that is not known.
    fn loss(&self, from: Position, to: Position) -> Option<Loss> {
        let chunks = |a: i32, b: i32| {
            let chunk = |raw: i32| self.lattice.locate(raw).0 / TERRAIN_CHUNK_CELLS as u32;
            chunk(a.min(b))..=chunk(a.max(b))
        };
        let (columns, rows) = (chunks(from.x.0, to.x.0), chunks(from.z.0, to.z.0));
        if columns.clone().count() * rows.clone().count() > CHUNKS_MAX {
            return None;
        }
        let mut steepest = Steepness(0, 0);
        for z in rows {
            for x in columns.clone() {
                steepest = steepest.max(self.residency.steepness(self.lattice.chunk(x, z)));
            }
        }
        let Steepness(along_x, along_z) = steepest;
        if along_x.max(along_z) >= STEEPEST {
            return None;
        }
        let lost = |rise: u32, from: i32, to: i32| (u64::from(rise) * u64::from(to.abs_diff(from))) >> 16;
        let sideways = lost(along_x, from.x.0, to.x.0) + lost(along_z, from.z.0, to.z.0);
        let in_all = sideways.cast_signed() + 2 + i64::from(from.y.0) - i64::from(to.y.0);
        // Each place is rounded to a raw unit along each axis, and so is the ground's height.
        let rounding = 4 + 2 * i64::from((along_x + along_z) >> 16);
        Some(Loss { in_all, rounding })
    }
}

/// How much of its height above the ground a flight can lose at most.
#[derive(Clone, Copy)]
struct Loss {
    /// Over the whole way, raw; negative when it climbs faster than any ground.
    in_all: i64,
    /// Beside that, at any place.
    rounding: i64,
}

impl Loss {
    /// The number of the first probe after `t` that may be at or below the ground, when the flight is so far above it
    /// there; more than `probes` when there is none.
    #[inline]
    fn first_perhaps_below(self, t: i64, above: i64, probes: i64) -> i64 {
        let spare = above - self.rounding;
        // Surely above the ground up to here.
        let sure = match spare {
            ..1 => t,
            _ if self.in_all <= 0 => return probes + 1,
            _ => (t + ((spare << 16) - 1) / self.in_all).min(1 << 16),
        };
        ((sure + 1) * probes + 0xffff) >> 16
    }
}

/// Where between a place above and one below the ground a flight meets it.
fn bisect(mut last_above: i64, mut first_below: i64, above: impl Fn(i64) -> bool) -> Fx {
    while first_below - last_above > 1 {
        let middle = (first_below + last_above) / 2;
        if above(middle) {
            last_above = middle;
        } else {
            first_below = middle;
        }
    }
    Fx(first_below as i32)
}

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
    use crate::limits::TERRAIN_CHUNK_VERTICES;
    use crate::numeric::Metres;
    use crate::spatial::terrain::Deformation;
    use crate::state::terrain_deltas::TerrainDeltas;
    use proptest::prelude::*;

    /// All probes, one after the other.
    fn plain(terrain: &Terrain, from: Position, to: Position) -> Option<Fx> {
        let above = |t: i64| {
            let at = point_on_segment(from, to, t as i32);
            at.y > terrain.height_at(at.x, at.z)
        };
        if !above(0) {
            return Some(Fx(0));
        }
        let length = from.x.0.abs_diff(to.x.0).max(from.z.0.abs_diff(to.z.0));
        let probes = i64::from((length >> (terrain.lattice.shift - 2)).saturating_add(1).min(MAX_PROBES));
        let place = |probe: i64| (probe << 16) / probes;
        let below = (1..=probes).find(|probe| !above(place(*probe)))?;
        Some(bisect(place(below - 1), place(below), above))
    }

    proptest! {
        /// Every edge counts, whichever is the steepest, on all lanes.
        #[test]
        fn the_steepest_edges_are_found(
            peaks in prop::collection::vec(
                (0..TERRAIN_CHUNK_VERTICES, -(8_224 << 16)..=8_224 << 16), 0..4),
        ) {
            let mut heights = [0_i32; TERRAIN_CHUNK_VERTICES];
            for (vertex, height) in peaks {
                heights[vertex] = height;
            }
            let mut most = [0; 2];
            for vertex in 0..TERRAIN_CHUNK_VERTICES {
                if vertex % TERRAIN_CHUNK_SIDE != 0 {
                    most[0] = most[0].max((heights[vertex] - heights[vertex - 1]).abs());
                }
                if vertex >= TERRAIN_CHUNK_SIDE {
                    most[1] = most[1].max((heights[vertex] - heights[vertex - TERRAIN_CHUNK_SIDE]).abs());
                }
            }
            for &choice in LaneChoice::available() {
                prop_assert_eq!(run(choice, Rises(&heights)), most);
            }
        }

        /// Nothing is left out that would have been found: over hills and craters, near the ground and at its edge.
        #[test]
        fn probes_left_out_were_above_the_ground(
            seed: u64,
            spacing in 0_u32..4,
            craters in prop::collection::vec((-120_000_i32..120_000, -120_000_i32..120_000, 500_i32..8_000, -4_000_i32..4_000), 0..4),
            flights in prop::collection::vec(
                (-150_000_i32..150_000, -150_000_i32..150_000, 1_i32..4_000, -60_000_i32..60_000, -60_000_i32..60_000, -6_000_i32..6_000),
                1..12),
        ) {
            let spacing = Metres((1 << 16) << spacing >> 1);
            let mut terrain = Terrain::from_seed(seed, Metres::from_m(128), spacing).expect("a terrain");
            let m = Metres::from_mm;
            let mut deltas = TerrainDeltas::new(64);
            for (x, z, radius, depth) in craters {
                let crater = Deformation { x: m(x), z: m(z), radius: m(radius), depth: m(depth) };
                terrain.deform(&mut deltas, &crater, |_| ());
            }
            for (x, z, rise, dx, dz, climb) in flights {
                let from = Position::new(m(x), terrain.height_at(m(x), m(z)) + m(rise), m(z));
                let to = from.offset(m(dx), m(climb), m(dz));
                prop_assert_eq!(terrain.segment_hit(from, to), plain(&terrain, from, to));
                let near = from.offset(m(dx / 16), m(climb / 4), m(dz / 16));
                prop_assert!(!terrain.is_below(from, near) || plain(&terrain, from, near).is_none());
            }
        }
    }
}
