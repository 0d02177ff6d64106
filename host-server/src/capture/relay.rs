//! `shieldwall capture`: stands between clients and a server, passes every datagram on unchanged, and writes them down.
//!
//! For those who cannot ask the host to capture (`--capture`), or want to see what a client's side of a network sees. A token
//! names its server's address: clients must know the server by the relay's, which the server is told by `--public-address`.
//! Nothing is opened here; the keys come from a key log of either end.

use std::net::SocketAddr;
use std::time::Duration;

use shieldwall_net::secure::DATAGRAM_MAX;

use super::packet_file::{Packet, PacketFile};
use crate::cli::CaptureFlags;
use crate::clock::Clock;
use crate::error::HostError;
use crate::net_io::{Sent, SocketSet};
use crate::signals::StopFlag;

/// Clients at most, each with a socket of its own.
const CLIENTS_MAX: usize = 1_024;

/// Longest wait for a datagram.
const WAIT: Duration = Duration::from_millis(50);

/// Wished size of the sockets' buffers.
const BUFFER_BYTES: usize = 1 << 20;

/// What a relay has passed on.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    clients: usize,
    up: u64,
    down: u64,
    dropped: u64,
}

struct Relay {
    clock: Clock,
    sockets: SocketSet,
    listen: SocketAddr,
    server: SocketAddr,
    /// The client whose socket has the index after its own: 0 is the socket that clients send to.
    clients: Vec<SocketAddr>,
    file: PacketFile,
    counts: Counts,
}

/// Runs until told to stop or for the wished time; returns what it has done, in words.
///
/// # Errors
/// [`HostError::PortInUse`], [`HostError::Socket`], [`HostError::File`].
pub fn run(flags: &CaptureFlags) -> Result<String, HostError> {
    let stop = StopFlag::on_signals()?;
    let failed = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::AddrInUse => HostError::PortInUse(flags.listen),
        _ => HostError::Socket { what: format!("UDP on {}", flags.listen), source },
    };
    let mut sockets = SocketSet::new(CLIENTS_MAX + 1).map_err(failed)?;
    sockets.open(flags.listen, BUFFER_BYTES).map_err(failed)?;
    let listen = sockets.address(0).map_err(failed)?;
    let mut relay = Relay {
        clock: Clock::start(),
        sockets,
        listen,
        server: flags.server,
        clients: Vec::new(),
        file: PacketFile::create(&flags.out, flags.file_mib.saturating_mul(1 << 20))?,
        counts: Counts::default(),
    };
    crate::commands::print(&format!(
        "clients that know the server as {listen} reach {} and are written to {}\n",
        flags.server,
        flags.out.display()
    ));
    let started = relay.clock.now();
    let is_over = |clock: &Clock| {
        let ran = clock.now().since(started).as_secs_f64();
        flags.duration_s.is_some_and(|seconds| ran >= seconds as f64)
    };
    while !stop.is_raised() && !is_over(&relay.clock) {
        relay.turn()?;
    }
    relay.file.flush()?;
    let Counts { clients, up, down, dropped } = relay.counts;
    Ok(format!("{clients} clients: {up} datagrams up, {down} down, {dropped} dropped\n"))
}

impl Relay {
    fn turn(&mut self) -> Result<(), HostError> {
        self.sockets.wait_or_pause(WAIT, || false);
        let ready = self.sockets.ready().to_vec();
        for index in ready {
            match index.checked_sub(1) {
                None => self.pass_up()?,
                Some(client) => self.pass_down(client)?,
            }
        }
        self.file.flush()
    }

    fn pass_up(&mut self) -> Result<(), HostError> {
        let mut buffer = [0; DATAGRAM_MAX + 1];
        while let Some((length, from)) = self.sockets.receive_from(0, &mut buffer) {
            self.write(from, self.listen, &buffer[..length])?;
            let known = self.clients.iter().position(|&client| client == from);
            let client = known.or_else(|| self.admit(from));
            let sent = client.map(|client| self.sockets.send(client + 1, &buffer[..length]));
            match sent {
                Some(Sent::Yes) => self.counts.up += 1,
                _ => self.counts.dropped += 1,
            }
        }
        Ok(())
    }

    /// A socket for a new client; none when there are too many or the system has none.
    fn admit(&mut self, client: SocketAddr) -> Option<usize> {
        if self.clients.len() >= CLIENTS_MAX {
            return None;
        }
        let own = SocketAddr::new(crate::net_io::own_ip(self.server.ip()), 0);
        let index = self.sockets.open(own, BUFFER_BYTES).ok()?;
        // The index is taken, whatever comes.
        self.clients.push(client);
        self.counts.clients += 1;
        if let Err(error) = self.sockets.connect(index, self.server) {
            tracing::warn!(%error, "reaching the server");
        }
        Some(index - 1)
    }

    fn pass_down(&mut self, client: usize) -> Result<(), HostError> {
        let Some(&to) = self.clients.get(client) else { return Ok(()) };
        let mut buffer = [0; DATAGRAM_MAX + 1];
        while let Some(length) = self.sockets.receive(client + 1, &mut buffer) {
            self.write(self.listen, to, &buffer[..length])?;
            match self.sockets.send_to(0, &buffer[..length], to) {
                Sent::Yes => self.counts.down += 1,
                Sent::Full | Sent::Refused => self.counts.dropped += 1,
            }
        }
        Ok(())
    }

    fn write(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) -> Result<(), HostError> {
        let unix_us = self.clock.unix_us_at_origin() + self.clock.now().0;
        self.file.write(&Packet { unix_us, from, to, line: 0, left_out: 0, bytes })
    }
}
