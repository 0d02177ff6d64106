//! Where the dead may return beside their team's area: places of a team, or of whoever has a capture point.
//!
//! What is not here: who returns where ([`crate::systems::lifecycle`]).

use super::error::{SceneryDecodeError, SceneryError};
use super::limits;
use crate::limits::TEAMS_MAX;
use crate::numeric::Metres;
use crate::state::bytes::ByteReader;
use alloc::vec::Vec;

/// Whose a respawn point is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RespawnOwner {
    /// A team's, always.
    Team(u8),
    /// Of the team that has this capture point, while nobody else is in its ring.
    CapturePoint(u32),
}

/// A place where the dead return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RespawnPoint {
    /// Middle.
    pub x: Metres,
    /// Middle.
    pub z: Metres,
    /// They appear within this distance; 1/4 m to [`limits::RING_MAX_M`].
    pub radius: Metres,
    /// Whose it is.
    pub owner: RespawnOwner,
}

/// Bytes of one in a file.
pub(super) const RESPAWN_BYTES: usize = 12 + 1 + 4;

/// Checks respawn points against the number of capture points.
pub(super) fn validate_respawns(respawns: &[RespawnPoint], points: usize) -> Result<(), SceneryError> {
    if respawns.len() > limits::RESPAWN_POINTS_MAX {
        return Err(SceneryError::TooManyRespawns(respawns.len()));
    }
    let (least, most) = (Metres(limits::RING_MIN_RAW), Metres::from_m(limits::RING_MAX_M));
    let far = Metres::from_m(limits::PLACE_MAX_M);
    for (number, respawn) in respawns.iter().enumerate() {
        let owner_is_there = match respawn.owner {
            RespawnOwner::Team(team) => team < TEAMS_MAX,
            RespawnOwner::CapturePoint(point) => (point as usize) < points,
        };
        let inside = respawn.x.abs() <= far && respawn.z.abs() <= far;
        if !owner_is_there || !inside || !(least..=most).contains(&respawn.radius) {
            return Err(SceneryError::Respawn { respawn: number as u32 });
        }
    }
    Ok(())
}

pub(super) fn put_respawns(out: &mut Vec<u8>, respawns: &[RespawnPoint]) {
    out.extend_from_slice(&(respawns.len() as u32).to_le_bytes());
    for respawn in respawns {
        for length in [respawn.x, respawn.z, respawn.radius] {
            out.extend_from_slice(&length.0.to_le_bytes());
        }
        let (kind, number) = match respawn.owner {
            RespawnOwner::Team(team) => (0, team.into()),
            RespawnOwner::CapturePoint(point) => (1, point),
        };
        out.push(kind);
        out.extend_from_slice(&number.to_le_bytes());
    }
}

pub(super) fn read_respawn(reader: &mut ByteReader<'_>) -> Result<RespawnPoint, SceneryDecodeError> {
    let (x, z, radius) = (Metres(reader.i32()?), Metres(reader.i32()?), Metres(reader.i32()?));
    let (kind, number) = (reader.u8()?, reader.u32()?);
    let owner = match kind {
        // Numbers beyond those of teams are refused as the team 255.
        0 => RespawnOwner::Team(u8::try_from(number).unwrap_or(u8::MAX)),
        1 => RespawnOwner::CapturePoint(number),
        kind => return Err(SceneryDecodeError::UnknownKind(kind)),
    };
    Ok(RespawnPoint { x, z, radius, owner })
}
