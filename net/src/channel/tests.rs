//! Two channels over a bad line: everything reliable arrives once and in order, acks name only what was processed.

use super::*;
use crate::wire::MESSAGE_BYTES;
use crate::wire::bits::BitSink;
use proptest::prelude::*;
use reliable::{FRAGMENT_BYTES, WINDOW_FRAGMENTS};

struct End {
    channel: Channel<u64>,
    sent: u64,
    processed: Vec<u64>,
    acked: Vec<u64>,
    lost: Vec<u64>,
    messages: Vec<Vec<u8>>,
}

impl End {
    fn new() -> Self {
        Self {
            channel: Channel::default(),
            sent: 0,
            processed: Vec::new(),
            acked: Vec::new(),
            lost: Vec::new(),
            messages: Vec::new(),
        }
    }

    fn send(&mut self, now: Micros) -> Vec<u8> {
        let mut buffer = [0; 1200];
        let mut writer = self.channel.begin(&mut buffer);
        self.channel.write_reliable(&mut writer, now);
        FrameKind::End.write(&mut writer);
        // The caller's own number, behind the end of the frames: only the test looks there.
        writer.align();
        writer.put_bytes(&self.sent.to_le_bytes());
        let lost = &mut self.lost;
        let length = self.channel.finish(writer, self.sent, now, |&record| lost.push(record));
        self.sent += 1;
        buffer[..length].to_vec()
    }

    fn receive(&mut self, payload: &[u8], now: Micros) {
        let (acked, lost) = (&mut self.acked, &mut self.lost);
        let opened = self.channel.receive(payload, now, |&record, fate| match fate {
            Fate::Acked => acked.push(record),
            Fate::Lost => lost.push(record),
        });
        let Ok(mut packet) = opened else {
            assert!(matches!(opened, Err(FrameError::Duplicate | FrameError::TooOld)));
            return;
        };
        while FrameKind::read(&mut packet.reader).unwrap() == FrameKind::Fragment {
            self.channel.read_fragment(&mut packet.reader).unwrap();
        }
        self.channel.confirm(packet.sequence);
        self.processed.push(u64::from_le_bytes(payload[payload.len() - 8..].try_into().unwrap()));
        while let Some(message) = self.channel.next_message().unwrap() {
            self.messages.push(message.to_vec());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn everything_reliable_arrives_once_in_order(
        seed: u64,
        loss_percent in 0_u32..40,
        sizes in prop::collection::vec(0_usize..3000, 1..20),
    ) {
        let mut random = seed | 1;
        let mut chance = move |percent: u32| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) as u32 % 100 < percent
        };
        let messages: Vec<Vec<u8>> =
            sizes.iter().enumerate().map(|(i, &size)| (0..size).map(|at| (at * 7 + i) as u8).collect()).collect();
        let (mut a, mut b) = (End::new(), End::new());
        let mut waiting = messages.iter();
        let mut next = waiting.next();
        let mut line: Vec<(u64, bool, Vec<u8>)> = Vec::new();
        for round in 0..4000_u64 {
            let now = Micros::from_millis(round * 20);
            while next.is_some_and(|message| a.channel.send_reliable(message).is_ok()) {
                next = waiting.next();
            }
            for (from_a, payload) in [(true, a.send(now)), (false, b.send(now))] {
                let copies = if chance(loss_percent) { 0 } else { 1 + u32::from(chance(3)) };
                for _ in 0..copies {
                    let delay = 2 + if chance(50) { 3 } else { 0 };
                    line.push((round + delay, from_a, payload.clone()));
                }
            }
            let (due, rest): (Vec<_>, Vec<_>) = line.drain(..).partition(|(at, ..)| *at <= round);
            line = rest;
            for (_, from_a, payload) in due {
                if from_a { b.receive(&payload, now) } else { a.receive(&payload, now) }
            }
            if next.is_none() && a.channel.reliable_in_flight() == 0 {
                break;
            }
        }
        prop_assert_eq!(&b.messages, &messages);
        for (sender, receiver) in [(&a, &b), (&b, &a)] {
            prop_assert!(sender.acked.iter().all(|record| receiver.processed.contains(record)));
            let mut fates: Vec<_> = sender.acked.iter().chain(&sender.lost).collect();
            let all = fates.len();
            fates.sort();
            fates.dedup();
            prop_assert_eq!(fates.len(), all, "one fate each");
            let stats = sender.channel.stats();
            prop_assert_eq!((stats.acked, stats.lost), (sender.acked.len() as u64, sender.lost.len() as u64));
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..100), 1..8)) {
        let mut channel: Channel<()> = Channel::default();
        for payload in payloads {
            if let Ok(mut packet) = channel.receive(&payload, Micros::ZERO, |(), _| {}) {
                while let Ok(FrameKind::Fragment) = FrameKind::read(&mut packet.reader) {
                    if channel.read_fragment(&mut packet.reader).is_err() {
                        break;
                    }
                }
                channel.confirm(packet.sequence);
                while let Ok(Some(message)) = channel.next_message() {
                    assert!(message.len() <= MESSAGE_BYTES);
                }
            }
        }
    }
}

#[test]
fn acks_of_packets_never_sent_are_refused() {
    let mut channel: Channel<()> = Channel::default();
    let forged =
        |ack: u16| PacketHeader { sequence: Sequence(0), ack: Sequence(ack), ack_bits: 1 }.to_bytes();
    for ack in [0, 5, u16::MAX, 0x8000] {
        let result = channel.receive(&forged(ack), Micros::ZERO, |(), _| {}).map(|_| ());
        assert_eq!(result, Err(FrameError::AckOfUnsent));
    }
}

#[test]
fn the_window_is_bounded_at_both_ends() {
    let mut channel: Channel<()> = Channel::default();
    assert_eq!(channel.send_reliable(&vec![0; MESSAGE_BYTES + 1]), Err(ReliableError::MessageTooLong));
    for _ in 0..WINDOW_FRAGMENTS {
        channel.send_reliable(b"x").unwrap();
    }
    assert_eq!(channel.send_reliable(b"x"), Err(ReliableError::Full));

    let fragment = |number: u16, last: bool, length: usize| {
        let mut bytes = vec![0; 300];
        let mut writer = BitWriter::new(&mut bytes);
        writer.put(number.into(), 16);
        writer.put_bit(last);
        writer.put(length as u32, 9);
        writer.align();
        writer.put_bytes(&vec![7; length]);
        let length = writer.finish();
        bytes.truncate(length);
        bytes
    };
    let mut receiver = ReliableReceiver::default();
    let mut read = |bytes: &[u8]| receiver.read(&mut BitReader::new(bytes));
    assert_eq!(read(&fragment(WINDOW_FRAGMENTS, true, 1)), Err(ReliableError::OutsideWindow.into()));
    assert_eq!(read(&fragment(0, true, 257)), Err(DecodeError::Value("fragment length").into()));
    assert_eq!(read(&fragment(0, false, 9)), Err(DecodeError::Value("fragment length").into()));
    for number in 0..WINDOW_FRAGMENTS {
        read(&fragment(number, false, FRAGMENT_BYTES)).unwrap();
    }
    assert_eq!(receiver.next_message(), Err(ReliableError::MessageTooLong));
}
