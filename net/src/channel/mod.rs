//! A connection's packets: numbers and acks, what became of each packet sent, reliable messages, round-trip time.
//!
//! A [`Channel`] is used the same way at both ends. Sending: [`Channel::begin`] writes the header into a buffer,
//! the caller adds frames, [`Channel::write_reliable`] adds fragments that are due, [`Channel::finish`] closes
//! the packet and remembers a record `R` of the caller with it. Receiving: [`Channel::receive`] reads the header
//! and tells the fate of earlier packets (record by record), the caller reads the frames, and only when all of
//! them were good [`Channel::confirm`] lets the packet be acknowledged. **An acked packet is a processed
//! packet**: snapshots rest on that.
//!
//! What is not here: encryption (`secure`), the content of frames (`wire`), bytes per second ([`budget`] is used
//! by the server's sessions).

pub mod budget;
pub mod reliable;
pub mod sequence;

use crate::time::Micros;
use crate::wire::bits::{BitReader, BitWriter};
use crate::wire::{DecodeError, FrameKind};
use core::fmt;
use reliable::{FragmentList, ReliableError, ReliableReceiver, ReliableSender};
use sequence::{Arrival, PacketHeader, ReceivedWindow, Sequence};
use shieldwall_core::numeric::lanes::prefetch;

/// Packets whose fate is remembered. More than the 32 an ack can name, so that the oldest can be judged lost.
const SENT_RING: usize = 64;
const _: () = assert!(SENT_RING <= u64::BITS as usize);

/// Why a payload was refused. Nothing in it was believed beyond the frames before the fault, and it will not be
/// acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// Bytes that are not of this protocol.
    Decode(DecodeError),
    /// Processed before.
    Duplicate,
    /// More than 63 packets older than the newest.
    TooOld,
    /// It acknowledges a packet that was never sent.
    AckOfUnsent,
    /// A reliable message broke a rule.
    Reliable(ReliableError),
    /// A frame or message that only the other end may send.
    WrongDirection(FrameKind),
    /// The payload names no connected client.
    UnknownClient,
    /// A snapshot refers to a state of `slot` that is not held here (any more).
    StaleBaseline {
        /// The character's slot.
        slot: u16,
        /// How many ticks before the snapshot the missing state is.
        age_ticks: u8,
    },
    /// A snapshot came so long after a newer one that what it says can no longer be put in order.
    StaleSnapshot {
        /// How many ticks before the newest it is.
        late_ticks: u32,
    },
    /// A snapshot came before the welcome that says how to read it.
    NotWelcomed,
    /// One of too many: it was not read.
    Flood,
}

impl From<DecodeError> for FrameError {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl From<ReliableError> for FrameError {
    fn from(error: ReliableError) -> Self {
        Self::Reliable(error)
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decode(error) => error.fmt(f),
            Self::Duplicate => write!(f, "packet was processed before"),
            Self::TooOld => write!(f, "packet is too old"),
            Self::AckOfUnsent => write!(f, "acknowledges a packet that was never sent"),
            Self::Reliable(error) => write!(f, "reliable channel: {error:?}"),
            Self::WrongDirection(kind) => write!(f, "frame {kind:?} comes from the wrong end"),
            Self::UnknownClient => write!(f, "no such client"),
            Self::StaleBaseline { slot, age_ticks } => {
                write!(f, "state of slot {slot} from {age_ticks} ticks before is not held")
            }
            Self::StaleSnapshot { late_ticks } => {
                write!(f, "snapshot is {late_ticks} ticks older than the newest")
            }
            Self::NotWelcomed => write!(f, "snapshot before the welcome"),
            Self::Flood => write!(f, "too many packets"),
        }
    }
}

impl core::error::Error for FrameError {}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The other side processed it.
    Acked,
    /// It fell out of the reach of acks. (A packet can still have arrived: its acks may all have been lost.)
    Lost,
}

#[derive(Clone, Copy, Debug)]
struct SentPacket<R> {
    sequence: Sequence,
    sent_at: Micros,
    fragments: FragmentList,
    record: R,
}

/// Round-trip time as RFC 6298 has it: smoothed mean and deviation. It includes the time the other side waits
/// before it sends its next packet.
#[derive(Clone, Copy, Debug, Default)]
pub struct RoundTrip {
    smoothed: Option<Micros>,
    deviation: Micros,
    newest: Option<Micros>,
}

impl RoundTrip {
    fn sample(&mut self, sample: Micros) {
        self.newest = Some(sample);
        match self.smoothed {
            None => (self.smoothed, self.deviation) = (Some(sample), Micros(sample.0 / 2)),
            Some(smoothed) => {
                let error = smoothed.0.abs_diff(sample.0);
                self.deviation = Micros((3 * self.deviation.0 + error) / 4);
                self.smoothed = Some(Micros((7 * smoothed.0 + sample.0) / 8));
            }
        }
    }

    /// The smoothed mean, once a packet was acknowledged.
    #[must_use]
    pub fn smoothed(&self) -> Option<Micros> {
        self.smoothed
    }

    /// The last one measured.
    #[must_use]
    pub fn newest(&self) -> Option<Micros> {
        self.newest
    }

    /// The mean deviation.
    #[must_use]
    pub fn deviation(&self) -> Micros {
        self.deviation
    }

    /// How long to wait for an ack before sending again: 100 ms to 2 s.
    #[must_use]
    pub fn retransmit_after(&self) -> Micros {
        let estimate = self.smoothed.map_or(250_000, |smoothed| smoothed.0 + 4 * self.deviation.0);
        Micros(estimate.clamp(100_000, 2_000_000))
    }
}

/// Counters of one connection since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChannelStats {
    /// Packets sent.
    pub sent: u64,
    /// Packets the other side acknowledged.
    pub acked: u64,
    /// Packets judged lost.
    pub lost: u64,
    /// Packets received and processed whole.
    pub received: u64,
}

/// A packet being read: its number and its frames.
#[derive(Clone, Debug)]
pub struct OpenPacket<'p> {
    /// For [`Channel::confirm`].
    pub sequence: Sequence,
    /// At the first frame.
    pub reader: BitReader<'p>,
}

/// One end of a connection; `R` is what the caller wants to remember of each packet it sends.
#[derive(Clone, Debug)]
pub struct Channel<R> {
    next_sequence: Sequence,
    /// In-flight packets at their number modulo the ring's length.
    sent: Vec<Option<SentPacket<R>>>,
    /// Which places of `sent` hold a packet: of most that an ack could mean nothing is known any more, and they are not looked at.
    in_flight: u64,
    /// Newest packet the other side acknowledged, if any.
    newest_acked: Option<Sequence>,
    received: ReceivedWindow,
    round_trip: RoundTrip,
    sender: ReliableSender,
    receiver: ReliableReceiver,
    open_fragments: FragmentList,
    stats: ChannelStats,
}

impl<R: Copy> Default for Channel<R> {
    fn default() -> Self {
        Self {
            next_sequence: Sequence(0),
            sent: vec![None; SENT_RING],
            in_flight: 0,
            newest_acked: None,
            received: ReceivedWindow::default(),
            round_trip: RoundTrip::default(),
            sender: ReliableSender::default(),
            receiver: ReliableReceiver::default(),
            open_fragments: FragmentList::default(),
            stats: ChannelStats::default(),
        }
    }
}

impl<R: Copy> Channel<R> {
    /// Asks for what [`Channel::finish`] will overwrite, so that it is near then. Changes nothing.
    #[inline]
    pub fn prefetch(&self) {
        prefetch(&self.sent[usize::from(self.next_sequence.0) % SENT_RING]);
    }

    /// Starts a packet in `buffer` and writes its header. Nothing is remembered before [`Channel::finish`].
    ///
    /// # Panics
    /// If the buffer has no room for a header.
    pub fn begin<'b>(&mut self, buffer: &'b mut [u8]) -> BitWriter<'b> {
        let (ack, ack_bits) = self.received.acks();
        let header = PacketHeader { sequence: self.next_sequence, ack, ack_bits };
        let mut writer = BitWriter::new(buffer);
        writer.put_bytes(&header.to_bytes());
        self.open_fragments = FragmentList::default();
        writer
    }

    /// Adds the fragments that are due and fit to the packet begun last.
    pub fn write_reliable(&mut self, writer: &mut BitWriter<'_>, now: Micros) {
        self.open_fragments = self.sender.write_due(writer, now, self.round_trip.retransmit_after());
    }

    /// Ends the packet begun last and returns its length in bytes. A packet that is still in flight 64 packets
    /// later is given up: `on_lost` gets its record.
    pub fn finish(
        &mut self,
        writer: BitWriter<'_>,
        record: R,
        now: Micros,
        mut on_lost: impl FnMut(&R),
    ) -> usize {
        let length = writer.finish();
        let sequence = self.next_sequence;
        self.next_sequence = sequence.next();
        let packet = SentPacket { sequence, sent_at: now, fragments: self.open_fragments, record };
        if let Some(old) = self.sent[usize::from(sequence.0) % SENT_RING].replace(packet) {
            self.stats.lost += 1;
            on_lost(&old.record);
        }
        self.in_flight |= 1 << (usize::from(sequence.0) % SENT_RING);
        self.stats.sent += 1;
        length
    }

    /// Reads a payload's header and tells `on_fate` about every packet of ours whose fate it decides.
    ///
    /// # Errors
    /// [`FrameError::Duplicate`], [`FrameError::TooOld`], [`FrameError::AckOfUnsent`], [`FrameError::Decode`]:
    /// then nothing of it was used.
    pub fn receive<'p>(
        &mut self,
        payload: &'p [u8],
        now: Micros,
        on_fate: impl FnMut(&R, Fate),
    ) -> Result<OpenPacket<'p>, FrameError> {
        let (header, frames) = PacketHeader::split(payload)?;
        match self.received.check(header.sequence) {
            Arrival::Duplicate => return Err(FrameError::Duplicate),
            Arrival::TooOld => return Err(FrameError::TooOld),
            Arrival::New => {}
        }
        if header.ack_bits != 0 {
            self.process_acks(header.ack, header.ack_bits, now, on_fate)?;
        }
        Ok(OpenPacket { sequence: header.sequence, reader: BitReader::new(frames) })
    }

    fn process_acks(
        &mut self,
        ack: Sequence,
        bits: u32,
        now: Micros,
        mut on_fate: impl FnMut(&R, Fate),
    ) -> Result<(), FrameError> {
        let behind = self.next_sequence.since(ack);
        if behind <= 0 || self.stats.sent < behind as u64 {
            return Err(FrameError::AckOfUnsent);
        }
        for i in 0..32_u16 {
            if bits >> i & 1 == 0 {
                continue;
            }
            let sequence = Sequence(ack.0.wrapping_sub(i));
            let Some(packet) = self.take_in_flight(sequence) else { continue };
            if i == 0 {
                self.round_trip.sample(now.since(packet.sent_at));
            }
            packet.fragments.iter().for_each(|number| self.sender.on_ack(number));
            self.stats.acked += 1;
            on_fate(&packet.record, Fate::Acked);
        }
        if self.newest_acked.is_none_or(|newest| ack.since(newest) > 0) {
            self.newest_acked = Some(ack);
            for i in 32..SENT_RING as u16 {
                let Some(packet) = self.take_in_flight(Sequence(ack.0.wrapping_sub(i))) else { continue };
                self.stats.lost += 1;
                on_fate(&packet.record, Fate::Lost);
            }
        }
        Ok(())
    }

    fn take_in_flight(&mut self, sequence: Sequence) -> Option<SentPacket<R>> {
        let place = usize::from(sequence.0) % SENT_RING;
        // The newest packet of a place is at most a ring old.
        let is_newest = (1..=SENT_RING as i32).contains(&self.next_sequence.since(sequence));
        if !is_newest || self.in_flight >> place & 1 == 0 {
            return None;
        }
        self.in_flight &= !(1 << place);
        let packet = self.sent[place].take();
        debug_assert!(
            packet.as_ref().is_some_and(|packet| packet.sequence == sequence),
            "one of the last ones"
        );
        packet
    }

    /// Reads a fragment frame (after its kind).
    ///
    /// # Errors
    /// [`FrameError::Decode`]; [`FrameError::Reliable`], after which the session should be ended.
    pub fn read_fragment(&mut self, reader: &mut BitReader<'_>) -> Result<(), FrameError> {
        self.receiver.read(reader)
    }

    /// Every frame of this packet was good: acknowledge it from now on.
    pub fn confirm(&mut self, sequence: Sequence) {
        self.received.mark(sequence);
        self.stats.received += 1;
    }

    /// Queues a reliable message.
    ///
    /// # Errors
    /// [`ReliableError::MessageTooLong`], [`ReliableError::Full`].
    pub fn send_reliable(&mut self, message: &[u8]) -> Result<(), ReliableError> {
        self.sender.push(message)
    }

    /// The next reliable message of the other side, in order. Call until `None` after each packet.
    ///
    /// # Errors
    /// [`ReliableError::MessageTooLong`]: the stream is broken for good, end the session.
    pub fn next_message(&mut self) -> Result<Option<&[u8]>, ReliableError> {
        self.receiver.next_message()
    }

    /// Whether reliable fragments wait to be sent (again) at `now`.
    #[must_use]
    pub fn has_reliable_due(&self, now: Micros) -> bool {
        self.sender.is_due(now, self.round_trip.retransmit_after())
    }

    /// Reliable fragments the other side has not acknowledged.
    #[must_use]
    pub fn reliable_in_flight(&self) -> u16 {
        self.sender.in_flight()
    }

    /// The reliable stream's sending half, to ask how far it has come.
    #[must_use]
    pub fn reliable_sender(&self) -> &ReliableSender {
        &self.sender
    }

    /// The number the next packet will have.
    #[must_use]
    pub fn next_sequence(&self) -> Sequence {
        self.next_sequence
    }

    /// The newest packet of ours that was acknowledged.
    #[must_use]
    pub fn newest_acked(&self) -> Option<Sequence> {
        self.newest_acked
    }

    /// Round-trip time.
    #[must_use]
    pub fn round_trip(&self) -> RoundTrip {
        self.round_trip
    }

    /// Counters.
    #[must_use]
    pub fn stats(&self) -> ChannelStats {
        self.stats
    }
}

#[cfg(test)]
mod tests;
