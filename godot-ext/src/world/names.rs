//! What the numbers of tables are called: the names that rulesets use, both ways.

use godot::prelude::*;
use shieldwall_core::rules::{ARM_CHOICES, EFFECT_CHOICES, RuleEntryInfo};
use shieldwall_core::{MovementRules, NpcRules, ObjectiveRules, StructureRules, action, mood, motion};

use super::ShieldwallWorld;

/// What a body does, by the numbers of `motion`.
const MOTIONS: [&str; motion::MAX as usize + 1] =
    ["ground", "jump", "fall", "slide", "swim", "dodge", "knocked"];

/// What somebody last began, by the numbers of `action`.
const ACTIONS: [&str; action::MAX as usize + 1] = [
    "none",
    "melee",
    "shoot",
    "died",
    "ability_1",
    "ability_2",
    "prepares_melee",
    "prepares_shoot",
    "prepares_ability_1",
    "prepares_ability_2",
    "interrupted",
];

/// What a mind is about, by the numbers of `mood`.
const MOODS: [&str; mood::MAX as usize + 1] = ["idle", "wander", "chase", "attack", "return", "flee"];

/// The name at a number; "" beyond the list.
fn at(names: &[&'static str], number: u8) -> &'static str {
    names.get(usize::from(number)).copied().unwrap_or("")
}

pub(super) fn motion_name(number: u8) -> &'static str {
    at(&MOTIONS, number)
}

pub(super) fn action_name(number: u8) -> &'static str {
    at(&ACTIONS, number)
}

pub(super) fn mood_name(number: u8) -> &'static str {
    at(&MOODS, number)
}

/// The name of an entry of a table of the rules; "" beyond it.
pub(super) fn entry_name(entries: &[RuleEntryInfo], number: u8) -> &'static str {
    entries.get(usize::from(number)).map_or("", |entry| entry.name)
}

/// The number of a name, or what there is instead.
pub(super) fn number_of(what: &str, entries: &[RuleEntryInfo], name: &GString) -> Result<u8, String> {
    let name = name.to_string();
    let found = entries.iter().position(|entry| entry.name == name);
    found.and_then(|number| u8::try_from(number).ok()).ok_or_else(|| {
        let names: Vec<&str> = entries.iter().map(|entry| entry.name).collect();
        format!("no {what} is called {name:?}; there are {}", names.join(", "))
    })
}

fn packed<'a>(names: impl IntoIterator<Item = &'a str>) -> PackedStringArray {
    names.into_iter().map(GString::from).collect()
}

fn entries(entries: &[RuleEntryInfo]) -> PackedStringArray {
    packed(entries.iter().map(|entry| entry.name))
}

#[godot_api(secondary)]
impl ShieldwallWorld {
    /// Names of the movement classes, by their numbers: "soldier", "scout" and so on.
    #[func]
    fn get_movement_classes() -> PackedStringArray {
        entries(&MovementRules::CLASSES)
    }

    /// Names of the kinds of characters that nobody plays, by their numbers: "wolf", "guard" and so on.
    #[func]
    fn get_npc_kinds() -> PackedStringArray {
        entries(&NpcRules::KINDS)
    }

    /// Names of the kinds of structures, by their numbers: "wall", "gate" and so on.
    #[func]
    fn get_structure_kinds() -> PackedStringArray {
        entries(&StructureRules::KINDS)
    }

    /// Names of the kinds of capture points, by their numbers: "field", "keep", "bridge", "flag".
    #[func]
    fn get_objective_kinds() -> PackedStringArray {
        entries(&ObjectiveRules::KINDS)
    }

    /// Names of weapons and abilities, by their numbers; 0 is "none".
    #[func]
    fn get_weapon_names() -> PackedStringArray {
        packed(ARM_CHOICES.iter().copied())
    }

    /// Names of status effects, by their numbers; 0 is "none".
    #[func]
    fn get_effect_names() -> PackedStringArray {
        packed(EFFECT_CHOICES.iter().copied())
    }

    /// Names of what a body does, by the numbers of the column "motion".
    #[func]
    fn get_motion_names() -> PackedStringArray {
        packed(MOTIONS)
    }

    /// Names of what somebody last began, by the numbers of the column "action".
    #[func]
    fn get_action_names() -> PackedStringArray {
        packed(ACTIONS)
    }

    /// Names of what characters are about that nobody plays, by the numbers of the column "mood".
    #[func]
    fn get_mood_names() -> PackedStringArray {
        packed(MOODS)
    }
}
