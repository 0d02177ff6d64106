//! The plain structs of the ABI that describe a world: what they mean, in which units, and how they become the
//! kernel's own types. Layouts are fixed: fields are only added at the end (see `boundary.rs`).

use bytemuck::{Pod, Zeroable};
use shieldwall_core::rules::{ARMS, EFFECTS};
use shieldwall_core::{CharacterId, Event, Position, StepReport};

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
    /// Damage of all hits: health taken and overkill.
    pub damage: u64,
    /// Health taken.
    pub health_taken: u64,
    /// Damage beyond the health that was left.
    pub overkill: u64,
    /// Health given back by abilities and effects.
    pub health_given: u64,
    /// Weapons and effects that reached somebody.
    pub hits: u32,
    /// Weapons that reached somebody whom nothing hurts: in a dodge, or just come to life.
    pub hits_avoided: u32,
    /// Hits that a shield held off.
    pub blocks: u32,
    /// Projectiles that burst, and abilities that worked around a point.
    pub bursts: u32,
    /// Preparations that were broken off.
    pub casts_broken: u32,
    /// Status effects that came over somebody who did not have them.
    pub afflictions: u32,
    /// Status effects that did not, because the table was full.
    pub effects_refused: u32,
    /// Helpers of those who killed.
    pub assists: u32,
    /// Deaths.
    pub deaths: u32,
    /// Returns from death.
    pub respawns: u32,
    /// Projectiles that began.
    pub shots: u32,
    /// Projectiles that did not, because the table was full.
    pub shots_refused: u32,
    /// Views that were older than attacks may be judged.
    pub views_capped: u32,
    /// Characters in the world after the tick, alive or dead.
    pub characters: u32,
    /// Projectiles in flight after the tick.
    pub projectiles: u32,
    /// Props in the world after the tick.
    pub props: u32,
}

impl From<StepReport> for SwStepReport {
    fn from(step: StepReport) -> SwStepReport {
        let tally = step.tally;
        SwStepReport {
            struct_size: 0,
            tick: step.tick.0,
            events: step.events,
            events_dropped: step.events_dropped,
            commands_refused: tally.commands_refused,
            reserved: 0,
            damage: tally.damage,
            health_taken: tally.health_taken,
            overkill: tally.overkill,
            health_given: tally.health_given,
            hits: tally.hits,
            hits_avoided: tally.hits_avoided,
            blocks: tally.blocks,
            bursts: tally.bursts,
            casts_broken: tally.casts_broken,
            afflictions: tally.afflictions,
            effects_refused: tally.effects_refused,
            assists: tally.assists,
            deaths: tally.deaths,
            respawns: tally.respawns,
            shots: tally.shots,
            shots_refused: tally.shots_refused,
            views_capped: tally.views_capped,
            characters: step.characters,
            projectiles: step.projectiles,
            props: step.props,
        }
    }
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
/// `SwEvent::kind`: `other` gave health back to `id`. `amount`, `weapon`.
pub const SW_EVENT_HEALED: u32 = 10;
/// `SwEvent::kind`: something of `other` burst: a projectile, or an ability that works around a point. `x`, `y`, `z`,
/// `weapon`.
pub const SW_EVENT_BURST: u32 = 11;
/// `SwEvent::kind`: a status effect of `other` came over `id`, who did not have it. `effect`.
pub const SW_EVENT_AFFLICTED: u32 = 12;
/// `SwEvent::kind`: `other` helped to kill `id`.
pub const SW_EVENT_ASSISTED: u32 = 13;
/// `SwEvent::kind`: a prop exists now. `tag`, `id` (of the prop).
pub const SW_EVENT_PROP_SPAWNED: u32 = 25;
/// `SwEvent::kind`: `other` struck a prop. `id` (of the prop), `amount`, `weapon`.
pub const SW_EVENT_PROP_DAMAGED: u32 = 26;
/// `SwEvent::kind`: `other` broke a prop. `id` (of the prop).
pub const SW_EVENT_PROP_BROKEN: u32 = 27;
/// `SwEvent::kind`: a prop is gone without being broken. `id` (of the prop).
pub const SW_EVENT_PROP_GONE: u32 = 28;

/// Weapons and abilities: the number is the place in the rules' tables `arms`, counted from 1. What they are, the rules
/// of the world say; the names are those of the shipped rules. This is nothing.
pub const SW_WEAPON_NONE: u8 = 0;
/// The sword.
pub const SW_WEAPON_MELEE: u8 = 1;
/// The bow and its arrow.
pub const SW_WEAPON_ARROW: u8 = 2;
/// The spear.
pub const SW_WEAPON_SPEAR: u8 = 3;
/// The thrown axe.
pub const SW_WEAPON_THROWN_AXE: u8 = 4;
/// The crossbow and its bolt.
pub const SW_WEAPON_CROSSBOW: u8 = 5;
/// The arquebus.
pub const SW_WEAPON_ARQUEBUS: u8 = 6;
/// The grenade.
pub const SW_WEAPON_GRENADE: u8 = 7;
/// The rocket.
pub const SW_WEAPON_ROCKET: u8 = 8;
/// The ability that heals.
pub const SW_WEAPON_HEAL: u8 = 9;
/// The shield bash.
pub const SW_WEAPON_SHIELD_BASH: u8 = 10;
/// The patch of frost.
pub const SW_WEAPON_FROST: u8 = 11;
/// The dart that poisons.
pub const SW_WEAPON_VENOM: u8 = 12;
/// The banner.
pub const SW_WEAPON_BANNER: u8 = 13;
/// The battering ram.
pub const SW_WEAPON_BATTERING_RAM: u8 = 14;
/// The claw.
pub const SW_WEAPON_CLAW: u8 = 15;
/// The stomp.
pub const SW_WEAPON_STOMP: u8 = 16;
/// The first of those that are free for rules of one's own; they go up to `SW_WEAPONS`.
pub const SW_WEAPON_SPARE_1: u8 = 17;
/// How many weapons and abilities there are.
pub const SW_WEAPONS: u8 = 32;

/// Status effects: the number is the place in the rules' tables `effects`, counted from 1. This is none.
pub const SW_EFFECT_NONE: u8 = 0;
/// Without control.
pub const SW_EFFECT_STUNNED: u8 = 1;
/// Held on the spot.
pub const SW_EFFECT_ROOTED: u8 = 2;
/// Slowed down.
pub const SW_EFFECT_SLOWED: u8 = 3;
/// Poisoned.
pub const SW_EFFECT_POISONED: u8 = 4;
/// Bleeding.
pub const SW_EFFECT_BLEEDING: u8 = 5;
/// Carries a banner.
pub const SW_EFFECT_BANNERED: u8 = 6;
/// Near a banner of its team.
pub const SW_EFFECT_INSPIRED: u8 = 7;
/// On fire.
pub const SW_EFFECT_BURNING: u8 = 8;
/// Gets health back for a while.
pub const SW_EFFECT_MENDING: u8 = 9;
/// Takes less damage.
pub const SW_EFFECT_SHIELDED: u8 = 10;
/// The first of those that are free for rules of one's own; they go up to `SW_EFFECTS`.
pub const SW_EFFECT_SPARE_1: u8 = 11;
/// How many status effects there are.
pub const SW_EFFECTS: u8 = 64;

const _: () = assert!(SW_WEAPONS as usize == ARMS && SW_EFFECTS as usize == EFFECTS);

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
    /// The character that did it. For what flies and for status effects this may be somebody who is gone by now.
    pub other: u64,
    /// Place, Q16.16 metres.
    pub x: i32,
    /// Place, Q16.16 metres.
    pub y: i32,
    /// Place, Q16.16 metres.
    pub z: i32,
    /// Health lost, or given back.
    pub amount: u16,
    /// `SW_WEAPON_…`.
    pub weapon: u8,
    /// Why a spawn was refused: 1 the world is full, 2 there is no such team, 3 there is no such movement
    /// class, 10 no such kind of character that nobody plays, 11 no room for one, 12 no such kind of prop, 13 no room for props.
    pub reason: u8,
    /// Slot of the projectile.
    pub projectile_slot: u32,
    /// Chunk of the terrain along x.
    pub chunk_x: u16,
    /// Chunk of the terrain along z.
    pub chunk_z: u16,
    /// `SW_EFFECT_…`.
    pub effect: u32,
    /// Zero.
    pub reserved: u32,
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
            Event::Respawned { id } => SwEvent { kind: SW_EVENT_RESPAWNED, id: id.to_bits(), ..empty },
            Event::ProjectileLaunched { projectile_slot, owner } => SwEvent {
                kind: SW_EVENT_PROJECTILE_LAUNCHED,
                projectile_slot,
                other: owner.to_bits(),
                ..empty
            },
            Event::ProjectileEnded { projectile_slot, at } => {
                SwEvent { kind: SW_EVENT_PROJECTILE_ENDED, projectile_slot, ..empty }.at(at)
            }
            Event::TerrainChanged { chunk } => {
                SwEvent { kind: SW_EVENT_TERRAIN_CHANGED, chunk_x: chunk.x, chunk_z: chunk.z, ..empty }
            }
            Event::Hit { attacker, target, amount, arm } => {
                SwEvent { kind: SW_EVENT_HIT, amount, weapon: arm.0, ..empty }.of(target, attacker)
            }
            Event::Died { victim, killer, arm } => {
                SwEvent { kind: SW_EVENT_DIED, weapon: arm.0, ..empty }.of(victim, killer)
            }
            Event::Healed { healer, target, amount, arm } => {
                SwEvent { kind: SW_EVENT_HEALED, amount, weapon: arm.0, ..empty }.of(target, healer)
            }
            Event::Burst { owner, at, arm } => {
                SwEvent { kind: SW_EVENT_BURST, other: owner.to_bits(), weapon: arm.0, ..empty }.at(at)
            }
            Event::Afflicted { target, source, effect } => {
                SwEvent { kind: SW_EVENT_AFFLICTED, effect: effect.into(), ..empty }.of(target, source)
            }
            Event::Assisted { helper, victim } => {
                SwEvent { kind: SW_EVENT_ASSISTED, ..empty }.of(victim, helper)
            }
            Event::PropSpawned { tag, id } => {
                SwEvent { kind: SW_EVENT_PROP_SPAWNED, tag, id: id.to_bits(), ..empty }
            }
            Event::PropDamaged { id, attacker, amount, arm } => SwEvent {
                kind: SW_EVENT_PROP_DAMAGED,
                id: id.to_bits(),
                other: attacker.to_bits(),
                amount,
                weapon: arm.0,
                ..empty
            },
            Event::PropBroken { id, attacker } => {
                SwEvent { kind: SW_EVENT_PROP_BROKEN, id: id.to_bits(), other: attacker.to_bits(), ..empty }
            }
            Event::PropGone { id } => SwEvent { kind: SW_EVENT_PROP_GONE, id: id.to_bits(), ..empty },
            // Of these the C interface knows no more yet than that they happened to a section or point (`tag`).
            Event::StructureDamaged { section, attacker, .. } => {
                SwEvent { kind: 20, tag: section, other: attacker.to_bits(), ..empty }
            }
            Event::StructureFell { section, attacker } => {
                SwEvent { kind: 21, tag: section, other: attacker.to_bits(), ..empty }
            }
            Event::StructureBuilt { section } => SwEvent { kind: 22, tag: section, ..empty },
            Event::PointCaptured { point, .. } => SwEvent { kind: 23, tag: point, ..empty },
            Event::FlagMoved { point, id, .. } => SwEvent { kind: 24, tag: point, id: id.to_bits(), ..empty },
        }
    }
}

impl SwEvent {
    fn at(self, place: Position) -> SwEvent {
        SwEvent { x: place.x.0, y: place.y.0, z: place.z.0, ..self }
    }

    fn of(self, whom: CharacterId, who: CharacterId) -> SwEvent {
        SwEvent { id: whom.to_bits(), other: who.to_bits(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command_types::*;
    use shieldwall_core::Metres;
    use shieldwall_core::rules::{ARM_CHOICES, Arm, EFFECT_CHOICES};
    use shieldwall_core::state::characters::flags;
    use shieldwall_core::{TerrainChunk, buttons};

    /// The header's constants are the kernel's, by name and number.
    #[test]
    fn numbers_are_those_of_the_kernel() {
        let named = |choices: &[&str], pairs: &[(&str, u8)]| {
            for (name, number) in pairs {
                assert_eq!(choices[usize::from(*number)], *name);
            }
        };
        let weapons = [
            ("none", SW_WEAPON_NONE),
            ("sword", SW_WEAPON_MELEE),
            ("bow", SW_WEAPON_ARROW),
            ("spear", SW_WEAPON_SPEAR),
            ("thrown_axe", SW_WEAPON_THROWN_AXE),
            ("crossbow", SW_WEAPON_CROSSBOW),
            ("arquebus", SW_WEAPON_ARQUEBUS),
            ("grenade", SW_WEAPON_GRENADE),
            ("rocket", SW_WEAPON_ROCKET),
            ("heal", SW_WEAPON_HEAL),
            ("shield_bash", SW_WEAPON_SHIELD_BASH),
            ("frost", SW_WEAPON_FROST),
            ("venom", SW_WEAPON_VENOM),
            ("banner", SW_WEAPON_BANNER),
            ("battering_ram", SW_WEAPON_BATTERING_RAM),
            ("claw", SW_WEAPON_CLAW),
            ("stomp", SW_WEAPON_STOMP),
            ("spare_1", SW_WEAPON_SPARE_1),
        ];
        named(ARM_CHOICES, &weapons);
        let effects = [
            ("none", SW_EFFECT_NONE),
            ("stunned", SW_EFFECT_STUNNED),
            ("rooted", SW_EFFECT_ROOTED),
            ("slowed", SW_EFFECT_SLOWED),
            ("poisoned", SW_EFFECT_POISONED),
            ("bleeding", SW_EFFECT_BLEEDING),
            ("bannered", SW_EFFECT_BANNERED),
            ("inspired", SW_EFFECT_INSPIRED),
            ("burning", SW_EFFECT_BURNING),
            ("mending", SW_EFFECT_MENDING),
            ("shielded", SW_EFFECT_SHIELDED),
            ("spare_1", SW_EFFECT_SPARE_1),
        ];
        named(EFFECT_CHOICES, &effects);
        let new = SW_BUTTON_ABILITY_1 | SW_BUTTON_ABILITY_2 | SW_BUTTON_BLOCK;
        assert_eq!(new, buttons::ABILITY_1 | buttons::ABILITY_2 | buttons::BLOCK);
        use crate::views::*;
        let known = [
            (SW_FLAG_STUNNED, flags::STUNNED),
            (SW_FLAG_ROOTED, flags::ROOTED),
            (SW_FLAG_SLOWED, flags::SLOWED),
            (SW_FLAG_EXHAUSTED, flags::EXHAUSTED),
            (SW_FLAG_BLOCKING, flags::BLOCKING),
        ];
        assert!(known.iter().all(|(of_c, of_the_kernel)| of_c == of_the_kernel));
    }

    /// Every event of the kernel has its own number, which is its opcode, and says who did it to whom.
    #[test]
    fn events_have_the_numbers_of_their_opcodes() {
        let id = |slot| CharacterId { slot, generation: 5 };
        let (one, two, at) = (id(1), id(2), Position::new(Metres(3), Metres(4), Metres(5)));
        let (arm, prop) = (Arm(7), shieldwall_core::PropId { slot: 1, generation: 5 });
        for event in [
            Event::Spawned { tag: 9, id: one },
            Event::Despawned { id: one },
            Event::Hit { attacker: two, target: one, amount: 6, arm },
            Event::Died { victim: one, killer: two, arm },
            Event::Respawned { id: one },
            Event::ProjectileLaunched { projectile_slot: 8, owner: two },
            Event::ProjectileEnded { projectile_slot: 8, at },
            Event::TerrainChanged { chunk: TerrainChunk { x: 1, z: 2 } },
            Event::Healed { healer: two, target: one, amount: 6, arm },
            Event::Burst { owner: two, at, arm },
            Event::Afflicted { target: one, source: two, effect: 64 },
            Event::Assisted { helper: two, victim: one },
            Event::PropSpawned { tag: 9, id: prop },
            Event::PropDamaged { id: prop, attacker: two, amount: 6, arm },
            Event::PropBroken { id: prop, attacker: two },
            Event::PropGone { id: prop },
        ] {
            let (mut bytes, told) = (Vec::new(), SwEvent::from(event));
            event.encode_into(&mut bytes);
            assert_eq!(told.kind, u32::from(bytes[0]), "{event:?}");
            assert!(told.id == 0 || told.id == one.to_bits(), "{event:?}");
            assert!(told.other == 0 || told.other == two.to_bits(), "{event:?}");
            assert!(told.weapon == 0 || told.weapon == 7, "{event:?}");
        }
        let burst = SwEvent::from(Event::Burst { owner: two, at, arm });
        assert_eq!((burst.x, burst.y, burst.z, burst.weapon), (3, 4, 5, 7));
        let afflicted = SwEvent::from(Event::Afflicted { target: one, source: two, effect: 64 });
        assert_eq!((afflicted.effect, afflicted.other), (64, two.to_bits()));
    }
}
