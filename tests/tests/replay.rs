//! Recorded battles run again: the long one of 10,000 ticks, jumps, torn tails, and what is refused.

use proptest::prelude::*;
use shieldwall_core::{
    ReplayError, ReplayOptions, ReplayReader, ReplayRecorder, ReplaySealer, ReplayWriter, StateHash, Tick,
    Ticks, World,
};
use shieldwall_tests::scenes::{Brawl, RunningBrawl};

const OFTEN: ReplayOptions =
    ReplayOptions { hash_every: Ticks(10), keyframe_every: Ticks(40), chunk_ticks: Ticks(16) };

/// Records so many ticks of a brawl, after some that are not recorded; the hash before each tick and after the last.
fn record_with(
    options: &ReplayOptions,
    characters: u32,
    ticks_before: u32,
    ticks: u32,
) -> (Vec<u8>, RunningBrawl, Vec<StateHash>) {
    let mut run = RunningBrawl::new(&Brawl::config(21, characters), characters);
    for _ in 0..ticks_before {
        run.step();
    }
    let mut bytes = Vec::new();
    let mut writer = ReplayWriter::begin_with(&run.world, options, &mut bytes);
    let mut hashes = vec![run.world.state_hash()];
    for _ in 0..ticks {
        run.step();
        writer.record(&run.world, &run.commands, &mut bytes);
        hashes.push(run.world.state_hash());
    }
    writer.finish(&run.world, &mut bytes);
    (bytes, run, hashes)
}

fn record(characters: u32, ticks_before: u32, ticks: u32) -> (Vec<u8>, RunningBrawl) {
    let options = ReplayOptions { hash_every: Ticks(100), ..ReplayOptions::default() };
    let (bytes, run, _) = record_with(&options, characters, ticks_before, ticks);
    (bytes, run)
}

#[test]
fn a_battle_of_ten_thousand_ticks_replays_to_the_same_hash() {
    let (bytes, run) = record(80, 50, 10_000);
    let reader = ReplayReader::new(&bytes).expect("a whole replay");
    let report = reader.verify(10_000).expect("the same battle");
    assert_eq!(report.final_hash, run.world.state_hash());
    assert_eq!((report.first_tick.0, report.ticks), (50, 10_000));
    let info = reader.info().expect("whole");
    // A hash every 100 ticks and one at the end; keyframes at 1,800 and on, the first one is where it begins.
    assert_eq!((info.keyframes, report.hashes_checked), (6, 101 + 5));
    assert_eq!((report.finished, report.torn_bytes), (true, 0));
    assert_eq!(
        (info.ticks, info.commands, info.final_hash),
        (10_000, report.commands, Some(report.final_hash))
    );
    let plain = info.content_bytes as usize;
    assert!(bytes.len() * 10 < plain * 8, "packed: {} of {plain} bytes", bytes.len());
    let deaths: u32 = run.world.characters().deaths.iter().map(|deaths| u32::from(*deaths)).sum();
    assert!(deaths > 500, "it was a battle: {deaths} deaths among those still there");
}

#[test]
fn every_tick_can_be_jumped_to() {
    let (bytes, _, hashes) = record_with(&OFTEN, 30, 15, 250);
    let reader = ReplayReader::new(&bytes).expect("whole");
    assert_eq!((reader.first_tick(), reader.end_tick()), (Tick(15), Tick(265)));
    for (tick, hash) in (15..).zip(&hashes) {
        let world = reader.seek(Tick(tick)).expect("a recorded tick");
        assert_eq!((world.tick(), world.state_hash()), (Tick(tick), *hash));
    }
    for outside in [0, 14, 266, u32::MAX] {
        let expected = ReplayError::NoSuchTick { asked: Tick(outside), first: Tick(15), end: Tick(265) };
        assert_eq!(reader.seek(Tick(outside)).map(|_| ()), Err(expected));
    }
    let recorded = reader.recorded_hashes().expect("whole");
    assert!(recorded.len() > 25 && recorded.iter().all(|(tick, hash)| hashes[tick.0 as usize - 15] == *hash));
}

/// Cut off at any byte, a recording is too short to begin, or good up to a tick that was recorded, with and without jumps.
#[test]
fn every_truncation_is_good_up_to_its_last_whole_chunk() {
    let (bytes, _, hashes) = record_with(&OFTEN, 6, 0, 100);
    let (mut refused, mut last_ticks, mut finished) = (0, 0, 0);
    for cut in 0..=bytes.len() {
        let torn = &bytes[..cut];
        let reader = match ReplayReader::new(torn) {
            Ok(reader) => reader,
            Err(error) => {
                assert_eq!((error, last_ticks), (ReplayError::Truncated, 0), "cut at {cut}");
                refused = cut;
                continue;
            }
        };
        let info = reader.info().expect("sound heads");
        assert!(info.ticks >= last_ticks && info.torn_bytes <= torn.len());
        // Running is slow: once for each new chunk, and at some places within.
        if info.ticks > last_ticks || cut % 97 == 0 || cut + 60 > bytes.len() {
            let report = reader.verify(100).expect("good up to the tear");
            assert_eq!((report.ticks, report.torn_bytes), (info.ticks, info.torn_bytes));
            assert_eq!(report.final_hash, hashes[report.ticks as usize]);
            assert_eq!(report.finished, cut == bytes.len());
            finished += u32::from(report.finished);
            let world = reader.seek(reader.end_tick()).expect("the last tick");
            assert_eq!(world.state_hash(), report.final_hash);
        }
        last_ticks = info.ticks;
    }
    assert!(refused > 100 && last_ticks == 100 && finished == 1);
}

#[test]
fn a_tail_of_zeros_is_torn() {
    let (bytes, _, hashes) = record_with(&OFTEN, 6, 0, 60);
    let reader = ReplayReader::new(&bytes).expect("whole");
    let whole = reader.info().expect("whole");
    let mut torn = bytes[..bytes.len() * 2 / 3].to_vec();
    let good = ReplayReader::new(&torn).expect("good").info().expect("good");
    torn.truncate(torn.len() - good.torn_bytes);
    torn.resize(torn.len() + 4_096, 0);
    let report = ReplayReader::new(&torn).expect("good").verify(60).expect("good up to the zeros");
    assert_eq!((report.torn_bytes, report.ticks < whole.ticks), (4_096, true));
    assert_eq!(report.final_hash, hashes[report.ticks as usize]);
}

#[test]
fn damage_and_lies_are_refused() {
    let (bytes, _) = record(20, 0, 130);
    let verify = |bytes: &[u8], ticks| ReplayReader::new(bytes).and_then(|reader| reader.verify(ticks));
    assert_eq!(verify(&bytes, 129), Err(ReplayError::TooManyTicks { allowed: 129 }));
    assert!(verify(&bytes, 130).is_ok());
    assert_eq!(verify(b"SWRX", 1), Err(ReplayError::NotAReplay));
    assert_eq!(verify(b"SWRP\x02\x00", 1), Err(ReplayError::UnknownFormat(2)));
    let mut damaged = bytes.clone();
    damaged[30] ^= 1;
    assert_eq!(verify(&damaged, 130), Err(ReplayError::Damaged { offset: 0 }));
    let mut damaged = bytes.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    assert!(matches!(verify(&damaged, 130), Err(ReplayError::Damaged { .. })), "{:?}", verify(&damaged, 130));
    let mut longer = bytes;
    longer.push(0);
    assert!(matches!(verify(&longer, 130), Err(ReplayError::BadRecord { .. })));
}

/// A size that points past the end must not pass everything after it off as a torn tail.
#[test]
fn one_wrong_bit_anywhere_is_no_torn_tail() {
    let (bytes, _, _) = record_with(&OFTEN, 4, 0, 30);
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let outcome = ReplayReader::new(&damaged).and_then(|reader| reader.verify(30));
        assert!(outcome.is_err(), "bit {bit}: {outcome:?}");
    }
}

/// A command that never was given is found at the next hash; a lenient player goes on and remembers.
#[test]
fn a_forged_command_is_found() {
    let mut honest = RunningBrawl::new(&Brawl::config(21, 20), 20);
    let mut bytes = Vec::new();
    let mut writer = ReplayWriter::begin(&honest.world, Ticks(10), &mut bytes);
    for _ in 0..40 {
        honest.step();
        let claimed = if honest.world.tick().0 == 15 { &honest.commands[..0] } else { &honest.commands[..] };
        writer.record(&honest.world, claimed, &mut bytes);
    }
    writer.finish(&honest.world, &mut bytes);
    let reader = ReplayReader::new(&bytes).expect("whole");
    let outcome = reader.verify(100);
    assert!(matches!(outcome, Err(ReplayError::HashMismatch { tick, .. }) if tick.0 == 20), "{outcome:?}");
    let mut player = reader.player_at(Tick(0)).expect("the first tick").lenient();
    while player.step().expect("only hashes are wrong") {}
    assert_eq!(player.mismatch().map(|(tick, _)| tick), Some(Tick(20)));
    assert_eq!(player.world().tick(), Tick(40));
}

/// The two halves of a writer, with drafts handed over in pieces of several chunks, give the same bytes as both in one.
#[test]
fn drafts_sealed_elsewhere_are_the_same_recording() {
    let (bytes, _, _) = record_with(&OFTEN, 10, 0, 200);
    let mut run = RunningBrawl::new(&Brawl::config(21, 10), 10);
    let (mut drafts, mut sealed) = (Vec::new(), Vec::new());
    let mut sealer = ReplaySealer::new();
    let mut recorder = ReplayRecorder::begin(&run.world, &OFTEN, &mut drafts);
    for tick in 0..200 {
        run.step();
        let before = drafts.len();
        recorder.record(&run.world, &run.commands, &mut drafts);
        assert!(drafts.len() - before <= ReplayRecorder::draft_bytes_max(&run.world));
        if tick % 70 == 0 {
            sealer.seal(&drafts, &mut sealed);
            drafts.clear();
        }
    }
    recorder.finish(&run.world, &mut drafts);
    sealer.seal(&drafts, &mut sealed);
    assert!(sealed == bytes);
}

/// A recording goes over the end of the tick counter.
#[test]
fn the_tick_counter_may_wrap() {
    let mut world = World::new(&Brawl::config(3, 8)).expect("the scene is valid");
    assert!(world.begin_at(Tick(u32::MAX - 30)));
    let brawl = Brawl::new(3, 8);
    let (mut bytes, mut commands) = (Vec::new(), Vec::new());
    let mut writer = ReplayWriter::begin_with(&world, &OFTEN, &mut bytes);
    let mut hashes = vec![];
    for _ in 0..100 {
        hashes.push((world.tick(), world.state_hash()));
        brawl.commands(&world, &mut commands);
        world.step(&commands);
        writer.record(&world, &commands, &mut bytes);
    }
    for end in [bytes.len(), bytes.len() - 1] {
        let reader = ReplayReader::new(&bytes[..end]).expect("whole");
        assert!(reader.verify(100).is_ok());
        for (tick, hash) in hashes.iter().step_by(9).take(7) {
            assert_eq!(reader.seek(*tick).map(|world| world.state_hash()), Ok(*hash), "{tick:?}");
        }
    }
    writer.finish(&world, &mut bytes);
    let reader = ReplayReader::new(&bytes).expect("whole");
    assert_eq!(reader.verify(100).map(|report| (report.ticks, report.finished)), Ok((100, true)));
    for (tick, hash) in hashes.iter().step_by(7) {
        assert_eq!(reader.seek(*tick).map(|world| world.state_hash()), Ok(*hash), "{tick:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Changed bytes with mended checksums: every size is bounded, nothing panics.
    #[test]
    fn forged_chunks_are_safe(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let (bytes, _, _) = record_with(&OFTEN, 4, 0, 50);
        let mut forged = bytes.clone();
        for (at, value) in changes {
            let at = at.index(forged.len());
            forged[at] = value;
        }
        // Walk the true structure and mend what lies in it.
        let mut offset = 28 + u32::from_le_bytes(bytes[16..20].try_into().unwrap()) as usize;
        let crc = crc32fast::hash(&forged[..offset]);
        forged[offset..offset + 4].copy_from_slice(&crc.to_le_bytes());
        offset += 4;
        while offset + 32 < bytes.len() {
            let stored = u32::from_le_bytes(bytes[offset + 20..offset + 24].try_into().unwrap()) as usize;
            let crc = crc32fast::hash(&forged[offset + 32..offset + 32 + stored]);
            forged[offset + 24..offset + 28].copy_from_slice(&crc.to_le_bytes());
            let crc = crc32fast::hash(&forged[offset..offset + 28]);
            forged[offset + 28..offset + 32].copy_from_slice(&crc.to_le_bytes());
            offset += 32 + stored;
        }
        if let Ok(reader) = ReplayReader::new(&forged) {
            let _ = (reader.info(), reader.recorded_hashes(), reader.verify(60), reader.seek(Tick(33)));
        }
    }
}
