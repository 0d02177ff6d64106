//! `shieldwall replay`: looks into recorded battles, runs them again, jumps to a tick.

use std::io::{IsTerminal, Write as _};
use std::path::Path;
use std::sync::Arc;

use shieldwall_core::numeric::Tick;
use shieldwall_core::{ReplayError, ReplayReader, SnapshotError, World};
use shieldwall_net::time::Micros;

use crate::clock::Clock;
use crate::error::HostError;
use crate::terrain;
use shieldwall_scenery::built_in;

/// Reads a file whole.
///
/// # Errors
/// [`HostError::File`].
pub fn read(path: &Path) -> Result<Vec<u8>, HostError> {
    std::fs::read(path).map_err(|source| HostError::File { path: path.to_path_buf(), source })
}

/// A replay's error as one of the host, with the file's name.
pub(crate) fn refused(path: &Path, error: ReplayError) -> HostError {
    let mut message = format!("{}: {error}", path.display());
    if matches!(error, ReplayError::Snapshot(SnapshotError::OtherConfiguration { .. })) {
        message += "; it was recorded on other ground or among other scenery: name the file that ran then with --terrain";
    }
    match error {
        ReplayError::HashMismatch { .. } => HostError::ReplayDiffers(message),
        _ => HostError::ReplayFormat(message),
    }
}

/// A reader of the recording at `path`, whose bytes these are, of a world with the height or scenery file at `terrain`.
pub(crate) fn reader<'b>(
    path: &Path,
    bytes: &'b [u8],
    terrain: Option<&Path>,
) -> Result<ReplayReader<'b>, HostError> {
    let reader = ReplayReader::new(bytes).map_err(|error| refused(path, error))?;
    let scenery = match terrain {
        Some(_) => terrain::scenery(terrain)?,
        // Where none is named, a recording knows the sceneries that the program brings along.
        None => Arc::new(built_in::recorded(reader.config(), reader.fingerprint()).unwrap_or_default()),
    };
    Ok(reader.with_scenery((*scenery).clone()))
}

/// What stands in the recording at `path`, without running it.
///
/// # Errors
/// [`HostError::File`] when it cannot be read, [`HostError::ReplayFormat`] when it is none.
pub fn info(path: &Path) -> Result<String, HostError> {
    let bytes = read(path)?;
    let reader = ReplayReader::new(&bytes).map_err(|error| refused(path, error))?;
    let info = reader.info().map_err(|error| refused(path, error))?;
    let config = reader.config();
    let seconds = f64::from(info.ticks) / f64::from(config.tick_hz);
    let end = match (info.final_hash, info.torn_bytes) {
        (Some(hash), _) => format!("complete; final hash {hash}"),
        (None, 0) => "not ended by its writer".to_owned(),
        (None, torn) => format!("cut off: {torn} bytes at the end are no whole chunk"),
    };
    let packed = 100.0 * bytes.len() as f64 / (info.content_bytes as f64).max(1.0);
    Ok(format!(
        "ticks      {} to {} ({} ticks, {seconds:.1} s at {} a second)\n\
         commands   {}\n\
         chunks     {} ({} keyframes, one every {} ticks; a hash every {} ticks; {} changes of rules)\n\
         size       {} bytes, {packed:.0} % of {} unpacked\n\
         world      seed {}, {} teams, slots for {} characters and {} projectiles, fingerprint {:016x}\n\
         end        {end}",
        info.first_tick.0,
        reader.end_tick().0,
        info.ticks,
        config.tick_hz,
        info.commands,
        info.chunks,
        info.keyframes,
        info.keyframe_every.0,
        info.hash_every.0,
        info.rules_changes,
        bytes.len(),
        info.content_bytes,
        config.seed,
        config.teams,
        config.character_capacity,
        config.projectile_capacity,
        reader.fingerprint(),
    ))
}

/// Runs the recording at `path` again, on the ground and among the scenery of the file at `terrain`; the text says what was
/// found.
///
/// # Errors
/// [`HostError::File`] when a file cannot be read, [`HostError::ReplayFormat`] when it is none,
/// [`HostError::ReplayDiffers`] when a hash differs.
pub fn verify(path: &Path, terrain: Option<&Path>) -> Result<String, HostError> {
    let bytes = read(path)?;
    let reader = reader(path, &bytes, terrain)?;
    let mut progress = Progress::new("verified", reader.first_tick(), reader.end_tick());
    let report = reader.run(u32::MAX, |world| progress.show(world.tick()));
    progress.end();
    let report = report.map_err(|error| refused(path, error))?;
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

/// Jumps to a tick of the recording at `path` and writes the state there to `out`; the text says what it is.
///
/// # Errors
/// As [`verify`], and [`HostError::File`] when `out` cannot be written.
pub fn seek(path: &Path, terrain: Option<&Path>, tick: u32, out: Option<&Path>) -> Result<String, HostError> {
    let bytes = read(path)?;
    let reader = reader(path, &bytes, terrain)?;
    let mut player = reader.player_at(Tick(tick)).map_err(|error| refused(path, error))?;
    let mut progress = Progress::new("run", player.world().tick(), Tick(tick));
    while player.world().tick() != Tick(tick) && player.step().map_err(|error| refused(path, error))? {
        progress.show(player.world().tick());
    }
    progress.end();
    let world = player.into_world();
    if let Some(out) = out {
        let mut image = Vec::new();
        world.snapshot_into(&mut image);
        std::fs::write(out, image).map_err(|source| HostError::File { path: out.to_path_buf(), source })?;
    }
    Ok(describe(&world))
}

/// A world in one line.
fn describe(world: &World) -> String {
    let view = world.characters();
    let alive = view.live_slots().filter(|slot| view.is_alive(*slot)).count();
    format!(
        "tick {}: hash {}, {} characters ({alive} alive), {} projectiles",
        world.tick().0,
        world.state_hash(),
        world.character_count(),
        world.projectiles().live_slots().count(),
    )
}

/// A line on standard error that says how far something is; nothing where that is no terminal.
pub(crate) struct Progress {
    clock: Option<Clock>,
    verb: &'static str,
    first: Tick,
    ticks: u32,
    shown: Micros,
}

impl Progress {
    pub(crate) fn new(verb: &'static str, first: Tick, end: Tick) -> Self {
        let clock = std::io::stderr().is_terminal().then(Clock::start);
        Self { clock, verb, first, ticks: end.0.wrapping_sub(first.0), shown: Micros(0) }
    }

    pub(crate) fn show(&mut self, tick: Tick) {
        let Some(clock) = &self.clock else { return };
        let now = clock.now();
        if now.since(self.shown) < Micros::from_millis(250) {
            return;
        }
        self.shown = now;
        let done = tick.0.wrapping_sub(self.first.0);
        let percent = 100.0 * f64::from(done) / f64::from(self.ticks.max(1));
        let line = format!("\r\x1b[K{} {done} of {} ticks ({percent:.0} %)", self.verb, self.ticks);
        let _ = std::io::stderr().write_all(line.as_bytes());
    }

    pub(crate) fn end(&self) {
        if self.shown > Micros(0) {
            let _ = std::io::stderr().write_all(b"\r\x1b[K");
        }
    }
}
