//! Replays, format 4: a configuration, then chunks: images of the state at intervals (keyframes), the commands of every
//! tick between them, hashes, rules that were adopted in between, and an index at the end.
//!
//! ```text
//! header  "SWRP", u16 format, u16 zero, u32 ticks between hashes, u32 ticks between keyframes,
//!         u32 bytes of configuration, u64 fingerprint of the world (configuration and scenery), configuration,
//!         u32 CRC-32 of all before
//! chunk   u8 kind, u8 packing (0 as it is, 1 LZ4 block), u16 zero, u32 first tick, u32 ticks, u32 commands,
//!         u32 bytes of the content, u32 bytes stored, u32 CRC-32 of the stored bytes, u32 CRC-32 of the head before,
//!         stored bytes
//!   kind 1  keyframe: an image of the world before its first tick
//!   kind 2  ticks: records, one after the other
//!             1, u32 n           n ticks without commands
//!             2, u32 n, n commands   one tick with commands
//!             3, u128 hash       the state hash after the tick before
//!   kind 3  end: u128 hash of the last state, u64 commands of all ticks, u32 number of chunks of rules, for each of them
//!           and then for each keyframe u32 tick, u64 offset
//!   kind 4  rules: those by which the world goes on from its first tick on, as [`crate::Rules::encode_into`] writes them
//! trailer u64 offset of the end chunk, u32 CRC-32 of that, "PRWS"
//! ```
//! All numbers are little-endian; CRC-32 is that of IEEE 802.3. The first chunk is a keyframe. The world of a keyframe has
//! the configuration of the header, with the rules of the last chunk of rules before it. Format 3, which is read too, has
//! no chunks of rules and no number of them in its end.
//!
//! Chunks are only ever appended, so a recording that was cut off (a crash, a full disk) is good up to its last whole
//! chunk: a torn tail is reported, not refused. Torn is a chunk whose bytes end before its sizes say (they have a checksum
//! of their own, so that a damaged one cannot swallow the chunks after it), the last one when it is whole in size but not
//! in content, and a tail of zeros. Damage before the tail is an error. Without an end chunk the keyframes are found by
//! walking from head to head.
//!
//! A recording is made in two halves: a [`ReplayRecorder`] beside the tick writes drafts of chunks, and a
//! [`ReplaySealer`] packs them and adds the checksums, on another thread where the tick has no time for it.
//! [`ReplayWriter`] is both in one. A [`ReplayReader`] checks and finds, a [`ReplayPlayer`] runs.

mod chunk;
mod player;
mod reader;
mod writer;

pub use player::ReplayPlayer;
pub use reader::{ReplayInfo, ReplayReader, ReplayReport};
pub use writer::{ReplayOptions, ReplayRecorder, ReplaySealer, ReplayWriter};

use super::{AdoptRulesError, ConfigDecodeError};
use crate::numeric::{StateHash, Tick};
use crate::state::bytes::EndOfBytes;
use crate::state::commands::CommandDecodeError;
use crate::state::snapshot::SnapshotError;
use core::fmt;

/// First four bytes of a replay.
pub const MAGIC: [u8; 4] = *b"SWRP";

/// Last four bytes of a replay that was ended by its writer.
pub const TRAILER_MAGIC: [u8; 4] = *b"PRWS";

/// Version of the format that is written.
pub const FORMAT: u16 = 4;

/// The oldest version that is read: without chunks of rules.
const FORMAT_WITHOUT_RULES: u16 = 3;

/// Bytes of the header before the configuration.
const HEADER_BYTES: usize = 28;

/// Bytes of the trailer.
const TRAILER_BYTES: usize = 16;

/// Records of a chunk of ticks.
mod record {
    pub(super) const IDLE: u8 = 1;
    pub(super) const COMMANDS: u8 = 2;
    pub(super) const HASH: u8 = 3;
}

/// Why a replay was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayError {
    /// The header or the first keyframe is cut off.
    Truncated,
    /// The bytes do not begin like a replay.
    NotAReplay,
    /// Another version of the format.
    UnknownFormat(u16),
    /// A checksum does not fit its bytes.
    Damaged {
        /// Where the damaged chunk (or the header) begins.
        offset: usize,
    },
    /// A chunk says something that no writer says.
    BadRecord {
        /// Where it begins.
        offset: usize,
    },
    /// The configuration is not one, or no world can be made of it with this scenery.
    Config(ConfigDecodeError),
    /// An image is not one of a world with this configuration and scenery.
    Snapshot(SnapshotError),
    /// A command is not one.
    Command {
        /// Where its chunk begins.
        offset: usize,
        /// Why.
        error: CommandDecodeError,
    },
    /// A chunk of rules holds some that the world does not adopt.
    Rules {
        /// Where it begins.
        offset: usize,
        /// Why.
        error: AdoptRulesError,
    },
    /// The world that ran again is not the world that was recorded.
    HashMismatch {
        /// The next tick to run where they were compared.
        tick: Tick,
        /// The hash in the replay.
        recorded: StateHash,
        /// The hash of the world that ran again.
        computed: StateHash,
    },
    /// The replay goes on for longer than the caller allows.
    TooManyTicks {
        /// What the caller allows.
        allowed: u32,
    },
    /// The replay has no state before that tick.
    NoSuchTick {
        /// The tick that was asked for.
        asked: Tick,
        /// The first tick recorded.
        first: Tick,
        /// One past the last tick recorded.
        end: Tick,
    },
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("replay: it is cut off before the first state"),
            Self::NotAReplay => f.write_str("replay: this is no replay"),
            Self::UnknownFormat(format) => {
                write!(f, "replay: format {format}, this build reads {FORMAT_WITHOUT_RULES} and {FORMAT}")
            }
            Self::Damaged { offset } => write!(f, "replay: damaged at byte {offset}"),
            Self::BadRecord { offset } => write!(f, "replay: impossible chunk at byte {offset}"),
            Self::Config(error) => write!(f, "replay: {error}"),
            Self::Snapshot(error) => write!(f, "replay: {error}"),
            Self::Command { offset, error } => write!(f, "replay: chunk at byte {offset}: {error}"),
            Self::Rules { offset, error } => write!(f, "replay: chunk at byte {offset}: {error}"),
            Self::HashMismatch { tick, recorded, computed } => {
                write!(f, "replay: before tick {} the hash is {computed}, recorded was {recorded}", tick.0)
            }
            Self::TooManyTicks { allowed } => write!(f, "replay: more than {allowed} ticks"),
            Self::NoSuchTick { asked, first, end } => {
                write!(f, "replay: no state before tick {}, it has {} to {}", asked.0, first.0, end.0)
            }
        }
    }
}

impl core::error::Error for ReplayError {}

impl From<EndOfBytes> for ReplayError {
    fn from(_: EndOfBytes) -> Self {
        Self::Truncated
    }
}
