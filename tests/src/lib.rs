//! What the cross-package tests, the benches and the examples share.

pub mod bot_battle;
pub mod breach;
pub mod codes;
pub mod conduct_watch;
pub mod link_world;
pub mod reference;
pub mod wilds;
pub use shieldwall_scenes as scenes;
