//! Result codes of the C ABI, and the failure that carries one of them with a sentence for people.
//!
//! Codes are numbers on the wire between two programs compiled apart: a number is never given a new meaning and
//! never reused. New codes are added at the end of their group.

use std::borrow::Cow;
use std::ffi::CStr;

/// What a call answers. Zero is success; every other number says what was wrong, and
/// `sw_last_error` has a sentence about the same failure.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SwResult {
    /// The call did what it says.
    Ok = 0,
    /// A pointer that must not be null was null.
    NullPointer = 1,
    /// `struct_size` (or an element size) is smaller than the first version of that struct, larger than any
    /// version can be, or the struct sets a field that this library does not know.
    BadStructSize = 2,
    /// The handle was never given out, or belongs to another kind of object.
    BadHandle = 3,
    /// The handle's object was destroyed.
    StaleHandle = 4,
    /// The caller's buffer is too small; the size that is needed was written where the function says.
    ShortBuffer = 5,
    /// An argument is outside its documented range.
    BadArgument = 6,
    /// A count of elements is larger than the address space or than the documented limit.
    TooLarge = 7,
    /// Another thread is inside a call on the same handle. One object, one thread at a time.
    Busy = 8,
    /// The library met a bug of its own and stopped at the boundary. Report it; destroy the object.
    Panicked = 9,
    /// An earlier call on this object panicked: its state is not to be trusted. Only destroy works.
    Poisoned = 10,
    /// All handles of this kind are in use.
    OutOfHandles = 11,
    /// The world configuration breaks a rule; `sw_last_error` says which.
    BadConfig = 20,
    /// The bytes are no snapshot of this world: foreign, truncated, of another configuration or layout.
    BadSnapshot = 21,
    /// A command has an unknown kind or a field out of range. No command of the call was executed.
    BadCommand = 22,
    /// No character has this id now.
    NoSuchCharacter = 23,
    /// The connect token cannot be read, or is expired.
    BadToken = 40,
    /// The text is no IP address with a port, or an address that this call does not allow.
    BadAddress = 41,
    /// The datagram was dropped (foreign, forged, replayed, malformed): nothing changed, a counter moved.
    DatagramDropped = 42,
    /// The session has not reached the state that this call needs, or has left it.
    NotConnected = 43,
    /// The operating system gave no random numbers.
    NoRandomness = 44,
}

impl SwResult {
    /// Every code, in order of its number.
    const ALL: [SwResult; 21] = [
        SwResult::Ok,
        SwResult::NullPointer,
        SwResult::BadStructSize,
        SwResult::BadHandle,
        SwResult::StaleHandle,
        SwResult::ShortBuffer,
        SwResult::BadArgument,
        SwResult::TooLarge,
        SwResult::Busy,
        SwResult::Panicked,
        SwResult::Poisoned,
        SwResult::OutOfHandles,
        SwResult::BadConfig,
        SwResult::BadSnapshot,
        SwResult::BadCommand,
        SwResult::NoSuchCharacter,
        SwResult::BadToken,
        SwResult::BadAddress,
        SwResult::DatagramDropped,
        SwResult::NotConnected,
        SwResult::NoRandomness,
    ];

    /// The code's name as the header spells it.
    pub fn name(self) -> &'static CStr {
        match self {
            SwResult::Ok => c"SW_RESULT_OK",
            SwResult::NullPointer => c"SW_RESULT_NULL_POINTER",
            SwResult::BadStructSize => c"SW_RESULT_BAD_STRUCT_SIZE",
            SwResult::BadHandle => c"SW_RESULT_BAD_HANDLE",
            SwResult::StaleHandle => c"SW_RESULT_STALE_HANDLE",
            SwResult::ShortBuffer => c"SW_RESULT_SHORT_BUFFER",
            SwResult::BadArgument => c"SW_RESULT_BAD_ARGUMENT",
            SwResult::TooLarge => c"SW_RESULT_TOO_LARGE",
            SwResult::Busy => c"SW_RESULT_BUSY",
            SwResult::Panicked => c"SW_RESULT_PANICKED",
            SwResult::Poisoned => c"SW_RESULT_POISONED",
            SwResult::OutOfHandles => c"SW_RESULT_OUT_OF_HANDLES",
            SwResult::BadConfig => c"SW_RESULT_BAD_CONFIG",
            SwResult::BadSnapshot => c"SW_RESULT_BAD_SNAPSHOT",
            SwResult::BadCommand => c"SW_RESULT_BAD_COMMAND",
            SwResult::NoSuchCharacter => c"SW_RESULT_NO_SUCH_CHARACTER",
            SwResult::BadToken => c"SW_RESULT_BAD_TOKEN",
            SwResult::BadAddress => c"SW_RESULT_BAD_ADDRESS",
            SwResult::DatagramDropped => c"SW_RESULT_DATAGRAM_DROPPED",
            SwResult::NotConnected => c"SW_RESULT_NOT_CONNECTED",
            SwResult::NoRandomness => c"SW_RESULT_NO_RANDOMNESS",
        }
    }

    /// The code with this number, if there is one.
    pub fn from_number(number: i32) -> Option<SwResult> {
        SwResult::ALL.into_iter().find(|code| *code as i32 == number)
    }
}

/// A code and the sentence behind it, on its way to `sw_last_error`.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: SwResult,
    pub(crate) message: Cow<'static, str>,
}

impl Failure {
    pub(crate) fn new(code: SwResult, message: impl Into<Cow<'static, str>>) -> Failure {
        Failure { code, message: message.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique_and_names_are_found() {
        for (i, code) in SwResult::ALL.into_iter().enumerate() {
            assert_eq!(SwResult::from_number(code as i32), Some(code));
            assert!(SwResult::ALL[i + 1..].iter().all(|later| *later as i32 > code as i32), "{code:?}");
            assert!(code.name().to_bytes().starts_with(b"SW_RESULT_"));
        }
        assert_eq!(SwResult::from_number(-1), None);
    }
}
