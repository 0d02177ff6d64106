//! How high the heads are where an arrow flies: a table over cells of two metres, one look of which spares most arrows the
//! search for bodies.
//!
//! The cells lie on a torus, whose side follows the number of those who can be met; far places share a cell, and an arrow
//! that is below the highest of them looks for bodies like any other. There is a table for the even teams, one for the odd
//! ones, and one for both: where only two teams fight, an arrow that spares its own looks at the others' heads alone.

use super::super::combat::Sides;
use crate::numeric::lanes::{LaneMask, Lanes};
use crate::spatial::near_grid::{NearGrid, group_of};
use crate::state::column::Split;
use alloc::boxed::Box;
use alloc::vec;

/// A cell's side is `1 << CELL_SHIFT` raw units: two metres.
const CELL_SHIFT: u32 = 17;

/// Fewest and most cells along a side of the torus, as powers of two.
const SIDE_BITS: (u32, u32) = (4, 8);

/// No head: below everything.
const NOBODY: i32 = i32::MIN;

/// The table for both kinds of teams; 0 and 1 are those for the even and the odd ones.
const BOTH: usize = 2;

/// The tables.
#[derive(Debug)]
pub(crate) struct Heads {
    side_bits: u32,
    /// Whether there are others than teams 0 and 1.
    many_teams: bool,
    /// One behind the other.
    tables: Box<[i32]>,
}

fn side_bits(rows: usize) -> u32 {
    let rows_bits = rows.max(1).next_power_of_two().trailing_zeros();
    rows_bits.div_ceil(2).clamp(SIDE_BITS.0, SIDE_BITS.1)
}

impl Heads {
    pub(super) fn new(capacity: usize) -> Self {
        let tables = vec![NOBODY; 3 << (2 * side_bits(capacity))].into_boxed_slice();
        Self { side_bits: SIDE_BITS.0, many_teams: false, tables }
    }

    /// Takes all who are in a grid; `y` and `height` are theirs, in its order.
    pub(super) fn rebuild(&mut self, grid: &NearGrid, [y, height]: [&[i32]; 2], split: impl Split) {
        let bits = side_bits(grid.len());
        (self.side_bits, self.many_teams) = (bits, false);
        let cells = 1 << (2 * bits);
        let (even, rest) = self.tables.split_at_mut(cells);
        let (odd, rest) = rest.split_at_mut(cells);
        let both = &mut rest[..cells];
        let columns = grid.columns().map(|column| &column[..grid.len()]);
        let mut others = [false; 2];
        if split.is_parallel() {
            let (low_even, high_even) = even.split_at_mut(cells / 2);
            let (low_odd, high_odd) = odd.split_at_mut(cells / 2);
            let [low, high] = &mut others;
            split.both(
                || *low = raise(columns, [y, height], (bits, 0), [low_even, low_odd]),
                || *high = raise(columns, [y, height], (bits, cells / 2), [high_even, high_odd]),
            );
        } else {
            others[0] = raise(columns, [y, height], (bits, 0), [even, odd]);
        }
        self.many_teams = others[0] | others[1];
        split.each((both, (&*even, &*odd)), &|_, (both, (even, odd)): (&mut [i32], (&[i32], &[i32]))| {
            for (both, (even, odd)) in both.iter_mut().zip(even.iter().zip(odd)) {
                *both = (*even).max(*odd);
            }
        });
    }

    /// In which table arrows of a team are to look, of a weapon that means `sides`.
    #[inline(always)]
    pub(super) fn tables_of<L: Lanes>(&self, team: L, spares: L, means_own: L) -> L {
        let both = L::splat(BOTH as i32);
        if self.many_teams {
            return both;
        }
        let zero = L::splat(0);
        let other = L::splat(1).sub(team);
        let table = L::select(spares.greater(zero), other, both);
        let table = L::select(means_own.greater(zero), team, table);
        L::select(team.greater(L::splat(1)), both, table)
    }

    /// Which of some boxes, low and high along x and z, may have a head in them that is not below `lowest`.
    #[inline(always)]
    pub(super) fn reach<L: Lanes>(&self, table: L, [x, z]: [[L; 2]; 2], lowest: L) -> L::Mask {
        let bits = self.side_bits;
        let mask = L::splat((1 << bits) - 1);
        let (column, last_column) = (x[0].shift_right::<CELL_SHIFT>(), x[1].shift_right::<CELL_SHIFT>());
        let (line, last_line) = (z[0].shift_right::<CELL_SHIFT>(), z[1].shift_right::<CELL_SHIFT>());
        let one = L::splat(1);
        let wide = last_column.sub(column).greater(one).or(last_line.sub(line).greater(one));
        let (column, last_column) = (column.and(mask), last_column.and(mask));
        let (line, last_line) = (line.and(mask).shift_left_by(bits), last_line.and(mask).shift_left_by(bits));
        let table = table.shift_left_by(2 * bits);
        let (line, last_line) = (line.or(table), last_line.or(table));
        let here = L::gather(&self.tables, line.or(column));
        let here = here.max(L::gather(&self.tables, line.or(last_column)));
        let here = here.max(L::gather(&self.tables, last_line.or(column)));
        let here = here.max(L::gather(&self.tables, last_line.or(last_column)));
        wide.or(lowest.greater(here).not())
    }
}

/// Fills the tables of even and odd teams, or the part of them that begins with a cell, and says whether there are other teams
/// than 0 and 1.
fn raise(
    [x, z, tags]: [&[i32]; 3],
    [y, height]: [&[i32]; 2],
    (bits, first): (u32, usize),
    [even, odd]: [&mut [i32]; 2],
) -> bool {
    even.fill(NOBODY);
    odd.fill(NOBODY);
    let mask = (1 << bits) - 1;
    let mut groups = 0;
    for ((((x, z), tag), y), height) in x.iter().zip(z).zip(tags).zip(y).zip(height) {
        let cell = ((z >> CELL_SHIFT & mask) << bits | x >> CELL_SHIFT & mask) as usize;
        let group = group_of(*tag);
        groups |= group;
        let table = if group & 1 == 0 { &mut *even } else { &mut *odd };
        // Cells of the other part are not in the tables.
        if let Some(highest) = table.get_mut(cell.wrapping_sub(first)) {
            *highest = (*highest).max(y.saturating_add(*height));
        }
    }
    groups > 1
}

/// Whom a weapon means, as [`Heads::tables_of`] takes it: whether it spares the own team, and whether it means only that.
pub(super) fn spares(sides: &Sides) -> [i32; 2] {
    let (team, only) = sides.team_filter();
    let named = team < 256;
    [i32::from(named && !only), i32::from(named && only)]
}
