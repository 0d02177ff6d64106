//! Servers and clients over a simulated network: loss, duplicates, delay, reordering, all from a seed.
//!
//! Everything sent is audited: no (key, sequence number) pair may be used twice, whatever happens.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

const STEP: Micros = Micros(5_000);

struct Flying {
    arrives: Micros,
    from: SocketAddr,
    to: SocketAddr,
    bytes: Vec<u8>,
}

pub(super) struct World {
    pub(super) now: Micros,
    pub(super) servers: BTreeMap<SocketAddr, SecureServer>,
    pub(super) clients: Vec<(SocketAddr, u64, SecureClient)>,
    pub(super) to_server: Vec<(u64, Vec<u8>)>,
    pub(super) to_client: Vec<(usize, Vec<u8>)>,
    pub(super) ended: Vec<(u64, DisconnectReason)>,
    pub(super) loss_percent: u64,
    pub(super) duplicate_percent: u64,
    pub(super) delay: Micros,
    /// Clients made from now on agree on new keys, with these settings and a seed of their own.
    pub(super) rekey: Option<ClientRekey>,
    /// Drops what the function says: somebody on the way.
    pub(super) thief: Option<fn(&[u8]) -> bool>,
    flying: Vec<Flying>,
    rng: Rng,
    /// (token of the client, from a server?, sequence)
    nonces: BTreeSet<(usize, bool, u64)>,
}

/// The sequence number of a sealed packet.
fn sequence_of(bytes: &[u8]) -> Option<u64> {
    let width = usize::from(bytes[0] >> 4);
    (width > 0).then(|| bytes[1..=width].iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
}

impl World {
    pub(super) fn new(seed: u64, loss_percent: u64, duplicate_percent: u64, delay: Micros) -> World {
        World {
            now: Micros(1_000_000),
            servers: BTreeMap::new(),
            clients: Vec::new(),
            to_server: Vec::new(),
            to_client: Vec::new(),
            ended: Vec::new(),
            loss_percent,
            duplicate_percent,
            delay,
            rekey: None,
            thief: None,
            flying: Vec::new(),
            rng: Rng(seed),
            nonces: BTreeSet::new(),
        }
    }

    pub(super) fn unix(&self) -> UnixSeconds {
        UnixSeconds(UNIX.0 + self.now.0 / 1_000_000)
    }

    pub(super) fn add_server(&mut self, address: SocketAddr, max_clients: u32) {
        self.add_server_with(address, max_clients, |_| ());
    }

    pub(super) fn add_server_with(
        &mut self,
        address: SocketAddr,
        max_clients: u32,
        change: impl FnOnce(&mut SecureServerConfig),
    ) {
        let mut config = SecureServerConfig::new(PROTOCOL, PRIVATE_KEY, max_clients, vec![address]);
        change(&mut config);
        let server = SecureServer::new(config, &mut |bytes| self.rng.fill(bytes)).unwrap();
        self.servers.insert(address, server);
    }

    pub(super) fn add_client(
        &mut self,
        client_id: u64,
        from: SocketAddr,
        servers: &[SocketAddr],
        change: impl FnOnce(&mut TokenParams<'_>),
    ) -> usize {
        let data = user_data(client_id);
        let mut params = params(client_id, servers, &data);
        params.created = self.unix();
        change(&mut params);
        let token = ConnectToken::generate(&params, &mut |bytes| self.rng.fill(bytes)).unwrap();
        // The token travels as bytes.
        let token = ConnectToken::read(&token.write()).unwrap();
        let client = match &self.rekey {
            None => SecureClient::new(token, self.now),
            Some(rekey) => {
                let mut rekey = rekey.clone();
                self.rng.fill(&mut rekey.seed);
                SecureClient::with_rekey(token, &rekey, self.now)
            }
        };
        self.clients.push((from, client_id, client));
        self.clients.len() - 1
    }

    fn send(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        // The newest client of an address is the one whose keys are in use.
        let owner = |address| self.clients.iter().rposition(|(at, ..)| *at == address);
        if let (Some(sequence), Some(client)) = (sequence_of(bytes), owner(from).or(owner(to))) {
            let by_server = self.servers.contains_key(&from);
            assert!(self.nonces.insert((client, by_server, sequence)), "a nonce used twice: {sequence:#x}");
        }
        if self.thief.is_some_and(|takes| takes(bytes)) {
            return;
        }
        for copy in 0..2 {
            let share = if copy == 0 { 100 - self.loss_percent } else { self.duplicate_percent };
            if self.rng.below(100) < share {
                let arrives = self.now + Micros(self.rng.below(self.delay.0 + 1));
                self.flying.push(Flying { arrives, from, to, bytes: bytes.to_vec() });
            }
        }
    }

    fn deliver(&mut self) {
        let now = self.now;
        let (mut due, later): (Vec<_>, Vec<_>) = self.flying.drain(..).partition(|one| one.arrives <= now);
        self.flying = later;
        due.sort_by_key(|one| one.arrives);
        for Flying { from, to, mut bytes, .. } in due {
            let unix = self.unix();
            if let Some(server) = self.servers.get_mut(&to) {
                let mut out = [0; DATAGRAM_MAX];
                let asked = bytes.len();
                let Ok(event) = server.handle_datagram(from, &mut bytes, now, unix, &mut out) else {
                    continue;
                };
                let len = event.reply_len();
                assert!(len * 3 <= asked);
                match event {
                    ServerEvent::Connected { client_id, user_data: data, .. } => {
                        assert_eq!(*data, user_data(client_id));
                    }
                    ServerEvent::Payload { client, bytes } => {
                        let bytes = bytes.to_vec();
                        let id = server.client_id(client).unwrap();
                        self.to_server.push((id, bytes));
                    }
                    ServerEvent::Disconnected { client_id, reason, .. } => {
                        self.ended.push((client_id, reason))
                    }
                    _ => {}
                }
                if len > 0 {
                    self.send(to, from, &out[..len]);
                }
            } else if let Some(at) = self.clients.iter().rposition(|(address, ..)| *address == to) {
                let event = self.clients[at].2.handle_datagram(from, &mut bytes, now);
                if let Ok(ClientEvent::Payload(bytes)) = event {
                    self.to_client.push((at, bytes.to_vec()));
                }
            }
        }
    }

    pub(super) fn step(&mut self) {
        self.now = self.now + STEP;
        self.deliver();
        let (now, mut sends) = (self.now, Vec::new());
        for (from, _, client) in &mut self.clients {
            let mut out = [0; DATAGRAM_MAX];
            while let Some((to, len)) = client.poll_transmit(now, &mut out) {
                sends.push((*from, to, out[..len].to_vec()));
            }
        }
        let ended = &mut self.ended;
        for (address, server) in &mut self.servers {
            server.update(now, &mut |output| match output {
                ServerOutput::Datagram { to, bytes } => sends.push((*address, to.socket, bytes.to_vec())),
                ServerOutput::Disconnected { client_id, reason, .. } => ended.push((client_id, reason)),
            });
        }
        sends.into_iter().for_each(|(from, to, bytes)| self.send(from, to, &bytes));
    }

    pub(super) fn run(&mut self, time: Micros) {
        let end = self.now + time;
        while self.now < end {
            self.step();
        }
    }

    pub(super) fn client_sends(&mut self, at: usize, payload: &[u8]) {
        let mut out = [0; DATAGRAM_MAX];
        let (from, _, client) = &mut self.clients[at];
        let (from, sealed) = (*from, client.seal_payload(payload, self.now, &mut out));
        if let Ok((to, len)) = sealed {
            self.send(from, to, &out[..len]);
        }
    }

    pub(super) fn server_sends(&mut self, server: SocketAddr, client: ClientIndex, payload: &[u8]) {
        let mut sends = Vec::new();
        let sender = self.servers.get_mut(&server).unwrap();
        sender
            .send_payload(client, payload, self.now, &mut |to, bytes| sends.push((to, bytes.to_vec())))
            .unwrap();
        sends.into_iter().for_each(|(to, bytes)| self.send(server, to.socket, &bytes));
    }

    pub(super) fn state(&self, at: usize) -> ClientState {
        self.clients[at].2.state()
    }
}

#[test]
fn twenty_clients_over_a_bad_network() {
    for seed in 0..4 {
        let mut world = World::new(seed, 25, 10, Micros::from_millis(80));
        world.add_server(server_address(), 32);
        for n in 0..20 {
            world.add_client(u64::from(n) + 1, client_address(n), &[server_address()], |_| ());
        }
        world.run(Micros::from_secs(4));
        assert!((0..20).all(|at| world.state(at) == ClientState::Connected));
        world.to_client.clear();
        let sent = 400;
        for round in 0..sent {
            for at in 0..20 {
                let id = world.clients[at].1;
                world.client_sends(at, &[id as u8, round as u8, (round >> 8) as u8]);
                let client = world.servers[&server_address()].client_with_id(id).unwrap();
                world.server_sends(server_address(), client, &[id as u8, round as u8, (round >> 8) as u8]);
            }
            world.step();
        }
        world.run(Micros::from_millis(200));
        let up: BTreeSet<_> = world.to_server.iter().collect();
        let down: BTreeSet<_> = world.to_client.iter().collect();
        assert_eq!((up.len(), down.len()), (world.to_server.len(), world.to_client.len()), "twice");
        assert!(world.to_server.iter().all(|(id, bytes)| bytes[0] == *id as u8));
        assert!(world.to_client.iter().all(|(at, bytes)| bytes[0] == world.clients[*at].1 as u8));
        for got in [up.len(), down.len()] {
            assert!((20 * sent * 72 / 100..20 * sent * 82 / 100).contains(&got), "{got}");
        }
        (0..10).for_each(|at| world.clients[at].2.disconnect());
        world.run(Micros::from_millis(300));
        assert!(world.ended.iter().all(|(_, reason)| *reason == DisconnectReason::ByClient));
        assert_eq!((world.ended.len(), world.servers[&server_address()].connected_count()), (10, 10));
    }
}

#[test]
fn ipv6_and_idle_sessions_stay_alive() {
    let server = "[fd00::1]:7777".parse().unwrap();
    let mut world = World::new(5, 30, 0, Micros::from_millis(50));
    world.add_server(server, 2);
    world.add_client(1, "[fd00::2]:9999".parse().unwrap(), &[server], |_| ());
    world.run(Micros::from_secs(60));
    assert_eq!(world.state(0), ClientState::Connected);
    assert_eq!(world.servers[&server].connected_count(), 1);
}

#[test]
fn a_server_that_ends_a_session() {
    let mut world = World::new(6, 40, 0, Micros::ZERO);
    world.add_server(server_address(), 2);
    world.add_client(1, client_address(0), &[server_address()], |_| ());
    world.run(Micros::from_secs(3));
    let (now, mut sends) = (world.now, Vec::new());
    let server = world.servers.get_mut(&server_address()).unwrap();
    server.disconnect_all(now, &mut |output| match output {
        ServerOutput::Datagram { to, bytes } => sends.push((to, bytes.to_vec())),
        ServerOutput::Disconnected { client_id, reason, .. } => {
            assert_eq!((client_id, reason), (1, DisconnectReason::ByServer));
        }
    });
    assert_eq!((sends.len(), server.connected_count()), (10, 0));
    assert!(!server.disconnect(ClientIndex(0), now, &mut |_| panic!("nobody there")));
    sends.into_iter().for_each(|(to, bytes)| world.send(server_address(), to.socket, &bytes));
    world.run(Micros::from_millis(50));
    assert_eq!(world.state(0), ClientState::Disconnected);
}

#[test]
fn silence_ends_everything_with_the_right_number() {
    // Nobody there: request timed out.
    let mut world = World::new(7, 0, 0, Micros::ZERO);
    world.add_client(1, client_address(0), &[server_address()], |_| ());
    world.run(Micros::from_millis(5_100));
    assert_eq!(world.state(0).code(), -2);
    // Nobody there, and the token runs out first.
    world.add_client(2, client_address(1), &[server_address()], |token| token.lifetime_seconds = 3);
    world.run(Micros::from_millis(3_100));
    assert_eq!(world.state(1).code(), -6);
    // Connected, then the line is cut: both sides notice.
    world.add_server(server_address(), 4);
    world.add_client(3, client_address(2), &[server_address()], |_| ());
    world.run(Micros::from_millis(500));
    assert_eq!(world.state(2).code(), 3);
    // A challenge, then the line is cut: response timed out.
    let late = world.add_client(4, client_address(3), &[server_address()], |_| ());
    (0..3).for_each(|_| world.step());
    assert_eq!(world.state(late).code(), 2);
    world.loss_percent = 100;
    world.flying.clear();
    world.run(Micros::from_millis(5_200));
    assert_eq!((world.state(2).code(), world.state(late).code()), (-4, -3));
    assert!(world.ended.contains(&(3, DisconnectReason::TimedOut)), "{:?}", world.ended);
    // No timeout wished for: silence is borne.
    world.loss_percent = 0;
    let patient =
        world.add_client(5, client_address(4), &[server_address()], |token| token.timeout_seconds = -1);
    world.run(Micros::from_millis(500));
    world.loss_percent = 100;
    world.run(Micros::from_secs(100));
    assert_eq!(world.state(patient), ClientState::Connected);
    assert!(world.servers[&server_address()].client_with_id(5).is_some());
}

#[test]
fn servers_are_tried_in_turn() {
    let servers: Vec<SocketAddr> =
        ["10.0.0.1:1", "10.0.0.2:2", "[fd00::3]:3"].iter().map(|at| at.parse().unwrap()).collect();
    let mut world = World::new(8, 0, 0, Micros::from_millis(10));
    // The first is dead, the second full, the third free.
    world.add_server(servers[1], 1);
    world.add_server(servers[2], 1);
    world.add_client(1, client_address(0), &servers[1..2], |_| ());
    world.run(Micros::from_millis(500));
    let wanderer = world.add_client(2, client_address(1), &servers, |token| token.timeout_seconds = 2);
    world.run(Micros::from_millis(2_500));
    assert_eq!(world.state(wanderer), ClientState::Connected);
    assert_eq!(world.clients[wanderer].2.server_address(), servers[2]);
    assert_eq!(world.servers[&servers[1]].stats().denied, 1);
    // All full: denied, after all were asked.
    let last = world.add_client(3, client_address(2), &servers[1..], |_| ());
    world.run(Micros::from_millis(500));
    assert_eq!(world.state(last).code(), -1);
    assert_eq!(world.servers[&servers[2]].stats().denied, 1);
    // The token runs out on the way, over all servers together.
    let hasty = world.add_client(4, client_address(3), &[servers[0]; 5], |token| {
        (token.timeout_seconds, token.lifetime_seconds) = (2, 5);
    });
    world.run(Micros::from_millis(5_100));
    assert_eq!(world.state(hasty).code(), -6);
}
