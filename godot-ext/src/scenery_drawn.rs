//! The engine's objects of a drawn field: MultiMeshes, meshes of chunks and of models, and what of them moves.

use std::collections::{BTreeMap, BTreeSet};

use godot::classes::base_material_3d::Flags;
use godot::classes::multi_mesh::TransformFormat;
use godot::classes::{
    BoxMesh, CylinderMesh, Material, Mesh, MeshInstance3D, MultiMesh, MultiMeshInstance3D, Node3D,
    StandardMaterial3D,
};
use godot::prelude::*;
use shieldwall_core::spatial::StaticShape;
use shieldwall_core::{Brads, Position, TerrainChunk};

use crate::ground_log::Field;
use crate::scenery_shapes::{
    FLOATS, Upright, boxed, model_transform, push_instance, upright, write_transform,
};
use crate::{surface, terrain_mesh};

/// Fields of more chunks draw no ground.
const GROUND_CHUNKS_MAX: u32 = 1_024;
/// Meshes of chunks made in a frame at most: many craters at once must not stop the game.
const CHUNKS_PER_FRAME: usize = 8;

/// What things look like.
pub(crate) struct Look {
    pub(crate) draws_ground: bool,
    pub(crate) ground_material: Option<Gd<Material>>,
    pub(crate) structure_material: Option<Gd<Material>>,
    pub(crate) kind_colors: Vec<Color>,
    pub(crate) plain_color: Color,
}

/// How a shape is drawn.
enum Part {
    Box(usize, Upright),
    Cylinder(usize, Upright),
    Model(Gd<MeshInstance3D>, Position, Brads),
}

/// A section: how it is drawn, whether it is down, and how far its fall has come.
struct Section {
    part: Part,
    is_down: bool,
    fallen: f32,
}

/// See the module head.
pub(crate) struct Drawn {
    source: InstanceId,
    epoch: u64,
    changes: u64,
    nodes: Vec<Gd<Node3D>>,
    boxes: Batch,
    cylinders: Batch,
    sections: Vec<Section>,
    /// Sections that fall or rise.
    moving: BTreeSet<usize>,
    shapes: usize,
    first_platform: usize,
    platforms: usize,
    chunks: BTreeMap<TerrainChunk, Gd<MeshInstance3D>>,
    stale: BTreeSet<TerrainChunk>,
    meshes_made: usize,
}

/// What is collected of the shapes before the engine gets it.
#[derive(Default)]
struct Instances {
    buffer: Vec<f32>,
    count: usize,
}

/// Instances that the engine has, and a copy of their numbers: what moved in a frame goes there in one call.
struct Batch {
    multimesh: Gd<MultiMesh>,
    buffer: PackedFloat32Array,
    moved: bool,
}

impl Batch {
    fn place(&mut self, instance: usize, transform: &Transform3D) {
        write_transform(&mut self.buffer.as_mut_slice()[instance * FLOATS..], transform);
        self.moved = true;
    }

    fn hand_over(&mut self) {
        if std::mem::take(&mut self.moved) {
            self.multimesh.set_buffer(&self.buffer);
        }
    }
}

impl Instances {
    /// Adds an instance; its number.
    fn add(&mut self, upright: &Upright, color: Color) -> usize {
        push_instance(&mut self.buffer, &upright.transform(0.0), color);
        self.count += 1;
        self.count - 1
    }

    /// Hands them to the engine.
    fn into_batch(self, mesh: &Gd<Mesh>) -> Batch {
        let mut multimesh = MultiMesh::new_gd();
        multimesh.set_transform_format(TransformFormat::TRANSFORM_3D);
        multimesh.set_use_colors(true);
        multimesh.set_mesh(mesh);
        multimesh.set_instance_count(self.count as i32);
        let mut batch =
            Batch { multimesh, moved: self.count > 0, buffer: PackedFloat32Array::from(self.buffer) };
        batch.hand_over();
        batch
    }
}

/// A plain material whose colour is that of the vertices, or one colour.
fn plain_material(color: Option<Color>) -> Gd<Material> {
    let mut material = StandardMaterial3D::new_gd();
    match color {
        Some(color) => material.set_albedo(color),
        None => material.set_flag(Flags::ALBEDO_FROM_VERTEX_COLOR, true),
    }
    material.set_roughness(1.0);
    material.upcast()
}

impl Drawn {
    /// Makes everything for a field and hands each new node to `adopt`.
    pub(crate) fn new(
        source: InstanceId,
        field: &Field<'_>,
        look: &Look,
        adopt: &mut dyn FnMut(&Gd<Node3D>),
    ) -> Drawn {
        let material = look.structure_material.clone().unwrap_or_else(|| plain_material(None));
        let (mut boxes, mut cylinders, mut nodes) = (Instances::default(), Instances::default(), Vec::new());
        let meshes: Vec<_> = field.scenery.meshes.iter().map(surface::model).collect();
        let mut sections = Vec::new();
        for (number, shape) in (0_u32..).zip(&field.scenery.shapes) {
            let section = field.obstacles.section_of(number);
            let color = section.map_or(look.plain_color, |section| {
                let kind = field.obstacles.sections()[section as usize].kind;
                look.kind_colors.get(usize::from(kind)).copied().unwrap_or(Color::WHITE)
            });
            let part = match (shape, upright(shape, field.terrain)) {
                (StaticShape::Box { .. }, Some(upright)) => Part::Box(boxes.add(&upright, color), upright),
                (StaticShape::Mesh { mesh, translation, yaw }, _) => {
                    let mut node = MeshInstance3D::new_alloc();
                    node.set_mesh(&meshes[*mesh as usize]);
                    node.set_material_override(&plain_material(Some(color)));
                    node.set_transform(model_transform(*translation, *yaw, 0.0));
                    nodes.push(node.clone().upcast::<Node3D>());
                    Part::Model(node, *translation, *yaw)
                }
                (_, Some(upright)) => Part::Cylinder(cylinders.add(&upright, color), upright),
                (_, None) => continue,
            };
            // Sections are numbered in the order of their shapes.
            if section.is_some() {
                sections.push(Section { part, is_down: false, fallen: 0.0 });
            }
        }
        let first_platform = boxes.count;
        for (number, platform) in field.obstacles.platforms().iter().enumerate() {
            let Some((centre, yaw)) = field.obstacles.platform_place(number, field.tick) else { continue };
            boxes.add(&boxed(centre, platform.half_sizes, yaw, field.terrain), look.plain_color);
        }
        let (boxes, cylinders) = multimeshes(boxes, cylinders, &material, &mut nodes);
        nodes.iter().for_each(&mut *adopt);
        let mut drawn = Drawn {
            source,
            epoch: field.log.epoch(),
            changes: field.log.changes(),
            nodes,
            boxes,
            cylinders,
            sections,
            moving: BTreeSet::new(),
            shapes: field.scenery.shapes.len(),
            first_platform,
            platforms: field.obstacles.platforms().len(),
            chunks: BTreeMap::new(),
            stale: BTreeSet::new(),
            meshes_made: 0,
        };
        drawn.begin_sections(field);
        drawn.begin_ground(field, look, adopt);
        drawn
    }

    /// What is down already falls at once: who comes late sees no fall.
    fn begin_sections(&mut self, field: &Field<'_>) {
        self.note_sections(field);
        self.move_sections(1.0);
        self.boxes.hand_over();
        self.cylinders.hand_over();
    }

    fn begin_ground(&mut self, field: &Field<'_>, look: &Look, adopt: &mut dyn FnMut(&Gd<Node3D>)) {
        let side = terrain_mesh::chunks_per_side(field.terrain);
        if !look.draws_ground || side * side > GROUND_CHUNKS_MAX {
            return;
        }
        let color = Color::from_rgb(0.25, 0.31, 0.14);
        let material = look.ground_material.clone().unwrap_or_else(|| plain_material(Some(color)));
        for (x, z) in (0..side).flat_map(|z| (0..side).map(move |x| (x as u16, z as u16))) {
            let mut node = MeshInstance3D::new_alloc();
            node.set_mesh(&terrain_mesh::build_chunk(field.terrain, TerrainChunk { x, z }));
            node.set_material_override(&material);
            adopt(&node.clone().upcast());
            self.nodes.push(node.clone().upcast());
            self.chunks.insert(TerrainChunk { x, z }, node);
            self.meshes_made += 1;
        }
    }

    /// Whether it is of this field of this source.
    pub(crate) fn is_of(&self, source: InstanceId, field: &Field<'_>) -> bool {
        self.source == source && self.epoch == field.log.epoch()
    }

    /// Takes its nodes out of the scene.
    pub(crate) fn free(self) {
        for mut node in self.nodes {
            if node.is_instance_valid() {
                node.queue_free();
            }
        }
    }

    /// Brings everything up to the field; `share` is how much of a fall this frame is.
    pub(crate) fn follow(&mut self, field: &Field<'_>, share: f32) {
        if self.changes != field.log.changes() {
            self.note_sections(field);
            let chunks = field.log.chunks_since(self.changes);
            self.stale.extend(chunks.filter(|chunk| self.chunks.contains_key(chunk)));
            self.changes = field.log.changes();
        }
        self.move_sections(share);
        self.move_platforms(field);
        self.boxes.hand_over();
        self.cylinders.hand_over();
        for _ in 0..CHUNKS_PER_FRAME {
            let Some(chunk) = self.stale.pop_first() else { break };
            if let Some(node) = self.chunks.get_mut(&chunk) {
                node.set_mesh(&terrain_mesh::build_chunk(field.terrain, chunk));
                self.meshes_made += 1;
            }
        }
    }

    fn note_sections(&mut self, field: &Field<'_>) {
        for (number, section) in self.sections.iter_mut().enumerate() {
            let is_down = !field.obstacles.section_stands(number as u32);
            if section.is_down != is_down {
                section.is_down = is_down;
                self.moving.insert(number);
            }
        }
    }

    fn move_sections(&mut self, share: f32) {
        let (sections, boxes, cylinders) = (&mut self.sections, &mut self.boxes, &mut self.cylinders);
        self.moving.retain(|number| {
            let section = &mut sections[*number];
            let goal = if section.is_down { 1.0 } else { 0.0 };
            section.fallen += (goal - section.fallen).clamp(-share, share);
            // Things fall faster and faster.
            let shown = section.fallen * section.fallen;
            match &mut section.part {
                Part::Box(instance, upright) => {
                    boxes.place(*instance, &upright.transform(shown));
                }
                Part::Cylinder(instance, upright) => {
                    cylinders.place(*instance, &upright.transform(shown));
                }
                Part::Model(node, translation, yaw) => {
                    node.set_transform(model_transform(*translation, *yaw, shown));
                }
            }
            section.fallen != goal
        });
    }

    fn move_platforms(&mut self, field: &Field<'_>) {
        for (number, platform) in field.obstacles.platforms().iter().enumerate() {
            let Some((centre, yaw)) = field.obstacles.platform_place(number, field.tick) else { continue };
            let place = boxed(centre, platform.half_sizes, yaw, field.terrain).transform(0.0);
            self.boxes.place(self.first_platform + number, &place);
        }
    }

    pub(crate) fn fallen_count(&self) -> usize {
        self.sections.iter().filter(|section| section.is_down).count()
    }

    pub(crate) fn shape_count(&self) -> usize {
        self.shapes + self.platforms
    }

    pub(crate) fn ground_meshes_made(&self) -> usize {
        self.meshes_made
    }
}

/// The two MultiMeshes, and a node for each that is not empty.
fn multimeshes(
    boxes: Instances,
    cylinders: Instances,
    material: &Gd<Material>,
    nodes: &mut Vec<Gd<Node3D>>,
) -> (Batch, Batch) {
    let mut box_mesh = BoxMesh::new_gd();
    box_mesh.set_material(material);
    let mut cylinder_mesh = CylinderMesh::new_gd();
    cylinder_mesh.set_top_radius(0.5);
    cylinder_mesh.set_bottom_radius(0.5);
    cylinder_mesh.set_height(1.0);
    cylinder_mesh.set_material(material);
    let made = [(boxes, box_mesh.upcast::<Mesh>()), (cylinders, cylinder_mesh.upcast::<Mesh>())].map(
        |(instances, mesh)| {
            let batch = instances.into_batch(&mesh);
            let mut node = MultiMeshInstance3D::new_alloc();
            node.set_multimesh(&batch.multimesh);
            nodes.push(node.upcast());
            batch
        },
    );
    let [boxes, cylinders] = made;
    (boxes, cylinders)
}
