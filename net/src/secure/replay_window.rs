//! Which packets of a peer have been received already: the last 256 sequence numbers, as bits.
//!
//! Asking and marking are two steps, because only a packet that proved authentic may move the window; a forged
//! header must not be able to close it for genuine packets.

/// Sequence numbers remembered.
pub const REPLAY_WINDOW: u64 = 256;

/// The window of one peer and direction.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReplayWindow {
    /// Bit `sequence % 256` is set if that number of the window was received.
    bits: [u64; 4],
    /// Highest number received; meaningless until `started`.
    newest: u64,
    started: bool,
}

impl ReplayWindow {
    /// Whether `sequence` was received, or is too old to tell. Subtracts rather than adds, so that numbers near
    /// 2^64 are judged right.
    pub(crate) fn is_used(&self, sequence: u64) -> bool {
        if !self.started || sequence > self.newest {
            return false;
        }
        self.newest - sequence >= REPLAY_WINDOW || self.bit(sequence)
    }

    /// Marks `sequence` as received. Only for packets that proved authentic.
    pub(crate) fn mark(&mut self, sequence: u64) {
        if !self.started || sequence > self.newest {
            let skipped = if self.started { sequence - self.newest } else { REPLAY_WINDOW };
            if skipped >= REPLAY_WINDOW {
                self.bits = [0; 4];
            } else {
                (1..skipped).for_each(|step| self.clear(self.newest + step));
            }
            self.newest = sequence;
            self.started = true;
        }
        if self.newest - sequence < REPLAY_WINDOW {
            self.bits[(sequence % REPLAY_WINDOW / 64) as usize] |= 1 << (sequence % 64);
        }
    }

    fn bit(&self, sequence: u64) -> bool {
        self.bits[(sequence % REPLAY_WINDOW / 64) as usize] >> (sequence % 64) & 1 != 0
    }

    fn clear(&mut self, sequence: u64) {
        self.bits[(sequence % REPLAY_WINDOW / 64) as usize] &= !(1 << (sequence % 64));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_top_of_the_number_space_is_not_taken_for_a_replay() {
        let mut window = ReplayWindow::default();
        for sequence in (u64::MAX - 300)..=u64::MAX {
            assert!(!window.is_used(sequence));
            window.mark(sequence);
            assert!(window.is_used(sequence));
        }
        assert!(window.is_used(u64::MAX - 256));
    }

    proptest! {
        #[test]
        fn agrees_with_a_set_of_all_numbers(
            start in prop_oneof![Just(0u64), Just(u64::MAX / 2), any::<u64>()],
            steps in prop::collection::vec((any::<bool>(), 0u64..700), 1..400),
        ) {
            let mut window = ReplayWindow::default();
            let mut seen = BTreeSet::new();
            let mut near = start;
            for (forward, step) in steps {
                let sequence = if forward { near.saturating_add(step) } else { near.saturating_sub(step) };
                let newest = seen.last().copied().unwrap_or(0);
                let expected = seen.contains(&sequence)
                    || (!seen.is_empty() && newest > sequence && newest - sequence >= REPLAY_WINDOW);
                prop_assert_eq!(window.is_used(sequence), expected);
                if !expected {
                    window.mark(sequence);
                    seen.insert(sequence);
                }
                near = near.max(sequence);
            }
        }
    }
}
