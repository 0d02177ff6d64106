//! Height files, `.swht`: a terrain as a grid of 16-bit samples, and back.
//!
//! ```text
//! offset  bytes  what
//!      0      4  magic "SWHT"
//!      4      2  version of the format, 1
//!      6      2  flags: bit 0 there is a water level; the others are zero
//!      8      4  columns: samples along x, 2 to 16,385
//!     12      4  rows: samples along z, 2 to 16,385
//!     16      4  spacing of the samples, Q16.16 metres, 1/4 to 128 m
//!     20      4  height of sample 0, Q16.16 metres
//!     24      4  height of one step of a sample, in 1/2^32 metres
//!     28      4  water level, Q16.16 metres; zero without the flag
//!     32      4  CRC-32 (ISO-HDLC, as in zip and PNG) of all other bytes
//!     36         samples, u16: blocks of 64 × 64, row of blocks after row of blocks, x fastest; in a block likewise.
//!                The last blocks of a row and the last row of blocks are as narrow as what is left
//! ```
//! All numbers are little-endian. A sample `s` stands for `height of 0 + ⌊s · step / 2^16⌋` in Q16.16. The file is kept
//! as it was read: nothing is allocated by a number in it. Blocks, so that a part of a large file is read in few places.

use crate::limits::{TERRAIN_CHUNK_CELLS, TERRAIN_HEIGHT_MAX_M};
use crate::numeric::{Metres, StateHasher};
use crate::state::bytes::{ByteReader, EndOfBytes};
use alloc::vec::Vec;
use core::fmt;

/// First four bytes of a height file.
pub const MAGIC: [u8; 4] = *b"SWHT";

/// Version of the format.
pub const FORMAT: u16 = 1;

/// Bytes before the first sample.
pub const HEADER_BYTES: usize = 36;

/// Most samples along a side: 32 km at 2 m, a file of 512 MiB.
pub const SIDE_MAX: u32 = 16_385;

const CRC_AT: usize = 32;
const FLAG_WATER: u16 = 1;
const BLOCK: usize = TERRAIN_CHUNK_CELLS;
const SPACING_MIN: Metres = Metres::from_mm(250);
const SPACING_MAX: Metres = Metres::from_m(128);
const HEIGHT_MAX: Metres = Metres::from_m(TERRAIN_HEIGHT_MAX_M);

/// What a height file is made of, besides its samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeightFileShape {
    /// Samples along x, 2 to [`SIDE_MAX`].
    pub columns: u32,
    /// Samples along z, 2 to [`SIDE_MAX`].
    pub rows: u32,
    /// Distance of neighbouring samples, 1/4 m to 128 m.
    pub spacing: Metres,
    /// Height of sample 0, within ±[`TERRAIN_HEIGHT_MAX_M`].
    pub lowest: Metres,
    /// Height of sample 65535, from `lowest` to [`TERRAIN_HEIGHT_MAX_M`].
    pub highest: Metres,
    /// Height of the water, if there is any. Nothing in the kernel reads it.
    pub water: Option<Metres>,
}

/// Why bytes or numbers are no height file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeightFileError {
    /// The bytes end too early.
    Truncated,
    /// The bytes go on after the last sample.
    TooLong,
    /// They do not begin like a height file.
    NotAHeightFile,
    /// Another version of the format.
    UnknownFormat(u16),
    /// Flags that mean nothing, or a water level without its flag.
    UnknownFlags(u16),
    /// Fewer than 2 or more than [`SIDE_MAX`] samples along a side.
    Side(u32),
    /// The spacing is not within 1/4 m to 128 m.
    Spacing(Metres),
    /// A height is outside ±[`TERRAIN_HEIGHT_MAX_M`], or the highest is below the lowest.
    Height(Metres),
    /// The checksum does not hold.
    Damaged {
        /// What the file says.
        stated: u32,
        /// What its bytes give.
        found: u32,
    },
    /// As many samples were given as there should be columns × rows.
    Samples(u64),
}

impl fmt::Display for HeightFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("height file: the bytes end too early"),
            Self::TooLong => f.write_str("height file: the bytes go on after the last sample"),
            Self::NotAHeightFile => f.write_str("height file: this is none, it does not begin with SWHT"),
            Self::UnknownFormat(format) => {
                write!(f, "height file: format {format}, this build reads {FORMAT}")
            }
            Self::UnknownFlags(flags) => write!(f, "height file: unknown flags {flags:04x}"),
            Self::Side(side) => {
                write!(f, "height file: {side} samples along a side, allowed are 2 to {SIDE_MAX}")
            }
            Self::Spacing(spacing) => {
                write!(f, "height file: spacing of {spacing}, allowed are {SPACING_MIN} to {SPACING_MAX}")
            }
            Self::Height(height) => {
                write!(
                    f,
                    "height file: a height of {height}, allowed are {} to {HEIGHT_MAX}, the lowest first",
                    -HEIGHT_MAX
                )
            }
            Self::Damaged { stated, found } => {
                write!(f, "height file: damaged, its checksum is {found:08x} and should be {stated:08x}")
            }
            Self::Samples(count) => write!(f, "height file: {count} samples do not fill columns x rows"),
        }
    }
}

impl core::error::Error for HeightFileError {}

impl From<EndOfBytes> for HeightFileError {
    fn from(_: EndOfBytes) -> Self {
        Self::Truncated
    }
}

/// A height file in memory: checked, and otherwise the bytes that were read.
#[derive(Clone)]
pub struct HeightFile {
    bytes: Vec<u8>,
    columns: u32,
    rows: u32,
    spacing: i32,
    base: i32,
    step: u32,
    water: Option<Metres>,
    content_hash: u64,
}

impl HeightFile {
    /// A file of samples given in rows of constant z, `shape.columns` each.
    ///
    /// # Errors
    /// [`HeightFileError`] when a number is out of range or the samples are too few or too many.
    pub fn new(shape: &HeightFileShape, samples: &[u16]) -> Result<Self, HeightFileError> {
        let (columns, rows) = (shape.columns as usize, shape.rows as usize);
        if samples.len() as u64 != u64::from(shape.columns) * u64::from(shape.rows) {
            return Err(HeightFileError::Samples(samples.len() as u64));
        }
        if shape.highest < shape.lowest || shape.highest > HEIGHT_MAX {
            return Err(HeightFileError::Height(shape.highest));
        }
        if shape.lowest < -HEIGHT_MAX {
            return Err(HeightFileError::Height(shape.lowest));
        }
        // Rounded up: then the last sample is the highest to the bit.
        let range = u64::from(shape.highest.0.abs_diff(shape.lowest.0));
        let step = ((range << 16).div_ceil(u64::from(u16::MAX))) as u32;
        let mut bytes = Vec::with_capacity(HEADER_BYTES + 2 * samples.len());
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.extend_from_slice(&if shape.water.is_some() { FLAG_WATER } else { 0 }.to_le_bytes());
        bytes.extend_from_slice(&shape.columns.to_le_bytes());
        bytes.extend_from_slice(&shape.rows.to_le_bytes());
        bytes.extend_from_slice(&shape.spacing.0.to_le_bytes());
        bytes.extend_from_slice(&shape.lowest.0.to_le_bytes());
        bytes.extend_from_slice(&step.to_le_bytes());
        bytes.extend_from_slice(&shape.water.unwrap_or_default().0.to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        for block_z in (0..rows).step_by(BLOCK) {
            for block_x in (0..columns).step_by(BLOCK) {
                for row in block_z..rows.min(block_z + BLOCK) {
                    let line = &samples[row * columns + block_x..][..BLOCK.min(columns - block_x)];
                    bytes.extend(line.iter().flat_map(|sample| sample.to_le_bytes()));
                }
            }
        }
        let crc = checksum(&bytes);
        bytes[CRC_AT..CRC_AT + 4].copy_from_slice(&crc.to_le_bytes());
        Self::decode(bytes)
    }

    /// Takes the bytes of a file.
    ///
    /// # Errors
    /// [`HeightFileError`], on any bytes, without a panic and without allocating.
    pub fn decode(bytes: Vec<u8>) -> Result<Self, HeightFileError> {
        let mut reader = ByteReader::new(&bytes);
        if reader.array::<4>()? != MAGIC {
            return Err(HeightFileError::NotAHeightFile);
        }
        let format = reader.u16()?;
        if format != FORMAT {
            return Err(HeightFileError::UnknownFormat(format));
        }
        let flags = reader.u16()?;
        let (columns, rows) = (reader.u32()?, reader.u32()?);
        let (spacing, base, step) = (Metres(reader.i32()?), Metres(reader.i32()?), reader.u32()?);
        let (water, stated) = (Metres(reader.i32()?), reader.u32()?);
        if flags & !FLAG_WATER != 0 || (flags == 0 && water != Metres::ZERO) {
            return Err(HeightFileError::UnknownFlags(flags));
        }
        if let Some(side) = [columns, rows].into_iter().find(|side| !(2..=SIDE_MAX).contains(side)) {
            return Err(HeightFileError::Side(side));
        }
        if !(SPACING_MIN..=SPACING_MAX).contains(&spacing) {
            return Err(HeightFileError::Spacing(spacing));
        }
        let top = i64::from(base.0) + ((i64::from(step) * i64::from(u16::MAX)) >> 16);
        let top = Metres(i32::try_from(top).unwrap_or(i32::MAX));
        let heights = -HEIGHT_MAX..=HEIGHT_MAX;
        if let Some(height) = [base, top, water].into_iter().find(|height| !heights.contains(height)) {
            return Err(HeightFileError::Height(height));
        }
        let samples = 2 * columns as usize * rows as usize;
        match reader.rest().len().cmp(&samples) {
            core::cmp::Ordering::Less => return Err(HeightFileError::Truncated),
            core::cmp::Ordering::Greater => return Err(HeightFileError::TooLong),
            core::cmp::Ordering::Equal => {}
        }
        let found = checksum(&bytes);
        if found != stated {
            return Err(HeightFileError::Damaged { stated, found });
        }
        let water = (flags & FLAG_WATER != 0).then_some(water);
        let content_hash = content_hash(&bytes);
        Ok(Self { bytes, columns, rows, spacing: spacing.0, base: base.0, step, water, content_hash })
    }

    /// The bytes of the file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Size, spacing, heights and water.
    #[must_use]
    pub fn shape(&self) -> HeightFileShape {
        HeightFileShape {
            columns: self.columns,
            rows: self.rows,
            spacing: Metres(self.spacing),
            lowest: Metres(self.base),
            highest: Metres(self.base + step_up(self.step, u16::MAX)),
            water: self.water,
        }
    }

    /// Equal for equal files, different for others but for chance (1 in 2^64).
    #[must_use]
    pub const fn content_hash(&self) -> u64 {
        self.content_hash
    }

    /// A sample as it stands in the file; beyond the border the border's.
    #[must_use]
    pub fn sample(&self, column: u32, row: u32) -> u16 {
        let (columns, rows) = (self.columns as usize, self.rows as usize);
        let (column, row) = ((column as usize).min(columns - 1), (row as usize).min(rows - 1));
        let (block_x, block_z) = (column & !(BLOCK - 1), row & !(BLOCK - 1));
        let (width, height) = (BLOCK.min(columns - block_x), BLOCK.min(rows - block_z));
        let at = block_z * columns + block_x * height + (row - block_z) * width + (column - block_x);
        let at = HEADER_BYTES + 2 * at;
        u16::from_le_bytes([self.bytes[at], self.bytes[at + 1]])
    }

    /// Height of a sample; beyond the border the border's.
    #[must_use]
    pub fn height_of_sample(&self, column: u32, row: u32) -> Metres {
        Metres(self.base + step_up(self.step, self.sample(column, row)))
    }

    /// Raw height at raw world coordinates: bilinear between samples, each blend rounded to the floor.
    pub(super) fn height(&self, x: i32, z: i32) -> i32 {
        let (column, u) = self.locate(x, self.columns);
        let (row, v) = self.locate(z, self.rows);
        let at = |column, row| self.height_of_sample(column, row).0;
        if u == 0 && v == 0 {
            return at(column, row);
        }
        let lerp = |a: i32, b: i32, t: i64| a + (((i64::from(b) - i64::from(a)) * t) >> 16) as i32;
        let near = lerp(at(column, row), at(column + 1, row), u);
        lerp(near, lerp(at(column, row + 1), at(column + 1, row + 1), u), v)
    }

    /// The sample at or before a raw coordinate, and the way to the next one in Q16.
    fn locate(&self, raw: i32, samples: u32) -> (u32, i64) {
        let spacing = i64::from(self.spacing);
        let reach = i64::from(samples - 1) * spacing;
        let at = (i64::from(raw) + reach / 2).clamp(0, reach);
        (at.div_euclid(spacing) as u32, (at.rem_euclid(spacing) << 16) / spacing)
    }
}

impl PartialEq for HeightFile {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for HeightFile {}

impl fmt::Debug for HeightFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeightFile")
            .field("shape", &self.shape())
            .field("content_hash", &self.content_hash)
            .finish()
    }
}

/// Raw height of a sample above sample 0.
const fn step_up(step: u32, sample: u16) -> i32 {
    ((step as u64 * sample as u64) >> 16) as i32
}

/// CRC-32 of all bytes but its own four; `bytes` are at least a header.
fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&bytes[..CRC_AT]);
    crc.update(&bytes[CRC_AT + 4..]);
    crc.finalize()
}

fn content_hash(bytes: &[u8]) -> u64 {
    let mut hasher = StateHasher::new();
    for (row, word) in (0_u32..).zip(bytes.chunks(8)) {
        let mut padded = [0; 8];
        padded[..word.len()].copy_from_slice(word);
        hasher.add_word(0, row, u64::from_le_bytes(padded));
    }
    hasher.finish().0 as u64
}

#[cfg(test)]
mod tests;
