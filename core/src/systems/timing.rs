//! Durations of the rules in ticks of a world, and what else is worked out of them once.

use crate::numeric::{Fx, MetresPerSecond, Ticks};
use crate::rules::{ARMS, Arm, EFFECTS, Rules};

/// Durations of a weapon or ability, and what else its every use needs.
#[derive(Clone, Copy, Debug, Default)]
pub struct ArmTicks {
    /// Between two uses.
    pub cooldown: Ticks,
    /// From the button to the effect.
    pub cast: Ticks,
    /// Flight of a projectile.
    pub lifetime: Ticks,
    /// A use within this time of the last one counts on.
    pub combo: Ticks,
    /// What a projectile gains downwards in a tick.
    pub fall: MetresPerSecond,
    /// Sine and cosine of half the angle of a swing's cone.
    pub half_cone: [Fx; 2],
}

/// Durations of a status effect.
#[derive(Clone, Copy, Debug, Default)]
pub struct EffectTicks {
    /// How long it lasts.
    pub duration: Ticks,
    /// Between two pulses.
    pub period: Ticks,
}

/// Durations of the rules, each rounded up to whole ticks.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// For nothing, then for each weapon and ability.
    arms: [ArmTicks; ARMS + 1],
    effects: [EffectTicks; EFFECTS],
    /// From the beginning of one attack to that of any other.
    pub global_cooldown: Ticks,
    /// First part of a dodge in which nothing hurts.
    pub dodge_safe: Ticks,
    /// First part of a life in which nothing hurts.
    pub spawn_safe: Ticks,
    /// From death to return.
    pub respawn: Ticks,
    /// From the last hit to the first regained health.
    pub regeneration_delay: Ticks,
    /// Farthest that an attack is judged in the past.
    pub rewind_max: Ticks,
    /// Farthest that is for whoever is in a dodge.
    pub dodge_favour: Ticks,
}

impl Timing {
    /// The durations at a tick rate.
    #[must_use]
    pub fn new(rules: &Rules, tick_hz: u16) -> Self {
        let ticks = |ms: u16| Ticks::from_millis(u32::from(ms), tick_hz);
        let mut arms = [ArmTicks::default(); ARMS + 1];
        for (arm, rules) in arms[1..].iter_mut().zip(&rules.arms) {
            *arm = ArmTicks {
                cooldown: ticks(rules.cooldown_ms),
                cast: ticks(rules.cast_ms),
                lifetime: ticks(rules.lifetime_ms),
                combo: ticks(rules.combo_ms),
                fall: rules.gravity_per_s.change_per_tick(tick_hz),
                half_cone: [rules.half_cone().sin(), rules.half_cone().cos()],
            };
        }
        Self {
            arms,
            effects: rules.effects.map(|effect| EffectTicks {
                duration: ticks(effect.duration_ms),
                period: ticks(effect.period_ms),
            }),
            global_cooldown: ticks(rules.combat.global_cooldown_ms),
            dodge_safe: ticks(rules.combat.dodge_safe_ms),
            spawn_safe: ticks(rules.combat.spawn_safe_ms),
            respawn: ticks(rules.life.respawn_ms),
            regeneration_delay: ticks(rules.life.regeneration_delay_ms),
            rewind_max: ticks(rules.lag.rewind_max_ms),
            dodge_favour: ticks(rules.lag.dodge_favour_ms),
        }
    }

    /// Durations of a weapon or ability; of nothing, all are 0.
    #[must_use]
    #[inline]
    pub fn arm(&self, arm: Arm) -> &ArmTicks {
        &self.arms[arm.index().map_or(0, |index| index + 1)]
    }

    /// Durations of a status effect, counted from 1; of 0 and numbers beyond those of the first.
    #[must_use]
    #[inline]
    pub fn effect(&self, number: u8) -> &EffectTicks {
        self.effects.get(usize::from(number).wrapping_sub(1)).unwrap_or(&self.effects[0])
    }
}
