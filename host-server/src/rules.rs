//! `shieldwall rules`: judge a ruleset file, show what it compiles to, print its schema and the file to start from.
//!
//! The format itself is `shieldwall_rules`'s affair. In here: files, and what goes to which output with which exit code.

use std::fmt;
use std::path::{Path, PathBuf};

use shieldwall_core::Rules;
use shieldwall_rules::{DEFAULT_FILE, Report, Ruleset, SCHEMA_FILE, Severity, changed, compile, show};

use crate::cli::RulesCommand;

/// What a subcommand says, where, and how it ends: 0 usable, 1 not usable, 2 not readable.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// For standard output.
    pub out: String,
    /// For standard error.
    pub error: String,
    /// The exit code.
    pub code: u8,
}

/// Why a ruleset file cannot be used.
#[derive(Debug)]
pub enum RulesFileError {
    /// It cannot be read.
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It can be read and holds mistakes.
    Refused(Box<Report>),
}

impl RulesFileError {
    /// What is wrong, in one line.
    #[must_use]
    pub fn summary(&self) -> String {
        match self {
            Self::Read { .. } => self.to_string(),
            Self::Refused(report) => summary(report),
        }
    }
}

impl fmt::Display for RulesFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { path, source } => write!(f, "cannot read {}: {source}", path.display()),
            Self::Refused(report) => write!(f, "{}\n{}", summary(report), report),
        }
    }
}

impl std::error::Error for RulesFileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read { source, .. } => Some(source),
            Self::Refused(report) => Some(report.as_ref()),
        }
    }
}

/// Reads a ruleset file.
///
/// # Errors
/// [`RulesFileError`]: everything that is wrong with it, at once.
pub fn read(path: &Path) -> Result<Ruleset, RulesFileError> {
    let bytes =
        std::fs::read(path).map_err(|source| RulesFileError::Read { path: path.to_path_buf(), source })?;
    compile(&path.display().to_string(), &bytes).map_err(|report| RulesFileError::Refused(Box::new(report)))
}

fn counted(count: usize, what: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {what}{ending}")
}

fn summary(report: &Report) -> String {
    let (errors, warnings) = (report.count(Severity::Error), report.count(Severity::Warning));
    format!("{}: {}, {}", report.file, counted(errors, "error"), counted(warnings, "warning"))
}

/// Runs a subcommand.
#[must_use]
pub fn run(command: &RulesCommand) -> Verdict {
    match command {
        RulesCommand::Check { file } => judged(file, |ruleset| {
            format!(
                "{}: rules {}; {} not as in the shipped ruleset; {}\n",
                file.display(),
                ruleset.rules.hash(),
                counted(changed(&ruleset.rules), "value"),
                counted(ruleset.warnings.diagnostics.len(), "warning"),
            )
        }),
        RulesCommand::Show { file: Some(file) } => judged(file, |ruleset| show(&ruleset.rules)),
        RulesCommand::Show { file: None } => said(&show(&Rules::default())),
        RulesCommand::Schema => said(SCHEMA_FILE),
        RulesCommand::Default => said(DEFAULT_FILE),
    }
}

fn said(out: &str) -> Verdict {
    Verdict { out: out.to_owned(), ..Verdict::default() }
}

/// Reads a file and says what `good` makes of it, after its warnings; or what is wrong with it.
fn judged(file: &Path, good: impl FnOnce(&Ruleset) -> String) -> Verdict {
    match read(file) {
        Ok(ruleset) => {
            let warnings = ruleset.warnings.to_string();
            let newline = if warnings.is_empty() { "" } else { "\n" };
            Verdict { out: good(&ruleset), error: warnings + newline, code: 0 }
        }
        Err(RulesFileError::Refused(report)) => {
            Verdict { out: String::new(), error: format!("{report}\n{}\n", summary(&report)), code: 1 }
        }
        Err(error) => Verdict { out: String::new(), error: format!("shieldwall: {error}\n"), code: 2 },
    }
}
