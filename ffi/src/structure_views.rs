//! What stands in a world, what lies about in it and what teams fight over, as C reads them: pointers into the world, no copy.

use shieldwall_core::PropsView;
use shieldwall_core::state::objectives::ObjectivesView;
use shieldwall_core::state::structures::StructuresView;

/// The columns of the sections of structures, each `count` elements long, by number of the section.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SwStructuresView {
    /// sizeof(SwStructuresView), set by the caller.
    pub struct_size: u32,
    /// Zero.
    pub reserved: u32,
    /// Number of sections of the scenery.
    pub count: usize,
    /// Number of the shape in the scenery.
    pub shape: *const u32,
    /// Which kind of the rules' tables `structure`.
    pub kind: *const u8,
    /// Health that is left; 0 for what has fallen.
    pub health: *const u32,
}

impl SwStructuresView {
    pub(crate) fn of(view: &StructuresView<'_>) -> SwStructuresView {
        SwStructuresView {
            struct_size: size_of::<SwStructuresView>() as u32,
            reserved: 0,
            count: view.len(),
            shape: view.shape.as_ptr(),
            kind: view.kind.as_ptr(),
            health: view.health.as_ptr(),
        }
    }
}

/// The columns of the capture points, each `count` elements long, by number of the point.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SwObjectivesView {
    /// sizeof(SwObjectivesView), set by the caller.
    pub struct_size: u32,
    /// Zero.
    pub reserved: u32,
    /// Number of capture points of the scenery.
    pub count: usize,
    /// Where its flag is, or the middle of its ring: east, Q16.16 metres.
    pub position_x: *const i32,
    /// Height, Q16.16 metres.
    pub position_y: *const i32,
    /// South, Q16.16 metres.
    pub position_z: *const i32,
    /// How far the contender has come: 1/256 of what one fighter gains in a tick.
    pub progress: *const u32,
    /// Ticks until a dropped flag goes back.
    pub timer: *const u32,
    /// Who carries the flag: slot. Nobody where the generation is 0.
    pub carrier_slot: *const u32,
    /// Who carries the flag: generation.
    pub carrier_generation: *const u32,
    /// Which kind of the rules' tables `objective`.
    pub kind: *const u8,
    /// Team that has it; 255 for nobody.
    pub owner: *const u8,
    /// Team that `progress` is of; 255 for nobody.
    pub contender: *const u8,
    /// 2: somebody carries its flag. 4: the flag lies where it was dropped.
    pub flags: *const u8,
    /// Teams of which somebody lives in the ring, one bit each.
    pub present: *const u16,
}

impl SwObjectivesView {
    pub(crate) fn of(view: &ObjectivesView<'_>) -> SwObjectivesView {
        SwObjectivesView {
            struct_size: size_of::<SwObjectivesView>() as u32,
            reserved: 0,
            count: view.len(),
            position_x: view.position_x.as_ptr(),
            position_y: view.position_y.as_ptr(),
            position_z: view.position_z.as_ptr(),
            progress: view.progress.as_ptr(),
            timer: view.timer.as_ptr(),
            carrier_slot: view.carrier_slot.as_ptr(),
            carrier_generation: view.carrier_generation.as_ptr(),
            kind: view.kind.as_ptr(),
            owner: view.owner.as_ptr(),
            contender: view.contender.as_ptr(),
            flags: view.flags.as_ptr(),
            present: view.present.as_ptr(),
        }
    }
}

/// `flags` of a prop: the slot holds a prop.
pub const SW_PROP_IN_USE: u8 = 1;
/// `flags` of a prop: it moves, or may.
pub const SW_PROP_AWAKE: u8 = 2;
/// `flags` of a prop: it is gone at its end tick.
pub const SW_PROP_FLEETING: u8 = 4;

/// The columns of the props, each `count` elements long, by slot. Slots without `SW_PROP_IN_USE` hold nothing. The id of the prop
/// in slot `i` is `((uint64_t)generation[i] << 32) | i`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SwPropsView {
    /// sizeof(SwPropsView), set by the caller.
    pub struct_size: u32,
    /// Zero.
    pub reserved: u32,
    /// Number of slots: the world's capacity.
    pub count: usize,
    /// Foot, east, Q16.16 metres.
    pub position_x: *const i32,
    /// Foot, height, Q16.16 metres.
    pub position_y: *const i32,
    /// Foot, south, Q16.16 metres.
    pub position_z: *const i32,
    /// Q16.16 metres per second.
    pub velocity_x: *const i32,
    /// Q16.16 metres per second.
    pub velocity_y: *const i32,
    /// Q16.16 metres per second.
    pub velocity_z: *const i32,
    /// How it is turned, 65536 = a full turn.
    pub yaw: *const u16,
    /// Health that is left.
    pub health: *const u16,
    /// Which kind of the rules' tables `prop`.
    pub kind: *const u8,
    /// Bits `SW_PROP_…`.
    pub flags: *const u8,
    /// Which use of the slot it is.
    pub generation: *const u32,
}

impl SwPropsView {
    pub(crate) fn of(view: &PropsView<'_>) -> SwPropsView {
        SwPropsView {
            struct_size: size_of::<SwPropsView>() as u32,
            reserved: 0,
            count: view.len(),
            position_x: view.position_x.as_ptr(),
            position_y: view.position_y.as_ptr(),
            position_z: view.position_z.as_ptr(),
            velocity_x: view.velocity_x.as_ptr(),
            velocity_y: view.velocity_y.as_ptr(),
            velocity_z: view.velocity_z.as_ptr(),
            yaw: view.yaw.as_ptr(),
            health: view.health.as_ptr(),
            kind: view.kind.as_ptr(),
            flags: view.flags.as_ptr(),
            generation: view.generation.as_ptr(),
        }
    }
}
