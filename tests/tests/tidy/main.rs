//! The house rules that a compiler does not check. Each rule is a test, and says what to do where it fails.
//!
//! In here: which package and module may import which, where `unsafe`, SIMD, threads, clocks, sockets and floats may
//! stand, how long functions and files may be, and that documents name only files that exist. Not in here: formatting
//! and lints (rustfmt and clippy have them).

mod documents;
mod imports;
mod source;

use source::{functions, root, rust_sources};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Fails with all findings at once, so that one run shows the whole work.
fn report(rule: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{rule}\n  {}\n", findings.join("\n  "));
}

/// Reads a list kept beside this test: one entry a line, `#` starts a comment.
fn list(name: &str) -> Vec<String> {
    let path = root().join("tests/tests/tidy").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or("").trim().to_owned());
    lines.filter(|line| !line.is_empty()).collect()
}

#[test]
fn unsafe_stands_only_behind_its_doors() {
    let allowed = list("unsafe_files.txt");
    let mut findings = Vec::new();
    for source in rust_sources() {
        let uses = source.words().find(|(_, word)| *word == "unsafe");
        match (uses, allowed.contains(&source.path)) {
            (Some((line, _)), false) => findings.push(format!("{}:{line} holds unsafe code", source.path)),
            (None, true) => findings.push(format!("{} holds none: take it off the list", source.path)),
            _ => {}
        }
    }
    for path in allowed.iter().filter(|path| !root().join(path).is_file()) {
        findings.push(format!("{path} is gone: take it off the list"));
    }
    report(
        "unsafe code stands in the files of tests/tests/tidy/unsafe_files.txt and nowhere else:",
        &findings,
    );
}

const LONGEST_FUNCTION_LINES: usize = 70;

#[test]
fn functions_fit_a_screen() {
    let mut planned = BTreeMap::new();
    for entry in list("long_functions.txt") {
        let (name, lines) = entry.rsplit_once(' ').expect("`path name lines`");
        planned.insert(name.to_owned(), lines.parse::<usize>().expect("a number of lines"));
    }
    assert!(planned.len() <= 2, "the two places that write down an order of things may be long, no third");
    let mut findings = Vec::new();
    for source in rust_sources() {
        for function in functions(&source.code).iter().filter(|f| f.lines > LONGEST_FUNCTION_LINES) {
            let mut finding = String::new();
            let key = format!("{} {}", source.path, function.name);
            match planned.remove(&key) {
                Some(lines) if function.lines <= lines => continue,
                Some(lines) => write!(finding, "{key} grew from {lines} to {} lines", function.lines),
                None => write!(
                    finding,
                    "{}:{} {} has {} lines",
                    source.path, function.line, function.name, function.lines
                ),
            }
            .expect("a string takes all");
            findings.push(finding);
        }
    }
    findings.extend(
        planned
            .keys()
            .map(|key| format!("{key} is short now: take it off tests/tests/tidy/long_functions.txt")),
    );
    report("no function is longer than 70 lines (split it: one idea a function):", &findings);
}

const LONGEST_FILE_LINES: usize = 600;

#[test]
fn files_are_small_rooms() {
    let lines = |text: &str| text.lines().count();
    let long = rust_sources().into_iter().filter(|source| lines(&source.text) > LONGEST_FILE_LINES);
    let findings: Vec<String> =
        long.map(|source| format!("{}: {}", source.path, lines(&source.text))).collect();
    report("no file is longer than 600 lines (one idea a file):", &findings);
}

#[test]
fn every_file_says_what_is_in_it() {
    let silent = rust_sources().into_iter().filter(|source| !source.text.contains("//!"));
    let findings: Vec<String> = silent.map(|source| source.path).collect();
    report("every source file opens with `//!`: what is in it and what is not:", &findings);
}
