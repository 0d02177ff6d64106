//! Where a peer is, as whoever carries the datagrams says it. The session compares and hashes it, and knows no carrier.

use core::fmt;
use std::net::SocketAddr;

/// Number of the line that all share who have none of their own: the UDP socket.
pub const SHARED_LINE: u32 = 0;

/// Where datagrams come from and go to: an address of the network, and the line they travel on.
///
/// Two peers are the same when both parts are. A carrier with a connection for each peer (WebSocket) numbers its connections
/// from 1 on and never gives a number twice in a server's life, so that nothing meant for one connection can
/// reach another from the same address. Budgets and logs look at the network's address alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerAddress {
    /// The address and port at the other end.
    pub socket: SocketAddr,
    /// [`SHARED_LINE`], or the number of a connection.
    pub line: u32,
}

impl PeerAddress {
    /// The other end of a connection.
    #[must_use]
    pub const fn on_line(socket: SocketAddr, line: u32) -> PeerAddress {
        PeerAddress { socket, line }
    }

    /// Whether datagrams to it go over the socket that all share.
    #[must_use]
    pub const fn is_on_shared_line(&self) -> bool {
        self.line == SHARED_LINE
    }
}

impl From<SocketAddr> for PeerAddress {
    /// A peer of the UDP socket.
    fn from(socket: SocketAddr) -> PeerAddress {
        PeerAddress { socket, line: SHARED_LINE }
    }
}

impl PartialEq<SocketAddr> for PeerAddress {
    /// Whether it is that peer of the UDP socket.
    fn eq(&self, other: &SocketAddr) -> bool {
        *self == PeerAddress::from(*other)
    }
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.socket)?;
        if self.is_on_shared_line() { Ok(()) } else { write!(f, " on line {}", self.line) }
    }
}
