//! Two C clients in a real battle: server and world in the same thread, no socket, no clock. The session of the ABI must
//! say what the server knows, and predict its own character to the last bit.
#![allow(unsafe_code)] // this test stands in for C
#![allow(clippy::undocumented_unsafe_blocks)] // the macro `c!` has the one comment for all of them

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ptr::{null, null_mut};

use shieldwall::client::*;
use shieldwall::client_objectives::*;
use shieldwall::client_stats::SwClientStats;
use shieldwall::client_types::*;
use shieldwall::command_types::SwInput;
use shieldwall::result::SwResult;
use shieldwall::world::{sw_world_create_encoded, sw_world_destroy, sw_world_height_at};
use shieldwall_core::spatial::Scenery;
use shieldwall_core::{Brads, CapturePoint, Command, Metres, NO_TEAM, Placement, World, WorldConfig};
use shieldwall_net::secure::{
    DATAGRAM_MAX, DEVELOPMENT_KEY, PROTOCOL_ID, SecureServer, SecureServerConfig, ServerEvent,
};
use shieldwall_net::server::{ReplicationConfig, ZoneSessions};
use shieldwall_net::time::{Micros, UnixSeconds};

/// Calls an exported function, as C does.
macro_rules! c {
    ($call:expr) => {
        // SAFETY: every pointer of these tests is null or points to a live local of the size that it claims.
        assert_eq!(unsafe { $call }, SwResult::Ok)
    };
}

const UNIX_S: u64 = 1_700_000_000;
const CLIENTS: usize = 2;
const TICK_US: u64 = 16_667;

fn sized<T: bytemuck::Zeroable>() -> T {
    let mut value = T::zeroed();
    // SAFETY: every struct of the ABI that is passed alone begins with its size as u32.
    unsafe { (&raw mut value).cast::<u32>().write(size_of::<T>() as u32) };
    value
}

struct Server {
    world: World,
    sessions: ZoneSessions,
    secure: SecureServer,
    spawned: i32,
}

impl Server {
    fn new() -> Server {
        Server::with_scenery(&Scenery::default())
    }

    fn with_scenery(scenery: &Scenery) -> Server {
        let config = WorldConfig { seed: 11, character_capacity: 64, ..WorldConfig::default() };
        let secure =
            SecureServerConfig::new(PROTOCOL_ID, DEVELOPMENT_KEY, CLIENTS as u32, vec![server_address()]);
        let mut counter = 0_u8;
        let mut random = |out: &mut [u8]| {
            for byte in out {
                counter = counter.wrapping_mul(5).wrapping_add(17);
                *byte = counter;
            }
        };
        Server {
            world: World::with_scenery(&config, scenery).expect("the configuration is valid"),
            sessions: ZoneSessions::new(&ReplicationConfig::default(), &config, CLIENTS as u32)
                .expect("the configuration is valid"),
            secure: SecureServer::new(secure, &mut random).expect("the configuration is valid"),
            spawned: 0,
        }
    }

    /// Takes in a datagram; answers what is to be sent back.
    fn receive(&mut self, from: SocketAddr, mut datagram: Vec<u8>, now: Micros) -> Option<Vec<u8>> {
        let mut out = [0; DATAGRAM_MAX];
        let event =
            self.secure.handle_datagram(from, &mut datagram, now, UnixSeconds(UNIX_S), &mut out).ok()?;
        let reply = out[..event.reply_len()].to_vec();
        match event {
            ServerEvent::Connected { client, client_id, .. } => {
                self.sessions.connect(client, client_id, None).expect("there is room");
            }
            ServerEvent::Payload { client, bytes } => {
                self.sessions.receive(client, bytes, now).expect("an honest payload");
            }
            ServerEvent::Disconnected { client, .. } => self.sessions.disconnect(client),
            ServerEvent::None | ServerEvent::Reply(_) => {}
        }
        (!reply.is_empty()).then_some(reply)
    }

    /// Runs a tick; answers what is to be sent, by address.
    fn tick(&mut self, now: Micros) -> Vec<(SocketAddr, Vec<u8>)> {
        let mut commands = Vec::new();
        self.sessions.begin_tick(self.world.tick(), &mut commands);
        for command in &mut commands {
            // Far from each other: without contact there is no excuse for a correction.
            if let Command::Spawn { placement, .. } = command {
                let x = Metres::from_m(self.spawned * 30 - 15);
                *placement = Placement::At { x, z: Metres(0), yaw: Brads(0) };
                self.spawned += 1;
            }
        }
        self.world.step(&commands);
        self.sessions.end_tick(&self.world);
        let mut sent = Vec::new();
        let secure = &mut self.secure;
        self.sessions.send_due(&self.world, now, &mut |client, payload: &[u8]| {
            let _full = secure
                .send_payload(client, payload, now, &mut |to, bytes| sent.push((to.socket, bytes.to_vec())));
        });
        sent
    }
}

fn server_address() -> SocketAddr {
    "127.0.0.1:7777".parse().expect("an address")
}

struct Player {
    handle: SwClient,
    address: SocketAddr,
    input: SwInput,
}

impl Player {
    fn new(number: u16) -> Player {
        let mut handle = 0;
        c!(sw_client_create_for_development(
            c"127.0.0.1:7777".as_ptr(),
            u64::from(number),
            c"C".as_ptr(),
            UNIX_S,
            null(),
            0,
            &raw mut handle
        ));
        Player {
            handle,
            address: SocketAddr::from(([127, 0, 0, 1], 20_000 + number)),
            input: SwInput::default(),
        }
    }

    fn receive(&self, datagram: &[u8], now_us: u64) {
        let from = SwAddress::from(server_address());
        c!(sw_client_handle_datagram(
            self.handle,
            &raw const from,
            datagram.as_ptr(),
            datagram.len(),
            now_us
        ));
    }

    fn poll(&self, now_us: u64) -> Option<Vec<u8>> {
        let (mut buffer, mut to, mut written) = ([0; SW_DATAGRAM_MAX], sized::<SwAddress>(), 0);
        c!(sw_client_poll_transmit(
            self.handle,
            now_us,
            buffer.as_mut_ptr(),
            buffer.len(),
            &raw mut to,
            &raw mut written
        ));
        assert!(written == 0 || to.port == 7777);
        (written > 0).then(|| buffer[..written].to_vec())
    }

    fn own(&self) -> SwOwn {
        let mut own = sized::<SwOwn>();
        c!(sw_client_own(self.handle, &raw mut own));
        own
    }

    fn crowd(&self, now_us: u64) -> Vec<SwEntity> {
        let (mut entities, mut count) = ([SwEntity::default(); 8], 0);
        let size = size_of::<SwEntity>();
        c!(sw_client_sample_crowd(self.handle, now_us, entities.as_mut_ptr(), 8, size, &raw mut count));
        entities[..count].to_vec()
    }

    fn status(&self) -> SwClientStatus {
        let mut status = sized::<SwClientStatus>();
        c!(sw_client_status(self.handle, &raw mut status));
        status
    }

    fn stats(&self) -> SwClientStats {
        let mut stats = sized::<SwClientStats>();
        c!(sw_client_stats(self.handle, &raw mut stats));
        stats
    }
}

/// Server and players for some ticks, over a perfect link.
fn run(server: &mut Server, players: &[Player], now_us: &mut u64, ticks: u32) {
    let seats: BTreeMap<SocketAddr, usize> =
        players.iter().enumerate().map(|(seat, player)| (player.address, seat)).collect();
    for _ in 0..ticks {
        *now_us += TICK_US;
        for player in players {
            let size = size_of::<SwInput>();
            c!(sw_client_advance(player.handle, *now_us, &raw const player.input, size, null_mut()));
            while let Some(datagram) = player.poll(*now_us) {
                if let Some(reply) = server.receive(player.address, datagram, Micros(*now_us)) {
                    player.receive(&reply, *now_us);
                }
            }
        }
        for (to, datagram) in server.tick(Micros(*now_us)) {
            players[seats[&to]].receive(&datagram, *now_us);
        }
    }
}

#[test]
fn c_clients_walk_see_each_other_and_leave() {
    let mut server = Server::new();
    let mut players = [Player::new(1), Player::new(2)];
    let mut now_us = 0;
    run(&mut server, &players, &mut now_us, 120);
    for player in &players {
        assert_eq!(player.status().state, SW_CLIENT_PLAYING);
        assert_ne!(player.status().character, 0);
    }
    let before = players[0].own();
    players[0].input = SwInput { move_forward: 127, ..SwInput::default() };
    run(&mut server, &players, &mut now_us, 60);
    players[0].input = SwInput::default();
    run(&mut server, &players, &mut now_us, 60);

    let own = players[0].own();
    let walked_m = f64::from(before.z - own.z) / 65_536.0;
    assert!((3.5..4.5).contains(&walked_m), "a second of walking to -z: {walked_m} m");
    let slot = own.id as u32;
    assert_eq!(own.predicted_z, server.world.characters().position_z[slot as usize], "standing, to the bit");
    assert_eq!(players[0].stats().corrections, 0);
    let characters = server.world.characters();
    assert_eq!((own.stamina, own.effect_count), (characters.stamina[slot as usize], 0));
    assert_eq!((own.ready_tick[0], own.action), (characters.primary_ready_tick[slot as usize], 0));

    let seen = players[1].crowd(now_us);
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].slot, slot);
    let off_m = f64::from(seen[0].z - own.z).abs() / 65_536.0;
    assert!(off_m < 0.05, "the other is drawn {off_m} m off");

    world_of_the_server(&players[0], &server);
    leave(&mut server, &players, now_us);
}

/// The client's world configuration makes the server's terrain.
fn world_of_the_server(player: &Player, server: &Server) {
    let (mut bytes, mut written, mut world, mut height) = ([0; 16_384], 0, 0, 0);
    c!(sw_client_encode_world_config(player.handle, bytes.as_mut_ptr(), bytes.len(), &raw mut written));
    c!(sw_world_create_encoded(bytes.as_ptr(), written, &raw mut world));
    let (x, z) = (Metres::from_m(31), Metres::from_m(-57));
    c!(sw_world_height_at(world, x.0, z.0, &raw mut height));
    assert_eq!(height, server.world.terrain().height_at(x, z).0);
    c!(sw_world_destroy(world));
}

fn leave(server: &mut Server, players: &[Player], now_us: u64) {
    for player in players {
        c!(sw_client_disconnect(player.handle));
        while let Some(datagram) = player.poll(now_us) {
            server.receive(player.address, datagram, Micros(now_us));
        }
        assert_eq!(player.status().end_reason, SW_END_LEFT);
        c!(sw_client_destroy(player.handle));
    }
    server.tick(Micros(now_us));
    assert_eq!(server.world.characters().live_slots().count(), 0, "the server took them out");
}

#[test]
fn c_clients_know_what_is_fought_over() {
    let point = |x, kind, owner| CapturePoint {
        x: Metres::from_m(x),
        z: Metres(0),
        radius: Metres::from_m(6),
        kind,
        owner,
    };
    // The first player stands in the first ring, nobody at the flag.
    let points = vec![point(-15, 0, NO_TEAM), point(60, 3, 1)];
    let scenery = Scenery { capture_points: points, ..Scenery::default() };
    let mut server = Server::with_scenery(&scenery);
    let file = scenery.encode();
    let players = [Player::new(1), Player::new(2)];
    for player in &players {
        c!(sw_client_set_scenery(player.handle, file.as_ptr(), file.len()));
    }
    let mut now_us = 0;
    run(&mut server, &players, &mut now_us, 300);
    let (mut objectives, mut count) = ([SwObjective::default(); 4], 0);
    let size = size_of::<SwObjective>();
    let handle = players[1].handle;
    c!(sw_client_objectives(handle, objectives.as_mut_ptr(), 4, size, &raw mut count));
    assert_eq!(count, 2);
    let [ring, flag, ..] = objectives;
    assert_eq!((ring.point, ring.kind, ring.owner, ring.contender, ring.present), (0, 0, 255, 0, 1));
    assert!(ring.progress > 65_536 / 20 && ring.told_tick < ring.tick, "{ring:?}");
    assert_eq!((flag.owner, flag.flag, flag.x), (1, SW_OBJECTIVE_FLAG_HOME, 60 << 16));
    run(&mut server, &players, &mut now_us, 30 * 60);
    let mut events = [SwClientEvent::default(); 64];
    c!(sw_client_take_events(handle, events.as_mut_ptr(), 64, size_of::<SwClientEvent>(), &raw mut count));
    let told = |kind| events[..count].iter().filter(|event| event.kind == kind).count();
    assert!(told(SW_CLIENT_EVENT_OBJECTIVE) >= 2 && told(SW_CLIENT_EVENT_SCORE) >= 2);
    let mut score = 0;
    c!(sw_client_team_score(handle, 0, &raw mut score));
    // What is told is of the newest snapshot, a few ticks back.
    let now = server.world.scores().score(0);
    assert!(score > 0 && (score..=score + 1).contains(&now), "{score}, {now}");
    c!(sw_client_team_score(handle, 9, &raw mut score));
    assert_eq!(score, 0);
    for player in players {
        c!(sw_client_destroy(player.handle));
    }
}
