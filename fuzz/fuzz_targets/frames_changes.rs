//! libFuzzer's way in; the body is in `src/frames.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| shieldwall_fuzz::frames::changes(bytes));
