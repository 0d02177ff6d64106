//! Characters that nobody plays: what they are about.

use godot::prelude::*;
use shieldwall_core::{CharacterId, NpcRules};

use super::ShieldwallWorld;
use super::columns::{bytes, ids, large};
use super::events::id_number;
use super::names::{entry_name, mood_name};
use crate::convert::{metres_to_f32, raw_to_f32};

#[godot_api(secondary)]
impl ShieldwallWorld {
    /// Characters in the world that nobody plays.
    #[func]
    fn get_npc_count(&self) -> i64 {
        self.world.as_ref().map_or(0, |world| world.npc_count() as i64)
    }

    /// What a character that nobody plays is about: "kind" and "mood" by name, "target" (id, 0 for nobody), "home" (x and
    /// z in metres), "next_think_tick". Empty for everybody else. Looks through all.
    #[func]
    fn get_npc(&self, id: i64) -> VarDictionary {
        let Some((world, _)) = self.find(id) else { return VarDictionary::new() };
        let view = world.npcs();
        let Some(slot) = view.row_of(CharacterId::from_bits(id as u64)) else { return VarDictionary::new() };
        let (row, (home_x, home_z)) = (slot as usize, view.home(slot));
        vdict! {
            "kind" => entry_name(&NpcRules::KINDS, view.kind[row]),
            "mood" => mood_name(view.mood[row]),
            "target" => id_number(view.target(slot)),
            "home" => Vector2::new(metres_to_f32(home_x), metres_to_f32(home_z)),
            "next_think_tick" => view.next_think_tick[row],
        }
    }

    /// All characters that nobody plays, as a dictionary of packed arrays: "id", "kind" (number of [method get_npc_kinds]),
    /// "mood" (number of [method get_mood_names]), "target" (ids, 0 for nobody), "home" and "way" (where it goes; x and z in
    /// metres), "next_think_tick".
    #[func]
    fn get_npc_columns(&self) -> VarDictionary {
        let Some(world) = &self.world else { return VarDictionary::new() };
        let view = world.npcs();
        let rows: Vec<u32> = view.live_slots().collect();
        let places = |x: &[i32], z: &[i32]| -> PackedVector2Array {
            let place = |row: &u32| Vector2::new(raw_to_f32(x[*row as usize]), raw_to_f32(z[*row as usize]));
            rows.iter().map(place).collect()
        };
        vdict! {
            "id" => &ids(&rows, view.character_slot, view.character_generation),
            "kind" => &bytes(&rows, view.kind),
            "mood" => &bytes(&rows, view.mood),
            "target" => &ids(&rows, view.target_slot, view.target_generation),
            "home" => &places(view.home_x, view.home_z),
            "way" => &places(view.way_x, view.way_z),
            "next_think_tick" => &large(&rows, view.next_think_tick),
        }
    }
}
