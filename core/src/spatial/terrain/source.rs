//! Where heights come from: a pure function from a place to a height, and its whole chunks.

use super::{ChunkHeights, HeightFile, Lattice, noise};
use crate::limits::{TERRAIN_CHUNK_CELLS, TERRAIN_CHUNK_SIDE};
use alloc::sync::Arc;

/// What the ground is made from. Equal sources give equal heights on every machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TerrainSource {
    /// Hills from the world's seed: gentle, within ±3.1 m, flattened near the centre (where the fights are) to a quarter.
    #[default]
    Seed,
    /// Level ground at height zero.
    Flat,
    /// A height file, its middle at the world's origin. Between its samples it is bilinear, beyond its border the border
    /// goes on: any field fits any file.
    Heights(Arc<HeightFile>),
}

impl TerrainSource {
    /// A number that is equal for sources that are: for the fingerprint of a world. The seed is not in it.
    #[must_use]
    pub fn content_hash(&self) -> u64 {
        match self {
            Self::Seed => 0,
            Self::Flat => 1,
            Self::Heights(file) => file.content_hash(),
        }
    }

    /// Raw height at raw coordinates.
    pub(super) fn height(&self, seed: u64, x: i32, z: i32) -> i32 {
        match self {
            Self::Seed => noise::height(seed, x, z),
            Self::Flat => 0,
            Self::Heights(file) => file.height(x, z),
        }
    }

    /// Writes the heights of a chunk's vertices, those outside the lattice excepted.
    pub(super) fn fill(&self, seed: u64, lattice: &Lattice, chunk: (u32, u32), out: &mut ChunkHeights) {
        let along = |chunk: u32| {
            let left = lattice.side as usize - chunk as usize * TERRAIN_CHUNK_CELLS;
            (lattice.place(chunk * TERRAIN_CHUNK_CELLS as u32), left.min(TERRAIN_CHUNK_SIDE))
        };
        let ((x, columns), (z, rows)) = (along(chunk.0), along(chunk.1));
        match self {
            Self::Seed => noise::fill(seed, (x, z), lattice.shift, columns, rows, out),
            Self::Flat => out.fill(0),
            Self::Heights(file) => {
                for row in 0..rows {
                    let z = z + ((row as i32) << lattice.shift);
                    for column in 0..columns {
                        let x = x + ((column as i32) << lattice.shift);
                        out[row * TERRAIN_CHUNK_SIDE + column] = file.height(x, z);
                    }
                }
            }
        }
    }
}
