//! What happened, for eyes and ears: hits, deaths, returns, shots.
//!
//! Events describe, they are not state: health, life and place come with snapshots. Those a client's own character
//! takes part in travel as reliable messages with their tick; those it merely sees travel once, in an events frame, and
//! may be lost or left out for lack of room. Such a frame has one tick for all: that of the snapshot beside it. Its
//! events happened then or since the snapshot before.
//!
//! Bits of a frame after its kind: tick 32, count 6, then the events: kind 3, slots 16 each, amounts 16, weapons 6,
//! effects 7, directions 8 and 8, places in 1/4 m as three folded numbers in
//! [`WIDE`]. A reliable message is kind byte, tick u32 and one event.

use super::DecodeError;
use super::bits::{BitReader, BitRun, BitSink, BitWriter};
use super::prefix_codes::WIDE;
use super::quantize::rounded;
use super::welcome::MessageKind;
use shieldwall_core::numeric::{Brads, Metres, Position, Tick};
use shieldwall_core::rules::{ARMS, Arm, EFFECTS};
use shieldwall_core::{CharacterId, Event, World};

/// Events in one frame at most.
pub const EVENTS_MAX: usize = 63;
/// Bits of one event at most: of a burst far out.
pub const EVENT_BITS_MAX: usize = 3 + 16 + ARM_BITS as usize + 3 * PLACE_BITS_MAX;
/// Bits of a frame without events, without its kind.
pub const EVENTS_HEAD_BITS: usize = 32 + 6;
/// Bytes of an event as a reliable message at most.
pub const EVENT_MESSAGE_BYTES: usize = 1 + 4 + EVENT_BITS_MAX.div_ceil(8);

const KIND_BITS: u32 = 3;
const ARM_BITS: u32 = 6;
const EFFECT_BITS: u32 = 7;
const _: () = assert!(ARMS < 1 << ARM_BITS && EFFECTS < 1 << EFFECT_BITS);
/// Places are told in quarters of a metre.
const PLACE_SHIFT: u32 = 14;
/// Largest coordinate in these units: everything Q16.16 has.
const PLACE_MAX: i32 = i32::MAX >> PLACE_SHIFT;
/// Bits of a coordinate at most: 18 bits folded.
const PLACE_BITS_MAX: usize = 6 + 17;

/// One thing that happened. Characters are named by slot: what lives there is known from snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GameEvent {
    /// Kind 0. A weapon took health.
    Hit {
        /// Who struck.
        attacker: u16,
        /// Who was struck.
        target: u16,
        /// Health taken, in the rules' units.
        amount: u16,
        /// With what.
        arm: Arm,
    },
    /// Kind 1. Somebody's health reached zero.
    Died {
        /// Who.
        victim: u16,
        /// By whom.
        killer: u16,
        /// With what.
        arm: Arm,
    },
    /// Kind 2. Somebody came back to life.
    Respawned {
        /// Who.
        slot: u16,
    },
    /// Kind 3. Something began to fly; its way follows from the owner's place and the rules.
    Launched {
        /// Whose.
        owner: u16,
        /// Direction, to 1/256 turn.
        yaw: Brads,
        /// Up or down, 1/65536 turn, to 1/256 turn.
        pitch: i16,
        /// What.
        arm: Arm,
    },
    /// Kind 4. An ability gave health back.
    Healed {
        /// Who healed.
        healer: u16,
        /// Whom.
        target: u16,
        /// Health given, in the rules' units.
        amount: u16,
        /// With what.
        arm: Arm,
    },
    /// Kind 5. Something burst: a projectile, or an ability that works around a point.
    Burst {
        /// Whose it was.
        owner: u16,
        /// Where, to 1/4 m.
        at: Position,
        /// What.
        arm: Arm,
    },
    /// Kind 6. A status effect came over somebody who did not have it.
    Afflicted {
        /// Whom.
        target: u16,
        /// By whom.
        source: u16,
        /// Which of the rules' effects, counted from 1.
        effect: u8,
    },
    /// Kind 7. Somebody helped to kill.
    Assisted {
        /// Who helped.
        helper: u16,
        /// Who was killed.
        victim: u16,
    },
}

impl GameEvent {
    /// The event as clients are told it; none for what is no news for them. Where something flies the owner's aim is
    /// asked of the world.
    #[must_use]
    pub fn of(event: &Event, world: &World) -> Option<Self> {
        let short = |id: CharacterId| id.slot as u16;
        Some(match *event {
            Event::Hit { attacker, target, amount, arm } => {
                Self::Hit { attacker: short(attacker), target: short(target), amount, arm }
            }
            Event::Died { victim, killer, arm } => {
                Self::Died { victim: short(victim), killer: short(killer), arm }
            }
            Event::Respawned { id } => Self::Respawned { slot: short(id) },
            Event::ProjectileLaunched { projectile_slot, owner } => {
                let aim = world.move_state(owner)?;
                let arm =
                    world.projectiles().arm.get(projectile_slot as usize).map_or(Arm::NONE, |a| Arm(*a));
                Self::Launched { owner: short(owner), yaw: aim.yaw, pitch: aim.pitch, arm }
            }
            Event::Healed { healer, target, amount, arm } => {
                Self::Healed { healer: short(healer), target: short(target), amount, arm }
            }
            Event::Burst { owner, at, arm } => Self::Burst { owner: short(owner), at, arm },
            Event::Afflicted { target, source, effect } => {
                Self::Afflicted { target: short(target), source: short(source), effect }
            }
            Event::Assisted { helper, victim } => {
                Self::Assisted { helper: short(helper), victim: short(victim) }
            }
            _ => return None,
        })
    }

    /// Whether the character in a slot took part: then it is told for certain.
    #[must_use]
    pub fn involves(&self, slot: u16) -> bool {
        match *self {
            Self::Hit { attacker: a, target: b, .. }
            | Self::Died { victim: a, killer: b, .. }
            | Self::Healed { healer: a, target: b, .. }
            | Self::Afflicted { target: a, source: b, .. } => slot == a || slot == b,
            Self::Respawned { slot: a }
            | Self::Launched { owner: a, .. }
            | Self::Burst { owner: a, .. }
            | Self::Assisted { helper: a, .. } => slot == a,
        }
    }

    const fn kind(&self) -> u32 {
        match self {
            Self::Hit { .. } => 0,
            Self::Died { .. } => 1,
            Self::Respawned { .. } => 2,
            Self::Launched { .. } => 3,
            Self::Healed { .. } => 4,
            Self::Burst { .. } => 5,
            Self::Afflicted { .. } => 6,
            Self::Assisted { .. } => 7,
        }
    }

    /// The event's bits.
    #[must_use]
    pub fn run(&self) -> BitRun {
        let mut run = BitRun::EMPTY;
        self.write(&mut run);
        run
    }

    /// Writes one event.
    pub fn write(&self, sink: &mut impl BitSink) {
        sink.put(self.kind(), KIND_BITS);
        let mut short = |value: u16| sink.put(value.into(), 16);
        match *self {
            Self::Hit { attacker: a, target: b, amount, arm }
            | Self::Healed { healer: a, target: b, amount, arm } => {
                [a, b, amount].into_iter().for_each(&mut short);
                sink.put(arm.0.into(), ARM_BITS);
            }
            Self::Died { victim, killer, arm } => {
                [victim, killer].into_iter().for_each(&mut short);
                sink.put(arm.0.into(), ARM_BITS);
            }
            Self::Respawned { slot } => short(slot),
            Self::Launched { owner, yaw, pitch, arm } => {
                short(owner);
                sink.put(arm.0.into(), ARM_BITS);
                sink.put((yaw.0 >> 8).into(), 8);
                sink.put((pitch.cast_unsigned() >> 8).into(), 8);
            }
            Self::Burst { owner, at, arm } => {
                short(owner);
                sink.put(arm.0.into(), ARM_BITS);
                [at.x, at.y, at.z].into_iter().for_each(|metres| {
                    WIDE.write_signed(sink, rounded(metres.0, PLACE_SHIFT).min(PLACE_MAX));
                });
            }
            Self::Afflicted { target, source, effect } => {
                [target, source].into_iter().for_each(&mut short);
                sink.put(effect.into(), EFFECT_BITS);
            }
            Self::Assisted { helper, victim } => [helper, victim].into_iter().for_each(&mut short),
        }
    }

    /// Reads one event.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`]; [`DecodeError::Value`] for a weapon, an effect or a place that cannot be.
    pub fn read(reader: &mut BitReader<'_>) -> Result<Self, DecodeError> {
        let kind = reader.get(KIND_BITS)?;
        let first = short(reader)?;
        Ok(match kind {
            0 => Self::Hit {
                attacker: first,
                target: short(reader)?,
                amount: short(reader)?,
                arm: read_arm(reader)?,
            },
            1 => Self::Died { victim: first, killer: short(reader)?, arm: read_arm(reader)? },
            2 => Self::Respawned { slot: first },
            3 => Self::Launched {
                owner: first,
                arm: read_arm(reader)?,
                yaw: Brads((reader.get(8)? as u16) << 8),
                pitch: ((reader.get(8)? as u16) << 8).cast_signed(),
            },
            4 => Self::Healed {
                healer: first,
                target: short(reader)?,
                amount: short(reader)?,
                arm: read_arm(reader)?,
            },
            5 => {
                let arm = read_arm(reader)?;
                let at = Position::new(read_place(reader)?, read_place(reader)?, read_place(reader)?);
                Self::Burst { owner: first, at, arm }
            }
            6 => {
                let (source, effect) = (short(reader)?, reader.get(EFFECT_BITS)? as u8);
                if effect == 0 || usize::from(effect) > EFFECTS {
                    return Err(DecodeError::Value("effect"));
                }
                Self::Afflicted { target: first, source, effect }
            }
            _ => Self::Assisted { helper: first, victim: short(reader)? },
        })
    }

    /// The event as a reliable message, in `buffer`.
    #[must_use]
    pub fn encode_message(self, tick: Tick, buffer: &mut [u8; EVENT_MESSAGE_BYTES]) -> &[u8] {
        let mut writer = BitWriter::new(buffer);
        writer.put(MessageKind::Event as u32, 8);
        writer.put(tick.0, 32);
        self.write(&mut writer);
        let length = writer.finish();
        &buffer[..length]
    }

    /// Reads what follows the kind of a reliable message.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`]; [`DecodeError::Value`] for bytes behind the event.
    pub fn decode_message(body: &[u8]) -> Result<(Tick, Self), DecodeError> {
        let mut reader = BitReader::new(body);
        let tick = Tick(reader.get(32)?);
        let event = Self::read(&mut reader)?;
        if reader.remaining() >= 8 { Err(DecodeError::Value("message length")) } else { Ok((tick, event)) }
    }
}

/// Writes a frame of events, without its kind. `tick` is the last one in which they can have happened.
///
/// # Panics
/// If there are more than [`EVENTS_MAX`].
pub fn write(sink: &mut impl BitSink, tick: Tick, events: &[GameEvent]) {
    assert!(events.len() <= EVENTS_MAX, "at most 63 events");
    sink.put(tick.0, 32);
    sink.put(events.len() as u32, 6);
    events.iter().for_each(|event| event.write(sink));
}

/// Reads a frame of events and calls `each` for every one, with the frame's tick: an event happened then or in the
/// ticks since the snapshot before.
///
/// # Errors
/// [`DecodeError::Truncated`]; `each` may have been called before.
pub fn read(reader: &mut BitReader<'_>, mut each: impl FnMut(Tick, GameEvent)) -> Result<(), DecodeError> {
    let tick = Tick(reader.get(32)?);
    for _ in 0..reader.get(6)? {
        each(tick, GameEvent::read(reader)?);
    }
    Ok(())
}

fn short(reader: &mut BitReader<'_>) -> Result<u16, DecodeError> {
    Ok(reader.get(16)? as u16)
}

fn read_arm(reader: &mut BitReader<'_>) -> Result<Arm, DecodeError> {
    let arm = reader.get(ARM_BITS)? as u8;
    if usize::from(arm) <= ARMS { Ok(Arm(arm)) } else { Err(DecodeError::Value("arm")) }
}

fn read_place(reader: &mut BitReader<'_>) -> Result<Metres, DecodeError> {
    let quarters = WIDE.read_signed(reader)?;
    if (-PLACE_MAX - 1..=PLACE_MAX).contains(&quarters) {
        Ok(Metres(quarters << PLACE_SHIFT))
    } else {
        Err(DecodeError::Value("place"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_event() -> impl Strategy<Value = GameEvent> {
        let ids = (any::<u16>(), any::<u16>(), any::<u16>());
        (0..8, ids, 0..=ARMS as u8, 1..=EFFECTS as u8, any::<[i32; 3]>()).prop_map(
            |(kind, (a, b, amount), arm, effect, place)| {
                let (arm, quarter) = (Arm(arm), |raw: i32| Metres(raw >> PLACE_SHIFT << PLACE_SHIFT));
                match kind {
                    0 => GameEvent::Hit { attacker: a, target: b, amount, arm },
                    1 => GameEvent::Died { victim: a, killer: b, arm },
                    2 => GameEvent::Respawned { slot: a },
                    3 => {
                        let (yaw, pitch) = (Brads(b & 0xff00), (amount & 0xff00).cast_signed());
                        GameEvent::Launched { owner: a, yaw, pitch, arm }
                    }
                    4 => GameEvent::Healed { healer: a, target: b, amount, arm },
                    5 => {
                        let [x, y, z] = place.map(quarter);
                        GameEvent::Burst { owner: a, at: Position::new(x, y, z), arm }
                    }
                    6 => GameEvent::Afflicted { target: a, source: b, effect },
                    _ => GameEvent::Assisted { helper: a, victim: b },
                }
            },
        )
    }

    proptest! {
        #[test]
        fn events_round_trip(tick: u32, events in prop::collection::vec(any_event(), 0..=EVENTS_MAX)) {
            let mut bytes = [0; 800];
            let mut writer = BitWriter::new(&mut bytes);
            write(&mut writer, Tick(tick), &events);
            prop_assert!(writer.position() <= EVENTS_HEAD_BITS + events.len() * EVENT_BITS_MAX);
            let length = writer.finish();
            let mut back = Vec::new();
            read(&mut BitReader::new(&bytes[..length]), |t, event| { assert_eq!(t, Tick(tick)); back.push(event) }).unwrap();
            prop_assert_eq!(&back, &events);
            for event in events {
                let mut buffer = [0; EVENT_MESSAGE_BYTES];
                let message = event.encode_message(Tick(tick), &mut buffer);
                prop_assert_eq!(GameEvent::decode_message(&message[1..]), Ok((Tick(tick), event)));
            }
        }

        #[test]
        fn any_bytes_decode_or_fail(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = read(&mut BitReader::new(&bytes), |_, _| {});
            let _ = GameEvent::decode_message(&bytes);
        }
    }
}
