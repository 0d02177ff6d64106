//! Whom an arrow can meet: everybody of the near grid, with heights and bodies beside their places.
//!
//! Not here: the exact test, see `capsule`.

use super::super::combat::Sides;
use super::capsule::sweep_capsule;
use super::heads::Heads;
use crate::numeric::lanes::{LaneMask, Lanes, MAX_WIDTH};
use crate::numeric::{Metres, Position};
use crate::rules::Rules;
use crate::spatial::near_grid::{NearGrid, groups_of, row_of, rows_of};
use crate::state::characters::CharactersView;
use crate::state::column::Split;
use alloc::boxed::Box;
use alloc::vec;
use core::sync::atomic::{AtomicI32, Ordering};

/// By how much the exact test may find a contact beyond the radius, raw; and some more.
pub(super) const ROUNDING: i32 = 4 << 8;

/// What rounding to units adds at most to a product of a way and what is beside it, both of 14 bits.
const SLACK: i32 = 1 << 16;

/// By how many bits numbers are to be shifted so that the largest of them has 14.
fn fine_shift(numbers: impl Iterator<Item = i64>) -> u32 {
    let bits = numbers.fold(0, |bits, number| bits | number.unsigned_abs());
    (u64::BITS - bits.leading_zeros()).saturating_sub(14)
}

/// What is known of those in the near grid of the present beside their places, in its order.
#[derive(Debug)]
pub(crate) struct Targets {
    y: Box<[i32]>,
    /// Radius and height of the bodies.
    radius: Box<[i32]>,
    height: Box<[i32]>,
    /// The largest radius of them.
    radius_max: Metres,
    heads: Heads,
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
        let column = || vec![0; capacity + MAX_WIDTH].into_boxed_slice();
        Self {
            y: column(),
            radius: column(),
            height: column(),
            radius_max: Metres::ZERO,
            heads: Heads::new(capacity),
        }
    }

    /// Takes everybody who is in a grid.
    pub fn rebuild(
        &mut self,
        grid: &NearGrid,
        characters: &CharactersView<'_>,
        rules: &Rules,
        split: impl Split,
    ) {
        let len = grid.len();
        let bodies = rules.movement.map(|class| (class.radius.0, class.height.0));
        let radius_max = AtomicI32::new(0);
        type Columns<'a> = (((&'a mut [i32], &'a mut [i32]), &'a mut [i32]), &'a [i32]);
        let columns = ((&mut self.y[..len], &mut self.radius[..len]), &mut self.height[..len]);
        split.each((columns, &grid.columns()[2][..len]), &|_, (((y, radius), height), tags): Columns<'_>| {
            let mut widest = 0;
            for (((y, radius), height), tag) in y.iter_mut().zip(radius).zip(height).zip(tags) {
                let row = row_of(*tag) as usize;
                let class = usize::from(characters.class[row]);
                (*radius, *height) = bodies[if class < bodies.len() { class } else { 0 }];
                *y = characters.position_y[row];
                widest = widest.max(*radius);
            }
            radius_max.fetch_max(widest, Ordering::Relaxed);
        });
        self.radius_max = Metres(radius_max.into_inner());
        self.heads.rebuild(grid, [&self.y[..len], &self.height[..len]], split);
    }

    /// How high their heads are, and where.
    pub(super) const fn heads(&self) -> &Heads {
        &self.heads
    }

    /// The largest radius of those who can be met.
    pub(super) const fn radius_max(&self) -> Metres {
        self.radius_max
    }

    /// The first body on the way, the lower row at equal distance: (fraction of the way, row).
    #[inline(always)]
    pub(super) fn first<L: Lanes>(&self, grid: &NearGrid, shot: &Shot) -> Option<(i32, u32)> {
        let judge = Judge::<L>::new(shot, self.radius_max);
        let reach = shot.radius.0.saturating_add(self.radius_max.0).saturating_add(ROUNDING);
        let bounds = [(shot.from.x, shot.to.x), (shot.from.z, shot.to.z)]
            .map(|(a, b)| [a.0.min(b.0).saturating_sub(reach), a.0.max(b.0).saturating_add(reach)]);
        let mut nearest = (i32::MAX, u32::MAX);
        let mut runs = grid.runs(bounds, false);
        while let Some((mut place, end)) = runs.next_run() {
            while place < end {
                let there = L::Mask::first_n(end - place);
                let mut hits = judge.may_meet(self, grid, place, there).bits();
                while hits != 0 {
                    self.meet_one(grid, shot, place + hits.trailing_zeros() as usize, &mut nearest);
                    hits &= hits - 1;
                }
                place += L::WIDTH;
            }
        }
        (nearest.1 != u32::MAX).then_some(nearest)
    }

    /// The exact test of one target.
    #[inline(never)]
    fn meet_one(&self, grid: &NearGrid, shot: &Shot, place: usize, nearest: &mut (i32, u32)) {
        let [x, z, tags] = grid.columns();
        let feet = Position::from_raw(x[place], self.y[place], z[place]);
        let (radius, height) = (shot.radius + Metres(self.radius[place]), Metres(self.height[place]));
        if let Some(t) = sweep_capsule(shot.from, shot.to, feet, radius, height) {
            *nearest = (*nearest).min((t, row_of(tags[place])));
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
    fn may_meet(&self, targets: &Targets, grid: &NearGrid, place: usize, there: L::Mask) -> L::Mask {
        let y = L::load_at(&targets.y, place);
        let head = y.add(L::load_at(&targets.height, place));
        let over = self.low[1].greater(head).or(y.greater(self.high[1]));
        // Most arrows fly over the heads.
        let level = over.not().and(there);
        if level.none() {
            return level;
        }
        let [x, z, tag] = grid.columns().map(|column| L::load_at(column, place));
        let radius = L::load_at(&targets.radius, place);
        let beyond = self.low[0].greater(x.add(radius)).or(x.sub(radius).greater(self.high[0]));
        let beyond = beyond.or(self.low[2].greater(z.add(radius))).or(z.sub(radius).greater(self.high[2]));
        let (row, same) = (rows_of(tag), groups_of(tag).equal(self.team));
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
