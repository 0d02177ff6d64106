//! New keys for a session, agreed on inside it: X25519 (RFC 7748) for the secret, HKDF-SHA-256 (RFC 5869) for the keys.
//!
//! The client offers, the server answers; both messages travel as sealed packets of the session, so nobody else can make
//! or change them. The keys come from the agreed secret, from the chain of all epochs before, and from both messages to the
//! byte: whoever changed one of them would leave the two ends with different keys. What is here: the messages, the
//! derivation, the source of secrets. What is not: when to offer, and which key opens what (`epochs.rs`).

use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use x25519_dalek::{PublicKey, StaticSecret};

use super::bytes::{Reader, Writer};
use super::cipher_suite::{CipherSet, CipherSuite};
use super::crypto::{KEY_BYTES, Key};

/// Bytes of an X25519 public key.
const PUBLIC_BYTES: usize = 32;

/// Version of this agreement.
const REKEY_VERSION: u8 = 1;

/// Bytes of an offer: padded, so that the answer is no longer than a third of it.
pub(crate) const OFFER_BYTES: usize = 192;

/// Bytes of an answer, and of what counts of an offer.
pub(crate) const ANSWER_BYTES: usize = 40;

/// Bytes of a wish.
pub(crate) const WISH_BYTES: usize = 8;

const LABEL: &[u8] = b"shieldwall rekey 1";

/// The body of a rekey packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RekeyMessage {
    /// The client's: a public key for the epoch, and what ciphers it has.
    Offer(Offer),
    /// The server's: its public key, and the cipher chosen.
    Answer(Answer),
    /// The server's: it would like the client to offer keys for the epoch.
    Wish {
        /// The epoch.
        epoch: u32,
    },
}

/// See [`RekeyMessage::Offer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) epoch: u32,
    pub(crate) ciphers: CipherSet,
    pub(crate) public: [u8; PUBLIC_BYTES],
}

/// See [`RekeyMessage::Answer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) epoch: u32,
    pub(crate) suite: CipherSuite,
    pub(crate) public: [u8; PUBLIC_BYTES],
}

fn write_head(writer: &mut Writer<'_>, kind: u8, choice: u8, epoch: u32) {
    writer.put(&[kind, REKEY_VERSION, choice, 0]);
    writer.u32(epoch);
}

impl Offer {
    fn bytes(&self) -> [u8; ANSWER_BYTES] {
        let mut bytes = [0; ANSWER_BYTES];
        let mut writer = Writer::new(&mut bytes);
        write_head(&mut writer, 1, self.ciphers.bits(), self.epoch);
        writer.put(&self.public);
        bytes
    }
}

impl Answer {
    fn bytes(&self) -> [u8; ANSWER_BYTES] {
        let mut bytes = [0; ANSWER_BYTES];
        let mut writer = Writer::new(&mut bytes);
        write_head(&mut writer, 2, self.suite as u8, self.epoch);
        writer.put(&self.public);
        bytes
    }
}

impl RekeyMessage {
    /// Bytes of the body.
    pub(crate) fn len(&self) -> usize {
        match self {
            RekeyMessage::Offer(_) => OFFER_BYTES,
            RekeyMessage::Answer(_) => ANSWER_BYTES,
            RekeyMessage::Wish { .. } => WISH_BYTES,
        }
    }

    /// Whether a body of this many bytes is possible.
    pub(crate) fn allows(bytes: usize) -> bool {
        [OFFER_BYTES, ANSWER_BYTES, WISH_BYTES].contains(&bytes)
    }

    pub(crate) fn write(&self, writer: &mut Writer<'_>) {
        match self {
            RekeyMessage::Offer(offer) => {
                writer.put(&offer.bytes());
                writer.put(&[0; OFFER_BYTES - ANSWER_BYTES]);
            }
            RekeyMessage::Answer(answer) => writer.put(&answer.bytes()),
            RekeyMessage::Wish { epoch } => write_head(writer, 3, 0, *epoch),
        }
    }

    /// Reads a body. `None` for another version, an unknown message or cipher, or a length that is not the message's.
    pub(crate) fn read(body: &[u8]) -> Option<RekeyMessage> {
        let mut reader = Reader::new(body);
        let [kind, version, choice, zero] = reader.array()?;
        if version != REKEY_VERSION || zero != 0 {
            return None;
        }
        let epoch = reader.u32()?;
        let message = match kind {
            1 => {
                let (ciphers, public) = (CipherSet::from_bits(choice), reader.array()?);
                // Bits of ciphers to come are part of what both ends must agree on, so they may not be lost.
                (ciphers.bits() == choice).then_some(RekeyMessage::Offer(Offer { epoch, ciphers, public }))?
            }
            2 => {
                let (suite, public) = (CipherSuite::from_number(choice)?, reader.array()?);
                RekeyMessage::Answer(Answer { epoch, suite, public })
            }
            3 if choice == 0 => RekeyMessage::Wish { epoch },
            _ => return None,
        };
        (message.len() == body.len()).then_some(message)
    }
}

/// A key of HKDF's output that is `0` bytes long.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// HKDF-SHA-256, extract and expand.
fn hkdf(salt: &[u8], secret: &[u8], info: &[&[u8]], out: &mut [u8]) {
    let prk = Salt::new(HKDF_SHA256, salt).extract(secret);
    let okm = prk.expand(info, Length(out.len())).expect("less than 255 hashes long");
    okm.fill(out).expect("as long as asked for");
}

/// The secret that keys of the next epoch are derived with, besides what is agreed on. Of the first epoch, netcode's, it
/// follows from the token's keys; each epoch makes the next, and none tells the one before.
#[derive(Clone)]
pub(crate) struct Chain(Key);

impl Chain {
    /// The chain of epoch 0.
    pub(crate) fn of_token(client_to_server: &Key, server_to_client: &Key) -> Chain {
        let mut both = [0; 2 * KEY_BYTES];
        both[..KEY_BYTES].copy_from_slice(client_to_server);
        both[KEY_BYTES..].copy_from_slice(server_to_client);
        let mut chain = [0; KEY_BYTES];
        hkdf(LABEL, &both, &[b"chain"], &mut chain);
        Chain(chain)
    }
}

/// The keys of an epoch.
#[derive(Clone)]
pub(crate) struct EpochKeys {
    pub(crate) epoch: u32,
    pub(crate) suite: CipherSuite,
    pub(crate) client_to_server: Key,
    pub(crate) server_to_client: Key,
    pub(crate) chain: Chain,
}

/// One end's secret of an agreement.
#[derive(Clone)]
pub(crate) struct Secret(StaticSecret);

impl Secret {
    /// The secret of 32 random bytes.
    pub(crate) fn new(bytes: [u8; 32]) -> Secret {
        Secret(StaticSecret::from(bytes))
    }

    pub(crate) fn public(&self) -> [u8; PUBLIC_BYTES] {
        PublicKey::from(&self.0).to_bytes()
    }

    /// The keys that both ends derive from the two messages. `None` where the other's public key is one that makes the same
    /// secret for everybody (RFC 7748, section 6.1).
    pub(crate) fn agree(
        &self,
        theirs: &[u8; PUBLIC_BYTES],
        offer: &Offer,
        answer: &Answer,
        chain: &Chain,
        protocol_id: u64,
    ) -> Option<EpochKeys> {
        let shared = self.0.diffie_hellman(&PublicKey::from(*theirs));
        if !shared.was_contributory() {
            return None;
        }
        let mut out = [0; 3 * KEY_BYTES];
        let info = [LABEL, &protocol_id.to_le_bytes(), &offer.bytes(), &answer.bytes()];
        hkdf(&chain.0, shared.as_bytes(), &info, &mut out);
        let mut reader = Reader::new(&out);
        let (epoch, suite) = (answer.epoch, answer.suite);
        let (client_to_server, server_to_client, chain) = (reader.array()?, reader.array()?, reader.array()?);
        Some(EpochKeys { epoch, suite, client_to_server, server_to_client, chain: Chain(chain) })
    }
}

/// A source of secrets from one seed. Each draw replaces the state by what cannot be turned back, so that a state stolen
/// later tells no secret drawn before ("fast key erasure", D. J. Bernstein 2017).
pub(crate) struct Ratchet(Key);

impl Ratchet {
    /// Starts from 32 random bytes. `salt` tells apart what was given the same seed by mistake.
    pub(crate) fn new(seed: &[u8; 32], salt: &[u8]) -> Ratchet {
        let mut state = [0; KEY_BYTES];
        hkdf(salt, seed, &[b"ratchet"], &mut state);
        Ratchet(state)
    }

    pub(crate) fn draw(&mut self) -> Secret {
        let mut out = [0; 2 * KEY_BYTES];
        hkdf(LABEL, &self.0, &[b"draw"], &mut out);
        let (state, secret) = out.split_at(KEY_BYTES);
        self.0.copy_from_slice(state);
        let mut bytes = [0; KEY_BYTES];
        bytes.copy_from_slice(secret);
        Secret::new(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_back_and_nothing_else_does() {
        let offer = RekeyMessage::Offer(Offer { epoch: 7, ciphers: CipherSet::ALL, public: [9; 32] });
        let suite = CipherSuite::Aes256Gcm;
        let answer = RekeyMessage::Answer(Answer { epoch: u32::MAX, suite, public: [1; 32] });
        for message in [offer, answer, RekeyMessage::Wish { epoch: 3 }] {
            let mut bytes = [0; 256];
            let mut writer = Writer::new(&mut bytes);
            message.write(&mut writer);
            let len = writer.position();
            assert_eq!((len, RekeyMessage::allows(len)), (message.len(), true));
            assert_eq!(RekeyMessage::read(&bytes[..len]), Some(message));
            for cut in 0..len {
                assert_eq!(RekeyMessage::read(&bytes[..cut]), None);
            }
            for (at, wrong) in [(0, 0), (0, 4), (1, 2), (2, 0xfc), (3, 1)] {
                let mut other = bytes;
                other[at] = wrong;
                assert_eq!(RekeyMessage::read(&other[..len]), None, "byte {at}");
            }
        }
    }

    #[test]
    fn a_ratchet_draws_other_secrets_each_time_and_for_each_salt() {
        let mut seen = std::collections::BTreeSet::new();
        for salt in [&b"a"[..], b"b"] {
            let mut ratchet = Ratchet::new(&[7; 32], salt);
            (0..20).for_each(|_| assert!(seen.insert(ratchet.draw().public())));
        }
    }

    #[test]
    fn a_public_key_of_small_order_agrees_with_nobody() {
        let (offer, suite) =
            (Offer { epoch: 1, ciphers: CipherSet::ALL, public: [0; 32] }, CipherSuite::Aes256Gcm);
        let secret = Secret::new([5; 32]);
        let answer = Answer { epoch: 1, suite, public: secret.public() };
        let chain = Chain::of_token(&[1; 32], &[2; 32]);
        assert!(secret.agree(&[0; 32], &offer, &answer, &chain, 1).is_none());
        assert!(secret.agree(&Secret::new([6; 32]).public(), &offer, &answer, &chain, 1).is_some());
    }
}
