//! The event manifest: everything a tick reports, and its bytes.
//!
//! Events of one tick are in canonical order: by stage, then by the row that caused them. The buffer has a fixed
//! capacity; what does not fit is counted in the step's report and lost. Events describe the state, they are not part
//! of it: losing one loses no truth.

use super::bytes::{ByteReader, EndOfBytes};
use super::commands::{decode_id, encode_id};
use super::handle::CharacterId;
use super::terrain_deltas::TerrainChunk;
use crate::numeric::{Metres, Position};
use alloc::vec::Vec;
use core::fmt;

/// What did the harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Weapon {
    /// The blade.
    Melee = 1,
    /// The bow.
    Arrow = 2,
}

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
}

impl fmt::Display for SpawnRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WorldFull => "the world is full",
            Self::UnknownTeam => "the world has no such team",
            Self::UnknownClass => "there is no such movement class",
            Self::UnknownKind => "there is no such kind of characters that nobody plays",
            Self::NpcsFull => "there is no room for more characters that nobody plays",
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
        weapon: Weapon,
    },
    /// Opcode 5. Health reached zero.
    Died {
        /// Who.
        victim: CharacterId,
        /// By whom. For an arrow this may be somebody who is gone by now.
        killer: CharacterId,
        /// With what.
        weapon: Weapon,
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
}

/// Why bytes are not an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventDecodeError {
    /// The bytes end inside the event.
    Truncated,
    /// No event has this opcode.
    UnknownOpcode(u8),
    /// A weapon or reason that does not exist.
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
            Self::Hit { attacker, target, amount, weapon } => {
                out.push(4);
                encode_id(attacker, out);
                encode_id(target, out);
                out.extend_from_slice(&amount.to_le_bytes());
                out.push(weapon as u8);
            }
            Self::Died { victim, killer, weapon } => {
                out.push(5);
                encode_id(victim, out);
                encode_id(killer, out);
                out.push(weapon as u8);
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
                weapon: decode_weapon(&mut reader)?,
            },
            5 => Self::Died {
                victim: decode_id(&mut reader)?,
                killer: decode_id(&mut reader)?,
                weapon: decode_weapon(&mut reader)?,
            },
            6 => Self::Respawned { id: decode_id(&mut reader)? },
            7 => Self::ProjectileLaunched { projectile_slot: reader.u32()?, owner: decode_id(&mut reader)? },
            8 => Self::ProjectileEnded {
                projectile_slot: reader.u32()?,
                at: Position { x: Metres(reader.i32()?), y: Metres(reader.i32()?), z: Metres(reader.i32()?) },
            },
            9 => Self::TerrainChanged { chunk: TerrainChunk { x: reader.u16()?, z: reader.u16()? } },
            other => return Err(EventDecodeError::UnknownOpcode(other)),
        };
        Ok((event, reader.rest()))
    }
}

fn decode_weapon(reader: &mut ByteReader<'_>) -> Result<Weapon, EventDecodeError> {
    match reader.u8()? {
        1 => Ok(Weapon::Melee),
        2 => Ok(Weapon::Arrow),
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_decodes_encodes_to_the_same_bytes(
            opcode in 0_u8..11,
            bytes in proptest::collection::vec(any::<u8>(), 0..40),
            small in 0_u8..4,
        ) {
            let mut input = alloc::vec![opcode];
            input.extend_from_slice(&bytes);
            // Weapons and reasons are small numbers: put some where they stand.
            for at in [5, 17, 19] {
                if let Some(byte) = input.get_mut(at) {
                    *byte = small;
                }
            }
            if let Ok((event, rest)) = Event::decode(&input) {
                let mut again = Vec::new();
                event.encode_into(&mut again);
                prop_assert_eq!(&again[..], &input[..input.len() - rest.len()]);
                for cut in 0..again.len() {
                    prop_assert_eq!(Event::decode(&again[..cut]), Err(EventDecodeError::Truncated));
                }
            }
        }
    }

    #[test]
    fn every_opcode_decodes() {
        for opcode in 1..=9_u8 {
            let mut input = alloc::vec![opcode];
            input.extend_from_slice(&[1; 40]);
            assert!(Event::decode(&input).is_ok(), "opcode {opcode}");
        }
        assert_eq!(Event::decode(&[0]), Err(EventDecodeError::UnknownOpcode(0)));
    }

    #[test]
    fn a_full_buffer_counts() {
        let mut buffer = EventBuffer::new(1);
        let event = Event::Respawned { id: CharacterId { slot: 1, generation: 1 } };
        buffer.push(event);
        buffer.push(event);
        assert_eq!((buffer.as_slice().len(), buffer.dropped()), (1, 1));
        buffer.clear();
        assert_eq!((buffer.as_slice().len(), buffer.dropped()), (0, 0));
    }
}
