//! What carries the bots' datagrams: a UDP socket or a WebSocket connection for each.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use shieldwall_net::time::Micros;

use crate::net_io::{Sent, SocketSet, own_ip};
use crate::websocket::client::{WebSocketClients, WebSocketTarget};

/// Sockets that one look reports at most.
const READY_MAX: usize = 1_024;

/// The lines of one thread's bots, by their order.
pub(super) enum BotLines {
    Udp(SocketSet),
    WebSocket(Box<WebSocketClients>),
}

impl BotLines {
    pub(super) fn new(websocket: Option<&WebSocketTarget>) -> io::Result<Self> {
        Ok(match websocket {
            None => Self::Udp(SocketSet::new(READY_MAX)?),
            Some(target) => Self::WebSocket(Box::new(WebSocketClients::new(target.clone(), READY_MAX)?)),
        })
    }

    /// Opens the next one. `server` is where datagrams go by UDP.
    pub(super) fn open(&mut self, server: SocketAddr) -> io::Result<usize> {
        match self {
            Self::Udp(sockets) => {
                let socket = sockets.open(SocketAddr::new(own_ip(server.ip()), 0), 0)?;
                sockets.connect(socket, server)?;
                Ok(socket)
            }
            Self::WebSocket(clients) => clients.open(),
        }
    }

    /// Looks which have something, without waiting.
    pub(super) fn look(&mut self) {
        match self {
            Self::Udp(sockets) => _ = sockets.wait_or_pause(Duration::ZERO, || true),
            Self::WebSocket(clients) => clients.look(),
        }
    }

    /// Those that had something at the last look.
    pub(super) fn ready(&self) -> &[usize] {
        match self {
            Self::Udp(sockets) => sockets.ready(),
            Self::WebSocket(clients) => clients.ready(),
        }
    }

    pub(super) fn receive(&mut self, line: usize, buffer: &mut [u8], now: Micros) -> Option<usize> {
        match self {
            Self::Udp(sockets) => sockets.receive(line, buffer),
            Self::WebSocket(clients) => clients.receive(line, buffer, now),
        }
    }

    pub(super) fn send(&mut self, line: usize, datagram: &[u8]) -> Sent {
        match self {
            Self::Udp(sockets) => sockets.send(line, datagram),
            Self::WebSocket(clients) => clients.send(line, datagram),
        }
    }

    /// The bots are done.
    pub(super) fn close(&mut self) {
        if let Self::WebSocket(clients) = self {
            clients.close_all();
        }
    }
}
