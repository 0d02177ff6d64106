//! `shieldwall rules` from outside, and servers that play by a file.

mod support;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use shieldwall_core::Rules;
use support::{Running, run, temporary};

fn file(name: &str, text: &str) -> PathBuf {
    let path = temporary(name);
    std::fs::write(&path, text).expect("a temporary file");
    path
}

fn text(path: &std::path::Path) -> &str {
    path.to_str().expect("temporary paths are text")
}

#[test]
fn the_default_file_and_the_schema_come_out_as_committed() {
    let (code, out, error) = run(&["rules", "default"]);
    assert_eq!((code, out.as_str(), error.as_str()), (0, shieldwall_rules::DEFAULT_FILE, ""));
    let (code, out, error) = run(&["rules", "schema"]);
    assert_eq!((code, out.as_str(), error.as_str()), (0, shieldwall_rules::SCHEMA_FILE, ""));
    let path = file("default.rules.toml", shieldwall_rules::DEFAULT_FILE);
    let (code, out, error) = run(&["rules", "check", text(&path)]);
    assert_eq!((code, error.as_str()), (0, ""));
    let hash = Rules::default().hash();
    assert_eq!(
        out,
        format!("{}: rules {hash}; 0 values not as in the shipped ruleset; 0 warnings\n", path.display())
    );
}

#[test]
fn a_file_is_judged_with_an_exit_code() {
    let good = file("good.rules.toml", "[arms.sword]\nreach_m = 3.000001\n");
    let (code, out, error) = run(&["rules", "check", text(&good)]);
    assert_eq!(code, 0);
    assert!(out.contains("; 1 value not as in the shipped ruleset; 1 warning"), "{out}");
    assert!(error.contains(":2:11: warning: arms.sword.reach_m: 3.000001 m is finer"), "{error}");

    let bad = file("bad.rules.toml", "[arms.sword]\nreach_m = 257\n[life]\nhealth = 3\n");
    for subcommand in ["check", "show"] {
        let (code, out, error) = run(&["rules", subcommand, text(&bad)]);
        assert_eq!((code, out.as_str()), (1, ""));
        assert!(
            error.contains("bad.rules.toml:2:11: error: arms.sword.reach_m: 257 m is out of range"),
            "{error}"
        );
        assert!(error.contains("\n4 | health = 3\n  | ^^^^^^\n"), "{error}");
        assert!(error.ends_with("2 errors, 0 warnings\n"), "{error}");
    }
    let (code, _, error) = run(&["rules", "check", "/nowhere/rules.toml"]);
    assert!(code == 2 && error.contains("cannot read /nowhere/rules.toml"), "{error}");
    assert_eq!(run(&["rules", "check"]).0, 2);
}

#[test]
fn show_and_help_teach() {
    let (code, out, _) = run(&["rules", "show"]);
    assert_eq!(code, 0);
    assert!(out.contains("\n[movement.knight]\n") && out.contains("held as 0.3499908447265625 m"), "{out}");
    for arguments in [&["rules", "--help"][..], &["rules", "check", "--help"]] {
        let (code, help, _) = run(arguments);
        assert!(code == 0 && help.contains("shieldwall rules default > mine.toml"), "{help}");
    }
}

/// Rules of which a tick is told from the shipped ones, and their hash.
const MINE: &str = "[life]\nhealth_max = 500\n[movement.soldier]\nwalk_speed_m_per_s = 6\n";

fn hash(text: &str) -> String {
    shieldwall_rules::compile("mine.toml", text.as_bytes()).expect(text).rules.hash().to_string()
}

#[test]
fn a_battle_is_played_by_the_file() {
    let (mine, report) = (file("played.rules.toml", MINE), temporary("played.json"));
    let demo = ["--bots", "8", "--duration-s", "3", "--udp-port", "0", "--no-http"];
    let mut arguments = demo.to_vec();
    arguments.extend(["--rules", text(&mine), "--report", text(&report), "--log-level", "info"]);
    let (code, out, error) = run(&arguments);
    assert_eq!(code, 0, "{error}");
    assert!(out.contains(&format!("rules {}", hash(MINE))), "{out}");
    assert!(error.contains(&hash(MINE)) && error.contains("played.rules.toml"), "{error}");
    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&report).expect("a report")).expect("JSON");
    assert_eq!(report["rules"], hash(MINE));
}

#[test]
fn a_server_says_its_rules_and_bots_with_others_leave() {
    let (mine, other) =
        (file("server.rules.toml", MINE), file("bots.rules.toml", "[arms.bow]\ndamage = 1\n"));
    let server = Running::start(&["serve", "--rules", text(&mine)]);
    let address = server.game.to_string();
    let bots = ["bots", "--server", &address, "--bots", "3", "--duration-s", "3"];
    let (code, _, error) = run(&[&bots[..], &["--rules", text(&mine)]].concat());
    assert_eq!(code, 0, "{error}");
    let (code, _, error) = run(&[&bots[..], &["--first-client-id", "50", "--rules", text(&other)]].concat());
    assert_eq!(code, 6, "{error}");
    let both = [hash(MINE), hash("[arms.bow]\ndamage = 1\n")];
    assert!(both.iter().all(|hash| error.contains(hash)), "{error}");
    let stats: serde_json::Value = serde_json::from_str(&server.get("/stats.json", 200)).expect("JSON");
    assert_eq!(stats["rules"], hash(MINE));
    let metrics = server.get("/metrics", 200);
    assert!(metrics.contains(&format!("shieldwall_rules{{hash=\"{}\"}} 1", hash(MINE))), "{metrics}");
}

#[test]
fn a_server_does_not_start_with_a_broken_file() {
    let bad = file("broken.rules.toml", "[arms.sword]\nreach_m = 257\ntagets = 2\n");
    let (code, out, error) = run(&["serve", "--udp-port", "0", "--no-http", "--rules", text(&bad)]);
    assert_eq!((code, out.as_str()), (3, ""));
    assert!(
        error.contains("world.rules (flag --rules)") && error.contains(":2:11: error: arms.sword.reach_m"),
        "{error}"
    );
    assert!(error.contains(":3:1: error: arms.sword.tagets"), "{error}");
    // Not wrong by itself, but too fast for so few ticks.
    let fast = file("fast.rules.toml", "[arms.bow]\nspeed_m_per_s = 400\ngravity_m_per_s2 = 200\n");
    let slow = ["serve", "--udp-port", "0", "--no-http", "--tick-hz", "10", "--rules", text(&fast)];
    let (code, _, error) = run(&slow);
    assert!(
        code == 3 && error.contains("world.rules (flag --rules)") && error.contains("arms.bow.speed"),
        "{error}"
    );
}

/// What is told of the rules of a running server.
fn told(server: &Running) -> (String, f64, f64) {
    let stats: serde_json::Value = serde_json::from_str(&server.get("/stats.json", 200)).expect("JSON");
    let rules = stats["rules"].as_str().expect("a hash").to_owned();
    let reloads = server.metric("shieldwall_rules_reloads_total");
    (rules, reloads, server.metric("shieldwall_rules_reloads_refused_total"))
}

/// Rules that were accepted hold two seconds later.
fn wait_for_rules(server: &Running, text: &str) {
    let (deadline, wanted) = (Instant::now() + Duration::from_secs(10), hash(text));
    while told(server).0 != wanted {
        assert!(Instant::now() < deadline, "{:?} instead of {wanted}", told(server));
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A real server, bots on real sockets, the file written anew under them: good, broken, good and not to be adopted, as
/// before.
#[test]
fn a_running_server_reads_its_rules_anew() {
    const FASTER: &str = "[movement.soldier]\nwalk_speed_m_per_s = 5\n[arms.bow]\ndamage = 33\n";
    let (mine, recording) = (file("reloaded.rules.toml", MINE), temporary("reloaded.swr"));
    let server = Running::start(&[
        "serve",
        "--rules",
        text(&mine),
        "--record",
        text(&recording),
        "--log-level",
        "info",
    ]);
    let address = server.game.to_string();
    let bots = std::thread::spawn(move || {
        run(&["bots", "--server", &address, "--bots", "12", "--duration-s", "60"])
    });
    server.wait_for_metric("shieldwall_clients", |clients| clients >= 12.0);
    assert_eq!(told(&server), (hash(MINE), 0.0, 0.0));

    std::fs::write(&mine, FASTER).expect("a temporary file");
    server.signal("HUP");
    server.wait_for_metric("shieldwall_rules_reloads_total", |reloads| reloads >= 1.0);
    wait_for_rules(&server, FASTER);
    assert_eq!(told(&server), (hash(FASTER), 1.0, 0.0));

    std::fs::write(&mine, "[arms.sword]\nreach_m = 257\ntagets = 2\n").expect("a temporary file");
    server.signal("HUP");
    server.wait_for_metric("shieldwall_rules_reloads_refused_total", |refused| refused >= 1.0);
    std::fs::write(&mine, "[lag]\nrewind_max_ms = 300\n").expect("a temporary file");
    server.signal("HUP");
    server.wait_for_metric("shieldwall_rules_reloads_refused_total", |refused| refused >= 2.0);
    assert_eq!(told(&server), (hash(FASTER), 1.0, 2.0));

    std::fs::write(&mine, MINE).expect("a temporary file");
    server.signal("HUP");
    server.wait_for_metric("shieldwall_rules_reloads_total", |reloads| reloads >= 2.0);
    wait_for_rules(&server, MINE);
    // Snapshots by the new rules have come to everybody.
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(told(&server), (hash(MINE), 2.0, 2.0));
    assert!(server.wait_for_metric("shieldwall_clients", |clients| clients > 0.0) >= 12.0);
    server.signal("TERM");
    let (status, _, log) = server.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    for line in [
        "arms.sword.reach_m: 257 m is out of range",
        "line=2 column=11",
        "arms.sword.tagets",
        "line=3 column=1",
    ] {
        assert!(log.contains(line), "{log}");
    }
    assert!(log.contains("lag.rewind_max_ms looks back on") && log.contains(&hash(FASTER)), "{log}");
    let (code, out, error) = bots.join().expect("the bots ended");
    assert_eq!(code, 0, "{error}");
    assert!(out.contains("\"disconnects\": 0") && out.contains("\"connected\": 12"), "{out}");
    let (code, out, error) = run(&["replay", "verify", text(&recording)]);
    assert!(code == 0 && out.contains("(complete)"), "{out}{error}");
    let (_, out, _) = run(&["replay", "info", text(&recording)]);
    assert!(out.contains("2 changes of rules"), "{out}");
}
