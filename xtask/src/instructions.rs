//! Instruction counts of the kernel's hot loops, held against committed baselines. A count is the same on a busy machine
//! as on a quiet one, so that a loop that got slower shows at once.

use crate::process::{self, Outcome};
use crate::setup;
use crate::summary::Ending;
use std::collections::BTreeMap;
use std::fmt::Write as _;

const BASELINE: &str = "benches/baselines/instructions.json";

/// How many more instructions than in the baseline are let through, in percent. Fewer are good news, and never fail.
const TOLERANCE_PERCENT: u64 = 3;

/// `cargo xtask bench instructions [--update]`.
pub fn run(options: &[&str]) -> Outcome {
    match options {
        [] => match ending() {
            Ending::Passed => Ok(()),
            Ending::Failed(reason) | Ending::CannotRun(reason) => Err(reason),
        },
        ["--update"] => {
            let counts = count()?;
            std::fs::write(BASELINE, json(&counts)).map_err(|error| format!("{BASELINE}: {error}"))?;
            println!("written: {BASELINE}");
            Ok(())
        }
        _ => Err("usage: cargo xtask bench instructions [--update]".into()),
    }
}

/// As a part of the tests.
pub fn ending() -> Ending {
    if !cfg!(target_arch = "x86_64") {
        return Ending::CannotRun("the baselines were counted on x86-64".into());
    }
    if let Err(reason) = setup::valgrind() {
        return Ending::CannotRun(format!("valgrind: {reason}"));
    }
    match count().and_then(|counts| hold(&counts)) {
        Ok(()) => Ending::Passed,
        Err(reason) => Ending::Failed(reason),
    }
}

/// Runs the benches; instructions by the bench's name.
fn count() -> Result<BTreeMap<String, u64>, String> {
    setup::valgrind()?;
    let runner = setup::gungraun_runner()?;
    let mut command = process::cargo();
    command.args(["bench", "--quiet", "-p", "shieldwall-instructions", "--bench", "kernel"]);
    // The terminal's colours would stand between the words.
    command.env("GUNGRAUN_RUNNER", runner).env("GUNGRAUN_COLOR", "never").env("NO_COLOR", "1");
    let counts = read(&process::output(&mut command)?);
    if counts.is_empty() { Err("the benches counted nothing".into()) } else { Ok(counts) }
}

/// Names and counts in what the benches print: a line `path::of::bench id:arguments`, below it a line
/// `Instructions: count|...`.
fn read(text: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    let mut name = String::new();
    for line in text.lines() {
        if let Some(rest) = line.trim_start().strip_prefix("Instructions:") {
            let digits: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
            if let Ok(count) = digits.parse() {
                counts.insert(name.clone(), count);
            }
        } else if !line.starts_with(' ') && line.contains("::") {
            let mut words = line.split_whitespace();
            let path = words.next().unwrap_or_default().rsplit("::").next().unwrap_or_default();
            let id = words.next().and_then(|word| word.split(':').next()).unwrap_or_default();
            name = format!("{path} {id}").trim().to_owned();
        }
    }
    counts
}

/// Prints every count beside its baseline.
fn hold(counts: &BTreeMap<String, u64>) -> Outcome {
    let text = std::fs::read_to_string(BASELINE).map_err(|error| format!("{BASELINE}: {error}"))?;
    let baseline = parse(&text);
    let mut findings = Vec::new();
    println!("{:<44}{:>14}{:>14}{:>9}", "instructions of", "baseline", "now", "");
    for (name, &now) in counts {
        let Some(&before) = baseline.get(name) else {
            findings.push(format!("{name} has no baseline"));
            continue;
        };
        let change = 100.0 * (now as f64 / before.max(1) as f64 - 1.0);
        println!("{name:<44}{before:>14}{now:>14}{change:>+8.1}%");
        if now.saturating_mul(100) > before.saturating_mul(100 + TOLERANCE_PERCENT) {
            findings.push(format!("{name}: {change:+.1} % instructions"));
        }
    }
    findings.extend(
        baseline.keys().filter(|name| !counts.contains_key(*name)).map(|name| format!("{name} was not run")),
    );
    if findings.is_empty() {
        return Ok(());
    }
    Err(format!("{}; where that is meant: cargo xtask bench instructions --update", findings.join("; ")))
}

fn json(counts: &BTreeMap<String, u64>) -> String {
    let mut text = String::from("{\n");
    for (at, (name, count)) in counts.iter().enumerate() {
        let comma = if at + 1 < counts.len() { "," } else { "" };
        let _ = writeln!(text, "  \"{name}\": {count}{comma}");
    }
    text + "}\n"
}

/// The baseline's lines, each `"name": count`.
fn parse(text: &str) -> BTreeMap<String, u64> {
    let line = |line: &str| {
        let (name, count) = line.trim().trim_end_matches(',').rsplit_once(':')?;
        Some((name.trim().trim_matches('"').to_owned(), count.trim().parse().ok()?))
    };
    text.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_from_what_the_benches_print() {
        let text = "kernel::tick::whole_tick of_a_fight:fight()\n  Instructions:     1234|1200  (+2%) [+1x]\n  L1 Hits: 5|5\n\
                    kernel::state::load of_a_fight:saved()\n  Instructions:     77|N/A (*****)\n";
        let counts = read(text);
        assert_eq!(counts.get("whole_tick of_a_fight"), Some(&1_234));
        assert_eq!(counts.get("load of_a_fight"), Some(&77));
        assert_eq!(parse(&json(&counts)), counts);
    }
}
