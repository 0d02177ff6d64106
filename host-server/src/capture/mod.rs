//! Capturing datagrams and keys, for those who debug the protocol. Off unless asked for.
//!
//! The network thread hands copies to a thread of its own, which writes them: to a pcapng file ([`packet_file`]) and to a key
//! log ([`key_log`]). Policy when the disk is slow: packets are left out of the capture, counted, and their number is
//! noted in the file; nothing waits. `shieldwall dissect` explains such a file ([`crate::dissect`]).
//!
//! A key log makes everything in its sessions readable. It is a file of its own so that a capture can be handed on without it.

pub mod key_log;
pub mod packet_file;
pub mod packet_reader;
pub mod relay;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use shieldwall_net::secure::{DATAGRAM_MAX, Direction, PeerAddress, SessionKeys};
use shieldwall_net::time::Micros;

use crate::clock::Clock;
use crate::error::HostError;
use crate::queues::{Receiver, Sender, lane};
use key_log::KeyLog;
use packet_file::{Packet, PacketFile};

/// Packets on their way to the disk at most: half a second of a thousand clients.
const PACKETS: usize = 8_192;

/// Keys on their way to the disk at most.
const KEYS: usize = 256;

/// How often the writer looks for more.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// What is to be captured.
#[derive(Clone, Debug, Default)]
pub struct CaptureSettings {
    /// The pcapng file.
    pub file: Option<PathBuf>,
    /// Bytes of that file at most; the one before is kept beside it, with `.1` at the end of its name.
    pub file_bytes: u64,
    /// The key log.
    pub key_log: Option<PathBuf>,
}

impl CaptureSettings {
    /// Whether there is anything to do.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.file.is_none() && self.key_log.is_none()
    }
}

/// A datagram on its way to the file.
#[derive(Clone)]
struct Captured {
    at: Micros,
    direction: Direction,
    peer: PeerAddress,
    length: usize,
    /// One byte more than a datagram has, so that one that is too long shows.
    bytes: [u8; DATAGRAM_MAX + 1],
    /// Packets left out before this one.
    left_out: u64,
}

impl Captured {
    fn empty() -> Self {
        let peer = SocketAddr::from(([0, 0, 0, 0], 0)).into();
        let (at, direction) = (Micros::ZERO, Direction::Up);
        Self { at, direction, peer, length: 0, bytes: [0; DATAGRAM_MAX + 1], left_out: 0 }
    }
}

/// The network thread's end.
pub struct CaptureTap {
    packets: Option<Sender<Captured>>,
    keys: Option<Sender<Option<SessionKeys>>>,
    left_out: u64,
    /// For the figures.
    dropped: Arc<AtomicU64>,
}

impl CaptureTap {
    /// Takes down a datagram.
    pub fn packet(&mut self, direction: Direction, peer: PeerAddress, datagram: &[u8], now: Micros) {
        let Some(packets) = &self.packets else { return };
        let Some(mut item) = packets.take() else {
            self.left_out += 1;
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let length = datagram.len().min(item.bytes.len());
        item.bytes[..length].copy_from_slice(&datagram[..length]);
        (item.at, item.direction, item.peer, item.length) = (now, direction, peer, length);
        item.left_out = std::mem::take(&mut self.left_out);
        packets.send(item);
    }

    /// Whether keys are wanted.
    #[must_use]
    pub fn logs_keys(&self) -> bool {
        self.keys.is_some()
    }

    /// Takes down the secrets of a session.
    pub fn keys(&mut self, keys: &SessionKeys) {
        let Some(lane) = &self.keys else { return };
        match lane.take() {
            Some(mut item) => {
                *item = Some(*keys);
                lane.send(item);
            }
            None => _ = self.dropped.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// Packets and keys left out because the disk was slow.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// The writer thread; ask it for the outcome when the network thread has ended. It ends also where nobody asks.
pub struct CaptureFiles {
    thread: Option<JoinHandle<Result<(), HostError>>>,
    done: Arc<AtomicBool>,
}

impl CaptureFiles {
    /// Waits until everything is in the files.
    ///
    /// # Errors
    /// [`HostError::File`] when writing failed at some time; what was written before is good.
    pub fn finish(mut self) -> Result<(), HostError> {
        self.done.store(true, Ordering::Release);
        let Some(thread) = self.thread.take() else { return Ok(()) };
        thread.join().map_err(|_| HostError::ThreadDied("capture"))?
    }
}

impl Drop for CaptureFiles {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Release);
    }
}

/// Opens the files and starts the writer. `local` is the server's own address.
///
/// # Errors
/// [`HostError::File`] when a file cannot be made, [`HostError::System`] when there is no thread.
pub fn start(
    settings: &CaptureSettings,
    local: SocketAddr,
    clock: Clock,
) -> Result<(CaptureTap, CaptureFiles), HostError> {
    let mut writer = Writer { origin_us: clock.unix_us_at_origin(), local, packets: None, keys: None };
    let mut tap = CaptureTap { packets: None, keys: None, left_out: 0, dropped: Arc::default() };
    if let Some(path) = &settings.file {
        let (sender, receiver) = lane(PACKETS, Captured::empty);
        writer.packets = Some((receiver, PacketFile::create(path, settings.file_bytes)?));
        tap.packets = Some(sender);
    }
    if let Some(path) = &settings.key_log {
        let (sender, receiver) = lane(KEYS, || None);
        writer.keys = Some((receiver, KeyLog::create(path)?));
        tap.keys = Some(sender);
        tracing::warn!(file = %path.display(), "the keys of all sessions are logged: whoever has the file can read and forge them");
    }
    let done = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&done);
    let thread = std::thread::Builder::new()
        .name("capture".to_owned())
        .spawn(move || writer.run(&told))
        .map_err(|error| HostError::System { what: "starting a thread", message: error.to_string() })?;
    Ok((tap, CaptureFiles { thread: Some(thread), done }))
}

struct Writer {
    /// Unix time of the clock's origin, in microseconds.
    origin_us: u64,
    local: SocketAddr,
    packets: Option<(Receiver<Captured>, PacketFile)>,
    keys: Option<(Receiver<Option<SessionKeys>>, KeyLog)>,
}

impl Writer {
    fn run(mut self, done: &AtomicBool) -> Result<(), HostError> {
        loop {
            let last_round = done.load(Ordering::Acquire);
            self.write_waiting()?;
            if last_round {
                return Ok(());
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn write_waiting(&mut self) -> Result<(), HostError> {
        if let Some((lane, log)) = &mut self.keys {
            while let Some(mut item) = lane.receive() {
                if let Some(keys) = item.take() {
                    log.write(&keys)?;
                }
                lane.give_back(item);
            }
        }
        if let Some((lane, file)) = &mut self.packets {
            while let Some(item) = lane.receive() {
                let (from, to) = match item.direction {
                    Direction::Up => (item.peer.socket, self.local),
                    Direction::Down => (self.local, item.peer.socket),
                };
                let packet = Packet {
                    unix_us: self.origin_us + item.at.0,
                    from,
                    to,
                    line: item.peer.line,
                    left_out: item.left_out,
                    bytes: &item.bytes[..item.length],
                };
                file.write(&packet)?;
                lane.give_back(item);
            }
            file.flush()?;
        }
        Ok(())
    }
}

/// Opens a new file that nobody else on the machine can read.
fn create_private(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
        options.mode(0o600);
        let file = options.open(path)?;
        // A file that was there before keeps its own mode otherwise.
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        Ok(file)
    }
    #[cfg(not(unix))]
    options.open(path)
}
