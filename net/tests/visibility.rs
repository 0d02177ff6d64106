//! Clients are sent nothing of enemies they cannot see: behind a wall, checked by casting rays, or hidden by a status effect.
//! Of what they can see they are told soon, and of objectives wherever they are.

use shieldwall_core::spatial::obstacles::StaticShape;
use shieldwall_core::spatial::{Scenery, TerrainSource};
use shieldwall_core::{
    Brads, CapturePoint, CharacterId, CharacterInput, Command, Event, Metres, NO_TEAM, Placement, Position,
    Tick, World, WorldConfig, buttons,
};
use shieldwall_net::channel::Channel;
use shieldwall_net::client::replica::ReplicaTable;
use shieldwall_net::secure::ClientIndex;
use shieldwall_net::server::{OcclusionConfig, ReplicationConfig, ZoneSessions};
use shieldwall_net::time::Micros;
use shieldwall_net::wire::client_message::{ClientMessage, Hello};
use shieldwall_net::wire::events::GameEvent;
use shieldwall_net::wire::objectives::{ObjectiveCodec, ObjectiveEntry, PointState};
use shieldwall_net::wire::welcome::ServerMessage;
use shieldwall_net::wire::{FrameKind, PAYLOAD_BYTES, events, inputs, state_check};
use std::collections::BTreeMap;

const ACTOR: u32 = 7;
const US: u8 = 0;
const THEM: u8 = 1;

/// What one payload said of whom.
#[derive(Default)]
struct Heard {
    slots: Vec<u16>,
    owners: Vec<(u16, u8)>,
}

/// A client without a link.
struct Client {
    index: ClientIndex,
    channel: Channel<()>,
    config: WorldConfig,
    /// Walks to and fro along the wall.
    walks: bool,
    replica: Option<ReplicaTable>,
}

impl Client {
    fn new(index: u32, config: &WorldConfig) -> Self {
        let mut channel = Channel::default();
        channel.send_reliable(&ClientMessage::Hello(Hello::OURS).encode()).expect("an empty channel");
        Self { index: ClientIndex(index), channel, config: *config, walks: true, replica: None }
    }

    fn send(&mut self, tick: Tick, now: Micros) -> Vec<u8> {
        let mut buffer = [0; PAYLOAD_BYTES];
        let mut writer = self.channel.begin(&mut buffer);
        if self.replica.is_some() {
            let yaw = if (tick.0 / 180).is_multiple_of(2) { Brads(0x4000) } else { Brads(0xc000) };
            let input = CharacterInput {
                move_forward: if self.walks { 90 } else { 0 },
                yaw,
                ..CharacterInput::default()
            };
            FrameKind::Inputs.write(&mut writer);
            let player = inputs::PlayerInput::new(input, shieldwall_core::ViewAge::ZERO);
            inputs::write(&mut writer, tick, [player].into_iter());
        }
        self.channel.write_reliable(&mut writer, now);
        let length = self.channel.finish(writer, (), now, |()| {});
        buffer[..length].to_vec()
    }

    fn receive(&mut self, payload: &[u8], now: Micros) -> Heard {
        let mut heard = Heard::default();
        let mut packet = self.channel.receive(payload, now, |(), _| {}).expect("a good packet");
        loop {
            match FrameKind::read(&mut packet.reader).expect("the server's frames are good") {
                FrameKind::End => break,
                FrameKind::Inputs => panic!("the server sends no inputs"),
                FrameKind::StateCheck => {
                    let read = state_check::read(&mut packet.reader, |slot, _| heard.slots.push(slot));
                    read.expect("checks are good");
                }
                FrameKind::Events => {
                    let read =
                        events::read(&mut packet.reader, |_, event| heard.slots.extend(whereabouts(&event)));
                    read.expect("events are good");
                }
                FrameKind::Fragment => {
                    self.channel.read_fragment(&mut packet.reader).expect("fragments are good")
                }
                FrameKind::Snapshot => {
                    let replica = self.replica.as_mut().expect("the welcome comes first");
                    let tick = replica.apply(&mut packet.reader).expect("baselines are held").tick;
                    let told = replica.entities().filter(|entity| entity.newest().tick == tick);
                    heard.slots.extend(told.map(|entity| entity.slot()));
                }
            }
        }
        while let Some(message) = self.channel.next_message().expect("messages end") {
            match ServerMessage::decode(message).expect("messages are good") {
                ServerMessage::Welcome(welcome) => self.replica = Some(ReplicaTable::new(&welcome.config)),
                ServerMessage::Objectives(body) => {
                    let codec = ObjectiveCodec::new(&self.config, 1);
                    let near = self.replica.as_ref().and_then(ReplicaTable::newest_tick).unwrap_or_default();
                    let owner = |_, entry| {
                        if let ObjectiveEntry::Point(number, PointState::Ring(ring)) = entry {
                            heard.owners.push((number, ring.owner));
                        }
                    };
                    codec.read(body, near, owner).expect("entries are good");
                }
                _ => {}
            }
        }
        self.channel.confirm(packet.sequence);
        heard
    }

    fn sees(&self, slot: u32) -> bool {
        self.replica.as_ref().is_some_and(|replica| replica.entity(slot as u16).is_some())
    }
}

/// Whose place an event gives away.
fn whereabouts(event: &GameEvent) -> Option<u16> {
    match *event {
        GameEvent::Died { victim, .. } => Some(victim),
        GameEvent::Respawned { slot } => Some(slot),
        GameEvent::Launched { owner, .. } => Some(owner),
        GameEvent::Afflicted { target, .. } => Some(target),
        _ => None,
    }
}

/// A world with clients of ours and actors of theirs.
struct Scene {
    world: World,
    zone: ZoneSessions,
    clients: Vec<Client>,
    actors: Vec<CharacterId>,
}

impl Scene {
    fn new(config: &WorldConfig, scenery: &Scenery, replication: &ReplicationConfig, clients: u32) -> Self {
        let world = World::with_scenery(config, scenery).expect("a good world");
        let mut zone = ZoneSessions::new(replication, config, 8).expect("a good configuration");
        for index in 0..clients {
            zone.connect(ClientIndex(index), index.into(), Some(US)).expect("a free place");
        }
        let clients = (0..clients).map(|index| Client::new(index, config)).collect();
        Self { world, zone, clients, actors: Vec::new() }
    }

    /// Runs a tick with these commands; `heard` gets what each client was told. Clients of ours come to `homes`.
    fn tick(
        &mut self,
        homes: &[(i32, i32)],
        extra: &[Command],
        mut heard: impl FnMut(&World, &Client, Heard),
    ) {
        let tick = self.world.tick();
        let now = Micros(u64::from(tick.0) * 16_667);
        for client in &mut self.clients {
            let payload = client.send(tick, now);
            self.zone.receive(client.index, &payload, now).expect("an honest client");
        }
        let mut commands = Vec::new();
        self.zone.begin_tick(tick, &mut commands);
        for command in &mut commands {
            if let Command::Spawn { tag, placement, .. } = command {
                let (x, z) = homes[(*tag & 7) as usize];
                *placement = at(x, z);
            }
        }
        commands.extend_from_slice(extra);
        self.world.step(&commands);
        for event in self.world.events() {
            if let Event::Spawned { tag: ACTOR, id } = event {
                self.actors.push(*id);
            }
        }
        self.zone.end_tick(&self.world);
        let Self { world, zone, clients, .. } = self;
        zone.send_due(world, now, &mut |index, payload| {
            let client = &mut clients[index.0 as usize];
            let told = client.receive(payload, now);
            heard(world, client, told);
        });
    }

    fn own(&self, client: usize) -> Option<CharacterId> {
        self.zone.character_of(self.clients[client].index)
    }
}

fn at(x: i32, z: i32) -> Placement {
    Placement::At { x: Metres::from_m(x), z: Metres::from_m(z), yaw: Brads(0) }
}

fn spawn(x: i32, z: i32, class: u8) -> Command {
    Command::Spawn { tag: ACTOR, team: THEM, class, placement: at(x, z) }
}

fn config() -> WorldConfig {
    WorldConfig {
        half_extent: Metres::from_m(64),
        character_capacity: 128,
        seed: 3,
        ..WorldConfig::default()
    }
}

/// A wall from east to west, five metres high, with a gate in the middle; a place to be captured far behind it.
fn walled() -> Scenery {
    let half = |x: i32| StaticShape::Box {
        centre: Position::new(Metres::from_m(x), Metres::from_mm(2_500), Metres::ZERO),
        half_sizes: [30_000, 2_500, 400].map(Metres::from_mm),
        yaw: Brads(0),
    };
    Scenery {
        terrain: TerrainSource::Flat,
        shapes: vec![half(-34), half(34)],
        capture_points: vec![CapturePoint {
            x: Metres::from_m(30),
            z: Metres::from_m(-30),
            radius: Metres::from_m(6),
            kind: 0,
            owner: NO_TEAM,
        }],
        ..Scenery::default()
    }
}

/// Whether nobody within `slack` of one place sees anybody within `slack` of the other.
fn is_hidden(world: &World, from: Position, to: Position, slack_m: i32) -> bool {
    let around = |place: Position| {
        [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)].map(|(x, z)| {
            let aside = |part: i32| Metres::from_m(part * slack_m);
            Position { x: place.x + aside(x), y: place.y, z: place.z + aside(z) }
        })
    };
    let up = |place: Position, mm: i32| Position { y: place.y + Metres::from_mm(mm), ..place };
    around(from).into_iter().all(|eyes| {
        around(to).into_iter().all(|body| {
            [300, 1_000, 1_700].into_iter().all(|mm| {
                let (eyes, point) = (up(eyes, 1_690), up(body, mm));
                !world.obstacles().sees(eyes, point, world.tick())
                    || world.terrain().segment_hit(eyes, point).is_some()
            })
        })
    })
}

/// They stand in the place that is to be captured, and on both sides of the wall.
fn army() -> Vec<Command> {
    let place = |i: i32| (i % 12 * 9 - 50, if i % 3 == 0 { 30 } else { -(6 + i / 12 * 7) });
    let standing = (0..3).map(|i| spawn(28 + i, -30, 0));
    standing.chain((0..60).map(|i| spawn(place(i).0, place(i).1, (i % 2) as u8))).collect()
}

/// All but the three in that place walk, and turn now and then.
fn wander(actors: &[CharacterId], tick: u32) -> Vec<Command> {
    let turn = |&id: &CharacterId| {
        let yaw = Brads((id.slot * 7_919 + tick * 613) as u16);
        Command::Input { id, input: CharacterInput { move_forward: 127, yaw, ..CharacterInput::default() } }
    };
    let walkers = actors.iter().skip(3).filter(|_| tick % 45 == 1);
    walkers.map(turn).collect()
}

#[test]
fn nothing_is_sent_of_whom_a_wall_hides_and_everything_of_objectives() {
    let occlusion = OcclusionConfig::default();
    let replication = ReplicationConfig { occlusion: Some(occlusion), ..ReplicationConfig::default() };
    let mut scene = Scene::new(&config(), &walled(), &replication, 4);
    let homes = [(-20, 12), (-6, 20), (8, 15), (25, 9)];
    // Since when the pair of client and slot was hidden, looked at every tenth tick.
    let mut hidden_since: BTreeMap<(u32, u16), u32> = BTreeMap::new();
    let patience = 60 * u32::from(occlusion.grace_ms) / 1_000 + 12 + 24;
    let (mut hidden, mut told, mut captured) = (0, 0, false);
    let mut seen_for: BTreeMap<(usize, u32), u32> = BTreeMap::new();
    for tick in 0..900_u32 {
        let commands = if tick == 0 { army() } else { wander(&scene.actors, tick) };
        let owns: Vec<Option<CharacterId>> = (0..4).map(|client| scene.own(client)).collect();
        let since = &hidden_since;
        scene.tick(&homes, &commands, |world, client, heard| {
            captured |= heard.owners.contains(&(0, THEM));
            for slot in heard.slots {
                let team = world.characters().team[usize::from(slot)];
                let key = (client.index.0, slot);
                let long = since.get(&key).is_some_and(|since| tick - since > patience);
                assert!(team == US || !long, "slot {slot} was told to {:?} in tick {tick}", client.index);
                told += u32::from(team == THEM);
            }
        });
        if tick % 10 != 0 {
            continue;
        }
        let view = scene.world.characters();
        for (number, own) in owns.iter().enumerate() {
            let Some(own) = own else { continue };
            for actor in &scene.actors {
                let (from, to) = (view.position(own.slot), view.position(actor.slot));
                let key = (number as u32, actor.slot as u16);
                let near =
                    (from.x - to.x).abs() < Metres::from_m(9) && (from.z - to.z).abs() < Metres::from_m(9);
                if !near && is_hidden(&scene.world, from, to, 5) {
                    let since = *hidden_since.entry(key).or_insert(tick);
                    hidden += u32::from(tick - since > patience);
                } else {
                    hidden_since.remove(&key);
                }
                let plain = !is_hidden(&scene.world, from, to, 0);
                let seen = seen_for.entry((number, actor.slot)).or_default();
                *seen = if plain { *seen + 1 } else { 0 };
                // Plain for a second, and the client has had time to be told.
                assert!(
                    *seen < 10 || tick < 120 || scene.clients[number].sees(actor.slot),
                    "{number} misses {actor:?}"
                );
            }
        }
    }
    assert!(hidden > 2_000 && told > 2_000, "{hidden} looks at hidden pairs, {told} states told");
    assert!(captured, "the place behind the wall was captured, and everybody knows");
    let rays = scene.zone.traffic().rays;
    assert!(rays > 0 && rays <= 4 * (900 / 12 + 1) * u64::from(occlusion.rays), "{rays} rays");
}

#[test]
fn who_hides_is_sent_only_near_by_and_while_he_strikes() {
    let mut config = config();
    let banner = 13;
    let effect = usize::from(config.rules.arms[banner - 1].effect) - 1;
    config.rules.effects[effect].hidden_beyond = Metres::from_m(10);
    config.rules.effects[effect].duration_ms = 4_000;
    let scenery = Scenery { terrain: TerrainSource::Flat, ..Scenery::default() };
    let mut scene = Scene::new(&config, &scenery, &ReplicationConfig::default(), 1);
    scene.clients[0].walks = false;
    let homes = [(0, 0); 8];
    scene.tick(&homes, &[spawn(0, -7, 2), spawn(0, 25, 2), spawn(30, -30, 2), spawn(0, 20, 0)], |_, _, _| {});
    let press = |scene: &Scene, who: usize, buttons: u16| Command::Input {
        id: scene.actors[who],
        input: CharacterInput { buttons, ..CharacterInput::default() },
    };
    let run = |scene: &mut Scene, ticks: u32, commands: &[Command]| {
        for tick in 0..ticks {
            let now = if tick == 0 { commands } else { &[] };
            scene.tick(&homes, now, |_, _, _| {});
        }
        let seen: Vec<bool> = scene.actors.iter().map(|id| scene.clients[0].sees(id.slot)).collect();
        seen
    };
    assert_eq!(run(&mut scene, 120, &[]), [true; 4]);
    let hide: Vec<Command> = (0..3).map(|who| press(&scene, who, buttons::ABILITY_2)).collect();
    // Half a second to raise it, a second in which that is seen, and until the next search.
    assert_eq!(run(&mut scene, 60, &hide), [true; 4]);
    assert_eq!(run(&mut scene, 60, &[]), [true, false, false, true]);
    let strike = [press(&scene, 1, buttons::MELEE), press(&scene, 2, 0)];
    assert_eq!(run(&mut scene, 30, &strike), [true, true, false, true]);
    let rest = [press(&scene, 0, 0), press(&scene, 1, 0)];
    assert_eq!(run(&mut scene, 80, &rest), [true, false, false, true]);
    assert_eq!(run(&mut scene, 80, &[]), [true; 4], "it has ended");
}
