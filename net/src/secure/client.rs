//! The client side of netcode 1.02, for one UDP socket that the caller owns.
//!
//! The caller hands in what arrives and asks what to send ([`SecureClient::poll_transmit`], until it answers
//! `None`); timers run inside the asking. The states and their numbers are the standard's; `docs/SESSION_STATES.md`
//! draws them.

use core::fmt;
use std::net::SocketAddr;

use super::cipher_suite::CipherSuite;
use super::client_rekey::{ClientRekey, Due, Rekeying};
use super::epochs::KeyRing;
use super::inspect::SessionKeys;
use super::packet::{Packet, PacketKind, Side, read_header, seal_packet, write_request};
use super::private_token::CHALLENGE_TOKEN_BYTES;
use super::replay_window::ReplayWindow;
use super::server::{GLOBAL_SEQUENCES, SealError};
use super::stats::{DropReason, SecureStats};
use super::token::{ConnectToken, TokenError};
use super::{DATAGRAM_MAX, DISCONNECT_REPEATS, PAYLOAD_MAX};
use crate::time::Micros;

/// Requests, responses and keep-alives go out so often.
const SEND_INTERVAL: Micros = Micros::from_millis(100);

/// Where a client is. Numbers as in the standard: negative ones are failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i8)]
pub enum ClientState {
    /// The server agreed on no new keys, and the client requires them. Not of the standard.
    NoRekey = -7,
    /// The token expired before a server let the client in.
    TokenExpired = -6,
    /// The token made no sense.
    InvalidToken = -5,
    /// Connected, then nothing was heard for the token's timeout.
    ConnectionTimedOut = -4,
    /// Challenged, then nothing was heard.
    ResponseTimedOut = -3,
    /// No server answered.
    RequestTimedOut = -2,
    /// The server is full.
    Denied = -1,
    /// Ended, by either side.
    Disconnected = 0,
    /// Showing the token to a server.
    SendingRequest = 1,
    /// Answering the server's challenge.
    SendingResponse = 2,
    /// Payloads flow.
    Connected = 3,
}

impl ClientState {
    /// Name for logs and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            ClientState::NoRekey => "no_rekey",
            ClientState::TokenExpired => "token_expired",
            ClientState::InvalidToken => "invalid_token",
            ClientState::ConnectionTimedOut => "connection_timed_out",
            ClientState::ResponseTimedOut => "response_timed_out",
            ClientState::RequestTimedOut => "request_timed_out",
            ClientState::Denied => "denied",
            ClientState::Disconnected => "disconnected",
            ClientState::SendingRequest => "sending_request",
            ClientState::SendingResponse => "sending_response",
            ClientState::Connected => "connected",
        }
    }

    /// The standard's number.
    #[must_use]
    pub const fn code(self) -> i8 {
        self as i8
    }

    /// On the way to a session.
    #[must_use]
    pub const fn is_connecting(self) -> bool {
        matches!(self, ClientState::SendingRequest | ClientState::SendingResponse)
    }

    /// Over, well or badly: nothing will happen any more.
    #[must_use]
    pub const fn is_over(self) -> bool {
        (self as i8) <= 0
    }
}

impl fmt::Display for ClientState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What an accepted datagram meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientEvent<'a> {
    /// Nothing for the caller.
    None,
    /// The session began.
    Connected {
        /// The client's slot on the server.
        client_index: u32,
        /// How many slots the server has.
        max_clients: u32,
    },
    /// A payload, opened in place: 1 to 1200 bytes.
    Payload(&'a [u8]),
    /// The session, or the last attempt at one, is over.
    Ended(ClientState),
}

/// The client side of one session.
pub struct SecureClient {
    token: ConnectToken,
    state: ClientState,
    keys: KeyRing,
    rekeying: Option<Rekeying>,
    window: ReplayWindow,
    /// Never starts again, not even with the next server: the keys stay the same.
    send_sequence: u64,
    server: usize,
    began: Micros,
    last_received: Micros,
    last_sent: Option<Micros>,
    challenge_sequence: u64,
    challenge: Box<[u8; CHALLENGE_TOKEN_BYTES]>,
    client_index: u32,
    max_clients: u32,
    farewells: u32,
    stats: SecureStats,
}

impl SecureClient {
    /// Starts connecting to the first server of the token, by netcode 1.02 alone: the keys stay the token's. One token
    /// makes one client: a second one would use the same keys with the same nonces.
    #[must_use]
    pub fn new(token: ConnectToken, now: Micros) -> SecureClient {
        let valid = token.created <= token.expires;
        SecureClient {
            state: if valid { ClientState::SendingRequest } else { ClientState::InvalidToken },
            keys: KeyRing::new(Side::Client, &token.client_to_server_key, &token.server_to_client_key),
            rekeying: None,
            window: ReplayWindow::default(),
            send_sequence: 0,
            server: 0,
            began: now,
            last_received: now,
            last_sent: None,
            challenge_sequence: 0,
            challenge: Box::new([0; CHALLENGE_TOKEN_BYTES]),
            client_index: 0,
            max_clients: 0,
            farewells: 0,
            stats: SecureStats::default(),
            token,
        }
    }

    /// As [`SecureClient::new`], and agrees with the server on new keys once connected.
    #[must_use]
    pub fn with_rekey(token: ConnectToken, rekey: &ClientRekey, now: Micros) -> SecureClient {
        let rekeying = Some(Rekeying::new(rekey, &token));
        SecureClient { rekeying, ..SecureClient::new(token, now) }
    }

    /// As [`SecureClient::new`], from the bytes of a token.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn from_token_bytes(bytes: &[u8], now: Micros) -> Result<SecureClient, TokenError> {
        Ok(SecureClient::new(ConnectToken::read(bytes)?, now))
    }

    /// Where the client is.
    #[must_use]
    pub fn state(&self) -> ClientState {
        self.state
    }

    /// The server it talks to, or talked to last.
    #[must_use]
    pub fn server_address(&self) -> SocketAddr {
        self.token.server_addresses.as_slice()[self.server]
    }

    /// The client's slot on the server and the number of slots, once connected.
    #[must_use]
    pub fn slot(&self) -> Option<(u32, u32)> {
        (self.state == ClientState::Connected).then_some((self.client_index, self.max_clients))
    }

    /// The epoch of the session's keys (0: the token's, without forward secrecy) and their cipher.
    #[must_use]
    pub fn keys(&self) -> (u32, CipherSuite) {
        (self.keys.epoch(), self.keys.suite())
    }

    /// The secrets of the session as it stands: for key logs, which let somebody who debugs the protocol read everything in
    /// it. They change with the epoch that [`SecureClient::keys`] tells.
    #[must_use]
    pub fn session_keys(&self) -> SessionKeys {
        let (client_to_server, server_to_client) = self.keys.raw();
        SessionKeys {
            peer: self.server_address().into(),
            client_id: 0,
            protocol_id: self.token.protocol_id,
            epoch: self.keys.epoch(),
            suite: self.keys.suite(),
            client_to_server: *client_to_server,
            server_to_client: *server_to_client,
        }
    }

    /// Takes new keys before their time. Does nothing for a client that was made without a seed.
    pub fn request_rekey(&mut self) {
        if let Some(rekeying) = &mut self.rekeying {
            rekeying.want();
        }
    }

    /// The counters.
    #[must_use]
    pub fn stats(&self) -> &SecureStats {
        &self.stats
    }

    /// When the server was last heard (or the present attempt began).
    #[must_use]
    pub fn last_received(&self) -> Micros {
        self.last_received
    }

    /// Judges one datagram. It is opened in place, so its bytes change.
    ///
    /// # Errors
    /// Why it was dropped; counted in [`SecureClient::stats`].
    pub fn handle_datagram<'a>(
        &mut self,
        from: SocketAddr,
        datagram: &'a mut [u8],
        now: Micros,
    ) -> Result<ClientEvent<'a>, DropReason> {
        self.stats.datagrams_received += 1;
        let judged = self.judge(from, datagram, now);
        if let Err(reason) = judged {
            self.stats.count(reason);
        }
        judged
    }

    fn judge<'a>(
        &mut self,
        from: SocketAddr,
        datagram: &'a mut [u8],
        now: Micros,
    ) -> Result<ClientEvent<'a>, DropReason> {
        if self.state.is_over() {
            return Err(DropReason::OutOfState);
        }
        // By IP and port alone: the operating system adds a scope to link-local sources, tokens have none.
        let server = self.server_address();
        if (from.ip(), from.port()) != (server.ip(), server.port()) {
            return Err(DropReason::WrongSource);
        }
        let header = read_header(datagram, Side::Client)?;
        // A packet that means nothing in this state is dropped unopened: its number stays free in the window.
        if !self.expects(header.kind) {
            return Err(DropReason::OutOfState);
        }
        let packet = self.keys.open(datagram, header, self.token.protocol_id, &mut self.window, now)?;
        self.last_received = now;
        Ok(match packet {
            Packet::Denied => self.fail_attempt(ClientState::Denied, now),
            Packet::Challenge { sequence, token } => {
                self.challenge_sequence = sequence;
                *self.challenge = *token;
                self.state = ClientState::SendingResponse;
                self.last_sent = None;
                ClientEvent::None
            }
            Packet::KeepAlive { client_index, max_clients } if self.state != ClientState::Connected => {
                self.client_index = client_index;
                self.max_clients = max_clients;
                self.state = ClientState::Connected;
                self.stats.connected += 1;
                ClientEvent::Connected { client_index, max_clients }
            }
            Packet::Payload(bytes) => {
                self.stats.payloads_received += 1;
                ClientEvent::Payload(bytes)
            }
            Packet::Disconnect => {
                self.stats.disconnected_by_peer += 1;
                self.state = ClientState::Disconnected;
                ClientEvent::Ended(self.state)
            }
            Packet::Rekey(message) => {
                let rekeying = self.rekeying.as_mut().ok_or(DropReason::OutOfState)?;
                if rekeying.take(&message, &mut self.keys, self.token.protocol_id)? {
                    self.stats.rekeys += 1;
                    // The server's keys change with the first packet it hears.
                    self.last_sent = None;
                }
                ClientEvent::None
            }
            Packet::KeepAlive { .. } | Packet::Response { .. } => ClientEvent::None,
        })
    }

    fn expects(&self, kind: PacketKind) -> bool {
        match kind {
            PacketKind::Challenge => self.state == ClientState::SendingRequest,
            PacketKind::Denied => self.state.is_connecting(),
            PacketKind::KeepAlive => self.state >= ClientState::SendingResponse,
            PacketKind::Payload | PacketKind::Disconnect => self.state == ClientState::Connected,
            PacketKind::Rekey => self.state == ClientState::Connected && self.rekeying.is_some(),
            PacketKind::Request | PacketKind::Response => false,
        }
    }

    /// The attempt with this server failed: on to the next one, or end as `otherwise`.
    fn fail_attempt(&mut self, otherwise: ClientState, now: Micros) -> ClientEvent<'static> {
        if self.server + 1 >= self.token.server_addresses.as_slice().len() {
            self.state = otherwise;
            return ClientEvent::Ended(otherwise);
        }
        self.server += 1;
        self.state = ClientState::SendingRequest;
        self.window = ReplayWindow::default();
        self.last_received = now;
        self.last_sent = None;
        ClientEvent::None
    }

    /// What is to be sent now: writes it to `out` and returns where to and its length. Call it until it answers
    /// `None`, at least 20 times a second; timeouts are noticed here.
    pub fn poll_transmit(
        &mut self,
        now: Micros,
        out: &mut [u8; DATAGRAM_MAX],
    ) -> Option<(SocketAddr, usize)> {
        if self.farewells > 0 {
            self.farewells -= 1;
            return self.seal(&Packet::Disconnect, now, out).ok();
        }
        self.notice_timeouts(now);
        if let Some(offer) = self.due_offer(now) {
            // It is no sign of life to a server that knows netcode alone: keep-alives go on beside it.
            let last_sent = self.last_sent;
            let sealed = self.seal(&offer, now, out).ok();
            self.last_sent = last_sent;
            return sealed;
        }
        if self.farewells > 0 {
            return self.poll_transmit(now, out);
        }
        if self.state.is_over() || self.last_sent.is_some_and(|last| now.since(last) < SEND_INTERVAL) {
            return None;
        }
        match self.state {
            ClientState::SendingRequest => {
                self.last_sent = Some(now);
                Some((self.server_address(), write_request(&self.token, out)))
            }
            ClientState::SendingResponse => {
                let token = *self.challenge;
                self.seal(&Packet::Response { sequence: self.challenge_sequence, token: &token }, now, out)
                    .ok()
            }
            _ => {
                self.stats.keep_alives_sealed += 1;
                self.seal(&Packet::KeepAlive { client_index: 0, max_clients: 0 }, now, out).ok()
            }
        }
    }

    /// The offer of new keys that is due; ends the session where they are required and do not come.
    fn due_offer(&mut self, now: Micros) -> Option<Packet<'static>> {
        let rekeying = self.rekeying.as_mut().filter(|_| self.state == ClientState::Connected)?;
        match rekeying.due(&mut self.keys, now) {
            Due::Send(offer) => Some(offer),
            Due::Nothing => None,
            Due::TooLate => {
                self.disconnect();
                self.state = ClientState::NoRekey;
                None
            }
        }
    }

    fn notice_timeouts(&mut self, now: Micros) {
        let lifetime = Micros::from_secs(self.token.expires.0.saturating_sub(self.token.created.0));
        if self.state.is_connecting() && now.since(self.began) >= lifetime {
            self.state = ClientState::TokenExpired;
        }
        let Some(timeout) = u64::try_from(self.token.timeout_seconds).ok().filter(|seconds| *seconds > 0)
        else {
            return;
        };
        if now.since(self.last_received) < Micros::from_secs(timeout) {
            return;
        }
        match self.state {
            ClientState::SendingRequest => _ = self.fail_attempt(ClientState::RequestTimedOut, now),
            ClientState::SendingResponse => _ = self.fail_attempt(ClientState::ResponseTimedOut, now),
            ClientState::Connected => {
                self.stats.timed_out += 1;
                self.state = ClientState::ConnectionTimedOut;
            }
            _ => {}
        }
    }

    /// Seals a payload into `out`. Returns where to send it, and its length.
    ///
    /// # Errors
    /// A [`SealError`]; nothing was sealed.
    pub fn seal_payload(
        &mut self,
        payload: &[u8],
        now: Micros,
        out: &mut [u8; DATAGRAM_MAX],
    ) -> Result<(SocketAddr, usize), SealError> {
        if payload.is_empty() || payload.len() > PAYLOAD_MAX {
            return Err(SealError::PayloadSize(payload.len()));
        }
        if self.state != ClientState::Connected {
            return Err(SealError::NotConnected);
        }
        let sealed = self.seal(&Packet::Payload(payload), now, out)?;
        self.stats.payloads_sealed += 1;
        Ok(sealed)
    }

    /// Ends the session. The next ten answers of [`SecureClient::poll_transmit`] tell the server (any one will do).
    pub fn disconnect(&mut self) {
        if self.state.is_over() {
            return;
        }
        // A server that has not challenged this client knows nothing it could forget.
        if self.state != ClientState::SendingRequest {
            self.farewells = DISCONNECT_REPEATS;
        }
        self.stats.disconnected_by_us += 1;
        self.state = ClientState::Disconnected;
    }

    fn seal(
        &mut self,
        packet: &Packet<'_>,
        now: Micros,
        out: &mut [u8; DATAGRAM_MAX],
    ) -> Result<(SocketAddr, usize), SealError> {
        let sequence = self.send_sequence;
        if sequence >= GLOBAL_SEQUENCES {
            return Err(SealError::SequenceExhausted);
        }
        let key = self.keys.sealing()?;
        let len = seal_packet(packet, sequence, self.token.protocol_id, key, out);
        self.keys.count(len);
        self.send_sequence += 1;
        self.last_sent = Some(now);
        Ok((self.server_address(), len))
    }
}
