//! The client's copies of other characters: snapshots decoded, and the last states of each with their ticks.
//!
//! Every state is kept under the tick it belongs to and compared with nothing but states of named ticks, so lost,
//! doubled and reordered snapshots cannot make a wrong one: a state that is held for (slot, tick) equals the
//! server's of that tick, or it is not held. A snapshot that needs a state which is not here is refused
//! ([`FrameError::StaleBaseline`]) and must not be acknowledged.
//!
//! A leave is remembered with its tick, also that of a character not seen before: the states it overtook come later
//! and must not bring the character back. It is forgotten [`BASELINE_AGE_MAX`] ticks later; snapshots older than that
//! are refused ([`FrameError::StaleSnapshot`]).
//!
//! What is not here: interpolation between the states, prediction of the own character.

use super::rule_book::ByTick;
use crate::channel::FrameError;
use crate::wire::DecodeError;
use crate::wire::bits::BitReader;
use crate::wire::prefix_codes::read_gap;
use crate::wire::quantize::{EntityCodec, EntityState};
use crate::wire::snapshot::{
    BASELINE_AGE_MAX, OWN_KEPT, OwnBaselineMissing, OwnState, SectionHead, SnapshotHeader, VERSIONS_KEPT,
};
use shieldwall_core::numeric::Tick;
use shieldwall_core::numeric::lanes::prefetch;
use shieldwall_core::world::WorldConfig;

const NO_TRACK: u16 = u16::MAX;

const CACHE_LINE_BYTES: usize = 64;

/// A character's state at a tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// When.
    pub tick: Tick,
    /// What.
    pub state: EntityState,
}

/// The states held of one character: a ring, sorted by tick.
type Ring = [Sample; VERSIONS_KEPT];

/// What is known of a ring, and the newest state in it. In a crowd the rings of a client fill a megabyte; most updates start from
/// the newest state, and for those the tracks, which lie close together, are enough to read. Empty only where a leave came
/// before any state.
#[derive(Clone, Copy, Debug)]
struct Track {
    newest: Sample,
    slot: u16,
    len: u8,
    /// Index in the ring of the newest sample.
    head: u8,
    /// Is in the table's list of those that left.
    listed: bool,
    /// Left, and no newer state has come: the table says when.
    has_left: bool,
}

impl Track {
    fn empty(slot: u16) -> Self {
        Self { newest: Sample::default(), slot, len: 0, head: 0, listed: false, has_left: false }
    }

    /// Place in the ring of the sample so many before the newest.
    fn place(&self, back: usize) -> usize {
        (usize::from(self.head) + VERSIONS_KEPT - back) % VERSIONS_KEPT
    }

    fn at<'r>(&'r self, ring: &'r Ring, back: usize) -> &'r Sample {
        if back == 0 { &self.newest } else { &ring[self.place(back)] }
    }

    fn find<'r>(&'r self, ring: &'r Ring, tick: Tick) -> Option<&'r EntityState> {
        let mut held = (0..usize::from(self.len)).map(|back| self.at(ring, back));
        held.find(|sample| sample.tick == tick).map(|sample| &sample.state)
    }

    /// Files a state under its tick. One older than everything in a full ring is not kept.
    fn insert(&mut self, ring: &mut Ring, sample: Sample) {
        let is_newer = |back: &usize| self.at(ring, *back).tick.signed_distance(sample.tick) > 0;
        let newer = (0..usize::from(self.len)).take_while(is_newer).count();
        if newer >= VERSIONS_KEPT {
            return;
        }
        if newer < usize::from(self.len) && self.at(ring, newer).tick == sample.tick {
            return;
        }
        // The head moves on by one; whatever is newer moves with it.
        self.head = (self.head + 1) % VERSIONS_KEPT as u8;
        for back in 0..newer {
            ring[self.place(back)] = ring[self.place(back + 1)];
        }
        ring[self.place(newer)] = sample;
        if newer == 0 {
            self.newest = sample;
        }
        self.len = (self.len + 1).min(VERSIONS_KEPT as u8);
    }

    fn is_visible(&self) -> bool {
        self.len > 0 && !self.has_left
    }
}

/// What is held of a slot at a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held<'a> {
    /// This state.
    State(&'a EntityState),
    /// Nothing any more: the slot is out of sight, or newer states have taken the place.
    Dropped,
    /// Nothing, though there is room for it.
    Missing,
}

/// Counters of a replica.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplicaStats {
    /// Snapshots decoded.
    pub snapshots: u64,
    /// Of these, the ones that came after a newer one.
    pub late_snapshots: u64,
    /// States decoded.
    pub updates: u64,
    /// Of these, the ones sent in full.
    pub full_updates: u64,
    /// Leaves decoded.
    pub leaves: u64,
    /// Snapshots refused because a baseline was missing.
    pub stale_baselines: u64,
    /// Snapshots refused because they came more than [`BASELINE_AGE_MAX`] ticks after a newer one.
    pub stale_snapshots: u64,
}

/// All characters the server lets this client see.
#[derive(Clone, Debug)]
pub struct ReplicaTable {
    /// By the tick of the snapshot.
    codecs: ByTick<EntityCodec>,
    /// Track of each slot, or [`NO_TRACK`].
    track_of: Vec<u16>,
    tracks: Vec<Track>,
    /// By track.
    rings: Vec<Ring>,
    /// By track: when it left last, where it has.
    left_at: Vec<Tick>,
    free: Vec<u16>,
    /// Tracks with a leave, once each.
    left: Vec<u16>,
    /// Characters in sight: counted as they come and go, so that asking costs nothing.
    visible: u32,
    own: [Option<(Tick, OwnState)>; OWN_KEPT],
    newest: Option<Tick>,
    stats: ReplicaStats,
}

impl ReplicaTable {
    /// An empty table for a world.
    #[must_use]
    pub fn new(config: &WorldConfig) -> Self {
        Self {
            codecs: ByTick::new(EntityCodec::new(config)),
            track_of: vec![NO_TRACK; config.character_capacity as usize],
            tracks: Vec::new(),
            rings: Vec::new(),
            left_at: Vec::new(),
            free: Vec::new(),
            left: Vec::new(),
            visible: 0,
            own: [None; OWN_KEPT],
            newest: None,
            stats: ReplicaStats::default(),
        }
    }

    /// Snapshots of `from` on, which is after the last change, are encoded by other rules.
    pub(crate) fn change_rules(&mut self, from: Tick, config: &WorldConfig) {
        self.codecs.push(from, EntityCodec::new(config));
    }

    /// Tick of the newest snapshot.
    #[must_use]
    pub fn newest_tick(&self) -> Option<Tick> {
        self.newest
    }

    /// Counters.
    #[must_use]
    pub fn stats(&self) -> ReplicaStats {
        self.stats
    }

    /// Characters in sight.
    #[must_use]
    pub fn visible(&self) -> u32 {
        self.visible
    }

    /// The states of one character, if it is in sight.
    #[must_use]
    pub fn entity(&self, slot: u16) -> Option<EntitySamples<'_>> {
        let &index = self.track_of.get(usize::from(slot))?;
        let track = self.tracks.get(usize::from(index))?;
        track.is_visible().then(|| EntitySamples { track, ring: &self.rings[usize::from(index)] })
    }

    /// The state of a slot at a tick.
    pub(super) fn held(&self, slot: u16, tick: Tick) -> Held<'_> {
        let index = self.track_of.get(usize::from(slot)).copied().unwrap_or(NO_TRACK);
        let old = self.newest.is_none_or(|newest| newest.signed_distance(tick) > BASELINE_AGE_MAX.into());
        let Some(track) = self.tracks.get(usize::from(index)) else {
            return if old { Held::Dropped } else { Held::Missing };
        };
        let ring = &self.rings[usize::from(index)];
        if let Some(state) = track.find(ring, tick) {
            return Held::State(state);
        }
        let full = usize::from(track.len) == VERSIONS_KEPT;
        let pushed_out = full && track.at(ring, VERSIONS_KEPT - 1).tick.signed_distance(tick) > 0;
        if old || pushed_out || track.has_left { Held::Dropped } else { Held::Missing }
    }

    /// Damages every state held of a slot.
    #[cfg(test)]
    pub(crate) fn damage(&mut self, slot: u16, change: impl Fn(&mut EntityState)) {
        let index = self.track_of[usize::from(slot)];
        let newest = &mut self.tracks[usize::from(index)].newest;
        self.rings[usize::from(index)]
            .iter_mut()
            .chain([newest])
            .for_each(|sample| change(&mut sample.state));
    }

    /// Every character in sight, in no meaningful but a repeatable order.
    pub fn entities(&self) -> impl Iterator<Item = EntitySamples<'_>> {
        let all = self.tracks.iter().zip(&self.rings);
        all.filter(|(track, _)| track.is_visible()).map(|(track, ring)| EntitySamples { track, ring })
    }

    /// Asks for the memory that most of a snapshot's updates need, some time before one is read.
    pub fn prefetch(&self) {
        self.tracks.iter().step_by(CACHE_LINE_BYTES / size_of::<Track>()).for_each(prefetch);
    }

    /// Decodes a snapshot frame (after its kind) and keeps what it says. The header may be of an older tick than
    /// [`ReplicaTable::newest_tick`]: then it came late, and only its states are of use.
    ///
    /// # Errors
    /// [`FrameError::Decode`], [`FrameError::StaleBaseline`] and [`FrameError::StaleSnapshot`]: do not acknowledge the
    /// packet. What was decoded before the fault is kept; each state stands for itself.
    pub fn apply(&mut self, reader: &mut BitReader<'_>) -> Result<SnapshotHeader, FrameError> {
        let own = &self.own;
        let header = SnapshotHeader::read(reader, |tick| {
            own.iter().flatten().find(|(held, _)| *held == tick).map(|(_, state)| *state)
        })?
        .map_err(|OwnBaselineMissing { age_ticks }| {
            self.stats.stale_baselines += 1;
            FrameError::StaleBaseline { slot: u16::MAX, age_ticks }
        })?;
        let late_ticks = self.newest.map_or(0, |newest| newest.signed_distance(header.tick));
        if late_ticks > i32::from(BASELINE_AGE_MAX) {
            self.stats.stale_snapshots += 1;
            return Err(FrameError::StaleSnapshot { late_ticks: late_ticks.unsigned_abs() });
        }
        if self.codecs.at(header.tick).is_none() {
            self.stats.stale_snapshots += 1;
            return Err(FrameError::StaleSnapshot { late_ticks: late_ticks.unsigned_abs() });
        }
        let section = SectionHead::read(reader)?;
        self.read_leaves(reader, &section, header.tick)?;
        self.read_updates(reader, &section, header.tick)?;
        if let Some(state) = header.own {
            self.keep_own(header.tick, state);
        }
        if late_ticks <= 0 {
            self.newest = Some(header.tick);
        }
        self.stats.late_snapshots += u64::from(late_ticks > 0);
        self.stats.snapshots += 1;
        self.release_left();
        Ok(header)
    }

    fn read_leaves(
        &mut self,
        reader: &mut BitReader<'_>,
        section: &SectionHead,
        tick: Tick,
    ) -> Result<(), FrameError> {
        let mut slots = SlotReader { next: 0, low_bits: section.gap_low_bits, capacity: self.track_of.len() };
        for _ in 0..section.leaves {
            let slot = slots.read(reader)?;
            self.stats.leaves += 1;
            let index = self.track_for(slot as u16);
            let newer_state = {
                let track = &self.tracks[index];
                track.len > 0 && track.newest.tick.signed_distance(tick) > 0
            };
            let newer_leave = self.left_at(index).is_some_and(|left| left.signed_distance(tick) >= 0);
            if newer_state || newer_leave {
                continue;
            }
            self.visible -= u32::from(self.tracks[index].is_visible());
            self.set_left(index, tick);
        }
        Ok(())
    }

    fn read_updates(
        &mut self,
        reader: &mut BitReader<'_>,
        section: &SectionHead,
        tick: Tick,
    ) -> Result<(), FrameError> {
        let mut slots = SlotReader { next: 0, low_bits: section.gap_low_bits, capacity: self.track_of.len() };
        for _ in 0..section.updates {
            let slot = slots.read(reader)?;
            let known = usize::from(self.track_of[slot]);
            if let (Some(track), Some(ring)) = (self.tracks.get(known), self.rings.get(known)) {
                // Where this state will go, while it is decoded.
                prefetch(&ring[track.place(VERSIONS_KEPT - 1)]);
            }
            let codec = self.codecs.at_or_oldest(tick);
            let state = match section.read_age(reader)? {
                None => {
                    self.stats.full_updates += 1;
                    codec.decode_full(reader)?
                }
                Some(age_ticks) => {
                    let baseline = Tick(tick.0.wrapping_sub(age_ticks.into()));
                    let track = self.tracks.get(known).zip(self.rings.get(known));
                    let Some(base) = track.and_then(|(track, ring)| track.find(ring, baseline)) else {
                        self.stats.stale_baselines += 1;
                        return Err(FrameError::StaleBaseline { slot: slot as u16, age_ticks });
                    };
                    codec.decode_delta(reader, base, age_ticks)?
                }
            };
            self.stats.updates += 1;
            let index = self.track_for(slot as u16);
            let came_after = self.left_at(index).is_none_or(|left| tick.signed_distance(left) > 0);
            let track = &mut self.tracks[index];
            let was_visible = track.is_visible();
            track.insert(&mut self.rings[index], Sample { tick, state });
            track.has_left &= !came_after;
            self.visible += u32::from(track.is_visible() && !was_visible);
        }
        Ok(())
    }

    /// The track of a slot, a new one if it has none.
    fn track_for(&mut self, slot: u16) -> usize {
        let index = &mut self.track_of[usize::from(slot)];
        if *index == NO_TRACK {
            *index = match self.free.pop() {
                Some(free) => {
                    self.tracks[usize::from(free)] = Track::empty(slot);
                    free
                }
                None => {
                    self.tracks.push(Track::empty(slot));
                    self.rings.push([Sample::default(); VERSIONS_KEPT]);
                    self.left_at.push(Tick(0));
                    (self.tracks.len() - 1) as u16
                }
            };
        }
        (*index).into()
    }

    fn keep_own(&mut self, tick: Tick, state: OwnState) {
        let oldest = self
            .own
            .iter_mut()
            .max_by_key(|entry| entry.map_or(i64::MAX, |(held, _)| i64::from(tick.signed_distance(held))));
        if let Some(entry) = oldest
            && entry.is_none_or(|(held, _)| tick.signed_distance(held) > 0)
        {
            *entry = Some((tick, state));
        }
    }

    /// When the character of a track left, if it has and nothing newer has come.
    fn left_at(&self, track: usize) -> Option<Tick> {
        self.tracks[track].has_left.then(|| self.left_at[track])
    }

    fn set_left(&mut self, track: usize, at: Tick) {
        self.left_at[track] = at;
        let Track { listed, has_left, .. } = &mut self.tracks[track];
        *has_left = true;
        if !core::mem::replace(listed, true) {
            self.left.push(track as u16);
        }
    }

    /// Frees what left so long ago that no snapshot can refer to it any more.
    fn release_left(&mut self) {
        let Some(newest) = self.newest else { return };
        let Self { left, left_at, tracks, track_of, free, .. } = self;
        left.retain(|&index| {
            let track = &mut tracks[usize::from(index)];
            if track.has_left {
                if newest.signed_distance(left_at[usize::from(index)]) <= i32::from(BASELINE_AGE_MAX) {
                    return true;
                }
                track.len = 0;
                track_of[usize::from(track.slot)] = NO_TRACK;
                free.push(index);
            }
            (track.listed, track.has_left) = (false, false);
            false
        });
    }
}

/// Slots from gaps, ascending and below the world's capacity.
struct SlotReader {
    next: usize,
    low_bits: u32,
    capacity: usize,
}

impl SlotReader {
    fn read(&mut self, reader: &mut BitReader<'_>) -> Result<usize, DecodeError> {
        let slot = self.next + read_gap(reader, self.low_bits)? as usize;
        if slot >= self.capacity {
            return Err(DecodeError::Value("slot"));
        }
        self.next = slot + 1;
        Ok(slot)
    }
}

/// The states held of one character in sight, newest first.
#[derive(Clone, Copy, Debug)]
pub struct EntitySamples<'a> {
    track: &'a Track,
    ring: &'a Ring,
}

impl<'a> EntitySamples<'a> {
    /// Its slot.
    #[must_use]
    pub fn slot(self) -> u16 {
        self.track.slot
    }

    /// States held: 1 to [`VERSIONS_KEPT`].
    #[must_use]
    pub fn count(self) -> usize {
        self.track.len.into()
    }

    /// The newest.
    #[must_use]
    pub fn newest(self) -> &'a Sample {
        self.track.at(self.ring, 0)
    }

    /// All of them, newest first.
    pub fn iter(self) -> impl Iterator<Item = &'a Sample> {
        (0..self.count()).map(move |back| self.track.at(self.ring, back))
    }

    /// The newest state at or before `tick`, and the oldest one after it where there is one. Both are of the same
    /// character: a slot's former inhabitant is never mixed with the present one. When all states are after
    /// `tick`, both are the oldest.
    #[must_use]
    pub fn around(self, tick: Tick) -> (&'a Sample, Option<&'a Sample>) {
        let mut after = None;
        for sample in self.iter() {
            if after.is_some_and(|a: &Sample| a.state.generation != sample.state.generation) {
                break;
            }
            if sample.tick.signed_distance(tick) <= 0 {
                return (sample, after);
            }
            after = Some(sample);
        }
        let oldest = after.unwrap_or(self.newest());
        (oldest, Some(oldest))
    }
}

#[cfg(test)]
mod tests;
