//! What a client can do wrong: for the record, and as a reason to be sent away. The numbers are part of the protocol.

use core::fmt;

/// Something that a client should not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Misconduct {
    /// Packets that are not of the protocol.
    Malformed = 1,
    /// Packets beyond what a client may send.
    Flood = 2,
    /// Inputs for ticks that have run.
    StaleInputs = 3,
    /// Inputs for ticks too far ahead.
    FutureInputs = 4,
    /// Buttons that do not exist.
    UnknownButtons = 5,
    /// Attacks aimed at an older picture than anybody on the path can have.
    OldViews = 6,
    /// Attacks while turning farther in a tick than anybody can.
    Turns = 7,
    /// Wishes for the whole ground too soon after another.
    GroundWishes = 8,
}

impl Misconduct {
    /// All of them, by their numbers.
    pub const ALL: [Self; 8] = [
        Self::Malformed,
        Self::Flood,
        Self::StaleInputs,
        Self::FutureInputs,
        Self::UnknownButtons,
        Self::OldViews,
        Self::Turns,
        Self::GroundWishes,
    ];

    /// The one of a number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number).checked_sub(1)?).copied()
    }

    /// Its name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Flood => "flood",
            Self::StaleInputs => "stale_inputs",
            Self::FutureInputs => "future_inputs",
            Self::UnknownButtons => "unknown_buttons",
            Self::OldViews => "old_views",
            Self::Turns => "turns",
            Self::GroundWishes => "ground_wishes",
        }
    }
}

impl fmt::Display for Misconduct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "packets that are not of the protocol",
            Self::Flood => "too many packets",
            Self::StaleInputs => "inputs that come too late",
            Self::FutureInputs => "inputs that come too early",
            Self::UnknownButtons => "buttons that do not exist",
            Self::OldViews => "attacks on what was seen too long ago",
            Self::Turns => "attacks while turning faster than anybody can",
            Self::GroundWishes => "too many wishes for the whole ground",
        })
    }
}
