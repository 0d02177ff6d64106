//! The server's side of a zone: sessions of clients, who sees whom, snapshots.
//!
//! - [`ZoneSessions`]: all sessions, around the world's ticks
//! - [`config`]: what the operator chooses: snapshot rate, tiers of interest, bandwidth
//! - [`input_buffer`]: each client's inputs by tick
//! - [`history`], [`delta_cache`]: the states of the last ticks and their encoded differences, shared by all clients
//! - `tracking`, `interest`, `priority`: what each client knows, sees, and is owed; `snapshot` makes packets of it
//!
//! What is not here: sockets, encryption (`secure`), the simulation itself.

pub mod config;
pub mod delta_cache;
pub mod history;
pub mod input_buffer;
mod interest;
mod priority;
mod session;
mod snapshot;
pub mod stats;
mod tracking;
mod zone;
mod zone_events;

pub use config::{InterestTier, ReplicationConfig, ReplicationConfigError};
pub use stats::{RefusedPayloads, SessionStats, Traffic, ZoneStats};
pub use zone::{ConnectError, SESSION_TAG, ZoneSessions};

/// Bytes around a payload on the wire: IPv4 and UDP 28, netcode 1.02 prefix, sequence (three bytes for the first 16
/// million packets) and tag 20.
pub const PACKET_OVERHEAD_BYTES: usize = 48;

/// Payload every packet may have, however little the budget allows: the own character must fit.
const MIN_PAYLOAD_BYTES: usize = 160;
