//! What passes between the network I/O thread and the simulation thread. All of it is made once and reused.

use shieldwall_net::secure::{ClientIndex, PAYLOAD_MAX};
use shieldwall_net::time::Micros;

use crate::figures::NAME_BYTES;

/// Payloads in one batch at most: the network thread starts sending while the tick still makes the next batch.
pub const BATCH_PAYLOADS: usize = 16;

/// Batches in flight at most. With the line above: 16,384 payloads, more than a tick of 16,384 clients makes.
pub const BATCHES: usize = 1_024;

/// What an [`InboxItem`] tells.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InboxKind {
    /// A client has connected; its number is in `client_id`, its name in the first [`NAME_BYTES`] bytes.
    Connected,
    /// A client has left.
    Disconnected,
    /// A client was cut off: its character waits for it.
    Lost,
    /// A payload of a client.
    Payload,
}

/// Something the network thread tells the simulation thread. One queue for all kinds keeps their order.
///
/// Policy when the queue is full: a payload is dropped and counted (any network may lose it); comings and goings wait
/// in the network thread, which takes no datagrams until they are delivered.
#[derive(Clone, Debug)]
pub struct InboxItem {
    /// What it tells.
    pub kind: InboxKind,
    /// Whom it is about.
    pub client: ClientIndex,
    /// Which of the sessions that had this index: see [`OutboxBatch::entries`].
    pub session: u32,
    /// The client's number ([`InboxKind::Connected`] only).
    pub client_id: u64,
    /// Length of the payload in `bytes`.
    pub length: usize,
    /// The payload, or the name.
    pub bytes: [u8; PAYLOAD_MAX],
}

impl InboxItem {
    /// An item to be filled.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            kind: InboxKind::Payload,
            client: ClientIndex(0),
            session: 0,
            client_id: 0,
            length: 0,
            bytes: [0; PAYLOAD_MAX],
        }
    }

    /// The payload.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.bytes[..self.length.min(PAYLOAD_MAX)]
    }

    /// The name of a client that has connected.
    #[must_use]
    pub fn name(&self) -> [u8; NAME_BYTES] {
        let mut name = [0; NAME_BYTES];
        name.copy_from_slice(&self.bytes[..NAME_BYTES]);
        name
    }
}

/// A payload for a client within an [`OutboxBatch`].
#[derive(Clone, Copy, Debug)]
pub struct OutboxEntry {
    /// For whom.
    pub client: ClientIndex,
    /// For which session of that index: an index is used again, and what was meant for the one before must not reach
    /// the one after.
    pub session: u32,
    /// Bytes of the payload; they follow those of the entry before.
    pub length: u32,
    /// No payload: the session's connection is to be ended.
    pub ends: bool,
}

/// Payloads of one tick, in the order in which they are to be sent.
///
/// Policy when no empty batch is left: the payloads of this tick are dropped and counted; the clients get newer
/// snapshots later. The tick is never held up.
#[derive(Clone, Debug)]
pub struct OutboxBatch {
    /// When the tick was due.
    pub due: Micros,
    /// When the tick began to read inputs.
    pub started: Micros,
    /// Whether this is the last batch of its tick.
    pub last: bool,
    /// Whether the battle ended with this batch: the network thread's figures for the report are those of this
    /// moment. What follows are goodbyes.
    pub closing: bool,
    /// What is for whom.
    pub entries: Vec<OutboxEntry>,
    /// The payloads one after another.
    pub bytes: Vec<u8>,
}

impl OutboxBatch {
    /// An empty batch with all the room it will ever need.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            due: Micros::ZERO,
            started: Micros::ZERO,
            last: false,
            closing: false,
            entries: Vec::with_capacity(BATCH_PAYLOADS),
            bytes: Vec::with_capacity(BATCH_PAYLOADS * PAYLOAD_MAX),
        }
    }

    /// Empties it for the tick that was due at `due` and began at `started`.
    pub fn begin(&mut self, due: Micros, started: Micros) {
        self.due = due;
        self.started = started;
        self.last = false;
        self.closing = false;
        self.entries.clear();
        self.bytes.clear();
    }

    /// Whether there is no room for another payload.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.entries.len() >= BATCH_PAYLOADS
    }

    /// Adds a payload of at most [`PAYLOAD_MAX`] bytes.
    ///
    /// # Panics
    /// When the batch is full or the payload too long: it would have to allocate.
    pub fn push(&mut self, client: ClientIndex, session: u32, payload: &[u8]) {
        assert!(!self.is_full() && payload.len() <= PAYLOAD_MAX, "a batch never grows");
        self.entries.push(OutboxEntry { client, session, length: payload.len() as u32, ends: false });
        self.bytes.extend_from_slice(payload);
    }

    /// Adds the end of a session.
    ///
    /// # Panics
    /// When the batch is full.
    pub fn push_end(&mut self, client: ClientIndex, session: u32) {
        assert!(!self.is_full(), "a batch never grows");
        self.entries.push(OutboxEntry { client, session, length: 0, ends: true });
    }
}
