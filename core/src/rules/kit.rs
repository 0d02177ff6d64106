//! What the bodies of a movement class fight with and what protects them; and the numbers that all fighting shares.

use super::MOVEMENT_CLASSES;
use super::arms::{ARM_CHOICES, ARMS, Arm};
use super::table::{RuleField, RulesError, rule_table};
use crate::numeric::Brads;

/// Buttons that use a weapon or an ability.
pub const ARM_BUTTONS: usize = 4;

rule_table! {
    /// What a movement class has on its buttons, and its armour.
    pub struct KitRules as "kit" {
        /// The first button's weapon.
        primary: u8 as Choice(ARM_CHOICES) = Arm::SWORD.0, 0, ARMS as i64;
        /// The second button's weapon.
        secondary: u8 as Choice(ARM_CHOICES) = Arm::BOW.0, 0, ARMS as i64;
        /// The third button's ability.
        ability_1: u8 as Choice(ARM_CHOICES) = 10, 0, ARMS as i64;
        /// The fourth button's ability.
        ability_2: u8 as Choice(ARM_CHOICES) = 7, 0, ARMS as i64;
        /// Share of slashing damage that comes through.
        slash_per_256: u16 as Per256 = 256, 0, 1_024;
        /// Share of piercing damage that comes through.
        pierce_per_256: u16 as Per256 = 256, 0, 1_024;
        /// Share of blunt damage that comes through.
        blunt_per_256: u16 as Per256 = 256, 0, 1_024;
        /// Share of the damage of fire and poison that comes through.
        fire_per_256: u16 as Per256 = 256, 0, 1_024;
        /// Share of the damage that blocking holds off; 0 for those who cannot block.
        block_per_256: u16 as Per256 = 192, 0, 256;
        /// Full opening of the cone, ahead, from which blows are blocked.
        block_cone: Brads as Degrees = Brads::from_degrees(120), 182, 32_768;
    }
}

rule_table! {
    /// What all fighting shares.
    pub struct CombatRules as "combat" {
        /// How many hits of a thousand are critical.
        critical_per_1000: u16 as Per1000 = 100, 0, 1_000;
        /// What a critical hit's damage becomes.
        critical_factor_per_256: u16 as Per256 = 384, 0, 2_560;
        /// Time from the beginning of one attack to that of any other.
        global_cooldown_ms: u16 as Milliseconds = 200, 0, 10_000;
        /// What is left of the wish to move of somebody who is slowed down.
        slow_per_256: u16 as Per256 = 128, 0, 256;
        /// Stamina of a fresh character.
        stamina_max: u16 as Points = 100, 0, 10_000;
        /// Stamina regained in a second.
        stamina_per_s: u16 as PointsPerSecond = 12, 0, 10_000;
        /// Stamina that a dodge costs; with less nobody dodges or sprints.
        dodge_stamina: u16 as Points = 20, 0, 10_000;
        /// Stamina that holding off a thousand points of damage costs; without it a block breaks.
        block_stamina_per_1000: u16 as Per1000 = 150, 0, 10_000;
        /// Nothing hurts in this first part of a dodge.
        dodge_safe_ms: u16 as Milliseconds = 150, 0, 5_000;
        /// Nothing hurts for this long after coming to life, until the first attack.
        spawn_safe_ms: u16 as Milliseconds = 1_000, 0, 60_000;
    }
}

impl KitRules {
    /// The kits of the shipped ruleset, by movement class.
    #[must_use]
    pub fn shipped() -> [Self; MOVEMENT_CLASSES] {
        let soldier = Self::default();
        let beast = Self { secondary: 0, ability_1: 0, ability_2: 0, block_per_256: 0, ..soldier };
        [
            soldier,
            Self { primary: 3, secondary: 5, ability_1: 12, ability_2: 11, block_per_256: 0, ..soldier },
            Self {
                secondary: 4,
                ability_1: 9,
                ability_2: 13,
                slash_per_256: 176,
                pierce_per_256: 192,
                block_per_256: 224,
                ..soldier
            },
            Self {
                primary: 3,
                secondary: 6,
                ability_1: 10,
                ability_2: 8,
                slash_per_256: 192,
                pierce_per_256: 192,
                ..soldier
            },
            Self { primary: 16, slash_per_256: 128, pierce_per_256: 160, ..beast },
            Self { primary: 14, slash_per_256: 64, pierce_per_256: 32, fire_per_256: 512, ..beast },
            Self { primary: 15, ..beast },
            Self { primary: 16, secondary: 8, slash_per_256: 96, pierce_per_256: 96, ..beast },
        ]
    }

    /// What is on a button, 0 to 3.
    #[must_use]
    #[inline]
    pub const fn arm(&self, button: usize) -> Arm {
        Arm(match button {
            0 => self.primary,
            1 => self.secondary,
            2 => self.ability_1,
            _ => self.ability_2,
        })
    }

    /// Share of damage of a kind that comes through.
    #[must_use]
    #[inline]
    pub const fn armour(&self, damage_kind: u8) -> u16 {
        match damage_kind {
            0 => self.slash_per_256,
            1 => self.pierce_per_256,
            2 => self.blunt_per_256,
            _ => self.fire_per_256,
        }
    }
}
