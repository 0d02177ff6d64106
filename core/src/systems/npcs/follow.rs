//! Between thoughts: the keys of this tick, as the last decision wants them.

use super::senses::square;
use super::{Minds, aim};
use crate::numeric::{Brads, Metres, Position, Ticks};
use crate::state::State;
use crate::state::characters::flags;
use crate::state::commands::{CharacterInput, buttons};
use crate::state::npcs::{mood, steer};
use crate::systems::Environment;
use crate::systems::rewind::distance_squared;

/// Nearer to where it goes than this it is there.
const THERE: Metres = Metres::from_mm(750);

/// Nearer to a stage than this it thinks about the next.
const AT_STAGE: Metres = Metres::from_mm(1_250);

/// Writes the input of the character that a row steers. `minds` has called the roll.
pub(super) fn follow(state: &mut State, minds: &Minds, row: usize, environment: &Environment) {
    let slot = state.npcs.character_slot[row] as usize;
    if minds.row_of(slot) != Some(row) {
        return;
    }
    let idle = CharacterInput { yaw: Brads(state.characters.yaw[slot]), ..CharacterInput::default() };
    let is_alive = |slot: usize| state.characters.flags[slot] & flags::ALIVE != 0;
    if !is_alive(slot) {
        state.characters.set_input(slot, idle);
        return;
    }
    let fights = matches!(state.npcs.mood[row], mood::CHASE | mood::ATTACK);
    let target =
        state.characters.row_of(state.npcs.view().target(row as u32)).filter(|target| is_alive(*target));
    let input = match target {
        Some(target) if fights => fight(state, row, (slot, target), environment),
        _ if fights => None,
        _ => Some(walk(state, row, slot)),
    };
    // A target that is gone, or a stage that is reached: it thinks in the next tick.
    let again = input.is_none()
        || (state.npcs.steer[row] & steer::STAGE != 0 && is_within(state, slot, way(state, row), AT_STAGE));
    if again {
        state.npcs.next_think_tick[row] = (state.tick + Ticks(1)).0;
    }
    state.characters.set_input(slot, input.unwrap_or(idle));
}

fn way(state: &State, row: usize) -> (i32, i32) {
    (state.npcs.way_x[row], state.npcs.way_z[row])
}

fn is_within(state: &State, slot: usize, (x, z): (i32, i32), radius: Metres) -> bool {
    let (own_x, own_z) = (state.characters.position_x[slot], state.characters.position_z[slot]);
    distance_squared(own_x, own_z, x, z) <= square(radius)
}

/// Straight ahead to a place, at the pace that was decided on; `from` is where it stands.
fn towards(state: &State, row: usize, slot: usize, (x, z): (i32, i32)) -> CharacterInput {
    let from = state.characters.view().position(slot as u32);
    let sprints = state.npcs.steer[row] & steer::SPRINT != 0;
    CharacterInput {
        buttons: if sprints { buttons::SPRINT } else { 0 },
        move_forward: 127,
        yaw: from.yaw_toward(Position { x: Metres(x), y: from.y, z: Metres(z) }),
        ..CharacterInput::default()
    }
}

/// Without anybody to fight: to where it goes, or standing.
fn walk(state: &State, row: usize, slot: usize) -> CharacterInput {
    let to = way(state, row);
    let stays = state.npcs.steer[row] & steer::HOLD != 0 || is_within(state, slot, to, THERE);
    if !stays {
        return towards(state, row, slot, to);
    }
    // Whoever stands at home looks where it looked when it came.
    let home = (state.npcs.home_x[row], state.npcs.home_z[row]);
    let is_home = is_within(state, slot, home, Metres::ONE);
    let yaw = if is_home { state.npcs.home_yaw[row] } else { state.characters.yaw[slot] };
    CharacterInput { yaw: Brads(yaw), ..CharacterInput::default() }
}

/// After its target: closer unless it is close enough, and with the buttons that fit the distance.
fn fight(
    state: &State,
    row: usize,
    (slot, target): (usize, usize),
    environment: &Environment,
) -> Option<CharacterInput> {
    let rules = environment.rules.npc_kind(state.npcs.kind[row]);
    let characters = state.characters.view();
    let (from, at) = (characters.position(slot as u32), characters.position(target as u32));
    let squared = distance_squared(from.x.0, from.z.0, at.x.0, at.z.0);
    let steer = state.npcs.steer[row];
    let sees = steer & steer::SIGHT != 0;
    let (strikes, shoots) = (
        sees && rules.melee_range > Metres::ZERO && squared <= square(rules.melee_range),
        sees && squared <= square(rules.shoot_range),
    );
    // A little closer than the range, so that a step back of the target does not end the attack.
    let close = strikes && squared <= square(Metres(rules.melee_range.0 / 8 * 7));
    let stays = close || steer & steer::HOLD != 0;
    let to = if steer & steer::AT_TARGET != 0 { (at.x.0, at.z.0) } else { way(state, row) };
    let mut input = match stays {
        true => CharacterInput::default(),
        false => towards(state, row, slot, to),
    };
    if stays || strikes || shoots {
        input.yaw = from.yaw_toward(at);
    }
    if strikes {
        input.buttons |= buttons::MELEE;
    } else if shoots {
        let height = environment.rules.class(characters.class[target]).height.0;
        let arm = environment.rules.kit_of(characters.class[slot]).arm(1);
        input.buttons |= buttons::SHOOT;
        input.pitch = environment.rules.arm(arm).map_or(0, |arm| aim::pitch(from, at, height, arm));
    }
    Some(input)
}
