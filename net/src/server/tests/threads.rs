//! Packets made by many threads are the packets that one makes.

use super::scene::Scene;
use crate::link_simulator::LinkConditions;
use crate::server::ReplicationConfig;
use crate::server::config::OcclusionConfig;
use crate::wire::client_message::Hello;

/// A crowd that walks about among hills, of whom nobody sees everybody, on lines that lose packets.
fn packets(threads: usize) -> (u64, u64) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    pool.install(|| {
        let replication =
            ReplicationConfig { occlusion: Some(OcclusionConfig::default()), ..ReplicationConfig::default() };
        let line = LinkConditions { loss_ppm: 50_000, ..LinkConditions::default() };
        let mut scene = Scene::new(&[Some(Hello::OURS); 150], [line, line], &replication);
        scene.ticks(150);
        let stats = scene.zone.stats();
        assert!(stats.traffic.rays > 1_000 && stats.traffic.updates > 10_000, "{stats:?}");
        assert_eq!(scene.clients.iter().map(|client| client.checks.mismatches).sum::<u64>(), 0);
        (scene.sent, stats.traffic.rays)
    })
}

#[test]
fn the_number_of_threads_changes_no_packet() {
    let alone = packets(1);
    for threads in [2, 3, 8] {
        assert_eq!(packets(threads), alone, "{threads} threads");
    }
}
