//! What the tests need beside Rust, gcc and Python, and how this machine gets it.
//!
//! Nothing here is needed to build or run the product. A missing piece is named, never fatal: the part of the tests
//! that needs it then says that it cannot run.

use crate::process::{self, Outcome};
use std::path::PathBuf;
use std::process::Command;

/// Where Godot is put: outside the build folder, so that `cargo clean` does not cost a download.
pub fn godot_prefix() -> PathBuf {
    if let Some(prefix) = std::env::var_os("GODOT_PREFIX") {
        return prefix.into();
    }
    cache_folder("godot")
}

/// A folder for tools of this project, outside the build folder.
pub fn cache_folder(name: &str) -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).unwrap_or_else(|| {
        std::env::var_os("HOME")
            .map_or_else(|| PathBuf::from(".cache"), |home| PathBuf::from(home).join(".cache"))
    });
    cache.join("shieldwall").join(name)
}

/// Installs everything and says what is there in the end.
pub fn run() -> Outcome {
    for (what, result) in [("Chromium with its driver", chromium()), ("Xvfb", xvfb()), ("Godot 4", godot())] {
        match result {
            Ok(()) => println!("ready: {what}"),
            Err(reason) => println!("MISSING: {what}: {reason}"),
        }
    }
    Ok(())
}

/// Chromium and its WebDriver, for the check of the live page.
pub fn chromium() -> Outcome {
    install_missing(&[("chromium", "chromium"), ("chromedriver", "chromium-driver")])
}

/// A virtual screen, for the screenshot of the Godot demo.
pub fn xvfb() -> Outcome {
    install_missing(&[("xvfb-run", "xvfb"), ("xauth", "xauth")])
}

/// What builds Box2D for the benchmark with peers.
pub fn cmake() -> Outcome {
    install_missing(&[("cmake", "cmake"), ("g++", "g++")])
}

/// The instruction counter.
pub fn valgrind() -> Outcome {
    install_missing(&[("valgrind", "valgrind")])
}

/// The runner of the instruction benches, in a folder of this project, at the version the benches are pinned to.
pub fn gungraun_runner() -> Result<PathBuf, String> {
    let folder = cache_folder("gungraun");
    let program = folder.join("bin").join("gungraun-runner");
    let lock = std::fs::read_to_string("Cargo.lock").map_err(|error| format!("Cargo.lock: {error}"))?;
    let mut lines = lock.lines().skip_while(|line| *line != "name = \"gungraun\"");
    let version = lines.nth(1).and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
    let version = version.ok_or("Cargo.lock names no version of gungraun")?;
    let installed = Command::new(&program).arg("--version").output();
    let current =
        installed.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim().ends_with(version));
    if !current {
        let mut command = process::cargo();
        command.args(["install", "--quiet", "--locked", "--force", "gungraun-runner", "--version", version]);
        process::run(command.arg("--root").arg(&folder))?;
    }
    Ok(program)
}

/// Godot 4 in a folder of its own, by the project's script.
pub fn godot() -> Outcome {
    let script = "tools/get-godot.sh";
    match process::status(Command::new("sh").arg(script).arg(godot_prefix()))? {
        0 => Ok(()),
        process::CANNOT_RUN_HERE => Err(format!("{script} says that this machine cannot install it")),
        code => Err(format!("{script} ended with exit code {code}")),
    }
}

/// Installs the Debian packages whose program is missing. Needs root, as apt does.
fn install_missing(programs_and_packages: &[(&str, &str)]) -> Outcome {
    let missing: Vec<&str> = programs_and_packages
        .iter()
        .filter(|(program, _)| !process::has_program(program))
        .map(|(_, package)| *package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !process::has_program("apt-get") {
        return Err(format!("install {} with your package manager", missing.join(" ")));
    }
    let install = || {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command.args(["install", "-y", "-qq", "--no-install-recommends"]).args(&missing);
        process::run(&mut command)
    };
    // The package lists may be missing or old: fetch them once, then try again.
    install().or_else(|_| {
        process::run(Command::new("apt-get").args(["update", "-qq"]))?;
        install()
    })?;
    Ok(())
}
