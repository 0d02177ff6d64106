//! Why datagrams are dropped, and the counters of a session endpoint.

use core::fmt;

macro_rules! drop_reasons {
    ($($(#[$doc:meta])* $name:ident = $label:literal,)+) => {
        /// Why a datagram was dropped. Each has a counter in [`SecureStats`] and a name for metrics.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum DropReason {
            $($(#[$doc])* $name,)+
        }

        impl DropReason {
            /// All reasons, in the order of their numbers.
            pub const ALL: &'static [DropReason] = &[$(DropReason::$name,)+];

            /// Name for metrics: lower case, words joined by underscores. Names do not change.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(DropReason::$name => $label,)+
                }
            }
        }
    };
}

drop_reasons! {
    /// Fewer bytes than any packet has.
    TooSmall = "too_small",
    /// More bytes than any packet has.
    TooLarge = "too_large",
    /// A packet type the standard does not have.
    UnknownType = "unknown_type",
    /// A packet type that this side never receives.
    TypeNotAllowed = "type_not_allowed",
    /// A sequence number of no, or more than eight, bytes.
    SequenceBytes = "sequence_bytes",
    /// A length that the packet's type cannot have.
    WrongSize = "wrong_size",
    /// A sequence number received before, or too old to tell.
    Replayed = "replayed",
    /// Not sealed by the peer, or changed on the way.
    NotAuthentic = "not_authentic",
    /// A request not 1078 bytes long.
    RequestSize = "request_size",
    /// A request of another version of netcode.
    ForeignVersion = "foreign_version",
    /// A request for another game or protocol version.
    ForeignProtocol = "foreign_protocol",
    /// The token's time is over.
    TokenExpired = "token_expired",
    /// The token may have been used before this server started.
    TokenPredatesServer = "token_predates_server",
    /// Too many tokens were opened in this moment already; the client will ask again.
    OpeningBudget = "opening_budget",
    /// The token was not sealed with this server's key, or was changed.
    TokenNotAuthentic = "token_not_authentic",
    /// The token was sealed with this server's key, but its content makes no sense.
    TokenMalformed = "token_malformed",
    /// The token does not name this server.
    TokenForOtherServer = "token_for_other_server",
    /// The token was first shown by another address.
    TokenUsedElsewhere = "token_used_elsewhere",
    /// The token's session is over; each session needs a token of its own.
    TokenSpent = "token_spent",
    /// A handshake packet from an address that is connected already.
    AddressConnected = "address_connected",
    /// A second login of a client that is connected already.
    ClientConnected = "client_connected",
    /// Too many handshakes are under way.
    PendingFull = "pending_full",
    /// The answer to a challenge is not one this server gave.
    ChallengeNotAuthentic = "challenge_not_authentic",
    /// The answer to a challenge that was given to another client.
    ChallengeOfOther = "challenge_of_other",
    /// A sealed packet from an address that neither is connected nor is connecting.
    UnknownAddress = "unknown_address",
    /// A packet of a session from an address that is still connecting.
    NotConnected = "not_connected",
    /// Sealed with a key of an epoch that is over, or that nobody agreed on.
    EpochOver = "epoch_over",
    /// An offer of new keys, or the answer to one, that cannot be taken (now).
    RekeyRefused = "rekey_refused",
    /// (Client) not from the server the client talks to.
    WrongSource = "wrong_source",
    /// (Client) genuine, but without meaning in the client's state.
    OutOfState = "out_of_state",
}

impl DropReason {
    /// How many reasons there are.
    pub const COUNT: usize = DropReason::ALL.len();
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl std::error::Error for DropReason {}

/// Counters since the endpoint was made. All only grow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecureStats {
    drops: [u64; DropReason::COUNT],
    /// Datagrams handed in.
    pub datagrams_received: u64,
    /// Payloads accepted.
    pub payloads_received: u64,
    /// Payloads sealed.
    pub payloads_sealed: u64,
    /// Keep-alives sealed.
    pub keep_alives_sealed: u64,
    /// Challenges given (server).
    pub challenges: u64,
    /// Connections denied because the server was full (server).
    pub denied: u64,
    /// Sessions begun.
    pub connected: u64,
    /// Sessions ended by the peer.
    pub disconnected_by_peer: u64,
    /// Sessions ended by this side.
    pub disconnected_by_us: u64,
    /// Sessions ended by silence.
    pub timed_out: u64,
    /// Tokens opened, or tried to (server): the costly part of a handshake.
    pub tokens_opened: u64,
    /// Times that new keys were agreed on and used.
    pub rekeys: u64,
    /// Sessions ended because another login of the same client took their place (server).
    pub replaced: u64,
    /// Sessions ended because the connection that carried them was closed (server).
    pub lines_closed: u64,
    /// Used tokens forgotten before they expired, for want of room (server). Should stay zero.
    pub tokens_forgotten: u64,
}

impl Default for SecureStats {
    fn default() -> SecureStats {
        SecureStats {
            drops: [0; DropReason::COUNT],
            datagrams_received: 0,
            payloads_received: 0,
            payloads_sealed: 0,
            keep_alives_sealed: 0,
            challenges: 0,
            denied: 0,
            connected: 0,
            disconnected_by_peer: 0,
            disconnected_by_us: 0,
            timed_out: 0,
            tokens_opened: 0,
            rekeys: 0,
            replaced: 0,
            lines_closed: 0,
            tokens_forgotten: 0,
        }
    }
}

impl SecureStats {
    /// Datagrams dropped for `reason`.
    #[must_use]
    pub fn dropped(&self, reason: DropReason) -> u64 {
        self.drops[reason as usize]
    }

    /// Datagrams dropped for any reason.
    #[must_use]
    pub fn dropped_total(&self) -> u64 {
        self.drops.iter().sum()
    }

    /// Every reason with its counter, for metrics.
    pub fn drops(&self) -> impl Iterator<Item = (DropReason, u64)> + '_ {
        DropReason::ALL.iter().map(|reason| (*reason, self.dropped(*reason)))
    }

    pub(crate) fn count(&mut self, reason: DropReason) {
        self.drops[reason as usize] += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_in_the_documentation() {
        let page = include_str!("../../../docs/SESSION_STATES.md");
        for reason in DropReason::ALL {
            assert!(page.contains(&format!("| `{reason}` |")), "{reason} is not in docs/SESSION_STATES.md");
        }
    }

    #[test]
    fn every_reason_has_its_own_counter_and_name() {
        let mut names: Vec<_> = DropReason::ALL.iter().map(|r| r.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), DropReason::COUNT);
        for (at, reason) in DropReason::ALL.iter().enumerate() {
            assert_eq!(*reason as usize, at);
            let mut stats = SecureStats::default();
            stats.count(*reason);
            assert_eq!((stats.dropped(*reason), stats.dropped_total()), (1, 1));
        }
    }
}
