//! `cargo xtask`: every developer command of Shieldwall, in one place.
//!
//! In here: which commands exist and what they call. Not in here: any logic of the product, and any dependency
//! outside the standard library, so that the first `cargo xtask` on a fresh machine starts within seconds.

mod bench;
mod cross;
mod fuzz;
mod instructions;
mod parts;
mod process;
mod setup;
mod summary;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask COMMAND [OPTIONS]

Commands:
  setup               install what the tests need beside Rust, gcc and Python: Chromium for the live page,
                      Godot and Xvfb for the add-on (Debian packages; says by name what it could not install)
  test [PART ...]     set up what the tests need, then run all parts, or only the named ones
                      (`cargo xtask test --list` names them); what cannot run here is named in the last lines
  bench [NAME ...]    benchmarks beside their peers (kernel, combat, net), and `host`: the main job with 200 and
                      with 1,000 bots, whose reports it prints
  bench kernel [--peers] [--quick] [--only=SECTION]   the report of the kernel; with --peers beside PhysX, Box2D and
                      rapier as well (they take minutes to build), written to docs/benchmarks; sections are pairs,
                      step, fields, queries, state and tick
  bench instructions [--update]      instruction counts of the hot loops against benches/baselines
  profile [--rows N] [--scene fight|march|uniform] [--ticks N] [--lanes L]   where a tick of the kernel goes, by stage
  properties [CASES]  the property tests with a seed of today and many cases each (4,000): what `test` runs from a
                      fixed seed looks elsewhere here
  golden [--update]   compare the golden hashes with this build, or write them anew after an intended change
  golden --long       the battles for 10,000 ticks: lanes, threads, an interrupted run and a recording, minutes
  golden --cross      the golden scenes on emulated aarch64, s390x and wasm32, and images exchanged between them
  soak [TICKS]        a day of simulated time (5,184,000 ticks) in the build that checks every addition
  fuzz [--runs N] [TARGET ...]   run the fuzz targets, ten million executions in all, or N of each
  header              write include/shieldwall.h anew from the C ABI
  help                this text

Exit codes: 0 everything ran and passed, 1 something failed, 2 wrong usage.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", &[][..]),
    };
    process::enter_repository_root();
    let outcome = match command {
        "setup" => setup::run(),
        "test" => parts::run(rest),
        "bench" => bench::run(rest),
        "golden" => parts::golden(rest),
        "profile" => bench::profile(rest),
        "soak" => parts::soak(rest),
        "fuzz" => fuzz::run(rest),
        "properties" => parts::properties(rest),
        "header" => parts::header(),
        "help" | "--help" | "-h" => {
            println!("{HELP}");
            Ok(())
        }
        other => {
            eprintln!("xtask: there is no command '{other}'.\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}
