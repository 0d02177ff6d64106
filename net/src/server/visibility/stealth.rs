//! Enemies that hide: who has which status effect that hides him, after a tick.
//!
//! An effect of the rules says beyond which distance it hides (`hidden_beyond`); of several the one that hides best counts.
//! Whoever uses a weapon or an ability is seen while he prepares it and for [`REVEALED_MS`] from then on.

use super::super::tracking::TrackTable;
use shieldwall_core::numeric::Metres;
use shieldwall_core::state::characters::{CharactersView, action};
use shieldwall_core::{Tick, World};

/// So long whoever uses something is seen, in milliseconds.
const REVEALED_MS: u32 = 1_000;

/// Who hides.
#[derive(Clone, Debug)]
pub(in super::super) struct Stealth {
    /// Beyond which distance, by slot; zero for whoever does not hide.
    beyond: Vec<Metres>,
    /// Slots of those who hide.
    slots: Vec<u32>,
    margin: Metres,
}

/// Whether a character has given itself away.
fn is_revealed(view: &CharactersView<'_>, slot: usize, tick: Tick, tick_hz: u16) -> bool {
    let last = view.action[slot];
    let revealed = (u32::from(tick_hz) * REVEALED_MS).div_ceil(1_000);
    let recent = tick.0.wrapping_sub(view.action_tick[slot]) < revealed;
    action::cast_button(last).is_some() || (recent && last != action::NONE)
}

/// The square of a distance on the ground plane, in 1/256 m.
pub(super) fn squared(dx: i32, dz: i32) -> i64 {
    let (dx, dz) = (i64::from(dx >> 8), i64::from(dz >> 8));
    dx * dx + dz * dz
}

impl Stealth {
    /// Nobody hides. Whoever is seen is lost a `margin` farther out than he is found.
    pub(super) fn new(capacity: u32, margin: Metres) -> Self {
        let capacity = capacity as usize;
        Self { beyond: vec![Metres::ZERO; capacity], slots: Vec::with_capacity(capacity), margin }
    }

    /// Whether nobody hides.
    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Learns the state after a tick.
    pub(super) fn learn(&mut self, world: &World) {
        for slot in self.slots.drain(..) {
            self.beyond[slot as usize] = Metres::ZERO;
        }
        let rules = &world.config().rules;
        if rules.effects.iter().all(|effect| effect.hidden_beyond == Metres::ZERO) {
            return;
        }
        let effects = world.effects();
        for row in effects.live_slots() {
            let hides = rules.effect(effects.kind[row as usize]).map_or(Metres::ZERO, |e| e.hidden_beyond);
            let target = effects.target(row);
            if hides == Metres::ZERO || !world.is_current(target) {
                continue;
            }
            let beyond = &mut self.beyond[target.slot as usize];
            if *beyond == Metres::ZERO {
                self.slots.push(target.slot);
                *beyond = hides;
            }
            *beyond = hides.min(*beyond);
        }
    }

    /// Takes those out of `found` who hide from the character in slot `own`; `tracks` tell whom its client has in sight.
    pub(super) fn hide(&self, tracks: &TrackTable, found: &mut [u64], world: &World, own: u32, tick: Tick) {
        let view = world.characters();
        let (own, tick_hz) = (own as usize, world.config().tick_hz);
        for &slot in &self.slots {
            let slot = slot as usize;
            if view.team[slot] == view.team[own] || is_revealed(&view, slot, tick, tick_hz) {
                continue;
            }
            let margin = if tracks.is_visible(slot) { self.margin } else { Metres::ZERO };
            let beyond = self.beyond[slot] + margin;
            let dx = view.position_x[slot].wrapping_sub(view.position_x[own]);
            let dz = view.position_z[slot].wrapping_sub(view.position_z[own]);
            if squared(dx, dz) > squared(beyond.0, 0) {
                found[slot / 64] &= !(1 << (slot % 64));
            }
        }
    }
}
