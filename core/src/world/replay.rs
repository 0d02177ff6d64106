//! Replays: a configuration, an image of the state, then the commands of every tick and the hash at intervals.
//!
//! ```text
//! header   "SWRP", u16 format, u32 ticks between hashes, u32 bytes of configuration, u32 bytes of image,
//!          configuration, image, u32 checksum of all before
//! record   u8 kind, u32 bytes of body, u32 checksum of kind and size, body, u32 checksum of all before in the record
//!   kind 1   ticks without commands: u32 how many
//!   kind 2   one tick with commands: the commands, one after the other
//!   kind 3   hash: u32 next tick, u128 state hash
//!   kind 4   end: as kind 3
//! ```
//! Records are only ever appended, so a recording that was cut off (a crash, a full disk) is good up to its last whole
//! record: a torn tail is reported, not refused. Torn is a record whose bytes end before its size says (the size has a
//! checksum of its own, so that a damaged one cannot swallow the records after it), or the last one when it is whole in
//! size but not in content. Damage before the tail is an error.

use super::{ConfigDecodeError, World, WorldConfig};
use crate::limits::REPLAY_HASH_EVERY_MAX;
use crate::numeric::{StateHash, Tick, Ticks};
use crate::state::bytes::{ByteReader, EndOfBytes};
use crate::state::commands::{Command, CommandDecodeError};
use crate::state::snapshot::SnapshotError;
use alloc::vec::Vec;
use core::fmt;

/// First four bytes of a replay.
pub const MAGIC: [u8; 4] = *b"SWRP";

/// Version of the format.
pub const FORMAT: u16 = 2;

const KIND_IDLE: u8 = 1;
const KIND_COMMANDS: u8 = 2;
const KIND_HASH: u8 = 3;
const KIND_END: u8 = 4;
/// Kind, size and their checksum before a body.
const HEAD_BYTES: usize = 1 + 4 + 4;
/// The head before, a checksum after a body.
const FRAME_BYTES: usize = HEAD_BYTES + 4;

/// Records a world while it runs. All bytes go to the caller's buffer, who may write it out and clear it at any time.
#[derive(Debug)]
pub struct ReplayWriter {
    hash_every: u32,
    idle_ticks: u32,
    body: Vec<u8>,
}

impl ReplayWriter {
    /// Appends the header: the world's configuration and state. `hash_every` is held within 1 and
    /// [`REPLAY_HASH_EVERY_MAX`].
    #[must_use]
    pub fn begin(world: &World, hash_every: Ticks, out: &mut Vec<u8>) -> Self {
        let hash_every = hash_every.0.clamp(1, REPLAY_HASH_EVERY_MAX);
        let config = world.config().encode();
        let mut image = Vec::new();
        world.snapshot_into(&mut image);
        let start = out.len();
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&FORMAT.to_le_bytes());
        out.extend_from_slice(&hash_every.to_le_bytes());
        out.extend_from_slice(&(config.len() as u32).to_le_bytes());
        out.extend_from_slice(&(image.len() as u32).to_le_bytes());
        out.extend_from_slice(&config);
        out.extend_from_slice(&image);
        let checksum = checksum(&out[start..]);
        out.extend_from_slice(&checksum.to_le_bytes());
        Self { hash_every, idle_ticks: 0, body: Vec::new() }
    }

    /// Records one tick: call it after every step, with the commands the step was given.
    pub fn record(&mut self, world: &World, commands: &[Command], out: &mut Vec<u8>) {
        if commands.is_empty() {
            self.idle_ticks += 1;
        } else {
            self.flush_idle(out);
            self.body.clear();
            for command in commands {
                command.encode_into(&mut self.body);
            }
            write_record(KIND_COMMANDS, &self.body, out);
        }
        if world.tick().0.is_multiple_of(self.hash_every) {
            self.flush_idle(out);
            self.write_hash(KIND_HASH, world, out);
        }
    }

    /// Records the end and the last hash.
    pub fn finish(mut self, world: &World, out: &mut Vec<u8>) {
        self.flush_idle(out);
        self.write_hash(KIND_END, world, out);
    }

    fn flush_idle(&mut self, out: &mut Vec<u8>) {
        if self.idle_ticks > 0 {
            write_record(KIND_IDLE, &self.idle_ticks.to_le_bytes(), out);
            self.idle_ticks = 0;
        }
    }

    fn write_hash(&mut self, kind: u8, world: &World, out: &mut Vec<u8>) {
        self.body.clear();
        self.body.extend_from_slice(&world.tick().0.to_le_bytes());
        self.body.extend_from_slice(&world.state_hash().to_le_bytes());
        write_record(kind, &self.body, out);
    }
}

fn write_record(kind: u8, body: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.push(kind);
    out.extend_from_slice(&(body.len() as u32).to_le_bytes());
    let head_checksum = checksum(&out[start..]);
    out.extend_from_slice(&head_checksum.to_le_bytes());
    out.extend_from_slice(body);
    let checksum = checksum(&out[start..]);
    out.extend_from_slice(&checksum.to_le_bytes());
}

/// FNV-1a, 32 bit: finds torn and rotten bytes; it is no defence against a forger, the hashes are.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811C_9DC5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// Why a replay was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayError {
    /// The header is cut off.
    Truncated,
    /// The bytes do not begin like a replay.
    NotAReplay,
    /// Another version of the format.
    UnknownFormat(u16),
    /// A checksum does not fit the bytes before it.
    Damaged {
        /// Where the damaged record (or the header) begins.
        offset: usize,
    },
    /// A record says something that no writer says.
    BadRecord {
        /// Where it begins.
        offset: usize,
    },
    /// The configuration is not one.
    Config(ConfigDecodeError),
    /// The image is not one of a world with this configuration.
    Snapshot(SnapshotError),
    /// A command is not one.
    Command {
        /// Where its record begins.
        offset: usize,
        /// Why.
        error: CommandDecodeError,
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
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("replay: the header is cut off"),
            Self::NotAReplay => f.write_str("replay: this is no replay"),
            Self::UnknownFormat(format) => write!(f, "replay: unknown format {format}"),
            Self::Damaged { offset } => write!(f, "replay: damaged at byte {offset}"),
            Self::BadRecord { offset } => write!(f, "replay: impossible record at byte {offset}"),
            Self::Config(error) => write!(f, "replay: {error}"),
            Self::Snapshot(error) => write!(f, "replay: {error}"),
            Self::Command { offset, error } => write!(f, "replay: record at byte {offset}: {error}"),
            Self::HashMismatch { tick, recorded, computed } => {
                write!(f, "replay: before tick {} the hash is {computed}, recorded was {recorded}", tick.0)
            }
            Self::TooManyTicks { allowed } => write!(f, "replay: more than {allowed} ticks"),
        }
    }
}

impl core::error::Error for ReplayError {}

impl From<EndOfBytes> for ReplayError {
    fn from(_: EndOfBytes) -> Self {
        Self::Truncated
    }
}

/// What a verified replay was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplayReport {
    /// The first tick recorded.
    pub first_tick: Tick,
    /// How many ticks ran.
    pub ticks: u32,
    /// Commands in them.
    pub commands: u64,
    /// Hashes compared.
    pub hashes_checked: u32,
    /// The hash after the last tick.
    pub final_hash: StateHash,
    /// Whether the recording was ended by its writer.
    pub finished: bool,
    /// Bytes of a torn tail that were left out.
    pub torn_bytes: usize,
}

/// Reads a replay and runs it again.
#[derive(Debug)]
pub struct ReplayReader<'a> {
    bytes: &'a [u8],
    config: WorldConfig,
    image: &'a [u8],
    records_at: usize,
}

enum Frame<'a> {
    Record { kind: u8, body: &'a [u8] },
    Torn,
}

impl<'a> ReplayReader<'a> {
    /// Reads the header. Takes no memory for what it claims.
    ///
    /// # Errors
    /// [`ReplayError`], on any bytes, without a panic.
    pub fn new(bytes: &'a [u8]) -> Result<Self, ReplayError> {
        let mut reader = ByteReader::new(bytes);
        if reader.array::<4>()? != MAGIC {
            return Err(ReplayError::NotAReplay);
        }
        let format = reader.u16()?;
        if format != FORMAT {
            return Err(ReplayError::UnknownFormat(format));
        }
        let hash_every = reader.u32()?;
        let (config_len, image_len) = (reader.u32()? as usize, reader.u32()? as usize);
        let (config, image) = (reader.take(config_len)?, reader.take(image_len)?);
        let header_len = bytes.len() - reader.rest().len();
        if reader.u32()? != checksum(&bytes[..header_len]) {
            return Err(ReplayError::Damaged { offset: 0 });
        }
        if !(1..=REPLAY_HASH_EVERY_MAX).contains(&hash_every) {
            return Err(ReplayError::BadRecord { offset: 0 });
        }
        let (config, rest) = WorldConfig::decode(config).map_err(ReplayError::Config)?;
        if !rest.is_empty() {
            return Err(ReplayError::BadRecord { offset: 0 });
        }
        Ok(Self { bytes, config, image, records_at: header_len + 4 })
    }

    /// The configuration of the recorded world.
    #[must_use]
    pub const fn config(&self) -> &WorldConfig {
        &self.config
    }

    /// Makes the world as it was when the recording began.
    ///
    /// # Errors
    /// [`ReplayError::Snapshot`] when the image does not fit the configuration.
    pub fn first_world(&self) -> Result<World, ReplayError> {
        let mut world = World::new(&self.config)
            .map_err(|error| ReplayError::Config(ConfigDecodeError::Invalid(error)))?;
        world.restore(self.image).map_err(ReplayError::Snapshot)?;
        Ok(world)
    }

    /// Runs everything again, for at most `ticks_allowed` ticks, and compares every hash.
    ///
    /// # Errors
    /// [`ReplayError`]: the first thing that is wrong, on any bytes, without a panic.
    pub fn verify(&self, ticks_allowed: u32) -> Result<ReplayReport, ReplayError> {
        self.run(ticks_allowed, |_| {})
    }

    /// [`ReplayReader::verify`] that shows the world after every tick.
    ///
    /// # Errors
    /// As [`ReplayReader::verify`].
    pub fn run(
        &self,
        ticks_allowed: u32,
        mut after_tick: impl FnMut(&World),
    ) -> Result<ReplayReport, ReplayError> {
        let mut world = self.first_world()?;
        let mut report = ReplayReport {
            first_tick: world.tick(),
            ticks: 0,
            commands: 0,
            hashes_checked: 0,
            final_hash: StateHash::EMPTY,
            finished: false,
            torn_bytes: 0,
        };
        let mut commands = Vec::new();
        let mut offset = self.records_at;
        while offset < self.bytes.len() && !report.finished {
            let Frame::Record { kind, body } = self.frame(offset)? else {
                report.torn_bytes = self.bytes.len() - offset;
                break;
            };
            match kind {
                KIND_IDLE | KIND_COMMANDS => {
                    let ticks = parse_ticks(kind, body, offset, &mut commands)?;
                    if ticks > ticks_allowed - report.ticks {
                        return Err(ReplayError::TooManyTicks { allowed: ticks_allowed });
                    }
                    for _ in 0..ticks {
                        world.step(&commands);
                        after_tick(&world);
                    }
                    report.ticks += ticks;
                    report.commands += commands.len() as u64;
                }
                KIND_HASH | KIND_END => {
                    check_hash(body, offset, &world)?;
                    report.hashes_checked += 1;
                    report.finished = kind == KIND_END;
                }
                _ => return Err(ReplayError::BadRecord { offset }),
            }
            offset += FRAME_BYTES + body.len();
        }
        if report.finished && offset < self.bytes.len() {
            return Err(ReplayError::BadRecord { offset });
        }
        report.final_hash = world.state_hash();
        Ok(report)
    }

    /// The record at an offset; torn when it reaches beyond the end, or ends with it and is not whole.
    fn frame(&self, offset: usize) -> Result<Frame<'a>, ReplayError> {
        let rest = &self.bytes[offset..];
        let mut reader = ByteReader::new(rest);
        let mut head =
            || -> Result<(u8, u32, u32), EndOfBytes> { Ok((reader.u8()?, reader.u32()?, reader.u32()?)) };
        let Ok((kind, len, stated)) = head() else { return Ok(Frame::Torn) };
        if stated != checksum(&rest[..HEAD_BYTES - 4]) {
            return Err(ReplayError::Damaged { offset });
        }
        let mut tail =
            || -> Result<(&'a [u8], u32), EndOfBytes> { Ok((reader.take(len as usize)?, reader.u32()?)) };
        let Ok((body, stated)) = tail() else { return Ok(Frame::Torn) };
        let size = FRAME_BYTES + body.len();
        if stated == checksum(&rest[..size - 4]) {
            return Ok(Frame::Record { kind, body });
        }
        if size == rest.len() { Ok(Frame::Torn) } else { Err(ReplayError::Damaged { offset }) }
    }
}

/// How many ticks a record is, and the commands of each.
fn parse_ticks(
    kind: u8,
    body: &[u8],
    offset: usize,
    commands: &mut Vec<Command>,
) -> Result<u32, ReplayError> {
    commands.clear();
    if kind == KIND_IDLE {
        let body = body.try_into().map_err(|_| ReplayError::BadRecord { offset })?;
        return match u32::from_le_bytes(body) {
            ticks @ 1..=REPLAY_HASH_EVERY_MAX => Ok(ticks),
            _ => Err(ReplayError::BadRecord { offset }),
        };
    }
    let mut rest = body;
    while !rest.is_empty() {
        let (command, after) =
            Command::decode(rest).map_err(|error| ReplayError::Command { offset, error })?;
        commands.push(command);
        rest = after;
    }
    if commands.is_empty() { Err(ReplayError::BadRecord { offset }) } else { Ok(1) }
}

fn check_hash(body: &[u8], offset: usize, world: &World) -> Result<(), ReplayError> {
    let mut reader = ByteReader::new(body);
    let mut parse =
        || -> Result<(Tick, StateHash), EndOfBytes> { Ok((Tick(reader.u32()?), StateHash(reader.u128()?))) };
    let (tick, recorded) = parse().map_err(|_| ReplayError::BadRecord { offset })?;
    if !reader.is_empty() || tick != world.tick() {
        return Err(ReplayError::BadRecord { offset });
    }
    let computed = world.state_hash();
    if computed != recorded {
        return Err(ReplayError::HashMismatch { tick, recorded, computed });
    }
    Ok(())
}
