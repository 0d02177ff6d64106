//! Flags for those who debug the protocol: of `capture`, of `dissect`, and what a server writes down beside its work.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use crate::capture::CaptureSettings;

pub(super) const CAPTURE_EXAMPLES: &str = "\
Clients reach the server through this command, so their tokens must name its address, and the server must know that
address as one of its own:
  shieldwall serve --public-address 127.0.0.1:7778
  shieldwall capture --listen 127.0.0.1:7778 --server 127.0.0.1:7777 --out session.pcapng
  shieldwall bots --server 127.0.0.1:7778 --bots 3 --key-log session.keys
  shieldwall dissect session.pcapng --keys session.keys

Nothing is opened on the way. Who runs the server needs none of this: `shieldwall serve --capture session.pcapng`.";

pub(super) const DISSECT_EXAMPLES: &str = "\
Examples:
  shieldwall dissect session.pcapng                     what is in the clear: kinds, numbers, sizes
  shieldwall dissect session.pcapng --keys session.keys everything: acks, inputs, snapshots, events, messages
  shieldwall dissect session.pcapng --keys session.keys --client 7 --entities   one client, and every state it was sent
  shieldwall dissect session.pcapng --keys session.keys --json | jq 'select(.fault)'

It reads pcapng files of `--capture`, `shieldwall capture`, tcpdump and Wireshark (raw IP, Ethernet, Linux cooked).";

/// What a server writes down for those who debug the protocol.
#[derive(Args, Clone, Debug, Default)]
pub struct CaptureFileFlags {
    /// Write every datagram to this pcapng file, for `shieldwall dissect` and Wireshark
    #[arg(long = "capture", value_name = "FILE")]
    pub capture_file: Option<PathBuf>,
    /// Size of that file at most, in MiB [default: 256]; the one before is kept with .1 at the end of its name
    #[arg(long, value_name = "MIB", requires = "capture_file", value_parser = clap::value_parser!(u64).range(1..=1_048_576))]
    pub capture_mib: Option<u64>,
    /// Write the keys of all sessions to this file: whoever has it can read and forge them
    #[arg(long, value_name = "FILE")]
    pub key_log: Option<PathBuf>,
}

impl CaptureFileFlags {
    /// As the host takes it.
    #[must_use]
    pub fn settings(&self) -> CaptureSettings {
        CaptureSettings {
            file: self.capture_file.clone(),
            file_bytes: self.capture_mib.unwrap_or(256) << 20,
            key_log: self.key_log.clone(),
        }
    }
}

/// Flags of `capture`.
#[derive(Args, Clone, Debug)]
pub struct CaptureFlags {
    /// Address that clients know the server by
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:7778")]
    pub listen: SocketAddr,
    /// Where the server is
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:7777")]
    pub server: SocketAddr,
    /// The pcapng file to write
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Size of that file at most, in MiB; the one before is kept with .1 at the end of its name
    #[arg(long = "file-mib", value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u64).range(1..=1_048_576))]
    pub file_mib: u64,
    /// End after this many seconds [default: run until Ctrl-C]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=31_536_000))]
    pub duration_s: Option<u64>,
}

/// Flags of `dissect`.
#[derive(Args, Clone, Debug)]
pub struct DissectFlags {
    /// The capture
    pub file: PathBuf,
    /// The key log of a server (`--key-log`) or of bots
    #[arg(long, value_name = "FILE")]
    pub keys: Option<PathBuf>,
    /// Only packets of the client with this id, as far as keys tell
    #[arg(long, value_name = "ID")]
    pub client: Option<u64>,
    /// The server's address [default: whoever was asked for a connection, else the busiest end]
    #[arg(long, value_name = "IP:PORT")]
    pub server: Option<SocketAddr>,
    /// The scenery that the server ran with: the numbers of its capture points are as wide as it has some
    #[arg(long, value_name = "FILE", default_value = "fort")]
    pub scenery: PathBuf,
    /// Print every state in a snapshot, not only how many there are
    #[arg(long)]
    pub entities: bool,
    /// One JSON object for each packet, with everything
    #[arg(long)]
    pub json: bool,
}
