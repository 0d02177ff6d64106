//! Reliable messages of the client: the first byte is the kind.

use super::DecodeError;

/// A reliable message of a client, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientMessage {
    /// Kind 1, no body: the client's ground is not the server's; it needs all of it.
    GroundWanted,
}

impl ClientMessage {
    /// The message's bytes.
    #[must_use]
    pub const fn encode(self) -> [u8; 1] {
        match self {
            Self::GroundWanted => [1],
        }
    }

    /// Reads a message.
    ///
    /// # Errors
    /// [`DecodeError::UnknownMessage`] for a kind nobody has given out; [`DecodeError::Value`] for bytes behind it.
    pub fn decode(message: &[u8]) -> Result<Self, DecodeError> {
        match message {
            [1] => Ok(Self::GroundWanted),
            [1, ..] => Err(DecodeError::Value("message length")),
            _ => Err(DecodeError::UnknownMessage(message.first().copied().unwrap_or(0))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_comes_back_and_nothing_else() {
        let asked = ClientMessage::GroundWanted;
        assert_eq!(ClientMessage::decode(&asked.encode()), Ok(asked));
        for kind in (0..=255).filter(|&kind| kind != 1) {
            assert_eq!(ClientMessage::decode(&[kind]), Err(DecodeError::UnknownMessage(kind)));
        }
        assert_eq!(ClientMessage::decode(&[]), Err(DecodeError::UnknownMessage(0)));
        assert!(ClientMessage::decode(&[1, 0]).is_err());
    }
}
