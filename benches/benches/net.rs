//! The netcode: one packet from server to client (seal, then check and open) beside renetcode, which speaks the same
//! standard. Whole servers beside their peers are in `benches/net-peers`.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use renetcode::{
    ClientAuthentication, NetcodeClient, NetcodeServer, ServerAuthentication, ServerConfig, ServerResult,
};
use shieldwall_net::secure::{
    ClientIndex, ClientState, ConnectToken, DATAGRAM_MAX, SecureClient, SecureServer, SecureServerConfig,
    TokenParams,
};
use shieldwall_net::time::{Micros, UnixSeconds};
use std::hint::black_box;
use std::net::SocketAddr;
use std::time::Duration;

const PROTOCOL: u64 = 1;
const KEY: [u8; 32] = [7; 32];
const CLIENT_ID: u64 = 1;
const UNIX: u64 = 1_800_000_000;
const CLIENT: &str = "127.0.0.1:50000";
const SERVER: &str = "127.0.0.1:40000";

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

/// Fixed bytes serve where a benchmark needs "random" ones.
fn fill(bytes: &mut [u8]) {
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = index as u8;
    }
}

/// Our server and our client, connected in memory.
fn ours() -> (SecureServer, SecureClient) {
    let config = SecureServerConfig::new(PROTOCOL, KEY, 4, vec![address(SERVER)]);
    let mut server = SecureServer::new(config, &mut fill).expect("a valid configuration");
    let params = TokenParams {
        protocol_id: PROTOCOL,
        client_id: CLIENT_ID,
        created: UnixSeconds(UNIX),
        lifetime_seconds: 60,
        timeout_seconds: 60,
        server_addresses: &[address(SERVER)],
        internal_addresses: &[address(SERVER)],
        user_data: &[0; 256],
        private_key: &KEY,
    };
    let token = ConnectToken::generate(&params, &mut fill).expect("valid parameters");
    let mut client = SecureClient::new(token, Micros(0));
    let (mut up, mut down) = ([0; DATAGRAM_MAX], [0; DATAGRAM_MAX]);
    for round in 0..100 {
        let now = Micros::from_millis(100 * round);
        let Some((_, len)) = client.poll_transmit(now, &mut up) else { continue };
        let event =
            server.handle_datagram(address(CLIENT), &mut up[..len], now, UnixSeconds(UNIX), &mut down);
        let reply = event.map_or(0, |event| event.reply_len());
        client.handle_datagram(address(SERVER), &mut down[..reply], now).ok();
        if client.state() == ClientState::Connected {
            return (server, client);
        }
    }
    panic!("a benchmark that cannot connect measures nothing");
}

/// Their server and their client, connected in memory.
fn theirs() -> (NetcodeServer, NetcodeClient) {
    let mut server = NetcodeServer::new(ServerConfig {
        current_time: Duration::from_secs(UNIX),
        max_clients: 4,
        protocol_id: PROTOCOL,
        public_addresses: vec![address(SERVER)],
        authentication: ServerAuthentication::Secure { private_key: KEY },
    });
    let now = Duration::from_secs(UNIX);
    let servers = vec![address(SERVER)];
    let token = renetcode::ConnectToken::generate(now, PROTOCOL, 60, CLIENT_ID, 60, servers, None, &KEY)
        .expect("a token");
    let authentication = ClientAuthentication::Secure { connect_token: token };
    let mut client = NetcodeClient::new(Duration::ZERO, authentication).expect("a client");
    for _ in 0..100 {
        let Some((bytes, _)) = client.update(Duration::from_millis(100)) else { continue };
        let mut bytes = bytes.to_vec();
        let reply = match server.process_packet(address(CLIENT), &mut bytes) {
            ServerResult::PacketToSend { payload, .. } | ServerResult::ClientConnected { payload, .. } => {
                Some(payload)
            }
            _ => None,
        };
        if let Some(reply) = reply {
            client.process_packet(reply);
        }
        if client.is_connected() {
            return (server, client);
        }
    }
    panic!("a benchmark that cannot connect measures nothing");
}

fn packet(c: &mut Criterion) {
    let mut group = c.benchmark_group("packet_sealed_and_opened");
    let ((mut server, mut client), (mut their_server, mut their_client)) = (ours(), theirs());
    for bytes in [30_usize, 600, 1200] {
        let payload = vec![42; bytes];
        let mut out = [0; DATAGRAM_MAX];
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::new("shieldwall", bytes), |b| {
            b.iter(|| {
                let (_, len) =
                    server.seal_payload(ClientIndex(0), &payload, Micros(1), &mut out).expect("connected");
                black_box(client.handle_datagram(address(SERVER), &mut out[..len], Micros(1)))
                    .expect("genuine");
            });
        });
        group.bench_function(BenchmarkId::new("renetcode", bytes), |b| {
            b.iter(|| {
                let (_, sealed) =
                    their_server.generate_payload_packet(CLIENT_ID, &payload).expect("connected");
                black_box(their_client.process_packet(sealed)).expect("genuine");
            });
        });
    }
    group.finish();
}

criterion_group!(benches, packet);
criterion_main!(benches);
