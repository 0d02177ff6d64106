//! Benchmarks: criterion beside named peers, and the main job as a whole.

use crate::parts::{build_host, free_ports};
use crate::process::{self, Outcome};
use std::process::Command;

const CRITERION: &[&str] = &["kernel", "net"];

/// `cargo xtask bench [NAME ...]`: `kernel`, `net`, `host`; all where none is named.
pub fn run(arguments: &[String]) -> Outcome {
    let known = |name: &str| name == "host" || CRITERION.contains(&name);
    if let Some(unknown) = arguments.iter().find(|name| !known(name)) {
        return Err(format!("there is no benchmark '{unknown}'; there are: kernel, net, host"));
    }
    let wanted = |name: &str| arguments.is_empty() || arguments.iter().any(|word| word == name);
    for name in CRITERION.iter().filter(|name| wanted(name)) {
        process::run(process::cargo().args([
            "bench",
            "--quiet",
            "-p",
            "shieldwall-benches",
            "--bench",
            name,
        ]))?;
    }
    if wanted("host") { host() } else { Ok(()) }
}

/// The main job for 30 s, with the bots of the default and with a thousand; prints both reports.
fn host() -> Outcome {
    let program = build_host()?;
    for bots in ["200", "1000"] {
        let (udp_port, http_port) = free_ports()?;
        let report = process::target_folder().join(format!("bench-host-{bots}.json"));
        let mut command = Command::new(&program);
        command.args(["demo", "--bots", bots, "--duration-s", "30", "--seed", "1", "--report"]).arg(&report);
        command.args(["--udp-port", &udp_port.to_string(), "--http-port", &http_port.to_string()]);
        process::run(&mut command)?;
        let text =
            std::fs::read_to_string(&report).map_err(|error| format!("{}: {error}", report.display()))?;
        println!("{bots} bots, 30 s:\n{text}");
    }
    Ok(())
}
