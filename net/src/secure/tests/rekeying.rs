//! New keys: vectors from an independent implementation, agreement over bad networks, and somebody in the middle.

use super::super::crypto::PacketKey;
use super::super::packet::{Packet, seal_packet};
use super::super::rekey::{Answer, Chain, Offer, RekeyMessage, Secret};
use super::simulation::World;
use super::*;

const PAGE: &str = include_str!("../../../../docs/PROTOCOL.md");

/// The line of the page's vectors with this name, as bytes.
fn vector(name: &str) -> Vec<u8> {
    let line = PAGE.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let digits = line.unwrap_or_else(|| panic!("no {name} in docs/PROTOCOL.md"));
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().unwrap()
}

fn written(message: RekeyMessage) -> Vec<u8> {
    let mut bytes = [0; 256];
    let mut writer = bytes::Writer::new(&mut bytes);
    message.write(&mut writer);
    let kept = message.len().min(40);
    bytes[..kept].to_vec()
}

/// The page's bytes were made by Python's `cryptography` (`vectors/rekey.py`).
#[test]
fn vectors_of_the_page() {
    let protocol = 0x1122_3344_5566_7788;
    let (up, down): (Key, Key) =
        (core::array::from_fn(|i| 0x11 + i as u8), core::array::from_fn(|i| 0x51 + i as u8));
    let mut chain = Chain::of_token(&up, &down);
    for (epoch, suite) in [(1, CipherSuite::Aes256Gcm), (2, CipherSuite::ChaCha20Poly1305)] {
        let of = |name: &str| vector(&format!("{name}_{epoch}"));
        let (client, server) = (Secret::new([0xC0 + epoch as u8; 32]), Secret::new([0x50 + epoch as u8; 32]));
        let offer = Offer { epoch, ciphers: CipherSet::ALL, public: client.public() };
        let answer = Answer { epoch, suite, public: server.public() };
        assert_eq!(written(RekeyMessage::Offer(offer)), of("offer"));
        assert_eq!(written(RekeyMessage::Answer(answer)), of("answer"));
        let ours = client.agree(&answer.public, &offer, &answer, &chain, protocol).unwrap();
        let theirs = server.agree(&offer.public, &offer, &answer, &chain, protocol).unwrap();
        assert_eq!(ours.client_to_server, array(&of("client_to_server")));
        assert_eq!(ours.server_to_client, array(&of("server_to_client")));
        assert_eq!(ours.client_to_server, theirs.client_to_server);
        let key = PacketKey::of_epoch(suite, &ours.client_to_server, epoch);
        let mut out = [0; DATAGRAM_MAX];
        let len = seal_packet(&Packet::Payload(b"some words"), 0x1122, protocol, &key, &mut out);
        assert_eq!(out[..len], of("packet"), "epoch {epoch}");
        chain = ours.chain;
    }
}

fn rekey(limits: RekeyLimits) -> ClientRekey {
    ClientRekey { ciphers: CipherSet::ALL, limits, ..ClientRekey::new([0; 32]) }
}

fn server_keys(world: &World, at: usize) -> (u32, CipherSuite) {
    let server = &world.servers[&server_address()];
    let client = server.client_with_id(world.clients[at].1).unwrap();
    server.client_keys(client).unwrap()
}

#[test]
fn agreed_over_a_bad_network_again_and_again() {
    for (seed, loss, duplicates) in [(1, 0, 0), (2, 20, 10), (3, 40, 5)] {
        let mut world = World::new(seed, loss, duplicates, Micros::from_millis(120));
        world.add_server_with(server_address(), 8, |config| config.ciphers = CipherSet::ALL);
        world.rekey = Some(rekey(RekeyLimits { packets: 600, bytes: u64::MAX }));
        for n in 0..5 {
            world.add_client(u64::from(n) + 1, client_address(n), &[server_address()], |_| ());
        }
        world.run(Micros::from_secs(6));
        assert!((0..5).all(|at| world.state(at) == ClientState::Connected));
        world.to_server.clear();
        world.to_client.clear();
        let sent = 6_000_u32;
        for round in 0..sent {
            for at in 0..5 {
                let id = world.clients[at].1;
                world.client_sends(at, &round.to_le_bytes());
                let client = world.servers[&server_address()].client_with_id(id).unwrap();
                world.server_sends(server_address(), client, &round.to_le_bytes());
            }
            world.step();
        }
        world.run(Micros::from_millis(500));
        for at in 0..5 {
            let (epoch, suite) = world.clients[at].2.keys();
            assert!(epoch >= 5 && suite == CipherSuite::Aes256Gcm, "epoch {epoch}");
            let (theirs, suite) = server_keys(&world, at);
            assert!(epoch.abs_diff(theirs) <= 1 && suite == CipherSuite::Aes256Gcm);
        }
        // Nothing but what the network lost is missing: changing keys costs no packet.
        let share = 100 - loss + loss * duplicates / 100;
        let expected = 5 * u64::from(sent) * share / 100;
        for got in [world.to_server.len() as u64, world.to_client.len() as u64] {
            assert!(got * 100 >= expected * 98 && got * 100 <= expected * 103, "{got} of {expected}");
        }
        let stats = world.servers[&server_address()].stats();
        assert_eq!((stats.dropped(DropReason::NotAuthentic), stats.dropped(DropReason::EpochOver)), (0, 0));
    }
}

#[test]
fn the_cipher_is_one_that_both_have() {
    let (all, chacha) = (CipherSet::ALL, CipherSet::CHACHA);
    for (server_has, client_has, expected) in [
        (all, all, CipherSuite::Aes256Gcm),
        (all, chacha, CipherSuite::ChaCha20Poly1305),
        (chacha, all, CipherSuite::ChaCha20Poly1305),
    ] {
        let mut world = World::new(9, 0, 0, Micros::ZERO);
        world.add_server_with(server_address(), 2, |config| config.ciphers = server_has);
        world.rekey = Some(ClientRekey { ciphers: client_has, ..rekey(RekeyLimits::default()) });
        let at = world.add_client(1, client_address(0), &[server_address()], |_| ());
        world.run(Micros::from_millis(300));
        assert_eq!((world.clients[at].2.keys(), server_keys(&world, at)), ((1, expected), (1, expected)));
    }
}

#[test]
fn on_request_of_either_end() {
    let mut world = World::new(10, 0, 0, Micros::from_millis(20));
    world.add_server(server_address(), 2);
    world.rekey = Some(rekey(RekeyLimits::default()));
    let at = world.add_client(1, client_address(0), &[server_address()], |_| ());
    world.run(Micros::from_millis(500));
    // Too soon after the last: done when the old keys are gone.
    world.clients[at].2.request_rekey();
    world.run(Micros::from_secs(1));
    assert_eq!(world.clients[at].2.keys().0, 1);
    world.run(Micros::from_millis(1_500));
    assert_eq!((world.clients[at].2.keys().0, server_keys(&world, at).0), (2, 2));
    let server = world.servers.get_mut(&server_address()).unwrap();
    let client = server.client_with_id(1).unwrap();
    assert!(server.request_rekey(client) && !server.request_rekey(ClientIndex(1)));
    world.run(Micros::from_secs(3));
    assert_eq!((world.clients[at].2.keys().0, server_keys(&world, at).0), (3, 3));
    assert_eq!(world.servers[&server_address()].stats().rekeys, 3);
}

/// A payload sealed before the change arrives after it, within the grace and beyond.
#[test]
fn what_was_in_flight_is_opened_for_a_while() {
    let (mut server, mut rng) = (server(2), Rng(1));
    let client = SecureClient::with_rekey(token(1, &mut rng), &rekey(RekeyLimits::default()), Micros(0));
    let from = client_address(0);
    let mut client = connect_client(&mut server, client, from, Micros(0));
    let mut out = [0; DATAGRAM_MAX];
    let mut flying: Vec<Vec<u8>> = (0..2_u8)
        .map(|n| {
            let (_, len) = client.seal_payload(&[n], Micros(0), &mut out).unwrap();
            out[..len].to_vec()
        })
        .collect();
    let (_, len) = server.seal_payload(ClientIndex(0), b"down", Micros(0), &mut out).unwrap();
    let down = out[..len].to_vec();
    // Offer, answer, and the first packet with the new keys.
    let offer = sent_by(&mut client, Micros(1));
    let mut answer_bytes = answer(&mut server, from, &offer, Micros(1)).unwrap();
    client.handle_datagram(server_address(), &mut answer_bytes, Micros(1)).unwrap();
    assert_eq!((client.keys().0, server.client_keys(ClientIndex(0)).unwrap().0), (1, 0));
    // The server goes on with the old key until it hears the new one.
    let late = answer(&mut server, from, &offer, Micros(1));
    assert_eq!(late.err(), Some(DropReason::Replayed));
    let news = sent_by(&mut client, Micros(2));
    assert_eq!(news[0], 0x1c, "a keep-alive of an odd epoch");
    answer(&mut server, from, &news, Micros(2)).unwrap();
    assert_eq!(server.client_keys(ClientIndex(0)).unwrap().0, 1);
    let in_time = Micros(2 + OLD_EPOCH_GRACE.0 - 1);
    answer(&mut server, from, &flying.remove(0), in_time).unwrap();
    let too_late = answer(&mut server, from, &flying.remove(0), Micros(2 + OLD_EPOCH_GRACE.0));
    assert_eq!(too_late.err(), Some(DropReason::EpochOver));
    let event = client.handle_datagram(server_address(), &mut down.clone(), in_time).map(|_| ());
    assert_eq!(event, Ok(()));
}

/// Somebody between the two, who can drop, repeat and change packets, gets no weaker session out of it.
#[test]
fn nobody_in_the_middle_can_downgrade() {
    // Whoever drops all offers ends the session.
    let mut world = World::new(11, 0, 0, Micros::ZERO);
    world.add_server(server_address(), 2);
    world.rekey = Some(rekey(RekeyLimits::default()));
    world.thief = Some(|bytes| bytes[0] & 7 == 7 && bytes[0] >= 16);
    let at = world.add_client(1, client_address(0), &[server_address()], |_| ());
    world.run(Micros::from_secs(14));
    assert_eq!((world.state(at), world.clients[at].2.keys().0), (ClientState::Connected, 0));
    world.run(Micros::from_millis(1_500));
    assert_eq!((world.state(at), world.state(at).code()), (ClientState::NoRekey, -7));
    assert_eq!(world.servers[&server_address()].connected_count(), 0, "the server was told");

    // Any changed bit is noticed, and neither end believes anything of it.
    let (mut server, mut rng) = (server(2), Rng(1));
    let client = SecureClient::with_rekey(token(1, &mut rng), &rekey(RekeyLimits::default()), Micros(0));
    let mut client = connect_client(&mut server, client, client_address(0), Micros(0));
    let offer = sent_by(&mut client, Micros(1));
    for at_byte in 0..offer.len() {
        for bit in 0..8 {
            let mut forged = offer.clone();
            forged[at_byte] ^= 1 << bit;
            assert!(answer(&mut server, client_address(0), &forged, Micros(1)).is_err(), "byte {at_byte}");
        }
    }
    assert!(server.client_keys(ClientIndex(0)).unwrap().0 == 0 && server.stats().rekeys == 0);
    let genuine = answer(&mut server, client_address(0), &offer, Micros(1)).unwrap();
    for at_byte in 0..genuine.len() {
        for bit in 0..8 {
            let mut forged = genuine.clone();
            forged[at_byte] ^= 1 << bit;
            assert!(client.handle_datagram(server_address(), &mut forged, Micros(1)).is_err());
        }
    }
    assert_eq!(client.keys().0, 0);
    client.handle_datagram(server_address(), &mut genuine.clone(), Micros(1)).unwrap();
    assert_eq!(client.keys().0, 1);
}

/// Both messages are in the derivation: who made the two ends see different ones would have two ends with different keys.
#[test]
fn the_transcript_is_bound_into_the_keys() {
    let (ours, theirs) = (Secret::new([1; 32]), Secret::new([2; 32]));
    let suite = CipherSuite::Aes256Gcm;
    let offer = Offer { epoch: 1, ciphers: CipherSet::ALL, public: ours.public() };
    let answer = Answer { epoch: 1, suite, public: theirs.public() };
    let chain = Chain::of_token(&[3; 32], &[4; 32]);
    let keys = |offer: &Offer, answer: &Answer, chain: &Chain, protocol| {
        ours.agree(&theirs.public(), offer, answer, chain, protocol).unwrap().client_to_server
    };
    let mut seen = std::collections::BTreeSet::from([keys(&offer, &answer, &chain, 1)]);
    let weaker = Offer { ciphers: CipherSet::CHACHA, ..offer };
    assert!(seen.insert(keys(&weaker, &answer, &chain, 1)));
    assert!(seen.insert(keys(&Offer { epoch: 2, ..offer }, &answer, &chain, 1)));
    assert!(seen.insert(keys(&Offer { public: [9; 32], ..offer }, &answer, &chain, 1)));
    let other = Answer { suite: CipherSuite::ChaCha20Poly1305, ..answer };
    assert!(seen.insert(keys(&offer, &other, &chain, 1)));
    assert!(seen.insert(keys(&offer, &Answer { public: [9; 32], ..answer }, &chain, 1)));
    assert!(seen.insert(keys(&offer, &answer, &Chain::of_token(&[3; 32], &[5; 32]), 1)));
    assert!(seen.insert(keys(&offer, &answer, &chain, 2)));
}

fn sealed_offer(offer: Offer, sequence: u64, key: &Key) -> Vec<u8> {
    let mut out = [0; DATAGRAM_MAX];
    let packet = Packet::Rekey(RekeyMessage::Offer(offer));
    let len = seal_packet(&packet, sequence, PROTOCOL, &PacketKey::new(key), &mut out);
    out[..len].to_vec()
}

/// A client that offers without end gets one agreement an epoch, and all of them together so many a second.
#[test]
fn offers_are_answered_within_a_budget() {
    let mut server = server_with(128, |config| {
        (config.rekeys_per_second, config.token_openings_per_second) = (1_000, u32::MAX);
    });
    let mut rng = Rng(1);
    let mut answered = 0;
    for n in 0..100_u32 {
        let token = token(u64::from(n), &mut rng);
        let key = token.client_to_server_key;
        connect(&mut server, token, client_address(n), Micros(0));
        let from = client_address(n);
        let offer = Offer { epoch: 1, ciphers: CipherSet::ALL, public: Secret::new([n as u8; 32]).public() };
        // The client has sent one packet of its session by then at most.
        let first = answer(&mut server, from, &sealed_offer(offer, 100, &key), Micros(1));
        answered += u32::from(first.as_ref().is_ok_and(|reply| !reply.is_empty()));
        if let Ok(first) = first {
            let again = answer(&mut server, from, &sealed_offer(offer, 101, &key), Micros(1)).unwrap();
            assert_eq!(again.len(), first.len(), "the same answer, sealed again");
            let other = Offer { public: Secret::new([99; 32]).public(), ..offer };
            let other = answer(&mut server, from, &sealed_offer(other, 102, &key), Micros(1));
            assert_eq!(other.err(), Some(DropReason::RekeyRefused));
        }
        for (sequence, wrong) in [
            (110, Offer { epoch: 2, ..offer }),
            (111, Offer { epoch: u32::MAX, ..offer }),
            (112, Offer { public: [0; 32], epoch: 3, ..offer }),
        ] {
            let reason = answer(&mut server, from, &sealed_offer(wrong, sequence, &key), Micros(1)).err();
            assert_eq!(reason, Some(DropReason::RekeyRefused));
        }
        let past =
            answer(&mut server, from, &sealed_offer(Offer { epoch: 0, ..offer }, 113, &key), Micros(1));
        assert_eq!(past, Ok(Vec::new()));
    }
    assert_eq!(answered, 64, "what may be agreed on at once");
}

#[test]
fn those_who_know_netcode_alone_are_left_alone_unless_keys_are_required() {
    for required in [false, true] {
        let mut world = World::new(12, 0, 0, Micros::ZERO);
        world.add_server_with(server_address(), 4, |config| config.require_rekey = required);
        let old = world.add_client(1, client_address(0), &[server_address()], |_| ());
        world.rekey = Some(rekey(RekeyLimits::default()));
        let new = world.add_client(2, client_address(1), &[server_address()], |_| ());
        world.run(Micros::from_secs(19));
        assert_eq!((world.state(old), world.state(new)), (ClientState::Connected, ClientState::Connected));
        assert!(!world.servers.get_mut(&server_address()).unwrap().request_rekey(ClientIndex(0)));
        world.run(Micros::from_secs(3));
        let expected = if required { ClientState::Disconnected } else { ClientState::Connected };
        assert_eq!((world.state(old), world.state(new)), (expected, ClientState::Connected));
        let ended: Vec<_> = world.ended.clone();
        assert_eq!(ended, if required { vec![(1, DisconnectReason::NoRekey)] } else { vec![] });
        assert_eq!(world.clients[old].2.keys(), (0, CipherSuite::ChaCha20Poly1305));
    }
}
