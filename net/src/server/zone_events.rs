//! What happened in the last ticks, kept until every client had a packet to hear of it in.

use crate::wire::events::GameEvent;
use shieldwall_core::Tick;

/// Events kept at most; what comes after in one tick is not shown to bystanders.
const KEPT: usize = 8192;

/// An event and where to look for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct SeenEvent {
    tick: u32,
    /// The character that must be near for the event to be seen.
    pub(super) slot: u16,
    pub(super) event: GameEvent,
}

/// The recent events, oldest first.
#[derive(Clone, Debug)]
pub(super) struct ZoneEvents {
    events: Vec<SeenEvent>,
    keep_ticks: u32,
}

impl ZoneEvents {
    pub(super) fn new(keep_ticks: u32) -> Self {
        Self { events: Vec::with_capacity(KEPT), keep_ticks }
    }

    /// Forgets what every client had a chance to hear by `tick`.
    pub(super) fn forget_before(&mut self, tick: Tick) {
        let keep = self.keep_ticks;
        self.events.retain(|event| tick.0.wrapping_sub(event.tick) < keep);
    }

    pub(super) fn push(&mut self, tick: Tick, slot: u16, event: GameEvent) {
        if self.events.len() < KEPT {
            self.events.push(SeenEvent { tick: tick.0, slot, event });
        }
    }

    /// Events of `from` and later ticks.
    pub(super) fn since(&self, from: u32) -> impl Iterator<Item = &SeenEvent> {
        let first = self.events.partition_point(|event| (event.tick.wrapping_sub(from) as i32) < 0);
        self.events[first..].iter()
    }
}
