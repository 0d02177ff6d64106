//! Whom an arrow can meet: everybody of the crowd's index, in cells of a metre.
//!
//! The index's own cells are made for circles of tens of metres; the way of a tick is a metre long. The cells here lie on a
//! torus whose size follows the capacity, so that a table of them is small wherever the crowd is: far places share a cell,
//! and are told apart by their coordinates.
//!
//! Not here: the exact test, see `capsule`.

use super::capsule::sweep_capsule;
use crate::numeric::lanes::{LaneChoice, LaneMask, Lanes, MAX_WIDTH};
use crate::numeric::{Metres, Position};
use crate::spatial::query_grid::QueryGrid;
use crate::spatial::record_sort::RecordSort;
use crate::state::characters::CharactersView;
use crate::state::column::Here;
use alloc::boxed::Box;
use alloc::vec;

/// A cell's side is `1 << CELL_SHIFT` raw units: a metre.
const CELL_SHIFT: u32 = 16;

/// Fewest and most cells along a side of the torus, as powers of two.
const SIDE_BITS: (u32, u32) = (4, 8);

/// Where the team stands in a target's number; below it is the row.
const TEAM_SHIFT: u32 = 24;

const _: () = assert!(crate::limits::CHARACTERS_MAX <= 1 << TEAM_SHIFT, "rows fit below the team");

/// By how much the exact test, in 1/256 m, may find a contact beyond the radius, raw.
pub(super) const ROUNDING: i32 = 4 << 8;

/// Everybody who can be met, sorted by cells.
#[derive(Debug)]
pub(crate) struct Targets {
    side_bits: u32,
    /// `starts[cell]..starts[cell + 1]` are the places of a cell's targets.
    starts: Box<[i32]>,
    keys: Box<[i32]>,
    records: Box<[[i32; 4]]>,
    x: Box<[i32]>,
    y: Box<[i32]>,
    z: Box<[i32]>,
    /// Row and team.
    who: Box<[i32]>,
}

/// A straight way and what flies it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shot {
    pub from: Position,
    pub to: Position,
    /// Radius of bodies and arrow together, and height of the bodies.
    pub radius: Metres,
    pub height: Metres,
    /// The row of who shot, which is not met.
    pub own_row: Option<u32>,
    /// The team that is not met.
    pub friends: Option<u8>,
}

/// What all tests of one shot share, in lanes.
struct Judge<L> {
    low: [L; 3],
    high: [L; 3],
    from: [L; 2],
    way: [L; 2],
    /// Most that a way may pass beside a place, times its length, in 1/256 m.
    beside: L,
    own_row: L,
    friends: L,
}

impl Targets {
    pub fn new(capacity: usize) -> Self {
        let cells_bits = capacity.max(1).next_power_of_two().trailing_zeros();
        let side_bits = (cells_bits / 2).clamp(SIDE_BITS.0, SIDE_BITS.1);
        let column = || vec![0; capacity + MAX_WIDTH].into_boxed_slice();
        Self {
            side_bits,
            starts: vec![0; (1 << (2 * side_bits)) + MAX_WIDTH].into_boxed_slice(),
            keys: vec![0; capacity].into_boxed_slice(),
            records: vec![[0; 4]; capacity].into_boxed_slice(),
            x: column(),
            y: column(),
            z: column(),
            who: column(),
        }
    }

    /// Takes everybody who is present in a grid.
    pub fn rebuild(&mut self, grid: &QueryGrid, characters: &CharactersView<'_>, lanes: LaneChoice) {
        let (rows, (x, z)) = (grid.rows(), grid.present_coordinates());
        let (len, side_bits) = (rows.len(), self.side_bits);
        // A plain loop, which the compiler widens.
        let mask = (1 << side_bits) - 1;
        for ((key, x), z) in self.keys[..len].iter_mut().zip(x).zip(z) {
            *key = (z >> CELL_SHIFT & mask) << side_bits | x >> CELL_SHIFT & mask;
        }
        let sort = RecordSort {
            starts: &mut self.starts,
            places: &self.keys[..len],
            columns: [x, z],
            slots: &[],
            records: &mut self.records[..len],
            // These are filled when the rows are sorted.
            lists: [&mut self.y, &mut self.who],
        };
        sort.run(lanes, Here);
        let to = self.x.iter_mut().zip(&mut self.y).zip(self.z.iter_mut().zip(&mut self.who));
        for (((x, y), (z, who)), record) in to.zip(&self.records[..len]) {
            let [index, at_x, at_z, _] = *record;
            let row = rows[index as usize];
            (*x, *y, *z) = (at_x, characters.position_y[row as usize], at_z);
            *who = (row | u32::from(characters.team[row as usize]) << TEAM_SHIFT).cast_signed();
        }
    }

    /// The first body on the way, the lower row at equal distance: (fraction of the way, row).
    #[inline(always)]
    pub(super) fn first<L: Lanes>(&self, shot: &Shot) -> Option<(i32, u32)> {
        let judge = Judge::<L>::new(shot);
        let side = 1_i64 << self.side_bits;
        let cells = |a: Metres, b: Metres| {
            let reach = i64::from(shot.radius.0) + i64::from(ROUNDING);
            let (a, b) = (i64::from(a.0), i64::from(b.0));
            let (first, last) = ((a.min(b) - reach) >> CELL_SHIFT, (a.max(b) + reach) >> CELL_SHIFT);
            // Once around at most.
            (first, last.min(first + side - 1))
        };
        let (column, last_column) = cells(shot.from.x, shot.to.x);
        let (line, last_line) = cells(shot.from.z, shot.to.z);
        let mask = side - 1;
        let (start, end) = (column & mask, last_column & mask);
        let mut nearest = (i32::MAX, u32::MAX);
        let mut at = line;
        while at <= last_line {
            let base = (at & mask) << self.side_bits;
            if start <= end {
                self.meet::<L>(shot, &judge, (base + start, base + end), &mut nearest);
            } else {
                self.meet::<L>(shot, &judge, (base + start, base + mask), &mut nearest);
                self.meet::<L>(shot, &judge, (base, base + end), &mut nearest);
            }
            at += 1;
        }
        (nearest.1 != u32::MAX).then_some(nearest)
    }

    /// Tests the targets of a run of cells, both ends included.
    #[inline(always)]
    fn meet<L: Lanes>(
        &self,
        shot: &Shot,
        judge: &Judge<L>,
        (first, last): (i64, i64),
        nearest: &mut (i32, u32),
    ) {
        let mut place = self.starts[first as usize] as usize;
        let end = self.starts[last as usize + 1] as usize;
        while place < end {
            let there = L::Mask::first_n(end - place);
            let mut hits = judge.may_meet(self, place, there).bits();
            while hits != 0 {
                self.meet_one(shot, place + hits.trailing_zeros() as usize, nearest);
                hits &= hits - 1;
            }
            place += L::WIDTH;
        }
    }

    /// The exact test of one target.
    #[inline(never)]
    fn meet_one(&self, shot: &Shot, place: usize, nearest: &mut (i32, u32)) {
        let feet = Position::from_raw(self.x[place], self.y[place], self.z[place]);
        if let Some(t) = sweep_capsule(shot.from, shot.to, feet, shot.radius, shot.height) {
            let row = self.who[place].cast_unsigned() & ((1 << TEAM_SHIFT) - 1);
            *nearest = (*nearest).min((t, row));
        }
    }
}

impl<L: Lanes> Judge<L> {
    #[inline(always)]
    fn new(shot: &Shot) -> Self {
        let (from, to) = (shot.from, shot.to);
        let reach = shot.radius.0 + ROUNDING;
        let low = |a: Metres, b: Metres, by: i32| L::splat(a.0.min(b.0).saturating_sub(by));
        let high = |a: Metres, b: Metres, by: i32| L::splat(a.0.max(b.0).saturating_add(by));
        // The same numbers as in the exact test.
        let way = |from: Metres, to: Metres| ((i64::from(to.0) - i64::from(from.0)) >> 8) as i32;
        let (way_x, way_z) = (way(from.x, to.x), way(from.z, to.z));
        let (long, short) = (way_x.abs().max(way_z.abs()), way_x.abs().min(way_z.abs()));
        // At least the length.
        let length = long.saturating_add(short / 2 + 1);
        Self {
            low: [low(from.x, to.x, reach), low(from.y, to.y, shot.height.0), low(from.z, to.z, reach)],
            high: [high(from.x, to.x, reach), high(from.y, to.y, 0), high(from.z, to.z, reach)],
            from: [L::splat(from.x.0), L::splat(from.z.0)],
            way: [L::splat(way_x), L::splat(way_z)],
            beside: L::splat((shot.radius.0 >> 8).saturating_mul(length)),
            own_row: L::splat(shot.own_row.map_or(-1, u32::cast_signed)),
            friends: L::splat(shot.friends.map_or(-1, i32::from)),
        }
    }

    /// Which of the targets from a place on the exact test is to be asked about.
    #[inline(always)]
    fn may_meet(&self, targets: &Targets, place: usize, there: L::Mask) -> L::Mask {
        let y = L::load_at(&targets.y, place);
        let over = self.low[1].greater(y).or(y.greater(self.high[1]));
        // Most arrows fly over the heads.
        let level = over.not().and(there);
        if level.none() {
            return level;
        }
        let (x, z) = (L::load_at(&targets.x, place), L::load_at(&targets.z, place));
        let who = L::load_at(&targets.who, place);
        let beyond = self.low[0].greater(x).or(x.greater(self.high[0]));
        let beyond = beyond.or(self.low[2].greater(z)).or(z.greater(self.high[2]));
        let team = who.shift_right_logical::<TEAM_SHIFT>();
        let row = who.and(L::splat((1 << TEAM_SHIFT) - 1));
        let spared = team.equal(self.friends).or(row.equal(self.own_row));
        // Within the box these fit: ways are up to 64 m.
        let aside_x = self.from[0].sub(x).shift_right::<8>();
        let aside_z = self.from[1].sub(z).shift_right::<8>();
        let cross = aside_x.mul(self.way[1]).sub(aside_z.mul(self.way[0])).abs();
        beyond.or(spared).or(cross.greater(self.beside)).not().and(level)
    }
}
