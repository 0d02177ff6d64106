//! What replication costs: a battle of N characters, each a client that decodes what it is sent, in one process and
//! one thread, without sockets and encryption.
//!
//! `cargo run --release -p shieldwall-net --example replication_cost -- 200 20` (clients, seconds of game time)
//! prints bytes for an update and nanoseconds for an update on the server's side.

use shieldwall_core::{Brads, CharacterInput, Metres, Tick, ViewAge, World, WorldConfig, buttons};
use shieldwall_net::channel::Channel;
use shieldwall_net::client::replica::ReplicaTable;
use shieldwall_net::secure::ClientIndex;
use shieldwall_net::server::{ReplicationConfig, Traffic, ZoneSessions};
use shieldwall_net::time::Micros;
use shieldwall_net::wire::inputs::PlayerInput;
use shieldwall_net::wire::welcome::ServerMessage;
use shieldwall_net::wire::{FrameKind, PAYLOAD_BYTES, events, inputs};
use std::collections::VecDeque;

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
        Self {
            channel: Channel::default(),
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

    fn send(&mut self, tick: Tick, now: Micros) -> Vec<u8> {
        let mut buffer = [0; PAYLOAD_BYTES];
        let mut writer = self.channel.begin(&mut buffer);
        if !self.history.is_empty() {
            FrameKind::Inputs.write(&mut writer);
            let given = self.history.iter().rev().map(|input| PlayerInput::new(*input, ViewAge(180)));
            inputs::write(&mut writer, tick, given);
        }
        let length = self.channel.finish(writer, (), now, |()| {});
        buffer[..length].to_vec()
    }
}

/// Nanoseconds this process has been on a processor (Linux): other work on the machine does not count. The kernel
/// brings the figure up to date a thousand times a second or so; over many ticks that evens out.
fn on_processor_ns() -> u128 {
    let text = std::fs::read_to_string("/proc/self/schedstat").expect("Linux tells");
    text.split_whitespace().next().and_then(|first| first.parse().ok()).expect("a number")
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|a| a.parse::<u32>().expect("a number"));
    let count = arguments.next().unwrap_or(200);
    let seconds = arguments.next().unwrap_or(20);
    let delay_ticks = arguments.next().unwrap_or(3);
    let config = WorldConfig { seed: 5, ..WorldConfig::default() };
    let mut world = World::new(&config).expect("the configuration is good");
    let mut zone =
        ZoneSessions::new(&ReplicationConfig::default(), &config, count).expect("a good configuration");
    let mut clients: Vec<Client> = (0..count).map(|_| Client::new()).collect();
    for index in 0..count {
        zone.connect(ClientIndex(index), index.into(), None).expect("room");
    }
    let mut commands = Vec::new();
    let (mut bytes, mut outgoing): (Vec<u8>, Vec<(u32, usize)>) = (Vec::new(), Vec::new());
    let (mut sending, mut recording, mut stepping) = (0_u128, 0_u128, 0_u128);
    let (mut base, warm_up) = (zone.traffic(), 4 * 60);
    for tick in 0..seconds * 60 + warm_up {
        let now = Micros(u64::from(tick) * 16_667);
        if tick == warm_up {
            (sending, recording, stepping, base) = (0, 0, 0, zone.traffic());
        }
        for (index, client) in clients.iter_mut().enumerate() {
            while client.frames.front().is_some_and(|(at, _)| *at <= tick.into()) {
                let (_, payload) = client.frames.pop_front().expect("just seen");
                client.receive(&payload, now);
            }
            let number = index as u32;
            let _ = client.think(tick, number);
            if (tick + number).is_multiple_of(2) {
                let payload = client.send(Tick(tick), now);
                zone.receive(ClientIndex(number), &payload, now).expect("clients are honest");
            }
        }
        commands.clear();
        zone.begin_tick(world.tick(), &mut commands);
        let start = on_processor_ns();
        world.step(&commands);
        let stepped = on_processor_ns();
        zone.end_tick(&world);
        let recorded = on_processor_ns();
        zone.send_due(&world, now, &mut |client, payload| {
            bytes.extend_from_slice(payload);
            outgoing.push((client.0, payload.len()));
        });
        sending += on_processor_ns() - recorded;
        recording += recorded - stepped;
        stepping += stepped - start;
        let mut rest = &bytes[..];
        for &(client, length) in &outgoing {
            let (payload, others) = rest.split_at(length);
            rest = others;
            clients[client as usize].frames.push_back((u64::from(tick + delay_ticks), payload.to_vec()));
        }
        bytes.clear();
        outgoing.clear();
    }
    let cost = Cost { base, sending, recording, stepping };
    print_figures(&zone, &world, [count, seconds, delay_ticks], &cost);
}

/// Nanoseconds of the server's parts, and the traffic they began with.
struct Cost {
    base: Traffic,
    sending: u128,
    recording: u128,
    stepping: u128,
}

fn print_figures(zone: &ZoneSessions, world: &World, [count, seconds, delay_ticks]: [u32; 3], cost: &Cost) {
    let Cost { base, sending, recording, stepping } = *cost;
    let t = zone.traffic();
    let (updates, bits) = (t.updates - base.updates, t.update_bits - base.update_bits);
    let (snapshots, packets) = (t.snapshots - base.snapshots, t.packets_sent - base.packets_sent);
    let stats = zone.stats();
    println!("clients {count}, {seconds} s, delay {delay_ticks} ticks");
    println!(
        "updates a snapshot      {:.1} of {:.1} in sight",
        updates as f64 / snapshots as f64,
        (t.visible_sum - base.visible_sum) as f64 / snapshots as f64
    );
    println!(
        "bytes an update         {:.3} (full states {:.2} %)",
        bits as f64 / 8.0 / updates as f64,
        100.0 * (t.full_updates - base.full_updates) as f64 / updates as f64
    );
    println!(
        "payload bytes a packet  {:.1}",
        (t.payload_bytes_sent - base.payload_bytes_sent) as f64 / packets as f64
    );
    println!(
        "bytes/s a client, down  {:.0} all-in",
        (t.wire_bytes_sent() - base.wire_bytes_sent()) as f64 / f64::from(count * seconds)
    );
    println!(
        "bytes/s a client, up    {:.0} all-in",
        (t.wire_bytes_received() - base.wire_bytes_received()) as f64 / f64::from(count * seconds)
    );
    println!(
        "send_due                {:.1} ns an update, {:.2} us a packet, {:.2} % of a core",
        sending as f64 / updates as f64,
        sending as f64 / packets as f64 / 1e3,
        sending as f64 / f64::from(seconds) / 1e7
    );
    println!(
        "end_tick                {:.1} us a tick, step {:.1} us a tick",
        recording as f64 / f64::from(seconds * 60) / 1e3,
        stepping as f64 / f64::from(seconds * 60) / 1e3
    );
    println!(
        "cache                   {:.1} % hits",
        100.0 * stats.cache_hits as f64 / (stats.cache_hits + stats.cache_misses) as f64
    );
    let deaths: u32 = world.characters().deaths.iter().map(|&d| u32::from(d)).sum();
    println!("deaths {deaths}, refused {}, lost {}", stats.refused.total(), stats.packets_lost);
}
