//! Fuzzing with libFuzzer on the stable compiler, for a bounded number of executions of each target.

use crate::process::{self, Outcome};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Executions of each target where the caller names no number: ten million in sum, in a few minutes on two processors. What
/// reads a packet costs a microsecond or two and has the most; what steps a world or builds one has as many as its time allows.
const RUNS: &[(&str, u32)] = &[
    ("frames_changes", 60_000),
    ("frames_channel", 1_000_000),
    ("frames_dissect", 40_000),
    ("frames_ground", 60_000),
    ("frames_message", 4_200_000),
    ("frames_snapshot", 800_000),
    ("frames_zone", 3_000),
    ("kernel_commands", 60_000),
    ("kernel_config", 1_500_000),
    ("kernel_replay", 1_200_000),
    ("kernel_scenery", 60_000),
    ("kernel_snapshot", 60_000),
    ("kernel_terrain", 30_000),
    ("rules_file", 30_000),
    ("secure_client_datagram", 60_000),
    ("secure_packet", 60_000),
    ("secure_server_datagram", 200_000),
    ("secure_token", 800_000),
];

/// For a target that is not in the list.
const RUNS_OTHERS: u32 = 30_000;

/// What `cargo fuzz` passes to the compiler, without the sanitizers that only a nightly compiler has.
const COVERAGE_FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cdebug-assertions --cfg fuzzing";

/// `cargo xtask fuzz [--runs N] [TARGET ...]`.
pub fn run(arguments: &[String]) -> Outcome {
    let mut runs = None;
    let mut wanted = Vec::new();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if word == "--runs" {
            let number = words.next().ok_or("--runs takes a number")?;
            let number = number.parse().map_err(|_| format!("--runs takes a number, not '{number}'"))?;
            runs = Some(number);
        } else {
            wanted.push(word.clone());
        }
    }
    run_targets(runs, &wanted)
}

/// Builds all targets once and runs those asked for (all where none is named), as many at a time as there are processors:
/// each `runs` times, or as often as the list says.
pub fn run_targets(runs: Option<u32>, wanted: &[String]) -> Outcome {
    let all = targets()?;
    if let Some(unknown) = wanted.iter().find(|name| !all.contains(name)) {
        return Err(format!("there is no fuzz target '{unknown}'; there are: {}", all.join(", ")));
    }
    let triple = host_triple()?;
    let folder = process::target_folder().join("fuzz");
    let mut build = process::cargo();
    build.env("RUSTFLAGS", COVERAGE_FLAGS);
    // Naming the target keeps the flags away from build scripts and procedural macros.
    build.args(["build", "--quiet", "--release", "--bins", "--manifest-path", "fuzz/Cargo.toml"]);
    build.args(["--target", &triple, "--target-dir"]).arg(&folder);
    process::run(&mut build)?;
    let chosen: Vec<&String> = all.iter().filter(|name| wanted.is_empty() || wanted.contains(name)).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut executions, mut outcome) = (0_u64, Ok(()));
        while let Some(name) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
            let runs = runs.unwrap_or_else(|| runs_of(name));
            let begun = Instant::now();
            let ran = run_one(&folder.join(&triple).join("release").join(name), name, runs);
            println!("{name}: {runs} executions in {:.1} s", begun.elapsed().as_secs_f64());
            executions += u64::from(runs);
            outcome = outcome.and(ran);
        }
        (executions, outcome)
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(chosen.len()).max(1);
    let ended: Vec<(u64, Outcome)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or((0, Err("a worker ended".into())))).collect()
    });
    println!("{} executions in all", ended.iter().map(|(executions, _)| executions).sum::<u64>());
    ended.into_iter().try_for_each(|(_, outcome)| outcome)
}

fn runs_of(target: &str) -> u32 {
    RUNS.iter().find(|(name, _)| *name == target).map_or(RUNS_OTHERS, |(_, runs)| *runs)
}

/// New inputs go to a folder under the build outputs; the committed corpus is only read.
fn run_one(program: &Path, name: &str, runs: u32) -> Outcome {
    let grown = process::target_folder().join("fuzz-corpus").join(name);
    let artifacts = process::target_folder().join("fuzz-artifacts").join(name);
    for folder in [&grown, &artifacts] {
        std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let mut command = Command::new(program);
    command.arg(format!("-runs={runs}")).args(["-seed=1", "-max_len=4096", "-timeout=10", "-verbosity=0"]);
    command.arg(format!("-artifact_prefix={}/", artifacts.display())).arg(&grown);
    let committed = PathBuf::from("fuzz/corpus").join(name);
    if committed.is_dir() {
        command.arg(committed);
    }
    process::run(&mut command)
}

fn targets() -> Result<Vec<String>, String> {
    let folder = Path::new("fuzz/fuzz_targets");
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.path().file_stem()?.to_str().map(str::to_owned)).collect();
    names.sort();
    if names.is_empty() { Err(format!("{} holds no targets", folder.display())) } else { Ok(names) }
}

fn host_triple() -> Result<String, String> {
    let output = Command::new("rustc").arg("-vV").output().map_err(|error| format!("rustc -vV: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let triple = text.lines().find_map(|line| line.strip_prefix("host: "));
    triple.map(str::to_owned).ok_or_else(|| "rustc -vV names no host".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_every_target_and_ten_million_executions() {
        process::enter_repository_root();
        let listed: Vec<&str> = RUNS.iter().map(|(name, _)| *name).collect();
        assert_eq!(targets(), Ok(listed.into_iter().map(str::to_owned).collect()));
        assert!(RUNS.iter().map(|(_, runs)| u64::from(*runs)).sum::<u64>() >= 10_000_000);
    }
}
