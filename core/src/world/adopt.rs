//! Other rules for a world that runs: which are adopted, which are refused, and what follows from them.
//!
//! What the new rules make of the state is in [`crate::systems::adoption`].

use super::{ConfigError, World};
use crate::rules::{ObjectiveRules, Rules};
use crate::systems::movement::MovementTicks;
use crate::systems::{Timing, adoption};
use crate::world::WorldConfig;
use core::fmt;

/// Why a running world does not adopt rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdoptRulesError {
    /// No world of this configuration could have them.
    Config(ConfigError),
    /// They look back on another number of ticks (`lag.rewind_max_ms`): the room for them is of the state.
    History {
        /// Ticks that this world looks back on.
        world: u32,
        /// Ticks that the rules would look back on.
        rules: u32,
    },
    /// They make a flag of a place that is captured, or the other way round (`objective.carried`), where there are some.
    ObjectiveForm {
        /// The kind of objective.
        kind: u8,
    },
}

impl fmt::Display for AdoptRulesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::History { world, rules } => write!(
                f,
                "rules: lag.rewind_max_ms looks back on {rules} ticks; this world was made for {world}, and that cannot \
                 change while it runs"
            ),
            Self::ObjectiveForm { kind } => {
                let name = ObjectiveRules::KINDS.get(usize::from(*kind)).map_or("?", |kind| kind.name);
                write!(
                    f,
                    "rules: objective.{name}.carried changes while there are such places: a flag stays a flag as long as \
                     the world runs"
                )
            }
        }
    }
}

impl core::error::Error for AdoptRulesError {}

impl From<ConfigError> for AdoptRulesError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl World {
    /// Whether [`World::adopt_rules`] would adopt these rules: at any time, whatever happens until then.
    ///
    /// # Errors
    /// [`AdoptRulesError`].
    pub fn check_rules(&self, rules: &Rules) -> Result<(), AdoptRulesError> {
        let config = WorldConfig { rules: *rules, ..self.config };
        config.validate()?;
        let (now, then) = (&self.environment.timing, Timing::new(rules, self.config.tick_hz));
        if now.rewind_max != then.rewind_max {
            return Err(AdoptRulesError::History { world: now.rewind_max.0, rules: then.rewind_max.0 });
        }
        let form = |rules: &Rules, kind: u8| rules.objective_kind(kind).carried;
        let mut points = self.environment.obstacles.capture_points().iter();
        match points.find(|point| form(rules, point.kind) != form(&self.config.rules, point.kind)) {
            Some(point) => Err(AdoptRulesError::ObjectiveForm { kind: point.kind }),
            None => Ok(()),
        }
    }

    /// Goes on by other rules from the next tick on. Call it between two ticks; it takes memory, and looks at every row.
    ///
    /// What is above a new maximum becomes that maximum, what is left of a time is at most that time anew; all else is as
    /// it was (`docs/RULES.md`). The result follows from the state and the rules alone. From then on this is a world of
    /// the configuration with the new rules: it has its fingerprint, its images are taken by such worlds and run on
    /// there exactly as here, and states that were kept before are of another world. The events of the last tick stay.
    ///
    /// # Errors
    /// [`AdoptRulesError`]; nothing has changed then. What the rules and the scenery say decides it, never the state.
    pub fn adopt_rules(&mut self, rules: &Rules) -> Result<(), AdoptRulesError> {
        self.check_rules(rules)?;
        let before = self.config.rules;
        if before == *rules {
            return Ok(());
        }
        self.config.rules = *rules;
        self.fingerprint = self.config.fingerprint_with(self.environment.obstacles.content_hash());
        let (environment, tick_hz) = (&mut self.environment, self.config.tick_hz);
        environment.rules = *rules;
        environment.timing = Timing::new(rules, tick_hz);
        environment.movement = MovementTicks::new(rules, tick_hz);
        self.scratch.adopt(&self.environment);
        adoption::adopt(&mut self.state, &before, &self.environment);
        // Somebody may have been moved.
        self.index_is_stale = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
