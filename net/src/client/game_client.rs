//! The client of a battle, whole: secure session, packets, prediction, the others, figures. No socket, no clock.
//!
//! The caller hands in what arrives ([`GameClient::handle_datagram`]), asks what to send
//! ([`GameClient::poll_transmit`], until it answers `None`), and once a frame says what the player wants
//! ([`GameClient::advance`]). Everything takes `now`; a thousand clients can share one thread.
//!
//! Nothing is allocated after the welcome, except when more characters come into sight than ever before, and when the
//! world changes.

use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use shieldwall_core::numeric::Tick;
use shieldwall_core::spatial::Scenery;
use shieldwall_core::state::commands::CharacterInput;
use shieldwall_core::state::handle::CharacterId;
use shieldwall_core::state::terrain_deltas::TerrainChunk;
use shieldwall_core::systems::PropField;

use super::byte_counts::FrameBits;
use super::config::GameClientConfig;
use super::objectives::{ObjectiveNews, ObjectiveView};
use super::replica::ReplicaTable;
use super::session::Session;
use super::views::{
    AdvanceReport, ClientEvent, ClientStats, EndReason, EntityView, GameClientState, OwnView,
};
use super::world::ClientWorld;
use crate::channel::sequence::Sequence;
use crate::channel::{Channel, Fate, FrameError};
use crate::secure::{
    self, CipherSuite, ClientRekey, ConnectToken, DATAGRAM_MAX, DropReason, PAYLOAD_MAX, SecureClient,
};
use crate::time::Micros;
use crate::wire::client_message::{ClientMessage, Hello};
use crate::wire::snapshot::OwnState;
use crate::wire::welcome::{ServerMessage, Welcome};
use crate::wire::{FrameKind, events};

/// Bytes of IP and UDP headers around a datagram.
const HEADERS_BYTES: u64 = 28;
/// A packet goes out at least so often, if only for its acks; more often while the server waits for them to begin.
const IDLE_SEND: Micros = Micros::from_millis(100);
const IDLE_SEND_BEFORE_PLAY: Micros = Micros::from_millis(33);
/// Sending may fall this far behind its allowance and catch up.
const BURST: Micros = Micros::from_millis(200);

/// Why a datagram was refused. The session goes on; the refusal is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientError {
    /// Forged, damaged, replayed, or not from the server.
    Datagram(DropReason),
    /// From the server, but its content was refused.
    Payload(FrameError),
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Datagram(reason) => write!(f, "datagram dropped: {reason:?}"),
            Self::Payload(error) => write!(f, "payload refused: {error}"),
        }
    }
}

impl std::error::Error for ClientError {}

/// One player's client. See the module head for how it is driven.
pub struct GameClient {
    secure: SecureClient,
    channel: Channel<()>,
    session: Option<Box<Session>>,
    config: GameClientConfig,
    ended: Option<EndReason>,
    events: VecDeque<ClientEvent>,
    was_playing: bool,
    now: Micros,
    last_snapshot_at: Micros,
    last_payload_at: Option<Micros>,
    /// The upward allowance is spent until then.
    allowed_at: Micros,
    highest_received: Option<(Sequence, u64)>,
    counts: ClientStats,
    frame_bits: FrameBits,
}

impl fmt::Debug for GameClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GameClient").field("state", &self.state()).finish_non_exhaustive()
    }
}

impl GameClient {
    /// Starts connecting with this token, whose keys stay the session's: for tests and tools that have no source of
    /// randomness. One token makes one client.
    #[must_use]
    pub fn new(token: ConnectToken, config: GameClientConfig, now: Micros) -> Self {
        Self::over(SecureClient::new(token, now), config, now)
    }

    /// Starts connecting with this token, and agrees with the server on new keys (forward secrecy, AES where both have it);
    /// the session ends where that fails. `seed` is 32 bytes from a cryptographic source, drawn for this client.
    #[must_use]
    pub fn with_forward_secrecy(
        token: ConnectToken,
        config: GameClientConfig,
        seed: [u8; 32],
        now: Micros,
    ) -> Self {
        Self::over(SecureClient::with_rekey(token, &ClientRekey::new(seed), now), config, now)
    }

    fn over(secure: SecureClient, config: GameClientConfig, now: Micros) -> Self {
        Self {
            secure,
            channel: Channel::default(),
            session: None,
            events: VecDeque::with_capacity(config.event_capacity.max(1)),
            config,
            ended: None,
            was_playing: false,
            now,
            last_snapshot_at: now,
            last_payload_at: None,
            allowed_at: now,
            highest_received: None,
            counts: ClientStats::default(),
            frame_bits: FrameBits::default(),
        }
    }

    /// What stands in the server's world, when that was not known at the beginning. After the welcome it changes nothing.
    pub fn set_scenery(&mut self, scenery: Arc<Scenery>) {
        self.config.scenery = scenery;
    }

    /// Where the client is on its way into the battle.
    #[must_use]
    pub fn state(&self) -> GameClientState {
        if let Some(reason) = self.ended {
            return GameClientState::Ended(reason);
        }
        match &self.session {
            Some(session) if session.is_playing() => GameClientState::Playing,
            Some(_) => GameClientState::WaitingForCharacter,
            None if self.secure.state() == secure::ClientState::Connected => {
                GameClientState::WaitingForWelcome
            }
            None => GameClientState::Connecting,
        }
    }

    /// The epoch of the session's keys (0: the token's, without forward secrecy) and their cipher.
    #[must_use]
    pub fn keys(&self) -> (u32, CipherSuite) {
        self.secure.keys()
    }

    /// The secrets of the session as it stands, for key logs; see [`secure::SecureClient::session_keys`].
    #[must_use]
    pub fn session_keys(&self) -> secure::SessionKeys {
        self.secure.session_keys()
    }

    /// Takes in one datagram. It is opened in place, so its bytes change.
    ///
    /// # Errors
    /// Why it was refused; also counted in [`Self::stats`].
    pub fn handle_datagram(
        &mut self,
        from: SocketAddr,
        datagram: &mut [u8],
        now: Micros,
    ) -> Result<(), ClientError> {
        self.now = self.now.max(now);
        self.counts.datagrams_received += 1;
        self.counts.bytes_received += datagram.len() as u64 + HEADERS_BYTES;
        if let Some(session) = &self.session {
            // While the packet is opened.
            session.replica().prefetch();
        }
        match self.secure.handle_datagram(from, datagram, now) {
            Ok(secure::ClientEvent::None) => Ok(()),
            Ok(secure::ClientEvent::Connected { client_index, .. }) => {
                self.push_event(ClientEvent::Connected { client_index });
                // The stream is empty: there is room.
                self.channel.send_reliable(&ClientMessage::Hello(Hello::OURS).encode()).ok();
                Ok(())
            }
            Ok(secure::ClientEvent::Payload(payload)) => {
                let read = self.receive_payload(payload, now);
                self.counts.refused_payloads += u64::from(read.is_err());
                read.map_err(ClientError::Payload)
            }
            Ok(secure::ClientEvent::Ended(state)) => {
                self.end(EndReason::Secure(state));
                Ok(())
            }
            Err(reason) => {
                self.counts.refused_datagrams += 1;
                Err(ClientError::Datagram(reason))
            }
        }
    }

    /// What is to be sent now: writes it to `out` and returns where to and its length. Call it until it answers `None`,
    /// each frame and at least 30 times a second; timeouts are noticed here.
    pub fn poll_transmit(
        &mut self,
        now: Micros,
        out: &mut [u8; DATAGRAM_MAX],
    ) -> Option<(SocketAddr, usize)> {
        self.now = self.now.max(now);
        let sent = match self.secure.poll_transmit(now, out) {
            Some(sent) => Some(sent),
            None => self.payload_due(now).then(|| self.write_payload(now, out)).flatten(),
        };
        if self.secure.state().is_over() {
            self.end(EndReason::Secure(self.secure.state()));
        }
        if let Some((_, length)) = sent {
            self.counts.datagrams_sent += 1;
            self.counts.bytes_sent += length as u64 + HEADERS_BYTES;
        }
        sent
    }

    /// Moves the client's clock to `now` and predicts the ticks that are due with `input` (at most 8; what is left is
    /// due at the next call). Before the battle begins it does nothing.
    pub fn advance(&mut self, now: Micros, input: CharacterInput) -> AdvanceReport {
        self.now = self.now.max(now);
        match &mut self.session {
            Some(session) if self.ended.is_none() => {
                let report = session.advance(now, input);
                self.tell_rules();
                report
            }
            _ => AdvanceReport::default(),
        }
    }

    /// The own character as of the last [`Self::advance`], or of the newest snapshot for a client that does not predict; none
    /// outside the battle.
    #[must_use]
    pub fn own(&self) -> Option<OwnView> {
        self.session.as_ref()?.own_view()
    }

    /// The own character as the newest snapshot had it, exactly, with that snapshot's tick.
    #[must_use]
    pub fn own_truth(&self) -> Option<(Tick, OwnState)> {
        self.session.as_ref()?.own_truth()
    }

    /// The own character's id, once the server has said it.
    #[must_use]
    pub fn character(&self) -> Option<CharacterId> {
        self.session.as_ref().map(|session| session.character())
    }

    /// The world, once it is known.
    #[must_use]
    pub fn world(&self) -> Option<&Arc<ClientWorld>> {
        self.session.as_ref().map(|session| session.world())
    }

    /// Whether a section of something built is down.
    #[must_use]
    pub fn is_section_down(&self, section: u16) -> bool {
        self.session.as_ref().is_some_and(|session| session.ground.is_down(section))
    }

    /// What lies about, as far as it was told: those at rest exactly, those that move from where they were told to, as if each
    /// were alone. None before the welcome.
    #[must_use]
    pub fn props(&self) -> Option<&PropField> {
        self.session.as_ref().map(|session| &session.ground.props)
    }

    /// Appends the chunks of the ground and the sections that changed since the last call, each once: what is to be drawn
    /// anew.
    pub fn take_world_news(&mut self, chunks: &mut Vec<TerrainChunk>, sections: &mut Vec<u16>) {
        if let Some(session) = &mut self.session {
            session.ground.take_news(chunks, sections);
        }
    }

    /// How many places there are that teams fight over; 0 before the welcome.
    #[must_use]
    pub fn objective_count(&self) -> u32 {
        self.session.as_ref().map_or(0, |session| session.objectives().0.len() as u32)
    }

    /// A place that teams fight over, as it stands at the newest snapshot: known of all places, wherever they are.
    #[must_use]
    pub fn objective(&self, point: u32) -> Option<ObjectiveView> {
        let (objectives, tick, world) = self.session.as_ref()?.objectives();
        objectives.view(point, tick, world)
    }

    /// What a team has gained by places and flags, at the newest snapshot; none where there is no such team.
    #[must_use]
    pub fn score(&self, team: u8) -> Option<u32> {
        let (objectives, tick, world) = self.session.as_ref()?.objectives();
        objectives.score(team, tick, world)
    }

    /// Replaces the content of `out` with all others in sight as drawn at `now`.
    pub fn sample_crowd(&mut self, now: Micros, out: &mut Vec<EntityView>) {
        out.clear();
        if let Some(session) = &mut self.session {
            session.sample_crowd(now, out);
        }
    }

    /// The states of others as they came, without any smoothing; none before the welcome.
    #[must_use]
    pub fn replica(&self) -> Option<&ReplicaTable> {
        self.session.as_ref().map(|session| session.replica())
    }

    /// The oldest event that nobody has taken.
    pub fn next_event(&mut self) -> Option<ClientEvent> {
        self.events.pop_front()
    }

    /// The client's figures.
    #[must_use]
    pub fn stats(&self) -> ClientStats {
        let round_trip = self.channel.round_trip();
        let mut stats = ClientStats {
            rtt_us: round_trip.smoothed().map_or(0, |rtt| rtt.0.min(u32::MAX.into()) as u32),
            jitter_us: round_trip.deviation().0.min(u32::MAX.into()) as u32,
            loss_down_ppm: self.loss_down_ppm(),
            bytes_by_kind: self.frame_bits.bytes(self.counts.bytes_received, self.counts.bytes_sent),
            ..self.counts
        };
        if let Some(session) = &self.session {
            let (clock, corrections) = (&session.clock, &session.corrections);
            stats.loss_up_ppm = clock.loss().ppm();
            stats.lead_us = clock.lead_us();
            stats.input_margin_ticks = clock.margin_ticks();
            stats.input_misses = clock.misses();
            stats.clock_resyncs = clock.resyncs();
            stats.interpolation_delay_us = session.interpolation.clock().delay_us();
            stats.snapshots = session.snapshots;
            stats.snapshot_age_us = self.now.since(self.last_snapshot_at).0.min(u32::MAX.into()) as u32;
            stats.corrections = corrections.corrections;
            stats.corrections_by = corrections.by_cause;
            stats.correction_sum_mm = corrections.sum_mm;
            stats.correction_max_mm = corrections.max_mm;
            stats.relocations = corrections.relocations;
            stats.entities_visible = session.replica().visible();
            let ground = session.ground.stats;
            stats.state_checks = session.state_checks;
            stats.world_changes = ground.changes;
            (stats.ground_mismatches, stats.ground_images) = (ground.mismatches, ground.images);
        }
        stats
    }

    /// Leaves. The next answers of [`Self::poll_transmit`] tell the server.
    pub fn disconnect(&mut self) {
        self.end(EndReason::Left);
    }

    /// Tells the player that other rules hold, once they do.
    fn tell_rules(&mut self) {
        if let Some((tick, rules)) = self.session.as_mut().and_then(|session| session.take_rules_news()) {
            self.push_event(ClientEvent::RulesChanged { tick, rules });
        }
    }

    fn end(&mut self, reason: EndReason) {
        if self.ended.is_none() {
            self.ended = Some(reason);
            self.secure.disconnect();
            self.push_event(ClientEvent::Ended(reason));
        }
    }

    pub(super) fn push_event(&mut self, event: ClientEvent) {
        if self.events.len() >= self.config.event_capacity.max(1) {
            self.events.pop_front();
            self.counts.events_dropped += 1;
        }
        self.events.push_back(event);
    }

    fn receive_payload(&mut self, payload: &[u8], now: Micros) -> Result<(), FrameError> {
        if self.ended.is_some() {
            return Ok(());
        }
        let session = &mut self.session;
        // An ack says that a packet was read, not that its inputs were kept: those far too early are refused. Which
        // inputs need not be sent again, snapshots say.
        let mut open = self.channel.receive(payload, now, |(), fate| {
            if let Some(session) = session {
                session.clock.on_packet_fate(fate == Fate::Lost);
            }
        })?;
        self.count_sequence(open.sequence);
        let mut bits = FrameBits::default();
        loop {
            let start = open.reader.position();
            let kind = FrameKind::read(&mut open.reader)?;
            match kind {
                FrameKind::End => break,
                FrameKind::Snapshot => {
                    // What came before it in this packet: the ground on which it is to be understood.
                    self.receive_messages()?;
                    let session = self.session.as_mut().ok_or(FrameError::NotWelcomed)?;
                    let tick = session.read_snapshot(&mut open.reader, now)?;
                    self.last_snapshot_at = now;
                    if session.is_playing() && !self.was_playing {
                        self.was_playing = true;
                        self.push_event(ClientEvent::Playing { tick });
                    }
                }
                FrameKind::Events => {
                    let mut events = open.reader.clone();
                    events::read(&mut events, |_, _| {})?;
                    events::read(&mut open.reader, |tick, event| {
                        self.push_event(ClientEvent::Game { tick, event });
                    })?;
                }
                FrameKind::StateCheck => {
                    let session = self.session.as_mut().ok_or(FrameError::NotWelcomed)?;
                    session.check_states(&mut open.reader)?;
                }
                FrameKind::Fragment => self.channel.read_fragment(&mut open.reader)?,
                FrameKind::Inputs => return Err(FrameError::WrongDirection(kind)),
            }
            bits.receive(kind, open.reader.position() - start);
        }
        self.frame_bits.add(&bits);
        self.channel.confirm(open.sequence);
        self.tell_rules();
        self.receive_messages()
    }

    fn receive_messages(&mut self) -> Result<(), FrameError> {
        while self.ended.is_none() {
            // Reliable messages come in order: what cannot be read can never be passed.
            match self.receive_message() {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    self.end(EndReason::Protocol(error));
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Takes the next message, if there is one.
    fn receive_message(&mut self) -> Result<bool, FrameError> {
        let session = self.session.as_mut();
        let Some(bytes) = self.channel.next_message()? else { return Ok(false) };
        match (ServerMessage::decode(bytes)?, session) {
            (ServerMessage::Welcome(welcome), _) => self.on_welcome(&welcome),
            (ServerMessage::Event(tick, event), _) => self.push_event(ClientEvent::Game { tick, event }),
            (ServerMessage::Goodbye(reason), _) => self.end(EndReason::Goodbye(reason)),
            (ServerMessage::Changes(message), Some(session)) => session.change_world(message)?,
            (ServerMessage::Ground(piece), Some(session)) => session.take_ground(&piece)?,
            (ServerMessage::GroundCheck(check), Some(session)) => session.check_ground(check)?,
            (ServerMessage::Rules(change), Some(session)) => session.change_rules(&change)?,
            (ServerMessage::Objectives(body), Some(session)) => {
                let mut news = Vec::new();
                session.take_objectives(body, |item| news.push(item))?;
                for item in news {
                    self.push_event(match item {
                        ObjectiveNews::Point(point, tick) => ClientEvent::Objective { tick, point },
                        ObjectiveNews::Score(team, tick) => ClientEvent::Score { tick, team },
                    });
                }
            }
            (_, None) => return Err(FrameError::NotWelcomed),
        }
        if self.session.as_mut().is_some_and(|session| session.ground.take_wish()) {
            self.channel.send_reliable(&ClientMessage::GroundWanted.encode())?;
        }
        Ok(true)
    }

    fn on_welcome(&mut self, welcome: &Welcome) {
        let rules = welcome.config.rules.hash();
        if let Some(client) = self.config.expected_rules.filter(|expected| *expected != rules) {
            return self.end(EndReason::OtherRules { server: rules, client });
        }
        let server = welcome.world_fingerprint;
        let shared = self.config.worlds.clone();
        let shared = shared.and_then(|worlds| {
            Some((worlds.enter(&welcome.config, server, &self.config.scenery)?, Some(worlds)))
        });
        let (world, shared) = match shared {
            Some(shared) => shared,
            None => match ClientWorld::with_scenery(&welcome.config, &self.config.scenery) {
                Ok(world) => (Arc::new(world), None),
                Err(_) => {
                    let error = crate::wire::DecodeError::Value("world configuration");
                    return self.end(EndReason::Protocol(FrameError::Decode(error)));
                }
            },
        };
        if world.fingerprint() != server {
            return self.end(EndReason::OtherWorld { server, client: world.fingerprint() });
        }
        let round_trip =
            self.channel.round_trip().smoothed().map_or(100_000, |rtt| rtt.0.min(1_000_000) as u32);
        self.session = Some(Box::new(Session::new(welcome, (world, shared), &self.config, round_trip)));
        self.was_playing = false;
        self.push_event(ClientEvent::Welcomed { character: welcome.character, tick: welcome.tick });
    }

    fn payload_due(&self, now: Micros) -> bool {
        if self.secure.state() != secure::ClientState::Connected {
            return false;
        }
        let longest = if self.was_playing { IDLE_SEND } else { IDLE_SEND_BEFORE_PLAY };
        let idle = self.last_payload_at.is_none_or(|last| now.since(last) >= longest);
        let Some(session) = &self.session else { return idle };
        let tick_hz = session.world().config().tick_hz;
        let interval = self.config.spacing_ticks(tick_hz, session.clock.loss());
        let fresh = session
            .newest_input()
            .is_some_and(|newest| newest.0.saturating_sub(session.newest_sent().0) >= interval);
        idle || (fresh && now >= self.allowed_at)
    }

    fn write_payload(&mut self, now: Micros, out: &mut [u8; DATAGRAM_MAX]) -> Option<(SocketAddr, usize)> {
        let mut payload = [0; PAYLOAD_MAX];
        let mut writer = self.channel.begin(&mut payload);
        let start = writer.position();
        let newest = self.session.as_ref().and_then(|session| session.write_inputs(&mut writer));
        let behind_inputs = writer.position();
        self.channel.write_reliable(&mut writer, now);
        self.frame_bits.send(behind_inputs - start, writer.position() - behind_inputs);
        let session = &mut self.session;
        let length = self.channel.finish(writer, (), now, |()| {
            if let Some(session) = session {
                session.clock.on_packet_fate(true);
            }
        });
        let sent = self.secure.seal_payload(&payload[..length], now, out).ok()?;
        self.last_payload_at = Some(now);
        if let (Some(session), Some(newest)) = (&mut self.session, newest) {
            session.on_inputs_sent(now, newest);
        }
        let rate = u64::from(self.config.up_budget_bytes_per_s.max(500));
        let cost = (sent.1 as u64 + HEADERS_BYTES) * 1_000_000 / rate;
        self.allowed_at = Micros(self.allowed_at.0.max(now.0.saturating_sub(BURST.0)) + cost);
        Some(sent)
    }

    fn count_sequence(&mut self, sequence: Sequence) {
        self.highest_received = match self.highest_received {
            None => Some((sequence, 1)),
            Some((highest, span)) => {
                let ahead = sequence.since(highest);
                Some(if ahead > 0 { (sequence, span + ahead as u64) } else { (highest, span) })
            }
        };
    }

    fn loss_down_ppm(&self) -> u32 {
        let span = self.highest_received.map_or(0, |(_, span)| span);
        let missing = span.saturating_sub(self.channel.stats().received);
        (missing * 1_000_000).checked_div(span).unwrap_or(0) as u32
    }
}
