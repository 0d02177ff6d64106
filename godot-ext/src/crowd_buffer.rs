//! The instance buffer of a MultiMesh: how others become floats. No engine call in here.
//!
//! Godot's layout for 3D with colours and custom data, 20 floats an instance: a 3×4 transform by rows, the team's
//! colour, then health 0 to 1, progress of the last action 0 to 1, which action, 1 for the living.

use godot::prelude::*;
use shieldwall_net::client::EntityView;

use crate::convert::{brads_to_radians, position_to_vector};

/// Floats of one instance.
pub(crate) const FLOATS: usize = 20;
/// Seconds that an action is shown.
const ACTION_S: f64 = 0.45;
/// Height of a lying body's axis above the ground.
const LYING_M: f32 = 0.25;

/// When each slot began what it does: the network says only that it does.
#[derive(Default)]
pub(crate) struct ActionClock {
    by_slot: Vec<(u8, f64)>,
}

impl ActionClock {
    /// Progress, 0 to 1, of what the slot does at `now` (seconds).
    fn progress(&mut self, slot: u32, action: u8, now: f64) -> f32 {
        let slot = slot as usize;
        if slot >= self.by_slot.len() {
            self.by_slot.resize(slot + 1, (0, f64::MIN));
        }
        let (shown, began) = &mut self.by_slot[slot];
        if action != 0 && (*shown != action || now - *began > ACTION_S) {
            (*shown, *began) = (action, now);
        }
        if action == 0 && now - *began > ACTION_S {
            *shown = 0;
        }
        ((now - *began) / ACTION_S).clamp(0.0, 1.0) as f32
    }

    fn action(&self, slot: u32) -> u8 {
        self.by_slot[slot as usize].0
    }
}

/// Fills as many instances as the buffer has room for; answers how many, and the box around them.
pub(crate) fn fill(
    entities: &[EntityView],
    team_colors: &[Color],
    actions: &mut ActionClock,
    now: f64,
    buffer: &mut [f32],
) -> (usize, Aabb) {
    let (mut low, mut high) = (Vector3::splat(f32::MAX), Vector3::splat(f32::MIN));
    let mut filled = 0;
    for (entity, instance) in entities.iter().zip(buffer.as_chunks_mut::<FLOATS>().0) {
        let position = position_to_vector(entity.position);
        low = low.coord_min(position);
        high = high.coord_max(position);
        let progress = actions.progress(entity.slot, entity.action, now);
        let color = team_colors.get(usize::from(entity.team)).copied().unwrap_or(Color::WHITE);
        let (sin, cos) = brads_to_radians(entity.yaw).sin_cos();
        // By rows. The dead lie on their backs: a quarter turn about the own x axis.
        let [ox, oy, oz] = [position.x, position.y, position.z];
        let transform = if entity.alive {
            [cos, 0.0, sin, ox, 0.0, 1.0, 0.0, oy, -sin, 0.0, cos, oz]
        } else {
            [cos, sin, 0.0, ox, 0.0, 0.0, -1.0, oy + LYING_M, -sin, cos, 0.0, oz]
        };
        instance[..12].copy_from_slice(&transform);
        instance[12..16].copy_from_slice(&[color.r, color.g, color.b, 1.0]);
        let alive = if entity.alive { 1.0 } else { 0.0 };
        let action = f32::from(actions.action(entity.slot));
        instance[16..].copy_from_slice(&[f32::from(entity.health) / 255.0, progress, action, alive]);
        filled += 1;
    }
    if filled == 0 {
        return (0, Aabb::default());
    }
    // Bodies reach beyond their feet.
    let margin = Vector3::new(2.0, 0.5, 2.0);
    let (low, high) = (low - margin, high + margin + Vector3::new(0.0, 2.5, 0.0));
    (filled, Aabb::new(low, high - low))
}
