//! Sessions over WebSocket: beside UDP in one battle, by an independent client, over TLS, over a line that stalls, and under
//! what no client sends.
#![allow(clippy::unwrap_used)] // helpers of tests fail as tests do

mod support;

use std::io::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use shieldwall_core::CharacterInput;
use shieldwall_host::clock::Clock;
use shieldwall_host::terrain;
use shieldwall_host::tokens::TokenMaker;
use shieldwall_net::client::{GameClient, GameClientConfig, GameClientState};
use shieldwall_net::secure::{DATAGRAM_MAX, DEVELOPMENT_KEY, PROTOCOL_ID};
use support::raw_websocket::{Frame, RawWebSocket, address_of};
use support::{Running, run, temporary};

fn report(text: &str) -> serde_json::Value {
    serde_json::from_str(&text[text.find('{').unwrap()..]).unwrap()
}

#[test]
fn bots_play_over_websocket_and_udp_in_one_battle() {
    let host = Running::start(&["serve", "--websocket", "127.0.0.1:0"]);
    let (game, url) = (host.game.to_string(), host.websocket());
    let by_udp = std::thread::spawn({
        let game = game.clone();
        move || {
            run(&["bots", "--server", &game, "--bots", "6", "--first-client-id", "1000", "--duration-s", "4"])
        }
    });
    let arguments = ["bots", "--server", &game, "--websocket", &url, "--bots", "6", "--duration-s", "4"];
    let (code, out, log) = run(&arguments);
    assert_eq!(code, 0, "{log}");
    for report in [report(&out), report(&by_udp.join().unwrap().1)] {
        assert_eq!((&report["connected"], &report["disconnects"]), (&6.into(), &0.into()), "{report}");
        assert_eq!(report["refused"], 0, "{report}");
        assert!(report["snapshots_per_client_s"].as_f64().unwrap() > 5.0, "{report}");
    }
    assert_eq!(host.metric("shieldwall_websocket_accepted_total"), 6.0);
    host.wait_for_metric("shieldwall_websocket_connections", |open| open == 0.0);
    // Each said goodbye before it went: no session lost its line.
    assert_eq!(host.metric("shieldwall_lines_closed_total"), 0.0);
    host.signal("TERM");
    let (status, out, log) = host.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(out.contains("12 clients"), "{out}");
}

#[test]
fn tls_around_it_is_for_those_who_trust_the_certificate() {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let stranger = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let files = ["cert.pem", "key.pem", "stranger.pem"].map(temporary);
    std::fs::write(&files[0], certified.cert.pem()).unwrap();
    std::fs::write(&files[1], certified.signing_key.serialize_pem()).unwrap();
    std::fs::write(&files[2], stranger.cert.pem()).unwrap();
    let [certificate, key, other] = files.each_ref().map(|file| file.to_str().unwrap());
    let host =
        Running::start(&["serve", "--websocket", "127.0.0.1:0", "--tls-cert", certificate, "--tls-key", key]);
    let port = host.websocket().rsplit(':').next().unwrap().to_owned();
    let (game, url) = (host.game.to_string(), format!("wss://localhost:{port}"));
    let bots = |authorities: &str| {
        let common = ["bots", "--server", &game, "--websocket", &url, "--bots", "3", "--duration-s", "3"];
        run(&[&common[..], &["--tls-ca", authorities]].concat())
    };
    let (code, out, log) = bots(certificate);
    assert_eq!((code, &report(&out)["connected"]), (0, &3.into()), "{log}");
    let (code, out, _) = bots(other);
    assert_eq!((code, &report(&out)["connected"]), (6, &0.into()));
    host.wait_for_metric("shieldwall_refused_total{reason=\"websocket_handshake\"}", |count| count >= 3.0);
    files.iter().for_each(|file| std::fs::remove_file(file).unwrap());
}

/// A player over the connection that is written out by hand.
struct Player {
    clock: Clock,
    server: SocketAddr,
    client: GameClient,
    line: RawWebSocket,
    datagrams: u64,
}

impl Player {
    fn connect(host: &Running, client_id: u64, scenery: &str, receive_bytes: usize) -> Self {
        let clock = Clock::start();
        let maker = TokenMaker {
            protocol_id: PROTOCOL_ID,
            private_key: DEVELOPMENT_KEY,
            servers: vec![host.game],
            lifetime_s: 60,
        };
        let token = maker.token(client_id, "By hand", clock.unix()).unwrap();
        let scenery = terrain::scenery(Some(std::path::Path::new(scenery))).unwrap();
        let config = GameClientConfig { scenery, ..GameClientConfig::default() };
        let client = GameClient::with_forward_secrecy(token, config, [client_id as u8; 32], clock.now());
        let line = RawWebSocket::connect(address_of(&host.websocket()), receive_bytes);
        Self { clock, server: host.game, client, line, datagrams: 0 }
    }

    fn send(&mut self) {
        let mut out = [0; DATAGRAM_MAX];
        self.client.advance(self.clock.now(), CharacterInput::default());
        while let Some((_, length)) = self.client.poll_transmit(self.clock.now(), &mut out) {
            self.line.send(&out[..length]);
        }
    }

    /// Reads everything that is there; false when the connection is over.
    fn read(&mut self) -> bool {
        loop {
            match self.line.next() {
                Some(Frame::Binary(mut datagram)) => {
                    self.datagrams += 1;
                    let now = self.clock.now();
                    let _ = self.client.handle_datagram(self.server, &mut datagram, now);
                }
                Some(Frame::Pong) => {}
                Some(Frame::Close(_) | Frame::Gone) => return false,
                None => return true,
            }
        }
    }

    /// Plays until `done` says so, at most ten seconds.
    fn play_until(&mut self, done: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while !done(self) {
            assert!(Instant::now() < deadline, "{:?} {:?}", self.client.state(), self.client.stats());
            self.send();
            assert!(self.read(), "the server closed the connection");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn who_loses_the_connection_comes_back_at_once_to_the_same_character() {
    let host = Running::start(&["serve", "--websocket", "127.0.0.1:0"]);
    let mut player = Player::connect(&host, 7, "none", 0);
    player.play_until(|player| player.client.state() == GameClientState::Playing);
    let character = player.client.character();
    drop(player); // TCP ends without a word of the session
    host.wait_for_metric("shieldwall_lines_closed_total", |lost| lost == 1.0);
    assert_eq!(host.metric("shieldwall_clients_timed_out_total"), 0.0);
    let mut again = Player::connect(&host, 7, "none", 0);
    again.play_until(|player| player.client.state() == GameClientState::Playing);
    assert_eq!(again.client.character(), character);
    host.wait_for_metric("shieldwall_clients_returned_total", |returned| returned == 1.0);
    // Whoever says goodbye is let go by the server.
    again.client.disconnect();
    again.send();
    let deadline = Instant::now() + Duration::from_secs(5);
    while again.read() {
        assert!(Instant::now() < deadline, "the connection stays");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(host.metric("shieldwall_lines_closed_total"), 1.0);
}

#[test]
fn a_line_that_stalls_delivers_the_newest_and_not_all_that_was_missed() {
    let host = Running::start(&["demo", "--bots", "60", "--websocket", "127.0.0.1:0"]);
    let mut player = Player::connect(&host, 900, "fort", 4_096);
    player.play_until(|player| player.client.stats().snapshots > 20);
    // Nothing is read until the server has replaced snapshots; inputs and acks go on.
    let replaced = "shieldwall_dropped_total{queue=\"websocket_replaced\"}";
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut asked = Instant::now();
    while Instant::now() < deadline {
        player.send();
        std::thread::sleep(Duration::from_millis(5));
        if asked.elapsed() > Duration::from_millis(500) {
            asked = Instant::now();
            if host.metric(replaced) >= 40.0 {
                break;
            }
        }
    }
    let left_out = host.metric(replaced);
    assert!(left_out >= 40.0, "{left_out} were replaced");
    let before = player.client.stats().snapshots;
    player.play_until(|player| player.client.stats().snapshots > before + 20);
    assert_eq!(player.client.state(), GameClientState::Playing);
    // Of what is here now the newest is of now: the client's clock was told by it.
    assert!(player.client.stats().snapshot_age_us < 1_000_000, "{:?}", player.client.stats());
    host.signal("TERM");
    let (status, out, log) = host.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(out.contains("60 of 60 connected, 0 disconnects"), "{out}");
}

/// Reads until the connection is over: the code of the close frame, if there was one.
fn ends(line: &mut RawWebSocket) -> Option<u16> {
    let (mut code, deadline) = (None, Instant::now() + Duration::from_secs(20));
    loop {
        assert!(Instant::now() < deadline, "the connection stays open");
        match line.next() {
            Some(Frame::Gone) => return code,
            Some(Frame::Close(told)) => code = Some(told),
            Some(Frame::Binary(_) | Frame::Pong) => {}
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}

#[test]
fn what_no_client_sends_ends_its_connection_and_nothing_else() {
    let config = temporary("limits.toml");
    std::fs::write(&config, "[websocket]\nbind = \"127.0.0.1:0\"\nmax_connections = 8\n").unwrap();
    let host = Running::start(&["demo", "--bots", "5", "--config", config.to_str().unwrap()]);
    host.wait_for_metric("shieldwall_clients", |clients| clients >= 5.0);
    let at = address_of(&host.websocket());
    let connect = || RawWebSocket::connect(at, 0);
    let refused = |reason: &str, least: f64| {
        let name = format!("shieldwall_refused_total{{reason=\"{reason}\"}}");
        host.wait_for_metric(&name, |count| count >= least);
    };
    let mask = Some([1, 2, 3, 4]);
    let mut text = connect();
    text.send_frame(0x81, b"hello", mask);
    assert_eq!(ends(&mut text), Some(1003));
    refused("websocket_not_binary", 1.0);
    let mut long = connect();
    long.send_frame(0x82, &[0; 1_301], mask);
    assert_eq!(ends(&mut long), Some(1009));
    let mut pieces = connect();
    pieces.send_frame(0x02, &[0; 1_000], mask);
    pieces.send_frame(0x80, &[0; 1_000], mask);
    assert_eq!(ends(&mut pieces), Some(1009), "a message in frames is one message");
    refused("websocket_too_large", 2.0);
    let mut bare = connect();
    bare.send_frame(0x82, &[0; 30], None);
    assert_eq!(ends(&mut bare), Some(1002), "frames of clients are masked");
    refused("websocket_protocol", 1.0);
    let mut flood = connect();
    for _ in 0..600 {
        flood.send_frame(0x82, &[0x15; 40], mask);
    }
    ends(&mut flood);
    let mut pings = connect();
    for _ in 0..600 {
        pings.send_frame(0x89, b"?", mask);
    }
    ends(&mut pings);
    refused("websocket_flood", 2.0);
    // Frames that are no datagrams of a session are counted as such datagrams are.
    refused("unknown_address", 1.0);
    let mut web = RawWebSocket::tcp(at, 0);
    web.write_all(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n").unwrap();
    let mut noise = RawWebSocket::tcp(at, 0);
    noise.write_all(&[0; 64]).unwrap();
    refused("websocket_handshake", 2.0);
    // Slow ones: one that says nothing, one that goes on for ever, one without a session.
    let silent = RawWebSocket::tcp(at, 0);
    let mut slow = RawWebSocket::tcp(at, 0);
    let mut idle = connect();
    let crowd: Vec<_> = (0..12).map(|_| RawWebSocket::tcp(at, 0)).collect();
    refused("websocket_too_many", 4.0);
    for _ in 0..60 {
        let _ = slow.write_all(b"G");
        std::thread::sleep(Duration::from_millis(100));
    }
    refused("websocket_handshake_timeout", 2.0);
    assert_eq!(ends(&mut idle), Some(1008));
    refused("websocket_no_session", 1.0);
    drop((silent, crowd));
    assert_eq!(host.metric("shieldwall_clients"), 5.0, "nobody was thrown out");
    host.signal("TERM");
    let (status, out, log) = host.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(out.contains("5 of 5 connected, 0 disconnects"), "{out}");
    std::fs::remove_file(config).unwrap();
}

#[test]
fn settings_that_make_no_sense_are_told() {
    let refused = |arguments: &[&str], code: i32, word: &str| {
        let (found, _, log) = run(arguments);
        assert!(found == code && log.contains(word), "{arguments:?}: {found} {log}");
    };
    refused(&["serve", "--websocket", "0.0.0.0:0"], 3, "development key");
    refused(&["serve", "--tls-cert", "a.pem", "--tls-key", "b.pem"], 3, "websocket.bind");
    refused(&["serve", "--websocket", "127.0.0.1:0", "--tls-cert", "a.pem"], 3, "tls_key");
    let port = ["--udp-port", "0", "--no-http"];
    let tls = ["serve", "--websocket", "127.0.0.1:0", "--tls-cert", "/nowhere.pem", "--tls-key", "b.pem"];
    refused(&[&tls[..], &port].concat(), 5, "/nowhere.pem");
    refused(&["bots", "--websocket", "http://127.0.0.1"], 3, "ws://");
    refused(&["bots", "--websocket", "wss://127.0.0.1:1"], 3, "--tls-ca");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    refused(&[&["serve", "--websocket", &address][..], &port].concat(), 4, "--websocket");
}
