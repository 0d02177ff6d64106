//! How much memory one packet makes a decoder ask for: counted by the allocator of whoever installs it.
//!
//! ```ignore
//! #[global_allocator]
//! static ALLOCATOR: shieldwall_fuzz::budget::CountingAllocator = shieldwall_fuzz::budget::CountingAllocator;
//! ```
//!
//! Without it [`per_packet`] sees nothing, and nothing fails. The file is on the list of unsafe files because a global allocator
//! cannot be written without.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Bytes that may be asked for while one packet or message is read, whatever is in it.
pub const PACKET_BYTES_MAX: u64 = 64 << 10;

thread_local! {
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, which counts bytes asked for on each thread.
#[derive(Debug)]
pub struct CountingAllocator;

fn count(bytes: usize) {
    // A thread that is being torn down has no counter any more, and reads no packets.
    let _ = ASKED.try_with(|asked| asked.set(asked.get() + bytes as u64));
}

// SAFETY: every call goes to the system's allocator unchanged; counting touches no memory of it.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count(new_size);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

/// Bytes that `work` asks for on this thread; 0 where the allocator is not installed.
pub fn asked_by<R>(work: impl FnOnce() -> R) -> (R, u64) {
    let before = ASKED.get();
    let result = work();
    (result, ASKED.get() - before)
}

/// Reads one packet or message.
///
/// # Panics
/// When that asks for more than [`PACKET_BYTES_MAX`].
pub fn per_packet<R>(work: impl FnOnce() -> R) -> R {
    let (result, asked) = asked_by(work);
    assert!(asked <= PACKET_BYTES_MAX, "{asked} bytes were asked for while one packet was read");
    result
}
