//! A part of a state as bytes: some characters with their projectiles, for handing them to another world of the same
//! configuration, or for correcting one that went its own way.
//!
//! ```text
//! offset  bytes  what
//!      0      4  magic "SWPS"
//!      4      4  version of this header
//!      8      8  fingerprint of the layout: names, kinds and order of all columns
//!     16      8  fingerprint of the world: configuration and scenery
//!     24      4  tick
//!     28      4  character rows that follow
//!     32      4  projectile rows that follow
//!     36      4  rows of minds that follow
//!     40     16  hash of all after the header, and of the tick
//!     56      8  zero
//!     64         slots of the characters (4 bytes each, ascending), of the projectiles, of the minds, then the columns of
//!                those characters, of those projectiles, of those minds
//! ```
//! Where they were in the ticks before is not in it: until that has been recorded anew, attacks aimed at the past do not
//! find those who came with a part. All numbers are little-endian. Rows are judged as those of a whole image are ([`super::snapshot`]); a refusal changes
//! nothing.

use super::State;
use super::bytes::ByteReader;
use super::characters::flags;
use super::column::{Cell, ColumnInfo, ColumnVisitor, write_cells};
use super::handle::CharacterId;
use super::judge::{check_characters, check_npcs, check_projectiles};
use super::snapshot::{ImageBounds, SnapshotError};
use super::state_hash::LAYOUT_FINGERPRINT;
use super::tables::ROW_BYTES;
use crate::numeric::column_hash::sum_column;
use crate::numeric::{LaneChoice, Metres, StateHash, Tick};
use alloc::vec::Vec;

/// First four bytes of a part.
pub const MAGIC: [u8; 4] = *b"SWPS";

/// Version of the header.
pub const FORMAT: u32 = 2;

/// Bytes before the slots.
pub const HEADER_BYTES: usize = 64;

const HASH_AT: core::ops::Range<usize> = 40..56;

/// How many tables are in a part: the first ones of a state.
const PART_TABLES: usize = 3;

/// A number of rows of each of them.
type PartRows = [usize; PART_TABLES];

/// Slot of the owner of a projectile that came without its owner: no world has it, so the id names nobody.
pub const SLOT_ELSEWHERE: u32 = u32::MAX;

/// Which rows go into a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection<'a> {
    /// Every row that was ever used, the free ones with their generations too.
    All,
    /// Characters, alive or dead, and projectiles in an upright box, bounds included; and the projectiles of those
    /// characters wherever they are. Minds go with the characters they steer.
    Box {
        /// West.
        min_x: Metres,
        /// North.
        min_z: Metres,
        /// East.
        max_x: Metres,
        /// South.
        max_z: Metres,
    },
    /// The same for an upright cylinder, rim included. A negative radius selects nobody.
    Disc {
        /// Middle.
        x: Metres,
        /// Middle.
        z: Metres,
        /// Radius.
        radius: Metres,
    },
    /// These characters and their projectiles. Ids that name nobody are left out; their order does not matter.
    Ids(&'a [CharacterId]),
}

impl Selection<'_> {
    fn has_place(&self, x: i32, z: i32) -> bool {
        match *self {
            Self::All => true,
            Self::Box { min_x, min_z, max_x, max_z } => {
                (min_x.0..=max_x.0).contains(&x) && (min_z.0..=max_z.0).contains(&z)
            }
            Self::Disc { x: middle_x, z: middle_z, radius } => {
                let (dx, dz) =
                    (i128::from(x) - i128::from(middle_x.0), i128::from(z) - i128::from(middle_z.0));
                radius.0 >= 0 && dx * dx + dz * dz <= i128::from(radius.0) * i128::from(radius.0)
            }
            Self::Ids(_) => false,
        }
    }

    fn characters(&self, state: &State) -> Vec<u32> {
        let table = &state.characters;
        match self {
            Self::All => (0..state.rows()[0] as u32).collect(),
            Self::Ids(ids) => {
                let mut slots: Vec<u32> =
                    ids.iter().filter(|id| table.row_of(**id).is_some()).map(|id| id.slot).collect();
                slots.sort_unstable();
                slots.dedup();
                slots
            }
            _ => state
                .character_ids
                .iter()
                .filter(|slot| {
                    let row = *slot as usize;
                    self.has_place(table.position_x[row], table.position_z[row])
                })
                .collect(),
        }
    }

    fn projectiles(&self, state: &State, characters: &[u32]) -> Vec<u32> {
        if *self == Self::All {
            return (0..state.rows()[1] as u32).collect();
        }
        let table = &state.projectiles;
        let has_owner = |row: usize| {
            let owner = table.view().owner(row as u32);
            characters.binary_search(&owner.slot).is_ok() && state.characters.row_of(owner).is_some()
        };
        let inside = |row: usize| self.has_place(table.position_x[row], table.position_z[row]);
        state
            .projectile_ids
            .iter()
            .filter(|slot| inside(*slot as usize) || has_owner(*slot as usize))
            .collect()
    }

    fn npcs(&self, state: &State, characters: &[u32]) -> Vec<u32> {
        if *self == Self::All {
            return (0..state.rows()[2] as u32).collect();
        }
        let steers_one = |slot: &u32| {
            let steered = state.npcs.view().character(*slot);
            characters.binary_search(&steered.slot).is_ok() && state.characters.row_of(steered).is_some()
        };
        state.npc_ids.iter().filter(steers_one).collect()
    }
}

/// What a part has in it, or what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartialReport {
    /// Characters written, inserted or overwritten.
    pub characters: u32,
    /// Projectiles written, inserted or overwritten.
    pub projectiles: u32,
    /// Minds written, inserted or overwritten.
    pub npcs: u32,
    /// Free rows: written by [`Selection::All`]; by [`PartialPolicy::Overwrite`] slots of any table that became free;
    /// passed over by [`PartialPolicy::Insert`].
    pub free_rows: u32,
    /// Of [`PartialPolicy::Insert`]: every character's id in the part and here, ascending in the former.
    pub ids: Vec<(CharacterId, CharacterId)>,
}

/// How a part is taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartialPolicy {
    /// As newcomers: each row gets the lowest free slot and an id of this world. Ticks in the rows are moved by the
    /// difference of the two worlds' ticks, so that what was under way goes on. A projectile whose owner is not in the
    /// part keeps nobody's name ([`SLOT_ELSEWHERE`]).
    Insert,
    /// In the same slots, with the same ids, whatever was there before; ticks as they are. Free rows free their slots.
    /// Slots below that never were used count as used once.
    Overwrite,
}

/// Appends the part of a state.
pub(crate) fn write(
    state: &State,
    selection: &Selection<'_>,
    fingerprint: u64,
    lanes: LaneChoice,
    out: &mut Vec<u8>,
) -> PartialReport {
    let characters = selection.characters(state);
    let projectiles = selection.projectiles(state, &characters);
    let npcs = selection.npcs(state, &characters);
    let start = out.len();
    let rows = [characters.len(), projectiles.len(), npcs.len()];
    out.reserve(HEADER_BYTES + body_bytes(&rows).unwrap_or(0));
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&FORMAT.to_le_bytes());
    out.extend_from_slice(&LAYOUT_FINGERPRINT.to_le_bytes());
    out.extend_from_slice(&fingerprint.to_le_bytes());
    out.extend_from_slice(&state.tick.0.to_le_bytes());
    for rows in rows {
        out.extend_from_slice(&(rows as u32).to_le_bytes());
    }
    out.resize(start + HEADER_BYTES, 0);
    write_cells(&characters, out);
    write_cells(&projectiles, out);
    write_cells(&npcs, out);
    state.characters.each_column(state.characters.capacity(), &mut Gather { slots: &characters, out });
    state.projectiles.each_column(state.projectiles.capacity(), &mut Gather { slots: &projectiles, out });
    state.npcs.each_column(state.npcs.capacity(), &mut Gather { slots: &npcs, out });
    let hash = body_hash(lanes, &out[start + HEADER_BYTES..], state.tick);
    out[start..][HASH_AT].copy_from_slice(&hash.to_le_bytes());
    let in_use = |slot: &&u32| state.characters.flags[**slot as usize] & flags::IN_USE != 0;
    let flying = |slot: &&u32| state.projectiles.alive[**slot as usize] != 0;
    let steering = |slot: &&u32| state.npcs.character_generation[**slot as usize] != 0;
    let (used, flown) = (characters.iter().filter(in_use).count(), projectiles.iter().filter(flying).count());
    let minds = npcs.iter().filter(steering).count();
    PartialReport {
        characters: used as u32,
        projectiles: flown as u32,
        npcs: minds as u32,
        free_rows: (rows.iter().sum::<usize>() - used - flown - minds) as u32,
        ids: Vec::new(),
    }
}

/// Bytes after the header; `None` when they have no number.
fn body_bytes(rows: &PartRows) -> Option<usize> {
    let table = |table: usize| rows[table].checked_mul(4 + ROW_BYTES[table]);
    (0..PART_TABLES).try_fold(0_usize, |sum, at| sum.checked_add(table(at)?))
}

fn body_hash(lanes: LaneChoice, body: &[u8], tick: Tick) -> StateHash {
    sum_column(lanes, body).finish(u64::from(tick.0), body.len() as u64)
}

struct Gather<'a> {
    slots: &'a [u32],
    out: &'a mut Vec<u8>,
}

impl<'a> ColumnVisitor<'a> for Gather<'_> {
    fn column<T: Cell>(&mut self, _info: &'static ColumnInfo, cells: &'a [T]) {
        for slot in self.slots {
            write_cells(&cells[*slot as usize..=*slot as usize], self.out);
        }
    }
}

/// A part that was read and judged: its rows lie at the front of the tables of a scratch state.
pub(crate) struct Part<'a> {
    tick: Tick,
    slots: [Vec<u32>; PART_TABLES],
    rows: &'a State,
}

/// Reads a part into `scratch`, a state of the world's capacities, and judges its rows.
pub(crate) fn read<'a>(
    image: &[u8],
    bounds: &ImageBounds<'_>,
    scratch: &'a mut State,
) -> Result<Part<'a>, SnapshotError> {
    let mut reader = ByteReader::new(image);
    if reader.array::<4>()? != MAGIC {
        return Err(SnapshotError::NotAnImage);
    }
    let format = reader.u32()?;
    if format != FORMAT {
        return Err(SnapshotError::OtherFormat(format));
    }
    let (layout, fingerprint) = (reader.u64()?, reader.u64()?);
    if layout != LAYOUT_FINGERPRINT {
        return Err(SnapshotError::OtherLayout { image: layout, build: LAYOUT_FINGERPRINT });
    }
    if fingerprint != bounds.fingerprint {
        return Err(SnapshotError::OtherConfiguration { image: fingerprint, world: bounds.fingerprint });
    }
    let tick = Tick(reader.u32()?);
    let rows = [reader.u32()? as usize, reader.u32()? as usize, reader.u32()? as usize];
    let (hash, zero) = (StateHash(reader.u128()?), reader.u64()?);
    let capacities = scratch.slots();
    if zero != 0 || rows.iter().zip(&capacities).any(|(rows, capacity)| rows > capacity) {
        return Err(SnapshotError::OtherCapacity);
    }
    let body = reader.rest();
    match body_bytes(&rows).unwrap_or(usize::MAX) {
        expected if body.len() < expected => return Err(SnapshotError::Truncated),
        expected if body.len() > expected => return Err(SnapshotError::TooLong),
        _ => {}
    }
    if body_hash(bounds.lanes, body, tick) != hash {
        return Err(SnapshotError::Damaged);
    }
    let mut slots = [const { Vec::new() }; PART_TABLES];
    for (table, slots) in slots.iter_mut().enumerate() {
        for _ in 0..rows[table] {
            let slot = reader.u32()?;
            if slot as usize >= capacities[table] || slots.last().is_some_and(|last| *last >= slot) {
                return Err(SnapshotError::BadSlot { slot });
            }
            slots.push(slot);
        }
    }
    let rest = scratch.characters.read_rows(rows[0], reader.rest()).ok_or(SnapshotError::Truncated)?;
    let rest = scratch.projectiles.read_rows(rows[1], rest).ok_or(SnapshotError::Truncated)?;
    scratch.npcs.read_rows(rows[2], rest).ok_or(SnapshotError::Truncated)?;
    judge(scratch, tick, &rows, bounds, &slots)?;
    Ok(Part { tick, slots, rows: scratch })
}

fn judge(
    scratch: &State,
    tick: Tick,
    rows: &PartRows,
    bounds: &ImageBounds<'_>,
    slots: &[Vec<u32>; PART_TABLES],
) -> Result<(), SnapshotError> {
    let slot_of = |table: usize, row: u32| slots[table].get(row as usize).copied().unwrap_or(row);
    let named = |error| match error {
        SnapshotError::BadCharacter { slot } => SnapshotError::BadCharacter { slot: slot_of(0, slot) },
        SnapshotError::BadProjectile { slot } => SnapshotError::BadProjectile { slot: slot_of(1, slot) },
        SnapshotError::BadNpc { slot } => SnapshotError::BadNpc { slot: slot_of(2, slot) },
        other => other,
    };
    check_characters(&scratch.characters, rows[0], None, bounds).map_err(named)?;
    check_projectiles(&scratch.projectiles, rows[1], bounds).map_err(named)?;
    check_npcs(&scratch.npcs, rows[2], tick, bounds).map_err(named)?;
    // Rows that never were used are in no part.
    let unused = |generations: &[u32]| generations.iter().position(|generation| *generation == 0);
    if let Some(row) = unused(&scratch.characters.generation[..rows[0]]) {
        return Err(SnapshotError::BadCharacter { slot: slots[0][row] });
    }
    if let Some(row) = unused(&scratch.projectiles.generation[..rows[1]]) {
        return Err(SnapshotError::BadProjectile { slot: slots[1][row] });
    }
    match unused(&scratch.npcs.generation[..rows[2]]) {
        Some(row) => Err(SnapshotError::BadNpc { slot: slots[2][row] }),
        None => Ok(()),
    }
}

impl Part<'_> {
    /// Takes the part into a state. On an error the state is as it was.
    pub(crate) fn apply(
        &self,
        state: &mut State,
        policy: PartialPolicy,
    ) -> Result<PartialReport, SnapshotError> {
        match policy {
            PartialPolicy::Insert => self.insert(state),
            PartialPolicy::Overwrite => Ok(self.overwrite(state)),
        }
    }

    fn is_character(&self, row: usize) -> bool {
        self.rows.characters.flags[row] & flags::IN_USE != 0
    }

    fn is_projectile(&self, row: usize) -> bool {
        self.rows.projectiles.alive[row] != 0
    }

    fn is_npc(&self, row: usize) -> bool {
        self.rows.npcs.character_generation[row] != 0
    }

    /// The minds of inserted characters: whom they steer and go after by the ids here, ticks moved by `later`. How many.
    fn insert_npcs(&self, state: &mut State, later: u32, ids: &[(CharacterId, CharacterId)]) -> u32 {
        let here =
            |there: CharacterId| ids.binary_search_by_key(&there, |(there, _)| *there).map(|at| ids[at].1);
        let (from, mut inserted) = (&self.rows.npcs, 0);
        for row in (0..self.slots[2].len()).filter(|row| self.is_npc(*row)) {
            let Ok(steered) = here(from.view().character(row as u32)) else { continue };
            let Some(slot) = state.allocate_npc(steered) else { continue };
            let (to, table) = (slot as usize, &mut state.npcs);
            let generation = table.generation[to];
            table.copy_row(to, from, row);
            table.generation[to] = generation;
            (table.character_slot[to], table.character_generation[to]) = (steered.slot, steered.generation);
            table.set_target(to, here(from.view().target(row as u32)).unwrap_or(CharacterId::NONE));
            table.next_think_tick[to] = table.next_think_tick[to].wrapping_add(later);
            inserted += 1;
        }
        inserted
    }

    fn insert(&self, state: &mut State) -> Result<PartialReport, SnapshotError> {
        let characters = (0..self.slots[0].len()).filter(|row| self.is_character(*row));
        let projectiles = (0..self.slots[1].len()).filter(|row| self.is_projectile(*row));
        let (count, flying) = (characters.clone().count(), projectiles.clone().count());
        let minds = (0..self.slots[2].len()).filter(|row| self.is_npc(*row)).count();
        let room =
            |capacity: usize, used: usize, wanted: usize| wanted.saturating_sub(capacity - used) as u32;
        let missing = SnapshotError::Full {
            characters: room(state.characters.capacity(), state.character_ids.len(), count),
            projectiles: room(state.projectiles.capacity(), state.projectile_ids.len(), flying),
            npcs: room(state.npcs.capacity(), state.npc_ids.len(), minds),
        };
        if missing != (SnapshotError::Full { characters: 0, projectiles: 0, npcs: 0 }) {
            return Err(missing);
        }
        let later = state.tick.0.wrapping_sub(self.tick.0);
        let mut ids = Vec::with_capacity(count);
        for row in characters {
            let Some(id) = state.allocate_character() else { continue };
            let to = id.slot as usize;
            let (table, from) = (&mut state.characters, &self.rows.characters);
            table.copy_row(to, from, row);
            table.generation[to] = id.generation;
            for ticks in [
                &mut table.action_tick,
                &mut table.melee_ready_tick,
                &mut table.bow_ready_tick,
                &mut table.combat_tick,
            ] {
                ticks[to] = ticks[to].wrapping_add(later);
            }
            ids.push((CharacterId { slot: self.slots[0][row], generation: from.generation[row] }, id));
        }
        for row in projectiles {
            let Some(slot) = state.allocate_projectile() else { continue };
            let to = slot as usize;
            let (table, from) = (&mut state.projectiles, &self.rows.projectiles);
            let generation = table.generation[to];
            table.copy_row(to, from, row);
            table.generation[to] = generation;
            table.end_tick[to] = table.end_tick[to].wrapping_add(later);
            let owner = from.view().owner(row as u32);
            let here = ids.binary_search_by_key(&owner, |(there, _)| *there).map(|at| ids[at].1);
            let owner = here.unwrap_or(CharacterId { slot: SLOT_ELSEWHERE, generation: owner.generation });
            (table.owner_slot[to], table.owner_generation[to]) = (owner.slot, owner.generation);
        }
        let npcs = self.insert_npcs(state, later, &ids);
        let rows: usize = self.slots.iter().map(Vec::len).sum();
        Ok(PartialReport {
            characters: count as u32,
            projectiles: flying as u32,
            npcs,
            free_rows: (rows - count - flying - minds) as u32,
            ids,
        })
    }

    fn overwrite(&self, state: &mut State) -> PartialReport {
        let mut report = PartialReport::default();
        // Behind the first row that never was used there must be no other.
        let [first_characters, first_projectiles, first_npcs, ..] = state.rows();
        let end = |slots: &[u32]| slots.last().map_or(0, |last| *last as usize + 1);
        for row in first_characters..end(&self.slots[0]) {
            state.characters.generation[row] = 1;
        }
        for row in first_projectiles..end(&self.slots[1]) {
            state.projectiles.generation[row] = 1;
        }
        for row in first_npcs..end(&self.slots[2]) {
            state.npcs.generation[row] = 1;
        }
        for (row, slot) in self.slots[0].iter().enumerate() {
            state.characters.copy_row(*slot as usize, &self.rows.characters, row);
            if self.is_character(row) {
                state.character_ids.allocate_at(*slot);
                report.characters += 1;
            } else {
                report.free_rows += u32::from(state.character_ids.free(*slot));
            }
        }
        for (row, slot) in self.slots[1].iter().enumerate() {
            state.projectiles.copy_row(*slot as usize, &self.rows.projectiles, row);
            if self.is_projectile(row) {
                state.projectile_ids.allocate_at(*slot);
                report.projectiles += 1;
            } else {
                report.free_rows += u32::from(state.projectile_ids.free(*slot));
            }
        }
        for (row, slot) in self.slots[2].iter().enumerate() {
            state.npcs.copy_row(*slot as usize, &self.rows.npcs, row);
            if self.is_npc(row) {
                state.npc_ids.allocate_at(*slot);
                report.npcs += 1;
            } else {
                report.free_rows += u32::from(state.npc_ids.free(*slot));
            }
        }
        report
    }
}
