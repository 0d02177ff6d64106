//! Running: a world that goes through a replay tick by tick.

use super::chunk::{self, Chunk, Found};
use super::reader::{End, ReplayReader};
use super::{ReplayError, record};
use crate::numeric::{StateHash, Tick};
use crate::state::bytes::{ByteReader, EndOfBytes};
use crate::state::commands::Command;
use crate::state::snapshot::ImageHeader;
use crate::world::World;
use alloc::vec::Vec;

/// Goes through a replay. What stands between two ticks (hashes, keyframes, the end) is checked as soon as the first of
/// them has run.
#[derive(Debug)]
pub struct ReplayPlayer<'r, 'a> {
    replay: &'r ReplayReader<'a>,
    world: World,
    /// Commands of the last tick.
    commands: Vec<Command>,
    /// Where the next chunk begins.
    next_chunk: usize,
    /// The open chunk of ticks: where it begins, its content, how far it was read.
    offset: usize,
    content: Vec<u8>,
    at: usize,
    /// Ticks and commands of the open chunk that are still to come.
    ticks_left: u32,
    commands_left: u32,
    idle_left: u32,
    hashes_checked: u32,
    is_strict: bool,
    mismatch: Option<(Tick, StateHash)>,
    image: Vec<u8>,
    end: Option<EndSeen>,
    torn_bytes: usize,
}

/// What the end chunk says of the whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct EndSeen {
    pub(super) commands: u64,
}

impl<'r, 'a> ReplayPlayer<'r, 'a> {
    pub(super) fn new(replay: &'r ReplayReader<'a>, world: World, next_chunk: usize) -> Self {
        Self {
            replay,
            world,
            commands: Vec::new(),
            next_chunk,
            offset: next_chunk,
            content: Vec::new(),
            at: 0,
            ticks_left: 0,
            commands_left: 0,
            idle_left: 0,
            hashes_checked: 0,
            is_strict: true,
            mismatch: None,
            image: Vec::new(),
            end: None,
            torn_bytes: 0,
        }
    }

    /// Goes on where a hash differs, and only remembers the first time ([`ReplayPlayer::mismatch`]).
    #[must_use]
    pub fn lenient(self) -> Self {
        Self { is_strict: false, ..self }
    }

    /// The world, before its next tick.
    #[must_use]
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// The world, given away.
    #[must_use]
    pub fn into_world(self) -> World {
        self.world
    }

    /// The commands of the last tick that ran.
    #[must_use]
    pub fn commands(&self) -> &[Command] {
        &self.commands
    }

    /// The first place where a recorded hash was not the world's, of a lenient player: the next tick there, and the
    /// recorded hash.
    #[must_use]
    pub const fn mismatch(&self) -> Option<(Tick, StateHash)> {
        self.mismatch
    }

    /// Hashes compared so far, keyframes included.
    #[must_use]
    pub const fn hashes_checked(&self) -> u32 {
        self.hashes_checked
    }

    /// Bytes of a torn tail, once it was reached.
    #[must_use]
    pub const fn torn_bytes(&self) -> usize {
        self.torn_bytes
    }

    pub(super) const fn end(&self) -> Option<EndSeen> {
        self.end
    }

    /// Whether there is another tick.
    ///
    /// # Errors
    /// [`ReplayError`]: what is wrong before it.
    pub fn has_more(&mut self) -> Result<bool, ReplayError> {
        self.settle()?;
        Ok(self.ticks_left > 0)
    }

    /// Runs the next tick; false when there is none.
    ///
    /// # Errors
    /// [`ReplayError`]: the first thing that is wrong, before the tick or after it.
    pub fn step(&mut self) -> Result<bool, ReplayError> {
        if !self.has_more()? {
            return Ok(false);
        }
        self.commands.clear();
        if self.idle_left > 0 {
            self.idle_left -= 1;
        } else {
            self.read_tick()?;
        }
        self.ticks_left -= 1;
        self.world.step(&self.commands);
        self.settle()?;
        Ok(true)
    }

    /// Reads the record of the next tick of the open chunk.
    fn read_tick(&mut self) -> Result<(), ReplayError> {
        let bad = ReplayError::BadRecord { offset: self.offset };
        let mut reader = ByteReader::new(&self.content[self.at..]);
        let mut head = || -> Result<(u8, u32), EndOfBytes> { Ok((reader.u8()?, reader.u32()?)) };
        let (kind, count) = head().map_err(|_| bad)?;
        let mut rest = reader.rest();
        match kind {
            record::IDLE if (1..=self.ticks_left).contains(&count) => self.idle_left = count - 1,
            record::COMMANDS if (1..=self.commands_left).contains(&count) => {
                for _ in 0..count {
                    let (command, after) = Command::decode(rest)
                        .map_err(|error| ReplayError::Command { offset: self.offset, error })?;
                    self.commands.push(command);
                    rest = after;
                }
                self.commands_left -= count;
            }
            _ => return Err(bad),
        }
        self.at = self.content.len() - rest.len();
        Ok(())
    }

    /// Checks and passes everything up to the next tick, or to the end.
    fn settle(&mut self) -> Result<(), ReplayError> {
        while self.idle_left == 0 && self.end.is_none() && self.torn_bytes == 0 {
            if self.content.get(self.at) == Some(&record::HASH) {
                let bad = ReplayError::BadRecord { offset: self.offset };
                let mut reader = ByteReader::new(&self.content[self.at + 1..]);
                let recorded = StateHash(reader.u128().map_err(|_| bad)?);
                self.at += 17;
                self.compare(recorded)?;
            } else if self.ticks_left > 0 {
                return Ok(());
            } else if self.at < self.content.len() || self.commands_left > 0 {
                return Err(ReplayError::BadRecord { offset: self.offset });
            } else if self.next_chunk >= self.replay.len() {
                return Ok(());
            } else {
                match self.replay.chunk_at(self.next_chunk)? {
                    Found::Torn => self.torn_bytes = self.replay.len() - self.next_chunk,
                    Found::Chunk(chunk) => self.enter(&chunk)?,
                }
            }
        }
        Ok(())
    }

    fn enter(&mut self, chunk: &Chunk<'_>) -> Result<(), ReplayError> {
        let bad = ReplayError::BadRecord { offset: chunk.offset };
        if chunk.head.tick != self.world.tick().0 {
            return Err(bad);
        }
        (self.offset, self.next_chunk) = (chunk.offset, chunk.end());
        match chunk.head.kind {
            chunk::TICKS => {
                chunk.open(&mut self.content)?;
                self.at = 0;
                (self.ticks_left, self.commands_left) = (chunk.head.ticks, chunk.head.commands);
            }
            chunk::RULES => {
                let rules = self.replay.rules_of(chunk)?;
                let offset = chunk.offset;
                self.world.adopt_rules(&rules).map_err(|error| ReplayError::Rules { offset, error })?;
            }
            chunk::KEYFRAME => {
                chunk.open(&mut self.content)?;
                self.at = self.content.len();
                let (image, _) = ImageHeader::read(&self.content).map_err(ReplayError::Snapshot)?;
                if image.tick != self.world.tick() {
                    return Err(bad);
                }
                self.compare(image.hash)?;
                self.image.clear();
                self.world.snapshot_into(&mut self.image);
                if self.mismatch.is_none() && self.image != self.content {
                    return Err(bad);
                }
            }
            _ => self.finish(chunk)?,
        }
        Ok(())
    }

    fn finish(&mut self, chunk: &Chunk<'_>) -> Result<(), ReplayError> {
        let Some(End { hash, commands, .. }) = self.replay.end_of(chunk)? else {
            self.torn_bytes = self.replay.len() - chunk.offset;
            return Ok(());
        };
        let (first, ticks) = self.replay.first_and_ticks();
        if self.world.tick().0.wrapping_sub(first.0) != ticks {
            return Err(ReplayError::BadRecord { offset: chunk.offset });
        }
        self.compare(hash)?;
        self.end = Some(EndSeen { commands });
        Ok(())
    }

    fn compare(&mut self, recorded: StateHash) -> Result<(), ReplayError> {
        let (tick, computed) = (self.world.tick(), self.world.state_hash());
        self.hashes_checked += 1;
        if computed == recorded {
            return Ok(());
        }
        if self.is_strict {
            return Err(ReplayError::HashMismatch { tick, recorded, computed });
        }
        self.mismatch = self.mismatch.or(Some((tick, recorded)));
        Ok(())
    }
}
