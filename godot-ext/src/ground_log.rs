//! What a field looks like to those who draw it, and which of it changed since they last looked.
//!
//! Nothing of Godot is in here. Clients and worlds keep a log each; any number of nodes read it, each from where it was.

use std::collections::BTreeMap;

use shieldwall_core::spatial::{Obstacles, Scenery};
use shieldwall_core::{Terrain, TerrainChunk, Tick};

/// A field as it is now.
pub(crate) struct Field<'a> {
    /// What was built on it.
    pub(crate) scenery: &'a Scenery,
    /// The ground.
    pub(crate) terrain: &'a Terrain,
    /// Which of what was built stands, and where what moves is.
    pub(crate) obstacles: &'a Obstacles,
    /// When that is.
    pub(crate) tick: Tick,
    /// What changed.
    pub(crate) log: &'a GroundLog,
}

/// Changes by number: what was noted after a reader's number is new to it.
#[derive(Debug, Default)]
pub(crate) struct GroundLog {
    /// Which field it is: another number, another field.
    epoch: u64,
    /// Changes of sections and chunks since the program began.
    changes: u64,
    /// The last change of each chunk that ever changed.
    chunks: BTreeMap<TerrainChunk, u64>,
}

impl GroundLog {
    /// Begins anew: another field.
    pub(crate) fn begin(&mut self) {
        self.epoch += 1;
        self.chunks.clear();
    }

    /// A section fell or was built.
    pub(crate) fn note_section(&mut self) {
        self.changes += 1;
    }

    /// The ground of a chunk changed.
    pub(crate) fn note_chunk(&mut self, chunk: TerrainChunk) {
        self.changes += 1;
        self.chunks.insert(chunk, self.changes);
    }

    /// The number of the field.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The number of the last change.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    /// The chunks that changed after a change.
    pub(crate) fn chunks_since(&self, change: u64) -> impl Iterator<Item = TerrainChunk> + '_ {
        self.chunks.iter().filter(move |(_, last)| **last > change).map(|(chunk, _)| *chunk)
    }
}
