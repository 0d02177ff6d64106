//! What sessions cost the server: memory of an idle client, packets by cipher, joins, timers, and forged requests beside five
//! hundred clients. The state machine alone, in one thread, without sockets.
//!
//! `cargo run --release -p shieldwall-benches --example session_cost`. Times are of the thread on a CPU, so that a busy machine
//! spoils little.

use cpu_time::ThreadTime;
use shieldwall_core::{World, WorldConfig};
use shieldwall_net::secure::{
    CipherSet, ClientIndex, ClientRekey, ConnectToken, DATAGRAM_MAX, SecureClient, SecureServer,
    SecureServerConfig, TokenParams,
};
use shieldwall_net::server::{ReplicationConfig, ZoneSessions};
use shieldwall_net::time::{Micros, UnixSeconds};
use std::net::SocketAddr;

const PROTOCOL: u64 = 1;
const KEY: [u8; 32] = [7; 32];
const UNIX: UnixSeconds = UnixSeconds(1_800_000_000);
const CROWD: u32 = 16_384;
const TICK_US: u64 = 16_667;

/// Nanoseconds that this thread has run.
fn on_cpu_ns() -> u64 {
    ThreadTime::now().as_duration().as_nanos() as u64
}

/// Bytes of memory that this process has in use.
fn resident_bytes() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/statm").expect("figures are taken on Linux");
    stat.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok()).expect("pages second") * 4_096
}

/// The mean cost of a call, the least of five runs.
fn per_call_ns(calls: u32, mut call: impl FnMut(u32)) -> u64 {
    let mut run = || {
        let began = on_cpu_ns();
        (0..calls).for_each(&mut call);
        (on_cpu_ns() - began) / u64::from(calls)
    };
    (0..5).map(|_| run()).min().unwrap_or(0)
}

/// Bytes from a seed, the same in each run.
struct Random(u64);

impl Random {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = (self.0 >> 56) as u8;
        }
    }
}

fn server_address() -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1], 7777))
}

fn client_address(n: u32) -> SocketAddr {
    SocketAddr::from(([11, (n >> 16) as u8, (n >> 8) as u8, n as u8], 20_000))
}

fn server(max_clients: u32, ciphers: CipherSet) -> SecureServer {
    let mut config = SecureServerConfig::new(PROTOCOL, KEY, max_clients, vec![server_address()]);
    (config.ciphers, config.token_openings_per_second, config.rekeys_per_second) =
        (ciphers, u32::MAX, u32::MAX);
    SecureServer::new(config, &mut |bytes| Random(1).fill(bytes)).expect("a valid configuration")
}

fn client(n: u32) -> SecureClient {
    let params = TokenParams {
        protocol_id: PROTOCOL,
        client_id: n.into(),
        created: UNIX,
        lifetime_seconds: 60,
        timeout_seconds: 60,
        server_addresses: &[server_address()],
        internal_addresses: &[server_address()],
        user_data: &[0; 256],
        private_key: &KEY,
    };
    let mut random = Random(u64::from(n) + 2);
    let token = ConnectToken::generate(&params, &mut |bytes| random.fill(bytes)).expect("valid parameters");
    let rekey = ClientRekey { ciphers: CipherSet::ALL, ..ClientRekey::new([9; 32]) };
    SecureClient::with_rekey(token, &rekey, Micros(0))
}

/// Request, response, offer and the first packet with the new keys; what each cost the server, in nanoseconds.
fn join(server: &mut SecureServer, client: &mut SecureClient, from: SocketAddr, now: Micros) -> [u64; 4] {
    let (mut out, mut reply) = ([0; DATAGRAM_MAX], [0; DATAGRAM_MAX]);
    core::array::from_fn(|_| {
        let (_, length) = client.poll_transmit(now, &mut out).expect("something to send");
        let began = on_cpu_ns();
        let event = server.handle_datagram(from, &mut out[..length], now, UNIX, &mut reply);
        let length = event.expect("genuine").reply_len();
        let cost = on_cpu_ns() - began;
        if length > 0 {
            client.handle_datagram(server_address(), &mut reply[..length], now).expect("genuine");
        }
        cost
    })
}

fn crowd(clients: u32, ciphers: CipherSet) -> (SecureServer, Vec<SecureClient>) {
    let mut server = server(clients, ciphers);
    let peers = (0..clients)
        .map(|n| {
            let mut peer = client(n);
            join(&mut server, &mut peer, client_address(n), Micros(0));
            peer
        })
        .collect();
    (server, peers)
}

fn memory_and_timers() {
    // Tokens and clients are made first, so that they are not counted.
    let mut peers: Vec<SecureClient> = (0..CROWD).map(client).collect();
    let before = resident_bytes();
    let mut server = server(CROWD, CipherSet::ALL);
    for (n, peer) in (0..CROWD).zip(&mut peers) {
        join(&mut server, peer, client_address(n), Micros(0));
    }
    let bytes = (resident_bytes() - before) / u64::from(CROWD);
    println!("memory of an idle client in the secure server: {bytes} B ({CROWD} clients)");
    let (mut sent, mut now) = (0_u64, 0);
    let cost = per_call_ns(100, |_| {
        now += 10_000;
        server.update(Micros(now), &mut |_| sent += 1);
    });
    let each = sent / 500;
    println!("update every 10 ms, {CROWD} idle clients: {cost} ns, with {each} keep-alives in it");
    let (mut out, mut now) = ([0; DATAGRAM_MAX], now);
    let cost = per_call_ns(100, |_| {
        now += 10_000;
        for n in 0..CROWD {
            // Everybody has just been sent something: nothing is due.
            if n % 5 == (now / 10_000) as u32 % 5 {
                server.seal_payload(ClientIndex(n), &[0; 30], Micros(now), &mut out).expect("connected");
            }
        }
    });
    let with = per_call_ns(100, |_| {
        now += 10_000;
        for n in 0..CROWD {
            if n % 5 == (now / 10_000) as u32 % 5 {
                server.seal_payload(ClientIndex(n), &[0; 30], Micros(now), &mut out).expect("connected");
            }
        }
        server.update(Micros(now), &mut |_| ());
    });
    println!(
        "update every 10 ms, {CROWD} clients that are sent packets at 20 Hz: {} ns",
        with.saturating_sub(cost)
    );
}

fn memory_of_the_zone() {
    for (clients, capacity) in [(1_000_u32, 4_096_u32), (1_000, 16_384)] {
        let config =
            WorldConfig { character_capacity: capacity, event_capacity: 40_000, ..WorldConfig::default() };
        let mut world = World::new(&config).expect("a good configuration");
        let mut zone = ZoneSessions::new(&ReplicationConfig::default(), &config, clients).expect("as good");
        let before = resident_bytes();
        let began = on_cpu_ns();
        for n in 0..clients {
            zone.connect(ClientIndex(n), n.into(), None).expect("a free place");
        }
        let each = (on_cpu_ns() - began) / u64::from(clients);
        let mut commands = Vec::new();
        let mut slowest = 0;
        for _ in 0..60 {
            commands.clear();
            zone.begin_tick(world.tick(), &mut commands);
            world.step(&commands);
            let began = on_cpu_ns();
            zone.end_tick(&world);
            slowest = slowest.max(on_cpu_ns() - began);
        }
        let bytes = (resident_bytes().saturating_sub(before)) / u64::from(clients);
        println!(
            "memory of an idle client in a zone of {capacity} characters: {bytes} B; connect {each} ns; slowest end of a tick \
             with arrivals {slowest} ns"
        );
    }
}

fn packets() {
    for (name, ciphers) in [("ChaCha20-Poly1305", CipherSet::CHACHA), ("AES-256-GCM", CipherSet::ALL)] {
        let (mut server, mut peers) = crowd(500, ciphers);
        let mut out = [0; DATAGRAM_MAX];
        for size in [30, 600, 1_200] {
            let payload = vec![7; size];
            let seal = per_call_ns(100_000, |n| {
                server.seal_payload(ClientIndex(n % 500), &payload, Micros(1), &mut out).expect("connected");
            });
            let sealed: Vec<Vec<u8>> = (0..100_000_usize)
                .map(|n| {
                    let (_, length) =
                        peers[n % 500].seal_payload(&payload, Micros(1), &mut out).expect("connected");
                    out[..length].to_vec()
                })
                .collect();
            let (mut bytes, mut reply) = ([0; DATAGRAM_MAX], [0; DATAGRAM_MAX]);
            let began = on_cpu_ns();
            for (n, datagram) in (0..).zip(&sealed) {
                let bytes = &mut bytes[..datagram.len()];
                bytes.copy_from_slice(datagram);
                let from = client_address(n % 500);
                server.handle_datagram(from, bytes, Micros(1), UNIX, &mut reply).expect("genuine");
            }
            let open = (on_cpu_ns() - began) / sealed.len() as u64;
            println!("{name}, {size} B over 500 clients: seal {seal} ns, find and open {open} ns");
        }
    }
}

fn joins() {
    let mut server = server(4_000, CipherSet::ALL);
    let mut sums = [0; 4];
    for n in 0..4_000 {
        let mut peer = client(n);
        let costs = join(&mut server, &mut peer, client_address(n), Micros(0));
        sums.iter_mut().zip(costs).for_each(|(sum, cost)| *sum += cost);
    }
    let [request, response, offer, first] = sums.map(|sum| sum / 4_000);
    let join = request + response + offer + first;
    println!("a join: request {request} ns, response {response} ns, new keys {offer} + {first} ns");
    println!("ten thousand joins in ten seconds: {} % of a core", join / 10_000);
}

/// One tick of 500 clients at 60 Hz × 30 B up and 20 Hz × 600 B down.
fn tick(server: &mut SecureServer, up: &[Vec<u8>], now: Micros, number: u32) {
    let (mut bytes, mut out) = ([0; DATAGRAM_MAX], [0; DATAGRAM_MAX]);
    for (n, datagram) in (0..).zip(up) {
        let bytes = &mut bytes[..datagram.len()];
        bytes.copy_from_slice(datagram);
        server.handle_datagram(client_address(n), bytes, now, UNIX, &mut out).expect("genuine");
    }
    for n in (0..500).filter(|n| n % 3 == number % 3) {
        server.seal_payload(ClientIndex(n), &[5; 600], now, &mut out).expect("connected");
    }
    server.update(now, &mut |_| ());
}

fn quantile(sorted: &[u64], per_mille: usize) -> u64 {
    sorted[(sorted.len() - 1) * per_mille / 1_000] / 1_000
}

/// Makes a forged request of a genuine one.
type Forge = fn(&mut [u8]);

/// Forged requests of three kinds, and what they do to the ticks of 500 clients: 5,000 in each tick are 300,000 a second.
fn forged() {
    let mut out = [0; DATAGRAM_MAX];
    let (_, length) = client(70_000).poll_transmit(Micros(0), &mut out).expect("a request");
    let genuine = out[..length].to_vec();
    let kinds: [(&str, Forge); 3] = [
        ("sealed part forged", |bytes| Random(5).fill(&mut bytes[30..])),
        ("another game", |bytes| bytes[14] ^= 1),
        ("expired", |bytes| bytes[22..30].fill(0)),
    ];
    for (name, forge) in kinds {
        let mut request = genuine.clone();
        forge(&mut request);
        for flood in [0_u32, 5_000] {
            let mut config = SecureServerConfig::new(PROTOCOL, KEY, 500, vec![server_address()]);
            config.rekeys_per_second = u32::MAX;
            let mut server = SecureServer::new(config, &mut |bytes| Random(1).fill(bytes)).expect("valid");
            let mut peers: Vec<SecureClient> = (0..500).map(client).collect();
            for (n, peer) in (0..).zip(&mut peers) {
                // In steps, because of the budget of openings.
                let now = Micros(u64::from(n) * 10_000);
                join(&mut server, peer, client_address(n), now);
            }
            let (mut ticks, mut flood_ns) = (Vec::new(), 0);
            for number in 0..600_u32 {
                let now = Micros(6_000_000 + u64::from(number) * TICK_US);
                let up: Vec<Vec<u8>> = peers
                    .iter_mut()
                    .map(|peer| {
                        let (_, length) = peer.seal_payload(&[3; 30], now, &mut out).expect("connected");
                        out[..length].to_vec()
                    })
                    .collect();
                let began = on_cpu_ns();
                let mut bytes = [0; DATAGRAM_MAX];
                for n in 0..flood {
                    let bytes = &mut bytes[..request.len()];
                    bytes.copy_from_slice(&request);
                    bytes[100..104].copy_from_slice(&(number * 5_000 + n).to_le_bytes());
                    let at = Micros(now.0 + u64::from(n) * 3);
                    let from = client_address(100_000 + n);
                    assert!(server.handle_datagram(from, bytes, at, UNIX, &mut out).is_err(), "refused");
                }
                flood_ns += on_cpu_ns() - began;
                let began = on_cpu_ns();
                tick(&mut server, &up, now, number);
                ticks.push(on_cpu_ns() - began);
            }
            ticks.sort_unstable();
            let (p50, p99) = (quantile(&ticks, 500), quantile(&ticks, 990));
            if flood == 0 {
                println!("500 clients, no flood: p50 {p50} us, p99 {p99} us a tick for their packets");
                continue;
            }
            let each = flood_ns / (600 * u64::from(flood));
            let (share, rate) = (flood_ns / 600 * 100 / (TICK_US * 1_000), 1_000_000_000 / each.max(1));
            println!(
                "{name}, 300,000 a second beside them: p50 {p50} us, p99 {p99} us; {each} ns each, {rate} a second and core, \
                 {share} % of a core"
            );
        }
    }
}

fn main() {
    memory_and_timers();
    memory_of_the_zone();
    packets();
    joins();
    forged();
}
