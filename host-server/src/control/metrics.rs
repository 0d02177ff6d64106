//! `/metrics`: the figures of all threads as OpenMetrics text, which Prometheus reads.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use shieldwall_core::Stage;

use crate::figures::{Board, NetFigures, TICK_BUCKETS_US, ZoneFigures};
use crate::refusals;
use crate::stats::Stats;

/// The content type of [`encode`]'s text.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All metrics as text.
pub(super) fn encode(board: &Board, stats: &Arc<Stats>) -> Result<String, fmt::Error> {
    let labels = [(Cow::Borrowed("version"), Cow::Borrowed(env!("CARGO_PKG_VERSION")))];
    let mut registry = Registry::with_prefix("shieldwall");
    registry.register_collector(Box::new(Scrape {
        net: board.net.read(),
        zone: board.zone.read(),
        stats: Arc::clone(stats),
        watchers: board.watchers.load(Ordering::Relaxed),
        rules_refused: board.rules_refused.load(Ordering::Relaxed),
    }));
    registry.sub_registry_with_labels(labels.into_iter()).register(
        "build",
        "Version of the program",
        prometheus_client::metrics::gauge::ConstGauge::new(1_u64),
    );
    let labels = [(Cow::Borrowed("hash"), Cow::Owned(stats.rules.clone()))];
    registry.sub_registry_with_labels(labels.into_iter()).register(
        "rules",
        "Version of the rules",
        prometheus_client::metrics::gauge::ConstGauge::new(1_u64),
    );
    let mut out = String::new();
    text::encode(&mut out, &registry)?;
    Ok(out)
}

/// One reading of the boards.
#[derive(Debug)]
struct Scrape {
    net: NetFigures,
    zone: ZoneFigures,
    stats: Arc<Stats>,
    watchers: u32,
    rules_refused: u64,
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        self.encode_tick_histogram(&mut encoder)?;
        for (name, help, value) in self.counters().into_iter().chain(self.zone.fight.rows()) {
            let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            metric.encode_counter::<NoLabelSet, u64, f64>(&value, None)?;
        }
        for (name, help, value) in self.gauges() {
            let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            metric.encode_gauge(&value)?;
        }
        let families = [
            ("refused", "Datagrams and payloads refused", "reason", refusals::refused(&self.net, &self.zone)),
            ("dropped", "Things dropped for want of room", "queue", refusals::dropped(&self.net, &self.zone)),
        ];
        for (name, help, label, rows) in families {
            let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for (value, count) in rows {
                let labels = [(label, value)];
                metric.encode_family(&labels)?.encode_counter::<NoLabelSet, u64, f64>(&count, None)?;
            }
        }
        self.encode_threads_and_score(&mut encoder)
    }
}

impl Scrape {
    fn encode_tick_histogram(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let bounds = TICK_BUCKETS_US.iter().map(|&us| us as f64 / 1e6).chain([f64::INFINITY]);
        let buckets: Vec<(f64, u64)> = bounds.zip(self.net.tick_buckets).collect();
        let help = "Duration of ticks, from reading inputs to the last snapshot handed to the socket";
        let mut metric =
            encoder.encode_descriptor("tick_duration_seconds", help, None, MetricType::Histogram)?;
        let sum = self.net.tick_sum_us as f64 / 1e6;
        metric.encode_histogram::<NoLabelSet>(sum, self.net.ticks_measured, &buckets, None)
    }

    fn encode_threads_and_score(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let help = "CPU time of the data plane";
        let mut metric = encoder.encode_descriptor("cpu_seconds", help, None, MetricType::Counter)?;
        for (thread, cpu_us) in [("network", self.net.cpu_us), ("simulation", self.zone.cpu_us)] {
            let seconds = cpu_us as f64 / 1e6;
            metric
                .encode_family(&[("thread", thread)])?
                .encode_counter::<NoLabelSet, f64, f64>(&seconds, None)?;
        }
        let help = "Time spent in the stages of the kernel's ticks";
        let mut metric = encoder.encode_descriptor("tick_stage_seconds", help, None, MetricType::Counter)?;
        for (stage, nanoseconds) in Stage::ALL.iter().zip(self.zone.stage_ns) {
            let seconds = nanoseconds as f64 / 1e9;
            metric
                .encode_family(&[("stage", stage.name())])?
                .encode_counter::<NoLabelSet, f64, f64>(&seconds, None)?;
        }
        let mut metric = encoder.encode_descriptor("score", "Kills by team", None, MetricType::Counter)?;
        for (team, kills) in self.stats.score.iter().enumerate() {
            let labels = [("team", team.to_string())];
            metric.encode_family(&labels)?.encode_counter::<NoLabelSet, u64, f64>(kills, None)?;
        }
        let help = "Points of capture points and flags by team";
        let mut metric = encoder.encode_descriptor("points", help, None, MetricType::Counter)?;
        for (team, points) in self.stats.points.iter().enumerate() {
            let labels = [("team", team.to_string())];
            metric.encode_family(&labels)?.encode_counter::<NoLabelSet, u64, f64>(points, None)?;
        }
        Ok(())
    }

    /// Counters without labels: name, help, value.
    fn counters(&self) -> [(&'static str, &'static str, u64); 37] {
        let (net, zone, secure) = (&self.net, &self.zone, &self.net.secure);
        let sessions = &zone.sessions;
        [
            ("ticks", "Ticks run", zone.ticks),
            ("ticks_late", "Ticks that ended more than one period after their due time", net.ticks_late),
            ("schedule_slips", "Times the schedule gave way because ticks were too long", zone.slips),
            ("schedule_slipped_microseconds", "Game time lost that way", zone.slipped_us),
            ("datagrams_received", "Datagrams received", net.datagrams_in),
            ("datagrams_sent", "Datagrams sent", net.datagrams_out),
            ("bytes_received", "Bytes received, with 28 for each datagram's UDP and IP", net.bytes_in),
            ("bytes_sent", "Bytes sent, with 28 for each datagram's UDP and IP", net.bytes_out),
            ("payloads_received", "Payloads accepted from clients", secure.payloads_received),
            ("payloads_sealed", "Payloads sealed for clients", secure.payloads_sealed),
            ("keep_alives_sealed", "Keep-alives sealed for clients", secure.keep_alives_sealed),
            ("challenges", "Challenges given to connecting clients", secure.challenges),
            ("tokens_opened", "Connect tokens opened", secure.tokens_opened),
            ("clients_connected", "Sessions begun", secure.connected),
            ("clients_left", "Sessions ended by the client", secure.disconnected_by_peer),
            ("clients_dismissed", "Sessions ended by the server", secure.disconnected_by_us),
            ("clients_timed_out", "Sessions ended by silence", secure.timed_out),
            ("clients_replaced", "Sessions that another login of the same player ended", secure.replaced),
            ("clients_returned", "Clients that came back to a character that waited", sessions.returned),
            ("lines_closed", "Sessions ended because their connection was closed", secure.lines_closed),
            ("websocket_accepted", "WebSocket connections accepted", net.websocket.accepted),
            ("rekeys", "Times that clients and server agreed on new keys", secure.rekeys),
            ("inputs_accepted", "Inputs accepted from clients", sessions.inputs.accepted),
            ("inputs_missed", "Ticks for which a client's input had not arrived", sessions.inputs.missed),
            ("inputs_late", "Inputs that came after their tick had run", sessions.inputs.late),
            ("inputs_too_early", "Inputs refused for a tick too far ahead", sessions.inputs.too_early),
            ("inputs_masked", "Inputs with buttons that do not exist", sessions.inputs.masked),
            ("views_capped", "Attacks aimed at an older picture than counts", sessions.inputs.views_capped),
            ("packets_lost", "Packets to clients that were lost", sessions.packets_lost),
            ("packets_skipped", "Packets to clients left out for want of time", sessions.packets_skipped),
            ("entity_updates_sent", "States of characters sent to clients", sessions.traffic.updates),
            ("sight_rays", "Rays cast to see who is hidden from whom", sessions.traffic.rays),
            (
                "state_checks_sent",
                "Hashes of states sent for clients to compare",
                sessions.traffic.state_checks,
            ),
            ("kills", "Deaths by the hand of another", zone.kills),
            ("hits", "Hits", zone.hits),
            ("rules_reloads", "Times that other rules were adopted", zone.rules_reloads),
            (
                "rules_reloads_refused",
                "Times that other rules were asked for and refused",
                self.rules_refused,
            ),
        ]
    }

    /// Gauges without labels: name, help, value.
    fn gauges(&self) -> [(&'static str, &'static str, f64); 9] {
        let (net, zone, stats) = (&self.net, &self.zone, &self.stats);
        [
            ("clients", "Clients connected", f64::from(net.clients)),
            ("websocket_connections", "WebSocket connections open", f64::from(net.websocket.open)),
            ("characters_alive", "Living characters", f64::from(zone.alive)),
            ("projectiles", "Projectiles in flight", f64::from(zone.projectiles)),
            ("watchers", "Watchers of the live page", f64::from(self.watchers)),
            ("uptime_seconds", "Time since the start", stats.uptime_s),
            ("entities_visible_mean", "Others a client is shown, on average", stats.entities_visible_mean),
            (
                "tier_halvings",
                "How often the rates of far tiers are halved for want of time",
                f64::from(zone.sessions.relief),
            ),
            ("tick_budget_seconds", "Time there is for a tick", stats.tick_budget_ms / 1e3),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_complete_and_ends_as_openmetrics_does() {
        let board = Board::new(0);
        let mut figures = NetFigures { ticks_measured: 3, tick_sum_us: 2_000_000, ..NetFigures::default() };
        figures.tick_buckets[0] = 2;
        figures.tick_buckets[TICK_BUCKETS_US.len()] = 1;
        board.net.publish(figures);
        let text = encode(&board, &Arc::new(Stats::default())).unwrap();
        for part in [
            "shieldwall_tick_duration_seconds_bucket{le=\"0.00025\"} 2",
            "shieldwall_tick_duration_seconds_bucket{le=\"+Inf\"} 3",
            "shieldwall_tick_duration_seconds_count 3",
            "shieldwall_refused_total{reason=\"token_expired\"} 0",
            "shieldwall_dropped_total{queue=\"outbox_full\"} 0",
            "shieldwall_cpu_seconds_total{thread=\"network\"}",
            "shieldwall_tick_stage_seconds_total{stage=\"contacts\"} 0",
            "shieldwall_views_capped_total 0",
            "shieldwall_packets_skipped_total 0",
            "shieldwall_tier_halvings 0",
            "shieldwall_blocks_total 0",
            "shieldwall_sections_fallen_total 0",
            "shieldwall_rules_reloads_refused_total 0",
            "shieldwall_clients 0",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }
}
