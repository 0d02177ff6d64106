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
    /// Bytes that may be spent now.
    level: u64,
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

    /// Opens the allowance of the next packet, one of which is due every `interval_ticks` of `tick_hz` a second, and
    /// returns the bytes it may have; none while less than `least_bytes` are saved up: that packet must not be sent.
    /// What an earlier packet left is carried over, up to one packet's worth.
    pub fn open_packet(&mut self, interval_ticks: u32, tick_hz: u16, least_bytes: usize) -> Option<usize> {
        let share = u64::from(self.rate) * u64::from(interval_ticks) / u64::from(tick_hz.max(1));
        self.level = (self.level + share).min((2 * share).max(least_bytes as u64));
        (self.level >= least_bytes as u64).then_some(self.level as usize)
    }

    /// Spends the bytes of a packet that was sent: at most what [`Budget::open_packet`] allowed.
    pub fn spend(&mut self, bytes: usize) {
        debug_assert!(bytes as u64 <= self.level, "{bytes} bytes spent of {}", self.level);
        self.level = self.level.saturating_sub(bytes as u64);
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

    /// Bytes of `seconds` of packets, each as large as allowed and at least 224 bytes, with 60 ticks a second.
    fn bytes_of(budget: &mut Budget, interval_ticks: u32, seconds: u32) -> u32 {
        let mut sent = 0;
        for _ in 0..seconds * 60 / interval_ticks {
            let Some(allowed) = budget.open_packet(interval_ticks, 60, 224) else { continue };
            assert!(allowed >= 224);
            let used = allowed.min(1248);
            budget.spend(used);
            sent += used as u32;
        }
        sent
    }

    #[test]
    fn spends_no_more_than_the_rate() {
        let sent = bytes_of(&mut Budget::new(11_000), 3, 10);
        assert!((109_000..=110_600).contains(&sent), "{sent} bytes in ten seconds");
    }

    #[test]
    fn a_rate_too_low_for_every_packet_skips_some() {
        let mut budget = Budget::new(4_480);
        (0..3200).for_each(|i| budget.resolve(i % 4 == 0));
        assert_eq!(budget.rate(), 1_120);
        let sent = bytes_of(&mut budget, 3, 100);
        assert!((110_000..=112_000).contains(&sent), "{sent} bytes in a hundred seconds");
    }

    #[test]
    fn intervals_that_do_not_divide_a_second_spend_the_rate_all_the_same() {
        let mut budget = Budget::new(11_000);
        let mut sent = 0;
        // 50 ticks a second, a packet every third: 16.67 packets a second.
        for _ in 0..500 {
            let allowed = budget.open_packet(3, 50, 224).unwrap();
            budget.spend(allowed);
            sent += allowed;
        }
        assert!((329_000..=330_000).contains(&sent), "{sent} bytes in thirty seconds");
    }
}
