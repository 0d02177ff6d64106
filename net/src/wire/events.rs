//! What happened, for eyes and ears: hits, deaths, returns, shots.
//!
//! Events describe, they are not state: health, life and place come with snapshots. Those a client's own character
//! takes part in travel as reliable messages with their tick; those it merely sees travel once, in an events frame, and
//! may be lost or left out for lack of room. Such a frame has one tick for all: that of the snapshot beside it. Its
//! events happened then or since the snapshot before.
//!
//! Bits of a frame after its kind: tick 32, count 6, then the events: kind 2, slots 16 each, for a hit amount 16, for
//! hit and death weapon 1, for a shot yaw 8 and pitch 8. A reliable message is kind byte, tick u32 and one event.

use super::DecodeError;
use super::bits::{BitReader, BitSink, BitWriter};
use super::welcome::MessageKind;
use shieldwall_core::numeric::{Brads, Tick};
use shieldwall_core::state::events::Weapon;

/// Events in one frame at most.
pub const EVENTS_MAX: usize = 63;
/// Bits of one event at most.
pub const EVENT_BITS_MAX: usize = 2 + 16 + 16 + 16 + 1;
/// Bits of a frame without events, without its kind.
pub const EVENTS_HEAD_BITS: usize = 32 + 6;
/// Bytes of an event as a reliable message at most.
pub const EVENT_MESSAGE_BYTES: usize = 1 + 4 + EVENT_BITS_MAX.div_ceil(8);

/// One thing that happened. Characters are named by slot: what lives there is known from snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GameEvent {
    /// A weapon took health.
    Hit {
        /// Who struck.
        attacker: u16,
        /// Who was struck.
        target: u16,
        /// Health taken, in the rules' units.
        amount: u16,
        /// With what.
        weapon: Weapon,
    },
    /// Somebody's health reached zero.
    Died {
        /// Who.
        victim: u16,
        /// By whom.
        killer: u16,
        /// With what.
        weapon: Weapon,
    },
    /// Somebody came back to life.
    Respawned {
        /// Who.
        slot: u16,
    },
    /// Somebody shot an arrow; its flight follows from the shooter's place and the rules.
    Shot {
        /// Who.
        owner: u16,
        /// Direction, to 1/256 turn.
        yaw: Brads,
        /// Up or down, 1/65536 turn, to 1/256 turn.
        pitch: i16,
    },
}

impl GameEvent {
    /// Writes one event.
    pub fn write(&self, sink: &mut impl BitSink) {
        match *self {
            Self::Hit { attacker, target, amount, weapon } => {
                sink.put(0, 2);
                sink.put(attacker.into(), 16);
                sink.put(target.into(), 16);
                sink.put(amount.into(), 16);
                sink.put_bit(weapon == Weapon::Arrow);
            }
            Self::Died { victim, killer, weapon } => {
                sink.put(1, 2);
                sink.put(victim.into(), 16);
                sink.put(killer.into(), 16);
                sink.put_bit(weapon == Weapon::Arrow);
            }
            Self::Respawned { slot } => {
                sink.put(2, 2);
                sink.put(slot.into(), 16);
            }
            Self::Shot { owner, yaw, pitch } => {
                sink.put(3, 2);
                sink.put(owner.into(), 16);
                sink.put((yaw.0 >> 8).into(), 8);
                sink.put((pitch.cast_unsigned() >> 8).into(), 8);
            }
        }
    }

    /// Reads one event.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn read(reader: &mut BitReader<'_>) -> Result<Self, DecodeError> {
        let kind = reader.get(2)?;
        let first = reader.get(16)? as u16;
        let weapon = |arrow: bool| if arrow { Weapon::Arrow } else { Weapon::Melee };
        Ok(match kind {
            0 => Self::Hit {
                attacker: first,
                target: reader.get(16)? as u16,
                amount: reader.get(16)? as u16,
                weapon: weapon(reader.get_bit()?),
            },
            1 => Self::Died {
                victim: first,
                killer: reader.get(16)? as u16,
                weapon: weapon(reader.get_bit()?),
            },
            2 => Self::Respawned { slot: first },
            _ => Self::Shot {
                owner: first,
                yaw: Brads((reader.get(8)? as u16) << 8),
                pitch: ((reader.get(8)? as u16) << 8).cast_signed(),
            },
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_event() -> impl Strategy<Value = GameEvent> {
        (0..4, any::<u16>(), any::<u16>(), any::<u16>(), any::<bool>()).prop_map(
            |(kind, a, b, amount, arrow)| {
                let weapon = if arrow { Weapon::Arrow } else { Weapon::Melee };
                match kind {
                    0 => GameEvent::Hit { attacker: a, target: b, amount, weapon },
                    1 => GameEvent::Died { victim: a, killer: b, weapon },
                    2 => GameEvent::Respawned { slot: a },
                    _ => GameEvent::Shot {
                        owner: a,
                        yaw: Brads(b & 0xff00),
                        pitch: (amount & 0xff00).cast_signed(),
                    },
                }
            },
        )
    }

    proptest! {
        #[test]
        fn events_round_trip(tick: u32, events in prop::collection::vec(any_event(), 0..=EVENTS_MAX)) {
            let mut bytes = [0; 500];
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
