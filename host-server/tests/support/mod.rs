//! What the tests of the binary share: starting it, asking it over HTTP, ending it.
#![allow(clippy::unwrap_used)] // helpers of tests fail as tests do
#![allow(dead_code)] // each test file uses a part

pub mod raw_websocket;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The binary with these arguments, with nothing of this machine's environment that could change it.
pub fn shieldwall(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shieldwall"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SHIELDWALL_")) {
        command.env_remove(name);
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Runs it to its end: exit code, standard output, standard error.
pub fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = shieldwall(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// A file name in the folder for temporary files of the tests, not used by another test.
pub fn temporary(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", std::process::id()))
}

/// A running host, killed when dropped.
pub struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
    /// Where the game is.
    pub game: SocketAddr,
    /// Where the live page is.
    pub page: SocketAddr,
    /// The line that says where everything is.
    pub line: String,
}

impl Running {
    /// Starts it with free ports and waits for the line that says where it is.
    pub fn start(arguments: &[&str]) -> Self {
        let mut all = arguments.to_vec();
        all.extend(["--udp-port", "0", "--http-port", "0"]);
        let mut child = shieldwall(&all).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let after = |mark: &str| -> SocketAddr {
            let rest = line.split_once(mark).unwrap_or_else(|| panic!("no {mark} in {line:?}")).1;
            let end = rest.find([';', ' ', '\n']).unwrap_or(rest.len());
            rest[..end].parse().unwrap_or_else(|error| panic!("{error} in {line:?}"))
        };
        let (game, page) = (after("udp://"), after("http://"));
        Self { child, out, game, page, line }
    }

    /// Where its WebSocket is, as a URL.
    pub fn websocket(&self) -> String {
        let at = self.line.find(" and ws").unwrap_or_else(|| panic!("no WebSocket in {:?}", self.line));
        self.line[at + 5..].split(';').next().unwrap().to_owned()
    }

    /// The process's number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for the end, at most 20 seconds; what it still printed and what it logged come with it.
    pub fn wait(mut self) -> (ExitStatus, String, String) {
        let deadline = Instant::now() + Duration::from_secs(20);
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        };
        let (mut out, mut log) = (String::new(), String::new());
        self.out.read_to_string(&mut out).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (status, out, log)
    }

    /// The body of a page, which must answer with `status`.
    pub fn get(&self, path: &str, status: u16) -> String {
        let (answered, head, body) = get(self.page, path);
        assert_eq!(answered, status, "{path}: {head}");
        body
    }

    /// The value of a metric without labels, or with exactly these.
    pub fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics", 200);
        let line =
            text.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')));
        let line = line.unwrap_or_else(|| panic!("no {name} in\n{text}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }

    /// Waits until a metric satisfies a condition, at most ten seconds.
    pub fn wait_for_metric(&self, name: &str, condition: impl Fn(f64) -> bool) -> f64 {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let value = self.metric(name);
            if condition(value) {
                return value;
            }
            assert!(Instant::now() < deadline, "{name} stays {value}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended; there is nothing to do about an error.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One HTTP request: status, head, body.
pub fn get(address: SocketAddr, path: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = Vec::new();
    stream.read_to_end(&mut text).unwrap();
    let text = String::from_utf8_lossy(&text).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_owned(), body.to_owned())
}
