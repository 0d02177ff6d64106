//! Life: where characters appear, how health and stamina come back, return from death. Hits and death are in `strike`.

use super::{Environment, Tally, respawn};
use crate::numeric::fixed::mul_q16;
use crate::numeric::lanes::{LaneMask, LaneTask, Lanes, run};
use crate::numeric::rng::{between_metres, random_u32x4};
use crate::numeric::{Brads, Metres, Purpose, Tick, Ticks};
use crate::rules::CombatRules;
use crate::state::characters::{CharacterRows, Characters, action, flags, motion};
use crate::state::column::Rows;
use crate::state::events::{Event, EventBuffer};
use crate::state::handle::CharacterId;
use crate::state::objectives::Objectives;
use alloc::vec::Vec;

/// A place in a team's spawn area and the yaw towards the centre of the field.
///
/// The areas are squares of `spawn_width` on a ring of `spawn_ring`, team 0 in the west, the others evenly round it:
/// with two teams, team 1 in the east. The place within is random in (seed, tick, slot).
pub(crate) fn team_spawn(
    team: u8,
    class: u8,
    slot: u32,
    tick: Tick,
    environment: &Environment,
) -> (Metres, Metres, Brads) {
    let half = Metres(environment.rules.life.spawn_width.0 / 2);
    within(spawn_centre(team, environment), half, (class, slot, tick), environment)
}

/// The middle of a team's spawn area.
pub(crate) fn spawn_centre(team: u8, environment: &Environment) -> (Metres, Metres) {
    let ring = environment.rules.life.spawn_ring.0;
    let turn = u32::from(team) * 65_536 / u32::from(environment.teams.max(1));
    let angle = Brads((turn as u16).wrapping_add(Brads::HALF.0));
    (Metres(mul_q16(ring, angle.cos().0)), Metres(mul_q16(ring, angle.sin().0)))
}

/// A random place in a square of which `half` is half the side, and the yaw towards the centre of the field.
pub(crate) fn within(
    (centre_x, centre_z): (Metres, Metres),
    half: Metres,
    (class, slot, tick): (u8, u32, Tick),
    environment: &Environment,
) -> (Metres, Metres, Brads) {
    let [word_x, word_z, ..] = random_u32x4(environment.seed, tick, slot, Purpose::SpawnPlacement);
    let edge = environment.edge(class);
    let x = centre_x.saturating_add(between_metres(word_x, -half, half)).min(edge).max(-edge);
    let z = centre_z.saturating_add(between_metres(word_z, -half, half)).min(edge).max(-edge);
    (x, z, Brads::yaw_of(-x, -z))
}

/// Puts a row on the ground with full health and nothing begun. Keeps team, class, input, score and generation.
pub(crate) fn bring_to_life(
    characters: &mut CharacterRows<'_>,
    row: usize,
    (x, z, yaw): (Metres, Metres, Brads),
    tick: Tick,
    environment: &Environment,
) {
    characters.position_x[row] = x.0;
    characters.position_y[row] = environment.terrain.height_at(x, z).0;
    characters.position_z[row] = z.0;
    characters.velocity_x[row] = 0;
    characters.velocity_y[row] = 0;
    characters.velocity_z[row] = 0;
    characters.yaw[row] = yaw.0;
    characters.pitch[row] = 0;
    characters.flags[row] = flags::IN_USE | flags::ALIVE | flags::GROUNDED;
    characters.timer[row] = 0;
    characters.motion[row] = motion::GROUND;
    characters.motion_ticks[row] = 0;
    characters.support[row] = 0;
    characters.dodge_ticks[row] = 0;
    characters.health[row] = environment.rules.life.health_max;
    characters.action[row] = action::NONE;
    characters.action_tick[row] = tick.0;
    characters.primary_ready_tick[row] = tick.0;
    characters.secondary_ready_tick[row] = tick.0;
    characters.ability_1_ready_tick[row] = tick.0;
    characters.ability_2_ready_tick[row] = tick.0;
    characters.combat_tick[row] = tick.0;
    characters.stamina[row] = environment.rules.combat.stamina_max;
    characters.combo[row] = 0;
    (characters.foe_slot[row], characters.foe_generation[row]) = (0, 0);
    (characters.helper_slot[row], characters.helper_generation[row]) = (0, 0);
}

/// Where somebody of a slot and a class returns to, and which way it looks there, if not to its team's area.
pub(crate) type HomeOf<'a> = dyn Fn(usize, u8) -> Option<(Metres, Metres, Brads)> + Sync + 'a;

/// Lists the dead whose time has come.
struct Due<'a> {
    flags: &'a [u16],
    died: &'a [u32],
    tick: Tick,
    rest: Ticks,
    due: &'a mut Vec<u32>,
}

impl LaneTask for Due<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { flags: bits, died, tick, rest, due } = self;
        let (now, rest_lanes, zero) =
            (L::splat(tick.0.cast_signed()), L::splat(rest.0.cast_signed()), L::splat(0));
        let (state, dead) = (L::splat((flags::IN_USE | flags::ALIVE).into()), L::splat(flags::IN_USE.into()));
        let mut at = 0;
        while at + L::WIDTH <= bits.len() {
            let is_dead = L::widen_at(bits, at).and(state).equal(dead);
            if is_dead.any() {
                let since = now.sub(L::load_at(bytemuck::cast_slice(died), at));
                // Ticks since count without a sign.
                let waits = zero.greater(since).not().and(rest_lanes.greater(since));
                let mut found = is_dead.and(waits.not()).bits();
                while found != 0 {
                    due.push(at as u32 + found.trailing_zeros());
                    found &= found - 1;
                }
            }
            at += L::WIDTH;
        }
        for row in at..bits.len() {
            let is_dead = bits[row] & (flags::IN_USE | flags::ALIVE) == flags::IN_USE;
            if is_dead && tick.since(Tick(died[row])) >= rest {
                due.push(row as u32);
            }
        }
    }
}

/// Stage "return", its first part: lists the dead below `end` whose time has come.
pub(crate) fn list_the_due(
    characters: &Characters,
    end: usize,
    tick: Tick,
    environment: &Environment,
    due: &mut Vec<u32>,
) {
    due.clear();
    let (flags, died) = (&characters.flags[..end], &characters.action_tick[..end]);
    run(environment.lanes, Due { flags, died, tick, rest: environment.timing.respawn, due });
}

/// Stage "return": those of some rows, the first of them being `first`, whose time has come appear where `home_of` says, or
/// where their team returns ([`super::respawn`]). `due` are their numbers.
///
/// It comes before movement, so that nobody changes place after the index of the tick is built.
pub(crate) fn bring_back(
    rows: &mut CharacterRows<'_>,
    first: usize,
    due: &[u32],
    tick: Tick,
    (environment, objectives, home_of): (&Environment, &Objectives, &HomeOf<'_>),
) {
    let end = first + rows.rows();
    let number = |row: usize| due.partition_point(|due| (*due as usize) < row);
    for &slot in &due[number(first)..number(end)] {
        let row = slot as usize - first;
        let (team, class) = (rows.team[row], rows.class[row]);
        let lies = (rows.position_x[row], rows.position_z[row]);
        let team_place = || respawn::place((team, class, slot), lies, tick, environment, objectives);
        let place = home_of(slot as usize, class).unwrap_or_else(team_place);
        bring_to_life(rows, row, place, tick, environment);
    }
}

/// Stage "return", its end: tells of those who came back.
pub(crate) fn tell_of(due: &[u32], characters: &Characters, events: &mut EventBuffer, tally: &mut Tally) {
    tally.respawns += due.len() as u32;
    for &slot in due {
        let generation = characters.generation[slot as usize];
        events.push(Event::Respawned { id: CharacterId { slot, generation } });
    }
}

/// The whole part that a rate in a second gains from this tick to the next, so that any rate is met exactly over a second.
fn gain(rate: u16, tick: Tick, tick_hz: u16) -> u16 {
    let (rate, tick_hz) = (u64::from(rate), u64::from(tick_hz));
    let whole = |ticks: u64| ticks * rate / tick_hz;
    (whole(u64::from(tick.0) + 1) - whole(u64::from(tick.0))) as u16
}

/// The stamina that everybody gains in a tick.
pub(crate) fn gained_stamina(combat: &CombatRules, tick: Tick, tick_hz: u16) -> u16 {
    gain(combat.stamina_per_s, tick, tick_hz)
}

/// Stamina and flags after a tick's end, of a living body with this motion and these ticks in it.
#[inline(always)]
pub(crate) fn stamina_after(
    (before, bits): (u16, u16),
    (doing, ticks): (u8, u16),
    gained: u16,
    combat: &CombatRules,
) -> (u16, u16) {
    let mut stamina = before;
    if doing == motion::DODGE && ticks == 1 {
        stamina = stamina.saturating_sub(combat.dodge_stamina);
    }
    if bits & flags::BLOCKING == 0 {
        stamina = stamina.saturating_add(gained).min(combat.stamina_max);
    }
    let exhausted = stamina < combat.dodge_stamina;
    (stamina, if exhausted { bits | flags::EXHAUSTED } else { bits & !flags::EXHAUSTED })
}

/// What comes back to some rows, and how much of it.
struct Recover<'a> {
    rows: CharacterRows<'a>,
    tick: Tick,
    /// Health and stamina.
    gained: [u16; 2],
    environment: &'a Environment,
}

impl LaneTask for Recover<'_> {
    type Output = ();

    /// Plain loops without a branch, which the compiler widens.
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { rows, tick, gained: [health, stamina], environment } = self;
        if health > 0 {
            let (most, delay) = (environment.rules.life.health_max, environment.timing.regeneration_delay);
            regain_health(rows.health, rows.flags, rows.combat_tick, (tick, delay), (health, most));
        }
        let motions = (&*rows.motion, &*rows.motion_ticks);
        regain_stamina(rows.stamina, rows.flags, motions, stamina, environment.rules.combat);
    }
}

/// Health comes back to those who have been out of combat for long enough.
#[inline(always)]
fn regain_health(
    health: &mut [u16],
    bits: &[u16],
    combat_tick: &[u32],
    (tick, delay): (Tick, Ticks),
    (gained, most): (u16, u16),
) {
    for ((health, bits), fought) in health.iter_mut().zip(bits).zip(combat_tick) {
        let hurt = (bits & flags::ALIVE != 0) & (*health < most);
        let rested = tick.since(Tick(*fought)) >= delay;
        let regained = health.saturating_add(gained).min(most);
        *health = if hurt & rested { regained } else { *health };
    }
}

/// Stamina comes back to those who hold no shield; a dodge costs some in its first tick; who has too little for one is
/// exhausted.
#[inline(always)]
fn regain_stamina(
    stamina: &mut [u16],
    bits: &mut [u16],
    (motion, ticks): (&[u8], &[u16]),
    gained: u16,
    combat: CombatRules,
) {
    for (((stamina, bits), motion), ticks) in stamina.iter_mut().zip(bits).zip(motion).zip(ticks) {
        let alive = *bits & flags::ALIVE != 0;
        let (left, left_bits) = stamina_after((*stamina, *bits), (*motion, *ticks), gained, &combat);
        *stamina = if alive { left } else { *stamina };
        *bits = if alive { left_bits } else { *bits };
    }
}

/// Stage "lifecycle": health and stamina come back.
pub(crate) fn recover(rows: CharacterRows<'_>, tick: Tick, environment: &Environment) {
    let health = gain(environment.rules.life.regeneration_per_s, tick, environment.tick_hz);
    let stamina = gained_stamina(&environment.rules.combat, tick, environment.tick_hz);
    run(environment.lanes, Recover { rows: rows.leveled(), tick, gained: [health, stamina], environment });
}

/// How far back the ticks in the columns are kept at most, so that comparing them stays right for ever: half of what
/// [`Tick::signed_distance`] can tell apart.
const AGE_MAX: Ticks = Ticks(1 << 30);

/// How often the ages are looked at: once in 2^20 ticks, 4.9 hours at 60 Hz.
const AGE_SWEEP_EVERY: u32 = 1 << 20;

/// Stage "lifecycle": ticks that lie more than 2^30 back (207 days at 60 Hz) are brought forward to there.
///
/// Without it, somebody who does not strike for 2^31 ticks would find the blade unready for as long again. Runs on every
/// 2^20th tick only.
pub(crate) fn run_aging(characters: &mut Characters, end: usize, tick: Tick) {
    if !tick.0.is_multiple_of(AGE_SWEEP_EVERY) {
        return;
    }
    let oldest = tick - AGE_MAX;
    let columns = [
        &mut characters.action_tick,
        &mut characters.primary_ready_tick,
        &mut characters.secondary_ready_tick,
        &mut characters.ability_1_ready_tick,
        &mut characters.ability_2_ready_tick,
        &mut characters.combat_tick,
    ];
    for column in columns {
        for (cell, bits) in column[..end].iter_mut().zip(&characters.flags) {
            // Ready ticks may lie ahead, by a cooldown: those are not old.
            let old = tick.signed_distance(Tick(*cell)) >= 0 && tick.since(Tick(*cell)).0 > AGE_MAX.0;
            if old && bits & flags::IN_USE != 0 {
                *cell = oldest.0;
            }
        }
    }
}

#[cfg(test)]
mod tests;
