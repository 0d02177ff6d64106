//! Secure sessions: the protocol netcode 1.02 (public standard: STANDARD.md of mas-bandwidth/netcode), both sides.
//!
//! A backend makes a [`ConnectToken`]; the player's [`SecureClient`] shows it to a [`SecureServer`]; after a
//! challenge both exchange sealed payloads of 1 to 1200 bytes. Datagrams may be lost, repeated, reordered, forged:
//! a session delivers each payload at most once, unchanged, or not at all.
//!
//! Beyond the standard, two ends of this implementation agree on new keys inside the session: forward secrecy, and AES-GCM
//! where both have it. Others never notice.
//!
//! Bytes on the wire: `docs/PROTOCOL.md`. States: `docs/SESSION_STATES.md`. What is not here: what payloads mean,
//! acknowledgements, resending; those are above.

mod bytes;
mod cipher_suite;
mod client;
mod client_rekey;
mod crypto;
mod development;
mod endpoint;
mod epochs;
mod inspect;
mod keyed_index;
mod opening_budget;
mod packet;
mod peer_address;
mod private_token;
mod rekey;
mod replay_window;
mod server;
mod stats;
mod timer_wheel;
mod token;
mod used_tokens;

#[cfg(test)]
mod tests;

pub use cipher_suite::{CipherSet, CipherSuite};
pub use client::{ClientEvent, ClientState, SecureClient};
pub use client_rekey::{ClientRekey, REKEY_WITHIN};
pub use crypto::{KEY_BYTES, Key, TAG_BYTES, TOKEN_NONCE_BYTES};
pub use development::{PROTOCOL_ID, development_token};
pub use epochs::{OLD_EPOCH_GRACE, RekeyLimits};
pub use inspect::{Direction, Inside, Outside, SessionKeys, SessionOpener, is_payload, outside};
pub use packet::REQUEST_BYTES;
pub use peer_address::{PeerAddress, SHARED_LINE};
pub use replay_window::REPLAY_WINDOW;
pub use server::{
    ClientIndex, DisconnectReason, MAX_CLIENTS_LIMIT, SealError, SecondLogin, SecureServer,
    SecureServerConfig, SecureServerConfigError, ServerEvent, ServerOutput,
};
pub use stats::{DropReason, SecureStats};
pub use token::{
    AddressList, CONNECT_TOKEN_BYTES, ConnectToken, DEVELOPMENT_KEY, PRIVATE_TOKEN_BYTES,
    TOKEN_ADDRESSES_MAX, TokenError, TokenParams, USER_DATA_BYTES, UserData,
};

/// Largest payload of one packet, in bytes (netcode 1.02: 1 to 1200).
pub const PAYLOAD_MAX: usize = 1200;

/// Room for the largest datagram the protocol makes, in bytes (a full payload packet has at most 1225).
pub const DATAGRAM_MAX: usize = 1300;

/// A disconnect packet is sent so many times, because nobody answers it.
pub(crate) const DISCONNECT_REPEATS: u32 = 10;
