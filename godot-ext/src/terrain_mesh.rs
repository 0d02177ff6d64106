//! The kernel's terrain as a Godot mesh: one surface, two triangles for each square of the lattice.

use godot::classes::ArrayMesh;
use godot::classes::mesh::{ArrayType, PrimitiveType};
use godot::prelude::*;
use shieldwall_core::{Metres, Terrain};

use crate::convert::metres_to_f32;

/// Builds the mesh in world coordinates, normals smoothed over neighbouring vertices, UV = (x, z) in metres.
pub(crate) fn build(terrain: &Terrain) -> Gd<ArrayMesh> {
    let side = terrain.side();
    let spacing = metres_to_f32(terrain.spacing());
    let origin = -metres_to_f32(terrain.half_extent());
    let height = |column: u32, row: u32| -> f32 {
        let clamp = |index: u32| index.min(side - 1);
        let metres: Metres = terrain.vertex(clamp(column), clamp(row));
        metres_to_f32(metres)
    };
    let count = (side * side) as usize;
    let (mut points, mut normals, mut uvs) =
        (Vec::with_capacity(count), Vec::with_capacity(count), Vec::with_capacity(count));
    for row in 0..side {
        for column in 0..side {
            let (x, z) = (origin + column as f32 * spacing, origin + row as f32 * spacing);
            points.push(Vector3::new(x, height(column, row), z));
            let slope_x = height(column.saturating_sub(1), row) - height(column + 1, row);
            let slope_z = height(column, row.saturating_sub(1)) - height(column, row + 1);
            normals.push(Vector3::new(slope_x, 2.0 * spacing, slope_z).normalized());
            uvs.push(Vector2::new(x, z));
        }
    }
    let mut indices = Vec::with_capacity(count * 6);
    for row in 0..side - 1 {
        for column in 0..side - 1 {
            let corner = (row * side + column) as i32;
            let (right, below) = (corner + 1, corner + side as i32);
            // Clockwise seen from above: Godot's front side.
            indices.extend([corner, right, below, right, below + 1, below]);
        }
    }
    let mut arrays = VarArray::new();
    arrays.resize(ArrayType::MAX.ord() as usize, &Variant::nil());
    arrays.set(ArrayType::VERTEX.ord() as usize, &PackedVector3Array::from(points).to_variant());
    arrays.set(ArrayType::NORMAL.ord() as usize, &PackedVector3Array::from(normals).to_variant());
    arrays.set(ArrayType::TEX_UV.ord() as usize, &PackedVector2Array::from(uvs).to_variant());
    arrays.set(ArrayType::INDEX.ord() as usize, &PackedInt32Array::from(indices).to_variant());
    let mut mesh = ArrayMesh::new_gd();
    mesh.add_surface_from_arrays(PrimitiveType::TRIANGLES, &arrays);
    mesh
}
