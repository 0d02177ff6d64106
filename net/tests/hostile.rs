//! What a client with a valid session can try against the zone: each attempt is refused or bounded, and the others play on.
//! (What needs no session: `net/src/secure/tests`.)

use shieldwall_core::{CharacterInput, Command, World, WorldConfig};
use shieldwall_core::{Tick, ViewAge};
use shieldwall_net::channel::sequence::{PacketHeader, Sequence};
use shieldwall_net::channel::{Channel, FrameError};
use shieldwall_net::secure::ClientIndex;
use shieldwall_net::server::{ReplicationConfig, ZoneSessions};
use shieldwall_net::time::Micros;
use shieldwall_net::wire::bits::{BitSink, BitWriter};
use shieldwall_net::wire::client_message::{ClientMessage, Hello};
use shieldwall_net::wire::inputs::{self, PlayerInput};
use shieldwall_net::wire::{FrameKind, PAYLOAD_BYTES};

const MALLORY: ClientIndex = ClientIndex(0);

/// A zone with a hostile client and an honest one, which reads nothing but counts what it gets.
struct Scene {
    world: World,
    zone: ZoneSessions,
    honest: Channel<()>,
    mallory: Channel<()>,
    honest_packets: u64,
    commands: Vec<Command>,
    tick: u64,
}

impl Scene {
    fn new() -> Self {
        let config = WorldConfig { character_capacity: 64, ..WorldConfig::default() };
        let mut zone =
            ZoneSessions::new(&ReplicationConfig::default(), &config, 4).expect("a good configuration");
        (0..2).for_each(|index| zone.connect(ClientIndex(index), index.into(), None).expect("a free place"));
        let world = World::new(&config).expect("a good configuration");
        let (mut honest, mut mallory) = (Channel::default(), Channel::default());
        for (client, channel) in [(MALLORY, &mut mallory), (ClientIndex(1), &mut honest)] {
            channel.send_reliable(&ClientMessage::Hello(Hello::OURS).encode()).expect("room");
            let mut buffer = [0; PAYLOAD_BYTES];
            let mut writer = channel.begin(&mut buffer);
            channel.write_reliable(&mut writer, Micros::ZERO);
            let length = channel.finish(writer, (), Micros::ZERO, |()| {});
            zone.receive(client, &buffer[..length], Micros::ZERO).expect("an honest packet");
        }
        Self { world, zone, honest, mallory, honest_packets: 0, commands: Vec::new(), tick: 0 }
    }

    fn now(&self) -> Micros {
        Micros(self.tick * 16_667)
    }

    /// A tick in which both acknowledge whatever comes; neither looks into it.
    fn run(&mut self) {
        let now = self.now();
        self.tick += 1;
        let mut buffer = [0; PAYLOAD_BYTES];
        let writer = self.honest.begin(&mut buffer);
        let length = self.honest.finish(writer, (), now, |()| {});
        self.zone.receive(ClientIndex(1), &buffer[..length], now).expect("an honest packet");
        self.commands.clear();
        self.zone.begin_tick(self.world.tick(), &mut self.commands);
        self.world.step(&self.commands);
        self.zone.end_tick(&self.world);
        let Self { zone, world, honest, mallory, honest_packets, .. } = self;
        zone.send_due(world, now, &mut |client, payload| {
            // What Mallory says it sent, its own channel knows nothing of.
            let is_honest = client != MALLORY;
            let channel = if is_honest { &mut *honest } else { &mut *mallory };
            match channel.receive(payload, now, |(), _| {}) {
                Ok(packet) => channel.confirm(packet.sequence),
                Err(error) => assert!(!is_honest, "{error}"),
            }
            *honest_packets += u64::from(is_honest);
        });
    }

    /// A packet of Mallory with `frames`; what the zone says to it.
    fn send(&mut self, frames: impl FnOnce(&mut BitWriter<'_>)) -> Result<(), FrameError> {
        let now = self.now();
        let mut buffer = [0; PAYLOAD_BYTES];
        let mut writer = self.mallory.begin(&mut buffer);
        frames(&mut writer);
        let length = self.mallory.finish(writer, (), now, |()| {});
        self.zone.receive(MALLORY, &buffer[..length], now)
    }

    /// A packet with this header and nothing else.
    fn send_header(&mut self, header: PacketHeader) -> Result<(), FrameError> {
        let now = self.now();
        self.zone.receive(MALLORY, &header.to_bytes(), now)
    }

    fn honest_is_served(&mut self) {
        let before = self.honest_packets;
        (0..6).for_each(|_| self.run());
        assert_eq!(self.honest_packets - before, 2, "a snapshot every three ticks");
        assert!(self.zone.character_of(ClientIndex(1)).is_some());
    }
}

#[test]
fn acks_of_all_that_was_never_sent() {
    let mut scene = Scene::new();
    (0..60).for_each(|_| scene.run());
    let sent = scene.zone.client_stats(MALLORY).expect("connected").channel.sent;
    let (mut refused, mut taken, mut number) = (0, 0, 1_000_u16);
    for ack in 0..=u16::MAX {
        for ack_bits in [1, u32::MAX] {
            number = number.wrapping_add(1);
            if ack % 64 == 0 {
                scene.run(); // packets are read at 120 a second
            }
            let header = PacketHeader { sequence: Sequence(number), ack: Sequence(ack), ack_bits };
            match scene.send_header(header) {
                Err(FrameError::AckOfUnsent) => refused += 1,
                Ok(()) => taken += 1,
                Err(FrameError::Flood | FrameError::Duplicate | FrameError::TooOld) => {}
                Err(other) => panic!("{other}"),
            }
        }
    }
    let stats = scene.zone.client_stats(MALLORY).expect("connected").channel;
    assert!(refused > 100 && taken > 0, "{refused} {taken}");
    assert!(stats.acked + stats.lost <= stats.sent && stats.sent > sent, "each packet has one fate");
    scene.honest_is_served();
}

/// A client that acknowledges everything and reads nothing is sent differences to states that it does not hold: its loss.
#[test]
fn who_acknowledges_what_it_never_read_harms_itself_alone() {
    let mut scene = Scene::new();
    for _ in 0..600 {
        scene.run();
        let _ = scene.send(|_| {});
    }
    scene.honest_is_served();
    let stats = scene.zone.stats();
    assert_eq!((stats.clients, stats.kicked), (2, 0));
}

#[test]
fn lengths_and_counts_that_lie() {
    let mut scene = Scene::new();
    (0..30).for_each(|_| scene.run());
    let lies: [fn(&mut BitWriter<'_>); 6] = [
        // 64 inputs, of which none follows.
        |w| {
            FrameKind::Inputs.write(w);
            w.put(40, 32);
            w.put(63, 6);
        },
        // A fragment of 511 bytes, and one of 256 that ends at once.
        |w| {
            FrameKind::Fragment.write(w);
            w.put(0, 16);
            w.put(1, 1);
            w.put(511, 9);
        },
        |w| {
            FrameKind::Fragment.write(w);
            w.put(0, 16);
            w.put(0, 1);
            w.put(256, 9);
        },
        // A short fragment that is not the last of its message.
        |w| {
            FrameKind::Fragment.write(w);
            w.put(0, 16);
            w.put(0, 1);
            w.put(3, 9);
            w.align();
            w.put_bytes(&[1, 2, 3]);
        },
        // Frames that only the server sends, or nobody.
        |w| FrameKind::Snapshot.write(w),
        |w| w.put(7, 3),
    ];
    for lie in lies {
        assert!(scene.send(lie).is_err());
        scene.run();
    }
    let refused = scene.zone.client_stats(MALLORY).expect("still connected").refused.total();
    assert_eq!(refused, 6);
    scene.honest_is_served();
}

/// Fragments are kept within a window of 64, whatever their numbers; one beyond it ends the session.
#[test]
fn fragment_bombs() {
    let mut scene = Scene::new();
    (0..30).for_each(|_| scene.run());
    let fragment = |number: u16| {
        move |w: &mut BitWriter<'_>| {
            FrameKind::Fragment.write(w);
            w.put(number.into(), 16);
            w.put(0, 1);
            w.put(256, 9);
            w.align();
            w.put_bytes(&[7; 256]);
        }
    };
    // The whole window behind the hello but its first, so that nothing can be put together.
    for number in 2..65 {
        scene.send(fragment(number)).expect("within the window");
        scene.run();
    }
    assert!(matches!(scene.send(fragment(65)), Err(FrameError::Reliable(_))));
    (0..60).for_each(|_| scene.run());
    let over: Vec<_> = scene.zone.over().collect();
    assert_eq!(over, [MALLORY]);
    scene.zone.disconnect(MALLORY);
    scene.honest_is_served();
}

/// Ticks that have run, ticks far ahead, and clocks that say both at once.
#[test]
fn stale_and_future_ticks_and_a_clock_that_lies() {
    let mut scene = Scene::new();
    (0..30).for_each(|_| scene.run());
    for round in 0..400_u32 {
        let next = scene.world.tick().0;
        let newest =
            [0, next.wrapping_sub(500), next + 72, u32::MAX, next.wrapping_add(1 << 31)][round as usize % 5];
        let run = CharacterInput { move_forward: 127, ..CharacterInput::default() };
        let _ = scene.send(|w| {
            FrameKind::Inputs.write(w);
            let given = (0..8).map(|_| PlayerInput::new(run, ViewAge(u16::MAX)));
            inputs::write(w, Tick(newest), given);
        });
        scene.run();
        let id = scene.zone.character_of(MALLORY).expect("it plays");
        let input = scene.world.input(id).expect("it lives");
        assert_eq!(input.move_forward, 0, "no input of another tick moves anybody");
    }
    let stats = scene.zone.client_stats(MALLORY).expect("connected").inputs;
    assert_eq!(stats.accepted, 0);
    assert!(stats.too_early > 100 && stats.late > 0, "{stats:?}");
    scene.honest_is_served();
}

/// Ten times what a client sends: what is too much is not read, and costs nobody else a packet.
#[test]
fn ten_fold_floods_are_read_within_the_allowance() {
    let mut scene = Scene::new();
    (0..30).for_each(|_| scene.run());
    let (mut read, mut flood) = (0, 0);
    for _ in 0..300 {
        for _ in 0..10 {
            match scene.send(|_| {}) {
                Ok(()) => read += 1,
                Err(FrameError::Flood) => flood += 1,
                Err(other) => panic!("{other}"),
            }
        }
        scene.run();
    }
    // 240 at once, then two a tick.
    assert!((240..=240 + 2 * 301).contains(&read), "{read}");
    assert_eq!(read + flood, 3_000);
    scene.honest_is_served();
}
