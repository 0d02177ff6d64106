//! The command manifest: everything that may change a world from outside, and its bytes.
//!
//! Opcodes are stable: a number is never used again for something else. Commands of one tick run in the order given.

use super::bytes::{ByteReader, EndOfBytes};
use super::handle::{CharacterId, PropId};
use crate::numeric::{Brads, Metres, MetresPerSecond, Position, Ticks, Velocity};
use alloc::vec::Vec;
use bytemuck::{Pod, Zeroable};
use core::fmt;

/// Bits of [`CharacterInput::buttons`].
pub mod buttons {
    /// Run faster; only when the way is more forwards than sideways.
    pub const SPRINT: u16 = 1;
    /// Jump when on the ground.
    pub const JUMP: u16 = 2;
    /// Use the first weapon of the kit when it is ready: of most the blade.
    pub const MELEE: u16 = 4;
    /// Use the second weapon of the kit when it is ready: of most the bow.
    pub const SHOOT: u16 = 8;
    /// Keep low: slower, and a lower body.
    pub const CROUCH: u16 = 16;
    /// Dodge in the direction of the move, or backwards when there is none.
    pub const DODGE: u16 = 32;
    /// Use the first ability when it is ready.
    pub const ABILITY_1: u16 = 64;
    /// Use the second ability when it is ready.
    pub const ABILITY_2: u16 = 128;
    /// Hold up the shield.
    pub const BLOCK: u16 = 256;
    /// All bits that mean something; the others are masked off.
    pub const ALL: u16 = 511;
    /// Those that strike at somebody: for them it matters what the player saw ([`super::ViewAge`]).
    pub const ATTACKS: u16 = MELEE | SHOOT | ABILITY_1 | ABILITY_2;
    /// The buttons of a kit ([`crate::rules::KitRules::arm`]), in their order.
    pub const ARMS: [u16; 4] = [MELEE, SHOOT, ABILITY_1, ABILITY_2];
}

/// What one player wants in one tick. Eight bytes; any eight bytes are valid once [`CharacterInput::sanitized`].
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Pod, Zeroable)]
pub struct CharacterInput {
    /// Bits of [`buttons`].
    pub buttons: u16,
    /// Wish to move right, -127 to 127 is full left to full right.
    pub move_right: i8,
    /// Wish to move forward, -127 to 127.
    pub move_forward: i8,
    /// Where the character looks; 0 is along -z, growing to the left (seen from above, counter-clockwise).
    pub yaw: Brads,
    /// Up (positive) or down, 1/65536 turn; held within a quarter turn.
    pub pitch: i16,
}

impl CharacterInput {
    /// Largest pitch either way: a quarter turn, less one step.
    pub const PITCH_MAX: i16 = 16_383;

    /// The input as the kernel takes it: unknown buttons off, -128 as -127, pitch within [`Self::PITCH_MAX`].
    /// Idempotent.
    #[must_use]
    pub fn sanitized(self) -> Self {
        Self {
            buttons: self.buttons & buttons::ALL,
            move_right: self.move_right.max(-127),
            move_forward: self.move_forward.max(-127),
            yaw: self.yaw,
            pitch: self.pitch.clamp(-Self::PITCH_MAX, Self::PITCH_MAX),
        }
    }

    /// Whether all the given buttons are down.
    #[must_use]
    pub const fn pressed(self, mask: u16) -> bool {
        self.buttons & mask == mask
    }
}

/// How far behind a tick a player saw the others when it began something, in sixteenths of a tick: a millisecond at 60 Hz.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Pod, Zeroable)]
#[repr(transparent)]
pub struct ViewAge(pub u16);

impl ViewAge {
    /// Nothing: the others as they are.
    pub const ZERO: Self = Self(0);
    /// Parts of a tick.
    pub const PARTS: u16 = 16;

    /// An age of whole ticks; more than fit are as many as fit.
    #[must_use]
    pub const fn from_ticks(ticks: Ticks) -> Self {
        let most = (u16::MAX / Self::PARTS) as u32;
        Self(if ticks.0 < most { ticks.0 as u16 } else { most as u16 } * Self::PARTS)
    }

    /// The whole ticks that are nearest to it; the more of two equally near.
    #[must_use]
    pub const fn nearest_ticks(self) -> Ticks {
        Ticks((self.0 as u32 + Self::PARTS as u32 / 2) / Self::PARTS as u32)
    }

    /// The age as seen from so many ticks earlier; never below 0.
    #[must_use]
    pub const fn less_ticks(self, ticks: u16) -> Self {
        Self(self.0.saturating_sub(ticks.saturating_mul(Self::PARTS)))
    }
}

/// Where a spawned character stands first. The height is the terrain's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// Somewhere in the team's spawn area, by the world's seed.
    TeamSpawn,
    /// At a place, moved inside the world's bounds when it is outside.
    At {
        /// East.
        x: Metres,
        /// South.
        z: Metres,
        /// Direction it looks.
        yaw: Brads,
    },
}

/// One change of the world from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Opcode 1. A new character in the lowest free slot; answered by `Spawned` or `SpawnRefused` with the same tag.
    Spawn {
        /// Chosen by the caller, to know the answer by; means nothing to the kernel.
        tag: u32,
        /// Team of the character, below the world's number of teams.
        team: u8,
        /// Movement class, below [`crate::rules::MOVEMENT_CLASSES`]; 0 is the foot soldier.
        class: u8,
        /// Where.
        placement: Placement,
    },
    /// Opcode 2. Takes a character out; answered by `Despawned`.
    Despawn {
        /// Who.
        id: CharacterId,
    },
    /// Opcode 3. Holds until the next input of the same character, through death and return.
    Input {
        /// Who.
        id: CharacterId,
        /// What it wants.
        input: CharacterInput,
    },
    /// Opcode 4. Another movement class: mounting, dismounting, a change of shape. What it was doing ends.
    SetClass {
        /// Who.
        id: CharacterId,
        /// Movement class, below [`crate::rules::MOVEMENT_CLASSES`].
        class: u8,
    },
    /// Opcode 5. A sudden change of velocity: a blast, a blow, a spring. The dead are not moved.
    Impulse {
        /// Who.
        id: CharacterId,
        /// Added to its velocity; the sum is held within [`crate::limits::SPEED_MAX_M_PER_S`] in every direction.
        velocity: Velocity,
    },
    /// Opcode 6. Deforms the ground: a round dent, deepest in the middle, level with the ground at its rim. Answered by
    /// `TerrainChanged` for each chunk that changed.
    Deform {
        /// Middle, inside the field.
        x: Metres,
        /// Middle, inside the field.
        z: Metres,
        /// From one `terrain_spacing` to [`crate::limits::DEFORM_RADIUS_MAX_M`].
        radius: Metres,
        /// Depth in the middle; negative for a mound. Within ±[`crate::limits::TERRAIN_DELTA_MAX_M`], at least 1/128 m.
        depth: Metres,
    },
    /// Opcode 7. What the character's player saw of the others when it gave the input of this tick: attacks that begin in
    /// this tick are judged by where everybody was then, as far as [`crate::rules::LagRules`] allow. Holds for this tick
    /// only.
    View {
        /// Who.
        id: CharacterId,
        /// How long before this tick that was.
        age: ViewAge,
    },
    /// Opcode 8. Takes health from a section of a structure, whatever its kind; refused where it has fallen. Answered by
    /// `StructureDamaged`, and `StructureFell` with the last of it.
    StrikeStructure {
        /// Number of the section.
        section: u32,
        /// Health to take.
        damage: u32,
    },
    /// Opcode 9. Gives a section of a structure health, at most what its kind has; refused where it has all. Answered by
    /// `StructureBuilt` where it had fallen: it stands again, and who is in it is pushed out.
    BuildStructure {
        /// Number of the section.
        section: u32,
        /// Health to give.
        health: u32,
    },
    /// Opcode 10. A new character that nobody plays, in the lowest free slot; answered by `Spawned` or `SpawnRefused` with
    /// the same tag. Where it is put is its home.
    SpawnNpc {
        /// Chosen by the caller, to know the answer by; means nothing to the kernel.
        tag: u32,
        /// Team of the character, below the world's number of teams.
        team: u8,
        /// Which kind, below [`crate::rules::NPC_KINDS`]: its body and its mind.
        kind: u8,
        /// Where.
        placement: Placement,
    },
    /// Opcode 11. Another home for a character that nobody plays: where it goes when it has nothing to do.
    SetHome {
        /// Who.
        id: CharacterId,
        /// East; moved inside the world's bounds when it is outside.
        x: Metres,
        /// South; likewise.
        z: Metres,
    },
    /// Opcode 12. A new prop in the lowest free slot; where there is none, the debris that would be gone first makes room.
    /// Answered by `PropSpawned` or `SpawnRefused` with the same tag.
    SpawnProp {
        /// Chosen by the caller, to know the answer by; means nothing to the kernel.
        tag: u32,
        /// Kind, below [`crate::rules::PROP_KINDS`].
        kind: u8,
        /// Its foot; lifted onto the ground where that is higher, and moved inside the world's bounds.
        position: Position,
        /// How it is turned.
        yaw: Brads,
    },
    /// Opcode 13. Takes a prop out; answered by `PropGone`.
    RemoveProp {
        /// Which.
        id: PropId,
    },
    /// Opcode 14. A sudden change of a prop's velocity; it wakes.
    PushProp {
        /// Which.
        id: PropId,
        /// Added to its velocity; the sum is held within [`crate::limits::SPEED_MAX_M_PER_S`] in every direction.
        velocity: Velocity,
    },
}

/// Why bytes are not a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandDecodeError {
    /// The bytes end inside the command.
    Truncated,
    /// No command has this opcode.
    UnknownOpcode(u8),
    /// No placement has this number.
    UnknownPlacement(u8),
}

impl fmt::Display for CommandDecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("command: the bytes end too early"),
            Self::UnknownOpcode(opcode) => write!(f, "command: unknown opcode {opcode}"),
            Self::UnknownPlacement(kind) => write!(f, "command: unknown placement {kind}"),
        }
    }
}

impl core::error::Error for CommandDecodeError {}

impl From<EndOfBytes> for CommandDecodeError {
    fn from(_: EndOfBytes) -> Self {
        Self::Truncated
    }
}

const OPCODE_SPAWN: u8 = 1;
const OPCODE_DESPAWN: u8 = 2;
const OPCODE_INPUT: u8 = 3;
const OPCODE_SET_CLASS: u8 = 4;
const OPCODE_IMPULSE: u8 = 5;
const OPCODE_DEFORM: u8 = 6;
const OPCODE_VIEW: u8 = 7;
const OPCODE_STRIKE_STRUCTURE: u8 = 8;
const OPCODE_BUILD_STRUCTURE: u8 = 9;
const OPCODE_SPAWN_NPC: u8 = 10;
const OPCODE_SET_HOME: u8 = 11;
const OPCODE_SPAWN_PROP: u8 = 12;
const OPCODE_REMOVE_PROP: u8 = 13;
const OPCODE_PUSH_PROP: u8 = 14;
const PLACEMENT_TEAM_SPAWN: u8 = 0;
const PLACEMENT_AT: u8 = 1;

impl Command {
    /// Appends the command's bytes, little-endian, at most [`crate::limits::COMMAND_BYTES_MAX`].
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Spawn { tag, team, class, placement } => {
                out.push(OPCODE_SPAWN);
                out.extend_from_slice(&tag.to_le_bytes());
                out.push(team);
                out.push(class);
                encode_placement(placement, out);
            }
            Self::Despawn { id } => {
                out.push(OPCODE_DESPAWN);
                encode_id(id, out);
            }
            Self::Input { id, input } => {
                out.push(OPCODE_INPUT);
                encode_id(id, out);
                out.extend_from_slice(&input.buttons.to_le_bytes());
                out.extend_from_slice(&input.move_right.to_le_bytes());
                out.extend_from_slice(&input.move_forward.to_le_bytes());
                out.extend_from_slice(&input.yaw.0.to_le_bytes());
                out.extend_from_slice(&input.pitch.to_le_bytes());
            }
            Self::SetClass { id, class } => {
                out.push(OPCODE_SET_CLASS);
                encode_id(id, out);
                out.push(class);
            }
            Self::Impulse { id, velocity } => {
                out.push(OPCODE_IMPULSE);
                encode_id(id, out);
                for part in [velocity.x, velocity.y, velocity.z] {
                    out.extend_from_slice(&part.0.to_le_bytes());
                }
            }
            Self::Deform { x, z, radius, depth } => {
                out.push(OPCODE_DEFORM);
                for length in [x, z, radius, depth] {
                    out.extend_from_slice(&length.0.to_le_bytes());
                }
            }
            Self::View { id, age } => {
                out.push(OPCODE_VIEW);
                encode_id(id, out);
                out.extend_from_slice(&age.0.to_le_bytes());
            }
            Self::StrikeStructure { section, damage } => {
                out.push(OPCODE_STRIKE_STRUCTURE);
                out.extend_from_slice(&section.to_le_bytes());
                out.extend_from_slice(&damage.to_le_bytes());
            }
            Self::BuildStructure { section, health } => {
                out.push(OPCODE_BUILD_STRUCTURE);
                out.extend_from_slice(&section.to_le_bytes());
                out.extend_from_slice(&health.to_le_bytes());
            }
            Self::SpawnNpc { tag, team, kind, placement } => {
                out.push(OPCODE_SPAWN_NPC);
                out.extend_from_slice(&tag.to_le_bytes());
                out.push(team);
                out.push(kind);
                encode_placement(placement, out);
            }
            _ => self.encode_rest(out),
        }
    }

    /// [`Command::encode_into`] of what is about homes and props.
    fn encode_rest(&self, out: &mut Vec<u8>) {
        match *self {
            Self::SetHome { id, x, z } => {
                out.push(OPCODE_SET_HOME);
                encode_id(id, out);
                out.extend_from_slice(&x.0.to_le_bytes());
                out.extend_from_slice(&z.0.to_le_bytes());
            }
            Self::SpawnProp { tag, kind, position, yaw } => {
                out.push(OPCODE_SPAWN_PROP);
                out.extend_from_slice(&tag.to_le_bytes());
                out.push(kind);
                for part in [position.x, position.y, position.z] {
                    out.extend_from_slice(&part.0.to_le_bytes());
                }
                out.extend_from_slice(&yaw.0.to_le_bytes());
            }
            Self::RemoveProp { id } => {
                out.push(OPCODE_REMOVE_PROP);
                encode_prop_id(id, out);
            }
            Self::PushProp { id, velocity } => {
                out.push(OPCODE_PUSH_PROP);
                encode_prop_id(id, out);
                for part in [velocity.x, velocity.y, velocity.z] {
                    out.extend_from_slice(&part.0.to_le_bytes());
                }
            }
            _ => {}
        }
    }

    /// Reads one command from the front of `bytes` and returns it with what follows.
    /// Ids and numbers are not judged here: a step refuses what does not fit its world.
    ///
    /// # Errors
    /// [`CommandDecodeError`], on any bytes, without a panic.
    pub fn decode(bytes: &[u8]) -> Result<(Self, &[u8]), CommandDecodeError> {
        let mut reader = ByteReader::new(bytes);
        let command = match reader.u8()? {
            OPCODE_SPAWN => Self::Spawn {
                tag: reader.u32()?,
                team: reader.u8()?,
                class: reader.u8()?,
                placement: decode_placement(&mut reader)?,
            },
            OPCODE_DESPAWN => Self::Despawn { id: decode_id(&mut reader)? },
            OPCODE_INPUT => Self::Input {
                id: decode_id(&mut reader)?,
                input: CharacterInput {
                    buttons: reader.u16()?,
                    move_right: i8::from_le_bytes(reader.array()?),
                    move_forward: i8::from_le_bytes(reader.array()?),
                    yaw: Brads(reader.u16()?),
                    pitch: i16::from_le_bytes(reader.array()?),
                },
            },
            OPCODE_SET_CLASS => Self::SetClass { id: decode_id(&mut reader)?, class: reader.u8()? },
            OPCODE_IMPULSE => Self::Impulse {
                id: decode_id(&mut reader)?,
                velocity: Velocity {
                    x: MetresPerSecond(reader.i32()?),
                    y: MetresPerSecond(reader.i32()?),
                    z: MetresPerSecond(reader.i32()?),
                },
            },
            OPCODE_DEFORM => Self::Deform {
                x: Metres(reader.i32()?),
                z: Metres(reader.i32()?),
                radius: Metres(reader.i32()?),
                depth: Metres(reader.i32()?),
            },
            OPCODE_VIEW => Self::View { id: decode_id(&mut reader)?, age: ViewAge(reader.u16()?) },
            OPCODE_STRIKE_STRUCTURE => {
                Self::StrikeStructure { section: reader.u32()?, damage: reader.u32()? }
            }
            OPCODE_BUILD_STRUCTURE => Self::BuildStructure { section: reader.u32()?, health: reader.u32()? },
            OPCODE_SPAWN_NPC => Self::SpawnNpc {
                tag: reader.u32()?,
                team: reader.u8()?,
                kind: reader.u8()?,
                placement: decode_placement(&mut reader)?,
            },
            OPCODE_SET_HOME => Self::SetHome {
                id: decode_id(&mut reader)?,
                x: Metres(reader.i32()?),
                z: Metres(reader.i32()?),
            },
            opcode => Self::decode_prop(opcode, &mut reader)?,
        };
        Ok((command, reader.rest()))
    }

    /// [`Command::decode`] of what is about props.
    fn decode_prop(opcode: u8, reader: &mut ByteReader<'_>) -> Result<Self, CommandDecodeError> {
        Ok(match opcode {
            OPCODE_SPAWN_PROP => Self::SpawnProp {
                tag: reader.u32()?,
                kind: reader.u8()?,
                position: Position::from_raw(reader.i32()?, reader.i32()?, reader.i32()?),
                yaw: Brads(reader.u16()?),
            },
            OPCODE_REMOVE_PROP => Self::RemoveProp { id: decode_prop_id(reader)? },
            OPCODE_PUSH_PROP => Self::PushProp {
                id: decode_prop_id(reader)?,
                velocity: Velocity::from_raw(reader.i32()?, reader.i32()?, reader.i32()?),
            },
            other => return Err(CommandDecodeError::UnknownOpcode(other)),
        })
    }
}

fn encode_placement(placement: Placement, out: &mut Vec<u8>) {
    match placement {
        Placement::TeamSpawn => out.push(PLACEMENT_TEAM_SPAWN),
        Placement::At { x, z, yaw } => {
            out.push(PLACEMENT_AT);
            out.extend_from_slice(&x.0.to_le_bytes());
            out.extend_from_slice(&z.0.to_le_bytes());
            out.extend_from_slice(&yaw.0.to_le_bytes());
        }
    }
}

fn decode_placement(reader: &mut ByteReader<'_>) -> Result<Placement, CommandDecodeError> {
    match reader.u8()? {
        PLACEMENT_TEAM_SPAWN => Ok(Placement::TeamSpawn),
        PLACEMENT_AT => Ok(Placement::At {
            x: Metres(reader.i32()?),
            z: Metres(reader.i32()?),
            yaw: Brads(reader.u16()?),
        }),
        other => Err(CommandDecodeError::UnknownPlacement(other)),
    }
}

pub(crate) fn encode_id(id: CharacterId, out: &mut Vec<u8>) {
    out.extend_from_slice(&id.slot.to_le_bytes());
    out.extend_from_slice(&id.generation.to_le_bytes());
}

pub(crate) fn decode_id(reader: &mut ByteReader<'_>) -> Result<CharacterId, EndOfBytes> {
    Ok(CharacterId { slot: reader.u32()?, generation: reader.u32()? })
}

pub(crate) fn encode_prop_id(id: PropId, out: &mut Vec<u8>) {
    out.extend_from_slice(&id.slot.to_le_bytes());
    out.extend_from_slice(&id.generation.to_le_bytes());
}

pub(crate) fn decode_prop_id(reader: &mut ByteReader<'_>) -> Result<PropId, EndOfBytes> {
    Ok(PropId { slot: reader.u32()?, generation: reader.u32()? })
}

#[cfg(test)]
mod tests;
