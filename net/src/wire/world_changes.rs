//! Changes of the world that stay: craters, fallen walls. Every client is told of each exactly once and in order.
//!
//! A message is one byte, 128 and the low seven bits of the number of its first change, and then changes as bits until its
//! end, filled with zeros. A change is its kind (a crater one bit, all others three) and its fields:
//!
//! | kind | change | fields |
//! |---|---|---|
//! | `1` | crater of a weapon | arm less one 5; x, z in 1/4 m |
//! | `010` | a section fell | section 16 |
//! | `011` | a section was built | section 16 |
//! | `001` | any deformation | one bit "fine"; if not: x, z in 1/4 m, radius in 1/4 m 8, depth in 1/64 m 13; else all four in Q16.16 m 32 each |
//! | `000`, then `10` | a prop lies at rest | slot 16, kind 3, yaw 8; x, z in Q16.16 m in as many bits as the field needs, y 32 |
//! | `000`, then `01` | a prop moves | slot 16, kind 3, yaw 8; x, z in 1/64 m, y in 1/64 m 22; velocity in 1/16 m/s 3 x 13 |
//! | `000`, then `11` | a prop is gone | slot 16 |
//! | `000` | none: the end | nothing but zeros to the end of the byte |
//!
//! x and z in 1/4 m are in two's complement, in as many bits as the field needs. What radius and depth the crater of a
//! weapon has, the rules say.

use super::DecodeError;
use super::bits::{BitReader, BitRun, BitSink, BitWriter};
use super::prefix_codes::width;
use shieldwall_core::limits;
use shieldwall_core::numeric::{Brads, Metres, MetresPerSecond, Position, Velocity};
use shieldwall_core::rules::{ARMS, Arm, PROP_KINDS};
use shieldwall_core::spatial::Deformation;
use shieldwall_core::state::props::PropPlace;
use shieldwall_core::world::WorldConfig;

/// First byte of a message of changes: this bit, and the low bits of the first number.
pub const CHANGES_MESSAGE: u8 = 0x80;
/// Bytes of a message at most: one fragment, small enough to leave room for a snapshot.
pub const CHANGES_BYTES_MAX: usize = 200;

/// Craters lie in steps of a quarter of a metre.
const QUARTER_SHIFT: u32 = 14;
const ARM_BITS: u32 = 5;
const RADIUS_BITS: u32 = 8;
/// Depths of a short form: in 1/64 m, two's complement.
const DEPTH_SHIFT: u32 = 10;
const DEPTH_BITS: u32 = 13;
const _: () = assert!(ARMS == 1 << ARM_BITS);
const KIND_BITS: u32 = 3;
const _: () = assert!(PROP_KINDS == 1 << KIND_BITS);
/// Places of moving props are in 1/64 m.
const FINE_SHIFT: u32 = 10;
/// Bits of a height in that: ±16,384 m and some.
const HEIGHT_BITS: u32 = 22;
/// Speeds of moving props are in 1/16 m/s.
const SPEED_SHIFT: u32 = 12;
const SPEED_BITS: u32 = 13;

/// A change of the world that stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorldChange {
    /// A burst dug a crater: radius and depth are those of the weapon.
    Crater {
        /// Middle, a multiple of 1/4 m.
        x: Metres,
        /// Middle, a multiple of 1/4 m.
        z: Metres,
        /// Of which weapon, not [`Arm::NONE`].
        arm: Arm,
    },
    /// The ground was deformed in any other way.
    Deformed(Deformation),
    /// A section of something built is down.
    SectionFell {
        /// Which.
        section: u16,
    },
    /// A section of something built stands (again).
    SectionBuilt {
        /// Which.
        section: u16,
    },
    /// A prop lies at rest, exactly there; whatever was in its slot is no more.
    PropRests {
        /// Its slot.
        slot: u16,
        /// What and where; the yaw in 1/256 of a turn.
        place: PropPlace,
    },
    /// A prop moves from about there on.
    PropMoves {
        /// Its slot.
        slot: u16,
        /// What and where: as [`WorldChange::of_moving`] rounds it.
        place: PropPlace,
        /// How fast, likewise.
        velocity: Velocity,
    },
    /// A prop is gone.
    PropGone {
        /// Its slot.
        slot: u16,
    },
}

impl WorldChange {
    /// A prop at rest, as it can be told: exactly but for its yaw.
    #[must_use]
    pub fn of_resting(slot: u16, place: &PropPlace) -> Self {
        Self::PropRests { slot, place: PropPlace { yaw: coarse(place.yaw), ..*place } }
    }

    /// A moving prop, as it can be told: place in 1/64 m, velocity in 1/16 m/s up to 255 m/s, both rounded down.
    #[must_use]
    pub fn of_moving(slot: u16, place: &PropPlace, velocity: Velocity) -> Self {
        let near = |at: Metres| Metres(at.0 >> FINE_SHIFT << FINE_SHIFT);
        let PropPlace { kind, position: at, yaw } = *place;
        let position = Position { x: near(at.x), y: near(at.y), z: near(at.z) };
        let most = (1 << (SPEED_BITS - 1)) - 1;
        let slow = |speed: MetresPerSecond| {
            MetresPerSecond((speed.0 >> SPEED_SHIFT).clamp(-most, most) << SPEED_SHIFT)
        };
        let velocity = Velocity { x: slow(velocity.x), y: slow(velocity.y), z: slow(velocity.z) };
        Self::PropMoves { slot, place: PropPlace { kind, position, yaw: coarse(yaw) }, velocity }
    }
}

/// A yaw in 1/256 of a turn.
fn coarse(yaw: Brads) -> Brads {
    Brads(yaw.0 & 0xFF00)
}

/// How changes become bits in one world. Both ends derive it from the world's configuration.
#[derive(Clone, Debug)]
pub struct ChangeCodec {
    place_bits: u32,
    /// Radius and depth of each weapon's crater, where it digs one.
    craters: [Option<(Metres, Metres)>; ARMS],
}

impl ChangeCodec {
    /// The codec of a world.
    #[must_use]
    pub fn new(config: &WorldConfig) -> Self {
        let farthest = config.half_extent.0.unsigned_abs().div_ceil(1 << QUARTER_SHIFT);
        let craters = config.rules.arms.each_ref().map(|arm| {
            let radius = arm.blast_radius.max(config.terrain_spacing);
            (arm.crater_depth.0 > 0).then_some((radius, arm.crater_depth))
        });
        Self { place_bits: width(farthest) + 1, craters }
    }

    /// A codec of which both of two understand what it writes: craters of weapons that dig otherwise in the other are
    /// written as any deformation.
    #[must_use]
    pub fn agreeing_with(&self, other: &Self) -> Self {
        let mut both = self.clone();
        for (crater, theirs) in both.craters.iter_mut().zip(&other.craters) {
            *crater = crater.filter(|_| crater == theirs);
        }
        both
    }

    /// The change that a deformation is, in its shortest form.
    #[must_use]
    pub fn change_of(&self, deformation: &Deformation) -> WorldChange {
        let Deformation { x, z, radius, depth } = *deformation;
        let digs = |crater: &Option<(Metres, Metres)>| *crater == Some((radius, depth));
        let named = if self.quarters(x).is_some() && self.quarters(z).is_some() {
            self.craters.iter().position(digs)
        } else {
            None
        };
        match named {
            Some(index) => WorldChange::Crater { x, z, arm: Arm(index as u8 + 1) },
            None => WorldChange::Deformed(*deformation),
        }
    }

    /// The deformation that a change is; none where it is another one, or a crater of a weapon that digs none.
    #[must_use]
    pub fn deformation_of(&self, change: &WorldChange) -> Option<Deformation> {
        match *change {
            WorldChange::Crater { x, z, arm } => {
                let (radius, depth) = self.craters[arm.index()?]?;
                Some(Deformation { x, z, radius, depth })
            }
            WorldChange::Deformed(deformation) => Some(deformation),
            _ => None,
        }
    }

    /// A coordinate in 1/4 m, if it is one that fits.
    fn quarters(&self, at: Metres) -> Option<i32> {
        let quarters = at.0 >> QUARTER_SHIFT;
        let bound = 1 << (self.place_bits - 1);
        (quarters << QUARTER_SHIFT == at.0 && (-bound..bound).contains(&quarters)).then_some(quarters)
    }

    fn run(&self, change: &WorldChange) -> BitRun {
        let mut run = BitRun::EMPTY;
        match *change {
            WorldChange::Crater { x, z, arm } => {
                run.put_bit(true);
                run.put(u32::from(arm.0) - 1, ARM_BITS);
                self.put_place(&mut run, x.0 >> QUARTER_SHIFT, z.0 >> QUARTER_SHIFT);
            }
            WorldChange::SectionFell { section } => {
                run.put(0b010, 3);
                run.put(section.into(), 16);
            }
            WorldChange::SectionBuilt { section } => {
                run.put(0b110, 3);
                run.put(section.into(), 16);
            }
            WorldChange::Deformed(deformation) => self.put_deformation(&mut run, &deformation),
            WorldChange::PropRests { slot, place } => {
                run.put(0b01_000, 5);
                self.put_prop(&mut run, slot, &place, 0);
            }
            WorldChange::PropMoves { slot, place, velocity } => {
                run.put(0b10_000, 5);
                self.put_prop(&mut run, slot, &place, FINE_SHIFT);
                for speed in [velocity.x, velocity.y, velocity.z] {
                    put_signed(&mut run, speed.0 >> SPEED_SHIFT, SPEED_BITS);
                }
            }
            WorldChange::PropGone { slot } => {
                run.put(0b11_000, 5);
                run.put(slot.into(), 16);
            }
        }
        run
    }

    /// Bits of x and z, and of y, of a prop, in units of `1 << shift`.
    fn prop_bits(&self, shift: u32) -> (u32, u32) {
        (self.place_bits + QUARTER_SHIFT - shift, if shift == 0 { 32 } else { HEIGHT_BITS })
    }

    fn put_prop(&self, run: &mut BitRun, slot: u16, place: &PropPlace, shift: u32) {
        run.put(slot.into(), 16);
        run.put(u32::from(place.kind) & ((1 << KIND_BITS) - 1), KIND_BITS);
        run.put(u32::from(place.yaw.0 >> 8), 8);
        let (wide, high) = self.prop_bits(shift);
        let at = place.position;
        for (part, bits) in [(at.x, wide), (at.z, wide), (at.y, high)] {
            put_signed(run, part.0 >> shift, bits);
        }
    }

    fn read_prop(&self, reader: &mut BitReader<'_>, shift: u32) -> Result<(u16, PropPlace), DecodeError> {
        let slot = reader.get(16)? as u16;
        let (kind, yaw) = (reader.get(KIND_BITS)? as u8, Brads((reader.get(8)? << 8) as u16));
        let (wide, high) = self.prop_bits(shift);
        let mut part = |bits| -> Result<Metres, DecodeError> {
            Ok(Metres(read_signed(reader, bits)?.wrapping_shl(shift)))
        };
        let (x, z, y) = (part(wide)?, part(wide)?, part(high)?);
        let most = Metres::from_m(limits::HEIGHT_MAX_M);
        if y.0.unsigned_abs() > most.0.unsigned_abs() + (1 << FINE_SHIFT) {
            return Err(DecodeError::Value("height of a prop"));
        }
        Ok((slot, PropPlace { kind, position: Position { x, y, z }, yaw }))
    }

    fn read_prop_change(&self, reader: &mut BitReader<'_>) -> Result<WorldChange, DecodeError> {
        match reader.get(2)? {
            0b01 => {
                let (slot, place) = self.read_prop(reader, 0)?;
                Ok(WorldChange::PropRests { slot, place })
            }
            0b10 => {
                let (slot, place) = self.read_prop(reader, FINE_SHIFT)?;
                let mut speed = || -> Result<MetresPerSecond, DecodeError> {
                    Ok(MetresPerSecond(read_signed(reader, SPEED_BITS)? << SPEED_SHIFT))
                };
                let velocity = Velocity { x: speed()?, y: speed()?, z: speed()? };
                Ok(WorldChange::PropMoves { slot, place, velocity })
            }
            0b11 => Ok(WorldChange::PropGone { slot: reader.get(16)? as u16 }),
            _ => Err(DecodeError::Value("kind of a change")),
        }
    }

    fn put_place(&self, run: &mut BitRun, x: i32, z: i32) {
        for quarters in [x, z] {
            run.put(quarters.cast_unsigned() & ((1 << self.place_bits) - 1), self.place_bits);
        }
    }

    fn put_deformation(&self, run: &mut BitRun, deformation: &Deformation) {
        let Deformation { x, z, radius, depth } = *deformation;
        run.put(0b100, 3);
        let place = self.quarters(x).zip(self.quarters(z));
        let (wide, deep) = (radius.0 >> QUARTER_SHIFT, depth.0 >> DEPTH_SHIFT);
        let coarse = wide << QUARTER_SHIFT == radius.0
            && deep << DEPTH_SHIFT == depth.0
            && (0..1 << RADIUS_BITS).contains(&wide)
            && (-(1 << (DEPTH_BITS - 1))..1 << (DEPTH_BITS - 1)).contains(&deep);
        match place.filter(|_| coarse) {
            Some((x, z)) => {
                run.put_bit(false);
                self.put_place(run, x, z);
                run.put(wide.cast_unsigned(), RADIUS_BITS);
                run.put(deep.cast_unsigned() & ((1 << DEPTH_BITS) - 1), DEPTH_BITS);
            }
            None => {
                run.put_bit(true);
                [x, z, radius, depth].into_iter().for_each(|metres| run.put(metres.0.cast_unsigned(), 32));
            }
        }
    }

    /// Writes a message of the changes from number `first` on, as many as fit, and returns its length and their number.
    ///
    /// # Panics
    /// When there are none.
    pub fn write<'c>(
        &self,
        first: u32,
        changes: impl Iterator<Item = &'c WorldChange>,
        buffer: &mut [u8; CHANGES_BYTES_MAX],
    ) -> (usize, u32) {
        let mut writer = BitWriter::new(buffer);
        writer.put(u32::from(CHANGES_MESSAGE) | first & 0x7f, 8);
        let mut count = 0;
        for change in changes {
            let run = self.run(change);
            if run.len() > writer.remaining() {
                break;
            }
            writer.put_run(run);
            count += 1;
        }
        assert!(count > 0, "a message has a change");
        (writer.finish(), count)
    }

    /// Reads the changes of a message that was told to be one ([`CHANGES_MESSAGE`]); the first must have the number `next`.
    ///
    /// # Errors
    /// [`DecodeError`]; `each` may have been called for the changes before.
    pub fn read(
        &self,
        message: &[u8],
        next: u32,
        mut each: impl FnMut(WorldChange),
    ) -> Result<(), DecodeError> {
        let mut reader = BitReader::new(message);
        if reader.get(8)? != u32::from(CHANGES_MESSAGE) | next & 0x7f {
            return Err(DecodeError::Value("number of a change"));
        }
        if message.len() > CHANGES_BYTES_MAX {
            return Err(DecodeError::Value("message length"));
        }
        while let Some(change) = self.read_change(&mut reader)? {
            each(change);
        }
        Ok(())
    }

    fn read_change(&self, reader: &mut BitReader<'_>) -> Result<Option<WorldChange>, DecodeError> {
        let left = reader.remaining() as u32;
        if left < 8 && reader.clone().get(left)? == 0 {
            return Ok(None);
        }
        if reader.get_bit()? {
            let arm = Arm(reader.get(ARM_BITS)? as u8 + 1);
            let (x, z) = (self.read_place(reader)?, self.read_place(reader)?);
            return Ok(Some(WorldChange::Crater { x, z, arm }));
        }
        match reader.get(2)? {
            0b01 => Ok(Some(WorldChange::SectionFell { section: reader.get(16)? as u16 })),
            0b11 => Ok(Some(WorldChange::SectionBuilt { section: reader.get(16)? as u16 })),
            0b10 => self.read_deformation(reader).map(Some),
            _ => self.read_prop_change(reader).map(Some),
        }
    }

    fn read_place(&self, reader: &mut BitReader<'_>) -> Result<Metres, DecodeError> {
        let unused = 32 - self.place_bits;
        let quarters = (reader.get(self.place_bits)? << unused).cast_signed() >> unused;
        Ok(Metres(quarters << QUARTER_SHIFT))
    }

    fn read_deformation(&self, reader: &mut BitReader<'_>) -> Result<WorldChange, DecodeError> {
        let mut deformation =
            Deformation { x: Metres::ZERO, z: Metres::ZERO, radius: Metres::ZERO, depth: Metres::ZERO };
        if reader.get_bit()? {
            let Deformation { x, z, radius, depth } = &mut deformation;
            for metres in [x, z, radius, depth] {
                *metres = Metres(reader.get(32)?.cast_signed());
            }
        } else {
            (deformation.x, deformation.z) = (self.read_place(reader)?, self.read_place(reader)?);
            deformation.radius = Metres((reader.get(RADIUS_BITS)? << QUARTER_SHIFT).cast_signed());
            let unused = 32 - DEPTH_BITS;
            let deep = (reader.get(DEPTH_BITS)? << unused).cast_signed() >> unused;
            deformation.depth = Metres(deep << DEPTH_SHIFT);
        }
        Ok(WorldChange::Deformed(deformation))
    }
}

/// A number in two's complement, in so many bits.
fn put_signed(run: &mut BitRun, value: i32, bits: u32) {
    let mask = if bits == 32 { u32::MAX } else { (1 << bits) - 1 };
    run.put(value.cast_unsigned() & mask, bits);
}

fn read_signed(reader: &mut BitReader<'_>, bits: u32) -> Result<i32, DecodeError> {
    let unused = 32 - bits;
    Ok((reader.get(bits)? << unused).cast_signed() >> unused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn codec(half_extent_m: i32) -> ChangeCodec {
        ChangeCodec::new(&WorldConfig {
            half_extent: Metres::from_m(half_extent_m),
            ..WorldConfig::default()
        })
    }

    fn bytes_of(codec: &ChangeCodec, first: u32, changes: &[WorldChange]) -> (Vec<u8>, u32) {
        let mut buffer = [0; CHANGES_BYTES_MAX];
        let (length, count) = codec.write(first, changes.iter(), &mut buffer);
        (buffer[..length].to_vec(), count)
    }

    fn any_change() -> impl Strategy<Value = WorldChange> {
        let quarter = |raw: i32| Metres((raw % 512) << QUARTER_SHIFT);
        prop_oneof![
            (any::<[i32; 2]>(), 1_u8..=32).prop_map(move |([x, z], arm)| WorldChange::Crater {
                x: quarter(x),
                z: quarter(z),
                arm: Arm(arm)
            }),
            any::<[i32; 4]>().prop_map(|lengths| {
                let [x, z, radius, depth] = lengths.map(Metres);
                WorldChange::Deformed(Deformation { x, z, radius, depth })
            }),
            (any::<[i32; 2]>(), 0..256_i32, -4_096..4_096_i32).prop_map(move |([x, z], wide, deep)| {
                let (radius, depth) = (Metres(wide << QUARTER_SHIFT), Metres(deep << DEPTH_SHIFT));
                WorldChange::Deformed(Deformation { x: quarter(x), z: quarter(z), radius, depth })
            }),
            any::<u16>().prop_map(|section| WorldChange::SectionFell { section }),
            any::<u16>().prop_map(|section| WorldChange::SectionBuilt { section }),
            any::<u16>().prop_map(|slot| WorldChange::PropGone { slot }),
            (any::<(u16, u16)>(), 0_u8..8, any::<[i32; 3]>()).prop_map(|((slot, yaw), kind, [x, y, z])| {
                let position = Position::from_raw(x % (129 << 16), y % (16_384 << 16), z % (129 << 16));
                WorldChange::of_resting(slot, &PropPlace { kind, position, yaw: Brads(yaw) })
            }),
            (any::<u16>(), 0_u8..8, any::<[i32; 6]>()).prop_map(|(slot, kind, [x, y, z, a, b, c])| {
                let position = Position::from_raw(x % (128 << 16), y % (16_384 << 16), z % (128 << 16));
                let place = PropPlace { kind, position, yaw: Brads(slot) };
                WorldChange::of_moving(slot, &place, Velocity::from_raw(a, b, c))
            }),
        ]
    }

    #[test]
    fn a_crater_and_a_section_are_few_bytes() {
        let config = WorldConfig::default();
        let codec = codec(128);
        let grenade = &config.rules.arms[6];
        let crater = Deformation {
            x: Metres::from_m(-128),
            z: Metres::from_mm(127_750),
            radius: grenade.blast_radius,
            depth: grenade.crater_depth,
        };
        let change = codec.change_of(&crater);
        assert_eq!(change, WorldChange::Crater { x: crater.x, z: crater.z, arm: Arm(7) });
        assert_eq!(codec.deformation_of(&change), Some(crater));
        assert_eq!(bytes_of(&codec, 5, &[change]).0.len(), 5);
        let fell = WorldChange::SectionFell { section: 65_535 };
        assert_eq!(bytes_of(&codec, 5, &[fell]).0.len(), 4);
        // Not one of the rules' craters: the general form, short where the numbers are round.
        let other = codec.change_of(&Deformation { depth: Metres::from_mm(500), ..crater });
        assert!(matches!(other, WorldChange::Deformed(_)));
        assert_eq!(bytes_of(&codec, 5, &[other]).0.len(), 7);
        let largest = self::codec(32_000);
        let far = WorldChange::Crater { x: Metres::from_m(-32_000), z: Metres::from_m(32_000), arm: Arm(8) };
        let (bytes, _) = bytes_of(&largest, 127, &[far]);
        assert_eq!(bytes.len(), 7);
        let mut back = None;
        largest.read(&bytes, 255, |change| back = Some(change)).unwrap();
        assert_eq!(back, Some(far));
    }

    #[test]
    fn a_prop_is_fifteen_bytes_at_rest_and_three_when_it_is_gone() {
        let codec = codec(128);
        let position = Position::new(Metres::from_m(-128), Metres(7), Metres(8_388_607));
        let place = PropPlace { kind: 7, position, yaw: Brads(0xAB00) };
        let rests = WorldChange::of_resting(65_535, &place);
        assert_eq!(bytes_of(&codec, 5, &[rests]).0.len(), 16);
        let velocity = Velocity::from_raw(i32::MIN, i32::MAX, -1);
        let moves = WorldChange::of_moving(9, &place, velocity);
        assert_eq!(bytes_of(&codec, 5, &[moves]).0.len(), 17);
        assert_eq!(bytes_of(&codec, 5, &[WorldChange::PropGone { slot: 3 }]).0.len(), 4);
    }

    #[test]
    fn a_message_takes_what_fits_and_the_number_must_be_right() {
        let codec = codec(128);
        let changes = [WorldChange::SectionBuilt { section: 9 }; 200];
        let (bytes, count) = bytes_of(&codec, 300, &changes);
        assert_eq!((bytes.len(), count), (199, (199 * 8) / 19));
        assert_eq!(codec.read(&bytes, 301, |_| {}), Err(DecodeError::Value("number of a change")));
        let mut longer = bytes.clone();
        longer.push(0);
        assert_eq!(codec.read(&longer, 300, |_| {}), Err(DecodeError::Value("kind of a change")));
        longer.push(0);
        assert_eq!(codec.read(&longer, 300, |_| {}), Err(DecodeError::Value("message length")));
    }

    proptest! {
        #[test]
        fn changes_come_back(first: u32, changes in prop::collection::vec(any_change(), 1..9)) {
            let codec = codec(128);
            let (bytes, count) = bytes_of(&codec, first, &changes);
            prop_assert_eq!(count as usize, changes.len());
            let mut back = Vec::new();
            codec.read(&bytes, first, |change| back.push(change)).unwrap();
            prop_assert_eq!(back, changes);
        }

        #[test]
        fn any_bytes_decode_or_fail(mut bytes in prop::collection::vec(any::<u8>(), 1..250), half_extent in 8_i32..32_000) {
            let codec = codec(half_extent);
            bytes[0] |= CHANGES_MESSAGE;
            let mut count = 0;
            let read = codec.read(&bytes, bytes[0].into(), |change| {
                let _ = codec.deformation_of(&change);
                count += 1;
            });
            prop_assert!(count <= CHANGES_BYTES_MAX * 8 / 19 && (read.is_ok() || read.is_err()));
        }
    }
}
