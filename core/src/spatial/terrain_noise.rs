//! Where the hills come from: integer value noise.
//!
//! Value noise: random heights at the points of a lattice, blended with the cubic 3t² − 2t³ (the construction of K.
//! Perlin's "An image synthesizer", SIGGRAPH 1985, with values instead of gradients), summed over octaves. All in
//! integers; every blend rounds to the floor.

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
    let blend = |raw: i32| {
        let t = i64::from((raw & ((1 << shift) - 1)) >> (shift - FRACTION_BITS));
        let one = i64::from(ONE);
        (((t * t) >> FRACTION_BITS) * (3 * one - 2 * t)) >> FRACTION_BITS
    };
    let (u, v) = (blend(x), blend(z));
    let at = |dx: i32, dz: i32| lattice_value(seed, octave, column + dx, row + dz);
    let lerp = |a: i64, b: i64, t: i64| a + (((b - a) * t) >> FRACTION_BITS);
    lerp(lerp(at(0, 0), at(1, 0), u), lerp(at(0, 1), at(1, 1), u), v)
}

/// The random value at a lattice point, Q16 in −1..1. Lattice coordinates are within ±4097, so 16 bits hold them.
fn lattice_value(seed: u64, octave: u32, column: i32, row: i32) -> i64 {
    let entity = u32::from(column as u16) << 16 | u32::from(row as u16);
    i64::from(random_u32(seed, Tick(octave), entity, Purpose::Terrain) >> 15) - i64::from(ONE)
}
