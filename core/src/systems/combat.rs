//! Weapons and abilities: who begins what, and whom it reaches.
//!
//! What players do is judged by where their targets were when those players saw them ([`super::rewind`]).
//!
//! All attacks of a tick are judged on one state, after movement and contacts; then they take effect in the order of
//! the attackers' rows. So two who strike each other in one tick both strike. Projectiles leave last, of those who live.
//!
//! - `deeds`: who does what
//! - `reach`: whom a swing reaches
//! - `hitscan`: what a ray meets
//! - `launch`: projectiles begin
//!
//! Not here: what a hit does (`strike`), what bursts (`blast`), what lasts (`effects`).

mod deeds;
mod hitscan;
mod launch;
mod reach;

pub(crate) use deeds::{choose, list};

use super::crowd_index::CrowdIndex;
use super::near::NearTables;
use super::props::PropCells;
use super::rewind::{Rewind, Seen, Views};
use super::strike::{Blow, Fray};
use super::{Environment, Timing};
use crate::limits::MELEE_TARGETS_MAX;
use crate::numeric::lanes::{LaneMask, LaneTask, Lanes, run};
use crate::numeric::{Metres, Tick};
use crate::rules::{Arm, ArmRules, arm_kind, side};
use crate::state::characters::{CharacterRows, Characters, CharactersView, action, flags};
use crate::state::column::Rows;
use crate::state::commands::{ViewAge, buttons};
use crate::state::handle::CharacterId;
use crate::state::props::PropsView;
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

/// What a row does in a tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Deed {
    /// It begins to prepare something.
    Cast,
    /// It uses what it has prepared.
    Release,
    /// It uses something at once.
    #[default]
    Use,
}

/// The attack of one row in one tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attack {
    /// Whose it is.
    row: u32,
    deed: Deed,
    /// Button of the kit, 0 to 3.
    button: u8,
    /// How far its combo counts.
    combo: u8,
    /// How many of the places in `targets` count.
    count: u8,
    /// Rows it reaches, nearest first, then by row.
    targets: [u32; MELEE_TARGETS_MAX],
    /// Where each of them was seen, and when; the present where nothing else is said.
    seen: [Seen; MELEE_TARGETS_MAX],
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

/// The tick's attacks.
#[derive(Debug)]
pub(crate) struct CombatScratch {
    /// What each row does; 0 for nothing.
    deeds: Box<[u8]>,
    /// Of those who do something, by row.
    listed: Vec<Attack>,
    /// The same in the order in which they are judged: by what they saw, the youngest first, so that the pages of the past
    /// that some look at are still near when the next do.
    attacks: Vec<Attack>,
    /// Where in `attacks` each stands that is listed.
    places: Vec<u32>,
}

impl CombatScratch {
    pub(crate) fn new(capacity: usize) -> Self {
        let attacks = || Vec::with_capacity(capacity);
        let deeds = vec![0; capacity].into_boxed_slice();
        Self { deeds, listed: attacks(), attacks: attacks(), places: Vec::with_capacity(capacity) }
    }

    /// The places of the first rows for what they do, to be chosen in parallel.
    pub(crate) fn deeds_below(&mut self, end: usize) -> &mut [u8] {
        &mut self.deeds[..end]
    }

    /// The attacks, to be judged in parallel.
    pub(crate) fn attacks(&mut self) -> &mut [Attack] {
        &mut self.attacks
    }

    /// The attacks in the order of their rows.
    fn by_row(&self) -> impl Iterator<Item = &Attack> {
        self.places.iter().map(|place| &self.attacks[*place as usize])
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
    pub(crate) near: &'a NearTables,
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

/// Sets which of some rows hold up a shield in this tick. Runs before anything is judged.
pub(crate) fn raise_shields(rows: CharacterRows<'_>, environment: &Environment) {
    run(environment.lanes, Shields { rows: rows.leveled(), environment });
}

/// The work: those who hold one up or want to are found in lanes.
struct Shields<'a> {
    rows: CharacterRows<'a>,
    environment: &'a Environment,
}

impl LaneTask for Shields<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(mut self) {
        let count = self.rows.rows();
        let (block, blocking) = (L::splat(buttons::BLOCK.into()), L::splat(flags::BLOCKING.into()));
        let mut at = 0;
        while at + L::WIDTH <= count {
            let wants = L::widen_at::<u16>(self.rows.input_buttons, at).and(block);
            let holds = L::widen_at::<u16>(self.rows.flags, at).and(blocking);
            let mut concerned = wants.or(holds).greater(L::splat(0)).bits();
            while concerned != 0 {
                self.raise(at + concerned.trailing_zeros() as usize);
                concerned &= concerned - 1;
            }
            at += L::WIDTH;
        }
        (at..count).for_each(|row| self.raise(row));
    }
}

impl Shields<'_> {
    fn raise(&mut self, row: usize) {
        let Self { rows, environment } = self;
        let bits = rows.flags[row];
        let holds = rows.input_buttons[row] & buttons::BLOCK != 0
            && bits & (flags::ALIVE | flags::STUNNED) == flags::ALIVE
            && rows.stamina[row] > 0
            && environment.rules.kit_of(rows.class[row]).block_per_256 > 0
            && action::cast_button(rows.action[row]).is_none();
        rows.flags[row] = if holds { bits | flags::BLOCKING } else { bits & !flags::BLOCKING };
    }
}

/// Finds whom attacks reach. Writes nothing but them.
pub(crate) fn judge(attacks: &mut [Attack], arena: &Arena<'_>) {
    for attack in attacks {
        let row = attack.row as usize;
        let kit = arena.environment.rules.kit_of(arena.rewind.characters.class[row]);
        let arm = kit.arm(usize::from(attack.button));
        let Some(rules) = arena.environment.rules.arm(arm).filter(|_| attack.takes_effect()) else {
            continue;
        };
        match rules.kind {
            arm_kind::MELEE => arena.reach(row, (arm, rules), attack),
            arm_kind::HITSCAN => arena.scan(row, rules, attack),
            _ => {}
        }
    }
}

/// Lets the judged attacks take effect, then projectiles begin. `launched` has a place for each projectile: how old what
/// its archer saw is.
pub(crate) fn apply(fray: &mut Fray<'_>, scratch: &CombatScratch, views: &Views, launched: &mut [ViewAge]) {
    let environment = fray.environment;
    let mut shooters = 0;
    for attack in scratch.by_row() {
        let row = attack.row as usize;
        if shoots(fray, row, attack) {
            shooters += 1;
        } else {
            begin(&mut fray.state.characters, row, attack, fray.tick, environment);
        }
    }
    for attack in scratch.by_row().filter(|attack| attack.takes_effect()) {
        let row = attack.row as usize;
        let arm = arm_of(&fray.state.characters, row, attack, environment);
        let attacker = CharacterId { slot: row as u32, generation: fray.state.characters.generation[row] };
        for (target, seen) in attack.targets().iter().zip(attack.seen) {
            let target_row = *target as usize;
            fray.judgements.add_seen(fray.state, (attacker, target_row), seen, arm);
            let from = fray.towards(target_row, attacker);
            fray.strike(&Blow { attacker, target_row, arm, combo: attack.combo, share_per_256: 256, from });
        }
        if let Some(section) = attack.section.checked_sub(1) {
            fray.strike_section(section, attacker, arm, attack.combo);
        }
        if let Some(target_row) = attack.prop.checked_sub(1).map(|row| row as usize) {
            let from = fray.way_from_prop(target_row, attacker);
            let combo = attack.combo;
            fray.strike_prop(&Blow { attacker, target_row, arm, combo, share_per_256: 256, from });
        }
        if environment.rules.arm(arm).is_some_and(|rules| rules.kind == arm_kind::AREA) {
            launch::spread(fray, row, arm, attack.combo);
        }
    }
    for attack in scratch.by_row().take(if shooters > 0 { usize::MAX } else { 0 }) {
        let row = attack.row as usize;
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
