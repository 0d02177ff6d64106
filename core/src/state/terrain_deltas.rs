//! Where the ground differs from its source: a table of deformed chunks.
//!
//! A chunk that differs has one row: a signed height for each of its vertices, its border included, so that it can be
//! stored, sent and applied without its neighbours. Rows are kept by chunk in ascending order (z first), and a chunk whose
//! vertices are all back at zero has none: equal ground is an equal table, whatever dug it. Not here: what a blow does to
//! the ground (`spatial::terrain::deform`), and heights.

use super::column::{CellKind, ColumnInfo, ColumnVisitor, read_cells};
use crate::limits::{
    TERRAIN_CHUNK_CELLS, TERRAIN_CHUNK_SIDE, TERRAIN_CHUNK_VERTICES, TERRAIN_DELTA_MAX_M, TERRAIN_DELTA_SHIFT,
};
use alloc::boxed::Box;
use alloc::vec;

/// Heights of one chunk against the source in 1/64 m, in rows of constant z, each within ±[`DELTA_MAX`].
pub type ChunkDelta = [i16; TERRAIN_CHUNK_VERTICES];

/// Deepest and highest delta of a vertex, in 1/64 m.
pub const DELTA_MAX: i16 = (TERRAIN_DELTA_MAX_M << (16 - TERRAIN_DELTA_SHIFT)) as i16;

/// Which chunk of the terrain: counted from the corner with the smallest x and z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TerrainChunk {
    /// Along z. Declared first: chunks are ordered by row.
    pub z: u16,
    /// Along x.
    pub x: u16,
}

impl TerrainChunk {
    /// The chunk as one number, which orders as the chunks do.
    #[must_use]
    pub const fn key(self) -> u32 {
        (self.z as u32) << 16 | self.x as u32
    }

    /// The chunk with a [`TerrainChunk::key`].
    #[must_use]
    pub const fn from_key(key: u32) -> Self {
        Self { z: (key >> 16) as u16, x: key as u16 }
    }

    /// The chunk `dx` and `dz` further; `None` outside a terrain of `per_side` chunks along a side.
    fn neighbour(self, dx: i16, dz: i16, per_side: u32) -> Option<Self> {
        let inside = |at: u16, step: i16| at.checked_add_signed(step).filter(|to| u32::from(*to) < per_side);
        Some(Self { z: inside(self.z, dz)?, x: inside(self.x, dx)? })
    }
}

/// The chunks that differ. All memory is taken when it is made.
#[derive(Clone, Debug)]
pub struct TerrainDeltas {
    /// Keys of the chunks, ascending; those from `len` on mean nothing.
    keys: Box<[u32]>,
    /// Deltas of the chunks in the same order.
    deltas: Box<[ChunkDelta]>,
    len: usize,
}

impl TerrainDeltas {
    /// State bytes of one chunk.
    pub const BYTES_PER_CHUNK: usize = 4 + size_of::<ChunkDelta>();

    /// Names and kinds of the columns: the keys, and the vertices of all chunks one after the other.
    pub const COLUMNS: &[ColumnInfo] = &[
        ColumnInfo { table: "TerrainDeltas", name: "chunk", kind: CellKind::U32, outlives_rows: false },
        ColumnInfo { table: "TerrainDeltas", name: "vertex", kind: CellKind::I16, outlives_rows: false },
    ];

    /// An empty table for `capacity` chunks.
    #[must_use]
    pub fn new(capacity: u32) -> Self {
        Self {
            keys: vec![0; capacity as usize].into_boxed_slice(),
            deltas: vec![[0; TERRAIN_CHUNK_VERTICES]; capacity as usize].into_boxed_slice(),
            len: 0,
        }
    }

    /// Chunks that differ.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether the ground is the source's everywhere.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Chunks there is room for.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.keys.len()
    }

    /// How a chunk differs; `None` when it does not.
    #[must_use]
    pub fn get(&self, chunk: TerrainChunk) -> Option<&ChunkDelta> {
        let at = self.find(chunk).ok()?;
        Some(&self.deltas[at])
    }

    /// The chunks that differ, in ascending order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (TerrainChunk, &ChunkDelta)> + Clone {
        let chunks = self.keys[..self.len].iter().map(|key| TerrainChunk::from_key(*key));
        chunks.zip(&self.deltas[..self.len])
    }

    /// A table of these chunks, in this order, with room for `capacity`; `None` when they are more. Whether the ground can
    /// differ so, a terrain says ([`crate::spatial::Terrain::first_impossible`]).
    pub fn from_chunks<'a>(
        capacity: u32,
        chunks: impl IntoIterator<Item = (TerrainChunk, &'a ChunkDelta)>,
    ) -> Option<Self> {
        let mut table = Self::new(capacity);
        for (chunk, delta) in chunks {
            *table.keys.get_mut(table.len)? = chunk.key();
            table.deltas[table.len] = *delta;
            table.len += 1;
        }
        Some(table)
    }

    /// A number that differs between tables that differ, for the two ends of a connection to compare: as FNV-1a (64 bit),
    /// but of words (a key, four vertices), and turned by 23 bits after each. It finds mistakes, not malice.
    #[must_use]
    pub fn content_hash(&self) -> u64 {
        let step = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x0000_0100_0000_01B3).rotate_left(23);
        let wide =
            |four: &[i16]| four.iter().fold(0, |word, cell| word << 16 | u64::from(cell.cast_unsigned()));
        self.iter().fold(0xCBF2_9CE4_8422_2325, |hash, (chunk, delta)| {
            delta.chunks(4).fold(step(hash, chunk.key().into()), |hash, four| step(hash, wide(four)))
        })
    }

    /// The delta of a chunk to be written, new ones zeroed; `None` when the table is full. Whoever leaves only zeros must
    /// [`TerrainDeltas::remove`] it. A new chunk moves those behind it by a place.
    pub(crate) fn entry(&mut self, chunk: TerrainChunk) -> Option<&mut ChunkDelta> {
        let at = match self.find(chunk) {
            Ok(at) => at,
            Err(_) if self.len == self.keys.len() => return None,
            Err(at) => {
                self.keys.copy_within(at..self.len, at + 1);
                self.deltas.copy_within(at..self.len, at + 1);
                self.keys[at] = chunk.key();
                self.deltas[at].fill(0);
                self.len += 1;
                at
            }
        };
        Some(&mut self.deltas[at])
    }

    /// Takes a chunk out of the table.
    pub(crate) fn remove(&mut self, chunk: TerrainChunk) {
        if let Ok(at) = self.find(chunk) {
            self.keys.copy_within(at + 1..self.len, at);
            self.deltas.copy_within(at + 1..self.len, at);
            self.len -= 1;
        }
    }

    /// Becomes equal to another table of the same capacity. Costs nothing where nothing differs from the source.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        self.len = other.len;
        self.keys[..self.len].copy_from_slice(&other.keys[..self.len]);
        self.deltas[..self.len].copy_from_slice(&other.deltas[..self.len]);
    }

    fn find(&self, chunk: TerrainChunk) -> Result<usize, usize> {
        self.keys[..self.len].binary_search(&chunk.key())
    }

    /// Shows both columns.
    pub(crate) fn each_column<'a>(&'a self, visitor: &mut impl ColumnVisitor<'a>) {
        visitor.column(&Self::COLUMNS[0], &self.keys[..self.len]);
        visitor.column(&Self::COLUMNS[1], self.deltas[..self.len].as_flattened());
    }

    /// Fills both columns with `chunks` chunks from the front of `bytes` and returns what follows; `None` when they end
    /// early or there is no room. Whether the ground can differ so, [`TerrainDeltas::first_impossible`] says.
    pub(crate) fn read<'a>(&mut self, chunks: usize, bytes: &'a [u8]) -> Option<&'a [u8]> {
        self.len = 0;
        let rest = read_cells(self.keys.get_mut(..chunks)?, bytes)?;
        let rest = read_cells(self.deltas[..chunks].as_flattened_mut(), rest)?;
        self.len = chunks;
        Some(rest)
    }

    /// The first chunk that a terrain of `cells` cells along a side cannot have: not one of its chunks, out of order, out of
    /// range, all zero, or with a border that its neighbour has not.
    pub(crate) fn first_impossible(&self, cells: u32) -> Option<TerrainChunk> {
        let per_side = chunks_along(cells);
        let keys = &self.keys[..self.len];
        if let Some(pair) = keys.windows(2).find(|pair| pair[0] >= pair[1]) {
            return Some(TerrainChunk::from_key(pair[1]));
        }
        let alone = self.iter().find(|(chunk, delta)| !could_be_of(delta, *chunk, cells));
        alone.map(|(chunk, _)| chunk).or_else(|| self.first_torn_border(per_side))
    }

    /// The first chunk whose border does not agree with a neighbour's copy of it.
    fn first_torn_border(&self, per_side: u32) -> Option<TerrainChunk> {
        const AROUND: [(i16, i16); 8] =
            [(-1, -1), (0, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (0, 1), (1, 1)];
        let torn = |chunk: TerrainChunk, delta: &ChunkDelta| {
            AROUND.iter().any(|&(dx, dz)| {
                let neighbour = chunk.neighbour(dx, dz, per_side);
                neighbour.is_some_and(|neighbour| !share_a_border(delta, self.get(neighbour), dx, dz))
            })
        };
        self.iter().find(|(chunk, delta)| torn(*chunk, delta)).map(|(chunk, _)| chunk)
    }
}

/// Chunks along a side of a terrain of `cells` cells.
const fn chunks_along(cells: u32) -> u32 {
    cells.div_ceil(TERRAIN_CHUNK_CELLS as u32)
}

/// Whether a chunk of a terrain with `cells` cells along a side can differ so: in range, not nowhere, and not outside.
fn could_be_of(delta: &ChunkDelta, chunk: TerrainChunk, cells: u32) -> bool {
    if u32::from(chunk.x.max(chunk.z)) >= chunks_along(cells) {
        return false;
    }
    let last = |at: u16| cells as usize - usize::from(at) * TERRAIN_CHUNK_CELLS;
    let (last_column, last_row) = (last(chunk.x), last(chunk.z));
    let mut differs = false;
    let in_range = delta.iter().enumerate().all(|(vertex, height)| {
        let outside = vertex % TERRAIN_CHUNK_SIDE > last_column || vertex / TERRAIN_CHUNK_SIDE > last_row;
        differs |= *height != 0;
        height.unsigned_abs() <= DELTA_MAX.unsigned_abs() && !(outside && *height != 0)
    });
    in_range && differs
}

/// Whether a chunk and its neighbour (`None`: it does not differ) towards (`dx`, `dz`) agree on the vertices of both.
fn share_a_border(own: &ChunkDelta, other: Option<&ChunkDelta>, dx: i16, dz: i16) -> bool {
    const LAST: usize = TERRAIN_CHUNK_CELLS;
    // Along an axis: how many steps the common vertices take, where they begin here, and where there.
    let line = |towards: i16| match towards {
        -1 => (0, 0, LAST),
        0 => (LAST, 0, 0),
        _ => (0, LAST, 0),
    };
    let ((columns, own_x, other_x), (rows, own_z, other_z)) = (line(dx), line(dz));
    (0..=rows).all(|row| {
        (0..=columns).all(|column| {
            let there = (other_z + row) * TERRAIN_CHUNK_SIDE + other_x + column;
            own[(own_z + row) * TERRAIN_CHUNK_SIDE + own_x + column] == other.map_or(0, |other| other[there])
        })
    })
}

impl PartialEq for TerrainDeltas {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for TerrainDeltas {}

#[cfg(test)]
mod tests;
