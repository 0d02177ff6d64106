//! Reliable messages of the client: the first byte is the kind.

use super::{DecodeError, PROTOCOL_VERSION, PROTOCOL_VERSION_OLDEST};

/// The versions of the protocol a client speaks. The first thing it says, in its first packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The newest.
    pub newest: u16,
    /// The oldest.
    pub oldest: u16,
}

impl Hello {
    /// What this build speaks.
    pub const OURS: Self = Self { newest: PROTOCOL_VERSION, oldest: PROTOCOL_VERSION_OLDEST };

    /// What clients speak that do not say: version 3 had no hello.
    pub const SILENT: Self = Self { newest: 3, oldest: 3 };

    /// The newest version that both speak.
    #[must_use]
    pub fn common(self) -> Option<u16> {
        let newest = self.newest.min(PROTOCOL_VERSION);
        (newest >= self.oldest.max(PROTOCOL_VERSION_OLDEST)).then_some(newest)
    }
}

/// A reliable message of a client, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientMessage {
    /// Kind 1, no body: the client's ground is not the server's; it needs all of it.
    GroundWanted,
    /// Kind 2, newest version u16, oldest version u16.
    Hello(Hello),
}

impl ClientMessage {
    /// The message's bytes.
    #[must_use]
    pub fn encode(self) -> Vec<u8> {
        match self {
            Self::GroundWanted => vec![1],
            Self::Hello(Hello { newest, oldest }) => {
                let ([a, b], [c, d]) = (newest.to_le_bytes(), oldest.to_le_bytes());
                vec![2, a, b, c, d]
            }
        }
    }

    /// Reads a message.
    ///
    /// # Errors
    /// [`DecodeError::UnknownMessage`] for a kind nobody has given out; [`DecodeError::Value`] for a body of another length,
    /// or versions in the wrong order.
    pub fn decode(message: &[u8]) -> Result<Self, DecodeError> {
        match *message {
            [1] => Ok(Self::GroundWanted),
            [2, a, b, c, d] => {
                let (newest, oldest) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
                if oldest == 0 || oldest > newest {
                    return Err(DecodeError::Value("protocol versions"));
                }
                Ok(Self::Hello(Hello { newest, oldest }))
            }
            [1 | 2, ..] => Err(DecodeError::Value("message length")),
            _ => Err(DecodeError::UnknownMessage(message.first().copied().unwrap_or(0))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_comes_back_and_nothing_else() {
        for asked in [ClientMessage::GroundWanted, ClientMessage::Hello(Hello::OURS)] {
            assert_eq!(ClientMessage::decode(&asked.encode()), Ok(asked));
        }
        for kind in (0..=255).filter(|&kind| kind != 1 && kind != 2) {
            assert_eq!(ClientMessage::decode(&[kind]), Err(DecodeError::UnknownMessage(kind)));
        }
        assert_eq!(ClientMessage::decode(&[]), Err(DecodeError::UnknownMessage(0)));
        for bad in [&[1, 0][..], &[2], &[2, 4, 0, 3], &[2, 3, 0, 4, 0], &[2, 3, 0, 0, 0], &[2, 4, 0, 3, 0, 0]]
        {
            assert!(matches!(ClientMessage::decode(bad), Err(DecodeError::Value(_))), "{bad:?}");
        }
    }

    #[test]
    fn the_newest_version_of_both_is_spoken() {
        let hello = |newest, oldest| Hello { newest, oldest }.common();
        assert_eq!(Hello::OURS.common(), Some(PROTOCOL_VERSION));
        assert_eq!(hello(PROTOCOL_VERSION_OLDEST, 1), Some(PROTOCOL_VERSION_OLDEST));
        assert_eq!(hello(u16::MAX, PROTOCOL_VERSION), Some(PROTOCOL_VERSION));
        assert_eq!(hello(u16::MAX, PROTOCOL_VERSION + 1), None);
        assert_eq!(hello(PROTOCOL_VERSION_OLDEST - 1, 1), None);
    }
}
