//! Bots: each a full client with a socket of its own, played by a [`pilot::Pilot`]; many on one thread.
//!
//! In here: the thread, its sockets, its timetable. What a bot decides is in `brain.rs`, what it sees before it in `look.rs`. Bots have a lower priority
//! than the server, because in `demo` they share its processor; they are a load, not a part of it.

mod aim;
mod arms;
pub mod brain;
mod goals;
mod lines;
mod look;
pub mod pilot;
mod random;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use shieldwall_core::RulesHash;
use shieldwall_core::spatial::Scenery;
use shieldwall_net::client::{
    EndReason, EntityView, GameClient, GameClientConfig, GameClientState, SharedWorlds,
};
use shieldwall_net::secure::{DATAGRAM_MAX, SessionKeys};
use shieldwall_net::time::Micros;
use shieldwall_net::wire::goodbye::GoodbyeReason;

use self::lines::BotLines;
use self::pilot::Pilot;
use crate::capture::key_log::KeyLog;
use crate::clock::{Clock, thread_cpu_us};
use crate::error::HostError;
use crate::figures::BotFigures;
use crate::net_io::Sent;
use crate::thread_policy;
use crate::tokens::{TokenMaker, fill_random};
use crate::websocket::client::WebSocketTarget;

/// A bot looks at its socket and clock so often in a second, as a player's machine does every other frame.
const ACT_HZ: u64 = 30;

/// It decides anew so often in a second, when nobody says otherwise.
pub const THOUGHTS_HZ: u32 = 6;

/// All bots begin to connect within this time, one after another.
const STAGGER: Micros = Micros(1_200_000);

/// A bot that is not connected so long after it began counts as unanswered.
const ANSWERED_WITHIN: Micros = Micros(1_000_000);

/// Bots that one thread can play.
const BOTS_PER_THREAD: u32 = 500;

/// How often figures are published.
const PUBLISH_EVERY: Micros = Micros(250_000);

/// How much nicer bots are than the rest of the process.
#[cfg(unix)]
/// What a crowd of bots is made from.
pub struct CrowdParts {
    /// The process's clock.
    pub clock: Clock,
    /// Makes each bot's token.
    pub tokens: TokenMaker,
    /// How many.
    pub count: u32,
    /// Seed of what they do.
    pub seed: u64,
    /// Client id of the first; the others count up.
    pub first_client_id: u64,
    /// Threads they run on.
    pub threads: u32,
    /// How often each looks around and decides anew, a second, 1 to 30. Between two thoughts it does what any client must:
    /// it decodes, acknowledges, predicts and sends.
    pub thoughts_hz: u32,
    /// Whether they predict their own characters, as a player's client does.
    pub predict: bool,
    /// What the server's world stands on and has standing in it.
    pub scenery: Arc<Scenery>,
    /// Where the server's WebSocket is, for bots that connect by it; `None`: by UDP.
    pub websocket: Option<WebSocketTarget>,
    /// Where the keys of the bots' sessions are logged.
    pub key_log: Option<Arc<Mutex<KeyLog>>>,
    /// Each stays where it came into the world and strolls about there.
    pub roams: bool,
    /// The rules that the server must play by; `None` takes any.
    pub expected_rules: Option<RulesHash>,
    /// Takes the figures of thread number `usize`, a few times a second.
    pub publish: Arc<dyn Fn(usize, BotFigures) + Send + Sync>,
}

/// A running crowd.
pub struct Crowd {
    threads: Vec<JoinHandle<BotFigures>>,
    stop: Arc<AtomicBool>,
}

/// How many threads `count` bots need when nobody says: one for each 500, at most one for each processor.
#[must_use]
pub fn threads_for(count: u32) -> u32 {
    let processors = std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(1));
    count.div_ceil(BOTS_PER_THREAD).clamp(1, processors)
}

impl Crowd {
    /// Opens the sockets and starts the threads.
    ///
    /// # Errors
    /// [`HostError::Socket`] when there are not enough sockets, [`HostError::System`] for threads or random bytes.
    pub fn start(parts: &CrowdParts) -> Result<Self, HostError> {
        let mut crowd = Self { threads: Vec::new(), stop: Arc::new(AtomicBool::new(false)) };
        match crowd.start_threads(parts) {
            Ok(()) => Ok(crowd),
            Err(error) => {
                // The first failure is the one to tell.
                let _ = crowd.stop();
                Err(error)
            }
        }
    }

    fn start_threads(&mut self, parts: &CrowdParts) -> Result<(), HostError> {
        let count = parts.threads.clamp(1, parts.count.max(1));
        let worlds = Arc::new(SharedWorlds::default());
        for thread in 0..count {
            let bots = (0..parts.count).filter(|bot| bot % count == thread).collect::<Vec<_>>();
            let player =
                BotThread::new(parts, thread as usize, &bots, (Arc::clone(&self.stop), Arc::clone(&worlds)))?;
            let handle = std::thread::Builder::new()
                .name(format!("bots-{thread}"))
                .spawn(move || player.run())
                .map_err(|error| HostError::System {
                    what: "starting a thread",
                    message: error.to_string(),
                })?;
            self.threads.push(handle);
        }
        Ok(())
    }

    /// Whether all threads still run.
    #[must_use]
    pub fn is_running(&self) -> bool {
        !self.threads.iter().any(JoinHandle::is_finished)
    }

    /// Lets all bots say goodbye, ends the threads and returns their figures.
    ///
    /// # Errors
    /// [`HostError::ThreadDied`] when one of them panicked.
    pub fn stop(self) -> Result<BotFigures, HostError> {
        self.stop.store(true, Ordering::Release);
        let mut sum = BotFigures::default();
        for thread in self.threads {
            sum.add(&thread.join().map_err(|_| HostError::ThreadDied("bots"))?);
        }
        Ok(sum)
    }
}

/// One bot.
struct Bot {
    socket: usize,
    client: GameClient,
    pilot: Pilot,
    began: Micros,
    index: u32,
    logged_epoch: Option<u32>,
    ever_connected: bool,
    /// The session ended otherwise than by the server's word that it stops.
    lost: bool,
}

/// A bot that has not begun yet.
struct Seed {
    socket: usize,
    index: u32,
}

struct BotThread {
    clock: Clock,
    tokens: TokenMaker,
    seed: u64,
    first_client_id: u64,
    thread: usize,
    acts_per_thought: u64,
    publish: Arc<dyn Fn(usize, BotFigures) + Send + Sync>,
    stop: Arc<AtomicBool>,
    lines: BotLines,
    key_log: Option<Arc<Mutex<KeyLog>>>,
    seeds: std::vec::IntoIter<Seed>,
    total: u32,
    /// All threads together play so many bots that they can fill the processors.
    is_crowd: bool,
    bots: Vec<Bot>,
    others: Vec<EntityView>,
    /// The world that all bots play in.
    worlds: Arc<SharedWorlds>,
    scenery: Arc<Scenery>,
    roams: bool,
    expected_rules: Option<RulesHash>,
    predict: bool,
    figures: BotFigures,
}

impl BotThread {
    fn new(
        parts: &CrowdParts,
        thread: usize,
        bots: &[u32],
        (stop, worlds): (Arc<AtomicBool>, Arc<SharedWorlds>),
    ) -> Result<Self, HostError> {
        let failed = |source| HostError::Socket {
            what: format!("{} sockets for bots (see `ulimit -n`)", bots.len()),
            source,
        };
        let mut lines = BotLines::new(parts.websocket.as_ref()).map_err(failed)?;
        let mut seeds = Vec::with_capacity(bots.len());
        for &index in bots {
            let socket = lines.open(parts.tokens.servers[0]).map_err(failed)?;
            seeds.push(Seed { socket, index });
        }
        Ok(Self {
            clock: parts.clock,
            tokens: parts.tokens.clone(),
            seed: parts.seed,
            first_client_id: parts.first_client_id,
            thread,
            acts_per_thought: ACT_HZ / u64::from(parts.thoughts_hz).clamp(1, ACT_HZ),
            publish: Arc::clone(&parts.publish),
            stop,
            lines,
            key_log: parts.key_log.clone(),
            total: bots.len() as u32,
            is_crowd: parts.count > BOTS_PER_THREAD,
            seeds: seeds.into_iter(),
            bots: Vec::with_capacity(bots.len()),
            others: Vec::with_capacity(1024),
            worlds,
            scenery: Arc::clone(&parts.scenery),
            roams: parts.roams,
            expected_rules: parts.expected_rules,
            predict: parts.predict,
            figures: BotFigures { bots: bots.len() as u32, ..BotFigures::default() },
        })
    }

    fn run(mut self) -> BotFigures {
        thread_policy::lower_priority();
        if self.is_crowd {
            thread_policy::take_what_is_left();
        }
        let began = self.clock.now();
        let (mut acts_done, mut next) = (0_u64, 0);
        let mut published = began;
        while !self.stop.load(Ordering::Acquire) {
            let now = self.clock.now();
            self.wake_bots(now.since(began));
            self.read_sockets();
            // Bots act in turn, evenly over a period: number k of all acts is due at k / (ACT_HZ * bots). Where acts are left out,
            // whose turn it is stays: a slow machine makes all bots act less often, and none of them not at all.
            let acts_per_s = ACT_HZ * u64::from(self.total);
            let acts_due = now.since(began).0 * acts_per_s / 1_000_000;
            // Behind by more than a period: acts are left out, as frames are on a slow machine.
            acts_done = acts_done.max(acts_due.saturating_sub(u64::from(self.total)));
            while acts_done < acts_due {
                self.act(next);
                next = (next + 1) % self.total as usize;
                acts_done += 1;
            }
            if now.since(published) >= PUBLISH_EVERY {
                published = now;
                self.publish_figures();
            }
            self.clock.sleep_until(now + Micros(1_000));
        }
        self.publish_figures();
        self.say_goodbye();
        self.figures.cpu_us = thread_cpu_us();
        self.figures
    }

    /// Lets the bots begin whose time has come.
    fn wake_bots(&mut self, since_began: Micros) {
        let due = u64::from(self.total) * since_began.0.min(STAGGER.0) / STAGGER.0;
        while (self.bots.len() as u64) < due {
            let Some(Seed { socket, index }) = self.seeds.next() else { return };
            let client_id = self.first_client_id + u64::from(index);
            let name = format!("Bot {}", index + 1);
            // Nobody takes a bot's news.
            let worlds = Some(Arc::clone(&self.worlds));
            let scenery = Arc::clone(&self.scenery);
            let config = GameClientConfig {
                event_capacity: 1,
                worlds,
                scenery,
                expected_rules: self.expected_rules,
                predicts: self.predict,
                ..GameClientConfig::default()
            };
            let mut seed = [0; 32];
            let token = self.tokens.token(client_id, &name, self.clock.unix());
            match token.and_then(|token| fill_random(&mut seed).map(|()| token)) {
                Ok(token) => self.bots.push(Bot {
                    socket,
                    client: GameClient::with_forward_secrecy(token, config, seed, self.clock.now()),
                    pilot: Pilot::new(self.seed, index, self.roams).thinking_every(self.acts_per_thought),
                    began: self.clock.now(),
                    index,
                    logged_epoch: None,
                    ever_connected: false,
                    lost: false,
                }),
                Err(error) => tracing::error!(%error, "a bot has no token"),
            }
        }
    }

    fn read_sockets(&mut self) {
        self.lines.look();
        let mut buffer = [0; DATAGRAM_MAX];
        let server = self.tokens.servers[0];
        for at in 0..self.lines.ready().len() {
            let socket = self.lines.ready()[at];
            // Connections are made before their bots begin: the handshake goes on without them.
            let mut bot = self.bots.get_mut(socket);
            while let Some(length) = self.lines.receive(socket, &mut buffer, self.clock.now()) {
                // Sockets and bots are in the same order.
                let Some(bot) = &mut bot else { continue };
                if matches!(bot.client.state(), GameClientState::Ended(_)) {
                    continue; // what was still under way
                }
                let now = self.clock.now();
                if let Err(error) = bot.client.handle_datagram(server, &mut buffer[..length], now) {
                    tracing::debug!(bot = socket, %error, "a bot refused a datagram");
                }
            }
        }
    }

    fn act(&mut self, index: usize) {
        let Some(bot) = self.bots.get_mut(index) else { return };
        let now = self.clock.now();
        self.others.clear();
        if bot.pilot.thinks_next() {
            bot.client.sample_crowd(now, &mut self.others);
        }
        let input = bot.pilot.act(&bot.client, &self.others);
        bot.client.advance(now, input);
        transmit(&mut self.lines, bot, now, &mut self.figures);
        log_keys(self.key_log.as_deref(), bot, self.first_client_id + u64::from(bot.index));
        let state = bot.client.state();
        bot.ever_connected |= is_connected(state);
        if let GameClientState::Ended(reason) = state
            && !bot.lost
            && reason != EndReason::Goodbye(GoodbyeReason::Shutdown)
        {
            bot.lost = true;
            tracing::warn!(bot = index, %reason, "a bot lost its session");
        }
    }

    fn publish_figures(&mut self) {
        let figures = &mut self.figures;
        let counted = BotFigures {
            bots: figures.bots,
            socket_full: figures.socket_full,
            cpu_us: thread_cpu_us(),
            ..BotFigures::default()
        };
        *figures = counted;
        let now = self.clock.now();
        for bot in &self.bots {
            let stats = bot.client.stats();
            let answer_due = now.since(bot.began) > ANSWERED_WITHIN;
            figures.unanswered += u32::from(answer_due && !bot.ever_connected);
            figures.ever_connected += u32::from(bot.ever_connected);
            figures.over += u32::from(matches!(bot.client.state(), GameClientState::Ended(_)));
            figures.disconnects += u32::from(bot.lost);
            figures.corrections += stats.corrections;
            figures.states_checked += stats.state_checks.states;
            figures.state_mismatches += stats.state_checks.mismatches;
            for (sum, count) in figures.corrections_by.iter_mut().zip(stats.corrections_by) {
                *sum += count;
            }
            figures.correction_max_mm = figures.correction_max_mm.max(stats.correction_max_mm);
            figures.snapshots += stats.snapshots;
            figures.refused += stats.refused_datagrams + stats.refused_payloads;
            figures.bytes_down += stats.bytes_received;
            figures.bytes_up += stats.bytes_sent;
            if is_connected(bot.client.state()) {
                figures.connected += 1;
                figures.snapshot_age_sum_us += u64::from(stats.snapshot_age_us);
                figures.rtt_sum_us += u64::from(stats.rtt_us);
            }
        }
        (self.publish)(self.thread, *figures);
    }

    fn say_goodbye(&mut self) {
        let now = self.clock.now();
        for bot in &mut self.bots {
            bot.client.disconnect();
            transmit(&mut self.lines, bot, now, &mut self.figures);
        }
        self.lines.close();
    }
}

/// Sends everything a client wants to send now.
fn transmit(lines: &mut BotLines, bot: &mut Bot, now: Micros, figures: &mut BotFigures) {
    let mut out = [0; DATAGRAM_MAX];
    while let Some((_, length)) = bot.client.poll_transmit(now, &mut out) {
        match lines.send(bot.socket, &out[..length]) {
            Sent::Full => figures.socket_full += 1,
            // Refused: nobody listens there (yet, or any more); the client notices by silence.
            Sent::Yes | Sent::Refused => {}
        }
    }
}

/// Logs the keys of a bot's session, where that is asked for and they are new.
fn log_keys(log: Option<&Mutex<KeyLog>>, bot: &mut Bot, client_id: u64) {
    let Some(log) = log else { return };
    let epoch = bot.client.keys().0;
    if bot.logged_epoch == Some(epoch) {
        return;
    }
    bot.logged_epoch = Some(epoch);
    let keys = SessionKeys { client_id, ..bot.client.session_keys() };
    let written = log.lock().unwrap_or_else(PoisonError::into_inner).write(&keys);
    if let Err(error) = written {
        tracing::error!(%error, "keys are missing in the log");
    }
}

fn is_connected(state: GameClientState) -> bool {
    !matches!(state, GameClientState::Connecting | GameClientState::Ended(_))
}
