//! The rules as a list: every table, entry and field with its unit, range and documentation, to be read and set by name.
//!
//! Editors, file formats and checks are made of this list, so that none of them names a field a second time. All numbers
//! are raw integers; what they are in human units is for those to say who show them (the package `shieldwall-rules`).

use super::{
    ArmRules, CombatRules, ConductRules, CrowdRules, EffectRules, KitRules, LagRules, LifeRules, LodRules,
    MovementRules, NpcRules, ObjectiveRules, PropMotionRules, PropRules, Rules, StructureRules, WaterRules,
};

/// What a field's raw integer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleUnit {
    /// A length: 1/65536 m.
    Metres,
    /// A speed: 1/65536 m/s.
    MetresPerSecond,
    /// A change of speed in a second: 1/65536 m/s².
    MetresPerSecondSquared,
    /// An angle: 1/65536 of a turn.
    Degrees,
    /// A duration: 1 ms.
    Milliseconds,
    /// A share or a slope: 1/256.
    Per256,
    /// A weight: 1 kg.
    Kilograms,
    /// Points of health.
    Points,
    /// Points of health in a second.
    PointsPerSecond,
    /// Ticks of the simulation.
    Ticks,
    /// A number of things.
    Count,
    /// Parts of a whole; what counts is their proportion to each other.
    Shares,
    /// 0 is no, 1 is yes.
    Flag,
    /// A share: 1/1000.
    Per1000,
    /// The number of one of [`RuleFieldInfo::choices`].
    Choice,
}

/// A field of a table. A field of more than one entry has its range on the sum of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleFieldInfo {
    /// Its name.
    pub name: &'static str,
    /// What its raw integers mean.
    pub unit: RuleUnit,
    /// The names of a choice's values, from 0 on; empty for all other units.
    pub choices: &'static [&'static str],
    /// Of how many raw integers it consists.
    pub entries: usize,
    /// Largest raw integer that one entry can hold.
    pub entry_max: i64,
    /// Smallest allowed value, raw.
    pub min: i64,
    /// Largest allowed value, raw.
    pub max: i64,
    /// What it does, as one line that may begin with a space.
    pub doc: &'static str,
}

/// One of several tables of the same kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleEntryInfo {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub doc: &'static str,
}

/// A table, or several of the same kind under one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleTableInfo {
    /// Its name.
    pub name: &'static str,
    /// What it is about, as one line that may begin with a space.
    pub doc: &'static str,
    /// The names of the tables, where there are several; empty where there is one.
    pub entries: &'static [RuleEntryInfo],
    /// The fields, in the order of their bytes.
    pub fields: &'static [RuleFieldInfo],
}

/// A table whose fields are read and set by name.
pub trait RuleTable {
    /// The fields, in the order of their bytes.
    fn fields(&self) -> &'static [RuleFieldInfo];

    /// The raw integer of an entry of a field (entry 0 where the field is one number); `None` when there is none.
    fn value(&self, field: &str, entry: usize) -> Option<i64>;

    /// Sets the raw integer of an entry of a field; `None` when there is none or it cannot hold the integer. Ranges are
    /// not judged: [`Rules::validate`] does.
    fn set_value(&mut self, field: &str, entry: usize, raw: i64) -> Option<()>;
}

/// Something that must hold between two fields: the raw value of `low`, taken `times` times, is not above that of `high`.
///
/// Both are (table, field). Of one table it holds in every entry; of two tables, between the first entries of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleRelation {
    /// The field that is not to be above.
    pub low: (&'static str, &'static str),
    /// How often it is taken.
    pub times: i64,
    /// The field that is not to be below.
    pub high: (&'static str, &'static str),
    /// What is wrong where it does not hold.
    pub broken: &'static str,
}

/// What must hold between fields, beyond their ranges.
pub(super) const RELATIONS: &[RuleRelation] = &[
    RuleRelation {
        low: ("movement", "walk_speed"),
        times: 1,
        high: ("movement", "sprint_speed"),
        broken: "movement: sprint_speed is below walk_speed",
    },
    RuleRelation {
        low: ("movement", "radius"),
        times: 2,
        high: ("movement", "height"),
        broken: "movement: height is below twice the radius",
    },
    RuleRelation {
        low: ("movement", "crouch_height"),
        times: 1,
        high: ("movement", "height"),
        broken: "movement: crouch_height is above height",
    },
    RuleRelation {
        low: ("movement", "radius"),
        times: 2,
        high: ("movement", "crouch_height"),
        broken: "movement: crouch_height is below twice the radius",
    },
    RuleRelation {
        low: ("npc", "aggro_radius"),
        times: 1,
        high: ("npc", "lose_radius"),
        broken: "npc: lose_radius is below aggro_radius",
    },
];

const fn single(name: &'static str, doc: &'static str, fields: &'static [RuleFieldInfo]) -> RuleTableInfo {
    RuleTableInfo { name, doc, entries: &[], fields }
}

const fn several(
    name: &'static str,
    doc: &'static str,
    entries: &'static [RuleEntryInfo],
    fields: &'static [RuleFieldInfo],
) -> RuleTableInfo {
    RuleTableInfo { name, doc, entries, fields }
}

/// An entry of a list of tables.
pub(super) const fn entry(name: &'static str, doc: &'static str) -> RuleEntryInfo {
    RuleEntryInfo { name, doc }
}

impl Rules {
    /// Every table, in the order of their bytes.
    pub const TABLES: &'static [RuleTableInfo] = &[
        several(MovementRules::NAME, MovementRules::DOC, &MovementRules::CLASSES, MovementRules::FIELDS),
        single(WaterRules::NAME, WaterRules::DOC, WaterRules::FIELDS),
        single(LodRules::NAME, LodRules::DOC, LodRules::FIELDS),
        single(CrowdRules::NAME, CrowdRules::DOC, CrowdRules::FIELDS),
        several(ArmRules::NAME, ArmRules::DOC, &ArmRules::ENTRIES, ArmRules::FIELDS),
        several(EffectRules::NAME, EffectRules::DOC, &EffectRules::ENTRIES, EffectRules::FIELDS),
        several(KitRules::NAME, KitRules::DOC, &MovementRules::CLASSES, KitRules::FIELDS),
        single(CombatRules::NAME, CombatRules::DOC, CombatRules::FIELDS),
        single(LifeRules::NAME, LifeRules::DOC, LifeRules::FIELDS),
        single(LagRules::NAME, LagRules::DOC, LagRules::FIELDS),
        RuleTableInfo {
            name: StructureRules::NAME,
            doc: StructureRules::DOC,
            entries: &StructureRules::KINDS,
            fields: StructureRules::FIELDS,
        },
        RuleTableInfo {
            name: ObjectiveRules::NAME,
            doc: ObjectiveRules::DOC,
            entries: &ObjectiveRules::KINDS,
            fields: ObjectiveRules::FIELDS,
        },
        RuleTableInfo {
            name: NpcRules::NAME,
            doc: NpcRules::DOC,
            entries: &NpcRules::KINDS,
            fields: NpcRules::FIELDS,
        },
        single(ConductRules::NAME, ConductRules::DOC, ConductRules::FIELDS),
        single(PropMotionRules::NAME, PropMotionRules::DOC, PropMotionRules::FIELDS),
        several(PropRules::NAME, PropRules::DOC, &PropRules::KINDS, PropRules::FIELDS),
    ];

    /// What must hold between fields, beyond their ranges.
    pub const RELATIONS: &'static [RuleRelation] = RELATIONS;

    /// The table of this name, the `entry`-th where there are several (0 where there is one).
    #[must_use]
    pub fn table(&self, name: &str, entry: usize) -> Option<&dyn RuleTable> {
        let single: &dyn RuleTable = match name {
            MovementRules::NAME => return self.movement.get(entry).map(|class| class as &dyn RuleTable),
            ArmRules::NAME => return self.arms.get(entry).map(|arm| arm as &dyn RuleTable),
            EffectRules::NAME => return self.effects.get(entry).map(|effect| effect as &dyn RuleTable),
            KitRules::NAME => return self.kit.get(entry).map(|kit| kit as &dyn RuleTable),
            StructureRules::NAME => return self.structure.get(entry).map(|kind| kind as &dyn RuleTable),
            ObjectiveRules::NAME => return self.objective.get(entry).map(|kind| kind as &dyn RuleTable),
            WaterRules::NAME => &self.water,
            LodRules::NAME => &self.lod,
            CrowdRules::NAME => &self.crowd,
            CombatRules::NAME => &self.combat,
            LifeRules::NAME => &self.life,
            LagRules::NAME => &self.lag,
            NpcRules::NAME => return self.npc.get(entry).map(|kind| kind as &dyn RuleTable),
            ConductRules::NAME => &self.conduct,
            PropMotionRules::NAME => &self.prop_motion,
            PropRules::NAME => return self.prop.get(entry).map(|kind| kind as &dyn RuleTable),
            _ => return None,
        };
        (entry == 0).then_some(single)
    }

    /// [`Rules::table`], to be changed.
    pub fn table_mut(&mut self, name: &str, entry: usize) -> Option<&mut dyn RuleTable> {
        let single: &mut dyn RuleTable = match name {
            MovementRules::NAME => {
                return self.movement.get_mut(entry).map(|class| class as &mut dyn RuleTable);
            }
            ArmRules::NAME => return self.arms.get_mut(entry).map(|arm| arm as &mut dyn RuleTable),
            EffectRules::NAME => {
                return self.effects.get_mut(entry).map(|effect| effect as &mut dyn RuleTable);
            }
            KitRules::NAME => return self.kit.get_mut(entry).map(|kit| kit as &mut dyn RuleTable),
            StructureRules::NAME => {
                return self.structure.get_mut(entry).map(|kind| kind as &mut dyn RuleTable);
            }
            ObjectiveRules::NAME => {
                return self.objective.get_mut(entry).map(|kind| kind as &mut dyn RuleTable);
            }
            WaterRules::NAME => &mut self.water,
            LodRules::NAME => &mut self.lod,
            CrowdRules::NAME => &mut self.crowd,
            CombatRules::NAME => &mut self.combat,
            LifeRules::NAME => &mut self.life,
            LagRules::NAME => &mut self.lag,
            NpcRules::NAME => return self.npc.get_mut(entry).map(|kind| kind as &mut dyn RuleTable),
            ConductRules::NAME => &mut self.conduct,
            PropMotionRules::NAME => &mut self.prop_motion,
            PropRules::NAME => return self.prop.get_mut(entry).map(|kind| kind as &mut dyn RuleTable),
            _ => return None,
        };
        (entry == 0).then_some(single)
    }

    /// The relations that do not hold, each with the entry in which (0 where there is one table), in the order of
    /// [`Rules::RELATIONS`].
    pub fn broken_relations(&self) -> impl Iterator<Item = (&'static RuleRelation, usize)> + '_ {
        RELATIONS.iter().flat_map(move |relation| {
            let table = Self::TABLES.iter().find(|table| table.name == relation.low.0);
            let entries = match table {
                Some(table) if relation.low.0 == relation.high.0 => table.entries.len().max(1),
                _ => 1,
            };
            (0..entries)
                .filter(move |&entry| !self.holds(relation, entry))
                .map(move |entry| (relation, entry))
        })
    }

    fn holds(&self, relation: &RuleRelation, entry: usize) -> bool {
        let value = |(table, field): (&str, &str)| self.table(table, entry)?.value(field, 0);
        match (value(relation.low), value(relation.high)) {
            (Some(low), Some(high)) => low.saturating_mul(relation.times) <= high,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::MOVEMENT_CLASSES;
    use super::*;
    use alloc::vec::Vec;

    fn bytes(rules: &Rules) -> Vec<u8> {
        let mut out = Vec::new();
        rules.encode_into(&mut out);
        out
    }

    /// Setting every listed field, one after the other, changes bytes from the first to the last, none twice: the list
    /// is whole and in the order of the bytes.
    #[test]
    fn the_list_is_all_of_the_rules() {
        let before = Rules::default();
        let mut next = 0;
        for table in Rules::TABLES {
            for entry in 0..table.entries.len().max(1) {
                for field in table.fields {
                    for part in 0..field.entries {
                        let mut rules = before;
                        let shown = rules.table(table.name, entry).unwrap();
                        assert_eq!(shown.fields(), table.fields);
                        let raw = shown.value(field.name, part).unwrap();
                        rules
                            .table_mut(table.name, entry)
                            .unwrap()
                            .set_value(field.name, part, raw ^ 1)
                            .unwrap();
                        let (old, new) = (bytes(&before), bytes(&rules));
                        let changed: Vec<_> = (0..old.len()).filter(|&at| old[at] != new[at]).collect();
                        assert_eq!(changed, [next], "{}.{}", table.name, field.name);
                        next += match field.entry_max {
                            255 => 1,
                            65_535 => 2,
                            _ => 4,
                        };
                    }
                }
            }
        }
        assert_eq!(next, Rules::BYTES);
    }

    #[test]
    fn what_is_not_there_is_none() {
        let mut rules = Rules::default();
        assert!(rules.table("crowd", 1).is_none() && rules.table("movement", MOVEMENT_CLASSES).is_none());
        assert!(rules.table("dance", 0).is_none() && rules.table_mut("dance", 0).is_none());
        let crowd = rules.table_mut("crowd", 0).unwrap();
        assert_eq!((crowd.value("passes", 1), crowd.value("reach", 0)), (None, None));
        assert_eq!(crowd.set_value("passes", 0, 256), None);
        assert_eq!(crowd.set_value("passes", 0, -1), None);
        assert_eq!(crowd.set_value("passes", 0, 255), Some(()));
        assert_eq!(crowd.value("passes", 0), Some(255));
    }

    /// Every relation can be broken, and is then found in the entry it is broken in.
    #[test]
    fn relations_are_found_where_they_break() {
        assert_eq!(Rules::default().broken_relations().count(), 0);
        for relation in Rules::RELATIONS {
            let mut rules = Rules::default();
            let entry = if relation.low.0 == relation.high.0 { 3 } else { 0 };
            let high = rules.table(relation.high.0, entry).unwrap().value(relation.high.1, 0).unwrap();
            let low = rules.table_mut(relation.low.0, entry).unwrap();
            low.set_value(relation.low.1, 0, high / relation.times + 1).unwrap();
            assert!(
                rules.broken_relations().any(|broken| broken == (relation, entry)),
                "{}",
                relation.broken
            );
            assert!(rules.validate().is_err());
        }
    }
}
