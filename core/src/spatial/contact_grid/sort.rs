//! The counting sort by cell.
//!
//! What depends on one row alone is computed for many rows at once, in any chunks: places and packed columns before the
//! count, sorted columns after it. Only the count and the move between them go row by row, see [`RecordSort`].

use super::lattice::LaneLattice;
use super::{Columns, ContactGrid, Extent, FAR_SHIFT, HEIGHT_SHIFT, Lattice, PACK_SHIFT, Plan, Tall};
use crate::numeric::lanes::{LaneChoice, LaneTask, Lanes, MAX_WIDTH, pair, run};
use crate::spatial::record_sort::{Record, RecordSort};
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
        let mut gathered = core::mem::take(&mut self.moves.gathered);
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
        self.moves.gathered = gathered;
    }

    /// The sort of columns that hold the live rows and nothing else.
    fn sort_side_by_side<R, Y, K>(
        &mut self,
        lanes: LaneChoice,
        live: Live<'_>,
        at: [&[i32]; 3],
        plan: &Plan<R, Y, K>,
        split: impl Split,
    ) where
        R: Fn(usize) -> i32 + Sync,
        Y: Fn(usize) -> i32 + Sync,
        K: Fn(usize) -> i32 + Sync,
    {
        self.len = at[0].len();
        self.fine_radius = plan.fine_radius;
        let extent = survey(lanes, at, split);
        self.lay_out(plan.fine_radius, plan.margin, plan.has_big, &extent);
        self.locate(lanes, live, at, plan, split);
        let too_tall = i64::from(extent.most[1]) - i64::from(extent.least[1]) >= plan.height_range;
        self.too_tall = too_tall;
        self.guarded = too_tall || self.fine.is_folded() || (plan.has_big && self.big.is_folded());
        let (places, len) = (self.places(), self.len);
        let Columns { id, xz, y, place, raw: [spare, _], .. } = &mut self.sorted;
        let sort = RecordSort {
            starts: &mut self.starts[..places],
            places: &place[..len],
            columns: [&xz[..len], &y[..len]],
            slots: self.moves.slots.first(if plan.slots { len } else { 0 }),
            records: &mut self.moves.records.fours()[..len],
            // These are filled when the rows are sorted.
            lists: [&mut id[..], &mut spare[..]],
        };
        sort.run(lanes, split);
        self.collect(lanes, live, at, plan, split);
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
    ) where
        R: Fn(usize) -> i32 + Sync,
        Y: Fn(usize) -> i32 + Sync,
        K: Fn(usize) -> i32 + Sync,
    {
        let (fine, big, len) = (self.fine, self.big, self.len);
        let columns = &mut self.sorted;
        let rows = ((&mut columns.place[..len], &mut columns.xz[..len]), &mut columns.y[..len]);
        split.each(rows, &|first, ((place, xz), packed_y): ((&mut [i32], &mut [i32]), &mut [i32])| {
            let span = first..first + place.len();
            let at = [&x[span.clone()], &y[span.clone()], &z[span]];
            let packing = match &plan.tall {
                Tall::Centres => Packing::Centres,
                Tall::Same(height) => Packing::Bodies(*height),
                Tall::Each(height) => {
                    for (index, to) in packed_y.iter_mut().enumerate() {
                        *to = height(live.row(first + index));
                    }
                    Packing::BodiesOf
                }
            };
            run(lanes, Locate { fine: &fine, at, place, xz, y: packed_y, packing });
            if plan.has_big {
                for (index, place) in place.iter_mut().enumerate() {
                    if (plan.radius)(live.row(first + index)) > plan.fine_radius {
                        *place = (big.base + big.place(at[0][index], at[2][index])) as i32;
                    }
                }
            }
        });
    }

    /// Fills the sorted columns.
    fn collect<R, Y, K>(
        &mut self,
        lanes: LaneChoice,
        live: Live<'_>,
        [x, y, z]: [&[i32]; 3],
        plan: &Plan<R, Y, K>,
        split: impl Split,
    ) where
        R: Fn(usize) -> i32 + Sync,
        Y: Fn(usize) -> i32 + Sync,
        K: Fn(usize) -> i32 + Sync,
    {
        let (len, guarded, too_tall) = (self.len, self.guarded, self.too_tall);
        let records = &*self.moves.records.fours();
        let Columns { id, xz, y: height, place, far_xz, far_y, kind, raw: [raw_x, raw_z] } = &mut self.sorted;
        let rows = ((&mut id[..len], &mut xz[..len]), (&mut height[..len], &mut place[..len]));
        split.each(rows, &|first, ((id, xz), (y, place)): Sorted<'_>| {
            let records = &records[first..];
            run(lanes, Collect { records, columns: [id, xz, y, place] });
        });
        // Columns that nobody reads are left as they are.
        if guarded {
            let order = &id[..len];
            split.each(&mut far_xz[..len], &|first, far_xz: &mut [i32]| {
                for (far_xz, &index) in far_xz.iter_mut().zip(&order[first..]) {
                    let index = index as usize;
                    *far_xz = pair((x[index] >> FAR_SHIFT) as i16, (z[index] >> FAR_SHIFT) as i16);
                }
            });
        }
        if too_tall {
            let order = &id[..len];
            split.each(&mut far_y[..len], &|first, far_y: &mut [i32]| {
                for (far_y, &index) in far_y.iter_mut().zip(&order[first..]) {
                    *far_y = y[index as usize] >> FAR_SHIFT & 0xFFFF;
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
        // Until here the ids are indices in `live`.
        match live {
            Live::From(0) => {}
            Live::From(first) => split.each(&mut id[..len], &|_, id: &mut [i32]| {
                id.iter_mut().for_each(|id| *id += first as i32);
            }),
            Live::Listed(live) => split.each(&mut id[..len], &|_, id: &mut [i32]| {
                id.iter_mut().for_each(|id| *id = live[*id as usize] as i32);
            }),
        }
    }
}

/// A chunk of the columns that everybody reads.
type Sorted<'a> = ((&'a mut [i32], &'a mut [i32]), (&'a mut [i32], &'a mut [i32]));

/// Where the rows are; at 0, when there are none.
fn survey(lanes: LaneChoice, [x, y, z]: [&[i32]; 3], split: impl Split) -> Extent {
    if x.is_empty() {
        return Extent { least: [0; 3], most: [0; 3] };
    }
    let bounds = [const { AtomicI32::new(i32::MAX) }; 6];
    split.each((x, (y, z)), &|_, (x, (y, z)): (&[i32], (&[i32], &[i32]))| {
        for (axis, column) in [x, y, z].into_iter().enumerate() {
            let [least, most] = run(lanes, Bounds(column));
            bounds[axis].fetch_min(least, Ordering::Relaxed);
            bounds[axis + 3].fetch_min(!most, Ordering::Relaxed);
        }
    });
    let [x, y, z, east, top, south] = bounds.map(AtomicI32::into_inner);
    Extent { least: [x, y, z], most: [!east, !top, !south] }
}

/// The least and the largest value of a column; the largest and the least number of an empty one.
struct Bounds<'a>(&'a [i32]);

impl LaneTask for Bounds<'_> {
    type Output = [i32; 2];

    #[inline(always)]
    fn run<L: Lanes>(self) -> [i32; 2] {
        let (mut low, mut high) = (L::splat(i32::MAX), L::splat(i32::MIN));
        let mut lanes = self.0.chunks_exact(L::WIDTH);
        for values in &mut lanes {
            let values = L::load(values);
            (low, high) = (low.min(values), high.max(values));
        }
        let (mut lows, mut highs) = ([i32::MAX; MAX_WIDTH], [i32::MIN; MAX_WIDTH]);
        low.store(&mut lows);
        high.store(&mut highs);
        let rest = lanes.remainder().iter();
        [
            lows.iter().chain(rest.clone()).fold(i32::MAX, |least, &value| least.min(value)),
            highs.iter().chain(rest).fold(i32::MIN, |most, &value| most.max(value)),
        ]
    }
}

/// How the heights of a chunk are packed.
#[derive(Clone, Copy)]
enum Packing {
    /// As [`Tall::Centres`].
    Centres,
    /// As [`Tall::Same`].
    Bodies(i32),
    /// As [`Tall::Each`]: how tall they are stands where the packed heights go.
    BodiesOf,
}

/// The tallest bodies are this high, raw.
const TALLEST: i32 = 16 << 16;

impl Packing {
    /// Packed heights; `tall` is the rows' own height for [`Packing::BodiesOf`].
    #[inline(always)]
    fn pack<L: Lanes>(self, y: L, tall: L) -> L {
        let half = L::splat(0xFFFF);
        let tall = match self {
            Packing::Centres => return y.shift_right::<PACK_SHIFT>().and(half),
            Packing::Bodies(height) => L::splat(height),
            Packing::BodiesOf => tall,
        };
        let tall = tall.max(L::splat(0)).min(L::splat(TALLEST));
        // Nothing is higher than the largest number.
        let top = y.min(L::splat(i32::MAX).sub(tall)).add(tall);
        let negated = L::splat(0).sub(top.shift_right::<HEIGHT_SHIFT>());
        y.shift_right::<HEIGHT_SHIFT>().pair_with(negated)
    }
}

/// Places in the fine lattice, packed positions and packed heights of a chunk of rows.
struct Locate<'a> {
    fine: &'a Lattice,
    at: [&'a [i32]; 3],
    place: &'a mut [i32],
    xz: &'a mut [i32],
    y: &'a mut [i32],
    packing: Packing,
}

impl LaneTask for Locate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let len = self.place.len();
        let Locate { fine, at: columns, place, xz, y: packed_y, packing } = self;
        let [x, y, z] = columns.map(|column| &column[..len]);
        let (xz, packed_y) = (&mut xz[..len], &mut packed_y[..len]);
        let finder = fine.in_lanes::<L>();
        let mut at = 0;
        while at + L::WIDTH <= len {
            let rows = [L::load_at(x, at), L::load_at(y, at), L::load_at(z, at)];
            let packed = pack(&finder, packing, rows, L::load_at(packed_y, at));
            packed[0].store_at(place, at);
            packed[1].store_at(xz, at);
            packed[2].store_at(packed_y, at);
            at += L::WIDTH;
        }
        if at < len {
            // The last rows, and copies of the first of them behind.
            let parts = [x, y, z, &*packed_y].map(|column| {
                let mut part = [column[at]; MAX_WIDTH];
                part[..len - at].copy_from_slice(&column[at..]);
                part
            });
            let rows = [L::load(&parts[0]), L::load(&parts[1]), L::load(&parts[2])];
            let packed = pack(&finder, packing, rows, L::load(&parts[3]));
            let mut parts = [[0; MAX_WIDTH]; 3];
            packed[0].store(&mut parts[0]);
            packed[1].store(&mut parts[1]);
            packed[2].store(&mut parts[2]);
            for (part, to) in parts.iter().zip([place, xz, packed_y]) {
                to[at..].copy_from_slice(&part[..len - at]);
            }
        }
    }
}

/// Places, packed positions and packed heights.
#[inline(always)]
fn pack<L: Lanes>(finder: &LaneLattice<L>, packing: Packing, [x, y, z]: [L; 3], tall: L) -> [L; 3] {
    let packed = x.shift_right::<PACK_SHIFT>().pair_with(z.shift_right::<PACK_SHIFT>());
    [finder.place(x, z), packed, packing.pack(y, tall)]
}

/// Turns records into columns.
struct Collect<'a> {
    records: &'a [Record],
    columns: [&'a mut [i32]; 4],
}

impl LaneTask for Collect<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Collect { records, columns } = self;
        let len = columns[0].len();
        let [id, xz, y, place] = columns.map(|column| &mut column[..len]);
        let mut at = 0;
        while at + L::WIDTH <= len {
            let columns = L::load_records(&records[at..at + L::WIDTH]);
            columns[0].store_at(id, at);
            columns[1].store_at(xz, at);
            columns[2].store_at(y, at);
            columns[3].store_at(place, at);
            at += L::WIDTH;
        }
        for (at, record) in records[..len].iter().enumerate().skip(at) {
            [id[at], xz[at], y[at], place[at]] = *record;
        }
    }
}
