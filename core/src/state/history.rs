//! Where everybody stood in the last ticks: what attacks are judged by that were aimed at an older picture of the world.
//!
//! A ring of pages, one for each tick that has run, as long as the rules allow to look back
//! ([`crate::rules::LagRules`]): places, looks, stances, and who lived. It is part of the state, since what it holds
//! decides hits to come: it is hashed, saved and written into images with the columns. A world whose rules never look
//! back has no pages and pays nothing.
//!
//! Not in here: who may look back how far, and what for ([`crate::systems`]).

use super::characters::{CharactersView, flags};
use super::column::{Cell, Rows, Split, read_cells, write_cells};
use super::snapshot::SnapshotError;
use crate::numeric::column_hash::{ColumnBytes, hash_columns, sum_column};
use crate::numeric::fixed::isqrt_u64;
use crate::numeric::lanes::{self, LaneChoice, LaneMask, LaneTask, Lanes, MAX_WIDTH};
use crate::numeric::{Brads, Metres, Position, StateHash};
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicI32, Ordering};

/// Farthest that a body can have gone, on the plane, since the moment it is judged at. Whoever went farther, as a body
/// does that is thrown over a wall, cannot be struck where it was.
pub const REWIND_MOVE_MAX: Metres = Metres::from_m(8);

/// Number of the columns of a page.
const COLUMNS: usize = 8;

/// Bytes of a cell of each column, in their order.
const CELL_BYTES: [usize; COLUMNS] = [4, 4, 4, 2, 4, 2, 2, 1];

/// Bytes of a row of a page.
pub const BYTES_PER_ROW: usize = 23;

/// Bytes before the columns of a page in an image: its rows, and how far anybody went.
const PAGE_HEAD_BYTES: usize = 8;

/// What a page says beside its rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Page {
    rows: u32,
    /// Farthest that anybody went on the plane, raw, from the page before to this one; at most [`REWIND_MOVE_MAX`].
    reach: i32,
    hash: StateHash,
}

/// A character as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastPose {
    /// Where the feet were.
    pub position: Position,
    /// Where it looked.
    pub yaw: Brads,
    /// Bits of [`flags`].
    pub flags: u16,
    /// Movement class.
    pub class: u8,
}

/// The ring. Two rings that hold the same pages are equal, wherever those lie in memory.
#[derive(Clone, Debug)]
pub struct History {
    capacity: usize,
    pages: Box<[Page]>,
    /// Place of the newest page.
    newest: usize,
    recorded: usize,
    rows: PastRows,
}

/// The rows of all pages, one page after the other.
#[derive(Clone, Debug)]
struct PastRows {
    x: Box<[i32]>,
    y: Box<[i32]>,
    z: Box<[i32]>,
    yaw: Box<[u16]>,
    generation: Box<[u32]>,
    flags: Box<[u16]>,
    deaths: Box<[u16]>,
    class: Box<[u8]>,
}

/// Does the same to all columns of some rows: `$each!(name)` for each.
macro_rules! for_columns {
    ($each:ident) => {
        $each!(x, position_x);
        $each!(y, position_y);
        $each!(z, position_z);
        $each!(yaw, yaw);
        $each!(generation, generation);
        $each!(flags, flags);
        $each!(deaths, deaths);
        $each!(class, class);
    };
}

impl History {
    /// Room for so many ticks of so many rows.
    #[must_use]
    pub fn new(pages: usize, capacity: usize) -> Self {
        let rows = pages * capacity;
        fn column<T: Cell>(rows: usize) -> Box<[T]> {
            vec![T::default(); rows].into_boxed_slice()
        }
        Self {
            capacity,
            pages: vec![Page::default(); pages].into_boxed_slice(),
            newest: 0,
            recorded: 0,
            rows: PastRows {
                x: column(rows),
                y: column(rows),
                z: column(rows),
                yaw: column(rows),
                generation: column(rows),
                flags: column(rows),
                deaths: column(rows),
                class: column(rows),
            },
        }
    }

    /// The most ticks it can hold.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.pages.len()
    }

    /// How many ticks it holds: of the last one that ran, the one before it, and so on.
    #[must_use]
    pub fn recorded(&self) -> usize {
        self.recorded
    }

    /// The place of the page that is `back` ticks old; 1 is the last tick that ran.
    fn place(&self, back: usize) -> Option<usize> {
        (1..=self.recorded)
            .contains(&back)
            .then(|| (self.newest + self.pages.len() + 1 - back) % self.pages.len())
    }

    /// Takes in the tick that has run; the oldest is forgotten when there is no more room. `reach` is what
    /// [`Self::farthest_move`] said of it. Allocates nothing.
    pub(crate) fn record(
        &mut self,
        characters: &CharactersView<'_>,
        end: usize,
        reach: i32,
        (lanes, split): (LaneChoice, impl Split),
    ) {
        if self.pages.is_empty() {
            return;
        }
        if self.recorded > 0 {
            self.newest = (self.newest + 1) % self.pages.len();
        }
        self.recorded = (self.recorded + 1).min(self.pages.len());
        let (from, to) = (self.newest * self.capacity, self.newest * self.capacity + end);
        let rows = &mut self.rows;
        let mut columns: [ColumnBytes<'_>; COLUMNS] = Default::default();
        let mut at = 0;
        macro_rules! copy {
            ($past:ident, $now:ident) => {
                columns[at] = column_bytes(at, &characters.$now[..end], Some(&mut rows.$past[from..to]));
                at += 1;
            };
        }
        for_columns!(copy);
        debug_assert_eq!(at, COLUMNS);
        self.pages[self.newest] =
            Page { rows: end as u32, reach, hash: page_hash((lanes, split), &mut columns, reach) };
    }

    /// Farthest that anybody who lives has gone on the plane, raw, since the newest page; at most [`REWIND_MOVE_MAX`].
    /// Rounded up.
    pub(crate) fn farthest_move(
        &self,
        characters: &CharactersView<'_>,
        end: usize,
        (lanes, split): (LaneChoice, impl Split),
    ) -> i32 {
        let Some(place) = self.place(1) else { return 0 };
        let rows = end.min(self.pages[place].rows as usize);
        let base = place * self.capacity;
        let past = &self.rows;
        let then = Places {
            x: &past.x[base..base + rows],
            z: &past.z[base..base + rows],
            generation: &past.generation[base..base + rows],
            flags: &past.flags[base..base + rows],
        };
        let now = Places {
            x: &characters.position_x[..rows],
            z: &characters.position_z[..rows],
            generation: &characters.generation[..rows],
            flags: &characters.flags[..rows],
        };
        let farthest = AtomicI32::new(0);
        split.each((then, now), &|_, (then, now): (Places<'_>, Places<'_>)| {
            farthest.fetch_max(lanes::run(lanes, FarthestMove { then, now }), Ordering::Relaxed);
        });
        let squared = farthest.into_inner();
        if squared == 0 {
            return 0;
        }
        let short = isqrt_u64(u64::from(squared.cast_unsigned())) as i32;
        ((short + 1) << SHORT_SHIFT).min(REWIND_MOVE_MAX.0)
    }

    /// Farthest that anybody can have gone on the plane, raw, over the steps that led to the newest page from the one
    /// that is `back` ticks old; more than [`REWIND_MOVE_MAX`] does not count.
    pub(crate) fn reach_since(&self, back: usize) -> i32 {
        let steps = (1..back).filter_map(|step| self.place(step));
        steps.fold(0, |sum, place| (sum + self.pages[place].reach).min(REWIND_MOVE_MAX.0))
    }

    /// Raw x and z of the rows `back` ticks ago, whoever that was; none when that is not known.
    pub(crate) fn places(&self, back: usize) -> (&[i32], &[i32]) {
        let Some(place) = self.place(back) else { return (&[], &[]) };
        let rows = place * self.capacity..place * self.capacity + self.pages[place].rows as usize;
        (&self.rows.x[rows.clone()], &self.rows.z[rows])
    }

    /// A row as it was `back` ticks ago, if it was in the same life then as now.
    #[inline]
    pub(crate) fn pose(&self, row: usize, back: usize, characters: &CharactersView<'_>) -> Option<PastPose> {
        let place = self.place(back)?;
        let (at, rows) = (place * self.capacity + row, &self.rows);
        let same = row < self.pages[place].rows as usize
            && rows.generation[at] == characters.generation[row]
            && rows.deaths[at] == characters.deaths[row]
            && rows.flags[at] & flags::ALIVE != 0;
        same.then(|| PastPose {
            position: Position::from_raw(rows.x[at], rows.y[at], rows.z[at]),
            yaw: Brads(rows.yaw[at]),
            flags: rows.flags[at],
            class: rows.class[at],
        })
    }

    /// The hash of what it holds: of the pages by their age.
    #[must_use]
    pub(crate) fn hash(&self) -> StateHash {
        let pages = (1..=self.recorded).filter_map(|back| Some((back, &self.pages[self.place(back)?])));
        pages.fold(StateHash::EMPTY, |sum, (back, page)| sum + of_age(back, page.hash))
    }

    /// Takes over what another one of the same room holds. Pages that lie here already are not copied again.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        debug_assert_eq!((self.capacity, self.pages.len()), (other.capacity, other.pages.len()));
        for place in (1..=other.recorded).filter_map(|back| other.place(back)) {
            let page = other.pages[place];
            // Equal hashes mean equal pages, as everywhere: nobody constructs them here.
            if self.pages[place] == page {
                continue;
            }
            self.pages[place] = page;
            let rows = place * self.capacity..place * self.capacity + page.rows as usize;
            macro_rules! copy {
                ($past:ident, $now:ident) => {
                    self.rows.$past[rows.clone()].copy_from_slice(&other.rows.$past[rows.clone()]);
                };
            }
            for_columns!(copy);
        }
        (self.newest, self.recorded) = (other.newest, other.recorded);
    }

    /// Bytes of what it holds in an image.
    pub(crate) fn image_bytes(&self) -> usize {
        let pages = (1..=self.recorded).filter_map(|back| self.place(back));
        pages.fold(4, |sum, place| sum + PAGE_HEAD_BYTES + self.pages[place].rows as usize * BYTES_PER_ROW)
    }

    /// Most bytes of an image of so many ticks of so many rows.
    pub(crate) const fn image_bytes_max(pages: usize, capacity: usize) -> usize {
        4 + pages * (PAGE_HEAD_BYTES + capacity * BYTES_PER_ROW)
    }

    /// Appends what it holds: the number of pages, then each page from the newest on: its rows, its reach, its columns.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.recorded as u32).to_le_bytes());
        for place in (1..=self.recorded).filter_map(|back| self.place(back)) {
            let page = self.pages[place];
            out.extend_from_slice(&page.rows.to_le_bytes());
            out.extend_from_slice(&page.reach.to_le_bytes());
            let rows = place * self.capacity..place * self.capacity + page.rows as usize;
            macro_rules! write {
                ($past:ident, $now:ident) => {
                    write_cells(&self.rows.$past[rows.clone()], out);
                };
            }
            for_columns!(write);
        }
    }

    /// Reads what [`Self::write`] wrote from the front of `bytes` and returns what follows. On an error it holds rubbish.
    ///
    /// # Errors
    /// [`SnapshotError::Truncated`], and [`SnapshotError::BadHistory`] of what no history of this room can be.
    pub(crate) fn read<'a>(&mut self, bytes: &'a [u8], lanes: LaneChoice) -> Result<&'a [u8], SnapshotError> {
        let (pages, mut rest) = word(bytes)?;
        let pages = pages as usize;
        if pages > self.pages.len() {
            return Err(SnapshotError::BadHistory);
        }
        self.recorded = pages;
        self.newest = pages.saturating_sub(1);
        for back in 1..=pages {
            let (page, mut columns);
            (page, columns, rest) = read_page(rest, self.capacity, lanes)?;
            let place = pages - back;
            let range = place * self.capacity..place * self.capacity + page.rows as usize;
            let past = &mut self.rows;
            macro_rules! read {
                ($past:ident, $now:ident) => {
                    columns = read_cells(&mut past.$past[range.clone()], columns)
                        .ok_or(SnapshotError::Truncated)?;
                };
            }
            for_columns!(read);
            debug_assert!(columns.is_empty());
            self.pages[place] = page;
        }
        Ok(rest)
    }
}

/// The hash of a history in an image, without room for it: for tools.
///
/// # Errors
/// As [`History::read`]'s, and [`SnapshotError::TooLong`] when not all bytes are it.
pub(crate) fn hash_of_image(
    bytes: &[u8],
    capacity: u32,
    lanes: LaneChoice,
) -> Result<StateHash, SnapshotError> {
    let (pages, mut rest) = word(bytes)?;
    let mut hash = StateHash::EMPTY;
    for back in 1..=pages as usize {
        let page;
        (page, _, rest) = read_page(rest, capacity as usize, lanes)?;
        hash += of_age(back, page.hash);
    }
    if rest.is_empty() { Ok(hash) } else { Err(SnapshotError::TooLong) }
}

/// One page from the front of some bytes: its head, the bytes of its columns, and what follows.
fn read_page(
    bytes: &[u8],
    capacity: usize,
    lanes: LaneChoice,
) -> Result<(Page, &[u8], &[u8]), SnapshotError> {
    let (rows, bytes) = word(bytes)?;
    let (reach, bytes) = word(bytes)?;
    let (cells, reach) = (rows as usize, reach.cast_signed());
    if cells > capacity || !(0..=REWIND_MOVE_MAX.0).contains(&reach) {
        return Err(SnapshotError::BadHistory);
    }
    let (columns, rest) =
        bytes.split_at_checked(cells.saturating_mul(BYTES_PER_ROW)).ok_or(SnapshotError::Truncated)?;
    let mut hash = of_reach(reach);
    let mut column = columns;
    for (key, cell_bytes) in CELL_BYTES.into_iter().enumerate() {
        let own;
        (own, column) = column.split_at(cells * cell_bytes);
        hash += sum_column(lanes, own).finish(key as u64, cells as u64);
    }
    Ok((Page { rows, reach, hash }, columns, rest))
}

fn word(bytes: &[u8]) -> Result<(u32, &[u8]), SnapshotError> {
    let (word, rest) = bytes.split_first_chunk::<4>().ok_or(SnapshotError::Truncated)?;
    Ok((u32::from_le_bytes(*word), rest))
}

/// Words of the hash of a page: numbers that are never used again for something else.
mod part {
    pub(super) const PAGE_LOW: u32 = 0x4849_0001;
    pub(super) const PAGE_HIGH: u32 = 0x4849_0002;
    pub(super) const REACH: u32 = 0x4849_0003;
}

/// What a page adds to the hash of the ring.
fn of_age(back: usize, hash: StateHash) -> StateHash {
    let back = back as u32;
    StateHash::of(part::PAGE_LOW, back, hash.0 as u64)
        + StateHash::of(part::PAGE_HIGH, back, (hash.0 >> 64) as u64)
}

fn column_bytes<'a, T: Cell>(key: usize, cells: &'a [T], copy: Option<&'a mut [T]>) -> ColumnBytes<'a> {
    ColumnBytes {
        key: key as u64,
        cells: cells.len(),
        bytes: bytemuck::cast_slice(cells),
        cell_bytes: size_of::<T>(),
        copy: copy.map(bytemuck::cast_slice_mut),
    }
}

/// Columns with about half of the bytes of a page.
const HALF: usize = 3;

fn page_hash(
    (lanes, split): (LaneChoice, impl Split),
    columns: &mut [ColumnBytes<'_>; COLUMNS],
    reach: i32,
) -> StateHash {
    let mut hashes = [StateHash::EMPTY; COLUMNS];
    if split.is_parallel() {
        let (left, right) = columns.split_at_mut(HALF);
        let (left_hashes, right_hashes) = hashes.split_at_mut(HALF);
        split.both(|| hash_columns(lanes, left, left_hashes), || hash_columns(lanes, right, right_hashes));
    } else {
        hash_columns(lanes, columns, &mut hashes);
    }
    hashes.iter().fold(of_reach(reach), |sum, hash| sum + *hash)
}

fn of_reach(reach: i32) -> StateHash {
    StateHash::of(part::REACH, 0, u64::from(reach.cast_unsigned()))
}

/// Ways are measured in `1 << SHORT_SHIFT` raw units (a millimetre), rounded up, so that squares of all that count fit 32 bits ...
const SHORT_SHIFT: u32 = 6;
/// ... and longer ones count as this along either axis.
const SHORT_MAX: i32 = 1 << 14;
const ROUND_UP: i32 = (1 << SHORT_SHIFT) - 1;
const _: () =
    assert!(SHORT_MAX << SHORT_SHIFT > REWIND_MOVE_MAX.0 && 2 * (SHORT_MAX as i64).pow(2) < 1 << 31);

/// The columns that tell whether a body moved, and how far.
#[derive(Clone, Copy)]
struct Places<'a> {
    x: &'a [i32],
    z: &'a [i32],
    generation: &'a [u32],
    flags: &'a [u16],
}

impl Rows for Places<'_> {
    fn rows(&self) -> usize {
        self.x.len()
    }

    fn split_rows(self, row: usize) -> (Self, Self) {
        let (x, z) = (self.x.split_at(row), self.z.split_at(row));
        let (generation, flags) = (self.generation.split_at(row), self.flags.split_at(row));
        (
            Self { x: x.0, z: z.0, generation: generation.0, flags: flags.0 },
            Self { x: x.1, z: z.1, generation: generation.1, flags: flags.1 },
        )
    }
}

struct FarthestMove<'a> {
    then: Places<'a>,
    now: Places<'a>,
}

impl LaneTask for FarthestMove<'_> {
    type Output = i32;

    #[inline(always)]
    fn run<L: Lanes>(self) -> i32 {
        let Self { then, now } = self;
        let rows = now.x.len();
        let (zero, alive) = (L::splat(0), L::splat(i32::from(flags::ALIVE)));
        let mut farthest = zero;
        let mut row = 0;
        while row + L::WIDTH <= rows {
            let moved = |then: &[i32], now: &[i32]| {
                let way = L::load_at(now, row).sub(L::load_at(then, row)).abs().add(L::splat(ROUND_UP));
                way.shift_right_logical::<SHORT_SHIFT>().min(L::splat(SHORT_MAX))
            };
            let (x, z) = (moved(then.x, now.x), moved(then.z, now.z));
            let way = x.mul(x).add(z.mul(z));
            let generation = |of: &[u32]| L::load_at(bytemuck::cast_slice(of), row);
            let same = generation(then.generation).equal(generation(now.generation));
            let flags: [L; 2] = [L::widen_at(then.flags, row), L::widen_at(now.flags, row)];
            let dead = flags[0].and(flags[1]).and(alive).equal(zero);
            farthest = farthest.max(way.keep(same.and(dead.not())));
            row += L::WIDTH;
        }
        let mut block = [0; MAX_WIDTH];
        farthest.store(&mut block);
        let mut farthest = block[..L::WIDTH].iter().copied().max().unwrap_or(0);
        while row < rows {
            let both = then.flags[row] & now.flags[row] & flags::ALIVE != 0;
            if both && then.generation[row] == now.generation[row] {
                let moved = |then: i32, now: i32| {
                    let way = now.wrapping_sub(then).wrapping_abs().wrapping_add(ROUND_UP);
                    ((way.cast_unsigned() >> SHORT_SHIFT) as i32).min(SHORT_MAX)
                };
                let (x, z) = (moved(then.x[row], now.x[row]), moved(then.z[row], now.z[row]));
                farthest = farthest.max(x * x + z * z);
            }
            row += 1;
        }
        farthest
    }
}

const _: () = {
    let (mut bytes, mut at) = (0, 0);
    while at < COLUMNS {
        bytes += CELL_BYTES[at];
        at += 1;
    }
    assert!(bytes == BYTES_PER_ROW);
};

#[cfg(test)]
mod tests;
