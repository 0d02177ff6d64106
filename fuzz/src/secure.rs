//! Targets for the secure sessions: tokens, sealed packets, and raw datagrams at either end.

use std::net::SocketAddr;

use crate::budget::per_packet;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, XChaCha20Poly1305};
use shieldwall_net::secure::{
    CONNECT_TOKEN_BYTES, CipherSet, ClientRekey, ClientState, ConnectToken, DATAGRAM_MAX, DropReason, Key,
    PAYLOAD_MAX, SecureClient, SecureServer, SecureServerConfig, ServerEvent, TokenParams,
};
use shieldwall_net::time::{Micros, UnixSeconds};

const PROTOCOL: u64 = 7;
const UNIX: UnixSeconds = UnixSeconds(1_800_000_000);
const PRIVATE_KEY: Key = [0xA5; 32];
const VERSION: &[u8; 13] = b"NETCODE 1.02\0";

fn server_address() -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1], 7777))
}

fn address(n: u8) -> SocketAddr {
    SocketAddr::from(([10, 0, 1, n % 4], 9000))
}

/// Bytes from a seed, the same in each run.
fn fill(state: &mut u64, bytes: &mut [u8]) {
    for byte in bytes {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        *byte = (*state >> 56) as u8;
    }
}

fn token_of(client_id: u64) -> ConnectToken {
    let params = TokenParams {
        protocol_id: PROTOCOL,
        client_id,
        created: UNIX,
        lifetime_seconds: 30,
        timeout_seconds: 5,
        server_addresses: &[server_address()],
        internal_addresses: &[server_address()],
        user_data: &[client_id as u8; 256],
        private_key: &PRIVATE_KEY,
    };
    let mut state = client_id;
    ConnectToken::generate(&params, &mut |bytes| fill(&mut state, bytes)).expect("one address")
}

fn new_server() -> SecureServer {
    let config = SecureServerConfig::new(PROTOCOL, PRIVATE_KEY, 2, vec![server_address()]);
    let mut state = 1;
    SecureServer::new(config, &mut |bytes| fill(&mut state, bytes)).expect("a sound configuration")
}

/// One step of a handshake: what the client sends, and the server's answer, handed over.
fn exchange(server: &mut SecureServer, client: &mut SecureClient, from: SocketAddr) -> Vec<u8> {
    let (mut out, mut reply) = ([0; DATAGRAM_MAX], [0; DATAGRAM_MAX]);
    let (_, len) = client.poll_transmit(Micros(0), &mut out).expect("a handshake packet");
    let sent = out[..len].to_vec();
    let event = server.handle_datagram(from, &mut out[..len], Micros(0), UNIX, &mut reply);
    let len = event.expect("genuine").reply_len();
    client.handle_datagram(server_address(), &mut reply[..len], Micros(0)).expect("genuine");
    sent
}

/// A server with a connected client at address 0 and a challenged one at address 1.
fn busy_server() -> (SecureServer, SecureClient, SecureClient) {
    let mut server = new_server();
    let rekey = ClientRekey { ciphers: CipherSet::ALL, ..ClientRekey::new([7; 32]) };
    let mut connected = SecureClient::with_rekey(token_of(1), &rekey, Micros(0));
    let mut challenged = SecureClient::new(token_of(2), Micros(0));
    exchange(&mut server, &mut connected, address(0));
    exchange(&mut server, &mut connected, address(0));
    exchange(&mut server, &mut challenged, address(1));
    (server, connected, challenged)
}

/// Hands a datagram to a server and checks what must hold of any answer.
fn hand_to_server(
    server: &mut SecureServer,
    from: SocketAddr,
    bytes: &[u8],
    now: Micros,
) -> Option<DropReason> {
    let mut out = [0; DATAGRAM_MAX];
    let before = server.stats().dropped_total();
    let mut datagram = bytes.to_vec();
    let dropped = match per_packet(|| server.handle_datagram(from, &mut datagram, now, UNIX, &mut out)) {
        Err(reason) => Some(reason),
        Ok(event) => {
            assert!(event.reply_len() * 3 <= bytes.len(), "a reply longer than a third");
            if let ServerEvent::Payload { bytes, .. } = event {
                assert!((1..=PAYLOAD_MAX).contains(&bytes.len()));
            }
            None
        }
    };
    assert_eq!(server.stats().dropped_total(), before + u64::from(dropped.is_some()));
    assert!(server.connected_count() <= 2);
    dropped
}

/// Bytes as a connect token, and as the sealed part of one that carries a genuine seal.
pub fn token(bytes: &[u8]) {
    if let Ok(token) = per_packet(|| ConnectToken::read(bytes)) {
        let written = token.write();
        assert!(ConnectToken::read(&written).as_ref() == Ok(&token), "written, it reads the same");
        let mut client = SecureClient::new(token, Micros(0));
        let mut out = [0; DATAGRAM_MAX];
        (0..200).for_each(|step| _ = client.poll_transmit(Micros(step * 100_000), &mut out));
    }
    let mut plain = [0; 1008];
    let len = bytes.len().min(plain.len());
    plain[..len].copy_from_slice(&bytes[..len]);
    let mut request = vec![0];
    request.extend(VERSION);
    request.extend(PROTOCOL.to_le_bytes());
    request.extend((UNIX.0 + 30).to_le_bytes());
    let associated = request[1..].to_vec();
    let nonce = [9; 24];
    request.extend(nonce);
    let payload = Payload { msg: &plain, aad: &associated };
    let sealed = XChaCha20Poly1305::new(&PRIVATE_KEY.into()).encrypt(&nonce.into(), payload);
    request.extend(sealed.expect("far below the cipher's limit"));
    let dropped = hand_to_server(&mut new_server(), address(3), &request, Micros(0));
    let possible = [DropReason::TokenMalformed, DropReason::TokenForOtherServer];
    assert!(dropped.is_none_or(|reason| possible.contains(&reason)), "{dropped:?}");
}

/// A packet sealed with a genuine key: first byte the prefix, eight the sequence, the rest the body.
fn seal(bytes: &[u8], key: &Key) -> Option<Vec<u8>> {
    let (prefix, rest) = bytes.split_first()?;
    let (sequence, body) = rest.split_first_chunk::<8>()?;
    let width = usize::from(prefix >> 4).min(8);
    let mut kept = [0; 8];
    kept[..width].copy_from_slice(&sequence[..width]);
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&kept);
    let associated = [&VERSION[..], &PROTOCOL.to_le_bytes(), &[*prefix]].concat();
    let payload = Payload { msg: body, aad: &associated };
    let sealed = ChaCha20Poly1305::new(key.into()).encrypt(&nonce.into(), payload).ok()?;
    Some([&[*prefix], &kept[..width], &sealed].concat())
}

/// Packets that only a peer (or a thief of its keys) can make, at both ends, twice.
pub fn packet(bytes: &[u8]) {
    let (mut server, mut connected, mut challenged) = busy_server();
    for (n, id) in [(0, 1), (1, 2)] {
        let Some(datagram) = seal(bytes, &token_of(id).client_to_server_key) else { return };
        let first = hand_to_server(&mut server, address(n), &datagram, Micros(1));
        let second = hand_to_server(&mut server, address(n), &datagram, Micros(1));
        let replayable = first.is_none() && datagram[0] & 15 >= 4;
        assert!(!replayable || second.is_some(), "the same packet was taken twice");
    }
    for (client, id) in [(&mut connected, 1), (&mut challenged, 2)] {
        let Some(datagram) = seal(bytes, &token_of(id).server_to_client_key) else { return };
        let first = client.handle_datagram(server_address(), &mut datagram.clone(), Micros(1)).is_ok();
        let second = client.handle_datagram(server_address(), &mut datagram.clone(), Micros(1)).is_ok();
        assert!(!(first && second), "the same packet was taken twice");
        let mut out = [0; DATAGRAM_MAX];
        (0..100).for_each(|step| _ = client.poll_transmit(Micros(step * 100_000), &mut out));
    }
}

/// Cuts bytes into (control byte, datagram) pairs: a control byte, a length of two bytes, the datagram.
fn datagrams(mut bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    core::iter::from_fn(move || {
        let (head, rest) = bytes.split_first_chunk::<3>()?;
        let len = usize::from(u16::from_le_bytes([head[1], head[2]])).min(rest.len());
        let (datagram, rest) = rest.split_at(len);
        bytes = rest;
        Some((head[0], datagram))
    })
}

/// Raw datagrams from several addresses over time.
pub fn server_datagram(bytes: &[u8]) {
    let (mut server, ..) = busy_server();
    let mut now = Micros(1);
    for (control, datagram) in datagrams(bytes) {
        now = now + Micros(u64::from(control >> 2) * 50_000);
        hand_to_server(&mut server, address(control), datagram, now);
        server.update(now, &mut |_| ());
    }
}

/// Raw datagrams at clients in every state.
pub fn client_datagram(bytes: &[u8]) {
    let (_, connected, challenged) = busy_server();
    for mut client in [SecureClient::new(token_of(3), Micros(0)), challenged, connected] {
        let (mut now, mut out) = (Micros(1), [0; DATAGRAM_MAX]);
        for (control, datagram) in datagrams(bytes) {
            now = now + Micros(u64::from(control >> 2) * 50_000);
            let from = if control & 3 == 3 { address(0) } else { server_address() };
            let over = client.state().is_over();
            let mut datagram = datagram.to_vec();
            let taken = per_packet(|| client.handle_datagram(from, &mut datagram, now).is_ok());
            assert!(!(taken && (over || control & 3 == 3)));
            while client.poll_transmit(now, &mut out).is_some() {}
        }
        if client.state() == ClientState::Connected {
            client.seal_payload(b"still there", now, &mut out).expect("connected");
        }
    }
}

/// Genuine tokens, plaintexts, packets and conversations to start from.
pub fn seeds() -> Vec<(&'static str, String, Vec<u8>)> {
    let token = token_of(1);
    let bytes: [u8; CONNECT_TOKEN_BYTES] = token.write();
    let mut plain = Vec::new();
    plain.extend(1_u64.to_le_bytes());
    plain.extend(5_u32.to_le_bytes());
    plain.extend(2_u32.to_le_bytes());
    plain.extend([1, 10, 0, 0, 1, 0x61, 0x1e, 2]);
    plain.extend([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0x61, 0x1e]);
    plain.extend([7; 320]);
    let mut seeds = vec![
        ("secure_token", "genuine".to_owned(), bytes.to_vec()),
        ("secure_token", "private".to_owned(), plain),
    ];
    let bodies: [(u8, usize); 7] = [(1, 0), (2, 308), (3, 308), (4, 8), (5, 1), (5, 1200), (6, 0)];
    for (kind, body) in bodies {
        let mut packet = vec![kind | 1 << 4, 9, 0, 0, 0, 0, 0, 0, 0];
        packet.extend(vec![3; body]);
        seeds.push(("secure_packet", format!("kind{kind}_{body}"), packet));
    }
    // Offer, answer and wish of new keys.
    for (name, kind, choice, body) in
        [("rekey_offer", 1, 3, 192), ("rekey_answer", 2, 2, 40), ("rekey_wish", 3, 0, 8)]
    {
        let mut packet = vec![7 | 1 << 4, 9, 0, 0, 0, 0, 0, 0, 0, kind, 1, choice, 0, 1, 0, 0, 0];
        packet.resize(17 + 32, 9);
        packet.resize(9 + body, 0);
        seeds.push(("secure_packet", name.to_owned(), packet));
    }
    let record = |control: u8, datagram: &[u8]| {
        [&[control][..], &(datagram.len() as u16).to_le_bytes(), datagram].concat()
    };
    let mut out = [0; DATAGRAM_MAX];
    let (mut server, mut connected, mut challenged) = busy_server();
    let request = {
        let mut client = SecureClient::new(token_of(5), Micros(0));
        let (_, len) = client.poll_transmit(Micros(0), &mut out).expect("a request");
        out[..len].to_vec()
    };
    let (_, len) = connected.seal_payload(b"payload", Micros(0), &mut out).expect("connected");
    let payload = out[..len].to_vec();
    let (_, len) = challenged.poll_transmit(Micros(0), &mut out).expect("a response");
    let response = out[..len].to_vec();
    let up =
        [record(2, &request), record(0, &payload), record(1, &response), record(0xfc, &payload)].concat();
    seeds.push(("secure_server_datagram", "conversation".to_owned(), up));
    let client = server.client_with_id(1).expect("connected");
    let (_, len) = server.seal_payload(client, b"downward", Micros(0), &mut out).expect("connected");
    let down = [record(0, &out[..len]), record(3, &out[..len]), record(0xfc, &out[..len])].concat();
    seeds.push(("secure_client_datagram", "conversation".to_owned(), down));
    seeds
}
