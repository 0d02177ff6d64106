//! Every character's state of the last ticks, as clients may see it: the common source of all differences.
//!
//! One copy serves all clients: which of these states a client holds is the business of its session.

use crate::wire::quantize::{EntityCodec, EntityState, Sight};
use shieldwall_core::state::characters::flags;

/// Ticks kept. More than the oldest baseline a snapshot can name.
pub const HISTORY_TICKS: usize = 256;
const _: () = assert!(HISTORY_TICKS > crate::wire::snapshot::BASELINE_AGE_MAX as usize);

/// States by tick and slot.
#[derive(Clone, Debug)]
pub struct StateHistory {
    codec: EntityCodec,
    capacity: usize,
    states: Vec<EntityState>,
    /// Slots in use at the newest tick, one bit each.
    present: Vec<u64>,
    /// How many slots that are.
    present_count: u32,
    /// Ticks in which a slot in use became free.
    departures: u32,
}

impl StateHistory {
    /// Room for `capacity` slots. All memory is taken here.
    #[must_use]
    pub fn new(codec: EntityCodec, capacity: u32) -> Self {
        let capacity = capacity as usize;
        Self {
            codec,
            capacity,
            states: vec![EntityState::default(); capacity * HISTORY_TICKS],
            present: vec![0; capacity.div_ceil(64)],
            present_count: 0,
            departures: 0,
        }
    }

    /// Keeps the states of the tick the world has just run; the one [`HISTORY_TICKS`] before is forgotten.
    pub fn record(&mut self, tick: u32, sight: &Sight<'_>) {
        let view = sight.characters();
        let start = (tick as usize % HISTORY_TICKS) * self.capacity;
        let row = &mut self.states[start..start + self.capacity];
        let (mut departed, mut count) = (false, 0);
        for (word, (bits, states)) in self.present.iter_mut().zip(row.chunks_mut(64)).enumerate() {
            let before = *bits;
            *bits = 0;
            for (bit, state) in states.iter_mut().enumerate() {
                let slot = word * 64 + bit;
                if view.flags[slot] & flags::IN_USE != 0 {
                    *bits |= 1 << bit;
                    *state = self.codec.quantize(sight, slot);
                }
            }
            departed |= before & !*bits != 0;
            count += bits.count_ones();
        }
        self.present_count = count;
        self.departures = self.departures.wrapping_add(u32::from(departed));
    }

    /// The state of a slot at a tick that was recorded and is not forgotten; without meaning where the slot was
    /// free then.
    #[inline]
    #[must_use]
    pub fn at(&self, tick: u32, slot: usize) -> &EntityState {
        &self.states[(tick as usize % HISTORY_TICKS) * self.capacity + slot]
    }

    /// Slots in use at the newest tick, 64 to a word.
    #[must_use]
    pub fn present(&self) -> &[u64] {
        &self.present
    }

    /// How many slots are in use at the newest tick.
    #[must_use]
    pub fn present_count(&self) -> u32 {
        self.present_count
    }

    /// In how many of the ticks recorded a slot became free: as long as it stays, nobody who was there is gone.
    #[must_use]
    pub fn departures(&self) -> u32 {
        self.departures
    }

    /// Slots from this one on are not in use at the newest tick.
    #[must_use]
    pub fn in_use(&self) -> usize {
        let last = self.present.iter().rposition(|&word| word != 0);
        last.map_or(0, |word| ((word + 1) * 64).min(self.capacity))
    }

    /// States are made and sent with another codec from now on; those that are kept stay as they are.
    pub fn set_codec(&mut self, codec: EntityCodec) {
        self.codec = codec;
    }

    /// The codec the states are made and sent with.
    #[must_use]
    pub fn codec(&self) -> &EntityCodec {
        &self.codec
    }
}
