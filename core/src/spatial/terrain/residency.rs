//! Which chunks are in memory: a pool of fixed size, filled with what is near characters. A cache: no result depends on
//! it.

use super::segment::Steepness;
use super::{ChunkHeights, Lattice, Terrain};
use crate::limits::{
    TERRAIN_CHUNK_CELLS, TERRAIN_CHUNK_VERTICES, TERRAIN_STREAM_CHUNKS_PER_TICK, TERRAIN_STREAM_RADIUS_M,
    TERRAIN_STREAM_ROWS_PER_TICK,
};
use crate::numeric::Metres;
use alloc::boxed::Box;
use alloc::vec;

/// In place of a slot: not resident. No pool is as large, so that looking it up finds nothing.
const NOWHERE: u16 = u16::MAX;

/// In place of a chunk: the slot is free.
const FREE: u32 = u32::MAX;

/// What one call of [`Terrain::stream`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamReport {
    /// Chunks brought in.
    pub brought_in: u32,
    /// Chunks wanted that found no room: everything in the pool was near somebody or deformed.
    pub no_room: u32,
}

/// The pool.
#[derive(Clone, Debug)]
pub(super) struct Residency {
    /// Slot of each chunk of the lattice, or [`NOWHERE`].
    slots: Box<[u16]>,
    /// Heights of each slot.
    pool: Box<[ChunkHeights]>,
    /// What the pool needs to know of each slot.
    marks: Box<[SlotMark]>,
    /// Whether every chunk has a slot for good.
    whole: bool,
    /// For each chunk of the lattice, when somebody in it was last looked after: see [`Terrain::stream`]. Empty when the
    /// terrain is resident whole.
    seen: Box<[u32]>,
    /// Counts the passes of streaming over all rows.
    sweep: u32,
    /// Counts the calls.
    call: u32,
    /// Where the next call goes on.
    next_row: usize,
}

#[derive(Clone, Copy, Debug)]
struct SlotMark {
    /// The chunk in the slot, or [`FREE`].
    chunk: u32,
    /// The last sweep that found somebody near.
    wanted: u32,
    /// Holds a chunk that differs from the source: must stay.
    pinned: bool,
    /// Of the ground in it, at most.
    steepness: Steepness,
}

impl SlotMark {
    const EMPTY: Self = Self { chunk: FREE, wanted: 0, pinned: false, steepness: Steepness::UNKNOWN };
}

impl Residency {
    pub(super) fn new(lattice: &Lattice, resident_chunks: u32, delta_chunks: u32) -> Self {
        let chunks = lattice.chunks * lattice.chunks;
        let whole = chunks <= resident_chunks;
        let slots = if whole { chunks } else { chunks.min(resident_chunks + delta_chunks) } as usize;
        Self {
            slots: vec![NOWHERE; chunks as usize].into_boxed_slice(),
            pool: vec![[0; TERRAIN_CHUNK_VERTICES]; slots].into_boxed_slice(),
            marks: vec![SlotMark::EMPTY; slots].into_boxed_slice(),
            seen: vec![0; if whole { 0 } else { chunks as usize }].into_boxed_slice(),
            whole,
            sweep: 2,
            call: 0,
            next_row: 0,
        }
    }

    /// Heights of a chunk, if it is resident.
    #[inline]
    pub(super) fn heights(&self, chunk: u32) -> Option<&ChunkHeights> {
        self.pool.get(usize::from(self.slots[chunk as usize]))
    }

    /// How steep a chunk is at most.
    #[inline]
    pub(super) fn steepness(&self, chunk: u32) -> Steepness {
        self.slot(chunk).map_or(Steepness::UNKNOWN, |slot| self.marks[slot].steepness)
    }

    /// The heights of all chunks in the order of their numbers, if every chunk has its slot for good.
    pub(super) fn in_order(&self) -> Option<&[i32]> {
        self.whole.then_some(self.pool.as_flattened())
    }

    fn slot(&self, chunk: u32) -> Option<usize> {
        let slot = usize::from(self.slots[chunk as usize]);
        (slot < self.pool.len()).then_some(slot)
    }

    /// Sweeps since somebody was near the chunk of a slot.
    fn age(&self, slot: usize) -> u32 {
        self.sweep.wrapping_sub(self.marks[slot].wanted)
    }

    /// The free slot, or that of the chunk out of use for longest (of several the lowest), at least `age` sweeps.
    fn find_room(&self, age: u32) -> Option<usize> {
        let rank = |slot: usize| if self.marks[slot].chunk == FREE { u32::MAX } else { self.age(slot) };
        let mut best: Option<(usize, u32)> = None;
        for slot in 0..self.marks.len() {
            let rank = rank(slot);
            if !self.marks[slot].pinned && rank >= age && best.is_none_or(|(_, oldest)| rank > oldest) {
                best = Some((slot, rank));
            }
        }
        best.map(|(slot, _)| slot)
    }
}

impl Terrain {
    /// Whether every chunk is in memory for good.
    #[must_use]
    pub const fn is_resident_whole(&self) -> bool {
        self.residency.whole
    }

    /// Chunks in memory.
    #[must_use]
    pub fn resident_chunks(&self) -> usize {
        self.residency.marks.iter().filter(|mark| mark.chunk != FREE).count()
    }

    /// Brings in the chunks within [`TERRAIN_STREAM_RADIUS_M`] of the chunks that hold the places that `place_of` gives for
    /// the rows below `rows`: looks at [`TERRAIN_STREAM_ROWS_PER_TICK`] rows, going on where the last call ended, and makes
    /// the [`TERRAIN_STREAM_CHUNKS_PER_TICK`] that are not resident and nearest to somebody's (of equals the one with the
    /// smaller z, then x, first). Where there is no room, the chunk makes way that has been near nobody for longest; none
    /// does that was near somebody in this pass over the rows or the last. Allocates nothing; changes no height.
    pub fn stream(
        &mut self,
        rows: usize,
        place_of: impl Fn(usize) -> Option<(Metres, Metres)>,
    ) -> StreamReport {
        if self.residency.whole {
            return StreamReport::default();
        }
        self.residency.call = self.residency.call.wrapping_add(1);
        let first = self.residency.next_row.min(rows);
        let end = rows.min(first + TERRAIN_STREAM_ROWS_PER_TICK);
        let mut wishes = [(u32::MAX, FREE); TERRAIN_STREAM_CHUNKS_PER_TICK];
        for (x, z) in (first..end).filter_map(place_of) {
            self.wish(x, z, &mut wishes);
        }
        let mut report = StreamReport::default();
        for (_, chunk) in wishes.into_iter().filter(|wish| wish.1 != FREE) {
            match self.residency.find_room(2) {
                Some(slot) => {
                    self.bring_in(chunk, slot as u16);
                    report.brought_in += 1;
                }
                None => report.no_room += 1,
            }
        }
        let over = end == rows;
        self.residency.next_row = if over { 0 } else { end };
        self.residency.sweep = self.residency.sweep.wrapping_add(over.into());
        report
    }

    /// Marks the resident chunks near the chunk of a place, and notes the nearest that are not: once in a pass over the
    /// rows, and while some are missing once in a call.
    fn wish(&mut self, x: Metres, z: Metres, wishes: &mut [(u32, u32)]) {
        let lattice = self.lattice;
        let along = |at: Metres| (lattice.locate(at.0).0 / TERRAIN_CHUNK_CELLS as u32).cast_signed();
        let (own_x, own_z) = (along(x), along(z));
        let own = lattice.chunk(own_x.cast_unsigned(), own_z.cast_unsigned()) as usize;
        let (complete, in_this_call) = (self.residency.sweep << 1 | 1, self.residency.call << 1);
        let seen = self.residency.seen[own];
        if seen == complete || seen == in_this_call {
            return;
        }
        let chunk_shift = lattice.shift + TERRAIN_CHUNK_CELLS.trailing_zeros();
        // Raw metres from any place in one chunk to the nearest in another that is `steps` away.
        let gap = |steps: i32| u64::from(steps.unsigned_abs().saturating_sub(1)) << chunk_shift;
        let reach = (((TERRAIN_STREAM_RADIUS_M << 16) >> chunk_shift) + 1).min(lattice.chunks.cast_signed());
        let inside = |at: i32| (0..lattice.chunks.cast_signed()).contains(&at);
        let mut missing = false;
        for dz in (-reach..=reach).filter(|dz| inside(own_z + dz)) {
            for dx in (-reach..=reach).filter(|dx| inside(own_x + dx)) {
                if gap(dx).pow(2) + gap(dz).pow(2) > ((TERRAIN_STREAM_RADIUS_M << 16) as u64).pow(2) {
                    continue;
                }
                let chunk = lattice.chunk((own_x + dx).cast_unsigned(), (own_z + dz).cast_unsigned());
                match self.residency.slot(chunk) {
                    Some(slot) => self.residency.marks[slot].wanted = self.residency.sweep,
                    None => {
                        missing = true;
                        note(wishes, ((dx * dx + dz * dz).cast_unsigned(), chunk));
                    }
                }
            }
        }
        self.residency.seen[own] = if missing { in_this_call } else { complete };
    }

    /// Computes a chunk from the source into a slot; what was there is forgotten.
    pub(super) fn bring_in(&mut self, chunk: u32, slot: u16) {
        let residency = &mut self.residency;
        let mark = &mut residency.marks[usize::from(slot)];
        if mark.chunk != FREE {
            residency.slots[mark.chunk as usize] = NOWHERE;
        }
        *mark = SlotMark { chunk, wanted: residency.sweep, ..SlotMark::EMPTY };
        residency.slots[chunk as usize] = slot;
        let place = (chunk % self.lattice.chunks, chunk / self.lattice.chunks);
        let heights = &mut residency.pool[usize::from(slot)];
        self.source.fill(self.seed, &self.lattice, place, heights);
        mark.steepness = Steepness::of(heights, &self.lattice);
    }

    /// Changes the heights of a chunk that differs or is about to: it is resident from here on, until it is released.
    ///
    /// # Panics
    /// When more chunks are held than the terrain was made to have differing.
    pub(super) fn change(&mut self, chunk: u32, change: impl FnOnce(&mut ChunkHeights)) {
        let slot = self.residency.slot(chunk).unwrap_or_else(|| {
            let slot =
                self.residency.find_room(0).expect("the pool has room for every chunk that may differ");
            self.bring_in(chunk, slot as u16);
            slot
        });
        let (mark, heights) = (&mut self.residency.marks[slot], &mut self.residency.pool[slot]);
        mark.pinned = true;
        change(heights);
        mark.steepness = Steepness::of(heights, &self.lattice);
    }

    /// Lets a chunk go that no longer differs.
    pub(super) fn release(&mut self, chunk: u32) {
        if let Some(slot) = self.residency.slot(chunk) {
            self.residency.marks[slot].pinned = false;
        }
    }
}

/// Keeps the smallest wishes in ascending order, each chunk once.
fn note(wishes: &mut [(u32, u32)], wish: (u32, u32)) {
    let mut wish = wish;
    if let Some(same) = wishes.iter().position(|kept| kept.1 == wish.1) {
        if wishes[same] <= wish {
            return;
        }
        // The same chunk, nearer: its old place is filled from behind.
        wishes[same..].rotate_left(1);
        wishes[wishes.len() - 1] = (u32::MAX, FREE);
    }
    for kept in wishes {
        if wish < *kept {
            core::mem::swap(kept, &mut wish);
        }
    }
}
