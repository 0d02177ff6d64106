//! What can end a run with something else than success, and the exit code each has.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::config::ConfigError;

/// Why a command failed. Its text is for the person at the terminal: what happened and what to do.
#[derive(Debug)]
pub enum HostError {
    /// The settings cannot be used.
    Config(ConfigError),
    /// The kernel or the network layer refused the settings.
    Refused(String),
    /// The UDP port of the game is taken.
    PortInUse(SocketAddr),
    /// The TCP port for WebSocket connections is taken.
    WebSocketPortInUse(SocketAddr),
    /// A socket cannot be opened.
    Socket {
        /// What for and where, in words.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file cannot be written or read.
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Not every bot could connect.
    BotsNotConnected {
        /// How many were connected at some time.
        connected: u32,
        /// How many there are.
        wanted: u32,
        /// What the others met, if known.
        why: String,
    },
    /// Bots were connected and lost their sessions, or were refused.
    BotsLost {
        /// How many.
        lost: u32,
        /// How many there are.
        of: u32,
    },
    /// The system lets the process open too few files and sockets.
    TooFewFiles {
        /// How many are needed.
        needed: u64,
        /// How many there can be.
        limit: u64,
    },
    /// A height file, or what one is to be made of, cannot be used.
    Terrain(String),
    /// A scenery, or what one is made from, cannot be used.
    Scenery(String),
    /// A replay or a state image is damaged or of another version.
    ReplayFormat(String),
    /// A capture or a key log is damaged, or none.
    Capture(String),
    /// A replay does not lead to the recorded hashes.
    ReplayDiffers(String),
    /// A thread of the host died. This is a fault of the program.
    ThreadDied(&'static str),
    /// The system refused something the host cannot do without.
    System {
        /// What was asked for.
        what: &'static str,
        /// What the system said.
        message: String,
    },
}

impl HostError {
    /// The exit code of the process, as `shieldwall --help` lists them. Flag errors (2) come from the parser.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::ThreadDied(_) | Self::System { .. } => 1,
            Self::Config(_) | Self::Refused(_) => 3,
            Self::PortInUse(_)
            | Self::WebSocketPortInUse(_)
            | Self::Socket { .. }
            | Self::TooFewFiles { .. } => 4,
            Self::File { .. } | Self::Terrain(_) | Self::Scenery(_) | Self::Capture(_) => 5,
            Self::BotsNotConnected { .. } | Self::BotsLost { .. } => 6,
            Self::ReplayFormat(_) | Self::ReplayDiffers(_) => 7,
        }
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => write!(f, "{error}"),
            Self::Refused(message) => write!(f, "the settings were refused: {message}"),
            Self::PortInUse(address) => write!(
                f,
                "UDP port {} on {} is in use, perhaps by another shieldwall; stop it, or choose another port with \
                 --udp-port (0 takes any free one)",
                address.port(),
                address.ip()
            ),
            Self::WebSocketPortInUse(address) => write!(
                f,
                "TCP port {} on {} is in use; choose another one for WebSocket with --websocket (port 0 takes any free one)",
                address.port(),
                address.ip()
            ),
            Self::Socket { what, source } => write!(f, "cannot open {what}: {source}"),
            Self::File { path, source } => write!(f, "{}: {source}", path.display()),
            Self::BotsNotConnected { connected, wanted, why } => {
                write!(f, "only {connected} of {wanted} bots could connect: {why}")
            }
            Self::BotsLost { lost, of } => {
                write!(f, "{lost} of {of} bots lost their sessions or were refused")
            }
            Self::TooFewFiles { needed, limit } => write!(
                f,
                "{needed} open files and sockets are needed and the system allows {limit}; raise the hard limit (see \
                 `ulimit -Hn`) or ask for fewer bots"
            ),
            Self::Terrain(message) => write!(f, "{message}"),
            Self::Scenery(message) | Self::Capture(message) => f.write_str(message),
            Self::ReplayFormat(message) => write!(f, "cannot be read: {message}"),
            Self::ReplayDiffers(message) => write!(f, "the replay does not reproduce: {message}"),
            Self::ThreadDied(name) => {
                write!(f, "the {name} thread stopped unexpectedly; this is a fault of shieldwall")
            }
            Self::System { what, message } => write!(f, "{what} failed: {message}"),
        }
    }
}

impl std::error::Error for HostError {}

impl From<ConfigError> for HostError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}
