//! The own character, run ahead of the server with the kernel's own movement, and put right where it went wrong.
//!
//! Every predicted tick keeps its input and the state after it. A snapshot brings the server's exact state after one
//! tick: if it is what was predicted, nothing happens at all (not one bit changes); if not, the state is restored and
//! the inputs since are replayed. What the player sees does not jump: the difference becomes a visible offset that
//! fades within about a tenth of a second.
//!
//! Deaths, returns and teleports are news, not errors: they are taken over at once and not counted as corrections.
//!
//! Not in here: which tick is due ([`super::clock_sync`]), sending inputs ([`super::game_client`]).

use shieldwall_core::numeric::fixed::length3d;
use shieldwall_core::numeric::{Metres, Position, Tick};
use shieldwall_core::state::characters::{MoveState, flags};
use shieldwall_core::state::commands::CharacterInput;

/// Ticks of inputs and states remembered: two seconds at 60 Hz.
pub const RING: usize = 128;

/// A visible offset longer than this is dropped: fading over such a way looks worse than a jump.
const SNAP_M: Metres = Metres::from_m(2);
/// A difference longer than this is a change of place, not an error of prediction.
const TELEPORT_M: Metres = Metres::from_m(8);
/// Marks a ring entry without content.
const EMPTY: u32 = u32::MAX;

/// What a snapshot's own state did to the prediction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reconciliation {
    /// Older than one that was used before: ignored.
    Stale,
    /// Exactly as predicted.
    Unchanged,
    /// Nothing had been predicted for that tick: taken over.
    Adopted,
    /// Died, came back or was put elsewhere: taken over, not an error.
    Relocated,
    /// Predicted wrongly and put right.
    Corrected {
        /// Distance between the predicted and the true position at that tick; zero when only other parts of the state
        /// differed.
        distance: Metres,
    },
}

/// What is predicted: a body that moves, and what else of it is known beforehand.
pub trait Body: Copy + Default + PartialEq {
    /// Its movement: what a player sees of it, and what a correction is about.
    fn moves(&self) -> &MoveState;
}

impl Body for MoveState {
    fn moves(&self) -> &MoveState {
        self
    }
}

#[derive(Clone, Copy, Debug)]
struct Entry<B> {
    input_tick: u32,
    state_tick: u32,
    input: CharacterInput,
    state: B,
}

/// Inputs and predicted states of the own character. 128 entries of at most 80 bytes; never allocates after creation.
#[derive(Clone, Debug)]
pub struct Prediction<B = MoveState> {
    ring: Box<[Entry<B>]>,
    /// The last tick run, once there was one.
    newest: Option<u32>,
    /// The last tick given an input, once there was one.
    newest_input: Option<u32>,
    /// The last tick of which the server's state was used.
    authoritative: Option<u32>,
    current: B,
    previous: B,
    offset: [i32; 3],
    /// Share of the offset that fades in each tick, of 256.
    fade: i32,
}

impl<B: Body> Prediction<B> {
    /// Nothing predicted yet.
    #[must_use]
    pub fn new(tick_hz: u16) -> Self {
        let entry = Entry {
            input_tick: EMPTY,
            state_tick: EMPTY,
            input: CharacterInput::default(),
            state: B::default(),
        };
        Self {
            ring: vec![entry; RING].into_boxed_slice(),
            newest: None,
            newest_input: None,
            authoritative: None,
            current: B::default(),
            previous: B::default(),
            offset: [0; 3],
            // A quarter at 60 Hz: 18 % is left after 100 ms, 3 % after 200 ms.
            fade: (256 * 15 / i32::from(tick_hz.max(1))).clamp(1, 256),
        }
    }

    /// Runs one tick with `input`. `step` is the kernel's movement in a tick. Ticks left out since the last one get the last input
    /// repeated, as the server does when an input is missing: it stands as theirs, for replaying and for sending. Before
    /// the first input the character stands and looks as it does. A tick run before is left as it is.
    pub fn run(
        &mut self,
        tick: Tick,
        input: CharacterInput,
        step: &mut impl FnMut(Tick, B, CharacterInput) -> B,
    ) {
        self.store_input(tick.0, input);
        let Some(newest) = self.newest else { return };
        if tick.0 <= newest {
            return;
        }
        // A gap longer than the ring cannot be replayed either way; the next snapshot puts it right.
        let first = (newest + 1).max(tick.0.saturating_sub(RING as u32 - 1));
        let mut held = self.held_at(newest, &self.current);
        for t in first..=tick.0 {
            held = self.input_at(Tick(t)).unwrap_or(held);
            self.previous = self.current;
            self.current = step(Tick(t), self.current, held);
            self.store_state(t, self.current);
        }
        self.newest = Some(tick.0);
        let fade = self.fade;
        for part in &mut self.offset {
            *part -= fade_part(*part, fade);
        }
    }

    /// The server's exact state after `tick`. Restores and replays if it is not what was predicted.
    pub fn reconcile(
        &mut self,
        tick: Tick,
        truth: B,
        step: &mut impl FnMut(Tick, B, CharacterInput) -> B,
    ) -> Reconciliation {
        if self.authoritative.is_some_and(|last| tick.0 <= last) {
            return Reconciliation::Stale;
        }
        let first = self.authoritative.is_none();
        self.authoritative = Some(tick.0);
        let entry = self.ring[tick.0 as usize % RING];
        let predicted = (entry.state_tick == tick.0).then_some(entry.state);
        if predicted == Some(truth) {
            return Reconciliation::Unchanged;
        }
        let shown = *self.current.moves();
        self.replay_from(tick.0, truth, step);
        let Some(predicted) = predicted.filter(|_| !first) else {
            self.offset = [0; 3];
            return Reconciliation::Adopted;
        };
        let (then, now) = (predicted.moves(), truth.moves());
        let mut distance = distance_of(then, now);
        let life_changed = (then.flags ^ now.flags) & (flags::ALIVE | flags::IN_USE) != 0;
        if life_changed || distance > TELEPORT_M {
            self.offset = [0; 3];
            self.previous = self.current;
            return Reconciliation::Relocated;
        }
        if then == now {
            // It moved as predicted, but has another breath: an error as far as that made it move otherwise since.
            if *self.current.moves() == shown {
                return Reconciliation::Unchanged;
            }
            distance = distance_of(&shown, self.current.moves());
        }
        let shown = shown.position;
        let now = self.current.moves().position;
        self.offset = [
            self.offset[0].saturating_add(shown.x.0.saturating_sub(now.x.0)),
            self.offset[1].saturating_add(shown.y.0.saturating_sub(now.y.0)),
            self.offset[2].saturating_add(shown.z.0.saturating_sub(now.z.0)),
        ];
        if length3d(self.offset[0], self.offset[1], self.offset[2]) > SNAP_M.0 {
            self.offset = [0; 3];
        }
        Reconciliation::Corrected { distance }
    }

    /// What was predicted for a tick, if it is still remembered.
    #[must_use]
    pub fn state_at(&self, tick: Tick) -> Option<B> {
        let entry = &self.ring[tick.0 as usize % RING];
        (entry.state_tick == tick.0).then_some(entry.state)
    }

    /// The input of a tick, if it is still remembered.
    #[must_use]
    pub fn input_at(&self, tick: Tick) -> Option<CharacterInput> {
        let entry = &self.ring[tick.0 as usize % RING];
        (entry.input_tick == tick.0).then_some(entry.input)
    }

    /// The predicted state after the last tick run, once the server has told where the character is.
    #[must_use]
    pub fn current(&self) -> Option<&B> {
        self.newest.map(|_| &self.current)
    }

    /// The last tick run, once there is one.
    #[must_use]
    pub fn newest(&self) -> Option<Tick> {
        self.newest.map(Tick)
    }

    /// Where to draw the character: between the last two ticks by `fraction` (of 65,536), plus what is left of the
    /// visible offset.
    #[must_use]
    pub fn visible_position(&self, fraction: u32) -> Position {
        let between = |a: Metres, b: Metres, offset: i32| {
            let way = i64::from(b.0) - i64::from(a.0);
            Metres((i64::from(a.0) + ((way * i64::from(fraction.min(65_536))) >> 16)) as i32)
                .saturating_add(Metres(offset))
        };
        let (a, b) = (&self.previous.moves().position, &self.current.moves().position);
        Position::new(
            between(a.x, b.x, self.offset[0]),
            between(a.y, b.y, self.offset[1]),
            between(a.z, b.z, self.offset[2]),
        )
    }

    /// Length of the visible offset that is left.
    #[must_use]
    pub fn visible_offset(&self) -> Metres {
        Metres(length3d(self.offset[0], self.offset[1], self.offset[2]))
    }

    /// Forgets states, keeps inputs: the next state of the server is taken over. For a character that is gone.
    pub fn forget_states(&mut self) {
        self.newest = None;
        self.authoritative = None;
        self.offset = [0; 3];
        for entry in &mut self.ring {
            entry.state_tick = EMPTY;
        }
    }

    fn replay_from(&mut self, tick: u32, truth: B, step: &mut impl FnMut(Tick, B, CharacterInput) -> B) {
        // Further than the ring reaches nothing can be replayed; the clock never runs that far ahead.
        let newest = self.newest_input.unwrap_or(tick).clamp(tick, tick.saturating_add(RING as u32 - 1));
        self.store_state(tick, truth);
        (self.previous, self.current) = (truth, truth);
        let mut held = self.held_at(tick, &truth);
        for t in (tick..newest).map(|before| before + 1) {
            held = self.input_at(Tick(t)).unwrap_or(held);
            self.previous = self.current;
            self.current = step(Tick(t), self.current, held);
            self.store_state(t, self.current);
        }
        self.newest = Some(newest);
    }

    /// The input that holds at a tick: its own, or none yet, and then the character stands and looks as in `state`.
    fn held_at(&self, tick: u32, body: &B) -> CharacterInput {
        let state = body.moves();
        let resting = CharacterInput { yaw: state.yaw, pitch: state.pitch, ..CharacterInput::default() };
        self.input_at(Tick(tick)).unwrap_or(resting)
    }

    /// Keeps the input of a tick, and the one that holds under the ticks left out before it: the last one, or before
    /// the first what [`Self::held_at`] says of the state, once there is one.
    fn store_input(&mut self, tick: u32, input: CharacterInput) {
        let last = match self.newest_input {
            Some(last) => Some((last, self.ring[last as usize % RING].input)),
            None => self.newest.map(|newest| (newest, self.held_at(newest, &self.current))),
        };
        if let Some((last, held)) = last.filter(|&(last, _)| last < tick) {
            for skipped in (last + 1).max(tick.saturating_sub(RING as u32 - 1))..tick {
                let entry = &mut self.ring[skipped as usize % RING];
                (entry.input_tick, entry.input) = (skipped, held);
            }
        }
        let entry = &mut self.ring[tick as usize % RING];
        (entry.input_tick, entry.input) = (tick, input);
        self.newest_input = self.newest_input.max(Some(tick));
    }

    fn store_state(&mut self, tick: u32, state: B) {
        let entry = &mut self.ring[tick as usize % RING];
        (entry.state_tick, entry.state) = (tick, state);
    }
}

/// Length of the way between two places of a body.
fn distance_of(a: &MoveState, b: &MoveState) -> Metres {
    let (a, b) = (a.position, b.position);
    Metres(length3d(a.x.0.saturating_sub(b.x.0), a.y.0.saturating_sub(b.y.0), a.z.0.saturating_sub(b.z.0)))
}

/// What fades of one part of the offset in a tick: `share` of 256, away from zero, so that it ends.
fn fade_part(part: i32, share: i32) -> i32 {
    let magnitude = (i64::from(part.unsigned_abs()) * i64::from(share) + 255) / 256;
    (magnitude.min(i64::from(i32::MAX)) as i32) * part.signum()
}

#[cfg(test)]
mod tests;
