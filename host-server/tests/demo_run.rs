//! A short real battle over UDP: what the report says, and how signals end it.

mod support;

use support::{Running, run, temporary};

#[test]
fn a_short_demo_connects_everybody_and_reports() {
    let path = temporary("report.json");
    let (code, out, error) = run(&[
        "demo",
        "--bots",
        "20",
        "--seed",
        "3",
        "--duration-s",
        "5",
        "--udp-port",
        "0",
        "--http-port",
        "0",
        "--report",
        path.to_str().unwrap(),
    ]);
    assert_eq!(code, 0, "{error}");
    assert_eq!(out.lines().filter(|line| line.contains("watch at http://")).count(), 1, "{out}");
    assert!(!out.contains('\r'), "no status line where there is no terminal");

    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let number = |name: &str| report[name].as_f64().unwrap_or_else(|| panic!("{name} in {report}"));
    assert_eq!((number("tick_hz"), number("clients")), (60.0, 20.0));
    // Game time that a busy machine lost is told.
    let lost = number("schedule_slipped_ms") * 60.0 / 1_000.0;
    assert!((280.0..=310.0).contains(&(number("ticks") + lost)), "{report}");
    assert!(report["tick_ms"]["p99"].as_f64().unwrap() > 0.0);
    for name in ["bytes_down_per_client_s", "bytes_up_per_client_s"] {
        assert!((200.0..12_000.0).contains(&number(name)), "{name} in {report}");
    }
    assert!(number("entities_visible_mean") > 1.0, "{report}");
    assert!(number("server_cpu_us_per_client_s") > 0.0);
    assert!(number("corrections_per_client_s") >= 0.0);
    assert!(number("kills") >= 0.0 && number("ticks_late") >= 0.0);
    assert_eq!(report["state_hash"].as_str().unwrap().len(), 32);
    let bots = &report["bots"];
    assert_eq!((bots["connected"].as_u64(), bots["disconnects"].as_u64()), (Some(20), Some(0)), "{bots}");
    assert!(bots["snapshots_per_client_s"].as_f64().unwrap() > 10.0, "{bots}");
}

#[test]
fn a_run_too_short_for_all_bots_to_begin_is_no_failure() {
    let (code, out, error) =
        run(&["demo", "--bots", "20", "--duration-s", "1", "--udp-port", "0", "--http-port", "0"]);
    assert_eq!(code, 0, "{error}");
    assert!(out.contains("state hash"), "{out}");
}

#[test]
fn bots_that_are_refused_fail_the_run() {
    // A server for three and five bots: two are refused.
    let flags = ["--max-clients", "3", "--duration-s", "4", "--udp-port", "0", "--http-port", "0"];
    let (code, _, error) = run(&[&["demo", "--bots", "5"], &flags[..]].concat());
    assert_eq!(code, 6, "{error}");
}

#[test]
fn sigterm_and_sigint_drain_and_flush_the_report() {
    for signal in ["TERM", "INT"] {
        let path = temporary(&format!("{signal}.json"));
        let demo = Running::start(&["demo", "--bots", "8", "--report", path.to_str().unwrap()]);
        demo.wait_for_metric("shieldwall_clients", |clients| clients >= 8.0);
        demo.signal(signal);
        let (status, out, log) = demo.wait();
        assert_eq!(status.code(), Some(0), "{signal}: {log}");
        assert!(out.contains("state hash"), "{signal}: {out}");
        let report: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(report["clients"].as_u64(), Some(8));
        assert_eq!(report["bots"]["disconnects"].as_u64(), Some(0), "{report}");
    }
}

#[test]
fn clients_are_told_when_the_server_stops() {
    let server = Running::start(&["serve"]);
    let address = server.game.to_string();
    let bots =
        std::thread::spawn(move || run(&["bots", "--server", &address, "--bots", "6", "--duration-s", "30"]));
    server.wait_for_metric("shieldwall_clients", |clients| clients >= 6.0);
    server.signal("TERM");
    let (status, _, log) = server.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    // The bots were told, so they end long before their 30 seconds, and nobody counts as lost.
    let (code, out, error) = bots.join().unwrap();
    assert_eq!(code, 0, "{error}");
    assert!(out.contains("\"disconnects\": 0"), "{out}");
}
