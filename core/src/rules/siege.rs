//! Structures that can be brought down, and places that teams fight over: eight kinds of the one, four of the other.
//!
//! Which shapes are structures and where the places are, a scenery says; here is what their kinds mean.

use super::table::{RuleField, RulesError, rule_table};
use super::{DAMAGE_KINDS, PROP_CHOICES, PROP_KINDS, RuleEntryInfo, Rules};

/// How many kinds of structures there are.
pub const STRUCTURE_KINDS: usize = 8;

/// How many kinds of objectives there are.
pub const OBJECTIVE_KINDS: usize = 4;

rule_table! {
    /// One kind of structure: how much a section of it endures, and what of a weapon's damage it takes.
    pub struct StructureRules as "structure" {
        /// Health of a whole section.
        health: u32 as Points = 20_000, 1, 10_000_000;
        /// Share of the damage by blades that it takes, in 1/256.
        slash_per_256: u16 as Per256 = 8, 0, 1_024;
        /// Share of the damage by points, arrows and bolts that it takes, in 1/256.
        pierce_per_256: u16 as Per256 = 4, 0, 1_024;
        /// Share of the damage by clubs, rams and stones that it takes, in 1/256.
        blunt_per_256: u16 as Per256 = 128, 0, 1_024;
        /// Share of the damage by fire that it takes, in 1/256.
        fire_per_256: u16 as Per256 = 0, 0, 1_024;
        /// What a section leaves lying about when it falls.
        debris_kind: u8 as Choice(PROP_CHOICES) = 6, 0, PROP_KINDS as i64;
        /// How many of that.
        debris_count: u8 as Count = 6, 0, 16;
    }
}

rule_table! {
    /// One kind of objective: how a place is captured and what it gives, or how a flag is.
    pub struct ObjectiveRules as "objective" {
        /// Time in which one fighter alone in the ring captures it.
        capture_ms: u32 as Milliseconds = 30_000, 100, 3_600_000;
        /// Most fighters that count: so many capture it so many times as fast.
        fighters_max: u8 as Count = 5, 1, 255;
        /// How fast what was begun is lost while nobody is in the ring, in 1/256 of what one fighter gains; 0 for never.
        decay_per_256: u16 as Per256 = 128, 0, 4_096;
        /// Score that it gives the team that has it, in a second.
        score_per_s: u16 as PointsPerSecond = 1, 0, 65_535;
        /// Whether it is a flag: not captured, but taken from its place by others and carried to theirs.
        carried: u8 as Flag = 0, 0, 1;
        /// A flag that was dropped goes back to its place after this time.
        return_ms: u32 as Milliseconds = 20_000, 0, 3_600_000;
        /// Score for a flag that is brought to a place that the carrier's team has.
        score_brought: u16 as Points = 0, 0, 65_535;
    }
}

const fn kind(name: &'static str, doc: &'static str) -> RuleEntryInfo {
    RuleEntryInfo { name, doc }
}

impl StructureRules {
    /// The names of the eight kinds, by their numbers.
    pub const KINDS: [RuleEntryInfo; STRUCTURE_KINDS] = [
        kind("wall", "Kind 0: a stretch of stone wall."),
        kind("gate", "Kind 1: a gate of wood and iron."),
        kind("tower", "Kind 2: a stone tower."),
        kind("palisade", "Kind 3: a fence of stakes."),
        kind("barricade", "Kind 4: carts and benches in the way."),
        kind("siege_tower", "Kind 5: a wooden tower that was brought to a wall."),
        kind("catapult", "Kind 6: an engine that throws."),
        kind("banner_post", "Kind 7: a pole with a banner."),
    ];

    /// The eight kinds of the demo battle.
    #[must_use]
    pub fn kinds() -> [Self; STRUCTURE_KINDS] {
        let of =
            |health, [slash_per_256, pierce_per_256, blunt_per_256, fire_per_256]: [u16; DAMAGE_KINDS.len()]| {
                // Of wood.
                let (debris_kind, debris_count) = (5, 6);
                Self {
                    health,
                    slash_per_256,
                    pierce_per_256,
                    blunt_per_256,
                    fire_per_256,
                    debris_kind,
                    debris_count,
                }
            };
        [
            Self::default(),
            of(6_000, [64, 32, 192, 256]),
            Self { debris_kind: 6, debris_count: 12, ..of(40_000, [8, 4, 96, 0]) },
            of(2_500, [96, 48, 192, 320]),
            of(800, [160, 96, 256, 320]),
            of(5_000, [64, 32, 160, 384]),
            of(2_000, [128, 64, 192, 384]),
            of(300, [256, 128, 256, 512]),
        ]
    }

    /// What it takes of a damage of a kind (a place in [`DAMAGE_KINDS`]; of others nothing): whole points, rounded down.
    #[must_use]
    pub fn taken(&self, damage: u32, damage_kind: u8) -> u32 {
        let shares = [self.slash_per_256, self.pierce_per_256, self.blunt_per_256, self.fire_per_256];
        let share = shares.get(usize::from(damage_kind)).copied().unwrap_or(0);
        u32::try_from((u64::from(damage) * u64::from(share)) >> 8).unwrap_or(u32::MAX)
    }
}

impl ObjectiveRules {
    /// The names of the four kinds, by their numbers.
    pub const KINDS: [RuleEntryInfo; OBJECTIVE_KINDS] = [
        kind("field", "Kind 0: an open place."),
        kind("keep", "Kind 1: the heart of a castle."),
        kind("bridge", "Kind 2: a crossing, quickly taken and quickly lost."),
        kind("flag", "Kind 3: a flag that is carried away."),
    ];

    /// The four kinds of the demo battle.
    #[must_use]
    pub fn kinds() -> [Self; OBJECTIVE_KINDS] {
        let field = Self::default();
        [
            field,
            Self { capture_ms: 60_000, fighters_max: 10, decay_per_256: 64, score_per_s: 3, ..field },
            Self { capture_ms: 15_000, decay_per_256: 256, ..field },
            Self { score_per_s: 0, carried: 1, score_brought: 100, ..field },
        ]
    }
}

impl Rules {
    /// The rules of a kind of structure. Numbers from [`STRUCTURE_KINDS`] on, which no scenery has, wrap.
    #[must_use]
    pub fn structure_kind(&self, kind: u8) -> &StructureRules {
        &self.structure[usize::from(kind) % STRUCTURE_KINDS]
    }

    /// The rules of a kind of objective. Numbers from [`OBJECTIVE_KINDS`] on, which no scenery has, wrap.
    #[must_use]
    pub fn objective_kind(&self, kind: u8) -> &ObjectiveRules {
        &self.objective[usize::from(kind) % OBJECTIVE_KINDS]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_down_and_hold_for_any_numbers() {
        let wall = StructureRules::default();
        assert_eq!([0, 1, 2, 3, 4].map(|kind| wall.taken(255, kind)), [7, 3, 127, 0, 0]);
        let soft = StructureRules { fire_per_256: 1_024, ..wall };
        assert_eq!((soft.taken(100, 3), soft.taken(u32::MAX, 3)), (400, u32::MAX));
    }
}
