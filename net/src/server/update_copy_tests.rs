//! A block of updates at once is what its updates are one by one.

use super::*;
use crate::server::delta_cache::DeltaCache;
use crate::server::delta_cache::tests::{CAPACITY, INTERVAL, history};
use crate::server::gathering::Wish;
use crate::server::history::StateHistory;
use crate::server::made::{head_bits, write_update};
use crate::server::priority::Priorities;
use crate::server::snapshot_log::SnapshotLog;
use crate::server::track_block::Track;
use crate::server::tracking::TrackTable;
use proptest::prelude::*;
use shieldwall_core::Tick;

const HZ: u16 = 20;
/// Snapshots before the one that is written.
const BEFORE: u32 = 12;

/// What a client of the world of [`history`] has been told, as the numbers of the snapshots that carried each slot, and which of
/// those it acknowledged.
#[derive(Clone, Debug)]
struct Told {
    sent: Vec<u32>,
    acked: u32,
    room_bits: usize,
    before_bits: u32,
}

fn any_told() -> impl Strategy<Value = Told> {
    let sent =
        prop::collection::vec(prop_oneof![6 => Just(0xfff), 1 => 0_u32..1 << BEFORE], CAPACITY as usize);
    (sent, 0_u32..1 << BEFORE, 64_usize..4_000, 0_u32..30)
        .prop_map(|(sent, acked, room_bits, before_bits)| Told { sent, acked, room_bits, before_bits })
}

/// All that goes into a packet but the packet.
struct Scene {
    blocks: Vec<Block>,
    priorities: Priorities,
    baselines: Baselines,
    head: SectionHead,
    number: u32,
}

impl Scene {
    fn new(told: &Told, history: &StateHistory, cache: &DeltaCache, tick: u32) -> Self {
        let mut log = SnapshotLog::default();
        (0..=BEFORE).for_each(|at| _ = log.begin(tick - INTERVAL * (BEFORE - at)));
        (1..=BEFORE)
            .filter(|number| told.acked >> (number - 1) & 1 != 0)
            .for_each(|number| log.acknowledge(number));
        let mut tracks = TrackTable::new(CAPACITY);
        tracks.show_slots(history.present(), HZ);
        for block in tracks.blocks_mut() {
            for lane in 0..LANES {
                let track = block.get(lane);
                if let Some(sent) = told.sent.get(usize::from(track.slot)) {
                    // The newest of twelve at bit 0.
                    block.set(lane, Track { sent: *sent, newest: BEFORE as u8, ..track });
                }
            }
        }
        let mut priorities = Priorities::new(CAPACITY, HZ);
        let wish = Wish { count: 1_000, least_owed: HZ, guess: 0, left_out: false, turns: 0, turn_from: 0 };
        tracks.gather(&log, wish, HZ, &mut priorities);
        let counts = priorities.baselines();
        let ages = counts.common_ages(&log, Tick(tick));
        let head = SectionHead::new(1, ages.split(|&age| age == 0).next().unwrap_or(&[]));
        let mut baselines = Baselines::new();
        baselines.resolve(counts, &head, &log, Tick(tick), |age| cache.row(age));
        Self { blocks: tracks.blocks().to_vec(), priorities, baselines, head, number: log.number() }
    }

    /// One by one, until one does not fit: how many, and the bits of full states.
    fn write_each(&self, source: Source<'_>, writer: &mut BitWriter<'_>, kept_bits: usize) -> (u32, Fulls) {
        let (mut next, mut count, mut fulls) = (0, 0, Fulls::default());
        for candidate in self.priorities.candidates(&self.blocks) {
            let (slot, baseline) = (u32::from(candidate.slot), self.baselines.get(candidate.behind));
            let update = source.cache.get(source.history, source.tick, baseline.row(), slot as usize);
            let bits = head_bits(slot - next, &update, baseline, &self.head) + update.len();
            if bits + kept_bits.max(64) > writer.remaining() {
                break;
            }
            fulls.note(write_update(writer, update, slot - next, baseline, &self.head));
            (next, count) = (slot + 1, count + 1);
        }
        (count, fulls)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_block_at_once_is_as_one_by_one(told in any_told(), kept_bits in 0_usize..300) {
        let (history, tick) = history();
        let mut cache = DeltaCache::new(CAPACITY, INTERVAL);
        (0..BEFORE as u8).for_each(|at| _ = cache.row(at * INTERVAL as u8));
        cache.begin_tick(&history);
        let mut scene = Scene::new(&told, &history, &cache, tick);
        let source = Source { cache: &cache, history: &history, tick };
        let (mut many, mut each) = ([0_u8; 600], [0_u8; 600]);
        let bytes = told.room_bits.div_ceil(8) + 8;
        let (mut one, mut other) = (BitWriter::new(&mut many[..bytes]), BitWriter::new(&mut each[..bytes]));
        one.put_long(0, told.before_bits);
        other.put_long(0, told.before_bits);
        let section = Section { head: &scene.head, number: scene.number, snapshot_hz: HZ, kept_bits, updates_max: 1_000 };
        let (mut progress, mut fulls) = (Progress::new(scene.priorities.chosen()), Fulls::default());
        let common = (&scene.baselines, source, &mut Made::new());
        let marks = (&mut progress, &mut fulls);
        let before = scene.blocks.clone();
        copy_updates(&mut one, &mut scene.blocks, scene.priorities.chosen(), common, &section, marks);
        let (count, wanted) = scene.write_each(source, &mut other, kept_bits);
        prop_assert_eq!((progress.count, fulls.count, fulls.bits), (count, wanted.count, wanted.bits));
        prop_assert_eq!(one.position(), other.position());
        // Whoever was written was noted, and nobody else.
        for (at, candidate) in scene.priorities.candidates(&before).enumerate() {
            let (block, lane) = (candidate.track / LANES, candidate.track % LANES);
            let is_noted = scene.blocks[block].sent_at(lane, scene.number) & 1 != 0;
            prop_assert_eq!(is_noted, at < count as usize);
        }
        let length = one.finish();
        prop_assert_eq!(length, other.finish());
        prop_assert_eq!(&many[..length], &each[..length]);
    }
}
