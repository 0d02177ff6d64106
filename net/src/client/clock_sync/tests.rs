//! The clock against a server that knows inputs only by their ticks, over simulated links.

use super::*;
use crate::link_simulator::{LinkConditions, LinkSimulator};

const HZ: u16 = 60;
const PACKET_TICKS: u32 = 2;

/// A server that knows inputs only by their newest tick, a client that only sends them, and two links.
struct Rig {
    clock: ClockSync,
    up: LinkSimulator,
    down: LinkSimulator,
    now: u64,
    server_offset_us: u64,
    server_tick: u32,
    have: u32,
    margin: Option<i32>,
    misses: u16,
    received: u64,
    newest_sequence: u32,
    sequence: u32,
    judged: u32,
    last_sent: u32,
    ran: Vec<u32>,
    /// What the screen showed: 65,536ths of a tick.
    drawn: Vec<i64>,
    lead_ticks: Vec<i64>,
}

impl Rig {
    fn new(conditions: LinkConditions, seed: u64) -> Self {
        Self {
            clock: ClockSync::new(HZ, PACKET_TICKS, 0),
            up: LinkSimulator::new(conditions, seed),
            down: LinkSimulator::new(conditions, seed ^ 0xFFFF),
            now: 5_000_000,
            server_offset_us: 3_000_000,
            // The tick that is due then.
            server_tick: 120,
            have: 0,
            margin: None,
            misses: 0,
            received: 0,
            newest_sequence: 0,
            sequence: 0,
            judged: 0,
            last_sent: 0,
            ran: Vec::new(),
            drawn: Vec::new(),
            lead_ticks: Vec::new(),
        }
    }

    /// Runs for a while in steps of a millisecond; the client looks at its clock every 7 ms.
    fn run(&mut self, seconds: u64) {
        self.run_ms(seconds * 1_000);
    }

    fn run_ms(&mut self, milliseconds: u64) {
        let end = self.now + milliseconds * 1_000;
        while self.now < end {
            self.now += 1_000;
            self.server();
            if self.now.is_multiple_of(7_000) {
                self.client();
            }
        }
    }

    /// How far the clock is from where it ought to stand, in micro-ticks.
    fn off(&self) -> i64 {
        let clock = &self.clock;
        let target = clock.target(micro_ticks(clock.advanced_to, HZ));
        clock.position.map_or(i64::MAX, |position| (target - position).abs())
    }

    fn server(&mut self) {
        while let Some(bytes) = self.up.poll(Micros(self.now)) {
            let word = |i: usize| u32::from_le_bytes(bytes[i..i + 4].try_into().unwrap());
            let (sequence, newest) = (word(0), word(4));
            if sequence > self.newest_sequence {
                self.received = self.received.checked_shl(sequence - self.newest_sequence).unwrap_or(0) | 1;
                self.newest_sequence = sequence;
            } else if self.newest_sequence - sequence < 64 {
                self.received |= 1 << (self.newest_sequence - sequence);
            }
            let margin = newest as i32 - self.server_tick as i32;
            if newest > self.have && margin < 64 {
                self.have = newest;
                self.margin = Some(self.margin.map_or(margin, |m| m.min(margin)));
            }
        }
        let due = (self.now - self.server_offset_us) * u64::from(HZ) / 1_000_000;
        while u64::from(self.server_tick) <= due {
            if self.have < self.server_tick {
                self.misses = self.misses.wrapping_add(1);
            }
            if self.server_tick.is_multiple_of(3) {
                let mut bytes = Vec::new();
                bytes.extend_from_slice(&self.server_tick.to_le_bytes());
                bytes.extend_from_slice(&self.have.to_le_bytes());
                bytes.extend_from_slice(&self.margin.take().unwrap_or(i32::MIN).to_le_bytes());
                bytes.extend_from_slice(&u32::from(self.misses).to_le_bytes());
                bytes.extend_from_slice(&self.newest_sequence.to_le_bytes());
                bytes.extend_from_slice(&self.received.to_le_bytes());
                self.down.push(&bytes, Micros(self.now));
            }
            self.server_tick += 1;
        }
    }

    fn client(&mut self) {
        let now = Micros(self.now);
        while let Some(bytes) = self.down.poll(now) {
            let word = |i: usize| u32::from_le_bytes(bytes[i..i + 4].try_into().unwrap());
            let margin = word(8) as i32;
            let report = (margin != i32::MIN).then(|| InputReport {
                newest: Tick(word(4)),
                margin_ticks: margin,
                misses: word(12) as u8,
            });
            self.clock.on_snapshot(now, Tick(word(0)), report);
            let (newest, bits) = (word(16), u64::from_le_bytes(bytes[20..28].try_into().unwrap()));
            while self.judged + 32 < newest {
                self.judged += 1;
                let back = newest - self.judged;
                self.clock.on_packet_fate(back < 64 && bits >> back & 1 == 0);
            }
        }
        let due = self.clock.advance(now, 8);
        self.ran.extend((0..due.count).map(|i| due.first.0 + i));
        if self.clock.position.is_some() {
            let shown = i64::from(self.clock.next_tick().0) * 65_536 + i64::from(self.clock.fraction());
            self.drawn.push(shown);
        }
        let Some(&newest) = self.ran.last() else { return };
        if newest >= self.last_sent + PACKET_TICKS {
            self.last_sent = newest;
            self.sequence += 1;
            let mut bytes = self.sequence.to_le_bytes().to_vec();
            bytes.extend_from_slice(&newest.to_le_bytes());
            self.up.push(&bytes, now);
            self.clock.on_inputs_sent(now, Tick(newest));
            self.lead_ticks.push(i64::from(newest) - i64::from(self.server_tick));
        }
    }
}

fn mean(values: &[i64]) -> i64 {
    values.iter().sum::<i64>() / values.len() as i64
}

#[test]
fn a_clean_path_gets_a_short_lead_and_no_misses() {
    for delay_us in [0, 10_000, 60_000] {
        let mut rig = Rig::new(LinkConditions { latency_us: delay_us, ..LinkConditions::default() }, 1);
        rig.run(3);
        let before = rig.misses;
        rig.run(40);
        assert_eq!(rig.misses, before, "delay {delay_us} us");
        let lead = mean(&rig.lead_ticks[rig.lead_ticks.len() - 60..]);
        let path = i64::from(delay_us) * 60 / 1_000_000;
        assert!((path + 2..=path + 8).contains(&lead), "lead {lead} ticks for a path of {path}");
        assert_eq!(rig.clock.resyncs(), 0);
    }
}

#[test]
fn the_bad_path_costs_no_input_after_five_seconds() {
    let mut misses = 0;
    for seed in 0..20 {
        let mut rig = Rig::new(LinkConditions::bad_mobile(), seed);
        rig.run(5);
        let before = rig.misses;
        rig.run(60);
        misses += rig.misses - before;
        let lead_ms = mean(&rig.lead_ticks[rig.lead_ticks.len() - 600..]) * 1_000 / 60;
        assert!((200..=480).contains(&lead_ms), "lead {lead_ms} ms");
        // The estimate wavers by 1 % around the true 5 %.
        assert!((15_000..=90_000).contains(&rig.clock.loss().ppm()));
    }
    assert_eq!(misses, 0, "over 20 minutes");
}

#[test]
fn ticks_come_one_after_another_and_never_far_ahead_of_a_silent_server() {
    let mut rig = Rig::new(LinkConditions::bad_mobile(), 3);
    rig.run(20);
    assert!(rig.ran.windows(2).all(|w| w[1] == w[0] + 1), "no tick is left out or repeated");
    rig.down.set_conditions(LinkConditions { loss_ppm: 1_000_000, ..LinkConditions::bad_mobile() });
    rig.run(10);
    let last = *rig.ran.last().unwrap();
    assert!(last <= rig.clock.newest_snapshot + AHEAD_MAX_TICKS);
}

/// Every delay with every loss and jitter: within two seconds of the first snapshot the clock has come to where it ought to
/// stand, by a tick, and is from then on no farther from it than what jitter has just taught it; and neither its ticks nor what
/// is drawn between them ever went back.
#[test]
fn it_converges_within_two_seconds_and_never_goes_back() {
    for latency_us in [0, 15_000, 100_000, 300_000] {
        for (jitter_us, loss_ppm) in [(0, 0), (50_000, 0), (0, 50_000), (50_000, 50_000), (50_000, 200_000)] {
            for seed in 0..6 {
                let conditions =
                    LinkConditions { latency_us, jitter_us, loss_ppm, ..LinkConditions::default() };
                let mut rig = Rig::new(conditions, seed);
                // The handshake has measured the round trip; or far too much of it.
                let guess = if seed % 2 == 0 { 2 * latency_us } else { 700_000 };
                rig.clock = ClockSync::new(HZ, PACKET_TICKS, guess);
                while rig.clock.position.is_none() {
                    rig.run_ms(10);
                }
                let mut nearest = i64::MAX;
                for _ in 0..200 {
                    rig.run_ms(10);
                    if rig.clock.is_synced() {
                        nearest = nearest.min(rig.off());
                    }
                }
                assert!(nearest <= TICK, "{conditions:?}, seed {seed}: {nearest} micro-ticks off at best");
                // The slowest packet may be later than all before by twice the jitter, and a lost one is a reserve more.
                let taught = i64::from(2 * jitter_us) * i64::from(HZ) + 4 * TICK;
                for _ in 0..100 {
                    rig.run_ms(100);
                    assert!(
                        rig.off() <= taught,
                        "{conditions:?}, seed {seed}: {} micro-ticks off",
                        rig.off()
                    );
                }
                assert!(rig.ran.windows(2).all(|pair| pair[1] > pair[0]), "{conditions:?}, seed {seed}");
                assert!(rig.drawn.windows(2).all(|pair| pair[1] >= pair[0]), "{conditions:?}, seed {seed}");
            }
        }
    }
}

#[test]
fn the_lead_rises_at_once_when_the_path_worsens_and_sinks_again() {
    let mut rig = Rig::new(LinkConditions { latency_us: 20_000, ..LinkConditions::default() }, 5);
    rig.run(20);
    let calm = mean(&rig.lead_ticks[rig.lead_ticks.len() - 30..]);
    let worse = LinkConditions { latency_us: 90_000, jitter_us: 40_000, ..LinkConditions::default() };
    rig.up.set_conditions(worse);
    rig.run(3);
    let before = rig.misses;
    let high = mean(&rig.lead_ticks[rig.lead_ticks.len() - 30..]);
    assert!(high >= calm + 5, "{calm} to {high} ticks");
    rig.run(10);
    assert_eq!(rig.misses, before, "caught up within three seconds");
    rig.up.set_conditions(LinkConditions { latency_us: 20_000, ..LinkConditions::default() });
    rig.run(40);
    let low = mean(&rig.lead_ticks[rig.lead_ticks.len() - 30..]);
    assert!(low <= calm + 1, "{calm}, {high}, {low} ticks");
}

#[test]
fn a_server_that_stands_still_and_one_that_jumps_are_followed() {
    let mut rig = Rig::new(LinkConditions::default(), 1);
    rig.run(10);
    rig.server_offset_us += 2_000_000;
    rig.run(15);
    rig.server_offset_us -= 2_000_000;
    rig.run(15);
    let before = rig.misses;
    rig.run(10);
    assert_eq!(rig.misses, before);
    assert!(rig.clock.resyncs() >= 1);
}

#[test]
fn loss_is_learnt_fast_and_forgotten_slowly() {
    let mut loss = LossEstimate::new();
    assert_eq!(loss.expected_burst(), 4);
    (0..3_000).for_each(|_| loss.record(false));
    assert_eq!((loss.expected_burst(), loss.ppm()), (1, 0));
    loss.record(true);
    assert_eq!(loss.expected_burst(), 3);
    (0..3_000).for_each(|i| loss.record(i % 20 == 0));
    assert!((40_000..60_000).contains(&loss.ppm()) && (5..=6).contains(&loss.expected_burst()));
    (0..10_000).for_each(|_| loss.record(true));
    assert_eq!(loss.expected_burst(), 8);
}

/// The count of misses comes modulo 256: any number below that between two reports is counted, older reports are not.
#[test]
fn every_miss_between_two_reports_is_counted_once() {
    let mut clock = ClockSync::new(HZ, PACKET_TICKS, 0);
    let mut report = |tick: u32, misses: u8| {
        let report = InputReport { newest: Tick(tick + 5), margin_ticks: 5, misses };
        clock.on_snapshot(Micros(u64::from(tick) * 16_667), Tick(tick), Some(report));
        clock.misses()
    };
    assert_eq!(report(100, 3), 3);
    assert_eq!(report(103, 203), 203);
    assert_eq!(report(106, 205), 205);
    assert_eq!(report(104, 204), 205, "overtaken on the way");
    assert_eq!(report(109, 4), 260);
    assert_eq!(report(112, 4), 260);
    assert_eq!(report(115, 3), 515);
}

#[test]
fn absurd_reports_and_times_do_no_harm() {
    let mut clock = ClockSync::new(0, 0, u32::MAX);
    clock.on_inputs_sent(Micros(u64::MAX), Tick(u32::MAX));
    clock.on_snapshot(Micros(u64::MAX), Tick(u32::MAX), None);
    clock.advance(Micros(0), 8);
    clock.advance(Micros(u64::MAX), u32::MAX);
    let report = InputReport { newest: Tick(u32::MAX), margin_ticks: i32::MIN, misses: 9 };
    clock.on_snapshot(Micros(1), Tick(0), Some(report));
    let due = clock.advance(Micros(u64::MAX), 8);
    assert!(due.count <= 8);
    let _ = (clock.fraction(), clock.lead_us());
}
