//! What lies inside a payload, bit for bit. The layouts are written down in `docs/PROTOCOL_FRAMES.md`.
//!
//! A payload is a packet header (see [`crate::channel`]) and frames, one after another as one stream of bits;
//! each frame starts with its [`FrameKind`] and says itself where it ends. One file holds one frame or message:
//! writing asserts (a caller's mistake), reading checks (somebody else's bytes) and never panics.
//!
//! What is not here: acknowledgements and retransmission (`channel`), what to send to whom (`server`).

pub(crate) mod bit_end;
pub mod bits;
pub mod client_message;
pub mod code_tables;
pub mod config_delta;
pub mod effect_lists;
pub mod entity_delta;
pub mod events;
pub mod goodbye;
pub mod ground_image;
pub mod inputs;
pub mod misconduct;
pub mod objectives;
pub mod own_state;
pub mod prefix_codes;
pub mod quantize;
pub mod rules_change;
pub mod snapshot;
pub mod state_check;
pub mod welcome;
pub mod world_changes;

use bits::{BitReader, BitSink};
use core::fmt;

/// Version of everything below the packet header. Clients say which they speak ([`client_message::Hello`]), and
/// [`welcome::Welcome`] says which it is.
pub const PROTOCOL_VERSION: u16 = 6;

/// The oldest version that is still spoken. It is raised with [`PROTOCOL_VERSION`] where a frame or message that every
/// client needs has changed: version 5 has other codes of characters' states ([`code_tables`]).
pub const PROTOCOL_VERSION_OLDEST: u16 = 5;

/// Bytes of one payload at most; the secure layer carries no more (netcode 1.02, section "Connection payload").
pub const PAYLOAD_BYTES: usize = 1200;

/// Characters of a world that is played over the network, at most: 16 bits name them.
pub const CHARACTERS_MAX: u32 = 65_535;

/// Bytes of one reliable message at most: what half a window of [`crate::channel::reliable`] holds.
pub const MESSAGE_BYTES: usize = 8192;

/// Why bytes were refused by a decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// The bytes ended inside a value.
    Truncated,
    /// Bits that must be zero were not.
    Padding,
    /// A frame kind nobody has given out.
    UnknownFrame(u8),
    /// A message kind nobody has given out.
    UnknownMessage(u8),
    /// The other end speaks another version of the protocol.
    Version(u16),
    /// The other end is of a build with another default configuration: its fingerprint.
    OtherDefaults(u64),
    /// A field with a value it can never have; the name says which.
    Value(&'static str),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => write!(f, "the bytes end inside a value"),
            Self::Padding => write!(f, "padding bits are not zero"),
            Self::UnknownFrame(kind) => write!(f, "unknown frame kind {kind}"),
            Self::UnknownMessage(kind) => write!(f, "unknown message kind {kind}"),
            Self::Version(version) => write!(
                f,
                "protocol version {version}, expected {PROTOCOL_VERSION_OLDEST} to {PROTOCOL_VERSION}"
            ),
            Self::OtherDefaults(theirs) => {
                write!(f, "the other end is of a build with other default rules ({theirs:016x})")
            }
            Self::Value(field) => write!(f, "impossible value of {field}"),
        }
    }
}

impl core::error::Error for DecodeError {}

/// The kinds of frames, three bits each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FrameKind {
    /// Nothing more in this packet. Also what the zero bits that fill the last byte mean.
    End = 0,
    /// Client to server: the inputs not acknowledged yet ([`inputs`]).
    Inputs = 1,
    /// Server to client: own character and changed neighbours ([`snapshot`]).
    Snapshot = 2,
    /// Both ways: a piece of a reliable message ([`crate::channel::reliable`]).
    Fragment = 3,
    /// Server to client: events that are not worth a retransmission ([`events`]).
    Events = 4,
    /// Server to client: hashes of states that the client must hold ([`state_check`]).
    StateCheck = 5,
}

/// Bits of a [`FrameKind`].
pub const FRAME_KIND_BITS: u32 = 3;

impl FrameKind {
    /// Writes the kind that opens a frame.
    pub fn write(self, sink: &mut impl BitSink) {
        sink.put(self as u32, FRAME_KIND_BITS);
    }

    /// Reads the kind of the next frame; [`FrameKind::End`] when fewer bits are left than a kind has.
    ///
    /// # Errors
    /// [`DecodeError::UnknownFrame`].
    pub fn read(reader: &mut BitReader<'_>) -> Result<Self, DecodeError> {
        if reader.remaining() < FRAME_KIND_BITS as usize {
            return Ok(Self::End);
        }
        match reader.get(FRAME_KIND_BITS)? {
            0 => Ok(Self::End),
            1 => Ok(Self::Inputs),
            2 => Ok(Self::Snapshot),
            3 => Ok(Self::Fragment),
            4 => Ok(Self::Events),
            5 => Ok(Self::StateCheck),
            unknown => Err(DecodeError::UnknownFrame(unknown as u8)),
        }
    }
}
