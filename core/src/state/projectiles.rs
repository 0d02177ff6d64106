//! The table of projectiles in flight.

use super::column::table;
use super::handle::CharacterId;
use crate::numeric::{Metres, Position};

table! {
    /// The projectiles, one row a slot. Free rows are zero but for their generation.
    pub struct Projectiles, view ProjectilesView, rows ProjectileRows {
        /// East, Q16.16 metres.
        position_x: i32,
        /// Height, Q16.16 metres.
        position_y: i32,
        /// South, Q16.16 metres.
        position_z: i32,
        /// Q16.16 metres per second.
        velocity_x: i32,
        /// Q16.16 metres per second.
        velocity_y: i32,
        /// Q16.16 metres per second.
        velocity_z: i32,
        /// Slot of the character that shot.
        owner_slot: u32,
        /// Generation of the character that shot.
        owner_generation: u32,
        /// Tick at which it ends by itself.
        end_tick: u32,
        /// Use of the slot, never 0 once used. Kept when the slot is free.
        generation: u32,
        /// Slot of the body that it went through last, counted from 1; 0 for none.
        pierced_slot: u32,
        /// Team of the character that shot.
        team: u8,
        /// What it is: an [`crate::rules::Arm`].
        arm: u8,
        /// Bodies that it went through.
        pierced: u8,
        /// How far the combo counted with which it was let go.
        combo: u8,
        /// 1 in flight, 0 free.
        alive: u8,
    }
}

const _: () = assert!(Projectiles::BYTES_PER_ROW == 49);

impl ProjectilesView<'_> {
    /// Number of slots, used or free.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.alive.len()
    }

    /// Whether the table has no slots at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.alive.is_empty()
    }

    /// The slots in flight, ascending.
    pub fn live_slots(&self) -> impl Iterator<Item = u32> + '_ {
        (0_u32..).zip(self.alive).filter(|(_, alive)| **alive != 0).map(|(slot, _)| slot)
    }

    /// The position of a slot.
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

    /// Who shot what flies in a slot.
    ///
    /// # Panics
    /// When the slot does not exist.
    #[must_use]
    pub fn owner(&self, slot: u32) -> CharacterId {
        let row = slot as usize;
        CharacterId { slot: self.owner_slot[row], generation: self.owner_generation[row] }
    }
}
