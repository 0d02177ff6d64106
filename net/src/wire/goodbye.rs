//! The last word of the server: why this session ends. A reliable message; its first byte is the kind
//! ([`super::welcome::MessageKind`]), its second the reason.

use super::client_message::Hello;
use super::misconduct::Misconduct;
use super::{DecodeError, PROTOCOL_VERSION, PROTOCOL_VERSION_OLDEST};
use core::fmt;

/// Why the server ends a session. The numbers are part of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoodbyeReason {
    /// 1. The server stops.
    Shutdown,
    /// 2. The world has no free slot.
    WorldFull,
    /// 3. What the client sent broke the protocol.
    ProtocolViolation,
    /// 4, and the misconduct's number. The client did something too often.
    Kicked(Misconduct),
    /// 5. Another login of the same player took this one's place.
    Replaced,
    /// 6, and the versions the server speaks: newest u16, oldest u16. The client speaks none of them.
    OtherVersion {
        /// The newest.
        newest: u16,
        /// The oldest.
        oldest: u16,
    },
}

impl GoodbyeReason {
    /// Its number, without what a kick is for.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Shutdown => 1,
            Self::WorldFull => 2,
            Self::ProtocolViolation => 3,
            Self::Kicked(_) => 4,
            Self::Replaced => 5,
            Self::OtherVersion { .. } => 6,
        }
    }

    /// That the client speaks no version that this build speaks.
    #[must_use]
    pub const fn other_version() -> Self {
        Self::OtherVersion { newest: PROTOCOL_VERSION, oldest: PROTOCOL_VERSION_OLDEST }
    }

    /// Whether clients of a version know this reason.
    #[must_use]
    pub const fn is_known_in(self, version: u16) -> bool {
        version >= 4 || self.number() <= 4
    }

    /// The message's bytes.
    #[must_use]
    pub fn encode(self) -> Vec<u8> {
        let kind = super::welcome::MessageKind::Goodbye as u8;
        match self {
            Self::Kicked(misconduct) => vec![kind, self.number(), misconduct as u8],
            Self::OtherVersion { newest, oldest } => {
                let ([a, b], [c, d]) = (newest.to_le_bytes(), oldest.to_le_bytes());
                vec![kind, self.number(), a, b, c, d]
            }
            reason => vec![kind, reason.number()],
        }
    }

    /// Reads what follows the kind.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`]; [`DecodeError::Value`] for an unknown reason or bytes behind it.
    pub fn decode(body: &[u8]) -> Result<Self, DecodeError> {
        const UNKNOWN: DecodeError = DecodeError::Value("goodbye reason");
        match *body {
            [] => Err(DecodeError::Truncated),
            [1] => Ok(Self::Shutdown),
            [2] => Ok(Self::WorldFull),
            [3] => Ok(Self::ProtocolViolation),
            [4, number] => Misconduct::from_number(number).map(Self::Kicked).ok_or(UNKNOWN),
            [5] => Ok(Self::Replaced),
            [6, a, b, c, d] => {
                let (newest, oldest) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
                Ok(Self::OtherVersion { newest, oldest })
            }
            _ => Err(UNKNOWN),
        }
    }
}

impl fmt::Display for GoodbyeReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Shutdown => f.write_str("the server stops"),
            Self::WorldFull => f.write_str("the world is full"),
            Self::ProtocolViolation => f.write_str("the client broke the protocol"),
            Self::Replaced => f.write_str("another login of the same player took its place"),
            // A server that would have understood has not heard what this client speaks.
            Self::OtherVersion { newest, oldest } if (Hello { newest, oldest }).common().is_some() => write!(
                f,
                "the server, which speaks versions {oldest} to {newest} of the protocol, did not hear in time which this client speaks: \
                 the path to it is too slow, or one of the two machines has too much to do"
            ),
            Self::OtherVersion { newest, oldest } => write!(
                f,
                "the server speaks versions {oldest} to {newest} of the protocol, this client {PROTOCOL_VERSION_OLDEST} to \
                 {PROTOCOL_VERSION}"
            ),
            Self::Kicked(misconduct) => write!(f, "sent away: {misconduct}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_comes_back_and_nothing_else() {
        let mut known = 0;
        for first in 0..=255 {
            for body in [vec![first], vec![first, 0], vec![first, 8], vec![first, 9], vec![first, 1, 1]] {
                if let Ok(reason) = GoodbyeReason::decode(&body) {
                    assert_eq!(reason.encode()[1..], body);
                    known += 1;
                }
            }
        }
        assert_eq!(known, 3 + 1 + 1);
        let other = GoodbyeReason::other_version();
        assert_eq!(GoodbyeReason::decode(&other.encode()[1..]), Ok(other));
        assert!(!other.is_known_in(3) && GoodbyeReason::Kicked(Misconduct::Turns).is_known_in(3));
        assert_eq!(GoodbyeReason::decode(&[]), Err(DecodeError::Truncated));
        for (number, misconduct) in (1..).zip(Misconduct::ALL) {
            assert_eq!(misconduct as u8, number);
            assert_eq!(GoodbyeReason::decode(&[4, number]), Ok(GoodbyeReason::Kicked(misconduct)));
        }
    }

    #[test]
    fn who_would_have_been_understood_is_told_that_it_was_not_heard() {
        let heard_nothing = GoodbyeReason::other_version().to_string();
        assert!(heard_nothing.contains("did not hear in time"), "{heard_nothing}");
        let newest = PROTOCOL_VERSION_OLDEST - 1;
        let older = GoodbyeReason::OtherVersion { newest, oldest: 1 }.to_string();
        assert!(older.starts_with(&format!("the server speaks versions 1 to {newest}")), "{older}");
    }
}
