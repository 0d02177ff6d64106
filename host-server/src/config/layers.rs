//! The three layers settings come from (file, environment, flags), each as the same optional fields.
//!
//! In here: reading a layer and its errors of form. Not in here: what values mean and which layer wins
//! ([`super::resolve`]).

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::error::{ConfigError, Origin};
use crate::cli::{LogFormat, ServerFlags};

/// A value of a layer, with the bytes of the text it was read from.
pub(super) type Field<T> = Option<Spanned<T>>;

/// Everything that can be set. The names here are the names in the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawConfig {
    pub(super) server: RawServer,
    pub(super) http: RawHttp,
    pub(super) websocket: RawWebSocket,
    pub(super) world: RawWorld,
    pub(super) replication: RawReplication,
    pub(super) bots: RawBots,
    pub(super) log: RawLog,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawServer {
    pub(super) bind: Field<IpAddr>,
    pub(super) udp_port: Field<u16>,
    pub(super) max_clients: Field<u32>,
    pub(super) private_key: Field<String>,
    pub(super) private_key_file: Field<PathBuf>,
    pub(super) protocol_id: Field<u64>,
    pub(super) public_addresses: Field<Vec<SocketAddr>>,
    pub(super) max_token_lifetime_s: Field<u32>,
    pub(super) second_login: Field<RawSecondLogin>,
    pub(super) require_forward_secrecy: Field<bool>,
    pub(super) reconnect_grace_s: Field<u16>,
    pub(super) threads: Field<u32>,
    pub(super) realtime: Field<bool>,
}

/// `"refuse"` or `"replace"`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawSecondLogin {
    Refuse,
    Replace,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawHttp {
    pub(super) enabled: Field<bool>,
    pub(super) bind: Field<IpAddr>,
    pub(super) port: Field<u16>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawWebSocket {
    pub(super) bind: Field<SocketAddr>,
    pub(super) tls_cert: Field<PathBuf>,
    pub(super) tls_key: Field<PathBuf>,
    pub(super) max_connections: Field<u32>,
    pub(super) max_per_address: Field<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawWorld {
    pub(super) seed: Field<u64>,
    pub(super) tick_hz: Field<u16>,
    pub(super) half_extent_m: Field<i32>,
    #[serde(alias = "scenery")]
    pub(super) terrain: Field<PathBuf>,
    pub(super) rules: Field<PathBuf>,
    pub(super) teams: Field<u8>,
    pub(super) character_capacity: Field<u32>,
    pub(super) projectile_capacity: Field<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawReplication {
    pub(super) preset: Field<String>,
    pub(super) snapshot_hz: Field<u16>,
    pub(super) down_budget_bytes_per_s: Field<u32>,
    pub(super) tiers: Field<Vec<RawTier>>,
    pub(super) occlusion: Field<bool>,
    pub(super) eyes_above_m: Field<u8>,
    pub(super) state_check_ms: Field<u16>,
}

/// One row of the table of interest tiers, nearest first.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTier {
    pub(super) radius_m: u16,
    pub(super) rate_hz: u16,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawBots {
    pub(super) count: Field<u32>,
    pub(super) threads: Field<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawLog {
    pub(super) format: Field<LogFormat>,
    pub(super) level: Field<String>,
}

/// Every setting as (section, key): the environment knows exactly these.
const KEYS: [(&str, &str); 41] = [
    ("server", "bind"),
    ("server", "udp_port"),
    ("server", "max_clients"),
    ("server", "private_key"),
    ("server", "private_key_file"),
    ("server", "protocol_id"),
    ("server", "public_addresses"),
    ("server", "max_token_lifetime_s"),
    ("server", "second_login"),
    ("server", "require_forward_secrecy"),
    ("server", "reconnect_grace_s"),
    ("server", "threads"),
    ("server", "realtime"),
    ("http", "enabled"),
    ("http", "bind"),
    ("http", "port"),
    ("websocket", "bind"),
    ("websocket", "tls_cert"),
    ("websocket", "tls_key"),
    ("websocket", "max_connections"),
    ("websocket", "max_per_address"),
    ("world", "seed"),
    ("world", "tick_hz"),
    ("world", "half_extent_m"),
    ("world", "terrain"),
    ("world", "scenery"),
    ("world", "rules"),
    ("world", "teams"),
    ("world", "character_capacity"),
    ("world", "projectile_capacity"),
    ("replication", "preset"),
    ("replication", "snapshot_hz"),
    ("replication", "down_budget_bytes_per_s"),
    ("replication", "tiers"),
    ("replication", "occlusion"),
    ("replication", "eyes_above_m"),
    ("replication", "state_check_ms"),
    ("bots", "count"),
    ("bots", "threads"),
    ("log", "format"),
    ("log", "level"),
];

/// One layer: its values, and how to say where one of them stands.
pub(super) struct Layer {
    pub(super) raw: RawConfig,
    pub(super) source: Source,
}

/// What a layer was read from.
pub(super) enum Source {
    /// A file and its text, which turns byte positions into lines.
    File(PathBuf, String),
    /// The variable of this name: such a layer has one value.
    Variable(String),
    /// The command line.
    Flags,
}

impl Source {
    /// Where the value at `span` stands.
    pub(super) fn origin(&self, key: &'static str, span: std::ops::Range<usize>) -> Origin {
        match self {
            Self::File(path, text) => Origin::File { path: path.clone(), line: line_of(text, span.start) },
            Self::Variable(name) => Origin::Environment(name.clone()),
            Self::Flags => Origin::Flag(flag_of(key)),
        }
    }
}

fn flag_of(key: &str) -> &'static str {
    match key {
        "server.bind" => "--bind",
        "server.udp_port" => "--udp-port",
        "server.max_clients" => "--max-clients",
        "server.private_key_file" => "--key-file",
        "server.public_addresses" => "--public-address",
        "server.realtime" => "--no-realtime",
        "http.port" => "--http-port",
        "http.enabled" => "--no-http",
        "websocket.bind" => "--websocket",
        "websocket.tls_cert" => "--tls-cert",
        "websocket.tls_key" => "--tls-key",
        "world.seed" => "--seed",
        "world.terrain" => "--terrain",
        "world.rules" => "--rules",
        "world.tick_hz" => "--tick-hz",
        "replication.preset" => "--interest",
        "replication.occlusion" => "--occlusion",
        "bots.count" => "--bots",
        "log.format" => "--log-format",
        "log.level" => "--log-level",
        _ => "on the command line",
    }
}

fn line_of(text: &str, byte: usize) -> usize {
    text.as_bytes().iter().take(byte).filter(|&&b| b == b'\n').count() + 1
}

/// Reads a file. Errors name the file and the line.
pub(super) fn from_file(path: &Path) -> Result<Layer, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Read { path: path.to_path_buf(), source })?;
    let raw = toml::from_str(&text).map_err(|error: toml::de::Error| ConfigError::Syntax {
        path: path.to_path_buf(),
        line: error.span().map_or(1, |span| line_of(&text, span.start)),
        message: error.message().to_owned(),
    })?;
    Ok(Layer { raw, source: Source::File(path.to_path_buf(), text) })
}

/// Reads the variables that start with `SHIELDWALL_`, one layer each, in the order of [`KEYS`].
///
/// A value is read as TOML (`7000`, `true`, `[{ radius_m = 50, rate_hz = 20 }]`), and what is not TOML is text.
pub(super) fn from_environment(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Vec<Layer>, ConfigError> {
    let mut layers = Vec::new();
    let variables = variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    for (name, value) in variables.filter(|(name, _)| name.starts_with("SHIELDWALL_")) {
        let Ok(value) = value.into_string() else {
            return Err(ConfigError::Variable { name, message: "the value is not UTF-8 text".to_owned() });
        };
        let key = KEYS.iter().position(|(section, key)| name == variable_name(section, key));
        let Some(key) = key else { return Err(ConfigError::UnknownVariable { name }) };
        layers.push((key, from_variable(KEYS[key], name, &value)?));
    }
    layers.sort_by_key(|(key, _)| *key);
    Ok(layers.into_iter().map(|(_, layer)| layer).collect())
}

fn variable_name(section: &str, key: &str) -> String {
    format!("SHIELDWALL_{}_{}", section.to_uppercase(), key.to_uppercase())
}

fn from_variable((section, key): (&str, &str), name: String, value: &str) -> Result<Layer, ConfigError> {
    let as_is = format!("[{section}]\n{key} = {value}\n");
    let quoted = format!("[{section}]\n{key} = {}\n", toml::Value::String(value.to_owned()));
    let is_toml = !value.contains('\n') && toml::from_str::<toml::Table>(&as_is).is_ok();
    let text = if is_toml { as_is } else { quoted };
    let raw = toml::from_str(&text).map_err(|error: toml::de::Error| ConfigError::Variable {
        name: name.clone(),
        message: error.message().to_owned(),
    })?;
    Ok(Layer { raw, source: Source::Variable(name) })
}

/// The flags of a server as a layer. `bots` is the flag `--bots`, where there is one.
pub(super) fn from_flags(flags: &ServerFlags, bots: Option<u32>) -> Layer {
    fn field<T: Clone>(value: Option<&T>) -> Field<T> {
        value.map(|value| Spanned::new(0..0, value.clone()))
    }
    let raw = RawConfig {
        server: RawServer {
            bind: field(flags.bind.as_ref()),
            udp_port: field(flags.udp_port.as_ref()),
            max_clients: field(flags.max_clients.as_ref()),
            private_key_file: field(flags.key_file.as_ref()),
            realtime: field(flags.no_realtime.then_some(false).as_ref()),
            public_addresses: field((!flags.public_addresses.is_empty()).then_some(&flags.public_addresses)),
            ..RawServer::default()
        },
        http: RawHttp {
            enabled: field(flags.no_http.then_some(false).as_ref()),
            port: field(flags.http_port.as_ref()),
            ..RawHttp::default()
        },
        websocket: RawWebSocket {
            bind: field(flags.websocket.as_ref()),
            tls_cert: field(flags.tls_cert.as_ref()),
            tls_key: field(flags.tls_key.as_ref()),
            ..RawWebSocket::default()
        },
        world: RawWorld {
            seed: field(flags.seed.as_ref()),
            terrain: field(flags.terrain.as_ref()),
            rules: field(flags.rules.as_ref()),
            tick_hz: field(flags.tick_hz.as_ref()),
            ..RawWorld::default()
        },
        replication: RawReplication {
            preset: field(flags.interest.as_ref()),
            occlusion: field(flags.occlusion.then_some(true).as_ref()),
            ..RawReplication::default()
        },
        bots: RawBots { count: field(bots.as_ref()), ..RawBots::default() },
        log: RawLog { format: field(flags.log_format.as_ref()), level: field(flags.log_level.as_ref()) },
    };
    Layer { raw, source: Source::Flags }
}
