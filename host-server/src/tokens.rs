//! Connect tokens: what a backend gives a player who may join, and what `shieldwall token` and the bots make.

use std::net::SocketAddr;

use shieldwall_net::secure::{ConnectToken, TokenError, TokenParams, USER_DATA_BYTES};
use shieldwall_net::time::UnixSeconds;

use crate::error::HostError;
use crate::figures::NAME_BYTES;

/// Seconds of silence after which either side of a session gives up.
const TIMEOUT_S: i32 = 10;

/// Fills `bytes` from the system's cryptographic random source.
///
/// # Errors
/// [`HostError::System`] when there is none; nothing that needs a key can go on then.
pub fn fill_random(bytes: &mut [u8]) -> Result<(), HostError> {
    getrandom::fill(bytes)
        .map_err(|error| HostError::System { what: "reading random bytes", message: error.to_string() })
}

/// What tokens of one server have in common.
#[derive(Clone)]
pub struct TokenMaker {
    /// Number of the game.
    pub protocol_id: u64,
    /// The server's key.
    pub private_key: [u8; 32],
    /// Where clients find the server, 1 to 32 addresses.
    pub servers: Vec<SocketAddr>,
    /// Seconds a token can be used for after it was made.
    pub lifetime_s: u32,
}

impl TokenMaker {
    /// A token for one client, shown as `name` (cut to 24 bytes at a character's end).
    ///
    /// # Errors
    /// [`HostError::System`] without random bytes, [`HostError::Refused`] without 1 to 32 server addresses.
    pub fn token(&self, client_id: u64, name: &str, now: UnixSeconds) -> Result<ConnectToken, HostError> {
        // The two keys and the nonce of a token have 88 bytes; they are drawn first, so that failing is an error.
        let mut random = [0; 128];
        fill_random(&mut random)?;
        let mut rest = random.as_slice();
        let mut draw = |out: &mut [u8]| {
            let (taken, left) = rest.split_at(out.len());
            out.copy_from_slice(taken);
            rest = left;
        };
        let params = TokenParams {
            protocol_id: self.protocol_id,
            client_id,
            created: now,
            lifetime_seconds: u64::from(self.lifetime_s),
            timeout_seconds: TIMEOUT_S,
            server_addresses: &self.servers,
            internal_addresses: &self.servers,
            user_data: &user_data(name),
            private_key: &self.private_key,
        };
        ConnectToken::generate(&params, &mut draw)
            .map_err(|error: TokenError| HostError::Refused(format!("the token's addresses: {error}")))
    }
}

fn user_data(name: &str) -> [u8; USER_DATA_BYTES] {
    let mut data = [0; USER_DATA_BYTES];
    let end = (0..=NAME_BYTES.min(name.len())).rev().find(|&end| name.is_char_boundary(end)).unwrap_or(0);
    data[..end].copy_from_slice(&name.as_bytes()[..end]);
    data
}

#[cfg(test)]
mod tests {
    use super::*;
    use shieldwall_net::secure::DEVELOPMENT_KEY;

    fn maker() -> TokenMaker {
        TokenMaker {
            protocol_id: 1,
            private_key: DEVELOPMENT_KEY,
            servers: vec!["127.0.0.1:7777".parse().unwrap()],
            lifetime_s: 30,
        }
    }

    #[test]
    fn two_tokens_share_no_key_or_nonce() {
        let (a, b) = (maker().token(1, "a", UnixSeconds(100)), maker().token(1, "a", UnixSeconds(100)));
        let (a, b) = (a.unwrap(), b.unwrap());
        assert_eq!((a.created, a.expires), (UnixSeconds(100), UnixSeconds(130)));
        assert_ne!(a.nonce, b.nonce);
        assert_ne!(a.client_to_server_key, b.client_to_server_key);
        assert_ne!(a.client_to_server_key, a.server_to_client_key);
        assert_eq!(ConnectToken::read(&a.write()).unwrap(), a);
    }

    #[test]
    fn no_address_is_refused() {
        let maker = TokenMaker { servers: Vec::new(), ..maker() };
        assert!(matches!(maker.token(1, "a", UnixSeconds(0)), Err(HostError::Refused(_))));
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        let data = user_data("ääääääääääääxä");
        assert_eq!(std::str::from_utf8(&data[..24]).unwrap(), "ääääääääääää");
        assert!(data[24..].iter().all(|&byte| byte == 0));
    }
}
