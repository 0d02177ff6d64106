//! A wrong picture is found and named; a right one is never called wrong, however bad the line.

use super::{StateCheckStats, StateMismatch};
use crate::link_simulator::LinkConditions;
use crate::server::ReplicationConfig;
use crate::server::tests::scene::Scene;
use crate::wire::client_message::Hello;
use crate::wire::quantize::EntityState;
use crate::wire::state_check::REGION_NAMES;
use shieldwall_core::{Metres, Tick};

/// A line without a fault, both ways.
const GOOD: fn() -> [LinkConditions; 2] = || [LinkConditions::default(); 2];

fn often() -> ReplicationConfig {
    ReplicationConfig { state_check_ms: 500, ..ReplicationConfig::default() }
}

#[test]
fn one_wrong_field_is_found_and_named() {
    type Change = fn(&mut EntityState);
    let changes: [(Change, &str); 5] = [
        (|state| state.x += 1, "place"),
        (|state| state.yaw = state.yaw.wrapping_add(1), "motion"),
        (|state| state.health ^= 1, "health"),
        (|state| state.status ^= 64, "signs"),
        (|state| state.team ^= 1, "identity"),
    ];
    for (change, region) in changes {
        let mut scene = Scene::new(&[Some(Hello::OURS); 20], GOOD(), &often());
        scene.ticks(300);
        let right = scene.clients[3].checks;
        assert!(right.checks >= 4 && right.states >= 60 && right.mismatches == 0, "{right:?}");
        let replica = scene.clients[3].replica.as_mut().unwrap();
        let slot = replica.entities().last().unwrap().slot();
        let newest = replica.newest_tick().unwrap();
        replica.damage(slot, change);
        scene.ticks(180);
        let checks = scene.clients[3].checks;
        let StateMismatch { tick, slot: named, regions, missing } = checks.last_mismatch.expect("found");
        assert!(checks.mismatches > 0 && tick.signed_distance(newest) > -60, "{checks:?}");
        assert_eq!((named, missing), (Some(slot), false), "{region}");
        let at = REGION_NAMES.iter().position(|name| *name == region).unwrap();
        assert!(regions >> at & 1 != 0, "{region}: {}", checks.last_mismatch.unwrap());
        assert_eq!(scene.clients[4].checks.mismatches, 0, "the others are right");
    }
}

#[test]
fn a_bad_line_is_not_taken_for_a_wrong_picture() {
    // Short rings, so that characters come and go all the time.
    let mut replication = often();
    for (tier, metres) in replication.tiers.iter_mut().zip([8, 16, 24]) {
        tier.radius = Metres::from_m(metres);
    }
    for seed_ms in [40_u32, 120] {
        let link =
            LinkConditions { jitter_us: seed_ms * 1_000, loss_ppm: 200_000, ..LinkConditions::bad_mobile() };
        let mut scene = Scene::new(&[Some(Hello::OURS); 30], [link; 2], &replication);
        scene.ticks(1_800);
        let sum = |of: fn(&StateCheckStats) -> u64| {
            scene.clients.iter().map(|client| of(&client.checks)).sum::<u64>()
        };
        assert_eq!(sum(|checks| checks.mismatches), 0);
        assert!(sum(|checks| checks.states) > 3_000, "{} states", sum(|checks| checks.states));
    }
}

#[test]
fn who_speaks_an_older_version_or_is_not_to_be_checked_is_told_nothing() {
    let older = Hello { newest: 5, oldest: 5 };
    let mut scene = Scene::new(&[Some(Hello::OURS), Some(older), Some(older)], GOOD(), &often());
    scene.ticks(600);
    let checks: Vec<bool> = scene.clients.iter().map(|client| client.checks.checks > 0).collect();
    assert_eq!(checks, [true, false, false]);
    assert!(
        scene.clients.iter().all(|client| client.replica.as_ref().is_some_and(|r| r.entities().count() == 2))
    );
    let never = ReplicationConfig { state_check_ms: 0, ..ReplicationConfig::default() };
    let mut scene = Scene::new(&[Some(Hello::OURS); 2], GOOD(), &never);
    scene.ticks(600);
    assert_eq!(scene.zone.traffic().state_checks, 0);
}

#[test]
fn a_mismatch_is_told_in_words() {
    let mismatch = StateMismatch { tick: Tick(60), slot: Some(7), regions: 0b101, missing: false };
    assert_eq!(mismatch.to_string(), "slot 7 at tick 60: place health");
    let missing = StateMismatch { missing: true, ..mismatch };
    assert_eq!(missing.to_string(), "slot 7 at tick 60: not held");
    let unknown = StateMismatch { slot: None, regions: 0, ..mismatch };
    assert_eq!(unknown.to_string(), "somebody at tick 60: unknown fields");
}
