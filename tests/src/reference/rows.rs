//! What a character, an arrow, a status effect and a prop are: every value of a slot.

use shieldwall_core::{
    Brads, CharacterInput, CharactersView, EffectsView, Metres, MetresPerSecond, MoveState, Position,
    ProjectilesView, PropsView, Velocity, flags,
};

macro_rules! row {
    ($(#[$doc:meta])* $name:ident of $view:ident { $($field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name {
            $(#[doc = concat!("The column `", stringify!($field), "`.")] pub $field: $type,)*
        }

        impl $name {
            /// The same of a world of the kernel.
            #[must_use]
            pub fn read(view: &$view<'_>, slot: usize) -> Self {
                Self { $($field: view.$field[slot],)* }
            }
        }
    };
}

row! {
    /// A character, or a free slot.
    Character of CharactersView {
        position_x: i32, position_y: i32, position_z: i32,
        velocity_x: i32, velocity_y: i32, velocity_z: i32,
        yaw: u16, pitch: i16, flags: u16, timer: u16,
        class: u8, motion: u8, motion_ticks: u16, support: u16, dodge_ticks: u16,
        input_buttons: u16, input_right: i8, input_forward: i8, input_yaw: u16, input_pitch: i16,
        health: u16, team: u8, action: u8,
        action_tick: u32, primary_ready_tick: u32, secondary_ready_tick: u32,
        ability_1_ready_tick: u32, ability_2_ready_tick: u32, combat_tick: u32,
        stamina: u16, combo: u8, kills: u16, deaths: u16, assists: u16,
        foe_slot: u32, foe_generation: u32, helper_slot: u32, helper_generation: u32, generation: u32,
    }
}

row! {
    /// A projectile, or a free slot.
    Arrow of ProjectilesView {
        position_x: i32, position_y: i32, position_z: i32,
        velocity_x: i32, velocity_y: i32, velocity_z: i32,
        owner_slot: u32, owner_generation: u32, end_tick: u32, generation: u32,
        pierced_slot: u32, team: u8, arm: u8, pierced: u8, combo: u8, alive: u8,
    }
}

row! {
    /// A status effect at work, or a free slot.
    Effect of EffectsView {
        target_slot: u32, target_generation: u32, source_slot: u32, source_generation: u32,
        end_tick: u32, pulse_tick: u32, generation: u32, kind: u8, stacks: u8, arm: u8,
    }
}

row! {
    /// A prop, or a free slot.
    Prop of PropsView {
        position_x: i32, position_y: i32, position_z: i32,
        velocity_x: i32, velocity_y: i32, velocity_z: i32,
        end_tick: u32, generation: u32, yaw: u16, health: u16, rest_ticks: u16, kind: u8, flags: u8,
    }
}

impl Character {
    pub(super) fn is_alive(&self) -> bool {
        self.flags & flags::ALIVE != 0
    }

    pub(super) fn has(&self, bits: u16) -> bool {
        self.flags & bits == bits
    }

    pub(super) fn is_pressing(&self, button: u16) -> bool {
        self.input_buttons & button != 0
    }

    /// When what is on a button is ready.
    pub(super) fn ready_tick(&self, button: usize) -> u32 {
        let all = [
            self.primary_ready_tick,
            self.secondary_ready_tick,
            self.ability_1_ready_tick,
            self.ability_2_ready_tick,
        ];
        all[button]
    }

    /// The same, to be set.
    pub(super) fn ready_tick_mut(&mut self, button: usize) -> &mut u32 {
        match button {
            0 => &mut self.primary_ready_tick,
            1 => &mut self.secondary_ready_tick,
            2 => &mut self.ability_1_ready_tick,
            _ => &mut self.ability_2_ready_tick,
        }
    }

    pub(super) fn position(&self) -> Position {
        Position::from_raw(self.position_x, self.position_y, self.position_z)
    }

    pub(super) fn input(&self) -> CharacterInput {
        CharacterInput {
            buttons: self.input_buttons,
            move_right: self.input_right,
            move_forward: self.input_forward,
            yaw: Brads(self.input_yaw),
            pitch: self.input_pitch,
        }
    }

    /// What movement is a function of.
    pub(super) fn body(&self) -> MoveState {
        MoveState {
            position: self.position(),
            velocity: Velocity {
                x: MetresPerSecond(self.velocity_x),
                y: MetresPerSecond(self.velocity_y),
                z: MetresPerSecond(self.velocity_z),
            },
            yaw: Brads(self.yaw),
            pitch: self.pitch,
            flags: self.flags,
            timer: self.timer,
            class: self.class,
            motion: self.motion,
            motion_ticks: self.motion_ticks,
            support: self.support,
            dodge_ticks: self.dodge_ticks,
        }
    }

    /// What movement made of it.
    pub(super) fn set_body(&mut self, body: &MoveState) {
        let (Position { x: Metres(x), y: Metres(y), z: Metres(z) }, speed) = (body.position, body.velocity);
        (self.position_x, self.position_y, self.position_z) = (x, y, z);
        (self.velocity_x, self.velocity_y, self.velocity_z) = (speed.x.0, speed.y.0, speed.z.0);
        (self.yaw, self.pitch, self.flags) = (body.yaw.0, body.pitch, body.flags);
        (self.timer, self.class, self.motion) = (body.timer, body.class, body.motion);
        (self.motion_ticks, self.support) = (body.motion_ticks, body.support);
        self.dodge_ticks = body.dodge_ticks;
    }
}
