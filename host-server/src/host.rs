//! A running host: all threads of one server, started together and ended in order.
//!
//! In here: the wiring. The order of the end matters: first readiness goes away, then the simulation ends after the
//! tick it is in, then the network thread sends what is left and says goodbye, then the control plane closes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use shieldwall_core::RulesHash;
use shieldwall_net::secure::{DEVELOPMENT_KEY, SecureServer, SecureServerConfig};
use shieldwall_net::time::{Micros, UnixSeconds};

use crate::capture::CaptureFiles;
use crate::cli::Scenario;
use crate::clock::{Clock, process_cpu_us, stolen_us};
use crate::config::HostConfig;
use crate::control::{ControlParts, ControlPlane};
use crate::data_plane::{self, DataPlaneParts};
use crate::error::HostError;
use crate::figures::{Board, BotFigures, NetFigures};
use crate::links::{BATCHES, InboxItem, OutboxBatch};
use crate::live_feed::{self, LiveFrame};
use crate::ports::Ports;
use crate::queues::{Sender, lane};
use crate::recorder::{self, RecordingFile};
use crate::report::{Report, RunOutcome};
use crate::rules_reload::{self, RulesReloader};
use crate::simulation::{self, SimulationOutcome, SimulationParts};
use crate::tick_timing::TickTiming;
use crate::tokens::{TokenMaker, fill_random};
use crate::zone::Zone;

/// Ticks count for quantiles and as late from this long after the start on.
pub const WARM_UP: Micros = Micros(2_000_000);

/// Frames of the live page in flight.
const LIVE_FRAMES: usize = 3;

/// How long a token that this process makes can be used at least, in seconds.
const TOKEN_LIFETIME_S: u32 = 60;

/// A running host.
pub struct Host {
    config: HostConfig,
    started: Micros,
    cpu_at_start_us: u64,
    stolen_at_start_us: u64,
    address: SocketAddr,
    websocket: Option<String>,
    board: Arc<Board>,
    network: JoinHandle<NetFigures>,
    network_stop: Arc<AtomicBool>,
    simulation: JoinHandle<SimulationOutcome>,
    simulation_stop: Arc<AtomicBool>,
    control: Option<ControlPlane>,
    rules: RulesReloader,
    recording: Option<RecordingFile>,
    capture: Option<CaptureFiles>,
}

impl Host {
    /// Opens the ports and starts the threads. `bot_threads` is how many threads of bots will publish on the board;
    /// `record` is the file to keep a replay in.
    ///
    /// # Errors
    /// [`HostError::PortInUse`] and others, each with what to do about it. Nothing is left running then.
    pub fn start(
        config: &HostConfig,
        clock: Clock,
        bot_threads: u32,
        record: Option<&std::path::Path>,
    ) -> Result<Self, HostError> {
        let Ports { carriers, address, websocket, capture } = Ports::open(config, clock)?;
        let secure = secure_server(config, address, clock)?;
        let mut zone =
            Zone::new(&config.world, &config.scenery, &config.replication, config.server.max_clients)?;
        if config.mixed_classes {
            zone.mix_classes();
        }
        let board = Arc::new(Board::new(bot_threads as usize));
        let (control, live) = start_control(config, clock, &zone, &board)?;
        let recording = record.map(|path| recorder::start(path, zone.world())).transpose()?;
        let (recorder, recording) = recording.unzip();
        let (reloader, offered) = rules_reload::start(config, &board)?;
        let (inbox_in, inbox_out) = lane(inbox_items(config.server.max_clients), InboxItem::empty);
        let (outbox_in, outbox_out) = lane(BATCHES, OutboxBatch::empty);
        let (network_stop, simulation_stop) =
            (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let started = clock.now();
        let period_us = 1_000_000 / u64::from(config.world.tick_hz);
        let waker = carriers.sockets.waker();
        let network = DataPlaneParts {
            clock,
            carriers,
            secure,
            inbox: inbox_in,
            outbox: outbox_out,
            timing: TickTiming::new(period_us, started + WARM_UP),
            realtime: config.server.realtime,
            board: Arc::clone(&board),
            stop: Arc::clone(&network_stop),
        };
        let simulation = SimulationParts {
            clock,
            zone,
            inbox: inbox_out,
            outbox: outbox_in,
            waker,
            live,
            board: Arc::clone(&board),
            rules: offered,
            recorder,
            threads: config.server.threads,
            realtime: config.server.realtime,
            stop: Arc::clone(&simulation_stop),
        };
        let (cpu_at_start_us, stolen_at_start_us) = (process_cpu_us(), stolen_us());
        let (network, simulation) = spawn_both(network, simulation, &network_stop)?;
        Ok(Self {
            cpu_at_start_us,
            stolen_at_start_us,
            network,
            simulation,
            config: config.clone(),
            started,
            address,
            websocket,
            board,
            network_stop,
            simulation_stop,
            control,
            rules: reloader,
            recording,
            capture,
        })
    }

    /// Where clients connect to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where clients without UDP connect to, if they can.
    #[must_use]
    pub fn websocket(&self) -> Option<&str> {
        self.websocket.as_deref()
    }

    /// Where the live page is, if there is one, and whether the wished port was in use.
    #[must_use]
    pub fn page(&self) -> Option<(SocketAddr, bool)> {
        self.control.as_ref().map(|control| (control.address(), control.wished_port_taken()))
    }

    /// The version of the rules it plays by.
    #[must_use]
    pub fn rules(&self) -> RulesHash {
        let zone = self.board.zone.read();
        if zone.ticks == 0 { self.config.world.rules.hash() } else { zone.rules }
    }

    /// Has the rules file read anew, and the battle go on by what stands in it. Returns at once: the log, the figures and
    /// [`Host::rules`] tell what came of it.
    pub fn reload_rules(&self) {
        self.rules.reload();
    }

    /// Where the threads publish.
    #[must_use]
    pub fn board(&self) -> &Arc<Board> {
        &self.board
    }

    /// When the threads were started.
    #[must_use]
    pub fn started(&self) -> Micros {
        self.started
    }

    /// Makes tokens for this server.
    #[must_use]
    pub fn tokens(&self) -> TokenMaker {
        TokenMaker {
            protocol_id: self.config.server.protocol_id,
            private_key: self.config.server.private_key,
            servers: public_addresses(&self.config, self.address),
            lifetime_s: self.config.server.max_token_lifetime_s.max(TOKEN_LIFETIME_S),
        }
    }

    /// The thread that has died, if one has.
    #[must_use]
    pub fn dead_thread(&self) -> Option<&'static str> {
        if self.simulation.is_finished() {
            return Some("simulation");
        }
        self.network.is_finished().then_some("network")
    }

    /// Ends everything in order and makes the report. `end_bots` is called when the simulation has ended, before the
    /// sessions are closed, so that bots are not counted as cut off.
    ///
    /// # Errors
    /// [`HostError::ThreadDied`] when a thread panicked, [`HostError::File`] when the recording or the capture could not be
    /// written.
    pub fn stop(
        self,
        end_bots: impl FnOnce() -> Result<Option<BotFigures>, HostError>,
    ) -> Result<Report, HostError> {
        self.board.draining.store(true, Ordering::Relaxed);
        self.simulation_stop.store(true, Ordering::Release);
        let simulation = self.simulation.join().map_err(|_| HostError::ThreadDied("simulation"));
        let bots = end_bots();
        // Read when the bots' own threads have ended: what they used is taken off this, so both must be of one moment.
        let process_cpu_us = process_cpu_us().saturating_sub(self.cpu_at_start_us);
        let stolen_us = stolen_us().saturating_sub(self.stolen_at_start_us);
        drop(self.rules);
        self.network_stop.store(true, Ordering::Release);
        let network = self.network.join().map_err(|_| HostError::ThreadDied("network"));
        if let Some(control) = self.control {
            control.stop();
        }
        let recorded = self.recording.map(RecordingFile::finish).transpose();
        let captured = self.capture.map(CaptureFiles::finish).transpose();
        let (simulation, net, bots) = (simulation?, network?, bots?);
        recorded?;
        captured?;
        Ok(Report::new(&RunOutcome {
            seed: self.config.world.seed,
            scenario: self.config.scenario.map(Scenario::name),
            rules: simulation.rules,
            tick_hz: self.config.world.tick_hz,
            teams: self.config.world.teams,
            duration_s: simulation.ended_at.since(self.started).as_secs_f64(),
            warm_up_s: WARM_UP.as_secs_f64(),
            net,
            zone: simulation.figures,
            bots,
            process_cpu_us,
            stolen_us,
            state_hash: simulation.state_hash,
        }))
    }
}

/// Payloads that may wait for the simulation.
fn inbox_items(max_clients: u32) -> usize {
    (8 * max_clients as usize).clamp(1_024, 16_384)
}

/// Starts the two threads of the data path; where the second cannot start, the first is ended again.
fn spawn_both(
    network: DataPlaneParts,
    simulation: SimulationParts,
    network_stop: &AtomicBool,
) -> Result<(JoinHandle<NetFigures>, JoinHandle<SimulationOutcome>), HostError> {
    let network = spawn("network", move || data_plane::run(network))?;
    match spawn("simulation", move || simulation::run(simulation)) {
        Ok(simulation) => Ok((network, simulation)),
        Err(error) => {
            network_stop.store(true, Ordering::Release);
            // The first failure is the one to tell.
            let _ = network.join();
            Err(error)
        }
    }
}

fn spawn<T: Send + 'static>(
    name: &str,
    body: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, HostError> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(body)
        .map_err(|error| HostError::System { what: "starting a thread", message: error.to_string() })
}

/// The addresses tokens may name: those of the settings, else the one the server is bound to.
fn public_addresses(config: &HostConfig, bound: SocketAddr) -> Vec<SocketAddr> {
    if config.server.public_addresses.is_empty() {
        return vec![bound];
    }
    config.server.public_addresses.clone()
}

fn secure_server(config: &HostConfig, bound: SocketAddr, clock: Clock) -> Result<SecureServer, HostError> {
    let mut secure = SecureServerConfig::new(
        config.server.protocol_id,
        config.server.private_key,
        config.server.max_clients,
        public_addresses(config, bound),
    );
    secure.second_login = config.server.second_login;
    secure.require_rekey = config.server.require_forward_secrecy;
    if config.server.private_key != DEVELOPMENT_KEY && config.server.max_token_lifetime_s > 0 {
        let lifetime = u64::from(config.server.max_token_lifetime_s);
        secure.earliest_token_expiry = UnixSeconds(clock.unix().0.saturating_add(lifetime));
    }
    // 88 bytes are drawn by the constructor; drawing them here makes a failure an error.
    let mut random = [0; 128];
    fill_random(&mut random)?;
    let mut rest = random.as_slice();
    SecureServer::new(secure, &mut |out| {
        let (taken, left) = rest.split_at(out.len());
        out.copy_from_slice(taken);
        rest = left;
    })
    .map_err(|error| HostError::Refused(error.to_string()))
}

fn start_control(
    config: &HostConfig,
    clock: Clock,
    zone: &Zone,
    board: &Arc<Board>,
) -> Result<(Option<ControlPlane>, Sender<LiveFrame>), HostError> {
    let world = &config.world;
    let (sections, points) = (config.scenery.sections.len(), config.scenery.capture_points.len());
    let make = || LiveFrame::with_capacity(world, sections, points);
    let (sender, receiver) = lane(LIVE_FRAMES, make);
    if !config.http.enabled {
        return Ok((None, sender));
    }
    let tiers: Vec<f64> =
        config.replication.tiers.iter().map(|tier| live_feed::metres(tier.radius)).collect();
    let parts = ControlParts {
        board: Arc::clone(board),
        clock,
        frames: receiver,
        hello: live_feed::hello(zone.world(), &config.scenery, &tiers),
        world: *world,
        scenery: Arc::clone(&config.scenery),
    };
    Ok((Some(ControlPlane::start(&config.http, parts)?), sender))
}
