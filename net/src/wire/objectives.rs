//! What teams fight over, as every client is told of it always: who has a place, who is about to take it and how far they
//! are, where flags are, and the score.
//!
//! A message says how things stood after one tick; what it leaves out is as it was told before. One byte of kind, the low 16
//! bits of the tick, then entries as bits until its end, filled with zeros. Each begins with a one:
//!
//! | bits | entry | fields |
//! |---|---|---|
//! | `1 0 0` | a ring | number; owner, contender as teams; a bit for each team that is in it; with a contender: progress in 1/256 8, and if one team is in it alone: fighters that count less one, WIDE |
//! | `1 0 1` | a flag | number; 2: at home 0, carried 1 (slot 16, place), dropped 2 (place, ticks until it goes back WIDE) |
//! | `1 1` | a score | team, points WIDE |
//!
//! The number of a point has as many bits as the largest has, a team in a ring those of the number of teams (0 nobody, else
//! its number plus one), in a score those of the largest. A place is x and z in 1/4 m, two's complement, in as many bits as
//! the field needs, and y in 1/4 m, folded, WIDE.
//!
//! Progress is not told again while it goes on as it must: [`RingState::progress_after`].

use super::DecodeError;
use super::bits::{BitReader, BitSink, BitWriter};
use super::prefix_codes::{WIDE, width};
use super::quantize::rounded;
use super::welcome::MessageKind;
use shieldwall_core::numeric::{Metres, Position, Tick};
use shieldwall_core::rules::ObjectiveRules;
use shieldwall_core::spatial::obstacles::NO_TEAM;
use shieldwall_core::state::objectives::{GAIN, goal};
use shieldwall_core::world::WorldConfig;

/// Bytes of a message at most.
pub const OBJECTIVES_BYTES_MAX: usize = 96;
/// Bytes before the entries.
const HEAD_BYTES: usize = 3;
/// Bits of an entry at most: of a dropped flag far out.
const ENTRY_BITS_MAX: usize = 3 + 8 + 2 + 16 + 2 * 18 + 2 * (8 + 31);
const _: () = assert!(HEAD_BYTES * 8 + ENTRY_BITS_MAX < OBJECTIVES_BYTES_MAX * 8);
const QUARTER_SHIFT: u32 = 14;
/// Largest height in 1/4 m: everything Q16.16 has.
const HEIGHT_MAX: i32 = i32::MAX >> QUARTER_SHIFT;

/// How a place stands that is captured by who is in its ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RingState {
    /// The team that has it; [`NO_TEAM`] for nobody.
    pub owner: u8,
    /// The team that `progress` is of; [`NO_TEAM`] for nobody.
    pub contender: u8,
    /// How far the contender has come, in 1/256 of the whole, rounded down.
    pub progress: u8,
    /// A bit for each team of which somebody lives in the ring.
    pub present: u16,
    /// How many fighters of the one team in it count; 0 where there are several teams, none, or no contender.
    pub fighters: u8,
}

impl RingState {
    /// What the contender has gained `ticks` later, in the kernel's units, if all in the ring stay in it: it grows up to the
    /// whole, or goes down to nothing. What comes after that is told.
    #[must_use]
    pub fn progress_after(&self, ticks: u32, rules: &ObjectiveRules, tick_hz: u16) -> u32 {
        let whole = goal(rules, tick_hz);
        let start = (u64::from(whole) * u64::from(self.progress) / 256) as u32;
        if self.contender == NO_TEAM {
            return 0;
        }
        let by_fighters = u64::from(GAIN) * u64::from(self.fighters) * u64::from(ticks);
        let short = |way: u64| u32::try_from(way).unwrap_or(u32::MAX);
        match self.alone() {
            Some(team) if team == self.contender => start.saturating_add(short(by_fighters)).min(whole),
            Some(_) => start.saturating_sub(short(by_fighters)),
            None if self.present == 0 => {
                start.saturating_sub(short(u64::from(rules.decay_per_256) * u64::from(ticks)))
            }
            None => start,
        }
    }

    /// The one team that is in it.
    #[must_use]
    pub const fn alone(&self) -> Option<u8> {
        if self.present.count_ones() == 1 { Some(self.present.trailing_zeros() as u8) } else { None }
    }
}

/// Where a flag is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagState {
    /// At its place.
    Home,
    /// With somebody.
    Carried {
        /// Slot of who carries it.
        slot: u16,
        /// Where, to 1/4 m.
        at: Position,
    },
    /// On the ground, or wherever its carrier died.
    Dropped {
        /// Where, to 1/4 m.
        at: Position,
        /// Ticks from this one until it goes back.
        ticks: u32,
    },
}

/// How a capture point stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointState {
    /// It is captured by who is in it.
    Ring(RingState),
    /// It is the home of a flag.
    Flag(FlagState),
}

/// One thing that a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectiveEntry {
    /// How a capture point stands.
    Point(u16, PointState),
    /// What a team has gained.
    Score(u8, u32),
}

/// How they become bits in one world. Both ends derive it from the world's configuration and scenery.
#[derive(Clone, Copy, Debug)]
pub struct ObjectiveCodec {
    teams: u8,
    points: u32,
    place_bits: u32,
}

impl ObjectiveCodec {
    /// The codec of a world with so many capture points.
    #[must_use]
    pub fn new(config: &WorldConfig, points: usize) -> Self {
        let farthest = config.half_extent.0.unsigned_abs().div_ceil(1 << QUARTER_SHIFT);
        Self { teams: config.teams, points: points as u32, place_bits: width(farthest) + 1 }
    }

    /// A place as it is told: to 1/4 m, and no farther out than the field reaches.
    #[must_use]
    pub fn place(&self, at: Position) -> Position {
        let most = (1 << (self.place_bits - 1)) - 1;
        let side =
            |metres: Metres| Metres(rounded(metres.0, QUARTER_SHIFT).clamp(-most, most) << QUARTER_SHIFT);
        let y = rounded(at.y.0, QUARTER_SHIFT).clamp(-HEIGHT_MAX, HEIGHT_MAX) << QUARTER_SHIFT;
        Position::new(side(at.x), Metres(y), side(at.z))
    }

    /// Writes a message of how things stood after `tick`, as many of the entries as fit, and returns its length and their
    /// number. Places must be such as [`ObjectiveCodec::place`] makes.
    ///
    /// # Panics
    /// When there are none.
    pub fn write(
        &self,
        tick: Tick,
        entries: impl Iterator<Item = ObjectiveEntry>,
        buffer: &mut [u8; OBJECTIVES_BYTES_MAX],
    ) -> (usize, usize) {
        let mut writer = BitWriter::new(buffer);
        writer.put(MessageKind::Objectives as u32, 8);
        writer.put(tick.0 & 0xffff, 16);
        let mut count = 0;
        for entry in entries {
            if writer.remaining() < ENTRY_BITS_MAX {
                break;
            }
            self.write_entry(&mut writer, &entry);
            count += 1;
        }
        assert!(count > 0, "a message has an entry");
        (writer.finish(), count)
    }

    fn write_entry(&self, sink: &mut impl BitSink, entry: &ObjectiveEntry) {
        sink.put_bit(true);
        match *entry {
            ObjectiveEntry::Score(team, points) => {
                sink.put_bit(true);
                sink.put(team.into(), width(u32::from(self.teams) - 1));
                WIDE.write_unsigned(sink, points);
            }
            ObjectiveEntry::Point(number, PointState::Ring(ring)) => {
                sink.put(0, 1);
                sink.put(0, 1);
                sink.put(number.into(), self.number_bits());
                self.write_ring(sink, &ring);
            }
            ObjectiveEntry::Point(number, PointState::Flag(flag)) => {
                sink.put(0, 1);
                sink.put(1, 1);
                sink.put(number.into(), self.number_bits());
                self.write_flag(sink, &flag);
            }
        }
    }

    fn number_bits(&self) -> u32 {
        width(self.points.saturating_sub(1))
    }

    fn write_ring(&self, sink: &mut impl BitSink, ring: &RingState) {
        for team in [ring.owner, ring.contender] {
            sink.put(u32::from(team.wrapping_add(1)), width(self.teams.into()));
        }
        sink.put(ring.present.into(), self.teams.into());
        if ring.contender != NO_TEAM {
            sink.put(ring.progress.into(), 8);
            if ring.alone().is_some() {
                WIDE.write_unsigned(sink, u32::from(ring.fighters.max(1)) - 1);
            }
        }
    }

    fn write_flag(&self, sink: &mut impl BitSink, flag: &FlagState) {
        match *flag {
            FlagState::Home => sink.put(0, 2),
            FlagState::Carried { slot, at } => {
                sink.put(1, 2);
                sink.put(slot.into(), 16);
                self.write_place(sink, at);
            }
            FlagState::Dropped { at, ticks } => {
                sink.put(2, 2);
                self.write_place(sink, at);
                WIDE.write_unsigned(sink, ticks);
            }
        }
    }

    fn write_place(&self, sink: &mut impl BitSink, at: Position) {
        for metres in [at.x, at.z] {
            let quarters = (metres.0 >> QUARTER_SHIFT).cast_unsigned();
            sink.put(quarters & ((1 << self.place_bits) - 1), self.place_bits);
        }
        WIDE.write_signed(sink, at.y.0 >> QUARTER_SHIFT);
    }

    /// Reads what follows the kind of a message: calls `each` for every entry with its tick, which is the one nearest to
    /// `near` that ends so.
    ///
    /// # Errors
    /// [`DecodeError`]; `each` may have been called for the entries before.
    pub fn read(
        &self,
        body: &[u8],
        near: Tick,
        mut each: impl FnMut(Tick, ObjectiveEntry),
    ) -> Result<(), DecodeError> {
        if body.len() >= OBJECTIVES_BYTES_MAX {
            return Err(DecodeError::Value("message length"));
        }
        let mut reader = BitReader::new(body);
        let ahead = (reader.get(16)? as u16).wrapping_sub(near.0 as u16).cast_signed();
        let tick = Tick(near.0.wrapping_add_signed(ahead.into()));
        while reader.remaining() > 0 {
            let whole_byte = reader.position().is_multiple_of(8);
            if !reader.get_bit()? {
                if whole_byte {
                    return Err(DecodeError::Padding);
                }
                let left = reader.remaining() as u32;
                return if left < 8 && reader.get(left)? == 0 { Ok(()) } else { Err(DecodeError::Padding) };
            }
            each(tick, self.read_entry(&mut reader)?);
        }
        Ok(())
    }

    fn read_entry(&self, reader: &mut BitReader<'_>) -> Result<ObjectiveEntry, DecodeError> {
        if reader.get_bit()? {
            let team = reader.get(width(u32::from(self.teams) - 1))? as u8;
            if team >= self.teams {
                return Err(DecodeError::Value("team"));
            }
            return Ok(ObjectiveEntry::Score(team, WIDE.read_unsigned(reader)?));
        }
        let is_flag = reader.get_bit()?;
        let number = reader.get(self.number_bits())?;
        if number >= self.points {
            return Err(DecodeError::Value("capture point"));
        }
        let state = if is_flag {
            PointState::Flag(self.read_flag(reader)?)
        } else {
            PointState::Ring(self.read_ring(reader)?)
        };
        Ok(ObjectiveEntry::Point(number as u16, state))
    }

    fn read_ring(&self, reader: &mut BitReader<'_>) -> Result<RingState, DecodeError> {
        let mut team = || match reader.get(width(self.teams.into()))? {
            team if team <= self.teams.into() => Ok((team as u8).wrapping_sub(1)),
            _ => Err(DecodeError::Value("team")),
        };
        let (owner, contender) = (team()?, team()?);
        if contender != NO_TEAM && contender == owner {
            return Err(DecodeError::Value("contender"));
        }
        let present = reader.get(self.teams.into())? as u16;
        let mut ring = RingState { owner, contender, progress: 0, present, fighters: 0 };
        if contender != NO_TEAM {
            ring.progress = reader.get(8)? as u8;
            if ring.alone().is_some() {
                let more = u8::try_from(WIDE.read_unsigned(reader)?).ok();
                ring.fighters =
                    more.and_then(|more| more.checked_add(1)).ok_or(DecodeError::Value("fighters"))?;
            }
        }
        Ok(ring)
    }

    fn read_flag(&self, reader: &mut BitReader<'_>) -> Result<FlagState, DecodeError> {
        Ok(match reader.get(2)? {
            0 => FlagState::Home,
            1 => FlagState::Carried { slot: reader.get(16)? as u16, at: self.read_place(reader)? },
            2 => FlagState::Dropped { at: self.read_place(reader)?, ticks: WIDE.read_unsigned(reader)? },
            _ => return Err(DecodeError::Value("flag")),
        })
    }

    fn read_place(&self, reader: &mut BitReader<'_>) -> Result<Position, DecodeError> {
        let unused = 32 - self.place_bits;
        let mut side = || -> Result<Metres, DecodeError> {
            let quarters = (reader.get(self.place_bits)? << unused).cast_signed() >> unused;
            Ok(Metres(quarters << QUARTER_SHIFT))
        };
        let (x, z) = (side()?, side()?);
        let height = WIDE.read_signed(reader)?;
        if !(-HEIGHT_MAX..=HEIGHT_MAX).contains(&height) {
            return Err(DecodeError::Value("place"));
        }
        Ok(Position::new(x, Metres(height << QUARTER_SHIFT), z))
    }
}

#[cfg(test)]
#[path = "objectives_tests.rs"]
mod tests;
