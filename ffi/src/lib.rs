//! `libshieldwall`: the C ABI of the simulation kernel and of a client session without input and output of its own.
//!
//! The header `include/shieldwall.h` is generated from this package and is the reference for C; `docs/C_ABI.md` tells
//! the rules (handles, versions of structs, lifetimes of views, threads). Rust programs use `shieldwall-core` and
//! `shieldwall-net` and not this package.
//!
//! | file | what is there |
//! |---|---|
//! | `boundary.rs` | the only pointer accesses, the panic boundary |
//! | `result.rs` | numbered result codes |
//! | `handle_table.rs` | generational handles |
//! | `general.rs` | version, names, last error |
//! | `command_types.rs` | commands as C has them |
//! | `structure_views.rs` | what stands, what lies about and what teams fight over, as C has it |
//! | `types.rs` | configuration, events as C has them |
//! | `views.rs` | pointers into a world's columns |
//! | `world.rs` | worlds: create, step, look, save, restore, hash |
//! | `client_types.rs` | a session's state, own character, crowd and events as C has them |
//! | `client_stats.rs` | a session's figures as C has them |
//! | `client_objectives.rs` | what teams fight over, as a session knows it |
//! | `client.rs` | client sessions, without socket and clock |
// One contract for the pointers of all functions, in boundary.rs, instead of fifty copies of it.
#![allow(clippy::missing_safety_doc)]

mod boundary;
pub mod client;
pub mod client_objectives;
pub mod client_stats;
pub mod client_types;
pub mod command_types;
pub mod general;
mod handle_table;
pub mod result;
pub mod structure_views;
pub mod types;
pub mod views;
pub mod world;
