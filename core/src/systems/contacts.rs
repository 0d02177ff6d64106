//! Contacts: making room for each other.
//!
//! Separation moves positions only; velocities keep what the inputs ask for. It is the one part of a character's way
//! that a client cannot predict.

mod apply;
#[cfg(test)]
mod wall_tests;

use super::Environment;
use super::movement::reach_of;
use crate::numeric::lanes::run;
use crate::numeric::{Fx, Metres, Position, Tick};
use crate::rules::{MOVEMENT_CLASSES, Rules};
use crate::spatial::obstacles::Nearby;
use crate::spatial::separation::Tall;
use crate::spatial::{Body, Cylinders, Separation, SeparationRules};
use crate::state::characters::{CharacterRows, CharactersView, flags};
use crate::state::column::Split;
use alloc::vec::Vec;
use apply::Apply;

/// What the rules say of making room.
fn crowd_rules(rules: &Rules) -> SeparationRules {
    SeparationRules {
        bodies: rules.movement.map(|class| Body { radius: class.radius, weight: class.weight_kg }),
        relaxation: Fx(i32::from(rules.crowd.stiffness_per_256) << 8),
        push_cap: rules.crowd.push_max,
        passes: u32::from(rules.crowd.passes),
    }
}

/// The crowd that makes room.
#[derive(Debug)]
pub(crate) struct ContactScratch {
    /// The rows that live, ascending: the first `alive` of these.
    living: Vec<u32>,
    alive: usize,
    /// Whether those are the rows from 0 on.
    everybody: bool,
    /// As many entries of the list are their own numbers.
    complete: usize,
    pub(crate) separation: Separation,
}

impl ContactScratch {
    pub(crate) fn new(environment: &Environment, capacity: usize) -> Self {
        Self {
            separation: Separation::new(&crowd_rules(&environment.rules), capacity as u32)
                .expect("validated rules are within the bounds of separation"),
            living: (0..capacity as u32).collect(),
            alive: 0,
            everybody: true,
            complete: capacity,
        }
    }

    /// The rules are other ones from the next tick on.
    pub(crate) fn adopt(&mut self, environment: &Environment) {
        self.separation
            .set_rules(&crowd_rules(&environment.rules))
            .expect("validated rules are within the bounds of separation");
    }

    /// Sorts the living for the passes.
    pub(crate) fn sort(
        &mut self,
        characters: &CharactersView<'_>,
        end: usize,
        environment: &Environment,
        split: impl Split,
    ) {
        let (flags_of, class_of) = (&characters.flags[..end], &characters.class[..end]);
        let crouches = self.list_the_living(flags_of);
        let cylinders = Cylinders {
            live: &self.living[..self.alive],
            x: characters.position_x,
            y: characters.position_y,
            z: characters.position_z,
            kind: characters.class,
        };
        let heights = environment.rules.movement.map(|class| [class.height.0, class.crouch_height.0]);
        let height = |row: usize| {
            let crouched = flags_of[row] & flags::CROUCHED != 0;
            heights[usize::from(class_of[row]) % MOVEMENT_CLASSES][usize::from(crouched)]
        };
        let same = match class_of.first() {
            Some(first) if !crouches && class_of.iter().fold(0, |all, class| all | class ^ first) == 0 => {
                Some(heights[usize::from(*first) % MOVEMENT_CLASSES][0])
            }
            _ => None,
        };
        let tall = same.map_or(Tall::Each(height), Tall::Same);
        self.separation.sort_in_parts(environment.lanes, &cylinders, tall, split);
    }

    /// Lists the rows that live. While nobody is missing the list is the same from tick to tick. Returns whether any row
    /// is crouched.
    fn list_the_living(&mut self, flags_of: &[u16]) -> bool {
        let everybody = flags_of.iter().fold(flags::ALIVE, |all, bits| all & bits) != 0;
        let crouches = flags_of.iter().fold(0, |any, bits| any | bits) & flags::CROUCHED != 0;
        self.everybody = everybody;
        if everybody && self.complete >= flags_of.len() {
            self.alive = flags_of.len();
            return crouches;
        }
        let mut alive = 0;
        for (row, bits) in (0_u32..).zip(flags_of) {
            self.living[alive] = row;
            alive += usize::from(*bits & flags::ALIVE != 0);
        }
        self.alive = alive;
        self.complete = if everybody { alive } else { 0 };
        crouches
    }

    /// Moves the pushed ones of these rows, the first of them being row `first` of the table: never through obstacles,
    /// inside the bounds, and on the ground if they stood on it or would be below it.
    pub(crate) fn apply(&self, rows: CharacterRows<'_>, first: usize, environment: &Environment, tick: Tick) {
        let rows = rows.leveled();
        run(environment.lanes, Apply { contacts: self, rows, first, environment, tick });
    }

    /// How many of the living have a lower row than this.
    fn living_before(&self, row: usize) -> usize {
        if self.everybody {
            row
        } else {
            self.living[..self.alive].partition_point(|&live| (live as usize) < row)
        }
    }

    /// Writes where the living of the rows from `row` on are after the passes, packed, and leaves the others' places as
    /// they are. `living` live before them; returns how many live before the rows behind them.
    fn places_of(&self, row: usize, living: usize, places: &mut [i32]) -> usize {
        if self.everybody {
            for (place, live) in places.iter_mut().zip(living..) {
                *place = self.separation.place_of(live);
            }
            return living + places.len();
        }
        let mut living = living;
        while let Some(&live) = self.living[..self.alive].get(living) {
            let Some(place) = places.get_mut(live as usize - row) else { break };
            *place = self.separation.place_of(living);
            living += 1;
        }
        living
    }
}

/// Moves one row that is pushed and may touch what is nearby.
fn apply_push(
    rows: &mut CharacterRows<'_>,
    row: usize,
    ((push_x, push_z), nearby): ((i32, i32), &Nearby),
    environment: &Environment,
    tick: Tick,
) {
    let (terrain, obstacles) = (&environment.terrain, &environment.obstacles);
    let class = environment.movement.class(rows.class[row]);
    let body = class.body(rows.flags[row] & flags::CROUCHED != 0);
    let from = Position {
        x: Metres(rows.position_x[row]),
        y: Metres(rows.position_y[row]),
        z: Metres(rows.position_z[row]),
    };
    let way = [Metres(push_x), Metres::ZERO, Metres(push_z)];
    let slide = (!nearby.is_nothing())
        .then(|| obstacles.slide_nearby(body, from, way, tick, &class.slide_rules(false), nearby));
    let to = slide.map_or_else(|| from.offset(way[0], way[1], way[2]), |slide| slide.position);
    let edge = terrain.half_extent() - body.radius;
    let (x, z) = (to.x.min(edge).max(-edge), to.z.min(edge).max(-edge));
    let ground = terrain.height_at(x, z);
    let stands = rows.flags[row] & flags::GROUNDED != 0 && rows.support[row] == 0;
    let y = if stands { ground } else { to.y.max(ground) };
    let at = Position { x, y, z };
    if let Some(slide) = slide
        && at != to
        && !slide.is_open_at(at)
        && obstacles.blocked(body, at, tick)
    {
        // Bounds or ground would press it into something: it does not give way.
        return;
    }
    (rows.position_x[row], rows.position_y[row], rows.position_z[row]) = (x.0, y.0, z.0);
}

/// What a row that is pushed may touch.
fn nearby(
    rows: &CharacterRows<'_>,
    row: usize,
    (push_x, push_z): (i32, i32),
    environment: &Environment,
) -> Nearby {
    let radius = environment.rules.class(rows.class[row]).radius;
    let reach = radius + Metres(reach_of(push_x, push_z));
    let (x, z) = (Metres(rows.position_x[row]), Metres(rows.position_z[row]));
    environment.obstacles.nearby(x, z, reach)
}
