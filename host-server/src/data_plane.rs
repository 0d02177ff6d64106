//! The network I/O thread: datagrams in, secure sessions, payloads to the simulation; snapshots out.
//!
//! In here: one loop that owns the carriers and the secure sessions. Not in here: what payloads mean (`zone.rs`).
//! The order of work in the loop is a promise: what the simulation made is sent first, so that a flood of datagrams
//! delays inputs and never snapshots.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use shieldwall_net::secure::{
    ClientIndex, DATAGRAM_MAX, Direction, DisconnectReason, PeerAddress, SecureServer, ServerEvent,
    ServerOutput, UserData,
};
use shieldwall_net::time::{Micros, UnixSeconds};

use crate::capture::CaptureTap;
use crate::carriers::{Carriers, overhead};
use crate::clock::{Clock, thread_cpu_us};
use crate::figures::{Board, NAME_BYTES, NetFigures};
use crate::links::{InboxItem, InboxKind, OutboxBatch};
use crate::queues::{Receiver, Sender};
use crate::quota::PayloadQuota;
use crate::thread_policy::{RealTime, run_in_real_time};
use crate::tick_timing::TickTiming;
use crate::websocket::server::FromLine;

/// Datagrams read in a row before the outbox is looked at again.
const READ_BURST: usize = 128;

/// Datagrams wait so long for company before they are read: waking for each costs as much as reading five. Inputs
/// are needed at the next tick and not before; snapshots wake the thread at once.
const COMPANY: Duration = Duration::from_millis(1);

/// Where it has real time, the thread rests so long between readings in a row.
const BREATH: Duration = Duration::from_micros(100);

/// After so many readings that found nothing, the thread sleeps until something comes.
const SILENT_TURNS: u32 = 50;

/// Longest wait without work, which bounds the delay of keep-alives and timeouts.
const LONGEST_WAIT: Duration = Duration::from_millis(20);

/// How often the figures are published.
const PUBLISH_EVERY: Micros = Micros(250_000);

/// What the thread is given.
pub struct DataPlaneParts {
    /// The process's clock.
    pub clock: Clock,
    /// What carries datagrams.
    pub carriers: Carriers,
    /// The sessions.
    pub secure: SecureServer,
    /// To the simulation thread.
    pub inbox: Sender<InboxItem>,
    /// From the simulation thread.
    pub outbox: Receiver<OutboxBatch>,
    /// Measures ticks.
    pub timing: TickTiming,
    /// Whether the thread asks the system for real time.
    pub realtime: bool,
    /// Where figures go.
    pub board: Arc<Board>,
    /// Ends the thread: it disconnects everybody first. Raised after the simulation thread has ended.
    pub stop: Arc<AtomicBool>,
}

/// A coming or going that the simulation has not been told yet.
struct Pending {
    kind: InboxKind,
    client: ClientIndex,
    session: u32,
    client_id: u64,
    name: [u8; NAME_BYTES],
}

/// The loop's state.
struct DataPlane {
    parts: DataPlaneParts,
    /// How many sessions each index has had.
    sessions: Vec<u32>,
    /// What each index may still send.
    quotas: Vec<PayloadQuota>,
    /// Where the client of each index is, or was.
    peers: Vec<Option<PeerAddress>>,
    /// The epoch of each index's keys that was logged last, where keys are logged.
    logged: Vec<Option<u32>>,
    pending: VecDeque<Pending>,
    figures: NetFigures,
    /// The figures when the battle ended.
    closing: Option<NetFigures>,
    /// The last reading ended before the socket was empty.
    unread: bool,
    /// Readings in a row that found nothing.
    silent_turns: u32,
    published: Micros,
}

/// Runs until told to stop; returns the figures as they were when the battle ended.
#[must_use]
pub fn run(parts: DataPlaneParts) -> NetFigures {
    let realtime = parts.realtime && run_in_real_time(RealTime::Network);
    let clients = parts.secure.config().max_clients as usize;
    let mut plane = DataPlane {
        sessions: vec![0; clients],
        quotas: vec![PayloadQuota::default(); clients],
        peers: vec![None; clients],
        logged: vec![None; clients],
        pending: VecDeque::with_capacity(2 * clients),
        figures: NetFigures { realtime, ..NetFigures::default() },
        closing: None,
        unread: false,
        silent_turns: 0,
        published: Micros::ZERO,
        parts,
    };
    while !plane.parts.stop.load(Ordering::Acquire) {
        plane.turn();
    }
    plane.end();
    plane.closing.unwrap_or(plane.figures)
}

impl DataPlane {
    fn turn(&mut self) {
        let is_fresh = self.rest();
        self.send_batches();
        let now = self.parts.clock.now();
        self.parts.carriers.look(is_fresh, now, &mut self.figures);
        self.deliver_pending();
        self.read_datagrams();
        self.read_lines();
        let now = self.parts.clock.now();
        self.update_sessions(now);
        if now.since(self.published) >= PUBLISH_EVERY {
            self.published = now;
            self.publish();
        }
    }

    /// Waits for work. While datagrams come, they are read once in [`COMPANY`]; only sockets that have been silent
    /// for a while are waited for. Tells whether the poll was asked.
    fn rest(&mut self) -> bool {
        if self.unread {
            if self.figures.realtime {
                // Nobody else would run on this processor while datagrams do not end.
                self.parts.carriers.sockets.doze(BREATH);
            }
            return false;
        }
        if !self.pending.is_empty() || self.silent_turns < SILENT_TURNS {
            self.parts.carriers.sockets.doze(COMPANY);
            return false;
        }
        let (sockets, outbox) = (&mut self.parts.carriers.sockets, &self.parts.outbox);
        if !sockets.wait_or_pause(LONGEST_WAIT, || !outbox.is_empty()) {
            self.figures.socket_errors += 1;
        }
        true
    }

    /// Sends what the simulation has made.
    fn send_batches(&mut self) {
        while let Some(batch) = self.parts.outbox.receive() {
            let now = self.parts.clock.now();
            let mut rest = batch.bytes.as_slice();
            for entry in &batch.entries {
                let (payload, after) = rest.split_at(entry.length as usize);
                rest = after;
                let current = self.sessions.get(entry.client.0 as usize) == Some(&entry.session);
                if entry.ends {
                    // Asked for until the simulation has heard of the end, so also when it is over already.
                    if current {
                        self.end_session(entry.client, now);
                    }
                } else if !current {
                    self.figures.stale_payloads += 1;
                } else {
                    self.send_payload(entry.client, payload, now);
                }
            }
            if batch.closing {
                self.publish();
                self.closing = Some(self.figures.clone());
            } else if batch.last {
                self.parts.timing.record(batch.due, batch.started, self.parts.clock.now());
            }
            self.parts.outbox.give_back(batch);
        }
    }

    fn send_payload(&mut self, client: ClientIndex, payload: &[u8], now: Micros) {
        let (carriers, figures) = (&mut self.parts.carriers, &mut self.figures);
        let mut sink = |to, datagram: &[u8]| carriers.send(to, datagram, now, figures);
        if self.parts.secure.send_payload(client, payload, now, &mut sink).is_err() {
            // The session ended while the payload was on its way.
            self.figures.stale_payloads += 1;
        }
    }

    fn end_session(&mut self, client: ClientIndex, now: Micros) {
        self.with_outputs(now, |secure, sink| _ = secure.disconnect(client, now, sink));
    }

    /// Lets the sessions do something outside of the handling of a datagram, and carries out what they want done.
    fn with_outputs(
        &mut self,
        now: Micros,
        work: impl FnOnce(&mut SecureServer, &mut dyn FnMut(ServerOutput<'_>)),
    ) {
        let Self { parts, figures, pending, sessions, peers, .. } = self;
        let carriers = &mut parts.carriers;
        work(&mut parts.secure, &mut |output| match output {
            ServerOutput::Datagram { to, bytes } => carriers.send(to, bytes, now, figures),
            ServerOutput::Disconnected { client, client_id, reason } => {
                let index = client.0 as usize;
                if let Some(peer) = peers[index].take() {
                    carriers.session_over(peer, now);
                }
                note_end(pending, client, sessions[index], client_id, reason);
            }
        });
    }

    /// Tells the simulation of comings and goings that found the queue full before.
    fn deliver_pending(&mut self) {
        while !self.pending.is_empty() {
            let Some(mut item) = self.parts.inbox.take() else { return };
            match self.pending.pop_front() {
                Some(news) => {
                    item.kind = news.kind;
                    item.client = news.client;
                    item.session = news.session;
                    item.client_id = news.client_id;
                    item.length = 0;
                    item.bytes[..NAME_BYTES].copy_from_slice(&news.name);
                    self.parts.inbox.send(item);
                }
                None => self.parts.inbox.put_back(item),
            }
        }
    }

    fn read_datagrams(&mut self) {
        // Without the unix time of every single datagram: tokens expire by the second.
        let unix = self.parts.clock.unix();
        let mut buffer = [0; DATAGRAM_MAX + 1];
        self.unread = false;
        self.silent_turns = self.silent_turns.saturating_add(1);
        for _ in 0..READ_BURST {
            if !self.pending.is_empty() {
                // The simulation is behind; the system's buffer holds what comes, up to its size.
                return;
            }
            let now = self.parts.clock.now();
            let Some((from, length)) = self.parts.carriers.receive(&mut buffer, now) else { return };
            self.take_datagram(from, &mut buffer[..length], now, unix);
        }
        self.unread = true;
    }

    /// Reads what connections have, in turns; as [`Self::read_datagrams`].
    fn read_lines(&mut self) {
        let unix = self.parts.clock.unix();
        let mut buffer = [0; DATAGRAM_MAX + 1];
        for _ in 0..READ_BURST {
            if !self.pending.is_empty() {
                // What is not read stays with its sender.
                return;
            }
            let now = self.parts.clock.now();
            match self.parts.carriers.receive_on_lines(&mut buffer, now) {
                None => return,
                Some(FromLine::Datagram(from, length)) => {
                    self.take_datagram(from, &mut buffer[..length], now, unix);
                }
                Some(FromLine::Closed(peer)) => {
                    self.with_outputs(now, |secure, sink| secure.line_closed(peer, sink));
                    self.deliver_pending();
                }
            }
        }
        self.unread = true;
    }

    fn take_datagram(&mut self, from: PeerAddress, datagram: &mut [u8], now: Micros, unix: UnixSeconds) {
        self.silent_turns = 0;
        self.figures.datagrams_in += 1;
        self.figures.bytes_in += datagram.len() as u64 + overhead(from, Direction::Up);
        if datagram.len() > DATAGRAM_MAX {
            self.figures.oversized += 1;
            return;
        }
        let stats = self.parts.secure.stats();
        let keys_before = (stats.connected, stats.rekeys);
        self.handle_datagram(from, datagram, now, unix);
        let stats = self.parts.secure.stats();
        if self.parts.carriers.logs_keys() && (stats.connected, stats.rekeys) != keys_before {
            self.log_keys();
        }
        self.deliver_pending();
    }

    /// Logs all keys that are not logged yet.
    fn log_keys(&mut self) {
        let Self { parts, logged, .. } = self;
        let clients: Vec<ClientIndex> = parts.secure.connected().collect();
        for client in clients {
            let place = &mut logged[client.0 as usize];
            let epoch = parts.secure.client_keys(client).map(|(epoch, _)| epoch);
            if *place != epoch
                && let Some(keys) = parts.secure.session_keys(client)
            {
                *place = epoch;
                parts.carriers.log_keys(&keys);
            }
        }
    }

    fn handle_datagram(&mut self, from: PeerAddress, datagram: &mut [u8], now: Micros, unix: UnixSeconds) {
        let mut reply = [0; DATAGRAM_MAX];
        let length = datagram.len() as u64;
        let Ok(event) = self.parts.secure.handle_datagram(from, datagram, now, unix, &mut reply) else {
            return; // counted by reason in its statistics
        };
        let reply_len = event.reply_len();
        match event {
            ServerEvent::None | ServerEvent::Reply(_) => {}
            ServerEvent::Payload { client, bytes } => {
                self.figures.client_bytes_in += length + overhead(from, Direction::Up);
                if !self.quotas[client.0 as usize].take(now) {
                    self.figures.over_quota += 1;
                    return; // a payload has no reply
                }
                match self.parts.inbox.take() {
                    Some(mut item) => {
                        item.kind = InboxKind::Payload;
                        item.client = client;
                        item.session = self.sessions[client.0 as usize];
                        item.length = bytes.len();
                        item.bytes[..bytes.len()].copy_from_slice(bytes);
                        self.parts.inbox.send(item);
                    }
                    None => self.figures.inbox_full += 1,
                }
            }
            ServerEvent::Connected { client, client_id, user_data, .. } => {
                let session = &mut self.sessions[client.0 as usize];
                *session = session.wrapping_add(1);
                let (session, name) = (*session, name_of(user_data));
                self.quotas[client.0 as usize] = PayloadQuota::default();
                if let Some(replaced) = self.peers[client.0 as usize].replace(from) {
                    // On a full server another login takes the very place.
                    self.parts.carriers.session_over(replaced, now);
                }
                self.logged[client.0 as usize] = None;
                self.parts.carriers.session_began(from);
                tracing::info!(client = client.0, client_id, %from, "client connected");
                let kind = InboxKind::Connected;
                self.pending.push_back(Pending { kind, client, session, client_id, name });
            }
            ServerEvent::Disconnected { client, client_id, reason } => {
                let session = self.sessions[client.0 as usize];
                self.peers[client.0 as usize] = None;
                self.parts.carriers.session_over(from, now);
                note_end(&mut self.pending, client, session, client_id, reason);
            }
        }
        if reply_len > 0 {
            self.parts.carriers.send(from, &reply[..reply_len], now, &mut self.figures);
        }
    }

    /// Keep-alives and timeouts.
    fn update_sessions(&mut self, now: Micros) {
        self.with_outputs(now, |secure, sink| secure.update(now, sink));
    }

    fn publish(&mut self) {
        self.parts.timing.publish(&mut self.figures);
        self.figures.clients = self.parts.secure.connected_count();
        self.figures.secure = self.parts.secure.stats().clone();
        self.figures.capture_dropped = self.parts.carriers.tap.as_ref().map_or(0, CaptureTap::dropped);
        self.figures.cpu_us = thread_cpu_us();
        self.parts.board.net.publish(self.figures.clone());
    }

    /// Sends what is left, says goodbye to everybody.
    fn end(&mut self) {
        self.send_batches();
        self.publish();
        let now = self.parts.clock.now();
        self.with_outputs(now, |secure, sink| secure.disconnect_all(now, sink));
        self.parts.carriers.close(&mut self.figures);
        self.publish();
    }
}

fn note_end(
    pending: &mut VecDeque<Pending>,
    client: ClientIndex,
    session: u32,
    client_id: u64,
    reason: DisconnectReason,
) {
    tracing::info!(client = client.0, client_id, reason = reason.name(), "client gone");
    let kind = match reason {
        DisconnectReason::TimedOut | DisconnectReason::LineClosed => InboxKind::Lost,
        _ => InboxKind::Disconnected,
    };
    pending.push_back(Pending { kind, client, session, client_id, name: [0; NAME_BYTES] });
}

/// The name at the start of the token's user data: printable text up to the first zero, else nothing.
fn name_of(user_data: &UserData) -> [u8; NAME_BYTES] {
    let mut name = [0; NAME_BYTES];
    let end = user_data.iter().position(|&byte| byte == 0).unwrap_or(user_data.len());
    let text = std::str::from_utf8(&user_data[..end]).unwrap_or_default();
    if !text.chars().any(char::is_control) && text.len() <= NAME_BYTES {
        name[..text.len()].copy_from_slice(text.as_bytes());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_printable_text_or_nothing() {
        let user_data = |text: &[u8]| {
            let mut data = [0; 256];
            data[..text.len()].copy_from_slice(text);
            data
        };
        assert_eq!(&name_of(&user_data(b"Bot 17"))[..7], b"Bot 17\0");
        assert_eq!(name_of(&user_data(b"bell\x07")), [0; NAME_BYTES]);
        assert_eq!(name_of(&user_data(&[0xff, 0xfe])), [0; NAME_BYTES]);
        assert_eq!(name_of(&user_data(&[b'x'; 25])), [0; NAME_BYTES]);
        assert_eq!(name_of(&[b'y'; 256]), [0; NAME_BYTES]);
    }
}
