//! `ShieldwallCrowd3D`: everybody else in one draw call.

use godot::classes::multi_mesh::TransformFormat;
use godot::classes::{Engine, IMultiMeshInstance3D, Mesh, MultiMesh, MultiMeshInstance3D, Time};
use godot::prelude::*;
use shieldwall_core::{Brads, Metres, Position, Velocity};
use shieldwall_net::client::EntityView;
use shieldwall_net::wire::quantize::status;

use crate::client::ShieldwallClient;
use crate::convert::metres_from_f64;
use crate::crowd_buffer::{ActionClock, FLOATS, fill};

/// Draws all characters that a [ShieldwallClient] sees, except the own one, as one MultiMesh: one buffer a frame, one
/// draw call, however many they are.
///
/// Give it a mesh that stands on its origin and looks along -z. Its material gets the team's colour as COLOR, and as
/// INSTANCE_CUSTOM: x health 0 to 1, y progress of the last action 0 to 1, z which action (1 first weapon, 2 second
/// weapon, 3 death, 4 and 5 the abilities, 6 to 9 preparing these four, 10 broken off), w 1 for the living. The dead are
/// laid down.
#[derive(GodotClass)]
#[class(tool, init, base = MultiMeshInstance3D)]
pub struct ShieldwallCrowd3D {
    /// Whose view is drawn.
    #[export]
    client: Option<Gd<ShieldwallClient>>,
    /// What one character looks like.
    #[export]
    #[var(get, set = set_mesh)]
    mesh: Option<Gd<Mesh>>,
    /// Most characters drawn at a time. The buffer has this size.
    #[export(range = (1.0, 65536.0))]
    #[init(val = 2048)]
    max_instances: i32,
    /// Colours by team; teams beyond them are white.
    #[export]
    #[init(val = PackedColorArray::from([Color::from_rgb(0.11, 0.33, 0.85), Color::from_rgb(0.90, 0.16, 0.08)]))]
    team_colors: PackedColorArray,
    /// So many stand in rank and file while no client is connected: to see mesh and material in the editor.
    #[export(range = (0.0, 65536.0))]
    preview_count: i32,
    entities: Vec<EntityView>,
    buffer: PackedFloat32Array,
    actions: ActionClock,
    base: Base<MultiMeshInstance3D>,
}

#[godot_api]
impl ShieldwallCrowd3D {
    /// Fills the MultiMesh as of now. Called every frame by itself.
    #[func]
    fn refresh(&mut self) {
        let Some(mut multimesh) = self.base().get_multimesh() else { return };
        let mut entities = std::mem::take(&mut self.entities);
        entities.clear();
        // A client that was freed is forgotten: touching it would be an error in every frame.
        if self.client.as_ref().is_some_and(|client| !client.is_instance_valid()) {
            self.client = None;
        }
        if !Engine::singleton().is_editor_hint()
            && let Some(client) = &mut self.client
        {
            client.bind_mut().sample(&mut entities);
        }
        if entities.is_empty() {
            formation(self.preview_count.max(0) as u32, &mut entities);
        }
        let now = Time::singleton().get_ticks_usec() as f64 / 1e6;
        self.fit(&mut multimesh);
        let colors = self.team_colors.as_slice();
        let (count, bounds) = fill(&entities, colors, &mut self.actions, now, self.buffer.as_mut_slice());
        self.entities = entities;
        // Instances beyond the visible count keep old values: nothing reads them.
        multimesh.set_buffer(&self.buffer);
        multimesh.set_visible_instance_count(count as i32);
        multimesh.set_custom_aabb(bounds);
    }

    /// What is missing or wrong; the editor shows it at the node.
    #[func]
    fn list_warnings(&self) -> PackedStringArray {
        let mut warnings = PackedStringArray::new();
        if self.client.is_none() {
            warnings.push("Client is not set: nobody will be drawn.");
        }
        if self.mesh.is_none() {
            warnings.push("Mesh is not set: nothing will be drawn.");
        }
        warnings
    }

    /// Characters drawn now.
    #[func]
    fn get_count(&self) -> i64 {
        self.base()
            .get_multimesh()
            .map_or(0, |multimesh| multimesh.get_visible_instance_count().max(0).into())
    }

    #[func]
    fn get_mesh(&self) -> Option<Gd<Mesh>> {
        self.mesh.clone()
    }

    #[func]
    fn set_mesh(&mut self, mesh: Option<Gd<Mesh>>) {
        if let Some(mut multimesh) = self.base().get_multimesh() {
            multimesh.set_mesh(mesh.as_ref());
        }
        self.mesh = mesh;
        self.base_mut().update_configuration_warnings();
    }

    /// Makes room for `max_instances`, once: changing the number of instances clears a MultiMesh.
    fn fit(&mut self, multimesh: &mut Gd<MultiMesh>) {
        let wanted = self.max_instances.clamp(1, 65_536);
        if multimesh.get_instance_count() != wanted {
            multimesh.set_instance_count(wanted);
        }
        if self.buffer.len() != wanted as usize * FLOATS {
            self.buffer.resize(wanted as usize * FLOATS);
        }
    }
}

#[godot_api]
impl IMultiMeshInstance3D for ShieldwallCrowd3D {
    fn ready(&mut self) {
        // A MultiMesh of its own: one that came with the scene would be shared by all instances of the scene.
        let mut multimesh = MultiMesh::new_gd();
        multimesh.set_transform_format(TransformFormat::TRANSFORM_3D);
        multimesh.set_use_colors(true);
        multimesh.set_use_custom_data(true);
        multimesh.set_mesh(self.mesh.as_ref());
        self.fit(&mut multimesh);
        multimesh.set_visible_instance_count(0);
        self.base_mut().set_multimesh(&multimesh);
        self.base_mut().set_as_top_level(true);
        self.base_mut().set_process(true);
    }

    fn process(&mut self, _delta: f64) {
        self.refresh();
    }

    fn get_configuration_warnings(&self) -> PackedStringArray {
        self.list_warnings()
    }
}

/// Two blocks of soldiers facing each other, ten in a file.
fn formation(count: u32, out: &mut Vec<EntityView>) {
    out.extend((0..count).map(|i| {
        let (team, place) = ((i % 2) as u8, i / 2);
        let side = if team == 0 { -1.0 } else { 1.0 };
        let at = |metres: f64| metres_from_f64(metres);
        EntityView {
            slot: i,
            position: Position {
                x: at(side * (2.0 + f64::from(place % 10) * 1.2)),
                y: Metres(0),
                z: at(f64::from(place / 10) * 1.2),
            },
            velocity: Velocity::default(),
            yaw: Brads(if team == 0 { 49_152 } else { 16_384 }),
            team,
            health: 255 - (i * 37 % 200) as u8,
            alive: true,
            grounded: true,
            action: 0,
            status: status::ALIVE | status::GROUNDED,
            effect: 0,
            class: 0,
        }
    }));
}
