//! The snapshot frame: the world at one tick, as one client is to see it.
//!
//! Bits after the kind:
//! 1. **Head** ([`SnapshotHeader`]): tick 32; inputs ([`InputReport`]); own character ([`OwnState`]): present 1, age
//!    of the baseline in ticks 8 (0: none, the base is all zero), then its difference ([`super::own_state`]).
//! 2. **Section head** ([`SectionHead`]): width of a gap's low bits 4, number of common ages 2, the ages 8 each,
//!    number of leaves 6, number of updates 10.
//! 3. **Leaves**: the slots that are out of sight, ascending, each as the gap to the one before.
//! 4. **Updates**: ascending by slot: gap, age of the baseline ([`SectionHead::write_age`]), then the state in full or
//!    as a difference ([`super::quantize`]).
//!
//! A snapshot is complete in itself: it needs only states the client has acknowledged, never the snapshot before.

use super::DecodeError;
use super::bits::{BitReader, BitSink, BitWriter};
use super::own_state::OWN_BITS_MAX;
pub use super::own_state::{OwnEffect, OwnEffects, OwnState};
use super::quantize::{read_wide, write_wide};
use shieldwall_core::numeric::Tick;

/// Oldest baseline, in ticks before the snapshot.
pub const BASELINE_AGE_MAX: u8 = 255;
/// Versions of one character the receiver keeps; the sender sends no difference to a version with this many newer
/// ones sent, so the receiver still holds every baseline it meets.
pub const VERSIONS_KEPT: usize = 16;
/// Own states the receiver keeps; the sender sends differences to none that is older than the newest so many.
pub const OWN_KEPT: usize = 32;
/// Ages that have a short code in one snapshot.
pub const COMMON_AGES: usize = 3;
/// Leaves in one snapshot at most.
pub const LEAVES_MAX: u32 = 63;
/// Updates in one snapshot at most.
pub const UPDATES_MAX: u32 = 1023;

const AGE_BITS: u32 = 8;
/// Bits of the age of a baseline at most.
pub const AGE_CODE_BITS_MAX: usize = COMMON_AGES + AGE_BITS as usize;
const LEAVES_BITS: u32 = 6;
const UPDATES_BITS: u32 = 10;

/// How the client's inputs arrived; its clock runs faster or slower by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InputReport {
    /// Tick of the newest input received, if any came yet. All older ones need not be sent again: they have come or
    /// would be too late.
    pub newest_received: Option<Tick>,
    /// Of the input packets since the last snapshot the one that arrived with the least time to spare: how many
    /// ticks its newest input was ahead of the tick that was to run next. Repeated when none came. -128 to 127.
    pub margin_ticks: i8,
    /// Ticks run without an input of their own (the one before was repeated), counted since connecting, modulo 256.
    pub missed: u8,
}

/// What every snapshot says first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SnapshotHeader {
    /// The tick whose outcome this is.
    pub tick: Tick,
    /// How the client's inputs arrived.
    pub inputs: InputReport,
    /// The client's own character; none before it is spawned.
    pub own: Option<OwnState>,
}

/// Bits of a header at most: for the sender to ask for room.
pub const HEADER_BITS_MAX: usize = 32 + 1 + 40 + 16 + 1 + 8 + OWN_BITS_MAX;
/// Bits of a section head at most.
pub const SECTION_BITS_MAX: usize = 4 + 2 + COMMON_AGES * 8 + 6 + 10;

impl SnapshotHeader {
    /// Writes the head. `own_base` is an own state the client acknowledged, with its age in ticks.
    ///
    /// # Panics
    /// If the age is 0.
    pub fn write(&self, sink: &mut impl BitSink, own_base: Option<(u8, &OwnState)>) {
        Self::write_parts(sink, self.tick, self.inputs, self.own.as_ref(), own_base);
    }

    /// [`SnapshotHeader::write`] of a head that is not in one place.
    ///
    /// # Panics
    /// As that.
    pub fn write_parts(
        sink: &mut impl BitSink,
        tick: Tick,
        inputs: InputReport,
        own: Option<&OwnState>,
        own_base: Option<(u8, &OwnState)>,
    ) {
        sink.put(tick.0, 32);
        sink.put_bit(inputs.newest_received.is_some());
        if let Some(newest) = inputs.newest_received {
            write_wide(sink, newest.0.wrapping_sub(tick.0).cast_signed(), 0);
        }
        sink.put(inputs.margin_ticks.cast_unsigned().into(), 8);
        sink.put(inputs.missed.into(), 8);
        sink.put_bit(own.is_some());
        if let Some(own) = own {
            let nothing = OwnState::default();
            let (age, base) = own_base.unwrap_or((0, &nothing));
            assert!(own_base.is_none() || age > 0, "a baseline is 1 to 255 ticks old");
            sink.put(age.into(), AGE_BITS);
            own.write(sink, base, tick);
        }
    }

    /// Reads the head; `own_at` finds an own state by its tick.
    ///
    /// # Errors
    /// [`DecodeError`]; [`OwnBaselineMissing`] inside `Ok(Err(_))` when `own_at` does not know the tick.
    pub fn read(
        reader: &mut BitReader<'_>,
        own_at: impl FnOnce(Tick) -> Option<OwnState>,
    ) -> Result<Result<Self, OwnBaselineMissing>, DecodeError> {
        let tick = Tick(reader.get(32)?);
        let newest_received = if reader.get_bit()? {
            Some(Tick(tick.0.wrapping_add(read_wide(reader, 0)?.cast_unsigned())))
        } else {
            None
        };
        let margin_ticks = (reader.get(8)? as u8).cast_signed();
        let missed = reader.get(8)? as u8;
        let inputs = InputReport { newest_received, margin_ticks, missed };
        if !reader.get_bit()? {
            return Ok(Ok(Self { tick, inputs, own: None }));
        }
        let age = reader.get(AGE_BITS)?;
        let base = match age {
            0 => Some(OwnState::default()),
            _ => own_at(Tick(tick.0.wrapping_sub(age))),
        };
        let Some(base) = base else { return Ok(Err(OwnBaselineMissing { age_ticks: age as u8 })) };
        Ok(Ok(Self { tick, inputs, own: Some(OwnState::read(reader, &base, tick)?) }))
    }
}

/// An own state the snapshot refers to is not held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnBaselineMissing {
    /// Its age in ticks.
    pub age_ticks: u8,
}

/// What stands before the leaves and updates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SectionHead {
    /// Low bits of every gap between slots.
    pub gap_low_bits: u32,
    ages: [u8; COMMON_AGES],
    ages_len: u8,
    /// Leaves that follow.
    pub leaves: u32,
    /// Updates that follow the leaves.
    pub updates: u32,
}

/// Where the counts of a section lie, to be filled in when they are known.
#[derive(Clone, Copy, Debug)]
pub struct CountsPosition(usize);

impl SectionHead {
    /// A head with gaps of `gap_low_bits` (at most 15) and at most [`COMMON_AGES`] ages with short codes, the most
    /// frequent first.
    ///
    /// # Panics
    /// If there are more, or one is 0 or over [`BASELINE_AGE_MAX`], or the gaps are too wide.
    #[must_use]
    pub fn new(gap_low_bits: u32, common_ages: &[u8]) -> Self {
        assert!(gap_low_bits <= 15 && common_ages.len() <= COMMON_AGES);
        assert!(common_ages.iter().all(|age| (1..=BASELINE_AGE_MAX).contains(age)));
        let mut ages = [0; COMMON_AGES];
        ages[..common_ages.len()].copy_from_slice(common_ages);
        Self { gap_low_bits, ages, ages_len: common_ages.len() as u8, leaves: 0, updates: 0 }
    }

    /// Writes the head with counts of zero.
    pub fn write(&self, writer: &mut BitWriter<'_>) -> CountsPosition {
        writer.put(self.gap_low_bits, 4);
        writer.put(self.ages_len.into(), 2);
        for &age in &self.ages[..usize::from(self.ages_len)] {
            writer.put(age.into(), AGE_BITS);
        }
        let at = CountsPosition(writer.position());
        writer.put(0, LEAVES_BITS);
        writer.put(0, UPDATES_BITS);
        at
    }

    /// Fills in what was counted.
    ///
    /// # Panics
    /// If a count is over its maximum.
    pub fn patch_counts(writer: &mut BitWriter<'_>, at: CountsPosition, leaves: u32, updates: u32) {
        assert!(leaves <= LEAVES_MAX && updates <= UPDATES_MAX, "counts fit their bits");
        writer.patch(at.0, leaves | updates << LEAVES_BITS, LEAVES_BITS + UPDATES_BITS);
    }

    /// Reads a head.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`], [`DecodeError::Value`] for an age of 0.
    pub fn read(reader: &mut BitReader<'_>) -> Result<Self, DecodeError> {
        let mut head = Self { gap_low_bits: reader.get(4)?, ..Self::default() };
        head.ages_len = reader.get(2)? as u8;
        for age in &mut head.ages[..usize::from(head.ages_len)] {
            *age = reader.get(AGE_BITS)? as u8;
            if *age == 0 {
                return Err(DecodeError::Value("baseline age"));
            }
        }
        head.leaves = reader.get(LEAVES_BITS)?;
        head.updates = reader.get(UPDATES_BITS)?;
        Ok(head)
    }

    /// Writes the age of one update's baseline, `None` for a full state: the `i`-th common age is `i` ones and a
    /// zero; anything else is as many ones as there are common ages and 8 bits, 0 for none.
    ///
    /// # Panics
    /// If the age is 0 or over [`BASELINE_AGE_MAX`].
    #[inline]
    pub fn write_age(&self, sink: &mut impl BitSink, age: Option<u8>) {
        let (code, bits) = self.age_code(age);
        sink.put(code, bits);
    }

    /// What [`SectionHead::write_age`] writes, and how many bits that is: at most [`AGE_CODE_BITS_MAX`].
    ///
    /// # Panics
    /// If the age is 0 or over [`BASELINE_AGE_MAX`].
    #[must_use]
    pub fn age_code(&self, age: Option<u8>) -> (u32, u32) {
        let len = u32::from(self.ages_len);
        let age = age.map_or(0, |age| {
            assert!((1..=BASELINE_AGE_MAX).contains(&age), "a baseline is 1 to 255 ticks old");
            age
        });
        match self.ages[..len as usize].iter().position(|&common| common == age) {
            Some(i) => ((1 << i) - 1, i as u32 + 1),
            None => (((1 << len) - 1) | (u32::from(age) << len), len + AGE_BITS),
        }
    }

    /// Reads what [`SectionHead::write_age`] wrote.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    #[inline]
    pub fn read_age(&self, reader: &mut BitReader<'_>) -> Result<Option<u8>, DecodeError> {
        for &age in &self.ages[..usize::from(self.ages_len)] {
            if !reader.get_bit()? {
                return Ok(Some(age));
            }
        }
        let age = reader.get(AGE_BITS)? as u8;
        Ok((age != 0).then_some(age))
    }
}

#[cfg(test)]
mod tests {
    use super::super::own_state::tests::any_own;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn heads_round_trip((tick, own, base) in any::<u32>().prop_flat_map(|tick| {
                                let base = prop::option::of((1_u8..=255, any_own(tick)));
                                (Just(tick), prop::option::of(any_own(tick)), base)
                            }),
                            newest in prop::option::of(any::<u32>()), margin_ticks: i8, missed: u8) {
            let inputs = InputReport { newest_received: newest.map(Tick), margin_ticks, missed };
            let header = SnapshotHeader { tick: Tick(tick), inputs, own };
            let mut bytes = [0; 300];
            let mut writer = BitWriter::new(&mut bytes);
            header.write(&mut writer, base.as_ref().map(|(age, own)| (*age, own)));
            prop_assert!(writer.position() <= HEADER_BITS_MAX);
            writer.finish();
            let at = |wanted: Tick| {
                let (age, base) = base?;
                (wanted.0 == tick.wrapping_sub(age.into())).then_some(base)
            };
            let back = SnapshotHeader::read(&mut BitReader::new(&bytes), at);
            prop_assert_eq!(back, Ok(Ok(header)));
        }

        #[test]
        fn ages_round_trip(ages in prop::collection::vec(prop::option::of(1_u8..=255), 1..60), common in 0_usize..=3) {
            let known: Vec<u8> = ages.iter().flatten().copied().take(common).collect();
            let head = SectionHead::new(3, &known);
            let mut bytes = [0; 100];
            let mut writer = BitWriter::new(&mut bytes);
            let at = head.write(&mut writer);
            ages.iter().for_each(|&age| head.write_age(&mut writer, age));
            SectionHead::patch_counts(&mut writer, at, 5, 700);
            writer.finish();
            let mut reader = BitReader::new(&bytes);
            let back = SectionHead::read(&mut reader).unwrap();
            prop_assert_eq!(back, SectionHead { leaves: 5, updates: 700, ..head });
            for age in ages {
                prop_assert_eq!(back.read_age(&mut reader), Ok(age));
            }
        }

        #[test]
        fn any_bytes_decode_or_fail(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            let mut reader = BitReader::new(&bytes);
            let _ = SnapshotHeader::read(&mut reader, |_| None);
            let _ = SectionHead::read(&mut reader).and_then(|head| head.read_age(&mut reader));
        }
    }
}
