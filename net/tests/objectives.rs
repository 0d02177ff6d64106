//! What teams fight over, over bad links: every client, whenever it comes, knows who has what, for few bytes.

use shieldwall_core::spatial::{Scenery, TerrainSource};
use shieldwall_core::{
    Brads, CapturePoint, CharacterId, CharacterInput, Command, Event, Metres, NO_TEAM, Placement, World,
    WorldConfig,
};
use shieldwall_net::client::{FlagView, GameClient, GameClientConfig, GameClientState, ObjectiveView};
use shieldwall_net::link_simulator::{LinkConditions, LinkSimulator};
use shieldwall_net::secure::{
    ClientIndex, ConnectToken, DATAGRAM_MAX, SecureServer, SecureServerConfig, ServerEvent, ServerOutput,
    TokenParams, USER_DATA_BYTES,
};
use shieldwall_net::server::{ReplicationConfig, ZoneSessions};
use shieldwall_net::time::{Micros, UnixSeconds};
use std::net::SocketAddr;
use std::sync::Arc;

const KEY: [u8; 32] = [7; 32];
const UNIX: UnixSeconds = UnixSeconds(1_000);
/// Tags of what no client plays.
const ACTOR: u32 = 1;

fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

fn random(seed: u64) -> impl FnMut(&mut [u8]) {
    let mut state = seed;
    move |bytes| bytes.iter_mut().for_each(|byte| *byte = next(&mut state) as u8)
}

fn server_address() -> SocketAddr {
    SocketAddr::new([127, 0, 0, 1].into(), 7777)
}

/// Places of the points: two rings, the flags of both teams.
const PLACES: [(i32, i32); 4] = [(0, 0), (30, 0), (-40, 40), (40, 40)];

fn scenery() -> Scenery {
    let point = |at: usize, radius, kind, owner| CapturePoint {
        x: Metres::from_m(PLACES[at].0),
        z: Metres::from_m(PLACES[at].1),
        radius: Metres::from_m(radius),
        kind,
        owner,
    };
    Scenery {
        terrain: TerrainSource::Flat,
        capture_points: vec![
            point(0, 6, 1, NO_TEAM),
            point(1, 6, 0, 1),
            point(2, 2, 3, 0),
            point(3, 2, 3, 1),
        ],
        ..Scenery::default()
    }
}

/// How the world stood after a tick: owner, contender and progress of each point, its flags, and the scores.
type Truth = (Vec<(u8, u8, u32, u16)>, Vec<(u8, u32)>, [u32; 2]);

struct Seat {
    client: GameClient,
    address: SocketAddr,
    up: LinkSimulator,
    down: LinkSimulator,
}

struct Scene {
    now: u64,
    world: World,
    zone: ZoneSessions,
    secure: SecureServer,
    seats: Vec<Seat>,
    link: LinkConditions,
    actors: Vec<CharacterId>,
    truth: Vec<Truth>,
    chance: u64,
}

impl Scene {
    fn new(link: LinkConditions) -> Self {
        let mut config = WorldConfig { character_capacity: 64, ..WorldConfig::default() };
        config.rules.crowd.passes = 0;
        for kind in &mut config.rules.objective {
            (kind.capture_ms, kind.return_ms) = (3_000, 2_000);
        }
        let secure = SecureServerConfig::new(1, KEY, 32, vec![server_address()]);
        Self {
            now: 1_000_000,
            world: World::with_scenery(&config, &scenery()).expect("a good configuration"),
            zone: ZoneSessions::new(&ReplicationConfig::default(), &config, 32)
                .expect("a good configuration"),
            secure: SecureServer::new(secure, &mut random(3)).expect("a good configuration"),
            seats: Vec::new(),
            link,
            actors: Vec::new(),
            truth: Vec::new(),
            chance: 5,
        }
    }

    fn join(&mut self) {
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
        let config = GameClientConfig { scenery: Arc::new(scenery()), ..GameClientConfig::default() };
        self.seats.push(Seat {
            client: GameClient::new(token, config, Micros(self.now)),
            address: SocketAddr::new([127, 0, 0, 1].into(), 20_000 + number as u16),
            up: LinkSimulator::new(self.link, number * 2 + 1),
            down: LinkSimulator::new(self.link, number * 2 + 2),
        });
    }

    fn tick(&mut self, extra: &[Command]) {
        self.now += 16_667;
        let now = Micros(self.now);
        self.server_reads(now);
        let mut commands = Vec::new();
        self.zone.begin_tick(self.world.tick(), &mut commands);
        commands.extend_from_slice(extra);
        self.world.step(&commands);
        self.record();
        self.zone.end_tick(&self.world);
        let Self { zone, world, secure, seats, .. } = self;
        zone.send_due(world, now, &mut |client: ClientIndex, payload: &[u8]| {
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
            seat.client.advance(now, CharacterInput::default());
            let mut out = [0; DATAGRAM_MAX];
            while let Some((_, length)) = seat.client.poll_transmit(now, &mut out) {
                seat.up.push(&out[..length], now);
            }
        }
    }

    fn record(&mut self) {
        for event in self.world.events() {
            match event {
                Event::Spawned { tag: ACTOR, id } => self.actors.push(*id),
                Event::Died { victim, .. } => self.actors.retain(|id| id != victim),
                _ => {}
            }
        }
        let view = self.world.objectives();
        let points = 0..view.len();
        let rings =
            points.map(|at| (view.owner[at], view.contender[at], view.progress[at], view.present[at]));
        let flags = view.flags.iter().zip(view.carrier_slot).map(|(flag, slot)| (*flag, *slot));
        let scores = [0, 1].map(|team| self.world.scores().score(team));
        self.truth.push((rings.collect(), flags.collect(), scores));
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

    /// Somebody comes to one of the places, leaves, or walks away with what it carries.
    fn happening(&mut self) -> Vec<Command> {
        let mut pick = |count: u64| next(&mut self.chance) % count;
        let what = pick(10);
        if what < 4 && self.actors.len() < 16 {
            let (x, z) = PLACES[pick(4) as usize];
            let aside = pick(2_000) as i32;
            let (x, z) = (Metres::from_mm(x * 1_000 + aside), Metres::from_m(z));
            let placement = Placement::At { x, z, yaw: Brads(pick(65_536) as u16) };
            return vec![Command::Spawn { tag: ACTOR, team: pick(2) as u8, class: 0, placement }];
        }
        if self.actors.is_empty() {
            return Vec::new();
        }
        let at = pick(self.actors.len() as u64) as usize;
        if what < 7 {
            return vec![Command::Despawn { id: self.actors.swap_remove(at) }];
        }
        let yaw = Brads(pick(65_536) as u16);
        vec![Command::Input {
            id: self.actors[at],
            input: CharacterInput { move_forward: 127, yaw, ..CharacterInput::default() },
        }]
    }

    fn stop(&mut self) {
        let halt = self.actors.iter().map(|id| Command::Input { id: *id, input: CharacterInput::default() });
        let halt: Vec<Command> = halt.collect();
        self.tick(&halt);
    }

    /// Whatever a client says was so at the tick of which it was told.
    fn expect_no_lie(&self) {
        for (number, seat) in self.seats.iter().enumerate() {
            for point in 0..seat.client.objective_count() {
                let view = seat.client.objective(point).expect("a point");
                let (rings, flags, _) = &self.truth[view.told.0 as usize];
                let (owner, contender, ..) = rings[point as usize];
                assert_eq!((view.owner, view.contender), (owner, contender), "client {number}: {view:?}");
                assert_eq!(flag_of(&view), flags[point as usize], "client {number}: {view:?}");
            }
        }
    }

    /// Everybody knows how things stand: this is after a while in which nobody came, went or turned.
    fn expect_agreement(&self) {
        for (number, seat) in self.seats.iter().enumerate() {
            assert_eq!(seat.client.state(), GameClientState::Playing, "client {number}");
            for point in 0..PLACES.len() as u32 {
                let view = seat.client.objective(point).expect("a point");
                let (rings, flags, scores) = &self.truth[view.tick.0 as usize];
                let (owner, contender, progress, present) = rings[point as usize];
                assert_eq!(
                    (view.owner, view.contender, view.present),
                    (owner, contender, present),
                    "{number}"
                );
                assert_eq!(flag_of(&view), flags[point as usize], "client {number}: {view:?}");
                let whole = 3 * 60 * 256;
                let share = i64::from(progress) * 65_536 / whole;
                assert!((share - i64::from(view.progress)).abs() <= 65_536 / 80, "{share}: {view:?}");
                let there = self.world.objectives().position(point);
                assert!(view.position.horizontal_distance(there) < Metres::from_mm(1_800), "{view:?}");
                for team in [0, 1] {
                    assert_eq!(seat.client.score(team), Some(scores[usize::from(team)]), "client {number}");
                }
            }
            assert_eq!(seat.client.score(2), None);
        }
    }
}

fn flag_of(view: &ObjectiveView) -> (u8, u32) {
    match view.flag {
        FlagView::None | FlagView::Home => (1, 0),
        FlagView::Carried(slot) => (3, slot.into()),
        FlagView::Dropped(_) => (5, 0),
    }
}

fn deliver(seats: &mut [Seat], to: SocketAddr, bytes: &[u8], now: Micros) {
    if let Some(seat) = seats.get_mut(usize::from(to.port()).wrapping_sub(20_000)) {
        seat.down.push(bytes, now);
    }
}

/// Nobody stands still for long, a tenth of all packets is lost, others come late or twice.
#[test]
fn everybody_knows_who_has_what_over_bad_links() {
    let mut scene = Scene::new(LinkConditions {
        latency_us: 60_000,
        jitter_us: 20_000,
        loss_ppm: 100_000,
        duplicate_ppm: 20_000,
        reorder_ppm: 50_000,
        reorder_extra_us: 60_000,
        ..LinkConditions::default()
    });
    (0..6).for_each(|_| scene.join());
    let (mut captures, mut flags) = (0, 0);
    for round in 0..6 {
        for _ in 0..60 {
            let happening = scene.happening();
            scene.tick(&happening);
            for _ in 0..8 {
                scene.tick(&[]);
                let count =
                    |what: fn(&Event) -> bool| scene.world.events().iter().filter(|e| what(e)).count();
                captures += count(|event| matches!(event, Event::PointCaptured { .. }));
                flags += count(|event| matches!(event, Event::FlagMoved { .. }));
            }
            scene.expect_no_lie();
        }
        // Somebody new in every round.
        scene.join();
        scene.stop();
        (0..300).for_each(|_| scene.tick(&[]));
        scene.expect_agreement();
        println!(
            "round {round}: {captures} captures, {flags} news of flags, scores {:?}",
            scene.truth.last().map(|t| t.2)
        );
    }
    assert!(captures > 2 && flags > 8, "{captures} captures, {flags} flags");
    let traffic = scene.zone.traffic();
    let seconds = scene.truth.len() as f64 / 60.0;
    let each = traffic.objective_bytes as f64 / scene.seats.len() as f64 / seconds;
    println!(
        "{:.1} bytes a state with all around it, {each:.1} bytes per client and second",
        traffic.objective_bytes as f64 / traffic.objectives as f64
    );
    assert!(each < 40.0, "{each} bytes per client and second");
}
