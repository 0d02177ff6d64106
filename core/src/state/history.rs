//! Where everybody stood in the last ticks: what attacks are judged by that were aimed at an older picture of the world.
//!
//! A ring of pages, one for each tick that has run, as long as the rules allow to look back
//! ([`crate::rules::LagRules`]): places, looks, stances, and who lived. It is part of the state, since what it holds
//! decides hits to come: it is hashed, saved and written into images with the columns. A world whose rules never look
//! back has no pages and pays nothing.
//!
//! - `moves`: how far anybody went in a tick
//!
//! Not in here: who may look back how far, and what for ([`crate::systems`]).

mod moves;

use super::characters::{CharactersView, flags};
use super::column::{Cell, Split, read_cells, write_cells};
use super::snapshot::SnapshotError;
use crate::numeric::column_hash::{ColumnBytes, hash_columns, sum_column};
use crate::numeric::fixed::isqrt_u64;
use crate::numeric::lanes::{self, LaneChoice};
use crate::numeric::{Brads, Metres, Position, StateHash};
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicI32, Ordering};
use moves::{FarthestMove, Places, SHORT_SHIFT};

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
    /// How far anybody can have gone on the plane, raw, up to the newest page from the one that is so many ticks old; at
    /// 0 nothing. Worked out from the pages whenever those change, since every attack asks.
    ways: Box<[i32]>,
    rows: PastRows,
}

/// One page, for those who ask for many rows of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// Its first row among all pages'.
    base: usize,
    rows: usize,
}

/// A page's columns that tell where who was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PastPlaces<'a> {
    pub(crate) x: &'a [i32],
    pub(crate) z: &'a [i32],
    pub(crate) generation: &'a [u32],
    pub(crate) deaths: &'a [u16],
    pub(crate) flags: &'a [u16],
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
            ways: vec![0; pages + 1].into_boxed_slice(),
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
        // No remainder: that is a division, and this is asked for every body near an attack.
        let place = self.newest + self.pages.len() + 1;
        (1..=self.recorded).contains(&back).then(|| {
            let place = place - back;
            if place >= self.pages.len() { place - self.pages.len() } else { place }
        })
    }

    /// Adds up the ways of all pages anew.
    fn add_up_ways(&mut self) {
        let mut sum = 0;
        for back in 1..=self.recorded {
            self.ways[back] = sum;
            sum += self.place(back).map_or(0, |place| self.pages[place].reach);
        }
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
        self.add_up_ways();
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
        self.reach_between(1, back)
    }

    /// The same, to a page that is `later` ticks old (at least 1) instead of the newest.
    pub(crate) fn reach_between(&self, later: usize, back: usize) -> i32 {
        let way = |back: usize| self.ways[back.min(self.recorded)];
        (way(back) - way(later)).clamp(0, REWIND_MOVE_MAX.0)
    }

    /// Where everybody was `back` ticks ago, and in which life; `None` when that is not known.
    pub(crate) fn past(&self, back: usize) -> Option<PastPlaces<'_>> {
        let place = self.place(back)?;
        let rows = place * self.capacity..place * self.capacity + self.pages[place].rows as usize;
        let past = &self.rows;
        Some(PastPlaces {
            x: &past.x[rows.clone()],
            z: &past.z[rows.clone()],
            generation: &past.generation[rows.clone()],
            deaths: &past.deaths[rows.clone()],
            flags: &past.flags[rows],
        })
    }

    /// The rows of `back` ticks ago, to be asked one by one; none when nothing is known of then.
    #[inline]
    pub(crate) fn moment(&self, back: usize) -> Moment {
        self.place(back).map_or(Moment { base: 0, rows: 0 }, |place| Moment {
            base: place * self.capacity,
            rows: self.pages[place].rows as usize,
        })
    }

    /// Raw y of a row's feet at a moment, whoever that was.
    #[inline]
    pub(crate) fn height_at(&self, moment: Moment, row: usize) -> Option<i32> {
        (row < moment.rows).then(|| self.rows.y[moment.base + row])
    }

    /// Raw x and z of the rows at a moment, whoever they were.
    #[inline]
    pub(crate) fn places_of(&self, moment: Moment) -> [&[i32]; 2] {
        let rows = moment.base..moment.base + moment.rows;
        [&self.rows.x[rows.clone()], &self.rows.z[rows]]
    }

    /// Whether a row was in a life at a moment: that of a generation after so many deaths.
    #[inline]
    pub(crate) fn lived_at(&self, moment: Moment, row: usize, life: (u32, u16)) -> bool {
        let (at, rows) = (moment.base + row, &self.rows);
        row < moment.rows
            && (rows.generation[at], rows.deaths[at]) == life
            && rows.flags[at] & flags::ALIVE != 0
    }

    /// A row as it was at a moment, if it was in a life then: that of a generation after so many deaths.
    #[inline]
    pub(crate) fn pose_at(&self, moment: Moment, row: usize, life: (u32, u16)) -> Option<PastPose> {
        let (at, rows) = (moment.base + row, &self.rows);
        self.lived_at(moment, row, life).then(|| PastPose {
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
        self.ways.copy_from_slice(&other.ways);
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
        self.add_up_ways();
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
