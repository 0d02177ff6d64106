//! What one client did that it should not, by reason and in numbers, and when that is enough to send it away. How much is
//! enough the rules say ([`ConductRules`]); all of it is counted in any case.
//!
//! Time is ticks. What is not here: what is done about a single packet or input; who finds it deals with it.

use super::input_buffer::InputStats;
use crate::channel::FrameError;
use crate::secure::ClientIndex;
use crate::wire::misconduct::Misconduct;
use shieldwall_core::rules::ConductRules;

const REASONS: usize = Misconduct::ALL.len();

/// Packets in a second that are read.
const PACKETS_PER_S: u32 = 120;
/// Packets that are read at once, after a silence.
const PACKETS_AT_ONCE: u32 = 240;

/// How often each of them happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConductCounts([u64; REASONS]);

impl ConductCounts {
    /// How often.
    #[must_use]
    pub const fn of(&self, reason: Misconduct) -> u64 {
        self.0[reason as usize - 1]
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, count)| *sum += count);
    }
}

/// A client that was told to leave for its conduct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kick {
    /// Its place.
    pub client: ClientIndex,
    /// The player, as the connect token names it.
    pub client_id: u64,
    /// What it did too often.
    pub reason: Misconduct,
}

/// One client's record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Conduct {
    counts: ConductCounts,
    /// Of this minute.
    minute: [u32; REASONS],
    minute_ticks: u32,
    /// Packets that may be read now, in parts of one: as many as a second has ticks.
    allowance: u32,
    /// The first limit that was crossed.
    crossed: Option<Misconduct>,
}

impl Conduct {
    pub(super) fn new(tick_hz: u16) -> Self {
        Self {
            counts: ConductCounts::default(),
            minute: [0; REASONS],
            minute_ticks: 0,
            allowance: PACKETS_AT_ONCE * u32::from(tick_hz),
            crossed: None,
        }
    }

    pub(super) fn counts(&self) -> ConductCounts {
        self.counts
    }

    /// The first limit that was crossed.
    pub(super) fn crossed(&self) -> Option<Misconduct> {
        self.crossed
    }

    /// A tick begins.
    pub(super) fn begin_tick(&mut self, tick_hz: u16) {
        let hz = u32::from(tick_hz);
        self.allowance = (self.allowance + PACKETS_PER_S).min(PACKETS_AT_ONCE * hz);
        self.minute_ticks += 1;
        if self.minute_ticks >= 60 * hz {
            (self.minute_ticks, self.minute) = (0, [0; REASONS]);
        }
    }

    /// Whether a packet may be read; if not, it is counted.
    pub(super) fn admit(&mut self, tick_hz: u16, rules: &ConductRules) -> bool {
        match self.allowance.checked_sub(tick_hz.into()) {
            Some(left) => {
                self.allowance = left;
                true
            }
            None => {
                self.note(Misconduct::Flood, rules);
                false
            }
        }
    }

    /// Counts something.
    pub(super) fn note(&mut self, reason: Misconduct, rules: &ConductRules) {
        let (at, limit) = (reason as usize - 1, u32::from(limit(reason, rules)));
        self.counts.0[at] += 1;
        self.minute[at] = self.minute[at].saturating_add(1);
        if limit > 0 && self.minute[at] > limit && self.crossed.is_none() {
            self.crossed = Some(reason);
        }
    }

    /// Counts what is wrong with a packet that was refused.
    pub(super) fn note_refused(&mut self, error: &FrameError, rules: &ConductRules) {
        match error {
            // Packets come twice and late on honest ways too; floods are counted where they are found.
            FrameError::Duplicate | FrameError::TooOld | FrameError::UnknownClient | FrameError::Flood => {}
            _ => self.note(Misconduct::Malformed, rules),
        }
    }

    /// Counts what became of inputs, once for a packet or a tick, whatever their number.
    pub(super) fn note_inputs(&mut self, before: &InputStats, after: &InputStats, rules: &ConductRules) {
        for (reason, grew) in [
            (Misconduct::StaleInputs, after.late > before.late),
            (Misconduct::FutureInputs, after.too_early > before.too_early),
            (Misconduct::UnknownButtons, after.masked > before.masked),
            (Misconduct::OldViews, after.views_impossible > before.views_impossible),
            (Misconduct::Turns, after.turns > before.turns),
        ] {
            if grew {
                self.note(reason, rules);
            }
        }
    }
}

const fn limit(reason: Misconduct, rules: &ConductRules) -> u16 {
    match reason {
        Misconduct::Malformed => rules.malformed,
        Misconduct::Flood => rules.floods,
        Misconduct::StaleInputs => rules.stale_inputs,
        Misconduct::FutureInputs => rules.future_inputs,
        Misconduct::UnknownButtons => rules.unknown_buttons,
        Misconduct::OldViews => rules.old_views,
        Misconduct::Turns => rules.turns,
        Misconduct::GroundWishes => rules.ground_wishes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_holds_for_a_minute_and_none_is_none() {
        let rules = ConductRules { malformed: 3, old_views: 0, ..ConductRules::default() };
        let mut conduct = Conduct::new(60);
        for _ in 0..3 {
            conduct.note(Misconduct::Malformed, &rules);
        }
        (0..3_600).for_each(|_| conduct.begin_tick(60));
        for _ in 0..3 {
            conduct.note(Misconduct::Malformed, &rules);
            conduct.note(Misconduct::OldViews, &rules);
        }
        assert_eq!((conduct.crossed(), conduct.counts().of(Misconduct::Malformed)), (None, 6));
        conduct.note(Misconduct::Malformed, &rules);
        assert_eq!(conduct.crossed(), Some(Misconduct::Malformed));
        assert_eq!((conduct.counts().of(Misconduct::OldViews), conduct.counts().total()), (3, 10));
    }

    #[test]
    fn a_quick_client_is_read_and_a_flood_is_not() {
        let rules = ConductRules::default();
        let mut conduct = Conduct::new(60);
        for _ in 0..600 {
            conduct.begin_tick(60);
            assert!(conduct.admit(60, &rules) && conduct.admit(60, &rules), "120 packets a second");
        }
        let mut conduct = Conduct::new(60);
        let read = (0..1_000).filter(|_| conduct.admit(60, &rules)).count();
        assert_eq!((read, conduct.crossed()), (240, Some(Misconduct::Flood)));
        assert_eq!(conduct.counts().of(Misconduct::Flood), 760);
    }
}
