//! The golden scenes on other processors: compiled for them, run on emulators, and held against the one table; and
//! images written on each, continued on every other.

use crate::process::{self, CANNOT_RUN_HERE, Outcome};
use crate::setup;
use crate::summary::Ending;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Processors beside this one, and what is special about them.
const TARGETS: &[(&str, &str)] = &[
    ("aarch64-unknown-linux-gnu", "NEON"),
    ("s390x-unknown-linux-gnu", "big-endian"),
    ("wasm32-wasip1", "32 bits, SIMD128"),
];

/// One processor with the program that is compiled for it.
struct Platform {
    name: String,
    /// The emulator and its arguments; nothing for this machine's own processor.
    emulator: Vec<String>,
    program: PathBuf,
    /// Where it writes its images.
    folder: PathBuf,
}

impl Platform {
    /// Runs the program on a folder of images; its lines are `scene lanes hash`.
    fn call(&self, verb: &str, folder: &Path) -> Result<Vec<(String, String, String)>, String> {
        let mut words = self.emulator.clone();
        words.push(self.program.to_string_lossy().into_owned());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).arg(verb);
        if self.name.starts_with("wasm32") {
            // A wasm module sees one folder, as its root.
            command.arg("/").env("WASM_FOLDER", folder);
        } else {
            command.arg(folder);
        }
        let text = process::output(&mut command)?;
        let line = |line: &str| {
            let mut words = line.split_whitespace().map(str::to_owned);
            match (words.next(), words.next(), words.next()) {
                (Some(scene), Some(lanes), Some(hash)) => Ok((scene, lanes, hash)),
                _ => Err(format!("{}: '{line}' is not `scene lanes hash`", self.name)),
            }
        };
        text.lines().map(line).collect()
    }
}

/// `cargo xtask golden --cross`.
pub fn run() -> Ending {
    let settings = match settings() {
        Ok(Some(settings)) => settings,
        Ok(None) => return Ending::CannotRun("tools/get-cross.sh names the reason above".into()),
        Err(reason) => return Ending::Failed(reason),
    };
    match hold_everywhere(&settings) {
        Ok(()) => Ending::Passed,
        Err(reason) => Ending::Failed(reason),
    }
}

fn hold_everywhere(settings: &BTreeMap<String, String>) -> Outcome {
    let goldens = goldens()?;
    let platforms = build(settings)?;
    for platform in &platforms {
        let found = platform.call("run", &platform.folder)?;
        hold(&platform.name, &found, &goldens)?;
        let mut lanes: Vec<&str> = found.iter().map(|(_, lanes, _)| lanes.as_str()).collect();
        lanes.sort_unstable();
        lanes.dedup();
        println!("{}: {} scenes as in the table, lanes {}", platform.name, goldens.len(), lanes.join(", "));
    }
    for writer in &platforms {
        for reader in platforms.iter().filter(|reader| reader.name != writer.name) {
            let found = reader.call("continue", &writer.folder)?;
            hold(&format!("written on {}, continued on {}", writer.name, reader.name), &found, &goldens)?;
        }
        println!("{}: its images continue on every other processor as if never interrupted", writer.name);
    }
    Ok(())
}

/// Every scene of the table was run, and gave its hash.
fn hold(who: &str, found: &[(String, String, String)], goldens: &BTreeMap<String, String>) -> Outcome {
    for (scene, wanted) in goldens {
        let mut hashes = found.iter().filter(|(name, _, _)| name == scene).peekable();
        if hashes.peek().is_none() {
            return Err(format!("{who}: the scene {scene} was not run"));
        }
        if let Some((_, lanes, hash)) = hashes.find(|(_, _, hash)| hash != wanted) {
            return Err(format!("{who}: {scene} on lanes {lanes} gives {hash}, not {wanted}"));
        }
    }
    Ok(())
}

/// The committed table: scene to hash.
fn goldens() -> Result<BTreeMap<String, String>, String> {
    let path = "tests/tests/goldens.txt";
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let table: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(' '))
        .map(|(scene, hash)| (scene.to_owned(), hash.trim().to_owned()))
        .collect();
    if table.is_empty() { Err(format!("{path} holds no hashes")) } else { Ok(table) }
}

/// What `tools/get-cross.sh` found out about compilers and emulators.
/// Nothing where this machine cannot have them.
fn settings() -> Result<Option<BTreeMap<String, String>>, String> {
    let script = "tools/get-cross.sh";
    let mut command = Command::new("sh");
    command.arg(script).arg(setup::cache_folder("cross"));
    let path = match process::output_or_code(&mut command)? {
        Ok(text) => text.lines().last().unwrap_or_default().to_owned(),
        Err(CANNOT_RUN_HERE) => return Ok(None),
        Err(code) => return Err(format!("{script} ended with exit code {code}")),
    };
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    Ok(Some(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()))
}

/// Compiles the runner for this machine and for every other processor.
fn build(settings: &BTreeMap<String, String>) -> Result<Vec<Platform>, String> {
    let arguments = ["build", "--quiet", "--release", "-p", "shieldwall-scenes", "--bin", "golden-runner"];
    process::run(process::cargo().args(arguments))?;
    let folder = process::target_folder().join("cross");
    let images = |name: &str| -> Result<PathBuf, String> {
        let images = folder.join("images").join(name);
        std::fs::create_dir_all(&images).map_err(|error| format!("{}: {error}", images.display()))?;
        std::path::absolute(&images).map_err(|error| error.to_string())
    };
    let mut platforms = vec![Platform {
        name: std::env::consts::ARCH.to_owned(),
        emulator: Vec::new(),
        program: process::target_folder().join("release").join("golden-runner"),
        folder: images("native")?,
    }];
    for (target, what) in TARGETS {
        let mut command = process::cargo();
        command.args(arguments).args(["--target", target, "--target-dir"]).arg(&folder);
        command.envs(settings.iter().filter(|(key, _)| !key.starts_with("RUN_")));
        process::run(&mut command)?;
        let key = format!("RUN_{}", target.to_uppercase().replace('-', "_"));
        let emulator = settings.get(&key).ok_or(format!("no {key} in the settings of the cross tools"))?;
        let file = if target.starts_with("wasm32") { "golden-runner.wasm" } else { "golden-runner" };
        platforms.push(Platform {
            name: format!("{} ({what})", target.split('-').next().unwrap_or(target)),
            emulator: emulator.split_whitespace().map(str::to_owned).collect(),
            program: folder.join(target).join("release").join(file),
            folder: images(target)?,
        });
    }
    Ok(platforms)
}
