//! Godot GDExtension of Shieldwall: thin nodes over the kernel and the client session. Class names are the same as
//! the Rust types; the doc comments of classes are the help inside the editor.
//!
//! | file | class |
//! |---|---|
//! | `world.rs` | `ShieldwallWorld`, the kernel stepped by hand |
//! | `convert.rs` | none: the only site of fixed point against float |
#![allow(unsafe_code)] // for the marker trait of the entry point, below, and nothing else

mod convert;
mod world;

use godot::prelude::*;

struct ShieldwallExtension;

// SAFETY: the trait's contract is that Godot is the only caller of the entry point that the attribute makes.
#[gdextension(entry_symbol = shieldwall_init)]
unsafe impl ExtensionLibrary for ShieldwallExtension {}
