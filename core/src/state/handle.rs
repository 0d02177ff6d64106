//! A character's name for the outside: a slot and the generation of what lives there.

use bytemuck::{Pod, Zeroable};
use core::fmt;

/// Names one character. Slots are used again, generations tell the uses apart.
///
/// Generation 0 names nobody, so the all-zero id ([`CharacterId::NONE`]) is never valid.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Pod, Zeroable)]
pub struct CharacterId {
    /// Row in the world's tables.
    pub slot: u32,
    /// Which use of the row; never 0 for a real character.
    pub generation: u32,
}

impl CharacterId {
    /// Nobody.
    pub const NONE: Self = Self { slot: 0, generation: 0 };

    /// The id as one number: generation in the high, slot in the low 32 bits. 0 is nobody.
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        (self.generation as u64) << 32 | self.slot as u64
    }

    /// The inverse of [`CharacterId::to_bits`].
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self { slot: bits as u32, generation: (bits >> 32) as u32 }
    }
}

impl fmt::Display for CharacterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.slot, self.generation)
    }
}

/// Names one prop. Slots are used again, generations tell the uses apart; generation 0 names none.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Pod, Zeroable)]
pub struct PropId {
    /// Row in the table of props.
    pub slot: u32,
    /// Which use of the row; never 0 for a real prop.
    pub generation: u32,
}

impl PropId {
    /// None.
    pub const NONE: Self = Self { slot: 0, generation: 0 };

    /// The id as one number: generation in the high, slot in the low 32 bits. 0 is none.
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        (self.generation as u64) << 32 | self.slot as u64
    }

    /// The inverse of [`PropId::to_bits`].
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self { slot: bits as u32, generation: (bits >> 32) as u32 }
    }
}

impl fmt::Display for PropId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "prop {}#{}", self.slot, self.generation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_round_trip() {
        for id in [
            CharacterId::NONE,
            CharacterId { slot: 7, generation: 1 },
            CharacterId { slot: u32::MAX, generation: 3 },
        ] {
            assert_eq!(CharacterId::from_bits(id.to_bits()), id);
        }
        assert_eq!(CharacterId::NONE.to_bits(), 0);
    }
}
