//! What a step reported, for scripts: all of it as dictionaries, and what is rare as signals.

use godot::prelude::*;
use shieldwall_core::{CharacterId, Event, FlagMove, NO_TEAM};

use super::ShieldwallWorld;
use crate::convert::position_to_vector;
use crate::fighting::effect_name;

/// A team for scripts: -1 is nobody.
pub(super) fn team_number(team: u8) -> i64 {
    if team == NO_TEAM { -1 } else { team.into() }
}

/// An id for scripts; 0 is nobody.
pub(super) fn id_number(id: CharacterId) -> i64 {
    if id.generation == 0 { 0 } else { id.to_bits() as i64 }
}

fn flag_move_name(what: FlagMove) -> &'static str {
    match what {
        FlagMove::Taken => "taken",
        FlagMove::Dropped => "dropped",
        FlagMove::Returned => "returned",
        FlagMove::Brought => "brought",
    }
}

/// The events that have signals: those that a battle of thousands does not have by the thousand in a tick.
pub(super) fn to_tell(events: &[Event]) -> Vec<Event> {
    let rare = |event: &&Event| {
        matches!(
            event,
            Event::Spawned { .. }
                | Event::SpawnRefused { .. }
                | Event::Died { .. }
                | Event::Burst { .. }
                | Event::StructureFell { .. }
                | Event::StructureBuilt { .. }
                | Event::TerrainChanged { .. }
                | Event::PointCaptured { .. }
                | Event::FlagMoved { .. }
        )
    };
    events.iter().filter(rare).copied().collect()
}

impl ShieldwallWorld {
    /// Emits the signal of an event. The world is not borrowed then: a handler may call any method.
    pub(super) fn tell(&mut self, event: Event) {
        match event {
            Event::Spawned { tag, id } => {
                self.signals().character_spawned().emit(i64::from(tag), id_number(id));
            }
            Event::SpawnRefused { tag, reason } => {
                self.signals().spawn_refused().emit(i64::from(tag), &GString::from(&reason.to_string()));
            }
            Event::Died { victim, killer, arm } => {
                let weapon = GString::from(arm.name());
                self.signals().character_died().emit(id_number(victim), id_number(killer), &weapon);
            }
            Event::Burst { owner, at, arm } => {
                let weapon = GString::from(arm.name());
                self.signals().burst().emit(id_number(owner), position_to_vector(at), &weapon);
            }
            Event::StructureFell { section, attacker } => {
                self.signals().section_fell().emit(i64::from(section), id_number(attacker));
            }
            Event::StructureBuilt { section } => self.signals().section_built().emit(i64::from(section)),
            Event::TerrainChanged { chunk } => {
                let chunk = Vector2i::new(chunk.x.into(), chunk.z.into());
                self.signals().ground_changed().emit(chunk);
            }
            Event::PointCaptured { point, team, before } => {
                let (team, before) = (team_number(team), team_number(before));
                self.signals().point_captured().emit(i64::from(point), team, before);
            }
            Event::FlagMoved { point, id, what } => {
                let what = GString::from(flag_move_name(what));
                self.signals().flag_moved().emit(i64::from(point), id_number(id), &what);
            }
            _ => {}
        }
    }
}

#[godot_api(secondary)]
impl ShieldwallWorld {
    /// The events of the last step, each a dictionary with its "kind". "weapon" and "effect" are the names that rulesets
    /// have for them; a "team" of -1 and an id of 0 are nobody.
    #[func]
    fn get_events(&self) -> Array<VarDictionary> {
        let Some(world) = &self.world else { return Array::new() };
        world.events().iter().map(event_to_dictionary).collect()
    }
}

fn event_to_dictionary(event: &Event) -> VarDictionary {
    let bits = |id: &CharacterId| id_number(*id);
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
        _ => siege_event_to_dictionary(event),
    }
}

/// [`event_to_dictionary`] of what is about structures and objectives.
fn siege_event_to_dictionary(event: &Event) -> VarDictionary {
    match event {
        Event::StructureDamaged { section, attacker, amount, arm } => vdict! {
            "kind" => "structure_damaged", "section" => *section, "attacker" => id_number(*attacker),
            "amount" => *amount, "weapon" => arm.name(),
        },
        Event::StructureFell { section, attacker } => vdict! {
            "kind" => "structure_fell", "section" => *section, "attacker" => id_number(*attacker),
        },
        Event::StructureBuilt { section } => vdict! { "kind" => "structure_built", "section" => *section },
        Event::PointCaptured { point, team, before } => vdict! {
            "kind" => "point_captured", "point" => *point, "team" => team_number(*team), "before" => team_number(*before),
        },
        Event::FlagMoved { point, id, what } => vdict! {
            "kind" => "flag_moved", "point" => *point, "id" => id_number(*id), "what" => flag_move_name(*what),
        },
        _ => super::props::event_to_dictionary(event),
    }
}
