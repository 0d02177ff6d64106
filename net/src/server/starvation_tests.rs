//! Nobody in range waits longer than is promised, however full the packets and however dear the states of others.

use super::config::{InterestTier, ReplicationConfig};
use super::gathering::Wish;
use super::interest::{FIRST, InterestTable, patience};
use super::priority::{Fit, Priorities, WORST_BITS, turns};
use super::snapshot_log::SnapshotLog;
use super::track_block::LANES;
use super::tracking::TrackTable;
use proptest::prelude::*;
use shieldwall_core::Metres;

const HZ: u16 = 20;
const RATES: [u16; 4] = [20, 10, 4, 1];

fn table() -> InterestTable {
    let tier =
        |(i, &rate_hz): (usize, &u16)| InterestTier { radius: Metres::from_m(50 * (i as i32 + 1)), rate_hz };
    let tiers = RATES.iter().enumerate().map(tier).collect();
    InterestTable::new(&ReplicationConfig { tiers, ..ReplicationConfig::default() })
}

fn noise(a: u32, b: u32) -> u32 {
    let mixed = (u64::from(a) << 32 | u64::from(b)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40) as u32
}

/// One client's snapshots without a world: who is sent when.
struct Scene {
    log: SnapshotLog,
    tracks: TrackTable,
    priorities: Priorities,
    due: u16,
    left_out: bool,
    turn_from: u16,
    mean_16: usize,
}

impl Scene {
    fn new(tiers: &[u8], table: &InterestTable) -> Self {
        let mut tracks = TrackTable::new(tiers.len() as u32);
        tracks.show(tiers, table, HZ);
        let priorities = Priorities::new(tiers.len() as u32, HZ);
        let log = SnapshotLog::default();
        Self { log, tracks, priorities, due: 0, left_out: false, turn_from: 0, mean_16: 32 * 16 }
    }

    /// A snapshot with `room` bits, of which `sent` gets the slots; a state costs `cost`.
    fn snapshot(&mut self, room: usize, cost: impl Fn(u16) -> usize, mut sent: impl FnMut(u16)) {
        let number = self.log.begin(self.log.number() * 3);
        let (priorities, tracks) = (&mut self.priorities, &mut self.tracks);
        let count = room * 16 / self.mean_16 + 1;
        let wish = Wish {
            count,
            least_owed: HZ,
            guess: self.due,
            left_out: self.left_out,
            turns: turns(room),
            turn_from: self.turn_from,
        };
        let gathered = tracks.gather(&self.log, wish, HZ, priorities);
        (self.due, self.turn_from) = (gathered.due, gathered.turn_from);
        let rest = room - priorities.reserved();
        priorities.keep_most_urgent(tracks.blocks(), rest, [self.mean_16 / 16, 96], number);
        let (mut reserve, mut left) = (priorities.reserve(), room);
        self.left_out = priorities.cut();
        let candidates: Vec<_> = priorities.candidates(tracks.blocks()).collect();
        for candidate in &candidates {
            let (track, slot) = (candidate.track, candidate.slot);
            let bits = cost(slot);
            let fit = reserve.fit(candidate, bits, left);
            self.left_out |= fit != Fit::Write;
            match fit {
                Fit::Write => {}
                Fit::Skip => continue,
                Fit::Stop => break,
            }
            left -= bits;
            self.mean_16 = (7 * self.mean_16 + 16 * bits) / 8;
            tracks.blocks_mut()[track / LANES].mark_sent(track % LANES, number, HZ);
            sent(slot);
        }
        self.log.acknowledge(number);
    }
}

/// Snapshots that somebody in a range of `count` may be left out of, with `room` bits at least in each.
fn longest_wait(rate: u16, count: usize, room: usize) -> u32 {
    let turns = count.div_ceil((room / 2 / WORST_BITS).max(1));
    u32::from(patience(HZ) + HZ.div_ceil(rate)) + turns as u32 + 1
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn nobody_in_range_starves(
        tiers in prop::collection::vec((0_u8..4, any::<bool>()), 1..300),
        least_room in WORST_BITS..2_000,
        most_room in 2_000_usize..6_000,
        dearest in 20_usize..=WORST_BITS,
        seed: u32,
    ) {
        let table = table();
        let tiers: Vec<u8> = tiers.iter().map(|&(tier, first)| tier | if first && tier == 0 { FIRST } else { 0 }).collect();
        let mut scene = Scene::new(&tiers, &table);
        let mut last = vec![0_u32; tiers.len()];
        for snapshot in 1..600 {
            let room = least_room + noise(seed, snapshot) as usize % (most_room - least_room);
            // Those in high slots are dear all the time, so that what is estimated and cut by place would always hit them.
            let cost = |slot: u16| {
                let dear = usize::from(slot) * 2 > tiers.len();
                if dear { dearest } else { 10 + noise(slot.into(), snapshot) as usize % 20 }
            };
            scene.snapshot(room, cost, |slot| last[usize::from(slot)] = snapshot);
            for (slot, &tier) in tiers.iter().enumerate() {
                let promised = longest_wait(RATES[usize::from(tier & !FIRST)], tiers.len(), least_room);
                let waited = snapshot - last[slot];
                prop_assert!(waited <= promised, "slot {slot} of tier {tier} waits for {waited} snapshots, {promised} are promised");
            }
        }
    }
}
