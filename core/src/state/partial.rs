//! A part of a state as bytes: some characters with their projectiles, status effects and minds, for handing them to another world of the same
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
//!     36      4  status effect rows that follow
//!     40      4  rows of minds that follow
//!     44     16  hash of all after the header, and of the tick
//!     60      4  zero
//!     64         slots of the characters (4 bytes each, ascending), of the projectiles, of the effects, of the minds, then
//!                the columns of those characters, of those projectiles, of those effects, of those minds
//! ```
//! Sections of structures, capture points and the teams' scores are not in it: they belong to the place, which keeps its own.
//! Where they were in the ticks before is not in it: until that has been recorded anew, attacks aimed at the past do not
//! find those who came with a part. All numbers are little-endian. Rows are judged as those of a whole image are ([`super::snapshot`]); a refusal changes
//! nothing.

use super::State;
use super::bytes::ByteReader;
use super::characters::flags;
use super::column::{Cell, ColumnInfo, ColumnVisitor, write_cells};
use super::handle::CharacterId;
use super::judge::{check_characters, check_effects, check_npcs, check_projectiles};
use super::snapshot::{ImageBounds, SnapshotError};
use super::state_hash::LAYOUT_FINGERPRINT;
use super::tables::ROW_BYTES;
use crate::numeric::column_hash::sum_column;
use crate::numeric::{LaneChoice, Metres, StateHash, Tick};
use alloc::vec::Vec;

/// First four bytes of a part.
pub const MAGIC: [u8; 4] = *b"SWPS";

/// Version of the header.
pub const FORMAT: u32 = 3;

/// Bytes before the slots.
pub const HEADER_BYTES: usize = 64;

const HASH_AT: core::ops::Range<usize> = 44..60;

/// How many tables are in a part: the first ones of a state.
const PARTS: usize = 4;

/// Slot of the owner of a projectile, or of the source of an effect, that came without it: no world has it, so the id names
/// nobody.
pub const SLOT_ELSEWHERE: u32 = u32::MAX;

/// Which rows go into a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection<'a> {
    /// Every row that was ever used, the free ones with their generations too.
    All,
    /// Characters, alive or dead, and projectiles in an upright box, bounds included; and the projectiles of those
    /// characters wherever they are.
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

    /// The effects that work on these characters.
    fn effects(&self, state: &State, characters: &[u32]) -> Vec<u32> {
        if *self == Self::All {
            return (0..state.rows()[2] as u32).collect();
        }
        let works = |slot: &u32| {
            let target = state.effects.view().target(*slot);
            characters.binary_search(&target.slot).is_ok() && state.characters.row_of(target).is_some()
        };
        state.effect_ids.iter().filter(works).collect()
    }

    /// The minds of these characters.
    fn npcs(&self, state: &State, characters: &[u32]) -> Vec<u32> {
        if *self == Self::All {
            return (0..state.rows()[3] as u32).collect();
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
    /// Status effects written, inserted or overwritten.
    pub effects: u32,
    /// Minds written, inserted or overwritten.
    pub npcs: u32,
    /// Free rows: written by [`Selection::All`]; by [`PartialPolicy::Overwrite`] slots of either table that became free;
    /// passed over by [`PartialPolicy::Insert`].
    pub free_rows: u32,
    /// Of [`PartialPolicy::Insert`]: every character's id in the part and here, ascending in the former.
    pub ids: Vec<(CharacterId, CharacterId)>,
}

/// How a part is taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartialPolicy {
    /// As newcomers: each row gets the lowest free slot and an id of this world. Ticks in the rows are moved by the
    /// difference of the two worlds' ticks, so that what was under way goes on. A projectile whose owner (an effect whose
    /// source) is not in the part keeps nobody's name ([`SLOT_ELSEWHERE`]).
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
    let effects = selection.effects(state, &characters);
    let npcs = selection.npcs(state, &characters);
    let start = out.len();
    let lists = [&characters, &projectiles, &effects, &npcs];
    out.reserve(HEADER_BYTES + body_bytes(lists.map(Vec::len)).unwrap_or(0));
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&FORMAT.to_le_bytes());
    out.extend_from_slice(&LAYOUT_FINGERPRINT.to_le_bytes());
    out.extend_from_slice(&fingerprint.to_le_bytes());
    out.extend_from_slice(&state.tick.0.to_le_bytes());
    for slots in lists {
        out.extend_from_slice(&(slots.len() as u32).to_le_bytes());
    }
    out.resize(start + HEADER_BYTES, 0);
    for slots in lists {
        write_cells(slots, out);
    }
    state.characters.each_column(state.characters.capacity(), &mut Gather { slots: &characters, out });
    state.projectiles.each_column(state.projectiles.capacity(), &mut Gather { slots: &projectiles, out });
    state.effects.each_column(state.effects.capacity(), &mut Gather { slots: &effects, out });
    state.npcs.each_column(state.npcs.capacity(), &mut Gather { slots: &npcs, out });
    let hash = body_hash(lanes, &out[start + HEADER_BYTES..], state.tick);
    out[start..][HASH_AT].copy_from_slice(&hash.to_le_bytes());
    let in_use = |slot: &&u32| state.characters.flags[**slot as usize] & flags::IN_USE != 0;
    let flying = |slot: &&u32| state.projectiles.alive[**slot as usize] != 0;
    let works = |slot: &&u32| state.effects.kind[**slot as usize] != 0;
    let (used, flown) = (characters.iter().filter(in_use).count(), projectiles.iter().filter(flying).count());
    let working = effects.iter().filter(works).count();
    let steering = |slot: &&u32| state.npcs.character_generation[**slot as usize] != 0;
    let minds = npcs.iter().filter(steering).count();
    let all: usize = lists.iter().map(|slots| slots.len()).sum();
    PartialReport {
        characters: used as u32,
        projectiles: flown as u32,
        effects: working as u32,
        npcs: minds as u32,
        free_rows: (all - used - flown - working - minds) as u32,
        ids: Vec::new(),
    }
}

/// Bytes after the header; `None` when they have no number.
fn body_bytes(rows: [usize; PARTS]) -> Option<usize> {
    let table = |table: usize| rows[table].checked_mul(4 + ROW_BYTES[table]);
    (0..PARTS).try_fold(0_usize, |sum, at| sum.checked_add(table(at)?))
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
    slots: [Vec<u32>; PARTS],
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
    let mut rows = [0; PARTS];
    for rows in &mut rows {
        *rows = reader.u32()? as usize;
    }
    let (hash, zero) = (StateHash(reader.u128()?), reader.u32()?);
    let slots = scratch.slots();
    let capacities = [slots[0], slots[1], slots[2], slots[3]];
    if zero != 0 || rows.iter().zip(&capacities).any(|(rows, capacity)| rows > capacity) {
        return Err(SnapshotError::OtherCapacity);
    }
    let body = reader.rest();
    match body_bytes(rows).unwrap_or(usize::MAX) {
        expected if body.len() < expected => return Err(SnapshotError::Truncated),
        expected if body.len() > expected => return Err(SnapshotError::TooLong),
        _ => {}
    }
    if body_hash(bounds.lanes, body, tick) != hash {
        return Err(SnapshotError::Damaged);
    }
    let mut slots = [const { Vec::new() }; PARTS];
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
    let rest = scratch.effects.read_rows(rows[2], rest).ok_or(SnapshotError::Truncated)?;
    scratch.npcs.read_rows(rows[3], rest).ok_or(SnapshotError::Truncated)?;
    judge(scratch, tick, rows, bounds, &slots)?;
    Ok(Part { tick, slots, rows: scratch })
}

fn judge(
    scratch: &State,
    tick: Tick,
    rows: [usize; PARTS],
    bounds: &ImageBounds<'_>,
    slots: &[Vec<u32>; PARTS],
) -> Result<(), SnapshotError> {
    let named = |error| match error {
        SnapshotError::BadCharacter { slot } => {
            SnapshotError::BadCharacter { slot: slots[0].get(slot as usize).copied().unwrap_or(slot) }
        }
        SnapshotError::BadProjectile { slot } => {
            SnapshotError::BadProjectile { slot: slots[1].get(slot as usize).copied().unwrap_or(slot) }
        }
        SnapshotError::BadEffect { slot } => {
            SnapshotError::BadEffect { slot: slots[2].get(slot as usize).copied().unwrap_or(slot) }
        }
        SnapshotError::BadNpc { slot } => {
            SnapshotError::BadNpc { slot: slots[3].get(slot as usize).copied().unwrap_or(slot) }
        }
        other => other,
    };
    check_characters(&scratch.characters, rows[0], None, bounds).map_err(named)?;
    check_projectiles(&scratch.projectiles, rows[1], bounds).map_err(named)?;
    check_effects(&scratch.effects, rows[2]).map_err(named)?;
    check_npcs(&scratch.npcs, rows[3], tick, bounds).map_err(named)?;
    // Rows that never were used are in no part.
    let unused = |generations: &[u32], rows: usize| {
        generations[..rows].iter().position(|generation| *generation == 0).map(|row| row as u32)
    };
    if let Some(slot) = unused(&scratch.characters.generation, rows[0]) {
        return Err(named(SnapshotError::BadCharacter { slot }));
    }
    if let Some(slot) = unused(&scratch.projectiles.generation, rows[1]) {
        return Err(named(SnapshotError::BadProjectile { slot }));
    }
    if let Some(slot) = unused(&scratch.effects.generation, rows[2]) {
        return Err(named(SnapshotError::BadEffect { slot }));
    }
    match unused(&scratch.npcs.generation, rows[3]) {
        Some(slot) => Err(named(SnapshotError::BadNpc { slot })),
        None => Ok(()),
    }
}

/// The ids of those who came, in the part and here; ascending in the former.
struct Ids(Vec<(CharacterId, CharacterId)>);

impl Ids {
    fn here(&self, there: CharacterId) -> Option<CharacterId> {
        self.0.binary_search_by_key(&there, |(id, _)| *id).ok().map(|at| self.0[at].1)
    }

    fn here_or_elsewhere(&self, there: CharacterId) -> CharacterId {
        let elsewhere = CharacterId { slot: SLOT_ELSEWHERE, generation: there.generation };
        self.here(there).unwrap_or(elsewhere)
    }

    fn slot_here(&self, there: u32) -> Option<u32> {
        let at = self.0.binary_search_by_key(&there, |(id, _)| id.slot).ok()?;
        Some(self.0[at].1.slot)
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

    fn is_effect(&self, row: usize) -> bool {
        self.rows.effects.kind[row] != 0
    }

    fn insert(&self, state: &mut State) -> Result<PartialReport, SnapshotError> {
        let counts = [
            (0..self.slots[0].len()).filter(|row| self.is_character(*row)).count(),
            (0..self.slots[1].len()).filter(|row| self.is_projectile(*row)).count(),
            (0..self.slots[2].len()).filter(|row| self.is_effect(*row)).count(),
            (0..self.slots[3].len()).filter(|row| self.is_npc(*row)).count(),
        ];
        let room =
            |capacity: usize, used: usize, wanted: usize| wanted.saturating_sub(capacity - used) as u32;
        let missing = [
            room(state.characters.capacity(), state.character_ids.len(), counts[0]),
            room(state.projectiles.capacity(), state.projectile_ids.len(), counts[1]),
            room(state.effects.capacity(), state.effect_ids.len(), counts[2]),
            room(state.npcs.capacity(), state.npc_ids.len(), counts[3]),
        ];
        if missing != [0; PARTS] {
            let [characters, projectiles, effects, npcs] = missing;
            return Err(SnapshotError::Full { characters, projectiles, effects, npcs });
        }
        let later = state.tick.0.wrapping_sub(self.tick.0);
        let ids = self.insert_characters(state, later);
        self.insert_projectiles(state, later, &ids);
        self.insert_effects(state, later, &ids);
        let npcs = self.insert_npcs(state, later, &ids);
        let rows: usize = self.slots.iter().map(Vec::len).sum();
        Ok(PartialReport {
            characters: counts[0] as u32,
            projectiles: counts[1] as u32,
            effects: counts[2] as u32,
            npcs,
            free_rows: (rows - counts.iter().sum::<usize>()) as u32,
            ids: ids.0,
        })
    }

    fn is_npc(&self, row: usize) -> bool {
        self.rows.npcs.character_generation[row] != 0
    }

    /// The minds of inserted characters: whom they steer and go after by the ids here, ticks moved by `later`. How many.
    fn insert_npcs(&self, state: &mut State, later: u32, ids: &Ids) -> u32 {
        let (from, mut inserted) = (&self.rows.npcs, 0);
        for row in (0..self.slots[3].len()).filter(|row| self.is_npc(*row)) {
            let Some(steered) = ids.here(from.view().character(row as u32)) else { continue };
            let Some(slot) = state.allocate_npc(steered) else { continue };
            let (to, table) = (slot as usize, &mut state.npcs);
            let generation = table.generation[to];
            table.copy_row(to, from, row);
            table.generation[to] = generation;
            (table.character_slot[to], table.character_generation[to]) = (steered.slot, steered.generation);
            table.set_target(to, ids.here(from.view().target(row as u32)).unwrap_or(CharacterId::NONE));
            table.next_think_tick[to] = table.next_think_tick[to].wrapping_add(later);
            inserted += 1;
        }
        inserted
    }

    fn insert_characters(&self, state: &mut State, later: u32) -> Ids {
        let mut ids = Vec::with_capacity(self.slots[0].len());
        for row in (0..self.slots[0].len()).filter(|row| self.is_character(*row)) {
            let Some(id) = state.allocate_character() else { continue };
            let to = id.slot as usize;
            let (table, from) = (&mut state.characters, &self.rows.characters);
            table.copy_row(to, from, row);
            table.generation[to] = id.generation;
            for ticks in [
                &mut table.action_tick,
                &mut table.primary_ready_tick,
                &mut table.secondary_ready_tick,
                &mut table.ability_1_ready_tick,
                &mut table.ability_2_ready_tick,
                &mut table.combat_tick,
            ] {
                ticks[to] = ticks[to].wrapping_add(later);
            }
            ids.push((CharacterId { slot: self.slots[0][row], generation: from.generation[row] }, id));
        }
        let ids = Ids(ids);
        let table = &mut state.characters;
        for to in ids.0.iter().map(|(_, id)| id.slot as usize) {
            let foe = CharacterId { slot: table.foe_slot[to], generation: table.foe_generation[to] };
            let foe = ids.here(foe).unwrap_or(CharacterId::NONE);
            (table.foe_slot[to], table.foe_generation[to]) = (foe.slot, foe.generation);
            let helper = CharacterId { slot: table.helper_slot[to], generation: table.helper_generation[to] };
            let helper = ids.here(helper).unwrap_or(CharacterId::NONE);
            (table.helper_slot[to], table.helper_generation[to]) = (helper.slot, helper.generation);
        }
        ids
    }

    fn insert_projectiles(&self, state: &mut State, later: u32, ids: &Ids) {
        for row in (0..self.slots[1].len()).filter(|row| self.is_projectile(*row)) {
            let Some(slot) = state.allocate_projectile() else { continue };
            let to = slot as usize;
            let (table, from) = (&mut state.projectiles, &self.rows.projectiles);
            let generation = table.generation[to];
            table.copy_row(to, from, row);
            table.generation[to] = generation;
            table.end_tick[to] = table.end_tick[to].wrapping_add(later);
            let owner = ids.here_or_elsewhere(from.view().owner(row as u32));
            (table.owner_slot[to], table.owner_generation[to]) = (owner.slot, owner.generation);
            let pierced = from.pierced_slot[row].checked_sub(1).and_then(|slot| ids.slot_here(slot));
            table.pierced_slot[to] = pierced.map_or(0, |slot| slot + 1);
        }
    }

    fn insert_effects(&self, state: &mut State, later: u32, ids: &Ids) {
        for row in (0..self.slots[2].len()).filter(|row| self.is_effect(*row)) {
            let Some(slot) = state.allocate_effect() else { continue };
            let to = slot as usize;
            let (table, from) = (&mut state.effects, &self.rows.effects);
            let generation = table.generation[to];
            table.copy_row(to, from, row);
            table.generation[to] = generation;
            table.end_tick[to] = table.end_tick[to].wrapping_add(later);
            table.pulse_tick[to] = table.pulse_tick[to].wrapping_add(later);
            let target = ids.here_or_elsewhere(from.view().target(row as u32));
            (table.target_slot[to], table.target_generation[to]) = (target.slot, target.generation);
            let source = ids.here_or_elsewhere(from.view().source(row as u32));
            (table.source_slot[to], table.source_generation[to]) = (source.slot, source.generation);
        }
    }

    fn overwrite(&self, state: &mut State) -> PartialReport {
        let mut report = PartialReport::default();
        // Behind the first row that never was used there must be no other.
        let rows = state.rows();
        let end = |slots: &[u32]| slots.last().map_or(0, |last| *last as usize + 1);
        let unused = |table: usize| rows[table]..end(&self.slots[table]).max(rows[table]);
        state.characters.generation[unused(0)].fill(1);
        state.projectiles.generation[unused(1)].fill(1);
        state.effects.generation[unused(2)].fill(1);
        state.npcs.generation[unused(3)].fill(1);
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
            state.effects.copy_row(*slot as usize, &self.rows.effects, row);
            if self.is_effect(row) {
                state.effect_ids.allocate_at(*slot);
                report.effects += 1;
            } else {
                report.free_rows += u32::from(state.effect_ids.free(*slot));
            }
        }
        for (row, slot) in self.slots[3].iter().enumerate() {
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
