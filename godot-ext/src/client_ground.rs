//! `ShieldwallClient`, third part: the ground and what stands on it, as the host has it by now.

use std::sync::Arc;

use godot::classes::ArrayMesh;
use godot::global::Error;
use godot::prelude::*;
use shieldwall_core::rules::StructureRules;
use shieldwall_core::spatial::Scenery;
use shieldwall_net::client::ClientWorld;

use crate::client::ShieldwallClient;
use crate::files::{self, refuse};
use crate::ground_log::Field;
use crate::terrain_mesh;

impl ShieldwallClient {
    fn ground(&self) -> Option<&Arc<ClientWorld>> {
        self.link.as_ref()?.client.world()
    }

    /// The field for those who draw it, once the host said which world this is.
    pub(crate) fn field(&self) -> Option<Field<'_>> {
        let link = self.link.as_ref()?;
        let world = link.client.world()?;
        Some(Field {
            scenery: &link.scenery,
            terrain: world.terrain(),
            obstacles: world.obstacles(),
            tick: link.client.own().map(|own| own.tick).unwrap_or_default(),
            log: &self.log,
        })
    }

    /// What stands in the host's world, as this client was told, or why it cannot be read.
    pub(crate) fn scenery(&self) -> Result<Arc<Scenery>, Error> {
        match &self.scenery_data {
            Some(scenery) => Ok(Arc::clone(scenery)),
            None => files::scenery("connect", &self.scenery_file).map(Arc::new),
        }
    }

    /// Tells the sections and chunks that changed.
    pub(crate) fn tell_ground(&mut self) {
        let Some(link) = &mut self.link else { return };
        let (mut chunks, mut sections) = (Vec::new(), Vec::new());
        link.client.take_world_news(&mut chunks, &mut sections);
        let down: Vec<bool> = sections.iter().map(|section| link.client.is_section_down(*section)).collect();
        chunks.iter().for_each(|chunk| self.log.note_chunk(*chunk));
        sections.iter().for_each(|_| self.log.note_section());
        for (section, is_down) in sections.into_iter().zip(down) {
            if is_down {
                self.signals().section_fell().emit(i64::from(section));
            } else {
                self.signals().section_built().emit(i64::from(section));
            }
        }
        for chunk in chunks {
            self.signals().ground_changed().emit(Vector2i::new(chunk.x.into(), chunk.z.into()));
        }
    }
}

#[godot_api(secondary)]
impl ShieldwallClient {
    /// What stands in the host's world as the bytes of a scenery file, for the next session: instead of
    /// [member scenery_file]. No bytes: as if never called.
    #[func]
    fn set_scenery_data(&mut self, data: PackedByteArray) -> Error {
        if data.is_empty() {
            self.scenery_data = None;
            return Error::OK;
        }
        match Scenery::decode(data.as_slice()) {
            Ok(scenery) => {
                self.scenery_data = Some(Arc::new(scenery));
                Error::OK
            }
            Err(error) => refuse("set_scenery_data", error, Error::ERR_INVALID_DATA),
        }
    }

    /// Number of sections of structures in the host's world; 0 before it said which one that is.
    #[func]
    fn get_section_count(&self) -> i64 {
        self.ground().map_or(0, |world| world.obstacles().sections().len() as i64)
    }

    /// Whether a section stands; false also where there is none of this number.
    #[func]
    fn is_section_standing(&self, section: i64) -> bool {
        let (Some(world), Ok(section)) = (self.ground(), u32::try_from(section)) else { return false };
        world.obstacles().section_stands(section)
    }

    /// Kind of a section by name: "wall", "gate"; empty where there is none of this number.
    #[func]
    fn get_section_kind(&self, section: i64) -> GString {
        let (Some(world), Ok(section)) = (self.ground(), usize::try_from(section)) else {
            return GString::new();
        };
        let kind = world.obstacles().sections().get(section).map(|section| usize::from(section.kind));
        let entry = kind.and_then(|kind| StructureRules::KINDS.get(kind));
        GString::from(entry.map_or("", |entry| entry.name))
    }

    /// Numbers of the sections that are down.
    #[func]
    fn get_fallen_sections(&self) -> PackedInt32Array {
        let Some(world) = self.ground() else { return PackedInt32Array::new() };
        let obstacles = world.obstacles();
        let down = |section: &u32| !obstacles.section_stands(*section);
        (0..obstacles.sections().len() as u32).filter(down).map(|section| section as i32).collect()
    }

    /// Chunks of the terrain along each side, for [method create_terrain_chunk_mesh]; 0 before the host said which world
    /// this is.
    #[func]
    fn get_terrain_chunks_per_side(&self) -> i64 {
        self.ground().map_or(0, |world| terrain_mesh::chunks_per_side(world.terrain()).into())
    }

    /// One chunk of the host's terrain as a mesh, craters included, in world coordinates: what to draw anew after
    /// [signal ground_changed]. Null where there is none.
    #[func]
    fn create_terrain_chunk_mesh(&self, chunk: Vector2i) -> Option<Gd<ArrayMesh>> {
        let terrain = self.ground()?.terrain();
        Some(terrain_mesh::build_chunk(terrain, terrain_mesh::chunk_at(terrain, chunk)?))
    }
}
