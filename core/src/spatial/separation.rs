//! Soft crowd separation: one Jacobi pass that pushes overlapping upright cylinders apart.
//!
//! Every row looks at the positions before the pass and sums the pushes of all its neighbours, so rows can be handled in
//! any order, in any chunks, on any lanes. Sums are integers and exact, and both rows of a pair get exactly opposite
//! pushes; the only roundings are one per row, at the end, toward zero.
//!
//! The push of a pair at distance d < D (the sum of the radii) along the line between them is, for each of the two,
//! about half the overlap: (D − d)/2. To need neither root nor division it is taken as offset × w(e), with
//! e = 1 − d²/D² and w the polynomial e/4 + 3e²/16 + 5e³/32 + 2e⁴/5: the series of (1/√(1−e) − 1)/2 with a heavier last
//! term. From d = D/2 outward it is within 6 % of half the overlap of touching neighbours; nearer it is softer, and a pair
//! that close grows apart by up to a factor of three a pass. Distances are in units of 1/1024 m, e has 15 bits, w has 12.
//!
//! Rows on the very same spot (to 1/1024 m) are pushed along a direction drawn from their row numbers, the lower
//! against the higher.

mod lane_pass;

use super::grid::{Grid, REDUCED_SHIFT};
use crate::numeric::fixed::{clamp_length2d, saturate};
use crate::numeric::lanes::{LaneChoice, MAX_WIDTH, run};
use crate::numeric::{Brads, Fx, Metres};
use core::fmt;
use core::ops::Range;
use lane_pass::Pass;

/// How the crowd behaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SeparationRules {
    /// Radius of everybody's cylinder, 0.1 m to 4 m.
    pub radius: Metres,
    /// Height of everybody's cylinder, above 0: rows whose heights differ by less push each other.
    pub height: Metres,
    /// Share of the overlap that one pass removes, 0 to 2.
    pub relaxation: Fx,
    /// The longest way a row is pushed in one pass, 0 or more.
    pub push_cap: Metres,
}

/// Why rules cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SeparationError {
    /// The radius is not between 0.1 m and 4 m.
    Radius(Metres),
    /// The height is not positive.
    Height(Metres),
    /// The relaxation is not between 0 and 2.
    Relaxation(Fx),
    /// The cap is negative.
    PushCap(Metres),
    /// The grid's cells are too large for 32-bit squares: four radii and three cells must not exceed 31 m.
    Cell(Metres),
}

impl fmt::Display for SeparationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SeparationError::Radius(radius) => write!(f, "radius of {radius}: must be from 0.1 m to 4 m"),
            SeparationError::Height(height) => write!(f, "height of {height}: must be above 0"),
            SeparationError::Relaxation(share) => write!(f, "relaxation of {share}: must be from 0 to 2"),
            SeparationError::PushCap(cap) => write!(f, "push cap of {cap}: must not be negative"),
            SeparationError::Cell(cell) => {
                write!(f, "grid cell of {cell}: four radii and three cells must not exceed 31 m")
            }
        }
    }
}

impl core::error::Error for SeparationError {}

/// Checked rules with their derived constants.
#[derive(Clone, Copy, Debug)]
pub struct Separation {
    /// Sum of two radii, reduced.
    reach: i32,
    /// Its square, at most 2^26.
    reach_squared: i32,
    /// Reduced height.
    height: i32,
    /// Brings a difference of squares to 16 bits, ...
    e_shift: u32,
    /// ... and this factor to Q30, e in Q15 after a shift by 15.
    e_factor: i32,
    /// Coefficients of w for e¹ to e⁴, Q12, relaxation included.
    weights: [i32; 4],
    push_cap: i32,
    /// Blocks of lanes whose pushes, over all lanes, are surely summed without overflow.
    blocks_per_flush: u32,
}

/// Coefficients of w in 1/5120 (so that all are whole): 1/4, 3/16, 5/32, 2/5.
const WEIGHTS: [i64; 4] = [1280, 960, 800, 2048];
const WEIGHT_UNIT: i64 = 5120;
const WEIGHT_BITS: u32 = 12;

impl Separation {
    /// Checks the rules, for a grid of the given cells.
    ///
    /// # Errors
    /// [`SeparationError`] names the first rule that is out of range.
    pub fn new(rules: &SeparationRules, cell: Metres) -> Result<Separation, SeparationError> {
        if rules.radius < Metres::from_mm(100) || rules.radius > Metres::from_m(4) {
            return Err(SeparationError::Radius(rules.radius));
        }
        if rules.height.0 >> REDUCED_SHIFT <= 0 {
            return Err(SeparationError::Height(rules.height));
        }
        if rules.relaxation.0 < 0 || rules.relaxation.0 > 2 * Fx::ONE.0 {
            return Err(SeparationError::Relaxation(rules.relaxation));
        }
        if rules.push_cap.0 < 0 {
            return Err(SeparationError::PushCap(rules.push_cap));
        }
        let span = 4 * i64::from(rules.radius.0) + 3 * i64::from(cell.0);
        if cell.0 <= 0 || span > i64::from(Metres::from_m(31).0) {
            return Err(SeparationError::Cell(cell));
        }
        let reach = (2 * rules.radius.0) >> REDUCED_SHIFT;
        let reach_squared = reach * reach;
        // 16 significant bits: the reach is at least 204, its square has 16 bits or more.
        let e_shift = reach_squared.ilog2() - 15;
        let e_factor = (1 << 30) / (reach_squared >> e_shift);
        let weights = WEIGHTS.map(|weight| {
            ((weight * i64::from(rules.relaxation.0)) << WEIGHT_BITS >> 16) as i32 / WEIGHT_UNIT as i32
        });
        let largest_push = reach * weights.iter().sum::<i32>().max(1);
        Ok(Separation {
            reach,
            reach_squared,
            height: rules.height.0 >> REDUCED_SHIFT,
            e_shift,
            e_factor,
            weights,
            push_cap: rules.push_cap.0,
            blocks_per_flush: (i32::MAX / largest_push) as u32 / MAX_WIDTH as u32,
        })
    }

    /// Computes the pushes of the sorted rows `range`: raw metres to add to x and z. `push_x` and `push_z` belong to the
    /// range: their first element to its first row. The rows are `grid.rows()[range]`.
    ///
    /// The grid must have the cells that [`Separation::new`] was told, or smaller ones.
    ///
    /// # Panics
    /// When the range is not inside the grid's sorted rows, or an output is shorter than the range.
    pub fn pass(
        &self,
        lanes: LaneChoice,
        grid: &Grid,
        range: Range<usize>,
        push_x: &mut [i32],
        push_z: &mut [i32],
    ) {
        assert!(range.end <= grid.len(), "sorted rows outside the grid");
        let (push_x, push_z) = (&mut push_x[..range.len()], &mut push_z[..range.len()]);
        run(lanes, Pass { separation: self, grid, range, push_x, push_z });
    }

    /// Adds the pushes of the neighbours that stand on the same spot.
    #[cold]
    fn add_same_spot(&self, grid: &Grid, index: usize, run: Range<usize>, sums: &mut Sums) {
        let [xs, ys, zs] = grid.reduced();
        for other in run {
            let apart = ys[index].abs_diff(ys[other]);
            if other != index
                && xs[index] == xs[other]
                && zs[index] == zs[other]
                && apart < self.height as u32
            {
                let (x, z) = self.same_spot_push(grid.rows()[index], grid.rows()[other]);
                sums.x += x;
                sums.z += z;
            }
        }
    }

    /// The push of a row by another on the same spot: as if they stood a sixteenth of the reach apart.
    fn same_spot_push(&self, row: u32, other: u32) -> (i64, i64) {
        let word = row.min(other).wrapping_mul(0x9E37_79B1) ^ row.max(other).wrapping_mul(0x85EB_CA77);
        let word = (word ^ (word >> 15)).wrapping_mul(0x2C1B_3C6D);
        let direction = Brads((word >> 16) as u16);
        let direction = if row < other { direction } else { direction + Brads::HALF };
        let (x, z) = direction.forward();
        let offset = |part: Fx| i64::from(part.0) * i64::from(self.reach) / (16 << 16);
        let weight: i64 = self.weights.iter().map(|&w| i64::from(w)).sum();
        (offset(x) * weight, offset(z) * weight)
    }

    /// Sums to raw metres: rounded toward zero, then capped.
    fn finish(&self, sums: &Sums) -> (i32, i32) {
        let to_raw = |sum: i64| saturate(sum / (1 << (WEIGHT_BITS - REDUCED_SHIFT)));
        clamp_length2d(to_raw(sums.x), to_raw(sums.z), self.push_cap)
    }
}

/// What the neighbours of a row add up to: pushes in reduced units, Q12.
struct Sums {
    x: i64,
    z: i64,
    same_spot: i64,
}

#[cfg(test)]
mod tests;
