//! Life: where characters appear, how health and stamina come back, return from death. Hits and death are in `strike`.

use super::{Environment, Tally, respawn};
use crate::numeric::fixed::mul_q16;
use crate::numeric::rng::{between_metres, random_u32x4};
use crate::numeric::{Brads, Metres, Purpose, Tick, Ticks};
use crate::rules::{ARM_BUTTONS, CombatRules};
use crate::state::characters::{Characters, action, flags, motion};
use crate::state::events::{Event, EventBuffer};
use crate::state::handle::CharacterId;
use crate::state::objectives::Objectives;

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
    characters: &mut Characters,
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
    for button in 0..ARM_BUTTONS {
        characters.set_ready_tick(button, row, tick.0);
    }
    characters.combat_tick[row] = tick.0;
    characters.stamina[row] = environment.rules.combat.stamina_max;
    characters.combo[row] = 0;
    (characters.foe_slot[row], characters.foe_generation[row]) = (0, 0);
    (characters.helper_slot[row], characters.helper_generation[row]) = (0, 0);
}

/// Where somebody of a slot and a class returns to, and which way it looks there, if not to its team's area.
pub(crate) type HomeOf<'a> = dyn Fn(usize, u8) -> Option<(Metres, Metres, Brads)> + 'a;

/// Stage "return": the dead whose time has come appear where `home_of` says, or where their team returns ([`super::respawn`]).
///
/// It comes before movement, so that nobody changes place after the index of the tick is built.
pub(crate) fn run_return(
    characters: &mut Characters,
    end: usize,
    tick: Tick,
    (environment, objectives, home_of): (&Environment, &Objectives, &HomeOf<'_>),
    events: &mut EventBuffer,
    tally: &mut Tally,
) {
    for row in 0..end {
        let dead = characters.flags[row] & (flags::IN_USE | flags::ALIVE) == flags::IN_USE;
        if !dead || tick.since(Tick(characters.action_tick[row])) < environment.timing.respawn {
            continue;
        }
        let (slot, class) = (row as u32, characters.class[row]);
        let team_place = || respawn::place(characters, row, tick, environment, objectives);
        let place = home_of(row, class).unwrap_or_else(team_place);
        bring_to_life(characters, row, place, tick, environment);
        tally.respawns += 1;
        events.push(Event::Respawned { id: CharacterId { slot, generation: characters.generation[row] } });
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

/// Stage "lifecycle": stamina comes back to those who hold no shield; a dodge costs some in its first tick; who has too
/// little for one is exhausted.
pub(crate) fn run_stamina(characters: &mut Characters, end: usize, tick: Tick, environment: &Environment) {
    let combat = &environment.rules.combat;
    let gained = gained_stamina(combat, tick, environment.tick_hz);
    for row in 0..end {
        let (bits, before) = (characters.flags[row], characters.stamina[row]);
        if bits & flags::ALIVE == 0 {
            continue;
        }
        let dodges = characters.motion[row] == motion::DODGE && characters.motion_ticks[row] == 1;
        let rested = before == combat.stamina_max && before >= combat.dodge_stamina;
        if rested && !dodges && bits & flags::EXHAUSTED == 0 {
            continue;
        }
        let moving = (characters.motion[row], characters.motion_ticks[row]);
        (characters.stamina[row], characters.flags[row]) =
            stamina_after((before, bits), moving, gained, combat);
    }
}

/// Stage "lifecycle": health comes back to those who have been out of combat for long enough.
pub(crate) fn run_regeneration(
    characters: &mut Characters,
    end: usize,
    tick: Tick,
    environment: &Environment,
) {
    let life = &environment.rules.life;
    let gained = gain(life.regeneration_per_s, tick, environment.tick_hz);
    if gained == 0 {
        return;
    }
    for row in 0..end {
        let hurt = characters.flags[row] & flags::ALIVE != 0 && characters.health[row] < life.health_max;
        if hurt && tick.since(Tick(characters.combat_tick[row])) >= environment.timing.regeneration_delay {
            characters.health[row] = characters.health[row].saturating_add(gained).min(life.health_max);
        }
    }
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
mod tests {
    use super::*;

    #[test]
    fn old_ticks_are_brought_forward_and_others_left_alone() {
        let mut characters = Characters::new(4);
        characters.flags.fill(flags::IN_USE);
        characters.flags[3] = 0;
        // A sweep right at the wrap of the tick counter.
        let tick = Tick(0);
        let ages = [u32::MAX - 5, (1 << 31) + 7, 40, (1 << 31) + 7];
        characters.primary_ready_tick.copy_from_slice(&ages);
        run_aging(&mut characters, 4, Tick(1));
        assert_eq!(*characters.primary_ready_tick, ages, "between two sweeps nothing happens");
        run_aging(&mut characters, 4, tick);
        assert_eq!(*characters.primary_ready_tick, [ages[0], (tick - AGE_MAX).0, 40, ages[3]]);
        // Whatever the counter says later on, the blade of the one who waited is ready.
        for wait in [0_u32, 1 << 20, (1 << 30) - 1] {
            assert!((tick + Ticks(wait)).signed_distance(Tick(characters.primary_ready_tick[1])) >= 0);
        }
    }
}
