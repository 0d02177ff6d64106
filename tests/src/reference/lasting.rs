//! Status effects: how they come, pulse and end.

use super::Reference;
use shieldwall_core::rules::EffectRules;
use shieldwall_core::{Arm, CharacterId, Event, flags};

impl Reference {
    fn effect_rules(&self, kind: u8) -> EffectRules {
        self.config.rules.effects[usize::from(kind) - 1]
    }

    /// What all effects of a character make of a share.
    pub(super) fn share(&self, row: usize, of: impl Fn(&EffectRules) -> u16) -> u64 {
        let mut share = 256;
        for effect in self.effects.iter().filter(|effect| effect.kind != 0) {
            if self.target_of(effect) == Some(row) {
                share += (i64::from(of(&self.effect_rules(effect.kind))) - 256) * i64::from(effect.stacks);
            }
        }
        share.clamp(0, 1_024) as u64
    }

    fn target_of(&self, effect: &super::Effect) -> Option<usize> {
        self.row_of(CharacterId { slot: effect.target_slot, generation: effect.target_generation })
    }

    /// An effect comes over somebody, anew or once more.
    pub(super) fn afflict(&mut self, row: usize, kind: u8, source: CharacterId, arm: Arm) {
        let rules = self.effect_rules(kind);
        let target = self.id(row);
        let end_tick = self.tick.0.wrapping_add(self.ticks(rules.duration_ms));
        let has = |effect: &super::Effect| {
            effect.kind == kind
                && (effect.target_slot, effect.target_generation) == (target.slot, target.generation)
        };
        if let Some(effect) = self.effects.iter_mut().find(|effect| has(effect)) {
            effect.stacks = (effect.stacks + 1).min(rules.stacks);
            (effect.source_slot, effect.source_generation) = (source.slot, source.generation);
            (effect.end_tick, effect.arm) = (end_tick, arm.0);
        } else if let Some(slot) = self.effects.iter().position(|effect| effect.kind == 0) {
            self.effects[slot] = super::Effect {
                target_slot: target.slot,
                target_generation: target.generation,
                source_slot: source.slot,
                source_generation: source.generation,
                end_tick,
                pulse_tick: self.tick.0.wrapping_add(self.ticks(rules.period_ms)),
                generation: self.effects[slot].generation.wrapping_add(1),
                kind,
                stacks: 1,
                arm: arm.0,
            };
            self.report.tally.afflictions += 1;
            self.events.push(Event::Afflicted { target, source, effect: kind });
        } else {
            self.report.tally.effects_refused += 1;
            return;
        }
        self.characters[row].flags |= bits(&rules);
        if rules.stuns == 1 {
            self.characters[row].flags &= !flags::BLOCKING;
            self.break_off(row, true);
        }
    }

    /// Pulses and ends, by the slots that are in use when this begins.
    pub(super) fn last(&mut self) {
        let end = self.effects.iter().rposition(|effect| effect.kind != 0).map_or(0, |last| last + 1);
        for slot in 0..end {
            let effect = self.effects[slot].clone();
            if effect.kind == 0 {
                continue;
            }
            let row = self.target_of(&effect).filter(|row| self.characters[*row].is_alive());
            let Some(row) = row else {
                self.end_effect(slot);
                continue;
            };
            let rules = self.effect_rules(effect.kind);
            if rules.period_ms > 0 && self.is_due(effect.pulse_tick) {
                self.effects[slot].pulse_tick = self.tick.0.wrapping_add(self.ticks(rules.period_ms));
                self.pulse(row, &effect, &rules);
            }
            if self.is_due(self.effects[slot].end_tick) || !self.characters[row].is_alive() {
                self.end_effect(slot);
            }
        }
        self.show_effects();
    }

    /// Bodies are as the effects on them have it.
    pub(super) fn show_effects(&mut self) {
        for character in &mut self.characters {
            character.flags &= !(flags::STUNNED | flags::ROOTED | flags::SLOWED);
        }
        for slot in 0..self.effects.len() {
            let effect = self.effects[slot].clone();
            if effect.kind != 0
                && let Some(row) = self.target_of(&effect)
            {
                self.characters[row].flags |= bits(&self.effect_rules(effect.kind));
            }
        }
    }

    fn end_effect(&mut self, slot: usize) {
        let generation = self.effects[slot].generation;
        self.effects[slot] = super::Effect { generation, ..super::Effect::default() };
    }

    fn pulse(&mut self, row: usize, effect: &super::Effect, rules: &EffectRules) {
        let source = CharacterId { slot: effect.source_slot, generation: effect.source_generation };
        let (arm, stacks) = (Arm(effect.arm), u64::from(effect.stacks));
        if rules.aura_radius.0 > 0 && rules.aura_effect != 0 {
            let (team, at) = (self.characters[row].team, self.characters[row].position());
            for other in 0..self.characters.len() {
                let character = &self.characters[other];
                let near = character.position().horizontal_distance_squared(at)
                    <= i64::from(rules.aura_radius.0).pow(2).cast_unsigned();
                if character.is_alive() && character.team == team && near {
                    self.afflict(other, rules.aura_effect, source, arm);
                }
            }
        }
        if rules.healing > 0 {
            self.heal(row, source, u64::from(rules.healing) * stacks, arm);
        }
        if rules.damage > 0 {
            let damage = self.through(row, u64::from(rules.damage) * stacks, rules.damage_kind);
            self.hurt(row, source, damage, arm);
        }
    }
}

/// What an effect does to a body.
fn bits(rules: &EffectRules) -> u16 {
    let mut bits = 0;
    for (does, bit) in
        [(rules.stuns, flags::STUNNED), (rules.roots, flags::ROOTED), (rules.slows, flags::SLOWED)]
    {
        if does == 1 {
            bits |= bit;
        }
    }
    bits
}
