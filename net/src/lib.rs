//! Sans-I/O netcode of Shieldwall: sessions, frames, replication, prediction.
//!
//! No sockets, no clock, no threads, no source of randomness: datagrams, the time and random bytes are
//! parameters, so a whole battle over a bad link runs in one thread of a test, from a seed.
//!
//! - [`channel`]: packet numbers, acks, reliable messages, bandwidth
//! - [`client`]: clock, prediction, interpolation
//! - [`dissect`]: captured payloads taken apart, for those who debug the protocol
//! - [`link_simulator`]: a seeded bad path, for tests, bots and debug panels
//! - [`server`]: a zone's sessions: inputs in, interest, snapshots out
//! - [`wire`]: frames and messages, bit for bit
//! - [`time`]: `Micros` and `UnixSeconds`
//! - [`secure`]: netcode 1.02 (connect tokens, encrypted packets, client and server sessions)

pub mod channel;
pub mod client;
pub mod dissect;
pub mod link_simulator;
pub mod secure;
pub mod server;
pub mod time;
pub mod wire;
