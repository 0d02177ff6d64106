//! What each thread knows about itself, published a few times a second for whoever asks.
//!
//! In here: plain counters and the board they are published on. Not in here: rates and means (`stats.rs`), their
//! text forms (`control/metrics.rs`, `report.rs`).

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use shieldwall_core::{Rules, RulesHash, Stage};
use shieldwall_net::client::CorrectionCause;
use shieldwall_net::secure::SecureStats;
use shieldwall_net::server::ZoneStats;
use shieldwall_net::time::Micros;

use crate::fight_figures::FightFigures;
use crate::queues::Latest;
use crate::websocket::WebSocketFigures;

/// Teams the figures have room for.
pub const MAX_TEAMS: usize = 8;

/// How many watchers of the live page are served at a time. Each has a desk to follow a character from.
pub const MAX_WATCHERS: usize = 64;

/// Most visible characters listed for a followed one.
pub const MAX_FOLLOW_VISIBLE: usize = 1024;

/// Most status effects listed for a followed one.
pub const MAX_FOLLOW_EFFECTS: usize = 8;

/// Bytes of a character's name.
pub const NAME_BYTES: usize = 24;

/// Upper bounds of the buckets of the tick histogram, in microseconds. One more bucket takes what is above.
pub const TICK_BUCKETS_US: [u64; 12] =
    [250, 500, 1_000, 2_000, 3_000, 4_000, 6_000, 8_000, 12_000, 16_667, 33_333, 100_000];

/// Half, the hundredth part and the largest of some durations, in microseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quantiles {
    /// Half of them are at most this long.
    pub p50_us: u64,
    /// One in a hundred is longer.
    pub p99_us: u64,
    /// The longest.
    pub max_us: u64,
}

/// What the network I/O thread knows. Counters start at 0 with the server and only grow.
#[derive(Clone, Debug, Default)]
pub struct NetFigures {
    /// Tick durations since the end of the warm-up: from reading inputs to the last snapshot handed to the socket.
    pub tick: Quantiles,
    /// How long after they were due ticks began, since the end of the warm-up: what the machine, the ticks before and
    /// the timer of the system add.
    pub start_delay: Quantiles,
    /// Tick durations over the last few seconds.
    pub tick_recent: Quantiles,
    /// Ticks in each bucket of [`TICK_BUCKETS_US`], not cumulated; the last takes longer ones.
    pub tick_buckets: [u64; TICK_BUCKETS_US.len() + 1],
    /// Sum of all measured ticks in microseconds.
    pub tick_sum_us: u64,
    /// Ticks measured (all since the start).
    pub ticks_measured: u64,
    /// Ticks after the warm-up that ended more than one period after their scheduled start.
    pub ticks_late: u64,
    /// Clients connected now.
    pub clients: u32,
    /// Datagrams received, of any kind.
    pub datagrams_in: u64,
    /// Datagrams handed to the socket.
    pub datagrams_out: u64,
    /// Bytes received, all-in: each datagram counts 28 bytes more for UDP and IP, or 48 for WebSocket, TCP and IP (44 down).
    pub bytes_in: u64,
    /// Bytes sent, all-in.
    pub bytes_out: u64,
    /// Bytes received from and accepted for connected clients, all-in.
    pub client_bytes_in: u64,
    /// Payloads dropped because their client sent more than its share ([`crate::quota`]).
    pub over_quota: u64,
    /// Payloads dropped because the simulation thread was behind.
    pub inbox_full: u64,
    /// Datagrams larger than any valid one.
    pub oversized: u64,
    /// Payloads for clients that were gone when they were to be sealed.
    pub stale_payloads: u64,
    /// Datagrams the socket refused because its buffer was full.
    pub socket_full: u64,
    /// Other errors of the socket.
    pub socket_errors: u64,
    /// The WebSocket carrier; all zero without one.
    pub websocket: WebSocketFigures,
    /// Packets and keys left out of a capture because the disk was slow.
    pub capture_dropped: u64,
    /// What the secure layer counts: refusals by reason, handshakes and more.
    pub secure: SecureStats,
    /// CPU time of the thread in microseconds.
    pub cpu_us: u64,
    /// Whether the system granted the thread real time.
    pub realtime: bool,
}

/// What the simulation thread knows. Counters start at 0 with the server and only grow.
#[derive(Clone, Debug, Default)]
pub struct ZoneFigures {
    /// When this was published; zero before the first time.
    pub at: Micros,
    /// Ticks run.
    pub ticks: u64,
    /// Clients in the zone now.
    pub clients: u32,
    /// Most clients there were at a time.
    pub clients_peak: u32,
    /// Nanoseconds spent in each stage of the kernel's ticks, in all; by [`Stage::index`].
    pub stage_ns: [u64; Stage::ALL.len()],
    /// Sum over all clients of the time they were in the zone, in microseconds.
    pub client_us: u64,
    /// Living characters.
    pub alive: u32,
    /// Projectiles in flight.
    pub projectiles: u32,
    /// Deaths by the hand of another.
    pub kills: u64,
    /// Kills for each team.
    pub score: [u64; MAX_TEAMS],
    /// Hits.
    pub hits: u64,
    /// What else the fighting counts.
    pub fight: FightFigures,
    /// What each team has gained by capture points and flags.
    pub points: [u64; MAX_TEAMS],
    /// What the sessions count: traffic, inputs, losses, refusals.
    pub sessions: ZoneStats,
    /// Snapshot packets not made because the network thread was behind.
    pub outbox_full: u64,
    /// Events the kernel had no room for.
    pub events_dropped: u64,
    /// Commands the kernel refused.
    pub commands_refused: u64,
    /// Frames for the live page dropped because the control plane was behind.
    pub live_dropped: u64,
    /// Replay chunks dropped because the writer was behind; a recording with such a hole ends there.
    pub replay_dropped: u64,
    /// How often the schedule had to slip because ticks were too long.
    pub slips: u64,
    /// By how much in all, in microseconds.
    pub slipped_us: u64,
    /// Version of the rules in force.
    pub rules: RulesHash,
    /// How often other rules were adopted.
    pub rules_reloads: u64,
    /// CPU time of the thread in microseconds.
    pub cpu_us: u64,
    /// Whether the system granted all of them real time.
    pub realtime: bool,
}

impl ZoneFigures {
    /// Payloads from clients that were refused for what is in them, by reason.
    pub fn refused_payloads(&self) -> [(&'static str, u64); 7] {
        let refused = &self.sessions.refused;
        [
            ("payload_malformed", refused.malformed),
            ("payload_duplicate", refused.duplicate),
            ("payload_too_old", refused.too_old),
            ("payload_ack_of_unsent", refused.ack_of_unsent),
            ("payload_reliable", refused.reliable),
            ("payload_wrong_direction", refused.wrong_direction),
            ("payload_unknown_client", refused.unknown_client),
        ]
    }
}

/// What a thread of bots knows. Counters start at 0 and only grow; the others are as of now.
#[derive(Clone, Copy, Debug, Default)]
pub struct BotFigures {
    /// Bots of this thread.
    pub bots: u32,
    /// Bots that began more than a second ago (they do so one after another) and were never connected.
    pub unanswered: u32,
    /// Bots connected now.
    pub connected: u32,
    /// Bots that were connected at some time.
    pub ever_connected: u32,
    /// Bots whose session is over, for whatever reason.
    pub over: u32,
    /// Bots that lost their connection or were refused; not those that were told that the server stops.
    pub disconnects: u32,
    /// Corrections of the own character.
    pub corrections: u64,
    /// Of these, by what they came of.
    pub corrections_by: [u64; CorrectionCause::COUNT],
    /// The largest of them in millimetres.
    pub correction_max_mm: u32,
    /// States of others that were compared with the server's.
    pub states_checked: u64,
    /// Checks that found a difference.
    pub state_mismatches: u64,
    /// Snapshots received.
    pub snapshots: u64,
    /// Sum over connected bots of the age of their newest snapshot, in microseconds.
    pub snapshot_age_sum_us: u64,
    /// Sum over connected bots of their round trip time, in microseconds.
    pub rtt_sum_us: u64,
    /// Bytes received, all-in.
    pub bytes_down: u64,
    /// Bytes sent, all-in.
    pub bytes_up: u64,
    /// Datagrams refused by the clients (damaged, foreign, repeated).
    pub refused: u64,
    /// Datagrams that did not fit the socket's buffer.
    pub socket_full: u64,
    /// CPU time of the thread in microseconds.
    pub cpu_us: u64,
}

impl BotFigures {
    /// Adds the figures of another thread.
    pub fn add(&mut self, other: &Self) {
        self.bots += other.bots;
        self.unanswered += other.unanswered;
        self.connected += other.connected;
        self.ever_connected += other.ever_connected;
        self.over += other.over;
        self.disconnects += other.disconnects;
        self.corrections += other.corrections;
        for (sum, count) in self.corrections_by.iter_mut().zip(other.corrections_by) {
            *sum += count;
        }
        self.correction_max_mm = self.correction_max_mm.max(other.correction_max_mm);
        self.states_checked += other.states_checked;
        self.state_mismatches += other.state_mismatches;
        self.snapshots += other.snapshots;
        self.snapshot_age_sum_us += other.snapshot_age_sum_us;
        self.rtt_sum_us += other.rtt_sum_us;
        self.bytes_down += other.bytes_down;
        self.bytes_up += other.bytes_up;
        self.refused += other.refused;
        self.socket_full += other.socket_full;
        self.cpu_us += other.cpu_us;
    }
}

impl BotFigures {
    /// These counters with the momentary figures of `earlier`: what to report when the sessions have been closed.
    #[must_use]
    pub fn as_of(self, earlier: Option<Self>) -> Self {
        let now = earlier.unwrap_or_default();
        Self {
            connected: now.connected,
            snapshot_age_sum_us: now.snapshot_age_sum_us,
            rtt_sum_us: now.rtt_sum_us,
            ..self
        }
    }
}

/// What is shown of a followed character.
#[derive(Clone, Debug)]
pub struct FollowFigures {
    /// The slot these figures are of, plus one; 0: none.
    pub slot_plus_one: u32,
    /// Name, UTF-8, filled up with zeros.
    pub name: [u8; NAME_BYTES],
    /// Team.
    pub team: u8,
    /// Health in points.
    pub health: u16,
    /// Others killed.
    pub kills: u32,
    /// Times died.
    pub deaths: u32,
    /// The status effects on it, counted from 1, the lowest slots first; 0 for none.
    pub effects: [u8; MAX_FOLLOW_EFFECTS],
    /// Round trip time in microseconds; 0 when it is not known.
    pub rtt_us: u64,
    /// Bytes sent to its client so far.
    pub bytes_down: u64,
    /// Bytes received from its client so far.
    pub bytes_up: u64,
    /// Slots of the characters its client is sent.
    pub visible: [u16; MAX_FOLLOW_VISIBLE],
    /// How many of them are valid.
    pub visible_len: usize,
    /// When this was written.
    pub at: Micros,
}

impl Default for FollowFigures {
    fn default() -> Self {
        Self {
            slot_plus_one: 0,
            name: [0; NAME_BYTES],
            team: 0,
            health: 0,
            kills: 0,
            deaths: 0,
            effects: [0; MAX_FOLLOW_EFFECTS],
            rtt_us: 0,
            bytes_down: 0,
            bytes_up: 0,
            visible: [0; MAX_FOLLOW_VISIBLE],
            visible_len: 0,
            at: Micros::ZERO,
        }
    }
}

/// One watcher's wish to follow a character, and what the simulation answers.
pub struct FollowDesk {
    taken: AtomicBool,
    wanted: AtomicU32,
    /// Written by the simulation thread four times a second while somebody follows.
    pub answer: Latest<FollowFigures>,
}

impl Default for FollowDesk {
    fn default() -> Self {
        Self {
            taken: AtomicBool::new(false),
            wanted: AtomicU32::new(0),
            answer: Latest::new(FollowFigures::default()),
        }
    }
}

impl FollowDesk {
    /// Takes the desk for a watcher; false when another has it.
    pub fn take(&self) -> bool {
        !self.taken.swap(true, Ordering::AcqRel)
    }

    /// Leaves the desk to the next watcher.
    pub fn leave(&self) {
        self.wanted.store(0, Ordering::Relaxed);
        self.taken.store(false, Ordering::Release);
    }

    /// Asks for a slot, or for none.
    pub fn follow(&self, slot: Option<u32>) {
        self.wanted.store(slot.map_or(0, |slot| slot.saturating_add(1)), Ordering::Relaxed);
    }

    /// The slot asked for.
    pub fn wanted(&self) -> Option<u32> {
        self.wanted.load(Ordering::Relaxed).checked_sub(1)
    }
}

/// The board all figures are published on, shared by all threads.
pub struct Board {
    /// Of the network I/O thread.
    pub net: Latest<NetFigures>,
    /// Of the simulation thread.
    pub zone: Latest<ZoneFigures>,
    /// Of each thread of bots; empty outside `demo`.
    pub bots: Vec<Latest<BotFigures>>,
    /// Watchers of the live page now; frames are made only while there are some.
    pub watchers: AtomicU32,
    /// Wishes to follow.
    pub follows: Box<[FollowDesk]>,
    /// Raised when the server stops taking part (readiness goes away first).
    pub draining: AtomicBool,
    /// Rules that were announced last, for who shows what they say; none while those of the start hold.
    pub rules: Mutex<Option<Arc<Rules>>>,
    /// How often other rules were not adopted: a file with mistakes, or a change that a running world refuses.
    pub rules_refused: AtomicU64,
}

impl Board {
    /// An empty board for a server with `bot_threads` threads of bots in the same process.
    #[must_use]
    pub fn new(bot_threads: usize) -> Self {
        Self {
            net: Latest::new(NetFigures::default()),
            zone: Latest::new(ZoneFigures::default()),
            bots: (0..bot_threads).map(|_| Latest::new(BotFigures::default())).collect(),
            watchers: AtomicU32::new(0),
            follows: (0..MAX_WATCHERS).map(|_| FollowDesk::default()).collect(),
            draining: AtomicBool::new(false),
            rules: Mutex::new(None),
            rules_refused: AtomicU64::new(0),
        }
    }

    /// The rules of this version, if they are those that were announced last.
    #[must_use]
    pub fn announced_rules(&self, hash: &str) -> Option<Arc<Rules>> {
        let rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        rules.clone().filter(|rules| rules.hash().to_string() == hash)
    }

    /// The figures of all bots together; `None` where there are none in this process.
    #[must_use]
    pub fn all_bots(&self) -> Option<BotFigures> {
        if self.bots.is_empty() {
            return None;
        }
        let mut sum = BotFigures::default();
        for thread in &self.bots {
            sum.add(&thread.read());
        }
        Some(sum)
    }
}
