//! Payloads of one session taken apart, as somebody sees them who captured both directions: every frame with its fields,
//! reliable messages put together, entities' states restored from their baselines.
//!
//! In here: reading, by the same decoders as the two ends. Not in here: opening what is sealed ([`crate::secure::SessionOpener`]),
//! files, text. A dissector remembers what it needs to read on, and judges nothing: packets may be missing.

mod snapshots;

#[cfg(test)]
mod tests;

use core::fmt;

use shieldwall_core::numeric::Tick;
use shieldwall_core::world::WorldConfig;

use crate::channel::FrameError;
use crate::channel::reliable::{ReliableError, ReliableReceiver};
use crate::channel::sequence::PacketHeader;
use crate::client::rule_book::ByTick;
use crate::secure::Direction;
use crate::wire::bits::BitReader;
use crate::wire::client_message::ClientMessage;
use crate::wire::events::{self, GameEvent};
use crate::wire::goodbye::GoodbyeReason;
use crate::wire::ground_image::GroundCheck;
use crate::wire::inputs::{self, PlayerInput};
use crate::wire::objectives::{ObjectiveCodec, ObjectiveEntry};
use crate::wire::quantize::EntityCodec;
use crate::wire::rules_change::RulesChange;
use crate::wire::state_check::{self, CheckHead};
use crate::wire::welcome::{ServerMessage, Welcome};
use crate::wire::world_changes::{ChangeCodec, WorldChange};
use crate::wire::{DecodeError, FrameKind};

use snapshots::SnapshotMemory;
pub use snapshots::{EntityUpdate, Snapshot};

/// A frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Frame {
    /// What the player does, tick by tick.
    Inputs(Vec<(Tick, PlayerInput)>),
    /// The world at a tick.
    Snapshot(Box<Snapshot>),
    /// A piece of a reliable message.
    Fragment {
        /// Its number.
        number: u16,
        /// The message ends with it.
        is_last: bool,
        /// Its bytes.
        bytes: u16,
    },
    /// What happened nearby, each with its tick.
    Events(Vec<(Tick, GameEvent)>),
    /// Hashes of what the client must hold: of all its states together, and one for each slot.
    StateCheck(CheckHead, Vec<(u16, u8)>),
}

/// A reliable message, once its last fragment is there.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// Of the client.
    Client(ClientMessage),
    /// The world's configuration and whose the client's character is.
    Welcome(Box<Welcome>),
    /// Something the client's character took part in.
    Event(Tick, GameEvent),
    /// Why the session ends.
    Goodbye(GoodbyeReason),
    /// Changes of the world.
    Changes(Vec<WorldChange>),
    /// A piece of the whole ground.
    Ground {
        /// Number of the first change that is not in it.
        number: u32,
        /// Bytes of the whole.
        total: u32,
        /// Where the piece begins.
        offset: u32,
        /// Bytes of the piece.
        bytes: u32,
    },
    /// What the ground must be like.
    GroundCheck(GroundCheck),
    /// Other rules.
    Rules(Box<RulesChange>),
    /// How what teams fight over stands.
    Objectives(Vec<(Tick, ObjectiveEntry)>),
}

/// Why a payload, or the rest of it, was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// What a receiver would say to these bytes.
    Frame(FrameError),
    /// What can be read only after a welcome came before it: the capture began in the middle of the session.
    NoWelcome,
    /// A state that the payload refers to was sent before the capture began, or is not in it.
    NoBaseline {
        /// Whose; none for the client's own character.
        slot: Option<u16>,
        /// How many ticks before the snapshot it is of.
        age_ticks: u8,
    },
}

impl<E: Into<FrameError>> From<E> for Fault {
    fn from(error: E) -> Fault {
        Fault::Frame(error.into())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Frame(error) => error.fmt(f),
            Fault::NoWelcome => f.write_str("the welcome that says how to read it is not in the capture"),
            Fault::NoBaseline { slot: None, age_ticks } => {
                write!(f, "the own state of {age_ticks} ticks before is not in the capture")
            }
            Fault::NoBaseline { slot: Some(slot), age_ticks } => {
                write!(f, "the state of slot {slot} of {age_ticks} ticks before is not in the capture")
            }
        }
    }
}

/// A payload taken apart, up to its end or its first fault.
#[derive(Clone, Debug, PartialEq)]
pub struct Dissection {
    /// Numbers and acks.
    pub header: PacketHeader,
    /// The frames, in their order.
    pub frames: Vec<Frame>,
    /// Reliable messages that became whole with this payload.
    pub messages: Vec<Message>,
    /// What kept the rest from being read.
    pub fault: Option<Fault>,
}

/// What a welcome tells about reading the rest.
struct KnownWorld {
    /// By the tick of the snapshot.
    codecs: ByTick<EntityCodec>,
    config: WorldConfig,
    changes: ChangeCodec,
    objectives: ObjectiveCodec,
}

/// One session as it is taken apart, payload by payload, in the order of the capture.
pub struct SessionDissector {
    capture_points: usize,
    up: ReliableReceiver,
    down: ReliableReceiver,
    world: Option<KnownWorld>,
    snapshots: SnapshotMemory,
    newest: Tick,
}

impl SessionDissector {
    /// Of a session that begins. `capture_points` is how many the world's scenery has: their numbers are as wide as it.
    #[must_use]
    pub fn new(capture_points: usize) -> SessionDissector {
        SessionDissector {
            capture_points,
            up: ReliableReceiver::default(),
            down: ReliableReceiver::default(),
            world: None,
            snapshots: SnapshotMemory::default(),
            newest: Tick(0),
        }
    }

    /// Takes a payload apart.
    ///
    /// # Errors
    /// [`DecodeError`] when it has not even a header.
    pub fn payload(&mut self, payload: &[u8], direction: Direction) -> Result<Dissection, DecodeError> {
        let (header, bytes) = PacketHeader::split(payload)?;
        let (mut frames, mut messages) = (Vec::new(), Vec::new());
        let read = self.read_frames(&mut BitReader::new(bytes), direction, &mut frames);
        let fault = read.and_then(|()| self.read_messages(direction, &mut messages)).err();
        Ok(Dissection { header, frames, messages, fault })
    }

    fn read_frames(
        &mut self,
        reader: &mut BitReader<'_>,
        direction: Direction,
        frames: &mut Vec<Frame>,
    ) -> Result<(), Fault> {
        loop {
            let kind = FrameKind::read(reader)?;
            let frame = match (kind, direction) {
                (FrameKind::End, _) => return Ok(()),
                (FrameKind::Inputs, Direction::Up) => {
                    let mut list = Vec::new();
                    inputs::read(reader, |tick, input| list.push((tick, input)))?;
                    Frame::Inputs(list)
                }
                (FrameKind::Snapshot, Direction::Down) => {
                    let world = self.world.as_ref().ok_or(Fault::NoWelcome)?;
                    let snapshot = self.snapshots.read(reader, &world.codecs, &world.config)?;
                    self.newest = snapshot.header.tick;
                    Frame::Snapshot(Box::new(snapshot))
                }
                (FrameKind::Events, Direction::Down) => {
                    let mut list = Vec::new();
                    events::read(reader, |tick, event| list.push((tick, event)))?;
                    Frame::Events(list)
                }
                (FrameKind::StateCheck, Direction::Down) => {
                    let mut list = Vec::new();
                    let head = state_check::read(reader, |slot, hash| list.push((slot, hash)))?;
                    Frame::StateCheck(head, list)
                }
                (FrameKind::Fragment, _) => self.read_fragment(reader, direction)?,
                // All that are left, by name: a new kind must be read here, too.
                (
                    wrong @ (FrameKind::Inputs
                    | FrameKind::Snapshot
                    | FrameKind::Events
                    | FrameKind::StateCheck),
                    _,
                ) => return Err(FrameError::WrongDirection(wrong).into()),
            };
            frames.push(frame);
        }
    }

    fn read_fragment(&mut self, reader: &mut BitReader<'_>, direction: Direction) -> Result<Frame, Fault> {
        let mut head = reader.clone();
        let (number, is_last, bytes) = (head.get(16)? as u16, head.get_bit()?, head.get(9)? as u16);
        let receiver = match direction {
            Direction::Up => &mut self.up,
            Direction::Down => &mut self.down,
        };
        receiver.read(reader)?;
        Ok(Frame::Fragment { number, is_last, bytes })
    }

    fn read_messages(&mut self, direction: Direction, messages: &mut Vec<Message>) -> Result<(), Fault> {
        loop {
            let next = match direction {
                Direction::Up => self.up.next_message(),
                Direction::Down => self.down.next_message(),
            };
            let Some(bytes) = next.map_err(|error: ReliableError| FrameError::from(error))? else {
                return Ok(());
            };
            let bytes = bytes.to_vec();
            messages.push(match direction {
                Direction::Up => Message::Client(ClientMessage::decode(&bytes)?),
                Direction::Down => self.server_message(&bytes)?,
            });
        }
    }

    fn server_message(&mut self, bytes: &[u8]) -> Result<Message, Fault> {
        Ok(match ServerMessage::decode(bytes)? {
            ServerMessage::Welcome(welcome) => {
                let config = welcome.config;
                self.newest = welcome.tick;
                self.snapshots = SnapshotMemory::default();
                self.world = Some(KnownWorld {
                    codecs: ByTick::new(EntityCodec::new(&config)),
                    changes: ChangeCodec::new(&config),
                    objectives: ObjectiveCodec::new(&config, self.capture_points),
                    config,
                });
                Message::Welcome(Box::new(welcome))
            }
            ServerMessage::Event(tick, event) => Message::Event(tick, event),
            ServerMessage::Goodbye(reason) => Message::Goodbye(reason),
            ServerMessage::Ground(piece) => Message::Ground {
                number: piece.number,
                total: piece.total,
                offset: piece.offset,
                bytes: piece.bytes.len() as u32,
            },
            ServerMessage::GroundCheck(check) => Message::GroundCheck(check),
            ServerMessage::Rules(change) => {
                let world = self.world.as_mut().ok_or(Fault::NoWelcome)?;
                world.codecs.push(change.from, EntityCodec::new(&change.config));
                world.changes = ChangeCodec::new(&change.config);
                Message::Rules(Box::new(change))
            }
            ServerMessage::Changes(message) => {
                let world = self.world.as_ref().ok_or(Fault::NoWelcome)?;
                // Whichever is the first: its number is in the message.
                let first = u32::from(message.first().copied().unwrap_or(0) & 0x7f);
                let mut list = Vec::new();
                world.changes.read(message, first, |change| list.push(change))?;
                Message::Changes(list)
            }
            ServerMessage::Objectives(body) => {
                let world = self.world.as_ref().ok_or(Fault::NoWelcome)?;
                let mut list = Vec::new();
                world.objectives.read(body, self.newest, |tick, entry| list.push((tick, entry)))?;
                Message::Objectives(list)
            }
        })
    }
}
