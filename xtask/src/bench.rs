//! Benchmarks: the kernel and the network beside named peers, instruction counts, and the main job as a whole.

use crate::parts::{build_host, free_ports};
use crate::process::{self, Outcome};
use crate::{instructions, setup};
use std::process::Command;

/// `cargo xtask bench [NAME ...] [OPTIONS]`.
pub fn run(arguments: &[String]) -> Outcome {
    let (options, names): (Vec<&str>, Vec<&str>) =
        arguments.iter().map(String::as_str).partition(|word| word.starts_with("--"));
    match (names.as_slice(), options.as_slice()) {
        (["kernel"], options) => kernel(options),
        (["instructions"], options) => instructions::run(options),
        (_, [option, ..]) => Err(format!("{option} is an option of `kernel` or `instructions` alone")),
        ([], []) => {
            [(|| kernel(&[])) as fn() -> Outcome, combat, net, host].into_iter().try_for_each(|run| run())
        }
        (names, []) => {
            let known = [
                ("kernel", (|| kernel(&[])) as fn() -> Outcome),
                ("combat", combat),
                ("net", net),
                ("host", host),
            ];
            if let Some(unknown) = names.iter().find(|name| !known.iter().any(|(known, _)| known == *name)) {
                return Err(format!(
                    "there is no benchmark '{unknown}'; there are: kernel, combat, net, host, instructions"
                ));
            }
            known.iter().filter(|(name, _)| names.contains(name)).try_for_each(|(_, run)| run())
        }
    }
}

/// `cargo xtask bench kernel [--peers] [--quick] [--only=SECTION]`: the report beside the peers. A full run with `--peers`
/// is what `docs/benchmarks` shows; others go to the build folder.
fn kernel(options: &[&str]) -> Outcome {
    let is_known = |option: &str| ["--peers", "--quick"].contains(&option) || option.starts_with("--only=");
    if let Some(unknown) = options.iter().find(|option| !is_known(option)) {
        return Err(format!(
            "{unknown}: usage: cargo xtask bench kernel [--peers] [--quick] [--only=SECTION]"
        ));
    }
    let only = options.iter().find_map(|option| option.strip_prefix("--only="));
    let (peers, quick) = (options.contains(&"--peers"), options.contains(&"--quick"));
    let folder = if peers && !quick {
        "docs/benchmarks".into()
    } else {
        process::target_folder().join("bench-kernel")
    };
    let mut command = process::cargo();
    command.args([
        "run",
        "--quiet",
        "--release",
        "--manifest-path",
        "benches/peers/Cargo.toml",
        "--target-dir",
    ]);
    command.arg(process::target_folder().join("peers"));
    if peers {
        setup::cmake()?;
        // PhysX's build knows these compilers; it refuses others that `cc` may be.
        command.args(["--features", "engines"]).env("CC", "gcc").env("CXX", "g++");
    }
    command.arg("--").arg("--out").arg(&folder);
    if quick {
        command.arg("--quick");
    }
    if let Some(section) = only {
        command.args(["--only", section]);
    }
    process::run(&mut command)?;
    println!("written: {}", folder.display());
    Ok(())
}

/// `cargo xtask profile [OPTIONS]`: nanoseconds of each stage of a tick.
pub fn profile(options: &[String]) -> Outcome {
    let mut command = process::cargo();
    command.args(["run", "--quiet", "--release", "-p", "shieldwall-scenes", "--bin", "profile", "--"]);
    process::run(command.args(options))
}

/// Swings, arrows, the history and a brawl.
fn combat() -> Outcome {
    let example = ["run", "--quiet", "--release", "-p", "shieldwall-benches", "--example", "combat_cost"];
    process::run(process::cargo().args(example))
}

/// What sessions cost, one packet beside renetcode by criterion, then whole servers beside renet, rusty_enet and bevy_replicon.
fn net() -> Outcome {
    let example = ["run", "--quiet", "--release", "-p", "shieldwall-benches", "--example", "session_cost"];
    process::run(process::cargo().args(example))?;
    process::run(process::cargo().args(["bench", "--quiet", "-p", "shieldwall-benches", "--bench", "net"]))?;
    let mut peers = process::cargo();
    peers.args([
        "run",
        "--quiet",
        "--release",
        "--manifest-path",
        "benches/net-peers/Cargo.toml",
        "--target-dir",
    ]);
    process::run(peers.arg(process::target_folder().join("net-peers")))
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
