//! Programs in other languages, built against the header and the library that this test run made: C (shared and static
//! library, also under valgrind), C++ (the header alone) and Python. The golden hash must be Rust's.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use shieldwall_core::{
    Brads, CharacterId, CharacterInput, Command as WorldCommand, Event, Metres, Placement,
};
use shieldwall_core::{World, WorldConfig};

const CHARACTERS: u32 = 64;
const TICKS: u32 = 600;

fn mix(i: u32, t: u32) -> u32 {
    let mut h =
        i.wrapping_mul(2_654_435_761).wrapping_add((t / 15).wrapping_mul(2_246_822_519)).wrapping_add(7);
    h ^= h >> 15;
    h = h.wrapping_mul(2_246_822_507);
    h ^= h >> 13;
    h = h.wrapping_mul(3_266_489_909);
    h ^ (h >> 16)
}

/// The scene "muster" by the kernel itself.
fn muster_in_rust() -> String {
    let config = WorldConfig { seed: 7, character_capacity: 256, ..WorldConfig::default() };
    let mut world = World::new(&config).expect("the configuration is valid");
    let spawns: Vec<WorldCommand> = (0..CHARACTERS)
        .map(|i| WorldCommand::Spawn {
            tag: i,
            team: (i % 2) as u8,
            class: 0,
            placement: Placement::At {
                x: Metres::from_m((i % 8) as i32 * 2 - 8),
                z: Metres::from_m((i / 8) as i32 * 2 - 8),
                yaw: Brads((i * 1024) as u16),
            },
        })
        .collect();
    world.step(&spawns);
    let mut ids = [CharacterId::NONE; CHARACTERS as usize];
    for event in world.events() {
        if let Event::Spawned { tag, id } = event {
            ids[*tag as usize] = *id;
        }
    }
    for t in 1..=TICKS {
        let inputs: Vec<WorldCommand> = (0..CHARACTERS)
            .map(|i| {
                let h = mix(i, t);
                let input = CharacterInput {
                    buttons: (h & 15) as u16,
                    move_right: ((h >> 8) as u8 as i8).max(-127),
                    move_forward: ((h >> 16) as u8 as i8).max(-127),
                    yaw: Brads((h >> 4) as u16),
                    pitch: 0,
                };
                WorldCommand::Input { id: ids[i as usize], input }
            })
            .collect();
        world.step(&inputs);
    }
    let line = format!("muster {}\n", world.state_hash());
    let goldens = include_str!("../../tests/tests/goldens.txt");
    assert!(goldens.contains(&line), "{line} is not the golden of tests/tests/goldens.txt");
    line
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where cargo put the libraries that belong to this test program: beside it.
fn library_folder() -> PathBuf {
    let program = std::env::current_exe().expect("a test program has a path");
    program.parent().expect("a file is in a folder").to_owned()
}

fn scratch(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(&folder).expect("cargo's folder for tests can be made");
    folder.join(name)
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?} ended with {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Compiles ffi/examples/`example`.c with the given linker arguments.
fn compile(example: &str, program: &str, link: &[&str]) -> PathBuf {
    let program = scratch(program);
    run(Command::new("gcc")
        .args(["-std=c11", "-O1", "-g", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I"])
        .arg(package().join("../include"))
        .arg(package().join("examples").join(example))
        .args(link)
        .arg("-o")
        .arg(&program));
    program
}

fn compile_shared(program: &str) -> PathBuf {
    let folder = library_folder();
    let folder = folder.to_str().expect("cargo's folders are UTF-8");
    compile("muster.c", program, &["-L", folder, "-l:libshieldwall.so", &format!("-Wl,-rpath,{folder}")])
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn c_with_the_shared_library_has_the_golden_hash() {
    let program = compile_shared("muster_shared");
    assert_eq!(text(&run(&mut Command::new(program))), muster_in_rust());
}

#[test]
fn c_with_the_static_library_has_the_golden_hash() {
    let archive = library_folder().join("libshieldwall.a");
    let archive = archive.to_str().expect("cargo's folders are UTF-8");
    let program = compile("muster.c", "muster_static", &[archive, "-lpthread", "-ldl", "-lm"]);
    assert_eq!(text(&run(&mut Command::new(program))), muster_in_rust());
}

#[test]
fn c_touches_no_foreign_memory_and_leaks_none() {
    if !has("valgrind") {
        eprintln!("SKIPPED: valgrind is not installed: memory of the C program not checked");
        return;
    }
    let program = compile_shared("muster_valgrind");
    let mut command = Command::new("valgrind");
    command.args(["--quiet", "--error-exitcode=9", "--leak-check=full", "--errors-for-leak-kinds=definite"]);
    assert_eq!(text(&run(command.arg(program))), muster_in_rust());
}

#[test]
fn the_header_is_valid_cpp() {
    if !has("g++") {
        eprintln!("SKIPPED: g++ is not installed: the header was not compiled as C++");
        return;
    }
    let header = package().join("../include/shieldwall.h");
    run(Command::new("g++")
        .args(["-std=c++17", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-x", "c++"])
        .arg(header));
}

#[test]
fn python_has_the_golden_hash() {
    if !has("python3") {
        eprintln!("SKIPPED: python3 is not installed: the ctypes program was not run");
        return;
    }
    let output = run(Command::new("python3")
        .arg(package().join("examples/muster.py"))
        .arg(library_folder().join("libshieldwall.so")));
    assert_eq!(text(&output), muster_in_rust());
}
