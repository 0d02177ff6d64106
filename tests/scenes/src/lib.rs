//! Named scenes and how to run them: what the golden table, the determinism tests and the emulated processors share.
//!
//! In here: worlds, scripts and the list of the golden scenes. Not in here: threads, files, and anything that is not
//! the kernel.

pub mod golden;
pub mod outpost;
pub mod scripts;
mod siege;

pub use scripts::{Brawl, RunningBrawl, muster};
