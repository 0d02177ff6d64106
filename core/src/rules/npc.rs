//! Characters that nobody plays: eight kinds of them, what each pays attention to and how it fights.
//!
//! A kind is a mind, not a body: the body is a movement class, and weapons are the character's. `docs/NPC.md` says what
//! the systems make of these numbers.

use super::RuleEntryInfo;
use super::table::{RuleField, RulesError, rule_table, whole};
use crate::numeric::Metres;

/// How many kinds of characters that nobody plays a world has.
pub const NPC_KINDS: usize = 8;

rule_table! {
    /// One kind of characters that nobody plays: what it looks out for, how far it goes, and how it fights.
    pub struct NpcRules as "npc" {
        /// Number of its movement class.
        class: u8 as Count = 0, 0, 7;
        /// An enemy this near becomes its target.
        aggro_radius: Metres as Metres = Metres::from_m(20), 0, whole(128);
        /// A target farther than this is given up; who was hit a moment ago looks this far for an enemy.
        lose_radius: Metres as Metres = Metres::from_m(30), 0, whole(192);
        /// It goes no farther from its home than this, and gives up targets that do.
        leash_radius: Metres as Metres = Metres::from_m(40), whole(1), whole(1_024);
        /// It presses the primary button within this distance of its target, axis to axis; 0 for those that do not.
        melee_range: Metres as Metres = Metres::from_mm(2_000), 0, whole(16);
        /// It presses the secondary button within this distance of a target that it sees; 0 for those that do not.
        shoot_range: Metres as Metres = Metres::ZERO, 0, whole(128);
        /// Below this share of the full health it runs from its target; 0 for those that never do.
        flee_below: u16 as Per256 = 0, 0, 256;
        /// While it has nothing to do it walks about within this distance of its home; 0 for those that stand.
        wander_radius: Metres as Metres = Metres::ZERO, 0, whole(128);
        /// It takes up the target of one of its team that nobody plays either, and is this near; 0 for those that do not.
        assist_radius: Metres as Metres = Metres::ZERO, 0, whole(128);
        /// Time between two thoughts, where a player is near.
        think_ms: u16 as Milliseconds = 200, 50, 10_000;
        /// So many times as long is it where no player is near: near is what the table `lod` says.
        think_far: u8 as Count = 8, 1, 64;
        /// Whether it runs when it chases, flees and goes home.
        sprints: u8 as Flag = 1, 0, 1;
    }
}

const fn kind(name: &'static str, doc: &'static str) -> RuleEntryInfo {
    RuleEntryInfo { name, doc }
}

impl NpcRules {
    /// The names of the eight kinds, by their numbers.
    pub const KINDS: [RuleEntryInfo; NPC_KINDS] = [
        kind("wolf", "Kind 0: hunts in packs, runs when it is hurt."),
        kind("boar", "Kind 1: minds its own business until somebody comes close."),
        kind("ogre", "Kind 2: alone, slow to think, not to be stopped."),
        kind("guard", "Kind 3: stands where it was put and calls its comrades."),
        kind("archer", "Kind 4: shoots from afar, fights when it must."),
        kind("raider", "Kind 5: roams far, chases far, throws and strikes."),
        kind("beast", "Kind 6: large and fast, never gives way."),
        kind("drone", "Kind 7: walks and shoots, without fear and without comrades."),
    ];

    /// The eight kinds of the demo battle: wolf, boar, ogre, guard, archer, raider, beast, drone.
    #[must_use]
    pub fn kinds() -> [Self; NPC_KINDS] {
        [wolf(), boar(), ogre(), guard(), archer(), raider(), beast(), drone()]
    }

    /// The longest of the two ranges at which it attacks.
    #[must_use]
    pub const fn attack_range(&self) -> Metres {
        self.melee_range.max(self.shoot_range)
    }
}

fn wolf() -> NpcRules {
    NpcRules {
        class: 6,
        aggro_radius: Metres::from_m(22),
        lose_radius: Metres::from_m(32),
        leash_radius: Metres::from_m(45),
        melee_range: Metres::from_mm(1_800),
        flee_below: 51,
        wander_radius: Metres::from_m(12),
        assist_radius: Metres::from_m(25),
        think_ms: 150,
        ..NpcRules::default()
    }
}

fn boar() -> NpcRules {
    NpcRules {
        class: 6,
        aggro_radius: Metres::from_m(8),
        lose_radius: Metres::from_m(16),
        leash_radius: Metres::from_m(25),
        melee_range: Metres::from_mm(1_800),
        wander_radius: Metres::from_m(8),
        ..NpcRules::default()
    }
}

fn ogre() -> NpcRules {
    NpcRules {
        class: 4,
        aggro_radius: Metres::from_m(25),
        lose_radius: Metres::from_m(40),
        leash_radius: Metres::from_m(50),
        melee_range: Metres::from_mm(2_700),
        wander_radius: Metres::from_m(6),
        think_ms: 250,
        ..NpcRules::default()
    }
}

fn guard() -> NpcRules {
    NpcRules { leash_radius: Metres::from_m(30), assist_radius: Metres::from_m(20), ..NpcRules::default() }
}

fn archer() -> NpcRules {
    NpcRules {
        class: 1,
        aggro_radius: Metres::from_m(32),
        lose_radius: Metres::from_m(40),
        leash_radius: Metres::from_m(35),
        shoot_range: Metres::from_m(28),
        flee_below: 38,
        assist_radius: Metres::from_m(20),
        ..NpcRules::default()
    }
}

fn raider() -> NpcRules {
    NpcRules {
        aggro_radius: Metres::from_m(28),
        lose_radius: Metres::from_m(45),
        leash_radius: Metres::from_m(60),
        shoot_range: Metres::from_m(16),
        flee_below: 26,
        wander_radius: Metres::from_m(15),
        assist_radius: Metres::from_m(30),
        ..NpcRules::default()
    }
}

fn beast() -> NpcRules {
    NpcRules {
        class: 3,
        aggro_radius: Metres::from_m(30),
        lose_radius: Metres::from_m(50),
        leash_radius: Metres::from_m(60),
        melee_range: Metres::from_mm(2_400),
        wander_radius: Metres::from_m(20),
        ..NpcRules::default()
    }
}

fn drone() -> NpcRules {
    NpcRules {
        class: 1,
        aggro_radius: Metres::from_m(18),
        lose_radius: Metres::from_m(24),
        melee_range: Metres::ZERO,
        shoot_range: Metres::from_m(14),
        wander_radius: Metres::from_m(10),
        sprints: 0,
        ..NpcRules::default()
    }
}
