//! A terrain that is resident whole, as lanes read it: one slice of heights, indices by arithmetic alone.
//!
//! Not here: terrains of which only some chunks are in memory; those are asked place by place ([`Terrain::cell_at`]).

use super::Terrain;
use crate::limits::{TERRAIN_CHUNK_CELLS, TERRAIN_CHUNK_SIDE, TERRAIN_CHUNK_VERTICES};
use crate::numeric::Metres;
use crate::numeric::lanes::{LaneChoice, LaneMask, LaneTask, Lanes, MAX_WIDTH, run};

/// Corners of cells that rise by more than this (raw; the sum of the steepest edges along x and along z) are not for lanes.
pub(crate) const FIELD_RISE_MAX: i32 = 1 << 21;

/// Bits of the way into a cell that [`Field::heights`] computes with: the largest spacing.
const WAY_BITS: u32 = 20;

/// The heights of all chunks, one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field<'a> {
    heights: &'a [i32],
    half_extent: i32,
    /// Raw way from the first vertex to the last.
    reach: i32,
    shift: u32,
    last_cell: i32,
    chunks: i32,
}

/// The ground under lanes of places.
pub(crate) struct FieldHeights<L> {
    /// Raw height; right where the rise is at most [`FIELD_RISE_MAX`], anything elsewhere.
    pub height: L,
    /// How much the cell rises: its steepest edge along x plus its steepest along z, at most `i32::MAX`.
    pub rise: L,
}

impl Terrain {
    /// The field, if all of it is in memory for good and its places count in 31 bits.
    pub(crate) fn field(&self) -> Option<Field<'_>> {
        let lattice = &self.lattice;
        let heights = self.residency.in_order()?;
        let reach = i32::try_from(i64::from(lattice.side - 1) << lattice.shift).ok()?;
        i32::try_from(heights.len()).ok()?;
        Some(Field {
            heights,
            half_extent: lattice.half_extent,
            reach,
            shift: lattice.shift,
            last_cell: lattice.side.cast_signed() - 2,
            chunks: lattice.chunks.cast_signed(),
        })
    }
}

impl Terrain {
    /// The heights under raw places, as [`Terrain::height_at`] has them: in lanes where it can be.
    ///
    /// # Panics
    /// When there are fewer places than heights.
    pub(crate) fn heights_into(&self, lanes: LaneChoice, x: &[i32], z: &[i32], heights: &mut [i32]) {
        let (x, z) = (&x[..heights.len()], &z[..heights.len()]);
        run(lanes, HeightsInto { terrain: self, x, z, heights });
    }
}

struct HeightsInto<'a> {
    terrain: &'a Terrain,
    x: &'a [i32],
    z: &'a [i32],
    heights: &'a mut [i32],
}

impl LaneTask for HeightsInto<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { terrain, x, z, heights } = self;
        let alone = |place: usize| terrain.height_at(Metres(x[place]), Metres(z[place])).0;
        let mut at = 0;
        if let Some(field) = terrain.field() {
            while at + L::WIDTH <= heights.len() {
                let ground = field.heights(L::load_at(x, at), L::load_at(z, at));
                ground.height.store_at(heights, at);
                let mut steep = ground.rise.greater(L::splat(FIELD_RISE_MAX)).bits();
                while steep != 0 {
                    let place = at + steep.trailing_zeros() as usize;
                    heights[place] = alone(place);
                    steep &= steep - 1;
                }
                at += L::WIDTH;
            }
        }
        for (place, height) in heights.iter_mut().enumerate().skip(at) {
            *height = alone(place);
        }
    }
}

/// A cell along one axis, and the way into it in parts of 2⁻²⁰.
#[inline(always)]
fn located<L: Lanes>(field: &Field<'_>, place: L) -> (L, L) {
    // Beyond the border on either side the border counts; cut before the sum, so that nothing overflows.
    let (first, last) = (-field.half_extent, field.reach - field.half_extent);
    let at = place.max(L::splat(first)).min(L::splat(last)).add(L::splat(field.half_extent));
    let cell = at.shift_right_by(field.shift).min(L::splat(field.last_cell));
    let way = at.sub(cell.shift_left_by(field.shift));
    (cell, way.shift_left_by(WAY_BITS - field.shift))
}

impl Field<'_> {
    /// Heights and rises under the places, as [`super::GroundCell::height`] has them: bilinear, floor.
    #[inline(always)]
    pub fn heights<L: Lanes>(&self, x: L, z: L) -> FieldHeights<L> {
        const INSIDE: i32 = TERRAIN_CHUNK_CELLS as i32 - 1;
        const CHUNK_BITS: u32 = TERRAIN_CHUNK_CELLS.trailing_zeros();
        let ((column, dx), (row, dz)) = (located(self, x), located(self, z));
        let along = |cell: L| cell.shift_right::<CHUNK_BITS>();
        let within = |cell: L| cell.and(L::splat(INSIDE));
        let chunk = along(row).mul(L::splat(self.chunks)).add(along(column));
        let first = chunk
            .mul(L::splat(TERRAIN_CHUNK_VERTICES as i32))
            .add(within(row).mul(L::splat(TERRAIN_CHUNK_SIDE as i32)))
            .add(within(column));
        let [h00, h10, h01, h11] = self.corners(first);
        let (near, far) = (h10.sub(h00), h11.sub(h01));
        let (left, right) = (h01.sub(h00), h11.sub(h10));
        // Heights stay within a quarter of the range of lanes: differences have room, the sum of two may wrap below zero.
        let rise = near.abs().max(far.abs()).add(left.abs().max(right.abs()));
        let steep = rise.greater(L::splat(FIELD_RISE_MAX)).or(L::splat(0).greater(rise));
        let odd = |lanes: L| lanes.shift_right64::<32>();
        let twist = far.sub(near);
        let even_lift = lift(near, left, twist, dx, dz);
        let odd_lift = lift(odd(near), odd(left), odd(twist), odd(dx), odd(dz));
        let high = L::numbers().and(L::splat(1)).equal(L::splat(0)).not();
        let lifted = L::select(high, odd_lift, even_lift.shift_right64::<32>());
        let height = h00.add(lifted.shift_right::<{ 2 * WAY_BITS - 32 }>());
        FieldHeights { height, rise: L::select(steep, L::splat(i32::MAX), rise) }
    }

    /// The corners of the cells whose first vertices have these indices.
    #[inline(always)]
    fn corners<L: Lanes>(&self, first: L) -> [L; 4] {
        let mut indices = [0; MAX_WIDTH];
        first.store(&mut indices);
        if L::CHEAP_PERMUTE {
            return self.corners_by_twos::<L>(&indices);
        }
        let [mut h00, mut h10, mut h01, mut h11] = [[0; MAX_WIDTH]; 4];
        for lane in 0..L::WIDTH {
            let from = indices[lane] as usize;
            let cell = &self.heights[from..from + TERRAIN_CHUNK_SIDE + 2];
            h00[lane] = cell[0];
            h10[lane] = cell[1];
            h01[lane] = cell[TERRAIN_CHUNK_SIDE];
            h11[lane] = cell[TERRAIN_CHUNK_SIDE + 1];
        }
        [L::load(&h00), L::load(&h10), L::load(&h01), L::load(&h11)]
    }

    /// The same with half as many loads: two corners of a cell stand side by side in memory.
    #[inline(always)]
    fn corners_by_twos<L: Lanes>(&self, indices: &[i32; MAX_WIDTH]) -> [L; 4] {
        let [mut near, mut far] = [[0; 2 * MAX_WIDTH]; 2];
        let mut lane = 0;
        while lane < L::WIDTH {
            let from = indices[lane] as usize;
            let cell = &self.heights[from..from + TERRAIN_CHUNK_SIDE + 2];
            near[2 * lane..2 * lane + 2].copy_from_slice(&cell[..2]);
            far[2 * lane..2 * lane + 2].copy_from_slice(&cell[TERRAIN_CHUNK_SIDE..]);
            lane += 1;
        }
        let even = L::numbers().shift_left::<1>();
        let odd = even.add(L::splat(1));
        let (near, near_rest) = (L::load(&near), L::load_at(&near, L::WIDTH));
        let (far, far_rest) = (L::load(&far), L::load_at(&far, L::WIDTH));
        [
            near.permute2(near_rest, even),
            near.permute2(near_rest, odd),
            far.permute2(far_rest, even),
            far.permute2(far_rest, odd),
        ]
    }
}

/// Height above the first corner in 2⁻⁴⁰ of a raw unit, of the even lanes: (near · dx + left · dz) · 2²⁰ + twist · dx · dz.
///
/// With a rise of at most 2²¹ each of the two sums stays below 2⁶¹.
#[inline(always)]
fn lift<L: Lanes>(near: L, left: L, twist: L, dx: L, dz: L) -> L {
    let flat = near.mul_even_signed(dx).add64(left.mul_even_signed(dz)).shift_left64::<WAY_BITS>();
    let twisted = twist.mul_even_signed(dx);
    let low = twisted.mul_even(dz);
    let high = twisted.shift_right64::<32>().mul_even_signed(dz).shift_left64::<32>();
    flat.add64(low).add64(high)
}

#[cfg(test)]
mod tests {
    use super::super::{TerrainShape, TerrainSource};
    use super::*;
    use crate::numeric::{LaneChoice, Metres};
    use alloc::vec::Vec;
    use proptest::prelude::*;

    struct Ask<'a>(Field<'a>, &'a [i32; MAX_WIDTH], &'a [i32; MAX_WIDTH]);

    impl LaneTask for Ask<'_> {
        type Output = Vec<(i32, i32)>;

        #[inline(always)]
        fn run<L: Lanes>(self) -> Self::Output {
            let mut found = Vec::new();
            for at in (0..MAX_WIDTH).step_by(L::WIDTH) {
                let ground = self.0.heights(L::load(&self.1[at..]), L::load(&self.2[at..]));
                let [mut height, mut rise] = [[0; MAX_WIDTH]; 2];
                ground.height.store(&mut height);
                ground.rise.store(&mut rise);
                found.extend((0..L::WIDTH).map(|lane| (height[lane], rise[lane])));
            }
            found
        }
    }

    proptest! {
        /// Lanes and the plain lookup agree wherever lanes claim to, on every spacing, at borders and beyond them.
        #[test]
        fn lanes_read_the_same_ground(
            seed in any::<u64>(),
            shift in 14_u32..=20,
            cells in 2_i32..200,
            odd in 0_i32..9_000,
            mut x in any::<[i32; MAX_WIDTH]>(),
            mut z in any::<[i32; MAX_WIDTH]>(),
            near in any::<bool>(),
        ) {
            let half_extent = Metres((cells << (shift - 1)) + odd);
            let shape = TerrainShape { half_extent, spacing: Metres(1 << shift), resident_chunks: 4096, delta_chunks: 0 };
            let terrain = Terrain::new(seed, TerrainSource::Seed, &shape).expect("in range");
            let field = terrain.field().expect("whole");
            for place in x.iter_mut().chain(&mut z).filter(|_| near) {
                *place %= half_extent.0 + (1 << 17);
            }
            for &choice in LaneChoice::available() {
                for (lane, (height, rise)) in run(choice, Ask(field, &x, &z)).into_iter().enumerate() {
                    let cell = terrain.cell_at(Metres(x[lane]), Metres(z[lane]));
                    let [h00, h10, h01, h11] = cell.corners;
                    let expected = h10.abs_diff(h00).max(h11.abs_diff(h01)) + h01.abs_diff(h00).max(h11.abs_diff(h10));
                    if expected <= FIELD_RISE_MAX as u32 {
                        prop_assert_eq!((height, rise.cast_unsigned()), (cell.height().0, expected));
                    } else {
                        prop_assert_eq!(rise, i32::MAX);
                    }
                }
            }
        }
    }
}
