//! Weapons and abilities, as data: one table for each, all of one form. What a kind makes of the numbers is in
//! [`crate::systems`] and told in `docs/COMBAT.md`.

use super::effects::EFFECT_CHOICES;
use super::table::{RuleField, RulesError, rule_table};
use super::{RuleEntryInfo, entry};
use crate::limits::MELEE_TARGETS_MAX;
use crate::numeric::{Brads, Metres, MetresPerSecond};

/// How many weapons and abilities a ruleset has.
pub const ARMS: usize = 32;

/// The names of the kinds: values of [`ArmRules::kind`].
pub const ARM_KINDS: &[&str] = &["none", "melee", "hitscan", "projectile", "area"];

/// Values of [`ArmRules::kind`].
pub mod arm_kind {
    /// Does nothing: a place that is not used.
    pub const NONE: u8 = 0;
    /// Everybody in a cone is struck at once.
    pub const MELEE: u8 = 1;
    /// A ray: the first in its way is struck in the same tick.
    pub const HITSCAN: u8 = 2;
    /// Something that flies, tick by tick.
    pub const PROJECTILE: u8 = 3;
    /// Everybody around a point.
    pub const AREA: u8 = 4;
}

/// The names of whom something is for: values of [`ArmRules::affects`].
pub const ARM_SIDES: &[&str] = &["enemies", "allies", "everyone", "self"];

/// Values of [`ArmRules::affects`].
pub mod side {
    /// Other teams; the own one too where friendly fire is on. Never oneself.
    pub const ENEMIES: u8 = 0;
    /// The own team, with oneself where a point is asked about.
    pub const ALLIES: u8 = 1;
    /// Everybody but oneself.
    pub const EVERYONE: u8 = 2;
    /// Oneself alone.
    pub const ONESELF: u8 = 3;
}

/// The kinds of damage: values of `damage_kind`.
pub const DAMAGE_KINDS: &[&str] = &["slash", "pierce", "blunt", "fire"];

/// Names a weapon or an ability of the ruleset: 0 is nothing, then the tables of [`super::Rules::arms`], counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Arm(pub u8);

impl Arm {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// The shipped ruleset's sword.
    pub const SWORD: Self = Self(1);
    /// The shipped ruleset's bow.
    pub const BOW: Self = Self(2);

    /// Its table among [`super::Rules::arms`]; `None` for nothing, and for numbers beyond.
    #[must_use]
    pub const fn index(self) -> Option<usize> {
        match self.0 {
            0 => None,
            number if number as usize <= ARMS => Some(number as usize - 1),
            _ => None,
        }
    }

    /// Its name in rulesets; "none" for nothing, and for numbers beyond.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.index().map_or(ARM_CHOICES[0], |index| ARM_CHOICES[index + 1])
    }
}

rule_table! {
    /// A weapon or an ability. Which characters have it on which button, the tables `kit` say. What a kind does not use
    /// counts for nothing.
    pub struct ArmRules as "arms" {
        /// What it is.
        kind: u8 as Choice(ARM_KINDS) = arm_kind::NONE, 0, 4;
        /// Whom it is for.
        affects: u8 as Choice(ARM_SIDES) = side::ENEMIES, 0, 3;
        /// Health taken by one hit, before armour.
        damage: u16 as Points = 0, 0, 60_000;
        /// Which armour counts.
        damage_kind: u8 as Choice(DAMAGE_KINDS) = 0, 0, 3;
        /// Health given back.
        healing: u16 as Points = 0, 0, 60_000;
        /// Share of the damage that structures take.
        structure_per_256: u16 as Per256 = 0, 0, 16_384;
        /// Melee: from the attacker's axis to the target's nearest side. Hitscan: how far the ray goes. Area: how far ahead its
        /// middle lies.
        reach: Metres as Metres = Metres::ZERO, 0, 256 << 16;
        /// Melee: full opening of the cone.
        cone: Brads as Degrees = Brads::from_degrees(60), 182, 32_768;
        /// Melee: largest difference of height between the feet of the two.
        height_reach: Metres as Metres = Metres::from_mm(2_000), 0, 16 << 16;
        /// Melee: most characters one swing hits, nearest first.
        targets: u8 as Count = 1, 1, MELEE_TARGETS_MAX as i64;
        /// Projectile: speed at which it leaves.
        speed: MetresPerSecond as MetresPerSecond = MetresPerSecond::from_m(1), 1 << 16, 400 << 16;
        /// Projectile: downward change of speed in a second.
        gravity_per_s: MetresPerSecond as MetresPerSecondSquared = MetresPerSecond::from_mm(9_810), 0, 200 << 16;
        /// Projectile, hitscan: height above the feet at which it leaves.
        launch_height: Metres as Metres = Metres::from_mm(1_500), 0, 8 << 16;
        /// Projectile, hitscan: added to a character's radius when it is tested against it.
        radius: Metres as Metres = Metres::from_mm(50), 0, 1 << 16;
        /// Projectile: it ends after this time.
        lifetime_ms: u16 as Milliseconds = 3_000, 50, 60_000;
        /// Projectile: how many bodies it goes through before the one that stops it.
        pierce: u8 as Count = 0, 0, 16;
        /// Radius of the blast in which a projectile ends, and of an area; 0 for projectiles that do not burst.
        blast_radius: Metres as Metres = Metres::ZERO, 0, 32 << 16;
        /// Share of the damage at the rim of a blast; all of it in the middle.
        blast_rim_per_256: u16 as Per256 = 256, 0, 256;
        /// Whether ground and walls between protect from a blast.
        blast_cover: u8 as Flag = 1, 0, 1;
        /// Depth of the crater of a blast; 0 for none. It is as wide as the blast.
        crater_depth: Metres as Metres = Metres::ZERO, 0, 8 << 16;
        /// Speed at which those who are hit are thrown away from where it came from.
        knock: MetresPerSecond as MetresPerSecond = MetresPerSecond::ZERO, 0, 60 << 16;
        /// Speed at which they are thrown up.
        knock_up: MetresPerSecond as MetresPerSecond = MetresPerSecond::ZERO, 0, 30 << 16;
        /// The status effect that it leaves.
        effect: u8 as Choice(EFFECT_CHOICES) = 0, 0, super::EFFECTS as i64;
        /// Time between two uses.
        cooldown_ms: u16 as Milliseconds = 500, 50, 60_000;
        /// Time from the button to the effect.
        cast_ms: u16 as Milliseconds = 0, 0, 10_000;
        /// Whether damage breaks that off.
        cast_breaks: u8 as Flag = 0, 0, 1;
        /// Stamina that a use costs.
        stamina: u16 as Points = 0, 0, 10_000;
        /// A use within this time of the last one is a combo: it counts on.
        combo_ms: u16 as Milliseconds = 0, 0, 10_000;
        /// Most that a combo counts.
        combo_steps: u8 as Count = 0, 0, 15;
        /// Added to the damage for each that it counts.
        combo_bonus_per_256: u16 as Per256 = 0, 0, 1_024;
    }
}

/// What stands in a choice of weapons: nothing, then all by name.
pub const ARM_CHOICES: &[&str] = &{
    let mut names = ["none"; ARMS + 1];
    let mut at = 0;
    while at < ARMS {
        names[at + 1] = ArmRules::ENTRIES[at].name;
        at += 1;
    }
    names
};

impl ArmRules {
    /// Half the opening of its cone.
    #[inline]
    #[must_use]
    pub const fn half_cone(&self) -> Brads {
        Brads(self.cone.0 / 2)
    }

    /// The names of the weapons and abilities, by their numbers.
    pub const ENTRIES: [RuleEntryInfo; ARMS] = [
        entry("sword", "A blade that hits who stands in front; quick strokes after each other hit harder."),
        entry("bow", "An arrow that falls."),
        entry("spear", "Long and narrow."),
        entry("thrown_axe", "Heavy, and short in flight."),
        entry("crossbow", "A fast bolt that goes through one body."),
        entry("arquebus", "A ray: what it points at is hit at once."),
        entry("grenade", "Thrown in an arc; bursts, throws people and digs a crater."),
        entry("rocket", "Flies straight; bursts, and breaks walls."),
        entry("heal", "Gives health back to those around, after a while that damage breaks off."),
        entry("shield_bash", "Stuns, and throws back."),
        entry("frost", "A patch ahead in which enemies get slow."),
        entry("venom", "A dart that poisons."),
        entry("banner", "Raises a banner: who fights near it fights better."),
        entry("battering_ram", "Breaks gates."),
        entry("claw", "What animals have."),
        entry("stomp", "Shakes everybody around."),
        entry("spare_1", "Free for your own."),
        entry("spare_2", "Free for your own."),
        entry("spare_3", "Free for your own."),
        entry("spare_4", "Free for your own."),
        entry("spare_5", "Free for your own."),
        entry("spare_6", "Free for your own."),
        entry("spare_7", "Free for your own."),
        entry("spare_8", "Free for your own."),
        entry("spare_9", "Free for your own."),
        entry("spare_10", "Free for your own."),
        entry("spare_11", "Free for your own."),
        entry("spare_12", "Free for your own."),
        entry("spare_13", "Free for your own."),
        entry("spare_14", "Free for your own."),
        entry("spare_15", "Free for your own."),
        entry("spare_16", "Free for your own."),
    ];

    /// The weapons and abilities of the shipped ruleset.
    #[must_use]
    pub fn shipped() -> [Self; ARMS] {
        let mut arms = [Self::default(); ARMS];
        let shipped = [
            sword(),
            bow(),
            spear(),
            thrown_axe(),
            crossbow(),
            arquebus(),
            grenade(),
            rocket(),
            heal(),
            shield_bash(),
            frost(),
            venom(),
            banner(),
            battering_ram(),
            claw(),
            stomp(),
        ];
        arms[..shipped.len()].copy_from_slice(&shipped);
        arms
    }
}

fn melee(reach_mm: i32, cone_degrees: i32, damage: u16) -> ArmRules {
    ArmRules {
        kind: arm_kind::MELEE,
        reach: Metres::from_mm(reach_mm),
        cone: Brads::from_degrees(cone_degrees),
        damage,
        structure_per_256: 64,
        ..ArmRules::default()
    }
}

fn projectile(speed_mm_per_s: i32, damage: u16) -> ArmRules {
    ArmRules {
        kind: arm_kind::PROJECTILE,
        speed: MetresPerSecond::from_mm(speed_mm_per_s),
        damage,
        damage_kind: 1,
        structure_per_256: 16,
        ..ArmRules::default()
    }
}

fn area(ahead_mm: i32, radius_mm: i32) -> ArmRules {
    ArmRules {
        kind: arm_kind::AREA,
        reach: Metres::from_mm(ahead_mm),
        blast_radius: Metres::from_mm(radius_mm),
        ..ArmRules::default()
    }
}

fn sword() -> ArmRules {
    ArmRules {
        targets: 3,
        combo_ms: 900,
        combo_steps: 3,
        combo_bonus_per_256: 26,
        stamina: 4,
        ..melee(2_500, 60, 180)
    }
}

fn bow() -> ArmRules {
    ArmRules { cooldown_ms: 1_200, ..projectile(45_000, 250) }
}

fn spear() -> ArmRules {
    ArmRules { damage_kind: 1, targets: 2, cooldown_ms: 700, stamina: 6, ..melee(3_500, 24, 210) }
}

fn thrown_axe() -> ArmRules {
    ArmRules {
        damage_kind: 0,
        cooldown_ms: 2_500,
        lifetime_ms: 2_000,
        radius: Metres::from_mm(150),
        stamina: 10,
        ..projectile(22_000, 320)
    }
}

fn crossbow() -> ArmRules {
    ArmRules {
        gravity_per_s: MetresPerSecond::from_mm(4_905),
        pierce: 1,
        cooldown_ms: 3_500,
        cast_ms: 250,
        ..projectile(90_000, 400)
    }
}

fn arquebus() -> ArmRules {
    ArmRules {
        kind: arm_kind::HITSCAN,
        reach: Metres::from_m(80),
        cooldown_ms: 7_000,
        cast_ms: 400,
        cast_breaks: 1,
        ..projectile(1_000, 450)
    }
}

fn grenade() -> ArmRules {
    ArmRules {
        affects: side::EVERYONE,
        damage_kind: 2,
        radius: Metres::from_mm(100),
        lifetime_ms: 2_500,
        blast_radius: Metres::from_m(5),
        blast_rim_per_256: 64,
        crater_depth: Metres::from_mm(400),
        knock: MetresPerSecond::from_m(7),
        knock_up: MetresPerSecond::from_m(4),
        cooldown_ms: 9_000,
        stamina: 20,
        structure_per_256: 384,
        ..projectile(17_000, 350)
    }
}

fn rocket() -> ArmRules {
    ArmRules {
        affects: side::EVERYONE,
        damage_kind: 2,
        gravity_per_s: MetresPerSecond::ZERO,
        radius: Metres::from_mm(150),
        lifetime_ms: 4_000,
        blast_radius: Metres::from_m(6),
        blast_rim_per_256: 96,
        crater_depth: Metres::from_m(1),
        knock: MetresPerSecond::from_m(10),
        knock_up: MetresPerSecond::from_m(5),
        cooldown_ms: 8_000,
        structure_per_256: 1_024,
        ..projectile(60_000, 500)
    }
}

fn heal() -> ArmRules {
    ArmRules {
        affects: side::ALLIES,
        healing: 200,
        blast_rim_per_256: 128,
        cooldown_ms: 10_000,
        cast_ms: 1_000,
        cast_breaks: 1,
        stamina: 30,
        ..area(0, 8_000)
    }
}

fn shield_bash() -> ArmRules {
    ArmRules {
        damage_kind: 2,
        knock: MetresPerSecond::from_m(6),
        knock_up: MetresPerSecond::from_m(2),
        effect: 1,
        cooldown_ms: 5_000,
        stamina: 20,
        targets: 2,
        ..melee(2_000, 80, 60)
    }
}

fn frost() -> ArmRules {
    ArmRules { effect: 3, damage: 40, damage_kind: 3, cooldown_ms: 9_000, cast_ms: 300, ..area(8_000, 4_000) }
}

fn venom() -> ArmRules {
    ArmRules { effect: 4, cooldown_ms: 4_000, ..projectile(30_000, 60) }
}

fn banner() -> ArmRules {
    ArmRules { affects: side::ONESELF, effect: 6, cooldown_ms: 30_000, cast_ms: 500, ..area(0, 1_000) }
}

fn battering_ram() -> ArmRules {
    ArmRules {
        damage_kind: 2,
        cooldown_ms: 2_500,
        cast_ms: 500,
        knock: MetresPerSecond::from_m(8),
        targets: 4,
        structure_per_256: 4_096,
        height_reach: Metres::from_m(4),
        ..melee(6_000, 40, 300)
    }
}

fn claw() -> ArmRules {
    ArmRules { effect: 5, cooldown_ms: 800, ..melee(1_800, 70, 110) }
}

fn stomp() -> ArmRules {
    ArmRules {
        damage: 220,
        damage_kind: 2,
        blast_rim_per_256: 64,
        blast_cover: 0,
        knock: MetresPerSecond::from_m(5),
        knock_up: MetresPerSecond::from_m(3),
        cooldown_ms: 4_000,
        cast_ms: 400,
        structure_per_256: 512,
        ..area(0, 6_000)
    }
}
