//! Views: pointers into the columns of a world, for reading without a copy. Built from slices here, read by C.
//!
//! A view's pointers are valid until the next `sw_world_step`, `sw_world_restore` or `sw_world_destroy` of the same
//! world, and other threads may read through them until then.

use shieldwall_core::{CharactersView, ProjectilesView};

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
    /// What it last began: 0 nothing, 1 melee, 2 shoot, 3 died.
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
        }
    }
}
