//! How many messages a connection may send: a stream cannot be thinned out like datagrams, so one that sends beyond
//! all measure ends.

use shieldwall_net::time::Micros;

/// Messages a second in the long run: twice what a session's own share lets through.
pub const MESSAGES_PER_S: u64 = 300;

/// Messages at once after a stall: four seconds of a client's, which the network may deliver together.
pub const BURST: u64 = 256;

const INTERVAL_US: u64 = 1_000_000 / MESSAGES_PER_S;

/// The budget of one connection: the generic cell rate algorithm (ITU-T I.371), as [`crate::quota`].
#[derive(Clone, Copy, Debug, Default)]
pub struct FrameBudget {
    due: Micros,
}

impl FrameBudget {
    /// Whether a message at `now` is within the budget; if so, it is counted.
    pub fn take(&mut self, now: Micros) -> bool {
        let due = self.due.0.max(now.0);
        if due - now.0 > (BURST - 1) * INTERVAL_US {
            return false;
        }
        self.due = Micros(due + INTERVAL_US);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_after_a_stall_is_within_it_and_a_flood_is_not() {
        let mut budget = FrameBudget::default();
        assert!((0..6_000_u64).all(|i| budget.take(Micros(i * 1_000_000 / 60))));
        let later = Micros(200_000_000);
        assert_eq!((0..10_000).filter(|_| budget.take(later)).count() as u64, BURST);
    }
}
