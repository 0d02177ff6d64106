//! Everything the server refuses or drops, as one list of (reason, count): the same words in `/metrics` and reports.

use crate::figures::{NetFigures, ZoneFigures};

/// Datagrams and payloads that were refused, by reason. Every reason is listed, also those at zero.
pub fn refused(net: &NetFigures, zone: &ZoneFigures) -> Vec<(&'static str, u64)> {
    let mut list: Vec<(&'static str, u64)> =
        net.secure.drops().map(|(reason, count)| (reason.name(), count)).collect();
    list.push(("oversized", net.oversized));
    list.push(("over_quota", net.over_quota));
    list.push(("server_full", net.secure.denied));
    list.extend(zone.refused_payloads());
    list.extend(net.websocket.refused());
    list
}

/// What was dropped because something was full, by queue. Every queue is listed, also those at zero.
pub fn dropped(net: &NetFigures, zone: &ZoneFigures) -> Vec<(&'static str, u64)> {
    vec![
        ("inbox_full", net.inbox_full),
        ("outbox_full", zone.outbox_full),
        ("stale_payloads", net.stale_payloads),
        ("socket_full", net.socket_full),
        ("socket_errors", net.socket_errors),
        ("kernel_events", zone.events_dropped),
        ("kernel_commands", zone.commands_refused),
        ("websocket_replaced", net.websocket.replaced),
        ("websocket_full", net.websocket.dropped),
        ("websocket_accept", net.websocket.accept_failed),
        ("capture_packets", net.capture_dropped),
        ("live_frames", zone.live_dropped),
        ("replay_chunks", zone.replay_dropped),
    ]
}
