//! What replication costs: a battle of N characters, each a client that decodes what it is sent, in one process, the server
//! and the clients each on a thread, without sockets and encryption. Interest, priority, differences and packets are in the
//! figures; the step of the world is not.

use cpu_time::ThreadTime;
use shieldwall_core::{Brads, CharacterInput, Metres, Tick, ViewAge, World, WorldConfig, buttons};
use shieldwall_net::channel::Channel;
use shieldwall_net::client::replica::ReplicaTable;
use shieldwall_net::secure::ClientIndex;
use shieldwall_net::server::{InterestTier, PACKET_LANES, ReplicationConfig, Traffic, ZoneSessions};
use shieldwall_net::time::Micros;
use shieldwall_net::wire::client_message::{ClientMessage, Hello};
use shieldwall_net::wire::inputs::PlayerInput;
use shieldwall_net::wire::welcome::ServerMessage;
use shieldwall_net::wire::{FrameKind, PAYLOAD_BYTES, events, inputs, state_check};
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// A player without network: decodes snapshots and runs at the nearest enemy.
struct Client {
    channel: Channel<()>,
    replica: Option<ReplicaTable>,
    own: (i32, i32, bool),
    own_slot: u16,
    team: u8,
    aim: Brads,
    frames: VecDeque<(u64, Vec<u8>)>,
    history: VecDeque<CharacterInput>,
}

impl Client {
    fn new() -> Self {
        let mut channel = Channel::default();
        channel.send_reliable(&ClientMessage::Hello(Hello::OURS).encode()).expect("room");
        Self {
            channel,
            replica: None,
            own: (0, 0, false),
            own_slot: 0,
            team: 0,
            aim: Brads(0),
            frames: VecDeque::new(),
            history: VecDeque::new(),
        }
    }

    fn receive(&mut self, payload: &[u8], now: Micros) {
        let Ok(mut packet) = self.channel.receive(payload, now, |(), _| {}) else { return };
        loop {
            match FrameKind::read(&mut packet.reader).expect("the server's frames are good") {
                FrameKind::Snapshot => {
                    let replica = self.replica.as_mut().expect("the welcome comes first");
                    let header = replica.apply(&mut packet.reader).expect("baselines are held");
                    if let Some(own) = header.own {
                        let place = own.state.position;
                        self.own = (place.x.0 >> 10, place.z.0 >> 10, own.health > 0);
                        self.team = own.team;
                    }
                }
                FrameKind::Events => events::read(&mut packet.reader, |_, _| {}).expect("events are good"),
                FrameKind::StateCheck => {
                    state_check::read(&mut packet.reader, |_, _| {}).expect("checks are good");
                }
                FrameKind::Fragment => {
                    self.channel.read_fragment(&mut packet.reader).expect("fragments are good");
                    while let Some(message) = self.channel.next_message().expect("messages end") {
                        if let Ok(ServerMessage::Welcome(welcome)) = ServerMessage::decode(message) {
                            self.replica = Some(ReplicaTable::new(&welcome.config));
                            self.own_slot = welcome.character.slot as u16;
                        }
                    }
                }
                _ => break,
            }
        }
        self.channel.confirm(packet.sequence);
    }

    /// Every fifth tick or so the player thinks; in between it keeps on.
    fn think(&mut self, tick: u32, number: u32) -> CharacterInput {
        let noise = number.wrapping_mul(2_654_435_761).wrapping_add(tick / 15).wrapping_mul(2_246_822_519);
        let noise = (noise ^ noise >> 15).wrapping_mul(3_266_489_917) >> 16;
        let mut input = CharacterInput { yaw: self.aim, ..CharacterInput::default() };
        if (tick + number).is_multiple_of(6)
            && let Some(replica) = &self.replica
        {
            let foes =
                replica.entities().map(|e| e.newest().state).filter(|s| s.is_alive() && s.team != self.team);
            let nearest = foes
                .map(|s| (s.x - self.own.0, s.z - self.own.1))
                .min_by_key(|&(dx, dz)| i64::from(dx) * i64::from(dx) + i64::from(dz) * i64::from(dz));
            if let Some((dx, dz)) = nearest {
                self.aim = Brads::yaw_of(Metres(dx << 10), Metres(dz << 10));
            }
            self.aim = Brads(self.aim.0.wrapping_add((noise & 0x3ff) as u16).wrapping_sub(0x200) & 0xfff0);
        }
        input.move_forward = if noise & 0x7000 == 0 { 0 } else { 127 };
        input.move_right = if noise & 0x300 == 0 { 127 } else { 0 };
        input.buttons = (buttons::MELEE * u16::from(noise & 8 != 0))
            | (buttons::SHOOT * u16::from(noise & 0x30 == 0))
            | (buttons::SPRINT * u16::from(noise & 0xc0 == 0));
        self.history.push_front(input);
        self.history.truncate(8);
        input
    }

    /// Takes what has arrived, thinks, and sends in every other tick.
    fn tick(&mut self, tick: u32, number: u32, up: &mut Mail) {
        let now = time_of(tick);
        while self.frames.front().is_some_and(|(at, _)| *at <= tick.into()) {
            let (_, payload) = self.frames.pop_front().expect("just seen");
            self.receive(&payload, now);
        }
        let _ = self.think(tick, number);
        if (tick + number).is_multiple_of(2) {
            up.push(number, &self.send(Tick(tick), now));
        }
    }

    fn send(&mut self, tick: Tick, now: Micros) -> Vec<u8> {
        let mut buffer = [0; PAYLOAD_BYTES];
        let mut writer = self.channel.begin(&mut buffer);
        if !self.history.is_empty() {
            FrameKind::Inputs.write(&mut writer);
            let given = self.history.iter().rev().map(|input| PlayerInput::new(*input, ViewAge(180)));
            inputs::write(&mut writer, tick, given);
        }
        self.channel.write_reliable(&mut writer, now);
        let length = self.channel.finish(writer, (), now, |()| {});
        buffer[..length].to_vec()
    }
}

fn time_of(tick: u32) -> Micros {
    Micros(u64::from(tick) * 16_667)
}

/// Payloads of one tick, with the number of the client that each is to or from.
#[derive(Debug, Default)]
struct Mail {
    bytes: Vec<u8>,
    pieces: Vec<(u32, usize)>,
}

/// What the clients said in a tick, and the lanes that the server's packets left on; both go to and fro to be used again.
type Post = (Mail, [Mail; PACKET_LANES]);

impl Mail {
    fn push(&mut self, number: u32, payload: &[u8]) {
        self.bytes.extend_from_slice(payload);
        self.pieces.push((number, payload.len()));
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.pieces.clear();
    }

    fn each(&self, mut take: impl FnMut(u32, &[u8])) {
        let mut rest = &self.bytes[..];
        for &(number, length) in &self.pieces {
            let (payload, others) = rest.split_at(length);
            rest = others;
            take(number, payload);
        }
    }
}

/// All clients, on a thread of their own: they are other machines, and what they remember is not to drive what the server
/// remembers out of the caches of its core. A tick of theirs and one of the server take turns.
fn play(scene: &Scene, down: &Receiver<Post>, up: &Sender<Post>) {
    let mut clients: Vec<Client> = (0..scene.clients).map(|_| Client::new()).collect();
    let (mut sent, mut told) = Post::default();
    for tick in 0.. {
        for (number, client) in clients.iter_mut().enumerate() {
            client.tick(tick, number as u32, &mut sent);
        }
        if up.send((sent, told)).is_err() {
            return;
        }
        let Ok(came) = down.recv() else { return };
        (sent, told) = came;
        for lane in &mut told {
            lane.each(|number, payload| {
                let frames = &mut clients[number as usize].frames;
                frames.push_back((u64::from(tick + scene.delay_ticks), payload.to_vec()));
            });
            lane.clear();
        }
    }
}

/// A battle and what the clients may see of it.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Characters, each with a client.
    pub clients: u32,
    /// Seconds of game time after four of warming up.
    pub seconds: u32,
    /// Ticks from the server to a client; as many back.
    pub delay_ticks: u32,
    /// Who is told what.
    pub replication: ReplicationConfig,
}

/// What the server's part cost.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    /// Processor time for one character told to one client once: interest, priority, difference and packet.
    pub ns_per_update: f64,
    /// The same in the quietest tenth of the ticks: what it costs when nobody else uses the machine's caches.
    pub ns_per_update_quiet: f64,
    /// Bytes of an update, the character's number included.
    pub bytes_per_update: f64,
    /// Updates in a snapshot, and characters in sight.
    pub updates_per_snapshot: f64,
    /// Characters a client sees.
    pub in_sight: f64,
    /// Bytes a second and client, UDP/IP and encryption included: down, and up.
    pub bytes_per_s: [f64; 2],
    /// Encodings that were already made for another client, of all.
    pub shared: f64,
}

/// One ring in which so many clients of this battle see about fifty others, all of them in each snapshot.
#[must_use]
pub fn fifty_in_sight(clients: u32) -> ReplicationConfig {
    // Found by trying: the crowd is packed.
    let radius = Metres(if clients < 500 { 5 << 16 } else { (52 << 16) / 10 });
    ReplicationConfig {
        tiers: vec![InterestTier { radius, rate_hz: 20 }],
        leave_margin: Metres(1 << 15),
        down_budget_bytes_per_s: 30_000,
        ..ReplicationConfig::default()
    }
}

/// Plays the scene.
///
/// # Panics
/// When the configuration is refused, or a client cannot read what it is sent.
#[must_use]
pub fn run(scene: &Scene) -> Figures {
    let ((down, told), (said, up)) = (channel(), channel());
    std::thread::scope(|threads| {
        threads.spawn(|| {
            let (told, said) = (told, said);
            play(scene, &told, &said);
        });
        let serves = threads.spawn(|| {
            // Alone: all that packets cost is of the thread whose time is taken.
            let pool = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build();
            let _pool = pool.expect("a new thread can have a pool");
            let (down, up) = (down, up);
            serve(scene, &down, &up)
        });
        serves.join().expect("the server runs to the end")
    })
}

/// The server's part of it, which is what is measured.
fn serve(scene: &Scene, down: &Sender<Post>, up: &Receiver<Post>) -> Figures {
    let count = scene.clients;
    let config = WorldConfig { seed: 5, ..WorldConfig::default() };
    let mut world = World::new(&config).expect("the configuration is good");
    let mut zone = ZoneSessions::new(&scene.replication, &config, count).expect("a good configuration");
    for index in 0..count {
        zone.connect(ClientIndex(index), index.into(), None).expect("room");
    }
    let (mut commands, mut spent) = (Vec::new(), Vec::new());
    let (mut base, warm_up) = (zone.traffic(), 4 * 60);
    for tick in 0..scene.seconds * 60 + warm_up {
        let now = time_of(tick);
        if tick == warm_up {
            spent.clear();
            base = zone.traffic();
        }
        let (mut mail, mut told) = up.recv().expect("the clients play on");
        mail.each(|number, payload| {
            zone.receive(ClientIndex(number), payload, now).expect("clients are honest");
        });
        mail.clear();
        commands.clear();
        zone.begin_tick(world.tick(), &mut commands);
        world.step(&commands);
        let before = zone.traffic().updates;
        let start = ThreadTime::now();
        zone.end_tick(&world);
        let mut lanes =
            told.each_mut().map(|lane| |client: ClientIndex, payload: &[u8]| lane.push(client.0, payload));
        zone.send_due_within(&world, now, &|| 0, &mut lanes);
        spent.push((start.elapsed(), zone.traffic().updates - before));
        down.send((mail, told)).expect("the clients play on");
    }
    figures(&zone, &base, scene, &spent)
}

fn figures(zone: &ZoneSessions, base: &Traffic, scene: &Scene, spent: &[(Duration, u64)]) -> Figures {
    let t = zone.traffic();
    let updates = (t.updates - base.updates) as f64;
    let snapshots = (t.snapshots - base.snapshots) as f64;
    let client_seconds = f64::from(scene.clients * scene.seconds);
    let stats = zone.stats();
    let mut each: Vec<f64> =
        spent.iter().map(|(took, told)| took.as_secs_f64() * 1e9 / *told as f64).collect();
    each.sort_by(f64::total_cmp);
    Figures {
        ns_per_update: spent.iter().map(|(took, _)| took.as_secs_f64()).sum::<f64>() * 1e9 / updates,
        ns_per_update_quiet: each[each.len() / 10],
        bytes_per_update: (t.update_bits - base.update_bits) as f64 / 8.0 / updates,
        updates_per_snapshot: updates / snapshots,
        in_sight: (t.visible_sum - base.visible_sum) as f64 / snapshots,
        bytes_per_s: [
            (t.wire_bytes_sent() - base.wire_bytes_sent()) as f64 / client_seconds,
            (t.wire_bytes_received() - base.wire_bytes_received()) as f64 / client_seconds,
        ],
        shared: stats.cache_hits as f64 / (stats.cache_hits + stats.cache_misses) as f64,
    }
}
