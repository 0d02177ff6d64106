//! Reading the rules file anew while the server runs.
//!
//! A thread of its own reads, compiles and judges the file, and hands the simulation thread a ruleset that is ready; that
//! announces it to the clients and adopts it at a tick two seconds later. A file with a mistake, or rules that a running world
//! does not adopt, leave the rules in force; each mistake is logged with its line and reason, and the refusal is counted.
//!
//! Not in here: who asks for it (`signals.rs`), what the rules do to the battle (`zone.rs`).

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use shieldwall_core::{Rules, RulesHash, Tick};
use shieldwall_net::server::AnnounceRulesError;

use crate::config::HostConfig;
use crate::error::HostError;
use crate::figures::Board;
use crate::queues::{Receiver, Sender, lane};
use crate::rules::{self, RulesFileError};
use crate::zone::Zone;

/// How often the thread looks for the answer of the simulation thread, which does not wake it.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Rules on their way to the simulation thread, and its answer on the way back.
pub struct RulesOffer {
    rules: Rules,
    answer: Option<Result<Tick, AnnounceRulesError>>,
}

/// The simulation thread's end.
pub struct OfferedRules {
    offers: Receiver<RulesOffer>,
    answers: Sender<RulesOffer>,
}

impl OfferedRules {
    /// Announces what was offered, unless something is announced already: then it waits. Call it once a tick.
    pub fn take(&self, zone: &mut Zone) {
        if zone.is_changing_rules() {
            return;
        }
        if let Some(mut offer) = self.offers.receive() {
            offer.answer = Some(zone.announce_rules(&offer.rules));
            if let Some(mut answer) = self.answers.take() {
                core::mem::swap(&mut answer, &mut offer);
                self.answers.send(answer);
            }
            self.offers.give_back(offer);
        }
    }
}

/// The other end: asks for a reload.
pub struct RulesReloader {
    asks: Option<mpsc::Sender<()>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread works with.
struct Reader {
    path: Option<PathBuf>,
    /// The version that was announced last.
    current: RulesHash,
    offers: Sender<RulesOffer>,
    answers: Receiver<RulesOffer>,
    board: Arc<Board>,
    stop: Arc<AtomicBool>,
}

/// Starts the thread of a server with this configuration.
///
/// # Errors
/// [`HostError::System`] when there is no thread for it.
pub fn start(config: &HostConfig, board: &Arc<Board>) -> Result<(RulesReloader, OfferedRules), HostError> {
    let empty = || RulesOffer { rules: Rules::default(), answer: None };
    let (offers_in, offers_out) = lane(1, empty);
    let (answers_in, answers_out) = lane(1, empty);
    let stop = Arc::new(AtomicBool::new(false));
    let mut reader = Reader {
        path: config.ruleset.path.clone(),
        current: config.world.rules.hash(),
        offers: offers_in,
        answers: answers_out,
        board: Arc::clone(board),
        stop: Arc::clone(&stop),
    };
    let (asks, asked) = mpsc::channel();
    let thread = std::thread::Builder::new()
        .name("rules".to_owned())
        .spawn(move || {
            while asked.recv().is_ok() && !reader.stop.load(Ordering::Acquire) {
                // Several wishes while one was carried out are one.
                while asked.try_recv().is_ok() {}
                reader.reload();
            }
        })
        .map_err(|error| HostError::System { what: "starting a thread", message: error.to_string() })?;
    let reloader = RulesReloader { asks: Some(asks), stop, thread: Some(thread) };
    Ok((reloader, OfferedRules { offers: offers_out, answers: answers_in }))
}

impl RulesReloader {
    /// Asks for the file to be read anew. Returns at once; the log and the figures tell what came of it.
    pub fn reload(&self) {
        if self.asks.as_ref().is_some_and(|asks| asks.send(()).is_err()) {
            tracing::error!("the rules cannot be read anew: their thread has ended");
        }
    }
}

impl Drop for RulesReloader {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.asks = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread of the rules ended with a panic");
        }
    }
}

impl Reader {
    fn reload(&mut self) {
        let Some(path) = &self.path else {
            tracing::error!("the rules are the shipped ones: there is no file to read anew (--rules FILE)");
            return self.refuse();
        };
        let ruleset = match rules::read(path) {
            Ok(ruleset) => ruleset,
            Err(error) => {
                self.log_mistakes(&error);
                return self.refuse();
            }
        };
        let (file, hash) = (path.display().to_string(), ruleset.rules.hash());
        for warning in &ruleset.warnings.diagnostics {
            tracing::warn!(line = warning.line, column = warning.column, "{warning}");
        }
        if hash == self.current {
            tracing::info!(%hash, file, "the rules are as before");
            return;
        }
        match self.offer(&ruleset.rules) {
            Some(Ok(from)) => {
                self.current = hash;
                *self.board.rules.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some(Arc::new(ruleset.rules));
                tracing::info!(%hash, file, tick = from.0, "the rules change");
            }
            Some(Err(error)) => {
                tracing::error!(%hash, file, %error, "the rules stay as they are");
                self.refuse();
            }
            None => {}
        }
    }

    /// Waits for the simulation thread's answer; none when the server ends first.
    fn offer(&self, rules: &Rules) -> Option<Result<Tick, AnnounceRulesError>> {
        let mut offer = self.offers.take()?;
        *offer = RulesOffer { rules: *rules, answer: None };
        self.offers.send(offer);
        while !self.stop.load(Ordering::Acquire) {
            if let Some(answer) = self.answers.receive() {
                let result = answer.answer;
                self.answers.give_back(answer);
                return result;
            }
            std::thread::sleep(LOOK_EVERY);
        }
        None
    }

    fn log_mistakes(&self, error: &RulesFileError) {
        if let RulesFileError::Refused(report) = error {
            for mistake in &report.diagnostics {
                tracing::error!(line = mistake.line, column = mistake.column, "{mistake}");
            }
        }
        tracing::error!(current = %self.current, "the rules stay as they are: {}", error.summary());
    }

    fn refuse(&self) {
        self.board.rules_refused.fetch_add(1, Ordering::Relaxed);
    }
}
