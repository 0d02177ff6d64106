//! A client's figures, as C sees them.

use bytemuck::{Pod, Zeroable};
use shieldwall_net::client::ClientStats;

/// Figures of a client since it began; what is not a count is of this moment.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct SwClientStats {
    /// sizeof(SwClientStats), set by the caller.
    pub struct_size: u32,
    /// Round trip, microseconds.
    pub rtt_us: u32,
    /// Mean deviation of the round trip.
    pub jitter_us: u32,
    /// Packets lost upwards, parts per million.
    pub loss_up_ppm: u32,
    /// Packets lost downwards, parts per million.
    pub loss_down_ppm: u32,
    /// How far the client's clock is ahead of the fastest snapshots.
    pub lead_us: u32,
    /// How far in the past others are drawn.
    pub interpolation_delay_us: u32,
    /// Age of the newest snapshot.
    pub snapshot_age_us: u32,
    /// Ticks that the server ran without this client's input.
    pub input_misses: u32,
    /// Largest distance corrected, millimetres.
    pub correction_max_mm: u32,
    /// Others in sight.
    pub entities_visible: u32,
    /// Zero.
    pub reserved: u32,
    /// Snapshots used.
    pub snapshots: u64,
    /// Snapshots whose own character differed from the prediction.
    pub corrections: u64,
    /// All-in, with 28 bytes of headers a datagram.
    pub bytes_sent: u64,
    /// All-in, with 28 bytes of headers a datagram.
    pub bytes_received: u64,
    /// Datagrams refused by the secure layer.
    pub refused_datagrams: u64,
    /// Payloads refused because of their content.
    pub refused_payloads: u64,
    /// Events dropped because nobody took them.
    pub events_dropped: u64,
    /// Of the bytes received: the own character and the others.
    pub bytes_snapshots: u64,
    /// Of the bytes received: what happened nearby.
    pub bytes_events: u64,
    /// Of the bytes received: reliable messages, repeated ones included.
    pub bytes_messages_received: u64,
    /// Of the bytes received: headers, seals, the handshake, whatever was refused. These four are `bytes_received`.
    pub bytes_overhead_received: u64,
    /// Of the bytes sent: inputs, repeated ones included.
    pub bytes_inputs: u64,
    /// Of the bytes sent: reliable messages, repeated ones included.
    pub bytes_messages_sent: u64,
    /// Of the bytes sent: headers, seals, the handshake. These three are `bytes_sent`.
    pub bytes_overhead_sent: u64,
}

impl From<&ClientStats> for SwClientStats {
    fn from(stats: &ClientStats) -> SwClientStats {
        SwClientStats {
            struct_size: 0,
            rtt_us: stats.rtt_us,
            jitter_us: stats.jitter_us,
            loss_up_ppm: stats.loss_up_ppm,
            loss_down_ppm: stats.loss_down_ppm,
            lead_us: stats.lead_us,
            interpolation_delay_us: stats.interpolation_delay_us,
            snapshot_age_us: stats.snapshot_age_us,
            input_misses: stats.input_misses,
            correction_max_mm: stats.correction_max_mm,
            entities_visible: stats.entities_visible,
            reserved: 0,
            snapshots: stats.snapshots,
            corrections: stats.corrections,
            bytes_sent: stats.bytes_sent,
            bytes_received: stats.bytes_received,
            refused_datagrams: stats.refused_datagrams,
            refused_payloads: stats.refused_payloads,
            events_dropped: stats.events_dropped,
            bytes_snapshots: stats.bytes_by_kind.snapshots,
            bytes_events: stats.bytes_by_kind.events,
            bytes_messages_received: stats.bytes_by_kind.messages_received,
            bytes_overhead_received: stats.bytes_by_kind.overhead_received,
            bytes_inputs: stats.bytes_by_kind.inputs,
            bytes_messages_sent: stats.bytes_by_kind.messages_sent,
            bytes_overhead_sent: stats.bytes_by_kind.overhead_sent,
        }
    }
}
