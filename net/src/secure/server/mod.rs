//! The server side of netcode 1.02, for whatever carries its datagrams: a UDP socket, connections, or both.
//!
//! Datagrams go in with their source and the time; events, replies and packets to send come out. Steps of a
//! connection are in `handshake.rs`, its life and end in `sessions.rs`, new keys in `rekeying.rs`.
//!
//! - All memory is allocated by [`SecureServer::new`], in proportion to `max_clients`; no datagram allocates.
//! - Cheap checks come first; opening tokens is limited by a budget.
//! - A reply is never longer than a third of the datagram it answers.
//! - No (key, nonce) pair is used twice: handshake packets count from a random place above 2^63, packets of a
//!   session from 0, and a token begins one session only.

mod handshake;
mod rekeying;
mod sessions;

use core::fmt;
use std::net::SocketAddr;

use super::DATAGRAM_MAX;
use super::cipher_suite::CipherSet;
use super::crypto::{KEY_BYTES, Key, PacketKey};
use super::endpoint::{AddressKey, Peer, Peers};
use super::epochs::RekeyLimits;
use super::keyed_index::HashKey;
use super::opening_budget::{OpeningBudget, RateLimit};
use super::packet::{Packet, PacketKind, Side, read_header};
use super::peer_address::PeerAddress;
use super::rekey::Ratchet;
use super::stats::{DropReason, SecureStats};
use super::token::UserData;
use super::used_tokens::UsedTokens;
use crate::time::{Micros, UnixSeconds};

/// A client's slot on a server, below the server's `max_clients`. Free again after the client's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct ClientIndex(pub u32);

/// Most client slots of one server: a bound against mistyped numbers, far above what one machine serves.
pub const MAX_CLIENTS_LIMIT: u32 = 1 << 20;

/// What becomes of a login of a client that has a session already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecondLogin {
    /// The new one is refused (`client_connected`) until the old session is over.
    #[default]
    Refuse,
    /// The new one takes the old one's place, once it has answered its challenge.
    Replace,
}

/// What a server is made from.
#[derive(Clone)]
pub struct SecureServerConfig {
    /// Number of the game and its protocol version.
    pub protocol_id: u64,
    /// Shared with whoever makes the tokens.
    pub private_key: Key,
    /// Client slots, 1 to [`MAX_CLIENTS_LIMIT`]. All memory follows from it: about 3 KiB each.
    pub max_clients: u32,
    /// What tokens may call this server. A token that names none of these is refused.
    pub public_addresses: Vec<SocketAddr>,
    /// Tokens opened in a second at most. The default of 50,000 is about 5 % of one core.
    pub token_openings_per_second: u32,
    /// Refuse tokens that expire before this. A server that restarts forgets which tokens were used: set it to
    /// the start plus the longest lifetime of a token, and none from before the start is accepted. Default: 0.
    pub earliest_token_expiry: UnixSeconds,
    /// A keep-alive is sent after so long without a packet to a client. Default: 100 ms.
    pub keep_alive_interval: Micros,
    /// What becomes of a second login. Default: it is refused.
    pub second_login: SecondLogin,
    /// The ciphers to agree on with clients that offer new keys. Default: those of this machine.
    pub ciphers: CipherSet,
    /// After how much traffic a client is asked for new keys.
    pub rekey_limits: RekeyLimits,
    /// New keys agreed on in a second at most: each costs about a tenth of a millisecond. Default: 2,000.
    pub rekeys_per_second: u32,
    /// End sessions that have the token's keys 20 s after connecting. Clients that know netcode alone cannot play then.
    /// Default: off.
    pub require_rekey: bool,
}

impl SecureServerConfig {
    /// The configuration with defaults.
    #[must_use]
    pub fn new(
        protocol_id: u64,
        private_key: Key,
        max_clients: u32,
        public_addresses: Vec<SocketAddr>,
    ) -> SecureServerConfig {
        SecureServerConfig {
            protocol_id,
            private_key,
            max_clients,
            public_addresses,
            token_openings_per_second: 50_000,
            earliest_token_expiry: UnixSeconds(0),
            keep_alive_interval: Micros::from_millis(100),
            second_login: SecondLogin::Refuse,
            ciphers: CipherSet::of_this_machine(),
            rekey_limits: RekeyLimits::default(),
            rekeys_per_second: 2_000,
            require_rekey: false,
        }
    }
}

impl fmt::Debug for SecureServerConfig {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecureServerConfig")
            .field("protocol_id", &self.protocol_id)
            .field("max_clients", &self.max_clients)
            .field("public_addresses", &self.public_addresses)
            .finish_non_exhaustive()
    }
}

/// Why a configuration makes no server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecureServerConfigError {
    /// `max_clients` is zero or above [`MAX_CLIENTS_LIMIT`].
    MaxClients(u32),
    /// `public_addresses` is empty: no token could ever be meant for this server.
    NoPublicAddress,
}

impl fmt::Display for SecureServerConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecureServerConfigError::MaxClients(n) => {
                write!(f, "max_clients is {n}; it must be 1 to {MAX_CLIENTS_LIMIT}")
            }
            SecureServerConfigError::NoPublicAddress => f.write_str("a server needs a public address"),
        }
    }
}

impl std::error::Error for SecureServerConfigError {}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DisconnectReason {
    /// The client said so.
    ByClient,
    /// The server said so.
    ByServer,
    /// Nothing was heard for the token's timeout.
    TimedOut,
    /// Another login of the same client took its place.
    Replaced,
    /// The server requires new keys, and the client offered none.
    NoRekey,
    /// The connection that carried it is gone ([`SecureServer::line_closed`]).
    LineClosed,
}

impl DisconnectReason {
    /// Name for logs and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            DisconnectReason::ByClient => "by_client",
            DisconnectReason::ByServer => "by_server",
            DisconnectReason::TimedOut => "timed_out",
            DisconnectReason::Replaced => "replaced",
            DisconnectReason::NoRekey => "no_rekey",
            DisconnectReason::LineClosed => "line_closed",
        }
    }
}

/// What an accepted datagram meant.
#[derive(Debug, PartialEq, Eq)]
pub enum ServerEvent<'a> {
    /// Nothing to do (a keep-alive).
    None,
    /// Send the first so many bytes of `out` back to where the datagram came from.
    Reply(usize),
    /// A client connected. Send the reply back, too.
    Connected {
        /// Its slot.
        client: ClientIndex,
        /// Its number, from the token.
        client_id: u64,
        /// The backend's bytes, from the token.
        user_data: &'a UserData,
        /// Length of the reply in `out`.
        reply_len: usize,
        /// The session of the same client that this one replaces. Where it is another slot, it is ended a second later
        /// ([`SecureServer::update`]), so that it can be told why; where it is the same slot, it is over.
        replaced: Option<ClientIndex>,
    },
    /// A payload of a connected client, opened in place.
    Payload {
        /// Who sent it.
        client: ClientIndex,
        /// 1 to 1200 bytes.
        bytes: &'a [u8],
    },
    /// The client ended its session. Its slot is free.
    Disconnected {
        /// The slot it had.
        client: ClientIndex,
        /// Its number.
        client_id: u64,
        /// Always [`DisconnectReason::ByClient`] here.
        reason: DisconnectReason,
    },
}

impl ServerEvent<'_> {
    /// Bytes of `out` to send back; zero for none.
    #[must_use]
    pub fn reply_len(&self) -> usize {
        match self {
            ServerEvent::Reply(len) | ServerEvent::Connected { reply_len: len, .. } => *len,
            _ => 0,
        }
    }
}

/// What a server wants done outside the handling of a datagram.
#[derive(Debug, PartialEq, Eq)]
pub enum ServerOutput<'a> {
    /// Send this.
    Datagram {
        /// Where to.
        to: PeerAddress,
        /// What.
        bytes: &'a [u8],
    },
    /// A session ended. Its slot is free.
    Disconnected {
        /// The slot it had.
        client: ClientIndex,
        /// The client's number.
        client_id: u64,
        /// Why.
        reason: DisconnectReason,
    },
}

/// Why a payload was not sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealError {
    /// No session.
    NotConnected,
    /// Not 1 to 1200 bytes.
    PayloadSize(usize),
    /// The session has sent 2^63 packets; a new token is needed.
    SequenceExhausted,
    /// The key has sealed as much as it may, and the other end agrees on no new one.
    KeyExhausted,
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SealError::NotConnected => f.write_str("no session"),
            SealError::PayloadSize(bytes) => write!(f, "a payload has 1 to 1200 bytes, not {bytes}"),
            SealError::KeyExhausted => {
                f.write_str("the session's key is used up, and no new one is agreed on")
            }
            SealError::SequenceExhausted => f.write_str("the session's sequence numbers are used up"),
        }
    }
}

impl std::error::Error for SealError {}

/// New keys agreed on at once after a silence: some milliseconds.
const REKEYS_AT_ONCE: u32 = 64;

/// First sequence number that sessions do not use: above it are the packets of handshakes.
pub(crate) const GLOBAL_SEQUENCES: u64 = 1 << 63;

/// Where things are after a datagram was judged, without borrowing from either.
enum Outcome {
    None,
    Reply(usize),
    Connected { client: u32, reply_len: usize, replaced: Option<u32> },
    Payload { client: u32, start: usize, end: usize },
    Disconnected { client: u32, client_id: u64 },
}

/// The server side of all sessions of one server.
pub struct SecureServer {
    config: SecureServerConfig,
    peers: Peers,
    used_tokens: UsedTokens,
    budget: OpeningBudget,
    challenge_key: PacketKey,
    challenge_sequence: u64,
    global_sequence: u64,
    hash_key: HashKey,
    rekey_budget: RateLimit,
    ratchet: Ratchet,
    stats: SecureStats,
}

impl SecureServer {
    /// Makes a server. `random` fills 88 bytes and must be a cryptographic source, anew at each start.
    ///
    /// # Errors
    /// A [`SecureServerConfigError`] that says what is wrong with `config`.
    pub fn new(
        config: SecureServerConfig,
        random: &mut dyn FnMut(&mut [u8]),
    ) -> Result<SecureServer, SecureServerConfigError> {
        if config.max_clients == 0 || config.max_clients > MAX_CLIENTS_LIMIT {
            return Err(SecureServerConfigError::MaxClients(config.max_clients));
        }
        if config.public_addresses.is_empty() {
            return Err(SecureServerConfigError::NoPublicAddress);
        }
        let (mut challenge_key, mut hash_key, mut start) = ([0; KEY_BYTES], [0; 16], [0; 8]);
        let mut seed = [0; 32];
        random(&mut challenge_key);
        random(&mut hash_key);
        random(&mut start);
        random(&mut seed);
        let hash_key = HashKey::from_bytes(&hash_key);
        let clients = config.max_clients;
        Ok(SecureServer {
            peers: Peers::new(clients, clients.max(64), hash_key, config.keep_alive_interval),
            used_tokens: UsedTokens::new(clients.max(64) * 4, hash_key),
            budget: OpeningBudget::new(config.token_openings_per_second),
            challenge_key: PacketKey::new(&challenge_key),
            challenge_sequence: 0,
            // A quarter of the number space to start in, a quarter at least to run in: two starts of a server
            // will not meet, nor two servers that one token names.
            global_sequence: GLOBAL_SEQUENCES | u64::from_le_bytes(start) >> 2,
            hash_key,
            rekey_budget: RateLimit::new(config.rekeys_per_second, REKEYS_AT_ONCE),
            ratchet: Ratchet::new(&seed, b"server"),
            stats: SecureStats::default(),
            config,
        })
    }

    /// Judges one datagram. It is opened in place, so its bytes change. Replies are written to `out`. A bare socket address
    /// is a peer of the socket that all share.
    ///
    /// # Errors
    /// Why it was dropped; counted in [`SecureServer::stats`]. Nothing needs to be done about it.
    pub fn handle_datagram<'a>(
        &'a mut self,
        from: impl Into<PeerAddress>,
        datagram: &'a mut [u8],
        now: Micros,
        unix: UnixSeconds,
        out: &mut [u8; DATAGRAM_MAX],
    ) -> Result<ServerEvent<'a>, DropReason> {
        self.stats.datagrams_received += 1;
        let outcome = match self.judge(from.into(), datagram, now, unix, out) {
            Ok(outcome) => outcome,
            Err(reason) => {
                self.stats.count(reason);
                return Err(reason);
            }
        };
        Ok(match outcome {
            Outcome::None => ServerEvent::None,
            Outcome::Reply(len) => ServerEvent::Reply(len),
            Outcome::Payload { client, start, end } => {
                ServerEvent::Payload { client: ClientIndex(client), bytes: &datagram[start..end] }
            }
            Outcome::Disconnected { client, client_id } => ServerEvent::Disconnected {
                client: ClientIndex(client),
                client_id,
                reason: DisconnectReason::ByClient,
            },
            Outcome::Connected { client, reply_len, replaced } => match self.peers.session(client) {
                Some(session) => ServerEvent::Connected {
                    client: ClientIndex(client),
                    client_id: session.client_id,
                    user_data: &session.user_data,
                    reply_len,
                    replaced: replaced.map(ClientIndex),
                },
                None => ServerEvent::None,
            },
        })
    }

    fn judge(
        &mut self,
        from: PeerAddress,
        datagram: &mut [u8],
        now: Micros,
        unix: UnixSeconds,
        out: &mut [u8; DATAGRAM_MAX],
    ) -> Result<Outcome, DropReason> {
        if datagram.first() == Some(&(PacketKind::Request as u8)) {
            return self.judge_request(from, datagram, now, unix, out);
        }
        let header = read_header(datagram, Side::Server)?;
        let peer = self.peers.at_address(&AddressKey::new(&from)).ok_or(DropReason::UnknownAddress)?;
        let client = match peer {
            Peer::Pending(_) if header.kind != PacketKind::Response => return Err(DropReason::NotConnected),
            Peer::Pending(at) => return self.judge_response(from, at, datagram, header, now, out),
            Peer::Client(_) if header.kind == PacketKind::Response => {
                return Err(DropReason::AddressConnected);
            }
            Peer::Client(client) => client,
        };
        let session = self.peers.session_mut(client).ok_or(DropReason::UnknownAddress)?;
        let body = header.body(datagram.len());
        let (packet, new_epoch) =
            session.keys.open(datagram, header, self.config.protocol_id, &mut session.window, now)?;
        session.confirmed = true;
        let times = &mut self.peers.times[client as usize];
        times.last_received = now;
        if new_epoch {
            self.stats.rekeys += 1;
            times.wants_keys = false;
        }
        match packet {
            Packet::KeepAlive { .. } => Ok(Outcome::None),
            Packet::Rekey(message) => self.judge_rekey(client, &message, now, out),
            Packet::Payload(_) => {
                self.stats.payloads_received += 1;
                Ok(Outcome::Payload { client, start: body.start, end: body.end })
            }
            Packet::Disconnect => {
                let client_id = self.peers.disconnect(client).map_or(0, |session| session.client_id);
                self.stats.disconnected_by_peer += 1;
                Ok(Outcome::Disconnected { client, client_id })
            }
            Packet::Denied | Packet::Challenge { .. } | Packet::Response { .. } => {
                Err(DropReason::TypeNotAllowed)
            }
        }
    }

    /// The counters.
    #[must_use]
    pub fn stats(&self) -> &SecureStats {
        &self.stats
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &SecureServerConfig {
        &self.config
    }

    /// Number of connected clients.
    #[must_use]
    pub fn connected_count(&self) -> u32 {
        self.peers.live().len() as u32
    }

    /// Handshakes under way.
    #[cfg(test)]
    pub(super) fn pending_count(&self) -> usize {
        self.peers.pending_count()
    }

    /// The connected clients, in no order that means anything.
    pub fn connected(&self) -> impl Iterator<Item = ClientIndex> + '_ {
        self.peers.live().iter().map(|client| ClientIndex(*client))
    }

    /// A connected client's number.
    #[must_use]
    pub fn client_id(&self, client: ClientIndex) -> Option<u64> {
        self.peers.session(client.0).map(|session| session.client_id)
    }

    /// A connected client's address.
    #[must_use]
    pub fn client_address(&self, client: ClientIndex) -> Option<PeerAddress> {
        self.peers.session(client.0).map(|session| session.address)
    }

    /// The slot of the client with this number, if it is connected.
    #[must_use]
    pub fn client_with_id(&self, client_id: u64) -> Option<ClientIndex> {
        self.peers.client_with_id(client_id).map(ClientIndex)
    }
}
