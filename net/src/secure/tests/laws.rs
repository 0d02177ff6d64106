//! Laws that hold over whole sessions: nonces, and what a payload costs on the wire.

use super::simulation::World;
use super::*;

/// Logins, denials, ends, new tokens from the same address, old tokens again, over a bad network. The world panics
/// at the first (key, nonce) pair used twice, challenges and denials included.
#[test]
fn no_key_sees_a_nonce_twice() {
    for seed in 0..3 {
        let mut world = World::new(100 + seed, 10, 5, Micros::from_millis(30));
        world.add_server(server_address(), 4);
        for generation in 0..5_u64 {
            for n in 0..6 {
                world.add_client(generation * 10 + n, client_address(n as u32), &[server_address()], |_| ());
            }
            let newest = world.clients.len() - 6;
            world.run(Micros::from_millis(1_500));
            let up = (0..6).filter(|n| world.state(newest + n) == ClientState::Connected).count();
            assert!(up <= 4);
            for round in 0..50 {
                (0..6).for_each(|n| world.client_sends(newest + n, &[round; 20]));
                let server = &world.servers[&server_address()];
                let clients: Vec<_> = server.connected().collect();
                clients.iter().for_each(|client| world.server_sends(server_address(), *client, &[round; 30]));
                world.step();
            }
            (0..6).for_each(|n| world.clients[newest + n].2.disconnect());
            world.run(Micros::from_millis(500));
            assert_eq!(world.servers[&server_address()].connected_count(), 0);
        }
        let stats = world.servers[&server_address()].stats().clone();
        assert!(stats.denied > 0 && stats.connected >= 15 && stats.challenges >= stats.connected);
    }
}

/// The server restarts; a token from before may not open a session, if the operator set the bound.
#[test]
fn a_restarted_server_can_refuse_all_tokens_from_before() {
    let mut rng = Rng(4);
    let before = token(1, &mut rng);
    connect(&mut server(2), before.clone(), client_address(0), Micros(0));
    let mut restarted = server_with(2, |config| config.earliest_token_expiry = UnixSeconds(UNIX.0 + 31));
    let request = sent_by(&mut SecureClient::new(before, Micros(0)), Micros(0));
    let reason = answer(&mut restarted, client_address(0), &request, Micros(0)).err();
    assert_eq!(reason, Some(DropReason::TokenPredatesServer));
}

/// Handshake packets of two starts of a server are numbered from different places above 2^63.
#[test]
fn handshake_numbers_start_at_a_random_place_in_the_upper_half() {
    let mut starts = std::collections::BTreeSet::new();
    for clients in 1..20 {
        let request = sent_by(&mut SecureClient::new(token(1, &mut Rng(1)), Micros(0)), Micros(0));
        let challenge = answer(&mut server(clients), client_address(0), &request, Micros(0)).unwrap();
        assert_eq!(challenge[0], 0x82);
        let number = u64::from_le_bytes(challenge[1..9].try_into().unwrap());
        assert!((1 << 63..(1 << 63) + (1 << 62)).contains(&number));
        starts.insert(number);
    }
    assert_eq!(starts.len(), 19);
}

/// 18 bytes around a payload at first, 19 after 256 packets, 20 after 65,536.
#[test]
fn framing_costs_what_the_standard_says() {
    let (mut server, mut rng) = (server(2), Rng(1));
    let mut client = connect(&mut server, token(1, &mut rng), client_address(0), Micros(0));
    let mut out = [0; DATAGRAM_MAX];
    let sizes: Vec<usize> =
        (0..70_000).map(|_| client.seal_payload(&[0; 100], Micros(0), &mut out).unwrap().1).collect();
    assert_eq!((sizes[0], sizes[300], sizes[69_999]), (118, 119, 120));
}

#[test]
fn used_tokens_are_forgotten_oldest_first_and_that_is_counted() {
    let (mut server, mut rng) = (server_with(1, |c| c.token_openings_per_second = u32::MAX), Rng(1));
    // 1 slot remembers 256 tokens; the server is full, so each of these is denied but remembered.
    connect(&mut server, token(0, &mut rng), client_address(0), Micros(0));
    let tokens: Vec<ConnectToken> = (1..=300).map(|id| token(id, &mut rng)).collect();
    let requests: Vec<Vec<u8>> = tokens
        .iter()
        .map(|token| sent_by(&mut SecureClient::new(token.clone(), Micros(0)), Micros(0)))
        .collect();
    for (n, request) in requests.iter().enumerate() {
        answer(&mut server, client_address(n as u32 + 1), request, Micros(0)).unwrap();
    }
    assert_eq!(server.stats().tokens_forgotten, 301 - 256);
    let thief = client_address(900);
    let newest = answer(&mut server, thief, &requests[299], Micros(0)).err();
    assert_eq!(newest, Some(DropReason::TokenUsedElsewhere));
    let oldest_kept = answer(&mut server, thief, &requests[45], Micros(0)).err();
    assert_eq!(oldest_kept, Some(DropReason::TokenUsedElsewhere));
    assert!(answer(&mut server, thief, &requests[0], Micros(0)).is_ok(), "forgotten");
}
