//! The state check frame: hashes of states of others that the client acknowledged, so that a wrong one is found and named.
//!
//! Bits after the kind: tick 32 (of a snapshot that the client acknowledged: the states are of that tick); width of a gap's
//! low bits 4; number of states less one 5; a hash of 16 bits for each of the [`REGIONS`] over all of the states; then for each
//! state, ascending by slot: gap, hash of the state 8.
//!
//! The hash of a state names the slot that is wrong, the hashes of the regions say which of its fields are. A hash of one field
//! is the kernel's mix of (number of the field, slot + 65,536 × tick, value); those of a region or a state are sums. The row has
//! the tick in it, so that what two states have in common by chance they have once.
//!
//! What is not here: which states are checked (`server`), and what comes of it ([`crate::client::state_check`]).

use super::DecodeError;
use super::bits::{BitReader, BitSink};
use super::prefix_codes::{GAP_BITS_MAX, read_gap, width, write_gap};
use super::quantize::EntityState;
use shieldwall_core::numeric::Tick;
use shieldwall_core::numeric::hash::StateHasher;

/// Parts of a state that have a hash of their own.
pub const REGIONS: usize = 5;

/// Their names, for people.
pub const REGION_NAMES: [&str; REGIONS] = ["place", "motion", "health", "signs", "identity"];

/// States in one frame at most.
pub const CHECKED_MAX: usize = 32;

const COUNT_BITS: u32 = 5;
const REGION_BITS: u32 = 16;
const STATE_BITS: u32 = 8;

/// Bits of a frame without its states, after the kind.
pub const CHECK_HEAD_BITS: usize = 32 + 4 + COUNT_BITS as usize + REGIONS * REGION_BITS as usize;
/// Bits of one state at most.
pub const CHECK_STATE_BITS_MAX: usize = GAP_BITS_MAX + STATE_BITS as usize;

/// Hashes of one state, region by region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateHashes([u64; REGIONS]);

impl StateHashes {
    /// Of a slot's state at a tick.
    #[must_use]
    pub fn of(tick: Tick, slot: u16, state: &EntityState) -> Self {
        let EntityState {
            x,
            z,
            height,
            velocity_x,
            velocity_z,
            yaw,
            health,
            status,
            action,
            class,
            team,
            effect,
            generation,
        } = *state;
        let row = u32::from(slot) | tick.0 << 16;
        let mut column = 0;
        let mut region = |values: &[i64]| {
            let mut hasher = StateHasher::new();
            for value in values {
                column += 1;
                hasher.add_word(column, row, value.cast_unsigned());
            }
            hasher.finish().0 as u64
        };
        Self([
            region(&[x.into(), z.into(), height.into()]),
            region(&[velocity_x.into(), velocity_z.into(), yaw.into()]),
            region(&[health.into()]),
            region(&[status.into(), action.into(), effect.into()]),
            region(&[class.into(), team.into(), generation.into()]),
        ])
    }

    /// What stands for the whole state.
    #[must_use]
    pub fn of_state(&self) -> u8 {
        self.0.iter().fold(0_u64, |sum, region| sum.wrapping_add(*region)) as u8
    }

    /// Adds those of another state.
    pub fn add(&mut self, other: &Self) {
        for (sum, part) in self.0.iter_mut().zip(other.0) {
            *sum = sum.wrapping_add(part);
        }
    }

    /// What stands for each region.
    #[must_use]
    pub fn of_regions(&self) -> [u16; REGIONS] {
        self.0.map(|region| region as u16)
    }
}

/// What a check says besides its states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckHead {
    /// The states are of this tick.
    pub tick: Tick,
    /// Over all states.
    pub regions: [u16; REGIONS],
}

/// Writes a check of these states, which ascend by slot.
///
/// # Panics
/// If there are none, more than [`CHECKED_MAX`], or they do not ascend.
pub fn write<'a>(
    sink: &mut impl BitSink,
    tick: Tick,
    states: impl Iterator<Item = (u16, &'a EntityState)> + Clone,
) {
    let (mut sum, mut count, mut last) = (StateHashes::default(), 0, 0);
    let mut hashes = [0; CHECKED_MAX];
    for (slot, state) in states.clone() {
        let hash = StateHashes::of(tick, slot, state);
        sum.add(&hash);
        if let Some(place) = hashes.get_mut(count) {
            *place = hash.of_state();
        }
        (count, last) = (count + 1, u32::from(slot));
    }
    assert!((1..=CHECKED_MAX).contains(&count), "a check has 1 to {CHECKED_MAX} states");
    let low_bits = width((last + 1 - count as u32) / count as u32).saturating_sub(1).min(15);
    sink.put(tick.0, 32);
    sink.put(low_bits, 4);
    sink.put(count as u32 - 1, COUNT_BITS);
    sum.of_regions().into_iter().for_each(|region| sink.put(region.into(), REGION_BITS));
    let mut next = 0;
    for ((slot, _), hash) in states.zip(hashes) {
        write_gap(sink, u32::from(slot) - next, low_bits);
        sink.put(hash.into(), STATE_BITS);
        next = u32::from(slot) + 1;
    }
}

/// Reads a check: its head, and `each` gets slots and hashes.
///
/// # Errors
/// [`DecodeError`]; `each` may have got some by then.
pub fn read(reader: &mut BitReader<'_>, mut each: impl FnMut(u16, u8)) -> Result<CheckHead, DecodeError> {
    let tick = Tick(reader.get(32)?);
    let low_bits = reader.get(4)?;
    let count = reader.get(COUNT_BITS)? + 1;
    let mut regions = [0; REGIONS];
    for region in &mut regions {
        *region = reader.get(REGION_BITS)? as u16;
    }
    let mut next = 0;
    for _ in 0..count {
        let slot = next + read_gap(reader, low_bits)?;
        let hash = reader.get(STATE_BITS)? as u8;
        each(u16::try_from(slot).map_err(|_| DecodeError::Value("slot"))?, hash);
        next = slot + 1;
    }
    Ok(CheckHead { tick, regions })
}

#[cfg(test)]
mod tests {
    use super::super::bits::BitWriter;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_comes_back(slots in prop::collection::btree_set(any::<u16>(), 1..=CHECKED_MAX), tick: u32) {
            let state = |slot: u16| EntityState { x: slot.into(), yaw: 3, ..EntityState::default() };
            let states: Vec<_> = slots.iter().map(|&slot| (slot, state(slot))).collect();
            let mut bytes = [0; 400];
            let mut writer = BitWriter::new(&mut bytes);
            write(&mut writer, Tick(tick), states.iter().map(|(slot, state)| (*slot, state)));
            prop_assert!(writer.position() <= CHECK_HEAD_BITS + states.len() * CHECK_STATE_BITS_MAX);
            let length = writer.finish();
            let (mut back, mut sum) = (Vec::new(), StateHashes::default());
            let head = read(&mut BitReader::new(&bytes[..length]), |slot, hash| back.push((slot, hash))).unwrap();
            for ((slot, hash), (was, state)) in back.iter().zip(&states) {
                let hashes = StateHashes::of(Tick(tick), *was, state);
                prop_assert_eq!((*slot, *hash), (*was, hashes.of_state()));
                sum.add(&hashes);
            }
            prop_assert_eq!(back.len(), states.len());
            prop_assert_eq!(head, CheckHead { tick: Tick(tick), regions: sum.of_regions() });
        }

        #[test]
        fn any_bytes_decode_or_fail(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&mut BitReader::new(&bytes), |_, _| {});
        }
    }

    #[test]
    fn each_field_is_in_one_region() {
        let state = EntityState::default();
        let hashes = |state: &EntityState| StateHashes::of(Tick(7), 3, state).of_regions();
        let changed = |change: fn(&mut EntityState)| {
            let mut other = state;
            change(&mut other);
            let (a, b) = (hashes(&state), hashes(&other));
            (0..REGIONS).filter(|&region| a[region] != b[region]).collect::<Vec<_>>()
        };
        type Change = fn(&mut EntityState);
        let all: [(usize, Change); 13] = [
            (0, |s| s.x = 1),
            (0, |s| s.z = 1),
            (0, |s| s.height = 1),
            (1, |s| s.velocity_x = 1),
            (1, |s| s.velocity_z = 1),
            (1, |s| s.yaw = 1),
            (2, |s| s.health = 1),
            (3, |s| s.status = 1),
            (3, |s| s.action = 1),
            (3, |s| s.effect = 1),
            (4, |s| s.class = 1),
            (4, |s| s.team = 1),
            (4, |s| s.generation = 1),
        ];
        for (region, change) in all {
            assert_eq!(changed(change), [region]);
        }
    }
}
