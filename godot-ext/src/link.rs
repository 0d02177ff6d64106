//! A client session with its socket and its clock: what stands between Godot's frames and the sans-I/O client.
//! Nothing of Godot is in here. The socket is polled, never waited for.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use shieldwall_core::CharacterInput;
use shieldwall_core::spatial::Scenery;
use shieldwall_net::client::{AdvanceReport, GameClient, GameClientConfig};
use shieldwall_net::secure::{ConnectToken, DATAGRAM_MAX, TokenError, development_token};
use shieldwall_net::time::{Micros, UnixSeconds};

/// Datagrams taken from the socket in one frame at most: a flood must not stop the game.
const DATAGRAMS_PER_FRAME: u32 = 256;

/// Why a session could not even begin.
#[derive(Debug)]
pub(crate) enum LinkError {
    /// The development key works on this machine only: another one needs a token.
    NeedsToken,
    /// The token cannot be read.
    Token(TokenError),
    /// No socket.
    Socket(std::io::Error),
}

fn no_random() -> LinkError {
    LinkError::Socket(std::io::Error::other("the system gives no random numbers"))
}

pub(crate) struct Link {
    socket: UdpSocket,
    pub(crate) client: GameClient,
    /// What stands in the host's world.
    pub(crate) scenery: Arc<Scenery>,
    origin: Instant,
}

impl Link {
    /// Begins a session with a host of this machine that runs with the development key.
    pub(crate) fn for_development(
        server: SocketAddr,
        name: &str,
        scenery: Arc<Scenery>,
    ) -> Result<Link, LinkError> {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let mut client_id = [0; 8];
        let mut failed = getrandom::fill(&mut client_id).is_err();
        let mut random = |out: &mut [u8]| failed |= getrandom::fill(out).is_err();
        let token =
            development_token(server, u64::from_le_bytes(client_id), name, UnixSeconds(seconds), &mut random);
        if failed {
            return Err(no_random());
        }
        match token {
            Ok(token) => Link::with_token(token, scenery),
            Err(TokenError::NotLoopback) => Err(LinkError::NeedsToken),
            Err(error) => Err(LinkError::Token(error)),
        }
    }

    /// Begins a session with a token from a backend.
    pub(crate) fn with_token(token: ConnectToken, scenery: Arc<Scenery>) -> Result<Link, LinkError> {
        let any: IpAddr = match token.server_addresses.as_slice().first() {
            Some(SocketAddr::V6(_)) => Ipv6Addr::UNSPECIFIED.into(),
            _ => Ipv4Addr::UNSPECIFIED.into(),
        };
        let socket = UdpSocket::bind((any, 0)).map_err(LinkError::Socket)?;
        socket.set_nonblocking(true).map_err(LinkError::Socket)?;
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|_| no_random())?;
        let config = GameClientConfig { scenery: Arc::clone(&scenery), ..GameClientConfig::default() };
        let client = GameClient::with_forward_secrecy(token, config, seed, Micros::ZERO);
        Ok(Link { socket, client, scenery, origin: Instant::now() })
    }

    /// Microseconds since the session began.
    pub(crate) fn now(&self) -> Micros {
        Micros(u64::try_from(self.origin.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    /// One frame: takes in what arrived, predicts what is due, sends what is to be sent.
    pub(crate) fn frame(&mut self, input: CharacterInput) -> AdvanceReport {
        let now = self.now();
        self.receive(now);
        let report = self.client.advance(now, input);
        self.send(now);
        report
    }

    fn receive(&mut self, now: Micros) {
        let mut buffer = [0; 2048];
        for _ in 0..DATAGRAMS_PER_FRAME {
            match self.socket.recv_from(&mut buffer) {
                // What is refused is counted by the client; nothing else is to be done about it.
                Ok((length, from)) => {
                    let _refused = self.client.handle_datagram(from, &mut buffer[..length], now);
                }
                // A host that is not there answers by an error on the socket; the session's timeout tells it better.
                Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
                Err(_) => return,
            }
        }
    }

    /// Sends what is due; a full socket loses a datagram, which the protocol expects.
    pub(crate) fn send(&mut self, now: Micros) {
        let mut buffer = [0; DATAGRAM_MAX];
        while let Some((to, length)) = self.client.poll_transmit(now, &mut buffer) {
            let _lost = self.socket.send_to(&buffer[..length], to);
        }
    }
}
