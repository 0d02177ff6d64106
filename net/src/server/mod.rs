//! The server's side of a zone: sessions of clients, who sees whom, snapshots.
//!
//! - [`config`]: what the operator chooses: snapshot rate, tiers of interest, bandwidth
//! - [`input_buffer`]: each client's inputs by tick
//! - [`history`], [`delta_cache`]: the states of the last ticks and their encoded differences, shared by all clients
//! - [`tracking`](self), [`interest`](self), [`priority`](self): what each client knows, sees, and is owed
//!
//! What is not here: sockets, encryption (`secure`), the simulation itself.

pub mod config;
pub mod delta_cache;
pub mod history;
pub mod input_buffer;
mod interest;
mod priority;
mod tracking;
