//! What one client has seen of each enemy in its reach, and when it is to look again.
//!
//! An enemy comes into sight when a look finds him, and goes out of it when a look does not and the last one that did is
//! longer ago than the grace. Looks are spread out: whoever is in sight is looked at twice in a grace, whoever is not in each
//! search where he is in the innermost tier, and twice a second beyond.
//!
//! A search casts so many rays at most. First come the enemies in the innermost tier, who may take half of them, then those
//! beyond who are out of sight, then those beyond who are in sight: a quarter at least is kept for each. What is due and finds
//! no ray left is due in the next search, in turn. So nobody is sent that was hidden for the grace, a search, and a round of all
//! that were due.

use super::super::interest::InterestTable;
use super::lines::{Body, Lines, RAYS_MAX};
use super::stealth::squared;
use shieldwall_core::{Tick, World};

/// Searches a second in which an enemy out of sight beyond the innermost tier is looked for.
const FAR_LOOKS_PER_S: u32 = 2;

/// Enemies in the innermost tier; beyond it those out of sight; beyond it those in sight.
pub(super) const TURNS: usize = 3;

/// One client's sight of each slot. Ticks are kept in sixteen bits: nobody in reach is left alone for that long.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Sights {
    /// Tick of the last look that found him.
    seen: Vec<u16>,
    /// Tick from which on he is to be looked at.
    next: Vec<u16>,
    /// Slots in sight, 64 to a word.
    sighted: Vec<u64>,
    /// Slots of enemies that were in reach in the last search.
    known: Vec<u64>,
    /// The slots looked at last, in and beyond the innermost tier as [`TURNS`] has it.
    last: [u16; TURNS],
}

impl Sights {
    /// Nobody was seen.
    pub(super) fn new(capacity: u32) -> Self {
        let (rows, words) = (capacity as usize, (capacity as usize).div_ceil(64));
        Self {
            seen: vec![0; rows],
            next: vec![0; rows],
            sighted: vec![0; words],
            known: vec![0; words],
            last: [0; TURNS],
        }
    }

    /// Notes a look and says when the next one is due.
    fn note(&mut self, slot: usize, found: bool, now: Tick, grace: u32, pause: u32) {
        let (word, bit, now) = (slot / 64, 1_u64 << (slot % 64), now.0 as u16);
        if found {
            self.seen[slot] = now;
            self.sighted[word] |= bit;
            self.next[slot] = now.wrapping_add((grace / 2).min(0x3fff) as u16);
            return;
        }
        if u32::from(now.wrapping_sub(self.seen[slot])) > grace {
            self.sighted[word] &= !bit;
        }
        let lost = self.sighted[word] & bit == 0;
        self.next[slot] = if lost { now.wrapping_add(pause as u16) } else { now };
    }
}

/// Takes the enemies out of `found`, the slots that a search found, that the character in slot `own` does not see.
pub(super) fn look(
    lines: &mut Lines,
    sights: &mut Sights,
    (table, found): (&InterestTable, &mut [u64]),
    world: &World,
    own: u32,
    tick: Tick,
) {
    let view = world.characters();
    let rules = &world.config().rules;
    let eyes = Body::of(&view, rules, own as usize);
    let (own, now) = (own as usize, tick.0 as u16);
    let mut due = core::mem::take(&mut lines.due);
    due.iter_mut().for_each(Vec::clear);
    for (word, &reach) in found.iter().enumerate() {
        let mut enemies = 0;
        for bit in bits(reach) {
            let slot = word * 64 + bit;
            if view.team[slot] == view.team[own] {
                continue;
            }
            enemies |= 1_u64 << bit;
            if sights.known[word] >> bit & 1 == 0 {
                sights.sighted[word] &= !(1 << bit);
                sights.next[slot] = now;
            }
            let dx = view.position_x[slot].wrapping_sub(view.position_x[own]);
            let dz = view.position_z[slot].wrapping_sub(view.position_z[own]);
            if squared(dx, dz) <= lines.near {
                sights.note(slot, true, tick, lines.grace_ticks, 0);
            } else if now.wrapping_sub(sights.next[slot]).cast_signed() >= 0 {
                let far = !table.is_close(dx.into(), dz.into());
                let turn = if far { 1 + (sights.sighted[word] >> bit & 1) as usize } else { 0 };
                due[turn].push(slot as u16);
            }
        }
        sights.known[word] = enemies;
    }
    let far_pause = u32::from(world.config().tick_hz) / FAR_LOOKS_PER_S;
    for (turn, pause) in [(0, 0), (1, far_pause), (2, far_pause)] {
        let most = lines.rays * (turn as u32 + 2) / 4;
        let list = &due[turn];
        let first = list.partition_point(|&slot| slot <= sights.last[turn]);
        for &slot in list[first..].iter().chain(&list[..first]) {
            if lines.cast() + RAYS_MAX > most {
                break;
            }
            let body = Body::of(&view, rules, slot.into());
            let seen = lines.sees(&eyes, &body, world, tick);
            sights.note(slot.into(), seen, tick, lines.grace_ticks, pause);
            sights.last[turn] = slot;
        }
    }
    lines.due = due;
    for ((reach, &known), &sighted) in found.iter_mut().zip(&sights.known).zip(&sights.sighted) {
        *reach &= !(known & !sighted);
    }
}

/// The set bits of a word, ascending.
fn bits(mut word: u64) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        (word != 0).then(|| {
            let bit = word.trailing_zeros() as usize;
            word &= word - 1;
            bit
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sight_is_lost_by_a_look_after_the_grace_and_not_by_time() {
        let mut sights = Sights::new(64);
        let in_sight = |sights: &Sights| sights.sighted[0] >> 5 & 1 != 0;
        sights.note(5, true, Tick(65_530), 60, 30);
        assert_eq!(sights.next[5], 65_530_u16.wrapping_add(30));
        sights.note(5, false, Tick(65_560), 60, 30);
        assert!(
            in_sight(&sights) && sights.next[5] == 65_560_u32 as u16,
            "looked at again in the next search"
        );
        sights.note(5, false, Tick(65_590), 60, 30);
        assert!(in_sight(&sights), "60 ticks are within the grace");
        sights.note(5, false, Tick(65_591), 60, 30);
        assert!(!in_sight(&sights) && sights.next[5] == (65_591_u32 + 30) as u16);
    }
}
