//! The nearest few rows, and the first few along a way.

use super::disc::Disc;
use super::order::Order;
use super::search::{self, Scale, Shortener};
use super::sinks::Sink;
use super::sweep::Sweep;
use super::{QueryGrid, RowList, Who};
use crate::numeric::Metres;
use crate::numeric::fixed::saturate;
use crate::numeric::lanes::{LaneMask, Lanes, run};
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
        let (places, squares, scratch, order) = out.parts(self.capacity());
        if count == 0 || max_radius < Metres::ZERO {
            return;
        }
        let wanted = wanted(count);
        let mut disc = Disc { x, z, radius: self.first_guess(x, z, wanted).min(max_radius) };
        // What is nearest within a radius is nearest of all, as soon as there is enough of it.
        let (found, scale) = loop {
            let radius = disc.radius.0;
            // All that is found is in the disc: shortened offsets need no more room than the radius.
            let scale = Scale::new(radius.unsigned_abs().into());
            let sink = Candidates {
                grid: self,
                anchor: (x.0, z.0),
                scale: scale.unwrap_or(Scale::COARSEST),
                places,
                squares,
                len: 0,
            };
            let found = search::run(self, who, &disc, sink).len;
            if found >= count || disc.radius >= max_radius {
                break (found, scale);
            }
            disc.radius = grown(radius, found, wanted).min(max_radius);
        };
        let radius = disc.radius.0;
        let near = scale.map_or(Err(found), |scale| {
            let at = (x, z);
            run(self.lanes, Order { grid: self, at, count, found, radius, scale, places, squares, scratch })
        });
        let len = near.unwrap_or_else(|left| {
            for &index in &places[..left] {
                let squared = u128::from(self.squared_to(index, x, z));
                keep_least(order, count, squared << 32 | self.rows[index as usize] as u128);
            }
            least_in_order(order, count, places)
        });
        out.set_len(len);
    }

    /// Squared distance of a sorted index from a point within `i32::MAX` of it: at most 62 bits.
    #[inline(always)]
    pub(super) fn squared_to(&self, index: i32, x: Metres, z: Metres) -> u64 {
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
        let (places, _, _, order) = out.parts(self.capacity());
        if count > 0 {
            search::run(self, who, sweep, ByPlace { grid: self, sweep, order, count });
            let len = least_in_order(order, count, places);
            out.set_len(len);
        }
    }

    /// A radius within which there are about as many rows as wanted: from the number of rows in the cells
    /// around.
    fn first_guess(&self, x: Metres, z: Metres, wanted: u64) -> Metres {
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
            if rows >= wanted {
                // wanted = rows * (pi r^2) / area, lengths in 1/16 m.
                let area = cells << (self.column_shift + self.line_shift - 2 * 12);
                let squared = area * wanted * 113 / (355 * rows);
                return Metres(saturate((about_root(squared) as i64 + 1) << 12));
            }
            if cells == u64::from(self.columns) * u64::from(self.lines) {
                return Metres(i32::MAX);
            }
            lines_around = 2 * lines_around + 1;
            columns_around = 2 * columns_around + 2;
        }
    }
}

/// Roots of 64 to 255, in 1/16.
static ROOTS: [u8; 192] = {
    let mut roots = [0; 192];
    let mut at = 0;
    while at < 192 {
        roots[at] = ((64 + at as u32) << 8).isqrt() as u8;
        at += 1;
    }
    roots
};

/// The root of a number, up to 2 % too low: for a guess that is not worth a whole one.
fn about_root(square: u64) -> u64 {
    // An even number of bits, so that the highest eight of them are 64 to 255.
    let shift = 56_u32.saturating_sub(square.leading_zeros()).next_multiple_of(2);
    let (high, half) = (square >> shift, shift / 2);
    let root = ROOTS
        .get((high as usize).wrapping_sub(64))
        .map_or_else(|| high.isqrt() << 4, |root| u64::from(*root));
    (root << half) >> 4
}

/// How many rows to look for, so that `count` are likely among them: a quarter and a few more.
fn wanted(count: usize) -> u64 {
    (count + count / 4 + 4) as u64
}

/// A larger radius, after too few were found within one: as if as many stood on every square metre beyond it.
fn grown(radius: i32, found: usize, wanted: u64) -> Metres {
    // In 1/256 of the radius; at least an eighth more, and at most four times as much.
    let factor = ((wanted << 16) / (found as u64 + 1)).isqrt().clamp(288, 1_024);
    Metres(saturate(((i64::from(radius) * factor.cast_signed()) >> 8) + 1))
}

/// Adds a key, and keeps at least the `count` least of all that were added.
#[inline(always)]
fn keep_least(order: &mut Vec<u128>, count: usize, key: u128) {
    if order.len() == ORDER_ROOM {
        order.select_nth_unstable(count - 1);
        order.truncate(count);
    }
    order.push(key);
}

/// Writes the rows of the `count` least keys in order, and returns how many those are. The row is a key's low 32 bits.
fn least_in_order(order: &mut Vec<u128>, count: usize, places: &mut [i32]) -> usize {
    // A little more is sorted faster than it is cut off.
    if order.len() > 2 * count {
        order.select_nth_unstable(count - 1);
        order.truncate(count);
    }
    order.sort_unstable();
    order.truncate(count);
    for (place, key) in places.iter_mut().zip(order.iter()) {
        *place = *key as u32 as i32;
    }
    order.len()
}

/// Writes sorted indices, and beside them the squares of their distances from a point, in short units.
struct Candidates<'a> {
    grid: &'a QueryGrid,
    anchor: (i32, i32),
    scale: Scale,
    places: &'a mut [i32],
    squares: &'a mut [i32],
    len: usize,
}

impl Sink for Candidates<'_> {
    #[inline(always)]
    fn whole<L: Lanes>(&mut self, rows: &[i32], at: usize, count: usize) {
        let mut done = 0;
        while done < count {
            let found = L::Mask::first_n(count - done);
            self.some::<L>(L::load_at(rows, done), at + done, found);
            done += L::WIDTH;
        }
    }

    #[inline(always)]
    fn some<L: Lanes>(&mut self, _rows: L, at: usize, found: L::Mask) {
        let (x, z) = (L::load_at(&self.grid.x, at), L::load_at(&self.grid.z, at));
        let offsets = Shortener::<L>::new(self.anchor, self.scale).offsets(x, z);
        let indices = L::numbers().add(L::splat(at as i32));
        indices.compress_into(found, self.places, self.len);
        self.len += offsets.dot16(offsets).compress_into(found, self.squares, self.len);
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

#[cfg(test)]
mod tests {
    use super::about_root;

    #[test]
    fn the_quick_root_is_near_the_root() {
        for square in (0..70_000).chain((16..63).flat_map(|bit| [(1 << bit) - 1, 1 << bit, 3 << (bit - 1)])) {
            let (root, exact) = (about_root(square), square.isqrt());
            assert!(root <= exact && root + root / 50 + 1 >= exact, "{square}: {root}, not {exact}");
        }
    }
}
