//! Other rules in the middle of a battle: the same result on all lanes and threads, in a restored world and in a recording;
//! and every client plays by them from the tick that was told, over any line.

use proptest::prelude::*;
use shieldwall_core::numeric::Purpose;
use shieldwall_core::numeric::rng::{below, random_u32};
use shieldwall_core::{
    AdoptRulesError, Event, LaneChoice, Metres, ReplayError, ReplayOptions, ReplayReader, ReplayWriter,
    Rules, StateHash, Tick, Ticks, World, WorldConfig,
};
use shieldwall_net::client::{ClientEvent, EndReason, GameClientState};
use shieldwall_net::link_simulator::LinkConditions;
use shieldwall_tests::link_world::{LinkWorld, Options};
use shieldwall_tests::scenes::golden::{GoldenScene, Run, scenes};
use shieldwall_tests::scenes::{Brawl, RunningBrawl};

/// Random words in a row.
struct Dice {
    seed: u64,
    thrown: u32,
}

impl Dice {
    /// 0 to below `bound`.
    fn below(&mut self, bound: u32) -> u32 {
        self.thrown += 1;
        below(random_u32(self.seed, Tick(self.thrown), 0, Purpose::Scripted), bound)
    }
}

/// Other rules that a world adopts: a third of all numbers drawn anew within their ranges, mostly near what they were.
fn other_rules(world: &World, dice: &mut Dice) -> Rules {
    let mut rules = world.config().rules;
    for table in Rules::TABLES {
        for entry in 0..table.entries.len().max(1) {
            for field in table.fields {
                let before = rules;
                let place = rules.table_mut(table.name, entry).expect("a listed table");
                let raw = place.value(field.name, 0).expect("a listed field");
                let near = raw * i64::from(dice.below(65)) / 32 + i64::from(dice.below(3));
                let any = field.min + (field.max - field.min) * i64::from(dice.below(65)) / 64;
                let drawn = if dice.below(4) == 0 { any } else { near }.clamp(field.min, field.max);
                if dice.below(3) == 0 && place.set_value(field.name, 0, drawn).is_some() {
                    let broken = rules.validate().is_err() || world.check_rules(&rules).is_err();
                    rules = if broken { before } else { rules };
                }
            }
        }
    }
    rules
}

fn image_of(world: &World) -> Vec<u8> {
    let mut image = Vec::new();
    world.snapshot_into(&mut image);
    image
}

/// What a scene with changes of rules gives: the hash after each of them and at the end, and all events.
fn play(
    scene: &GoldenScene,
    seed: u64,
    (lanes, parallel_min_rows): (LaneChoice, u32),
) -> (Vec<StateHash>, Vec<Event>) {
    let mut run = Run::new(scene, lanes, parallel_min_rows);
    let mut dice = Dice { seed, thrown: 0 };
    let (mut hashes, mut events) = (Vec::new(), Vec::new());
    for round in 0..5 {
        let tick = run.world.tick().0 + 20 + dice.below(40);
        while run.world.tick().0 < tick {
            run.run_to(run.world.tick().0 + 1);
            events.extend_from_slice(run.world.events());
        }
        let rules = if round == 3 { scene.config.rules } else { other_rules(&run.world, &mut dice) };
        run.world.adopt_rules(&rules).expect("checked");
        hashes.push(run.world.state_hash());
    }
    run.run_to(run.world.tick().0 + 40);
    hashes.push(run.world.state_hash());
    (hashes, events)
}

#[test]
fn lanes_and_threads_change_nothing() {
    let pools = [1, 3].map(|threads| {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be started")
    });
    for scene in &scenes() {
        let plain = play(scene, 5, (LaneChoice::Scalar, u32::MAX));
        for &lanes in LaneChoice::available() {
            assert!(play(scene, 5, (lanes, u32::MAX)) == plain, "{} on {lanes:?}", scene.name);
        }
        for pool in &pools {
            let found = pool.install(|| play(scene, 5, (LaneChoice::Auto, 1)));
            assert!(found == plain, "{} with threads", scene.name);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    /// Whatever the rules and the tick: the image of a world that has adopted them is taken by one that was made with them,
    /// and both go on alike.
    #[test]
    fn a_world_with_other_rules_is_one_that_was_made_with_them(seed in 0_u64..10_000, which in 0_usize..6) {
        let all = scenes();
        let scene = &all[which];
        let mut run = Run::new(scene, LaneChoice::Auto, u32::MAX);
        let mut dice = Dice { seed, thrown: 0 };
        for _ in 0..4 {
            run.run_to(run.world.tick().0 + 5 + dice.below(60));
            let mut same = World::with_scenery(run.world.config(), &scene.scenery).expect("a valid configuration");
            let before = same.restore(&image_of(&run.world));
            prop_assert_eq!(before, Ok(()), "whatever the rules, a tick leaves what an image may have");
            let rules = other_rules(&run.world, &mut dice);
            prop_assert_eq!(run.world.adopt_rules(&rules), Ok(()));
            let fresh = World::with_scenery(&WorldConfig { rules, ..scene.config }, &scene.scenery);
            let mut other = Run::new(scene, LaneChoice::Scalar, u32::MAX);
            other.world = fresh.expect("a valid configuration");
            prop_assert_eq!(other.world.fingerprint(), run.world.fingerprint());
            prop_assert_eq!(other.world.restore(&image_of(&run.world)), Ok(()));
            for _ in 0..25 {
                let next = run.world.tick().0 + 1;
                run.run_to(next);
                other.run_to(next);
                prop_assert_eq!(other.world.events(), run.world.events());
                prop_assert_eq!(other.world.state_hash(), run.world.state_hash());
            }
        }
    }
}

/// A recording of a brawl whose rules change at these ticks; the hash before each tick and after the last.
fn record(changes: &[u32], ticks: u32) -> (Vec<u8>, Vec<StateHash>, Rules) {
    let options = ReplayOptions { hash_every: Ticks(10), keyframe_every: Ticks(40), chunk_ticks: Ticks(16) };
    let mut run = RunningBrawl::new(&Brawl::config(21, 50), 50);
    let (mut bytes, mut dice) = (Vec::new(), Dice { seed: 3, thrown: 0 });
    let mut writer = ReplayWriter::begin_with(&run.world, &options, &mut bytes);
    let mut hashes = Vec::new();
    for tick in 0..ticks {
        if changes.contains(&tick) {
            let rules = other_rules(&run.world, &mut dice);
            run.world.adopt_rules(&rules).expect("checked");
            writer.record_rules(&run.world, &mut bytes);
        }
        hashes.push(run.world.state_hash());
        run.step();
        writer.record(&run.world, &run.commands, &mut bytes);
    }
    hashes.push(run.world.state_hash());
    writer.finish(&run.world, &mut bytes);
    (bytes, hashes, run.world.config().rules)
}

/// At a keyframe, right behind one, twice in one chunk, and before the first tick.
#[test]
fn a_recording_goes_over_changes_of_rules_from_anywhere_to_anywhere() {
    let changes = [0, 40, 41, 95, 96, 120, 199];
    let (bytes, hashes, last) = record(&changes, 200);
    let reader = ReplayReader::new(&bytes).expect("whole");
    let report = reader.verify(200).expect("the same battle");
    assert_eq!((report.ticks, report.finished, report.final_hash), (200, true, hashes[200]));
    assert_eq!(reader.info().expect("whole").rules_changes, changes.len() as u32);
    assert_eq!(reader.config().rules, Brawl::config(21, 50).rules, "those that it began with");
    for (tick, hash) in (0..).zip(&hashes) {
        let world = reader.seek(Tick(tick)).expect("a recorded tick");
        assert_eq!(world.state_hash(), *hash, "tick {tick}");
    }
    assert_eq!(reader.seek(Tick(200)).expect("the end").config().rules, last);
    // Without the index, and torn anywhere.
    for cut in (bytes.len() / 5..bytes.len()).step_by(97) {
        let reader = ReplayReader::new(&bytes[..cut]).expect("good up to its last whole chunk");
        let report = reader.verify(200).expect("the same battle, as far as it goes");
        let end = reader.end_tick();
        assert_eq!(
            (report.ticks, report.final_hash),
            (end.0, reader.seek(end).expect("its end").state_hash())
        );
        // Cut off between the last tick and a change, it ends before that.
        if !changes.contains(&end.0) {
            assert_eq!(report.final_hash, hashes[end.0 as usize], "cut at {cut}");
        }
    }
}

/// CRC-32 of IEEE 802.3.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}

fn word(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize
}

/// The header as one of another format, and its checksum.
fn with_format(bytes: &[u8], format: u8) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[4] = format;
    let end = 28 + word(&bytes, 16);
    let checksum = crc(&bytes[..end]).to_le_bytes();
    bytes[end..end + 4].copy_from_slice(&checksum);
    bytes
}

/// An LZ4 block.
fn unpacked(mut block: &[u8]) -> Vec<u8> {
    fn length(nibble: u8, block: &mut &[u8]) -> usize {
        let mut length = usize::from(nibble);
        let mut more = nibble == 15;
        while more {
            let (byte, rest) = block.split_first().expect("a length");
            (length, more, *block) = (length + usize::from(*byte), *byte == 255, rest);
        }
        length
    }
    let mut out = Vec::new();
    while let Some((token, rest)) = block.split_first() {
        block = rest;
        let literals = length(token >> 4, &mut block);
        out.extend_from_slice(&block[..literals]);
        block = &block[literals..];
        if let Some((offset, rest)) = block.split_first_chunk::<2>() {
            block = rest;
            let from = out.len() - usize::from(u16::from_le_bytes(*offset));
            for at in from..from + length(token & 15, &mut block) + 4 {
                out.push(out[at]);
            }
        }
    }
    out
}

/// A recording without changes, with the end and the index that format 3 had.
fn as_format_3(bytes: &[u8]) -> Vec<u8> {
    let trailer = bytes.len() - 16;
    let at = word(bytes, trailer);
    let (mut old, mut content) = (with_format(&bytes[..at], 3), Vec::new());
    let head = &bytes[at..at + 32];
    let stored = match head[1] {
        0 => bytes[at + 32..trailer].to_vec(),
        _ => unpacked(&bytes[at + 32..trailer]),
    };
    assert_eq!(stored.len(), word(head, 16));
    // Hash and commands, without the number of chunks of rules, then the keyframes.
    content.extend_from_slice(&stored[..24]);
    content.extend_from_slice(&stored[28..]);
    let mut head = head.to_vec();
    head[1] = 0;
    for place in [16, 20] {
        head[place..place + 4].copy_from_slice(&(content.len() as u32).to_le_bytes());
    }
    head[24..28].copy_from_slice(&crc(&content).to_le_bytes());
    let own = crc(&head[..28]).to_le_bytes();
    head[28..].copy_from_slice(&own);
    old.extend_from_slice(&head);
    old.extend_from_slice(&content);
    old.extend_from_slice(&bytes[trailer..]);
    old
}

#[test]
fn recordings_of_the_format_before_are_read_and_have_no_rules_in_them() {
    let (bytes, hashes, _) = record(&[], 100);
    let old = as_format_3(&bytes);
    let reader = ReplayReader::new(&old).expect("a recording of format 3");
    assert_eq!(
        reader.verify(100).map(|report| (report.finished, report.final_hash)),
        Ok((true, hashes[100]))
    );
    assert_eq!(reader.seek(Tick(77)).map(|world| world.state_hash()), Ok(hashes[77]));
    let (with_rules, ..) = record(&[50], 100);
    let end = word(&with_rules, with_rules.len() - 16);
    let claims = with_format(&with_rules[..end], 3);
    let reader = ReplayReader::new(&claims).expect("heads are fine");
    assert!(matches!(reader.verify(100), Err(ReplayError::BadRecord { .. })));
    for format in [2, 5] {
        let other = with_format(&bytes, format);
        assert_eq!(ReplayReader::new(&other).map(|_| ()), Err(ReplayError::UnknownFormat(format.into())));
    }
}

/// Rules in a recording that no world of it adopts: found, and said where.
#[test]
fn a_recording_with_rules_that_are_refused_is_refused() {
    let (bytes, ..) = record(&[50], 100);
    // The chunk of rules, by going from head to head.
    let mut at = 28 + word(&bytes, 16) + 4;
    while bytes[at] != 4 {
        at += 32 + word(&bytes, at + 20);
    }
    let mut rules = Vec::new();
    let wrong = Rules {
        lag: shieldwall_core::LagRules { rewind_max_ms: 100, ..Rules::default().lag },
        ..Rules::default()
    };
    wrong.encode_into(&mut rules);
    let mut forged = bytes[..at].to_vec();
    let mut head = bytes[at..at + 32].to_vec();
    head[1] = 0;
    for (place, value) in [(16, rules.len() as u32), (20, rules.len() as u32), (24, crc(&rules))] {
        head[place..place + 4].copy_from_slice(&value.to_le_bytes());
    }
    let own = crc(&head[..28]).to_le_bytes();
    head[28..].copy_from_slice(&own);
    forged.extend_from_slice(&head);
    forged.extend_from_slice(&rules);
    let reader = ReplayReader::new(&forged).expect("heads are fine");
    let error = AdoptRulesError::History { world: 30, rules: 6 };
    assert_eq!(reader.verify(100).map(|_| ()), Err(ReplayError::Rules { offset: at, error }));
}

/// Faster, higher, wider, and everything that a snapshot's bits depend on.
fn brisk() -> Rules {
    let mut rules = Rules::default();
    for class in &mut rules.movement {
        class.walk_speed.0 += 70_000;
        class.sprint_speed.0 += 90_000;
        class.jump_speed.0 += 60_000;
        class.gravity_per_s.0 += 200_000;
        class.dodge_ms += 60;
        class.radius.0 -= 1_000;
    }
    rules.life.health_max = 700;
    rules.effects[2].slows = 0;
    rules
}

fn lines() -> [(&'static str, LinkConditions); 3] {
    let clean = LinkConditions { latency_us: 15_000, ..LinkConditions::default() };
    let lossy = LinkConditions { loss_ppm: 150_000, ..LinkConditions::bad_mobile() };
    [("clean", clean), ("bad", LinkConditions::bad_mobile()), ("worse", lossy)]
}

/// Back and forth between rules, and newcomers at every moment of it: no wrong state, nobody leaves, nobody is put right by
/// more than a line alone would.
#[test]
fn every_client_plays_by_the_new_rules_from_their_tick_on() {
    for (name, link) in lines() {
        let options = Options { seed: 31, clients: 12, link, ..Options::default() };
        let mut battle = LinkWorld::new(options);
        battle.run_until_all_play(15_000);
        battle.run_ms(5_000);
        // Of those who were there: newcomers are put right until their clocks have settled.
        let corrections = |battle: &LinkWorld| {
            battle.seats[..12].iter().map(|seat| seat.client.stats().corrections).sum::<u64>()
        };
        let (before, mut changes) = (corrections(&battle), 0_usize);
        for round in 0..8 {
            let rules = if round % 2 == 0 { brisk() } else { Rules::default() };
            let from = battle.reload(&rules);
            changes += 1;
            battle.run_ms(300);
            let newcomer = battle.add_client(100 + round);
            battle.run_ms(2_700);
            assert!(battle.world.tick() > from && battle.world.config().rules == rules);
            for (number, seat) in battle.seats.iter().enumerate() {
                assert!(!matches!(seat.client.state(), GameClientState::Ended(_)), "{name}: seat {number}");
                if let Some(world) = seat.client.world() {
                    assert_eq!(world.config().rules.hash(), rules.hash(), "{name}: seat {number}");
                    assert_eq!(world.fingerprint(), battle.world.fingerprint());
                }
            }
            battle.run_ms(500);
            assert_eq!(battle.seats[newcomer].client.state(), GameClientState::Playing, "{name}");
        }
        let told = |events: &[ClientEvent]| {
            events.iter().filter(|event| matches!(event, ClientEvent::RulesChanged { .. })).count()
        };
        assert!(battle.seats[..12].iter().all(|seat| told(&seat.events) == changes), "{name}");
        let findings = battle.findings;
        assert_eq!((findings.wrong, findings.own_wrong), (0, 0), "{name}: {findings:?}");
        assert!(findings.compared > 10_000 && findings.own_compared > 1_000, "{name}: {findings:?}");
        let corrected = corrections(&battle) - before;
        let largest = battle.seats[..12].iter().map(|seat| seat.client.stats().correction_max_mm).max();
        println!("{name}: {corrected} corrections in {changes} changes of rules, the largest {largest:?} mm");
        // Told a second ahead: only where a message was lost again and again somebody learns it too late.
        let allowed = if name == "worse" { 12 } else { 0 };
        assert!(corrected <= allowed, "{name}: {corrected} corrections, the largest {largest:?} mm");
        assert_eq!(battle.sessions.stats().kicked, 0);
    }
}

/// Rockets before, in between and after a change of what their craters are: every client digs as the server did.
#[test]
fn craters_are_dug_by_the_rules_of_their_tick() {
    let rockets = |depth_mm: i32| {
        let mut rules = Rules::default();
        rules.kit[0].secondary = 8;
        rules.arms[7].damage = 0;
        (rules.arms[7].crater_depth, rules.arms[7].cooldown_ms) = (Metres::from_mm(depth_mm), 400);
        rules
    };
    for (name, link) in lines() {
        let options =
            Options { seed: 8, clients: 10, link, fighting: true, rules: rockets(400), ..Options::default() };
        let mut battle = LinkWorld::new(options);
        battle.run_until_all_play(15_000);
        for depth in [700, 300, 700, 500] {
            battle.run_ms(2_500);
            battle.reload(&rockets(depth));
            battle.run_ms(500);
        }
        battle.add_client(77);
        battle.run_ms(3_000);
        battle.stop_playing();
        battle.run_ms(12_000);
        assert!(battle.sessions.changes_noted() > 100, "{name}: {}", battle.sessions.changes_noted());
        for seat in &battle.seats {
            let world = seat.client.world().expect("everybody plays");
            let deltas = world.terrain_deltas().expect("somebody has dug");
            assert!(deltas == battle.world.terrain_deltas(), "{name}: another ground");
            assert_eq!(seat.client.stats().ground_mismatches, 0, "{name}");
        }
        assert_eq!((battle.findings.wrong, battle.findings.own_wrong), (0, 0), "{name}");
    }
}

#[test]
fn who_expects_the_old_rules_stays_where_it_is_and_does_not_come_anew() {
    let mut battle = LinkWorld::new(Options { seed: 4, clients: 0, ..Options::default() });
    battle.expected_rules = Some(Rules::default().hash());
    let first = battle.add_client(1);
    battle.run_ms(2_000);
    battle.reload(&brisk());
    battle.run_ms(3_000);
    assert_eq!(battle.seats[first].client.state(), GameClientState::Playing);
    let late = battle.add_client(2);
    battle.run_ms(3_000);
    let expected = EndReason::OtherRules { server: brisk().hash(), client: Rules::default().hash() };
    assert_eq!(battle.end_of(late), Some(expected));
    assert_eq!(battle.seats[first].client.state(), GameClientState::Playing);
}
