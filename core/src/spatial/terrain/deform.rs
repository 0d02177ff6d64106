//! Craters and mounds: what a blow does to the table of deltas, and how heights follow the table.

use super::{ChunkHeights, Lattice, Terrain};
use crate::limits::{
    DEFORM_RADIUS_MAX_M, TERRAIN_CHUNK_CELLS, TERRAIN_CHUNK_SIDE, TERRAIN_DELTA_MAX_M, TERRAIN_DELTA_SHIFT,
};
use crate::numeric::Metres;
use crate::state::terrain_deltas::{ChunkDelta, DELTA_MAX, TerrainChunk, TerrainDeltas};
use core::ops::RangeInclusive;

/// A blow that deforms the ground: a round dent, deepest in the middle, level with the ground at its rim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deformation {
    /// Middle, inside the field.
    pub x: Metres,
    /// Middle, inside the field.
    pub z: Metres,
    /// From one spacing to [`DEFORM_RADIUS_MAX_M`].
    pub radius: Metres,
    /// Depth in the middle; negative for a mound. Within ±[`TERRAIN_DELTA_MAX_M`], and not zero.
    pub depth: Metres,
}

/// A deformation in the units it is computed in.
struct Dent {
    x: i64,
    z: i64,
    /// Square of the radius, (1/256 m)².
    radius_squared: u64,
    /// Magnitude in the middle, 1/64 m.
    units: i64,
    /// −1 digs, 1 heaps.
    sign: i16,
}

impl Dent {
    /// Change of a vertex in 1/64 m: depth × (1 − (distance / radius)²)², to the nearest.
    fn change(&self, x: i32, z: i32) -> i16 {
        let (dx, dz) = ((i64::from(x) - self.x) >> 8, (i64::from(z) - self.z) >> 8);
        let distance_squared = (dx * dx + dz * dz).cast_unsigned();
        let Some(inside) = self.radius_squared.checked_sub(distance_squared) else { return 0 };
        let share = (inside << 16) / self.radius_squared;
        let share = ((share * share) >> 16).cast_signed();
        self.sign * ((self.units * share + (1 << 15)) >> 16) as i16
    }
}

/// Vertices of one chunk that a dent can reach, and where they stand.
struct Patch {
    columns: RangeInclusive<usize>,
    rows: RangeInclusive<usize>,
    first_x: u32,
    first_z: u32,
}

impl Patch {
    /// Calls `visit` with the index in the chunk and the change of every vertex that changes.
    fn for_each_change(&self, lattice: &Lattice, dent: &Dent, mut visit: impl FnMut(usize, i16)) {
        for row in self.rows.clone() {
            let z = lattice.place(self.first_z + row as u32);
            for column in self.columns.clone() {
                let change = dent.change(lattice.place(self.first_x + column as u32), z);
                if change != 0 {
                    visit(row * TERRAIN_CHUNK_SIDE + column, change);
                }
            }
        }
    }

    /// Whether any vertex changes. The nearest to the middle change most: rows and columns of one or two of them decide.
    fn changes(&self, lattice: &Lattice, dent: &Dent) -> bool {
        let near = |span: &RangeInclusive<usize>, first: u32, middle: i64| {
            let steps = (middle - i64::from(lattice.place(first))) >> lattice.shift;
            let at = steps.clamp(*span.start() as i64, *span.end() as i64) as usize;
            [at, (at + 1).min(*span.end())].map(|vertex| lattice.place(first + vertex as u32))
        };
        let columns = near(&self.columns, self.first_x, dent.x);
        let rows = near(&self.rows, self.first_z, dent.z);
        rows.into_iter().any(|z| columns.into_iter().any(|x| dent.change(x, z) != 0))
    }
}

impl Terrain {
    /// Deforms the ground: adds to the deltas, held within ±[`TERRAIN_DELTA_MAX_M`], and to the heights; calls `changed`
    /// with each chunk that differs from before, in ascending order. False, and nothing is done, when a number is out
    /// of range or `deltas`, which are those that the ground has, have no room.
    ///
    /// Integers only: the same blows give the same bits on every machine. Allocates nothing.
    ///
    /// Public so that a client can follow the deformations it is told of; a world does it by itself.
    pub fn deform(
        &mut self,
        deltas: &mut TerrainDeltas,
        deformation: &Deformation,
        mut changed: impl FnMut(TerrainChunk),
    ) -> bool {
        let lattice = self.lattice;
        let Some(dent) = judge(&lattice, deformation) else { return false };
        let new = patches(&lattice, deformation)
            .filter(|(chunk, patch)| deltas.get(*chunk).is_none() && patch.changes(&lattice, &dent))
            .count();
        if deltas.len() + new > deltas.capacity() {
            return false;
        }
        for (chunk, patch) in patches(&lattice, deformation) {
            if !patch.changes(&lattice, &dent) {
                continue;
            }
            let number = lattice.chunk(chunk.x.into(), chunk.z.into());
            let Some(delta) = deltas.entry(chunk) else { continue };
            let (mut differs, mut levels) = (false, false);
            self.change(number, |heights| {
                patch.for_each_change(&lattice, &dent, |vertex, change| {
                    let before = delta[vertex];
                    let after = before.saturating_add(change).clamp(-DELTA_MAX, DELTA_MAX);
                    delta[vertex] = after;
                    heights[vertex] += i32::from(after - before) << TERRAIN_DELTA_SHIFT;
                    differs |= before != after;
                    levels |= after == 0;
                });
            });
            if levels && delta.iter().all(|height| *height == 0) {
                deltas.remove(chunk);
                self.release(number);
            }
            if differs {
                changed(chunk);
            }
        }
        true
    }

    /// Follows a table of deltas to another one: from here on the ground has `new`. It must have had `old`.
    ///
    /// Public so that a client can follow the deltas it is sent; a world does it by itself.
    ///
    /// # Panics
    /// When `new` has a chunk that the terrain has not, or more chunks than the terrain was made to have differing.
    pub fn follow(&mut self, old: &TerrainDeltas, new: &TerrainDeltas) {
        const NOTHING: &ChunkDelta = &[0; crate::limits::TERRAIN_CHUNK_VERTICES];
        for (chunk, before) in old.iter().filter(|(chunk, _)| new.get(*chunk).is_none()) {
            let number = self.number_of(chunk);
            self.change(number, |heights| raise(heights, before, NOTHING));
            self.release(number);
        }
        for (chunk, after) in new.iter() {
            let before = old.get(chunk).unwrap_or(NOTHING);
            if before != after {
                self.change(self.number_of(chunk), |heights| raise(heights, before, after));
            }
        }
    }

    /// The first chunk of a table that this terrain cannot have: not one of its chunks, out of order, out of range, all
    /// zero, or with a border that its neighbour has not. None: [`Terrain::follow`] can be asked for it.
    #[must_use]
    pub fn first_impossible(&self, deltas: &TerrainDeltas) -> Option<TerrainChunk> {
        deltas.first_impossible(self.lattice.side - 1)
    }

    fn number_of(&self, chunk: TerrainChunk) -> u32 {
        self.lattice.number_of(chunk).expect("deltas belong to chunks of this terrain")
    }

    /// Chunks along each side.
    #[must_use]
    pub const fn chunks_per_side(&self) -> u32 {
        self.lattice.chunks
    }
}

fn raise(heights: &mut ChunkHeights, before: &ChunkDelta, after: &ChunkDelta) {
    for (height, (before, after)) in heights.iter_mut().zip(before.iter().zip(after)) {
        *height += (i32::from(*after) - i32::from(*before)) << TERRAIN_DELTA_SHIFT;
    }
}

/// The dent of a deformation; `None` when a number is out of range.
fn judge(lattice: &Lattice, deformation: &Deformation) -> Option<Dent> {
    let Deformation { x, z, radius, depth } = *deformation;
    let inside = -lattice.half_extent..=lattice.half_extent;
    let radii = (1 << lattice.shift)..=(DEFORM_RADIUS_MAX_M << 16);
    let units = (i64::from(depth.0.unsigned_abs()) + (1 << (TERRAIN_DELTA_SHIFT - 1))) >> TERRAIN_DELTA_SHIFT;
    let fine = inside.contains(&x.0)
        && inside.contains(&z.0)
        && radii.contains(&radius.0)
        && depth.0.unsigned_abs() <= TERRAIN_DELTA_MAX_M.unsigned_abs() << 16
        && units > 0;
    fine.then(|| Dent {
        x: x.0.into(),
        z: z.0.into(),
        radius_squared: u64::from(radius.0.unsigned_abs() >> 8).pow(2),
        units,
        sign: if depth.0 > 0 { -1 } else { 1 },
    })
}

/// The chunks that hold a vertex within the radius (and maybe a few more), in ascending order.
fn patches(
    lattice: &Lattice,
    deformation: &Deformation,
) -> impl Iterator<Item = (TerrainChunk, Patch)> + Clone {
    let lattice = *lattice;
    let reach = i64::from(deformation.radius.0);
    // First and last vertex along an axis.
    let span = |middle: Metres| {
        let at = i64::from(middle.0) + i64::from(lattice.half_extent);
        let vertex = |at: i64| (at >> lattice.shift).clamp(0, i64::from(lattice.side - 1)) as u32;
        (vertex(at - reach), vertex(at + reach))
    };
    const CELLS: u32 = TERRAIN_CHUNK_CELLS as u32;
    // A vertex on a border belongs to the chunks on both sides of it.
    let chunks = move |(first, last): (u32, u32)| {
        first.saturating_sub(1) / CELLS..=(last / CELLS).min(lattice.chunks - 1)
    };
    let within = move |chunk: u32, (first, last): (u32, u32)| {
        let start = chunk * CELLS;
        first.saturating_sub(start) as usize..=(last - start).min(CELLS) as usize
    };
    let (span_x, span_z) = (span(deformation.x), span(deformation.z));
    chunks(span_z).flat_map(move |chunk_z| {
        chunks(span_x).map(move |chunk_x| {
            let patch = Patch {
                columns: within(chunk_x, span_x),
                rows: within(chunk_z, span_z),
                first_x: chunk_x * CELLS,
                first_z: chunk_z * CELLS,
            };
            (TerrainChunk { z: chunk_z as u16, x: chunk_x as u16 }, patch)
        })
    })
}
