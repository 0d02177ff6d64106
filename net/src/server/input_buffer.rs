//! One client's inputs on their way to the tick they are meant for.
//!
//! A tick takes the input labelled with it, and no other. When it has not come, the one before is repeated and the
//! miss is counted; after a second of silence the character lets go of everything.

use crate::wire::inputs::PlayerInput;
use crate::wire::snapshot::InputReport;
use shieldwall_core::numeric::lanes::prefetch;
use shieldwall_core::numeric::{Brads, Tick};
use shieldwall_core::state::commands::{CharacterInput, ViewAge, buttons};

/// How far ahead of its tick an input may arrive, in ticks; also the places in the buffer.
pub const AHEAD_TICKS_MAX: i32 = 64;

/// What became of the inputs received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InputStats {
    /// Kept for their tick.
    pub accepted: u64,
    /// For a tick that had run already, and new: the client was too late.
    pub late: u64,
    /// More than [`AHEAD_TICKS_MAX`] ticks ahead: refused.
    pub too_early: u64,
    /// With buttons that do not exist, which were masked off.
    pub masked: u64,
    /// Ticks run without an input of their own.
    pub missed: u64,
    /// Attacks said to be aimed at an older picture than the rules make up for: judged as if as old as that.
    pub views_capped: u64,
    /// Of these, the ones whose picture nobody on this path can have had on the screen.
    pub views_impossible: u64,
    /// Attacks in ticks in which the gaze turned farther than the rules think possible.
    pub turns: u64,
}

/// How old the picture can be that an attack is aimed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OldestViews {
    /// The oldest that is judged by.
    pub judged: ViewAge,
    /// The oldest that a client on this path can have on its screen.
    pub possible: ViewAge,
}

/// The buffer.
#[derive(Clone, Debug)]
pub struct InputBuffer {
    places: [Option<(Tick, PlayerInput)>; AHEAD_TICKS_MAX as usize],
    /// What is repeated; none before the first input came to its tick.
    held: Option<PlayerInput>,
    newest: Option<Tick>,
    least_margin: Option<i8>,
    last_margin: i8,
    silent_ticks: u32,
    stats: InputStats,
}

impl Default for InputBuffer {
    fn default() -> Self {
        Self {
            places: [None; AHEAD_TICKS_MAX as usize],
            held: None,
            newest: None,
            least_margin: None,
            last_margin: 0,
            silent_ticks: 0,
            stats: InputStats::default(),
        }
    }
}

impl InputStats {
    pub(super) fn add(&mut self, other: &Self) {
        let Self { accepted, late, too_early, masked, missed, views_capped, views_impossible, turns } =
            *other;
        self.accepted += accepted;
        self.late += late;
        self.too_early += too_early;
        self.masked += masked;
        self.missed += missed;
        self.views_capped += views_capped;
        self.views_impossible += views_impossible;
        self.turns += turns;
    }
}

impl InputBuffer {
    /// Takes one input meant for `tick`; `next` is the tick that will run next.
    pub fn receive(&mut self, tick: Tick, given: PlayerInput, next: Tick) {
        let ahead = tick.signed_distance(next);
        if ahead >= AHEAD_TICKS_MAX {
            self.stats.too_early += 1;
            return;
        }
        let is_news = self.newest.is_none_or(|newest| tick.signed_distance(newest) > 0);
        if is_news {
            self.newest = Some(tick);
        }
        if ahead < 0 {
            self.stats.late += u64::from(is_news);
            return;
        }
        let place = &mut self.places[tick.0 as usize % AHEAD_TICKS_MAX as usize];
        if place.is_some_and(|(held, _)| held == tick) {
            return;
        }
        let clean = given.input.sanitized();
        self.stats.masked += u64::from(clean.buttons != given.input.buttons);
        self.stats.accepted += 1;
        *place = Some((tick, PlayerInput::new(clean, given.view)));
    }

    /// A packet of inputs was read whole; `newest` is its newest. Packets with nothing new say nothing about time.
    pub fn packet_read(&mut self, newest: Tick, was_newest_before: Option<Tick>, next: Tick) {
        if was_newest_before.is_some_and(|before| newest.signed_distance(before) <= 0) {
            return;
        }
        let margin = newest.signed_distance(next).clamp(i8::MIN.into(), i8::MAX.into()) as i8;
        self.last_margin = margin;
        self.least_margin = Some(self.least_margin.map_or(margin, |least| least.min(margin)));
    }

    /// The newest tick an input was received for.
    #[must_use]
    pub fn newest(&self) -> Option<Tick> {
        self.newest
    }

    /// Asks for what [`InputBuffer::take`] needs.
    #[inline]
    pub(crate) fn prefetch(&self, tick: Tick) {
        prefetch(&self.places[tick.0 as usize % AHEAD_TICKS_MAX as usize]);
        prefetch(&self.held);
        prefetch(&self.stats);
    }

    /// The input `tick` runs with; none before the first one came to its tick, so that a new character keeps the gaze
    /// it was given. `silence_ticks` misses in a row let the character stand still. Views are no older than
    /// is judged by; turns by more than `turn_max` since the tick before are counted where something attacks.
    pub fn take(
        &mut self,
        tick: Tick,
        silence_ticks: u32,
        oldest: OldestViews,
        turn_max: Brads,
    ) -> Option<PlayerInput> {
        let place = &mut self.places[tick.0 as usize % AHEAD_TICKS_MAX as usize];
        match place.take_if(|(held, _)| *held == tick) {
            Some((_, given)) => {
                self.stats.views_capped += u64::from(given.view > oldest.judged);
                self.stats.views_impossible += u64::from(given.view > oldest.judged.max(oldest.possible));
                let before = self.held.filter(|_| self.silent_ticks == 0);
                self.stats.turns +=
                    u64::from(before.is_some_and(|before| is_turn(&before, &given, turn_max)));
                self.held = Some(PlayerInput { view: given.view.min(oldest.judged), ..given });
                self.silent_ticks = 0;
            }
            None if self.newest.is_some() => {
                self.stats.missed += 1;
                self.silent_ticks = self.silent_ticks.saturating_add(1);
                if self.silent_ticks == silence_ticks {
                    self.held = self.at_rest().map(|still| PlayerInput::new(still, ViewAge::ZERO));
                }
            }
            None => {}
        }
        self.held
    }

    /// The input of somebody who lets go of everything and keeps his gaze; none before the first input came to its tick.
    #[must_use]
    pub fn at_rest(&self) -> Option<CharacterInput> {
        let held = self.held?.input;
        Some(CharacterInput { buttons: 0, move_right: 0, move_forward: 0, ..held })
    }

    /// The report for the next snapshot; the margin starts anew.
    pub fn report(&mut self) -> InputReport {
        InputReport {
            newest_received: self.newest,
            margin_ticks: self.least_margin.take().unwrap_or(self.last_margin),
            missed: self.stats.missed as u8,
        }
    }

    /// How many ticks ahead of its own the newest input came last.
    #[must_use]
    pub fn margin_ticks(&self) -> i8 {
        self.last_margin
    }

    /// Counters.
    #[must_use]
    pub fn stats(&self) -> InputStats {
        self.stats
    }
}

/// Whether an attack comes with a turn of more than `most`.
fn is_turn(before: &PlayerInput, given: &PlayerInput, most: Brads) -> bool {
    let turn = given.input.yaw.0.wrapping_sub(before.input.yaw.0).cast_signed();
    given.input.buttons & buttons::ATTACKS != 0 && turn.unsigned_abs() > most.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLDEST: OldestViews = OldestViews { judged: ViewAge(100), possible: ViewAge(400) };
    const TURN: Brads = Brads(27_307);

    fn input(yaw: u16) -> PlayerInput {
        of(CharacterInput { yaw: Brads(yaw), move_forward: 100, buttons: 1, ..CharacterInput::default() })
    }

    fn of(input: CharacterInput) -> PlayerInput {
        PlayerInput::new(input, ViewAge(150))
    }

    #[test]
    fn each_tick_takes_its_own_input_and_repeats_when_there_is_none() {
        let mut buffer = InputBuffer::default();
        assert_eq!(
            buffer.take(Tick(9), 60, OLDEST, TURN),
            None,
            "nothing to run with before the first input"
        );
        assert_eq!(buffer.stats().missed, 0, "nothing is missed before the first input");
        for tick in [12, 10, 10] {
            buffer.receive(Tick(tick), input(tick as u16), Tick(10));
        }
        let taken: Vec<u16> =
            (10..14).map(|tick| buffer.take(Tick(tick), 60, OLDEST, TURN).unwrap().input.yaw.0).collect();
        assert_eq!(taken, [10, 10, 12, 12]);
        let stats = buffer.stats();
        assert_eq!((stats.accepted, stats.missed, stats.late), (2, 2, 0));
    }

    #[test]
    fn late_early_and_foreign_inputs_are_counted() {
        let mut buffer = InputBuffer::default();
        buffer.receive(Tick(74), input(1), Tick(10));
        buffer.receive(Tick(8), input(1), Tick(10));
        buffer.receive(Tick(7), input(1), Tick(10));
        buffer.receive(Tick(20), of(CharacterInput { buttons: 0xfe01, ..input(3).input }), Tick(10));
        let stats = buffer.stats();
        assert_eq!((stats.too_early, stats.late, stats.masked, stats.accepted), (1, 1, 1, 1));
        assert_eq!(buffer.take(Tick(19), 60, OLDEST, TURN), None, "the first input is for a later tick");
        assert_eq!(buffer.take(Tick(20), 60, OLDEST, TURN).unwrap().input.buttons, 1);
    }

    #[test]
    fn views_older_than_the_path_explains_are_counted_and_cut() {
        let mut buffer = InputBuffer::default();
        for (tick, view) in [(0, 99), (1, 101), (2, 65_535)] {
            let strike = CharacterInput { buttons: buttons::MELEE, ..CharacterInput::default() };
            buffer.receive(Tick(tick), PlayerInput::new(strike, ViewAge(view)), Tick(0));
        }
        let seen = |buffer: &mut InputBuffer, tick| buffer.take(Tick(tick), 60, OLDEST, TURN).unwrap().view.0;
        assert_eq!([0, 1, 2, 3].map(|tick| seen(&mut buffer, tick)), [99, 100, 100, 100]);
        assert_eq!((buffer.stats().views_capped, buffer.stats().views_impossible), (2, 1));
    }

    #[test]
    fn turns_count_with_attacks_from_one_tick_to_the_next() {
        let mut buffer = InputBuffer::default();
        let swing = |yaw| of(CharacterInput { buttons: buttons::SHOOT, ..input(yaw).input });
        // Turned and struck; turned alone; struck while still; turned after a tick that was missed.
        for (tick, given) in
            [(0, swing(0)), (1, swing(30_000)), (2, input(60_000)), (3, swing(60_000)), (5, swing(30_000))]
        {
            buffer.receive(Tick(tick), given, Tick(0));
        }
        for tick in 0..6 {
            buffer.take(Tick(tick), 60, OLDEST, TURN);
        }
        assert_eq!(buffer.stats().turns, 1);
    }

    #[test]
    fn silence_stops_the_character_but_not_its_gaze() {
        let mut buffer = InputBuffer::default();
        buffer.receive(Tick(0), input(5), Tick(0));
        let last = (0..5).map(|tick| buffer.take(Tick(tick), 3, OLDEST, TURN)).last().unwrap();
        assert_eq!(last, Some(of(CharacterInput { yaw: Brads(5), ..CharacterInput::default() })));
    }

    #[test]
    fn the_margin_is_the_least_since_the_last_report() {
        let mut buffer = InputBuffer::default();
        buffer.packet_read(Tick(15), None, Tick(10));
        buffer.packet_read(Tick(16), Some(Tick(15)), Tick(13));
        buffer.packet_read(Tick(15), Some(Tick(16)), Tick(16));
        assert_eq!(buffer.report().margin_ticks, 3);
        assert_eq!(buffer.report().margin_ticks, 3, "repeated while nothing comes");
    }
}
