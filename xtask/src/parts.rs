//! The parts of the test run, in one table, and what each of them calls.

use crate::process::{self, Background, CANNOT_RUN_HERE, Outcome};
use crate::summary::{Ending, Summary};
use crate::{cross, fuzz, instructions, setup};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

struct Part {
    name: &'static str,
    what: &'static str,
    run: fn() -> Ending,
}

/// Cheap and telling first; what needs other programs last.
const PARTS: &[Part] = &[
    Part { name: "format", what: "every file as rustfmt has it", run: format },
    Part { name: "clippy", what: "no warning in any package or target", run: clippy },
    Part { name: "debug", what: "unit, property, interop, tidy and documentation tests", run: debug },
    Part {
        name: "release",
        what: "determinism, goldens and allocation in the optimized build",
        run: release,
    },
    Part {
        name: "cross",
        what: "the goldens on emulated aarch64, s390x and wasm32, images exchanged between them",
        run: cross::run,
    },
    Part {
        name: "instructions",
        what: "instruction counts of the kernel's hot loops against their baselines",
        run: instructions::ending,
    },
    Part { name: "docs", what: "the reference builds without a broken link", run: docs },
    Part { name: "fuzz", what: "every decoder, ten million executions in all", run: fuzz_all },
    Part { name: "demo", what: "the main job: 200 bots over real UDP, read from its report", run: demo },
    Part { name: "page", what: "the live page in headless Chromium", run: page },
    Part { name: "godot", what: "the add-on in real Godot against a running host", run: godot },
];

/// `cargo xtask test [--list] [PART ...]`.
pub fn run(arguments: &[String]) -> Outcome {
    if arguments.iter().any(|word| word == "--list") {
        for part in PARTS {
            println!("{:<10} {}", part.name, part.what);
        }
        return Ok(());
    }
    if let Some(unknown) = arguments.iter().find(|word| !PARTS.iter().any(|part| part.name == *word)) {
        return Err(format!("there is no part '{unknown}': see `cargo xtask test --list`"));
    }
    let mut summary = Summary::default();
    for part in
        PARTS.iter().filter(|part| arguments.is_empty() || arguments.iter().any(|word| word == part.name))
    {
        summary.run(part.name, part.what, part.run);
    }
    summary.close()
}

/// `cargo xtask golden [--update | --cross | --long]`.
pub fn golden(arguments: &[String]) -> Outcome {
    if arguments == ["--cross"] {
        return match cross::run() {
            Ending::Passed => Ok(()),
            Ending::Failed(reason) | Ending::CannotRun(reason) => Err(reason),
        };
    }
    let mut command = process::cargo();
    let long = arguments == ["--long"];
    let test = if long { "long_battles" } else { "goldens" };
    command.args([
        "test",
        "--quiet",
        "--release",
        "-p",
        "shieldwall-tests",
        "--test",
        test,
        "--",
        "--nocapture",
    ]);
    match arguments {
        [] => {}
        _ if long => {
            command.arg("--ignored");
        }
        [word] if word == "--update" => {
            command.env("UPDATE_GOLDENS", "1");
        }
        _ => return Err("usage: cargo xtask golden [--update | --cross | --long]".into()),
    }
    process::run(&mut command)
}

/// `cargo xtask soak [TICKS]`.
pub fn soak(arguments: &[String]) -> Outcome {
    let ticks = match arguments {
        [] => "5184000",
        [ticks] if ticks.parse::<u32>().is_ok() => ticks,
        _ => return Err("usage: cargo xtask soak [TICKS]".into()),
    };
    let mut command = process::cargo();
    command.args(["test", "-p", "shieldwall-tests", "--test", "soak", "--", "--nocapture"]);
    process::run(command.env("SOAK_TICKS", ticks))
}

/// Name and default of proptest's seed: a test run that fails must fail again, and one that passes must not fail for who
/// runs it next. [`properties`] is what looks further.
const SEED: (&str, &str) = ("PROPTEST_RNG_SEED", "1");

/// `cargo xtask properties [CASES]`.
pub fn properties(arguments: &[String]) -> Outcome {
    let cases = match arguments {
        [] => "4000",
        [cases] if cases.parse::<u32>().is_ok() => cases,
        _ => return Err("usage: cargo xtask properties [CASES]".into()),
    };
    let seed = std::env::var(SEED.0).unwrap_or_else(|_| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(0, |since| since.as_secs()).to_string()
    });
    println!("{}={seed} repeats this run", SEED.0);
    let mut command = process::cargo();
    command.args(["test", "--quiet", "--no-fail-fast", "--lib"]);
    command.args([
        "-p",
        "shieldwall-core",
        "-p",
        "shieldwall-net",
        "-p",
        "shieldwall-host",
        "-p",
        "shieldwall-rules",
    ]);
    process::run(command.env(SEED.0, seed).env("PROPTEST_CASES", cases))
}

/// `cargo xtask header`.
pub fn header() -> Outcome {
    let mut command = process::cargo();
    command.env("UPDATE_HEADER", "1");
    process::run(command.args(["test", "--quiet", "-p", "shieldwall-ffi", "--test", "header"]))
}

fn ending(outcome: Outcome) -> Ending {
    outcome.map_or_else(Ending::Failed, |()| Ending::Passed)
}

fn cargo_part(arguments: &[&str]) -> Ending {
    ending(process::run(process::cargo().args(arguments)))
}

fn format() -> Ending {
    cargo_part(&["fmt", "--all", "--check"])
}

fn clippy() -> Ending {
    cargo_part(&["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"])
}

fn debug() -> Ending {
    // The Godot package has no tests of its own: it is tested by the engine, in the part `godot`.
    let mut command = process::cargo();
    command.args(["test", "--quiet", "--no-fail-fast", "--workspace"]);
    command.args(["--exclude", "shieldwall-godot", "--exclude", "shieldwall-benches"]);
    if std::env::var_os(SEED.0).is_none() {
        command.env(SEED.0, SEED.1);
    }
    match ending(process::run(&mut command)) {
        // The fuzz targets are plain functions too: their committed corpus runs without libFuzzer.
        Ending::Passed => cargo_part(&["test", "--quiet", "--manifest-path", "fuzz/Cargo.toml"]),
        other => other,
    }
}

fn release() -> Ending {
    cargo_part(&[
        "test",
        "--quiet",
        "--release",
        "-p",
        "shieldwall-tests",
        "--test",
        "determinism",
        "--test",
        "goldens",
        "--test",
        "no_alloc",
        "--test",
        "replay",
        "--test",
        "link_faults",
        "--test",
        "fault_matrix",
        "--test",
        "code_tables",
        "--test",
        "siege_bytes",
    ])
}

fn docs() -> Ending {
    let mut command = process::cargo();
    command.env("RUSTDOCFLAGS", "-D warnings");
    command.args(["doc", "--quiet", "--no-deps", "--workspace", "--exclude", "shieldwall-godot"]);
    ending(process::run(&mut command))
}

fn fuzz_all() -> Ending {
    if !process::has_program("g++") && !process::has_program("c++") {
        return Ending::CannotRun("libFuzzer is C++ and there is no C++ compiler (install g++)".into());
    }
    ending(fuzz::run_targets(None, &[]))
}

/// Builds the host once and returns its path.
pub fn build_host() -> Result<PathBuf, String> {
    process::run(process::cargo().args(["build", "--quiet", "--release", "-p", "shieldwall-host"]))?;
    Ok(process::target_folder().join("release").join("shieldwall"))
}

fn demo() -> Ending {
    let attempt = || -> Outcome {
        let host = build_host()?;
        let report = process::target_folder().join("demo-report.json");
        let (udp_port, http_port) = free_ports()?;
        let mut command = Command::new(host);
        command.args(["demo", "--bots", "200", "--duration-s", "15", "--seed", "1", "--report"]).arg(&report);
        command.args(["--udp-port", &udp_port.to_string(), "--http-port", &http_port.to_string()]);
        process::run(&mut command)?;
        let text =
            std::fs::read_to_string(&report).map_err(|error| format!("{}: {error}", report.display()))?;
        println!("{text}");
        // Not a time is judged here, on a machine that may be busy: only what must hold on any machine.
        check_report(&text)
    };
    ending(attempt())
}

fn check_report(text: &str) -> Outcome {
    for field in
        ["tick_ms", "ticks_late", "server_cpu_us_per_client_s", "state_hash", "entities_visible_mean"]
    {
        if !text.contains(&format!("\"{field}\"")) {
            return Err(format!("the report has no field {field}"));
        }
    }
    let number = |field: &str| -> Result<f64, String> {
        let (_, rest) =
            text.split_once(&format!("\"{field}\":")).ok_or(format!("the report has no {field}"))?;
        let digits: String =
            rest.trim_start().chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
        digits.parse().map_err(|_| format!("{field} is not a number"))
    };
    // The bars that no busy machine can bend: who was there, what it cost in bytes, and that there was a battle.
    let bars = [
        ("clients", 200.0, 200.0),
        ("disconnects", 0.0, 0.0),
        ("kills", 50.0, f64::INFINITY),
        ("bytes_down_per_client_s", 1.0, 12_000.0),
        ("bytes_up_per_client_s", 1.0, 2_500.0),
    ];
    for (field, least, most) in bars {
        let value = number(field)?;
        if !(least..=most).contains(&value) {
            return Err(format!("{field} is {value}, not within {least} to {most}"));
        }
    }
    Ok(())
}

fn page() -> Ending {
    if let Err(reason) = setup::chromium() {
        return Ending::CannotRun(format!("Chromium: {reason}"));
    }
    let attempt = || -> Result<i32, String> {
        let host = build_host()?;
        let (udp_port, http_port) = free_ports()?;
        let mut command = Command::new(host);
        command.args(["demo", "--duration-s", "180", "--seed", "1"]);
        command.args(["--udp-port", &udp_port.to_string(), "--http-port", &http_port.to_string()]);
        let mut running = Background::start(&mut command)?;
        running
            .wait_until(Duration::from_secs(30), || TcpStream::connect(("127.0.0.1", http_port)).is_ok())?;
        let screenshot = process::target_folder().join("live-page.png");
        let url = format!("http://127.0.0.1:{http_port}/");
        let mut check = Command::new("python3");
        check.args(["tools/page-check.py", "--url", &url, "--follow", "--screenshot"]).arg(screenshot);
        let code = process::status(&mut check)?;
        if code != 0 {
            return Ok(code);
        }
        // The same page against a stand-in for the host: malformed feed, a server that goes away, a phone's width.
        process::status(Command::new("python3").args(["tools/page-check.py", "--self-test"]))
    };
    script_ending(attempt(), "tools/page-check.py")
}

fn godot() -> Ending {
    if let Err(reason) = setup::xvfb() {
        return Ending::CannotRun(format!("Xvfb: {reason}"));
    }
    if let Err(reason) = setup::godot() {
        return Ending::CannotRun(format!("Godot: {reason}"));
    }
    let attempt = || -> Result<i32, String> {
        let host = build_host()?;
        let mut command = Command::new("sh");
        command.arg("tools/godot-test.sh").env("GODOT_PREFIX", setup::godot_prefix());
        command.env("GODOT_TEST_HOST", host);
        process::status(&mut command)
    };
    script_ending(attempt(), "tools/godot-test.sh")
}

fn script_ending(status: Result<i32, String>, script: &str) -> Ending {
    match status {
        Ok(0) => Ending::Passed,
        Ok(CANNOT_RUN_HERE) => Ending::CannotRun(format!("{script} named the reason above")),
        Ok(code) => Ending::Failed(format!("{script} ended with exit code {code}")),
        Err(reason) => Ending::Failed(reason),
    }
}

/// Two ports nobody uses now, for UDP and for HTTP.
pub fn free_ports() -> Result<(u16, u16), String> {
    let udp = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    let tcp = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    match (udp, tcp) {
        (Ok(udp), Ok(tcp)) => Ok((udp.port(), tcp.port())),
        (Err(error), _) | (_, Err(error)) => Err(format!("no free port on the loopback address: {error}")),
    }
}
