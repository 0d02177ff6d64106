//! A zone with clients that walk about, and a simulated line to each: what tests of both ends at once stand on.

use crate::channel::{Channel, FrameError};
use crate::client::StateCheckStats;
use crate::client::replica::ReplicaTable;
use crate::link_simulator::{LinkConditions, LinkSimulator};
use crate::secure::ClientIndex;
use crate::server::{ReplicationConfig, ZoneSessions};
use crate::time::Micros;
use crate::wire::client_message::{ClientMessage, Hello};
use crate::wire::inputs::PlayerInput;
use crate::wire::welcome::ServerMessage;
use crate::wire::{FrameKind, PAYLOAD_BYTES, events, inputs};
use shieldwall_core::{Brads, CharacterInput, Metres, Tick, ViewAge, World, WorldConfig};

/// Microseconds of a tick.
const TICK_US: u64 = 16_667;

/// A client that reads all it is sent.
pub(crate) struct Client {
    pub(crate) channel: Channel<()>,
    pub(crate) up: LinkSimulator,
    pub(crate) down: LinkSimulator,
    pub(crate) replica: Option<ReplicaTable>,
    pub(crate) checks: StateCheckStats,
    /// How many ticks before it came the newest snapshot was of.
    pub(crate) age_ticks: u32,
    /// The tick of the last snapshot that came.
    pub(crate) seen_tick: u32,
}

impl Client {
    fn new(hello: Option<Hello>, [up, down]: [LinkConditions; 2], seed: u64) -> Self {
        let mut channel = Channel::default();
        if let Some(hello) = hello {
            channel.send_reliable(&ClientMessage::Hello(hello).encode()).unwrap();
        }
        Self {
            channel,
            up: LinkSimulator::new(up, seed * 2),
            down: LinkSimulator::new(down, seed * 2 + 1),
            replica: None,
            checks: StateCheckStats::default(),
            age_ticks: 0,
            seen_tick: 0,
        }
    }

    fn send(&mut self, number: u32, tick: u32, now: Micros) {
        let mut buffer = [0; PAYLOAD_BYTES];
        let mut writer = self.channel.begin(&mut buffer);
        let yaw = Brads((number * 9_001 + tick / 40 * 7_919) as u16);
        let input = CharacterInput {
            move_forward: 127,
            yaw,
            buttons: (tick / 30 % 8) as u16,
            ..CharacterInput::default()
        };
        FrameKind::Inputs.write(&mut writer);
        inputs::write(&mut writer, Tick(tick + 8), [PlayerInput::new(input, ViewAge::ZERO)].into_iter());
        self.channel.write_reliable(&mut writer, now);
        let length = self.channel.finish(writer, (), now, |()| {});
        self.up.push(&buffer[..length], now);
    }

    fn receive(&mut self, payload: &[u8], now: Micros) -> Result<(), FrameError> {
        let mut packet = self.channel.receive(payload, now, |(), _| {})?;
        loop {
            match FrameKind::read(&mut packet.reader)? {
                FrameKind::End => break,
                FrameKind::Inputs => panic!("the server sends no inputs"),
                FrameKind::Events => events::read(&mut packet.reader, |_, _| {})?,
                FrameKind::Fragment => self.channel.read_fragment(&mut packet.reader)?,
                FrameKind::StateCheck => {
                    let replica = self.replica.as_ref().ok_or(FrameError::NotWelcomed)?;
                    self.checks.take(&mut packet.reader, replica)?;
                }
                FrameKind::Snapshot => {
                    let replica = self.replica.as_mut().ok_or(FrameError::NotWelcomed)?;
                    let tick = replica.apply(&mut packet.reader)?.tick;
                    self.age_ticks = (now.0 / TICK_US) as u32 - tick.0;
                    self.seen_tick = tick.0;
                }
            }
        }
        while let Some(message) = self.channel.next_message()? {
            if let ServerMessage::Welcome(welcome) = ServerMessage::decode(message)? {
                self.replica = Some(ReplicaTable::new(&welcome.config));
            }
        }
        self.channel.confirm(packet.sequence);
        Ok(())
    }
}

/// See the module head.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) zone: ZoneSessions,
    pub(crate) clients: Vec<Client>,
    /// Hash of all packets that the zone made, in their order.
    pub(crate) sent: u64,
    /// How much of a tick's time has gone whenever the zone asks.
    pub(crate) spent_permille: u32,
}

/// FNV-1a: a hash that goes on.
fn hash_on(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

impl Scene {
    /// A client for each hello; `up` and `down` are the lines.
    pub(crate) fn new(
        hellos: &[Option<Hello>],
        [up, down]: [LinkConditions; 2],
        replication: &ReplicationConfig,
    ) -> Self {
        let half_extent = Metres::from_m(64);
        let character_capacity = hellos.len().next_multiple_of(160) as u32;
        let config = WorldConfig { half_extent, character_capacity, seed: 5, ..WorldConfig::default() };
        let mut zone = ZoneSessions::new(replication, &config, character_capacity).unwrap();
        for index in 0..hellos.len() as u32 {
            zone.connect(ClientIndex(index), index.into(), None).unwrap();
        }
        let client = |(seed, hello): (u64, &Option<Hello>)| Client::new(*hello, [up, down], seed);
        let clients = (0..).zip(hellos).map(client).collect();
        let world = World::new(&config).unwrap();
        Self { world, zone, clients, sent: 0xcbf2_9ce4_8422_2325, spent_permille: 0 }
    }

    /// Runs so many ticks.
    pub(crate) fn ticks(&mut self, count: u32) {
        for _ in 0..count {
            let tick = self.world.tick();
            let now = Micros(u64::from(tick.0) * TICK_US);
            for (number, client) in (0..).zip(&mut self.clients) {
                if tick.0.is_multiple_of(2) {
                    client.send(number, tick.0, now);
                }
                while let Some(payload) = client.up.poll(now) {
                    let _ = self.zone.receive(ClientIndex(number), payload, now);
                }
            }
            let mut commands = Vec::new();
            self.zone.begin_tick(tick, &mut commands);
            self.world.step(&commands);
            self.zone.end_tick(&self.world);
            let (clients, sent, spent) = (&mut self.clients, &mut self.sent, self.spent_permille);
            self.zone.send_due_in_order(&self.world, now, &|| spent, &mut |index, payload| {
                *sent = hash_on(hash_on(*sent, &index.0.to_le_bytes()), payload);
                clients[index.0 as usize].down.push(payload, now);
            });
            for client in clients {
                while let Some(payload) = client.down.poll(now).map(|bytes| bytes.to_vec()) {
                    let _ = client.receive(&payload, now);
                }
            }
        }
    }
}
