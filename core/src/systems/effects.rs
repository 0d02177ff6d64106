//! Stage "effects": what lasts on characters. Pulses of damage, healing and auras, ends, and the flags that movement reads.
//!
//! Effects are visited by their slots. One that comes over somebody in this stage begins with the next tick.

use super::strike::Fray;
use crate::numeric::Tick;
use crate::rules::{Arm, EffectRules};
use crate::spatial::query_grid::{Disc, Who};
use crate::state::State;
use crate::state::characters::flags;
use crate::state::events::Event;
use crate::state::handle::CharacterId;

impl Fray<'_> {
    /// Leaves a status effect (counted from 1) on a living row: anew where it has it, once more where it piles up.
    pub(crate) fn afflict(&mut self, row: usize, kind: u8, source: CharacterId, arm: Arm) {
        let Some(rules) = self.environment.rules.effect(kind) else { return };
        let timing = self.environment.timing.effect(kind);
        let (end, pulse) = (self.tick + timing.duration, self.tick + timing.period);
        let target = self.id(row);
        if let Some(slot) = self.afflictions.find(row, kind, self.state) {
            let effects = &mut self.state.effects;
            effects.stacks[slot] = (effects.stacks[slot] + 1).min(rules.stacks);
            (effects.source_slot[slot], effects.source_generation[slot]) = (source.slot, source.generation);
            (effects.end_tick[slot], effects.arm[slot]) = (end.0, arm.0);
        } else if let Some(slot) = self.state.allocate_effect() {
            let (effects, slot) = (&mut self.state.effects, slot as usize);
            (effects.target_slot[slot], effects.target_generation[slot]) = (target.slot, target.generation);
            (effects.source_slot[slot], effects.source_generation[slot]) = (source.slot, source.generation);
            (effects.end_tick[slot], effects.pulse_tick[slot]) = (end.0, pulse.0);
            (effects.kind[slot], effects.stacks[slot], effects.arm[slot]) = (kind, 1, arm.0);
            self.afflictions.add(row, slot);
            self.tally.afflictions += 1;
            self.events.push(Event::Afflicted { target, source, effect: kind });
        } else {
            self.tally.effects_refused += 1;
            return;
        }
        self.state.characters.flags[row] |= flags_of(rules);
        if rules.stuns != 0 {
            self.state.characters.flags[row] &= !flags::BLOCKING;
            self.break_off(row, true);
        }
    }

    /// Lets all effects pulse and end.
    pub(crate) fn run_effects(&mut self) {
        for slot in 0..self.state.effect_ids.end() {
            let kind = self.state.effects.kind[slot];
            if kind == 0 {
                continue;
            }
            let target = self.state.effects.view().target(slot as u32);
            let row = self.state.characters.row_of(target).filter(|row| self.is_alive(*row));
            let (Some(row), Some(rules)) = (row, self.environment.rules.effect(kind)) else {
                self.end_effect(slot, target);
                continue;
            };
            let due = |tick: u32, now: Tick| now.signed_distance(Tick(tick)) >= 0;
            if rules.period_ms > 0 && due(self.state.effects.pulse_tick[slot], self.tick) {
                let period = self.environment.timing.effect(kind).period;
                self.state.effects.pulse_tick[slot] = (self.tick + period).0;
                self.pulse(slot, row, rules);
            }
            if due(self.state.effects.end_tick[slot], self.tick) || !self.is_alive(row) {
                self.end_effect(slot, target);
            }
        }
        set_flags(self.state, &self.environment.rules.effects);
    }

    fn end_effect(&mut self, slot: usize, target: CharacterId) {
        if let Some(row) = self.state.characters.row_of(target) {
            self.afflictions.remove(row, slot);
        }
        self.state.free_effect(slot as u32);
    }

    fn pulse(&mut self, slot: usize, row: usize, rules: &EffectRules) {
        let effects = self.state.effects.view();
        let (source, arm) = (effects.source(slot as u32), effects.arm(slot as u32));
        let stacks = u64::from(effects.stacks[slot]);
        if rules.aura_radius.0 > 0 && rules.aura_effect != 0 {
            self.radiate(row, source, arm, rules);
        }
        if rules.healing > 0 {
            self.heal(row, source, u64::from(rules.healing) * stacks, arm);
        }
        if rules.damage > 0 {
            let damage = self.through_armour(row, u64::from(rules.damage) * stacks, rules.damage_kind);
            self.hurt(row, source, damage, arm);
        }
    }

    /// Gives the effect of an aura to everybody of a row's team around it, by their rows.
    fn radiate(&mut self, row: usize, source: CharacterId, arm: Arm, rules: &EffectRules) {
        let characters = &self.state.characters;
        let (team, at) = (characters.team[row], characters.view().position(row as u32));
        let disc = Disc { x: at.x, z: at.z, radius: rules.aura_radius };
        let mut found = core::mem::take(self.found);
        found.clear();
        self.index.grid().for_each(Who::Present, &disc, |other| {
            if characters.team[other as usize] == team {
                found.push(other);
            }
        });
        found.sort_unstable();
        for other in &found {
            if self.is_alive(*other as usize) {
                self.afflict(*other as usize, rules.aura_effect, source, arm);
            }
        }
        *self.found = found;
    }
}

/// What an effect means for the body.
const fn flags_of(rules: &EffectRules) -> u16 {
    let mut bits = 0;
    if rules.stuns != 0 {
        bits |= flags::STUNNED;
    }
    if rules.roots != 0 {
        bits |= flags::ROOTED;
    }
    if rules.slows != 0 {
        bits |= flags::SLOWED;
    }
    bits
}

/// Sets what status effects do to bodies: exactly what the table says.
pub(crate) fn set_flags(state: &mut State, rules: &[EffectRules]) {
    let end = state.character_ids.end();
    for bits in &mut state.characters.flags[..end] {
        *bits &= !flags::AFFLICTED;
    }
    for slot in 0..state.effect_ids.end() {
        let Some(kind) = usize::from(state.effects.kind[slot]).checked_sub(1) else { continue };
        let target = state.effects.view().target(slot as u32);
        if let (Some(row), Some(rules)) = (state.characters.row_of(target), rules.get(kind)) {
            state.characters.flags[row] |= flags_of(rules);
        }
    }
}
