//! The control plane of a running host: page, health, stats, metrics, live feed.
#![allow(clippy::unwrap_used)] // helpers of tests fail as tests do

mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use support::{Running, get};

#[test]
fn every_endpoint_answers() {
    let demo = Running::start(&["demo", "--bots", "4"]);
    demo.wait_for_metric("shieldwall_clients", |clients| clients >= 4.0);
    assert!(demo.get("/", 200).contains("<html"));
    assert_eq!(demo.get("/healthz", 200), "ok\n");
    assert_eq!(demo.get("/readyz", 200), "ready\n");
    demo.get("/nothing", 404);
    let (_, head, _) = get(demo.page, "/");
    let head = head.to_lowercase();
    assert!(head.contains("content-security-policy") && head.contains("nosniff"), "{head}");

    let stats: serde_json::Value = serde_json::from_str(&demo.get("/stats.json", 200)).unwrap();
    assert_eq!(stats["type"], "stats");
    for name in [
        "tick",
        "uptime_s",
        "tick_budget_ms",
        "ticks_late",
        "packets_skipped_share",
        "clients",
        "snapshot_age_ms",
        "kills",
    ] {
        assert!(stats[name].is_number(), "{name} in {stats}");
    }
    assert_eq!(stats["score"].as_array().unwrap().len(), 2);

    let metrics = demo.get("/metrics", 200);
    for name in ["shieldwall_ticks_total ", "shieldwall_refused_total{reason=\"not_authentic\"} ", "# EOF"] {
        assert!(metrics.contains(name), "{name} is missing in\n{metrics}");
    }
}

#[test]
fn the_feed_says_hello_and_shows_the_battle() {
    let demo = Running::start(&["demo", "--bots", "6"]);
    demo.wait_for_metric("shieldwall_characters_alive", |alive| alive >= 6.0);
    let mut watcher = Watcher::connect(demo.page, None).unwrap();
    let Message::Text(hello) = watcher.next() else { panic!("hello comes first") };
    let hello: serde_json::Value = serde_json::from_str(&hello).unwrap();
    assert_eq!((hello["type"].as_str(), hello["tick_hz"].as_u64()), (Some("hello"), Some(60)));
    let terrain = &hello["terrain"];
    let cells = terrain["columns"].as_u64().unwrap() * terrain["rows"].as_u64().unwrap();
    assert_eq!(terrain["heights_cm"].as_array().unwrap().len() as u64, cells);

    watcher.send(r#"{"follow": 0}"#);
    let (mut frames, mut followed, mut last_tick) = (0, None, 0);
    while frames < 20 || followed.is_none() {
        match watcher.next() {
            Message::Binary(frame) => {
                last_tick = check_frame(&frame, last_tick);
                frames += 1;
                assert!(frames < 200, "nobody is followed");
            }
            Message::Text(text) => {
                let stats: serde_json::Value = serde_json::from_str(&text).unwrap();
                assert_eq!(stats["type"], "stats");
                if !stats["follow"].is_null() {
                    followed = Some(stats["follow"].clone());
                }
            }
        }
    }
    let followed = followed.unwrap();
    assert_eq!(followed["slot"].as_u64(), Some(0));
    assert!(followed["name"].as_str().unwrap().starts_with("Bot "), "{followed}");
    assert!(!followed["visible"].as_array().unwrap().is_empty(), "{followed}");
    assert_eq!(demo.metric("shieldwall_watchers"), 1.0);
    drop(watcher);
    demo.wait_for_metric("shieldwall_watchers", |watchers| watchers == 0.0);
}

#[test]
fn other_sites_may_not_watch_and_nonsense_changes_nothing() {
    let demo = Running::start(&["demo", "--bots", "1"]);
    assert_eq!(Watcher::connect(demo.page, Some("http://evil.example")).err(), Some(403));
    let mut watcher = Watcher::connect(demo.page, None).unwrap();
    for text in
        ["", "{", "{\"follow\": -1}", "{\"follow\": \"x\"}", "{\"evil\": 1}", "{\"follow\": 4294967295}"]
    {
        watcher.send(text);
    }
    for _ in 0..30 {
        watcher.next();
    }
    // Too large a message ends the watcher's session and nothing else.
    watcher.send(&"x".repeat(100_000));
    demo.wait_for_metric("shieldwall_watchers", |watchers| watchers == 0.0);
    assert_eq!(demo.get("/readyz", 200), "ready\n");
}

#[test]
fn half_a_request_does_not_hold_up_the_end() {
    let server = Running::start(&["serve"]);
    let mut stream = TcpStream::connect(server.page).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: ").unwrap();
    server.get("/healthz", 200); // whoever came before has been accepted
    server.signal("INT");
    let (status, _, log) = server.wait();
    assert_eq!(status.code(), Some(0), "{log}");
}

/// Checks a frame's lengths and ranges; returns its tick.
fn check_frame(frame: &[u8], last_tick: u32) -> u32 {
    let u16_at = |at: usize| usize::from(u16::from_le_bytes([frame[at], frame[at + 1]]));
    assert_eq!(&frame[..2], &[1, 3]);
    let characters = u16_at(2);
    let sizes = [(2, 10), (4, 9), (6, 6), (12, 12), (14, 12), (16, 6), (18, 3), (20, 10), (22, 6)];
    let rows: usize = sizes.iter().map(|(at, size)| u16_at(*at) * size).sum();
    assert_eq!(frame.len(), 24 + rows);
    assert_eq!(characters, 6);
    let tick = u32::from_le_bytes(frame[8..12].try_into().unwrap());
    assert!(tick > last_tick, "frames go forward");
    let mut slots: Vec<usize> = (0..characters).map(|at| u16_at(24 + 10 * at)).collect();
    slots.dedup();
    assert_eq!(slots.len(), characters);
    tick
}

enum Message {
    Text(String),
    Binary(Vec<u8>),
}

/// A WebSocket client of a few lines (RFC 6455): what the feed needs and no more.
struct Watcher(TcpStream);

impl Watcher {
    /// Connects; the error is the status that was answered instead of 101.
    fn connect(address: SocketAddr, origin: Option<&str>) -> Result<Self, u16> {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let origin = origin.map(|origin| format!("Origin: {origin}\r\n")).unwrap_or_default();
        write!(
            stream,
            "GET /live HTTP/1.1\r\nHost: {address}\r\n{origin}Connection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        .unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let status = String::from_utf8_lossy(&head).split(' ').nth(1).unwrap().parse().unwrap();
        if status == 101 { Ok(Self(stream)) } else { Err(status) }
    }

    fn exact(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes).unwrap();
        bytes
    }

    fn next(&mut self) -> Message {
        let head = self.exact(2);
        let length = match head[1] {
            126 => usize::from(u16::from_be_bytes(self.exact(2).try_into().unwrap())),
            127 => usize::try_from(u64::from_be_bytes(self.exact(8).try_into().unwrap())).unwrap(),
            short => usize::from(short),
        };
        let body = self.exact(length);
        match head[0] {
            0x81 => Message::Text(String::from_utf8(body).unwrap()),
            0x82 => Message::Binary(body),
            other => panic!("unexpected frame {other:#x}"),
        }
    }

    /// Sends a text message, masked with zeros, which is a mask as any other. Errors show when reading.
    fn send(&mut self, text: &str) {
        let mut frame = vec![0x81];
        match text.len() {
            short @ 0..126 => frame.push(0x80 | short as u8),
            long => {
                frame.push(0x80 | 127);
                frame.extend((long as u64).to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        let _ = self.0.write_all(&frame);
    }
}
