#![no_std]
//! Simulation kernel.
extern crate alloc;

pub mod numeric;
pub mod spatial;
