//! The zone without sockets, clock and threads: a server and its clients played with bytes and numbers.
#![allow(clippy::unwrap_used)] // helpers of tests fail as tests do

use shieldwall_core::WorldConfig;
use shieldwall_core::spatial::Scenery;
use shieldwall_host::figures::{Board, NAME_BYTES};
use shieldwall_host::live_feed::{LiveFrame, hello};
use shieldwall_host::zone::Zone;
use shieldwall_net::secure::ClientIndex;
use shieldwall_net::server::{PACKET_LANES, ReplicationConfig};
use shieldwall_net::time::Micros;
use shieldwall_scenery::built_in;

fn zone(clients: u32) -> Zone {
    let world = WorldConfig { seed: 5, character_capacity: 64, ..WorldConfig::default() };
    Zone::new(&world, &Scenery::default(), &ReplicationConfig::default(), clients).unwrap()
}

fn name(text: &str) -> [u8; NAME_BYTES] {
    let mut name = [0; NAME_BYTES];
    name[..text.len()].copy_from_slice(text.as_bytes());
    name
}

/// Ticks the zone; returns (client, session, length) of every payload.
fn run(zone: &mut Zone, ticks: u64, from: u64) -> Vec<(u32, u32, usize)> {
    let mut sent = Vec::new();
    for tick in from..from + ticks {
        zone.step(Micros(tick * 16_667));
        let mut lanes = vec![Vec::new(); PACKET_LANES];
        let mut sinks: Vec<_> = lanes
            .iter_mut()
            .map(|lane| {
                |client: ClientIndex, session, payload: &[u8]| lane.push((client.0, session, payload.len()))
            })
            .collect();
        let sinks = sinks.as_mut_slice().try_into().unwrap();
        zone.send_due(Micros(tick * 16_667), &|| 0, sinks);
        sent.extend(lanes.into_iter().flatten());
    }
    sent
}

#[test]
fn a_client_gets_a_character_and_packets_of_its_session() {
    let mut zone = zone(4);
    zone.connect(ClientIndex(2), 7, 1001, name("Ann"));
    let sent = run(&mut zone, 30, 0);
    assert!(!sent.is_empty());
    assert!(sent.iter().all(|&(client, session, length)| (client, session) == (2, 7) && length <= 1_200));
    let figures = zone.figures();
    assert_eq!((figures.clients, figures.alive, figures.ticks), (1, 1, 30));
    assert_eq!(figures.client_us, 29 * 16_667);

    zone.disconnect(ClientIndex(2), 6);
    assert_eq!(zone.figures().clients, 1, "news of an earlier session are ignored");
    zone.disconnect(ClientIndex(2), 7);
    assert!(run(&mut zone, 5, 30).is_empty());
    assert_eq!((zone.figures().clients, zone.figures().alive), (0, 0));
}

#[test]
fn who_is_cut_off_comes_back_to_its_character_in_another_place() {
    let mut zone = zone(4);
    zone.connect(ClientIndex(0), 1, 1001, name("Ann"));
    run(&mut zone, 10, 0);
    zone.lose(ClientIndex(0), 0);
    assert_eq!(zone.figures().clients, 1, "news of an earlier session are ignored");
    zone.lose(ClientIndex(0), 1);
    assert!(run(&mut zone, 10, 10).is_empty());
    assert_eq!((zone.figures().clients, zone.figures().alive), (0, 1));
    zone.connect(ClientIndex(3), 1, 1001, name("Ann"));
    run(&mut zone, 10, 20);
    let figures = zone.figures();
    assert_eq!((figures.clients, figures.alive, figures.sessions.returned), (1, 1, 1));
    // On a full server a second login takes the very place; the character is the same.
    zone.connect(ClientIndex(3), 2, 1001, name("Ann"));
    let sent = run(&mut zone, 10, 30);
    assert!(sent.iter().all(|&(client, session, _)| (client, session) == (3, 2)));
    assert_eq!((zone.figures().alive, zone.figures().sessions.returned), (1, 2));
}

#[test]
fn a_place_that_is_taken_again_belongs_to_the_new_session() {
    let mut zone = zone(2);
    zone.connect(ClientIndex(0), 1, 1001, name("Ann"));
    run(&mut zone, 10, 0);
    zone.disconnect(ClientIndex(0), 1);
    zone.connect(ClientIndex(0), 2, 1002, name("Bea"));
    zone.receive(ClientIndex(0), 1, &[1, 2, 3], Micros(0));
    let sent = run(&mut zone, 10, 10);
    assert!(sent.iter().all(|&(_, session, _)| session == 2), "{sent:?}");
    assert_eq!(zone.figures().sessions.refused.total(), 0, "a payload of the old session reaches nobody");
    assert_eq!((zone.figures().clients, zone.figures().alive), (1, 1));
}

#[test]
fn hostile_payloads_are_counted_and_harm_nobody() {
    let mut zone = zone(2);
    zone.connect(ClientIndex(0), 1, 1001, name("Ann"));
    run(&mut zone, 10, 0);
    let mut state = 12345_u32;
    for round in 0..5_000_usize {
        let mut bytes = vec![0; 1 + round % 1_200];
        for byte in &mut bytes {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = (state >> 24) as u8;
        }
        zone.receive(ClientIndex(0), 1, &bytes, Micros(round as u64));
    }
    zone.receive(ClientIndex(0), 1, &[], Micros(0));
    zone.receive(ClientIndex(1), 1, &[1], Micros(0));
    zone.receive(ClientIndex(u32::MAX), 1, &[1], Micros(0));
    zone.connect(ClientIndex(u32::MAX), 1, 5, name("Nobody"));
    zone.disconnect(ClientIndex(u32::MAX), 1);
    assert!(zone.figures().sessions.refused.total() >= 4_900);
    assert!(!run(&mut zone, 10, 10).is_empty());
    assert_eq!(zone.figures().alive, 1);
}

#[test]
fn the_same_story_ends_in_the_same_state() {
    let story = || {
        let mut zone = zone(8);
        for client in 0..8 {
            zone.connect(ClientIndex(client), 1, u64::from(client), name("x"));
            run(&mut zone, 3, u64::from(client) * 3);
        }
        zone.disconnect(ClientIndex(3), 1);
        run(&mut zone, 60, 24);
        zone.world().state_hash()
    };
    assert_eq!(story(), story());
}

#[test]
fn followed_characters_are_answered_on_the_board() {
    let mut zone = zone(2);
    zone.connect(ClientIndex(1), 1, 1001, name("Ann"));
    run(&mut zone, 10, 0);
    let board = Board::new(0);
    assert!(board.follows[3].take());
    board.follows[3].follow(Some(0));
    zone.answer_follows(&board, Micros(99));
    let figures = board.follows[3].answer.read();
    assert_eq!((figures.slot_plus_one, &figures.name[..4], figures.at), (1, &b"Ann\0"[..], Micros(99)));
    assert!(figures.health > 0);
    board.follows[3].follow(Some(60_000));
    zone.answer_follows(&board, Micros(100));
    assert_eq!(board.follows[3].answer.read().slot_plus_one, 0, "nobody plays there");
    // Nor is anything left of one who played and is gone.
    board.follows[3].follow(Some(0));
    zone.answer_follows(&board, Micros(101));
    assert_eq!(board.follows[3].answer.read().slot_plus_one, 1);
    zone.disconnect(ClientIndex(1), 1);
    run(&mut zone, 2, 0);
    zone.answer_follows(&board, Micros(102));
    assert_eq!(board.follows[3].answer.read().slot_plus_one, 0);
}

#[test]
fn a_live_frame_has_everybody_and_fits_its_room() {
    let mut zone = zone(3);
    for client in 0..3 {
        zone.connect(ClientIndex(client), 1, u64::from(client), name("x"));
    }
    run(&mut zone, 5, 0);
    let config = *zone.world().config();
    let mut frame = LiveFrame::with_capacity(&config, 0, 0);
    let room = frame.bytes.capacity();
    zone.gather_live_events();
    zone.fill_live_frame(&mut frame);
    assert_eq!(frame.bytes.len(), 24 + 3 * 10);
    assert_eq!(&frame.bytes[..8], &[1, 3, 3, 0, 0, 0, 0, 0]);
    assert_eq!(u32::from_le_bytes(frame.bytes[8..12].try_into().unwrap()), 5);
    for character in frame.bytes[24..].chunks(10) {
        assert_eq!((character[7] & 1, character[8], character[9]), (1, 255, 0), "alive, full health");
    }
    assert_eq!(frame.bytes.capacity(), room, "a frame never grows");
}

#[test]
fn a_live_frame_of_the_fort_has_its_places_and_the_hello_its_outlines() {
    let world = WorldConfig { seed: 5, character_capacity: 64, ..WorldConfig::default() };
    let fort = built_in::named("fort").unwrap();
    let mut zone = Zone::new(&world, &fort, &ReplicationConfig::default(), 4).unwrap();
    run(&mut zone, 2, 0);
    let mut frame = LiveFrame::with_capacity(&world, fort.sections.len(), fort.capture_points.len());
    zone.fill_live_frame(&mut frame);
    let points = fort.capture_points.len();
    let props = fort.props.len();
    assert_eq!(frame.bytes.len(), 24 + 10 * points + 6 * props, "whole sections are not listed");
    assert_eq!(usize::from(frame.bytes[22]), props);
    assert_eq!(usize::from(frame.bytes[20]), points);
    let owners: Vec<u8> = frame.bytes[24..].chunks(10).take(points).map(|point| point[0]).collect();
    assert_eq!(owners, [255, 255, 255, 0, 1]);
    let hello: serde_json::Value = serde_json::from_str(&hello(zone.world(), &fort, &[])).unwrap();
    assert_eq!(hello["sections"].as_array().unwrap().len(), fort.sections.len());
    assert_eq!(
        (hello["arms"][6]["name"].as_str(), hello["arms"][6]["blast_m"].as_f64()),
        (Some("grenade"), Some(5.0))
    );
    assert_eq!(
        (hello["capture_points"][3]["flag"].as_bool(), hello["classes"][4]["radius_m"].as_f64()),
        (Some(true), Some(2.0))
    );
}

#[test]
fn in_a_mixed_zone_those_who_come_are_of_several_classes() {
    let mut zone = zone(32);
    zone.mix_classes();
    for client in 0..32 {
        zone.connect(ClientIndex(client), 1, u64::from(client), name("x"));
    }
    run(&mut zone, 3, 0);
    let characters = zone.world().characters();
    let count =
        |class: u8| characters.live_slots().filter(|slot| characters.class[*slot as usize] == class).count();
    assert_eq!([0, 1, 2, 3].map(count), [22, 4, 4, 2]);
}

#[test]
fn settings_the_kernel_refuses_are_an_error() {
    let world = WorldConfig { tick_hz: 0, ..WorldConfig::default() };
    assert!(Zone::new(&world, &Scenery::default(), &ReplicationConfig::default(), 1).is_err());
}
