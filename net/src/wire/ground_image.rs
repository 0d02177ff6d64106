//! How the ground differs and what is down, whole: for those who come when the list of changes does not reach back to the
//! beginning, and for those whose ground has gone wrong.
//!
//! Bytes, little-endian: number of fallen sections u32, the sections u16 each, ascending; number of chunks u16, then each:
//! [`TerrainChunk::key`] u32, length u16, and its vertices as bits, filled with zeros: in turns a run of zeros
//! (its length, WIDE without sign) and, until all vertices are said, a run of others (its length less one, likewise; each
//! as its folded difference to the one before in the run, WIDE; the first to zero). Then the number of props u16, and each: slot
//! u16, ascending, kind u8, x, y, z i32 in Q16.16 m, yaw u16. Those that move are told anew soon.
//!
//! An image travels in pieces, each a reliable message: the number of the first change that is not in it u32, bytes of the
//! image u32, where the piece begins u32, the piece.

use super::bits::{BitReader, BitSink, BitWriter};
use super::prefix_codes::WIDE;
use super::welcome::MessageKind;
use super::{DecodeError, MESSAGE_BYTES};
use shieldwall_core::limits::{HEIGHT_MAX_M, TERRAIN_CHUNK_VERTICES};
use shieldwall_core::numeric::{Brads, Metres, Position};
use shieldwall_core::rules::PROP_KINDS;
use shieldwall_core::state::props::PropPlace;
use shieldwall_core::state::terrain_deltas::{ChunkDelta, TerrainChunk, TerrainDeltas};
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of one chunk at most: a code of a run and one of a value for every vertex.
const CHUNK_BYTES_MAX: usize = (TERRAIN_CHUNK_VERTICES * (19 + 6)).div_ceil(8) + 16;
/// Bytes of a piece's head with the message's kind.
const PIECE_HEAD_BYTES: usize = 1 + 12;
const _: () = assert!(PIECE_HEAD_BYTES + PIECE_BYTES <= MESSAGE_BYTES);

/// Bytes of an image in one piece at most: a fragment that leaves room for a snapshot.
pub const PIECE_BYTES: usize = 180;

/// Bytes of an image at most, of a world whose terrain can differ in so many chunks.
#[must_use]
pub const fn image_bytes_max(delta_chunks: u32) -> usize {
    4 + 2 * (1 << 16) + 2 + delta_chunks as usize * (6 + CHUNK_BYTES_MAX) + 2 + PROPS_MAX * PROP_BYTES
}

/// Bytes of a prop.
const PROP_BYTES: usize = 2 + 1 + 12 + 2;
const PROPS_MAX: usize = u16::MAX as usize;

/// The props of an image, by slot.
pub type Props = BTreeMap<u16, PropPlace>;

/// What two ends compare: the ground's deltas (none: nowhere) and what is down.
#[must_use]
pub fn ground_hash(deltas: Option<&TerrainDeltas>, fallen: &BTreeSet<u16>) -> u64 {
    let ground = deltas.map_or_else(|| TerrainDeltas::new(0).content_hash(), TerrainDeltas::content_hash);
    fallen
        .iter()
        .fold(ground, |hash, &section| (hash ^ (u64::from(section) + 1)).wrapping_mul(0x0000_0100_0000_01B3))
}

/// The image of a world.
///
/// # Panics
/// When more chunks differ than any world has.
#[must_use]
pub fn encode(deltas: &TerrainDeltas, fallen: &BTreeSet<u16>, props: &Props) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&(fallen.len() as u32).to_le_bytes());
    fallen.iter().for_each(|section| bytes.extend_from_slice(&section.to_le_bytes()));
    let chunks = u16::try_from(deltas.len()).expect("a world has at most 1,024 such chunks");
    bytes.extend_from_slice(&chunks.to_le_bytes());
    let mut buffer = vec![0; CHUNK_BYTES_MAX];
    for (chunk, delta) in deltas.iter() {
        let mut writer = BitWriter::new(&mut buffer);
        write_chunk(delta, &mut writer);
        let length = writer.finish();
        bytes.extend_from_slice(&chunk.key().to_le_bytes());
        bytes.extend_from_slice(&(length as u16).to_le_bytes());
        bytes.extend_from_slice(&buffer[..length]);
    }
    let count = props.len().min(PROPS_MAX);
    bytes.extend_from_slice(&(count as u16).to_le_bytes());
    for (slot, place) in props.iter().take(count) {
        bytes.extend_from_slice(&slot.to_le_bytes());
        bytes.push(place.kind);
        for part in [place.position.x, place.position.y, place.position.z] {
            bytes.extend_from_slice(&part.0.to_le_bytes());
        }
        bytes.extend_from_slice(&place.yaw.0.to_le_bytes());
    }
    bytes
}

fn read_props(bytes: &[u8]) -> Result<Props, DecodeError> {
    let (count, rest) = bytes.split_first_chunk::<2>().ok_or(DecodeError::Truncated)?;
    let (props, behind) = rest.as_chunks::<PROP_BYTES>();
    let count = usize::from(u16::from_le_bytes(*count));
    if props.len() < count {
        return Err(DecodeError::Truncated);
    }
    if props.len() > count || !behind.is_empty() {
        return Err(DecodeError::Value("message length"));
    }
    let mut found = Props::new();
    for prop in props {
        let part =
            |at: usize| Metres(i32::from_le_bytes([prop[at], prop[at + 1], prop[at + 2], prop[at + 3]]));
        let slot = u16::from_le_bytes([prop[0], prop[1]]);
        let position = Position { x: part(3), y: part(7), z: part(11) };
        let place =
            PropPlace { kind: prop[2], position, yaw: Brads(u16::from_le_bytes([prop[15], prop[16]])) };
        let inside = position.y.0.unsigned_abs() <= Metres::from_m(HEIGHT_MAX_M + 1).0.unsigned_abs();
        if found.last_key_value().is_some_and(|(last, _)| *last >= slot) {
            return Err(DecodeError::Value("order of props"));
        }
        if usize::from(place.kind) >= PROP_KINDS || !inside {
            return Err(DecodeError::Value("prop"));
        }
        found.insert(slot, place);
    }
    Ok(found)
}

const _: () = assert!(CHUNK_BYTES_MAX <= u16::MAX as usize);

fn write_chunk(delta: &ChunkDelta, sink: &mut impl BitSink) {
    let mut rest = &delta[..];
    loop {
        let zeros = rest.iter().take_while(|cell| **cell == 0).count();
        WIDE.write_unsigned(sink, zeros as u32);
        rest = &rest[zeros..];
        if rest.is_empty() {
            return;
        }
        let others = rest.iter().take_while(|cell| **cell != 0).count();
        WIDE.write_unsigned(sink, others as u32 - 1);
        let mut before = 0;
        for &cell in &rest[..others] {
            WIDE.write_signed(sink, i32::from(cell) - before);
            before = cell.into();
        }
        rest = &rest[others..];
        if rest.is_empty() {
            return;
        }
    }
}

fn read_chunk(reader: &mut BitReader<'_>) -> Result<ChunkDelta, DecodeError> {
    const RUN: DecodeError = DecodeError::Value("run of a chunk");
    let mut delta = [0; TERRAIN_CHUNK_VERTICES];
    let mut rest = &mut delta[..];
    loop {
        let zeros = WIDE.read_unsigned(reader)? as usize;
        rest = rest.get_mut(zeros..).ok_or(RUN)?;
        if rest.is_empty() {
            return Ok(delta);
        }
        let others = WIDE.read_unsigned(reader)? as usize;
        let (run, behind) = rest.split_at_mut_checked(others.saturating_add(1)).ok_or(RUN)?;
        let mut before = 0_i32;
        for cell in run {
            before = before.wrapping_add(WIDE.read_signed(reader)?);
            *cell = i16::try_from(before).map_err(|_| DecodeError::Value("height of a chunk"))?;
        }
        rest = behind;
        if rest.is_empty() {
            return Ok(delta);
        }
    }
}

/// Reads an image of a world whose terrain can differ in `delta_chunks`. Whether a terrain can have such chunks, it
/// says itself.
///
/// # Errors
/// [`DecodeError`].
pub fn decode(bytes: &[u8], delta_chunks: u32) -> Result<(TerrainDeltas, BTreeSet<u16>, Props), DecodeError> {
    let (count, mut rest) = bytes.split_first_chunk::<4>().ok_or(DecodeError::Truncated)?;
    let mut fallen = BTreeSet::new();
    for _ in 0..u32::from_le_bytes(*count) {
        let (section, behind) = rest.split_first_chunk::<2>().ok_or(DecodeError::Truncated)?;
        let section = u16::from_le_bytes(*section);
        if fallen.last().is_some_and(|last| *last >= section) {
            return Err(DecodeError::Value("order of sections"));
        }
        fallen.insert(section);
        rest = behind;
    }
    let (count, mut rest) = rest.split_first_chunk::<2>().ok_or(DecodeError::Truncated)?;
    let mut chunks: Vec<(TerrainChunk, ChunkDelta)> = Vec::new();
    for _ in 0..u16::from_le_bytes(*count) {
        let (key, behind) = rest.split_first_chunk::<4>().ok_or(DecodeError::Truncated)?;
        let (length, behind) = behind.split_first_chunk::<2>().ok_or(DecodeError::Truncated)?;
        let length = usize::from(u16::from_le_bytes(*length));
        let (vertices, behind) = behind.split_at_checked(length).ok_or(DecodeError::Truncated)?;
        if chunks.len() >= delta_chunks as usize {
            return Err(DecodeError::Value("number of chunks"));
        }
        let chunk = TerrainChunk::from_key(u32::from_le_bytes(*key));
        chunks.push((chunk, read_chunk(&mut BitReader::new(vertices))?));
        rest = behind;
    }
    let props = read_props(rest)?;
    let deltas =
        TerrainDeltas::from_chunks(delta_chunks, chunks.iter().map(|(chunk, delta)| (*chunk, delta)));
    deltas.map(|deltas| (deltas, fallen, props)).ok_or(DecodeError::Value("number of chunks"))
}

/// A part of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroundPiece<'b> {
    /// The number of the first change that is not in the image.
    pub number: u32,
    /// Bytes of the image.
    pub total: u32,
    /// Where the piece begins.
    pub offset: u32,
    /// The piece, not empty.
    pub bytes: &'b [u8],
}

impl<'b> GroundPiece<'b> {
    /// The piece of an image that begins at `offset`.
    ///
    /// # Panics
    /// When the image ends there.
    #[must_use]
    pub fn of(number: u32, image: &'b [u8], offset: usize) -> Self {
        let end = image.len().min(offset + PIECE_BYTES);
        let bytes = &image[offset..end];
        Self { number, total: image.len() as u32, offset: offset as u32, bytes }
    }

    /// The message's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(PIECE_HEAD_BYTES + self.bytes.len());
        out.push(MessageKind::Ground as u8);
        for word in [self.number, self.total, self.offset] {
            out.extend_from_slice(&word.to_le_bytes());
        }
        out.extend_from_slice(self.bytes);
        out
    }

    /// Reads what follows the kind.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`]; [`DecodeError::Value`] for a piece that goes beyond the image, or is empty or too long.
    pub fn decode(body: &'b [u8]) -> Result<Self, DecodeError> {
        let (head, bytes) = body.split_first_chunk::<12>().ok_or(DecodeError::Truncated)?;
        let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let (number, total, offset) = (word(0), word(4), word(8));
        let end = u64::from(offset) + bytes.len() as u64;
        if bytes.is_empty() || bytes.len() > PIECE_BYTES || end > u64::from(total) {
            return Err(DecodeError::Value("piece of the ground"));
        }
        Ok(Self { number, total, offset, bytes })
    }
}

/// A check of the ground: `hash` is [`ground_hash`] before the change `number`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroundCheck {
    /// The number of the first change that is not counted.
    pub number: u32,
    /// What the ground must hash to.
    pub hash: u64,
}

impl GroundCheck {
    /// The message's bytes.
    #[must_use]
    pub fn encode(self) -> [u8; 13] {
        let mut out = [MessageKind::GroundCheck as u8; 13];
        out[1..5].copy_from_slice(&self.number.to_le_bytes());
        out[5..].copy_from_slice(&self.hash.to_le_bytes());
        out
    }

    /// Reads what follows the kind.
    ///
    /// # Errors
    /// [`DecodeError::Value`] for any other length.
    pub fn decode(body: &[u8]) -> Result<Self, DecodeError> {
        let (Some((number, rest)), 12) = (body.split_first_chunk::<4>(), body.len()) else {
            return Err(DecodeError::Value("message length"));
        };
        let hash = rest.try_into().map_err(|_| DecodeError::Value("message length"))?;
        Ok(Self { number: u32::from_le_bytes(*number), hash: u64::from_le_bytes(hash) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table(chunks: &[(u32, Vec<(usize, i16)>)]) -> TerrainDeltas {
        let chunks: Vec<_> = chunks
            .iter()
            .map(|(key, cells)| {
                let mut delta = [0; TERRAIN_CHUNK_VERTICES];
                cells.iter().for_each(|&(at, height)| delta[at] = height);
                (TerrainChunk::from_key(*key), delta)
            })
            .collect();
        TerrainDeltas::from_chunks(16, chunks.iter().map(|(chunk, delta)| (*chunk, delta))).unwrap()
    }

    #[test]
    fn the_worst_chunk_fits_its_bound() {
        let mut delta = [0; TERRAIN_CHUNK_VERTICES];
        for (at, cell) in delta.iter_mut().enumerate() {
            *cell = if at % 2 == 0 { 2_048 } else { -2_048 };
        }
        for sparse in [false, true] {
            if sparse {
                delta.iter_mut().skip(1).step_by(2).for_each(|cell| *cell = 0);
            }
            let deltas = TerrainDeltas::from_chunks(1, [(TerrainChunk::default(), &delta)]).unwrap();
            let image = encode(&deltas, &(0..=65_535).collect(), &Props::new());
            assert!(image.len() <= image_bytes_max(1), "{} bytes", image.len());
            let (back, fallen, _) = decode(&image, 1).unwrap();
            assert!(back == deltas && fallen.len() == 65_536);
            assert!(decode(&image, 0).is_err());
        }
    }

    #[test]
    fn pieces_and_checks_come_back_and_every_cut_is_refused() {
        let image: Vec<u8> = (0..1_000).map(|at| at as u8).collect();
        let piece = GroundPiece::of(9, &image, 900);
        let bytes = piece.encode();
        assert_eq!(GroundPiece::decode(&bytes[1..]), Ok(piece));
        assert!(GroundPiece::decode(&bytes[1..13]).is_err());
        let mut beyond = bytes;
        beyond[9] = 0xff;
        assert!(GroundPiece::decode(&beyond[1..]).is_err());
        let check = GroundCheck { number: 7, hash: u64::MAX - 5 };
        assert_eq!(GroundCheck::decode(&check.encode()[1..]), Ok(check));
        assert!(GroundCheck::decode(&check.encode()[1..12]).is_err());
    }

    proptest! {
        #[test]
        fn images_come_back(
            keys in prop::collection::btree_set(any::<u32>(), 0..6),
            cells in prop::collection::vec(prop::collection::vec((0..TERRAIN_CHUNK_VERTICES, -2_048_i16..=2_048), 0..60), 6),
            fallen in prop::collection::btree_set(any::<u16>(), 0..20),
            loose in prop::collection::btree_map(any::<u16>(), (0_u8..8, any::<[i32; 3]>(), any::<u16>()), 0..9),
        ) {
            let place = |(kind, [x, y, z], yaw): (u8, [i32; 3], u16)| PropPlace { kind, position: Position::from_raw(x, y / 4, z), yaw: Brads(yaw) };
            let loose: Props = loose.into_iter().map(|(slot, prop)| (slot, place(prop))).collect();
            let chunks: Vec<_> = keys.into_iter().zip(cells).collect();
            let deltas = table(&chunks);
            let image = encode(&deltas, &fallen, &loose);
            let (back, sections, props) = decode(&image, 16).unwrap();
            prop_assert!(back == deltas && sections == fallen && props == loose);
            prop_assert_eq!(ground_hash(Some(&back), &sections), ground_hash(Some(&deltas), &fallen));
            for cut in 0..image.len() {
                prop_assert!(decode(&image[..cut], 16).is_err());
            }
        }

        #[test]
        fn any_bytes_decode_or_fail(bytes in prop::collection::vec(any::<u8>(), 0..300), lead in 0..3_u32) {
            let _ = decode(&bytes, 16);
            let mut near = 0_u32.to_le_bytes().to_vec();
            near.extend(1_u16.to_le_bytes());
            near.extend(lead.to_le_bytes());
            near.extend((bytes.len() as u16).to_le_bytes());
            near.extend(&bytes);
            let _ = decode(&near, 16);
            let _ = (GroundPiece::decode(&bytes), GroundCheck::decode(&bytes));
        }
    }
}
