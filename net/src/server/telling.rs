//! What a step did, and whom it is told: answers to spawns, events for those who took part and for bystanders.
//!
//! What is not here: how it reaches them. The reliable stream is the channel's; what bystanders are told is chosen
//! packet by packet (`snapshot`).

use super::session::{Session, Stage};
use super::zone::{NO_CLIENT, SESSION_TAG, TAG_INDEX_BITS, ZoneSessions};
use super::zone_events::SeenAt;
use crate::secure::ClientIndex;
use crate::wire::events::GameEvent;
use crate::wire::goodbye::GoodbyeReason;
use shieldwall_core::{CharacterId, Event, Tick, World};

/// Where a character is.
fn at(id: CharacterId) -> SeenAt {
    SeenAt::Character(id.slot as u16)
}

const TAG_INDEX_MASK: u32 = (1 << TAG_INDEX_BITS) - 1;

impl ZoneSessions {
    /// Goes through the events of the world's last step, which ran `tick`.
    pub(super) fn learn_events(&mut self, world: &World, tick: Tick) {
        self.workshop.events.forget_before(tick);
        for event in world.events() {
            match *event {
                Event::Spawned { tag, id } => self.spawned(tag, id, tick),
                Event::SpawnRefused { tag, .. } => self.spawn_refused(tag),
                _ => self.tell_event(event, world, tick),
            }
        }
    }

    fn session_by_tag(&mut self, tag: u32) -> Option<(u32, &mut Session)> {
        let index = tag & TAG_INDEX_MASK;
        let session = self.session_mut(ClientIndex(index)).filter(|session| session.tag == tag)?;
        Some((index, session))
    }

    fn spawned(&mut self, tag: u32, id: CharacterId, tick: Tick) {
        if tag & SESSION_TAG == 0 {
            return;
        }
        let waits = self.session_by_tag(tag).filter(|(_, session)| session.stage == Stage::AwaitsCharacter);
        match waits.map(|(index, _)| index) {
            Some(index) => self.seat(index, id, tick),
            // The client left, or its place was taken, while its character was on the way.
            None => self.despawns.push(id),
        }
    }

    fn spawn_refused(&mut self, tag: u32) {
        if tag & SESSION_TAG == 0 {
            return;
        }
        let Some((index, session)) = self.session_by_tag(tag) else { return };
        session.stage = Stage::Refused;
        if !self.make_room(index) {
            self.say_goodbye(ClientIndex(index), GoodbyeReason::WorldFull);
        }
    }

    /// Tells the characters that took part for certain, and bystanders if there is room. Hits, healing and help are
    /// nobody else's business: what they do is in the states.
    pub(super) fn tell_event(&mut self, event: &Event, world: &World, tick: Tick) {
        let Some(told) = GameEvent::of(event, world) else { return };
        let (part, seen_at) = match *event {
            Event::Hit { attacker: a, target: b, .. } | Event::Healed { healer: a, target: b, .. } => {
                ([Some(a), Some(b)], None)
            }
            Event::Died { victim, killer, .. } => ([Some(victim), Some(killer)], Some(at(victim))),
            Event::Respawned { id } => ([Some(id), None], Some(at(id))),
            Event::ProjectileLaunched { owner, .. } => ([Some(owner), None], Some(at(owner))),
            Event::Burst { owner, at, .. } => ([Some(owner), None], Some(SeenAt::Place(at.x, at.z))),
            Event::Afflicted { target, source, .. } => ([Some(target), Some(source)], Some(at(target))),
            Event::Assisted { helper, .. } => ([Some(helper), None], None),
            _ => return,
        };
        self.tell_both(part, tick, told);
        if let Some(place) = seen_at {
            self.workshop.events.push(tick, place, told);
        }
    }

    /// Tells one or two characters for certain, the same one once.
    fn tell_both(&mut self, [first, second]: [Option<CharacterId>; 2], tick: Tick, event: GameEvent) {
        if let Some(id) = first {
            self.tell(id, tick, event);
        }
        if let Some(id) = second.filter(|_| second != first) {
            self.tell(id, tick, event);
        }
    }

    fn tell(&mut self, id: CharacterId, tick: Tick, event: GameEvent) {
        let index = self.client_of_slot.get(id.slot as usize).copied().unwrap_or(NO_CLIENT);
        let session = self.session_mut(ClientIndex(index));
        if let Some(session) = session.filter(|s| s.character() == Some(id) && s.is_welcome_queued()) {
            session.tell(tick, event);
        }
    }
}
