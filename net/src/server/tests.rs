//! Sessions around a real world, without links: what is promised to every client whatever the settings and the others do.

mod narrow_line;
mod overload;
pub(crate) mod scene;
mod threads;

use super::*;
use crate::channel::{Channel, FrameError};
use crate::secure::ClientIndex;
use crate::time::Micros;
use crate::wire::client_message::{ClientMessage, Hello};
use crate::wire::events::{self, GameEvent};
use crate::wire::goodbye::GoodbyeReason;
use crate::wire::inputs;
use crate::wire::misconduct::Misconduct;
use crate::wire::welcome::ServerMessage;
use crate::wire::{FrameKind, PAYLOAD_BYTES};
use shieldwall_core::{
    AdoptRulesError, Arm, Brads, CharacterId, CharacterInput, Command, Event, Rules, Tick, World,
    WorldConfig, buttons,
};

/// A client without a link; what it was told. It counts snapshots and looks into none: they come last in a packet.
#[derive(Default)]
struct Client {
    channel: Channel<()>,
    welcomed: bool,
    snapshots: u32,
    told: Vec<GameEvent>,
    seen: Vec<GameEvent>,
    goodbye: Option<GoodbyeReason>,
    /// Messages about the ground.
    changes: u32,
    /// Changes of rules.
    rules: Vec<crate::wire::rules_change::RulesChange>,
}

impl Client {
    /// Says what it speaks in its first packet, as ours do.
    fn with_hello() -> Self {
        let mut client = Self::default();
        client.channel.send_reliable(&ClientMessage::Hello(Hello::OURS).encode()).unwrap();
        client
    }

    fn receive(&mut self, payload: &[u8], now: Micros) {
        let mut packet = self.channel.receive(payload, now, |(), _| {}).unwrap();
        loop {
            match FrameKind::read(&mut packet.reader).unwrap() {
                FrameKind::End => break,
                FrameKind::Events => {
                    events::read(&mut packet.reader, |_, event| self.seen.push(event)).unwrap();
                }
                FrameKind::StateCheck => {
                    crate::wire::state_check::read(&mut packet.reader, |_, _| {}).unwrap();
                }
                FrameKind::Fragment => self.channel.read_fragment(&mut packet.reader).unwrap(),
                FrameKind::Snapshot => {
                    assert!(self.welcomed, "the welcome comes first");
                    self.snapshots += 1;
                    break;
                }
                FrameKind::Inputs => panic!("the server sends no inputs"),
            }
        }
        while let Some(message) = self.channel.next_message().unwrap() {
            match ServerMessage::decode(message).unwrap() {
                ServerMessage::Welcome(_) => self.welcomed = true,
                ServerMessage::Event(_, event) => self.told.push(event),
                ServerMessage::Rules(change) => self.rules.push(change),
                ServerMessage::Goodbye(reason) => self.goodbye = Some(reason),
                ServerMessage::Objectives(_) => {}
                ServerMessage::Changes(_) | ServerMessage::Ground(_) | ServerMessage::GroundCheck(_) => {
                    self.changes += 1;
                }
            }
        }
        self.channel.confirm(packet.sequence);
    }

    /// A packet with nothing but acks and what `add` puts into it.
    fn packet(&mut self, now: Micros, add: impl FnOnce(&mut crate::wire::bits::BitWriter<'_>)) -> Vec<u8> {
        let mut buffer = [0; PAYLOAD_BYTES];
        let mut writer = self.channel.begin(&mut buffer);
        self.channel.write_reliable(&mut writer, now);
        add(&mut writer);
        let length = self.channel.finish(writer, (), now, |()| {});
        buffer[..length].to_vec()
    }
}

/// A zone and clients that hear everything at once.
struct Scene {
    world: World,
    zone: ZoneSessions,
    clients: Vec<Client>,
    commands: Vec<Command>,
    /// Whether the clients acknowledge.
    acks: bool,
}

impl Scene {
    fn new(config: &WorldConfig, replication: &ReplicationConfig, clients: u32) -> Self {
        let mut zone = ZoneSessions::new(replication, config, clients.max(1)).unwrap();
        for index in 0..clients {
            zone.connect(ClientIndex(index), index.into(), Some(0)).unwrap();
        }
        let clients = (0..clients).map(|_| Client::with_hello()).collect();
        Self { world: World::new(config).unwrap(), zone, clients, commands: Vec::new(), acks: true }
    }

    fn now(&self) -> Micros {
        let config = self.world.config();
        Micros(u64::from(self.world.tick().0) * 1_000_000 / u64::from(config.tick_hz))
    }

    /// A tick, with `tell` between the step and the packets.
    fn tick_with(&mut self, tell: impl FnOnce(&mut ZoneSessions, &World, Tick)) {
        let now = self.now();
        if self.acks {
            for (index, client) in self.clients.iter_mut().enumerate() {
                let packet = client.packet(now, |_| {});
                let read = self.zone.receive(ClientIndex(index as u32), &packet, now);
                assert!(matches!(read, Ok(()) | Err(FrameError::Flood)), "{read:?}");
            }
        }
        self.commands.clear();
        let tick = self.world.tick();
        self.zone.adopt_due_rules(&mut self.world).unwrap();
        self.zone.begin_tick(tick, &mut self.commands);
        self.world.step(&self.commands);
        self.zone.end_tick(&self.world);
        tell(&mut self.zone, &self.world, tick);
        let clients = &mut self.clients;
        self.zone.send_due(&self.world, now, &mut |index, payload| {
            clients[index.0 as usize].receive(payload, now);
        });
    }

    fn ticks(&mut self, count: u32) {
        (0..count).for_each(|_| self.tick_with(|_, _, _| {}));
    }

    fn id(&self, client: u32) -> CharacterId {
        self.zone.character_of(ClientIndex(client)).unwrap()
    }
}

fn world() -> WorldConfig {
    WorldConfig { character_capacity: 64, ..WorldConfig::default() }
}

fn default_scene(clients: u32) -> Scene {
    Scene::new(&world(), &ReplicationConfig::default(), clients)
}

#[test]
fn everybody_can_join_with_the_least_budget_of_any_rate() {
    for (tick_hz, snapshot_hz) in [(60, 20), (60, 60), (120, 120), (50, 20), (60, 1)] {
        let config = WorldConfig { tick_hz, ..world() };
        let mut replication =
            ReplicationConfig { snapshot_hz, interest_hz: 1, ..ReplicationConfig::default() };
        replication.tiers.iter_mut().for_each(|tier| tier.rate_hz = 1);
        replication.down_budget_bytes_per_s = replication.least_budget(tick_hz);
        let mut scene = Scene::new(&config, &replication, 3);
        scene.ticks(10 * u32::from(tick_hz));
        for (index, client) in scene.clients.iter().enumerate() {
            assert!(client.snapshots >= 2, "{} snapshots at {snapshot_hz} Hz", client.snapshots);
            let visible = scene.zone.visible_slots(ClientIndex(index as u32)).count();
            assert_eq!(visible, 2, "sees the others at {snapshot_hz} Hz");
        }
    }
}

#[test]
fn the_budget_holds_also_when_it_has_backed_off() {
    let mut replication = ReplicationConfig::default();
    let least = replication.least_budget(60);
    replication.down_budget_bytes_per_s = 2 * least;
    let mut scene = Scene::new(&world(), &replication, 4);
    // Nobody acknowledges: everything counts as lost, the rate falls to what the least packets need.
    scene.acks = false;
    scene.ticks(60 * 60);
    let before = scene.zone.stats().traffic;
    let rate = scene.zone.client_stats(ClientIndex(0)).unwrap().rate_bytes_per_s;
    assert_eq!(rate, least);
    scene.ticks(60 * 60);
    let after = scene.zone.stats().traffic;
    let sent = (after.wire_bytes_sent() - before.wire_bytes_sent()) / 60 / 4;
    assert!(sent <= u64::from(rate), "{sent} bytes a second of {rate}");
    assert_eq!(after.packets_withheld, before.packets_withheld, "the least packet always fits");
    assert_eq!(after.packets_sent, before.packets_sent + 4 * 60 * 20);
}

#[test]
fn a_death_is_told_once_to_whom_it_concerns() {
    let mut scene = default_scene(3);
    scene.ticks(60);
    let (killer, victim) = (scene.id(0), scene.id(1));
    let arm = Arm::SWORD;
    scene.tick_with(|zone, world, tick| {
        zone.tell_event(&Event::Died { victim, killer, arm }, world, tick);
    });
    scene.ticks(30);
    let death = GameEvent::Died { victim: victim.slot as u16, killer: killer.slot as u16, arm };
    for (client, told, seen) in [(0, 1, 0), (1, 1, 0), (2, 0, 1)] {
        let Client { told: reliable, seen: nearby, .. } = &scene.clients[client];
        let count = |list: &[GameEvent]| list.iter().filter(|&&event| event == death).count();
        assert_eq!((count(reliable), count(nearby)), (told, seen), "client {client}");
    }
}

#[test]
fn a_shooter_hears_its_own_shot() {
    let mut scene = default_scene(2);
    scene.ticks(60);
    let owner = scene.id(0);
    scene.tick_with(|zone, world, tick| {
        zone.tell_event(&Event::ProjectileLaunched { projectile_slot: 0, owner }, world, tick);
    });
    scene.ticks(30);
    let is_shot = |event: &GameEvent| matches!(*event, GameEvent::Launched { owner: o, .. } if u32::from(o) == owner.slot);
    let heard = |list: &[GameEvent]| list.iter().filter(|event| is_shot(event)).count();
    let [shooter, other] = &scene.clients[..] else { panic!("two clients") };
    assert_eq!((heard(&shooter.told), heard(&shooter.seen)), (1, 0));
    assert_eq!((heard(&other.told), heard(&other.seen)), (0, 1));
}

#[test]
fn who_is_struck_all_the_time_gets_snapshots_all_the_same() {
    let mut scene = default_scene(2);
    scene.ticks(1);
    let (target, attacker) = (scene.id(0), scene.id(1));
    for _ in 0..120 {
        scene.tick_with(|zone, world, tick| {
            let hit = Event::Hit { attacker, target, amount: 1, arm: Arm::SWORD };
            zone.tell_event(&hit, world, tick);
        });
    }
    let snapshots = scene.clients[0].snapshots;
    assert!(snapshots >= 30, "{snapshots} snapshots in two seconds");
}

#[test]
fn a_new_character_keeps_its_gaze_until_its_client_speaks() {
    let mut scene = default_scene(1);
    scene.ticks(2);
    let id = scene.id(0);
    let gaze = scene.world.move_state(id).unwrap().yaw;
    assert_ne!(gaze, Brads(0), "a spawn that looks along yaw 0 shows nothing here");
    scene.ticks(20);
    assert_eq!(scene.world.move_state(id).unwrap().yaw, gaze);
    assert!(scene.commands.is_empty(), "{:?}", scene.commands);
    let (now, next) = (scene.now(), scene.world.tick());
    let input = CharacterInput { yaw: Brads(77), ..CharacterInput::default() };
    let packet = scene.clients[0].packet(now, |writer| {
        FrameKind::Inputs.write(writer);
        let given = inputs::PlayerInput::new(input, shieldwall_core::ViewAge::ZERO);
        inputs::write(writer, Tick(next.0 + 2), [given].into_iter());
    });
    scene.zone.receive(ClientIndex(0), &packet, now).unwrap();
    scene.ticks(2);
    assert_eq!(scene.world.move_state(id).unwrap().yaw, gaze, "the input is for the next tick");
    scene.ticks(1);
    assert_eq!(scene.world.move_state(id).unwrap().yaw, Brads(77));
}

#[test]
fn answers_to_spawns_have_room_among_the_events() {
    let config = WorldConfig { event_capacity: 63, ..world() };
    let new = |clients| ZoneSessions::new(&ReplicationConfig::default(), &config, clients).map(|_| ());
    let error = ReplicationConfigError::EventCapacity { capacity: 63, least: 64 };
    assert_eq!(new(32), Err(error));
    assert_eq!(new(31), Ok(()));
    let mut scene = Scene::new(&config, &ReplicationConfig::default(), 31);
    scene.ticks(1);
    assert_eq!(scene.zone.stats().playing, 31);
}

/// A fragment frame of a client, whose hello was number 0: number, whether it is the last of its message, its bytes.
fn fragment(writer: &mut crate::wire::bits::BitWriter<'_>, number: u16, last: bool, bytes: &[u8]) {
    use crate::wire::bits::BitSink;
    FrameKind::Fragment.write(writer);
    writer.put(number.into(), 16);
    writer.put_bit(last);
    writer.put(bytes.len() as u32, 9);
    writer.align();
    writer.put_bytes(bytes);
}

#[test]
fn who_breaks_the_reliable_stream_is_sent_away() {
    let mut scene = default_scene(3);
    scene.ticks(30);
    let now = scene.now();
    let outside = scene.clients[0].packet(now, |writer| fragment(writer, 65, true, &[1]));
    let refused = scene.zone.receive(ClientIndex(0), &outside, now);
    assert!(matches!(refused, Err(FrameError::Reliable(_))), "{refused:?}");
    let unknown = scene.clients[1].packet(now, |writer| fragment(writer, 1, true, &[9]));
    assert!(scene.zone.receive(ClientIndex(1), &unknown, now).is_err());
    assert_eq!(scene.zone.over().count(), 0, "the last word first");
    scene.ticks(30);
    assert!(scene.zone.over().eq([ClientIndex(0), ClientIndex(1)]));
    for client in &scene.clients[..2] {
        assert_eq!(client.goodbye, Some(GoodbyeReason::ProtocolViolation));
    }
    scene.zone.disconnect(ClientIndex(0));
    scene.zone.disconnect(ClientIndex(1));
    assert_eq!((scene.zone.over().count(), scene.clients[2].goodbye), (0, None));
}

#[test]
fn a_message_without_end_breaks_the_stream_too() {
    let mut scene = default_scene(1);
    scene.ticks(3);
    let now = scene.now();
    let mut refused = Ok(());
    for number in 1..34 {
        let packet = scene.clients[0].packet(now, |writer| fragment(writer, number, false, &[7; 256]));
        refused = scene.zone.receive(ClientIndex(0), &packet, now);
    }
    assert!(matches!(refused, Err(FrameError::Reliable(_))), "{refused:?}");
    scene.acks = false;
    scene.ticks(40);
    assert!(scene.zone.over().eq([ClientIndex(0)]));
}

#[test]
fn who_finds_the_world_full_is_told_and_sent_away() {
    let config = WorldConfig { character_capacity: 1, ..world() };
    let mut scene = Scene::new(&config, &ReplicationConfig::default(), 2);
    scene.ticks(60);
    assert_eq!(scene.clients[1].goodbye, Some(GoodbyeReason::WorldFull));
    assert!(scene.zone.over().eq([ClientIndex(1)]));
}

#[test]
fn what_finds_no_room_among_the_things_seen_is_counted() {
    let mut scene = default_scene(2);
    scene.ticks(60);
    let stranger = scene.id(1);
    scene.tick_with(|zone, world, tick| {
        for _ in 0..200 {
            zone.tell_event(&Event::ProjectileLaunched { projectile_slot: 0, owner: stranger }, world, tick);
        }
    });
    scene.ticks(6);
    let seen = scene.clients[0].seen.len() as u64;
    let cut = scene.zone.client_stats(ClientIndex(0)).unwrap().traffic.seen_events_cut;
    assert!(seen > 0 && seen <= events::EVENTS_MAX as u64, "{seen} seen");
    assert_eq!(seen + cut, 200);
}

/// A client does something in every tick until it is sent away, or for `ticks`; another one is honest. When it was told.
fn misbehave(
    config: &WorldConfig,
    ticks: u32,
    deed: impl Fn(&mut Client, Tick, Micros) -> Vec<Vec<u8>>,
) -> (Scene, Option<u32>) {
    let mut scene = Scene::new(config, &ReplicationConfig::default(), 2);
    scene.ticks(30);
    for tick in 0..ticks {
        let (now, next) = (scene.now(), scene.world.tick());
        for packet in deed(&mut scene.clients[0], next, now) {
            let _ = scene.zone.receive(ClientIndex(0), &packet, now);
        }
        scene.ticks(1);
        if scene.clients[0].goodbye.is_some() {
            return (scene, Some(tick));
        }
    }
    (scene, None)
}

fn inputs_packet(client: &mut Client, newest: Tick, now: Micros, given: CharacterInput) -> Vec<u8> {
    client.packet(now, |writer| {
        FrameKind::Inputs.write(writer);
        let given = inputs::PlayerInput::new(given, shieldwall_core::ViewAge::ZERO);
        inputs::write(writer, newest, [given].into_iter());
    })
}

#[test]
fn who_turns_faster_than_anybody_can_while_striking_is_sent_away_and_named() {
    let spin = |client: &mut Client, next: Tick, now: Micros| {
        let yaw = Brads((next.0 as u16).wrapping_mul(32_000));
        let swing = CharacterInput { buttons: buttons::MELEE, yaw, ..CharacterInput::default() };
        vec![inputs_packet(client, Tick(next.0 + 1), now, swing)]
    };
    let (mut scene, told) = misbehave(&world(), 1_000, spin);
    let reason = Misconduct::Turns;
    assert!(told.is_some_and(|tick| tick >= 600), "{told:?}");
    assert_eq!(scene.clients[0].goodbye, Some(GoodbyeReason::Kicked(reason)));
    let kicks: Vec<Kick> = scene.zone.take_kicks().collect();
    assert_eq!(kicks, [Kick { client: ClientIndex(0), client_id: 0, reason }]);
    scene.ticks(40);
    assert!(scene.zone.over().eq([ClientIndex(0)]));
    scene.zone.disconnect(ClientIndex(0));
    let stats = scene.zone.stats();
    assert_eq!((stats.kicked, scene.clients[1].goodbye), (1, None));
    assert!((601..610).contains(&stats.conduct.of(reason)), "{:?}", stats.conduct);
}

#[test]
fn floods_are_not_read_and_no_limit_is_no_limit() {
    let flood =
        |client: &mut Client, _: Tick, now: Micros| (0..20).map(|_| client.packet(now, |_| {})).collect();
    let (scene, told) = misbehave(&world(), 600, flood);
    assert_eq!(scene.clients[0].goodbye, Some(GoodbyeReason::Kicked(Misconduct::Flood)));
    assert!(told.is_some_and(|tick| tick < 120), "{told:?}");
    let mut lenient = world();
    lenient.rules.conduct.floods = 0;
    let (scene, told) = misbehave(&lenient, 300, flood);
    let stats = scene.zone.client_stats(ClientIndex(0)).unwrap();
    assert!(told.is_none() && stats.conduct.of(Misconduct::Flood) > 3_000, "{stats:?}");
    assert_eq!(stats.conduct.of(Misconduct::Flood), stats.refused.flood);
    assert!(stats.traffic.packets_received <= 240 + 2 * 331);
}

#[test]
fn what_is_malformed_or_does_not_exist_is_counted_by_reason() {
    let (scene, told) = misbehave(&world(), 200, |client, next, now| {
        let wild = CharacterInput { buttons: 0x8000, ..CharacterInput::default() };
        let late = inputs_packet(client, Tick(next.0 - 1), now, CharacterInput::default());
        let early = inputs_packet(client, Tick(next.0 + 70), now, CharacterInput::default());
        if next.0 < 80 {
            vec![inputs_packet(client, Tick(next.0 + 1), now, wild), late, early]
        } else {
            vec![vec![1, 2, 3]]
        }
    });
    assert!(told.is_some());
    assert_eq!(scene.clients[0].goodbye, Some(GoodbyeReason::Kicked(Misconduct::Malformed)));
    let counts = scene.zone.client_stats(ClientIndex(0)).unwrap().conduct;
    let rules = &scene.world.config().rules.conduct;
    assert!(counts.of(Misconduct::Malformed) > u64::from(rules.malformed));
    assert!(
        counts.of(Misconduct::UnknownButtons) >= 40 && counts.of(Misconduct::FutureInputs) >= 40,
        "{counts:?}"
    );
    assert_eq!(scene.zone.client_stats(ClientIndex(1)).unwrap().conduct.total(), 0);
}

/// Snapshots of the new rules go to those who have said that they know them.
#[test]
fn who_has_not_heard_of_other_rules_is_shown_nothing_of_them() {
    let mut scene = default_scene(3);
    scene.ticks(60);
    let mut rules = Rules::default();
    rules.movement[0].walk_speed.0 += 65_536;
    let mut wrong = rules;
    wrong.lag.rewind_max_ms = 100;
    let refused = scene.zone.announce_rules(&scene.world, &wrong);
    assert!(matches!(refused, Err(AnnounceRulesError::Refused(AdoptRulesError::History { .. }))));
    assert_eq!(scene.zone.announced_rules(), None);
    let from = scene.zone.announce_rules(&scene.world, &rules).unwrap();
    assert_eq!(from, Tick(180));
    let pending = AnnounceRulesError::Pending { from };
    assert_eq!(scene.zone.announce_rules(&scene.world, &Rules::default()), Err(pending));
    // Nobody acknowledges any more: until they hold all is as before, and then there is nothing.
    scene.acks = false;
    scene.ticks(119);
    let snapshots = |scene: &Scene| scene.clients.iter().map(|client| client.snapshots).sum::<u32>();
    assert!(snapshots(&scene) > 3 * 50 && scene.zone.announced_rules().is_some());
    let fingerprint = scene.world.fingerprint();
    scene.ticks(1);
    let before = snapshots(&scene);
    scene.ticks(40);
    assert_eq!(snapshots(&scene), before);
    assert_ne!(scene.world.fingerprint(), fingerprint);
    assert_eq!(scene.zone.announced_rules(), None);
    scene.acks = true;
    scene.ticks(40);
    assert!(snapshots(&scene) > before + 3 * 10);
    for client in &scene.clients {
        assert_eq!(client.rules.len(), 1, "told once");
        assert_eq!((client.rules[0].from, client.rules[0].config), (from, *scene.world.config()));
    }
}

/// By the limits that ship, at the usual 30 packets a second, however it lies.
#[test]
fn who_lies_about_time_is_sent_away_within_twenty_seconds() {
    let lie = |newest: fn(Tick) -> u32, view: u16| {
        move |client: &mut Client, next: Tick, now: Micros| {
            let swing = CharacterInput { buttons: buttons::MELEE, ..CharacterInput::default() };
            let packet = client.packet(now, |writer| {
                FrameKind::Inputs.write(writer);
                let given = inputs::PlayerInput::new(swing, shieldwall_core::ViewAge(view));
                inputs::write(writer, Tick(newest(next)), [given].into_iter());
            });
            if next.0.is_multiple_of(2) { vec![packet] } else { Vec::new() }
        }
    };
    let told = |reason: Misconduct, newest: fn(Tick) -> u32, view: u16| {
        let (scene, told) = misbehave(&world(), 60 * 60, lie(newest, view));
        assert_eq!(scene.clients[0].goodbye, Some(GoodbyeReason::Kicked(reason)), "{reason:?}");
        assert_eq!(scene.clients[1].goodbye, None);
        told.unwrap() / 60
    };
    let seconds = [
        told(Misconduct::StaleInputs, |next| next.0 - 1, 0),
        told(Misconduct::FutureInputs, |next| next.0 + 70, 0),
        told(Misconduct::OldViews, |next| next.0 + 1, 2_000),
    ];
    assert_eq!(seconds, [20, 10, 10]);
}

/// A picture that is older than is made up for, but that somebody far away can have: judged by less, and no misconduct.
#[test]
fn who_is_only_far_away_does_nothing_wrong() {
    let far = |client: &mut Client, next: Tick, now: Micros| {
        let swing = CharacterInput { buttons: buttons::MELEE, ..CharacterInput::default() };
        vec![client.packet(now, |writer| {
            FrameKind::Inputs.write(writer);
            let given = inputs::PlayerInput::new(swing, shieldwall_core::ViewAge(25 * 16));
            inputs::write(writer, Tick(next.0 + 1), [given].into_iter());
        })]
    };
    let (scene, told) = misbehave(&world(), 3_600, far);
    let stats = scene.zone.client_stats(ClientIndex(0)).unwrap();
    assert!(told.is_none() && stats.inputs.views_capped > 3_000, "{stats:?}");
    assert_eq!((stats.inputs.views_impossible, stats.conduct.of(Misconduct::OldViews)), (0, 0));
}

#[test]
fn the_whole_ground_is_not_told_twice_at_once() {
    let (scene, told) = misbehave(&world(), 400, |client, _, now| {
        let _ = client.channel.send_reliable(&ClientMessage::GroundWanted.encode());
        let mut buffer = [0; PAYLOAD_BYTES];
        let mut writer = client.channel.begin(&mut buffer);
        client.channel.write_reliable(&mut writer, now);
        let length = client.channel.finish(writer, (), now, |()| {});
        vec![buffer[..length].to_vec()]
    });
    assert!(told.is_some_and(|tick| tick < 60), "{told:?}");
    assert_eq!(scene.clients[0].goodbye, Some(GoodbyeReason::Kicked(Misconduct::GroundWishes)));
    let stats = scene.zone.client_stats(ClientIndex(0)).unwrap();
    assert_eq!((stats.traffic.ground_images, scene.clients[0].changes), (1, 1));
}
