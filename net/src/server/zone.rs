//! All sessions of a zone, around its ticks: commands before, snapshots after.

use super::config::{ReplicationConfig, ReplicationConfigError};
use super::delta_cache::DeltaCache;
use super::history::StateHistory;
use super::interest::InterestTable;
use super::priority::Priorities;
use super::session::{Session, Stage};
use super::snapshot::Workshop;
use super::stats::{SessionStats, Traffic, ZoneStats};
use super::zone_events::ZoneEvents;
use crate::channel::FrameError;
use crate::secure::ClientIndex;
use crate::time::Micros;
use crate::wire::PAYLOAD_BYTES;
use crate::wire::events::{EVENTS_MAX, GameEvent};
use crate::wire::goodbye::GoodbyeReason;
use crate::wire::quantize::EntityCodec;
use crate::wire::welcome::Welcome;
use core::fmt;
use shieldwall_core::{CharacterId, Command, Event, Placement, Tick, World, WorldConfig};

/// Spawn tags with this bit belong to sessions; a host that spawns characters of its own keeps it clear.
pub const SESSION_TAG: u32 = 1 << 31;
const TAG_INDEX_BITS: u32 = 20;
const NO_CLIENT: u32 = u32::MAX;

/// Why a client cannot have a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectError {
    /// The index is not below the number of clients the zone was made for.
    NoSuchIndex(ClientIndex),
    /// The index has a session.
    Occupied(ClientIndex),
    /// The world has no such team.
    NoSuchTeam(u8),
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchIndex(client) => write!(f, "client index {} is out of range", client.0),
            Self::Occupied(client) => write!(f, "client {} has a session already", client.0),
            Self::NoSuchTeam(team) => write!(f, "the world has no team {team}"),
        }
    }
}

impl core::error::Error for ConnectError {}

/// The sessions of one zone.
///
/// Each tick: [`ZoneSessions::receive`] for whatever came, [`ZoneSessions::begin_tick`] for the commands, the world's
/// step, [`ZoneSessions::end_tick`], [`ZoneSessions::send_due`]. Connecting takes memory; a tick takes none once its
/// vectors have grown to their size.
#[derive(Debug)]
pub struct ZoneSessions {
    world_config: WorldConfig,
    interval_ticks: u32,
    down_budget: u32,
    sessions: Vec<Option<Box<Session>>>,
    /// Indices of sessions, ascending.
    live: Vec<u32>,
    /// Session that plays the character in a slot.
    client_of_slot: Vec<u32>,
    despawns: Vec<CharacterId>,
    connected_ever: u32,
    next_tick: Tick,
    workshop: Box<Workshop>,
    buffer: Box<[u8; PAYLOAD_BYTES]>,
    departed: ZoneStats,
}

impl ZoneSessions {
    /// Room for `max_clients` sessions around a world of `world_config`.
    ///
    /// # Errors
    /// [`ReplicationConfigError`].
    pub fn new(
        config: &ReplicationConfig,
        world_config: &WorldConfig,
        max_clients: u32,
    ) -> Result<Self, ReplicationConfigError> {
        config.validate(world_config)?;
        if max_clients > 1 << TAG_INDEX_BITS {
            return Err(ReplicationConfigError::MaxClients(max_clients));
        }
        let capacity = world_config.character_capacity;
        let interval_ticks = config.snapshot_interval_ticks(world_config.tick_hz);
        let snapshot_hz = (u32::from(world_config.tick_hz) / interval_ticks).max(1) as u16;
        let workshop = Workshop {
            history: StateHistory::new(EntityCodec::new(world_config), capacity),
            cache: DeltaCache::new(capacity),
            table: InterestTable::new(config),
            priorities: Priorities::new(capacity, snapshot_hz),
            events: ZoneEvents::new(interval_ticks),
            snapshot_hz,
            searches_every: u32::from((snapshot_hz / config.interest_hz).max(1)),
            ages: Vec::with_capacity(capacity as usize),
            chosen_events: Vec::with_capacity(EVENTS_MAX),
        };
        Ok(Self {
            world_config: *world_config,
            interval_ticks,
            down_budget: config.down_budget_bytes_per_s,
            sessions: (0..max_clients).map(|_| None).collect(),
            live: Vec::with_capacity(max_clients as usize),
            client_of_slot: vec![NO_CLIENT; capacity as usize],
            despawns: Vec::with_capacity(max_clients as usize),
            connected_ever: 0,
            next_tick: Tick::ZERO,
            workshop: Box::new(workshop),
            buffer: Box::new([0; PAYLOAD_BYTES]),
            departed: ZoneStats::default(),
        })
    }

    /// Opens a session; its character is asked for in the next tick. Without a wish it joins the smallest team.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub fn connect(
        &mut self,
        client: ClientIndex,
        client_id: u64,
        team: Option<u8>,
    ) -> Result<(), ConnectError> {
        if team.is_some_and(|team| team >= self.world_config.teams) {
            return Err(ConnectError::NoSuchTeam(team.unwrap_or(0)));
        }
        let team = team.unwrap_or_else(|| self.smallest_team());
        let phase = self.emptiest_phase();
        let tag = SESSION_TAG | (self.connected_ever & 0x7ff) << TAG_INDEX_BITS | client.0;
        let place = self.sessions.get_mut(client.0 as usize).ok_or(ConnectError::NoSuchIndex(client))?;
        if place.is_some() {
            return Err(ConnectError::Occupied(client));
        }
        self.connected_ever = self.connected_ever.wrapping_add(1);
        let capacity = self.world_config.character_capacity;
        *place = Some(Box::new(Session::new(client_id, team, tag, phase, self.down_budget, capacity)));
        let at = self.live.partition_point(|&index| index < client.0);
        self.live.insert(at, client.0);
        Ok(())
    }

    /// Ends a session; its character is taken out in the next tick. Does nothing where there is none.
    pub fn disconnect(&mut self, client: ClientIndex) {
        let Some(session) = self.sessions.get_mut(client.0 as usize).and_then(Option::take) else { return };
        self.live.retain(|&index| index != client.0);
        if let Some(id) = session.character() {
            self.despawns.push(id);
            self.client_of_slot[id.slot as usize] = NO_CLIENT;
        }
        let departed = &mut self.departed;
        departed.traffic.add(&session.traffic);
        departed.packets_lost += session.channel.stats().lost;
        add_inputs(&mut departed.inputs, &session.inputs.stats());
        add_refused(&mut departed.refused, &session.refused);
    }

    /// Queues a goodbye for a client; disconnect it once the next packets had time to leave.
    pub fn say_goodbye(&mut self, client: ClientIndex, reason: GoodbyeReason) {
        if let Some(session) = self.session_mut(client) {
            session.say_goodbye(reason);
        }
    }

    /// Takes a decrypted payload of a client.
    ///
    /// # Errors
    /// [`FrameError`]; it has been counted, nothing else has to be done about it.
    pub fn receive(&mut self, client: ClientIndex, payload: &[u8], now: Micros) -> Result<(), FrameError> {
        let next = self.next_tick;
        let Some(session) = self.session_mut(client) else {
            self.departed.refused.count(&FrameError::UnknownClient);
            return Err(FrameError::UnknownClient);
        };
        let result = session.receive(payload, now, next);
        if let Err(error) = &result {
            session.refused.count(error);
        }
        result
    }

    /// Appends the commands the clients cause in `tick`: departures, arrivals, and the input of every character.
    pub fn begin_tick(&mut self, tick: Tick, out: &mut Vec<Command>) {
        out.extend(self.despawns.drain(..).map(|id| Command::Despawn { id }));
        let silence_ticks = u32::from(self.world_config.tick_hz);
        for &index in &self.live {
            let Some(session) = &mut self.sessions[index as usize] else { continue };
            match session.stage {
                Stage::WantsCharacter => {
                    let placement = Placement::TeamSpawn;
                    out.push(Command::Spawn { tag: session.tag, team: session.team, placement });
                    session.stage = Stage::AwaitsCharacter;
                }
                Stage::Plays(id) => {
                    out.push(Command::Input { id, input: session.inputs.take(tick, silence_ticks) });
                }
                Stage::AwaitsCharacter | Stage::Refused => {}
            }
        }
        self.next_tick = tick.next();
    }

    /// Learns what the step did: new characters, events, everybody's state.
    pub fn end_tick(&mut self, world: &World) {
        let tick = Tick(world.tick().0.wrapping_sub(1));
        self.next_tick = world.tick();
        self.workshop.events.forget_before(tick);
        for event in world.events() {
            match *event {
                Event::Spawned { tag, id } => self.spawned(tag, id, tick),
                Event::SpawnRefused { tag, .. } => self.spawn_refused(tag),
                _ => self.tell_event(event, world, tick),
            }
        }
        self.workshop.history.record(tick.0, &world.characters(), world.terrain());
    }

    /// Makes the packets that are due after the world's last tick and hands each to `sink`. A client's packets are an
    /// interval apart; the clients are spread over the ticks of an interval.
    pub fn send_due(&mut self, world: &World, now: Micros, sink: &mut impl FnMut(ClientIndex, &[u8])) {
        let tick = Tick(world.tick().0.wrapping_sub(1));
        let phase = tick.0 % self.interval_ticks;
        for &index in &self.live {
            let Some(session) = &mut self.sessions[index as usize] else { continue };
            if session.phase == phase {
                let length = self.workshop.make_packet(session, world, tick, now, &mut self.buffer);
                sink(ClientIndex(index), &self.buffer[..length]);
            }
        }
    }

    /// The sessions, ascending.
    pub fn clients(&self) -> impl Iterator<Item = ClientIndex> + '_ {
        self.live.iter().map(|&index| ClientIndex(index))
    }

    /// What is known of one client.
    #[must_use]
    pub fn client_stats(&self, client: ClientIndex) -> Option<SessionStats> {
        self.session(client).map(Session::stats)
    }

    /// The character of a client, once it has one.
    #[must_use]
    pub fn character_of(&self, client: ClientIndex) -> Option<CharacterId> {
        self.session(client)?.character()
    }

    /// The client that plays the character in a slot.
    #[must_use]
    pub fn client_of(&self, slot: u32) -> Option<ClientIndex> {
        self.client_of_slot
            .get(slot as usize)
            .filter(|&&index| index != NO_CLIENT)
            .map(|&index| ClientIndex(index))
    }

    /// The slots a client has been told of, ascending; none for an unknown client.
    pub fn visible_slots(&self, client: ClientIndex) -> impl Iterator<Item = u32> + '_ {
        self.session(client).into_iter().flat_map(|session| session.tracks.visible_slots())
    }

    /// Sums over all clients.
    #[must_use]
    pub fn stats(&self) -> ZoneStats {
        let mut sum = self.departed;
        for session in self.live.iter().filter_map(|&index| self.sessions[index as usize].as_deref()) {
            sum.clients += 1;
            sum.playing += u32::from(session.character().is_some());
            sum.visible += u64::from(session.tracks.visible());
            sum.traffic.add(&session.traffic);
            sum.packets_lost += session.channel.stats().lost;
            add_inputs(&mut sum.inputs, &session.inputs.stats());
            add_refused(&mut sum.refused, &session.refused);
        }
        (sum.cache_hits, sum.cache_misses) = self.workshop.cache.hits_and_misses();
        sum
    }

    /// Traffic of all clients since the start.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.stats().traffic
    }

    fn session(&self, client: ClientIndex) -> Option<&Session> {
        self.sessions.get(client.0 as usize)?.as_deref()
    }

    fn session_mut(&mut self, client: ClientIndex) -> Option<&mut Session> {
        self.sessions.get_mut(client.0 as usize)?.as_deref_mut()
    }

    fn session_by_tag(&mut self, tag: u32) -> Option<(u32, &mut Session)> {
        let index = tag & ((1 << TAG_INDEX_BITS) - 1);
        let session = self.session_mut(ClientIndex(index)).filter(|session| session.tag == tag)?;
        Some((index, session))
    }

    fn spawned(&mut self, tag: u32, id: CharacterId, tick: Tick) {
        if tag & SESSION_TAG == 0 {
            return;
        }
        let config = self.world_config;
        let snapshot_hz = self.workshop.snapshot_hz;
        let Some((index, session)) = self.session_by_tag(tag) else {
            // The client left while its character was on the way.
            self.despawns.push(id);
            return;
        };
        session.stage = Stage::Plays(id);
        session.events_from = tick.0;
        let welcome = Welcome { tick, character: id, snapshot_hz, config };
        if session.channel.send_reliable(&welcome.encode()).is_err() {
            session.traffic.events_dropped += 1;
        }
        self.client_of_slot[id.slot as usize] = index;
    }

    fn spawn_refused(&mut self, tag: u32) {
        if let Some((_, session)) = self.session_by_tag(tag).filter(|_| tag & SESSION_TAG != 0) {
            session.stage = Stage::Refused;
            session.say_goodbye(GoodbyeReason::WorldFull);
        }
    }

    /// Tells the characters that took part for certain, and bystanders if there is room.
    fn tell_event(&mut self, event: &Event, world: &World, tick: Tick) {
        let short = |id: CharacterId| id.slot as u16;
        match *event {
            Event::Hit { attacker, target, amount, weapon } => {
                let told =
                    GameEvent::Hit { attacker: short(attacker), target: short(target), amount, weapon };
                self.tell(attacker, tick, told);
                self.tell(target, tick, told);
            }
            Event::Died { victim, killer, weapon } => {
                let told = GameEvent::Died { victim: short(victim), killer: short(killer), weapon };
                self.tell(victim, tick, told);
                self.tell(killer, tick, told);
                self.workshop.events.push(tick, short(victim), told);
            }
            Event::Respawned { id } => {
                let told = GameEvent::Respawned { slot: short(id) };
                self.tell(id, tick, told);
                self.workshop.events.push(tick, short(id), told);
            }
            Event::ProjectileLaunched { owner, .. } if world.is_current(owner) => {
                let aim = world.characters().move_state(owner.slot);
                let told = GameEvent::Shot { owner: short(owner), yaw: aim.yaw, pitch: aim.pitch };
                self.workshop.events.push(tick, short(owner), told);
            }
            _ => {}
        }
    }

    fn tell(&mut self, id: CharacterId, tick: Tick, event: GameEvent) {
        let index = self.client_of_slot.get(id.slot as usize).copied().unwrap_or(NO_CLIENT);
        if let Some(session) = self.session_mut(ClientIndex(index)).filter(|s| s.character() == Some(id)) {
            session.tell(tick, event);
        }
    }

    fn smallest_team(&self) -> u8 {
        let mut sizes = [0_u32; 256];
        for session in self.live.iter().filter_map(|&index| self.sessions[index as usize].as_deref()) {
            sizes[usize::from(session.team)] += 1;
        }
        (0..self.world_config.teams).min_by_key(|&team| sizes[usize::from(team)]).unwrap_or(0)
    }

    /// The tick of an interval with the fewest clients.
    fn emptiest_phase(&self) -> u32 {
        let mut sizes = [0_u32; 128];
        for session in self.live.iter().filter_map(|&index| self.sessions[index as usize].as_deref()) {
            sizes[session.phase as usize % 128] += 1;
        }
        (0..self.interval_ticks.min(128)).min_by_key(|&phase| sizes[phase as usize]).unwrap_or(0)
    }
}

fn add_inputs(sum: &mut super::input_buffer::InputStats, other: &super::input_buffer::InputStats) {
    sum.accepted += other.accepted;
    sum.late += other.late;
    sum.too_early += other.too_early;
    sum.masked += other.masked;
    sum.missed += other.missed;
}

fn add_refused(sum: &mut super::stats::RefusedPayloads, other: &super::stats::RefusedPayloads) {
    sum.malformed += other.malformed;
    sum.duplicate += other.duplicate;
    sum.too_old += other.too_old;
    sum.ack_of_unsent += other.ack_of_unsent;
    sum.reliable += other.reliable;
    sum.wrong_direction += other.wrong_direction;
    sum.unknown_client += other.unknown_client;
}
