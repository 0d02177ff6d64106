//! What a designer may change: movement, crowd, weapons and abilities, status effects, life, lag compensation. Plain fixed-point data with a range for
//! every field.
//!
//! A rule table is declared once ([`table!`](self)): the declaration gives the struct, its defaults (the demo battle),
//! its range checks, its bytes in a fixed order, and its part of the list of all fields ([`Rules::TABLES`]), of which
//! files for designers are made. What is written above a table or a field is what they read. Durations are in
//! milliseconds, so that the same rules mean the same battle at any tick rate. No behaviour lives here; the systems read
//! these tables.

mod arms;
mod classes;
mod conduct;
mod effects;
mod kit;
mod listing;
mod movement;
mod npc;
mod props;
mod siege;
mod table;

use crate::limits::HALF_EXTENT_MAX_M;
use crate::numeric::Metres;
pub use arms::{ARM_CHOICES, ARM_KINDS, ARMS, Arm, ArmRules, DAMAGE_KINDS, arm_kind, side};
pub use conduct::ConductRules;
use core::fmt;
pub use effects::{EFFECT_CHOICES, EFFECTS, EffectRules};
pub use kit::{ARM_BUTTONS, CombatRules, KitRules};
use listing::entry;
pub use listing::{RuleEntryInfo, RuleFieldInfo, RuleRelation, RuleTable, RuleTableInfo, RuleUnit};
pub use movement::{LodRules, MOVEMENT_CLASSES, MovementRules, ROOT_MOTION_PARTS, WaterRules};
pub use npc::{NPC_KINDS, NpcRules};
pub use props::{PROP_CHOICES, PROP_KINDS, PropMotionRules, PropRules};
pub use siege::{OBJECTIVE_KINDS, ObjectiveRules, STRUCTURE_KINDS, StructureRules};
pub use table::{RuleField, RulesError};
use table::{rule_table, whole};

rule_table! {
    /// How characters make room for each other.
    pub struct CrowdRules as "crowd" {
        /// Share of an overlap that one pass takes away, in 1/256; half of it by each of the two.
        stiffness_per_256: u16 as Per256 = 358, 0, 512;
        /// Passes in a tick: more of them leave less overlap in a dense crowd.
        passes: u8 as Count = 4, 0, 8;
        /// Farthest a character is pushed in one pass.
        push_max: Metres as Metres = Metres::from_mm(100), 0, 1 << 16;
    }
}

rule_table! {
    /// Health, death and return.
    pub struct LifeRules as "life" {
        /// Health of a fresh character.
        health_max: u16 as Points = 1_000, 1, 65_535;
        /// Health regained in a second, out of combat.
        regeneration_per_s: u16 as PointsPerSecond = 5, 0, 65_535;
        /// Out of combat means: this long since the last hit given or taken.
        regeneration_delay_ms: u16 as Milliseconds = 5_000, 0, 60_000;
        /// Time from death to return.
        respawn_ms: u16 as Milliseconds = 3_000, 50, 60_000;
        /// Distance of a team's spawn area from the centre of the field.
        spawn_ring: Metres as Metres = Metres::from_mm(45_000), 0, whole(HALF_EXTENT_MAX_M);
        /// Side of the square spawn area.
        spawn_width: Metres as Metres = Metres::from_mm(20_000), 0, whole(HALF_EXTENT_MAX_M);
        /// Whether weapons hurt the own team. Nobody is hit by its own weapon in either case.
        friendly_fire: u8 as Flag = 0, 0, 1;
    }
}

/// A number that differs between rules that differ: FNV-1a (64 bit) over their bytes. It finds mistakes, not malice.
///
/// As text: 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RulesHash(pub u64);

impl fmt::Display for RulesHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

rule_table! {
    /// Lag compensation: how far back attacks are judged by what the attacker saw.
    pub struct LagRules as "lag" {
        /// Farthest that an attack is judged in the past, all in all; what its player saw earlier than that counts as seen
        /// then. 0 judges all attacks in the present, and keeps no history.
        rewind_max_ms: u16 as Milliseconds = 500, 0, 500;
        /// Longest way of packets to a player and back that is made up for. Beside it stands what a host gives every
        /// player: the time for which inputs wait for their tick, and the delay at which others are drawn.
        path_max_ms: u16 as Milliseconds = 250, 0, 500;
        /// Benefit of the doubt: whoever is in a dodge now is judged at most this far in the past.
        dodge_favour_ms: u16 as Milliseconds = 100, 0, 500;
    }
}

/// All rules of a world. `Default` is the demo battle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Walking, jumping, falling: one table for each movement class.
    pub movement: [MovementRules; MOVEMENT_CLASSES],
    /// Water.
    pub water: WaterRules,
    /// Movers that nobody watches.
    pub lod: LodRules,
    /// Making room.
    pub crowd: CrowdRules,
    /// Weapons and abilities.
    pub arms: [ArmRules; ARMS],
    /// Status effects.
    pub effects: [EffectRules; EFFECTS],
    /// What each movement class fights with.
    pub kit: [KitRules; MOVEMENT_CLASSES],
    /// What all fighting shares.
    pub combat: CombatRules,
    /// Health, death, return.
    pub life: LifeRules,
    /// Looking back.
    pub lag: LagRules,
    /// What can be brought down: one table for each kind.
    pub structure: [StructureRules; STRUCTURE_KINDS],
    /// What teams fight over: one table for each kind.
    pub objective: [ObjectiveRules; OBJECTIVE_KINDS],
    /// Characters that nobody plays: one table for each kind.
    pub npc: [NpcRules; NPC_KINDS],
    /// Who is sent away.
    pub conduct: ConductRules,
    /// What all props share.
    pub prop_motion: PropMotionRules,
    /// Loose things: one table for each kind.
    pub prop: [PropRules; PROP_KINDS],
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            movement: MovementRules::classes(),
            water: WaterRules::default(),
            lod: LodRules::default(),
            crowd: CrowdRules::default(),
            arms: ArmRules::shipped(),
            effects: EffectRules::shipped(),
            kit: KitRules::shipped(),
            combat: CombatRules::default(),
            life: LifeRules::default(),
            lag: LagRules::default(),
            structure: StructureRules::kinds(),
            objective: ObjectiveRules::kinds(),
            npc: NpcRules::kinds(),
            conduct: ConductRules::default(),
            prop_motion: PropMotionRules::default(),
            prop: PropRules::kinds(),
        }
    }
}

impl Rules {
    /// Bytes of all tables, encoded.
    pub const BYTES: usize = MOVEMENT_CLASSES * MovementRules::BYTES
        + WaterRules::BYTES
        + LodRules::BYTES
        + CrowdRules::BYTES
        + ARMS * ArmRules::BYTES
        + EFFECTS * EffectRules::BYTES
        + MOVEMENT_CLASSES * KitRules::BYTES
        + CombatRules::BYTES
        + LifeRules::BYTES
        + LagRules::BYTES
        + STRUCTURE_KINDS * StructureRules::BYTES
        + OBJECTIVE_KINDS * ObjectiveRules::BYTES
        + NPC_KINDS * NpcRules::BYTES
        + ConductRules::BYTES
        + PropMotionRules::BYTES
        + PROP_KINDS * PropRules::BYTES;

    /// The movement rules of a class. Numbers from [`MOVEMENT_CLASSES`] on, which no command can set, wrap.
    #[must_use]
    #[inline]
    pub fn class(&self, class: u8) -> &MovementRules {
        &self.movement[usize::from(class) % MOVEMENT_CLASSES]
    }

    /// A weapon or an ability; `None` for nothing.
    #[must_use]
    #[inline]
    pub fn arm(&self, arm: Arm) -> Option<&ArmRules> {
        Some(&self.arms[arm.index()?])
    }

    /// The status effect of a number, counted from 1; `None` for 0 and for numbers beyond.
    #[must_use]
    #[inline]
    pub fn effect(&self, number: u8) -> Option<&EffectRules> {
        self.effects.get(usize::from(number).checked_sub(1)?)
    }

    /// The kit of a movement class. Numbers from [`MOVEMENT_CLASSES`] on, which no command can set, wrap.
    #[must_use]
    #[inline]
    pub fn kit_of(&self, class: u8) -> &KitRules {
        &self.kit[usize::from(class) % MOVEMENT_CLASSES]
    }

    /// The rules of a kind of characters that nobody plays. Numbers from [`NPC_KINDS`] on, which no command can set, wrap.
    #[must_use]
    #[inline]
    pub fn npc_kind(&self, kind: u8) -> &NpcRules {
        &self.npc[usize::from(kind) % NPC_KINDS]
    }

    /// Checks every field against its range and the relations between fields.
    ///
    /// # Errors
    /// The first field that is out of range, or the first relation that does not hold, by name.
    pub fn validate(&self) -> Result<(), RulesError> {
        self.movement.iter().try_for_each(MovementRules::validate)?;
        self.water.validate()?;
        self.lod.validate()?;
        self.crowd.validate()?;
        self.arms.iter().try_for_each(ArmRules::validate)?;
        self.effects.iter().try_for_each(EffectRules::validate)?;
        self.kit.iter().try_for_each(KitRules::validate)?;
        self.combat.validate()?;
        self.life.validate()?;
        self.lag.validate()?;
        self.structure.iter().try_for_each(StructureRules::validate)?;
        self.objective.iter().try_for_each(ObjectiveRules::validate)?;
        self.npc.iter().try_for_each(NpcRules::validate)?;
        self.conduct.validate()?;
        self.prop_motion.validate()?;
        self.prop.iter().try_for_each(PropRules::validate)?;
        match self.broken_relations().next() {
            Some((relation, _)) => Err(RulesError::Relation(relation.broken)),
            None => Ok(()),
        }
    }

    /// The version of these rules: equal for equal rules, whatever file or program they come from.
    #[must_use]
    pub fn hash(&self) -> RulesHash {
        let mut bytes = alloc::vec::Vec::with_capacity(Self::BYTES);
        self.encode_into(&mut bytes);
        RulesHash(bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3)
        }))
    }

    /// Appends the tables' fields in declaration order, little-endian.
    pub fn encode_into(&self, out: &mut alloc::vec::Vec<u8>) {
        for class in &self.movement {
            class.encode_into(out);
        }
        self.water.encode_into(out);
        self.lod.encode_into(out);
        self.crowd.encode_into(out);
        self.arms.iter().for_each(|arm| arm.encode_into(out));
        self.effects.iter().for_each(|effect| effect.encode_into(out));
        self.kit.iter().for_each(|kit| kit.encode_into(out));
        self.combat.encode_into(out);
        self.life.encode_into(out);
        self.lag.encode_into(out);
        self.structure.iter().for_each(|kind| kind.encode_into(out));
        self.objective.iter().for_each(|kind| kind.encode_into(out));
        self.npc.iter().for_each(|kind| kind.encode_into(out));
        self.conduct.encode_into(out);
        self.prop_motion.encode_into(out);
        self.prop.iter().for_each(|kind| kind.encode_into(out));
    }

    /// Reads what [`Rules::encode_into`] wrote from the front of `bytes`; `None` when they end early.
    /// Values are not judged here: [`Rules::validate`] does.
    #[must_use]
    pub fn decode(mut bytes: &[u8]) -> Option<(Self, &[u8])> {
        let mut movement = [MovementRules::default(); MOVEMENT_CLASSES];
        for class in &mut movement {
            (*class, bytes) = MovementRules::decode(bytes)?;
        }
        let (water, bytes) = WaterRules::decode(bytes)?;
        let (lod, bytes) = LodRules::decode(bytes)?;
        let (crowd, bytes) = CrowdRules::decode(bytes)?;
        let mut bytes = bytes;
        let mut arms = [ArmRules::default(); ARMS];
        for arm in &mut arms {
            (*arm, bytes) = ArmRules::decode(bytes)?;
        }
        let mut effects = [EffectRules::default(); EFFECTS];
        for effect in &mut effects {
            (*effect, bytes) = EffectRules::decode(bytes)?;
        }
        let mut kit = [KitRules::default(); MOVEMENT_CLASSES];
        for class in &mut kit {
            (*class, bytes) = KitRules::decode(bytes)?;
        }
        let (combat, bytes) = CombatRules::decode(bytes)?;
        let (life, bytes) = LifeRules::decode(bytes)?;
        let (lag, mut bytes) = LagRules::decode(bytes)?;
        let mut structure = [StructureRules::default(); STRUCTURE_KINDS];
        for kind in &mut structure {
            (*kind, bytes) = StructureRules::decode(bytes)?;
        }
        let mut objective = [ObjectiveRules::default(); OBJECTIVE_KINDS];
        for kind in &mut objective {
            (*kind, bytes) = ObjectiveRules::decode(bytes)?;
        }
        let mut npc = [NpcRules::default(); NPC_KINDS];
        for kind in &mut npc {
            (*kind, bytes) = NpcRules::decode(bytes)?;
        }
        let (conduct, bytes) = ConductRules::decode(bytes)?;
        let (prop_motion, mut bytes) = PropMotionRules::decode(bytes)?;
        let mut prop = [PropRules::default(); PROP_KINDS];
        for kind in &mut prop {
            (*kind, bytes) = PropRules::decode(bytes)?;
        }
        let rules = Self {
            movement,
            water,
            lod,
            crowd,
            arms,
            effects,
            kit,
            combat,
            life,
            lag,
            structure,
            objective,
            npc,
            conduct,
            prop_motion,
            prop,
        };
        Some((rules, bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_valid_and_round_trip() {
        let rules = Rules::default();
        rules.validate().unwrap();
        let mut bytes = alloc::vec::Vec::new();
        rules.encode_into(&mut bytes);
        assert_eq!(bytes.len(), Rules::BYTES);
        let (back, rest) = Rules::decode(&bytes).unwrap();
        assert_eq!(back, rules);
        assert!(rest.is_empty());
        for cut in 0..bytes.len() {
            assert!(Rules::decode(&bytes[..cut]).is_none());
        }
    }

    #[test]
    fn a_field_out_of_range_is_named() {
        let mut rules = Rules::default();
        rules.arms[0].targets = 99;
        assert_eq!(
            rules.validate(),
            Err(RulesError::OutOfRange { table: "arms", field: "targets", value: 99, min: 1, max: 4 })
        );
        let mut rules = Rules::default();
        rules.movement[3].sprint_speed = rules.movement[3].walk_speed;
        rules.movement[3].walk_speed.0 += 1;
        assert!(matches!(rules.validate(), Err(RulesError::Relation(_))));
    }
}
