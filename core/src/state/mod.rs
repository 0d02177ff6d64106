//! What a world is made of (rank 1, beside `rules`): tables of columns, the names of their rows, the manifests of what
//! goes in and comes out. Nothing here decides anything; the systems do.

pub mod characters;
pub mod column;
pub mod commands;
pub mod events;
pub mod handle;
pub mod id_pool;
pub mod projectiles;
pub mod snapshot;

pub(crate) mod bytes;

use crate::numeric::{StateHash, StateHasher, Tick};
use characters::{Characters, flags};
use handle::CharacterId;
use id_pool::IdPool;
use projectiles::Projectiles;

/// The whole simulated state. Two worlds with equal configuration and equal state have equal futures.
#[derive(Clone, Debug)]
pub struct State {
    /// The next tick to run.
    pub tick: Tick,
    /// The characters' columns.
    pub characters: Characters,
    /// The slots of characters in use; follows from the columns.
    pub character_ids: IdPool,
    /// The projectiles' columns.
    pub projectiles: Projectiles,
    /// The slots of projectiles in use; follows from the columns.
    pub projectile_ids: IdPool,
}

/// Columns of the state hash: numbers that are never used again for something else.
mod hash_column {
    pub(super) const TICK: u32 = 1;
    pub(super) const CHARACTER_LOW: u32 = 2;
    pub(super) const CHARACTER_HIGH: u32 = 3;
    pub(super) const PROJECTILE_LOW: u32 = 4;
    pub(super) const PROJECTILE_HIGH: u32 = 5;
}

impl State {
    /// An empty state at tick 0.
    #[must_use]
    pub fn new(character_capacity: u32, projectile_capacity: u32) -> Self {
        Self {
            tick: Tick(0),
            characters: Characters::new(character_capacity as usize),
            character_ids: IdPool::new(character_capacity as usize),
            projectiles: Projectiles::new(projectile_capacity as usize),
            projectile_ids: IdPool::new(projectile_capacity as usize),
        }
    }

    /// Back to the empty state at tick 0, generations included.
    pub(crate) fn clear(&mut self) {
        self.tick = Tick(0);
        self.characters.zero();
        self.character_ids.clear();
        self.projectiles.zero();
        self.projectile_ids.clear();
    }

    /// Takes the lowest free character slot: the row is zero but for its new generation and [`flags::IN_USE`].
    pub(crate) fn allocate_character(&mut self) -> Option<CharacterId> {
        let slot = self.character_ids.allocate()?;
        let row = slot as usize;
        let generation = next_generation(self.characters.generation[row]);
        self.characters.generation[row] = generation;
        self.characters.flags[row] = flags::IN_USE;
        Some(CharacterId { slot, generation })
    }

    /// Gives a character's slot back; false when the id is not current.
    pub(crate) fn free_character(&mut self, id: CharacterId) -> bool {
        let Some(row) = self.characters.row_of(id) else { return false };
        self.characters.zero_row(row);
        self.characters.generation[row] = id.generation;
        self.character_ids.free(id.slot)
    }

    /// Takes the lowest free projectile slot: the row is zero but for its new generation and `alive`.
    pub(crate) fn allocate_projectile(&mut self) -> Option<u32> {
        let slot = self.projectile_ids.allocate()?;
        let row = slot as usize;
        self.projectiles.generation[row] = next_generation(self.projectiles.generation[row]);
        self.projectiles.alive[row] = 1;
        Some(slot)
    }

    /// Gives a projectile's slot back.
    pub(crate) fn free_projectile(&mut self, slot: u32) {
        if self.projectile_ids.free(slot) {
            let generation = self.projectiles.generation[slot as usize];
            self.projectiles.zero_row(slot as usize);
            self.projectiles.generation[slot as usize] = generation;
        }
    }

    /// One past the last character row that was ever used: the rows that are hashed and saved.
    #[must_use]
    pub(crate) fn character_rows(&self) -> usize {
        rows_ever_used(&self.characters.generation, self.character_ids.end())
    }

    /// One past the last projectile row that was ever used.
    #[must_use]
    pub(crate) fn projectile_rows(&self) -> usize {
        rows_ever_used(&self.projectiles.generation, self.projectile_ids.end())
    }

    /// The slots in use, from the columns.
    pub(crate) fn rebuild_ids(&mut self) {
        self.character_ids.clear();
        for (slot, bits) in (0_u32..).zip(&self.characters.flags) {
            if bits & flags::IN_USE != 0 {
                self.character_ids.allocate_at(slot);
            }
        }
        self.projectile_ids.clear();
        for (slot, alive) in (0_u32..).zip(&self.projectiles.alive) {
            if *alive != 0 {
                self.projectile_ids.allocate_at(slot);
            }
        }
    }

    /// The hash of the whole state: every bit of every column, and the tick.
    ///
    /// A row is first folded to 128 bits by NH (the universal hash of UMAC, RFC 4418, with words of 64 bits), then
    /// added to the order-independent sum of [`StateHasher`].
    #[must_use]
    pub fn hash(&self) -> StateHash {
        let mut hasher = StateHasher::new();
        hasher.add(hash_column::TICK, 0, self.tick.0);
        let rows = self.character_rows();
        let characters = self.characters.view_below(rows);
        for row in 0..rows {
            let (low, high) = fold(&characters.row_words(row));
            hasher.add_word(hash_column::CHARACTER_LOW, row as u32, low);
            hasher.add_word(hash_column::CHARACTER_HIGH, row as u32, high);
        }
        let rows = self.projectile_rows();
        let projectiles = self.projectiles.view_below(rows);
        for row in 0..rows {
            let (low, high) = fold(&projectiles.row_words(row));
            hasher.add_word(hash_column::PROJECTILE_LOW, row as u32, low);
            hasher.add_word(hash_column::PROJECTILE_HIGH, row as u32, high);
        }
        hasher.finish()
    }
}

/// Generations count up and skip 0, which names nobody.
const fn next_generation(generation: u32) -> u32 {
    match generation.wrapping_add(1) {
        0 => 1,
        next => next,
    }
}

fn rows_ever_used(generations: &[u32], at_least: usize) -> usize {
    // Slots are handed out from below: behind the first row that never was used there is no other.
    at_least + generations[at_least..].iter().take_while(|generation| **generation != 0).count()
}

/// NH: the sum of the products of neighbouring words, each with a key added.
#[inline]
fn fold<const WORDS: usize>(words: &[u64; WORDS]) -> (u64, u64) {
    // First fractional hexadecimal digits of pi: numbers with nothing up their sleeve.
    const KEYS: [u64; 10] = [
        0x243F_6A88_85A3_08D3,
        0x1319_8A2E_0370_7344,
        0xA409_3822_299F_31D0,
        0x082E_FA98_EC4E_6C89,
        0x4528_21E6_38D0_1377,
        0xBE54_66CF_34E9_0C6C,
        0xC0AC_29B7_C97C_50DD,
        0x3F84_D5B5_B547_0917,
        0x9216_D5D9_8979_FB1B,
        0xD131_0BA6_98DF_B5AC,
    ];
    const { assert!(WORDS <= KEYS.len()) };
    let mut sum = 0_u128;
    let mut at = 0;
    while at < WORDS {
        let left = words[at].wrapping_add(KEYS[at]);
        let right = if at + 1 < WORDS { words[at + 1] } else { 0 }.wrapping_add(KEYS[at + 1]);
        sum = sum.wrapping_add(u128::from(left) * u128::from(right));
        at += 2;
    }
    (sum as u64, (sum >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn generations_skip_zero() {
        assert_eq!(next_generation(0), 1);
        assert_eq!(next_generation(u32::MAX), 1);
    }

    #[test]
    fn slots_come_back_with_a_new_generation() {
        let mut state = State::new(2, 1);
        let first = state.allocate_character().unwrap();
        let second = state.allocate_character().unwrap();
        assert!(state.allocate_character().is_none());
        assert!(state.free_character(first));
        assert!(!state.free_character(first));
        let third = state.allocate_character().unwrap();
        assert_eq!((third.slot, third.generation), (0, 2));
        assert_ne!(first, third);
        assert_eq!(state.characters.row_of(first), None);
        assert_eq!(state.characters.row_of(second), Some(1));
    }

    #[test]
    fn the_hash_sees_every_column() {
        let mut state = State::new(4, 4);
        state.allocate_character().unwrap();
        state.allocate_projectile().unwrap();
        let hash = state.hash();
        let mut image = Vec::new();
        state.characters.write_rows(1, &mut image);
        for bit in 0..Characters::BYTES_PER_ROW * 8 {
            let mut other = state.clone();
            let mut bytes = image.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            other.characters.read_rows(1, &bytes).unwrap();
            assert_ne!(other.hash(), hash, "character bit {bit}");
        }
        let mut image = Vec::new();
        state.projectiles.write_rows(1, &mut image);
        for bit in 0..Projectiles::BYTES_PER_ROW * 8 {
            let mut other = state.clone();
            let mut bytes = image.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            other.projectiles.read_rows(1, &bytes).unwrap();
            assert_ne!(other.hash(), hash, "projectile bit {bit}");
        }
        state.tick = Tick(1);
        assert_ne!(state.hash(), hash);
    }
}
