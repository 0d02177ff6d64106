//! Ground that gives way: deformations one after the other, and who stands on them.
//!
//! A command looks at every row: it comes before anybody has moved. The craters of a tick's bursts (stage "ground") come
//! when everybody is in the index by the place that he has, and ask that; of many dead, cells of their own. Only heights change here, each row's by its own
//! place: whoever is looked at first, the result is the same.
//!
//! Props on it wake; those too are found by their cells in the stage "ground".
//!
//! What is not here: the vertices ([`crate::spatial::terrain`]), which bursts dig (`blast.rs`).

use super::crowd_index::CrowdIndex;
use super::props::{self, PropCells};
use super::{Environment, movement};
use crate::numeric::{Brads, Metres};
use crate::spatial::Deformation;
use crate::spatial::query_grid::{QueryGrid, Who, YawBox};
use crate::state::State;
use crate::state::characters::{Characters, flags};
use crate::state::events::{Event, EventBuffer};
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

/// Cells are 8 m wide: a crater of the shipped rules reaches into some nine.
const CELL_SHIFT: u32 = 19;
/// Cells along each side; beyond they begin anew, and rows of several places share one.
const SIDE: i64 = 64;
const CELLS: usize = (SIDE * SIDE) as usize;
/// Lanes look at so many of the dead while a cell is cleared, or one of the dead sorted into one.
const LOOKS_PER_SORTED: usize = 16;

/// The dead by cell, for the craters of one tick: in the index they are aside, and every question looks at all of them.
#[derive(Clone, Debug)]
pub(crate) struct DeadByCell {
    /// Where the rows of each cell begin, and one more for the end.
    starts: Box<[u32]>,
    rows: Box<[u32]>,
}

impl DeadByCell {
    pub(crate) fn new(characters: usize) -> Self {
        Self { starts: vec![0; CELLS + 1].into(), rows: vec![0; characters].into() }
    }

    /// Whether it pays to sort so many for so many craters.
    fn pays(craters: usize, dead: usize) -> bool {
        craters * dead > LOOKS_PER_SORTED * (CELLS + dead)
    }

    /// Counting sort of those that a grid has aside.
    fn fill(&mut self, grid: &QueryGrid) {
        let (dead, alive) = (grid.aside(), grid.len());
        let cell_of = |index: usize| {
            let (x, z) = grid.coordinates(alive + index);
            cell(i64::from(x) >> CELL_SHIFT, i64::from(z) >> CELL_SHIFT)
        };
        self.starts.fill(0);
        for index in 0..dead.len() {
            self.starts[cell_of(index)] += 1;
        }
        let mut sum = 0;
        for start in &mut self.starts {
            sum += *start;
            *start = sum;
        }
        for (index, row) in dead.iter().enumerate().rev() {
            let start = &mut self.starts[cell_of(index)];
            *start -= 1;
            self.rows[*start as usize] = *row;
        }
    }

    /// The rows in the cells that a square touches, and others that share these cells.
    fn around(&self, x: Metres, z: Metres, reach: Metres) -> impl Iterator<Item = usize> {
        let span = |middle: Metres| {
            let (low, high) =
                (i64::from(middle.0) - i64::from(reach.0), i64::from(middle.0) + i64::from(reach.0));
            let (first, last) = (low >> CELL_SHIFT, high >> CELL_SHIFT);
            first..=last.min(first + SIDE - 1)
        };
        let columns = span(x);
        span(z).flat_map(move |row| columns.clone().map(move |column| cell(column, row))).flat_map(|cell| {
            let (start, end) = (self.starts[cell] as usize, self.starts[cell + 1] as usize);
            self.rows[start..end].iter().map(|row| *row as usize)
        })
    }
}

fn cell(column: i64, row: i64) -> usize {
    (row.rem_euclid(SIDE) * SIDE + column.rem_euclid(SIDE)) as usize
}

/// Deforms the ground and adds it to the tick's list; false when it was refused.
fn dig(
    state: &mut State,
    deformation: &Deformation,
    environment: &mut Environment,
    deformations: &mut Vec<Deformation>,
    events: &mut EventBuffer,
) -> bool {
    let tell = |chunk| events.push(Event::TerrainChanged { chunk });
    let done = environment.terrain.deform(&mut state.terrain, deformation, tell);
    if done {
        deformations.push(*deformation);
    }
    done
}

/// How far from its middle a deformation moves the ground: a vertex moves the cells around it.
fn reach_of(deformation: &Deformation, environment: &Environment) -> Metres {
    deformation.radius + environment.terrain.spacing()
}

/// Takes a row along, if it stands where the ground has changed.
fn take_along(characters: &mut Characters, row: usize, deformation: &Deformation, environment: &Environment) {
    let reach = reach_of(deformation, environment).0.unsigned_abs();
    let near = |at: i32, middle: Metres| at.abs_diff(middle.0) <= reach;
    let in_use = characters.flags[row] & flags::IN_USE != 0;
    let (x, z) = (characters.position_x[row], characters.position_z[row]);
    if in_use && near(x, deformation.x) && near(z, deformation.z) {
        movement::reground(characters, row, environment);
    }
}

/// Deforms the ground, takes those on it along, and adds it to the tick's list. False when it was refused.
pub(crate) fn deform(
    state: &mut State,
    deformation: &Deformation,
    environment: &mut Environment,
    deformations: &mut Vec<Deformation>,
    events: &mut EventBuffer,
) -> bool {
    let done = dig(state, deformation, environment, deformations, events);
    if done {
        for row in 0..state.character_ids.end() {
            take_along(&mut state.characters, row, deformation, environment);
        }
        let around = (deformation.x, deformation.z, reach_of(deformation, environment));
        props::reground(&mut state.props, 0..state.prop_ids.end(), around, environment);
    }
    done
}

/// By what those are found who stand on ground that gives way.
pub(crate) struct FoundBy<'a> {
    /// Has everybody who is in use, living or dead.
    pub(crate) index: &'a CrowdIndex,
    pub(crate) dead: &'a mut DeadByCell,
    pub(crate) props: &'a PropCells,
}

/// [`deform`] for each, in order.
pub(crate) fn deform_all(
    state: &mut State,
    craters: &[Deformation],
    environment: &mut Environment,
    found_by: &mut FoundBy<'_>,
    deformations: &mut Vec<Deformation>,
    events: &mut EventBuffer,
) {
    let grid = found_by.index.grid();
    let sorted = DeadByCell::pays(craters.len(), grid.aside().len());
    if sorted {
        found_by.dead.fill(grid);
    }
    for crater in craters {
        if dig(state, crater, environment, deformations, events) {
            take_all_along(state, crater, environment, (found_by, sorted));
        }
    }
}

/// Takes all along that stand where the ground has changed. `sorted` says that the dead are.
fn take_all_along(
    state: &mut State,
    crater: &Deformation,
    environment: &Environment,
    (found_by, sorted): (&FoundBy<'_>, bool),
) {
    let FoundBy { index, dead, props } = found_by;
    let (x, z, reach) = (crater.x, crater.z, reach_of(crater, environment));
    // The square in which ground may have changed.
    let around = YawBox { x, z, yaw: Brads(0), half_width: reach, half_depth: reach };
    let who = if sorted { Who::Present } else { Who::Everyone };
    index.grid().for_each(who, &around, |row| {
        take_along(&mut state.characters, row as usize, crater, environment);
    });
    if sorted {
        for row in dead.around(x, z, reach) {
            take_along(&mut state.characters, row, crater, environment);
        }
    }
    let near = props.within([x.0; 2], [z.0; 2], reach);
    props::reground(&mut state.props, near, (x, z, reach), environment);
}

#[cfg(test)]
mod tests;
