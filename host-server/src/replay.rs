//! `shieldwall replay verify`: runs a recorded battle again and compares every recorded hash.

use std::path::Path;

use shieldwall_core::{ReplayError, ReplayReader};

use crate::error::HostError;

/// Runs the recording at `path` again; the text says what was found.
///
/// # Errors
/// [`HostError::File`] when it cannot be read, [`HostError::ReplayFormat`] when it is none,
/// [`HostError::ReplayDiffers`] when a hash differs.
pub fn verify(path: &Path) -> Result<String, HostError> {
    let bytes = std::fs::read(path).map_err(|source| HostError::File { path: path.to_path_buf(), source })?;
    let report =
        ReplayReader::new(&bytes).and_then(|reader| reader.verify(u32::MAX)).map_err(
            |error| match error {
                ReplayError::HashMismatch { .. } => HostError::ReplayDiffers(error.to_string()),
                other => HostError::ReplayFormat(other.to_string()),
            },
        )?;
    let end = match (report.finished, report.torn_bytes) {
        (true, _) => "complete".to_owned(),
        (false, 0) => "not ended by its writer, good up to its end".to_owned(),
        (false, torn) => format!("cut off: good up to the last {torn} bytes"),
    };
    Ok(format!(
        "{} ticks with {} commands, {} hashes agree ({end}); final hash {}",
        report.ticks, report.commands, report.hashes_checked, report.final_hash
    ))
}
