//! Whom a client may be told of, of those who are near enough: not enemies who hide, nor enemies behind ground and walls.
//!
//! - [`stealth`]: enemies with a status effect that hides them
//! - [`lines`]: lines of sight through the world, shared by all clients that look from one place to another
//! - [`sights`]: what one client has seen of whom, and when it is to look again
//!
//! Allies are always told of, and so are enemies so near that they are heard. It works on what a search found, so it costs
//! nothing between searches and nothing at all where neither rules nor configuration ask for it. What is not here: objectives,
//! which everybody is told (`objective_log`), and events, which follow the characters that are told of (`snapshot`).

#[cfg(test)]
mod cost;
pub(super) mod lines;
pub(super) mod sights;
pub(super) mod stealth;

use super::config::ReplicationConfig;
use super::interest::InterestTable;
use super::session::Session;
use lines::Lines;
use shieldwall_core::{Tick, World};
use sights::Sights;
use stealth::Stealth;

/// What all clients of a zone share of it.
#[derive(Debug)]
pub(super) struct Visibility {
    stealth: Stealth,
    /// Whether ground and walls hide anybody.
    occludes: bool,
}

impl Visibility {
    /// For a configuration that was validated.
    pub(super) fn new(config: &ReplicationConfig, capacity: u32) -> Self {
        let stealth = Stealth::new(capacity, config.leave_margin);
        Self { stealth, occludes: config.occlusion.is_some() }
    }

    /// What a client that comes has seen: nobody yet.
    pub(super) fn sights(&self, capacity: u32) -> Sights {
        if self.occludes { Sights::new(capacity) } else { Sights::default() }
    }

    /// Learns who hides, after a tick.
    pub(super) fn learn(&mut self, world: &World) {
        self.stealth.learn(world);
    }

    /// Takes out of `found`, the slots that a search found, 64 to a word, whom the client must not be told of. `own` is the slot of
    /// its character, `tick` the one the world has just run. Lines of sight are shared with those who look through the same
    /// `lines`.
    pub(super) fn narrow(
        &self,
        lines: Option<&mut Lines>,
        session: &mut Session,
        (table, found): (&InterestTable, &mut [u64]),
        world: &World,
        own: u32,
        tick: Tick,
    ) {
        if !self.stealth.is_empty() {
            self.stealth.hide(&session.tracks, found, world, own, tick);
        }
        if let Some(lines) = lines {
            sights::look(lines, &mut session.sights, (table, found), world, own, tick);
            session.traffic.rays += u64::from(lines.take_rays());
        }
    }
}
