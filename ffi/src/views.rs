//! Views: pointers into the columns of a world, for reading without a copy. Built from slices here, read by C.
//!
//! A view's pointers are valid until the next `sw_world_step`, `sw_world_restore` or `sw_world_destroy` of the same
//! world, and other threads may read through them until then.

use shieldwall_core::{CharactersView, EffectsView, ProjectilesView};

use crate::types::SwEvent;

/// The events of the last step, in their canonical order. `event_size` is this library's sizeof(SwEvent): go from one
/// event to the next by it, so that an older caller reads a newer library's events.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SwEventsView {
    /// sizeof(SwEventsView), set by the caller.
    pub struct_size: u32,
    /// Bytes from one event to the next.
    pub event_size: u32,
    /// Number of events.
    pub count: usize,
    /// The first event; do not read when `count` is 0.
    pub events: *const SwEvent,
    /// Zero.
    pub reserved: u64,
}

impl SwEventsView {
    pub(crate) fn of(events: &[SwEvent]) -> SwEventsView {
        SwEventsView {
            struct_size: size_of::<SwEventsView>() as u32,
            event_size: size_of::<SwEvent>() as u32,
            count: events.len(),
            events: events.as_ptr(),
            reserved: 0,
        }
    }
}

/// `flags` of a character: stands on the ground.
pub const SW_FLAG_GROUNDED: u16 = 1;
/// `flags` of a character: has health.
pub const SW_FLAG_ALIVE: u16 = 2;
/// `flags` of a character: the slot holds a character, alive or dead.
pub const SW_FLAG_IN_USE: u16 = 4;
/// `flags` of a character: runs at sprint speed.
pub const SW_FLAG_SPRINTING: u16 = 8;
/// `flags` of a character: has the lower height of a crouch.
pub const SW_FLAG_CROUCHED: u16 = 16;
/// `flags` of a character: a jump was asked for and will happen as soon as one is possible.
pub const SW_FLAG_JUMP_QUEUED: u16 = 32;
/// `flags` of a character: a status effect takes all control.
pub const SW_FLAG_STUNNED: u16 = 64;
/// `flags` of a character: a status effect holds it on the spot.
pub const SW_FLAG_ROOTED: u16 = 128;
/// `flags` of a character: a status effect slows it down.
pub const SW_FLAG_SLOWED: u16 = 256;
/// `flags` of a character: has too little stamina to dodge and sprint.
pub const SW_FLAG_EXHAUSTED: u16 = 512;
/// `flags` of a character: holds up the shield.
pub const SW_FLAG_BLOCKING: u16 = 1024;

/// `motion` of a character: stands, walks, sprints or crouches.
pub const SW_MOTION_GROUND: u8 = 0;
/// `motion` of a character: in the air after a jump.
pub const SW_MOTION_JUMP: u8 = 1;
/// `motion` of a character: in the air for any other reason.
pub const SW_MOTION_FALL: u8 = 2;
/// `motion` of a character: on ground too steep to stand on.
pub const SW_MOTION_SLIDE: u8 = 3;
/// `motion` of a character: in water too deep to stand in.
pub const SW_MOTION_SWIM: u8 = 4;
/// `motion` of a character: in a dodge.
pub const SW_MOTION_DODGE: u8 = 5;
/// `motion` of a character: thrown by an impulse.
pub const SW_MOTION_KNOCKED: u8 = 6;

/// `action` of a character: nothing yet since it came.
pub const SW_ACTION_NONE: u8 = 0;
/// `action` of a character: used the first weapon of its kit.
pub const SW_ACTION_MELEE: u8 = 1;
/// `action` of a character: used the second weapon of its kit.
pub const SW_ACTION_SHOOT: u8 = 2;
/// `action` of a character: died.
pub const SW_ACTION_DIED: u8 = 3;
/// `action` of a character: used its first ability.
pub const SW_ACTION_ABILITY_1: u8 = 4;
/// `action` of a character: used its second ability.
pub const SW_ACTION_ABILITY_2: u8 = 5;
/// `action` of a character: prepares the first weapon; with 1, 2 and 3 more the second one and the two abilities.
pub const SW_ACTION_CAST: u8 = 6;
/// `action` of a character: was broken off in preparing something.
pub const SW_ACTION_INTERRUPTED: u8 = 10;

/// The columns of the characters, each `count` elements long, by slot. Slots without `SW_FLAG_IN_USE` hold nothing.
/// The id of the character in slot `i` is `((uint64_t)generation[i] << 32) | i`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SwCharactersView {
    /// sizeof(SwCharactersView), set by the caller.
    pub struct_size: u32,
    /// Zero.
    pub reserved: u32,
    /// Number of slots: the world's capacity.
    pub count: usize,
    /// East, Q16.16 metres.
    pub position_x: *const i32,
    /// Up (the feet), Q16.16 metres.
    pub position_y: *const i32,
    /// South, Q16.16 metres.
    pub position_z: *const i32,
    /// Q16.16 metres per second.
    pub velocity_x: *const i32,
    /// Q16.16 metres per second.
    pub velocity_y: *const i32,
    /// Q16.16 metres per second.
    pub velocity_z: *const i32,
    /// Where it looks, 65536 = a full turn.
    pub yaw: *const u16,
    /// Up is positive, in the same unit.
    pub pitch: *const i16,
    /// Bits `SW_FLAG_…`.
    pub flags: *const u16,
    /// On the ground: ticks until the next jump is possible. In the air: ticks for which a jump is remembered.
    pub timer: *const u16,
    /// The input that holds: bits `SW_BUTTON_…`.
    pub input_buttons: *const u16,
    /// The input that holds.
    pub input_right: *const i8,
    /// The input that holds.
    pub input_forward: *const i8,
    /// The input that holds.
    pub input_yaw: *const u16,
    /// Health; 0 is dead.
    pub health: *const u16,
    /// Team, from 0.
    pub team: *const u8,
    /// What it last began: `SW_ACTION_…`.
    pub action: *const u8,
    /// Tick of the last action.
    pub action_tick: *const u32,
    /// Tick of the last hit given or taken.
    pub combat_tick: *const u32,
    /// Enemies killed.
    pub kills: *const u16,
    /// Own deaths.
    pub deaths: *const u16,
    /// Upper half of the id.
    pub generation: *const u32,
    /// Movement class, below `SW_MOVEMENT_CLASSES`.
    pub movement_class: *const u8,
    /// `SW_MOTION_…`.
    pub motion: *const u8,
    /// Ticks since the motion began, in a jump, fall, dodge or knock-back.
    pub motion_ticks: *const u16,
    /// What it stands on: 0 the terrain or nothing, else the number of an obstacle or platform, from 1.
    pub support: *const u16,
    /// In a dodge its direction, else ticks until the next one is possible.
    pub dodge_ticks: *const u16,
    /// First tick at which the first weapon is ready.
    pub primary_ready_tick: *const u32,
    /// First tick at which the second weapon is ready.
    pub secondary_ready_tick: *const u32,
    /// First tick at which the first ability is ready.
    pub ability_1_ready_tick: *const u32,
    /// First tick at which the second ability is ready.
    pub ability_2_ready_tick: *const u32,
    /// Stamina.
    pub stamina: *const u16,
    /// How far the combo of the last weapon has counted.
    pub combo: *const u8,
    /// Enemies that others killed with its help.
    pub assists: *const u16,
    /// Who hurt it last: slot. Nobody where the generation is 0.
    pub foe_slot: *const u32,
    /// Who hurt it last: generation.
    pub foe_generation: *const u32,
    /// The last other one who hurt it: slot. Nobody where the generation is 0.
    pub helper_slot: *const u32,
    /// The last other one who hurt it: generation.
    pub helper_generation: *const u32,
}

impl SwCharactersView {
    pub(crate) fn of(view: &CharactersView<'_>) -> SwCharactersView {
        SwCharactersView {
            struct_size: size_of::<SwCharactersView>() as u32,
            reserved: 0,
            count: view.len(),
            position_x: view.position_x.as_ptr(),
            position_y: view.position_y.as_ptr(),
            position_z: view.position_z.as_ptr(),
            velocity_x: view.velocity_x.as_ptr(),
            velocity_y: view.velocity_y.as_ptr(),
            velocity_z: view.velocity_z.as_ptr(),
            yaw: view.yaw.as_ptr(),
            pitch: view.pitch.as_ptr(),
            flags: view.flags.as_ptr(),
            timer: view.timer.as_ptr(),
            input_buttons: view.input_buttons.as_ptr(),
            input_right: view.input_right.as_ptr(),
            input_forward: view.input_forward.as_ptr(),
            input_yaw: view.input_yaw.as_ptr(),
            health: view.health.as_ptr(),
            team: view.team.as_ptr(),
            action: view.action.as_ptr(),
            action_tick: view.action_tick.as_ptr(),
            combat_tick: view.combat_tick.as_ptr(),
            kills: view.kills.as_ptr(),
            deaths: view.deaths.as_ptr(),
            generation: view.generation.as_ptr(),
            movement_class: view.class.as_ptr(),
            motion: view.motion.as_ptr(),
            motion_ticks: view.motion_ticks.as_ptr(),
            support: view.support.as_ptr(),
            dodge_ticks: view.dodge_ticks.as_ptr(),
            primary_ready_tick: view.primary_ready_tick.as_ptr(),
            secondary_ready_tick: view.secondary_ready_tick.as_ptr(),
            ability_1_ready_tick: view.ability_1_ready_tick.as_ptr(),
            ability_2_ready_tick: view.ability_2_ready_tick.as_ptr(),
            stamina: view.stamina.as_ptr(),
            combo: view.combo.as_ptr(),
            assists: view.assists.as_ptr(),
            foe_slot: view.foe_slot.as_ptr(),
            foe_generation: view.foe_generation.as_ptr(),
            helper_slot: view.helper_slot.as_ptr(),
            helper_generation: view.helper_generation.as_ptr(),
        }
    }
}

/// The columns of the projectiles, each `count` elements long, by slot. Slots that are not alive hold nothing.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SwProjectilesView {
    /// sizeof(SwProjectilesView), set by the caller.
    pub struct_size: u32,
    /// Zero.
    pub reserved: u32,
    /// Number of slots: the world's capacity.
    pub count: usize,
    /// East, Q16.16 metres.
    pub position_x: *const i32,
    /// Up, Q16.16 metres.
    pub position_y: *const i32,
    /// South, Q16.16 metres.
    pub position_z: *const i32,
    /// Q16.16 metres per second.
    pub velocity_x: *const i32,
    /// Q16.16 metres per second.
    pub velocity_y: *const i32,
    /// Q16.16 metres per second.
    pub velocity_z: *const i32,
    /// Team of the shooter.
    pub team: *const u8,
    /// 1 in flight, 0 free.
    pub alive: *const u8,
    /// What it is: `SW_WEAPON_…`.
    pub weapon: *const u8,
    /// Who shot: slot.
    pub owner_slot: *const u32,
    /// Who shot: generation.
    pub owner_generation: *const u32,
    /// Tick at which it ends by itself.
    pub end_tick: *const u32,
    /// Use of the slot: tells what flies there from what flew there before.
    pub generation: *const u32,
    /// Bodies that it went through.
    pub pierced: *const u8,
}

impl SwProjectilesView {
    pub(crate) fn of(view: &ProjectilesView<'_>) -> SwProjectilesView {
        SwProjectilesView {
            struct_size: size_of::<SwProjectilesView>() as u32,
            reserved: 0,
            count: view.len(),
            position_x: view.position_x.as_ptr(),
            position_y: view.position_y.as_ptr(),
            position_z: view.position_z.as_ptr(),
            velocity_x: view.velocity_x.as_ptr(),
            velocity_y: view.velocity_y.as_ptr(),
            velocity_z: view.velocity_z.as_ptr(),
            team: view.team.as_ptr(),
            alive: view.alive.as_ptr(),
            weapon: view.arm.as_ptr(),
            owner_slot: view.owner_slot.as_ptr(),
            owner_generation: view.owner_generation.as_ptr(),
            end_tick: view.end_tick.as_ptr(),
            generation: view.generation.as_ptr(),
            pierced: view.pierced.as_ptr(),
        }
    }
}

/// The columns of the status effects at work, each `count` elements long, by slot. Slots whose `kind` is 0 hold nothing.
/// An id is `((uint64_t)generation << 32) | slot`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SwEffectsView {
    /// sizeof(SwEffectsView), set by the caller.
    pub struct_size: u32,
    /// Zero.
    pub reserved: u32,
    /// Number of slots.
    pub count: usize,
    /// Which: `SW_EFFECT_…`; 0 where there is none.
    pub kind: *const u8,
    /// How often it has piled up, from 1 on.
    pub stacks: *const u8,
    /// The weapon or ability that left it: `SW_WEAPON_…`.
    pub weapon: *const u8,
    /// On whom: slot.
    pub target_slot: *const u32,
    /// On whom: generation.
    pub target_generation: *const u32,
    /// By whom: slot. This may be somebody who is gone by now.
    pub source_slot: *const u32,
    /// By whom: generation.
    pub source_generation: *const u32,
    /// Tick at which it ends.
    pub end_tick: *const u32,
    /// Tick of the next pulse, for those that have pulses.
    pub pulse_tick: *const u32,
    /// Use of the slot: tells what is there from what was there before.
    pub generation: *const u32,
}

impl SwEffectsView {
    pub(crate) fn of(view: &EffectsView<'_>) -> SwEffectsView {
        SwEffectsView {
            struct_size: size_of::<SwEffectsView>() as u32,
            reserved: 0,
            count: view.len(),
            kind: view.kind.as_ptr(),
            stacks: view.stacks.as_ptr(),
            weapon: view.arm.as_ptr(),
            target_slot: view.target_slot.as_ptr(),
            target_generation: view.target_generation.as_ptr(),
            source_slot: view.source_slot.as_ptr(),
            source_generation: view.source_generation.as_ptr(),
            end_tick: view.end_tick.as_ptr(),
            pulse_tick: view.pulse_tick.as_ptr(),
            generation: view.generation.as_ptr(),
        }
    }
}
