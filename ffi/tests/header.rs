//! The committed header is what the generator makes of the sources; `UPDATE_HEADER=1` writes it anew.

use std::path::Path;

#[test]
fn the_committed_header_is_current() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(package.join("cbindgen.toml")).expect("cbindgen.toml is valid");
    let bindings = cbindgen::Builder::new()
        .with_config(config)
        .with_crate(package)
        .generate()
        .expect("the sources parse");
    let mut generated = Vec::new();
    bindings.write(&mut generated);
    let generated = String::from_utf8(generated).expect("a header is UTF-8");
    let path = package.join("../include/shieldwall.h");
    if std::env::var_os("UPDATE_HEADER").is_some() {
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("include/ can be made");
        std::fs::write(&path, &generated).expect("the header can be written");
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    if let Some((number, (is, should))) =
        committed.lines().zip(generated.lines()).enumerate().find(|(_, (a, b))| a != b)
    {
        panic!(
            "include/shieldwall.h is not current (`cargo xtask header` writes it). Line {}:\n  is:     {is}\n  should: {should}",
            number + 1
        );
    }
    assert_eq!(committed.lines().count(), generated.lines().count(), "`cargo xtask header` writes it anew");
}
