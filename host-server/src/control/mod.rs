//! The control plane: the live page and its feed, metrics, health; HTTP on a thread of its own.
//!
//! In here: starting and ending it, and the routes. The feed is in `live.rs`, the metrics in `metrics.rs`, the files
//! of the page in `page/`. This is the only place with an async runtime. It reads what the other threads publish and
//! they never wait for it: when it is slow, frames of the live page are dropped and counted.

mod live;
mod metrics;
mod page;

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::Utf8Bytes;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use shieldwall_core::WorldConfig;
use shieldwall_core::spatial::Scenery;
use shieldwall_net::time::Micros;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::config::HttpSettings;
use crate::error::HostError;
use crate::figures::Board;
use crate::live_feed::{LiveFrame, hello_with_rules};
use crate::queues::Receiver;
use crate::stats::{Stats, StatsAssembler};

/// How many ports after the wished one are tried when that is in use.
const PORTS_TRIED: u16 = 32;

/// Requests under way when the server stops have this long. One that was sent by half would never end.
const LAST_REQUESTS: Duration = Duration::from_millis(500);

/// A simulation thread that has published nothing for this long is not ready.
const READY_WITHIN: Micros = Micros(2_000_000);

/// What the control plane is given.
pub struct ControlParts {
    /// Where the threads publish.
    pub board: Arc<Board>,
    /// The process's clock.
    pub clock: Clock,
    /// Frames of the live page from the simulation thread.
    pub frames: Receiver<LiveFrame>,
    /// First message to each watcher, JSON.
    pub hello: String,
    /// The world's configuration.
    pub world: WorldConfig,
    /// What stands in it.
    pub scenery: Arc<Scenery>,
}

/// A running control plane. It ends when this is dropped or [`ControlPlane::stop`] is called.
pub struct ControlPlane {
    address: SocketAddr,
    wished_port_taken: bool,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

/// What handlers share.
struct Shared {
    board: Arc<Board>,
    clock: Clock,
    hello: watch::Receiver<Utf8Bytes>,
    stats: watch::Receiver<Arc<Stats>>,
    frames: watch::Receiver<Bytes>,
    stop: watch::Receiver<bool>,
    assembled: Mutex<Arc<Stats>>,
}

impl ControlPlane {
    /// Opens the port and starts serving.
    ///
    /// # Errors
    /// [`HostError::Socket`] when no port can be had, [`HostError::System`] when there is no thread for it.
    pub fn start(settings: &HttpSettings, parts: ControlParts) -> Result<Self, HostError> {
        let (listener, wished_port_taken) = listen(settings.bind, settings.port)?;
        let address = listener.local_addr().map_err(|source| socket_error(settings, source))?;
        let (stop, stopped) = watch::channel(false);
        let thread = std::thread::Builder::new()
            .name("control".to_owned())
            .spawn(move || run(listener, parts, stopped))
            .map_err(|error| HostError::System { what: "starting a thread", message: error.to_string() })?;
        Ok(Self { address, wished_port_taken, stop, thread: Some(thread) })
    }

    /// Where it serves.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether it serves on another port than it was told to, because that was in use.
    #[must_use]
    pub fn wished_port_taken(&self) -> bool {
        self.wished_port_taken
    }

    /// Ends it; waits for its thread.
    pub fn stop(mut self) {
        self.finish();
    }

    fn finish(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the control plane ended with a panic");
        }
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        self.finish();
    }
}

fn socket_error(settings: &HttpSettings, source: std::io::Error) -> HostError {
    HostError::Socket { what: format!("TCP port {} on {} for HTTP", settings.port, settings.bind), source }
}

/// The wished port, or the next free one, or any free one. The flag says that it is not the wished one.
fn listen(bind: IpAddr, port: u16) -> Result<(TcpListener, bool), HostError> {
    let failed = |source| HostError::Socket { what: format!("TCP port {port} on {bind} for HTTP"), source };
    let last = port.saturating_add(PORTS_TRIED);
    for candidate in port..=last {
        match TcpListener::bind((bind, candidate)) {
            Ok(listener) => {
                listener.set_nonblocking(true).map_err(failed)?;
                return Ok((listener, candidate != port));
            }
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {}
            Err(error) => return Err(failed(error)),
        }
    }
    let listener = TcpListener::bind((bind, 0)).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    Ok((listener, true))
}

fn run(listener: TcpListener, parts: ControlParts, stop: watch::Receiver<bool>) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "no runtime for the control plane; the game goes on without it");
            return;
        }
    };
    runtime.block_on(serve(listener, parts, stop));
    // Watchers that do not take their goodbye are not waited for.
    runtime.shutdown_timeout(Duration::from_millis(200));
}

async fn serve(listener: TcpListener, parts: ControlParts, mut stop: watch::Receiver<bool>) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, "the control plane cannot use its port; the game goes on without it");
            return;
        }
    };
    let (stats_out, stats) = watch::channel(Arc::new(Stats::default()));
    let (frames_out, frames) = watch::channel(Bytes::new());
    let (hello_out, hello) = watch::channel(Utf8Bytes::from(parts.hello));
    let shared = Arc::new(Shared {
        board: Arc::clone(&parts.board),
        clock: parts.clock,
        hello,
        stats,
        frames,
        stop: stop.clone(),
        assembled: Mutex::new(Arc::new(Stats::default())),
    });
    let assembler = StatsAssembler::new(&parts.world, parts.clock.now());
    let rules = parts.world.rules.hash().to_string();
    let greeting = Greeting { scenery: parts.scenery, rules, out: hello_out };
    tokio::spawn(assemble_stats(Arc::clone(&shared), assembler, (stats_out, greeting)));
    tokio::spawn(live::pump_frames(Arc::clone(&shared), parts.frames, frames_out));
    // An error of the wait means the sender is gone, which is a stop as well.
    let mut asked_to_stop = stop.clone();
    let served = axum::serve(listener, router(shared)).with_graceful_shutdown(async move {
        let _ = asked_to_stop.wait_for(|stop| *stop).await;
    });
    let cut_off = async move {
        let _ = stop.wait_for(|stop| *stop).await;
        tokio::time::sleep(LAST_REQUESTS).await;
    };
    tokio::select! {
        served = served.into_future() => {
            if let Err(error) = served {
                tracing::error!(%error, "the control plane ended");
            }
        }
        () = cut_off => tracing::debug!("requests were still under way at the end"),
    }
}

/// The first message to each watcher; another one when the rules are others.
struct Greeting {
    scenery: Arc<Scenery>,
    /// Version of the rules in it.
    rules: String,
    out: watch::Sender<Utf8Bytes>,
}

impl Greeting {
    fn follow(&mut self, board: &Board, rules_now: &str) {
        if rules_now != self.rules
            && let Some(rules) = board.announced_rules(rules_now)
        {
            rules_now.clone_into(&mut self.rules);
            let hello = hello_with_rules(&self.out.borrow(), &self.scenery, &rules);
            self.out.send_replace(hello.into());
        }
    }
}

/// Makes the stats four times a second.
async fn assemble_stats(
    shared: Arc<Shared>,
    mut assembler: StatsAssembler,
    (out, mut greeting): (watch::Sender<Arc<Stats>>, Greeting),
) {
    let mut interval = tokio::time::interval(Duration::from_millis(250));
    loop {
        interval.tick().await;
        let stats = Arc::new(assembler.sample(&shared.board, shared.clock.now()));
        greeting.follow(&shared.board, &stats.rules);
        *shared.assembled.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&stats);
        out.send_replace(stats);
    }
}

impl Shared {
    fn stats_now(&self) -> Arc<Stats> {
        Arc::clone(&self.assembled.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn router(shared: Arc<Shared>) -> Router {
    let mut router = Router::new();
    for file in &page::FILES {
        router = router.route(file.path, get(async || asset(file)));
    }
    router
        .route("/favicon.ico", get(async || StatusCode::NO_CONTENT))
        .route("/live", get(live::upgrade))
        .route("/stats.json", get(stats_json))
        .route("/metrics", get(metrics_text))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .with_state(shared)
}

fn asset(file: &'static page::PageFile) -> impl IntoResponse {
    let headers: [(HeaderName, &str); 4] = [
        (header::CONTENT_TYPE, file.content_type),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, page::CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, file.text)
}

/// The object of the live feed's `stats` messages, without a followed character.
async fn stats_json(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    let body = live::stats_message(&shared.stats_now(), None);
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], body)
}

async fn metrics_text(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    match metrics::encode(&shared.board, &shared.stats_now()) {
        Ok(text) => ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// Ready while the simulation ticks and the server takes clients.
async fn ready(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    if shared.board.draining.load(Ordering::Relaxed) {
        return (StatusCode::SERVICE_UNAVAILABLE, "draining\n");
    }
    let zone = shared.board.zone.read();
    let silent_for = shared.clock.now().since(zone.at);
    if zone.ticks == 0 || silent_for > READY_WITHIN {
        return (StatusCode::SERVICE_UNAVAILABLE, "the simulation does not tick\n");
    }
    (StatusCode::OK, "ready\n")
}
