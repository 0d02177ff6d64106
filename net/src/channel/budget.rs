//! How many bytes a client may be sent: a rate that backs off when packets are lost, and a bucket that spends it.
//!
//! The rate falls by an eighth for each window of packets of which more than a tenth was lost, and grows by a
//! fiftieth for each window with less; it stays between a quarter of the configured rate and all of it. Random
//! loss of a few per cent therefore costs nothing, a congested line is left room within seconds.

/// Packets in one window of judgement.
const WINDOW_PACKETS: u32 = 32;

/// The bandwidth allowance of one client. All amounts are all-in: with every header around a payload.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    full_rate: u32,
    rate: u32,
    /// Bytes that may be spent now; negative after a packet larger than the allowance.
    level: i64,
    resolved: u32,
    lost: u32,
}

impl Budget {
    /// An allowance of `bytes_per_s`, with nothing saved up.
    #[must_use]
    pub fn new(bytes_per_s: u32) -> Self {
        Self { full_rate: bytes_per_s, rate: bytes_per_s, level: 0, resolved: 0, lost: 0 }
    }

    /// The rate in force, bytes per second.
    #[must_use]
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Opens the allowance of the next of `packets_per_s` packets and returns the bytes it may have. What an
    /// earlier packet left is carried over, up to one packet's worth.
    pub fn open_packet(&mut self, packets_per_s: u32) -> usize {
        let share = i64::from(self.rate / packets_per_s.max(1));
        self.level = (self.level + share).min(2 * share);
        self.level.max(0) as usize
    }

    /// Spends the bytes of a packet that was sent.
    pub fn spend(&mut self, bytes: usize) {
        self.level -= bytes as i64;
    }

    /// Learns the fate of one packet.
    pub fn resolve(&mut self, lost: bool) {
        self.resolved += 1;
        self.lost += u32::from(lost);
        if self.resolved < WINDOW_PACKETS {
            return;
        }
        self.rate = if self.lost * 10 > self.resolved {
            (self.rate - self.rate / 8).max(self.full_rate / 4)
        } else {
            (self.rate + self.full_rate / 50).min(self.full_rate)
        };
        (self.resolved, self.lost) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backs_off_under_loss_and_recovers() {
        let mut budget = Budget::new(10_000);
        for i in 0..320 {
            budget.resolve(i % 20 == 0);
        }
        assert_eq!(budget.rate(), 10_000, "five per cent is noise");
        for i in 0..3200 {
            budget.resolve(i % 4 == 0);
        }
        assert_eq!(budget.rate(), 2_500, "a quarter lost: down to the floor");
        for _ in 0..32 * 40 {
            budget.resolve(false);
        }
        assert_eq!(budget.rate(), 10_000);
    }

    #[test]
    fn spends_no_more_than_the_rate() {
        let mut budget = Budget::new(11_000);
        let mut sent = 0;
        for _ in 0..200 {
            let allowed = budget.open_packet(20);
            let used = allowed.min(1228);
            budget.spend(used);
            sent += used;
        }
        assert!((109_000..=110_600).contains(&sent), "{sent} bytes in ten seconds");
    }
}
