//! Captures of running battles, and what `dissect` makes of them: whole, without keys, damaged, through a relay.
#![allow(clippy::unwrap_used)] // helpers of tests fail as tests do

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use shieldwall_host::capture::packet_reader::CaptureReader;
use shieldwall_host::cli::DissectFlags;
use shieldwall_host::dissect::{self, Summary};
use shieldwall_host::error::HostError;
use support::{Running, run, shieldwall, temporary};

fn flags(file: &Path, keys: Option<&Path>) -> DissectFlags {
    DissectFlags {
        file: file.to_owned(),
        keys: keys.map(Path::to_owned),
        client: None,
        server: None,
        scenery: PathBuf::from("fort"),
        entities: false,
        json: true,
    }
}

fn summary(file: &Path, keys: Option<&Path>) -> (Summary, Vec<serde_json::Value>) {
    let mut out = Vec::new();
    let summary = dissect::run(&flags(file, keys), &mut out).unwrap();
    let lines = std::str::from_utf8(&out).unwrap().lines();
    (summary, lines.map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// A battle of four bots, captured with its keys.
fn captured(name: &str) -> (PathBuf, PathBuf) {
    let (file, keys) = (temporary(&format!("{name}.pcapng")), temporary(&format!("{name}.keys")));
    let paths = [&file, &keys].map(|path| path.to_str().unwrap());
    let common = ["demo", "--bots", "4", "--duration-s", "4", "--udp-port", "0", "--no-http"];
    let (code, _, log) = run(&[&common[..], &["--capture", paths[0], "--key-log", paths[1]]].concat());
    assert_eq!(code, 0, "{log}");
    assert!(log.contains("keys of all sessions are logged"), "{log}");
    (file, keys)
}

/// What the server tells each client exactly of its own character, it tells the others of the same tick, to the wire's
/// precision: two encodings, and states restored over many baselines.
fn assert_pictures_agree(lines: &[serde_json::Value]) {
    let parts = |name: &'static str| {
        let of_line = move |line: &'_ serde_json::Value| -> Vec<(u64, serde_json::Value)> {
            let list = line[name].as_array().cloned().unwrap_or_default();
            list.into_iter().map(|part| (line["client"].as_u64().unwrap_or(0), part)).collect()
        };
        lines.iter().flat_map(of_line)
    };
    let mut slots = BTreeMap::new();
    for (client, message) in parts("messages").filter(|(_, message)| message["message"] == "welcome") {
        slots.insert(client, message["character"][0].as_u64().unwrap());
    }
    let mut exact = BTreeMap::new();
    for (client, frame) in parts("frames").filter(|(_, frame)| frame["own"].is_object()) {
        let at = ["x_m", "z_m"].map(|side| frame["own"][side].as_f64().unwrap());
        exact.insert((frame["tick"].as_u64().unwrap(), slots[&client]), at);
    }
    let mut compared = 0;
    for (_, frame) in parts("frames").filter(|(_, frame)| frame["frame"] == "snapshot") {
        for entity in frame["entities"].as_array().unwrap() {
            let key = (frame["tick"].as_u64().unwrap(), entity["slot"].as_u64().unwrap());
            let Some(exact) = exact.get(&key) else { continue };
            let told = ["x_m", "z_m"].map(|side| entity[side].as_f64().unwrap());
            let off = (told[0] - exact[0]).abs().max((told[1] - exact[1]).abs());
            assert!(off <= 1.0 / 64.0, "{key:?}: told {told:?}, exactly {exact:?}");
            compared += 1;
        }
    }
    assert!(compared > 50, "{compared} states were told twice for one tick");
}

/// Where in the file a byte of a long payload lies, near the end of the battle.
fn place_of_a_payload(file: &Path, bytes: &[u8]) -> usize {
    let mut reader = CaptureReader::open(file).unwrap();
    let mut long = None;
    while let Some(datagram) = reader.next_datagram().unwrap() {
        if datagram.bytes.len() > 150 && datagram.bytes.len() < 300 {
            long = Some(datagram.bytes);
        }
    }
    let long = long.unwrap();
    bytes.windows(long.len()).rposition(|window| window == long).unwrap() + 100
}

#[cfg(unix)]
fn assert_private(file: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
}

#[test]
fn every_payload_of_a_battle_is_opened_and_read_and_a_changed_byte_is_named() {
    let (file, keys) = captured("whole");
    #[cfg(unix)]
    for path in [&file, &keys] {
        assert_private(path);
    }
    let (whole, lines) = summary(&file, Some(&keys));
    assert!(whole.payloads > 300, "{whole:?}");
    assert_eq!((whole.opened, whole.payloads_read), (whole.sealed, whole.payloads), "{whole:?}");
    assert_eq!(
        (whole.malformed, whole.not_authentic, whole.others, whole.left_out),
        (0, 0, 0, 0),
        "{whole:?}"
    );
    assert_eq!(whole.rekeys, 4, "each session took new keys once");
    for kind in ["inputs", "snapshot", "fragment", "welcome", "of_client", "changes", "objectives", "goodbye"]
    {
        assert!(whole.kinds.contains_key(kind), "no {kind} in {whole:?}");
    }
    let bots: std::collections::BTreeSet<u64> =
        lines.iter().filter_map(|line| line["client"].as_u64()).collect();
    assert_eq!(bots, (1..=4).collect());
    assert_pictures_agree(&lines);

    // Without keys: what is in the clear, and nothing else.
    let (clear, lines) = summary(&file, None);
    assert_eq!((clear.datagrams, clear.sealed, clear.opened), (whole.datagrams, whole.sealed, 0));
    assert!(lines.iter().all(|line| line["frames"].is_null() && line["client"].is_null()));

    // One bit of one sealed packet.
    let mut bytes = std::fs::read(&file).unwrap();
    let at = place_of_a_payload(&file, &bytes);
    bytes[at] ^= 1;
    let changed = temporary("changed.pcapng");
    std::fs::write(&changed, &bytes).unwrap();
    let (changed_sum, lines) = summary(&changed, Some(&keys));
    let named =
        lines.iter().filter(|line| line["sealed"].as_str().is_some_and(|why| why.contains("not authentic")));
    assert_eq!((changed_sum.not_authentic, named.count()), (1, 1), "{changed_sum:?}");
    assert_eq!(changed_sum.opened, whole.opened - 1);

    // The text form says the same.
    let (code, text, _) =
        run(&["dissect", file.to_str().unwrap(), "--keys", keys.to_str().unwrap(), "--client", "2"]);
    assert_eq!(code, 0);
    assert!(text.contains("message welcome") && text.contains("frame snapshot"), "{}", &text[..2_000]);
    assert!(!text.contains("client=3"));
    for path in [&file, &keys, &changed] {
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn a_damaged_capture_is_an_error_or_read_and_never_a_panic() {
    let (file, keys) = captured("hostile");
    let whole = std::fs::read(&file).unwrap();
    let small = &whole[..whole.len().min(24_000)];
    let damaged = temporary("damaged.pcapng");
    let mut state = 1_u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut errors = 0;
    for round in 0..300 {
        let mut bytes = small.to_vec();
        match round % 3 {
            0 => bytes.truncate(random(bytes.len())),
            1 => (0..3).for_each(|_| bytes[random(small.len())] = random(256) as u8),
            _ => {
                // Heads of blocks are where lengths lie.
                let at = random(400);
                bytes[at] = random(256) as u8;
            }
        }
        std::fs::write(&damaged, &bytes).unwrap();
        match dissect::run(&flags(&damaged, Some(&keys)), &mut std::io::sink()) {
            Ok(_) => {}
            Err(HostError::Capture(_)) => errors += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(errors > 50, "{errors}");
    for (text, code) in [("no capture at all", 5), ("", 5)] {
        std::fs::write(&damaged, text).unwrap();
        let (found, _, log) = run(&["dissect", damaged.to_str().unwrap()]);
        assert!(found == code && log.contains("pcapng"), "{found} {log}");
    }
    let (code, _, log) = run(&["dissect", file.to_str().unwrap(), "--keys", file.to_str().unwrap()]);
    assert_eq!(code, 5, "{log}");
    for path in [&file, &keys, &damaged] {
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn a_relay_captures_what_clients_log_the_keys_of() {
    let relay = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let host = Running::start(&["serve", "--scenery", "fort", "--public-address", &relay]);
    let (file, keys) = (temporary("relay.pcapng"), temporary("relay.keys"));
    let game = host.game.to_string();
    let out = file.to_str().unwrap();
    let mut capture = shieldwall(&["capture", "--listen", &relay, "--server", &game, "--out", out])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let (code, _, log) = run(&[
        "bots",
        "--server",
        &relay,
        "--scenery",
        "fort",
        "--bots",
        "3",
        "--duration-s",
        "3",
        "--key-log",
        keys.to_str().unwrap(),
    ]);
    assert_eq!(code, 0, "{log}");
    let stopped = std::process::Command::new("kill").args(["-s", "INT", &capture.id().to_string()]).status();
    assert!(stopped.unwrap().success());
    assert!(capture.wait().unwrap().success());
    let (summary, _) = summary(&file, Some(&keys));
    assert_eq!((summary.opened, summary.payloads_read), (summary.sealed, summary.payloads), "{summary:?}");
    assert!(summary.payloads > 100 && summary.rekeys == 3, "{summary:?}");
    // The log of bots is of the same form, and of nobody else's business.
    #[cfg(unix)]
    assert_private(&keys);
    for path in [&file, &keys] {
        std::fs::remove_file(path).unwrap();
    }
}
