//! The client's side of a session above the secure packets: clock, prediction, the others.
//!
//! - [`game_client`]: the whole client, sans-I/O; what bots, the C ABI and Godot drive
//! - [`session`]: what it knows once the server has said which world this is
//! - [`clock_sync`]: when to run which tick
//! - `byte_counts`: what the bytes were for
//! - [`config`]: what it is told beforehand
//! - [`corrections`]: what was predicted wrongly, and what of
//! - `foresight`: what of the own flags can be known beforehand
//! - [`prediction`]: the own character, ahead of the server
//! - [`replica`]: the others, as the server sent them
//! - `world`: rules, ground and what stands on it; [`SharedWorlds`]: one for many clients of a process
//! - `ground`: changes of the world that stay
//! - [`objectives`]: places, flags and scores
//! - [`interpolation`]: the others, as they are drawn
//! - [`views`]: what all of this shows: plain values
//!
//! **Limit.** Ticks are compared here by their size. The server's count of ticks has 32 bits and begins again after
//! 2^32 of them: at 60 Hz after 828 days of one world. A session that lives through that moment takes everything after
//! it for old and stands still until the client connects anew; sessions that begin afterwards are not concerned.

mod byte_counts;
pub mod clock_sync;
pub mod config;
pub mod corrections;
mod foresight;
pub mod game_client;
mod ground;
pub mod interpolation;
pub mod objectives;
pub mod prediction;
pub mod replica;
pub(crate) mod rule_book;
pub mod session;
mod shared_worlds;
pub mod state_check;
pub mod views;
mod world;

#[cfg(test)]
mod tests;

pub use byte_counts::BytesByKind;
pub use config::GameClientConfig;
pub use corrections::CorrectionCause;
pub use game_client::{ClientError, GameClient};
pub use objectives::{FlagView, ObjectiveView};
pub use shared_worlds::SharedWorlds;
pub use state_check::{StateCheckStats, StateMismatch};
pub use views::{AdvanceReport, ClientEvent, ClientStats, EndReason, EntityView, GameClientState, OwnView};
pub use world::ClientWorld;
