//! The counting sort by cell.
//!
//! What depends on one row alone is computed for many rows at once, in any chunks: places and packed columns before the
//! count, sorted columns (each read through the order) after it. Only the count itself and the order go row by row.

use super::{Columns, ContactGrid, FAR_SHIFT, Lattice, PACK_SHIFT, Plan};
use crate::numeric::lanes::{LaneChoice, LaneTask, Lanes, pair, run};
use crate::state::column::Split;
use core::sync::atomic::{AtomicI32, Ordering};

/// The live rows.
#[derive(Clone, Copy)]
enum Live<'a> {
    /// Side by side, from this one on.
    From(u32),
    /// Any.
    Listed(&'a [u32]),
}

impl Live<'_> {
    fn new(live: &[u32]) -> Live<'_> {
        match (live.first(), live.last()) {
            (Some(&first), Some(&last)) if last.wrapping_sub(first) as usize == live.len() - 1 => {
                Live::From(first)
            }
            _ => Live::Listed(live),
        }
    }

    #[inline(always)]
    fn row(self, index: usize) -> usize {
        match self {
            Live::From(first) => first as usize + index,
            Live::Listed(live) => live[index] as usize,
        }
    }
}

impl ContactGrid {
    /// The counting sort. Rows of one place stay in the order of `live`, which ascends.
    pub(in crate::spatial) fn sort<R, Y, K>(
        &mut self,
        lanes: LaneChoice,
        live: &[u32],
        [x, y, z]: [&[i32]; 3],
        plan: &Plan<R, Y, K>,
        split: impl Split,
    ) where
        R: Fn(usize) -> i32 + Sync,
        Y: Fn(usize) -> i32 + Sync,
        K: Fn(usize) -> i32 + Sync,
    {
        assert!(live.len() <= self.capacity, "more live rows than the grid's capacity");
        assert!(x.len() == y.len() && x.len() == z.len(), "columns of different lengths");
        let rows = Live::new(live);
        let len = live.len();
        let mut gathered = core::mem::take(&mut self.unsorted.gathered);
        let [x, y, z] = match rows {
            Live::From(first) => {
                let span = first as usize..first as usize + len;
                [&x[span.clone()], &y[span.clone()], &z[span]]
            }
            Live::Listed(live) => {
                for (to, from) in gathered.iter_mut().zip([x, y, z]) {
                    split.each(&mut to[..len], &|first, to: &mut [i32]| {
                        for (to, &row) in to.iter_mut().zip(&live[first..]) {
                            *to = from[row as usize];
                        }
                    });
                }
                [&gathered[0][..len], &gathered[1][..len], &gathered[2][..len]]
            }
        };
        self.sort_side_by_side(lanes, rows, [x, y, z], plan, split);
        self.unsorted.gathered = gathered;
    }

    /// The sort of columns that hold the live rows and nothing else.
    fn sort_side_by_side<R, Y, K>(
        &mut self,
        lanes: LaneChoice,
        live: Live<'_>,
        columns: [&[i32]; 3],
        plan: &Plan<R, Y, K>,
        split: impl Split,
    ) where
        R: Fn(usize) -> i32 + Sync,
        Y: Fn(usize) -> i32 + Sync,
        K: Fn(usize) -> i32 + Sync,
    {
        self.len = columns[0].len();
        self.fine_radius = plan.fine_radius;
        self.lay_out(plan.fine_radius, plan.margin, plan.has_big, false);
        let mut extent = self.locate(lanes, live, columns, plan, split);
        let folded = self.fine.is_folded() && (!plan.has_big || self.big.is_folded());
        if extent.outside && !folded {
            self.lay_out(plan.fine_radius, plan.margin, plan.has_big, true);
            extent = self.locate(lanes, live, columns, plan, split);
        }
        let too_tall = i64::from(extent.highest) - i64::from(extent.lowest) >= plan.height_range;
        self.guarded = too_tall || self.fine.is_folded() || (plan.has_big && self.big.is_folded());
        let places = self.places();
        let unsorted = &mut self.unsorted;
        run(
            lanes,
            Order {
                starts: &mut self.starts[..places],
                places: &unsorted.place[..self.len],
                slots: &mut unsorted.slot[..self.len],
                order: &mut self.sorted.id[..self.len],
            },
        );
        self.collect(live, columns, plan, split);
        let fine_end = (self.fine.base + self.fine.cells) as usize;
        self.fine_len = self.starts[fine_end] as usize;
    }

    /// The places and packed columns of all rows.
    fn locate<R, Y, K>(
        &mut self,
        lanes: LaneChoice,
        live: Live<'_>,
        [x, y, z]: [&[i32]; 3],
        plan: &Plan<R, Y, K>,
        split: impl Split,
    ) -> Extent
    where
        R: Fn(usize) -> i32 + Sync,
        Y: Fn(usize) -> i32 + Sync,
        K: Fn(usize) -> i32 + Sync,
    {
        let (fine, big, len) = (self.fine, self.big, self.len);
        let bounds = [const { AtomicI32::new(i32::MAX) }; 4];
        let unsorted = &mut self.unsorted;
        let rows = ((&mut unsorted.place[..len], &mut unsorted.xz[..len]), &mut unsorted.y[..len]);
        split.each(rows, &|first, ((place, xz), packed_y): ((&mut [i32], &mut [i32]), &mut [i32])| {
            let span = first..first + place.len();
            let at = [&x[span.clone()], &y[span.clone()], &z[span]];
            let extents = run(lanes, Locate { fine: &fine, at, place, xz });
            for (bound, extent) in bounds.iter().zip(extents) {
                bound.fetch_min(extent, Ordering::Relaxed);
            }
            for (index, to) in packed_y.iter_mut().enumerate() {
                *to = (plan.height)(live.row(first + index));
            }
            if plan.has_big {
                for (index, place) in place.iter_mut().enumerate() {
                    if (plan.radius)(live.row(first + index)) > plan.fine_radius {
                        *place = (big.base + big.place(at[0][index], at[2][index])) as i32;
                    }
                }
            }
        });
        // The second and the fourth are complements.
        let [least, most, lowest, highest] = bounds.map(AtomicI32::into_inner);
        let outside = least < -self.half_extent || most < !self.half_extent;
        Extent { outside, lowest, highest: !highest }
    }

    /// Fills the sorted columns.
    fn collect<R, Y, K>(
        &mut self,
        live: Live<'_>,
        [x, y, z]: [&[i32]; 3],
        plan: &Plan<R, Y, K>,
        split: impl Split,
    ) where
        R: Fn(usize) -> i32 + Sync,
        Y: Fn(usize) -> i32 + Sync,
        K: Fn(usize) -> i32 + Sync,
    {
        let (len, guarded) = (self.len, self.guarded);
        let unsorted = &self.unsorted;
        let (places, xzs, ys) = (&unsorted.place[..len], &unsorted.xz[..len], &unsorted.y[..len]);
        let Columns { id, xz, y: height, place, far_xz, far_y, kind, raw: [raw_x, raw_z] } = &mut self.sorted;
        // Columns that nobody reads are left as they are.
        if guarded {
            let order = &id[..len];
            split.each((&mut far_xz[..len], &mut far_y[..len]), &|first,
                                                                  (far_xz, far_y): (
                &mut [i32],
                &mut [i32],
            )| {
                let to = far_xz.iter_mut().zip(far_y);
                for ((far_xz, far_y), &index) in to.zip(&order[first..]) {
                    let index = index as usize;
                    *far_xz = pair((x[index] >> FAR_SHIFT) as i16, (z[index] >> FAR_SHIFT) as i16);
                    *far_y = y[index] >> FAR_SHIFT & 0xFFFF;
                }
            });
        }
        if plan.has_big {
            let order = &id[..len];
            split.each((&mut raw_x[..len], &mut raw_z[..len]), &|first,
                                                                 (raw_x, raw_z): (
                &mut [i32],
                &mut [i32],
            )| {
                for ((raw_x, raw_z), &index) in raw_x.iter_mut().zip(raw_z).zip(&order[first..]) {
                    (*raw_x, *raw_z) = (x[index as usize], z[index as usize]);
                }
            });
        }
        if plan.kinds {
            let order = &id[..len];
            split.each(&mut kind[..len], &|first, kind: &mut [i32]| {
                for (kind, &index) in kind.iter_mut().zip(&order[first..]) {
                    *kind = (plan.kind)(live.row(index as usize));
                }
            });
        }
        let rows = ((&mut id[..len], &mut xz[..len]), (&mut height[..len], &mut place[..len]));
        split.each(rows, &|_, ((id, xz), (height, place)): Sorted<'_>| {
            let len = id.len();
            let (xz, height, place) = (&mut xz[..len], &mut height[..len], &mut place[..len]);
            for to in 0..len {
                let index = id[to] as usize;
                (xz[to], height[to], place[to]) = (xzs[index], ys[index], places[index]);
            }
            match live {
                Live::From(0) => {}
                Live::From(first) => id.iter_mut().for_each(|id| *id += first as i32),
                Live::Listed(live) => id.iter_mut().for_each(|id| *id = live[*id as usize] as i32),
            }
        });
    }
}

/// A chunk of the columns that everybody reads.
type Sorted<'a> = ((&'a mut [i32], &'a mut [i32]), (&'a mut [i32], &'a mut [i32]));

/// Where rows are.
struct Extent {
    /// A row is outside the zone.
    outside: bool,
    lowest: i32,
    highest: i32,
}

/// Places in the fine lattice and packed positions of a chunk of rows. The output is the smallest coordinate along the
/// ground, the complement of the largest, and the same for heights.
struct Locate<'a> {
    fine: &'a Lattice,
    at: [&'a [i32]; 3],
    place: &'a mut [i32],
    xz: &'a mut [i32],
}

impl LaneTask for Locate<'_> {
    type Output = [i32; 4];

    #[inline(always)]
    fn run<L: Lanes>(self) -> [i32; 4] {
        let len = self.place.len();
        let (place, xz) = (self.place, &mut self.xz[..len]);
        let [x, y, z] = self.at.map(|column| &column[..len]);
        let mut extents = [i32::MAX; 4];
        let mut see = |low: i32, high: i32, from: usize| {
            extents[from] = extents[from].min(low);
            extents[from + 1] = extents[from + 1].min(!high);
        };
        let mut at = 0;
        if let Some(finder) = self.fine.in_lanes::<L>() {
            let (most, least) = (L::splat(i32::MAX), L::splat(i32::MIN));
            let (mut low, mut high, mut lowest, mut highest) = (most, least, most, least);
            let half = L::splat(0xFFFF);
            while at + L::WIDTH <= len {
                let (px, py, pz) = (L::load_at(x, at), L::load_at(y, at), L::load_at(z, at));
                (low, high) = (low.min(px).min(pz), high.max(px).max(pz));
                (lowest, highest) = (lowest.min(py), highest.max(py));
                finder.place(px, pz).store_at(place, at);
                let packed_x = px.shift_right::<PACK_SHIFT>().and(half);
                packed_x.or(pz.shift_right::<PACK_SHIFT>().shift_left::<16>()).store_at(xz, at);
                at += L::WIDTH;
            }
            for (from, low, high) in [(0, low, high), (2, lowest, highest)] {
                let mut values = [[0; crate::numeric::lanes::MAX_WIDTH]; 2];
                low.store(&mut values[0]);
                high.store(&mut values[1]);
                for (&low, &high) in values[0].iter().zip(&values[1]).take(L::WIDTH) {
                    see(low, high, from);
                }
            }
        }
        for at in at..len {
            see(x[at].min(z[at]), x[at].max(z[at]), 0);
            see(y[at], y[at], 2);
            place[at] = self.fine.place(x[at], z[at]) as i32;
            xz[at] = pair((x[at] >> PACK_SHIFT) as i16, (z[at] >> PACK_SHIFT) as i16);
        }
        extents
    }
}

/// The count: where each place begins, where each row goes, and which row goes where.
struct Order<'a> {
    starts: &'a mut [i32],
    places: &'a [i32],
    slots: &'a mut [u32],
    order: &'a mut [i32],
}

impl LaneTask for Order<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Order { starts, places, slots, order } = self;
        // Two places on: the sums over the counts are then where places begin, one place on.
        starts.fill(0);
        for &place in places {
            starts[place as usize + 2] += 1;
        }
        let mut before = 0;
        for block in starts.chunks_exact_mut(L::WIDTH) {
            let sums = L::load(block).prefix_sum().add(L::splat(before));
            sums.store(block);
            before = block[L::WIDTH - 1];
        }
        for ((index, &place), slot) in (0_i32..).zip(places).zip(slots) {
            let start = &mut starts[place as usize + 1];
            let to = *start;
            *start += 1;
            *slot = to as u32;
            order[to as usize] = index;
        }
    }
}
