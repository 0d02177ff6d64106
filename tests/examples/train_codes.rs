//! Trains the prefix codes of characters' states: plays the training battles, counts, and writes
//! `net/src/wire/code_counts.txt` and the made part of `net/src/wire/code_tables.rs`.
//!
//! The same source gives the same battles, so the same counts. With `--check` nothing is written; it ends with 1 where the counts
//! are not those that are kept, which after a change of rules or bots is no fault: the codes fit a little worse, that is all.
//! Other lengths are another version of the protocol, and their table in `docs/PROTOCOL_FRAMES.md` is to be changed with them.

use std::path::Path;
use std::process::ExitCode;

use shieldwall_tests::codes::battles::{HELD_OUT, TRAINING, record};
use shieldwall_tests::codes::counts::SymbolCounts;
use shieldwall_tests::codes::source;

fn main() -> ExitCode {
    let check = std::env::args().any(|word| word == "--check");
    let wire = Path::new(env!("CARGO_MANIFEST_DIR")).join("../net/src/wire");
    let mut sum = SymbolCounts::default();
    for recording in &TRAINING {
        let counts = record(recording);
        println!("trained on: {recording:?}: {}", figures(&counts));
        sum.add(&counts);
    }
    println!("all: {}", figures(&sum));
    for recording in &HELD_OUT {
        println!("held out: {recording:?}: {}", figures(&record(recording)));
    }
    let counts_file = wire.join("code_counts.txt");
    let tables_file = wire.join("code_tables.rs");
    if check {
        let kept = std::fs::read_to_string(&counts_file).unwrap_or_default();
        let same = kept == sum.to_text();
        println!("the counts are {} those that are kept", if same { "" } else { "not" });
        return if same { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let written = std::fs::read_to_string(&tables_file).and_then(|tables| {
        std::fs::write(&counts_file, sum.to_text())?;
        std::fs::write(&tables_file, source::with_tables(&tables, &sum))
    });
    println!("{}", source::document_rows(&sum));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", wire.display());
            ExitCode::FAILURE
        }
    }
}

fn figures(counts: &SymbolCounts) -> String {
    let (now, best) = (counts.mean_bits(), counts.best_mean_bits());
    format!(
        "{} states, {now:.3} bits each with the codes of this build, {best:.3} with the best of its own ({:.2} % more)",
        counts.states(),
        (now / best - 1.0) * 100.0
    )
}
