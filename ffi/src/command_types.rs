//! A command of the ABI: what a caller wants of a world in a tick, and how it becomes the kernel's. Layouts are fixed:
//! fields are only added at the end (see `boundary.rs`).

use bytemuck::{Pod, Zeroable};
use shieldwall_core::rules::{NPC_KINDS, PROP_KINDS};
use shieldwall_core::{
    Brads, CharacterId, CharacterInput, Command, Metres, MetresPerSecond, Placement, Position, PropId,
    Velocity, ViewAge,
};

use crate::result::{Failure, SwResult};

/// `SwCommand::kind`: a new character. Uses `tag`, `team`, `movement_class`, `placement`, and for `SW_PLACEMENT_AT` also `x`, `z`, `yaw`.
pub const SW_COMMAND_SPAWN: u32 = 1;
/// `SwCommand::kind`: takes a character out of the world. Uses `id`.
pub const SW_COMMAND_DESPAWN: u32 = 2;
/// `SwCommand::kind`: sets a character's input; it holds until the next one. Uses `id`, `input`.
pub const SW_COMMAND_INPUT: u32 = 3;
/// `SwCommand::kind`: gives a character another movement class (mounts or dismounts it). Uses `id`, `movement_class`.
pub const SW_COMMAND_SET_CLASS: u32 = 4;
/// `SwCommand::kind`: adds a velocity to a character's own. Uses `id`, `velocity_x`, `velocity_y`, `velocity_z`.
pub const SW_COMMAND_IMPULSE: u32 = 5;
/// `SwCommand::kind`: deforms the ground. Uses `x`, `z`, `radius`, `depth`.
pub const SW_COMMAND_DEFORM: u32 = 6;
/// `SwCommand::kind`: says what a character's player saw of the others when it gave the input of this tick: its attacks
/// that begin in this tick are judged by where they were then. Uses `id`, `view_age`.
pub const SW_COMMAND_VIEW: u32 = 7;
/// `SwCommand::kind`: takes health from a section of a structure, whatever its kind. Uses `section`, `health`.
pub const SW_COMMAND_STRIKE_STRUCTURE: u32 = 8;
/// `SwCommand::kind`: gives a section health, at most what its kind has; one that had fallen stands again, and who is in it
/// is pushed out. Uses `section`, `health`.
pub const SW_COMMAND_BUILD_STRUCTURE: u32 = 9;
/// `SwCommand::kind`: a new character that nobody plays; where it is put is its home. Uses `tag`, `team`, `npc_kind`,
/// `placement`, and for `SW_PLACEMENT_AT` also `x`, `z`, `yaw`.
pub const SW_COMMAND_SPAWN_NPC: u32 = 10;
/// `SwCommand::kind`: another home for a character that nobody plays. Uses `id`, `x`, `z`.
pub const SW_COMMAND_SET_HOME: u32 = 11;
/// `SwCommand::kind`: a new prop; the oldest debris makes room where the table is full. Uses `tag`, `prop_kind`, `x`, `y`, `z`,
/// `yaw`.
pub const SW_COMMAND_SPAWN_PROP: u32 = 12;
/// `SwCommand::kind`: takes a prop out of the world. Uses `id` (of the prop).
pub const SW_COMMAND_REMOVE_PROP: u32 = 13;
/// `SwCommand::kind`: adds a velocity to a prop's own; it wakes. Uses `id` (of the prop), `velocity_x`, `velocity_y`,
/// `velocity_z`.
pub const SW_COMMAND_PUSH_PROP: u32 = 14;

/// Movement classes: `SwCommand::movement_class` is below this.
pub const SW_MOVEMENT_CLASSES: u8 = 8;
/// Kinds of characters that nobody plays: `SwCommand::npc_kind` is below this.
pub const SW_NPC_KINDS: u8 = 8;
/// Kinds of props: `SwCommand::prop_kind` is below this.
pub const SW_PROP_KINDS: u8 = 8;
const _: () = assert!(SW_NPC_KINDS as usize == NPC_KINDS && SW_PROP_KINDS as usize == PROP_KINDS);
const _: () = assert!(SW_MOVEMENT_CLASSES as usize == shieldwall_core::MOVEMENT_CLASSES);

/// `SwCommand::placement`: somewhere in the spawn area of the team.
pub const SW_PLACEMENT_TEAM_SPAWN: u8 = 0;
/// `SwCommand::placement`: at `x`, `z`, looking to `yaw`; the height is the terrain's.
pub const SW_PLACEMENT_AT: u8 = 1;

/// `SwInput::buttons`: run faster.
pub const SW_BUTTON_SPRINT: u16 = 1;
/// `SwInput::buttons`: jump.
pub const SW_BUTTON_JUMP: u16 = 2;
/// `SwInput::buttons`: use the first weapon of the kit: of most the blade.
pub const SW_BUTTON_MELEE: u16 = 4;
/// `SwInput::buttons`: use the second weapon of the kit: of most the bow.
pub const SW_BUTTON_SHOOT: u16 = 8;
/// `SwInput::buttons`: keep low.
pub const SW_BUTTON_CROUCH: u16 = 16;
/// `SwInput::buttons`: dodge in the direction of the move.
pub const SW_BUTTON_DODGE: u16 = 32;
/// `SwInput::buttons`: use the first ability of the kit.
pub const SW_BUTTON_ABILITY_1: u16 = 64;
/// `SwInput::buttons`: use the second ability of the kit.
pub const SW_BUTTON_ABILITY_2: u16 = 128;
/// `SwInput::buttons`: hold up the shield.
pub const SW_BUTTON_BLOCK: u16 = 256;

/// What one character wants in a tick.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct SwInput {
    /// Bits `SW_BUTTON_…`; unknown bits are ignored.
    pub buttons: u16,
    /// -127 (left) to 127 (right).
    pub move_right: i8,
    /// -127 (back) to 127 (forward).
    pub move_forward: i8,
    /// Where the character looks: 65536 = a full turn, 0 = -z, growing to the left.
    pub yaw: u16,
    /// Up is positive, in the same unit as `yaw`.
    pub pitch: i16,
}

impl From<SwInput> for CharacterInput {
    fn from(input: SwInput) -> CharacterInput {
        CharacterInput {
            buttons: input.buttons,
            move_right: input.move_right,
            move_forward: input.move_forward,
            yaw: Brads(input.yaw),
            pitch: input.pitch,
        }
    }
}

/// One change to a world from outside. Set everything else to zero.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct SwCommand {
    /// `SW_COMMAND_…`.
    pub kind: u32,
    /// Spawns: any number; the event that answers has it.
    pub tag: u32,
    /// Despawn, input, set class, impulse, view, set home: the character's id.
    pub id: u64,
    /// Spawn, deform, set home: place, Q16.16 metres.
    pub x: i32,
    /// Spawn, deform, set home: place, Q16.16 metres.
    pub z: i32,
    /// Spawns: direction, 65536 = a full turn.
    pub yaw: u16,
    /// Spawns: team, from 0.
    pub team: u8,
    /// Spawns: `SW_PLACEMENT_…`.
    pub placement: u8,
    /// Input.
    pub input: SwInput,
    /// Spawn, set class: movement class, from 0 (the foot soldier).
    pub movement_class: u32,
    /// Impulse: Q16.16 metres per second.
    pub velocity_x: i32,
    /// Impulse: Q16.16 metres per second.
    pub velocity_y: i32,
    /// Impulse: Q16.16 metres per second.
    pub velocity_z: i32,
    /// Deform: Q16.16 metres, from one `terrain_spacing` to 32 m.
    pub radius: i32,
    /// Deform: Q16.16 metres in the middle, within 32 m; negative heaps a mound.
    pub depth: i32,
    /// View: how long ago, in sixteenths of a tick, up to 65535.
    pub view_age: u32,
    /// Strike, build: number of the section.
    pub section: u32,
    /// Strike, build: how much.
    pub health: u32,
    /// Spawn of a character that nobody plays: which kind, from 0 (the wolf).
    pub npc_kind: u32,
    /// Spawn of a prop: which kind, from 0 (the crate).
    pub prop_kind: u32,
    /// Spawn of a prop: its foot, Q16.16 metres; lifted onto the ground.
    pub y: i32,
    /// Zero.
    pub reserved: u32,
}

impl SwCommand {
    /// The kernel's command, or why it is none.
    pub(crate) fn to_command(self, index: usize) -> Result<Command, Failure> {
        let bad = |what: &str| Failure::new(SwResult::BadCommand, format!("command {index}: {what}"));
        self.has_only_its_own(index)?;
        let class = || {
            u8::try_from(self.movement_class)
                .ok()
                .filter(|class| *class < SW_MOVEMENT_CLASSES)
                .ok_or_else(|| bad("unknown movement class"))
        };
        match self.kind {
            SW_COMMAND_SPAWN => {
                let placement = self.placement().ok_or_else(|| bad("unknown placement"))?;
                Ok(Command::Spawn { tag: self.tag, team: self.team, class: class()?, placement })
            }
            SW_COMMAND_DESPAWN => Ok(Command::Despawn { id: CharacterId::from_bits(self.id) }),
            SW_COMMAND_INPUT => {
                Ok(Command::Input { id: CharacterId::from_bits(self.id), input: self.input.into() })
            }
            SW_COMMAND_SET_CLASS => {
                Ok(Command::SetClass { id: CharacterId::from_bits(self.id), class: class()? })
            }
            SW_COMMAND_IMPULSE => Ok(Command::Impulse {
                id: CharacterId::from_bits(self.id),
                velocity: Velocity {
                    x: MetresPerSecond(self.velocity_x),
                    y: MetresPerSecond(self.velocity_y),
                    z: MetresPerSecond(self.velocity_z),
                },
            }),
            SW_COMMAND_DEFORM => Ok(Command::Deform {
                x: Metres(self.x),
                z: Metres(self.z),
                radius: Metres(self.radius),
                depth: Metres(self.depth),
            }),
            SW_COMMAND_VIEW => match u16::try_from(self.view_age) {
                Ok(age) => Ok(Command::View { id: CharacterId::from_bits(self.id), age: ViewAge(age) }),
                Err(_) => Err(bad("`view_age` is above 65535")),
            },
            SW_COMMAND_STRIKE_STRUCTURE => {
                Ok(Command::StrikeStructure { section: self.section, damage: self.health })
            }
            SW_COMMAND_BUILD_STRUCTURE => {
                Ok(Command::BuildStructure { section: self.section, health: self.health })
            }
            SW_COMMAND_SPAWN_NPC => {
                let kind = u8::try_from(self.npc_kind).ok().filter(|kind| *kind < SW_NPC_KINDS);
                let kind = kind.ok_or_else(|| bad("unknown kind of character"))?;
                let placement = self.placement().ok_or_else(|| bad("unknown placement"))?;
                Ok(Command::SpawnNpc { tag: self.tag, team: self.team, kind, placement })
            }
            SW_COMMAND_SET_HOME => Ok(Command::SetHome {
                id: CharacterId::from_bits(self.id),
                x: Metres(self.x),
                z: Metres(self.z),
            }),
            SW_COMMAND_SPAWN_PROP | SW_COMMAND_REMOVE_PROP | SW_COMMAND_PUSH_PROP => {
                self.to_prop_command().ok_or_else(|| bad("unknown kind of prop"))
            }
            _ => Err(bad("unknown kind")),
        }
    }

    /// Whether fields that do not belong to the kind are zero.
    fn has_only_its_own(&self, index: usize) -> Result<(), Failure> {
        let is_structures = matches!(self.kind, SW_COMMAND_STRIKE_STRUCTURE | SW_COMMAND_BUILD_STRUCTURE);
        for (name, value, belongs) in [
            ("view_age", self.view_age, self.kind == SW_COMMAND_VIEW),
            ("section", self.section, is_structures),
            ("health", self.health, is_structures),
            ("npc_kind", self.npc_kind, self.kind == SW_COMMAND_SPAWN_NPC),
            ("prop_kind", self.prop_kind, self.kind == SW_COMMAND_SPAWN_PROP),
            ("y", self.y.cast_unsigned(), self.kind == SW_COMMAND_SPAWN_PROP),
            ("reserved", self.reserved, false),
        ] {
            if value != 0 && !belongs {
                let what = format!("command {index}: `{name}` is not zero");
                return Err(Failure::new(SwResult::BadCommand, what));
            }
        }
        Ok(())
    }

    fn to_prop_command(self) -> Option<Command> {
        let id = PropId::from_bits(self.id);
        Some(match self.kind {
            SW_COMMAND_REMOVE_PROP => Command::RemoveProp { id },
            SW_COMMAND_PUSH_PROP => Command::PushProp {
                id,
                velocity: Velocity::from_raw(self.velocity_x, self.velocity_y, self.velocity_z),
            },
            _ => Command::SpawnProp {
                tag: self.tag,
                kind: u8::try_from(self.prop_kind).ok().filter(|kind| *kind < SW_PROP_KINDS)?,
                position: Position::from_raw(self.x, self.y, self.z),
                yaw: Brads(self.yaw),
            },
        })
    }

    fn placement(self) -> Option<Placement> {
        match self.placement {
            SW_PLACEMENT_TEAM_SPAWN => Some(Placement::TeamSpawn),
            SW_PLACEMENT_AT => {
                Some(Placement::At { x: Metres(self.x), z: Metres(self.z), yaw: Brads(self.yaw) })
            }
            _ => None,
        }
    }
}
