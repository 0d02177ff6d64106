//! What happened in the last ticks, kept until every client had a packet to hear of it in.

use crate::wire::events::GameEvent;
use shieldwall_core::{Metres, Tick};

/// Events kept at most; what comes after is not shown to bystanders, and counted.
const KEPT: usize = 8192;

/// Stands for events that are tied to a place.
pub(super) const A_PLACE: u16 = u16::MAX;

/// An event and where to look for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct SeenEvent {
    tick: u32,
    pub(super) place: SeenAt,
    pub(super) event: GameEvent,
}

/// What must be near for an event to be seen.
#[derive(Clone, Copy, Debug)]
pub(super) enum SeenAt {
    /// This character.
    Character(u16),
    /// This place: x and z.
    Place(Metres, Metres),
}

/// The recent events, oldest first.
#[derive(Clone, Debug)]
pub(super) struct ZoneEvents {
    events: Vec<SeenEvent>,
    /// Of each event the slot that must be near, or [`A_PLACE`]: all that most clients look at.
    slots: Vec<u16>,
    keep_ticks: u32,
    overflowed: u64,
}

impl ZoneEvents {
    pub(super) fn new(keep_ticks: u32) -> Self {
        Self { events: Vec::with_capacity(KEPT), slots: Vec::with_capacity(KEPT), keep_ticks, overflowed: 0 }
    }

    /// Forgets what every client had a chance to hear by `tick`.
    pub(super) fn forget_before(&mut self, tick: Tick) {
        let keep = self.keep_ticks;
        let old = self.events.iter().take_while(|event| tick.0.wrapping_sub(event.tick) >= keep).count();
        self.events.drain(..old);
        self.slots.drain(..old);
    }

    pub(super) fn push(&mut self, tick: Tick, place: SeenAt, event: GameEvent) {
        if self.events.len() < KEPT {
            self.events.push(SeenEvent { tick: tick.0, place, event });
            self.slots.push(match place {
                SeenAt::Character(slot) => slot,
                SeenAt::Place(..) => A_PLACE,
            });
        } else {
            self.overflowed += 1;
        }
    }

    /// Events that found no room.
    pub(super) fn overflowed(&self) -> u64 {
        self.overflowed
    }

    /// Events of `from` and later ticks whose slot is `near`, and all that are tied to a place.
    pub(super) fn since(&self, from: u32, near: impl Fn(usize) -> bool) -> impl Iterator<Item = &SeenEvent> {
        let first = self.events.partition_point(|event| (event.tick.wrapping_sub(from) as i32) < 0);
        let slots = self.slots[first..].iter().enumerate();
        slots
            .filter(move |&(_, &slot)| slot == A_PLACE || near(slot.into()))
            .map(move |(at, _)| &self.events[first + at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_counted() {
        let mut events = ZoneEvents::new(3);
        for i in 0..KEPT + 5 {
            events.push(Tick(7), SeenAt::Character(i as u16), GameEvent::Respawned { slot: i as u16 });
        }
        assert_eq!((events.since(7, |_| true).count(), events.overflowed()), (KEPT, 5));
        events.forget_before(Tick(10));
        assert_eq!(events.since(0, |_| true).count(), 0);
    }
}
