//! Godot GDExtension of Shieldwall: thin nodes over the kernel and the client session. Class names are the same as
//! the Rust types; the doc comments of classes are the help inside the editor.
//!
//! | file | class |
//! |---|---|
//! | `client.rs` | `ShieldwallClient`, one connection |
//! | `fighting.rs` | its second part: weapons, stamina, status effects |
//! | `client_ground.rs` | its third part: the ground and what stands on it |
//! | `crowd.rs` | `ShieldwallCrowd3D`, everybody else in one draw call |
//! | `scenery_node.rs` | `ShieldwallScenery3D`, the ground and what stands on it, with craters and what has fallen |
//! | `world/` | `ShieldwallWorld`, the kernel stepped by hand |
//! | `link.rs` | none: the session with its socket and clock |
//! | `files.rs` | none: rules and sceneries from files of a project, and how a refusal is told |
//! | `ground_log.rs` | none: what changed of a field since somebody looked |
//! | `scenery_drawn.rs` | none: the engine's objects of a scenery |
//! | `crowd_buffer.rs`, `scenery_shapes.rs`, `terrain_mesh.rs`, `surface.rs` | none: floats for the engine, in bulk |
//! | `convert.rs` | none: the only site of fixed point against float |
#![allow(unsafe_code)] // for the marker trait of the entry point, below, and nothing else

mod client;
mod client_ground;
mod convert;
mod crowd;
mod crowd_buffer;
mod fighting;
mod files;
mod ground_log;
mod link;
mod objectives;
mod scenery_drawn;
mod scenery_node;
mod scenery_shapes;
mod surface;
mod terrain_mesh;
mod world;

use godot::prelude::*;

struct ShieldwallExtension;

// SAFETY: the trait's contract is that Godot is the only caller of the entry point that the attribute makes.
#[gdextension(entry_symbol = shieldwall_init)]
unsafe impl ExtensionLibrary for ShieldwallExtension {}
