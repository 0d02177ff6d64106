//! Golden hashes: one table for all languages, lanes, threads and builds. `UPDATE_GOLDENS=1` writes it anew, for a
//! change of results that is meant (and noted in the changelog with the mark GOLDEN).

use shieldwall_core::{LaneChoice, StateHash, World, WorldConfig};
use shieldwall_tests::scenes::{Brawl, RunningBrawl, muster};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

fn brawl(config: &WorldConfig, characters: u32, ticks: u32) -> StateHash {
    let mut run = RunningBrawl::new(config, characters);
    for _ in 0..ticks {
        run.step();
    }
    run.world.state_hash()
}

/// Every line of the table, computed with one way of executing.
fn compute(lanes: LaneChoice) -> BTreeMap<String, String> {
    let with_lanes = |config: WorldConfig| WorldConfig { lanes, ..config };
    let mut table = BTreeMap::new();
    let mut world = World::new(&with_lanes(muster::config())).expect("the scene is valid");
    table.insert("muster".to_owned(), muster::run(&mut world).to_string());
    let config = with_lanes(Brawl::config(11, 400));
    table.insert("brawl_400_seed_11_ticks_600".to_owned(), brawl(&config, 400, 600).to_string());
    let config = with_lanes(WorldConfig { tick_hz: 20, ..Brawl::config(12, 200) });
    table.insert("brawl_200_seed_12_at_20_hz_ticks_400".to_owned(), brawl(&config, 200, 400).to_string());
    table
}

#[test]
fn the_table_holds() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/goldens.txt");
    let wide = compute(LaneChoice::Auto);
    for &lanes in LaneChoice::available() {
        assert_eq!(wide, compute(lanes), "{lanes:?} lanes differ from the default");
    }
    let mut text = String::from(
        "# Golden state hashes: `scene hash`. Checked by tests/tests/goldens.rs in debug and release, and by the\n\
         # programs in other languages. Written anew by `cargo xtask golden --update`.\n",
    );
    for (scene, hash) in &wide {
        writeln!(text, "{scene} {hash}").expect("a string takes all");
    }
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(&path, &text).expect("the table can be written");
    }
    let stored = std::fs::read_to_string(&path).expect("the table is there");
    assert_eq!(stored, text, "golden hashes changed: if that is meant, run `cargo xtask golden --update`");
}
