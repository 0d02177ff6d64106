//! The tracks of a client beside a plainly written twin: a map with everything that was ever said about a slot.

use super::*;
use crate::server::config::ReplicationConfig;
use crate::server::gathering::first_due;
use crate::server::interest::FIRST;
use crate::server::snapshot_log::NO_BASELINE;
use crate::wire::snapshot::VERSIONS_KEPT;
use proptest::prelude::*;
use std::collections::BTreeMap;

const SLOTS: u32 = 300;
const HZ: u16 = 20;

/// One track, told in numbers of snapshots.
#[derive(Clone, Debug, Default)]
struct Told {
    sent: Vec<u32>,
    owed: u16,
    tier: u8,
}

#[derive(Default)]
struct Twin {
    number: u32,
    acked: Vec<u32>,
    seen: BTreeMap<u16, Told>,
    leaving: BTreeMap<u16, Vec<u32>>,
}

impl Twin {
    /// Those in `tiers` are in sight from now on.
    fn turn_over(&mut self, tiers: &BTreeMap<u16, u8>) {
        let gone: Vec<u16> = self.seen.keys().copied().filter(|slot| !tiers.contains_key(slot)).collect();
        for slot in gone {
            self.seen.remove(&slot);
            self.leaving.insert(slot, Vec::new());
        }
        for (&slot, &tier) in tiers {
            self.leaving.remove(&slot);
            self.seen.entry(slot).or_insert(Told { owed: HZ, ..Told::default() }).tier = tier;
        }
    }

    /// A snapshot's time passes: who is due for certain at this threshold, and who may be, as some are of those who are just due.
    fn count_up(&mut self, interest: &InterestTable, due: u16, least_owed: u16) -> [Vec<u16>; 2] {
        let above = if due > least_owed { due.saturating_add(HZ / 4) } else { due };
        let [mut surely, mut perhaps] = [Vec::new(), Vec::new()];
        for (&slot, told) in &mut self.seen {
            told.owed = told.owed.saturating_add(interest.rate(told.tier));
            let first = told.tier & FIRST != 0;
            let reaches = |due| told.owed >= if first { first_due(due, least_owed) } else { due };
            if reaches(above) {
                surely.push(slot);
            }
            if reaches(due) {
                perhaps.push(slot);
            }
        }
        [surely, perhaps]
    }

    /// The newest snapshot that carried it, was acknowledged and is still held: how many ago.
    fn behind(&self, told: &Told) -> u8 {
        let held = |&(newer, number): &(usize, u32)| {
            let behind = self.number - number;
            behind < 64 && newer < VERSIONS_KEPT && self.acked.contains(&number)
        };
        // What is more than 31 snapshots older than the newest is forgotten when the next one is sent.
        let newest = told.sent.last().copied().unwrap_or(0);
        let kept = told.sent.iter().rev().copied().filter(|number| newest - number < 32).enumerate();
        let found =
            kept.into_iter().find(|(_, number)| self.acked.contains(number) && self.number - number < 64);
        found.filter(held).map_or(NO_BASELINE, |(_, number)| (self.number - number) as u8)
    }
}

#[derive(Clone, Debug)]
struct Step {
    /// A search that finds these, with their tiers; `None`: no search.
    found: Option<BTreeMap<u16, u8>>,
    /// Slots that are no longer in use.
    departed: Vec<u16>,
    guess: u16,
    least_owed: u16,
    /// How many are worth gathering.
    count: usize,
    /// Which of the due are sent, as one in so many.
    one_in: u16,
    /// How many snapshots ago the one is that is acknowledged after this.
    acked: Option<u32>,
}

fn any_step() -> impl Strategy<Value = Step> {
    let slot = 0..SLOTS as u16;
    let tier = prop_oneof![Just(0), Just(1), Just(2), Just(FIRST)];
    let found = prop::option::of(prop::collection::btree_map(slot.clone(), tier, 0..200));
    let departed = prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(slot, 1..20)];
    let due = (0_u16..200, 1_u16..60, 1_usize..250);
    (found, departed, due, 1_u16..4, prop::option::of(0_u32..6)).prop_map(
        |(found, departed, (guess, least_owed, count), one_in, acked)| Step {
            found,
            departed,
            guess,
            least_owed,
            count,
            one_in,
            acked,
        },
    )
}

fn search(
    table: &mut TrackTable,
    space: &mut SearchSpace,
    interest: &InterestTable,
    twin: &Twin,
    found: &BTreeMap<u16, u8>,
) {
    space.found.fill(0);
    for &slot in found.keys() {
        set(&mut space.found, slot.into());
    }
    let tiers_of = |slots: &[u16], tiers: &mut [u8; LANES]| {
        for (slot, tier) in slots.iter().zip(tiers) {
            let before = twin.seen.get(slot).map_or(NO_TIER, |told| told.tier);
            assert_eq!(*tier, before, "the tier it is in now decides about the next");
            *tier = found[slot];
        }
    };
    table.turn_over(space, twin.number, HZ, interest, |_| true, tiers_of);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whoever is found, lost, sent, acknowledged or gone: the table says what the twin says.
    #[test]
    fn tracks_say_what_a_plain_twin_says(steps in prop::collection::vec(any_step(), 1..120)) {
        let interest = InterestTable::new(&ReplicationConfig::default());
        let (mut table, mut twin) = (TrackTable::new(SLOTS), Twin::default());
        let (mut space, mut log) = (SearchSpace::new(SLOTS), SnapshotLog::default());
        let mut out = Priorities::new(SLOTS, HZ);
        let mut departures = 0;
        for (tick, step) in (0..).zip(&steps) {
            twin.number = log.begin(3 * tick);
            if let Some(found) = &step.found {
                search(&mut table, &mut space, &interest, &twin, found);
                twin.turn_over(found);
            }
            let mut present = vec![u64::MAX; SLOTS.div_ceil(64) as usize];
            step.departed.iter().for_each(|&slot| present[usize::from(slot) / 64] &= !(1 << (slot % 64)));
            departures += u32::from(!step.departed.is_empty());
            table.drop_departed(&present, departures, twin.number);
            for slot in &step.departed {
                if twin.seen.remove(slot).is_some() {
                    twin.leaving.insert(*slot, Vec::new());
                }
            }
            let slots: Vec<u32> = twin.seen.keys().map(|&slot| slot.into()).collect();
            prop_assert_eq!(table.visible_slots().collect::<Vec<_>>(), slots);
            if step.found.is_some() {
                for slot in 0..SLOTS as u16 {
                    let close = twin.seen.get(&slot).is_some_and(|told| told.tier & !FIRST == 0);
                    prop_assert_eq!(table.is_close(slot.into()), close);
                }
            }
            let Step { guess, least_owed, count, .. } = *step;
            let wish = Wish { count, least_owed, guess, left_out: false, turns: 0, turn_from: 0 };
            let due = table.gather(&log, wish, HZ, &mut out).due;
            prop_assert!(due >= least_owed);
            let candidates: Vec<_> = out.candidates(table.blocks()).collect();
            prop_assert_eq!(candidates.len(), out.len());
            prop_assert!(due == least_owed || candidates.len() >= count, "as many as are wished for");
            let acked = |sent: &Vec<u32>| sent.iter().any(|number| twin.acked.contains(number) && twin.number - number < 64);
            twin.leaving.retain(|_, sent| !acked(sent));
            let told: Vec<u16> = twin.leaving.keys().copied().take(LEAVES_MAX as usize).collect();
            prop_assert_eq!(&out.leaves, &told);
            let [surely, perhaps] = twin.count_up(&interest, due, least_owed);
            let due: Vec<u16> = candidates.iter().map(|c| c.slot).collect();
            prop_assert!(surely.iter().all(|slot| due.contains(slot)) && due.iter().all(|slot| perhaps.contains(slot)));
            prop_assert!(due.is_sorted());
            prop_assert_eq!(due.len(), surely.len().max(count.min(perhaps.len())));
            for candidate in &candidates {
                let told = &twin.seen[&candidate.slot];
                prop_assert_eq!(candidate.behind, twin.behind(told), "slot {}", candidate.slot);
                prop_assert_eq!(table.urgency(candidate.track), (told.owed, told.tier & FIRST != 0));
            }
            for candidate in candidates.iter().step_by(step.one_in.into()) {
                let (slot, track) = (candidate.slot, candidate.track);
                table.blocks_mut()[track / LANES].mark_sent(track % LANES, twin.number, HZ);
                let told = twin.seen.get_mut(&slot).expect("it is due");
                told.sent.push(twin.number);
                told.owed = told.owed.saturating_sub(HZ).min(HZ - 1);
            }
            table.mark_leaves(told.len(), twin.number);
            for slot in told {
                twin.leaving.get_mut(&slot).expect("it was told").push(twin.number);
            }
            if let Some(number) = step.acked.and_then(|behind| twin.number.checked_sub(behind)) {
                log.acknowledge(number);
                twin.acked.push(number);
            }
        }
    }
}

/// Memory follows what is seen: eleven bytes for each, and two bits for each slot of the world.
#[test]
fn a_table_is_as_large_as_what_is_in_sight() {
    let interest = InterestTable::new(&ReplicationConfig::default());
    let (mut table, mut space) = (TrackTable::new(SLOTS), SearchSpace::new(SLOTS));
    let mut twin = Twin::default();
    for count in [0, 1, 64, 65, 128, 300, 10] {
        let found = (0..count).map(|slot| (slot, 0)).collect();
        search(&mut table, &mut space, &interest, &twin, &found);
        twin.turn_over(&found);
        assert_eq!(table.blocks.len(), usize::from(count).div_ceil(LANES));
    }
}
