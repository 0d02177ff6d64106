//! What clients do at worst in a minute that they should not: to hold the limits that ship against honest ones.

use std::collections::{BTreeMap, VecDeque};

use shieldwall_core::rules::ConductRules;
use shieldwall_net::server::{ConductCounts, ZoneSessions};
use shieldwall_net::wire::misconduct::Misconduct;

/// The counts of every client, second by second for a minute, and the most that any has grown in one.
#[derive(Debug, Default)]
pub struct ConductWatch {
    minutes: BTreeMap<(u32, u64), VecDeque<ConductCounts>>,
    worst: [u64; Misconduct::ALL.len()],
}

impl ConductWatch {
    /// Takes note of what every client's conduct has counted: once a second.
    pub fn look(&mut self, sessions: &ZoneSessions) {
        for client in sessions.clients() {
            let Some(stats) = sessions.client_stats(client) else { continue };
            let minute = self.minutes.entry((client.0, stats.client_id)).or_default();
            let first = minute.front().copied().unwrap_or_default();
            for (reason, worst) in Misconduct::ALL.into_iter().zip(&mut self.worst) {
                let grown = stats.conduct.of(reason).saturating_sub(first.of(reason));
                *worst = (*worst).max(grown);
            }
            minute.push_back(stats.conduct);
            if minute.len() > 60 {
                minute.pop_front();
            }
        }
    }

    /// How often anybody did something in a minute, at worst.
    #[must_use]
    pub fn worst(&self, reason: Misconduct) -> u64 {
        self.worst[reason as usize - 1]
    }

    /// Whoever did the worst may do `margin` times as much before it is sent away.
    ///
    /// # Panics
    /// When it may not.
    pub fn assert_within(&self, limits: &ConductRules, margin: u64) {
        for reason in Misconduct::ALL {
            let limit = match reason {
                Misconduct::Malformed => limits.malformed,
                Misconduct::Flood => limits.floods,
                Misconduct::StaleInputs => limits.stale_inputs,
                Misconduct::FutureInputs => limits.future_inputs,
                Misconduct::UnknownButtons => limits.unknown_buttons,
                Misconduct::OldViews => limits.old_views,
                Misconduct::Turns => limits.turns,
                Misconduct::GroundWishes => limits.ground_wishes,
            };
            let worst = self.worst(reason);
            println!("{}: {worst} in a minute at worst, limit {limit}", reason.name());
            assert!(limit > 0 && margin * worst <= u64::from(limit), "{}: {worst} of {limit}", reason.name());
        }
    }
}
