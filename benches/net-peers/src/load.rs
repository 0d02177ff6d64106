//! One load for every transport: a server and its clients in lock step over UDP on the loopback, 60 ticks a second of game
//! time as fast as they go. Only what the server does is counted, as processor time of the thread.
//!
//! In here: the load and the loop around it. Not in here: any transport (one file each).

use cpu_time::ThreadTime;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

/// Ticks in a second; each client sends once a tick.
pub const TICK_HZ: u32 = 60;
/// A client gets a message every so many ticks: 20 a second.
pub const DOWN_EVERY: u32 = 3;
/// Bytes of a message to a client.
pub const DOWN_BYTES: usize = 600;
/// Bytes of a message to the server.
pub const UP_BYTES: usize = 30;

/// Receive buffers are asked to hold a whole tick of everybody.
const BUFFER_BYTES: usize = 32 << 20;

/// A server and its connected clients.
pub trait Transport {
    /// Every client sends [`UP_BYTES`].
    fn clients_send(&mut self, tick: u32);
    /// The server takes what came; the number of messages.
    fn server_receives(&mut self, tick: u32) -> u64;
    /// The server sends `message` to every client whose turn it is ([`is_turn`]), and does whatever else it does in a tick.
    fn server_sends(&mut self, tick: u32, message: &[u8; DOWN_BYTES]);
    /// Every client takes what came; the number of messages.
    fn clients_receive(&mut self, tick: u32) -> u64;
}

/// Whether a client gets its message in this tick: a third of them in each.
pub fn is_turn(client: usize, tick: u32) -> bool {
    (client as u32 + tick).is_multiple_of(DOWN_EVERY)
}

/// Game time at the beginning of a tick.
pub fn time_of(tick: u32) -> Duration {
    Duration::from_nanos(u64::from(tick) * 1_000_000_000 / u64::from(TICK_HZ))
}

/// What a run cost.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Processor time of the server for one client and second of game time, in microseconds.
    pub us_per_client_second: f64,
    /// Messages that arrived, of those that were sent, both directions together.
    pub delivered: f64,
}

/// Plays `ticks` ticks after a second of warming up.
pub fn run(transport: &mut dyn Transport, clients: usize, ticks: u32) -> Cost {
    let message = [0xa5; DOWN_BYTES];
    let (mut server, mut arrived) = (Duration::ZERO, 0);
    for tick in 1..=TICK_HZ + ticks {
        transport.clients_send(tick);
        let start = ThreadTime::now();
        let up = transport.server_receives(tick);
        transport.server_sends(tick, &message);
        let spent = start.elapsed();
        let down = transport.clients_receive(tick);
        if tick > TICK_HZ {
            server += spent;
            arrived += up + down;
        }
    }
    let seconds = f64::from(ticks) / f64::from(TICK_HZ);
    let sent = clients as f64 * f64::from(ticks) * (1.0 + 1.0 / f64::from(DOWN_EVERY));
    Cost {
        us_per_client_second: server.as_secs_f64() * 1e6 / (clients as f64 * seconds),
        delivered: arrived as f64 / sent,
    }
}

/// A socket on the loopback that never blocks, with room for a tick of everybody where the system grants it.
pub fn socket() -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(("127.0.0.1", 0))?;
    socket.set_nonblocking(true)?;
    if rustix::net::sockopt::set_socket_recv_buffer_size_force(&socket, BUFFER_BYTES).is_err() {
        // Only root may go over the system's limit; what does not fit is seen as not delivered.
        rustix::net::sockopt::set_socket_recv_buffer_size(&socket, BUFFER_BYTES)?;
    }
    Ok(socket)
}

/// The next datagram, if one waits.
pub fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> Option<(usize, SocketAddr)> {
    loop {
        match socket.recv_from(buffer) {
            Ok(got) => return Some(got),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
            // A client that is gone answers with "refused"; the next datagram is another matter.
            Err(_) => {}
        }
    }
}
