//! Sessions in a capture: by the addresses of their packets, and by which keys open them.
//!
//! Addresses narrow the choice of keys; what decides is the seal. So logs of either end can be used, and of hosts that know a
//! client by another address than the capture does.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use shieldwall_net::dissect::SessionDissector;
use shieldwall_net::secure::{Direction, Inside, SessionKeys, SessionOpener};

/// Packets of one flow for which all keys of the log are tried. A flow that none of them opens is not worth more.
const FULL_SEARCHES: u32 = 64;

/// Why a packet stays sealed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Unopened {
    /// The log has no keys of its session.
    NoKeys,
    /// It has, and they do not open it.
    NotAuthentic,
}

/// A packet that was opened.
pub(super) struct Opened<'f> {
    pub(super) inside: Inside<'f>,
    pub(super) client_id: u64,
    pub(super) epoch: u32,
    /// It is the first of its epoch, which is not the first of its session.
    pub(super) is_new_epoch: bool,
    pub(super) dissector: &'f mut SessionDissector,
}

/// The keys of one line of the log.
struct Entry {
    keys: SessionKeys,
    opener: SessionOpener,
    /// Lines of one session have the same.
    session: usize,
}

/// One session, or several one after another, between two addresses.
struct FlowState {
    /// The lines of the log that opened the newest packets of even and odd epochs.
    newest: [Option<usize>; 2],
    session: Option<usize>,
    epoch: u32,
    searches: u32,
    dissector: SessionDissector,
}

/// All sessions of a capture.
pub(super) struct Flows {
    entries: Vec<Entry>,
    states: BTreeMap<(SocketAddr, SocketAddr, u32), FlowState>,
    capture_points: usize,
}

/// A session with what may open it.
pub(super) struct Flow<'f> {
    client: SocketAddr,
    server: SocketAddr,
    entries: &'f [Entry],
    state: &'f mut FlowState,
    capture_points: usize,
}

impl Flows {
    pub(super) fn new(keys: Vec<SessionKeys>, capture_points: usize) -> Self {
        let mut entries: Vec<Entry> = Vec::with_capacity(keys.len());
        for keys in keys {
            // Epoch 0 begins a session; the others follow it, with those of others in between.
            let same =
                |entry: &&Entry| entry.keys.peer == keys.peer && entry.keys.client_id == keys.client_id;
            let before = entries.iter().rev().find(same).filter(|entry| entry.keys.epoch < keys.epoch);
            let session = before.map_or(entries.len(), |entry| entry.session);
            entries.push(Entry { opener: SessionOpener::new(&keys), keys, session });
        }
        Self { entries, states: BTreeMap::new(), capture_points }
    }

    pub(super) fn of(&mut self, client: SocketAddr, server: SocketAddr, line: u32) -> Flow<'_> {
        let capture_points = self.capture_points;
        let state = self.states.entry((client, server, line)).or_insert_with(|| FlowState {
            newest: [None; 2],
            session: None,
            epoch: 0,
            searches: 0,
            dissector: SessionDissector::new(capture_points),
        });
        Flow { client, server, entries: &self.entries, state, capture_points }
    }
}

impl<'f> Flow<'f> {
    /// Opens a packet in place.
    pub(super) fn open(
        mut self,
        datagram: &'f mut [u8],
        direction: Direction,
        is_odd: bool,
    ) -> Result<Opened<'f>, Unopened> {
        let index = self.find(datagram, direction, is_odd)?;
        let Entry { keys, opener, session } = &self.entries[index];
        let inside = opener.open(datagram, direction).map_err(|_| Unopened::NotAuthentic)?;
        let state = self.state;
        state.newest[usize::from(is_odd)] = Some(index);
        if state.session != Some(*session) {
            // Another session from the same address.
            state.session = Some(*session);
            state.epoch = keys.epoch;
            state.newest[usize::from(!is_odd)] = None;
            state.dissector = SessionDissector::new(self.capture_points);
        }
        let is_new_epoch = keys.epoch > state.epoch;
        state.epoch = state.epoch.max(keys.epoch);
        let (client_id, epoch, dissector) = (keys.client_id, keys.epoch, &mut state.dissector);
        Ok(Opened { inside, client_id, epoch, is_new_epoch, dissector })
    }

    /// The line of the log that opens a packet.
    fn find(&mut self, datagram: &[u8], direction: Direction, is_odd: bool) -> Result<usize, Unopened> {
        let entries = self.entries;
        let opens = |index: usize| {
            let mut copy = datagram.to_vec();
            entries[index].opener.open(&mut copy, direction).is_ok()
        };
        if let Some(newest) = self.state.newest[usize::from(is_odd)].filter(|&index| opens(index)) {
            return Ok(newest);
        }
        let fits = |index: &usize| entries[*index].keys.epoch % 2 == u32::from(is_odd);
        let (client, server) = (self.client, self.server);
        let is_near = |index: &usize| {
            let peer = entries[*index].keys.peer.socket;
            peer == client || peer == server
        };
        let all = || (0..entries.len()).rev().filter(fits);
        if let Some(found) = all().filter(is_near).find(|&index| opens(index)) {
            return Ok(found);
        }
        let known = self.state.session.is_some();
        if !known && self.state.searches < FULL_SEARCHES {
            self.state.searches += 1;
            if let Some(found) = all().filter(|index| !is_near(index)).find(|&index| opens(index)) {
                return Ok(found);
            }
        }
        let has_keys = known || all().any(|index| is_near(&index));
        Err(if has_keys { Unopened::NotAuthentic } else { Unopened::NoKeys })
    }
}
