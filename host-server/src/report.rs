//! The figures of a whole run: JSON for scripts (`--report FILE`), a summary for a person.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use serde::Serialize;
use shieldwall_core::{RulesHash, Stage, StateHash};
use shieldwall_net::client::CorrectionCause;

use crate::error::HostError;
use crate::fight_figures::FightFigures;
use crate::figures::{BotFigures, NetFigures, ZoneFigures};
use crate::refusals;
use crate::stats::{TickMs, ratio};

/// Everything a run leaves behind. The names are those of the JSON; docs/OPERATIONS.md explains each.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Version of the program.
    pub version: &'static str,
    /// Seed of the battlefield.
    pub seed: u64,
    /// Where and how the bots of `demo` met; none without bots.
    pub scenario: Option<&'static str>,
    /// Hash of the rules, 16 hexadecimal digits.
    pub rules: String,
    /// Length of the run in seconds.
    pub duration_s: f64,
    /// Ticks per second asked for.
    pub tick_hz: u16,
    /// Ticks run.
    pub ticks: u64,
    /// Ticks per second that were run.
    pub ticks_per_s: f64,
    /// Ticks after the warm-up that ended more than one period after their scheduled start.
    pub ticks_late: u64,
    /// Length of the warm-up in seconds.
    pub warm_up_s: f64,
    /// How often and by how many milliseconds the schedule slipped because ticks were too long.
    pub schedule_slips: u64,
    /// See [`Self::schedule_slips`].
    pub schedule_slipped_ms: f64,
    /// Durations of ticks after the warm-up: from reading inputs to the last snapshot handed to the socket.
    pub tick_ms: TickMs,
    /// Mean time of each stage of the kernel's tick, in microseconds, in the order they run.
    pub stages_us: Vec<StageTime>,
    /// How long after they were due ticks began, after the warm-up. Long delays with short ticks mean that the machine
    /// had no processor to spare.
    pub start_delay_ms: TickMs,
    /// Most clients at a time.
    pub clients: u32,
    /// Sum over clients of the time they were in the zone, in seconds; the rates below are per such second.
    pub client_seconds: f64,
    /// Bytes sent per client and second, with 28 bytes of UDP and IP for each packet.
    pub bytes_down_per_client_s: f64,
    /// Bytes received per client and second, with 28 bytes of UDP and IP for each packet.
    pub bytes_up_per_client_s: f64,
    /// Packets sent per client and second.
    pub packets_down_per_client_s: f64,
    /// Packets received per client and second.
    pub packets_up_per_client_s: f64,
    /// Others a client is shown, on average.
    pub entities_visible_mean: f64,
    /// CPU time of the server (the whole process without the bots) per client and second, in microseconds.
    pub server_cpu_us_per_client_s: f64,
    /// CPU time in seconds, by thread.
    pub cpu_s: CpuSeconds,
    /// Whether the system ran the threads that a tick waits for in real time: before those of other programs.
    pub realtime: bool,
    /// Corrections of the own character per client and second, as the bots of this process saw them.
    pub corrections_per_client_s: Option<f64>,
    /// The same by what they came of: only causes that happened.
    pub corrections_by_cause: Vec<CauseRate>,
    /// Deaths by the hand of another.
    pub kills: u64,
    /// Hits.
    pub hits: u64,
    /// Kills of each team.
    pub score: Vec<u64>,
    /// What each team has gained by capture points and flags.
    pub points: Vec<u64>,
    /// What else the fighting counts.
    pub fight: FightFigures,
    /// Ticks for which a client's input was missing, as a share of all.
    pub inputs_missed_share: f64,
    /// Packets to clients that were lost, as a share of all.
    pub loss_down_share: f64,
    /// Packets to clients that were left out because their tick had no time for them, as a share of those that were due.
    pub packets_skipped_share: f64,
    /// What was refused, by reason: only reasons that happened.
    pub refused: Vec<Refused>,
    /// What was dropped because a queue was full: only queues that were.
    pub dropped: Vec<Refused>,
    /// The bots of this process.
    pub bots: Option<BotReport>,
    /// Hash of the last state, 32 hex digits.
    pub state_hash: String,
}

/// What predictions were wrong about, and how often.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct CauseRate {
    /// Name of the cause.
    pub cause: &'static str,
    /// Corrections per client and second.
    pub per_client_s: f64,
}

/// A stage of the tick and its time.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct StageTime {
    /// Name of the stage; the same word is the label in `/metrics`.
    pub stage: &'static str,
    /// Mean over all ticks of the run, in microseconds.
    pub mean: f64,
}

/// CPU time in seconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct CpuSeconds {
    /// The network I/O thread.
    pub network: f64,
    /// The simulation thread and those that help it.
    pub simulation: f64,
    /// The threads of the bots.
    pub bots: f64,
    /// The whole process, from the start of the threads on.
    pub process: f64,
    /// Not used by anybody here: what the host of this machine took from its processors meanwhile, all of them together. Ticks that
    /// are late then may be late of that. 0 where it cannot be told.
    pub stolen: f64,
}

/// A reason and how often it occurred.
#[derive(Clone, Debug, Serialize)]
pub struct Refused {
    /// The reason; the same word is the label in `/metrics`.
    pub reason: &'static str,
    /// How often.
    pub count: u64,
}

/// What the bots saw.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct BotReport {
    /// How many there were.
    pub wanted: u32,
    /// How many were connected at some time.
    pub connected: u32,
    /// How many lost the connection or were refused.
    pub disconnects: u32,
    /// Corrections of the own character.
    pub corrections: u64,
    /// The largest of them in millimetres.
    pub correction_max_mm: u32,
    /// States of others that were compared with the server's.
    pub states_checked: u64,
    /// Checks that found a difference: 0, or there is a bug.
    pub state_mismatches: u64,
    /// Snapshots received per bot and second.
    pub snapshots_per_client_s: f64,
    /// Bytes received per bot and second, all-in.
    pub bytes_down_per_client_s: f64,
    /// Bytes sent per bot and second, all-in.
    pub bytes_up_per_client_s: f64,
    /// Mean age of the newest snapshot at the end, in milliseconds.
    pub snapshot_age_ms: f64,
    /// Mean round trip time at the end, in milliseconds.
    pub rtt_ms: f64,
    /// Datagrams the bots refused.
    pub refused: u64,
}

/// What [`Report::new`] is made from.
pub struct RunOutcome {
    /// Seed of the battlefield.
    pub seed: u64,
    /// The scenario of `demo`.
    pub scenario: Option<&'static str>,
    /// The version of the rules.
    pub rules: RulesHash,
    /// Ticks per second asked for.
    pub tick_hz: u16,
    /// Teams in the battle.
    pub teams: u8,
    /// Length of the run in seconds.
    pub duration_s: f64,
    /// Length of the warm-up in seconds.
    pub warm_up_s: f64,
    /// Last figures of the network I/O thread.
    pub net: NetFigures,
    /// Last figures of the simulation thread.
    pub zone: ZoneFigures,
    /// Last figures of all bots.
    pub bots: Option<BotFigures>,
    /// CPU time of the process in microseconds.
    pub process_cpu_us: u64,
    /// What the host of this machine took from its processors meanwhile, in microseconds.
    pub stolen_us: u64,
    /// Hash of the last state.
    pub state_hash: StateHash,
}

impl Report {
    /// Makes rates and means of counters.
    #[must_use]
    pub fn new(run: &RunOutcome) -> Self {
        let (net, zone) = (&run.net, &run.zone);
        let (sessions, traffic) = (&zone.sessions, &zone.sessions.traffic);
        let client_seconds = zone.client_us as f64 / 1e6;
        let per_client = |count: u64| ratio(count as f64, client_seconds);
        let bot_cpu_us = run.bots.map_or(0, |bots| bots.cpu_us);
        let bot_seconds = client_seconds;
        let seconds = |us: u64| us as f64 / 1e6;
        Self {
            version: env!("CARGO_PKG_VERSION"),
            seed: run.seed,
            scenario: run.scenario,
            rules: run.rules.to_string(),
            duration_s: run.duration_s,
            tick_hz: run.tick_hz,
            ticks: zone.ticks,
            ticks_per_s: ratio(zone.ticks as f64, run.duration_s),
            ticks_late: net.ticks_late,
            warm_up_s: run.warm_up_s,
            schedule_slips: zone.slips,
            schedule_slipped_ms: zone.slipped_us as f64 / 1e3,
            tick_ms: net.tick.into(),
            stages_us: Stage::ALL
                .iter()
                .zip(zone.stage_ns)
                .map(|(stage, ns)| StageTime {
                    stage: stage.name(),
                    mean: ratio(ns as f64 / 1e3, zone.ticks as f64),
                })
                .collect(),
            start_delay_ms: net.start_delay.into(),
            clients: zone.clients_peak,
            client_seconds,
            bytes_down_per_client_s: per_client(net.bytes_out),
            bytes_up_per_client_s: per_client(net.bytes_in),
            packets_down_per_client_s: per_client(net.datagrams_out),
            packets_up_per_client_s: per_client(net.datagrams_in),
            entities_visible_mean: ratio(traffic.visible_sum as f64, traffic.snapshots as f64),
            server_cpu_us_per_client_s: per_client(run.process_cpu_us.saturating_sub(bot_cpu_us)),
            cpu_s: CpuSeconds {
                network: seconds(net.cpu_us),
                simulation: seconds(zone.cpu_us),
                bots: seconds(bot_cpu_us),
                process: seconds(run.process_cpu_us),
                stolen: seconds(run.stolen_us),
            },
            realtime: net.realtime && zone.realtime,
            corrections_per_client_s: run.bots.map(|bots| ratio(bots.corrections as f64, bot_seconds)),
            corrections_by_cause: run.bots.map(|bots| causes(&bots, bot_seconds)).unwrap_or_default(),
            kills: zone.kills,
            hits: zone.hits,
            score: zone.score.iter().copied().take(usize::from(run.teams)).collect(),
            points: zone.points.iter().copied().take(usize::from(run.teams)).collect(),
            fight: zone.fight,
            inputs_missed_share: share(sessions.inputs.missed, sessions.inputs.accepted),
            loss_down_share: ratio(sessions.packets_lost as f64, traffic.packets_sent as f64),
            packets_skipped_share: share(sessions.packets_skipped, traffic.packets_sent),
            refused: happened(refusals::refused(net, zone)),
            dropped: happened(refusals::dropped(net, zone)),
            bots: run.bots.map(|bots| BotReport::new(&bots, bot_seconds)),
            state_hash: run.state_hash.to_string(),
        }
    }

    /// Writes the JSON to `path`, or to standard output when it is `-`.
    ///
    /// # Errors
    /// [`HostError::File`] when that fails.
    pub fn write(&self, path: &Path) -> Result<(), HostError> {
        let failed = |source| HostError::File { path: path.to_path_buf(), source };
        let mut text = serde_json::to_string_pretty(self).map_err(|error| failed(error.into()))?;
        text.push('\n');
        if path == Path::new("-") {
            return std::io::stdout().write_all(text.as_bytes()).map_err(failed);
        }
        std::fs::write(path, text).map_err(failed)
    }

    /// A few lines for a person.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut text = String::new();
        let mut line = |arguments: std::fmt::Arguments<'_>| {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{arguments}");
        };
        line(format_args!(
            "{} clients for {:.1} s: {} ticks at {:.1} Hz, {} late, tick p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms",
            self.clients,
            self.duration_s,
            self.ticks,
            self.ticks_per_s,
            self.ticks_late,
            self.tick_ms.p50,
            self.tick_ms.p99,
            self.tick_ms.max
        ));
        if self.cpu_s.stolen >= 0.05 {
            line(format_args!(
                "the host of this machine took {:.2} s from its processors: late ticks may be of that",
                self.cpu_s.stolen
            ));
        }
        if self.packets_skipped_share > 0.0 {
            line(format_args!(
                "overload: {:.2} % of the packets to clients left out, so that ticks end in time",
                self.packets_skipped_share * 1e2
            ));
        }
        line(format_args!(
            "per client: {:.2} KB/s down, {:.2} KB/s up, {:.0} others in sight, {:.0} us server CPU a second",
            self.bytes_down_per_client_s / 1e3,
            self.bytes_up_per_client_s / 1e3,
            self.entities_visible_mean,
            self.server_cpu_us_per_client_s
        ));
        let score: Vec<String> = self.score.iter().map(u64::to_string).collect();
        line(format_args!("battle: {} kills ({}), {} hits", self.kills, score.join(" : "), self.hits));
        let (fight, points) = (&self.fight, self.points.iter().map(u64::to_string).collect::<Vec<_>>());
        line(format_args!(
            "siege: {} sections fell, {} captures, {} flags taken, {} brought, points {}; {} blocks, {} bursts, {} afflictions",
            fight.sections_fallen,
            fight.captures,
            fight.flags_taken,
            fight.flags_brought,
            points.join(" : "),
            fight.blocks,
            fight.bursts,
            fight.afflictions
        ));
        if let Some(bots) = &self.bots {
            line(format_args!(
                "bots: {} of {} connected, {} disconnects, {:.3} corrections per bot and second, largest {} mm",
                bots.connected,
                bots.wanted,
                bots.disconnects,
                self.corrections_per_client_s.unwrap_or(0.0),
                bots.correction_max_mm
            ));
            let causes = self.corrections_by_cause.iter();
            let causes: Vec<String> = causes.map(|c| format!("{} {:.3}", c.cause, c.per_client_s)).collect();
            line(format_args!("corrections came of: {}", causes.join(", ")));
        }
        for entry in self.refused.iter().chain(&self.dropped) {
            line(format_args!("refused or dropped: {} x {}", entry.count, entry.reason));
        }
        line(format_args!("state hash {}", self.state_hash));
        text
    }
}

impl BotReport {
    /// `bot_seconds` is the sum of the time the bots were connected.
    #[must_use]
    pub fn new(bots: &BotFigures, bot_seconds: f64) -> Self {
        let per_second = |count: u64| ratio(count as f64, bot_seconds);
        let connected = f64::from(bots.connected);
        Self {
            wanted: bots.bots,
            connected: bots.ever_connected,
            disconnects: bots.disconnects,
            corrections: bots.corrections,
            correction_max_mm: bots.correction_max_mm,
            states_checked: bots.states_checked,
            state_mismatches: bots.state_mismatches,
            snapshots_per_client_s: per_second(bots.snapshots),
            bytes_down_per_client_s: per_second(bots.bytes_down),
            bytes_up_per_client_s: per_second(bots.bytes_up),
            snapshot_age_ms: ratio(bots.snapshot_age_sum_us as f64 / 1e3, connected),
            rtt_ms: ratio(bots.rtt_sum_us as f64 / 1e3, connected),
            refused: bots.refused,
        }
    }
}

/// The causes of corrections that happened.
fn causes(bots: &BotFigures, bot_seconds: f64) -> Vec<CauseRate> {
    let counts = CorrectionCause::NAMES.into_iter().zip(bots.corrections_by).filter(|(_, count)| *count > 0);
    counts.map(|(cause, count)| CauseRate { cause, per_client_s: ratio(count as f64, bot_seconds) }).collect()
}

/// `part` as a share of `part + rest`.
fn share(part: u64, rest: u64) -> f64 {
    ratio(part as f64, (part + rest) as f64)
}

/// The entries that are not zero.
fn happened(list: Vec<(&'static str, u64)>) -> Vec<Refused> {
    list.into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(reason, count)| Refused { reason, count })
        .collect()
}
