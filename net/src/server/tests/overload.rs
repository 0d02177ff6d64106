//! A zone whose ticks have too little time for its packets.

use super::scene::Scene;
use crate::link_simulator::LinkConditions;
use crate::server::ReplicationConfig;
use crate::server::overload::ALL_PERMILLE;
use crate::server::rounds::ALWAYS_SERVED;
use crate::wire::client_message::Hello;

const CLIENTS: u32 = 300;

/// Ticks that are short of time.
const SHORT: u32 = 90;

#[test]
fn who_is_left_out_comes_first_and_nothing_is_wrong_afterwards() {
    let (snapshot_hz, down_budget_bytes_per_s) = (60, 33_000);
    let replication =
        ReplicationConfig { snapshot_hz, down_budget_bytes_per_s, ..ReplicationConfig::default() };
    let replication = ReplicationConfig { state_check_ms: 500, ..replication };
    let line = LinkConditions::default();
    let mut scene = Scene::new(&[Some(Hello::OURS); CLIENTS as usize], [line, line], &replication);
    scene.ticks(90);
    let before = scene.zone.stats();
    assert_eq!((before.packets_skipped, before.relief), (0, 0));

    // Of three hundred that are due in each tick, no more are served than always are, and a few where the indices begin again.
    scene.spent_permille = ALL_PERMILLE;
    let mut oldest = 0;
    for _ in 0..SHORT {
        scene.ticks(1);
        let behind = |seen: u32| scene.world.tick().0 - seen;
        oldest = scene.clients.iter().map(|client| behind(client.seen_tick)).fold(oldest, u32::max);
    }
    let during = scene.zone.stats();
    let sent = during.traffic.packets_sent - before.traffic.packets_sent;
    assert_eq!(during.packets_skipped + sent, u64::from(SHORT * CLIENTS));
    let rounds = sent as f64 / f64::from(SHORT) / ALWAYS_SERVED as f64;
    assert!((1.0..1.5).contains(&rounds), "{rounds} a tick");
    assert!(during.relief > 0);
    // Everybody has a packet in each third tick, and a tick passes until it is there.
    assert!(oldest <= 4, "{oldest}");

    scene.spent_permille = 0;
    scene.ticks(60);
    assert_eq!(scene.zone.stats().packets_skipped, during.packets_skipped);
    assert_eq!(scene.clients.iter().map(|client| client.checks.mismatches).sum::<u64>(), 0);
    let least = scene.clients.iter().map(|client| client.checks.states).min();
    assert!(least > Some(0), "{least:?}");
}
