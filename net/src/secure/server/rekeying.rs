//! New keys at the server: answers to offers, and wishes for offers.

use super::{ClientIndex, Outcome, SecureServer};
use crate::secure::DATAGRAM_MAX;
use crate::secure::cipher_suite::CipherSuite;
use crate::secure::epochs::NextEpoch;
use crate::secure::inspect::SessionKeys;
use crate::secure::packet::Packet;
use crate::secure::rekey::{Answer, Offer, RekeyMessage};
use crate::secure::stats::DropReason;
use crate::time::Micros;

impl SecureServer {
    /// Judges a rekey message of a client.
    pub(super) fn judge_rekey(
        &mut self,
        client: u32,
        message: &RekeyMessage,
        now: Micros,
        out: &mut [u8; DATAGRAM_MAX],
    ) -> Result<Outcome, DropReason> {
        let RekeyMessage::Offer(offer) = message else { return Err(DropReason::TypeNotAllowed) };
        let Some(answer) = self.answer_to(client, offer, now)? else { return Ok(Outcome::None) };
        let packet = Packet::Rekey(RekeyMessage::Answer(answer));
        Ok(self.seal_to(client, &packet, now, out).map_or(Outcome::None, |(_, len)| Outcome::Reply(len)))
    }

    /// The answer to an offer; none to one whose epoch has begun already. The costly step, X25519, comes after all that can
    /// be said against it, once for each epoch and within a budget.
    fn answer_to(&mut self, client: u32, offer: &Offer, now: Micros) -> Result<Option<Answer>, DropReason> {
        let session = self.peers.session_mut(client).ok_or(DropReason::UnknownAddress)?;
        let keys = &mut session.keys;
        keys.speaks = true;
        if offer.epoch <= keys.ring.epoch() {
            return Ok(None);
        }
        if let Some(next) = &keys.next {
            // The first offer counts: another one could not be told from one that was late.
            return if next.offer == *offer { Ok(Some(next.answer)) } else { Err(DropReason::RekeyRefused) };
        }
        if !keys.ring.is_settled(now) || offer.epoch != keys.ring.epoch() + 1 || !self.rekey_budget.take(now)
        {
            return Err(DropReason::RekeyRefused);
        }
        let secret = self.ratchet.draw();
        let suite = self.config.ciphers.common(offer.ciphers);
        let answer = Answer { epoch: offer.epoch, suite, public: secret.public() };
        let agreed = secret.agree(&offer.public, offer, &answer, keys.ring.chain(), self.config.protocol_id);
        let agreed = agreed.ok_or(DropReason::RekeyRefused)?;
        keys.next = Some(NextEpoch { offer: *offer, answer, keys: agreed });
        Ok(Some(answer))
    }

    /// Asks a client for new keys before their time. Tells whether it will be asked: a client that has never offered any
    /// does not know how.
    pub fn request_rekey(&mut self, client: ClientIndex) -> bool {
        let Some(session) = self.peers.session_mut(client.0) else { return false };
        let speaks = session.keys.speaks;
        self.peers.times[client.0 as usize].wants_keys |= speaks;
        speaks
    }

    /// The epoch of a client's keys (0: the token's, without forward secrecy) and their cipher.
    #[must_use]
    pub fn client_keys(&self, client: ClientIndex) -> Option<(u32, CipherSuite)> {
        let ring = &self.peers.session(client.0)?.keys.ring;
        Some((ring.epoch(), ring.suite()))
    }

    /// The secrets of a client's session as it stands: for key logs, which let somebody who debugs the protocol read
    /// everything in it. They change with the epoch that [`SecureServer::client_keys`] tells.
    #[must_use]
    pub fn session_keys(&self, client: ClientIndex) -> Option<SessionKeys> {
        let session = self.peers.session(client.0)?;
        let ring = &session.keys.ring;
        let (client_to_server, server_to_client) = ring.raw();
        Some(SessionKeys {
            peer: session.address,
            client_id: session.client_id,
            protocol_id: self.config.protocol_id,
            epoch: ring.epoch(),
            suite: ring.suite(),
            client_to_server: *client_to_server,
            server_to_client: *server_to_client,
        })
    }

    /// The wish that is to be sent now to a client whose keys are to change, if any; called every so often.
    pub(super) fn due_wish(&mut self, client: u32, now: Micros) -> Option<Packet<'static>> {
        let keys = &mut self.peers.session_mut(client)?.keys;
        if !keys.speaks || keys.next.is_some() || !keys.ring.is_settled(now) {
            return None;
        }
        Some(Packet::Rekey(RekeyMessage::Wish { epoch: keys.ring.epoch() + 1 }))
    }
}
