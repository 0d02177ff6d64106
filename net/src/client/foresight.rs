//! What prediction knows of the own body beyond movement: when status effects end, and that a pressed shield is up.
//!
//! Effects that begin, and stamina that runs out, are news: they come with a snapshot and are a correction.

use crate::wire::own_state::{OWN_EFFECTS_MAX, OwnEffects, OwnState};
use shieldwall_core::numeric::Tick;
use shieldwall_core::rules::{EffectRules, Rules};
use shieldwall_core::state::characters::{MoveState, action, flags};
use shieldwall_core::state::commands::{CharacterInput, buttons};

/// What the newest snapshot said of the own character, as far as it outlasts a tick.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Foresight {
    effects: OwnEffects,
    /// Has stamina left, and prepares nothing.
    is_free: bool,
}

impl Foresight {
    pub(super) fn of(own: &OwnState) -> Self {
        let is_free = own.stamina > 0 && action::cast_button(own.action).is_none();
        Self { effects: own.effects, is_free }
    }

    /// The flags after `tick` of a body that movement took from `before` to `after`.
    pub(super) fn flags(
        &self,
        rules: &Rules,
        tick: Tick,
        (before, after): (&MoveState, &MoveState),
        input: CharacterInput,
    ) -> u16 {
        let bits = after.flags;
        if bits & flags::ALIVE == 0 {
            return bits;
        }
        let bits = self.shielded(rules, before, bits, input);
        // Of so many effects some were not told: all stays as it is.
        if bits & flags::AFFLICTED == 0 || self.effects.as_slice().len() >= OWN_EFFECTS_MAX {
            return bits;
        }
        let lasting =
            self.effects.as_slice().iter().filter(|effect| effect.end_tick.signed_distance(tick) > 0);
        let held = lasting.filter_map(|effect| rules.effect(effect.kind)).map(flags_of);
        bits & (!flags::AFFLICTED | held.fold(0, |all, bits| all | bits))
    }

    /// As the kernel raises shields: pressed, with control, stamina and hands free.
    fn shielded(&self, rules: &Rules, before: &MoveState, bits: u16, input: CharacterInput) -> u16 {
        let can = self.is_free
            && before.flags & flags::STUNNED == 0
            && rules.kit_of(before.class).block_per_256 > 0;
        if input.pressed(buttons::BLOCK) && can { bits | flags::BLOCKING } else { bits & !flags::BLOCKING }
    }
}

fn flags_of(rules: &EffectRules) -> u16 {
    let when = |set: u8, bit: u16| if set != 0 { bit } else { 0 };
    when(rules.stuns, flags::STUNNED) | when(rules.roots, flags::ROOTED) | when(rules.slows, flags::SLOWED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::own_state::OwnEffect;

    fn body(bits: u16) -> MoveState {
        MoveState { flags: bits, ..MoveState::default() }
    }

    #[test]
    fn a_stun_ends_when_it_was_told_to_and_no_tick_before() {
        let rules = Rules::default();
        let mut own = OwnState { stamina: 9, ..OwnState::default() };
        own.effects.insert(OwnEffect { kind: 1, stacks: 1, end_tick: Tick(50) });
        own.effects.insert(OwnEffect { kind: 3, stacks: 1, end_tick: Tick(80) });
        let sight = Foresight::of(&own);
        let stunned = body(flags::ALIVE | flags::STUNNED | flags::SLOWED);
        let after = |tick| sight.flags(&rules, Tick(tick), (&stunned, &stunned), CharacterInput::default());
        assert_eq!(after(49), stunned.flags);
        assert_eq!(after(50), flags::ALIVE | flags::SLOWED);
        assert_eq!(after(80), flags::ALIVE);
    }

    #[test]
    fn a_pressed_shield_is_up_unless_something_is_in_the_way() {
        let rules = Rules::default();
        let pressed = CharacterInput { buttons: buttons::BLOCK, ..CharacterInput::default() };
        let own = OwnState { stamina: 9, ..OwnState::default() };
        let up = |own: &OwnState, bits: u16, class: u8| {
            let state = MoveState { class, ..body(bits) };
            Foresight::of(own).flags(&rules, Tick(1), (&state, &state), pressed) & flags::BLOCKING != 0
        };
        assert!(up(&own, flags::ALIVE, 0));
        assert!(!up(&own, 0, 0), "the dead");
        assert!(!up(&own, flags::ALIVE | flags::STUNNED, 0));
        assert!(!up(&own, flags::ALIVE, 1), "a class without a shield");
        assert!(!up(&OwnState { stamina: 0, ..own }, flags::ALIVE, 0));
        assert!(!up(&OwnState { action: action::CAST, ..own }, flags::ALIVE, 0));
    }
}
