//! The promise of replication, over bad links and with a real world: whatever state a client holds for a character and
//! a tick is exactly the server's state of that tick, and in the end the client sees whom it should.

use shieldwall_core::{Brads, CharacterInput, Command, Metres, Tick, ViewAge, World, WorldConfig, buttons};
use shieldwall_net::channel::{Channel, FrameError};
use shieldwall_net::client::replica::ReplicaTable;
use shieldwall_net::link_simulator::{LinkConditions, LinkSimulator};
use shieldwall_net::secure::ClientIndex;
use shieldwall_net::server::{InterestTier, ReplicationConfig, ZoneSessions};
use shieldwall_net::time::Micros;
use shieldwall_net::wire::client_message::{ClientMessage, Hello};
use shieldwall_net::wire::effect_lists::EffectLists;
use shieldwall_net::wire::inputs::PlayerInput;
use shieldwall_net::wire::quantize::{EntityCodec, EntityState, Sight};
use shieldwall_net::wire::snapshot::{OwnState, SnapshotHeader};
use shieldwall_net::wire::welcome::{ServerMessage, Welcome};
use shieldwall_net::wire::{FrameKind, PAYLOAD_BYTES, events, inputs, state_check};
use std::collections::BTreeMap;

/// What the server's world was, tick by tick.
#[derive(Default)]
struct Truth {
    states: BTreeMap<(u32, u16), EntityState>,
    own: BTreeMap<(u32, u16), OwnState>,
}

impl Truth {
    fn record(&mut self, world: &World, codec: &EntityCodec) {
        let tick = world.tick().0 - 1;
        let lists = EffectLists::of_world(world);
        let sight = Sight::new(world, &lists);
        for slot in world.characters().live_slots() {
            self.states.insert((tick, slot as u16), codec.quantize(&sight, slot as usize));
            let id = world.id_at(slot).expect("in use");
            let own = OwnState::of(world, id, &lists).expect("in use");
            self.own.insert((tick, slot as u16), own);
        }
    }
}

struct Client {
    index: ClientIndex,
    up: LinkSimulator,
    down: LinkSimulator,
    channel: Channel<()>,
    welcome: Option<Welcome>,
    replica: Option<ReplicaTable>,
    newest: Option<SnapshotHeader>,
    history: Vec<CharacterInput>,
    reliable_events: u32,
    refused: BTreeMap<String, u32>,
}

impl Client {
    fn new(index: u32, conditions: LinkConditions, seed: u64) -> Self {
        let mut channel = Channel::default();
        channel.send_reliable(&ClientMessage::Hello(Hello::OURS).encode()).expect("room");
        Self {
            index: ClientIndex(index),
            up: LinkSimulator::new(conditions, seed * 2 + 1),
            down: LinkSimulator::new(conditions, seed * 2 + 2),
            channel,
            welcome: None,
            replica: None,
            newest: None,
            history: Vec::new(),
            reliable_events: 0,
            refused: BTreeMap::new(),
        }
    }

    fn receive(&mut self, payload: &[u8], now: Micros, truth: &Truth) {
        if let Err(error) = self.read(payload, now, truth) {
            let name = format!("{error:?}");
            let name = name.split([' ', '(']).next().unwrap_or_default().to_string();
            *self.refused.entry(name).or_default() += 1;
        }
    }

    fn read(&mut self, payload: &[u8], now: Micros, truth: &Truth) -> Result<(), FrameError> {
        let mut packet = self.channel.receive(payload, now, |(), _| {})?;
        loop {
            match FrameKind::read(&mut packet.reader)? {
                FrameKind::End => break,
                FrameKind::Inputs => panic!("the server sends no inputs"),
                FrameKind::Events => events::read(&mut packet.reader, |_, _| {})?,
                FrameKind::StateCheck => _ = state_check::read(&mut packet.reader, |_, _| {})?,
                FrameKind::Fragment => self.channel.read_fragment(&mut packet.reader)?,
                FrameKind::Snapshot => {
                    let replica = self.replica.as_mut().ok_or(FrameError::NotWelcomed)?;
                    let header = replica.apply(&mut packet.reader)?;
                    self.check(header, truth);
                }
            }
        }
        while let Some(message) = self.channel.next_message().expect("the server's messages end") {
            match ServerMessage::decode(message).expect("the server's messages are good") {
                ServerMessage::Welcome(welcome) => {
                    self.replica = Some(ReplicaTable::new(&welcome.config));
                    self.welcome = Some(welcome);
                }
                ServerMessage::Event(..) => self.reliable_events += 1,
                ServerMessage::Objectives(_) => {}
                ServerMessage::Changes(_) | ServerMessage::Ground(_) | ServerMessage::GroundCheck(_) => {}
                ServerMessage::Rules(_) => panic!("nobody changes the rules"),
                ServerMessage::Goodbye(reason) => panic!("nobody was sent away: {reason}"),
            }
        }
        self.channel.confirm(packet.sequence);
        Ok(())
    }

    /// Everything held now against the truth.
    fn check(&mut self, header: SnapshotHeader, truth: &Truth) {
        let slot = self.welcome.expect("welcomed").character.slot as u16;
        let own = header.own.expect("the own character lives in the world");
        assert_eq!(Some(&own), truth.own.get(&(header.tick.0, slot)), "own state of tick {}", header.tick.0);
        for entity in self.replica.as_ref().expect("just used").entities() {
            assert_ne!(entity.slot(), slot, "the own character is not among the others");
            for sample in entity.iter() {
                let key = (sample.tick.0, entity.slot());
                assert_eq!(Some(&sample.state), truth.states.get(&key), "slot and tick {key:?}");
            }
        }
        if self.newest.is_none_or(|newest| header.tick.signed_distance(newest.tick) > 0) {
            self.newest = Some(header);
        }
    }

    fn act(&mut self, tick: u32, now: Micros) {
        let n = self.index.0;
        let noise = (n.wrapping_mul(2_654_435_761) ^ (tick / 20).wrapping_mul(2_246_822_519)) >> 7;
        // A third walks to the middle and fights there, the others wander.
        let middle = self.newest.and_then(|header| header.own).filter(|_| n.is_multiple_of(3)).map(|own| {
            let place = own.state.position;
            Brads::yaw_of(-place.x, -place.z)
        });
        let wander = Brads((noise as u16).wrapping_add((tick as u16).wrapping_mul(40)));
        self.history.push(CharacterInput {
            buttons: (noise & 15) as u16 & !buttons::JUMP
                | if noise.is_multiple_of(7) { buttons::JUMP } else { 0 },
            move_right: (noise >> 4) as i8,
            move_forward: 127,
            yaw: middle.unwrap_or(wander),
            pitch: 0,
        });
        if self.history.len() > 12 {
            self.history.remove(0);
        }
        if (tick + n).is_multiple_of(2) {
            let mut buffer = [0; PAYLOAD_BYTES];
            let mut writer = self.channel.begin(&mut buffer);
            FrameKind::Inputs.write(&mut writer);
            let given = self.history.iter().map(|input| PlayerInput::new(*input, ViewAge::ZERO));
            inputs::write(&mut writer, Tick(tick + 14), given);
            self.channel.write_reliable(&mut writer, now);
            let length = self.channel.finish(writer, (), now, |()| {});
            self.up.push(&buffer[..length], now);
        }
    }
}

/// A zone, its clients, the links between them.
struct Scene {
    world: World,
    zone: ZoneSessions,
    codec: EntityCodec,
    truth: Truth,
    clients: Vec<Client>,
    commands: Vec<Command>,
    conditions: LinkConditions,
    largest_packet: usize,
}

impl Scene {
    fn new(replication: &ReplicationConfig, conditions: LinkConditions, clients: u32) -> Self {
        let config = WorldConfig {
            seed: 11,
            half_extent: Metres::from_m(64),
            character_capacity: 256,
            ..WorldConfig::default()
        };
        let mut scene = Self {
            world: World::new(&config).expect("a good configuration"),
            zone: ZoneSessions::new(replication, &config, 64).expect("a good configuration"),
            codec: EntityCodec::new(&config),
            truth: Truth::default(),
            clients: Vec::new(),
            commands: Vec::new(),
            conditions,
            largest_packet: 0,
        };
        (0..clients).for_each(|index| scene.join(index, index.into()));
        scene
    }

    fn join(&mut self, index: u32, seed: u64) {
        self.zone.connect(ClientIndex(index), u64::from(index) + 1000, None).expect("a free index");
        self.clients.push(Client::new(index, self.conditions, seed + 77));
    }

    fn part(&mut self, position: usize) -> u32 {
        let client = self.clients.remove(position);
        self.zone.disconnect(client.index);
        client.index.0
    }

    fn tick(&mut self) {
        let tick = self.world.tick().0;
        let now = Micros(u64::from(tick) * 16_667);
        for client in &mut self.clients {
            client.act(tick, now);
            while let Some(datagram) = client.up.poll(now) {
                match self.zone.receive(client.index, datagram, now) {
                    Ok(()) | Err(FrameError::Duplicate | FrameError::TooOld) => {}
                    Err(error) => panic!("an honest client was refused: {error}"),
                }
            }
        }
        self.commands.clear();
        self.zone.begin_tick(Tick(tick), &mut self.commands);
        self.world.step(&self.commands);
        self.zone.end_tick(&self.world);
        self.truth.record(&self.world, &self.codec);
        let (clients, largest) = (&mut self.clients, &mut self.largest_packet);
        self.zone.send_due(&self.world, now, &mut |index, payload| {
            *largest = payload.len().max(*largest);
            let client = clients.iter_mut().find(|client| client.index == index).expect("connected");
            client.down.push(payload, now);
        });
        for client in &mut self.clients {
            while let Some(datagram) = client.down.poll(now) {
                let datagram = datagram.to_vec();
                client.receive(&datagram, now, &self.truth);
            }
        }
    }

    /// Whom each client sees is whom the server says it sees. Somebody crosses an edge all the time, so each client has
    /// some ticks to be found in agreement.
    fn expect_agreement(&mut self) {
        let mut waiting: Vec<ClientIndex> = self.clients.iter().map(|client| client.index).collect();
        for _ in 0..120 {
            waiting.retain(|&index| !self.agrees(index));
            self.tick();
        }
        assert!(waiting.is_empty(), "{waiting:?}");
    }

    fn agrees(&self, index: ClientIndex) -> bool {
        let client = self.clients.iter().find(|client| client.index == index).expect("connected");
        let replica = client.replica.as_ref().expect("welcomed");
        let newest = replica.newest_tick().expect("snapshots came").0;
        assert!(self.world.tick().0 - newest < 20, "the view is fresh");
        let mut seen: Vec<u32> = replica.entities().map(|entity| entity.slot().into()).collect();
        seen.sort_unstable();
        !seen.is_empty() && seen.into_iter().eq(self.zone.visible_slots(index))
    }
}

fn tight_tiers() -> ReplicationConfig {
    let tier = |metres, rate_hz| InterestTier { radius: Metres::from_m(metres), rate_hz };
    ReplicationConfig {
        tiers: vec![tier(12, 20), tier(25, 10), tier(40, 4)],
        leave_margin: Metres::from_m(1),
        ..ReplicationConfig::default()
    }
}

fn bad_link(loss_ppm: u32) -> LinkConditions {
    LinkConditions {
        latency_us: 60_000,
        jitter_us: 40_000,
        loss_ppm,
        duplicate_ppm: 20_000,
        reorder_ppm: 50_000,
        reorder_extra_us: 80_000,
        ..LinkConditions::default()
    }
}

fn quiet_link() -> LinkConditions {
    LinkConditions { latency_us: 20_000, ..LinkConditions::default() }
}

/// Runs a scene through `ticks` of bad links with players coming and going, then through quiet ones.
fn run_through(replication: &ReplicationConfig, loss_ppm: u32, ticks: u32) -> Scene {
    let mut scene = Scene::new(replication, bad_link(loss_ppm), 40);
    for tick in 0..ticks {
        scene.tick();
        if tick % 97 == 96 {
            let index = scene.part(tick as usize % 7);
            scene.join(index, u64::from(tick) * 1000);
        }
    }
    for client in &mut scene.clients {
        client.up.set_conditions(quiet_link());
        client.down.set_conditions(quiet_link());
    }
    (0..240).for_each(|_| scene.tick());
    scene.expect_agreement();
    assert!(scene.largest_packet <= PAYLOAD_BYTES);
    scene
}

#[test]
fn no_wrong_state_ever_with_five_per_cent_lost() {
    let scene = run_through(&tight_tiers(), 50_000, 1_500);
    let stats = scene.zone.stats();
    assert!(stats.traffic.updates > 100_000, "{} updates", stats.traffic.updates);
    assert!(stats.packets_lost > 100);
    assert!(scene.clients.iter().any(|client| client.reliable_events > 0), "somebody fought");
    let left: u64 = scene.clients.iter().map(|c| c.replica.as_ref().unwrap().stats().leaves).sum();
    assert!(left > 50, "{left} leaves: players must cross edges for this test to mean anything");
    for client in &scene.clients {
        for reason in client.refused.keys() {
            assert!(
                ["Duplicate", "TooOld", "NotWelcomed"].contains(&reason.as_str()),
                "{:?}",
                client.refused
            );
        }
    }
}

#[test]
fn no_wrong_state_ever_with_a_third_lost() {
    let scene = run_through(&tight_tiers(), 333_000, 900);
    assert!(scene.zone.stats().traffic.full_updates > 100);
}

#[test]
fn no_wrong_state_ever_when_the_budget_is_far_too_small() {
    let replication = ReplicationConfig { down_budget_bytes_per_s: 6_400, ..ReplicationConfig::default() };
    let scene = run_through(&replication, 100_000, 900);
    let stats = scene.zone.stats();
    let seconds = u64::from(scene.world.tick().0) / 60;
    let rate = stats.traffic.wire_bytes_sent() / seconds / 40;
    assert!(rate <= 6_400, "{rate} bytes a second");
    // Nobody starves: whoever is in sight has a state of the last seconds.
    for client in &scene.clients {
        let replica = client.replica.as_ref().unwrap();
        let newest = replica.newest_tick().unwrap().0;
        let oldest = replica.entities().map(|entity| entity.newest().tick.0).min().unwrap();
        assert!(newest - oldest < 180, "a state is {} ticks old", newest - oldest);
    }
}

#[test]
fn clients_of_a_full_house_share_the_bits() {
    let mut scene = Scene::new(&ReplicationConfig::default(), quiet_link(), 60);
    (0..600).for_each(|_| scene.tick());
    scene.expect_agreement();
    let stats = scene.zone.stats();
    assert!(stats.cache_hits > 8 * stats.cache_misses, "{} of {}", stats.cache_hits, stats.cache_misses);
    let bits = stats.traffic.update_bits as f64 / stats.traffic.updates as f64;
    assert!(bits < 44.0, "{bits:.1} bits an update");
    assert_eq!(stats.inputs.too_early + stats.inputs.late, 0);
}
