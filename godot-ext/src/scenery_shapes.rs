//! What stands in a world as numbers for the engine: where each shape is, upright, fallen or in between. No engine call in
//! here.

use godot::prelude::*;
use shieldwall_core::spatial::StaticShape;
use shieldwall_core::{Brads, Metres, Position, Terrain};

use crate::convert::{brads_to_radians, metres_to_f32, position_to_vector};

/// Of what has fallen so much is left above the ground, in metres.
const RUBBLE_M: f32 = 0.35;
/// What has fallen is so much wider.
const SPREAD: f32 = 0.25;

/// What a shape is drawn with: a unit mesh and where it goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Upright {
    basis: Basis,
    middle: Vector3,
    /// Along its own axes.
    size: Vector3,
    /// Height of the ground under its middle.
    ground: f32,
}

/// How a box or a cylinder stands; `None` for models, which are drawn as what they are.
pub(crate) fn upright(shape: &StaticShape, terrain: &Terrain) -> Option<Upright> {
    match *shape {
        StaticShape::Box { centre, half_sizes, yaw } => Some(boxed(centre, half_sizes, yaw, terrain)),
        StaticShape::Cylinder { base, radius, height } => {
            let (wide, high) = (2.0 * metres_to_f32(radius), metres_to_f32(height));
            Some(Upright {
                basis: Basis::IDENTITY,
                middle: position_to_vector(base) + Vector3::UP * (high / 2.0),
                size: Vector3::new(wide, high, wide),
                ground: ground(terrain, base),
            })
        }
        StaticShape::Mesh { .. } => None,
    }
}

/// How a box stands, be it one of a scenery or a platform.
pub(crate) fn boxed(centre: Position, half_sizes: [Metres; 3], yaw: Brads, terrain: &Terrain) -> Upright {
    let [x, y, z] = half_sizes.map(|half| 2.0 * metres_to_f32(half));
    Upright {
        basis: Basis::from_axis_angle(Vector3::UP, brads_to_radians(yaw)),
        middle: position_to_vector(centre),
        size: Vector3::new(x, y, z),
        ground: ground(terrain, centre),
    }
}

fn ground(terrain: &Terrain, at: Position) -> f32 {
    metres_to_f32(terrain.height_at(at.x, at.z))
}

impl Upright {
    /// Where a unit mesh goes: 0 stands, 1 has fallen. What falls sinks into the ground and leaves a low heap; what ends
    /// lower than that stays as it is.
    pub(crate) fn transform(&self, fallen: f32) -> Transform3D {
        let (top, bottom) = (self.middle.y + self.size.y / 2.0, self.middle.y - self.size.y / 2.0);
        let heap = (self.ground + RUBBLE_M).min(top).max(bottom + 0.01);
        let high = (top + (heap - top) * fallen - bottom).max(0.01);
        let wide = 1.0 + SPREAD * fallen;
        let size = Vector3::new(self.size.x * wide, high, self.size.z * wide);
        let middle = Vector3::new(self.middle.x, bottom + high / 2.0, self.middle.z);
        Transform3D::new(self.basis * Basis::from_scale(size), middle)
    }
}

/// Where a model goes: what falls is pressed flat.
pub(crate) fn model_transform(translation: Position, yaw: Brads, fallen: f32) -> Transform3D {
    let turn = Basis::from_axis_angle(Vector3::UP, brads_to_radians(yaw));
    let flat = Basis::from_scale(Vector3::new(1.0, (1.0 - fallen).max(0.02), 1.0));
    Transform3D::new(turn * flat, position_to_vector(translation))
}

/// Floats of an instance with a colour: a 3×4 transform by rows, then the colour.
pub(crate) const FLOATS: usize = 16;

/// Appends an instance.
pub(crate) fn push_instance(buffer: &mut Vec<f32>, transform: &Transform3D, color: Color) {
    let first = buffer.len();
    buffer.resize(first + FLOATS, 0.0);
    write_transform(&mut buffer[first..], transform);
    buffer[first + 12..].copy_from_slice(&[color.r, color.g, color.b, color.a]);
}

/// Writes the transform of the instance that begins with the first number.
pub(crate) fn write_transform(instance: &mut [f32], transform: &Transform3D) {
    let origin = transform.origin;
    let rows = transform.basis.rows.iter().zip([origin.x, origin.y, origin.z]);
    for (to, (row, part)) in instance.chunks_exact_mut(4).zip(rows) {
        to.copy_from_slice(&[row.x, row.y, row.z, part]);
    }
}
