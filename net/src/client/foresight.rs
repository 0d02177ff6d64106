//! What prediction knows of the own body beyond movement: when status effects end, that a pressed shield is up, what weapons
//! and dodges cost, and when breath runs out.
//!
//! Effects that begin, blows on the shield and what breaks a preparation off are news: they come with a snapshot. What they
//! change of stamina is put right without a word; where it changes the way of the body it is a correction.

use super::prediction::Body;
use crate::wire::own_state::{OWN_EFFECTS_MAX, OwnEffects, OwnState};
use shieldwall_core::numeric::Tick;
use shieldwall_core::rules::{ARM_BUTTONS, EffectRules, Rules};
use shieldwall_core::state::characters::{MoveState, action, flags};
use shieldwall_core::systems::Timing;
use shieldwall_core::systems::exertion::Exertion;

/// The own character as it is predicted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct OwnBody {
    pub(crate) state: MoveState,
    pub(crate) exertion: Exertion,
}

impl Body for OwnBody {
    fn moves(&self) -> &MoveState {
        &self.state
    }
}

impl OwnBody {
    /// The body after a snapshot's tick. When its last deed began is not told: of a use it follows from when that is ready
    /// again, of a preparation it is as was predicted (`foretold`), or now.
    pub(crate) fn of(
        own: &OwnState,
        tick: Tick,
        foretold: Option<&OwnBody>,
        rules: &Rules,
        timing: &Timing,
    ) -> Self {
        let kit = rules.kit_of(own.state.class);
        let used = action::USED.iter().position(|used| *used == own.action);
        let since_use = |button: usize| own.ready_ticks[button] - timing.arm(kit.arm(button)).cooldown;
        let as_foretold = foretold.map(|body| body.exertion).filter(|held| held.action == own.action);
        let action_tick = match used {
            Some(button) => since_use(button),
            None if action::cast_button(own.action).is_some() => {
                as_foretold.map_or(tick, |held| held.action_tick)
            }
            // Of anything else nothing depends on it.
            None => Tick::ZERO,
        };
        let ready_ticks: [Tick; ARM_BUTTONS] = own.ready_ticks;
        Self {
            state: own.state,
            exertion: Exertion { stamina: own.stamina, action: own.action, action_tick, ready_ticks },
        }
    }
}

/// What the newest snapshot said of the own character's status effects.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Foresight {
    effects: OwnEffects,
}

impl Foresight {
    pub(super) fn of(own: &OwnState) -> Self {
        Self { effects: own.effects }
    }

    /// The flags after `tick` of a body that has `bits` before its effects end.
    pub(super) fn flags(&self, rules: &Rules, tick: Tick, bits: u16) -> u16 {
        if bits & flags::ALIVE == 0 {
            return bits;
        }
        // Of so many effects some were not told: all stays as it is.
        if bits & flags::AFFLICTED == 0 || self.effects.as_slice().len() >= OWN_EFFECTS_MAX {
            return bits;
        }
        let lasting =
            self.effects.as_slice().iter().filter(|effect| effect.end_tick.signed_distance(tick) > 0);
        let held = lasting.filter_map(|effect| rules.effect(effect.kind)).map(flags_of);
        bits & (!flags::AFFLICTED | held.fold(0, |all, bits| all | bits))
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
    use shieldwall_core::numeric::Ticks;

    #[test]
    fn a_stun_ends_when_it_was_told_to_and_no_tick_before() {
        let rules = Rules::default();
        let mut own = OwnState { stamina: 9, ..OwnState::default() };
        own.effects.insert(OwnEffect { kind: 1, stacks: 1, end_tick: Tick(50) });
        own.effects.insert(OwnEffect { kind: 3, stacks: 1, end_tick: Tick(80) });
        let sight = Foresight::of(&own);
        let stunned = flags::ALIVE | flags::STUNNED | flags::SLOWED;
        let after = |tick| sight.flags(&rules, Tick(tick), stunned);
        assert_eq!(after(49), stunned);
        assert_eq!(after(50), flags::ALIVE | flags::SLOWED);
        assert_eq!(after(80), flags::ALIVE);
    }

    #[test]
    fn when_a_deed_began_follows_from_what_is_told() {
        let rules = Rules::default();
        let timing = Timing::new(&rules, 60);
        let cooldown = timing.arm(rules.kit_of(0).arm(0)).cooldown;
        let mut own = OwnState { action: action::MELEE, ..OwnState::default() };
        own.ready_ticks[0] = Tick(500) + cooldown;
        let began = |own: &OwnState, foretold: Option<&OwnBody>| {
            OwnBody::of(own, Tick(900), foretold, &rules, &timing).exertion.action_tick
        };
        assert_eq!(began(&own, None), Tick(500));
        own.action = action::CAST;
        assert_eq!(began(&own, None), Tick(900));
        let mut foretold = OwnBody::of(&own, Tick(897), None, &rules, &timing);
        assert_eq!(began(&own, Some(&foretold)), Tick(900) - Ticks(3));
        foretold.exertion.action = action::NONE;
        assert_eq!(began(&own, Some(&foretold)), Tick(900));
    }
}
