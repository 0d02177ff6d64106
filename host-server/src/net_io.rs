//! Sockets: a set of UDP sockets that one thread waits for, by mio. Streams of others (`websocket/`) can be waited for with them.
//!
//! In here: opening, waiting, receiving, sending, waking the thread from another. Not in here: what the datagrams
//! mean (`data_plane.rs` for the server, `bots/` for clients).

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;
use std::time::Duration;

use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Registry, Token};
use socket2::{Domain, Protocol, Socket, Type};

/// Token of the waker; sockets have their index.
const WAKER: Token = Token(usize::MAX);

/// Tokens from here on are those of streams that others registered with [`SocketSet::registry`]; they are among the ready.
pub const FIRST_STREAM: usize = 1 << 24;

/// Wakes the thread that waits or dozes on a [`SocketSet`].
#[derive(Clone, Debug)]
pub struct Waker(Arc<WakerState>);

#[derive(Debug)]
struct WakerState {
    poll: mio::Waker,
    /// The thread that dozes, once it has.
    thread: OnceLock<Thread>,
    /// Whether that thread is in a wait, which only the poll can end.
    waits: AtomicBool,
}

impl Waker {
    /// Makes the current or the next wait or doze return. Costs an atomic operation while the thread is at work.
    pub fn wake(&self) {
        if let Some(thread) = self.0.thread.get() {
            thread.unpark();
        }
        // Sequentially consistent with the store before a wait: either this sees the wait, or the waiting thread
        // sees what it is woken for when it looks once more before it waits.
        if self.0.waits.load(Ordering::SeqCst)
            && let Err(error) = self.0.poll.wake()
        {
            // The thread also wakes by time.
            tracing::debug!(%error, "waking a network thread");
        }
    }
}

/// What became of a datagram that was to be sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sent {
    /// The system took it.
    Yes,
    /// The socket's buffer is full; it is dropped, as any network may do.
    Full,
    /// The system refused it for another reason (no route, port closed at the other end).
    Refused,
}

/// UDP sockets that one thread waits for together.
pub struct SocketSet {
    poll: Poll,
    events: Events,
    sockets: Vec<UdpSocket>,
    ready: Vec<usize>,
    waker: Waker,
    failed_waits: u64,
}

impl SocketSet {
    /// An empty set. `capacity` is how many sockets one wait can report.
    ///
    /// # Errors
    /// When the system has no poll or no waker left.
    pub fn new(capacity: usize) -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Waker(Arc::new(WakerState {
            poll: mio::Waker::new(poll.registry(), WAKER)?,
            thread: OnceLock::new(),
            waits: AtomicBool::new(false),
        }));
        let events = Events::with_capacity(capacity + 1);
        Ok(Self {
            poll,
            events,
            sockets: Vec::new(),
            ready: Vec::with_capacity(capacity),
            waker,
            failed_waits: 0,
        })
    }

    /// Opens a socket on `address` and returns its index. `buffer_bytes` is wished for in both directions; the
    /// system may give less; 0 leaves it to the system.
    ///
    /// # Errors
    /// What the system says; [`ErrorKind::AddrInUse`] when another process has the port.
    pub fn open(&mut self, address: SocketAddr, buffer_bytes: usize) -> io::Result<usize> {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_nonblocking(true)?;
        if buffer_bytes > 0 {
            // Smaller buffers than wished for only lose more datagrams under load.
            let _ = socket.set_recv_buffer_size(buffer_bytes);
            let _ = socket.set_send_buffer_size(buffer_bytes);
        }
        tracing::debug!(%address, receive_bytes = socket.recv_buffer_size().ok(), "opening a UDP socket");
        socket.bind(&address.into())?;
        let mut socket = UdpSocket::from_std(socket.into());
        let index = self.sockets.len();
        self.poll.registry().register(&mut socket, Token(index), Interest::READABLE)?;
        self.sockets.push(socket);
        Ok(index)
    }

    /// Fixes the other end of a socket: it receives from there only, and sending is cheaper.
    ///
    /// # Errors
    /// What the system says.
    pub fn connect(&self, index: usize, to: SocketAddr) -> io::Result<()> {
        self.sockets[index].connect(to)
    }

    /// The address a socket is bound to.
    ///
    /// # Errors
    /// What the system says.
    pub fn address(&self, index: usize) -> io::Result<SocketAddr> {
        self.sockets[index].local_addr()
    }

    /// Where streams are registered that are waited for with the sockets, with tokens from [`FIRST_STREAM`] on.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        self.poll.registry()
    }

    /// The waker of this set.
    #[must_use]
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Waits until the waker is used or `timeout` is over, whatever the sockets receive. A thread that dozes a
    /// little between two looks at its sockets finds more at a time and pays for fewer changes of context.
    ///
    /// Always called by the same thread.
    pub fn doze(&self, timeout: Duration) {
        self.waker.0.thread.get_or_init(std::thread::current);
        std::thread::park_timeout(timeout);
    }

    /// As [`Self::wait`]; false when the system refused. That is logged ever more seldom (the 1st, 2nd, 4th time and so
    /// on), and takes a millisecond, so that a lasting failure neither fills the log nor the processor.
    pub fn wait_or_pause(&mut self, timeout: Duration, is_needed: impl FnOnce() -> bool) -> bool {
        let Err(error) = self.wait(timeout, is_needed) else { return true };
        self.failed_waits += 1;
        if self.failed_waits.is_power_of_two() {
            tracing::error!(%error, times = self.failed_waits, "waiting for datagrams");
        }
        std::thread::sleep(Duration::from_millis(1));
        false
    }

    /// Waits until a socket has something, the waker is used or `timeout` is over (rounded up to milliseconds).
    /// [`Self::ready`] then lists the sockets to read until they are empty. `is_needed` says whether there is
    /// something to do already; it is asked after the waker has been told that it must end a wait.
    ///
    /// # Errors
    /// What the system says; being interrupted by a signal is no error.
    pub fn wait(&mut self, timeout: Duration, is_needed: impl FnOnce() -> bool) -> io::Result<()> {
        self.ready.clear();
        self.waker.0.waits.store(true, Ordering::SeqCst);
        let timeout = if is_needed() { Duration::ZERO } else { timeout };
        let polled = self.poll.poll(&mut self.events, Some(timeout));
        self.waker.0.waits.store(false, Ordering::SeqCst);
        match polled {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            Err(error) => return Err(error),
        }
        self.ready.extend(self.events.iter().map(|event| event.token()).filter(|&t| t != WAKER).map(|t| t.0));
        Ok(())
    }

    /// The sockets that had something at the last wait.
    #[must_use]
    pub fn ready(&self) -> &[usize] {
        &self.ready
    }

    /// The next datagram of a socket, with its sender; `None` when there is none left. A datagram longer than
    /// `buffer` is cut to its length.
    pub fn receive_from(&self, index: usize, buffer: &mut [u8]) -> Option<(usize, SocketAddr)> {
        loop {
            match self.sockets[index].recv_from(buffer) {
                Ok(received) => return Some(received),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                Err(error) if is_echo_of_sending(&error) => {}
                Err(error) => {
                    tracing::debug!(%error, "receiving");
                    return None;
                }
            }
        }
    }

    /// The next datagram of a connected socket.
    pub fn receive(&self, index: usize, buffer: &mut [u8]) -> Option<usize> {
        loop {
            match self.sockets[index].recv(buffer) {
                Ok(length) => return Some(length),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                Err(error) if is_echo_of_sending(&error) => {}
                Err(error) => {
                    tracing::debug!(%error, "receiving");
                    return None;
                }
            }
        }
    }

    /// Sends a datagram from a socket that is not connected.
    pub fn send_to(&self, index: usize, datagram: &[u8], to: SocketAddr) -> Sent {
        outcome(&self.sockets[index].send_to(datagram, to))
    }

    /// Sends a datagram from a connected socket.
    pub fn send(&self, index: usize, datagram: &[u8]) -> Sent {
        outcome(&self.sockets[index].send(datagram))
    }
}

/// The IP to bind a client's socket to: any of the family and reach of the server's.
#[must_use]
pub fn own_ip(server: IpAddr) -> IpAddr {
    match server {
        IpAddr::V4(ip) if ip.is_loopback() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(ip) if ip.is_loopback() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    }
}

/// Some systems report on a socket that an earlier datagram found nobody. That is no fault of the next one.
fn is_echo_of_sending(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset | ErrorKind::Interrupted)
}

fn outcome(result: &io::Result<usize>) -> Sent {
    match result {
        Ok(_) => Sent::Yes,
        Err(error) if error.kind() == ErrorKind::WouldBlock => Sent::Full,
        Err(_) => Sent::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loopback() -> SocketAddr {
        "127.0.0.1:0".parse().unwrap()
    }

    #[test]
    fn datagrams_arrive_and_the_set_says_where() {
        let mut set = SocketSet::new(8).unwrap();
        let (a, b) = (set.open(loopback(), 1 << 16).unwrap(), set.open(loopback(), 1 << 16).unwrap());
        let (to, from) = (set.address(b).unwrap(), set.address(a).unwrap());
        assert_eq!(set.send_to(a, b"hello", to), Sent::Yes);
        set.wait(Duration::from_secs(5), || false).unwrap();
        assert_eq!(set.ready(), &[b]);
        let mut buffer = [0; 16];
        assert_eq!(set.receive_from(b, &mut buffer), Some((5, from)));
        assert_eq!(set.receive_from(b, &mut buffer), None);
    }

    #[test]
    fn the_waker_ends_a_wait() {
        let mut set = SocketSet::new(8).unwrap();
        let waker = set.waker();
        let (begun, begins) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            begins.recv().unwrap();
            waker.wake();
        });
        set.wait(Duration::from_secs(60), || begun.send(()).is_err()).unwrap();
        assert!(set.ready().is_empty());
        thread.join().unwrap();
    }

    #[test]
    fn a_wait_that_is_not_needed_does_not_wait() {
        let mut set = SocketSet::new(8).unwrap();
        set.wait(Duration::from_secs(60), || true).unwrap();
    }

    #[test]
    fn the_waker_ends_a_doze_also_when_it_comes_first() {
        let set = SocketSet::new(8).unwrap();
        set.doze(Duration::ZERO);
        let waker = set.waker();
        std::thread::spawn(move || waker.wake()).join().unwrap();
        set.doze(Duration::from_secs(60));
    }

    #[test]
    fn a_taken_port_is_an_error_that_says_so() {
        let mut set = SocketSet::new(8).unwrap();
        let first = set.open(loopback(), 1 << 16).unwrap();
        let again = set.open(set.address(first).unwrap(), 1 << 16);
        assert_eq!(again.unwrap_err().kind(), ErrorKind::AddrInUse);
    }
}
