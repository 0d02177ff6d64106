//! Messages that arrive, once and in order: cut into numbered fragments, repeated until acknowledged.
//!
//! Both ends hold at most [`WINDOW_FRAGMENTS`] fragments of [`FRAGMENT_BYTES`], whatever the other side claims;
//! a fragment's buffer is used again, so a connection in its stride allocates nothing. A fragment does not know
//! packets: the channel remembers which fragments a packet carried, and an ack of the packet acks them.
//!
//! Bits of a fragment frame, after its kind: number 16, last-of-message 1, length 9, zeros to the next byte,
//! bytes.

use super::FrameError;
use crate::time::Micros;
use crate::wire::bits::{BitReader, BitSink, BitWriter};
use crate::wire::{DecodeError, FRAME_KIND_BITS, FrameKind, MESSAGE_BYTES};

/// Bytes of one fragment at most: small enough to travel beside a snapshot.
pub const FRAGMENT_BYTES: usize = 256;
/// Fragments that may be unacknowledged or out of order at a time. A power of two.
pub const WINDOW_FRAGMENTS: u16 = 64;
// A message fits half a window, so that two can be under way.
const _: () = assert!(MESSAGE_BYTES == FRAGMENT_BYTES * WINDOW_FRAGMENTS as usize / 2);
/// Fragments one packet carries at most.
pub const FRAGMENTS_PER_PACKET: usize = 4;

/// Room every slot of a sender has from the start: what is told in a battle is short, and takes no memory then.
const SHORT_MESSAGE_BYTES: usize = 32;

const LENGTH_BITS: u32 = 9;
/// Frame bits besides the bytes, with the worst alignment.
pub const OVERHEAD_BITS: usize = FRAME_KIND_BITS as usize + 16 + 1 + LENGTH_BITS as usize + 7;

/// Why a reliable message was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReliableError {
    /// Longer than [`MESSAGE_BYTES`].
    MessageTooLong,
    /// No room until the other side acknowledges something.
    Full,
    /// The other side sent a fragment it may not send yet.
    OutsideWindow,
}

/// The numbers of the fragments in one packet.
#[derive(Clone, Copy, Debug, Default)]
pub struct FragmentList {
    numbers: [u16; FRAGMENTS_PER_PACKET],
    len: u8,
}

impl FragmentList {
    fn push(&mut self, number: u16) {
        self.numbers[usize::from(self.len)] = number;
        self.len += 1;
    }

    fn is_full(&self) -> bool {
        usize::from(self.len) == FRAGMENTS_PER_PACKET
    }

    /// The numbers.
    pub fn iter(&self) -> impl Iterator<Item = u16> + '_ {
        self.numbers[..usize::from(self.len)].iter().copied()
    }
}

#[derive(Clone, Debug, Default)]
struct Slot {
    bytes: Vec<u8>,
    last: bool,
    /// Sender: acknowledged. Receiver: present.
    done: bool,
    sent_at: Option<Micros>,
}

/// The slots of a window, each with room for `reserved_bytes`.
fn slots(reserved_bytes: usize) -> Vec<Slot> {
    let slot = |_| Slot { bytes: Vec::with_capacity(reserved_bytes), ..Slot::default() };
    (0..WINDOW_FRAGMENTS).map(slot).collect()
}

fn index(number: u16) -> usize {
    usize::from(number % WINDOW_FRAGMENTS)
}

/// The sending half.
#[derive(Clone, Debug)]
pub struct ReliableSender {
    slots: Vec<Slot>,
    /// Oldest fragment not acknowledged.
    first: u16,
    /// Number of the next new fragment.
    next: u16,
}

impl Default for ReliableSender {
    fn default() -> Self {
        Self { slots: slots(SHORT_MESSAGE_BYTES), first: 0, next: 0 }
    }
}

impl ReliableSender {
    /// Fragments waiting for an ack.
    #[must_use]
    pub fn in_flight(&self) -> u16 {
        self.next.wrapping_sub(self.first)
    }

    /// Where the queue ends now: for [`ReliableSender::is_acked_before`].
    #[must_use]
    pub fn end(&self) -> u16 {
        self.next
    }

    /// Whether everything queued before the queue ended at `end` has been acknowledged, whatever was queued since.
    /// Right as long as fewer than 32,768 fragments were queued since.
    #[must_use]
    pub fn is_acked_before(&self, end: u16) -> bool {
        self.first.wrapping_sub(end) < 0x8000
    }

    /// Queues a message.
    ///
    /// # Errors
    /// [`ReliableError::MessageTooLong`]; [`ReliableError::Full`], and then nothing of it is queued.
    pub fn push(&mut self, message: &[u8]) -> Result<(), ReliableError> {
        if message.len() > MESSAGE_BYTES {
            return Err(ReliableError::MessageTooLong);
        }
        let count = message.len().div_ceil(FRAGMENT_BYTES).max(1);
        if usize::from(self.in_flight()) + count > usize::from(WINDOW_FRAGMENTS) {
            return Err(ReliableError::Full);
        }
        for i in 0..count {
            let end = message.len().min((i + 1) * FRAGMENT_BYTES);
            let slot = &mut self.slots[index(self.next)];
            slot.bytes.clear();
            slot.bytes.extend_from_slice(&message[i * FRAGMENT_BYTES..end]);
            (slot.last, slot.done, slot.sent_at) = (i + 1 == count, false, None);
            self.next = self.next.wrapping_add(1);
        }
        Ok(())
    }

    /// Whether a fragment is due that has never been sent, or whose last sending is `timeout` ago.
    #[must_use]
    pub fn is_due(&self, now: Micros, timeout: Micros) -> bool {
        (0..self.in_flight()).any(|i| self.due(self.first.wrapping_add(i), now, timeout))
    }

    fn due(&self, number: u16, now: Micros, timeout: Micros) -> bool {
        let slot = &self.slots[index(number)];
        !slot.done && slot.sent_at.is_none_or(|at| now.since(at) >= timeout)
    }

    /// Writes the due fragments that fit, oldest first, each as a whole frame.
    pub fn write_due(&mut self, writer: &mut BitWriter<'_>, now: Micros, timeout: Micros) -> FragmentList {
        let mut list = FragmentList::default();
        for i in 0..self.in_flight() {
            let number = self.first.wrapping_add(i);
            if !self.due(number, now, timeout) {
                continue;
            }
            let slot = &mut self.slots[index(number)];
            if list.is_full() || writer.remaining() < OVERHEAD_BITS + slot.bytes.len() * 8 {
                break;
            }
            FrameKind::Fragment.write(writer);
            writer.put(u32::from(number), 16);
            writer.put_bit(slot.last);
            writer.put(slot.bytes.len() as u32, LENGTH_BITS);
            writer.align();
            writer.put_bytes(&slot.bytes);
            slot.sent_at = Some(now);
            list.push(number);
        }
        list
    }

    /// A packet with fragment `number` arrived.
    pub fn on_ack(&mut self, number: u16) {
        if number.wrapping_sub(self.first) >= self.in_flight() {
            return;
        }
        self.slots[index(number)].done = true;
        while self.first != self.next && self.slots[index(self.first)].done {
            self.first = self.first.wrapping_add(1);
        }
    }
}

/// The receiving half.
#[derive(Clone, Debug)]
pub struct ReliableReceiver {
    slots: Vec<Slot>,
    next: u16,
    assembly: Vec<u8>,
    /// `assembly` was handed out whole and starts anew.
    handed_out: bool,
}

impl Default for ReliableReceiver {
    fn default() -> Self {
        Self { slots: slots(0), next: 0, assembly: Vec::new(), handed_out: false }
    }
}

impl ReliableReceiver {
    /// Reads one fragment frame (after its kind) and keeps it. One that came before is dropped silently: its
    /// packet was acknowledged by a packet that got lost.
    ///
    /// # Errors
    /// [`FrameError::Decode`]; [`ReliableError::OutsideWindow`], which an honest sender never causes.
    pub fn read(&mut self, reader: &mut BitReader<'_>) -> Result<(), FrameError> {
        let number = reader.get(16)? as u16;
        let last = reader.get_bit()?;
        let length = reader.get(LENGTH_BITS)? as usize;
        if length > FRAGMENT_BYTES || (length < FRAGMENT_BYTES && !last) {
            return Err(DecodeError::Value("fragment length").into());
        }
        reader.align()?;
        let bytes = reader.get_bytes(length)?;
        let ahead = number.wrapping_sub(self.next);
        if ahead >= 0x8000 {
            return Ok(());
        }
        if ahead >= WINDOW_FRAGMENTS {
            return Err(ReliableError::OutsideWindow.into());
        }
        let slot = &mut self.slots[index(number)];
        if !slot.done {
            slot.bytes.clear();
            slot.bytes.extend_from_slice(bytes);
            (slot.last, slot.done) = (last, true);
        }
        Ok(())
    }

    /// The next whole message, in the order of sending.
    ///
    /// # Errors
    /// [`ReliableError::MessageTooLong`] when a message never ends: the connection is beyond repair.
    pub fn next_message(&mut self) -> Result<Option<&[u8]>, ReliableError> {
        if self.handed_out {
            self.assembly.clear();
            self.handed_out = false;
        }
        loop {
            let slot = &mut self.slots[index(self.next)];
            if !slot.done {
                return Ok(None);
            }
            if self.assembly.len() + slot.bytes.len() > MESSAGE_BYTES {
                return Err(ReliableError::MessageTooLong);
            }
            self.assembly.extend_from_slice(&slot.bytes);
            slot.done = false;
            self.next = self.next.wrapping_add(1);
            if slot.last {
                self.handed_out = true;
                return Ok(Some(&self.assembly));
            }
        }
    }
}
