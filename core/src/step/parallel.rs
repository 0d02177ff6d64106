//! The only place that knows threads: rayon, behind the feature `parallel`. Without it everything runs here and now,
//! with the same results.
//!
//! Entering rayon from outside its pool costs ten times what a split inside costs, so a tick enters once
//! ([`enter`]) and then only splits ([`both`]).

/// Runs a whole tick inside the thread pool when `parallel` is true, so that the splits in it are cheap.
///
/// The pool is the one the caller is in (`ThreadPool::install`), else rayon's global one.
#[cfg(feature = "parallel")]
pub(crate) fn enter<R: Send>(parallel: bool, tick: impl FnOnce() -> R + Send) -> R {
    if parallel { rayon::scope(|_| tick()) } else { tick() }
}

/// Runs a whole tick.
#[cfg(not(feature = "parallel"))]
pub(crate) fn enter<R: Send>(_parallel: bool, tick: impl FnOnce() -> R + Send) -> R {
    tick()
}

/// Runs two pieces of work, at the same time when `parallel` is true.
#[cfg(feature = "parallel")]
pub(crate) fn both(parallel: bool, left: impl FnOnce() + Send, right: impl FnOnce() + Send) {
    if parallel {
        rayon::join(left, right);
    } else {
        left();
        right();
    }
}

/// Runs two pieces of work, one after the other.
#[cfg(not(feature = "parallel"))]
pub(crate) fn both(_parallel: bool, left: impl FnOnce() + Send, right: impl FnOnce() + Send) {
    left();
    right();
}
