//! The command line: subcommands, flags, help texts. Plain data; what a flag means is decided in the file of its
//! subcommand and in [`crate::config`].

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

mod captures;

use captures::{CAPTURE_EXAMPLES, DISSECT_EXAMPLES};
pub use captures::{CaptureFileFlags, CaptureFlags, DissectFlags};

const EXAMPLES: &str = "\
Examples:
  shieldwall                                    a battle of 200 bots; prints where to watch it
  shieldwall --bots 1000 --seed 7               the same with 1,000 bots and another battlefield
  shieldwall demo --duration-s 30 --report r.json   30 seconds, then figures as JSON
  shieldwall --bots 500 --scenario crowd        500 in one throng on an open field; `spread`: over a square kilometre
  shieldwall serve                              a server on 127.0.0.1:7777 for clients to join
  shieldwall bots --server 127.0.0.1:7777 --bots 50   50 bots join that server
  shieldwall token --server 127.0.0.1:7777 --out t.bin   a connect token for one client
  shieldwall serve --record battle.swr          keep a replay, then check it:
  shieldwall replay verify battle.swr
  shieldwall replay seek battle.swr --tick 600 --out state.swss   the state before that tick
  shieldwall diff battle.swr other.swr          where two recordings (or two states) part ways
  shieldwall rules check mine.toml              judge a file of rules; `shieldwall rules --help` teaches the rest
  shieldwall serve --websocket 127.0.0.1:7780   also for clients without UDP:
  shieldwall bots --websocket ws://127.0.0.1:7780 --bots 20
  shieldwall demo --duration-s 5 --capture battle.pcapng --key-log battle.keys   what was on the wire, explained by
  shieldwall dissect battle.pcapng --keys battle.keys
  shieldwall terrain import hills.png hills.swht --spacing-m 2 --max-height-m 120   a height file of a picture

Settings come from a TOML file (--config), then from the environment (SHIELDWALL_<SECTION>_<KEY>, for example
SHIELDWALL_SERVER_UDP_PORT=7000), then from flags; the later wins.

Exit codes:
  0 done    1 internal failure    2 wrong flags    3 broken configuration    4 network (for example a port in use)
  5 a file cannot be written or read    6 bots could not connect or were lost    7 a replay does not reproduce
  (`shieldwall diff` ends with 1 when the two differ, `shieldwall rules check` when the file cannot be used)";

const DIFF_EXAMPLES: &str = "\
Examples:
  shieldwall diff before.swss after.swss        states, as `shieldwall replay seek --out` writes them
  shieldwall diff server.swr client.swr         recordings: the first tick after which they differ, and in what

Two recordings are narrowed down by their hashes and keyframes, then run again side by side.
A line such as `characters 12#3 position_x: 65536 | 65540 (+4)` is slot 12, generation 3, raw values of both.

Exit codes:
  0 equal    1 different    5 a file cannot be read    7 a file is damaged or of another version";

const RULES_EXAMPLES: &str = "\
Examples:
  shieldwall rules default > mine.toml          all rules, commented: change what you like, delete the rest
  shieldwall rules check mine.toml              everything that is wrong with it, at once; its hash when nothing is
  shieldwall rules show mine.toml               every value as the kernel holds it; * is not as shipped
  shieldwall rules schema > rules.schema.json   for editors that complete and check TOML
  shieldwall serve --rules mine.toml            play by it

A file is TOML in metres, seconds and degrees, the unit at the end of every name. What it leaves out is as shipped:

  [arms.sword]
  reach_m = 3            # metres
  cone_deg = 90          # degrees
  [movement.scout]
  sprint_speed_m_per_s = 9

Exit codes of check and show:
  0 the file can be used (warnings tell what was rounded)    1 it cannot    2 it cannot be read, or wrong flags";

const REPLAY_EXAMPLES: &str = "\
Examples:
  shieldwall demo --record battle.swr           make a recording
  shieldwall replay info battle.swr
  shieldwall replay verify battle.swr
  shieldwall replay seek battle.swr --tick 600 --out state.swss
  shieldwall replay hits battle.swr --target 17  who hit character 17, and what each of them saw";

/// The whole command line. Without a subcommand its flags are those of `demo`.
#[derive(Debug, Parser)]
#[command(name = "shieldwall", version, about = "Battles of thousands: the dedicated host of Shieldwall", after_help = EXAMPLES)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do; `demo` when absent.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Flags of `demo`, accepted without naming it.
    #[command(flatten)]
    pub demo: DemoFlags,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve, and let bots fight over real UDP in the same process (this is what runs without a subcommand)
    Demo(Box<DemoFlags>),
    /// Serve until stopped
    Serve(Box<ServeFlags>),
    /// Connect bots to a running server
    Bots(BotsFlags),
    /// Make a connect token for one client
    Token(TokenFlags),
    /// Stand between clients and a server and write what passes to a pcapng file
    #[command(after_help = CAPTURE_EXAMPLES)]
    Capture(CaptureFlags),
    /// Explain a pcapng file packet by packet; with a key log, also what is sealed in it
    #[command(after_help = DISSECT_EXAMPLES)]
    Dissect(DissectFlags),
    /// Make and describe scenery files: what stands and moves in a world
    #[command(subcommand)]
    Scenery(SceneryCommand),
    /// Work with recorded battles
    #[command(subcommand)]
    Replay(ReplayCommand),
    /// Say where two states or two recordings differ: tick, column, entity, value
    #[command(after_help = DIFF_EXAMPLES)]
    Diff(DiffFlags),
    /// Make, describe and draw height files
    #[command(subcommand)]
    Terrain(TerrainCommand),
    /// Check and show ruleset files: what a designer may change, in metres, seconds and degrees
    #[command(subcommand)]
    Rules(RulesCommand),
}

/// Flags of everything that runs a server. `None` means: leave it to the file, the environment or the default.
#[derive(Args, Clone, Debug, Default)]
pub struct ServerFlags {
    /// Read settings from this TOML file
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address to serve on [default: 127.0.0.1]; anything else than loopback needs a private key
    #[arg(long, value_name = "IP")]
    pub bind: Option<IpAddr>,
    /// UDP port of the game [default: 7777]; 0 takes any free one
    #[arg(long, value_name = "PORT")]
    pub udp_port: Option<u16>,
    /// Also take clients by WebSocket, on this TCP address [default: by UDP alone]; port 0 takes any free one
    #[arg(long, value_name = "IP:PORT")]
    pub websocket: Option<SocketAddr>,
    /// Certificate chain (PEM) for TLS around the WebSocket; needs --tls-key
    #[arg(long, value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// Private key (PEM) of that certificate
    #[arg(long, value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// TCP port of the live page, metrics and health [default: 8080, or the next free one]; 0 takes any free one
    #[arg(long, value_name = "PORT")]
    pub http_port: Option<u16>,
    /// Serve no live page, metrics and health
    #[arg(long, conflicts_with = "http_port")]
    pub no_http: bool,
    /// Seed of the battlefield and of everything random in it [default: 1]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Height file (.swht) that the ground is made from, its middle in the middle of the field; or scenery file (.swsc) with all that stands in the world; or a built-in scenery: fort, none [default: fort for demo, else none, on hills from the seed]
    #[arg(long, visible_alias = "scenery", value_name = "FILE")]
    pub terrain: Option<PathBuf>,
    /// Ruleset file (.toml) to play by, see `shieldwall rules --help` [default: the shipped rules]
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,
    /// Simulation ticks per second, 10 to 120 [default: 60]
    #[arg(long, value_name = "HZ")]
    pub tick_hz: Option<u16>,
    /// Who is sent how often by distance: dark_ages, blue_marble or near [default: 50, 150 and 400 m at 20, 10 and 4 Hz]; single values are set in a file
    #[arg(long, value_name = "PRESET")]
    pub interest: Option<String>,
    /// Send no enemies that are behind ground or walls
    #[arg(long)]
    pub occlusion: bool,
    /// Clients the server takes [default: 1024, or more when more bots are asked for]
    #[arg(long, value_name = "N")]
    pub max_clients: Option<u32>,
    /// File with the private key that connect tokens are sealed with: 32 bytes, or 64 hex digits
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// Address and port clients reach the server at, which their tokens name; repeat for more than one [default: the address it is bound to]
    #[arg(long = "public-address", value_name = "IP:PORT")]
    pub public_addresses: Vec<SocketAddr>,
    /// Ask the system for no real time for the threads that a tick waits for
    #[arg(long)]
    pub no_realtime: bool,
    /// Record the battle into this file, for `shieldwall replay verify`
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// What is captured.
    #[command(flatten)]
    pub capture: CaptureFileFlags,
    /// How the log on standard error looks [default: human]
    #[arg(long, value_enum)]
    pub log_format: Option<LogFormat>,
    /// Least level logged: error, warn, info, debug, trace, or a filter such as shieldwall_host=debug [default: warn for demo, info for serve]
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<String>,
}

/// When a run ends by itself and where its figures go.
#[derive(Args, Clone, Debug, Default)]
pub struct RunFlags {
    /// End after this many seconds [default: run until Ctrl-C]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=31_536_000))]
    pub duration_s: Option<u64>,
    /// Write the figures of the run to this file as JSON; - is standard output
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

/// How much bots do.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct BusyFlags {
    /// How often a bot looks around and decides anew, a second [default: 6]. Fewer thoughts leave more of the processor to
    /// the server
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(1..=30))]
    pub thoughts_hz: Option<u32>,
    /// Bots read, acknowledge and send inputs, but predict nothing: what a client must do and no more
    #[arg(long)]
    pub no_prediction: bool,
}

/// Flags of `demo`.
#[derive(Args, Clone, Debug, Default)]
pub struct DemoFlags {
    /// How many bots fight [default: 200]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=16_000))]
    pub bots: Option<u32>,
    /// Where and how they meet
    #[arg(long, value_enum, default_value_t)]
    pub scenario: Scenario,
    /// How busy each bot is.
    #[command(flatten)]
    pub busy: BusyFlags,
    /// Run length and report.
    #[command(flatten)]
    pub run: RunFlags,
    /// The server's own flags.
    #[command(flatten)]
    pub server: ServerFlags,
}

/// Where and how the bots of `demo` meet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// The teams fight over the built-in fort, its crossings and its flags
    #[default]
    Siege,
    /// Everybody in the middle of an open field, within some tens of metres
    Crowd,
    /// Everybody for itself over a square kilometre
    Spread,
}

impl Scenario {
    /// The word on the command line and in the report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Siege => "siege",
            Self::Crowd => "crowd",
            Self::Spread => "spread",
        }
    }
}

/// Flags of `serve`.
#[derive(Args, Clone, Debug, Default)]
pub struct ServeFlags {
    /// Run length and report.
    #[command(flatten)]
    pub run: RunFlags,
    /// The server's own flags.
    #[command(flatten)]
    pub server: ServerFlags,
}

/// Flags of `bots`.
#[derive(Args, Clone, Debug)]
pub struct BotsFlags {
    /// The server's UDP address
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:7777")]
    pub server: SocketAddr,
    /// Connect by WebSocket to this URL (ws:// or wss://) instead of UDP; tokens name --server all the same
    #[arg(long, value_name = "URL")]
    pub websocket: Option<String>,
    /// Certificates (PEM) of those who are trusted to vouch for a wss:// server
    #[arg(long, value_name = "FILE", requires = "websocket")]
    pub tls_ca: Option<PathBuf>,
    /// Write the keys of the bots' sessions to this file, for `shieldwall dissect`
    #[arg(long, value_name = "FILE")]
    pub key_log: Option<PathBuf>,
    /// How many bots connect
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=16_000))]
    pub bots: u32,
    /// How busy each bot is.
    #[command(flatten)]
    pub busy: BusyFlags,
    /// Seed of what the bots do
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// The height or scenery file that the server runs with
    #[arg(long, visible_alias = "scenery", value_name = "FILE")]
    pub terrain: Option<PathBuf>,
    /// Ruleset file (.toml) that the server must play by; it is left otherwise [default: whatever rules it has]
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,
    /// Client id of the first bot; the others count up. Two runs against one server need different ranges
    #[arg(long, value_name = "ID", default_value_t = 1)]
    pub first_client_id: u64,
    /// The server's private key file [default: the development key, which servers accept on loopback only]
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// Run length and report.
    #[command(flatten)]
    pub run: RunFlags,
}

/// Flags of `token`.
#[derive(Args, Clone, Debug)]
pub struct TokenFlags {
    /// Address of the server, as the client will reach it; repeat for more than one (at most 32)
    #[arg(long = "server", value_name = "IP:PORT", default_value = "127.0.0.1:7777")]
    pub servers: Vec<SocketAddr>,
    /// The client's id; a server takes each id once at a time
    #[arg(long, value_name = "ID", default_value_t = 1_000_001)]
    pub client_id: u64,
    /// Name the client is shown with, at most 24 bytes
    #[arg(long, default_value = "Player")]
    pub name: String,
    /// Seconds until the token can no longer be used to connect
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
    pub expires_s: u32,
    /// The server's private key file [default: the development key, which servers accept on loopback only]
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// Write the 2,048 bytes of the token to this file instead of hex digits to standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// What `scenery` can do.
#[derive(Clone, Debug, Subcommand)]
pub enum SceneryCommand {
    /// Make a scenery file (.swsc) of a list of boxes, cylinders, models and platforms (.toml), or of one model (.obj)
    Bake(SceneryBakeFlags),
    /// Say what is in a scenery file
    Info {
        /// The scenery file
        file: PathBuf,
    },
}

/// Flags of `scenery bake`.
#[derive(Args, Clone, Debug)]
pub struct SceneryBakeFlags {
    /// The list (.toml, metres and degrees) or the model (.obj, metres, y up)
    pub input: PathBuf,
    /// The scenery file to write
    pub output: PathBuf,
    /// Leave out triangles without area, instead of naming the first one
    #[arg(long)]
    pub drop_degenerate: bool,
}

/// What `replay` can do.
#[derive(Clone, Debug, Subcommand)]
#[command(after_help = REPLAY_EXAMPLES)]
pub enum ReplayCommand {
    /// Say what stands in a recorded battle, without running it
    Info {
        /// The recording
        file: PathBuf,
    },
    /// Run a recorded battle again and compare every recorded hash
    Verify {
        /// The recording
        file: PathBuf,
        /// The height or scenery file that it was recorded with
        #[arg(long, visible_alias = "scenery", value_name = "FILE")]
        terrain: Option<PathBuf>,
    },
    /// Go to a tick of a recorded battle: print the state's hash and counts, and write the state to a file
    Seek {
        /// The recording
        file: PathBuf,
        /// The height or scenery file that it was recorded with
        #[arg(long, visible_alias = "scenery", value_name = "FILE")]
        terrain: Option<PathBuf>,
        /// The tick; the state is that before it runs. `replay info` says which there are
        #[arg(long, value_name = "N")]
        tick: u32,
        /// Write the image of the state to this file
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Print every hit of a recorded battle, and by what picture of the world it was judged
    Hits(HitsFlags),
}

/// Flags of `replay hits`.
#[derive(Args, Clone, Debug)]
pub struct HitsFlags {
    /// The recording
    pub file: PathBuf,
    /// The height or scenery file that it was recorded with
    #[arg(long, visible_alias = "scenery", value_name = "FILE")]
    pub terrain: Option<PathBuf>,
    /// Only hits by the character in this slot
    #[arg(long, value_name = "SLOT")]
    pub attacker: Option<u32>,
    /// Only hits on the character in this slot
    #[arg(long, value_name = "SLOT")]
    pub target: Option<u32>,
    /// First tick; the recording's first when absent
    #[arg(long, value_name = "N")]
    pub from: Option<u32>,
    /// Last tick; the recording's last when absent
    #[arg(long, value_name = "N")]
    pub until: Option<u32>,
    /// Show at most this many hits
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub lines: usize,
}

/// What `rules` can do.
#[derive(Clone, Debug, Subcommand)]
#[command(after_help = RULES_EXAMPLES)]
pub enum RulesCommand {
    /// Say everything that is wrong with a ruleset file, or its hash
    #[command(after_help = RULES_EXAMPLES)]
    Check {
        /// The ruleset file (.toml)
        file: PathBuf,
    },
    /// Print every value of a ruleset as compiled: human value, raw fixed point, rounding
    Show {
        /// The ruleset file (.toml) [default: the shipped rules]
        file: Option<PathBuf>,
    },
    /// Print the JSON schema of ruleset files
    Schema,
    /// Print the shipped rules as a commented file to start from
    Default,
}

/// Flags of `diff`.
#[derive(Args, Clone, Debug)]
pub struct DiffFlags {
    /// A state image or a recording
    pub a: PathBuf,
    /// Another of the same kind
    pub b: PathBuf,
    /// The height or scenery file that two recordings were made with
    #[arg(long, visible_alias = "scenery", value_name = "FILE")]
    pub terrain: Option<PathBuf>,
    /// Show at most this many values
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub lines: usize,
}

/// What `terrain` can do.
#[derive(Clone, Debug, Subcommand)]
pub enum TerrainCommand {
    /// Make a height file (.swht) of a 16-bit greyscale PNG, or of raw 16-bit samples
    Import(ImportFlags),
    /// Say what is in a height file
    Info {
        /// The height file
        file: PathBuf,
    },
    /// Draw a height file, or the hills of a seed, as a shaded relief
    Preview(PreviewFlags),
}

/// Flags of `terrain import`.
#[derive(Args, Clone, Debug)]
pub struct ImportFlags {
    /// The picture (.png), or the raw samples in rows from north to south (with --raw-size)
    pub input: PathBuf,
    /// The height file to write
    pub output: PathBuf,
    /// Metres between two samples, 0.25 to 128
    #[arg(long, value_name = "M", default_value_t = 2.0)]
    pub spacing_m: f64,
    /// Height of black, in metres
    #[arg(long, value_name = "M", default_value_t = 0.0, allow_negative_numbers = true)]
    pub min_height_m: f64,
    /// Height of white, in metres
    #[arg(long, value_name = "M", allow_negative_numbers = true)]
    pub max_height_m: f64,
    /// Height of the water, in metres [default: there is none]
    #[arg(long, value_name = "M", allow_negative_numbers = true)]
    pub water_m: Option<f64>,
    /// The input is raw 16-bit samples, so many in a row and so many rows
    #[arg(long, value_name = "WxH")]
    pub raw_size: Option<RawSize>,
    /// Which byte of a raw sample comes first
    #[arg(long, value_enum, default_value_t, requires = "raw_size")]
    pub raw_endian: RawEndian,
}

/// Flags of `terrain preview`.
#[derive(Args, Clone, Debug)]
pub struct PreviewFlags {
    /// The height file; without it the hills of a seed are drawn
    #[arg(conflicts_with_all = ["seed", "half_extent_m"])]
    pub file: Option<PathBuf>,
    /// The picture to write
    #[arg(long = "out", value_name = "PNG")]
    pub output: PathBuf,
    /// Seed of the hills
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Half the side of what is drawn of a seed's hills, in metres
    #[arg(long, value_name = "M", default_value_t = 128, value_parser = clap::value_parser!(i32).range(8..=32_000))]
    pub half_extent_m: i32,
}

/// Numbers of raw samples: `WxH`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RawSize {
    /// Samples in a row.
    pub columns: u32,
    /// Rows.
    pub rows: u32,
}

impl std::str::FromStr for RawSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once(['x', 'X']);
        let parsed = parts.and_then(|(w, h)| Some(Self { columns: w.parse().ok()?, rows: h.parse().ok()? }));
        parsed.ok_or_else(|| "expected WIDTHxHEIGHT, for example 1025x1025".to_owned())
    }
}

/// Order of the bytes of a raw sample.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum RawEndian {
    /// The low byte first, as in .r16 files of most tools.
    #[default]
    Little,
    /// The high byte first.
    Big,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One line for a person.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn demo_flags_work_without_the_word_demo() {
        let cli = Cli::try_parse_from(["shieldwall", "--bots", "5", "--duration-s", "3"]).unwrap();
        assert!(cli.command.is_none());
        assert_eq!((cli.demo.bots, cli.demo.run.duration_s), (Some(5), Some(3)));
    }

    #[test]
    fn wrong_values_are_refused() {
        for arguments in [
            &["shieldwall", "--bots", "many"][..],
            &["shieldwall", "--duration-s", "0"],
            &["shieldwall", "serve", "--udp-port", "70000"],
            &["shieldwall", "token", "--server", "nowhere"],
            &["shieldwall", "dance"],
        ] {
            assert!(Cli::try_parse_from(arguments).is_err(), "{arguments:?} was accepted");
        }
    }
}
