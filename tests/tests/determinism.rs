//! Same configuration, state and commands: same bytes, hash and events, however it is executed.

use proptest::prelude::*;
use shieldwall_core::{Command, Event, LaneChoice, World, WorldConfig};
use shieldwall_tests::scenes::{Brawl, RunningBrawl};

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

#[test]
fn lanes_and_threads_change_nothing() {
    let serial = watch(&config());
    let deaths = serial.1.iter().filter(|event| matches!(event, Event::Died { .. })).count();
    assert!(deaths > 100, "the scene is a fight: {deaths} deaths");
    for &lanes in LaneChoice::available() {
        assert!(
            watch(&WorldConfig { lanes, ..config() }) == serial,
            "{lanes:?} lanes differ from the default"
        );
    }
    for threads in 1..=3 {
        let pool =
            rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be started");
        let parallel = WorldConfig { parallel_min_rows: 1, ..config() };
        assert!(pool.install(|| watch(&parallel)) == serial, "{threads} threads differ from none");
    }
    // From outside a pool the global one is used.
    assert!(watch(&WorldConfig { parallel_min_rows: 1, ..config() }) == serial);
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
