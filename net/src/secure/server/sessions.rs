//! The life of a session on the server: payloads out, keep-alives, timeouts, and its end.

use std::net::SocketAddr;

use super::{ClientIndex, DisconnectReason, GLOBAL_SEQUENCES, SealError, SecureServer, ServerOutput};
use crate::secure::packet::{Packet, seal_packet};
use crate::secure::{DATAGRAM_MAX, DISCONNECT_REPEATS, PAYLOAD_MAX};
use crate::time::Micros;

/// Sessions are looked over for keep-alives and timeouts at most so often.
const SWEEP: Micros = Micros::from_millis(10);

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
    ) -> Result<(SocketAddr, usize), SealError> {
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
        sink: &mut dyn FnMut(SocketAddr, &[u8]),
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

    /// Sends the keep-alives and notices the timeouts that are due. Call it at least 20 times a second; a call
    /// within 10 ms of the last one does nothing.
    pub fn update(&mut self, now: Micros, sink: &mut dyn FnMut(ServerOutput<'_>)) {
        if self.last_sweep.is_some_and(|last| now >= last && now.since(last) < SWEEP) {
            return;
        }
        self.last_sweep = Some(now);
        if now.since(self.last_pending_sweep) >= Micros::from_secs(1) {
            self.last_pending_sweep = now;
            self.peers.sweep_pending(now);
        }
        let mut out = [0; DATAGRAM_MAX];
        // Backwards, because the end of a session moves the last live client into its place.
        for place in (0..self.peers.live().len()).rev() {
            let client = self.peers.live()[place];
            let times = self.peers.times[client as usize];
            if now.since(times.last_received) >= times.timeout {
                self.stats.timed_out += 1;
                self.end(client, DisconnectReason::TimedOut, sink);
            } else if now.since(times.last_sent) >= self.config.keep_alive_interval
                && let Some((to, len)) = self.seal_keep_alive(client, now, &mut out)
            {
                sink(ServerOutput::Datagram { to, bytes: &out[..len] });
            }
        }
    }

    /// Ends a session: ten disconnect packets (any one will do), then [`ServerOutput::Disconnected`]. Returns
    /// whether there was a session.
    pub fn disconnect(
        &mut self,
        client: ClientIndex,
        now: Micros,
        sink: &mut dyn FnMut(ServerOutput<'_>),
    ) -> bool {
        let mut out = [0; DATAGRAM_MAX];
        for _ in 0..DISCONNECT_REPEATS {
            if let Ok((to, len)) = self.seal_to(client.0, &Packet::Disconnect, now, &mut out) {
                sink(ServerOutput::Datagram { to, bytes: &out[..len] });
            }
        }
        let ended = self.end(client.0, DisconnectReason::ByServer, sink);
        self.stats.disconnected_by_us += u64::from(ended);
        ended
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
    ) -> Option<(SocketAddr, usize)> {
        let max_clients = self.config.max_clients;
        let sealed =
            self.seal_to(client, &Packet::KeepAlive { client_index: client, max_clients }, now, out).ok()?;
        self.stats.keep_alives_sealed += 1;
        Some(sealed)
    }

    fn seal_to(
        &mut self,
        client: u32,
        packet: &Packet<'_>,
        now: Micros,
        out: &mut [u8; DATAGRAM_MAX],
    ) -> Result<(SocketAddr, usize), SealError> {
        let session = self.peers.session_mut(client).ok_or(SealError::NotConnected)?;
        let sequence = session.send_sequence;
        if sequence >= GLOBAL_SEQUENCES {
            return Err(SealError::SequenceExhausted);
        }
        session.send_sequence += 1;
        let len = seal_packet(packet, sequence, self.config.protocol_id, &session.send_key, out);
        let address = session.address;
        self.peers.times[client as usize].last_sent = now;
        Ok((address, len))
    }
}
