//! What the cross-package tests, the benches and the examples share.

pub mod link_world;
pub use shieldwall_scenes as scenes;
