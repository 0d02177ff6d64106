//! What is counted of the fighting beside kills and hits: one list of names for `/metrics`, `/stats.json` and the report.

use serde::Serialize;
use shieldwall_core::{Event, FlagMove, Tally};

/// Sums since the start. The names are those of the JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FightFigures {
    /// Projectiles that began.
    pub shots: u64,
    /// Hits that a shield held off.
    pub blocks: u64,
    /// Weapons that reached somebody whom nothing hurts just then.
    pub hits_avoided: u64,
    /// Health taken.
    pub health_taken: u64,
    /// Health given back by abilities and effects.
    pub health_given: u64,
    /// Projectiles that burst, and abilities that worked around a point.
    pub bursts: u64,
    /// Status effects that came over somebody who did not have them.
    pub afflictions: u64,
    /// Preparations that were broken off.
    pub casts_broken: u64,
    /// Helpers of those who killed.
    pub assists: u64,
    /// Health that sections of structures lost to weapons.
    pub structure_damage: u64,
    /// Sections of structures that fell.
    pub sections_fallen: u64,
    /// Sections that came to stand again.
    pub sections_built: u64,
    /// Capture points that went to another team.
    pub captures: u64,
    /// Flags that were taken.
    pub flags_taken: u64,
    /// Flags that were brought home.
    pub flags_brought: u64,
}

impl FightFigures {
    /// Adds what a tick counted.
    pub fn add(&mut self, tally: &Tally) {
        self.shots += u64::from(tally.shots);
        self.blocks += u64::from(tally.blocks);
        self.hits_avoided += u64::from(tally.hits_avoided);
        self.health_taken += tally.health_taken;
        self.health_given += tally.health_given;
        self.bursts += u64::from(tally.bursts);
        self.afflictions += u64::from(tally.afflictions);
        self.casts_broken += u64::from(tally.casts_broken);
        self.assists += u64::from(tally.assists);
        self.structure_damage += tally.structure_damage;
    }

    /// Counts an event that no tally has a place for.
    pub fn learn(&mut self, event: &Event) {
        match event {
            Event::StructureFell { .. } => self.sections_fallen += 1,
            Event::StructureBuilt { .. } => self.sections_built += 1,
            Event::PointCaptured { .. } => self.captures += 1,
            Event::FlagMoved { what: FlagMove::Taken, .. } => self.flags_taken += 1,
            Event::FlagMoved { what: FlagMove::Brought, .. } => self.flags_brought += 1,
            _ => {}
        }
    }

    /// Name, meaning and value of each, for `/metrics`.
    #[must_use]
    pub fn rows(&self) -> [(&'static str, &'static str, u64); 15] {
        [
            ("shots", "Projectiles that began", self.shots),
            ("blocks", "Hits that a shield held off", self.blocks),
            ("hits_avoided", "Hits on somebody whom nothing hurts just then", self.hits_avoided),
            ("health_taken", "Health taken", self.health_taken),
            ("health_given", "Health given back by abilities and effects", self.health_given),
            ("bursts", "Projectiles that burst, and abilities around a point", self.bursts),
            ("afflictions", "Status effects that came over somebody", self.afflictions),
            ("casts_broken", "Preparations of abilities that were broken off", self.casts_broken),
            ("assists", "Helpers of those who killed", self.assists),
            ("structure_damage", "Health that structures lost to weapons", self.structure_damage),
            ("sections_fallen", "Sections of structures that fell", self.sections_fallen),
            ("sections_built", "Sections of structures that came to stand again", self.sections_built),
            ("captures", "Capture points that went to another team", self.captures),
            ("flags_taken", "Flags that were taken", self.flags_taken),
            ("flags_brought", "Flags that were brought home", self.flags_brought),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shieldwall_core::CharacterId;

    #[test]
    fn tallies_add_up_and_events_are_told_apart() {
        let mut figures = FightFigures::default();
        let tally = Tally { blocks: 2, structure_damage: 900, ..Tally::default() };
        figures.add(&tally);
        figures.add(&tally);
        figures.learn(&Event::StructureFell { section: 3, attacker: CharacterId::NONE });
        figures.learn(&Event::PointCaptured { point: 0, team: 1, before: 0 });
        for what in [FlagMove::Taken, FlagMove::Brought] {
            figures.learn(&Event::FlagMoved { point: 1, id: CharacterId::NONE, what });
        }
        assert_eq!((figures.blocks, figures.structure_damage), (4, 1_800));
        assert_eq!((figures.sections_fallen, figures.captures), (1, 1));
        assert_eq!((figures.flags_taken, figures.flags_brought), (1, 1));
        let sum: u64 = figures.rows().iter().map(|(.., value)| value).sum();
        assert_eq!(sum, 4 + 1_800 + 4, "every number is among the rows");
    }
}
