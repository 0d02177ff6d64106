//! The client's part in agreeing on new keys: when it offers, how often, and what it does with the answer.

use super::cipher_suite::CipherSet;
use super::epochs::{KeyRing, RekeyLimits};
use super::packet::Packet;
use super::rekey::{Answer, Offer, Ratchet, RekeyMessage, Secret};
use super::stats::DropReason;
use super::token::ConnectToken;
use crate::time::Micros;

/// An offer goes out every 50 to 150 ms until it is answered. The time is each client's own, and another each time, so that
/// clients that came together do not ask together for ever.
const OFFER_INTERVAL_LEAST: Micros = Micros::from_millis(50);
const OFFER_INTERVAL_STEP: Micros = Micros(100_000 / 255);

/// A session whose first offer is not answered in this time has no forward secrecy: it ends, or goes on with the token's
/// keys and asks no more ([`ClientRekey::require`]).
pub const REKEY_WITHIN: Micros = Micros::from_secs(15);

/// What a client needs for new keys.
#[derive(Clone)]
pub struct ClientRekey {
    /// 32 bytes from a cryptographic source, drawn for this one client: all its secrets follow from them.
    pub seed: [u8; 32],
    /// End the session when the server does not answer the first offer within [`REKEY_WITHIN`]. Without this a client
    /// also plays on servers that know netcode alone, and somebody who can drop packets can keep it on the token's keys.
    pub require: bool,
    /// The ciphers to offer.
    pub ciphers: CipherSet,
    /// When to take new keys again.
    pub limits: RekeyLimits,
}

impl ClientRekey {
    /// New keys are required; with the ciphers of this machine and the default limits.
    #[must_use]
    pub fn new(seed: [u8; 32]) -> ClientRekey {
        let (ciphers, limits) = (CipherSet::of_this_machine(), RekeyLimits::default());
        ClientRekey { seed, require: true, ciphers, limits }
    }
}

impl core::fmt::Debug for ClientRekey {
    /// Without the seed.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ClientRekey")
            .field("require", &self.require)
            .field("ciphers", &self.ciphers)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

struct Offering {
    secret: Secret,
    offer: Offer,
    next: Micros,
    sent: usize,
}

/// What [`Rekeying::due`] says.
pub(super) enum Due {
    Nothing,
    Send(Packet<'static>),
    /// Keys were required, and the server does not answer.
    TooLate,
}

/// The client's state of agreement.
pub(super) struct Rekeying {
    require: bool,
    ciphers: CipherSet,
    limits: RekeyLimits,
    ratchet: Ratchet,
    wanted: bool,
    /// Since when; of the first offer only.
    since: Option<Micros>,
    offering: Option<Offering>,
}

impl Rekeying {
    pub(super) fn new(rekey: &ClientRekey, token: &ConnectToken) -> Rekeying {
        Rekeying {
            require: rekey.require,
            ciphers: rekey.ciphers,
            limits: rekey.limits,
            // A seed given to two clients by mistake still makes two clients.
            ratchet: Ratchet::new(&rekey.seed, &token.client_to_server_key),
            wanted: true,
            since: None,
            offering: None,
        }
    }

    pub(super) fn want(&mut self) {
        self.wanted = true;
    }

    /// What is to be done about new keys now; called while connected.
    pub(super) fn due(&mut self, ring: &mut KeyRing, now: Micros) -> Due {
        if ring.epoch() == 0 {
            let since = *self.since.get_or_insert(now);
            if now.since(since) >= REKEY_WITHIN {
                self.wanted = false;
                return if self.require { Due::TooLate } else { Due::Nothing };
            }
        }
        self.wanted |= ring.epoch() > 0 && ring.is_used_up(&self.limits);
        if !self.wanted || !ring.is_settled(now) {
            return Due::Nothing;
        }
        let (ciphers, ratchet) = (self.ciphers, &mut self.ratchet);
        // One offer for each epoch, whatever happens: the server keeps to the first it heard.
        let offering = self.offering.get_or_insert_with(|| {
            let secret = ratchet.draw();
            let offer = Offer { epoch: ring.epoch() + 1, ciphers, public: secret.public() };
            Offering { secret, offer, next: now, sent: 0 }
        });
        if now < offering.next {
            return Due::Nothing;
        }
        // A public key is as good a source of chance as any.
        let chance = u64::from(offering.offer.public[offering.sent % offering.offer.public.len()]);
        offering.next = now + OFFER_INTERVAL_LEAST + Micros(OFFER_INTERVAL_STEP.0 * chance);
        offering.sent += 1;
        Due::Send(Packet::Rekey(RekeyMessage::Offer(offering.offer)))
    }

    /// Takes a message of the server; tells whether the next epoch began.
    pub(super) fn take(
        &mut self,
        message: &RekeyMessage,
        ring: &mut KeyRing,
        protocol_id: u64,
    ) -> Result<bool, DropReason> {
        match message {
            RekeyMessage::Offer(_) => Err(DropReason::TypeNotAllowed),
            RekeyMessage::Wish { epoch } => {
                self.wanted |= *epoch == ring.epoch() + 1;
                Ok(false)
            }
            RekeyMessage::Answer(answer) => self.take_answer(answer, ring, protocol_id),
        }
    }

    fn take_answer(
        &mut self,
        answer: &Answer,
        ring: &mut KeyRing,
        protocol_id: u64,
    ) -> Result<bool, DropReason> {
        let Some(offering) = self.offering.as_ref().filter(|ours| ours.offer.epoch == answer.epoch) else {
            // An answer to an offer that was sent twice.
            return if answer.epoch <= ring.epoch() { Ok(false) } else { Err(DropReason::RekeyRefused) };
        };
        if !offering.offer.ciphers.contains(answer.suite) {
            return Err(DropReason::RekeyRefused);
        }
        let keys = offering.secret.agree(&answer.public, &offering.offer, answer, ring.chain(), protocol_id);
        let keys = keys.ok_or(DropReason::RekeyRefused)?;
        // The server goes on with the old key until it hears the new one; from its first new packet on time counts.
        ring.advance(keys, Micros(u64::MAX));
        (self.offering, self.wanted) = (None, false);
        Ok(true)
    }
}
