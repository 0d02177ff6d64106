//! What waits while a connection takes nothing: handshakes, keys and goodbyes in order, and of payloads the newest alone.
//!
//! A stream that stalls would deliver snapshots of seconds ago one after another, each too late. A payload that was
//! replaced is to its session what a lost datagram is: what mattered in it is said again.

use std::collections::VecDeque;

use shieldwall_net::secure::is_payload;

/// Datagrams that are no payloads and wait at most. The ten goodbyes of a session fit, and what came before.
pub const KEPT_MAX: usize = 16;

/// What became of a datagram that had to wait.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Queued {
    /// It waits.
    Waits,
    /// It waits, and an older payload never leaves.
    Replaced,
    /// There is no room; it is dropped.
    Full,
}

/// The queue of one connection: at most [`KEPT_MAX`] datagrams and one payload, whatever happens.
#[derive(Debug, Default)]
pub struct Outgoing {
    kept: VecDeque<Box<[u8]>>,
    latest: Option<Box<[u8]>>,
}

impl Outgoing {
    /// Adds a datagram.
    pub fn push(&mut self, datagram: &[u8]) -> Queued {
        if is_payload(datagram) {
            let older = self.latest.replace(datagram.into());
            return if older.is_some() { Queued::Replaced } else { Queued::Waits };
        }
        if self.kept.len() >= KEPT_MAX {
            return Queued::Full;
        }
        self.kept.push_back(datagram.into());
        Queued::Waits
    }

    /// Takes what is to leave next.
    pub fn pop(&mut self) -> Option<Box<[u8]>> {
        self.kept.pop_front().or_else(|| self.latest.take())
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty() && self.latest.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAYLOAD: u8 = 0x15;
    const KEEP_ALIVE: u8 = 0x14;

    #[test]
    fn of_payloads_the_newest_is_left_and_all_else_stays_in_order() {
        let mut queue = Outgoing::default();
        assert_eq!(queue.push(&[PAYLOAD, 1]), Queued::Waits);
        assert_eq!(queue.push(&[KEEP_ALIVE, 2]), Queued::Waits);
        // A payload of an epoch with an odd number.
        assert_eq!(queue.push(&[PAYLOAD | 8, 3]), Queued::Replaced);
        assert_eq!(queue.push(&[0x16, 4]), Queued::Waits);
        let order: Vec<u8> = std::iter::from_fn(|| queue.pop()).map(|datagram| datagram[1]).collect();
        assert_eq!(order, [2, 4, 3]);
        assert!(queue.is_empty());
    }

    #[test]
    fn it_is_bounded_whatever_is_put_in() {
        let mut queue = Outgoing::default();
        let full = (0..10_000_u32).filter(|i| queue.push(&[(i % 16) as u8; 1_300]) == Queued::Full).count();
        assert_eq!(full, 10_000 - 2 * 625 - KEPT_MAX);
        assert_eq!(std::iter::from_fn(|| queue.pop()).count(), KEPT_MAX + 1);
    }
}
