//! Targets for what is inside payloads: a zone's sessions, the packet channel, snapshots, reliable messages, changes of the
//! world, images of the ground.
//!
//! A conversation is a sequence of payloads, each after its length in two bytes, little-endian.

use crate::budget::per_packet;
use shieldwall_core::spatial::Deformation;
use shieldwall_core::{
    Arm, Brads, CharacterInput, Command, Metres, Position, PropPlace, Terrain, TerrainDeltas, Tick, Velocity,
    ViewAge, World, WorldConfig,
};
use shieldwall_net::channel::Channel;
use shieldwall_net::client::replica::ReplicaTable;
use shieldwall_net::dissect::SessionDissector;
use shieldwall_net::secure::{ClientIndex, Direction};
use shieldwall_net::server::{ReplicationConfig, ZoneSessions};
use shieldwall_net::time::Micros;
use shieldwall_net::wire::bits::BitReader;
use shieldwall_net::wire::client_message::{ClientMessage, Hello};
use shieldwall_net::wire::goodbye::GoodbyeReason;
use shieldwall_net::wire::ground_image::{self, GroundCheck, GroundPiece};
use shieldwall_net::wire::objectives::{OBJECTIVES_BYTES_MAX, ObjectiveCodec};
use shieldwall_net::wire::welcome::ServerMessage;
use shieldwall_net::wire::world_changes::{CHANGES_BYTES_MAX, CHANGES_MESSAGE, ChangeCodec, WorldChange};
use shieldwall_net::wire::{FrameKind, PAYLOAD_BYTES, events, inputs, state_check};
use std::sync::OnceLock;

/// Payloads of one conversation at most.
const PAYLOADS_MAX: usize = 64;

fn payloads(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    directed(bytes).map(|(_, payload)| payload)
}

/// The same, where the highest bit of a length says that a payload goes up.
fn directed(mut bytes: &[u8]) -> impl Iterator<Item = (Direction, &[u8])> {
    std::iter::from_fn(move || {
        let (head, rest) = bytes.split_first_chunk::<2>()?;
        let head = u16::from_le_bytes(*head);
        let direction = if head & UP != 0 { Direction::Up } else { Direction::Down };
        let length = usize::from(head & !UP).min(rest.len()).min(PAYLOAD_BYTES);
        let (payload, others) = rest.split_at(length);
        bytes = others;
        Some((direction, payload))
    })
    .take(PAYLOADS_MAX)
}

/// Bit of a payload's length in [`directed`].
const UP: u16 = 1 << 15;

fn small_world() -> WorldConfig {
    WorldConfig {
        half_extent: Metres::from_m(8),
        character_capacity: 16,
        projectile_capacity: 16,
        event_capacity: 64,
        ..WorldConfig::default()
    }
}

struct Zone {
    world: World,
    sessions: ZoneSessions,
    commands: Vec<shieldwall_core::Command>,
}

impl Zone {
    fn with_clients(count: u32) -> Self {
        let config = small_world();
        let world = World::new(&config).expect("a sound configuration");
        let mut sessions =
            ZoneSessions::new(&ReplicationConfig::default(), &config, 4).expect("a sound configuration");
        for index in 0..count {
            sessions.connect(ClientIndex(index), index.into(), None).expect("a free index");
        }
        Self { world, sessions, commands: Vec::new() }
    }

    fn now(&self) -> Micros {
        Micros(u64::from(self.world.tick().0) * 16_667)
    }

    fn tick(&mut self, mut sink: impl FnMut(ClientIndex, &[u8])) {
        self.commands.clear();
        self.sessions.begin_tick(self.world.tick(), &mut self.commands);
        self.world.step(&self.commands);
        self.sessions.end_tick(&self.world);
        let now = self.now();
        self.sessions.send_due(&self.world, now, &mut sink);
    }
}

/// A client says anything to a running zone, a tick apart. The zone goes on, and so do its other clients.
pub fn zone(bytes: &[u8]) {
    let mut zone = Zone::with_clients(2);
    (0..4).for_each(|_| zone.tick(|_, _| {}));
    let mut sent = 0;
    for payload in payloads(bytes) {
        let now = zone.now();
        let _ = per_packet(|| zone.sessions.receive(ClientIndex(0), payload, now));
        zone.tick(|client, payload| {
            assert!(payload.len() <= PAYLOAD_BYTES);
            sent += u32::from(client == ClientIndex(1));
        });
    }
    (0..3).for_each(|_| zone.tick(|client, _| sent += u32::from(client == ClientIndex(1))));
    assert!(sent > 0, "the other client is served");
}

/// Anything arrives at one end of a channel; messages that come out have a bounded length.
pub fn channel(bytes: &[u8]) {
    let mut channel: Channel<()> = Channel::default();
    let mut buffer = [0; PAYLOAD_BYTES];
    for payload in payloads(bytes) {
        let writer = channel.begin(&mut buffer);
        channel.finish(writer, (), Micros::ZERO, |()| {});
        let Ok(mut packet) = channel.receive(payload, Micros::ZERO, |(), _| {}) else { continue };
        let mut reader = packet.reader.clone();
        while let Ok(kind) = FrameKind::read(&mut packet.reader) {
            let read = per_packet(|| match kind {
                FrameKind::Fragment => channel.read_fragment(&mut packet.reader).is_ok(),
                FrameKind::Events => events::read(&mut packet.reader, |_, _| {}).is_ok(),
                FrameKind::StateCheck => state_check::read(&mut packet.reader, |_, _| {}).is_ok(),
                FrameKind::Inputs => inputs::read(&mut packet.reader, |_, _| {}).is_ok(),
                FrameKind::Snapshot | FrameKind::End => false,
            });
            assert!(packet.reader.position() >= reader.position());
            reader = packet.reader.clone();
            if !read {
                break;
            }
        }
        channel.confirm(packet.sequence);
        while let Ok(Some(message)) = channel.next_message() {
            let _ = per_packet(|| ServerMessage::decode(message));
        }
    }
}

/// Anything is taken for snapshots, one after another.
pub fn snapshot(bytes: &[u8]) {
    let mut replica = ReplicaTable::new(&small_world());
    for payload in payloads(bytes) {
        let _ = per_packet(|| replica.apply(&mut BitReader::new(payload)));
        assert!(replica.entities().count() <= 16);
        for entity in replica.entities() {
            assert!(entity.iter().zip(entity.iter().skip(1)).all(|(a, b)| a.tick != b.tick));
        }
    }
}

/// Anything is taken for the payloads of a session that somebody captured. What was understood whole is understood the same again.
pub fn dissect(bytes: &[u8]) {
    let mut dissectors = [(); 2].map(|()| SessionDissector::new(5));
    for (direction, payload) in directed(bytes) {
        let [first, again] =
            dissectors.each_mut().map(|dissector| per_packet(|| dissector.payload(payload, direction)));
        assert_eq!(first, again);
    }
}

/// Anything is taken for a reliable message. What is read is written back the same.
pub fn message(bytes: &[u8]) {
    match per_packet(|| ServerMessage::decode(bytes)) {
        Ok(ServerMessage::Welcome(welcome)) => {
            assert_eq!(welcome.encode_in(u16::from_le_bytes([bytes[1], bytes[2]])), bytes);
        }
        Ok(ServerMessage::Rules(change)) => assert_eq!(change.encode(), bytes),
        Ok(ServerMessage::Goodbye(reason)) => assert_eq!(reason.encode(), bytes),
        Ok(ServerMessage::GroundCheck(check)) => assert_eq!(check.encode()[..], *bytes),
        Ok(ServerMessage::Ground(piece)) => assert_eq!(piece.encode(), bytes),
        Ok(ServerMessage::Objectives(body)) => objectives(body),
        Ok(ServerMessage::Event(..) | ServerMessage::Changes(_)) | Err(_) => {}
    }
}

/// Anything is taken for a message about places, flags and scores. What is read is written back as entries that say the same.
fn objectives(body: &[u8]) {
    let codec = ObjectiveCodec::new(&small_world(), 5);
    let mut all = Vec::new();
    let _ = codec.read(body, Tick(70_000), |tick, entry| all.push((tick, entry)));
    for (tick, entry) in all {
        let mut buffer = [0; OBJECTIVES_BYTES_MAX];
        let (length, _) = codec.write(tick, std::iter::once(entry), &mut buffer);
        let mut back = None;
        let read = codec.read(&buffer[1..length], tick, |at, entry| back = Some((at, entry)));
        assert_eq!((read, back), (Ok(()), Some((tick, entry))));
    }
}

/// Anything is taken for changes of the world: the first byte says how large the world is, the second is a message's first.
/// What is read is carried out on a ground, where it can be, and is written back as changes that say the same.
pub fn changes(bytes: &[u8]) {
    let (Some(&size), Some(message)) = (bytes.first(), bytes.get(1..).filter(|message| !message.is_empty()))
    else {
        return;
    };
    let config = WorldConfig { half_extent: Metres::from_m(8 + i32::from(size % 8)), ..small_world() };
    let codec = ChangeCodec::new(&config);
    let mut terrain = ground_of(usize::from(size % 8)).clone();
    let mut deltas = TerrainDeltas::new(config.terrain_delta_chunks);
    let mut message = message.to_vec();
    message[0] |= CHANGES_MESSAGE;
    let first = u32::from(message[0]);
    let mut all = Vec::new();
    let _ = per_packet(|| codec.read(&message, first, |change| all.push(change)));
    for change in &all {
        if let Some(deformation) = codec.deformation_of(change) {
            terrain.deform(&mut deltas, &deformation, |_| {});
        }
        let mut buffer = [0; CHANGES_BYTES_MAX];
        let (length, _) = codec.write(first, std::iter::once(change), &mut buffer);
        let mut back = None;
        codec.read(&buffer[..length], first, |change| back = Some(change)).expect("what was written is read");
        assert_eq!(back, Some(*change));
    }
    assert!(deltas.is_empty() || terrain.first_impossible(&deltas).is_none());
}

/// The ground of the small world, so many metres wider: made once, for a world is larger than what is asked of it here.
fn ground_of(wider_m: usize) -> &'static Terrain {
    static GROUNDS: OnceLock<Vec<Terrain>> = OnceLock::new();
    let made = |wider_m: i32| {
        let config = WorldConfig { half_extent: Metres::from_m(8 + wider_m), ..small_world() };
        World::new(&config).expect("a sound configuration").terrain().clone()
    };
    &GROUNDS.get_or_init(|| (0..8).map(made).collect())[wider_m]
}

/// Anything is taken for an image of the ground. What is read and can be is followed by a ground, and written back.
pub fn ground(bytes: &[u8]) {
    let config = small_world();
    let Ok((deltas, fallen, props)) = ground_image::decode(bytes, config.terrain_delta_chunks) else {
        return;
    };
    let mut terrain = World::new(&config).expect("a sound configuration").terrain().clone();
    if terrain.first_impossible(&deltas).is_none() {
        terrain.follow(&TerrainDeltas::new(0), &deltas);
    }
    let again = ground_image::encode(&deltas, &fallen, &props);
    let (back, sections, loose) =
        ground_image::decode(&again, config.terrain_delta_chunks).expect("what was written is read");
    assert!(back == deltas && sections == fallen && loose == props);
}

fn record(conversation: &mut Vec<u8>, payload: &[u8]) {
    record_with(conversation, payload, 0);
}

fn record_with(conversation: &mut Vec<u8>, payload: &[u8], flags: u16) {
    conversation.extend((payload.len() as u16 | flags).to_le_bytes());
    conversation.extend(payload);
}

/// What an honest client and a zone say to each other: upward payloads, downward payloads, snapshots, messages, all payloads.
fn conversation() -> [Vec<u8>; 5] {
    let mut zone = Zone::with_clients(3);
    let mut client: Channel<()> = Channel::default();
    client.send_reliable(&ClientMessage::Hello(Hello::OURS).encode()).expect("room");
    let [mut up, mut down, mut snapshots, mut messages, mut both] = [const { Vec::new() }; 5];
    for tick in 0..60_u32 {
        let mut arrived = Vec::new();
        zone.tick(|to, payload| {
            if to == ClientIndex(0) {
                arrived.push(payload.to_vec());
            }
        });
        let now = zone.now();
        for payload in arrived {
            record(&mut down, &payload);
            record(&mut both, &payload);
            let Ok(mut packet) = client.receive(&payload, now, |(), _| {}) else { continue };
            while let Ok(FrameKind::Fragment) = FrameKind::read(&mut packet.reader) {
                client.read_fragment(&mut packet.reader).expect("an honest server");
            }
            client.confirm(packet.sequence);
            while let Ok(Some(message)) = client.next_message() {
                messages = message.to_vec();
            }
            // A frame behind its kind, moved to the start of a byte.
            let bits = packet.reader;
            let mut frame = vec![0; PAYLOAD_BYTES];
            let mut writer = shieldwall_net::wire::bits::BitWriter::new(&mut frame);
            let mut reader = bits;
            while let Ok(bit) = reader.get_bit() {
                shieldwall_net::wire::bits::BitSink::put_bit(&mut writer, bit);
            }
            let length = writer.finish();
            record(&mut snapshots, &frame[..length]);
        }
        if tick % 2 == 0 {
            let mut buffer = [0; PAYLOAD_BYTES];
            let mut writer = client.begin(&mut buffer);
            FrameKind::Inputs.write(&mut writer);
            let input = CharacterInput { move_forward: 127, buttons: 4, ..CharacterInput::default() };
            let given = inputs::PlayerInput::new(input, ViewAge(90));
            inputs::write(&mut writer, Tick(zone.world.tick().0 + 2), [given; 4].into_iter());
            client.write_reliable(&mut writer, now);
            let length = client.finish(writer, (), now, |()| {});
            record(&mut up, &buffer[..length]);
            record_with(&mut both, &buffer[..length], UP);
            zone.sessions.receive(ClientIndex(0), &buffer[..length], now).expect("an honest client");
        }
    }
    [up, down, snapshots, messages, both]
}

/// A message with a change of every kind, behind the byte of the smallest world.
fn changes_seed() -> Vec<u8> {
    let round = Deformation {
        x: Metres::from_m(1),
        z: Metres::from_m(-2),
        radius: Metres::from_m(4),
        depth: Metres::from_mm(500),
    };
    let changes = [
        WorldChange::Crater { x: Metres::from_m(3), z: Metres::from_mm(-1_250), arm: Arm(7) },
        WorldChange::Deformed(round),
        WorldChange::Deformed(Deformation { depth: Metres::from_mm(-333), ..round }),
        WorldChange::SectionFell { section: 5 },
        WorldChange::SectionBuilt { section: 60_000 },
        WorldChange::of_resting(3, &crate_at_rest()),
        WorldChange::of_moving(4, &crate_at_rest(), Velocity::from_raw(1 << 16, -1, 9 << 16)),
        WorldChange::PropGone { slot: 4 },
    ];
    let mut buffer = [0; CHANGES_BYTES_MAX];
    let (length, _) = ChangeCodec::new(&small_world()).write(77, changes.iter(), &mut buffer);
    [&[0], &buffer[..length]].concat()
}

/// A crate that lies somewhere.
fn crate_at_rest() -> PropPlace {
    PropPlace { kind: 0, position: Position::from_raw(70_000, 3, -9), yaw: Brads(0x1200) }
}

/// The image of a ground with a crater and of two sections that are down.
fn image_seed() -> Vec<u8> {
    let mut world = World::new(&small_world()).expect("a sound configuration");
    let [x, z, radius, depth] = [1, 2, 5, 1].map(Metres::from_m);
    world.step(&[Command::Deform { x, z, radius, depth }]);
    ground_image::encode(world.terrain_deltas(), &[3, 40_000].into(), &[(3, crate_at_rest())].into())
}

/// Seeds of these targets.
pub fn seeds() -> Vec<(&'static str, String, Vec<u8>)> {
    let [up, down, snapshots, messages, both] = conversation();
    let image = image_seed();
    vec![
        ("frames_zone", "honest".to_owned(), up),
        ("frames_channel", "honest".to_owned(), down),
        ("frames_snapshot", "honest".to_owned(), snapshots),
        ("frames_dissect", "honest".to_owned(), both),
        ("frames_message", "welcome".to_owned(), messages),
        ("frames_message", "goodbye".to_owned(), vec![3, 1]),
        ("frames_message", "kicked".to_owned(), vec![3, 4, 7]),
        ("frames_message", "replaced".to_owned(), vec![3, 5]),
        ("frames_message", "other_version".to_owned(), GoodbyeReason::other_version().encode()),
        ("frames_message", "event".to_owned(), vec![2, 0x42, 0, 0, 0, 0x48, 0, 0x18, 0, 0xa0, 5, 8, 0]),
        ("frames_message", "check".to_owned(), GroundCheck { number: 9, hash: 77 }.encode().to_vec()),
        ("frames_message", "ground".to_owned(), GroundPiece::of(3, &image, 0).encode()),
        ("frames_changes", "all_kinds".to_owned(), changes_seed()),
        ("frames_ground", "crater".to_owned(), image),
    ]
}
