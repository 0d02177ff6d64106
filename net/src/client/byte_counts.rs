//! What a client's bytes were for: counted in bits frame by frame, told in bytes.

use crate::wire::FrameKind;

/// Bytes since the client began, all-in, by what they were for: the sums are [`super::ClientStats::bytes_received`] and
/// [`super::ClientStats::bytes_sent`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BytesByKind {
    /// Received: the own character and the others, and hashes to check those by.
    pub snapshots: u64,
    /// Received: what happened nearby.
    pub events: u64,
    /// Received: reliable messages, repeated ones included.
    pub messages_received: u64,
    /// Received: headers of IP, UDP and packets, seals, the handshake, whatever was refused.
    pub overhead_received: u64,
    /// Sent: inputs, repeated ones included.
    pub inputs: u64,
    /// Sent: reliable messages, repeated ones included.
    pub messages_sent: u64,
    /// Sent: headers of IP, UDP and packets, seals, the handshake.
    pub overhead_sent: u64,
}

/// Bits of frames, by their kind.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FrameBits {
    snapshots: u64,
    events: u64,
    messages_received: u64,
    inputs: u64,
    messages_sent: u64,
}

impl FrameBits {
    /// A frame of so many bits was received.
    pub(super) fn receive(&mut self, kind: FrameKind, bits: usize) {
        match kind {
            FrameKind::Snapshot | FrameKind::StateCheck => self.snapshots += bits as u64,
            FrameKind::Events => self.events += bits as u64,
            FrameKind::Fragment => self.messages_received += bits as u64,
            FrameKind::Inputs | FrameKind::End => {}
        }
    }

    /// So many bits of inputs and of reliable messages were sent.
    pub(super) fn send(&mut self, inputs: usize, messages: usize) {
        self.inputs += inputs as u64;
        self.messages_sent += messages as u64;
    }

    /// Adds what one packet held.
    pub(super) fn add(&mut self, packet: &Self) {
        self.snapshots += packet.snapshots;
        self.events += packet.events;
        self.messages_received += packet.messages_received;
        self.inputs += packet.inputs;
        self.messages_sent += packet.messages_sent;
    }

    /// In bytes, of so many in all.
    pub(super) fn bytes(&self, received: u64, sent: u64) -> BytesByKind {
        let [snapshots, events, messages_received, inputs, messages_sent] =
            [self.snapshots, self.events, self.messages_received, self.inputs, self.messages_sent]
                .map(|bits| bits / 8);
        BytesByKind {
            snapshots,
            events,
            messages_received,
            overhead_received: received.saturating_sub(snapshots + events + messages_received),
            inputs,
            messages_sent,
            overhead_sent: sent.saturating_sub(inputs + messages_sent),
        }
    }
}
