//! Same configuration, state and commands: same bytes, hash and events, however it is executed.

use proptest::prelude::*;
use shieldwall_core::limits::CHUNK_ROWS;
use shieldwall_core::spatial::Scenery;
use shieldwall_core::{Command, Event, LaneChoice, SavedState, StateHash, World, WorldConfig};
use shieldwall_scenes::golden::{GoldenScene, Run, Script, scenes};
use shieldwall_scenes::{Brawl, RunningBrawl};

const CHARACTERS: u32 = 400;
const TICKS: u32 = 420;

/// Everything a run shows: the image at the end, and all events.
fn watch(config: &WorldConfig) -> (Vec<u8>, Vec<Event>) {
    let mut run = RunningBrawl::new(config, CHARACTERS);
    let mut events = Vec::new();
    for _ in 0..TICKS {
        let report = run.step();
        assert_eq!(report.events as usize, run.world.events().len());
        assert_eq!(report.events_dropped, 0);
        events.extend_from_slice(run.world.events());
    }
    let mut image = Vec::new();
    run.world.snapshot_into(&mut image);
    (image, events)
}

fn config() -> WorldConfig {
    Brawl::config(5, CHARACTERS)
}

/// Numbers of threads in the matrix: none shared, two, one that divides nothing, and more than the machine may have.
const THREADS: [usize; 4] = [1, 2, 3, 8];

/// What a scene gives: the hash at the end, and all its events.
fn outcome(scene: &GoldenScene, lanes: LaneChoice, parallel_min_rows: u32) -> (StateHash, Vec<Event>) {
    let mut run = Run::new(scene, lanes, parallel_min_rows);
    let mut events = Vec::new();
    for tick in 1..=scene.ticks {
        run.run_to(tick);
        events.extend_from_slice(run.world.events());
    }
    (run.world.state_hash(), events)
}

/// Every golden scene, and one with more rows than a unit of work has, on every kind of lanes and number of threads. This
/// runs in the debug and in the optimized build, and the golden table holds both to the same hashes.
#[test]
fn lanes_and_threads_change_nothing() {
    let crowd = GoldenScene {
        name: "brawl of 1,500",
        ticks: 150,
        config: Brawl::config(21, 1_500),
        scenery: Scenery::default(),
        script: Script::Brawl(Brawl::new(21, 1_500)),
    };
    const { assert!(1_500 > 2 * CHUNK_ROWS, "several units of work") };
    let pools = THREADS.map(|threads| {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be started")
    });
    for scene in scenes().iter().chain([&crowd]) {
        let plain = outcome(scene, LaneChoice::Scalar, u32::MAX);
        for &lanes in LaneChoice::available() {
            let name = format!("{} on {lanes:?} lanes", scene.name);
            assert!(outcome(scene, lanes, u32::MAX) == plain, "{name} differs from plain integers");
            for (pool, threads) in pools.iter().zip(THREADS) {
                let found = pool.install(|| outcome(scene, lanes, 1));
                assert!(found == plain, "{name} with {threads} threads differs from none");
            }
        }
    }
}

/// A host may bring no pool: then rayon's own one is used, from outside.
#[test]
fn a_host_without_a_pool_gets_the_same() {
    let serial = watch(&config());
    let deaths = serial.1.iter().filter(|event| matches!(event, Event::Died { .. })).count();
    assert!(deaths > 100, "the scene is a fight: {deaths} deaths");
    assert!(watch(&WorldConfig { parallel_min_rows: 1, ..config() }) == serial);
}

/// So large that its columns are divided: hashed, kept and taken back on any number of threads it is the same state.
#[test]
fn a_large_state_is_kept_on_any_number_of_threads() {
    const LARGE: u32 = 6_000;
    let config = Brawl::config(9, LARGE);
    let world_of = |parallel_min_rows, ticks| {
        let mut run = RunningBrawl::new(&WorldConfig { parallel_min_rows, ..config }, LARGE);
        (0..ticks).for_each(|_| _ = run.step());
        run.world
    };
    let (plain, mut kept) = (world_of(u32::MAX, 30), SavedState::new());
    let (hash, columns) = (plain.save(&mut kept), plain.column_hashes());
    assert_eq!(plain.state_hash(), hash);
    for threads in THREADS {
        let pool =
            rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be started");
        pool.install(|| {
            let (split, mut again) = (world_of(1, 30), SavedState::new());
            assert_eq!((split.state_hash(), split.save(&mut again)), (hash, hash), "{threads} threads");
            assert_eq!((&split.column_hashes(), again.column_hashes()), (&columns, Some(&columns)));
            // Back from a later tick: what only that used is gone.
            let mut later = world_of(1, 50);
            later.load(&again).expect("its own configuration");
            assert_eq!(later.state_hash(), hash, "{threads} threads");
            let (mut expected, mut found) = (Vec::new(), Vec::new());
            plain.snapshot_into(&mut expected);
            later.snapshot_into(&mut found);
            assert!(found == expected, "equal states have equal images");
        });
    }
}

#[test]
fn another_seed_is_another_battle() {
    assert!(watch(&config()).0 != watch(&Brawl::config(6, CHARACTERS)).0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    /// At any tick of a dense fight: a world restored from an image, fresh or used before, goes on as the other did.
    #[test]
    fn a_restored_world_goes_on_as_the_other_did(
        seed in 0_u64..1_000,
        rounds in proptest::collection::vec((1_u32..250, 1_u32..80), 1..4),
    ) {
        let config = Brawl::config(seed, 150);
        let mut run = RunningBrawl::new(&config, 150);
        let mut other = World::new(&config).expect("the scene is valid");
        let mut image = Vec::new();
        for (ticks_before, ticks_after) in rounds {
            for _ in 0..ticks_before {
                run.step();
            }
            image.clear();
            run.world.snapshot_into(&mut image);
            other.restore(&image).expect("an image of the same configuration");
            prop_assert_eq!(other.state_hash(), run.world.state_hash());
            let mut commands: Vec<Command> = Vec::new();
            for _ in 0..ticks_after {
                // The script of the restored world sees the restored world: its queries must agree too.
                run.brawl.commands(&other, &mut commands);
                run.step();
                prop_assert_eq!(&commands, &run.commands);
                other.step(&commands);
                prop_assert_eq!(other.events(), run.world.events());
            }
            prop_assert_eq!(other.state_hash(), run.world.state_hash());
            let mut again = Vec::new();
            other.snapshot_into(&mut again);
            image.clear();
            run.world.snapshot_into(&mut image);
            prop_assert!(again == image, "equal states have equal images");
        }
    }
}
