//! A client's share of the inbox: so many payloads a second, and some more in a burst.
//!
//! The inbox of the simulation thread is shared, and a client with a valid session can send as fast as its line
//! carries. Without a share of its own it would push out what the others send.

use shieldwall_net::time::Micros;

/// Payloads a second that are taken from a client in the long run: several times what a client sends.
pub const PAYLOADS_PER_S: u64 = 150;

/// Payloads that are taken at once after a silence, as the network delivers them after a stall.
pub const BURST: u64 = 64;

/// The share of one client of the inbox.
pub type PayloadQuota = Quota<PAYLOADS_PER_S, BURST>;

/// So many a second in the long run, and so many at once after a silence: the generic cell rate algorithm (ITU-T I.371), which
/// needs one time and no timer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quota<const PER_S: u64, const AT_ONCE: u64> {
    /// When the next one would come from somebody who sends evenly.
    due: Micros,
}

impl<const PER_S: u64, const AT_ONCE: u64> Quota<PER_S, AT_ONCE> {
    const INTERVAL_US: u64 = 1_000_000 / PER_S;

    /// Whether one that comes at `now` is within the share; if so, it is counted.
    pub fn take(&mut self, now: Micros) -> bool {
        let due = self.due.0.max(now.0);
        if due - now.0 > (AT_ONCE - 1) * Self::INTERVAL_US {
            return false;
        }
        self.due = Micros(due.saturating_add(Self::INTERVAL_US));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_and_then_the_rate() {
        let mut quota = PayloadQuota::default();
        let at = Micros(5_000_000);
        let taken = (0..1_000).filter(|_| quota.take(at)).count();
        assert_eq!(taken as u64, BURST);
        // A flood for ten seconds gets the rate and no more.
        let taken = (0..100_000_u64).filter(|i| quota.take(Micros(at.0 + i * 100))).count() as u64;
        assert!((10 * PAYLOADS_PER_S - 1..=10 * PAYLOADS_PER_S + 2).contains(&taken), "{taken}");
    }

    #[test]
    fn a_client_at_twice_the_usual_pace_loses_nothing() {
        let mut quota = PayloadQuota::default();
        assert!((0..10_000_u64).all(|i| quota.take(Micros(i * 1_000_000 / 60))));
    }
}
