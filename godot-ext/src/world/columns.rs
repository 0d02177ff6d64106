//! Tables as packed arrays: one array for each column, the rows in the order of the ids. No call for each row.

use godot::prelude::*;
use shieldwall_core::{Brads, CharacterId, CharactersView};

use super::ShieldwallWorld;
use crate::convert::{brads_to_radians, pitch_to_radians, position_to_vector, raw_to_f32};
use crate::files::refuse;

/// The columns of characters, for `get_character_columns`.
const CHARACTER_COLUMNS: [&str; 31] = [
    "id",
    "position",
    "velocity",
    "yaw",
    "pitch",
    "health",
    "team",
    "flags",
    "movement_class",
    "motion",
    "motion_ticks",
    "support",
    "timer",
    "dodge_ticks",
    "action",
    "action_tick",
    "combat_tick",
    "primary_ready_tick",
    "secondary_ready_tick",
    "ability_1_ready_tick",
    "ability_2_ready_tick",
    "stamina",
    "combo",
    "kills",
    "deaths",
    "assists",
    "foe",
    "helper",
    "input_buttons",
    "input_move",
    "input_yaw",
];

/// Picks the rows of a column.
pub(super) fn bytes(rows: &[u32], column: &[u8]) -> PackedByteArray {
    rows.iter().map(|row| column[*row as usize]).collect()
}

/// The same for what fits into 32 bits with a sign.
pub(super) fn small<T: Copy + Into<i32>>(rows: &[u32], column: &[T]) -> PackedInt32Array {
    rows.iter().map(|row| column[*row as usize].into()).collect()
}

/// The same for what does not.
pub(super) fn large(rows: &[u32], column: &[u32]) -> PackedInt64Array {
    rows.iter().map(|row| i64::from(column[*row as usize])).collect()
}

/// Ids from their two columns; 0 where there is nobody.
pub(super) fn ids(rows: &[u32], slots: &[u32], generations: &[u32]) -> PackedInt64Array {
    let id = |row: &u32| CharacterId { slot: slots[*row as usize], generation: generations[*row as usize] };
    rows.iter().map(|row| super::events::id_number(id(row))).collect()
}

/// Vectors from three raw columns.
pub(super) fn vectors(rows: &[u32], x: &[i32], y: &[i32], z: &[i32]) -> PackedVector3Array {
    let part = |column: &[i32], row: &u32| raw_to_f32(column[*row as usize]);
    rows.iter().map(|row| Vector3::new(part(x, row), part(y, row), part(z, row))).collect()
}

fn yaws(rows: &[u32], column: &[u16]) -> PackedFloat32Array {
    rows.iter().map(|row| brads_to_radians(Brads(column[*row as usize]))).collect()
}

/// A column of characters by its name; nil when none is called so.
fn character_column(name: &str, view: &CharactersView<'_>, rows: &[u32]) -> Variant {
    match name {
        "id" => rows
            .iter()
            .map(|row| view.id_at(*row).map_or(0, |id| id.to_bits() as i64))
            .collect::<PackedInt64Array>()
            .to_variant(),
        "position" => vectors(rows, view.position_x, view.position_y, view.position_z).to_variant(),
        "velocity" => vectors(rows, view.velocity_x, view.velocity_y, view.velocity_z).to_variant(),
        "yaw" => yaws(rows, view.yaw).to_variant(),
        "pitch" => rows
            .iter()
            .map(|row| pitch_to_radians(view.pitch[*row as usize]))
            .collect::<PackedFloat32Array>()
            .to_variant(),
        "health" => small(rows, view.health).to_variant(),
        "team" => bytes(rows, view.team).to_variant(),
        "flags" => small(rows, view.flags).to_variant(),
        "movement_class" => bytes(rows, view.class).to_variant(),
        "motion" => bytes(rows, view.motion).to_variant(),
        "motion_ticks" => small(rows, view.motion_ticks).to_variant(),
        "support" => small(rows, view.support).to_variant(),
        "timer" => small(rows, view.timer).to_variant(),
        "dodge_ticks" => small(rows, view.dodge_ticks).to_variant(),
        "action" => bytes(rows, view.action).to_variant(),
        _ => fighting_column(name, view, rows),
    }
}

/// [`character_column`] of what fighting reads and counts, and of inputs.
fn fighting_column(name: &str, view: &CharactersView<'_>, rows: &[u32]) -> Variant {
    match name {
        "action_tick" => large(rows, view.action_tick).to_variant(),
        "combat_tick" => large(rows, view.combat_tick).to_variant(),
        "primary_ready_tick" => large(rows, view.primary_ready_tick).to_variant(),
        "secondary_ready_tick" => large(rows, view.secondary_ready_tick).to_variant(),
        "ability_1_ready_tick" => large(rows, view.ability_1_ready_tick).to_variant(),
        "ability_2_ready_tick" => large(rows, view.ability_2_ready_tick).to_variant(),
        "stamina" => small(rows, view.stamina).to_variant(),
        "combo" => bytes(rows, view.combo).to_variant(),
        "kills" => small(rows, view.kills).to_variant(),
        "deaths" => small(rows, view.deaths).to_variant(),
        "assists" => small(rows, view.assists).to_variant(),
        "foe" => ids(rows, view.foe_slot, view.foe_generation).to_variant(),
        "helper" => ids(rows, view.helper_slot, view.helper_generation).to_variant(),
        "input_buttons" => small(rows, view.input_buttons).to_variant(),
        "input_move" => {
            let share = |part: i8| f32::from(part) / 127.0;
            let row = |row: &u32| (view.input_right[*row as usize], view.input_forward[*row as usize]);
            let moves = rows.iter().map(row).map(|(x, y)| Vector2::new(share(x), share(y)));
            moves.collect::<PackedVector2Array>().to_variant()
        }
        "input_yaw" => yaws(rows, view.input_yaw).to_variant(),
        _ => Variant::nil(),
    }
}

#[godot_api(secondary)]
impl ShieldwallWorld {
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

    /// Columns of the characters, alive or dead, as a dictionary of packed arrays, all in the order of [method get_ids].
    /// Which ones [param names] says; without names all: "id", "position" and "velocity" (metres, and a second), "yaw" and
    /// "pitch" (radians), "health", "team", "flags" (the FLAG bits), "movement_class", "motion", "motion_ticks", "support",
    /// "timer", "dodge_ticks", "action", "action_tick", "combat_tick", "primary_ready_tick", "secondary_ready_tick",
    /// "ability_1_ready_tick", "ability_2_ready_tick", "stamina", "combo", "kills", "deaths", "assists", "foe" and "helper"
    /// (ids of who hurt it last), "input_buttons", "input_move", "input_yaw". A name that there is not is pushed as an error
    /// and left out.
    #[func]
    fn get_character_columns(
        &self,
        #[opt(default = &PackedStringArray::new())] names: PackedStringArray,
    ) -> VarDictionary {
        let Some(world) = &self.world else { return VarDictionary::new() };
        let view = world.characters();
        let rows: Vec<u32> = view.live_slots().collect();
        let mut columns = VarDictionary::new();
        if names.is_empty() {
            for name in CHARACTER_COLUMNS {
                columns.set(name, &character_column(name, &view, &rows));
            }
        }
        for name in names.as_slice() {
            let column = character_column(&name.to_string(), &view, &rows);
            if column.is_nil() {
                let why = format!("no column is called {name:?}; there are {CHARACTER_COLUMNS:?}");
                refuse("get_character_columns", why, godot::global::Error::ERR_INVALID_PARAMETER);
            } else {
                columns.set(name, &column);
            }
        }
        columns
    }

    /// What flies, as a dictionary of packed arrays: "slot", "generation" (what flies there apart from what flew there
    /// before), "position", "velocity", "team", "weapon" (number of [method get_weapon_names]), "owner", "end_tick",
    /// "pierced" (bodies that it went through).
    #[func]
    fn get_projectile_columns(&self) -> VarDictionary {
        let Some(world) = &self.world else { return VarDictionary::new() };
        let view = world.projectiles();
        let rows: Vec<u32> = view.live_slots().collect();
        vdict! {
            "slot" => &rows.iter().map(|row| i64::from(*row)).collect::<PackedInt64Array>(),
            "generation" => &large(&rows, view.generation),
            "position" => &vectors(&rows, view.position_x, view.position_y, view.position_z),
            "velocity" => &vectors(&rows, view.velocity_x, view.velocity_y, view.velocity_z),
            "team" => &bytes(&rows, view.team),
            "weapon" => &bytes(&rows, view.arm),
            "owner" => &ids(&rows, view.owner_slot, view.owner_generation),
            "end_tick" => &large(&rows, view.end_tick),
            "pierced" => &bytes(&rows, view.pierced),
        }
    }

    /// The status effects at work, as a dictionary of packed arrays: "id" whom each is on, "source" whose it is, "effect"
    /// (number of [method get_effect_names]), "weapon" that left it, "stacks", "end_tick", "pulse_tick".
    #[func]
    fn get_effect_columns(&self) -> VarDictionary {
        let Some(world) = &self.world else { return VarDictionary::new() };
        let view = world.effects();
        let rows: Vec<u32> = view.live_slots().collect();
        vdict! {
            "id" => &ids(&rows, view.target_slot, view.target_generation),
            "source" => &ids(&rows, view.source_slot, view.source_generation),
            "effect" => &bytes(&rows, view.kind),
            "weapon" => &bytes(&rows, view.arm),
            "stacks" => &bytes(&rows, view.stacks),
            "end_tick" => &large(&rows, view.end_tick),
            "pulse_tick" => &large(&rows, view.pulse_tick),
        }
    }
}
