//! Starting programs: with the command printed, with its exit status read, and never left behind.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Result of an xtask step: the error is the line a person reads.
pub type Outcome = Result<(), String>;

/// Exit status by which our scripts say "this machine cannot run me" (the convention of automake's test driver).
pub const CANNOT_RUN_HERE: i32 = 77;

/// All commands run from the root of the repository, wherever `cargo xtask` was called.
pub fn enter_repository_root() {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let root = manifest.parent().expect("xtask lies in a folder of the repository");
    std::env::set_current_dir(root).expect("the repository that built xtask is still there");
}

/// Folder of build outputs: the one cargo itself uses.
pub fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from)
}

/// The cargo that started us, so that `cargo +toolchain xtask` stays on that toolchain.
pub fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs a command in the foreground; prints it first.
pub fn run(command: &mut Command) -> Outcome {
    match status(command)? {
        0 => Ok(()),
        code => Err(format!("`{}` ended with exit code {code}", line(command))),
    }
}

/// Runs a command in the foreground and returns its exit code (128 where a signal ended it).
pub fn status(command: &mut Command) -> Result<i32, String> {
    println!("\x1b[2m$ {}\x1b[0m", line(command));
    let ended = command
        .stdin(Stdio::null())
        .status()
        .map_err(|error| format!("`{}` could not be started: {error}", line(command)))?;
    Ok(ended.code().unwrap_or(128))
}

/// Runs a command and returns what it wrote to its standard output; its errors go to ours.
pub fn output(command: &mut Command) -> Result<String, String> {
    output_or_code(command)?.map_err(|code| format!("`{}` ended with exit code {code}", line(command)))
}

/// As [`output`], with the exit code where it is not 0.
pub fn output_or_code(command: &mut Command) -> Result<Result<String, i32>, String> {
    println!("\x1b[2m$ {}\x1b[0m", line(command));
    let ended = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("`{}` could not be started: {error}", line(command)))?;
    match ended.status.code() {
        Some(0) => Ok(Ok(String::from_utf8_lossy(&ended.stdout).into_owned())),
        code => Ok(Err(code.unwrap_or(128))),
    }
}

/// True where `name` is a program on the PATH.
pub fn has_program(name: &str) -> bool {
    let Some(path) = std::env::var_os("PATH") else { return false };
    std::env::split_paths(&path).any(|folder| is_file(&folder.join(name)))
}

fn is_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file())
}

fn line(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    words.join(" ")
}

/// A program in the background that is ended, and waited for, when this value goes.
pub struct Background {
    child: Child,
}

impl Background {
    /// Starts the command with its output thrown away.
    pub fn start(command: &mut Command) -> Result<Self, String> {
        println!("\x1b[2m$ {} &\x1b[0m", line(command));
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("`{}` could not be started: {error}", line(command)))?;
        Ok(Self { child })
    }

    /// Waits until `ready` says yes, the program ends, or the time is over.
    pub fn wait_until(&mut self, limit: Duration, mut ready: impl FnMut() -> bool) -> Outcome {
        let start = Instant::now();
        while start.elapsed() < limit {
            if let Ok(Some(ended)) = self.child.try_wait() {
                return Err(format!("the program ended too early, with {ended}"));
            }
            if ready() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(format!("the program was not ready within {} s", limit.as_secs()))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // A failure means that it has ended already, which is what we want.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
