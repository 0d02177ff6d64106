//! Godot GDExtension of Shieldwall: thin nodes over the kernel and the client session. Class names are the same as
//! the Rust types; the doc comments of classes are the help inside the editor.
//!
//! | file | class |
//! |---|---|
//! | `client.rs` | `ShieldwallClient`, one connection |
//! | `fighting.rs` | its second part: weapons, stamina, status effects |
//! | `crowd.rs` | `ShieldwallCrowd3D`, everybody else in one draw call |
//! | `world.rs` | `ShieldwallWorld`, the kernel stepped by hand |
//! | `link.rs` | none: the session with its socket and clock |
//! | `crowd_buffer.rs`, `terrain_mesh.rs` | none: floats for the engine, in bulk |
//! | `convert.rs` | none: the only site of fixed point against float |
#![allow(unsafe_code)] // for the marker trait of the entry point, below, and nothing else

mod client;
mod convert;
mod crowd;
mod crowd_buffer;
mod fighting;
mod link;
mod terrain_mesh;
mod world;

use godot::prelude::*;

struct ShieldwallExtension;

// SAFETY: the trait's contract is that Godot is the only caller of the entry point that the attribute makes.
#[gdextension(entry_symbol = shieldwall_init)]
unsafe impl ExtensionLibrary for ShieldwallExtension {}
