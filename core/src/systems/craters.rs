//! Ground that gives way: deformations one after the other, and who stands on them.
//!
//! A command looks at every row. The craters of a tick's bursts (stage "ground") may be hundreds: then rows are put into
//! cells once, and each crater looks at the rows around it. Only heights change here, each row's by its own place: whoever
//! is looked at first, the result is the same.
//!
//! Props on it wake; with many craters they are found by their cells.
//!
//! What is not here: the vertices ([`crate::spatial::terrain`]), which bursts dig (`blast.rs`).

use super::props::{self, PropCells};
use super::{Environment, movement};
use crate::numeric::Metres;
use crate::spatial::Deformation;
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
/// From so many craters on sorting costs less than looking at everybody for each.
const WORTH_SORTING: usize = 3;

/// Rows by cell, for the craters of one tick.
#[derive(Clone, Debug)]
pub(crate) struct RowsByCell {
    /// Where the rows of each cell begin, and one more for the end.
    starts: Box<[u32]>,
    rows: Box<[u32]>,
}

impl RowsByCell {
    pub(crate) fn new(characters: usize) -> Self {
        Self { starts: vec![0; CELLS + 1].into(), rows: vec![0; characters].into() }
    }

    /// Counting sort of the rows in use.
    fn fill(&mut self, characters: &Characters, end: usize) {
        let used = |row: &usize| characters.flags[*row] & flags::IN_USE != 0;
        let cell_of = |row: usize| {
            cell(
                i64::from(characters.position_x[row]) >> CELL_SHIFT,
                i64::from(characters.position_z[row]) >> CELL_SHIFT,
            )
        };
        self.starts.fill(0);
        for row in (0..end).filter(used) {
            self.starts[cell_of(row)] += 1;
        }
        let mut sum = 0;
        for start in &mut self.starts {
            sum += *start;
            *start = sum;
        }
        for row in (0..end).rev().filter(used) {
            let start = &mut self.starts[cell_of(row)];
            *start -= 1;
            self.rows[*start as usize] = row as u32;
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

/// Takes those of the rows along that stand where the ground has changed.
fn take_along(
    characters: &mut Characters,
    rows: impl Iterator<Item = usize>,
    deformation: &Deformation,
    environment: &Environment,
) {
    let reach = reach_of(deformation, environment).0.unsigned_abs();
    let near = |at: i32, middle: Metres| at.abs_diff(middle.0) <= reach;
    for row in rows {
        let in_use = characters.flags[row] & flags::IN_USE != 0;
        let (x, z) = (characters.position_x[row], characters.position_z[row]);
        if in_use && near(x, deformation.x) && near(z, deformation.z) {
            movement::reground(characters, row, environment);
        }
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
        let end = state.character_ids.end();
        take_along(&mut state.characters, 0..end, deformation, environment);
        let around = (deformation.x, deformation.z, reach_of(deformation, environment));
        props::reground(&mut state.props, 0..state.prop_ids.end(), around, environment);
    }
    done
}

/// [`deform`] for each, in order.
pub(crate) fn deform_all(
    state: &mut State,
    craters: &[Deformation],
    environment: &mut Environment,
    (cells, props): (&mut RowsByCell, &PropCells),
    deformations: &mut Vec<Deformation>,
    events: &mut EventBuffer,
) {
    let sorted = craters.len() >= WORTH_SORTING;
    if sorted {
        cells.fill(&state.characters, state.character_ids.end());
    }
    for crater in craters {
        if !sorted {
            deform(state, crater, environment, deformations, events);
        } else if dig(state, crater, environment, deformations, events) {
            let rows = cells.around(crater.x, crater.z, reach_of(crater, environment));
            take_along(&mut state.characters, rows, crater, environment);
            let (x, z, reach) = (crater.x, crater.z, reach_of(crater, environment));
            let near = props.within([x.0; 2], [z.0; 2], reach);
            props::reground(&mut state.props, near, (x, z, reach), environment);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::StateCapacity;
    use proptest::prelude::*;

    proptest! {
        /// Everybody in use within the square is among those around, once.
        #[test]
        fn nobody_near_is_left_out(
            places in proptest::collection::vec((any::<i32>(), -(64 << 16)..64 << 16, any::<bool>()), 1..200),
            (x, z) in (any::<i32>(), -(64 << 16)..64 << 16),
            reach in 0..80 << 16,
        ) {
            let characters = places.len() as u32;
            let mut state = State::new(&StateCapacity { characters, ..StateCapacity::default() });
            for (row, (x, z, used)) in places.iter().enumerate() {
                state.characters.position_x[row] = x >> 8;
                state.characters.position_z[row] = *z;
                state.characters.flags[row] = if *used { flags::IN_USE } else { 0 };
            }
            let mut cells = RowsByCell::new(places.len());
            cells.fill(&state.characters, places.len());
            let (x, z, reach) = (Metres(x >> 8), Metres(z), Metres(reach));
            let mut found: Vec<usize> = cells.around(x, z, reach).collect();
            found.sort_unstable();
            let all = found.len();
            found.dedup();
            prop_assert_eq!(found.len(), all);
            for (row, place) in places.iter().enumerate() {
                let near = (i64::from(place.0 >> 8) - i64::from(x.0)).abs() <= i64::from(reach.0)
                    && (place.1 - z.0).abs() <= reach.0;
                prop_assert!(!near || !place.2 || found.contains(&row), "row {}", row);
                prop_assert!(place.2 || !found.contains(&row));
            }
        }
    }
}
