//! `ShieldwallClient`, second part: what the own character fights with, and what lasts on it.

use godot::prelude::*;
use shieldwall_core::rules::{Arm, EFFECT_CHOICES};
use shieldwall_core::state::characters::flags;
use shieldwall_core::{Tick, buttons};

use crate::client::ShieldwallClient;

/// The name of a status effect in rulesets; "none" for 0 and for numbers beyond.
pub(crate) fn effect_name(number: u8) -> &'static str {
    EFFECT_CHOICES.get(usize::from(number)).copied().unwrap_or(EFFECT_CHOICES[0])
}

/// Which of the four buttons of a kit a BUTTON constant is.
pub(crate) fn place(button: i64) -> Option<usize> {
    buttons::ARMS.iter().position(|bit| i64::from(*bit) == button)
}

#[godot_api(secondary)]
impl ShieldwallClient {
    /// Stamina of the own character, 0 to 1. With too little of it nobody dodges, sprints or blocks.
    #[func]
    fn get_own_stamina(&self) -> f64 {
        let full = self.rules().map_or(1, |rules| rules.combat.stamina_max.max(1));
        self.own().map_or(0.0, |own| f64::from(own.stamina) / f64::from(full))
    }

    /// Name of the weapon or ability that the own character has on a button (BUTTON_MELEE, BUTTON_SHOOT,
    /// BUTTON_ABILITY_1 or BUTTON_ABILITY_2), as rulesets call it: "sword", "heal". "none" for an empty or another
    /// button; empty outside the battle.
    #[func]
    fn get_own_weapon(&self, button: i64) -> GString {
        let (Some(own), Some(rules)) = (self.own(), self.rules()) else { return GString::new() };
        let arm = place(button).map_or(Arm::NONE, |place| rules.kit_of(own.class).arm(place));
        GString::from(arm.name())
    }

    /// Seconds until what is on a button is ready for the own character, 0 when it is.
    #[func]
    fn get_own_cooldown(&self, button: i64) -> f64 {
        let (Some(own), Some(place)) = (self.own(), place(button)) else { return 0.0 };
        self.seconds_until(own.tick, own.ready_ticks[place])
    }

    /// Whether a status effect takes all control from the own character.
    #[func]
    fn is_own_stunned(&self) -> bool {
        self.own().is_some_and(|own| own.flags & flags::STUNNED != 0)
    }

    /// Whether the own character holds up its shield.
    #[func]
    fn is_own_blocking(&self) -> bool {
        self.own().is_some_and(|own| own.flags & flags::BLOCKING != 0)
    }

    /// The status effects on the own character, up to eight, each a dictionary: "effect" its name in rulesets, "stacks"
    /// how often it has piled up, "seconds" how long it still lasts.
    #[func]
    fn get_own_effects(&self) -> Array<VarDictionary> {
        let Some(own) = self.own() else { return Array::new() };
        let effects = own.effects.as_slice().iter();
        let dictionaries = effects.map(|effect| {
            vdict! {
                "effect" => effect_name(effect.kind),
                "stacks" => effect.stacks,
                "seconds" => self.seconds_until(own.tick, effect.end_tick),
            }
        });
        dictionaries.collect()
    }

    fn seconds_until(&self, now: Tick, then: Tick) -> f64 {
        let ticks = then.signed_distance(now).max(0);
        let tick_hz = self.config().map_or(1, |config| config.tick_hz.max(1));
        f64::from(ticks) / f64::from(tick_hz)
    }
}
