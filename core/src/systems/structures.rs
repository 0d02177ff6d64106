//! Sections of structures: how they lose health, fall, and are built up again.
//!
//! **When.** What weapons bring down in a tick still stands in that tick for everybody, whoever's row comes first, and is gone
//! with its end (`follow`, stage "siege"). What commands do holds at once, before anybody moves.
//!
//! The table says how sections are doing; which shapes queries pass by is a set beside the baked obstacles that follows it.
//! Not here: who strikes what, and with which weapon.

use super::{Environment, Tally, movement, props};
use crate::numeric::{Metres, Position, Tick};
use crate::rules::{Arm, Rules};
use crate::spatial::Obstacles;
use crate::spatial::obstacles::Support;
use crate::state::State;
use crate::state::characters::{Characters, flags};
use crate::state::events::{Event, EventBuffer};
use crate::state::handle::CharacterId;
use crate::state::structures::Structures;

/// One weapon reaching one section.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blow {
    /// Number of the section: [`Obstacles::section_of`] the shape that was met.
    pub(crate) section: u32,
    /// Damage of the weapon, before what the section's kind takes of it.
    pub(crate) damage: u32,
    /// Kind of the damage, a place in [`crate::rules::DAMAGE_KINDS`]; others do nothing.
    pub(crate) damage_kind: u8,
    /// Who struck.
    pub(crate) attacker: CharacterId,
    /// With what.
    pub(crate) arm: Arm,
}

/// Sets up the rows of a new world: everything stands and is whole.
pub(crate) fn found(structures: &mut Structures, obstacles: &Obstacles, rules: &Rules) {
    for (row, section) in obstacles.sections().iter().enumerate() {
        structures.shape[row] = section.shape;
        structures.kind[row] = section.kind;
        structures.generation[row] = 1;
        structures.set_health(row, rules.structure_kind(section.kind).health);
    }
}

/// Takes what the section's kind takes of a blow; the health that is gone. What has fallen, or is not there, takes nothing.
pub(crate) fn strike_structure(
    state: &mut State,
    environment: &Environment,
    blow: &Blow,
    events: &mut EventBuffer,
    tally: &mut Tally,
) -> u32 {
    let Some(kind) = state.structures.kind.get(blow.section as usize) else { return 0 };
    let damage = environment.rules.structure_kind(*kind).taken(blow.damage, blow.damage_kind);
    let blow = Blow { damage, ..*blow };
    hurt(&mut state.structures, &blow, events, tally)
}

/// Takes health from a section, as much as the blow says and there is.
fn hurt(structures: &mut Structures, blow: &Blow, events: &mut EventBuffer, tally: &mut Tally) -> u32 {
    let Blow { section, damage, attacker, arm, .. } = *blow;
    let row = section as usize;
    let amount = structures.health.get(row).copied().unwrap_or(0).min(damage);
    if amount == 0 {
        return 0;
    }
    structures.set_health(row, structures.health[row] - amount);
    events.push(Event::StructureDamaged { section, attacker, amount, arm });
    if structures.health[row] == 0 {
        events.push(Event::StructureFell { section, attacker });
        tally.sections_changed += 1;
    }
    amount
}

/// The command: takes health, and lets the section fall at once. False when there was nothing to take.
pub(crate) fn strike_by_command(
    state: &mut State,
    environment: &mut Environment,
    (section, damage): (u32, u32),
    events: &mut EventBuffer,
    tally: &mut Tally,
) -> bool {
    let blow = Blow { section, damage, damage_kind: 0, attacker: CharacterId::NONE, arm: Arm::NONE };
    let struck = hurt(&mut state.structures, &blow, events, tally) > 0;
    if struck {
        let stands = state.structures.health[section as usize] > 0;
        environment.obstacles.set_section(section, stands);
        if !stands {
            props::life::leave_debris(state, environment, section, events, tally);
        }
    }
    struck
}

/// The command: gives health, and lets the section stand again at once where it had fallen. False when it is not there or
/// has all its health.
pub(crate) fn build(
    state: &mut State,
    environment: &mut Environment,
    (section, health): (u32, u32),
    events: &mut EventBuffer,
    tally: &mut Tally,
) -> bool {
    let row = section as usize;
    let Some(before) = state.structures.health.get(row).copied() else { return false };
    let most = environment.rules.structure_kind(state.structures.kind[row]).health;
    let after = before.saturating_add(health).min(most);
    if after <= before {
        return false;
    }
    state.structures.set_health(row, after);
    if before == 0 {
        environment.obstacles.set_section(section, true);
        tally.sections_changed += 1;
        events.push(Event::StructureBuilt { section });
        make_room(&mut state.characters, state.character_ids.end(), state.tick, environment);
    }
    true
}

/// Lets fall what weapons brought down in the tick: each leaves its debris.
pub(crate) fn fall(
    state: &mut State,
    environment: &mut Environment,
    events: &mut EventBuffer,
    tally: &mut Tally,
) {
    for section in 0..state.structures.health.len() as u32 {
        if state.structures.health[section as usize] == 0 && environment.obstacles.section_stands(section) {
            environment.obstacles.set_section(section, false);
            props::life::leave_debris(state, environment, section, events, tally);
        }
    }
}

/// Lets those sections stand that do in the table, and no others. Allocates nothing.
pub(crate) fn follow(structures: &Structures, obstacles: &mut Obstacles) {
    for (section, health) in (0_u32..).zip(&structures.health) {
        obstacles.set_section(section, *health > 0);
    }
}

/// Pushes everybody alive out of what was built where they are, or what they have grown into. Movement would do it for those that it steps; bodies that
/// rest unwatched are not stepped.
pub(crate) fn make_room(characters: &mut Characters, end: usize, tick: Tick, environment: &Environment) {
    for row in 0..end {
        if characters.flags[row] & flags::ALIVE == 0 {
            continue;
        }
        let at = position_of(characters, row);
        let crouched = characters.flags[row] & flags::CROUCHED != 0;
        let body = environment.movement.class(characters.class[row]).body(crouched);
        let freed = environment.obstacles.depenetrate(body, at, tick).position;
        if freed == at {
            continue;
        }
        let edge = environment.edge(characters.class[row]);
        let inside = |metres: Metres| metres.min(edge).max(-edge);
        characters.position_x[row] = inside(freed.x).0;
        characters.position_y[row] = freed.y.0;
        characters.position_z[row] = inside(freed.z).0;
        if freed.y > at.y && characters.flags[row] & flags::GROUNDED != 0 {
            movement::lose_footing(characters, row);
        }
        movement::reground(characters, row, environment);
    }
}

/// Lets the dead who lay on what has fallen lie on what is below. The living find out when they move.
pub(crate) fn drop_the_dead(state: &mut State, environment: &Environment) {
    let (end, tick, characters) = (state.character_ids.end(), state.tick, &mut state.characters);
    for row in 0..end {
        let dead = characters.flags[row] & (flags::IN_USE | flags::ALIVE) == flags::IN_USE;
        if dead && lost_hold(characters.support[row], &environment.obstacles) {
            lie_down(characters, row, tick, environment);
        }
    }
}

/// Whether what somebody stood on may have fallen.
fn lost_hold(support: u16, obstacles: &Obstacles) -> bool {
    let Some(shape) = Support::from_code(support).and_then(Support::shape_number) else { return false };
    // The highest code stands for several shapes.
    let section = obstacles.section_of(shape as u32);
    support == u16::MAX || section.is_some_and(|section| !obstacles.section_stands(section))
}

/// Puts somebody dead onto the first thing below.
fn lie_down(characters: &mut Characters, row: usize, tick: Tick, environment: &Environment) {
    const REACH: Metres = Metres::from_m(128);
    let class = environment.movement.class(characters.class[row]);
    let body = class.body(characters.flags[row] & flags::CROUCHED != 0);
    let at = position_of(characters, row);
    let floor = environment.terrain.height_at(at.x, at.z);
    let rules = class.slide_rules(false);
    let below = environment.obstacles.ground_below(body, at, REACH, tick, &rules);
    let (height, support) = match below.filter(|ground| ground.height > floor) {
        Some(ground) => (ground.height, ground.support.code()),
        None => (floor, 0),
    };
    characters.position_y[row] = height.0;
    characters.support[row] = support;
    if support == 0 {
        characters.flags[row] |= flags::GROUNDED;
    }
}

fn position_of(characters: &Characters, row: usize) -> Position {
    Position::from_raw(characters.position_x[row], characters.position_y[row], characters.position_z[row])
}
