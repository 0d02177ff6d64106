//! The client's side of a session above the secure packets: clock, prediction, the others.

pub mod clock_sync;
pub mod replica;
