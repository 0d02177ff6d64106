//! What a player's line carries in the siege: 51 bots in the fort, all in sight of each other at 20 Hz, a tenth of a second
//! from the state a client acknowledged to the one it is sent.
//!
//! `cargo test --release -p shieldwall-tests --test siege_bytes -- --nocapture` prints the figures.

use shieldwall_core::Metres;
use shieldwall_net::client::BytesByKind;
use shieldwall_net::link_simulator::LinkConditions;
use shieldwall_net::server::{InterestTier, ReplicationConfig, Traffic};
use shieldwall_tests::bot_battle::BotBattle;
use shieldwall_tests::link_world::LinkWorld;

/// Everybody sees the other fifty.
const BOTS: u32 = 51;

/// Until the lines have met, and the clients have learnt that nothing is lost.
const WARM_UP_MS: u64 = 32_000;

/// One way. With the wait for the next packet of either side that makes 100 ms from baseline to state: six ticks.
const LATENCY_US: u32 = 25_000;

fn siege(seed: u64) -> LinkWorld {
    let everybody = InterestTier { radius: Metres::from_m(400), rate_hz: 20 };
    let battle = BotBattle {
        seed,
        bots: BOTS,
        scenery: "fort",
        link: LinkConditions { latency_us: LATENCY_US, ..LinkConditions::default() },
        replication: ReplicationConfig { tiers: vec![everybody], ..ReplicationConfig::default() },
    };
    let mut world = battle.begin(None);
    world.run_until_all_play(20_000);
    world.run_ms(WARM_UP_MS);
    world
}

fn kinds(world: &LinkWorld) -> BytesByKind {
    let mut sum = BytesByKind::default();
    for seat in &world.seats {
        let kinds = seat.client.stats().bytes_by_kind;
        sum.snapshots += kinds.snapshots;
        sum.events += kinds.events;
        sum.messages_received += kinds.messages_received;
        sum.overhead_received += kinds.overhead_received;
        sum.inputs += kinds.inputs;
        sum.messages_sent += kinds.messages_sent;
        sum.overhead_sent += kinds.overhead_sent;
    }
    sum
}

#[test]
fn fifty_in_sight_at_twenty_a_second_in_the_siege() {
    let seconds = if cfg!(debug_assertions) { 10 } else { 60 };
    for seed in [301, 302, 303] {
        let mut world = siege(seed);
        let (before, kinds_before) = (world.sessions.stats().traffic, kinds(&world));
        world.run_ms(seconds * 1_000);
        let (after, kinds_after) = (world.sessions.stats().traffic, kinds(&world));
        let grown = |count: fn(&Traffic) -> u64| (count(&after) - count(&before)) as f64;
        let client_seconds = f64::from(BOTS) * seconds as f64;
        let updates = grown(|t| t.updates);
        let bytes = grown(|t| t.update_bits) / 8.0 / updates;
        let [down, up] = [grown(Traffic::wire_bytes_sent), grown(Traffic::wire_bytes_received)]
            .map(|b| b / client_seconds);
        let per_snapshot = updates / grown(|t| t.snapshots);
        let each = |kind: fn(&BytesByKind) -> u64| {
            (kind(&kinds_after) - kind(&kinds_before)) as f64 / client_seconds
        };
        println!(
            "seed {seed}: {bytes:.2} bytes an update, {per_snapshot:.1} updates a snapshot, {down:.0} B/s down (snapshots {:.0}, \
             events {:.0}, messages {:.0}, overhead {:.0}), {up:.0} B/s up (inputs {:.0}, messages {:.0}, overhead {:.0})",
            each(|k| k.snapshots),
            each(|k| k.events),
            each(|k| k.messages_received),
            each(|k| k.overhead_received),
            each(|k| k.inputs),
            each(|k| k.messages_sent),
            each(|k| k.overhead_sent),
        );
        // The way there, the wait for the client's next packet, the way back: the snapshot after that is six ticks behind.
        let waits = world.sessions.clients().filter_map(|c| world.sessions.client_stats(c)?.round_trip);
        assert!(waits.into_iter().all(|wait| (50_000..=100_000).contains(&wait.0)));
        let stats = world.seats[0].client.stats();
        let kinds = stats.bytes_by_kind;
        let down_kinds = kinds.snapshots + kinds.events + kinds.messages_received + kinds.overhead_received;
        let up_kinds = kinds.inputs + kinds.messages_sent + kinds.overhead_sent;
        assert_eq!((down_kinds, up_kinds), (stats.bytes_received, stats.bytes_sent));
        assert!(kinds.snapshots > kinds.overhead_received && kinds.inputs > 0 && kinds.events > 0);
        assert_eq!((world.findings.wrong, world.findings.own_wrong), (0, 0));
        assert!(per_snapshot > 49.0, "{per_snapshot} of 50 told in each snapshot");
        assert!(bytes <= 4.0, "{bytes} bytes an update");
        assert!(down <= 6_000.0 && up <= 1_600.0, "{down} B/s down, {up} B/s up");
    }
}
