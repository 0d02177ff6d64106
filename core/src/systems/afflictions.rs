//! Who has which status effects, in this tick: lists by character, made of the table.

use super::Environment;
use crate::state::State;
use alloc::boxed::Box;
use alloc::vec;

/// Largest change by status effects of one kind of share, in 1/256: four times, or nothing left.
const SHARE_MAX: i64 = 1_024;

/// The effects of each character, as lists. Made anew of the table in every tick before it is asked.
#[derive(Debug)]
pub(crate) struct Afflictions {
    /// For each row of the characters its first effect, counted from 1; 0 for none.
    heads: Box<[u32]>,
    /// For each effect the next one of the same character.
    next: Box<[u32]>,
    /// Whether anybody has had a list since they were last cleared.
    any: bool,
}

impl Afflictions {
    pub(crate) fn new(characters: usize, effects: usize) -> Self {
        Self {
            heads: vec![0; characters].into_boxed_slice(),
            next: vec![0; effects].into_boxed_slice(),
            any: false,
        }
    }

    /// Makes the lists of the effects that work on somebody who is there.
    pub(crate) fn rebuild(&mut self, state: &State) {
        if core::mem::take(&mut self.any) {
            self.heads.fill(0);
        }
        for slot in 0..state.effect_ids.end() {
            if state.effects.kind[slot] != 0
                && let Some(row) = state.characters.row_of(state.effects.view().target(slot as u32))
            {
                self.add(row, slot);
            }
        }
    }

    /// Adds an effect to a character's list.
    pub(crate) fn add(&mut self, row: usize, slot: usize) {
        self.any = true;
        self.next[slot] = self.heads[row];
        self.heads[row] = slot as u32 + 1;
    }

    /// Takes an effect out of a character's list, if it is in it: its slot may be given to another one at once.
    pub(crate) fn remove(&mut self, row: usize, slot: usize) {
        let link = slot as u32 + 1;
        let before = self.of(row).find(|before| self.next[*before] == link);
        if self.heads[row] == link {
            self.heads[row] = self.next[slot];
        } else if let Some(before) = before {
            self.next[before] = self.next[slot];
        }
    }

    /// The slots of a character's effects.
    fn of(&self, row: usize) -> impl Iterator<Item = usize> + '_ {
        let link = |link: u32| (link != 0).then(|| link as usize - 1);
        core::iter::successors(link(self.heads[row]), move |slot| link(self.next[*slot]))
    }

    /// The slot of the effect of a kind that a character has.
    pub(crate) fn find(&self, row: usize, kind: u8, state: &State) -> Option<usize> {
        self.of(row).find(|slot| state.effects.kind[*slot] == kind)
    }

    /// What the damage that a character deals becomes, in 1/256.
    pub(crate) fn dealt(&self, row: usize, state: &State, environment: &Environment) -> u64 {
        self.share(row, state, |kind| environment.rules.effect(kind).map(|effect| effect.dealt_per_256))
    }

    /// What the damage that a character takes becomes, in 1/256.
    pub(crate) fn taken(&self, row: usize, state: &State, environment: &Environment) -> u64 {
        self.share(row, state, |kind| environment.rules.effect(kind).map(|effect| effect.taken_per_256))
    }

    /// The sum of what all effects change of a share: no order of them matters.
    fn share(&self, row: usize, state: &State, of_kind: impl Fn(u8) -> Option<u16>) -> u64 {
        let change = |slot: usize| {
            let share = of_kind(state.effects.kind[slot]).map_or(256, i64::from);
            (share - 256) * i64::from(state.effects.stacks[slot])
        };
        (256 + self.of(row).map(change).sum::<i64>()).clamp(0, SHARE_MAX).unsigned_abs()
    }
}
