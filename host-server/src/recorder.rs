//! Recording a battle: the simulation thread encodes, a writer thread of its own writes to the file.
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
use shieldwall_core::{Command, ReplayWriter, World};

use crate::error::HostError;
use crate::queues::{Receiver, Sender, lane};

/// A chunk is handed over when it has at least so many bytes.
const CHUNK_BYTES: usize = 64 << 10;

/// Chunks in flight at most.
const CHUNKS: usize = 64;

/// Ticks between two recorded hashes.
const HASH_EVERY: Ticks = Ticks(60);

/// A piece of the file on its way to the disk.
struct Chunk {
    bytes: Vec<u8>,
}

/// The simulation thread's end of a recording.
pub struct Recorder {
    writer: ReplayWriter,
    chunks: Sender<Chunk>,
    chunk: Option<Box<Chunk>>,
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
    // A tick in which every character gets a command must fit without growing.
    let room = CHUNK_BYTES + world.characters().len() * 24;
    let (sender, receiver) = lane(CHUNKS, || Chunk { bytes: Vec::with_capacity(room) });
    let done = Arc::new(AtomicBool::new(false));
    let writer_done = Arc::clone(&done);
    let thread = std::thread::Builder::new()
        .name("recorder".to_owned())
        .spawn(move || write_chunks(file, &receiver, &writer_done))
        .map_err(|error| HostError::System { what: "starting a thread", message: error.to_string() })?;
    let mut chunk = sender.take();
    let mut header = Vec::new();
    let first = chunk.as_mut().map_or(&mut header, |chunk| &mut chunk.bytes);
    let writer = ReplayWriter::begin(world, HASH_EVERY, first);
    let recorder = Recorder { writer, chunks: sender, chunk, dropped: 0, done };
    Ok((recorder, RecordingFile { thread, path: path.to_path_buf() }))
}

impl Recorder {
    /// Records a tick: the commands it was given, and the world after it.
    pub fn record(&mut self, commands: &[Command], world: &World) {
        let Some(chunk) = self.chunk.as_deref_mut() else {
            self.dropped += 1;
            return;
        };
        self.writer.record(world, commands, &mut chunk.bytes);
        if chunk.bytes.len() >= CHUNK_BYTES
            && let Some(full) = self.chunk.take()
        {
            self.chunks.send(full);
            self.chunk = self.chunks.take();
            match &mut self.chunk {
                Some(next) => next.bytes.clear(),
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
        if let Some(mut chunk) = self.chunk.take() {
            self.writer.finish(world, &mut chunk.bytes);
            self.chunks.send(chunk);
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

fn write_chunks(mut file: File, chunks: &Receiver<Chunk>, done: &AtomicBool) -> std::io::Result<()> {
    loop {
        // Asked before the queue is emptied: what is sent before the end is in it then.
        let last_round = done.load(Ordering::Acquire);
        while let Some(chunk) = chunks.receive() {
            file.write_all(&chunk.bytes)?;
            chunks.give_back(chunk);
        }
        if last_round {
            return file.sync_all();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
