//! The WebSocket carrier: sessions for those who have no UDP (browsers, networks that let only web traffic through).
//!
//! A binary message is a datagram of the session protocol, unchanged: the same tokens, the same sealing. The session does not
//! know; it sees a peer with a line of its own ([`shieldwall_net::secure::PeerAddress`]). What a stream does to a game that
//! UDP does not, one lost segment holding up all that follows, is bounded by letting only the newest payload wait
//! ([`outgoing`]).
//!
//! In here: connections of a server ([`server`]) and of clients ([`client`]), TLS around them ([`stream`]). The framing is
//! the library's (tungstenite), TLS is rustls. Not in here: what datagrams mean, and the live page's own feed
//! ([`crate::control`]).

pub mod client;
pub mod close_cause;
pub mod frame_budget;
pub mod line;
pub mod outgoing;
pub mod server;
pub mod stream;

use close_cause::CloseCause;

/// Bytes that IPv4, TCP and a frame's head add to a datagram downward, at least: several may share a segment.
pub const BYTES_DOWN: u64 = 44;

/// The same upward, where frames are masked.
pub const BYTES_UP: u64 = 48;

/// What the WebSocket carrier of a server knows. Counters start at 0 and only grow; `open` is as of now.
#[derive(Clone, Copy, Debug, Default)]
pub struct WebSocketFigures {
    /// Connections now, handshakes included.
    pub open: u32,
    /// Connections accepted.
    pub accepted: u64,
    /// Connections that the system could not hand over (too few open files).
    pub accept_failed: u64,
    /// Payloads that a newer one replaced before they could leave.
    pub replaced: u64,
    /// Other datagrams dropped because too much waited.
    pub dropped: u64,
    /// Connections ended, by cause, in the order of [`CloseCause::ALL`].
    pub closed: [u64; CloseCause::COUNT],
}

impl WebSocketFigures {
    /// Counts the end of a connection.
    pub fn count(&mut self, cause: CloseCause) {
        self.closed[cause as usize] += 1;
    }

    /// Connections that were refused or ended for what they did, by cause: all causes but the other end's wish, a broken
    /// stream and the end of the session.
    pub fn refused(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        let own_end = [CloseCause::ByPeer, CloseCause::Broken, CloseCause::SessionOver];
        let causes = CloseCause::ALL.iter().zip(self.closed);
        causes.filter(move |(cause, _)| !own_end.contains(cause)).map(|(cause, count)| (cause.name(), count))
    }
}
