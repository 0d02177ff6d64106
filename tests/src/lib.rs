//! What the cross-package tests, the benches and the examples share.

pub mod scenes;
