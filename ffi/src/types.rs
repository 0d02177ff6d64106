//! The plain structs of the ABI that describe a world: what they mean, in which units, and how they become the
//! kernel's own types. Layouts are fixed: fields are only added at the end (see `boundary.rs`).

use bytemuck::{Pod, Zeroable};
use shieldwall_core::{
    Brads, CharacterId, CharacterInput, Command, Event, Metres, MetresPerSecond, Placement, Velocity, ViewAge,
};

use crate::result::{Failure, SwResult};

/// The best lanes that the processor has.
pub const SW_LANES_AUTO: u8 = 0;
/// Plain code without vector instructions: the same bits, slower. For tests.
pub const SW_LANES_SCALAR: u8 = 1;
/// The vector instructions that every processor of this kind has.
pub const SW_LANES_PORTABLE: u8 = 2;
/// Eight lanes in AVX2 registers; where the processor has none, the next lower choice.
pub const SW_LANES_AVX2: u8 = 3;
/// Sixteen lanes in AVX-512 registers; where the processor has none, the next lower choice.
pub const SW_LANES_AVX512: u8 = 4;

/// What a world is made of. Fill it with `sw_world_config_default`, then change what you need.
/// The rules of movement and combat are those of the demo battle; `sw_world_create_encoded` takes any rules.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct SwWorldConfig {
    /// sizeof(SwWorldConfig), set by the caller.
    pub struct_size: u32,
    /// Ticks in a second, 10 to 120.
    pub tick_hz: u16,
    /// Number of teams.
    pub teams: u8,
    /// A `SW_LANES_...`. Never changes a result.
    pub lanes: u8,
    /// Seed of terrain and of every random number.
    pub seed: u64,
    /// Half the side of the square field, Q16.16 metres.
    pub half_extent: i32,
    /// Distance of the terrain's vertices, Q16.16 metres.
    pub terrain_spacing: i32,
    /// Most characters at a time.
    pub character_capacity: u32,
    /// Most projectiles at a time.
    pub projectile_capacity: u32,
    /// Most events in one tick; more are counted as dropped.
    pub event_capacity: u32,
    /// Ticks with at least this many characters are shared out over threads. Never changes a result.
    pub parallel_min_rows: u32,
    /// Zero.
    pub reserved: u64,
}

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

/// Movement classes: `SwCommand::movement_class` is below this.
pub const SW_MOVEMENT_CLASSES: u8 = 8;
const _: () = assert!(SW_MOVEMENT_CLASSES as usize == shieldwall_core::MOVEMENT_CLASSES);

/// `SwCommand::placement`: somewhere in the spawn area of the team.
pub const SW_PLACEMENT_TEAM_SPAWN: u8 = 0;
/// `SwCommand::placement`: at `x`, `z`, looking to `yaw`; the height is the terrain's.
pub const SW_PLACEMENT_AT: u8 = 1;

/// `SwInput::buttons`: run faster.
pub const SW_BUTTON_SPRINT: u16 = 1;
/// `SwInput::buttons`: jump.
pub const SW_BUTTON_JUMP: u16 = 2;
/// `SwInput::buttons`: strike with the melee weapon.
pub const SW_BUTTON_MELEE: u16 = 4;
/// `SwInput::buttons`: shoot an arrow.
pub const SW_BUTTON_SHOOT: u16 = 8;
/// `SwInput::buttons`: keep low.
pub const SW_BUTTON_CROUCH: u16 = 16;
/// `SwInput::buttons`: dodge in the direction of the move.
pub const SW_BUTTON_DODGE: u16 = 32;

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
    /// Spawn: any number; the event that answers has it.
    pub tag: u32,
    /// Despawn, input, set class, impulse, view: the character's id.
    pub id: u64,
    /// Spawn, deform: place, Q16.16 metres.
    pub x: i32,
    /// Spawn, deform: place, Q16.16 metres.
    pub z: i32,
    /// Spawn: direction, 65536 = a full turn.
    pub yaw: u16,
    /// Spawn: team, from 0.
    pub team: u8,
    /// Spawn: `SW_PLACEMENT_…`.
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
}

impl SwCommand {
    /// The kernel's command, or why it is none.
    pub(crate) fn to_command(self, index: usize) -> Result<Command, Failure> {
        let bad = |what: &str| Failure::new(SwResult::BadCommand, format!("command {index}: {what}"));
        if self.view_age != 0 && self.kind != SW_COMMAND_VIEW {
            return Err(bad("`view_age` is not zero"));
        }
        let class = || {
            u8::try_from(self.movement_class)
                .ok()
                .filter(|class| *class < SW_MOVEMENT_CLASSES)
                .ok_or_else(|| bad("unknown movement class"))
        };
        match self.kind {
            SW_COMMAND_SPAWN => {
                let placement = match self.placement {
                    SW_PLACEMENT_TEAM_SPAWN => Placement::TeamSpawn,
                    SW_PLACEMENT_AT => {
                        Placement::At { x: Metres(self.x), z: Metres(self.z), yaw: Brads(self.yaw) }
                    }
                    _ => return Err(bad("unknown placement")),
                };
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
            _ => Err(bad("unknown kind")),
        }
    }
}

/// What a step did.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct SwStepReport {
    /// sizeof(SwStepReport), set by the caller.
    pub struct_size: u32,
    /// The tick that was run.
    pub tick: u32,
    /// Events it reported.
    pub events: u32,
    /// Events that found no room in the world's `event_capacity`.
    pub events_dropped: u32,
    /// Commands for characters that do not exist, and spawns without room.
    pub commands_refused: u32,
    /// Zero.
    pub reserved: u32,
}

/// `SwEvent::kind`: a character exists now. `tag`, `id`.
pub const SW_EVENT_SPAWNED: u32 = 1;
/// `SwEvent::kind`: a spawn was refused. `tag`, `reason`.
pub const SW_EVENT_SPAWN_REFUSED: u32 = 2;
/// `SwEvent::kind`: a character is gone. `id`.
pub const SW_EVENT_DESPAWNED: u32 = 3;
/// `SwEvent::kind`: `other` hurt `id`. `amount`, `weapon`.
pub const SW_EVENT_HIT: u32 = 4;
/// `SwEvent::kind`: `other` killed `id`. `weapon`.
pub const SW_EVENT_DIED: u32 = 5;
/// `SwEvent::kind`: a dead character lives again. `id`.
pub const SW_EVENT_RESPAWNED: u32 = 6;
/// `SwEvent::kind`: `other` shot. `projectile_slot`.
pub const SW_EVENT_PROJECTILE_LAUNCHED: u32 = 7;
/// `SwEvent::kind`: a projectile is gone. `projectile_slot`, `x`, `y`, `z`.
pub const SW_EVENT_PROJECTILE_ENDED: u32 = 8;
/// `SwEvent::kind`: the ground of a chunk changed. `chunk_x`, `chunk_z`.
pub const SW_EVENT_TERRAIN_CHANGED: u32 = 9;

/// `SwEvent::weapon`: the melee weapon.
pub const SW_WEAPON_MELEE: u8 = 1;
/// `SwEvent::weapon`: an arrow.
pub const SW_WEAPON_ARROW: u8 = 2;

/// Something that happened in a tick. Fields that a kind does not name are zero.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct SwEvent {
    /// `SW_EVENT_…`. Skip kinds you do not know: later versions add some.
    pub kind: u32,
    /// The tag of the spawn command.
    pub tag: u32,
    /// The character it happened to.
    pub id: u64,
    /// The character that did it. For an arrow this may be somebody who is gone by now.
    pub other: u64,
    /// Place, Q16.16 metres.
    pub x: i32,
    /// Place, Q16.16 metres.
    pub y: i32,
    /// Place, Q16.16 metres.
    pub z: i32,
    /// Health lost.
    pub amount: u16,
    /// `SW_WEAPON_…`.
    pub weapon: u8,
    /// Why a spawn was refused: 1 the world is full, 2 there is no such team, 3 there is no such movement
    /// class.
    pub reason: u8,
    /// Slot of the projectile.
    pub projectile_slot: u32,
    /// Chunk of the terrain along x.
    pub chunk_x: u16,
    /// Chunk of the terrain along z.
    pub chunk_z: u16,
}

impl From<Event> for SwEvent {
    fn from(event: Event) -> SwEvent {
        let empty = SwEvent::default();
        match event {
            Event::Spawned { tag, id } => SwEvent { kind: SW_EVENT_SPAWNED, tag, id: id.to_bits(), ..empty },
            Event::SpawnRefused { tag, reason } => {
                SwEvent { kind: SW_EVENT_SPAWN_REFUSED, tag, reason: reason as u8, ..empty }
            }
            Event::Despawned { id } => SwEvent { kind: SW_EVENT_DESPAWNED, id: id.to_bits(), ..empty },
            Event::Hit { attacker, target, amount, weapon } => SwEvent {
                kind: SW_EVENT_HIT,
                id: target.to_bits(),
                other: attacker.to_bits(),
                amount,
                weapon: weapon as u8,
                ..empty
            },
            Event::Died { victim, killer, weapon } => SwEvent {
                kind: SW_EVENT_DIED,
                id: victim.to_bits(),
                other: killer.to_bits(),
                weapon: weapon as u8,
                ..empty
            },
            Event::Respawned { id } => SwEvent { kind: SW_EVENT_RESPAWNED, id: id.to_bits(), ..empty },
            Event::ProjectileLaunched { projectile_slot, owner } => SwEvent {
                kind: SW_EVENT_PROJECTILE_LAUNCHED,
                projectile_slot,
                other: owner.to_bits(),
                ..empty
            },
            Event::ProjectileEnded { projectile_slot, at } => SwEvent {
                kind: SW_EVENT_PROJECTILE_ENDED,
                projectile_slot,
                x: at.x.0,
                y: at.y.0,
                z: at.z.0,
                ..empty
            },
            Event::TerrainChanged { chunk } => {
                SwEvent { kind: SW_EVENT_TERRAIN_CHANGED, chunk_x: chunk.x, chunk_z: chunk.z, ..empty }
            }
            // Of these the C interface knows no more yet than that they happened to a section or point (`tag`).
            Event::StructureDamaged { section, attacker, .. } => {
                SwEvent { kind: 20, tag: section, other: attacker.to_bits(), ..empty }
            }
            Event::StructureFell { section, attacker } => {
                SwEvent { kind: 21, tag: section, other: attacker.to_bits(), ..empty }
            }
            Event::StructureBuilt { section } => SwEvent { kind: 22, tag: section, ..empty },
            Event::PointCaptured { point, .. } => SwEvent { kind: 23, tag: point, ..empty },
            Event::FlagMoved { point, id, .. } => {
                SwEvent { kind: 24, tag: point, id: id.to_bits(), ..empty }
            }
        }
    }
}
