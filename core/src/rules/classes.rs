//! The classes of the demo battle: one function a class, each told apart from the soldier.

use super::{MOVEMENT_CLASSES, MovementRules, RuleEntryInfo};
use crate::numeric::{Metres, MetresPerSecond};

const fn class(name: &'static str, doc: &'static str) -> RuleEntryInfo {
    RuleEntryInfo { name, doc }
}

impl MovementRules {
    /// The names of the eight classes, by their numbers.
    pub const CLASSES: [RuleEntryInfo; MOVEMENT_CLASSES] = [
        class("soldier", "Class 0: the soldier on foot."),
        class("scout", "Class 1: light and quick."),
        class("heavy", "Class 2: slow, hard to push."),
        class("knight", "Class 3: on horseback, fast, wide, eight times as heavy as a soldier."),
        class("ogre", "Class 4: two metres in radius; walks over low walls."),
        class("ram", "Class 5: a siege ram, slow and very heavy."),
        class("hound", "Class 6: small and fast."),
        class("behemoth", "Class 7: the largest body there may be."),
    ];

    /// The eight classes of the demo battle: soldier, scout, heavy, mounted knight, ogre, ram, hound, behemoth.
    #[must_use]
    pub fn classes() -> [Self; MOVEMENT_CLASSES] {
        let soldier = Self::default();
        [
            soldier,
            scout(soldier),
            heavy(soldier),
            knight(soldier),
            ogre(soldier),
            ram(soldier),
            hound(soldier),
            behemoth(soldier),
        ]
    }

    /// A body that neither crouches nor dodges.
    fn upright(self) -> Self {
        Self {
            crouch_height: self.height,
            crouch_speed: self.walk_speed,
            dodge_distance: Metres::ZERO,
            ..self
        }
    }
}

/// Light and quick.
fn scout(soldier: MovementRules) -> MovementRules {
    MovementRules {
        walk_speed: MetresPerSecond::from_mm(4_500),
        sprint_speed: MetresPerSecond::from_mm(7_500),
        crouch_speed: MetresPerSecond::from_mm(2_500),
        jump_speed: MetresPerSecond::from_mm(5_500),
        dodge_distance: Metres::from_mm(3_000),
        radius: Metres::from_mm(350),
        height: Metres::from_mm(1_700),
        crouch_height: Metres::from_mm(1_000),
        weight_kg: 60,
        ..soldier
    }
}

/// Slow, hard to push.
fn heavy(soldier: MovementRules) -> MovementRules {
    MovementRules {
        walk_speed: MetresPerSecond::from_mm(3_200),
        sprint_speed: MetresPerSecond::from_mm(5_200),
        crouch_speed: MetresPerSecond::from_mm(1_500),
        swim_speed: MetresPerSecond::from_mm(1_000),
        ground_acceleration_per_s: MetresPerSecond::from_mm(25_000),
        jump_speed: MetresPerSecond::from_mm(4_000),
        dodge_distance: Metres::from_mm(1_600),
        dodge_rest_ms: 900,
        radius: Metres::from_mm(500),
        height: Metres::from_mm(1_900),
        crouch_height: Metres::from_mm(1_400),
        weight_kg: 160,
        ..soldier
    }
}

/// On horseback: fast, wide, eight times as heavy as a light one.
fn knight(soldier: MovementRules) -> MovementRules {
    MovementRules {
        walk_speed: MetresPerSecond::from_mm(6_000),
        sprint_speed: MetresPerSecond::from_mm(14_000),
        swim_speed: MetresPerSecond::from_mm(3_000),
        ground_acceleration_per_s: MetresPerSecond::from_mm(14_000),
        ground_friction_per_s: MetresPerSecond::from_mm(18_000),
        jump_speed: MetresPerSecond::from_mm(6_000),
        jump_rest_ms: 500,
        step_up: Metres::from_mm(500),
        step_down: Metres::from_mm(600),
        slope_limit_per_256: 180,
        radius: Metres::from_mm(900),
        height: Metres::from_mm(2_500),
        swim_depth: Metres::from_mm(1_700),
        weight_kg: 640,
        ..soldier
    }
    .upright()
}

/// Two metres in radius; walks over low walls.
fn ogre(soldier: MovementRules) -> MovementRules {
    MovementRules {
        walk_speed: MetresPerSecond::from_mm(3_500),
        sprint_speed: MetresPerSecond::from_mm(7_000),
        ground_acceleration_per_s: MetresPerSecond::from_mm(15_000),
        ground_friction_per_s: MetresPerSecond::from_mm(20_000),
        jump_speed: MetresPerSecond::ZERO,
        step_up: Metres::from_mm(1_000),
        step_down: Metres::from_mm(1_000),
        radius: Metres::from_m(2),
        height: Metres::from_mm(4_500),
        swim_depth: Metres::from_mm(3_500),
        weight_kg: 3_000,
        ..soldier
    }
    .upright()
}

/// A siege ram: slow and very heavy.
fn ram(soldier: MovementRules) -> MovementRules {
    MovementRules {
        walk_speed: MetresPerSecond::from_mm(1_200),
        sprint_speed: MetresPerSecond::from_mm(2_000),
        ground_acceleration_per_s: MetresPerSecond::from_mm(2_000),
        ground_friction_per_s: MetresPerSecond::from_mm(4_000),
        jump_speed: MetresPerSecond::ZERO,
        slope_limit_per_256: 90,
        radius: Metres::from_m(3),
        height: Metres::from_m(6),
        swim_depth: Metres::from_mm(2_500),
        weight_kg: 12_000,
        ..soldier
    }
    .upright()
}

/// Small and fast.
fn hound(soldier: MovementRules) -> MovementRules {
    MovementRules {
        walk_speed: MetresPerSecond::from_mm(5_000),
        sprint_speed: MetresPerSecond::from_mm(11_000),
        swim_speed: MetresPerSecond::from_mm(1_500),
        jump_speed: MetresPerSecond::from_mm(5_500),
        step_up: Metres::from_mm(300),
        radius: Metres::from_mm(250),
        height: Metres::from_mm(700),
        swim_depth: Metres::from_mm(500),
        weight_kg: 30,
        ..soldier
    }
    .upright()
}

/// The largest body there may be.
fn behemoth(soldier: MovementRules) -> MovementRules {
    MovementRules {
        walk_speed: MetresPerSecond::from_mm(2_500),
        sprint_speed: MetresPerSecond::from_mm(5_000),
        ground_acceleration_per_s: MetresPerSecond::from_mm(4_000),
        ground_friction_per_s: MetresPerSecond::from_mm(6_000),
        jump_speed: MetresPerSecond::ZERO,
        step_up: Metres::from_m(2),
        step_down: Metres::from_m(2),
        radius: Metres::from_m(5),
        height: Metres::from_m(12),
        swim_depth: Metres::from_m(9),
        weight_kg: 40_000,
        ..soldier
    }
    .upright()
}
