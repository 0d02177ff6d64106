//! The table of minds: characters that nobody plays. A row says whom it steers and what it is about; body, health and
//! weapons are the character's, whose input it writes.

use super::column::table;
use super::handle::CharacterId;
use crate::numeric::Metres;

/// Values of the `mood` column: what it is about.
pub mod mood {
    /// Stands about.
    pub const IDLE: u8 = 0;
    /// Walks to a place near its home.
    pub const WANDER: u8 = 1;
    /// Goes after its target.
    pub const CHASE: u8 = 2;
    /// Has its target in range.
    pub const ATTACK: u8 = 3;
    /// Goes home, and pays attention to nobody until it is halfway there.
    pub const RETURN: u8 = 4;
    /// Runs from its target.
    pub const FLEE: u8 = 5;
    /// Largest value in use.
    pub const MAX: u8 = FLEE;
}

/// Bits of the `steer` column: how it carries out what it decided, until it thinks again.
pub mod steer {
    /// Goes to where its target is in each tick, not to `way`.
    pub const AT_TARGET: u8 = 1;
    /// `way` is a stage on the way round something: it thinks again when it gets there.
    pub const STAGE: u8 = 2;
    /// Stays where it is.
    pub const HOLD: u8 = 4;
    /// Runs.
    pub const SPRINT: u8 = 8;
    /// Nothing stands between it and its target: it may shoot.
    pub const SIGHT: u8 = 16;
    /// Every bit that means something.
    pub const ALL: u8 = 31;
}

table! {
    /// The minds, one row a slot. Free rows are zero but for their generation.
    pub struct Npcs, view NpcsView, rows NpcRows {
        /// Slot of the character it steers.
        character_slot: u32,
        /// Generation of the character it steers; 0 where the row is free.
        character_generation: u32,
        /// Slot of its target.
        target_slot: u32,
        /// Generation of its target; 0 for none.
        target_generation: u32,
        /// Its home: where it comes back to, east, Q16.16 metres.
        home_x: i32,
        /// South, Q16.16 metres.
        home_z: i32,
        /// Where it goes, east, Q16.16 metres.
        way_x: i32,
        /// South, Q16.16 metres.
        way_z: i32,
        /// First tick in which it thinks again.
        next_think_tick: u32,
        /// Use of the slot, never 0 once used. Kept when the slot is free.
        generation: u32,
        /// Where it looks at home, 1/65536 turn.
        home_yaw: u16,
        /// Which of [`crate::rules::NpcRules::KINDS`].
        kind: u8,
        /// Values of [`mood`].
        mood: u8,
        /// Bits of [`steer`].
        steer: u8,
    }
}

const _: () = assert!(Npcs::BYTES_PER_ROW == 45);

impl Npcs {
    /// Whom a row goes after.
    pub(crate) fn set_target(&mut self, row: usize, target: CharacterId) {
        self.target_slot[row] = target.slot;
        self.target_generation[row] = target.generation;
    }
}

impl NpcsView<'_> {
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

    /// The rows in use, ascending.
    pub fn live_slots(&self) -> impl Iterator<Item = u32> + '_ {
        (0_u32..).zip(self.character_generation).filter(|(_, used)| **used != 0).map(|(slot, _)| slot)
    }

    /// Whom a row steers.
    ///
    /// # Panics
    /// When the slot does not exist.
    #[must_use]
    pub fn character(&self, slot: u32) -> CharacterId {
        let row = slot as usize;
        CharacterId { slot: self.character_slot[row], generation: self.character_generation[row] }
    }

    /// Whom a row goes after; [`CharacterId::NONE`] for nobody. It may be gone by now.
    ///
    /// # Panics
    /// When the slot does not exist.
    #[must_use]
    pub fn target(&self, slot: u32) -> CharacterId {
        let row = slot as usize;
        CharacterId { slot: self.target_slot[row], generation: self.target_generation[row] }
    }

    /// Home of a row: east and south.
    ///
    /// # Panics
    /// When the slot does not exist.
    #[must_use]
    pub fn home(&self, slot: u32) -> (Metres, Metres) {
        (Metres(self.home_x[slot as usize]), Metres(self.home_z[slot as usize]))
    }

    /// The row that steers a character. Looks through all rows.
    #[must_use]
    pub fn row_of(&self, id: CharacterId) -> Option<u32> {
        if id.generation == 0 {
            return None;
        }
        (0_u32..)
            .zip(self.character_slot)
            .find(|(row, slot)| **slot == id.slot && self.character(*row) == id)
            .map(|(row, _)| row)
    }
}
