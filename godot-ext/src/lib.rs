//! Godot GDExtension of Shieldwall: the class registration; one file for each class.
#![allow(unsafe_code)] // for the marker trait of the entry point, below, and nothing else

use godot::prelude::*;

struct ShieldwallExtension;

// SAFETY: the trait's contract is that Godot is the only caller of the entry point that the attribute makes.
#[gdextension(entry_symbol = shieldwall_init)]
unsafe impl ExtensionLibrary for ShieldwallExtension {}
