//! Messages come back, are short, and cuts and lies are refused.

use super::*;
use proptest::prelude::*;

fn codec(teams: u8, points: usize) -> ObjectiveCodec {
    ObjectiveCodec::new(&WorldConfig { teams, ..WorldConfig::default() }, points)
}

fn bytes_of(codec: &ObjectiveCodec, tick: u32, entries: &[ObjectiveEntry]) -> (Vec<u8>, usize) {
    let mut buffer = [0; OBJECTIVES_BYTES_MAX];
    let (length, count) = codec.write(Tick(tick), entries.iter().copied(), &mut buffer);
    (buffer[..length].to_vec(), count)
}

fn ring(owner: u8, contender: u8, present: u16) -> RingState {
    let held = contender != NO_TEAM;
    let fighters = if held && present.count_ones() == 1 { 3 } else { 0 };
    RingState { owner, contender, progress: if held { 130 } else { 0 }, present, fighters }
}

fn any_entry() -> impl Strategy<Value = ObjectiveEntry> {
    let team = prop_oneof![Just(NO_TEAM), 0_u8..5];
    let place = any::<[i32; 3]>()
        .prop_map(|[x, y, z]| codec(5, 9).place(Position::from_raw(x % (120 << 16), y, z % (120 << 16))));
    prop_oneof![
        (0_u8..5, any::<u32>()).prop_map(|(team, points)| ObjectiveEntry::Score(team, points)),
        (0_u16..9, team.clone(), team, any::<u8>(), 0_u16..32, 1_u8..=255).prop_map(
            |(number, owner, contender, progress, present, fighters)| {
                let contender = if contender == owner { NO_TEAM } else { contender };
                let (held, alone) = (contender != NO_TEAM, present.count_ones() == 1);
                let progress = if held { progress } else { 0 };
                let fighters = if held && alone { fighters } else { 0 };
                let ring = RingState { owner, contender, progress, present, fighters };
                ObjectiveEntry::Point(number, PointState::Ring(ring))
            }
        ),
        (0_u16..9, 0..3, place, any::<u16>(), any::<u32>()).prop_map(|(number, which, at, slot, ticks)| {
            let flag = match which {
                0 => FlagState::Home,
                1 => FlagState::Carried { slot, at },
                _ => FlagState::Dropped { at, ticks },
            };
            ObjectiveEntry::Point(number, PointState::Flag(flag))
        }),
    ]
}

#[test]
fn a_change_is_a_few_bytes() {
    let codec = codec(2, 5);
    let point = |state| [ObjectiveEntry::Point(4, state)];
    let bytes = |entries: &[ObjectiveEntry]| bytes_of(&codec, 70_000, entries).0.len();
    assert_eq!(bytes(&point(PointState::Ring(ring(1, NO_TEAM, 3)))), 3 + 2);
    assert_eq!(bytes(&point(PointState::Ring(ring(1, 0, 1)))), 3 + 4);
    assert_eq!(bytes(&point(PointState::Flag(FlagState::Home))), 3 + 1);
    let at = codec.place(Position::new(Metres::from_m(-34), Metres::from_m(2), Metres::from_m(12)));
    assert_eq!(bytes(&point(PointState::Flag(FlagState::Carried { slot: 700, at }))), 3 + 7);
    assert_eq!(bytes(&[ObjectiveEntry::Score(1, 900)]), 3 + 3);
}

#[test]
fn progress_goes_on_as_the_ring_says() {
    let rules = ObjectiveRules { capture_ms: 10_000, decay_per_256: 128, ..ObjectiveRules::default() };
    let (hz, whole) = (60, 10 * 60 * 256);
    let half = RingState { progress: 128, ..ring(NO_TEAM, 1, 2) };
    assert_eq!(half.progress_after(0, &rules, hz), whole / 2);
    assert_eq!(half.progress_after(10, &rules, hz), whole / 2 + 10 * 3 * 256);
    assert_eq!(half.progress_after(u32::MAX, &rules, hz), whole);
    let lost = RingState { present: 1, ..half };
    assert_eq!(lost.progress_after(10, &rules, hz), whole / 2 - 10 * 3 * 256);
    assert_eq!(lost.progress_after(u32::MAX, &rules, hz), 0);
    let left = RingState { present: 0, fighters: 0, ..half };
    assert_eq!(left.progress_after(10, &rules, hz), whole / 2 - 10 * 128);
    assert_eq!(RingState { present: 3, ..half }.progress_after(1_000, &rules, hz), whole / 2);
}

#[test]
fn what_cannot_be_is_refused() {
    let codec = codec(2, 5);
    let read = |bytes: &[u8]| codec.read(&bytes[1..], Tick(0), |_, _| {});
    let (mut bytes, _) = bytes_of(&codec, 9, &[ObjectiveEntry::Point(4, PointState::Ring(ring(1, 0, 1)))]);
    assert_eq!(read(&bytes), Ok(()));
    bytes[3] |= 0b1_1000;
    assert_eq!(read(&bytes), Err(DecodeError::Value("capture point")));
    let (mut bytes, _) = bytes_of(&codec, 9, &[ObjectiveEntry::Point(0, PointState::Flag(FlagState::Home))]);
    bytes[3] |= 0b1100_0000;
    assert_eq!(read(&bytes), Err(DecodeError::Value("flag")));
    bytes[3] ^= 0b1100_0000;
    bytes.push(0);
    assert_eq!(read(&bytes), Err(DecodeError::Padding));
    bytes.resize(OBJECTIVES_BYTES_MAX + 1, 0);
    assert_eq!(read(&bytes), Err(DecodeError::Value("message length")));
}

proptest! {
    #[test]
    fn entries_come_back(tick: u32, near in -30_000..30_000_i32, entries in prop::collection::vec(any_entry(), 1..9)) {
        let codec = codec(5, 9);
        let (bytes, count) = bytes_of(&codec, tick, &entries);
        let mut back = Vec::new();
        codec.read(&bytes[1..], Tick(tick.wrapping_add_signed(near)), |at, entry| {
            assert_eq!(at, Tick(tick));
            back.push(entry);
        }).unwrap();
        prop_assert!(count > 0);
        prop_assert_eq!(&back[..], &entries[..count]);
    }

    #[test]
    fn any_bytes_decode_or_fail(bytes in prop::collection::vec(any::<u8>(), 0..99), teams in 1_u8..=16, points in 0_usize..=256) {
        let codec = codec(teams, points);
        let mut count = 0;
        let _ = codec.read(&bytes, Tick(5), |_, _| count += 1);
        prop_assert!(count <= OBJECTIVES_BYTES_MAX * 8 / 3);
    }
}
