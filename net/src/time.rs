//! The two notions of time the network layer knows, as plain numbers handed in by the caller.
//!
//! What is not here: a clock. Nothing below the outermost shell reads one; a test, a replay and a live server
//! differ only in who counts.

use core::ops::{Add, Sub};

/// Monotonic microseconds since an arbitrary origin of the caller. Only differences mean anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Micros(pub u64);

impl Micros {
    /// The caller's origin of time.
    pub const ZERO: Micros = Micros(0);

    /// `seconds` as microseconds; stops at the largest value.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Micros {
        Micros(seconds.saturating_mul(1_000_000))
    }

    /// `milliseconds` as microseconds; stops at the largest value.
    #[must_use]
    pub const fn from_millis(milliseconds: u64) -> Micros {
        Micros(milliseconds.saturating_mul(1_000))
    }

    /// The number itself.
    #[must_use]
    pub const fn raw(self) -> u64 {
        self.0
    }

    /// Microseconds from `earlier` to `self`; zero where the caller's time went backwards.
    #[must_use]
    pub const fn since(self, earlier: Micros) -> Micros {
        Micros(self.0.saturating_sub(earlier.0))
    }

    /// As seconds, for reports only: no decision rests on a float.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

/// Saturating: a time far in the future stays in the future.
impl Add for Micros {
    type Output = Micros;
    fn add(self, other: Micros) -> Micros {
        Micros(self.0.saturating_add(other.0))
    }
}

/// Saturating, as [`Micros::since`].
impl Sub for Micros {
    type Output = Micros;
    fn sub(self, other: Micros) -> Micros {
        self.since(other)
    }
}

/// Whole seconds since the Unix epoch. Only the expiry of connect tokens needs it, because a token is made by
/// one machine and judged by another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct UnixSeconds(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_never_wrap() {
        assert_eq!(Micros(5).since(Micros(9)), Micros::ZERO);
        assert_eq!(Micros(9) - Micros(5), Micros(4));
        assert_eq!(Micros(u64::MAX) + Micros(1), Micros(u64::MAX));
        assert_eq!(Micros::from_secs(2), Micros::from_millis(2_000));
    }
}
