//! The kernel's terrain as Godot meshes: one surface each, two triangles for each square of the lattice.

use std::ops::RangeInclusive;

use godot::classes::ArrayMesh;
use godot::prelude::*;
use shieldwall_core::limits::TERRAIN_CHUNK_CELLS;
use shieldwall_core::{Metres, Terrain, TerrainChunk};

use crate::convert::metres_to_f32;
use crate::surface::Surface;

/// Chunks along x, and along z.
pub(crate) fn chunks_per_side(terrain: &Terrain) -> u32 {
    (terrain.side() - 1).div_ceil(TERRAIN_CHUNK_CELLS as u32)
}

/// The chunk that a script names by its numbers along x and z; `None` where there is none.
pub(crate) fn chunk_at(terrain: &Terrain, chunk: Vector2i) -> Option<TerrainChunk> {
    let (x, z) = (u16::try_from(chunk.x).ok()?, u16::try_from(chunk.y).ok()?);
    (u32::from(x.max(z)) < chunks_per_side(terrain)).then_some(TerrainChunk { x, z })
}

/// Builds the mesh of all of it in world coordinates, normals smoothed over neighbouring vertices, UV = (x, z) in metres.
pub(crate) fn build(terrain: &Terrain) -> Gd<ArrayMesh> {
    let last = terrain.side() - 1;
    build_part(terrain, 0..=last, 0..=last)
}

/// The same of one chunk of 64 squares along each side, fewer at the far edges. Chunks fit together without a seam.
pub(crate) fn build_chunk(terrain: &Terrain, chunk: TerrainChunk) -> Gd<ArrayMesh> {
    let part = |number: u16| {
        let first = u32::from(number) * TERRAIN_CHUNK_CELLS as u32;
        first..=(first + TERRAIN_CHUNK_CELLS as u32).min(terrain.side() - 1)
    };
    build_part(terrain, part(chunk.x), part(chunk.z))
}

fn build_part(terrain: &Terrain, columns: RangeInclusive<u32>, rows: RangeInclusive<u32>) -> Gd<ArrayMesh> {
    let spacing = metres_to_f32(terrain.spacing());
    let origin = -metres_to_f32(terrain.half_extent());
    let height = |column: u32, row: u32| -> f32 {
        let clamp = |index: u32| index.min(terrain.side() - 1);
        let metres: Metres = terrain.vertex(clamp(column), clamp(row));
        metres_to_f32(metres)
    };
    let (wide, deep) = (columns.clone().count(), rows.clone().count());
    let count = wide * deep;
    let (mut points, mut normals, mut uvs) =
        (Vec::with_capacity(count), Vec::with_capacity(count), Vec::with_capacity(count));
    for row in rows {
        for column in columns.clone() {
            let (x, z) = (origin + column as f32 * spacing, origin + row as f32 * spacing);
            points.push(Vector3::new(x, height(column, row), z));
            let slope_x = height(column.saturating_sub(1), row) - height(column + 1, row);
            let slope_z = height(column, row.saturating_sub(1)) - height(column, row + 1);
            normals.push(Vector3::new(slope_x, 2.0 * spacing, slope_z).normalized());
            uvs.push(Vector2::new(x, z));
        }
    }
    Surface { points, normals, uvs, indices: indices(wide, deep) }.into_mesh()
}

/// The triangles of a lattice of so many vertices, clockwise seen from above: Godot's front side.
fn indices(wide: usize, deep: usize) -> Vec<i32> {
    let mut indices = Vec::with_capacity(wide * deep * 6);
    for row in 0..deep.saturating_sub(1) {
        for column in 0..wide.saturating_sub(1) {
            let corner = (row * wide + column) as i32;
            let (right, below) = (corner + 1, corner + wide as i32);
            indices.extend([corner, right, below, right, below + 1, below]);
        }
    }
    indices
}
