//! Writing: drafts beside the tick, sealed chunks for the file.

use super::chunk::{self, Head, checksum};
use super::{FORMAT, HEADER_BYTES, MAGIC, TRAILER_MAGIC, record};
use crate::limits::{COMMAND_BYTES_MAX, REPLAY_HASH_EVERY_MAX};
use crate::numeric::Ticks;
use crate::rules::Rules;
use crate::state::bytes::ByteReader;
use crate::state::commands::Command;
use crate::world::World;
use alloc::vec::Vec;

/// A chunk of ticks ends when its records have so many bytes.
const CONTENT_BYTES: usize = 256 << 10;

/// How often a recording has what. Numbers outside their ranges are held within them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplayOptions {
    /// Ticks between two hashes, 1 to [`REPLAY_HASH_EVERY_MAX`].
    pub hash_every: Ticks,
    /// Ticks between two keyframes, from `chunk_ticks` on. A jump to a tick runs at most so many.
    pub keyframe_every: Ticks,
    /// Most ticks in a chunk, 1 to [`REPLAY_HASH_EVERY_MAX`]. What a crash can lose.
    pub chunk_ticks: Ticks,
}

impl Default for ReplayOptions {
    /// At 60 ticks a second: a hash a second, a chunk every two, a keyframe every thirty.
    fn default() -> Self {
        Self { hash_every: Ticks(60), keyframe_every: Ticks(1_800), chunk_ticks: Ticks(128) }
    }
}

/// Records a world while it runs: the half beside the tick. Its output is drafts for a [`ReplaySealer`].
#[derive(Debug)]
pub struct ReplayRecorder {
    options: ReplayOptions,
    /// Records of the chunk in the making.
    content: Vec<u8>,
    first_tick: u32,
    ticks: u32,
    commands: u32,
    idle_ticks: u32,
    all_commands: u64,
}

impl ReplayRecorder {
    /// Appends the header and the first keyframe.
    #[must_use]
    pub fn begin(world: &World, options: &ReplayOptions, out: &mut Vec<u8>) -> Self {
        let within = |ticks: Ticks, least: u32| Ticks(ticks.0.clamp(least, REPLAY_HASH_EVERY_MAX));
        let chunk_ticks = within(options.chunk_ticks, 1);
        let options = ReplayOptions {
            hash_every: within(options.hash_every, 1),
            keyframe_every: Ticks(options.keyframe_every.0.max(chunk_ticks.0)),
            chunk_ticks,
        };
        let config = world.config().encode();
        let start = out.len();
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&FORMAT.to_le_bytes());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&options.hash_every.0.to_le_bytes());
        out.extend_from_slice(&options.keyframe_every.0.to_le_bytes());
        out.extend_from_slice(&(config.len() as u32).to_le_bytes());
        out.extend_from_slice(&world.fingerprint().to_le_bytes());
        debug_assert_eq!(out.len() - start, HEADER_BYTES);
        out.extend_from_slice(&config);
        let header_checksum = checksum(&out[start..]);
        out.extend_from_slice(&header_checksum.to_le_bytes());
        write_keyframe(world, out);
        Self {
            options,
            content: Vec::with_capacity(CONTENT_BYTES + tick_bytes(world.characters().len())),
            first_tick: world.tick().0,
            ticks: 0,
            commands: 0,
            idle_ticks: 0,
            all_commands: 0,
        }
    }

    /// Most bytes that one [`ReplayRecorder::record`] or [`ReplayRecorder::record_rules`] appends, when no tick has more than two commands for each slot:
    /// room for `out` that never grows.
    #[must_use]
    pub fn draft_bytes_max(world: &World) -> usize {
        let image = world.image_bytes_max();
        2 * chunk::HEAD_BYTES + CONTENT_BYTES + tick_bytes(world.characters().len()) + image.max(Rules::BYTES)
    }

    /// Records that the world has adopted other rules: call it after [`World::adopt_rules`], before the next step.
    /// Appends whole drafts.
    pub fn record_rules(&mut self, world: &World, out: &mut Vec<u8>) {
        let tick = world.tick().0;
        self.flush_ticks(tick, out);
        out.extend_from_slice(&Head::draft(chunk::RULES, tick, 0, 0, Rules::BYTES).to_bytes(0));
        world.config().rules.encode_into(out);
    }

    /// Records one tick: call it after every step, with the commands the step was given. Appends whole drafts, now and
    /// then. Allocates nothing while `out` has room for [`ReplayRecorder::draft_bytes_max`].
    pub fn record(&mut self, world: &World, commands: &[Command], out: &mut Vec<u8>) {
        if commands.is_empty() {
            self.idle_ticks += 1;
        } else {
            self.flush_idle();
            self.content.push(record::COMMANDS);
            self.content.extend_from_slice(&(commands.len() as u32).to_le_bytes());
            for command in commands {
                command.encode_into(&mut self.content);
            }
            self.commands = self.commands.saturating_add(commands.len() as u32);
            self.all_commands += commands.len() as u64;
        }
        self.ticks += 1;
        let next = world.tick().0;
        if next.is_multiple_of(self.options.hash_every.0) {
            self.flush_idle();
            self.content.push(record::HASH);
            self.content.extend_from_slice(&world.state_hash().to_le_bytes());
        }
        let keyframe = next.is_multiple_of(self.options.keyframe_every.0);
        if keyframe || self.ticks >= self.options.chunk_ticks.0 || self.content.len() >= CONTENT_BYTES {
            self.flush_ticks(next, out);
        }
        if keyframe {
            write_keyframe(world, out);
        }
    }

    /// Appends what is left, and the end.
    pub fn finish(mut self, world: &World, out: &mut Vec<u8>) {
        self.flush_ticks(world.tick().0, out);
        let mut end = Vec::with_capacity(24);
        end.extend_from_slice(&world.state_hash().to_le_bytes());
        end.extend_from_slice(&self.all_commands.to_le_bytes());
        write_draft(Head::draft(chunk::END, world.tick().0, 0, 0, end.len()), &end, out);
    }

    fn flush_idle(&mut self) {
        if self.idle_ticks > 0 {
            self.content.push(record::IDLE);
            self.content.extend_from_slice(&self.idle_ticks.to_le_bytes());
            self.idle_ticks = 0;
        }
    }

    fn flush_ticks(&mut self, next: u32, out: &mut Vec<u8>) {
        self.flush_idle();
        if self.ticks > 0 {
            let head =
                Head::draft(chunk::TICKS, self.first_tick, self.ticks, self.commands, self.content.len());
            write_draft(head, &self.content, out);
        }
        self.content.clear();
        (self.first_tick, self.ticks, self.commands) = (next, 0, 0);
    }
}

/// Bytes of a tick in which every slot has two commands.
fn tick_bytes(slots: usize) -> usize {
    64 + 2 * slots * COMMAND_BYTES_MAX
}

/// A draft is a chunk as it will be read, packed by nobody and without checksums.
fn write_draft(head: Head, content: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&head.to_bytes(0));
    out.extend_from_slice(content);
}

fn write_keyframe(world: &World, out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + chunk::HEAD_BYTES, 0);
    world.snapshot_into(out);
    let image = out.len() - start - chunk::HEAD_BYTES;
    let head = Head::draft(chunk::KEYFRAME, world.tick().0, 0, 0, image).to_bytes(0);
    out[start..start + chunk::HEAD_BYTES].copy_from_slice(&head);
}

/// Turns drafts into what is written to a file: the half for another thread.
#[derive(Debug, Default)]
pub struct ReplaySealer {
    /// Bytes given out so far.
    written: u64,
    /// Tick and offset of every keyframe.
    keyframes: Vec<(u32, u64)>,
    /// Tick and offset of every chunk of rules.
    rules: Vec<(u32, u64)>,
    packed: Vec<u8>,
}

impl ReplaySealer {
    /// A sealer for the drafts of one [`ReplayRecorder`], from its first on.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends the sealed form of whole drafts, in the order they came. Drafts that were cut are left out from there on.
    pub fn seal(&mut self, drafts: &[u8], out: &mut Vec<u8>) {
        let mut drafts = drafts;
        let start = out.len();
        let before = self.written;
        if before == 0 {
            let config_len =
                drafts.get(16..20).and_then(|len| len.try_into().ok()).map_or(0, u32::from_le_bytes);
            let header = HEADER_BYTES + config_len as usize + 4;
            let Some((header, rest)) = drafts.split_at_checked(header) else { return };
            out.extend_from_slice(header);
            self.written = header.len() as u64;
            drafts = rest;
        }
        let mut reader = ByteReader::new(drafts);
        while let Ok((head, _)) = Head::read(&mut reader) {
            let Ok(content) = reader.take(head.content as usize) else { return };
            let offset = before + (out.len() - start) as u64;
            match head.kind {
                chunk::END => self.seal_end(head, content, offset, out),
                kind => {
                    match kind {
                        chunk::KEYFRAME => self.keyframes.push((head.tick, offset)),
                        chunk::RULES => self.rules.push((head.tick, offset)),
                        _ => {}
                    }
                    chunk::seal(head, content, &mut self.packed, out);
                }
            }
            self.written = before + (out.len() - start) as u64;
        }
    }

    fn seal_end(&mut self, mut head: Head, content: &[u8], offset: u64, out: &mut Vec<u8>) {
        let places = self.rules.len() + self.keyframes.len();
        let mut end = Vec::with_capacity(content.len() + 4 + 12 * places);
        end.extend_from_slice(content);
        end.extend_from_slice(&(self.rules.len() as u32).to_le_bytes());
        for (tick, offset) in self.rules.iter().chain(&self.keyframes) {
            end.extend_from_slice(&tick.to_le_bytes());
            end.extend_from_slice(&offset.to_le_bytes());
        }
        head.content = end.len() as u32;
        chunk::seal(head, &end, &mut self.packed, out);
        out.extend_from_slice(&offset.to_le_bytes());
        out.extend_from_slice(&checksum(&offset.to_le_bytes()).to_le_bytes());
        out.extend_from_slice(&TRAILER_MAGIC);
    }
}

/// Records a world while it runs: both halves in one. All bytes go to the caller's buffer, who may write it out and clear
/// it at any time.
#[derive(Debug)]
pub struct ReplayWriter {
    recorder: ReplayRecorder,
    sealer: ReplaySealer,
    drafts: Vec<u8>,
}

impl ReplayWriter {
    /// Appends the header: the world's configuration and state. `hash_every` is held within 1 and
    /// [`REPLAY_HASH_EVERY_MAX`]; the other [`ReplayOptions`] are the default's.
    #[must_use]
    pub fn begin(world: &World, hash_every: Ticks, out: &mut Vec<u8>) -> Self {
        Self::begin_with(world, &ReplayOptions { hash_every, ..ReplayOptions::default() }, out)
    }

    /// [`ReplayWriter::begin`] with all options.
    #[must_use]
    pub fn begin_with(world: &World, options: &ReplayOptions, out: &mut Vec<u8>) -> Self {
        let (mut sealer, mut drafts) = (ReplaySealer::new(), Vec::new());
        let recorder = ReplayRecorder::begin(world, options, &mut drafts);
        sealer.seal(&drafts, out);
        drafts.clear();
        Self { recorder, sealer, drafts }
    }

    /// Records one tick: call it after every step, with the commands the step was given.
    pub fn record(&mut self, world: &World, commands: &[Command], out: &mut Vec<u8>) {
        self.recorder.record(world, commands, &mut self.drafts);
        if !self.drafts.is_empty() {
            self.sealer.seal(&self.drafts, out);
            self.drafts.clear();
        }
    }

    /// Records that the world has adopted other rules: call it after [`World::adopt_rules`], before the next step.
    pub fn record_rules(&mut self, world: &World, out: &mut Vec<u8>) {
        self.recorder.record_rules(world, &mut self.drafts);
        self.sealer.seal(&self.drafts, out);
        self.drafts.clear();
    }

    /// Records the end: the last hash and the index.
    pub fn finish(mut self, world: &World, out: &mut Vec<u8>) {
        self.recorder.finish(world, &mut self.drafts);
        self.sealer.seal(&self.drafts, out);
    }
}
