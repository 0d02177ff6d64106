//! One WebSocket connection (RFC 6455), either end: every binary message is a datagram of the session protocol.
//!
//! In here: the opening handshake, messages in, messages out, what waits. Not in here: which connections there are and
//! how long they may take (`server.rs`, `client.rs`); what the datagrams mean. Nothing blocks: what cannot be done
//! now is done when the poll says so.

use std::io::ErrorKind;

use shieldwall_net::secure::DATAGRAM_MAX;
use shieldwall_net::time::Micros;
use tungstenite::handshake::client::Request;
use tungstenite::handshake::server::NoCallback;
use tungstenite::handshake::{HandshakeError, HandshakeRole, MidHandshake};
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tungstenite::{ClientHandshake, Error, Message, ServerHandshake, WebSocket};

use super::close_cause::CloseCause;
use super::frame_budget::FrameBudget;
use super::outgoing::{Outgoing, Queued};
use super::stream::Stream;

/// Read and write buffers of a connection, in bytes: a datagram and its frame fit.
const BUFFER_BYTES: usize = 2_048;

/// What [`Line::receive`] found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Received {
    /// A datagram of so many bytes is in the buffer.
    Datagram(usize),
    /// Nothing more has come.
    Nothing,
    /// The connection is over, or must be.
    Over(CloseCause),
}

/// What [`Line::send`] did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LineSent {
    /// The stream has it.
    Yes,
    /// It waits for the stream.
    Waits,
    /// It waits, and an older payload never leaves.
    Replaced,
    /// It was dropped: the connection is not open, or too much waits.
    Dropped,
}

enum State {
    /// The handshake has yet to begin: TCP is not connected.
    Connecting(Box<Stream>, Box<Request>),
    Server(Box<MidHandshake<ServerHandshake<Stream, NoCallback>>>),
    Client(Box<MidHandshake<ClientHandshake<Stream>>>),
    Open(Box<WebSocket<Stream>>),
    /// Over; the stream is closed.
    Over(CloseCause),
}

/// One connection.
pub struct Line {
    state: State,
    outgoing: Outgoing,
    budget: FrameBudget,
    /// The stream takes nothing now.
    is_blocked: bool,
}

fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(BUFFER_BYTES)
        // Nothing is written before the flush, which tells whether the stream takes it.
        .write_buffer_size(BUFFER_BYTES)
        .max_write_buffer_size(4 * BUFFER_BYTES)
        .max_message_size(Some(DATAGRAM_MAX))
        .max_frame_size(Some(DATAGRAM_MAX))
}

fn is_would_block(error: &Error) -> bool {
    matches!(error, Error::Io(error) if error.kind() == ErrorKind::WouldBlock)
}

impl Line {
    /// The server's end: waits for the client's request to upgrade.
    #[must_use]
    pub fn accept(stream: Stream) -> Self {
        let state = match tungstenite::accept_with_config(stream, Some(config())) {
            Ok(socket) => State::Open(Box::new(socket)),
            Err(HandshakeError::Interrupted(middle)) => State::Server(Box::new(middle)),
            Err(HandshakeError::Failure(_)) => State::Over(CloseCause::Handshake),
        };
        Self::of(state)
    }

    /// The client's end, over a stream that is still being connected.
    #[must_use]
    pub fn connect(stream: Stream, request: Request) -> Self {
        Self::of(State::Connecting(Box::new(stream), Box::new(request)))
    }

    fn of(state: State) -> Self {
        Self { state, outgoing: Outgoing::default(), budget: FrameBudget::default(), is_blocked: false }
    }

    /// Whether datagrams can be sent and received.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open(_))
    }

    /// The TCP stream, while there is one.
    pub fn tcp(&mut self) -> Option<&mut mio::net::TcpStream> {
        Some(match &mut self.state {
            State::Connecting(stream, _) => stream.tcp(),
            State::Server(middle) => middle.get_mut().get_mut().tcp(),
            State::Client(middle) => middle.get_mut().get_mut().tcp(),
            State::Open(socket) => socket.get_mut().tcp(),
            State::Over(_) => return None,
        })
    }

    /// Goes on with the handshake as far as the stream allows.
    fn shake_hands(&mut self) {
        fn next<R: HandshakeRole>(
            outcome: Result<R::FinalResult, HandshakeError<R>>,
            open: impl FnOnce(R::FinalResult) -> WebSocket<Stream>,
            wait: impl FnOnce(Box<MidHandshake<R>>) -> State,
        ) -> State {
            match outcome {
                Ok(done) => State::Open(Box::new(open(done))),
                Err(HandshakeError::Interrupted(middle)) => wait(Box::new(middle)),
                Err(HandshakeError::Failure(error)) => {
                    tracing::debug!(%error, "a WebSocket handshake failed");
                    State::Over(CloseCause::Handshake)
                }
            }
        }
        self.state = match std::mem::replace(&mut self.state, State::Over(CloseCause::Handshake)) {
            State::Connecting(mut stream, request) => match stream.tcp().peer_addr() {
                Ok(_) => {
                    let begun = tungstenite::client::client_with_config(*request, *stream, Some(config()));
                    next(begun, |(socket, _)| socket, State::Client)
                }
                Err(error) if error.kind() == ErrorKind::NotConnected && !has_failed(&stream) => {
                    State::Connecting(stream, request)
                }
                Err(_) => State::Over(CloseCause::Broken),
            },
            State::Server(middle) => next(middle.handshake(), |socket| socket, State::Server),
            State::Client(middle) => next(middle.handshake(), |(socket, _)| socket, State::Client),
            state => state,
        };
    }

    /// The next datagram, copied into `buffer`. To be called until it says that there is nothing more.
    pub fn receive(&mut self, buffer: &mut [u8], now: Micros) -> Received {
        if !self.is_open() {
            self.shake_hands();
        }
        let socket = match &mut self.state {
            State::Open(socket) => socket,
            State::Over(cause) => return Received::Over(*cause),
            _ => return Received::Nothing,
        };
        loop {
            let message = socket.read();
            if message.is_ok() && !self.budget.take(now) {
                return self.close(CloseCause::Flood);
            }
            let cause = match message {
                Ok(Message::Binary(bytes)) if bytes.len() <= buffer.len() => {
                    buffer[..bytes.len()].copy_from_slice(&bytes);
                    return Received::Datagram(bytes.len());
                }
                // Pings are answered by the library.
                Ok(Message::Ping(_) | Message::Pong(_)) => continue,
                Ok(Message::Binary(_)) => CloseCause::TooLarge,
                Ok(Message::Text(_) | Message::Frame(_)) => CloseCause::NotBinary,
                Ok(Message::Close(_)) => CloseCause::ByPeer,
                Err(error) if is_would_block(&error) => return Received::Nothing,
                Err(error) => CloseCause::of(&error),
            };
            return self.close(cause);
        }
    }

    /// Sends a datagram, or lets it wait while the stream takes nothing.
    pub fn send(&mut self, datagram: &[u8]) -> LineSent {
        if !self.is_open() {
            return LineSent::Dropped;
        }
        if self.is_blocked {
            return match self.outgoing.push(datagram) {
                Queued::Waits => LineSent::Waits,
                Queued::Replaced => LineSent::Replaced,
                Queued::Full => LineSent::Dropped,
            };
        }
        if self.write(datagram) { LineSent::Yes } else { LineSent::Dropped }
    }

    /// Hands a datagram to the stream; false when the connection is over by that.
    fn write(&mut self, datagram: &[u8]) -> bool {
        let State::Open(socket) = &mut self.state else { return false };
        let written = socket.write(Message::binary(datagram.to_vec())).and_then(|()| socket.flush());
        match written {
            Ok(()) => true,
            Err(error) if is_would_block(&error) => {
                // The stream has a part of it; the library keeps the rest.
                self.is_blocked = true;
                true
            }
            Err(error) => {
                self.close(CloseCause::of(&error));
                false
            }
        }
    }

    /// Sends what waits, as far as the stream takes it. To be called when the poll says something about the stream.
    pub fn flush(&mut self) {
        if self.is_blocked
            && let State::Open(socket) = &mut self.state
        {
            match socket.flush() {
                Ok(()) => self.is_blocked = false,
                Err(error) if is_would_block(&error) => return,
                Err(error) => {
                    self.close(CloseCause::of(&error));
                    return;
                }
            }
        }
        while !self.is_blocked
            && let Some(datagram) = self.outgoing.pop()
        {
            self.write(&datagram);
        }
    }

    /// Whether the stream has everything.
    #[must_use]
    pub fn is_flushed(&self) -> bool {
        !self.is_blocked && self.outgoing.is_empty()
    }

    /// Ends the connection: tells the other end why, as far as the stream takes it, and closes the stream.
    pub fn close(&mut self, cause: CloseCause) -> Received {
        let before = std::mem::replace(&mut self.state, State::Over(cause));
        if let State::Over(first) = before {
            self.state = State::Over(first);
            return Received::Over(first);
        }
        if let State::Open(mut socket) = before {
            let code = CloseCode::from(cause.code());
            // Whoever is gone or takes nothing is not told.
            let _ = socket.close(Some(CloseFrame { code, reason: cause.name().into() }));
            let _ = socket.flush();
        }
        self.outgoing = Outgoing::default();
        self.is_blocked = false;
        Received::Over(cause)
    }
}

/// Whether connecting has failed.
fn has_failed(stream: &Stream) -> bool {
    match stream {
        Stream::Plain(tcp) => tcp.take_error(),
        Stream::TlsServer(tls) => tls.sock.take_error(),
        Stream::TlsClient(tls) => tls.sock.take_error(),
    }
    .map_or(true, |error| error.is_some())
}
