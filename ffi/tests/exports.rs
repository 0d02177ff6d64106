//! Outside `boundary.rs` the sources of this package hold no unsafe code: the word stands only in the names of exported
//! functions (`#[unsafe(no_mangle)]`, `pub unsafe extern "C" fn`), whose bodies are one `entry!` each.

use std::path::Path;

#[test]
fn exported_functions_are_names_and_nothing_else() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut exports = 0;
    for file in std::fs::read_dir(sources).expect("the sources are there") {
        let path = file.expect("a folder can be read").path();
        if path.ends_with("boundary.rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("sources are UTF-8");
        let code = text.lines().map(|line| line.split("//").next().unwrap_or(""));
        for (number, line) in code.enumerate().filter(|(_, line)| line.contains("unsafe")) {
            let allowed = line == "#[unsafe(no_mangle)]"
                || line.starts_with("pub unsafe extern \"C\" fn sw_")
                || line.trim() == "#![allow(unsafe_code)]";
            assert!(allowed, "{}:{}: {line}", path.display(), number + 1);
            exports += usize::from(line.starts_with("pub unsafe"));
        }
        let bodies = text.matches("    entry!(").count();
        let names = text.lines().filter(|line| line.starts_with("pub unsafe extern")).count();
        assert_eq!(bodies, names, "{}: every exported function goes through the boundary", path.display());
    }
    assert!(exports > 25, "{exports} exported functions were found");
}
