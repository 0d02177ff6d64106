//! The closing lines of a test run: what passed, what failed, what could not run on this machine and why.

use std::time::{Duration, Instant};

/// How a part ended.
pub enum Ending {
    /// It ran, and everything in it held.
    Passed,
    /// It ran, and something in it did not hold.
    Failed(String),
    /// This machine cannot run it: the reason stands in the last lines, so that it is never silently green.
    CannotRun(String),
}

struct Row {
    name: &'static str,
    ending: Ending,
    took: Duration,
}

/// Collects one row for each part.
#[derive(Default)]
pub struct Summary {
    rows: Vec<Row>,
}

impl Summary {
    /// Runs one part under a heading and keeps how it ended.
    pub fn run(&mut self, name: &'static str, what: &str, part: impl FnOnce() -> Ending) {
        println!("\n\x1b[1m== {name}: {what}\x1b[0m");
        let start = Instant::now();
        let ending = part();
        if let Ending::Failed(reason) = &ending {
            eprintln!("FAILED: {reason}");
        }
        self.rows.push(Row { name, ending, took: start.elapsed() });
    }

    /// Prints the table; an error where anything failed or nothing ran.
    pub fn close(&self) -> Result<(), String> {
        let (mut passed, mut failed, mut skipped) = (0, 0, 0);
        println!("\n\x1b[1m== summary\x1b[0m");
        for row in &self.rows {
            let seconds = row.took.as_secs_f32();
            match &row.ending {
                Ending::Passed => {
                    passed += 1;
                    println!("  passed      {:<12} {seconds:7.1} s", row.name);
                }
                Ending::Failed(reason) => {
                    failed += 1;
                    println!("  FAILED      {:<12} {seconds:7.1} s  {reason}", row.name);
                }
                Ending::CannotRun(reason) => {
                    skipped += 1;
                    println!("  CANNOT RUN  {:<12} {seconds:7.1} s  {reason}", row.name);
                }
            }
        }
        println!("{passed} passed, {failed} failed, {skipped} skipped");
        match (failed, passed) {
            (0, 0) => Err("no part ran".into()),
            (0, _) => Ok(()),
            _ => Err(format!("{failed} part(s) failed")),
        }
    }
}
