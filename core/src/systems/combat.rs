//! Weapons and abilities: who begins what, and whom it reaches.
//!
//! What players do is judged by where their targets were when those players saw them ([`super::rewind`]).
//!
//! All attacks of a tick are judged on one state, after movement and contacts; then they take effect in the order of
//! the attackers' rows. So two who strike each other in one tick both strike. Projectiles leave last, of those who live.
//!
//! - `reach`: whom a swing reaches
//! - `hitscan`: what a ray meets
//! - `launch`: projectiles begin
//!
//! Not here: what a hit does (`strike`), what bursts (`blast`), what lasts (`effects`).

mod hitscan;
mod launch;
mod reach;

use super::crowd_index::CrowdIndex;
use super::props::PropCells;
use super::rewind::{Rewind, Views};
use super::strike::{Blow, Fray};
use super::{Environment, Timing};
use crate::limits::MELEE_TARGETS_MAX;
use crate::numeric::{Metres, Tick};
use crate::rules::{ARM_BUTTONS, Arm, ArmRules, arm_kind, side};
use crate::state::characters::{Characters, CharactersView, action, flags};
use crate::state::commands::{ViewAge, buttons};
use crate::state::handle::CharacterId;
use crate::state::props::PropsView;
use alloc::boxed::Box;
use alloc::vec;

/// What a row does in a tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Deed {
    /// Nothing.
    #[default]
    None,
    /// It begins to prepare something.
    Cast,
    /// It uses what it has prepared.
    Release,
    /// It uses something at once.
    Use,
}

/// The attack of one row in one tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attack {
    deed: Deed,
    /// Button of the kit, 0 to 3.
    button: u8,
    /// How far its combo counts.
    combo: u8,
    /// How many of the places in `targets` count.
    count: u8,
    /// Rows it reaches, nearest first, then by row.
    targets: [u32; MELEE_TARGETS_MAX],
    /// The section of a structure that it reaches, counted from 1; 0 for none.
    section: u32,
    /// The prop that it reaches, counted from 1; 0 for none.
    prop: u32,
}

impl Attack {
    const fn takes_effect(&self) -> bool {
        matches!(self.deed, Deed::Release | Deed::Use)
    }

    fn targets(&self) -> &[u32] {
        &self.targets[..usize::from(self.count)]
    }
}

/// The tick's attacks, one place a row.
#[derive(Debug)]
pub(crate) struct CombatScratch {
    attacks: Box<[Attack]>,
}

impl CombatScratch {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { attacks: vec![Attack::default(); capacity].into_boxed_slice() }
    }

    /// The places of the first rows, to be judged in parallel.
    pub(crate) fn attacks_below(&mut self, end: usize) -> &mut [Attack] {
        &mut self.attacks[..end]
    }
}

/// Whom a weapon of somebody can mean, by team and row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sides {
    /// The row of the one itself, where it still has one.
    pub(crate) own_row: Option<u32>,
    team: u8,
    affects: u8,
}

impl Sides {
    pub(crate) fn new(own_row: Option<u32>, team: u8, rules: &ArmRules, environment: &Environment) -> Self {
        let friendly_fire = environment.rules.life.friendly_fire != 0;
        let affects = match rules.affects {
            side::ENEMIES if friendly_fire => side::EVERYONE,
            affects => affects,
        };
        Self { own_row, team, affects }
    }

    /// Whether it can mean another row, of a team.
    #[inline]
    pub(crate) fn means(&self, row: u32, team: u8) -> bool {
        self.own_row != Some(row) && self.means_team(team)
    }

    /// Whether it can mean others of a team.
    #[inline]
    pub(crate) fn means_team(&self, team: u8) -> bool {
        match self.affects {
            side::ENEMIES => team != self.team,
            side::ALLIES => team == self.team,
            side::EVERYONE => true,
            _ => false,
        }
    }

    /// Whether it is for the one itself too, where a point is asked about.
    pub(crate) const fn means_oneself(&self) -> bool {
        matches!(self.affects, side::ALLIES | side::ONESELF)
    }

    /// The team that is left out, or the only one that is meant: (team, whether it is the only one). 256 is no team.
    #[inline]
    pub(crate) const fn team_filter(&self) -> (i32, bool) {
        match self.affects {
            side::ENEMIES => (self.team as i32, false),
            side::ALLIES => (self.team as i32, true),
            side::EVERYONE => (256, false),
            _ => (256, true),
        }
    }
}

/// All that attacks of a tick are judged by.
#[derive(Clone, Copy)]
pub(crate) struct Arena<'a> {
    pub(crate) rewind: Rewind<'a>,
    pub(crate) views: &'a Views,
    pub(crate) index: &'a CrowdIndex,
    pub(crate) props: PropsView<'a>,
    pub(crate) prop_cells: &'a PropCells,
    pub(crate) environment: &'a Environment,
    pub(crate) tick: Tick,
    /// Largest radius of the bodies in the world.
    pub(crate) radius_max: Metres,
}

/// The largest radius of the bodies of the rows.
pub(crate) fn radius_max(characters: &CharactersView<'_>, end: usize, environment: &Environment) -> Metres {
    let classes = &characters.class[..end];
    let (words, rest) = classes.as_chunks::<8>();
    let plain =
        words.iter().all(|word| u64::from_ne_bytes(*word) == 0) && rest.iter().all(|class| *class == 0);
    let mut present = [true, false, false, false, false, false, false, false];
    if !plain {
        for class in classes {
            present[usize::from(*class) % present.len()] = true;
        }
    }
    let radii = environment.rules.movement.iter().zip(present).filter(|(_, there)| *there);
    radii.map(|(class, _)| class.radius).max().unwrap_or_default()
}

/// Sets who holds up a shield in this tick. Runs before anything is judged.
pub(crate) fn raise_shields(characters: &mut Characters, end: usize, environment: &Environment) {
    for row in 0..end {
        let (pressed, bits) = (characters.input_buttons[row] & buttons::BLOCK != 0, characters.flags[row]);
        if !pressed && bits & flags::BLOCKING == 0 {
            continue;
        }
        let can = bits & (flags::ALIVE | flags::STUNNED) == flags::ALIVE
            && characters.stamina[row] > 0
            && environment.rules.kit_of(characters.class[row]).block_per_256 > 0
            && action::cast_button(characters.action[row]).is_none();
        characters.flags[row] = if pressed && can { bits | flags::BLOCKING } else { bits & !flags::BLOCKING };
    }
}

/// Judges the attacks of the rows from `first_row` on. Writes nothing but `attacks`.
pub(crate) fn judge(first_row: usize, attacks: &mut [Attack], arena: &Arena<'_>) {
    let characters = arena.rewind.characters;
    for (offset, attack) in attacks.iter_mut().enumerate() {
        let row = first_row + offset;
        *attack = Attack::default();
        let ready = characters.flags[row] & (flags::ALIVE | flags::STUNNED) == flags::ALIVE;
        let cast = action::cast_button(characters.action[row]);
        if ready && (characters.input_buttons[row] & buttons::ATTACKS != 0 || cast.is_some()) {
            *attack = arena.attack(row, cast);
        }
    }
}

impl Arena<'_> {
    /// What a living row does that presses something or prepares something.
    fn attack(&self, row: usize, cast: Option<usize>) -> Attack {
        let characters = self.rewind.characters;
        let kit = self.environment.rules.kit_of(characters.class[row]);
        let begun = self.tick.since(Tick(characters.action_tick[row]));
        let timing = &self.environment.timing;
        let (deed, button) = match cast {
            Some(button) if begun < timing.arm(kit.arm(button)).cast => return Attack::default(),
            Some(button) => (Deed::Release, button),
            None => match self.pressed(row) {
                None => return Attack::default(),
                Some(button) if timing.arm(kit.arm(button)).cast.0 > 0 => (Deed::Cast, button),
                Some(button) => (Deed::Use, button),
            },
        };
        let arm = kit.arm(button);
        let mut attack = Attack { deed, button: button as u8, ..Attack::default() };
        let Some(rules) = self.environment.rules.arm(arm).filter(|_| attack.takes_effect()) else {
            return attack;
        };
        attack.combo = self.combo(row, button, arm, rules);
        match rules.kind {
            arm_kind::MELEE => self.reach(row, rules, &mut attack),
            arm_kind::HITSCAN => self.scan(row, rules, &mut attack),
            _ => {}
        }
        attack
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

/// Lets the judged attacks take effect, then projectiles begin. `launched` has a place for each projectile: how old what
/// its archer saw is.
pub(crate) fn apply(
    fray: &mut Fray<'_>,
    end: usize,
    scratch: &CombatScratch,
    views: &Views,
    launched: &mut [ViewAge],
) {
    let attacks = &scratch.attacks[..end];
    let environment = fray.environment;
    for (row, attack) in attacks.iter().enumerate() {
        if attack.deed != Deed::None && !shoots(fray, row, attack) {
            begin(&mut fray.state.characters, row, attack, fray.tick, environment);
        }
    }
    for (row, attack) in attacks.iter().enumerate() {
        if !attack.takes_effect() {
            continue;
        }
        let (arm, view) = (arm_of(&fray.state.characters, row, attack, environment), views.of(row));
        let attacker = CharacterId { slot: row as u32, generation: fray.state.characters.generation[row] };
        for target in attack.targets() {
            let target_row = *target as usize;
            fray.judgements.add(fray.state, environment, (attacker, target_row), view, arm);
            let from = fray.towards(target_row, attacker);
            fray.strike(&Blow { attacker, target_row, arm, combo: attack.combo, share_per_256: 256, from });
        }
        if let Some(section) = attack.section.checked_sub(1) {
            fray.strike_section(section, attacker, arm, attack.combo);
        }
        if let Some(target_row) = attack.prop.checked_sub(1).map(|row| row as usize) {
            let from = fray.from_prop(target_row, attacker);
            let combo = attack.combo;
            fray.strike_prop(&Blow { attacker, target_row, arm, combo, share_per_256: 256, from });
        }
        if environment.rules.arm(arm).is_some_and(|rules| rules.kind == arm_kind::AREA) {
            launch::spread(fray, row, arm, attack.combo);
        }
    }
    for (row, attack) in attacks.iter().enumerate() {
        // Who was killed or broken off meanwhile does not shoot; for whom there is no room may try again.
        let characters = &fray.state.characters;
        let kept = attack.deed != Deed::Release || action::cast_button(characters.action[row]).is_some();
        if !kept || !fray.is_alive(row) || !shoots(fray, row, attack) {
            continue;
        }
        let arm = arm_of(characters, row, attack, environment);
        if let Some(slot) = launch::launch(fray, row, arm, attack.combo, views.of(row)) {
            launched[slot as usize] = views.of(row);
            begin(&mut fray.state.characters, row, attack, fray.tick, environment);
        }
    }
}

/// Whether a row lets a projectile go.
fn shoots(fray: &Fray<'_>, row: usize, attack: &Attack) -> bool {
    let arm = arm_of(&fray.state.characters, row, attack, fray.environment);
    let flies = |rules: &ArmRules| rules.kind == arm_kind::PROJECTILE;
    attack.takes_effect() && fray.environment.rules.arm(arm).is_some_and(flies)
}

fn arm_of(characters: &Characters, row: usize, attack: &Attack, environment: &Environment) -> Arm {
    environment.rules.kit_of(characters.class[row]).arm(usize::from(attack.button))
}

/// Pays for a deed and notes it.
fn begin(characters: &mut Characters, row: usize, attack: &Attack, tick: Tick, environment: &Environment) {
    let (button, arm) = (usize::from(attack.button), arm_of(characters, row, attack, environment));
    let timing: &Timing = &environment.timing;
    if attack.deed != Deed::Release {
        let cost = environment.rules.arm(arm).map_or(0, |rules| rules.stamina);
        characters.stamina[row] = characters.stamina[row].saturating_sub(cost);
    }
    if attack.takes_effect() {
        characters.set_ready_tick(button, row, (tick + timing.arm(arm).cooldown).0);
        characters.combo[row] = attack.combo;
        characters.action[row] = action::USED[button];
    } else {
        characters.action[row] = action::CAST + attack.button;
    }
    characters.action_tick[row] = tick.0;
}

#[cfg(test)]
pub(crate) mod tests;
