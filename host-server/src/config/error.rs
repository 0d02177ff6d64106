//! What can be wrong with the settings. Each message names where the wrong value stands.

use std::fmt;
use std::path::PathBuf;

use crate::rules::RulesFileError;

/// Where a value was given.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Origin {
    /// Nobody gave it: the built-in default.
    Default,
    /// A line of the configuration file, counted from 1.
    File {
        /// The file as it was named.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
    /// An environment variable.
    Environment(String),
    /// A flag on the command line, with its dashes.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => write!(f, "built-in default"),
            Self::File { path, line } => write!(f, "{}, line {line}", path.display()),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// Why the settings cannot be used.
#[derive(Debug)]
pub enum ConfigError {
    /// A file named by the settings cannot be read.
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is not TOML, or has a section or key that does not exist, or a value of the wrong type.
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What the parser said.
        message: String,
    },
    /// An environment variable has a value of the wrong type.
    Variable {
        /// Its name.
        name: String,
        /// What the parser said.
        message: String,
    },
    /// An environment variable starts with `SHIELDWALL_` and names no setting.
    UnknownVariable {
        /// Its name.
        name: String,
    },
    /// A value is of the right type and cannot be used.
    Value {
        /// The setting, as `section.key`.
        key: &'static str,
        /// Where the value was given.
        origin: Origin,
        /// Why not, and what would do.
        problem: String,
    },
    /// The ruleset file cannot be used.
    Rules {
        /// Where the file was named.
        origin: Origin,
        /// What is wrong with it.
        error: RulesFileError,
    },
    /// The well-known development key would be used where others can reach the server.
    DevelopmentKey {
        /// The address to serve on.
        bind: std::net::IpAddr,
        /// Where that address was given.
        origin: Origin,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { path, source } => write!(f, "cannot read {}: {source}", path.display()),
            Self::Syntax { path, line, message } => write!(f, "{}, line {line}: {message}", path.display()),
            Self::Variable { name, message } => write!(f, "environment variable {name}: {message}"),
            Self::UnknownVariable { name } => write!(
                f,
                "environment variable {name} names no setting (settings are SHIELDWALL_<SECTION>_<KEY>, for example \
                 SHIELDWALL_SERVER_UDP_PORT)"
            ),
            Self::Value { key, origin, problem } => write!(f, "{key} ({origin}): {problem}"),
            Self::Rules { origin, error } => {
                write!(f, "world.rules ({origin}): the rules cannot be used\n{error}")
            }
            Self::DevelopmentKey { bind, origin } => write!(
                f,
                "server.bind = {bind} ({origin}) can be reached from other machines, and there is no private key: \
                 the development key is known to everybody and serves loopback only. Make a key with `head -c 32 \
                 /dev/urandom > server.key` and pass --key-file server.key"
            ),
        }
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read { source, .. } => Some(source),
            Self::Rules { error, .. } => Some(error),
            _ => None,
        }
    }
}
