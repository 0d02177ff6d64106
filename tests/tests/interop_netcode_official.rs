//! Our sessions against `netcode-official`, the Rust port by the standard's author, over real UDP on loopback:
//! their client with our server, our client with their server, and the bytes of both compared.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use shieldwall_net::secure::{
    ClientEvent, ClientIndex, ClientRekey, ClientState, ConnectToken, DATAGRAM_MAX, DisconnectReason,
    PeerAddress, SecureClient, SecureServer, SecureServerConfig, ServerEvent, ServerOutput, TokenParams,
};
use shieldwall_net::time::{Micros, UnixSeconds};

const PROTOCOL: u64 = 0x0123_4567_89ab_cdef;
const KEY: [u8; 32] = [0x42; 32];
const CLIENT_ID: u64 = 0xfeed_beef;
const PAYLOADS: usize = 1_000;

fn unix() -> UnixSeconds {
    UnixSeconds(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs())
}

fn user_data() -> [u8; 256] {
    core::array::from_fn(|i| i as u8 ^ 0x5a)
}

/// Bytes that look random and are different for each token.
fn random() -> impl FnMut(&mut [u8]) {
    let mut state = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    move |bytes: &mut [u8]| {
        for byte in bytes {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = (state >> 56) as u8;
        }
    }
}

fn our_token(server: SocketAddr) -> ConnectToken {
    let params = TokenParams {
        protocol_id: PROTOCOL,
        client_id: CLIENT_ID,
        created: unix(),
        lifetime_seconds: 30,
        timeout_seconds: 5,
        server_addresses: &[server],
        internal_addresses: &[server],
        user_data: &user_data(),
        private_key: &KEY,
    };
    ConnectToken::generate(&params, &mut random()).unwrap()
}

fn their_token(server: SocketAddr) -> [u8; netcode::CONNECT_TOKEN_BYTES] {
    netcode::generate_connect_token(&[server], &[server], 30, 5, CLIENT_ID, PROTOCOL, &KEY, &user_data())
        .unwrap()
}

fn payload(n: usize) -> Vec<u8> {
    (0..1 + n * 37 % 1200).map(|i| (i * 7 + n) as u8).collect()
}

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_nonblocking(true).unwrap();
    socket
}

fn receive(socket: &UdpSocket) -> Option<(Vec<u8>, SocketAddr)> {
    let mut bytes = [0; 2048];
    socket.recv_from(&mut bytes).ok().map(|(len, from)| (bytes[..len].to_vec(), from))
}

fn our_server(address: SocketAddr) -> SecureServer {
    let config = SecureServerConfig::new(PROTOCOL, KEY, 4, vec![address]);
    SecureServer::new(config, &mut random()).unwrap()
}

/// Our server on a real socket, with everything that came and happened.
struct OurServer {
    socket: UdpSocket,
    server: SecureServer,
    now: Micros,
    datagrams: Vec<Vec<u8>>,
    connected: Option<ClientIndex>,
    payloads: Vec<Vec<u8>>,
    ended: Option<DisconnectReason>,
}

impl OurServer {
    fn new() -> OurServer {
        let socket = socket();
        OurServer {
            server: our_server(socket.local_addr().unwrap()),
            socket,
            now: Micros(0),
            datagrams: Vec::new(),
            connected: None,
            payloads: Vec::new(),
            ended: None,
        }
    }

    fn step(&mut self, now: Micros) {
        self.now = now;
        let mut out = [0; DATAGRAM_MAX];
        while let Some((mut bytes, from)) = receive(&self.socket) {
            self.datagrams.push(bytes.clone());
            let event = self.server.handle_datagram(from, &mut bytes, now, unix(), &mut out);
            let event = event.unwrap_or_else(|reason| panic!("their datagram was dropped: {reason}"));
            let reply = event.reply_len();
            match event {
                ServerEvent::Connected { client, client_id, user_data: data, .. } => {
                    assert_eq!((client_id, *data), (CLIENT_ID, user_data()));
                    self.connected = Some(client);
                }
                ServerEvent::Payload { bytes, .. } => self.payloads.push(bytes.to_vec()),
                ServerEvent::Disconnected { reason, .. } => {
                    self.ended = Some(reason);
                    // The rest of the redundant disconnect packets comes from nobody.
                    while receive(&self.socket).is_some() {}
                }
                ServerEvent::None | ServerEvent::Reply(_) => {}
            }
            if reply > 0 {
                self.socket.send_to(&out[..reply], from).unwrap();
            }
        }
        let socket = &self.socket;
        self.server.update(now, &mut |output| {
            if let ServerOutput::Datagram { to, bytes } = output {
                socket.send_to(bytes, to.socket).unwrap();
            }
        });
    }

    fn send(&mut self, payload: &[u8]) {
        let (socket, client) = (&self.socket, self.connected.unwrap());
        let mut sink = |to: PeerAddress, bytes: &[u8]| _ = socket.send_to(bytes, to.socket).unwrap();
        self.server.send_payload(client, payload, self.now, &mut sink).unwrap();
    }
}

/// The sequence number of a sealed packet, and whether it is a payload.
fn number(datagram: &[u8]) -> (bool, u64) {
    let width = usize::from(datagram[0] >> 4);
    let sequence = datagram[1..=width].iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    (datagram[0] & 15 == 5, sequence)
}

fn tick(step: u32) -> (Micros, f64) {
    std::thread::sleep(Duration::from_micros(200));
    (Micros(u64::from(step) * 10_000), f64::from(step) / 100.0)
}

fn their_client_with_our_server(token: impl FnOnce(SocketAddr) -> [u8; 2048]) {
    let mut ours = OurServer::new();
    let token = token(ours.socket.local_addr().unwrap());
    // Read by us and written again, a token is the same.
    assert_eq!(ConnectToken::read(&token).unwrap().write(), token);
    let mut theirs = netcode::Client::new("127.0.0.1:0".parse().unwrap(), 0.0).unwrap();
    theirs.connect(&token).unwrap();
    let (mut sent, mut received) = (0, Vec::new());
    let mut step = 0;
    while received.len() < PAYLOADS || ours.payloads.len() < PAYLOADS {
        step += 1;
        assert!(step < 6_000, "{:?} {} {}", theirs.state(), received.len(), ours.payloads.len());
        let (now, seconds) = tick(step);
        theirs.update(seconds);
        ours.step(now);
        if theirs.state() == netcode::ClientState::Connected && sent < PAYLOADS {
            theirs.send_packet(&payload(sent)).unwrap();
            ours.send(&payload(sent));
            sent += 1;
        }
        while let Some((bytes, _)) = theirs.receive_packet() {
            received.push(bytes);
        }
    }
    let expected: Vec<Vec<u8>> = (0..PAYLOADS).map(payload).collect();
    assert!(received == expected && ours.payloads == expected);
    assert_eq!((theirs.client_index(), theirs.max_clients()), (0, 4));
    compare_with_their_client(&token, &ours.datagrams);
    theirs.disconnect();
    let (now, _) = tick(step + 1);
    ours.step(now);
    assert_eq!(ours.ended, Some(DisconnectReason::ByClient));
}

/// Our client with the same token makes the same bytes: the request, and payloads of the same number and content.
fn compare_with_their_client(token: &[u8; 2048], theirs: &[Vec<u8>]) {
    let address: SocketAddr = "127.0.0.1:9".parse().unwrap();
    let parsed = ConnectToken::read(token).unwrap();
    let to = parsed.server_addresses.as_slice()[0];
    let (mut server, mut client) = (our_server(to), SecureClient::new(parsed, Micros(0)));
    let (mut out, mut reply) = ([0; DATAGRAM_MAX], [0; DATAGRAM_MAX]);
    for round in 0..2 {
        let (_, len) = client.poll_transmit(Micros(0), &mut out).unwrap();
        if round == 0 {
            assert!(theirs[0] == out[..len], "requests differ");
        }
        let event = server.handle_datagram(address, &mut out[..len], Micros(0), unix(), &mut reply).unwrap();
        let len = event.reply_len();
        client.handle_datagram(to, &mut reply[..len], Micros(0)).unwrap();
    }
    let sealed_by_them: BTreeMap<u64, &Vec<u8>> =
        theirs[1..].iter().filter(|one| number(one).0).map(|one| (number(one).1, one)).collect();
    assert_eq!(sealed_by_them.len(), PAYLOADS);
    let (mut next, mut same) = (1, 0);
    // Theirs are payload 0, 1, 2 ... in the order of their numbers; numbers between belong to keep-alives.
    for (n, (sequence, datagram)) in sealed_by_them.iter().enumerate() {
        while next < *sequence {
            client.seal_payload(b"filler", Micros(0), &mut out).unwrap();
            next += 1;
        }
        let (_, len) = client.seal_payload(&payload(n), Micros(0), &mut out).unwrap();
        assert!(out[..len] == datagram[..], "payload {n} differs");
        (next, same) = (next + 1, same + 1);
    }
    assert_eq!(same, PAYLOADS);
}

#[test]
fn their_client_our_server_their_token() {
    their_client_with_our_server(their_token);
}

#[test]
fn their_client_our_server_our_token() {
    their_client_with_our_server(|server| our_token(server).write());
}

/// Offers new keys to whoever listens, and plays on where nobody does.
fn offering() -> ClientRekey {
    ClientRekey { require: false, ..ClientRekey::new([5; 32]) }
}

fn our_client_with_their_server(token: impl FnOnce(SocketAddr) -> [u8; 2048], they_end_it: bool) {
    let mut theirs = netcode::Server::new("127.0.0.1:0".parse().unwrap(), PROTOCOL, &KEY, 0.0).unwrap();
    theirs.start(4).unwrap();
    let socket = socket();
    let token = ConnectToken::read(&token(theirs.address())).unwrap();
    let mut ours = SecureClient::with_rekey(token, &offering(), Micros(0));
    let (mut sent, mut up, mut down) = (0, Vec::new(), Vec::new());
    let mut out = [0; DATAGRAM_MAX];
    let mut step = 0;
    let mut pump = |ours: &mut SecureClient, now: Micros, down: &mut Vec<Vec<u8>>| {
        while let Some((mut bytes, from)) = receive(&socket) {
            match ours.handle_datagram(from, &mut bytes, now) {
                Ok(ClientEvent::Payload(bytes)) => down.push(bytes.to_vec()),
                Ok(_) => {}
                // Their keep-alives before each early payload may overtake our state; nothing else is dropped.
                Err(reason) => assert!(ours.state() != ClientState::Connected, "dropped: {reason}"),
            }
        }
        while let Some((to, len)) = ours.poll_transmit(now, &mut out) {
            socket.send_to(&out[..len], to).unwrap();
        }
        let state = ours.state();
        if state == ClientState::Connected && sent < PAYLOADS {
            let (to, len) = ours.seal_payload(&payload(sent), now, &mut out).unwrap();
            socket.send_to(&out[..len], to).unwrap();
            sent += 1;
            return Some(sent - 1);
        }
        None
    };
    while up.len() < PAYLOADS || down.len() < PAYLOADS {
        step += 1;
        assert!(step < 6_000, "{:?} {} {}", ours.state(), up.len(), down.len());
        let (now, seconds) = tick(step);
        if let Some(n) = pump(&mut ours, now, &mut down) {
            theirs.send_packet(0, &payload(n)).unwrap();
        }
        theirs.update(seconds);
        while let Some((bytes, _)) = theirs.receive_packet(0) {
            up.push(bytes);
        }
    }
    let expected: Vec<Vec<u8>> = (0..PAYLOADS).map(payload).collect();
    assert!(up == expected && down == expected);
    assert_eq!((theirs.client_id(0), theirs.client_user_data(0)), (CLIENT_ID, Some(&user_data())));
    assert_eq!((ours.slot(), ours.keys().0), (Some((0, 4)), 0));
    if they_end_it {
        theirs.disconnect_client(0);
    } else {
        ours.disconnect();
    }
    let (now, seconds) = tick(step + 1);
    pump(&mut ours, now, &mut down);
    theirs.update(seconds);
    assert_eq!((ours.state(), theirs.num_connected_clients()), (ClientState::Disconnected, 0));
}

#[test]
fn our_client_their_server_their_token() {
    our_client_with_their_server(their_token, false);
}

#[test]
fn our_client_their_server_our_token() {
    our_client_with_their_server(|server| our_token(server).write(), true);
}

/// A full server of theirs denies our client.
#[test]
fn their_denial_is_understood() {
    let mut theirs = netcode::Server::new("127.0.0.1:0".parse().unwrap(), PROTOCOL, &KEY, 0.0).unwrap();
    theirs.start(1).unwrap();
    let mut first = netcode::Client::new("127.0.0.1:0".parse().unwrap(), 0.0).unwrap();
    first.connect(&their_token(theirs.address())).unwrap();
    let mut step = 0;
    while first.state() != netcode::ClientState::Connected {
        step += 1;
        assert!(step < 1_000);
        let (_, seconds) = tick(step);
        first.update(seconds);
        theirs.update(seconds);
    }
    let address = theirs.address();
    let params = TokenParams {
        protocol_id: PROTOCOL,
        client_id: CLIENT_ID + 1,
        created: unix(),
        lifetime_seconds: 30,
        timeout_seconds: 5,
        server_addresses: &[address],
        internal_addresses: &[address],
        user_data: &user_data(),
        private_key: &KEY,
    };
    let socket = socket();
    let mut ours = SecureClient::new(ConnectToken::generate(&params, &mut random()).unwrap(), Micros(0));
    let mut out = [0; DATAGRAM_MAX];
    while !ours.state().is_over() {
        step += 1;
        assert!(step < 2_000);
        let (now, seconds) = tick(step);
        while let Some((to, len)) = ours.poll_transmit(now, &mut out) {
            socket.send_to(&out[..len], to).unwrap();
        }
        theirs.update(seconds);
        while let Some((mut bytes, from)) = receive(&socket) {
            _ = ours.handle_datagram(from, &mut bytes, now);
        }
    }
    assert_eq!(ours.state(), ClientState::Denied);
}
