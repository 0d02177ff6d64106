//! Loose things: what lies about, and how scripts bring, push and take it.

use godot::global::Error;
use godot::prelude::*;
use shieldwall_core::rules::PropRules;
use shieldwall_core::{Brads, Command, Event, Position, PropId};

use super::ShieldwallWorld;
use super::events::id_number;
use super::names::number_of;
use crate::convert::{finite_metres, position_to_vector};

fn whole<T: TryFrom<i64>>(name: &str, value: i64) -> Result<T, String> {
    T::try_from(value).map_err(|_| format!("{name} cannot be {value}"))
}

#[godot_api(secondary)]
impl ShieldwallWorld {
    /// Brings a prop (a kind of the table "prop" by name: "crate") to a place (metres) with the next step; it is lifted onto the
    /// ground. The event that answers carries [param tag]. ERR_INVALID_PARAMETER when a number or a name cannot be.
    #[func]
    fn queue_spawn_prop(&mut self, tag: i64, kind: GString, position: Vector3, yaw: i64) -> Error {
        let command = || {
            let kind = number_of("kind of prop", &PropRules::KINDS, &kind)?;
            let [x, y, z] = [("x", position.x), ("y", position.y), ("z", position.z)];
            let part = |(name, part): (&str, f32)| finite_metres(name, f64::from(part));
            let position = Position { x: part(x)?, y: part(y)?, z: part(z)? };
            Ok(Command::SpawnProp {
                tag: whole("tag", tag)?,
                kind,
                position,
                yaw: Brads((yaw & 0xFFFF) as u16),
            })
        };
        self.queue("queue_spawn_prop", command())
    }

    /// Takes a prop out of the world with the next step.
    #[func]
    fn queue_remove_prop(&mut self, prop: i64) -> Error {
        self.queue("queue_remove_prop", Ok(Command::RemoveProp { id: PropId::from_bits(prop as u64) }))
    }

    /// The ids of all props, ascending by slot. They are numbers of their own, not those of characters.
    #[func]
    fn get_prop_ids(&self) -> PackedInt64Array {
        let Some(world) = &self.world else { return PackedInt64Array::new() };
        let view = world.props();
        view.live_slots().filter_map(|slot| view.id_at(slot)).map(|id| id.to_bits() as i64).collect()
    }

    /// Where the feet of the props of [method get_prop_ids] are, in the same order, in metres.
    #[func]
    fn get_prop_positions(&self) -> PackedVector3Array {
        let Some(world) = &self.world else { return PackedVector3Array::new() };
        let view = world.props();
        view.live_slots().map(|slot| position_to_vector(view.position(slot))).collect()
    }

    /// Four numbers for each prop of [method get_prop_ids], in the same order: kind (its number in rulesets), yaw (65536 = a
    /// full turn), health, 1 where it is awake.
    #[func]
    fn get_prop_states(&self) -> PackedInt32Array {
        let Some(world) = &self.world else { return PackedInt32Array::new() };
        let view = world.props();
        let state = |slot: u32| {
            let row = slot as usize;
            let awake = i32::from(view.is_awake(slot));
            [view.kind[row].into(), view.yaw[row].into(), view.health[row].into(), awake]
        };
        view.live_slots().flat_map(state).collect()
    }
}

/// An event about props as a dictionary; of others an empty one.
pub(super) fn event_to_dictionary(event: &Event) -> VarDictionary {
    match event {
        Event::PropSpawned { tag, id } => {
            vdict! { "kind" => "prop_spawned", "tag" => *tag, "prop" => id.to_bits() as i64 }
        }
        Event::PropDamaged { id, attacker, amount, arm } => vdict! {
            "kind" => "prop_damaged", "prop" => id.to_bits() as i64, "attacker" => id_number(*attacker),
            "amount" => *amount, "weapon" => arm.name(),
        },
        Event::PropBroken { id, attacker } => vdict! {
            "kind" => "prop_broken", "prop" => id.to_bits() as i64, "attacker" => id_number(*attacker),
        },
        Event::PropGone { id } => vdict! { "kind" => "prop_gone", "prop" => id.to_bits() as i64 },
        _ => VarDictionary::new(),
    }
}
