//! A state as bytes, and back: a header, then the used rows of every column, each copied whole.
//!
//! ```text
//! offset  bytes  what
//!      0      4  magic "SWSN"
//!      4      4  version of this header
//!      8      8  fingerprint of the layout: names, kinds and order of all columns
//!     16      8  fingerprint of the world: configuration and scenery
//!     24      4  tick
//!     28     4t  slots of each of the t tables ([`super::tables`]), in their order
//! 28 + 4t     4t  rows of each that follow
//! 28 + 8t      4  deformed chunks of terrain that follow
//! 32 + 8t     16  state hash of what follows
//! 48 + 8t         columns of each table in their order, then of terrain deltas, then the history
//! ```
//! All numbers are little-endian. An image is refused unless every field fits the world, the hash is right and every
//! row is within the bounds that the kernel keeps, so that no tick after it leaves them; a refusal changes nothing.
//!
//! The bounds of a character: inside the field; not below the ground, exactly on it when it stands on it, and at most
//! at [`crate::limits::HEIGHT_MAX_M`]; velocity, pitch, motion, timers and held input as the rules and
//! [`super::commands::CharacterInput::sanitized`] leave them; nobody dead moves. Of projectiles: field, height, speed.
//! Of minds: kind, mood, home and way inside the field, and the time of the next thought. Ticks, counts of
//! kills and deaths, and whether several rows fit together (two characters in one place, an arrow of nobody) are not
//! judged: every value of them is safe. Terrain deltas: chunks of this world in ascending order, each differing and within
//! bounds, their borders as their neighbours have them. The ground of the characters is that of the deltas in the image.
//! Sections, capture points and teams are all there, as the scenery and the configuration have them, within what their kinds
//! allow.
//!
//! The history is the number of its ticks, then each tick from the last one on: its rows, how far anybody went in it
//! (4 bytes each), and the columns of those rows ([`super::history`]). Its rows are not judged: every value is safe.

use super::State;
use super::bytes::{ByteReader, EndOfBytes};
use super::column::Here;
use super::judge::{
    check_characters, check_effects, check_npcs, check_places, check_projectiles, check_props,
};
use super::objectives::CapturePoint;
use super::state_hash::LAYOUT_FINGERPRINT;
use super::structures::StructureSection;
use super::tables::{TABLES, columns_bytes};
use super::terrain_deltas::{TerrainChunk, TerrainDeltas};
use crate::numeric::{LaneChoice, StateHash, Tick};
use crate::rules::Rules;
use alloc::vec::Vec;
use core::fmt;

/// First four bytes of an image.
pub const MAGIC: [u8; 4] = *b"SWSN";

/// Version of the header. What follows it is named by [`LAYOUT_FINGERPRINT`].
pub const FORMAT: u32 = 4;

/// Bytes before the first column.
pub const HEADER_BYTES: usize = HASH_AT.end;

/// Where the state hash stands in the header.
const HASH_AT: core::ops::Range<usize> = 32 + 8 * TABLES..48 + 8 * TABLES;

/// Why an image was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnapshotError {
    /// The image ends too early.
    Truncated,
    /// The image goes on after its end.
    TooLong,
    /// It does not begin like an image.
    NotAnImage,
    /// Its header is of another version.
    OtherFormat(u32),
    /// It was written with other columns.
    OtherLayout {
        /// The fingerprint of the layout in the image.
        image: u64,
        /// [`LAYOUT_FINGERPRINT`] of this build.
        build: u64,
    },
    /// It comes from a world with another configuration.
    OtherConfiguration {
        /// The fingerprint in the image.
        image: u64,
        /// The fingerprint of this world.
        world: u64,
    },
    /// Nothing was saved in what is to be loaded.
    NothingSaved,
    /// A capacity or a number of rows does not fit this world.
    OtherCapacity,
    /// The columns do not have the hash that the header states.
    Damaged,
    /// A part of a state names a slot twice, out of order, or beyond the capacity.
    BadSlot {
        /// The slot.
        slot: u32,
    },
    /// A part of a state does not fit in: so many more slots would be needed.
    Full {
        /// Slots for characters that are missing.
        characters: u32,
        /// Slots for projectiles that are missing.
        projectiles: u32,
        /// Slots for status effects that are missing.
        effects: u32,
        /// Rows for minds that are missing.
        npcs: u32,
    },
    /// A character's row holds what no character can have.
    BadCharacter {
        /// The row.
        slot: u32,
    },
    /// A projectile's row holds what no projectile can have.
    BadProjectile {
        /// The row.
        slot: u32,
    },
    /// A status effect's row holds what none can have.
    BadEffect {
        /// The row.
        slot: u32,
    },
    /// A section's row holds what no section of this scenery can have.
    BadStructure {
        /// The section.
        section: u32,
    },
    /// A capture point's row holds what none of this scenery can have.
    BadObjective {
        /// The capture point.
        point: u32,
    },
    /// A team's row holds what none can have.
    BadTeam {
        /// The team.
        team: u32,
    },
    /// A prop's row holds what none can have.
    BadProp {
        /// The row.
        slot: u32,
    },
    /// A row of minds holds what none can have.
    BadNpc {
        /// The row.
        slot: u32,
    },
    /// The history is one of more ticks or rows than this world has, or one in which somebody went farther than counts.
    BadHistory,
    /// A chunk of terrain differs as none can.
    BadTerrain {
        /// The chunk.
        chunk: TerrainChunk,
    },
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("snapshot: the image ends too early"),
            Self::TooLong => f.write_str("snapshot: the image goes on after its end"),
            Self::NotAnImage => f.write_str("snapshot: this is no image of a world"),
            Self::OtherFormat(version) => {
                write!(f, "snapshot: format {version}, this build reads {FORMAT}")
            }
            Self::OtherLayout { image, build } => {
                write!(f, "snapshot: written with columns {image:016x}, this build has {build:016x}")
            }
            Self::NothingSaved => f.write_str("snapshot: nothing was saved yet"),
            Self::OtherConfiguration { image, world } => {
                write!(f, "snapshot: taken under configuration {image:016x}, this world has {world:016x}")
            }
            Self::OtherCapacity => f.write_str("snapshot: capacities or row counts do not fit this world"),
            Self::Damaged => f.write_str("snapshot: the columns do not have the stated hash"),
            Self::BadSlot { slot } => {
                write!(f, "snapshot: slot {slot} is out of order or beyond the capacity")
            }
            Self::Full { characters, projectiles, effects, npcs } => write!(
                f,
                "snapshot: no room, {characters} slots for characters, {projectiles} for projectiles, {effects} for status effects and {npcs} for npcs are missing"
            ),
            Self::BadCharacter { slot } => write!(f, "snapshot: character {slot} is impossible"),
            Self::BadProjectile { slot } => write!(f, "snapshot: projectile {slot} is impossible"),
            Self::BadEffect { slot } => write!(f, "snapshot: status effect {slot} is impossible"),
            Self::BadStructure { section } => write!(f, "snapshot: section {section} is impossible"),
            Self::BadObjective { point } => write!(f, "snapshot: capture point {point} is impossible"),
            Self::BadTeam { team } => write!(f, "snapshot: team {team} is impossible"),
            Self::BadProp { slot } => write!(f, "snapshot: prop {slot} is impossible"),
            Self::BadNpc { slot } => write!(f, "snapshot: npc {slot} is impossible"),
            Self::BadHistory => f.write_str("snapshot: the history of the last ticks is impossible"),
            Self::BadTerrain { chunk } => {
                write!(f, "snapshot: the deltas of terrain chunk ({}, {}) are impossible", chunk.x, chunk.z)
            }
        }
    }
}

impl core::error::Error for SnapshotError {}

impl From<EndOfBytes> for SnapshotError {
    fn from(_: EndOfBytes) -> Self {
        Self::Truncated
    }
}

/// Writes the heights of the ground under raw x and z, with the given deltas or as it is.
pub(crate) type Grounds<'a> = dyn Fn(Option<&TerrainDeltas>, &[i32], &[i32], &mut [i32]) + 'a;

/// What an image must agree with.
#[derive(Clone, Copy)]
pub(crate) struct ImageBounds<'a> {
    pub(crate) fingerprint: u64,
    pub(crate) lanes: LaneChoice,
    pub(crate) teams: u8,
    pub(crate) tick_hz: u16,
    /// Largest absolute x and z of a projectile, raw; of a character the radius of its class less.
    pub(crate) half_extent: i32,
    /// Largest absolute part of a projectile's velocity, raw.
    pub(crate) projectile_speed: i32,
    pub(crate) rules: &'a Rules,
    /// Cells along a side of the terrain.
    pub(crate) terrain_cells: u32,
    /// What the scenery says of the rows of structures.
    pub(crate) sections: &'a [StructureSection],
    /// What it says of those of objectives.
    pub(crate) points: &'a [CapturePoint],
    pub(crate) ground: &'a Grounds<'a>,
}

/// Appends the image of a state; its hash.
pub(crate) fn write(state: &State, fingerprint: u64, lanes: LaneChoice, out: &mut Vec<u8>) -> StateHash {
    let rows = state.rows();
    let columns = columns_bytes(&rows, state.terrain.len()).unwrap_or(0);
    out.reserve(HEADER_BYTES + columns + state.history.image_bytes());
    let start = out.len();
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&FORMAT.to_le_bytes());
    out.extend_from_slice(&LAYOUT_FINGERPRINT.to_le_bytes());
    out.extend_from_slice(&fingerprint.to_le_bytes());
    out.extend_from_slice(&state.tick.0.to_le_bytes());
    for number in state.slots().into_iter().chain(rows).chain([state.terrain.len()]) {
        out.extend_from_slice(&(number as u32).to_le_bytes());
    }
    out.resize(start + HEADER_BYTES, 0);
    let columns = state.write_and_hash(lanes, out);
    state.history.write(out);
    let hash = columns.state_hash(state.tick, &rows, state.history.hash());
    out[start..][HASH_AT].copy_from_slice(&hash.to_le_bytes());
    hash
}

/// The header of an image, without a judgement on anything but its own form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageHeader {
    /// Fingerprint of the configuration and scenery of the world it was taken from.
    pub fingerprint: u64,
    /// The next tick of that world.
    pub tick: Tick,
    /// Slots of each table.
    pub capacities: [u32; TABLES],
    /// Rows that follow, of each table.
    pub rows: [u32; TABLES],
    /// Deformed chunks of terrain that follow.
    pub terrain_chunks: u32,
    /// The hash of the state.
    pub hash: StateHash,
}

impl ImageHeader {
    /// Reads a header; what follows it is the columns.
    ///
    /// # Errors
    /// [`SnapshotError`] when the bytes are no image, or one of other columns than this build has.
    pub fn read(image: &[u8]) -> Result<(Self, &[u8]), SnapshotError> {
        let mut reader = ByteReader::new(image);
        if reader.array::<4>()? != MAGIC {
            return Err(SnapshotError::NotAnImage);
        }
        let format = reader.u32()?;
        if format != FORMAT {
            return Err(SnapshotError::OtherFormat(format));
        }
        let layout = reader.u64()?;
        if layout != LAYOUT_FINGERPRINT {
            return Err(SnapshotError::OtherLayout { image: layout, build: LAYOUT_FINGERPRINT });
        }
        let fingerprint = reader.u64()?;
        let tick = Tick(reader.u32()?);
        let mut numbers = || -> Result<[u32; TABLES], EndOfBytes> {
            let mut numbers = [0; TABLES];
            for number in &mut numbers {
                *number = reader.u32()?;
            }
            Ok(numbers)
        };
        let (capacities, rows) = (numbers()?, numbers()?);
        let terrain_chunks = reader.u32()?;
        if rows.iter().zip(&capacities).any(|(rows, capacity)| rows > capacity) {
            return Err(SnapshotError::OtherCapacity);
        }
        let hash = StateHash(reader.u128()?);
        Ok((Self { fingerprint, tick, capacities, rows, terrain_chunks, hash }, reader.rest()))
    }
}

/// Reads an image into `scratch`, a state of the same capacities. On an error `scratch` holds rubbish and must not be
/// used; on success it is a whole state.
pub(crate) fn read(image: &[u8], bounds: &ImageBounds<'_>, scratch: &mut State) -> Result<(), SnapshotError> {
    let (header, rest) = ImageHeader::read(image)?;
    if header.fingerprint != bounds.fingerprint {
        return Err(SnapshotError::OtherConfiguration {
            image: header.fingerprint,
            world: bounds.fingerprint,
        });
    }
    if header.capacities.map(|capacity| capacity as usize) != scratch.slots() {
        return Err(SnapshotError::OtherCapacity);
    }
    let chunks = header.terrain_chunks as usize;
    if chunks > scratch.terrain.capacity() {
        return Err(SnapshotError::OtherCapacity);
    }
    let rows = header.rows.map(|rows| rows as usize);
    scratch.tick = header.tick;
    let rest = scratch.read_tables(&rows, rest).ok_or(SnapshotError::Truncated)?;
    let rest = scratch.terrain.read(chunks, rest).ok_or(SnapshotError::Truncated)?;
    let rest = scratch.history.read(rest, bounds.lanes)?;
    if !rest.is_empty() {
        return Err(SnapshotError::TooLong);
    }
    if let Some(chunk) = scratch.terrain.first_impossible(bounds.terrain_cells) {
        return Err(SnapshotError::BadTerrain { chunk });
    }
    check_characters(&scratch.characters, rows[0], Some(&scratch.terrain), bounds)?;
    check_projectiles(&scratch.projectiles, rows[1], bounds)?;
    check_effects(&scratch.effects, rows[2])?;
    check_npcs(&scratch.npcs, rows[3], scratch.tick, bounds)?;
    check_places(scratch, bounds)?;
    check_props(&scratch.props, rows[7], bounds)?;
    scratch.rebuild_ids(bounds.lanes);
    // The stated numbers of rows are the ones that follow from the columns: one state has one image.
    if rows != scratch.rows() || scratch.hash((bounds.lanes, Here)) != header.hash {
        return Err(SnapshotError::Damaged);
    }
    Ok(())
}
