//! A seeded, deterministic model of a bad network path: delay, jitter, loss, duplication, reordering, corruption, rate.
//!
//! One [`LinkSimulator`] is one direction; two of them (with different seeds) make a connection. It has no socket and
//! no clock: datagrams are pushed with the time they are sent and polled with the time that is now, so that a test with
//! a virtual clock replays to the same bytes for the same seed and calls. Used by tests, bots and debug panels.
//!
//! Not in here: addresses (the caller knows who is at the other end), sockets, statistics of the protocol above.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::time::Micros;

/// One million: the whole of a probability given in parts per million.
pub const PPM: u32 = 1_000_000;

/// What a path does to the datagrams sent over it. Probabilities are in parts per million of datagrams, each decided
/// independently. The default is a perfect path: nothing lost, no delay, no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkConditions {
    /// Mean one-way delay, in microseconds.
    pub latency_us: u32,
    /// Largest deviation from [`Self::latency_us`], both ways, uniformly distributed, in microseconds. Each datagram draws
    /// its own, so a jitter above the sending interval reorders by itself. Delays below zero count as zero.
    pub jitter_us: u32,
    /// Datagrams that never arrive.
    pub loss_ppm: u32,
    /// Datagrams that arrive twice; the copy draws its own delay.
    pub duplicate_ppm: u32,
    /// Datagrams held back by [`Self::reorder_extra_us`], so that later ones overtake them.
    pub reorder_ppm: u32,
    /// How much longer a reordered datagram takes, in microseconds.
    pub reorder_extra_us: u32,
    /// Datagrams in which one to eight bits are flipped.
    pub corrupt_ppm: u32,
    /// Bytes a second that the path carries, 28 bytes of IP and UDP headers included for each datagram; 0 is unlimited.
    pub rate_bytes_per_s: u32,
    /// Most datagrams under way at once; more are dropped at the tail and counted. At least 1.
    pub queue_datagrams: u32,
    /// Longest wait for the rate limit before a datagram is dropped at the tail, in microseconds.
    pub queue_wait_us: u32,
}

impl Default for LinkConditions {
    fn default() -> Self {
        Self {
            latency_us: 0,
            jitter_us: 0,
            loss_ppm: 0,
            duplicate_ppm: 0,
            reorder_ppm: 0,
            reorder_extra_us: 0,
            corrupt_ppm: 0,
            rate_bytes_per_s: 0,
            queue_datagrams: 4096,
            queue_wait_us: 500_000,
        }
    }
}

impl LinkConditions {
    /// The fault load this project is held to: 5 % loss, 2 % duplicates, 1 % held back by 30 ms, delay of 100 ± 40 ms.
    pub fn bad_mobile() -> Self {
        Self {
            latency_us: 100_000,
            jitter_us: 40_000,
            loss_ppm: 50_000,
            duplicate_ppm: 20_000,
            reorder_ppm: 10_000,
            reorder_extra_us: 30_000,
            ..Self::default()
        }
    }
}

/// What happened to the datagrams of one [`LinkSimulator`] so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkStats {
    /// Datagrams given to [`LinkSimulator::push`].
    pub pushed: u64,
    /// Datagrams taken out by [`LinkSimulator::poll`], copies included.
    pub delivered: u64,
    /// Datagrams dropped by chance.
    pub lost: u64,
    /// Copies made.
    pub duplicated: u64,
    /// Datagrams held back by chance.
    pub reordered: u64,
    /// Datagrams (or copies) with flipped bits.
    pub corrupted: u64,
    /// Datagrams and copies dropped because the queue was full or the wait for the rate limit too long.
    pub overflowed: u64,
    /// Bytes delivered, without headers.
    pub bytes_delivered: u64,
}

/// One direction of a simulated path. Deterministic: same seed, conditions and calls give the same deliveries.
///
/// Buffers are kept and used again, so nothing is allocated once the largest number of datagrams has been under way.
#[derive(Debug)]
pub struct LinkSimulator {
    conditions: LinkConditions,
    random_state: u64,
    /// Due time, order of entry, buffer index: entry order decides ties, so delivery is stable.
    due: BinaryHeap<Reverse<(Micros, u64, u32)>>,
    buffers: Vec<Vec<u8>>,
    free: Vec<u32>,
    lent: Option<u32>,
    entered: u64,
    rate_free_at: Micros,
    stats: LinkStats,
}

impl LinkSimulator {
    /// A path with these conditions; `seed` decides everything that is left to chance.
    pub fn new(conditions: LinkConditions, seed: u64) -> Self {
        Self {
            conditions,
            random_state: seed,
            due: BinaryHeap::new(),
            buffers: Vec::new(),
            free: Vec::new(),
            lent: None,
            entered: 0,
            rate_free_at: Micros(0),
            stats: LinkStats::default(),
        }
    }

    /// Sends one datagram into the path at `now`. It may be dropped, delayed, copied or damaged on the way.
    pub fn push(&mut self, datagram: &[u8], now: Micros) {
        self.stats.pushed += 1;
        if self.chance(self.conditions.loss_ppm) {
            self.stats.lost += 1;
            return;
        }
        let Some(departure) = self.pass_rate_limit(datagram.len(), now) else {
            self.stats.overflowed += 1;
            return;
        };
        self.enqueue(datagram, departure);
        if self.chance(self.conditions.duplicate_ppm) {
            self.stats.duplicated += 1;
            self.enqueue(datagram, departure);
        }
    }

    /// The next datagram that has arrived by `now`, in order of arrival; call until `None`. The bytes may be changed in
    /// place (decryption does) and stay valid until the next call.
    pub fn poll(&mut self, now: Micros) -> Option<&mut [u8]> {
        if let Some(index) = self.lent.take() {
            self.free.push(index);
        }
        let &Reverse((at, _, index)) = self.due.peek()?;
        if at > now {
            return None;
        }
        self.due.pop();
        self.lent = Some(index);
        let buffer = self.buffers[index as usize].as_mut_slice();
        self.stats.delivered += 1;
        self.stats.bytes_delivered += buffer.len() as u64;
        Some(buffer)
    }

    /// When the next datagram arrives, if one is under way.
    pub fn next_due(&self) -> Option<Micros> {
        self.due.peek().map(|&Reverse((at, _, _))| at)
    }

    /// Datagrams under way.
    pub fn in_flight(&self) -> usize {
        self.due.len()
    }

    /// The conditions in force.
    pub fn conditions(&self) -> &LinkConditions {
        &self.conditions
    }

    /// Changes the conditions for datagrams pushed from now on; those under way keep their fate.
    pub fn set_conditions(&mut self, conditions: LinkConditions) {
        self.conditions = conditions;
    }

    /// Counts since creation.
    pub fn stats(&self) -> &LinkStats {
        &self.stats
    }

    /// Time at which a datagram has passed the rate limit, or `None` if it would wait too long.
    fn pass_rate_limit(&mut self, bytes: usize, now: Micros) -> Option<Micros> {
        let rate = u64::from(self.conditions.rate_bytes_per_s);
        if rate == 0 {
            return Some(now);
        }
        let start = self.rate_free_at.max(now);
        if start.0 - now.0 > u64::from(self.conditions.queue_wait_us) {
            return None;
        }
        let on_wire = bytes as u64 + 28;
        let departure = Micros(start.0 + on_wire * 1_000_000 / rate);
        self.rate_free_at = departure;
        Some(departure)
    }

    fn enqueue(&mut self, datagram: &[u8], departure: Micros) {
        if self.due.len() >= self.conditions.queue_datagrams.max(1) as usize {
            self.stats.overflowed += 1;
            return;
        }
        let arrival = Micros(departure.0 + self.draw_delay_us());
        let index = self.free.pop().unwrap_or_else(|| {
            self.buffers.push(Vec::new());
            (self.buffers.len() - 1) as u32
        });
        let corrupt = self.chance(self.conditions.corrupt_ppm);
        let flips = if corrupt { 1 + self.random() % 8 } else { 0 };
        let mut buffer = std::mem::take(&mut self.buffers[index as usize]);
        buffer.clear();
        buffer.extend_from_slice(datagram);
        if corrupt && !buffer.is_empty() {
            self.stats.corrupted += 1;
            for _ in 0..flips {
                let bit = self.random() % (buffer.len() as u64 * 8);
                buffer[(bit / 8) as usize] ^= 1 << (bit % 8);
            }
        }
        self.buffers[index as usize] = buffer;
        self.entered += 1;
        self.due.push(Reverse((arrival, self.entered, index)));
    }

    fn draw_delay_us(&mut self) -> u64 {
        let jitter = u64::from(self.conditions.jitter_us);
        let mut delay = u64::from(self.conditions.latency_us) + self.random() % (2 * jitter + 1);
        if self.chance(self.conditions.reorder_ppm) {
            self.stats.reordered += 1;
            delay += u64::from(self.conditions.reorder_extra_us);
        }
        delay.saturating_sub(jitter)
    }

    fn chance(&mut self, ppm: u32) -> bool {
        // Drawn even when the answer is known, so that changing one probability leaves the other draws in step.
        self.random() % u64::from(PPM) < u64::from(ppm)
    }

    /// SplitMix64 (Steele, Lea, Flood 2014): full period, good enough for a path's whims, one word of state.
    fn random(&mut self) -> u64 {
        self.random_state = self.random_state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random_state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deliver_all(link: &mut LinkSimulator, until: Micros) -> Vec<(u64, Vec<u8>)> {
        let mut out = Vec::new();
        while let Some(at) = link.next_due().filter(|&at| at <= until) {
            let bytes = link.poll(at).expect("one is due").to_vec();
            out.push((at.0, bytes));
        }
        out
    }

    fn send_numbered(conditions: LinkConditions, seed: u64, count: u32) -> (LinkStats, Vec<(u64, Vec<u8>)>) {
        let mut link = LinkSimulator::new(conditions, seed);
        let mut out = Vec::new();
        for i in 0..count {
            let now = Micros(u64::from(i) * 10_000);
            out.append(&mut deliver_all(&mut link, now));
            link.push(&i.to_le_bytes(), now);
        }
        out.append(&mut deliver_all(&mut link, Micros(u64::MAX)));
        (*link.stats(), out)
    }

    #[test]
    fn a_perfect_path_delivers_everything_in_order_at_once() {
        let (stats, out) = send_numbered(LinkConditions::default(), 1, 500);
        assert_eq!(out.len(), 500);
        assert!(
            out.iter()
                .enumerate()
                .all(|(i, (at, b))| *at == i as u64 * 10_000 && **b == (i as u32).to_le_bytes())
        );
        assert_eq!((stats.lost, stats.duplicated, stats.corrupted, stats.overflowed), (0, 0, 0, 0));
    }

    #[test]
    fn same_seed_same_fate_and_other_seed_other_fate() {
        let a = send_numbered(LinkConditions::bad_mobile(), 7, 2_000);
        assert_eq!(a, send_numbered(LinkConditions::bad_mobile(), 7, 2_000));
        assert_ne!(a.1, send_numbered(LinkConditions::bad_mobile(), 8, 2_000).1);
    }

    #[test]
    fn rates_and_delays_are_as_configured() {
        let n = 100_000;
        let (stats, out) = send_numbered(LinkConditions::bad_mobile(), 3, n);
        // Five standard deviations of a binomial around the expected count.
        assert!((stats.lost as i64 - 5_000).abs() < 345, "{stats:?}");
        assert!((stats.duplicated as i64 - 1_900).abs() < 216, "{stats:?}");
        assert_eq!(out.len() as u64, stats.pushed - stats.lost + stats.duplicated);
        let mut overtaken = 0;
        let mut newest = 0;
        for (at, bytes) in &out {
            let i = u32::from_le_bytes(bytes.as_slice().try_into().unwrap());
            let delay = at - u64::from(i) * 10_000;
            assert!((60_000..=170_000).contains(&delay), "delay {delay} us");
            overtaken += u32::from(i < newest);
            newest = newest.max(i);
        }
        assert!(overtaken > 10_000, "only {overtaken} overtaken");
    }

    #[test]
    fn corruption_changes_bytes_and_only_then() {
        let conditions = LinkConditions { corrupt_ppm: 500_000, ..LinkConditions::default() };
        let mut link = LinkSimulator::new(conditions, 9);
        let mut changed = 0;
        for i in 0..1_000u64 {
            link.push(&[0xA5; 64], Micros(i));
            let bytes = link.poll(Micros(i)).unwrap();
            assert_eq!(bytes.len(), 64);
            changed += u64::from(bytes != [0xA5; 64]);
        }
        // An even number of flips of one bit can undo itself; that is rare.
        let corrupted = link.stats().corrupted;
        assert!((400..=600).contains(&corrupted) && changed <= corrupted && changed + 20 > corrupted);
    }

    #[test]
    fn the_rate_limit_spaces_datagrams_and_drops_at_the_tail() {
        let conditions =
            LinkConditions { rate_bytes_per_s: 12_800, queue_wait_us: 100_000, ..LinkConditions::default() };
        let mut link = LinkSimulator::new(conditions, 1);
        for _ in 0..100 {
            link.push(&[0; 100], Micros(0));
        }
        // 128 bytes each with headers: 10 ms apart; the one that would start after more than 100 ms is dropped.
        let out = deliver_all(&mut link, Micros(u64::MAX));
        assert_eq!(out.len(), 11);
        assert!(out.iter().enumerate().all(|(i, (at, _))| *at == (i as u64 + 1) * 10_000));
        assert_eq!(link.stats().overflowed, 89);
    }

    #[test]
    fn the_queue_is_bounded_and_buffers_are_used_again() {
        let conditions =
            LinkConditions { queue_datagrams: 8, latency_us: 1_000, ..LinkConditions::default() };
        let mut link = LinkSimulator::new(conditions, 1);
        for round in 0..50u64 {
            for _ in 0..20 {
                link.push(&[1, 2, 3], Micros(round * 10_000));
            }
            assert_eq!(link.in_flight(), 8);
            assert_eq!(deliver_all(&mut link, Micros(round * 10_000 + 5_000)).len(), 8);
        }
        assert!(link.buffers.len() <= 9);
        assert_eq!(link.stats().overflowed, 50 * 12);
    }
}
