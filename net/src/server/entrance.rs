//! Who comes and who goes: places, teams, characters that wait for a client that was cut off, versions.
//!
//! A client that falls silent leaves its character in the world for a grace time. Whoever logs in as the same player within
//! it gets that character and everything else anew: channel, baselines, ground. So does a second login that the host lets
//! replace the first. Work is bounded: in a tick so many characters are asked for and no more, however many clients wait.

use super::session::{Session, Stage};
use super::zone::{ConnectError, NO_CLIENT, SESSION_TAG, TAG_INDEX_BITS, ZoneSessions};
use crate::secure::ClientIndex;
use crate::wire::PROTOCOL_VERSION;
use crate::wire::client_message::Hello;
use crate::wire::goodbye::GoodbyeReason;
use crate::wire::welcome::Welcome;
use shieldwall_core::{CharacterId, CharacterInput, Command, Placement, Tick, World};
use std::collections::{BTreeMap, VecDeque};

/// Characters asked for in one tick at most, and characters given up in one tick at most.
pub const ARRIVALS_PER_TICK: usize = 32;

/// A client whose first packet was lost has this long to say hello: as many repetitions as a line needs that loses one packet
/// in three.
const SILENCE_S: u32 = 3;

/// A character without a client.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    id: CharacterId,
    team: u8,
    until: Tick,
}

/// Characters that wait for their clients, by player.
#[derive(Debug, Default)]
struct WaitingList {
    by_player: BTreeMap<u64, Waiting>,
    /// In the order in which they are given up, which is that of coming; some are gone already.
    order: VecDeque<(Tick, u64)>,
}

impl WaitingList {
    fn put(&mut self, player: u64, waiting: Waiting) -> Option<CharacterId> {
        self.order.push_back((waiting.until, player));
        self.by_player.insert(player, waiting).map(|before| before.id)
    }

    fn take(&mut self, player: u64) -> Option<Waiting> {
        self.by_player.remove(&player)
    }

    /// The next that has waited in vain by `now`, or, with `now` none, the one that waits longest.
    fn give_up(&mut self, now: Option<Tick>) -> Option<CharacterId> {
        while let Some(&(until, player)) = self.order.front() {
            if now.is_some_and(|now| now.signed_distance(until) < 0) {
                return None;
            }
            self.order.pop_front();
            // Who came back and was cut off again waits from then on.
            if self.by_player.get(&player).is_some_and(|waiting| waiting.until == until) {
                return self.by_player.remove(&player).map(|waiting| waiting.id);
            }
        }
        None
    }
}

/// What [`ZoneSessions`] knows of comings and goings.
#[derive(Debug)]
pub(super) struct Entrance {
    grace_ticks: u32,
    /// Which session each player has.
    by_player: BTreeMap<u64, u32>,
    waiting: WaitingList,
    /// Sessions that want a character, in the order they came, with their tags.
    arrivals: VecDeque<(u32, u32)>,
    /// Sessions that were given a character that waited; the world has yet to say that it lives.
    returns: Vec<u32>,
    /// Sessions with a character and without a welcome.
    unwelcomed: Vec<u32>,
    /// Characters that let go of everything.
    rests: Vec<(CharacterId, CharacterInput)>,
    team_sizes: [u32; 256],
    phase_sizes: [u32; 128],
    returned: u64,
}

impl Entrance {
    pub(super) fn new(grace_ticks: u32, max_clients: u32) -> Self {
        Self {
            grace_ticks,
            by_player: BTreeMap::new(),
            waiting: WaitingList::default(),
            arrivals: VecDeque::with_capacity(max_clients as usize),
            returns: Vec::with_capacity(max_clients as usize),
            unwelcomed: Vec::with_capacity(max_clients as usize),
            rests: Vec::with_capacity(max_clients as usize),
            team_sizes: [0; 256],
            phase_sizes: [0; 128],
            returned: 0,
        }
    }

    fn count(&mut self, session: &Session, change: i32) {
        let sizes = [
            &mut self.team_sizes[usize::from(session.team)],
            &mut self.phase_sizes[session.phase as usize % 128],
        ];
        sizes.into_iter().for_each(|size| *size = size.wrapping_add_signed(change));
    }
}

impl ZoneSessions {
    /// Opens a session. A character that waits for this player becomes its own, as does that of an older session of the
    /// player, which is told goodbye; otherwise one is asked for in the next ticks. Without a wish it joins the smallest team.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub fn connect(
        &mut self,
        client: ClientIndex,
        client_id: u64,
        team: Option<u8>,
    ) -> Result<(), ConnectError> {
        if let Some(team) = team.filter(|&team| team >= self.world_config.teams) {
            return Err(ConnectError::NoSuchTeam(team));
        }
        let place = self.sessions.get(client.0 as usize).ok_or(ConnectError::NoSuchIndex(client))?;
        if place.is_some() {
            return Err(ConnectError::Occupied(client));
        }
        let waiting = self.character_waiting_for(client_id);
        let team = waiting.map(|(_, team)| team).or(team).unwrap_or_else(|| self.smallest_team());
        let tag = SESSION_TAG | (self.connected_ever & 0x7ff) << TAG_INDEX_BITS | client.0;
        self.connected_ever = self.connected_ever.wrapping_add(1);
        let phase = self.emptiest_phase();
        let mut session =
            Box::new(Session::new(client_id, team, tag, phase, self.down_budget, &self.world_config));
        session.sights = self.workshop.visibility.sights(self.world_config.character_capacity);
        let entrance = &mut self.entrance;
        match waiting {
            Some((id, _)) => {
                session.stage = Stage::Returns(id);
                entrance.returns.push(client.0);
            }
            None => entrance.arrivals.push_back((client.0, tag)),
        }
        entrance.count(&session, 1);
        entrance.by_player.insert(client_id, client.0);
        self.sessions[client.0 as usize] = Some(session);
        self.phases[client.0 as usize] = phase;
        let at = self.live.partition_point(|&index| index < client.0);
        self.live.insert(at, client.0);
        Ok(())
    }

    /// The character and team of a player who was here: of one that waits, or of a session that has to give way.
    fn character_waiting_for(&mut self, client_id: u64) -> Option<(CharacterId, u8)> {
        if let Some(waiting) = self.entrance.waiting.take(client_id) {
            return Some((waiting.id, waiting.team));
        }
        let index = *self.entrance.by_player.get(&client_id)?;
        let session = self.sessions.get_mut(index as usize)?.as_deref_mut()?;
        let (id, team) = (session.character_kept()?, session.team);
        session.stage = Stage::Refused;
        self.client_of_slot[id.slot as usize] = NO_CLIENT;
        self.say_goodbye(ClientIndex(index), GoodbyeReason::Replaced);
        Some((id, team))
    }

    /// Ends a session whose client has left; its character is taken out in the next tick. Does nothing where there is none.
    pub fn disconnect(&mut self, client: ClientIndex) {
        let Some(session) = self.take_session(client) else { return };
        if let Some(id) = session.character_kept() {
            self.despawns.push(id);
        }
    }

    /// Ends a session whose client was cut off: its character lets go of everything and waits for it
    /// ([`super::ReplicationConfig::reconnect_grace_s`]). Who was told goodbye has no character any more.
    pub fn lose(&mut self, client: ClientIndex) {
        let Some(session) = self.take_session(client) else { return };
        let Some(id) = session.character_kept() else { return };
        let grace_ticks = self.entrance.grace_ticks;
        if grace_ticks == 0 || session.ends_in.is_some() {
            self.despawns.push(id);
            return;
        }
        let until = Tick(self.next_tick.0.wrapping_add(grace_ticks));
        let waiting = Waiting { id, team: session.team, until };
        self.despawns.extend(self.entrance.waiting.put(session.client_id, waiting));
        if let Some(rest) = session.inputs.at_rest() {
            self.entrance.rests.push((id, rest));
        }
    }

    fn take_session(&mut self, client: ClientIndex) -> Option<Box<Session>> {
        let session = self.sessions.get_mut(client.0 as usize).and_then(Option::take)?;
        self.live.retain(|&index| index != client.0);
        self.ending.retain(|&index| index != client.0);
        let entrance = &mut self.entrance;
        entrance.returns.retain(|&index| index != client.0);
        entrance.unwelcomed.retain(|&index| index != client.0);
        entrance.count(&session, -1);
        if entrance.by_player.get(&session.client_id) == Some(&client.0) {
            entrance.by_player.remove(&session.client_id);
        }
        if let Some(id) = session.character() {
            self.client_of_slot[id.slot as usize] = NO_CLIENT;
        }
        self.count_departed(&session);
        Some(session)
    }

    /// Appends the commands of those who go and come: at most [`ARRIVALS_PER_TICK`] characters asked for.
    pub(super) fn command_comings_and_goings(&mut self, tick: Tick, out: &mut Vec<Command>) {
        let entrance = &mut self.entrance;
        for _ in 0..ARRIVALS_PER_TICK {
            let Some(id) = entrance.waiting.give_up(Some(tick)) else { break };
            self.despawns.push(id);
        }
        out.extend(self.despawns.drain(..).map(|id| Command::Despawn { id }));
        out.extend(entrance.rests.drain(..).map(|(id, input)| Command::Input { id, input }));
        let mut asked = 0;
        while asked < ARRIVALS_PER_TICK {
            let Some((index, tag)) = entrance.arrivals.pop_front() else { break };
            let session = self.sessions[index as usize].as_deref_mut();
            // Others have left again, or have had their place taken.
            let Some(session) = session.filter(|s| s.tag == tag && s.stage == Stage::WantsCharacter) else {
                continue;
            };
            let placement = Placement::TeamSpawn;
            out.push(Command::Spawn { tag, team: session.team, class: 0, placement });
            session.stage = Stage::AwaitsCharacter;
            asked += 1;
        }
    }

    /// The world has no room for the character of a session: another one that waits is given up for it, if there is one.
    pub(super) fn make_room(&mut self, index: u32) -> bool {
        let Some(id) = self.entrance.waiting.give_up(None) else { return false };
        self.despawns.push(id);
        let Some(session) = self.session_mut(ClientIndex(index)) else { return true };
        session.stage = Stage::WantsCharacter;
        let tag = session.tag;
        self.entrance.arrivals.push_back((index, tag));
        true
    }

    /// A session has got its character; it is welcomed as soon as it is known which version it speaks.
    pub(super) fn seat(&mut self, index: u32, id: CharacterId, tick: Tick) {
        let Some(session) = self.session_mut(ClientIndex(index)) else { return };
        session.stage = Stage::Plays(id);
        session.events_from = tick.0;
        self.client_of_slot[id.slot as usize] = index;
        self.entrance.unwelcomed.push(index);
    }

    /// Gives those who came back their characters, and welcomes everybody who can be.
    pub(super) fn receive_arrivals(&mut self, world: &World, tick: Tick) {
        while let Some(index) = self.entrance.returns.pop() {
            let Some(session) = self.session_mut(ClientIndex(index)) else { continue };
            let Stage::Returns(id) = session.stage else { continue };
            if world.is_current(id) {
                self.seat(index, id, tick);
                self.entrance.returned += 1;
                continue;
            }
            // It was taken out of the world while it waited.
            session.stage = Stage::WantsCharacter;
            let tag = session.tag;
            self.entrance.arrivals.push_back((index, tag));
        }
        // Who says nothing for so long is one of those that never do.
        let wait = SILENCE_S * u32::from(self.world_config.tick_hz);
        let mut at = 0;
        while let Some(&index) = self.entrance.unwelcomed.get(at) {
            let waited = self
                .session(ClientIndex(index))
                .map_or(0, |session| tick.0.wrapping_sub(session.events_from));
            let hello = self.session(ClientIndex(index)).and_then(|session| session.hello);
            match hello.or((waited >= wait).then_some(Hello::SILENT)) {
                Some(hello) => {
                    self.entrance.unwelcomed.swap_remove(at);
                    self.welcome(index, hello, tick);
                }
                None => at += 1,
            }
        }
    }

    fn welcome(&mut self, index: u32, hello: Hello, tick: Tick) {
        let (config, world_fingerprint) = (self.world_config, self.world_fingerprint);
        let snapshot_interval_ticks = self.workshop.interval_ticks as u16;
        let Some(session) = self.session_mut(ClientIndex(index)) else { return };
        let Some(character) = session.character() else { return };
        let welcome = Welcome { tick, character, snapshot_interval_ticks, world_fingerprint, config };
        match hello.common() {
            Some(version) => {
                session.welcome(&welcome, version);
                self.tell_rules(index);
            }
            None => {
                // A client that says nothing of versions knows no such goodbye; the welcome names ours to it.
                if hello == Hello::SILENT {
                    session.welcome(&welcome, PROTOCOL_VERSION);
                }
                self.say_goodbye(ClientIndex(index), GoodbyeReason::other_version());
            }
        }
    }

    /// Clients that came back to a character that waited for them, since the start.
    #[must_use]
    pub fn returned(&self) -> u64 {
        self.entrance.returned
    }

    /// Characters that wait for their clients.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.entrance.waiting.by_player.len()
    }

    fn smallest_team(&self) -> u8 {
        let sizes = &self.entrance.team_sizes;
        (0..self.world_config.teams).min_by_key(|&team| sizes[usize::from(team)]).unwrap_or(0)
    }

    /// The tick of an interval with the fewest clients.
    fn emptiest_phase(&self) -> u32 {
        let sizes = &self.entrance.phase_sizes;
        (0..self.workshop.interval_ticks.min(128)).min_by_key(|&phase| sizes[phase as usize]).unwrap_or(0)
    }
}
