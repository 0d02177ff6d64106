//! Rates and means as of now, made from the figures of the threads: what the live page, `/stats.json`, `/metrics` and
//! the status line in the terminal show.

use std::collections::VecDeque;

use serde::Serialize;
use shieldwall_core::{RulesHash, WorldConfig};
use shieldwall_net::time::Micros;

use crate::fight_figures::FightFigures;
use crate::figures::{Board, BotFigures, NetFigures, Quantiles, ZoneFigures};

/// Rates are taken over this long a time.
const WINDOW: Micros = Micros(2_000_000);

/// Durations of recent ticks in milliseconds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct TickMs {
    /// Half of them are at most this long.
    pub p50: f64,
    /// One in a hundred is longer.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

impl From<Quantiles> for TickMs {
    fn from(us: Quantiles) -> Self {
        Self { p50: us.p50_us as f64 / 1e3, p99: us.p99_us as f64 / 1e3, max: us.max_us as f64 / 1e3 }
    }
}

/// What is shown of the server as of now. The names are those of the JSON.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Stats {
    /// Hash of the rules, 16 hexadecimal digits.
    pub rules: String,
    /// Ticks run.
    pub tick: u64,
    /// Seconds since the start.
    pub uptime_s: f64,
    /// Durations of the ticks of the last seconds.
    pub tick_ms: TickMs,
    /// Time there is for a tick, in milliseconds.
    pub tick_budget_ms: f64,
    /// Ticks after the warm-up that ended more than one period after their scheduled start.
    pub ticks_late: u64,
    /// Packets to clients that were left out lately because their tick had no time for them, as a share of those that were due.
    pub packets_skipped_share: f64,
    /// Clients connected.
    pub clients: u32,
    /// Bytes to a client in a second, all-in.
    pub bytes_down_per_client_s: f64,
    /// Bytes from a client in a second, all-in.
    pub bytes_up_per_client_s: f64,
    /// Mean age of the newest snapshot at the bots of this process, in milliseconds; null without bots.
    pub snapshot_age_ms: Option<f64>,
    /// Mean round trip time of the bots of this process, in milliseconds; null without bots.
    pub rtt_ms: Option<f64>,
    /// Corrections of the own character per bot and second; null without bots.
    pub corrections_per_client_s: Option<f64>,
    /// Others a client is shown, on average.
    pub entities_visible_mean: f64,
    /// Deaths by the hand of another since the start.
    pub kills: u64,
    /// Kills of each team since the start.
    pub score: Vec<u64>,
    /// What each team has gained by capture points and flags since the start.
    pub points: Vec<u64>,
    /// What else the fighting counts.
    pub fight: FightFigures,
    /// Living characters.
    pub alive: u32,
    /// Projectiles in flight.
    pub projectiles: u32,
    /// CPU time of the data plane (network and simulation threads) per client and second, in microseconds.
    pub cpu_us_per_client_s: f64,
}

/// One reading of all boards.
#[derive(Clone, Debug, Default)]
struct Sample {
    at: Micros,
    net: NetFigures,
    zone: ZoneFigures,
    bots: Option<BotFigures>,
}

/// Keeps the readings of the last seconds and makes rates of them.
pub struct StatsAssembler {
    samples: VecDeque<Sample>,
    tick_hz: u16,
    teams: usize,
    /// Those it began with.
    rules: RulesHash,
    started: Micros,
}

impl StatsAssembler {
    /// For a server of this world that started at `started`.
    #[must_use]
    pub fn new(world: &WorldConfig, started: Micros) -> Self {
        Self {
            samples: VecDeque::new(),
            tick_hz: world.tick_hz.max(1),
            teams: usize::from(world.teams),
            rules: world.rules.hash(),
            started,
        }
    }

    /// Reads the board; call it a few times a second.
    pub fn sample(&mut self, board: &Board, now: Micros) -> Stats {
        let sample =
            Sample { at: now, net: board.net.read(), zone: board.zone.read(), bots: board.all_bots() };
        self.samples.push_back(sample);
        while self.samples.len() > 2 && now.since(self.samples[1].at) >= WINDOW {
            self.samples.pop_front();
        }
        match (self.samples.front(), self.samples.back()) {
            (Some(first), Some(last)) => self.stats(first, last),
            _ => Stats::default(),
        }
    }

    fn stats(&self, first: &Sample, last: &Sample) -> Stats {
        let seconds = last.at.since(first.at).as_secs_f64();
        let client_seconds = (last.zone.client_us - first.zone.client_us) as f64 / 1e6;
        let per_client = |from: u64, to: u64| ratio(to.saturating_sub(from) as f64, client_seconds);
        let (now, before) = (&last.zone.sessions.traffic, &first.zone.sessions.traffic);
        let visible = now.visible_sum - before.visible_sum;
        let snapshots = now.snapshots - before.snapshots;
        let skips = |sample: &Sample| sample.zone.sessions.packets_skipped;
        let skipped = skips(last).saturating_sub(skips(first)) as f64;
        let sent = now.packets_sent.saturating_sub(before.packets_sent) as f64;
        let cpu = |sample: &Sample| sample.net.cpu_us + sample.zone.cpu_us;
        let bots = last.bots.zip(first.bots);
        let mean_ms = |sum: u64, of: u32| ratio(sum as f64 / 1e3, f64::from(of));
        Stats {
            rules: if last.zone.ticks == 0 { self.rules } else { last.zone.rules }.to_string(),
            tick: last.zone.ticks,
            uptime_s: last.at.since(self.started).as_secs_f64(),
            tick_ms: last.net.tick_recent.into(),
            tick_budget_ms: 1e3 / f64::from(self.tick_hz),
            ticks_late: last.net.ticks_late,
            packets_skipped_share: ratio(skipped, skipped + sent),
            clients: last.net.clients,
            bytes_down_per_client_s: per_client(first.net.bytes_out, last.net.bytes_out),
            bytes_up_per_client_s: per_client(first.net.bytes_in, last.net.bytes_in),
            snapshot_age_ms: last.bots.map(|bots| mean_ms(bots.snapshot_age_sum_us, bots.connected)),
            rtt_ms: last.bots.map(|bots| mean_ms(bots.rtt_sum_us, bots.connected)),
            corrections_per_client_s: bots.map(|(last, first)| {
                ratio((last.corrections - first.corrections) as f64, f64::from(last.connected) * seconds)
            }),
            entities_visible_mean: ratio(visible as f64, snapshots as f64),
            kills: last.zone.kills,
            score: last.zone.score.iter().copied().take(self.teams).collect(),
            points: last.zone.points.iter().copied().take(self.teams).collect(),
            fight: last.zone.fight,
            alive: last.zone.alive,
            projectiles: last.zone.projectiles,
            cpu_us_per_client_s: per_client(cpu(first), cpu(last)),
        }
    }
}

/// `value / by`, and 0 where there is nothing to divide by.
#[must_use]
pub fn ratio(value: f64, by: f64) -> f64 {
    if by > 0.0 { value / by } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shieldwall_net::server::{Traffic, ZoneStats};

    fn visible(visible_sum: u64, snapshots: u64) -> ZoneStats {
        ZoneStats {
            traffic: Traffic { visible_sum, snapshots, packets_sent: snapshots, ..Traffic::default() },
            packets_skipped: snapshots / 4,
            ..ZoneStats::default()
        }
    }

    #[test]
    fn rates_are_taken_over_the_window_and_per_client_second() {
        let board = Board::new(1);
        let mut assembler = StatsAssembler::new(&WorldConfig::default(), Micros(0));
        for second in 0..=10_u64 {
            board.net.publish(NetFigures { bytes_out: second * 20_000, clients: 2, ..NetFigures::default() });
            board.zone.publish(ZoneFigures {
                client_us: second * 2_000_000,
                sessions: visible(second * 400, second * 40),
                ..ZoneFigures::default()
            });
            board.bots[0].publish(BotFigures {
                connected: 2,
                corrections: second * 4,
                snapshot_age_sum_us: 60_000,
                ..BotFigures::default()
            });
            let stats = assembler.sample(&board, Micros(second * 1_000_000));
            if second > 0 {
                assert!((stats.bytes_down_per_client_s - 10_000.0).abs() < 1e-6);
                assert!((stats.entities_visible_mean - 10.0).abs() < 1e-6);
                assert!((stats.packets_skipped_share - 0.2).abs() < 1e-6);
                assert!((stats.corrections_per_client_s.unwrap() - 2.0).abs() < 1e-6);
                assert!((stats.snapshot_age_ms.unwrap() - 30.0).abs() < 1e-6);
            }
        }
        assert!(assembler.samples.len() <= 4, "the window is bounded");
    }

    #[test]
    fn nothing_is_divided_by_zero_clients() {
        let board = Board::new(0);
        let mut assembler = StatsAssembler::new(&WorldConfig::default(), Micros(0));
        assembler.sample(&board, Micros(0));
        let stats = assembler.sample(&board, Micros(1_000_000));
        assert_eq!((stats.bytes_down_per_client_s, stats.snapshot_age_ms), (0.0, None));
    }
}
