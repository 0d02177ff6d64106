//! The table under reordering, repetition and noise.

use super::*;
use crate::wire::bits::BitWriter;
use crate::wire::prefix_codes::write_gap;
use proptest::prelude::*;

fn sample(tick: u32) -> Sample {
    Sample { tick: Tick(tick), state: EntityState { x: tick as i32, ..EntityState::default() } }
}

proptest! {
    /// In whatever order states come, the ring holds the newest sixteen, sorted.
    #[test]
    fn ring_keeps_the_newest(ticks in prop::collection::vec(0_u32..60, 1..80)) {
        let (mut track, mut ring) = (Track::empty(0), [Sample::default(); VERSIONS_KEPT]);
        let mut kept: Vec<u32> = Vec::new();
        for tick in ticks {
            let tick = tick.wrapping_sub(30);
            track.insert(&mut ring, sample(tick));
            if !kept.contains(&tick) {
                kept.push(tick);
                kept.sort_by_key(|t| std::cmp::Reverse(*t as i32));
                kept.truncate(VERSIONS_KEPT);
            }
            let held: Vec<u32> = EntitySamples { track: &track, ring: &ring }.iter().map(|s| s.tick.0).collect();
            prop_assert_eq!(&held, &kept);
            let labelled = EntitySamples { track: &track, ring: &ring }.iter().all(|s| s.state.x == s.tick.0 as i32);
            prop_assert!(labelled);
        }
    }

    #[test]
    fn any_bytes_decode_or_fail(frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..4)) {
        let mut table = ReplicaTable::new(&WorldConfig::default());
        for bytes in frames {
            let _ = table.apply(&mut BitReader::new(&bytes));
        }
    }
}

#[test]
fn around_finds_the_neighbours_of_a_tick() {
    let (mut track, mut ring) = (Track::empty(0), [Sample::default(); VERSIONS_KEPT]);
    for tick in [10, 13, 16] {
        track.insert(&mut ring, sample(tick));
    }
    let around = |tick: u32| {
        let (before, after) = EntitySamples { track: &track, ring: &ring }.around(Tick(tick));
        (before.tick.0, after.map(|s| s.tick.0))
    };
    assert_eq!(around(14), (13, Some(16)));
    assert_eq!(around(13), (13, Some(16)));
    assert_eq!(around(20), (16, None));
    assert_eq!(around(5), (10, Some(10)));
}

/// A snapshot without an own character, made by hand.
struct Frame {
    bytes: [u8; 200],
    length: usize,
}

impl Frame {
    /// At `tick`: these slots have left, these are sent in full.
    fn new(tick: u32, leaves: &[u16], updates: &[u16]) -> Self {
        let codec = EntityCodec::new(&WorldConfig::default());
        let mut bytes = [0; 200];
        let mut writer = BitWriter::new(&mut bytes);
        SnapshotHeader { tick: Tick(tick), ..SnapshotHeader::default() }.write(&mut writer, None);
        let head = SectionHead::new(2, &[]);
        let counts = head.write(&mut writer);
        let mut next = 0;
        for &slot in leaves {
            write_gap(&mut writer, u32::from(slot) - next, 2);
            next = u32::from(slot) + 1;
        }
        next = 0;
        for &slot in updates {
            write_gap(&mut writer, u32::from(slot) - next, 2);
            next = u32::from(slot) + 1;
            head.write_age(&mut writer, None);
            writer.put_run(codec.encode_full(&EntityState { x: tick as i32, ..EntityState::default() }));
        }
        SectionHead::patch_counts(&mut writer, counts, leaves.len() as u32, updates.len() as u32);
        let length = writer.finish();
        Self { bytes, length }
    }

    fn apply(&self, table: &mut ReplicaTable) -> Result<(), FrameError> {
        table.apply(&mut BitReader::new(&self.bytes[..self.length])).map(|_| ())
    }
}

fn seen(table: &ReplicaTable) -> Vec<u16> {
    let slots: Vec<u16> = table.entities().map(EntitySamples::slot).collect();
    assert_eq!(table.visible() as usize, slots.len(), "as many as are counted");
    slots
}

#[test]
fn a_leave_that_overtakes_the_first_state_leaves_no_ghost() {
    let mut table = ReplicaTable::new(&WorldConfig::default());
    let (first, leave) = (Frame::new(100, &[], &[7]), Frame::new(103, &[7], &[]));
    leave.apply(&mut table).unwrap();
    first.apply(&mut table).unwrap();
    assert_eq!(seen(&table), [0; 0], "it had left before its first state came");
    Frame::new(106, &[], &[7]).apply(&mut table).unwrap();
    assert_eq!(seen(&table), [7], "it came back");
    assert_eq!(table.entity(7).unwrap().count(), 2, "the state that came late is held: it was acknowledged");
}

#[test]
fn nothing_older_than_a_forgotten_leave_is_taken() {
    let mut table = ReplicaTable::new(&WorldConfig::default());
    Frame::new(100, &[], &[7]).apply(&mut table).unwrap();
    Frame::new(106, &[7, 9], &[]).apply(&mut table).unwrap();
    let age_max = u32::from(BASELINE_AGE_MAX);
    Frame::new(106 + age_max, &[], &[]).apply(&mut table).unwrap();
    Frame::new(106, &[], &[]).apply(&mut table).unwrap();
    assert_eq!(table.free.len(), 0, "a snapshot from before the leave can still come");
    Frame::new(107 + age_max, &[], &[]).apply(&mut table).unwrap();
    assert_eq!(table.free.len(), 2, "the empty track of 9 is free again too");
    let late = Frame::new(103, &[], &[7]).apply(&mut table);
    assert_eq!(late, Err(FrameError::StaleSnapshot { late_ticks: age_max + 4 }));
    assert_eq!((seen(&table), table.stats().stale_snapshots), (vec![], 1));
}

proptest! {
    /// Snapshots in any order end in the same view: of each slot the newest word counts.
    #[test]
    fn the_newest_word_on_a_slot_counts(
        words in prop::collection::vec(prop::collection::vec(prop::option::of(any::<bool>()), 4), 1..20),
        order in any::<prop::sample::Index>(),
        stride in any::<prop::sample::Index>(),
    ) {
        let frames: Vec<Frame> = words.iter().enumerate().map(|(i, slots)| {
            let of = |what| (0..4_u16).filter(|&s| slots[usize::from(s)] == Some(what)).collect::<Vec<_>>();
            Frame::new(50 + 6 * i as u32, &of(false), &of(true))
        }).collect();
        let count = frames.len();
        let mut places: Vec<usize> = (0..count).collect();
        for i in 0..count {
            places.swap(i, (order.index(count) + i * (1 + stride.index(count))) % count);
        }
        let mut table = ReplicaTable::new(&WorldConfig::default());
        places.iter().for_each(|&i| frames[i].apply(&mut table).unwrap());
        let newest_word = |slot: usize| words.iter().rev().find_map(|slots| slots[slot]);
        let want: Vec<u16> = (0..4_u16).filter(|&s| newest_word(s.into()) == Some(true)).collect();
        let mut got = seen(&table);
        got.sort_unstable();
        prop_assert_eq!(got, want);
    }
}
