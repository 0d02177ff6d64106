//! The ground: a heightfield in chunks, from a seed or a file, with deltas where it was dug up.
//!
//! Heights stand at the vertices of a square lattice, rows of constant z one after the other, the first at
//! (−half extent, −half extent). Between them the surface is bilinear, computed exactly and rounded once (floor), so it
//! has no cracks: both cells of an edge give the same height on it. Outside the lattice the nearest border height goes
//! on.
//!
//! A vertex has the height of the [`TerrainSource`] plus the delta that stands for it in the state. Chunks of 64 × 64
//! cells are kept in a pool of fixed size: a terrain that fits is resident whole, of a larger one the chunks near
//! characters are ([`Terrain::stream`]), and those that differ from the source always. Which chunks are resident changes
//! the time of a lookup and nothing else: a chunk that is not is computed from the source, to the same bits.

mod deform;
mod field;
mod height_file;
mod noise;
mod residency;
mod segment;
mod source;

pub use deform::Deformation;
pub(crate) use field::{FIELD_RISE_MAX, Field};
pub use height_file::{HeightFile, HeightFileError, HeightFileShape, SIDE_MAX};
pub use residency::StreamReport;
pub use segment::{MAX_PROBES, point_on_segment};
pub use source::TerrainSource;

use crate::limits::{
    TERRAIN_CELLS_PER_SIDE_MAX, TERRAIN_CHUNK_CELLS, TERRAIN_CHUNK_SIDE, TERRAIN_CHUNK_VERTICES,
    TERRAIN_DELTA_CHUNKS_MAX, TERRAIN_DELTA_SHIFT, TERRAIN_RESIDENT_CHUNKS, TERRAIN_RESIDENT_CHUNKS_MAX,
};
use crate::numeric::{Fx, Metres};
use crate::state::terrain_deltas::{TerrainChunk, TerrainDeltas};
use core::fmt;
use residency::Residency;

/// Raw heights of a chunk's vertices, deltas included.
type ChunkHeights = [i32; TERRAIN_CHUNK_VERTICES];

/// Why a terrain cannot be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TerrainError {
    /// The spacing is not a power of two between 1/4 m and 16 m.
    Spacing(Metres),
    /// The half extent is smaller than the spacing, or larger than 32000 m.
    HalfExtent(Metres),
    /// More than [`TERRAIN_CELLS_PER_SIDE_MAX`] cells along a side.
    TooManyCells(u64),
    /// The number of chunks to keep is not within 1 to [`TERRAIN_RESIDENT_CHUNKS_MAX`].
    ResidentChunks(u32),
    /// The number of chunks that can differ is above [`TERRAIN_DELTA_CHUNKS_MAX`].
    DeltaChunks(u32),
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
            TerrainError::TooManyCells(cells) => {
                write!(f, "terrain of {cells} cells along a side: at most {TERRAIN_CELLS_PER_SIDE_MAX}")
            }
            TerrainError::ResidentChunks(chunks) => {
                write!(f, "terrain with room for {chunks} chunks: must be 1 to {TERRAIN_RESIDENT_CHUNKS_MAX}")
            }
            TerrainError::DeltaChunks(chunks) => {
                write!(f, "terrain with {chunks} chunks to deform: at most {TERRAIN_DELTA_CHUNKS_MAX}")
            }
        }
    }
}

impl core::error::Error for TerrainError {}

/// Size and memory of a terrain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TerrainShape {
    /// Half its side, from one spacing to 32000 m.
    pub half_extent: Metres,
    /// Distance between two vertices: a power of two from 1/4 m to 16 m.
    pub spacing: Metres,
    /// Chunks kept in memory besides those that differ, 1 to [`TERRAIN_RESIDENT_CHUNKS_MAX`]. Changes no height.
    pub resident_chunks: u32,
    /// Chunks that can differ from the source at one time, 0 to [`TERRAIN_DELTA_CHUNKS_MAX`].
    pub delta_chunks: u32,
}

/// Where vertices and chunks are.
#[derive(Clone, Copy, Debug)]
struct Lattice {
    /// Raw x and z of the first vertex, negated.
    half_extent: i32,
    /// The spacing is `1 << shift` raw units.
    shift: u32,
    /// Vertices along x, and along z.
    side: u32,
    /// Chunks along x, and along z.
    chunks: u32,
}

impl Lattice {
    fn new(half_extent: Metres, spacing: Metres) -> Result<Self, TerrainError> {
        let power_of_two = spacing.0 > 0 && spacing.0.cast_unsigned().is_power_of_two();
        if !power_of_two || spacing < Metres::from_mm(250) || spacing > Metres::from_m(16) {
            return Err(TerrainError::Spacing(spacing));
        }
        if half_extent < spacing || half_extent > Metres::from_m(32_000) {
            return Err(TerrainError::HalfExtent(half_extent));
        }
        let cells = (2 * half_extent.0 as u64).div_ceil(spacing.0 as u64);
        if cells > TERRAIN_CELLS_PER_SIDE_MAX as u64 {
            return Err(TerrainError::TooManyCells(cells));
        }
        let chunks = cells.div_ceil(TERRAIN_CHUNK_CELLS as u64) as u32;
        let shift = spacing.0.trailing_zeros();
        Ok(Self { half_extent: half_extent.0, shift, side: cells as u32 + 1, chunks })
    }

    /// Raw coordinate of a vertex.
    const fn place(&self, vertex: u32) -> i32 {
        (((vertex as i64) << self.shift) - self.half_extent as i64) as i32
    }

    /// Cell (column or row) of a coordinate, and the raw way into it, 0..=spacing.
    #[inline]
    fn locate(&self, raw: i32) -> (u32, i32) {
        let reach = i64::from(self.side - 1) << self.shift;
        let at = (i64::from(raw) + i64::from(self.half_extent)).clamp(0, reach);
        let cell = (at >> self.shift).min(i64::from(self.side - 2));
        (cell as u32, (at - (cell << self.shift)) as i32)
    }

    /// Number of a chunk.
    #[inline]
    const fn chunk(&self, x: u32, z: u32) -> u32 {
        z * self.chunks + x
    }

    /// Number of a chunk, if the lattice has it.
    fn number_of(&self, chunk: TerrainChunk) -> Option<u32> {
        let inside = u32::from(chunk.x.max(chunk.z)) < self.chunks;
        inside.then(|| self.chunk(chunk.x.into(), chunk.z.into()))
    }
}

/// The cell of the ground that a point is in: all that a height follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroundCell {
    /// Raw heights of the corners: smallest x and z, largest x, largest z, both largest.
    pub corners: [i32; 4],
    /// Raw way from the first corner along x, 0 to the spacing.
    pub dx: i32,
    /// The same along z.
    pub dz: i32,
    /// The spacing is `1 << shift` raw units.
    pub shift: u32,
}

impl GroundCell {
    /// Height of the ground: bilinear, floor.
    #[inline]
    #[must_use]
    pub fn height(&self) -> Metres {
        let ([h00, h10, h01, h11], dx, dz) = self.wide();
        let near = (h00 << self.shift) + (h10 - h00) * dx;
        let far = (h01 << self.shift) + (h11 - h01) * dx;
        Metres((((near << self.shift) + (far - near) * dz) >> (2 * self.shift)) as i32)
    }

    /// Rise of the ground along x and along z: metres up for each metre, floor.
    #[inline]
    #[must_use]
    pub fn slope(&self) -> (Fx, Fx) {
        let ([h00, h10, h01, h11], dx, dz) = self.wide();
        let spacing = 1_i64 << self.shift;
        let along_x = (h10 - h00) * (spacing - dz) + (h11 - h01) * dz;
        let along_z = (h01 - h00) * (spacing - dx) + (h11 - h10) * dx;
        // Heights over spacing, in Q16: one division by the spacing from the blend, one from the slope.
        let to_slope = |rise: i64| Fx(((rise >> self.shift) << 16 >> self.shift) as i32);
        (to_slope(along_x), to_slope(along_z))
    }

    #[inline]
    fn wide(&self) -> ([i64; 4], i64, i64) {
        (self.corners.map(i64::from), self.dx.into(), self.dz.into())
    }
}

/// The ground of a world.
#[derive(Clone, Debug)]
pub struct Terrain {
    lattice: Lattice,
    seed: u64,
    source: TerrainSource,
    residency: Residency,
}

impl Terrain {
    /// The ground of a source. A terrain of at most `shape.resident_chunks` chunks is resident whole from the start, a
    /// larger one not at all: [`Terrain::stream`] brings its chunks in.
    ///
    /// # Errors
    /// [`TerrainError`] when the sizes are out of range; nothing is allocated then.
    pub fn new(seed: u64, source: TerrainSource, shape: &TerrainShape) -> Result<Terrain, TerrainError> {
        let lattice = Lattice::new(shape.half_extent, shape.spacing)?;
        if !(1..=TERRAIN_RESIDENT_CHUNKS_MAX).contains(&shape.resident_chunks) {
            return Err(TerrainError::ResidentChunks(shape.resident_chunks));
        }
        if shape.delta_chunks > TERRAIN_DELTA_CHUNKS_MAX {
            return Err(TerrainError::DeltaChunks(shape.delta_chunks));
        }
        let residency = Residency::new(&lattice, shape.resident_chunks, shape.delta_chunks);
        let mut terrain = Terrain { lattice, seed, source, residency };
        if terrain.is_resident_whole() {
            for chunk in 0..lattice.chunks * lattice.chunks {
                terrain.bring_in(chunk, chunk as u16);
            }
        }
        Ok(terrain)
    }

    /// Hills from a seed ([`TerrainSource::Seed`]), with the usual memory.
    ///
    /// The same point of the world has the same height whatever the extent and the spacing.
    ///
    /// # Errors
    /// [`TerrainError`] when the sizes are out of range; nothing is allocated then.
    pub fn from_seed(seed: u64, half_extent: Metres, spacing: Metres) -> Result<Terrain, TerrainError> {
        Self::new(seed, TerrainSource::Seed, &Self::usual_shape(half_extent, spacing))
    }

    /// Level ground at height zero, with the usual memory.
    ///
    /// # Errors
    /// [`TerrainError`] when the sizes are out of range; nothing is allocated then.
    pub fn flat(half_extent: Metres, spacing: Metres) -> Result<Terrain, TerrainError> {
        Self::new(0, TerrainSource::Flat, &Self::usual_shape(half_extent, spacing))
    }

    const fn usual_shape(half_extent: Metres, spacing: Metres) -> TerrainShape {
        TerrainShape { half_extent, spacing, resident_chunks: TERRAIN_RESIDENT_CHUNKS, delta_chunks: 64 }
    }

    /// Height of the ground under a point.
    #[inline]
    #[must_use]
    pub fn height_at(&self, x: Metres, z: Metres) -> Metres {
        self.cell_at(x, z).height()
    }

    /// Rise of the ground under a point, along x and along z: metres up for each metre, floor.
    ///
    /// The surface has kinks at the cell borders; on a border the cell with the larger coordinates counts.
    #[must_use]
    pub fn slope_at(&self, x: Metres, z: Metres) -> (Fx, Fx) {
        self.cell_at(x, z).slope()
    }

    /// The cell under a point: one lookup for height and slope, and what a loop over lanes gathers.
    #[inline]
    #[must_use]
    pub fn cell_at(&self, x: Metres, z: Metres) -> GroundCell {
        let ((column, dx), (row, dz)) = (self.lattice.locate(x.0), self.lattice.locate(z.0));
        let corners = match self.chunk_heights(column, row) {
            Some(heights) => {
                let at = vertex_in_chunk(column, row);
                [
                    heights[at],
                    heights[at + 1],
                    heights[at + TERRAIN_CHUNK_SIDE],
                    heights[at + TERRAIN_CHUNK_SIDE + 1],
                ]
            }
            None => self.corners_from_source(column, row),
        };
        GroundCell { corners, dx, dz, shift: self.lattice.shift }
    }

    /// Heights of the chunk that a cell is in, if it is resident.
    #[inline]
    fn chunk_heights(&self, column: u32, row: u32) -> Option<&ChunkHeights> {
        let chunk = self.lattice.chunk(column / TERRAIN_CHUNK_CELLS as u32, row / TERRAIN_CHUNK_CELLS as u32);
        self.residency.heights(chunk)
    }

    #[cold]
    #[inline(never)]
    fn corners_from_source(&self, column: u32, row: u32) -> [i32; 4] {
        let at =
            |column, row| self.source.height(self.seed, self.lattice.place(column), self.lattice.place(row));
        [at(column, row), at(column + 1, row), at(column, row + 1), at(column + 1, row + 1)]
    }

    /// Vertices along each side.
    #[must_use]
    pub fn side(&self) -> u32 {
        self.lattice.side
    }

    /// Distance between neighbouring vertices.
    #[must_use]
    pub fn spacing(&self) -> Metres {
        Metres(1 << self.lattice.shift)
    }

    /// The first vertex stands at (−half extent, −half extent).
    #[must_use]
    pub fn half_extent(&self) -> Metres {
        Metres(self.lattice.half_extent)
    }

    /// What it is made from.
    #[must_use]
    pub const fn source(&self) -> &TerrainSource {
        &self.source
    }

    /// Height of a vertex, columns counted along x and rows along z; beyond the border the border's.
    #[must_use]
    pub fn vertex(&self, column: u32, row: u32) -> Metres {
        let last = self.lattice.side - 1;
        let place = |vertex: u32| Metres(self.lattice.place(vertex.min(last)));
        self.height_at(place(column), place(row))
    }

    /// The ground under a point as it would be with other deltas than those that it has (`present`). For judging a state
    /// before it is taken.
    pub(crate) fn height_with(
        &self,
        present: &TerrainDeltas,
        deltas: &TerrainDeltas,
        x: Metres,
        z: Metres,
    ) -> Metres {
        let ((column, _), (row, _)) = (self.lattice.locate(x.0), self.lattice.locate(z.0));
        let along = |cell: u32| (cell / TERRAIN_CHUNK_CELLS as u32) as u16;
        let chunk = TerrainChunk { z: along(row), x: along(column) };
        let mut cell = self.cell_at(x, z);
        let at = vertex_in_chunk(column, row);
        for (table, sign) in [(present, -1), (deltas, 1)] {
            let Some(delta) = table.get(chunk) else { continue };
            let corners = [0, 1, TERRAIN_CHUNK_SIDE, TERRAIN_CHUNK_SIDE + 1];
            for (height, corner) in cell.corners.iter_mut().zip(corners) {
                *height += (sign * i32::from(delta[at + corner])) << TERRAIN_DELTA_SHIFT;
            }
        }
        cell.height()
    }
}

/// Index in its chunk of the vertex of a cell with the smallest x and z.
#[inline]
const fn vertex_in_chunk(column: u32, row: u32) -> usize {
    (row as usize % TERRAIN_CHUNK_CELLS) * TERRAIN_CHUNK_SIDE + column as usize % TERRAIN_CHUNK_CELLS
}

#[cfg(test)]
mod chunk_tests;
#[cfg(test)]
mod tests;
