//! The event manifest: everything a tick reports, and its bytes.
//!
//! Events of one tick are in canonical order: by stage, then by the row that caused them. The buffer has a fixed
//! capacity; what does not fit is counted in the step's report and lost. Events describe the state, they are not part
//! of it: losing one loses no truth.

use super::bytes::{ByteReader, EndOfBytes};
use super::commands::{decode_id, decode_prop_id, encode_id, encode_prop_id};
use super::handle::{CharacterId, PropId};
use super::terrain_deltas::TerrainChunk;
use crate::numeric::{Metres, Position};
use crate::rules::Arm;
use alloc::vec::Vec;
use core::fmt;

/// Why a spawn did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum SpawnRefusal {
    /// Every slot is in use.
    WorldFull = 1,
    /// The world has no such team.
    UnknownTeam = 2,
    /// There is no such movement class.
    UnknownClass = 3,
    /// There is no such kind of characters that nobody plays.
    UnknownKind = 10,
    /// Every row for characters that nobody plays is in use.
    NpcsFull = 11,
    /// There is no such kind of props.
    UnknownProp = 12,
    /// Every slot for props is in use, and none of them by debris.
    PropsFull = 13,
}

impl fmt::Display for SpawnRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WorldFull => "the world is full",
            Self::UnknownTeam => "the world has no such team",
            Self::UnknownClass => "there is no such movement class",
            Self::UnknownKind => "there is no such kind of characters that nobody plays",
            Self::NpcsFull => "there is no room for more characters that nobody plays",
            Self::UnknownProp => "there is no such kind of props",
            Self::PropsFull => "there is no room for more props",
        })
    }
}

/// Something that happened in a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Opcode 1. Answer to a spawn.
    Spawned {
        /// The command's tag.
        tag: u32,
        /// The new character.
        id: CharacterId,
    },
    /// Opcode 2. Answer to a spawn.
    SpawnRefused {
        /// The command's tag.
        tag: u32,
        /// Why.
        reason: SpawnRefusal,
    },
    /// Opcode 3. The character is gone; its slot may be used again.
    Despawned {
        /// Who.
        id: CharacterId,
    },
    /// Opcode 4. A weapon took health.
    Hit {
        /// Who struck. For an arrow this may be somebody who is gone by now.
        attacker: CharacterId,
        /// Who was struck.
        target: CharacterId,
        /// Health taken.
        amount: u16,
        /// With what.
        arm: Arm,
    },
    /// Opcode 5. Health reached zero.
    Died {
        /// Who.
        victim: CharacterId,
        /// By whom. For an arrow this may be somebody who is gone by now.
        killer: CharacterId,
        /// With what.
        arm: Arm,
    },
    /// Opcode 6. Back in its team's spawn area with full health.
    Respawned {
        /// Who.
        id: CharacterId,
    },
    /// Opcode 7. An arrow left the bow.
    ProjectileLaunched {
        /// Its row in the projectile table.
        projectile_slot: u32,
        /// Who shot.
        owner: CharacterId,
    },
    /// Opcode 8. An arrow hit somebody, hit the ground, left the world or ran out of time.
    ProjectileEnded {
        /// Its row in the projectile table.
        projectile_slot: u32,
        /// Where.
        at: Position,
    },
    /// Opcode 9. A deformation changed the ground of a chunk.
    TerrainChanged {
        /// Which.
        chunk: TerrainChunk,
    },
    /// Opcode 10. An ability gave health back.
    Healed {
        /// Who healed.
        healer: CharacterId,
        /// Whom.
        target: CharacterId,
        /// Health given.
        amount: u16,
        /// With what.
        arm: Arm,
    },
    /// Opcode 11. Something burst: a projectile, or an ability that works around a point.
    Burst {
        /// Whose it was. This may be somebody who is gone by now.
        owner: CharacterId,
        /// Where.
        at: Position,
        /// What.
        arm: Arm,
    },
    /// Opcode 12. A status effect came over somebody who did not have it.
    Afflicted {
        /// Whom.
        target: CharacterId,
        /// By whom. This may be somebody who is gone by now.
        source: CharacterId,
        /// Which of the rules' effects, counted from 1.
        effect: u8,
    },
    /// Opcode 13. Somebody helped to kill.
    Assisted {
        /// Who helped.
        helper: CharacterId,
        /// Who was killed.
        victim: CharacterId,
    },
    /// Opcode 20. A section of a structure lost health.
    StructureDamaged {
        /// Number of the section.
        section: u32,
        /// Who struck; [`CharacterId::NONE`] for a command.
        attacker: CharacterId,
        /// Health taken.
        amount: u32,
        /// With what; [`Arm::NONE`] for a command.
        arm: Arm,
    },
    /// Opcode 21. A section's health reached zero: when the tick is over it is in nobody's way.
    StructureFell {
        /// Number of the section.
        section: u32,
        /// Who struck last; [`CharacterId::NONE`] for a command.
        attacker: CharacterId,
    },
    /// Opcode 22. A section that had fallen stands again.
    StructureBuilt {
        /// Number of the section.
        section: u32,
    },
    /// Opcode 23. A capture point went to another team.
    PointCaptured {
        /// Number of the point.
        point: u32,
        /// Whose it is now.
        team: u8,
        /// Whose it was; [`super::objectives::NO_TEAM`] for nobody's.
        before: u8,
    },
    /// Opcode 24. Something became of a flag.
    FlagMoved {
        /// Number of its point.
        point: u32,
        /// Who took, dropped or brought it; [`CharacterId::NONE`] when it went back by itself.
        id: CharacterId,
        /// What.
        what: FlagMove,
    },
    /// Opcode 25. Answer to the spawn of a prop.
    PropSpawned {
        /// The command's tag.
        tag: u32,
        /// The new prop.
        id: PropId,
    },
    /// Opcode 26. A prop lost health.
    PropDamaged {
        /// Which.
        id: PropId,
        /// Who struck. For an arrow this may be somebody who is gone by now.
        attacker: CharacterId,
        /// Health taken.
        amount: u16,
        /// With what.
        arm: Arm,
    },
    /// Opcode 27. A prop's health reached zero: when the tick is over it is gone, and its debris is there.
    PropBroken {
        /// Which.
        id: PropId,
        /// Who struck last.
        attacker: CharacterId,
    },
    /// Opcode 28. A prop is gone without being broken: taken out, its time over, or it made room for another.
    PropGone {
        /// Which.
        id: PropId,
    },
}

/// What became of a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum FlagMove {
    /// Somebody took it.
    Taken = 1,
    /// Who carried it died or left; it lies there.
    Dropped = 2,
    /// It went back to its place.
    Returned = 3,
    /// It was brought to a place of the carrier's team, and went back.
    Brought = 4,
}

/// Why bytes are not an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventDecodeError {
    /// The bytes end inside the event.
    Truncated,
    /// No event has this opcode.
    UnknownOpcode(u8),
    /// A reason that does not exist.
    UnknownValue(u8),
}

impl fmt::Display for EventDecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("event: the bytes end too early"),
            Self::UnknownOpcode(opcode) => write!(f, "event: unknown opcode {opcode}"),
            Self::UnknownValue(value) => write!(f, "event: unknown value {value}"),
        }
    }
}

impl core::error::Error for EventDecodeError {}

impl From<EndOfBytes> for EventDecodeError {
    fn from(_: EndOfBytes) -> Self {
        Self::Truncated
    }
}

impl Event {
    /// Appends the event's bytes, little-endian: the opcode, then the fields in the order declared.
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Spawned { tag, id } => {
                out.push(1);
                out.extend_from_slice(&tag.to_le_bytes());
                encode_id(id, out);
            }
            Self::SpawnRefused { tag, reason } => {
                out.push(2);
                out.extend_from_slice(&tag.to_le_bytes());
                out.push(reason as u8);
            }
            Self::Despawned { id } => {
                out.push(3);
                encode_id(id, out);
            }
            Self::Hit { attacker, target, amount, arm } => {
                out.push(4);
                encode_id(attacker, out);
                encode_id(target, out);
                out.extend_from_slice(&amount.to_le_bytes());
                out.push(arm.0);
            }
            Self::Died { victim, killer, arm } => {
                out.push(5);
                encode_id(victim, out);
                encode_id(killer, out);
                out.push(arm.0);
            }
            Self::Respawned { id } => {
                out.push(6);
                encode_id(id, out);
            }
            Self::ProjectileLaunched { projectile_slot, owner } => {
                out.push(7);
                out.extend_from_slice(&projectile_slot.to_le_bytes());
                encode_id(owner, out);
            }
            Self::ProjectileEnded { projectile_slot, at } => {
                out.push(8);
                out.extend_from_slice(&projectile_slot.to_le_bytes());
                for metres in [at.x, at.y, at.z] {
                    out.extend_from_slice(&metres.0.to_le_bytes());
                }
            }
            Self::TerrainChanged { chunk } => {
                out.push(9);
                out.extend_from_slice(&chunk.x.to_le_bytes());
                out.extend_from_slice(&chunk.z.to_le_bytes());
            }
            _ => self.encode_fight(out),
        }
    }

    /// [`Event::encode_into`] of what abilities and effects do.
    fn encode_fight(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Healed { healer, target, amount, arm } => {
                out.push(10);
                encode_id(healer, out);
                encode_id(target, out);
                out.extend_from_slice(&amount.to_le_bytes());
                out.push(arm.0);
            }
            Self::Burst { owner, at, arm } => {
                out.push(11);
                encode_id(owner, out);
                for metres in [at.x, at.y, at.z] {
                    out.extend_from_slice(&metres.0.to_le_bytes());
                }
                out.push(arm.0);
            }
            Self::Afflicted { target, source, effect } => {
                out.push(12);
                encode_id(target, out);
                encode_id(source, out);
                out.push(effect);
            }
            Self::Assisted { helper, victim } => {
                out.push(13);
                encode_id(helper, out);
                encode_id(victim, out);
            }
            _ => self.encode_siege(out),
        }
    }

    /// [`Event::encode_into`] of what is about structures and objectives.
    fn encode_siege(&self, out: &mut Vec<u8>) {
        match *self {
            Self::StructureDamaged { section, attacker, amount, arm } => {
                out.push(20);
                out.extend_from_slice(&section.to_le_bytes());
                encode_id(attacker, out);
                out.extend_from_slice(&amount.to_le_bytes());
                out.push(arm.0);
            }
            Self::StructureFell { section, attacker } => {
                out.push(21);
                out.extend_from_slice(&section.to_le_bytes());
                encode_id(attacker, out);
            }
            Self::StructureBuilt { section } => {
                out.push(22);
                out.extend_from_slice(&section.to_le_bytes());
            }
            Self::PointCaptured { point, team, before } => {
                out.push(23);
                out.extend_from_slice(&point.to_le_bytes());
                out.extend_from_slice(&[team, before]);
            }
            Self::FlagMoved { point, id, what } => {
                out.push(24);
                out.extend_from_slice(&point.to_le_bytes());
                encode_id(id, out);
                out.push(what as u8);
            }
            _ => self.encode_prop(out),
        }
    }

    /// [`Event::encode_into`] of what is about props.
    fn encode_prop(&self, out: &mut Vec<u8>) {
        match *self {
            Self::PropSpawned { tag, id } => {
                out.push(25);
                out.extend_from_slice(&tag.to_le_bytes());
                encode_prop_id(id, out);
            }
            Self::PropDamaged { id, attacker, amount, arm } => {
                out.push(26);
                encode_prop_id(id, out);
                encode_id(attacker, out);
                out.extend_from_slice(&amount.to_le_bytes());
                out.push(arm.0);
            }
            Self::PropBroken { id, attacker } => {
                out.push(27);
                encode_prop_id(id, out);
                encode_id(attacker, out);
            }
            Self::PropGone { id } => {
                out.push(28);
                encode_prop_id(id, out);
            }
            _ => {}
        }
    }

    /// Reads one event from the front of `bytes` and returns it with what follows.
    ///
    /// # Errors
    /// [`EventDecodeError`], on any bytes, without a panic.
    pub fn decode(bytes: &[u8]) -> Result<(Self, &[u8]), EventDecodeError> {
        let mut reader = ByteReader::new(bytes);
        let event = match reader.u8()? {
            1 => Self::Spawned { tag: reader.u32()?, id: decode_id(&mut reader)? },
            2 => Self::SpawnRefused { tag: reader.u32()?, reason: decode_refusal(&mut reader)? },
            3 => Self::Despawned { id: decode_id(&mut reader)? },
            4 => Self::Hit {
                attacker: decode_id(&mut reader)?,
                target: decode_id(&mut reader)?,
                amount: reader.u16()?,
                arm: Arm(reader.u8()?),
            },
            5 => Self::Died {
                victim: decode_id(&mut reader)?,
                killer: decode_id(&mut reader)?,
                arm: Arm(reader.u8()?),
            },
            6 => Self::Respawned { id: decode_id(&mut reader)? },
            7 => Self::ProjectileLaunched { projectile_slot: reader.u32()?, owner: decode_id(&mut reader)? },
            8 => Self::ProjectileEnded {
                projectile_slot: reader.u32()?,
                at: Position { x: Metres(reader.i32()?), y: Metres(reader.i32()?), z: Metres(reader.i32()?) },
            },
            9 => Self::TerrainChanged { chunk: TerrainChunk { x: reader.u16()?, z: reader.u16()? } },
            10 => Self::Healed {
                healer: decode_id(&mut reader)?,
                target: decode_id(&mut reader)?,
                amount: reader.u16()?,
                arm: Arm(reader.u8()?),
            },
            11 => Self::Burst {
                owner: decode_id(&mut reader)?,
                at: Position { x: Metres(reader.i32()?), y: Metres(reader.i32()?), z: Metres(reader.i32()?) },
                arm: Arm(reader.u8()?),
            },
            12 => Self::Afflicted {
                target: decode_id(&mut reader)?,
                source: decode_id(&mut reader)?,
                effect: reader.u8()?,
            },
            13 => Self::Assisted { helper: decode_id(&mut reader)?, victim: decode_id(&mut reader)? },
            20 => Self::StructureDamaged {
                section: reader.u32()?,
                attacker: decode_id(&mut reader)?,
                amount: reader.u32()?,
                arm: Arm(reader.u8()?),
            },
            21 => Self::StructureFell { section: reader.u32()?, attacker: decode_id(&mut reader)? },
            22 => Self::StructureBuilt { section: reader.u32()? },
            23 => Self::PointCaptured { point: reader.u32()?, team: reader.u8()?, before: reader.u8()? },
            24 => Self::FlagMoved {
                point: reader.u32()?,
                id: decode_id(&mut reader)?,
                what: decode_flag_move(&mut reader)?,
            },
            25 => Self::PropSpawned { tag: reader.u32()?, id: decode_prop_id(&mut reader)? },
            26 => Self::PropDamaged {
                id: decode_prop_id(&mut reader)?,
                attacker: decode_id(&mut reader)?,
                amount: reader.u16()?,
                arm: Arm(reader.u8()?),
            },
            27 => Self::PropBroken { id: decode_prop_id(&mut reader)?, attacker: decode_id(&mut reader)? },
            28 => Self::PropGone { id: decode_prop_id(&mut reader)? },
            other => return Err(EventDecodeError::UnknownOpcode(other)),
        };
        Ok((event, reader.rest()))
    }
}

fn decode_flag_move(reader: &mut ByteReader<'_>) -> Result<FlagMove, EventDecodeError> {
    match reader.u8()? {
        1 => Ok(FlagMove::Taken),
        2 => Ok(FlagMove::Dropped),
        3 => Ok(FlagMove::Returned),
        4 => Ok(FlagMove::Brought),
        other => Err(EventDecodeError::UnknownValue(other)),
    }
}

fn decode_refusal(reader: &mut ByteReader<'_>) -> Result<SpawnRefusal, EventDecodeError> {
    match reader.u8()? {
        1 => Ok(SpawnRefusal::WorldFull),
        2 => Ok(SpawnRefusal::UnknownTeam),
        3 => Ok(SpawnRefusal::UnknownClass),
        10 => Ok(SpawnRefusal::UnknownKind),
        11 => Ok(SpawnRefusal::NpcsFull),
        12 => Ok(SpawnRefusal::UnknownProp),
        13 => Ok(SpawnRefusal::PropsFull),
        other => Err(EventDecodeError::UnknownValue(other)),
    }
}

/// The events of one tick: a buffer that is filled once and never grows.
#[derive(Debug)]
pub struct EventBuffer {
    events: Vec<Event>,
    capacity: usize,
    dropped: u32,
}

impl EventBuffer {
    /// Room for `capacity` events.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { events: Vec::with_capacity(capacity), capacity, dropped: 0 }
    }

    /// Forgets the last tick.
    pub fn clear(&mut self) {
        self.events.clear();
        self.dropped = 0;
    }

    /// Keeps the event, or counts it when there is no room.
    pub fn push(&mut self, event: Event) {
        if self.events.len() < self.capacity {
            self.events.push(event);
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
    }

    /// What was kept, in the order pushed.
    #[must_use]
    pub fn as_slice(&self) -> &[Event] {
        &self.events
    }

    /// How many did not fit.
    #[must_use]
    pub const fn dropped(&self) -> u32 {
        self.dropped
    }
}

#[cfg(test)]
mod tests;
