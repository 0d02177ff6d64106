//! Where the hills come from: integer value noise.
//!
//! Value noise: random heights at the points of a lattice, blended with the cubic 3t² − 2t³ (the construction of K.
//! Perlin's "An image synthesizer", SIGGRAPH 1985, with values instead of gradients), summed over octaves. All in
//! integers; every blend rounds to the floor.
//!
//! [`height`] is the meaning, a point at a time. [`fill`] gives the same bits for a whole chunk at a fifteenth of the
//! work: the random values of a lattice are drawn once for all the vertices between them.

use super::ChunkHeights;
use crate::limits::{TERRAIN_CHUNK_CELLS, TERRAIN_CHUNK_SIDE};
use crate::numeric::fixed::{FRACTION_BITS, ONE, length2d};
use crate::numeric::rng::{Purpose, random_u32};
use crate::numeric::{Metres, Tick};

/// One layer of the noise.
struct Octave {
    /// The lattice spacing is `1 << shift` raw units.
    shift: u32,
    /// Largest height, up or down.
    amplitude: Metres,
}

/// Together at most 3.1 m.
const OCTAVES: [Octave; 4] = [
    Octave { shift: FRACTION_BITS + 6, amplitude: Metres::from_mm(1800) },
    Octave { shift: FRACTION_BITS + 5, amplitude: Metres::from_mm(800) },
    Octave { shift: FRACTION_BITS + 4, amplitude: Metres::from_mm(350) },
    Octave { shift: FRACTION_BITS + 3, amplitude: Metres::from_mm(120) },
];

/// Inside this distance from the centre the hills have a quarter of their height, ...
const FLAT_WITHIN: Metres = Metres::from_m(12);
/// ... and from here on all of it.
const FULL_FROM: Metres = Metres::from_m(60);

/// Raw height of the ground at a point (raw coordinates), within ±3.1 m.
pub(super) fn height(seed: u64, x: i32, z: i32) -> i32 {
    let mut sum = 0i64;
    for (index, octave) in OCTAVES.iter().enumerate() {
        let noise = octave_noise(seed, index as u32, octave.shift, x, z);
        sum += (i64::from(octave.amplitude.0) * noise) >> FRACTION_BITS;
    }
    ((sum * flattening(x, z)) >> FRACTION_BITS) as i32
}

/// Share of the height that remains at a point, Q16: 1/4 to 1.
fn flattening(x: i32, z: i32) -> i64 {
    let way = i64::from(length2d(x, z).clamp(FLAT_WITHIN.0, FULL_FROM.0) - FLAT_WITHIN.0);
    let quarter = i64::from(ONE / 4);
    quarter + (i64::from(ONE) - quarter) * way / i64::from(FULL_FROM.0 - FLAT_WITHIN.0)
}

/// One octave at a point, Q16 in −1..1.
fn octave_noise(seed: u64, octave: u32, shift: u32, x: i32, z: i32) -> i64 {
    let (column, row) = (x >> shift, z >> shift);
    let (u, v) = (blend(x, shift), blend(z, shift));
    let at = |dx: i32, dz: i32| lattice_value(seed, octave, column + dx, row + dz);
    lerp(lerp(at(0, 0), at(1, 0), u), lerp(at(0, 1), at(1, 1), u), v)
}

/// How far a coordinate is between two lattice lines, eased, Q16.
fn blend(raw: i32, shift: u32) -> i64 {
    let t = i64::from((raw & ((1 << shift) - 1)) >> (shift - FRACTION_BITS));
    (((t * t) >> FRACTION_BITS) * (3 * i64::from(ONE) - 2 * t)) >> FRACTION_BITS
}

fn lerp(a: i64, b: i64, t: i64) -> i64 {
    a + (((b - a) * t) >> FRACTION_BITS)
}

/// Most lattice points a row of a chunk lies between: 64 cells of 16 m over a lattice of 8 m, and both ends.
const LATTICE_MAX: usize = 2 * TERRAIN_CHUNK_CELLS + 2;

/// [`height`] of the first `columns` × `rows` vertices of a chunk whose first stands at raw (x, z) and whose neighbours
/// are `1 << shift` raw units apart (at most 16 m).
pub(super) fn fill(
    seed: u64,
    (x, z): (i32, i32),
    shift: u32,
    columns: usize,
    rows: usize,
    out: &mut ChunkHeights,
) {
    out.fill(0);
    for (index, octave) in OCTAVES.iter().enumerate() {
        add_octave(seed, index as u32, octave, (x, z), shift, (columns, rows), out);
    }
    for row in 0..rows {
        let z = z + ((row as i32) << shift);
        for column in 0..columns {
            let x = x + ((column as i32) << shift);
            // Farther out than `FULL_FROM` along one axis, nothing is flattened: most chunks need no square root.
            if x.abs() < FULL_FROM.0 && z.abs() < FULL_FROM.0 {
                let height = &mut out[row * TERRAIN_CHUNK_SIDE + column];
                *height = ((i64::from(*height) * flattening(x, z)) >> FRACTION_BITS) as i32;
            }
        }
    }
}

fn add_octave(
    seed: u64,
    index: u32,
    octave: &Octave,
    (x, z): (i32, i32),
    shift: u32,
    (columns, rows): (usize, usize),
    out: &mut ChunkHeights,
) {
    let first = x >> octave.shift;
    let mut places = [(0_u8, 0_i64); TERRAIN_CHUNK_SIDE];
    for (column, place) in places[..columns].iter_mut().enumerate() {
        let x = x + ((column as i32) << shift);
        *place = (((x >> octave.shift) - first) as u8, blend(x, octave.shift));
    }
    let points = usize::from(places[columns - 1].0) + 2;
    let draw = |row: i32, values: &mut [i64; LATTICE_MAX]| {
        for (column, value) in (first..).zip(&mut values[..points]) {
            *value = lattice_value(seed, index, column, row);
        }
    };
    let (mut near, mut far) = ([0; LATTICE_MAX], [0; LATTICE_MAX]);
    let mut drawn = None;
    let amplitude = i64::from(octave.amplitude.0);
    for row in 0..rows {
        let z = z + ((row as i32) << shift);
        let lattice_row = z >> octave.shift;
        if drawn != Some(lattice_row) {
            draw(lattice_row, &mut near);
            draw(lattice_row + 1, &mut far);
            drawn = Some(lattice_row);
        }
        let v = blend(z, octave.shift);
        let heights = &mut out[row * TERRAIN_CHUNK_SIDE..][..columns];
        for (height, &(at, u)) in heights.iter_mut().zip(&places) {
            let at = usize::from(at);
            let noise = lerp(lerp(near[at], near[at + 1], u), lerp(far[at], far[at + 1], u), v);
            *height += ((amplitude * noise) >> FRACTION_BITS) as i32;
        }
    }
}

/// The random value at a lattice point, Q16 in −1..1. Lattice coordinates are within ±4097, so 16 bits hold them.
fn lattice_value(seed: u64, octave: u32, column: i32, row: i32) -> i64 {
    let entity = u32::from(column as u16) << 16 | u32::from(row as u16);
    i64::from(random_u32(seed, Tick(octave), entity, Purpose::Terrain) >> 15) - i64::from(ONE)
}
