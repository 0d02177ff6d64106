//! Clients that are cut off and come back, second logins, clients of other versions, and many who come at once: whole
//! clients, a whole server, no links between them.

use shieldwall_core::{CharacterInput, Command, World, WorldConfig};
use shieldwall_net::channel::Channel;
use shieldwall_net::client::{EndReason, GameClient, GameClientConfig, GameClientState};
use shieldwall_net::secure::{
    ClientIndex, ConnectToken, DATAGRAM_MAX, DisconnectReason, SecondLogin, SecureServer, SecureServerConfig,
    ServerEvent, ServerOutput, TokenParams, USER_DATA_BYTES,
};
use shieldwall_net::server::{ARRIVALS_PER_TICK, ReplicationConfig, ZoneSessions};
use shieldwall_net::time::{Micros, UnixSeconds};
use shieldwall_net::wire::client_message::{ClientMessage, Hello};
use shieldwall_net::wire::goodbye::GoodbyeReason;
use shieldwall_net::wire::welcome::ServerMessage;
use shieldwall_net::wire::{FrameKind, PAYLOAD_BYTES, PROTOCOL_VERSION, PROTOCOL_VERSION_OLDEST};
use std::net::SocketAddr;

const KEY: [u8; 32] = [7; 32];
const UNIX: UnixSeconds = UnixSeconds(1_000);
const GRACE_S: u16 = 3;

fn random(seed: u64) -> impl FnMut(&mut [u8]) {
    let mut state = seed;
    move |bytes| {
        for byte in bytes {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = (state >> 33) as u8;
        }
    }
}

fn server_address() -> SocketAddr {
    SocketAddr::new([127, 0, 0, 1].into(), 7777)
}

struct Seat {
    client: GameClient,
    address: SocketAddr,
    /// Nothing goes to or fro.
    cut: bool,
}

struct Scene {
    now: u64,
    world: World,
    zone: ZoneSessions,
    secure: SecureServer,
    seats: Vec<Seat>,
    commands: Vec<Command>,
    ended: Vec<DisconnectReason>,
}

impl Scene {
    fn new(second_login: SecondLogin, character_capacity: u32) -> Self {
        let config = WorldConfig { character_capacity, ..WorldConfig::default() };
        let replication = ReplicationConfig { reconnect_grace_s: GRACE_S, ..ReplicationConfig::default() };
        let mut secure = SecureServerConfig::new(1, KEY, 8, vec![server_address()]);
        secure.second_login = second_login;
        Self {
            now: 1_000_000,
            world: World::new(&config).expect("a good configuration"),
            zone: ZoneSessions::new(&replication, &config, 8).expect("a good configuration"),
            secure: SecureServer::new(secure, &mut random(3)).expect("a good configuration"),
            seats: Vec::new(),
            commands: Vec::new(),
            ended: Vec::new(),
        }
    }

    fn join(&mut self, player: u64) -> usize {
        let (number, addresses) = (self.seats.len(), [server_address()]);
        let params = TokenParams {
            protocol_id: 1,
            client_id: player,
            created: UNIX,
            lifetime_seconds: 600,
            timeout_seconds: 2,
            server_addresses: &addresses,
            internal_addresses: &addresses,
            user_data: &[0; USER_DATA_BYTES],
            private_key: &KEY,
        };
        let token =
            ConnectToken::generate(&params, &mut random(number as u64 + 17)).expect("good parameters");
        let (config, seed) = (GameClientConfig::default(), [number as u8 + 1; 32]);
        self.seats.push(Seat {
            client: GameClient::with_forward_secrecy(token, config, seed, Micros(self.now)),
            address: SocketAddr::new([127, 0, 0, 1].into(), 20_000 + number as u16),
            cut: false,
        });
        number
    }

    fn tick(&mut self, input: CharacterInput) {
        self.now += 16_667;
        let now = Micros(self.now);
        self.server_reads(now);
        self.commands.clear();
        self.zone.begin_tick(self.world.tick(), &mut self.commands);
        self.world.step(&self.commands);
        self.zone.end_tick(&self.world);
        let Self { zone, world, secure, seats, ended, .. } = self;
        zone.send_due(world, now, &mut |client: ClientIndex, payload: &[u8]| {
            let _ = secure
                .send_payload(client, payload, now, &mut |to, bytes| deliver(seats, to.socket, bytes, now));
        });
        let over: Vec<_> = zone.over().collect();
        for client in over {
            secure.disconnect(client, now, &mut |output| {
                if let ServerOutput::Datagram { to, bytes } = output {
                    deliver(seats, to.socket, bytes, now);
                }
            });
            zone.disconnect(client);
        }
        secure.update(now, &mut |output| match output {
            ServerOutput::Datagram { to, bytes } => deliver(seats, to.socket, bytes, now),
            ServerOutput::Disconnected { client, reason, .. } => {
                ended.push(reason);
                match reason {
                    DisconnectReason::TimedOut => zone.lose(client),
                    _ => zone.disconnect(client),
                }
            }
        });
        self.seats.iter_mut().for_each(|seat| _ = seat.client.advance(now, input));
    }

    fn server_reads(&mut self, now: Micros) {
        let (mut out, mut reply) = ([0; DATAGRAM_MAX], [0; DATAGRAM_MAX]);
        for seat in &mut self.seats {
            while let Some((_, length)) = seat.client.poll_transmit(now, &mut out) {
                if seat.cut {
                    continue;
                }
                let datagram = &mut out[..length];
                let Ok(event) = self.secure.handle_datagram(seat.address, datagram, now, UNIX, &mut reply)
                else {
                    continue;
                };
                let length = event.reply_len();
                match event {
                    ServerEvent::Connected { client, client_id, .. } => {
                        self.zone.connect(client, client_id, None).expect("a free place");
                    }
                    ServerEvent::Payload { client, bytes } => _ = self.zone.receive(client, bytes, now),
                    ServerEvent::Disconnected { client, .. } => self.zone.disconnect(client),
                    ServerEvent::None | ServerEvent::Reply(_) => {}
                }
                if length > 0 {
                    let _ = seat.client.handle_datagram(server_address(), &mut reply[..length], now);
                }
            }
        }
    }

    fn ticks(&mut self, count: u32) {
        (0..count).for_each(|_| self.tick(CharacterInput::default()));
    }

    fn run(&mut self, count: u32) {
        (0..count).for_each(|_| self.tick(CharacterInput { move_forward: 127, ..CharacterInput::default() }));
    }

    fn state(&self, seat: usize) -> GameClientState {
        self.seats[seat].client.state()
    }

    fn place(&self, seat: usize) -> (u32, u32, u16) {
        let id = self.seats[seat].client.character().expect("welcomed");
        let characters = self.world.characters();
        (id.slot, id.generation, characters.health[id.slot as usize])
    }
}

fn deliver(seats: &mut [Seat], to: SocketAddr, bytes: &[u8], now: Micros) {
    let seat = &mut seats[usize::from(to.port()) - 20_000];
    if !seat.cut {
        let _ = seat.client.handle_datagram(server_address(), &mut bytes.to_vec(), now);
    }
}

#[test]
fn who_was_cut_off_finds_its_character_where_it_stood() {
    let mut scene = Scene::new(SecondLogin::Refuse, 16);
    let (first, other) = (scene.join(5), scene.join(6));
    scene.ticks(60);
    scene.run(60);
    assert_eq!(
        (scene.state(first), scene.state(other)),
        (GameClientState::Playing, GameClientState::Playing)
    );
    assert_eq!(scene.seats[first].client.keys().0, 1, "with keys of its own");
    let before = scene.place(first);
    scene.seats[first].cut = true;
    scene.run(180);
    assert_eq!((scene.ended.as_slice(), scene.zone.waiting()), (&[DisconnectReason::TimedOut][..], 1));
    let slot = before.0;
    let stood = scene.world.characters().position(slot);
    scene.run(60);
    assert_eq!(scene.world.characters().position(slot), stood, "it stands still, and it is there");
    let again = scene.join(5);
    scene.ticks(60);
    assert_eq!(scene.state(again), GameClientState::Playing);
    assert_eq!((scene.place(again), scene.world.characters().position(slot)), (before, stood));
    assert_eq!((scene.zone.waiting(), scene.zone.returned()), (0, 1));
    // It is the client's again: it obeys, and it goes when the client leaves.
    scene.run(30);
    assert_ne!(scene.world.characters().position(slot), stood);
    assert_eq!(scene.seats[again].client.stats().refused_payloads, 0);
    scene.seats[again].client.disconnect();
    scene.ticks(10);
    assert_eq!((scene.world.characters().live_slots().count(), scene.zone.waiting()), (1, 0));
}

#[test]
fn who_stays_away_too_long_or_leaves_finds_another_one() {
    let mut scene = Scene::new(SecondLogin::Refuse, 16);
    let first = scene.join(5);
    scene.ticks(60);
    let before = scene.place(first);
    scene.seats[first].cut = true;
    scene.ticks(130);
    assert_eq!(scene.zone.waiting(), 1);
    scene.ticks(60 * u32::from(GRACE_S) - 20);
    assert_eq!((scene.zone.waiting(), scene.world.characters().live_slots().count()), (1, 1));
    scene.ticks(40);
    assert_eq!((scene.zone.waiting(), scene.world.characters().live_slots().count()), (0, 0));
    let again = scene.join(5);
    scene.ticks(60);
    assert_eq!(scene.state(again), GameClientState::Playing);
    assert_ne!((scene.place(again).0, scene.place(again).1), (before.0, before.1));
    assert_eq!(scene.zone.returned(), 0);
}

#[test]
fn a_full_world_gives_up_the_one_who_waits_longest() {
    let mut scene = Scene::new(SecondLogin::Refuse, 2);
    let (first, _other) = (scene.join(5), scene.join(6));
    scene.ticks(60);
    scene.seats[first].cut = true;
    scene.ticks(130);
    assert_eq!(scene.zone.waiting(), 1);
    let third = scene.join(7);
    scene.ticks(60);
    assert_eq!((scene.state(third), scene.zone.waiting()), (GameClientState::Playing, 0));
}

#[test]
fn a_second_login_takes_over_and_the_first_is_told() {
    let mut scene = Scene::new(SecondLogin::Replace, 16);
    let first = scene.join(5);
    scene.ticks(60);
    scene.run(30);
    let before = scene.place(first);
    let second = scene.join(5);
    scene.ticks(40);
    assert_eq!((scene.state(second), scene.place(second)), (GameClientState::Playing, before));
    assert_eq!(scene.state(first), GameClientState::Ended(EndReason::Goodbye(GoodbyeReason::Replaced)));
    scene.ticks(60);
    assert_eq!((scene.secure.connected_count(), scene.world.characters().live_slots().count()), (1, 1));
    // The word a player reads.
    let GameClientState::Ended(reason) = scene.state(first) else { panic!("ended") };
    assert_eq!(
        reason.to_string(),
        "the server ended the session: another login of the same player took its place"
    );
}

/// What a client that says `hello` (or nothing) is told: the version of its welcome, and the last word.
fn told(hello: Option<Hello>) -> (Option<u16>, Option<GoodbyeReason>) {
    let config = WorldConfig { character_capacity: 16, ..WorldConfig::default() };
    let mut world = World::new(&config).expect("a good configuration");
    let mut zone =
        ZoneSessions::new(&ReplicationConfig::default(), &config, 2).expect("a good configuration");
    zone.connect(ClientIndex(0), 1, None).expect("a free place");
    let (mut channel, mut commands): (Channel<()>, _) = (Channel::default(), Vec::new());
    if let Some(hello) = hello {
        channel.send_reliable(&ClientMessage::Hello(hello).encode()).expect("room");
    }
    let (mut welcome, mut goodbye) = (None, None);
    for tick in 0..40_u64 {
        let now = Micros(tick * 16_667);
        let mut buffer = [0; PAYLOAD_BYTES];
        let mut writer = channel.begin(&mut buffer);
        channel.write_reliable(&mut writer, now);
        let length = channel.finish(writer, (), now, |()| {});
        zone.receive(ClientIndex(0), &buffer[..length], now).expect("a good packet");
        commands.clear();
        zone.begin_tick(world.tick(), &mut commands);
        world.step(&commands);
        zone.end_tick(&world);
        zone.send_due(&world, now, &mut |_, payload| {
            let mut packet = channel.receive(payload, now, |(), _| {}).expect("a good packet");
            while let FrameKind::Fragment = FrameKind::read(&mut packet.reader).expect("a frame") {
                channel.read_fragment(&mut packet.reader).expect("a good fragment");
            }
            while let Some(message) = channel.next_message().expect("it goes on") {
                match (message[0], ServerMessage::decode(message)) {
                    (1, _) => welcome = Some(u16::from_le_bytes([message[1], message[2]])),
                    (_, Ok(ServerMessage::Goodbye(reason))) => goodbye = Some(reason),
                    other => panic!("{other:?}"),
                }
            }
            channel.confirm(packet.sequence);
        });
    }
    (welcome, goodbye)
}

#[test]
fn common_versions_are_spoken_and_others_are_told_which() {
    let both = GoodbyeReason::OtherVersion { newest: PROTOCOL_VERSION, oldest: PROTOCOL_VERSION_OLDEST };
    assert_eq!(told(Some(Hello::OURS)), (Some(PROTOCOL_VERSION), None));
    let oldest = Hello { newest: PROTOCOL_VERSION_OLDEST, oldest: PROTOCOL_VERSION_OLDEST };
    assert_eq!(told(Some(oldest)), (Some(PROTOCOL_VERSION_OLDEST), None));
    // Older ones: named, or silent as clients of version 3 were, who read of ours in the welcome.
    let older = Hello { newest: PROTOCOL_VERSION_OLDEST - 1, oldest: 3 };
    assert_eq!(told(Some(older)), (None, Some(both)));
    assert_eq!(told(None).0, Some(PROTOCOL_VERSION));
    // A newer one that still speaks ours, and one that does not.
    let newer = Hello { newest: PROTOCOL_VERSION + 5, oldest: PROTOCOL_VERSION };
    assert_eq!(told(Some(newer)), (Some(PROTOCOL_VERSION), None));
    let stranger = Hello { newest: PROTOCOL_VERSION + 5, oldest: PROTOCOL_VERSION + 1 };
    assert_eq!(told(Some(stranger)), (None, Some(both)));
    let words = both.to_string();
    assert!(words.contains(&format!("{PROTOCOL_VERSION_OLDEST} to {PROTOCOL_VERSION}")), "{words}");
}

/// A thousand at once: so many characters a tick and no more, everybody in the end, in the order of coming.
#[test]
fn many_who_come_at_once_are_taken_in_by_turns() {
    const MANY: u32 = 1_000;
    let config = WorldConfig { character_capacity: MANY, event_capacity: 2 * MANY, ..WorldConfig::default() };
    let mut world = World::new(&config).expect("a good configuration");
    let mut zone =
        ZoneSessions::new(&ReplicationConfig::default(), &config, MANY).expect("a good configuration");
    for index in (0..MANY).rev() {
        zone.connect(ClientIndex(index), u64::from(index), None).expect("a free place");
    }
    // One of them does not wait.
    zone.disconnect(ClientIndex(500));
    let (mut commands, mut ticks) = (Vec::new(), 0);
    loop {
        commands.clear();
        zone.begin_tick(world.tick(), &mut commands);
        let spawns: Vec<_> = commands.iter().filter(|c| matches!(c, Command::Spawn { .. })).collect();
        assert!(spawns.len() <= ARRIVALS_PER_TICK);
        if spawns.is_empty() {
            break;
        }
        world.step(&commands);
        zone.end_tick(&world);
        ticks += 1;
        let first = zone.character_of(ClientIndex(MANY - 1));
        assert!(first.is_some() && (ticks > 1 || zone.character_of(ClientIndex(0)).is_none()));
    }
    assert_eq!(ticks, (MANY - 1).div_ceil(ARRIVALS_PER_TICK as u32));
    assert_eq!(world.characters().live_slots().count(), MANY as usize - 1);
    let teams: Vec<u32> = (0..2)
        .map(|team| {
            world
                .characters()
                .live_slots()
                .filter(|slot| world.characters().team[*slot as usize] == team)
                .count() as u32
        })
        .collect();
    assert!(teams[0].abs_diff(teams[1]) <= 1, "{teams:?}");
}
