//! What can be wrong with a ruleset file, and how it is shown: one line as compilers write it, and the line of the file.

use std::fmt;
use std::ops::Range;

use crate::SPARE;

/// Most findings shown of one file.
const SHOWN_MAX: usize = 100;

/// Lines longer than this are not shown.
const LINE_CHARS_MAX: usize = 200;

/// How much alike a wrong and a known name must be for a hint, from 0 to 1 (Jaro and Winkler).
const ALIKE: f64 = 0.8;

/// Names longer than this are like no other.
const NAME_BYTES_MAX: usize = 64;

/// Whether the file can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can; the value is not quite what was written.
    Warning,
}

/// What is wrong. Numbers are texts in human units, with the unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The file is not UTF-8 text.
    Encoding,
    /// The file is too large to be a ruleset.
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The largest size that is read.
        most: usize,
    },
    /// The file is not TOML.
    Syntax(String),
    /// There is no such table.
    UnknownTable {
        /// The name most like it, if one is.
        nearest: Option<String>,
        /// All names.
        known: Vec<String>,
    },
    /// The table has no such entry.
    UnknownEntry {
        /// The name most like it, if one is.
        nearest: Option<String>,
        /// All names.
        known: Vec<String>,
    },
    /// The table has no such field.
    UnknownField {
        /// The name most like it, if one is.
        nearest: Option<String>,
        /// All names.
        known: Vec<String>,
    },
    /// A name that the field cannot be.
    UnknownChoice {
        /// The name most like it, if one is.
        nearest: Option<String>,
        /// All names.
        known: Vec<String>,
    },
    /// A value of another type than the field has.
    WrongType {
        /// What it must be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A list with too many or too few numbers.
    WrongLength {
        /// How many it must have.
        expected: usize,
        /// How many it has.
        found: usize,
    },
    /// A value that is not allowed.
    OutOfRange {
        /// The value.
        value: String,
        /// The smallest allowed value.
        min: String,
        /// The largest allowed value.
        max: String,
    },
    /// A value that contradicts another one.
    Relation {
        /// The value.
        value: String,
        /// How it stands to the other, and to which: `below 2 x movement.scout.radius_m`.
        against: String,
        /// The other's value.
        other: String,
        /// The smallest value that is allowed beside the other.
        min: String,
        /// The largest value that is allowed beside the other.
        max: String,
    },
    /// A value between two that the kernel can hold.
    Rounded {
        /// The value.
        value: String,
        /// What it became.
        compiled: String,
    },
}

impl Problem {
    /// Whether the file can be used all the same.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        match self {
            Self::Rounded { .. } => Severity::Warning,
            _ => Severity::Error,
        }
    }
}

/// The known name most like `name`, if one is like it.
pub(crate) fn nearest(name: &str, known: &[String]) -> Option<String> {
    if name.len() > NAME_BYTES_MAX {
        return None;
    }
    let alike = known.iter().map(|other| (strsim::jaro_winkler(name, other), other));
    let best = alike.filter(|(alike, _)| *alike >= ALIKE).max_by(|a, b| a.0.total_cmp(&b.0));
    best.map(|(_, other)| other.clone())
}

/// Names one after the other; of spare ones that follow each other the first and the last.
pub(crate) fn listed<S: AsRef<str>>(names: &[S]) -> String {
    let number = |name: &str| name.strip_prefix(SPARE)?.parse::<u32>().ok();
    let follows = |before: &S, after: &S| match (number(before.as_ref()), number(after.as_ref())) {
        (Some(before), Some(after)) => after.checked_sub(1) == Some(before),
        _ => false,
    };
    let runs = names.chunk_by(follows).map(|run| match run {
        [first, .., last] => format!("{} to {}", first.as_ref(), last.as_ref()),
        _ => run.iter().map(AsRef::as_ref).collect(),
    });
    runs.collect::<Vec<String>>().join(", ")
}

fn unknown(
    f: &mut fmt::Formatter<'_>,
    what: &str,
    nearest: Option<&String>,
    known: &[String],
) -> fmt::Result {
    match nearest {
        Some(nearest) => write!(f, "there is no such {what}; did you mean {nearest}?"),
        None => write!(f, "there is no such {what}; known are {}", listed(known)),
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encoding => f.write_str("the file is not UTF-8 text"),
            Self::TooLarge { bytes, most } => {
                write!(f, "the file has {bytes} bytes; a ruleset has at most {most}")
            }
            Self::Syntax(message) => write!(f, "this is not TOML: {message}"),
            Self::UnknownTable { nearest, known } => unknown(f, "table", nearest.as_ref(), known),
            Self::UnknownEntry { nearest, known } => unknown(f, "entry", nearest.as_ref(), known),
            Self::UnknownField { nearest, known } => unknown(f, "field", nearest.as_ref(), known),
            Self::UnknownChoice { nearest, known } => unknown(f, "name", nearest.as_ref(), known),
            Self::WrongType { expected, found } => write!(f, "expected {expected}, found {found}"),
            Self::WrongLength { expected, found } => {
                write!(f, "expected a list of {expected} numbers, found {found}")
            }
            Self::OutOfRange { value, min, max } => {
                write!(f, "{value} is out of range; allowed are {min} to {max}")
            }
            Self::Relation { value, against, other, min, max } => {
                write!(f, "{value} is {against}, which is {other}; allowed beside it are {min} to {max}")
            }
            Self::Rounded { value, compiled } => {
                write!(f, "{value} is finer than the kernel holds; compiled as {compiled}")
            }
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Line in the file, counted from 1.
    pub line: usize,
    /// Character in the line, counted from 1.
    pub column: usize,
    /// The bytes of the file it is about.
    pub span: Range<usize>,
    /// The full path of the table, entry or field: `arms.sword.damage`. Empty where it is about the file.
    pub path: String,
    /// What is wrong.
    pub problem: Problem,
}

impl fmt::Display for Diagnostic {
    /// The message without its place: `arms.sword.damage: 60001 points is out of range; allowed are 0 points to 60000 points`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let colon = if self.path.is_empty() { "" } else { ": " };
        write!(f, "{}{colon}{}", self.path, self.problem)
    }
}

/// All findings of one file, from its beginning to its end.
///
/// As text: for each `file:line:column: error: message`, and the line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The file as it was named.
    pub file: String,
    /// The findings.
    pub diagnostics: Vec<Diagnostic>,
    text: String,
}

impl Report {
    /// Brings findings, given as (bytes, path, problem), in the order of the file and finds their lines.
    pub(crate) fn new(file: &str, text: &str, mut found: Vec<(Range<usize>, String, Problem)>) -> Self {
        found.sort_by(|a, b| (a.0.start, &a.1).cmp(&(b.0.start, &b.1)));
        let mut position = Position { text, at: 0, line: 1, column: 1 };
        let diagnostics = found
            .into_iter()
            .map(|(span, path, problem)| {
                let (line, column) = position.advance(span.start);
                Diagnostic { line, column, span, path, problem }
            })
            .collect();
        Self { file: file.to_owned(), diagnostics, text: text.to_owned() }
    }

    /// How many findings there are of a severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.problem.severity() == severity).count()
    }

    /// Whether the file can be used.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.count(Severity::Error) == 0
    }

    /// The line a finding begins in, with a mark below what it is about; nothing where the line is too long.
    fn excerpt(&self, f: &mut fmt::Formatter<'_>, diagnostic: &Diagnostic) -> fmt::Result {
        let Some(line) = self.text.lines().nth(diagnostic.line - 1) else { return Ok(()) };
        if line.trim().is_empty() || line.chars().count() > LINE_CHARS_MAX {
            return Ok(());
        }
        let clean = |c: char| if c.is_control() && c != '\t' { '\u{fffd}' } else { c };
        let before = line.chars().take(diagnostic.column - 1);
        let indent: String = before.map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        let about = self.text.get(diagnostic.span.clone()).unwrap_or("").lines().next().unwrap_or("");
        let marks = "^".repeat(about.chars().count().max(1));
        let number = diagnostic.line.to_string();
        let margin = " ".repeat(number.len());
        let line: String = line.chars().map(clean).collect();
        write!(f, "\n{margin} |\n{number} | {line}\n{margin} | {indent}{marks}")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.diagnostics.iter().take(SHOWN_MAX).enumerate() {
            let severity = match diagnostic.problem.severity() {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            let newline = if index == 0 { "" } else { "\n" };
            let Diagnostic { line, column, .. } = diagnostic;
            write!(f, "{newline}{}:{line}:{column}: {severity}: {diagnostic}", self.file)?;
            self.excerpt(f, diagnostic)?;
        }
        match self.diagnostics.len().saturating_sub(SHOWN_MAX) {
            0 => Ok(()),
            more => write!(f, "\n{}: {more} more", self.file),
        }
    }
}

impl std::error::Error for Report {}

/// Walks through a text once, forwards.
struct Position<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    column: usize,
}

impl Position<'_> {
    fn advance(&mut self, to: usize) -> (usize, usize) {
        let Some(passed) = self.text.get(self.at..to) else { return (self.line, self.column) };
        for c in passed.chars() {
            if c == '\n' {
                (self.line, self.column) = (self.line + 1, 1);
            } else {
                self.column += 1;
            }
        }
        self.at = to;
        (self.line, self.column)
    }
}
