//! Contacts: making room for each other.
//!
//! Separation moves positions only; velocities keep what the inputs ask for. It is the one part of a character's way
//! that a client cannot predict.

#[cfg(test)]
mod wall_tests;

use super::Environment;
use crate::numeric::{Fx, Metres, Position, Tick};
use crate::rules::MOVEMENT_CLASSES;
use crate::spatial::{Body, Cylinders, Separation, SeparationRules};
use crate::state::characters::{Characters, CharactersView, flags};
use alloc::vec::Vec;

/// The crowd that makes room.
#[derive(Debug)]
pub(crate) struct ContactScratch {
    living: Vec<u32>,
    pub(crate) separation: Separation,
}

impl ContactScratch {
    pub(crate) fn new(environment: &Environment, capacity: usize) -> Self {
        let (rules, half_extent) = (&environment.rules, environment.terrain.half_extent());
        let crowd = SeparationRules {
            bodies: rules.movement.map(|class| Body { radius: class.radius, weight: class.weight_kg }),
            relaxation: Fx(i32::from(rules.crowd.stiffness_per_256) << 8),
            push_cap: rules.crowd.push_max,
            passes: u32::from(rules.crowd.passes),
        };
        Self {
            separation: Separation::new(&crowd, capacity as u32, half_extent)
                .expect("validated rules are within the bounds of separation"),
            living: Vec::with_capacity(capacity),
        }
    }

    /// Sorts the living for the passes.
    pub(crate) fn sort(&mut self, characters: &CharactersView<'_>, end: usize, environment: &Environment) {
        self.living.clear();
        let rows = (0_u32..).zip(&characters.flags[..end]);
        self.living.extend(rows.filter(|(_, bits)| *bits & flags::ALIVE != 0).map(|(row, _)| row));
        let cylinders = Cylinders {
            live: &self.living,
            x: characters.position_x,
            y: characters.position_y,
            z: characters.position_z,
            kind: characters.class,
        };
        let classes = &environment.rules.movement;
        let heights = classes.map(|class| [class.height.0, class.crouch_height.0]);
        let height = |row: usize| {
            let crouched = characters.flags[row] & flags::CROUCHED != 0;
            heights[usize::from(characters.class[row]) % MOVEMENT_CLASSES][usize::from(crouched)]
        };
        self.separation.sort(environment.lanes, &cylinders, height);
    }

    /// Moves the pushed rows: never through obstacles, inside the bounds, and on the ground if they stood on it or would
    /// be below it.
    pub(crate) fn apply(&self, characters: &mut Characters, environment: &Environment, tick: Tick) {
        for (&row, push) in self.separation.rows().iter().zip(self.separation.pushes()) {
            if push != (0, 0) {
                apply_push(characters, row as usize, push, environment, tick);
            }
        }
    }
}

/// Moves one pushed row.
fn apply_push(
    characters: &mut Characters,
    row: usize,
    (push_x, push_z): (i32, i32),
    environment: &Environment,
    tick: Tick,
) {
    let (terrain, class) = (&environment.terrain, environment.movement.class(characters.class[row]));
    let body = class.body(characters.flags[row] & flags::CROUCHED != 0);
    let at = |column: &[i32]| Metres(column[row]);
    let from = Position {
        x: at(&characters.position_x),
        y: at(&characters.position_y),
        z: at(&characters.position_z),
    };
    let reach = body.radius + Metres(push_x.abs().max(push_z.abs())) + SKIN_AND_MORE;
    let among_obstacles = environment.obstacles.near(from.x, from.z, reach);
    let to = if among_obstacles {
        let way = [Metres(push_x), Metres::ZERO, Metres(push_z)];
        environment.obstacles.slide(body, from, way, tick, &class.slide_rules(false)).position
    } else {
        from.offset(Metres(push_x), Metres::ZERO, Metres(push_z))
    };
    let edge = terrain.half_extent() - body.radius;
    let (x, z) = (to.x.min(edge).max(-edge), to.z.min(edge).max(-edge));
    let ground = terrain.height_at(x, z);
    let stands = characters.flags[row] & flags::GROUNDED != 0 && characters.support[row] == 0;
    let y = if stands { ground } else { to.y.max(ground) };
    let at = Position { x, y, z };
    if among_obstacles && at != to && environment.obstacles.blocked(body, at, tick) {
        // Bounds or ground would press it into something: it does not give way.
        return;
    }
    (characters.position_x[row], characters.position_y[row], characters.position_z[row]) = (x.0, y.0, z.0);
}

/// Around a body, where obstacles are looked for before it is moved.
const SKIN_AND_MORE: Metres = Metres::from_mm(100);
