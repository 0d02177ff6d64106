//! The kernel beside its peers: one program, one process, one report.
//!
//! `shieldwall-peers [--quick] [--only SECTION] [--out FOLDER]`; sections: pairs, step, fields, queries, state, tick. Prints every figure
//! as it comes and writes `kernel.md`, `kernel.json`, `kernel.svg` and `kernel.png`; with `--only`, into those that are there.
//! How to read them: docs/BENCHMARKS.md.

#[cfg(feature = "engines")]
mod engines;
#[cfg(not(feature = "engines"))]
#[path = "engines/none.rs"]
mod engines;
mod measure;
mod ours;
mod pairs;
mod pairs_crates;
mod plot;
mod queries;
mod report;
mod state;
mod steps;
mod ticks;
mod workload;

use measure::Effort;
use report::{Machine, Report};
use std::path::PathBuf;
use std::process::ExitCode;

/// What the command line asks for.
struct Wishes {
    effort: Effort,
    only: Option<String>,
    out: Option<PathBuf>,
}

fn wishes() -> Result<Wishes, String> {
    let mut wishes = Wishes { effort: Effort { quick: false }, only: None, out: None };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--quick" => wishes.effort.quick = true,
            "--only" => wishes.only = Some(words.next().ok_or("--only takes a section")?),
            "--out" => wishes.out = Some(words.next().ok_or("--out takes a folder")?.into()),
            other => return Err(format!("usage: [--quick] [--only SECTION] [--out FOLDER], not '{other}'")),
        }
    }
    Ok(wishes)
}

fn run(wishes: &Wishes) -> Result<(), String> {
    let peers = if cfg!(feature = "engines") { " --peers" } else { "" };
    let quick = if wishes.effort.quick { " --quick" } else { "" };
    let command = format!("cargo xtask bench kernel{peers}{quick}");
    let mut report = Report { machine: Machine::here(command), rows: Vec::new() };
    let wanted = |section: &str| wishes.only.as_deref().is_none_or(|only| only == section);
    if wanted("pairs") {
        let makers: Vec<_> = [ours::pair_makers(), pairs_crates::makers(), engines::pair_makers()]
            .into_iter()
            .flatten()
            .collect();
        pairs::run(&mut report, wishes.effort, &makers);
    }
    if wanted("step") {
        let makers: Vec<_> = ours::step_makers().into_iter().chain(engines::step_makers()).collect();
        steps::run(&mut report, wishes.effort, &makers);
    }
    if wanted("fields") {
        steps::run_fields(&mut report, ours::field_makers());
    }
    if wanted("queries") {
        queries::run(&mut report, wishes.effort);
    }
    if wanted("state") {
        state::run(&mut report, wishes.effort);
        engines::state(&mut report, wishes.effort);
    }
    if wanted("tick") {
        ticks::run(&mut report, wishes.effort);
    }
    let Some(out) = &wishes.out else { return Ok(()) };
    if let (Some(_), Ok(earlier)) = (&wishes.only, std::fs::read(out.join("kernel.json"))) {
        let earlier = serde_json::from_slice(&earlier).map_err(|error| format!("kernel.json: {error}"))?;
        report.keep_others(earlier);
    }
    let write = |name: &str, text: String| {
        std::fs::write(out.join(name), text).map_err(|error| format!("{name}: {error}"))
    };
    std::fs::create_dir_all(out).map_err(|error| format!("{}: {error}", out.display()))?;
    write("kernel.md", report.markdown())?;
    write("kernel.json", serde_json::to_string_pretty(&report).map_err(|error| error.to_string())? + "\n")?;
    plot::write(&report, out)
}

fn main() -> ExitCode {
    match wishes().and_then(|wishes| run(&wishes)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("shieldwall-peers: {message}");
            ExitCode::FAILURE
        }
    }
}
