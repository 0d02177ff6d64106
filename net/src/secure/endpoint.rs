//! Who is at an address: connected clients and handshakes under way, in tables of fixed size.
//!
//! Every look-up is one keyed hash (by address, or by client number), and timers are on wheels: nothing here walks over
//! all clients or handshakes.

use std::net::{IpAddr, SocketAddr};

use super::crypto::Key;
use super::epochs::ServerKeys;
use super::keyed_index::{HashKey, KeyedIndex};
use super::peer_address::PeerAddress;
use super::replay_window::ReplayWindow;
use super::timer_wheel::TimerWheel;
use super::token::UserData;
use super::used_tokens::TokenTag;
use crate::time::Micros;

/// An address as compared and hashed: kind, IP, port, the scope that tells link-local interfaces apart, and the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AddressKey {
    ip: u128,
    place: u64,
    line: u32,
}

impl AddressKey {
    pub(crate) fn new(address: &PeerAddress) -> AddressKey {
        let (ip, scope) = match &address.socket {
            SocketAddr::V4(v4) => (u128::from(u32::from(*v4.ip())), 0),
            SocketAddr::V6(v6) => (u128::from(*v6.ip()), v6.scope_id()),
        };
        let (kind, port) = (u64::from(address.socket.is_ipv6()), u64::from(address.socket.port()));
        AddressKey { ip, place: u64::from(scope) << 32 | kind << 16 | port, line: address.line }
    }

    fn hash(&self, key: &HashKey) -> u64 {
        key.hash(&[self.ip as u64, (self.ip >> 64) as u64, self.place, u64::from(self.line)])
    }
}

/// Hash of the IP alone (an IPv6 source counts as its /64), whatever carries its datagrams.
pub(crate) fn source_hash(address: &SocketAddr, key: &HashKey) -> u64 {
    match address.ip() {
        IpAddr::V4(ip) => key.hash(&[u64::from(u32::from(ip))]),
        IpAddr::V6(ip) => key.hash(&[(u128::from(ip) >> 64) as u64, 6]),
    }
}

/// A connected client.
pub(crate) struct Session {
    pub(crate) address: PeerAddress,
    pub(crate) address_key: AddressKey,
    pub(crate) client_id: u64,
    pub(crate) confirmed: bool,
    pub(crate) send_sequence: u64,
    pub(crate) window: ReplayWindow,
    pub(crate) keys: ServerKeys,
    pub(crate) user_data: UserData,
}

/// The times of a connected client, apart from the rest because timers read them alone.
#[derive(Clone, Copy, Default)]
pub(crate) struct SessionTimes {
    pub(crate) connected: Micros,
    pub(crate) last_sent: Micros,
    pub(crate) last_received: Micros,
    /// `u64::MAX` where the token wants no timeout.
    pub(crate) timeout: Micros,
    /// `u64::MAX`, or when a session that another login replaced is ended.
    pub(crate) ends: Micros,
    /// New keys are wanted: by volume, or on request.
    pub(crate) wants_keys: bool,
}

impl SessionTimes {
    /// When the session is to be looked at again.
    fn due(&self, keep_alive_interval: Micros) -> Micros {
        let (alive, silent) = (self.last_sent + keep_alive_interval, self.last_received + self.timeout);
        alive.min(silent).min(self.ends)
    }
}

/// A handshake: a genuine token was shown, the challenge is not yet answered.
#[derive(Clone, Copy)]
pub(crate) struct Pending {
    pub(crate) address_key: AddressKey,
    pub(crate) client_id: u64,
    pub(crate) timeout_seconds: i32,
    pub(crate) challenged: Micros,
    pub(crate) expires: Micros,
    pub(crate) tag: TokenTag,
    pub(crate) receive_key: Key,
    pub(crate) send_key: Key,
}

/// Handshakes looked at to find one to give up.
const STALE_LOOKS: u32 = 8;

/// What is known of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    Client(u32),
    Pending(u32),
}

/// All peers of a server.
pub(crate) struct Peers {
    sessions: Vec<Option<Session>>,
    pub(crate) times: Vec<SessionTimes>,
    free: Vec<u32>,
    live: Vec<u32>,
    /// Place of each connected client in `live`.
    place: Vec<u32>,
    pending: Vec<Option<Pending>>,
    pending_free: Vec<u32>,
    by_address: KeyedIndex,
    by_id: KeyedIndex,
    key: HashKey,
    session_timers: TimerWheel,
    pending_timers: TimerWheel,
    /// Where the search for a handshake to give up goes on.
    stale_hand: u32,
    keep_alive_interval: Micros,
}

impl Peers {
    pub(crate) fn new(
        max_clients: u32,
        max_pending: u32,
        key: HashKey,
        keep_alive_interval: Micros,
    ) -> Peers {
        Peers {
            sessions: (0..max_clients).map(|_| None).collect(),
            times: vec![SessionTimes::default(); max_clients as usize],
            free: (0..max_clients).rev().collect(),
            live: Vec::with_capacity(max_clients as usize),
            place: vec![0; max_clients as usize],
            pending: vec![None; max_pending as usize],
            pending_free: (0..max_pending).rev().collect(),
            by_address: KeyedIndex::new(max_clients + max_pending),
            by_id: KeyedIndex::new(max_clients),
            key,
            session_timers: TimerWheel::new(max_clients),
            pending_timers: TimerWheel::new(max_pending),
            stale_hand: 0,
            keep_alive_interval,
        }
    }

    pub(crate) fn max_clients(&self) -> u32 {
        self.sessions.len() as u32
    }

    /// Connected clients, in no order that means anything.
    pub(crate) fn live(&self) -> &[u32] {
        &self.live
    }

    pub(crate) fn is_full(&self) -> bool {
        self.free.is_empty()
    }

    pub(crate) fn session(&self, client: u32) -> Option<&Session> {
        self.sessions.get(client as usize)?.as_ref()
    }

    pub(crate) fn session_mut(&mut self, client: u32) -> Option<&mut Session> {
        self.sessions.get_mut(client as usize)?.as_mut()
    }

    pub(crate) fn pending(&self, at: u32) -> Option<&Pending> {
        self.pending.get(at as usize)?.as_ref()
    }

    pub(crate) fn at_address(&self, address: &AddressKey) -> Option<Peer> {
        let clients = self.max_clients();
        let found =
            self.by_address.find(address.hash(&self.key), |value| match value.checked_sub(clients) {
                None => self.session(value).is_some_and(|session| session.address_key == *address),
                Some(at) => self.pending(at).is_some_and(|pending| pending.address_key == *address),
            })?;
        Some(found.checked_sub(clients).map_or(Peer::Client(found), Peer::Pending))
    }

    pub(crate) fn client_with_id(&self, client_id: u64) -> Option<u32> {
        self.by_id.find(self.key.hash(&[client_id]), |client| {
            self.session(client).is_some_and(|session| session.client_id == client_id)
        })
    }

    /// Adds a handshake, or replaces the one of the same address. `None` when the table is full.
    pub(crate) fn put_pending(&mut self, pending: Pending, now: Micros) -> Option<u32> {
        if let Some(Peer::Pending(at)) = self.at_address(&pending.address_key) {
            self.pending[at as usize] = Some(pending);
            self.pending_timers.set(at, pending.expires, now);
            return Some(at);
        }
        let at = self.pending_free.pop()?;
        self.by_address.insert(pending.address_key.hash(&self.key), self.max_clients() + at);
        self.pending[at as usize] = Some(pending);
        self.pending_timers.set(at, pending.expires, now);
        Some(at)
    }

    pub(crate) fn remove_pending(&mut self, at: u32) {
        if let Some(pending) = self.pending[at as usize].take() {
            self.by_address.remove(pending.address_key.hash(&self.key), self.max_clients() + at);
            self.pending_free.push(at);
            self.pending_timers.clear(at);
        }
    }

    /// Removes handshakes that took too long.
    pub(crate) fn expire_pending(&mut self, now: Micros) {
        while let Some(at) = self.pending_timers.next_due(now) {
            match self.pending[at as usize] {
                // Its time is farther away than the wheel goes.
                Some(pending) if pending.expires > now => self.pending_timers.set(at, pending.expires, now),
                _ => self.remove_pending(at),
            }
        }
    }

    /// Gives up a handshake that has waited for longer than `patience`, where one of the next few has. The hand goes round, so
    /// those who came first are found first. Tells whether one was given up.
    pub(crate) fn give_up_pending(&mut self, now: Micros, patience: Micros) -> bool {
        for _ in 0..STALE_LOOKS {
            let at = self.stale_hand;
            self.stale_hand = (at + 1) % self.pending.len() as u32;
            if self.pending[at as usize].is_some_and(|pending| now.since(pending.challenged) >= patience) {
                self.remove_pending(at);
                return true;
            }
        }
        false
    }

    /// Handshakes under way.
    #[cfg(test)]
    pub(crate) fn pending_count(&self) -> usize {
        self.pending.len() - self.pending_free.len()
    }

    /// The next client that is to be looked at: something of it may be due.
    pub(crate) fn next_due(&mut self, now: Micros) -> Option<u32> {
        self.session_timers.next_due(now)
    }

    /// Lets the client be looked at again when something of it is due.
    pub(crate) fn set_timer(&mut self, client: u32, now: Micros) {
        let due = self.times[client as usize].due(self.keep_alive_interval);
        self.session_timers.set(client, due, now);
    }

    /// Lets another session have this one's client number; it ends at `ends`.
    pub(crate) fn supersede(&mut self, client: u32, ends: Micros, now: Micros) {
        let Some(id) = self.session(client).map(|session| session.client_id) else { return };
        self.by_id.remove(self.key.hash(&[id]), client);
        self.times[client as usize].ends = ends;
        self.set_timer(client, now);
    }

    /// Takes a free slot; the caller has removed the address's handshake. `None` when the server is full.
    pub(crate) fn connect(&mut self, session: Session, times: SessionTimes, now: Micros) -> Option<u32> {
        let client = self.free.pop()?;
        self.by_address.insert(session.address_key.hash(&self.key), client);
        self.by_id.insert(self.key.hash(&[session.client_id]), client);
        self.place[client as usize] = self.live.len() as u32;
        self.live.push(client);
        self.times[client as usize] = times;
        self.sessions[client as usize] = Some(session);
        self.set_timer(client, now);
        Some(client)
    }

    /// Frees the client's slot and returns what was in it.
    pub(crate) fn disconnect(&mut self, client: u32) -> Option<Session> {
        let session = self.sessions.get_mut(client as usize)?.take()?;
        self.by_address.remove(session.address_key.hash(&self.key), client);
        self.by_id.remove(self.key.hash(&[session.client_id]), client);
        self.session_timers.clear(client);
        let place = self.place[client as usize] as usize;
        self.live.swap_remove(place);
        if let Some(moved) = self.live.get(place) {
            self.place[*moved as usize] = place as u32;
        }
        self.free.push(client);
        Some(session)
    }
}
