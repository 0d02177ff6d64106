//! What carries a server's datagrams: the UDP socket, WebSocket connections, and a tap for those who debug the protocol.
//!
//! The sessions above see datagrams and peers; which carrier a peer has, its address says.

use shieldwall_net::secure::{Direction, PeerAddress, SessionKeys};
use shieldwall_net::time::Micros;

use crate::capture::CaptureTap;
use crate::figures::NetFigures;
use crate::net_io::{FIRST_STREAM, Sent, SocketSet};
use crate::websocket::server::{FromLine, WebSocketServer};
use crate::websocket::{BYTES_DOWN, BYTES_UP};

/// Bytes UDP and IPv4 add to a datagram.
pub const UDP_IP_BYTES: u64 = 28;

/// All ways in and out.
pub struct Carriers {
    /// The sockets; the server's is the one at index 0.
    pub sockets: SocketSet,
    /// Connections, where they are asked for.
    pub websocket: Option<WebSocketServer>,
    /// Takes down what passes, where that is asked for.
    pub tap: Option<CaptureTap>,
}

impl Carriers {
    /// Learns from the poll which connections have something. `is_fresh` says that the poll was asked just now.
    pub fn look(&mut self, is_fresh: bool, now: Micros, figures: &mut NetFigures) {
        let Some(websocket) = &mut self.websocket else { return };
        if !is_fresh && !self.sockets.wait_or_pause(std::time::Duration::ZERO, || true) {
            figures.socket_errors += 1;
        }
        for &token in self.sockets.ready().iter().filter(|&&token| token >= FIRST_STREAM) {
            websocket.on_ready(token);
        }
        websocket.accept(now);
        websocket.look_after(now);
        figures.websocket = websocket.figures();
    }

    /// The next datagram of the UDP socket: its sender and length.
    pub fn receive(&mut self, buffer: &mut [u8], now: Micros) -> Option<(PeerAddress, usize)> {
        let (length, from) = self.sockets.receive_from(0, buffer)?;
        let from = PeerAddress::from(from);
        self.take_down(Direction::Up, from, &buffer[..length], now);
        Some((from, length))
    }

    /// The next datagram of a connection, or the next connection that is over.
    pub fn receive_on_lines(&mut self, buffer: &mut [u8], now: Micros) -> Option<FromLine> {
        let received = self.websocket.as_mut()?.receive(buffer, now)?;
        if let FromLine::Datagram(from, length) = received {
            self.take_down(Direction::Up, from, &buffer[..length], now);
        }
        Some(received)
    }

    /// Sends a datagram and counts what became of it.
    pub fn send(&mut self, to: PeerAddress, datagram: &[u8], now: Micros, figures: &mut NetFigures) {
        self.take_down(Direction::Down, to, datagram, now);
        let sent = match &mut self.websocket {
            Some(websocket) if !to.is_on_shared_line() => websocket.send(to, datagram),
            _ => self.sockets.send_to(0, datagram, to.socket),
        };
        match sent {
            Sent::Yes => {
                figures.datagrams_out += 1;
                figures.bytes_out += datagram.len() as u64 + overhead(to, Direction::Down);
            }
            Sent::Full => figures.socket_full += 1,
            Sent::Refused => figures.socket_errors += 1,
        }
    }

    fn take_down(&mut self, direction: Direction, peer: PeerAddress, datagram: &[u8], now: Micros) {
        if let Some(tap) = &mut self.tap {
            tap.packet(direction, peer, datagram, now);
        }
    }

    /// Whether keys are logged.
    pub fn logs_keys(&self) -> bool {
        self.tap.as_ref().is_some_and(CaptureTap::logs_keys)
    }

    /// Logs the secrets of a session.
    pub fn log_keys(&mut self, keys: &SessionKeys) {
        if let Some(tap) = &mut self.tap {
            tap.keys(keys);
        }
    }

    /// A session has begun.
    pub fn session_began(&mut self, peer: PeerAddress) {
        if let Some(websocket) = &mut self.websocket {
            websocket.session_began(peer);
        }
    }

    /// A session is over.
    pub fn session_over(&mut self, peer: PeerAddress, now: Micros) {
        if let Some(websocket) = &mut self.websocket {
            websocket.session_over(peer, now);
        }
    }

    /// Closes connections; the sessions are over.
    pub fn close(&mut self, figures: &mut NetFigures) {
        if let Some(websocket) = &mut self.websocket {
            websocket.close_all();
            figures.websocket = websocket.figures();
        }
    }
}

/// Bytes that the carrier of a peer adds to a datagram.
#[must_use]
pub fn overhead(peer: PeerAddress, direction: Direction) -> u64 {
    match (peer.is_on_shared_line(), direction) {
        (true, _) => UDP_IP_BYTES,
        (false, Direction::Down) => BYTES_DOWN,
        (false, Direction::Up) => BYTES_UP,
    }
}
