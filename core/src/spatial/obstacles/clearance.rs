//! How far it is to the nearest thing, in cells of half a metre: "is anything near" in one load.
//!
//! Every cell holds in four bits how far it can be grown to all sides before it meets anything, in eighths of a metre up to
//! [`REACH`]. Cells that nothing is near are the most, so that the question costs a compare where it is asked most.
//!
//! Not here: reaches beyond that, which the bitmap answers, and what it is that stands there.

use super::grid::{Placed, Raster, Source};
use crate::numeric::lanes::{Lanes, MAX_WIDTH};
use alloc::boxed::Box;
use alloc::vec;

/// A level is so many raw units: an eighth of a metre.
const LEVEL_SHIFT: u32 = 13;

/// The highest level: nothing within [`REACH`].
const LEVEL_MOST: u8 = 15;

/// The farthest reach that it answers for, raw: 1.875 m.
pub(super) const REACH: i64 = (LEVEL_MOST as i64) << LEVEL_SHIFT;

/// Levels over a raster, two to a byte.
#[derive(Clone, Debug, Default)]
pub(super) struct Clearance {
    raster: Raster,
    stride: usize,
    levels: Box<[u8]>,
}

impl Clearance {
    /// From a source that names everything that stands in the world.
    pub fn build(raster: Raster, each: &Source<'_>) -> Clearance {
        let stride = (raster.columns as usize).div_ceil(2);
        let levels = vec![LEVEL_MOST << 4 | LEVEL_MOST; stride * raster.rows as usize].into_boxed_slice();
        let mut clearance = Clearance { raster, stride, levels };
        each(&mut |placed| clearance.mark(&placed));
        clearance
    }

    /// Lowers the levels around something.
    fn mark(&mut self, placed: &Placed<'_>) {
        let Some(block) = self.raster.block_of(&placed.bounds.grown(REACH)) else { return };
        for row in block.row..=block.last_row {
            for column in block.column..=block.last_column {
                let at = row as usize * self.stride + (column >> 1) as usize;
                let shift = 4 * (column & 1) as u32;
                let before = self.levels[at] >> shift & LEVEL_MOST;
                let (low, high) = self.raster.cell(column, row);
                let level = level_of(placed, low, high, before);
                if level < before {
                    self.levels[at] = self.levels[at] & !(LEVEL_MOST << shift) | level << shift;
                }
            }
        }
    }

    /// The level of a point's cell.
    #[inline]
    fn level(&self, x: i64, z: i64) -> u8 {
        let (column, row) = (self.raster.column(x), self.raster.row(z));
        if (column.cast_unsigned() >= self.raster.columns.cast_unsigned())
            | (row.cast_unsigned() >= self.raster.rows.cast_unsigned())
        {
            return LEVEL_MOST;
        }
        let at = row as usize * self.stride + (column >> 1) as usize;
        self.levels[at] >> (4 * (column & 1) as u32) & LEVEL_MOST
    }

    /// Whether anything may be within `reach` of a point to the sides; `None` where something may only be beyond [`REACH`],
    /// as `reach` is.
    #[inline]
    pub fn near(&self, x: i64, z: i64, reach: i64) -> Option<bool> {
        let level = self.level(x, z);
        // No branch on what is random.
        if reach <= REACH {
            Some(reach > i64::from(level) << LEVEL_SHIFT)
        } else if level < LEVEL_MOST {
            Some(true)
        } else {
            None
        }
    }
}

/// The levels as lanes read them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clearings<'a> {
    levels: &'a [u8],
    stride: i32,
    shift: u32,
    origin: [i32; 2],
    /// The last places of the raster.
    last: [i32; 2],
}

/// Raw units by which lanes look farther than [`Clearance::near`], so that no rounding of what stands there counts.
const LANES_MARGIN: i32 = 8;

impl Clearance {
    /// For lanes, if there are levels and their places count in 31 bits.
    pub fn clearings(&self) -> Option<Clearings<'_>> {
        let raster = &self.raster;
        let narrow = |x: i64, z: i64| Some([i32::try_from(x).ok()?, i32::try_from(z).ok()?]);
        let side = |cells: i64| (cells << raster.shift) - 1;
        narrow(side(raster.columns), side(raster.rows))?;
        i32::try_from(self.levels.len()).ok()?;
        let last = narrow(raster.origin_x + side(raster.columns), raster.origin_z + side(raster.rows))
            .filter(|_| !self.levels.is_empty())?;
        Some(Clearings {
            levels: &self.levels,
            stride: i32::try_from(self.stride).ok()?,
            shift: raster.shift,
            origin: narrow(raster.origin_x, raster.origin_z)?,
            last,
        })
    }
}

impl Clearings<'_> {
    /// Whether anything may be within `reach` of the places to the sides: false means certainly nothing. Reaches below 2^30.
    #[inline(always)]
    pub fn near<L: Lanes>(&self, [x, z]: [L; 2], reach: L) -> L::Mask {
        // Beyond the raster its border counts: what is there is no nearer than it says.
        let cell = |place: L, axis: usize| {
            let (first, last) = (L::splat(self.origin[axis]), L::splat(self.last[axis]));
            place.max(first).min(last).sub(first).shift_right_by(self.shift)
        };
        let (column, row) = (cell(x, 0), cell(z, 1));
        let mut bytes = [0; MAX_WIDTH];
        row.mul(L::splat(self.stride)).add(column.shift_right::<1>()).store(&mut bytes);
        for byte in &mut bytes[..L::WIDTH] {
            *byte = self.levels[*byte as usize].into();
        }
        let high = column.and(L::splat(1)).shift_left::<2>();
        let level = L::load(&bytes).shift_right_lanes(high).and(L::splat(LEVEL_MOST.into()));
        reach.add(L::splat(LANES_MARGIN)).greater(level.shift_left::<LEVEL_SHIFT>())
    }
}

/// The highest level, at most `most`, by which a cell can be grown without meeting something; 0 where it meets it at once.
fn level_of(placed: &Placed<'_>, low: (i64, i64), high: (i64, i64), most: u8) -> u8 {
    let bounds = &placed.bounds;
    let beside = (bounds.low.x - high.0).max(low.0 - bounds.high.x);
    let gap = beside.max(bounds.low.z - high.1).max(low.1 - bounds.high.z);
    // Grown by less than the gap it does not even meet the bounds.
    let mut level = ((gap - 1).max(0) >> LEVEL_SHIFT).min(i64::from(most)) as u8;
    while level < most {
        let by = i64::from(level + 1) << LEVEL_SHIFT;
        if (placed.reaches)((low.0 - by, low.1 - by), (high.0 + by, high.1 + by)) {
            break;
        }
        level += 1;
    }
    level
}
