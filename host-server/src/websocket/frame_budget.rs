//! How many messages a connection may send: a stream cannot be thinned out like datagrams, so one that sends beyond
//! all measure ends.

use crate::quota::Quota;

/// Messages a second in the long run: twice what a session's own share lets through.
pub const MESSAGES_PER_S: u64 = 300;

/// Messages at once after a stall: four seconds of a client's, which the network may deliver together.
pub const BURST: u64 = 256;

/// The budget of one connection.
pub type FrameBudget = Quota<MESSAGES_PER_S, BURST>;

#[cfg(test)]
mod tests {
    use super::*;
    use shieldwall_net::time::Micros;

    #[test]
    fn a_client_after_a_stall_is_within_it_and_a_flood_is_not() {
        let mut budget = FrameBudget::default();
        assert!((0..6_000_u64).all(|i| budget.take(Micros(i * 1_000_000 / 60))));
        let later = Micros(200_000_000);
        assert_eq!((0..10_000).filter(|_| budget.take(later)).count() as u64, BURST);
    }
}
