//! What every caller needs first: the version, names of result codes, the last error.
#![allow(unsafe_code)] // for the attribute `no_mangle` and for the names of exported functions; pointers: boundary.rs

use std::ffi::{CStr, c_char};

use crate::boundary::{entry, with_last_error};
use crate::result::{Failure, SwResult};

/// Version of the ABI that this header describes: major in the upper 16 bits, minor in the lower.
/// Compare it with what `sw_abi_version()` answers at run time: the majors must be equal, and the library's minor at
/// least the header's.
pub const SW_ABI_VERSION: u32 = 0x0001_0001;

/// The version of the ABI that this library has.
#[unsafe(no_mangle)]
pub extern "C" fn sw_abi_version() -> u32 {
    SW_ABI_VERSION
}

/// The name of a result code, such as `SW_RESULT_STALE_HANDLE`, or `SW_RESULT_UNKNOWN`.
/// The text lives as long as the library; never null.
#[unsafe(no_mangle)]
pub extern "C" fn sw_result_name(result: i32) -> *const c_char {
    const UNKNOWN: &CStr = c"SW_RESULT_UNKNOWN";
    SwResult::from_number(result).map_or(UNKNOWN, SwResult::name).as_ptr()
}

/// One sentence about the last failed call of this thread, in English, for logs and people.
///
/// Writes at most `capacity` bytes with the zero at the end (a longer sentence is cut at a character), and to `length`
/// (may be null) the bytes of the whole sentence without the zero. `buffer` may be null with `capacity` 0, to ask for
/// the length. A call that succeeds does not erase the sentence.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_last_error(buffer: *mut c_char, capacity: usize, length: *mut usize) -> SwResult {
    entry!(caller => {
        let sentence = with_last_error(str::to_owned);
        if !length.is_null() {
            caller.put(length, sentence.len(), "length")?;
        }
        if capacity == 0 {
            return Ok(());
        }
        let mut end = sentence.len().min(capacity - 1);
        while !sentence.is_char_boundary(end) {
            end -= 1;
        }
        let mut text = sentence.into_bytes();
        text.truncate(end);
        text.push(0);
        let mut written = 0;
        caller.fill(buffer.cast(), capacity, &raw mut written, &text, "buffer")
    })
}

/// Writes a state hash as 32 lower-case hexadecimal digits and a zero: 33 bytes to `text`.
///
/// `hash` are the 16 bytes of `sw_world_hash`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sw_hash_to_hex(hash: *const u8, text: *mut c_char, capacity: usize) -> SwResult {
    entry!(caller => {
        let bytes = caller.bytes(hash, 16, "hash")?;
        if capacity < 33 {
            return Err(Failure::new(SwResult::ShortBuffer, "a hash as text needs 33 bytes"));
        }
        let mut digits = String::with_capacity(33);
        for byte in bytes {
            digits.push(char::from(b"0123456789abcdef"[usize::from(byte >> 4)]));
            digits.push(char::from(b"0123456789abcdef"[usize::from(byte & 15)]));
        }
        digits.push('\0');
        let mut written = 0;
        caller.fill(text.cast(), capacity, &raw mut written, digits.as_bytes(), "text")
    })
}
