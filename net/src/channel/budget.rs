//! How many bytes a client may be sent: a rate that backs off when packets are lost or queue up, and a bucket that spends it.
//!
//! The rate is an additive increase with a multiplicative decrease, judged by windows of packets. It falls by an eighth for
//! each window of which more than a tenth was lost, or whose packets all waited: the shortest round trip of the window was
//! [`QUEUE_MAX`] above the shortest of the last windows; of a rate that was not used up, what was used counts. It grows by a fiftieth
//! of the whole for each other window. It stays between
//! all of the configured rate and a quarter of it, or what the least packets need where that is more.
//!
//! Random loss of a few per cent therefore costs nothing, and neither does jitter, because the luckiest packet of a window had
//! none of it; a line that is too narrow is left room within seconds, before its queue overflows. A path that has become
//! longer for good is taken for a queue until [`BASE_WINDOWS`] windows have passed.

use crate::time::Micros;

/// Packets in one window of judgement.
const WINDOW_PACKETS: u32 = 32;

/// Windows whose shortest round trip counts as that of the empty line.
pub const BASE_WINDOWS: usize = 24;

/// A round trip this much above that of the empty line means that every packet waits in a queue.
pub const QUEUE_MAX: Micros = Micros::from_millis(60);

/// Stands for a window without a round trip.
const UNKNOWN: u32 = u32::MAX;

/// The shortest round trips of the last windows, in microseconds.
#[derive(Clone, Copy, Debug)]
struct Delays {
    /// Of the window that runs.
    current: u32,
    /// Of the windows before, in a ring.
    past: [u32; BASE_WINDOWS],
    next: usize,
}

impl Delays {
    const NONE: Self = Self { current: UNKNOWN, past: [UNKNOWN; BASE_WINDOWS], next: 0 };

    fn observe(&mut self, round_trip: Micros) {
        self.current = self.current.min(round_trip.0.min(u64::from(UNKNOWN - 1)) as u32);
    }

    /// Ends the window; whether all of its packets queued.
    fn close(&mut self) -> bool {
        let least = core::mem::replace(&mut self.current, UNKNOWN);
        if least == UNKNOWN {
            return false;
        }
        let base = self.past.iter().copied().fold(least, u32::min);
        self.past[self.next] = least;
        self.next = (self.next + 1) % BASE_WINDOWS;
        u64::from(least - base) > QUEUE_MAX.0
    }
}

/// The bandwidth allowance of one client. All amounts are all-in: with every header around a payload.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    full_rate: u32,
    least_rate: u32,
    rate: u32,
    /// Bytes that may be spent now.
    level: u64,
    resolved: u32,
    lost: u32,
    /// Bytes that the rate allowed in this window, and those that were sent.
    allowed: u64,
    spent: u64,
    delays: Delays,
}

impl Budget {
    /// An allowance of `bytes_per_s`, with nothing saved up, that never falls below `least_bytes_per_s` (or all of it, if
    /// that is less).
    #[must_use]
    pub fn new(bytes_per_s: u32, least_bytes_per_s: u32) -> Self {
        Self {
            full_rate: bytes_per_s,
            least_rate: least_bytes_per_s.max(bytes_per_s / 4).min(bytes_per_s),
            rate: bytes_per_s,
            level: 0,
            resolved: 0,
            lost: 0,
            allowed: 0,
            spent: 0,
            delays: Delays::NONE,
        }
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
        self.allowed += share;
        self.level = (self.level + share).min((2 * share).max(least_bytes as u64));
        (self.level >= least_bytes as u64).then_some(self.level as usize)
    }

    /// Spends the bytes of a packet that was sent: at most what [`Budget::open_packet`] allowed.
    pub fn spend(&mut self, bytes: usize) {
        debug_assert!(bytes as u64 <= self.level, "{bytes} bytes spent of {}", self.level);
        self.level = self.level.saturating_sub(bytes as u64);
        self.spent += bytes as u64;
    }

    /// Learns how long a packet and its ack took together.
    pub fn observe_round_trip(&mut self, round_trip: Micros) {
        self.delays.observe(round_trip);
    }

    /// Learns the fate of one packet.
    pub fn resolve(&mut self, lost: bool) {
        self.resolved += 1;
        self.lost += u32::from(lost);
        if self.resolved < WINDOW_PACKETS {
            return;
        }
        let queued = self.delays.close();
        self.rate = if queued || self.lost * 10 > self.resolved {
            let used = self.used();
            (used - used / 8).max(self.least_rate)
        } else {
            (self.rate + self.full_rate / 50).min(self.full_rate)
        };
        (self.resolved, self.lost, self.allowed, self.spent) = (0, 0, 0, 0);
    }

    /// The part of the rate that was used in this window.
    fn used(&self) -> u32 {
        let spent = self.spent.min(self.allowed);
        (u64::from(self.rate) * spent).checked_div(self.allowed).map_or(self.rate, |used| used as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backs_off_under_loss_and_recovers() {
        let mut budget = Budget::new(10_000, 0);
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
        let sent = bytes_of(&mut Budget::new(11_000, 6_400), 3, 10);
        assert!((109_000..=110_600).contains(&sent), "{sent} bytes in ten seconds");
    }

    #[test]
    fn a_rate_too_low_for_every_packet_skips_some() {
        let mut budget = Budget::new(4_480, 0);
        (0..3200).for_each(|i| budget.resolve(i % 4 == 0));
        assert_eq!(budget.rate(), 1_120);
        let sent = bytes_of(&mut budget, 3, 100);
        assert!((110_000..=112_000).contains(&sent), "{sent} bytes in a hundred seconds");
    }

    #[test]
    fn intervals_that_do_not_divide_a_second_spend_the_rate_all_the_same() {
        let mut budget = Budget::new(11_000, 6_400);
        let mut sent = 0;
        // 50 ticks a second, a packet every third: 16.67 packets a second.
        for _ in 0..500 {
            let allowed = budget.open_packet(3, 50, 224).unwrap();
            budget.spend(allowed);
            sent += allowed;
        }
        assert!((329_000..=330_000).contains(&sent), "{sent} bytes in thirty seconds");
    }

    #[test]
    fn never_falls_below_what_the_least_packets_need() {
        for (full, least, floor) in [(11_000, 6_400, 6_400), (40_000, 6_400, 10_000), (6_000, 6_400, 6_000)] {
            let mut budget = Budget::new(full, least);
            (0..3200).for_each(|_| budget.resolve(true));
            assert_eq!(budget.rate(), floor);
        }
    }

    /// Windows of packets without a loss, whose round trips are `ms(packet)`.
    fn play(budget: &mut Budget, windows: u32, ms: impl Fn(u32) -> u64) {
        for packet in 0..windows * WINDOW_PACKETS {
            budget.observe_round_trip(Micros::from_millis(ms(packet)));
            budget.resolve(false);
        }
    }

    #[test]
    fn a_queue_is_left_room_and_jitter_is_not_taken_for_one() {
        let mut budget = Budget::new(10_000, 1_000);
        play(&mut budget, 10, |packet| 80 + u64::from(packet * 37 % 120));
        assert_eq!(budget.rate(), 10_000, "120 ms of jitter, but every window has a quick one");
        play(&mut budget, 6, |_| 150);
        assert!(budget.rate() < 5_000, "every packet waits for 70 ms: {}", budget.rate());
        play(&mut budget, 60, |_| 90);
        assert_eq!(budget.rate(), 10_000);
        play(&mut budget, BASE_WINDOWS as u32 + 60, |_| 200);
        assert_eq!(budget.rate(), 10_000, "a longer path is believed in the end");
    }
}
