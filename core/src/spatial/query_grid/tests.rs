//! Every query held against a look at all rows, on every kind of lanes.

mod limits;
mod shapes;
mod sorted;

use super::*;
use crate::numeric::lanes::LaneChoice;
use alloc::vec::Vec;
use proptest::prelude::*;

/// Half extent of the grids here: 64 m.
const HALF: i32 = 64 << 16;

pub(super) struct Crowd {
    pub(super) x: Vec<i32>,
    pub(super) z: Vec<i32>,
    pub(super) marks: Vec<Presence>,
    pub(super) depth: Metres,
}

impl fmt::Debug for Crowd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.x.iter().zip(&self.z).zip(&self.marks);
        f.debug_struct("Crowd").field("depth", &self.depth).field("rows", &rows.collect::<Vec<_>>()).finish()
    }
}

impl Crowd {
    pub(super) fn grid(&self, lanes: LaneChoice) -> QueryGrid {
        let config = QueryGridConfig {
            row_capacity: self.x.len() as u32,
            half_extent: Metres(HALF),
            cell_depth: self.depth,
            lanes,
        };
        let mut grid = QueryGrid::new(&config).expect("sizes are in range");
        // The second rebuild must see nothing of the first.
        grid.rebuild(&self.z, &self.x, &alloc::vec![Presence::Present; self.x.len()], |mark| mark);
        grid.rebuild(&self.x, &self.z, &self.marks, |mark| mark);
        grid
    }

    /// The rows of one presence, in canonical order.
    pub(super) fn in_order(&self, presence: Presence) -> Vec<u32> {
        let mut rows: Vec<u32> =
            (0..self.x.len() as u32).filter(|row| self.marks[*row as usize] == presence).collect();
        if presence == Presence::Present {
            let depth = i64::from(self.depth.0);
            let cell = |raw: i32, side: i64| {
                (i64::from(raw).clamp((-HALF).into(), (HALF - 1).into()) + i64::from(HALF)) / side
            };
            rows.sort_by_key(|&row| {
                (cell(self.z[row as usize], depth), cell(self.x[row as usize], depth / 4), row)
            });
        }
        rows
    }

    /// Those that pass a test, in canonical order.
    pub(super) fn expected(&self, who: Who, test: impl Fn(i32, i32) -> bool) -> Vec<u32> {
        let mut rows = self.in_order(Presence::Present);
        if who == Who::Everyone {
            rows.extend(self.in_order(Presence::Aside));
        }
        rows.retain(|&row| test(self.x[row as usize], self.z[row as usize]));
        rows
    }
}

/// Coordinates inside, on and outside the bounds; many on a lattice, so that limits are hit exactly.
pub(super) fn coordinate() -> impl Strategy<Value = i32> {
    prop_oneof![
        6 => (-70i32 << 16)..(70 << 16),
        4 => (-70i32..70).prop_map(|m| m << 16),
        1 => prop::sample::select(&[i32::MIN, i32::MAX, -HALF, HALF, HALF - 1, -HALF - 1][..]),
        1 => any::<i32>(),
    ]
}

/// One of several layouts: within the bounds everywhere, in a small spot, on one point, mixed, or anywhere at all.
fn points() -> impl Strategy<Value = Vec<(i32, i32)>> {
    let within = |half: i32, x: i32, z: i32, count: usize| {
        prop::collection::vec((x - half..=x + half, z - half..=z + half), 0..count)
    };
    let spot = (-40i32 << 16..40 << 16, -40i32 << 16..40 << 16);
    prop_oneof![
        within(HALF - 1, 0, 0, 300),
        within(60 << 16, 0, 0, 20),
        spot.clone().prop_flat_map(move |(x, z)| within(3 << 16, x, z, 400)),
        spot.clone().prop_flat_map(move |(x, z)| within(0, x, z, 100)),
        spot.prop_flat_map(move |(x, z)| (within(5 << 16, x, z, 200), within(HALF - 1, 0, 0, 100)))
            .prop_map(|(near, far)| near.into_iter().chain(far).collect()),
        prop::collection::vec((coordinate(), coordinate()), 0..150),
    ]
}

pub(super) fn crowd() -> impl Strategy<Value = Crowd> {
    let presence = prop::sample::select(
        &[Presence::Present, Presence::Present, Presence::Present, Presence::Aside, Presence::Absent][..],
    );
    (points(), prop::collection::vec(presence, 400), any::<bool>(), 16u32..22).prop_map(
        |(points, marks, all, depth_shift)| Crowd {
            x: points.iter().map(|p| p.0).collect(),
            z: points.iter().map(|p| p.1).collect(),
            marks: (0..points.len()).map(|row| if all { Presence::Present } else { marks[row] }).collect(),
            depth: Metres(1 << depth_shift),
        },
    )
}

pub(super) fn who() -> impl Strategy<Value = Who> {
    prop::sample::select(&[Who::Present, Who::Everyone][..])
}

/// Every way to ask for a shape gives the same rows, in canonical order, on all lanes.
pub(super) fn check(
    crowd: &Crowd,
    who: Who,
    shape: &impl Shape,
    test: &dyn Fn(i32, i32) -> bool,
) -> Result<(), TestCaseError> {
    let expected = crowd.expected(who, test);
    for &lanes in LaneChoice::available() {
        let grid = crowd.grid(lanes);
        let mut list = RowList::new();
        grid.collect(who, shape, &mut list);
        prop_assert_eq!(list.as_slice(), &expected[..], "{:?}", lanes);
        prop_assert_eq!(grid.count(who, shape), expected.len());
        let mut visited = Vec::new();
        grid.for_each(who, shape, |row| visited.push(row));
        prop_assert_eq!(&visited, &expected);
        let mut words = alloc::vec![1 << 63; 8];
        grid.mark(who, shape, &mut words);
        for row in 0..400 {
            let set = words[row / 64] >> (row % 64) & 1 == 1;
            prop_assert_eq!(set, row % 64 == 63 || expected.contains(&(row as u32)));
        }
    }
    Ok(())
}
