//! Fuzzing with libFuzzer on the stable compiler, for a bounded number of executions of each target.

use crate::process::{self, Outcome};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Executions of each target where the caller names no number: some seconds each.
pub const DEFAULT_RUNS: u32 = 30_000;

/// What `cargo fuzz` passes to the compiler, without the sanitizers that only a nightly compiler has.
const COVERAGE_FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cdebug-assertions --cfg fuzzing";

/// `cargo xtask fuzz [--runs N] [TARGET ...]`.
pub fn run(arguments: &[String]) -> Outcome {
    let mut runs = DEFAULT_RUNS;
    let mut wanted = Vec::new();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if word == "--runs" {
            let number = words.next().ok_or("--runs takes a number")?;
            runs = number.parse().map_err(|_| format!("--runs takes a number, not '{number}'"))?;
        } else {
            wanted.push(word.clone());
        }
    }
    run_targets(runs, &wanted)
}

/// Builds all targets once and runs those asked for (all where none is named).
pub fn run_targets(runs: u32, wanted: &[String]) -> Outcome {
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
    for name in all.iter().filter(|name| wanted.is_empty() || wanted.contains(name)) {
        run_one(&folder.join(&triple).join("release").join(name), name, runs)?;
    }
    Ok(())
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
