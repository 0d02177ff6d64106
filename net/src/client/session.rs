//! What a client knows once the server has said which world this is: clock, prediction, the others.
//!
//! Not in here: packets and their acks, the secure session, the player's events ([`super::game_client`]).

use std::sync::Arc;

use shieldwall_core::numeric::Tick;
use shieldwall_core::rules::RulesHash;
use shieldwall_core::state::characters::flags;
use shieldwall_core::state::commands::{CharacterInput, ViewAge};
use shieldwall_core::state::handle::CharacterId;
use shieldwall_core::world::WorldConfig;

use super::clock_sync::{ClockSync, InputReport, TICK};
use super::config::GameClientConfig;
use super::corrections::{CorrectionCause, CorrectionStats, is_somebody_near};
use super::foresight::{Foresight, OwnBody};
use super::ground::Ground;
use super::interpolation::Interpolation;
use super::objectives::{ObjectiveNews, Objectives};
use super::prediction::{self, Prediction};
use super::replica::ReplicaTable;
use super::rule_book::ByTick;
use super::shared_worlds::SharedWorlds;
use super::state_check::StateCheckStats;
use super::views::{AdvanceReport, EntityView, OwnView};
use super::world::{ClientWorld, RulesInForce};
use crate::channel::FrameError;
use crate::time::Micros;
use crate::wire::bits::{BitReader, BitWriter};
use crate::wire::ground_image::{GroundCheck, GroundPiece};
use crate::wire::inputs::{self, PlayerInput};
use crate::wire::rules_change::RulesChange;
use crate::wire::snapshot::{OwnState, SnapshotHeader};
use crate::wire::welcome::Welcome;
use crate::wire::{DecodeError, FrameKind};

/// Oldest view that is told, in sixteenths of a tick: more than servers ever look back.
const VIEW_AGE_MAX: i64 = 2_048;

/// Most ticks predicted in one call; more stay due for the next.
const TICKS_PER_ADVANCE: u32 = 8;

/// A client's part of the battle, from the welcome on.
#[derive(Debug)]
pub(crate) struct Session {
    world: Arc<ClientWorld>,
    /// The rules by ticks.
    book: ByTick<Arc<RulesInForce>>,
    /// Since when those of `world` hold.
    rules_from: Option<Tick>,
    rules_news: Option<(Tick, RulesHash)>,
    character: CharacterId,
    pub(crate) ground: Ground,
    objectives: Objectives,
    /// The server's tick in the welcome.
    welcomed_at: Tick,
    pub(crate) clock: ClockSync,
    pub(crate) interpolation: Interpolation,
    replica: ReplicaTable,
    prediction: Prediction<OwnBody>,
    /// Whether anything is predicted: else `prediction` keeps inputs alone.
    predicts: bool,
    /// Tick by tick what was on the screen when its input was given, by tick modulo the length.
    views: Box<[(Tick, ViewAge); prediction::RING]>,
    own: Option<OwnState>,
    newest_snapshot: Option<u32>,
    /// The newest input that was sent; 0 before the first.
    newest_sent: u32,
    /// All inputs up to this tick need not be sent any more. Never beyond `newest_sent`, whatever the server says.
    confirmed: u32,
    pub(crate) corrections: CorrectionStats,
    pub(crate) state_checks: StateCheckStats,
    pub(crate) snapshots: u64,
}

impl Session {
    pub(crate) fn new(
        welcome: &Welcome,
        (world, shared): (Arc<ClientWorld>, Option<Arc<SharedWorlds>>),
        client: &GameClientConfig,
        round_trip_us: u32,
    ) -> Self {
        let config = *world.config();
        Self {
            book: ByTick::new(Arc::clone(&world.rules)),
            rules_from: None,
            rules_news: None,
            character: welcome.character,
            ground: Ground::new(&config, shared),
            objectives: Objectives::new(&world, welcome.tick),
            welcomed_at: welcome.tick,
            clock: ClockSync::new(
                config.tick_hz,
                client.packet_interval_ticks(config.tick_hz),
                round_trip_us,
            ),
            interpolation: Interpolation::new(config.tick_hz),
            replica: ReplicaTable::new(&config),
            prediction: Prediction::new(config.tick_hz),
            predicts: client.predicts,
            views: Box::new([(Tick(u32::MAX), ViewAge::ZERO); prediction::RING]),
            own: None,
            newest_snapshot: None,
            newest_sent: 0,
            confirmed: 0,
            corrections: CorrectionStats::default(),
            state_checks: StateCheckStats::default(),
            snapshots: 0,
            world,
        }
    }

    pub(crate) fn world(&self) -> &Arc<ClientWorld> {
        &self.world
    }

    pub(crate) fn character(&self) -> CharacterId {
        self.character
    }

    pub(crate) fn replica(&self) -> &ReplicaTable {
        &self.replica
    }

    pub(crate) fn is_playing(&self) -> bool {
        self.own.is_some()
    }

    /// Carries out a message of changes of the world.
    pub(crate) fn change_world(&mut self, message: &[u8]) -> Result<(), DecodeError> {
        self.ground.apply(message, &mut self.world)
    }

    /// Takes a piece of the whole ground.
    pub(crate) fn take_ground(&mut self, piece: &GroundPiece<'_>) -> Result<(), DecodeError> {
        self.ground.take_piece(piece, &mut self.world)
    }

    /// Compares the ground with the server's.
    pub(crate) fn check_ground(&mut self, check: GroundCheck) -> Result<(), DecodeError> {
        self.ground.check(check, &self.world)
    }

    /// Compares states held of others with the server's.
    pub(crate) fn check_states(&mut self, reader: &mut BitReader<'_>) -> Result<(), DecodeError> {
        self.state_checks.take(reader, &self.replica)
    }

    /// The server changes its rules.
    ///
    /// # Errors
    /// [`DecodeError::Value`] for one that is not after the last one, or changes what is no rule.
    pub(crate) fn change_rules(&mut self, change: &RulesChange) -> Result<(), DecodeError> {
        let config = &change.config;
        if *config != (WorldConfig { rules: config.rules, ..*self.world.config() }) {
            return Err(DecodeError::Value("configuration that is no rule"));
        }
        if !self.book.push(change.from, RulesInForce::new(config, self.world.obstacles())) {
            return Err(DecodeError::Value("tick of a change of rules"));
        }
        self.replica.change_rules(change.from, config);
        self.ground.change_rules(config);
        Ok(())
    }

    /// In `tick` the rules of that tick are those of the world that is shown.
    fn follow_rules(&mut self, tick: Tick) {
        let Some((Some(from), rules)) = self.book.at(tick) else { return };
        if self.rules_from.is_none_or(|last| from.signed_distance(last) > 0) {
            self.rules_from = Some(*from);
            self.rules_news = Some((*from, rules.config.rules.hash()));
            Arc::make_mut(&mut self.world).rules = Arc::clone(rules);
        }
    }

    /// Since when other rules hold, and which, once after each change.
    pub(crate) fn take_rules_news(&mut self) -> Option<(Tick, RulesHash)> {
        self.rules_news.take()
    }

    /// Takes a message about what teams fight over.
    pub(crate) fn take_objectives(
        &mut self,
        body: &[u8],
        news: impl FnMut(ObjectiveNews),
    ) -> Result<(), DecodeError> {
        let near = self.server_tick();
        self.objectives.take(body, near, news)
    }

    /// What teams fight over, and the tick and the world that it is to be reckoned for.
    pub(crate) fn objectives(&self) -> (&Objectives, Tick, &ClientWorld) {
        (&self.objectives, self.server_tick(), &self.world)
    }

    /// The newest tick of the server that is known.
    fn server_tick(&self) -> Tick {
        Tick(self.newest_snapshot.unwrap_or(0).max(self.welcomed_at.0))
    }

    /// Runs the ticks that are due, all with the same input.
    pub(crate) fn advance(&mut self, now: Micros, input: CharacterInput) -> AdvanceReport {
        let due = self.clock.advance(now, TICKS_PER_ADVANCE);
        let input = input.sanitized();
        if due.count > 0 {
            self.follow_rules(Tick(due.first.0.wrapping_add(due.count - 1)));
        }
        let (world, book, props) = (&self.world, &self.book, &mut self.ground.props);
        let shown = self.interpolation.clock().shown(now);
        let foresight = self.own.as_ref().map(Foresight::of).unwrap_or_default();
        for i in 0..due.count {
            let tick = Tick(due.first.0.wrapping_add(i));
            self.views[tick.0 as usize % prediction::RING] = (tick, view_age(tick, shown));
            if self.predicts {
                let rules = &book.at_or_oldest(tick).config;
                props.advance(&world.surroundings(tick), &rules.rules, rules.tick_hz);
                props.refresh(&rules.rules);
            }
            let step = &mut |tick, state, input| world.step(book, (tick, state, input), &foresight, props);
            self.prediction.run(tick, input, step);
        }
        AdvanceReport { ticks: due.count, newest: self.newest_input() }
    }

    /// The last tick that has an input.
    pub(crate) fn newest_input(&self) -> Option<Tick> {
        self.clock.next_tick().0.checked_sub(1).map(Tick).filter(|&t| self.prediction.input_at(t).is_some())
    }

    /// Writes every input that the server has not confirmed; the newest, if there was any to write.
    ///
    /// Ticks that have no input, because they came before the first one, are left out: nobody gave one.
    pub(crate) fn write_inputs(&self, writer: &mut BitWriter<'_>) -> Option<Tick> {
        let newest = self.newest_input()?;
        let unconfirmed = self.confirmed.saturating_add(1);
        let oldest = unconfirmed.max(newest.0.saturating_sub(inputs::INPUTS_MAX as u32 - 1));
        let first = (oldest..=newest.0).find(|&tick| self.prediction.input_at(Tick(tick)).is_some())?;
        FrameKind::Inputs.write(writer);
        let (mut held, mut view) = (CharacterInput::default(), ViewAge::ZERO);
        inputs::write(
            writer,
            newest,
            (0..newest.0 - first + 1).map(|i| {
                let tick = Tick(first + i);
                held = self.prediction.input_at(tick).unwrap_or(held);
                let (of, age) = self.views[tick.0 as usize % prediction::RING];
                view = if of == tick { age } else { view };
                PlayerInput::new(held, view)
            }),
        );
        Some(newest)
    }

    /// A packet with inputs up to `newest` leaves at `now`.
    pub(crate) fn on_inputs_sent(&mut self, now: Micros, newest: Tick) {
        self.clock.on_inputs_sent(now, newest);
        self.newest_sent = self.newest_sent.max(newest.0);
    }

    /// The newest input that was sent; tick 0 before the first.
    pub(crate) fn newest_sent(&self) -> Tick {
        Tick(self.newest_sent)
    }

    /// Inputs up to `tick` are of no more use to the server. What was never sent stays to be sent: a clock that has
    /// fallen behind is told so only by the reports on inputs that come too late.
    fn confirm_inputs(&mut self, tick: Tick) {
        self.confirmed = self.confirmed.max(tick.0.min(self.newest_sent));
    }

    /// The own character as of the last advance, or without prediction as of the newest snapshot.
    pub(crate) fn own_view(&self) -> Option<OwnView> {
        let own = self.own.as_ref()?;
        let (tick, position, state, stamina, ready_ticks) = if self.predicts {
            let OwnBody { state, exertion } = self.prediction.current()?;
            let position = self.prediction.visible_position(self.clock.fraction());
            (self.prediction.newest()?, position, state, exertion.stamina, exertion.ready_ticks)
        } else {
            let tick = Tick(self.newest_snapshot?);
            (tick, own.state.position, &own.state, own.stamina, own.ready_ticks)
        };
        Some(OwnView {
            id: self.character,
            tick,
            position,
            predicted_position: state.position,
            velocity: state.velocity,
            yaw: state.yaw,
            pitch: state.pitch,
            team: own.team,
            health: own.health,
            alive: own.health > 0,
            grounded: state.flags & flags::GROUNDED != 0,
            flags: state.flags,
            class: state.class,
            action: own.action,
            stamina,
            ready_ticks,
            effects: own.effects,
        })
    }

    pub(crate) fn own_truth(&self) -> Option<(Tick, OwnState)> {
        Some((Tick(self.newest_snapshot?), self.own?))
    }

    /// Everybody else in sight as drawn at `now`.
    pub(crate) fn sample_crowd(&mut self, now: Micros, out: &mut Vec<EntityView>) {
        self.interpolation.sample(now, &self.replica, self.character.slot, self.world.terrain(), out);
    }

    /// Reads a snapshot frame and takes over what it says; its tick.
    pub(crate) fn read_snapshot(
        &mut self,
        reader: &mut BitReader<'_>,
        now: Micros,
    ) -> Result<Tick, FrameError> {
        let header = self.replica.apply(reader)?;
        self.interpolation.on_snapshot(now, header.tick);
        self.apply_header(&header, now);
        Ok(header.tick)
    }

    /// Takes the parts of a snapshot that concern the clock and the own character.
    fn apply_header(&mut self, header: &SnapshotHeader, now: Micros) {
        let report = header.inputs.newest_received.map(|newest| InputReport {
            newest,
            margin_ticks: i32::from(header.inputs.margin_ticks),
            misses: header.inputs.missed,
        });
        self.snapshots += 1;
        let misses = self.clock.misses();
        self.clock.on_snapshot(now, header.tick, report);
        let missed = self.clock.misses() != misses;
        if let Some(newest) = header.inputs.newest_received {
            self.confirm_inputs(newest);
        }
        // Inputs for ticks that have run are of no use to anybody.
        self.confirm_inputs(header.tick);
        if self.newest_snapshot.is_some_and(|newest| header.tick.0 <= newest) {
            return;
        }
        self.newest_snapshot = Some(header.tick.0);
        self.follow_rules(header.tick);
        match header.own {
            Some(own) if !self.predicts => self.own = Some(own),
            Some(own) => {
                let (world, book) = (&self.world, &self.book);
                let foresight = Foresight::of(&own);
                let in_force = book.at_or_oldest(header.tick);
                let (rules, timing) = (&in_force.config.rules, &in_force.timing);
                self.ground.props.refresh(rules);
                let props = &self.ground.props;
                let step = &mut |tick, body, input| world.step(book, (tick, body, input), &foresight, props);
                let predicted = self.prediction.state_at(header.tick);
                let truth = OwnBody::of(&own, header.tick, predicted.as_ref(), rules, timing);
                let predicted = predicted.unwrap_or_default().state;
                let told = self.prediction.reconcile(header.tick, truth, step);
                let near = || is_somebody_near(&self.replica, self.character.slot, &own.state);
                let cause = || CorrectionCause::of(&predicted, &own.state, missed, near());
                self.corrections.count(told, cause);
                self.own = Some(own);
            }
            None => {
                self.own = None;
                self.prediction.forget_states();
            }
        }
    }
}

/// How long before the state after a tick what is shown at a time was, in micro-ticks: at most two seconds.
fn view_age(tick: Tick, shown: Option<i64>) -> ViewAge {
    let behind = shown.map_or(0, |shown| i64::from(tick.0) * TICK - shown);
    ViewAge((behind * i64::from(ViewAge::PARTS) / TICK).clamp(0, VIEW_AGE_MAX) as u16)
}
