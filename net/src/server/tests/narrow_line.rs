//! The budget on a simulated line: it finds the room that there is, and leaves no queue standing.

use super::super::ReplicationConfig;
use super::scene::Scene;
use crate::link_simulator::LinkConditions;
use crate::secure::ClientIndex;
use crate::wire::client_message::Hello;

/// A line of so many bytes a second with two seconds of queue, behind 40 ms.
fn narrow(rate_bytes_per_s: u32) -> LinkConditions {
    let queue_wait_us = 2_000_000;
    LinkConditions {
        latency_us: 40_000,
        jitter_us: 10_000,
        rate_bytes_per_s,
        queue_wait_us,
        ..LinkConditions::default()
    }
}

/// A hundred and fifty who see each other, with more budget than the line has room. Returns how old snapshots were on average in the last
/// third, in ticks, the bytes a second that the first client was allowed in the end, and the datagrams lost in queues in that time.
fn play(line: LinkConditions, seconds: u32) -> (u32, u32, u64) {
    let replication = ReplicationConfig { down_budget_bytes_per_s: 26_000, ..ReplicationConfig::default() };
    let up = LinkConditions { latency_us: 40_000, ..LinkConditions::default() };
    let mut scene = Scene::new(&[Some(Hello::OURS); 150], [up, line], &replication);
    scene.ticks(60 * seconds * 2 / 3);
    let lost = |scene: &Scene| scene.clients.iter().map(|client| client.down.stats().overflowed).sum::<u64>();
    let (mut ages, mut looks, before) = (0, 0, lost(&scene));
    for _ in 0..60 * seconds / 3 {
        scene.ticks(1);
        ages += scene.clients.iter().map(|client| client.age_ticks).sum::<u32>();
        looks += scene.clients.len() as u32;
    }
    let rate = scene.zone.client_stats(ClientIndex(0)).unwrap().rate_bytes_per_s;
    (ages / looks, rate, lost(&scene) - before)
}

#[test]
fn a_narrow_line_is_filled_without_a_standing_queue() {
    let (age, rate, lost) = play(narrow(0), 12);
    assert!(age <= 6 && rate == 26_000 && lost == 0, "wide: {age} ticks, {rate} B/s");
    let (age, rate, lost) = play(narrow(9_000), 48);
    // 40 ms are 3 ticks, the wait for the next snapshot 2; the queue may add 60 ms and what it swings by.
    assert!(age <= 14 && lost == 0, "narrow: snapshots are {age} ticks old, {lost} were lost");
    assert!((6_500..11_000).contains(&rate), "{rate} B/s on a line of 9,000");
}
