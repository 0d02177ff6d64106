//! libFuzzer's way in; the body is in `src/frames.rs`.
#![no_main]

#[global_allocator]
static ALLOCATOR: shieldwall_fuzz::budget::CountingAllocator = shieldwall_fuzz::budget::CountingAllocator;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| shieldwall_fuzz::frames::dissect(bytes));
