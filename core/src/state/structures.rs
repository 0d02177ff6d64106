//! The table of sections of structures: how what can be brought down is doing.
//!
//! One row for each section of the scenery, by its number, in use for as long as the world is there. A section whose health
//! is gone has fallen: it is in nobody's way until it is built up again.

use super::column::table;

/// What a scenery says of a section: a shape that has health and falls when it is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StructureSection {
    /// Number of the shape; each at most once, ascending.
    pub shape: u32,
    /// Kind of structure, below [`crate::rules::STRUCTURE_KINDS`].
    pub kind: u8,
}

/// Bits of [`Structures::flags`].
pub mod standing {
    /// The row is a section: set in every row.
    pub const IN_USE: u8 = 1;
    /// It stands: its health is above 0.
    pub const STANDS: u8 = 2;
}

table! {
    /// The sections of structures, one row each, by number.
    pub struct Structures, view StructuresView, rows StructureRows {
        /// Number of the shape in the scenery.
        shape: u32,
        /// Health left; 0 of what has fallen.
        health: u32,
        /// 1 in every row.
        generation: u32,
        /// Kind of structure, below [`crate::rules::STRUCTURE_KINDS`].
        kind: u8,
        /// Bits of [`standing`].
        flags: u8,
    }
}

const _: () = assert!(Structures::BYTES_PER_ROW == 14);

impl StructuresView<'_> {
    /// Number of sections.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.health.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.health.is_empty()
    }

    /// Whether a section stands; false also where there is none of this number.
    #[must_use]
    pub fn stands(&self, section: u32) -> bool {
        self.health.get(section as usize).is_some_and(|health| *health > 0)
    }
}

impl Structures {
    /// Sets the health of a section, and whether it stands by that.
    ///
    /// # Panics
    /// When there is no such section.
    pub(crate) fn set_health(&mut self, section: usize, health: u32) {
        self.health[section] = health;
        self.flags[section] = standing::IN_USE | if health > 0 { standing::STANDS } else { 0 };
    }
}
