//! The server's side of a zone: sessions of clients, who sees whom, snapshots.
//!
//! - [`ZoneSessions`]: all sessions, around the world's ticks
//! - [`config`]: what the operator chooses: snapshot rate, tiers of interest, bandwidth; [`presets`]: tables with names
//! - [`input_buffer`]: each client's inputs by tick
//! - [`history`], [`delta_cache`]: the states of the last ticks and their encoded differences, shared by all clients
//! - `conduct`: what clients should not do, counted
//! - `telling`: what of a step's events whom is told of
//! - `change_log`, `ground_feed`: changes of the world that stay, and how far each client has come with them
//! - `rules_news`: other rules, told ahead and adopted
//! - `objective_log`: how places, flags and scores stand, and how far each client has been told
//! - [`overload`]: what gives way when a tick has less time than its packets need
//! - `state_check`: hashes of what a client must hold
//! - `visibility`: enemies that hide, and those behind ground and walls
//! - `snapshot_log`, `tracking`, `track_block`, `interest`, `gathering`, `priority`: what each client knows, sees, and is owed;
//!   `merge` is what a search changes of that
//! - `snapshot` makes packets of it, with `baselines` as what updates in one have in common; `made`, `update_copy`: the updates of
//!   a block of tracks, made and put in; `rounds`: who makes which packets, on how many threads (`parallel`)
//!
//! What is not here: sockets, encryption (`secure`), the simulation itself.

mod baselines;
mod change_log;
mod conduct;
pub mod config;
pub mod delta_cache;
mod entrance;
mod gathering;
mod ground_feed;
pub mod history;
pub mod input_buffer;
mod interest;
mod made;
mod merge;
mod objective_log;
pub mod overload;
mod parallel;
pub mod presets;
mod priority;
mod prop_log;
mod rounds;
mod rules_news;
mod session;
mod snapshot;
mod snapshot_log;
#[cfg(test)]
mod starvation_tests;
mod state_check;
pub mod stats;
mod telling;
#[cfg(test)]
pub(crate) mod tests;
mod track_block;
mod tracking;
mod update_copy;
mod visibility;
mod zone;
mod zone_events;

use crate::channel::reliable::{FRAGMENT_BYTES, FRAGMENTS_PER_PACKET, OVERHEAD_BITS};
use crate::channel::sequence::HEADER_BYTES;
use crate::wire::FRAME_KIND_BITS;
use crate::wire::events::EVENT_MESSAGE_BYTES;
use crate::wire::snapshot::{HEADER_BITS_MAX, SECTION_BITS_MAX};
use crate::wire::welcome::Welcome;

pub use conduct::{ConductCounts, Kick};
pub use config::{InterestTier, OcclusionConfig, ReplicationConfig, ReplicationConfigError};
pub use entrance::ARRIVALS_PER_TICK;
pub use presets::InterestPreset;
pub use rounds::PACKET_LANES;
pub use rules_news::AnnounceRulesError;
pub use stats::{RefusedPayloads, SessionStats, Traffic, ZoneStats};
pub use zone::{ConnectError, SESSION_TAG, ZoneSessions};

/// Bytes around a payload on the wire: IPv4 and UDP 28, netcode 1.02 prefix, sequence (three bytes for the first 16
/// million packets) and tag 20.
pub const PACKET_OVERHEAD_BYTES: usize = 48;

/// Payload every packet may have, however little the budget allows: what the welcome's largest fragment needs.
const MIN_PAYLOAD_BYTES: usize = {
    let piece = if Welcome::BYTES_MAX < FRAGMENT_BYTES { Welcome::BYTES_MAX } else { FRAGMENT_BYTES };
    (HEADER_BYTES + OVERHEAD_BITS.div_ceil(8) + piece).next_multiple_of(16)
};
// The own character fits too, beside as many events as one packet can tell for certain.
const _: () = assert!(
    MIN_PAYLOAD_BYTES * 8
        >= HEADER_BYTES * 8
            + FRAGMENTS_PER_PACKET * (OVERHEAD_BITS + EVENT_MESSAGE_BYTES * 8)
            + FRAME_KIND_BITS as usize
            + HEADER_BITS_MAX
            + SECTION_BITS_MAX
);

/// Bytes of the least packet all-in. While a client's allowance is below it, the client is sent nothing.
pub const MIN_PACKET_BYTES: usize = MIN_PAYLOAD_BYTES + PACKET_OVERHEAD_BYTES;
