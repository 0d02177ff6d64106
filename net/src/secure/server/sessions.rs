//! The life of a session on the server: payloads out, keep-alives, timeouts, and its end.

use super::{ClientIndex, DisconnectReason, GLOBAL_SEQUENCES, SealError, SecureServer, ServerOutput};
use crate::secure::endpoint::{AddressKey, Peer};
use crate::secure::packet::{Packet, seal_packet};
use crate::secure::{DATAGRAM_MAX, DISCONNECT_REPEATS, PAYLOAD_MAX, PeerAddress, REKEY_WITHIN};
use crate::time::Micros;

/// A server that requires new keys ends a session without them after so long: later than a client would.
const REQUIRED_WITHIN: Micros = Micros(REKEY_WITHIN.0 + 5_000_000);

impl SecureServer {
    /// Seals a payload for a client into `out`. Returns where to send it, and its length.
    ///
    /// A client that has not been heard since it connected may not know yet that it is connected, and discards
    /// payloads until then; [`SecureServer::send_payload`] helps it along.
    ///
    /// # Errors
    /// A [`SealError`]; nothing was sealed.
    pub fn seal_payload(
        &mut self,
        client: ClientIndex,
        payload: &[u8],
        now: Micros,
        out: &mut [u8; DATAGRAM_MAX],
    ) -> Result<(PeerAddress, usize), SealError> {
        if payload.is_empty() || payload.len() > PAYLOAD_MAX {
            return Err(SealError::PayloadSize(payload.len()));
        }
        let sealed = self.seal_to(client.0, &Packet::Payload(payload), now, out)?;
        self.stats.payloads_sealed += 1;
        Ok(sealed)
    }

    /// Seals a payload for a client, and before it a keep-alive if the client has not been heard since it
    /// connected (the standard wants that, because the keep-alive is what tells the client that it is connected).
    ///
    /// # Errors
    /// A [`SealError`]; nothing was handed to `sink`.
    pub fn send_payload(
        &mut self,
        client: ClientIndex,
        payload: &[u8],
        now: Micros,
        sink: &mut dyn FnMut(PeerAddress, &[u8]),
    ) -> Result<(), SealError> {
        if payload.is_empty() || payload.len() > PAYLOAD_MAX {
            return Err(SealError::PayloadSize(payload.len()));
        }
        let mut out = [0; DATAGRAM_MAX];
        let session = self.peers.session(client.0).ok_or(SealError::NotConnected)?;
        if !session.confirmed
            && let Some((to, len)) = self.seal_keep_alive(client.0, now, &mut out)
        {
            sink(to, &out[..len]);
        }
        let (to, len) = self.seal_payload(client, payload, now, &mut out)?;
        sink(to, &out[..len]);
        Ok(())
    }

    /// Sends the keep-alives and notices the timeouts that are due. Call it at least 20 times a second. It looks at those
    /// alone of whom something may be due: at a client that is sent snapshots some fifteen times a second.
    pub fn update(&mut self, now: Micros, sink: &mut dyn FnMut(ServerOutput<'_>)) {
        self.peers.expire_pending(now);
        while let Some(client) = self.peers.next_due(now) {
            if self.look_after(client, now, sink) {
                self.peers.set_timer(client, now);
            }
        }
    }

    /// Does what is due for a client; tells whether it still has a session.
    fn look_after(&mut self, client: u32, now: Micros, sink: &mut dyn FnMut(ServerOutput<'_>)) -> bool {
        let times = self.peers.times[client as usize];
        if now.since(times.last_received) >= times.timeout {
            self.stats.timed_out += 1;
            self.end(client, DisconnectReason::TimedOut, sink);
            return false;
        }
        if times.ends <= now {
            self.farewell(client, DisconnectReason::Replaced, now, sink);
            return false;
        }
        if self.config.require_rekey && now.since(times.connected) >= REQUIRED_WITHIN {
            let epoch = self.peers.session(client).map_or(0, |session| session.keys.ring.epoch());
            if epoch == 0 {
                self.farewell(client, DisconnectReason::NoRekey, now, sink);
                return false;
            }
        }
        let mut out = [0; DATAGRAM_MAX];
        let wish = times.wants_keys.then(|| self.due_wish(client, now)).flatten();
        let sealed = if let Some(wish) = wish {
            self.seal_to(client, &wish, now, &mut out).ok()
        } else if now.since(times.last_sent) >= self.config.keep_alive_interval {
            self.seal_keep_alive(client, now, &mut out)
        } else {
            None
        };
        if let Some((to, len)) = sealed {
            sink(ServerOutput::Datagram { to, bytes: &out[..len] });
        }
        true
    }

    /// Ends a session: ten disconnect packets (any one will do), then [`ServerOutput::Disconnected`]. Returns
    /// whether there was a session.
    pub fn disconnect(
        &mut self,
        client: ClientIndex,
        now: Micros,
        sink: &mut dyn FnMut(ServerOutput<'_>),
    ) -> bool {
        self.farewell(client.0, DisconnectReason::ByServer, now, sink)
    }

    fn farewell(
        &mut self,
        client: u32,
        reason: DisconnectReason,
        now: Micros,
        sink: &mut dyn FnMut(ServerOutput<'_>),
    ) -> bool {
        let mut out = [0; DATAGRAM_MAX];
        for _ in 0..DISCONNECT_REPEATS {
            if let Ok((to, len)) = self.seal_to(client, &Packet::Disconnect, now, &mut out) {
                sink(ServerOutput::Datagram { to, bytes: &out[..len] });
            }
        }
        let ended = self.end(client, reason, sink);
        self.stats.disconnected_by_us += u64::from(ended);
        ended
    }

    /// The line of a peer is gone for good (a connection that carried its datagrams was closed): ends its session, which
    /// could only fall silent, or forgets its handshake. Does nothing where there is neither.
    pub fn line_closed(&mut self, peer: PeerAddress, sink: &mut dyn FnMut(ServerOutput<'_>)) {
        match self.peers.at_address(&AddressKey::new(&peer)) {
            Some(Peer::Client(client)) => {
                self.stats.lines_closed += 1;
                self.end(client, DisconnectReason::LineClosed, sink);
            }
            Some(Peer::Pending(at)) => self.peers.remove_pending(at),
            None => {}
        }
    }

    /// Ends all sessions, as [`SecureServer::disconnect`].
    pub fn disconnect_all(&mut self, now: Micros, sink: &mut dyn FnMut(ServerOutput<'_>)) {
        while let Some(client) = self.peers.live().last().copied() {
            self.disconnect(ClientIndex(client), now, sink);
        }
    }

    fn end(&mut self, client: u32, reason: DisconnectReason, sink: &mut dyn FnMut(ServerOutput<'_>)) -> bool {
        let Some(session) = self.peers.disconnect(client) else {
            return false;
        };
        let client_id = session.client_id;
        sink(ServerOutput::Disconnected { client: ClientIndex(client), client_id, reason });
        true
    }

    pub(super) fn seal_keep_alive(
        &mut self,
        client: u32,
        now: Micros,
        out: &mut [u8; DATAGRAM_MAX],
    ) -> Option<(PeerAddress, usize)> {
        let max_clients = self.config.max_clients;
        let sealed =
            self.seal_to(client, &Packet::KeepAlive { client_index: client, max_clients }, now, out).ok()?;
        self.stats.keep_alives_sealed += 1;
        Some(sealed)
    }

    pub(super) fn seal_to(
        &mut self,
        client: u32,
        packet: &Packet<'_>,
        now: Micros,
        out: &mut [u8; DATAGRAM_MAX],
    ) -> Result<(PeerAddress, usize), SealError> {
        let session = self.peers.session_mut(client).ok_or(SealError::NotConnected)?;
        let sequence = session.send_sequence;
        if sequence >= GLOBAL_SEQUENCES {
            return Err(SealError::SequenceExhausted);
        }
        let len = {
            let key = session.keys.ring.sealing()?;
            seal_packet(packet, sequence, self.config.protocol_id, key, out)
        };
        session.send_sequence += 1;
        session.keys.ring.count(len);
        let ring = &session.keys.ring;
        let (address, is_used_up) =
            (session.address, ring.epoch() > 0 && ring.is_used_up(&self.config.rekey_limits));
        let times = &mut self.peers.times[client as usize];
        times.last_sent = now;
        times.wants_keys |= is_used_up;
        Ok((address, len))
    }
}
