//! Characters that nobody plays: the same on all lanes and threads, and after every way back to a state; nothing that is
//! kept beside the state matters.

use shieldwall_core::numeric::Purpose;
use shieldwall_core::numeric::rng::random_u32;
use shieldwall_core::{
    Command, Event, LaneChoice, PartialPolicy, SavedState, Selection, StateHash, Tick, World, WorldConfig,
    mood,
};
use shieldwall_tests::wilds;

const TICKS: u32 = 900;

fn world(config: &WorldConfig) -> World {
    World::with_scenery(config, &wilds::scenery()).expect("the wilds are valid")
}

/// Hashes after every tick, and all events.
fn outcome(config: &WorldConfig, ticks: u32, each: &dyn Fn(&mut World)) -> (Vec<StateHash>, Vec<Event>) {
    let (mut world, mut commands) = (world(config), Vec::new());
    let (mut hashes, mut events) = (Vec::new(), Vec::new());
    for _ in 0..ticks {
        wilds::commands(&world, &mut commands);
        each(&mut world);
        world.step(&commands);
        hashes.push(world.state_hash());
        events.extend_from_slice(world.events());
    }
    (hashes, events)
}

#[test]
fn the_wilds_are_wild() {
    let (mut world, mut commands) = (world(&wilds::config()), Vec::new());
    let (mut moods, mut hits, mut shots, mut respawns) = ([0_u32; mood::MAX as usize + 1], 0, 0, 0);
    for _ in 0..TICKS {
        wilds::commands(&world, &mut commands);
        let report = world.step(&commands);
        hits += report.tally.hits;
        shots += report.tally.shots;
        respawns += report.tally.respawns;
        for row in world.npcs().live_slots() {
            moods[usize::from(world.npcs().mood[row as usize])] += 1;
        }
    }
    assert!(moods.iter().all(|times| *times > 100), "{moods:?}");
    assert!(hits > 100 && shots > 50 && respawns > 5, "{hits} hits, {shots} shots, {respawns} returns");
    assert!(world.ways_computed() > 60, "{} fields", world.ways_computed());
    println!("{moods:?} ticks by mood; {hits} hits, {shots} shots, {} fields", world.ways_computed());
}

#[test]
fn lanes_and_threads_change_nothing() {
    let config = wilds::config();
    let plain = outcome(&WorldConfig { lanes: LaneChoice::Scalar, ..config }, 400, &|_| ());
    for &lanes in LaneChoice::available() {
        for threads in [1, 2, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            let config = WorldConfig { lanes, parallel_min_rows: 1, ..config };
            let found = pool.install(|| outcome(&config, 400, &|_| ()));
            assert!(found == plain, "{lanes:?} lanes with {threads} threads");
        }
    }
}

#[test]
fn forgetting_all_ways_in_every_tick_changes_nothing() {
    let config = wilds::config();
    let forgetful = outcome(&config, TICKS, &World::invalidate_ways);
    assert!(forgetful == outcome(&config, TICKS, &|_| ()));
}

/// A world that was never interrupted, and what was kept of it at random ticks; each is taken back, and goes on as it did.
#[test]
fn a_state_taken_back_goes_on_as_it_did() {
    let mut config = wilds::config();
    // A part has no history.
    config.rules.lag.rewind_max_ms = 0;
    let (hashes, _) = outcome(&config, TICKS, &|_| ());
    let mut points: Vec<u32> =
        (0..90).map(|at| 1 + random_u32(5, Tick(at), 0, Purpose::Scripted) % (TICKS - 60)).collect();
    points.sort_unstable();
    points.dedup();
    let (mut whole, mut commands) = (world(&config), Vec::new());
    let mut elsewhere = world(&config);
    let (mut saved, mut fields) = (SavedState::new(), 0);
    for at in points {
        while whole.tick() < Tick(at) {
            wilds::commands(&whole, &mut commands);
            whole.step(&commands);
        }
        let (mut image, mut part) = (Vec::new(), Vec::new());
        whole.save(&mut saved);
        whole.snapshot_into(&mut image);
        whole.snapshot_partial_into(&Selection::All, &mut part);
        let before = elsewhere.ways_computed();
        elsewhere.load(&saved).expect("its own state");
        goes_on(&mut elsewhere, &hashes, "loaded");
        elsewhere.restore(&image).expect("its own image");
        goes_on(&mut elsewhere, &hashes, "restored");
        let mut fresh = world(&config);
        fresh.restore(&image).expect("an image");
        goes_on(&mut fresh, &hashes, "restored afresh");
        if whole.terrain_deltas().is_empty() {
            let mut joined = world(&config);
            assert!(joined.begin_at(whole.tick()));
            joined.apply_partial(&part, PartialPolicy::Overwrite).expect("a part");
            goes_on(&mut joined, &hashes, "from a part");
        }
        fields += elsewhere.ways_computed() - before;
    }
    assert!(fields > 100, "ways were found on the way: {fields}");
}

fn goes_on(world: &mut World, hashes: &[StateHash], how: &str) {
    let (from, mut commands) = (world.tick(), Vec::new());
    assert_eq!(world.state_hash(), hashes[from.0 as usize - 1], "{how}: at {from:?}");
    for _ in 0..40 {
        wilds::commands(world, &mut commands);
        let tick = world.tick();
        world.step(&commands);
        assert_eq!(world.state_hash(), hashes[tick.0 as usize], "{how}: from {from:?}, after {tick:?}");
    }
}

/// The command is one of the bytes' too.
#[test]
fn what_comes_as_bytes_does_the_same() {
    let (mut one, mut other) = (world(&wilds::config()), world(&wilds::config()));
    let (mut commands, mut bytes) = (Vec::new(), Vec::new());
    for _ in 0..120 {
        wilds::commands(&one, &mut commands);
        bytes.clear();
        commands.iter().for_each(|command| command.encode_into(&mut bytes));
        let (mut rest, mut decoded) = (&bytes[..], Vec::new());
        while !rest.is_empty() {
            let (command, after) = Command::decode(rest).expect("its own bytes");
            decoded.push(command);
            rest = after;
        }
        one.step(&commands);
        other.step(&decoded);
    }
    assert_eq!(one.state_hash(), other.state_hash());
}
