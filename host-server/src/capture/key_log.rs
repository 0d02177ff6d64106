//! Key logs: the secrets of sessions as text, one line for each epoch, so that a capture of them can be opened later.
//!
//! `shieldwall-keys 1 <peer> <client id> <protocol id> <epoch> <cipher> <key up> <key down>`, where the peer is the other end
//! as whoever wrote the line knew it, and keys are 64 hex digits. Lines that begin with `#` and empty ones say nothing.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use shieldwall_net::secure::{CipherSuite, PeerAddress, SessionKeys};

use super::create_private;
use crate::config::parse_key;
use crate::error::HostError;

const HEAD: &str = "shieldwall-keys 1";

/// A key log being written.
pub struct KeyLog {
    file: File,
    path: PathBuf,
}

impl KeyLog {
    /// A new file that only its owner can read.
    ///
    /// # Errors
    /// [`HostError::File`].
    pub fn create(path: &Path) -> Result<Self, HostError> {
        let failed = |source| HostError::File { path: path.to_path_buf(), source };
        let mut file = create_private(path).map_err(failed)?;
        writeln!(file, "# secrets: whoever has them reads and forges these sessions").map_err(failed)?;
        Ok(Self { file, path: path.to_path_buf() })
    }

    /// Writes the secrets of one epoch.
    ///
    /// # Errors
    /// [`HostError::File`].
    pub fn write(&mut self, keys: &SessionKeys) -> Result<(), HostError> {
        let text = line_of(keys);
        let written = self.file.write_all(text.as_bytes());
        written.map_err(|source| HostError::File { path: self.path.clone(), source })
    }
}

fn line_of(keys: &SessionKeys) -> String {
    let hex = |key: &[u8; 32]| key.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!(
        "{HEAD} {} {} {:016x} {} {} {} {}\n",
        keys.peer.socket,
        keys.client_id,
        keys.protocol_id,
        keys.epoch,
        keys.suite,
        hex(&keys.client_to_server),
        hex(&keys.server_to_client),
    )
}

/// Reads a key log.
///
/// # Errors
/// [`HostError::File`] when it cannot be read, [`HostError::Capture`] for a line that is none, with its number.
pub fn read(path: &Path) -> Result<Vec<SessionKeys>, HostError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| HostError::File { path: path.to_path_buf(), source })?;
    parse(&text).map_err(|line| {
        HostError::Capture(format!("{}: line {line} is not of a key log ({HEAD} …)", path.display()))
    })
}

/// Keys of a log's text, or the number of the first line that is none.
fn parse(text: &str) -> Result<Vec<SessionKeys>, usize> {
    let lines = (1..).zip(text.lines());
    let lines = lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    lines.map(|(number, line)| parse_line(line).ok_or(number)).collect()
}

fn parse_line(line: &str) -> Option<SessionKeys> {
    let mut words = line.strip_prefix(HEAD)?.split_ascii_whitespace();
    let mut word = || words.next();
    let peer: std::net::SocketAddr = word()?.parse().ok()?;
    let client_id = word()?.parse().ok()?;
    let protocol_id = u64::from_str_radix(word()?, 16).ok()?;
    let epoch = word()?.parse().ok()?;
    let name = word()?;
    let suites = [CipherSuite::ChaCha20Poly1305, CipherSuite::Aes256Gcm];
    let suite = suites.into_iter().find(|suite| suite.name() == name)?;
    let (client_to_server, server_to_client) = (parse_key(word()?)?, parse_key(word()?)?);
    if word().is_some() {
        return None;
    }
    let peer = PeerAddress::from(peer);
    Some(SessionKeys { peer, client_id, protocol_id, epoch, suite, client_to_server, server_to_client })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_comes_back_and_nothing_else_does() {
        let keys = SessionKeys {
            peer: PeerAddress::from(std::net::SocketAddr::from(([127, 0, 0, 1], 7_000))),
            client_id: u64::MAX,
            protocol_id: 0x0123,
            epoch: 3,
            suite: CipherSuite::Aes256Gcm,
            client_to_server: [0xab; 32],
            server_to_client: core::array::from_fn(|i| i as u8),
        };
        let line = line_of(&keys);
        assert_eq!(parse(&format!("# words\n\n{line}")), Ok(vec![keys]));
        for cut in 1..line.trim_end().len() {
            assert_eq!(parse(&line[..cut]), Err(1), "{}", &line[..cut]);
        }
        assert_eq!(parse(&format!("{line}{} more\n", line.trim_end())), Err(2));
        assert_eq!(parse(&line.replace("aes_256_gcm", "rot13")), Err(1));
    }
}
