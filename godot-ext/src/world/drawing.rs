//! The ground of a world as meshes, and the field for those who draw it.

use godot::classes::ArrayMesh;
use godot::prelude::*;
use shieldwall_core::{Event, TerrainChunk, World};

use super::ShieldwallWorld;
use crate::ground_log::Field;
use crate::terrain_mesh;

impl ShieldwallWorld {
    /// The field for those who draw it.
    pub(crate) fn field(&self) -> Option<Field<'_>> {
        let world = self.world.as_deref()?;
        Some(Field {
            scenery: &self.standing,
            terrain: world.terrain(),
            obstacles: world.obstacles(),
            tick: world.tick(),
            log: &self.log,
        })
    }

    /// Notes what a step changed.
    pub(super) fn note_changes(&mut self) {
        let Some(world) = &self.world else { return };
        for event in world.events() {
            match event {
                Event::TerrainChanged { chunk } => self.log.note_chunk(*chunk),
                Event::StructureFell { .. } | Event::StructureBuilt { .. } => self.log.note_section(),
                _ => {}
            }
        }
    }

    /// Notes that another state is in place: all chunks that differ from the source now, or did before.
    pub(super) fn note_other_state(&mut self, before: &[TerrainChunk]) {
        let after = self.world.as_deref().map(deformed).unwrap_or_default();
        self.log.note_section();
        before.iter().chain(&after).for_each(|chunk| self.log.note_chunk(*chunk));
    }
}

/// The chunks that differ from the source.
pub(super) fn deformed(world: &World) -> Vec<TerrainChunk> {
    world.terrain_deltas().iter().map(|(chunk, _)| chunk).collect()
}

#[godot_api(secondary)]
impl ShieldwallWorld {
    /// The terrain as a mesh with normals and texture coordinates in metres; null before [method create].
    #[func]
    fn create_terrain_mesh(&self) -> Option<Gd<ArrayMesh>> {
        Some(terrain_mesh::build(self.world.as_ref()?.terrain()))
    }

    /// Chunks of the terrain along each side, for [method create_terrain_chunk_mesh]; 0 before [method create].
    #[func]
    fn get_terrain_chunks_per_side(&self) -> i64 {
        self.world.as_ref().map_or(0, |world| terrain_mesh::chunks_per_side(world.terrain()).into())
    }

    /// One chunk of the terrain as a mesh, craters included, in world coordinates: what to draw anew after
    /// [signal ground_changed]. Null where there is none.
    #[func]
    fn create_terrain_chunk_mesh(&self, chunk: Vector2i) -> Option<Gd<ArrayMesh>> {
        let terrain = self.world.as_ref()?.terrain();
        Some(terrain_mesh::build_chunk(terrain, terrain_mesh::chunk_at(terrain, chunk)?))
    }
}
