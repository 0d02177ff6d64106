//! `ShieldwallWorld`: the kernel itself, for tests, tools and games that simulate by themselves.

use godot::classes::RefCounted;
use godot::global::Error;
use godot::prelude::*;
use shieldwall_core::{Brads, CharacterId, CharacterInput, Command, Event, Placement, World, WorldConfig};

use crate::convert::{metres_from_f64, position_to_vector};
use crate::fighting::effect_name;

/// A deterministic world, stepped by hand.
///
/// Set the properties, call [method create], queue commands, call [method step]. The same commands give the same bits
/// in Godot, C and Rust, on every machine: compare [method get_hash].
/// [codeblock]
/// var world := ShieldwallWorld.new()
/// world.seed = 7
/// if world.create() != OK: return
/// world.queue_spawn(0, 0)
/// world.step()
/// print(world.get_events(), world.get_hash())
/// [/codeblock]
#[derive(GodotClass)]
#[class(init, base = RefCounted)]
pub struct ShieldwallWorld {
    /// Seed of the terrain and of every random number.
    #[var]
    #[init(val = 1)]
    seed: i64,
    /// Ticks in a second, 10 to 120.
    #[var]
    #[init(val = 60)]
    tickrate: i64,
    /// Number of teams.
    #[var]
    #[init(val = 2)]
    teams: i64,
    /// Half the side of the square field, in metres.
    #[var]
    #[init(val = 128.0)]
    half_extent: f64,
    /// Most characters at a time.
    #[var]
    #[init(val = 4096)]
    character_capacity: i64,
    world: Option<World>,
    commands: Vec<Command>,
    base: Base<RefCounted>,
}

#[godot_api]
impl ShieldwallWorld {
    /// Makes the world from the properties. Answers ERR_INVALID_PARAMETER when one is out of range.
    #[func]
    fn create(&mut self) -> Error {
        let defaults = WorldConfig::default();
        let narrow = || -> Option<WorldConfig> {
            Some(WorldConfig {
                seed: self.seed as u64,
                tick_hz: self.tickrate.try_into().ok()?,
                teams: self.teams.try_into().ok()?,
                half_extent: metres_from_f64(self.half_extent),
                character_capacity: self.character_capacity.try_into().ok()?,
                ..defaults
            })
        };
        match narrow().map(|config| World::new(&config)) {
            Some(Ok(world)) => {
                self.world = Some(world);
                self.commands.clear();
                Error::OK
            }
            Some(Err(_)) | None => Error::ERR_INVALID_PARAMETER,
        }
    }

    /// Brings a character to its team's spawn area with the next step. The event that answers carries [param tag].
    #[func]
    fn queue_spawn(&mut self, tag: u32, team: u8) {
        self.commands.push(Command::Spawn { tag, team, class: 0, placement: Placement::TeamSpawn });
    }

    /// Brings a character to a place (metres) with the next step, looking to [param yaw] (65536 = a full turn).
    #[func]
    fn queue_spawn_at(&mut self, tag: u32, team: u8, x: f64, z: f64, yaw: i64) {
        let placement =
            Placement::At { x: metres_from_f64(x), z: metres_from_f64(z), yaw: Brads((yaw & 0xFFFF) as u16) };
        self.commands.push(Command::Spawn { tag, team, class: 0, placement });
    }

    /// Takes a character out with the next step.
    #[func]
    fn queue_despawn(&mut self, id: i64) {
        self.commands.push(Command::Despawn { id: CharacterId::from_bits(id as u64) });
    }

    /// Sets a character's input with the next step; it holds until the next one. Moves go from -127 to 127, angles
    /// have 65536 to the turn, buttons are the BUTTON bits of [ShieldwallClient].
    #[func]
    fn queue_input(
        &mut self,
        id: i64,
        buttons: i64,
        move_right: i64,
        move_forward: i64,
        yaw: i64,
        pitch: i64,
    ) {
        let input = CharacterInput {
            buttons: (buttons & 0xFFFF) as u16,
            move_right: move_right.clamp(-127, 127) as i8,
            move_forward: move_forward.clamp(-127, 127) as i8,
            yaw: Brads((yaw & 0xFFFF) as u16),
            pitch: pitch.clamp(-16_383, 16_383) as i16,
        };
        self.commands.push(Command::Input { id: CharacterId::from_bits(id as u64), input });
    }

    /// Deforms the ground with the next step: a round dent around a place (metres), [param depth] deep in the middle;
    /// negative heaps a mound.
    #[func]
    fn queue_deform(&mut self, x: f64, z: f64, radius: f64, depth: f64) {
        let [x, z, radius, depth] = [x, z, radius, depth].map(metres_from_f64);
        self.commands.push(Command::Deform { x, z, radius, depth });
    }

    /// Runs one tick with the queued commands. Answers what it did: tick, events, events_dropped, commands_refused, and
    /// counts of the fight: hits, hits_avoided, blocks, damage, health_taken, health_given, afflictions, shots, bursts,
    /// deaths, respawns. Empty before [method create].
    #[func]
    fn step(&mut self) -> VarDictionary {
        let Some(world) = &mut self.world else { return VarDictionary::new() };
        let report = world.step(&self.commands);
        self.commands.clear();
        vdict! {
            "tick" => report.tick.0,
            "events" => report.events,
            "events_dropped" => report.events_dropped,
            "commands_refused" => report.tally.commands_refused,
            "hits" => report.tally.hits,
            "hits_avoided" => report.tally.hits_avoided,
            "blocks" => report.tally.blocks,
            "damage" => report.tally.damage as i64,
            "health_taken" => report.tally.health_taken as i64,
            "health_given" => report.tally.health_given as i64,
            "afflictions" => report.tally.afflictions,
            "shots" => report.tally.shots,
            "bursts" => report.tally.bursts,
            "deaths" => report.tally.deaths,
            "respawns" => report.tally.respawns,
        }
    }

    /// The events of the last step, each a dictionary with its "kind". "weapon" and "effect" are the names that rulesets
    /// have for them.
    #[func]
    fn get_events(&self) -> Array<VarDictionary> {
        let Some(world) = &self.world else { return Array::new() };
        world.events().iter().map(event_to_dictionary).collect()
    }

    /// The tick that the next step runs; -1 before [method create].
    #[func]
    fn get_tick(&self) -> i64 {
        self.world.as_ref().map_or(-1, |world| i64::from(world.tick().0))
    }

    /// The hash of the whole state as 32 hexadecimal digits; empty before [method create].
    #[func]
    fn get_hash(&self) -> GString {
        self.world.as_ref().map_or_else(GString::new, |world| GString::from(&world.state_hash().to_string()))
    }

    /// The ids of all characters, alive or dead.
    #[func]
    fn get_ids(&self) -> PackedInt64Array {
        let Some(world) = &self.world else { return PackedInt64Array::new() };
        let view = world.characters();
        view.live_slots().filter_map(|slot| view.id_at(slot)).map(|id| id.to_bits() as i64).collect()
    }

    /// Where the characters of [method get_ids] stand, in the same order, in metres.
    #[func]
    fn get_positions(&self) -> PackedVector3Array {
        let Some(world) = &self.world else { return PackedVector3Array::new() };
        let view = world.characters();
        view.live_slots().map(|slot| position_to_vector(view.position(slot))).collect()
    }

    /// The status effects at work, each a dictionary: "id" whom it is on, "source" whose it is, "effect" its name in
    /// rulesets, "stacks" how often it has piled up, "end_tick" when it ends.
    #[func]
    fn get_effects(&self) -> Array<VarDictionary> {
        let Some(world) = &self.world else { return Array::new() };
        let view = world.effects();
        let dictionaries = view.live_slots().map(|slot| {
            let row = slot as usize;
            vdict! {
                "id" => view.target(slot).to_bits() as i64,
                "source" => view.source(slot).to_bits() as i64,
                "effect" => effect_name(view.kind[row]),
                "stacks" => view.stacks[row],
                "end_tick" => view.end_tick[row],
            }
        });
        dictionaries.collect()
    }

    /// The whole state as bytes; empty before [method create].
    #[func]
    fn save_state(&self) -> PackedByteArray {
        let mut image = Vec::new();
        if let Some(world) = &self.world {
            world.snapshot_into(&mut image);
        }
        PackedByteArray::from(image)
    }

    /// Puts a saved state in place of the present one. Answers ERR_INVALID_DATA, and changes nothing, when the bytes
    /// are no state of a world with this configuration.
    #[func]
    fn load_state(&mut self, image: PackedByteArray) -> Error {
        let Some(world) = &mut self.world else { return Error::ERR_UNCONFIGURED };
        match world.restore(image.as_slice()) {
            Ok(()) => Error::OK,
            Err(_) => Error::ERR_INVALID_DATA,
        }
    }
}

fn event_to_dictionary(event: &Event) -> VarDictionary {
    let bits = |id: &CharacterId| id.to_bits() as i64;
    match event {
        Event::Spawned { tag, id } => vdict! { "kind" => "spawned", "tag" => *tag, "id" => bits(id) },
        Event::SpawnRefused { tag, reason } => {
            vdict! { "kind" => "spawn_refused", "tag" => *tag, "reason" => reason.to_string() }
        }
        Event::Despawned { id } => vdict! { "kind" => "despawned", "id" => bits(id) },
        Event::Hit { attacker, target, amount, arm } => vdict! {
            "kind" => "hit", "id" => bits(target), "attacker" => bits(attacker), "amount" => *amount, "weapon" => arm.name(),
        },
        Event::Died { victim, killer, arm } => vdict! {
            "kind" => "died", "id" => bits(victim), "killer" => bits(killer), "weapon" => arm.name(),
        },
        Event::Healed { healer, target, amount, arm } => vdict! {
            "kind" => "healed", "id" => bits(target), "healer" => bits(healer), "amount" => *amount, "weapon" => arm.name(),
        },
        Event::Burst { owner, at, arm } => vdict! {
            "kind" => "burst", "owner" => bits(owner), "position" => position_to_vector(*at), "weapon" => arm.name(),
        },
        Event::Afflicted { target, source, effect } => vdict! {
            "kind" => "afflicted", "id" => bits(target), "source" => bits(source), "effect" => effect_name(*effect),
        },
        Event::Assisted { helper, victim } => vdict! {
            "kind" => "assisted", "id" => bits(victim), "helper" => bits(helper),
        },
        Event::Respawned { id } => vdict! { "kind" => "respawned", "id" => bits(id) },
        Event::ProjectileLaunched { projectile_slot, owner } => vdict! {
            "kind" => "projectile_launched", "slot" => *projectile_slot, "owner" => bits(owner),
        },
        Event::ProjectileEnded { projectile_slot, at } => vdict! {
            "kind" => "projectile_ended", "slot" => *projectile_slot, "position" => position_to_vector(*at),
        },
        Event::TerrainChanged { chunk } => vdict! {
            "kind" => "terrain_changed", "chunk_x" => chunk.x, "chunk_z" => chunk.z,
        },
        Event::StructureDamaged { section, attacker, amount, arm } => vdict! {
            "kind" => "structure_damaged", "section" => *section, "attacker" => bits(attacker), "amount" => *amount, "arm" => arm.0,
        },
        Event::StructureFell { section, attacker } => vdict! {
            "kind" => "structure_fell", "section" => *section, "attacker" => bits(attacker),
        },
        Event::StructureBuilt { section } => vdict! { "kind" => "structure_built", "section" => *section },
        Event::PointCaptured { point, team, before } => vdict! {
            "kind" => "point_captured", "point" => *point, "team" => *team, "before" => *before,
        },
        Event::FlagMoved { point, id, what } => vdict! {
            "kind" => "flag_moved", "point" => *point, "id" => bits(id), "what" => *what as u8,
        },
    }
}
