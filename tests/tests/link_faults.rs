//! Real clients and a real server over bad links, in virtual time: what players are promised holds, or a seed shows how
//! it breaks.

use shieldwall_core::numeric::Metres;
use shieldwall_core::{Brads, CharacterInput, buttons, flags};
use shieldwall_net::client::{CorrectionCause, EndReason, EntityView, GameClient, GameClientState, OwnView};
use shieldwall_net::link_simulator::LinkConditions;
use shieldwall_net::secure::{ClientState, DropReason};
use shieldwall_net::wire::misconduct::Misconduct;
use shieldwall_tests::link_world::{LinkWorld, Options};

/// From the moment everybody plays until clocks and loss estimates have settled.
const SYNC_MS: u64 = 5_000;

/// The limits of conduct that ship are at least so many times what any honest client does on the worst of lines.
const CONDUCT_MARGIN: u64 = 5;

/// Figures of all clients at one moment, to tell what happened since.
#[derive(Clone, Copy, Debug)]
struct Mark {
    corrections: u64,
    relocations: u64,
    misses: u64,
    bytes_up: u64,
    bytes_down: u64,
}

fn mark(battle: &LinkWorld) -> Mark {
    Mark {
        corrections: battle.sum(|s| s.corrections),
        relocations: battle.sum(|s| s.relocations),
        misses: battle.sum(|s| s.input_misses.into()),
        bytes_up: battle.sum(|s| s.bytes_sent),
        bytes_down: battle.sum(|s| s.bytes_received),
    }
}

fn assert_nothing_wrong(battle: &LinkWorld) {
    let findings = battle.findings;
    assert_eq!((findings.wrong, findings.own_wrong), (0, 0), "{findings:?}");
    assert!(findings.compared > 10_000 && findings.own_compared > 1_000, "{findings:?}");
    let (checked, differ) =
        (battle.sum(|s| s.state_checks.states), battle.sum(|s| s.state_checks.mismatches));
    assert!(checked > 100 && differ == 0, "of {checked} states {differ} checks were wrong");
    let stats = battle.sessions.stats();
    assert_eq!(stats.kicked, 0, "an honest client was sent away: {:?}", stats.conduct);
    battle.conduct.assert_within(&battle.world.config().rules.conduct, CONDUCT_MARGIN);
}

fn assert_all_play(battle: &LinkWorld) {
    for (i, seat) in battle.seats.iter().enumerate() {
        assert_eq!(seat.client.state(), GameClientState::Playing, "seat {i}");
    }
}

fn settle(options: Options) -> LinkWorld {
    let mut battle = LinkWorld::new(options);
    battle.run_until_all_play(15_000);
    battle.run_ms(SYNC_MS);
    for seat in &mut battle.seats {
        seat.largest_jump = Metres::ZERO;
    }
    battle
}

/// 5 % loss, 2 % duplicates, reordering, 100 ± 40 ms each way, nobody touches anybody: no wrong state, nobody dropped,
/// not one correction in a minute of running, sprinting, jumping and turning.
fn bad_link_without_contact(seed: u64) {
    let link = LinkConditions::bad_mobile();
    let mut battle = settle(Options { seed, clients: 24, link, ..Options::default() });
    let before = mark(&battle);
    battle.run_ms(60_000);
    let after = mark(&battle);
    let clients = battle.seats.len() as u64;
    let mean = |sum: u64| sum / clients;
    println!(
        "seed {seed}: misses {}, corrections {}, lead {} ms, margin {} ticks, up {} B/s, down {} B/s, drawn {} ms ago, {:?}",
        after.misses - before.misses,
        after.corrections - before.corrections,
        mean(battle.sum(|s| s.lead_us.into())) / 1_000,
        battle.seats.iter().map(|s| i64::from(s.client.stats().input_margin_ticks)).sum::<i64>()
            / clients as i64,
        mean(after.bytes_up - before.bytes_up) / 60,
        mean(after.bytes_down - before.bytes_down) / 60,
        mean(battle.sum(|s| s.interpolation_delay_us.into())) / 1_000,
        battle.findings,
    );
    assert_all_play(&battle);
    assert_nothing_wrong(&battle);
    assert!(battle.findings.nearest > Some(Metres::from_m(2)), "{:?}", battle.findings.nearest);
    assert_eq!(after.corrections, before.corrections, "corrections without contact");
    assert_eq!(after.relocations, before.relocations);
    assert!(mean(after.bytes_up - before.bytes_up) <= 60 * 2_500, "bytes up");
    assert!(mean(after.bytes_down - before.bytes_down) <= 60 * 12_000, "bytes down");
    for seat in &battle.seats {
        // The links were as bad as they should be.
        for stats in [seat.up.stats(), seat.down.stats()] {
            let share = |count: u64| count * 1_000 / stats.pushed;
            assert!((30..=70).contains(&share(stats.lost)), "{stats:?}");
            assert!((8..=35).contains(&share(stats.duplicated)) && stats.reordered > 0, "{stats:?}");
        }
        assert!(seat.largest_jump < Metres::from_mm(60), "the picture jumped by {}", seat.largest_jump);
    }
}

#[test]
fn bad_link_without_contact_seed_1() {
    bad_link_without_contact(1);
}

#[test]
fn bad_link_without_contact_seed_2() {
    bad_link_without_contact(2);
}

#[test]
fn bad_link_without_contact_seed_3() {
    bad_link_without_contact(3);
}

#[test]
fn clean_link_without_contact_has_no_correction_and_a_short_lead() {
    let link = LinkConditions { latency_us: 15_000, ..LinkConditions::default() };
    let mut battle = settle(Options { seed: 4, clients: 24, link, ..Options::default() });
    let before = mark(&battle);
    battle.run_ms(30_000);
    let after = mark(&battle);
    assert_all_play(&battle);
    assert_nothing_wrong(&battle);
    assert_eq!((after.corrections, after.misses), (before.corrections, before.misses));
    for seat in &battle.seats {
        let stats = seat.client.stats();
        // Both ways of the path (30 ms), a reserve of three packets less a tick and the clock's slack (9 ticks), and what
        // falls between two frames of a screen and two ticks of the server (a tick each).
        assert!(stats.lead_us < 30_000 + 11 * 16_667, "lead {} us", stats.lead_us);
        assert!((30_000..120_000).contains(&stats.rtt_us), "round trip {} us", stats.rtt_us);
        assert!(stats.interpolation_delay_us < 80_000, "{} us", stats.interpolation_delay_us);
        assert!(seat.largest_jump < Metres::from_mm(60), "the picture jumped by {}", seat.largest_jump);
    }
}

/// Runs in a circle, dodges, strikes the air and holds up its shield until it has no breath left, and goes on.
fn exertion(seed: u64) -> impl FnMut(&GameClient, &OwnView, &[EntityView]) -> CharacterInput {
    let mut thoughts = seed;
    move |_, own, _| {
        thoughts = thoughts.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let chance = thoughts >> 40;
        let mut pressed = buttons::SPRINT;
        for (bit, times) in
            [(buttons::DODGE, 9), (buttons::MELEE, 5), (buttons::ABILITY_1, 11), (buttons::JUMP, 40)]
        {
            pressed |= if chance.is_multiple_of(times) { bit } else { 0 };
        }
        // Two seconds with the shield, three without.
        pressed |= if own.tick.0 / 60 % 5 < 2 { buttons::BLOCK } else { 0 };
        let yaw = Brads((own.tick.0.wrapping_mul(500) as u16).wrapping_add(seed as u16));
        CharacterInput { buttons: pressed, move_right: 0, move_forward: 127, yaw, pitch: 0 }
    }
}

/// Nobody touches anybody; all of them spend their breath. Stamina, shields, preparations and dodges are foreseen.
#[test]
fn who_is_out_of_breath_alone_is_not_corrected() {
    for (seed, link) in [
        (11, LinkConditions { latency_us: 30_000, ..LinkConditions::default() }),
        (12, LinkConditions::bad_mobile()),
    ] {
        let mut battle = settle(Options { seed, clients: 16, link, ..Options::default() });
        for (number, seat) in battle.seats.iter_mut().enumerate() {
            seat.player = Some(Box::new(exertion(seed * 100 + number as u64)));
        }
        battle.run_ms(1_000);
        let before = mark(&battle);
        let (mut exhausted, mut shielded) = (0, 0);
        for _ in 0..300 {
            battle.run_ms(100);
            let own = |bit| {
                let views = battle.seats.iter().filter_map(|seat| seat.client.own());
                views.filter(|own| own.flags & bit != 0).count()
            };
            exhausted += own(flags::EXHAUSTED);
            shielded += own(flags::BLOCKING);
        }
        let after = mark(&battle);
        let mut causes = [0; CorrectionCause::COUNT];
        for seat in &battle.seats {
            causes.iter_mut().zip(seat.client.stats().corrections_by).for_each(|(sum, count)| *sum += count);
        }
        println!(
            "out of breath {exhausted}, with a shield {shielded}: {} corrections, {} inputs missed, {:?}",
            after.corrections - before.corrections,
            after.misses - before.misses,
            CorrectionCause::NAMES.iter().zip(causes).collect::<Vec<_>>(),
        );
        assert_nothing_wrong(&battle);
        assert!(exhausted > 200 && shielded > 200, "{exhausted} {shielded}");
        assert_eq!((after.corrections, after.misses), (before.corrections, before.misses));
    }
}

#[test]
fn a_crowd_that_pushes_and_fights_is_corrected_in_small_steps_and_agrees_when_it_stops() {
    let link = LinkConditions {
        latency_us: 30_000,
        jitter_us: 10_000,
        loss_ppm: 10_000,
        ..LinkConditions::default()
    };
    let options = Options {
        seed: 5,
        clients: 48,
        link,
        spacing_m: Some(3),
        roam_m: 2,
        fighting: true,
        ..Options::default()
    };
    let mut battle = settle(options);
    battle.run_ms(30_000);
    assert_all_play(&battle);
    assert_nothing_wrong(&battle);
    assert!(battle.findings.nearest < Some(Metres::from_mm(800)), "they touch");
    let (count, sum) = (battle.sum(|s| s.corrections), battle.sum(|s| s.correction_sum_mm));
    let snapshots = battle.sum(|s| s.snapshots);
    let causes = (0..CorrectionCause::COUNT).map(|at| battle.sum(|s| s.corrections_by[at]));
    println!(
        "crowd: {count} corrections in {snapshots} snapshots, mean {} mm, {:?}",
        sum / count.max(1),
        CorrectionCause::NAMES.iter().zip(causes).collect::<Vec<_>>(),
    );
    assert!(count > 0, "a crowd that never mispredicts is no crowd");
    assert!(sum / count < 150, "mean correction {} mm", sum / count);
    assert!(battle.sum(|s| s.relocations) > 0, "somebody died and came back");
    battle.stop_playing();
    battle.run_ms(4_000);
    let before = mark(&battle);
    battle.run_ms(2_000);
    assert_eq!(mark(&battle).corrections, before.corrections, "nobody moves: nobody is corrected");
    for seat in &battle.seats {
        let (own, (_, truth)) = (seat.client.own().unwrap(), seat.client.own_truth().unwrap());
        assert_eq!(own.predicted_position, truth.state.position);
        assert_eq!(own.position, own.predicted_position, "no visible offset is left");
    }
}

#[test]
fn damaged_packets_are_counted_and_dropped_and_the_battle_goes_on() {
    let link = LinkConditions { latency_us: 20_000, corrupt_ppm: 100_000, ..LinkConditions::default() };
    let mut battle = settle(Options { seed: 6, clients: 12, link, ..Options::default() });
    battle.run_ms(20_000);
    assert_all_play(&battle);
    assert_nothing_wrong(&battle);
    for seat in &battle.seats {
        let (refused, damaged) = (seat.client.stats().refused_datagrams, seat.down.stats().corrupted);
        assert!(refused > 20 && refused <= damaged, "{refused} of {damaged}");
    }
    assert!(battle.findings.refused_at_server > 100);
    assert!(battle.server_refused(DropReason::NotAuthentic) > 100);
}

#[test]
fn a_full_server_denies_and_has_room_again_after_somebody_left() {
    let mut battle = LinkWorld::new(Options { seed: 7, clients: 6, max_clients: 4, ..Options::default() });
    battle.run_ms(3_000);
    let denied = (0..6).filter(|&i| battle.end_of(i) == Some(EndReason::Secure(ClientState::Denied))).count();
    assert_eq!(denied, 2);
    let player = (0..6).find(|&i| battle.end_of(i).is_none()).unwrap();
    battle.seats[player].client.disconnect();
    battle.run_ms(500);
    assert_eq!(battle.end_of(player), Some(EndReason::Left));
    let late = battle.add_client(99);
    battle.run_ms(2_000);
    assert_eq!(battle.seats[late].client.state(), GameClientState::Playing);
    assert_eq!(battle.secure.connected_count(), 4);
}

#[test]
fn a_second_login_is_refused_while_the_first_lives() {
    let mut battle = LinkWorld::new(Options { seed: 8, clients: 2, ..Options::default() });
    battle.run_until_all_play(5_000);
    let second = battle.add_client(0);
    battle.run_ms(7_000);
    assert!(matches!(battle.end_of(second), Some(EndReason::Secure(_))), "{:?}", battle.end_of(second));
    assert!(battle.server_refused(DropReason::ClientConnected) > 0);
    assert_eq!(battle.seats[0].client.state(), GameClientState::Playing);
}

#[test]
fn a_server_that_restarts_is_noticed_and_new_tokens_work() {
    let mut battle = LinkWorld::new(Options { seed: 9, clients: 4, ..Options::default() });
    battle.run_until_all_play(5_000);
    battle.restart_server();
    battle.run_ms(7_000);
    for seat in 0..4 {
        assert_eq!(battle.end_of(seat), Some(EndReason::Secure(ClientState::ConnectionTimedOut)));
    }
    assert!(battle.server_refused(DropReason::UnknownAddress) > 0);
    let again = battle.add_client(0);
    battle.run_ms(3_000);
    assert_eq!(battle.seats[again].client.state(), GameClientState::Playing);
}

#[test]
fn a_path_that_breaks_for_two_seconds_heals() {
    let link = LinkConditions { latency_us: 40_000, jitter_us: 10_000, ..LinkConditions::default() };
    let mut battle = settle(Options { seed: 10, clients: 8, link, ..Options::default() });
    let dead = LinkConditions { loss_ppm: 1_000_000, ..link };
    for conditions in [dead, link] {
        for seat in &mut battle.seats {
            seat.up.set_conditions(conditions);
            seat.down.set_conditions(conditions);
        }
        battle.run_ms(2_000);
    }
    battle.run_ms(10_000);
    let before = mark(&battle);
    battle.run_ms(10_000);
    assert_all_play(&battle);
    assert_nothing_wrong(&battle);
    let after = mark(&battle);
    assert_eq!((after.corrections, after.misses), (before.corrections, before.misses));
}

/// A way that becomes longer and shorter by a third of a second every five seconds, as a phone's does that changes between
/// networks: the clock learns it anew each time. Everybody fights, so that views are told.
#[test]
fn a_way_that_changes_all_the_time_is_no_misconduct() {
    let near = LinkConditions {
        latency_us: 20_000,
        jitter_us: 10_000,
        loss_ppm: 20_000,
        ..LinkConditions::default()
    };
    let far = LinkConditions { latency_us: 190_000, jitter_us: 60_000, loss_ppm: 80_000, ..near };
    let options = Options { seed: 13, clients: 16, link: near, fighting: true, ..Options::default() };
    let mut battle = settle(options);
    for round in 0..16 {
        for seat in &mut battle.seats {
            let conditions = if round % 2 == 0 { far } else { near };
            seat.up.set_conditions(conditions);
            seat.down.set_conditions(conditions);
        }
        battle.run_ms(5_000);
    }
    assert_all_play(&battle);
    assert_nothing_wrong(&battle);
    assert!(battle.conduct.worst(Misconduct::StaleInputs) > 5, "the way changed");
}

#[test]
fn the_same_seed_gives_the_same_battle() {
    let run = |seed: u64| {
        let link = LinkConditions::bad_mobile();
        let mut battle = LinkWorld::new(Options { seed, clients: 8, link, ..Options::default() });
        battle.run_ms(8_000);
        let positions: Vec<_> = battle.seats.iter().map(|seat| seat.client.own()).collect();
        (battle.world.state_hash(), positions, battle.findings)
    };
    assert_eq!(run(11), run(11));
    assert_ne!(run(11).0, run(12).0);
}
