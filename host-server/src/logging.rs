//! The log: events on standard error, for a person or as JSON. Standard output is left to results.
//!
//! Lines are written by a thread of their own: whoever reads standard error slowly, or not at all, holds up neither
//! ticks nor datagrams. Lines that find no room are lost.

use std::io::IsTerminal;

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::cli::LogFormat;
use crate::config::LogSettings;
use crate::error::HostError;

/// Lines that wait to be written at most.
const LINES_WAITING: usize = 4_096;

/// Writes what is left of the log when it is dropped.
#[must_use]
pub struct LogGuard(#[allow(dead_code)] WorkerGuard); // held for its drop

/// Starts logging for the process, until the guard is dropped. `default_level` holds when the settings leave it open.
///
/// # Errors
/// [`HostError::Refused`] when the level is neither a level nor a filter.
pub fn start(settings: &LogSettings, default_level: &str) -> Result<LogGuard, HostError> {
    let level = settings.level.as_deref().unwrap_or(default_level);
    let filter: Targets =
        level.parse().map_err(|error| HostError::Refused(format!("log level {level:?}: {error}")))?;
    let (writer, guard) = NonBlockingBuilder::default()
        .lossy(true)
        .buffered_lines_limit(LINES_WAITING)
        .thread_name("log")
        .finish(std::io::stderr());
    let layer = tracing_subscriber::fmt::layer().with_writer(writer);
    let layer = match settings.format {
        LogFormat::Human => {
            layer.with_ansi(std::io::stderr().is_terminal()).with_target(false).with_filter(filter).boxed()
        }
        LogFormat::Json => layer.json().flatten_event(true).with_filter(filter).boxed(),
    };
    // A second start in one process (tests) keeps the first log.
    if tracing_subscriber::registry().with(layer).try_init().is_err() {
        tracing::debug!("logging was started before");
    }
    Ok(LogGuard(guard))
}
