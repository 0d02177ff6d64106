//! What commands and other systems do to a body from outside: impulses, another class.

use super::steer::limit_speed;
use crate::numeric::{Metres, Velocity};
use crate::state::characters::{Characters, action, flags, motion};
use crate::systems::Environment;

/// Adds a velocity to a living row's own and throws it ([`motion::KNOCKED`]); false when the row is dead.
///
/// Upwards it leaves the ground; otherwise somebody on the ground slides along it.
pub(crate) fn impulse(characters: &mut Characters, row: usize, velocity: Velocity) -> bool {
    if characters.flags[row] & flags::ALIVE == 0 {
        return false;
    }
    let own = characters.view().move_state(row as u32).velocity;
    let sum = limit_speed(Velocity {
        x: own.x.saturating_add(velocity.x),
        y: own.y.saturating_add(velocity.y),
        z: own.z.saturating_add(velocity.z),
    });
    let grounded = characters.flags[row] & flags::GROUNDED != 0;
    let stays = grounded && sum.y.0 <= 0;
    characters.velocity_x[row] = sum.x.0;
    characters.velocity_y[row] = if stays { 0 } else { sum.y.0 };
    characters.velocity_z[row] = sum.z.0;
    characters.flags[row] &= !(flags::SPRINTING | flags::JUMP_QUEUED);
    if !stays {
        characters.flags[row] &= !flags::GROUNDED;
        characters.support[row] = 0;
    }
    if characters.motion[row] == motion::DODGE {
        characters.dodge_ticks[row] = 0;
    }
    characters.motion[row] = motion::KNOCKED;
    characters.motion_ticks[row] = 0;
    characters.timer[row] = 0;
    true
}

/// After the ground has changed under a row: lifts it when it is below, and lets it follow the ground when it stood on it and
/// is dead or can step down so far. Otherwise it falls from here on.
pub(crate) fn reground(characters: &mut Characters, row: usize, environment: &Environment) {
    let (x, z) = (Metres(characters.position_x[row]), Metres(characters.position_z[row]));
    let drop = characters.position_y[row] - environment.terrain.height_at(x, z).0;
    let alive = characters.flags[row] & flags::ALIVE != 0;
    let stands = characters.flags[row] & flags::GROUNDED != 0 && characters.support[row] == 0;
    let follows = !alive || drop <= environment.rules.class(characters.class[row]).step_down.0;
    if drop < 0 || (stands && follows) {
        characters.position_y[row] -= drop;
    } else if stands {
        lose_footing(characters, row);
    }
}

/// Lets somebody who stood fall from here on.
pub(crate) fn lose_footing(characters: &mut Characters, row: usize) {
    characters.flags[row] &= !(flags::GROUNDED | flags::SPRINTING | flags::JUMP_QUEUED);
    characters.support[row] = 0;
    if characters.motion[row] == motion::DODGE {
        characters.dodge_ticks[row] = 0;
    }
    if characters.motion[row] != motion::KNOCKED {
        characters.motion[row] = motion::FALL;
        characters.motion_ticks[row] = 0;
    }
    characters.timer[row] = 0;
}

/// Gives a row another class, inside the bounds of the new radius and on the ground there if it stood on it. What the
/// body was doing ends; the next step pushes a larger body out of walls.
pub(crate) fn change_class(characters: &mut Characters, row: usize, class: u8, environment: &Environment) {
    let edge = environment.edge(class).0;
    let x = characters.position_x[row].clamp(-edge, edge);
    let z = characters.position_z[row].clamp(-edge, edge);
    let ground = environment.terrain.height_at(Metres(x), Metres(z)).0;
    let y = characters.position_y[row];
    let moved = (x, z) != (characters.position_x[row], characters.position_z[row]);
    let alive = characters.flags[row] & flags::ALIVE != 0;
    let grounded = characters.flags[row] & flags::GROUNDED != 0;
    let carried = grounded && characters.support[row] != 0 && !moved;
    characters.class[row] = class;
    // What was being prepared is of the other kit.
    if action::cast_button(characters.action[row]).is_some() {
        characters.action[row] = action::INTERRUPTED;
    }
    characters.position_x[row] = x;
    characters.position_y[row] = if (grounded && !carried) || y < ground { ground } else { y };
    characters.position_z[row] = z;
    characters.support[row] = if carried { characters.support[row] } else { 0 };
    if alive {
        let fall = -environment.rules.class(class).fall_speed_max.0;
        characters.velocity_y[row] = characters.velocity_y[row].max(fall);
    }
    characters.flags[row] &= !(flags::CROUCHED | flags::JUMP_QUEUED | flags::SPRINTING);
    characters.motion[row] = if grounded { motion::GROUND } else { motion::FALL };
    characters.motion_ticks[row] = 0;
    characters.dodge_ticks[row] = 0;
    characters.timer[row] = 0;
}
