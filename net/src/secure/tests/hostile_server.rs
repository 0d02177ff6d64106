//! What a server does with datagrams that are not what they should be: a typed refusal, a counter, no harm.

use super::super::crypto::PacketKey;
use super::super::packet::{Packet, seal_packet, write_request};
use super::super::private_token::seal_private;
use super::*;

/// A time that gives every datagram a fresh budget of openings.
fn at(step: usize) -> Micros {
    Micros(step as u64 * 10_000)
}

fn request_of(token: &ConnectToken) -> Vec<u8> {
    let mut out = [0; DATAGRAM_MAX];
    let len = write_request(token, &mut out);
    out[..len].to_vec()
}

fn sealed(packet: &Packet<'_>, sequence: u64, key: &Key) -> Vec<u8> {
    let mut out = [0; DATAGRAM_MAX];
    let len = seal_packet(packet, sequence, PROTOCOL, &PacketKey::new(key), &mut out);
    out[..len].to_vec()
}

/// Refused for this reason, and counted.
fn refused(server: &mut SecureServer, from: SocketAddr, datagram: &[u8], now: Micros) -> DropReason {
    let before = server.stats().clone();
    let reason = answer(server, from, datagram, now).expect_err("refused");
    assert_eq!(server.stats().dropped(reason), before.dropped(reason) + 1);
    assert_eq!(server.stats().dropped_total(), before.dropped_total() + 1);
    reason
}

#[test]
fn a_request_with_any_bit_changed() {
    let (mut server, mut rng) = (server(4), Rng(1));
    let genuine = request_of(&token(1, &mut rng));
    for at_byte in 0..genuine.len() {
        for bit in 0..8 {
            let mut forged = genuine.clone();
            forged[at_byte] ^= 1 << bit;
            let reason = refused(&mut server, client_address(0), &forged, at(at_byte * 8 + bit));
            let expected: &[DropReason] = match at_byte {
                0 => &[DropReason::TypeNotAllowed, DropReason::SequenceBytes, DropReason::UnknownType],
                1..14 => &[DropReason::ForeignVersion],
                14..22 => &[DropReason::ForeignProtocol],
                22..30 => &[DropReason::TokenExpired, DropReason::TokenNotAuthentic],
                _ => &[DropReason::TokenNotAuthentic],
            };
            assert!(expected.contains(&reason), "byte {at_byte}: {reason}");
        }
    }
    assert_eq!(answer(&mut server, client_address(0), &genuine, at(10_000)).unwrap().len(), 333);
}

#[test]
fn requests_of_every_other_length() {
    let (mut server, mut rng) = (server(4), Rng(1));
    let mut long = request_of(&token(1, &mut rng));
    long.resize(2_000, 0);
    for len in (0..long.len()).filter(|len| *len != REQUEST_BYTES) {
        let expected = if len == 0 { DropReason::TooSmall } else { DropReason::RequestSize };
        assert_eq!(refused(&mut server, client_address(0), &long[..len], at(0)), expected);
    }
}

#[test]
fn sealed_packets_with_any_bit_changed_or_cut() {
    let (mut server, mut rng) = (server(4), Rng(1));
    let token = token(1, &mut rng);
    let from = client_address(0);
    let mut client = connect(&mut server, token, from, at(0));
    let mut out = [0; DATAGRAM_MAX];
    let (_, len) = client.seal_payload(b"thirty bytes of a payload here", at(0), &mut out).unwrap();
    let genuine = out[..len].to_vec();
    for at_byte in 0..genuine.len() {
        for bit in 0..8 {
            let mut forged = genuine.clone();
            forged[at_byte] ^= 1 << bit;
            let reason = refused(&mut server, from, &forged, at(1));
            assert!(at_byte == 0 || matches!(reason, DropReason::NotAuthentic | DropReason::Replayed));
        }
    }
    for len in 0..genuine.len() {
        let reason = refused(&mut server, from, &genuine[..len], at(1));
        assert!(matches!(reason, DropReason::TooSmall | DropReason::NotAuthentic | DropReason::WrongSize));
    }
    let mut long = genuine.clone();
    for len in genuine.len() + 1..=2_000 {
        long.resize(len, 7);
        let reason = refused(&mut server, from, &long, at(1));
        assert!(matches!(reason, DropReason::NotAuthentic | DropReason::WrongSize | DropReason::TooLarge));
    }
    // None of that moved the window.
    answer(&mut server, from, &genuine, at(1)).unwrap();
    assert_eq!(refused(&mut server, from, &genuine, at(1)), DropReason::Replayed);
    assert_eq!(server.stats().payloads_received, 1);
}

#[test]
fn a_forged_sequence_does_not_close_the_window() {
    let (mut server, mut rng) = (server(4), Rng(1));
    let token = token(1, &mut rng);
    let key = token.client_to_server_key;
    connect(&mut server, token, client_address(0), at(0));
    let far = sealed(&Packet::Payload(b"x"), u64::MAX - 1, &[9; 32]);
    assert_eq!(refused(&mut server, client_address(0), &far, at(1)), DropReason::NotAuthentic);
    let near = sealed(&Packet::Payload(b"x"), 5, &key);
    answer(&mut server, client_address(0), &near, at(1)).unwrap();
    // Genuine, 256 further on: now the old numbers are too old to tell.
    answer(&mut server, client_address(0), &sealed(&Packet::Payload(b"x"), 262, &key), at(1)).unwrap();
    answer(&mut server, client_address(0), &sealed(&Packet::Payload(b"x"), 7, &key), at(1)).unwrap();
    let old = sealed(&Packet::Payload(b"x"), 6, &key);
    assert_eq!(refused(&mut server, client_address(0), &old, at(1)), DropReason::Replayed);
}

#[test]
fn prefix_bytes() {
    let (mut server, mut rng) = (server(4), Rng(1));
    connect(&mut server, token(1, &mut rng), client_address(0), at(0));
    for prefix in 1..=255_u8 {
        let mut bytes = [0; 400];
        bytes[0] = prefix;
        let reason = refused(&mut server, client_address(0), &bytes, at(1));
        let (kind, width) = (prefix & 15, prefix >> 4);
        let expected = match (kind, width) {
            (8..=11, _) => DropReason::UnknownType,
            (0..3, _) => DropReason::TypeNotAllowed,
            (_, 0 | 9..) => DropReason::SequenceBytes,
            (5, _) => DropReason::NotAuthentic,
            (13, _) => DropReason::EpochOver,
            _ => DropReason::WrongSize,
        };
        assert_eq!(reason, expected, "prefix {prefix:#x}");
    }
}

/// A token whose sealed part is what `change` made of it.
fn token_with(
    change: impl FnOnce(&mut TokenParams<'_>),
    plain: impl FnOnce(&mut [u8; 1024]),
) -> ConnectToken {
    let (servers, data) = ([server_address()], user_data(1));
    let mut params = params(1, &servers, &data);
    change(&mut params);
    let mut rng = Rng(77);
    let mut token = ConnectToken::generate(&params, &mut |bytes| rng.fill(bytes)).unwrap();
    let mut bytes = *token.sealed;
    private_token::open_private(
        &mut bytes,
        token.protocol_id,
        token.expires,
        &token.nonce,
        params.private_key,
    )
    .unwrap();
    plain(&mut bytes);
    seal_private(&mut bytes, token.protocol_id, token.expires, &token.nonce, params.private_key);
    *token.sealed = bytes;
    token
}

#[test]
fn tokens_that_open_no_session() {
    let mut server = server_with(4, |config| config.earliest_token_expiry = UnixSeconds(UNIX.0 + 10));
    static ELSEWHERE: [SocketAddr; 1] = [SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 7777)];
    let mut check = |token: ConnectToken, expected| {
        assert_eq!(refused(&mut server, client_address(0), &request_of(&token), at(1)), expected);
    };
    check(token_with(|p| p.protocol_id += 1, |_| ()), DropReason::ForeignProtocol);
    check(token_with(|p| p.lifetime_seconds = 0, |_| ()), DropReason::TokenExpired);
    check(token_with(|p| p.lifetime_seconds = 9, |_| ()), DropReason::TokenPredatesServer);
    check(token_with(|p| p.private_key = &[1; 32], |_| ()), DropReason::TokenNotAuthentic);
    check(token_with(|p| p.internal_addresses = &ELSEWHERE, |_| ()), DropReason::TokenForOtherServer);
    check(token_with(|_| (), |plain| plain[12] = 0), DropReason::TokenMalformed);
    check(token_with(|_| (), |plain| plain[12] = 33), DropReason::TokenMalformed);
    check(token_with(|_| (), |plain| plain[15] = 0xff), DropReason::TokenMalformed);
    check(token_with(|_| (), |plain| plain[16] = 0), DropReason::TokenMalformed);
    check(token_with(|_| (), |plain| plain[16] = 3), DropReason::TokenMalformed);
    assert_eq!(server.connected_count(), 0);
}

#[test]
fn a_token_is_for_one_address_and_one_session() {
    let (mut server, mut rng) = (server(4), Rng(1));
    let token = token(1, &mut rng);
    let (home, thief) = (client_address(0), client_address(9));
    let request = request_of(&token);
    // Asking again from the same address is fine: requests get lost.
    answer(&mut server, home, &request, at(1)).unwrap();
    answer(&mut server, home, &request, at(2)).unwrap();
    assert_eq!(refused(&mut server, thief, &request, at(3)), DropReason::TokenUsedElsewhere);
    assert_eq!(refused(&mut server, thief, &request, at(3)), DropReason::TokenUsedElsewhere);
    let opened = server.stats().tokens_opened;
    let mut client = connect(&mut server, token, home, at(4));
    assert_eq!(refused(&mut server, home, &request, at(5)), DropReason::AddressConnected);
    assert_eq!(refused(&mut server, thief, &request, at(5)), DropReason::TokenUsedElsewhere);
    client.disconnect();
    answer(&mut server, home, &sent_by(&mut client, at(6)), at(6)).unwrap();
    assert_eq!(server.connected_count(), 0);
    assert_eq!(refused(&mut server, home, &request, at(7)), DropReason::TokenSpent);
    assert_eq!(server.stats().tokens_opened, opened + 1, "refused without opening");
}

#[test]
fn a_second_login_and_a_full_server() {
    let (mut server, mut rng) = (server(2), Rng(1));
    let (first, again, second, third) =
        (token(1, &mut rng), token(1, &mut rng), token(2, &mut rng), token(3, &mut rng));
    connect(&mut server, first, client_address(0), at(0));
    let reason = refused(&mut server, client_address(1), &request_of(&again), at(1));
    assert_eq!(reason, DropReason::ClientConnected);
    // Both handshakes under way, one place left: the second one is denied at its response.
    let mut late = SecureClient::new(third.clone(), at(2));
    let mut challenge = answer(&mut server, client_address(3), &sent_by(&mut late, at(2)), at(2)).unwrap();
    late.handle_datagram(server_address(), &mut challenge, at(2)).unwrap();
    connect(&mut server, second, client_address(2), at(3));
    let mut denied = answer(&mut server, client_address(3), &sent_by(&mut late, at(4)), at(4)).unwrap();
    assert_eq!(denied.len(), 25);
    assert_eq!(
        late.handle_datagram(server_address(), &mut denied, at(4)),
        Ok(ClientEvent::Ended(ClientState::Denied))
    );
    // And a new one at its request.
    let mut newcomer = SecureClient::new(token(4, &mut rng), at(5));
    let mut denied = answer(&mut server, client_address(4), &sent_by(&mut newcomer, at(5)), at(5)).unwrap();
    newcomer.handle_datagram(server_address(), &mut denied, at(5)).unwrap();
    assert_eq!(newcomer.state(), ClientState::Denied);
    assert_eq!((server.stats().denied, server.connected_count()), (2, 2));
}

#[test]
fn answers_to_challenges() {
    let (mut server, mut rng) = (server(4), Rng(1));
    let (token_a, token_b) = (token(1, &mut rng), token(2, &mut rng));
    let (key_a, mut a, mut b) = (
        token_a.client_to_server_key,
        SecureClient::new(token_a, at(0)),
        SecureClient::new(token_b.clone(), at(0)),
    );
    let mut challenge = answer(&mut server, client_address(0), &sent_by(&mut a, at(0)), at(0)).unwrap();
    let mut other = answer(&mut server, client_address(1), &sent_by(&mut b, at(0)), at(0)).unwrap();
    a.handle_datagram(server_address(), &mut challenge, at(0)).unwrap();
    b.handle_datagram(server_address(), &mut other, at(0)).unwrap();
    // The other's challenge, under one's own key.
    let mut bytes = sent_by(&mut b, at(0));
    let header = packet::read_header(&bytes, packet::Side::Server).unwrap();
    let key_b = PacketKey::new(&token_b.client_to_server_key);
    let opened = packet::open_packet(&mut bytes, header, PROTOCOL, &key_b, None).unwrap();
    let Packet::Response { sequence, token: stolen } = opened else { panic!("a response") };
    let crossed = sealed(&Packet::Response { sequence, token: stolen }, 50, &key_a);
    assert_eq!(refused(&mut server, client_address(0), &crossed, at(1)), DropReason::ChallengeOfOther);
    let invented = sealed(&Packet::Response { sequence, token: &[3; 300] }, 51, &key_a);
    let reason = refused(&mut server, client_address(0), &invented, at(1));
    assert_eq!(reason, DropReason::ChallengeNotAuthentic);
    // Payloads before the answer, and from nowhere.
    let early = sealed(&Packet::Payload(b"early"), 52, &key_a);
    assert_eq!(refused(&mut server, client_address(0), &early, at(1)), DropReason::NotConnected);
    assert_eq!(refused(&mut server, client_address(7), &early, at(1)), DropReason::UnknownAddress);
    // A handshake that took too long is forgotten; one that did not is finished.
    let response = sent_by(&mut a, at(2));
    answer(&mut server, client_address(0), &response, at(2)).unwrap();
    assert_eq!(refused(&mut server, client_address(0), &response, at(3)), DropReason::AddressConnected);
    let late = sent_by(&mut b, Micros::from_millis(4_900));
    let reason = refused(&mut server, client_address(1), &late, Micros::from_secs(5));
    assert_eq!(reason, DropReason::UnknownAddress);
}

#[test]
fn a_flood_is_judged_within_a_budget() {
    let mut server = server_with(4, |config| config.token_openings_per_second = 16_000);
    let mut rng = Rng(1);
    let mut forged = request_of(&token(1, &mut rng));
    let mut opened = 0;
    for n in 0..1_000 {
        rng.fill(&mut forged[60..80]);
        match refused(&mut server, client_address(0), &forged, Micros(n)) {
            DropReason::TokenNotAuthentic => opened += 1,
            reason => assert_eq!(reason, DropReason::OpeningBudget),
        }
    }
    assert_eq!((opened, server.stats().tokens_opened), (20, 20));
    // Another source still gets in, in the same moment.
    connect(&mut server, token(1, &mut rng), client_address(400), Micros(1_000));
}

#[test]
fn handshakes_are_bounded_and_forgotten() {
    let (mut server, mut rng) = (server_with(1, |c| c.token_openings_per_second = 10_000_000), Rng(1));
    for n in 0..64 {
        answer(&mut server, client_address(n), &request_of(&token(u64::from(n), &mut rng)), at(1)).unwrap();
    }
    let one_more = request_of(&token(64, &mut rng));
    assert_eq!(refused(&mut server, client_address(64), &one_more, at(1)), DropReason::PendingFull);
    answer(&mut server, client_address(64), &one_more, Micros::from_secs(6)).unwrap();
}

#[test]
fn a_configuration_that_makes_no_server() {
    let none = SecureServerConfig::new(PROTOCOL, PRIVATE_KEY, 4, vec![]);
    let reason = SecureServer::new(none, &mut |_| ()).err();
    assert_eq!(reason, Some(SecureServerConfigError::NoPublicAddress));
    for clients in [0, MAX_CLIENTS_LIMIT + 1, u32::MAX] {
        let config = SecureServerConfig::new(PROTOCOL, PRIVATE_KEY, clients, vec![server_address()]);
        let reason = SecureServer::new(config, &mut |_| ()).err();
        assert_eq!(reason, Some(SecureServerConfigError::MaxClients(clients)));
    }
}
