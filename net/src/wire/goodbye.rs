//! The last word of the server: why this session ends. A reliable message; its first byte is the kind
//! ([`super::welcome::MessageKind`]), its second the reason.

use super::DecodeError;
use core::fmt;

/// Why the server ends a session. The numbers are part of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum GoodbyeReason {
    /// The server stops.
    Shutdown = 1,
    /// The world has no free slot.
    WorldFull = 2,
    /// What the client sent broke the protocol.
    ProtocolViolation = 3,
}

impl GoodbyeReason {
    /// The message's bytes.
    #[must_use]
    pub fn encode(self) -> [u8; 2] {
        [super::welcome::MessageKind::Goodbye as u8, self as u8]
    }

    /// Reads what follows the kind.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`]; [`DecodeError::Value`] for an unknown reason or bytes behind it.
    pub fn decode(body: &[u8]) -> Result<Self, DecodeError> {
        match body {
            [] => Err(DecodeError::Truncated),
            [1] => Ok(Self::Shutdown),
            [2] => Ok(Self::WorldFull),
            [3] => Ok(Self::ProtocolViolation),
            _ => Err(DecodeError::Value("goodbye reason")),
        }
    }
}

impl fmt::Display for GoodbyeReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shutdown => "the server stops",
            Self::WorldFull => "the world is full",
            Self::ProtocolViolation => "the client broke the protocol",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_comes_back_and_nothing_else() {
        for number in 0..=255 {
            if let Ok(reason) = GoodbyeReason::decode(&[number]) {
                assert_eq!(reason.encode()[1], number);
            } else {
                assert!(number == 0 || number > 3);
            }
        }
        assert_eq!(GoodbyeReason::decode(&[]), Err(DecodeError::Truncated));
        assert!(GoodbyeReason::decode(&[1, 0]).is_err());
    }
}
