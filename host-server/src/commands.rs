//! The subcommands that run something: `demo`, `serve`, `bots`, `token`. Each returns when it is done or told to end.
//!
//! Results for a person or a script go to standard output; the log goes to standard error.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use shieldwall_core::RulesHash;
use shieldwall_net::secure::{DEVELOPMENT_KEY, PROTOCOL_ID};
use shieldwall_net::time::Micros;

use crate::bots::{Crowd, CrowdParts, THOUGHTS_HZ, threads_for};
use crate::capture::key_log::KeyLog;
use crate::cli::{BotsFlags, DemoFlags, RunFlags, Scenario, ServeFlags, TokenFlags};
use crate::clock::Clock;
use crate::config::{ConfigError, HostConfig, LogSettings, Origin, read_key_file};
use crate::error::HostError;
use crate::figures::{Board, BotFigures};
use crate::host::Host;
use crate::logging;
use crate::open_files;
use crate::queues::Latest;
use crate::report::BotReport;
use crate::rules;
use crate::signals::{ReloadFlag, StopFlag};
use crate::stats::{Stats, StatsAssembler};
use crate::terrain;
use crate::tokens::TokenMaker;
use crate::websocket::client::WebSocketTarget;

/// How often the supervising thread looks whether it is time to end.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// `shieldwall` and `shieldwall demo`.
///
/// # Errors
/// Everything that keeps it from running, and [`HostError::BotsNotConnected`] or [`HostError::BotsLost`] at the end.
pub fn demo(flags: &DemoFlags) -> Result<(), HostError> {
    let config = HostConfig::resolve_demo(&flags.server, flags.bots, flags.scenario, std::env::vars_os())?;
    let _log = logging::start(&config.log, "warn")?;
    log_rules(&config);
    open_files::make_room_for(config.bots.count)?;
    let (stop, reload) = (StopFlag::on_signals()?, reload_flag(&config)?);
    let clock = Clock::start();
    let count = config.bots.count;
    let threads = if config.bots.threads == 0 { threads_for(count) } else { config.bots.threads };
    let host = Host::start(&config, clock, threads, flags.server.record.as_deref())?;
    announce(&host, &format!("{count} bots fight"));
    let board = Arc::clone(host.board());
    let parts = CrowdParts {
        clock,
        tokens: host.tokens(),
        count,
        seed: config.world.seed,
        first_client_id: 1,
        threads,
        thoughts_hz: flags.busy.thoughts_hz.unwrap_or(THOUGHTS_HZ),
        predict: !flags.busy.no_prediction,
        scenery: Arc::clone(&config.scenery),
        websocket: None,
        // The host logs the keys of all.
        key_log: None,
        roams: flags.scenario == Scenario::Spread,
        // Their server is this one, and they go with its rules when these change.
        expected_rules: None,
        publish: Arc::new(move |thread, figures| board.bots[thread].publish(figures)),
    };
    let crowd = match (count > 0).then(|| Crowd::start(&parts)).transpose() {
        Ok(crowd) => crowd,
        Err(error) => {
            // What was recorded is kept; the first failure is the one to tell.
            let _ = host.stop(|| Ok(None));
            return Err(error);
        }
    };
    let died = supervise(&host, clock, &config, &flags.run, (&stop, &reload), || {
        crowd.as_ref().is_some_and(|crowd| !crowd.is_running()).then_some("bots")
    });
    let last = host.board().all_bots();
    let mut played = None;
    let report = host.stop(|| {
        played = crowd.map(Crowd::stop).transpose()?.map(|bots| bots.as_of(last));
        Ok(played)
    })?;
    print(&report.summary());
    if let Some(path) = &flags.run.report {
        report.write(path)?;
    }
    died?;
    played.map_or(Ok(()), |bots| judge_bots(&bots, &stop))
}

/// `shieldwall serve`.
///
/// # Errors
/// Everything that keeps it from running.
pub fn serve(flags: &ServeFlags) -> Result<(), HostError> {
    let config = HostConfig::resolve(&flags.server, None, std::env::vars_os())?;
    let _log = logging::start(&config.log, "info")?;
    log_rules(&config);
    open_files::make_room_for(0)?;
    let (stop, reload) = (StopFlag::on_signals()?, reload_flag(&config)?);
    let clock = Clock::start();
    let host = Host::start(&config, clock, 0, flags.server.record.as_deref())?;
    announce(&host, &format!("serving up to {} clients", config.server.max_clients));
    if config.server.private_key == DEVELOPMENT_KEY {
        tracing::warn!("the development key is in use: everybody on this machine can make tokens");
    }
    let died = supervise(&host, clock, &config, &flags.run, (&stop, &reload), || None);
    let report = host.stop(|| Ok(None))?;
    print(&report.summary());
    if let Some(path) = &flags.run.report {
        report.write(path)?;
    }
    died
}

/// `shieldwall bots`.
///
/// # Errors
/// Everything that keeps it from running, and [`HostError::BotsNotConnected`] or [`HostError::BotsLost`] at the end.
pub fn bots(flags: &BotsFlags) -> Result<(), HostError> {
    let _log = logging::start(&LogSettings { format: crate::cli::LogFormat::Human, level: None }, "warn")?;
    open_files::make_room_for(flags.bots)?;
    let stop = StopFlag::on_signals()?;
    let expected_rules = expected_rules(flags.rules.as_deref())?;
    let target = |url: &String| WebSocketTarget::new(url, flags.tls_ca.as_deref());
    let websocket = flags.websocket.as_ref().map(target).transpose()?;
    let key_log = flags.key_log.as_deref().map(KeyLog::create).transpose()?;
    let key_log = key_log.map(|log| Arc::new(Mutex::new(log)));
    let clock = Clock::start();
    let threads = threads_for(flags.bots);
    let figures: Arc<Vec<Latest<BotFigures>>> =
        Arc::new((0..threads).map(|_| Latest::new(BotFigures::default())).collect());
    let published = Arc::clone(&figures);
    let started = clock.now();
    let crowd = Crowd::start(&CrowdParts {
        clock,
        tokens: TokenMaker {
            protocol_id: PROTOCOL_ID,
            private_key: key_or_development(flags.key_file.as_deref())?,
            servers: vec![flags.server],
            // What servers with a key of their own expect by default.
            lifetime_s: 300,
        },
        count: flags.bots,
        seed: flags.seed,
        first_client_id: flags.first_client_id,
        threads,
        thoughts_hz: flags.busy.thoughts_hz.unwrap_or(THOUGHTS_HZ),
        predict: !flags.busy.no_prediction,
        scenery: terrain::scenery(flags.terrain.as_deref())?,
        websocket,
        key_log,
        roams: false,
        expected_rules,
        publish: Arc::new(move |thread, figures| published[thread].publish(figures)),
    })?;
    let place = flags.websocket.clone().unwrap_or_else(|| flags.server.to_string());
    print(&format!("{} bots connect to {place}\n", flags.bots));
    let mut connected_us = 0_u64;
    let mut last = started;
    while !stop.is_raised() && !is_over(&flags.run, started, clock.now()) && crowd.is_running() {
        std::thread::sleep(LOOK_EVERY);
        let now = clock.now();
        let read: Vec<BotFigures> = figures.iter().map(Latest::read).collect();
        let connected: u32 = read.iter().map(|thread| thread.connected).sum();
        let over: u32 = read.iter().map(|thread| thread.over).sum();
        if over >= flags.bots {
            break; // told to leave, lost or refused: nobody is left
        }
        connected_us += u64::from(connected) * now.since(last).0;
        last = now;
    }
    let sum = crowd.stop()?;
    let report = BotReport::new(&sum, connected_us as f64 / 1e6);
    let text = serde_json::to_string_pretty(&report).unwrap_or_default();
    match &flags.run.report {
        Some(path) if path != Path::new("-") => std::fs::write(path, text + "\n")
            .map_err(|source| HostError::File { path: path.clone(), source })?,
        _ => print(&(text + "\n")),
    }
    judge_bots(&sum, &stop)
}

/// `shieldwall token`.
///
/// # Errors
/// When there are no random bytes, too many addresses, or the file cannot be written.
pub fn token(flags: &TokenFlags) -> Result<(), HostError> {
    let maker = TokenMaker {
        protocol_id: PROTOCOL_ID,
        private_key: key_or_development(flags.key_file.as_deref())?,
        servers: flags.servers.clone(),
        lifetime_s: flags.expires_s,
    };
    let token = maker.token(flags.client_id, &flags.name, Clock::start().unix())?;
    let bytes = token.write();
    match &flags.out {
        Some(path) => {
            std::fs::write(path, bytes).map_err(|source| HostError::File { path: path.clone(), source })
        }
        None => {
            let mut text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            text.push('\n');
            print(&text);
            Ok(())
        }
    }
}

/// Raised by SIGHUP where there is a file to read anew.
fn reload_flag(config: &HostConfig) -> Result<ReloadFlag, HostError> {
    if config.ruleset.path.is_some() { ReloadFlag::on_signal() } else { Ok(ReloadFlag::default()) }
}

/// The hash of a ruleset that bots are given.
fn expected_rules(file: Option<&Path>) -> Result<Option<RulesHash>, HostError> {
    let Some(file) = file else { return Ok(None) };
    let ruleset =
        rules::read(file).map_err(|error| ConfigError::Rules { origin: Origin::Flag("--rules"), error })?;
    Ok(Some(ruleset.rules.hash()))
}

/// Says in the log by which rules this server plays, and what was rounded in their file.
fn log_rules(config: &HostConfig) {
    for warning in &config.ruleset.warnings.diagnostics {
        tracing::warn!(line = warning.line, column = warning.column, "{warning}");
    }
    let hash = config.world.rules.hash();
    match &config.ruleset.path {
        Some(path) => tracing::info!(%hash, file = %path.display(), "the rules are those of a file"),
        None => tracing::info!(%hash, "the rules are the shipped ones"),
    }
}

fn key_or_development(file: Option<&Path>) -> Result<[u8; 32], HostError> {
    match file {
        Some(path) => Ok(read_key_file(path)?),
        None => Ok(DEVELOPMENT_KEY),
    }
}

/// The one line that says where everything is.
fn announce(host: &Host, what: &str) {
    let address = host.address();
    let page = match host.page() {
        Some((page, false)) => format!("watch at http://{page}"),
        Some((page, true)) => format!("watch at http://{page} (the usual port is in use)"),
        None => "no live page".to_owned(),
    };
    let rules = host.rules();
    let websocket = host.websocket().map_or_else(String::new, |url| format!(" and {url}"));
    print(&format!(
        "shieldwall {}: {what} on udp://{address}{websocket}; {page}; rules {rules}\n",
        env!("CARGO_PKG_VERSION")
    ));
}

/// Waits for the end: a signal, the wished duration, or a thread that died. Shows a line of figures in a terminal.
fn supervise(
    host: &Host,
    clock: Clock,
    config: &HostConfig,
    run: &RunFlags,
    (stop, reload): (&StopFlag, &ReloadFlag),
    other_death: impl Fn() -> Option<&'static str>,
) -> Result<(), HostError> {
    let mut line = StatusLine::new(config, host.started());
    let outcome = loop {
        let now = clock.now();
        if stop.is_raised() || is_over(run, host.started(), now) {
            break Ok(());
        }
        if let Some(name) = host.dead_thread().or_else(&other_death) {
            break Err(HostError::ThreadDied(name));
        }
        if reload.take() {
            host.reload_rules();
        }
        line.show(host.board(), now);
        std::thread::sleep(LOOK_EVERY);
    };
    line.end();
    outcome
}

fn is_over(run: &RunFlags, started: Micros, now: Micros) -> bool {
    run.duration_s.is_some_and(|seconds| now.since(started) >= Micros::from_secs(seconds))
}

/// A line of live figures that is written over itself; nothing where standard output is no terminal.
struct StatusLine {
    assembler: Option<StatsAssembler>,
    shown: Option<Micros>,
}

impl StatusLine {
    fn new(config: &HostConfig, started: Micros) -> Self {
        let assembler = std::io::stdout().is_terminal().then(|| StatsAssembler::new(&config.world, started));
        Self { assembler, shown: None }
    }

    fn show(&mut self, board: &Board, now: Micros) {
        let Some(assembler) = &mut self.assembler else { return };
        if self.shown.is_some_and(|shown| now.since(shown) < Micros::from_millis(500)) {
            return;
        }
        self.shown = Some(now);
        print(&format!("\r\x1b[K{}", status_text(&assembler.sample(board, now))));
    }

    fn end(&mut self) {
        if self.shown.is_some() {
            print("\r\x1b[K");
        }
    }
}

fn status_text(stats: &Stats) -> String {
    let score: Vec<String> = stats.score.iter().map(u64::to_string).collect();
    let left_out = if stats.packets_skipped_share > 0.0 {
        format!("  left out {:.1} %", stats.packets_skipped_share * 1e2)
    } else {
        String::new()
    };
    format!(
        "{:>4.0} s  {} clients  tick p50 {:.2} p99 {:.2} ms  late {}{left_out}  down {:.1} up {:.1} KB/s each  kills {}",
        stats.uptime_s,
        stats.clients,
        stats.tick_ms.p50,
        stats.tick_ms.p99,
        stats.ticks_late,
        stats.bytes_down_per_client_s / 1e3,
        stats.bytes_up_per_client_s / 1e3,
        score.join(":"),
    )
}

/// Whether a run of bots that came to its end did what it was to do. One that was cut short by a signal is not
/// judged, and bots that had hardly begun when it ended are not missed.
fn judge_bots(bots: &BotFigures, stop: &StopFlag) -> Result<(), HostError> {
    let (connected, wanted, lost) = (bots.ever_connected, bots.bots, bots.disconnects);
    if stop.is_raised() {
        return Ok(());
    }
    if bots.unanswered > 0 {
        let why = match lost {
            0 => "no answer; is the server running there?".to_owned(),
            n => format!("{n} were refused or lost; is the server full, is the key the right one?"),
        };
        return Err(HostError::BotsNotConnected { connected, wanted, why });
    }
    match lost {
        0 => Ok(()),
        lost => Err(HostError::BotsLost { lost, of: wanted }),
    }
}

/// Writes to standard output. A reader that went away is no reason to stop a server.
pub fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        tracing::debug!("nobody reads standard output");
    }
}
