//! One client: its channel, its inputs, what it knows of the world, its bandwidth.

use super::PACKET_OVERHEAD_BYTES;
use super::conduct::Conduct;
use super::ground_feed::GroundFeed;
use super::input_buffer::{InputBuffer, OldestViews};
use super::rules_news::RulesTold;
use super::snapshot_log::SnapshotLog;
use super::stats::{RefusedPayloads, SessionStats, Traffic};
use super::tracking::TrackTable;
use super::visibility::sights::Sights;
use crate::channel::budget::Budget;
use crate::channel::sequence::Sequence;
use crate::channel::{Channel, Fate, FrameError};
use crate::time::Micros;
use crate::wire::client_message::{ClientMessage, Hello};
use crate::wire::events::{EVENT_MESSAGE_BYTES, GameEvent};
use crate::wire::goodbye::GoodbyeReason;
use crate::wire::misconduct::Misconduct;
use crate::wire::snapshot::{OWN_KEPT, OwnState};
use crate::wire::welcome::Welcome;
use crate::wire::{DecodeError, FrameKind, PROTOCOL_VERSION, inputs};
use shieldwall_core::numeric::lanes::prefetch;
use shieldwall_core::{CharacterId, Tick, Ticks, ViewAge, WorldConfig};

/// How far a session has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// A spawn has to be asked for in one of the next ticks.
    WantsCharacter,
    /// Its character waited for it; the world has yet to say that it lives.
    Returns(CharacterId),
    /// Asked for; the world has not answered.
    AwaitsCharacter,
    /// Has a character. Snapshots flow once the welcome has been acknowledged.
    Plays(CharacterId),
    /// The world refused, or another session has the character; the client is told so and sent away.
    Refused,
}

/// What the channel remembers of a packet: the number of the snapshot in it.
pub(super) type PacketRecord = Option<u32>;

/// One client's state.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) client_id: u64,
    pub(super) team: u8,
    /// Tag of the spawn command.
    pub(super) tag: u32,
    /// Which of the ticks of a snapshot interval is this client's.
    pub(super) phase: u32,
    pub(super) stage: Stage,
    pub(super) channel: Channel<PacketRecord>,
    pub(super) inputs: InputBuffer,
    pub(super) input_margin: i8,
    pub(super) budget: Budget,
    pub(super) log: SnapshotLog,
    pub(super) tracks: TrackTable,
    /// Whom it has seen.
    pub(super) sights: Sights,
    /// Own states by snapshot number: as many as the client keeps.
    pub(super) own: Box<[Option<OwnState>; OWN_KEPT]>,
    /// The versions the client says it speaks.
    pub(super) hello: Option<Hello>,
    /// The version spoken: known once the welcome is queued.
    version: Option<u16>,
    /// Where the reliable stream ended when the welcome was queued.
    pub(super) welcome_end: u16,
    /// The welcome has been acknowledged.
    welcomed: bool,
    /// Rules that it may not know yet.
    pub(super) rules: RulesTold,
    /// Set by the last word: ticks until the connection is to be ended.
    pub(super) ends_in: Option<u32>,
    /// What a character had to be owed to be gathered for the last snapshot.
    pub(super) due: u16,
    /// Snapshots until the surroundings are searched again.
    pub(super) search_in: u32,
    /// Whether somebody who was due was left out of the last snapshot.
    pub(super) left_out: bool,
    /// The slot at which those that are overdue go on to have their turn.
    pub(super) turn_from: u16,
    /// Snapshots until the next state check.
    pub(super) check_in: u32,
    /// The slot that it begins with.
    pub(super) check_from: u16,
    /// First tick whose events have not been told.
    pub(super) events_from: u32,
    /// What an update with a baseline costs in bits, slot and age included: a moving mean, times 16.
    pub(super) delta_bits_16: u32,
    pub(super) conduct: Conduct,
    /// How far it has come with the world's changes.
    pub(super) ground: GroundFeed,
    /// Number of the last note of objectives that it has been told.
    pub(super) objectives_told: u32,
    pub(super) traffic: Traffic,
    pub(super) refused: RefusedPayloads,
}

/// Whether a client that caused this must be sent away: its reliable stream cannot go on. An honest one never does.
pub(super) fn breaks_the_stream(error: &FrameError) -> bool {
    matches!(error, FrameError::Reliable(_) | FrameError::Decode(DecodeError::UnknownMessage(_)))
}

/// How many snapshots behind the newest a client draws at most, when its path is even: the one that it waits for, and one
/// that was lost.
const DRAWN_SNAPSHOTS: u32 = 3;

/// How long after they came a client draws others at most, however uneven its path.
const DRAWN_LATE_MS: u32 = 500;

/// First guess of an update's cost in bits.
const DELTA_BITS_GUESS: u32 = 32;

impl Session {
    pub(super) fn new(
        client_id: u64,
        team: u8,
        tag: u32,
        phase: u32,
        budget: Budget,
        config: &WorldConfig,
    ) -> Self {
        let (tick_hz, capacity) = (config.tick_hz, config.character_capacity);
        Self {
            client_id,
            team,
            tag,
            phase,
            stage: Stage::WantsCharacter,
            channel: Channel::default(),
            inputs: InputBuffer::default(),
            input_margin: 0,
            budget,
            log: SnapshotLog::default(),
            tracks: TrackTable::new(capacity),
            sights: Sights::default(),
            own: Box::new([None; OWN_KEPT]),
            hello: None,
            version: None,
            welcome_end: 0,
            welcomed: false,
            rules: RulesTold::default(),
            ends_in: None,
            due: 0,
            search_in: 0,
            left_out: false,
            turn_from: 0,
            check_in: 0,
            check_from: 0,
            events_from: 0,
            delta_bits_16: DELTA_BITS_GUESS * 16,
            conduct: Conduct::new(tick_hz),
            ground: GroundFeed::default(),
            objectives_told: 0,
            traffic: Traffic::default(),
            refused: RefusedPayloads::default(),
        }
    }

    /// Asks for what a packet needs first, so that it is near then: everything but the inputs.
    #[inline]
    pub(super) fn prefetch(&self) {
        let Self { log, tracks, channel, budget, traffic, ground, stage, due, events_from, .. } = self;
        prefetch(log);
        prefetch(tracks);
        prefetch(channel);
        prefetch(budget);
        prefetch(traffic);
        prefetch(ground);
        prefetch(stage);
        prefetch(due);
        prefetch(events_from);
    }

    /// Asks for what the beginning of a tick needs.
    #[inline]
    pub(super) fn prefetch_inputs(&self, tick: Tick) {
        let Self { stage, ends_in, conduct, inputs, channel, .. } = self;
        prefetch(stage);
        prefetch(ends_in);
        prefetch(conduct);
        prefetch(channel);
        inputs.prefetch(tick);
    }

    /// Asks for what takes a second step to find.
    #[inline]
    pub(super) fn prefetch_far(&self) {
        self.tracks.prefetch(self.search_in == 0);
        self.channel.prefetch();
        let number = self.log.number();
        let base = self.log.newest_acked(u64::MAX).map_or(0, |behind| number.wrapping_sub(behind));
        for place in [base, number.wrapping_add(1)] {
            prefetch(&self.own[place as usize % OWN_KEPT]);
        }
    }

    /// The character, once there is one.
    pub(super) fn character(&self) -> Option<CharacterId> {
        match self.stage {
            Stage::Plays(id) => Some(id),
            _ => None,
        }
    }

    /// The character that belongs to it, whether the world has said that it lives or not.
    pub(super) fn character_kept(&self) -> Option<CharacterId> {
        match self.stage {
            Stage::Plays(id) | Stage::Returns(id) => Some(id),
            _ => None,
        }
    }

    /// Reads a payload and takes note of how the client behaves. `next` is the tick that runs next.
    ///
    /// # Errors
    /// [`FrameError`]; see [`breaks_the_stream`].
    pub(super) fn receive(
        &mut self,
        payload: &[u8],
        now: Micros,
        next: Tick,
        config: &WorldConfig,
    ) -> Result<(), FrameError> {
        let rules = &config.rules.conduct;
        if !self.conduct.admit(config.tick_hz, rules) {
            return Err(FrameError::Flood);
        }
        let before = self.inputs.stats();
        let wishes = self.traffic.ground_wishes_refused;
        let read = self.read(payload, now, next);
        self.conduct.note_inputs(&before, &self.inputs.stats(), rules);
        if self.traffic.ground_wishes_refused > wishes {
            self.conduct.note(Misconduct::GroundWishes, rules);
        }
        if let Err(error) = &read {
            self.conduct.note_refused(error, rules);
        }
        read
    }

    fn read(&mut self, payload: &[u8], now: Micros, next: Tick) -> Result<(), FrameError> {
        let Self { channel, budget, log, .. } = self;
        let mut packet = channel.receive(payload, now, |record, fate| {
            budget.resolve(fate == Fate::Lost);
            if let (Some(number), Fate::Acked) = (record, fate) {
                log.acknowledge(*number);
            }
        })?;
        if let Some(round_trip) = channel.round_trip().newest() {
            budget.observe_round_trip(round_trip);
        }
        loop {
            let reader = &mut packet.reader;
            match FrameKind::read(reader)? {
                FrameKind::End => break,
                FrameKind::Inputs => {
                    let (before, mut newest) = (self.inputs.newest(), None);
                    inputs::read(reader, |tick, input| {
                        self.inputs.receive(tick, input, next);
                        newest = Some(tick);
                    })?;
                    if let Some(newest) = newest {
                        self.inputs.packet_read(newest, before, next);
                    }
                }
                FrameKind::Fragment => self.channel.read_fragment(reader)?,
                kind @ (FrameKind::Snapshot | FrameKind::Events | FrameKind::StateCheck) => {
                    return Err(FrameError::WrongDirection(kind));
                }
            }
        }
        while let Some(message) = self.channel.next_message()? {
            match ClientMessage::decode(message)? {
                ClientMessage::GroundWanted => {
                    self.traffic.ground_wishes_refused += u64::from(!self.ground.ask(next));
                }
                ClientMessage::Hello(hello) => _ = self.hello.get_or_insert(hello),
            }
        }
        if packet.sequence == Sequence(0) {
            // Who has not said it in the first packet is one of those that never do.
            self.hello.get_or_insert(Hello::SILENT);
        }
        self.channel.confirm(packet.sequence);
        self.traffic.packets_received += 1;
        self.traffic.payload_bytes_received += payload.len() as u64;
        Ok(())
    }

    /// The oldest picture that an honest client can have aimed at in an attack that begins now: the way of its input to
    /// here and the time that it waited for its tick, the way of the snapshots to the client, and the delay at which it
    /// draws them. What is judged by counts of the two ways no more than the rules make up for, and a delay on an even path.
    pub(super) fn oldest_views(&self, config: &WorldConfig, interval_ticks: u32) -> OldestViews {
        let tick_hz = u64::from(config.tick_hz);
        let ticks = |us: u64| (us * tick_hz).div_ceil(1_000_000).min(1 << 16) as u32;
        let round_trip = self.channel.round_trip();
        let path = round_trip.smoothed().map_or(0, |rtt| rtt.0) + 4 * round_trip.deviation().0;
        let covered = path.min(u64::from(config.rules.lag.path_max_ms) * 1_000);
        let waited = u32::from(self.inputs.margin_ticks().max(0).unsigned_abs());
        let (even, late) = (DRAWN_SNAPSHOTS * interval_ticks, ticks(u64::from(DRAWN_LATE_MS) * 1_000));
        OldestViews {
            judged: ViewAge::from_ticks(Ticks(ticks(covered) + waited + even + 2)),
            possible: ViewAge::from_ticks(Ticks(ticks(path) + waited + even.max(late) + 2)),
        }
    }

    /// Queues an event the client's character took part in.
    pub(super) fn tell(&mut self, tick: Tick, event: GameEvent) {
        let mut buffer = [0; EVENT_MESSAGE_BYTES];
        if self.channel.send_reliable(event.encode_message(tick, &mut buffer)).is_err() {
            self.traffic.events_dropped += 1;
        }
    }

    /// Queues the welcome, in the version that is spoken from now on.
    pub(super) fn welcome(&mut self, welcome: &Welcome, version: u16) {
        if self.channel.send_reliable(&welcome.encode_in(version)).is_err() {
            self.traffic.events_dropped += 1;
        }
        self.version = Some(version);
        self.welcome_end = self.channel.reliable_sender().end();
    }

    /// Whether the welcome is queued: what is queued now comes after it.
    pub(super) fn is_welcome_queued(&self) -> bool {
        self.version.is_some()
    }

    /// Whether `version` of the protocol, or a later one, is spoken: that of the welcome, or a later one of a hello that was
    /// lost until after it.
    pub(super) fn speaks(&self, version: u16) -> bool {
        let said = self.hello.and_then(Hello::common);
        self.version.is_some_and(|welcomed| said.unwrap_or(welcomed).max(welcomed) >= version)
    }

    /// Whether the client has the welcome: everything else needs it.
    pub(super) fn is_welcomed(&mut self) -> bool {
        self.welcomed |= self.is_welcome_queued()
            && self.character().is_some()
            && self.channel.reliable_sender().is_acked_before(self.welcome_end);
        self.welcomed
    }

    /// Queues the last word, once; the session is over `ticks` later. Tells whether it is the first. A client of a version
    /// that does not know the reason is told nothing.
    pub(super) fn say_goodbye(&mut self, reason: GoodbyeReason, ticks: u32) -> bool {
        if self.ends_in.is_some() {
            return false;
        }
        self.ends_in = Some(ticks);
        let version = self.version.or(self.hello.map(|hello| hello.newest)).unwrap_or(PROTOCOL_VERSION);
        if !reason.is_known_in(version) {
            return true;
        }
        if self.channel.send_reliable(&reason.encode()).is_err() {
            self.traffic.events_dropped += 1;
        }
        true
    }

    /// Accounts for a packet that was made.
    pub(super) fn count_sent(&mut self, payload_bytes: usize) {
        self.budget.spend(payload_bytes + PACKET_OVERHEAD_BYTES);
        self.traffic.packets_sent += 1;
        self.traffic.payload_bytes_sent += payload_bytes as u64;
    }

    pub(super) fn stats(&self) -> SessionStats {
        SessionStats {
            client_id: self.client_id,
            team: self.team,
            character: self.character(),
            visible: self.tracks.visible(),
            traffic: self.traffic,
            channel: self.channel.stats(),
            round_trip: self.channel.round_trip().smoothed(),
            rate_bytes_per_s: self.budget.rate(),
            inputs: self.inputs.stats(),
            input_margin_ticks: self.input_margin,
            refused: self.refused,
            conduct: self.conduct.counts(),
        }
    }
}
