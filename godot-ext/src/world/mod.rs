//! `ShieldwallWorld`: the kernel itself, for tests, tools and games that simulate by themselves.
//!
//! In here: the class, its properties and signals, the step. Its other methods by topic: [`setup`] (rules, scenery,
//! making it), [`commands`], [`characters`] and [`columns`] (who is there), [`siege`], [`minds`], [`states`], [`drawing`],
//! [`names`].

mod characters;
mod columns;
mod commands;
mod drawing;
mod events;
mod minds;
mod names;
mod props;
mod setup;
mod siege;
mod states;

use std::sync::Arc;

use godot::classes::RefCounted;
use godot::prelude::*;
use shieldwall_core::spatial::Scenery;
use shieldwall_core::{Command, Rules, SavedState, StepReport, World};

use crate::ground_log::GroundLog;

/// A deterministic world, stepped by hand: characters, those whom nobody plays, walls that fall, places to fight over.
///
/// Set the properties, give it rules ([method load_rules]) and something that stands in it ([method load_scenery]), call
/// [method create], queue commands, call [method step]. The same commands give the same bits in Godot, C and Rust, on
/// every machine: compare [method get_hash].
/// [codeblock]
/// var world := ShieldwallWorld.new()
/// world.seed = 7
/// world.set_scenery_text("[[box]]\ncentre_m = [0, 1, -6]\nsize_m = [8, 4, 1]\nstructure = \"gate\"\n")
/// if world.create() != OK: return
/// world.section_fell.connect(func(section, _by): print("section ", section, " is down"))
/// world.queue_spawn(0, 0, "soldier")
/// world.queue_spawn_npc_at(1, 1, "ogre", 0.0, -20.0, 0)
/// world.queue_strike_section(0, 6000)
/// world.step()
/// print(world.get_events(), world.get_character_columns(["position", "health"]), world.get_hash())
/// [/codeblock]
/// Everybody has an id, a 64-bit number. Numbers of tables (kinds, classes, weapons, effects) have the names that rulesets
/// use: [method get_npc_kinds] and its like. Places are metres: x east, y up, z south. What cannot be done is answered with
/// an [enum @GlobalScope.Error], and the reason is pushed as an error.
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
    /// Distance between two vertices of the terrain, in metres: a power of two from 0.25 to 16.
    #[var]
    #[init(val = 2.0)]
    terrain_spacing: f64,
    /// Most characters at a time.
    #[var]
    #[init(val = 4096)]
    character_capacity: i64,
    /// Most projectiles at a time.
    #[var]
    #[init(val = 4096)]
    projectile_capacity: i64,
    /// Most characters at a time that nobody plays.
    #[var]
    #[init(val = 1024)]
    npc_capacity: i64,
    /// Most events that one tick reports.
    #[var]
    #[init(val = 16384)]
    event_capacity: i64,
    /// The rules of the next [method create]; the shipped ones where there are none.
    rules: Option<Box<Rules>>,
    /// What stands in the world of the next [method create].
    scenery: Arc<Scenery>,
    /// What stands in the present one.
    standing: Arc<Scenery>,
    world: Option<Box<World>>,
    commands: Vec<Command>,
    /// States kept in memory, by place.
    saved: Vec<SavedState>,
    log: GroundLog,
    base: Base<RefCounted>,
}

#[godot_api]
impl ShieldwallWorld {
    /// A character came into the world; [param tag] is that of the command.
    #[signal]
    pub fn character_spawned(tag: i64, id: i64);
    /// A character did not come into the world.
    #[signal]
    pub fn spawn_refused(tag: i64, reason: GString);
    /// A character died. [param weapon] is its name in rulesets.
    #[signal]
    pub fn character_died(id: i64, killer: i64, weapon: GString);
    /// Something burst at a place: a projectile, or an ability that works around a point.
    #[signal]
    pub fn burst(owner: i64, position: Vector3, weapon: GString);
    /// A section of a structure lost all its health: it is in nobody's way any more. [param attacker] is 0 for a command.
    #[signal]
    pub fn section_fell(section: i64, attacker: i64);
    /// A section that had fallen stands again.
    #[signal]
    pub fn section_built(section: i64);
    /// The ground of a chunk changed: see [method create_terrain_chunk_mesh].
    #[signal]
    pub fn ground_changed(chunk: Vector2i);
    /// A capture point went from one team to another; -1 is nobody.
    #[signal]
    pub fn point_captured(point: i64, team: i64, before: i64);
    /// Something became of a flag: "taken", "dropped", "returned" or "brought". [param id] is 0 when it went back by itself.
    #[signal]
    pub fn flag_moved(point: i64, id: i64, what: GString);
    /// Another state took the place of the present one: [method load_state], [method return_to_state], [method create].
    #[signal]
    pub fn state_replaced();

    /// Runs one tick with the queued commands, and emits the signals of what happened in it. Answers what it did: tick,
    /// events, events_dropped, commands_refused, characters, projectiles, and counts of the fight: hits, hits_avoided,
    /// blocks, damage, overkill, health_taken, health_given, afflictions, effects_refused, casts_broken, shots,
    /// shots_refused, bursts, deaths, assists, respawns, views_capped. Empty before [method create].
    #[func]
    fn step(&mut self) -> VarDictionary {
        let Some(world) = &mut self.world else { return VarDictionary::new() };
        let report = world.step(&self.commands);
        self.commands.clear();
        let news = events::to_tell(world.events());
        self.note_changes();
        for event in news {
            self.tell(event);
        }
        report_to_dictionary(&report)
    }

    /// The tick that the next step runs; -1 before [method create].
    #[func]
    fn get_tick(&self) -> i64 {
        self.world.as_ref().map_or(-1, |world| i64::from(world.tick().0))
    }
}

fn report_to_dictionary(report: &StepReport) -> VarDictionary {
    let tally = &report.tally;
    vdict! {
        "tick" => report.tick.0,
        "events" => report.events,
        "events_dropped" => report.events_dropped,
        "commands_refused" => tally.commands_refused,
        "characters" => report.characters,
        "projectiles" => report.projectiles,
        "hits" => tally.hits,
        "hits_avoided" => tally.hits_avoided,
        "blocks" => tally.blocks,
        "damage" => tally.damage as i64,
        "overkill" => tally.overkill as i64,
        "health_taken" => tally.health_taken as i64,
        "health_given" => tally.health_given as i64,
        "afflictions" => tally.afflictions,
        "effects_refused" => tally.effects_refused,
        "casts_broken" => tally.casts_broken,
        "shots" => tally.shots,
        "shots_refused" => tally.shots_refused,
        "bursts" => tally.bursts,
        "deaths" => tally.deaths,
        "assists" => tally.assists,
        "respawns" => tally.respawns,
        "views_capped" => tally.views_capped,
    }
}
