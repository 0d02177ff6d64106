//! Secure sessions: the netcode 1.02 protocol, client and server side.

/// Largest payload of one packet, in bytes (netcode 1.02: 1 to 1200).
pub const PAYLOAD_MAX: usize = 1200;

/// Room for the largest datagram the protocol makes, in bytes (a full payload packet has 1225).
pub const DATAGRAM_MAX: usize = 1300;
