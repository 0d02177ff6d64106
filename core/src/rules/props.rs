//! Props: loose things that lie about, are pushed, thrown and broken. Eight kinds, and what all of them share.
//!
//! Where they stand at first a scenery says; here is what their kinds mean.

use super::table::{RuleField, RulesError, mm, rule_table, whole};
use super::{DAMAGE_KINDS, RuleEntryInfo, Rules, entry};
use crate::numeric::{Metres, MetresPerSecond};

/// How many kinds of props there are.
pub const PROP_KINDS: usize = 8;

/// Largest radius of a kind of props, in millimetres.
const RADIUS_MAX_MM: i32 = 1_500;

rule_table! {
    /// What all props share: how they fall, give way to each other, and come to rest.
    pub struct PropMotionRules as "prop_motion" {
        /// Pull downwards.
        gravity_per_s: MetresPerSecond as MetresPerSecondSquared = MetresPerSecond::from_mm(9_810), mm(1_000), whole(50);
        /// Passes in a tick in which props that overlap give way.
        passes: u8 as Count = 4, 1, 8;
        /// Farthest that a prop gives way in one pass.
        push_max: Metres as Metres = Metres::from_mm(50), mm(1), mm(100);
        /// Fastest that those who walk into a prop make it.
        kick_max: MetresPerSecond as MetresPerSecond = MetresPerSecond::from_mm(6_000), 0, whole(30);
        /// Slower than this is at rest.
        rest_speed: MetresPerSecond as MetresPerSecond = MetresPerSecond::from_mm(60), mm(10), whole(1);
        /// At rest for so long, a prop falls asleep.
        rest_ms: u16 as Milliseconds = 400, 20, 10_000;
        /// Faster than this, what touches a sleeping prop wakes it.
        wake_speed: MetresPerSecond as MetresPerSecond = MetresPerSecond::from_mm(500), mm(10), whole(10);
    }
}

rule_table! {
    /// One kind of prop: an upright cylinder that stands, slides, falls and breaks, and never tumbles.
    pub struct PropRules as "prop" {
        /// Half its width.
        radius: Metres as Metres = Metres::from_mm(500), mm(100), mm(RADIUS_MAX_MM);
        /// From its foot to its top.
        height: Metres as Metres = Metres::from_mm(1_000), mm(130), mm(4_000);
        /// Weight: who gives way to whom, and by how much.
        weight_kg: u16 as Kilograms = 40, 1, 65_535;
        /// Share of the pressure on a surface that holds it back there, in 1/256.
        friction_per_256: u16 as Per256 = 154, 8, 1_024;
        /// Share of the speed against a surface that it comes back with, in 1/256.
        bounce_per_256: u16 as Per256 = 40, 0, 230;
        /// What it endures.
        health: u16 as Points = 200, 1, 65_535;
        /// Share of the damage by blades that it takes, in 1/256.
        slash_per_256: u16 as Per256 = 160, 0, 1_024;
        /// Share of the damage by points, arrows and bolts that it takes, in 1/256.
        pierce_per_256: u16 as Per256 = 96, 0, 1_024;
        /// Share of the damage by clubs, rams and stones that it takes, in 1/256.
        blunt_per_256: u16 as Per256 = 256, 0, 1_024;
        /// Share of the damage by fire that it takes, in 1/256.
        fire_per_256: u16 as Per256 = 320, 0, 1_024;
        /// Share of a weapon's knock that it gets, in 1/256.
        knock_per_256: u16 as Per256 = 256, 0, 1_024;
        /// Whether it is in the way of those who walk.
        blocks: u8 as Flag = 1, 0, 1;
        /// Whether those who walk into it push it; otherwise it blocks like a wall. Only what blocks is pushed.
        pushed: u8 as Flag = 1, 0, 1;
        /// Whether arrows and rays stop at it; swings and blasts reach it in any case.
        stops: u8 as Flag = 1, 0, 1;
        /// How long it lies about once it came into the world; 0 for good.
        lifetime_ms: u32 as Milliseconds = 0, 0, 3_600_000;
        /// What is left when it breaks.
        debris_kind: u8 as Choice(PROP_CHOICES) = 0, 0, PROP_KINDS as i64;
        /// How many of that.
        debris_count: u8 as Count = 0, 0, 8;
    }
}

/// Values of fields that name a kind of props: nothing, then the kinds.
pub const PROP_CHOICES: &[&str; PROP_KINDS + 1] =
    &["nothing", "crate", "barrel", "boulder", "cart", "splinters", "rubble", "sack", "spare"];

impl PropRules {
    /// The names of the eight kinds, by their numbers.
    pub const KINDS: [RuleEntryInfo; PROP_KINDS] = [
        entry(PROP_CHOICES[1], "Kind 0: a wooden crate."),
        entry(PROP_CHOICES[2], "Kind 1: a barrel."),
        entry(PROP_CHOICES[3], "Kind 2: a boulder that nobody pushes."),
        entry(PROP_CHOICES[4], "Kind 3: a loaded cart."),
        entry(PROP_CHOICES[5], "Kind 4: splinters of wood; gone after a while."),
        entry(PROP_CHOICES[6], "Kind 5: rubble of walls; gone after a while."),
        entry(PROP_CHOICES[7], "Kind 6: a sack of sand."),
        entry(PROP_CHOICES[8], "Kind 7: free for what a game needs."),
    ];

    /// The eight kinds of the demo battle.
    #[must_use]
    pub fn kinds() -> [Self; PROP_KINDS] {
        let plain = Self::default();
        let of = |radius_mm, height_mm, weight_kg| Self {
            radius: Metres::from_mm(radius_mm),
            height: Metres::from_mm(height_mm),
            weight_kg,
            ..plain
        };
        let wood = |rules: Self, debris_count| Self { debris_kind: 5, debris_count, ..rules };
        let lies_about = |rules: Self, lifetime_ms, bounce_per_256| Self {
            health: 40,
            blocks: 0,
            pushed: 0,
            stops: 0,
            lifetime_ms,
            bounce_per_256,
            ..rules
        };
        [
            wood(of(500, 1_000, 40), 4),
            Self { health: 160, friction_per_256: 110, bounce_per_256: 70, ..wood(of(400, 1_000, 30), 3) },
            Self {
                health: 4_000,
                slash_per_256: 8,
                pierce_per_256: 4,
                blunt_per_256: 96,
                fire_per_256: 0,
                knock_per_256: 16,
                pushed: 0,
                debris_kind: 6,
                debris_count: 6,
                ..of(900, 1_400, 3_000)
            },
            Self { health: 600, knock_per_256: 64, friction_per_256: 90, ..wood(of(1_100, 1_300, 300), 8) },
            lies_about(of(180, 160, 3), 20_000, 60),
            lies_about(of(350, 300, 60), 60_000, 20),
            Self { health: 120, friction_per_256: 220, bounce_per_256: 0, ..of(350, 400, 25) },
            plain,
        ]
    }

    /// What it takes of a damage of a kind (a place in [`DAMAGE_KINDS`]; of others nothing): whole points, rounded down.
    #[must_use]
    pub fn taken(&self, damage: u64, damage_kind: u8) -> u64 {
        let shares: [u16; DAMAGE_KINDS.len()] =
            [self.slash_per_256, self.pierce_per_256, self.blunt_per_256, self.fire_per_256];
        let share = shares.get(usize::from(damage_kind)).copied().unwrap_or(0);
        damage.saturating_mul(u64::from(share)) >> 8
    }
}

impl Rules {
    /// The rules of a kind of props. Numbers from [`PROP_KINDS`] on, which no world has, wrap.
    #[must_use]
    #[inline]
    pub fn prop_kind(&self, kind: u8) -> &PropRules {
        &self.prop[usize::from(kind) % PROP_KINDS]
    }
}
