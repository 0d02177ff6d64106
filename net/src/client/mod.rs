//! The client's side of a session above the secure packets: clock, prediction, the others.
//!
//! - [`game_client`]: the whole client, sans-I/O; what bots, the C ABI and Godot drive
//! - [`session`]: what it knows once the server has said which world this is
//! - [`clock_sync`]: when to run which tick
//! - [`prediction`]: the own character, ahead of the server
//! - [`replica`]: the others, as the server sent them
//! - [`interpolation`]: the others, as they are drawn
//! - [`views`]: what all of this shows: plain values

pub mod clock_sync;
pub mod game_client;
pub mod interpolation;
pub mod prediction;
pub mod replica;
pub mod session;
pub mod views;

#[cfg(test)]
mod tests;

pub use game_client::{ClientError, GameClient, GameClientConfig};
pub use session::ClientWorld;
pub use views::{AdvanceReport, ClientEvent, ClientStats, EndReason, EntityView, GameClientState, OwnView};
