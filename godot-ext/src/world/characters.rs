//! One character at a time: what it is, what it can, what lasts on it; and who is near a place.

use godot::prelude::*;
use shieldwall_core::{Arm, CharacterId, MovementRules, RowList, Tick, World, flags};

use super::ShieldwallWorld;
use super::events::id_number;
use super::names::{action_name, entry_name, motion_name};
use crate::convert::{
    brads_to_radians, finite_metres, metres_from_f64, metres_to_f32, pitch_to_radians, position_to_vector,
    velocity_to_vector,
};
use crate::fighting::{effect_name, place};

impl ShieldwallWorld {
    /// The world and the slot of somebody who is in it.
    pub(super) fn find(&self, id: i64) -> Option<(&World, u32)> {
        let (world, id) = (self.world.as_deref()?, CharacterId::from_bits(id as u64));
        world.is_current(id).then_some((world, id.slot))
    }

    fn ids_of(world: &World, slots: &RowList) -> PackedInt64Array {
        slots.as_slice().iter().filter_map(|slot| world.id_at(*slot)).map(id_number).collect()
    }
}

/// First ticks at which the four buttons are ready.
fn ready_ticks(world: &World, slot: u32) -> [u32; 4] {
    let (view, row) = (world.characters(), slot as usize);
    [
        view.primary_ready_tick[row],
        view.secondary_ready_tick[row],
        view.ability_1_ready_tick[row],
        view.ability_2_ready_tick[row],
    ]
}

fn seconds_until(world: &World, tick: u32) -> f64 {
    let ticks = Tick(tick).signed_distance(world.tick()).max(0);
    f64::from(ticks) / f64::from(world.config().tick_hz.max(1))
}

/// A status effect by its row, as a dictionary.
fn effect(world: &World, slot: u32) -> VarDictionary {
    let (view, row) = (world.effects(), slot as usize);
    vdict! {
        "id" => id_number(view.target(slot)),
        "source" => id_number(view.source(slot)),
        "effect" => effect_name(view.kind[row]),
        "weapon" => view.arm(slot).name(),
        "stacks" => view.stacks[row],
        "end_tick" => view.end_tick[row],
        "seconds" => seconds_until(world, view.end_tick[row]),
    }
}

#[godot_api(secondary)]
impl ShieldwallWorld {
    /// Bit of the column "flags": stands on the ground.
    #[constant]
    const FLAG_GROUNDED: i64 = flags::GROUNDED as i64;
    /// Bit of the column "flags": has health.
    #[constant]
    const FLAG_ALIVE: i64 = flags::ALIVE as i64;
    /// Bit of the column "flags": runs.
    #[constant]
    const FLAG_SPRINTING: i64 = flags::SPRINTING as i64;
    /// Bit of the column "flags": keeps low.
    #[constant]
    const FLAG_CROUCHED: i64 = flags::CROUCHED as i64;
    /// Bit of the column "flags": a status effect takes all control.
    #[constant]
    const FLAG_STUNNED: i64 = flags::STUNNED as i64;
    /// Bit of the column "flags": a status effect holds it on the spot.
    #[constant]
    const FLAG_ROOTED: i64 = flags::ROOTED as i64;
    /// Bit of the column "flags": a status effect slows it down.
    #[constant]
    const FLAG_SLOWED: i64 = flags::SLOWED as i64;
    /// Bit of the column "flags": has too little stamina to dodge and sprint.
    #[constant]
    const FLAG_EXHAUSTED: i64 = flags::EXHAUSTED as i64;
    /// Bit of the column "flags": holds up the shield.
    #[constant]
    const FLAG_BLOCKING: i64 = flags::BLOCKING as i64;

    /// Whether somebody of this id is in the world, alive or dead.
    #[func]
    fn has_character(&self, id: i64) -> bool {
        self.find(id).is_some()
    }

    /// Characters in the world, alive or dead.
    #[func]
    fn get_character_count(&self) -> i64 {
        self.world.as_ref().map_or(0, |world| world.character_count() as i64)
    }

    /// All about a character: position, velocity, yaw, pitch, team, movement_class, motion and action by name, alive,
    /// flags (FLAG bits), health and health_max, stamina and stamina_max, combo, kills, deaths, assists, foe (id of who hurt
    /// it last), support (0 the ground, else an obstacle or platform). Empty when nobody has this id.
    #[func]
    fn get_character(&self, id: i64) -> VarDictionary {
        let Some((world, slot)) = self.find(id) else { return VarDictionary::new() };
        let (view, row, rules) = (world.characters(), slot as usize, &world.config().rules);
        let body = view.move_state(slot);
        let foe = CharacterId { slot: view.foe_slot[row], generation: view.foe_generation[row] };
        vdict! {
            "id" => id,
            "position" => position_to_vector(body.position),
            "velocity" => velocity_to_vector(body.velocity),
            "yaw" => brads_to_radians(body.yaw),
            "pitch" => pitch_to_radians(body.pitch),
            "team" => view.team[row],
            "movement_class" => entry_name(&MovementRules::CLASSES, body.class),
            "motion" => motion_name(body.motion),
            "action" => action_name(view.action[row]),
            "action_tick" => view.action_tick[row],
            "alive" => view.is_alive(slot),
            "flags" => body.flags,
            "health" => view.health[row],
            "health_max" => rules.life.health_max,
            "stamina" => view.stamina[row],
            "stamina_max" => rules.combat.stamina_max,
            "combo" => view.combo[row],
            "kills" => view.kills[row],
            "deaths" => view.deaths[row],
            "assists" => view.assists[row],
            "foe" => id_number(foe),
            "support" => body.support,
        }
    }

    /// Name of the weapon or ability that a character has on a button (BUTTON_MELEE, BUTTON_SHOOT, BUTTON_ABILITY_1 or
    /// BUTTON_ABILITY_2 of [ShieldwallClient]); "none" for an empty or another button, empty when nobody has this id.
    #[func]
    fn get_weapon(&self, id: i64, button: i64) -> GString {
        let Some((world, slot)) = self.find(id) else { return GString::new() };
        let kit = world.config().rules.kit_of(world.characters().class[slot as usize]);
        GString::from(place(button).map_or(Arm::NONE, |place| kit.arm(place)).name())
    }

    /// Seconds until what a character has on a button is ready, 0 when it is.
    #[func]
    fn get_cooldown(&self, id: i64, button: i64) -> f64 {
        let (Some((world, slot)), Some(place)) = (self.find(id), place(button)) else { return 0.0 };
        seconds_until(world, ready_ticks(world, slot)[place])
    }

    /// The status effects on a character, as [method get_effects] has them. Looks through all.
    #[func]
    fn get_character_effects(&self, id: i64) -> Array<VarDictionary> {
        let Some((world, _)) = self.find(id) else { return Array::new() };
        let (view, id) = (world.effects(), CharacterId::from_bits(id as u64));
        let on_it = view.live_slots().filter(|slot| view.target(*slot) == id);
        on_it.map(|slot| effect(world, slot)).collect()
    }

    /// The status effects at work, each a dictionary: "id" whom it is on, "source" whose it is, "effect" its name in
    /// rulesets, "weapon" what left it, "stacks" how often it has piled up, "end_tick" when it ends and in how many
    /// "seconds". For many of them [method get_effect_columns] is faster.
    #[func]
    fn get_effects(&self) -> Array<VarDictionary> {
        let Some(world) = &self.world else { return Array::new() };
        world.effects().live_slots().map(|slot| effect(world, slot)).collect()
    }

    /// The ids of all characters, alive or dead, within a distance of a place on the ground plane (metres).
    #[func]
    fn find_in_radius(&self, x: f64, z: f64, radius: f64) -> PackedInt64Array {
        let Some(world) = &self.world else { return PackedInt64Array::new() };
        let numbers = (finite_metres("x", x), finite_metres("z", z), finite_metres("radius", radius));
        let (Ok(x), Ok(z), Ok(radius)) = numbers else { return PackedInt64Array::new() };
        let mut slots = RowList::default();
        world.characters_in_radius_into(x, z, radius, &mut slots);
        Self::ids_of(world, &slots)
    }

    /// The ids of the living characters nearest to a place on the ground plane, nearest first: at most [param count], up to
    /// 256, none farther than [param max_radius] metres.
    #[func]
    fn find_nearest(&self, x: f64, z: f64, count: i64, max_radius: f64) -> PackedInt64Array {
        let Some(world) = &self.world else { return PackedInt64Array::new() };
        let numbers = (finite_metres("x", x), finite_metres("z", z), finite_metres("max_radius", max_radius));
        let (Ok(x), Ok(z), Ok(most)) = numbers else { return PackedInt64Array::new() };
        let mut slots = RowList::default();
        world.nearest_characters_into((x, z), count.clamp(0, 256) as usize, most, &mut slots);
        Self::ids_of(world, &slots)
    }

    /// Height of the ground at a place, metres; outside the field that of the nearest border.
    #[func]
    fn get_terrain_height(&self, x: f64, z: f64) -> f64 {
        let height = |world: &World| world.terrain().height_at(metres_from_f64(x), metres_from_f64(z));
        self.world.as_deref().map_or(0.0, |world| f64::from(metres_to_f32(height(world))))
    }
}
