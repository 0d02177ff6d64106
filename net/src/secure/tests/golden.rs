//! Bytes made by the reference implementation, from the same inputs: ours must be the same, and we must read theirs.

use super::super::crypto::PacketKey;
use super::super::packet::{
    Header, Packet, Side, open_packet, read_header, read_request, seal_packet, write_request,
};
use super::super::private_token::{ChallengeToken, PrivateToken, open_private, seal_private};
use super::*;

const GOLDEN_PROTOCOL: u64 = 0x1122_3344_5566_7788;
const CLIENT_ID: u64 = 0x0102_0304_0506_0708;
const CREATED: UnixSeconds = UnixSeconds(1_720_000_000);
const EXPIRES: UnixSeconds = UnixSeconds(1_720_000_100);
const CHALLENGE_SEQUENCE: u64 = 1000;
const PACKET_SEQUENCE: u64 = 0x11_2233_4455;
const GOLDEN_KEY: Key = [
    0x60, 0x6a, 0xbe, 0x6e, 0xc9, 0x19, 0x10, 0xea, 0x9a, 0x65, 0x62, 0xf6, 0x6f, 0x2b, 0x30, 0xe4, 0x43,
    0x71, 0xd6, 0x2c, 0xd1, 0x99, 0x27, 0x26, 0x6b, 0x3c, 0x60, 0xf4, 0xb7, 0x15, 0xab, 0xa1,
];

const PRIVATE_PLAIN: &[u8; 1024] = include_bytes!("vectors/private_connect_token_plaintext.bin");
const PRIVATE_SEALED: &[u8; 1024] = include_bytes!("vectors/private_connect_token_encrypted.bin");
const TOKEN: &[u8; 2048] = include_bytes!("vectors/connect_token.bin");
const CHALLENGE: &[u8; 300] = include_bytes!("vectors/challenge_token_encrypted.bin");

fn nonce() -> [u8; TOKEN_NONCE_BYTES] {
    core::array::from_fn(|i| 100 + i as u8)
}

fn addresses() -> AddressList {
    AddressList::new(&["127.0.0.1:40000".parse().unwrap(), "[::1]:50000".parse().unwrap()]).unwrap()
}

fn private_token_value() -> PrivateToken {
    PrivateToken {
        client_id: CLIENT_ID,
        timeout_seconds: 15,
        server_addresses: addresses(),
        client_to_server_key: core::array::from_fn(|i| i as u8),
        server_to_client_key: core::array::from_fn(|i| 255 - i as u8),
        user_data: core::array::from_fn(|i| i as u8),
    }
}

fn connect_token() -> ConnectToken {
    let private = private_token_value();
    ConnectToken {
        protocol_id: GOLDEN_PROTOCOL,
        created: CREATED,
        expires: EXPIRES,
        nonce: nonce(),
        sealed: Box::new(*PRIVATE_SEALED),
        timeout_seconds: 15,
        server_addresses: addresses(),
        client_to_server_key: private.client_to_server_key,
        server_to_client_key: private.server_to_client_key,
    }
}

fn packet_key() -> PacketKey {
    PacketKey::new(&core::array::from_fn(|i| (i + 17) as u8))
}

#[test]
fn private_token() {
    let mut bytes = [0xEE; PRIVATE_TOKEN_BYTES];
    private_token_value().write(&mut bytes);
    assert_eq!(&bytes, PRIVATE_PLAIN);
    seal_private(&mut bytes, GOLDEN_PROTOCOL, EXPIRES, &nonce(), &GOLDEN_KEY);
    assert_eq!(&bytes, PRIVATE_SEALED);
    open_private(&mut bytes, GOLDEN_PROTOCOL, EXPIRES, &nonce(), &GOLDEN_KEY).unwrap();
    assert_eq!(bytes[..1008], PRIVATE_PLAIN[..1008]);
    assert_eq!(bytes[1008..], PRIVATE_SEALED[1008..], "the tag stays");
    assert!(PrivateToken::read(&bytes).unwrap() == private_token_value());
}

#[test]
fn connect_token_bytes() {
    assert_eq!(&connect_token().write(), TOKEN);
    assert!(ConnectToken::read(TOKEN).unwrap() == connect_token());
}

#[test]
fn a_generated_token_is_the_golden_one() {
    let private = private_token_value();
    let mut draws = [&private.client_to_server_key[..], &private.server_to_client_key[..], &nonce()[..]]
        .map(<[u8]>::to_vec)
        .into_iter();
    let servers = addresses();
    let params = TokenParams {
        protocol_id: GOLDEN_PROTOCOL,
        client_id: CLIENT_ID,
        created: CREATED,
        lifetime_seconds: 100,
        timeout_seconds: 15,
        server_addresses: servers.as_slice(),
        internal_addresses: servers.as_slice(),
        user_data: &private.user_data,
        private_key: &GOLDEN_KEY,
    };
    let made = ConnectToken::generate(&params, &mut |bytes| bytes.copy_from_slice(&draws.next().unwrap()));
    assert_eq!(&made.unwrap().write(), TOKEN);
}

#[test]
fn challenge_token() {
    let key = PacketKey::new(&core::array::from_fn(|i| (i * 2) as u8));
    let plain = ChallengeToken { client_id: CLIENT_ID, user_data: private_token_value().user_data };
    assert_eq!(&plain.seal(CHALLENGE_SEQUENCE, &key), CHALLENGE);
    let opened = ChallengeToken::open(CHALLENGE, CHALLENGE_SEQUENCE, &key).unwrap();
    assert!(opened.client_id == CLIENT_ID && opened.user_data == plain.user_data);
    assert!(ChallengeToken::open(CHALLENGE, CHALLENGE_SEQUENCE + 1, &key).is_err());
}

#[test]
fn request() {
    let golden = include_bytes!("vectors/packet_request.bin");
    let mut out = [0; DATAGRAM_MAX];
    let len = write_request(&connect_token(), &mut out);
    assert_eq!(&out[..len], golden);
    let mut bytes = *golden;
    let request = read_request(&mut bytes).unwrap();
    assert_eq!((request.protocol_id, request.expires, request.nonce), (GOLDEN_PROTOCOL, EXPIRES, nonce()));
    assert_eq!(request.sealed, PRIVATE_SEALED);
}

fn both_ways(packet: &Packet<'_>, side: Side, golden: &[u8]) {
    let mut out = [0; DATAGRAM_MAX];
    let len = seal_packet(packet, PACKET_SEQUENCE, GOLDEN_PROTOCOL, &packet_key(), &mut out);
    assert_eq!(&out[..len], golden);
    let mut bytes = golden.to_vec();
    let header: Header = read_header(&bytes, side).unwrap();
    assert_eq!((header.kind, header.sequence), (packet.kind(), PACKET_SEQUENCE));
    let opened = open_packet(&mut bytes, header, GOLDEN_PROTOCOL, &packet_key(), None);
    assert_eq!(opened.as_ref(), Ok(packet));
}

#[test]
fn sealed_packets() {
    let (sequence, token) = (CHALLENGE_SEQUENCE, CHALLENGE);
    let payload: Vec<u8> = (0..PAYLOAD_MAX).map(|i| i as u8).collect();
    both_ways(&Packet::Denied, Side::Client, include_bytes!("vectors/packet_denied.bin"));
    both_ways(
        &Packet::Challenge { sequence, token },
        Side::Client,
        include_bytes!("vectors/packet_challenge.bin"),
    );
    both_ways(
        &Packet::Response { sequence, token },
        Side::Server,
        include_bytes!("vectors/packet_response.bin"),
    );
    for side in [Side::Client, Side::Server] {
        let keep_alive = Packet::KeepAlive { client_index: 7, max_clients: 32 };
        both_ways(&keep_alive, side, include_bytes!("vectors/packet_keep_alive.bin"));
        both_ways(&Packet::Payload(&payload), side, include_bytes!("vectors/packet_payload.bin"));
        both_ways(&Packet::Disconnect, side, include_bytes!("vectors/packet_disconnect.bin"));
    }
}

/// The subkey construction against another implementation of the whole cipher.
#[test]
fn extended_cipher_agrees_with_another_implementation() {
    use chacha20poly1305::aead::{Aead, Payload};
    use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
    let mut rng = Rng(3);
    for len in [0, 1, 63, 64, 65, 300, 1008] {
        let (mut key, mut nonce, mut text) = ([0; 32], [0; TOKEN_NONCE_BYTES], vec![0; len]);
        rng.fill(&mut key);
        rng.fill(&mut nonce);
        rng.fill(&mut text);
        let theirs = XChaCha20Poly1305::new(&key.into())
            .encrypt(&nonce.into(), Payload { msg: &text, aad: b"aad" })
            .unwrap();
        text.extend([0; TAG_BYTES]);
        crypto::seal_extended(&key, &nonce, b"aad", &mut text);
        assert_eq!(text, theirs);
    }
}
