//! Tokens without a backend, for one machine: engines and scripts that try a host started a moment ago.
//!
//! What is not here: tokens for players. Those come from a backend with a key that nobody else knows.

use std::net::SocketAddr;

use super::token::{ConnectToken, DEVELOPMENT_KEY, TokenError, TokenParams, USER_DATA_BYTES};
use crate::time::UnixSeconds;

/// Number of this game and its protocol version, in every token. Hosts refuse tokens of another number.
pub const PROTOCOL_ID: u64 = 0x5348_4C44_574C_0001;

/// Longest name that a host shows, in bytes.
const NAME_BYTES: usize = 24;
const LIFETIME_S: u64 = 60;
const TIMEOUT_S: i32 = 10;

/// A token for a host on this machine that runs with [`DEVELOPMENT_KEY`]. It opens a session within 60 seconds.
///
/// `name` is what the host shows of the player, cut to 24 bytes at a character's end. `random` is a cryptographic
/// source, as for [`ConnectToken::generate`].
///
/// # Errors
/// [`TokenError::NotLoopback`] when `server` is another machine: the key protects nothing there.
pub fn development_token(
    server: SocketAddr,
    client_id: u64,
    name: &str,
    created: UnixSeconds,
    random: &mut dyn FnMut(&mut [u8]),
) -> Result<ConnectToken, TokenError> {
    if !server.ip().is_loopback() {
        return Err(TokenError::NotLoopback);
    }
    let mut user_data = [0; USER_DATA_BYTES];
    let end = (0..=NAME_BYTES.min(name.len())).rev().find(|&end| name.is_char_boundary(end)).unwrap_or(0);
    user_data[..end].copy_from_slice(&name.as_bytes()[..end]);
    let params = TokenParams {
        protocol_id: PROTOCOL_ID,
        client_id,
        created,
        lifetime_seconds: LIFETIME_S,
        timeout_seconds: TIMEOUT_S,
        server_addresses: &[server],
        internal_addresses: &[server],
        user_data: &user_data,
        private_key: &DEVELOPMENT_KEY,
    };
    ConnectToken::generate(&params, random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_gets_a_development_token() {
        let mut counter = 0_u8;
        let mut random = |out: &mut [u8]| {
            for byte in out {
                counter = counter.wrapping_add(1);
                *byte = counter;
            }
        };
        for (address, fine) in [
            ("127.0.0.1:7777", true),
            ("127.9.9.9:1", true),
            ("[::1]:7777", true),
            ("10.0.0.1:7777", false),
            ("0.0.0.0:7777", false),
            ("[::]:7777", false),
            ("[::ffff:127.0.0.1]:7777", false),
        ] {
            let token = development_token(address.parse().unwrap(), 5, "Ä", UnixSeconds(1_000), &mut random);
            assert_eq!(token.is_ok(), fine, "{address}");
            if let Ok(token) = token {
                assert_eq!((token.protocol_id, token.expires), (PROTOCOL_ID, UnixSeconds(1_060)));
                assert_eq!(ConnectToken::read(&token.write()), Ok(token));
            }
        }
    }
}
