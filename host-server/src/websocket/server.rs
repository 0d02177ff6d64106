//! A server's WebSocket connections: accepting, limits, deadlines, which line is whose.
//!
//! | limit | what happens |
//! |---|---|
//! | connections in all, and from one address | the newest is closed at once |
//! | 5 s for TCP, TLS and the request to upgrade | closed |
//! | 10 s from there until a session has begun | closed |
//! | a message longer than a datagram, a text message, 300 messages a second | closed |
//! | what waits for a stream that takes nothing | 16 datagrams and the newest payload |

use std::collections::{HashMap, VecDeque};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use mio::net::TcpListener;
use mio::{Interest, Registry, Token};
use rustls::ServerConfig;
use shieldwall_net::secure::PeerAddress;
use shieldwall_net::time::Micros;
use socket2::SockRef;

use super::WebSocketFigures;
use super::close_cause::CloseCause;
use super::line::{Line, LineSent, Received};
use super::stream::Stream;
use crate::net_io::{FIRST_STREAM, Sent};

/// For TCP, TLS and the opening handshake.
const HANDSHAKE_WITHIN: Micros = Micros::from_secs(5);

/// From the opening handshake until a session has begun.
const SESSION_WITHIN: Micros = Micros::from_secs(10);

/// A connection whose session is over has so long to take what waits.
const FAREWELL_WITHIN: Micros = Micros::from_secs(1);

/// How often deadlines are looked at.
const LOOK_EVERY: Micros = Micros::from_millis(100);

/// Connections accepted in a row.
const ACCEPT_BURST: usize = 64;

/// Datagrams taken from one connection in a row, before the next one's turn.
const READ_BURST: u32 = 16;

/// Wished size of a connection's send buffer in the system: what is in it is already too late to be replaced. The system
/// takes about half of it for its own.
const SEND_BUFFER_BYTES: usize = 16 << 10;

/// How many connections a server takes.
#[derive(Clone, Copy, Debug)]
pub struct WebSocketLimits {
    /// In all.
    pub connections: u32,
    /// From one address (an IPv6 source counts as its /64). Loopback is not limited: a proxy in front of the server has
    /// limits of its own.
    pub per_address: u32,
}

/// One connection and what is known about it.
struct Seat {
    line: Line,
    peer: PeerAddress,
    source: IpAddr,
    /// When it is closed unless something happens before.
    deadline: Micros,
    /// Which cause that would be.
    overdue: CloseCause,
    /// The opening handshake was seen to be over.
    was_open: bool,
    /// Is in the queue of those that may have something.
    queued: bool,
}

/// What [`WebSocketServer::receive`] found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FromLine {
    /// A datagram of so many bytes is in the buffer.
    Datagram(PeerAddress, usize),
    /// A connection is over: its session, if it had one, has lost its line.
    Closed(PeerAddress),
}

/// The connections of one server.
pub struct WebSocketServer {
    listener: TcpListener,
    registry: Registry,
    tls: Option<Arc<ServerConfig>>,
    limits: WebSocketLimits,
    seats: Vec<Option<Seat>>,
    free: Vec<usize>,
    /// Where each line sits.
    seat_of: HashMap<u32, usize>,
    per_source: HashMap<IpAddr, u32>,
    next_line: u32,
    /// Connections may wait to be accepted.
    may_accept: bool,
    /// Seats that may have something to read, and how much of its turn the first has used.
    readable: VecDeque<usize>,
    turn_used: u32,
    /// Closed outside of receiving; the caller has yet to hear of them.
    gone: VecDeque<PeerAddress>,
    looked: Micros,
    figures: WebSocketFigures,
}

/// Whom a connection counts for.
fn source_of(address: SocketAddr) -> IpAddr {
    match address.ip().to_canonical() {
        IpAddr::V6(ip) => IpAddr::from((u128::from(ip) >> 64 << 64).to_be_bytes()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

impl WebSocketServer {
    /// Listens on `address`; its connections are waited for by the poll of `registry`.
    ///
    /// # Errors
    /// What the system says; [`ErrorKind::AddrInUse`] when another process has the port.
    pub fn open(
        address: SocketAddr,
        registry: Registry,
        tls: Option<Arc<ServerConfig>>,
        limits: WebSocketLimits,
    ) -> io::Result<Self> {
        let mut listener = TcpListener::bind(address)?;
        registry.register(&mut listener, Token(FIRST_STREAM), Interest::READABLE)?;
        Ok(Self {
            listener,
            registry,
            tls,
            limits,
            seats: Vec::new(),
            free: Vec::new(),
            seat_of: HashMap::new(),
            per_source: HashMap::new(),
            next_line: 1,
            may_accept: true,
            readable: VecDeque::new(),
            turn_used: 0,
            gone: VecDeque::new(),
            looked: Micros::ZERO,
            figures: WebSocketFigures::default(),
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// What the system says.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The figures.
    #[must_use]
    pub fn figures(&self) -> WebSocketFigures {
        self.figures
    }

    /// The poll says something about a stream: `token` is [`FIRST_STREAM`] or above.
    pub fn on_ready(&mut self, token: usize) {
        let Some(index) = (token - FIRST_STREAM).checked_sub(1) else {
            self.may_accept = true;
            return;
        };
        if let Some(Some(seat)) = self.seats.get_mut(index) {
            seat.line.flush();
            if !seat.queued {
                seat.queued = true;
                self.readable.push_back(index);
            }
        }
    }

    /// Takes in those who wait, within the limits.
    pub fn accept(&mut self, now: Micros) {
        for _ in 0..ACCEPT_BURST {
            if !self.may_accept {
                return;
            }
            match self.listener.accept() {
                Ok((tcp, from)) => self.take_in(tcp, from, now),
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.may_accept = false,
                Err(error) => {
                    // They wait in the system; the next look tries again.
                    self.figures.accept_failed += 1;
                    self.may_accept = false;
                    tracing::debug!(%error, "accepting a connection");
                }
            }
        }
    }

    fn take_in(&mut self, mut tcp: mio::net::TcpStream, from: SocketAddr, now: Micros) {
        let source = source_of(from);
        let from_source = self.per_source.get(&source).copied().unwrap_or(0);
        let too_many = self.seat_of.len() >= self.limits.connections as usize
            || (!source.is_loopback() && from_source >= self.limits.per_address);
        if too_many {
            self.figures.count(CloseCause::TooMany);
            return;
        }
        // Where an option is refused, payloads are a little later.
        let _ = tcp.set_nodelay(true);
        let _ = SockRef::from(&tcp).set_send_buffer_size(SEND_BUFFER_BYTES);
        let index = self.free.last().copied().unwrap_or(self.seats.len());
        let interest = Interest::READABLE | Interest::WRITABLE;
        let token = Token(FIRST_STREAM + 1 + index);
        let registered = self.registry.register(&mut tcp, token, interest);
        let stream = registered.and_then(|()| Stream::of_server(tcp, self.tls.as_ref()));
        let stream = match stream {
            Ok(stream) => stream,
            Err(error) => {
                self.figures.accept_failed += 1;
                tracing::debug!(%error, "a connection cannot be waited for");
                return;
            }
        };
        if self.free.pop().is_none() {
            self.seats.push(None);
        }
        let peer = PeerAddress::on_line(from, self.next_line);
        // A number comes again after four billion connections; 0 is the line that all share.
        self.next_line = self.next_line.checked_add(1).unwrap_or(1);
        self.figures.accepted += 1;
        self.seat_of.insert(peer.line, index);
        *self.per_source.entry(source).or_default() += 1;
        let (deadline, overdue) = (now + HANDSHAKE_WITHIN, CloseCause::HandshakeTimeout);
        let line = Line::accept(stream);
        self.seats[index] =
            Some(Seat { line, peer, source, deadline, overdue, was_open: false, queued: true });
        self.readable.push_back(index);
    }

    /// The next datagram of any connection, copied into `buffer`, or the next connection that is over. Connections take
    /// turns. `None` when nothing more has come.
    pub fn receive(&mut self, buffer: &mut [u8], now: Micros) -> Option<FromLine> {
        if let Some(peer) = self.gone.pop_front() {
            return Some(FromLine::Closed(peer));
        }
        while let Some(&index) = self.readable.front() {
            let Some(seat) = self.seats[index].as_mut() else {
                self.next_turn();
                continue;
            };
            let received = seat.line.receive(buffer, now);
            // The handshake may have been over before the first look.
            if !seat.was_open && seat.line.is_open() {
                seat.was_open = true;
                (seat.deadline, seat.overdue) = (now + SESSION_WITHIN, CloseCause::NoSession);
            }
            let peer = seat.peer;
            match received {
                Received::Datagram(length) => {
                    self.turn_used += 1;
                    if self.turn_used >= READ_BURST {
                        self.readable.push_back(index);
                        self.readable.pop_front();
                        self.turn_used = 0;
                    }
                    return Some(FromLine::Datagram(peer, length));
                }
                Received::Nothing => {
                    seat.queued = false;
                    self.next_turn();
                }
                Received::Over(cause) => {
                    self.next_turn();
                    self.remove(index, cause);
                    return Some(FromLine::Closed(peer));
                }
            }
        }
        None
    }

    fn next_turn(&mut self) {
        self.readable.pop_front();
        self.turn_used = 0;
    }

    fn remove(&mut self, index: usize, cause: CloseCause) {
        let Some(seat) = self.seats[index].take() else { return };
        self.figures.count(cause);
        self.seat_of.remove(&seat.peer.line);
        if let Some(count) = self.per_source.get_mut(&seat.source) {
            *count -= 1;
            if *count == 0 {
                self.per_source.remove(&seat.source);
            }
        }
        // It must not be found in the queue when another connection has its seat.
        if seat.queued {
            self.readable.retain(|&queued| queued != index);
        }
        self.free.push(index);
        tracing::debug!(peer = %seat.peer, cause = cause.name(), "a WebSocket connection ended");
    }

    fn seat_mut(&mut self, peer: PeerAddress) -> Option<&mut Seat> {
        let index = *self.seat_of.get(&peer.line)?;
        self.seats[index].as_mut()
    }

    /// Sends a datagram, or lets it wait. One for a connection that is over is refused.
    pub fn send(&mut self, to: PeerAddress, datagram: &[u8]) -> Sent {
        let Some(seat) = self.seat_mut(to) else { return Sent::Refused };
        match seat.line.send(datagram) {
            LineSent::Yes | LineSent::Waits => Sent::Yes,
            LineSent::Replaced => {
                self.figures.replaced += 1;
                Sent::Yes
            }
            LineSent::Dropped => {
                self.figures.dropped += 1;
                Sent::Full
            }
        }
    }

    /// A session has begun on this line: it may stay.
    pub fn session_began(&mut self, peer: PeerAddress) {
        if let Some(seat) = self.seat_mut(peer) {
            seat.deadline = Micros(u64::MAX);
        }
    }

    /// The session on this line is over: the connection ends as soon as the stream has taken what waits.
    pub fn session_over(&mut self, peer: PeerAddress, now: Micros) {
        if let Some(seat) = self.seat_mut(peer) {
            seat.deadline = now + FAREWELL_WITHIN;
            seat.overdue = CloseCause::SessionOver;
        }
    }

    /// Closes what is over its time. To be called in every turn; it looks some times a second.
    pub fn look_after(&mut self, now: Micros) {
        if now.since(self.looked) < LOOK_EVERY {
            return;
        }
        self.looked = now;
        self.may_accept = true;
        for index in 0..self.seats.len() {
            let Some(seat) = self.seats[index].as_mut() else { continue };
            let said_goodbye = seat.overdue == CloseCause::SessionOver
                && seat.deadline != Micros(u64::MAX)
                && seat.line.is_flushed();
            if now < seat.deadline && !said_goodbye {
                continue;
            }
            let (cause, peer) = (seat.overdue, seat.peer);
            seat.line.close(cause);
            self.remove(index, cause);
            self.gone.push_back(peer);
        }
        self.figures.open = self.seat_of.len() as u32;
    }

    /// Ends all connections, after the sessions have ended: what can be sent at once is sent.
    pub fn close_all(&mut self) {
        for index in 0..self.seats.len() {
            if let Some(seat) = self.seats[index].as_mut() {
                seat.line.flush();
                seat.line.close(CloseCause::SessionOver);
                self.remove(index, CloseCause::SessionOver);
            }
        }
        self.figures.open = 0;
    }
}
