//! A zone: the world and the sessions of its clients. No sockets, no clock, no threads: bytes and times come in,
//! bytes go out, so that a test can play a server.

use shieldwall_core::spatial::Scenery;
use shieldwall_core::{Command, Event, Rules, Tick, World, WorldConfig};
use shieldwall_net::secure::ClientIndex;
use shieldwall_net::server::{AnnounceRulesError, PACKET_LANES, ReplicationConfig, ZoneSessions};
use shieldwall_net::time::Micros;
use shieldwall_net::wire::goodbye::GoodbyeReason;

use crate::error::HostError;
use crate::figures::{Board, FollowFigures, MAX_FOLLOW_VISIBLE, MAX_TEAMS, NAME_BYTES, ZoneFigures};
use crate::live_feed::{LiveFeed, LiveFrame};

/// A client's place in the zone.
#[derive(Clone, Copy, Debug, Default)]
struct Seat {
    /// Which session of this index has it; see [`crate::links::OutboxEntry::session`].
    session: u32,
    taken: bool,
    name: [u8; NAME_BYTES],
}

/// The world, its clients' sessions, and what is counted about both.
pub struct Zone {
    world: World,
    sessions: ZoneSessions,
    commands: Vec<Command>,
    seats: Vec<Seat>,
    feed: LiveFeed,
    figures: ZoneFigures,
    stepped_at: Option<Micros>,
    mixed_classes: bool,
}

/// Of so many who come one after another in a mixed world, which classes they are: soldiers, some scouts, heavies, knights.
const CLASS_MIX: [u8; 16] = [0, 0, 1, 0, 0, 2, 0, 0, 3, 0, 1, 0, 0, 2, 0, 0];

impl Zone {
    /// An empty zone for at most `max_clients` clients.
    ///
    /// # Errors
    /// [`HostError::Refused`] with what the kernel or the sessions say about the configuration.
    pub fn new(
        world: &WorldConfig,
        scenery: &Scenery,
        replication: &ReplicationConfig,
        max_clients: u32,
    ) -> Result<Self, HostError> {
        let sessions = ZoneSessions::new(replication, world, max_clients)
            .map_err(|error| HostError::Refused(error.to_string()))?;
        let feed = LiveFeed::new(world.half_extent, world.rules.life.health_max);
        Ok(Self {
            world: World::with_scenery(world, scenery)
                .map_err(|error| HostError::Refused(error.to_string()))?,
            sessions,
            // A spawn, a despawn and an input for each.
            commands: Vec::with_capacity(3 * max_clients as usize),
            seats: vec![Seat::default(); max_clients as usize],
            feed,
            figures: ZoneFigures { rules: world.rules.hash(), ..ZoneFigures::default() },
            stepped_at: None,
            mixed_classes: false,
        })
    }

    /// From now on those who come are of several movement classes, not all soldiers.
    pub fn mix_classes(&mut self) {
        self.mixed_classes = true;
    }

    /// The world after the last step.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The commands of the last step.
    #[must_use]
    pub fn commands(&self) -> &[Command] {
        &self.commands
    }

    /// Ticks per second.
    #[must_use]
    pub fn tick_hz(&self) -> u16 {
        self.world.config().tick_hz
    }

    /// A client has come. An index beyond the capacity is ignored.
    pub fn connect(&mut self, client: ClientIndex, session: u32, client_id: u64, name: [u8; NAME_BYTES]) {
        let Some(seat) = self.seats.get_mut(client.0 as usize) else { return };
        if seat.taken {
            // On a full server a second login takes the very place of the first.
            self.sessions.lose(client);
        } else {
            self.figures.clients += 1;
        }
        *seat = Seat { session, taken: true, name };
        self.figures.clients_peak = self.figures.clients_peak.max(self.figures.clients);
        if let Err(error) = self.sessions.connect(client, client_id, None) {
            tracing::error!(client = client.0, %error, "a client got no session");
        }
    }

    /// A client has left. What is said about an earlier session of the index is ignored.
    pub fn disconnect(&mut self, client: ClientIndex, session: u32) {
        if self.vacate(client, session) {
            self.sessions.disconnect(client);
        }
    }

    /// A client was cut off: its character waits for it. What is said about an earlier session of the index is ignored.
    pub fn lose(&mut self, client: ClientIndex, session: u32) {
        if self.vacate(client, session) {
            self.sessions.lose(client);
        }
    }

    fn vacate(&mut self, client: ClientIndex, session: u32) -> bool {
        let seat = self.seats.get_mut(client.0 as usize);
        let Some(seat) = seat.filter(|seat| seat.taken && seat.session == session) else { return false };
        seat.taken = false;
        self.figures.clients -= 1;
        true
    }

    /// A payload of a client. What cannot be read is dropped and counted by reason in the sessions' statistics.
    pub fn receive(&mut self, client: ClientIndex, session: u32, payload: &[u8], now: Micros) {
        let seated =
            self.seats.get(client.0 as usize).is_some_and(|seat| seat.taken && seat.session == session);
        if seated && let Err(error) = self.sessions.receive(client, payload, now) {
            tracing::debug!(client = client.0, %error, "a payload was refused");
        }
    }

    /// Tells every client that the server stops. The word leaves with the next packets.
    pub fn say_goodbye(&mut self) {
        for (index, seat) in self.seats.iter().enumerate() {
            if seat.taken {
                self.sessions.say_goodbye(ClientIndex(index as u32), GoodbyeReason::Shutdown);
            }
        }
    }

    /// Tells every client that other rules hold from a tick on, which is returned; the zone adopts them then.
    ///
    /// # Errors
    /// [`AnnounceRulesError`]; the rules stay as they are then.
    pub fn announce_rules(&mut self, rules: &Rules) -> Result<Tick, AnnounceRulesError> {
        self.sessions.announce_rules(&self.world, rules)
    }

    /// Whether other rules are announced that do not hold yet.
    #[must_use]
    pub fn is_changing_rules(&self) -> bool {
        self.sessions.announced_rules().is_some()
    }

    /// Adopts announced rules whose tick has come; says whether it did. A step does so too: this is for whoever has
    /// something to do in between.
    pub fn adopt_due_rules(&mut self) -> bool {
        match self.sessions.adopt_due_rules(&mut self.world) {
            Ok(false) => return false,
            Ok(true) => {}
            Err(error) => {
                // Nobody but this zone steps the world that they were announced with.
                tracing::error!(%error, "announced rules were refused");
                return false;
            }
        }
        let rules = &self.world.config().rules;
        self.feed.set_health_max(rules.life.health_max);
        self.figures.rules = rules.hash();
        self.figures.rules_reloads += 1;
        true
    }

    /// Runs one tick with what has been received. The time decides nothing in the world; it is counted.
    pub fn step(&mut self, now: Micros) {
        self.step_timed(now, &mut || 0);
    }

    /// [`Zone::step`] that counts the time of every stage of the kernel's tick, by a clock of nanoseconds that the caller
    /// brings.
    pub fn step_timed(&mut self, now: Micros, clock: &mut (dyn FnMut() -> u64 + Send)) {
        let since_last = self.stepped_at.map_or(Micros::ZERO, |last| now.since(last));
        self.stepped_at = Some(now);
        self.commands.clear();
        self.adopt_due_rules();
        self.sessions.begin_tick(self.world.tick(), &mut self.commands);
        if self.mixed_classes {
            choose_classes(&mut self.commands);
        }
        let stage_ns = &mut self.figures.stage_ns;
        let mut last = clock();
        let report = self.world.step_observed(&self.commands, &mut |stage| {
            let now = clock();
            stage_ns[stage.index()] += now.saturating_sub(last);
            last = now;
        });
        self.sessions.end_tick(&self.world);
        let figures = &mut self.figures;
        figures.ticks += 1;
        figures.client_us += u64::from(figures.clients) * since_last.0;
        figures.events_dropped += u64::from(report.events_dropped);
        figures.commands_refused += u64::from(report.tally.commands_refused);
        figures.fight.add(&report.tally);
        let characters = self.world.characters();
        for event in self.world.events() {
            figures.fight.learn(event);
            match *event {
                Event::Hit { .. } => figures.hits += 1,
                Event::Died { killer, .. } => {
                    figures.kills += 1;
                    let team = characters.team.get(killer.slot as usize).copied().unwrap_or(0);
                    if let Some(score) = figures.score.get_mut(usize::from(team).min(MAX_TEAMS - 1)) {
                        *score += 1;
                    }
                }
                _ => {}
            }
        }
    }

    /// Hands every payload that is due to its lane, with the client and its session, as far as there is time:
    /// [`ZoneSessions::send_due_within`].
    pub fn send_due<O: FnMut(ClientIndex, u32, &[u8]) + Send>(
        &mut self,
        now: Micros,
        spent_permille: &(impl Fn() -> u32 + Sync),
        lanes: &mut [O; PACKET_LANES],
    ) {
        let seats = &self.seats;
        let mut lanes = lanes.each_mut().map(|lane| {
            |client: ClientIndex, payload: &[u8]| lane(client, seats[client.0 as usize].session, payload)
        });
        self.sessions.send_due_within(&self.world, now, spent_permille, &mut lanes);
    }

    /// The clients, with their sessions, whose connections the network thread is to end: they were told goodbye. Each
    /// is named until [`Zone::disconnect`] says that it is gone.
    pub fn over(&self) -> impl Iterator<Item = (ClientIndex, u32)> + '_ {
        self.sessions.over().map(|client| (client, self.seats[client.0 as usize].session))
    }

    /// The figures as of now.
    #[must_use]
    pub fn figures(&mut self) -> ZoneFigures {
        let characters = self.world.characters();
        self.figures.alive = characters.live_slots().filter(|&slot| characters.is_alive(slot)).count() as u32;
        self.figures.projectiles = self.world.projectiles().live_slots().count() as u32;
        let scores = self.world.scores();
        for (team, points) in (0..).zip(&mut self.figures.points) {
            *points = u64::from(scores.score(team));
        }
        self.figures.sessions = self.sessions.stats();
        self.figures.clone()
    }

    /// Gathers the events of the last step for the next frame of the live page.
    pub fn gather_live_events(&mut self) {
        self.feed.gather(&self.world);
    }

    /// Forgets gathered events, when nobody watches.
    pub fn forget_live_events(&mut self) {
        self.feed.clear();
    }

    /// Fills a frame of the live page.
    pub fn fill_live_frame(&mut self, frame: &mut LiveFrame) {
        self.feed.fill(&self.world, frame);
    }

    /// Answers everybody on the board who follows a character.
    pub fn answer_follows(&self, board: &Board, now: Micros) {
        for desk in &board.follows {
            if let Some(slot) = desk.wanted() {
                // Whoever is gone is answered with nobody.
                desk.answer.publish(self.follow(slot, now).unwrap_or_default());
            }
        }
    }

    fn follow(&self, slot: u32, now: Micros) -> Option<FollowFigures> {
        let client = self.sessions.client_of(slot)?;
        let seat = self.seats.get(client.0 as usize)?;
        let characters = self.world.characters();
        let row = slot as usize;
        let mut figures = FollowFigures {
            slot_plus_one: slot + 1,
            name: seat.name,
            team: characters.team[row],
            health: characters.health[row],
            kills: u32::from(characters.kills[row]),
            deaths: u32::from(characters.deaths[row]),
            at: now,
            ..FollowFigures::default()
        };
        for (place, visible) in figures.visible.iter_mut().zip(self.sessions.visible_slots(client)) {
            *place = visible as u16;
            figures.visible_len += 1;
        }
        debug_assert!(figures.visible_len <= MAX_FOLLOW_VISIBLE);
        let effects = self.world.effects();
        let own = effects.live_slots().filter(|&effect| effects.target(effect).slot == slot);
        for (place, effect) in figures.effects.iter_mut().zip(own) {
            *place = effects.kind[effect as usize];
        }
        let stats = self.sessions.client_stats(client)?;
        figures.rtt_us = stats.round_trip.map_or(0, |round_trip| round_trip.0);
        figures.bytes_down = stats.traffic.wire_bytes_sent();
        figures.bytes_up = stats.traffic.wire_bytes_received();
        Some(figures)
    }
}

/// Gives the characters that are about to come their classes, by the place of their client: two neighbours, who are of two
/// teams, get the same.
pub fn choose_classes(commands: &mut [Command]) {
    for command in commands {
        if let Command::Spawn { tag, class, .. } = command {
            *class = CLASS_MIX[(*tag / 2) as usize % CLASS_MIX.len()];
        }
    }
}
