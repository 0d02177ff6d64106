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
    let (code, out, error) = run(&["replay", "hits", replay_text, "--lines", "3"]);
    assert_eq!(code, 0, "{error}");
    let total = out.lines().last().unwrap_or_default();
    assert!(total.contains(" hits") && out.lines().count() <= 4, "{out}");
    let found: u32 = total.split(' ').next().unwrap().parse().unwrap();
    // Bots play over a real path: what they hit, they saw a moment before.
    assert!(found == 0 || out.contains(" ms before at ("), "{out}");
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

/// Records a world of twelve who walk about; `odd_tick` gets another command than it would.
fn recording(name: &str, ticks: u32, odd_tick: Option<u32>) -> String {
    use shieldwall_core::{
        CharacterInput, Command, Placement, ReplayOptions, ReplayWriter, World, WorldConfig, numeric::Ticks,
    };
    let config = WorldConfig { character_capacity: 64, projectile_capacity: 64, ..WorldConfig::default() };
    let mut world = World::new(&config).expect("the configuration is valid");
    let options = ReplayOptions { hash_every: Ticks(20), keyframe_every: Ticks(100), chunk_ticks: Ticks(32) };
    let mut bytes = Vec::new();
    let mut writer = ReplayWriter::begin_with(&world, &options, &mut bytes);
    let spawn = |tag| Command::Spawn { tag, team: 0, class: 0, placement: Placement::TeamSpawn };
    for tick in 0..ticks {
        let mut commands: Vec<Command> = if tick == 0 { (0..12).map(spawn).collect() } else { Vec::new() };
        if tick > 0 && tick % 7 == 0 {
            let id = world.id_at(tick % 12).expect("twelve were spawned");
            let forward = if Some(tick) == odd_tick { -90 } else { 90 };
            commands.push(Command::Input {
                id,
                input: CharacterInput { move_forward: forward, ..CharacterInput::default() },
            });
        }
        world.step(&commands);
        writer.record(&world, &commands, &mut bytes);
    }
    writer.finish(&world, &mut bytes);
    let path = temporary(name);
    std::fs::write(&path, bytes).expect("the folder can be written");
    path.to_str().expect("a path of plain characters").to_owned()
}

#[test]
fn a_recording_says_what_is_in_it_and_is_jumped_into() {
    let file = recording("look.swr", 250, None);
    let (code, out, error) = run(&["replay", "info", &file]);
    assert_eq!(code, 0, "{error}");
    for part in ["0 to 250 (250 ticks", "3 keyframes", "slots for 64 characters", "complete; final hash"] {
        assert!(out.contains(part), "{part} is missing in\n{out}");
    }
    let state = temporary("look.swss");
    let state = state.to_str().unwrap();
    let (code, out, error) = run(&["replay", "seek", &file, "--tick", "137", "--out", state]);
    assert_eq!(code, 0, "{error}");
    assert!(out.contains("tick 137: hash ") && out.contains("12 characters (12 alive)"), "{out}");
    let image = std::fs::read(state).unwrap();
    let image = shieldwall_core::StateImage::read(&image).unwrap();
    assert!(out.contains(&image.header().hash.to_string()), "{out}");

    let (code, _, error) = run(&["replay", "seek", &file, "--tick", "251"]);
    assert_eq!(code, 7, "{error}");
    assert!(error.contains("0 to 250") && error.contains("look.swr"), "{error}");
    assert_eq!(run(&["replay", "seek", &file]).0, 2);
    let help = run(&["replay", "--help"]).1;
    assert!(help.contains("Examples:") && help.contains("--out state.swss"), "{help}");
}

#[test]
fn a_cut_recording_is_told_and_used() {
    let file = recording("cut.swr", 250, None);
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() * 3 / 4]).unwrap();
    let (code, out, error) = run(&["replay", "info", &file]);
    assert_eq!(code, 0, "{error}");
    assert!(out.contains("cut off: "), "{out}");
    let (code, out, error) = run(&["replay", "verify", &file]);
    assert_eq!(code, 0, "{error}");
    assert!(out.contains("cut off: good up to"), "{out}");
    assert_eq!(run(&["replay", "seek", &file, "--tick", "120"]).0, 0);
}

#[test]
fn diff_finds_tick_command_column_and_entity() {
    let same = recording("same.swr", 250, None);
    let again = recording("again.swr", 250, None);
    let (code, out, error) = run(&["diff", &same, &again]);
    assert_eq!((code, out.contains("equal: 250 ticks")), (0, true), "{out}{error}");

    // Tick 140 gives slot 8 another input: first seen before tick 141.
    let other = recording("other.swr", 250, Some(140));
    let (code, out, error) = run(&["diff", &same, &other]);
    assert_eq!(code, 1, "{out}{error}");
    for part in [
        "equal before tick 140, different before tick 141",
        "the commands of tick 140 differ",
        "move_forward: 90",
        "characters input_forward: 1 rows differ",
        "characters 8#1 input_forward: 90 | -90 (-180)",
        "velocity_",
    ] {
        assert!(out.contains(part), "{part} is missing in\n{out}");
    }

    let shorter = recording("shorter.swr", 200, None);
    let (code, out, _) = run(&["diff", &same, &shorter]);
    assert_eq!(code, 1);
    assert!(out.contains("200 ticks are the same") && out.contains("the first goes on to tick 250"), "{out}");
}

#[test]
fn diff_shows_the_values_of_two_states() {
    let (one, other) = (recording("one.swr", 250, None), recording("two.swr", 250, Some(140)));
    let state = |name: &str, file: &str| {
        let path = temporary(name).to_str().unwrap().to_owned();
        assert_eq!(run(&["replay", "seek", file, "--tick", "200", "--out", &path]).0, 0);
        path
    };
    let (a, b, c) = (state("a.swss", &one), state("b.swss", &other), state("c.swss", &one));
    let (code, out, _) = run(&["diff", &a, &c]);
    assert_eq!((code, out.starts_with("equal: tick 200, hash ")), (0, true), "{out}");
    let (code, out, _) = run(&["diff", &a, &b, "--lines", "3"]);
    assert_eq!(code, 1);
    let values = out.lines().filter(|line| line.starts_with("  characters ")).count();
    assert!(
        values == 3 && out.contains("values more") && out.contains("  characters 8#1 position_"),
        "{out}"
    );

    let (code, _, error) = run(&["diff", &a, &one]);
    assert_eq!(code, 7, "{error}");
    assert!(error.contains("one is a state image and one a recording"), "{error}");
    let (code, _, error) = run(&["diff", &a, file!()]);
    assert_eq!(code, if std::path::Path::new(file!()).exists() { 7 } else { 5 }, "{error}");
    let mut bytes = std::fs::read(&b).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&b, bytes).unwrap();
    let (code, _, error) = run(&["diff", &a, &b]);
    assert_eq!((code, error.contains("b.swss")), (7, true), "{error}");
    assert!(run(&["diff", "--help"]).1.contains("Examples:"));
}
