//! The configuration of a world: what it checks, its fingerprint, its bytes.

use crate::limits;
use crate::numeric::{LaneChoice, Metres};
use crate::rules::{Arm, Rules, RulesError, arm_kind};
use crate::spatial::obstacles::SceneryError;
use crate::spatial::terrain::TerrainError;
use crate::state::bytes::{ByteReader, EndOfBytes};
use alloc::vec::Vec;
use core::fmt;

/// Version of the encoded form; the first two bytes.
const FORMAT: u16 = 5;

/// Everything a world is created from. `Default` is the demo battle: 60 Hz, 256 m square, two teams, 4,096 characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorldConfig {
    /// Seed of the terrain and of every random number.
    pub seed: u64,
    /// Ticks in a second, [`limits::TICK_HZ_MIN`] to [`limits::TICK_HZ_MAX`].
    pub tick_hz: u16,
    /// Half the side of the square battlefield, at least one `terrain_spacing`.
    pub half_extent: Metres,
    /// Distance between two terrain vertices.
    pub terrain_spacing: Metres,
    /// Number of teams, 1 to [`limits::TEAMS_MAX`].
    pub teams: u8,
    /// Slots for characters, 1 to [`limits::CHARACTERS_MAX`].
    pub character_capacity: u32,
    /// Slots for projectiles, 0 to [`limits::PROJECTILES_MAX`].
    pub projectile_capacity: u32,
    /// Events one tick can report, 1 to [`limits::EVENTS_MAX`].
    pub event_capacity: u32,
    /// Chunks of terrain that can differ from their source at one time, 0 to [`limits::TERRAIN_DELTA_CHUNKS_MAX`].
    pub terrain_delta_chunks: u32,
    /// Characters that nobody plays at one time, 0 to [`limits::NPCS_MAX`].
    pub npc_capacity: u32,
    /// Props at one time, 0 to [`limits::PROPS_MAX`].
    pub prop_capacity: u32,
    /// The rules.
    pub rules: Rules,
    /// Which implementation of the lanes to run. Changes no result; not part of the fingerprint or the bytes.
    pub lanes: LaneChoice,
    /// From this many rows on a stage is split over threads (feature `parallel`); while attacks are judged, one of them
    /// counts as 16 rows. Changes no result; not part of the fingerprint or the bytes.
    pub parallel_min_rows: u32,
    /// Chunks of terrain kept in memory, 1 to [`limits::TERRAIN_RESIDENT_CHUNKS_MAX`]; a field of fewer is resident
    /// whole. Changes no result; not part of the fingerprint or the bytes.
    pub terrain_resident_chunks: u32,
}

impl Default for WorldConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            tick_hz: 60,
            half_extent: Metres::from_m(128),
            terrain_spacing: Metres::from_m(2),
            teams: 2,
            character_capacity: 4_096,
            projectile_capacity: 4_096,
            event_capacity: 16_384,
            terrain_delta_chunks: 64,
            npc_capacity: 1_024,
            prop_capacity: 1_024,
            rules: Rules::default(),
            lanes: LaneChoice::Auto,
            parallel_min_rows: 10_000,
            terrain_resident_chunks: limits::TERRAIN_RESIDENT_CHUNKS,
        }
    }
}

/// Why a configuration was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// A number is outside its range.
    OutOfRange {
        /// The field's name.
        field: &'static str,
        /// What it held (raw Q16.16 for lengths).
        value: i64,
        /// Smallest allowed value.
        min: i64,
        /// Largest allowed value.
        max: i64,
    },
    /// A projectile of this weapon would fly farther in one tick than [`limits::SWEEP_MAX_M`].
    ProjectileTooFast(Arm),
    /// The terrain refuses its sizes.
    Terrain(TerrainError),
    /// The rules do not hold.
    Rules(RulesError),
    /// The scenery does not hold.
    Scenery(SceneryError),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfRange { field, value, min, max } => {
                write!(f, "config: {field} is {value}, allowed are {min} to {max}")
            }
            Self::ProjectileTooFast(arm) => write!(
                f,
                "config: arms.{}.speed is too fast for tick_hz, a flight of one tick is too long",
                arm.name()
            ),
            Self::Terrain(error) => write!(f, "config: {error}"),
            Self::Rules(error) => error.fmt(f),
            Self::Scenery(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ConfigError {}

impl From<RulesError> for ConfigError {
    fn from(error: RulesError) -> Self {
        Self::Rules(error)
    }
}

/// Why bytes are not a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigDecodeError {
    /// The bytes end too early.
    Truncated,
    /// Another version of the format.
    UnknownFormat(u16),
    /// The bytes are a configuration, but not one a world can have.
    Invalid(ConfigError),
}

impl fmt::Display for ConfigDecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("config: the bytes end too early"),
            Self::UnknownFormat(format) => write!(f, "config: unknown format {format}"),
            Self::Invalid(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ConfigDecodeError {}

impl From<EndOfBytes> for ConfigDecodeError {
    fn from(_: EndOfBytes) -> Self {
        Self::Truncated
    }
}

fn in_range(field: &'static str, value: i64, min: i64, max: i64) -> Result<(), ConfigError> {
    if value < min || value > max {
        return Err(ConfigError::OutOfRange { field, value, min, max });
    }
    Ok(())
}

const fn raw_m(metres: i32) -> i64 {
    (metres as i64) << 16
}

impl WorldConfig {
    /// Bytes of an encoded configuration.
    pub const ENCODED_BYTES: usize = 2 + 8 + 2 + 4 + 4 + 1 + 4 + 4 + 4 + 4 + 4 + 4 + Rules::BYTES;

    /// Checks every number and relation.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        use limits as l;
        in_range("tick_hz", self.tick_hz.into(), l::TICK_HZ_MIN.into(), l::TICK_HZ_MAX.into())?;
        let (extent_min, extent_max) = (raw_m(l::HALF_EXTENT_MIN_M), raw_m(l::HALF_EXTENT_MAX_M));
        in_range("half_extent", self.half_extent.0.into(), extent_min, extent_max)?;
        let (spacing_min, spacing_max) = (raw_m(l::TERRAIN_SPACING_MIN_M), raw_m(l::TERRAIN_SPACING_MAX_M));
        in_range("terrain_spacing", self.terrain_spacing.0.into(), spacing_min, spacing_max)?;
        in_range("teams", self.teams.into(), 1, l::TEAMS_MAX.into())?;
        in_range("character_capacity", self.character_capacity.into(), 1, l::CHARACTERS_MAX.into())?;
        in_range("projectile_capacity", self.projectile_capacity.into(), 0, l::PROJECTILES_MAX.into())?;
        in_range("event_capacity", self.event_capacity.into(), 1, l::EVENTS_MAX.into())?;
        let (deltas, most) = (self.terrain_delta_chunks, l::TERRAIN_DELTA_CHUNKS_MAX);
        in_range("terrain_delta_chunks", deltas.into(), 0, most.into())?;
        in_range("npc_capacity", self.npc_capacity.into(), 0, l::NPCS_MAX.into())?;
        in_range("prop_capacity", self.prop_capacity.into(), 0, l::PROPS_MAX.into())?;
        let (resident, most) = (self.terrain_resident_chunks, l::TERRAIN_RESIDENT_CHUNKS_MAX);
        in_range("terrain_resident_chunks", resident.into(), 1, most.into())?;
        if !self.terrain_spacing.0.cast_unsigned().is_power_of_two() {
            return Err(ConfigError::Terrain(TerrainError::Spacing(self.terrain_spacing)));
        }
        if self.half_extent < self.terrain_spacing {
            return Err(ConfigError::Terrain(TerrainError::HalfExtent(self.half_extent)));
        }
        self.rules.validate()?;
        for (arm, rules) in (1..).zip(&self.rules.arms) {
            let lifetime_s = i64::from(rules.lifetime_ms).div_euclid(1_000) + 1;
            let fastest = i64::from(rules.speed.0) + i64::from(rules.gravity_per_s.0) * lifetime_s;
            let fastest = fastest.min(raw_m(l::SPEED_MAX_M_PER_S));
            let flies = rules.kind == arm_kind::PROJECTILE;
            if flies && fastest > raw_m(l::SWEEP_MAX_M) * i64::from(self.tick_hz) {
                return Err(ConfigError::ProjectileTooFast(Arm(arm)));
            }
        }
        Ok(())
    }

    /// Appends [`WorldConfig::ENCODED_BYTES`] bytes: a format number, then every field that changes results, in
    /// declaration order, little-endian.
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&FORMAT.to_le_bytes());
        out.extend_from_slice(&self.seed.to_le_bytes());
        out.extend_from_slice(&self.tick_hz.to_le_bytes());
        out.extend_from_slice(&self.half_extent.0.to_le_bytes());
        out.extend_from_slice(&self.terrain_spacing.0.to_le_bytes());
        out.push(self.teams);
        out.extend_from_slice(&self.character_capacity.to_le_bytes());
        out.extend_from_slice(&self.projectile_capacity.to_le_bytes());
        out.extend_from_slice(&self.event_capacity.to_le_bytes());
        out.extend_from_slice(&self.terrain_delta_chunks.to_le_bytes());
        out.extend_from_slice(&self.npc_capacity.to_le_bytes());
        out.extend_from_slice(&self.prop_capacity.to_le_bytes());
        self.rules.encode_into(out);
    }

    /// The encoded configuration as a vector of its own.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(Self::ENCODED_BYTES);
        self.encode_into(&mut out);
        out
    }

    /// Reads a configuration from the front of `bytes` and returns it with what follows. The result is valid;
    /// what changes no result has its default.
    ///
    /// # Errors
    /// [`ConfigDecodeError`], on any bytes, without a panic.
    pub fn decode(bytes: &[u8]) -> Result<(Self, &[u8]), ConfigDecodeError> {
        let mut reader = ByteReader::new(bytes);
        let format = reader.u16()?;
        if format != FORMAT {
            return Err(ConfigDecodeError::UnknownFormat(format));
        }
        let mut config = Self {
            seed: reader.u64()?,
            tick_hz: reader.u16()?,
            half_extent: Metres(reader.i32()?),
            terrain_spacing: Metres(reader.i32()?),
            teams: reader.u8()?,
            character_capacity: reader.u32()?,
            projectile_capacity: reader.u32()?,
            event_capacity: reader.u32()?,
            terrain_delta_chunks: reader.u32()?,
            npc_capacity: reader.u32()?,
            prop_capacity: reader.u32()?,
            ..Self::default()
        };
        let (rules, rest) = Rules::decode(reader.rest()).ok_or(ConfigDecodeError::Truncated)?;
        config.rules = rules;
        config.validate().map_err(ConfigDecodeError::Invalid)?;
        Ok((config, rest))
    }

    /// A number that differs between configurations that can differ in results: FNV-1a (64 bit) over the encoded form.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        self.encode().iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3)
        })
    }

    /// The fingerprint of a world of this configuration in a scenery with this content hash
    /// ([`crate::spatial::Scenery::content_hash`]): [`WorldConfig::fingerprint`] where the hash is 0.
    #[must_use]
    pub fn fingerprint_with(&self, scenery_hash: u64) -> u64 {
        let alone = self.fingerprint();
        if scenery_hash == 0 {
            return alone;
        }
        scenery_hash
            .to_le_bytes()
            .iter()
            .fold(alone, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_default_is_valid_and_round_trips() {
        let config = WorldConfig::default();
        config.validate().unwrap();
        let bytes = config.encode();
        assert_eq!(bytes.len(), WorldConfig::ENCODED_BYTES);
        assert_eq!(WorldConfig::decode(&bytes), Ok((config, &[][..])));
        for cut in 0..bytes.len() {
            assert_eq!(WorldConfig::decode(&bytes[..cut]), Err(ConfigDecodeError::Truncated));
        }
    }

    #[test]
    fn the_fingerprint_sees_results_and_nothing_else() {
        let config = WorldConfig::default();
        let execution = WorldConfig { lanes: LaneChoice::Scalar, parallel_min_rows: 1, ..config };
        assert_eq!(config.fingerprint(), execution.fingerprint());
        assert_ne!(config.fingerprint(), WorldConfig { seed: 2, ..config }.fingerprint());
        let mut rules = config;
        rules.rules.arms[1].damage += 1;
        assert_ne!(config.fingerprint(), rules.fingerprint());
    }

    #[test]
    fn what_cannot_work_is_refused_by_name() {
        let base = WorldConfig::default();
        assert!(matches!(
            WorldConfig { tick_hz: 0, ..base }.validate(),
            Err(ConfigError::OutOfRange { field: "tick_hz", value: 0, min: 10, max: 120 })
        ));
        let half_extent = Metres::from_m(15);
        let coarse = WorldConfig { half_extent, terrain_spacing: Metres::from_m(16), ..base };
        assert_eq!(coarse.validate(), Err(ConfigError::Terrain(TerrainError::HalfExtent(half_extent))));
        assert!(matches!(WorldConfig::decode(&coarse.encode()), Err(ConfigDecodeError::Invalid(_))));
        let mut fast = WorldConfig { tick_hz: 10, ..base };
        fast.rules.arms[1].speed.0 = 400 << 16;
        fast.rules.arms[1].gravity_per_s.0 = 200 << 16;
        assert_eq!(fast.validate(), Err(ConfigError::ProjectileTooFast(Arm::BOW)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// What is valid, a world can be made of: no part of it has a narrower opinion.
        #[test]
        fn a_world_can_be_made_of_every_valid_configuration(
            half_extent in prop_oneof![(8 << 16)..(20_i32 << 16), (8 << 16)..(160_i32 << 16)],
            spacing_shift in 0_u32..5,
            character_capacity in 1_u32..2_000,
            radius in 13_107_i32..=5 * 65_536,
            class in 0_usize..8,
            terrain_resident_chunks in 1_u32..8,
        ) {
            let mut config = WorldConfig {
                half_extent: Metres(half_extent),
                terrain_spacing: Metres::from_m(1 << spacing_shift),
                character_capacity,
                projectile_capacity: 8,
                event_capacity: 8,
                terrain_resident_chunks,
                ..WorldConfig::default()
            };
            let rules = &mut config.rules.movement[class];
            rules.radius.0 = radius;
            rules.height.0 = 10 * 65_536;
            rules.crouch_height.0 = 10 * 65_536;
            let made = crate::World::new(&config).map(|_| ());
            prop_assert_eq!(made, config.validate());
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(flips in proptest::collection::vec((0..WorldConfig::ENCODED_BYTES, any::<u8>()), 0..6)) {
            let mut bytes = WorldConfig::default().encode();
            for (at, value) in flips {
                bytes[at] = value;
            }
            if let Ok((config, rest)) = WorldConfig::decode(&bytes) {
                prop_assert!(rest.is_empty());
                prop_assert_eq!(config.encode(), bytes);
            }
        }
    }
}
