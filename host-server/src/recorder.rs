//! Recording a battle: the simulation thread makes drafts, a writer thread of its own packs them and writes to the file.
//!
//! Policy when the writer is behind by all chunks there are: the recording ends there, with a message, and stays
//! good up to that point. The tick never waits for a disk.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use shieldwall_core::numeric::Ticks;
use shieldwall_core::{Command, ReplayOptions, ReplayRecorder, ReplaySealer, World};

use crate::error::HostError;
use crate::queues::{Receiver, Sender, lane};

/// Pieces in flight at most: seconds of a disk that does not answer.
const PIECES: usize = 8;

/// How often what is recorded, for a tick rate: a hash a second, a chunk every two seconds (what a crash can lose), a
/// keyframe every thirty.
fn options(tick_hz: u16) -> ReplayOptions {
    let second = u32::from(tick_hz);
    ReplayOptions {
        hash_every: Ticks(second),
        keyframe_every: Ticks(30 * second),
        chunk_ticks: Ticks(2 * second),
    }
}

/// Drafts of the file on their way to the disk.
struct Piece {
    drafts: Vec<u8>,
}

/// The simulation thread's end of a recording.
pub struct Recorder {
    recorder: ReplayRecorder,
    pieces: Sender<Piece>,
    piece: Option<Box<Piece>>,
    dropped: u64,
    done: Arc<AtomicBool>,
}

/// The writer thread; ask it for the outcome when the simulation is over.
pub struct RecordingFile {
    thread: JoinHandle<std::io::Result<()>>,
    path: PathBuf,
}

/// Begins to record `world` into a new file at `path`.
///
/// # Errors
/// [`HostError::File`] when the file cannot be made, [`HostError::System`] when there is no thread for it.
pub fn start(path: &Path, world: &World) -> Result<(Recorder, RecordingFile), HostError> {
    let file = File::create(path).map_err(|source| HostError::File { path: path.to_path_buf(), source })?;
    // Room for a chunk of ticks and a keyframe: no tick makes it grow.
    let room = ReplayRecorder::draft_bytes_max(world) + 1_024;
    let (sender, receiver) = lane(PIECES, || Piece { drafts: Vec::with_capacity(room) });
    let done = Arc::new(AtomicBool::new(false));
    let writer_done = Arc::clone(&done);
    let thread = std::thread::Builder::new()
        .name("recorder".to_owned())
        .spawn(move || write_pieces(file, &receiver, &writer_done))
        .map_err(|error| HostError::System { what: "starting a thread", message: error.to_string() })?;
    let pieces = sender;
    let mut piece = pieces.take();
    let mut nowhere = Vec::new();
    let first = piece.as_mut().map_or(&mut nowhere, |piece| &mut piece.drafts);
    let recorder = ReplayRecorder::begin(world, &options(world.config().tick_hz), first);
    if let Some(first) = piece.take() {
        pieces.send(first);
        piece = pieces.take();
    }
    let recorder = Recorder { recorder, pieces, piece, dropped: 0, done };
    Ok((recorder, RecordingFile { thread, path: path.to_path_buf() }))
}

impl Recorder {
    /// Records a tick: the commands it was given, and the world after it.
    pub fn record(&mut self, commands: &[Command], world: &World) {
        self.write(|recorder, drafts| recorder.record(world, commands, drafts));
    }

    /// Records that the world has adopted other rules; before its next tick.
    pub fn record_rules(&mut self, world: &World) {
        self.write(|recorder, drafts| recorder.record_rules(world, drafts));
    }

    fn write(&mut self, write: impl FnOnce(&mut ReplayRecorder, &mut Vec<u8>)) {
        let Some(piece) = self.piece.as_deref_mut() else {
            self.dropped += 1;
            return;
        };
        write(&mut self.recorder, &mut piece.drafts);
        if !piece.drafts.is_empty()
            && let Some(full) = self.piece.take()
        {
            self.pieces.send(full);
            self.piece = self.pieces.take();
            match &mut self.piece {
                Some(next) => next.drafts.clear(),
                None => tracing::error!("the disk is too slow for the recording; it ends here"),
            }
        }
    }

    /// Ticks that are missing because the writer was behind.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Ends the recording.
    pub fn finish(mut self, world: &World) {
        if let Some(mut piece) = self.piece.take() {
            self.recorder.finish(world, &mut piece.drafts);
            self.pieces.send(piece);
        }
        self.done.store(true, Ordering::Release);
    }
}

impl RecordingFile {
    /// Waits until everything is in the file.
    ///
    /// # Errors
    /// [`HostError::File`] when writing failed at some time.
    pub fn finish(self) -> Result<PathBuf, HostError> {
        match self.thread.join() {
            Ok(Ok(())) => Ok(self.path),
            Ok(Err(source)) => Err(HostError::File { path: self.path, source }),
            Err(_) => Err(HostError::ThreadDied("recorder")),
        }
    }
}

fn write_pieces(mut file: File, pieces: &Receiver<Piece>, done: &AtomicBool) -> std::io::Result<()> {
    let mut sealer = ReplaySealer::new();
    let mut sealed = Vec::new();
    loop {
        // Asked before the queue is emptied: what is sent before the end is in it then.
        let last_round = done.load(Ordering::Acquire);
        while let Some(piece) = pieces.receive() {
            sealed.clear();
            sealer.seal(&piece.drafts, &mut sealed);
            file.write_all(&sealed)?;
            pieces.give_back(piece);
        }
        if last_round {
            return file.sync_all();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
