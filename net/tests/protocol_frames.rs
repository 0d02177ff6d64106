//! The test vectors of `docs/PROTOCOL_FRAMES.md`: what is written there is what the code writes and reads.

use shieldwall_core::limits::TERRAIN_CHUNK_VERTICES;
use shieldwall_core::numeric::{Brads, Metres, MetresPerSecond, Position, Tick, Velocity};
use shieldwall_core::spatial::Deformation;
use shieldwall_core::state::characters::MoveState;
use shieldwall_core::state::terrain_deltas::{TerrainChunk, TerrainDeltas};
use shieldwall_core::{Arm, CharacterId, CharacterInput, PropPlace, ViewAge, WorldConfig};
use shieldwall_net::channel::reliable::{ReliableReceiver, ReliableSender};
use shieldwall_net::channel::sequence::{PacketHeader, Sequence};
use shieldwall_net::client::replica::ReplicaTable;
use shieldwall_net::time::Micros;
use shieldwall_net::wire::bits::{BitReader, BitWriter};
use shieldwall_net::wire::client_message::{ClientMessage, Hello};
use shieldwall_net::wire::events::{self, EVENT_MESSAGE_BYTES, GameEvent};
use shieldwall_net::wire::goodbye::GoodbyeReason;
use shieldwall_net::wire::ground_image::{self, GroundCheck, GroundPiece};
use shieldwall_net::wire::inputs::PlayerInput;
use shieldwall_net::wire::misconduct::Misconduct;
use shieldwall_net::wire::objectives::{
    FlagState, OBJECTIVES_BYTES_MAX, ObjectiveCodec, ObjectiveEntry, PointState, RingState,
};
use shieldwall_net::wire::prefix_codes::write_gap;
use shieldwall_net::wire::quantize::{EntityCodec, EntityState};
use shieldwall_net::wire::rules_change::RulesChange;
use shieldwall_net::wire::snapshot::{InputReport, OwnState, SectionHead, SnapshotHeader};
use shieldwall_net::wire::state_check::{CheckHead, StateHashes};
use shieldwall_net::wire::welcome::{ServerMessage, Welcome};
use shieldwall_net::wire::world_changes::{CHANGES_BYTES_MAX, ChangeCodec, WorldChange};
use shieldwall_net::wire::{FrameKind, inputs, state_check};

fn bytes_of(write: impl FnOnce(&mut BitWriter<'_>)) -> Vec<u8> {
    let mut bytes = vec![0; 1200];
    let mut writer = BitWriter::new(&mut bytes);
    write(&mut writer);
    let length = writer.finish();
    bytes.truncate(length);
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Compares with the line `name: hex` of the document.
fn expect(name: &str, bytes: &[u8]) {
    let document = include_str!("../../docs/PROTOCOL_FRAMES.md");
    let start = format!("{name}: ");
    let written = document.lines().find_map(|line| line.strip_prefix(&start));
    assert_eq!(written, Some(hex(bytes).as_str()), "vector {name}");
}

fn walker() -> EntityState {
    EntityState {
        x: -640,
        z: 1280,
        height: 0,
        velocity_x: 0,
        velocity_z: -32,
        yaw: 0,
        health: 255,
        status: 3,
        team: 1,
        generation: 1,
        ..EntityState::default()
    }
}

#[test]
fn header() {
    let header = PacketHeader { sequence: Sequence(0x0102), ack: Sequence(0xfffe), ack_bits: 0x8000_0005 };
    expect("header", &header.to_bytes());
}

#[test]
fn inputs_frame() {
    let walk = CharacterInput { move_forward: 127, yaw: Brads(0x1000), ..CharacterInput::default() };
    let swing = CharacterInput { buttons: 4, yaw: Brads(0x0ff0), ..walk };
    let given = [walk, walk, walk, swing].map(|input| PlayerInput::new(input, ViewAge(197)));
    let bytes = bytes_of(|writer| {
        FrameKind::Inputs.write(writer);
        inputs::write(writer, Tick(1000), given.into_iter());
    });
    expect("inputs", &bytes);
    let mut reader = BitReader::new(&bytes);
    assert_eq!(FrameKind::read(&mut reader), Ok(FrameKind::Inputs));
    let mut read = Vec::new();
    inputs::read(&mut reader, |tick, input| read.push((tick.0, input))).unwrap();
    assert_eq!(read, [(997, given[0]), (998, given[1]), (999, given[2]), (1000, given[3])]);
    assert_eq!([given[2].view.0, given[3].view.0], [0, 197], "what was seen travels with attacks");
}

/// Two snapshots: 60, in full; 66, as differences to it, with a leave.
#[test]
fn snapshots() {
    let config = WorldConfig::default();
    let codec = EntityCodec::new(&config);
    let own = OwnState {
        state: MoveState {
            position: Position { x: Metres(65_536), y: Metres(-32_768), z: Metres(3) },
            velocity: Velocity { x: MetresPerSecond(0), y: MetresPerSecond(0), z: MetresPerSecond(-262_144) },
            yaw: Brads(0),
            pitch: -100,
            flags: 7,
            ..MoveState::default()
        },
        health: 1000,
        generation: 1,
        team: 1,
        stamina: 100,
        ready_ticks: [Tick(30); 4],
        ..OwnState::default()
    };
    let inputs = InputReport { newest_received: Some(Tick(65)), margin_ticks: 5, missed: 2 };
    let first = SnapshotHeader { tick: Tick(60), inputs, own: Some(own) };
    let full = bytes_of(|writer| {
        FrameKind::Snapshot.write(writer);
        first.write(writer, None);
        let head = SectionHead::new(1, &[]);
        let counts = head.write(writer);
        for gap in [4, 2] {
            write_gap(writer, gap, 1);
            head.write_age(writer, None);
            writer.put_run(codec.encode_full(&walker()));
        }
        SectionHead::patch_counts(writer, counts, 0, 2);
    });
    expect("snapshot_full", &full);

    // Six ticks at 4 m/s to the north are 0.4 m: predicted. Then health and action change.
    let walked = EntityState { z: 1280 - 26, ..walker() };
    let struck = EntityState { health: 200, action: 1, ..walked };
    let second = SnapshotHeader {
        tick: Tick(66),
        inputs: InputReport { newest_received: Some(Tick(71)), ..inputs },
        own: Some(OwnState { health: 820, ..own }),
    };
    let delta = bytes_of(|writer| {
        FrameKind::Snapshot.write(writer);
        second.write(writer, Some((6, &own)));
        let head = SectionHead::new(1, &[6]);
        let counts = head.write(writer);
        write_gap(writer, 9, 1);
        for (gap, state) in [(4, walked), (2, struck)] {
            write_gap(writer, gap, 1);
            head.write_age(writer, Some(6));
            writer.put_run(codec.encode_delta(&walker(), &state, 6).expect("near enough"));
        }
        SectionHead::patch_counts(writer, counts, 1, 2);
    });
    expect("snapshot_delta", &delta);

    let mut replica = ReplicaTable::new(&config);
    for (bytes, header) in [(full, first), (delta, second)] {
        let mut reader = BitReader::new(&bytes);
        assert_eq!(FrameKind::read(&mut reader), Ok(FrameKind::Snapshot));
        assert_eq!(replica.apply(&mut reader), Ok(header));
    }
    let newest = |slot| replica.entity(slot).map(|entity| entity.newest().state);
    assert_eq!((newest(4), newest(7)), (Some(walked), Some(struck)));
}

#[test]
fn fragment() {
    let mut sender = ReliableSender::default();
    sender.push(&GoodbyeReason::Shutdown.encode()).unwrap();
    let bytes = bytes_of(|writer| {
        sender.write_due(writer, Micros::ZERO, Micros::ZERO);
    });
    expect("fragment", &bytes);
    let mut reader = BitReader::new(&bytes);
    assert_eq!(FrameKind::read(&mut reader), Ok(FrameKind::Fragment));
    let mut receiver = ReliableReceiver::default();
    receiver.read(&mut reader).unwrap();
    let message = receiver.next_message().unwrap().unwrap();
    assert_eq!(ServerMessage::decode(message), Ok(ServerMessage::Goodbye(GoodbyeReason::Shutdown)));
}

#[test]
fn events_and_messages() {
    let died = GameEvent::Died { victim: 3, killer: 9, arm: Arm::BOW };
    let shot = GameEvent::Launched { owner: 12, yaw: Brads(0x4000), pitch: -256, arm: Arm::BOW };
    let bytes = bytes_of(|writer| {
        FrameKind::Events.write(writer);
        events::write(writer, Tick(66), &[died, shot]);
    });
    expect("events", &bytes);

    let hit = GameEvent::Hit { attacker: 9, target: 3, amount: 180, arm: Arm::SWORD };
    let mut buffer = [0; EVENT_MESSAGE_BYTES];
    let message = hit.encode_message(Tick(66), &mut buffer);
    expect("message_event", message);
    assert_eq!(ServerMessage::decode(message), Ok(ServerMessage::Event(Tick(66), hit)));

    let welcome = Welcome {
        tick: Tick(40),
        character: CharacterId { slot: 3, generation: 1 },
        snapshot_interval_ticks: 3,
        world_fingerprint: 0,
        config: WorldConfig { seed: 7, ..WorldConfig::default() },
    };
    let message = welcome.encode();
    // Between the two stands the fingerprint of the default configuration, which changes with every rule.
    expect("message_welcome_head", &message[..17]);
    expect("message_welcome_runs", &message[33..]);
    assert_eq!(ServerMessage::decode(&message), Ok(ServerMessage::Welcome(welcome)));

    let change = RulesChange { from: Tick(720), config: welcome.config };
    let message = change.encode();
    expect("message_rules_head", &message[..5]);
    expect("message_rules_runs", &message[13..]);
    assert_eq!(ServerMessage::decode(&message), Ok(ServerMessage::Rules(change)));
}

#[test]
fn state_checks() {
    let four = EntityState { x: 640, z: -1_280, yaw: 64, health: 255, status: 3, ..EntityState::default() };
    let seven = EntityState { x: 650, team: 1, generation: 2, ..four };
    let states = [(4, four), (7, seven)];
    let bytes = bytes_of(|writer| {
        FrameKind::StateCheck.write(writer);
        state_check::write(writer, Tick(60), states.iter().map(|(slot, state)| (*slot, state)));
    });
    expect("state_check", &bytes);
    let mut reader = BitReader::new(&bytes);
    assert_eq!(FrameKind::read(&mut reader), Ok(FrameKind::StateCheck));
    let mut read = Vec::new();
    let hashes = |slot, state: &EntityState| StateHashes::of(Tick(60), slot, state);
    let head = state_check::read(&mut reader, |slot, hash| read.push((slot, hash))).unwrap();
    assert_eq!(read, states.map(|(slot, state)| (slot, hashes(slot, &state).of_state())));
    let mut sum = hashes(4, &four);
    sum.add(&hashes(7, &seven));
    assert_eq!(head, CheckHead { tick: Tick(60), regions: sum.of_regions() });
}

#[test]
fn changes_of_the_world() {
    let codec = ChangeCodec::new(&WorldConfig::default());
    let mound = Deformation {
        x: Metres::from_m(3),
        z: Metres::from_m(-4),
        radius: Metres::from_m(6),
        depth: Metres::from_mm(-500),
    };
    let changes = [
        WorldChange::Crater { x: Metres::from_mm(-12_250), z: Metres::from_m(100), arm: Arm(7) },
        codec.change_of(&mound),
        WorldChange::SectionFell { section: 1_000 },
    ];
    let mut buffer = [0; CHANGES_BYTES_MAX];
    let (length, count) = codec.write(300, changes.iter(), &mut buffer);
    assert_eq!(count, 3);
    expect("message_changes", &buffer[..length]);
    let Ok(ServerMessage::Changes(message)) = ServerMessage::decode(&buffer[..length]) else {
        panic!("a message of changes")
    };
    let mut read = Vec::new();
    codec.read(message, 300, |change| read.push(change)).unwrap();
    assert_eq!(read, changes);

    let mut delta = [0; TERRAIN_CHUNK_VERTICES];
    (delta[70], delta[71], delta[136]) = (-25, -30, 12);
    let chunk = TerrainChunk { x: 1, z: 0 };
    let deltas = TerrainDeltas::from_chunks(4, [(chunk, &delta)]).unwrap();
    let fallen = [7, 1_000].into();
    let position = Position::from_raw(-65_536, 9, 131_072);
    let props = [(3, PropPlace { kind: 1, position, yaw: Brads(0x4000) })].into();
    let image = ground_image::encode(&deltas, &fallen, &props);
    expect("ground_image", &image);
    let (back, sections, loose) = ground_image::decode(&image, 4).unwrap();
    assert!(back == deltas && sections == fallen && loose == props);

    let number = 1_500;
    let check = GroundCheck { number, hash: ground_image::ground_hash(Some(&deltas), &fallen) };
    expect("message_ground_check", &check.encode());
    assert_eq!(ServerMessage::decode(&check.encode()), Ok(ServerMessage::GroundCheck(check)));
    let piece = GroundPiece::of(number, &image, 0);
    expect("message_ground", &piece.encode());
    expect("message_replaced", &GoodbyeReason::Replaced.encode());
    expect("message_other_version", &GoodbyeReason::other_version().encode());
    expect("message_hello", &ClientMessage::Hello(Hello::OURS).encode());
    expect("message_kicked", &GoodbyeReason::Kicked(Misconduct::Turns).encode());
}

#[test]
fn objectives_message() {
    let codec = ObjectiveCodec::new(&WorldConfig::default(), 5);
    let at = |x, y, z| codec.place(Position::new(Metres::from_m(x), Metres::from_m(y), Metres::from_m(z)));
    let ring = RingState { owner: 1, contender: 0, progress: 130, present: 1, fighters: 3 };
    let entries = [
        ObjectiveEntry::Point(2, PointState::Ring(ring)),
        ObjectiveEntry::Point(4, PointState::Flag(FlagState::Carried { slot: 700, at: at(-34, 2, 12) })),
        ObjectiveEntry::Point(3, PointState::Flag(FlagState::Dropped { at: at(0, 1, 0), ticks: 1_200 })),
        ObjectiveEntry::Score(1, 250),
    ];
    let mut buffer = [0; OBJECTIVES_BYTES_MAX];
    let (length, count) = codec.write(Tick(70_000), entries.into_iter(), &mut buffer);
    assert_eq!(count, 4);
    expect("message_objectives", &buffer[..length]);
    let Ok(ServerMessage::Objectives(body)) = ServerMessage::decode(&buffer[..length]) else {
        panic!("a message of objectives")
    };
    let mut read = Vec::new();
    codec.read(body, Tick(70_100), |tick, entry| read.push((tick, entry))).unwrap();
    assert_eq!(read, entries.map(|entry| (Tick(70_000), entry)));
}
