//! Who does what in a tick: begins to prepare something, uses what it has prepared, or uses something at once.

use super::{Arena, Attack, CombatScratch, Deed};
use crate::numeric::Tick;
use crate::numeric::lanes::{LaneMask, LaneTask, Lanes, run};
use crate::rules::{ARM_BUTTONS, Arm, ArmRules, arm_kind};
use crate::state::characters::{action, flags};
use crate::state::commands::{ViewAge, buttons};
use crate::systems::near::Looks;
use alloc::vec::Vec;

/// A deed and its button as a byte: 0 is no deed.
const BUTTON_BITS: u32 = 2;
const _: () = assert!(ARM_BUTTONS <= 1 << BUTTON_BITS);

impl Deed {
    const ALL: [Deed; 3] = [Deed::Cast, Deed::Release, Deed::Use];

    const fn with_button(self, button: usize) -> u8 {
        (self as u8 + 1) << BUTTON_BITS | button as u8
    }
}

/// Chooses what the rows from `first_row` on do. Writes nothing but `deeds`.
pub(crate) fn choose(first_row: usize, deeds: &mut [u8], arena: &Arena<'_>) {
    run(arena.environment.lanes, Choose { first_row, deeds, arena });
}

/// The work: who cannot do anything is left out in lanes.
struct Choose<'a> {
    first_row: usize,
    deeds: &'a mut [u8],
    arena: &'a Arena<'a>,
}

impl LaneTask for Choose<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { first_row, deeds, arena } = self;
        deeds.fill(0);
        let mut at = 0;
        while at + L::WIDTH <= deeds.len() {
            let mut able = arena.able::<L>(first_row + at).bits();
            while able != 0 {
                let offset = at + able.trailing_zeros() as usize;
                deeds[offset] = arena.choose(first_row + offset);
                able &= able - 1;
            }
            at += L::WIDTH;
        }
        for (row, deed) in (first_row..).zip(deeds).skip(at) {
            *deed = arena.choose(row);
        }
    }
}

/// Lists those of the first rows that do something, in order, and says where they will look for others.
pub(crate) fn list(scratch: &mut CombatScratch, end: usize, arena: &Arena<'_>) -> Looks {
    let CombatScratch { deeds, listed, .. } = scratch;
    listed.clear();
    let mut looks = Looks::default();
    let (words, rest) = deeds[..end].as_chunks::<8>();
    for (number, word) in words.iter().enumerate() {
        if u64::from_ne_bytes(*word) != 0 {
            list_some(8 * number, word, listed, arena, &mut looks);
        }
    }
    list_some(8 * words.len(), rest, listed, arena, &mut looks);
    scratch.order(arena);
    looks
}

/// Ages that are told apart for the order, in whole ticks; older ones come together.
const AGES: usize = 64;

impl CombatScratch {
    /// Puts the listed attacks into the order in which they are judged.
    fn order(&mut self, arena: &Arena<'_>) {
        let Self { listed, attacks, places, .. } = self;
        let age_of = |attack: &Attack| {
            usize::from(arena.views.of(attack.row as usize).0 / ViewAge::PARTS).min(AGES - 1)
        };
        places.clear();
        // Counted, and then where the next of each age goes.
        let mut next = [0_u32; AGES];
        listed.iter().for_each(|attack| next[age_of(attack)] += 1);
        if next.iter().filter(|count| **count > 0).count() <= 1 {
            core::mem::swap(listed, attacks);
            places.extend(0..attacks.len() as u32);
            return;
        }
        let mut sum = 0;
        for next in &mut next {
            (*next, sum) = (sum, sum + *next);
        }
        attacks.clear();
        attacks.resize(listed.len(), Attack::default());
        for attack in &*listed {
            let next = &mut next[age_of(attack)];
            attacks[*next as usize] = *attack;
            places.push(*next);
            *next += 1;
        }
    }
}

fn list_some(first_row: usize, deeds: &[u8], listed: &mut Vec<Attack>, arena: &Arena<'_>, looks: &mut Looks) {
    for (row, byte) in (first_row..).zip(deeds) {
        let Some(deed) = (byte >> BUTTON_BITS).checked_sub(1) else { continue };
        let mut attack = Attack {
            row: row as u32,
            deed: Deed::ALL[usize::from(deed) % Deed::ALL.len()],
            button: byte % (1 << BUTTON_BITS),
            ..Attack::default()
        };
        let kit = arena.environment.rules.kit_of(arena.rewind.characters.class[row]);
        let (button, environment) = (usize::from(attack.button), arena.environment);
        let arm = kit.arm(button);
        if let Some(rules) = environment.rules.arm(arm).filter(|_| attack.takes_effect()) {
            attack.combo = arena.combo(row, button, arm, rules);
            match rules.kind {
                arm_kind::MELEE => looks.by_age[arena.near.age_of(arena.views.of(row))] += 1,
                // Who flies is tested against everybody, in this tick and in those that it begins before it.
                arm_kind::PROJECTILE => {
                    looks.present = true;
                    let oldest = arena.near.age_of(arena.views.of(row));
                    looks.by_age[..=oldest].iter_mut().for_each(|looks| *looks += 1);
                }
                _ => {}
            }
        }
        listed.push(attack);
    }
}

/// Ticks of a column as lanes.
#[inline(always)]
fn ticks_at<L: Lanes>(column: &[u32], row: usize) -> L {
    L::load_at(bytemuck::cast_slice(column), row)
}

impl Arena<'_> {
    /// Which of the rows from one on may do something: all that do, and those that have too little stamina or an empty hand.
    #[inline(always)]
    fn able<L: Lanes>(&self, row: usize) -> L::Mask {
        let characters = self.rewind.characters;
        let (zero, now) = (L::splat(0), L::splat(self.tick.0.cast_signed()));
        let (bits, last) = (L::widen_at(characters.flags, row), L::widen_at::<u8>(characters.action, row));
        let ready =
            bits.and(L::splat((flags::ALIVE | flags::STUNNED).into())).equal(L::splat(flags::ALIVE.into()));
        let casts = last.greater(L::splat(i32::from(action::CAST) - 1));
        let casts = casts.and(L::splat(action::INTERRUPTED.into()).greater(last));
        let pressed = L::widen_at::<u16>(characters.input_buttons, row);
        let columns = [
            characters.primary_ready_tick,
            characters.secondary_ready_tick,
            characters.ability_1_ready_tick,
            characters.ability_2_ready_tick,
        ];
        let mut due = casts;
        let mut button = 0;
        while button < ARM_BUTTONS {
            let has = pressed.and(L::splat(buttons::ARMS[button].into())).greater(zero);
            let waits = zero.greater(now.sub(ticks_at(columns[button], row)));
            due = due.or(has.and(waits.not()));
            button += 1;
        }
        let since = now.sub(ticks_at(characters.action_tick, row));
        let cooldown = L::splat(self.environment.timing.global_cooldown.0.cast_signed());
        // Ticks since count without a sign.
        let soon = cooldown.greater(since).and(zero.greater(since).not());
        let mut uses = L::Mask::first_n(0);
        let mut button = 0;
        while button < ARM_BUTTONS {
            uses = uses.or(last.equal(L::splat(action::USED[button].into())));
            button += 1;
        }
        let shielded = bits.and(L::splat(flags::BLOCKING.into())).greater(zero);
        let rests = uses.and(soon).or(shielded).and(casts.not());
        ready.and(due).and(rests.not())
    }

    /// What a row does, as a byte.
    fn choose(&self, row: usize) -> u8 {
        let characters = self.rewind.characters;
        let ready = characters.flags[row] & (flags::ALIVE | flags::STUNNED) == flags::ALIVE;
        let cast = action::cast_button(characters.action[row]);
        if ready && (characters.input_buttons[row] & buttons::ATTACKS != 0 || cast.is_some()) {
            self.deed(row, cast).map_or(0, |(deed, button)| deed.with_button(button))
        } else {
            0
        }
    }

    /// What a living row does that presses something or prepares something, and with which button.
    fn deed(&self, row: usize, cast: Option<usize>) -> Option<(Deed, usize)> {
        let characters = self.rewind.characters;
        let kit = self.environment.rules.kit_of(characters.class[row]);
        let begun = self.tick.since(Tick(characters.action_tick[row]));
        let timing = &self.environment.timing;
        match cast {
            Some(button) => (begun >= timing.arm(kit.arm(button)).cast).then_some((Deed::Release, button)),
            None => {
                let button = self.pressed(row)?;
                let prepares = timing.arm(kit.arm(button)).cast.0 > 0;
                Some((if prepares { Deed::Cast } else { Deed::Use }, button))
            }
        }
    }

    /// The first of the pressed buttons whose weapon or ability can be used.
    fn pressed(&self, row: usize) -> Option<usize> {
        let characters = self.rewind.characters;
        let (rules, tick) = (&self.environment.rules, self.tick);
        let (last, bits) = (characters.action[row], characters.flags[row]);
        let rests = action::is_use(last)
            && tick.since(Tick(characters.action_tick[row])) < self.environment.timing.global_cooldown;
        if rests || bits & flags::BLOCKING != 0 {
            return None;
        }
        let kit = rules.kit_of(characters.class[row]);
        (0..ARM_BUTTONS).find(|button| {
            let pressed = characters.input_buttons[row] & buttons::ARMS[*button] != 0;
            let arm = rules.arm(kit.arm(*button)).filter(|_| pressed);
            arm.is_some_and(|arm| {
                arm.kind != arm_kind::NONE
                    && arm.stamina <= characters.stamina[row]
                    && tick.signed_distance(Tick(characters.ready_tick(*button, row))) >= 0
            })
        })
    }

    /// How far a combo counts with one more use.
    fn combo(&self, row: usize, button: usize, arm: Arm, rules: &ArmRules) -> u8 {
        let characters = self.rewind.characters;
        let goes_on = characters.action[row] == action::USED[button]
            && self.tick.since(Tick(characters.action_tick[row])) <= self.environment.timing.arm(arm).combo;
        if goes_on { (characters.combo[row] + 1).min(rules.combo_steps) } else { 0 }
    }
}

#[cfg(test)]
mod tests;
