//! Opens what carries a server's datagrams: the UDP port, the WebSocket port, and the files of a capture.

use std::net::SocketAddr;

use crate::capture::{self, CaptureFiles, CaptureTap};
use crate::carriers::Carriers;
use crate::clock::Clock;
use crate::config::HostConfig;
use crate::error::HostError;
use crate::net_io::SocketSet;
use crate::websocket::server::{WebSocketLimits, WebSocketServer};
use crate::websocket::stream::server_tls;

/// Wished size of the game socket's buffers.
const SOCKET_BUFFER_BYTES: usize = 8 << 20;

/// What was opened.
pub struct Ports {
    /// For the network thread.
    pub carriers: Carriers,
    /// Where the UDP port is.
    pub address: SocketAddr,
    /// Where the WebSocket port is, as a URL.
    pub websocket: Option<String>,
    /// The files of a capture.
    pub capture: Option<CaptureFiles>,
}

impl Ports {
    /// Opens everything that the settings ask for.
    ///
    /// # Errors
    /// [`HostError::PortInUse`] and others, each with what to do about it. Nothing is left open then.
    pub fn open(config: &HostConfig, clock: Clock) -> Result<Self, HostError> {
        let (sockets, address) = open_game_port(config)?;
        let server = open_websocket(config, &sockets)?;
        let (tap, capture) = start_capture(config, address, clock)?;
        let websocket = server.as_ref().map(|server| websocket_url(config, server));
        let carriers = Carriers { sockets, websocket: server, tap };
        Ok(Self { carriers, address, websocket, capture })
    }
}

fn open_game_port(config: &HostConfig) -> Result<(SocketSet, SocketAddr), HostError> {
    let wished = SocketAddr::new(config.server.bind, config.server.udp_port);
    let failed = |source: std::io::Error| {
        if source.kind() == std::io::ErrorKind::AddrInUse {
            return HostError::PortInUse(wished);
        }
        HostError::Socket { what: format!("UDP port {} on {}", wished.port(), wished.ip()), source }
    };
    let mut sockets = SocketSet::new(8).map_err(failed)?;
    let index = sockets.open(wished, SOCKET_BUFFER_BYTES).map_err(failed)?;
    let address = sockets.address(index).map_err(failed)?;
    Ok((sockets, address))
}

/// Opens the WebSocket port, where the settings have one.
fn open_websocket(config: &HostConfig, sockets: &SocketSet) -> Result<Option<WebSocketServer>, HostError> {
    let settings = &config.websocket;
    let Some(wished) = settings.bind else { return Ok(None) };
    let failed = |source: std::io::Error| {
        if source.kind() == std::io::ErrorKind::AddrInUse {
            return HostError::WebSocketPortInUse(wished);
        }
        HostError::Socket { what: format!("TCP port {} on {}", wished.port(), wished.ip()), source }
    };
    let tls = match &settings.tls {
        Some(tls) => Some(server_tls(&tls.certificate, &tls.key)?),
        None => None,
    };
    let registry = sockets.registry().try_clone().map_err(failed)?;
    let limits = WebSocketLimits {
        connections: settings.max_connections.unwrap_or(config.server.max_clients.saturating_add(64)),
        per_address: settings.max_per_address,
    };
    WebSocketServer::open(wished, registry, tls, limits).map(Some).map_err(failed)
}

/// What clients call it.
fn websocket_url(config: &HostConfig, server: &WebSocketServer) -> String {
    let scheme = if config.websocket.tls.is_some() { "wss" } else { "ws" };
    server.address().map_or_else(|_| scheme.to_owned(), |address| format!("{scheme}://{address}"))
}

fn start_capture(
    config: &HostConfig,
    address: SocketAddr,
    clock: Clock,
) -> Result<(Option<CaptureTap>, Option<CaptureFiles>), HostError> {
    if config.capture.is_off() {
        return Ok((None, None));
    }
    let local = config.server.public_addresses.first().copied().unwrap_or(address);
    let (tap, files) = capture::start(&config.capture, local, clock)?;
    Ok((Some(tap), Some(files)))
}
