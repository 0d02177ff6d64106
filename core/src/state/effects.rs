//! The table of status effects at work: one row for each that lasts on somebody. What they do is in
//! [`crate::systems::effects`].

use super::column::table;
use super::handle::CharacterId;
use crate::rules::Arm;

table! {
    /// The status effects at work, one row a slot. Free rows are zero but for their generation.
    pub struct Effects, view EffectsView, rows EffectRows {
        /// On whom: slot.
        target_slot: u32,
        /// On whom: generation.
        target_generation: u32,
        /// By whom: slot.
        source_slot: u32,
        /// By whom: generation.
        source_generation: u32,
        /// Tick at which it ends.
        end_tick: u32,
        /// Tick of the next pulse.
        pulse_tick: u32,
        /// Use of the slot, never 0 once used. Kept when the slot is free.
        generation: u32,
        /// Which effect of the rules, counted from 1; 0 is a free row.
        kind: u8,
        /// How often it has piled up, from 1 on.
        stacks: u8,
        /// The weapon or ability that left it.
        arm: u8,
    }
}

const _: () = assert!(Effects::BYTES_PER_ROW == 31);

impl EffectsView<'_> {
    /// Number of slots, used or free.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.kind.len()
    }

    /// Whether the table has no slots at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.kind.is_empty()
    }

    /// The slots at work, ascending.
    pub fn live_slots(&self) -> impl Iterator<Item = u32> + '_ {
        (0_u32..).zip(self.kind).filter(|(_, kind)| **kind != 0).map(|(slot, _)| slot)
    }

    /// Whom a row works on.
    ///
    /// # Panics
    /// When the slot does not exist.
    #[must_use]
    pub fn target(&self, slot: u32) -> CharacterId {
        let row = slot as usize;
        CharacterId { slot: self.target_slot[row], generation: self.target_generation[row] }
    }

    /// Whose it is.
    ///
    /// # Panics
    /// When the slot does not exist.
    #[must_use]
    pub fn source(&self, slot: u32) -> CharacterId {
        let row = slot as usize;
        CharacterId { slot: self.source_slot[row], generation: self.source_generation[row] }
    }

    /// What left it.
    ///
    /// # Panics
    /// When the slot does not exist.
    #[must_use]
    pub fn arm(&self, slot: u32) -> Arm {
        Arm(self.arm[slot as usize])
    }
}
