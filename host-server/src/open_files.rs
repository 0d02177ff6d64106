//! How many files and sockets the process may have open. Every bot has a socket, and usual limits are below a thousand.

use crate::error::HostError;

/// Files a process has open besides the sockets of bots: standard streams, ports, watchers, the log, the runtime.
const OTHERS: u64 = 128;

/// Raises the limit as far as the system lets it, and checks that it is enough for `bots` bots.
///
/// # Errors
/// [`HostError::TooFewFiles`] when it is not.
pub fn make_room_for(bots: u32) -> Result<(), HostError> {
    let needed = u64::from(bots) + OTHERS;
    match raise() {
        Some(limit) if limit < needed => Err(HostError::TooFewFiles { needed, limit }),
        _ => Ok(()),
    }
}

/// The limit after it was raised; `None`: there is none.
#[cfg(unix)]
fn raise() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return current;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        Ok(()) => maximum,
        Err(error) => {
            tracing::debug!(%error, "the limit of open files stays as it is");
            current
        }
    }
}

#[cfg(not(unix))]
fn raise() -> Option<u64> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_cannot_do_is_told() {
        assert!(make_room_for(0).is_ok());
        let limit = raise();
        assert_eq!(raise(), limit, "raised once, raised for good");
        if limit.is_some_and(|limit| limit < u64::from(u32::MAX)) {
            assert!(matches!(make_room_for(u32::MAX), Err(HostError::TooFewFiles { .. })));
        }
    }
}
