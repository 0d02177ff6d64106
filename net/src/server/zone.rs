//! All sessions of a zone, around its ticks: commands before, snapshots after.

use super::change_log::ChangeLog;
use super::conduct::Kick;
use super::config::{ReplicationConfig, ReplicationConfigError};
use super::delta_cache::DeltaCache;
use super::entrance::Entrance;
use super::history::StateHistory;
use super::interest::InterestTable;
use super::objective_log::ObjectiveLog;
use super::overload::Overload;
use super::rounds::{ALWAYS_SERVED, InOrder, Moment, PACKET_LANES, Rounds, Served};
use super::rules_news::RulesNews;
use super::session::{Session, Stage, breaks_the_stream};
use super::snapshot::{Desk, Workshop};
use super::stats::{SessionStats, Traffic, ZoneStats};
use super::visibility::Visibility;
use super::zone_events::ZoneEvents;
use crate::channel::FrameError;
use crate::channel::budget::Budget;
use crate::secure::ClientIndex;
use crate::time::Micros;
use crate::wire::effect_lists::EffectLists;
use crate::wire::goodbye::GoodbyeReason;
use crate::wire::quantize::{EntityCodec, Sight};
use crate::wire::world_changes::WorldChange;
use core::fmt;
use shieldwall_core::{CharacterId, Command, Tick, ViewAge, World, WorldConfig};

/// Spawn tags with this bit belong to sessions; a host that spawns characters of its own keeps it clear.
pub const SESSION_TAG: u32 = 1 << 31;
pub(super) const TAG_INDEX_BITS: u32 = 20;
pub(super) const NO_CLIENT: u32 = u32::MAX;

/// How many sessions ahead memory is asked for while a tick begins.
const BEGUN_AHEAD: usize = 6;

/// What happened is kept for so many intervals: for clients whose packets were left out, too.
const EVENTS_KEPT_INTERVALS: u32 = 4;

/// The last word has this part of a second to arrive, and at least three packets.
const GOODBYE_SHARE_OF_A_SECOND: u32 = 2;

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
    pub(super) world_config: WorldConfig,
    /// Of the world last seen: with its scenery.
    pub(super) world_fingerprint: u64,
    interval_ticks: u32,
    /// From the last word to the end of a session.
    goodbye_ticks: u32,
    /// The allowance that a session begins with.
    pub(super) down_budget: Budget,
    pub(super) sessions: Vec<Option<Box<Session>>>,
    /// Indices of sessions, ascending.
    pub(super) live: Vec<u32>,
    /// Which of the ticks of a snapshot interval is each client's, by index.
    pub(super) phases: Vec<u32>,
    /// Those whose turn it is in this tick, ascending.
    due: Vec<u32>,
    /// Of those alive, the ones that were told goodbye, ascending.
    pub(super) ending: Vec<u32>,
    pub(super) entrance: Entrance,
    /// The last change of rules.
    pub(super) rules_news: Option<RulesNews>,
    /// Session that plays the character in a slot.
    pub(super) client_of_slot: Vec<u32>,
    pub(super) despawns: Vec<CharacterId>,
    /// Sent away for their conduct, not yet asked for: the newest, at most one for every place.
    kicks: Vec<Kick>,
    pub(super) connected_ever: u32,
    pub(super) next_tick: Tick,
    pub(super) workshop: Box<Workshop>,
    rounds: Rounds,
    in_order: InOrder,
    overload: Overload,
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
        let (capacity, least) = (world_config.event_capacity, 2 * max_clients);
        if capacity < least {
            return Err(ReplicationConfigError::EventCapacity { capacity, least });
        }
        let capacity = world_config.character_capacity;
        let interval_ticks = config.snapshot_interval_ticks(world_config.tick_hz);
        let tick_hz = world_config.tick_hz;
        let snapshot_hz = ((u32::from(tick_hz) + interval_ticks / 2) / interval_ticks).max(1) as u16;
        let searches_every = u32::from((snapshot_hz / config.interest_hz).max(1));
        let search_ticks = searches_every * interval_ticks;
        let workshop = Workshop {
            history: StateHistory::new(EntityCodec::new(world_config), capacity),
            cache: DeltaCache::new(capacity, interval_ticks),
            effects: EffectLists::default(),
            table: InterestTable::new(config),
            visibility: Visibility::new(config, capacity),
            events: ZoneEvents::new(EVENTS_KEPT_INTERVALS * interval_ticks),
            changes: ChangeLog::new(world_config),
            objectives: ObjectiveLog::new(world_config),
            tick_hz,
            interval_ticks,
            snapshot_hz,
            searches_every,
            checks_every: (u32::from(snapshot_hz) * u32::from(config.state_check_ms)).div_ceil(1_000),
        };
        Ok(Self {
            world_config: *world_config,
            world_fingerprint: world_config.fingerprint(),
            interval_ticks,
            goodbye_ticks: (u32::from(world_config.tick_hz) / GOODBYE_SHARE_OF_A_SECOND)
                .max(3 * interval_ticks),
            down_budget: Budget::new(config.down_budget_bytes_per_s, config.least_budget(tick_hz)),
            sessions: (0..max_clients).map(|_| None).collect(),
            live: Vec::with_capacity(max_clients as usize),
            phases: vec![0; max_clients as usize],
            due: Vec::with_capacity(max_clients as usize),
            ending: Vec::with_capacity(max_clients as usize),
            entrance: Entrance::new(u32::from(config.reconnect_grace_s) * u32::from(tick_hz), max_clients),
            rules_news: None,
            client_of_slot: vec![NO_CLIENT; capacity as usize],
            despawns: Vec::with_capacity(max_clients as usize),
            kicks: Vec::with_capacity(max_clients as usize),
            connected_ever: 0,
            next_tick: Tick::ZERO,
            workshop: Box::new(workshop),
            rounds: Rounds::new(|| Desk::new(config, world_config, snapshot_hz, search_ticks)),
            in_order: InOrder::default(),
            overload: Overload::new(interval_ticks, tick_hz),
            departed: ZoneStats::default(),
        })
    }

    /// Queues a goodbye for a client: the first one counts. Half a second later it is among [`ZoneSessions::over`].
    pub fn say_goodbye(&mut self, client: ClientIndex, reason: GoodbyeReason) {
        let ticks = self.goodbye_ticks;
        if self.session_mut(client).is_some_and(|session| session.say_goodbye(reason, ticks)) {
            let at = self.ending.partition_point(|&index| index < client.0);
            self.ending.insert(at, client.0);
        }
    }

    /// The clients whose last word has had its time to arrive, ascending: their connections are to be ended, and then
    /// [`ZoneSessions::disconnect`] called. Who was told to leave (the host's goodbye), found the world full or broke the
    /// reliable stream comes here; each is listed until it is disconnected.
    pub fn over(&self) -> impl Iterator<Item = ClientIndex> + '_ {
        let clients = self.ending.iter().map(|&index| ClientIndex(index));
        clients.filter(|&client| self.session(client).is_some_and(|session| session.ends_in == Some(0)))
    }

    /// Takes a decrypted payload of a client.
    ///
    /// # Errors
    /// [`FrameError`]; it has been counted, nothing else has to be done about it. A client that broke the reliable
    /// stream is told goodbye and in the end listed by [`ZoneSessions::over`].
    pub fn receive(&mut self, client: ClientIndex, payload: &[u8], now: Micros) -> Result<(), FrameError> {
        let next = self.next_tick;
        let place = self.sessions.get_mut(client.0 as usize).and_then(Option::as_deref_mut);
        let Some(session) = place else {
            self.departed.refused.count(&FrameError::UnknownClient);
            return Err(FrameError::UnknownClient);
        };
        let result = session.receive(payload, now, next, &self.world_config);
        if let Err(error) = &result {
            session.refused.count(error);
            if breaks_the_stream(error) {
                self.say_goodbye(client, GoodbyeReason::ProtocolViolation);
            }
        }
        result
    }

    /// Tells those to leave who did something too often.
    fn judge_conduct(&mut self) {
        let places = self.sessions.len();
        for at in 0..self.live.len() {
            self.prefetch_inputs(at);
            let index = self.live[at];
            let Some(session) = &mut self.sessions[index as usize] else { continue };
            session.conduct.begin_tick(self.world_config.tick_hz);
            if let Some(reason) = session.conduct.crossed().filter(|_| session.ends_in.is_none()) {
                let (client, client_id) = (ClientIndex(index), session.client_id);
                self.say_goodbye(client, GoodbyeReason::Kicked(reason));
                if self.kicks.len() == places {
                    self.kicks.remove(0);
                }
                self.kicks.push(Kick { client, client_id, reason });
                self.departed.kicked += 1;
            }
        }
    }

    /// Asks for what the beginning of a tick needs of a session that comes soon: in a full zone all of it lies far away.
    fn prefetch_inputs(&self, at: usize) {
        let later =
            self.live.get(at + BEGUN_AHEAD).and_then(|&index| self.sessions[index as usize].as_deref());
        if let Some(later) = later {
            later.prefetch_inputs(self.next_tick);
        }
    }

    /// Those that were told to leave for their conduct since the last call. Their connections are ended as any other's
    /// ([`ZoneSessions::over`]); this is for the record.
    pub fn take_kicks(&mut self) -> impl Iterator<Item = Kick> + '_ {
        self.kicks.drain(..)
    }

    /// Appends the commands the clients cause in `tick`: departures, arrivals, and the input of every character whose
    /// client has sent one.
    pub fn begin_tick(&mut self, tick: Tick, out: &mut Vec<Command>) {
        self.command_comings_and_goings(tick, out);
        self.judge_conduct();
        let silence_ticks = u32::from(self.world_config.tick_hz);
        let conduct = &self.world_config.rules.conduct;
        for at in 0..self.live.len() {
            self.prefetch_inputs(at);
            let Some(session) = &mut self.sessions[self.live[at] as usize] else { continue };
            session.ends_in = session.ends_in.map(|ticks| ticks.saturating_sub(1));
            if let Stage::Plays(id) = session.stage {
                let oldest = session.oldest_views(&self.world_config, self.interval_ticks);
                let before = session.inputs.stats();
                let taken = session.inputs.take(tick, silence_ticks, oldest, conduct.turn_max);
                session.conduct.note_inputs(&before, &session.inputs.stats(), conduct);
                if let Some(given) = taken {
                    out.push(Command::Input { id, input: given.input });
                    if given.view != ViewAge::ZERO {
                        out.push(Command::View { id, age: given.view });
                    }
                }
            }
        }
        self.next_tick = tick.next();
    }

    /// Learns what the step did: new characters, events, everybody's state.
    pub fn end_tick(&mut self, world: &World) {
        self.world_fingerprint = world.fingerprint();
        let tick = Tick(world.tick().0.wrapping_sub(1));
        self.next_tick = world.tick();
        self.learn_events(world, tick);
        self.receive_arrivals(world, tick);
        let workshop = &mut *self.workshop;
        workshop.changes.learn(world);
        workshop.objectives.learn(world, tick);
        workshop.effects.rebuild(world);
        workshop.visibility.learn(world);
        workshop.history.record(tick.0, &Sight::new(world, &workshop.effects));
        workshop.cache.begin_tick(&workshop.history);
    }

    /// Tells every client of a change that does not follow from the world's own steps, and whoever comes later. Craters and
    /// sections of the world's own are noted by [`ZoneSessions::end_tick`].
    pub fn note_change(&mut self, change: WorldChange) {
        self.workshop.changes.push(change);
    }

    /// The world's ground is another one since the last step, as after a restore: every client is sent all of it.
    pub fn ground_replaced(&mut self) {
        self.workshop.changes.replaced();
    }

    /// Changes of the world since the start.
    #[must_use]
    pub fn changes_noted(&self) -> u32 {
        self.workshop.changes.next()
    }

    /// Makes the packets that are due after the world's last tick and hands each to `sink`, by ascending index. A client's packets
    /// are an interval apart; the clients are spread over the ticks of an interval. Where many are due, the threads of rayon's
    /// pool that the caller is in make them together; how many there are changes no packet.
    pub fn send_due(&mut self, world: &World, now: Micros, sink: &mut impl FnMut(ClientIndex, &[u8])) {
        self.send_due_in_order(world, now, &|| 0, sink);
    }

    /// [`ZoneSessions::send_due`] where time may be short, as [`ZoneSessions::send_due_within`].
    pub fn send_due_in_order(
        &mut self,
        world: &World,
        now: Micros,
        spent_permille: &(impl Fn() -> u32 + Sync),
        sink: &mut impl FnMut(ClientIndex, &[u8]),
    ) {
        let mut kept = core::mem::take(&mut self.in_order);
        kept.reserve(self.live.len());
        self.send_due_within(world, now, spent_permille, &mut kept.lanes());
        kept.hand_out(sink);
        self.in_order = kept;
    }

    /// [`ZoneSessions::send_due`] where time may be short, and packets are to leave as they are made. Each lane gets some of the
    /// clients, at the same time as the other lanes; who is in which follows from who is due.
    ///
    /// `spent_permille` says how much of the time that the tick has for its packets has gone
    /// ([`ALL_PERMILLE`](super::overload::ALL_PERMILLE) is all of it); every lane asks it before every 8 packets. Where so many
    /// more would take too long, the lane leaves its other clients out. They are counted, and the first of all that were left
    /// out is the first when its turn comes again, an interval later: under lasting overload all get fewer packets. The first
    /// 128 are always made. After a second in which a tenth of the ticks left somebody out, or nearly all time was used, tiers
    /// beyond the innermost are told of half as often, twice at most, until there is time again
    /// (`docs/adr/0053-what-gives-way.md`).
    pub fn send_due_within<O: FnMut(ClientIndex, &[u8]) + Send>(
        &mut self,
        world: &World,
        now: Micros,
        spent_permille: &(impl Fn() -> u32 + Sync),
        lanes: &mut [O; PACKET_LANES],
    ) {
        let tick = Tick(world.tick().0.wrapping_sub(1));
        let phase = tick.0 % self.interval_ticks;
        self.retry_rules();
        self.due.clear();
        self.due.extend(self.live.iter().filter(|&&index| self.phases[index as usize] == phase));
        let moment = Moment { workshop: &self.workshop, world, tick, now };
        let mut served = Served::default();
        for part in self.overload.order(phase, &self.due) {
            let part = &self.due[part];
            let always = ALWAYS_SERVED.saturating_sub(served.count);
            let part_served =
                self.rounds.serve(&moment, &mut self.sessions, (part, always), spent_permille, lanes);
            served.count += part_served.count;
            served.in_a_row += part_served.in_a_row;
            if part_served.count < part.len() {
                break;
            }
        }
        if self.overload.note(phase, &self.due, served, spent_permille()) {
            self.workshop.table.relieve(self.overload.relief());
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
            sum.inputs.add(&session.inputs.stats());
            sum.refused.add(&session.refused);
            sum.conduct.add(&session.conduct.counts());
        }
        sum.packets_skipped = self.overload.skipped();
        sum.relief = self.overload.relief();
        sum.returned = self.returned();
        sum.seen_events_overflowed = self.workshop.events.overflowed();
        sum.cache_misses = self.workshop.cache.misses();
        sum.cache_hits = sum.traffic.updates.saturating_sub(sum.cache_misses);
        sum
    }

    /// Traffic of all clients since the start.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.stats().traffic
    }

    /// Adds the figures of a session that is over to those of all.
    pub(super) fn count_departed(&mut self, session: &Session) {
        let departed = &mut self.departed;
        departed.traffic.add(&session.traffic);
        departed.packets_lost += session.channel.stats().lost;
        departed.inputs.add(&session.inputs.stats());
        departed.refused.add(&session.refused);
        departed.conduct.add(&session.conduct.counts());
    }

    pub(super) fn session(&self, client: ClientIndex) -> Option<&Session> {
        self.sessions.get(client.0 as usize)?.as_deref()
    }

    pub(super) fn session_mut(&mut self, client: ClientIndex) -> Option<&mut Session> {
        self.sessions.get_mut(client.0 as usize)?.as_deref_mut()
    }
}
