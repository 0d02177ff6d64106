//! Other rules in the middle of a battle: told ahead to everybody, adopted by the world at the tick that was told.
//!
//! **No packet is ambiguous.** Whether the bits of a snapshot are by the old rules or by the new ones, its tick says. A
//! client is sent no snapshot of the new rules before it has acknowledged the message of them, as it is sent none at all before the welcome;
//! and as they are told two seconds ahead, nobody on a usable line waits. Changes of the world go through the reliable stream:
//! from the announcement on they are written so that both rules read them alike, and by the new rules once those hold, which
//! is after the message for every client.
//!
//! Not in here: who decides that rules change; what they do to a world ([`shieldwall_core::World::adopt_rules`]).

use super::session::Session;
use super::zone::ZoneSessions;
use crate::secure::ClientIndex;
use crate::wire::goodbye::GoodbyeReason;
use crate::wire::quantize::EntityCodec;
use crate::wire::rules_change::RulesChange;
use core::fmt;
use shieldwall_core::world::AdoptRulesError;
use shieldwall_core::{Rules, Tick, Ticks, World, WorldConfig};
use std::collections::VecDeque;
use std::sync::Arc;

/// Rules are told this long before they hold: time for two repetitions on a bad line, and for a client's clock that is half a
/// second ahead.
const AHEAD_S: u32 = 2;
/// The first version of the protocol that knows them.
const SINCE_VERSION: u16 = 4;

/// Why rules are not announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnnounceRulesError {
    /// Others are announced, and do not hold yet.
    Pending {
        /// When they will.
        from: Tick,
    },
    /// The world would not adopt them.
    Refused(AdoptRulesError),
}

impl fmt::Display for AnnounceRulesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pending { from } => write!(f, "rules: others are announced for tick {}", from.0),
            Self::Refused(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for AnnounceRulesError {}

/// The last change of rules.
#[derive(Debug)]
pub(super) struct RulesNews {
    from: Tick,
    rules: Box<Rules>,
    message: Arc<[u8]>,
    adopted: bool,
}

/// How far a client has come with them.
#[derive(Clone, Debug, Default)]
pub(super) struct RulesTold {
    /// First tick of rules that it may not know yet.
    from: Option<Tick>,
    /// Messages for which the stream had no room yet.
    unsent: VecDeque<Arc<[u8]>>,
    /// Where the reliable stream ended when the last one was queued.
    end: u16,
}

impl RulesTold {
    /// Whether a message has yet to be queued.
    pub(super) fn is_due(&self) -> bool {
        !self.unsent.is_empty()
    }
}

impl Session {
    fn tell_rules(&mut self, news: &RulesNews) {
        self.rules.from.get_or_insert(news.from);
        self.rules.unsent.push_back(Arc::clone(&news.message));
        self.queue_rules();
    }

    /// Queues what was not, as far as there is room.
    fn queue_rules(&mut self) {
        while let Some(message) = self.rules.unsent.front() {
            if self.channel.send_reliable(message).is_err() {
                return;
            }
            self.rules.unsent.pop_front();
            self.rules.end = self.channel.reliable_sender().end();
        }
    }

    /// Whether the client knows the rules by which the snapshot of `tick` is encoded.
    pub(super) fn knows_rules_of(&mut self, tick: Tick) -> bool {
        let told = !self.rules.is_due() && self.channel.reliable_sender().is_acked_before(self.rules.end);
        if told {
            self.rules.from = None;
        }
        self.rules.from.is_none_or(|from| tick.signed_distance(from) < 0)
    }
}

impl ZoneSessions {
    /// Tells every client that other rules hold from a tick on, two seconds from now, which is returned: call
    /// [`ZoneSessions::adopt_due_rules`] before each tick from now on.
    ///
    /// # Errors
    /// [`AnnounceRulesError`]; nobody has been told anything then.
    pub fn announce_rules(&mut self, world: &World, rules: &Rules) -> Result<Tick, AnnounceRulesError> {
        if let Some(from) = self.announced_rules() {
            return Err(AnnounceRulesError::Pending { from });
        }
        world.check_rules(rules).map_err(AnnounceRulesError::Refused)?;
        let from = world.tick() + Ticks(AHEAD_S * u32::from(self.world_config.tick_hz));
        let config = WorldConfig { rules: *rules, ..self.world_config };
        let message = RulesChange { from, config }.encode().into();
        let news = RulesNews { from, rules: Box::new(*rules), message, adopted: false };
        self.workshop.changes.expect_rules(&config);
        self.rules_news = Some(news);
        for at in 0..self.live.len() {
            let index = self.live[at];
            if self.session(ClientIndex(index)).is_some_and(Session::is_welcome_queued) {
                self.tell_rules(index);
            }
        }
        Ok(from)
    }

    /// When the rules that are announced will hold; none when all rules do.
    #[must_use]
    pub fn announced_rules(&self) -> Option<Tick> {
        self.rules_news.as_ref().filter(|news| !news.adopted).map(|news| news.from)
    }

    /// Lets the world adopt announced rules whose tick has come: call it before [`ZoneSessions::begin_tick`] of every
    /// tick. Says whether it did.
    ///
    /// # Errors
    /// [`AdoptRulesError`] where the world is not the one that they were announced with, and refuses them.
    pub fn adopt_due_rules(&mut self, world: &mut World) -> Result<bool, AdoptRulesError> {
        let due = |news: &&mut RulesNews| !news.adopted && world.tick().signed_distance(news.from) >= 0;
        let Some(news) = self.rules_news.as_mut().filter(due) else { return Ok(false) };
        news.adopted = true;
        world.adopt_rules(&news.rules)?;
        self.world_config.rules = *news.rules;
        self.world_fingerprint = world.fingerprint();
        self.workshop.history.set_codec(EntityCodec::new(&self.world_config));
        self.workshop.changes.adopt_rules(&self.world_config);
        Ok(true)
    }

    /// Tells a client that was welcomed of rules that do not hold yet. One of a version without changes of rules cannot stay.
    pub(super) fn tell_rules(&mut self, index: u32) {
        let news = self.rules_news.as_ref().filter(|news| !news.adopted);
        let (Some(news), Some(session)) = (news, self.sessions[index as usize].as_deref_mut()) else {
            return;
        };
        if session.speaks(SINCE_VERSION) {
            session.tell_rules(news);
        } else {
            self.say_goodbye(ClientIndex(index), GoodbyeReason::other_version());
        }
    }

    /// Queues the message for those who had no room for it before.
    pub(super) fn retry_rules(&mut self) {
        if self.rules_news.is_none() {
            return;
        }
        for &index in &self.live {
            if let Some(session) = &mut self.sessions[index as usize] {
                session.queue_rules();
            }
        }
    }
}
