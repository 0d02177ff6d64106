//! Whom an arrow can meet: everybody of the crowd's index, in cells of a metre.
//!
//! The index's own cells are made for circles of tens of metres; the way of a tick is a metre long. The cells here lie on a
//! torus whose size follows the capacity, so that a table of them is small wherever the crowd is: far places share a cell,
//! and are told apart by their coordinates.
//!
//! Not here: the exact test, see `capsule`.

use super::super::combat::Sides;
use super::capsule::sweep_capsule;
use crate::numeric::lanes::{LaneChoice, LaneMask, Lanes, MAX_WIDTH};
use crate::numeric::{Metres, Position};
use crate::rules::Rules;
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

/// By how much the exact test may find a contact beyond the radius, raw; and some more.
pub(super) const ROUNDING: i32 = 4 << 8;

/// What rounding to units adds at most to a product of a way and what is beside it, both of 14 bits.
const SLACK: i32 = 1 << 16;

/// By how many bits numbers are to be shifted so that the largest of them has 14.
fn fine_shift(numbers: impl Iterator<Item = i64>) -> u32 {
    let bits = numbers.fold(0, |bits, number| bits | number.unsigned_abs());
    (u64::BITS - bits.leading_zeros()).saturating_sub(14)
}

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
    /// Radius and height of the bodies.
    radius: Box<[i32]>,
    height: Box<[i32]>,
    /// The largest radius of them.
    radius_max: Metres,
}

/// A straight way and what flies it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shot {
    pub from: Position,
    pub to: Position,
    /// Radius of what flies.
    pub radius: Metres,
    /// Whom it can meet.
    pub sides: Sides,
    /// The row of a body that it went through, which is not met again.
    pub pierced: Option<u32>,
}

/// What all tests of one shot share, in lanes.
struct Judge<L> {
    low: [L; 3],
    high: [L; 3],
    from: [L; 2],
    way: [L; 2],
    /// Radius of what flies, and the length of the way in units of `1 << shift`.
    radius: L,
    length: L,
    shift: u32,
    own_row: L,
    pierced: L,
    /// The team that is left out, or the only one.
    team: L,
    only: bool,
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
            radius: column(),
            height: column(),
            radius_max: Metres::ZERO,
        }
    }

    /// Takes everybody who is present in a grid.
    pub fn rebuild(
        &mut self,
        grid: &QueryGrid,
        characters: &CharactersView<'_>,
        (rules, lanes): (&Rules, LaneChoice),
    ) {
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
        self.radius_max = Metres::ZERO;
        for (place, record) in self.records[..len].iter().enumerate() {
            let body = rules.class(characters.class[rows[record[0] as usize] as usize]);
            (self.radius[place], self.height[place]) = (body.radius.0, body.height.0);
            self.radius_max = self.radius_max.max(body.radius);
        }
    }

    /// The largest radius of those who can be met.
    pub(super) const fn radius_max(&self) -> Metres {
        self.radius_max
    }

    /// The first body on the way, the lower row at equal distance: (fraction of the way, row).
    #[inline(always)]
    pub(super) fn first<L: Lanes>(&self, shot: &Shot) -> Option<(i32, u32)> {
        let judge = Judge::<L>::new(shot, self.radius_max);
        let side = 1_i64 << self.side_bits;
        let cells = |a: Metres, b: Metres| {
            let reach = i64::from(shot.radius.0) + i64::from(self.radius_max.0) + i64::from(ROUNDING);
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
        let (radius, height) = (shot.radius + Metres(self.radius[place]), Metres(self.height[place]));
        if let Some(t) = sweep_capsule(shot.from, shot.to, feet, radius, height) {
            let row = self.who[place].cast_unsigned() & ((1 << TEAM_SHIFT) - 1);
            *nearest = (*nearest).min((t, row));
        }
    }
}

impl<L: Lanes> Judge<L> {
    #[inline(always)]
    fn new(shot: &Shot, radius_max: Metres) -> Self {
        let (from, to) = (shot.from, shot.to);
        let reach = shot.radius.0 + ROUNDING;
        let low = |a: Metres, b: Metres, by: i32| L::splat(a.0.min(b.0).saturating_sub(by));
        let high = |a: Metres, b: Metres, by: i32| L::splat(a.0.max(b.0).saturating_add(by));
        // In units in which the way and whoever is beside it have 14 bits, so that products fit the lanes.
        let whole = |from: Metres, to: Metres| i64::from(to.0) - i64::from(from.0);
        let whole = [whole(from.x, to.x), whole(from.z, to.z)];
        let beside = i64::from(radius_max.0) + i64::from(reach);
        let shift = fine_shift(whole.into_iter().map(|part| part.abs() + beside));
        let (way_x, way_z) = ((whole[0] >> shift) as i32, (whole[1] >> shift) as i32);
        let (long, short) = (way_x.abs().max(way_z.abs()), way_x.abs().min(way_z.abs()));
        // At least the length.
        let length = long.saturating_add(short / 2 + 1);
        let (team, only) = shot.sides.team_filter();
        Self {
            low: [low(from.x, to.x, reach), low(from.y, to.y, 0), low(from.z, to.z, reach)],
            high: [high(from.x, to.x, reach), high(from.y, to.y, 0), high(from.z, to.z, reach)],
            from: [L::splat(from.x.0), L::splat(from.z.0)],
            way: [L::splat(way_x), L::splat(way_z)],
            radius: L::splat(shot.radius.0),
            length: L::splat(length),
            shift,
            own_row: L::splat(shot.sides.own_row.map_or(-1, u32::cast_signed)),
            pierced: L::splat(shot.pierced.map_or(-1, u32::cast_signed)),
            team: L::splat(team),
            only,
        }
    }

    /// Which of the targets from a place on the exact test is to be asked about.
    #[inline(always)]
    fn may_meet(&self, targets: &Targets, place: usize, there: L::Mask) -> L::Mask {
        let y = L::load_at(&targets.y, place);
        let head = y.add(L::load_at(&targets.height, place));
        let over = self.low[1].greater(head).or(y.greater(self.high[1]));
        // Most arrows fly over the heads.
        let level = over.not().and(there);
        if level.none() {
            return level;
        }
        let (x, z) = (L::load_at(&targets.x, place), L::load_at(&targets.z, place));
        let who = L::load_at(&targets.who, place);
        let radius = L::load_at(&targets.radius, place);
        let beyond = self.low[0].greater(x.add(radius)).or(x.sub(radius).greater(self.high[0]));
        let beyond = beyond.or(self.low[2].greater(z.add(radius))).or(z.sub(radius).greater(self.high[2]));
        let team = who.shift_right_logical::<TEAM_SHIFT>();
        let row = who.and(L::splat((1 << TEAM_SHIFT) - 1));
        let same = team.equal(self.team);
        let spared = if self.only { same.not() } else { same };
        let spared = spared.or(row.equal(self.own_row)).or(row.equal(self.pierced));
        let beside = radius.add(self.radius).shift_right_by(self.shift).add(L::splat(1)).mul(self.length);
        let beside = beside.add(L::splat(SLACK));
        // Within the box these fit: ways are up to 64 m.
        let aside_x = self.from[0].sub(x).shift_right_by(self.shift);
        let aside_z = self.from[1].sub(z).shift_right_by(self.shift);
        let cross = aside_x.mul(self.way[1]).sub(aside_z.mul(self.way[0])).abs();
        beyond.or(spared).or(cross.greater(beside)).not().and(level)
    }
}
