//! The seven packets of netcode 1.02, and an eighth for new keys: sealing into, and opening in, the caller's bytes.
//!
//! A packet of an epoch with an odd number has bit 3 of its type set: that is how the receiver knows which of two keys
//! opens it. netcode has no such types; its implementations drop them unread.
//!
//! Order of checks when opening, as the standard has it: size, type, direction, sequence bytes, size for the type,
//! replay window, cipher; and only then the window moves. What is not here: what a packet means (`server`,
//! `client`).

use core::ops::Range;

use super::bytes::{Reader, Writer};
use super::crypto::{PacketKey, TAG_BYTES, TOKEN_NONCE_BYTES};
use super::private_token::CHALLENGE_TOKEN_BYTES;
use super::rekey::RekeyMessage;
use super::replay_window::ReplayWindow;
use super::stats::DropReason;
use super::token::{ConnectToken, PRIVATE_TOKEN_BYTES, VERSION};
use super::{DATAGRAM_MAX, PAYLOAD_MAX};
use crate::time::UnixSeconds;

/// Bytes of a connection request, the only packet that is not sealed.
pub const REQUEST_BYTES: usize = 1 + 13 + 8 + 8 + TOKEN_NONCE_BYTES + PRIVATE_TOKEN_BYTES;

/// Fewest bytes of a sealed packet: prefix, one sequence byte, tag.
pub(crate) const SEALED_MIN: usize = 1 + 1 + TAG_BYTES;

/// Set in the type of packets of an odd epoch.
const ODD_EPOCH: u8 = 8;

/// A packet's type, as the low four bits of its first byte, [`ODD_EPOCH`] left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum PacketKind {
    Request = 0,
    Denied = 1,
    Challenge = 2,
    Response = 3,
    KeepAlive = 4,
    Payload = 5,
    Disconnect = 6,
    /// Not of the standard.
    Rekey = 7,
}

impl PacketKind {
    /// The type of these four bits, and whether it is of an odd epoch; handshakes are always of epoch 0.
    fn from_bits(bits: u8) -> Option<(PacketKind, bool)> {
        use PacketKind::{Challenge, Denied, Disconnect, KeepAlive, Payload, Rekey, Request, Response};
        let kinds = [Request, Denied, Challenge, Response, KeepAlive, Payload, Disconnect, Rekey];
        let (kind, odd) = (kinds[usize::from(bits & 7)], bits & ODD_EPOCH != 0);
        (!odd || kind.is_replay_protected()).then_some((kind, odd))
    }

    /// Name for logs and dissectors.
    pub(crate) fn name(self) -> &'static str {
        match self {
            PacketKind::Request => "request",
            PacketKind::Denied => "denied",
            PacketKind::Challenge => "challenge",
            PacketKind::Response => "response",
            PacketKind::KeepAlive => "keep_alive",
            PacketKind::Payload => "payload",
            PacketKind::Disconnect => "disconnect",
            PacketKind::Rekey => "rekey",
        }
    }

    /// Whether a body of this many bytes is possible.
    fn allows_body(self, bytes: usize) -> bool {
        match self {
            PacketKind::Request => false,
            PacketKind::Denied | PacketKind::Disconnect => bytes == 0,
            PacketKind::Challenge | PacketKind::Response => bytes == 8 + CHALLENGE_TOKEN_BYTES,
            PacketKind::KeepAlive => bytes == 8,
            PacketKind::Payload => (1..=PAYLOAD_MAX).contains(&bytes),
            PacketKind::Rekey => RekeyMessage::allows(bytes),
        }
    }

    /// Packets of sessions are, those of handshakes are not.
    fn is_replay_protected(self) -> bool {
        use PacketKind::{Disconnect, KeepAlive, Payload, Rekey};
        matches!(self, KeepAlive | Payload | Disconnect | Rekey)
    }
}

/// Which end of a session receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

impl Side {
    fn receives(self, kind: PacketKind) -> bool {
        match kind {
            PacketKind::Request | PacketKind::Response => self == Side::Server,
            PacketKind::Denied | PacketKind::Challenge => self == Side::Client,
            PacketKind::KeepAlive | PacketKind::Payload | PacketKind::Disconnect | PacketKind::Rekey => true,
        }
    }
}

/// A sealed packet's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packet<'a> {
    Denied,
    Challenge { sequence: u64, token: &'a [u8; CHALLENGE_TOKEN_BYTES] },
    Response { sequence: u64, token: &'a [u8; CHALLENGE_TOKEN_BYTES] },
    KeepAlive { client_index: u32, max_clients: u32 },
    Payload(&'a [u8]),
    Disconnect,
    Rekey(RekeyMessage),
}

impl Packet<'_> {
    pub(crate) fn kind(&self) -> PacketKind {
        match self {
            Packet::Denied => PacketKind::Denied,
            Packet::Challenge { .. } => PacketKind::Challenge,
            Packet::Response { .. } => PacketKind::Response,
            Packet::KeepAlive { .. } => PacketKind::KeepAlive,
            Packet::Payload(_) => PacketKind::Payload,
            Packet::Disconnect => PacketKind::Disconnect,
            Packet::Rekey(_) => PacketKind::Rekey,
        }
    }
}

/// Version, protocol and the prefix byte, so that nobody can turn one packet into another type.
fn associated(protocol_id: u64, prefix: u8) -> [u8; 13 + 8 + 1] {
    let mut bytes = [0; 13 + 8 + 1];
    bytes[..13].copy_from_slice(&VERSION);
    bytes[13..21].copy_from_slice(&protocol_id.to_le_bytes());
    bytes[21] = prefix;
    bytes
}

/// Bytes of a sequence number without its high zero bytes, at least one.
fn sequence_bytes(sequence: u64) -> usize {
    (8 - sequence.leading_zeros() as usize / 8).max(1)
}

/// Seals `packet` into `out` and returns its length. A payload must have 1 to 1200 bytes.
pub(crate) fn seal_packet(
    packet: &Packet<'_>,
    sequence: u64,
    protocol_id: u64,
    key: &PacketKey,
    out: &mut [u8; DATAGRAM_MAX],
) -> usize {
    let width = sequence_bytes(sequence);
    let epoch = if key.is_odd() { ODD_EPOCH } else { 0 };
    let prefix = packet.kind() as u8 | epoch | (width as u8) << 4;
    let mut writer = Writer::new(out);
    writer.u8(prefix);
    writer.put(&sequence.to_le_bytes()[..width]);
    match packet {
        Packet::Denied | Packet::Disconnect => {}
        Packet::Challenge { sequence, token } | Packet::Response { sequence, token } => {
            writer.u64(*sequence);
            writer.put(&token[..]);
        }
        Packet::KeepAlive { client_index, max_clients } => {
            writer.u32(*client_index);
            writer.u32(*max_clients);
        }
        Packet::Payload(bytes) => {
            debug_assert!((1..=PAYLOAD_MAX).contains(&bytes.len()));
            writer.put(bytes);
        }
        Packet::Rekey(message) => message.write(&mut writer),
    }
    let end = writer.position() + TAG_BYTES;
    key.seal(sequence, &associated(protocol_id, prefix), &mut out[1 + width..end]);
    end
}

/// What the first bytes of a sealed packet say, not yet proved.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    pub(crate) kind: PacketKind,
    /// Sealed with a key of an epoch with an odd number.
    pub(crate) odd: bool,
    pub(crate) sequence: u64,
    body_at: usize,
}

impl Header {
    /// Where the body lies in a datagram of `len` bytes.
    pub(crate) fn body(&self, len: usize) -> Range<usize> {
        self.body_at..len - TAG_BYTES
    }
}

/// Reads and judges everything that can be judged without a key.
pub(crate) fn read_header(datagram: &[u8], side: Side) -> Result<Header, DropReason> {
    if datagram.len() < SEALED_MIN {
        return Err(DropReason::TooSmall);
    }
    if datagram.len() > DATAGRAM_MAX {
        return Err(DropReason::TooLarge);
    }
    let (kind, odd) = PacketKind::from_bits(datagram[0] & 15).ok_or(DropReason::UnknownType)?;
    if kind == PacketKind::Request || !side.receives(kind) {
        return Err(DropReason::TypeNotAllowed);
    }
    let width = usize::from(datagram[0] >> 4);
    if !(1..=8).contains(&width) {
        return Err(DropReason::SequenceBytes);
    }
    let body_at = 1 + width;
    let body = datagram.len().checked_sub(body_at + TAG_BYTES).ok_or(DropReason::TooSmall)?;
    if !kind.allows_body(body) {
        return Err(DropReason::WrongSize);
    }
    let mut low_first = [0; 8];
    low_first[..width].copy_from_slice(&datagram[1..body_at]);
    Ok(Header { kind, odd, sequence: u64::from_le_bytes(low_first), body_at })
}

/// Opens the packet in place. The window is asked before and moved after the cipher has proved the packet genuine.
pub(crate) fn open_packet<'a>(
    datagram: &'a mut [u8],
    header: Header,
    protocol_id: u64,
    key: &PacketKey,
    window: Option<&mut ReplayWindow>,
) -> Result<Packet<'a>, DropReason> {
    let window = window.filter(|_| header.kind.is_replay_protected());
    if window.as_ref().is_some_and(|window| window.is_used(header.sequence)) {
        return Err(DropReason::Replayed);
    }
    let associated = associated(protocol_id, datagram[0]);
    let sealed = &mut datagram[header.body_at..];
    key.open(header.sequence, &associated, sealed).map_err(|_| DropReason::NotAuthentic)?;
    if let Some(window) = window {
        window.mark(header.sequence);
    }
    let body = &sealed[..sealed.len() - TAG_BYTES];
    read_body(header.kind, body).ok_or(DropReason::WrongSize)
}

fn read_body(kind: PacketKind, body: &[u8]) -> Option<Packet<'_>> {
    let mut reader = Reader::new(body);
    Some(match kind {
        PacketKind::Request => return None,
        PacketKind::Denied => Packet::Denied,
        PacketKind::Disconnect => Packet::Disconnect,
        PacketKind::Rekey => Packet::Rekey(RekeyMessage::read(body)?),
        PacketKind::Payload => Packet::Payload(body),
        PacketKind::KeepAlive => {
            Packet::KeepAlive { client_index: reader.u32()?, max_clients: reader.u32()? }
        }
        PacketKind::Challenge => Packet::Challenge { sequence: reader.u64()?, token: body.last_chunk()? },
        PacketKind::Response => Packet::Response { sequence: reader.u64()?, token: body.last_chunk()? },
    })
}

/// A connection request as it lies in a datagram; nothing in it is proved.
pub(crate) struct Request<'a> {
    pub(crate) protocol_id: u64,
    pub(crate) expires: UnixSeconds,
    pub(crate) nonce: [u8; TOKEN_NONCE_BYTES],
    pub(crate) sealed: &'a mut [u8; PRIVATE_TOKEN_BYTES],
}

/// Writes the request that shows `token` to a server, and returns its length.
pub(crate) fn write_request(token: &ConnectToken, out: &mut [u8; DATAGRAM_MAX]) -> usize {
    let mut writer = Writer::new(out);
    writer.u8(PacketKind::Request as u8);
    writer.put(&VERSION);
    writer.u64(token.protocol_id);
    writer.u64(token.expires.0);
    writer.put(&token.nonce);
    writer.put(&token.sealed[..]);
    writer.position()
}

/// Reads a datagram that begins with a zero byte.
pub(crate) fn read_request(datagram: &mut [u8]) -> Result<Request<'_>, DropReason> {
    if datagram.len() != REQUEST_BYTES {
        return Err(DropReason::RequestSize);
    }
    let (head, sealed) =
        datagram.split_last_chunk_mut::<PRIVATE_TOKEN_BYTES>().ok_or(DropReason::RequestSize)?;
    let mut reader = Reader::new(&head[1..]);
    let cut = DropReason::RequestSize;
    if reader.array::<13>().ok_or(cut)? != VERSION {
        return Err(DropReason::ForeignVersion);
    }
    Ok(Request {
        protocol_id: reader.u64().ok_or(cut)?,
        expires: UnixSeconds(reader.u64().ok_or(cut)?),
        nonce: reader.array().ok_or(cut)?,
        sealed,
    })
}
