//! A client's share of the inbox: so many payloads a second, and some more in a burst.
//!
//! The inbox of the simulation thread is shared, and a client with a valid session can send as fast as its line
//! carries. Without a share of its own it would push out what the others send.

use shieldwall_net::time::Micros;

/// Payloads a second that are taken from a client in the long run: several times what a client sends.
pub const PAYLOADS_PER_S: u64 = 150;

/// Payloads that are taken at once after a silence, as the network delivers them after a stall.
pub const BURST: u64 = 64;

const INTERVAL_US: u64 = 1_000_000 / PAYLOADS_PER_S;

/// The share of one client: the generic cell rate algorithm (ITU-T I.371), which needs one time and no timer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quota {
    /// When the next payload would come from a client that sends evenly.
    due: Micros,
}

impl Quota {
    /// Whether a payload that comes at `now` is within the share; if so, it is counted.
    pub fn take(&mut self, now: Micros) -> bool {
        let due = self.due.0.max(now.0);
        if due - now.0 > (BURST - 1) * INTERVAL_US {
            return false;
        }
        self.due = Micros(due.saturating_add(INTERVAL_US));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_and_then_the_rate() {
        let mut quota = Quota::default();
        let at = Micros(5_000_000);
        let taken = (0..1_000).filter(|_| quota.take(at)).count();
        assert_eq!(taken as u64, BURST);
        // A flood for ten seconds gets the rate and no more.
        let taken = (0..100_000_u64).filter(|i| quota.take(Micros(at.0 + i * 100))).count() as u64;
        assert!((10 * PAYLOADS_PER_S - 1..=10 * PAYLOADS_PER_S + 2).contains(&taken), "{taken}");
    }

    #[test]
    fn a_client_at_twice_the_usual_pace_loses_nothing() {
        let mut quota = Quota::default();
        assert!((0..10_000_u64).all(|i| quota.take(Micros(i * 1_000_000 / 60))));
    }
}
