//! The simulation thread: reads inputs, ticks the zone, hands snapshots to the network thread; at a fixed rate.
//!
//! In here: pacing, queues, and the threads that help with a tick. Not in here: what a tick does (`zone.rs`, which is tested
//! without threads). After the warm-up nothing in the loop allocates but publishing figures, and it waits for nothing but the
//! clock and its helpers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use shieldwall_core::{RulesHash, StateHash};
use shieldwall_net::server::PACKET_LANES;
use shieldwall_net::time::Micros;

use crate::clock::{Clock, TickSchedule, thread_cpu_us};
use crate::figures::{Board, ZoneFigures};
use crate::links::{InboxItem, InboxKind, OutboxBatch};
use crate::live_feed::LiveFrame;
use crate::net_io::Waker;
use crate::queues::{Receiver, Sender};
use crate::recorder::Recorder;
use crate::rules_reload::OfferedRules;
use crate::thread_policy::{RealTime, run_in_real_time};
use crate::zone::Zone;

/// A schedule that is behind by more than so many ticks gives way: the game's clock loses the time.
pub const CATCH_UP_TICKS: u32 = 6;

/// Packets are begun until this part of a tick's time has passed since it was due; the rest is for the network thread, which
/// sends the last of them, and for what holds up a thread now and then.
const PACKETS_UNTIL_PERCENT: u64 = 65;

/// Rate of the live page's frames.
const LIVE_HZ: u32 = 20;

const PERMILLE: u64 = 1_000;

/// Rate at which figures are published.
const PUBLISH_HZ: u32 = 4;

/// Saying goodbye takes this part of a second: several packets to every client.
const GOODBYE_SHARE_OF_A_SECOND: u32 = 4;

/// What the thread is given.
pub struct SimulationParts {
    /// The process's clock.
    pub clock: Clock,
    /// The world and its sessions.
    pub zone: Zone,
    /// From the network thread.
    pub inbox: Receiver<InboxItem>,
    /// To the network thread.
    pub outbox: Sender<OutboxBatch>,
    /// Wakes the network thread.
    pub waker: Waker,
    /// To the control plane.
    pub live: Sender<LiveFrame>,
    /// Where figures go.
    pub board: Arc<Board>,
    /// Rules that were read anew.
    pub rules: OfferedRules,
    /// Writes the replay, if one is wanted.
    pub recorder: Option<Recorder>,
    /// Threads that run a tick together, this one included; 0: one for each processor.
    pub threads: u32,
    /// Whether they ask the system for real time.
    pub realtime: bool,
    /// Ends the thread after the tick it is in.
    pub stop: Arc<AtomicBool>,
}

/// What the thread leaves.
pub struct SimulationOutcome {
    /// Last figures.
    pub figures: ZoneFigures,
    /// Hash of the last state.
    pub state_hash: StateHash,
    /// The rules it was played by at the end.
    pub rules: RulesHash,
    /// When the battle ended; goodbyes came after.
    pub ended_at: Micros,
}

/// Runs until told to stop.
#[must_use]
pub fn run(mut parts: SimulationParts) -> SimulationOutcome {
    let helpers = Helpers::start(parts.threads, parts.realtime);
    let tick_hz = parts.zone.tick_hz();
    let every = |hz: u32| u64::from((u32::from(tick_hz) / hz).max(1));
    let (live_every, publish_every) = (every(LIVE_HZ), every(PUBLISH_HZ));
    let mut schedule = TickSchedule::new(tick_hz, CATCH_UP_TICKS, parts.clock.now());
    let packets_us = schedule.period_us() * PACKETS_UNTIL_PERCENT / 100;
    let mut own = ZoneFigures::default();
    for tick in 1_u64.. {
        let due = schedule.next_start(parts.clock.now());
        parts.clock.sleep_until(due);
        if parts.stop.load(Ordering::Acquire) {
            break;
        }
        let started = parts.clock.now();
        read_inbox(&mut parts, started);
        parts.rules.take(&mut parts.zone);
        if parts.zone.adopt_due_rules()
            && let Some(recorder) = &mut parts.recorder
        {
            recorder.record_rules(parts.zone.world());
        }
        let clock = parts.clock;
        parts.zone.step_timed(started, &mut || clock.nanoseconds());
        if let Some(recorder) = &mut parts.recorder {
            recorder.record(parts.zone.commands(), parts.zone.world());
        }
        own.outbox_full += send_snapshots(&mut parts, due, started, packets_us);
        let watched = parts.board.watchers.load(Ordering::Relaxed) > 0;
        own.live_dropped += show(&mut parts, watched, tick.is_multiple_of(live_every));
        if tick.is_multiple_of(publish_every) || tick == 1 {
            own.slips = schedule.slips();
            own.slipped_us = schedule.slipped_us();
            publish(&mut parts, &own, &helpers);
            if watched {
                parts.zone.answer_follows(&parts.board, started);
            }
        }
    }
    own.slips = schedule.slips();
    own.slipped_us = schedule.slipped_us();
    let figures = publish(&mut parts, &own, &helpers);
    let state_hash = parts.zone.world().state_hash();
    let rules = parts.zone.world().config().rules.hash();
    if let Some(recorder) = parts.recorder.take() {
        recorder.finish(parts.zone.world());
    }
    let ended_at = parts.clock.now();
    close_figures(&parts, ended_at);
    say_goodbye(&mut parts, &mut schedule);
    SimulationOutcome { figures, state_hash, rules, ended_at }
}

/// The pool of threads that a tick runs on. The simulation thread is one of them, so that it hands nothing over and works
/// along.
struct Helpers {
    pool: Option<rayon::ThreadPool>,
    /// How many of the threads, this one among them, the system runs in real time.
    in_real_time: Arc<AtomicUsize>,
}

impl Helpers {
    /// Of `threads`, this one included; 0: one for each processor. Alone where there can be no others.
    fn start(threads: u32, realtime: bool) -> Self {
        let in_real_time = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&in_real_time);
        let prepare = move || {
            if realtime && run_in_real_time(RealTime::Simulation) {
                count.fetch_add(1, Ordering::Relaxed);
            }
        };
        // The pool does not start the thread that is here already.
        prepare();
        let name =
            |number| if number == 0 { "simulation".to_owned() } else { format!("simulation-{number}") };
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads as usize)
            .thread_name(name)
            .use_current_thread()
            .start_handler(move |_| prepare())
            .build();
        if let Err(error) = &pool {
            tracing::warn!(%error, "no threads to help with a tick");
        }
        Self { pool: pool.ok(), in_real_time }
    }

    /// Whether all of them have real time.
    fn have_real_time(&self) -> bool {
        let threads = self.pool.as_ref().map_or(1, rayon::ThreadPool::current_num_threads);
        self.in_real_time.load(Ordering::Relaxed) == threads
    }

    /// CPU time that all of them have used.
    fn cpu_us(&self) -> u64 {
        match &self.pool {
            Some(pool) => pool.broadcast(|_| thread_cpu_us()).iter().sum(),
            None => thread_cpu_us(),
        }
    }
}

/// Tells the network thread that the battle has ended.
fn close_figures(parts: &SimulationParts, now: Micros) {
    if let Some(mut batch) = parts.outbox.take() {
        batch.begin(now, now);
        batch.closing = true;
        parts.outbox.send(batch);
        parts.waker.wake();
    }
}

/// Runs a few ticks more, outside the battle's figures, in which every client is told that the server stops.
fn say_goodbye(parts: &mut SimulationParts, schedule: &mut TickSchedule) {
    parts.zone.say_goodbye();
    for _ in 0..u32::from(parts.zone.tick_hz()) / GOODBYE_SHARE_OF_A_SECOND {
        let due = schedule.next_start(parts.clock.now());
        parts.clock.sleep_until(due);
        let started = parts.clock.now();
        read_inbox(parts, started);
        parts.zone.step(started);
        send_snapshots(parts, due, started, u64::MAX);
    }
}

fn read_inbox(parts: &mut SimulationParts, now: Micros) {
    while let Some(item) = parts.inbox.receive() {
        match item.kind {
            InboxKind::Connected => {
                parts.zone.connect(item.client, item.session, item.client_id, item.name());
            }
            InboxKind::Disconnected => parts.zone.disconnect(item.client, item.session),
            InboxKind::Lost => parts.zone.lose(item.client, item.session),
            InboxKind::Payload => parts.zone.receive(item.client, item.session, item.payload(), now),
        }
        parts.inbox.give_back(item);
    }
}

/// Hands the snapshots that are due to the network thread, which are begun within `packets_us` after `due`. Returns how many found
/// no room.
fn send_snapshots(parts: &mut SimulationParts, due: Micros, started: Micros, packets_us: u64) -> u64 {
    let (outbox, waker, clock) = (&parts.outbox, &parts.waker, parts.clock);
    let writer = || OutboxWriter { outbox, waker, batch: None, due, started, lost: 0 };
    let spent_permille = || {
        let spent = clock.now().since(due).0.saturating_mul(PERMILLE) / packets_us.max(1);
        u32::try_from(spent).unwrap_or(u32::MAX)
    };
    let mut writers: [OutboxWriter<'_>; PACKET_LANES] = std::array::from_fn(|_| writer());
    let mut lanes = writers.each_mut().map(|writer| {
        |client, session, payload: &[u8]| writer.push(|batch| batch.push(client, session, payload))
    });
    parts.zone.send_due(started, &spent_permille, &mut lanes);
    let mut lost: u64 = writers.into_iter().map(OutboxWriter::flush).sum();
    let mut writer = writer();
    for (client, session) in parts.zone.over() {
        // One that finds no room is named again at the next tick.
        writer.push(|batch| batch.push_end(client, session));
    }
    lost += writer.finish();
    lost
}

/// Cuts payloads into batches and sends each as soon as it is full.
struct OutboxWriter<'a> {
    outbox: &'a Sender<OutboxBatch>,
    waker: &'a Waker,
    batch: Option<Box<OutboxBatch>>,
    due: Micros,
    started: Micros,
    lost: u64,
}

impl OutboxWriter<'_> {
    fn begun(&self) -> Option<Box<OutboxBatch>> {
        let mut batch = self.outbox.take()?;
        batch.begin(self.due, self.started);
        Some(batch)
    }

    /// Adds one entry, by `add`.
    fn push(&mut self, add: impl FnOnce(&mut OutboxBatch)) {
        let Some(mut batch) = self.batch.take().or_else(|| self.begun()) else {
            self.lost += 1;
            return;
        };
        add(&mut batch);
        if batch.is_full() {
            self.outbox.send(batch);
            self.waker.wake();
        } else {
            self.batch = Some(batch);
        }
    }

    /// Sends what is left; the caller wakes the network thread. Returns how many entries found no room.
    fn flush(self) -> u64 {
        if let Some(batch) = self.batch {
            self.outbox.send(batch);
        }
        self.lost
    }

    /// Sends the last batch of all, which also tells the network thread that the tick is complete.
    fn finish(mut self) -> u64 {
        if let Some(mut batch) = self.batch.take().or_else(|| self.begun()) {
            batch.last = true;
            self.outbox.send(batch);
        }
        self.waker.wake();
        self.lost
    }
}

/// Gathers events for the live page while somebody watches, and makes a frame when it is time. Returns dropped ones.
fn show(parts: &mut SimulationParts, watched: bool, frame_due: bool) -> u64 {
    if !watched {
        parts.zone.forget_live_events();
        return 0;
    }
    parts.zone.gather_live_events();
    if !frame_due {
        return 0;
    }
    let Some(mut frame) = parts.live.take() else { return 1 };
    parts.zone.fill_live_frame(&mut frame);
    parts.live.send(frame);
    0
}

/// Publishes the zone's figures together with those of this loop.
fn publish(parts: &mut SimulationParts, own: &ZoneFigures, helpers: &Helpers) -> ZoneFigures {
    let mut figures = parts.zone.figures();
    figures.at = parts.clock.now();
    figures.outbox_full = own.outbox_full;
    figures.live_dropped = own.live_dropped;
    figures.slips = own.slips;
    figures.slipped_us = own.slipped_us;
    figures.replay_dropped = parts.recorder.as_ref().map_or(0, Recorder::dropped);
    figures.cpu_us = helpers.cpu_us();
    figures.realtime = helpers.have_real_time();
    parts.board.zone.publish(figures.clone());
    figures
}
