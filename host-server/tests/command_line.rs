//! The binary from outside: help, exit codes, tokens, ports in use, replays.

mod support;

use std::net::{TcpListener, UdpSocket};

use shieldwall_net::secure::{CONNECT_TOKEN_BYTES, ConnectToken};
use support::{Running, run, temporary};

#[test]
fn help_has_examples_and_exit_codes() {
    let (code, out, _) = run(&["--help"]);
    assert_eq!(code, 0);
    for part in ["Examples:", "Exit codes:", "shieldwall serve", "SHIELDWALL_"] {
        assert!(out.contains(part), "{part} is missing in\n{out}");
    }
}

#[test]
fn wrong_flags_and_broken_files_have_their_exit_codes() {
    assert_eq!(run(&["--bots", "many"]).0, 2);
    let path = temporary("broken.toml");
    std::fs::write(&path, "[server]\nudp_port = what\n").unwrap();
    let (code, out, error) = run(&["serve", "--config", path.to_str().unwrap()]);
    assert_eq!(code, 3, "{error}");
    assert!(error.contains("line 2") && out.is_empty(), "{error}");
    let (code, _, error) = run(&["serve", "--bind", "0.0.0.0"]);
    assert_eq!(code, 3);
    assert!(error.contains("--key-file"), "{error}");
    let (code, _, error) = run(&["serve", "--log-level", "=!?"]);
    assert_eq!(code, 3, "{error}");
}

#[test]
fn a_udp_port_in_use_says_so_and_what_to_do() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (code, _, error) = run(&["serve", "--udp-port", &port, "--no-http"]);
    assert_eq!(code, 4);
    assert!(error.contains(&port) && error.contains("in use") && error.contains("--udp-port"), "{error}");
}

#[test]
fn an_http_port_in_use_gives_way_to_the_next_and_says_so() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    if port > 65_000 {
        return; // there may be no next one
    }
    let port = port.to_string();
    let (code, out, error) = run(&["serve", "--udp-port", "0", "--http-port", &port, "--duration-s", "1"]);
    assert_eq!(code, 0, "{error}");
    assert!(out.contains("in use") && !out.contains(&format!("http://127.0.0.1:{port} ")), "{out}");
}

#[test]
fn tokens_come_as_hex_digits_or_as_a_file() {
    let (code, out, error) = run(&["token", "--server", "127.0.0.1:7000", "--client-id", "42"]);
    assert_eq!(code, 0, "{error}");
    let digits = out.trim();
    let bytes: Vec<u8> = (0..digits.len() / 2)
        .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    assert_eq!(bytes.len(), CONNECT_TOKEN_BYTES);
    let token = ConnectToken::read(&bytes).unwrap();
    assert_eq!(token.server_addresses.as_slice(), &["127.0.0.1:7000".parse().unwrap()]);

    let path = temporary("token.bin");
    let (code, out, _) = run(&["token", "--out", path.to_str().unwrap()]);
    assert_eq!((code, out.as_str()), (0, ""));
    assert!(ConnectToken::read(&std::fs::read(&path).unwrap()).is_ok());
    let (code, _, error) = run(&["token", "--out", "/nowhere/t.bin"]);
    assert_eq!(code, 5, "{error}");
}

#[test]
fn a_recorded_battle_replays_to_the_same_hash() {
    let (report, replay) = (temporary("recorded.json"), temporary("battle.swr"));
    let (report_text, replay_text) = (report.to_str().unwrap(), replay.to_str().unwrap());
    let (code, _, error) = run(&[
        "--bots",
        "12",
        "--duration-s",
        "3",
        "--udp-port",
        "0",
        "--no-http",
        "--report",
        report_text,
        "--record",
        replay_text,
    ]);
    assert_eq!(code, 0, "{error}");
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
    let (code, out, error) = run(&["replay", "verify", replay_text]);
    assert_eq!(code, 0, "{error}");
    assert!(out.contains(report["state_hash"].as_str().unwrap()) && out.contains("complete"), "{out}");

    let mut bytes = std::fs::read(&replay).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&replay, &bytes).unwrap();
    let (code, _, error) = run(&["replay", "verify", replay_text]);
    assert_eq!(code, 7, "{error}");
    assert_eq!(run(&["replay", "verify", "/nowhere"]).0, 5);
}

#[test]
fn bots_without_a_server_say_so() {
    let nobody = UdpSocket::bind("127.0.0.1:0").unwrap();
    let server = nobody.local_addr().unwrap().to_string();
    let (code, _, error) = run(&["bots", "--server", &server, "--bots", "2", "--duration-s", "2"]);
    assert_eq!(code, 6);
    assert!(error.contains("0 of 2"), "{error}");
}

#[test]
fn a_full_server_refuses_and_counts_the_rest() {
    let server = Running::start(&["serve", "--max-clients", "3"]);
    let address = server.game.to_string();
    let (code, _, error) = run(&["bots", "--server", &address, "--bots", "5", "--duration-s", "4"]);
    assert_eq!(code, 6, "{error}");
    assert!(error.contains("3 of 5"), "{error}");
    server.wait_for_metric("shieldwall_refused_total{reason=\"server_full\"}", |count| count >= 2.0);
}
