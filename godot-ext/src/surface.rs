//! Meshes of one surface for the engine, and models of a scenery as such.

use godot::classes::ArrayMesh;
use godot::classes::mesh::{ArrayType, PrimitiveType};
use godot::prelude::*;
use shieldwall_core::spatial::obstacles::Mesh;

use crate::convert::position_to_vector;

/// What a surface of triangles is made of: its corners, and three numbers for each triangle, clockwise seen from the front.
#[derive(Default)]
pub(crate) struct Surface {
    pub(crate) points: Vec<Vector3>,
    pub(crate) normals: Vec<Vector3>,
    pub(crate) uvs: Vec<Vector2>,
    pub(crate) indices: Vec<i32>,
}

impl Surface {
    pub(crate) fn into_mesh(self) -> Gd<ArrayMesh> {
        let mut arrays = VarArray::new();
        arrays.resize(ArrayType::MAX.ord() as usize, &Variant::nil());
        arrays.set(ArrayType::VERTEX.ord() as usize, &PackedVector3Array::from(self.points).to_variant());
        arrays.set(ArrayType::NORMAL.ord() as usize, &PackedVector3Array::from(self.normals).to_variant());
        if !self.uvs.is_empty() {
            arrays.set(ArrayType::TEX_UV.ord() as usize, &PackedVector2Array::from(self.uvs).to_variant());
        }
        arrays.set(ArrayType::INDEX.ord() as usize, &PackedInt32Array::from(self.indices).to_variant());
        let mut mesh = ArrayMesh::new_gd();
        mesh.add_surface_from_arrays(PrimitiveType::TRIANGLES, &arrays);
        mesh
    }
}

/// A model of a scenery with flat faces. It is met from both sides, and so it is drawn from both.
pub(crate) fn model(mesh: &Mesh) -> Gd<ArrayMesh> {
    let mut surface = Surface::default();
    for corners in mesh.triangles() {
        let [a, b, c] = corners.map(|corner| position_to_vector(mesh.vertices()[corner as usize]));
        let normal = (b - a).cross(c - a).try_normalized().unwrap_or(Vector3::UP);
        // The kernel counts counter-clockwise.
        for (corners, normal) in [([a, c, b], normal), ([a, b, c], -normal)] {
            let first = surface.points.len() as i32;
            surface.points.extend(corners);
            surface.normals.extend([normal; 3]);
            surface.indices.extend([first, first + 1, first + 2]);
        }
    }
    surface.into_mesh()
}
