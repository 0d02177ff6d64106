//! What stands beside a place, as flat lists: whether a body can touch anything on a short way.
//!
//! Every cell lists all that comes within [`HALO`] of it, so that one list answers for a place. An entry is a turned
//! rectangle with a rim: a cylinder is a point with a wide one, triangles and platforms are their bounds.
//!
//! Not here: heights, longer reaches, and how something is touched.

use super::grid::{Placed, Raster, Source};
use super::math::{ONE_Q30, round_q30};
use super::solids::{Solid, SolidKind};
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

/// The farthest reach that it answers for, raw: 0.75 m.
pub(super) const HALO: i64 = 3 << 14;

/// Most entries of all lists together; what has more does without them.
const ENTRIES_MAX: usize = 1 << 20;

/// Something's place on the ground plane, raw: a rectangle turned about its middle, and how far the thing reaches beyond.
#[derive(Clone, Copy, Debug)]
pub(super) struct Footprint {
    x: i32,
    z: i32,
    cos: i32,
    sin: i32,
    half_x: i32,
    half_z: i32,
    rim: i32,
    /// The number of a box or a cylinder; [`OTHER`] for anything else.
    solid: u32,
}

/// Stands for what is neither a box nor a cylinder.
const OTHER: u32 = u32::MAX;

/// Most shapes around a place that are named.
pub(super) const NEARBY_MOST: usize = 6;

/// What may be touched on a short way from a place.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Nearby {
    /// Nothing.
    Nothing,
    /// At most these boxes and cylinders.
    Solids {
        /// Their numbers.
        list: [u32; NEARBY_MOST],
        /// How many there are.
        len: usize,
    },
    /// Anything.
    Anything,
}

impl Nearby {
    /// Whether it is certain that nothing can be touched.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Nearby::Nothing)
    }

    #[inline]
    fn and(&mut self, solid: u32) {
        *self = match *self {
            _ if solid == OTHER => Nearby::Anything,
            Nearby::Nothing => Nearby::Solids { list: [solid; NEARBY_MOST], len: 1 },
            Nearby::Solids { mut list, len } if len < NEARBY_MOST => {
                list[len] = solid;
                Nearby::Solids { list, len: len + 1 }
            }
            _ => Nearby::Anything,
        }
    }
}

impl Footprint {
    /// Of a box or a cylinder, with its number.
    pub fn of(solid: &Solid, number: usize) -> Footprint {
        let (x, z) = (solid.x, solid.z);
        let number = number as u32;
        match solid.kind {
            SolidKind::Box { half_x, half_z, turn } => {
                Footprint { x, z, cos: turn.cos, sin: turn.sin, half_x, half_z, rim: 0, solid: number }
            }
            SolidKind::Cylinder { radius } => Footprint {
                x,
                z,
                cos: ONE_Q30 as i32,
                sin: 0,
                half_x: 0,
                half_z: 0,
                rim: radius,
                solid: number,
            },
        }
    }

    /// Of anything else: its bounds, rounded outward.
    pub fn around(placed: &Placed<'_>) -> Footprint {
        let (low, high) = (placed.bounds.low, placed.bounds.high);
        let half = |low: i64, high: i64| ((high - low + 1) / 2 + 1) as i32;
        Footprint {
            x: ((low.x + high.x) / 2) as i32,
            z: ((low.z + high.z) / 2) as i32,
            cos: ONE_Q30 as i32,
            sin: 0,
            half_x: half(low.x, high.x),
            half_z: half(low.z, high.z),
            rim: 0,
            solid: OTHER,
        }
    }

    /// Whether it counts: what is neither a box nor a cylinder does always, to be on the safe side.
    #[inline]
    fn counts(&self, stands: &impl Fn(usize) -> bool) -> bool {
        self.solid == OTHER || stands(self.solid as usize)
    }

    /// Whether it is within `reach` of a point, up to two raw units.
    #[inline]
    fn within(&self, x: i64, z: i64, reach: i64) -> bool {
        let (x, z) = (x - i64::from(self.x), z - i64::from(self.z));
        let (cos, sin) = (i64::from(self.cos), i64::from(self.sin));
        let local_x = round_q30(x * cos - z * sin);
        let local_z = round_q30(z * cos + x * sin);
        let beyond_x = (local_x.abs() - i64::from(self.half_x)).max(0);
        let beyond_z = (local_z.abs() - i64::from(self.half_z)).max(0);
        let reach = reach + i64::from(self.rim);
        // Things within the halo of a cell of at most 2^15 m: squares fit.
        (beyond_x * beyond_x + beyond_z * beyond_z) <= reach * reach
    }
}

/// The lists of all cells.
#[derive(Clone, Debug, Default)]
pub(super) struct Footprints {
    raster: Raster,
    /// Where each cell's list begins, one more than cells. Empty where there would be too many entries.
    starts: Box<[u32]>,
    /// Places in the table: lists are short so, and what many cells name is in the cache.
    entries: Box<[u32]>,
    table: Box<[Footprint]>,
}

impl Footprints {
    /// From a source that names everything twice in the same order, over a raster that reaches [`HALO`] beyond all of it.
    pub fn build(raster: Raster, each: &Source<'_>, of: &dyn Fn(&Placed<'_>) -> Footprint) -> Footprints {
        let count = (raster.columns * raster.rows) as usize;
        let mut starts = vec![0_u32; count + 1];
        let mut entries = 0_usize;
        each(&mut |placed| {
            visit_cells(&raster, &placed, &mut |cell| {
                starts[cell + 1] = starts[cell + 1].saturating_add(1);
                entries = entries.saturating_add(1);
            });
        });
        if entries > ENTRIES_MAX {
            return Footprints::default();
        }
        for cell in 0..count {
            starts[cell + 1] += starts[cell];
        }
        let mut next: Vec<u32> = starts[..count].to_vec();
        let mut list = vec![0_u32; entries];
        let mut table = Vec::new();
        each(&mut |placed| {
            let at = table.len() as u32;
            table.push(of(&placed));
            visit_cells(&raster, &placed, &mut |cell| {
                list[next[cell] as usize] = at;
                next[cell] += 1;
            });
        });
        let (starts, entries) = (starts.into_boxed_slice(), list.into_boxed_slice());
        Footprints { raster, starts, entries, table: table.into_boxed_slice() }
    }

    /// Whether anything is within `reach` of a point, of boxes and cylinders those that stand; `None` where the lists do not
    /// say.
    #[inline]
    pub fn meets(&self, x: i64, z: i64, reach: i64, stands: impl Fn(usize) -> bool) -> Option<bool> {
        let mut within = self.list(x, z, reach)?.iter().map(|at| &self.table[*at as usize]);
        Some(within.any(|footprint| footprint.within(x, z, reach) && footprint.counts(&stands)))
    }

    /// What is within `reach` of a point, by number, of boxes and cylinders those that stand; `None` where the lists do not
    /// say.
    #[inline]
    pub fn nearby(&self, x: i64, z: i64, reach: i64, stands: impl Fn(usize) -> bool) -> Option<Nearby> {
        let mut nearby = Nearby::Nothing;
        for at in self.list(x, z, reach)? {
            let footprint = &self.table[*at as usize];
            if footprint.within(x, z, reach) && footprint.counts(&stands) {
                nearby.and(footprint.solid);
            }
        }
        Some(nearby)
    }

    /// The list of a point's cell, if the lists answer for such a reach.
    #[inline]
    fn list(&self, x: i64, z: i64, reach: i64) -> Option<&[u32]> {
        if self.starts.is_empty() || reach > HALO {
            return None;
        }
        let (column, row) = (self.raster.column(x), self.raster.row(z));
        if (column.cast_unsigned() >= self.raster.columns.cast_unsigned())
            | (row.cast_unsigned() >= self.raster.rows.cast_unsigned())
        {
            return Some(&[]);
        }
        let cell = (row * self.raster.columns + column) as usize;
        Some(&self.entries[self.starts[cell] as usize..self.starts[cell + 1] as usize])
    }
}

/// The cells that something comes within [`HALO`] of.
fn visit_cells(raster: &Raster, placed: &Placed<'_>, visit: &mut dyn FnMut(usize)) {
    let Some(block) = raster.block_of(&placed.bounds.grown(HALO)) else { return };
    for row in block.row..=block.last_row {
        for column in block.column..=block.last_column {
            let (low, high) = raster.cell(column, row);
            let near = (low.0 - HALO, low.1 - HALO);
            if (placed.reaches)(near, (high.0 + HALO, high.1 + HALO)) {
                visit((row * raster.columns + column) as usize);
            }
        }
    }
}
