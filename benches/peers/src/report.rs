//! What was measured: rows, as JSON and as tables.

use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// One figure.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Row {
    /// Which table it belongs to.
    pub section: String,
    /// The workload in words.
    pub workload: String,
    /// Characters.
    pub count: usize,
    /// Who was measured.
    pub who: String,
    /// Whether that is the kernel of this repository.
    pub ours: bool,
    /// The figure.
    pub value: f64,
    /// What the figure is: "ns an entity", "us a query", ...
    pub unit: String,
    /// Quality or exactness, in words.
    pub note: String,
}

/// The machine and the command, without which figures mean nothing.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Machine {
    /// Model of the processor.
    pub processor: String,
    /// How many of its threads there are.
    pub threads: usize,
    /// The compiler.
    pub rustc: String,
    /// The day, by the machine's clock.
    pub date: String,
    /// What was run.
    pub command: String,
    /// The best lanes of the processor.
    pub lanes: String,
}

impl Machine {
    /// Of this machine.
    pub fn here(command: String) -> Self {
        let read = |program: &str, argument: &str| {
            let output = std::process::Command::new(program).arg(argument).output();
            output.map_or_else(
                |_| "unknown".to_owned(),
                |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
            )
        };
        let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        Self {
            processor: model.map_or("unknown", |(_, name)| name).to_owned(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            rustc: read("rustc", "-V"),
            date: read("date", "+%Y-%m-%d"),
            command,
            lanes: format!("{:?}", shieldwall_core::LaneChoice::Auto.resolved()),
        }
    }
}

/// The tables, in the order of the page.
const SECTIONS: [&str; 9] = [
    "pairs",
    "step",
    "fields",
    "queries",
    "state",
    "rollback",
    "tick",
    "stages of a tick",
    "stages of a tick on 2 threads",
];

/// All of a run.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Report {
    /// Where and how.
    pub machine: Machine,
    /// Every figure.
    pub rows: Vec<Row>,
}

impl Report {
    /// Adds a figure and prints it at once: a run takes minutes.
    pub fn add(&mut self, row: Row) {
        println!(
            "{:<12} {:<28} {:>7}  {:<36} {:>12.3} {:<14} {}",
            row.section, row.workload, row.count, row.who, row.value, row.unit, row.note
        );
        self.rows.push(row);
    }

    /// Takes over the tables of an earlier report that were not measured anew.
    pub fn keep_others(&mut self, earlier: Report) {
        let anew: Vec<String> = self.sections().into_iter().map(str::to_owned).collect();
        self.rows.extend(earlier.rows.into_iter().filter(|row| !anew.contains(&row.section)));
        let place = |row: &Row| SECTIONS.iter().position(|name| *name == row.section);
        self.rows.sort_by_key(place);
    }

    /// Sections in the order they came.
    fn sections(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for row in &self.rows {
            if !names.contains(&row.section.as_str()) {
                names.push(&row.section);
            }
        }
        names
    }

    /// Figures of a section by contender and column; a column is a workload and a number of characters.
    fn table(&self, section: &str) -> (Vec<(String, usize)>, Vec<String>) {
        let (mut columns, mut names) = (Vec::new(), Vec::new());
        for row in self.rows.iter().filter(|row| row.section == section) {
            let column = (row.workload.clone(), row.count);
            if !columns.contains(&column) {
                columns.push(column);
            }
            if !names.contains(&row.who) {
                names.push(row.who.clone());
            }
        }
        (columns, names)
    }

    /// The row of a contender in a column.
    pub fn find(&self, section: &str, column: &(String, usize), who: &str) -> Option<&Row> {
        self.rows.iter().find(|row| {
            row.section == section && row.workload == column.0 && row.count == column.1 && row.who == who
        })
    }

    /// The fastest of the kernel's own rows in a column.
    fn best_of_ours(&self, section: &str, column: &(String, usize)) -> Option<f64> {
        let ours = self.rows.iter().filter(|row| {
            row.ours && row.section == section && row.workload == column.0 && row.count == column.1
        });
        ours.map(|row| row.value).min_by(f64::total_cmp)
    }

    /// The page for `docs/benchmarks`.
    pub fn markdown(&self) -> String {
        let mut text = String::from("# The kernel beside its peers\n\n");
        let machine = &self.machine;
        let _ = writeln!(
            text,
            "Written by `{}` on {} ({}, {} threads, {}, lanes {}). How to read it and run it again: \
             [BENCHMARKS.md](../BENCHMARKS.md). Only ratios within one table say something: tables may be of different runs. A \
             figure in brackets is how many times the kernel's best row needs.\n\n![pairs](kernel.svg)\n",
            machine.command, machine.date, machine.processor, machine.threads, machine.rustc, machine.lanes
        );
        for section in self.sections() {
            self.markdown_section(section, &mut text);
        }
        text
    }

    fn markdown_section(&self, section: &str, text: &mut String) {
        let (columns, names) = self.table(section);
        let unit = self.rows.iter().find(|row| row.section == section).map_or("", |row| row.unit.as_str());
        let _ = write!(text, "## {section} ({unit})\n\n| who |");
        for (workload, count) in &columns {
            let _ = write!(text, " {workload}, {count} |");
        }
        let _ = write!(text, "\n|---|{}\n", "---:|".repeat(columns.len()));
        for who in &names {
            let _ = write!(text, "| {who} |");
            for column in &columns {
                let cell = self.find(section, column, who).map(|row| {
                    let ratio = self.best_of_ours(section, column).filter(|_| !row.ours);
                    let ratio = ratio.map_or(String::new(), |best| format!(" ({:.1}×)", row.value / best));
                    let note = if row.note.is_empty() { String::new() } else { format!("; {}", row.note) };
                    format!("{}{ratio}{note}", short(row.value))
                });
                let _ = write!(text, " {} |", cell.unwrap_or_else(|| "–".to_owned()));
            }
            text.push('\n');
        }
        text.push('\n');
    }
}

/// Three digits that count.
fn short(value: f64) -> String {
    match value {
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v => format!("{v:.2}"),
    }
}
