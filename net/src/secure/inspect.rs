//! Looking into datagrams from outside a session: what is in the clear, and what a session's keys open. For whoever debugs
//! the protocol (key logs, dissectors); nothing of it is used while playing.
//!
//! No replay window, no order, no state: a datagram is what it is, whenever it was sent.

use core::fmt;

use super::bytes::Reader;
use super::cipher_suite::{CipherSet, CipherSuite};
use super::crypto::{KEY_BYTES, Key, PacketKey, TOKEN_NONCE_BYTES};
use super::packet::{Packet, PacketKind, REQUEST_BYTES, Side, open_packet, read_header};
use super::peer_address::PeerAddress;
use super::rekey::RekeyMessage;
use super::stats::DropReason;
use super::token::VERSION;
use crate::time::UnixSeconds;

/// Which way a datagram goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// From a client to the server.
    Up,
    /// From the server to a client.
    Down,
}

impl Direction {
    fn receiver(self) -> Side {
        match self {
            Direction::Up => Side::Server,
            Direction::Down => Side::Client,
        }
    }
}

/// The secrets of one epoch of one session. Whoever has them reads and forges everything in it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SessionKeys {
    /// The other end: the client at a server, the server at a client.
    pub peer: PeerAddress,
    /// The client's number; 0 where it is not known (a client cannot read it in its own token).
    pub client_id: u64,
    /// Number of the game.
    pub protocol_id: u64,
    /// Which keys of the session: 0 for the token's.
    pub epoch: u32,
    /// Their cipher.
    pub suite: CipherSuite,
    /// Seals what the client sends.
    pub client_to_server: Key,
    /// Seals what the server sends.
    pub server_to_client: Key,
}

impl fmt::Debug for SessionKeys {
    /// Without the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionKeys")
            .field("peer", &self.peer)
            .field("client_id", &self.client_id)
            .field("epoch", &self.epoch)
            .field("suite", &self.suite)
            .finish_non_exhaustive()
    }
}

/// What a datagram shows without any key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// A connection request.
    Request {
        /// Number of the game.
        protocol_id: u64,
        /// When its token expires.
        expires: UnixSeconds,
    },
    /// A sealed packet.
    Sealed {
        /// Its type, by name.
        kind: &'static str,
        /// Number of the packet in its session (or of the server's handshakes).
        sequence: u64,
        /// Sealed with keys of an epoch with an odd number.
        is_odd_epoch: bool,
        /// Bytes of the sealed body.
        body_bytes: usize,
    },
}

/// Reads what is in the clear.
///
/// # Errors
/// Why a receiver would drop it unopened.
pub fn outside(datagram: &[u8], direction: Direction) -> Result<Outside, DropReason> {
    if direction == Direction::Up && datagram.first() == Some(&(PacketKind::Request as u8)) {
        return read_request_head(datagram);
    }
    let header = read_header(datagram, direction.receiver())?;
    Ok(Outside::Sealed {
        kind: header.kind.name(),
        sequence: header.sequence,
        is_odd_epoch: header.odd,
        body_bytes: header.body(datagram.len()).len(),
    })
}

fn read_request_head(datagram: &[u8]) -> Result<Outside, DropReason> {
    if datagram.len() != REQUEST_BYTES {
        return Err(DropReason::RequestSize);
    }
    let mut reader = Reader::new(&datagram[1..]);
    let cut = DropReason::RequestSize;
    if reader.array::<13>().ok_or(cut)? != VERSION {
        return Err(DropReason::ForeignVersion);
    }
    let (protocol_id, expires) = (reader.u64().ok_or(cut)?, UnixSeconds(reader.u64().ok_or(cut)?));
    reader.array::<TOKEN_NONCE_BYTES>().ok_or(cut)?;
    Ok(Outside::Request { protocol_id, expires })
}

/// What was sealed in a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside<'d> {
    /// The server is full.
    Denied,
    /// A challenge, with its number; its token is sealed with a key that never leaves the server.
    Challenge {
        /// The number.
        sequence: u64,
    },
    /// The challenge of this number comes back.
    Response {
        /// The number.
        sequence: u64,
    },
    /// A sign of life.
    KeepAlive {
        /// The client's slot (downward).
        client_index: u32,
        /// The server's slots (downward).
        max_clients: u32,
    },
    /// Frames.
    Payload(&'d [u8]),
    /// The end.
    Disconnect,
    /// The client offers new keys.
    Offer {
        /// For which epoch.
        epoch: u32,
        /// What ciphers it has.
        ciphers: CipherSet,
    },
    /// The server answers an offer.
    Answer {
        /// For which epoch.
        epoch: u32,
        /// The cipher it chose.
        suite: CipherSuite,
    },
    /// The server would like an offer.
    Wish {
        /// For which epoch.
        epoch: u32,
    },
}

/// The keys of one epoch, prepared for opening.
pub struct SessionOpener {
    protocol_id: u64,
    up: PacketKey,
    down: PacketKey,
}

impl SessionOpener {
    /// Prepares the keys.
    #[must_use]
    pub fn new(keys: &SessionKeys) -> SessionOpener {
        let key = |key: &[u8; KEY_BYTES]| PacketKey::of_epoch(keys.suite, key, keys.epoch);
        let (up, down) = (key(&keys.client_to_server), key(&keys.server_to_client));
        SessionOpener { protocol_id: keys.protocol_id, up, down }
    }

    /// Opens a sealed packet in place.
    ///
    /// # Errors
    /// Why not; [`DropReason::NotAuthentic`] where it was sealed with other keys or changed on the way (its bytes are lost
    /// then), [`DropReason::EpochOver`] where its mark says that it is of another epoch.
    pub fn open<'d>(&self, datagram: &'d mut [u8], direction: Direction) -> Result<Inside<'d>, DropReason> {
        let header = read_header(datagram, direction.receiver())?;
        let key = match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        };
        if header.odd != key.is_odd() {
            return Err(DropReason::EpochOver);
        }
        Ok(match open_packet(datagram, header, self.protocol_id, key, None)? {
            Packet::Denied => Inside::Denied,
            Packet::Challenge { sequence, .. } => Inside::Challenge { sequence },
            Packet::Response { sequence, .. } => Inside::Response { sequence },
            Packet::KeepAlive { client_index, max_clients } => {
                Inside::KeepAlive { client_index, max_clients }
            }
            Packet::Payload(bytes) => Inside::Payload(bytes),
            Packet::Disconnect => Inside::Disconnect,
            Packet::Rekey(RekeyMessage::Offer(offer)) => {
                Inside::Offer { epoch: offer.epoch, ciphers: offer.ciphers }
            }
            Packet::Rekey(RekeyMessage::Answer(answer)) => {
                Inside::Answer { epoch: answer.epoch, suite: answer.suite }
            }
            Packet::Rekey(RekeyMessage::Wish { epoch }) => Inside::Wish { epoch },
        })
    }
}

/// Whether a datagram that this side made carries a payload: a newer one makes it worthless, since payloads repeat what matters
/// until it is acknowledged. A carrier that has to choose drops these and keeps handshakes, keys and goodbyes.
#[must_use]
pub fn is_payload(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|prefix| prefix & 7 == PacketKind::Payload as u8)
}
