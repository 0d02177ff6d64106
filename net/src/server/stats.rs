//! What sessions count, for metrics and the live page.

use super::conduct::ConductCounts;
use super::input_buffer::InputStats;
use crate::channel::{ChannelStats, FrameError};
use crate::time::Micros;
use shieldwall_core::CharacterId;

/// Payloads refused, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RefusedPayloads {
    /// Not of this protocol: truncated, impossible values, unknown frames.
    pub malformed: u64,
    /// Processed before.
    pub duplicate: u64,
    /// Too old to tell.
    pub too_old: u64,
    /// Acknowledged what was never sent.
    pub ack_of_unsent: u64,
    /// Broke a rule of the reliable channel.
    pub reliable: u64,
    /// Held a frame only the server may send.
    pub wrong_direction: u64,
    /// Named no connected client.
    pub unknown_client: u64,
    /// Beyond what a client may send.
    pub flood: u64,
}

impl RefusedPayloads {
    /// Counts one.
    pub fn count(&mut self, error: &FrameError) {
        *match error {
            FrameError::Decode(_)
            | FrameError::StaleBaseline { .. }
            | FrameError::StaleSnapshot { .. }
            | FrameError::NotWelcomed => &mut self.malformed,
            FrameError::Duplicate => &mut self.duplicate,
            FrameError::TooOld => &mut self.too_old,
            FrameError::AckOfUnsent => &mut self.ack_of_unsent,
            FrameError::Reliable(_) => &mut self.reliable,
            FrameError::WrongDirection(_) => &mut self.wrong_direction,
            FrameError::UnknownClient => &mut self.unknown_client,
            FrameError::Flood => &mut self.flood,
        } += 1;
    }

    pub(super) fn add(&mut self, other: &Self) {
        let Self {
            malformed,
            duplicate,
            too_old,
            ack_of_unsent,
            reliable,
            wrong_direction,
            unknown_client,
            flood,
        } = *other;
        self.malformed += malformed;
        self.duplicate += duplicate;
        self.too_old += too_old;
        self.ack_of_unsent += ack_of_unsent;
        self.reliable += reliable;
        self.wrong_direction += wrong_direction;
        self.unknown_client += unknown_client;
        self.flood += flood;
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        let mut sum = Self::default();
        sum.add(self);
        let known = sum.malformed + sum.duplicate + sum.too_old + sum.ack_of_unsent + sum.flood;
        known + sum.reliable + sum.wrong_direction + sum.unknown_client
    }
}

/// What was sent and received, since connecting (a session) or since the start (a zone).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Packets sent.
    pub packets_sent: u64,
    /// Payload bytes sent.
    pub payload_bytes_sent: u64,
    /// Packets received and not refused.
    pub packets_received: u64,
    /// Payload bytes of these.
    pub payload_bytes_received: u64,
    /// Snapshots sent.
    pub snapshots: u64,
    /// State checks sent.
    pub state_checks: u64,
    /// Rays of sight cast.
    pub rays: u64,
    /// Characters' states in them.
    pub updates: u64,
    /// Of these, the ones sent in full.
    pub full_updates: u64,
    /// Bits of all updates, with slot and age.
    pub update_bits: u64,
    /// Sum over the snapshots of the characters in sight.
    pub visible_sum: u64,
    /// Packets not sent because the allowance was less than [`super::MIN_PACKET_BYTES`].
    pub packets_withheld: u64,
    /// Events left out because the reliable channel was full.
    pub events_dropped: u64,
    /// Events of others nearby that found no room in a packet.
    pub seen_events_cut: u64,
    /// Changes of the world told.
    pub changes: u64,
    /// Bytes of the messages with changes, checks and images, with what each costs in a packet, told once.
    pub ground_bytes: u64,
    /// Images of the whole ground begun.
    pub ground_images: u64,
    /// Wishes for the whole ground that came too soon after another.
    pub ground_wishes_refused: u64,
    /// States of places, flags and scores told.
    pub objectives: u64,
    /// Bytes of the messages with them, with what each costs in a packet, told once.
    pub objective_bytes: u64,
}

impl Traffic {
    pub(super) fn add(&mut self, other: &Self) {
        self.packets_sent += other.packets_sent;
        self.payload_bytes_sent += other.payload_bytes_sent;
        self.packets_received += other.packets_received;
        self.payload_bytes_received += other.payload_bytes_received;
        self.snapshots += other.snapshots;
        self.state_checks += other.state_checks;
        self.rays += other.rays;
        self.updates += other.updates;
        self.full_updates += other.full_updates;
        self.update_bits += other.update_bits;
        self.visible_sum += other.visible_sum;
        self.packets_withheld += other.packets_withheld;
        self.events_dropped += other.events_dropped;
        self.seen_events_cut += other.seen_events_cut;
        self.changes += other.changes;
        self.ground_bytes += other.ground_bytes;
        self.ground_images += other.ground_images;
        self.ground_wishes_refused += other.ground_wishes_refused;
        self.objectives += other.objectives;
        self.objective_bytes += other.objective_bytes;
    }

    /// Bytes sent all-in: with [`super::PACKET_OVERHEAD_BYTES`] for every packet.
    #[must_use]
    pub fn wire_bytes_sent(&self) -> u64 {
        self.payload_bytes_sent + self.packets_sent * super::PACKET_OVERHEAD_BYTES as u64
    }

    /// Bytes received all-in.
    #[must_use]
    pub fn wire_bytes_received(&self) -> u64 {
        self.payload_bytes_received + self.packets_received * super::PACKET_OVERHEAD_BYTES as u64
    }
}

/// One client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionStats {
    /// The player, as the connect token names it.
    pub client_id: u64,
    /// Team.
    pub team: u8,
    /// Its character, once spawned.
    pub character: Option<CharacterId>,
    /// Characters in sight now.
    pub visible: u32,
    /// Traffic since connecting.
    pub traffic: Traffic,
    /// Packets acknowledged and lost.
    pub channel: ChannelStats,
    /// Smoothed round trip, including the wait for the client's next packet.
    pub round_trip: Option<Micros>,
    /// Bytes a second the client is allowed now, all-in.
    pub rate_bytes_per_s: u32,
    /// Inputs.
    pub inputs: InputStats,
    /// Ticks the last inputs came ahead of their time.
    pub input_margin_ticks: i8,
    /// Payloads refused.
    pub refused: RefusedPayloads,
    /// What it did that it should not.
    pub conduct: ConductCounts,
}

/// All clients, those that left included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ZoneStats {
    /// Sessions now.
    pub clients: u32,
    /// Sessions with a character now.
    pub playing: u32,
    /// Characters in sight, summed over the sessions now.
    pub visible: u64,
    /// Traffic since the start.
    pub traffic: Traffic,
    /// Packets judged lost.
    pub packets_lost: u64,
    /// Packets left out because the tick had no time for them.
    pub packets_skipped: u64,
    /// How often the rates of all tiers but the innermost are halved now, for want of time.
    pub relief: u8,
    /// Inputs.
    pub inputs: InputStats,
    /// Payloads refused.
    pub refused: RefusedPayloads,
    /// What clients did that they should not.
    pub conduct: ConductCounts,
    /// Clients sent away for it.
    pub kicked: u64,
    /// Clients that came back to a character that waited for them, or took over that of another session of the player.
    pub returned: u64,
    /// Events that no bystander could be told of, because one tick had too many.
    pub seen_events_overflowed: u64,
    /// Differences copied from the cache.
    pub cache_hits: u64,
    /// Differences made.
    pub cache_misses: u64,
}
