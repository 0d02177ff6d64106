//! Which status effects are on whom, after a tick: lists by character, made of the world's table.

use shieldwall_core::World;

/// The effects of each character. Memory is taken when it is made and first rebuilt, and none later.
#[derive(Clone, Debug, Default)]
pub struct EffectLists {
    /// For each slot of a character its first effect, counted from 1; 0 for none.
    heads: Vec<u32>,
    /// For each effect the next one of the same character.
    next: Vec<u32>,
    /// Slots that have a list.
    rows: Vec<u32>,
}

impl EffectLists {
    /// The lists of a world as it is.
    #[must_use]
    pub fn of_world(world: &World) -> Self {
        let mut lists = Self::default();
        lists.rebuild(world);
        lists
    }

    /// Becomes the lists of a world as it is.
    pub fn rebuild(&mut self, world: &World) {
        let effects = world.effects();
        self.heads.resize(world.characters().len(), 0);
        self.next.resize(effects.len(), 0);
        self.rows.reserve(self.heads.len().saturating_sub(self.rows.len()));
        for row in self.rows.drain(..) {
            self.heads[row as usize] = 0;
        }
        for slot in effects.live_slots() {
            let target = effects.target(slot);
            if !world.is_current(target) {
                continue;
            }
            let head = &mut self.heads[target.slot as usize];
            if *head == 0 {
                self.rows.push(target.slot);
            }
            self.next[slot as usize] = *head;
            *head = slot + 1;
        }
    }

    /// Rows of the effects table that are on the character in a slot, in no order that means anything.
    pub fn of(&self, slot: usize) -> impl Iterator<Item = usize> + '_ {
        let link = |link: u32| (link != 0).then(|| link as usize - 1);
        let first = self.heads.get(slot).copied().unwrap_or(0);
        core::iter::successors(link(first), move |at| link(self.next[*at]))
    }
}
