//! Who may import whom, and which things stand behind one door.

use crate::report;
use crate::source::{Source, root, rust_sources, words_of};

/// Packages of the product and what each may depend on.
const PACKAGES: &[(&str, &[&str])] = &[
    ("core", &[]),
    ("net", &["shieldwall-core"]),
    ("rules", &["shieldwall-core"]),
    ("scenery", &["shieldwall-core"]),
    ("ffi", &["shieldwall-core", "shieldwall-net"]),
    ("godot-ext", &["shieldwall-core", "shieldwall-net", "shieldwall-rules", "shieldwall-scenery"]),
    ("host-server", &["shieldwall-core", "shieldwall-net", "shieldwall-rules", "shieldwall-scenery"]),
];

#[test]
fn packages_depend_in_one_direction() {
    let mut findings = Vec::new();
    for (package, allowed) in PACKAGES {
        let manifest = std::fs::read_to_string(root().join(package).join("Cargo.toml")).expect("a manifest");
        let mut in_dependencies = false;
        for line in manifest.lines() {
            if line.starts_with('[') {
                in_dependencies = line.starts_with("[dependencies");
            }
            let name = line.split(['=', '.', ' ']).next().unwrap_or("");
            if in_dependencies && name.starts_with("shieldwall-") && !allowed.contains(&name) {
                findings.push(format!("{package}/Cargo.toml depends on {name}"));
            }
        }
    }
    report("packages depend downward only (docs/ARCHITECTURE.md):", &findings);
}

/// Module ranks: a module imports only modules of a lower rank (and itself).
const CORE_RANKS: &[(&str, u32)] = &[
    ("limits", 0),
    ("numeric", 0),
    ("rules", 1),
    ("state", 1),
    ("spatial", 2),
    ("systems", 3),
    ("step", 4),
    ("world", 5),
];
const NET_RANKS: &[(&str, u32)] = &[
    ("time", 0),
    ("link_simulator", 1),
    ("secure", 1),
    ("wire", 1),
    ("channel", 2),
    ("server", 3),
    ("client", 3),
    ("dissect", 4),
];

/// Modules named after `crate::` in the product's code of a file.
fn imported_modules(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    for (at, marker) in source.product_code().match_indices("crate::") {
        let rest = &source.product_code()[at + marker.len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut expecting = true;
            for (offset, c) in group.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => expecting = true,
                    c if expecting && (c.is_alphabetic() || c == '_') => {
                        found.extend(words_of(&group[offset..]).next().map(str::to_owned));
                        expecting = false;
                    }
                    _ => {}
                }
            }
        } else {
            found.extend(words_of(rest).next().map(str::to_owned));
        }
    }
    found
}

fn check_ranks(package: &str, ranks: &[(&str, u32)], findings: &mut Vec<String>) {
    let rank_of = |module: &str| ranks.iter().find(|(name, _)| *name == module).map(|(_, rank)| *rank);
    let prefix = format!("{package}/src/");
    for source in rust_sources() {
        let Some(inside) = source.path.strip_prefix(&prefix) else { continue };
        let module = inside.split(['/', '.']).next().unwrap_or("");
        if module == "lib" || source.is_test() {
            continue;
        }
        let Some(own) = rank_of(module) else {
            findings.push(format!(
                "{}: module {module} has no rank: give it one in tests/tests/tidy/imports.rs",
                source.path
            ));
            continue;
        };
        for imported in imported_modules(&source) {
            let allowed = imported == module || rank_of(&imported).is_none_or(|rank| rank < own);
            // `rules` and `state` share a rank: state holds what rules describe.
            let sisters =
                module == "state" && imported == "rules" || own == 0 && rank_of(&imported) == Some(0);
            if !allowed && !sisters {
                findings.push(format!("{} imports crate::{imported}", source.path));
            }
        }
    }
}

#[test]
fn modules_import_downward() {
    let mut findings = Vec::new();
    check_ranks("core", CORE_RANKS, &mut findings);
    check_ranks("net", NET_RANKS, &mut findings);
    report(
        "a module imports only modules of a lower rank (see the lists in tests/tests/tidy/imports.rs):",
        &findings,
    );
}

/// Where numbers become floats for people and engines, in functions called `…_lossy` or `as_…`: nothing reads them back.
const FLOAT_EDGES: &[&str] = &[
    "core/src/numeric/units.rs",
    "core/src/numeric/angle.rs",
    "core/src/numeric/fixed.rs",
    "net/src/time.rs",
];

/// A word (or the head of a path), the folders in which it is fenced, and the files (or folders) in which it may stand.
const DOORS: &[(&str, &[&str], &[&str])] = &[
    (
        "rayon::",
        &["core/", "net/", "ffi/", "godot-ext/"],
        &["core/src/step/parallel.rs", "net/src/server/parallel.rs"],
    ),
    ("wide::", &["core/", "net/"], &["core/src/numeric/lanes/"]),
    ("mio::", &["host-server/src/"], &["host-server/src/net_io.rs", "host-server/src/websocket/"]),
    ("Instant", &["host-server/src/"], &["host-server/src/clock.rs"]),
    ("SystemTime", &["host-server/src/"], &["host-server/src/clock.rs"]),
    ("HashMap", &["core/src/", "net/src/"], &[]),
    ("HashSet", &["core/src/", "net/src/"], &[]),
    ("f32", &["core/src/", "net/src/"], FLOAT_EDGES),
    ("f64", &["core/src/", "net/src/"], FLOAT_EDGES),
    ("UdpSocket", &["core/", "net/src/", "ffi/src/"], &[]),
];

/// Whether a line of code names the word; one that ends with `::` must be followed by a path.
fn names(line: &str, word: &str) -> bool {
    match word.strip_suffix("::") {
        Some(head) => {
            line.match_indices(word).any(|(at, _)| words_of(&line[..at + head.len()]).last() == Some(head))
        }
        None => words_of(line).any(|found| found == word),
    }
}

#[test]
fn some_things_stand_behind_one_door() {
    let mut findings = Vec::new();
    for source in rust_sources() {
        for (word, fenced, doors) in DOORS {
            let inside = fenced.iter().any(|folder| source.path.starts_with(folder)) && !source.is_test();
            let at_a_door = doors.iter().any(|door| source.path.starts_with(door));
            if !inside || at_a_door {
                continue;
            }
            let line = source.product_code().lines().position(|line| names(line, word));
            findings.extend(line.map(|line| format!("{}:{} names {word}", source.path, line + 1)));
        }
    }
    report(
        "clocks, sockets, threads, SIMD and floats stand behind the doors listed in tests/tests/tidy/imports.rs:",
        &findings,
    );
}
