//! A step allocates nothing: counted, not believed.
//!
//! The file is on the list of unsafe files because a global allocator cannot be written without.
#![allow(unsafe_code)]

use shieldwall_core::numeric::Ticks;
use shieldwall_core::{
    Brads, CharacterInput, Command, Event, ReplayOptions, ReplayRecorder, SavedState, StepReport, World,
    WorldConfig, buttons,
};
use shieldwall_net::client::{GameClient, GameClientConfig};
use shieldwall_net::secure::{
    ConnectToken, DATAGRAM_MAX, PeerAddress, SecureClient, SecureServer, SecureServerConfig, ServerEvent,
    TokenParams,
};
use shieldwall_net::server::{ReplicationConfig, ZoneSessions};
use shieldwall_net::time::{Micros, UnixSeconds};
use shieldwall_tests::scenes::{Brawl, RunningBrawl};
use shieldwall_tests::wilds;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

fn count() {
    // A thread that is being torn down has no counter any more, and is not the one under test.
    let _ = ALLOCATIONS.try_with(|counter| counter.set(counter.get() + 1));
}

// SAFETY: every call goes to the system's allocator unchanged; counting touches no memory of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.with(Cell::get);
    work();
    ALLOCATIONS.with(Cell::get) - before
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(1)))), 1);
}

#[test]
fn a_step_allocates_nothing() {
    let mut run = RunningBrawl::new(&Brawl::config(3, 300), 300);
    // The first tick spawns everybody: even that allocates nothing, only the script's buffer may grow.
    let mut sum = StepReport::default();
    let mut despawns = 0;
    for tick in 0..900 {
        run.brawl.commands(&run.world, &mut run.commands);
        despawns += run.commands.iter().filter(|c| matches!(c, Command::Despawn { .. })).count();
        let mut report = StepReport::default();
        let count = allocations(|| report = run.world.step(&run.commands));
        assert_eq!(count, 0, "tick {tick}: {report:?}");
        sum.events += report.events;
        sum.tally.hits += report.tally.hits;
        sum.tally.deaths += report.tally.deaths;
        sum.tally.respawns += report.tally.respawns;
        sum.tally.shots += report.tally.shots;
    }
    // The claim covers every kind of work a tick can have.
    assert!(sum.events > 1_000 && sum.tally.hits > 300 && sum.tally.deaths > 50, "{sum:?}");
    assert!(sum.tally.respawns > 20 && sum.tally.shots > 100 && despawns > 3, "{sum:?}, {despawns} despawns");
}

#[test]
fn a_siege_allocates_nothing() {
    let config = shieldwall_tests::breach::config(60);
    let scenery = shieldwall_tests::breach::scenery();
    let mut world = World::with_scenery(&config, &scenery).expect("a valid world");
    let (mut saved, mut fell, mut captured) = (SavedState::new(), 0, 0);
    world.save(&mut saved);
    for tick in 0..2_000 {
        let commands = shieldwall_tests::breach::commands(&world, 1);
        let count = allocations(|| {
            world.step(&commands);
        });
        assert_eq!(count, 0, "tick {tick}");
        fell += world.events().iter().filter(|event| matches!(event, Event::StructureFell { .. })).count();
        captured +=
            world.events().iter().filter(|event| matches!(event, Event::PointCaptured { .. })).count();
    }
    assert!(fell > 10 && captured > 2, "{fell} fell, {captured} captured");
    let count = allocations(|| {
        world.save(&mut saved);
        world.load(&saved).expect("its own state");
    });
    assert_eq!(count, 0);
}

#[test]
fn thinking_allocates_nothing() {
    let mut world = World::with_scenery(&wilds::config(), &wilds::scenery()).expect("the wilds are valid");
    let mut commands = Vec::with_capacity(1_024);
    let mut saved = SavedState::new();
    world.save(&mut saved);
    for tick in 0..600 {
        wilds::commands(&world, &mut commands);
        let count = allocations(|| _ = world.step(&commands));
        assert_eq!(count, 0, "tick {tick}");
        if tick % 100 == 99 {
            let count = allocations(|| {
                world.save(&mut saved);
                world.load(&saved).expect("its own state");
            });
            assert_eq!(count, 0);
        }
    }
    assert!(world.ways_computed() > 30, "{} fields", world.ways_computed());
}

#[test]
fn hash_and_snapshot_into_a_warm_buffer_allocate_nothing() {
    let mut run = RunningBrawl::new(&Brawl::config(4, 100), 100);
    let mut image = Vec::with_capacity(1 << 20);
    for _ in 0..60 {
        run.step();
    }
    let count = allocations(|| {
        run.world.snapshot_into(&mut image);
        std::hint::black_box(run.world.state_hash());
    });
    assert_eq!(count, 0);
    run.world.restore(&image).expect("its own image");
    let count = allocations(|| run.world.restore(&image).expect("its own image"));
    assert_eq!(count, 0, "from the second restore on");
}

#[test]
fn keeping_and_taking_back_a_state_allocates_nothing() {
    let mut run = RunningBrawl::new(&Brawl::config(4, 100), 100);
    let mut saved = SavedState::new();
    run.world.save(&mut saved);
    for _ in 0..60 {
        run.step();
    }
    let count = allocations(|| {
        run.world.save(&mut saved);
        run.world.step(&[]);
        run.world.load(&saved).expect("its own state");
        run.world.step(&[]);
    });
    assert_eq!(count, 0);
}

#[test]
fn recording_beside_the_tick_allocates_nothing() {
    let mut run = RunningBrawl::new(&Brawl::config(6, 120), 120);
    let options = ReplayOptions { hash_every: Ticks(7), keyframe_every: Ticks(40), chunk_ticks: Ticks(16) };
    let mut drafts = Vec::with_capacity(2 * ReplayRecorder::draft_bytes_max(&run.world));
    let mut recorder = ReplayRecorder::begin(&run.world, &options, &mut drafts);
    let mut written = 0;
    for tick in 0..300 {
        run.step();
        drafts.clear();
        let count = allocations(|| recorder.record(&run.world, &run.commands, &mut drafts));
        assert_eq!(count, 0, "tick {tick}");
        written += drafts.len();
    }
    assert!(written > 7 * 120 * 76, "keyframes and commands were among it: {written} bytes");
}

#[test]
fn coming_and_going_by_the_ten_thousand_allocates_nothing() {
    let characters = 10_000;
    let config = WorldConfig { parallel_min_rows: u32::MAX, ..Brawl::config(8, characters) };
    let mut world = World::new(&config).expect("the scene is valid");
    let mut spawns = Vec::new();
    Brawl::new(8, characters).commands(&world, &mut spawns);
    let mut despawns = Vec::with_capacity(spawns.len());
    for _ in 0..2 {
        assert_eq!(allocations(|| _ = world.step(&spawns)), 0);
        assert_eq!(world.character_count(), 10_000);
        assert_eq!(allocations(|| _ = world.step(&spawns[..2_000])), 0);
        assert_eq!(world.character_count(), config.character_capacity as usize, "full, and no more");
        despawns.clear();
        despawns.extend(
            (0..world.character_slots_end())
                .filter_map(|slot| world.id_at(slot))
                .map(|id| Command::Despawn { id }),
        );
        assert_eq!(allocations(|| _ = world.step(&despawns)), 0);
        assert_eq!((world.character_count(), world.character_slots_end()), (0, 0));
    }
}

#[test]
fn a_session_allocates_nothing_on_the_server() {
    let here = SocketAddr::from(([127, 0, 0, 1], 7777));
    let config = SecureServerConfig::new(1, [7; 32], 64, vec![here]);
    let mut server = SecureServer::new(config, &mut |bytes| bytes.fill(1)).expect("a sound configuration");
    let mut clients: Vec<SecureClient> = (0..64_u8)
        .map(|id| {
            let params = TokenParams {
                protocol_id: 1,
                client_id: u64::from(id),
                created: UnixSeconds(100),
                lifetime_seconds: 30,
                timeout_seconds: 5,
                server_addresses: &[here],
                internal_addresses: &[here],
                user_data: &[0; 256],
                private_key: &[7; 32],
            };
            let token = ConnectToken::generate(&params, &mut |bytes| bytes.fill(id)).expect("one address");
            SecureClient::new(token, Micros(0))
        })
        .collect();
    let from = |id: usize| SocketAddr::from(([10, 0, 0, id as u8], 9000));
    let (mut out, mut reply) = ([0; DATAGRAM_MAX], [0; DATAGRAM_MAX]);
    let mut delivered = 0;
    // Handshakes, payloads, forged and foreign datagrams, keep-alives, timeouts.
    let count = allocations(|| {
        for step in 0..40_u64 {
            let now = Micros(step * 50_000);
            for (id, client) in clients.iter_mut().enumerate() {
                let sent = client
                    .poll_transmit(now, &mut out)
                    .or(client.seal_payload(&[5; 100], now, &mut out).ok());
                let Some((_, len)) = sent else { continue };
                reply.copy_from_slice(&out);
                reply[len - 1] ^= 1;
                _ = server.handle_datagram(
                    from(id),
                    &mut reply[..len],
                    now,
                    UnixSeconds(100),
                    &mut [0; DATAGRAM_MAX],
                );
                let event =
                    server.handle_datagram(from(id), &mut out[..len], now, UnixSeconds(100), &mut reply);
                let len = event.map_or(0, |event| event.reply_len());
                _ = client.handle_datagram(here, &mut reply[..len], now);
            }
            server.update(now, &mut |_| delivered += 1);
        }
        server.update(Micros(60_000_000), &mut |_| delivered += 1);
    });
    assert_eq!(count, 0);
    assert_eq!((server.stats().connected, server.stats().timed_out), (64, 64));
    assert!(
        server.stats().payloads_received > 1_000 && server.stats().dropped_total() > 1_000 && delivered > 64
    );
}

/// A server's whole tick, from opening datagrams to making snapshots, with clients that fight.
struct InMemoryBattle {
    world: World,
    sessions: ZoneSessions,
    secure: SecureServer,
    clients: Vec<GameClient>,
    commands: Vec<Command>,
    /// Datagrams from the server, as (client, length, bytes).
    outbox: Vec<(usize, usize, [u8; DATAGRAM_MAX])>,
    tick: u64,
}

const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7777);

impl InMemoryBattle {
    fn new(clients: u64) -> Self {
        let config = WorldConfig { seed: 11, character_capacity: 256, ..WorldConfig::default() };
        let secure = SecureServerConfig::new(1, [7; 32], 64, vec![SERVER]);
        let secure = SecureServer::new(secure, &mut |bytes| bytes.fill(1)).expect("a sound configuration");
        let sessions = ZoneSessions::new(&ReplicationConfig::default(), &config, 64).expect("the defaults");
        let client = |id: u64| {
            let params = TokenParams {
                protocol_id: 1,
                client_id: id,
                created: UnixSeconds(100),
                lifetime_seconds: 30,
                timeout_seconds: 5,
                server_addresses: &[SERVER],
                internal_addresses: &[SERVER],
                user_data: &[0; 256],
                private_key: &[7; 32],
            };
            let token =
                ConnectToken::generate(&params, &mut |bytes| bytes.fill(id as u8)).expect("one address");
            GameClient::new(token, GameClientConfig::default(), Micros(0))
        };
        Self {
            world: World::new(&config).expect("the defaults"),
            sessions,
            secure,
            clients: (0..clients).map(client).collect(),
            commands: Vec::with_capacity(256),
            outbox: Vec::with_capacity(1_024),
            tick: 0,
        }
    }

    /// How often the crowd has turned round.
    fn turns(&self) -> u64 {
        self.tick.saturating_sub(440).div_ceil(80)
    }

    /// Runs a tick of everything; returns what the server's part of it allocated.
    fn tick(&mut self) -> u64 {
        self.tick += 1;
        let now = Micros(self.tick * 16_667);
        let mut server_allocated = 0;
        let mut datagram = [0; DATAGRAM_MAX];
        for index in 0..self.clients.len() {
            let input = CharacterInput {
                buttons: buttons::SPRINT | buttons::MELEE,
                move_forward: 127,
                // West and east run to the middle, and there to and fro.
                yaw: Brads::from_degrees(if (index as u64 + self.turns()).is_multiple_of(2) {
                    -90
                } else {
                    90
                }),
                ..CharacterInput::default()
            };
            self.clients[index].advance(now, input);
            while let Some((_, length)) = self.clients[index].poll_transmit(now, &mut datagram) {
                server_allocated += allocations(|| self.receive(index, &mut datagram[..length], now));
            }
        }
        server_allocated += allocations(|| self.step(now));
        for (client, length, mut bytes) in self.outbox.drain(..) {
            _ = self.clients[client].handle_datagram(SERVER, &mut bytes[..length], now);
        }
        server_allocated
    }

    fn receive(&mut self, index: usize, datagram: &mut [u8], now: Micros) {
        let from = SocketAddr::from(([10, 0, 0, index as u8], 9000));
        let mut reply = [0; DATAGRAM_MAX];
        let event = self.secure.handle_datagram(from, datagram, now, UnixSeconds(100), &mut reply);
        let event = event.expect("nobody forges here");
        let reply_len = event.reply_len();
        match event {
            ServerEvent::Payload { client, bytes } => {
                self.sessions.receive(client, bytes, now).expect("nobody cheats here");
            }
            ServerEvent::Connected { client, client_id, .. } => {
                self.sessions.connect(client, client_id, None).expect("a free place");
            }
            _ => {}
        }
        if reply_len > 0 {
            self.outbox.push((index, reply_len, reply));
        }
    }

    fn step(&mut self, now: Micros) {
        self.commands.clear();
        self.sessions.begin_tick(self.world.tick(), &mut self.commands);
        self.world.step(&self.commands);
        self.sessions.end_tick(&self.world);
        let Self { world, sessions, secure, outbox, .. } = self;
        sessions.send_due(world, now, &mut |client, payload| {
            let mut send = |to: PeerAddress, datagram: &[u8]| {
                let IpAddr::V4(ip) = to.socket.ip() else { return };
                let mut bytes = [0; DATAGRAM_MAX];
                bytes[..datagram.len()].copy_from_slice(datagram);
                outbox.push((usize::from(ip.octets()[3]), datagram.len(), bytes));
            };
            secure.send_payload(client, payload, now, &mut send).expect("a session");
        });
    }
}

#[test]
fn a_whole_server_tick_allocates_nothing_after_the_warm_up() {
    // A pool of this thread alone: what rayon takes for a thread's first theft, or for work from outside, is not the tick's.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build();
    let _pool = pool.expect("a thread");
    let mut battle = InMemoryBattle::new(48);
    for _ in 0..600 {
        battle.tick();
    }
    let before = battle.sessions.stats();
    let mut hits = 0;
    for tick in 600..1_200 {
        assert_eq!(battle.tick(), 0, "tick {tick}");
        hits += battle.world.events().iter().filter(|event| matches!(event, Event::Hit { .. })).count();
    }
    let after = battle.sessions.stats();
    assert_eq!((after.playing, after.clients), (48, 48));
    assert!(after.traffic.snapshots - before.traffic.snapshots >= 48 * 190, "{after:?}");
    assert!(hits > 0, "they fight");
}
