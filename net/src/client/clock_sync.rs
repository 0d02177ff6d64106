//! When to run which tick: keeps the client so far ahead of the server that its inputs arrive before they are needed.
//!
//! The client labels each input with the server tick it is meant for. It measures nothing but its own sending times:
//! the server reports how many ticks early (or late) the newest input of a packet came, so for each report the
//! difference between "when I sent it" and "which tick the server was at" is known, with the path's delay already in
//! it. The slowest packet of the last seconds, plus a reserve for packets lost in a row, gives the tick that must be
//! sent now. The reserve follows the measured loss: as many packets in a row as are lost once in two million.
//!
//! The clock runs up to an eighth faster to gain lead (at once, upon one low report) and a thirty-second slower to
//! give it back. Neither costs a correction, because inputs are labelled; far off, the clock jumps.
//!
//! All integers: time is counted in micro-ticks (a millionth of a tick), so that a microsecond is `tick_hz` of them.
//! Not in here: the clock of what is drawn of others ([`super::interpolation`]).

use shieldwall_core::numeric::Tick;

use crate::time::Micros;

/// Micro-ticks in a tick: with `tick_hz` ticks a second, one microsecond is `tick_hz` micro-ticks.
pub(crate) const TICK: i64 = 1_000_000;

/// Most ticks the client runs ahead of the newest snapshot; then it waits. Less than what prediction remembers.
pub const AHEAD_MAX_TICKS: u32 = 110;
/// Sending times remembered: more than the unacknowledged inputs there can be.
const SENT_RING: usize = 128;
/// The slowest packet counts for this many slices of [`SLICE_US`]: eight seconds.
const SLICES: usize = 8;
const SLICE_US: u64 = 1_000_000;
/// Further off than this, forward or back, the clock jumps instead of running faster or slower.
const RESYNC: i64 = 45 * TICK;
/// More due ticks than this are skipped instead of run late.
const SKIP_TICKS: i32 = 64;
/// When this many snapshots in a row come later than the fastest by more than this, the server's clock has moved: what
/// was measured before is worth nothing.
const MOVED_SNAPSHOTS: u32 = 10;
const MOVED: i64 = 30 * TICK;
/// Longest round trip that is believed before anything was measured; the server refuses inputs a second early.
const FIRST_ROUND_TRIP_MAX_US: u32 = 500_000;
/// Slack beyond the computed need: the server starts a tick a little before or after its exact time.
const SLACK: i64 = TICK;
/// Extra lead after a miss that no slow packet explains, its largest sum, and how much of it a second takes back.
const MISS_PENALTY: i64 = 2 * TICK;
const MISS_PENALTY_MAX: i64 = 20 * TICK;
const MISS_PENALTY_DECAY_PER_S: i64 = TICK / 16;
/// Reports on inputs for ticks up to so many after a jump are not measured: the tightest packet and the newest input that a
/// report names are not of one packet while the ticks of the jump are made up for.
const AFTER_JUMP_TICKS: u32 = 9;

/// `now` in micro-ticks. Times beyond 35 years and rates beyond 1,000 Hz stand still, so that no sum overflows.
pub(crate) fn micro_ticks(now: Micros, tick_hz: u16) -> i64 {
    now.0.min(1 << 50) as i64 * i64::from(tick_hz.min(1_000))
}

/// Smallest value of the last eight seconds, in slices of one second: a few words instead of a queue. Values age out
/// only as newer ones come, so silence keeps the last figure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SlidingMin {
    slices: [i64; SLICES],
    newest: u64,
}

impl SlidingMin {
    pub(crate) const fn new() -> Self {
        Self { slices: [i64::MAX; SLICES], newest: 0 }
    }

    pub(crate) fn add(&mut self, now: Micros, value: i64) {
        let slice = now.0 / SLICE_US;
        let behind = slice.saturating_sub(self.newest).min(SLICES as u64);
        if behind > 0 {
            for i in 0..behind {
                self.slices[((slice - i) % SLICES as u64) as usize] = i64::MAX;
            }
            self.newest = slice;
        }
        let entry = &mut self.slices[(self.newest % SLICES as u64) as usize];
        *entry = (*entry).min(value);
    }

    /// `None` before the first value.
    pub(crate) fn min(&self) -> Option<i64> {
        self.slices.iter().copied().min().filter(|&v| v != i64::MAX)
    }
}

/// Share of packets lost, quick to rise and slow to fall, and the packets in a row that must be expected to be lost.
#[derive(Clone, Copy, Debug)]
pub struct LossEstimate {
    ppm: u32,
}

impl LossEstimate {
    /// Starts with a cautious 2 %, which a clean path forgets within some hundred packets.
    #[must_use]
    pub const fn new() -> Self {
        Self { ppm: 20_000 }
    }

    /// Takes note of one packet's fate.
    pub fn record(&mut self, lost: bool) {
        if lost {
            self.ppm += (1_000_000 - self.ppm) / 256;
        } else {
            self.ppm -= self.ppm.div_ceil(256);
        }
    }

    /// Parts per million of packets lost.
    #[must_use]
    pub fn ppm(&self) -> u32 {
        self.ppm
    }

    /// Fewest packets in a row of which all are lost with a chance below 1 in 2,000,000; at least 1, at most 8.
    #[must_use]
    pub fn expected_burst(&self) -> u32 {
        // Largest loss (ppm) with loss^k <= 5e-7 for k = 2..=7, before them the loss that is taken for none.
        const LARGEST: [u32; 7] = [150, 707, 7_937, 26_591, 54_928, 89_089, 125_882];
        1 + LARGEST.iter().filter(|&&limit| self.ppm > limit).count() as u32
    }
}

impl Default for LossEstimate {
    fn default() -> Self {
        Self::new()
    }
}

/// What the server said about the inputs that came since its last report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputReport {
    /// The newest input the server has: names the sending time the report is about.
    pub newest: Tick,
    /// Ticks from the tick the server was about to run to the newest input of a packet, the smallest of the packets
    /// that brought something new. 0: came for the very next tick. Negative: too late.
    pub margin_ticks: i32,
    /// Ticks run without their input since the session began, modulo 256.
    pub misses: u8,
}

/// The ticks that are due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueTicks {
    /// The first tick to run.
    pub first: Tick,
    /// How many.
    pub count: u32,
}

/// The client's clock of predicted ticks. The module head says how it decides.
#[derive(Clone, Debug)]
pub struct ClockSync {
    tick_hz: u16,
    /// Smoothed distance of two input packets, in 256ths of a tick; never below what was configured.
    interval_256: i64,
    interval_min_256: i64,
    newest_sent: Option<u32>,
    /// The moment being lived now, in micro-ticks of the server's count. `None` before the first snapshot.
    position: Option<i64>,
    /// The latest moment that anybody was shown: a position that jumps back is waited for.
    shown: i64,
    advanced_to: Micros,
    next_tick: u32,
    newest_snapshot: u32,
    sent_tick: [u32; SENT_RING],
    sent_at: [i64; SENT_RING],
    /// Sending time less the server's tick at arrival: small for a slow packet.
    slowest: SlidingMin,
    /// Reports on inputs for earlier ticks are not measured.
    measured_from: u32,
    /// Arrival time less the tick of a snapshot: small for a fast one.
    fastest_snapshot: SlidingMin,
    first_lead: i64,
    late_in_a_row: u32,
    last_reported: Option<u32>,
    loss: LossEstimate,
    margin_ticks: i32,
    last_misses: Option<u8>,
    misses: u32,
    miss_penalty: i64,
    resyncs: u32,
}

impl ClockSync {
    /// A clock that waits for its first snapshot. `packet_interval_ticks` is the distance of two input packets;
    /// `round_trip_us` a first guess of the round trip, for the time before the first report. Zeros count as 1.
    #[must_use]
    pub fn new(tick_hz: u16, packet_interval_ticks: u32, round_trip_us: u32) -> Self {
        let tick_hz = tick_hz.max(1);
        let first_lead_us = i64::from(round_trip_us.min(FIRST_ROUND_TRIP_MAX_US)) + 100_000;
        Self {
            tick_hz,
            interval_256: i64::from(packet_interval_ticks.clamp(1, 60)) * 256,
            interval_min_256: i64::from(packet_interval_ticks.clamp(1, 60)) * 256,
            newest_sent: None,
            position: None,
            shown: i64::MIN,
            advanced_to: Micros(0),
            next_tick: 0,
            newest_snapshot: 0,
            sent_tick: [u32::MAX; SENT_RING],
            sent_at: [0; SENT_RING],
            slowest: SlidingMin::new(),
            measured_from: 0,
            fastest_snapshot: SlidingMin::new(),
            first_lead: first_lead_us * i64::from(tick_hz),
            late_in_a_row: 0,
            last_reported: None,
            loss: LossEstimate::new(),
            margin_ticks: 0,
            last_misses: None,
            misses: 0,
            miss_penalty: 0,
            resyncs: 0,
        }
    }

    /// A snapshot of the state after `server_tick` came in at `now`, with or without news about inputs.
    pub fn on_snapshot(&mut self, now: Micros, server_tick: Tick, report: Option<InputReport>) {
        let local = micro_ticks(now, self.tick_hz);
        self.notice_moved_clock(now, local - i64::from(server_tick.0) * TICK);
        if self.position.is_none() {
            self.newest_snapshot = server_tick.0;
            self.advanced_to = now;
            self.start_at(self.target(local));
        }
        let overtaken = server_tick.0 < self.newest_snapshot;
        self.newest_snapshot = self.newest_snapshot.max(server_tick.0);
        if let Some(report) = report {
            self.on_report(now, report, overtaken);
        }
    }

    /// One packet of ours is known to have arrived or to be lost.
    pub fn on_packet_fate(&mut self, lost: bool) {
        self.loss.record(lost);
    }

    /// A packet whose newest input is for `newest` leaves at `now`.
    pub fn on_inputs_sent(&mut self, now: Micros, newest: Tick) {
        // A sender that cannot keep the configured pace needs a longer reserve for the same burst of losses.
        if let Some(before) = self.newest_sent.replace(newest.0) {
            let distance = i64::from(newest.0.saturating_sub(before).min(30)) * 256;
            self.interval_256 =
                (self.interval_256 + (distance - self.interval_256) / 16).max(self.interval_min_256);
        }
        let i = newest.0 as usize % SENT_RING;
        if self.sent_tick[i] != newest.0 {
            self.sent_tick[i] = newest.0;
            self.sent_at[i] = micro_ticks(now, self.tick_hz);
        }
    }

    /// Moves the clock on to `now` and returns the ticks to run, at most `most`; more stay due for the next call. None
    /// before the first snapshot, and none further than [`AHEAD_MAX_TICKS`] from the newest one. The first tick is the
    /// one after the last that was handed out, unless the clock had to skip.
    pub fn advance(&mut self, now: Micros, most: u32) -> DueTicks {
        let Some(before) = self.position else { return DueTicks { first: Tick(self.next_tick), count: 0 } };
        let elapsed_us = now.since(self.advanced_to).0.min(10_000_000) as i64;
        self.advanced_to = self.advanced_to.max(now);
        self.miss_penalty = (self.miss_penalty - elapsed_us * MISS_PENALTY_DECAY_PER_S / 1_000_000).max(0);
        let elapsed = elapsed_us * i64::from(self.tick_hz);
        let mut position = before + elapsed;
        let error = self.target(micro_ticks(now, self.tick_hz)) - position;
        if error.abs() > RESYNC {
            self.resyncs = self.resyncs.saturating_add(1);
            position += error;
            self.note_jump(position);
        } else if error.abs() > TICK / 4 {
            position += error.clamp(-elapsed / 32, elapsed / 8);
        }
        self.position = Some(position);
        self.shown = self.shown.max(position);
        let due = (position / TICK).clamp(0, i64::from(u32::MAX)) as u32;
        if due.wrapping_sub(self.next_tick) as i32 > SKIP_TICKS {
            self.next_tick = due;
        }
        let last = due.min(self.newest_snapshot.saturating_add(AHEAD_MAX_TICKS));
        let count = (i64::from(last) + 1 - i64::from(self.next_tick)).clamp(0, i64::from(most)) as u32;
        let first = Tick(self.next_tick);
        self.next_tick = self.next_tick.saturating_add(count);
        DueTicks { first, count }
    }

    /// The next tick that [`Self::advance`] will hand out.
    #[must_use]
    pub fn next_tick(&self) -> Tick {
        Tick(self.next_tick)
    }

    /// Part of the tick after the last one run that had passed at the last [`Self::advance`], of 65,536: what is drawn
    /// lies between two ticks. Together with the tick it never goes back, whatever the clock learns.
    #[must_use]
    pub fn fraction(&self) -> u32 {
        if self.position.is_none() {
            return 0;
        }
        let into = self.shown.max(0) - (i64::from(self.next_tick) - 1) * TICK;
        (into.clamp(0, TICK - 1) * 65_536 / TICK) as u32
    }

    /// How far the clock is ahead of the fastest snapshots, in microseconds: the fast round trip, plus jitter, plus
    /// reserve. Zero before the first snapshot.
    #[must_use]
    pub fn lead_us(&self) -> u32 {
        let (Some(position), Some(fastest)) = (self.position, self.fastest_snapshot.min()) else { return 0 };
        let server = micro_ticks(self.advanced_to, self.tick_hz) - fastest;
        ((position - server).max(0) / i64::from(self.tick_hz)) as u32
    }

    /// Ticks before it was needed that the newest input of the last reported packet arrived.
    #[must_use]
    pub fn margin_ticks(&self) -> i32 {
        self.margin_ticks
    }

    /// Whether the server has reported on inputs, so that the lead is measured and no longer guessed.
    #[must_use]
    pub fn is_synced(&self) -> bool {
        self.slowest.min().is_some()
    }

    /// Loss of packets to the server.
    #[must_use]
    pub fn loss(&self) -> &LossEstimate {
        &self.loss
    }

    /// How often the clock jumped because it was far off.
    #[must_use]
    pub fn resyncs(&self) -> u32 {
        self.resyncs
    }

    /// Ticks the server reported as run without our input.
    #[must_use]
    pub fn misses(&self) -> u32 {
        self.misses
    }

    /// Takes note of a snapshot's delay. When the server's clock has moved, all that was measured starts anew, from the
    /// lead there was.
    fn notice_moved_clock(&mut self, now: Micros, delay: i64) {
        let late = self.fastest_snapshot.min().is_some_and(|fastest| delay - fastest > MOVED);
        self.late_in_a_row = if late { self.late_in_a_row + 1 } else { 0 };
        if self.late_in_a_row >= MOVED_SNAPSHOTS {
            self.first_lead =
                self.first_lead.max(i64::from(self.lead_us()) * i64::from(self.tick_hz)).min(RESYNC);
            self.late_in_a_row = 0;
            self.fastest_snapshot = SlidingMin::new();
            self.slowest = SlidingMin::new();
        }
        self.fastest_snapshot.add(now, delay);
    }

    /// Takes note of a report. One that was `overtaken` by a newer snapshot counts misses that are counted already.
    fn on_report(&mut self, now: Micros, report: InputReport, overtaken: bool) {
        let missed = if overtaken { 0 } else { report.misses.wrapping_sub(self.last_misses.unwrap_or(0)) };
        if !overtaken {
            self.last_misses = Some(report.misses);
            self.misses = self.misses.saturating_add(u32::from(missed));
        }
        let i = report.newest.0 as usize % SENT_RING;
        // A report is repeated while nothing new comes; heard twice it would keep an old figure young.
        if self.sent_tick[i] != report.newest.0
            || self.last_reported.replace(report.newest.0) == Some(report.newest.0)
        {
            return;
        }
        self.margin_ticks = report.margin_ticks.clamp(-600, 600);
        let server_at_arrival = i64::from(report.newest.0) - i64::from(self.margin_ticks);
        let sample = self.sent_at[i] - server_at_arrival * TICK;
        let before = self.slowest.min();
        if before.is_some() && report.newest.0 < self.measured_from {
            return;
        }
        self.slowest.add(now, sample);
        if before.is_none() {
            // The guess is forgotten in one step, while nobody has got used to anything.
            let position = self.target(micro_ticks(now, self.tick_hz));
            self.position = Some(position);
            self.advanced_to = now;
            self.note_jump(position);
        } else if missed > 0 && before.is_some_and(|slowest| sample >= slowest) {
            self.miss_penalty = (self.miss_penalty + MISS_PENALTY).min(MISS_PENALTY_MAX);
        }
    }

    /// Where the clock ought to stand at the local time `local`, in micro-ticks.
    fn target(&self, local: i64) -> i64 {
        let Some(slowest) = self.slowest.min() else {
            return local - self.fastest_snapshot.min().unwrap_or(local) + self.first_lead;
        };
        // A packet's oldest new input is one interval less a tick older than its newest; each packet lost before it
        // makes that an interval more.
        let interval = self.interval_256 * TICK / 256;
        let reserve = i64::from(self.loss.expected_burst() + 1) * interval - TICK;
        local - slowest + reserve + SLACK + self.miss_penalty
    }

    fn note_jump(&mut self, to: i64) {
        self.measured_from =
            ((to / TICK).clamp(0, i64::from(u32::MAX)) as u32).saturating_add(AFTER_JUMP_TICKS);
    }

    fn start_at(&mut self, position: i64) {
        self.position = Some(position);
        self.next_tick = (position / TICK).clamp(0, i64::from(u32::MAX)) as u32;
    }
}

#[cfg(test)]
mod tests;
