//! Reading: the header, where the keyframes are, what the recorded hashes are; jumps.

use super::chunk::{self, Chunk, Found, checksum};
use super::{
    FORMAT, FORMAT_WITHOUT_RULES, HEADER_BYTES, MAGIC, ReplayError, ReplayPlayer, TRAILER_BYTES,
    TRAILER_MAGIC, record,
};
use crate::limits::REPLAY_HASH_EVERY_MAX;
use crate::numeric::{StateHash, Tick, Ticks};
use crate::rules::Rules;
use crate::spatial::Scenery;
use crate::state::bytes::ByteReader;
use crate::state::commands::Command;
use crate::state::snapshot::ImageHeader;
use crate::world::{ConfigDecodeError, World, WorldConfig};
use alloc::vec::Vec;

/// What a verified replay was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplayReport {
    /// The first tick recorded.
    pub first_tick: Tick,
    /// How many ticks ran.
    pub ticks: u32,
    /// Commands in them.
    pub commands: u64,
    /// Hashes compared, keyframes included.
    pub hashes_checked: u32,
    /// The hash after the last tick.
    pub final_hash: StateHash,
    /// Whether the recording was ended by its writer.
    pub finished: bool,
    /// Bytes of a torn tail that were left out.
    pub torn_bytes: usize,
}

/// What stands in a replay, without running it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplayInfo {
    /// The first tick recorded.
    pub first_tick: Tick,
    /// How many ticks it has.
    pub ticks: u32,
    /// Commands in them.
    pub commands: u64,
    /// Chunks, the end included.
    pub chunks: u32,
    /// Keyframes among them.
    pub keyframes: u32,
    /// How often other rules were adopted.
    pub rules_changes: u32,
    /// Bytes before packing.
    pub content_bytes: u64,
    /// Ticks between two hashes, as the header says.
    pub hash_every: Ticks,
    /// Ticks between two keyframes, as the header says.
    pub keyframe_every: Ticks,
    /// The hash of the last state; `None` when the recording was not ended by its writer.
    pub final_hash: Option<StateHash>,
    /// Bytes of a torn tail.
    pub torn_bytes: usize,
}

/// Reads a replay and runs it again. Tolerates a torn tail and nothing else.
#[derive(Debug)]
pub struct ReplayReader<'a> {
    bytes: &'a [u8],
    format: u16,
    config: WorldConfig,
    fingerprint: u64,
    scenery: Scenery,
    hash_every: Ticks,
    keyframe_every: Ticks,
    chunks_at: usize,
    /// Distance from the first tick, and offset, of every keyframe.
    keyframes: Vec<(u32, usize)>,
    /// Offset of every chunk of rules.
    rules: Vec<usize>,
    first_tick: Tick,
    ticks: u32,
}

/// What the end chunk says.
pub(super) struct End {
    pub(super) hash: StateHash,
    pub(super) commands: u64,
    rules: Vec<(u32, u64)>,
    keyframes: Vec<(u32, u64)>,
}

impl<'a> ReplayReader<'a> {
    /// Reads the header, and the index or the heads of the chunks. Takes no memory for what it claims.
    ///
    /// # Errors
    /// [`ReplayError`], on any bytes, without a panic.
    pub fn new(bytes: &'a [u8]) -> Result<Self, ReplayError> {
        let mut reader = ByteReader::new(bytes);
        if reader.array::<4>()? != MAGIC {
            return Err(ReplayError::NotAReplay);
        }
        let format = reader.u16()?;
        if !(FORMAT_WITHOUT_RULES..=FORMAT).contains(&format) {
            return Err(ReplayError::UnknownFormat(format));
        }
        let zero = reader.u16()?;
        let (hash_every, keyframe_every) = (Ticks(reader.u32()?), Ticks(reader.u32()?));
        let (config_len, fingerprint) = (reader.u32()? as usize, reader.u64()?);
        let config = reader.take(config_len)?;
        let header_len = HEADER_BYTES + config_len;
        if reader.u32()? != checksum(&bytes[..header_len]) {
            return Err(ReplayError::Damaged { offset: 0 });
        }
        let (config, rest) = WorldConfig::decode(config).map_err(ReplayError::Config)?;
        if zero != 0 || !(1..=REPLAY_HASH_EVERY_MAX).contains(&hash_every.0) || !rest.is_empty() {
            return Err(ReplayError::BadRecord { offset: 0 });
        }
        let mut replay = Self {
            bytes,
            format,
            config,
            fingerprint,
            scenery: Scenery::default(),
            hash_every,
            keyframe_every,
            chunks_at: header_len + 4,
            keyframes: Vec::new(),
            rules: Vec::new(),
            first_tick: Tick(0),
            ticks: 0,
        };
        let Found::Chunk(first) = replay.chunk_at(replay.chunks_at)? else {
            return Err(ReplayError::Truncated);
        };
        if first.head.kind != chunk::KEYFRAME {
            return Err(ReplayError::BadRecord { offset: first.offset });
        }
        replay.first_tick = Tick(first.head.tick);
        if !replay.take_index()? {
            replay.walk()?;
        }
        Ok(replay)
    }

    /// The same replay, of a world with this scenery. [`ReplayReader::new`] takes none.
    #[must_use]
    pub fn with_scenery(self, scenery: Scenery) -> Self {
        Self { scenery, ..self }
    }

    /// The configuration of the recorded world, with the rules that it began with.
    #[must_use]
    pub const fn config(&self) -> &WorldConfig {
        &self.config
    }

    /// The fingerprint of the recorded world with the rules that it began with: [`World::fingerprint`].
    #[must_use]
    pub const fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// The first tick recorded.
    #[must_use]
    pub const fn first_tick(&self) -> Tick {
        self.first_tick
    }

    /// The next tick after the last one recorded.
    #[must_use]
    pub const fn end_tick(&self) -> Tick {
        Tick(self.first_tick.0.wrapping_add(self.ticks))
    }

    /// Makes the world as it was when the recording began.
    ///
    /// # Errors
    /// [`ReplayError`] when the first image does not fit the configuration or the scenery.
    pub fn first_world(&self) -> Result<World, ReplayError> {
        Ok(self.player_at(self.first_tick)?.into_world())
    }

    /// Makes the world as it was before a tick: from the keyframe before it, and run on. Every hash met is compared.
    ///
    /// # Errors
    /// [`ReplayError::NoSuchTick`], and what else is wrong between that keyframe and the tick.
    pub fn seek(&self, tick: Tick) -> Result<World, ReplayError> {
        let mut player = self.player_at(tick)?;
        while player.world().tick() != tick {
            if !player.step()? {
                return Err(self.no_such(tick));
            }
        }
        // Rules that hold from that tick on.
        player.has_more()?;
        Ok(player.into_world())
    }

    /// A player that stands at the last keyframe not after a tick.
    ///
    /// # Errors
    /// [`ReplayError`] when there is no such tick, or the keyframe is not sound.
    pub fn player_at(&self, tick: Tick) -> Result<ReplayPlayer<'_, 'a>, ReplayError> {
        let distance = tick.0.wrapping_sub(self.first_tick.0);
        let after = self.keyframes.partition_point(|(at, _)| *at <= distance);
        let (Some((at, offset)), true) =
            (after.checked_sub(1).and_then(|last| self.keyframes.get(last)), distance <= self.ticks)
        else {
            return Err(self.no_such(tick));
        };
        let Found::Chunk(keyframe) = self.chunk_at(*offset)? else {
            return Err(ReplayError::BadRecord { offset: *offset });
        };
        if keyframe.head.kind != chunk::KEYFRAME || keyframe.head.tick.wrapping_sub(self.first_tick.0) != *at
        {
            return Err(ReplayError::BadRecord { offset: *offset });
        }
        let config = WorldConfig { rules: self.rules_before(*offset)?, ..self.config };
        let mut world = World::with_scenery(&config, &self.scenery)
            .map_err(|error| ReplayError::Config(ConfigDecodeError::Invalid(error)))?;
        let mut image = Vec::new();
        keyframe.open(&mut image)?;
        world.restore(&image).map_err(ReplayError::Snapshot)?;
        if world.tick().0 != keyframe.head.tick {
            return Err(ReplayError::BadRecord { offset: *offset });
        }
        Ok(ReplayPlayer::new(self, world, keyframe.end()))
    }

    /// The rules by which the world went that the keyframe at an offset is of.
    fn rules_before(&self, offset: usize) -> Result<Rules, ReplayError> {
        let before = self.rules.partition_point(|at| *at < offset);
        let Some(at) = before.checked_sub(1).and_then(|last| self.rules.get(last)) else {
            return Ok(self.config.rules);
        };
        match self.chunk_at(*at)? {
            Found::Chunk(chunk) if chunk.head.kind == chunk::RULES => self.rules_of(&chunk),
            _ => Err(ReplayError::BadRecord { offset: *at }),
        }
    }

    /// What a chunk of rules holds. They are not judged.
    pub(super) fn rules_of(&self, chunk: &Chunk<'_>) -> Result<Rules, ReplayError> {
        let bad = ReplayError::BadRecord { offset: chunk.offset };
        if self.format == FORMAT_WITHOUT_RULES || chunk.head.content as usize != Rules::BYTES {
            return Err(bad);
        }
        let mut content = Vec::new();
        chunk.open(&mut content)?;
        Rules::decode(&content).map(|(rules, _)| rules).ok_or(bad)
    }

    /// The ticks of the keyframes.
    pub fn keyframes(&self) -> impl Iterator<Item = Tick> + '_ {
        self.keyframes.iter().map(|(at, _)| Tick(self.first_tick.0.wrapping_add(*at)))
    }

    /// Puts the image of a keyframe, as it was recorded, into `image`.
    ///
    /// # Errors
    /// [`ReplayError::NoSuchTick`] when there is no keyframe at that tick, and where its chunk is wrong.
    pub fn keyframe_image(&self, tick: Tick, image: &mut Vec<u8>) -> Result<(), ReplayError> {
        let distance = tick.0.wrapping_sub(self.first_tick.0);
        let at = self.keyframes.binary_search_by_key(&distance, |(at, _)| *at);
        let offset = at.map_err(|_| self.no_such(tick)).map(|at| self.keyframes[at].1)?;
        match self.chunk_at(offset)? {
            Found::Chunk(chunk) if chunk.head.kind == chunk::KEYFRAME && chunk.head.tick == tick.0 => {
                chunk.open(image)
            }
            _ => Err(ReplayError::BadRecord { offset }),
        }
    }

    fn no_such(&self, asked: Tick) -> ReplayError {
        ReplayError::NoSuchTick { asked, first: self.first_tick, end: self.end_tick() }
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
        let mut player = self.player_at(self.first_tick)?;
        let (mut ticks, mut commands) = (0, 0);
        loop {
            if ticks == ticks_allowed && player.has_more()? {
                return Err(ReplayError::TooManyTicks { allowed: ticks_allowed });
            }
            if !player.step()? {
                break;
            }
            ticks += 1;
            commands += player.commands().len() as u64;
            after_tick(player.world());
        }
        let end = player.end();
        if end.is_some_and(|end| end.commands != commands) {
            return Err(ReplayError::BadRecord { offset: self.bytes.len() });
        }
        Ok(ReplayReport {
            first_tick: self.first_tick,
            ticks,
            commands,
            hashes_checked: player.hashes_checked(),
            final_hash: player.world().state_hash(),
            finished: end.is_some(),
            torn_bytes: player.torn_bytes(),
        })
    }

    /// Counts what stands in the replay. Looks at every chunk's head, opens none but the end.
    ///
    /// # Errors
    /// [`ReplayError`] where a head is wrong.
    pub fn info(&self) -> Result<ReplayInfo, ReplayError> {
        let mut info = ReplayInfo {
            first_tick: self.first_tick,
            hash_every: self.hash_every,
            keyframe_every: self.keyframe_every,
            ..ReplayInfo::default()
        };
        let mut offset = self.chunks_at;
        while offset < self.bytes.len() {
            let Found::Chunk(chunk) = self.chunk_at(offset)? else {
                info.torn_bytes = self.bytes.len() - offset;
                break;
            };
            offset = chunk.end();
            info.chunks += 1;
            info.content_bytes += u64::from(chunk.head.content);
            info.ticks = info.ticks.saturating_add(chunk.head.ticks);
            info.commands += u64::from(chunk.head.commands);
            info.keyframes += u32::from(chunk.head.kind == chunk::KEYFRAME);
            info.rules_changes += u32::from(chunk.head.kind == chunk::RULES);
            if chunk.head.kind == chunk::END {
                match self.end_of(&chunk)? {
                    Some(end) => info.final_hash = Some(end.hash),
                    None => info.torn_bytes = self.bytes.len() - chunk.offset,
                }
                break;
            }
        }
        Ok(info)
    }

    /// Every recorded hash with the next tick to run where it was taken, keyframes included. Opens every chunk, runs none.
    ///
    /// # Errors
    /// [`ReplayError`] where a chunk is wrong.
    pub fn recorded_hashes(&self) -> Result<Vec<(Tick, StateHash)>, ReplayError> {
        let mut hashes: Vec<(Tick, StateHash)> = Vec::new();
        let (mut content, mut offset) = (Vec::new(), self.chunks_at);
        while offset < self.bytes.len() {
            let Found::Chunk(chunk) = self.chunk_at(offset)? else { break };
            let bad = ReplayError::BadRecord { offset };
            offset = chunk.end();
            chunk.open(&mut content)?;
            match chunk.head.kind {
                chunk::KEYFRAME => {
                    let (image, _) = ImageHeader::read(&content).map_err(ReplayError::Snapshot)?;
                    hashes.push((image.tick, image.hash));
                }
                chunk::TICKS => marks_of(&content, &chunk, &mut hashes)?,
                chunk::RULES => {}
                _ => {
                    let Some(end) = self.end_of(&chunk)? else { break };
                    hashes.push((Tick(chunk.head.tick), end.hash));
                    break;
                }
            }
            if hashes.is_empty() {
                return Err(bad);
            }
        }
        hashes.dedup();
        Ok(hashes)
    }

    pub(super) fn chunk_at(&self, offset: usize) -> Result<Found<'a>, ReplayError> {
        Chunk::find(self.bytes, offset)
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn first_and_ticks(&self) -> (Tick, u32) {
        (self.first_tick, self.ticks)
    }

    /// What an end chunk says, `None` when the trailer after it is not whole.
    pub(super) fn end_of(&self, chunk: &Chunk<'_>) -> Result<Option<End>, ReplayError> {
        let bad = ReplayError::BadRecord { offset: chunk.offset };
        let trailer = &self.bytes[chunk.end()..];
        if trailer.len() < TRAILER_BYTES {
            return Ok(None);
        }
        let mut place = (chunk.offset as u64).to_le_bytes().to_vec();
        place.extend_from_slice(&checksum(&place).to_le_bytes());
        place.extend_from_slice(&TRAILER_MAGIC);
        if trailer != place {
            return Err(bad);
        }
        let mut content = Vec::new();
        chunk.open(&mut content)?;
        let mut reader = ByteReader::new(&content);
        let mut parse = || -> Result<End, crate::state::bytes::EndOfBytes> {
            let (hash, commands) = (StateHash(reader.u128()?), reader.u64()?);
            let mut rules_left = if self.format == FORMAT_WITHOUT_RULES { 0 } else { reader.u32()? };
            let (mut rules, mut keyframes) = (Vec::new(), Vec::new());
            while !reader.is_empty() {
                let entry = (reader.u32()?, reader.u64()?);
                if rules_left > 0 {
                    rules.push(entry)
                } else {
                    keyframes.push(entry)
                }
                rules_left = rules_left.saturating_sub(1);
            }
            if rules_left > 0 {
                return Err(crate::state::bytes::EndOfBytes);
            }
            Ok(End { hash, commands, rules, keyframes })
        };
        parse().map(Some).map_err(|_| bad)
    }

    /// Takes the keyframes from the index, when there is a whole one.
    fn take_index(&mut self) -> Result<bool, ReplayError> {
        let Some((_, trailer)) = self.bytes.split_last_chunk::<TRAILER_BYTES>() else { return Ok(false) };
        let mut reader = ByteReader::new(trailer);
        let (offset, stated, magic) = (reader.u64()?, reader.u32()?, reader.array::<4>()?);
        let in_file = offset >= self.chunks_at as u64 && offset < self.bytes.len() as u64;
        if magic != TRAILER_MAGIC || stated != checksum(&offset.to_le_bytes()) || !in_file {
            return Ok(false);
        }
        let Found::Chunk(chunk) = self.chunk_at(offset as usize)? else { return Ok(false) };
        if chunk.head.kind != chunk::END {
            return Err(ReplayError::BadRecord { offset: chunk.offset });
        }
        let Some(end) = self.end_of(&chunk)? else { return Ok(false) };
        let bad = ReplayError::BadRecord { offset: chunk.offset };
        self.keyframes = self.places(&end.keyframes, chunk.offset).ok_or(bad)?;
        let rules = self.places(&end.rules, chunk.offset).ok_or(bad)?;
        self.rules.extend(rules.iter().map(|(_, offset)| *offset));
        self.ticks = chunk.head.tick.wrapping_sub(self.first_tick.0);
        let begins = self.keyframes.first() == Some(&(0, self.chunks_at));
        let ends = self.keyframes.last().is_some_and(|(at, _)| *at <= self.ticks);
        if begins && ends { Ok(true) } else { Err(bad) }
    }

    /// Places of the index, as distance from the first tick and offset; none when they are out of order or beyond `end`.
    fn places(&self, index: &[(u32, u64)], end: usize) -> Option<Vec<(u32, usize)>> {
        let at = |(tick, offset): &(u32, u64)| (tick.wrapping_sub(self.first_tick.0), *offset as usize);
        let places: Vec<(u32, usize)> = index.iter().map(at).collect();
        let within = index.iter().all(|(_, offset)| *offset < end as u64);
        (within && places.is_sorted_by(|a, b| a < b)).then_some(places)
    }

    /// Walks from head to head and notes the keyframes, the rules and the number of ticks.
    fn walk(&mut self) -> Result<(), ReplayError> {
        let mut offset = self.chunks_at;
        while offset < self.bytes.len() {
            let Found::Chunk(chunk) = self.chunk_at(offset)? else { break };
            if chunk.head.tick != self.first_tick.0.wrapping_add(self.ticks) {
                return Err(ReplayError::BadRecord { offset });
            }
            match chunk.head.kind {
                chunk::KEYFRAME => self.keyframes.push((self.ticks, offset)),
                chunk::RULES => self.rules.push(offset),
                chunk::TICKS => {
                    self.ticks =
                        self.ticks.checked_add(chunk.head.ticks).ok_or(ReplayError::BadRecord { offset })?;
                }
                _ => break,
            }
            offset = chunk.end();
        }
        Ok(())
    }
}

/// The hashes in a chunk of ticks.
fn marks_of(
    content: &[u8],
    chunk: &Chunk<'_>,
    hashes: &mut Vec<(Tick, StateHash)>,
) -> Result<(), ReplayError> {
    let bad = ReplayError::BadRecord { offset: chunk.offset };
    let mut reader = ByteReader::new(content);
    let mut tick = chunk.head.tick;
    while !reader.is_empty() {
        match reader.u8().map_err(|_| bad)? {
            record::IDLE => tick = tick.wrapping_add(reader.u32().map_err(|_| bad)?),
            record::COMMANDS => {
                let count = reader.u32().map_err(|_| bad)?;
                let mut rest = reader.rest();
                for _ in 0..count {
                    let decoded = Command::decode(rest);
                    (_, rest) =
                        decoded.map_err(|error| ReplayError::Command { offset: chunk.offset, error })?;
                }
                reader = ByteReader::new(rest);
                tick = tick.wrapping_add(1);
            }
            record::HASH => hashes.push((Tick(tick), StateHash(reader.u128().map_err(|_| bad)?))),
            _ => return Err(bad),
        }
    }
    Ok(())
}
