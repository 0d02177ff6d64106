//! The counting sort of rows by place, which moves one record a row.
//!
//! Rows of one place stay in their order, so there is one result only, whoever computes it. Large sorts are cut in two by
//! places: whoever takes the lower places looks at all rows, keeps a list of its own, and then counts and moves those
//! alone; so does the other. The tables of both lie side by side and are written by one of them each.

use crate::limits::CHUNK_ROWS;
use crate::numeric::lanes::{LaneChoice, LaneMask, LaneTask, Lanes, MAX_WIDTH, record_place, run};
use crate::state::column::Split;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};

/// What the sort moves of a row: its index, two values, and the place. One record lies within one line of the cache.
pub(crate) type Record = [i32; 4];

/// Where rows are sorted to, written by several at once: each row by one of them.
#[derive(Debug, Default)]
pub(super) struct Slots(Vec<AtomicU32>);

impl Slots {
    pub(super) fn new(rows: usize) -> Self {
        Self((0..rows).map(|_| AtomicU32::new(0)).collect())
    }

    /// Where a row was sorted to.
    #[inline(always)]
    pub(super) fn of(&self, row: usize) -> usize {
        self.0[row].load(Ordering::Relaxed) as usize
    }

    /// The first of them.
    pub(super) fn first(&self, rows: usize) -> &[AtomicU32] {
        &self.0[..rows]
    }
}

impl Clone for Slots {
    fn clone(&self) -> Self {
        Self(self.0.iter().map(|slot| AtomicU32::new(slot.load(Ordering::Relaxed))).collect())
    }
}

/// Rows to be sorted.
pub(crate) struct RecordSort<'a> {
    /// Becomes the index of the first sorted row of each place. As long as a multiple of all lanes, and longer than the
    /// last place.
    pub(crate) starts: &'a mut [i32],
    /// The place of each row.
    pub(crate) places: &'a [i32],
    /// What goes into the record beside index and place.
    pub(crate) columns: [&'a [i32]; 2],
    /// Where rows are sorted to; none when nobody asks.
    pub(crate) slots: &'a [AtomicU32],
    /// The sorted rows.
    pub(crate) records: &'a mut [Record],
    /// Room for all rows and [`MAX_WIDTH`] more, twice.
    pub(crate) lists: [&'a mut [i32]; 2],
}

impl RecordSort<'_> {
    /// Sorts them.
    pub(crate) fn run(self, lanes: LaneChoice, split: impl Split) {
        let RecordSort { starts, places, columns, slots, records, lists: [low, high] } = self;
        let middle = if split.is_parallel() && places.len() > CHUNK_ROWS {
            middle(places, starts.len())
        } else {
            None
        };
        let rows = Rows { places, columns: columns.map(|column| &column[..places.len()]), slots };
        let Some(middle) = middle else {
            run(lanes, Order { rows, listed: None, starts, offset: 1, before: 0, records });
            return;
        };
        let (mut lower, mut upper) = (0, 0);
        split.both(
            || lower = run(lanes, List { places, middle, upper: false, list: low }),
            || upper = run(lanes, List { places, middle, upper: true, list: high }),
        );
        debug_assert_eq!(lower + upper, places.len());
        let (low_starts, high_starts) = starts.split_at_mut(middle as usize + 1);
        let (low_records, high_records) = records.split_at_mut(lower);
        let (low, high) = (Some(&low[..lower]), Some(&high[..upper]));
        let low = Order { rows, listed: low, starts: low_starts, offset: 1, before: 0, records: low_records };
        let before = lower as i32;
        let high =
            Order { rows, listed: high, starts: high_starts, offset: -middle, before, records: high_records };
        split.both(|| run(lanes, low), || run(lanes, high));
    }
}

/// Parts of a table that rows are counted in to find its middle.
const PARTS: usize = 256;

/// One row in so many is counted for that.
const SAMPLE: usize = 16;

/// A place that about half of the rows are below, one less than a multiple of all lanes; none when there is no such.
fn middle(places: &[i32], table: usize) -> Option<i32> {
    let shift = table.div_ceil(PARTS).next_power_of_two().trailing_zeros();
    let mut counts = [0; PARTS];
    for &place in places.iter().step_by(SAMPLE) {
        counts[(place >> shift) as usize % PARTS] += 1;
    }
    let half = places.len().div_ceil(SAMPLE) / 2;
    let mut sum = 0;
    let part = counts.iter().position(|count| {
        sum += count;
        sum > half
    })?;
    // Before or behind the part, whichever is nearer to the half.
    let part = if sum - half > counts[part] / 2 { part } else { part + 1 };
    let middle = (part << shift).next_multiple_of(MAX_WIDTH);
    (middle > 0 && middle < table).then(|| middle as i32 - 1)
}

/// What is known of the rows.
#[derive(Clone, Copy)]
struct Rows<'a> {
    places: &'a [i32],
    columns: [&'a [i32]; 2],
    slots: &'a [AtomicU32],
}

/// Lists the rows on one side of a place.
struct List<'a> {
    places: &'a [i32],
    middle: i32,
    /// From the middle on, or before it.
    upper: bool,
    list: &'a mut [i32],
}

impl LaneTask for List<'_> {
    type Output = usize;

    #[inline(always)]
    fn run<L: Lanes>(self) -> usize {
        let List { places, middle, upper, list } = self;
        let limit = L::splat(middle);
        let (mut at, mut len) = (0, 0);
        while at < places.len() {
            let there = L::Mask::first_n(places.len() - at);
            let place = if there.bits().count_ones() as usize == L::WIDTH {
                L::load_at(places, at)
            } else {
                L::load_part(&places[at..])
            };
            let below = limit.greater(place);
            let wanted = there.and(if upper { below.not() } else { below });
            len += L::numbers().add(L::splat(at as i32)).compress_into(wanted, list, len);
            at += L::WIDTH;
        }
        len
    }
}

/// The count, and the move of rows to where they are sorted to.
struct Order<'a> {
    rows: Rows<'a>,
    /// Those that are meant, ascending; all when there is no list.
    listed: Option<&'a [i32]>,
    /// Of the places that are meant.
    starts: &'a mut [i32],
    /// From a place to its start, which is moved on while its rows are placed: it ends as the next place's.
    offset: i32,
    /// How many rows are sorted before these.
    before: i32,
    records: &'a mut [Record],
}

impl LaneTask for Order<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(mut self) {
        self.starts.fill(0);
        let (places, offset) = (self.rows.places, self.offset);
        match self.listed {
            None => places.iter().for_each(|&place| self.starts[(place + offset) as usize] += 1),
            Some(rows) => {
                rows.iter().for_each(|&row| self.starts[(places[row as usize] + offset) as usize] += 1);
            }
        }
        let mut before = L::splat(self.before);
        for block in self.starts.chunks_exact_mut(L::WIDTH) {
            let counts = L::load(block);
            let sums = counts.prefix_sum();
            sums.sub(counts).add(before).store(block);
            // From block to block it is one addition that has to be waited for.
            before = before.add(sums.splat_last());
        }
        match self.listed {
            None => self.place_all::<L>(),
            Some(rows) => rows.iter().for_each(|&row| self.place(row as usize)),
        }
    }
}

impl Order<'_> {
    /// Moves all rows.
    #[inline(always)]
    fn place_all<L: Lanes>(&mut self) {
        let Rows { places, columns: [a, b], slots } = self.rows;
        let mut block = [[0; 4]; MAX_WIDTH];
        let mut at = 0;
        while at + L::WIDTH <= places.len() {
            let index = L::numbers().add(L::splat(at as i32));
            L::store_records(
                [index, L::load_at(a, at), L::load_at(b, at), L::load_at(places, at)],
                &mut block,
            );
            for (number, four) in places[at..at + L::WIDTH].as_chunks::<4>().0.iter().enumerate() {
                let mut to = [0; 4];
                for each in 0..4 {
                    to[each] = self.next(four[each]);
                    self.records[to[each] as usize] = block[record_place(L::WIDTH, 4 * number + each)];
                }
                if let Some(slots) = slots.get(at + 4 * number..at + 4 * number + 4) {
                    for (slot, to) in slots.iter().zip(to) {
                        slot.store(to, Ordering::Relaxed);
                    }
                }
            }
            at += L::WIDTH;
        }
        for row in at..places.len() {
            self.place(row);
        }
    }

    /// Moves one row.
    #[inline(always)]
    fn place(&mut self, row: usize) {
        let Rows { places, columns: [a, b], slots } = self.rows;
        let to = self.next(places[row]);
        self.records[(to as i32 - self.before) as usize] = [row as i32, a[row], b[row], places[row]];
        if let Some(slot) = slots.get(row) {
            slot.store(to, Ordering::Relaxed);
        }
    }

    /// Where the next row of a place goes.
    #[inline(always)]
    fn next(&mut self, place: i32) -> u32 {
        let start = &mut self.starts[(place + self.offset) as usize];
        let to = *start;
        *start = to + 1;
        to as u32
    }
}

#[cfg(test)]
mod tests;
