//! A whole battle in one thread and no real time: server, world and real clients, joined by simulated links.
//!
//! Everything follows from the seed and the options, so a failure replays. The world keeps what the server knew at each
//! tick and compares every state a client holds with it: a client may lag, it may never be wrong.
//!
//! Not in here: sockets, threads, the host.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use crate::conduct_watch::ConductWatch;
use shieldwall_core::spatial::Scenery;
use shieldwall_core::{
    Brads, CharacterInput, Command, Metres, MoveState, Placement, Position, Rules, RulesHash, Tick, World,
    WorldConfig, buttons, flags,
};
use shieldwall_net::client::{
    ClientEvent, ClientWorld, EndReason, EntityView, GameClient, GameClientConfig, GameClientState, OwnView,
    SharedWorlds,
};
use shieldwall_net::link_simulator::{LinkConditions, LinkSimulator};
use shieldwall_net::secure::{
    ClientIndex, ConnectToken, DATAGRAM_MAX, DisconnectReason, DropReason, SecureServer, SecureServerConfig,
    ServerEvent, ServerOutput, TokenParams, USER_DATA_BYTES,
};
use shieldwall_net::server::{ReplicationConfig, ZoneSessions};
use shieldwall_net::time::{Micros, UnixSeconds};
use shieldwall_net::wire::effect_lists::EffectLists;
use shieldwall_net::wire::quantize::{EntityCodec, EntityState, Sight};

/// The length of one step of virtual time.
pub const STEP_US: u64 = 2_000;
const PROTOCOL: u64 = 0x5348_4945_4C44;
const KEY: [u8; 32] = [0x5A; 32];
const UNIX: UnixSeconds = UnixSeconds(1_000_000);
/// States the server remembers for comparison: more than any client holds.
const HISTORY_TICKS: u32 = 256;

/// What kind of battle.
#[derive(Clone, Debug)]
pub struct Options {
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// Players that connect at the start, one after another.
    pub clients: u32,
    /// Places on the server.
    pub max_clients: u32,
    /// The way to the server and back.
    pub link: LinkConditions,
    /// Distance between the places where characters start, on a square grid; `None` leaves them to their team's area.
    pub spacing_m: Option<i32>,
    /// How far a player may stray from its start before it turns back.
    pub roam_m: i32,
    /// Whether players use their weapons.
    pub fighting: bool,
    /// The rules of the battle.
    pub rules: Rules,
    /// What stands in the world.
    pub scenery: Arc<Scenery>,
    /// Who is told what.
    pub replication: ReplicationConfig,
}

/// Who gives commands of its own to the server's world, and watches it.
pub trait Director {
    /// Adds commands to those of the clients, before a tick.
    fn commands(&mut self, world: &World, commands: &mut Vec<Command>);
    /// A tick has run.
    fn stepped(&mut self, world: &World);
}

/// A hand that plays by what is on the screen: the own character, the others, and whatever else the client shows.
pub type Player = Box<dyn FnMut(&GameClient, &OwnView, &[EntityView]) -> CharacterInput>;

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            clients: 16,
            max_clients: 64,
            link: LinkConditions::default(),
            spacing_m: Some(28),
            roam_m: 5,
            fighting: false,
            rules: Rules::default(),
            scenery: Arc::default(),
            replication: ReplicationConfig::default(),
        }
    }
}

/// One player: the real client, its two links, and a hand that plays.
pub struct Seat {
    /// The client.
    pub client: GameClient,
    /// Where it sends from.
    pub address: SocketAddr,
    /// Client to server.
    pub up: LinkSimulator,
    /// Server to client.
    pub down: LinkSimulator,
    /// Events taken from the client.
    pub events: Vec<ClientEvent>,
    /// When the character was first seen.
    pub playing_since: Option<Micros>,
    /// Plays instead of the hand that roams.
    pub player: Option<Player>,
    /// Largest jump of the drawn own position between two frames, beyond what the fastest walk explains.
    pub largest_jump: Metres,
    number: u64,
    frame_us: u64,
    frame_phase_us: u64,
    drawn: Option<Position>,
    crowd: Vec<EntityView>,
}

/// What the comparison found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// States of others compared with the server's.
    pub compared: u64,
    /// Of these, the ones that were not equal.
    pub wrong: u64,
    /// Own states compared.
    pub own_compared: u64,
    /// Of these, the ones that were not equal.
    pub own_wrong: u64,
    /// Smallest distance of two living characters.
    pub nearest: Option<Metres>,
    /// Characters drawn by clients.
    pub drawn: u64,
    /// Datagrams the secure server refused.
    pub refused_at_server: u64,
}

/// The world, its server and all players. See the module head.
pub struct LinkWorld {
    /// Virtual time.
    pub now: Micros,
    /// The simulation.
    pub world: World,
    /// The sessions above the secure server.
    pub sessions: ZoneSessions,
    /// The secure server.
    pub secure: SecureServer,
    /// The players.
    pub seats: Vec<Seat>,
    /// What was found so far.
    pub findings: Findings,
    /// The rules that clients who come are told to expect.
    pub expected_rules: Option<RulesHash>,
    /// Has a say in the server's world.
    pub director: Option<Box<dyn Director>>,
    options: Options,
    /// What the clients' conduct comes to.
    pub conduct: ConductWatch,
    codec: EntityCodec,
    worlds: Arc<SharedWorlds>,
    history: BTreeMap<u32, TickRecord>,
    commands: Vec<Command>,
    next_tick_at: u64,
    homes: BTreeMap<u32, Position>,
    tokens: u64,
    idle: bool,
}

struct TickRecord {
    states: Vec<EntityState>,
    own: Vec<MoveState>,
}

/// SplitMix64's mixing: a number that looks random, from a number.
#[must_use]
pub fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The server's address.
#[must_use]
pub fn server_address() -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7777)
}

impl LinkWorld {
    /// Server and clients at time zero; the clients have begun to connect.
    ///
    /// # Panics
    /// If the options make no world.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let config = WorldConfig {
            seed: options.seed,
            character_capacity: options.max_clients * 2,
            rules: options.rules,
            ..WorldConfig::default()
        };
        let replication = options.replication.clone();
        let world = World::with_scenery(&config, &options.scenery).expect("the options make a world");
        let known = ClientWorld::with_scenery(&config, &options.scenery).expect("the world is valid");
        let mut made = Self {
            now: Micros(1_000_000),
            sessions: new_sessions(&replication, &config, options.max_clients),
            secure: new_secure(options.max_clients, options.seed),
            seats: Vec::new(),
            findings: Findings::default(),
            expected_rules: None,
            director: None,
            conduct: ConductWatch::default(),
            codec: EntityCodec::new(&config),
            worlds: Arc::new(SharedWorlds::of(Arc::new(known))),
            history: BTreeMap::new(),
            commands: Vec::new(),
            next_tick_at: 1_000_000,
            homes: BTreeMap::new(),
            tokens: 0,
            idle: false,
            world,
            options,
        };
        for number in 0..made.options.clients {
            made.add_client(u64::from(number));
        }
        made
    }

    /// Seats one more player with this number and a new token.
    pub fn add_client(&mut self, number: u64) -> usize {
        self.tokens += 1;
        let token = new_token(number, mix(self.options.seed ^ (self.tokens << 32)));
        let config = GameClientConfig {
            worlds: Some(Arc::clone(&self.worlds)),
            expected_rules: self.expected_rules,
            scenery: Arc::clone(&self.options.scenery),
            ..GameClientConfig::default()
        };
        let seat = self.seats.len();
        let seed = mix(self.options.seed ^ ((seat as u64) << 20));
        self.seats.push(Seat {
            client: GameClient::new(token, config, self.now),
            address: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 20_000 + seat as u16),
            up: LinkSimulator::new(self.options.link, seed),
            down: LinkSimulator::new(self.options.link, !seed),
            events: Vec::new(),
            playing_since: None,
            player: None,
            largest_jump: Metres::ZERO,
            number,
            // Screens of 60, 72, 90 and 144 Hz, each in its own phase.
            frame_us: [16_666, 13_888, 11_111, 6_944][seat % 4],
            frame_phase_us: mix(seed) % 6_000,
            drawn: None,
            crowd: Vec::new(),
        });
        seat
    }

    /// Lets virtual time pass.
    pub fn run_ms(&mut self, milliseconds: u64) {
        let end = self.now.0 + milliseconds * 1_000;
        while self.now.0 < end {
            self.now.0 += STEP_US;
            self.server_reads();
            while self.now.0 >= self.next_tick_at {
                // 60 Hz without drift: 16,667, 16,667, 16,666 microseconds.
                self.next_tick_at += if self.world.tick().0 % 3 == 2 { 16_666 } else { 16_667 };
                self.server_ticks();
            }
            for seat in 0..self.seats.len() {
                self.seat_steps(seat);
            }
        }
    }

    /// Lets virtual time pass until every seat plays.
    ///
    /// # Panics
    /// If that takes longer than `limit_ms`.
    pub fn run_until_all_play(&mut self, limit_ms: u64) {
        for _ in 0..limit_ms.div_ceil(100) {
            self.run_ms(100);
            if self.seats.iter().all(|seat| seat.client.state() == GameClientState::Playing) {
                return;
            }
        }
        let states: Vec<_> = self.seats.iter().map(|seat| seat.client.state()).collect();
        panic!("not everybody plays after {limit_ms} ms: {states:?}");
    }

    /// From now on nobody touches the controls.
    pub fn stop_playing(&mut self) {
        self.idle = true;
    }

    /// The server goes on by other rules from a tick on, two seconds from now.
    ///
    /// # Panics
    /// When it refuses them.
    pub fn reload(&mut self, rules: &Rules) -> Tick {
        self.sessions.announce_rules(&self.world, rules).expect("rules that a running world adopts")
    }

    /// A sum of one figure over all clients.
    pub fn sum(&self, figure: impl Fn(&shieldwall_net::client::ClientStats) -> u64) -> u64 {
        self.seats.iter().map(|seat| figure(&seat.client.stats())).sum()
    }

    /// The end of a seat's session, if it has ended.
    #[must_use]
    pub fn end_of(&self, seat: usize) -> Option<EndReason> {
        match self.seats[seat].client.state() {
            GameClientState::Ended(reason) => Some(reason),
            _ => None,
        }
    }

    /// The server stops without a word and a new one starts: no session, an empty world, the clients unaware.
    pub fn restart_server(&mut self) {
        let config = *self.world.config();
        self.world = World::with_scenery(&config, &self.options.scenery).expect("was valid before");
        self.sessions = new_sessions(&self.options.replication, &config, self.options.max_clients);
        self.secure = new_secure(self.options.max_clients, self.options.seed ^ 0xFF);
        self.history.clear();
    }

    /// Datagrams the server refused for this reason.
    #[must_use]
    pub fn server_refused(&self, reason: DropReason) -> u64 {
        self.secure.stats().dropped(reason)
    }

    fn server_reads(&mut self) {
        let mut out = [0; DATAGRAM_MAX];
        for seat in &mut self.seats {
            while let Some(bytes) = seat.up.poll(self.now) {
                let event = match self.secure.handle_datagram(seat.address, bytes, self.now, UNIX, &mut out) {
                    Ok(event) => event,
                    Err(_) => {
                        self.findings.refused_at_server += 1;
                        continue;
                    }
                };
                if event.reply_len() > 0 {
                    seat.down.push(&out[..event.reply_len()], self.now);
                }
                match event {
                    ServerEvent::Connected { client, client_id, .. } => {
                        self.sessions
                            .connect(client, client_id, None)
                            .expect("the secure server gives out free places");
                    }
                    ServerEvent::Payload { client, bytes } => {
                        let _ = self.sessions.receive(client, bytes, self.now);
                    }
                    ServerEvent::Disconnected { client, .. } => self.sessions.disconnect(client),
                    ServerEvent::None | ServerEvent::Reply(_) => {}
                }
            }
        }
    }

    fn server_ticks(&mut self) {
        self.commands.clear();
        let tick = self.world.tick();
        if self.sessions.adopt_due_rules(&mut self.world).expect("rules that were announced are adopted") {
            self.codec = EntityCodec::new(self.world.config());
        }
        if tick.0.is_multiple_of(60) {
            self.conduct.look(&self.sessions);
        }
        self.sessions.begin_tick(tick, &mut self.commands);
        if let Some(spacing) = self.options.spacing_m {
            place_on_grid(&mut self.commands, spacing, &mut self.homes);
        }
        if let Some(director) = &mut self.director {
            director.commands(&self.world, &mut self.commands);
        }
        self.world.step(&self.commands);
        if let Some(director) = &mut self.director {
            director.stepped(&self.world);
        }
        self.sessions.end_tick(&self.world);
        self.record(tick);
        let (secure, seats, now) = (&mut self.secure, &mut self.seats, self.now);
        self.sessions.send_due(&self.world, now, &mut |client: ClientIndex, payload: &[u8]| {
            let _ = secure
                .send_payload(client, payload, now, &mut |to, bytes| deliver(seats, to.socket, bytes, now));
        });
        let sessions = &mut self.sessions;
        secure.update(now, &mut |output| match output {
            ServerOutput::Datagram { to, bytes } => deliver(seats, to.socket, bytes, now),
            ServerOutput::Disconnected { client, reason: DisconnectReason::TimedOut, .. } => {
                sessions.lose(client)
            }
            ServerOutput::Disconnected { client, .. } => sessions.disconnect(client),
        });
    }

    fn record(&mut self, tick: Tick) {
        let view = self.world.characters();
        let lists = EffectLists::of_world(&self.world);
        let sight = Sight::new(&self.world, &lists);
        let states = (0..view.len()).map(|slot| self.codec.quantize(&sight, slot)).collect();
        let own = (0..view.len() as u32)
            .map(|slot| self.world.id_at(slot).and_then(|id| self.world.move_state(id)).unwrap_or_default())
            .collect::<Vec<MoveState>>();
        let alive: Vec<&MoveState> = own.iter().filter(|state| state.flags & flags::ALIVE != 0).collect();
        for (i, a) in alive.iter().enumerate() {
            for b in &alive[i + 1..] {
                let distance = a.position.horizontal_distance(b.position);
                self.findings.nearest =
                    Some(self.findings.nearest.map_or(distance, |nearest| nearest.min(distance)));
            }
        }
        self.history.insert(tick.0, TickRecord { states, own });
        self.history.retain(|&kept, _| kept + HISTORY_TICKS > tick.0);
    }

    fn seat_steps(&mut self, index: usize) {
        let seat = &mut self.seats[index];
        let mut snapshots = seat.client.stats().snapshots;
        while let Some(bytes) = seat.down.poll(self.now) {
            let _ = seat.client.handle_datagram(server_address(), bytes, self.now);
            let after = seat.client.stats().snapshots;
            if after != snapshots {
                snapshots = after;
                compare(&seat.client, &self.history, &mut self.findings);
            }
        }
        let phase = (self.now.0 + seat.frame_phase_us) % seat.frame_us;
        if phase < STEP_US {
            seat.frame(self.now, &self.options, self.idle, &mut self.findings);
        }
        let mut out = [0; DATAGRAM_MAX];
        while let Some((_, len)) = seat.client.poll_transmit(self.now, &mut out) {
            seat.up.push(&out[..len], self.now);
        }
        while let Some(event) = seat.client.next_event() {
            if matches!(event, ClientEvent::Playing { .. }) {
                seat.playing_since = Some(self.now);
            }
            seat.events.push(event);
        }
    }
}

impl Seat {
    /// One frame: play, draw, look whether the picture jumped.
    fn frame(&mut self, now: Micros, options: &Options, idle: bool, findings: &mut Findings) {
        let own = self.client.own();
        let at = own.map(|own| own.predicted_position);
        let input = match (&mut self.player, &own) {
            _ if idle => CharacterInput::default(),
            (Some(player), Some(own)) => player(&self.client, own, &self.crowd),
            _ => self.hand(now, options, at),
        };
        self.client.advance(now, input);
        let drawn = self.client.own().filter(|own| own.alive).map(|own| own.position);
        if let (Some(before), Some(after)) = (self.drawn, drawn) {
            // The fastest way in a frame: 9 m/s in all, an eighth faster while the clock gains lead.
            let way = Metres::from_mm((9 * self.frame_us / 1_000 * 9 / 8) as i32);
            let jump = before.horizontal_distance(after) - way;
            self.largest_jump = self.largest_jump.max(jump);
        }
        self.drawn = drawn;
        self.client.sample_crowd(now, &mut self.crowd);
        findings.drawn += self.crowd.len() as u64;
    }

    /// Plays: a new wish about four times a second; back home from too far.
    fn hand(&self, now: Micros, options: &Options, at: Option<Position>) -> CharacterInput {
        let chance = mix(options.seed ^ (self.number << 40) ^ (now.0 / 250_000));
        let mut pressed = chance as u16 & (buttons::SPRINT | buttons::JUMP);
        if options.fighting {
            pressed |= (chance >> 4) as u16 & (buttons::MELEE | buttons::SHOOT);
        }
        let wild = CharacterInput {
            buttons: pressed,
            move_right: (chance >> 8) as i8,
            move_forward: (chance >> 16) as i8,
            // Looks around all the time, as people do.
            yaw: Brads((chance >> 24) as u16) + Brads((now.0 / 300) as u16),
            pitch: (chance >> 40) as i16 / 4,
        };
        let (Some(at), Some(spacing)) = (at, options.spacing_m) else { return wild };
        let home = nearest_grid_point(at, spacing);
        if at.horizontal_distance(home) < Metres::from_m(options.roam_m) {
            return wild;
        }
        // Yaw 0 looks along -z and grows to the left: towards home is atan2(-dx, -dz).
        let (dx, dz) = (home.x - at.x, home.z - at.z);
        let yaw = Brads::atan2(-dx.0, -dz.0);
        CharacterInput { buttons: pressed & buttons::JUMP, move_right: 0, move_forward: 127, yaw, pitch: 0 }
    }
}

/// Compares everything the client holds with what the server knew.
fn compare(client: &GameClient, history: &BTreeMap<u32, TickRecord>, findings: &mut Findings) {
    let Some(replica) = client.replica() else { return };
    for samples in replica.entities() {
        for sample in samples.iter().take(2) {
            let Some(record) = history.get(&sample.tick.0) else { continue };
            findings.compared += 1;
            findings.wrong += u64::from(record.states[usize::from(samples.slot())] != sample.state);
        }
    }
    if let (Some((tick, own)), Some(id)) = (client.own_truth(), client.character())
        && let Some(record) = history.get(&tick.0)
    {
        findings.own_compared += 1;
        findings.own_wrong += u64::from(record.own[id.slot as usize] != own.state);
    }
}

fn deliver(seats: &mut [Seat], to: SocketAddr, bytes: &[u8], now: Micros) {
    if let Some(seat) = seats.get_mut(usize::from(to.port()).wrapping_sub(20_000)) {
        seat.down.push(bytes, now);
    }
}

/// Puts every new character on its own point of a grid.
fn place_on_grid(commands: &mut [Command], spacing_m: i32, homes: &mut BTreeMap<u32, Position>) {
    for command in commands {
        if let Command::Spawn { tag, placement, .. } = command {
            let n = homes.len() as i32;
            let (x, z) = (Metres::from_m((n % 8 - 4) * spacing_m), Metres::from_m((n / 8 - 4) * spacing_m));
            homes.insert(*tag, Position::new(x, Metres::ZERO, z));
            *placement = Placement::At { x, z, yaw: Brads(0) };
        }
    }
}

fn nearest_grid_point(at: Position, spacing_m: i32) -> Position {
    let round = |v: Metres| {
        let spacing = i64::from(Metres::from_m(spacing_m).0);
        Metres(((i64::from(v.0) + spacing / 2).div_euclid(spacing) * spacing) as i32)
    };
    Position::new(round(at.x), at.y, round(at.z))
}

fn new_sessions(replication: &ReplicationConfig, config: &WorldConfig, max_clients: u32) -> ZoneSessions {
    ZoneSessions::new(replication, config, max_clients).expect("the default replication is valid")
}

fn new_secure(max_clients: u32, seed: u64) -> SecureServer {
    let config = SecureServerConfig::new(PROTOCOL, KEY, max_clients, vec![server_address()]);
    SecureServer::new(config, &mut random_bytes(seed)).expect("the configuration is valid")
}

fn new_token(number: u64, seed: u64) -> ConnectToken {
    let addresses = [server_address()];
    let params = TokenParams {
        protocol_id: PROTOCOL,
        client_id: number,
        created: UNIX,
        lifetime_seconds: 60,
        timeout_seconds: 5,
        server_addresses: &addresses,
        internal_addresses: &addresses,
        user_data: &[0; USER_DATA_BYTES],
        private_key: &KEY,
    };
    ConnectToken::generate(&params, &mut random_bytes(seed)).expect("the parameters are valid")
}

fn random_bytes(seed: u64) -> impl FnMut(&mut [u8]) {
    let mut state = seed;
    move |bytes| {
        for chunk in bytes.chunks_mut(8) {
            state = mix(state);
            chunk.copy_from_slice(&state.to_le_bytes()[..chunk.len()]);
        }
    }
}
