//! The table of characters, what one row means, and the part of it that movement is a function of.

use super::column::table;
use super::commands::CharacterInput;
use super::handle::CharacterId;
use crate::numeric::{Brads, Metres, MetresPerSecond, Position, Velocity};
use bytemuck::{Pod, Zeroable};

/// Bits of the `flags` column and of [`MoveState::flags`].
pub mod flags {
    /// Stands on the terrain.
    pub const GROUNDED: u16 = 1;
    /// Has health; moves, fights, can be hit.
    pub const ALIVE: u16 = 2;
    /// The slot holds a character, alive or dead.
    pub const IN_USE: u16 = 4;
    /// Runs at sprint speed in this tick.
    pub const SPRINTING: u16 = 8;
    /// Has the lower height of a crouch.
    pub const CROUCHED: u16 = 16;
    /// A jump was asked for while none was possible, and will happen as soon as one is.
    pub const JUMP_QUEUED: u16 = 32;
    /// Is stunned by a status effect: without control.
    pub const STUNNED: u16 = 64;
    /// Is held on the spot by a status effect.
    pub const ROOTED: u16 = 128;
    /// Is slowed down by a status effect.
    pub const SLOWED: u16 = 256;
    /// Has too little stamina to dodge and sprint.
    pub const EXHAUSTED: u16 = 512;
    /// Holds up the shield.
    pub const BLOCKING: u16 = 1_024;
    /// What status effects do to a body.
    pub const AFFLICTED: u16 = STUNNED | ROOTED | SLOWED;
    /// Every bit that means something.
    pub const ALL: u16 = 2_047;
}

/// Values of the `motion` column: what the body is doing. `docs/MOVEMENT.md` has the table of transitions.
pub mod motion {
    /// Stands, walks, sprints or crouches on the ground.
    pub const GROUND: u8 = 0;
    /// In the air after a jump.
    pub const JUMP: u8 = 1;
    /// In the air for any other reason.
    pub const FALL: u8 = 2;
    /// On ground that is too steep to stand on.
    pub const SLIDE: u8 = 3;
    /// In water too deep to stand in.
    pub const SWIM: u8 = 4;
    /// In a dodge.
    pub const DODGE: u8 = 5;
    /// Thrown by an impulse, without control.
    pub const KNOCKED: u8 = 6;
    /// Largest value in use.
    pub const MAX: u8 = KNOCKED;
}

/// Values of the `action` column: what the character last began, at `action_tick`.
pub mod action {
    /// Nothing yet since it came.
    pub const NONE: u8 = 0;
    /// Used the first weapon of its kit.
    pub const MELEE: u8 = 1;
    /// Used the second weapon of its kit.
    pub const SHOOT: u8 = 2;
    /// Died.
    pub const DIED: u8 = 3;
    /// Used its first ability.
    pub const ABILITY_1: u8 = 4;
    /// Used its second ability.
    pub const ABILITY_2: u8 = 5;
    /// Prepares what is on the first button; on the others the numbers after it.
    pub const CAST: u8 = 6;
    /// Was broken off in preparing something.
    pub const INTERRUPTED: u8 = 10;
    /// Largest value in use.
    pub const MAX: u8 = INTERRUPTED;
    /// What has been used, by its button.
    pub const USED: [u8; 4] = [MELEE, SHOOT, ABILITY_1, ABILITY_2];

    /// The button of what is being prepared.
    #[must_use]
    #[inline]
    pub const fn cast_button(action: u8) -> Option<usize> {
        if action >= CAST && action < INTERRUPTED { Some((action - CAST) as usize) } else { None }
    }

    /// Whether it is the use of a weapon or an ability.
    #[must_use]
    #[inline]
    pub const fn is_use(action: u8) -> bool {
        matches!(action, MELEE | SHOOT | ABILITY_1 | ABILITY_2)
    }
}

/// All that movement reads and writes of a character: what prediction keeps and the server sends exactly. 40 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Pod, Zeroable)]
pub struct MoveState {
    /// Where the feet are.
    pub position: Position,
    /// Metres per second.
    pub velocity: Velocity,
    /// Where it looks.
    pub yaw: Brads,
    /// Up or down, 1/65536 turn.
    pub pitch: i16,
    /// Bits of [`flags`].
    pub flags: u16,
    /// On the ground: ticks until the next jump is possible. In the air: ticks for which a jump that was asked for is
    /// remembered.
    pub timer: u16,
    /// Movement class: which of the world's rules hold.
    pub class: u8,
    /// Value of [`motion`].
    pub motion: u8,
    /// Ticks since the motion began, where that counts: in a jump, fall, dodge or knock-back; else 0.
    pub motion_ticks: u16,
    /// What it stands on: 0 the terrain or nothing, else the obstacle or platform of this number, counted from 1.
    pub support: u16,
    /// In a dodge its direction (a yaw), else ticks until the next dodge is possible.
    pub dodge_ticks: u16,
}

const _: () = assert!(size_of::<MoveState>() == 40);

table! {
    /// The characters, one row a slot. Free rows are zero but for their generation.
    pub struct Characters, view CharactersView, rows CharacterRows {
        /// East, Q16.16 metres.
        position_x: i32,
        /// Height of the feet, Q16.16 metres.
        position_y: i32,
        /// South, Q16.16 metres.
        position_z: i32,
        /// Q16.16 metres per second.
        velocity_x: i32,
        /// Q16.16 metres per second.
        velocity_y: i32,
        /// Q16.16 metres per second.
        velocity_z: i32,
        /// Where it looks, 1/65536 turn.
        yaw: u16,
        /// Up or down, 1/65536 turn.
        pitch: i16,
        /// Bits of [`flags`].
        flags: u16,
        /// [`MoveState::timer`].
        timer: u16,
        /// Movement class.
        class: u8,
        /// Values of [`motion`].
        motion: u8,
        /// [`MoveState::motion_ticks`].
        motion_ticks: u16,
        /// [`MoveState::support`].
        support: u16,
        /// [`MoveState::dodge_ticks`].
        dodge_ticks: u16,
        /// The input that holds: [`CharacterInput::buttons`].
        input_buttons: u16,
        /// The input that holds: [`CharacterInput::move_right`].
        input_right: i8,
        /// The input that holds: [`CharacterInput::move_forward`].
        input_forward: i8,
        /// The input that holds: [`CharacterInput::yaw`].
        input_yaw: u16,
        /// The input that holds: [`CharacterInput::pitch`].
        input_pitch: i16,
        /// Health; 0 is dead.
        health: u16,
        /// Team, below the world's number of teams.
        team: u8,
        /// What it last began: values of [`action`].
        action: u8,
        /// Tick of the last action.
        action_tick: u32,
        /// First tick at which the first button's weapon is ready.
        primary_ready_tick: u32,
        /// First tick at which the second button's weapon is ready.
        secondary_ready_tick: u32,
        /// First tick at which the first ability is ready.
        ability_1_ready_tick: u32,
        /// First tick at which the second ability is ready.
        ability_2_ready_tick: u32,
        /// Tick of the last hit given or taken.
        combat_tick: u32,
        /// Stamina.
        stamina: u16,
        /// How far the combo of the last weapon has counted.
        combo: u8,
        /// Enemies killed, up to 65,535.
        kills: u16,
        /// Own deaths, up to 65,535.
        deaths: u16,
        /// Enemies that others killed with its help, up to 65,535.
        assists: u16,
        /// Who hurt it last: slot. Nobody where the generation is 0.
        foe_slot: u32,
        /// Who hurt it last: generation.
        foe_generation: u32,
        /// The last other one who hurt it: slot.
        helper_slot: u32,
        /// The last other one who hurt it: generation.
        helper_generation: u32,
        /// Use of the slot: see [`CharacterId`]. Kept when the slot is free; 0 when it never was used.
        generation: u32,
    }
}

/// Bytes that most ticks touch of a row: all but kills, deaths, assists, who hurt it, generation, and what only fighting
/// reads: the ticks of the last action and of readiness, and the combo.
pub const CHARACTER_HOT_BYTES: usize = Characters::BYTES_PER_ROW - (6 + 16 + 4 + 20 + 1);
const _: () = assert!(Characters::BYTES_PER_ROW == 105);
const _: () = assert!(CHARACTER_HOT_BYTES <= 64);

impl Characters {
    /// The id of what lives in a slot.
    #[must_use]
    pub fn id_at(&self, slot: u32) -> Option<CharacterId> {
        self.view().id_at(slot)
    }

    /// The row an id names, if it still does.
    #[must_use]
    pub fn row_of(&self, id: CharacterId) -> Option<usize> {
        (self.id_at(id.slot)? == id).then_some(id.slot as usize)
    }

    /// Sets the first tick at which what is on a button (0 to 3) is ready.
    pub(crate) fn set_ready_tick(&mut self, button: usize, row: usize, tick: u32) {
        let column = match button {
            0 => &mut self.primary_ready_tick,
            1 => &mut self.secondary_ready_tick,
            2 => &mut self.ability_1_ready_tick,
            _ => &mut self.ability_2_ready_tick,
        };
        column[row] = tick;
    }

    /// Sets the input that holds. The caller sanitizes it.
    pub(crate) fn set_input(&mut self, row: usize, input: CharacterInput) {
        self.input_buttons[row] = input.buttons;
        self.input_right[row] = input.move_right;
        self.input_forward[row] = input.move_forward;
        self.input_yaw[row] = input.yaw.0;
        self.input_pitch[row] = input.pitch;
    }
}

impl CharactersView<'_> {
    /// Number of slots, used or free.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.flags.len()
    }

    /// Whether the table has no slots at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.flags.is_empty()
    }

    /// Whether the slot holds a character with health. False for slots that do not exist.
    #[must_use]
    pub fn is_alive(&self, slot: u32) -> bool {
        self.flags.get(slot as usize).is_some_and(|bits| bits & flags::ALIVE != 0)
    }

    /// The id of what lives in a slot, or `None` when it is free or does not exist.
    #[must_use]
    pub fn id_at(&self, slot: u32) -> Option<CharacterId> {
        let in_use = self.flags.get(slot as usize)? & flags::IN_USE != 0;
        in_use.then(|| CharacterId { slot, generation: self.generation[slot as usize] })
    }

    /// First tick at which what is on a button (0 to 3) is ready.
    #[must_use]
    #[inline]
    pub(crate) fn ready_tick(&self, button: usize, row: usize) -> u32 {
        match button {
            0 => self.primary_ready_tick[row],
            1 => self.secondary_ready_tick[row],
            2 => self.ability_1_ready_tick[row],
            _ => self.ability_2_ready_tick[row],
        }
    }

    /// The slots that hold a character, alive or dead, ascending.
    pub fn live_slots(&self) -> impl Iterator<Item = u32> + '_ {
        (0_u32..).zip(self.flags).filter(|(_, bits)| *bits & flags::IN_USE != 0).map(|(slot, _)| slot)
    }

    /// The position of a slot.
    ///
    /// # Panics
    /// When the slot does not exist.
    #[must_use]
    #[inline]
    pub fn position(&self, slot: u32) -> Position {
        let row = slot as usize;
        Position {
            x: Metres(self.position_x[row]),
            y: Metres(self.position_y[row]),
            z: Metres(self.position_z[row]),
        }
    }

    /// The part of a slot that movement is a function of.
    ///
    /// # Panics
    /// When the slot does not exist.
    #[must_use]
    #[inline]
    pub fn move_state(&self, slot: u32) -> MoveState {
        let row = slot as usize;
        MoveState {
            position: self.position(slot),
            velocity: Velocity {
                x: MetresPerSecond(self.velocity_x[row]),
                y: MetresPerSecond(self.velocity_y[row]),
                z: MetresPerSecond(self.velocity_z[row]),
            },
            yaw: Brads(self.yaw[row]),
            pitch: self.pitch[row],
            flags: self.flags[row],
            timer: self.timer[row],
            class: self.class[row],
            motion: self.motion[row],
            motion_ticks: self.motion_ticks[row],
            support: self.support[row],
            dodge_ticks: self.dodge_ticks[row],
        }
    }

    /// The input that holds for a slot.
    ///
    /// # Panics
    /// When the slot does not exist.
    #[must_use]
    pub fn input(&self, slot: u32) -> CharacterInput {
        let row = slot as usize;
        CharacterInput {
            buttons: self.input_buttons[row],
            move_right: self.input_right[row],
            move_forward: self.input_forward[row],
            yaw: Brads(self.input_yaw[row]),
            pitch: self.input_pitch[row],
        }
    }
}

impl CharacterRows<'_> {
    /// The part of a row that movement is a function of.
    #[must_use]
    pub(crate) fn move_state(&self, row: usize) -> MoveState {
        MoveState {
            position: Position {
                x: Metres(self.position_x[row]),
                y: Metres(self.position_y[row]),
                z: Metres(self.position_z[row]),
            },
            velocity: Velocity {
                x: MetresPerSecond(self.velocity_x[row]),
                y: MetresPerSecond(self.velocity_y[row]),
                z: MetresPerSecond(self.velocity_z[row]),
            },
            yaw: Brads(self.yaw[row]),
            pitch: self.pitch[row],
            flags: self.flags[row],
            timer: self.timer[row],
            class: self.class[row],
            motion: self.motion[row],
            motion_ticks: self.motion_ticks[row],
            support: self.support[row],
            dodge_ticks: self.dodge_ticks[row],
        }
    }

    /// Writes what movement made of a row.
    pub(crate) fn set_move_state(&mut self, row: usize, state: &MoveState) {
        self.position_x[row] = state.position.x.0;
        self.position_y[row] = state.position.y.0;
        self.position_z[row] = state.position.z.0;
        self.velocity_x[row] = state.velocity.x.0;
        self.velocity_y[row] = state.velocity.y.0;
        self.velocity_z[row] = state.velocity.z.0;
        self.yaw[row] = state.yaw.0;
        self.pitch[row] = state.pitch;
        self.flags[row] = state.flags;
        self.timer[row] = state.timer;
        self.class[row] = state.class;
        self.motion[row] = state.motion;
        self.motion_ticks[row] = state.motion_ticks;
        self.support[row] = state.support;
        self.dodge_ticks[row] = state.dodge_ticks;
    }

    /// The input that holds for a row.
    #[must_use]
    pub(crate) fn input(&self, row: usize) -> CharacterInput {
        CharacterInput {
            buttons: self.input_buttons[row],
            move_right: self.input_right[row],
            move_forward: self.input_forward[row],
            yaw: Brads(self.input_yaw[row]),
            pitch: self.input_pitch[row],
        }
    }
}
