//! A running server under datagrams that no client sends: each is counted by its reason, and the battle goes on.
#![allow(clippy::unwrap_used)] // helpers of tests fail as tests do

mod support;

use std::net::UdpSocket;
use std::time::Duration;

use shieldwall_host::tokens::TokenMaker;
use shieldwall_net::secure::{ClientState, DATAGRAM_MAX, DEVELOPMENT_KEY, PROTOCOL_ID, SecureClient};
use shieldwall_net::time::{Micros, UnixSeconds};
use support::Running;

fn unix() -> UnixSeconds {
    shieldwall_host::clock::Clock::start().unix()
}

/// The first datagram of a client with this token: a connection request.
fn request(maker: &TokenMaker, client_id: u64, created: UnixSeconds) -> Vec<u8> {
    let token = maker.token(client_id, "Mallory", created).unwrap();
    let mut client = SecureClient::new(token, Micros::ZERO);
    let mut out = [0; DATAGRAM_MAX];
    let (_, length) = client.poll_transmit(Micros::ZERO, &mut out).unwrap();
    out[..length].to_vec()
}

#[test]
fn hostile_datagrams_are_counted_and_the_battle_goes_on() {
    let demo = Running::start(&["demo", "--bots", "10"]);
    demo.wait_for_metric("shieldwall_clients", |clients| clients >= 10.0);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let send = |datagram: &[u8]| assert_eq!(socket.send_to(datagram, demo.game).unwrap(), datagram.len());
    let maker = TokenMaker {
        protocol_id: PROTOCOL_ID,
        private_key: DEVELOPMENT_KEY,
        servers: vec![demo.game],
        lifetime_s: 60,
    };

    send(&[]);
    send(&[7]);
    send(&vec![0x5a; 1_000]);
    send(&vec![0x15; 1_301]);
    send(&vec![0; 60_000]);
    let mut foreign = request(&maker, 900, unix());
    foreign[1] ^= 0xff;
    send(&foreign);
    let other_game = TokenMaker { protocol_id: 1, ..maker.clone() };
    send(&request(&other_game, 901, unix()));
    let other_key = TokenMaker { private_key: [9; 32], ..maker.clone() };
    send(&request(&other_key, 902, unix()));
    send(&request(&maker, 903, UnixSeconds(unix().0 - 1_000)));
    let elsewhere = TokenMaker { servers: vec!["127.0.0.1:9".parse().unwrap()], ..maker.clone() };
    send(&request(&elsewhere, 904, unix()));
    send(&request(&maker, 1, unix())); // the number of a bot that plays: a second login

    for reason in [
        "too_small",
        "oversized",
        "foreign_version",
        "foreign_protocol",
        "token_not_authentic",
        "token_expired",
        "token_for_other_server",
        "client_connected",
    ] {
        let name = format!("shieldwall_refused_total{{reason=\"{reason}\"}}");
        demo.wait_for_metric(&name, |count| count >= 1.0);
    }
    let refused = "shieldwall_refused_total{reason=\"unknown_address\"}";
    let before = demo.metric(refused);
    for round in 0..5_000_u32 {
        let mut flood = [0x15; 200];
        flood[..4].copy_from_slice(&round.to_le_bytes());
        flood[0] = 0x15;
        let _ = socket.send_to(&flood, demo.game);
    }
    demo.wait_for_metric(refused, |count| count >= before + 1_000.0);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(demo.metric("shieldwall_clients"), 10.0, "nobody was thrown out");
    demo.signal("TERM");
    let (status, out, log) = demo.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(out.contains("10 of 10 connected, 0 disconnects"), "{out}");
}

#[test]
fn a_client_that_floods_uses_up_its_own_share_only() {
    let demo = Running::start(&["demo", "--bots", "5"]);
    demo.wait_for_metric("shieldwall_clients", |clients| clients >= 5.0);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let maker = TokenMaker {
        protocol_id: PROTOCOL_ID,
        private_key: DEVELOPMENT_KEY,
        servers: vec![demo.game],
        lifetime_s: 60,
    };
    let clock = shieldwall_host::clock::Clock::start();
    let mut client = SecureClient::new(maker.token(900, "Mallory", unix()).unwrap(), clock.now());
    let mut out = [0; DATAGRAM_MAX];
    while client.state() != ClientState::Connected {
        assert!(clock.now() < Micros::from_secs(5), "no session: {:?}", client.state());
        while let Some((to, length)) = client.poll_transmit(clock.now(), &mut out) {
            socket.send_to(&out[..length], to).unwrap();
        }
        let mut buffer = [0; DATAGRAM_MAX];
        if let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let _ = client.handle_datagram(from, &mut buffer[..length], clock.now());
        }
    }
    for _ in 0..2_000 {
        let (to, length) = client.seal_payload(&[0x5a; 100], clock.now(), &mut out).unwrap();
        socket.send_to(&out[..length], to).unwrap();
    }
    demo.wait_for_metric("shieldwall_refused_total{reason=\"over_quota\"}", |count| count >= 500.0);
    assert_eq!(demo.metric("shieldwall_dropped_total{queue=\"inbox_full\"}"), 0.0);
    demo.signal("INT");
    let (status, out, log) = demo.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(out.contains("5 of 5 connected, 0 disconnects"), "{out}");
}
