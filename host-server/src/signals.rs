//! SIGINT and SIGTERM: the first asks for a clean end, the second ends at once. SIGHUP: the rules file is read anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::error::HostError;

/// Becomes true when the process is asked to end. Copies share the state.
#[derive(Clone, Debug, Default)]
pub struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    /// A flag that SIGINT and SIGTERM raise.
    ///
    /// # Errors
    /// [`HostError::System`] when the system refuses the handlers.
    pub fn on_signals() -> Result<Self, HostError> {
        let stop = Self::default();
        for signal in [SIGINT, SIGTERM] {
            // Order matters: the first signal finds the flag down and raises it; the second finds it up and exits.
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&stop.0))
                .and_then(|_| flag::register(signal, Arc::clone(&stop.0)))
                .map_err(|error| HostError::System {
                    what: "installing signal handlers",
                    message: error.to_string(),
                })?;
        }
        Ok(stop)
    }

    /// Raises the flag.
    pub fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it is raised.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Becomes true when the process is asked to read its rules anew.
#[derive(Clone, Debug, Default)]
pub struct ReloadFlag(Arc<AtomicBool>);

impl ReloadFlag {
    /// A flag that SIGHUP raises, where the system has it. For servers that were given a file: others end by the signal, as
    /// programs do whose terminal is closed.
    ///
    /// # Errors
    /// [`HostError::System`] when the system refuses the handler.
    pub fn on_signal() -> Result<Self, HostError> {
        let reload = Self::default();
        #[cfg(unix)]
        flag::register(signal_hook::consts::SIGHUP, Arc::clone(&reload.0)).map_err(|error| {
            HostError::System { what: "installing signal handlers", message: error.to_string() }
        })?;
        Ok(reload)
    }

    /// Whether it was raised since the last call.
    #[must_use]
    pub fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}
