//! Settings of the host: defaults, then a TOML file, then the environment, then flags; the later wins.
//!
//! In here: the settings as the rest of the host uses them. The layers are read in `layers.rs`, put on top of each
//! other and checked in `resolve.rs`; `error.rs` says what can be wrong.

mod error;
mod layers;
mod resolve;
mod scenario;

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use shieldwall_core::WorldConfig;
use shieldwall_core::spatial::Scenery;
use shieldwall_net::secure::{DEVELOPMENT_KEY, PROTOCOL_ID, SecondLogin};
use shieldwall_net::server::ReplicationConfig;
use shieldwall_rules::Report;

pub use error::{ConfigError, Origin};

use crate::capture::CaptureSettings;
use crate::cli::{LogFormat, Scenario, ServerFlags};

/// Most clients a server can be told to take.
pub const MAX_CLIENTS_LIMIT: u32 = 16_384;

/// All settings, checked.
#[derive(Clone, Debug)]
pub struct HostConfig {
    /// The game's data plane.
    pub server: ServerSettings,
    /// The control plane.
    pub http: HttpSettings,
    /// The WebSocket carrier.
    pub websocket: WebSocketSettings,
    /// What is captured for those who debug the protocol. Of flags alone: it is for one run.
    pub capture: CaptureSettings,
    /// The simulated world, as the kernel takes it.
    pub world: WorldConfig,
    /// What the ground is made from and what stands on it.
    pub scenery: Arc<Scenery>,
    /// Where and how the bots of `demo` meet; none without bots.
    pub scenario: Option<Scenario>,
    /// Who comes is of one of several movement classes, not always a soldier.
    pub mixed_classes: bool,
    /// Where the world's rules come from.
    pub ruleset: RulesetFile,
    /// What clients are sent, as the network layer takes it.
    pub replication: ReplicationConfig,
    /// The bots of `demo`.
    pub bots: BotSettings,
    /// The log.
    pub log: LogSettings,
}

/// Settings of the data plane.
#[derive(Clone)]
pub struct ServerSettings {
    /// Address to serve on.
    pub bind: IpAddr,
    /// UDP port; 0 takes any free one.
    pub udp_port: u16,
    /// Clients taken at a time, 1 to [`MAX_CLIENTS_LIMIT`].
    pub max_clients: u32,
    /// Key that connect tokens are sealed with.
    pub private_key: [u8; 32],
    /// Identifies the game and its version on the wire.
    pub protocol_id: u64,
    /// Addresses clients may know this server by; tokens must name one of them. Empty: the address it is bound to.
    pub public_addresses: Vec<SocketAddr>,
    /// Longest lifetime of tokens made with the private key, in seconds. A server with a key of its own refuses
    /// tokens that may be older than itself, because it cannot know whether they were used; 0 takes them.
    pub max_token_lifetime_s: u32,
    /// What becomes of a login of a player who has a session already.
    pub second_login: SecondLogin,
    /// Whether clients must agree on new keys: those that know netcode alone cannot play then.
    pub require_forward_secrecy: bool,
    /// Threads that run a tick together; 0: one for each processor. Changes no result.
    pub threads: u32,
    /// Whether the threads that a tick waits for ask the system for real time. Where it refuses, they go on without.
    pub realtime: bool,
}

impl std::fmt::Debug for ServerSettings {
    /// Everything but the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerSettings")
            .field("bind", &self.bind)
            .field("udp_port", &self.udp_port)
            .field("max_clients", &self.max_clients)
            .field("protocol_id", &self.protocol_id)
            .field("public_addresses", &self.public_addresses)
            .field("max_token_lifetime_s", &self.max_token_lifetime_s)
            .field("second_login", &self.second_login)
            .field("require_forward_secrecy", &self.require_forward_secrecy)
            .field("threads", &self.threads)
            .field("realtime", &self.realtime)
            .finish_non_exhaustive()
    }
}

/// Settings of the control plane.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Whether there is one.
    pub enabled: bool,
    /// Address to serve on.
    pub bind: IpAddr,
    /// TCP port wished for; the next free one is taken when it is in use. 0 takes any free one.
    pub port: u16,
}

/// Settings of the WebSocket carrier.
#[derive(Clone, Debug)]
pub struct WebSocketSettings {
    /// Address and port to listen on; none: there is no such carrier. Port 0 takes any free one.
    pub bind: Option<SocketAddr>,
    /// TLS; none: the carrier itself is in the clear, what is in it is sealed all the same.
    pub tls: Option<TlsFiles>,
    /// Connections in all; none: 64 more than clients.
    pub max_connections: Option<u32>,
    /// Connections from one address; loopback is not limited.
    pub max_per_address: u32,
}

/// The files of a TLS server, both PEM.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The certificate and those that vouch for it.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Where the rules come from.
#[derive(Clone, Debug, Default)]
pub struct RulesetFile {
    /// The file; `None` for the shipped rules.
    pub path: Option<PathBuf>,
    /// What was rounded in it.
    pub warnings: Report,
}

/// Settings of the bots of `demo`.
#[derive(Clone, Debug)]
pub struct BotSettings {
    /// How many.
    pub count: u32,
    /// Threads they run on.
    pub threads: u32,
}

/// Settings of the log.
#[derive(Clone, Debug)]
pub struct LogSettings {
    /// How lines look.
    pub format: LogFormat,
    /// What is logged: a level, or a filter of `tracing`. `None` leaves the choice to the subcommand.
    pub level: Option<String>,
}

impl Default for HostConfig {
    /// The demo battle on loopback.
    fn default() -> Self {
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Self {
            server: ServerSettings {
                bind: loopback,
                udp_port: 7777,
                max_clients: 1024,
                private_key: DEVELOPMENT_KEY,
                protocol_id: PROTOCOL_ID,
                public_addresses: Vec::new(),
                max_token_lifetime_s: 300,
                second_login: SecondLogin::Refuse,
                require_forward_secrecy: false,
                threads: 0,
                realtime: true,
            },
            http: HttpSettings { enabled: true, bind: loopback, port: 8080 },
            websocket: WebSocketSettings {
                bind: None,
                tls: None,
                max_connections: None,
                max_per_address: 32,
            },
            capture: CaptureSettings::default(),
            world: WorldConfig { seed: 1, ..WorldConfig::default() },
            scenery: Arc::default(),
            scenario: None,
            mixed_classes: false,
            ruleset: RulesetFile::default(),
            replication: ReplicationConfig::default(),
            bots: BotSettings { count: 200, threads: 0 },
            log: LogSettings { format: LogFormat::Human, level: None },
        }
    }
}

impl HostConfig {
    /// Puts the layers on top of each other and checks the outcome.
    ///
    /// `bots` is the flag `--bots` (demo only); `environment` is usually `std::env::vars_os()`. Variables of other
    /// programs may hold anything.
    ///
    /// # Errors
    /// The first thing that is wrong, with the place it was given at.
    pub fn resolve(
        flags: &ServerFlags,
        bots: Option<u32>,
        environment: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let stack = Self::stack(flags, bots, environment)?;
        Ok(Self { capture: flags.capture.settings(), ..resolve::resolve(&stack, None)? })
    }

    /// [`HostConfig::resolve`] for the demo battle: in the fort or on the field of the scenario unless something else is asked
    /// for, by several classes.
    ///
    /// # Errors
    /// As [`HostConfig::resolve`].
    pub fn resolve_demo(
        flags: &ServerFlags,
        bots: Option<u32>,
        scenario: Scenario,
        environment: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let stack = Self::stack(flags, bots, environment)?;
        let config = resolve::resolve(&stack, Some(scenario))?;
        Ok(Self { mixed_classes: true, capture: flags.capture.settings(), ..config })
    }

    fn stack(
        flags: &ServerFlags,
        bots: Option<u32>,
        environment: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<Vec<layers::Layer>, ConfigError> {
        let mut stack = Vec::new();
        if let Some(path) = &flags.config {
            stack.push(layers::from_file(path)?);
        }
        stack.extend(layers::from_environment(environment)?);
        stack.push(layers::from_flags(flags, bots));
        Ok(stack)
    }
}

/// Reads a private key: 32 bytes, or 64 hex digits (white space around them is ignored).
///
/// # Errors
/// A message that names the file when it cannot be read or is neither.
pub fn read_key_file(path: &Path) -> Result<[u8; 32], ConfigError> {
    let bytes =
        std::fs::read(path).map_err(|source| ConfigError::Read { path: path.to_path_buf(), source })?;
    if let Ok(key) = <[u8; 32]>::try_from(bytes.as_slice()) {
        return Ok(key);
    }
    std::str::from_utf8(&bytes).ok().and_then(|text| parse_key(text.trim())).ok_or_else(|| {
        ConfigError::Value {
            key: "server.private_key_file",
            origin: Origin::File { path: path.to_path_buf(), line: 1 },
            problem: format!(
                "a key is 32 bytes or 64 hex digits, this file has {} bytes of something else",
                bytes.len()
            ),
        }
    })
}

/// A key from 64 hex digits.
pub(crate) fn parse_key(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut key = [0; 32];
    for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    Some(key)
}
