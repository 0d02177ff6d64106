//! Recorded battles run again: the long one of 10,000 ticks, torn tails, and what is refused.

use shieldwall_core::{ReplayError, ReplayReader, ReplayWriter, Ticks};
use shieldwall_tests::scenes::{Brawl, RunningBrawl};

/// Records so many ticks of a brawl, after some that are not recorded.
fn record(characters: u32, ticks_before: u32, ticks: u32) -> (Vec<u8>, RunningBrawl) {
    let mut run = RunningBrawl::new(&Brawl::config(21, characters), characters);
    for _ in 0..ticks_before {
        run.step();
    }
    let mut bytes = Vec::new();
    let mut writer = ReplayWriter::begin(&run.world, Ticks(100), &mut bytes);
    for _ in 0..ticks {
        run.step();
        writer.record(&run.world, &run.commands, &mut bytes);
    }
    writer.finish(&run.world, &mut bytes);
    (bytes, run)
}

#[test]
fn a_battle_of_ten_thousand_ticks_replays_to_the_same_hash() {
    let (bytes, run) = record(80, 50, 10_000);
    let report = ReplayReader::new(&bytes).expect("a whole replay").verify(10_000).expect("the same battle");
    assert_eq!(report.final_hash, run.world.state_hash());
    assert_eq!((report.first_tick.0, report.ticks), (50, 10_000));
    assert_eq!((report.hashes_checked, report.finished, report.torn_bytes), (101, true, 0));
    let deaths: u32 = run.world.characters().deaths.iter().map(|deaths| u32::from(*deaths)).sum();
    assert!(deaths > 500, "it was a battle: {deaths} deaths among those still there");
}

#[test]
fn a_torn_tail_is_left_out_and_reported() {
    let (bytes, _) = record(20, 0, 130);
    let whole = ReplayReader::new(&bytes).expect("whole").verify(130).expect("whole");
    for cut in [1, 5, 20, 25, 32, 33, 34, 200] {
        let torn = &bytes[..bytes.len() - cut];
        let report =
            ReplayReader::new(torn).expect("the header is whole").verify(130).expect("good up to the tear");
        assert!(!report.finished && report.ticks <= whole.ticks);
        assert!(cut == 33 || report.torn_bytes > 0, "cut {cut}: {report:?}");
    }
    let header_only = ReplayReader::new(&bytes[..60]);
    assert_eq!(header_only.map(|_| ()), Err(ReplayError::Truncated));
}

#[test]
fn damage_and_lies_are_refused() {
    let (bytes, _) = record(20, 0, 130);
    let verify = |bytes: &[u8], ticks| ReplayReader::new(bytes).and_then(|reader| reader.verify(ticks));
    assert_eq!(verify(&bytes, 129), Err(ReplayError::TooManyTicks { allowed: 129 }));
    assert_eq!(verify(b"SWRX", 1), Err(ReplayError::NotAReplay));
    let mut damaged = bytes.clone();
    damaged[20] ^= 1;
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
fn one_wrong_bit_anywhere_before_the_last_record_is_no_torn_tail() {
    let (bytes, _) = record(4, 0, 30);
    let end_record = 33;
    for bit in 0..(bytes.len() - end_record) * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let outcome = ReplayReader::new(&damaged).and_then(|reader| reader.verify(30));
        assert!(outcome.is_err(), "bit {bit}: {outcome:?}");
    }
}

/// A command that never was given is found at the next hash.
#[test]
fn a_forged_command_is_found() {
    let (_, run) = record(20, 0, 130);
    let mut honest = RunningBrawl::new(run.world.config(), 20);
    let mut bytes = Vec::new();
    let mut writer = ReplayWriter::begin(&honest.world, Ticks(10), &mut bytes);
    for _ in 0..40 {
        honest.step();
        let claimed = if honest.world.tick().0 == 15 { &honest.commands[..0] } else { &honest.commands[..] };
        writer.record(&honest.world, claimed, &mut bytes);
    }
    let outcome = ReplayReader::new(&bytes).and_then(|reader| reader.verify(100));
    assert!(matches!(outcome, Err(ReplayError::HashMismatch { tick, .. }) if tick.0 == 20), "{outcome:?}");
}
