//! The client against a toy server: one character, honest or not.

use std::net::SocketAddr;

use proptest::prelude::*;
use shieldwall_core::RulesHash;
use shieldwall_core::numeric::{Brads, Tick};
use shieldwall_core::state::characters::flags;
use shieldwall_core::state::commands::{CharacterInput, Command, Placement, buttons};
use shieldwall_core::state::handle::CharacterId;
use shieldwall_core::world::{World, WorldConfig};

use super::*;
use crate::channel::{Channel, FrameError};
use crate::secure::{
    ConnectToken, DATAGRAM_MAX, SecureServer, SecureServerConfig, ServerEvent, TokenParams, USER_DATA_BYTES,
};
use crate::time::{Micros, UnixSeconds};
use crate::wire::bits::{BitSink, BitWriter};
use crate::wire::effect_lists::EffectLists;
use crate::wire::goodbye::GoodbyeReason;
use crate::wire::snapshot::{InputReport, OwnState, SectionHead, SnapshotHeader};
use crate::wire::welcome::Welcome;
use crate::wire::{DecodeError, FrameKind, inputs};

const KEY: [u8; 32] = [3; 32];
const TICK_US: u64 = 16_667;

fn address() -> SocketAddr {
    "127.0.0.1:7777".parse().unwrap()
}

/// A server of one client: keeps inputs by tick, sends the own state every third tick.
struct Toy {
    secure: SecureServer,
    channel: Channel<()>,
    world: World,
    id: CharacterId,
    inputs: Vec<Option<CharacterInput>>,
    newest: Option<Tick>,
    margin: i32,
    missed: u32,
    /// Reads and acknowledges packets, but keeps no input of theirs, as for inputs that come far too early.
    refuses_inputs: bool,
    connected: bool,
    client: GameClient,
    now: u64,
}

fn random() -> impl FnMut(&mut [u8]) {
    let mut n = 1_u8;
    move |bytes| bytes.iter_mut().for_each(|b| (*b, n) = (n, n.wrapping_mul(31).wrapping_add(7)))
}

impl Toy {
    fn new() -> Self {
        Self::with_client(GameClientConfig::default())
    }

    fn with_client(client_config: GameClientConfig) -> Self {
        let config = WorldConfig { character_capacity: 4, ..WorldConfig::default() };
        let mut world = World::new(&config).unwrap();
        world.step(&[Command::Spawn { tag: 0, team: 0, class: 0, placement: Placement::TeamSpawn }]);
        let addresses = [address()];
        let token = ConnectToken::generate(
            &TokenParams {
                protocol_id: 1,
                client_id: 5,
                created: UnixSeconds(100),
                lifetime_seconds: 60,
                timeout_seconds: 5,
                server_addresses: &addresses,
                internal_addresses: &addresses,
                user_data: &[0; USER_DATA_BYTES],
                private_key: &KEY,
            },
            &mut random(),
        )
        .unwrap();
        let secure = SecureServerConfig::new(1, KEY, 2, addresses.to_vec());
        Self {
            secure: SecureServer::new(secure, &mut random()).unwrap(),
            channel: Channel::default(),
            id: world.id_at(0).unwrap(),
            world,
            inputs: vec![None; 4_000],
            newest: None,
            margin: 0,
            missed: 0,
            refuses_inputs: false,
            connected: false,
            client: GameClient::new(token, client_config, Micros(0)),
            now: 0,
        }
    }

    /// One tick: client to server, the world, server to client. The client gives `input`.
    fn tick(&mut self, input: CharacterInput) {
        self.now += TICK_US;
        let now = Micros(self.now);
        self.client.advance(now, input);
        let mut out = [0; DATAGRAM_MAX];
        while let Some((_, len)) = self.client.poll_transmit(now, &mut out) {
            self.server_takes(&mut out[..len].to_vec());
        }
        if !self.connected {
            return;
        }
        let tick = self.world.tick();
        match self.inputs[tick.0 as usize] {
            Some(input) => _ = self.world.step(&[Command::Input { id: self.id, input }]),
            None => {
                self.missed += 1;
                self.world.step(&[]);
            }
        }
        if tick.0.is_multiple_of(3) {
            // As the real server: snapshots flow once the welcome has been acknowledged.
            match self.channel.reliable_in_flight() {
                0 => self.send_snapshot(tick),
                _ => self.send(|_| {}).unwrap(),
            }
        }
    }

    fn welcome(&self) -> Welcome {
        Welcome {
            tick: Tick(1),
            character: self.id,
            snapshot_interval_ticks: 3,
            world_fingerprint: self.world.fingerprint(),
            config: *self.world.config(),
        }
    }

    fn server_takes(&mut self, datagram: &mut [u8]) {
        let now = Micros(self.now);
        let mut out = [0; DATAGRAM_MAX];
        let Ok(event) = self.secure.handle_datagram(address(), datagram, now, UnixSeconds(100), &mut out)
        else {
            return;
        };
        let reply = event.reply_len();
        match event {
            ServerEvent::Connected { .. } => {
                let welcome = Welcome {
                    tick: self.world.tick(),
                    character: self.id,
                    snapshot_interval_ticks: 3,
                    world_fingerprint: self.world.fingerprint(),
                    config: *self.world.config(),
                };
                self.channel.send_reliable(&welcome.encode()).unwrap();
                self.connected = true;
            }
            ServerEvent::Payload { bytes, .. } => {
                let mut open = self.channel.receive(bytes, now, |(), _| {}).unwrap();
                while let Ok(FrameKind::Inputs) = FrameKind::read(&mut open.reader) {
                    let next = self.world.tick();
                    let (slots, newest) = (&mut self.inputs, &mut self.newest);
                    let (before, refuses) = (*newest, self.refuses_inputs);
                    inputs::read(&mut open.reader, |tick, input| {
                        if refuses {
                            return;
                        }
                        slots[tick.0 as usize] = Some(input.input);
                        *newest = (*newest).max(Some(tick));
                    })
                    .unwrap();
                    if *newest > before {
                        self.margin = newest.unwrap().signed_distance(next);
                    }
                }
                self.channel.confirm(open.sequence);
            }
            _ => {}
        }
        if reply > 0 {
            self.client.handle_datagram(address(), &mut out[..reply], now).unwrap();
        }
    }

    fn send_snapshot(&mut self, tick: Tick) {
        self.send_snapshot_about(tick, self.newest);
    }

    fn send_snapshot_about(&mut self, tick: Tick, newest_received: Option<Tick>) {
        let mut effects = EffectLists::default();
        effects.rebuild(&self.world);
        let own = OwnState::of(&self.world, self.id, &effects).unwrap();
        let report = InputReport {
            newest_received,
            margin_ticks: self.margin.clamp(-128, 127) as i8,
            missed: self.missed as u8,
        };
        let header = SnapshotHeader { tick, inputs: report, own: Some(own) };
        self.send(|writer| {
            FrameKind::Snapshot.write(writer);
            header.write(writer, None);
            SectionHead::default().write(writer);
        })
        .unwrap();
    }

    /// Sends one packet with these frames and lets the client judge it.
    fn send(&mut self, frames: impl FnOnce(&mut BitWriter<'_>)) -> Result<(), ClientError> {
        let now = Micros(self.now);
        let mut payload = [0; 1_200];
        let mut writer = self.channel.begin(&mut payload);
        frames(&mut writer);
        self.channel.write_reliable(&mut writer, now);
        let length = self.channel.finish(writer, (), now, |()| {});
        self.send_payload(&payload[..length])
    }

    fn send_payload(&mut self, payload: &[u8]) -> Result<(), ClientError> {
        let mut result = Ok(());
        let (client, now) = (&mut self.client, Micros(self.now));
        let index = self.secure.client_with_id(5).unwrap();
        self.secure
            .send_payload(index, payload, now, &mut |_, bytes| {
                result = client.handle_datagram(address(), &mut bytes.to_vec(), now);
            })
            .unwrap();
        result
    }

    fn until_playing(&mut self) {
        for _ in 0..60 {
            self.tick(CharacterInput::default());
            if self.client.state() == GameClientState::Playing {
                return;
            }
        }
        panic!("{:?}", self.client.state());
    }
}

fn wild(n: u32) -> CharacterInput {
    let h = (n / 7).wrapping_mul(2_654_435_761);
    CharacterInput {
        buttons: (h >> 5) as u16 & (buttons::SPRINT | buttons::JUMP),
        move_right: (h >> 8) as i8,
        move_forward: (h >> 16) as i8,
        yaw: Brads((n * 97) as u16),
        pitch: (n * 13) as i16,
    }
}

#[test]
fn the_way_into_the_battle_and_a_minute_without_a_correction() {
    let mut toy = Toy::new();
    assert_eq!(toy.client.state(), GameClientState::Connecting);
    toy.until_playing();
    for n in 0..120 {
        toy.tick(wild(n));
    }
    let (before, missed) = (toy.client.stats(), toy.missed);
    for n in 120..3_600 {
        toy.tick(wild(n));
        let own = toy.client.own().unwrap();
        assert!(own.alive && own.grounded == (toy.client.own().unwrap().grounded));
        assert_eq!(own.id, toy.id);
    }
    let after = toy.client.stats();
    assert_eq!((after.corrections, toy.missed), (before.corrections, missed));
    assert_eq!((after.relocations, after.clock_resyncs), (0, 0));
    assert!(
        after.bytes_sent - before.bytes_sent < 58 * 2_500,
        "{} B/s",
        (after.bytes_sent - before.bytes_sent) / 58
    );
    let events: Vec<_> = std::iter::from_fn(|| toy.client.next_event()).collect();
    assert!(matches!(
        events[..],
        [ClientEvent::Connected { .. }, ClientEvent::Welcomed { .. }, ClientEvent::Playing { .. }]
    ));
}

/// A watcher, or a load: its inputs arrive as any other's, and where it is the server alone says.
#[test]
fn a_client_that_does_not_predict_plays_all_the_same() {
    let mut toy = Toy::with_client(GameClientConfig { predicts: false, ..GameClientConfig::default() });
    toy.until_playing();
    (0..120).for_each(|n| toy.tick(wild(n)));
    let (missed, start) = (toy.missed, toy.client.own().unwrap().position);
    for n in 120..600 {
        toy.tick(wild(n));
        let (own, (tick, truth)) = (toy.client.own().unwrap(), toy.client.own_truth().unwrap());
        assert_eq!((own.tick, own.position), (tick, truth.state.position));
        assert_eq!((own.stamina, own.ready_ticks), (truth.stamina, truth.ready_ticks));
    }
    assert_eq!((toy.missed, toy.client.stats().corrections), (missed, 0));
    assert_ne!(toy.client.own().unwrap().position, start, "its inputs move it");
}

#[test]
fn a_push_by_the_server_is_one_correction_and_the_picture_stays_whole() {
    let mut toy = Toy::new();
    toy.until_playing();
    (0..120).for_each(|n| toy.tick(wild(n)));
    let before = toy.client.stats().corrections;
    let own = toy.client.own_truth().unwrap().1;
    assert_ne!(own.state.flags & flags::ALIVE, 0);
    // Lose the inputs of a few ticks in which the player turns around.
    for tick in toy.world.tick().0 + 1..toy.world.tick().0 + 20 {
        toy.inputs[tick as usize] = Some(CharacterInput { move_forward: -127, ..CharacterInput::default() });
    }
    (120..180).for_each(|n| toy.tick(wild(n)));
    let stats = toy.client.stats();
    assert!(stats.corrections > before);
    (180..240).for_each(|n| toy.tick(wild(n)));
    assert_eq!(toy.client.stats().corrections, stats.corrections);
}

#[test]
fn inputs_that_were_acked_but_not_kept_are_sent_again() {
    let mut toy = Toy::new();
    toy.until_playing();
    (0..120).for_each(|n| toy.tick(wild(n)));
    let before = (toy.missed, toy.client.stats().corrections);
    for round in 0..40 {
        toy.refuses_inputs = true;
        (0..3).for_each(|n| toy.tick(wild(120 + round * 33 + n)));
        toy.refuses_inputs = false;
        (3..33).for_each(|n| toy.tick(wild(120 + round * 33 + n)));
    }
    assert_eq!((toy.missed, toy.client.stats().corrections), before);
}

#[test]
fn until_the_first_input_the_character_looks_where_it_was_put() {
    let given = CharacterInput { move_right: 5, yaw: Brads(77), ..CharacterInput::default() };
    let mut toy = Toy::new();
    let spawned = toy.world.move_state(toy.id).unwrap();
    let resting = CharacterInput { yaw: spawned.yaw, ..CharacterInput::default() };
    (0..60).for_each(|_| toy.tick(given));
    assert_eq!(toy.client.state(), GameClientState::Playing);
    let sent: Vec<_> = toy.inputs.iter().flatten().copied().collect();
    let first = sent.iter().position(|&input| input == given).unwrap();
    assert!(first > 0 && sent[..first].iter().all(|&input| input == resting), "{sent:?}");
    assert!(sent.len() > first + 30 && sent[first..].iter().all(|&input| input == given), "{sent:?}");
    assert_eq!(toy.client.stats().corrections, 0);
}

#[test]
fn a_server_that_claims_to_have_every_input_gets_them_all_the_same() {
    let mut toy = Toy::new();
    toy.until_playing();
    (0..120).for_each(|n| toy.tick(wild(n)));
    let missed = toy.missed;
    let last = Tick(toy.world.tick().0 - 1);
    toy.send_snapshot_about(last, Some(Tick(u32::MAX)));
    (120..240).for_each(|n| toy.tick(wild(n)));
    assert_eq!(toy.missed, missed);
    // And one that claims to be at the end of time is believed, but harms nobody.
    toy.send_snapshot_about(Tick(u32::MAX), Some(Tick(u32::MAX)));
    (240..300).for_each(|n| toy.tick(wild(n)));
}

#[test]
fn the_last_word_of_the_server_is_heard() {
    let mut toy = Toy::new();
    toy.until_playing();
    toy.channel.send_reliable(&GoodbyeReason::Shutdown.encode()).unwrap();
    toy.send(|_| {}).unwrap();
    assert_eq!(toy.client.state(), GameClientState::Ended(EndReason::Goodbye(GoodbyeReason::Shutdown)));
    let mut out = [0; DATAGRAM_MAX];
    assert!(toy.client.poll_transmit(Micros(toy.now), &mut out).is_some(), "says farewell");
    assert_eq!(toy.client.advance(Micros(toy.now + 100_000), wild(1)), AdvanceReport::default());
}

/// A height file the server has and the client has not, or the other way: the session ends and says so.
#[test]
fn another_scenery_ends_the_session_with_that_reason() {
    let mut toy = Toy::new();
    toy.until_playing();
    let mut welcome = toy.welcome();
    welcome.world_fingerprint ^= 1;
    toy.channel.send_reliable(&welcome.encode()).unwrap();
    let _ = toy.send(|_| {});
    let client = toy.world.fingerprint();
    let reason = EndReason::OtherWorld { server: client ^ 1, client };
    assert_eq!(toy.client.state(), GameClientState::Ended(reason));
    assert!(reason.to_string().contains("height file"));
}

/// A client that was given rules plays by the same ones, and leaves a server with others before it plays at all.
#[test]
fn other_rules_end_the_session_with_both_hashes() {
    let server = WorldConfig::default().rules.hash();
    let expecting = |hash| {
        Toy::with_client(GameClientConfig { expected_rules: Some(hash), ..GameClientConfig::default() })
    };
    expecting(server).until_playing();

    let client = RulesHash(server.0 ^ 1);
    let mut toy = expecting(client);
    // The toy sends what nobody takes any more, so the ticks end where the session does.
    for _ in 0..40 {
        if matches!(toy.client.state(), GameClientState::Ended(_)) {
            break;
        }
        toy.tick(CharacterInput::default());
    }
    let reason = EndReason::OtherRules { server, client };
    assert_eq!(toy.client.state(), GameClientState::Ended(reason));
    assert!(toy.client.world().is_none());
    let text = reason.to_string();
    assert!(text.contains(&server.to_string()) && text.contains(&client.to_string()), "{text}");
}

#[test]
fn another_protocol_version_ends_the_session_with_that_reason() {
    let mut toy = Toy::new();
    toy.until_playing();
    let welcome = toy.welcome();
    let mut bytes = welcome.encode();
    bytes[1] ^= 0x40;
    toy.channel.send_reliable(&bytes).unwrap();
    assert!(toy.send(|_| {}).is_err());
    assert!(matches!(
        toy.client.state(),
        GameClientState::Ended(EndReason::Protocol(FrameError::Decode(DecodeError::Version(_))))
    ));
}

#[test]
fn frames_that_only_clients_send_and_frames_out_of_order_are_refused() {
    let mut toy = Toy::new();
    toy.until_playing();
    let wrong = toy.send(|writer| {
        FrameKind::Inputs.write(writer);
        writer.put(0, 32);
    });
    assert_eq!(wrong, Err(ClientError::Payload(FrameError::WrongDirection(FrameKind::Inputs))));
    let before = toy.client.stats().refused_payloads;
    assert!(before > 0);
    assert!(toy.send_payload(&[1, 2, 3]).is_err());
    assert_eq!(toy.client.stats().refused_payloads, before + 1);
    (0..60).for_each(|n| toy.tick(wild(n)));
    assert_eq!(toy.client.state(), GameClientState::Playing);
}

#[test]
fn events_nobody_takes_are_bounded() {
    let mut toy = Toy::new();
    toy.until_playing();
    for _ in 0..300 {
        toy.client.push_event(ClientEvent::Connected { client_index: 0 });
    }
    assert!(toy.client.stats().events_dropped >= 40);
    assert_eq!(std::iter::from_fn(|| toy.client.next_event()).count(), 256);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever an authenticated server sends, nothing panics and the client can still be asked everything.
    #[test]
    fn hostile_payloads_never_panic(payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..300), 1..30)) {
        let mut toy = Toy::new();
        toy.until_playing();
        for (n, mut payload) in payloads.into_iter().enumerate() {
            // A plausible header, so that the frames behind it are reached.
            if payload.len() > 8 {
                payload[..2].copy_from_slice(&(1_000 + n as u16).to_le_bytes());
                payload[2..8].fill(0);
            }
            let _ = toy.send_payload(&payload);
            toy.now += TICK_US;
            toy.client.advance(Micros(toy.now), wild(n as u32));
            let mut out = [0; DATAGRAM_MAX];
            while toy.client.poll_transmit(Micros(toy.now), &mut out).is_some() {}
            let mut crowd = Vec::new();
            toy.client.sample_crowd(Micros(toy.now), &mut crowd);
            let _ = (toy.client.own(), toy.client.stats(), toy.client.own_truth());
        }
    }
}
