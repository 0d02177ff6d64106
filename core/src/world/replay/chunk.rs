//! Chunks: heads, sealing (packing and checksums), finding and opening. Claimed sizes are bounded before any memory is
//! taken for them.

use super::ReplayError;
use crate::state::bytes::{ByteReader, EndOfBytes};
use alloc::vec::Vec;

/// Bytes of a chunk's head.
pub(super) const HEAD_BYTES: usize = 32;

/// Most bytes of a chunk's content: what a reader is ready to unpack.
pub(super) const CONTENT_BYTES_MAX: usize = 256 << 20;

/// LZ4 makes at most so many bytes of one.
const EXPANSION_MAX: usize = 256;

pub(super) const KEYFRAME: u8 = 1;
pub(super) const TICKS: u8 = 2;
pub(super) const END: u8 = 3;
pub(super) const RULES: u8 = 4;

const PLAIN: u8 = 0;
const LZ4: u8 = 1;

/// CRC-32 of IEEE 802.3.
pub(super) fn checksum(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

/// What stands before a chunk's stored bytes, without the checksums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) kind: u8,
    packing: u8,
    /// The first tick of the chunk; of a keyframe and of the end the next tick to run.
    pub(super) tick: u32,
    pub(super) ticks: u32,
    pub(super) commands: u32,
    pub(super) content: u32,
    pub(super) stored: u32,
}

impl Head {
    /// The head of a draft: content as it is, no checksums.
    pub(super) fn draft(kind: u8, tick: u32, ticks: u32, commands: u32, content: usize) -> Self {
        let content = content as u32;
        Self { kind, packing: PLAIN, tick, ticks, commands, content, stored: content }
    }

    /// The head's bytes, with the checksum of the stored bytes and its own.
    pub(super) fn to_bytes(self, stored_checksum: u32) -> [u8; HEAD_BYTES] {
        let mut bytes = [0; HEAD_BYTES];
        (bytes[0], bytes[1]) = (self.kind, self.packing);
        let numbers = [self.tick, self.ticks, self.commands, self.content, self.stored, stored_checksum];
        for (place, number) in bytes[4..].chunks_exact_mut(4).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        let own = checksum(&bytes[..HEAD_BYTES - 4]);
        bytes[HEAD_BYTES - 4..].copy_from_slice(&own.to_le_bytes());
        bytes
    }

    /// The fields of a head, whose own checksum is not looked at, and the checksum of the stored bytes.
    pub(super) fn read(reader: &mut ByteReader<'_>) -> Result<(Self, u32), EndOfBytes> {
        let [kind, packing, ..] = reader.array::<4>()?;
        let (tick, ticks, commands) = (reader.u32()?, reader.u32()?, reader.u32()?);
        let (content, stored, stored_checksum) = (reader.u32()?, reader.u32()?, reader.u32()?);
        reader.u32()?;
        Ok((Self { kind, packing, tick, ticks, commands, content, stored }, stored_checksum))
    }

    /// Whether a writer can have written it.
    fn is_sound(&self) -> bool {
        let (content, stored) = (self.content as usize, self.stored as usize);
        let sized = match self.packing {
            PLAIN => content == stored,
            LZ4 => content <= stored.saturating_mul(EXPANSION_MAX),
            _ => false,
        };
        let counted = match self.kind {
            TICKS => self.ticks > 0,
            KEYFRAME | END | RULES => self.ticks == 0 && self.commands == 0,
            _ => false,
        };
        sized && counted && content <= CONTENT_BYTES_MAX
    }
}

/// Appends a chunk: packed when that is smaller, with its checksums.
pub(super) fn seal(mut head: Head, content: &[u8], packed: &mut Vec<u8>, out: &mut Vec<u8>) {
    let room = lz4_flex::block::get_maximum_output_size(content.len());
    if packed.len() < room {
        packed.resize(room, 0);
    }
    let stored = match lz4_flex::block::compress_into(content, packed) {
        Ok(len) if len < content.len() => {
            head.packing = LZ4;
            &packed[..len]
        }
        _ => content,
    };
    head.stored = stored.len() as u32;
    out.extend_from_slice(&head.to_bytes(checksum(stored)));
    out.extend_from_slice(stored);
}

/// A chunk in the bytes of a replay.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk<'a> {
    pub(super) head: Head,
    pub(super) offset: usize,
    stored_checksum: u32,
    stored: &'a [u8],
}

/// What is found at an offset.
pub(super) enum Found<'a> {
    Chunk(Chunk<'a>),
    /// The recording is cut off here.
    Torn,
}

impl<'a> Chunk<'a> {
    /// The chunk at an offset; torn when it reaches beyond the end, is the last and not whole, or nothing but zeros.
    pub(super) fn find(bytes: &'a [u8], offset: usize) -> Result<Found<'a>, ReplayError> {
        let rest = bytes.get(offset..).unwrap_or_default();
        if rest.len() < HEAD_BYTES || rest.iter().all(|byte| *byte == 0) {
            return Ok(Found::Torn);
        }
        let mut reader = ByteReader::new(rest);
        let (head, stored_checksum) = Head::read(&mut reader)?;
        let own = rest[HEAD_BYTES - 4..HEAD_BYTES].try_into().map_or(0, u32::from_le_bytes);
        if own != checksum(&rest[..HEAD_BYTES - 4]) {
            return Err(ReplayError::Damaged { offset });
        }
        if rest[2..4] != [0, 0] || !head.is_sound() {
            return Err(ReplayError::BadRecord { offset });
        }
        let Ok(stored) = reader.take(head.stored as usize) else { return Ok(Found::Torn) };
        if reader.is_empty() && checksum(stored) != stored_checksum {
            return Ok(Found::Torn);
        }
        Ok(Found::Chunk(Self { head, offset, stored_checksum, stored }))
    }

    /// Where the next chunk begins.
    pub(super) fn end(&self) -> usize {
        self.offset + HEAD_BYTES + self.stored.len()
    }

    /// Puts the content into a buffer.
    pub(super) fn open(&self, content: &mut Vec<u8>) -> Result<(), ReplayError> {
        if checksum(self.stored) != self.stored_checksum {
            return Err(ReplayError::Damaged { offset: self.offset });
        }
        content.clear();
        if self.head.packing == PLAIN {
            content.extend_from_slice(self.stored);
            return Ok(());
        }
        content.resize(self.head.content as usize, 0);
        match lz4_flex::block::decompress_into(self.stored, content) {
            Ok(len) if len == content.len() => Ok(()),
            _ => Err(ReplayError::BadRecord { offset: self.offset }),
        }
    }
}
