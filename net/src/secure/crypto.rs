//! The two ciphers of netcode 1.02, and AES-256-GCM for sessions that agreed on it; in place and without allocation.
//!
//! Packets and challenge tokens: ChaCha20-Poly1305 (RFC 8439), by `ring`, with keys prepared once.
//! Private connect tokens: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03), which is HChaCha20 for a subkey
//! (crate `chacha20`) followed by the same ChaCha20-Poly1305. Nothing here invents cryptography.

use chacha20::{R20, hchacha};
use ring::aead::{AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};

use super::cipher_suite::CipherSuite;

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;

/// Bytes of the authentication tag at the end of everything sealed.
pub const TAG_BYTES: usize = 16;

/// Bytes of the nonce of a connect token.
pub const TOKEN_NONCE_BYTES: usize = 24;

/// A 256-bit key.
pub type Key = [u8; KEY_BYTES];

/// What was opened was not sealed with this key, nonce and associated data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotAuthentic;

/// A key prepared for sealing and opening many packets.
pub(crate) struct PacketKey {
    key: LessSafeKey,
    /// Of an epoch with an odd number: its packets are marked (`packet.rs`).
    odd: bool,
}

/// The 96-bit nonce of a packet: four zero bytes, then the sequence number, little-endian.
fn sequence_nonce(sequence: u64) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&sequence.to_le_bytes());
    nonce
}

impl PacketKey {
    /// A key of netcode 1.02: ChaCha20-Poly1305, epoch 0.
    pub(crate) fn new(key: &Key) -> PacketKey {
        PacketKey::of_epoch(CipherSuite::ChaCha20Poly1305, key, 0)
    }

    /// A key that a rekey agreed on.
    pub(crate) fn of_epoch(suite: CipherSuite, key: &Key, epoch: u32) -> PacketKey {
        let algorithm = match suite {
            CipherSuite::ChaCha20Poly1305 => &CHACHA20_POLY1305,
            CipherSuite::Aes256Gcm => &AES_256_GCM,
        };
        let key = UnboundKey::new(algorithm, key).expect("keys of both ciphers have 32 bytes");
        PacketKey { key: LessSafeKey::new(key), odd: epoch & 1 != 0 }
    }

    /// Whether its epoch has an odd number.
    pub(crate) fn is_odd(&self) -> bool {
        self.odd
    }

    /// Seals all but the last 16 bytes of `text_and_tag`, and writes the tag there.
    pub(crate) fn seal(&self, sequence: u64, associated: &[u8], text_and_tag: &mut [u8]) {
        self.seal_with(sequence_nonce(sequence), associated, text_and_tag);
    }

    /// Opens all but the last 16 bytes of `text_and_tag`, which hold the tag. On failure the text is lost.
    pub(crate) fn open(
        &self,
        sequence: u64,
        associated: &[u8],
        text_and_tag: &mut [u8],
    ) -> Result<(), NotAuthentic> {
        self.open_with(sequence_nonce(sequence), associated, text_and_tag)
    }

    fn seal_with(&self, nonce: [u8; 12], associated: &[u8], text_and_tag: &mut [u8]) {
        let (text, tag) = text_and_tag.split_last_chunk_mut::<TAG_BYTES>().expect("room for the tag");
        let nonce = Nonce::assume_unique_for_key(nonce);
        let made = self.key.seal_in_place_separate_tag(nonce, Aad::from(associated), text);
        tag.copy_from_slice(made.expect("far below the cipher's limit of 256 GiB").as_ref());
    }

    fn open_with(
        &self,
        nonce: [u8; 12],
        associated: &[u8],
        text_and_tag: &mut [u8],
    ) -> Result<(), NotAuthentic> {
        let (text, tag) = text_and_tag.split_last_chunk_mut::<TAG_BYTES>().ok_or(NotAuthentic)?;
        let nonce = Nonce::assume_unique_for_key(nonce);
        let opened =
            self.key.open_in_place_separate_tag(nonce, Aad::from(associated), (*tag).into(), text, 0..);
        opened.map(|_| ()).map_err(|_| NotAuthentic)
    }
}

/// The subkey and remaining nonce of XChaCha20-Poly1305.
fn extended(key: &Key, nonce: &[u8; TOKEN_NONCE_BYTES]) -> (PacketKey, [u8; 12]) {
    let mut head = [0; 16];
    head.copy_from_slice(&nonce[..16]);
    let mut tail = [0; 12];
    tail[4..].copy_from_slice(&nonce[16..]);
    let subkey: Key = hchacha::<R20>(&(*key).into(), &head.into()).into();
    (PacketKey::new(&subkey), tail)
}

/// Seals with XChaCha20-Poly1305, as [`PacketKey::seal`].
pub(crate) fn seal_extended(key: &Key, nonce: &[u8; TOKEN_NONCE_BYTES], associated: &[u8], text: &mut [u8]) {
    let (subkey, tail) = extended(key, nonce);
    subkey.seal_with(tail, associated, text);
}

/// Opens XChaCha20-Poly1305, as [`PacketKey::open`].
pub(crate) fn open_extended(
    key: &Key,
    nonce: &[u8; TOKEN_NONCE_BYTES],
    associated: &[u8],
    text: &mut [u8],
) -> Result<(), NotAuthentic> {
    let (subkey, tail) = extended(key, nonce);
    subkey.open_with(tail, associated, text)
}
