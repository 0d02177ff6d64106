//! Snapshots taken apart: the states they refer to are kept as they pass.
//!
//! A client keeps what it needs to play; this keeps every state of the last 255 ticks, because a capture may hold what
//! its client never got.

use std::collections::{BTreeMap, VecDeque};

use shieldwall_core::numeric::Tick;
use shieldwall_core::world::WorldConfig;

use super::Fault;
use crate::client::rule_book::ByTick;
use crate::wire::DecodeError;
use crate::wire::bits::BitReader;
use crate::wire::prefix_codes::read_gap;
use crate::wire::quantize::{EntityCodec, EntityState};
use crate::wire::snapshot::{BASELINE_AGE_MAX, OwnBaselineMissing, OwnState, SectionHead, SnapshotHeader};

/// A character in a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntityUpdate {
    /// Its slot.
    pub slot: u16,
    /// How many ticks older the state is that this one was told by; none when it was told in full.
    pub age_ticks: Option<u8>,
    /// The state.
    pub state: EntityState,
    /// Bits that the state took.
    pub bits: u16,
}

/// A snapshot.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// Tick, how inputs came, the own character.
    pub header: SnapshotHeader,
    /// What stands before leaves and updates.
    pub section: SectionHead,
    /// Slots that went out of sight.
    pub leaves: Vec<u16>,
    /// States of others.
    pub updates: Vec<EntityUpdate>,
}

/// What later snapshots may refer to.
#[derive(Default)]
pub(super) struct SnapshotMemory {
    states: BTreeMap<u16, VecDeque<(Tick, EntityState)>>,
    own: VecDeque<(Tick, OwnState)>,
}

fn find<T: Copy>(list: &VecDeque<(Tick, T)>, tick: Tick) -> Option<T> {
    list.iter().rev().find(|(at, _)| *at == tick).map(|(_, state)| *state)
}

fn keep<T>(list: &mut VecDeque<(Tick, T)>, tick: Tick, state: T) {
    let is_old = |at: Tick| tick.signed_distance(at) > i32::from(BASELINE_AGE_MAX);
    while list.front().is_some_and(|(at, _)| is_old(*at)) {
        list.pop_front();
    }
    // An honest server tells of a tick once; whatever a capture claims, no more are kept.
    if list.len() > usize::from(BASELINE_AGE_MAX) {
        list.pop_front();
    }
    list.push_back((tick, state));
}

struct Slots {
    next: u32,
    low_bits: u32,
    capacity: u32,
}

impl Slots {
    fn read(&mut self, reader: &mut BitReader<'_>) -> Result<u16, Fault> {
        let slot = self.next + read_gap(reader, self.low_bits)?;
        if slot >= self.capacity.min(crate::wire::CHARACTERS_MAX) {
            return Err(DecodeError::Value("slot").into());
        }
        self.next = slot + 1;
        Ok(slot as u16)
    }
}

impl SnapshotMemory {
    /// Reads a snapshot, after its kind.
    pub(super) fn read(
        &mut self,
        reader: &mut BitReader<'_>,
        codecs: &ByTick<EntityCodec>,
        config: &WorldConfig,
    ) -> Result<Snapshot, Fault> {
        let header = SnapshotHeader::read(reader, |tick| find(&self.own, tick))?;
        let header =
            header.map_err(|OwnBaselineMissing { age_ticks }| Fault::NoBaseline { slot: None, age_ticks })?;
        let (tick, section) = (header.tick, SectionHead::read(reader)?);
        if let Some(own) = header.own {
            keep(&mut self.own, tick, own);
        }
        let codec = codecs.at_or_oldest(tick);
        let slots = || Slots { next: 0, low_bits: section.gap_low_bits, capacity: config.character_capacity };
        let mut slot = slots();
        let leaves = (0..section.leaves).map(|_| slot.read(reader)).collect::<Result<Vec<_>, _>>()?;
        let (mut slots, mut updates) = (slots(), Vec::new());
        for _ in 0..section.updates {
            let slot = slots.read(reader)?;
            let age_ticks = section.read_age(reader)?;
            let began = reader.position();
            let held = self.states.entry(slot).or_default();
            let state = match age_ticks {
                None => codec.decode_full(reader)?,
                Some(age) => {
                    let base = find(held, Tick(tick.0.wrapping_sub(age.into())));
                    let base = base.ok_or(Fault::NoBaseline { slot: Some(slot), age_ticks: age })?;
                    codec.decode_delta(reader, &base, age)?
                }
            };
            keep(held, tick, state);
            updates.push(EntityUpdate { slot, age_ticks, state, bits: (reader.position() - began) as u16 });
        }
        Ok(Snapshot { header, section, leaves, updates })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded_whatever_ticks_a_capture_claims() {
        let mut list = VecDeque::new();
        for number in 0..2_000_u32 {
            // On and on, and backwards.
            keep(&mut list, Tick(number.wrapping_neg()), number);
            assert!(list.len() <= usize::from(BASELINE_AGE_MAX) + 1);
        }
        let mut list = VecDeque::new();
        (0..2_000_u32).for_each(|number| keep(&mut list, Tick(number), number));
        let oldest = Tick(1_999 - u32::from(BASELINE_AGE_MAX));
        assert_eq!((find(&list, Tick(1_999)), find(&list, oldest)), (Some(1_999), Some(oldest.0)));
    }
}
