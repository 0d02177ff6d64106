//! The table of props: loose things that lie about, are pushed, thrown and broken.

use super::column::table;
use super::handle::PropId;
use crate::numeric::{Brads, Metres, MetresPerSecond, Position, Velocity};

/// What a scenery says of a prop that stands in a world from the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PropPlace {
    /// Kind, below [`crate::rules::PROP_KINDS`].
    pub kind: u8,
    /// Its foot; lifted onto the ground where that is higher, and moved inside the world's bounds.
    pub position: Position,
    /// How it is turned. It matters to those who draw it.
    pub yaw: Brads,
}

/// Bits of [`Props::flags`].
pub mod prop_flags {
    /// The row is a prop.
    pub const IN_USE: u8 = 1;
    /// It moves, or may: it is simulated.
    pub const AWAKE: u8 = 2;
    /// It is gone at its end tick.
    pub const FLEETING: u8 = 4;
    /// Every bit that means something.
    pub const ALL: u8 = 7;
}

table! {
    /// The props, one row a slot. Free rows are zero but for their generation.
    pub struct Props, view PropsView, rows PropRows {
        /// Foot, east, Q16.16 metres.
        position_x: i32,
        /// Foot, height, Q16.16 metres.
        position_y: i32,
        /// Foot, south, Q16.16 metres.
        position_z: i32,
        /// Q16.16 metres per second.
        velocity_x: i32,
        /// Q16.16 metres per second.
        velocity_y: i32,
        /// Q16.16 metres per second.
        velocity_z: i32,
        /// Tick at which it is gone by itself; 0 of those that last.
        end_tick: u32,
        /// Use of the slot, never 0 once used. Kept when the slot is free.
        generation: u32,
        /// How it is turned, 1/65536 turn.
        yaw: u16,
        /// Health left; 0 only within the tick in which it breaks.
        health: u16,
        /// Ticks at rest.
        rest_ticks: u16,
        /// Which of the rules' kinds.
        kind: u8,
        /// Bits of [`prop_flags`].
        flags: u8,
    }
}

const _: () = assert!(Props::BYTES_PER_ROW == 40);

impl Props {
    /// Whether a row is a prop that is not simulated.
    pub(crate) fn sleeps(&self, row: usize) -> bool {
        self.flags[row] & (prop_flags::IN_USE | prop_flags::AWAKE) == prop_flags::IN_USE
    }

    /// Wakes a row in use.
    pub(crate) fn wake(&mut self, row: usize) {
        self.flags[row] |= prop_flags::AWAKE;
        self.rest_ticks[row] = 0;
    }

    /// The row of a current id.
    #[must_use]
    pub fn row_of(&self, id: PropId) -> Option<usize> {
        let row = id.slot as usize;
        let used = self.flags.get(row)? & prop_flags::IN_USE != 0;
        (used && self.generation[row] == id.generation).then_some(row)
    }

    pub(crate) fn set_position(&mut self, row: usize, at: Position) {
        (self.position_x[row], self.position_y[row], self.position_z[row]) = (at.x.0, at.y.0, at.z.0);
    }

    pub(crate) fn set_velocity(&mut self, row: usize, velocity: Velocity) {
        self.velocity_x[row] = velocity.x.0;
        self.velocity_y[row] = velocity.y.0;
        self.velocity_z[row] = velocity.z.0;
    }
}

impl PropsView<'_> {
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

    /// The slots in use, ascending.
    pub fn live_slots(&self) -> impl Iterator<Item = u32> + '_ {
        (0_u32..).zip(self.flags).filter(|(_, bits)| **bits & prop_flags::IN_USE != 0).map(|(slot, _)| slot)
    }

    /// Whether a slot is a prop that moves, or may.
    ///
    /// # Panics
    /// When the slot does not exist.
    #[must_use]
    pub fn is_awake(&self, slot: u32) -> bool {
        self.flags[slot as usize] & prop_flags::AWAKE != 0
    }

    /// The foot of a slot.
    ///
    /// # Panics
    /// When the slot does not exist.
    #[must_use]
    pub fn position(&self, slot: u32) -> Position {
        let row = slot as usize;
        Position {
            x: Metres(self.position_x[row]),
            y: Metres(self.position_y[row]),
            z: Metres(self.position_z[row]),
        }
    }

    /// The velocity of a slot.
    ///
    /// # Panics
    /// When the slot does not exist.
    #[must_use]
    pub fn velocity(&self, slot: u32) -> Velocity {
        let row = slot as usize;
        Velocity {
            x: MetresPerSecond(self.velocity_x[row]),
            y: MetresPerSecond(self.velocity_y[row]),
            z: MetresPerSecond(self.velocity_z[row]),
        }
    }

    /// The id of what lies in a slot; `None` when it is free or does not exist.
    #[must_use]
    pub fn id_at(&self, slot: u32) -> Option<PropId> {
        let used = self.flags.get(slot as usize)? & prop_flags::IN_USE != 0;
        used.then(|| PropId { slot, generation: self.generation[slot as usize] })
    }
}
