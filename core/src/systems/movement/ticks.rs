//! The movement rules of a world at its tick rate: made once, read by every mover.

use crate::rules::{MOVEMENT_CLASSES, MovementRules, Rules};

/// The movement rules of a world at its tick rate. A client makes the same from the configuration it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovementTicks {
    classes: [MovementRules; MOVEMENT_CLASSES],
    tick_hz: u16,
}

impl MovementTicks {
    /// The rules at a tick rate.
    #[must_use]
    pub fn new(rules: &Rules, tick_hz: u16) -> Self {
        Self { classes: rules.movement, tick_hz }
    }

    /// Ticks in a second.
    #[must_use]
    pub const fn tick_hz(&self) -> u16 {
        self.tick_hz
    }

    /// The rules of a class. Numbers that no class has wrap.
    #[must_use]
    #[inline]
    pub fn class(&self, class: u8) -> &MovementRules {
        &self.classes[usize::from(class) % MOVEMENT_CLASSES]
    }
}
