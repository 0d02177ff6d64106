//! Bodies: their movement, and what is done to them from outside.

use super::Reference;
use shieldwall_core::{Surroundings, Velocity, action, flags, limits, motion, move_character};

/// Fastest speed along an axis, raw.
const SPEED_MAX: i64 = (limits::SPEED_MAX_M_PER_S as i64) << 16;

impl Reference {
    /// One tick of every body.
    pub(super) fn move_bodies(&mut self) {
        let surroundings = Surroundings {
            terrain: self.ground.terrain(),
            obstacles: self.ground.obstacles(),
            tick: self.tick,
        };
        for character in &mut self.characters {
            let body = move_character(character.body(), character.input(), &surroundings, &self.movement);
            character.set_body(&body);
        }
    }

    /// Adds a velocity to that of a living body.
    pub(super) fn throw(&mut self, row: usize, by: Velocity) {
        let character = &mut self.characters[row];
        let sum = |own: i32, more: i32| {
            let sum = (i64::from(own) + i64::from(more)).clamp(i32::MIN.into(), i32::MAX.into());
            sum.clamp(-SPEED_MAX, SPEED_MAX) as i32
        };
        character.velocity_x = sum(character.velocity_x, by.x.0);
        character.velocity_y = sum(character.velocity_y, by.y.0);
        character.velocity_z = sum(character.velocity_z, by.z.0);
        character.flags &= !(flags::SPRINTING | flags::JUMP_QUEUED);
        if character.has(flags::GROUNDED) && character.velocity_y <= 0 {
            character.velocity_y = 0;
        } else {
            character.flags &= !flags::GROUNDED;
            character.support = 0;
        }
        if character.motion == motion::DODGE {
            character.dodge_ticks = 0;
        }
        character.motion = motion::KNOCKED;
        character.motion_ticks = 0;
        character.timer = 0;
    }

    /// Another class: what the body was doing ends, inside the bounds of the new radius.
    pub(super) fn change_class(&mut self, row: usize, class: u8) {
        let edge = self.edge(class);
        let old = &self.characters[row];
        let (x, z) = (old.position_x.clamp(-edge, edge), old.position_z.clamp(-edge, edge));
        let ground = self.ground_at(x, z);
        let fall = -self.config.rules.movement[usize::from(class)].fall_speed_max.0;
        let character = &mut self.characters[row];
        let grounded = character.has(flags::GROUNDED);
        character.class = class;
        if action::cast_button(character.action).is_some() {
            character.action = action::INTERRUPTED;
        }
        (character.position_x, character.position_z) = (x, z);
        if grounded || character.position_y < ground {
            character.position_y = ground;
        }
        if character.is_alive() && character.velocity_y < fall {
            character.velocity_y = fall;
        }
        character.flags &= !(flags::CROUCHED | flags::JUMP_QUEUED | flags::SPRINTING);
        character.motion = if grounded { motion::GROUND } else { motion::FALL };
        character.motion_ticks = 0;
        character.dodge_ticks = 0;
        character.timer = 0;
        character.support = 0;
    }

    /// The ground under a row has changed.
    pub(super) fn follow_ground(&mut self, row: usize) {
        let (x, z) = (self.characters[row].position_x, self.characters[row].position_z);
        let ground = self.ground_at(x, z);
        let class = usize::from(self.characters[row].class);
        let step_down = self.config.rules.movement[class].step_down.0;
        let character = &mut self.characters[row];
        let stands = character.has(flags::GROUNDED);
        let can_follow = !character.is_alive() || character.position_y - ground <= step_down;
        if character.position_y < ground || (stands && can_follow) {
            character.position_y = ground;
            return;
        }
        if !stands {
            return;
        }
        character.flags &= !(flags::GROUNDED | flags::SPRINTING | flags::JUMP_QUEUED);
        if character.motion == motion::DODGE {
            character.dodge_ticks = 0;
        }
        if character.motion != motion::KNOCKED {
            character.motion = motion::FALL;
            character.motion_ticks = 0;
        }
        character.timer = 0;
    }
}
