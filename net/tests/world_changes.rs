//! Changes of the world over bad links: every client, whenever it comes, has the server's ground, and few bytes do it.

use shieldwall_core::spatial::obstacles::Body;
use shieldwall_core::spatial::{Deformation, Obstacles, Scenery, StaticShape};
use shieldwall_core::state::terrain_deltas::TerrainDeltas;
use shieldwall_core::{
    Brads, CharacterInput, Command, Metres, Position, PropPlace, SavedState, StructureSection, World,
    WorldConfig,
};
use shieldwall_net::client::{GameClient, GameClientConfig, GameClientState};
use shieldwall_net::link_simulator::{LinkConditions, LinkSimulator};
use shieldwall_net::secure::{
    ClientIndex, ConnectToken, DATAGRAM_MAX, SecureServer, SecureServerConfig, ServerEvent, ServerOutput,
    TokenParams, USER_DATA_BYTES,
};
use shieldwall_net::server::{ReplicationConfig, ZoneSessions};
use shieldwall_net::time::{Micros, UnixSeconds};
use shieldwall_net::wire::FrameKind;
use shieldwall_net::wire::bits::BitReader;
use shieldwall_net::wire::world_changes::WorldChange;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

const KEY: [u8; 32] = [7; 32];
const UNIX: UnixSeconds = UnixSeconds(1_000);

fn random(seed: u64) -> impl FnMut(&mut [u8]) {
    let mut state = seed;
    move |bytes| bytes.iter_mut().for_each(|byte| *byte = next(&mut state) as u8)
}

fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

fn server_address() -> SocketAddr {
    SocketAddr::new([127, 0, 0, 1].into(), 7777)
}

struct Seat {
    client: GameClient,
    address: SocketAddr,
    up: LinkSimulator,
    down: LinkSimulator,
}

struct Scene {
    now: u64,
    config: WorldConfig,
    scenery: Scenery,
    world: World,
    zone: ZoneSessions,
    secure: SecureServer,
    seats: Vec<Seat>,
    commands: Vec<Command>,
    fallen: BTreeSet<u16>,
    link: LinkConditions,
    /// Bits of all fragments with messages about the ground, however often they were sent.
    ground_bits: u64,
    chance: u64,
    /// What every player presses.
    input: CharacterInput,
}

fn bad_link() -> LinkConditions {
    LinkConditions {
        latency_us: 60_000,
        jitter_us: 20_000,
        loss_ppm: 50_000,
        duplicate_ppm: 20_000,
        reorder_ppm: 50_000,
        reorder_extra_us: 60_000,
        ..LinkConditions::default()
    }
}

impl Scene {
    fn new(replication: &ReplicationConfig, link: LinkConditions) -> Self {
        Self::with_scenery(replication, link, Scenery::default())
    }

    fn with_scenery(replication: &ReplicationConfig, link: LinkConditions, scenery: Scenery) -> Self {
        let mut config = WorldConfig { character_capacity: 64, ..WorldConfig::default() };
        // Walls alone are counted here, not what is left of them.
        config.rules.structure.iter_mut().for_each(|kind| kind.debris_count = 0);
        let secure = SecureServerConfig::new(1, KEY, 32, vec![server_address()]);
        Self {
            now: 1_000_000,
            world: World::with_scenery(&config, &scenery).expect("a good configuration"),
            scenery,
            zone: ZoneSessions::new(replication, &config, 32).expect("a good configuration"),
            secure: SecureServer::new(secure, &mut random(3)).expect("a good configuration"),
            config,
            seats: Vec::new(),
            commands: Vec::new(),
            fallen: BTreeSet::new(),
            link,
            ground_bits: 0,
            chance: 99,
            input: CharacterInput::default(),
        }
    }

    fn join(&mut self) -> usize {
        let number = self.seats.len() as u64;
        let addresses = [server_address()];
        let params = TokenParams {
            protocol_id: 1,
            client_id: number,
            created: UNIX,
            lifetime_seconds: 600,
            timeout_seconds: 5,
            server_addresses: &addresses,
            internal_addresses: &addresses,
            user_data: &[0; USER_DATA_BYTES],
            private_key: &KEY,
        };
        let token = ConnectToken::generate(&params, &mut random(number + 17)).expect("good parameters");
        let config =
            GameClientConfig { scenery: Arc::new(self.scenery.clone()), ..GameClientConfig::default() };
        self.seats.push(Seat {
            client: GameClient::new(token, config, Micros(self.now)),
            address: SocketAddr::new([127, 0, 0, 1].into(), 20_000 + number as u16),
            up: LinkSimulator::new(self.link, number * 2 + 1),
            down: LinkSimulator::new(self.link, number * 2 + 2),
        });
        number as usize
    }

    /// One tick of everybody, with `extra` commands.
    fn tick(&mut self, extra: &[Command]) {
        self.now += 16_667;
        let now = Micros(self.now);
        self.server_reads(now);
        self.commands.clear();
        self.zone.begin_tick(self.world.tick(), &mut self.commands);
        self.commands.extend_from_slice(extra);
        self.world.step(&self.commands);
        self.zone.end_tick(&self.world);
        let Self { zone, world, secure, seats, ground_bits, .. } = self;
        zone.send_due(world, now, &mut |client: ClientIndex, payload: &[u8]| {
            *ground_bits += bits_about_the_ground(payload);
            let _ = secure
                .send_payload(client, payload, now, &mut |to, bytes| deliver(seats, to.socket, bytes, now));
        });
        secure.update(now, &mut |output| match output {
            ServerOutput::Datagram { to, bytes } => deliver(seats, to.socket, bytes, now),
            ServerOutput::Disconnected { client, .. } => zone.disconnect(client),
        });
        for seat in &mut self.seats {
            while let Some(bytes) = seat.down.poll(now) {
                let _ = seat.client.handle_datagram(server_address(), bytes, now);
            }
            seat.client.advance(now, self.input);
            let mut out = [0; DATAGRAM_MAX];
            while let Some((_, length)) = seat.client.poll_transmit(now, &mut out) {
                seat.up.push(&out[..length], now);
            }
        }
    }

    fn server_reads(&mut self, now: Micros) {
        let mut out = [0; DATAGRAM_MAX];
        for seat in &mut self.seats {
            while let Some(bytes) = seat.up.poll(now) {
                let Ok(event) = self.secure.handle_datagram(seat.address, bytes, now, UNIX, &mut out) else {
                    continue;
                };
                if event.reply_len() > 0 {
                    seat.down.push(&out[..event.reply_len()], now);
                }
                match event {
                    ServerEvent::Connected { client, client_id, .. } => {
                        self.zone.connect(client, client_id, None).expect("a free place");
                    }
                    ServerEvent::Payload { client, bytes } => _ = self.zone.receive(client, bytes, now),
                    ServerEvent::Disconnected { client, .. } => self.zone.disconnect(client),
                    ServerEvent::None | ServerEvent::Reply(_) => {}
                }
            }
        }
    }

    fn ticks(&mut self, count: u32) {
        (0..count).for_each(|_| self.tick(&[]));
    }

    /// A crater of the grenade or the rocket somewhere, now and then a mound that is no weapon's.
    fn blow(&mut self) -> Command {
        let mut quarter = || Metres((next(&mut self.chance) as i32 % 960 - 480) << 14);
        let (x, z) = (quarter(), quarter());
        let kind = next(&mut self.chance) % 50;
        let arm = &self.config.rules.arms[if kind.is_multiple_of(2) { 6 } else { 7 }];
        let depth = if kind == 0 { Metres::from_mm(-700) } else { arm.crater_depth };
        Command::Deform { x, z, radius: arm.blast_radius.max(self.config.terrain_spacing), depth }
    }

    fn section(&mut self) {
        let section = (next(&mut self.chance) % 300) as u16;
        if self.fallen.remove(&section) {
            self.zone.note_change(WorldChange::SectionBuilt { section });
        } else {
            self.fallen.insert(section);
            self.zone.note_change(WorldChange::SectionFell { section });
        }
    }

    /// Everybody plays and has the server's ground.
    fn expect_one_ground(&self) {
        let bare = TerrainDeltas::new(0);
        let server = self.world.terrain_deltas();
        for (number, seat) in self.seats.iter().enumerate() {
            assert_eq!(seat.client.state(), GameClientState::Playing, "client {number}");
            let world = seat.client.world().expect("welcomed");
            let deltas = world.terrain_deltas().unwrap_or(&bare);
            assert_eq!(deltas.content_hash(), server.content_hash(), "client {number}");
            for at in -30..30 {
                let (x, z) = (Metres::from_m(at * 4), Metres::from_mm(at * 3_700));
                assert_eq!(world.terrain().height_at(x, z), self.world.terrain().height_at(x, z));
            }
            for section in 0..300 {
                assert_eq!(seat.client.is_section_down(section), self.fallen.contains(&section));
            }
        }
    }
}

fn deliver(seats: &mut [Seat], to: SocketAddr, bytes: &[u8], now: Micros) {
    if let Some(seat) = seats.get_mut(usize::from(to.port()).wrapping_sub(20_000)) {
        seat.down.push(bytes, now);
    }
}

/// Bits of the fragments in a payload whose message is about the ground: each is whole in one fragment.
fn bits_about_the_ground(payload: &[u8]) -> u64 {
    let mut reader = BitReader::new(&payload[8..]);
    let mut bits = 0;
    loop {
        let start = reader.position();
        if FrameKind::read(&mut reader) != Ok(FrameKind::Fragment) {
            return bits;
        }
        reader.get(17).expect("a whole fragment");
        let length = reader.get(9).expect("a whole fragment") as usize;
        reader.align().expect("a whole fragment");
        let bytes = reader.get_bytes(length).expect("a whole fragment");
        if bytes[0] >= 0x80 || bytes[0] == 4 || bytes[0] == 5 {
            bits += (reader.position() - start) as u64;
        }
    }
}

#[test]
fn five_hundred_craters_and_a_thousand_sections_reach_everybody_for_few_bytes() {
    let mut scene = Scene::new(&ReplicationConfig::default(), bad_link());
    (0..12).for_each(|_| _ = scene.join());
    scene.ticks(120);
    for _ in 0..500 {
        let blow = scene.blow();
        scene.tick(&[blow]);
        scene.ticks(1);
    }
    scene.ticks(120);
    let craters = scene.ground_bits as f64 / 8.0 / (500.0 * 12.0);
    for _ in 0..500 {
        (0..2).for_each(|_| scene.section());
        scene.ticks(2);
    }
    assert_eq!(scene.zone.changes_noted(), 1_500);
    let late = scene.join();
    scene.ticks(360);
    scene.expect_one_ground();
    for seat in &scene.seats {
        let stats = seat.client.stats();
        assert_eq!((stats.world_changes, stats.ground_mismatches, stats.ground_images), (1_500, 0, 0));
    }
    let (mut chunks, mut sections) = (Vec::new(), Vec::new());
    scene.seats[late].client.take_world_news(&mut chunks, &mut sections);
    assert!(chunks.len() == scene.world.terrain_deltas().len() && sections.len() > 200);
    let told = 1_500 * scene.seats.len() as u64;
    let bytes = scene.ground_bits as f64 / 8.0 / told as f64;
    println!("{craters:.2} bytes a crater, {bytes:.2} bytes a change, everything counted");
    assert!(bytes <= 10.0 && craters <= 10.0, "{craters:.2} bytes a crater, {bytes:.2} a change");
}

/// Craters that are so far apart in time that each is told alone.
#[test]
fn a_lone_crater_costs_no_more_than_ten_bytes() {
    let link = LinkConditions { latency_us: 20_000, ..LinkConditions::default() };
    let mut scene = Scene::new(&ReplicationConfig::default(), link);
    scene.join();
    scene.ticks(120);
    for _ in 0..20 {
        let blow = scene.blow();
        scene.tick(&[blow]);
        scene.ticks(20);
    }
    scene.expect_one_ground();
    // A check may have been told meanwhile: 17 bytes in ten seconds.
    let bytes = scene.ground_bits / 8 - 17;
    println!("{} bytes a lone crater", bytes as f64 / 20.0);
    assert!(bytes <= 20 * 10, "{bytes} bytes for 20");
}

#[test]
fn who_comes_after_more_changes_than_are_kept_gets_the_whole_ground() {
    for budget in [ReplicationConfig::default().least_budget(60), 40_000] {
        let replication =
            ReplicationConfig { down_budget_bytes_per_s: budget, ..ReplicationConfig::default() };
        let mut scene = Scene::new(&replication, bad_link());
        scene.join();
        scene.ticks(120);
        for _ in 0..100 {
            let blows: Vec<Command> = (0..3).map(|_| scene.blow()).collect();
            scene.tick(&blows);
        }
        (0..9_000).for_each(|_| scene.section());
        scene.ticks(30);
        scene.join();
        let before = scene.seats[0].client.stats().snapshots;
        scene.ticks(3_600);
        scene.expect_one_ground();
        for seat in &scene.seats {
            assert_eq!((seat.client.stats().ground_images, seat.client.stats().ground_mismatches), (1, 0));
        }
        let snapshots = scene.seats[0].client.stats().snapshots - before;
        assert!(snapshots > 600, "{snapshots} snapshots in a minute: the picture goes on");
    }
}

#[test]
fn ground_that_has_gone_wrong_is_noticed_and_put_right() {
    let mut scene = Scene::new(&ReplicationConfig::default(), bad_link());
    (0..3).for_each(|_| _ = scene.join());
    scene.ticks(120);
    let blow = scene.blow();
    scene.tick(&[blow]);
    // The clients are told of a crater that the server has not.
    let lie = Deformation {
        x: Metres::from_m(5),
        z: Metres::from_m(6),
        radius: Metres::from_m(4),
        depth: Metres::from_m(1),
    };
    scene.zone.note_change(WorldChange::Deformed(lie));
    scene.ticks(1_300);
    for _ in 0..5 {
        let blow = scene.blow();
        scene.tick(&[blow]);
    }
    scene.ticks(120);
    scene.expect_one_ground();
    for seat in &scene.seats {
        let stats = seat.client.stats();
        assert_eq!((stats.ground_mismatches, stats.ground_images), (1, 1));
    }
}

#[test]
fn a_world_that_comes_with_craters_is_told_whole() {
    let mut scene = Scene::new(&ReplicationConfig::default(), bad_link());
    for _ in 0..20 {
        let blow = scene.blow();
        scene.world.step(&[blow]);
    }
    scene.join();
    scene.ticks(300);
    let blow = scene.blow();
    scene.tick(&[blow]);
    scene.join();
    scene.ticks(300);
    scene.expect_one_ground();
}

/// A row of barricades, each a section of its own.
fn row_of_barricades() -> Scenery {
    let half_sizes = [Metres::from_m(1), Metres::from_m(3), Metres::from_mm(300)];
    let block = |number: i32| StaticShape::Box {
        centre: Position::new(Metres::from_m(number * 2 - 6), Metres::ZERO, Metres::from_m(-4)),
        half_sizes,
        yaw: Brads(0),
    };
    Scenery {
        shapes: (0..6).map(block).collect(),
        sections: (0..6).map(|shape| StructureSection { shape, kind: 4 }).collect(),
        ..Scenery::default()
    }
}

impl Scene {
    /// Every client stands before the same walls as the server: in its list, and for a body that walks.
    fn expect_one_wall(&mut self) {
        let obstacles = self.world.obstacles();
        self.fallen = (0..6).filter(|section| !obstacles.section_stands(u32::from(*section))).collect();
        self.expect_one_ground();
        let body = Body { radius: Metres::from_mm(400), height: Metres::from_mm(1_800) };
        for seat in &self.seats {
            let client = seat.client.world().expect("welcomed");
            for mm in -7_000..7_000 {
                let at = Position::new(Metres::from_mm(mm), Metres::ZERO, Metres::from_m(-4));
                let blocked = |obstacles: &Obstacles| obstacles.blocked(body, at, self.world.tick());
                assert_eq!(blocked(client.obstacles()), blocked(self.world.obstacles()), "{mm} mm");
            }
        }
    }
}

#[test]
fn walls_that_fall_and_are_built_do_so_for_everybody() {
    let mut scene = Scene::with_scenery(&ReplicationConfig::default(), bad_link(), row_of_barricades());
    (0..3).for_each(|_| _ = scene.join());
    scene.ticks(120);
    let strike = |section| Command::StrikeStructure { section, damage: 5_000 };
    scene.tick(&[strike(1), strike(4)]);
    scene.ticks(60);
    scene.expect_one_wall();
    assert_eq!(scene.fallen, BTreeSet::from([1, 4]));

    scene.tick(&[strike(2), Command::BuildStructure { section: 4, health: 1 }]);
    let mut saved = SavedState::default();
    scene.world.save(&mut saved);
    scene.join();
    scene.ticks(200);
    scene.expect_one_wall();
    assert_eq!(scene.fallen, BTreeSet::from([1, 2]));
    assert_eq!(scene.zone.changes_noted(), 4, "each change is told once");

    // Back to an older state: what was built since is gone again.
    scene.tick(&[strike(0), Command::BuildStructure { section: 1, health: 900 }]);
    scene.ticks(60);
    scene.expect_one_wall();
    assert_eq!(scene.fallen, BTreeSet::from([0, 2]));
    scene.world.load(&saved).expect("of this world");
    scene.ticks(120);
    scene.expect_one_wall();
    assert_eq!(scene.fallen, BTreeSet::from([1, 2]));
    assert!(scene.seats.iter().all(|seat| seat.client.stats().ground_mismatches == 0));
}

/// Crates in a stack, a row of boulders, and some room.
fn store() -> Scenery {
    let place = |kind, x, y, z| PropPlace {
        kind,
        position: Position::new(Metres::from_m(x), Metres::from_m(y), Metres::from_m(z)),
        yaw: Brads(0x4000),
    };
    let mut props: Vec<PropPlace> = (0..3).map(|level| place(0, 4, level * 6, 4)).collect();
    props.extend((-3..4).map(|x| place(2, x, 0, -6)));
    Scenery { props, ..Scenery::default() }
}

impl Scene {
    /// Every client has the props that rest where they rest, and no others.
    fn expect_props_at_rest(&self) {
        let props = self.world.props();
        for seat in &self.seats {
            let known = seat.client.props().expect("welcomed");
            assert_eq!(known.len(), self.world.prop_count());
            for (slot, prop) in known.iter() {
                let row = usize::from(slot);
                assert!(props.id_at(slot.into()).is_some() && !props.is_awake(slot.into()));
                assert_eq!((prop.kind, prop.position), (props.kind[row], props.position(slot.into())));
                assert_eq!((prop.yaw.0, prop.velocity), (props.yaw[row] & 0xFF00, None));
            }
        }
    }
}

#[test]
fn props_rest_in_the_same_places_for_everybody_whenever_they_come() {
    let mut scene = Scene::with_scenery(&ReplicationConfig::default(), bad_link(), store());
    (0..2).for_each(|_| _ = scene.join());
    scene.ticks(300);
    scene.expect_props_at_rest();
    let stack = scene.world.props().id_at(2).expect("the uppermost crate");
    let velocity = shieldwall_core::Velocity::from_raw(4 << 16, 3 << 16, 1 << 16);
    let place = Position::new(Metres::from_m(9), Metres::from_m(8), Metres::from_m(9));
    let new = Command::SpawnProp { tag: 1, kind: 1, position: place, yaw: Brads(7) };
    let first = scene.world.props().id_at(0).expect("the lowest crate");
    let before = scene.ground_bits;
    scene.tick(&[Command::PushProp { id: stack, velocity }, new, Command::RemoveProp { id: first }]);
    scene.ticks(30);
    scene.join();
    scene.ticks(400);
    scene.expect_props_at_rest();
    let bytes = (scene.ground_bits - before) / 8;
    println!("{bytes} bytes for what moved, to three");
    assert!(bytes < 3 * 1_000, "{bytes}");
    // Nothing is told of what sleeps: checks of the ground alone.
    let quiet = scene.ground_bits;
    scene.ticks(500);
    assert!(scene.ground_bits - quiet <= 3 * 8 * 60, "{} bits", scene.ground_bits - quiet);
    // Who comes after more changes than are kept gets them with the ground.
    (0..9_000).for_each(|_| scene.section());
    scene.ticks(30);
    scene.join();
    scene.ticks(600);
    scene.expect_props_at_rest();
}

/// Walks into a row of boulders: the client's prediction is right to the bit.
#[test]
fn the_own_character_is_kept_out_of_boulders_without_corrections() {
    let mut scene = Scene::with_scenery(&ReplicationConfig::default(), LinkConditions::default(), store());
    scene.join();
    scene.ticks(200);
    let id = scene.seats[0].client.character().expect("plays");
    let at = scene.world.characters().position(id.slot);
    // A ring of boulders that leaves no way out, around where it stands.
    let ring: Vec<Command> = (0..8)
        .map(|number| {
            let (x, z) = Brads(number * 8_192).forward();
            let distance = Metres::from_mm(2_600);
            let position = at.offset(distance.scaled(x), Metres::ZERO, distance.scaled(z));
            Command::SpawnProp { tag: 0, kind: 2, position, yaw: Brads(0) }
        })
        .collect();
    scene.tick(&ring);
    scene.ticks(200);
    let before = scene.seats[0].client.stats().corrections;
    for turn in 0..5 {
        scene.input = CharacterInput { move_forward: 127, yaw: Brads(turn * 9_000), ..Default::default() };
        scene.ticks(120);
    }
    assert_eq!(scene.seats[0].client.stats().corrections - before, 0);
    let away = scene.world.characters().position(id.slot).horizontal_distance(at);
    assert!(away > Metres::from_mm(300) && away < Metres::from_mm(2_600), "{away}");
}
