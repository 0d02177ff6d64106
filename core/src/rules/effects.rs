//! Status effects, as data: what lasts on a character for a while.

use super::arms::DAMAGE_KINDS;
use super::table::{RuleField, RulesError, rule_table};
use super::{RuleEntryInfo, entry};
use crate::numeric::Metres;

/// How many status effects a ruleset has.
pub const EFFECTS: usize = 64;

rule_table! {
    /// A status effect. Weapons and abilities leave it on those they hit; the same one again lasts anew, and may pile up.
    pub struct EffectRules as "effects" {
        /// How long it lasts.
        duration_ms: u16 as Milliseconds = 3_000, 50, 65_535;
        /// Time between two pulses of damage, healing and aura; 0 for effects without pulses.
        period_ms: u16 as Milliseconds = 0, 0, 60_000;
        /// Health taken by a pulse, before armour; for each time it has piled up.
        damage: u16 as Points = 0, 0, 10_000;
        /// Which armour counts.
        damage_kind: u8 as Choice(DAMAGE_KINDS) = 3, 0, 3;
        /// Health given back by a pulse; for each time it has piled up.
        healing: u16 as Points = 0, 0, 10_000;
        /// How often it can pile up.
        stacks: u8 as Count = 1, 1, 15;
        /// Whether it takes all control.
        stuns: u8 as Flag = 0, 0, 1;
        /// Whether it holds where one is: no walking, jumping and dodging.
        roots: u8 as Flag = 0, 0, 1;
        /// Whether it slows down: see `slow_per_256` of the table `combat`.
        slows: u8 as Flag = 0, 0, 1;
        /// What the damage that one deals becomes; for each time it has piled up. 256 is as without.
        dealt_per_256: u16 as Per256 = 256, 0, 1_024;
        /// What the damage that one takes becomes; for each time it has piled up. 256 is as without.
        taken_per_256: u16 as Per256 = 256, 0, 1_024;
        /// With each pulse everybody of the own team within this distance gets another effect; 0 for none.
        aura_radius: Metres as Metres = Metres::ZERO, 0, 64 << 16;
        /// Which.
        aura_effect: u8 as Choice(EFFECT_CHOICES) = 0, 0, EFFECTS as i64;
        /// Whoever has it is hidden from enemies farther away than this, but for a second after each use of a weapon or an
        /// ability; 0 for effects that do not hide.
        hidden_beyond: Metres as Metres = Metres::ZERO, 0, 64 << 16;
    }
}

/// The named ones come first.
const NAMED: [RuleEntryInfo; 10] = [
    entry("stunned", "Without control for a moment."),
    entry("rooted", "Cannot leave the spot."),
    entry("slowed", "Walks slowly."),
    entry("poisoned", "Loses health for a while; more poison is more loss."),
    entry("bleeding", "Loses a little health."),
    entry("bannered", "Carries a banner, which inspires its team."),
    entry("inspired", "Fights better, near a banner."),
    entry("burning", "Is on fire."),
    entry("mending", "Gets health back for a while."),
    entry("shielded", "Takes half of the damage."),
];

const SPARE: [&str; EFFECTS] = [
    "spare_1", "spare_2", "spare_3", "spare_4", "spare_5", "spare_6", "spare_7", "spare_8", "spare_9",
    "spare_10", "spare_11", "spare_12", "spare_13", "spare_14", "spare_15", "spare_16", "spare_17",
    "spare_18", "spare_19", "spare_20", "spare_21", "spare_22", "spare_23", "spare_24", "spare_25",
    "spare_26", "spare_27", "spare_28", "spare_29", "spare_30", "spare_31", "spare_32", "spare_33",
    "spare_34", "spare_35", "spare_36", "spare_37", "spare_38", "spare_39", "spare_40", "spare_41",
    "spare_42", "spare_43", "spare_44", "spare_45", "spare_46", "spare_47", "spare_48", "spare_49",
    "spare_50", "spare_51", "spare_52", "spare_53", "spare_54", "spare_55", "spare_56", "spare_57",
    "spare_58", "spare_59", "spare_60", "spare_61", "spare_62", "spare_63", "spare_64",
];

/// What stands in a choice of effects: nothing, then all by name.
pub const EFFECT_CHOICES: &[&str] = &{
    let mut names = ["none"; EFFECTS + 1];
    let mut at = 0;
    while at < EFFECTS {
        names[at + 1] = EffectRules::ENTRIES[at].name;
        at += 1;
    }
    names
};

impl EffectRules {
    /// The names of the effects, by their numbers.
    pub const ENTRIES: [RuleEntryInfo; EFFECTS] = {
        let mut entries = [entry("", "Free for your own."); EFFECTS];
        let mut at = 0;
        while at < EFFECTS {
            if at < NAMED.len() {
                entries[at] = NAMED[at];
            } else {
                entries[at].name = SPARE[at - NAMED.len()];
            }
            at += 1;
        }
        entries
    };

    /// The effects of the shipped ruleset.
    #[must_use]
    pub fn shipped() -> [Self; EFFECTS] {
        let plain = Self::default();
        let mut effects = [plain; EFFECTS];
        let named = [
            Self { duration_ms: 800, stuns: 1, ..plain },
            Self { duration_ms: 2_000, roots: 1, ..plain },
            Self { duration_ms: 4_000, slows: 1, ..plain },
            Self { duration_ms: 6_000, period_ms: 1_000, damage: 25, stacks: 4, ..plain },
            Self { duration_ms: 3_000, period_ms: 500, damage: 8, damage_kind: 0, stacks: 3, ..plain },
            Self {
                duration_ms: 15_000,
                period_ms: 500,
                aura_radius: Metres::from_m(12),
                aura_effect: 7,
                ..plain
            },
            Self { duration_ms: 1_000, dealt_per_256: 307, taken_per_256: 224, ..plain },
            Self { duration_ms: 4_000, period_ms: 500, damage: 20, ..plain },
            Self { duration_ms: 5_000, period_ms: 500, healing: 20, ..plain },
            Self { duration_ms: 3_000, taken_per_256: 128, ..plain },
        ];
        effects[..named.len()].copy_from_slice(&named);
        effects
    }
}
