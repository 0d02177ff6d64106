//! Packet numbers that wrap, and the eight bytes every packet starts with.

use crate::wire::DecodeError;

/// Number of a packet, counted by its sender; wraps after 65,535.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Sequence(pub u16);

impl Sequence {
    /// The number after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }

    /// How many packets after `earlier` this one was sent; negative where it was sent before. Right as long as
    /// the two are less than 32,768 packets apart.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i32 {
        self.0.wrapping_sub(earlier.0) as i16 as i32
    }
}

/// Bytes of a [`PacketHeader`].
pub const HEADER_BYTES: usize = 8;

/// What every packet says first: its own number, and which packets of the other side have been processed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PacketHeader {
    /// Number of this packet.
    pub sequence: Sequence,
    /// The newest packet of the other side that was processed. Meaningless while `ack_bits` is 0.
    pub ack: Sequence,
    /// Bit `i`: packet `ack - i` was processed. Bit 0 is `ack` itself, so 0 says "none yet".
    pub ack_bits: u32,
}

impl PacketHeader {
    /// The header as bytes: three little-endian numbers.
    #[must_use]
    pub fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..2].copy_from_slice(&self.sequence.0.to_le_bytes());
        bytes[2..4].copy_from_slice(&self.ack.0.to_le_bytes());
        bytes[4..].copy_from_slice(&self.ack_bits.to_le_bytes());
        bytes
    }

    /// Splits a payload into its header and the frames behind it.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] for fewer than eight bytes; [`DecodeError::Value`] when the bits deny the ack
    /// they follow.
    pub fn split(payload: &[u8]) -> Result<(Self, &[u8]), DecodeError> {
        let (head, frames) = payload.split_first_chunk::<HEADER_BYTES>().ok_or(DecodeError::Truncated)?;
        let header = Self {
            sequence: Sequence(u16::from_le_bytes([head[0], head[1]])),
            ack: Sequence(u16::from_le_bytes([head[2], head[3]])),
            ack_bits: u32::from_le_bytes([head[4], head[5], head[6], head[7]]),
        };
        if header.ack_bits != 0 && header.ack_bits & 1 == 0 {
            return Err(DecodeError::Value("ack_bits"));
        }
        Ok((header, frames))
    }
}

/// Which packets of the other side have been processed: the source of outgoing acks, and the filter against
/// packets that come twice.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReceivedWindow {
    newest: Sequence,
    /// Bit `i`: packet `newest - i`.
    seen: u64,
}

/// What [`ReceivedWindow::check`] says about a packet number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Not seen before; process it, then [`ReceivedWindow::mark`] it.
    New,
    /// Processed before.
    Duplicate,
    /// So old that nobody can say.
    TooOld,
}

impl ReceivedWindow {
    /// Judges a number; changes nothing.
    #[must_use]
    pub fn check(&self, sequence: Sequence) -> Arrival {
        let behind = self.newest.since(sequence);
        if self.seen == 0 || behind < 0 {
            Arrival::New
        } else if behind >= 64 {
            Arrival::TooOld
        } else if self.seen >> behind & 1 != 0 {
            Arrival::Duplicate
        } else {
            Arrival::New
        }
    }

    /// Remembers that this packet was processed whole.
    pub fn mark(&mut self, sequence: Sequence) {
        let behind = self.newest.since(sequence);
        if self.seen == 0 {
            (self.newest, self.seen) = (sequence, 1);
        } else if behind < 0 {
            self.seen = self.seen.checked_shl(behind.unsigned_abs()).unwrap_or(0) | 1;
            self.newest = sequence;
        } else if behind < 64 {
            self.seen |= 1 << behind;
        }
    }

    /// The newest processed number and the bits of the 32 up to it.
    #[must_use]
    pub fn acks(&self) -> (Sequence, u32) {
        (self.newest, self.seen as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_wrap() {
        assert_eq!(Sequence(0).since(Sequence(u16::MAX)), 1);
        assert_eq!(Sequence(u16::MAX).since(Sequence(0)), -1);
        assert_eq!(Sequence(u16::MAX).next(), Sequence(0));
    }

    proptest! {
        #[test]
        fn header_round_trips(sequence: u16, ack: u16, bits: u32) {
            let bits = if bits == 0 { 0 } else { bits | 1 };
            let header = PacketHeader { sequence: Sequence(sequence), ack: Sequence(ack), ack_bits: bits };
            let mut bytes = header.to_bytes().to_vec();
            bytes.push(9);
            prop_assert_eq!(PacketHeader::split(&bytes), Ok((header, &[9_u8][..])));
            prop_assert_eq!(PacketHeader::split(&bytes[..7]), Err(DecodeError::Truncated));
        }

        /// Against the plain truth: a list of everything marked.
        #[test]
        fn window_agrees_with_a_list(start: u16, steps in prop::collection::vec(-70_i32..40, 1..300)) {
            let mut window = ReceivedWindow::default();
            let mut marked: Vec<i64> = Vec::new();
            let mut at = i64::from(start);
            for step in steps {
                at += i64::from(step);
                let newest = marked.iter().copied().max();
                let want = match newest {
                    _ if marked.contains(&at) && newest.is_some_and(|n| n - at < 64) => Arrival::Duplicate,
                    Some(newest) if newest - at >= 64 => Arrival::TooOld,
                    _ => Arrival::New,
                };
                prop_assert_eq!(window.check(Sequence(at as u16)), want);
                if want == Arrival::New {
                    window.mark(Sequence(at as u16));
                    marked.push(at);
                }
                let newest = marked.iter().copied().max().unwrap();
                let (ack, bits) = window.acks();
                prop_assert_eq!(ack, Sequence(newest as u16));
                for i in 0..32 {
                    prop_assert_eq!(bits >> i & 1 != 0, marked.contains(&(newest - i)));
                }
            }
        }
    }
}
