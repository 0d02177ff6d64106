//! Contacts: the index of the living, and making room for each other.
//!
//! Separation moves positions only; velocities keep what the inputs ask for. It is the one part of a character's way
//! that a client cannot predict.

use super::Environment;
use crate::numeric::{Fx, Metres};
use crate::spatial::{Grid, GridConfig, Separation, SeparationRules};
use crate::state::characters::{Characters, CharactersView, flags};
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

/// Where everybody is: a grid of the living, and a list of the dead.
#[derive(Debug)]
pub struct CrowdIndex {
    grid: Grid,
    living: Vec<u32>,
    dead: Vec<u32>,
}

impl CrowdIndex {
    pub(crate) fn new(half_extent: Metres, capacity: usize) -> Self {
        let config =
            GridConfig { row_capacity: capacity as u32, half_extent, cell: cell_side(half_extent, capacity) };
        Self {
            grid: Grid::new(&config).expect("a validated configuration gives a grid within its bounds"),
            living: Vec::with_capacity(capacity),
            dead: Vec::with_capacity(capacity),
        }
    }

    /// Sorts everybody in anew. Allocates nothing.
    pub(crate) fn rebuild(&mut self, characters: &CharactersView<'_>, end: usize) {
        self.living.clear();
        self.dead.clear();
        for (row, bits) in (0_u32..).zip(&characters.flags[..end]) {
            if bits & flags::ALIVE != 0 {
                self.living.push(row);
            } else if bits & flags::IN_USE != 0 {
                self.dead.push(row);
            }
        }
        self.refresh(characters);
    }

    /// Sorts the living in anew, after they have moved.
    pub(crate) fn refresh(&mut self, characters: &CharactersView<'_>) {
        let (x, y, z) = (characters.position_x, characters.position_y, characters.position_z);
        self.grid.rebuild(&self.living, x, y, z);
    }

    /// The grid of the living, as of the last rebuild.
    #[must_use]
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The rows of the dead, ascending, as of the last rebuild.
    #[must_use]
    pub fn dead(&self) -> &[u32] {
        &self.dead
    }
}

/// The smallest cell from 1 m up that leaves at most eight cells for each slot: a rebuild clears every cell, so a
/// small world on a large field must not pay for the field.
fn cell_side(half_extent: Metres, capacity: usize) -> Metres {
    let cells = |side: i32| {
        let along = (2 * i64::from(half_extent.0)).div_euclid(i64::from(side)) + 1;
        along * along
    };
    let most = (8 * capacity.max(1_024)) as i64;
    let mut side = Metres::ONE.0;
    while side < Metres::from_m(8).0 && cells(side) > most {
        side *= 2;
    }
    Metres(side)
}

/// The index, and the pushes of one pass in the order of the grid.
#[derive(Debug)]
pub(crate) struct ContactScratch {
    pub(crate) index: CrowdIndex,
    separation: Separation,
    push_x: Box<[i32]>,
    push_z: Box<[i32]>,
}

impl ContactScratch {
    pub(crate) fn new(environment: &Environment, capacity: usize) -> Self {
        let rules = &environment.rules;
        let index = CrowdIndex::new(environment.terrain.half_extent(), capacity);
        let crowd = SeparationRules {
            radius: rules.movement[0].radius.min(Metres::ONE),
            height: rules.movement[0].height.min(Metres::from_m(4)),
            relaxation: Fx(i32::from(rules.crowd.stiffness_per_256) << 8),
            push_cap: rules.crowd.push_max,
        };
        Self {
            separation: Separation::new(&crowd, index.grid.cell())
                .expect("validated rules are within the bounds of separation"),
            index,
            push_x: vec![0; capacity].into_boxed_slice(),
            push_z: vec![0; capacity].into_boxed_slice(),
        }
    }

    /// The tools of one pass: who computes pushes from what, and the places of the pushes, to be split in parallel.
    pub(crate) fn parts(&mut self) -> (&Separation, &Grid, (&mut [i32], &mut [i32])) {
        let live = self.index.living.len();
        (&self.separation, &self.index.grid, (&mut self.push_x[..live], &mut self.push_z[..live]))
    }

    /// Moves the pushed rows: inside the bounds, and on the ground if they stood on it or would be below it.
    pub(crate) fn apply(&self, characters: &mut Characters, environment: &Environment) {
        let terrain = &environment.terrain;
        for (&row, (&push_x, &push_z)) in
            self.index.grid.rows().iter().zip(self.push_x.iter().zip(&self.push_z))
        {
            if push_x == 0 && push_z == 0 {
                continue;
            }
            let row = row as usize;
            let edge = environment.edge(characters.class[row]).0;
            let x = characters.position_x[row].saturating_add(push_x).clamp(-edge, edge);
            let z = characters.position_z[row].saturating_add(push_z).clamp(-edge, edge);
            characters.position_x[row] = x;
            characters.position_z[row] = z;
            let ground = terrain.height_at(Metres(x), Metres(z)).0;
            let grounded = characters.flags[row] & flags::GROUNDED != 0;
            if grounded || characters.position_y[row] < ground {
                characters.position_y[row] = ground;
            }
        }
    }
}
