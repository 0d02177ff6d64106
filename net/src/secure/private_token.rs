//! The sealed part of a connect token, and the challenge token: what only servers (and the backend) can read.

use super::bytes::{Reader, Writer};
use super::crypto::{Key, NotAuthentic, PacketKey, TOKEN_NONCE_BYTES, open_extended, seal_extended};
use super::token::{AddressList, PRIVATE_TOKEN_BYTES, TokenError, USER_DATA_BYTES, UserData, VERSION};
use crate::time::UnixSeconds;

/// Bytes of a sealed challenge token.
pub(crate) const CHALLENGE_TOKEN_BYTES: usize = 300;

/// The sealed part of a connect token, opened.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PrivateToken {
    pub(crate) client_id: u64,
    pub(crate) timeout_seconds: i32,
    pub(crate) server_addresses: AddressList,
    pub(crate) client_to_server_key: Key,
    pub(crate) server_to_client_key: Key,
    pub(crate) user_data: UserData,
}

impl PrivateToken {
    /// Writes all 1024 bytes; the last 16 of them are zero, where sealing puts the tag.
    pub(crate) fn write(&self, bytes: &mut [u8; PRIVATE_TOKEN_BYTES]) {
        let mut writer = Writer::new(bytes);
        writer.u64(self.client_id);
        writer.u32(self.timeout_seconds as u32);
        self.server_addresses.write(&mut writer);
        writer.put(&self.client_to_server_key);
        writer.put(&self.server_to_client_key);
        writer.put(&self.user_data);
        writer.zero_rest();
    }

    pub(crate) fn read(bytes: &[u8; PRIVATE_TOKEN_BYTES]) -> Result<PrivateToken, TokenError> {
        let mut reader = Reader::new(bytes);
        let cut = TokenError::Truncated;
        Ok(PrivateToken {
            client_id: reader.u64().ok_or(cut)?,
            timeout_seconds: reader.u32().ok_or(cut)? as i32,
            server_addresses: AddressList::read(&mut reader)?,
            client_to_server_key: reader.array().ok_or(cut)?,
            server_to_client_key: reader.array().ok_or(cut)?,
            user_data: reader.array::<USER_DATA_BYTES>().ok_or(cut)?,
        })
    }
}

/// Version, protocol and expiry travel in the clear and are bound to the sealed part by this.
fn associated(protocol_id: u64, expires: UnixSeconds) -> [u8; 13 + 8 + 8] {
    let mut bytes = [0; 13 + 8 + 8];
    let mut writer = Writer::new(&mut bytes);
    writer.put(&VERSION);
    writer.u64(protocol_id);
    writer.u64(expires.0);
    bytes
}

pub(crate) fn seal_private(
    bytes: &mut [u8; PRIVATE_TOKEN_BYTES],
    protocol_id: u64,
    expires: UnixSeconds,
    nonce: &[u8; TOKEN_NONCE_BYTES],
    key: &Key,
) {
    seal_extended(key, nonce, &associated(protocol_id, expires), bytes);
}

/// Opens in place; the tag stays where it is, because it is the name by which a used token is remembered.
pub(crate) fn open_private(
    bytes: &mut [u8; PRIVATE_TOKEN_BYTES],
    protocol_id: u64,
    expires: UnixSeconds,
    nonce: &[u8; TOKEN_NONCE_BYTES],
    key: &Key,
) -> Result<(), NotAuthentic> {
    open_extended(key, nonce, &associated(protocol_id, expires), bytes)
}

/// What a server sends to an address to learn whether anybody is there. It comes back unchanged, so the server
/// keeps no copy of the user data until then.
pub(crate) struct ChallengeToken {
    pub(crate) client_id: u64,
    pub(crate) user_data: UserData,
}

impl ChallengeToken {
    pub(crate) fn seal(&self, sequence: u64, key: &PacketKey) -> [u8; CHALLENGE_TOKEN_BYTES] {
        let mut bytes = [0; CHALLENGE_TOKEN_BYTES];
        let mut writer = Writer::new(&mut bytes);
        writer.u64(self.client_id);
        writer.put(&self.user_data);
        key.seal(sequence, &[], &mut bytes);
        bytes
    }

    pub(crate) fn open(
        sealed: &[u8; CHALLENGE_TOKEN_BYTES],
        sequence: u64,
        key: &PacketKey,
    ) -> Result<ChallengeToken, NotAuthentic> {
        let mut bytes = *sealed;
        key.open(sequence, &[], &mut bytes)?;
        let mut reader = Reader::new(&bytes);
        Ok(ChallengeToken {
            client_id: reader.u64().ok_or(NotAuthentic)?,
            user_data: reader.array().ok_or(NotAuthentic)?,
        })
    }
}
