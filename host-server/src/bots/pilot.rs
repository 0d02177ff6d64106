//! A brain at the controls of a client: looks at what the client shows, decides a few times a second, holds the input between.
//!
//! Not in here: sockets and the timetable. A test that moves time by hand drives the same pilot.

use shieldwall_core::CharacterInput;
use shieldwall_net::client::{EntityView, GameClient, ObjectiveView};

use super::brain::{Brain, Surroundings};
use super::look;

/// It decides anew every so many acts, when nobody says otherwise.
const ACTS_PER_THOUGHT: u64 = 5;

/// Plays one client.
#[derive(Debug)]
pub struct Pilot {
    brain: Brain,
    input: CharacterInput,
    acts: u64,
    acts_per_thought: u64,
    objectives: Vec<ObjectiveView>,
}

impl Pilot {
    /// For bot number `index` in a crowd seeded with `seed`; one that `roams` stays where it came into the world. Pilots that
    /// follow each other think in different acts.
    #[must_use]
    pub fn new(seed: u64, index: u32, roams: bool) -> Self {
        let brain = Brain::new(seed, index);
        Self {
            brain: if roams { brain.roaming() } else { brain },
            input: CharacterInput::default(),
            acts: u64::from(index),
            acts_per_thought: ACTS_PER_THOUGHT,
            objectives: Vec::new(),
        }
    }

    /// The same pilot, who decides anew every so many acts (at least 1).
    #[must_use]
    pub fn thinking_every(self, acts: u64) -> Self {
        Self { acts_per_thought: acts.max(1), ..self }
    }

    /// Whether the next act is one with a thought: only that looks at the others.
    #[must_use]
    pub fn thinks_next(&self) -> bool {
        self.acts.is_multiple_of(self.acts_per_thought)
    }

    /// What the player does now; 30 times a second. `others` is everybody in sight, in any order.
    pub fn act(&mut self, client: &GameClient, others: &[EntityView]) -> CharacterInput {
        if self.thinks_next()
            && let Some(own) = client.own()
            && let Some(world) = client.world()
        {
            self.input = if own.alive {
                self.objectives.clear();
                let points = 0..client.objective_count();
                self.objectives.extend(points.filter_map(|point| client.objective(point)));
                let around = Surroundings {
                    rules: &world.config().rules,
                    objectives: &self.objectives,
                    ahead: look::ahead(client, world, &own, self.input.yaw),
                };
                self.brain.think(&own, others, &around)
            } else {
                CharacterInput { yaw: self.input.yaw, ..CharacterInput::default() }
            };
        }
        self.acts += 1;
        self.input
    }
}
