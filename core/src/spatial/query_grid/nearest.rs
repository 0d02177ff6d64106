//! The nearest few rows, and the first few along a way.

use super::disc::Disc;
use super::search;
use super::sinks::Sink;
use super::sweep::Sweep;
use super::{QueryGrid, RowList, Who};
use crate::numeric::Metres;
use crate::numeric::fixed::saturate;
use crate::numeric::lanes::{LaneMask, LaneTask, Lanes, run};
use alloc::vec::Vec;

/// The most rows that one search for the nearest gives.
pub const NEAREST_MAX: usize = 256;

/// Room for candidates in order: when it is full, the better half is kept.
pub(super) const ORDER_ROOM: usize = 2 * NEAREST_MAX + 2;

impl QueryGrid {
    /// Replaces the list by the `count` rows nearest to (x, z) on the ground plane, none farther than `max_radius`:
    /// nearest first, at equal distance the lower row. Counts above [`NEAREST_MAX`] count as that. Exact.
    ///
    /// Allocates only while the list has less room than this grid's capacity.
    pub fn nearest(
        &self,
        who: Who,
        (x, z): (Metres, Metres),
        count: usize,
        max_radius: Metres,
        out: &mut RowList,
    ) {
        let count = count.min(NEAREST_MAX);
        let (places, short, long) = out.parts(self.capacity());
        if count == 0 || max_radius < Metres::ZERO {
            return;
        }
        let mut disc = Disc { x, z, radius: self.first_guess(x, z, count).min(max_radius) };
        // What is nearest within a radius is nearest of all, as soon as there is enough of it.
        let found = loop {
            let found = search::run(self, who, &disc, Indices { out: places, len: 0 }).len;
            if found >= count || disc.radius >= max_radius {
                break found;
            }
            let radius = i64::from(disc.radius.0);
            let grown = if found * 4 < count { radius * 2 } else { radius * 3 / 2 };
            disc.radius = Metres(saturate(grown + 1)).min(max_radius);
        };
        // Within 256 m a square and a row of 16 bits are one word.
        if disc.radius >= Metres::from_m(256) || self.capacity() > 1 << 16 {
            for &index in &places[..found] {
                let squared = u128::from(self.squared_to(index, x, z));
                keep_least(long, count, squared << 32 | self.rows[index as usize] as u128);
            }
            let len = least_in_order(long, count, places, |key| key as u32 as i32);
            out.set_len(len);
        } else if found > RANKED_MAX {
            for &index in &places[..found] {
                keep_least(short, count, self.short_key(index, x, z));
            }
            let len = least_in_order(short, count, places, |key| i32::from(key as u16));
            out.set_len(len);
        } else {
            let mut keys = [0; RANKED_MAX];
            for (key, &index) in keys.iter_mut().zip(&places[..found]) {
                *key = self.short_key(index, x, z);
            }
            let square_bits = 2 * (32 - disc.radius.0.leading_zeros());
            run(self.lanes, Rank { keys: &mut keys, found, shift: 16 + square_bits.saturating_sub(24) });
            let len = found.min(count);
            for (place, key) in places.iter_mut().zip(&keys[..len]) {
                *place = i32::from(*key as u16);
            }
            out.set_len(len);
        }
    }

    /// Squared distance above 16 bits of row: for points within 256 m.
    #[inline(always)]
    fn short_key(&self, index: i32, x: Metres, z: Metres) -> u64 {
        self.squared_to(index, x, z) << 16 | self.rows[index as usize] as u64
    }

    /// Squared distance of a sorted index from a point within `i32::MAX` of it: at most 62 bits.
    #[inline(always)]
    fn squared_to(&self, index: i32, x: Metres, z: Metres) -> u64 {
        let index = index as usize;
        let (dx, dz) = (self.x[index].abs_diff(x.0), self.z[index].abs_diff(z.0));
        u64::from(dx) * u64::from(dx) + u64::from(dz) * u64::from(dz)
    }

    /// Replaces the list by the first `count` rows within `radius` of a way: in the order in which their feet of the
    /// perpendicular come along it, those behind its start first of all, at equal places the lower row. Counts above
    /// [`NEAREST_MAX`] count as that. Exact, and decided on the ground plane; whether a body is hit, and where, is the
    /// caller's question.
    ///
    /// Allocates only while the list has less room than this grid's capacity.
    pub fn first_along(&self, who: Who, sweep: &Sweep, count: usize, out: &mut RowList) {
        let count = count.min(NEAREST_MAX);
        let (places, _, order) = out.parts(self.capacity());
        if count > 0 {
            search::run(self, who, sweep, ByPlace { grid: self, sweep, order, count });
            let len = least_in_order(order, count, places, |key| key as u32 as i32);
            out.set_len(len);
        }
    }

    /// A radius within which there are likely `count` rows and not many more: from the number of rows in the cells
    /// around.
    fn first_guess(&self, x: Metres, z: Metres, count: usize) -> Metres {
        let (column, line) = (self.column_of(x.0.into()), self.line_of(z.0.into()));
        let (mut lines_around, mut columns_around) = (0_u32, 2_u32);
        loop {
            let first = column.saturating_sub(columns_around);
            let last = column.saturating_add(columns_around).min(self.columns - 1);
            let first_line = line.saturating_sub(lines_around);
            let last_line = line.saturating_add(lines_around).min(self.lines - 1);
            let rows = (first_line..=last_line)
                .map(|line| {
                    let base = (line * self.columns) as usize;
                    self.starts[base + last as usize + 1] - self.starts[base + first as usize]
                })
                .sum::<u32>();
            let rows = u64::from(rows);
            let cells = u64::from(last - first + 1) * u64::from(last_line - first_line + 1);
            if rows >= count as u64 {
                // count = rows * (pi r^2) / area, with a quarter and a few more to be safe; lengths in 1/16 m.
                let wanted = (count + count / 4 + 4) as u64;
                let area = cells << (self.column_shift + self.line_shift - 2 * 12);
                let squared = area * wanted * 113 / (355 * rows);
                return Metres(saturate((squared.isqrt() as i64 + 1) << 12));
            }
            if cells == u64::from(self.columns) * u64::from(self.lines) {
                return Metres(i32::MAX);
            }
            lines_around = 2 * lines_around + 1;
            columns_around = 2 * columns_around + 2;
        }
    }
}

/// Adds a key, and keeps at least the `count` least of all that were added.
#[inline(always)]
fn keep_least<K: Ord>(order: &mut Vec<K>, count: usize, key: K) {
    if order.len() == ORDER_ROOM {
        order.select_nth_unstable(count - 1);
        order.truncate(count);
    }
    order.push(key);
}

/// Writes the rows of the `count` least keys in order, and returns how many those are.
fn least_in_order<K: Ord + Copy>(
    order: &mut Vec<K>,
    count: usize,
    places: &mut [i32],
    row: impl Fn(K) -> i32,
) -> usize {
    // A little more is sorted faster than it is cut off.
    if order.len() > 2 * count {
        order.select_nth_unstable(count - 1);
        order.truncate(count);
    }
    order.sort_unstable();
    order.truncate(count);
    for (place, key) in places.iter_mut().zip(order.iter()) {
        *place = row(*key);
    }
    order.len()
}

/// The most keys that are put in order by ranks.
const RANKED_MAX: usize = 128;

/// Puts keys in ascending order: each is compared with all others, many at a time and without a branch, which for a
/// hundred keys takes a third of the time of a sort.
struct Rank<'a> {
    keys: &'a mut [u64; RANKED_MAX],
    found: usize,
    /// So far down the keys have at most 24 bits.
    shift: u32,
}

impl LaneTask for Rank<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Rank { keys, found, shift } = self;
        // The highest bits, and behind them the place, so that no two are equal.
        let mut short = [i32::MAX; RANKED_MAX];
        for place in 0..found {
            short[place] = ((keys[place] >> shift) as i32) << 7 | place as i32;
        }
        let mut ranks = [0; RANKED_MAX];
        let one = L::splat(1);
        let mut at = 0;
        while at < found {
            let own = L::load_at(&short, at);
            let mut rank = L::splat(0);
            for &other in &short[..found] {
                rank = rank.add(one.keep(own.greater(L::splat(other))));
            }
            rank.store_at(&mut ranks, at);
            at += L::WIDTH;
        }
        let mut ordered = [0; RANKED_MAX];
        for place in 0..found {
            ordered[ranks[place] as usize % RANKED_MAX] = keys[place];
        }
        // Keys that agree in their highest bits are still in the order of their places.
        for end in 1..found {
            let mut at = end;
            while at > 0 && ordered[at - 1] > ordered[at] {
                ordered.swap(at - 1, at);
                at -= 1;
            }
        }
        *keys = ordered;
    }
}

/// Writes sorted indices.
struct Indices<'a> {
    out: &'a mut [i32],
    len: usize,
}

impl Sink for Indices<'_> {
    #[inline(always)]
    fn whole<L: Lanes>(&mut self, _rows: &[i32], at: usize, count: usize) {
        for (place, index) in self.out[self.len..self.len + count].iter_mut().zip(at..) {
            *place = index as i32;
        }
        self.len += count;
    }

    #[inline(always)]
    fn some<L: Lanes>(&mut self, _rows: L, at: usize, found: L::Mask) {
        let indices = L::numbers().add(L::splat(at as i32));
        self.len += indices.compress_into(found, self.out, self.len);
    }
}

/// Puts rows in order along a way.
struct ByPlace<'a> {
    grid: &'a QueryGrid,
    sweep: &'a Sweep,
    order: &'a mut Vec<u128>,
    count: usize,
}

impl ByPlace<'_> {
    fn add(&mut self, index: usize) {
        // A way of 34 bits along both axes: products have 67 bits, and 32 more are the row's.
        let along = self.sweep.along(self.grid.x[index], self.grid.z[index]).max(0).cast_unsigned();
        keep_least(self.order, self.count, along << 32 | self.grid.rows[index] as u128);
    }
}

impl Sink for ByPlace<'_> {
    #[inline(always)]
    fn whole<L: Lanes>(&mut self, _rows: &[i32], at: usize, count: usize) {
        (at..at + count).for_each(|index| self.add(index));
    }

    #[inline(always)]
    fn some<L: Lanes>(&mut self, _rows: L, at: usize, found: L::Mask) {
        let mut bits = found.bits();
        while bits != 0 {
            self.add(at + bits.trailing_zeros() as usize);
            bits &= bits - 1;
        }
    }
}
