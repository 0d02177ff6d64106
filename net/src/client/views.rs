//! What a client shows its player: plain values, copied out, all in fixed point.

use core::fmt;

use shieldwall_core::RulesHash;
use shieldwall_core::numeric::{Brads, Position, Tick, Velocity};
use shieldwall_core::rules::ARM_BUTTONS;
use shieldwall_core::state::handle::CharacterId;

use crate::channel::FrameError;
use crate::secure::ClientState;
use crate::wire::events::GameEvent;
use crate::wire::goodbye::GoodbyeReason;
use crate::wire::own_state::OwnEffects;

/// The own character as predicted: what the player sees of himself without any delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnView {
    /// Who it is on the server.
    pub id: CharacterId,
    /// The last tick that was predicted.
    pub tick: Tick,
    /// Where to draw it: between the last two ticks, with what is left of a correction fading out.
    pub position: Position,
    /// Where it is after the last predicted tick, without smoothing.
    pub predicted_position: Position,
    /// Predicted velocity.
    pub velocity: Velocity,
    /// Direction it looks.
    pub yaw: Brads,
    /// Up (positive) or down, 1/65536 turn.
    pub pitch: i16,
    /// Its team.
    pub team: u8,
    /// Health by the newest snapshot, in points of the rules.
    pub health: u16,
    /// Whether it lives, by the newest snapshot.
    pub alive: bool,
    /// Predicted to stand on the terrain.
    pub grounded: bool,
    /// Predicted bits of `shieldwall_core`'s `flags`: stunned, rooted, slowed, exhausted, blocking and so on.
    pub flags: u16,
    /// Movement class.
    pub class: u8,
    /// What it last began, by the newest snapshot: values of `shieldwall_core`'s `action`.
    pub action: u8,
    /// Predicted stamina, in points of the rules.
    pub stamina: u16,
    /// Predicted: the first tick at which what is on each of the four buttons is ready.
    pub ready_ticks: [Tick; ARM_BUTTONS],
    /// The status effects on it, by the newest snapshot.
    pub effects: OwnEffects,
}

/// Another character as drawn now: interpolated, or carried on for at most 250 ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntityView {
    /// Its slot on the server.
    pub slot: u32,
    /// Where its feet are.
    pub position: Position,
    /// Its velocity over the ground, in steps of 1/8 m/s, without the vertical part.
    pub velocity: Velocity,
    /// Direction it looks.
    pub yaw: Brads,
    /// Its team.
    pub team: u8,
    /// Health, 255 is full; 0 only for the dead.
    pub health: u8,
    /// Whether it lives.
    pub alive: bool,
    /// Whether it stands on the terrain.
    pub grounded: bool,
    /// What it does: values of `shieldwall_core::state::characters::action`, shown for a quarter of a second, and what it
    /// prepares for as long as it does.
    pub action: u8,
    /// Bits of [`crate::wire::quantize::status`]: blocking, stunned, afflicted and so on.
    pub status: u8,
    /// The status effect to be drawn, counted from 1; 0 is none. Harmful ones come first.
    pub effect: u8,
    /// Movement class.
    pub class: u8,
}

/// What the own client did in one call of `advance`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AdvanceReport {
    /// Ticks predicted, 0 to 8.
    pub ticks: u32,
    /// The last tick that was predicted, once there was one.
    pub newest: Option<Tick>,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// The secure session failed or was ended by the server without a word; the standard's state says how.
    Secure(ClientState),
    /// The server said why.
    Goodbye(GoodbyeReason),
    /// The player left.
    Left,
    /// What the server sent broke the protocol.
    Protocol(FrameError),
    /// The server's world has another scenery or height file than this client was given.
    OtherWorld {
        /// Fingerprint of the server's world.
        server: u64,
        /// What the server's configuration gives with this client's scenery.
        client: u64,
    },
    /// The server plays by other rules than this client was told to expect.
    OtherRules {
        /// The hash of the server's rules.
        server: RulesHash,
        /// The hash of those that were expected.
        client: RulesHash,
    },
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secure(state) => write!(f, "connection ended: {state}"),
            Self::Goodbye(reason) => write!(f, "the server ended the session: {reason}"),
            Self::Left => f.write_str("left"),
            Self::Protocol(error) => write!(f, "the server broke the protocol: {error}"),
            Self::OtherWorld { server, client } => write!(
                f,
                "the server's world ({server:016x}) is not the one this client has ({client:016x}): give the client the \
                 height file and scenery that the server runs with"
            ),
            Self::OtherRules { server, client } => write!(
                f,
                "the server plays by the rules {server}, this client was given {client}: give both the same ruleset, or the \
                 client none, and it plays by the server's"
            ),
        }
    }
}

/// Where a client is on its way into the battle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GameClientState {
    /// Asking a server for a session.
    Connecting,
    /// The secure session stands; the server has yet to say which world this is.
    WaitingForWelcome,
    /// The world is known; the own character has yet to appear in a snapshot.
    WaitingForCharacter,
    /// In the battle.
    Playing,
    /// Over. Nothing will happen any more; a new try needs a new token and a new client.
    Ended(EndReason),
}

/// News for the player, in the order they happened here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientEvent {
    /// The secure session stands.
    Connected {
        /// The client's place on the server.
        client_index: u32,
    },
    /// The world is known.
    Welcomed {
        /// The own character.
        character: CharacterId,
        /// The server's tick when it said so.
        tick: Tick,
    },
    /// The own character appeared: the battle begins.
    Playing {
        /// Tick of the first snapshot with it.
        tick: Tick,
    },
    /// Something happened in the world.
    Game {
        /// When.
        tick: Tick,
        /// What.
        event: GameEvent,
    },
    /// The server plays by other rules: those of [`super::ClientWorld::config`] from now on.
    RulesChanged {
        /// The first tick that runs by them.
        tick: Tick,
        /// Their hash.
        rules: RulesHash,
    },
    /// A place went to another team, is attacked by others than before, or its flag was taken, dropped or is home again:
    /// [`super::GameClient::objective`] says how it stands.
    Objective {
        /// When it stood so.
        tick: Tick,
        /// Which point of the scenery.
        point: u16,
    },
    /// A team's score was told ([`super::GameClient::score`]): it had a flag, or a place changed hands. What places give in a
    /// second goes on without a word.
    Score {
        /// When.
        tick: Tick,
        /// Which team.
        team: u8,
    },
    /// The session is over.
    Ended(EndReason),
}

/// Figures of one client since it began; what is not a count is of this moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClientStats {
    /// Round trip, smoothed, the server's wait for its next packet included; 0 before the first.
    pub rtt_us: u32,
    /// Mean deviation of the round trip.
    pub jitter_us: u32,
    /// Packets lost on the way up, parts per million, over the last some hundred.
    pub loss_up_ppm: u32,
    /// Packets lost on the way down, parts per million, of all so far.
    pub loss_down_ppm: u32,
    /// How far the client's clock is ahead of the fastest snapshots.
    pub lead_us: u32,
    /// Ticks before it was needed that the newest reported input arrived.
    pub input_margin_ticks: i32,
    /// Ticks the server ran without this client's input.
    pub input_misses: u32,
    /// Times the clock jumped because it was far off.
    pub clock_resyncs: u32,
    /// How far in the past others are drawn.
    pub interpolation_delay_us: u32,
    /// Snapshots used.
    pub snapshots: u64,
    /// Time since the newest snapshot came.
    pub snapshot_age_us: u32,
    /// Snapshots whose own character differed from the prediction, deaths, returns and teleports not counted.
    pub corrections: u64,
    /// Of these, by what they came of: [`super::CorrectionCause`].
    pub corrections_by: [u64; super::CorrectionCause::COUNT],
    /// Sum of the distances corrected, in millimetres.
    pub correction_sum_mm: u64,
    /// Largest distance corrected, in millimetres.
    pub correction_max_mm: u32,
    /// Deaths, returns and teleports of the own character.
    pub relocations: u64,
    /// Characters in sight.
    pub entities_visible: u32,
    /// Datagrams sent, all kinds.
    pub datagrams_sent: u64,
    /// Datagrams received, all kinds, refused ones included.
    pub datagrams_received: u64,
    /// Bytes sent, all-in: with 28 bytes of IP and UDP headers for each datagram.
    pub bytes_sent: u64,
    /// Bytes received, all-in.
    pub bytes_received: u64,
    /// These two by what they were for.
    pub bytes_by_kind: super::BytesByKind,
    /// Datagrams the secure layer refused (forged, damaged, replayed, foreign).
    pub refused_datagrams: u64,
    /// Payloads refused because of their content, duplicates included.
    pub refused_payloads: u64,
    /// Events dropped because nobody took them.
    pub events_dropped: u64,
    /// Changes of the world carried out.
    pub world_changes: u64,
    /// Times the ground was found to differ from the server's.
    pub ground_mismatches: u64,
    /// Times the whole ground was taken over.
    pub ground_images: u64,
    /// What comparing the states held of others with the server's has come to.
    pub state_checks: super::StateCheckStats,
}
