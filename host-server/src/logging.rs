//! The log: events on standard error, for a person or as JSON. Standard output is left to results.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::cli::LogFormat;
use crate::config::LogSettings;
use crate::error::HostError;

/// Starts logging for the process. `default_level` holds when the settings leave it open.
///
/// # Errors
/// [`HostError::Refused`] when the level is neither a level nor a filter.
pub fn start(settings: &LogSettings, default_level: &str) -> Result<(), HostError> {
    let level = settings.level.as_deref().unwrap_or(default_level);
    let filter = EnvFilter::try_new(level)
        .map_err(|error| HostError::Refused(format!("log level {level:?}: {error}")))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start in one process (tests) keeps the first log.
    let started = match settings.format {
        LogFormat::Human => builder.with_ansi(std::io::stderr().is_terminal()).with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
    Ok(())
}
