//! WebSocket connections of clients that run on one thread: the bots' way to a server without UDP.
//!
//! A connection that breaks stays broken, as a cable does that was pulled: the session above notices by silence.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use rustls::ClientConfig;
use shieldwall_net::time::Micros;
use tungstenite::client::IntoClientRequest;
use tungstenite::http::Uri;

use super::line::{Line, LineSent, Received};
use super::stream::{Stream, client_tls};
use crate::error::HostError;
use crate::net_io::{FIRST_STREAM, Sent, SocketSet};

/// Where a server's WebSocket is.
#[derive(Clone)]
pub struct WebSocketTarget {
    url: Uri,
    host: String,
    address: SocketAddr,
    tls: Option<Arc<ClientConfig>>,
}

impl WebSocketTarget {
    /// The target of a `ws://` or `wss://` URL; `authorities` is the PEM file of those whose certificates are trusted, which
    /// `wss` needs.
    ///
    /// # Errors
    /// [`HostError::Refused`] for a URL that is none, [`HostError::Socket`] for a name that cannot be resolved,
    /// [`HostError::File`] for authorities that cannot be read.
    pub fn new(url: &str, authorities: Option<&Path>) -> Result<Self, HostError> {
        let wrong = |why: &str| HostError::Refused(format!("{url}: {why}"));
        let uri: Uri = url.parse().map_err(|_| wrong("not a URL such as ws://127.0.0.1:7780"))?;
        let is_tls = match uri.scheme_str() {
            Some("ws") => false,
            Some("wss") => true,
            _ => return Err(wrong("the URL of a WebSocket begins with ws:// or wss://")),
        };
        let host = uri.host().ok_or_else(|| wrong("there is no host in it"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let failed = |source| HostError::Socket { what: format!("a connection to {url}"), source };
        let mut found = (host.as_str(), port).to_socket_addrs().map_err(failed)?;
        let address = found.next().ok_or_else(|| wrong("its host has no address"))?;
        let tls = match (is_tls, authorities) {
            (false, _) => None,
            (true, Some(file)) => Some(client_tls(file)?),
            (true, None) => {
                return Err(wrong("wss:// needs --tls-ca FILE, the certificates of those who are trusted"));
            }
        };
        Ok(Self { url: uri, host, address, tls })
    }

    fn connect(&self, registry: &Registry, token: Token) -> io::Result<Line> {
        let mut tcp = TcpStream::connect(self.address)?;
        let _ = tcp.set_nodelay(true);
        registry.register(&mut tcp, token, Interest::READABLE | Interest::WRITABLE)?;
        let stream = Stream::of_client(tcp, self.tls.as_ref(), &self.host)?;
        let request = self.url.clone().into_client_request().map_err(io::Error::other)?;
        Ok(Line::connect(stream, request))
    }
}

/// Connections to one server.
pub struct WebSocketClients {
    sockets: SocketSet,
    target: WebSocketTarget,
    lines: Vec<Line>,
    ready: Vec<usize>,
}

impl WebSocketClients {
    /// None yet.
    ///
    /// # Errors
    /// When the system has no poll left.
    pub fn new(target: WebSocketTarget, capacity: usize) -> io::Result<Self> {
        let sockets = SocketSet::new(capacity)?;
        Ok(Self { sockets, target, lines: Vec::new(), ready: Vec::new() })
    }

    /// Begins another connection and returns its index.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(&mut self) -> io::Result<usize> {
        let index = self.lines.len();
        self.lines.push(self.target.connect(self.sockets.registry(), Token(FIRST_STREAM + index))?);
        Ok(index)
    }

    /// Looks which connections have something, without waiting; what waited is sent where it can be.
    pub fn look(&mut self) {
        self.sockets.wait_or_pause(Duration::ZERO, || true);
        self.ready.clear();
        self.ready.extend(self.sockets.ready().iter().filter_map(|token| token.checked_sub(FIRST_STREAM)));
        for &index in &self.ready {
            self.lines[index].flush();
        }
    }

    /// The connections that had something at the last look.
    #[must_use]
    pub fn ready(&self) -> &[usize] {
        &self.ready
    }

    /// The next datagram of a connection; `None` when there is none left, or never will be.
    pub fn receive(&mut self, index: usize, buffer: &mut [u8], now: Micros) -> Option<usize> {
        match self.lines[index].receive(buffer, now) {
            Received::Datagram(length) => Some(length),
            Received::Nothing | Received::Over(_) => None,
        }
    }

    /// Sends a datagram, or lets it wait.
    pub fn send(&mut self, index: usize, datagram: &[u8]) -> Sent {
        match self.lines[index].send(datagram) {
            LineSent::Yes | LineSent::Waits | LineSent::Replaced => Sent::Yes,
            LineSent::Dropped => Sent::Refused,
        }
    }

    /// Sends what waits and says goodbye to the server.
    pub fn close_all(&mut self) {
        for line in &mut self.lines {
            line.flush();
            line.close(super::close_cause::CloseCause::SessionOver);
        }
    }
}
