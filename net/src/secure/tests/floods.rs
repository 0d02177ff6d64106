//! Many at once, honest and not: what they cost the server is bounded, and nobody else notices.

use super::*;
use std::collections::BTreeSet;

/// A request that looks right from outside: the head of a genuine token, anything for the sealed part.
fn forged(genuine: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = genuine.to_vec();
    rng.fill(&mut bytes[30..]);
    bytes
}

#[test]
fn forged_requests_leave_nothing_behind() {
    let (mut server, mut rng) = (server(64), Rng(1));
    let genuine = sent_by(&mut SecureClient::new(token(1, &mut rng), Micros(0)), Micros(0));
    // A hundred thousand in a second, each from another address.
    for n in 0..100_000_u32 {
        let now = Micros(u64::from(n) * 10);
        let reason = answer(&mut server, client_address(n), &forged(&genuine, &mut rng), now).err();
        assert!(matches!(reason, Some(DropReason::TokenNotAuthentic | DropReason::OpeningBudget)));
    }
    let stats = server.stats();
    assert_eq!((server.pending_count(), server.connected_count(), stats.challenges), (0, 0, 0));
    assert!(stats.tokens_opened <= 50_000, "{}", stats.tokens_opened);
    // Who comes now is let in: from another place than the flood, whatever it did to the budget.
    connect(&mut server, token(2, &mut rng), client_address(900_000), Micros::from_secs(1));
}

#[test]
fn half_open_connections_by_the_hundred_thousand() {
    let (mut server, mut rng) = (server(1_024), Rng(2));
    let mut honest: Option<SecureClient> = None;
    let (home, mut connected_at) = (client_address(2_000_000), None);
    // Ten seconds of ten thousand challenged a second, none of whom answers; each has a genuine token.
    for n in 0..100_000_u32 {
        let now = Micros(u64::from(n) * 100);
        let request = sent_by(&mut SecureClient::new(token(u64::from(n), &mut rng), now), now);
        let _ = answer(&mut server, client_address(n), &request, now);
        assert!(server.pending_count() <= 1_024);
        if n == 10_000 {
            honest = Some(SecureClient::new(token(7_000_000, &mut rng), now));
        }
        if let Some(client) = honest.as_mut().filter(|client| client.state().is_connecting()) {
            let mut out = [0; DATAGRAM_MAX];
            if let Some((_, len)) = client.poll_transmit(now, &mut out)
                && let Ok(mut reply) = answer(&mut server, home, &out[..len], now)
                && !reply.is_empty()
            {
                client.handle_datagram(server_address(), &mut reply, now).unwrap();
                connected_at = (client.state() == ClientState::Connected).then_some(now);
            }
        }
    }
    // It came after one second; by themselves the first handshakes are over after five.
    let connected_at = connected_at.expect("it got in");
    assert!(connected_at < Micros::from_millis(4_500), "{connected_at:?}");
    assert_eq!(server.connected_count(), 1);
}

#[test]
fn a_recorded_session_played_again_does_nothing() {
    let (mut server, mut rng) = (server(4), Rng(3));
    let (home, mut tape) = (client_address(0), Vec::new());
    let mut client = SecureClient::new(token(1, &mut rng), Micros(0));
    for _ in 0..2 {
        let bytes = sent_by(&mut client, Micros(0));
        let mut reply = answer(&mut server, home, &bytes, Micros(0)).unwrap();
        client.handle_datagram(server_address(), &mut reply, Micros(0)).unwrap();
        tape.push(bytes);
    }
    let mut out = [0; DATAGRAM_MAX];
    for n in 0..300_u32 {
        let (_, len) = client.seal_payload(&n.to_le_bytes(), Micros(0), &mut out).unwrap();
        tape.push(out[..len].to_vec());
        answer(&mut server, home, &out[..len], Micros(0)).unwrap();
    }
    let allowed = BTreeSet::from([DropReason::Replayed, DropReason::AddressConnected]);
    for bytes in &tape {
        assert!(allowed.contains(&answer(&mut server, home, bytes, Micros(1)).expect_err("refused")));
        let elsewhere = answer(&mut server, client_address(9), bytes, Micros(1)).expect_err("refused");
        assert!(matches!(elsewhere, DropReason::UnknownAddress | DropReason::TokenUsedElsewhere));
    }
    assert_eq!((server.stats().payloads_received, server.connected_count()), (300, 1));
    client.disconnect();
    let farewell = sent_by(&mut client, Micros(2));
    answer(&mut server, home, &farewell, Micros(2)).unwrap();
    tape.push(farewell);
    for bytes in &tape {
        let after = answer(&mut server, home, bytes, Micros(3)).expect_err("refused");
        assert!(matches!(after, DropReason::UnknownAddress | DropReason::TokenSpent), "{after}");
    }
}

/// The window costs the same however far a number jumps, and a jump hurts only who made it.
#[test]
fn huge_sequences_cost_nothing_and_hurt_nobody_else() {
    use super::super::crypto::PacketKey;
    use super::super::packet::{Packet, seal_packet};
    let (mut server, mut rng) = (server(4), Rng(4));
    let hostile = token(1, &mut rng);
    let key = PacketKey::new(&hostile.client_to_server_key);
    connect(&mut server, hostile, client_address(0), Micros(0));
    let mut other = connect(&mut server, token(2, &mut rng), client_address(1), Micros(0));
    let mut out = [0; DATAGRAM_MAX];
    for sequence in [1 << 20, 1 << 40, 1 << 63, u64::MAX - 1, u64::MAX] {
        let len = seal_packet(&Packet::Payload(b"far"), sequence, PROTOCOL, &key, &mut out);
        answer(&mut server, client_address(0), &out[..len], Micros(1)).unwrap();
        let len = seal_packet(&Packet::Payload(b"back"), 5_000, PROTOCOL, &key, &mut out);
        let reason = answer(&mut server, client_address(0), &out[..len], Micros(1)).err();
        assert_eq!(reason, Some(DropReason::Replayed));
        let (_, len) = other.seal_payload(b"fine", Micros(1), &mut out).unwrap();
        answer(&mut server, client_address(1), &out[..len], Micros(1)).unwrap();
    }
}

/// The number of the client at an address.
fn number_of(address: SocketAddr) -> u32 {
    let SocketAddr::V4(v4) = address else { panic!("an IPv4 address") };
    (u32::from(*v4.ip()) - 0x0b00_0000) * 4 + u32::from(v4.port() - 20_000)
}

/// Ten thousand clients join within ten seconds of simulated time, and agree on new keys. No step of a 60th of a second does
/// more than the budgets allow, and nobody waits for long.
#[test]
fn a_storm_of_ten_thousand_joins() {
    const CROWD: u32 = 10_000;
    const STEP: u64 = 16_667;
    let (mut server, mut rng) = (server_with(CROWD, |config| config.ciphers = CipherSet::ALL), Rng(5));
    let mut clients: Vec<(SecureClient, u64)> = Vec::new();
    let (mut slowest, mut most, mut settled_at) = (Micros(0), [0; 3], None);
    for step in 0..60 * 13_u64 {
        let now = Micros(step * STEP);
        // Even over ten seconds, but in gusts: nothing for a tenth, then all of it.
        while clients.len() < CROWD as usize && (clients.len() as u64) * 1_000 < now.0 / 100_000 * 100_000 {
            let rekey = ClientRekey { ciphers: CipherSet::ALL, ..ClientRekey::new([1; 32]) };
            let token = token(clients.len() as u64, &mut rng);
            clients.push((SecureClient::with_rekey(token, &rekey, now), now.0));
        }
        let before = server.stats().clone();
        let (mut out, mut agreed) = ([0; DATAGRAM_MAX], 0);
        for (n, (client, began)) in clients.iter_mut().enumerate() {
            let was_connecting = client.state().is_connecting();
            while let Some((_, len)) = client.poll_transmit(now, &mut out) {
                let is_offer = out[0] & 7 == 7 && out[0] >= 16;
                if let Ok(mut reply) = answer(&mut server, client_address(n as u32), &out[..len], now)
                    && !reply.is_empty()
                {
                    agreed += u64::from(is_offer);
                    client.handle_datagram(server_address(), &mut reply, now).unwrap();
                }
            }
            if was_connecting && client.state() == ClientState::Connected {
                slowest = slowest.max(now.since(Micros(*began)));
            }
        }
        server.update(now, &mut |output| {
            let ServerOutput::Datagram { to, bytes } = output else { panic!("nobody leaves") };
            let client = &mut clients[number_of(to.socket) as usize].0;
            client.handle_datagram(server_address(), &mut bytes.to_vec(), now).unwrap();
        });
        let work = [
            server.stats().tokens_opened - before.tokens_opened,
            server.stats().connected - before.connected,
            agreed,
        ];
        most.iter_mut().zip(work).for_each(|(most, work)| *most = (*most).max(work));
        let done = clients.len() == CROWD as usize && clients.iter().all(|(client, _)| client.keys().0 == 1);
        if done && settled_at.is_none() {
            settled_at = Some(now);
        }
    }
    assert_eq!((server.connected_count(), server.stats().timed_out), (CROWD, 0));
    // Of a step: 50,000 openings a second, counted in hundredths; 2,000 agreements a second and 64 at once.
    assert!(most[0] <= 1_000 && most[2] <= 98, "{most:?}");
    assert!(slowest <= Micros::from_millis(400), "{slowest:?}");
    assert!(settled_at.is_some_and(|at| at <= Micros::from_secs(12)), "{settled_at:?}");
}
