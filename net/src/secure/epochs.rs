//! The keys of one session, epoch after epoch: which seals what is sent, and which open what comes.
//!
//! Epoch 0 has the token's keys. A rekey (`rekey.rs`) makes the next one; its packets are told apart by one bit. Sequence
//! numbers and the replay window go on over all epochs, each with keys of its own, so no key sees a number twice. The
//! receiving key of the epoch before opens what was in flight, for [`OLD_EPOCH_GRACE`], and is gone then.

use super::cipher_suite::CipherSuite;
use super::crypto::{Key, PacketKey};
use super::packet::{Header, Packet, Side, open_packet};
use super::rekey::{Answer, Chain, EpochKeys, Offer};
use super::replay_window::ReplayWindow;
use super::server::SealError;
use super::stats::DropReason;
use crate::time::Micros;

/// Packets of the epoch before are opened so long after the first packet of the new one. No other rekey begins in that time.
pub const OLD_EPOCH_GRACE: Micros = Micros::from_millis(2_000);

/// Packets that one AES-GCM key seals at most: QUIC's confidentiality limit (RFC 9001, section 6.6). ChaCha20-Poly1305 has
/// none that a session could reach.
pub(crate) const AES_PACKETS_MAX: u64 = 1 << 23;

/// After how much traffic in both directions together a session takes new keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RekeyLimits {
    /// Packets of one epoch.
    pub packets: u64,
    /// Bytes of one epoch, as datagrams.
    pub bytes: u64,
}

impl Default for RekeyLimits {
    /// 2^20 packets (some three hours of play) or a gibibyte.
    fn default() -> RekeyLimits {
        RekeyLimits { packets: 1 << 20, bytes: 1 << 30 }
    }
}

/// A receiving key that is kept for what is in flight. It is prepared anew for each packet: there are few.
struct OldKey {
    suite: CipherSuite,
    key: Key,
    epoch: u32,
    until: Micros,
}

/// The keys in use.
pub(crate) struct KeyRing {
    side: Side,
    epoch: u32,
    suite: CipherSuite,
    send: PacketKey,
    send_raw: Key,
    receive: PacketKey,
    receive_raw: Key,
    chain: Chain,
    old: Option<OldKey>,
    /// Packets and bytes of this epoch.
    packets: u64,
    bytes: u64,
    sent: u64,
}

impl KeyRing {
    /// The keys of a token.
    pub(crate) fn new(side: Side, client_to_server: &Key, server_to_client: &Key) -> KeyRing {
        let (send, receive) = match side {
            Side::Client => (client_to_server, server_to_client),
            Side::Server => (server_to_client, client_to_server),
        };
        KeyRing {
            side,
            epoch: 0,
            suite: CipherSuite::ChaCha20Poly1305,
            send: PacketKey::new(send),
            send_raw: *send,
            receive: PacketKey::new(receive),
            receive_raw: *receive,
            chain: Chain::of_token(client_to_server, server_to_client),
            old: None,
            packets: 0,
            bytes: 0,
            sent: 0,
        }
    }

    pub(crate) fn epoch(&self) -> u32 {
        self.epoch
    }

    pub(crate) fn suite(&self) -> CipherSuite {
        self.suite
    }

    pub(crate) fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The keys in use, as client to server and server to client: for key logs.
    pub(crate) fn raw(&self) -> (&Key, &Key) {
        match self.side {
            Side::Client => (&self.send_raw, &self.receive_raw),
            Side::Server => (&self.receive_raw, &self.send_raw),
        }
    }

    /// The key for the next packet, which is counted.
    pub(crate) fn sealing(&mut self) -> Result<&PacketKey, SealError> {
        if self.suite == CipherSuite::Aes256Gcm && self.sent >= AES_PACKETS_MAX {
            return Err(SealError::KeyExhausted);
        }
        self.sent += 1;
        Ok(&self.send)
    }

    /// Counts a packet that was sealed or opened.
    pub(crate) fn count(&mut self, bytes: usize) {
        self.packets += 1;
        self.bytes += bytes as u64;
    }

    pub(crate) fn is_used_up(&self, limits: &RekeyLimits) -> bool {
        self.packets >= limits.packets || self.bytes >= limits.bytes
    }

    /// Whether keys of another epoch can be agreed on: not while packets of the epoch before may be in flight.
    pub(crate) fn is_settled(&mut self, now: Micros) -> bool {
        if self.old.as_ref().is_some_and(|old| now >= old.until) {
            self.old = None;
        }
        self.old.is_none() && self.epoch < u32::MAX
    }

    /// Whether a packet is of the present epoch.
    pub(crate) fn is_current(&self, header: &Header) -> bool {
        header.odd == self.receive.is_odd()
    }

    /// Opens a packet of the present epoch, or of the one before within its grace.
    pub(crate) fn open<'a>(
        &mut self,
        datagram: &'a mut [u8],
        header: Header,
        protocol_id: u64,
        window: &mut ReplayWindow,
        now: Micros,
    ) -> Result<Packet<'a>, DropReason> {
        let len = datagram.len();
        let packet = if self.is_current(&header) {
            let packet = open_packet(datagram, header, protocol_id, &self.receive, Some(window))?;
            if let Some(old) = &mut self.old {
                old.until = old.until.min(now + OLD_EPOCH_GRACE);
            }
            packet
        } else {
            let old = self.old.as_ref().filter(|old| now < old.until).ok_or(DropReason::EpochOver)?;
            let key = PacketKey::of_epoch(old.suite, &old.key, old.epoch);
            open_packet(datagram, header, protocol_id, &key, Some(window))?
        };
        self.count(len);
        Ok(packet)
    }

    /// The receiving key of an epoch to come.
    pub(crate) fn receiving_of(&self, keys: &EpochKeys) -> PacketKey {
        PacketKey::of_epoch(keys.suite, self.receiving_raw(keys), keys.epoch)
    }

    fn receiving_raw<'k>(&self, keys: &'k EpochKeys) -> &'k Key {
        match self.side {
            Side::Client => &keys.server_to_client,
            Side::Server => &keys.client_to_server,
        }
    }

    /// The next epoch begins. `until` is when the present receiving key is dropped at the latest.
    pub(crate) fn advance(&mut self, keys: EpochKeys, until: Micros) {
        debug_assert_eq!(keys.epoch, self.epoch + 1, "epochs follow each other");
        let sending = match self.side {
            Side::Client => &keys.client_to_server,
            Side::Server => &keys.server_to_client,
        };
        self.old = Some(OldKey { suite: self.suite, key: self.receive_raw, epoch: self.epoch, until });
        self.send = PacketKey::of_epoch(keys.suite, sending, keys.epoch);
        self.send_raw = *sending;
        self.receive = self.receiving_of(&keys);
        self.receive_raw = *self.receiving_raw(&keys);
        (self.epoch, self.suite, self.chain) = (keys.epoch, keys.suite, keys.chain);
        (self.packets, self.bytes, self.sent) = (0, 0, 0);
    }
}

/// What a server has answered and the client has yet to use.
pub(crate) struct NextEpoch {
    pub(crate) offer: Offer,
    pub(crate) answer: Answer,
    pub(crate) keys: EpochKeys,
}

/// The keys of a session at the server.
pub(crate) struct ServerKeys {
    pub(crate) ring: KeyRing,
    pub(crate) next: Option<NextEpoch>,
    /// The client has offered keys at least once: it knows what a wish is.
    pub(crate) speaks: bool,
}

impl ServerKeys {
    pub(crate) fn new(client_to_server: &Key, server_to_client: &Key) -> ServerKeys {
        let ring = KeyRing::new(Side::Server, client_to_server, server_to_client);
        ServerKeys { ring, next: None, speaks: false }
    }

    /// Opens a packet. The first one of the next epoch proves that the client has its keys, and begins it here. Tells
    /// whether that happened.
    pub(crate) fn open<'a>(
        &mut self,
        datagram: &'a mut [u8],
        header: Header,
        protocol_id: u64,
        window: &mut ReplayWindow,
        now: Micros,
    ) -> Result<(Packet<'a>, bool), DropReason> {
        let Some(next) = self.next.as_ref().filter(|_| !self.ring.is_current(&header)) else {
            return Ok((self.ring.open(datagram, header, protocol_id, window, now)?, false));
        };
        let (len, key) = (datagram.len(), self.ring.receiving_of(&next.keys));
        let packet = open_packet(datagram, header, protocol_id, &key, Some(window))?;
        if let Some(next) = self.next.take() {
            self.ring.advance(next.keys, now + OLD_EPOCH_GRACE);
        }
        self.ring.count(len);
        Ok((packet, true))
    }
}
