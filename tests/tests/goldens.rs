//! Golden hashes: one table for all languages, lanes, threads and builds. `UPDATE_GOLDENS=1` writes it anew, for a
//! change of results that is meant (and noted in the changelog with the mark GOLDEN).

use shieldwall_core::LaneChoice;
use shieldwall_scenes::golden::{GoldenScene, Run, scenes};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Every line of the table, computed with one way of executing.
fn compute(lanes: LaneChoice) -> BTreeMap<String, String> {
    let hash_of = |scene: &GoldenScene| Run::new(scene, lanes, u32::MAX).finish().to_string();
    scenes().iter().map(|scene| (scene.name.to_owned(), hash_of(scene))).collect()
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
