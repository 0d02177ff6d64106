//! Other rules for a battle that goes on: what of its state cannot be under them becomes something that can.
//!
//! Two principles. What is above a new maximum becomes that maximum: health, stamina, how often an effect has piled up,
//! progress, speed of a fall. And what is left of a time is at most as long as that time now is: cooldowns, timers of
//! movement, status effects, flights, the next thought, a dropped flag. What is below stays as it is: nobody is healed by a
//! larger maximum, and a time that has begun does not grow.
//!
//! It works row by row and reads nothing but the state and the two rules, so it has no order and no threads. Afterwards
//! every row is one that an image of a world with the new rules may have ([`crate::state::judge`]).
//!
//! Not in here: which rules may be adopted ([`crate::world`]), and rooms for work that follow from them.

use super::{Environment, effects, movement, structures};
use crate::numeric::{Tick, Ticks};
use crate::rules::{ARM_BUTTONS, Arm, Rules};
use crate::state::State;
use crate::state::characters::{Characters, action, flags, motion};
use crate::state::judge::longest_thought;
use crate::state::move_bounds::{Longest, MoveBounds};
use crate::state::objectives::{NO_TEAM, goal, lying};
use crate::state::props::prop_flags;

/// Makes the state one under the environment's rules; `before` are those it was under.
pub(crate) fn adopt(state: &mut State, before: &Rules, environment: &Environment) {
    adopt_characters(state, before, environment);
    adopt_flights(state, environment);
    adopt_effects(state, environment);
    adopt_minds(state, environment);
    adopt_places(state, environment);
    adopt_props(state, before, environment);
}

/// A tick to come that is at most so far ahead.
fn no_later(cell: &mut u32, tick: Tick, longest: Ticks) {
    if Tick(*cell).signed_distance(tick) > longest.0.min(i32::MAX as u32).cast_signed() {
        *cell = (tick + longest).0;
    }
}

fn adopt_characters(state: &mut State, before: &Rules, environment: &Environment) {
    let (end, tick) = (state.character_ids.end(), state.tick);
    let half_extent = environment.terrain.half_extent().0;
    let bounds = MoveBounds::new(&environment.rules, environment.tick_hz, half_extent);
    let characters = &mut state.characters;
    for row in 0..end {
        if characters.flags[row] & flags::IN_USE == 0 {
            continue;
        }
        let class = usize::from(characters.class[row]) % bounds.longest.len();
        adopt_body(characters, row, &bounds.longest[class], environment);
        adopt_fighter(characters, row, tick, before, environment);
    }
    let grown = before.movement.iter().zip(&environment.rules.movement).any(|(before, now)| {
        (before.radius, before.height, before.crouch_height) != (now.radius, now.height, now.crouch_height)
    });
    if grown {
        structures::make_room(characters, end, tick, environment);
    }
}

/// Timers, speed and stance of a body, and where it is: inside the field.
fn adopt_body(characters: &mut Characters, row: usize, longest: &Longest, environment: &Environment) {
    let rules = environment.rules.class(characters.class[row]);
    let at_most = |cell: &mut u16, most: u32| *cell = (*cell).min(u16::try_from(most).unwrap_or(u16::MAX));
    at_most(&mut characters.timer[row], longest.timer);
    match characters.motion[row] {
        motion::DODGE => at_most(&mut characters.motion_ticks[row], longest.dodge),
        motion::KNOCKED => at_most(&mut characters.motion_ticks[row], longest.knock),
        _ => {}
    }
    // In a dodge it is a direction.
    if characters.motion[row] != motion::DODGE {
        at_most(&mut characters.dodge_ticks[row], longest.dodge_rest);
    }
    if rules.crouch_height >= rules.height {
        characters.flags[row] &= !flags::CROUCHED;
    }
    if characters.flags[row] & flags::GROUNDED == 0 {
        characters.velocity_y[row] = characters.velocity_y[row].max(-rules.fall_speed_max.0);
    }
    let edge = environment.edge(characters.class[row]).0;
    let (x, z) =
        (characters.position_x[row].clamp(-edge, edge), characters.position_z[row].clamp(-edge, edge));
    if (x, z) != (characters.position_x[row], characters.position_z[row]) {
        (characters.position_x[row], characters.position_z[row]) = (x, z);
        movement::reground(characters, row, environment);
    }
}

/// Health, stamina, and what is on the buttons.
fn adopt_fighter(
    characters: &mut Characters,
    row: usize,
    tick: Tick,
    before: &Rules,
    environment: &Environment,
) {
    let rules = &environment.rules;
    characters.health[row] = characters.health[row].min(rules.life.health_max);
    characters.stamina[row] = characters.stamina[row].min(rules.combat.stamina_max);
    let class = characters.class[row];
    let (kit_before, kit) = (before.kit_of(class), rules.kit_of(class));
    for button in 0..ARM_BUTTONS {
        let mut ready = characters.view().ready_tick(button, row);
        no_later(&mut ready, tick, environment.timing.arm(kit.arm(button)).cooldown);
        characters.set_ready_tick(button, row, ready);
    }
    // What was being prepared is of another kit.
    let cast = action::cast_button(characters.action[row]);
    if cast.is_some_and(|button| kit_before.arm(button) != kit.arm(button)) {
        (characters.action[row], characters.action_tick[row]) = (action::INTERRUPTED, tick.0);
    }
}

fn adopt_flights(state: &mut State, environment: &Environment) {
    let projectiles = &mut state.projectiles;
    for row in 0..state.projectile_ids.end() {
        if projectiles.alive[row] != 0 {
            let lifetime = environment.timing.arm(Arm(projectiles.arm[row])).lifetime;
            no_later(&mut projectiles.end_tick[row], state.tick, lifetime);
        }
    }
}

fn adopt_effects(state: &mut State, environment: &Environment) {
    let effects = &mut state.effects;
    for row in 0..state.effect_ids.end() {
        let Some(rules) = environment.rules.effect(effects.kind[row]) else { continue };
        let timing = environment.timing.effect(effects.kind[row]);
        effects.stacks[row] = effects.stacks[row].min(rules.stacks);
        no_later(&mut effects.end_tick[row], state.tick, timing.duration);
        no_later(&mut effects.pulse_tick[row], state.tick, timing.period);
    }
    effects::set_flags(state, &environment.rules.effects);
}

fn adopt_minds(state: &mut State, environment: &Environment) {
    let npcs = &mut state.npcs;
    for row in 0..state.npc_ids.end() {
        if npcs.character_generation[row] != 0 {
            let kind = environment.rules.npc_kind(npcs.kind[row]);
            let longest = longest_thought(kind.think_ms, kind.think_far, environment.tick_hz);
            no_later(&mut npcs.next_think_tick[row], state.tick, longest);
        }
    }
}

/// Sections, places and flags. A place stays a place and a flag a flag: other rules are not adopted.
fn adopt_places(state: &mut State, environment: &Environment) {
    let structures = &mut state.structures;
    for section in 0..structures.capacity() {
        let most = environment.rules.structure_kind(structures.kind[section]).health;
        structures.set_health(section, structures.health[section].min(most));
    }
    let objectives = &mut state.objectives;
    for point in 0..objectives.capacity() {
        let rules = environment.rules.objective_kind(objectives.kind[point]);
        let most = goal(rules, environment.tick_hz).saturating_sub(1);
        objectives.progress[point] = objectives.progress[point].min(most);
        if objectives.progress[point] == 0 {
            objectives.contender[point] = NO_TEAM;
        }
        objectives.timer[point] = objectives.timer[point].min(lying(rules, environment.tick_hz));
    }
}

/// Health and time left, and where they are: inside the field. Where anything about props is another thing now, none of them
/// rests before it has been looked at.
fn adopt_props(state: &mut State, before: &Rules, environment: &Environment) {
    let rules = &environment.rules;
    let other = (before.prop, before.prop_motion) != (rules.prop, rules.prop_motion);
    let half_extent = environment.terrain.half_extent().0;
    let props = &mut state.props;
    for row in 0..state.prop_ids.end() {
        if props.flags[row] & prop_flags::IN_USE == 0 {
            continue;
        }
        let kind = rules.prop_kind(props.kind[row]);
        props.health[row] = props.health[row].min(kind.health);
        if props.flags[row] & prop_flags::FLEETING != 0 && kind.lifetime_ms > 0 {
            let lifetime = Ticks::from_millis(kind.lifetime_ms, environment.tick_hz);
            no_later(&mut props.end_tick[row], state.tick, lifetime);
        }
        let edge = half_extent - kind.radius.0;
        props.position_x[row] = props.position_x[row].clamp(-edge, edge);
        props.position_z[row] = props.position_z[row].clamp(-edge, edge);
        if other {
            props.wake(row);
        }
    }
}
