//! Why a connection ends, with a counter and a name for each reason.

use tungstenite::Error;
use tungstenite::error::ProtocolError;

macro_rules! close_causes {
    ($($(#[$doc:meta])* $name:ident = $label:literal, $code:literal,)+) => {
        /// Why a connection ended.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum CloseCause {
            $($(#[$doc])* $name,)+
        }

        impl CloseCause {
            /// All causes, in the order of their numbers.
            pub const ALL: &'static [CloseCause] = &[$(CloseCause::$name,)+];

            /// Name for metrics and close frames.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(CloseCause::$name => $label,)+
                }
            }

            /// The code of the close frame that tells the other end (RFC 6455, section 7.4).
            #[must_use]
            pub const fn code(self) -> u16 {
                match self {
                    $(CloseCause::$name => $code,)+
                }
            }
        }
    };
}

close_causes! {
    /// The other end closed it, or went away.
    ByPeer = "websocket_by_peer", 1000,
    /// The stream broke.
    Broken = "websocket_broken", 1006,
    /// The opening handshake was none: not HTTP, no request to upgrade, TLS that failed.
    Handshake = "websocket_handshake", 1002,
    /// The opening handshake took too long.
    HandshakeTimeout = "websocket_handshake_timeout", 1002,
    /// No session began within its time.
    NoSession = "websocket_no_session", 1008,
    /// A message that was not binary.
    NotBinary = "websocket_not_binary", 1003,
    /// A message longer than any datagram.
    TooLarge = "websocket_too_large", 1009,
    /// Too many messages.
    Flood = "websocket_flood", 1008,
    /// Bytes that are no WebSocket frames.
    Protocol = "websocket_protocol", 1002,
    /// The session that it carried is over.
    SessionOver = "websocket_session_over", 1000,
    /// Too many connections, in all or from one address.
    TooMany = "websocket_too_many", 1013,
}

impl CloseCause {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// The cause that an error of the library means.
    #[must_use]
    pub fn of(error: &Error) -> Self {
        match error {
            Error::ConnectionClosed
            | Error::AlreadyClosed
            | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::ByPeer,
            Error::Io(_) | Error::Tls(_) => Self::Broken,
            Error::Capacity(_) => Self::TooLarge,
            Error::Utf8(_) => Self::NotBinary,
            _ => Self::Protocol,
        }
    }
}
