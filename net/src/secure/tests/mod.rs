//! Tests of the secure sessions: golden vectors, hostile datagrams, a simulated network.

mod cost;
mod crowd;
mod floods;
mod golden;
mod hostile_client;
mod hostile_server;
mod laws;
mod lines;
mod rekeying;
mod second_login;
mod simulation;

use std::net::{Ipv4Addr, SocketAddr};

use super::*;
use crate::time::{Micros, UnixSeconds};

pub(super) const PROTOCOL: u64 = 0x5348_4945_4c44;
pub(super) const UNIX: UnixSeconds = UnixSeconds(1_800_000_000);
pub(super) const PRIVATE_KEY: Key = [0xA5; KEY_BYTES];

/// A seeded source of bytes (SplitMix64): good enough to test with, not to encrypt with.
pub(super) struct Rng(pub(super) u64);

impl Rng {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    pub(super) fn fill(&mut self, bytes: &mut [u8]) {
        bytes.iter_mut().for_each(|byte| *byte = self.next() as u8);
    }
}

pub(super) fn server_address() -> SocketAddr {
    "10.0.0.1:7777".parse().unwrap()
}

pub(super) fn client_address(n: u32) -> SocketAddr {
    SocketAddr::new(Ipv4Addr::from(0x0b00_0000 + n / 4).into(), 20_000 + (n % 4) as u16)
}

pub(super) fn user_data(client_id: u64) -> UserData {
    core::array::from_fn(|i| (client_id as u8).wrapping_mul(31).wrapping_add(i as u8))
}

pub(super) fn params<'a>(
    client_id: u64,
    servers: &'a [SocketAddr],
    user_data: &'a UserData,
) -> TokenParams<'a> {
    TokenParams {
        protocol_id: PROTOCOL,
        client_id,
        created: UNIX,
        lifetime_seconds: 30,
        timeout_seconds: 5,
        server_addresses: servers,
        internal_addresses: servers,
        user_data,
        private_key: &PRIVATE_KEY,
    }
}

pub(super) fn token(client_id: u64, rng: &mut Rng) -> ConnectToken {
    let (servers, data) = ([server_address()], user_data(client_id));
    ConnectToken::generate(&params(client_id, &servers, &data), &mut |bytes| rng.fill(bytes)).unwrap()
}

pub(super) fn server_with(max_clients: u32, change: impl FnOnce(&mut SecureServerConfig)) -> SecureServer {
    let mut config = SecureServerConfig::new(PROTOCOL, PRIVATE_KEY, max_clients, vec![server_address()]);
    change(&mut config);
    let mut rng = Rng(u64::from(max_clients));
    SecureServer::new(config, &mut |bytes| rng.fill(bytes)).unwrap()
}

pub(super) fn server(max_clients: u32) -> SecureServer {
    server_with(max_clients, |_| {})
}

/// The next datagram of a client.
pub(super) fn sent_by(client: &mut SecureClient, now: Micros) -> Vec<u8> {
    let mut out = [0; DATAGRAM_MAX];
    let (to, len) = client.poll_transmit(now, &mut out).expect("something to send");
    assert_eq!(to, server_address());
    out[..len].to_vec()
}

/// The server's answer to a datagram, as bytes, or why there is none.
pub(super) fn answer(
    server: &mut SecureServer,
    from: SocketAddr,
    datagram: &[u8],
    now: Micros,
) -> Result<Vec<u8>, DropReason> {
    let mut out = [0; DATAGRAM_MAX];
    let mut bytes = datagram.to_vec();
    let len = server.handle_datagram(from, &mut bytes, now, UNIX, &mut out)?.reply_len();
    assert!(len * 3 <= datagram.len(), "a reply of {len} to {}", datagram.len());
    Ok(out[..len].to_vec())
}

/// Connects without loss.
pub(super) fn connect(
    server: &mut SecureServer,
    token: ConnectToken,
    from: SocketAddr,
    now: Micros,
) -> SecureClient {
    connect_client(server, SecureClient::new(token, now), from, now)
}

/// As [`connect`], for a client that is made already.
pub(super) fn connect_client(
    server: &mut SecureServer,
    mut client: SecureClient,
    from: SocketAddr,
    now: Micros,
) -> SecureClient {
    for _ in 0..2 {
        let request = sent_by(&mut client, now);
        let mut reply = answer(server, from, &request, now).unwrap();
        client.handle_datagram(server_address(), &mut reply, now).unwrap();
    }
    assert_eq!(client.state(), ClientState::Connected);
    client
}
