//! What comes out of the cache is what a fresh encoding would be.

use super::*;
use crate::wire::effect_lists::EffectLists;
use crate::wire::quantize::{EntityCodec, Sight};
use shieldwall_core::{Brads, CharacterInput, Command, Metres, Placement, World, WorldConfig};

pub(in crate::server) const CAPACITY: u32 = 64;
pub(in crate::server) const INTERVAL: u32 = 3;

/// A few that walk, turn, and now and then are somebody else: sixty ticks of it.
pub(in crate::server) fn history() -> (StateHistory, u32) {
    let config = WorldConfig { character_capacity: CAPACITY, ..WorldConfig::default() };
    let mut world = World::new(&config).expect("a good configuration");
    let mut history = StateHistory::new(EntityCodec::new(&config), CAPACITY);
    let mut commands = Vec::new();
    for tick in 0..60_u32 {
        commands.clear();
        if tick % 20 == 0 {
            let place =
                |n: u32| (Metres::from_m(n as i32 % 8 * 30 - 90), Metres::from_m(n as i32 / 8 * 30 - 90));
            commands.extend((0..40).map(|n| spawn(place(n))));
        }
        for slot in world.characters().live_slots() {
            let id = world.id_at(slot).expect("in use");
            if tick % 20 == 19 && slot % 3 == 0 {
                commands.push(Command::Despawn { id });
            } else {
                let yaw = Brads((slot * 997 + tick / 7 * slot * 31) as u16);
                let input = CharacterInput { yaw, move_forward: 127, ..CharacterInput::default() };
                commands.push(Command::Input { id, input });
            }
        }
        world.step(&commands);
        let effects = EffectLists::of_world(&world);
        history.record(tick, &Sight::new(&world, &effects));
    }
    (history, 59)
}

fn spawn((x, z): (Metres, Metres)) -> Command {
    Command::Spawn { tag: 0, team: 0, class: 0, placement: Placement::At { x, z, yaw: Brads(0) } }
}

#[test]
fn a_cached_update_equals_a_fresh_one() {
    let (history, tick) = history();
    let mut cache = DeltaCache::new(CAPACITY, INTERVAL);
    let (mut short, mut full) = (0, 0);
    // Ages of a whole number of intervals have a place once they were asked for; the others are made each time.
    let ages = [0, 3, 4, 6, 20, 21, 33, 58];
    let _ = ages.map(|age| cache.row(age));
    cache.begin_tick(&history);
    for age in ages {
        for round in 0..3 {
            let row = cache.row(age);
            for slot in
                (0..CAPACITY as usize).filter(|slot| history.present()[slot / 64] >> (slot % 64) & 1 != 0)
            {
                let fresh = encode(&history, tick, age, slot);
                let cached = cache.get(&history, tick, row, slot);
                assert_eq!(cached, fresh, "slot {slot}, {age} ticks, round {round}");
                short += u32::from(matches!(cached, EncodedUpdate::Short(..)));
                full += u32::from(matches!(cached, EncodedUpdate::Full(_)));
                let plain = match cached {
                    EncodedUpdate::Short(..) | EncodedUpdate::Long(_) => {
                        let base = history.at(tick - u32::from(age), slot);
                        history.codec().encode_delta(base, history.at(tick, slot), age).expect("a difference")
                    }
                    EncodedUpdate::Full(_) => history.codec().encode_full(history.at(tick, slot)),
                };
                assert_eq!(bits(cached), bits(EncodedUpdate::Long(plain)));
            }
        }
    }
    assert!(short > 300 && full > 100, "{short} short ones, {full} in full");
    let misses = cache.misses();
    let live = history.present()[0].count_ones();
    assert_eq!(misses, u64::from(live) * (5 + 3 * 3), "five ages are kept, three are made three times");
}

#[test]
fn nothing_outlives_its_tick_and_what_has_no_room_is_made_again() {
    let (history, tick) = history();
    let mut cache = DeltaCache::new(CAPACITY, INTERVAL);
    cache.aside = (0..2).map(|_| Aside::default()).collect();
    cache.row(0);
    let slots: Vec<usize> = (0..64).filter(|slot| history.present()[0] >> slot & 1 != 0).collect();
    for tick in [tick, tick - 1] {
        cache.begin_tick(&history);
        for _ in 0..2 {
            let row = cache.row(0);
            for &slot in &slots {
                assert_eq!(cache.get(&history, tick, row, slot), encode(&history, tick, 0, slot));
            }
        }
    }
    let misses = cache.misses();
    assert_eq!(misses, 2 * (2 * slots.len() as u64 - 2), "two places for long runs");
}

#[test]
fn rows_are_there_as_long_as_they_are_asked_for() {
    let (history, tick) = history();
    let mut cache = DeltaCache::new(CAPACITY, INTERVAL);
    let made = |cache: &mut DeltaCache, age: u8| {
        let before = cache.misses();
        for _ in 0..2 {
            let _ = cache.get(&history, tick, cache.row(age), 1);
        }
        cache.begin_tick(&history);
        cache.misses() - before
    };
    assert_eq!(made(&mut cache, 6), 2, "nobody has asked yet");
    assert_eq!(made(&mut cache, 6), 1);
    for _ in 0..ROW_KEPT_INTERVALS * INTERVAL - 1 {
        cache.begin_tick(&history);
    }
    assert_eq!(made(&mut cache, 6), 1, "somebody asked not long ago");
    for _ in 0..ROW_KEPT_INTERVALS * INTERVAL {
        cache.begin_tick(&history);
    }
    assert_eq!(made(&mut cache, 6), 2, "nobody has asked for long");
}

/// Many threads that ask for the same in the same tick get what one would.
#[test]
fn threads_share_what_they_encode() {
    let (history, tick) = history();
    let mut cache = DeltaCache::new(CAPACITY, INTERVAL);
    let ages = [0, 3, 6, 21];
    let slots: Vec<usize> = (0..64).filter(|slot| history.present()[0] >> slot & 1 != 0).collect();
    for _ in 0..20 {
        let _ = ages.map(|age| cache.row(age));
        cache.begin_tick(&history);
        let (cache, history, slots) = (&cache, &history, &slots);
        std::thread::scope(|threads| {
            for _ in 0..3 {
                threads.spawn(move || {
                    for (age, &slot) in
                        ages.into_iter().flat_map(|age| slots.iter().map(move |slot| (age, slot)))
                    {
                        let update = cache.get(history, tick, cache.row(age), slot);
                        assert_eq!(update, encode(history, tick, age, slot));
                    }
                });
            }
        });
    }
}

/// The bits as a packet would have them.
fn bits(update: EncodedUpdate) -> Vec<u8> {
    let mut bytes = vec![0; 40];
    let mut writer = BitWriter::new(&mut bytes);
    match update {
        EncodedUpdate::Short(bits, length) => writer.put_long(bits, length),
        EncodedUpdate::Long(run) | EncodedUpdate::Full(run) => writer.put_run(run),
    }
    let length = writer.finish();
    bytes.truncate(length);
    bytes
}
