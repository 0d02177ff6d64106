//! Connect tokens: what a backend gives a player, and what the player's client shows to a server.
//!
//! Layout as netcode 1.02 has it ("Connect Token" in the standard): 2048 bytes, of which 1024 are sealed for the
//! server alone (`private_token.rs`). What is not here: where tokens come from, and how they reach the player.

use core::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::bytes::{Reader, Writer};
use super::crypto::{KEY_BYTES, Key, TOKEN_NONCE_BYTES};
use super::private_token::{PrivateToken, seal_private};
use crate::time::UnixSeconds;

/// Bytes of a connect token.
pub const CONNECT_TOKEN_BYTES: usize = 2048;

/// Bytes of its sealed part.
pub const PRIVATE_TOKEN_BYTES: usize = 1024;

/// Bytes a backend can send to the server inside the sealed part.
pub const USER_DATA_BYTES: usize = 256;

/// Most server addresses in one token.
pub const TOKEN_ADDRESSES_MAX: usize = 32;

/// Head of every token and request, and associated data of everything sealed.
pub(crate) const VERSION: [u8; 13] = *b"NETCODE 1.02\0";

/// Bytes from the backend for the server, opaque to this layer.
pub type UserData = [u8; USER_DATA_BYTES];

/// A key that everybody knows, for development on one machine. A host accepts it only on loopback addresses.
pub const DEVELOPMENT_KEY: Key = *b"shieldwall loopback development!";

/// Why bytes are not a connect token, or parameters do not make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// Not 2048 bytes long.
    WrongSize,
    /// Does not begin with "NETCODE 1.02" and a zero.
    WrongVersion,
    /// Expires before it was created.
    ExpiresBeforeCreated,
    /// No server address, or more than 32.
    AddressCount,
    /// An address of a kind other than IPv4 (1) and IPv6 (2).
    AddressKind,
    /// The fields do not fit the bytes.
    Truncated,
    /// The development key protects nothing beyond this machine.
    NotLoopback,
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TokenError::WrongSize => "a connect token has 2048 bytes",
            TokenError::WrongVersion => "not a token of netcode 1.02",
            TokenError::ExpiresBeforeCreated => "the token expires before it was created",
            TokenError::AddressCount => "a token names 1 to 32 server addresses",
            TokenError::AddressKind => "a server address is neither IPv4 nor IPv6",
            TokenError::Truncated => "the token's fields run past its end",
            TokenError::NotLoopback => "the development key works for loopback addresses only",
        })
    }
}

impl std::error::Error for TokenError {}

/// Server addresses of a token: at most 32, in place, so that reading a token allocates nothing.
#[derive(Clone, Copy)]
pub struct AddressList {
    count: u8,
    items: [SocketAddr; TOKEN_ADDRESSES_MAX],
}

impl AddressList {
    /// The list of these addresses.
    ///
    /// # Errors
    /// [`TokenError::AddressCount`] unless there are 1 to 32.
    pub fn new(addresses: &[SocketAddr]) -> Result<AddressList, TokenError> {
        if addresses.is_empty() || addresses.len() > TOKEN_ADDRESSES_MAX {
            return Err(TokenError::AddressCount);
        }
        let nowhere = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
        let mut items = [nowhere; TOKEN_ADDRESSES_MAX];
        items[..addresses.len()].copy_from_slice(addresses);
        Ok(AddressList { count: addresses.len() as u8, items })
    }

    /// The addresses, in the order in which a client tries them.
    #[must_use]
    pub fn as_slice(&self) -> &[SocketAddr] {
        &self.items[..usize::from(self.count)]
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<AddressList, TokenError> {
        let count = reader.u32().ok_or(TokenError::Truncated)? as usize;
        if !(1..=TOKEN_ADDRESSES_MAX).contains(&count) {
            return Err(TokenError::AddressCount);
        }
        let nowhere = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
        let mut items = [nowhere; TOKEN_ADDRESSES_MAX];
        for item in &mut items[..count] {
            *item = read_address(reader)?;
        }
        Ok(AddressList { count: count as u8, items })
    }

    pub(crate) fn write(&self, writer: &mut Writer<'_>) {
        writer.u32(u32::from(self.count));
        for address in self.as_slice() {
            match address.ip() {
                IpAddr::V4(ip) => {
                    writer.u8(1);
                    writer.put(&ip.octets());
                }
                IpAddr::V6(ip) => {
                    writer.u8(2);
                    ip.segments().iter().for_each(|word| writer.u16(*word));
                }
            }
            writer.u16(address.port());
        }
    }
}

impl PartialEq for AddressList {
    fn eq(&self, other: &AddressList) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for AddressList {}

impl fmt::Debug for AddressList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}

fn read_address(reader: &mut Reader<'_>) -> Result<SocketAddr, TokenError> {
    let ip = match reader.u8().ok_or(TokenError::Truncated)? {
        1 => IpAddr::V4(Ipv4Addr::from(reader.array::<4>().ok_or(TokenError::Truncated)?)),
        2 => {
            let mut words = [0; 8];
            for word in &mut words {
                *word = reader.u16().ok_or(TokenError::Truncated)?;
            }
            IpAddr::V6(Ipv6Addr::from(words))
        }
        _ => return Err(TokenError::AddressKind),
    };
    Ok(SocketAddr::new(ip, reader.u16().ok_or(TokenError::Truncated)?))
}

/// What a backend decides about a token.
pub struct TokenParams<'a> {
    /// Number of the game and its protocol version; servers refuse all others.
    pub protocol_id: u64,
    /// The player. One session at a time for each number.
    pub client_id: u64,
    /// When the token is made.
    pub created: UnixSeconds,
    /// Seconds until the token can no longer open a session. 30 to 60 is usual.
    pub lifetime_seconds: u64,
    /// Seconds of silence after which either side gives up; zero or less: never (development only).
    pub timeout_seconds: i32,
    /// Addresses the client tries in turn, 1 to 32.
    pub server_addresses: &'a [SocketAddr],
    /// What the servers call themselves, where that differs (behind a load balancer); else the same slice.
    pub internal_addresses: &'a [SocketAddr],
    /// For the server, sealed.
    pub user_data: &'a UserData,
    /// Shared by backend and servers.
    pub private_key: &'a Key,
}

/// A connect token as its client holds it. It names the keys of one session: it is a secret, and it makes one
/// [`SecureClient`](super::SecureClient) only.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectToken {
    /// Number of the game and its protocol version.
    pub protocol_id: u64,
    /// When it was made.
    pub created: UnixSeconds,
    /// From when on servers refuse it.
    pub expires: UnixSeconds,
    /// Nonce of the sealed part.
    pub nonce: [u8; TOKEN_NONCE_BYTES],
    /// The sealed part, passed on to the server.
    pub sealed: Box<[u8; PRIVATE_TOKEN_BYTES]>,
    /// Seconds of silence after which either side gives up; zero or less: never.
    pub timeout_seconds: i32,
    /// Servers, in the order of trying.
    pub server_addresses: AddressList,
    /// Seals what the client sends.
    pub client_to_server_key: Key,
    /// Seals what the server sends.
    pub server_to_client_key: Key,
}

impl fmt::Debug for ConnectToken {
    /// Without the keys: tokens end up in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectToken")
            .field("protocol_id", &self.protocol_id)
            .field("created", &self.created)
            .field("expires", &self.expires)
            .field("timeout_seconds", &self.timeout_seconds)
            .field("server_addresses", &self.server_addresses)
            .finish_non_exhaustive()
    }
}

impl ConnectToken {
    /// Makes a token. `random` fills 88 bytes (two keys, one nonce) and must be a cryptographic source: a
    /// repeated nonce or key breaks the session's secrecy.
    ///
    /// # Errors
    /// [`TokenError::AddressCount`] unless both address lists have 1 to 32 entries.
    pub fn generate(
        params: &TokenParams<'_>,
        random: &mut dyn FnMut(&mut [u8]),
    ) -> Result<ConnectToken, TokenError> {
        let server_addresses = AddressList::new(params.server_addresses)?;
        let mut private = PrivateToken {
            client_id: params.client_id,
            timeout_seconds: params.timeout_seconds,
            server_addresses: AddressList::new(params.internal_addresses)?,
            client_to_server_key: [0; KEY_BYTES],
            server_to_client_key: [0; KEY_BYTES],
            user_data: *params.user_data,
        };
        random(&mut private.client_to_server_key);
        random(&mut private.server_to_client_key);
        let mut nonce = [0; TOKEN_NONCE_BYTES];
        random(&mut nonce);
        let expires = UnixSeconds(params.created.0.saturating_add(params.lifetime_seconds));
        let mut sealed = Box::new([0; PRIVATE_TOKEN_BYTES]);
        private.write(&mut sealed);
        seal_private(&mut sealed, params.protocol_id, expires, &nonce, params.private_key);
        Ok(ConnectToken {
            protocol_id: params.protocol_id,
            created: params.created,
            expires,
            nonce,
            sealed,
            timeout_seconds: params.timeout_seconds,
            server_addresses,
            client_to_server_key: private.client_to_server_key,
            server_to_client_key: private.server_to_client_key,
        })
    }

    /// The 2048 bytes of the standard.
    #[must_use]
    pub fn write(&self) -> [u8; CONNECT_TOKEN_BYTES] {
        let mut bytes = [0; CONNECT_TOKEN_BYTES];
        let mut writer = Writer::new(&mut bytes);
        writer.put(&VERSION);
        writer.u64(self.protocol_id);
        writer.u64(self.created.0);
        writer.u64(self.expires.0);
        writer.put(&self.nonce);
        writer.put(&self.sealed[..]);
        writer.u32(self.timeout_seconds as u32);
        self.server_addresses.write(&mut writer);
        writer.put(&self.client_to_server_key);
        writer.put(&self.server_to_client_key);
        bytes
    }

    /// Reads the 2048 bytes of the standard. Padding is not looked at.
    ///
    /// # Errors
    /// A [`TokenError`] that says what is wrong. Whether the sealed part is genuine only a server can tell.
    pub fn read(bytes: &[u8]) -> Result<ConnectToken, TokenError> {
        if bytes.len() != CONNECT_TOKEN_BYTES {
            return Err(TokenError::WrongSize);
        }
        let mut reader = Reader::new(bytes);
        let cut = TokenError::Truncated;
        if reader.array::<13>().ok_or(cut)? != VERSION {
            return Err(TokenError::WrongVersion);
        }
        let protocol_id = reader.u64().ok_or(cut)?;
        let created = UnixSeconds(reader.u64().ok_or(cut)?);
        let expires = UnixSeconds(reader.u64().ok_or(cut)?);
        if created > expires {
            return Err(TokenError::ExpiresBeforeCreated);
        }
        Ok(ConnectToken {
            protocol_id,
            created,
            expires,
            nonce: reader.array().ok_or(cut)?,
            sealed: Box::new(reader.array().ok_or(cut)?),
            timeout_seconds: reader.u32().ok_or(cut)? as i32,
            server_addresses: AddressList::read(&mut reader)?,
            client_to_server_key: reader.array().ok_or(cut)?,
            server_to_client_key: reader.array().ok_or(cut)?,
        })
    }
}
