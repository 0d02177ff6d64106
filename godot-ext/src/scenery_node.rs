//! `ShieldwallScenery3D`: the ground and what stands on it.

use godot::classes::{Engine, INode3D, Material, Node3D};
use godot::prelude::*;

use crate::client::ShieldwallClient;
use crate::ground_log::Field;
use crate::scenery_drawn::{Drawn, Look};
use crate::world::ShieldwallWorld;

/// Draws the field of a [ShieldwallClient] or of a [ShieldwallWorld]: the ground with its craters, and what stands on it.
/// Sections of structures that fall sink into a low heap, those that are built rise again, platforms move.
///
/// Everything follows by itself. Boxes and cylinders are one MultiMesh each, the ground is one mesh for each chunk of 64
/// squares, of which those are made anew that changed.
/// [codeblock]
/// var scenery := ShieldwallScenery3D.new()
/// scenery.client = $ShieldwallClient   # or: scenery.world = my_world
/// add_child(scenery)
/// [/codeblock]
#[derive(GodotClass)]
#[class(tool, init, base = Node3D)]
pub struct ShieldwallScenery3D {
    /// Whose field is drawn.
    #[export]
    client: Option<Gd<ShieldwallClient>>,
    /// Whose field is drawn instead of a client's: a world that the game steps by itself.
    #[var]
    world: Option<Gd<ShieldwallWorld>>,
    /// Whether the ground is drawn too. Fields of more than 1,024 chunks are too large for that: draw what is near by
    /// [method ShieldwallClient.create_terrain_chunk_mesh].
    #[export]
    #[init(val = true)]
    draws_ground: bool,
    /// What the ground looks like; texture coordinates are (x, z) in metres.
    #[export]
    ground_material: Option<Gd<Material>>,
    /// What everything that stands looks like; COLOR is the colour of its kind.
    #[export]
    structure_material: Option<Gd<Material>>,
    /// Colours by the kinds of structures ([method ShieldwallWorld.get_structure_kinds]); kinds beyond them are white.
    #[export]
    #[init(val = default_colors())]
    kind_colors: PackedColorArray,
    /// Colour of what is no section of a structure and never falls.
    #[export]
    #[init(val = Color::from_rgb(0.42, 0.42, 0.40))]
    plain_color: Color,
    /// How long a fall takes, in seconds.
    #[export(range = (0.0, 10.0))]
    #[init(val = 0.8)]
    fall_seconds: f64,
    drawn: Option<Drawn>,
    base: Base<Node3D>,
}

/// Wall, gate, tower, palisade, barricade, siege tower, catapult, banner post.
fn default_colors() -> PackedColorArray {
    PackedColorArray::from(
        [
            (0.52, 0.50, 0.46),
            (0.36, 0.23, 0.12),
            (0.46, 0.45, 0.43),
            (0.44, 0.31, 0.17),
            (0.50, 0.38, 0.22),
            (0.40, 0.28, 0.15),
            (0.33, 0.25, 0.17),
            (0.62, 0.12, 0.10),
        ]
        .map(|(r, g, b)| Color::from_rgb(r, g, b)),
    )
}

#[godot_api]
impl ShieldwallScenery3D {
    /// Draws the field as of now, [param delta] seconds after the last time. Called every frame by itself.
    #[func]
    fn refresh(&mut self, #[opt(default = 0.0)] delta: f64) {
        // What was freed is forgotten: touching it would be an error in every frame.
        if self.client.as_ref().is_some_and(|client| !client.is_instance_valid()) {
            self.client = None;
        }
        if let Some(world) = self.world.clone() {
            let bound = world.bind();
            self.follow(world.instance_id(), bound.field(), delta);
        } else if let Some(client) = self.client.clone() {
            let bound = client.bind();
            self.follow(client.instance_id(), bound.field(), delta);
        }
    }

    /// Draws everything anew: after a change of materials or colours.
    #[func]
    fn redraw(&mut self) {
        if let Some(drawn) = self.drawn.take() {
            drawn.free();
        }
        self.refresh(0.0);
    }

    /// Sections that are drawn as fallen, or on their way down.
    #[func]
    fn get_fallen_count(&self) -> i64 {
        self.drawn.as_ref().map_or(0, |drawn| drawn.fallen_count() as i64)
    }

    /// Shapes that are drawn, platforms included.
    #[func]
    fn get_shape_count(&self) -> i64 {
        self.drawn.as_ref().map_or(0, |drawn| drawn.shape_count() as i64)
    }

    /// Times that a mesh of a chunk was made, since the field was first drawn.
    #[func]
    fn get_ground_meshes_made(&self) -> i64 {
        self.drawn.as_ref().map_or(0, |drawn| drawn.ground_meshes_made() as i64)
    }

    /// What is missing; the editor shows it at the node.
    #[func]
    fn list_warnings(&self) -> PackedStringArray {
        let mut warnings = PackedStringArray::new();
        if self.client.is_none() && self.world.is_none() {
            warnings.push("Client is not set: nothing will be drawn, unless a script sets `world`.");
        }
        warnings
    }
}

impl ShieldwallScenery3D {
    /// Brings what is drawn up to a field; where there is none it stays as it was.
    fn follow(&mut self, source: InstanceId, field: Option<Field<'_>>, delta: f64) {
        let Some(field) = field else { return };
        if self.drawn.as_ref().is_none_or(|drawn| !drawn.is_of(source, &field)) {
            if let Some(drawn) = self.drawn.take() {
                drawn.free();
            }
            let look = Look {
                draws_ground: self.draws_ground,
                ground_material: self.ground_material.clone(),
                structure_material: self.structure_material.clone(),
                kind_colors: self.kind_colors.to_vec(),
                plain_color: self.plain_color,
            };
            let mut parent = self.to_gd().upcast::<Node3D>();
            self.drawn = Some(Drawn::new(source, &field, &look, &mut |child: &Gd<Node3D>| {
                parent.add_child(child);
            }));
        }
        let share = if self.fall_seconds > 0.0 { (delta / self.fall_seconds) as f32 } else { 1.0 };
        if let Some(drawn) = &mut self.drawn {
            drawn.follow(&field, share);
        }
    }
}

#[godot_api]
impl INode3D for ShieldwallScenery3D {
    fn ready(&mut self) {
        self.base_mut().set_as_top_level(true);
        self.base_mut().set_process(!Engine::singleton().is_editor_hint());
    }

    fn process(&mut self, delta: f64) {
        self.refresh(delta);
    }

    fn get_configuration_warnings(&self) -> PackedStringArray {
        self.list_warnings()
    }
}
