//! What a client does with datagrams and tokens that are not what they should be.

use super::super::crypto::PacketKey;
use super::super::packet::{Packet, seal_packet};
use super::*;

fn sealed(packet: &Packet<'_>, sequence: u64, key: &Key) -> Vec<u8> {
    let mut out = [0; DATAGRAM_MAX];
    let len = seal_packet(packet, sequence, PROTOCOL, &PacketKey::new(key), &mut out);
    out[..len].to_vec()
}

fn refused(client: &mut SecureClient, from: SocketAddr, datagram: &[u8]) -> DropReason {
    let before = client.stats().clone();
    let state = client.state();
    let mut bytes = datagram.to_vec();
    let reason = client.handle_datagram(from, &mut bytes, Micros(1)).expect_err("refused");
    assert_eq!(client.stats().dropped(reason), before.dropped(reason) + 1);
    assert_eq!(client.state(), state);
    reason
}

fn connected() -> (SecureServer, SecureClient, Key) {
    let (mut server, mut rng) = (server(4), Rng(1));
    let token = token(1, &mut rng);
    let key = token.server_to_client_key;
    let client = connect(&mut server, token, client_address(0), Micros(0));
    (server, client, key)
}

#[test]
fn packets_with_any_bit_changed_cut_or_from_others() {
    let (mut server, mut client, _) = connected();
    let mut out = [0; DATAGRAM_MAX];
    let (to, len) = server.seal_payload(ClientIndex(0), b"some words", Micros(1), &mut out).unwrap();
    assert_eq!(to, client_address(0));
    let genuine = &out[..len];
    for at_byte in 0..len {
        for bit in 0..8 {
            let mut forged = genuine.to_vec();
            forged[at_byte] ^= 1 << bit;
            let reason = refused(&mut client, server_address(), &forged);
            assert!(at_byte == 0 || matches!(reason, DropReason::NotAuthentic | DropReason::Replayed));
        }
    }
    for cut in 0..len {
        refused(&mut client, server_address(), &genuine[..cut]);
    }
    assert_eq!(refused(&mut client, client_address(3), genuine), DropReason::WrongSource);
    assert_eq!(refused(&mut client, server_address(), &[0x15; 2_000]), DropReason::TooLarge);
    let mut bytes = genuine.to_vec();
    assert_eq!(
        client.handle_datagram(server_address(), &mut bytes, Micros(1)),
        Ok(ClientEvent::Payload(b"some words"))
    );
    assert_eq!(refused(&mut client, server_address(), genuine), DropReason::Replayed);
}

#[test]
fn packets_that_mean_nothing_now() {
    let mut rng = Rng(1);
    let token = token(1, &mut rng);
    let key = token.server_to_client_key;
    let mut client = SecureClient::new(token, Micros(0));
    let challenge = sealed(&Packet::Challenge { sequence: 0, token: &[0; 300] }, 1 << 63, &key);
    let keep_alive = sealed(&Packet::KeepAlive { client_index: 0, max_clients: 4 }, 0, &key);
    let payload = sealed(&Packet::Payload(b"x"), 1, &key);
    let end = sealed(&Packet::Disconnect, 2, &key);
    for early in [&keep_alive, &payload, &end] {
        assert_eq!(refused(&mut client, server_address(), early), DropReason::OutOfState);
    }
    let response = sealed(&Packet::Response { sequence: 0, token: &[0; 300] }, 3, &key);
    assert_eq!(refused(&mut client, server_address(), &response), DropReason::TypeNotAllowed);
    client.handle_datagram(server_address(), &mut challenge.clone(), Micros(1)).unwrap();
    assert_eq!(client.state(), ClientState::SendingResponse);
    for early in [&payload, &end, &challenge] {
        assert_eq!(refused(&mut client, server_address(), early), DropReason::OutOfState);
    }
    client.handle_datagram(server_address(), &mut keep_alive.clone(), Micros(1)).unwrap();
    assert_eq!(client.slot(), Some((0, 4)));
    // Dropped before, because too early: the number was not used up.
    let event = client.handle_datagram(server_address(), &mut payload.clone(), Micros(1)).map(|_| ());
    assert_eq!(event, Ok(()));
    client.handle_datagram(server_address(), &mut end.clone(), Micros(1)).unwrap();
    assert_eq!(client.state(), ClientState::Disconnected);
    assert_eq!(refused(&mut client, server_address(), &payload), DropReason::OutOfState);
    assert_eq!(client.poll_transmit(Micros::from_secs(9), &mut [0; DATAGRAM_MAX]), None);
}

#[test]
fn tokens_that_are_none() {
    let genuine = token(1, &mut Rng(1)).write();
    let with = |at: usize, bytes: &[u8]| {
        let mut token = genuine;
        token[at..at + bytes.len()].copy_from_slice(bytes);
        ConnectToken::read(&token).err()
    };
    assert_eq!(with(0, b"N"), None);
    assert_eq!(with(11, b"3"), Some(TokenError::WrongVersion));
    assert_eq!(with(21, &u64::MAX.to_le_bytes()), Some(TokenError::ExpiresBeforeCreated));
    let count = 13 + 24 + 24 + 1024 + 4;
    assert_eq!(with(count, &[0, 0, 0, 0]), Some(TokenError::AddressCount));
    assert_eq!(with(count, &[33, 0, 0, 0]), Some(TokenError::AddressCount));
    assert_eq!(with(count, &[0xff; 4]), Some(TokenError::AddressCount));
    assert_eq!(with(count + 4, &[0]), Some(TokenError::AddressKind));
    assert_eq!(with(count + 4, &[3]), Some(TokenError::AddressKind));
    for len in [0, 1, 2047] {
        assert_eq!(ConnectToken::read(&genuine[..len]).err(), Some(TokenError::WrongSize));
    }
    let backwards = ConnectToken { expires: UnixSeconds(0), ..token(1, &mut Rng(1)) };
    let mut client = SecureClient::new(backwards, Micros(0));
    assert_eq!((client.state(), client.state().code()), (ClientState::InvalidToken, -5));
    assert_eq!(client.poll_transmit(Micros(0), &mut [0; DATAGRAM_MAX]), None);
}

#[test]
fn a_token_does_not_print_its_keys() {
    let token = token(1, &mut Rng(1));
    let printed = format!("{token:?}");
    assert!(
        printed.contains("10.0.0.1:7777") && !printed.contains("key") && printed.len() < 300,
        "{printed}"
    );
}

#[test]
fn payload_sizes() {
    let (mut server, mut client, _) = connected();
    let mut out = [0; DATAGRAM_MAX];
    for len in [0, PAYLOAD_MAX + 1, 65_536] {
        let bytes = vec![0; len];
        assert_eq!(client.seal_payload(&bytes, Micros(1), &mut out), Err(SealError::PayloadSize(len)));
        let sealed = server.seal_payload(ClientIndex(0), &bytes, Micros(1), &mut out);
        assert_eq!(sealed, Err(SealError::PayloadSize(len)));
    }
    for nobody in [1, 4, u32::MAX] {
        let sealed = server.seal_payload(ClientIndex(nobody), b"x", Micros(1), &mut out);
        assert_eq!(sealed, Err(SealError::NotConnected));
    }
    for len in [1, 2, PAYLOAD_MAX] {
        let bytes = vec![7; len];
        let (_, sealed) = client.seal_payload(&bytes, Micros(1), &mut out).unwrap();
        let mut datagram = out[..sealed].to_vec();
        let mut reply = [0; DATAGRAM_MAX];
        let event = server.handle_datagram(client_address(0), &mut datagram, Micros(1), UNIX, &mut reply);
        assert_eq!(event, Ok(ServerEvent::Payload { client: ClientIndex(0), bytes: &bytes }));
    }
}
